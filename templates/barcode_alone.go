package templates

import (
	"context"
	"io"
	"math"

	"guichet/domain/delivery"
)

// Measures of a barcode that stands alone, in mm: comfortable for a phone's screen and for a label.
const (
	aloneLinear = 0.34
	aloneMatrix = 0.51
	aloneHeight = 15 // of a linear one's bars
)

// Barcode implements delivery.Renderer. Modules of a PNG are whole points: two at least of a
// linear symbol, three of another one, so that a picture of few dots per inch is larger than asked for rather than unreadable. Errors: ticket.barcode;
// ticket.barcode_unreadable; request.invalid for a resolution outside 36 to 600.
func (r *Renderer) Barcode(ctx context.Context, w io.Writer, b delivery.Barcode) error {
	if b.DPI != 0 {
		if err := checkResolution(b.DPI); err != nil {
			return err
		}
	}
	s, err := encode(b.Symbology, b.Payload)
	if err != nil {
		return err
	}
	dpi := b.DPI
	if dpi == 0 {
		dpi = checkDPI
	}
	m, least := measure{aloneMatrix, aloneHeight}, 3.0
	if s.linear {
		m.module, least = aloneLinear, 2
	}
	m.module = max(least, math.Round(m.module/25.4*float64(dpi))) * 25.4 / float64(dpi)
	page := rect{0, 0, float64(s.w+2*s.quiet) * m.module, float64(s.h+2*s.quiet) * m.module}
	if s.linear {
		page.H = m.height + 2*m.module
	}
	picture := newRaster(page.W, page.H, dpi, nil)
	picture.fill(box(page, 0), ink{255, 255, 255})
	picture.barcode(page, s, m)
	bits, err := picture.crop(page)
	if err == nil {
		err = r.reader.same(s, bits)
	}
	if err != nil {
		return r.unreadable(ctx, b.TicketID, err)
	}
	if b.DPI != 0 {
		return picture.write(ctx, w)
	}
	drawing := newSVG(nil)
	drawing.size(page.W, page.H)
	drawing.fill(box(page, 0), ink{255, 255, 255})
	drawing.barcode(page, s, m)
	return drawing.write(w, string(s.kind), fallbackLanguage)
}
