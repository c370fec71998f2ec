package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/secutix/s360"
)

// generated is a platform with a generated world alone beside the shipped ones.
func generatedPlatform(tb testing.TB, o WorldOptions) *Platform {
	tb.Helper()
	p := &Platform{Clock: NewClock(aDay), RatePerMinute: -1, CatalogSpacing: -1}
	if err := p.AddWorld(GenerateWorld(o)); err != nil {
		tb.Fatal(err)
	}
	if err := p.Start(); err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestGenerateWorld_SizeAndTexture(t *testing.T) {
	t.Parallel()
	p := generatedPlatform(t, WorldOptions{Code: "big", Products: 200, Performances: 2_000, Seed: 7})
	c := at(t, p, "big").catalog(object{})
	products, performances, places := map[s360.ID]int{}, map[s360.ID]bool{}, map[s360.ID]bool{}
	for _, pc := range c.PhysicalConfigurations {
		places[pc.ID] = true
	}
	codes := map[string]int{}
	for _, s := range c.Seasons {
		inSeason := map[string]bool{}
		for _, pr := range s.Products {
			products[pr.ID]++
			if len(pr.Code) > 8 || inSeason[pr.Code] {
				t.Errorf("product code %q is long or twice in season %s", pr.Code, s.Code)
			}
			inSeason[pr.Code] = true
			if !pr.SalePeriods[0].End.Open() || len(pr.ExternalName.Translations) != 3 {
				t.Errorf("product %s: %v", pr.Code, pr.SalePeriods)
			}
			if pr.Event == nil {
				continue
			}
			for _, f := range pr.Event.Performances {
				if performances[f.ID] || !places[f.PhysicalConfigurationID] || f.ID < 10_000_000_000_000 || f.ID > 99_999_999_999_999 {
					t.Errorf("performance %d", f.ID)
				}
				performances[f.ID] = true
				codes[f.Code]++
				levels := map[s360.ID]bool{}
				for _, price := range f.Prices {
					levels[price.PriceLevelID] = true
					if net := *price.Amount - *price.ChargesAmounts[0].Amount; net <= 0 || net%500 != 0 {
						t.Errorf("price %d", *price.Amount)
					}
				}
				if len(levels) != 2 {
					t.Errorf("levels %v", levels)
				}
			}
		}
	}
	if len(performances) != 2_000 || products[genID(genProduct, 0)] != 2 || len(products) != 203+11 || codes["S2"] < 2 {
		t.Errorf("%d performances, %d products, the first in %d seasons", len(performances), len(products), products[genID(genProduct, 0)])
	}
	if s := c.Seasons[0].AudienceCategories[0].AudienceSubCategories[2]; len(s.RequiredAudienceSubCategoryIDs) != 2 {
		t.Errorf("child: %+v", s)
	}
}

func TestGenerateWorld_SameOptionsSameBytes_OtherSeedOthers(t *testing.T) {
	t.Parallel()
	body := func(seed uint64) string {
		_, text, err := at(t, generatedPlatform(t, WorldOptions{Code: "big", Products: 20, Performances: 100, Seed: seed}), "big").send("/tnseb/backend-apis/catalogService/v1_33/getCatalogDetailed", object{})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	first, again, other := body(7), body(7), body(8)
	if first != again || first == other {
		t.Error("the seed does not decide")
	}
}

// sellRecorded holds and closes two places of the first performance that has some and sells one item.
func sellRecorded(t *testing.T, d *desk) {
	t.Helper()
	c := d.catalog(object{})
	for _, s := range c.Seasons {
		for _, pr := range s.Products {
			if pr.Event == nil {
				continue
			}
			for _, f := range pr.Event.Performances {
				o := d.create(d.entries(object{"performanceId": f.ID, "seatCategoryId": f.Prices[0].SeatCatID, "audienceSubCategoryId": f.Prices[0].AudSubCatID, "quantity": 2}))
				if o.code() == errAvailability {
					continue
				}
				u := o.get("orderUpdateData")
				ops := u.list("operationDataUpdates")
				if o.code() != "success" || ops[0].id("unitPrice") != int64(*f.Prices[0].Amount) {
					t.Fatalf("%s %s %v, price %d", o.code(), o.str("statusDetail"), ops, *f.Prices[0].Amount)
				}
				d.must("externalOrderService", "closeOrder", d.closing(u.id("orderId"), ops[0].id("totalAmount")))
				sound(t, d.p)
				return
			}
		}
	}
	t.Fatal("nothing to sell")
}

func TestGenerateWorld_HoldsAndCloses(t *testing.T) {
	t.Parallel()
	p := generatedPlatform(t, WorldOptions{Code: "big", Products: 20, Performances: 100})
	d := at(t, p, "big")
	sellRecorded(t, d)
	item := genID(genItem, 1)
	o := d.create(object{"pointOfSalesId": d.in.w.PointOfSales.ID, "simpleProductOperations": []object{{"itemId": item, "audienceSubCategoryId": genTariff, "quantity": 3}}})
	if got := o.get("orderUpdateData").list("operationDataUpdates"); o.code() != "success" || got[0].id("totalAmount") != 27_000 {
		t.Errorf("goods: %v", o)
	}
	// A tariff that needs another is refused alone, and a price of the members' level is nobody's.
	f := d.in.products[1].perfs[0]
	child := d.create(d.entries(object{"performanceId": f.id, "seatCategoryId": f.product.venue.categories[0].id, "audienceSubCategoryId": genTariff + 2, "quantity": 1}))
	if child.code() != errRequired {
		t.Errorf("child alone: %v", child)
	}
	sound(t, p)
}

func TestCatalog_KeptAnswer_FollowsWhatHappens(t *testing.T) {
	t.Parallel()
	p := generatedPlatform(t, WorldOptions{Code: "big", Products: 20, Performances: 100})
	d := at(t, p, "big")
	before := d.catalog(object{}).Seasons[0].Products[1].Event.Performances[0]
	id := text(int64(before.ID))
	if code, _ := control(t, p, "POST", "/performances/"+id+"/price", `{"delta":1500}`); code != http.StatusOK {
		t.Fatal(code)
	}
	if after := d.catalog(object{}).Seasons[0].Products[1].Event.Performances[0]; *after.Prices[0].Amount != *before.Prices[0].Amount+1500 {
		t.Errorf("price %d, was %d", *after.Prices[0].Amount, *before.Prices[0].Amount)
	}
	control(t, p, "POST", "/performances/"+id+"/cancel", "")
	if after := d.catalog(object{}).Seasons[0].Products[1].Event.Performances[0]; after.State != s360.StateCanceled {
		t.Errorf("state %s", after.State)
	}
	// A world of rules loses a performance when it begins.
	th := at(t, p, "theatre")
	count := func() (n int) {
		for _, pr := range th.catalog(object{}).Seasons[0].Products {
			if pr.Event != nil {
				n += len(pr.Event.Performances)
			}
		}
		return n
	}
	n := count()
	p.Clock.Advance(12 * time.Hour)
	if count() >= n {
		t.Error("the evening's performances are still listed")
	}
	one := d.catalog(object{"productCode": "S2"})
	if len(one.Seasons[0].Products) != 1 || one.Seasons[0].Products[0].Code != "S2" {
		t.Errorf("one product: %d", len(one.Seasons[0].Products))
	}
	if c := d.catalog(object{"seasonCode": "2728"}); len(c.Seasons) != 1 || c.Seasons[0].Code != "2728" {
		t.Errorf("one season: %d", len(c.Seasons))
	}
}

func TestCatalog_KeptAnswerCarriesTheRequestID(t *testing.T) {
	t.Parallel()
	p := generatedPlatform(t, WorldOptions{Code: "big", Products: 2, Performances: 10})
	d := at(t, p, "big")
	for _, want := range []int64{0, 77, 0} {
		body := object{}
		if want != 0 {
			body["requestId"] = want
		}
		if o := d.must("catalogService", "getCatalogDetailed", body); o.id("requestId") != want || len(o.get("catalogData").list("seasons")) != 2 {
			t.Errorf("requestId %d", o.id("requestId"))
		}
	}
}

func TestImportWorld_ServesWhatWasRecorded_AndSellsIt(t *testing.T) {
	t.Parallel()
	source := generatedPlatform(t, WorldOptions{Code: "real", Products: 30, Performances: 200, Seed: 3})
	there := at(t, source, "real")
	_, recorded, err := there.send("/tnseb/backend-apis/catalogService/v1_33/getCatalogDetailed", object{})
	if err != nil {
		t.Fatal(err)
	}
	_, pos, err := there.send("/tnseb/backend-apis/catalogService/v1_33/getPOSConfig", object{})
	if err != nil {
		t.Fatal(err)
	}
	for name, withPOS := range map[string][]byte{"invented point of sales": nil, "recorded point of sales": []byte(pos)} {
		w, err := ImportWorld("copy", []byte(recorded), withPOS)
		if err != nil {
			t.Fatal(name, err)
		}
		p := &Platform{Clock: NewClock(aDay), RatePerMinute: -1, CatalogSpacing: -1}
		if err := p.AddWorld(w); err != nil {
			t.Fatal(name, err)
		}
		d := at(t, startedPlatform(t, p), "copy")
		_, served, err := d.send("/tnseb/backend-apis/catalogService/v1_33/getCatalogDetailed", object{})
		if err != nil {
			t.Fatal(name, err)
		}
		var want, got any
		if err := json.Unmarshal([]byte(recorded), &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(served), &got); err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: catalog (-recorded +served)\n%.2000s", name, diff)
		}
		sellRecorded(t, d)
		config := d.must("catalogService", "getPOSConfig", object{}).get("posConfigData")
		if withPOS != nil && (config.str("currencyCode") != "CHF" || config.str("institCode") != "REAL" || len(config.list("paymentMethods")) != 2) {
			t.Errorf("%s: %v", name, config)
		}
		if config.id("salesChannelId") != 400_100_210 {
			t.Errorf("%s: sales channel %d", name, config.id("salesChannelId"))
		}
	}
}

// A recording of another hand: ids as texts, epoch milliseconds, one object instead of a list, prices without a category,
// members nobody knows.
func TestImportWorld_TakesLooseForms(t *testing.T) {
	t.Parallel()
	start := aDay.AddDate(0, 0, 3)
	loose := fmt.Sprintf(`{"seasons":{"id":"900","code":"2627","newMember":{"a":[1]},"products":[
	 {"id":"901","code":"X","productFamilyType":"SINGLE_ENTRY","externalName":{"translations":[{"locale":"it","value":"Città"}]},
	  "event":{"performances":[{"id":902,"start":%d,"numbered":"false","prices":[{"audSubCatId":"903","amount":"12500"}]}]}}]}}`, start.UnixMilli())
	w, err := ImportWorld("", []byte(loose), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &Platform{Clock: NewClock(aDay), RatePerMinute: -1, CatalogSpacing: -1}
	if err := p.AddWorld(w); err != nil {
		t.Fatal(err)
	}
	d := at(t, startedPlatform(t, p), "imported")
	c := d.catalog(object{})
	if f := c.Seasons[0].Products[0].Event.Performances[0]; !f.Start.Equal(start) || string(c.Seasons[0].Extra["newMember"]) != `{"a":[1]}` {
		t.Errorf("%+v", f)
	}
	o := d.create(d.entries(object{"performanceId": 902, "seatCategoryId": 0, "audienceSubCategoryId": 903, "quantity": 2}))
	if got := o.get("orderUpdateData").list("operationDataUpdates"); o.code() != "success" || got[0].id("totalAmount") != 25_000 {
		t.Errorf("%v", o)
	}
	sound(t, p)
}

func TestImportWorld_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{"not JSON": "<html>", "no seasons": `{"catalogData":{"seasons":[]}}`, "another answer": `{"statusCode":"in_progress","requestId":8}`} {
		if _, err := ImportWorld("x", []byte(bad), nil); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := ImportWorld("x", []byte(`{"seasons":[{"id":1,"code":"a"}]}`), []byte("nonsense")); err == nil {
		t.Error("a point of sales that is no JSON is taken")
	}
}

func FuzzImportWorld(f *testing.F) {
	f.Add([]byte(`{"seasons":[{"id":1,"code":"a","products":[{"id":2,"code":"b","pass":{"items":[{"itemId":3,"itemPrices":[{"audSubCatId":4,"amount":5}],"timeslotIds":[6]}],"timeslots":[{"id":6,"startTime":"10:00"}]}}]}]}`), []byte(`{"posId":1}`))
	f.Add([]byte(`{"seasons":[{"products":[{"event":{"performances":[{"prices":[{"amount":-1}],"seatCategories":[{"id":9}]}]}}]}]}`), []byte(`{"maxSeatsPerPerformance":-3,"organizationTimeZone":"x"}`))
	f.Fuzz(func(t *testing.T, catalog, pos []byte) {
		w, err := ImportWorld("x", catalog, pos)
		if err != nil {
			return
		}
		in, err := grow(w, 1, 1, aDay)
		if err != nil {
			return
		}
		for _, perf := range in.perfOf {
			in.availability(perf, aDay, breakdown{}, breakdown{}, true)
		}
		if b, err := (catalogView{in: in, now: aDay}).kept().bytes(); err != nil || !json.Valid(b) {
			t.Errorf("%v: %.200s", err, b)
		}
	})
}

func BenchmarkGenerateWorld(b *testing.B) {
	for b.Loop() {
		if _, err := grow(GenerateWorld(WorldOptions{Products: 2_000, Performances: 20_000, Seed: 7}), 1, 1, aDay); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServeCatalog serves 20,000 performances over the protocol face, plain and compressed, after the first time.
func BenchmarkServeCatalog(b *testing.B) {
	p := generatedPlatform(b, WorldOptions{Code: "big", Products: 2_000, Performances: 20_000, Seed: 7})
	in := p.byCode["big"]
	for _, encoding := range []string{"identity", "gzip"} {
		b.Run(encoding, func(b *testing.B) {
			ask := func() int {
				r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://sim/big/tnseb/backend-apis/catalogService/v1_33/getCatalogDetailed", bytes.NewReader([]byte(`{}`)))
				if err != nil {
					b.Fatal(err)
				}
				now := aDay.Unix()
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Accept-Encoding", encoding)
				r.Header.Set("Authorization", "Bearer "+forge(in.w.Secret, map[string]any{"sub": "BIG", "aud": in.w.Operator, "iss": "Guichet", "iat": now, "exp": now + 30}))
				rep := p.answer(r)
				if rep.status != http.StatusOK {
					b.Fatal(rep.status, string(rep.body))
				}
				return len(rep.body)
			}
			n := ask() // the first one is written
			for b.Loop() {
				n = ask()
			}
			b.ReportMetric(float64(n)/1e6, "MB")
		})
	}
}
