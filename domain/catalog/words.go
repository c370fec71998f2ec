package catalog

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// vocabulary is every word of a catalog with the documents it stands in. A document is what is searched as one: a product,
// a venue, or what a performance says beyond its product.
type vocabulary struct {
	words    []string // in order, each once
	shared   []uint8  // letters that a word shares with the one before
	digits   []bool   // words with a digit: never guessed at
	from     []uint32 // where a word's postings begin; one more than words
	postings []posting
	docs     int
}

// posting is a document and, in its lowest four bits, the weight of the place where the word stands.
type posting uint32

const weightBits = 4

func (p posting) doc() uint32 { return uint32(p >> weightBits) }
func (p posting) weight() int { return int(p & (1<<weightBits - 1)) }

// Weights of a word by where it stands.
const (
	weightName  = 8
	weightWho   = 6
	weightOther = 3
	weightLong  = 1
)

// prefixed is the range of words that begin so.
func (v *vocabulary) prefixed(w string) (lo, hi int) {
	lo, _ = slices.BinarySearch(v.words, w)
	n, _ := slices.BinarySearchFunc(v.words[lo:], w, func(have, want string) int {
		if strings.HasPrefix(have, want) {
			return -1
		}
		return strings.Compare(have, want)
	})
	return lo, lo + n
}

// vocabularyBuilder takes document after document.
type vocabularyBuilder struct {
	split   splitter
	ids     map[string]int32
	words   []string
	last    []int32 // by word: its last mention
	mention []mention
	doc     int32
}

type mention struct {
	word, doc int32
	weight    int32
}

func newVocabularyBuilder() *vocabularyBuilder {
	return &vocabularyBuilder{ids: map[string]int32{}, doc: -1}
}

// begin begins the next document and says its number.
func (b *vocabularyBuilder) begin() int32 {
	b.doc++
	return b.doc
}

// add adds text to the document begun last.
func (b *vocabularyBuilder) add(weight int32, texts ...string) {
	for _, t := range texts {
		b.split.rest = t
		for b.split.next() {
			if b.split.wide {
				pairs(b.split.plain, func(pair []byte) { b.word(pair, weight) })
				continue
			}
			b.word(b.split.plain, weight)
			if b.split.differs {
				b.word(b.split.alt, weight)
			}
		}
	}
}

func (b *vocabularyBuilder) word(w []byte, weight int32) {
	id, ok := b.ids[string(w)]
	if !ok {
		id = small(len(b.words))
		word := string(w)
		b.ids[word] = id
		b.words, b.last = append(b.words, word), append(b.last, -1)
	}
	if at := b.last[id]; at >= 0 && b.mention[at].doc == b.doc {
		b.mention[at].weight = max(b.mention[at].weight, weight)
		return
	}
	b.last[id] = small(len(b.mention))
	b.mention = append(b.mention, mention{word: id, doc: b.doc, weight: weight})
}

// vocabulary is what was taken, in order.
func (b *vocabularyBuilder) vocabulary() vocabulary {
	n := len(b.words)
	v := vocabulary{
		words: slices.Clone(b.words), shared: make([]uint8, n), digits: make([]bool, n), from: make([]uint32, n+1),
		postings: make([]posting, len(b.mention)), docs: int(b.doc) + 1,
	}
	slices.Sort(v.words)
	place := b.last // each word's place in order
	for i, w := range v.words {
		place[b.ids[w]] = small(i)
		if i > 0 {
			v.shared[i] = sharedLetters(v.words[i-1], w)
		}
		v.digits[i] = hasDigit(w)
	}
	for _, m := range b.mention {
		v.from[place[m.word]+1]++
	}
	for i := range n {
		v.from[i+1] += v.from[i]
	}
	next := slices.Clone(v.from[:n])
	for _, m := range b.mention {
		at := &next[place[m.word]]
		v.postings[*at] = posting(m.doc)<<weightBits | posting(m.weight) //nolint:gosec // G115: neither is negative
		*at++
	}
	return v
}

// sharedLetters counts the letters with which both begin.
func sharedLetters(a, b string) uint8 {
	n := uint8(0)
	for i, r := range a {
		if o, _ := utf8.DecodeRuneInString(b[min(i, len(b)):]); o != r || i >= len(b) || n == maxWord {
			break
		}
		n++
	}
	return n
}

func hasDigit(w string) bool {
	return strings.ContainsFunc(w, func(r rune) bool { return r >= '0' && r <= '9' })
}
