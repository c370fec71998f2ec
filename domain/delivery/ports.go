package delivery

import (
	"context"
	"io"

	"guichet/domain"
	"guichet/domain/catalog"
)

// Renderer prints documents. It is safe for concurrent use; the same input gives the same bytes. A text that a font cannot
// show is printed with a visible replacement and reported; a barcode that cannot be encoded is an error
// (ticket.barcode), never a page without one.
type Renderer interface {
	// PDF writes the tickets by their layouts: a page for each, or as the layout says. Errors: layout.unknown.
	PDF(ctx context.Context, w io.Writer, d Document) error
	// PNG writes the first page as a picture of the given resolution (36 to 600 dots per inch).
	PNG(ctx context.Context, w io.Writer, d Document, dpi int) error
	// SVG writes the first page as a drawing.
	SVG(ctx context.Context, w io.Writer, d Document) error
	// Thermal writes the tickets in a thermal printer's language, for a printer of 203 or 300 dots per inch. Barcodes are
	// drawn in whole dots.
	Thermal(ctx context.Context, w io.Writer, d Document, language PrinterLanguage, dpi int) error
	// Barcode writes one barcode alone. It is read back before the first byte is written.
	Barcode(ctx context.Context, w io.Writer, b Barcode) error
	// Digest names what a document is printed from: its content, its layouts, and the program and fonts that draw it. The same
	// digest is the same file. Errors: layout.unknown.
	Digest(d Document) (string, error)
	// Sheets is how many pages a document takes. Errors: layout.unknown.
	Sheets(d Document) (int, error)
}

// Catalog says what is printed of a line: the catalog's present names and times, or ok=false where it no longer has it.
type Catalog interface {
	Facts(code domain.InstitutionCode, l catalog.Want) (facts catalog.Facts, ok bool)
	Institution(code domain.InstitutionCode) (domain.Institution, error)
	View(code domain.InstitutionCode) (*catalog.View, error)
}

// Pictures fetches a picture that the catalog names; it keeps what it fetched. An error means "print without".
type Pictures interface {
	Picture(ctx context.Context, code domain.InstitutionCode, address string) ([]byte, error)
}

// Pages writes the buyer's own page as HTML that needs nothing else: no script, no further request. It is safe for
// concurrent use.
type Pages interface {
	// OrderPage writes an order. A barcode that cannot be drawn is left out and its ticket's file offered instead.
	OrderPage(w io.Writer, p OrderPage) error
	// SorryPage writes why there is no order to show, in the first of the languages that we have words in.
	SorryPage(w io.Writer, why Sorry, languages []string) error
	// PagePolicy is the Content-Security-Policy of these pages.
	PagePolicy() string
}
