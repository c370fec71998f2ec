package templates

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// layout is a ticket design: what stands where on a page. It is read from a JSON file, checked, and immutable.
//
// Boxes are [left, top, width, height] in millimetres and written for a language that runs from left to right; the page
// is mirrored for the others. Elements are drawn in the order they are listed.
type layout struct {
	Schema  string `json:"$schema"` // for editors
	About   string `json:"about"`
	Version string `json:"version"` // the designer's own word for it
	Page    paper  `json:"page"`
	// Per says what one page is for: each ticket, or all tickets of the order.
	Per per `json:"per"`
	// Admits is false for a page that opens no door and has no barcode, such as a receipt. Nil is true.
	Admits *bool  `json:"admits"`
	Sheet  *sheet `json:"sheet"`
	// Folds and Cuts are where the paper is folded or cut, in mm from the top.
	Folds    []float64                    `json:"folds"`
	Cuts     []float64                    `json:"cuts"`
	Colors   map[string]string            `json:"colors"`
	Styles   map[string]style             `json:"styles"`
	Images   map[string]string            `json:"images"`  // a file below the layout's folder, or a picture as a data: address
	Strings  map[string]map[string]string `json:"strings"` // by name and language
	Elements []element                    `json:"elements"`

	name        string
	shipped     bool
	stringLines map[string]int
	digest      string // of all that decides its look
	images      map[string]*picture
	codes       []codeBox
	list        *element // the repeat whose items decide how many pages there are; nil where one page is enough
	room        float64  // its height
}

// per is what one page is for.
type per string

const (
	perTicket per = "ticket"
	perOrder  per = "order"
)

// admits says that a page is a ticket, with a barcode.
func (l *layout) admits() bool { return l.Admits == nil || *l.Admits }

// codeBox is the room that a barcode has.
type codeBox struct {
	w, h   float64
	height float64 // of a linear one's bars
	only   string  // onlyLinear, onlyMatrix, or empty for both
	line   int
}

// element is one thing of a page. One that stands in a page or block has a Box; one in a column, row or repeat has a Size
// or takes the room it needs.
type element struct {
	Kind kind       `json:"kind"`
	Box  [4]float64 `json:"box"`
	Size [2]float64 `json:"size"` // width and height; 0 is what is there or needed
	// If lists what must hold for the element to be drawn, by spaces; see condition.
	If string `json:"if"`
	// Text holds facts in braces: "{title}"; words of the language are "{word.row}", the layout's own strings
	// "{text.welcome}". A text whose facts are all empty is not printed.
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
	// Elements stand inside a block, column, row or repeat. Pad is the space around them, Border and Line the colour and
	// width of a line around it.
	Elements []element `json:"elements"`
	Pad      float64   `json:"pad"`
	Border   string    `json:"border"`
	Line     float64   `json:"line"`
	// Image is the name of one of the layout's images, Fit how it takes its box. Back says that others may stand on it.
	Image string `json:"image"`
	Fit   fit    `json:"fit"`
	Back  bool   `json:"back"`
	// Over is what a repeat goes through, Columns how many stand beside each other, Cell how high each is.
	Over    over    `json:"over"`
	Columns int     `json:"columns"`
	Cell    float64 `json:"cell"`

	line int // in the file
	when []term
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

	when []term
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
	kindImage     kind = "image"     // one of the layout's pictures
	kindBarcode   kind = "barcode"   // the barcode with its quiet zone
	kindPayload   kind = "payload"   // the barcode's text
	kindWatermark kind = "watermark" // one large word from corner to corner
	kindBlock     kind = "block"     // elements whose boxes count from its corner
	kindColumn    kind = "column"    // elements below each other, each as high as it needs
	kindRow       kind = "row"       // elements beside each other
	kindRepeat    kind = "repeat"    // one element for each ticket or line of the order
)

// kinds lists them all.
func kinds() []kind {
	return []kind{
		kindFill, kindBand, kindPill, kindText, kindStack, kindFields, kindRule, kindImage, kindBarcode, kindPayload, kindWatermark,
		kindBlock, kindColumn, kindRow, kindRepeat,
	}
}

// holdsOthers says that elements stand inside this kind.
func (k kind) holdsOthers() bool {
	return k == kindBlock || k == kindColumn || k == kindRow || k == kindRepeat
}

// flows says that what stands inside has no boxes of its own.
func (k kind) flows() bool { return k == kindColumn || k == kindRow || k == kindRepeat }

// knowsItsHeight says that the kind can tell how high it has to be.
func (k kind) knowsItsHeight() bool {
	return k == kindText || k == kindStack || k == kindFields || k.holdsOthers()
}

// background says that other things may stand on this one.
func (e *element) background() bool {
	return e.Kind == kindFill || e.Kind == kindBand || e.Kind == kindRule || e.Kind == kindWatermark || (e.Kind == kindImage && e.Back)
}

// fit is how a picture takes its box.
type fit string

const (
	fitContain fit = "contain" // the whole picture
	fitCover   fit = "cover"   // the whole box
)

// over is what a repeat goes through.
type over string

const (
	overTickets over = "tickets" // each with its own facts and barcode
	overLines   over = "lines"   // tickets that are alike, counted
)

// align is where in its box a text stands, along the reading direction or from top to bottom.
type align string

const (
	alignStart  align = ""
	alignCenter align = "center"
	alignEnd    align = "end"
)

// parseLayout reads a layout and refuses names and boxes that make no sense, so that drawing one cannot fail. An error is
// LayoutProblems.
func parseLayout(b []byte, words *locale, load imageLoader) (*layout, error) {
	tree, err := readTree(b)
	if err != nil {
		return nil, err
	}
	var ps LayoutProblems
	conform(tree, reflect.TypeFor[layout](), "a layout", &ps)
	if err := ps.err(); err != nil {
		return nil, err
	}
	l := &layout{Per: perTicket}
	if err := strict(b, l); err != nil {
		return nil, LayoutProblems{{Line: max(1, tree.member("page").at()), Reason: err.Error()}}
	}
	mark(l.Elements, tree.member("elements"))
	c := &layoutReader{l: l, tree: tree, words: words, LayoutProblems: &ps}
	c.read()
	l.stringLines = make(map[string]int, len(l.Strings))
	for name := range l.Strings {
		l.stringLines[name] = tree.member("strings").member(name).at()
	}
	l.loadImages(tree.member("images"), load, &ps)
	if err := ps.err(); err != nil {
		return nil, err
	}
	return l, l.sign(load)
}

// mark tells elements their lines and reads their conditions.
func mark(es []element, n *node) {
	for i := range es {
		e, at := &es[i], n.item(i)
		e.line, e.when = at.at(), condition(e.If)
		for j := range e.Items {
			e.Items[j].when = condition(e.Items[j].If)
		}
		mark(e.Elements, at.member("elements"))
	}
}

// sign computes the digest: it changes with everything that decides the look, the pictures' content included, and not with
// the file's spelling.
func (l *layout) sign(load imageLoader) error {
	bare := *l
	bare.Schema, bare.Images = "", make(map[string]string, len(l.Images))
	for name, source := range l.Images {
		b, err := load(source)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		bare.Images[name] = hex.EncodeToString(sum[:])
	}
	b, err := json.Marshal(&bare)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	l.digest = hex.EncodeToString(sum[:16])
	return nil
}

// Colours every layout has: the page's own, made from the category's colour.
const (
	colorAccent = "accent"
	colorTint   = "tint"
)

// Conditions of barcode elements: nothing else may decide whether a barcode is printed.
const (
	onlyLinear = "linear"
	onlyMatrix = "!linear"
)

// fits returns an error of CodeBarcode where a symbol is too large for the box the layout has for it.
func (l *layout) fits(s *symbol) error {
	form := onlyMatrix
	if s.wide() {
		form = onlyLinear
	}
	for _, c := range l.codes {
		if c.only != "" && c.only != form {
			continue
		}
		if _, err := s.fit(rect{0, 0, c.w, c.h}, c.height); err != nil {
			return err
		}
	}
	return nil
}

func (e *element) rect() rect { return rect{e.Box[0], e.Box[1], e.Box[2], e.Box[3]} }

// inner is what is left of a box inside the padding.
func (e *element) inner(r rect) rect {
	return rect{r.X + e.Pad, r.Y + e.Pad, max(0, r.W-2*e.Pad), max(0, r.H-2*e.Pad)}
}

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

// term is one word of a condition: a fact that is there or not, or a value that is one of some or not.
type term struct {
	name   string
	not    bool
	values []string // nil: whether it is there
}

// condition reads what must hold, all of it: "seat !holder kind=pass,membership".
func condition(text string) []term {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return nil
	}
	out := make([]term, len(fields))
	for i, f := range fields {
		t := &out[i]
		f, t.not = strings.CutPrefix(f, "!")
		name, values, ok := strings.Cut(f, "=")
		if t.name = name; ok {
			t.values = strings.Split(values, ",")
		}
	}
	return out
}

// never says that two conditions cannot hold together.
func never(a, b string) bool {
	for _, x := range condition(a) {
		for _, y := range condition(b) {
			if x.name != y.name || (x.values == nil) != (y.values == nil) {
				continue
			}
			if x.values == nil && x.not != y.not {
				return true
			}
			both := slices.ContainsFunc(x.values, func(v string) bool { return slices.Contains(y.values, v) })
			if x.values != nil && !x.not && !y.not && !both {
				return true
			}
		}
	}
	return false
}
