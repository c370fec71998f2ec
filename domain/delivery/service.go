package delivery

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
)

// Settings are one institution's choices for its tickets.
type Settings struct {
	Symbols Symbols     // which barcode for which payload
	Terms   domain.Text // small print, per language
	// MarkReprints tells layouts which print of a ticket a file is, so that they can mark the second and later ones.
	MarkReprints bool
}

// Deps is what a Service needs; Catalog and Renderer are mandatory.
type Deps struct {
	Catalog  Catalog
	Renderer Renderer
	Pictures Pictures
	Settings map[domain.InstitutionCode]Settings
	Choices  []Choice // of layouts where nobody asks for one; the first that fits counts
	Prints   Prints   // nil: how often tickets are given out is not counted
	Layouts  Layouts  // nil: they cannot be listed or reloaded
	Program  string   // the program's version: another one may draw barcodes otherwise
	Links    *Links   // of buyers' own pages; nil: there are none

	// What files of many tickets need: all, or there are none.
	Orders  Orders
	Exports Exports
	Clock   domain.Clock
	IDs     domain.IDs
	Log     *slog.Logger
}

// Service turns sold orders into tickets. It is safe for concurrent use.
type Service struct{ Deps }

// New makes a Service. It panics on a missing dependency.
func New(d Deps) *Service {
	if d.Catalog == nil || d.Renderer == nil {
		panic("delivery: Catalog and Renderer are needed")
	}
	return &Service{d}
}

// pictureTimeout bounds the wait for a picture; a ticket is printed without one rather than late.
const pictureTimeout = 3 * time.Second

// PDF writes every ticket of the order, or the one named, as the institution's layouts say. Errors: those of File.
func (s *Service) PDF(ctx context.Context, w io.Writer, o sales.Order, ticket, lang string) error {
	f, err := s.File(ctx, o, Print{Ticket: ticket, Lang: lang})
	if err != nil {
		return err
	}
	return f.Write(ctx, w)
}

// Document is what is printed of an order as PDF, or of one of its tickets (empty: all), in a language: the one asked for, or
// the buyer's, or the institution's.
func (s *Service) Document(ctx context.Context, o sales.Order, ticket, lang string) (Document, error) {
	return s.document(ctx, o, Print{Ticket: ticket, Lang: lang, Format: FormatPDF}, map[string][]byte{})
}

// document keeps the pictures it fetches in the map.
func (s *Service) document(ctx context.Context, o sales.Order, want Print, pictures map[string][]byte) (Document, error) {
	ticket, lang := want.Ticket, want.Lang
	if err := issued(&o); err != nil {
		return Document{}, err
	}
	inst, err := s.Catalog.Institution(o.Institution)
	if err != nil {
		return Document{}, err
	}
	langs := languages(inst, lang, o.Buyer.Language)
	d := Document{Language: langs[0], Title: inst.Name.Or(string(inst.Code), langs...) + " · " + string(o.ID)}
	if o.Reference != "" {
		d.Title = inst.Name.Or(string(inst.Code), langs...) + " · " + o.Reference
	}
	n, gone := 0, false
	for i := range o.Lines {
		for j := range o.Lines[i].Places {
			n++
			t := ticketOf(&o, o.Lines[i].Places[j].ID)
			if t == nil || (ticket != "" && t.ID != ticket) {
				continue
			}
			if !t.CancelledAt.IsZero() {
				gone = true // taken back: it is not printed any more
				continue
			}
			pg := s.page(ctx, &o, inst, &o.Lines[i], &o.Lines[i].Places[j], t, langs, n, pictures)
			if pg.Layout = want.Layout; pg.Layout == "" {
				pg.Layout = s.layout(&o, &o.Lines[i], want.Format)
			}
			d.Pages = append(d.Pages, pg)
		}
	}
	for i := range d.Pages {
		d.Pages[i].Of = n
	}
	if len(d.Pages) == 0 && gone {
		return Document{}, takenBack()
	}
	if len(d.Pages) == 0 {
		return Document{}, noTicket(ticket)
	}
	return d, nil
}

func noTicket(ticket string) error {
	return domain.Errorf(domain.NotFound, sales.CodeTicketUnknown, "the order has no ticket %s", ticket)
}

func takenBack() error {
	return domain.Errorf(domain.Conflict, sales.CodeTicketCancelled, "the ticket was taken back")
}

// issued refuses an order that has no tickets to give out.
func issued(o *sales.Order) error {
	if o.Status == sales.Cancelled {
		return domain.Errorf(domain.Conflict, sales.CodeTicketCancelled, "every ticket was taken back")
	}
	if o.Status != sales.Issued {
		return domain.Errorf(domain.Conflict, sales.CodeTicketNotIssued, "the order is %s; it has no tickets yet", o.Status)
	}
	return nil
}

// languages are the reader's, best first: the one asked for, the buyer's, those that the reader's browser accepts, the
// institution's, English.
func languages(inst domain.Institution, asked, buyer string, accepted ...string) []string {
	var out []string
	for _, l := range slices.Concat([]string{asked, buyer}, accepted, []string{inst.MainLanguage, "en"}) {
		if l = strings.ToLower(strings.TrimSpace(l)); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func ticketOf(o *sales.Order, place string) *sales.Ticket {
	for i := range o.Tickets {
		if o.Tickets[i].Place == place {
			return &o.Tickets[i]
		}
	}
	return nil
}

func (s *Service) page(ctx context.Context, o *sales.Order, inst domain.Institution, l *sales.Line, p *sales.Place, t *sales.Ticket, langs []string, n int, pictures map[string][]byte) Page {
	pg, image := s.written(o, inst, l, p, t, langs, n)
	pg.Picture = s.picture(ctx, o.Institution, image, pictures)
	return pg
}

// written is a ticket's page without its picture, and the picture's address.
func (s *Service) written(o *sales.Order, inst domain.Institution, l *sales.Line, p *sales.Place, t *sales.Ticket, langs []string, n int) (Page, string) {
	f := s.facts(o, l)
	loc := zoneOf(inst, &f)
	set := s.Settings[o.Institution]
	pg := Page{
		TicketID: t.ID, Organiser: inst.Name.Or(string(inst.Code), langs...), Kind: string(f.Kind),
		Title: f.ProductName.Or(f.ProductCode, langs...), Zone: loc.String(), Day: f.Day,
		Venue: venue(&f.Venue, langs),
		Seat:  toSeat(p.Seat), Numbered: f.Numbered,
		Category: f.SeatCategoryName.Or(f.SeatCategoryCode, langs...), Color: f.Color,
		Tariff: f.TariffName.Or(f.TariffCode, langs...), Price: l.UnitPrice, Holder: p.Holder,
		Buyer: strings.TrimSpace(o.Buyer.FirstName + " " + o.Buyer.LastName),
		Order: string(o.ID), Reference: o.Reference, Number: n, Barcode: string(t.Barcode), Symbology: set.Symbols.Choose(string(t.Barcode)),
		Terms: set.Terms.Or("", langs...), Specimen: inst.PointOfSales.Test, SoldBy: o.Storefront, IssuedAt: t.IssuedAt,
		Undated: f.Start.IsZero() && f.Day == "",
	}
	if o.Platform.FileID != 0 {
		pg.File = strconv.FormatInt(o.Platform.FileID, 10)
	}
	if sub, _ := f.PerformanceName.In(langs...); sub != pg.Title {
		pg.Subtitle = sub
	}
	if !f.Start.IsZero() {
		pg.Start = f.Start.In(loc)
	}
	if !f.End.IsZero() {
		pg.End = f.End.In(loc)
	}
	return pg, f.Image
}

func (s *Service) picture(ctx context.Context, code domain.InstitutionCode, address string, seen map[string][]byte) []byte {
	if s.Pictures == nil || address == "" {
		return nil
	}
	key := string(code) + " " + address
	if b, ok := seen[key]; ok {
		return b
	}
	ctx, cancel := context.WithTimeout(ctx, pictureTimeout)
	defer cancel()
	b, err := s.Pictures.Picture(ctx, code, address)
	if err != nil {
		b = nil // a ticket without a picture admits as well
	}
	seen[key] = b
	return b
}

func toSeat(s sales.Seat) Seat {
	return Seat{Area: s.Area, Block: s.Block, Row: s.Row, Number: s.Number, Entrance: s.Entrance}
}
