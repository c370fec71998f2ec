package templates

import (
	"encoding/binary"
	"hash/adler32"
	"math/bits"
	"slices"
)

// coder writes zlib streams (RFC 1950) with a Huffman code that was made before from a sample, and without references to
// what came earlier. For a few kilobytes of a known kind that costs a tenth of the time of a compressor, which spends most
// of it on a code of its own, and about an eighth more bytes. It is immutable and safe for concurrent use.
type coder struct {
	head []byte // all streams begin like this
	acc  uint64 // the bits that follow
	n    uint   // how many
	code [256]uint32
	end  uint32 // codes are bits<<codeShift | length
}

const (
	codeShift  = 4
	codeLength = 1<<codeShift - 1 // the format's longest
)

// newCoder makes a code for data like the sample. Every byte has one, whether the sample has it or not.
func newCoder(sample []byte) *coder {
	var count [257]int
	for i := range count {
		count[i] = 1
	}
	for _, b := range sample {
		count[b] += 4
	}
	lengths := codeLengths(count[:])
	c := &coder{}
	w := bitWriter{out: []byte{0x78, 0x9c}}
	w.put(1, 1)  // the last block
	w.put(2, 2)  // with a code of its own
	w.put(0, 5)  // for 257 letters
	w.put(1, 5)  // and two distances, which are not used
	w.put(15, 4) // and all 19 lengths, in the format's order:
	for _, length := range [19]uint64{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15} {
		if length > codeLength {
			w.put(0, 3)
		} else {
			w.put(4, 3)
		}
	}
	for _, l := range lengths {
		w.put(uint64(bits.Reverse8(l)>>4), 4)
	}
	w.put(0b1000, 4) // both distances have one bit
	w.put(0b1000, 4)
	c.head, c.acc, c.n = w.out, w.acc, w.n
	codes := canonical(lengths)
	copy(c.code[:], codes)
	c.end = codes[256]
	return c
}

// deflate appends the stream of data to dst.
func (c *coder) deflate(dst, data []byte) []byte {
	dst = append(dst, c.head...)
	acc, n := c.acc, c.n
	for _, b := range data {
		e := c.code[b]
		acc |= uint64(e>>codeShift) << n
		if n += uint(e & codeLength); n >= 32 {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(acc)) //nolint:gosec // G115: the low half
			acc >>= 32
			n -= 32
		}
	}
	w := bitWriter{dst, acc, n}
	w.put(uint64(c.end>>codeShift), uint(c.end&codeLength))
	w.put(0, -w.n&7)
	return binary.BigEndian.AppendUint32(w.out, adler32.Checksum(data))
}

// bitWriter collects bits, the lowest first.
type bitWriter struct {
	out []byte
	acc uint64
	n   uint
}

func (w *bitWriter) put(v uint64, n uint) {
	w.acc |= v << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.acc&0xFF))
		w.acc >>= 8
	}
}

// codeLengths are those of a Huffman code, none longer than the format allows.
func codeLengths(count []int) []uint8 {
	type tree struct {
		count   int
		letters []int
	}
	for {
		trees := make([]tree, len(count))
		for i, n := range count {
			trees[i] = tree{n, []int{i}}
		}
		lengths := make([]uint8, len(count))
		for len(trees) > 1 {
			slices.SortStableFunc(trees, func(a, b tree) int { return b.count - a.count })
			a, b := trees[len(trees)-1], trees[len(trees)-2]
			both := tree{a.count + b.count, slices.Concat(a.letters, b.letters)}
			for _, i := range both.letters {
				lengths[i]++
			}
			trees = append(trees[:len(trees)-2], both)
		}
		if slices.Max(lengths) <= codeLength {
			return lengths
		}
		for i := range count { // rare letters become less rare
			count[i] = count[i]/2 + 1
		}
	}
}

// canonical numbers the codes as the format asks, each turned round so that its first bit is the lowest.
func canonical(lengths []uint8) []uint32 {
	codes := make([]uint32, len(lengths))
	next := uint32(0)
	for l := uint8(1); l <= codeLength; l++ {
		next <<= 1
		for i, have := range lengths {
			if have == l {
				codes[i] = bits.Reverse32(next)>>(32-l)<<codeShift | uint32(l)
				next++
			}
		}
	}
	return codes
}
