package templates

import (
	"bytes"
	"context"
	"image"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"golang.org/x/image/vector"

	"guichet/domain"
)

// placed is a barcode that was put on a page.
type placed struct {
	box    rect // in mm, the quiet zone included
	symbol *symbol
}

// witness is a canvas that remembers where barcodes were put.
type witness struct {
	canvas
	seen []placed
}

// barcode implements canvas.
func (w *witness) barcode(b rect, s *symbol, m measure) {
	w.seen = append(w.seen, placed{b, s})
	w.canvas.barcode(b, s, m)
}

// unreadable is the refusal of a ticket whose barcode was not read back; the alarm has the details, none has the payload.
func (r *Renderer) unreadable(ctx context.Context, ticket string, err error) error {
	r.failed.Store(true)
	if r.alarm != nil {
		r.alarm(ticket, err)
	} else {
		r.log.ErrorContext(ctx, "a ticket is not released: its barcode cannot be read back", "ticket", ticket, "error", err)
	}
	return domain.Errorf(domain.Unavailable, CodeUnreadable, "The barcode of ticket %s could not be read back from the page.", ticket)
}

// due says whether the next page is among those that are read back as a picture. After one that failed all are, as long as
// the program runs: what is asked for again must not slip through.
func (r *Renderer) due() bool {
	return r.check > 0 && (r.checked.Add(1)%uint64(r.check) == 0 || r.failed.Load())
}

// readBack finds and decodes every barcode of a finished page.
func (j *job) readBack(ctx context.Context, page *raster, seen []placed) error {
	for _, s := range seen {
		m, err := page.crop(s.box)
		if err == nil {
			err = j.r.reader.same(s.symbol, m)
		}
		if err != nil {
			return j.r.unreadable(ctx, j.pages[slices.Index(j.symbols, s.symbol)].TicketID, err)
		}
	}
	return nil
}

// crop paints a box of the page and tells dark from light. A margin of white is added, since what stands beside the box is
// none of the barcode's business; the box has the quiet zone.
func (r *raster) crop(box rect) (*gozxing.BitMatrix, error) {
	b := image.Rect(int(math.Floor(box.X*r.scale)), int(math.Floor(box.Y*r.scale)),
		int(math.Ceil((box.X+box.W)*r.scale)), int(math.Ceil((box.Y+box.H)*r.scale))).Intersect(image.Rect(0, 0, r.w, r.h))
	if b.Empty() {
		return nil, errNoSymbol
	}
	const margin = 4
	m, err := gozxing.NewBitMatrix(b.Dx()+2*margin, b.Dy()+2*margin)
	if err != nil {
		return nil, err
	}
	band := image.NewRGBA(b)
	r.paint(band, vector.NewRasterizer(b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			i := y*band.Stride + 4*x
			if int(band.Pix[i])+int(band.Pix[i+1])+int(band.Pix[i+2]) < 3*128 {
				m.Set(x+margin, y+margin)
			}
		}
	}
	return m, nil
}

// checkDPI is the resolution at which pages without one of their own are looked at.
const checkDPI = 300

// pdfPage reads a page's content as it stands in the file: every filled shape, in its order and colour. Pictures count as
// black, text is not drawn.
type pdfPage struct {
	on     *raster
	height float64 // of the page in mm
	stack  []float64
	shape  path
	state  pdfState
	saved  []pdfState
	clip   bool // the next end of a path clips
	inside bool // of a clip
}

// pdfState is what q saves.
type pdfState struct {
	ctm     [6]float64
	color   ink
	clipped bool // since the last q
}

// readPDF paints a content stream.
func readPDF(content []byte, width, height float64) *raster {
	p := &pdfPage{
		on: newRaster(width, height, checkDPI, nil), height: height,
		state: pdfState{ctm: [6]float64{1, 0, 0, 1, 0, 0}},
	}
	for len(content) > 0 {
		var word string
		word, content = pdfToken(content)
		if v, err := strconv.ParseFloat(word, 64); err == nil {
			p.stack = append(p.stack, v)
			continue
		}
		if word != "" && !strings.ContainsAny(word[:1], "/<>[](") {
			p.do(word)
			p.stack = p.stack[:0]
		}
	}
	return p.on
}

// pdfToken cuts the next word off a content stream; strings, names and brackets begin with their sign.
func pdfToken(b []byte) (word string, rest []byte) {
	b = bytes.TrimLeft(b, " \n\r\t")
	if len(b) == 0 {
		return "", nil
	}
	switch {
	case bytes.HasPrefix(b, []byte("<<")) || bytes.HasPrefix(b, []byte(">>")):
		return string(b[:2]), b[2:]
	case b[0] == '[' || b[0] == ']':
		return string(b[:1]), b[1:]
	case b[0] == '<':
		return cutAfter(b, bytes.IndexByte(b, '>'))
	case b[0] == '(':
		end := 1
		for depth := 1; end < len(b) && depth > 0; end++ {
			switch b[end] {
			case '\\':
				end++
			case '(':
				depth++
			case ')':
				depth--
			}
		}
		return cutAfter(b, min(end, len(b))-1)
	}
	end := bytes.IndexAny(b[1:], " \n\r\t/<>[]()")
	if end < 0 {
		end = len(b) - 1
	}
	return cutAfter(b, end)
}

// cutAfter cuts a word that ends with the byte at end; without one it is all there is.
func cutAfter(b []byte, end int) (word string, rest []byte) {
	if end < 0 {
		end = len(b) - 1
	}
	return string(b[:end+1]), b[end+1:]
}

// arg is the i-th number before an operator; 0 where there is none.
func (p *pdfPage) arg(i int) float64 {
	if i < len(p.stack) {
		return p.stack[i]
	}
	return 0
}

// to converts a point of the content to mm from the page's top left corner.
func (p *pdfPage) to(x, y float64) point {
	m := p.state.ctm
	return point{(m[0]*x + m[2]*y + m[4]) * mmPerPoint, p.height - (m[1]*x+m[3]*y+m[5])*mmPerPoint}
}

// do carries out an operator. Those of text and of marks change nothing here.
func (p *pdfPage) do(op string) {
	switch op {
	case "q":
		p.saved = append(p.saved, p.state)
		p.state.clipped = false
	case "Q":
		p.restore()
	case "cm":
		a, m := [6]float64{}, p.state.ctm
		for i := range a {
			a[i] = p.arg(i)
		}
		p.state.ctm = [6]float64{
			a[0]*m[0] + a[1]*m[2], a[0]*m[1] + a[1]*m[3], a[2]*m[0] + a[3]*m[2], a[2]*m[1] + a[3]*m[3],
			a[4]*m[0] + a[5]*m[2] + m[4], a[4]*m[1] + a[5]*m[3] + m[5],
		}
	case "rg":
		p.state.color = ink{unit(p.arg(0)), unit(p.arg(1)), unit(p.arg(2))}
	case "g":
		p.state.color = ink{unit(p.arg(0)), unit(p.arg(0)), unit(p.arg(0))}
	case "Do":
		p.rectangle(0, 0, 1, 1)
		p.on.fill(p.shape, ink{})
		p.shape = p.shape[:0:0]
	default:
		p.draw(op)
	}
}

// draw carries out an operator of paths.
func (p *pdfPage) draw(op string) {
	switch op {
	case "m":
		p.shape = append(p.shape, segment{moveTo, [3]point{p.to(p.arg(0), p.arg(1))}})
	case "l":
		p.shape = append(p.shape, segment{lineTo, [3]point{p.to(p.arg(0), p.arg(1))}})
	case "c":
		p.shape = p.shape.cube(p.to(p.arg(0), p.arg(1)), p.to(p.arg(2), p.arg(3)), p.to(p.arg(4), p.arg(5)))
	case "h":
		p.shape = p.shape.close()
	case "re":
		p.rectangle(p.arg(0), p.arg(1), p.arg(2), p.arg(3))
	case "W", "W*":
		p.clip = true
	case "f", "f*", "F":
		p.on.fill(p.shape, p.state.color)
		p.shape = p.shape[:0:0]
	case "n", "S", "s":
		if p.clip && !p.inside { // what is clipped twice is clipped once here
			p.on.clip(p.shape)
			p.state.clipped, p.inside = true, true
		}
		p.clip, p.shape = false, p.shape[:0:0]
	}
}

func (p *pdfPage) rectangle(x, y, w, h float64) {
	a, b, c, d := p.to(x, y), p.to(x+w, y), p.to(x+w, y+h), p.to(x, y+h)
	p.shape = p.shape.move(a.X, a.Y).line(b.X, b.Y).line(c.X, c.Y).line(d.X, d.Y).close()
}

func (p *pdfPage) restore() {
	if p.state.clipped {
		p.on.unclip()
		p.inside = false
	}
	if n := len(p.saved); n > 0 {
		p.state, p.saved = p.saved[n-1], p.saved[:n-1]
	}
}

// unit converts a part of one to a byte.
func unit(f float64) uint8 { return uint8(math.Round(255 * max(0, min(1, f)))) }
