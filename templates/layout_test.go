package templates

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
)

func mustLayout(tb testing.TB, r *Renderer, name string) *layout {
	tb.Helper()
	l, err := r.layouts.Load().get(name)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// bare is a small good layout with more elements.
func bare(elements ...string) string {
	return `{
  "page": [210, 297],
  "colors": {"ink": "#000000"},
  "styles": {"s": {"size": 10, "min": 6, "color": "ink"}},
  "strings": {"hello": {"en": "Hello", "fr": "Bonjour"}},
  "elements": [
    {"kind": "barcode", "box": [0, 200, 100, 50], "height": 20},
    {"kind": "text", "box": [0, 190, 100, 5], "style": "s", "text": "{specimen}"}` + strings.Join(append([]string{""}, elements...), ",\n    ") + `
  ]
}`
}

// bareOrder is a small good layout of a whole order.
func bareOrder(elements ...string) string {
	return `{
  "page": [210, 297], "per": "order", "admits": false,
  "styles": {"s": {"size": 10, "min": 6}},
  "elements": [
    ` + strings.Join(elements, ",\n    ") + `
  ]
}`
}

func parse(t *testing.T, text string) (*layout, error) {
	t.Helper()
	return parseLayout([]byte(text), mustLocales(t)["en"], imagesOf(fstest.MapFS{
		"logo.png": {Data: encodePNG(t, disk(40))}, "note.txt": {Data: []byte("hello")},
		"wide.png": {Data: bomb(t)},
	}))
}

// bomb is a picture that says to be huge.
func bomb(t *testing.T) []byte {
	t.Helper()
	b := encodePNG(t, disk(8))
	copy(b[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65,536 by 65,536
	sum := crc32.ChecksumIEEE(b[12:29])
	binary.BigEndian.PutUint32(b[29:], sum)
	return b
}

func TestParseLayout_GoodOnes_AreTaken(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]string{
		"nothing more": bare(),
		"facts":        bare(`{"kind": "text", "box": [0, 0, 10, 10], "text": "{title} {word.row} {text.hello}", "style": "s", "if": "picture !seat kind=pass,event"}`),
		"accents":      bare(`{"kind": "fill", "box": [0, 0, 10, 10], "color": "tint", "border": "accent", "line": 0.5}`),
		"either or": bare(`{"kind": "text", "box": [0, 0, 10, 10], "text": "{title}", "style": "s", "if": "seat"}`,
			`{"kind": "text", "box": [0, 0, 10, 10], "text": "{admission}", "style": "s", "if": "!seat"}`),
		"kinds apart": bare(`{"kind": "text", "box": [0, 0, 10, 10], "text": "{title}", "style": "s", "if": "kind=pass"}`,
			`{"kind": "text", "box": [0, 0, 10, 10], "text": "{admission}", "style": "s", "if": "kind=event,service"}`),
		"text on a fill":  bare(`{"kind": "fill", "box": [0, 0, 50, 10], "color": "tint"}`, `{"kind": "text", "box": [0, 0, 10, 10], "text": "{title}", "style": "s"}`),
		"column":          bare(`{"kind": "column", "box": [0, 0, 50, 90], "gap": 2, "elements": [{"kind": "text", "text": "{title}", "style": "s"}, {"kind": "row", "elements": [{"kind": "text", "text": "{seat}", "style": "s"}, {"kind": "fill", "size": [3, 3], "color": "ink"}]}]}`),
		"a block's boxes": bare(`{"kind": "block", "box": [100, 100, 50, 50], "elements": [{"kind": "text", "box": [0, 0, 50, 50], "text": "{title}", "style": "s"}]}`),
		"a repeat":        bareOrder(`{"kind": "repeat", "over": "lines", "box": [0, 0, 100, 100], "cell": 10, "elements": [{"kind": "text", "text": "{line.title}", "style": "s"}]}`),
	} {
		if _, err := parse(t, s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseLayout_BadOnes_AreRefusedWithLineAndReason(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"not JSON":          {"{\n\"page\": [210, 297],\n nonsense", ":3: this is not JSON"},
		"cut off":           {"{\n\"page\": [210, 297],\n", ":3: the file ends too early"},
		"two values":        {bare() + "{}", "something stands after"},
		"twice":             {"{\n\"page\": \"a4\",\n\"page\": \"a4\"}", `:3: "page" stands twice`},
		"too deep":          {strings.Repeat(`{"elements":[`, 40), "nested too deeply"},
		"no page":           {`{}`, "a page is 10 to 2000 mm"},
		"unknown page":      {`{"page": "a44"}`, `no page "a44"`},
		"unknown member":    {"{\n\"page\": \"a4\",\n\"colours\": {}}", `:3: a layout has no "colours"; is "colors" meant?`},
		"wrong kind":        {bare(`{"kind": "fill", "box": "here"}`), `:9: "box" is written in brackets`},
		"three numbers":     {bare(`{"kind": "fill", "box": [1, 2, 3]}`), `:9: "box" has 4 numbers, not 3`},
		"a text of numbers": {bare(`{"kind": "text", "text": 7}`), `:9: "text" is a text in quotes`},
		"bad color":         {"{\"page\": \"a4\",\n\"colors\": {\n\"ink\": \"black\"}}", `:3: the color "ink" is written like`},
		"tiny type":         {`{"page": "a4", "styles": {"s": {"size": 10, "min": 1}}}`, "smallest size"},
		"no size":           {`{"page": "a4", "styles": {"s": {}}}`, "needs a size"},
		"style's color":     {`{"page": "a4", "styles": {"s": {"size": 10, "color": "nope"}}}`, `no color "nope"`},
		"string without en": {`{"page": "a4", "strings": {"s": {"fr": "x"}}}`, "needs at least English"},
		"empty":             {`{"page": "a4"}`, "the page is empty"},
		"unknown kind":      {bare(`{"kind": "txt", "box": [0, 0, 10, 10]}`), `:9: there is no kind "txt"; is "text" meant?`},
		"outside the page":  {bare(`{"kind": "fill", "box": [200, 0, 20, 10], "color": "ink"}`), ":9: the fill stands outside"},
		"empty box":         {bare(`{"kind": "fill", "box": [0, 0, 0, 10], "color": "ink"}`), ":9: a box is [left, top, width, height]"},
		"unknown color":     {bare(`{"kind": "fill", "box": [0, 0, 10, 10], "color": "inc"}`), `:9: there is no color "inc"; is "ink" meant?`},
		"unknown style":     {bare(`{"kind": "text", "box": [0, 0, 10, 10], "text": "{title}", "style": "x"}`), `:9: there is no style "x"`},
		"unknown fact":      {bare(`{"kind": "text", "box": [0, 0, 10, 10], "text": "{titel}", "style": "s"}`), `:9: there is no field {titel}; is "t`},
		"unknown word":      {bare(`{"kind": "text", "box": [0, 0, 10, 10], "text": "{word.colour}", "style": "s"}`), ":9: there is no word {word.colour}"},
		"unknown string":    {bare(`{"kind": "text", "box": [0, 0, 10, 10], "text": "{text.helo}", "style": "s"}`), `:9: there is no text "helo" in "strings"; is "hello" meant?`},
		"open brace":        {bare(`{"kind": "text", "box": [0, 0, 10, 10], "text": "{title", "style": "s"}`), ":9: a brace is missing"},
		"unknown condition": {bare(`{"kind": "fill", "box": [0, 0, 10, 10], "if": "!colour"}`), `:9: there is no fact or condition "colour"`},
		"unknown value":     {bare(`{"kind": "fill", "box": [0, 0, 10, 10], "if": "title=x"}`), ":9: there is no value to compare with"},
		"unknown alignment": {bare(`{"kind": "fill", "box": [0, 0, 10, 10], "align": "left"}`), ":9: \"align\""},
		"negative":          {bare(`{"kind": "fill", "box": [0, 0, 10, 10], "radius": -1}`), ":9: a length cannot be negative"},
		"overlap": {
			bare(`{"kind": "text", "box": [0, 0, 10, 10], "text": "{title}", "style": "s"}`, `{"kind": "text", "box": [5, 5, 10, 10], "text": "{row}", "style": "s"}`),
			`:10: the text "{row}" overlaps the text "{title}" of line 9`,
		},
		"covered":               {bare(`{"kind": "text", "box": [0, 0, 10, 10], "text": "{title}", "style": "s"}`, `{"kind": "fill", "box": [5, 5, 10, 10]}`), ":10: the fill covers"},
		"on the barcode":        {bare(`{"kind": "text", "box": [90, 240, 20, 5], "text": "{row}", "style": "s"}`), ":9: the text \"{row}\" stands in the barcode's box"},
		"no barcode":            {`{"page": "a4", "elements": [{"kind": "fill", "box": [0, 0, 10, 10]}]}`, "would have none"},
		"two barcodes":          {bare(`{"kind": "barcode", "if": "linear", "box": [0, 0, 100, 50], "height": 9}`), ":9: a ticket with a linear barcode would have 2"},
		"a barcode if":          {bare(`{"kind": "barcode", "if": "picture", "box": [0, 0, 100, 50], "height": 9}`), ":9: a barcode is always printed"},
		"no bars":               {bare(`{"kind": "barcode", "box": [0, 0, 100, 50]}`), `:9: "height" is that of the bars`},
		"barcode in a row":      {bare(`{"kind": "row", "box": [0, 0, 50, 50], "elements": [{"kind": "barcode", "height": 9}]}`), ":9: a barcode needs its own size"},
		"unmarked":              {`{"page": "a4", "elements": [{"kind": "barcode", "box": [0, 0, 99, 50], "height": 9}]}`, "tickets of test institutions must be marked"},
		"a receipt's barcode":   {`{"page": "a4", "admits": false, "elements": [{"kind": "barcode", "box": [0, 0, 99, 50], "height": 9}]}`, "does not admit"},
		"item's fact":           {bare(`{"kind": "stack", "box": [0, 0, 10, 10], "items": [{"text": "{x}", "style": "s"}]}`), ":9: there is no field {x}"},
		"item's style":          {bare(`{"kind": "stack", "box": [0, 0, 10, 10], "items": [{"text": "{title}", "style": "x"}]}`), `:9: there is no style "x"`},
		"item's condition":      {bare(`{"kind": "fields", "box": [0, 0, 10, 10], "label": "s", "value": "s", "items": [{"if": "x"}]}`), ":9: there is no fact or condition"},
		"empty stack":           {bare(`{"kind": "stack", "box": [0, 0, 10, 10]}`), ":9: the stack is empty"},
		"empty block":           {bare(`{"kind": "block", "box": [0, 0, 10, 10]}`), ":9: the block is empty"},
		"a box in a column":     {bare(`{"kind": "column", "box": [0, 0, 50, 50], "elements": [{"kind": "fill", "box": [0, 0, 5, 5]}]}`), ":9: in a column things have no box"},
		"a size on the page":    {bare(`{"kind": "fill", "size": [5, 5]}`), ":9: what stands on the page or in a block has a box"},
		"no height in a column": {bare(`{"kind": "column", "box": [0, 0, 50, 50], "elements": [{"kind": "fill"}]}`), ":9: a fill in a column needs a height"},
		"full column":           {bare(`{"kind": "column", "box": [0, 0, 50, 50], "elements": [{"kind": "fill", "size": [5, 30]}, {"kind": "fill", "size": [5, 30]}]}`), ":9: the parts of this column need 60.0 mm, it has 50.0"},
		"too large in a column": {bare(`{"kind": "column", "box": [0, 0, 50, 50], "elements": [{"kind": "fill", "size": [70, 3]}]}`), ":9: the column has no room for this size"},
		"a repeat of a ticket":  {bare(`{"kind": "repeat", "over": "lines", "box": [0, 0, 50, 50], "cell": 5, "elements": [{"kind": "text", "text": "x", "style": "s"}]}`), ":9: only a page of a whole order repeats"},
		"a repeat's height":     {bareOrder(`{"kind": "repeat", "over": "lines", "box": [0, 0, 100, 100], "elements": [{"kind": "text", "text": "x", "style": "s"}]}`), "needs to know how high each one is"},
		"a repeat of two":       {bareOrder(`{"kind": "repeat", "over": "lines", "box": [0, 0, 100, 100], "cell": 9, "elements": []}`), "a repeat draws one element for each"},
		"a repeat over what":    {bareOrder(`{"kind": "repeat", "over": "seats", "box": [0, 0, 100, 100]}`), `"over" is "tickets" or "lines"`},
		"unknown image":         {bare(`{"kind": "image", "box": [0, 0, 10, 10], "image": "logo"}`), `:9: there is no image "logo"`},
		"remote image":          {`{"page": "a4", "images": {"logo": "https://example.org/logo.png"}}`, "nothing is fetched from the network"},
		"climbing image":        {`{"page": "a4", "images": {"logo": "../logo.png"}}`, "leaves the layout's folder"},
		"absolute image":        {`{"page": "a4", "images": {"logo": "/etc/passwd"}}`, "leaves the layout's folder"},
		"another system's path": {`{"page": "a4", "images": {"logo": "..\\logo.png"}}`, "leaves the layout's folder"},
		"absent image":          {`{"page": "a4", "images": {"logo": "none.png"}}`, "file does not exist"},
		"no picture":            {`{"page": "a4", "images": {"logo": "note.txt"}}`, "only PNG and JPEG"},
		"image bomb":            {`{"page": "a4", "images": {"logo": "wide.png"}}`, "million points"},
		"bad data":              {`{"page": "a4", "images": {"logo": "data:image/png;base64,#"}}`, "not base64"},
		"other data":            {`{"page": "a4", "images": {"logo": "data:text/html,x"}}`, "is written"},
		"full sheet":            {`{"page": "a4", "sheet": {"page": "a4", "columns": 2, "rows": 2}}`, "2 by 2 pages need 420.0 by 594.0 mm"},
		"fold off the page":     {`{"page": "a4", "folds": [400]}`, "in mm from its top"},
	} {
		_, err := parse(t, c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got\n%v\nwant %s", name, err, c.want)
		}
	}
}

func TestParseLayout_ManyProblems_AreAllTold(t *testing.T) {
	t.Parallel()
	_, err := parse(t, bare(`{"kind": "fill", "box": [0, 0, 10, 10], "color": "x"}`, `{"kind": "fill", "box": [20, 0, 10, 10], "color": "y"}`))
	var ps LayoutProblems
	if !errors.As(err, &ps) || len(ps) != 2 || ps[0].Line != 9 || ps[1].Line != 10 {
		t.Errorf("got %v", err)
	}
}

func TestShippedLayouts_HaveEveryFormat(t *testing.T) {
	t.Parallel()
	var got []string
	for _, l := range mustNew(t, Options{}).Layouts() {
		got = append(got, l.Name)
		if l.About == "" || l.Digest == "" || !l.Shipped {
			t.Errorf("%+v", l)
		}
	}
	if diff := cmp.Diff(shippedNames(), got); diff != "" {
		t.Error(diff)
	}
}

// FuzzParseLayout reads what designers may write.
func FuzzParseLayout(f *testing.F) {
	for _, name := range shippedNames() {
		f.Add(mustRead(f, "layouts/"+name+".json"))
	}
	f.Add([]byte(bare()))
	f.Add([]byte(bareOrder(`{"kind": "repeat", "over": "lines", "box": [0, 0, 100, 100], "cell": 10, "elements": [{"kind": "text", "text": "{line.title}", "style": "s"}]}`)))
	r := mustNew(f, Options{})
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := parseLayout(b, r.locales["en"], imagesOf(nil))
		if err != nil {
			return
		}
		// What is taken can be drawn.
		l.name = "fuzz"
		d := museum(t)
		d.Pages[0].Layout = "fuzz"
		var out bytes.Buffer
		if err := r.with(l).PDF(t.Context(), &out, d); err != nil && domain.AsError(err).Code != CodeBarcode {
			t.Error(err)
		}
	})
}

func TestSay_BracesInAFact_StayWhatTheyAre(t *testing.T) {
	t.Parallel()
	p := page{words: mustLocales(t)["en"], subject: subject{facts: facts{"title": "{price} {", "price": "1"}}}
	if got, shared := p.say("a {title} {price}"); got != "a {price} { 1" || !shared {
		t.Errorf("got %q, shared %v", got, shared)
	}
	if got, shared := p.say("Dear {holder}"); got != "" || shared {
		t.Errorf("a text without facts gives %q, shared %v", got, shared)
	}
}

func TestSharedFacts_AreFactsAndNeverPersonal(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, n := range factNames() {
		known[n] = true
	}
	for n := range sharedFacts {
		if !known[n] {
			t.Errorf("%s is no fact", n)
		}
	}
	for _, n := range []string{"holder", "holder.or.buyer", "buyer", "order", "reference", "file", "barcode", "seat", "row"} {
		if sharedFacts[n] {
			t.Errorf("%s is kept for other documents", n)
		}
	}
}
