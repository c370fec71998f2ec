package templates

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
)

// subset collects the glyphs that one file uses of one typeface and numbers them in order of first use.
type subset struct {
	face  *typeface
	ids   map[slot]uint16
	order []slot
	text  []string // what each glyph stands for, by its new number; "" is not known yet
}

// slot is one glyph of a subset: a glyph of the typeface, or a mark that is moved by some font units and has no width.
//
// Readers of right-to-left text put the words together from where glyphs stand. A mark that is shown with a gap before it
// would part its word; one that is moved inside the font does not.
//
// The low half is the glyph and whether it is moved, the high half by how much across and up.
type slot uint64

const slotMoved slot = 1 << 31

func plain(glyph uint32) slot { return slot(glyph) }

func movedBy(glyph uint32, x, y int16) slot {
	return slot(glyph) | slotMoved | slot(uint16(x))<<32 | slot(uint16(y))<<48 //nolint:gosec // G115: the format's own signed numbers
}

func (s slot) moved() bool   { return s&slotMoved != 0 }
func (s slot) glyph() uint32 { return uint32(s &^ slotMoved & math.MaxUint32) }

//nolint:gosec // G115: the format's own signed numbers
func (s slot) by() (x, y int16) { return int16(s >> 32), int16(s >> 48) }

func newSubset(f *typeface) *subset {
	return &subset{face: f, ids: map[slot]uint16{0: 0}, order: []slot{0}, text: []string{""}}
}

// id is a glyph's number in the subset. The first text a glyph is used for is the one it stands for in the file; says
// reports whether that is the text given now. A glyph used for no text of its own (the second of a cluster) says nothing.
func (s *subset) id(g slot, text string) (id uint16, says bool) {
	id, ok := s.ids[g]
	if !ok {
		id = uint16(len(s.order)) //nolint:gosec // G115: a font has at most 65,535 glyphs
		s.ids[g] = id
		s.order = append(s.order, g)
		s.text = append(s.text, "")
	}
	if s.text[id] == "" && id != 0 {
		s.text[id] = text
	}
	return id, text != "" && s.text[id] == text
}

// Flags of a composite glyph's component.
const (
	argsAreWords     = 0x0001
	argsAreXY        = 0x0002
	haveScale        = 0x0008
	moreComponents   = 0x0020
	haveXYScale      = 0x0040
	haveTwoByTwo     = 0x0080
	haveInstructions = 0x0100
)

// slot is where a run's glyph i is found, and by how much it is to be shown beside its place. A mark of right-to-left text
// is shown where the letter is that it belongs to, which comes after it.
func (s *subset) slot(r *glyphRun, i int) (at slot, dx, dy float64) {
	g := &r.glyphs[i]
	if !r.isMark(i) {
		return plain(g.id), g.dx, g.dy
	}
	letter := i + 1
	for letter < len(r.glyphs) && r.isMark(letter) {
		letter++
	}
	if letter < len(r.glyphs) {
		dx, dy = r.glyphs[letter].dx, r.glyphs[letter].dy
	}
	units := func(v float64) int16 { return int16(math.Round(v * s.face.upem / em)) }
	return movedBy(g.id, units(g.dx-dx), units(g.dy-dy)), dx, dy
}

// isMark says that a glyph of right-to-left text stands on or under a letter.
func (r *glyphRun) isMark(i int) bool {
	return r.rtl && r.glyphs[i].advance == 0 && r.glyphs[i].id&phantom == 0
}

// advance is a slot's width in thousandths of the type size, as the embedded font says it.
func (s *subset) advance(g slot) float64 {
	if g.moved() {
		return 0
	}
	return s.face.advance(g.glyph())
}

// file writes a TrueType file that holds only the used glyphs, without hinting.
func (s *subset) file() []byte {
	var glyf, loca, hmtx []byte
	for i := 0; i < len(s.order); i++ { // components join while we go
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf))) //nolint:gosec // G115: smaller than the font
		g := s.order[i]
		a, b := s.face.hMetric(g.glyph())
		if g.moved() {
			glyf = s.appendMoved(glyf, g)
			x, _ := g.by()
			a, b = 0, b+uint16(x) //nolint:gosec // G115: the format's own signed number
		} else {
			glyf = s.appendGlyph(glyf, s.face.outline(g.glyph()))
		}
		hmtx = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(hmtx, a), b)
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf))) //nolint:gosec // G115: smaller than the font
	n := uint16(len(s.order))                                     //nolint:gosec // G115: a font has at most 65,535 glyphs
	head, hhea, maxp := bytes.Clone(s.face.head), bytes.Clone(s.face.hhea), bytes.Clone(s.face.maxp)
	binary.BigEndian.PutUint32(head[8:], 0)
	binary.BigEndian.PutUint16(head[50:], 1)
	binary.BigEndian.PutUint16(hhea[34:], n)
	binary.BigEndian.PutUint16(maxp[4:], n)
	return sfnt([]table{{"glyf", glyf}, {"head", head}, {"hhea", hhea}, {"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp}})
}

// appendGlyph appends an outline without its instructions, its components renumbered, padded to four bytes.
func (s *subset) appendGlyph(to, src []byte) []byte {
	if len(src) < 10 {
		return to
	}
	if contours := int16at(src); contours >= 0 {
		end := 10 + 2*contours
		if len(src) < end+2 {
			return to
		}
		instructions := int(binary.BigEndian.Uint16(src[end:]))
		if len(src) < end+2+instructions {
			return to
		}
		to = append(to, src[:end]...)
		to = append(to, 0, 0)
		to = append(to, src[end+2+instructions:]...)
	} else {
		to = append(to, s.composite(slices.Clone(src))...)
	}
	for len(to)%4 != 0 {
		to = append(to, 0)
	}
	return to
}

// appendMoved appends a glyph that is another one, moved.
func (s *subset) appendMoved(to []byte, g slot) []byte {
	src := s.face.outline(g.glyph())
	if len(src) < 10 {
		return to
	}
	x, y := g.by()
	id, _ := s.id(plain(g.glyph()), "")
	put := func(v int16) { to = binary.BigEndian.AppendUint16(to, uint16(v)) } //nolint:gosec // G115: the format's own signed number
	at := func(i int) int16 { return int16(int16at(src[i:])) }                 //nolint:gosec // G115: the format's own signed number
	for _, v := range []int16{-1, at(2) + x, at(4) + y, at(6) + x, at(8) + y, argsAreWords | argsAreXY} {
		put(v)
	}
	to = binary.BigEndian.AppendUint16(to, id)
	put(x)
	put(y)
	for len(to)%4 != 0 {
		to = append(to, 0)
	}
	return to
}

// composite renumbers a glyph's components in place and cuts off what follows them.
func (s *subset) composite(b []byte) []byte {
	for p := 10; p+4 <= len(b); {
		flags := binary.BigEndian.Uint16(b[p:])
		id, _ := s.id(plain(uint32(binary.BigEndian.Uint16(b[p+2:]))), "")
		binary.BigEndian.PutUint16(b[p:], flags&^haveInstructions)
		binary.BigEndian.PutUint16(b[p+2:], id)
		p += 6
		if flags&argsAreWords != 0 {
			p += 2
		}
		switch {
		case flags&haveScale != 0:
			p += 2
		case flags&haveXYScale != 0:
			p += 4
		case flags&haveTwoByTwo != 0:
			p += 8
		}
		if flags&moreComponents == 0 {
			return b[:min(p, len(b))]
		}
	}
	return b
}

type table struct {
	tag  string
	data []byte
}

// sfnt joins six tables into a font file.
func sfnt(tables []table) []byte {
	out := []byte{0, 1, 0, 0, 0, 6, 0, 64, 0, 2, 0, 32}
	pos := 12 + 16*len(tables)
	for _, t := range tables {
		out = append(out, t.tag...)
		out = binary.BigEndian.AppendUint32(out, checksum(t.data))
		out = binary.BigEndian.AppendUint32(out, uint32(pos))         //nolint:gosec // G115: smaller than the font
		out = binary.BigEndian.AppendUint32(out, uint32(len(t.data))) //nolint:gosec // G115: smaller than the font
		pos += (len(t.data) + 3) &^ 3
	}
	for _, t := range tables {
		out = append(out, t.data...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	return out
}

func checksum(b []byte) uint32 {
	var sum uint32
	for ; len(b) >= 4; b = b[4:] {
		sum += binary.BigEndian.Uint32(b)
	}
	var last [4]byte
	copy(last[:], b)
	return sum + binary.BigEndian.Uint32(last[:])
}
