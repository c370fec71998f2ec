package templates

import (
	"hash/fnv"
	"log/slog"
	"math"
	"strings"

	"guichet/domain/delivery"
)

// page draws one ticket by a layout.
type page struct {
	on     canvas
	layout *layout
	words  *locale
	text   *shaper
	facts  facts
	is     map[string]bool // conditions that are not facts
	symbol *symbol
	pic    *picture
	color  *ink // the category's own
	accent ink
	cut    []string // elements whose text had no room; kinds only, never content
	err    error
}

// newPage prepares a page; the error is a barcode that cannot be printed.
func newPage(on canvas, l *layout, words *locale, sh *shaper, p *delivery.Page, pic *picture) (*page, error) {
	sym, err := encode(p.Symbology, p.Barcode)
	if err != nil {
		return nil, err
	}
	pg := &page{
		on: on, layout: l, words: words, text: sh, facts: read(words, p), symbol: sym, pic: pic,
		is: map[string]bool{"picture": pic != nil, "numbered": p.Numbered, "linear": sym.linear},
	}
	if c, ok := parseInk(p.Color); ok {
		pg.color = &c
		pg.accent = c.readable()
		if isGrey(c) {
			pg.accent = houseColor(p.Organiser)
		}
	} else {
		pg.accent = houseColor(p.Organiser)
	}
	return pg, nil
}

// houseColor is a calm colour that stays the same for an organiser.
func houseColor(organiser string) ink {
	colors := [...]ink{
		{0x1F, 0x4E, 0x79}, {0x7A, 0x1F, 0x3D}, {0x1E, 0x5B, 0x4F}, {0x4A, 0x2C, 0x6F}, {0x8A, 0x4B, 0x12}, {0x23, 0x3B, 0x6E},
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(organiser)) // a hash does not fail
	return colors[h.Sum32()%uint32(len(colors))]
}

func isGrey(c ink) bool {
	return max(c.R, c.G, c.B)-min(c.R, c.G, c.B) < 24
}

// draw draws every element; the first error is returned.
func (p *page) draw() error {
	for i := range p.layout.Elements {
		e := &p.layout.Elements[i]
		if !p.holds(e.If) {
			continue
		}
		p.element(e)
		if p.err != nil {
			return p.err
		}
	}
	return nil
}

func (p *page) element(e *element) {
	switch e.Kind {
	case kindFill:
		p.on.fill(box(p.mirror(e.rect()), e.Radius), p.ink(e.Color))
	case kindBand:
		p.band(e)
	case kindPill:
		p.pill(e)
	case kindText:
		p.textBox(e)
	case kindStack:
		p.stack(e)
	case kindFields:
		p.fields(e)
	case kindRule:
		p.rule(e)
	case kindBarcode:
		p.barcode(e)
	case kindPayload:
		p.payload(e)
	case kindWatermark:
		p.watermark(e)
	}
}

// holds evaluates a condition.
func (p *page) holds(condition string) bool {
	for _, name := range strings.Fields(condition) {
		bare := strings.TrimPrefix(name, "!")
		there, known := p.is[bare]
		if !known {
			there = strings.TrimSpace(p.facts[bare]) != ""
		}
		if there == (bare != name) {
			return false
		}
	}
	return true
}

// say fills a text's facts in one pass, so that braces inside a fact stay what they are. It is empty where the text has
// facts and all are empty.
func (p *page) say(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	var b strings.Builder
	some := false
	for {
		before, rest, ok := strings.Cut(text, "{")
		b.WriteString(before)
		if !ok {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		v := p.facts[name]
		if w, isWord := strings.CutPrefix(name, "word."); isWord {
			v = p.words.Words[w]
		}
		some = some || strings.TrimSpace(v) != ""
		b.WriteString(v)
		text = after
	}
	if !some {
		return ""
	}
	return b.String()
}

// ink finds a colour by its name in the layout.
func (p *page) ink(name string) ink {
	switch name {
	case colorAccent:
		return p.accent
	case colorTint:
		return p.accent.mix(ink{255, 255, 255}, 0.92)
	}
	c, _ := parseInk(p.layout.Colors[name]) // checked when the layout was read; black where none is named
	return c
}

func (p *page) style(name string) style { return p.layout.Styles[name] }

// mirror turns a box round for a page that is read from right to left.
func (p *page) mirror(r rect) rect {
	if p.words.rightToLeft() {
		r.X = p.layout.Page[0] - r.X - r.W
	}
	return r
}

// left is where a text of some width starts in a box that is already mirrored.
func (p *page) left(r rect, width float64, a align) float64 {
	atEnd := a == alignEnd
	if p.words.rightToLeft() {
		atEnd = a == alignStart
	}
	switch {
	case a == alignCenter:
		return r.X + (r.W-width)/2
	case atEnd:
		return r.X + r.W - width
	}
	return r.X
}

// put draws a block with its top at y.
func (p *page) put(b block, r rect, y float64, a align, c ink, e *element) {
	if b.cut {
		p.cut = append(p.cut, string(e.Kind)+" "+e.Text)
	}
	baseline := y + above*b.size*mmPerPoint
	for i, l := range b.lines {
		col := 0
		if n := b.perColumn(); n > 0 {
			col = i / n
			if i%n == 0 {
				baseline = y + above*b.size*mmPerPoint
			}
		}
		cell := b.cell(r, col, p.words.rightToLeft())
		p.on.text(p.left(cell, l.width*b.size/em*mmPerPoint, a), baseline, b.size, 0, l, c)
		baseline += b.step
	}
}

// top is where a block of some height starts in a box.
func top(r rect, height float64, valign align) float64 {
	switch valign {
	case alignCenter:
		return r.Y + (r.H-height)/2
	case alignEnd:
		return r.Y + r.H - height
	case alignStart:
	}
	return r.Y
}

func (p *page) textBox(e *element) {
	text := p.say(e.Text)
	if text == "" {
		return
	}
	st, r := p.style(e.Style), p.mirror(e.rect())
	b := p.text.set(strings.Split(text, "\n"), st, r.W, r.H)
	p.put(b, r, top(r, b.height(), e.Valign), e.Align, p.ink(st.Color), e)
}

// stack sets texts below each other. Each may take what the others, at their smallest, leave.
func (p *page) stack(e *element) {
	type part struct {
		block block
		gap   float64
		style style
	}
	r := p.mirror(e.rect())
	texts := make([]string, len(e.Items))
	for i, it := range e.Items {
		if p.holds(it.If) {
			texts[i] = p.say(it.Text)
		}
	}
	var parts []part
	used := 0.0
	for i, it := range e.Items {
		if texts[i] == "" {
			continue
		}
		st, gap := p.style(it.Style), it.Gap
		if len(parts) == 0 {
			gap = 0
		}
		later := 0.0
		for j := i + 1; j < len(e.Items); j++ {
			if texts[j] != "" {
				later += e.Items[j].Gap + max(p.style(e.Items[j].Style).Min, 3)*mmPerPoint
			}
		}
		b := p.text.set([]string{texts[i]}, st, r.W, max(1, r.H-used-gap-later))
		parts = append(parts, part{b, gap, st})
		used += gap + b.height()
	}
	y := top(r, used, e.Valign)
	for _, q := range parts {
		y += q.gap
		p.put(q.block, r, y, e.Align, p.ink(q.style.Color), e)
		y += q.block.height()
	}
}

// pill sets a short text on white.
func (p *page) pill(e *element) {
	text := p.say(e.Text)
	if text == "" {
		return
	}
	const pad = 3.2
	st, r := p.style(e.Style), p.mirror(e.rect())
	b := p.text.set([]string{text}, st, r.W-2*pad, r.H)
	if len(b.lines) == 0 {
		return
	}
	w := b.width() + 2*pad
	x := p.left(r, w, e.Align)
	p.on.fill(box(rect{x, r.Y, w, r.H}, e.Radius), p.ink(e.Color))
	// Capitals in the middle look right; the whole line would hang low.
	y := r.Y + r.H/2 - (above-0.365)*b.size*mmPerPoint
	p.put(b, rect{x, r.Y, w, r.H}, y, alignCenter, p.ink(st.Color), e)
}

// field is one column of a fields element.
type field struct {
	label, value string
	chip, ltr    bool
	want         float64 // mm
	width        float64
}

// chipSpace is what a colour chip takes before its value.
const chipSpace = 5.0

// fields sets labelled values beside each other.
func (p *page) fields(e *element) {
	label, value := p.style(e.Label), p.style(e.Value)
	r := e.rect()
	fs := p.columns(e, label, value, r)
	x := r.X
	for i, f := range fs {
		col := p.mirror(rect{x, r.Y, f.width, r.H})
		if i > 0 && e.Rule != "" {
			p.on.fill(box(p.mirror(rect{x - e.Gap/2, r.Y, 0.2, r.H}), 0), p.ink(e.Rule))
		}
		lb := p.text.set([]string{f.label}, label, f.width, r.H)
		p.put(lb, col, col.Y, alignStart, p.ink(label.Color), e)
		rest := rect{col.X, col.Y + lb.height() + 0.9, col.W, r.H - lb.height() - 0.9}
		if f.chip && p.color != nil {
			rest = p.chip(rest, value)
		}
		st := value
		st.LTR = f.ltr
		vb := p.text.set([]string{f.value}, st, rest.W, rest.H)
		p.put(vb, rest, top(rest, vb.height(), e.Valign), alignStart, p.ink(value.Color), e)
		x += f.width + e.Gap
	}
}

// chip draws the category's colour and returns what is left of the box.
func (p *page) chip(r rect, value style) rect {
	const side = 3.4
	x := r.X
	if p.words.rightToLeft() {
		x = r.X + r.W - side
	} else {
		r.X += chipSpace
	}
	y := r.Y + (above-0.365)*value.Size*mmPerPoint - side/2
	p.on.fill(box(rect{x, y, side, side}, 0.8), p.color.mix(ink{}, 0.25))
	p.on.fill(box(rect{x + 0.2, y + 0.2, side - 0.4, side - 0.4}, 0.65), *p.color)
	r.W -= chipSpace
	return r
}

// columns chooses the fields that have a value and shares the width: who needs little gets it, the others share the rest.
func (p *page) columns(e *element, label, value style, r rect) []field {
	var fs []field
	total := 0.0
	for _, it := range e.Items {
		if !p.holds(it.If) {
			continue
		}
		f := field{label: p.say(it.Label), value: p.say(it.Value), chip: it.Chip, ltr: it.LTR}
		if f.value == "" {
			continue
		}
		f.want = max(p.natural(f.label, label), p.natural(f.value, value))
		if f.chip && p.color != nil {
			f.want = max(p.natural(f.label, label), p.natural(f.value, value)+chipSpace)
		}
		fs = append(fs, f)
		total += f.want
	}
	room := r.W - e.Gap*float64(len(fs)-1)
	if total <= room {
		for i := range fs {
			fs[i].width = fs[i].want
			if e.Align == alignCenter { // spread over the whole width
				fs[i].width += (room - total) / float64(len(fs))
			}
		}
		return fs
	}
	left, open := room, len(fs)
	for open > 0 {
		share, took := left/float64(open), false
		for i := range fs {
			if fs[i].width == 0 && fs[i].want <= share {
				fs[i].width = max(fs[i].want, 0.1)
				left -= fs[i].width
				open--
				took = true
			}
		}
		if took {
			continue
		}
		for i := range fs {
			if fs[i].width == 0 {
				fs[i].width = share
			}
		}
		break
	}
	return fs
}

// natural is a text's width on one line at its wanted size, in mm.
func (p *page) natural(text string, st style) float64 {
	if text == "" {
		return 0
	}
	dir := natural
	if st.LTR {
		dir = ltr
	}
	return p.text.shape(text, st.Bold, dir).width*st.Size/em*mmPerPoint + 0.05
}

// rule paints a line.
func (p *page) rule(e *element) {
	r, c := p.mirror(e.rect()), p.ink(e.Color)
	if e.Dash <= 0 {
		p.on.fill(box(r, e.Radius), c)
		return
	}
	var shape path
	for x := r.X; x < r.X+r.W; x += 2 * e.Dash {
		shape = append(shape, box(rect{x, r.Y, min(e.Dash, r.X+r.W-x), r.H}, 0)...)
	}
	p.on.fill(shape, c)
}

// barcode paints the box white, so that nothing drawn before shows in the quiet zone, and the symbol in its middle.
func (p *page) barcode(e *element) {
	r := p.mirror(e.rect())
	m, err := p.symbol.fit(r, e.Height)
	if err != nil {
		p.err = err
		return
	}
	p.on.fill(box(r, 0), ink{255, 255, 255})
	p.on.barcode(r, p.symbol, m)
}

// payload prints the barcode's text in groups of four, found and copied as one.
func (p *page) payload(e *element) {
	st, r := p.style(e.Style), p.mirror(e.rect())
	st.LTR = true
	const gap = 0.45 * em
	text := p.symbol.payload
	b := p.text.set([]string{text}, st, r.W*0.86, r.H)
	if len(b.lines) == 1 && !b.cut {
		l := b.lines[0].grouped(4, gap, text)
		if l.width*b.size/em*mmPerPoint > r.W {
			l = b.lines[0]
		}
		b.lines = []line{l}
	}
	p.put(b, r, top(r, b.height(), e.Valign), e.Align, p.ink(st.Color), e)
}

// watermark sets a word from corner to corner, as large as the box allows.
func (p *page) watermark(e *element) {
	text := p.say(e.Text)
	st, r := p.style(e.Style), p.mirror(e.rect())
	b := p.text.set([]string{text}, st, 2000, 1000)
	if len(b.lines) == 0 {
		return
	}
	l := b.lines[0]
	angle := math.Atan2(r.H, r.W) * 0.85
	sin, cos := math.Sincos(angle)
	wide, tall := l.width/em, 0.76 // in sizes
	size := min(r.W/(wide*cos+tall*sin), r.H/(wide*sin+tall*cos))
	// The middle of the word on the middle of the box.
	x := r.X + r.W/2 - wide*size/2*cos + tall*size/2*sin
	y := r.Y + r.H/2 + wide*size/2*sin + tall*size/2*cos
	p.on.text(x, y, size/mmPerPoint, -angle*180/math.Pi, l, p.ink(st.Color))
}

// band draws the picture, or circles of light in the accent's shades where there is none.
func (p *page) band(e *element) {
	r := p.mirror(e.rect())
	shape := box(r, e.Radius)
	if p.pic != nil {
		if p.pic.alpha != nil {
			p.on.fill(shape, p.accent)
		}
		p.on.picture(r, shape, p.pic)
		return
	}
	deep, light := p.accent.mix(ink{}, 0.18), ink{255, 255, 255}
	p.on.clip(shape)
	p.on.fill(box(r, 0), deep)
	at := func(part float64) float64 {
		if p.words.rightToLeft() {
			return r.X + r.W*(1-part)
		}
		return r.X + r.W*part
	}
	for i, radius := range []float64{1.55, 1.25, 0.95, 0.65, 0.35} {
		p.on.fill(disc(at(0.80), r.Y+r.H*0.95, r.H*radius), deep.mix(light, 0.045*float64(i+1)))
	}
	for i, radius := range []float64{0.75, 0.55, 0.35} {
		p.on.fill(disc(at(0.30), r.Y+r.H*1.15, r.H*radius), deep.mix(light, 0.045*float64(i+1)))
	}
	p.on.fill(disc(at(0.555), r.Y+r.H*0.28, r.H*0.07), deep.mix(light, 0.35))
	p.on.unclip()
}

// report logs what the reader will miss; nothing of the content.
func (p *page) report(log *slog.Logger, ticket string) {
	if len(p.cut) > 0 {
		log.Warn("ticket text has no room", "ticket", ticket, "elements", p.cut)
	}
}
