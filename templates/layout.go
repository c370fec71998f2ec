package templates

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// layout is a ticket design: what stands where on a page. It is read from layouts/*.json and immutable.
//
// Boxes are [left, top, width, height] in millimetres and written for a language that runs from left to right; the page
// is mirrored for the others. Elements are drawn in the order they are listed.
type layout struct {
	Page     [2]float64        `json:"page"` // width and height
	Colors   map[string]string `json:"colors"`
	Styles   map[string]style  `json:"styles"`
	Elements []element         `json:"elements"`
}

// element is one thing of a page.
type element struct {
	Kind kind       `json:"kind"`
	Box  [4]float64 `json:"box"`
	// If lists what must be there for the element to be drawn, by spaces; "!name" must not be there.
	If string `json:"if"`
	// Text holds facts in braces: "{title}"; words of the language are "{word.row}". A text whose facts are all empty is
	// not printed.
	Text   string  `json:"text"`
	Style  string  `json:"style"`
	Align  align   `json:"align"`
	Valign align   `json:"valign"`
	Color  string  `json:"color"`
	Radius float64 `json:"radius"`
	Gap    float64 `json:"gap"`
	Items  []item  `json:"items"`
	// Label and Value are the styles of a fields element.
	Label string `json:"label"`
	Value string `json:"value"`
	// Rule is the colour of the lines between the columns of a fields element.
	Rule string `json:"rule"`
	// Dash makes a rule of short strokes of this length.
	Dash float64 `json:"dash"`
	// Height is that of a linear barcode's bars.
	Height float64 `json:"height"`
}

// item is a part of a stack (a text) or of a fields element (a label above a value).
type item struct {
	If    string  `json:"if"`
	Text  string  `json:"text"`
	Style string  `json:"style"`
	Gap   float64 `json:"gap"`  // above it
	Most  float64 `json:"most"` // largest size as a part of the size of the text above it; 0 is no bound
	Label string  `json:"label"`
	Value string  `json:"value"`
	Chip  bool    `json:"chip"` // the category's colour before the value
	LTR   bool    `json:"ltr"`
}

// kind is what an element does.
type kind string

const (
	kindFill      kind = "fill"      // a coloured box
	kindBand      kind = "band"      // the picture, or a drawn band where there is none
	kindPill      kind = "pill"      // a short text on a white pill as wide as it
	kindText      kind = "text"      // a text in a box
	kindStack     kind = "stack"     // texts below each other
	kindFields    kind = "fields"    // labelled values beside each other; empty ones make room
	kindRule      kind = "rule"      // a line: a box painted, or dashed
	kindBarcode   kind = "barcode"   // the barcode with its quiet zone
	kindPayload   kind = "payload"   // the barcode's text
	kindWatermark kind = "watermark" // one large word from corner to corner
)

// align is where in its box a text stands, along the reading direction or from top to bottom.
type align string

const (
	alignStart  align = ""
	alignCenter align = "center"
	alignEnd    align = "end"
)

// loadLayout reads and checks an embedded layout.
func loadLayout(file string, words *locale) (*layout, error) {
	b, err := assets.ReadFile(file)
	if err != nil {
		return nil, err
	}
	l, err := parseLayout(b, words)
	if err != nil {
		return nil, fmt.Errorf("layout %s: %w", file, err)
	}
	return l, nil
}

// parseLayout reads a layout and refuses names and boxes that make no sense, so that drawing one cannot fail.
func parseLayout(b []byte, words *locale) (*layout, error) {
	l := &layout{}
	if err := strict(b, l); err != nil {
		return nil, err
	}
	if l.Page[0] < 10 || l.Page[1] < 10 || l.Page[0] > 2000 || l.Page[1] > 2000 {
		return nil, fmt.Errorf("page %v", l.Page)
	}
	for name, s := range l.Styles {
		if s.Size <= 0 || s.Size > 200 || s.Min < 0 || (s.Min > 0 && s.Min < 3) {
			return nil, fmt.Errorf("style %s: size %v, min %v", name, s.Size, s.Min)
		}
		if err := l.knownColor(s.Color); err != nil {
			return nil, fmt.Errorf("style %s: %w", name, err)
		}
	}
	for name, c := range l.Colors {
		if _, ok := parseInk(c); !ok {
			return nil, fmt.Errorf("color %s: %q", name, c)
		}
	}
	for i := range l.Elements {
		if err := l.check(&l.Elements[i], words); err != nil {
			return nil, fmt.Errorf("element %d (%s): %w", i, l.Elements[i].Kind, err)
		}
	}
	if err := l.barcodes(); err != nil {
		return nil, err
	}
	return l, nil
}

// Colours every layout has: the page's own, made from the category's colour.
const (
	colorAccent = "accent"
	colorTint   = "tint"
)

func (l *layout) knownColor(name string) error {
	if _, ok := l.Colors[name]; ok || name == "" || name == colorAccent || name == colorTint {
		return nil
	}
	return fmt.Errorf("no color %q", name)
}

func (l *layout) knownStyle(name string) error {
	if _, ok := l.Styles[name]; !ok {
		return fmt.Errorf("no style %q", name)
	}
	return nil
}

func (l *layout) check(e *element, words *locale) error {
	kinds := []kind{
		kindFill, kindBand, kindPill, kindText, kindStack, kindFields, kindRule, kindBarcode, kindPayload, kindWatermark,
	}
	if !slices.Contains(kinds, e.Kind) {
		return errors.New("no such kind")
	}
	page := rect{0, 0, l.Page[0], l.Page[1]}
	if !page.contains(e.rect()) || e.Box[2] <= 0 || e.Box[3] <= 0 {
		return fmt.Errorf("box %v", e.Box)
	}
	for _, a := range []align{e.Align, e.Valign} {
		if !slices.Contains([]align{alignStart, alignCenter, alignEnd}, a) {
			return fmt.Errorf("no alignment %q", a)
		}
	}
	for _, c := range []string{e.Color, e.Rule} {
		if err := l.knownColor(c); err != nil {
			return err
		}
	}
	var styles []string
	switch e.Kind {
	case kindText, kindPill, kindPayload, kindWatermark:
		styles = append(styles, e.Style)
	case kindFields:
		styles = append(styles, e.Label, e.Value)
	case kindStack:
		for _, it := range e.Items {
			styles = append(styles, it.Style)
		}
	case kindFill, kindBand, kindRule, kindBarcode:
	}
	for _, s := range styles {
		if err := l.knownStyle(s); err != nil {
			return err
		}
	}
	return checkNames(e, words)
}

// checkNames refuses facts and conditions that no page has.
func checkNames(e *element, words *locale) error {
	texts, conditions := []string{e.Text}, []string{e.If}
	for _, it := range e.Items {
		texts = append(texts, it.Text, it.Label, it.Value)
		conditions = append(conditions, it.If)
	}
	known := append(factNames(), conditionNames()...)
	for _, t := range texts {
		for _, name := range names(t) {
			if w, ok := strings.CutPrefix(name, "word."); ok {
				if words.Words[w] == "" {
					return fmt.Errorf("no word %q", w)
				}
				continue
			}
			if !slices.Contains(factNames(), name) {
				return fmt.Errorf("no fact %q", name)
			}
		}
	}
	for _, c := range conditions {
		for _, name := range strings.Fields(c) {
			if !slices.Contains(known, strings.TrimPrefix(name, "!")) {
				return fmt.Errorf("no condition %q", name)
			}
		}
	}
	return nil
}

// Conditions of barcode elements: nothing else may decide whether a barcode is printed.
const (
	onlyLinear = "linear"
	onlyMatrix = "!linear"
)

// barcodes checks that every page has exactly one barcode.
func (l *layout) barcodes() error {
	for _, form := range []string{onlyLinear, onlyMatrix} {
		n := 0
		for i := range l.Elements {
			e := &l.Elements[i]
			if e.Kind != kindBarcode {
				continue
			}
			if e.If != "" && e.If != onlyLinear && e.If != onlyMatrix {
				return fmt.Errorf("a barcode depends on %q", e.If)
			}
			if e.If == "" || e.If == form {
				n++
			}
		}
		if n != 1 {
			return fmt.Errorf("%d barcodes for %q", n, form)
		}
	}
	return nil
}

// fits returns an error of CodeBarcode where a symbol is too large for the box the layout has for it.
func (l *layout) fits(s *symbol) error {
	form := onlyMatrix
	if s.linear {
		form = onlyLinear
	}
	for i := range l.Elements {
		e := &l.Elements[i]
		if e.Kind != kindBarcode || (e.If != "" && e.If != form) {
			continue
		}
		if _, err := s.fit(e.rect(), e.Height); err != nil {
			return err
		}
	}
	return nil
}

func (e *element) rect() rect { return rect{e.Box[0], e.Box[1], e.Box[2], e.Box[3]} }

// names lists the facts a text uses.
func names(text string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(text, "{")
		if !ok {
			return out
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return out
		}
		out = append(out, name)
		text = after
	}
}
