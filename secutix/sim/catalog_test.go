package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/secutix/s360"
)

// catalog reads a catalog with the client's types, as a partner would.
func (d *desk) catalog(body object) *s360.CatalogData {
	d.t.Helper()
	_, text, err := d.send("/tnseb/backend-apis/catalogService/v1_33/getCatalogDetailed", body)
	if err != nil {
		d.t.Fatal(err)
	}
	var r s360.CatalogResultDetailed
	unknown, err := s360.Unknown([]byte(text), &r)
	if err != nil || r.StatusCode != "success" {
		d.t.Fatalf("%v %.300s", err, text)
	}
	if len(unknown) > 0 {
		d.t.Errorf("members the client does not know: %v", unknown)
	}
	return r.CatalogData
}

func TestCatalog_KeptEncoding_SaysWhatTheObjectsSay(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.SetPublicURL("http://localhost:1/")
	for _, in := range p.institutions {
		for _, v := range []catalogView{{}, {product: in.products[0].def.Code}, {season: "0001"}, {extended: true, now: aDay.AddDate(0, 0, 30)}} {
			v.in, v.base = in, p.PublicURL
			if v.now.IsZero() {
				v.now = aDay
			}
			kept, err := v.kept().bytes()
			if err != nil {
				t.Fatal(err)
			}
			whole, err := json.Marshal(s360.CatalogResultDetailed{Result: s360.Result{StatusCode: "success"}, CatalogData: v.data()})
			if err != nil {
				t.Fatal(err)
			}
			var a, b any
			if json.Unmarshal(kept, &a) != nil || json.Unmarshal(whole, &b) != nil {
				t.Fatal("not JSON")
			}
			if diff := cmp.Diff(b, a); diff != "" {
				t.Errorf("%s: -objects +kept\n%s", in.w.Code, diff)
			}
			if strings.Contains(string(kept), ":null") {
				t.Errorf("%s: a null is written", in.w.Code)
			}
		}
	}
}

func TestCatalog_EveryWorldIsWhole(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.SetPublicURL("http://localhost:1")
	for _, in := range p.institutions {
		d := at(t, p, in.w.Code)
		c := d.catalog(object{})
		pos := d.must("catalogService", "getPOSConfig", object{}).get("posConfigData")
		if pos["testInstitution"] != true || len(pos.list("paymentMethods")) < 3 {
			t.Errorf("%s: POS config %v", in.w.Code, pos)
		}
		season := c.Seasons[0]
		tariffs, levels, places := map[s360.ID]bool{}, map[s360.ID]string{}, map[s360.ID]bool{}
		for _, a := range season.AudienceCategories {
			for _, s := range a.AudienceSubCategories {
				tariffs[s.ID] = true
			}
		}
		for _, l := range season.PriceLevels {
			levels[l.ID] = l.MainCategory
		}
		for _, pc := range c.PhysicalConfigurations {
			places[pc.ID] = pc.Town != "" && len(pc.Areas) > 0
		}
		for _, pr := range season.Products {
			checkProduct(t, in, pr, tariffs, levels, places)
		}
	}
}

func checkProduct(t *testing.T, in *institution, pr s360.Product, tariffs map[s360.ID]bool, levels map[s360.ID]string, places map[s360.ID]bool) {
	t.Helper()
	name := in.w.Code + " " + pr.Code
	for _, lang := range in.w.Languages {
		if pr.ExternalName.In(lang) == "" || pr.ExternalDescription.In(lang) == "" {
			t.Errorf("%s: nothing in %s", name, lang)
		}
	}
	if !strings.HasPrefix(pr.LargeImageURL, "http://localhost:1/"+in.w.Code+"/images/") {
		t.Errorf("%s: picture %q", name, pr.LargeImageURL)
	}
	ours := slices.IndexFunc(pr.SalePeriods, func(s s360.SalePeriod) bool {
		return int64(s.SalesChannelID) == in.w.SalesChannel.ID && bool(s.SalePossible)
	})
	if ours < 0 || !pr.SalePeriods[ours].End.Open() {
		t.Errorf("%s: no sale period for our channel", name)
	}
	if got := kindsOf(pr); len(got) != 1 || got[0] != pr.ProductFamilyType {
		t.Errorf("%s: kinds %v", name, got)
	}
	if pr.Event == nil {
		return
	}
	var soon bool
	for _, perf := range pr.Event.Performances {
		soon = soon || perf.Start.Before(aDay.AddDate(0, 0, 85))
		if !places[perf.PhysicalConfigurationID] {
			t.Errorf("%s: a performance in an unknown place", name)
		}
		public := map[string]int{}
		for _, price := range perf.Prices {
			if !tariffs[price.AudSubCatID] || price.Amount == nil {
				t.Errorf("%s: price %v", name, price)
			}
			if levels[price.PriceLevelID] == "OCCASIONAL" {
				public[fmt.Sprint(price.SeatCatID, price.AudSubCatID)]++
			}
		}
		for k, n := range public {
			if n != 1 {
				t.Errorf("%s: %d public prices for %s", name, n, k)
			}
		}
	}
	if !soon {
		t.Errorf("%s: nothing in the coming weeks", name)
	}
}

func TestCatalog_FiltersAndScope(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	if c := d.catalog(object{"productCode": "GODOT"}); len(c.Seasons[0].Products) != 1 || c.Seasons[0].Products[0].Code != "GODOT" {
		t.Errorf("by product: %d", len(c.Seasons[0].Products))
	}
	if c := d.catalog(object{"seasonCode": "9999"}); len(c.Seasons) != 0 {
		t.Errorf("another season: %d", len(c.Seasons))
	}
	first := d.next("GODOT")
	p.Clock.Set(first.start.Add(time.Second))
	has := func(body object) bool {
		body["productCode"] = "GODOT"
		return slices.ContainsFunc(d.catalog(body).Seasons[0].Products[0].Event.Performances, func(w s360.Performance) bool { return int64(w.ID) == first.id })
	}
	if has(object{}) || !has(object{"scope": "EXTENDED"}) {
		t.Error("a performance that has begun is in the extended scope only")
	}
	if o := d.call("catalogService", "getCatalogDetailed", object{"scope": "ALL"}); o.code() != errInvalid {
		t.Errorf("scope ALL: %s", o.code())
	}
}

func TestCatalog_TheClockMovesOn_NewPerformancesComeIntoSight(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	before := d.must("catalogService", "getLastSetupUpdate", object{}).str("lastSetupUpdate")
	old := slices.Clone(d.product("HAMLET").perfs)
	p.Clock.Advance(300 * 24 * time.Hour)
	c := d.catalog(object{"productCode": "HAMLET"})
	if n := len(c.Seasons[0].Products[0].Event.Performances); n < 6 {
		t.Errorf("%d performances ahead", n)
	}
	if end := c.Seasons[0].End; end.Before(p.Clock.Now()) {
		t.Errorf("the season ended on %s", end)
	}
	if after := d.must("catalogService", "getLastSetupUpdate", object{}).str("lastSetupUpdate"); after <= before {
		t.Errorf("setup stamp %s, was %s", after, before)
	}
	for i, perf := range old {
		if got := d.product("HAMLET").perfs[i]; got.id != perf.id || !got.start.Equal(perf.start) {
			t.Errorf("performance %d moved", perf.id)
		}
	}
}

func TestCatalog_GrownInOneStepOrMany_IsTheSame(t *testing.T) {
	t.Parallel()
	a, b := newPlatform(t), newPlatform(t)
	for range 200 {
		b.Clock.Advance(36 * time.Hour)
		sound(t, b)
	}
	a.Clock.Advance(200 * 36 * time.Hour)
	sound(t, a)
	for i, in := range a.institutions {
		for j, p := range in.products {
			for k, perf := range p.perfs {
				other := b.institutions[i].products[j].perfs[k]
				if other.id != perf.id || !other.start.Equal(perf.start) {
					t.Fatalf("%s %s %d: %s and %s", in.w.Code, p.def.Code, k, perf.start, other.start)
				}
			}
			if len(p.perfs) != len(b.institutions[i].products[j].perfs) {
				t.Fatalf("%s %s: %d and %d", in.w.Code, p.def.Code, len(p.perfs), len(b.institutions[i].products[j].perfs))
			}
		}
	}
}

func TestTheatre_PlaysOnTheNightTheClocksChange(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.Clock = NewClock(time.Date(2027, time.February, 20, 9, 0, 0, 0, time.UTC)) })
	d := at(t, p, "theatre")
	i := slices.IndexFunc(d.product("NUIT").perfs, func(x *performance) bool { return x.start.Day() == 28 && x.start.Month() == time.March })
	if i < 0 {
		t.Fatal("nothing on the night of 28 March 2027")
	}
	for _, w := range d.catalog(object{"productCode": "NUIT"}).Seasons[0].Products[0].Event.Performances {
		if w.Start.Month() == time.March && w.Start.Day() == 28 && w.Start.Hour() == 1 {
			if _, offset := w.Start.Zone(); offset != 3600 {
				t.Errorf("offset %d before the change", offset)
			}
			return
		}
	}
	t.Error("the performance at 01:00 is not in the catalog")
}

func TestCatalog_BadOnes_AreRecognisablyBad(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	p.Fault("getCatalogDetailed", Fault{Kind: EmptyCatalog})
	if c := d.catalog(object{}); len(c.Seasons) != 0 {
		t.Error("not empty")
	}
	p.Fault("getCatalogDetailed", Fault{Kind: OrphanPerformance})
	c := d.catalog(object{})
	if c.Seasons[0].Products[0].Event != nil || len(c.Seasons[0].Products[1].Event.Performances[0].Prices) != 0 {
		t.Error("no orphan")
	}
	p.Fault("getCatalogDetailed", Fault{Kind: ForeignCurrency})
	if c := d.catalog(object{}); string(c.Seasons[0].Products[0].Event.Performances[0].Prices[0].Extra["currencyCode"]) != `"USD"` {
		t.Error("prices are not foreign")
	}
	p.Fault("getPOSConfig", Fault{Kind: ForeignCurrency})
	if o := d.must("catalogService", "getPOSConfig", object{}); o.get("posConfigData").str("currencyCode") != "USD" {
		t.Error("POS config is not foreign")
	}
	if c := d.catalog(object{}); c.Seasons[0].Products[0].Event == nil {
		t.Error("still bad afterwards")
	}
}

func TestWorld_GeneratedHasAsManyPerformancesAsAsked(t *testing.T) {
	t.Parallel()
	p := &Platform{Clock: NewClock(aDay), RatePerMinute: -1, CatalogSpacing: -1}
	if err := p.AddWorld(GeneratedWorld("big", 1_234)); err != nil {
		t.Fatal(err)
	}
	d := at(t, startedPlatform(t, p), "big")
	n := 0
	for _, pr := range d.catalog(object{}).Seasons[0].Products {
		n += len(pr.Event.Performances)
	}
	if n != 1_234 {
		t.Errorf("%d performances", n)
	}
	id, total := d.hold(d.entries(d.line(d.next("P00001"), "CAT1", "FULL", 2)))
	d.must("externalOrderService", "closeOrder", d.closing(id, total))
	sound(t, p)
	if err := p.AddWorld(GeneratedWorld("late", 1)); err == nil {
		t.Error("a world was added after the start")
	}
}

func startedPlatform(t *testing.T, p *Platform) *Platform {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParseWorld_NamesEveryContradiction(t *testing.T) {
	t.Parallel()
	w := GeneratedWorld("x", 1)
	w.Tariffs[0].Requires = []string{"NOBODY"}
	w.Products[0].Venue = "NOWHERE"
	w.Grids["G"]["CAT9"] = map[string]int64{"FULL": 1}
	data, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParseWorld(data)
	for _, want := range []string{"NOBODY", "NOWHERE", "CAT9"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named: %v", want, err)
		}
	}
	if _, err := ParseWorld([]byte(`{"colour":"red"}`)); err == nil {
		t.Error("an unknown member is taken")
	}
}
