package templates

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// paper is a page's width and height in mm. A height of 0 is that of its content: a roll.
type paper struct{ W, H float64 }

// papers are the formats that a layout can name.
func papers() map[string]paper {
	return map[string]paper{
		"a4": {210, 297}, "a5": {148, 210}, "a6": {105, 148}, "letter": {215.9, 279.4},
		"card":   {85.6, 53.98}, // ISO/IEC 7810 ID-1
		"roll80": {80, 0},
		"stub":   {139.7, 50.8}, // the usual box office ticket: 5.5 by 2 inches
	}
}

// maxRoll is the longest piece of a roll, in mm.
const maxRoll = 2000

// UnmarshalJSON takes a format's name or [width, height].
func (p *paper) UnmarshalJSON(b []byte) error {
	var name string
	if json.Unmarshal(b, &name) == nil {
		known, ok := papers()[name]
		if !ok {
			return fmt.Errorf("no page %q: it is one of %v, or [width, height] in mm", name, slices.Sorted(maps.Keys(papers())))
		}
		*p = known
		return nil
	}
	var size [2]float64
	if err := json.Unmarshal(b, &size); err != nil {
		return err
	}
	*p = paper{size[0], size[1]}
	return nil
}

// MarshalJSON writes [width, height].
func (p paper) MarshalJSON() ([]byte, error) { return json.Marshal([2]float64{p.W, p.H}) }

// problem says what is wrong with a page's size; empty is nothing.
func (p paper) problem() string {
	if p.W < 10 || p.W > 2000 || (p.H != 0 && p.H < 10) || p.H < 0 || p.H > 2000 {
		return "a page is 10 to 2000 mm wide and high; a height of 0 is that of its content"
	}
	return ""
}

// sheet puts several pages of a layout on a larger one.
type sheet struct {
	Page    paper   `json:"page"`
	Columns int     `json:"columns"`
	Rows    int     `json:"rows"`
	Gap     float64 `json:"gap"` // between them, mm
	Cut     bool    `json:"cut"` // lines to cut along
}

// problem says what is wrong with a sheet for pages of some size; empty is nothing.
func (s *sheet) problem(page paper) string {
	switch {
	case s.Page.problem() != "":
		return s.Page.problem()
	case s.Page.H == 0 || page.H == 0:
		return "a roll has no sheets"
	case s.Columns < 1 || s.Rows < 1 || s.Columns > 20 || s.Rows > 40:
		return "a sheet has 1 to 20 columns and 1 to 40 rows"
	case s.Gap < 0:
		return "the gap between pages cannot be negative"
	}
	w, h := s.extent(page)
	if w > s.Page.W+0.01 || h > s.Page.H+0.01 {
		return fmt.Sprintf("%d by %d pages need %.1f by %.1f mm, the sheet has %.1f by %.1f", s.Columns, s.Rows, w, h, s.Page.W, s.Page.H)
	}
	return ""
}

// extent is what the pages take together.
func (s *sheet) extent(page paper) (w, h float64) {
	return float64(s.Columns)*page.W + float64(s.Columns-1)*s.Gap, float64(s.Rows)*page.H + float64(s.Rows-1)*s.Gap
}

// corner is where the n-th page stands; together they stand in the middle of the sheet.
func (s *sheet) corner(page paper, n int) (x, y float64) {
	w, h := s.extent(page)
	return (s.Page.W-w)/2 + float64(n%s.Columns)*(page.W+s.Gap), (s.Page.H-h)/2 + float64(n/s.Columns)*(page.H+s.Gap)
}

// lineInk is the colour of lines to fold and cut along.
func lineInk() ink { return ink{0x9A, 0xA1, 0xAC} }

// cutLines draws dashed lines along every edge of the pages, across the whole sheet, so that a guillotine finds them.
func (s *sheet) cutLines(on canvas, page paper) {
	xs, ys := map[float64]bool{}, map[float64]bool{}
	for n := range s.Columns * s.Rows {
		x, y := s.corner(page, n)
		for _, v := range [2]float64{x, x + page.W} {
			xs[v] = v > 1 && v < s.Page.W-1
		}
		for _, v := range [2]float64{y, y + page.H} {
			ys[v] = v > 1 && v < s.Page.H-1
		}
	}
	var shape path
	for _, x := range slices.Sorted(maps.Keys(xs)) {
		if xs[x] {
			shape = append(shape, dashes(rect{x - hairline/2, 0, hairline, s.Page.H}, 1.5)...)
		}
	}
	for _, y := range slices.Sorted(maps.Keys(ys)) {
		if ys[y] {
			shape = append(shape, dashes(rect{0, y - hairline/2, s.Page.W, hairline}, 1.5)...)
		}
	}
	if len(shape) > 0 {
		on.fill(shape, lineInk())
	}
}

// hairline is a thin line's width in mm.
const hairline = 0.2

// dashes are strokes of some length, and as much between them, along a thin box.
func dashes(r rect, length float64) path {
	var shape path
	if r.W >= r.H {
		for x := r.X; x < r.X+r.W; x += 2 * length {
			shape = append(shape, box(rect{x, r.Y, min(length, r.X+r.W-x), r.H}, 0)...)
		}
		return shape
	}
	for y := r.Y; y < r.Y+r.H; y += 2 * length {
		shape = append(shape, box(rect{r.X, y, r.W, min(length, r.Y+r.H-y)}, 0)...)
	}
	return shape
}

// moved is a canvas whose corner stands elsewhere on another one.
type moved struct {
	canvas
	dx, dy float64
}

func (m moved) path(p path) path {
	out := make(path, len(p))
	for i, s := range p {
		out[i].Verb = s.Verb
		for j, q := range s.P[:s.Verb.points()] {
			out[i].P[j] = point{q.X + m.dx, q.Y + m.dy}
		}
	}
	return out
}

func (m moved) rect(r rect) rect { return rect{r.X + m.dx, r.Y + m.dy, r.W, r.H} }

func (m moved) fill(p path, c ink) { m.canvas.fill(m.path(p), c) }

func (m moved) text(x, y, size, angle float64, l line, c ink) {
	m.canvas.text(x+m.dx, y+m.dy, size, angle, l, c)
}

func (m moved) picture(b rect, clip path, p *picture) {
	m.canvas.picture(m.rect(b), m.path(clip), p)
}

func (m moved) barcode(b rect, s *symbol, z measure) { m.canvas.barcode(m.rect(b), s, z) }

func (m moved) clip(p path) { m.canvas.clip(m.path(p)) }
