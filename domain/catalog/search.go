package catalog

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// MaxWords is how many words a search looks at; further ones are not looked at.
const MaxWords = 16

// CountWords counts the words of a search, so that one of more than MaxWords can be refused.
func CountWords(s string) int {
	n, sp := 0, splitter{rest: s}
	for sp.next() {
		n++
	}
	return n
}

// term is one word of a search. It matches where one of its ways to write it does.
type term struct {
	ways []string
	// run are the pairs of a run of a script without blanks, which must all stand in the same document; ways is empty then.
	run     []string
	letters int
}

// terms reads a search: each word once, longest first, because long ones leave the least for the others to look at.
func terms(s string) []term {
	var all, elided []term
	sp := splitter{rest: s}
	for n := 0; n < MaxWords && sp.next(); n++ {
		t := term{letters: utf8.RuneCount(sp.plain)}
		if sp.wide {
			pairs(sp.plain, func(p []byte) { t.run = append(t.run, string(p)) })
			if len(t.run) > 1 {
				t.run = t.run[:len(t.run)-1] // the last character stands in the last pair
			}
		} else {
			t.ways = append(t.ways, string(sp.plain))
			if sp.differs {
				t.ways = append(t.ways, string(sp.alt))
			}
		}
		if sp.elided {
			elided = append(elided, t)
			continue
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		all = elided
	}
	slices.SortStableFunc(all, func(a, b term) int {
		return cmp.Or(cmp.Compare(b.letters, a.letters), slices.Compare(a.ways, b.ways), slices.Compare(a.run, b.run))
	})
	return slices.CompactFunc(all, func(a, b term) bool { return slices.Equal(a.ways, b.ways) && slices.Equal(a.run, b.run) })
}

// How much better a word matches than the least: whole, by its beginning, with one error, with more.
const (
	asWhole  = 8
	asPrefix = 4
	asTypo   = 2
	asGuess  = 1
)

// scores are how well documents match one term; 0 is not at all.
type scores []uint8

func (s scores) clear() { clear(s) }

// score fills the scores (all 0) of a term.
func (v *vocabulary) score(t term, s scores) {
	if len(t.run) > 0 {
		v.scoreRun(t.run, s)
		return
	}
	found := false
	for _, w := range t.ways {
		lo, hi := v.prefixed(w)
		for i := lo; i < hi; i++ {
			times := asPrefix
			if len(v.words[i]) == len(w) {
				times = asWhole
			}
			v.mark(i, times, s)
		}
		found = found || lo < hi
	}
	if found {
		return
	}
	for _, w := range t.ways {
		for _, g := range v.guesses(w) {
			times := asGuess
			if g.errors == 1 && !g.prefix {
				times = asTypo
			}
			v.mark(int(g.word), times, s)
		}
	}
}

func (v *vocabulary) mark(word, times int, s scores) {
	for _, p := range v.postings[v.from[word]:v.from[word+1]] {
		s[p.doc()] = max(s[p.doc()], uint8(p.weight()*times)) //nolint:gosec // G115: at most 8 by 8
	}
}

// scoreRun scores the documents in which every pair stands, by the one that matches least.
func (v *vocabulary) scoreRun(run []string, s scores) {
	one := make(scores, len(s))
	for n, pair := range run {
		lo, hi := v.prefixed(pair)
		for i := lo; i < hi; i++ {
			v.mark(i, asPrefix, one)
		}
		if n == 0 {
			copy(s, one)
		} else {
			for i := range s {
				s[i] = min(s[i], one[i])
			}
		}
		clear(one)
	}
}
