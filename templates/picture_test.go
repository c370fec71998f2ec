package templates

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

func encodePNG(tb testing.TB, im image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// disk is a picture with a transparent surround.
func disk(side int) image.Image {
	im := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			dx, dy := x-side/2, y-side/2
			if d := dx*dx + dy*dy; d < side*side/5 {
				im.SetNRGBA(x, y, color.NRGBA{240, uint8(x * 255 / side), 30, uint8(255 - d*255/(side*side/5))})
			}
		}
	}
	return im
}

func TestPicture_GoodOnes_AreEmbedded(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	grey := image.NewGray(image.Rect(0, 0, 60, 30))
	paletted := image.NewPaletted(image.Rect(0, 0, 50, 50), color.Palette{color.White, color.Black, color.Transparent})
	paletted.SetColorIndex(7, 7, 2)
	deep := image.NewNRGBA64(image.Rect(0, 0, 20, 20))
	for name, c := range map[string]struct {
		data []byte
		want []string // of pdfimages -list
	}{
		"JPEG":         {stagePicture(), []string{"image    1200   460  rgb", "jpeg"}},
		"grey JPEG":    {mustJPEG(t, grey), []string{"image      60    30  gray", "jpeg"}},
		"large JPEG":   {mustJPEG(t, stage(4000, 1000)), []string{"image    1800   450  rgb", "jpeg"}},
		"PNG":          {encodePNG(t, stage(64, 64)), []string{"image      64    64  rgb", "image "}},
		"alpha PNG":    {encodePNG(t, disk(80)), []string{"smask      80    80  gray", "image      80    80  rgb"}},
		"grey PNG":     {encodePNG(t, grey), []string{"image      60    30  rgb"}},
		"palette":      {encodePNG(t, paletted), []string{"image      50    50  rgb", "smask      50    50"}},
		"16 bit":       {encodePNG(t, deep), []string{"image      20    20  rgb"}},
		"photo as PNG": {encodePNG(t, noise(900, 400)), []string{"image     900   400  rgb", "jpeg"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := theatre(t)
			d.Pages[0].Picture = c.data
			f := mustFile(t, "ticket.pdf", mustPDF(t, r, d))
			list := tool(t, "pdfimages", "-list", f)
			for _, w := range c.want {
				if !strings.Contains(list, w) {
					t.Errorf("%q is not in\n%s", w, list)
				}
			}
			tool(t, "qpdf", "--check", f)
			mustPNG(t, r, d, 50)
		})
	}
}

// noise compresses badly.
func noise(w, h int) image.Image {
	im := image.NewRGBA(image.Rect(0, 0, w, h))
	v := uint32(1)
	for i := range im.Pix {
		v = v*1664525 + 1013904223
		im.Pix[i] = uint8(v >> 24)
		if i%4 == 3 {
			im.Pix[i] = 255
		}
	}
	return im
}

func TestPicture_BadOnes_AreLeftOutAndReported(t *testing.T) {
	t.Parallel()
	plain := theatre(t)
	plain.Pages[0].Picture = nil
	want := mustPDF(t, mustNew(t, Options{}), plain)
	good := encodePNG(t, disk(80))
	huge := slices.Clone(good)
	copy(huge[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65,536 by 65,536
	for name, data := range map[string][]byte{
		"garbage":        []byte("<html>not found</html>"),
		"one byte":       {0xff},
		"GIF":            []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
		"cut JPEG":       stagePicture()[:2000],
		"JPEG head only": stagePicture()[:3],
		"cut PNG":        good[:len(good)-40],
		"huge":           huge,
		"too many bytes": slices.Concat(good, make([]byte, maxPictureBytes)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			r := mustNew(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			d := theatre(t)
			d.Pages[0].Picture = data
			for range 2 {
				if !bytes.Equal(mustPDF(t, r, d), want) {
					t.Error("the page is not the one without picture")
				}
			}
			if strings.Count(log.String(), "ticket picture cannot be printed") != 2 {
				t.Errorf("reported: %s", log.String())
			}
		})
	}
}

func TestPicture_ManyPages_EmbedItOnce(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	d := many(theatre(t), 6)
	for i := range d.Pages {
		d.Pages[i].Picture = slices.Clone(d.Pages[i].Picture)
	}
	if n := bytes.Count(mustPDF(t, r, d), []byte("/Subtype/Image")); n != 1 {
		t.Errorf("embedded %d times", n)
	}
}

func TestAlbum_KeepsTheLastOnes(t *testing.T) {
	t.Parallel()
	a := newAlbum()
	first := encodePNG(t, disk(10))
	one, err := a.get(first)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := a.get(slices.Clone(first)); again != one {
		t.Error("the same bytes are decoded twice")
	}
	for i := range 2 * albumSize {
		if _, err := a.get(encodePNG(t, disk(11+i))); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.byHash) != albumSize || a.recent.Len() != albumSize {
		t.Errorf("%d pictures are kept", len(a.byHash))
	}
	if again, _ := a.get(first); again == one {
		t.Error("the oldest picture is still kept")
	}
}

func TestCrop_AnyPicture_FillsTheBox(t *testing.T) {
	t.Parallel()
	for _, p := range []picture{{w: 100, h: 100}, {w: 1000, h: 10}, {w: 10, h: 1000}, {w: 190, h: 60}} {
		x, y, w, h := p.crop(190, 60)
		if x < 0 || y < 0 || x+w > float64(p.w)+1e-9 || y+h > float64(p.h)+1e-9 {
			t.Errorf("%v: %v %v %v %v", p, x, y, w, h)
		}
		if r := w / h / (190.0 / 60); r < 0.999 || r > 1.001 {
			t.Errorf("%d by %d: proportions %v", p.w, p.h, w/h)
		}
	}
}

// FuzzPicture decodes bytes from outside.
func FuzzPicture(f *testing.F) {
	f.Add(encodePNG(f, disk(12)))
	f.Add(encodePNG(f, stage(9, 7)))
	f.Add(mustJPEG(f, stage(24, 16)))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Add([]byte("\xff\xd8\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		cfg, _, err := probe(b)
		if err != nil || cfg.Width*cfg.Height > 1<<18 {
			return
		}
		p, err := readPicture(b)
		if err != nil {
			return
		}
		if p.w < 1 || p.h < 1 || len(p.data) == 0 {
			t.Errorf("a picture of %d by %d, %d bytes", p.w, p.h, len(p.data))
		}
	})
}
