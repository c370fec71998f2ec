package sim

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// partner is a careless client: it forgets answers, asks twice and closes what it should not.
type partner struct {
	*desk
	dice  *rand.Rand
	known []int64 // orders it has heard of
}

func (a *partner) step() {
	switch n := a.dice.IntN(100); {
	case n < 35:
		a.createSomething()
	case n < 60:
		a.closeSomething()
	case n < 75:
		a.abandonSomething()
	case n < 82:
		a.p.Clock.Advance(time.Duration(a.dice.IntN(600)) * time.Second)
	case n < 84:
		a.p.Clock.Advance(time.Duration(a.dice.IntN(72)) * time.Hour)
	case n < 94:
		a.trouble()
	default:
		_, _ = a.try("availabilityService", "getUpdatedAvailabilities", object{
			"pointOfSalesId": a.in.w.PointOfSales.ID, "productIds": []int64{a.in.products[0].id}, "referenceDate": aDay,
		})
	}
}

// trouble arms a fault that changing calls may meet.
func (a *partner) trouble() {
	kind := kinds[a.dice.IntN(len(kinds))]
	if kind == Slow {
		return
	}
	method := []string{"createOrUpdateOrder", "closeOrder", "abandonMovements", "*"}[a.dice.IntN(4)]
	a.p.Fault(method, Fault{Kind: kind, Times: 1 + a.dice.IntN(2), After: a.dice.IntN(3)})
}

func (a *partner) createSomething() {
	body := a.entries()
	delete(body, "singleEntryAttributionOperations")
	if a.dice.IntN(3) > 0 {
		var lines []object
		for range 1 + a.dice.IntN(3) {
			if l := a.someLine(); l != nil {
				lines = append(lines, l)
			}
		}
		if lines != nil {
			body["singleEntryAttributionOperations"] = []object{{"operationAttributions": lines}, {"operationAttributions": lines[:1]}}[:1+a.dice.IntN(2)]
		}
	}
	if items := a.someItems(); items != nil {
		body["simpleProductOperations"] = items
	}
	if len(a.known) > 0 && a.dice.IntN(4) == 0 {
		body["orderId"] = a.some()
	}
	o, err := a.try("externalOrderFacade", "createOrUpdateOrder", body)
	if err == nil && o.code() == "success" {
		a.known = append(a.known, o.get("orderUpdateData").id("orderId"))
	}
}

func (a *partner) some() int64 { return a.known[a.dice.IntN(len(a.known))] }

func (a *partner) someLine() object {
	pr := a.in.products[a.dice.IntN(len(a.in.products))]
	if len(pr.perfs) == 0 {
		return nil
	}
	cats := pr.venue.categories
	return object{
		"performanceId":         pr.perfs[a.dice.IntN(min(len(pr.perfs), 3))].id,
		"seatCategoryId":        cats[a.dice.IntN(len(cats))].id,
		"audienceSubCategoryId": a.in.tariffs[a.dice.IntN(len(a.in.tariffs))].id,
		"quantity":              1 + a.dice.IntN(6),
	}
}

func (a *partner) someItems() []object {
	var out []object
	for _, pr := range a.in.products {
		if _, is := notSold(pr.def.Family); is {
			continue
		}
		for _, it := range pr.items {
			if a.dice.IntN(5) > 0 {
				continue
			}
			o := object{"itemId": it.id, "audienceSubCategoryId": a.in.tariffs[a.dice.IntN(2)].id, "quantity": 1 + a.dice.IntN(3)}
			if it.dated() {
				o["visitDate"] = a.p.Clock.Now().AddDate(0, 0, a.dice.IntN(3)).Format(time.DateOnly)
			}
			if it.slots != nil {
				o["timeslotId"] = it.slots[a.dice.IntN(len(it.slots))].id
				o["visitDate"] = a.p.Clock.Now().AddDate(0, 0, a.dice.IntN(3)).Format(time.DateOnly)
			}
			out = append(out, o)
		}
	}
	return out
}

func (a *partner) closeSomething() {
	if len(a.known) == 0 {
		return
	}
	id := a.some()
	body := object{"orderId": id, "generateBarCodes": a.dice.IntN(5) > 0}
	if a.dice.IntN(2) == 0 {
		o, err := a.try("externalOrderService", "getOrderDetails", object{"orderId": id})
		if err != nil {
			return
		}
		body = a.closing(id, o.get("orderDetailsData").id("saleAmount")+int64(a.dice.IntN(8)/7))
	}
	for range 1 + a.dice.IntN(2) {
		o, err := a.try("externalOrderService", "closeOrder", body)
		if err == nil && o.code() == "in_progress" {
			body["requestId"] = o.id("requestId")
		}
	}
}

func (a *partner) abandonSomething() {
	if len(a.known) == 0 {
		return
	}
	id := a.some()
	o, err := a.try("externalOrderService", "getOrderDetails", object{"orderId": id, "granularity": "MOVEMENTS"})
	if err != nil {
		return
	}
	var ids []int64
	for _, m := range o.get("orderDetailsData").list("movementDatas") {
		if a.dice.IntN(2) == 0 {
			ids = append(ids, m.id("movementId"))
		}
	}
	_, _ = a.try("externalOrderService", "abandonMovements", object{"orderId": id, "movementIds": ids})
}

func TestSchedule_WhateverHappens_EveryPromiseHolds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(24) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "journal")
			p := newPlatform(t, func(p *Platform) { p.Seed, p.Journal, p.AccountLimit = seed+1, file, 8_000_000 })
			var partners []*partner
			for i, in := range p.institutions {
				partners = append(partners, &partner{desk: at(t, p, in.w.Code), dice: rand.New(rand.NewPCG(seed, uint64(i)))})
			}
			for i := range 300 {
				partners[i%3].step()
				if i%60 == 59 {
					sound(t, p)
				}
				if t.Failed() {
					t.Fatalf("after step %d", i)
				}
			}
			sound(t, p)
			replayed(t, p, file)
			if closed := p.byCode["theatre"].balance + p.byCode["museum"].balance; closed == 0 {
				t.Error("the schedule sold nothing, it proves nothing")
			}
		})
	}
}

// replayed starts a second platform from the journal and compares.
func replayed(t *testing.T, p *Platform, file string) {
	t.Helper()
	again := newPlatform(t, func(q *Platform) { q.Journal, q.Clock = file, NewClock(p.Clock.Now()) })
	sound(t, again)
	a, b := remembered(t, p), remembered(t, again)
	if a != b {
		t.Errorf("-lived +replayed\n%.3000s", cmp.Diff(a, b))
	}
}

func TestSchedule_ManyAtOnce_SellEachPlaceOnce(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.Journal = filepath.Join(t.TempDir(), "journal") })
	d := at(t, p, "stadium")
	perf := d.next("H04")
	before := d.left(perf, "FAMILIE")
	body := d.entries(d.line(perf, "FAMILIE", "VOLL", 4))
	p.Fault("closeOrder", Fault{Kind: CutAfterCommit, Probability: 0.2})
	p.Fault("createOrUpdateOrder", Fault{Kind: Slow, Delay: time.Millisecond, Probability: 0.2})
	var wg sync.WaitGroup
	var mu sync.Mutex
	var sold []int64
	for range 8 {
		wg.Go(func() {
			for range 15 {
				o, err := d.try("externalOrderFacade", "createOrUpdateOrder", body)
				if err != nil || o.code() != "success" {
					t.Errorf("create: %v %v", o, err)
					return
				}
				id := o.get("orderUpdateData").id("orderId")
				_, _ = d.try("externalOrderService", "closeOrder", object{"orderId": id})
				o, err = d.try("externalOrderService", "getOrderDetails", object{"orderId": id})
				if err == nil && o.get("orderDetailsData").str("orderState") == "CLOSED" {
					mu.Lock()
					sold = append(sold, id)
					mu.Unlock()
				}
				if err := p.Check(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	slices.Sort(sold)
	if n := len(slices.Compact(sold)); n != 120 || d.left(perf, "FAMILIE") != before-480 {
		t.Errorf("%d sales, %d of %d left", n, d.left(perf, "FAMILIE"), before)
	}
	sound(t, p)
}
