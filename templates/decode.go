package templates

import (
	"errors"
	"fmt"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/aztec"
	"github.com/makiuchi-d/gozxing/datamatrix"
	dmdecoder "github.com/makiuchi-d/gozxing/datamatrix/decoder"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"
	qrdecoder "github.com/makiuchi-d/gozxing/qrcode/decoder"

	"guichet/domain/delivery"
)

// reader reads barcodes back. It is a port of ZXing's decoders, and our own for PDF417; none of them is what drew the symbol.
// It is immutable and safe for concurrent use.
type reader struct{ pdf417 *pdf417Reader }

func newReader() *reader { return &reader{newPDF417Reader()} }

// modules reads the symbol as it was encoded, before it is drawn. It fails where another payload or none is read.
func (r *reader) modules(s *symbol) error {
	got, err := r.exact(s)
	return s.verdict(got, err)
}

// same reads a picture of the symbol. It fails where another payload or none is read.
func (r *reader) same(s *symbol, m *gozxing.BitMatrix) error {
	got, err := r.picture(s.kind, m)
	return s.verdict(got, err)
}

// verdict says what is wrong with what was read, without quoting it.
func (s *symbol) verdict(got string, err error) error {
	if err != nil {
		return fmt.Errorf("the %s symbol is not read: %w", s.kind, err)
	}
	if got != s.payload {
		return fmt.Errorf("the %s symbol is read as another barcode", s.kind)
	}
	return nil
}

// exact decodes modules without looking for them.
func (r *reader) exact(s *symbol) (string, error) {
	switch s.kind {
	case delivery.QR:
		m, err := s.bits(1, 0)
		if err != nil {
			return "", err
		}
		got, err := qrdecoder.NewDecoder().Decode(m, nil)
		if err != nil {
			return "", err
		}
		return got.GetText(), nil
	case delivery.DataMatrix:
		m, err := s.bits(1, 0)
		if err != nil {
			return "", err
		}
		got, err := dmdecoder.NewDecoder().Decode(m)
		if err != nil {
			return "", err
		}
		return got.GetText(), nil
	case delivery.PDF417, delivery.Code128, delivery.ITF:
		m, err := s.bits(1, s.quiet)
		if err != nil {
			return "", err
		}
		return r.picture(s.kind, m)
	case delivery.Aztec: // its decoder wants to find the symbol itself
		m, err := s.bits(3, s.quiet)
		if err != nil {
			return "", err
		}
		return r.picture(s.kind, m)
	}
	return "", errNoSymbol
}

// bits paints the symbol with so many points to a module and modules of white around it.
func (s *symbol) bits(scale, quiet int) (*gozxing.BitMatrix, error) {
	m, err := gozxing.NewBitMatrix((s.w+2*quiet)*scale, (s.h+2*quiet)*scale)
	if err != nil {
		return nil, err
	}
	for y := range s.h {
		for x := range s.w {
			if s.dark[y*s.w+x] {
				if err := m.SetRegion((x+quiet)*scale, (y+quiet)*scale, scale, scale); err != nil {
					return nil, err
				}
			}
		}
	}
	return m, nil
}

// picture finds and decodes the only symbol of a picture of black and white.
func (r *reader) picture(kind delivery.Symbology, m *gozxing.BitMatrix) (string, error) {
	var decoder gozxing.Reader
	switch kind {
	case delivery.PDF417:
		return r.pdf417.read(m)
	case delivery.QR:
		decoder = qrcode.NewQRCodeReader()
	case delivery.DataMatrix:
		decoder = datamatrix.NewDataMatrixReader()
	case delivery.Aztec:
		decoder = aztec.NewAztecReader()
	case delivery.Code128:
		decoder = oned.NewCode128Reader()
	case delivery.ITF:
		decoder = oned.NewITFReader()
	default:
		return "", errNoSymbol
	}
	bitmap, err := gozxing.NewBinaryBitmap(blackAndWhite{m})
	if err != nil {
		return "", err
	}
	got, err := decoder.Decode(bitmap, map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_ALLOWED_LENGTHS: itfLengths(),
	})
	if err != nil {
		return "", err
	}
	return got.GetText(), nil
}

// itfLengths are all that tickets use; the decoder takes what is longer than the longest as well.
func itfLengths() []int { return []int{6, 8, 10, 12, 14, 16} }

// blackAndWhite is a picture that needs no threshold. It implements gozxing.Binarizer.
type blackAndWhite struct{ m *gozxing.BitMatrix }

// GetLuminanceSource implements gozxing.Binarizer: there is none.
func (b blackAndWhite) GetLuminanceSource() gozxing.LuminanceSource { return nil }

// GetBlackRow implements gozxing.Binarizer.
func (b blackAndWhite) GetBlackRow(y int, row *gozxing.BitArray) (*gozxing.BitArray, error) {
	if y < 0 || y >= b.m.GetHeight() {
		return nil, errors.New("no such row")
	}
	return b.m.GetRow(y, row), nil
}

// GetBlackMatrix implements gozxing.Binarizer.
func (b blackAndWhite) GetBlackMatrix() (*gozxing.BitMatrix, error) { return b.m, nil }

// CreateBinarizer implements gozxing.Binarizer: it is never asked.
func (b blackAndWhite) CreateBinarizer(gozxing.LuminanceSource) gozxing.Binarizer { return b }

// GetWidth implements gozxing.Binarizer.
func (b blackAndWhite) GetWidth() int { return b.m.GetWidth() }

// GetHeight implements gozxing.Binarizer.
func (b blackAndWhite) GetHeight() int { return b.m.GetHeight() }
