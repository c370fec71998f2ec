package templates

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/delivery"
)

func mustDecodePNG(tb testing.TB, b []byte) image.Image {
	tb.Helper()
	im, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		tb.Fatal(err)
	}
	return im
}

// cropPNG cuts a box in mm out of a picture.
func cropPNG(tb testing.TB, b []byte, r rect, dpi int) []byte {
	tb.Helper()
	im := mustDecodePNG(tb, b)
	px := func(mm float64) int { return int(mm * float64(dpi) / 25.4) }
	out := image.NewRGBA(image.Rect(0, 0, px(r.W), px(r.H)))
	draw.Draw(out, out.Bounds(), im, image.Pt(px(r.X), px(r.Y)), draw.Src)
	var cut bytes.Buffer
	if err := png.Encode(&cut, out); err != nil {
		tb.Fatal(err)
	}
	return cut.Bytes()
}

func TestPNG_Resolution_GivesThePageSize(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for dpi, want := range map[int]image.Point{36: {298, 421}, 72: {595, 842}, 150: {1240, 1754}} {
		if got := mustDecodePNG(t, mustPNG(t, r, theatre(t), dpi)).Bounds().Size(); got != want {
			t.Errorf("%d dpi: %v, want %v", dpi, got, want)
		}
	}
	for _, dpi := range []int{-1, 0, 35, 601} {
		if err := r.PNG(t.Context(), io.Discard, theatre(t), dpi); !domain.HasCode(err, domain.CodeRequest) {
			t.Errorf("%d dpi: got %v", dpi, err)
		}
	}
}

func TestPNG_SameDocument_SameBytes(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	other, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range samples(t) {
		dpi := 50
		if name == "crowded" { // its barcode needs more
			dpi = 100
		}
		a := mustPNG(t, r, d, dpi)
		if !bytes.Equal(a, mustPNG(t, other, d, dpi)) || !bytes.Equal(a, mustPNG(t, r, d, dpi)) {
			t.Errorf("%s: two pictures of one document differ", name)
		}
	}
}

// blank paints over the barcode, whose modules are as large in a picture as whole points allow.
func blank(im image.Image, dpi int) image.Image {
	out := image.NewRGBA(im.Bounds())
	draw.Draw(out, out.Bounds(), im, image.Point{}, draw.Src)
	px := func(mm float64) int { return int(mm * float64(dpi) / 25.4) }
	draw.Draw(out, image.Rect(0, px(191), px(210), px(240)), image.White, image.Point{}, draw.Src)
	return out
}

// TestPNG_LooksLikeThePDF compares the two outputs as a reader would from some distance, one spot for six millimetres.
func TestPNG_LooksLikeThePDF(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for name, d := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pdf := mustFile(t, "ticket.pdf", mustPDF(t, r, d))
			tool(t, "pdftoppm", "-png", "-r", "120", "-singlefile", pdf, pdf)
			theirs := blank(mustDecodePNG(t, mustRead(t, pdf+".png")), 120)
			ours := blank(mustDecodePNG(t, mustPNG(t, r, d, 120)), 120)
			if got := difference(thumb(ours, 33, 46), thumb(theirs, 33, 46)); got > 24 {
				t.Errorf("a spot differs by %d of 255", got)
			}
		})
	}
}

func TestPNG_Modules_AreBlackOnWhiteWithoutGrey(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for _, kind := range delivery.Symbologies() {
		for _, dpi := range []int{131} {
			d := specimen(t)
			d.Pages[0].Symbology = kind
			c, scale := cropMM(lies(kind)), float64(dpi)/25.4
			im := mustDecodePNG(t, mustPNG(t, r, d, dpi))
			for y := int((c.Y + 4) * scale); y < int((c.Y+c.H-4)*scale); y++ {
				for x := int((c.X + 5) * scale); x < int((c.X+c.W-5)*scale); x++ {
					if v, _, _, _ := im.At(x, y).RGBA(); v != 0 && v != 0xffff {
						t.Fatalf("%s at %d dpi: a point of %x", kind, dpi, v)
					}
				}
			}
		}
	}
}

func TestRowFilter_AnyRows_AreGotBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.IntRange(1, 300).Draw(t, "points across")
		rows, got := newRowFilter(w), make([]byte, 3*w)
		row := make([]byte, 4*w)
		for range 6 {
			row = slices.Clone(row) // often as the one above, but for a line of one colour
			from := rapid.IntRange(0, w).Draw(t, "from")
			to := rapid.IntRange(from, w).Draw(t, "to")
			point := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "point")
			for x := from; x < to; x++ {
				copy(row[4*x:], point)
			}
			if to > from && rapid.Bool().Draw(t, "speckled") {
				row[4*from+rapid.IntRange(0, 3).Draw(t, "of")]++
			}
			filtered := rows.filter(row)
			for i, v := range filtered[1:] {
				switch {
				case filtered[0] == 2:
					got[i] += v
				case i < 3:
					got[i] = v
				default:
					got[i] = got[i-3] + v
				}
			}
			for i, v := range got {
				if want := row[i/3*4+i%3]; v != want {
					t.Fatalf("byte %d is %d, want %d", i, v, want)
				}
			}
		}
	})
}
