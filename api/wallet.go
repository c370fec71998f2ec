package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

// Media types of Apple Wallet.
const (
	mediaPass   = "application/vnd.apple.pkpass"
	mediaPasses = "application/vnd.apple.pkpasses"
)

// ApplePath is where phones ask after their passes: the web service's address in a pass is this under PublicURL.
const ApplePath = "/wallet/apple"

// Bounds of what phones send.
const (
	maxPhoneBody  = 16 << 10
	maxPhoneLines = 20
	maxPhoneLine  = 500 // bytes of one line of a phone's log
)

// walletCodes are what files and links for wallets may be refused with.
func walletCodes(more ...string) []string {
	return append(more, delivery.CodeWalletOff, delivery.CodeWalletTixngo, sales.CodeTicketNotIssued, sales.CodeTicketCancelled, delivery.CodeBarcode)
}

// sendPass writes a ticket's pass, or those of all good ones (empty).
func (s *server) sendPass(c *gin.Context, o *sales.Order, ticket, lang, name string) {
	var out bytes.Buffer // whole before the first byte is sent, so that a failure is still a problem
	if err := s.Wallets.WriteApple(c.Request.Context(), &out, o, ticket, lang); err != nil {
		s.refuse(c, err)
		return
	}
	sendPassFile(c, ticket == "", name, out.Bytes())
}

func sendPassFile(c *gin.Context, bundle bool, name string, content []byte) {
	if bundle {
		sendFile(c, mediaPasses, name, content)
		return
	}
	sendFile(c, mediaPass, name, content)
}

// orderPasses writes the passes of an order's good tickets.
func (s *server) orderPasses(c *gin.Context) {
	ctx := c.Request.Context()
	q := newQuery(c.Request.URL, callOf(ctx).route)
	lang := q.language()
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	o, err := s.Sales.Order(ctx, viewer(ctx), sales.OrderID(c.Param("id")))
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.sendPass(c, &o, "", lang, string(o.ID)+".pkpasses")
}

// buyerWallet answers the files of a buyer's page that are for wallets; handled says that it was one.
func (s *server) buyerWallet(c *gin.Context, o *sales.Order, file, lang string) (handled bool, err error) {
	ctx := c.Request.Context()
	if ticket, ok := strings.CutSuffix(file, ".google"); ok && ticket != "" {
		ctx, cancel := context.WithTimeout(ctx, googleTimeout)
		defer cancel()
		links, err := s.Wallets.GoogleLinks(ctx, o, ticket, lang)
		if err == nil {
			c.Redirect(http.StatusSeeOther, links[0].URL) // one ticket has one link
		}
		return true, err
	}
	ticket, single := strings.CutSuffix(file, ".pkpass")
	if file != "tickets.pkpasses" && (!single || ticket == "") {
		return false, nil
	}
	if !single {
		ticket = ""
	}
	var out bytes.Buffer
	if err := s.Wallets.WriteApple(ctx, &out, o, ticket, lang); err != nil {
		return true, err
	}
	sendPassFile(c, ticket == "", file, out.Bytes())
	return true, nil
}

// sendsAway says that the browser may be sent on to somebody else.
func sendsAway(mount mountFunc) mountFunc {
	return func(m *mounter, r *route) {
		mount(m, r)
		res := &huma.Response{Description: http.StatusText(http.StatusSeeOther), Headers: everyHeader(r)}
		res.Headers["Location"], res.Headers["X-Robots-Tag"] = stringHeader("Google's address that saves the ticket"), stringHeader("noindex, nofollow")
		res.Content = map[string]*huma.MediaType{"text/html": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
		operationOf(m.api.OpenAPI(), r).Responses["303"] = res
	}
}

// The update web service of Apple Wallet, as Apple describes it. Phones know of a refusal only its status.

type phoneInput struct {
	Device        string `path:"device" doc:"the phone's own name for itself"`
	PassType      string `path:"pass_type"`
	Serial        string `path:"serial"`
	Authorization string `header:"Authorization" doc:"ApplePass and the pass's own token"`
}

type phonePassInput struct {
	PassType      string `path:"pass_type"`
	Serial        string `path:"serial"`
	Authorization string `header:"Authorization" doc:"ApplePass and the pass's own token"`
	Since         string `header:"If-Modified-Since"`
}

type phoneListInput struct {
	Device   string `path:"device"`
	PassType string `path:"pass_type"`
	Since    string `query:"passesUpdatedSince" maxLength:"40" doc:"lastUpdated of the answer before"`
}

// phonePassesDTO has Apple's own member names.
type phonePassesDTO struct {
	Serials []string `json:"serialNumbers" nullable:"false"`
	Tag     string   `json:"lastUpdated"`
}

// passToken is the token of an ApplePass authorization; empty where there is none.
func passToken(r *http.Request) domain.Secret {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "ApplePass") {
		return ""
	}
	return domain.Secret(strings.TrimSpace(token))
}

// phone lets a phone pass within its address's rate, where there is Apple Wallet.
func (s *server) phone(c *gin.Context) bool {
	if s.Wallets == nil || s.Wallets.Apple == nil || !s.Wallets.Updates {
		s.refuse(c, domain.Errorf(domain.NotFound, CodeRouteUnknown, "there is nothing at this address"))
		return false
	}
	if wait := s.readers.over(clientAddress(c.Request)); wait > 0 {
		e := domain.Errorf(domain.Limited, CodePhoneRate, "an address may ask %d times a second", s.LinkRate)
		e.RetryAfter = wait
		s.refuse(c, e)
		return false
	}
	return true
}

// phoneBody reads a phone's JSON within its bounds; members that are not known are Apple's business.
func phoneBody(c *gin.Context, into any) error {
	b, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxPhoneBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return tooLarge(maxPhoneBody)
	case err != nil:
		return domain.Errorf(domain.Invalid, CodeRequestMalformed, "the body could not be read to its end")
	case json.Unmarshal(b, into) != nil:
		return domain.Errorf(domain.Invalid, CodeRequestMalformed, "the body is not the JSON that Apple describes")
	}
	return nil
}

func (s *server) registerPhone(c *gin.Context) {
	if !s.phone(c) {
		return
	}
	var body struct {
		PushToken string `json:"pushToken"`
	}
	if err := phoneBody(c, &body); err != nil {
		s.refuse(c, err)
		return
	}
	fresh, err := s.Wallets.Register(c.Request.Context(), c.Param("pass_type"), c.Param("serial"), passToken(c.Request),
		delivery.WalletDevice{Device: c.Param("device"), PushToken: body.PushToken})
	switch {
	case err != nil:
		s.refuse(c, err)
	case fresh:
		c.Status(http.StatusCreated)
	default:
		c.Status(http.StatusOK)
	}
}

func (s *server) unregisterPhone(c *gin.Context) {
	if !s.phone(c) {
		return
	}
	err := s.Wallets.Unregister(c.Request.Context(), c.Param("pass_type"), c.Param("serial"), passToken(c.Request), c.Param("device"))
	if err != nil {
		s.refuse(c, err)
		return
	}
	c.Status(http.StatusOK)
}

func (s *server) listPhonePasses(c *gin.Context) {
	if !s.phone(c) {
		return
	}
	q := newQuery(c.Request.URL, callOf(c.Request.Context()).route)
	tag := q.text("passesUpdatedSince")
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	serials, next, err := s.Wallets.Changed(c.Request.Context(), c.Param("device"), c.Param("pass_type"), tag)
	if err != nil {
		s.refuse(c, err)
		return
	}
	if len(serials) == 0 {
		c.Status(http.StatusNoContent)
		return
	}
	body, err := encode(phonePassesDTO{serials, next})
	if err != nil {
		s.refuse(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", body)
}

func (s *server) getPhonePass(c *gin.Context) {
	if !s.phone(c) {
		return
	}
	since, _ := http.ParseTime(c.GetHeader("If-Modified-Since")) // nothing, or nonsense: it is given
	var out bytes.Buffer
	at, same, err := s.Wallets.WriteCurrent(c.Request.Context(), &out, c.Param("pass_type"), c.Param("serial"), passToken(c.Request), since)
	if err != nil {
		s.refuse(c, err)
		return
	}
	c.Header("Last-Modified", at.UTC().Format(http.TimeFormat))
	if same {
		c.Status(http.StatusNotModified)
		return
	}
	sendFile(c, mediaPass, c.Param("serial")+".pkpass", out.Bytes())
}

// logPhone writes what a phone complains of into our log, cut.
func (s *server) logPhone(c *gin.Context) {
	if !s.phone(c) {
		return
	}
	var body struct {
		Logs []string `json:"logs"`
	}
	if err := phoneBody(c, &body); err != nil {
		s.refuse(c, err)
		return
	}
	for _, line := range body.Logs[:min(len(body.Logs), maxPhoneLines)] {
		s.Log.WarnContext(c.Request.Context(), "a phone complains", slog.String("wallet", string(delivery.AppleWallet)),
			slog.String("text", strings.ToValidUTF8(line[:min(len(line), maxPhoneLine)], "")))
	}
	c.Status(http.StatusOK)
}

// phoneMount documents a handler that phones call: JSON or a file, or nothing at all, with the statuses given.
func phoneMount[I any](h gin.HandlerFunc, media string, statuses ...int) mountFunc {
	return func(m *mounter, r *route) {
		op := m.operation(r, statuses[0])
		for _, st := range statuses {
			op.Responses[strconv.Itoa(st)] = &huma.Response{Description: http.StatusText(st), Headers: everyHeader(r)}
		}
		if media != "" {
			op.Responses["200"].Content = map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
		}
		huma.Register(m.doc, op, func(context.Context, *I) (*struct{}, error) { return nil, errDocumentOnly })
		m.handle(r, h)
	}
}

type googleLinksDTO struct {
	Links []googleLinkDTO `json:"links" nullable:"false" doc:"each saves some of the tickets: an address may not be longer than Google takes"`
}

type googleLinkDTO struct {
	URL     string   `json:"url" doc:"for the buyer only: whoever opens it gets the tickets" example:"https://pay.google.com/gp/v/save/eyJ…"`
	Tickets []string `json:"tickets" nullable:"false" doc:"ids of the tickets that it saves"`
}

type googleLinksInput struct {
	ID   string `path:"id" doc:"id of the order"`
	Lang string `query:"lang" maxLength:"35" pattern:"^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$" doc:"default: the buyer's language, or the institution's" example:"fr"`
}

type googleLinksOutput struct{ Body googleLinksDTO }

// googleTimeout bounds the calls to Google that a link may take.
const googleTimeout = 40 * time.Second

func (s *server) getGoogleLinks(ctx context.Context, in *googleLinksInput) (*googleLinksOutput, error) {
	o, err := s.Sales.Order(ctx, viewer(ctx), sales.OrderID(in.ID))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, googleTimeout)
	defer cancel()
	links, err := s.Wallets.GoogleLinks(ctx, &o, "", in.Lang)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for i := range o.Tickets {
		names[delivery.Serial(o.ID, o.Tickets[i].ID)] = o.Tickets[i].ID
	}
	out := googleLinksDTO{Links: []googleLinkDTO{}}
	for _, l := range links {
		dto := googleLinkDTO{URL: l.URL, Tickets: []string{}}
		for _, serial := range l.Serials {
			dto.Tickets = append(dto.Tickets, names[serial])
		}
		out.Links = append(out.Links, dto)
	}
	return &googleLinksOutput{Body: out}, nil
}
