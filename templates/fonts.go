package templates

import (
	"bytes"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/language"
)

//go:embed fonts/*.ttf locale/*.json layouts/*.json
var assets embed.FS

// writing is a group of characters that one of our families is made for.
type writing uint8

const (
	writingPlain writing = iota // Latin, Greek, Cyrillic, and all that no other group has
	writingArabic
	writingHebrew
	writingDevanagari
	writingThai
	writingEast // Chinese, Japanese, Korean
	writingPictures
)

// writingOf is the group of a script.
func writingOf(s language.Script) writing {
	switch s { //nolint:exhaustive // the other 170 scripts are plain
	case language.Arabic:
		return writingArabic
	case language.Hebrew:
		return writingHebrew
	case language.Devanagari:
		return writingDevanagari
	case language.Thai:
		return writingThai
	case language.Han, language.Hiragana, language.Katakana, language.Hangul, language.Bopomofo:
		return writingEast
	}
	return writingPlain
}

// family is a typeface in two weights. It is parsed when it is first needed and safe for concurrent use.
type family struct {
	name    string
	writing writing
	own     bool // of the operator's folder
	regular func() (*typeface, error)
	bold    func() (*typeface, error) // nil where there is only one weight
}

// face is the family in a weight, or in its only one; nil where it cannot be read.
func (f *family) face(bold bool) *typeface {
	load := f.regular
	if bold && f.bold != nil {
		load = f.bold
	}
	t, err := load()
	if err != nil {
		return nil
	}
	return t
}

// library holds the families a text may be set in, in the order in which they help each other out. It is immutable.
type library []*family

// loadLibrary lists the embedded families, with those of the operator's folder (nil has none) after the first. It parses
// the first, which every page needs, and the folder's; the others wait until a text needs them. Where a font of the folder
// cannot be used the error is FontProblems.
func loadLibrary(folder fs.FS) (library, error) {
	own, err := readFonts(folder)
	if err != nil {
		return nil, err
	}
	l := append(library{embedded("DejaVuSans", writingPlain, "DejaVuSans.ttf", "DejaVuSans-Bold.ttf")}, own...)
	l = append(l,
		embedded("NotoSansArabic", writingArabic, "NotoSansArabic-Regular.ttf", "NotoSansArabic-Bold.ttf"),
		embedded("NotoSansHebrew", writingHebrew, "NotoSansHebrew-Regular.ttf", "NotoSansHebrew-Bold.ttf"),
		embedded("NotoSansDevanagari", writingDevanagari, "NotoSansDevanagari-Regular.ttf", "NotoSansDevanagari-Bold.ttf"),
		embedded("NotoSansThai", writingThai, "NotoSansThai-Regular.ttf", "NotoSansThai-Bold.ttf"),
		embedded("DroidSansFallback", writingEast, "DroidSansFallback.ttf", ""),
		embedded("NotoEmoji", writingPictures, "NotoEmoji-Regular.ttf", ""),
	)
	for _, load := range []func() (*typeface, error){l[0].regular, l[0].bold} {
		if _, err := load(); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// embedded is a family of the program's own files; a bold name of "" says that there is none.
func embedded(name string, w writing, regular, bold string) *family {
	f := &family{name: name, writing: w, regular: sync.OnceValues(func() (*typeface, error) { return loadFace(name, regular, false) })}
	if bold != "" {
		f.bold = sync.OnceValues(func() (*typeface, error) { return loadFace(name+"-Bold", bold, true) })
	}
	return f
}

func loadFace(name, file string, bold bool) (*typeface, error) {
	data, err := assets.ReadFile("fonts/" + file)
	if err != nil {
		return nil, err
	}
	f, err := parseFace(name, data)
	if err != nil {
		return nil, fmt.Errorf("font %s: %w", name, err)
	}
	f.bold = bold
	return f, nil
}

// order calls yield with the families for a group of characters, best first, until it says that it has enough: the
// operator's own, those made for the group, the others. Plain text begins with the first family.
func (l library) order(w writing, yield func(i int) (enough bool)) {
	rank := func(i int) int {
		switch {
		case i == 0 && w == writingPlain:
			return 0
		case l[i].own:
			return 1
		case l[i].writing == w:
			return 2
		}
		return 3
	}
	for r := range 4 {
		for i := range l {
			if rank(i) == r && yield(i) {
				return
			}
		}
	}
}

// typeface is a parsed font with TrueType outlines. It is immutable and safe for concurrent use.
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
	coder   func() *coder // for files that hold some of the glyphs
}

// parseFace reads the tables that shaping, drawing and embedding need; of a collection, the first font.
func parseFace(name string, data []byte) (*typeface, error) {
	at, err := firstFont(data)
	if err != nil {
		return nil, err
	}
	f := &typeface{name: name}
	var loca []byte
	for _, t := range []struct {
		tag string
		to  *[]byte
	}{{"head", &f.head}, {"hhea", &f.hhea}, {"maxp", &f.maxp}, {"hmtx", &f.hmtx}, {"glyf", &f.glyf}, {"loca", &loca}} {
		if *t.to, err = rawTable(data, at, t.tag); err != nil {
			return nil, err
		}
	}
	if err := f.measure(loca); err != nil {
		return nil, err
	}
	lds, err := opentype.NewLoaders(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if f.font, err = font.NewFont(lds[0]); err != nil {
		return nil, err
	}
	f.capital = f.heightOf('H')
	f.coder = sync.OnceValue(func() *coder { return newCoder(f.sample()) })
	return f, nil
}

// sampled is how many glyphs say what the others are like.
const sampled = 600

// sample is a file of the first glyphs.
func (f *typeface) sample() []byte {
	s := newSubset(f)
	for g := range uint32(min(sampled, len(f.loca)-1)) { //nolint:gosec // G115: a font has at most 65,535 glyphs
		s.id(plain(g), "")
	}
	return s.file(nil)
}

// firstFont is where the first font of a file begins.
func firstFont(data []byte) (int, error) {
	if !bytes.HasPrefix(data, []byte("ttcf")) {
		return 0, nil
	}
	if len(data) < 16 {
		return 0, errShortTable
	}
	return int(binary.BigEndian.Uint32(data[12:])), nil
}

// rawTable is a table of the font that starts at an offset of the data, without copying it.
func rawTable(data []byte, at int, tag string) ([]byte, error) {
	u32 := binary.BigEndian.Uint32
	if at < 0 || len(data) < at+12 {
		return nil, errShortTable
	}
	n := int(binary.BigEndian.Uint16(data[at+4:]))
	if len(data) < at+12+16*n {
		return nil, errShortTable
	}
	for i := range n {
		entry := data[at+12+16*i:]
		if string(entry[:4]) != tag {
			continue
		}
		from, size := uint64(u32(entry[8:])), uint64(u32(entry[12:]))
		if from+size > uint64(len(data)) {
			return nil, errShortTable
		}
		return data[from : from+size], nil
	}
	return nil, fmt.Errorf("%w %q", errNoTable, tag)
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

var (
	errShortTable = errors.New("a table is too short")
	errNoTable    = errors.New("no table")
)

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
