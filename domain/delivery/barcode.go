package delivery

import (
	"context"
	"io"
	"slices"
	"strconv"

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

// TicketBarcode is a ticket's barcode, to be written as SVG, or as PNG where dpi is not 0: in the symbology asked for, or where
// that is empty the one that the institution's tickets carry. Errors: ticket.not_issued, ticket.cancelled, ticket.unknown;
// request.invalid for a symbology or resolution that is not known.
func (s *Service) TicketBarcode(o sales.Order, ticket string, symbology Symbology, dpi int) (Barcode, error) {
	if symbology != "" && !slices.Contains(Symbologies(), symbology) {
		return Barcode{}, domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong").
			WithField("?symbology", domain.CodeRequest, "one of "+list(Symbologies()))
	}
	if dpi != 0 && (dpi < 36 || dpi > 600) {
		return Barcode{}, domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong").WithField("?dpi", domain.CodeRequest, "36 to 600")
	}
	if err := issued(&o); err != nil {
		return Barcode{}, err
	}
	i := slices.IndexFunc(o.Tickets, func(t sales.Ticket) bool { return t.ID == ticket })
	if i < 0 {
		return Barcode{}, domain.Errorf(domain.NotFound, sales.CodeTicketUnknown, "the order has no ticket %s", ticket)
	}
	t := &o.Tickets[i]
	if !t.CancelledAt.IsZero() {
		return Barcode{}, domain.Errorf(domain.Conflict, sales.CodeTicketCancelled, "the ticket was taken back")
	}
	if symbology == "" {
		symbology = s.Settings[o.Institution].Symbols.Choose(string(t.Barcode))
	}
	return Barcode{TicketID: t.ID, Payload: string(t.Barcode), Symbology: symbology, DPI: dpi}, nil
}

// Barcode writes a ticket's barcode. It is read back before the first byte is written. Errors: those of TicketBarcode,
// ticket.barcode, ticket.barcode_unreadable.
func (s *Service) Barcode(ctx context.Context, w io.Writer, o sales.Order, ticket string, symbology Symbology, dpi int) error {
	b, err := s.TicketBarcode(o, ticket, symbology, dpi)
	if err != nil {
		return err
	}
	return s.Renderer.Barcode(ctx, w, b)
}

// BarcodeETag is a barcode's address by content, a strong entity tag with its quotes.
func (s *Service) BarcodeETag(b Barcode) string {
	return entityTag("barcode", s.Program, b.Payload, string(b.Symbology), strconv.Itoa(b.DPI))
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
