package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"guichet/domain/catalog"
)

// What was read before a swap is written anew before the swap shows, in every language and coding it was read in, and is
// what a server that starts with the new catalog answers.
func TestSwap_WritesWhatWasReadBeforeItShows(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s, engine, err := build(r.deps)
	if err != nil {
		t.Fatal(err)
	}
	handler := s.front(engine)
	ask := func(h http.Handler, target, language, coding string) string {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		req.Header.Set("Authorization", "Bearer "+r.tokens["web"])
		req.Header.Set("Accept-Language", language)
		req.Header.Set("Accept-Encoding", coding)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if rec.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", target, rec.Code, rec.Body)
		}
		return rec.Header().Get("Etag") + rec.Body.String()
	}
	reads := []struct{ target, language, coding string }{
		{"/v1/performances/" + hamletFirst, "fr", "gzip"},
		{"/v1/performances/" + hamletFirst, "en", "br"},
		{"/v1/products/" + hamlet, "fr, en;q=0.5", "zstd"},
		{"/v1/availability?performances=" + hamletFirst, "fr", ""},
	}
	before := map[int]string{}
	for i, q := range reads {
		before[i] = ask(handler, q.target, q.language, q.coding)
	}
	was := s.shelves["play"].now.Load()
	kept := map[bodyKey]*body{}
	for i := range was.shards {
		for _, key := range was.shards[i].keys() {
			kept[key] = was.kept(key)
		}
	}
	if len(kept) < len(reads) {
		t.Fatalf("%d bodies are kept", len(kept))
	}

	r.serve(2)
	next := s.shelves["play"].next.Load()
	if next == nil || s.shelves["play"].now.Load() != was {
		t.Fatal("the new shelf is not prepared beside the old one")
	}
	for key, old := range kept {
		b := next.kept(key)
		if b == nil {
			t.Errorf("%v was not prepared", key)
			continue
		}
		for c := range old.made {
			if (old.made[c].Load() != nil) != (b.made[c].Load() != nil) {
				t.Errorf("%v: coding %d was read before %t, is prepared %t", key, c, old.made[c].Load() != nil, b.made[c].Load() != nil)
			}
		}
	}
	other, err := New(r.deps)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range reads {
		got, want := ask(handler, q.target, q.language, q.coding), ask(other, q.target, q.language, q.coding)
		if got != want {
			t.Errorf("%s: prepared %q, written when asked for %q", q.target, got, want)
		}
		if got == before[i] && q.target != reads[3].target {
			t.Errorf("%s: still the old answer", q.target)
		}
	}
	if now := s.shelves["play"].now.Load(); now != next {
		t.Error("what was prepared does not serve")
	}
	was.mu.Lock()
	defer was.mu.Unlock()
	if !was.dropped {
		t.Error("the old shelf's memory was not given back")
	}
}

// A shelf that was prepared and never shown gives back what it took.
func TestSwap_PreparedTwiceAndNeverRead_HoldsOneShelf(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s, engine, err := build(r.deps)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/performances/"+hamletFirst, nil)
	req.Header.Set("Authorization", "Bearer "+r.tokens["web"])
	s.front(engine).ServeHTTP(httptest.NewRecorder(), req)
	one := s.budget.used.Load()
	for state := range 4 {
		r.serve(state + 1)
	}
	view, err := r.deps.Catalog.View("play")
	if err != nil {
		t.Fatal(err)
	}
	var next *shelf
	if next = s.shelves["play"].next.Load(); next == nil || next.view != view {
		t.Fatal("not the last view is prepared")
	}
	if next.kept(bodyKey{kind: performanceBody, id: int64(view.Performance(catalog.PerformanceID(201)).ID), langs: next.main.key}) == nil {
		t.Error("nothing is prepared")
	}
	if used := s.budget.used.Load(); used > 2*one+2000 {
		t.Errorf("%d bytes are held for one body, served and prepared", used)
	}
}
