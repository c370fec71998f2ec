package delivery

import (
	"context"
	"io"
	"slices"

	"guichet/domain"
	"guichet/domain/sales"
)

// Barcode is one ticket's barcode as a picture of its own, with its quiet zone and nothing else.
type Barcode struct {
	TicketID  string
	Payload   string
	Symbology Symbology
	DPI       int // dots per inch of a PNG, 36 to 600; 0 is SVG
}

// Barcode writes a ticket's barcode as SVG, or as PNG where dpi is not 0: in the symbology asked for, or where that is empty the
// one that the institution's tickets carry. It is read back before the first byte is written. Errors: ticket.not_issued,
// ticket.cancelled, ticket.unknown, ticket.barcode, ticket.barcode_unreadable; request.invalid for a symbology or resolution
// that is not known.
func (s *Service) Barcode(ctx context.Context, w io.Writer, o sales.Order, ticket string, symbology Symbology, dpi int) error {
	if symbology != "" && !slices.Contains(Symbologies(), symbology) {
		return domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong").
			WithField("?symbology", domain.CodeRequest, "one of "+list(Symbologies()))
	}
	if dpi != 0 && (dpi < 36 || dpi > 600) {
		return domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong").WithField("?dpi", domain.CodeRequest, "36 to 600")
	}
	if err := issued(&o); err != nil {
		return err
	}
	i := slices.IndexFunc(o.Tickets, func(t sales.Ticket) bool { return t.ID == ticket })
	if i < 0 {
		return domain.Errorf(domain.NotFound, sales.CodeTicketUnknown, "the order has no ticket %s", ticket)
	}
	t := &o.Tickets[i]
	if !t.CancelledAt.IsZero() {
		return domain.Errorf(domain.Conflict, sales.CodeTicketCancelled, "the ticket was taken back")
	}
	if symbology == "" {
		symbology = s.Settings[o.Institution].Symbols.Choose(string(t.Barcode))
	}
	return s.Renderer.Barcode(ctx, w, Barcode{TicketID: t.ID, Payload: string(t.Barcode), Symbology: symbology, DPI: dpi})
}

// list joins names with commas.
func list(kinds []Symbology) string {
	var b []byte
	for i, k := range kinds {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, k...)
	}
	return string(b)
}

// Thermal writes every ticket of the order, or the one named, in a thermal printer's language, by a layout (empty is
// ThermalLayout). Errors: those of PDF; request.invalid for a resolution other than 203 and 300.
func (s *Service) Thermal(ctx context.Context, w io.Writer, o sales.Order, ticket, lang, layout string, language PrinterLanguage, dpi int) error {
	d, err := s.Document(ctx, o, ticket, lang)
	if err != nil {
		return err
	}
	if layout == "" {
		layout = ThermalLayout
	}
	for i := range d.Pages {
		d.Pages[i].Layout = layout
	}
	return s.Renderer.Thermal(ctx, w, d, language, dpi)
}
