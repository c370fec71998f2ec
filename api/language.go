package api

import (
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"

	"guichet/domain"
)

// Bounds of what a caller may wish for.
const (
	maxLanguages = 5
	maxLanguage  = 35 // the longest tag that BCP 47 asks everybody to take
)

// wishes are the languages a caller asked for, best first, as lower-case tags: ?lang= alone, or Accept-Language.
func wishes(asked string, h http.Header) []string {
	if asked != "" {
		return []string{strings.ToLower(asked)}
	}
	header := h.Get("Accept-Language")
	if header == "" || len(header) > 1000 {
		return nil
	}
	type wish struct {
		tag string
		q   float64
	}
	var list []wish
	for part := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(part, ";")
		tag = strings.ToLower(strings.TrimSpace(tag))
		q := 1.0
		if v, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(v, 64); err != nil {
				continue
			}
		}
		if validLanguage(tag) && q > 0 {
			list = append(list, wish{tag, q})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].q > list[j].q })
	var out []string
	for _, w := range list[:min(len(list), maxLanguages)] {
		out = append(out, w.tag)
	}
	return out
}

// validLanguage reports whether the text has the form of a language tag.
func validLanguage(tag string) bool {
	if tag == "" || len(tag) > maxLanguage {
		return false
	}
	for part := range strings.SplitSeq(tag, "-") {
		if part == "" || len(part) > 8 || strings.ContainsFunc(part, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
		}) {
			return false
		}
	}
	return true
}

// speech chooses texts in a reader's languages and remembers which it used, for Content-Language.
type speech struct {
	langs []string
	used  []string
}

// say is the text in the best language there is, or the fall-back (a code).
func (sp *speech) say(t domain.Text, fallback string) string {
	text, lang := t.In(sp.langs...)
	if text == "" {
		return fallback
	}
	if !slices.Contains(sp.used, lang) {
		sp.used = append(sp.used, lang)
	}
	return text
}

// contentLanguage writes languages for the header, sorted and each once.
func contentLanguage(langs []string) string {
	langs = slices.Clone(langs)
	slices.Sort(langs)
	return strings.Join(slices.Compact(langs), ", ")
}
