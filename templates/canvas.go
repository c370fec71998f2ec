package templates

import "math"

// canvas is what a page is drawn on. Lengths are millimetres from the page's top left corner, sizes of type are points.
// A canvas is used by one goroutine. It keeps the first thing that went wrong and tells it at the end.
type canvas interface {
	// fill paints the inside of a shape (non-zero rule).
	fill(p path, c ink)
	// text sets one line with its left end at x on the baseline y, turned clockwise by an angle in degrees.
	text(x, y, size, angle float64, l line, c ink)
	// picture places a picture so that it fills the box and keeps its proportions; what stands over is clipped.
	picture(box rect, clip path, p *picture)
	// barcode places a symbol in the middle of the box, with modules of the wanted width or less.
	barcode(box rect, s *symbol, m measure)
	// clip restricts what follows to a shape, until unclip.
	clip(p path)
	unclip()
	// tag begins a part of the page, for readers who listen: what is drawn until untag belongs to it, what is drawn outside
	// of any part is decoration. said stands for a picture. Parts do not nest; they are read in the order they are drawn.
	// A canvas that has no such readers embeds silent.
	tag(r role, said string)
	untag()
}

// ink is an opaque colour.
type ink struct{ R, G, B uint8 }

// mix returns the colour part of the way to another one; part is 0 to 1.
func (c ink) mix(o ink, part float64) ink {
	f := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (float64(b)-float64(a))*part)) }
	return ink{f(c.R, o.R), f(c.G, o.G), f(c.B, o.B)}
}

// luminance is the relative luminance of WCAG, 0 (black) to 1 (white).
func (c ink) luminance() float64 {
	f := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.03928 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*f(c.R) + 0.7152*f(c.G) + 0.0722*f(c.B)
}

// readable darkens the colour until it can be read as text on white (contrast 4.5).
func (c ink) readable() ink {
	for range 30 {
		if 1.05/(c.luminance()+0.05) >= 4.5 {
			break
		}
		c = c.mix(ink{}, 0.1)
	}
	return c
}

// parseInk reads "#rrggbb"; ok is false for anything else.
func parseInk(s string) (c ink, ok bool) {
	if len(s) != 7 || s[0] != '#' {
		return ink{}, false
	}
	var v [3]uint8
	for i := range v {
		hi, lo := unhex(s[1+2*i]), unhex(s[2+2*i])
		if hi < 0 || lo < 0 {
			return ink{}, false
		}
		v[i] = uint8(hi<<4 | lo) //nolint:gosec // G115: two hex digits
	}
	return ink{v[0], v[1], v[2]}, true
}

func unhex(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}

// rect is a box: left, top, width, height.
type rect struct{ X, Y, W, H float64 }

func (r rect) contains(o rect) bool {
	const slack = 1e-6
	return o.X >= r.X-slack && o.Y >= r.Y-slack && o.X+o.W <= r.X+r.W+slack && o.Y+o.H <= r.Y+r.H+slack
}

// verb is a step of a path.
type verb uint8

const (
	moveTo verb = iota
	lineTo
	cubeTo
	closePath
)

type point struct{ X, Y float64 }

type segment struct {
	Verb verb
	P    [3]point
}

// path is a closed shape.
type path []segment

func (p path) move(x, y float64) path { return append(p, segment{moveTo, [3]point{{x, y}}}) }
func (p path) line(x, y float64) path { return append(p, segment{lineTo, [3]point{{x, y}}}) }
func (p path) cube(a, b, c point) path {
	return append(p, segment{cubeTo, [3]point{a, b, c}})
}
func (p path) close() path { return append(p, segment{Verb: closePath}) }

// box is the path of a rectangle with rounded corners; a radius of 0 gives sharp ones.
func box(r rect, radius float64) path {
	radius = min(radius, r.W/2, r.H/2)
	x0, y0, x1, y1 := r.X, r.Y, r.X+r.W, r.Y+r.H
	if radius <= 0 {
		return path{}.move(x0, y0).line(x1, y0).line(x1, y1).line(x0, y1).close()
	}
	k := radius * (1 - arc)
	return path{}.move(x0+radius, y0).
		line(x1-radius, y0).cube(point{x1 - k, y0}, point{x1, y0 + k}, point{x1, y0 + radius}).
		line(x1, y1-radius).cube(point{x1, y1 - k}, point{x1 - k, y1}, point{x1 - radius, y1}).
		line(x0+radius, y1).cube(point{x0 + k, y1}, point{x0, y1 - k}, point{x0, y1 - radius}).
		line(x0, y0+radius).cube(point{x0, y0 + k}, point{x0 + k, y0}, point{x0 + radius, y0}).close()
}

// arc is how far along its side a Bézier handle stands to draw a quarter of a circle.
const arc = 0.5522847498

// disc is the path of a circle.
func disc(x, y, r float64) path { return box(rect{x - r, y - r, 2 * r, 2 * r}, r) }

const (
	pointsPerMM = 72 / 25.4
	mmPerPoint  = 25.4 / 72
)
