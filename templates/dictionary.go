package templates

import (
	"maps"
	"slices"

	"guichet/domain/delivery"
)

// Dictionary says what tickets say, in every language that there are words in, to whoever shows a ticket in a form of its
// own. It is immutable and safe for concurrent use.
type Dictionary struct{ pages *Pages }

// NewDictionary reads the embedded languages. It fails only where the program was built with files that make no sense.
func NewDictionary() (*Dictionary, error) {
	pages, err := NewPages()
	if err != nil {
		return nil, err
	}
	return &Dictionary{pages}, nil
}

// Languages lists the languages that there are words in, as lower-case tags, sorted.
func (d *Dictionary) Languages() []string { return slices.Sorted(maps.Keys(d.pages.locales)) }

// Word is one of the words that layouts know as "word.…"; in a language that has none the English one. A word that is none is
// empty.
func (d *Dictionary) Word(language, key string) string {
	return pick(d.pages.locales, language).word(key)
}

// CalledOff says that a performance does not take place.
func (d *Dictionary) CalledOff(language string) string {
	return d.pages.speaker([]string{language}).say("cancelled")
}

// Facts are the texts of a page by the names that layouts use ("seat", "admission.label", "price"); what is not said of it is
// empty or missing.
func (d *Dictionary) Facts(language string, p *delivery.Page) map[string]string {
	return read(pick(d.pages.locales, language), p)
}
