package templates

import (
	"context"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"guichet/domain"
	"guichet/domain/delivery"
)

// Options are what New takes.
type Options struct {
	// Logger hears of what a reader will miss: code points that no font has, text that had no room, pictures that could
	// not be read. Nothing of a ticket's content is logged. Nil logs nothing.
	Logger *slog.Logger
	// Layouts is a folder of layout files, name.json each, with the pictures they use; nil has none. One that has the name
	// of a shipped layout takes its place.
	Layouts fs.FS
	// Fonts is a folder of fonts that come before the embedded ones for all but Latin, Greek and Cyrillic; nil has none.
	Fonts fs.FS
	// Missing hears of every document in which characters that no font has are replaced, and how many different ones. Nil is
	// not told. It may be called concurrently.
	Missing func(characters int)
	// Check is how many pages one is read back of as a picture before it is released: 1 all, 0 none. The modules of every
	// barcode are read back in any case.
	Check int
	// Program is the version of the program: another one may draw another file of the same layout and data, so that it is
	// part of what Digest says.
	Program string
	// Alarm hears of every ticket that is not released since its barcode is not read back, and why; nothing of the payload.
	// Nil is not told. It may be called concurrently.
	Alarm func(ticket string, err error)
}

// Renderer prints tickets as PDF, PNG and SVG. It implements delivery.Renderer and is safe for concurrent use.
type Renderer struct {
	log     *slog.Logger
	locales map[string]*locale
	folder  fs.FS
	layouts atomic.Pointer[layoutSet]
	album   *album
	workers sync.Pool
	reader  *reader
	check   int
	checked atomic.Uint64
	failed  atomic.Bool // a barcode was not read back
	alarm   func(ticket string, err error)
	missing func(characters int)
	engine  string // what draws, in a word that is another one where the same layout and data may give another file
}

var (
	_ delivery.Renderer = (*Renderer)(nil)
	_ delivery.Layouts  = (*Renderer)(nil)
)

// New parses the fonts and languages and all layouts. Where a layout of the folder is wrong the error is LayoutProblems, where
// a font is FontProblems; else it fails only where the program was built with files that make no sense.
func New(o Options) (*Renderer, error) {
	fonts, err := loadLibrary(o.Fonts)
	if err != nil {
		return nil, err
	}
	locales, err := loadLocales()
	if err != nil {
		return nil, err
	}
	r := &Renderer{
		log: o.Logger, locales: locales, folder: o.Layouts, album: newAlbum(), reader: newReader(), check: o.Check, alarm: o.Alarm, missing: o.Missing,
		engine: o.Program + fonts.digest(),
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.workers.New = func() any { return &worker{shaper: newShaper(fonts)} }
	set, err := r.readLayouts()
	if err != nil {
		return nil, err
	}
	r.layouts.Store(set)
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
		if r.missing != nil {
			r.missing(len(points))
		}
	}
	w.begin("", ltr)
	if w.out != nil {
		w.out.Reset(nil)
	}
	r.workers.Put(w)
}

// leaf is one printed page: one ticket, a sheet of several, or a page of a whole order. from and to bound the tickets it is
// made of.
type leaf struct {
	layout   *layout
	from, to int
	part     int // of an order that needs several pages, from 0 on
	parts    int
}

// PDF implements delivery.Renderer. Every barcode is checked before the first byte is written; then pages are written as
// they are drawn, so w holds the beginning of a file where w or ctx fails. Errors: ticket.barcode; layout.unknown;
// request.invalid for a document without pages; what w and ctx say.
func (r *Renderer) PDF(ctx context.Context, w io.Writer, d delivery.Document) error {
	leaves, symbols, err := r.plan(ctx, d.Pages)
	if err != nil {
		return err
	}
	words := pick(r.locales, d.Language)
	work := r.worker(words)
	defer r.giveBack(ctx, work)
	out := newPDF(w, &work.workspace, leaves[0].layout.Page.W, leaves[0].layout.Page.H)
	j := job{r: r, words: words, text: work.shaper, pages: d.Pages, symbols: symbols, pics: pictures{r: r}}
	for _, lf := range j.spread(leaves) {
		if err := ctx.Err(); err != nil {
			return err
		}
		on := &witness{canvas: out}
		j.draw(ctx, on, lf, out.size)
		if r.due() {
			if err := j.readBack(ctx, readPDF(out.content, out.width, out.height), on.seen); err != nil {
				return err
			}
		}
		if err := out.endPage(); err != nil {
			return err
		}
		if told, ok := w.(delivery.Drawing); ok {
			told.Drawn(lf.to)
		}
	}
	return out.end(ctx, meta{Title: d.Title, Language: d.Language, RightToLeft: words.rightToLeft(), Made: d.Pages[0].IssuedAt})
}

// plan shares the tickets among pages, encodes their barcodes and makes sure that each fits where its layout puts it.
func (r *Renderer) plan(ctx context.Context, pages []delivery.Page) ([]leaf, []*symbol, error) {
	if len(pages) == 0 {
		return nil, nil, domain.Errorf(domain.Invalid, domain.CodeRequest, "The document has no pages.")
	}
	leaves, err := r.layouts.Load().share(pages)
	if err != nil {
		return nil, nil, err
	}
	symbols := make([]*symbol, len(pages))
	for _, lf := range leaves {
		for i := lf.from; i < lf.to; i++ {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			if symbols[i], err = lf.layout.symbol(&pages[i]); err != nil {
				return nil, nil, err
			}
			if symbols[i] == nil {
				continue
			}
			if err := r.reader.modules(symbols[i]); err != nil {
				return nil, nil, r.unreadable(ctx, pages[i].TicketID, err)
			}
		}
	}
	return leaves, symbols, nil
}

// share gives each page of a layout its tickets, in their order. A page of an order has those of one order. Errors:
// layout.unknown.
func (s *layoutSet) share(pages []delivery.Page) ([]leaf, error) {
	leaves := make([]leaf, 0, len(pages))
	for i := range pages {
		l, err := s.get(pages[i].Layout)
		if err != nil {
			return nil, err
		}
		last := len(leaves) - 1
		if last >= 0 && leaves[last].layout == l && leaves[last].to-leaves[last].from < l.tickets() &&
			(l.Per != perOrder || pages[i].Order == pages[i-1].Order) {
			leaves[last].to++
		} else {
			leaves = append(leaves, leaf{layout: l, from: i, to: i + 1, parts: 1})
		}
	}
	return leaves, nil
}

// Sheets implements delivery.Renderer.
func (r *Renderer) Sheets(d delivery.Document) (int, error) {
	leaves, err := r.layouts.Load().share(d.Pages)
	if err != nil {
		return 0, err
	}
	j := job{r: r, words: pick(r.locales, d.Language), pages: d.Pages, symbols: make([]*symbol, len(d.Pages))}
	return len(j.spread(leaves)), nil
}

// tickets is how many tickets one page is made of at most.
func (l *layout) tickets() int {
	switch {
	case l.Per == perOrder:
		return math.MaxInt
	case l.Sheet != nil:
		return l.Sheet.Columns * l.Sheet.Rows
	}
	return 1
}

// symbol encodes a ticket's barcode; nil where the layout has none.
func (l *layout) symbol(p *delivery.Page) (*symbol, error) {
	if !l.admits() {
		return nil, nil //nolint:nilnil // a page that opens no door has no barcode
	}
	s, err := encode(p.Symbology, p.Barcode)
	if err != nil {
		return nil, err
	}
	return s, l.fits(s)
}

// job is one document being drawn.
type job struct {
	r       *Renderer
	words   *locale
	text    *shaper
	pages   []delivery.Page
	symbols []*symbol
	pics    pictures
	order   []subject // the tickets of the order whose pages are being drawn
	from    int       // the first of them; only where order is not nil
}

// spread makes as many leaves of an order's page as its list needs.
func (j *job) spread(leaves []leaf) []leaf {
	if !slices.ContainsFunc(leaves, func(lf leaf) bool { return lf.layout.list != nil }) {
		return leaves
	}
	var out []leaf
	for _, lf := range leaves {
		if e := lf.layout.list; e != nil {
			n := lf.to - lf.from
			if e.Over == overLines {
				n = len(lines(j.words, j.subjects(lf)))
			}
			room := e.capacity(lf.layout.room)
			lf.parts = (n + room - 1) / room
		}
		for lf.part = range lf.parts {
			out = append(out, lf)
		}
	}
	return out
}

// subjects are the tickets of an order.
func (j *job) subjects(lf leaf) []subject {
	if j.order != nil && j.from == lf.from {
		return j.order
	}
	j.order, j.from = make([]subject, 0, lf.to-lf.from), lf.from
	for i := lf.from; i < lf.to; i++ {
		j.order = append(j.order, newSubject(j.words, &j.pages[i], j.symbols[i], nil))
	}
	return j.order
}

// draw draws a leaf; size is told the page's measures first.
func (j *job) draw(ctx context.Context, on canvas, lf leaf, size func(w, h float64)) {
	l := lf.layout
	if l.Sheet == nil {
		pg := j.page(ctx, on, lf)
		size(l.Page.W, pg.height())
		pg.draw()
		pg.report(ctx, j.r.log, j.pages[lf.from].TicketID)
		return
	}
	size(l.Sheet.Page.W, l.Sheet.Page.H)
	for i := lf.from; i < lf.to; i++ {
		x, y := l.Sheet.corner(l.Page, i-lf.from)
		pg := j.page(ctx, moved{on, x, y}, leaf{layout: l, from: i, to: i + 1})
		pg.draw()
		pg.report(ctx, j.r.log, j.pages[i].TicketID)
	}
	if l.Sheet.Cut {
		l.Sheet.cutLines(on, l.Page)
	}
}

// page prepares a page of one ticket or one of an order's.
func (j *job) page(ctx context.Context, on canvas, lf leaf) *page {
	p := &j.pages[lf.from]
	pg := newPage(on, lf.layout, j.words, j.text, p, j.symbols[lf.from], j.pics.get(ctx, p))
	if lf.layout.Per == perOrder {
		pg.paginate(j.subjects(lf), lf)
	}
	return pg
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

func checkResolution(dpi int) error {
	if dpi >= minDPI && dpi <= maxDPI {
		return nil
	}
	between := strconv.Itoa(minDPI) + " to " + strconv.Itoa(maxDPI)
	return domain.Errorf(domain.Invalid, domain.CodeRequest, "A picture has %s dots per inch.", between).
		WithField("?dpi", domain.CodeRequest, between)
}

// PNG implements delivery.Renderer: the first page as a picture. Errors: those of PDF; ticket.barcode also where the
// resolution is too low for the barcode; request.invalid for a resolution outside 36 to 600.
func (r *Renderer) PNG(ctx context.Context, w io.Writer, d delivery.Document, dpi int) error {
	if err := checkResolution(dpi); err != nil {
		return err
	}
	var out *raster
	err := r.first(ctx, d, func(w *worker) canvas {
		out = newRaster(10, 10, dpi, w.drawn)
		return out
	}, func(w, h float64) { out.size(w, h) })
	if err != nil {
		return err
	}
	return out.write(ctx, w)
}

// first draws a document's first page on a canvas.
func (r *Renderer) first(ctx context.Context, d delivery.Document, open func(w *worker) canvas, size func(w, h float64)) error {
	leaves, symbols, err := r.plan(ctx, d.Pages)
	if err != nil {
		return err
	}
	words := pick(r.locales, d.Language)
	work := r.worker(words)
	defer r.giveBack(ctx, work)
	j := job{r: r, words: words, text: work.shaper, pages: d.Pages, symbols: symbols, pics: pictures{r: r}}
	on, leaf := &witness{canvas: open(work)}, j.spread(leaves)[0]
	j.draw(ctx, on, leaf, size)
	if !r.due() {
		return nil
	}
	page, ok := on.canvas.(*raster)
	if !ok { // another drawing of the same page is looked at
		page = newRaster(10, 10, checkDPI, work.drawn)
		j.draw(ctx, page, leaf, page.size)
	}
	if page.err != nil {
		return page.err
	}
	return j.readBack(ctx, page, on.seen)
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
