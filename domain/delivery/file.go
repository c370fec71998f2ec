package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
)

// Format is what tickets are printed as.
type Format string

// The formats. A picture (PNG, SVG) has one page.
const (
	FormatPDF Format = "pdf"
	FormatPNG Format = "png"
	FormatSVG Format = "svg"
	FormatFGL Format = "fgl"
	FormatZPL Format = "zpl"
)

// Formats lists them all.
func Formats() []Format { return []Format{FormatPDF, FormatPNG, FormatSVG, FormatFGL, FormatZPL} }

// PrinterLanguage is what a thermal printer is told a page in.
type PrinterLanguage string

// The printer languages.
const (
	FGL PrinterLanguage = "fgl" // BOCA's Friendly Ghost Language
	ZPL PrinterLanguage = "zpl" // Zebra's ZPL II
)

// Thermal says that the format is a thermal printer's language.
func (f Format) Thermal() bool { return f == FormatFGL || f == FormatZPL }

// usual is the resolution where none is wanted, in dots per inch; 0 where there is none to choose.
func (f Format) usual() int {
	switch {
	case f == FormatPNG:
		return 150 // a screen's; print asks for more
	case f.Thermal():
		return 203
	}
	return 0
}

// check refuses resolutions that a format does not come in.
func (f Format) check(dpi int) error {
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong")
	switch {
	case f == FormatPNG && (dpi < 36 || dpi > 600):
		return bad.WithField("?dpi", domain.CodeRequest, "36 to 600")
	case f.Thermal() && dpi != 203 && dpi != 300:
		return bad.WithField("?dpi", domain.CodeRequest, "203 or 300")
	}
	return nil
}

// Print is how tickets are wanted on paper. The zero value is all of an order, as PDF, in the buyer's language, by the layouts
// that the institution chose.
type Print struct {
	Ticket string // empty: all of the order
	Lang   string
	Layout string // empty: as Choices say
	Format Format // empty: PDF
	DPI    int    // of PNG (36 to 600) and of thermal printers (203, 300); 0: 150, or 203
	// Counted says that a box office or a storefront gets the file: then it says which print of its tickets it is, where the
	// institution marks reprints. A buyer's own page does not count: it shows the same ticket again.
	Counted bool
}

// File is a file of tickets that can be written: what it is printed from is known, and so is its address by content. It is
// used by one goroutine.
type File struct {
	want   Print
	doc    Document
	digest string
	r      Renderer
	prints Prints // nil: nobody counts
	marked bool   // the file says which print of its tickets it is
}

// File gets a file of an order's tickets ready without printing it. Errors: ticket.not_issued while a place has no barcode,
// ticket.unknown, ticket.cancelled, layout.unknown, layout.pages for a picture of what takes several pages; request.invalid
// for a resolution that the format does not come in.
func (s *Service) File(ctx context.Context, o sales.Order, want Print) (*File, error) {
	if want.Format == "" {
		want.Format = FormatPDF
	}
	if want.DPI == 0 {
		want.DPI = want.Format.usual()
	}
	if err := want.Format.check(want.DPI); err != nil {
		return nil, err
	}
	d, err := s.document(ctx, o, want, map[string][]byte{})
	if err != nil {
		return nil, err
	}
	f := &File{want: want, doc: d, r: s.Renderer}
	if want.Counted {
		f.prints, f.marked = s.Prints, s.Prints != nil && s.Settings[o.Institution].MarkReprints
	}
	if f.marked { // as it was given out last, so that whoever has that one is told so
		last, err := s.Prints.Last(ctx, f.tickets())
		if err != nil {
			return nil, err
		}
		f.mark(last)
	}
	if f.digest, err = s.Renderer.Digest(d); err != nil {
		if e := domain.AsError(err); e.Code == CodeLayoutUnknown && want.Layout != "" {
			return nil, e.WithField("?layout", CodeLayoutUnknown, "GET /v1/layouts lists those there are")
		}
		return nil, err
	}
	if want.Format != FormatPNG && want.Format != FormatSVG {
		return f, nil
	}
	n, err := s.Renderer.Sheets(d)
	if err != nil {
		return nil, err
	}
	if n > 1 {
		return nil, domain.Errorf(domain.Conflict, CodeLayoutPages, "the tickets take %d pages, and a picture has one", n)
	}
	return f, nil
}

// ETag is the file's address by content, a strong entity tag with its quotes: another one whenever the bytes may differ, the
// same one for the same bytes.
func (f *File) ETag() string {
	return entityTag(f.digest, string(f.want.Format), strconv.Itoa(f.want.DPI))
}

func entityTag(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(p), p) // a hash takes everything
	}
	return `"` + hex.EncodeToString(sum.Sum(nil)[:16]) + `"`
}

// Write prints the file. Errors: ticket.barcode, ticket.barcode_unreadable, before the first byte; what w and ctx say.
func (f *File) Write(ctx context.Context, w io.Writer) error {
	switch f.want.Format {
	case FormatPNG:
		return f.r.PNG(ctx, w, f.doc, f.want.DPI)
	case FormatSVG:
		return f.r.SVG(ctx, w, f.doc)
	case FormatFGL, FormatZPL:
		return f.r.Thermal(ctx, w, f.doc, PrinterLanguage(f.want.Format), f.want.DPI)
	case FormatPDF:
	}
	return f.r.PDF(ctx, w, f.doc)
}

// ThermalLayout is the layout for thermal printers where none is chosen, StandardLayout that of everything else.
const (
	ThermalLayout  = "thermal"
	StandardLayout = "standard"
)

// Choice says by which layout tickets are printed where nobody asks for another one. Empty members fit everything.
type Choice struct {
	Institution domain.InstitutionCode
	Product     string // a product's code or number
	Kind        catalog.Kind
	Formats     []Format
	Layout      string
}

// fits says that the choice is about a line of an order.
func (c *Choice) fits(o *sales.Order, l *sales.Line, f *catalog.Facts, format Format) bool {
	return (c.Institution == "" || c.Institution == o.Institution) && (c.Kind == "" || c.Kind == f.Kind) &&
		(len(c.Formats) == 0 || slices.Contains(c.Formats, format)) &&
		(c.Product == "" || c.Product == f.ProductCode || c.Product == strconv.FormatInt(int64(l.Product), 10))
}

// layout is the one that a line's tickets are printed by.
func (s *Service) layout(o *sales.Order, l *sales.Line, format Format) string {
	if len(s.Choices) > 0 {
		f := s.facts(o, l)
		for i := range s.Choices {
			if c := &s.Choices[i]; c.fits(o, l, &f, format) {
				return c.Layout
			}
		}
	}
	if format.Thermal() {
		return ThermalLayout
	}
	return StandardLayout
}

// CheckChoices says which choices name a layout that is not among those there are. pointer writes where a choice stands.
func CheckChoices(choices []Choice, there []Layout, pointer func(i int) string) error {
	var bad *domain.Error
	for i, c := range choices {
		if slices.ContainsFunc(there, func(l Layout) bool { return l.Name == c.Layout }) {
			continue
		}
		if bad == nil {
			bad = domain.Errorf(domain.Invalid, CodeLayoutUnknown, "a layout that is chosen does not exist")
		}
		bad.WithField(pointer(i), CodeLayoutUnknown, fmt.Sprintf("there is no layout %q", c.Layout))
	}
	if bad == nil {
		return nil
	}
	return bad
}
