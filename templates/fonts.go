package templates

import (
	"bytes"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

//go:embed fonts/*.ttf locale/*.json layouts/*.json
var assets embed.FS

// typeface is a parsed TrueType font with glyf outlines. It is immutable and safe for concurrent use.
type typeface struct {
	name    string // PostScript name
	font    *font.Font
	head    []byte
	hhea    []byte
	maxp    []byte
	hmtx    []byte
	glyf    []byte
	loca    []uint32
	metrics int // how many glyphs have an advance of their own
	upem    float64
	ascent  int // thousandths of the type size, like all that follow
	descent int
	capital int // height of capitals
	bounds  [4]int
	bold    bool
}

// family is a typeface in two weights; each falls back to the other for glyphs it lacks.
type family struct{ regular, bold *typeface }

// loadFamily parses the embedded fonts.
func loadFamily() (family, error) {
	regular, err := loadFace("DejaVuSans", "fonts/DejaVuSans.ttf")
	if err != nil {
		return family{}, err
	}
	bold, err := loadFace("DejaVuSans-Bold", "fonts/DejaVuSans-Bold.ttf")
	if err != nil {
		return family{}, err
	}
	bold.bold = true
	return family{regular, bold}, nil
}

func loadFace(name, file string) (*typeface, error) {
	data, err := assets.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f, err := parseFace(name, data)
	if err != nil {
		return nil, fmt.Errorf("font %s: %w", name, err)
	}
	return f, nil
}

// parseFace reads the tables that shaping, drawing and embedding need.
func parseFace(name string, data []byte) (*typeface, error) {
	ld, err := opentype.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	ft, err := font.NewFont(ld)
	if err != nil {
		return nil, err
	}
	f := &typeface{name: name, font: ft}
	for tag, to := range map[string]*[]byte{
		"head": &f.head, "hhea": &f.hhea, "maxp": &f.maxp, "hmtx": &f.hmtx, "glyf": &f.glyf,
	} {
		if *to, err = ld.RawTable(opentype.MustNewTag(tag)); err != nil {
			return nil, err
		}
	}
	loca, err := ld.RawTable(opentype.MustNewTag("loca"))
	if err != nil {
		return nil, err
	}
	if err := f.measure(loca); err != nil {
		return nil, err
	}
	f.capital = f.heightOf('H')
	return f, nil
}

// measure reads the font-wide figures and the places of the outlines.
func (f *typeface) measure(loca []byte) error {
	if len(f.head) < 54 || len(f.hhea) < 36 || len(f.maxp) < 6 {
		return errShortTable
	}
	u16 := binary.BigEndian.Uint16
	f.upem = float64(u16(f.head[18:]))
	for i := range f.bounds {
		f.bounds[i] = f.thousandths(int16at(f.head[36+2*i:]))
	}
	f.ascent, f.descent = f.thousandths(int16at(f.hhea[4:])), f.thousandths(int16at(f.hhea[6:]))
	f.metrics = int(u16(f.hhea[34:]))
	n := int(u16(f.maxp[4:]))
	long := u16(f.head[50:]) == 1
	if f.metrics == 0 || f.upem == 0 || len(f.hmtx) < 2*f.metrics+2*n || (long && len(loca) < 4*n+4) || len(loca) < 2*n+2 {
		return errShortTable
	}
	f.loca = make([]uint32, n+1)
	for i := range f.loca {
		if long {
			f.loca[i] = binary.BigEndian.Uint32(loca[4*i:])
		} else {
			f.loca[i] = 2 * uint32(u16(loca[2*i:]))
		}
		if int(f.loca[i]) > len(f.glyf) || (i > 0 && f.loca[i] < f.loca[i-1]) {
			return errShortTable
		}
	}
	return nil
}

var errShortTable = errors.New("a table is too short")

func int16at(b []byte) int {
	return int(int16(binary.BigEndian.Uint16(b))) //nolint:gosec // G115: the format's own signed number
}

func (f *typeface) thousandths(units int) int {
	return int(math.Round(float64(units) * 1000 / f.upem))
}

// heightOf is the height of a character's outline.
func (f *typeface) heightOf(r rune) int {
	g, ok := f.font.NominalGlyph(r)
	if !ok {
		return f.ascent * 3 / 4
	}
	b := f.outline(uint32(g))
	if len(b) < 10 {
		return f.ascent * 3 / 4
	}
	return f.thousandths(int16at(b[8:]))
}

// phantom marks the number of a glyph that no font has: nothing to see, no width, only a text (the low bits).
const phantom = 1 << 24

// outline is a glyph's description in the glyf table; empty for a blank one or one that is not there.
func (f *typeface) outline(g uint32) []byte {
	if int(g)+1 >= len(f.loca) {
		return nil
	}
	return f.glyf[f.loca[g]:f.loca[g+1]]
}

// advance is a glyph's own width in thousandths of the type size, as the embedded font says it.
func (f *typeface) advance(g uint32) float64 {
	a, _ := f.hMetric(g)
	return math.Round(float64(a) * 1000 / f.upem)
}

// hMetric is a glyph's advance and left side bearing in font units.
func (f *typeface) hMetric(g uint32) (advance, bearing uint16) {
	u16 := binary.BigEndian.Uint16
	if g&phantom != 0 {
		return 0, 0
	}
	i := int(g)
	if i >= len(f.loca)-1 {
		i = 0
	}
	if i < f.metrics {
		return u16(f.hmtx[4*i:]), u16(f.hmtx[4*i+2:])
	}
	return u16(f.hmtx[4*(f.metrics-1):]), u16(f.hmtx[4*f.metrics+2*(i-f.metrics):])
}
