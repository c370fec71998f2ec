package templates

import "guichet/domain/delivery"

// encodeITF makes an Interleaved 2 of 5 symbol after ISO/IEC 16390, wide elements three modules: pairs of digits, the first
// in the bars, the second in the spaces between them.
func encodeITF(digits string) *symbol {
	const narrow, wide = 1, 3
	s := &symbol{kind: delivery.ITF, payload: digits, quiet: 10, h: 1, linear: true}
	dark := true
	element := func(n int) {
		for range n {
			s.dark = append(s.dark, dark)
		}
		dark = !dark
	}
	for range 4 {
		element(narrow)
	}
	for i := 0; i+1 < len(digits); i += 2 {
		bars, spaces := itfWide(digits[i]), itfWide(digits[i+1])
		for bit := 4; bit >= 0; bit-- {
			for _, code := range [2]uint8{bars, spaces} {
				if code>>bit&1 == 1 {
					element(wide)
				} else {
					element(narrow)
				}
			}
		}
	}
	for _, n := range [3]int{wide, narrow, narrow} {
		element(n)
	}
	s.w = len(s.dark)
	return s
}

// itfWide says which two of a digit's five elements are wide, the first one as the highest bit.
func itfWide(digit byte) uint8 {
	return [10]uint8{0b00110, 0b10001, 0b01001, 0b11000, 0b00101, 0b10100, 0b01100, 0b00011, 0b10010, 0b01010}[digit-'0']
}
