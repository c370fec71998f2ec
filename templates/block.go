package templates

import (
	"math"
	"strings"
)

// style is how a text is set.
type style struct {
	Bold bool `json:"bold"`
	// Size is the wanted size and Min the smallest one, in points. Text that does not fit is set smaller first and cut
	// with "…" only at the smallest size.
	Size float64 `json:"size"`
	Min  float64 `json:"min"`
	// Lines is the most lines; 0 means as many as the box has room for.
	Lines int `json:"lines"`
	// Leading is the distance of baselines in sizes; 0 means 1.2.
	Leading float64 `json:"leading"`
	Color   string  `json:"color"`
	// Columns is how many columns the lines are shared among; 0 means one. Gutter is the space between them in mm.
	Columns int     `json:"columns"`
	Gutter  float64 `json:"gutter"`
	// LTR sets the text from left to right whatever the language: numbers of orders, payloads.
	LTR bool `json:"ltr"`
	// Ellipsis says that the designer takes it when the text is cut with "…" at its smallest size: small print.
	Ellipsis bool `json:"ellipsis"`
	// shared says that the text set in this style is not one person's, so that it may be kept for other documents.
	shared bool
}

// block is text set to a width: lines, their size in points and what they need.
type block struct {
	lines []line
	size  float64
	step  float64 // distance of baselines in mm
	cut   bool    // not everything fitted
	cols  int
	gap   float64 // between columns, mm
}

// perColumn is how many lines stand in one column; 0 where there is only one.
func (b block) perColumn() int {
	if b.cols < 2 {
		return 0
	}
	return max(shortColumn, (len(b.lines)+b.cols-1)/b.cols)
}

// shortColumn is how many lines stay together before a second column is begun.
const shortColumn = 4

// cell is the part of a box that a column has, counted in reading direction.
func (b block) cell(r rect, col int, rightToLeft bool) rect {
	if b.cols < 2 {
		return r
	}
	w := (r.W - b.gap*float64(b.cols-1)) / float64(b.cols)
	x := r.X + float64(col)*(w+b.gap)
	if rightToLeft {
		x = r.X + r.W - w - float64(col)*(w+b.gap)
	}
	return rect{x, r.Y, w, r.H}
}

// Above and below the baseline, in sizes: what a line needs of its box.
const (
	above = 0.78
	below = 0.22
)

// height is what the block takes, in mm.
func (b block) height() float64 {
	n := len(b.lines)
	if n == 0 {
		return 0
	}
	if c := b.perColumn(); c > 0 {
		n = min(n, c)
	}
	return float64(n-1)*b.step + (above+below)*b.size*mmPerPoint
}

// width is that of the widest line, in mm.
func (b block) width() float64 {
	w := 0.0
	for _, l := range b.lines {
		w = max(w, l.width)
	}
	return w * b.size / em * mmPerPoint
}

// set fits a text into a box of w by h millimetres. Line ends part paragraphs.
func (s *shaper) set(text string, st style, w, h float64) block {
	if !st.shared {
		b, _ := s.fit(text, st, w, h)
		return b
	}
	key := blockKey{text, st, w, h, s.page, s.lang}
	if b, ok := s.blocks[key]; ok {
		return b
	}
	b, missing := s.fit(text, st, w, h)
	if !missing && len(s.blocks) < maxCached {
		s.blocks[key] = b
	}
	return b
}

// fit does the work of set; missing says that some characters have no glyph.
func (s *shaper) fit(text string, st style, w, h float64) (b block, missing bool) {
	dir := natural
	if st.LTR {
		dir = ltr
	}
	var ps []*paragraph
	for t := range strings.SplitSeq(text, "\n") {
		if p := s.shape(t, st.Bold, dir, st.shared); len(p.runes) > 0 {
			ps = append(ps, p)
			missing = missing || p.missing
		}
	}
	if len(ps) == 0 {
		return block{size: st.Size}, missing
	}
	if st.Columns > 1 {
		w = (w - st.Gutter*float64(st.Columns-1)) / float64(st.Columns)
	}
	least := st.Size
	if st.Min > 0 {
		least = min(st.Min, st.Size)
	}
	for size := st.Size; size > least+0.01; size = max(least, math.Floor(size*2*0.97)/2) {
		if b, ok := s.try(ps, st, size, w, h); ok {
			return b, missing
		}
	}
	b = s.squeeze(ps, st, least, w, h)
	b.cut = b.cut && !st.Ellipsis
	return b, missing
}

// try sets the text at one size; ok is false where it does not fit.
func (s *shaper) try(ps []*paragraph, st style, size, w, h float64) (b block, ok bool) {
	b = open(st, size)
	width := w / mmPerPoint * em / size
	for _, p := range ps {
		if st.Lines == 1 && p.width > width {
			return b, false
		}
		lines, _ := s.breakLines(p, width, true, 0)
		for _, l := range lines {
			if l.width > width {
				return b, false
			}
		}
		b.lines = append(b.lines, lines...)
		if (st.Lines > 0 && len(b.lines) > st.Lines) || b.height() > h+0.01 || p.cut {
			return b, false
		}
	}
	return b, true
}

// squeeze sets the text at the smallest size, breaks words where it must and cuts what has no room.
func (s *shaper) squeeze(ps []*paragraph, st style, size, w, h float64) block {
	b := open(st, size)
	room := max(1, int((h+0.01-(above+below)*size*mmPerPoint)/b.step)+1) * max(1, st.Columns)
	if st.Lines > 0 {
		room = min(room, st.Lines)
	}
	width := w / mmPerPoint * em / size
	for i, p := range ps {
		lines, cut := s.breakLines(p, width, false, room-len(b.lines))
		b.lines = append(b.lines, lines...)
		b.cut = b.cut || cut
		if len(b.lines) >= room {
			b.cut = b.cut || i < len(ps)-1
			break
		}
	}
	return b
}

func open(st style, size float64) block {
	leading := st.Leading
	if leading == 0 {
		leading = 1.2
	}
	return block{size: size, step: leading * size * mmPerPoint, cols: st.Columns, gap: st.Gutter}
}
