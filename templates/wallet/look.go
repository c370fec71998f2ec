package wallet

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // logos may be JPEG
	"image/png"
	"strconv"

	"golang.org/x/image/draw"
)

// Look is how an institution's passes look in Apple Wallet.
type Look struct {
	Logo   []byte // PNG or JPEG of at most 4 million points; nil: the name is written, and the icon is drawn
	Color  string // of the ground, "#rrggbb"; empty is a dark blue
	Poster bool   // ask for the poster event ticket where a phone knows it
}

// look is a Look ready to be packed. It is immutable.
type look struct {
	files             map[string][]byte // icon and logo at their sizes
	ground, ink, soft color.NRGBA
	logo, poster      bool
}

// Bounds of logos.
const (
	maxLogoBytes  = 2 << 20
	maxLogoPoints = 4 << 20
)

// Sizes in points; each picture comes once, twice and three times as large.
const (
	iconSide               = 29
	logoWidth, logoHeight  = 160, 50
	defaultGround          = "#1b2a49"
	scaleOnce, scaleAtMost = 1, 3
)

func (l Look) read() (*look, error) {
	out := &look{files: map[string][]byte{}, poster: l.Poster}
	var err error
	if l.Color == "" {
		l.Color = defaultGround
	}
	if out.ground, err = hexColor(l.Color); err != nil {
		return nil, err
	}
	out.ink, out.soft = color.NRGBA{255, 255, 255, 255}, color.NRGBA{214, 220, 230, 255}
	if g := out.ground; 299*int(g.R)+587*int(g.G)+114*int(g.B) > 150_000 { // a light ground
		out.ink, out.soft = color.NRGBA{17, 17, 17, 255}, color.NRGBA{64, 64, 64, 255}
	}
	var logo image.Image
	if l.Logo != nil {
		if logo, err = readLogo(l.Logo); err != nil {
			return nil, fmt.Errorf("logo: %w", err)
		}
		out.logo = true
	}
	for n := scaleOnce; n <= scaleAtMost; n++ {
		suffix := ".png"
		if n > 1 {
			suffix = "@" + strconv.Itoa(n) + "x.png"
		}
		icon := image.NewNRGBA(image.Rect(0, 0, iconSide*n, iconSide*n))
		draw.Draw(icon, icon.Bounds(), image.NewUniform(out.ground), image.Point{}, draw.Src)
		if logo != nil {
			fit(icon, icon.Bounds().Inset(2*n), logo)
			small := fitted(logo, logoWidth*n, logoHeight*n)
			if out.files["logo"+suffix], err = encode(small); err != nil {
				return nil, err
			}
		} else {
			stub(icon, n, out.ink, out.ground)
		}
		if out.files["icon"+suffix], err = encode(icon); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readLogo decodes a picture within its bounds.
func readLogo(b []byte) (image.Image, error) {
	if len(b) > maxLogoBytes {
		return nil, fmt.Errorf("%d bytes, more than %d", len(b), maxLogoBytes)
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, errors.New("neither PNG nor JPEG")
	}
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width > maxLogoPoints/cfg.Height {
		return nil, fmt.Errorf("%d by %d points, which is empty or too large", cfg.Width, cfg.Height)
	}
	img, _, err := image.Decode(bytes.NewReader(b))
	return img, err
}

// fitted is a picture as large as it gets within a width and a height, in its own proportions.
func fitted(src image.Image, w, h int) *image.NRGBA {
	b := src.Bounds()
	if b.Dx()*h > b.Dy()*w {
		h = max(1, b.Dy()*w/b.Dx())
	} else {
		w = max(1, b.Dx()*h/b.Dy())
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Bounds(), src, b, draw.Src, nil)
	return out
}

// fit draws a picture into the middle of a box.
func fit(dst draw.Image, box image.Rectangle, src image.Image) {
	small := fitted(src, box.Dx(), box.Dy())
	at := box.Min.Add(image.Pt((box.Dx()-small.Bounds().Dx())/2, (box.Dy()-small.Bounds().Dy())/2))
	draw.Draw(dst, small.Bounds().Add(at), small, image.Point{}, draw.Over)
}

// stub draws a ticket of n points to the unit: a card with a notch at each side and a line to tear along.
func stub(dst *image.NRGBA, n int, ink, ground color.NRGBA) {
	card := image.Rect(4*n, 8*n, 25*n, 21*n)
	draw.Draw(dst, card, image.NewUniform(ink), image.Point{}, draw.Src)
	for y := card.Min.Y; y < card.Max.Y; y++ {
		for x := card.Min.X; x < card.Max.X; x++ {
			dy := 2*y + 1 - card.Min.Y - card.Max.Y
			left, right := 2*(x-card.Min.X)+1, 2*(card.Max.X-x)-1
			notch := left*left+dy*dy < 25*n*n || right*right+dy*dy < 25*n*n
			tear := x >= 18*n && x < 19*n && (y/n)%2 == 0
			if notch || tear {
				dst.SetNRGBA(x, y, ground)
			}
		}
	}
}

func encode(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, img)
	return b.Bytes(), err
}

// hexColor reads "#rrggbb".
func hexColor(s string) (color.NRGBA, error) {
	v, err := strconv.ParseUint(s[min(1, len(s)):], 16, 32)
	if err != nil || len(s) != 7 || s[0] != '#' {
		return color.NRGBA{}, fmt.Errorf("the colour %q is not #rrggbb", s)
	}
	return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255}, nil //nolint:gosec // G115: six hexadecimal digits
}

func rgb(c color.NRGBA) string { return fmt.Sprintf("rgb(%d,%d,%d)", c.R, c.G, c.B) }
