package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// layoutReader checks a layout that has the right form, and keeps what drawing needs to know of it.
type layoutReader struct {
	*LayoutProblems
	l     *layout
	tree  *node
	words *locale
	marks bool // it says where a ticket is a specimen
}

// inside is where elements stand.
type inside struct {
	in    kind    // what holds them; empty is the page
	w, h  float64 // its room; 0 is not known before a page is drawn
	when  string  // the conditions of all that holds them
	every bool    // in a repeat over tickets
}

func (c *layoutReader) read() {
	l := c.l
	if p := l.Page.problem(); p != "" {
		c.add(c.tree.member("page").at(), "%s", p)
		return
	}
	if l.Per != perTicket && l.Per != perOrder {
		c.add(c.tree.member("per").at(), "\"per\" is %q or %q", perTicket, perOrder)
	}
	if l.Sheet != nil {
		if p := l.Sheet.problem(l.Page); p != "" {
			c.add(c.tree.member("sheet").at(), "%s", p)
		}
		if l.Per == perOrder {
			c.add(c.tree.member("sheet").at(), "only pages of single tickets are put on sheets")
		}
	}
	if len(l.About) > 200 || len(l.Version) > 40 {
		c.add(1, "\"about\" has at most 200 letters, \"version\" 40")
	}
	c.lines()
	c.looks()
	if len(l.Elements) == 0 {
		c.add(1, "the page is empty: \"elements\" lists what stands on it")
		return
	}
	c.children(l.Elements, inside{w: l.Page.W, h: l.Page.H})
	c.barcodes()
	if l.admits() && !c.marks {
		c.add(c.tree.member("elements").at(), "nothing shows {specimen}, {specimen.note} or {mark}: tickets of test institutions must be marked")
	}
}

// lines checks where the paper is folded and cut.
func (c *layoutReader) lines() {
	for name, list := range map[string][]float64{"folds": c.l.Folds, "cuts": c.l.Cuts} {
		for _, y := range list {
			if y <= 0 || (c.l.Page.H > 0 && y >= c.l.Page.H) || len(list) > 20 {
				c.add(c.tree.member(name).at(), "%q are at most 20 places on the page, in mm from its top", name)
			}
		}
	}
}

// looks checks colours, styles and strings.
func (c *layoutReader) looks() {
	for name, s := range c.l.Styles {
		line := c.tree.member("styles").member(name).at()
		switch {
		case s.Size <= 0 || s.Size > 200:
			c.add(line, "the style %q needs a size of up to 200 points", name)
		case s.Min != 0 && (s.Min < 3 || s.Min > s.Size):
			c.add(line, "the style %q: \"min\" is the smallest size, from 3 points to its size", name)
		case s.Leading != 0 && (s.Leading < 0.8 || s.Leading > 4), s.Columns > 6, s.Gutter < 0, s.Lines > 200:
			c.add(line, "the style %q: \"leading\" is 0.8 to 4, \"columns\" at most 6, \"lines\" at most 200", name)
		}
		c.color(line, s.Color)
	}
	for name, v := range c.l.Colors {
		if _, ok := parseInk(v); !ok {
			c.add(c.tree.member("colors").member(name).at(), "the color %q is written like \"#1A2B3C\", not %q", name, v)
		}
	}
	for name, s := range c.l.Strings {
		line := c.tree.member("strings").member(name).at()
		if s[fallbackLanguage] == "" {
			c.add(line, "the text %q needs at least English (\"en\"), which is printed for other languages", name)
		}
		for _, text := range s {
			if strings.ContainsAny(text, "{}") || len(text) > 4000 {
				c.add(line, "the text %q has no braces and at most 4000 letters", name)
			}
		}
	}
}

func (c *layoutReader) color(line int, name string) {
	if _, ok := c.l.Colors[name]; ok || name == "" || name == colorAccent || name == colorTint {
		return
	}
	c.add(line, "there is no color %q%s", name, meant(name, slices.Sorted(maps.Keys(c.l.Colors))))
}

func (c *layoutReader) style(line int, name string) {
	if _, ok := c.l.Styles[name]; ok {
		return
	}
	if name == "" {
		c.add(line, "a style is missing")
		return
	}
	c.add(line, "there is no style %q%s", name, meant(name, slices.Sorted(maps.Keys(c.l.Styles))))
}

// children checks what stands together somewhere.
func (c *layoutReader) children(es []element, at inside) {
	for i := range es {
		c.element(&es[i], at)
	}
	if at.in.flows() {
		return
	}
	for i := range es {
		for j := range i {
			c.overlap(&es[j], &es[i])
		}
	}
}

// overlap refuses two things in the same place, but for what is made to stand behind others.
func (c *layoutReader) overlap(under, over *element) {
	a, b := under.rect(), over.rect()
	const slack = 0.01
	if a.X >= b.X+b.W-slack || b.X >= a.X+a.W-slack || a.Y >= b.Y+b.H-slack || b.Y >= a.Y+a.H-slack {
		return
	}
	if a.H == 0 || b.H == 0 || never(under.If, over.If) {
		return
	}
	code := under.Kind == kindBarcode || over.Kind == kindBarcode
	paper := under.Kind == kindFill || under.Kind == kindBand || (under.Kind == kindImage && under.Back)
	switch {
	case code && over.Kind == kindBarcode && paper: // the barcode's own white covers it
	case code:
		other := over
		if over.Kind == kindBarcode {
			other = under
		}
		c.add(other.line, "the %s stands in the barcode's box: a barcode needs all of it, the white around it too", other.what())
	case under.background(), over.Kind == kindRule, over.Kind == kindWatermark:
	case over.background():
		c.add(over.line, "the %s covers the %s of line %d; list what stands behind first", over.what(), under.what(), under.line)
	default:
		c.add(over.line, "the %s overlaps the %s of line %d", over.what(), under.what(), under.line)
	}
}

// what names an element for who wrote it.
func (e *element) what() string {
	if e.Text != "" {
		return fmt.Sprintf("%s %q", e.Kind, e.Text)
	}
	return string(e.Kind)
}

// element checks one element and what stands in it.
func (c *layoutReader) element(e *element, at inside) {
	if !slices.Contains(kinds(), e.Kind) {
		var all []string
		for _, k := range kinds() {
			all = append(all, string(k))
		}
		c.add(e.line, "there is no kind %q%s (%s)", e.Kind, meant(string(e.Kind), all), strings.Join(all, ", "))
		return
	}
	w, h := c.room(e, at)
	for _, a := range []align{e.Align, e.Valign} {
		if !slices.Contains([]align{alignStart, alignCenter, alignEnd}, a) {
			c.add(e.line, "\"align\" and \"valign\" are %q or %q, or left out: the start", alignCenter, alignEnd)
		}
	}
	for _, name := range []string{e.Color, e.Rule, e.Border} {
		c.color(e.line, name)
	}
	if e.Gap < 0 || e.Pad < 0 || e.Radius < 0 || e.Line < 0 || e.Dash < 0 || e.Height < 0 || e.Cell < 0 {
		c.add(e.line, "a length cannot be negative")
	}
	if e.Dash > 0 && e.Dash < 0.2 {
		c.add(e.line, "strokes are at least 0.2 mm long")
	}
	c.members(e)
	c.facts(e)
	when := strings.TrimSpace(at.when + " " + e.If)
	switch {
	case e.Kind == kindBarcode:
		c.code(e, w, h, when, at.every)
	case e.Kind == kindRepeat:
		c.repeat(e, w, h, when, at)
	case e.Kind.holdsOthers():
		if len(e.Elements) == 0 {
			c.add(e.line, "the %s is empty: \"elements\" lists what stands in it", e.Kind)
		}
		c.children(e.Elements, inside{in: e.Kind, w: less(w, 2*e.Pad), h: less(h, 2*e.Pad), when: when, every: at.every})
		c.column(e, less(h, 2*e.Pad))
	}
}

// less takes away from a length that may not be known.
func less(v, by float64) float64 {
	if v == 0 {
		return 0
	}
	return max(0.001, v-by)
}

// room checks where an element stands and says how much room it has, as far as that is known.
func (c *layoutReader) room(e *element, at inside) (w, h float64) {
	if at.in.flows() {
		if e.Box != [4]float64{} {
			c.add(e.line, "in a %s things have no box, but may have a size: [width, height]", at.in)
		}
		if e.Size[0] < 0 || e.Size[1] < 0 || (at.w > 0 && e.Size[0] > at.w+0.01) || (at.h > 0 && e.Size[1] > at.h+0.01) {
			c.add(e.line, "the %s has no room for this size: it has %.1f by %.1f mm", at.in, at.w, at.h)
		}
		if w = e.Size[0]; w == 0 && at.in != kindRow {
			w = at.w
		}
		if h = e.Size[1]; h == 0 && at.in != kindColumn {
			h = at.h
		}
		if h == 0 && !e.Kind.knowsItsHeight() {
			c.add(e.line, "a %s in a %s needs a height: \"size\": [width, height]", e.Kind, at.in)
		}
		return w, h
	}
	if e.Size != [2]float64{} {
		c.add(e.line, "what stands on the page or in a block has a box, not a size")
	}
	b := e.rect()
	grows := e.Kind.holdsOthers() && at.h == 0 && b.H == 0
	if b.W <= 0 || (b.H <= 0 && !grows) {
		c.add(e.line, "a box is [left, top, width, height] in mm; width and height are above 0")
		return 0, 0
	}
	page := rect{0, 0, at.w, at.h}
	if at.h == 0 {
		page.H = maxRoll
	}
	if at.w == 0 {
		page.W = maxRoll
	}
	if !page.contains(b) {
		c.add(e.line, "the %s stands outside: the box ends at %.1f by %.1f mm, there are %.1f by %.1f", e.what(), b.X+b.W, b.Y+b.H, at.w, at.h)
	}
	return b.W, b.H
}

// members checks what a kind needs of an element's own members.
func (c *layoutReader) members(e *element) {
	switch e.Kind {
	case kindText, kindPill, kindPayload, kindWatermark:
		c.style(e.line, e.Style)
	case kindFields:
		c.style(e.line, e.Label)
		c.style(e.line, e.Value)
	case kindStack:
		for _, it := range e.Items {
			c.style(e.line, it.Style)
		}
	case kindImage:
		if _, ok := c.l.Images[e.Image]; !ok {
			c.add(e.line, "there is no image %q%s", e.Image, meant(e.Image, slices.Sorted(maps.Keys(c.l.Images))))
		}
		if e.Fit != "" && e.Fit != fitContain && e.Fit != fitCover {
			c.add(e.line, "\"fit\" is %q or %q", fitContain, fitCover)
		}
	default:
	}
	if e.Kind != kindStack && e.Kind != kindFields && len(e.Items) > 0 {
		c.add(e.line, "only a stack or fields has \"items\"")
	}
	if !e.Kind.holdsOthers() && len(e.Elements) > 0 {
		c.add(e.line, "only a block, column, row or repeat has \"elements\"")
	}
	if (e.Kind == kindStack || e.Kind == kindFields) && len(e.Items) == 0 {
		c.add(e.line, "the %s is empty: \"items\" lists what stands in it", e.Kind)
	}
}

// repeat checks what is drawn for each ticket or line.
func (c *layoutReader) repeat(e *element, w, h float64, when string, at inside) {
	switch {
	case e.Over != overTickets && e.Over != overLines:
		c.add(e.line, "\"over\" is %q or %q", overTickets, overLines)
		return
	case c.l.Per != perOrder:
		c.add(e.line, "only a page of a whole order repeats: \"per\": %q", perOrder)
		return
	case len(e.Elements) != 1:
		c.add(e.line, "a repeat draws one element for each: put several into a block, column or row")
		return
	case e.Columns > 12:
		c.add(e.line, "at most 12 stand beside each other")
		return
	case h > 0 && e.Cell == 0:
		c.add(e.line, "a repeat of a fixed height needs to know how high each one is: \"cell\"")
		return
	case h > 0 && e.capacity(h) < 1:
		c.add(e.line, "not even one of %.1f mm has room in %.1f mm", e.Cell, h)
		return
	}
	if h > 0 {
		if c.l.list != nil {
			c.add(e.line, "only one repeat of a page has a fixed height: it decides how many pages there are")
		}
		c.l.list, c.l.room = e, h
	}
	n := float64(max(1, e.Columns))
	c.children(e.Elements, inside{
		in: kindRepeat, w: less(w, 2*e.Pad+e.Gap*(n-1)) / n, h: e.Cell, when: when, every: at.every || e.Over == overTickets,
	})
}

// capacity is how many items have room in a height.
func (e *element) capacity(h float64) int {
	return int((h-2*e.Pad+e.Gap+0.01)/(e.Cell+e.Gap)) * max(1, e.Columns)
}

// column refuses one whose parts of a fixed height do not fit.
func (c *layoutReader) column(e *element, h float64) {
	if e.Kind != kindColumn || h == 0 {
		return
	}
	sum := 0.0
	for i := range e.Elements {
		if e.Elements[i].If == "" {
			sum += e.Elements[i].Size[1]
		}
		if i > 0 && e.Elements[i].If == "" {
			sum += e.Gap
		}
	}
	if sum > h+0.01 {
		c.add(e.line, "the parts of this column need %.1f mm, it has %.1f", sum, h)
	}
}

// code notes a barcode's room.
func (c *layoutReader) code(e *element, w, h float64, when string, every bool) {
	only := ""
	for _, t := range strings.Fields(when) {
		if t != onlyLinear && t != onlyMatrix {
			c.add(e.line, "a barcode is always printed: only \"linear\" and \"!linear\" may decide between two of them, not %q", t)
		}
		only = t
	}
	if w == 0 || h == 0 {
		c.add(e.line, "a barcode needs its own size: \"size\": [width, height]")
		return
	}
	if c.l.Per == perOrder && !every {
		c.add(e.line, "on a page of a whole order barcodes stand in a repeat over tickets")
		return
	}
	if e.Height <= 0 && only != onlyMatrix {
		c.add(e.line, "\"height\" is that of the bars of a linear barcode, in mm")
	}
	c.l.codes = append(c.l.codes, codeBox{w, h, e.Height, only, e.line})
}

// barcodes checks that every ticket has exactly one barcode.
func (c *layoutReader) barcodes() {
	if !c.l.admits() {
		if len(c.l.codes) > 0 {
			c.add(c.l.codes[0].line, "a page that does not admit has no barcode")
		}
		return
	}
	for _, form := range []string{onlyLinear, onlyMatrix} {
		n, last := 0, 0
		for _, b := range c.l.codes {
			if b.only == "" || b.only == form {
				n, last = n+1, b.line
			}
		}
		kind := "a linear barcode"
		if form == onlyMatrix {
			kind = "a two-dimensional barcode"
		}
		switch {
		case n == 0:
			c.add(1, "a ticket with %s would have none: add an element of kind \"barcode\" (or \"admits\": false for a page that opens no door)", kind)
		case n > 1:
			c.add(last, "a ticket with %s would have %d of them", kind, n)
		}
	}
}

// facts refuses facts and conditions that no page has.
func (c *layoutReader) facts(e *element) {
	texts, conditions := []string{e.Text}, []string{e.If}
	for _, it := range e.Items {
		texts = append(texts, it.Text, it.Label, it.Value)
		conditions = append(conditions, it.If)
	}
	for _, t := range texts {
		if strings.Count(t, "{") != strings.Count(t, "}") {
			c.add(e.line, "a brace is missing in %q", t)
		}
		for _, name := range names(t) {
			c.fact(e, name)
		}
	}
	for _, text := range conditions {
		for _, t := range condition(text) {
			known, kind := append(factNames(), conditionNames()...), "fact or condition"
			if t.values != nil {
				known, kind = valueNames(), "value to compare with"
			}
			if !slices.Contains(known, t.name) {
				c.add(e.line, "there is no %s %q%s", kind, t.name, meant(t.name, known))
			}
		}
	}
}

func (c *layoutReader) fact(e *element, name string) {
	if name == "specimen" || name == "specimen.note" || name == "mark" {
		c.marks = true
	}
	if w, ok := strings.CutPrefix(name, "word."); ok {
		if c.words.Words[w] == "" {
			c.add(e.line, "there is no word {%s}%s", name, meant(w, slices.Sorted(maps.Keys(c.words.Words))))
		}
		return
	}
	if s, ok := strings.CutPrefix(name, "text."); ok {
		if _, ok := c.l.Strings[s]; !ok {
			c.add(e.line, "there is no text %q in \"strings\"%s", s, meant(s, slices.Sorted(maps.Keys(c.l.Strings))))
		}
		return
	}
	if !slices.Contains(factNames(), name) {
		c.add(e.line, "there is no field {%s}%s", name, meant(name, factNames()))
	}
}
