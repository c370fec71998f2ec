package templates

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/delivery"
)

// printout is what a thermal printer would print: its dots, and what it sets in fonts of its own.
type printout struct {
	dots   dots
	texts  []string
	size   image.Point // where the page says so
	nPages int
}

// dots are those that a printer makes black, row by row, each row as long as it needs.
type dots [][]bool

func (d *dots) add(at image.Point) {
	for len(*d) <= at.Y {
		*d = append(*d, nil)
	}
	row := (*d)[at.Y]
	if len(row) <= at.X {
		row = append(row, make([]bool, at.X+1-len(row))...)
		(*d)[at.Y] = row
	}
	row[at.X] = true
}

// readFGL obeys a BOCA printer's commands.
func readFGL(tb testing.TB, b []byte) printout {
	tb.Helper()
	out := printout{}
	var at image.Point // x is the column
	for len(b) > 0 {
		if b[0] != '<' {
			text, _, _ := bytes.Cut(b, []byte("<"))
			out.texts = append(out.texts, fmt.Sprintf("%d,%d %s", at.X, at.Y, text))
			b = b[len(text):]
			continue
		}
		command, rest, ok := bytes.Cut(b[1:], []byte(">"))
		if !ok {
			tb.Fatalf("no end of a command in %q", b)
		}
		b = rest
		name := strings.TrimRight(string(command), "0123456789,")
		args := strings.Split(string(command[len(name):]), ",")
		number := func(i int) int {
			n, err := strconv.Atoi(args[i])
			if err != nil {
				tb.Fatalf("command %q: %v", command, err)
			}
			return n
		}
		switch name {
		case "NR":
		case "RC":
			at = image.Pt(number(1), number(0))
		case "G":
			for i, column := range b[:number(0)] {
				for bit := range 8 {
					if column>>(7-bit)&1 == 1 {
						out.dots.add(at.Add(image.Pt(i, bit)))
					}
				}
			}
			b = b[number(0):]
		case "F", "BS", "HW":
		case "p":
			out.nPages++
		default:
			tb.Fatalf("unknown command %q", command)
		}
	}
	return out
}

// readZPL obeys a Zebra printer's commands.
func readZPL(tb testing.TB, b []byte) printout {
	tb.Helper()
	out := printout{}
	var at image.Point
	for _, command := range strings.Split(string(b), "^")[1:] {
		command = strings.TrimSuffix(command, "\n")
		name, rest := command[:2], command[2:]
		args := strings.Split(rest, ",")
		number := func(i int) int {
			n, err := strconv.Atoi(args[i])
			if err != nil {
				tb.Fatalf("command %q: %v", command, err)
			}
			return n
		}
		switch name {
		case "XA", "CI", "LH", "A0", "FH", "FS":
		case "XZ":
			out.nPages++
		case "PW":
			out.size.X = number(0)
		case "LL":
			out.size.Y = number(0)
		case "FO", "FT":
			at = image.Pt(number(0), number(1))
		case "GF":
			if args[0] != "A" || number(1) != number(2) || number(1)%number(3) != 0 || number(1) > 99_999 {
				tb.Fatalf("graphic %v", args[:4])
			}
			for y, row := range zplRowsOf(tb, strings.SplitN(rest, ",", 5)[4], number(3), number(1)/number(3)) {
				for x, v := range row {
					if v {
						out.dots.add(at.Add(image.Pt(x, y)))
					}
				}
			}
		case "FD":
			var text strings.Builder
			for i := 0; i < len(rest); i++ {
				if rest[i] == '_' {
					v, err := strconv.ParseUint(rest[i+1:i+3], 16, 8)
					if err != nil {
						tb.Fatal(err)
					}
					text.WriteByte(byte(v))
					i += 2
					continue
				}
				text.WriteByte(rest[i])
			}
			out.texts = append(out.texts, fmt.Sprintf("%d,%d %s", at.X, at.Y, text.String()))
		default:
			tb.Fatalf("unknown command %q", command)
		}
	}
	return out
}

// zplRowsOf expands Zebra's run lengths.
func zplRowsOf(tb testing.TB, data string, stride, n int) [][]bool {
	tb.Helper()
	var rows [][]bool
	var row []bool
	times := 0
	for i := range len(data) {
		switch c := data[i]; {
		case c >= 'G' && c <= 'Y':
			times += int(c-'G') + 1
			continue
		case c >= 'g' && c <= 'z':
			times += 20 * (int(c-'g') + 1)
			continue
		case c == ',':
			row = append(row, make([]bool, 8*stride-len(row))...)
		case c == ':':
			if len(row) != 0 {
				tb.Fatal("a row is repeated amid a row")
			}
			row = rows[len(rows)-1]
		default:
			v, err := strconv.ParseUint(string(c), 16, 4)
			if err != nil {
				tb.Fatal(err)
			}
			for range max(times, 1) {
				for bit := 3; bit >= 0; bit-- {
					row = append(row, v>>bit&1 == 1)
				}
			}
		}
		times = 0
		if len(row) == 8*stride {
			rows, row = append(rows, row), nil
		}
	}
	if len(rows) != n || len(row) != 0 {
		tb.Fatalf("%d rows and %d dots, want %d rows of %d", len(rows), len(row), n, 8*stride)
	}
	return rows
}

// picture paints the printout.
func (p printout) picture() *image.Gray {
	width := 0
	for _, row := range p.dots {
		width = max(width, len(row))
	}
	out := image.NewGray(image.Rect(0, 0, width+40, len(p.dots)+40))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	for y, row := range p.dots {
		for x, black := range row {
			if black {
				out.Pix[y*out.Stride+x] = 0
			}
		}
	}
	return out
}

func pngOf(tb testing.TB, im image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// printers read what was written for them.
var printers = map[delivery.PrinterLanguage]func(testing.TB, []byte) printout{delivery.FGL: readFGL, delivery.ZPL: readZPL}

func mustThermal(tb testing.TB, r *Renderer, d delivery.Document, language delivery.PrinterLanguage, dpi int) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := r.Thermal(tb.Context(), &b, d, language, dpi); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// usualThermal has the layouts of testdata.
var usualThermal = sync.OnceValues(func() (*Renderer, error) {
	return New(Options{Layouts: os.DirFS("testdata/layouts"), Check: 1})
})

func thermalRenderer(tb testing.TB) *Renderer {
	tb.Helper()
	r, err := usualThermal()
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestThermal_EverySymbology_DecodesFromThePrintersDots(t *testing.T) {
	t.Parallel()
	r := thermalRenderer(t)
	for language, read := range printers {
		for _, dpi := range []int{203, 300} {
			for _, layout := range []string{"stub", "roll", "thermal"} {
				for _, kind := range delivery.Symbologies() {
					t.Run(fmt.Sprintf("%s/%d/%s/%s", language, dpi, layout, kind), func(t *testing.T) {
						t.Parallel()
						d := theatre(t)
						p := &d.Pages[0]
						p.Layout, p.Symbology, p.Barcode = layout, kind, "003100427719500018843276"
						got := read(t, mustThermal(t, r, d, language, dpi))
						if got.nPages != 1 {
							t.Errorf("%d pages", got.nPages)
						}
						if back := decodeDots(t, kind, got.picture(), layout, dpi); back != p.Barcode {
							t.Errorf("decoded %q", back)
						}
					})
				}
			}
		}
	}
}

// decodeDots reads a printed page: linear symbols and QR codes with zbar, where they are; the others with zxing, which looks for
// them in the middle of the picture.
func decodeDots(t *testing.T, kind delivery.Symbology, page *image.Gray, layout string, dpi int) string {
	t.Helper()
	if slices.Contains([]delivery.Symbology{delivery.Code128, delivery.ITF, delivery.QR}, kind) {
		return strings.TrimSuffix(tool(t, "zbarimg", "-q", "--raw", mustFile(t, "printed.png", pngOf(t, page))), "\n")
	}
	box := map[string]rect{"stub": {99, 4, 38, 38}, "thermal": {96, 4, 42, 42}, "roll": {15, 30, 50, 50}}[layout]
	if kind == delivery.PDF417 {
		box = map[string]rect{"stub": {3, 28.5, 134, 15}, "thermal": {0.5, 27.5, 138.7, 17.5}, "roll": {0.5, 30, 79, 25}}[layout]
	}
	px := func(mm float64) int { return int(mm * float64(dpi) / 25.4) }
	cut := page.SubImage(image.Rect(px(box.X), px(box.Y), px(box.X+box.W), px(box.Y+box.H)))
	return decode(t, kind, mustFile(t, "printed.png", pngOf(t, cut)))
}

func TestThermal_Samples_AreWrittenAsTheyWere(t *testing.T) {
	t.Parallel()
	r := thermalRenderer(t)
	for name, d := range samples(t) {
		if name == "crowded" { // its barcode is too long for a small ticket
			continue
		}
		for language, read := range printers {
			t.Run(name+"/"+string(language), func(t *testing.T) {
				t.Parallel()
				d := d // another language prints it at the same time
				d.Pages = append([]delivery.Page{}, d.Pages...)
				d.Pages[0].Layout = delivery.ThermalLayout
				out := mustThermal(t, r, d, language, 203)
				if again := mustThermal(t, thermalRenderer(t), d, language, 203); !bytes.Equal(out, again) {
					t.Error("two of one document differ")
				}
				got := read(t, out)
				golden(t, name+"."+string(language)+".txt", []byte(strings.Join(got.texts, "\n")+"\n"), func(want []byte) string {
					return cmp.Diff(string(want), strings.Join(got.texts, "\n")+"\n")
				})
				golden(t, name+"."+string(language)+".png", pngOf(t, got.picture()), func(want []byte) string {
					if n := difference(thumb(mustDecodePNG(t, want), 92, 33), thumb(got.picture(), 92, 33)); n > 6 {
						return fmt.Sprintf("a spot differs by %d of 255", n)
					}
					return ""
				})
			})
		}
	}
}

func TestThermal_TextWithCommands_IsText(t *testing.T) {
	t.Parallel()
	r := thermalRenderer(t)
	for language, read := range printers {
		for _, name := range []string{"<p><CB>", "^XZ^XA^FDx", "~JA_5E", `\&_`, "a,b>c", "<RC1,1>", "Ada ^ Muster"} {
			d := theatre(t)
			d.Pages[0].Layout, d.Pages[0].Holder = "stub", name
			got := read(t, mustThermal(t, r, d, language, 203)) // fails on a command that is not ours
			if got.nPages != 1 {
				t.Errorf("%s %q: %d pages", language, name, got.nPages)
			}
			for _, text := range got.texts {
				if strings.Contains(text, "XA") && !strings.HasSuffix(text, " "+name) {
					t.Errorf("%s %q became %q", language, name, text)
				}
			}
		}
	}
}

func TestThermal_ManyTickets_OnePageEach(t *testing.T) {
	t.Parallel()
	r := thermalRenderer(t)
	d := many(theatre(t), 3)
	for i := range d.Pages {
		d.Pages[i].Layout = "stub"
	}
	for language, read := range printers {
		if got := read(t, mustThermal(t, r, d, language, 203)); got.nPages != 3 {
			t.Errorf("%s: %d pages", language, got.nPages)
		}
	}
}

func TestThermal_WhatCannotBePrinted_IsRefused(t *testing.T) {
	t.Parallel()
	r := thermalRenderer(t)
	d := theatre(t)
	for _, c := range []struct {
		language delivery.PrinterLanguage
		dpi      int
	}{{"esc", 203}, {delivery.FGL, 150}, {delivery.ZPL, 0}, {delivery.ZPL, 600}} {
		if err := r.Thermal(t.Context(), io.Discard, d, c.language, c.dpi); !domain.HasCode(err, domain.CodeRequest) {
			t.Errorf("%s at %d: got %v", c.language, c.dpi, err)
		}
	}
	d.Pages[0].Layout, d.Pages[0].Barcode = "roll", payloads[6] // 64 characters that do not pair
	if err := r.Thermal(t.Context(), io.Discard, d, delivery.FGL, 203); !domain.HasCode(err, CodeBarcode) {
		t.Errorf("a barcode that is too long: %v", err)
	}
}

func TestZPLRow_IsExpandedToItself(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 9, 10, 11, 19, 20, 21, 100, 200, 201, 211, 420} {
		for fill := range 3 {
			b := newBitmap(8*n, 1)
			for x := range b.w {
				if fill == 0 || (fill == 1 && x == 0) || (fill == 2 && x > 7) {
					b.set(x, 0)
				}
			}
			row := zplRowsOf(t, string(zplRow(b.row(0))), n, 1)[0]
			for x, v := range row {
				if v != b.at(x, 0) {
					t.Fatalf("%d bytes, filled %d: dot %d is %v", n, fill, x, v)
				}
			}
		}
	}
}
