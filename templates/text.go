package templates

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// em is the size at which text is shaped; every width here is in thousandths of the type size.
const em = 1000

// maxRunes bounds a single text; the rest is cut off. Wider lines would overflow the shaper's numbers.
const maxRunes = 8000

// replacement stands for a character that no font has.
const replacement = '\uFFFD'

// glyph is one outline of a line, with its place relative to the pen.
type glyph struct {
	id      uint32
	advance float64
	dx, dy  float64
	text    string // what it stands for; only a cluster's first glyph has it
}

// glyphRun is a stretch of a line in one typeface and direction, in the order of the eye.
type glyphRun struct {
	face   *typeface
	glyphs []glyph
	width  float64
	text   string // in the order of reading
	rtl    bool   // the glyphs stand for the text from right to left
	heavy  bool   // the face has no bold weight: its strokes are to be made thicker by heavier
}

// heavier is how much a stroke gains where a face without a bold weight is to look bold, in sizes.
const heavier = 0.03

// line is what stands on one baseline, from left to right.
type line struct {
	runs   []glyphRun
	width  float64
	actual string // the text to be found and copied where it is not that of the runs; may be empty
	spoken string // the text in the order of reading where some of it stands from right to left; else empty
	last   bool   // of its paragraph
}

// direction is how a paragraph runs.
type direction uint8

const (
	ltr direction = iota
	rtl
	// natural is the direction of the first letter, and of the page where there is none.
	natural
)

// fontmap chooses a face for each character. It implements shaping.FontmapScript.
type fontmap struct {
	s       *shaper
	bold    bool
	writing writing
}

// SetScript implements shaping.FontmapScript: marks and digits go with the letters they stand among.
func (m *fontmap) SetScript(s language.Script) { m.writing = writingOf(s) }

// ResolveFace implements shaping.Fontmap.
func (m *fontmap) ResolveFace(r rune) *font.Face {
	if f := m.s.face(r, m.bold, m.writing); f != nil {
		return f
	}
	return m.s.weights[weight(m.bold)][0]
}

// paragraph is a shaped text before it is broken into lines.
type paragraph struct {
	runes   []rune // as shaped: what no font has is replaced
	source  string // as given
	offset  []int  // where each rune starts in source; one more at the end
	level   []uint8
	runs    []shaping.Output
	width   float64
	base    direction // ltr or rtl
	bold    bool
	cut     bool // the text was longer than maxRunes
	missing bool // some of it is replaced
	oneLine *line
}

// shaper turns text into lines. It is used by one goroutine at a time.
type shaper struct {
	hb      shaping.HarfbuzzShaper
	seg     shaping.Segmenter
	wrap    shaping.LineWrapper
	bidi    bidi.Paragraph
	library library
	weights [2][]*font.Face // regular and bold, by the families' order; nil is not asked for yet
	faces   map[*font.Face]*typeface
	drawn   map[*typeface]*font.Face // the same, from the other side
	chosen  map[choice]*font.Face    // by face, for characters beyond the first family's; nil is none
	cache   map[textKey]*paragraph   // of this document
	kept    map[textKey]*paragraph   // of texts that many documents share
	blocks  map[blockKey]block       // the same, already set
	runes   int                      // in kept
	dots    [2]shaping.Output        // "…" in both weights
	missing map[rune]struct{}
	lang    language.Language
	page    direction // of the document's language
}

type textKey struct {
	text string
	bold bool
	dir  direction
	page direction
	lang language.Language
}

type blockKey struct {
	text  string
	style style
	w, h  float64
	page  direction
	lang  language.Language
}

// maxKept bounds the texts kept from document to document, in runes; a rune costs about 150 bytes.
const maxKept = 40_000

func newShaper(l library) *shaper {
	s := &shaper{
		library: l,
		weights: [2][]*font.Face{make([]*font.Face, len(l)), make([]*font.Face, len(l))},
		faces:   make(map[*font.Face]*typeface),
		drawn:   make(map[*typeface]*font.Face),
		chosen:  make(map[choice]*font.Face),
		cache:   make(map[textKey]*paragraph),
		kept:    make(map[textKey]*paragraph),
		blocks:  make(map[blockKey]block),
		missing: make(map[rune]struct{}),
	}
	for i := range s.weights {
		s.dots[i] = s.hb.Shape(shaping.Input{
			Text: []rune{'…'}, RunEnd: 1, Face: s.open(0, i == 1), Size: fixed.I(em), Script: language.Latin, Language: "en",
		})
	}
	return s
}

// open is a family's face in a weight for this shaper alone, or nil where the family cannot be read.
func (s *shaper) open(family int, bold bool) *font.Face {
	w := weight(bold)
	if f := s.weights[w][family]; f != nil {
		return f
	}
	t := s.library[family].face(bold)
	if t == nil {
		return nil
	}
	f := s.drawn[t]
	if f == nil {
		f = font.NewFace(t.font)
		s.faces[f], s.drawn[t] = t, f
	}
	s.weights[w][family] = f
	return f
}

// choice is a character among letters of some writing.
type choice struct {
	r       rune
	bold    bool
	writing writing
}

// maxChosen bounds how many choices are remembered.
const maxChosen = 8192

// face is the best face that has a character, in the wanted weight if the family has it; nil where no family does.
func (s *shaper) face(r rune, bold bool, w writing) *font.Face {
	if w == writingPlain && r < emoji {
		if f := s.weights[weight(bold)][0]; has(f, r) {
			return f
		}
	}
	c := choice{r, bold, w}
	if f, ok := s.chosen[c]; ok {
		return f
	}
	if w == writingPlain && r >= emoji {
		w = writingPictures
	}
	var found *font.Face
	s.library.order(w, func(i int) bool {
		// A character that only the other weight has is better than none.
		for _, heavy := range [2]bool{bold, !bold} {
			if f := s.open(i, heavy); found == nil && has(f, r) {
				found = f
			}
		}
		return found != nil
	})
	if len(s.chosen) >= maxChosen {
		clear(s.chosen)
	}
	s.chosen[c] = found
	return found
}

// emoji is where the pictures begin that are drawn alike by one family only.
const emoji = 0x1F000

func has(f *font.Face, r rune) bool {
	if f == nil {
		return false
	}
	_, ok := f.NominalGlyph(r)
	return ok
}

// begin prepares for a document; what an earlier one left behind is forgotten.
func (s *shaper) begin(lang string, page direction) {
	clear(s.cache)
	clear(s.missing)
	s.lang, s.page = language.NewLanguage(lang), page
}

// shape turns a text into a paragraph. Line ends and tabs count as spaces. The result is kept for the document; that of a
// shared text (an event's title, a label) for those that follow as well. Nothing personal may be shared.
func (s *shaper) shape(text string, bold bool, dir direction, shared bool) *paragraph {
	key := textKey{text, bold, dir, s.page, s.lang}
	if p, ok := s.kept[key]; ok {
		return p
	}
	if p, ok := s.cache[key]; ok {
		return p
	}
	p := &paragraph{bold: bold, base: dir}
	p.read(text)
	if p.base == natural {
		p.base = firstStrong(p.runes, s.page)
	}
	s.replaceMissing(p)
	s.segment(p)
	for _, r := range p.runs {
		p.width += fromFixed(r.Advance)
	}
	switch {
	case shared && !p.missing: // what is missing is to be reported with every document
		if s.runes += len(p.runes) + 8; s.runes > maxKept {
			clear(s.kept)
			clear(s.blocks)
			s.runes = len(p.runes) + 8
		}
		s.kept[key] = p
	case len(s.cache) < maxCached:
		s.cache[key] = p
	}
	return p
}

// maxCached bounds how many texts of one document are kept.
const maxCached = 512

// read takes the text without control characters and without overrides of direction, which could make a name look like
// something else.
func (p *paragraph) read(text string) {
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range text {
		if len(p.runes) >= maxRunes {
			p.cut = true
			break
		}
		if r = clean(r); r < 0 {
			continue
		}
		if unicode.Is(unicode.Mn, r) && (len(p.runes) == 0 || p.runes[len(p.runes)-1] == ' ') && !invisible(r) {
			// A mark without a letter stands on the circle made for that; on a space, lines would not break before it.
			p.add(&b, '\u25CC')
		}
		if beginsSyllable(r) && len(p.runes) > 0 && isThai(p.runes[len(p.runes)-1]) {
			// Thai has no spaces between words and we have no dictionary: a line may break before a vowel that is written
			// in front of its consonant, where a syllable begins for certain. The mark is no part of the text.
			p.runes, p.offset = append(p.runes, mayBreak), append(p.offset, b.Len())
		}
		p.add(&b, r)
	}
	p.offset = append(p.offset, b.Len())
	p.source = b.String()
}

func (p *paragraph) add(b *strings.Builder, r rune) {
	p.runes = append(p.runes, r)
	p.offset = append(p.offset, b.Len())
	b.WriteRune(r)
}

// mayBreak is a space without width, where a line may end.
const mayBreak = '\u200B'

// beginsSyllable says that a rune is one of Thai's vowels in front of a consonant.
func beginsSyllable(r rune) bool { return r >= 0x0E40 && r <= 0x0E44 }

func isThai(r rune) bool { return r >= 0x0E01 && r <= 0x0E5B }

// clean returns what is printed for a rune; -1 is nothing.
func clean(r rune) rune {
	switch {
	case r == '\n', r == '\r', r == '\t', r == '\v', r == '\f', r == '\u2028', r == '\u2029':
		return ' '
	case unicode.IsControl(r), r == '\uFEFF', r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
		return -1
	}
	return r
}

// firstStrong is the direction of the first letter.
func firstStrong(text []rune, otherwise direction) direction {
	for _, r := range text {
		switch {
		case isRightToLeft(r):
			return rtl
		case unicode.IsLetter(r):
			return ltr
		}
	}
	return otherwise
}

func isRightToLeft(r rune) bool {
	return (r >= 0x0590 && r <= 0x08FF && unicode.IsLetter(r)) || (r >= 0xFB1D && r <= 0xFDFF) || (r >= 0xFE70 && r <= 0xFEFE) ||
		(r >= 0x10800 && r <= 0x10FFF) || (r >= 0x1E800 && r <= 0x1EFFF) || r == '\u200F'
}

// replaceMissing puts the replacement in the place of what no font has, and remembers it.
func (s *shaper) replaceMissing(p *paragraph) {
	for i, r := range p.runes {
		if r < 0x250 || s.face(r, p.bold, writingPlain) != nil || invisible(r) {
			continue
		}
		s.missing[r] = struct{}{}
		p.missing = true
		p.runes[i] = replacement
	}
}

// invisible runes shape their neighbours and need no glyph.
func invisible(r rune) bool {
	return (r >= 0x200B && r <= 0x200F) || r == 0x2060 || (r >= 0xFE00 && r <= 0xFE0F) || r == 0x034F || r == 0x061C ||
		(r >= 0xE0000 && r <= 0xE0FFF)
}

// segment orders the text by direction and shapes each stretch.
func (s *shaper) segment(p *paragraph) {
	n := len(p.runes)
	p.level = make([]uint8, n)
	def := bidi.LeftToRight
	if p.base == rtl {
		def = bidi.RightToLeft
	}
	out := s.bidi.Segment(p.runes, def)
	type span struct {
		start, end int
		level      uint8
	}
	spans := make([]span, 0, out.NumRuns()+1)
	for i := range out.NumRuns() {
		r := out.Run(i)
		sp := span{r.Start, r.End, uint8(r.Level)} //nolint:gosec // G115: levels are below 126
		// The library joins neighbours of the same direction; a number after right-to-left text belongs to that text
		// even where left-to-right text follows.
		if p.base == ltr && sp.level == 2 {
			if e := numberEnd(p.runes, sp.start, sp.end); e < sp.end {
				spans = append(spans, span{sp.start, e, 2})
				sp = span{e, sp.end, 0}
			}
		}
		spans = append(spans, sp)
	}
	for _, sp := range spans {
		for i := sp.start; i < sp.end; i++ {
			p.level[i] = sp.level
		}
		in := shaping.Input{
			Text: p.runes, RunStart: sp.start, RunEnd: sp.end, Direction: di.DirectionLTR, Size: fixed.I(em), Language: s.lang,
		}
		if sp.level%2 == 1 {
			in.Direction = di.DirectionRTL
		}
		for _, part := range s.seg.Split(in, &fontmap{s: s, bold: p.bold}) {
			p.runs = append(p.runs, s.hb.Shape(part))
		}
	}
}

// numberEnd is where the number that starts a stretch ends.
func numberEnd(text []rune, start, end int) int {
	last := start
	for i := start; i < end; i++ {
		switch r := text[i]; {
		case unicode.IsDigit(r):
			last = i + 1
		case strings.ContainsRune("+-.,/:%€$£#°\u00a0", r):
		default:
			return max(last, start+1)
		}
	}
	return end
}

func weight(bold bool) int {
	if bold {
		return 1
	}
	return 0
}

func fromFixed(v fixed.Int26_6) float64 { return float64(v) / 64 }

// unlimited is a width no text of maxRunes reaches.
const unlimited = math.MaxInt32 / 64 / 2

// breakLines breaks a paragraph to a width. words forbids breaking inside a word, whose line may then be too wide. At most
// `most` lines are made (0 is any number); the last one then ends in "…" and cut is true.
func (s *shaper) breakLines(p *paragraph, width float64, words bool, most int) (lines []line, cut bool) {
	if len(p.runes) == 0 {
		return nil, false
	}
	if p.width <= width && !p.cut {
		return []line{s.whole(p)}, false
	}
	dir, policy := di.DirectionLTR, shaping.WhenNecessary
	if p.base == rtl {
		dir = di.DirectionRTL
	}
	if words {
		policy = shaping.Never
	}
	cfg := shaping.WrapConfig{
		Direction: dir, BreakPolicy: policy, TruncateAfterLines: most, Truncator: s.dots[weight(p.bold)], TextContinues: p.cut,
		// The wrapper would trim in place and spoil the paragraph for another width.
		DisableTrailingWhitespaceTrim: true,
	}
	width = max(1, min(width, unlimited))
	wrapped, left := s.wrap.WrapParagraphF(cfg, fixed.Int26_6(width*64), p.runes, shaping.NewSliceIterator(p.runs))
	for _, w := range wrapped {
		lines = append(lines, s.line(p, w))
	}
	if n := len(lines); n > 0 {
		lines[n-1].last = true
	}
	return lines, left > 0 || (p.cut && most > 0)
}

// whole is the paragraph on one line.
func (s *shaper) whole(p *paragraph) line {
	if p.oneLine == nil {
		l := s.line(p, p.runs)
		l.last = true
		p.oneLine = &l
	}
	return *p.oneLine
}

// line puts shaped runs in the order of the eye.
func (s *shaper) line(p *paragraph, runs []shaping.Output) line {
	type item struct {
		run   glyphRun
		level uint8
	}
	items := make([]item, 0, len(runs))
	base := uint8(p.base)
	for i, r := range runs {
		from, to := r.Runes.Offset, min(r.Runes.Offset+r.Runes.Count, len(p.runes))
		it := item{level: base}
		if r.Glyphs != nil && from < to && !s.isDots(p, r) {
			it.level = p.level[from]
			it.run = s.run(p, r)
		} else {
			it.run = glyphRun{face: s.faces[r.Face], text: "…"}
			for _, g := range r.Glyphs {
				it.run.add(glyph{id: uint32(g.GlyphID), advance: fromFixed(g.Advance), text: "…"})
			}
		}
		switch {
		case i == len(runs)-1 && it.level%2 == 0:
			it.run.hang()
		case i == len(runs)-1 || s.isDots(p, runs[i+1]):
			it.run.trim(it.level%2 == 1)
		}
		items = append(items, it)
	}
	// Rule L2: from the highest level down, every stretch of at least that level is turned round.
	highest := base
	for _, it := range items {
		highest = max(highest, it.level)
	}
	var l line
	if highest > 0 {
		var b strings.Builder
		for _, it := range items {
			b.WriteString(it.run.text)
		}
		l.spoken = b.String()
	}
	for lv := highest; lv > 0; lv-- {
		for i := 0; i < len(items); i++ {
			j := i
			for j < len(items) && items[j].level >= lv {
				j++
			}
			slices.Reverse(items[i:j])
			i = max(i, j-1)
		}
	}
	for _, it := range items {
		if len(it.run.glyphs) == 0 {
			continue
		}
		l.runs = append(l.runs, it.run)
		l.width += it.run.width
	}
	return l
}

// isDots says that a run is the mark of a cut line, which stands for all that was cut.
func (s *shaper) isDots(p *paragraph, r shaping.Output) bool {
	d := s.dots[weight(p.bold)].Glyphs
	return len(r.Glyphs) > 0 && len(d) > 0 && &r.Glyphs[0] == &d[0]
}

// run converts a shaped run.
func (s *shaper) run(p *paragraph, r shaping.Output) glyphRun {
	from, to := r.Runes.Offset, min(r.Runes.Offset+r.Runes.Count, len(p.runes))
	out := glyphRun{
		face: s.faces[r.Face], glyphs: make([]glyph, 0, len(r.Glyphs)), text: p.source[p.offset[from]:p.offset[to]],
		rtl: r.Direction == di.DirectionRTL, heavy: p.bold && !s.faces[r.Face].bold,
	}
	for i := 0; i < len(r.Glyphs); {
		j := i + 1
		for j < len(r.Glyphs) && r.Glyphs[j].TextIndex() == r.Glyphs[i].TextIndex() {
			j++
		}
		a := min(r.Glyphs[i].TextIndex(), len(p.runes))
		b := min(a+r.Glyphs[i].RunesCount(), len(p.runes))
		if a < b && p.offset[a] == p.offset[b] { // a place to break
			i = j
			continue
		}
		out.cluster(p, r.Glyphs[i:j], a, b, r.Direction == di.DirectionRTL)
		i = j
	}
	return out
}

// cluster adds glyphs that stand together for the runes a to b.
//
// From left to right the first glyph stands for the whole text. From right to left readers of a file turn round what they
// find, so every glyph stands for one rune, the last one first; where there are more runes than glyphs (the ligature of
// lam and alef), empty glyphs without width stand for those that are left.
func (r *glyphRun) cluster(p *paragraph, glyphs []shaping.Glyph, a, b int, rightToLeft bool) {
	one := func(i int) string { return p.source[p.offset[i]:p.offset[i+1]] }
	if rightToLeft {
		for ; b-a > len(glyphs); b-- {
			r.add(glyph{id: phantom | uint32(p.runes[b-1]), text: one(b - 1)}) //nolint:gosec // G115: runes are positive
		}
	}
	for i, g := range glyphs {
		gl := glyph{
			id: uint32(g.GlyphID), advance: fromFixed(g.Advance), dx: fromFixed(g.XOffset), dy: fromFixed(g.YOffset),
		}
		switch {
		case rightToLeft && b-1-i >= a:
			gl.text = one(b - 1 - i)
		case !rightToLeft && i == 0:
			gl.text = p.source[p.offset[a]:p.offset[b]]
		}
		r.add(gl)
	}
}

func (r *glyphRun) add(g glyph) {
	r.glyphs = append(r.glyphs, g)
	r.width += g.advance
}

// trim drops the spaces at the end of a line's last run.
func (r *glyphRun) trim(rightToLeft bool) {
	for n := len(r.glyphs); n > 0; n-- {
		last := n - 1
		if rightToLeft {
			last = 0
		}
		g := r.glyphs[last]
		if strings.Trim(g.text, " ") != "" || g.text == "" {
			return
		}
		r.width -= g.advance
		r.glyphs = slices.Delete(r.glyphs, last, last+1)
		r.text = strings.TrimSuffix(r.text, g.text)
	}
}

// hang gives the spaces at the end of a line no width: one stays, so that who hears or copies the text gets the words apart.
func (r *glyphRun) hang() {
	n := len(r.glyphs)
	for n > 0 && r.glyphs[n-1].text != "" && strings.Trim(r.glyphs[n-1].text, " ") == "" {
		n--
		r.width -= r.glyphs[n].advance
	}
	if n < len(r.glyphs) {
		r.glyphs = r.glyphs[:n+1]
		r.glyphs[n].advance = 0
		r.text = strings.TrimRight(r.text, " ") + " "
	}
}

// grouped spreads a line's characters into groups for the eye; what is found and copied stays one text.
func (l line) grouped(size int, gap float64, text string) line {
	out := line{actual: text, width: l.width}
	n := 0
	for _, r := range l.runs {
		r.glyphs = slices.Clone(r.glyphs)
		for i := range r.glyphs {
			if n++; n%size == 0 && n < len(text) {
				r.glyphs[i].advance += gap
				r.width += gap
				out.width += gap
			}
		}
		out.runs = append(out.runs, r)
	}
	return out
}
