package templates

import (
	"math"
	"math/bits"
	"strings"

	"guichet/domain"
	"guichet/domain/delivery"
)

// QR codes after ISO/IEC 18004, error correction level M, versions 1 to 12, which hold the longest payload of a ticket. The
// whole payload is written in one mode: digits, capitals with some signs, or bytes.

// qrVersion is how a version's codewords are shared among blocks: some with short bytes of data, then some with one more.
type qrVersion struct {
	check         int // error correction codewords of a block
	blocks, short int
	longer        int // blocks with short+1
	align         []int
}

func qrVersions() []qrVersion {
	return []qrVersion{
		{10, 1, 16, 0, nil},
		{16, 1, 28, 0, []int{6, 18}},
		{26, 1, 44, 0, []int{6, 22}},
		{18, 2, 32, 0, []int{6, 26}},
		{24, 2, 43, 0, []int{6, 30}},
		{16, 4, 27, 0, []int{6, 34}},
		{18, 4, 31, 0, []int{6, 22, 38}},
		{22, 2, 38, 2, []int{6, 24, 42}},
		{22, 3, 36, 2, []int{6, 26, 46}},
		{26, 4, 43, 1, []int{6, 28, 50}},
		{30, 1, 50, 4, []int{6, 30, 54}},
		{22, 6, 36, 2, []int{6, 32, 58}},
	}
}

// data is how many bytes of data the version holds.
func (v qrVersion) data() int { return v.blocks*v.short + v.longer*(v.short+1) }

const qrAlphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// qrBits collects bits, the highest first.
type qrBits struct {
	bytes []byte
	n     int
}

func (b *qrBits) add(v, width int) {
	for i := width - 1; i >= 0; i-- {
		if b.n%8 == 0 {
			b.bytes = append(b.bytes, 0)
		}
		if v>>i&1 == 1 {
			b.bytes[b.n/8] |= 0x80 >> (b.n % 8)
		}
		b.n++
	}
}

// encodeQR makes the smallest symbol of a payload.
func encodeQR(payload string) (*symbol, error) {
	mode := 4 // bytes
	switch {
	case strings.Trim(payload, "0123456789") == "":
		mode = 1
	case strings.Trim(payload, qrAlphanumeric) == "":
		mode = 2
	}
	for i, v := range qrVersions() {
		bits := qrPayload(payload, mode, i+1)
		if bits.n > 8*v.data() {
			continue
		}
		bits.add(0, min(4, 8*v.data()-bits.n)) // the end
		bits.add(0, (8-bits.n%8)%8)
		for pad := 0xec; len(bits.bytes) < v.data(); pad ^= 0xec ^ 0x11 {
			bits.add(pad, 8)
		}
		return newQRGrid(i+1, v).symbol(payload, v.interleave(bits.bytes)), nil
	}
	return nil, domain.Errorf(domain.Conflict, CodeBarcode, "The barcode is too long for a QR code.")
}

// qrPayload writes the mode, the length and the payload.
func qrPayload(payload string, mode, version int) *qrBits {
	b := &qrBits{}
	b.add(mode, 4)
	width := map[int]int{1: 10, 2: 9, 4: 8}[mode]
	if version > 9 {
		width = map[int]int{1: 12, 2: 11, 4: 16}[mode]
	}
	b.add(len(payload), width)
	switch mode {
	case 1:
		for i := 0; i < len(payload); i += 3 {
			group, v := payload[i:min(len(payload), i+3)], 0
			for _, c := range []byte(group) {
				v = 10*v + int(c-'0')
			}
			b.add(v, 3*len(group)+1)
		}
	case 2:
		for i := 0; i < len(payload); i += 2 {
			v := strings.IndexByte(qrAlphanumeric, payload[i])
			if i+1 < len(payload) {
				b.add(45*v+strings.IndexByte(qrAlphanumeric, payload[i+1]), 11)
			} else {
				b.add(v, 6)
			}
		}
	default:
		for _, c := range []byte(payload) {
			b.add(int(c), 8)
		}
	}
	return b
}

// interleave adds the error correction of each block and takes from all blocks in turn.
func (v qrVersion) interleave(data []byte) []byte {
	n := v.blocks + v.longer
	blocks, checks := make([][]byte, n), make([][]byte, n)
	for i := range blocks {
		size := v.short
		if i >= v.blocks {
			size++
		}
		blocks[i], data = data[:size], data[size:]
		checks[i] = qrCheck(blocks[i], v.check)
	}
	var out []byte
	for _, part := range [2][][]byte{blocks, checks} {
		for j := range part[n-1] { // the last is the longest
			for _, b := range part {
				if j < len(b) {
					out = append(out, b[j])
				}
			}
		}
	}
	return out
}

// qrTimes multiplies in the field of 256 elements.
func qrTimes(a, b byte) byte {
	var out byte
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			out ^= a
		}
		carry := a&0x80 != 0
		if a <<= 1; carry {
			a ^= 0x1d
		}
	}
	return out
}

// qrCheck divides a block by the generator with the roots 1, 2, 4 …; the rest is the error correction.
func qrCheck(data []byte, n int) []byte {
	generator := make([]byte, n) // highest power first, which is 1 and left out
	generator[n-1] = 1
	root := byte(1)
	for range n {
		for j := range generator {
			generator[j] = qrTimes(generator[j], root)
			if j+1 < n {
				generator[j] ^= generator[j+1]
			}
		}
		root = qrTimes(root, 2)
	}
	rest := make([]byte, n)
	for _, d := range data {
		factor := d ^ rest[0]
		copy(rest, rest[1:])
		rest[n-1] = 0
		for j := range rest {
			rest[j] ^= qrTimes(generator[j], factor)
		}
	}
	return rest
}

// qrGrid is a symbol being made.
type qrGrid struct {
	n       int
	version int
	dark    []bool
	fixed   []bool // not data
}

func newQRGrid(version int, v qrVersion) *qrGrid {
	n := 17 + 4*version
	g := &qrGrid{n: n, version: version, dark: make([]bool, n*n), fixed: make([]bool, n*n)}
	for i := range n { // timing
		g.fix(i, 6, i%2 == 0)
		g.fix(6, i, i%2 == 0)
	}
	for _, c := range [3][2]int{{3, 3}, {n - 4, 3}, {3, n - 4}} { // finders with their separators
		for dy := -4; dy <= 4; dy++ {
			for dx := -4; dx <= 4; dx++ {
				if x, y, d := c[0]+dx, c[1]+dy, max(dx, -dx, dy, -dy); x >= 0 && y >= 0 && x < n && y < n {
					g.fix(x, y, d != 2 && d != 4)
				}
			}
		}
	}
	last := len(v.align) - 1
	for i, x := range v.align {
		for j, y := range v.align {
			if (i == 0 && j == 0) || (i == 0 && j == last) || (i == last && j == 0) {
				continue
			}
			for dy := -2; dy <= 2; dy++ {
				for dx := -2; dx <= 2; dx++ {
					g.fix(x+dx, y+dy, max(dx, -dx, dy, -dy) != 1)
				}
			}
		}
	}
	g.format(0, g.fix)
	if version >= 7 {
		bits := version<<12 | qrRest(version<<12, 0x1f25, 12)
		for i := range 18 {
			g.fix(n-11+i%3, i/3, bits>>i&1 == 1)
			g.fix(i/3, n-11+i%3, bits>>i&1 == 1)
		}
	}
	return g
}

func (g *qrGrid) fix(x, y int, dark bool) { g.dark[y*g.n+x], g.fixed[y*g.n+x] = dark, true }

// qrRest is the remainder of a division of bits by a generator of the degree given.
func qrRest(v, generator, degree int) int {
	for i := 5; i >= 0; i-- {
		if v>>(i+degree)&1 == 1 {
			v ^= generator << i
		}
	}
	return v
}

// format writes level M and the mask, twice.
func (g *qrGrid) format(mask int, put func(x, y int, dark bool)) {
	bits := (mask<<10 | qrRest(mask<<10, 0x537, 10)) ^ 0x5412
	for i := range 15 {
		on := bits>>i&1 == 1
		switch { // around the first finder
		case i < 6:
			put(8, i, on)
		case i < 8:
			put(8, i+1, on)
		case i == 8:
			put(7, 8, on)
		default:
			put(14-i, 8, on)
		}
		if i < 8 { // beside the two others
			put(g.n-1-i, 8, on)
		} else {
			put(8, g.n-15+i, on)
		}
	}
	put(8, g.n-8, true)
}

// symbol places the codewords, tries all masks and keeps the one that disturbs readers least.
func (g *qrGrid) symbol(payload string, words []byte) *symbol {
	g.place(words)
	across, down := g.lines(1, g.n), g.lines(g.n, 1)
	best, least := 0, math.MaxInt
	for mask := range 8 {
		g.format(mask, func(x, y int, dark bool) {
			across.dark[y].put(x, dark)
			down.dark[x].put(y, dark)
		})
		if p := g.penalty(mask, across, down); p < least {
			best, least = mask, p
		}
	}
	g.format(best, g.fix)
	for i, fixed := range g.fixed {
		if !fixed && qrMask(best, i%g.n, i/g.n) {
			g.dark[i] = !g.dark[i]
		}
	}
	return &symbol{kind: delivery.QR, payload: payload, w: g.n, h: g.n, quiet: 4, dark: g.dark}
}

// place writes the codewords upwards and downwards in pairs of columns from the right.
func (g *qrGrid) place(words []byte) {
	bit, up := 0, true
	for right := g.n - 1; right > 0; right -= 2 {
		if right == 6 { // timing
			right--
		}
		for i := range g.n {
			y := i
			if up {
				y = g.n - 1 - i
			}
			for x := right; x > right-2; x-- {
				if at := y*g.n + x; !g.fixed[at] && bit < 8*len(words) {
					g.dark[at] = words[bit/8]>>(7-bit%8)&1 == 1
					bit++
				}
			}
		}
		up = !up
	}
}

// qrMask says whether a mask turns a module round.
func qrMask(mask, x, y int) bool {
	switch mask {
	case 0:
		return (x+y)%2 == 0
	case 1:
		return y%2 == 0
	case 2:
		return x%3 == 0
	case 3:
		return (x+y)%3 == 0
	case 4:
		return (y/2+x/3)%2 == 0
	case 5:
		return x*y%2+x*y%3 == 0
	case 6:
		return (x*y%2+x*y%3)%2 == 0
	}
	return ((x+y)%2+x*y%3)%2 == 0
}

// qrLine is a row or column, a bit for each module; the largest symbol has 65.
type qrLine struct{ lo, hi uint64 }

func (l qrLine) and(o qrLine) qrLine { return qrLine{l.lo & o.lo, l.hi & o.hi} }
func (l qrLine) xor(o qrLine) qrLine { return qrLine{l.lo ^ o.lo, l.hi ^ o.hi} }
func (l qrLine) not() qrLine         { return qrLine{^l.lo, ^l.hi} }
func (l qrLine) count() int          { return bits.OnesCount64(l.lo) + bits.OnesCount64(l.hi) }

// from drops the first n modules, fewer than 64.
func (l qrLine) from(n int) qrLine { return qrLine{l.lo>>n | l.hi<<(64-n), l.hi >> n} }

// first keeps the first n modules.
func (l qrLine) first(n int) qrLine {
	if n < 64 {
		return qrLine{l.lo & (1<<n - 1), 0}
	}
	return qrLine{l.lo, l.hi & (1<<(n-64) - 1)}
}

func (l *qrLine) put(i int, on bool) {
	half, bit := &l.lo, uint64(1)<<(i&63)
	if i >= 64 {
		half = &l.hi
	}
	if *half &^= bit; on {
		*half |= bit
	}
}

// qrLines are a symbol's rows or columns before they are masked.
type qrLines struct{ dark, free []qrLine }

// lines reads the grid; step leads to a line's next module, next to the next line.
func (g *qrGrid) lines(step, next int) qrLines {
	l := qrLines{make([]qrLine, g.n), make([]qrLine, g.n)}
	for y := range g.n {
		for x := range g.n {
			at := x*step + y*next
			l.free[y].put(x, !g.fixed[at])
			l.dark[y].put(x, g.dark[at])
		}
	}
	return l
}

// penalty counts what disturbs readers of the masked symbol: long runs, blocks, what looks like a finder, and unlike parts
// of dark and light.
func (g *qrGrid) penalty(mask int, across, down qrLines) int {
	total, dark := 0, 0
	for way, lines := range [2]qrLines{across, down} {
		var pattern [12]qrLine // which repeats after twelve modules
		for y := range pattern {
			for x := range g.n {
				pattern[y].put(x, way == 0 && qrMask(mask, x, y) || way == 1 && qrMask(mask, y, x))
			}
		}
		var above qrLine
		for y := range g.n {
			l := lines.dark[y].xor(pattern[y%12].and(lines.free[y]))
			total += l.disturbs(g.n)
			if way == 0 {
				if y > 0 {
					same := l.xor(above).not()
					total += 3 * same.and(same.from(1)).and(l.xor(l.from(1)).not()).first(g.n-1).count()
				}
				dark += l.count()
			}
			above = l
		}
	}
	half := 20*dark - 10*g.n*g.n
	return total + max(half, -half)/(g.n*g.n)*10
}

// disturbs counts what disturbs in a line of n modules: three for each run of five and one for each module more, forty for
// what looks like a finder with light on one side.
func (l qrLine) disturbs(n int) int {
	const finder, mirrored, width = 0b10111010000, 0b00001011101, 11
	same := l.xor(l.from(1)).not().first(n - 1)
	five := same.and(same.from(1))
	five = five.and(five.from(2))
	begun := five.and(qrLine{five.lo << 1, five.hi<<1 | five.lo>>63}.not())
	total := five.count() + 2*begun.count()
	found := [2]qrLine{{math.MaxUint64, math.MaxUint64}, {math.MaxUint64, math.MaxUint64}}
	light := l.not()
	for i := range width {
		on, off := l.from(i), light.from(i)
		for k, like := range [2]int{finder, mirrored} {
			if like>>i&1 == 1 {
				found[k] = found[k].and(on)
			} else {
				found[k] = found[k].and(off)
			}
		}
	}
	return total + 40*(found[0].first(n-width+1).count()+found[1].first(n-width+1).count())
}
