package templates

import "strconv"

// need is the height that an element takes at a width; shown is false where it has nothing to show.
func (p *page) need(e *element, w float64) (h float64, shown bool) {
	if !p.shows(e) {
		return 0, false
	}
	if e.Size[1] > 0 {
		return e.Size[1], true
	}
	inside := max(0, w-2*e.Pad)
	switch e.Kind {
	case kindText:
		text, shared := p.say(e.Text)
		st := p.style(e.Style)
		st.shared = shared
		h = p.text.set(text, st, w, maxRoll).height()
	case kindStack:
		h = p.stackHeight(e, w)
	case kindFields:
		h = p.fieldsHeight(e, w)
	case kindBlock:
		for i := range e.Elements {
			if c := &e.Elements[i]; p.shows(c) {
				h = max(h, c.Box[1]+c.Box[3])
			}
		}
	case kindColumn:
		for _, c := range p.shown(e, inside) {
			h += c.gap + c.h
		}
	case kindRow:
		for _, c := range p.beside(e, inside) {
			h = max(h, c.h)
		}
	case kindRepeat:
		h = p.repeatHeight(e, inside)
	default: // refused when the layout was read
	}
	return h + 2*e.Pad, true
}

// shows says that an element has something to show.
func (p *page) shows(e *element) bool {
	if !p.all(e.when) {
		return false
	}
	switch e.Kind {
	case kindText, kindPill, kindWatermark:
		text, _ := p.say(e.Text)
		return text != ""
	case kindStack:
		for _, it := range e.Items {
			if text, _ := p.say(it.Text); text != "" && p.all(it.when) {
				return true
			}
		}
		return false
	case kindFields:
		return len(p.chosen(e)) > 0
	case kindBlock, kindColumn, kindRow:
		for i := range e.Elements {
			if p.shows(&e.Elements[i]) {
				return true
			}
		}
		return false
	case kindRepeat:
		return len(p.list(e)) > 0
	default:
		return true
	}
}

func (p *page) stackHeight(e *element, w float64) float64 {
	h := 0.0
	for _, part := range p.parts(e, rect{0, 0, w, maxRoll}) {
		h += part.gap + part.block.height()
	}
	return h
}

func (p *page) fieldsHeight(e *element, w float64) float64 {
	label, value := p.style(e.Label), p.style(e.Value)
	fs, value := p.columns(e, label, value, rect{0, 0, w, maxRoll})
	label.shared = true
	h := 0.0
	for _, f := range fs {
		st := value
		st.LTR, st.shared = f.ltr, f.shared
		width := f.width
		if f.chip {
			width -= chipSpace
		}
		h = max(h, p.text.set(f.label, label, f.width, maxRoll).height()+labelGap+p.text.set(oneLine(f.value), st, width, maxRoll).height())
	}
	return h
}

// child is an element of a column or row with what it takes.
type child struct {
	e    *element
	w, h float64
	gap  float64 // before it
	room float64 // the least height it can do with
}

// shown are a column's elements that have something to show.
func (p *page) shown(e *element, w float64) []child {
	out := make([]child, 0, len(e.Elements))
	for i := range e.Elements {
		c := child{e: &e.Elements[i], w: w}
		if c.e.Size[0] > 0 {
			c.w = c.e.Size[0]
		}
		var ok bool
		if c.h, ok = p.need(c.e, c.w); !ok {
			continue
		}
		if len(out) > 0 {
			c.gap = e.Gap
		}
		c.room = c.h
		if c.e.Size[1] == 0 && (c.e.Kind == kindText || c.e.Kind == kindStack) {
			c.room = min(c.h, 4) // a small line
		}
		out = append(out, c)
	}
	return out
}

// column draws elements below each other. Where they need more than there is, texts are set smaller; barcodes and what else
// has a size of its own never are.
func (p *page) column(e *element, r rect) {
	list := p.shown(e, r.W)
	used, least := 0.0, 0.0
	for _, c := range list {
		used += c.gap + c.h
		least += c.gap + c.room
	}
	if least > r.H+0.01 {
		p.spills = append(p.spills, e.spill(string(e.Kind)))
	}
	y := r.Y
	if used < r.H {
		y = top(r, used, e.Valign)
	}
	spare := max(0, r.H-least) // to be shared by those that can shrink, first come first served
	for _, c := range list {
		y += c.gap
		h := min(c.h, c.room+spare)
		spare -= h - c.room
		x := r.X
		switch e.Align {
		case alignCenter:
			x += (r.W - c.w) / 2
		case alignEnd:
			x += r.W - c.w
		case alignStart:
		}
		p.element(c.e, rect{x, y, c.w, h})
		y += h
	}
}

// beside are a row's elements with their widths: those without one share what is left.
func (p *page) beside(e *element, w float64) []child {
	var out []child
	left, sharing := w, 0
	for i := range e.Elements {
		c := child{e: &e.Elements[i], w: e.Elements[i].Size[0]}
		if !p.shows(c.e) {
			continue
		}
		if len(out) > 0 {
			c.gap = e.Gap
		}
		if c.w == 0 {
			sharing++
		}
		left -= c.w + c.gap
		out = append(out, c)
	}
	for i := range out {
		c := &out[i]
		if c.w == 0 {
			c.w = max(1, left/float64(sharing))
		}
		c.h, _ = p.need(c.e, c.w)
	}
	return out
}

// row draws elements beside each other.
func (p *page) row(e *element, r rect) {
	x := r.X
	for _, c := range p.beside(e, r.W) {
		x += c.gap
		if x+c.w > r.X+r.W+0.01 {
			p.spills = append(p.spills, e.spill(string(e.Kind)))
		}
		h := r.H
		if c.e.Size[1] > 0 || (e.Valign != alignStart && c.h < r.H && c.h > 0) {
			h = min(c.h, r.H)
		}
		p.element(c.e, rect{x, top(r, h, e.Valign), c.w, h})
		x += c.w
	}
}

// paginate gives the page an order's tickets, and of its list those that stand on this part.
func (p *page) paginate(order []subject, lf leaf) {
	p.order = order
	p.facts.sum(p.words, order)
	e := p.layout.list
	if e == nil {
		return
	}
	all := order
	if e.Over == overLines {
		all = lines(p.words, order)
	}
	room := e.capacity(p.layout.room)
	p.items = all[min(len(all), lf.part*room):min(len(all), (lf.part+1)*room)]
	if lf.parts > 1 {
		p.facts["page"] = strconv.Itoa(lf.part+1) + " / " + strconv.Itoa(lf.parts)
	}
}

// list is what a repeat goes through on this page.
func (p *page) list(e *element) []subject {
	if e == p.layout.list {
		return p.items
	}
	if e.Over == overLines {
		return lines(p.words, p.order)
	}
	return p.order
}

// repeatHeight is what a repeat without a height of its own takes.
func (p *page) repeatHeight(e *element, w float64) float64 {
	_, rows := p.cells(e, w)
	h := 0.0
	for i, row := range rows {
		if i > 0 {
			h += e.Gap
		}
		h += row
	}
	return h
}

// cells are the width of a repeat's columns and the heights of its rows.
func (p *page) cells(e *element, w float64) (width float64, rows []float64) {
	n := max(1, e.Columns)
	width = (w - e.Gap*float64(n-1)) / float64(n)
	p.each(e, func(i int) {
		h := e.Cell
		if h == 0 {
			h, _ = p.need(&e.Elements[0], width)
		}
		if i%n == 0 {
			rows = append(rows, 0)
		}
		rows[i/n] = max(rows[i/n], h)
	})
	return width, rows
}

// each calls f with the page speaking about one item after the other.
func (p *page) each(e *element, f func(i int)) {
	before := p.subject
	for i, s := range p.list(e) {
		p.subject = s
		f(i)
	}
	p.subject = before
}

// repeat draws its element for each ticket or line.
func (p *page) repeat(e *element, r rect) {
	n := max(1, e.Columns)
	width, rows := p.cells(e, r.W)
	y := r.Y
	p.each(e, func(i int) {
		if i%n == 0 && i > 0 {
			y += rows[i/n-1] + e.Gap
		}
		if y+rows[i/n] > r.Y+r.H+0.05 {
			p.spills = append(p.spills, e.spill(string(e.Kind)))
		}
		if c := &e.Elements[0]; p.shows(c) {
			p.element(c, rect{r.X + float64(i%n)*(width+e.Gap), y, width, rows[i/n]})
		}
	})
}

// frame paints a box and a line around it, where they have colours.
func (p *page) frame(e *element, r rect) {
	r = p.mirror(r)
	if e.Color != "" || e.Kind == kindFill {
		p.on.fill(box(r, e.Radius), p.ink(e.Color))
	}
	if e.Border == "" || r.W <= 0 || r.H <= 0 {
		return
	}
	w := e.Line
	if w == 0 {
		w = hairline
	}
	w = min(w, r.W/2, r.H/2)
	inner := box(rect{r.X + w, r.Y + w, r.W - 2*w, r.H - 2*w}, max(0, e.Radius-w))
	p.on.fill(append(box(r, e.Radius), inner.reversed()...), p.ink(e.Border))
}

// reversed is the same shape drawn the other way round, so that it cuts a hole.
func (p path) reversed() path {
	out := make(path, 0, len(p))
	last := p[0].P[0]
	ends := make([]point, len(p))
	for i, s := range p {
		switch s.Verb {
		case moveTo, lineTo:
			last = s.P[0]
		case cubeTo:
			last = s.P[2]
		case closePath:
		}
		ends[i] = last
	}
	out = out.move(last.X, last.Y)
	for i := len(p) - 1; i > 0; i-- {
		to := ends[i-1]
		switch s := p[i]; s.Verb {
		case lineTo:
			out = out.line(to.X, to.Y)
		case cubeTo:
			out = out.cube(s.P[1], s.P[0], to)
		case moveTo, closePath:
		}
	}
	return out.close()
}

// image draws one of the layout's pictures; its text stands for it where it is not seen.
func (p *page) image(e *element, r rect) {
	pic := p.layout.images[e.Image]
	if pic == nil {
		return // cannot be: the layout was refused
	}
	r = p.mirror(r)
	said, _ := p.say(e.Text)
	if said == "" {
		said = e.Image
	}
	p.tag(rolePicture, said)
	defer p.untag()
	if e.Fit == fitCover {
		p.on.picture(r, box(r, e.Radius), pic)
		return
	}
	scale := min(r.W/float64(pic.w), r.H/float64(pic.h))
	w, h := float64(pic.w)*scale, float64(pic.h)*scale
	in := rect{p.left(r, w, e.Align), top(r, h, e.Valign), w, h}
	p.on.picture(in, box(in, e.Radius), pic)
}

// lines draws where the paper is folded and cut.
func (p *page) lines() {
	w := p.layout.Page.W
	for _, y := range p.layout.Folds {
		p.on.fill(append(box(rect{0, y - hairline/2, 4, hairline}, 0), box(rect{w - 4, y - hairline/2, 4, hairline}, 0)...), lineInk())
	}
	for _, y := range p.layout.Cuts {
		p.on.fill(dashes(rect{0, y - hairline/2, w, hairline}, 1.5), lineInk())
	}
}

// say is one of the layout's own strings in a language, its base, or English.
func (l *layout) say(name string, words *locale) string {
	all := l.Strings[name]
	for _, lang := range []string{words.tag, words.Base} {
		if t := all[lang]; t != "" {
			return t
		}
	}
	return all[fallbackLanguage]
}
