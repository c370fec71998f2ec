package sim

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRecorded_StartedAgain_RemembersWhatItSold(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	open := func() (*Platform, *desk) {
		p := &Platform{Clock: NewClock(aDay), RatePerMinute: -1, CatalogSpacing: -1, Journal: journal, Worlds: []World{GenerateWorld(WorldOptions{Products: 20, Performances: 100, Seed: 9})}}
		return p, at(t, startedPlatform(t, p), "generated")
	}
	p, d := open()
	sellRecorded(t, d)
	perf := d.in.products[2].perfs[0]
	price := func(d *desk) int64 {
		return int64(*d.catalog(object{"productCode": "S3"}).Seasons[0].Products[0].Event.Performances[0].Prices[0].Amount)
	}
	before := price(d)
	if code, _ := control(t, p, "POST", "/performances/"+text(perf.id)+"/price", `{"delta":500}`); code != http.StatusOK {
		t.Fatal(code)
	}
	orders := d.in.sequence
	want := d.details(orders[0])
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p, d = open()
	if diff := cmp.Diff(want, d.details(orders[0])); diff != "" {
		t.Error(diff)
	}
	if got := price(d); got != before+500 {
		t.Errorf("price %d, was %d", got, before)
	}
	sound(t, p)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestRecorded_PriceNeverFallsToNothing(t *testing.T) {
	t.Parallel()
	p := generatedPlatform(t, WorldOptions{Code: "big", Products: 2, Performances: 10})
	perf := at(t, p, "big").in.products[1].perfs[0]
	if code, _ := control(t, p, "POST", "/performances/"+text(perf.id)+"/price", `{"delta":-1000000}`); code != http.StatusUnprocessableEntity {
		t.Error(code)
	}
}

func TestRecorded_SuspendedIsShownAndNotSold(t *testing.T) {
	t.Parallel()
	p := generatedPlatform(t, WorldOptions{Code: "big", Products: 20, Performances: 100})
	d := at(t, p, "big")
	for _, perf := range d.in.perfOf {
		if !perf.suspended {
			continue
		}
		o := d.create(d.entries(object{"performanceId": perf.id, "seatCategoryId": perf.product.venue.categories[0].id, "audienceSubCategoryId": genTariff, "quantity": 1}))
		if o.code() != errSalePeriod {
			t.Errorf("%v", o)
		}
		return
	}
	t.Error("nothing is suspended")
}
