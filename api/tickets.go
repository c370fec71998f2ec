package api

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

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

// orderPDF writes every ticket of an order, one page each.
func (s *server) orderPDF(c *gin.Context) {
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
	s.sendPDF(c, o, "", lang, string(o.ID))
}

func (s *server) sendPDF(c *gin.Context, o sales.Order, ticket, lang, name string) {
	var out bytes.Buffer // whole before the first byte is sent, so that a failure is still a problem
	if err := s.Delivery.PDF(c.Request.Context(), &out, o, ticket, lang); err != nil {
		s.refuse(c, err)
		return
	}
	sendFile(c, "application/pdf", name+".pdf", out.Bytes())
}

func sendFile(c *gin.Context, media, name string, content []byte) {
	h := c.Writer.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Disposition", `inline; filename="`+name+`"`)
	c.Writer.WriteHeader(http.StatusOK)
	_, _ = c.Writer.Write(content) // a caller that hung up cannot be told
}

// defaultDPI is a screen's; print asks for more.
const defaultDPI = 150

// getTicket answers /v1/tickets/{id} in the form that the extension names: none is JSON, .pdf, .png, .fgl and .zpl are files. The
// router takes the whole last segment as one parameter.
func (s *server) getTicket(c *gin.Context) {
	ctx := c.Request.Context()
	cl := callOf(ctx)
	id, ext, _ := strings.Cut(c.Param("id"), ".")
	if slices.Contains([]string{"pdf", "png", "fgl", "zpl"}, ext) {
		cl.route = s.auth[c.Request.Method+" "+c.FullPath()+"."+ext]
		if !cl.key.May(storefront.ScopeDeliver) {
			s.refuse(c, needScope(storefront.ScopeDeliver))
			return
		}
	}
	q := newQuery(c.Request.URL, cl.route)
	lang, dpi := q.language(), defaultDPI
	if ext == "png" {
		if n, ok := q.number("dpi", 36, 600); ok {
			dpi = int(n)
		}
	}
	var layout string
	if ext == "fgl" || ext == "zpl" {
		layout, dpi = q.text("layout"), q.dots()
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
	switch ext {
	case "":
		s.sendTicket(c, &o, id)
	case "pdf":
		s.sendPDF(c, o, id, lang, id)
	case "fgl", "zpl":
		s.sendThermal(c, o, id, lang, layout, delivery.PrinterLanguage(ext), dpi)
	case "png":
		var out bytes.Buffer
		if err := s.Delivery.PNG(ctx, &out, o, id, lang, dpi); err != nil {
			s.refuse(c, err)
			return
		}
		sendFile(c, "image/png", id+".png", out.Bytes())
	default:
		s.refuse(c, domain.Errorf(domain.NotFound, CodeRouteUnknown, "tickets come as JSON, .pdf, .png, .fgl and .zpl"))
	}
}

func (s *server) sendTicket(c *gin.Context, o *sales.Order, id string) {
	for _, d := range s.tickets(c.Request.Context(), o) {
		if d.ID == id {
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
