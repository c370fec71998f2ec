package templates

import (
	"bufio"
	"bytes"
	"fmt"
)

// zpl is Zebra's ZPL II. Text is UTF-8 (^CI28) in the scalable font 0, set on its baseline (^FT), with every sign that could be a
// command's written by its code (^FH). Graphics are ^GF in hexadecimal digits with Zebra's run lengths.
type zpl struct{}

// set implements thermalLanguage. Font 0 is narrower than ours at the same size, so that the line keeps its room.
func (zpl) set(_ string, _, size float64, _ int) (printerFont, bool) {
	h := int(size + 0.5)
	return printerFont{name: "0", height: h}, h >= 10
}

// zplRows is how many rows one graphic has: a page's width of 300 dots an inch times this stays below the command's 99,999
// bytes.
const zplRows = 256

// page implements thermalLanguage.
func (zpl) page(w *bufio.Writer, dots *bitmap, labels []label) {
	fmt.Fprintf(w, "^XA\n^CI28\n^PW%d\n^LL%d\n^LH0,0\n", dots.w, dots.h)
	for y := 0; y < dots.h; {
		if noDots(dots.row(y)) {
			y++
			continue
		}
		end := y + 1
		for i := y; i < min(dots.h, y+zplRows); i++ {
			if !noDots(dots.row(i)) {
				end = i + 1
			}
		}
		fmt.Fprintf(w, "^FO0,%d^GFA,%d,%d,%d,", y, (end-y)*dots.stride, (end-y)*dots.stride, dots.stride)
		var last []byte
		for ; y < end; y++ {
			row := dots.row(y)
			if bytes.Equal(row, last) {
				_ = w.WriteByte(':') // a buffer keeps its error for Flush
			} else {
				_, _ = w.Write(zplRow(row))
			}
			last = row
		}
		_, _ = w.WriteString("^FS\n")
	}
	for _, l := range labels {
		fmt.Fprintf(w, "^FT%d,%d^A0N,%d^FH_^FD%s^FS\n", l.x, l.y, l.font.height, zplText(l.text))
	}
	_, _ = w.WriteString("^XZ\n")
}

func noDots(row []byte) bool { return len(bytes.Trim(row, "\x00")) == 0 }

// zplRow writes a row's digits; the blank rest is a comma.
func zplRow(row []byte) []byte {
	const digits = "0123456789ABCDEF"
	all := make([]byte, 0, 2*len(row))
	for _, b := range row {
		all = append(all, digits[b>>4], digits[b&15])
	}
	rest := bytes.TrimRight(all, "0")
	var out []byte
	for i := 0; i < len(rest); {
		n := 1
		for i+n < len(rest) && rest[i+n] == rest[i] {
			n++
		}
		out = append(zplRun(out, n), rest[i])
		i += n
	}
	if len(rest) < len(all) {
		out = append(out, ',')
	}
	return out
}

// zplRun writes how often the next digit comes: z is 400, g to y are 20 to 380, G to Y are 1 to 19; once is not said.
func zplRun(out []byte, n int) []byte {
	for ; n >= 400; n -= 400 {
		out = append(out, 'z')
	}
	if n >= 20 {
		out = append(out, byte('g'+n/20-1))
		n %= 20
		if n == 0 {
			return out
		}
	}
	if n > 1 || len(out) > 0 && n == 1 && out[len(out)-1] >= 'g' && out[len(out)-1] <= 'z' {
		out = append(out, byte('G'+n-1))
	}
	return out
}

// zplText writes what could be a command's sign by its code.
func zplText(text string) string {
	var b bytes.Buffer
	for i := range len(text) {
		switch c := text[i]; c {
		case '^', '~', '_', '\\', ',', '>':
			fmt.Fprintf(&b, "_%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
