package api

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
)

func ids(page productPageDTO) string {
	var out []string
	for _, p := range page.Items {
		out = append(out, p.ID)
	}
	return strings.Join(out, " ")
}

func performanceIDs(page performancePageDTO) string {
	var out []string
	for _, p := range page.Items {
		out = append(out, p.ID)
	}
	return strings.Join(out, " ")
}

func TestProducts_Filters(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range []struct{ query, want string }{
		{"", "play-102 play-101 arena-301 play-103 play-104"},
		{"institution=arena", "arena-301"},
		{"institution=arena,play&kind=event", "play-102 play-101 arena-301"},
		{"kind=pass,goods", "play-103 play-104"},
		{"q=TRAGEDIE", "play-101"},
		{"q=ham+gra", "play-101"},
		{"q=ham+nothing", ""},
		{"q=theatre", "play-101"},
		{"q=summer", "play-102"},
		{"q=opening", "play-102"},
		{"topic=drama", "play-102 play-101"},
		{"venue=main", "play-101"},
		{"town=LYON", "play-101"},
		{"from=2026-10-01&to=2026-10-01&kind=event", "play-102"}, // 22:00 UTC on the day before
		{"from=2026-10-03&to=2026-10-03&institution=arena", "arena-301"},
		{"from=2026-10-04&to=2026-10-31", "play-103"},
		{"from=2027-01-01", ""},
		{"available=true", "play-101 arena-301 play-103 play-104"},
		{"price_max=1000", "play-104"},
		{"sort=name&lang=en&kind=event", "play-101 arena-301 play-102"},
		{"sort=price&institution=play", "play-104 play-102 play-103 play-101"},
	} {
		a := r.do("web", http.MethodGet, "/v1/products?"+c.query, "")
		if a.status != http.StatusOK {
			t.Errorf("%s: %d %s", c.query, a.status, a.body)
			continue
		}
		if got := ids(decode[productPageDTO](t, a)); got != c.want {
			t.Errorf("%s: %q, want %q", c.query, got, c.want)
		}
	}
}

func TestPerformances_Filters(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range []struct{ query, want string }{
		{"?", "play-204 play-201 arena-401 play-202"},
		{"?product=" + hamlet, "play-201 play-202"},
		{"?available=true", "play-201 arena-401"}, // 204 is sold out, 202 is not on sale yet
		{"?town=villeurbanne", "play-204"},
		{"?q=premiere", "play-204"},
		{"?price_max=2500", "play-204 play-201 play-202"},
		{"?sort=price&institution=play", "play-204 play-201 play-202"},
	} {
		a := r.do("web", http.MethodGet, "/v1/performances"+c.query, "")
		if got := performanceIDs(decode[performancePageDTO](t, a)); a.status != http.StatusOK || got != c.want {
			t.Errorf("%s: %d %q, want %q", c.query, a.status, got, c.want)
		}
	}
	if got := performanceIDs(decode[performancePageDTO](t, r.do("web", http.MethodGet, "/v1/products/"+hamlet+"/performances?from=2026-11-01", ""))); got != hamletLate {
		t.Errorf("of the product: %q", got)
	}
	if got := performanceIDs(decode[performancePageDTO](t, r.do("bound", http.MethodGet, "/v1/performances", ""))); got != gameOnly {
		t.Errorf("of a bound key: %q", got)
	}
}

func TestLists_PagesGiveEverythingOnceInEveryOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, sort := range catalog.Sorts() {
		whole := ids(decode[productPageDTO](t, r.do("web", http.MethodGet, "/v1/products?q=e&sort="+string(sort), "")))
		target, got := "/v1/products?q=e&limit=1&sort="+string(sort), []string{}
		for range 10 {
			a := r.do("web", http.MethodGet, target, "")
			page := decode[productPageDTO](t, a)
			got = append(got, ids(page))
			if page.Next == nil {
				break
			}
			target = strings.TrimPrefix(strings.SplitN(a.header.Get("Link"), ">", 2)[0], "<")
		}
		if diff := cmp.Diff(whole, strings.Join(got, " ")); diff != "" || whole == "" {
			t.Errorf("%s: %s", sort, diff)
		}
	}
}

func TestCursor_StaysGoodAcrossARefresh(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	next := decode[performancePageDTO](t, r.do("web", http.MethodGet, "/v1/performances?limit=2", "")).Next
	r.catalog.mu.Lock()
	r.catalog.snaps["play"] = func() *catalog.Snapshot {
		s := theatre()
		s.Performances = s.Performances[1:] // the one that the cursor stands at is gone
		return s
	}
	r.catalog.mu.Unlock()
	if a := r.do("ops", http.MethodPost, "/v1/admin/institutions/play/refresh?force=true", ""); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := performanceIDs(decode[performancePageDTO](t, r.do("web", http.MethodGet, "/v1/performances?limit=2&cursor="+*next, ""))); got != "arena-401 play-202" {
		t.Errorf("goes on with %q", got)
	}
}

func TestCaching_ETagChangesWithTheAnswerOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	target := "/v1/performances/" + hamletFirst
	a := r.do("web", http.MethodGet, target, "")
	etag := a.header.Get("Etag")
	if !strings.HasPrefix(etag, `"`) || a.header.Get("Last-Modified") == "" || !strings.Contains(a.header.Get("Cache-Control"), "stale-while-revalidate") {
		t.Errorf("%v", a.header)
	}
	if b := r.do("web", http.MethodGet, target, "", header("If-None-Match", `"x", W/`+etag)); b.status != http.StatusNotModified || len(b.body) != 0 || b.header.Get("Etag") != etag {
		t.Errorf("%d %v %s", b.status, b.header, b.body)
	}
	if b := r.do("web", http.MethodGet, target+"?lang=en", "", header("If-None-Match", etag)); b.status != http.StatusOK {
		t.Errorf("another language: %d", b.status)
	}
	r.now.advance(2 * time.Minute) // judged anew, with the same result
	if b := r.do("web", http.MethodGet, target, "", header("If-None-Match", etag)); b.status != http.StatusNotModified {
		t.Errorf("two minutes later: %d", b.status)
	}
	r.catalog.reads = map[domain.InstitutionCode][]catalog.Reading{"play": {{Key: catalog.Key{Product: 101, Performance: 201}, Availability: catalog.Availability{Level: catalog.LevelSoldOut, AsOf: r.now.Now()}}}}
	r.catalog.moved = []catalog.Moved{{Product: 101}}
	if _, err := r.deps.Catalog.RefreshAvailability(t.Context(), "play"); err != nil {
		t.Fatal(err)
	}
	b := r.do("web", http.MethodGet, target, "", header("If-None-Match", etag))
	if b.status != http.StatusOK || decode[performanceDTO](t, b).Availability.Level != "sold_out" {
		t.Errorf("after it sold out: %d %s", b.status, b.body)
	}
}

func TestOnSale_OpensOnTheMinute(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	opens := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	r.now.advance(opens.Sub(r.now.at) - time.Second)
	before := decode[performanceDTO](t, r.do("web", http.MethodGet, "/v1/performances/"+hamletLate, ""))
	r.now.advance(time.Second)
	after := decode[performanceDTO](t, r.do("web", http.MethodGet, "/v1/performances/"+hamletLate, ""))
	if before.OnSale || before.NotOnSaleBecause != "not_yet" || !after.OnSale {
		t.Errorf("before %v %s, after %v", before.OnSale, before.NotOnSaleBecause, after.OnSale)
	}
}

func TestLanguages_EachTextFallsBackByItself(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range []struct{ accept, query, name, tariff, served string }{
		{"", "", "Tasse", "Plein tarif", "fr"},
		{"en-GB, fr;q=0.5", "", "Tasse", "Full price", "en, fr"},
		{"xx, de;q=0.9", "", "Tasse", "Plein tarif", "fr"},
		{"fr", "?lang=en", "Tasse", "Full price", "en, fr"},
		{"en;q=0, fr", "", "Tasse", "Plein tarif", "fr"},
	} {
		a := r.do("web", http.MethodGet, "/v1/products/"+mug+c.query, "", header("Accept-Language", c.accept))
		p := decode[productDTO](t, a)
		if p.Name != c.name || p.Tariffs[0].Name != c.tariff || a.header.Get("Content-Language") != c.served {
			t.Errorf("%q %q: %s, %s in %s", c.accept, c.query, p.Name, p.Tariffs[0].Name, a.header.Get("Content-Language"))
		}
	}
}

func TestShelf_ManyReadersAndRefreshes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				switch {
				case i == 0 && j%5 == 0:
					if _, err := r.deps.Catalog.RefreshCatalog(t.Context(), "play", true); err != nil {
						t.Error(err)
					}
				case i == 1:
					r.now.advance(20 * time.Second)
				default:
					if a := r.do("web", http.MethodGet, fmt.Sprintf("/v1/performances?limit=%d&q=ham", 1+j), ""); a.status != http.StatusOK {
						t.Errorf("%d %s", a.status, a.body)
					}
				}
			}
		})
	}
	wg.Wait()
}

// FuzzParseID holds that an id is read in exactly one spelling.
func FuzzParseID(f *testing.F) {
	for _, s := range []string{"play-1", "play-0", "play-01", "play--1", "-1", "play-", "a-b-2", "play-9223372036854775807", "play-9223372036854775808", "Play-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, id, ok := parseID(s)
		if ok && publicID(code, id) != s {
			t.Errorf("%q is read as %s %d", s, code, id)
		}
	})
}

// FuzzParseCursor holds that only cursors of ours are read, and come out as they were.
func FuzzParseCursor(f *testing.F) {
	f.Add(cursorOf(catalog.SortStart, &catalog.Position{Number: 5, Text: "é", Institution: "play", ID: 3}))
	f.Add("e30")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		for _, sort := range catalog.Sorts() {
			if p, ok := parseCursor(s, sort); ok && (p == nil || cursorOf(sort, p) != s) {
				t.Errorf("%q is read as %+v", s, p)
			}
		}
	})
}

func TestAdminRefresh_AcceptsASmallerCatalogOnlyWhenTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.catalog.snaps["play"] = func() *catalog.Snapshot { s := theatre(); s.Products, s.Performances = nil, nil; return s }
	const refresh = "/v1/admin/institutions/play/refresh"
	if a := r.do("ops", http.MethodPost, refresh+"?force=true", ""); a.status/100 == 2 || !strings.Contains(string(a.body), "catalog.refused") {
		t.Errorf("forced: %d %s", a.status, a.body)
	}
	if a := r.do("ops", http.MethodPost, refresh+"?accept=anything", ""); a.status != http.StatusUnprocessableEntity || !strings.Contains(string(a.body), "accept") {
		t.Errorf("another word: %d %s", a.status, a.body)
	}
	if a := r.do("ops", http.MethodPost, refresh+"?accept=smaller", ""); a.status != http.StatusOK {
		t.Errorf("accepted: %d %s", a.status, a.body)
	}
	if a := r.do("web", http.MethodGet, "/v1/products?institution=play", ""); !strings.Contains(string(a.body), `"items":[]`) {
		t.Errorf("it does not serve: %s", a.body)
	}
}
