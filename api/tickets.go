package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

type ticketDTO struct {
	ID            string    `json:"id" example:"tkt_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	Order         string    `json:"order"`
	Institution   string    `json:"institution"`
	Item          int       `json:"item" doc:"index into the order's lines"`
	Place         string    `json:"place" doc:"id of the place"`
	Performance   string    `json:"performance,omitempty"`
	Seat          *seatDTO  `json:"seat,omitempty" doc:"absent for places without a number"`
	Holder        string    `json:"holder,omitempty"`
	Barcode       string    `json:"barcode,omitempty" doc:"opaque text, leading zeros included; only with scope deliver"`
	PlatformState string    `json:"platform_state,omitempty" doc:"the platform's own word"`
	IssuedAt      time.Time `json:"issued_at"`
	Reprints      int       `json:"reprints" doc:"how often the institution replaced its barcode; former ones admit nobody"`
	CancelledAt   time.Time `json:"cancelled_at,omitzero" doc:"it admits nobody since then; absent for a good one"`

	Prints  *int         `json:"prints,omitempty" doc:"how often it was given out as a file to a box office or a storefront; where one ticket is read"`
	Printed []printedDTO `json:"printed,omitempty" nullable:"false" doc:"the last 20 of these times, newest first; where one ticket is read"`
}

// printedDTO is one time that a ticket was given out as a file.
type printedDTO struct {
	Copy       int       `json:"copy" doc:"from 1 on" example:"2"`
	At         time.Time `json:"at"`
	Storefront string    `json:"storefront"`
	Key        string    `json:"key" doc:"id of the storefront's key"`
	Format     string    `json:"format" example:"fgl"`
}

// printsShown is how many of a ticket's prints are shown one by one.
const printsShown = 20

// addPrints adds how often a ticket was given out.
func (s *server) addPrints(ctx context.Context, d *ticketDTO, loc *time.Location) error {
	if s.Delivery.Prints == nil {
		return nil
	}
	list, err := s.Delivery.Prints.History(ctx, d.ID, printsShown)
	if err != nil {
		return err
	}
	d.Prints = new(int)
	for i, p := range list {
		if i == 0 {
			*d.Prints = p.Copy
		}
		d.Printed = append(d.Printed, printedDTO{Copy: p.Copy, At: in(p.At, loc), Storefront: p.Storefront, Key: p.Key, Format: string(p.Format)})
	}
	return nil
}

type ticketPageDTO struct {
	Items []ticketDTO `json:"items" nullable:"false" doc:"empty until the order is sold"`
	Next  *string     `json:"next" doc:"always null: an order has at most 100"`
}

// tickets writes an order's tickets; barcodes only for a key with scope deliver, and never in the operators' lists.
func (s *server) tickets(ctx context.Context, o *sales.Order) []ticketDTO {
	cl, loc := callOf(ctx), s.location(o.Institution)
	show := cl.key.May(storefront.ScopeDeliver) && (cl.route == nil || !cl.route.admin())
	out := make([]ticketDTO, 0, len(o.Tickets))
	for i := range o.Tickets {
		t := &o.Tickets[i]
		d := ticketDTO{
			ID: t.ID, Order: string(o.ID), Institution: string(o.Institution), Place: t.Place, PlatformState: t.State, IssuedAt: in(t.IssuedAt, loc),
			CancelledAt: in(t.CancelledAt, loc), Reprints: len(t.Former),
		}
		for j := range o.Lines {
			for k := range o.Lines[j].Places {
				if p := &o.Lines[j].Places[k]; p.ID == t.Place {
					d.Item, d.Seat, d.Holder = j, toSeat(o.Institution, p.Seat), p.Holder
					if o.Lines[j].Performance != 0 {
						d.Performance = publicID(o.Institution, o.Lines[j].Performance)
					}
				}
			}
		}
		if show {
			d.Barcode = string(t.Barcode)
		}
		out = append(out, d)
	}
	return out
}

type ticketPageOutput struct{ Body ticketPageDTO }

func (s *server) listTickets(ctx context.Context, in *OrderInput) (*ticketPageOutput, error) {
	o, err := s.Sales.Order(ctx, viewer(ctx), sales.OrderID(in.ID))
	if err != nil {
		return nil, err
	}
	return &ticketPageOutput{Body: ticketPageDTO{Items: s.tickets(ctx, &o)}}, nil
}

// Media types of printer languages, which have none of their own.
const (
	mediaFGL = "application/vnd.boca.fgl"
	mediaZPL = "application/vnd.zebra.zpl"
)

// mediaOf is the media type of a format.
func mediaOf(f delivery.Format) string {
	switch f {
	case delivery.FormatPNG:
		return "image/png"
	case delivery.FormatSVG:
		return "image/svg+xml"
	case delivery.FormatFGL:
		return mediaFGL
	case delivery.FormatZPL:
		return mediaZPL
	case delivery.FormatPDF:
	}
	return "application/pdf"
}

// print reads how tickets are wanted on paper.
func (q *query) print(f delivery.Format) delivery.Print {
	p := delivery.Print{Format: f, Lang: q.language(), Layout: q.text("layout")}
	switch {
	case f == delivery.FormatPNG:
		if n, ok := q.number("dpi", 36, 600); ok {
			p.DPI = int(n)
		}
	case f.Thermal():
		p.DPI = q.dots()
	}
	return p
}

// dots reads a thermal printer's resolution; 0 where none is given.
func (q *query) dots() int {
	n, given := q.number("dpi", 203, 300)
	if given && n != 203 && n != 300 {
		q.fault("dpi", "203 or 300")
	}
	return int(n)
}

// orderFile writes every ticket of an order in the form that the address ends in.
func (s *server) orderFile(c *gin.Context) {
	ctx := c.Request.Context()
	_, ext, _ := strings.Cut(path.Base(c.FullPath()), ".")
	q := newQuery(c.Request.URL, callOf(ctx).route)
	want := q.print(delivery.Format(ext))
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	o, err := s.Sales.Order(ctx, viewer(ctx), sales.OrderID(c.Param("id")))
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.sendPrinted(c, o, want, string(o.ID))
}

// sendPrinted answers with a file of tickets, or with 304 where the caller has it already: then nothing is printed. What is
// kept is asked for again each time, so that a ticket that is not good any more is never shown.
func (s *server) sendPrinted(c *gin.Context, o sales.Order, want delivery.Print, name string) {
	ctx := c.Request.Context()
	want.Counted = true
	f, err := s.Delivery.File(ctx, o, want)
	if err != nil {
		s.refuse(c, err)
		return
	}
	if cl := callOf(ctx); cl.method != http.MethodHead && !hasImage(c.Request.Header["If-None-Match"], f.ETag()) {
		if err := f.Count(ctx, delivery.Printed{At: s.Clock(), Storefront: cl.key.Storefront, Key: cl.key.ID}); err != nil {
			s.refuse(c, err)
			return
		}
	}
	s.sendMade(c, f.ETag(), mediaOf(want.Format), name+"."+string(want.Format), func(w io.Writer) error { return f.Write(ctx, w) })
}

// controlPrinted lets callers keep a file, and makes them ask each time whether it is still the one.
const controlPrinted = "private, no-cache"

// sendMade answers with a file that is made only where the caller does not have it. It is whole before its first byte is sent,
// so that a failure is still a problem.
func (s *server) sendMade(c *gin.Context, etag, media, name string, write func(w io.Writer) error) {
	h := c.Writer.Header()
	if hasImage(c.Request.Header["If-None-Match"], etag) {
		h.Set("ETag", etag)
		h.Set("Cache-Control", controlPrinted)
		delete(h, "Content-Security-Policy")
		c.Writer.WriteHeader(http.StatusNotModified)
		return
	}
	var out bytes.Buffer
	if callOf(c.Request.Context()).method != http.MethodHead {
		if err := write(&out); err != nil {
			s.refuse(c, err)
			return
		}
		h.Set("Content-Length", strconv.Itoa(out.Len()))
	}
	h.Set("ETag", etag)
	h.Set("Cache-Control", controlPrinted)
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", `inline; filename="`+name+`"`)
	c.Writer.WriteHeader(http.StatusOK)
	_, _ = c.Writer.Write(out.Bytes()) // a caller that hung up cannot be told
}

// madeFile mounts a handler that answers with sendMade.
func madeFile[I any](h gin.HandlerFunc, media string) mountFunc {
	return func(m *mounter, r *route) {
		file[I](h, media)(m, r)
		op := operationOf(m.api.OpenAPI(), r)
		headers := op.Responses["200"].Headers
		headers["ETag"] = stringHeader("strong: another one whenever the bytes may differ")
		headers["Cache-Control"] = stringHeader(controlPrinted)
		op.Responses["304"] = &huma.Response{Description: "Not changed since the ETag sent in If-None-Match; nothing was printed", Headers: headers}
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "If-None-Match", In: "header", Description: "ETag of an earlier answer", Schema: &huma.Schema{Type: huma.TypeString},
		})
	}
}

func sendFile(c *gin.Context, media, name string, content []byte) {
	h := c.Writer.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Disposition", `inline; filename="`+name+`"`)
	c.Writer.WriteHeader(http.StatusOK)
	_, _ = c.Writer.Write(content) // a caller that hung up cannot be told
}

// getTicket answers /v1/tickets/{id} in the form that the extension names: none is JSON, one of delivery.Formats and .pkpass are files. The
// router takes the whole last segment as one parameter.
func (s *server) getTicket(c *gin.Context) {
	ctx := c.Request.Context()
	cl := callOf(ctx)
	id, ext, _ := strings.Cut(c.Param("id"), ".")
	format := delivery.Format(ext)
	printed := slices.Contains(delivery.Formats(), format)
	pass := ext == "pkpass"
	if printed || pass {
		cl.route = s.auth[c.Request.Method+" "+c.FullPath()+"."+ext]
		if !cl.key.May(storefront.ScopeDeliver) {
			s.refuse(c, needScope(storefront.ScopeDeliver))
			return
		}
	}
	q := newQuery(c.Request.URL, cl.route)
	want := delivery.Print{Lang: q.language()}
	if printed {
		want = q.print(format)
	}
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	o, err := s.Sales.OrderByTicket(ctx, viewer(ctx), id)
	if err != nil {
		s.refuse(c, err)
		return
	}
	switch {
	case printed:
		want.Ticket = id
		s.sendPrinted(c, o, want, id)
	case ext == "":
		s.sendTicket(c, &o, id)
	case pass:
		s.sendPass(c, &o, id, want.Lang, id+".pkpass")
	default:
		s.refuse(c, domain.Errorf(domain.NotFound, CodeRouteUnknown, "tickets come as JSON, .pdf, .png, .svg, .fgl, .zpl and .pkpass"))
	}
}

func (s *server) sendTicket(c *gin.Context, o *sales.Order, id string) {
	for _, d := range s.tickets(c.Request.Context(), o) {
		if d.ID == id {
			err := s.addPrints(c.Request.Context(), &d, s.location(o.Institution))
			if err != nil {
				s.refuse(c, err)
				return
			}
			body, err := encode(d)
			if err != nil {
				s.refuse(c, err)
				return
			}
			c.Data(http.StatusOK, "application/json", body)
			return
		}
	}
	s.refuse(c, domain.Errorf(domain.NotFound, sales.CodeTicketUnknown, "no ticket %s", cut(id)))
}
