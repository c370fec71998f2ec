package api

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

// defaultLinkRate is how many pages and files a second one client address gets; the tokens themselves cannot be guessed.
const defaultLinkRate = 10

// buyerPath is where buyers' own pages are, before the token.
const buyerPath = delivery.PagePath

type linkDTO struct {
	URL       string    `json:"url" doc:"the buyer's own page: whoever has it can use the tickets; a path alone where public_url is not configured" example:"https://tickets.example/t/3q2-7wAAAAAwMUo5…"`
	ExpiresAt time.Time `json:"expires_at" doc:"nobody can prolong it; make another one"`
}

type linkInput struct {
	ID string `path:"id" doc:"id of the order" example:"ord_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
}

type linkOutput struct{ Body linkDTO }

// createLink signs the address of the buyer's own page. Nothing is stored.
func (s *server) createLink(ctx context.Context, req *linkInput) (*linkOutput, error) {
	o, err := s.Sales.Order(ctx, viewer(ctx), sales.OrderID(req.ID))
	if err != nil {
		return nil, err
	}
	token, until, err := s.Delivery.Link(&o)
	if err != nil {
		return nil, err
	}
	return &linkOutput{Body: linkDTO{URL: strings.TrimSuffix(s.PublicURL, "/") + buyerPath + token, ExpiresAt: in(until, s.location(o.Institution))}}, nil
}

type buyerInput struct {
	Token string `path:"token" doc:"of the order's link"`
	Lang  string `query:"lang" maxLength:"35" doc:"default: the buyer's language, then those of Accept-Language, then the institution's"`
}

type buyerFileInput struct {
	buyerInput
	File string `path:"file" doc:"tickets.pdf, tickets.pkpasses, calendar.ics, or a ticket's id and .pdf, .pkpass or .google" example:"tickets.pdf"`
}

// buyer answers /t/{token} and its files: the order that the token names, for whoever holds it. There is no key and no
// cookie; every refusal is a page for people.
func (s *server) buyer(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Robots-Tag", "noindex, nofollow")
	if s.Delivery.Links == nil || s.Pages == nil {
		s.refuse(c, domain.Errorf(domain.NotFound, CodeRouteUnknown, "there is nothing at this address"))
		return
	}
	h.Set("Content-Security-Policy", s.Pages.PagePolicy())
	if wait := s.readers.over(clientAddress(c.Request)); wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
		s.sorry(c, domain.Errorf(domain.Limited, domain.CodeRequest, "an address may ask %d times a second", s.LinkRate))
		return
	}
	if err := s.showBuyer(c); err != nil {
		s.sorry(c, err)
	}
}

func (s *server) showBuyer(c *gin.Context) error {
	ctx := c.Request.Context()
	q := newQuery(c.Request.URL, callOf(ctx).route)
	lang := q.language()
	if err := q.err(); err != nil {
		return err
	}
	id, err := s.Delivery.Links.Open(c.Param("token"))
	if err != nil {
		return err
	}
	o, err := s.Sales.Order(ctx, sales.Viewer{Everything: true}, id)
	if err != nil {
		return err
	}
	page, err := s.Delivery.OrderPage(&o, lang, wishes("", c.Request.Header))
	if err != nil {
		return err
	}
	page.Address = buyerPath + c.Param("token")
	var out bytes.Buffer // whole before the first byte is sent, so that a failure is still a page
	page.Apple = page.Printable && s.Wallets.May(delivery.AppleWallet, o.Institution) == nil
	page.Google = page.Printable && s.Wallets.May(delivery.GoogleWallet, o.Institution) == nil
	file := c.Param("file")
	if handled, err := s.buyerWallet(c, &o, file, lang); handled {
		return err
	}
	ticket, isTicket := strings.CutSuffix(file, ".pdf")
	switch {
	case file == "":
		if err := s.Pages.OrderPage(&out, page); err != nil {
			return err
		}
		c.Data(http.StatusOK, mediaPage, out.Bytes())
	case file == "calendar.ics" && page.Dated:
		sendFile(c, "text/calendar; charset=utf-8", file, page.Calendar(s.Clock()))
	case isTicket:
		if ticket == "tickets" {
			ticket = ""
		}
		if err := s.Delivery.PDF(ctx, &out, o, ticket, lang); err != nil {
			return err
		}
		sendFile(c, "application/pdf", file, out.Bytes())
	default:
		return domain.Errorf(domain.NotFound, CodeRouteUnknown, "there is no such file")
	}
	return nil
}

const mediaPage = "text/html; charset=utf-8"

// sorry answers with a page that says what a buyer can do about it. The status is the refusal's own.
func (s *server) sorry(c *gin.Context, refusal error) {
	e := domain.AsError(refusal)
	status, why := statusOfKind(e.Kind), delivery.SorryTrouble
	switch status {
	case http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusConflict:
		why = delivery.SorryUnknown
		if e.Code != domain.CodeRequest {
			status = http.StatusNotFound
		}
	case http.StatusGone:
		why = delivery.SorryExpired
	case http.StatusTooManyRequests:
		why = delivery.SorryBusy
	}
	if e.Kind == domain.Internal {
		callOf(c.Request.Context()).failure = refusal
	}
	var out bytes.Buffer
	if err := s.Pages.SorryPage(&out, why, wishes("", c.Request.Header)); err != nil {
		s.refuse(c, err)
		return
	}
	c.Data(status, mediaPage, out.Bytes())
}

// buyerMount documents a handler that answers people: refusals are pages, nothing is kept.
func buyerMount[I any](h gin.HandlerFunc, media ...string) mountFunc {
	return func(m *mounter, r *route) {
		file[I](h, media...)(m, r)
		r.kept, r.coded = false, false
		op := operationOf(m.api.OpenAPI(), r)
		op.Parameters = slices.DeleteFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == "Accept-Encoding" })
		delete(op.Responses, "304")
		headers := op.Responses["200"].Headers
		for _, name := range []string{"ETag", "Content-Encoding", "Vary"} {
			delete(headers, name)
		}
		for _, status := range []int{http.StatusNotFound, http.StatusGone, http.StatusTooManyRequests, http.StatusUnprocessableEntity, http.StatusServiceUnavailable, http.StatusInternalServerError} {
			res := op.Responses[strconv.Itoa(status)]
			if res == nil {
				res = &huma.Response{Description: http.StatusText(status), Headers: map[string]*huma.Param{"X-Request-Id": stringHeader("names the request")}, Content: map[string]*huma.MediaType{}}
				op.Responses[strconv.Itoa(status)] = res
			}
			res.Content["text/html"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
		for _, res := range op.Responses {
			res.Headers["X-Robots-Tag"] = stringHeader("noindex, nofollow")
		}
		op.Responses["429"].Headers["Retry-After"] = stringHeader("seconds after which to try again")
	}
}
