package secutix

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	points "image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"

	"guichet/domain/delivery"
)

// halves is a picture that is red on its left and blue on its right half; alpha is of the whole.
func halves(w, h int, alpha uint8) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if x < w/2 {
				m.SetNRGBA(x, y, points.NRGBA{R: 255, A: alpha})
			} else {
				m.SetNRGBA(x, y, points.NRGBA{B: 255, A: alpha})
			}
		}
	}
	return m
}

func pngOf(m image.Image) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, m)
	return b.Bytes()
}

func jpegOf(m image.Image) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, nil)
	return b.Bytes()
}

func gifOf(m image.Image) []byte {
	var b bytes.Buffer
	_ = gif.Encode(&b, m, nil)
	return b.Bytes()
}

// webpOf is one point of WebP, in its two codings.
func webpOf(lossless bool) []byte {
	s := "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"
	if lossless {
		s = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="
	}
	b, _ := base64.StdEncoding.DecodeString(s)
	return b
}

func TestReshape_SizesAndFormats(t *testing.T) {
	t.Parallel()
	wide := halves(400, 100, 255)
	for name, tt := range map[string]struct {
		in    []byte
		form  delivery.PictureForm
		media string
		w, h  int
		same  bool
	}{
		"png smaller":             {pngOf(wide), delivery.PictureForm{Width: 160}, mediaPNG, 160, 40, false},
		"jpeg smaller":            {jpegOf(wide), delivery.PictureForm{Width: 320}, mediaJPEG, 320, 80, false},
		"gif smaller":             {gifOf(wide), delivery.PictureForm{Width: 160}, mediaPNG, 160, 40, false},
		"never larger":            {jpegOf(wide), delivery.PictureForm{Width: 1920}, mediaJPEG, 400, 100, true},
		"as wide":                 {pngOf(halves(160, 9, 255)), delivery.PictureForm{Width: 160}, mediaPNG, 160, 9, true},
		"as it came":              {gifOf(wide), delivery.PictureForm{}, mediaGIF, 400, 100, true},
		"its own format":          {jpegOf(wide), delivery.PictureForm{Format: "jpeg"}, mediaJPEG, 400, 100, true},
		"another format":          {jpegOf(wide), delivery.PictureForm{Format: "png"}, mediaPNG, 400, 100, false},
		"another format, smaller": {pngOf(wide), delivery.PictureForm{Width: 160, Format: "jpeg"}, mediaJPEG, 160, 40, false},
		"much smaller":            {pngOf(halves(2003, 997, 255)), delivery.PictureForm{Width: 160}, mediaPNG, 160, 80, false},
		"flat":                    {pngOf(halves(4000, 1, 255)), delivery.PictureForm{Width: 160}, mediaPNG, 160, 1, false},
		"tall":                    {pngOf(halves(200, 60_000, 255)), delivery.PictureForm{Width: 160}, mediaPNG, 160, 48_000, false},
		"webp":                    {webpOf(false), delivery.PictureForm{}, mediaWebP, 1, 1, true},
		"webp to jpeg":            {webpOf(false), delivery.PictureForm{Format: "jpeg"}, mediaJPEG, 1, 1, false},
		"webp without loss":       {webpOf(true), delivery.PictureForm{Format: "png"}, mediaPNG, 1, 1, false},
	} {
		got, media, err := reshapePicture(tt.in, tt.form)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		cfg, found, err := probePicture(got)
		if err != nil || media != tt.media || found != media || cfg.Width != tt.w || cfg.Height != tt.h || bytes.Equal(got, tt.in) != tt.same {
			t.Errorf("%s: %s %s %dx%d, same %v, %v", name, media, found, cfg.Width, cfg.Height, bytes.Equal(got, tt.in), err)
		}
		if again, _, _ := reshapePicture(tt.in, tt.form); !bytes.Equal(got, again) {
			t.Errorf("%s: two ways to write the same", name)
		}
		if tt.w < 8 || tt.h < 8 {
			continue
		}
		img, err := decodePicture(got, media)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name+", left", img.At(tt.w/4, tt.h/2), 255, 0, 0)
		near(t, name+", right", img.At(3*tt.w/4, tt.h-1), 0, 0, 255)
	}
}

func near(t *testing.T, name string, c points.Color, r, g, b int) {
	t.Helper()
	n, _ := points.NRGBAModel.Convert(c).(points.NRGBA)
	for _, d := range []int{int(n.R) - r, int(n.G) - g, int(n.B) - b} {
		if d*d > 12*12 {
			t.Errorf("%s is %v, want %d %d %d", name, n, r, g, b)
			return
		}
	}
}

func TestReshape_GlassBecomesPaperInJPEG(t *testing.T) {
	t.Parallel()
	glass := pngOf(halves(400, 100, 0))
	b, _, err := reshapePicture(glass, delivery.PictureForm{Width: 160, Format: "jpeg"})
	if err != nil {
		t.Fatal(err)
	}
	img, _ := jpeg.Decode(bytes.NewReader(b))
	near(t, "paper", img.At(80, 20), 255, 255, 255)
	b, _, _ = reshapePicture(glass, delivery.PictureForm{Width: 160})
	if img, _ := png.Decode(bytes.NewReader(b)); img == nil || img.At(80, 20) != (points.NRGBA{}) {
		t.Error("a PNG is not to be looked through any more")
	}
}

// withOrientation puts an Exif part into a JPEG.
func withOrientation(b []byte, n uint16, order binary.AppendByteOrder) []byte {
	body := []byte("Exif\x00\x00II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		body = []byte("Exif\x00\x00MM\x00*")
	}
	body = order.AppendUint32(body, 8)
	body = order.AppendUint16(body, 2)
	body = append(order.AppendUint32(order.AppendUint16(order.AppendUint16(body, 0x010f), 2), 4), "abc\x00"...)
	body = order.AppendUint16(order.AppendUint16(body, 0x0112), 3)
	body = order.AppendUint16(order.AppendUint16(order.AppendUint32(body, 1), n), 0)
	body = order.AppendUint32(body, 0)
	out := append([]byte("\xff\xd8\xff\xe1"), binary.BigEndian.AppendUint16(nil, uint16(len(body)+2))...)
	return append(append(out, body...), b[2:]...)
}

// TestReshape_StandsUpright draws one red quarter at the top left of what is seen, and stores it turned in each of the eight
// ways of Exif; what comes out has it at the top left.
func TestReshape_StandsUpright(t *testing.T) {
	t.Parallel()
	const w, h = 400, 240
	for n := 1; n <= 8; n++ {
		sw, sh := w, h
		if n > 4 {
			sw, sh = h, w
		}
		stored := image.NewNRGBA(image.Rect(0, 0, sw, sh))
		for y := range sh {
			for x := range sw {
				// Where Exif says that the stored point is seen (row 0 and column 0 of the stored picture are seen at …).
				sx, sy := x, y
				switch n {
				case 2: // top, right
					sx = w - 1 - x
				case 3: // bottom, right
					sx, sy = w-1-x, h-1-y
				case 4: // bottom, left
					sy = h - 1 - y
				case 5: // left, top
					sx, sy = y, x
				case 6: // right, top
					sx, sy = w-1-y, x
				case 7: // right, bottom
					sx, sy = w-1-y, h-1-x
				case 8: // left, bottom
					sx, sy = y, h-1-x
				}
				c := points.NRGBA{G: 255, A: 255}
				if sx < w/2 && sy < h/2 {
					c = points.NRGBA{R: 255, A: 255}
				}
				stored.SetNRGBA(x, y, c)
			}
		}
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			in := withOrientation(jpegOf(stored), uint16(n), order)
			for _, form := range []delivery.PictureForm{{Width: 160}, {Format: "png"}} {
				b, media, err := reshapePicture(in, form)
				if err != nil {
					t.Fatal(err)
				}
				img, _ := decodePicture(b, media)
				gw, gh := img.Bounds().Dx(), img.Bounds().Dy()
				if (form.Width > 0 && (gw != 160 || gh != 96)) || (form.Width == 0 && (gw != w || gh != h)) {
					t.Errorf("%d: %dx%d", n, gw, gh)
				}
				near(t, "top left", img.At(gw/4, gh/4), 255, 0, 0)
				near(t, "top right", img.At(3*gw/4, gh/4), 0, 255, 0)
				near(t, "bottom left", img.At(gw/4, 3*gh/4), 0, 255, 0)
			}
		}
	}
}

// claims is a PNG of a few bytes that says it has any number of points.
func claims(w, h uint32, depth byte) []byte {
	head := append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h), depth, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

func TestProbe_BombsAreNotDecoded(t *testing.T) {
	t.Parallel()
	scans := append(bytes.Clone(jpegOf(halves(8, 8, 255))), bytes.Repeat([]byte{0xff, 0xda}, maxPictureScans)...)
	for name, tt := range map[string]struct {
		in   []byte
		want error
	}{
		"40 megapixels":              {claims(8000, 5000, 8), nil},
		"a point more than 40 MP":    {claims(40_000_001, 1, 8), errPictureSize},
		"50,000 by 50,000":           {claims(50_000, 50_000, 8), errPictureSize},
		"20 MP of twice the depth":   {claims(5000, 4000, 16), nil},
		"more of twice the depth":    {claims(5000, 4001, 16), errPictureSize},
		"more passes than any needs": {scans, errPictureScans},
	} {
		if _, _, err := probePicture(tt.in); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := reshapePicture(tt.in, delivery.PictureForm{Width: 160}); err == nil || (tt.want != nil && !errors.Is(err, tt.want)) {
			t.Errorf("%s: decoded: %v", name, err)
		}
	}
	// A GIF whose first picture is larger than the screen it names.
	g := gifOf(halves(64, 64, 255))
	g[6], g[8] = 1, 1
	if _, _, err := reshapePicture(g, delivery.PictureForm{Format: "png"}); err == nil {
		t.Error("a picture larger than its screen is taken")
	}
}

func TestShrink_IsTheMeanOfItsSquares(t *testing.T) {
	t.Parallel()
	src := image.NewRGBA(image.Rect(3, 5, 3+17, 5+11)) // 17 = 3*5 + 2, 11 = 2*5 + 1
	for i := range src.Pix {
		src.Pix[i] = byte(rand.IntN(256))
	}
	got := shrink(src, 5)
	if got.Bounds().Dx() != 3 || got.Bounds().Dy() != 2 {
		t.Fatalf("%v", got.Bounds())
	}
	for y, rows := range [][2]int{{0, 5}, {5, 11}} {
		for x, cols := range [][2]int{{0, 5}, {5, 10}, {10, 17}} {
			for i := range 4 {
				sum, n := 0, 0
				for sy := rows[0]; sy < rows[1]; sy++ {
					for sx := cols[0]; sx < cols[1]; sx++ {
						sum += int(src.Pix[src.PixOffset(3+sx, 5+sy)+i])
						n++
					}
				}
				if want := (sum + n/2) / n; int(got.Pix[got.PixOffset(x, y)+i]) != want {
					t.Errorf("point %d,%d part %d is %d, want %d", x, y, i, got.Pix[got.PixOffset(x, y)+i], want)
				}
			}
		}
	}
}

// FuzzReshape: no file from outside crashes us, and what comes out is a picture of the form wanted.
func FuzzReshape(f *testing.F) {
	small := halves(200, 20, 255)
	for _, b := range [][]byte{pngOf(small), jpegOf(small), gifOf(small), webpOf(false), webpOf(true), withOrientation(jpegOf(small), 6, binary.LittleEndian), claims(8000, 5000, 8)} {
		f.Add(b, uint8(0), false)
		f.Add(b[:len(b)/2], uint8(1), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, width uint8, asJPEG bool) {
		cfg, _, err := probePicture(b)
		if err != nil || cfg.Width*cfg.Height > 1<<20 { // what is large is slow, and no other code
			return
		}
		form := delivery.PictureForm{Format: delivery.PicturePNG}
		if asJPEG {
			form.Format = delivery.PictureJPEG
		}
		widths := delivery.PictureWidths()
		if n := int(width) % (len(widths) + 1); n > 0 {
			form.Width = widths[n-1]
		}
		got, media, err := reshapePicture(b, form)
		if err != nil {
			return
		}
		cfg, found, err := probePicture(got)
		if err != nil || found != media || media != mediaOf(form.Format) || (form.Width > 0 && cfg.Width > form.Width && !bytes.Equal(got, b)) {
			t.Fatalf("%s %dx%d, %v", media, cfg.Width, cfg.Height, err)
		}
	})
}
