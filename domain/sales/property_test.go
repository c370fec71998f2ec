package sales_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// shop is what the storefront remembers of an order it was told about.
type shop struct {
	key     string
	request sales.HoldRequest
	id      sales.OrderID
	refused string // code of the refusal it was told
	issued  bool   // it was told that the order is issued
}

// TestSales_RandomEvents: whatever callers, time and the platform do, the promises of doc.go hold.
func TestSales_RandomEvents_KeepEveryPromise(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		h := newTill(t)
		h.platform.lives = rapid.SampledFrom([]time.Duration{0, 3 * time.Minute, time.Hour, -1}).Draw(t, "lives")
		calm := false
		h.platform.script = func(call string) act {
			if calm {
				return answers
			}
			kinds := map[string][]act{
				"hold":        {answers, answers, answers, refuses, cutBefore, cutAfter, limited},
				"close":       {answers, answers, refuses, cutBefore, cutAfter, limited, late, silent},
				"read":        {answers, answers, cutBefore},
				"release":     {answers, answers, refuses, cutBefore, cutAfter, limited},
				"open refund": {answers, answers, refuses, cutBefore, cutAfter, limited}, "close refund": {answers, answers, refuses, cutBefore, cutAfter, limited},
				"add": {answers, answers, refuses, cutBefore, cutAfter, limited}, "drop": {answers, answers, refuses, cutBefore, cutAfter, limited},
				"drop refund": {answers, refuses, cutAfter},
				"seat":        {answers, answers, refuses, cutBefore, cutAfter, cutAfter, cutAfter},
			}
			return rapid.SampledFrom(kinds[call]).Draw(t, call)
		}
		h.platform.change = func(x *sales.Hold) {
			if !calm && rapid.IntRange(0, 9).Draw(t, "dearer") == 0 {
				x.Total = sample.Euros(x.Total.Amount + 100)
			}
		}
		h.platform.code = func(_, m int64) sales.Barcode {
			if !calm && rapid.IntRange(0, 4).Draw(t, "barcode missing") == 0 {
				return ""
			}
			return sales.Barcode(fmt.Sprintf("0042%020d", m))
		}
		h.platform.taken = rapid.SliceOfDistinct(rapid.Int64Range(1, 8), rapid.ID[int64]).Draw(t, "taken")
		seats := func(t *rapid.T, places int) []sales.Wish {
			if !rapid.Bool().Draw(t, "choose") {
				return nil
			}
			return []sales.Wish{{Seats: rapid.SliceOfNDistinct(rapid.Int64Range(1, 12), places, places, rapid.ID[int64]).Draw(t, "seats")}}
		}
		var shops []*shop
		pick := func() *shop {
			if len(shops) == 0 {
				return nil
			}
			return rapid.SampledFrom(shops).Draw(t, "order")
		}
		with := func(do func(s *shop)) func(*rapid.T) {
			return func(*rapid.T) {
				if s := pick(); s != nil && s.id != "" {
					do(s)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"hold": func(t *rapid.T) {
				s := &shop{key: fmt.Sprint("k", len(shops))}
				s.request = sample.HoldRequest(s.key)
				s.request.Wants[0].Quantity = rapid.IntRange(1, 4).Draw(t, "places")
				s.request.Expected.Amount = 4200 * int64(s.request.Wants[0].Quantity)
				s.request.Wishes = seats(t, s.request.Wants[0].Quantity)
				shops = append(shops, s)
				h.ask(t, ctx, s)
			},
			"hold again": func(t *rapid.T) {
				if s := pick(); s != nil {
					h.ask(t, ctx, s)
				}
			},
			"close": with(func(s *shop) {
				c := sales.Change{Key: rapid.SampledFrom([]string{"", "c" + s.key}).Draw(t, "key")}
				if o, err := h.Close(ctx, sample.Viewer(), s.id, c); err == nil && o.Status == sales.Issued {
					s.issued = true
				}
			}),
			"release": with(func(s *shop) { _, _ = h.Release(ctx, sample.Viewer(), s.id, sales.Change{}) }),
			"extend":  with(func(s *shop) { _, _ = h.Extend(ctx, sample.Viewer(), s.id, sales.Change{}) }),
			"cancel": with(func(s *shop) {
				r := sales.CancelRequest{Key: rapid.SampledFrom([]string{"", "x" + s.key}).Draw(t, "key")}
				if o := h.store.orders[s.id]; len(o.Good()) > 0 && rapid.Bool().Draw(t, "one") {
					r.Tickets = []string{o.Good()[0].ID}
				}
				_, _, _ = h.Cancel(ctx, sample.Viewer(), s.id, r)
			}),
			"change": with(func(s *shop) {
				a := sales.Amendment{Key: rapid.SampledFrom([]string{"", "a" + s.key}).Draw(t, "key"), Wants: children(rapid.IntRange(1, 3).Draw(t, "full"), rapid.IntRange(1, 2).Draw(t, "child"))}
				if rapid.Bool().Draw(t, "full ones only") {
					a.Wants = a.Wants[:1]
				}
				if rapid.IntRange(0, 4).Draw(t, "dear") == 0 {
					a.Expected = &domain.Money{Amount: 1, Currency: "EUR"}
				}
				a.Wishes = seats(t, a.Wants[0].Quantity)
				o, err := h.Amend(ctx, sample.Viewer(), s.id, a)
				if err == nil && o.Status == sales.Held && a.Expected != nil && a.Key == "" {
					t.Fatalf("%s was changed at another total: %+v", s.id, o)
				}
			}),
			"exchange": with(func(s *shop) {
				o := h.store.orders[s.id]
				if len(o.Good()) == 0 {
					return
				}
				r := swap(o, 0)
				r.Key, r.Tickets = rapid.SampledFrom([]string{"", "e" + s.key}).Draw(t, "key"), []string{o.Good()[0].ID}
				if rapid.Bool().Draw(t, "all") {
					for _, t := range o.Good()[1:] {
						r.Tickets = append(r.Tickets, t.ID)
					}
				}
				if len(r.Tickets) == 1 { // the balcony is sold from two places on
					r.Target.SeatCategory = 0
				}
				_, _, _ = h.Exchange(ctx, sample.Viewer(), s.id, r)
			}),
			"settle":      with(func(s *shop) { _, _ = h.Settle(ctx, s.id, false) }),
			"settle now":  with(func(s *shop) { _, _ = h.Settle(ctx, s.id, true) }),
			"sweep":       func(*rapid.T) { _, _ = h.SettleDue(ctx) },
			"expire":      func(*rapid.T) { _, _ = h.ExpireDue(ctx) },
			"restart":     func(*rapid.T) { _, _ = h.Recover(ctx) },
			"time passes": func(t *rapid.T) { h.advance(time.Duration(rapid.IntRange(1, 400).Draw(t, "seconds")) * time.Second) },
			"barcodes": func(*rapid.T) {
				for _, s := range h.platform.orders {
					s.ready = true
				}
			},
			"": func(t *rapid.T) { h.promises(t, shops) },
		})
		// In the end the platform is calm, and everything gets known.
		calm = true
		for _, s := range h.platform.orders {
			s.ready = true
		}
		for range 4 {
			h.advance(2 * time.Hour)
			_, _ = h.ExpireDue(ctx)
			_, _ = h.SettleDue(ctx)
			_, _ = h.LookDue(ctx, "play")
		}
		h.promises(t, shops)
		h.rest(t)
	})
}

// ask holds, and checks that the same question gets the same answer.
func (h *till) ask(t *rapid.T, ctx context.Context, s *shop) {
	before := h.platform.calls("hold")
	o, err := h.Hold(ctx, sample.Viewer(), s.request)
	if domain.HasCode(err, sales.CodeKeyInProgress) {
		t.Fatalf("nothing runs beside us: %v", err)
	}
	if s.id == "" {
		all := h.store.all()
		s.id = all[len(all)-1].ID
		if err != nil {
			s.refused = domain.AsError(err).Code
		}
		return
	}
	if s.refused == domain.CodePlatformLimited { // it passes: the same key asks again
		if h.platform.calls("hold") != before+1 {
			t.Fatalf("%s was not asked for again", s.key)
		}
		s.refused = ""
		if err != nil {
			s.refused = domain.AsError(err).Code
		}
		return
	}
	if h.platform.calls("hold") != before {
		t.Fatalf("%s was held again", s.key)
	}
	if err != nil {
		if got := domain.AsError(err).Code; got != s.refused {
			t.Fatalf("%s was told %q first and %q now", s.key, s.refused, got)
		}
		return
	}
	if s.refused != "" {
		t.Fatalf("%s was refused (%s) first and is %s now", s.key, s.refused, o.Status)
	}
	if o.ID != s.id {
		t.Fatalf("%s was %s first and is %s now", s.key, s.id, o.ID)
	}
}

// promises checks what holds at every moment.
func (h *till) promises(t *rapid.T, shops []*shop) {
	barcodes := map[sales.Barcode]bool{}
	for _, o := range h.store.all() {
		last := sales.Status("")
		sold := false
		for _, s := range o.History {
			if s.Status != last && !slices.Contains(last.Steps(), s.Status) {
				t.Fatalf("%s went from %q to %q: %v", o.ID, last, s.Status, o.History)
			}
			last = s.Status
			sold = sold || s.Status.Sold()
		}
		if last != o.Status {
			t.Fatalf("%s is %s, its history ends %s", o.ID, o.Status, last)
		}
		closes, done := 0, 0
		for _, p := range h.store.posted(o.ID) {
			switch p.Kind {
			case sales.PostingClose:
				closes++
			case sales.PostingRefund:
				done++
			}
		}
		if (closes == 1) != sold || closes > 1 {
			t.Fatalf("%s has %d closes posted: %v", o.ID, closes, o.History)
		}
		for _, r := range o.Refunds {
			if r.State == sales.RefundDone {
				done--
			}
			if n, exchanged := h.store.orders[r.Replacement]; exchanged && r.State == sales.RefundDone && (!r.Replaced || len(n.Tickets) < len(r.Tickets)) {
				t.Fatalf("%s: tickets were taken back for %s, which has none: %+v", o.ID, n.ID, r)
			}
			if n, exchanged := h.store.orders[r.Replacement]; exchanged && r.State == sales.RefundRefused && n.Status == sales.Issued {
				t.Fatalf("%s: the exchange was refused, and %s is sold", o.ID, n.ID)
			}
		}
		if done != 0 {
			t.Fatalf("%s: refunds done and posted do not agree: %+v", o.ID, o.Refunds)
		}
		if o.Status == sales.Issued && len(o.Tickets) != o.Places() {
			t.Fatalf("%s has %d tickets for %d places", o.ID, len(o.Tickets), o.Places())
		}
		if o.Status.Unknown() && o.NextCheckAt.IsZero() && o.LookAt.IsZero() {
			t.Fatalf("%s is %s and nobody will look", o.ID, o.Status)
		}
		if p := h.platform.orders[o.Platform.OrderID]; o.Status == sales.Held && p.state == sales.PlatformOpen {
			h.holdsTheSame(t, &o, p)
		}
		places := map[string]bool{}
		for _, tk := range o.Tickets {
			if _, p := o.Place(tk.Place); p == nil || p.Movement != tk.Movement || places[tk.Place] || barcodes[tk.Barcode] {
				t.Fatalf("%s: ticket %+v", o.ID, tk)
			}
			places[tk.Place], barcodes[tk.Barcode] = true, true
		}
	}
	for _, s := range shops {
		if s.issued {
			if o := h.store.orders[s.id]; len(o.Tickets) != o.Places() {
				t.Fatalf("%s was told issued and is %s with %d tickets", s.id, o.Status, len(o.Tickets))
			}
		}
	}
	h.closesOnce(t)
}

// holdsTheSame checks that what is held here is what is held there, and that the buyer pays for it.
func (h *till) holdsTheSame(t *rapid.T, o *sales.Order, p *sold) {
	n, on := 0, map[int64]bool{}
	for _, l := range o.Lines {
		for _, pl := range l.Places {
			n++
			if id := pl.Seat.ID; p.seats[pl.Movement] != id || (id != 0 && on[id]) {
				t.Fatalf("%s: place %d is said to be on seat %d, and is on %d: %+v", o.ID, pl.Movement, id, p.seats[pl.Movement], p)
			}
			on[pl.Seat.ID] = true
			if p.lines[pl.Movement].Tariff != l.Tariff || !slices.Contains(p.movements, pl.Movement) {
				t.Fatalf("%s: place %d is not the platform's: %+v", o.ID, pl.Movement, p)
			}
		}
	}
	if n != len(p.movements) || n != o.Places() {
		t.Fatalf("%s has %d places for %d, the platform holds %d: %v %v", o.ID, n, o.Places(), len(p.movements), o.History, h.platform.asked)
	}
}

// closesOnce checks that a close is sent again only after a read said open.
func (h *till) closesOnce(t *rapid.T) {
	mayClose := map[string]bool{}
	for _, call := range h.platform.asked {
		f := strings.Fields(call)
		switch {
		case f[0] == "close":
			if may, asked := mayClose[f[1]]; asked && !may {
				t.Fatalf("order %s was closed again without a look: %v", f[1], h.platform.asked)
			}
			mayClose[f[1]] = false
		case f[0] == "read" && f[2] == string(sales.PlatformOpen):
			mayClose[f[1]] = true
		}
	}
	for id, u := range h.platform.refunds {
		if u.closes > 1 {
			t.Fatalf("refund %d was paid %d times", id, u.closes)
		}
	}
	for id, s := range h.platform.orders {
		if s.closes > 1 {
			t.Fatalf("order %d was closed %d times", id, s.closes)
		}
	}
}

// rest checks what holds when everything has come to rest: nothing is left unknown, and whatever the platform sold is sold
// here, or lies before a person.
func (h *till) rest(t *rapid.T) {
	ours := map[int64]sales.Order{}
	for _, o := range h.store.all() {
		if o.Status.Unknown() || o.Status == sales.Held {
			t.Fatalf("%s is still %s: %v", o.ID, o.Status, o.History)
		}
		if note := o.History[len(o.History)-1].Note; note == "duplicate" {
			t.Fatalf("%s has what another order has, on a platform that gives nothing twice: %+v", o.ID, o)
		}
		if o.Platform.OrderID != 0 {
			ours[o.Platform.OrderID] = o
		}
	}
	for id, s := range h.platform.orders {
		o, known := ours[id]
		switch {
		case s.state == sales.PlatformClosed && o.Status == sales.Cancelled && len(s.cancelled) != len(s.movements):
			t.Fatalf("the platform took %d of %d places back and we say %s", len(s.cancelled), len(s.movements), o.Status)
		case s.state == sales.PlatformClosed && o.Status == sales.Issued && len(s.movements)-len(s.cancelled) != len(o.Good()):
			t.Fatalf("the platform took %d of %d places back and we have %d good tickets: %v %+v", len(s.cancelled), len(s.movements), len(o.Good()), o.History, o.Refunds)
		case s.state == sales.PlatformClosed && o.Status != sales.Issued && o.Status != sales.Cancelled && o.Status != sales.Review:
			t.Fatalf("the platform sold %d and we say %s: %v", id, o.Status, o.History)
		case s.state != sales.PlatformClosed && known && o.Status == sales.Issued:
			t.Fatalf("we sold %d and the platform says %s", id, s.state)
		}
	}
}
