package templates

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"hash"
	"io"
	"math"
	"strconv"
	"time"
	"unicode"
	"unicode/utf16"
)

// Objects every file has; pages, pictures and fonts follow.
const (
	objCatalog = 1 + iota
	objPages
	objResources
	objFonts
	objInfo
	objMetadata
	objStructure
	objDocument
	objProfile
	objFirst
)

// pdf is a canvas that writes PDF 1.7 as PDF/A-2a asks: tagged, with all fonts and the colours' profile inside. Pages and
// pictures go out as they are drawn, fonts and directories at the end; what is no stream is written many together.
type pdf struct {
	sum     hash.Hash
	pos     int64
	places  []place // by object number
	pending []int   // objects that wait in workspace.bodies to be written together
	err     error
	*workspace
	tags
	width   float64 // of the page, mm
	height  float64
	ink     ink
	inked   bool
	inks    []ink // saved by clip
	subsets []*subset
	fonts   map[*typeface]int
	images  map[*picture]int
	forms   map[string]int // what pages share; by number, as pictures
	xobject []int          // object numbers, by the order of the pictures
	kids    []int
}

// meta is what a file says about itself.
type meta struct {
	Title, Language string
	RightToLeft     bool
	Made            time.Time // zero is not said
}

// workspace is memory that one file after another uses.
type workspace struct {
	deflater
	out     *bufio.Writer
	packed  bytes.Buffer
	content []byte // of the page being drawn
	heads   []byte // numbers and places of pending objects
	bodies  []byte
	plain   []byte // of what is being packed
	coded   []byte
	known   map[*typeface]*subset
	unicode *coder // of what glyphs stand for
	profile []byte // of the colours
}

// place is where an object stands: so many bytes into the file, or as the index-th of a stream of objects.
type place struct {
	at     int64
	stream int // 0 is none
	index  int
}

const producer = "Guichet"

func newPDF(w io.Writer, ws *workspace, width, height float64) *pdf {
	p := &pdf{
		sum: sha256.New(), workspace: ws, width: width, height: height, places: make([]place, objFirst),
		fonts: make(map[*typeface]int), images: make(map[*picture]int), forms: make(map[string]int),
	}
	if ws.out == nil {
		ws.out = bufio.NewWriterSize(nil, 32<<10)
		ws.known, ws.unicode = make(map[*typeface]*subset), newCoder([]byte(unicodeSample))
	}
	ws.out.Reset(io.MultiWriter(w, p.sum))
	ws.content, ws.heads, ws.bodies = ws.content[:0], ws.heads[:0], ws.bodies[:0]
	p.raw("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	return p
}

// size sets the size of the page that is drawn next, in mm.
func (p *pdf) size(width, height float64) { p.width, p.height = width, height }

func (p *pdf) raw(s string) {
	if p.err != nil {
		return
	}
	n, err := p.out.WriteString(s)
	p.pos += int64(n)
	p.err = err
}

func (p *pdf) bytes(b []byte) {
	if p.err != nil {
		return
	}
	n, err := p.out.Write(b)
	p.pos += int64(n)
	p.err = err
}

func (p *pdf) rawf(format string, args ...any) { p.raw(fmt.Sprintf(format, args...)) }

// reserve returns a new object number.
func (p *pdf) reserve() int {
	p.places = append(p.places, place{})
	return len(p.places) - 1
}

// together is how many objects are written as one stream.
const together = 200

// object writes an object that is no stream, sooner or later.
func (p *pdf) object(n int, body string) {
	p.beginObject(n)
	p.body(body)
	p.endObject()
}

// beginObject begins an object that is no stream; what is appended to bodies until endObject is its content.
func (p *pdf) beginObject(n int) {
	p.heads = append(strconv.AppendInt(p.heads, int64(n), 10), ' ')
	p.heads = append(strconv.AppendInt(p.heads, int64(len(p.bodies)), 10), ' ')
	p.pending = append(p.pending, n)
}

func (p *pdf) body(s string) { p.bodies = append(p.bodies, s...) }

func (p *pdf) endObject() {
	p.bodies = append(p.bodies, '\n')
	if len(p.pending) >= together {
		p.flush()
	}
}

// flush writes the objects that wait.
func (p *pdf) flush() {
	if len(p.pending) == 0 {
		return
	}
	n := p.reserve()
	for i, o := range p.pending {
		p.places[o] = place{stream: n, index: i}
	}
	first := len(p.heads)
	p.heads = append(p.heads, p.bodies...)
	p.deflated(n, fmt.Sprintf("/Type/ObjStm/N %d/First %d", len(p.pending), first), p.heads)
	p.pending, p.heads, p.bodies = p.pending[:0], p.heads[:0], p.bodies[:0]
}

// stream writes a stream object; dict holds the entries besides /Length.
func (p *pdf) stream(n int, dict string, data []byte) {
	p.places[n].at = p.pos
	p.raw(strconv.Itoa(n))
	p.raw(" 0 obj\n<<")
	p.raw(dict)
	p.raw("/Length ")
	p.raw(strconv.Itoa(len(data)))
	p.raw(">>\nstream\n")
	p.bytes(data)
	p.raw("\nendstream\nendobj\n")
}

func (p *pdf) deflated(n int, dict string, data []byte) {
	p.packed.Reset()
	p.deflate(&p.packed, data)
	p.stream(n, dict+"/Filter/FlateDecode", p.packed.Bytes())
}

// codedStream writes a stream in a code that suits it.
func (p *pdf) codedStream(n int, dict string, c *coder, data []byte) {
	p.coded = c.deflate(p.coded[:0], data)
	p.stream(n, dict+"/Filter/FlateDecode", p.coded)
}

// endPage writes what was drawn since the last page.
func (p *pdf) endPage() error {
	p.mark(0)
	content, page := p.reserve(), p.reserve()
	p.deflated(content, "", p.content)
	p.beginObject(page)
	p.body("<</Type/Page/Tabs/S/Parent ")
	p.bodies = appendRef(p.bodies, objPages)
	p.body("/MediaBox[0 0 ")
	p.bodies = appendNumber(p.bodies, p.width*pointsPerMM)
	p.body(" ")
	p.bodies = appendNumber(p.bodies, p.height*pointsPerMM)
	p.body("]/Resources ")
	p.bodies = appendRef(p.bodies, objResources)
	p.body("/Contents ")
	p.bodies = appendRef(p.bodies, content)
	p.body("/StructParents ")
	p.bodies = strconv.AppendInt(p.bodies, int64(len(p.kids)), 10)
	p.body(">>")
	p.endObject()
	p.structure(page)
	p.kids = append(p.kids, page)
	p.content, p.inked = p.content[:0], false
	return p.err
}

// end writes the fonts and the directories and closes the file.
func (p *pdf) end(ctx context.Context, m meta) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	fonts, pictures := []byte("<<"), []byte("<<")
	for i, s := range p.subsets {
		fonts = appendRef(append(strconv.AppendInt(append(fonts, "/F"...), int64(i), 10), ' '), p.font(s))
		s.reset()
	}
	for i, n := range p.xobject {
		pictures = appendRef(append(strconv.AppendInt(append(pictures, "/P"...), int64(i), 10), ' '), n)
	}
	p.object(objFonts, string(fonts)+">>")
	p.object(objResources, "<</Font "+ref(objFonts)+"/XObject"+string(pictures)+">>>>")
	var kids []byte
	for _, k := range p.kids {
		kids = appendRef(kids, k)
	}
	p.object(objPages, fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", kids, len(p.kids)))
	p.endStructure()
	p.describe(m)
	p.flush()
	if p.err == nil {
		p.err = p.out.Flush()
	}
	p.trailer()
	if p.err != nil {
		return p.err
	}
	return p.out.Flush()
}

// describe writes the catalog and the metadata.
func (p *pdf) describe(m meta) {
	lang := m.Language
	if lang == "" {
		lang = "en"
	}
	direction := ""
	if m.RightToLeft {
		direction = "/Direction/R2L"
	}
	p.object(objCatalog, fmt.Sprintf("<</Type/Catalog/Pages %d 0 R/Metadata %d 0 R/Lang %s/ViewerPreferences<</DisplayDocTitle true%s>>"+
		"/MarkInfo<</Marked true>>/StructTreeRoot %d 0 R"+
		"/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB)/DestOutputProfile %d 0 R>>]>>",
		objPages, objMetadata, hexText(lang), direction, objStructure, objProfile))
	if p.profile == nil {
		p.profile = sRGB()
	}
	p.stream(objProfile, "/N 3", p.profile)
	made, xmpMade := "", ""
	if !m.Made.IsZero() {
		made = "/CreationDate(D:" + m.Made.UTC().Format("20060102150405") + "Z)"
		xmpMade = "<xmp:CreateDate>" + m.Made.UTC().Format(time.RFC3339) + "</xmp:CreateDate>"
	}
	p.object(objInfo, fmt.Sprintf("<</Title %s/Producer(%s)%s>>", hexText(m.Title), producer, made))
	p.stream(objMetadata, "/Type/Metadata/Subtype/XML", []byte(`<?xpacket begin="`+"\uFEFF"+
		`" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">`+
		`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""`+
		` xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"`+
		` xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>`+
		`<dc:title><rdf:Alt><rdf:li xml:lang="x-default">`+escapeXML(m.Title)+`</rdf:li></rdf:Alt></dc:title>`+
		`<dc:language><rdf:Bag><rdf:li>`+escapeXML(lang)+`</rdf:li></rdf:Bag></dc:language>`+xmpMade+
		`<pdf:Producer>`+producer+`</pdf:Producer></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`))
}

// trailer writes the table of objects. The file's identifier is a hash of everything before it.
func (p *pdf) trailer() {
	id := p.sum.Sum(nil)[:16]
	n, start := p.reserve(), p.pos
	p.places[n].at = start
	const row = 1 + 5 + 2
	var last [row]byte
	table := make([]byte, 0, (1+row)*len(p.places))
	for i, at := range p.places {
		kind, where, index := byte(1), at.at, uint16(0)
		switch {
		case i == 0 || at == place{}: // a number that was not used
			kind, index = 0, 0xFFFF
		case at.stream > 0:
			kind, where, index = 2, int64(at.stream), uint16(at.index) //nolint:gosec // G115: at most `together`
		}
		var now [row]byte
		binary.BigEndian.PutUint64(now[:], uint64(kind)<<56|uint64(where)<<16|uint64(index)) //nolint:gosec // G115: within 40 bits
		table = append(table, 2)                                                             // PNG's filter "Up"
		for j := range now {
			table = append(table, now[j]-last[j])
		}
		last = now
	}
	p.deflated(n, fmt.Sprintf("/Type/XRef/W[1 5 2]/Size %d/Root %d 0 R/Info %d 0 R/ID[<%x><%x>]/DecodeParms<</Predictor 15/Columns %d>>",
		len(p.places), objCatalog, objInfo, id, id, row), table)
	p.rawf("startxref\n%d\n%%%%EOF\n", start)
}

// font embeds a subset and returns its object number.
func (p *pdf) font(s *subset) int {
	file, texts, descriptor, cid, composite := p.reserve(), p.reserve(), p.reserve(), p.reserve(), p.reserve()
	f, shown := s.face, len(s.order) // what follows is only part of other glyphs
	p.plain = s.file(p.plain[:0])
	p.codedStream(file, "/Length1 "+strconv.Itoa(len(p.plain)), f.coder(), p.plain)
	sum := sha256.Sum256(p.coded)
	tag := make([]byte, 6, 40)
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	name := string(append(append(tag, '+'), f.name...))
	p.plain = s.toUnicode(p.plain[:0], shown)
	p.codedStream(texts, "", p.unicode, p.plain)
	stem := 80
	if f.bold {
		stem = 140
	}
	p.object(descriptor, fmt.Sprintf("<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d/CapHeight %d/StemV %d/FontFile2 %d 0 R>>",
		name, f.bounds[0], f.bounds[1], f.bounds[2], f.bounds[3], f.ascent, f.descent, f.capital, stem, file))
	p.beginObject(cid)
	p.body("<</Type/Font/Subtype/CIDFontType2/BaseFont/" + name + "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor ")
	p.bodies = appendRef(p.bodies, descriptor)
	p.body("/DW 1000/W[0[")
	for _, g := range s.order {
		p.bodies = append(strconv.AppendInt(p.bodies, int64(s.advance(g)), 10), ' ')
	}
	p.body("]]/CIDToGIDMap/Identity>>")
	p.endObject()
	p.object(composite, "<</Type/Font/Subtype/Type0/BaseFont/"+name+"/Encoding/Identity-H/DescendantFonts["+ref(cid)+"]/ToUnicode "+ref(texts)+">>")
	return composite
}

// What stands before and after the texts of glyphs.
const (
	unicodeHead = "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n" +
		"/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
	unicodeTail = "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
)

// unicodeSample is like the usual table of some Latin letters.
const unicodeSample = unicodeHead + unicodeTail + "<0001> <0041>\n<0012> <0065>\n<0023> <006E>\n<0034> <0073>\n<0005> <0074>\n" +
	"<0016> <0061>\n<0027> <0069>\n<0038> <0072>\n<0009> <004D>\n<001A> <0064>\n<002B> <00E9>\n<003C> <006C>\n<000D> <0063>\n" +
	"<001E> <0070>\n<002F> <0020>\n<0030> <0075>\n<0001> <0066>\n<0012> <0067>\n<0023> <0068>\n<0034> <0031>\n<0005> <0032>\n"

// toUnicode says which text each shown glyph stands for. One that has none of its own, such as the second of a cluster,
// stands for a space without width: the text is said beside it.
func (s *subset) toUnicode(b []byte, shown int) []byte {
	b = append(b, unicodeHead...)
	for from := 1; from < shown; from += 100 { // the format's limit
		to := min(from+100, shown)
		b = append(strconv.AppendInt(b, int64(to-from), 10), " beginbfchar\n"...)
		for i := from; i < to; i++ {
			text := s.text[i]
			if text == "" {
				text = string(mayBreak)
			}
			b = append(b, '<')
			b = appendHex(b, uint16(i))
			b = append(b, "> <"...)
			b = append(appendHex16(b, text), ">\n"...)
		}
		b = append(b, "endbfchar\n"...)
	}
	return append(b, unicodeTail...)
}

// hexText writes a text string, which needs no escaping this way.
func hexText(s string) string {
	return "<FEFF" + string(appendHex16(nil, s)) + ">"
}

func appendHex16(b []byte, s string) []byte {
	for _, r := range s {
		if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
			b = appendHex(appendHex(b, uint16(high)), uint16(low)) //nolint:gosec // G115: halves of a character
			continue
		}
		b = appendHex(b, uint16(r)) //nolint:gosec // G115: all others have 16 bits
	}
	return b
}

func appendHex(b []byte, v uint16) []byte {
	const digits = "0123456789ABCDEF"
	return append(b, digits[v>>12], digits[v>>8&15], digits[v>>4&15], digits[v&15])
}

func escapeXML(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer does not fail
	return b.String()
}

// appendNumber writes a coordinate with two decimals.
func appendNumber(b []byte, f float64) []byte {
	v := int64(math.Round(f * 100))
	if v < 0 {
		b = append(b, '-')
		v = -v
	}
	b = strconv.AppendInt(b, v/100, 10)
	switch r := v % 100; {
	case r == 0:
	case r%10 == 0:
		b = append(b, '.', byte('0'+r/10))
	default:
		b = append(b, '.', byte('0'+r/10), byte('0'+r%10))
	}
	return b
}

// numbers appends coordinates, each followed by a space.
func (p *pdf) numbers(v ...float64) {
	for _, f := range v {
		p.content = append(appendNumber(p.content, f), ' ')
	}
}

func (p *pdf) op(s string) { p.content = append(p.content, s...) }

// at converts a place on the page to PDF's points, which count from the bottom.
func (p *pdf) at(x, y float64) (float64, float64) {
	return x * pointsPerMM, (p.height - y) * pointsPerMM
}

func (p *pdf) setInk(c ink) {
	if p.inked && p.ink == c {
		return
	}
	p.ink, p.inked = c, true
	p.color(c, "rg\n")
}

// color writes a colour's parts and the operator that sets it.
func (p *pdf) color(c ink, op string) {
	for _, v := range [3]uint8{c.R, c.G, c.B} {
		p.content = strconv.AppendFloat(p.content, math.Round(float64(v)/255*1000)/1000, 'f', -1, 64)
		p.content = append(p.content, ' ')
	}
	p.op(op)
}

func (p *pdf) path(shape path) {
	for _, s := range shape {
		for _, q := range s.P[:s.Verb.points()] {
			p.numbers(p.at(q.X, q.Y))
		}
		p.op([...]string{moveTo: "m\n", lineTo: "l\n", cubeTo: "c\n", closePath: "h\n"}[s.Verb])
	}
}

// fill implements canvas.
func (p *pdf) fill(shape path, c ink) {
	p.decorate()
	p.setInk(c)
	p.path(shape)
	p.op("f\n")
}

// clip implements canvas.
func (p *pdf) clip(shape path) {
	if p.part == 0 {
		p.decorate()
	}
	p.inks = append(p.inks, p.ink)
	p.op("q\n")
	p.path(shape)
	p.op("W n\n")
}

// unclip implements canvas.
func (p *pdf) unclip() {
	p.op("Q\n")
	p.ink = p.inks[len(p.inks)-1]
	p.inks = p.inks[:len(p.inks)-1]
	p.inked = false
}

// picture implements canvas.
func (p *pdf) picture(b rect, clip path, pic *picture) {
	i, ok := p.images[pic]
	if !ok {
		i = len(p.xobject)
		p.images[pic] = i
		p.xobject = append(p.xobject, p.embed(pic))
	}
	cx, cy, cw, ch := pic.crop(b.W, b.H)
	scale := b.W / cw // mm per point of the picture
	whole := rect{b.X - cx*scale, b.Y - cy*b.H/ch, float64(pic.w) * scale, float64(pic.h) * b.H / ch}
	if p.part > 0 {
		p.say(rolePicture, "")
	} else {
		p.decorate()
	}
	p.clip(clip)
	x, y := p.at(whole.X, whole.Y+whole.H)
	p.numbers(whole.W*pointsPerMM, 0, 0, whole.H*pointsPerMM, x, y)
	p.op("cm /P" + strconv.Itoa(i) + " Do\n")
	p.unclip()
}

// embed writes a picture and returns its object number.
func (p *pdf) embed(pic *picture) int {
	n := p.reserve()
	space, mask, channels := "/DeviceRGB", "", 3
	if pic.grey {
		space, channels = "/DeviceGray", 1
	}
	if pic.alpha != nil {
		m := p.reserve()
		mask = fmt.Sprintf("/SMask %d 0 R", m)
		p.stream(m, imageDict(pic, "/DeviceGray", 1, false), pic.alpha)
	}
	p.stream(n, imageDict(pic, space, channels, pic.jpeg)+mask, pic.data)
	return n
}

func imageDict(pic *picture, space string, channels int, isJPEG bool) string {
	filter := "/Filter/DCTDecode"
	if !isJPEG {
		filter = fmt.Sprintf("/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors %d/Columns %d>>", channels, pic.w)
	}
	return fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace%s/BitsPerComponent 8%s", pic.w, pic.h, space, filter)
}

// barcode implements canvas: one path of rectangles, all in whole modules.
func (p *pdf) barcode(b rect, s *symbol, m measure) {
	p.say(rolePicture, s.payload)
	p.setInk(ink{})
	h := m.module
	if s.linear {
		h = m.height
	}
	// The corner stands on a hundredth of a point, and a module is the unit of length.
	x0, y0 := p.at(b.X+(b.W-float64(s.w)*m.module)/2, b.Y+(b.H-float64(s.h)*h)/2)
	p.op("q ")
	p.factors(m.module*pointsPerMM, 0, 0, -h*pointsPerMM)
	p.numbers(x0, y0)
	p.op("cm\n")
	s.bars(func(x, y, w, h int) {
		for _, v := range [4]int{x, y, w, h} {
			p.content = append(strconv.AppendInt(p.content, int64(v), 10), ' ')
		}
		p.op("re\n")
	})
	p.op("f Q\n")
}

// factors appends numbers that others are multiplied by.
func (p *pdf) factors(v ...float64) {
	for _, f := range v {
		p.content = strconv.AppendFloat(p.content, math.Round(f*1e5)/1e5, 'f', -1, 64)
		p.content = append(p.content, ' ')
	}
}

// text implements canvas.
func (p *pdf) text(x, y, size, angle float64, l line, c ink) {
	e := p.say(roleText, "")
	if l.spoken != "" {
		if len(e.spoken) > 0 {
			e.spoken = append(e.spoken, "0020"...)
		}
		e.spoken = appendHex16(e.spoken, l.spoken)
	}
	p.setInk(c)
	if l.actual != "" {
		p.beginActual(l.actual)
	}
	p.op("BT\n")
	px, py := p.at(x, y)
	sin, cos := math.Sincos(-angle * math.Pi / 180)
	for _, r := range l.runs {
		p.run(r, px, py, size, sin, cos, l.actual != "")
		px += r.width * size / em * cos
		py += r.width * size / em * sin
	}
	p.op("ET\n")
	if l.actual != "" {
		p.op("EMC\n")
	}
}

func (p *pdf) beginActual(text string) {
	p.op("/Span<</ActualText<FEFF")
	p.content = appendHex16(p.content, text)
	p.op(">>>BDC\n")
}

// run shows the glyphs of one typeface. Where the glyphs alone would not give back the text, it says the text beside them.
func (p *pdf) run(r glyphRun, x, y, size, sin, cos float64, spoken bool) {
	i := p.use(r.face)
	s := p.subsets[i]
	if !spoken && !s.says(r) {
		p.beginActual(r.text)
		defer p.op("EMC\n")
	}
	p.op("/F" + strconv.Itoa(i) + " ")
	p.numbers(size)
	p.op("Tf ")
	if sin == 0 {
		p.op("1 0 0 1 ")
	} else {
		p.factors(cos, sin, -sin, cos)
	}
	p.numbers(x, y)
	p.op("Tm ")
	if r.heavy {
		p.numbers(size * heavier)
		p.op("w 2 Tr ")
		p.color(p.ink, "RG\n")
		defer p.op("0 Tr\n")
	}
	p.glyphs(s, r, size)
}

// use is the number of a typeface in this file.
func (p *pdf) use(f *typeface) int {
	i, ok := p.fonts[f]
	if !ok {
		i = len(p.subsets)
		p.fonts[f] = i
		s := p.known[f]
		if s == nil {
			s = newSubset(f)
			p.known[f] = s
		}
		s.reset()
		p.subsets = append(p.subsets, s)
	}
	return i
}

// says adds a run's glyphs and reports whether each stands for its text.
func (s *subset) says(r glyphRun) bool {
	all := true
	for i := range r.glyphs {
		at, _, _ := s.slot(&r, i)
		_, ok := s.id(at, r.glyphs[i].text)
		all = all && ok
	}
	return all
}

// unseen is how far beside its place a glyph may stand, in thousandths of the type size. Rounded advances come out even again.
const unseen = 1.5

// glyphs writes a TJ array: glyph numbers, and a shift where the wanted advance is not the font's own.
func (p *pdf) glyphs(s *subset, r glyphRun, size float64) {
	p.op("[")
	open, rise, shift := false, 0.0, 0.0
	shut := func() {
		if open {
			p.op(">")
			open = false
		}
	}
	for i := range r.glyphs {
		g := &r.glyphs[i]
		at, dx, dy := s.slot(&r, i)
		if dy != rise {
			shut()
			p.op("]TJ ")
			p.numbers(dy * size / em)
			p.op("Ts[")
			rise = dy
		}
		if d := shift + dx; math.Abs(d) > unseen {
			shut()
			p.content = strconv.AppendInt(p.content, -int64(math.Round(d)), 10)
			shift -= math.Round(d)
		}
		if !open {
			p.op("<")
			open = true
		}
		id, _ := s.id(at, g.text)
		p.content = appendHex(p.content, id)
		shift += g.advance - s.advance(at)
	}
	shut()
	p.op("]TJ\n")
	if rise != 0 {
		p.op("0 Ts\n")
	}
}
