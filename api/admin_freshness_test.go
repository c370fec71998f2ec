package api

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"guichet/domain/catalog"
	"guichet/domain/freshness"
)

// step lets the planner take a step.
func (r *rig) step() {
	r.t.Helper()
	if _, err := r.fresh.Tick(r.t.Context(), "play"); err != nil {
		r.t.Fatal(err)
	}
}

// firstOnSale is a performance on sale that is known to have places.
func firstOnSale(t *testing.T, r *rig) *catalog.Performance {
	t.Helper()
	v, err := r.deps.Catalog.View("play")
	if err != nil {
		t.Fatal(err)
	}
	for i := range v.Performances {
		p := &v.Performances[i]
		if v.SellablePerformance(p, 0, 0, r.now.Now()).OnSale && v.PerformanceAvailability(p).Level != catalog.LevelSoldOut {
			return p
		}
	}
	t.Fatal("nothing is on sale")
	return nil
}

func TestAdminFreshness_SaysWhenAndWhy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.step()
	p := firstOnSale(t, r)
	id := publicID("play", p.ID)
	for range 9 {
		r.do("web", http.MethodGet, "/v1/performances/"+id, "")
	}
	for range 3 {
		r.do("web", http.MethodGet, "/v1/availability?performances="+id, "")
	}
	r.now.advance(2 * time.Minute)
	r.fresh.Refused("play", []freshness.Places{{Performance: p.ID, N: 1}})
	r.now.advance(2 * time.Second)
	r.step()
	a := r.do("ops", http.MethodGet, "/v1/admin/freshness/"+id, "")
	got := decode[freshnessDTO](t, a)
	if a.status != http.StatusOK || got.ID != id || got.ConfirmedBy != "read" || got.ReadAt.IsZero() || got.RefusedAt.IsZero() || got.DueBy.IsZero() ||
		got.Last == nil || got.Last.Reason != string(freshness.ReasonRefused) || got.Now.ViewsPerHour < 5 || got.Availability.Confidence == nil {
		t.Errorf("%d %s", a.status, a.body)
	}
	list := r.do("ops", http.MethodGet, "/v1/admin/freshness?institution=play&sort=viewed&limit=3", "")
	page := decode[freshnessPageDTO](t, list)
	if list.status != http.StatusOK || len(page.Items) == 0 || len(page.Items) > 3 || page.Items[0].ID != id || !page.Plan.On || page.Plan.CallsKept != 400 ||
		page.Plan.CallsLeft != 1000 || page.Plan.CallsPerDay != 60 || page.Plan.Batch != 200 || page.Plan.Floor != 86400 || page.Plan.DecidedAt.IsZero() {
		t.Errorf("%d %s", list.status, list.body)
	}
	stale := decode[freshnessPageDTO](t, r.do("ops", http.MethodGet, "/v1/admin/freshness?institution=play", ""))
	if !slices.IsSortedFunc(stale.Items, func(a, b freshnessDTO) int { return a.ConfirmedAt.Compare(b.ConfirmedAt) }) {
		t.Error("the list is not the longest unconfirmed first")
	}
	next := decode[freshnessPageDTO](t, r.do("ops", http.MethodGet, "/v1/admin/freshness?institution=play&sort=next", ""))
	for i, it := range next.Items {
		if it.Ahead != i {
			t.Errorf("number %d of what comes next has %d ahead", i, it.Ahead)
		}
	}
}

func TestConfidence_IsBesideAsOfAndFallsWithAgeAndRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := firstOnSale(t, r)
	id := publicID("play", p.ID)
	type answer struct {
		Availability availabilityDTO `json:"availability"`
	}
	sure := func() float64 {
		t.Helper()
		one := decode[answer](t, r.do("web", http.MethodGet, "/v1/performances/"+id, ""))
		many := decode[availabilityPageDTO](t, r.do("web", http.MethodGet, "/v1/availability?performances="+id, ""))
		if one.Availability.Confidence == nil || *one.Availability.Confidence != *many.Items[0].Availability.Confidence || one.Availability.AsOf.IsZero() {
			t.Fatalf("%+v and %+v", one, many)
		}
		return *one.Availability.Confidence
	}
	if got := sure(); got != 0.95 {
		t.Errorf("before any hold %f", got)
	}
	r.now.advance(5 * time.Minute)
	for range 40 {
		r.fresh.Refused("play", []freshness.Places{{Performance: p.ID, N: 1}})
	}
	r.step()
	r.now.advance(time.Minute)
	if got := sure(); got > 0.6 {
		t.Errorf("after 40 refusals %f", got)
	}
}

func TestConfidence_TheSameAnswerKeepsItsTagUntilItIsJudgedAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := firstOnSale(t, r)
	target := "/v1/performances/" + publicID("play", p.ID)
	for range 30 { // old answers turn out to be worth less
		r.now.advance(15 * time.Minute)
		r.fresh.Refused("play", []freshness.Places{{Performance: p.ID, N: 1}})
		r.now.advance(-15 * time.Minute)
	}
	r.step()
	first := r.do("web", http.MethodGet, target, "")
	tag := first.header.Get("ETag")
	if again := r.do("web", http.MethodGet, target, "", header("If-None-Match", tag)); again.status != http.StatusNotModified {
		t.Fatalf("at once: %d", again.status)
	}
	seen := map[string]string{}
	for range 40 {
		r.now.advance(30 * time.Second)
		a := r.do("web", http.MethodGet, target, "")
		if old, ok := seen[a.header.Get("ETag")]; ok && old != string(a.body) {
			t.Fatal("two bodies have one tag")
		}
		seen[a.header.Get("ETag")] = string(a.body)
		if not := r.do("web", http.MethodGet, target, "", header("If-None-Match", a.header.Get("ETag"))); not.status != http.StatusNotModified {
			t.Fatalf("its own tag: %d", not.status)
		}
	}
	if len(seen) < 2 || len(seen) > 4 { // two ages begin within twenty minutes, and nothing else changes
		t.Errorf("%d different answers in twenty minutes", len(seen))
	}
}

func TestListPerformances_ByConfidence(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := firstOnSale(t, r)
	r.now.advance(5 * time.Minute)
	for range 40 {
		r.fresh.Refused("play", []freshness.Places{{Performance: p.ID, N: 1}})
	}
	r.step()
	r.now.advance(time.Minute)
	var all []float64
	for target := "/v1/performances?institution=play&sort=confidence&limit=2"; target != ""; {
		a := r.do("web", http.MethodGet, target, "")
		var page struct {
			Items []struct {
				Availability availabilityDTO `json:"availability"`
			} `json:"items"`
			Next *string `json:"next"`
		}
		if err := json.Unmarshal(a.body, &page); err != nil || a.status != http.StatusOK {
			t.Fatalf("%d %s", a.status, a.body)
		}
		for _, it := range page.Items {
			all = append(all, *it.Availability.Confidence)
		}
		target = ""
		if page.Next != nil {
			target = "/v1/performances?institution=play&sort=confidence&limit=2&cursor=" + *page.Next
		}
	}
	if len(all) < 3 || !slices.IsSortedFunc(all, func(a, b float64) int { return cmp.Compare(b, a) }) || all[0] == all[len(all)-1] {
		t.Errorf("confidences %v", all)
	}
}
