package api

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/domain/catalog"
)

// theatreAs is the theatre with texts and prices that tell which of its catalogs one is reading.
func theatreAs(state int) *catalog.Snapshot {
	s := theatre()
	for i := range s.Products {
		p := &s.Products[i]
		p.Name = named(fmt.Sprintf("%s, version %d", p.Name["fr"], state), fmt.Sprintf("%s, edition %d", p.Name.Or("", "en"), state))
		p.Description = named(strings.Repeat(fmt.Sprintf("Texte %d. ", state), 100), strings.Repeat(fmt.Sprintf("Text %d. ", state), 100))
	}
	for i := range s.Performances {
		prices := append([]catalog.Price(nil), s.Performances[i].Prices...)
		for j := range prices {
			prices[j].Price.Amount += int64(state)
		}
		s.Performances[i].Prices = prices
	}
	return s
}

// serve puts one state of the theatre in the place of what is served.
func (r *rig) serve(state int) {
	r.t.Helper()
	r.catalog.mu.Lock()
	r.catalog.snaps["play"] = func() *catalog.Snapshot { return theatreAs(state) }
	r.catalog.mu.Unlock()
	if _, err := r.deps.Catalog.RefreshCatalog(r.t.Context(), "play", true); err != nil {
		r.t.Error(err)
	}
}

// Whatever is swapped meanwhile, an answer is the one that a single reader of one catalog gets: never a mixture, never
// half written, in every language and coding.
func TestReads_WhileCatalogsAreSwapped_AreOfOneCatalogEach(t *testing.T) {
	t.Parallel()
	const states, readers, reads = 3, 6, 120
	targets := []string{
		"/v1/products/" + hamlet, "/v1/products/" + pass, "/v1/performances/" + hamletFirst, "/v1/performances/" + zoeOnly, "/v1/products?sort=name",
		"/v1/products?q=ham", "/v1/performances?institution=play", "/v1/performances?sort=price", "/v1/products/" + hamlet + "/performances",
		"/v1/availability?performances=play-201,play-204,arena-401,play-9",
	}
	languages, codings := []string{"", "en", "fr, en;q=0.5", "de"}, []string{"", "br", "zstd", "gzip", "gzip, br;q=0.5"}
	type read struct{ target, language string }
	want := map[read]map[string]string{} // body to tag
	for state := range states {
		r := newRig(t)
		r.now.tick = 0
		r.serve(state)
		for _, target := range targets {
			for _, language := range languages {
				a := r.do("web", http.MethodGet, target, "", header("Accept-Language", language))
				k := read{target, language}
				if want[k] == nil {
					want[k] = map[string]string{}
				}
				want[k][string(a.body)] = strings.Trim(a.header.Get("Etag"), `"`)
			}
		}
	}
	r := newRig(t, func(d *Deps) { d.MaxKept = 150_000 }) // some are kept, others not
	r.now.tick = 0
	r.serve(0)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			default:
				r.serve(i % states)
			}
		}
	})
	var done sync.WaitGroup
	for n := range readers {
		done.Go(func() {
			dice := rand.New(rand.NewPCG(7, uint64(n)))
			known := map[read]string{}
			for range reads {
				k := read{targets[dice.IntN(len(targets))], languages[dice.IntN(len(languages))]}
				req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, k.target, nil)
				req.Header.Set("Authorization", "Bearer "+r.tokens["web"])
				req.Header.Set("Accept-Language", k.language)
				req.Header.Set("Accept-Encoding", codings[dice.IntN(len(codings))])
				if dice.IntN(4) == 0 && known[k] != "" {
					req.Header.Set("If-None-Match", known[k])
				}
				rec := httptest.NewRecorder()
				r.handler.ServeHTTP(rec, req)
				if rec.Code == http.StatusNotModified {
					if rec.Header().Get("Etag") != known[k] {
						t.Errorf("%v: 304 with another tag", k)
					}
					continue
				}
				body := plainly(t, rec.Header().Get("Content-Encoding"), rec.Body.Bytes())
				tag, ok := want[k][string(body)]
				if rec.Code != http.StatusOK || !json.Valid(body) || !ok || !strings.HasPrefix(rec.Header().Get("Etag"), `"`+tag) {
					t.Errorf("%v: %d, tag %s, of no catalog: %.300s", k, rec.Code, rec.Header().Get("Etag"), body)
					return
				}
				known[k] = rec.Header().Get("Etag")
			}
		})
	}
	done.Wait()
	close(stop)
	wg.Wait()
	held := r.srv.budget.used.Load()
	for _, slot := range r.srv.shelves {
		for _, sh := range []*shelf{slot.now.Load(), slot.next.Load()} {
			if sh != nil {
				held -= int64(sh.held)
			}
		}
	}
	if held != 0 {
		t.Errorf("%d bytes are held for shelves that are gone", held)
	}
}

func TestShelf_StandsUntilSomethingOnSaleOrItsConfidenceTurns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.now.tick = 0
	shelf := func() *shelf {
		sh, err := r.srv.shelf("play")
		if err != nil {
			t.Fatal(err)
		}
		return sh
	}
	first := shelf()
	turns := first.until
	if sale := first.view.NextChange(r.now.Now()); turns.IsZero() || turns.After(sale) || !turns.Before(r.now.Now().Add(2*time.Minute)) {
		t.Errorf("it stands until %s, readings are two minutes old before that, the next sale turns at %s", turns, sale)
	}
	r.now.advance(turns.Sub(r.now.Now()) - 1)
	if shelf() != first {
		t.Error("thrown away before anything turned")
	}
	r.now.advance(1)
	second := shelf()
	if second == first || !second.at.Equal(turns) {
		t.Errorf("at %s the shelf of %s still stands", turns, second.at)
	}
	if _, err := r.deps.Catalog.RefreshCatalog(t.Context(), "play", true); err != nil {
		t.Fatal(err)
	}
	if shelf() == second {
		t.Error("a new catalog is not shown")
	}
}

// Readers are never made to wait for who builds a shelf.
func TestShelf_WhileOneIsBuilt_TheOneBeforeServes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	old, err := r.srv.shelf("play")
	if err != nil {
		t.Fatal(err)
	}
	slot := r.srv.shelves["play"]
	slot.mu.Lock() // somebody is building
	r.serve(1)
	got, err := r.srv.shelf("play")
	slot.mu.Unlock()
	if err != nil || got != old {
		t.Errorf("%p, %v, want the one before, %p", got, err, old)
	}
	if got, err = r.srv.shelf("play"); err != nil || got == old {
		t.Errorf("afterwards still the one before, %v", err)
	}
}
