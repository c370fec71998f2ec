package templates

import (
	"bufio"
	"context"
	"image"
	"io"
	"math"
	"strings"

	"golang.org/x/image/vector"

	"guichet/domain"
	"guichet/domain/delivery"
)

// thermal is a canvas of a thermal printer's dots, black or white. Barcodes, shapes and pictures become dots, so that what
// is printed is what was checked; lines of dark text that the printer's own fonts can set without growing wider go to it
// as text, which is sharper and shorter.
type thermal struct {
	*raster
	speaks thermalLanguage
	labels []label
}

// thermalLanguage writes pages in a printer's language.
type thermalLanguage interface {
	// set finds a printer's font for a line of text in dots; ok is false where it is to be drawn.
	set(text string, width, size float64, dpi int) (f printerFont, ok bool)
	// page writes a page of dots with its labels.
	page(w *bufio.Writer, dots *bitmap, labels []label)
}

// printerFont is one of the printer's own, as its language names it.
type printerFont struct {
	name          string
	height, width int // of a character in dots, the gap beside it included
	times         int // how much it is enlarged
}

// label is a line of text in a printer's font.
type label struct {
	x, y int // of the baseline's left end, in dots
	text string
	font printerFont
}

// Thermal implements delivery.Renderer: every page in a thermal printer's language. Errors: those of PDF; ticket.barcode also
// where a barcode is too small on the printer's dots; request.invalid for a language or resolution that is not known.
func (r *Renderer) Thermal(ctx context.Context, w io.Writer, d delivery.Document, language delivery.PrinterLanguage, dpi int) error {
	if dpi != 203 && dpi != 300 {
		return domain.Errorf(domain.Invalid, domain.CodeRequest, "Thermal printers have 203 or 300 dots per inch.").
			WithField("?dpi", domain.CodeRequest, "203 or 300")
	}
	var speaks thermalLanguage
	switch language {
	case delivery.FGL:
		speaks = fgl{}
	case delivery.ZPL:
		speaks = zpl{}
	default:
		return domain.Errorf(domain.Invalid, domain.CodeRequest, "There is no printer language %q.", string(language))
	}
	leaves, symbols, err := r.plan(ctx, d.Pages)
	if err != nil {
		return err
	}
	words := pick(r.locales, d.Language)
	work := r.worker(words)
	defer r.giveBack(ctx, work)
	j := job{r: r, words: words, text: work.shaper, pages: d.Pages, symbols: symbols, pics: pictures{r: r}}
	out := bufio.NewWriterSize(w, 32<<10)
	for _, lf := range j.spread(leaves) {
		if err := ctx.Err(); err != nil {
			return err
		}
		t := &thermal{raster: newRaster(10, 10, dpi, work.drawn), speaks: speaks}
		on := &witness{canvas: t}
		j.draw(ctx, on, lf, t.size)
		if t.err != nil {
			return t.err
		}
		if r.due() {
			if err := j.readBack(ctx, t.raster, on.seen); err != nil {
				return err
			}
		}
		speaks.page(out, t.dots(), t.labels)
	}
	return out.Flush()
}

// barcode implements canvas: modules are whole dots of the printer, and as large as the box has room for.
func (t *thermal) barcode(b rect, s *symbol, m measure) {
	fitting, err := s.fitDots(b, m.height, t.dpi)
	if err != nil {
		t.err = err
		return
	}
	t.raster.barcode(b, s, fitting)
}

// darkInk is how dark an ink is that is printed at all.
func darkInk(c ink) bool { return int(c.R)+int(c.G)+int(c.B) < 3*128 }

// text implements canvas.
func (t *thermal) text(x, y, size, angle float64, l line, c ink) {
	text, ok := plainText(l)
	if !ok || angle != 0 || !darkInk(c) {
		t.raster.text(x, y, size, angle, l, c)
		return
	}
	dots := size * mmPerPoint * t.scale
	font, ok := t.speaks.set(text, l.width/em*dots, dots, t.dpi)
	if !ok {
		t.raster.text(x, y, size, angle, l, c)
		return
	}
	t.labels = append(t.labels, label{int(math.Round(x * t.scale)), int(math.Round(y * t.scale)), text, font})
}

// plainText is the text of a line that runs from left to right and needs no shaping.
func plainText(l line) (string, bool) {
	var b strings.Builder
	if l.actual != "" { // what is printed differs from what is said
		return "", false
	}
	for _, run := range l.runs {
		for _, r := range run.text {
			if r < 0x20 || r > 0xff || (r > 0x7e && r < 0xa1) || r == 0xad {
				return "", false
			}
		}
		b.WriteString(run.text)
	}
	return b.String(), b.Len() > 0
}

// ascii says that a text is printable ASCII.
func ascii(text string) bool {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] > 0x7e {
			return false
		}
	}
	return true
}

// bitmap is a page of dots, eight to a byte, the leftmost as the highest bit; a set one is black.
type bitmap struct {
	w, h   int
	stride int // bytes of a row
	bits   []byte
}

func newBitmap(w, h int) *bitmap {
	stride := (w + 7) / 8
	return &bitmap{w: w, h: h, stride: stride, bits: make([]byte, stride*h)}
}

func (b *bitmap) set(x, y int) { b.bits[y*b.stride+x/8] |= 0x80 >> (x % 8) }

func (b *bitmap) at(x, y int) bool {
	return x < b.w && y < b.h && b.bits[y*b.stride+x/8]&(0x80>>(x%8)) != 0
}

func (b *bitmap) row(y int) []byte { return b.bits[y*b.stride : (y+1)*b.stride] }

// dots paints the page and tells dark from light.
func (t *thermal) dots() *bitmap {
	out := newBitmap(t.w, t.h)
	z := vector.NewRasterizer(t.w, bandRows)
	for y := 0; y < t.h; y += bandRows {
		band := image.NewRGBA(image.Rect(0, y, t.w, min(y+bandRows, t.h)))
		t.paint(band, z)
		for i := range band.Bounds().Dy() {
			row := band.Pix[i*band.Stride:]
			for x := range t.w {
				if darkInk(ink{row[4*x], row[4*x+1], row[4*x+2]}) {
					out.set(x, y+i)
				}
			}
		}
	}
	return out
}
