package templates

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/domain/delivery"
)

var update = flag.Bool("update", false, "write the golden files")

func mustRead(tb testing.TB, file string) []byte {
	tb.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte, same func(want []byte) string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; `make golden` writes it", err)
	}
	if diff := same(want); diff != "" {
		t.Errorf("%s (look at it, then `make golden`):\n%s", file, diff)
	}
}

// script is a canvas that writes down what is drawn, one line each.
type script struct {
	silent
	b bytes.Buffer
}

func (s *script) fill(p path, c ink) {
	if len(p) > 60 { // a dashed line
		p = p[:4]
	}
	fmt.Fprintf(&s.b, "fill #%02x%02x%02x %s\n", c.R, c.G, c.B, extent(p))
}

func (s *script) text(x, y, size, angle float64, l line, c ink) {
	var words []string
	for _, r := range l.runs {
		text := r.text
		if last := r.glyphs[len(r.glyphs)-1]; last.advance == 0 && last.text == " " { // hangs over the line's end
			text = strings.TrimSuffix(text, " ")
		}
		words = append(words, text)
	}
	fmt.Fprintf(&s.b, "text %.1f %.1f %.1fpt #%02x%02x%02x", x, y, size, c.R, c.G, c.B)
	if angle != 0 {
		fmt.Fprintf(&s.b, " %.0f°", angle)
	}
	fmt.Fprintf(&s.b, " %q\n", strings.Join(words, "|"))
}

func (s *script) picture(b rect, _ path, p *picture) {
	fmt.Fprintf(&s.b, "picture %.1f %.1f %.1f %.1f of %d x %d\n", b.X, b.Y, b.W, b.H, p.w, p.h)
}

func (s *script) barcode(b rect, y *symbol, m measure) {
	fmt.Fprintf(&s.b, "barcode %.1f %.1f %.1f %.1f %d x %d modules of %.3f, height %.1f\n", b.X, b.Y, b.W, b.H, y.w, y.h, m.module, m.height)
}

func (s *script) clip(p path) { fmt.Fprintf(&s.b, "clip %s\n", extent(p)) }
func (s *script) unclip()     { s.b.WriteString("unclip\n") }

// drawFirst draws a document's first page.
func drawFirst(tb testing.TB, r *Renderer, on canvas, w *worker, d delivery.Document) *page {
	tb.Helper()
	leaves, symbols, err := r.plan(tb.Context(), d.Pages)
	if err != nil {
		tb.Fatal(err)
	}
	j := job{r: r, words: pick(r.locales, d.Language), text: w.shaper, pages: d.Pages, symbols: symbols, pics: pictures{r: r}}
	pg := j.page(tb.Context(), on, j.spread(leaves)[0])
	pg.draw()
	return pg
}

func extent(p path) string {
	b := rect{1e9, 1e9, -1e9, -1e9} // W and H hold the right and bottom edge here
	for _, s := range p {
		for _, q := range s.P[:s.Verb.points()] {
			b = rect{min(b.X, q.X), min(b.Y, q.Y), max(b.W, q.X), max(b.H, q.Y)}
		}
	}
	return fmt.Sprintf("%.1f %.1f %.1f %.1f", b.X, b.Y, b.W-b.X, b.H-b.Y)
}

func TestLayout_Samples_StandWhereTheyStood(t *testing.T) {
	t.Parallel()
	for name, d := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := mustNew(t, Options{})
			words := pick(r.locales, d.Language)
			var out script
			drawFirst(t, r, &out, r.worker(words), d)
			golden(t, name+".txt", out.b.Bytes(), func(want []byte) string {
				return cmp.Diff(strings.Split(string(want), "\n"), strings.Split(out.b.String(), "\n"))
			})
		})
	}
}

func TestPNG_Samples_LookAsTheyLooked(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for name, d := range samples(t) {
		if name == "crowded" { // its barcode has no room at this resolution
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Kept small and grey: enough to see by eye what has changed.
			small := thumb(mustDecodePNG(t, mustPNG(t, r, d, 60)), 124, 175)
			var got bytes.Buffer
			if err := png.Encode(&got, small); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".png", got.Bytes(), func(want []byte) string {
				if n := difference(thumb(mustDecodePNG(t, want), 62, 87), thumb(small, 62, 87)); n > 6 {
					return fmt.Sprintf("a spot differs by %d of 255", n)
				}
				return ""
			})
		})
	}
}

// thumb makes a picture small by averaging.
func thumb(im image.Image, w, h int) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, w, h))
	b := im.Bounds()
	for y := range h {
		for x := range w {
			sum, n := 0, 0
			for j := y * b.Dy() / h; j < (y+1)*b.Dy()/h; j++ {
				for i := x * b.Dx() / w; i < (x+1)*b.Dx()/w; i++ {
					g, _ := color.GrayModel.Convert(im.At(b.Min.X+i, b.Min.Y+j)).(color.Gray)
					sum += int(g.Y)
					n++
				}
			}
			out.SetGray(x, y, color.Gray{uint8(sum / max(n, 1))})
		}
	}
	return out
}

// difference is how much the two pictures differ at the spot where they do most.
func difference(a, b *image.Gray) int {
	most := 0
	for i := range a.Pix {
		most = max(most, int(a.Pix[i])-int(b.Pix[i]), int(b.Pix[i])-int(a.Pix[i]))
	}
	return most
}
