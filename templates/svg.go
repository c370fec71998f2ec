package templates

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"image/png"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/go-text/typesetting/font"

	"guichet/domain/delivery"
)

// svg is a canvas that writes SVG in millimetres. Letters are outlines, each drawn once and used again, so that it looks
// alike everywhere without fonts; what they say stands beside them for readers that do not see.
type svg struct {
	silent
	w, h   float64
	faces  map[*typeface]*font.Face
	body   []byte
	defs   []byte
	glyphs map[svgGlyph]int // numbers of outlines; -1 is a blank one
	spoken []string         // in the order of drawing
	clips  int
	err    error
}

type svgGlyph struct {
	face *typeface
	id   uint32
}

func newSVG(faces map[*typeface]*font.Face) *svg {
	return &svg{faces: faces, glyphs: map[svgGlyph]int{}}
}

// size sets the page's measures in mm.
func (s *svg) size(w, h float64) { s.w, s.h = w, h }

func appendMM(b []byte, v float64) []byte {
	return strconv.AppendFloat(b, math.Round(v*1000)/1000, 'f', -1, 64)
}

func (s *svg) nums(b []byte, vs ...float64) []byte {
	for i, v := range vs {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendMM(b, v)
	}
	return b
}

func appendPath(b []byte, p path) []byte {
	for _, q := range p {
		b = append(b, [...]byte{moveTo: 'M', lineTo: 'L', cubeTo: 'C', closePath: 'Z'}[q.Verb])
		for i, pt := range q.P[:q.Verb.points()] {
			if i > 0 {
				b = append(b, ' ')
			}
			b = appendMM(b, pt.X)
			b = append(b, ' ')
			b = appendMM(b, pt.Y)
		}
	}
	return b
}

func (s *svg) op(text string) { s.body = append(s.body, text...) }

func (s *svg) color(c ink) { s.paint("fill", c) }

// paint sets one of a shape's colours.
func (s *svg) paint(what string, c ink) {
	const digits = "0123456789abcdef"
	s.op(` ` + what + `="#`)
	for _, v := range [3]uint8{c.R, c.G, c.B} {
		s.body = append(s.body, digits[v>>4], digits[v&15])
	}
	s.op(`"`)
}

// fill implements canvas.
func (s *svg) fill(p path, c ink) {
	s.op(`<path`)
	s.color(c)
	s.op(` d="`)
	s.body = appendPath(s.body, p)
	s.op("\"/>\n")
}

// clip implements canvas.
func (s *svg) clip(p path) {
	s.clips++
	n := strconv.Itoa(s.clips)
	s.defs = append(s.defs, `<clipPath id="c`+n+`"><path d="`...)
	s.defs = append(appendPath(s.defs, p), "\"/></clipPath>\n"...)
	s.op(`<g clip-path="url(#c` + n + ")\">\n")
}

// unclip implements canvas.
func (s *svg) unclip() { s.op("</g>\n") }

// text implements canvas.
func (s *svg) text(x, y, size, angle float64, l line, c ink) {
	switch {
	case l.actual != "":
		s.spoken = append(s.spoken, l.actual)
	case l.spoken != "":
		s.spoken = append(s.spoken, l.spoken)
	default:
		var said strings.Builder
		for _, r := range l.runs {
			said.WriteString(r.text)
		}
		s.spoken = append(s.spoken, said.String())
	}
	s.op(`<g`)
	s.color(c)
	s.op(` transform="translate(`)
	s.body = s.nums(s.body, x, y)
	s.op(`)`)
	if angle != 0 {
		s.op(` rotate(`)
		s.body = appendMM(s.body, angle)
		s.op(`)`)
	}
	s.op(` scale(`)
	s.body = strconv.AppendFloat(s.body, math.Round(size*mmPerPoint/em*1e7)/1e7, 'f', -1, 64)
	s.op(`)">`)
	pen := 0.0
	for _, r := range l.runs {
		for _, g := range r.glyphs {
			if n := s.glyph(r.face, g.id); n >= 0 {
				s.op(`<use href="#g` + strconv.Itoa(n) + `" x="`)
				s.body = strconv.AppendFloat(s.body, math.Round((pen+g.dx)*10)/10, 'f', -1, 64)
				if g.dy != 0 {
					s.op(`" y="`)
					s.body = strconv.AppendFloat(s.body, math.Round(-g.dy*10)/10, 'f', -1, 64)
				}
				s.op(`"`)
				if r.heavy {
					s.paint("stroke", c)
					s.op(` stroke-width="`)
					s.body = strconv.AppendFloat(s.body, heavier*em, 'f', -1, 64)
					s.op(`"`)
				}
				s.op(`/>`)
			}
			pen += g.advance
		}
	}
	s.op("</g>\n")
}

// glyph returns the number of an outline, in thousandths of the type size.
func (s *svg) glyph(f *typeface, id uint32) int {
	key := svgGlyph{f, id}
	if n, ok := s.glyphs[key]; ok {
		return n
	}
	r := raster{w: math.MaxInt32, h: math.MaxInt32}
	k := em / f.upem
	r.glyph(s.faces[f], font.GID(id), 1e6, 1e6, k, 0, nil) // away from the corner, so that nothing is left out
	n := -1
	if len(r.ops) > 0 {
		n = len(s.glyphs)
		shape := path(r.ops[0].shape)
		for i := range shape {
			for q := range shape[i].P {
				shape[i].P[q].X = math.Round(shape[i].P[q].X - 1e6)
				shape[i].P[q].Y = math.Round(shape[i].P[q].Y - 1e6)
			}
		}
		s.defs = append(s.defs, `<path id="g`+strconv.Itoa(n)+`" d="`...)
		s.defs = append(appendPath(s.defs, shape), "\"/>\n"...)
	}
	s.glyphs[key] = n
	return n
}

// picture implements canvas.
func (s *svg) picture(b rect, clip path, p *picture) {
	media, data := "jpeg", p.data
	if !p.jpeg || p.alpha != nil {
		var out bytes.Buffer
		if err := png.Encode(&out, p.img); err != nil {
			s.err = err
			return
		}
		media, data = "png", out.Bytes()
	}
	cx, cy, cw, _ := p.crop(b.W, b.H)
	scale := b.W / cw
	s.clip(clip)
	s.op(`<image x="`)
	s.body = appendMM(s.body, b.X-cx*scale)
	s.op(`" y="`)
	s.body = appendMM(s.body, b.Y-cy*scale)
	s.op(`" width="`)
	s.body = appendMM(s.body, float64(p.w)*scale)
	s.op(`" height="`)
	s.body = appendMM(s.body, float64(p.h)*scale)
	s.op(`" preserveAspectRatio="none" href="data:image/` + media + `;base64,`)
	s.body = base64.StdEncoding.AppendEncode(s.body, data)
	s.op("\"/>\n")
	s.unclip()
}

// barcode implements canvas: one path of rectangles, all in whole modules.
func (s *svg) barcode(b rect, y *symbol, m measure) {
	h := m.module
	if y.linear {
		h = m.height
	}
	x0, y0 := b.X+(b.W-float64(y.w)*m.module)/2, b.Y+(b.H-float64(y.h)*h)/2
	s.op(`<g transform="translate(`)
	s.body = s.nums(s.body, x0, y0)
	s.op(`) scale(`)
	s.body = strconv.AppendFloat(s.body, m.module, 'f', 6, 64)
	s.op(` `)
	s.body = strconv.AppendFloat(s.body, h, 'f', 6, 64)
	s.op(`)"><path shape-rendering="crispEdges" d="`)
	y.bars(func(x, y, w, h int) {
		s.op("M" + strconv.Itoa(x) + " " + strconv.Itoa(y) + "h" + strconv.Itoa(w) + "v" + strconv.Itoa(h) + "h-" + strconv.Itoa(w) + "Z")
	})
	s.op("\"/></g>\n")
}

// write writes the drawing.
func (s *svg) write(w io.Writer, title, lang string) error {
	if s.err != nil {
		return s.err
	}
	var b bytes.Buffer
	ws, hs := string(appendMM(nil, s.w)), string(appendMM(nil, s.h))
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" width="` + ws + `mm" height="` + hs + `mm" viewBox="0 0 ` + ws + ` ` + hs +
		`" role="img" lang="`)
	_ = xml.EscapeText(&b, []byte(lang)) // a buffer does not fail
	b.WriteString("\"><title>")
	_ = xml.EscapeText(&b, []byte(title)) // a buffer does not fail
	b.WriteString("</title><desc>")
	for i, t := range s.spoken {
		if i > 0 {
			b.WriteByte('\n')
		}
		_ = xml.EscapeText(&b, []byte(t)) // a buffer does not fail
	}
	b.WriteString("</desc>\n<defs>\n")
	b.Write(s.defs)
	b.WriteString("</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n")
	b.Write(s.body)
	b.WriteString("</svg>\n")
	_, err := w.Write(b.Bytes())
	return err
}

// SVG implements delivery.Renderer: the first page as a drawing in millimetres, with the text it shows in its description.
// Errors: those of PDF.
func (r *Renderer) SVG(ctx context.Context, w io.Writer, d delivery.Document) error {
	var out *svg
	err := r.first(ctx, d, func(w *worker) canvas {
		out = newSVG(w.drawn)
		return out
	}, func(w, h float64) { out.size(w, h) })
	if err != nil {
		return err
	}
	lang := d.Language
	if lang == "" {
		lang = fallbackLanguage
	}
	return out.write(w, d.Title, lang)
}
