package sim

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"guichet/secutix/s360"
)

// A catalog is by far the longest answer. It is written from a frozen view, outside the platform's lock, once for everybody
// who asks the same question, and kept until something in it changes; then only what changed is written anew.

// later is an answer that is made after the platform's lock was given back. Every call returns the same bytes, which nobody
// may alter; they begin with the statusCode.
type later func() (json.RawMessage, error)

// withRequestID puts a requestId in front of an answer that has none.
func withRequestID(body []byte, id int64) []byte {
	if id == 0 || !bytes.HasPrefix(body, []byte(`{"statusCode"`)) {
		return body
	}
	head := append([]byte(`{"requestId":`), strconv.FormatInt(id, 10)...)
	out := make([]byte, 0, len(head)+len(body))
	out = append(append(out, head...), ',')
	return append(out, body[1:]...)
}

// catalogKey tells one question for a catalog from another.
type catalogKey struct {
	text                  bool // getCatalog
	extended              bool
	product, season, base string
}

// whole says that the question is for everything.
func (k catalogKey) whole() bool { return !k.text && k.product == "" && k.season == "" }

// What an institution keeps: that many answers, and no more than that many bytes beside the newest.
const (
	keptCatalogs = 8
	keptBytes    = 256 << 20
)

// shelf keeps an institution's catalogs as they were written, the oldest first. The platform's lock guards it, not the answers
// on it. To forget them all is to make it nil; the parts of the last one remain.
type shelf []*keptCatalog

// keptCatalog is one answer: made by the first who needs it, while the others wait for that.
type keptCatalog struct {
	key   catalogKey
	until time.Time // zero: until the set-up changes
	once  sync.Once
	write func() (json.RawMessage, error)
	body  json.RawMessage
	err   error
	size  atomic.Int64
}

func (k *keptCatalog) bytes() (json.RawMessage, error) {
	k.once.Do(func() {
		k.body, k.err = k.write()
		k.write = nil
		k.size.Store(int64(len(k.body)))
	})
	return k.body, k.err
}

// find returns the answer to a question if it is still good.
func (s *shelf) find(key catalogKey, now time.Time) *keptCatalog {
	i := slices.IndexFunc(*s, func(k *keptCatalog) bool { return k.key == key })
	if i < 0 {
		return nil
	}
	if k := (*s)[i]; k.until.IsZero() || now.Before(k.until) {
		return k
	}
	*s = slices.Delete(*s, i, i+1)
	return nil
}

func (s *shelf) put(k *keptCatalog) {
	total := int64(0)
	for _, old := range *s {
		total += old.size.Load()
	}
	for len(*s) > 0 && (len(*s) >= keptCatalogs || total > keptBytes) {
		total -= (*s)[0].size.Load()
		*s = slices.Delete(*s, 0, 1)
	}
	*s = append(*s, k)
}

// partKey names a performance in an encoded catalog; one id may stand in two seasons.
type partKey struct {
	season int
	id     int64
}

// part is where a performance stands, and which state of it.
type part struct{ from, to, changed int }

// partShelf holds the newest partBook; nil is none.
type partShelf = atomic.Pointer[partBook]

// partBook finds the performances in the last whole catalog that was written.
type partBook struct {
	body []byte
	at   map[partKey]part
}

// kept returns the answer to the view's question, still to be made or made already. The platform's lock is held.
func (v catalogView) kept() *keptCatalog {
	s, parts := &v.in.kept, v.in.parts
	key := catalogKey{extended: v.extended, product: v.product, season: v.season, base: v.base}
	if k := s.find(key, v.now); k != nil {
		return k
	}
	frozen := v
	frozen.in = v.in.freeze()
	k := &keptCatalog{key: key, until: v.goodUntil()}
	k.write = func() (json.RawMessage, error) { return frozen.write(parts, key.whole()) }
	s.put(k)
	return k
}

// keptText is kept as the answer of getCatalog, which is made of the other.
func (v catalogView) keptText() *keptCatalog {
	s := &v.in.kept
	key := catalogKey{text: true, product: v.product, season: v.season, base: v.base}
	if k := s.find(key, v.now); k != nil {
		return k
	}
	of := v.kept()
	k := &keptCatalog{key: key, until: of.until}
	k.write = func() (json.RawMessage, error) {
		body, err := of.bytes()
		if err != nil {
			return nil, err
		}
		return catalogText(body)
	}
	s.put(k)
	return k
}

// freeze copies what a catalog shows and what may change, so that it can be written while others are served.
func (in *institution) freeze() *institution {
	out := *in
	out.ledger, out.hooks, out.wallets, out.kept = ledger{}, hooks{}, nil, nil
	out.perfOf, out.itemOf = map[int64]*performance{}, map[int64]*item{}
	out.products = make([]*product, len(in.products))
	for i, p := range in.products {
		fp := *p
		fp.perfs = make([]*performance, len(p.perfs))
		for j, perf := range p.perfs {
			if in.recorded != nil && perf.changed == 0 {
				continue // as it was recorded
			}
			f := *perf
			f.pools = nil
			fp.perfs[j] = &f
			out.perfOf[f.id] = &f
		}
		fp.items = make([]*item, len(p.items))
		for j, it := range p.items {
			f := *it
			f.pools = nil
			fp.items[j] = &f
			out.itemOf[f.id] = &f
		}
		out.products[i] = &fp
	}
	return &out
}

// write makes the answer, without a requestId.
func (v catalogView) write(parts *partShelf, whole bool) (json.RawMessage, error) {
	j := joiner{old: parts.Load()}
	if j.old == nil {
		j.old = &partBook{}
	}
	j.b = make([]byte, 0, len(j.old.body)+len(j.old.body)/64)
	if whole {
		j.at = make(map[partKey]part, len(j.old.at))
	}
	head := s360.Result{StatusCode: s360.StatusSuccess}
	if v.in.recorded != nil {
		v.writeRecorded(&j, head)
	} else {
		v.writeRules(&j, head)
	}
	if j.err != nil {
		return nil, j.err
	}
	if whole {
		parts.Store(&partBook{body: j.b, at: j.at})
	}
	return j.b, nil
}

// goodUntil is when the next performance goes out of sight. A recording shows what it recorded for ever.
func (v catalogView) goodUntil() time.Time {
	if v.in.recorded != nil {
		return time.Time{}
	}
	next := v.opensNext()
	for _, p := range v.in.products {
		list := v.performances(p)
		if len(list) == 0 {
			continue
		}
		end := list[0].start
		if v.extended {
			end = list[0].end().AddDate(0, 1, 0)
		}
		if next.IsZero() || end.Before(next) {
			next = end
		}
	}
	return next
}

// gap stands in an encoded object where a list that is encoded elsewhere belongs.
const gap = `"@gap"`

// writeRules writes the same catalog as data.
func (v catalogView) writeRules(j *joiner, head s360.Result) {
	products := v.products()
	data := v.head(products)
	if len(products) == 0 {
		j.b = append(j.b, j.put(s360.CatalogResultDetailed{Result: head, CatalogData: data})...)
		return
	}
	data.Seasons[0].Extra = withGap(data.Seasons[0].Extra, "products")
	end := j.open(j.put(s360.CatalogResultDetailed{Result: head, CatalogData: data}))
	j.list(len(products), func(i int) {
		w := v.productData(products[i])
		if w.Event == nil {
			j.b = append(j.b, j.put(w)...)
			return
		}
		w.Event.Extra = withGap(w.Event.Extra, "performances")
		end := j.open(j.put(w))
		list := v.performances(products[i])
		j.list(len(list), func(k int) {
			perf := list[k]
			j.part(partKey{id: perf.id}, perf.changed, func() any { return v.in.performance(perf) })
		})
		j.b = append(j.b, end...)
	})
	j.b = append(j.b, end...)
}

// writeRecorded writes a catalog performance by performance: encoding/json copies nested values once for every level they
// are deep.
func (v catalogView) writeRecorded(j *joiner, head s360.Result) {
	d := v.recordedData()
	seasons := d.Seasons
	rest := *d
	rest.Seasons = nil
	whole := j.put(struct {
		s360.Result
		CatalogData json.RawMessage `json:"catalogData"`
	}{head, json.RawMessage(`{"seasons":` + gap + `}`)})
	// What stands beside the seasons is written in their object, behind them.
	var others map[string]json.RawMessage
	if err := json.Unmarshal(j.put(rest), &others); err != nil {
		j.err = err
		return
	}
	delete(others, "seasons")
	after := j.put(others)
	end := j.open(whole)
	j.list(len(seasons), func(i int) { v.writeSeason(j, i, seasons[i]) })
	if len(others) > 0 {
		j.b = append(append(j.b, ','), after[1:len(after)-1]...)
	}
	j.b = append(j.b, end...)
}

func (v catalogView) writeSeason(j *joiner, n int, s s360.Season) {
	products := s.Products
	if len(products) == 0 {
		j.b = append(j.b, j.put(s)...)
		return
	}
	s.Products, s.Extra = nil, withGap(s.Extra, "products")
	end := j.open(j.put(s))
	j.list(len(products), func(i int) { v.writeProduct(j, n, products[i]) })
	j.b = append(j.b, end...)
}

func (v catalogView) writeProduct(j *joiner, season int, p s360.Product) {
	if p.Event == nil || len(p.Event.Performances) == 0 {
		j.b = append(j.b, j.put(p)...)
		return
	}
	event := *p.Event
	performances := event.Performances
	event.Performances, event.Extra = nil, withGap(event.Extra, "performances")
	p.Event = &event
	end := j.open(j.put(p))
	j.list(len(performances), func(i int) {
		changed := 0
		if perf := v.in.perfOf[int64(performances[i].ID)]; perf != nil {
			changed = perf.changed
		}
		j.part(partKey{season: season, id: int64(performances[i].ID)}, changed, func() any { return performances[i] })
	})
	j.b = append(j.b, end...)
}

func withGap(extra s360.Members, member string) s360.Members {
	out := s360.Members{member: json.RawMessage(gap)}
	maps.Copy(out, extra)
	return out
}

// joiner puts an encoding together from parts, old ones where they are still good.
type joiner struct {
	b   []byte
	old *partBook
	at  map[partKey]part // nil: not to be found again
	err error
}

// part writes a performance.
func (j *joiner) part(key partKey, changed int, fresh func() any) {
	from := len(j.b)
	if old, ok := j.old.at[key]; ok && old.changed == changed {
		j.b = append(j.b, j.old.body[old.from:old.to]...)
	} else {
		j.b = append(j.b, j.put(fresh())...)
	}
	if j.at != nil {
		j.at[key] = part{from: from, to: len(j.b), changed: changed}
	}
}

// open writes what stands before the gap and returns what stands behind it.
func (j *joiner) open(encoded []byte) []byte {
	before, after, _ := bytes.Cut(encoded, []byte(gap))
	j.b = append(j.b, before...)
	return after
}

func (j *joiner) list(n int, write func(i int)) {
	j.b = append(j.b, '[')
	for i := range n {
		if i > 0 {
			j.b = append(j.b, ',')
		}
		write(i)
	}
	j.b = append(j.b, ']')
}

func (j *joiner) put(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil && j.err == nil {
		j.err = err
	}
	return b
}

// warmFrom is the number of performances from which a catalog is written at start, before anybody asks.
const warmFrom = 1_000

// warm begins to write and to compress the long catalogs. The platform's lock is held.
func (p *Platform) warm() {
	now := p.clock.Now()
	for _, in := range p.institutions {
		if len(in.perfOf) < warmFrom {
			continue
		}
		k := catalogView{in: in, now: now, base: p.PublicURL}.kept()
		p.warming.Go(func() {
			body, err := k.bytes()
			if err != nil {
				p.log().Error("the catalog cannot be written", "institution", in.w.Code, "error", err)
				return
			}
			p.packed.of(body)
		})
	}
}

// packed keeps the compressed form of the last long answers, which are the kept catalogs, so that each is compressed once.
// It does not keep the answers themselves.
type packed struct {
	writers sync.Pool // of *gzip.Writer

	mu   sync.Mutex
	kept []*packedBody
}

type packedBody struct {
	whose weak.Pointer[byte]
	once  sync.Once
	body  []byte // nil when it cannot be compressed
}

// packFrom is the length from which compressed answers are kept, packKeep how many.
const (
	packFrom = 1 << 20
	packKeep = 4
)

// gzip compresses an answer when the caller asks for it.
func (p *packed) gzip(r *http.Request, rep reply) reply {
	if len(rep.body) < packFrom || rep.cut || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") || bytes.HasPrefix(rep.body, []byte(`{"requestId"`)) {
		return p.compress(r, rep) // with a requestId it is asked for once
	}
	body := p.of(rep.body)
	if body == nil {
		return rep
	}
	rep.header.Set("Content-Encoding", "gzip")
	rep.header.Add("Vary", "Accept-Encoding")
	rep.body = body
	return rep
}

// of returns the compressed form of exactly these bytes in memory.
func (p *packed) of(body []byte) []byte {
	if len(body) < packFrom {
		return nil
	}
	k := p.find(weak.Make(&body[0]))
	k.once.Do(func() { k.body = p.gzipped(body) })
	return k.body
}

func (p *packed) find(whose weak.Pointer[byte]) *packedBody {
	p.mu.Lock()
	defer p.mu.Unlock()
	alive := p.kept[:0]
	for _, k := range p.kept {
		if k.whose.Value() != nil {
			alive = append(alive, k)
		}
	}
	clear(p.kept[len(alive):])
	p.kept = alive
	for _, k := range p.kept {
		if k.whose == whose {
			return k
		}
	}
	k := &packedBody{whose: whose}
	if len(p.kept) >= packKeep {
		p.kept = append([]*packedBody{}, p.kept[1:]...)
	}
	p.kept = append(p.kept, k)
	return k
}
