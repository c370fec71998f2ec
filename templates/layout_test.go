package templates

import (
	"strings"
	"testing"
)

// TestLayout_NothingStandsInTheBarcodesBox checks the design itself: whatever is printed together with a barcode leaves
// its box, quiet zone and all, alone.
func TestLayout_NothingStandsInTheBarcodesBox(t *testing.T) {
	t.Parallel()
	l := mustNew(t, Options{}).layout
	overlap := func(a, b rect) bool {
		return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
	}
	for i := range l.Elements {
		code := &l.Elements[i]
		if code.Kind != kindBarcode {
			continue
		}
		for j := range l.Elements {
			other := &l.Elements[j]
			apart := strings.TrimPrefix(code.If, "!") == strings.TrimPrefix(other.If, "!") && code.If != other.If
			if i == j || apart {
				continue
			}
			if overlap(code.rect(), other.rect()) {
				t.Errorf("element %d (%s %s) stands in the barcode's box", j, other.Kind, other.Text)
			}
		}
	}
}

func TestParseLayout_Nonsense_IsRefused(t *testing.T) {
	t.Parallel()
	words := mustLocales(t)["en"]
	const head = `{"page":[210,297],"colors":{"ink":"#000000"},"styles":{"s":{"size":10,"color":"ink"}},"elements":[{"kind":"barcode","box":[0,200,100,50]},`
	if _, err := parseLayout([]byte(head+`{"kind":"text","box":[0,0,10,10],"text":"{title} {word.row}","style":"s","if":"picture !seat"}]}`), words); err != nil {
		t.Fatalf("a good layout is refused: %v", err)
	}
	for name, s := range map[string]string{
		"not JSON":          `{`,
		"no page":           `{}`,
		"unknown member":    `{"page":[210,297],"paper":"a4"}`,
		"bad color":         `{"page":[210,297],"colors":{"ink":"black"}}`,
		"tiny type":         `{"page":[210,297],"styles":{"s":{"size":10,"min":1}}}`,
		"no size":           `{"page":[210,297],"styles":{"s":{}}}`,
		"style's color":     `{"page":[210,297],"styles":{"s":{"size":10,"color":"nope"}}}`,
		"unknown kind":      head + `{"kind":"video","box":[0,0,10,10]}]}`,
		"outside the page":  head + `{"kind":"fill","box":[200,0,20,10],"color":"ink"}]}`,
		"empty box":         head + `{"kind":"fill","box":[0,0,0,10],"color":"ink"}]}`,
		"unknown color":     head + `{"kind":"fill","box":[0,0,10,10],"color":"pink"}]}`,
		"unknown style":     head + `{"kind":"text","box":[0,0,10,10],"text":"{title}","style":"x"}]}`,
		"unknown fact":      head + `{"kind":"text","box":[0,0,10,10],"text":"{colour}","style":"s"}]}`,
		"unknown word":      head + `{"kind":"text","box":[0,0,10,10],"text":"{word.colour}","style":"s"}]}`,
		"unknown condition": head + `{"kind":"fill","box":[0,0,10,10],"if":"!colour"}]}`,
		"unknown alignment": head + `{"kind":"fill","box":[0,0,10,10],"align":"left"}]}`,
		"no barcode":        `{"page":[210,297]}`,
		"two barcodes":      head + `{"kind":"barcode","if":"linear","box":[0,0,100,50]}]}`,
		"a barcode if":      `{"page":[210,297],"elements":[{"kind":"barcode","if":"picture","box":[0,0,100,50]}]}`,
		"only linear":       `{"page":[210,297],"elements":[{"kind":"barcode","if":"linear","box":[0,0,100,50]}]}`,
		"item's fact":       head + `{"kind":"stack","box":[0,0,10,10],"items":[{"text":"{x}","style":"s"}]}]}`,
		"item's style":      head + `{"kind":"stack","box":[0,0,10,10],"items":[{"text":"{title}","style":"x"}]}]}`,
		"item's condition":  head + `{"kind":"fields","box":[0,0,10,10],"label":"s","value":"s","items":[{"if":"x"}]}]}`,
	} {
		if _, err := parseLayout([]byte(s), words); err == nil {
			t.Errorf("%s: is accepted", name)
		}
	}
}

func TestSay_BracesInAFact_StayWhatTheyAre(t *testing.T) {
	t.Parallel()
	p := page{words: mustLocales(t)["en"], facts: facts{"title": "{price} {", "price": "1"}}
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
