package secutix

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	points "image/color"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"guichet/domain/delivery"
)

const (
	mediaJPEG = "image/jpeg"
	mediaPNG  = "image/png"
	mediaGIF  = "image/gif"
	mediaWebP = "image/webp"

	// maxPicturePoints bounds what is decoded: a small file can say that it has any number of points.
	maxPicturePoints = 40_000_000
	// maxPictureScans bounds the passes of a progressive JPEG, each of which may cost as much as the whole picture.
	maxPictureScans = 100
	// maxScalePoints bounds the memory of the good way to scale (32 bytes each); beyond, the plain way does.
	maxScalePoints = 8 << 20
	jpegQuality    = 85
)

var (
	errPictureKind  = errors.New("neither JPEG, PNG, GIF nor WebP")
	errPictureSize  = errors.New("too many points, or none")
	errPictureScans = errors.New("too many passes")
)

// probePicture tells a picture's size and media type by its first bytes, without decoding it, and refuses what is too large to
// be decoded.
func probePicture(b []byte) (cfg image.Config, media string, err error) {
	defer recovered(&err)
	r := bytes.NewReader(b)
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		media = mediaJPEG
		cfg, err = jpeg.DecodeConfig(r)
		if err == nil && bytes.Count(b, []byte{0xff, 0xda}) > maxPictureScans {
			err = errPictureScans
		}
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		media = mediaPNG
		cfg, err = png.DecodeConfig(r)
	case bytes.HasPrefix(b, []byte("GIF8")):
		media = mediaGIF
		cfg, err = gif.DecodeConfig(r)
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		media = mediaWebP
		cfg, err = webp.DecodeConfig(r)
	default:
		return cfg, "", errPictureKind
	}
	if err != nil {
		return cfg, "", err
	}
	most := maxPicturePoints
	switch cfg.ColorModel {
	case points.NRGBA64Model, points.RGBA64Model, points.Gray16Model: // twice the memory
		most /= 2
	}
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width > most/cfg.Height {
		return cfg, "", errPictureSize
	}
	return cfg, media, nil
}

// recovered turns a panic in a decoder into an error: what it reads is from outside.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the decoder failed: %v", p)
	}
}

func decodePicture(b []byte, media string) (img image.Image, err error) {
	defer recovered(&err)
	r := bytes.NewReader(b)
	switch media {
	case mediaJPEG:
		return jpeg.Decode(r)
	case mediaPNG:
		return png.Decode(r)
	case mediaGIF: // its first picture
		return gif.Decode(r)
	default:
		return webp.Decode(r)
	}
}

// reshapePicture makes a picture as wide and in the format as wanted. It is never enlarged. The same bytes and form give the
// same bytes.
func reshapePicture(b []byte, form delivery.PictureForm) (content []byte, media string, err error) {
	cfg, from, err := probePicture(b)
	if err != nil {
		return nil, "", err
	}
	turn := 1
	if from == mediaJPEG {
		turn = orientation(b)
	}
	wide, _ := upright(cfg.Width, cfg.Height, turn)
	scale := form.Width > 0 && form.Width < wide
	if !scale && (form.Format == "" || mediaOf(form.Format) == from) {
		return b, from, nil
	}
	img, err := decodePicture(b, from)
	if err != nil {
		return nil, "", err
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if w < 1 || h < 1 || w > maxPicturePoints/h { // the header said otherwise
		return nil, "", errPictureSize
	}
	if scale {
		w, h = upright(w, h, turn)
		w, h = upright(form.Width, max(1, (h*form.Width+w/2)/w), turn)
	}
	return encodePicture(turned(scaleTo(img, w, h), turn), from, form.Format)
}

// upright exchanges the sides of a picture that lies on its side, by the number that Exif gives its orientation.
func upright(w, h, orientation int) (int, int) {
	if orientation > 4 {
		return h, w
	}
	return w, h
}

func mediaOf(f delivery.PictureFormat) string { return "image/" + string(f) }

// scaleTo draws a picture in a size that is not larger than its own.
func scaleTo(src image.Image, w, h int) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	if src.Bounds().Size() == dst.Bounds().Size() {
		draw.Draw(dst, dst.Bounds(), src, src.Bounds().Min, draw.Src)
		return dst
	}
	if k := min(src.Bounds().Dx()/(2*w), src.Bounds().Dy()/(2*h)); k > 1 {
		src = shrink(src, k)
	}
	if w*src.Bounds().Dy() > maxScalePoints {
		draw.ApproxBiLinear.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
		return dst
	}
	draw.CatmullRom.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
	return dst
}

// shrink averages squares of k by k points: a first step for much too large pictures, in the memory of k rows. What is left
// over at the right and the bottom, less than k points, is part of the last squares.
func shrink(src image.Image, k int) *image.RGBA {
	b := src.Bounds()
	w, h := b.Dx()/k, b.Dy()/k
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	rows := image.NewRGBA(image.Rect(0, 0, b.Dx(), 2*k-1))
	for y := range h {
		n := k
		if y == h-1 {
			n = b.Dy() - y*k
		}
		draw.Draw(rows, image.Rect(0, 0, b.Dx(), n), src, image.Pt(b.Min.X, b.Min.Y+y*k), draw.Src)
		for x := range w {
			to := (x + 1) * k
			if x == w-1 {
				to = b.Dx()
			}
			average(dst.Pix[dst.PixOffset(x, y):], rows, x*k, to, n)
		}
	}
	return dst
}

// average writes the mean of the points from column x to column to of the first n rows.
func average(out []byte, rows *image.RGBA, x, to, n int) {
	var sum [4]int
	for y := range n {
		p := rows.Pix[y*rows.Stride+4*x : y*rows.Stride+4*to]
		for i := 0; i+3 < len(p); i += 4 {
			sum[0] += int(p[i])
			sum[1] += int(p[i+1])
			sum[2] += int(p[i+2])
			sum[3] += int(p[i+3])
		}
	}
	count := (to - x) * n
	for i := range sum {
		out[i] = byte((sum[i] + count/2) / count) //nolint:gosec // the mean of bytes is one
	}
}

// encodePicture writes a picture; without a format, in its own, and what we cannot write as PNG where it can be looked
// through and as JPEG otherwise.
func encodePicture(img *image.RGBA, from string, format delivery.PictureFormat) ([]byte, string, error) {
	if format == "" {
		format = delivery.PictureJPEG
		if from == mediaPNG || from == mediaGIF || !img.Opaque() {
			format = delivery.PicturePNG
		}
	}
	var out bytes.Buffer
	if format == delivery.PicturePNG {
		err := (&png.Encoder{CompressionLevel: png.DefaultCompression}).Encode(&out, img)
		return out.Bytes(), mediaPNG, err
	}
	if !img.Opaque() { // JPEG knows no transparency: it becomes paper
		paper := image.NewRGBA(img.Bounds())
		draw.Draw(paper, paper.Bounds(), image.White, image.Point{}, draw.Src)
		draw.Draw(paper, paper.Bounds(), img, img.Bounds().Min, draw.Over)
		img = paper
	}
	err := jpeg.Encode(&out, img, &jpeg.Options{Quality: jpegQuality})
	return out.Bytes(), mediaJPEG, err
}

// turned brings a picture upright, by the number that Exif gives its orientation.
func turned(src *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return src
	}
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	uw, uh := upright(w, h, orientation)
	dst := image.NewRGBA(image.Rect(0, 0, uw, uh))
	for y := range h {
		for x := range w {
			dx, dy := x, y
			switch orientation {
			case 2:
				dx = w - 1 - x
			case 3:
				dx, dy = w-1-x, h-1-y
			case 4:
				dy = h - 1 - y
			case 5:
				dx, dy = y, x
			case 6:
				dx, dy = h-1-y, x
			case 7:
				dx, dy = h-1-y, w-1-x
			case 8:
				dx, dy = y, w-1-x
			}
			copy(dst.Pix[dst.PixOffset(dx, dy):][:4], src.Pix[src.PixOffset(x, y):][:4])
		}
	}
	return dst
}

// orientation reads Exif's orientation (1 to 8) from a JPEG; 1, upright, where it says nothing that can be read.
func orientation(b []byte) int {
	for at := 2; at+4 <= len(b) && b[at] == 0xff; {
		kind, size := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		if kind == 0xda || size < 2 || at+2+size > len(b) {
			break
		}
		if body := b[at+4 : at+2+size]; kind == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return tiffOrientation(body[6:])
		}
		at += 2 + size
	}
	return 1
}

func tiffOrientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 1
	}
	n := uint64(order.Uint16(b[at:]))
	for i := range n {
		e := at + 2 + 12*i
		if e+12 > uint64(len(b)) {
			return 1
		}
		if order.Uint16(b[e:]) == 0x0112 {
			if v := int(order.Uint16(b[e+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}
