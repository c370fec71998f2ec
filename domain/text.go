package domain

import "strings"

// Text is a text in several languages, keyed by lower-case language tag ("fr", "pt-br"). Nil is no text.
type Text map[string]string

// In returns the text in the first wanted language that has one, and the language it is in. After the wanted ones come
// their base languages ("pt" for "pt-br") and then any that is not blank, in alphabetical order, so that the answer is
// always the same. Both results are empty where there is no text.
func (t Text) In(langs ...string) (text, lang string) {
	for _, l := range langs {
		l = strings.ToLower(l)
		if s := t[l]; strings.TrimSpace(s) != "" {
			return s, l
		}
		if base, _, ok := strings.Cut(l, "-"); ok {
			if s := t[base]; strings.TrimSpace(s) != "" {
				return s, base
			}
		}
	}
	for l, s := range t {
		if strings.TrimSpace(s) != "" && (lang == "" || l < lang) {
			text, lang = s, l
		}
	}
	return text, lang
}

// Or returns the text in the wanted languages, or the fall-back (usually a code) where there is none at all.
func (t Text) Or(fallback string, langs ...string) string {
	if s, _ := t.In(langs...); s != "" {
		return s
	}
	return fallback
}
