package s360

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"
)

// inParts reads a catalog the way ReadCatalogDetailed and Span.Each do.
func inParts(b []byte) (CatalogInParts, [][]Product, error) {
	var r CatalogInParts
	if err := Decode(b, &r); err != nil || r.CatalogData == nil {
		return r, nil, err
	}
	var lists [][]Product
	read := func(s Span) error {
		var list []Product
		err := s.Each(func(p *Product) error { list = append(list, *p); return nil })
		lists = append(lists, list)
		return err
	}
	for i := range r.CatalogData.Seasons {
		if err := read(r.CatalogData.Seasons[i].Products); err != nil {
			return r, nil, err
		}
	}
	return r, lists, read(r.CatalogData.Products)
}

// keptAside says that reading whole kept an unreadable list by its other name as unknown: reading in parts refuses it.
func keptAside(c *CatalogData) bool {
	if c == nil {
		return false
	}
	if c.Extra["season"] != nil || c.Extra["product"] != nil {
		return true
	}
	return slices.ContainsFunc(c.Seasons, func(s Season) bool { return s.Extra["product"] != nil })
}

// sameCatalog holds reading in parts against reading whole.
func sameCatalog(t *testing.T, b []byte) {
	t.Helper()
	var whole CatalogResultDetailed
	wholeErr := Decode(b, &whole)
	parts, lists, err := inParts(b)
	if err != nil {
		if wholeErr == nil && !errors.Is(err, errTwice) && !keptAside(whole.CatalogData) {
			t.Errorf("%q: in parts: %v; whole it reads", b, err)
		}
		return
	}
	if wholeErr != nil {
		t.Fatalf("%q: whole: %v; in parts it reads", b, wholeErr)
	}
	if (parts.CatalogData == nil) != (whole.CatalogData == nil) || parts.Result != whole.Result {
		t.Fatalf("%q: %+v in parts, %+v whole", b, parts, whole)
	}
	if parts.CatalogData == nil {
		return
	}
	again := parts.CatalogData.CatalogData
	again.Seasons = nil
	for i := range parts.CatalogData.Seasons {
		s := parts.CatalogData.Seasons[i].Season
		s.Products = lists[i]
		again.Seasons = append(again.Seasons, s)
	}
	again.Products = lists[len(lists)-1]
	if one, other := mustJSON(again), mustJSON(*whole.CatalogData); string(one) != string(other) {
		t.Errorf("%q:\nin parts %s\nwhole    %s", b, one, other)
	}
}

func TestReadCatalog_InPartsIsWhatItIsWhole(t *testing.T) {
	t.Parallel()
	sameCatalog(t, mustJSON(venue()))
	for _, b := range oddCatalogs() {
		sameCatalog(t, []byte(b))
	}
	file, err := os.ReadFile("testdata/CatalogService/getCatalogDetailed/response.json")
	if err != nil {
		t.Fatal(err)
	}
	sameCatalog(t, file)
	if _, lists, err := inParts(file); err != nil || len(lists) == 0 || len(lists[0]) == 0 {
		t.Errorf("the published answer: %d lists, %v", len(lists), err)
	}
}

func oddCatalogs() []string {
	return []string{
		`{"catalogData":{"seasons":[{"id":1,"products":[{"id":2},{"id":3,"new":{"a":1}}]}],"products":{"id":4}}}`,
		`{"catalogData":{"season":{"id":1,"product":{"id":"2"}},"products":null}}`,
		`{"catalogData":{"seasons":[{"products":""},{"products":[]},{}],"products":[null]}}`,
		`{"catalogData":{"seasons":[{"products":"x"}]}}`, `{"catalogData":{"seasons":[{"products":[[{"id":1}]]}]}}`,
		`{"catalogData":{"seasons":[{"products":[{"id":1,"id":2}]}]}}`, `{"catalogData":{"seasons":[{"products":5}]}}`,
		`{"catalogData":{"season":[{"products":"0"}]}}`, `{"catalogData":[{"seasons":[]}]}`, `{"catalogData":{"seasons":[{"products":[1]}]}}`, `{"catalogData":""}`, `[]`, `{}`,
		`{"catalogData":{"seasons":[{"product":[{"id":1}],"products":[{"id":2}]}]}}`,
		`{"catalogData":{"seasons":[{"products":[{"id":1}],"product":[{"id":2}]}]}}`,
		`{"catalogData":{"seasons":[{"products":[ ],"product":[{"id":2}]}]}}`,
	}
}

func TestSpan_StopsAtTheTakersError(t *testing.T) {
	t.Parallel()
	stop := errors.New("enough")
	n := 0
	err := Span(`[{"id":1},{"id":2},{"id":3}]`).Each(func(*Product) error {
		if n++; n == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 2 {
		t.Errorf("%d products, %v", n, err)
	}
	err = Span(`[{"id":1},{"id":{}}]`).Each(func(*Product) error { return nil })
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindDecode || e.Err == nil || e.Err.Error() != "products[1].id: is not a single value" {
		t.Errorf("%v", err)
	}
}

// FuzzCatalogInParts reads arbitrary bytes as a catalog product by product: what comes out is what reading it whole gives.
func FuzzCatalogInParts(f *testing.F) {
	for _, b := range oddCatalogs() {
		f.Add([]byte(b))
	}
	small := venue()
	season := &small.CatalogData.Seasons[0]
	season.Products = season.Products[:1]
	season.Products[0].Event.Performances = season.Products[0].Event.Performances[:1]
	season.Products[0].Event.Performances[0].Prices = season.Products[0].Event.Performances[0].Prices[:1]
	b, err := json.Marshal(small)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(sameCatalog)
}
