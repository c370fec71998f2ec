package delivery

import (
	"context"
	"io"
	"strconv"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
)

// Codes of layouts.
const (
	// CodeLayoutUnknown says that there is no layout of a name.
	CodeLayoutUnknown = "layout.unknown"
	// CodeLayoutPages says that tickets take several pages and are wanted as one picture.
	CodeLayoutPages = "layout.pages"
	// CodeLayoutRefused says that files of the folder of layouts are wrong, so that those in use stay.
	CodeLayoutRefused = "layout.refused"
)

// Layout is a design that tickets can be printed by.
type Layout struct {
	Name    string
	Version string // the designer's own word for it; may be empty
	About   string // may be empty
	Digest  string // changes with everything that decides its look
	Shipped bool   // part of the program; else of the operator's folder
	Order   bool   // one page is for all tickets of an order; else for each
	Admits  bool   // has a barcode; else opens no door, such as a receipt
	// Width and Height are the paper's, in mm; a height of 0 is that of the content, on a roll.
	Width, Height float64
}

// Layouts are the designs there are. It is safe for concurrent use.
type Layouts interface {
	// Layouts lists those in use by name.
	Layouts() []Layout
	// LayoutSchema is the JSON Schema of layout files.
	LayoutSchema() []byte
	// CheckLayouts reads the folder of layouts anew and changes nothing. Errors: layout.refused, with a field for each thing
	// that is wrong ("venue.json:12" and the reason).
	CheckLayouts(ctx context.Context) error
	// ReloadLayouts takes what is in the folder into use, where all of it is good and accept takes it; else everything stays
	// and the error says why. Errors: layout.refused, and those of accept.
	ReloadLayouts(ctx context.Context, accept func([]Layout) error) error
	// Sample makes sample tickets, marked as specimens.
	Sample(s LayoutSample) Document
}

// LayoutSample is which sample a layout is looked at with.
type LayoutSample struct {
	Layout, Lang string
	Kind         string    // "event" (also empty), "service" or "pass"
	Symbology    Symbology // empty: Code 128
	Longest      bool      // every text as long as a layout has to bear
}

// PreviewLayout draws the first page of sample tickets as PNG. With a performance they say what its tickets would. Errors:
// layout.unknown, ticket.barcode; performance.unknown.
func (s *Service) PreviewLayout(ctx context.Context, w io.Writer, want LayoutSample, code domain.InstitutionCode, id catalog.PerformanceID, dpi int) error {
	d := s.Layouts.Sample(want)
	if id != 0 {
		inst, err := s.Catalog.Institution(code)
		if err != nil {
			return err
		}
		if _, ok := s.Catalog.Facts(code, catalog.Want{Performance: id}); !ok {
			return domain.Errorf(domain.NotFound, catalog.CodePerformanceUnknown, "there is no performance %d of %s", id, code)
		}
		o := sales.Order{Institution: code}
		pg := s.page(ctx, &o, inst, &sales.Line{Performance: id}, &sales.Place{}, &sales.Ticket{}, languages(inst, want.Lang, ""), 0, map[string][]byte{})
		for i := range d.Pages {
			d.Pages[i].shows(&pg)
		}
	}
	return s.Renderer.PNG(ctx, w, d, dpi)
}

// shows takes what a page has that is not about a place or an order.
func (p *Page) shows(o *Page) {
	p.Organiser, p.Kind, p.Title, p.Subtitle, p.Start, p.End, p.Day, p.Undated = o.Organiser, o.Kind, o.Title, o.Subtitle, o.Start, o.End, o.Day, o.Undated
	p.Zone, p.Venue, p.Numbered, p.Terms, p.Picture = o.Zone, o.Venue, o.Numbered, o.Terms, o.Picture
	if !p.Numbered {
		p.Seat = Seat{}
	}
}

// ReloadLayouts takes what is in the folder of layouts into use, where all of it is good and has every layout that is chosen.
// Errors: layout.refused.
func (s *Service) ReloadLayouts(ctx context.Context) error {
	return s.Layouts.ReloadLayouts(ctx, func(there []Layout) error {
		err := CheckChoices(s.Choices, there, func(i int) string { return "layout_choices/" + strconv.Itoa(i) })
		if err == nil {
			return nil
		}
		out := domain.Errorf(domain.Conflict, CodeLayoutRefused, "the folder of layouts is not taken into use; those in use stay")
		for _, f := range domain.AsError(err).Fields {
			out.WithField(f.Pointer, CodeLayoutRefused, f.Detail)
		}
		return out
	})
}
