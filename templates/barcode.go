package templates

import (
	"image"
	"math"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/aztec"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/datamatrix"

	"guichet/domain"
	"guichet/domain/delivery"
)

// symbol is an encoded barcode: a grid of modules without quiet zone. A linear one is a single row. It is immutable.
type symbol struct {
	kind    delivery.Symbology
	payload string
	w, h    int
	quiet   int // modules that must stay white on every side (left and right only where linear)
	linear  bool
	dark    []bool // row by row
}

// encode turns a payload into modules, byte for byte. It returns a *domain.Error of CodeBarcode where that cannot be done.
func encode(kind delivery.Symbology, payload string) (*symbol, error) {
	if err := kind.Carries(payload); err != nil {
		return nil, err
	}
	var (
		b   barcode.Barcode
		err error
		s   = &symbol{kind: kind, payload: payload}
	)
	switch kind {
	case delivery.Code128:
		s.quiet, s.linear = 10, true
		b, err = code128.Encode(payload)
	case delivery.QR:
		return encodeQR(payload)
	case delivery.Aztec:
		s.quiet = 2
		b, err = aztec.Encode([]byte(payload), aztec.DEFAULT_EC_PERCENT, aztec.DEFAULT_LAYERS)
	case delivery.DataMatrix:
		s.quiet = 2
		b, err = datamatrix.Encode(payload)
	case delivery.ITF:
		return encodeITF(payload), nil
	case delivery.PDF417:
		return encodePDF417(payload), nil
	}
	if err != nil {
		// The cause may quote the payload, so it is not kept.
		return nil, domain.Errorf(domain.Conflict, CodeBarcode, "The barcode cannot be printed as %s.", string(kind))
	}
	s.read(b)
	return s, nil
}

// read copies the modules out of the library's picture.
func (s *symbol) read(b image.Image) {
	s.w, s.h = b.Bounds().Dx(), b.Bounds().Dy()
	s.dark = make([]bool, s.w*s.h)
	for y := range s.h {
		for x := range s.w {
			r, _, _, _ := b.At(x, y).RGBA()
			s.dark[y*s.w+x] = r < 0x8000
		}
	}
}

// wide says that the symbol lies: it wants a box that is wider than high.
func (s *symbol) wide() bool { return s.linear || s.kind == delivery.PDF417 }

// bars calls f for rectangles of dark modules that together cover all of them without overlapping. Equal runs of
// neighbouring rows are joined.
func (s *symbol) bars(f func(x, y, w, h int)) {
	done := make([]bool, len(s.dark))
	for y := range s.h {
		for x := 0; x < s.w; x++ {
			if !s.dark[y*s.w+x] || done[y*s.w+x] {
				continue
			}
			w := 1
			for x+w < s.w && s.dark[y*s.w+x+w] && !done[y*s.w+x+w] {
				w++
			}
			h := 1
			for y+h < s.h && s.whole(done, x, y+h, w) {
				for i := range w {
					done[(y+h)*s.w+x+i] = true
				}
				h++
			}
			f(x, y, w, h)
			x += w - 1
		}
	}
}

// whole says that w modules from x on in a row are dark and not yet taken.
func (s *symbol) whole(done []bool, x, y, w int) bool {
	for i := range w {
		if k := y*s.w + x + i; !s.dark[k] || done[k] {
			return false
		}
	}
	return true
}

// measure is how large a symbol is printed.
type measure struct {
	module float64 // width of a module in mm
	height float64 // height of a linear symbol's bars in mm
}

// printDPI is the grid of office printers, in dots an inch. Modules are whole dots, so that they come out alike.
const printDPI = 300

// dot is a dot of that grid, in mm.
const dot = 25.4 / printDPI

// Module widths in mm: linear symbols are as wide as widest while the symbol stays handy, about normal where it does not,
// and down to leastLinear for the longest payloads. docs/barcodes.md says where the least ones come from.
const (
	widest      = 0.52
	normal      = 0.33
	leastLinear = 0.25
	leastMatrix = 0.33
	handy       = 110 // of a symbol with its quiet zone
)

// fit chooses the module width for a box, in whole dots of office printers, or fails with CodeBarcode where the box is too
// small for the symbol.
func (s *symbol) fit(b rect, height float64) (measure, error) { return s.fitDots(b, height, printDPI) }

// fitDots is fit on another grid. A least width that is missed by less than a hundredth counts as kept, since a dot of 203 to
// the inch is an eighth of a millimetre by its maker's word.
func (s *symbol) fitDots(b rect, height float64, dpi int) (measure, error) {
	size := 25.4 / float64(dpi)
	dots := func(mm float64) int { return int(math.Ceil(mm*0.99/size - 1e-9)) }
	total := float64(s.w + 2*s.quiet)
	if s.linear {
		for d := int(widest / size); d >= dots(leastLinear); d-- {
			width := total * float64(d) * size
			if width <= b.W && (width <= handy || d <= dots(normal)) {
				return measure{float64(d) * size, min(height, b.H)}, nil
			}
		}
		return measure{}, tooLarge()
	}
	d := int(min(b.W/total, b.H/float64(s.h+2*s.quiet))/size + 1e-9)
	if d < dots(leastMatrix) {
		return measure{}, tooLarge()
	}
	return measure{module: float64(d) * size}, nil
}

func tooLarge() error {
	return domain.Errorf(domain.Conflict, CodeBarcode, "The barcode is too long to be printed in a readable size.")
}
