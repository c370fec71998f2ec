package templates

import (
	"context"
	"hash/fnv"
	"log/slog"
	"math"
	"slices"
	"strings"

	"guichet/domain"
	"guichet/domain/delivery"
)

// page draws one page by a layout.
type page struct {
	on     canvas
	layout *layout
	words  *locale
	text   *shaper
	pic    *picture
	first  subject   // whose facts stand outside repeats
	items  []subject // what the layout's list goes through on this page; nil where it has none
	order  []subject // every ticket of a whole order's page
	spills []spill
	depth  int // of tags
	subject
}

// subject is what facts are about: a ticket, or a line of an order.
type subject struct {
	facts  facts
	is     map[string]bool   // conditions that are not facts
	values map[string]string // what conditions compare
	symbol *symbol           // nil where nothing admits
	color  *ink              // the category's own
	accent ink
	price  domain.Money
	count  int // of a line
}

// spill is an element whose content had no room.
type spill struct {
	line int
	name string // in the layout; never its content
}

// newPage prepares a page about a ticket. The symbol is the ticket's barcode and fits the layout; pic may be nil.
func newPage(on canvas, l *layout, words *locale, sh *shaper, p *delivery.Page, sym *symbol, pic *picture) *page {
	s := newSubject(words, p, sym, pic)
	return &page{on: on, layout: l, words: words, text: sh, pic: pic, first: s, subject: s}
}

func newSubject(words *locale, p *delivery.Page, sym *symbol, pic *picture) subject {
	s := subject{
		facts: read(words, p), symbol: sym, price: p.Price,
		is:     map[string]bool{"picture": pic != nil, "numbered": p.Numbered, "linear": sym != nil && sym.wide()},
		values: map[string]string{"kind": p.Kind, "language": words.tag, "symbology": string(p.Symbology)},
	}
	s.accent = houseColor(p.Organiser)
	if c, ok := parseInk(p.Color); ok {
		s.color = &c
		if !isGrey(c) {
			s.accent = c.readable()
		}
	}
	return s
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

// draw draws every element.
func (p *page) draw() {
	p.boxes(p.layout.Elements, 0, 0)
	p.lines()
}

// boxes draws elements that have boxes, which count from a corner.
func (p *page) boxes(es []element, x, y float64) {
	for i := range es {
		e := &es[i]
		if !p.all(e.when) {
			continue
		}
		r := e.rect()
		if r.H == 0 { // as high as it needs, on a roll
			r.H, _ = p.need(e, r.W)
		}
		p.element(e, rect{r.X + x, r.Y + y, r.W, r.H})
	}
}

// height is the page's: its paper's, or that of its content where the paper is a roll.
func (p *page) height() float64 {
	if p.layout.Page.H > 0 {
		return p.layout.Page.H
	}
	end := 10.0
	for i := range p.layout.Elements {
		e := &p.layout.Elements[i]
		r := e.rect()
		if r.H == 0 {
			r.H, _ = p.need(e, r.W)
		}
		if p.all(e.when) {
			end = max(end, r.Y+r.H)
		}
	}
	return min(maxRoll, end+p.layout.Elements[0].Box[1]) // below as above
}

// element draws an element in a box, which is not mirrored yet.
func (p *page) element(e *element, r rect) {
	switch e.Kind {
	case kindFill:
		p.frame(e, r)
	case kindBand:
		p.band(e, r)
	case kindPill:
		p.pill(e, r)
	case kindText:
		p.textBox(e, r)
	case kindStack:
		p.stack(e, r)
	case kindFields:
		p.fields(e, r)
	case kindRule:
		p.rule(e, r)
	case kindImage:
		p.image(e, r)
	case kindBarcode:
		p.barcode(e, r)
	case kindPayload:
		p.payload(e, r)
	case kindWatermark:
		p.watermark(e, r)
	case kindBlock:
		p.frame(e, r)
		p.boxes(e.Elements, r.X+e.Pad, r.Y+e.Pad)
	case kindColumn:
		p.frame(e, r)
		p.column(e, e.inner(r))
	case kindRow:
		p.frame(e, r)
		p.row(e, e.inner(r))
	case kindRepeat:
		p.frame(e, r)
		p.repeat(e, e.inner(r))
	}
}

// all evaluates a condition.
func (p *page) all(terms []term) bool {
	for _, t := range terms {
		if p.there(t) == t.not {
			return false
		}
	}
	return true
}

func (p *page) there(t term) bool {
	if t.values != nil {
		return slices.Contains(t.values, p.values[t.name])
	}
	if there, known := p.is[t.name]; known {
		return there
	}
	return strings.TrimSpace(p.facts[t.name]) != ""
}

// say fills a text's facts in one pass, so that braces inside a fact stay what they are. It is empty where the text has
// facts and all are empty. shared says that nothing of it is one person's.
func (p *page) say(text string) (said string, shared bool) {
	if !strings.Contains(text, "{") {
		return text, true
	}
	var b strings.Builder
	some := false
	shared = true
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
		} else if t, isOwn := strings.CutPrefix(name, "text."); isOwn {
			v = p.layout.say(t, p.words)
		} else {
			shared = shared && sharedFacts[name]
		}
		some = some || strings.TrimSpace(v) != ""
		b.WriteString(v)
		text = after
	}
	if !some {
		return "", false
	}
	return b.String(), shared
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

// oneLine makes one paragraph of a text.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }

func (p *page) style(name string) style { return p.layout.Styles[name] }

// mirror turns a box round for a page that is read from right to left.
func (p *page) mirror(r rect) rect {
	if p.words.rightToLeft() {
		r.X = p.layout.Page.W - r.X - r.W
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
func (p *page) put(b block, r rect, y float64, a align, c ink, at spill) {
	if b.cut {
		p.spills = append(p.spills, at)
	}
	p.tag(roleOf(at.name), "")
	defer p.untag()
	baseline := y + above*b.size*mmPerPoint
	for i, l := range b.lines {
		if i > 0 && b.lines[i-1].last { // another paragraph
			p.untag()
			p.tag(roleText, "")
		}
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

func (p *page) textBox(e *element, r rect) {
	text, shared := p.say(e.Text)
	if text == "" {
		return
	}
	st, r := p.style(e.Style), p.mirror(r)
	st.shared = shared
	b := p.text.set(text, st, r.W, r.H)
	p.put(b, r, top(r, b.height(), e.Valign), e.Align, p.ink(st.Color), e.spill(e.Text))
}

// part is one text of a stack.
type part struct {
	block block
	gap   float64
	style style
	name  string
}

// parts sets a stack's texts. Each may take what the others, at their smallest, leave.
func (p *page) parts(e *element, r rect) []part {
	texts, shared := make([]string, len(e.Items)), make([]bool, len(e.Items))
	for i, it := range e.Items {
		if p.all(it.when) {
			texts[i], shared[i] = p.say(it.Text)
		}
	}
	parts := make([]part, 0, len(e.Items))
	used := 0.0
	for i, it := range e.Items {
		if texts[i] == "" {
			continue
		}
		st, gap := p.style(it.Style), it.Gap
		st.shared = shared[i]
		if len(parts) == 0 {
			gap = 0
		} else if it.Most > 0 {
			st.Size = max(st.Min, min(st.Size, it.Most*parts[len(parts)-1].block.size))
		}
		later := 0.0
		for j := i + 1; j < len(e.Items); j++ {
			if texts[j] != "" {
				later += e.Items[j].Gap + max(p.style(e.Items[j].Style).Min, 3)*mmPerPoint
			}
		}
		b := p.text.set(oneLine(texts[i]), st, r.W, max(1, r.H-used-gap-later))
		parts = append(parts, part{b, gap, st, it.Text})
		used += gap + b.height()
	}
	return parts
}

// stack sets texts below each other.
func (p *page) stack(e *element, r rect) {
	r = p.mirror(r)
	parts, used := p.parts(e, r), 0.0
	for _, q := range parts {
		used += q.gap + q.block.height()
	}
	y := top(r, used, e.Valign)
	for _, q := range parts {
		y += q.gap
		p.put(q.block, r, y, e.Align, p.ink(q.style.Color), e.spill(q.name))
		y += q.block.height()
	}
}

// pill sets a short text on white.
func (p *page) pill(e *element, r rect) {
	text, shared := p.say(e.Text)
	if text == "" {
		return
	}
	const pad = 3.2
	st, r := p.style(e.Style), p.mirror(r)
	st.shared = shared
	b := p.text.set(oneLine(text), st, r.W-2*pad, r.H)
	if len(b.lines) == 0 {
		return
	}
	w := b.width() + 2*pad
	x := p.left(r, w, e.Align)
	p.on.fill(box(rect{x, r.Y, w, r.H}, e.Radius), p.ink(e.Color))
	// Capitals in the middle look right; the whole line would hang low.
	y := r.Y + r.H/2 - (above-0.365)*b.size*mmPerPoint
	p.put(b, rect{x, r.Y, w, r.H}, y, alignCenter, p.ink(st.Color), e.spill(e.Text))
}

// field is one column of a fields element.
type field struct {
	name   string // in the layout
	label  string
	value  string
	shared bool // the value is not one person's
	chip   bool
	ltr    bool
	want   float64 // mm
	width  float64
}

// labelGap stands between a label and its value, in mm.
const labelGap = 1.2

// chipSpace is what a colour chip takes before its value.
const chipSpace = 5.0

// fields sets labelled values beside each other.
func (p *page) fields(e *element, r rect) {
	label, value := p.style(e.Label), p.style(e.Value)
	fs, value := p.columns(e, label, value, r)
	x := r.X
	for i, f := range fs {
		col := p.mirror(rect{x, r.Y, f.width, r.H})
		if i > 0 && e.Rule != "" {
			p.on.fill(box(p.mirror(rect{x - e.Gap/2, r.Y, 0.2, r.H}), 0), p.ink(e.Rule))
		}
		label.shared = true
		lb := p.text.set(f.label, label, f.width, r.H)
		p.put(lb, col, col.Y, alignStart, p.ink(label.Color), e.spill(f.name))
		rest := rect{col.X, col.Y + lb.height() + labelGap, col.W, r.H - lb.height() - labelGap}
		if f.chip {
			rest = p.chip(rest, value)
		}
		st := value
		st.LTR, st.shared = f.ltr, f.shared
		vb := p.text.set(oneLine(f.value), st, rest.W, rest.H)
		p.put(vb, rest, top(rest, vb.height(), e.Valign), alignStart, p.ink(value.Color), e.spill(f.name))
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

// columns chooses the fields that have a value and shares the width. Where it is a little short all values are set smaller;
// where it is very short, who needs little gets it and the others share the rest.
func (p *page) columns(e *element, label, value style, r rect) ([]field, style) {
	fs := p.chosen(e)
	room := r.W - e.Gap*float64(len(fs)-1)
	total := p.want(fs, label, value)
	if short := room / total; short < 1 && short > leastShrink {
		value.Size = max(value.Min, value.Size*short*0.995)
		total = p.want(fs, label, value)
	}
	if total > room {
		share(fs, room)
		return fs, value
	}
	for i := range fs {
		fs[i].width = fs[i].want
		if e.Align == alignCenter { // spread over the whole width
			fs[i].width += (room - total) / float64(len(fs))
		}
	}
	return fs, value
}

// leastShrink is how much smaller all values of a row may become to stay on one line.
const leastShrink = 0.7

// chosen are the fields that have something to say.
func (p *page) chosen(e *element) []field {
	var fs []field
	for _, it := range e.Items {
		if !p.all(it.when) {
			continue
		}
		f := field{name: it.Value, chip: it.Chip && p.color != nil, ltr: it.LTR}
		f.label, _ = p.say(it.Label)
		f.value, f.shared = p.say(it.Value)
		if f.value != "" {
			fs = append(fs, f)
		}
	}
	return fs
}

// want measures what each field needs on one line and returns the sum.
func (p *page) want(fs []field, label, value style) float64 {
	total := 0.0
	for i := range fs {
		f := &fs[i]
		f.want = p.natural(f.value, value, f.shared)
		if f.chip {
			f.want += chipSpace
		}
		f.want = max(f.want, p.natural(f.label, label, true))
		total += f.want
	}
	return total
}

// share gives every field that needs no more than its part what it needs, and the others the same part of what is left.
func share(fs []field, room float64) {
	for open := len(fs); open > 0; {
		part, took := room/float64(open), false
		for i := range fs {
			if fs[i].width == 0 && fs[i].want <= part {
				fs[i].width = max(fs[i].want, 0.1)
				room -= fs[i].width
				open--
				took = true
			}
		}
		if took {
			continue
		}
		for i := range fs {
			if fs[i].width == 0 {
				fs[i].width = part
			}
		}
		return
	}
}

// natural is a text's width on one line at its wanted size, in mm.
func (p *page) natural(text string, st style, shared bool) float64 {
	if text == "" {
		return 0
	}
	dir := natural
	if st.LTR {
		dir = ltr
	}
	return p.text.shape(oneLine(text), st.Bold, dir, shared).width*st.Size/em*mmPerPoint + 0.05
}

// rule paints a line.
func (p *page) rule(e *element, r rect) {
	r, c := p.mirror(r), p.ink(e.Color)
	if e.Dash <= 0 {
		p.on.fill(box(r, e.Radius), c)
		return
	}
	p.on.fill(dashes(r, e.Dash), c)
}

// barcode paints the box white, so that nothing drawn before shows in the quiet zone, and the symbol in its middle.
func (p *page) barcode(e *element, r rect) {
	r = p.mirror(r)
	m, err := p.symbol.fit(r, e.Height)
	if err != nil {
		return // cannot be: layout.fits has tried
	}
	p.on.fill(box(r, 0), ink{255, 255, 255})
	p.on.barcode(r, p.symbol, m)
}

// payload prints the barcode's text in groups of four, found and copied as one.
func (p *page) payload(e *element, r rect) {
	st, r := p.style(e.Style), p.mirror(r)
	st.LTR = true
	const gap = 0.45 * em
	text := p.symbol.payload
	b := p.text.set(text, st, r.W*0.86, r.H)
	if len(b.lines) == 1 && !b.cut {
		l := b.lines[0].grouped(4, gap, text)
		if l.width*b.size/em*mmPerPoint > r.W {
			l = b.lines[0]
		}
		b.lines = []line{l}
	}
	p.put(b, r, top(r, b.height(), e.Valign), e.Align, p.ink(st.Color), e.spill(string(e.Kind)))
}

// watermark sets a word from corner to corner, as large as the box allows.
func (p *page) watermark(e *element, r rect) {
	text, shared := p.say(e.Text)
	st, r := p.style(e.Style), p.mirror(r)
	st.shared = shared
	b := p.text.set(text, st, 2000, 1000)
	if len(b.lines) == 0 {
		return
	}
	l := b.lines[0]
	l.actual = text // turned letters would be found one by one
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
func (p *page) band(e *element, r rect) {
	r = p.mirror(r)
	shape := box(r, e.Radius)
	if p.pic != nil {
		if p.pic.alpha != nil {
			p.on.fill(shape, p.accent)
		}
		p.tag(rolePicture, p.facts["title"])
		p.on.picture(r, shape, p.pic)
		p.untag()
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
	p.on.unclip()
}

// spill names an element that has no room for a text.
func (e *element) spill(name string) spill { return spill{e.line, name} }

// report logs what the reader will miss; nothing of the content.
func (p *page) report(ctx context.Context, log *slog.Logger, ticket string) {
	if len(p.spills) == 0 {
		return
	}
	cut := make([]string, len(p.spills))
	for i, s := range p.spills {
		cut[i] = s.name
	}
	log.WarnContext(ctx, "ticket text has no room", "ticket", ticket, "layout", p.layout.name, "elements", cut)
}
