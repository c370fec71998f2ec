package secutix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"guichet/domain/quota"
	"guichet/domain/sales"
	"guichet/secutix/s360"
)

// Keeper keeps what was asked and answered for an order: so many bytes, which the exchange is made of when it is written, so
// that no buyer waits for it. It must be quick and safe for concurrent use.
type Keeper interface {
	Keep(size int, exchange func() quota.Exchange)
}

// maxKept bounds a body that is kept, before packing.
const maxKept = 256 << 10

// personKey is where the context carries the texts that say who an order is for.
type personKey struct{}

// forOrder returns a context whose calls are made for the order, in the time that it was claimed for, and kept without what says
// who it is for.
func forOrder(ctx context.Context, o sales.Order) context.Context {
	ctx = context.WithValue(ctx, claimKey{}, o.AskedUntil)
	return context.WithValue(quota.ForOrder(ctx, string(o.ID)), personKey{}, privateOf(o))
}

// private is what must not be kept of an order.
type private struct {
	person   []string // who it is for
	barcodes []string // what admits somebody
}

func privateOf(o sales.Order) private {
	p := private{person: []string{o.Buyer.Email, o.Buyer.FirstName, o.Buyer.LastName, o.PurchaserContact}}
	for _, l := range o.Lines {
		for _, pl := range l.Places {
			p.person = append(p.person, pl.Holder)
		}
	}
	for _, t := range o.Tickets {
		p.barcodes = append(p.barcodes, string(t.Barcode))
		for _, f := range t.Former {
			p.barcodes = append(p.barcodes, string(f.Barcode))
		}
	}
	return p
}

// tape hands what an order's calls asked and were answered to the keeper, from where it comes without secrets and personal
// data.
func (in *Institutions) tape(keeper Keeper, s Settings) func(context.Context, s360.Exchange) {
	if keeper == nil {
		return nil
	}
	return func(ctx context.Context, x s360.Exchange) {
		order := quota.PurposeOf(ctx).Order
		p, known := ctx.Value(personKey{}).(private)
		if order == "" || !known { // what cannot be cleaned is not kept
			return
		}
		p.person = append(slices.Clone(p.person), s.Secret.Reveal())
		e := quota.Exchange{Institution: s.Code, Order: order, At: in.clock(), Call: x.Service + "." + x.Method, Outcome: outcome(x.Outcome)}
		asked, answered := small(x.Request), small(x.Answer)
		keeper.Keep(len(asked)+len(answered), func() quota.Exchange {
			c := newCleaner(p)
			e.Request, e.Answer = c.clean(asked), c.clean(answered)
			return e
		})
	}
}

// small is the body, or a note where it is too large to be kept.
func small(body []byte) []byte {
	if len(body) > maxKept {
		return []byte(`"not kept: it is too large"`)
	}
	return body
}

// cleaner removes secrets and personal data from what is kept: members by their name, and texts by what is known of the order.
type cleaner struct {
	known [][]rune // folded; longest first
	codes []string
	names map[string]bool // of members: whether they are personal
}

// hidden stands for what was removed.
const hidden = "***"

// Parts of the names of members that hold a secret or say who somebody is, in lower case.
func personalNames() []string {
	return []string{
		"mail", "firstname", "lastname", "surname", "middlename", "maidenname", "fullname", "displayname", "nickname", "phone", "mobile", "fax",
		"address", "street", "zip", "postcode", "postalcode", "locality", "birth", "idnumber", "passport", "iban", "cardnumber", "cardholder",
		"token", "secret", "password", "authorization", "bearer", "holder", "beneficiary", "civility", "salutation", "gender", "criterions",
		"structureofficialname", "answerquestionnaire",
	}
}

var (
	mailForm  = regexp.MustCompile(`[^\s"'<>,;:]+@[^\s"'<>,;:]+`)
	tokenForm = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)*`)
)

func newCleaner(p private) *cleaner {
	c := &cleaner{names: map[string]bool{}}
	for _, v := range p.person {
		for _, spelled := range []string{v, html.EscapeString(v), url.QueryEscape(v), url.PathEscape(v)} {
			if t := lower([]rune(strings.TrimSpace(spelled))); strings.Trim(string(t), "*") != "" && !slices.ContainsFunc(c.known, func(k []rune) bool { return slices.Equal(k, t) }) {
				c.known = append(c.known, t)
			}
		}
	}
	slices.SortStableFunc(c.known, func(a, b []rune) int { return len(b) - len(a) })
	for _, b := range p.barcodes {
		if len(b) > 4 {
			c.codes = append(c.codes, b)
		}
	}
	return c
}

// lower folds each letter to the smallest of its case variants.
func lower(r []rune) []rune {
	out := make([]rune, len(r))
	for i, x := range r {
		if x < utf8.RuneSelf { // the smallest variant of a letter of ASCII is its capital
			if 'a' <= x && x <= 'z' {
				x -= 'a' - 'A'
			}
			out[i] = x
			continue
		}
		least := x
		for f := unicode.SimpleFold(x); f != x; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		out[i] = least
	}
	return out
}

// clean returns the body as JSON that may be kept: objects and lists as they were, anything else as a text; null for nothing.
func (c *cleaner) clean(body []byte) json.RawMessage {
	if len(body) == 0 {
		return json.RawMessage("null")
	}
	v, err := decode(body)
	if err != nil {
		v = strings.ToValidUTF8(string(body), "\uFFFD")
	}
	out, err := json.Marshal(c.value(v, false))
	if err != nil {
		return json.RawMessage(`"not kept: it cannot be written"`)
	}
	return out
}

// decode reads one JSON value and nothing after it; numbers stay as they are written.
func decode(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

// value cleans one value; barcode says that it stands under a barcode's name.
func (c *cleaner) value(v any, barcode bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[c.text(name)] = c.member(strings.ToLower(name), member, barcode)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = c.value(v[i], barcode)
		}
		return out
	case string:
		if barcode {
			v = shorten(v)
		}
		return c.text(v)
	case json.Number:
		text := v.String()
		if barcode {
			text = shorten(text)
		}
		if text = c.text(text); text != v.String() {
			return text
		}
		return v
	}
	return v // true, false and null say nothing of anybody
}

func (c *cleaner) member(name string, v any, barcode bool) any {
	barcode = barcode || strings.Contains(name, "barcode")
	if c.personal(name) {
		switch v.(type) {
		case nil, bool:
			return v
		}
		return hidden
	}
	return c.value(v, barcode)
}

// personal reports whether a member of that name holds a secret or says who somebody is.
func (c *cleaner) personal(name string) bool {
	is, known := c.names[name]
	if !known {
		is = slices.ContainsFunc(personalNames(), func(part string) bool { return strings.Contains(name, part) })
		c.names[name] = is
	}
	return is
}

// shorten leaves the last four characters of a barcode.
func shorten(code string) string { return sales.Barcode(code).Short() }

// text removes from a text what is known of the order, and what looks like an address or a token.
func (c *cleaner) text(s string) string {
	for _, code := range c.codes {
		s = strings.ReplaceAll(s, code, shorten(code))
	}
	if strings.Contains(s, "@") {
		s = mailForm.ReplaceAllString(s, hidden)
	}
	if strings.Contains(s, "eyJ") {
		s = tokenForm.ReplaceAllString(s, hidden)
	}
	r, changed := []rune(s), false
	for again := true; again; { // what is removed may leave another one alone
		again = false
		folded := lower(r)
		for _, k := range c.known {
			if out, found := without(r, folded, k); found {
				r, folded, again, changed = out, lower(out), true, true
			}
		}
	}
	if !changed {
		return s
	}
	return string(r)
}

// without removes every place of the text where the known one stands; one of one or two characters only where it stands as a
// word.
func without(r, folded, known []rune) (out []rune, found bool) {
	from := 0
	for i := 0; i+len(known) <= len(r); i++ {
		end := i + len(known)
		if folded[i] != known[0] || !slices.Equal(folded[i:end], known) || (len(known) <= 2 && !alone(r, i, end)) {
			continue
		}
		out, found = append(append(out, r[from:i]...), []rune(hidden)...), true
		from, i = end, end-1
	}
	if !found {
		return r, false
	}
	return append(out, r[from:]...), true
}

// alone reports whether what stands from i to end is a word of its own.
func alone(r []rune, i, end int) bool {
	word := func(x rune) bool { return unicode.IsLetter(x) || unicode.IsDigit(x) }
	return (i == 0 || !word(r[i-1])) && (end == len(r) || !word(r[end]))
}
