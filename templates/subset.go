package templates

import (
	"encoding/binary"
	"math"
)

// subset collects the glyphs that one file uses of one typeface and numbers them in order of first use.
type subset struct {
	face  *typeface
	ids   [256]*[256]uint16 // of plain glyphs, by the halves of their number; 0 is not used yet
	odd   map[slot]uint16   // of all other slots
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
	s := &subset{face: f, odd: make(map[slot]uint16)}
	s.reset()
	return s
}

// reset forgets all glyphs and what they stand for, and keeps the memory.
func (s *subset) reset() {
	for _, g := range s.order {
		if page := s.ids[g>>8&0xFF]; page != nil {
			page[g&0xFF] = 0
		}
	}
	clear(s.odd)
	clear(s.text)
	s.order, s.text = append(s.order[:0], 0), append(s.text[:0], "")
}

// number is a slot's number in the subset; 0 where it has none yet.
func (s *subset) number(g slot) (id uint16) {
	if g > math.MaxUint16 {
		return s.odd[g]
	}
	if page := s.ids[g>>8]; page != nil {
		return page[g&0xFF]
	}
	return 0
}

func (s *subset) give(g slot, id uint16) {
	if g > math.MaxUint16 {
		s.odd[g] = id
		return
	}
	page := s.ids[g>>8]
	if page == nil {
		page = new([256]uint16)
		s.ids[g>>8] = page
	}
	page[g&0xFF] = id
}

// id is a glyph's number in the subset. The first text a glyph is used for is the one it stands for in the file; says
// reports whether that is the text given now. A glyph used for no text of its own (the second of a cluster) says nothing.
func (s *subset) id(g slot, text string) (id uint16, says bool) {
	if id = s.number(g); id == 0 && g != 0 {
		id = uint16(len(s.order)) //nolint:gosec // G115: a font has at most 65,535 glyphs
		s.give(g, id)
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

// file appends a TrueType file that holds only the used glyphs, without hinting.
func (s *subset) file(to []byte) []byte {
	f := newSFNT(to)
	from := len(f.out)
	loca := make([]uint32, 0, len(s.order)+8)
	for i := 0; i < len(s.order); i++ { // components join while we go
		loca = append(loca, uint32(len(f.out)-from)) //nolint:gosec // G115: smaller than the font
		if g := s.order[i]; g.moved() {
			f.out = s.appendMoved(f.out, g)
		} else {
			f.out = s.appendGlyph(f.out, s.face.outline(g.glyph()))
		}
		for (len(f.out)-from)%4 != 0 {
			f.out = append(f.out, 0)
		}
	}
	loca = append(loca, uint32(len(f.out)-from)) //nolint:gosec // G115: smaller than the font
	f.table("glyf")
	n := uint16(len(s.order)) //nolint:gosec // G115: a font has at most 65,535 glyphs
	head := f.copy(s.face.head)
	binary.BigEndian.PutUint32(head[8:], 0)
	binary.BigEndian.PutUint16(head[50:], 1)
	f.table("head")
	binary.BigEndian.PutUint16(f.copy(s.face.hhea)[34:], n)
	f.table("hhea")
	for _, g := range s.order {
		a, b := s.face.hMetric(g.glyph())
		if g.moved() {
			x, _ := g.by()
			a, b = 0, b+uint16(x) //nolint:gosec // G115: the format's own signed number
		}
		f.out = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(f.out, a), b)
	}
	f.table("hmtx")
	for _, at := range loca {
		f.out = binary.BigEndian.AppendUint32(f.out, at)
	}
	f.table("loca")
	binary.BigEndian.PutUint16(f.copy(s.face.maxp)[4:], n)
	f.table("maxp")
	return f.out
}

// appendGlyph appends an outline without its instructions, its components renumbered.
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
		return append(to, src[end+2+instructions:]...)
	}
	from := len(to)
	to = append(to, src...)
	return to[:from+s.composite(to[from:])]
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
	return to
}

// composite renumbers a glyph's components in place and returns how much of it they are.
func (s *subset) composite(b []byte) int {
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
			return min(p, len(b))
		}
	}
	return len(b)
}

// sfnt is a font file being written, table by table in the order of their names.
type sfnt struct {
	out   []byte
	start int // of the file
	next  int // of the list of tables
	from  int // of the table being written
}

// newSFNT appends a file of six tables.
func newSFNT(to []byte) *sfnt {
	f := &sfnt{out: to, start: len(to)}
	f.out = append(f.out, 0, 1, 0, 0, 0, 6, 0, 64, 0, 2, 0, 32)
	f.next = len(f.out)
	f.out = append(f.out, make([]byte, 6*16)...)
	f.from = len(f.out)
	return f
}

// copy appends bytes and returns where they stand.
func (f *sfnt) copy(b []byte) []byte {
	f.out = append(f.out, b...)
	return f.out[len(f.out)-len(b):]
}

// table ends a table.
func (f *sfnt) table(tag string) {
	length := len(f.out) - f.from
	for (len(f.out)-f.from)%4 != 0 {
		f.out = append(f.out, 0)
	}
	entry := f.out[f.next:]
	copy(entry, tag)
	binary.BigEndian.PutUint32(entry[4:], checksum(f.out[f.from:]))
	binary.BigEndian.PutUint32(entry[8:], uint32(f.from-f.start)) //nolint:gosec // G115: smaller than the font
	binary.BigEndian.PutUint32(entry[12:], uint32(length))        //nolint:gosec // G115: smaller than the font
	f.next += 16
	f.from = len(f.out)
}

// checksum adds words of four bytes.
func checksum(b []byte) uint32 {
	var sum uint32
	for ; len(b) >= 4; b = b[4:] {
		sum += binary.BigEndian.Uint32(b)
	}
	return sum
}
