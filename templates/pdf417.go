package templates

import (
	"strconv"
	"strings"

	"guichet/domain/delivery"
)

// PDF417 after ISO/IEC 15438. A symbol is rows of codewords, values 0 to 928, each drawn as four bars and four spaces on 17
// modules; neighbouring rows use different patterns (clusters) for the same value, so that a reader knows when it strays.
const (
	pdf417Values  = 929
	pdf417Modules = 17 // of a codeword
	pdf417Row     = 3  // height of a row in modules, the least the standard recommends
	pdf417Rows    = 90
	pdf417Columns = 30
	pdf417Start   = 0x1fea8
	pdf417Stop    = 0x3fa29 // 18 modules
	pdf417Text    = 900     // latch to text, and padding
	pdf417Numeric = 902     // latch to digits
)

// encodePDF417 makes a symbol of printable ASCII, at least three times as wide as high where the payload allows.
func encodePDF417(payload string) *symbol {
	data := pdf417Data(payload)
	level := pdf417Level(len(data))
	check := 2 << level
	columns, rows := pdf417Shape(1 + len(data) + check)
	for 1+len(data)+check < columns*rows {
		data = append(data, pdf417Text)
	}
	words := append([]int{1 + len(data)}, data...)
	words = append(words, pdf417Check(words, check)...)

	s := &symbol{kind: delivery.PDF417, payload: payload, quiet: 2, w: (columns+4)*pdf417Modules + 1, h: rows * pdf417Row}
	s.dark = make([]bool, 0, s.w*s.h)
	for r := range rows {
		left, right := pdf417Sides(r, rows, columns, level)
		row := appendModules(nil, pdf417Start, pdf417Modules)
		row = appendModules(row, pdf417Pattern(r%3, left), pdf417Modules)
		for _, v := range words[r*columns : (r+1)*columns] {
			row = appendModules(row, pdf417Pattern(r%3, v), pdf417Modules)
		}
		row = appendModules(row, pdf417Pattern(r%3, right), pdf417Modules)
		row = appendModules(row, pdf417Stop, pdf417Modules+1)
		for range pdf417Row {
			s.dark = append(s.dark, row...)
		}
	}
	return s
}

// appendModules appends the lowest n bits of a pattern, the highest first; a set one is dark.
func appendModules(row []bool, pattern uint32, n int) []bool {
	for i := n - 1; i >= 0; i-- {
		row = append(row, pattern>>i&1 == 1)
	}
	return row
}

// pdf417Level is the error correction that the standard recommends at least.
func pdf417Level(data int) int {
	switch {
	case data <= 40:
		return 2
	case data <= 160:
		return 3
	}
	return 4
}

// pdf417Shape chooses the fewest columns with which a symbol of so many codewords is three times as wide as high.
func pdf417Shape(words int) (columns, rows int) {
	for columns = 1; columns < pdf417Columns; columns++ {
		rows = max(3, (words+columns-1)/columns)
		if rows <= pdf417Rows && (columns+4)*pdf417Modules+1 >= 3*rows*pdf417Row {
			break
		}
	}
	return columns, max(3, (words+columns-1)/columns)
}

// pdf417Sides are the row indicators: together, three rows tell how many rows and columns there are and the level.
func pdf417Sides(row, rows, columns, level int) (left, right int) {
	facts := [3]int{(rows - 1) / 3, 3*level + (rows-1)%3, columns - 1}
	base := 30 * (row / 3)
	return base + facts[row%3], base + facts[(row+2)%3]
}

// pdf417Check computes the Reed-Solomon codewords over the field of 929 elements.
func pdf417Check(words []int, n int) []int {
	generator := make([]int, n+1) // lowest power first
	generator[0] = 1
	root := 1
	for i := range n {
		root = root * 3 % pdf417Values
		for j := i + 1; j > 0; j-- {
			generator[j] = (generator[j-1] + (pdf417Values-root)*generator[j]) % pdf417Values
		}
		generator[0] = (pdf417Values - root) * generator[0] % pdf417Values
	}
	rest := make([]int, n) // highest power first
	for _, w := range words {
		factor := (w + rest[0]) % pdf417Values
		copy(rest, rest[1:])
		rest[n-1] = 0
		for j := range n {
			rest[j] = (rest[j] + (pdf417Values-factor)*generator[n-1-j]) % pdf417Values
		}
	}
	for i, v := range rest {
		rest[i] = (pdf417Values - v) % pdf417Values
	}
	return rest
}

// longNumber is the length from which digits are shorter as a number than as text.
const longNumber = 13

// pdf417Data compacts a payload: long runs of digits as numbers, everything else as text.
func pdf417Data(payload string) []int {
	var words []int
	text := pdf417Compactor{}
	for i := 0; i < len(payload); {
		n := 0
		for i+n < len(payload) && payload[i+n] >= '0' && payload[i+n] <= '9' {
			n++
		}
		if n < longNumber {
			n = max(n, 1)
			text.add(payload[i : i+n])
			i += n
			continue
		}
		words = append(append(words, text.words()...), pdf417Numeric)
		words = appendNumber900(words, payload[i:i+n])
		if i += n; i < len(payload) {
			words = append(words, pdf417Text)
		}
		text = pdf417Compactor{}
	}
	return append(words, text.words()...)
}

// appendNumber900 writes digits as numbers to the base of 900, 44 digits at a time with a 1 before them, which keeps zeros.
func appendNumber900(words []int, digits string) []int {
	for len(digits) > 0 {
		n := min(44, len(digits))
		number := []byte("1" + digits[:n])
		digits = digits[n:]
		var group []int // lowest first
		for len(number) > 0 {
			rest, quotient := 0, number[:0]
			for _, d := range number {
				rest = rest*10 + int(d-'0')
				if q := rest / 900; q > 0 || len(quotient) > 0 {
					quotient = append(quotient, byte('0'+q)) //nolint:gosec // G115: a digit
				}
				rest %= 900
			}
			group = append(group, rest)
			number = quotient
		}
		for i := len(group) - 1; i >= 0; i-- {
			words = append(words, group[i])
		}
	}
	return words
}

// pdf417Compactor packs text two characters to a codeword, by four tables between which it switches.
type pdf417Compactor struct {
	table  int // one of tableUpper …
	values []int
}

const (
	tableUpper = iota
	tableLower
	tableMixed
	tablePunct
)

// pdf417Chars are the tables' characters; their place is their value. A control character never is a payload's.
func pdf417Chars(table int) string {
	return [...]string{
		tableUpper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ ",
		tableLower: "abcdefghijklmnopqrstuvwxyz ",
		tableMixed: "0123456789&\r\t,:#-.$/+%*=^\x00 ",
		tablePunct: ";<>@[\\]_`~!\r\t,:\n-.$/\"|*()?{}'",
	}[table]
}

// Values that switch between the tables.
const (
	shiftPunct = 29 // for one character
	latchUpper = 28 // in mixed
	latchMixed = 28 // in upper and lower
	latchLower = 27 // in upper and mixed
	shiftUpper = 27 // for one character, in lower
)

// add packs text. Signs are shifted, one by one, so that the table of signs is never the current one.
func (c *pdf417Compactor) add(text string) {
	for i := range len(text) {
		v := c.value(c.table, text[i])
		if v < 0 {
			v = c.change(text, i)
		}
		c.values = append(c.values, v)
	}
}

func (c *pdf417Compactor) value(table int, b byte) int {
	return strings.IndexByte(pdf417Chars(table), b)
}

// change makes a character that is not in the table reachable and returns its value: by a shift for a sign, and for a capital
// before a small letter, else by a latch.
func (c *pdf417Compactor) change(text string, i int) int {
	stays := i+1 == len(text) || c.value(c.table, text[i+1]) >= 0
	if v := c.value(tablePunct, text[i]); v >= 0 && (stays || c.value(tableMixed, text[i]) < 0) {
		c.values = append(c.values, shiftPunct)
		return v
	}
	want := tableUpper
	for c.value(want, text[i]) < 0 {
		want++
	}
	v := c.value(want, text[i])
	switch {
	case want == tableUpper && c.table == tableLower && stays:
		c.values = append(c.values, shiftUpper)
		return v
	case want == tableMixed:
		c.values = append(c.values, latchMixed)
	case want == tableLower:
		c.values = append(c.values, latchLower)
	case c.table == tableLower: // to upper through mixed
		c.values = append(c.values, latchMixed, latchUpper)
	default:
		c.values = append(c.values, latchUpper)
	}
	c.table = want
	return v
}

// words packs the values; an odd one is filled with a shift that nothing follows.
func (c *pdf417Compactor) words() []int {
	if len(c.values)%2 == 1 {
		c.values = append(c.values, shiftPunct)
	}
	out := make([]int, 0, len(c.values)/2)
	for i := 0; i < len(c.values); i += 2 {
		out = append(out, c.values[i]*30+c.values[i+1])
	}
	return out
}

// pdf417Pattern is the 17 modules of a value in a cluster (0, 1 or 2).
func pdf417Pattern(cluster, value int) uint32 {
	at := 4 * (cluster*pdf417Values + value)
	v, _ := strconv.ParseUint(pdf417Table[at:at+4], 16, 16) // the table is a constant, and tested
	return 1<<16 | uint32(v)
}

// pdf417Table is the standard's table of patterns: 929 values of the clusters 0, 3 and 6, four digits each, without the first
// module, which is always dark.
const pdf417Table = "" +
	"d5c0eaf0f57cd4e0ea78f53ea8c0d470a8605040a8305020adc0d6f0eb7cace0d678eb3e58c0ac7058605dc0aef0d77c5ce0ae78d73e5c70ae3c5ef0" +
	"af7c5e78af3e5f7cf5fad2e0e978f4bea4c0d270e93ca460d2384840a430d21c4820a4184810a6e0d378e9be4cc0a670d33c4c60a638d31e4c30a61c" +
	"4ee0a778d3be4e70a73c4e38a71e4f78a7be4f3c4f1ea2c0d170e8bca260d138e89e4440a230d11c4420a2184410440846c0a370d1bc4660a338d19e" +
	"4630a31c4618460c4770a3bc4738a39e471c47bca160d0b8e85e4240a130d09c4220a118d08e4210a10c4208a1064360a1b8d0de4330a19c4318a18e" +
	"430c4306a1de438e4140a0b0d05c4120a098d04e4110a08c4108a086410441b04198418c40a0d02ea04ca0464082cae0e578f2be94c0ca70e53c9460" +
	"ca38e51e28409430282096e0cb78e5be2cc09670cb3c2c6096382c302c182ee09778cbbe2e70973c2e382e1c2f7897be2f3c2fbedac0ed70f6bcda60" +
	"ed38f69eb440da30ed1cb420da18ed0eb410da0c92c0c970e4bcb6c09260c938e49eb660db38ed9e6c4024209218c90e6c20b6186c1026c09370c9bc" +
	"6ec026609338c99e6e60b738db9e6e3026186e18277093bc6f702738939e6f38b79e6f1c27bc6fbc279e6f9ed960ecb8f65eb240d930ec9cb220d918" +
	"ec8eb210d90cb208b2049160c8b8e45eb3609130c89c66402220d99cc88e66202210910c6610b30c91062204236091b8c8de67602330919c6730b39c" +
	"918e6718230c230623b891de67b8239c679c238e678e67deb140d8b0ec5cb120d898ec4eb110d88cb108d886b104b102214090b0c85c634021209098" +
	"c84e6320b198d8ce6310210890866308b186630421b090dc63b0219890ce6398b1ce638c2186638663dc63ceb0a0d858ec2eb090d84cb088d846b084" +
	"b08220a09058c82e61a02090904c6190b0cc9046618820846184208220d861d861cc61c6d82cd826b042902c204860c860c460c28ac0c570e2bc8a60" +
	"c53814408a30c51c14208a181410140816c08b70c5bc16608b38c59e16308b1c1618160c17708bbc17388b9e171c17bc179ecd60e6b8f35e9a40cd30" +
	"e69c9a20cd18e68e9a10cd0c9a08cd068960c4b8e25e9b608930c49c36401220cd9cc48e36209b18890c361012083608136089b8c4de37601330cdde" +
	"37309b9c898e3718130c370c13b889de37b8139c379c138e13de37dedd40eeb0f75cdd20ee98f74edd10ee8cdd08ee86dd049940ccb0e65cbb409920" +
	"eedce64ebb20dd98eecebb109908cc86bb08dd869902114088b0c45c334011208898c44e774033209998ccce7720bb98ddce88867710330899867708" +
	"110211b088dc33b0119888ce77b0339899ce7798bbce1186338611dc33dc11ce77dc33cedca0ee58f72edc90ee4cdc88ee46dc84dc8298a0cc58e62e" +
	"b9a09890ee6eb990dccccc46b9889884b9849882b98210a08858c42e31a01090884c73a0319098cc88467390b9cc1084738831841082318210d8886e" +
	"31d810cc73d831cc10c673cc31c610ee73eedc50ee2cdc48ee26dc44dc429850cc2cb8d09848cc26b8c8dc66b8c49842b8c21050882c30d010488826" +
	"71d030c8986671c8b8e6104271c430c271c230ec71ec71e6ee16dc22cc16982498221028306870e81022306285600a4085300a208518c28e0a10850c" +
	"0a0885060b6085b8c2de0b30859c0b18858e0b0c0b060bb885de0b9c0b8e0bde8d40c6b0e35c8d20c6988d10c68c8d08c6868d04094084b0c25c1b40" +
	"0920c6dcc24e1b208d98c6ce1b10090884861b088d86090209b084dc1bb0099884ce1b988dce1b8c098609dc1bdc09ce1bcecea0e758f3aece90e74c" +
	"ce88e746ce84ce828ca0c6589da08c90c64c9d90ceccc6469d888c849d848c829d8208a0845819a00890c66e3ba019908ccc84463b909dcc08843b88" +
	"19840882198208d8846e19d808cc3bd819cc08c63bcc19c608ee19ee3beeef50f7acef48f7a6ef44ef42ce50e72cded0ef6ce726dec8ef66dec4ce42" +
	"dec28c50c62c9cd08c48c626bdd09cc8ce66bdc8dee68c42bdc49cc2bdc20850842c18d00848842639d018c88c667bd039c89ce608427bc8bde618c2" +
	"7bc4086c18ec086639ec18e67bec39e67be6ef28f796ef24ef22ce28e716de68ef36de64ce22de628c28c6169c688c24bce89c648c22bce49c62bce2" +
	"0828841618688c3638e81864082279e838e4186279e438e279e2187679f6ef12de34de329c34bc74bc721834387478f478f205400520829805100508" +
	"050405b00598058c058605dc05ce86a08690c34c8688c3468684868204a082580da086d8824c0d9086cc0d8886c60d8404820d8204d8826e0dd886ee" +
	"0dcc04c60dc604ee0deec750c748c744c74286508ed0c76cc3268ec8c7668ec486428ec204500cd0044882261dd00cc804441dc80cc404421dc40cc2" +
	"046c0cec04661dec0ce61de6e7a8e7a4e7a2c728cf68e7b6cf64c722cf628628c3168e68c7369ee88e6486229ee48e629ee2042882160c6886361ce8" +
	"0c6404223de81ce40c623de41ce204360c761cf63df6f7d4f7d2e794efb4e792efb2c714cf34c712df74cf32df7286148e3486129e748e32bef4f560" +
	"fab8ea40f530fa9cea20f518fa8eea10f50cea08f506ea04eb60f5b8faded640eb30f59cd620eb18f58ed610eb0cd608eb06d604d760ebb8f5deae40" +
	"d730eb9cae20d718eb8eae10d70cae08d706ae04af60d7b8ebde5e40af30d79c5e20af18d78e5e10af0c5e08af065f60afb8d7de5f30af9c5f18af8e" +
	"5f0c5fb8afde5f9c5f8ee940f4b0fa5ce920f498fa4ee910f48ce908f486e904e902d340e9b0f4dcd320e998f4ced310e98cd308e986d304d302a740" +
	"d3b0e9dca720d398e9cea710d38ca708d386a704a7024f40a7b0d3dc4f20a798d3ce4f10a78c4f08a7864f044fb0a7dc4f98a7ce4f8c4f864fdc4fce" +
	"e8a0f458fa2ee890f44ce888f446e884e882d1a0e8d8f46ed190e8ccd188e8c6d184d182a3a0d1d8e8eea390d1cca388d1c6a384a38247a0a3d8d1ee" +
	"4790a3cc4788a3c64784478247d8a3ee47cc47c647eee850f42ce848f426e844e842d0d0e86cd0c8e866d0c4d0c2a1d0d0eca1c8d0e6a1c4a1c243d0" +
	"a1ec43c8a1e643c443c243ec43e6e828f416e824e822d068e836d064d062a0e8d076a0e4a0e241e8a0f641e441e2e814e812d034d032a074a072e540" +
	"f2b0f95ce520f298f94ee510f28ce508f286e504e502cb40e5b0f2dccb20e598f2cecb10e58ccb08e586cb04cb029740cbb0e5dc9720cb98e5ce9710" +
	"cb8c9708cb86970497022f4097b0cbdc2f209798cbce2f10978c2f0897862f042fb097dc2f9897ce2f8c2f862fdc2fcef6a0fb586bf0f690fb4c69f8" +
	"f688fb4668fcf684f682e4a0f258f92eeda0e490fb6eed90f6ccf246ed88e484ed84e482ed82c9a0e4d8f26edba0c990e4ccdb90edcce4c6db88c984" +
	"db84c982db8293a0c9d8e4eeb7a09390c9ccb790dbccc9c6b7889384b7849382b78227a093d8c9ee6fa0279093cc6f90b7cc93c66f8827846f842782" +
	"27d893ee6fd827cc6fcc27c66fc627eef650fb2c65f8f648fb2664fcf644647ef642e450f22cecd0e448f226ecc8f666ecc4e442ecc2c8d0e46cd9d0" +
	"c8c8e466d9c8ece6d9c4c8c2d9c291d0c8ecb3d091c8c8e6b3c8d9e6b3c491c2b3c223d091ec67d023c891e667c8b3e667c423c267c223ec67ec23e6" +
	"67e6f628fb1662fcf624627ef622e428f216ec68f636ec64e422ec62c868e436d8e8c864d8e4c862d8e290e8c876b1e8d8f6b1e490e2b1e221e890f6" +
	"63e821e463e421e263e221f663f6f614617ef612e414ec34e412ec32c834d874c832d8729074b0f49072b0f220f461f420f261f2f60ae40aec1ac81a" +
	"d83a903ab07ae2a0f158f8aee290f14ce288f146e284e282c5a0e2d8f16ec590e2ccc588e2c6c584c5828ba0c5d8e2ee8b90c5cc8b88c5c68b848b82" +
	"17a08bd8c5ee17908bcc17888bc61784178217d88bee17cc17c617eef350f9ac35f8f348f9a634fcf344347ef342e250f12ce6d0e248f126e6c8f366" +
	"e6c4e242e6c2c4d0e26ccdd0c4c8e266cdc8e6e6cdc4c4c2cdc289d0c4ec9bd089c8c4e69bc8cde69bc489c29bc213d089ec37d013c889e637c89be6" +
	"37c413c237c213ec37ec13e637e6fba875f0bafcfba474f8ba7efba2747c743ef328f99632fcf768fbb676fc327ef764f322767ef762e228f116e668" +
	"e224eee8f776e222eee4e662eee2c468e236cce8c464dde8cce4c462dde4cce2dde288e8c47699e888e4bbe899e488e2bbe499e2bbe211e888f633e8" +
	"11e477e833e411e277e433e277e211f633f6fb9472f8b97efb92727c723ef314317ef734f312737ef732e214e634e212ee74e632ee72c434cc74c432" +
	"dcf4cc72dcf2887498f48872b9f498f2b9f210f431f410f273f431f273f2fb8a717c713ef30af71ae20ae61aee3ac41acc3adc7a883a987ab8fa107a" +
	"30fa71fa70bee150f0ace148f0a6e144e142c2d0e16cc2c8e166c2c4c2c285d0c2ec85c8c2e685c485c20bd085ec0bc885e60bc40bc20bec0be6f1a8" +
	"f8d61afcf1a41a7ef1a2e128f096e368e124e364e122e362c268e136c6e8c264c6e4c262c6e284e8c2768de884e48de484e28de209e884f61be809e4" +
	"1be409e21be209f61bf6f9d43af89d7ef9d23a7c3a3ef194197ef3b4f1923b7ef3b2e114e334e112e774e332e772c234c674c232cef4c672cef28474" +
	"8cf484729df48cf29df208f419f408f23bf419f23bf27af0bd7c7a78bd3e7a3c7a1ef9ca397cfbda7b7c393e7b3ef18af39af7bae10ae31ae73aef7a" +
	"c21ac63ace7adefa843a8c7a9cfabdfa087a18fa39fa7978bcbe793c791e38be79be78bc789e785ee0a8e0a4e0a2c168e0b6c164c16282e8c17682e4" +
	"82e205e882f605e405e205f6f0d40d7ef0d2e094e1b4e092e1b2c134c374c132c372827486f4827286f204f40df404f20df2f8ea1d7c1d3ef0caf1da" +
	"e08ae19ae3bac11ac33ac77a823a867a8efa047a0cfa1dfa3d789ebe3d3c3d1e1cbe3dbe7d70bebc7d38be9e7d1c7d0e3cbc7dbc3c9e7d9e7cb8be5e" +
	"7c9c7c8e3c5e7cde7c5c7c4e7c2ec0b4c0b28174817202f402f2e0dac09ac1ba813a837a027a06fa0ebe1ebc1e9e3eb89f5e3e9c3e8e1e5e3ede7eb0" +
	"bf5c7e98bf4e7e8c7e863e5c7edc3e4e7ece7e58bf2e7e4c7e463e2e7e6e7e2c7e260f5e1f5c1f4e3f589fae3f4c3f461f2e3f6e3f2c3f26abe0d5f8" +
	"53c0a9f0d4fc51e0a8f8d47e50f0a87c5078fad05be0adf8fac859f0acfcfac458f8ac7efac2587cf5d0faec5df8f5c8fae65cfcf5c45c7ef5c2ebd0" +
	"f5ecebc8f5e6ebc4ebc2d7d0ebecd7c8ebe6d7c4d7c2afd0d7ecafc8d7e6afc44bc0a5f0d2fc49e0a4f8d27e48f0a47c4878a43e483cfa684df0a6fc" +
	"fa644cf8a67efa624c7c4c3ef4e8fa764efcf4e44e7ef4e2e9e8f4f6e9e4e9e2d3e8e9f6d3e4d3e2a7e8d3f6a7e4a7e245e0a2f8d17e44f0a27c4478" +
	"a23e443c441efa3446f8a37efa32467c463ef474477ef472e8f4e8f2d1f4d1f2a3f4a3f242f0a17c4278a13e423c421efa1a437c433ef43ae87ad0fa" +
	"4178a0be413c411e41be40bc409e2bc095f0cafc29e094f8ca7e28f0947c2878943e283cf9682df096fcf9642cf8967ef9622c7c2c3ef2e8f9762efc" +
	"f2e42e7ef2e2e5e8f2f6e5e4e5e2cbe8e5f6cbe4cbe297e8cbf697e497e2b5e0daf8ed7e69c0b4f0da7c68e0b478da3e6870b43c6838b41e681c25e0" +
	"92f8c97e6de024f0927c6cf0b67c923e6c78243c6c3c241e6c1ef93426f8937efb74f9326ef8267cfb726e7c263e6e3ef274277ef6f4f2726f7ef6f2" +
	"e4f4edf4e4f2edf2c9f4dbf4c9f2dbf293f493f265c0b2f0d97c64e0b278d93e6470b23c6438b21e641c640e22f0917c66f02278913e6678b33e663c" +
	"221e661ef91a237cfb3a677c233e673ef23af67ae47aecfac8fad9fa91fa62e0b178d8be6270b13c6238b11e621c620e217890be6378213c633c211e" +
	"631e21be63be6170b0bc6138b09e611c610e20bc61bc209e619e60b8b05e609c608e205e60de605c604e15e08af8c57e14f08a7c14788a3e143c141e" +
	"f8b416f88b7ef8b2167c163ef174177ef172e2f4e2f2c5f4c5f28bf48bf235c09af0cd7c34e09a78cd3e34709a3c34389a1e341c340e12f0897c36f0" +
	"1278893e36789b3e363c121e361ef89a137cf9ba377c133e373ef13af37ae27ae6fac4facdfa89fabae0dd78eebe74c0ba70dd3c7460ba38dd1e7430" +
	"ba1c7418ba0e740c32e09978ccbe76e03270993c7670bb3c991e7638321c761c320e760e117888be3378113c7778333c111e773c331e771e11be33be" +
	"77be72c0b970dcbc7260b938dc9e7230b91c7218b90e720c7206317098bc73703138989e7338b99e731c310e730e10bc31bc109e73bc319e739e7160" +
	"b8b8dc5e7130b89c7118b88e710c710630b8985e71b8309c719c308e718e105e30de71de70b0b85c7098b84e708c7086305c70dc304e70ce7058b82e" +
	"704c7046302e706e702c70260af0857c0a78853e0a3c0a1e0b7c0b3ef0bae17ac2fa85fa1ae08d78c6be1a708d3c1a388d1e1a1c1a0e097884be1b78" +
	"093c1b3c091e1b1e09be1bbe3ac09d70cebc3a609d38ce9e3a309d1c3a189d0e3a0c3a0619708cbc3b7019388c9e3b38191c3b1c190e3b0e08bc19bc" +
	"089e3bbc199e3b9ebd60deb8ef5e7a40bd30de9c7a20bd18de8e7a10bd0c7a08bd067a0439609cb8ce5e7b6039309c9c7b30bd9c9c8e7b18390c7b0c" +
	"39067b0618b88c5e39b8189c7bb8399c188e7b9c398e7b8e085e18de39de7bde7940bcb0de5c7920bc98de4e7910bc8c7908bc867904790238b09c5c" +
	"79b038989c4e7998bcce798c38867986185c38dc184e79dc38ce79ce78a0bc58de2e7890bc4c7888bc467884788238589c2e78d8384c78cc384678c6" +
	"182e386e78ee7850bc2c7848bc2678447842382c786c382678667828bc167824782238167836057882be053c051e05be0d7086bc0d38869e0d1c0d0e" +
	"04bc0dbc049e0d9e1d608eb8c75e1d308e9c1d188e8e1d0c1d060cb8865e1db80c9c1d9c0c8e1d8e045e0cde1dde3d409eb0cf5c3d209e98cf4e3d10" +
	"9e8c3d089e863d043d021cb08e5c3db01c988e4e3d989ece3d8c1c863d860c5c1cdc0c4e3ddc1cce3dcebea0df58efaebe90df4cbe88df46be84be82" +
	"3ca09e58cf2e7da03c909e4c7d90becc9e467d883c847d843c827d821c588e2e3cd81c4c7dd83ccc1c467dcc3cc67dc60c2e1c6e3cee7deebe50df2c" +
	"be48df26be44be423c509e2c7cd03c489e267cc8be667cc43c427cc21c2c3c6c1c267cec3c667ce6be28df16be24be223c289e167c683c247c643c22" +
	"7c621c163c367c76be14be123c147c343c127c3202bc029e06b8835e069c068e025e06de0eb0875c0e98874e0e8c0e86065c0edc064e0ece1ea08f58" +
	"c7ae1e908f4c1e888f461e841e820e58872e1ed88f6e1ecc0e461ec6062e0e6e1eee9f50cfac9f48cfa69f449f421e508f2c3ed09f6c8f263ec81e44" +
	"3ec41e423ec20e2c1e6c0e263eec1e663ee6dfa8efd6dfa4dfa29f28cf96bf689f24bf649f22bf621e288f163e681e247ee83e641e227ee43e627ee2" +
	"0e161e363e767ef6df94df929f14bf349f12bf321e143e341e127e743e327e72df8a9f0abf1a1e0a3e1a7e3a035c034e075883ae074c0746032e076e" +
	"0f5087ac0f4887a60f440f42072c0f6c07260f668fa8c7d68fa48fa20f2887961f688fb61f640f221f6207160f361f76cfd4cfd28f949fb48f929fb2" +
	"0f141f340f123f741f323f72cfca8f8a9f9a0f0a1f1a3f3a03ac03a607a883d607a407a2039607b687d487d207940fb407920fb2c7ea"
