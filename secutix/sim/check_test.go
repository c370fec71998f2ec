package sim

import (
	"strings"
	"testing"
	"time"
)

func TestCheck_NamesEveryBrokenPromise(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		corrupt func(in *institution, open, closed *order)
		want    []string
	}{
		"a seat held twice": {func(in *institution, open, closed *order) {
			open.Operations[0].Movements[0].Seat = closed.Operations[0].Movements[0].Seat
			open.Operations[0].Movements[0].Block = closed.Operations[0].Movements[0].Block
		}, []string{"belongs to movement"}},
		"a seat sold elsewhere too": {func(in *institution, open, _ *order) {
			m := open.Operations[0].Movements[0]
			in.stockAt(open.Operations[0], m).markGone(m.Seat)
		}, []string{"was sold elsewhere and to movement"}},
		"a seat that forgets": {func(in *institution, open, _ *order) {
			m := open.Operations[0].Movements[0]
			delete(in.stockAt(open.Operations[0], m).taken, int32(m.Seat))
		}, []string{"does not know movement", "seats free"}},
		"a count too low": {func(in *institution, open, _ *order) {
			in.stockAt(open.Operations[0], open.Operations[0].Movements[0]).held--
		}, []string{"the orders say"}},
		"less than nothing left": {func(in *institution, open, _ *order) {
			in.stockAt(open.Operations[0], open.Operations[0].Movements[0]).elsewhere += 10_000
		}, []string{"places left"}},
		"a movement in two orders": {func(in *institution, open, closed *order) {
			open.Operations[0].Movements[0].ID = closed.Operations[0].Movements[0].ID
		}, []string{"is in order"}},
		"an operation in two orders": {func(in *institution, open, closed *order) {
			open.Operations[0].ID = closed.Operations[0].ID
		}, []string{"operation"}},
		"a hold past its time": {func(in *institution, open, _ *order) {
			open.Expires = aDay
			delete(in.open, open.ID)
		}, []string{"is open after it ran out"}},
		"an abandoned order that holds": {func(in *institution, open, _ *order) {
			open.State = stateAbandoned
			delete(in.open, open.ID)
		}, []string{"which is abandoned"}},
		"an order closed twice":              {func(in *institution, _, closed *order) { closed.Closes++ }, []string{"was closed 2 times"}},
		"an open order that was closed":      {func(in *institution, open, _ *order) { open.Closes++ }, []string{"is RUNNING and was closed"}},
		"an account that is off":             {func(in *institution, _, _ *order) { in.balance++ }, []string{"the account stands at"}},
		"a posting twice":                    {func(in *institution, _, _ *order) { in.postings = append(in.postings, in.postings[0]) }, []string{"on the account twice", "the account stands at"}},
		"a lost posting":                     {func(in *institution, _, _ *order) { in.postings = nil }, []string{"the account stands at"}},
		"another amount":                     {func(in *institution, _, closed *order) { closed.Amount++ }, []string{"was closed for"}},
		"a price that moved in a sold order": {func(in *institution, _, closed *order) { closed.Operations[0].Price++ }, []string{"was closed for"}},
		"a sold place without a barcode":     {func(in *institution, _, closed *order) { closed.Operations[0].Movements[0].Barcode = "" }, []string{"has no barcode", "barcodes are registered"}},
		"one barcode for two": {func(in *institution, _, closed *order) {
			closed.Operations[0].Movements[1].Barcode = closed.Operations[0].Movements[0].Barcode
		}, []string{"have the same barcode"}},
		"a malformed barcode": {func(in *institution, _, closed *order) { closed.Operations[0].Movements[0].Barcode = "42" }, []string{"malformed barcode", "not registered"}},
		"a barcode on a hold": {func(in *institution, open, _ *order) { open.Operations[0].Movements[0].Barcode = "1" }, []string{"has a barcode before"}},
		"a barcode of nobody": {func(in *institution, _, _ *order) { in.barcodes["1"] = 1 }, []string{"barcodes are registered"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			d := at(t, p, "theatre")
			closed, total := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 2)))
			d.must("externalOrderService", "closeOrder", d.closing(closed, total))
			open, _ := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 2)))
			p.Clock.Advance(time.Second)
			sound(t, p)
			tc.corrupt(d.in, d.in.orders[open], d.in.orders[closed])
			err := p.Check()
			for _, want := range tc.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not named in: %v", want, err)
				}
			}
		})
	}
}

func TestCheck_NamesAllOfThem_NotTheFirst(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.byCode["museum"].balance, p.byCode["stadium"].balance = 1, 2
	err := p.Check()
	if err == nil || !strings.Contains(err.Error(), "museum: ") || !strings.Contains(err.Error(), "stadium: ") {
		t.Errorf("%v", err)
	}
}
