package templates

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"

	"guichet/domain"
	"guichet/domain/delivery"
)

// Options are what New takes.
type Options struct {
	// Logger hears of what a reader will miss: code points that no font has, text that had no room, pictures that could
	// not be read. Nothing of a ticket's content is logged. Nil logs nothing.
	Logger *slog.Logger
}

// Renderer prints tickets as PDF and PNG. It implements delivery.Renderer and is safe for concurrent use.
type Renderer struct {
	log     *slog.Logger
	locales map[string]*locale
	layout  *layout
	album   *album
	workers sync.Pool
}

var _ delivery.Renderer = (*Renderer)(nil)

// New parses the embedded fonts, languages and layouts, once for the life of the program. It fails only where the program
// was built with files that make no sense.
func New(o Options) (*Renderer, error) {
	fonts, err := loadFamily()
	if err != nil {
		return nil, err
	}
	locales, err := loadLocales()
	if err != nil {
		return nil, err
	}
	l, err := loadLayout("layouts/standard.json", locales[fallbackLanguage])
	if err != nil {
		return nil, err
	}
	r := &Renderer{log: o.Logger, locales: locales, layout: l, album: newAlbum()}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.workers.New = func() any { return &worker{shaper: newShaper(fonts)} }
	return r, nil
}

// worker is what one document needs for itself.
type worker struct {
	*shaper
	workspace
}

// worker lends a worker for one document.
func (r *Renderer) worker(words *locale) *worker {
	w, _ := r.workers.Get().(*worker) // the pool makes nothing else
	w.begin(words.tag, words.direction())
	return w
}

// giveBack takes a worker back and reports what it could not show. It keeps no personal text.
func (r *Renderer) giveBack(ctx context.Context, w *worker) {
	if len(w.missing) > 0 {
		points := make([]string, 0, len(w.missing))
		for c := range w.missing {
			points = append(points, codePoint(c))
		}
		slices.Sort(points) // so that they do not spell a name
		r.log.WarnContext(ctx, "no glyph for characters of a ticket", "code_points", points)
	}
	w.begin("", ltr)
	if w.out != nil {
		w.out.Reset(nil)
	}
	r.workers.Put(w)
}

// PDF implements delivery.Renderer: one A4 page per ticket. Every barcode is checked before the first byte is written;
// then pages are written as they are drawn, so w holds the beginning of a file where w or ctx fails. Errors:
// ticket.barcode; request.invalid for a document without pages; what w and ctx say.
func (r *Renderer) PDF(ctx context.Context, w io.Writer, d delivery.Document) error {
	symbols, err := r.symbols(ctx, d.Pages)
	if err != nil {
		return err
	}
	words := pick(r.locales, d.Language)
	work := r.worker(words)
	defer r.giveBack(ctx, work)
	out := newPDF(w, &work.workspace, r.layout.Page[0], r.layout.Page[1])
	pics := pictures{r: r}
	for i := range d.Pages {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.page(ctx, out, words, work.shaper, &d.Pages[i], symbols[i], &pics)
		if err := out.endPage(); err != nil {
			return err
		}
	}
	return out.end(ctx, meta{Title: d.Title, Language: d.Language, RightToLeft: words.rightToLeft(), Made: d.Pages[0].IssuedAt})
}

// symbols encodes the barcodes of all pages and makes sure that each fits where the layout puts it.
func (r *Renderer) symbols(ctx context.Context, pages []delivery.Page) ([]*symbol, error) {
	if len(pages) == 0 {
		return nil, domain.Errorf(domain.Invalid, domain.CodeRequest, "The document has no pages.")
	}
	out := make([]*symbol, len(pages))
	for i := range pages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := encode(pages[i].Symbology, pages[i].Barcode)
		if err != nil {
			return nil, err
		}
		if err := r.layout.fits(s); err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, nil
}

// page draws one ticket.
func (r *Renderer) page(ctx context.Context, on canvas, words *locale, s *shaper, p *delivery.Page, sym *symbol, pics *pictures) {
	pg := newPage(on, r.layout, words, s, p, sym, pics.get(ctx, p))
	pg.draw()
	pg.report(ctx, r.log, p.TicketID)
}

// pictures remembers the last picture of a document, since most pages have the same.
type pictures struct {
	r    *Renderer
	last []byte
	pic  *picture
}

// get returns the page's picture, or nil where there is none that can be printed.
func (c *pictures) get(ctx context.Context, p *delivery.Page) *picture {
	if len(p.Picture) == 0 {
		return nil
	}
	if len(c.last) == len(p.Picture) && &c.last[0] == &p.Picture[0] {
		return c.pic
	}
	pic, err := c.r.album.get(p.Picture)
	if err != nil {
		c.r.log.WarnContext(ctx, "ticket picture cannot be printed", "ticket", p.TicketID, "error", err)
	}
	c.last, c.pic = p.Picture, pic
	return pic
}

// Resolutions a picture may have, in dots per inch.
const (
	minDPI = 36
	maxDPI = 600
)

// PNG implements delivery.Renderer: the first page as a picture. Errors: ticket.barcode, also where the resolution is too
// low for the barcode; request.invalid for a document without pages or a resolution outside 36 to 600; what w and ctx say.
func (r *Renderer) PNG(ctx context.Context, w io.Writer, d delivery.Document, dpi int) error {
	if dpi < minDPI || dpi > maxDPI {
		return domain.Errorf(domain.Invalid, domain.CodeRequest, "A picture has %d to %d dots per inch.", minDPI, maxDPI).
			WithField("?dpi", "range", "outside the range")
	}
	symbols, err := r.symbols(ctx, d.Pages[:min(1, len(d.Pages))])
	if err != nil {
		return err
	}
	words := pick(r.locales, d.Language)
	work := r.worker(words)
	defer r.giveBack(ctx, work)
	out := newRaster(r.layout.Page[0], r.layout.Page[1], dpi, work.faces)
	r.page(ctx, out, words, work.shaper, &d.Pages[0], symbols[0], &pictures{r: r})
	return out.write(ctx, w)
}

// codePoint writes "U+1F3AD".
func codePoint(r rune) string {
	const digits = "0123456789ABCDEF"
	out := []byte("U+")
	n := 4
	for v := r >> 16; v > 0; v >>= 4 {
		n++
	}
	for i := n - 1; i >= 0; i-- {
		out = append(out, digits[r>>(4*i)&15])
	}
	return string(out)
}
