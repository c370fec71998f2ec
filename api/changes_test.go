package api

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/storefront"
)

// refresh loads the theatre's catalog anew, after a change of it.
func (r *rig) refresh(change func(*catalog.Snapshot)) {
	r.t.Helper()
	r.catalog.mu.Lock()
	before := r.catalog.snaps["play"]
	r.catalog.snaps["play"] = func() *catalog.Snapshot {
		s := before()
		change(s)
		return s
	}
	r.catalog.mu.Unlock()
	if _, err := r.deps.Catalog.RefreshCatalog(r.t.Context(), "play", true); err != nil {
		r.t.Fatal(err)
	}
}

// rename gives Hamlet another name.
func (r *rig) rename(name string) {
	r.t.Helper()
	r.refresh(func(s *catalog.Snapshot) { s.Products[0].Name = domain.Text{"fr": name} })
}

// since reads the feed.
func (r *rig) since(key, since string, more ...string) changesDTO {
	r.t.Helper()
	target := "/v1/changes?" + strings.Join(more, "&")
	if since != "" {
		target += "&since=" + url.QueryEscape(since)
	}
	a := r.do(key, "GET", target, "")
	if a.status != 200 {
		r.t.Fatalf("%s: %d %s", target, a.status, a.body)
	}
	return decode[changesDTO](r.t, a)
}

func told(d changesDTO) []string {
	out := []string{}
	for _, i := range d.Items {
		id := i.Performance
		if id == "" {
			id = i.Product
		}
		if id == "" {
			id = i.Institution
		}
		line := id + " " + strings.Join(i.What, "+")
		if i.Availability != nil {
			line += " " + i.Availability.Level
		}
		out = append(out, line)
	}
	return out
}

func TestChanges_TellWhatMovedSince(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	start := r.since("web", "")
	if len(start.Items) != 0 || start.Next == "" {
		t.Fatalf("without since: %+v", start)
	}
	if again := r.since("web", start.Next); len(again.Items) != 0 || again.Next != start.Next {
		t.Errorf("nothing moved: %+v", again)
	}
	r.refresh(func(s *catalog.Snapshot) {
		s.Products[0].Name = domain.Text{"fr": "Othello"}
		s.Performances[0].Start = s.Performances[0].Start.Add(time.Hour)
		s.Performances[0].Prices = s.Performances[0].Prices[:2]
		s.Performances = s.Performances[:3]
		s.Products[3].Items[0].Prices[0].Price.Amount++
		s.Tariffs[0].Code = "NORMAL"
	})
	first := r.since("web", start.Next)
	if diff := cmp.Diff([]string{
		"play reference", "play-101 changed good", "play-201 moved+repriced limited", "play-204 gone", "play-104 repriced unknown",
	}, told(first)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	r.now.advance(2 * time.Minute)
	r.catalog.reads = map[domain.InstitutionCode][]catalog.Reading{"play": {{
		Key: catalog.Key{Product: 101, Performance: 202}, Availability: catalog.Availability{Level: catalog.LevelSoldOut, PlatformLevel: "RED", AsOf: r.now.Now()},
	}}}
	r.catalog.moved = []catalog.Moved{{Product: 101}}
	if _, err := r.deps.Catalog.RefreshAvailability(t.Context(), "play"); err != nil {
		t.Fatal(err)
	}
	r.rename("Lear")
	if diff := cmp.Diff([]string{"play-202 availability sold_out", "play-101 changed limited"}, told(r.since("web", first.Next))); diff != "" {
		t.Errorf("then (-want +got):\n%s", diff)
	}
	all := r.since("web", start.Next)
	if n := len(all.Items); n != 6 || all.Items[n-1].Product != hamlet || !slices.Equal(all.Items[n-1].What, []string{"changed"}) {
		t.Errorf("one line a thing: %v", told(all))
	}
	if other := r.since("bound", ""); len(r.since("bound", all.Next).Items) != 0 || strings.Contains(other.Next, "play") {
		t.Error("a key is told of an institution that it does not see")
	}
}

func TestChanges_PagesLoseNothingAndRepeatNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	start := r.since("web", "").Next
	r.refresh(func(s *catalog.Snapshot) {
		for i := range s.Performances {
			s.Performances[i].State = "CANCELLED"
		}
		for i := range s.Products {
			s.Products[i].State = "CANCELLED"
		}
	})
	r.catalog.mu.Lock()
	before := r.catalog.snaps["arena"]
	r.catalog.snaps["arena"] = func() *catalog.Snapshot { s := before(); s.Products[0].State = "CANCELLED"; return s }
	r.catalog.mu.Unlock()
	if _, err := r.deps.Catalog.RefreshCatalog(t.Context(), "arena", true); err != nil {
		t.Fatal(err)
	}
	want := told(r.since("web", start))
	if len(want) != 9 {
		t.Fatalf("%d lines: %v", len(want), want)
	}
	for limit := 1; limit <= 9; limit++ {
		got, at := []string{}, start
		for range 20 {
			page := r.since("web", at, "limit="+strconv.Itoa(limit))
			if len(page.Items) > limit {
				t.Fatalf("%d lines by %d", len(page.Items), limit)
			}
			if len(page.Items) == 0 {
				break
			}
			got, at = append(got, told(page)...), page.Next
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))); diff != "" {
			t.Errorf("by %d (-want +got):\n%s", limit, diff)
		}
	}
	// One institution at a time keeps the other's place.
	play := r.since("web", start, "institution=play")
	if rest := told(r.since("web", play.Next)); len(play.Items) != 8 || len(rest) != 1 || !strings.HasPrefix(rest[0], gameOnly[:5]) {
		t.Errorf("%d lines of play, then %v", len(play.Items), rest)
	}
}

func TestChanges_ABusyInstitutionDoesNotKeepTheOthersWaiting(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	at := r.since("web", "").Next
	r.catalog.mu.Lock()
	before := r.catalog.snaps["arena"]
	r.catalog.snaps["arena"] = func() *catalog.Snapshot { s := before(); s.Products[0].State = "CANCELLED"; return s }
	r.catalog.mu.Unlock()
	if _, err := r.deps.Catalog.RefreshCatalog(t.Context(), "arena", true); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		r.rename(fmt.Sprint("Hamlet ", i))
		page := r.since("web", at, "limit=1")
		at = page.Next
		if strings.HasPrefix(page.Items[0].Institution, "arena") {
			return
		}
	}
	t.Error("arena was never told of")
}

func TestChanges_AnInstitutionSeenSinceIsReadAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	at := r.since("bound", "").Next
	page := r.since("web", at) // the same follower, whose key now sees more
	if diff := cmp.Diff([]string{"play everything"}, told(page)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	r.rename("Othello")
	if diff := cmp.Diff([]string{"play-101 changed good"}, told(r.since("web", page.Next))); diff != "" {
		t.Errorf("then (-want +got):\n%s", diff)
	}
}

func TestChanges_BeforeTheFirstLoad_TheLoadIsTold(t *testing.T) {
	t.Parallel()
	r := bareRig(t)
	at := r.since("web", "").Next
	r.load()
	got := told(r.since("web", at))
	if !slices.Contains(got, "play everything") || !slices.Contains(got, "arena everything") {
		t.Errorf("told %v", got)
	}
}

func TestTrack_ComesBackAsItWas_AndNothingElseDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tr := &track{Marks: map[domain.InstitutionCode][]int64{}}
		for _, code := range rapid.SliceOf(rapid.StringMatching(`[a-z][a-z0-9_]{0,31}`)).Draw(t, "codes") {
			m := catalog.Mark{Seq: rapid.Int64Range(0, 1<<62).Draw(t, "seq"), Whole: rapid.Bool().Draw(t, "whole")}
			if !m.Whole {
				m.Product = catalog.ProductID(rapid.Int64Range(0, 1<<62).Draw(t, "product"))
			}
			tr.set(domain.InstitutionCode(code), m)
			if back, ok := tr.mark(domain.InstitutionCode(code)); !ok || back != m {
				t.Errorf("%+v became %+v", m, back)
			}
		}
		back, ok := parseTrack(tr.cursor())
		if diff := cmp.Diff(tr, back); !ok || diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if text := rapid.String().Draw(t, "text"); text != tr.cursor() {
			if other, ok := parseTrack(text); ok && other.cursor() != text {
				t.Errorf("%q is taken for a cursor", text)
			}
		}
	})
}

func TestAdminChanges_NewestFirstFilteredAndInPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rename("Othello")
	r.now.advance(24 * time.Hour)
	r.refresh(func(s *catalog.Snapshot) { s.Performances = s.Performances[:3]; s.Products[0].State = "STOPPED" })
	read := func(query string) (what []string, next string) {
		a := r.do("ops", "GET", "/v1/admin/institutions/play/changes?"+query, "")
		if a.status != 200 {
			t.Fatalf("%s: %d %s", query, a.status, a.body)
		}
		page := decode[struct {
			Items []adminChangeDTO `json:"items"`
			Next  *string          `json:"next"`
		}](t, a)
		for _, i := range page.Items {
			what = append(what, strings.TrimSpace(i.What+" "+i.Before+" > "+i.After))
		}
		if page.Next != nil {
			next = *page.Next
		}
		return what, next
	}
	all := []string{"state RUNNING > STOPPED", "gone 2026-09-30T22:00:00Z STUDIO >", "changed Hamlet > Othello", "more  >"}
	for query, want := range map[string][]string{
		"": all, "what=gone,state": all[:2], "product=play-101": {all[0], all[2]}, "from=2026-09-02": all[:2], "to=2026-09-01": all[2:],
		"what=repriced": nil,
	} {
		if got, next := read(query); !slices.Equal(got, want) || next != "" {
			t.Errorf("%q: %q, next %q, want %q", query, got, next, want)
		}
	}
	var got []string
	next := ""
	for {
		var page []string
		page, next = read("limit=1&cursor=" + next)
		if got = append(got, page...); next == "" {
			break
		}
	}
	if !slices.Equal(got, all) {
		t.Errorf("by one: %q", got)
	}
	inst := decode[adminInstitutionDTO](t, r.do("ops", "GET", "/v1/admin/institutions/play", ""))
	if inst.Changes != "1 gone, 1 in another state" {
		t.Errorf("the last load changed %q", inst.Changes)
	}
	if a := r.do("web", "GET", "/v1/admin/institutions/play/changes", ""); a.status != 403 || !strings.Contains(string(a.body), storefront.CodeKeyScope) {
		t.Errorf("a storefront's key gets %d %s", a.status, a.body)
	}
}
