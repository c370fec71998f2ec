package catalog

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How letters are folded: what people type without thinking stands for what is printed. Marks (accents, Arabic vowels,
// Hebrew points) fall away, letters that lower case leaves and that differ only by a mark become the plain one.
var plainLetters = map[rune]string{
	'a': "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ", 'b': "ḃḅḇ", 'c': "çćĉċčḉ", 'd': "ďḋḍḏḑḓđð", 'e': "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ",
	'f': "ḟ", 'g': "ĝğġģǧǵḡ", 'h': "ĥȟḣḥḧḩḫẖħ", 'i': "ìíîïĩīĭįǐȉȋḭḯỉịı", 'j': "ĵǰ", 'k': "ķǩḱḳḵ", 'l': "ĺļľḷḹḻḽł",
	'm': "ḿṁṃ", 'n': "ñńņňǹṅṇṉṋ", 'o': "òóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợøǿ", 'p': "ṕṗ", 'r': "ŕŗřȑȓṙṛṝṟ",
	's': "śŝşšșṡṣṥṧṩſẛ", 't': "ţťțṫṭṯṱẗŧ", 'u': "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự", 'v': "ṽṿ", 'w': "ŵẁẃẅẇẉẘ", 'x': "ẋẍ",
	'y': "ýÿŷȳẏẙỳỵỷỹ", 'z': "źżžẑẓẕ",
	'α': "άἀἁἂἃἄἅἆἇὰάᾀᾁᾂᾃᾄᾅᾆᾇᾰᾱᾲᾳᾴᾶᾷ", 'ε': "έἐἑἒἓἔἕὲέ", 'η': "ήἠἡἢἣἤἥἦἧὴήᾐᾑᾒᾓᾔᾕᾖᾗῂῃῄῆῇ", 'ι': "ΐίϊἰἱἲἳἴἵἶἷὶίῐῑῒΐῖῗ",
	'ο': "όὀὁὂὃὄὅὸό", 'ρ': "ῤῥ", 'υ': "ΰϋύὐὑὒὓὔὕὖὗὺύῠῡῢΰῦῧ", 'ω': "ώὠὡὢὣὤὥὦὧὼώᾠᾡᾢᾣᾤᾥᾦᾧῲῳῴῶῷ", 'σ': "ς",
	'а': "ӑӓ", 'г': "ѓґ", 'е': "ѐёӗ", 'ж': "ӂӝ", 'з': "ӟ", 'и': "ѝйӣӥ", 'і': "ї", 'к': "ќ", 'о': "ӧ", 'у': "ўӯӱӳ", 'ч': "ӵ",
	'ы': "ӹ", 'э': "ӭ",
	'ا': "أإآٱ", 'ي': "ىئی", 'و': "ؤ", 'ه': "ة", 'ك': "ک",
	'כ': "ך", 'מ': "ם", 'נ': "ן", 'פ': "ף", 'צ': "ץ",
}

// foldTop is the end of the letters that the table knows; those above are judged one by one.
const foldTop = 0x2000

// What the table says of a letter that does not become another one.
const (
	foldKeep   uint16 = 0      // no letter: separates words, and stays as it is where text is compared whole
	foldDrop   uint16 = 0xffff // a mark
	foldExpand uint16 = 0xfffe // becomes several letters
)

// foldTable says what each character below foldTop becomes; it is made once and never changed.
var foldTable = func() *[foldTop]uint16 {
	var t [foldTop]uint16
	for r := range rune(foldTop) {
		switch {
		case unicode.Is(unicode.Mn, r), r == 'ـ': // the Arabic stroke that only stretches a word
			t[r] = foldDrop
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			t[r] = narrow(unicode.ToLower(r))
		}
	}
	plain := map[rune]rune{}
	for to, letters := range plainLetters {
		for _, r := range letters {
			plain[r] = to
		}
	}
	for r := range t {
		low := rune(t[r])
		if to, ok := plain[low]; ok {
			t[r] = narrow(to)
		} else if expanded(low) != "" {
			t[r] = foldExpand
		}
	}
	for i := range rune(10) {
		t['٠'+i], t['۰'+i] = narrow('0'+i), narrow('0'+i)
	}
	return &t
}()

func narrow(r rune) uint16 { return uint16(r) } //nolint:gosec // G115: below foldTop

// expanded are the letters that are written out, "" for others.
func expanded(r rune) string {
	switch r {
	case 'ß', 'ẞ':
		return "ss"
	case 'æ', 'Æ', 'ǣ', 'Ǣ', 'ǽ', 'Ǽ':
		return "ae"
	case 'œ', 'Œ':
		return "oe"
	case 'þ', 'Þ':
		return "th"
	case 'ĳ', 'Ĳ':
		return "ij"
	case 'ﬀ':
		return "ff"
	case 'ﬁ':
		return "fi"
	case 'ﬂ':
		return "fl"
	}
	return ""
}

// german is how letters are written out where their marks cannot be typed: "ue" for "ü", and "aa" for "å" as in Danish.
func german(r rune) string {
	switch r {
	case 'ä', 'Ä':
		return "ae"
	case 'ö', 'Ö', 'ø', 'Ø':
		return "oe"
	case 'ü', 'Ü':
		return "ue"
	case 'å', 'Å':
		return "aa"
	}
	return ""
}

// foldRune folds one character: what it becomes; drop for a mark; word where it belongs to a word. What is written out
// comes as many instead.
func foldRune(r rune) (to rune, many string, drop, word bool) {
	if r < foldTop {
		switch f := foldTable[r]; f {
		case foldKeep:
			return r, "", false, false
		case foldDrop:
			return 0, "", true, true
		case foldExpand:
			return 0, expanded(r), false, true
		default:
			return rune(f), "", false, true
		}
	}
	switch {
	case r >= 0x4e00 && r <= 0x9fff, r >= 0xac00 && r <= 0xd7a3: // most of Chinese and Korean
		return r, "", false, true
	case r >= 0xff01 && r <= 0xff5e: // full-width forms
		return foldRune(r - 0xfee0)
	case r >= 'ァ' && r <= 'ヶ': // one sound, two scripts
		return r - 'ァ' + 'ぁ', "", false, true
	case r >= 0x2010 && r <= 0x2015, r == 0x2212:
		return '-', "", false, false
	case r == '’', r == '‘', r == 'ʼ':
		return '\'', "", false, false
	case r == 0x3000, r == 0x202f:
		return ' ', "", false, false
	case unicode.Is(unicode.Mn, r), r >= 0x200c && r <= 0x200f: // joiners and direction marks are not seen
		return 0, "", true, true
	}
	if s := expanded(r); s != "" {
		return 0, s, false, true
	}
	low := unicode.ToLower(r)
	if low < foldTop {
		return foldRune(low)
	}
	return low, "", false, unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// Fold writes text as it is compared in searches: lower case, without accents and other marks, "ß" as "ss" and ligatures
// written out.
func Fold(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		to, many, drop, _ := foldRune(r)
		switch {
		case drop:
		case many != "":
			b.WriteString(many)
		default:
			b.WriteRune(to)
		}
	}
	return b.String()
}

// isPlain reports whether folding would change nothing.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || (c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return true
}

// foldKey is Fold without blanks around, as codes, topics and towns are compared.
func foldKey(s string) string { return strings.TrimSpace(Fold(s)) }

// wide reports whether a (folded) character is of a script that is written without blanks between words.
func wide(r rune) bool {
	switch {
	case r < 0x0e00:
		return false
	case r <= 0x0eff, // Thai, Lao
		r >= 0x1000 && r <= 0x109f,                                                         // Burmese
		r >= 0x1780 && r <= 0x17ff,                                                         // Khmer
		r >= 0x3005 && r <= 0x3007, r >= 0x3040 && r <= 0x30ff, r >= 0x31f0 && r <= 0x31ff, // Japanese
		r >= 0x3400 && r <= 0x4dbf, r >= 0x4e00 && r <= 0x9fff, r >= 0xf900 && r <= 0xfaff, r >= 0x20000 && r <= 0x3ffff, // Chinese
		r >= 0xac00 && r <= 0xd7a3: // Korean: blanks stand between phrases
		return true
	}
	return false
}
