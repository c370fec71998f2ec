package sim

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"guichet/secutix/s360"
)

// catalogKey tells one question for a catalog from another.
type catalogKey struct {
	extended              bool
	product, season, base string
}

// keptCatalogs bounds how many answers an institution keeps encoded.
const keptCatalogs = 8

// keptCatalog is a catalog encoded once, good until a performance goes out of sight.
type keptCatalog struct {
	body  json.RawMessage
	until time.Time // zero: until the set-up changes
}

// encoded returns the catalog's answer without a requestId, from memory when nothing changed. Nobody may alter it.
func (v catalogView) encoded(head s360.Result) (json.RawMessage, error) {
	id := head.RequestID
	head.RequestID = 0
	key := catalogKey{extended: v.extended, product: v.product, season: v.season, base: v.base}
	kept, ok := v.in.kept[key]
	if !ok || (!kept.until.IsZero() && !v.now.Before(kept.until)) {
		body, err := v.encodeAny(head)
		if err != nil {
			return nil, err
		}
		kept = keptCatalog{body: body, until: v.goodUntil()}
		if v.in.kept == nil || len(v.in.kept) >= keptCatalogs {
			v.in.kept = map[catalogKey]keptCatalog{}
		}
		v.in.kept[key] = kept
	}
	if id == 0 {
		return kept.body, nil
	}
	return append([]byte(`{"requestId":`+strconv.FormatInt(int64(id), 10)+`,`), kept.body[1:]...), nil
}

func (v catalogView) encodeAny(head s360.Result) (json.RawMessage, error) {
	if v.in.recorded != nil {
		return encodeRecorded(head, v.recordedData())
	}
	return v.encode(head)
}

// goodUntil is when the next performance goes out of sight. A recording shows what it recorded for ever.
func (v catalogView) goodUntil() time.Time {
	var next time.Time
	if v.in.recorded != nil {
		return next
	}
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

// encodeRecorded writes a catalog performance by performance: encoding/json copies nested values once for every level they
// are deep.
func encodeRecorded(head s360.Result, d *s360.CatalogData) (json.RawMessage, error) {
	out := joiner{}
	seasons := d.Seasons
	rest := *d
	rest.Seasons = nil
	whole, err := json.Marshal(struct {
		s360.Result
		CatalogData json.RawMessage `json:"catalogData"`
	}{head, json.RawMessage(`{"seasons":` + gap + `}`)})
	if err != nil {
		return nil, err
	}
	// What stands beside the seasons is written in their object, before them.
	beside, err := json.Marshal(rest)
	if err != nil {
		return nil, err
	}
	var others map[string]json.RawMessage
	if err := json.Unmarshal(beside, &others); err != nil {
		return nil, err
	}
	delete(others, "seasons")
	after, err := json.Marshal(others)
	if err != nil {
		return nil, err
	}
	end := out.open(whole)
	out.list(len(seasons), func(i int) { out.season(seasons[i]) })
	if len(others) > 0 {
		out.b = append(out.b, ',')
		out.b = append(out.b, after[1:len(after)-1]...)
	}
	out.b = append(out.b, end...)
	return out.b, out.err
}

// joiner puts an encoding together from parts.
type joiner struct {
	b   []byte
	err error
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

func (j *joiner) season(s s360.Season) {
	products := s.Products
	if len(products) == 0 {
		j.b = append(j.b, j.put(s)...)
		return
	}
	s.Products, s.Extra = nil, withGap(s.Extra, "products")
	end := j.open(j.put(s))
	j.list(len(products), func(i int) { j.product(products[i]) })
	j.b = append(j.b, end...)
}

func (j *joiner) product(p s360.Product) {
	if p.Event == nil || len(p.Event.Performances) == 0 {
		j.b = append(j.b, j.put(p)...)
		return
	}
	event := *p.Event
	performances := event.Performances
	event.Performances, event.Extra = nil, withGap(event.Extra, "performances")
	p.Event = &event
	end := j.open(j.put(p))
	j.list(len(performances), func(i int) { j.b = append(j.b, j.put(performances[i])...) })
	j.b = append(j.b, end...)
}

func withGap(extra s360.Members, member string) s360.Members {
	out := s360.Members{member: json.RawMessage(gap)}
	maps.Copy(out, extra)
	return out
}

// packed keeps the compressed form of the last long answers, which are the kept catalogs, so that each is compressed once.
type packed struct {
	mu   sync.Mutex
	kept []packedBody
}

type packedBody struct{ of, body []byte }

// packFrom is the length from which compressed answers are kept, packKeep how many.
const (
	packFrom = 1 << 20
	packKeep = 4
)

// gzip compresses an answer when the caller asks for it.
func (p *packed) gzip(r *http.Request, rep reply) reply {
	of := rep.body
	if kept := p.get(of); kept != nil && !rep.cut && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		rep.header.Set("Content-Encoding", "gzip")
		rep.header.Add("Vary", "Accept-Encoding")
		rep.body = kept
		return rep
	}
	rep = compress(r, rep)
	if rep.header.Get("Content-Encoding") == "gzip" {
		p.put(of, rep.body)
	}
	return rep
}

// get returns the compressed form of exactly these bytes in memory.
func (p *packed) get(of []byte) []byte {
	if len(of) < packFrom {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.kept {
		if len(k.of) == len(of) && &k.of[0] == &of[0] {
			return k.body
		}
	}
	return nil
}

func (p *packed) put(of, body []byte) {
	if len(of) < packFrom {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = append(p.kept, packedBody{of, body})
	if len(p.kept) > packKeep {
		p.kept = p.kept[1:]
	}
}
