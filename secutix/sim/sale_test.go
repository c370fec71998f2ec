package sim

import (
	"testing"
	"time"
)

func TestSale_HoldThenClose_GivesOneBarcodePerPlace(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	before := d.left(perf, "CAT1")

	id, total := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 2), d.line(perf, "CAT1", "ENFANT", 1)))
	if total != 2*42000+16000 {
		t.Errorf("total %d", total)
	}
	if got := d.left(perf, "CAT1"); got != before-3 {
		t.Errorf("left %d, want %d", got, before-3)
	}
	answer := d.must("externalOrderService", "closeOrder", d.closing(id, total))

	seen := map[string]bool{}
	for _, m := range answer.get("orderData").list("movementDatas") {
		if m.str("type") != "SEAT" || m.str("row") == "" || m.str("number") == "" || m.str("entrance") == "" {
			t.Errorf("movement without a seat: %v", m)
		}
		for _, ticket := range m.list("tickets") {
			if code := ticket.str("barcode"); wellFormed(code) && ticket.str("ticketState") == "VALID" {
				seen[code] = true
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d barcodes, want 3", len(seen))
	}
	if got := d.details(id); got.str("orderState") != "CLOSED" || got.id("saleAmount") != total {
		t.Errorf("details %v", got)
	}
	if d.in.balance != total {
		t.Errorf("account %d, want %d", d.in.balance, total)
	}
	sound(t, p)
}

func TestHold_PastItsTime_GivesItsPlacesBackAtThatMoment(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	before := d.left(perf, "CAT2")
	id, total := d.hold(d.entries(d.line(perf, "CAT2", "PLEIN", 4)))

	p.Clock.Advance(15*time.Minute - time.Second)
	if got := d.left(perf, "CAT2"); got != before-4 {
		t.Errorf("a second early: left %d, want %d", got, before-4)
	}
	p.Clock.Advance(time.Second)
	if got := d.left(perf, "CAT2"); got != before {
		t.Errorf("left %d, want %d", got, before)
	}
	if got := d.call("externalOrderService", "closeOrder", d.closing(id, total)); got.code() != errExpired || got["expectedException"] != true {
		t.Errorf("close: %v", got)
	}
	if got := d.details(id); got.str("orderState") != "ABANDONED" {
		t.Errorf("state %s", got.str("orderState"))
	}
	sound(t, p)
}
