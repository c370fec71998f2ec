package catalog

import "unicode/utf8"

// Errors that a word may have by its length; one or two letters more, fewer, other or swapped.
const (
	lettersForOne    = 4
	lettersForTwo    = 8
	lettersForPrefix = 5 // from here on the beginning of a word may have an error too
)

// guess is a word that is meant perhaps.
type guess struct {
	word   int32
	errors uint8
	prefix bool // only the word's beginning is meant
}

// typo looks for the words that somebody may have meant. It goes through the words in order and keeps the table of edits
// for the letters that a word shares with the one before; words that begin too wrongly are passed over together.
type typo struct {
	v     *vocabulary
	asked []rune
	most  int
	// edits[d][j] are the edits from the word's first d letters to the first j asked; letters are the word's.
	edits   [maxWord + 3][maxWord + 3]uint8
	letters [maxWord + 3]rune
	offset  [maxWord + 4]int   // where each letter begins
	nearest [maxWord + 3]uint8 // the fewest edits from one of the word's beginnings, up to each letter, to all that is asked
	guesses []guess
	best    [2]uint8 // fewest errors so far: of whole words, of beginnings
}

// errorsAllowed is how many errors are forgiven in a word.
func errorsAllowed(letters int) int {
	switch {
	case letters < lettersForOne:
		return 0
	case letters < lettersForTwo:
		return 1
	}
	return 2
}

// guesses lists the words nearest to w: the whole words with the fewest errors or, where there are none, those that begin so.
// A word with a digit is never guessed at: the next number is another thing.
func (v *vocabulary) guesses(w string) []guess {
	asked := []rune(w)
	most := errorsAllowed(len(asked))
	if most == 0 || len(asked) > maxWord || hasDigit(w) {
		return nil
	}
	t := &typo{v: v, asked: asked, most: most, best: [2]uint8{uint8(most), uint8(most)}} //nolint:gosec // G115: 1 or 2
	t.walk()
	kept, whole := t.guesses[:0], false
	for _, g := range t.guesses {
		whole = whole || !g.prefix
	}
	for _, g := range t.guesses {
		if g.prefix != whole && g.errors == t.best[kindOf(g.prefix)] {
			kept = append(kept, g)
		}
	}
	return kept
}

func kindOf(prefix bool) int {
	if prefix {
		return 1
	}
	return 0
}

func (t *typo) walk() {
	for j := range len(t.asked) + 1 {
		t.edits[0][j] = uint8(j)
	}
	t.nearest[0] = t.edits[0][len(t.asked)]
	const never = maxWord + 3
	dead := never // letters after which a word can only be meant by its beginning
	for i, w := range t.v.words {
		d := int(t.v.shared[i])
		if d >= dead {
			t.take(i, dead, false)
			continue
		}
		dead = never
		for at := t.offset[d]; at < len(w) && d < maxWord+2; {
			r, n := utf8.DecodeRuneInString(w[at:])
			at += n
			t.letters[d] = r
			d++
			t.offset[d] = at
			least := t.row(d)
			t.nearest[d] = min(t.nearest[d-1], t.edits[d][len(t.asked)])
			if least > t.most {
				dead = d
				break
			}
		}
		t.take(i, d, dead == never)
	}
}

// take notes a word of which d letters are in the table, whole where those are all.
func (t *typo) take(i, d int, whole bool) {
	switch last := t.edits[d][len(t.asked)]; {
	case t.v.digits[i]:
	case whole && int(last) <= t.most:
		t.guess(guess{word: small(i), errors: last})
	case len(t.asked) >= lettersForPrefix && int(t.nearest[d]) <= t.most:
		t.guess(guess{word: small(i), errors: t.nearest[d], prefix: true})
	}
}

func (t *typo) guess(g guess) {
	if best := &t.best[kindOf(g.prefix)]; g.errors <= *best {
		*best = g.errors
		t.guesses = append(t.guesses, g)
	}
}

// row fills the table for the word's letter d (from 1) and says the least in it. Only the part of a row that can still
// matter is filled; beyond it stands more than is allowed.
func (t *typo) row(d int) (least int) {
	row, above := &t.edits[d], &t.edits[d-1]
	far := uint8(t.most + 1) //nolint:gosec // G115: 2 or 3
	lo, hi := max(d-t.most, 0), min(d+t.most, len(t.asked))
	least = t.most + 1
	if lo > len(t.asked) {
		row[len(t.asked)] = far
		return least
	}
	for j := lo; j <= hi; j++ {
		if j == 0 {
			row[0] = uint8(d) //nolint:gosec // G115: at most maxWord
			least = min(least, d)
			continue
		}
		change := above[j-1]
		if t.letters[d-1] != t.asked[j-1] {
			change++
		}
		best := change
		if j < d+t.most { // the row above reaches so far
			best = min(best, above[j]+1)
		}
		if j > lo {
			best = min(best, row[j-1]+1)
		}
		if d > 1 && j > 1 && t.letters[d-1] == t.asked[j-2] && t.letters[d-2] == t.asked[j-1] {
			best = min(best, t.edits[d-2][j-2]+1)
		}
		row[j] = min(best, far)
		least = min(least, int(row[j]))
	}
	if hi < len(t.asked) {
		row[len(t.asked)] = far
	}
	return least
}
