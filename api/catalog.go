package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/freshness"
)

// maxAvailabilities is how many performances one availability call may name.
const maxAvailabilities = 200

// encode writes JSON as every answer is written: without escaping "<" and without a line end.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// visible are the shelves of every institution that the key sees and whose catalog is loaded. It fails only when none is.
func (s *server) visible(cl *call) ([]*shelf, error) {
	var shelves []*shelf
	var missing error
	for _, code := range s.Catalog.Institutions {
		if !sees(cl.key, code) {
			continue
		}
		sh, err := s.shelfAt(code, cl.began)
		if err != nil {
			missing = err
			continue
		}
		shelves = append(shelves, sh)
	}
	if len(shelves) == 0 && missing != nil {
		return nil, missing
	}
	return shelves, nil
}

// shelfFor is the shelf of an institution named by the caller.
func (s *server) shelfFor(cl *call, code domain.InstitutionCode) (*shelf, error) {
	if s.shelves[code] == nil {
		return nil, domain.Errorf(domain.NotFound, catalog.CodeInstitutionUnknown, "no institution %q", cut(string(code)))
	}
	if err := mustSee(cl.key, code); err != nil {
		return nil, err
	}
	return s.shelfAt(code, cl.began)
}

// shelfOf finds the shelf that an id belongs to; an id of no institution or another form is unknown with the code given.
func (s *server) shelfOf(cl *call, id, unknown string) (*shelf, int64, error) {
	code, n, ok := parseID(id)
	if !ok || s.shelves[code] == nil {
		return nil, 0, notFound(unknown, id)
	}
	sh, err := s.shelfFor(cl, code)
	return sh, n, err
}

func notFound(code, id string) *domain.Error {
	what, _, _ := strings.Cut(code, ".")
	return domain.Errorf(domain.NotFound, code, "no %s %s", what, cut(id))
}

func (s *server) listInstitutions(c *gin.Context) {
	cl := callOf(c.Request.Context())
	q := newQuery(c.Request.URL, cl.route)
	wished := wishes(q.language(), c.Request.Header)
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	shelves, err := s.visible(cl)
	if err != nil {
		s.refuse(c, err)
		return
	}
	page, used := institutionPageDTO{Items: []institutionDTO{}}, []string(nil)
	for _, sh := range shelves {
		sp := sh.speech(wished)
		page.Items = append(page.Items, sh.institution(sp))
		used = append(used, sp.used...)
	}
	s.send(c, page, used, newest(shelves))
}

func (s *server) getInstitution(c *gin.Context) {
	cl := callOf(c.Request.Context())
	q := newQuery(c.Request.URL, cl.route)
	wished := wishes(q.language(), c.Request.Header)
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	sh, err := s.shelfFor(cl, domain.InstitutionCode(c.Param("code")))
	if err != nil {
		s.refuse(c, err)
		return
	}
	sp := sh.speech(wished)
	d := sh.institution(sp)
	s.send(c, d, sp.used, sh.mod)
}

// send writes a value as a body that callers may keep.
func (s *server) send(c *gin.Context, v any, used []string, mod time.Time) {
	raw, err := encode(v)
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.sendBody(c, newBody(raw, used), mod)
}

func newest(shelves []*shelf) time.Time {
	var t time.Time
	for _, sh := range shelves {
		if sh.mod.After(t) {
			t = sh.mod
		}
	}
	return t
}

func (s *server) getProduct(c *gin.Context) {
	cl := callOf(c.Request.Context())
	if s.productFile(c, cl) {
		return
	}
	q := newQuery(c.Request.URL, cl.route)
	asked, day := q.language(), q.day("date")
	more, err := q.raw(cl.key)
	if err = cmp.Or(err, q.err()); err != nil {
		s.refuse(c, err)
		return
	}
	sh, id, err := s.shelfOf(cl, c.Param("id"), catalog.CodeProductUnknown)
	if err != nil {
		s.refuse(c, err)
		return
	}
	p := sh.view.Product(catalog.ProductID(id))
	if p == nil {
		s.refuse(c, notFound(catalog.CodeProductUnknown, c.Param("id")))
		return
	}
	sh.looks.Look(freshness.Undated(p.ID))
	t := sh.tongue(asked, c.Request.Header)
	if day != "" || more {
		sp := t.speech()
		d := sh.product(p, sp, day)
		if more {
			d.Raw = raw(p.Raw)
			for i := range d.Items {
				d.Items[i].Raw = raw(p.Items[i].Raw)
			}
		}
		s.send(c, d, sp.used, sh.mod)
		return
	}
	b, err := sh.productBody(p, t)
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.sendKept(c, b, sh.modified, headerJSON)
}

func (sh *shelf) productBody(p *catalog.Product, t *tongue) (*body, error) {
	key := bodyKey{kind: productBody, id: int64(p.ID), langs: t.key}
	if b := sh.kept(key); b != nil {
		return b, nil
	}
	return sh.body(key, func() ([]byte, []string, error) {
		sp := t.speech()
		b, err := encode(sh.product(p, sp, ""))
		return b, sp.used, err
	})
}

func (sh *shelf) performanceBody(p *catalog.Performance, t *tongue) (*body, error) {
	key := bodyKey{kind: performanceBody, id: int64(p.ID), langs: t.key}
	if b := sh.kept(key); b != nil {
		return b, nil
	}
	return sh.body(key, func() ([]byte, []string, error) {
		sp := t.speech()
		b, err := encode(sh.performance(p, sp))
		return b, sp.used, err
	})
}

func (sh *shelf) availabilityBody(p *catalog.Performance) (*body, error) {
	key := bodyKey{kind: availabilityBody, id: int64(p.ID)}
	if b := sh.kept(key); b != nil {
		return b, nil
	}
	return sh.body(key, func() ([]byte, []string, error) {
		b, err := encode(sh.availability(p))
		return b, nil, err
	})
}

func (s *server) getPerformance(c *gin.Context) {
	cl := callOf(c.Request.Context())
	q := newQuery(c.Request.URL, cl.route)
	asked := q.language()
	more, err := q.raw(cl.key)
	if err = cmp.Or(err, q.err()); err != nil {
		s.refuse(c, err)
		return
	}
	sh, id, err := s.shelfOf(cl, c.Param("id"), catalog.CodePerformanceUnknown)
	if err != nil {
		s.refuse(c, err)
		return
	}
	sh.looks.Look(catalog.PerformanceID(id))
	t := sh.tongue(asked, c.Request.Header)
	if b := sh.kept(bodyKey{kind: performanceBody, id: id, langs: t.key}); b != nil && !more {
		s.sendKept(c, b, sh.modified, headerJSON)
		return
	}
	p := sh.view.Performance(catalog.PerformanceID(id))
	if p == nil {
		s.refuse(c, notFound(catalog.CodePerformanceUnknown, c.Param("id")))
		return
	}
	if more {
		sp := t.speech()
		d := sh.performance(p, sp)
		d.Raw = raw(p.Raw)
		s.send(c, d, sp.used, sh.mod)
		return
	}
	b, err := sh.performanceBody(p, t)
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.sendKept(c, b, sh.modified, headerJSON)
}

// browse is a list request, read.
type browse struct {
	ask     catalog.Ask
	shelves []*shelf
	asked   string // ?lang=
	wished  []string
	key     string // of the page that answers it
}

// readBrowse reads the parameters that products and performances share.
func (s *server) readBrowse(c *gin.Context) (*browse, error) {
	cl := callOf(c.Request.Context())
	q := newQuery(c.Request.URL, cl.route)
	b := &browse{asked: q.language()}
	b.wished = wishes(b.asked, c.Request.Header)
	b.ask = catalog.Ask{
		Filter: catalog.Filter{
			Kinds: someOf(q, "kind", catalog.Kinds()), Words: q.text("q"), Topic: q.text("topic"), Venue: q.text("venue"),
			Town: q.text("town"), Season: q.text("season"), Numbered: q.choice("numbered"), OnSale: q.flag("on_sale"), From: q.day("from"), To: q.day("to"), Available: q.flag("available"),
		},
		Sort: oneOf(q, "sort", catalog.Sorts()), Languages: b.wished, Limit: q.limit(), Facets: someOf(q, "facets", catalog.FacetsAll()),
	}
	if catalog.CountWords(b.ask.Words) > catalog.MaxWords {
		q.fault("q", "at most "+strconv.Itoa(catalog.MaxWords)+" words")
	}
	if n, ok := q.number("price_max", 0, 1<<53); ok {
		b.ask.PriceMax = &n
	}
	if b.ask.From != "" && b.ask.To != "" && b.ask.To < b.ask.From {
		q.fault("to", "it lies before from")
	}
	if b.ask.Sort == "" {
		b.ask.Sort = catalog.SortStart
		if b.ask.Words != "" {
			b.ask.Sort = catalog.SortRelevance
		}
	}
	b.ask.Confidence = b.confidence
	b.ask.After = q.cursor(b.ask.Sort)
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.readScope(c, cl, q, b); err != nil {
		return nil, err
	}
	b.key = b.pageKey(c.Request.URL.Path, q.values.Encode())
	return b, nil
}

// readScope finds which institutions are looked through: those named, that of the product named, or all.
func (s *server) readScope(c *gin.Context, cl *call, q *query, b *browse) (err error) {
	product := c.Param("id")
	if product == "" {
		product = q.text("product")
	}
	if product != "" {
		sh, id, err := s.shelfOf(cl, product, catalog.CodeProductUnknown)
		if err != nil {
			return err
		}
		if sh.view.Product(catalog.ProductID(id)) == nil {
			return notFound(catalog.CodeProductUnknown, product)
		}
		b.ask.Product, b.shelves = catalog.ProductID(id), []*shelf{sh}
		return nil
	}
	names := q.text("institution")
	if names == "" {
		b.shelves, err = s.visible(cl)
		return err
	}
	for name := range strings.SplitSeq(names, ",") {
		sh, err := s.shelfFor(cl, domain.InstitutionCode(name))
		if err != nil {
			return err
		}
		if !slices.Contains(b.shelves, sh) {
			b.shelves = append(b.shelves, sh)
		}
	}
	return nil
}

// confidence is how sure it is that a performance of one of the shelves still sells, in percent.
func (b *browse) confidence(v *catalog.View, p *catalog.Performance) int {
	for _, sh := range b.shelves {
		if sh.view == v {
			return sh.confidence(v.PerformanceAvailability(p), p)
		}
	}
	return 0
}

func (b *browse) sources() (sources []catalog.Source, at time.Time) {
	for _, sh := range b.shelves {
		sources = append(sources, catalog.Source{View: sh.view})
		at = sh.at
	}
	return sources, at
}

func (s *server) listProducts(c *gin.Context) {
	s.list(c, catalog.BrowseProducts, func(sh *shelf, f catalog.Found, t *tongue) (*body, error) {
		return sh.productBody(f.Product, t)
	})
}

func (s *server) listPerformances(c *gin.Context) {
	s.list(c, catalog.BrowsePerformances, func(sh *shelf, f catalog.Found, t *tongue) (*body, error) {
		return sh.performanceBody(f.Performance, t)
	})
}

type (
	browser func(sources []catalog.Source, a catalog.Ask, now time.Time) catalog.Result
	writer  func(*shelf, catalog.Found, *tongue) (*body, error)
)

// list answers a list request with the page that is kept for it, or finds what belongs to it and puts its bodies together.
func (s *server) list(c *gin.Context, find browser, write writer) {
	b, err := s.readBrowse(c)
	if err != nil {
		s.refuse(c, err)
		return
	}
	home := b.home()
	if pg := home.page(b.key); pg != nil {
		s.sendPage(c, pg)
		return
	}
	sources, at := b.sources()
	j := s.newJoiner(`{"items":[`)
	defer s.done(j)
	pg, keep := &page{modified: latest(b.shelves)}, home.wants(b.key)
	if pg.link, err = b.join(c, j, find(sources, b.ask, at), write); err != nil {
		s.refuse(c, err)
		return
	}
	pg.body = j.body(keep)
	if keep {
		home.keepPage(b.key, pg)
	}
	s.sendPage(c, pg)
}

// home keeps the pages of a request: the first of the shelves looked through. It is nil, and keeps nothing, where there are
// none: a key that sees no institution.
func (b *browse) home() *keeper {
	if len(b.shelves) == 0 {
		return nil
	}
	return b.shelves[0].keeper
}

func (s *server) sendPage(c *gin.Context, pg *page) {
	if pg.link != nil {
		c.Writer.Header()["Link"] = pg.link
	}
	s.sendKept(c, pg.body, pg.modified, headerJSON)
}

// join puts the bodies of what was found together to one page, and returns its Link header.
func (b *browse) join(c *gin.Context, j *joiner, r catalog.Result, write writer) (link []string, err error) {
	tongues := make([]*tongue, len(b.shelves))
	for i, sh := range b.shelves {
		tongues[i] = sh.tongue(b.asked, c.Request.Header)
	}
	for _, f := range r.Found {
		i := slices.IndexFunc(b.shelves, func(sh *shelf) bool { return sh.view == f.Source.View })
		one, err := write(b.shelves[i], f, tongues[i])
		if err != nil {
			return nil, err
		}
		j.add(one)
	}
	tail := struct {
		Next   *string    `json:"next"`
		Facets *facetsDTO `json:"facets,omitempty"`
	}{Facets: b.facets(r.Facets)}
	if next := cursorOf(b.ask.Sort, r.Next); next != "" {
		tail.Next, link = &next, []string{nextLink(c.Request.URL, next)}
	}
	end, err := encode(tail)
	if err != nil {
		return nil, err
	}
	j.text("]," + string(end[1:]))
	return link, nil
}

// latest is the Last-Modified of what comes from several shelves.
func latest(shelves []*shelf) []string {
	var mod time.Time
	var header []string
	for _, sh := range shelves {
		if sh.mod.After(mod) {
			mod, header = sh.mod, sh.modified
		}
	}
	return header
}

func (b *browse) facets(counts map[catalog.Facet][]catalog.FacetCount) *facetsDTO {
	if counts == nil {
		return nil
	}
	sp := &speech{langs: slices.Clone(b.wished)}
	for _, sh := range b.shelves {
		sp.langs = append(sp.langs, sh.view.Institution.MainLanguage)
	}
	list := func(f catalog.Facet) []facetDTO {
		var out []facetDTO
		for _, fc := range counts[f] {
			out = append(out, facetDTO{Value: fc.Value, Name: sp.say(fc.Name, ""), Count: fc.N})
		}
		return out
	}
	return &facetsDTO{
		Kind: list(catalog.FacetKind), Topic: list(catalog.FacetTopic), Venue: list(catalog.FacetVenue), Month: list(catalog.FacetMonth),
		Town: list(catalog.FacetTown), Season: list(catalog.FacetSeason),
	}
}

func (s *server) listAvailability(c *gin.Context) {
	cl := callOf(c.Request.Context())
	q := newQuery(c.Request.URL, cl.route)
	asked := q.values.Get("performances")
	var ids []string
	if asked != "" {
		ids = strings.Split(asked, ",")
	}
	switch {
	case len(ids) == 0:
		q.faultAs("performances", CodeRequestRequired, "1 to 200 ids, separated by commas")
	case len(ids) > maxAvailabilities:
		q.fault("performances", "at most 200 ids")
	}
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	j := s.newJoiner(`{"items":[`)
	defer s.done(j)
	used, unknown, err := s.availabilities(cl, ids, j)
	if err != nil {
		s.refuse(c, err)
		return
	}
	end, err := encode(unknown)
	if err != nil {
		s.refuse(c, err)
		return
	}
	j.text(`],"unknown":` + string(end) + "}")
	s.sendKept(c, j.body(false), latest(used), headerJSON)
}

// availabilities writes what is left of each performance, and lists those that do not exist. All of an institution are read
// from one shelf, whatever changes meanwhile.
func (s *server) availabilities(cl *call, ids []string, j *joiner) (used []*shelf, unknown []string, err error) {
	unknown = []string{}
	for _, id := range ids {
		code, n, ok := parseID(id)
		if !ok || s.shelves[code] == nil {
			unknown = append(unknown, cut(id))
			continue
		}
		at := slices.IndexFunc(used, func(sh *shelf) bool { return sh.view.Institution.Code == code })
		if at < 0 {
			sh, err := s.shelfFor(cl, code)
			if err != nil {
				return nil, nil, err
			}
			at, used = len(used), append(used, sh)
		}
		p := used[at].view.Performance(catalog.PerformanceID(n))
		if p == nil {
			unknown = append(unknown, cut(id))
			continue
		}
		used[at].looks.Look(p.ID)
		one, err := used[at].availabilityBody(p)
		if err != nil {
			return nil, nil, err
		}
		j.add(one)
	}
	return used, unknown, nil
}

func (s *server) performanceOf(cl *call, id string) (*shelf, *catalog.Performance, error) {
	sh, n, err := s.shelfOf(cl, id, catalog.CodePerformanceUnknown)
	if err != nil {
		return nil, nil, err
	}
	p := sh.view.Performance(catalog.PerformanceID(n))
	if p == nil {
		return nil, nil, notFound(catalog.CodePerformanceUnknown, id)
	}
	return sh, p, nil
}

func (sh *shelf) availability(p *catalog.Performance) performanceAvailabilityDTO {
	v, code := sh.view, sh.view.Institution.Code
	d := performanceAvailabilityDTO{
		Performance: publicID(code, p.ID), Product: publicID(code, p.Product), OnSale: v.SellablePerformance(p, 0, 0, sh.at).OnSale,
		Availability: sh.said(v.PerformanceAvailability(p), p), Contingents: sh.contingents(p),
		SeatCategories: make([]categoryAvailabilityDTO, 0, len(p.SeatCategories)),
	}
	for i := range p.SeatCategories {
		id := p.SeatCategories[i].ID
		d.SeatCategories = append(d.SeatCategories, categoryAvailabilityDTO{
			ID: publicID(code, id), Availability: sh.said(v.CategoryAvailability(p, id), p),
		})
	}
	return d
}
