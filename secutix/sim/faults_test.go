package sim

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"guichet/secutix/s360"
)

func TestFault_AtClose_LeavesTheWorldAsItsNameSays(t *testing.T) {
	t.Parallel()
	for kind, closed := range map[Kind]bool{
		CutBeforeCommit: false, Limit509: false, Garbage: false, Error500: false,
		CutAfterCommit: true, HalfBody: true,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			d := at(t, p, "theatre")
			id, total := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 2)))
			p.Fault("closeOrder", Fault{Kind: kind})
			if o, err := d.try("externalOrderService", "closeOrder", d.closing(id, total)); err == nil {
				t.Errorf("answered %v", o)
			}
			if got := d.details(id).str("orderState") == "CLOSED"; got != closed {
				t.Errorf("closed %v, want %v", got, closed)
			}
			sound(t, p)
			calls := p.Calls()
			if last := calls[len(calls)-2]; last.Method != "closeOrder" || last.Fault != kind {
				t.Errorf("call %+v", last)
			}
			if again, err := d.try("externalOrderService", "closeOrder", d.closing(id, total)); err != nil || (again.code() == "success") == closed {
				t.Errorf("again: %v %v", again, err)
			}
			sound(t, p)
		})
	}
}

func TestFault_DroppedConnection_LooksLikeOne(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	for _, kind := range []Kind{CutBeforeCommit, CutAfterCommit, HalfBody} {
		p.Fault("getPOSConfig", Fault{Kind: kind})
		_, text, err := d.send("/tnseb/backend-apis/catalogService/v1_33/getPOSConfig", object{})
		if !errors.Is(err, io.ErrUnexpectedEOF) || (text == "") != (kind != HalfBody) {
			t.Errorf("%s: %d bytes, %v", kind, len(text), err)
		}
	}
}

func TestFault_InProgress_TheResultWaitsUnderItsId(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	id, total := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 2)))
	p.Fault("closeOrder", Fault{Kind: InProgress, Times: 2})
	first := d.call("externalOrderService", "closeOrder", d.closing(id, total))
	poll := with(d.closing(id, total), "requestId", first.id("requestId"))
	if first.code() != "in_progress" || first.id("requestId") == 0 {
		t.Fatalf("first: %v", first)
	}
	if again := d.call("externalOrderService", "closeOrder", poll); again.code() != "in_progress" {
		t.Errorf("second: %v", again)
	}
	done := d.call("externalOrderService", "closeOrder", poll)
	if done.code() != "success" || len(done.get("orderData").list("movementDatas")) != 2 {
		t.Errorf("third: %v", done)
	}
	if len(d.in.postings) != 1 {
		t.Errorf("%d postings", len(d.in.postings))
	}
	sound(t, p)
}

func TestFault_SoldOutMeanwhile_EndsAfterAWhile(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	th, mu := at(t, p, "theatre"), at(t, p, "museum")
	perf := th.next("GODOT")
	seats := th.entries(th.line(perf, "CAT1", "PLEIN", 2))
	visit := mu.simples(mu.simple("BILLET", "ADULTE", 1, object{"timeslotId": mu.slotAt(14, 30), "visitDate": "2026-11-24"}))
	before := th.left(perf, "CAT1")
	for _, code := range []string{"theatre", "museum"} {
		p.Fault("createOrUpdateOrder", Fault{Kind: SoldOutMeanwhile, Late: time.Minute, Institution: code})
	}
	for d, body := range map[*desk]object{th: seats, mu: visit} {
		if o := d.create(body); o.code() != errAvailability {
			t.Errorf("meanwhile: %v", o)
		}
		if o := d.create(body); o.code() != errAvailability {
			t.Errorf("still: %v", o)
		}
	}
	if got := th.left(perf, "CAT1"); got != 0 {
		t.Errorf("left %d", got)
	}
	if got := th.left(perf, "CAT2"); got == 0 {
		t.Error("a category nobody asked for is gone too")
	}
	p.Clock.Advance(time.Minute)
	if got := th.left(perf, "CAT1"); got != before {
		t.Errorf("afterwards: left %d, want %d", got, before)
	}
	th.hold(seats)
	mu.hold(visit)
	sound(t, p)
}

func TestFault_PriceMoved_StaysAndMovesTheSetupStamp(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("GODOT")
	body := d.entries(d.line(perf, "CAT1", "PLEIN", 1))
	stamp := func() string {
		return d.must("catalogService", "getLastSetupUpdate", object{}).str("lastSetupUpdate")
	}
	before := stamp()
	p.Clock.Advance(time.Second)
	p.Fault("createOrUpdateOrder", Fault{Kind: PriceMoved, Amount: 1665})
	for range 2 {
		if _, total := d.hold(body); total != 44000 {
			t.Errorf("total %d", total)
		}
	}
	if stamp() <= before {
		t.Error("the setup stamp did not move")
	}
	prices := d.catalog(object{"productCode": "GODOT"}).Seasons[0].Products[0].Event.Performances[0].Prices
	if !slices.ContainsFunc(prices, func(p s360.Price) bool { return *p.Amount == 44000 }) {
		t.Error("the catalog does not know")
	}
	sound(t, p)
}

func TestFault_LateBarcodes_AreReadableAfterTheirTime(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	id, total := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 2)))
	p.Fault("closeOrder", Fault{Kind: LateBarcodes, Late: 20 * time.Second})
	count := func(o object) int {
		n := 0
		for _, m := range o.list("movementDatas") {
			n += len(m.list("tickets"))
		}
		return n
	}
	if n := count(d.must("externalOrderService", "closeOrder", d.closing(id, total)).get("orderData")); n != 0 {
		t.Errorf("%d at once", n)
	}
	p.Clock.Advance(20*time.Second - time.Millisecond)
	if n := count(d.details(id)); n != 0 {
		t.Errorf("%d too early", n)
	}
	p.Clock.Advance(time.Millisecond)
	if n := count(d.details(id)); n != 2 {
		t.Errorf("%d in time", n)
	}
	sound(t, p)
}

func TestFault_Slow_HoldsNobodyElseUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &Platform{RatePerMinute: -1}
		p.Clock = &Clock{}
		d := at(t, startedPlatform(t, p), "theatre")
		p.Fault("getPOSConfig", Fault{Kind: Slow, Delay: time.Hour, Institution: "theatre"})
		began := time.Now()
		done := make(chan error)
		go func() {
			_, err := d.try("catalogService", "getPOSConfig", object{})
			done <- err
		}()
		synctest.Wait()
		other := at(t, p, "museum")
		if status, _, _ := other.send(alive, object{}); status != http.StatusOK || time.Since(began) != 0 {
			t.Errorf("the neighbour waited %s: %d", time.Since(began), status)
		}
		if err := <-done; err != nil || time.Since(began) != time.Hour {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestFault_MeetsOnlyWhatItIsFor_AsOftenAsSaid(t *testing.T) {
	t.Parallel()
	met := func(l *faultList, n int, in, service, method string) (out []int) {
		for i := range n {
			if l.meet(1, in, service, method) != nil {
				out = append(out, i)
			}
		}
		return out
	}
	for name, tc := range map[string]struct {
		method string
		f      Fault
		want   []int
	}{
		"once":              {"closeOrder", Fault{Kind: Garbage}, []int{0}},
		"any method":        {"*", Fault{Kind: Garbage}, []int{0}},
		"twice after one":   {"closeOrder", Fault{Kind: Garbage, Times: 2, After: 1}, []int{1, 2}},
		"other method":      {"getPOSConfig", Fault{Kind: Garbage}, nil},
		"other house":       {"closeOrder", Fault{Kind: Garbage, Institution: "museum"}, nil},
		"this house":        {"closeOrder", Fault{Kind: Garbage, Institution: "theatre", Service: "externalOrderService"}, []int{0}},
		"other service":     {"closeOrder", Fault{Kind: Garbage, Service: "externalOrderFacade"}, nil},
		"certain chance":    {"closeOrder", Fault{Kind: Garbage, Probability: 1}, []int{0, 1, 2, 3, 4, 5}},
		"chance, at most 1": {"closeOrder", Fault{Kind: Garbage, Probability: 1, Times: 1}, []int{0}},
	} {
		var l faultList
		l.arm(tc.method, tc.f)
		if got := met(&l, 6, "theatre", "externalOrderService", "closeOrder"); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	var a, b faultList
	for _, l := range []*faultList{&a, &b} {
		l.arm("closeOrder", Fault{Kind: Garbage, Probability: 0.3})
	}
	first := met(&a, 1000, "theatre", "externalOrderService", "closeOrder")
	if !slices.Equal(first, met(&b, 1000, "theatre", "externalOrderService", "closeOrder")) {
		t.Error("the same seed gives other chances")
	}
	if len(first) < 250 || len(first) > 350 {
		t.Errorf("%d of 1000 at 0.3", len(first))
	}
}

func TestCall_Refused_IsRememberedWithItsCode(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	d.call("externalOrderService", "getOrderDetails", object{"orderId": 5})
	p.Fault("isCatalogServiceAlive", Fault{Kind: CutBeforeCommit})
	if _, _, err := d.send(alive, object{}); err == nil {
		t.Error("not cut")
	}
	got := p.Calls()
	if len(got) != 2 || got[0].Code != errOrderUnknown || got[0].Status != 200 || got[0].Version != "v1_33" || got[1].Status != 0 || got[1].Fault != CutBeforeCommit {
		t.Errorf("%+v", got)
	}
	if !got[0].At.Equal(aDay) || strings.Contains(got[0].Institution, " ") {
		t.Errorf("%+v", got[0])
	}
}
