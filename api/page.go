package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/storefront"
)

// query reads a request's parameters and collects every fault, so that all are reported together.
type query struct {
	values url.Values
	bad    *domain.Error // nil: nothing is wrong so far
}

// newQuery starts reading; parameters that the route does not list are faults.
func newQuery(u *url.URL, rt *route) *query {
	q := &query{}
	if u.RawQuery == "" {
		return q
	}
	values, err := url.ParseQuery(u.RawQuery)
	q.values = values
	if err != nil {
		q.fault("", "the query string cannot be read")
	}
	good := true
	for name, list := range values {
		good = good && len(list) == 1 && rt.takes(name)
	}
	if good {
		return q
	}
	names := slices.Sorted(maps.Keys(values))
	for _, name := range names {
		switch {
		case !rt.takes(name):
			q.faultAs(cut(name), CodeRequestUnknownMember, "no such parameter")
		case len(values[name]) > 1:
			q.fault(name, "it stands twice")
		}
	}
	return q
}

// fault notes that a parameter is wrong.
func (q *query) fault(name, detail string) { q.faultAs(name, domain.CodeRequest, detail) }

// faultAs is fault with a code of its own.
func (q *query) faultAs(name, code, detail string) {
	if q.bad == nil {
		q.bad = domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong")
	}
	q.bad.WithField("?"+name, code, detail)
}

func (q *query) err() error {
	if q.bad != nil {
		return q.bad
	}
	return nil
}

const maxParameter = 200 // bytes of a text parameter

func (q *query) text(name string) string {
	s := q.values.Get(name)
	if len(s) > maxParameter {
		q.fault(name, "at most "+strconv.Itoa(maxParameter)+" bytes")
		return ""
	}
	return s
}

func (q *query) day(name string) domain.Day {
	d := domain.Day(q.values.Get(name))
	if d != "" && (len(d) != len("2006-01-02") || !d.Valid()) {
		q.fault(name, "a calendar day, YYYY-MM-DD")
		return ""
	}
	return d
}

func (q *query) flag(name string) bool {
	switch q.values.Get(name) {
	case "":
		if q.values.Has(name) {
			q.fault(name, "true or false")
		}
		return false
	case "true":
		return true
	case "false":
		return false
	}
	q.fault(name, "true or false")
	return false
}

// choice is a flag that may be left open: nil where it is not given.
func (q *query) choice(name string) *bool {
	if !q.values.Has(name) {
		return nil
	}
	v := q.flag(name)
	return &v
}

func (q *query) number(name string, lo, hi int64) (n int64, given bool) {
	s := q.values.Get(name)
	if s == "" && !q.values.Has(name) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < lo || n > hi {
		q.fault(name, strconv.FormatInt(lo, 10)+" to "+strconv.FormatInt(hi, 10))
		return 0, false
	}
	return n, true
}

func (q *query) limit() int {
	if n, ok := q.number("limit", 1, domain.MaxLimit); ok {
		return int(n)
	}
	return domain.DefaultLimit
}

// oneOf reads a parameter with a closed list of values.
func oneOf[T ~string](q *query, name string, all []T) T {
	v := T(q.values.Get(name))
	if v != "" && !slices.Contains(all, v) {
		q.fault(name, "one of "+joined(all))
		return ""
	}
	return v
}

// someOf reads a comma-separated list of such values.
func someOf[T ~string](q *query, name string, all []T) []T {
	var out []T
	s := q.values.Get(name)
	if s == "" {
		return nil
	}
	for v := range strings.SplitSeq(s, ",") {
		switch {
		case !slices.Contains(all, T(v)):
			q.fault(name, "one or more of "+joined(all))
			return nil
		case !slices.Contains(out, T(v)):
			out = append(out, T(v))
		}
	}
	return out
}

// raw reports whether ?include=raw asks for what is not understood, which only an operator's key may.
func (q *query) raw(k storefront.Key) (bool, error) {
	switch q.values.Get("include") {
	case "":
		return false, nil
	case "raw":
		if !k.May(storefront.ScopeAdmin) {
			return false, needScope(storefront.ScopeAdmin)
		}
		return true, nil
	default:
		q.fault("include", "raw, or nothing")
		return false, nil
	}
}

func joined[T ~string](all []T) string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}

func (q *query) language() string {
	l := q.values.Get("lang")
	if l != "" && !validLanguage(l) {
		q.fault("lang", "a language tag such as fr or pt-BR")
		return ""
	}
	return l
}

// place is a catalog.Position as it travels in a cursor; Sort keeps it from being used in another order.
type place struct {
	Sort        catalog.Sort           `json:"s"`
	Number      int64                  `json:"n,omitempty"`
	Text        string                 `json:"t,omitempty"`
	Institution domain.InstitutionCode `json:"i"`
	ID          int64                  `json:"d"`
}

const maxCursor = 2000

// cursorOf writes a position for a caller to come back with.
func cursorOf(sort catalog.Sort, p *catalog.Position) string {
	if p == nil {
		return ""
	}
	b, err := json.Marshal(place{Sort: sort, Number: p.Number, Text: p.Text, Institution: p.Institution, ID: p.ID})
	if err != nil {
		return "" // strings and numbers always marshal
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads it back; ok is false for anything that cursorOf did not write for this order.
func parseCursor(s string, sort catalog.Sort) (*catalog.Position, bool) {
	if len(s) > maxCursor {
		return nil, false
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, false
	}
	var p place
	if err := json.Unmarshal(b, &p); err != nil || p.Sort != sort || p.ID <= 0 || p.Institution == "" {
		return nil, false
	}
	pos := &catalog.Position{Number: p.Number, Text: p.Text, Institution: p.Institution, ID: p.ID}
	return pos, cursorOf(sort, pos) == s
}

func (q *query) cursor(sort catalog.Sort) *catalog.Position {
	s := q.values.Get("cursor")
	if s == "" {
		return nil
	}
	pos, ok := parseCursor(s, sort)
	if !ok {
		q.faultAs("cursor", CodeRequestCursor, "use the next member of the page before, with the same sort")
	}
	return pos
}

// nextLink is the Link header of a page: the same address with the next cursor.
func nextLink(u *url.URL, next string) string {
	values := u.Query()
	values.Set("cursor", next)
	return "<" + u.Path + "?" + values.Encode() + `>; rel="next"`
}

// nextPage is a list's link and cursor of the next page; none at the end.
func nextPage(ctx context.Context, next string) (link string, cursor *string) {
	if next == "" {
		return "", nil
	}
	return nextLink(callOf(ctx).url, next), &next
}

// parseMoment reads an RFC 3339 time or a calendar day, which begins (or, for an end, is over) at midnight in loc.
func parseMoment(s string, loc *time.Location, end bool) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	if d := domain.Day(s); len(s) == len(time.DateOnly) && d.Valid() {
		if end {
			d = d.Next()
		}
		return d.Start(loc).UTC(), true
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}, false
	}
	return t.UTC(), true
}
