package templates

import (
	"bytes"
	"container/list"
	"crypto/sha256"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"sync"

	"golang.org/x/image/draw"
)

// Bounds of a picture from outside. What is larger in bytes or points is not printed; what is merely generous is made
// smaller before it is embedded.
const (
	maxPictureBytes  = 12 << 20
	maxPicturePoints = 24 << 20
	keepSide         = 1800    // points; 240 per inch over the width of the page
	keepBytes        = 1 << 20 // of a JPEG that is embedded as it came
	flateBytes       = 300 << 10
	jpegQuality      = 86
)

var (
	errPictureKind  = errors.New("neither PNG nor JPEG")
	errPictureSize  = errors.New("too large or empty")
	errPictureBytes = errors.New("too many bytes")
)

// picture is a picture ready to be drawn. It is immutable.
type picture struct {
	w, h  int
	img   image.Image
	data  []byte // JPEG, or deflated samples with PNG's row filters
	jpeg  bool
	grey  bool
	alpha []byte // deflated 8-bit mask with PNG's row filters; nil where opaque
}

// probe reads a picture's kind and size without decoding it.
func probe(b []byte) (cfg image.Config, isJPEG bool, err error) {
	switch {
	case len(b) > maxPictureBytes:
		return cfg, false, errPictureBytes
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		cfg, err = png.DecodeConfig(bytes.NewReader(b))
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		isJPEG = true
		cfg, err = jpeg.DecodeConfig(bytes.NewReader(b))
	default:
		return cfg, false, errPictureKind
	}
	if err != nil {
		return cfg, isJPEG, err
	}
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width > maxPicturePoints/cfg.Height {
		return cfg, isJPEG, errPictureSize
	}
	return cfg, isJPEG, nil
}

// readPicture decodes a picture and prepares what the PDF embeds.
func readPicture(b []byte) (*picture, error) {
	cfg, isJPEG, err := probe(b)
	if err != nil {
		return nil, err
	}
	var img image.Image
	if isJPEG {
		img, err = jpeg.Decode(bytes.NewReader(b))
	} else {
		img, err = png.Decode(bytes.NewReader(b))
	}
	if err != nil {
		return nil, err
	}
	p := &picture{w: cfg.Width, h: cfg.Height, img: img}
	_, isCMYK := img.(*image.CMYK)
	if isJPEG && !isCMYK && max(p.w, p.h) <= keepSide && len(b) <= keepBytes {
		_, p.grey = img.(*image.Gray)
		p.jpeg, p.data = true, b
		return p, nil
	}
	p.reduce()
	return p, p.pack(!isJPEG)
}

// reduce makes a generous picture smaller.
func (p *picture) reduce() {
	long := max(p.w, p.h)
	if long <= keepSide {
		return
	}
	p.w, p.h = max(1, p.w*keepSide/long), max(1, p.h*keepSide/long)
	small := image.NewNRGBA(image.Rect(0, 0, p.w, p.h))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), p.img, p.img.Bounds(), draw.Src, nil)
	p.img = small
}

// pack writes the samples: without loss where asked and not too large, else as JPEG.
func (p *picture) pack(lossless bool) error {
	rgb := make([]byte, 3*p.w*p.h)
	alpha := make([]byte, p.w*p.h)
	opaque := true
	flat := image.NewRGBA(image.Rect(0, 0, p.w, p.h))
	o := p.img.Bounds().Min
	for y := range p.h {
		for x := range p.w {
			c, _ := color.NRGBAModel.Convert(p.img.At(o.X+x, o.Y+y)).(color.NRGBA)
			i := y*p.w + x
			rgb[3*i], rgb[3*i+1], rgb[3*i+2], alpha[i] = c.R, c.G, c.B, c.A
			opaque = opaque && c.A == 255
			flat.SetRGBA(x, y, color.RGBA{c.R, c.G, c.B, 255})
		}
	}
	if !opaque {
		p.alpha = deflateRows(alpha, p.w, 1)
	}
	if lossless {
		if p.data = deflateRows(rgb, p.w, 3); len(p.data) <= flateBytes {
			return nil
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, flat, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return err
	}
	p.data, p.jpeg = b.Bytes(), true
	return nil
}

// crop is the part of the picture, in points, that fills a box of the given proportions.
func (p *picture) crop(w, h float64) (x, y, cw, ch float64) {
	pw, ph := float64(p.w), float64(p.h)
	if pw*h > ph*w {
		cw, ch = ph*w/h, ph
	} else {
		cw, ch = pw, pw*h/w
	}
	// A little above the middle, where faces are.
	return (pw - cw) / 2, (ph - ch) * 0.4, cw, ch
}

// album keeps the pictures of the last documents, since the tickets of one event come together. It is safe for
// concurrent use.
type album struct {
	mu     sync.Mutex
	byHash map[[sha256.Size]byte]*list.Element
	recent *list.List
	decode sync.Mutex // one picture is decoded at a time, which bounds memory
}

type albumEntry struct {
	hash [sha256.Size]byte
	pic  *picture
	err  error
}

// albumSize is how many pictures are kept.
const albumSize = 12

func newAlbum() *album {
	return &album{byHash: make(map[[sha256.Size]byte]*list.Element), recent: list.New()}
}

// get returns a picture, or the reason why it cannot be printed.
func (a *album) get(b []byte) (*picture, error) {
	hash := sha256.Sum256(b)
	if e, ok := a.find(hash); ok {
		return e.pic, e.err
	}
	a.decode.Lock()
	defer a.decode.Unlock()
	if e, ok := a.find(hash); ok {
		return e.pic, e.err
	}
	e := albumEntry{hash: hash}
	e.pic, e.err = readPicture(bytes.Clone(b))
	if e.err != nil {
		e.pic = nil
	}
	a.keep(e)
	return e.pic, e.err
}

func (a *album) find(hash [sha256.Size]byte) (albumEntry, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	el, ok := a.byHash[hash]
	if !ok {
		return albumEntry{}, false
	}
	a.recent.MoveToFront(el)
	e, ok := el.Value.(albumEntry)
	return e, ok
}

func (a *album) keep(e albumEntry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.byHash[e.hash] = a.recent.PushFront(e)
	if a.recent.Len() <= albumSize {
		return
	}
	last := a.recent.Back()
	a.recent.Remove(last)
	if old, ok := last.Value.(albumEntry); ok {
		delete(a.byHash, old.hash)
	}
}
