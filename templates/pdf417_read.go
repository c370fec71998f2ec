package templates

import (
	"errors"
	"math/big"
	"slices"
	"strings"
)

// pdf417Reader reads PDF417 symbols out of pictures. It shares the standard's table of patterns with the encoder, which an
// outside reader checks in the tests, and nothing else: widths are measured, rows put together by their indicators, and all
// check sums must be zero, so that nothing is ever corrected. It is immutable and safe for concurrent use.
type pdf417Reader struct{ values map[uint32]pdf417Cell }

// pdf417Cell is what a pattern stands for.
type pdf417Cell struct{ cluster, value int }

func newPDF417Reader() *pdf417Reader {
	r := &pdf417Reader{values: make(map[uint32]pdf417Cell, 3*pdf417Values)}
	for cluster := range 3 {
		for v := range pdf417Values {
			r.values[pdf417Pattern(cluster, v)] = pdf417Cell{cluster, v}
		}
	}
	return r
}

// pixels is a picture of black (true) and white.
type pixels interface {
	Get(x, y int) bool
	GetWidth() int
	GetHeight() int
}

var errNoSymbol = errors.New("no symbol is found")

// read finds the only symbol of a picture, upright and not distorted.
func (r *pdf417Reader) read(p pixels) (string, error) {
	rows := make([][]int, pdf417Rows)
	columns := 0
	for y := range p.GetHeight() {
		cells := r.scan(p, y)
		if cells == nil {
			continue
		}
		row := 3*(cells[0].value/30) + cells[0].cluster
		words := make([]int, len(cells))
		for i, c := range cells {
			if c.cluster != cells[0].cluster {
				return "", errors.New("a line strays between rows")
			}
			words[i] = c.value
		}
		if row < 0 || row >= len(rows) || (columns != 0 && columns != len(cells)-2) {
			return "", errors.New("lines do not belong together")
		}
		columns = len(cells) - 2
		if rows[row] != nil && !slices.Equal(rows[row], words) {
			return "", errors.New("two lines of a row differ")
		}
		rows[row] = words
	}
	if columns < 1 {
		return "", errNoSymbol
	}
	words, level, err := pdf417Gather(rows, columns)
	if err != nil {
		return "", err
	}
	return pdf417Checked(words, level)
}

// scan reads one line of points: nil where it does not cross a symbol from its start to its stop.
func (r *pdf417Reader) scan(p pixels, y int) []pdf417Cell {
	var edges []int // where the colour changes
	for x, was := 0, false; x <= p.GetWidth(); x++ {
		if is := x < p.GetWidth() && p.Get(x, y); is != was {
			edges, was = append(edges, x), is
		}
	}
	start := pdf417Find(edges, []int{8, 1, 1, 1, 1, 1, 1, 3}, 0)
	if start < 0 {
		return nil
	}
	var cells []pdf417Cell
	for i := start + 8; i+8 < len(edges); i += 8 {
		if pdf417Find(edges[:min(i+10, len(edges))], []int{7, 1, 1, 3, 1, 1, 1, 2, 1}, i) == i {
			return cells
		}
		pattern, ok := pdf417Measure(edges[i : i+9])
		if !ok {
			return nil
		}
		c, ok := r.values[pattern]
		if !ok {
			return nil
		}
		cells = append(cells, c)
	}
	return nil
}

// pdf417Find returns the first dark edge from which on the runs have these widths, or -1.
func pdf417Find(edges, widths []int, from int) int {
	total := 0
	for _, w := range widths {
		total += w
	}
next:
	for i := from; i+len(widths) < len(edges); i += 2 {
		span := edges[i+len(widths)] - edges[i]
		for j, w := range widths {
			if rounded((edges[i+j+1]-edges[i+j])*total, span) != w {
				continue next
			}
		}
		return i
	}
	return -1
}

// rounded divides to the nearest.
func rounded(a, b int) int { return (2*a + b) / (2 * b) }

// pdf417Measure turns the nine edges of eight runs into a pattern of 17 modules.
func pdf417Measure(edges []int) (pattern uint32, ok bool) {
	span, modules, sum := edges[8]-edges[0], 0, 0
	for i := range 8 {
		w := rounded((edges[i+1]-edges[i])*pdf417Modules, span)
		if w < 1 || w > 6 {
			return 0, false
		}
		for range w {
			pattern <<= 1
			if i%2 == 0 {
				pattern |= 1
			}
		}
		modules += w
		if i%2 == 0 {
			sum += w * (1 - i%4)
		}
	}
	return pattern, modules == pdf417Modules && (sum+9)%3 == 0
}

// pdf417Gather puts the rows together and holds them to what their indicators say.
func pdf417Gather(rows [][]int, columns int) (words []int, level int, err error) {
	n := len(rows)
	for n > 0 && rows[n-1] == nil {
		n--
	}
	if n < 3 || slices.ContainsFunc(rows[:n], func(row []int) bool { return row == nil }) {
		return nil, 0, errors.New("rows are missing")
	}
	level = (rows[1][0] % 30) / 3
	for i, row := range rows[:n] {
		facts := [3]int{(n - 1) / 3, 3*level + (n-1)%3, columns - 1}
		if row[0] != 30*(i/3)+facts[i%3] || row[columns+1] != 30*(i/3)+facts[(i+2)%3] {
			return nil, 0, errors.New("a row's indicators are wrong")
		}
		words = append(words, row[1:columns+1]...)
	}
	return words, level, nil
}

// pdf417Checked makes sure that all check sums are zero and reads the text.
func pdf417Checked(words []int, level int) (string, error) {
	check := 2 << level
	if len(words) < check+1 || words[0] != len(words)-check {
		return "", errors.New("the length is wrong")
	}
	root := 1
	for range check {
		root = root * 3 % pdf417Values
		sum := 0
		for _, w := range words {
			sum = (sum*root + w) % pdf417Values
		}
		if sum != 0 {
			return "", errors.New("a check sum is wrong")
		}
	}
	return pdf417Decode(words[1:words[0]])
}

// pdf417Decode reads text and numbers, the two ways a ticket's payload is written in.
func pdf417Decode(words []int) (string, error) {
	var out strings.Builder
	numeric, state := false, pdf417TextState{}
	var group []int
	flush := func() error {
		for len(group) > 0 {
			n := min(15, len(group))
			v, base := new(big.Int), big.NewInt(900)
			for _, w := range group[:n] {
				v.Add(v.Mul(v, base), big.NewInt(int64(w)))
			}
			digits, ok := strings.CutPrefix(v.String(), "1")
			if !ok {
				return errors.New("a number does not begin with its mark")
			}
			out.WriteString(digits)
			group = group[n:]
		}
		return nil
	}
	for _, w := range words {
		switch {
		case w == pdf417Text || w == pdf417Numeric:
			if err := flush(); err != nil {
				return "", err
			}
			numeric, state = w == pdf417Numeric, pdf417TextState{}
		case w >= 900:
			return "", errors.New("a mode that tickets do not use")
		case numeric:
			group = append(group, w)
		default:
			state.next(&out, w/30)
			state.next(&out, w%30)
		}
	}
	if err := flush(); err != nil {
		return "", err
	}
	return out.String(), nil
}

// pdf417TextState is which table the next value is read by.
type pdf417TextState struct {
	latched byte // 0, 'l', 'm' or 'p'; 0 is upper
	shifted byte // for one value: 'u' or 'p'
}

// next reads one value.
func (s *pdf417TextState) next(out *strings.Builder, v int) {
	table := s.latched
	if s.shifted != 0 {
		table, s.shifted = s.shifted, 0
	}
	const mixed, punct = "0123456789&\r\t,:#-.$/+%*=^", ";<>@[\\]_`~!\r\t,:\n-.$/\"|*()?{}'"
	switch {
	case table == 'p' && v == 29:
		s.latched = 0
	case table == 'p':
		out.WriteByte(punct[v])
	case v == 29:
		s.shifted = 'p'
	case v == 26:
		out.WriteByte(' ')
	case table == 'm':
		s.mixed(out, mixed, v)
	case v < 26 && table == 'l':
		out.WriteByte(byte('a' + v)) //nolint:gosec // G115: a letter
	case v < 26:
		out.WriteByte(byte('A' + v)) //nolint:gosec // G115: a letter
	case v == 28:
		s.latched = 'm'
	case table == 'l':
		s.shifted = 'u'
	default:
		s.latched = 'l'
	}
}

func (s *pdf417TextState) mixed(out *strings.Builder, chars string, v int) {
	switch v {
	case 25:
		s.latched = 'p'
	case 27:
		s.latched = 'l'
	case 28:
		s.latched = 0
	default:
		out.WriteByte(chars[v])
	}
}
