package delivery

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

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
	if dpi != 0 {
		if err := FormatPNG.check(dpi); err != nil {
			return Barcode{}, err
		}
	}
	if err := issued(&o); err != nil {
		return Barcode{}, err
	}
	t := o.Ticket(ticket)
	if t == nil {
		return Barcode{}, noTicket(ticket)
	}
	if !t.CancelledAt.IsZero() {
		return Barcode{}, takenBack()
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
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}
