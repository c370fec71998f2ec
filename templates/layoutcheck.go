package templates

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"

	"guichet/domain"
	"guichet/domain/delivery"
)

// Try says what a layout is tried with besides the samples.
type Try struct {
	Symbologies []delivery.Symbology // empty is all
	Payload     string               // empty is one of 24 digits
}

// CheckLayout reads a layout file of a folder and tries it with the usual and the longest sample tickets of every kind in
// every language. What is wrong is LayoutProblems, each with its line and reason: besides what keeps a layout from being
// read, texts that have no room, characters that no font has, and barcodes that are too small for their payload.
func (r *Renderer) CheckLayout(ctx context.Context, folder fs.FS, file string, t Try) (delivery.Layout, error) {
	l, err := readLayout(folder, file, r.locales[fallbackLanguage])
	if err != nil {
		return delivery.Layout{}, err
	}
	if len(t.Symbologies) == 0 {
		t.Symbologies = delivery.Symbologies()
	}
	trial := r.with(l)
	c := &layoutTrial{r: trial, l: l, spilt: map[spill][]string{}}
	if l.admits() {
		c.barcodes(t)
	}
	if len(c.ps) == 0 {
		if err := c.room(ctx, t); err != nil {
			return delivery.Layout{}, err
		}
	}
	c.glyphs()
	for i := range c.ps {
		c.ps[i].File = file
	}
	return trial.Layouts()[0], c.ps.err()
}

// with is a renderer that has one layout only.
func (r *Renderer) with(l *layout) *Renderer {
	one := &Renderer{log: r.log, locales: r.locales, album: r.album, reader: r.reader, engine: r.engine}
	one.workers.New = r.workers.New
	one.layouts.Store(&layoutSet{byName: map[string]*layout{l.name: l}})
	return one
}

// layoutTrial draws a layout to see what is wrong with it.
type layoutTrial struct {
	r     *Renderer
	l     *layout
	ps    LayoutProblems
	spilt map[spill][]string // the languages in which something had no room
}

// barcodes tries every symbology with a payload.
func (c *layoutTrial) barcodes(t Try) {
	payload := t.Payload
	if payload == "" {
		payload = SampleDocument(Sample{}).Pages[0].Barcode
	}
	for _, kind := range t.Symbologies {
		s, err := encode(kind, payload)
		if err != nil {
			c.ps.add(0, "a payload of %d characters as %s: %s", len(payload), kind, domain.AsError(err).Detail)
			continue
		}
		form := onlyMatrix
		if s.wide() {
			form = onlyLinear
		}
		for _, b := range c.l.codes {
			if b.only != "" && b.only != form {
				continue
			}
			if _, err := s.fit(rect{0, 0, b.w, b.h}, b.height); err != nil {
				w, h := s.least()
				c.ps.add(b.line, "the barcode's box of %.1f by %.1f mm is too small for %d characters as %s: %.1f by %.1f mm are needed, the white around it included",
					b.w, b.h, len(payload), kind, w, h)
			}
		}
	}
}

// least is the room a symbol needs at its smallest, its quiet zone included.
func (s *symbol) least() (w, h float64) {
	whole := func(least float64) float64 { return math.Ceil(least*0.99/dot-1e-9) * dot } // as fitDots counts
	if s.linear {
		return float64(s.w+2*s.quiet) * whole(leastLinear), 5
	}
	return float64(s.w+2*s.quiet) * whole(leastMatrix), float64(s.h+2*s.quiet) * whole(leastMatrix)
}

// room draws the samples and reports what had no room.
func (c *layoutTrial) room(ctx context.Context, t Try) error {
	forms := []delivery.Symbology{t.Symbologies[0], t.Symbologies[len(t.Symbologies)-1]}
	for _, lang := range slices.Sorted(maps.Keys(c.r.locales)) {
		for _, kind := range []string{"event", "service", "pass"} {
			for _, form := range slices.Compact(forms) {
				if err := ctx.Err(); err != nil {
					return err
				}
				err := c.draw(ctx, SampleDocument(Sample{
					Layout: c.l.name, Language: lang, Symbology: form, Kind: kind, Longest: true, N: 3, Barcode: t.Payload,
				}))
				if err != nil {
					return err
				}
			}
		}
	}
	for s, langs := range c.spilt {
		slices.Sort(langs)
		c.ps.add(s.line, "%s has no room for the longest sample (%s): make the box larger or the style's \"min\" smaller, or allow \"ellipsis\" in the style",
			s.about(), strings.Join(slices.Compact(langs), ", "))
	}
	return nil
}

// about names what had no room.
func (s spill) about() string {
	switch s.name {
	case string(kindColumn), string(kindRow), string(kindRepeat):
		return "the " + s.name
	case string(kindPayload):
		return "the barcode's text"
	}
	return "the text \"" + s.name + "\""
}

func (c *layoutTrial) draw(ctx context.Context, d delivery.Document) error {
	leaves, symbols, err := c.r.plan(ctx, d.Pages)
	if err != nil {
		return err
	}
	words := pick(c.r.locales, d.Language)
	work := c.r.worker(words)
	defer func() {
		work.begin("", ltr)
		c.r.workers.Put(work)
	}()
	j := job{r: c.r, words: words, text: work.shaper, pages: d.Pages, symbols: symbols, pics: pictures{r: c.r}}
	for _, lf := range j.spread(leaves) {
		pg := j.page(ctx, nowhere{}, lf)
		if h := pg.height(); h > maxRoll-1 {
			c.ps.add(1, "the page grows past %d mm", maxRoll)
		}
		pg.draw()
		for _, s := range pg.spills {
			c.spilt[s] = append(c.spilt[s], words.tag)
		}
	}
	return nil
}

// glyphs reports characters of the layout's own texts that no font has.
func (c *layoutTrial) glyphs() {
	work := c.r.worker(c.r.locales[fallbackLanguage])
	defer c.r.workers.Put(work)
	try := func(line int, name, lang, text string) {
		work.begin(lang, ltr)
		work.shape(text, false, natural, false)
		for _, r := range slices.Sorted(maps.Keys(work.missing)) {
			c.ps.add(line, "no font has the character %s of %s", codePoint(r), name)
		}
	}
	for name, all := range c.l.Strings {
		for lang, text := range all {
			try(c.l.stringLines[name], "the text \""+name+"\" ("+lang+")", lang, text)
		}
	}
	c.l.walk(c.l.Elements, func(e *element) {
		try(e.line, "this text", fallbackLanguage, e.Text)
		for _, it := range e.Items {
			try(e.line, "this text", fallbackLanguage, it.Text+it.Label+it.Value)
		}
	})
	work.begin("", ltr)
}

// walk calls f for every element, those inside others included.
func (l *layout) walk(es []element, f func(e *element)) {
	for i := range es {
		f(&es[i])
		l.walk(es[i].Elements, f)
	}
}

// nowhere is a canvas that draws nothing.
type nowhere struct{ silent }

func (nowhere) fill(path, ink)                                     {}
func (nowhere) text(float64, float64, float64, float64, line, ink) {}
func (nowhere) picture(rect, path, *picture)                       {}
func (nowhere) barcode(rect, *symbol, measure)                     {}
func (nowhere) clip(path)                                          {}
func (nowhere) unclip()                                            {}

// PackLayout writes a layout file of a folder as one file that holds its pictures, and makes sure that it prints the same.
// Errors are those of CheckLayout.
func (r *Renderer) PackLayout(ctx context.Context, folder fs.FS, file string, t Try) ([]byte, error) {
	before, err := r.CheckLayout(ctx, folder, file, t)
	if err != nil {
		return nil, err
	}
	b, err := fs.ReadFile(folder, file)
	if err != nil {
		return nil, err
	}
	packed, err := embedImages(b, imagesOf(folder))
	if err != nil {
		return nil, err
	}
	after, err := parseLayout(packed, r.locales[fallbackLanguage], imagesOf(nil))
	if err != nil {
		return nil, err
	}
	if after.digest != before.Digest {
		return nil, errors.New("the packed layout is not the one that was packed")
	}
	return packed, nil
}

// LayoutPreview prints by one layout file that need not be among those in use.
type LayoutPreview struct {
	Layout delivery.Layout
	r      *Renderer
}

// PreviewLayout reads a layout file of a folder. What is wrong is LayoutProblems.
func (r *Renderer) PreviewLayout(ctx context.Context, folder fs.FS, file string) (*LayoutPreview, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l, err := readLayout(folder, file, r.locales[fallbackLanguage])
	if err != nil {
		return nil, err
	}
	one := r.with(l)
	return &LayoutPreview{one.Layouts()[0], one}, nil
}

// SVG draws a document's first page by the layout, whichever its pages name. Errors are those of Renderer.SVG.
func (v *LayoutPreview) SVG(ctx context.Context, w io.Writer, d delivery.Document) error {
	d.Pages = slices.Clone(d.Pages)
	for i := range d.Pages {
		d.Pages[i].Layout = v.Layout.Name
	}
	return v.r.SVG(ctx, w, d)
}
