package templates

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"io"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/klauspost/compress/zlib"
	"golang.org/x/image/draw"
	"golang.org/x/image/vector"

	"guichet/domain"
)

// raster is a canvas of points. It records what is drawn and paints it band by band when the picture is written, so that
// a large resolution needs no more memory than a small one, the page's own picture aside.
type raster struct {
	silent
	w, h  int
	scale float64 // points per mm
	dpi   int
	faces map[*typeface]*font.Face
	ops   []rasterOp
	err   error
}

// rasterOp is one recorded step: a shape painted in a colour or out of a picture, or the begin or end of a clip.
type rasterOp struct {
	shape  []segment // in points
	bounds image.Rectangle
	paint  image.Image
	at     image.Point // the point of paint that falls on the page's corner
	does   rasterVerb
}

type rasterVerb uint8

const (
	rasterFill rasterVerb = iota
	rasterClip
	rasterUnclip
)

// newRaster makes a canvas for a page of the given size in mm. The faces are those of the shaper that sets its lines.
func newRaster(width, height float64, dpi int, faces map[*typeface]*font.Face) *raster {
	r := &raster{scale: float64(dpi) / 25.4, dpi: dpi, faces: faces}
	r.size(width, height)
	return r
}

// size sets the page's measures in mm, before anything is drawn.
func (r *raster) size(width, height float64) {
	r.w, r.h = int(math.Round(width*r.scale)), int(math.Round(height*r.scale))
}

// add records a step; its shape is in points already.
func (r *raster) add(shape []segment, paint image.Image, at image.Point, does rasterVerb) {
	b := bounds(shape).Intersect(image.Rect(0, 0, r.w, r.h))
	if b.Empty() && does == rasterFill {
		return
	}
	r.ops = append(r.ops, rasterOp{shape: shape, bounds: b, paint: paint, at: at, does: does})
}

// bounds is the box of whole points around a shape.
func bounds(shape []segment) image.Rectangle {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, s := range shape {
		for _, q := range s.P[:s.Verb.points()] {
			x0, y0, x1, y1 = min(x0, q.X), min(y0, q.Y), max(x1, q.X), max(y1, q.Y)
		}
	}
	if x0 > x1 {
		return image.Rectangle{}
	}
	return image.Rect(int(math.Floor(x0)), int(math.Floor(y0)), int(math.Ceil(x1)), int(math.Ceil(y1)))
}

// points is how many points a step of a path has.
func (v verb) points() int {
	switch v {
	case moveTo, lineTo:
		return 1
	case cubeTo:
		return 3
	case closePath:
	}
	return 0
}

// scaled converts a shape from mm to points.
func (r *raster) scaled(p path) []segment {
	out := make([]segment, len(p))
	for i, s := range p {
		out[i].Verb = s.Verb
		for j, q := range s.P[:s.Verb.points()] {
			out[i].P[j] = point{q.X * r.scale, q.Y * r.scale}
		}
	}
	return out
}

func uniform(c ink) image.Image { return image.NewUniform(color.RGBA{c.R, c.G, c.B, 255}) }

// fill implements canvas.
func (r *raster) fill(p path, c ink) { r.add(r.scaled(p), uniform(c), image.Point{}, rasterFill) }

// clip implements canvas. Clips do not nest here.
func (r *raster) clip(p path) { r.add(r.scaled(p), nil, image.Point{}, rasterClip) }

// unclip implements canvas.
func (r *raster) unclip() { r.add(nil, nil, image.Point{}, rasterUnclip) }

// picture implements canvas.
func (r *raster) picture(b rect, clip path, pic *picture) {
	x, y, w, h := pic.crop(b.W, b.H)
	target := image.Rect(int(math.Floor(b.X*r.scale)), int(math.Floor(b.Y*r.scale)),
		int(math.Ceil((b.X+b.W)*r.scale)), int(math.Ceil((b.Y+b.H)*r.scale)))
	o := pic.img.Bounds().Min
	source := image.Rect(o.X+int(x), o.Y+int(y), o.X+int(math.Ceil(x+w)), o.Y+int(math.Ceil(y+h))).Intersect(pic.img.Bounds())
	sized := image.NewRGBA(image.Rect(0, 0, target.Dx(), target.Dy()))
	var scaler draw.Scaler = draw.CatmullRom
	if sized.Bounds().Dx() > source.Dx() {
		scaler = draw.BiLinear
	}
	scaler.Scale(sized, sized.Bounds(), pic.img, source, draw.Src, nil)
	r.add(r.scaled(clip), sized, image.Point{}.Sub(target.Min), rasterFill)
}

// barcode implements canvas: modules are whole points, and the symbol starts on one.
func (r *raster) barcode(b rect, s *symbol, m measure) {
	n := int(m.module*r.scale + 1e-6)
	if total := s.w + 2*s.quiet; n < 1 && total <= int(b.W*r.scale) {
		n = 1
	}
	if n < 1 {
		r.err = domain.Errorf(domain.Invalid, CodeBarcode, "At %d dots per inch the barcode has no room; %d are needed.",
			r.dpi, int(math.Ceil(float64(s.w+2*s.quiet)/b.W*25.4)))
		return
	}
	h := n
	if s.linear {
		h = max(1, int(m.height*r.scale))
	}
	x0 := int(math.Round((b.X+b.W/2)*r.scale)) - s.w*n/2
	y0 := int(math.Round((b.Y+b.H/2)*r.scale)) - s.h*h/2
	var shape []segment
	s.bars(func(x, y, w, height int) {
		shape = append(shape, box(rect{
			float64(x0 + x*n), float64(y0 + y*h), float64(w * n), float64(height * h),
		}, 0)...)
	})
	r.add(shape, uniform(ink{}), image.Point{}, rasterFill)
}

// text implements canvas.
func (r *raster) text(x, y, size, angle float64, l line, c ink) {
	sin, cos := math.Sincos(angle * math.Pi / 180)
	unit := size * mmPerPoint * r.scale / em // points per thousandth
	px, py := x*r.scale, y*r.scale
	paint := uniform(c)
	for _, run := range l.runs {
		face, k := r.faces[run.face], em/run.face.upem*unit
		for _, g := range run.glyphs {
			gx := px + (g.dx*cos+g.dy*sin)*unit
			gy := py + (g.dx*sin-g.dy*cos)*unit
			if e := heavier / 2 * em * unit; run.heavy {
				for _, d := range [4]point{{-e, 0}, {e, 0}, {0, -e}, {0, e}} {
					r.glyph(face, font.GID(g.id), gx+d.X, gy+d.Y, k*cos, k*sin, paint)
				}
			} else {
				r.glyph(face, font.GID(g.id), gx, gy, k*cos, k*sin, paint)
			}
			px += g.advance * unit * cos
			py += g.advance * unit * sin
		}
	}
}

// glyph records an outline. a and b are the scale along and across the baseline.
func (r *raster) glyph(face *font.Face, id font.GID, x, y, a, b float64, paint image.Image) {
	if uint32(id)&phantom != 0 {
		return
	}
	o, ok := face.GlyphDataOutline(id)
	if !ok || len(o.Segments) == 0 {
		return
	}
	at := func(p opentype.SegmentPoint) point {
		fx, fy := float64(p.X), float64(p.Y)
		return point{x + fx*a + fy*b, y + fx*b - fy*a}
	}
	shape := make([]segment, 0, len(o.Segments)+2)
	var pen point
	for i, s := range o.Segments {
		p0 := at(s.Args[0])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			if i > 0 {
				shape = append(shape, segment{Verb: closePath})
			}
			shape = append(shape, segment{moveTo, [3]point{p0}})
			pen = p0
		case opentype.SegmentOpLineTo:
			shape = append(shape, segment{lineTo, [3]point{p0}})
			pen = p0
		case opentype.SegmentOpQuadTo:
			end := at(s.Args[1])
			shape = append(shape, segment{cubeTo, [3]point{toward(pen, p0), toward(end, p0), end}})
			pen = end
		case opentype.SegmentOpCubeTo:
			end := at(s.Args[2])
			shape = append(shape, segment{cubeTo, [3]point{p0, at(s.Args[1]), end}})
			pen = end
		}
	}
	r.add(append(shape, segment{Verb: closePath}), paint, image.Point{}, rasterFill)
}

// toward is two thirds of the way from an end to a quadratic handle, where the cubic one stands.
func toward(end, handle point) point {
	return point{end.X + (handle.X-end.X)*2/3, end.Y + (handle.Y-end.Y)*2/3}
}

// bandRows is how many rows are painted at once.
const bandRows = 192

// paint draws the recorded steps onto a band of the page.
func (r *raster) paint(band *image.RGBA, z *vector.Rasterizer) {
	draw.Draw(band, band.Bounds(), image.White, image.Point{}, draw.Src)
	on := band
	var clip *rasterOp
	for i := range r.ops {
		op := &r.ops[i]
		switch op.does {
		case rasterFill:
			stamp(on, z, op, op.paint, op.at)
		case rasterClip:
			layer := image.NewRGBA(band.Bounds())
			copy(layer.Pix, band.Pix)
			on, clip = layer, op
		case rasterUnclip:
			stamp(band, z, clip, on, image.Point{})
			on, clip = band, nil
		}
	}
}

// stamp paints a shape where it meets the band.
func stamp(on *image.RGBA, z *vector.Rasterizer, op *rasterOp, paint image.Image, at image.Point) {
	b := op.bounds.Intersect(on.Bounds())
	if b.Empty() {
		return
	}
	z.Reset(b.Dx(), b.Dy())
	x, y := float64(b.Min.X), float64(b.Min.Y)
	f := func(p point) (float32, float32) { return float32(p.X - x), float32(p.Y - y) }
	for _, s := range op.shape {
		ax, ay := f(s.P[0])
		switch s.Verb {
		case moveTo:
			z.MoveTo(ax, ay)
		case lineTo:
			z.LineTo(ax, ay)
		case cubeTo:
			bx, by := f(s.P[1])
			cx, cy := f(s.P[2])
			z.CubeTo(ax, ay, bx, by, cx, cy)
		case closePath:
			z.ClosePath()
		}
	}
	if _, plain := paint.(*image.Uniform); plain {
		z.Draw(on, b, paint, image.Point{})
		return
	}
	// The rasterizer is slow with anything but one colour; the library's own drawing is not.
	mask := image.NewAlpha(image.Rect(0, 0, b.Dx(), b.Dy()))
	z.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	draw.DrawMask(on, b, paint, b.Min.Add(at), mask, image.Point{}, draw.Over)
}

// write paints the page and writes it as PNG with its resolution.
func (r *raster) write(ctx context.Context, w io.Writer) error {
	if r.err != nil {
		return r.err
	}
	out := &pngWriter{w: bufio.NewWriterSize(w, 32<<10)}
	out.begin(r.w, r.h, r.dpi)
	z, idat := vector.NewRasterizer(r.w, bandRows), &pngData{out: out}
	deflate, err := zlib.NewWriterLevel(idat, deflateLevel)
	if err != nil {
		return err
	}
	rows := newRowFilter(r.w)
	for y := 0; y < r.h && out.err == nil; y += bandRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		band := image.NewRGBA(image.Rect(0, y, r.w, min(y+bandRows, r.h)))
		r.paint(band, z)
		for i := range band.Bounds().Dy() {
			if _, err := deflate.Write(rows.filter(band.Pix[i*band.Stride:][:4*r.w])); err != nil {
				return err
			}
		}
	}
	if err := deflate.Close(); err != nil {
		return err
	}
	idat.flush()
	return out.end()
}

// pngWriter writes the chunks of a PNG file.
type pngWriter struct {
	w   *bufio.Writer
	err error
}

func (p *pngWriter) write(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

func (p *pngWriter) begin(w, h, dpi int) {
	p.write([]byte("\x89PNG\r\n\x1a\n"))
	head := binary.BigEndian.AppendUint32(nil, uint32(w)) //nolint:gosec // G115: a page's width in points
	head = binary.BigEndian.AppendUint32(head, uint32(h)) //nolint:gosec // G115: a page's height in points
	p.chunk("IHDR", append(head, 8, 2, 0, 0, 0))          // 8 bits, RGB
	perMetre := uint32(math.Round(float64(dpi) / 0.0254))
	phys := binary.BigEndian.AppendUint32(nil, perMetre) // across
	phys = binary.BigEndian.AppendUint32(phys, perMetre) // down
	p.chunk("pHYs", append(phys, 1))                     // per metre
	p.chunk("tEXt", []byte("Software\x00"+producer))     //
}

func (p *pngWriter) chunk(kind string, data []byte) {
	p.write(binary.BigEndian.AppendUint32(nil, uint32(len(data)))) //nolint:gosec // G115: chunks are small
	p.write([]byte(kind))
	p.write(data)
	sum := crc32.NewIEEE()
	_, _ = sum.Write([]byte(kind)) // a hash does not fail
	_, _ = sum.Write(data)         // a hash does not fail
	p.write(binary.BigEndian.AppendUint32(nil, sum.Sum32()))
}

func (p *pngWriter) end() error {
	p.chunk("IEND", nil)
	if p.err != nil {
		return p.err
	}
	return p.w.Flush()
}

// pngData collects compressed bytes into chunks.
type pngData struct {
	out *pngWriter
	buf []byte
}

// Write implements io.Writer.
func (d *pngData) Write(b []byte) (int, error) {
	d.buf = append(d.buf, b...)
	if len(d.buf) >= 64<<10 {
		d.flush()
	}
	return len(b), d.out.err
}

func (d *pngData) flush() {
	if len(d.buf) > 0 {
		d.out.chunk("IDAT", d.buf)
		d.buf = d.buf[:0]
	}
}

// stretch is how many bytes of a row are looked at together: 64 points.
const stretch = 4 * 64

// rowFilter turns rows of RGBA into filtered rows of RGB: "Up" where it pays, else "Sub". Most of a page is like the row above
// or white, and costs a comparison.
type rowFilter struct {
	above    []byte // the row before, as it was given
	up, sub  []byte
	asBefore []byte // a row that is the one above
}

func newRowFilter(w int) *rowFilter {
	f := &rowFilter{above: make([]byte, 4*w), up: make([]byte, 1+3*w), sub: make([]byte, 1+3*w), asBefore: make([]byte, 1+3*w)}
	f.up[0], f.sub[0], f.asBefore[0] = 2, 1, 2
	return f
}

// filter keeps the row until it is called with the next one, which must not be written in the same place.
func (f *rowFilter) filter(rgba []byte) []byte {
	above := f.above
	f.above = rgba
	if bytes.Equal(rgba, above) {
		return f.asBefore
	}
	costUp, costSub := 0, 0
	var left [4]byte // nothing, before the first point
	for from := 0; from < len(rgba); from += stretch {
		to := min(from+stretch, len(rgba))
		row, over := rgba[from:to], above[from:to]
		up, sub := f.up[1+from/4*3:1+to/4*3], f.sub[1+from/4*3:1+to/4*3]
		if from > 0 && bytes.Equal(row, over) && bytes.Equal(row, rgba[from-4:to-4]) {
			clear(up)
			clear(sub)
			continue
		}
		for i, j := 0, 0; j < len(row); i, j = i+3, j+4 {
			p, o := [4]byte(row[j:]), [4]byte(over[j:])
			for c := range 3 {
				u, s := p[c]-o[c], p[c]-left[c]
				up[i+c], sub[i+c] = u, s
				costUp += distance(u)
				costSub += distance(s)
			}
			left = p
		}
	}
	if costUp <= costSub {
		return f.up
	}
	return f.sub
}

// distance is how far a difference is from none.
func distance(b byte) int {
	if b > 127 {
		return 256 - int(b)
	}
	return int(b)
}
