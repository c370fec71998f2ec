package sales_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// basket asks for two places at each of three institutions.
func basket(key string) sales.BasketRequest {
	r := sales.BasketRequest{Key: key}
	for _, code := range []domain.InstitutionCode{"play", "opera", "arena"} {
		h := sample.HoldRequest("")
		h.Institution = code
		r.Orders = append(r.Orders, h)
	}
	return r
}

func seller() sales.Viewer { return sales.Viewer{Storefront: sample.Viewer().Storefront} }

func statuses(b sales.Basket) []sales.Status {
	var out []sales.Status
	for _, o := range b.Orders {
		out = append(out, o.Status)
	}
	return out
}

// nth behaves so in the nth call of that name, and answers otherwise.
func nth(call string, n int, a act) func(string) act {
	return func(c string) act {
		if c == call {
			n--
			if n == 0 {
				return a
			}
		}
		return answers
	}
}

func (h *till) basket(tb testing.TB) sales.Basket {
	tb.Helper()
	b, err := h.HoldBasket(tb.Context(), seller(), basket("b"))
	if err != nil || b.State() != sales.BasketHeld || len(b.Orders) != 3 {
		tb.Fatalf("%v %v", statuses(b), err)
	}
	return b
}

func TestBasket_HeldAndClosed_ReplaysAsItIs(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	b := h.basket(t)
	again := h.basket(t)
	if diff := cmp.Diff(b, again); diff != "" {
		t.Errorf("(-first +replay):\n%s", diff)
	}
	b, err := h.CloseBasket(t.Context(), seller(), b.ID, "PAY-1")
	if err != nil || b.State() != sales.BasketIssued {
		t.Fatalf("%v %v", statuses(b), err)
	}
	if b, err = h.CloseBasket(t.Context(), seller(), b.ID, "PAY-1"); err != nil || b.State() != sales.BasketIssued {
		t.Errorf("closed again: %v %v", statuses(b), err)
	}
	if again, err = h.HoldBasket(t.Context(), seller(), basket("b")); err != nil || again.State() != sales.BasketIssued {
		t.Errorf("held again: %v %v", statuses(again), err)
	}
	if h.platform.calls("hold") != 3 || h.platform.calls("close") != 3 {
		t.Errorf("asked %v", h.platform.asked)
	}
	_, err = h.Basket(t.Context(), sales.Viewer{Storefront: "other"}, b.ID)
	code(t, err, sales.CodeBasketUnknown)
	_, err = h.ReleaseBasket(t.Context(), seller(), b.ID)
	code(t, err, sales.CodeStatus)
}

func TestBasket_OneRefused_NothingIsHeld(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]act{"sold out": refuses, "no answer": cutAfter, "limited": limited} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			h.platform.script = nth("hold", 2, a)
			b, err := h.HoldBasket(t.Context(), seller(), basket("b"))
			code(t, err, sales.CodeBasketNotHeld)
			if e := domain.AsError(err); len(e.Fields) != 1 || e.Fields[0].Pointer != "/orders/1" {
				t.Errorf("%+v", e)
			}
			if len(b.Orders) != 2 || b.Orders[0].Status != sales.Released || h.platform.calls("hold") != 2 {
				t.Errorf("%v, asked %v", statuses(b), h.platform.asked)
			}
			again, err := h.HoldBasket(t.Context(), seller(), basket("b"))
			code(t, err, sales.CodeBasketNotHeld)
			if h.platform.calls("hold") != 2 || again.ID != b.ID {
				t.Errorf("the same key held something: %v", h.platform.asked)
			}
			_, err = h.CloseBasket(t.Context(), seller(), b.ID, "")
			code(t, err, sales.CodeBasketNotClosed)
			if h.platform.calls("close") != 0 {
				t.Error("something was sold")
			}
		})
	}
}

func TestBasket_TheSameRequestTwiceAtOnce_IsOneBasket(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	var other sales.Basket
	ids, began := h.IDs, false
	h.IDs = func(prefix string) string {
		if prefix == "ord" && !began { // the first one has seen that nobody was before it
			began = true
			other = h.basket(t)
		}
		return ids(prefix)
	}
	if diff := cmp.Diff(other, h.basket(t)); diff != "" || h.platform.calls("hold") != 3 {
		t.Errorf("(-one +other), asked %v:\n%s", h.platform.asked, diff)
	}
	for _, o := range h.store.all() {
		if o.Basket != other.ID {
			t.Errorf("%s is in the basket %s, not in %s", o.ID, o.Basket, other.ID)
		}
	}
}

func TestBasket_TheSameRequestWhileItIsHeld_WaitsAndGivesNothingBack(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	holds := 0
	h.platform.during = func(call string) {
		if call != "hold" {
			return
		}
		if holds++; holds == 2 {
			_, err := h.HoldBasket(t.Context(), seller(), basket("b"))
			code(t, err, sales.CodeKeyInProgress)
		}
	}
	h.basket(t)
	for _, o := range h.store.all() {
		expect(t, o, sales.Held)
	}
}

func TestBasket_TheSameRequestWhenTheHoldPassesForUnanswered_NeitherIsHeld(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	holds := 0
	h.platform.during = func(call string) {
		if call != "hold" {
			return
		}
		if holds++; holds == 3 {
			h.advance(2 * time.Minute)
			_, err := h.HoldBasket(t.Context(), seller(), basket("b"))
			code(t, err, sales.CodeBasketNotHeld)
		}
	}
	_, err := h.HoldBasket(t.Context(), seller(), basket("b"))
	code(t, err, sales.CodeBasketNotHeld)
	for _, o := range h.store.all() {
		expect(t, o, sales.Released)
	}
}

func TestBasket_CutInTheMiddle_GoesOnWithTheSameKey(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	holds := 0
	h.platform.during = func(call string) {
		if call == "hold" {
			if holds++; holds == 2 {
				panic("the process dies")
			}
		}
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = h.HoldBasket(t.Context(), seller(), basket("b"))
	}()
	h.platform.during = nil
	h.advance(2 * time.Minute) // the second order's hold is given up as unanswered
	_, err := h.HoldBasket(t.Context(), seller(), basket("b"))
	code(t, err, sales.CodeBasketNotHeld)
	for _, o := range h.store.all() {
		if o.Status == sales.Held {
			t.Errorf("%s is still held", o.ID)
		}
	}
}

func TestBasket_OneCloseRefused_TheSoldOnesAreUndone(t *testing.T) {
	t.Parallel()
	for _, byHand := range []bool{false, true} {
		h := newTill(t)
		h.platform.byHand = byHand
		b := h.basket(t)
		h.platform.script = nth("close", 2, refuses)
		b, err := h.CloseBasket(t.Context(), seller(), b.ID, "PAY")
		code(t, err, sales.CodeBasketNotClosed)
		want := []sales.Status{sales.Cancelled, sales.Released, sales.Released}
		if byHand {
			want[0] = sales.Review
		}
		if diff := cmp.Diff(want, statuses(b)); diff != "" {
			t.Errorf("by hand %t (-want +got):\n%s", byHand, diff)
		}
		if n := h.platform.calls("close"); n != 2 {
			t.Errorf("%d closes", n)
		}
		if diff := cmp.Diff([]int64{8400, -8400}, h.amounts(b.Orders[0].ID)); diff != "" && !byHand {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
	}
}

func TestBasket_CloseWithoutAnswer_GoesOnLater(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	b := h.basket(t)
	h.platform.script = nth("close", 2, cutAfter)
	b, err := h.CloseBasket(t.Context(), seller(), b.ID, "PAY")
	if err != nil || b.State() != sales.BasketClosing {
		t.Fatalf("%v %v", statuses(b), err)
	}
	h.advance(time.Minute)
	if _, err := h.SettleDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b, err = h.CloseBasket(t.Context(), seller(), b.ID, "PAY"); err != nil || b.State() != sales.BasketIssued || h.platform.calls("close") != 3 {
		t.Errorf("%v %v, asked %v", statuses(b), err, h.platform.asked)
	}
}

// sweep goes on with what is due, as the jobs do, until the time is over.
func (h *till) sweep(tb testing.TB, lasting time.Duration) {
	tb.Helper()
	for range lasting / (15 * time.Second) {
		h.advance(15 * time.Second)
		for _, job := range []func(context.Context) (domain.Outcome, error){h.SettleDue, h.ExpireDue, h.ContinueBaskets} {
			_, _ = job(tb.Context()) // what fails is tried again
		}
	}
}

func TestBasket_CloseThatStopped_GoesOnByItself(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		script func(string) act
		want   sales.BasketState
		closes int
	}{
		"no answer, and it was sold":     {nth("close", 2, cutAfter), sales.BasketIssued, 3},
		"no answer, and it was not sold": {nth("close", 1, cutBefore), sales.BasketIssued, 4},
		"a limit":                        {nth("close", 2, limited), sales.BasketIssued, 3},
		"a late barcode":                 {nth("close", 2, late), sales.BasketIssued, 3},
		"no answer, then refused": {func(a, b func(string) act) func(string) act {
			return func(call string) act { return max(a(call), b(call)) }
		}(nth("close", 1, cutAfter), nth("close", 2, refuses)), sales.BasketReleased, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			b := h.basket(t)
			h.platform.script = tt.script
			_, err := h.CloseBasket(t.Context(), seller(), b.ID, "PAY")
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range h.platform.orders {
				o.ready = o.state == sales.PlatformClosed
			}
			h.sweep(t, 5*time.Minute)
			if b, err = h.Basket(t.Context(), seller(), b.ID); err != nil || b.State() != tt.want || h.platform.calls("close") != tt.closes {
				t.Errorf("%v %v, asked %v", statuses(b), err, h.platform.asked)
			}
			for _, o := range b.Orders {
				if tt.want == sales.BasketIssued && o.PaymentReference != "PAY" {
					t.Errorf("closed with payment reference %q", o.PaymentReference)
				}
			}
			n := len(h.platform.asked)
			if h.sweep(t, time.Hour); len(h.platform.asked) != n {
				t.Errorf("it has ended, yet asked %v", h.platform.asked[n:])
			}
		})
	}
}

func TestBasket_AnOrderIsCancelledBeforeTheOthersAreSold_TheyAreSoldAllTheSame(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	b := h.basket(t)
	h.platform.script = nth("close", 2, cutBefore)
	b, err := h.CloseBasket(t.Context(), seller(), b.ID, "PAY")
	if err != nil || b.State() != sales.BasketClosing {
		t.Fatalf("%v %v", statuses(b), err)
	}
	if _, _, err := h.Cancel(t.Context(), seller(), b.Orders[0].ID, sales.CancelRequest{}); err != nil {
		t.Fatal(err)
	}
	h.sweep(t, 5*time.Minute)
	if b, err = h.Basket(t.Context(), seller(), b.ID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]sales.Status{sales.Cancelled, sales.Issued, sales.Issued}, statuses(b)); diff != "" {
		t.Errorf("(-want +got), asked %v:\n%s", h.platform.asked, diff)
	}
}

func TestBasket_ProcessDiesAnywhereInTheClose_EndsWhole(t *testing.T) {
	t.Parallel()
	for _, refused := range []int{0, 2, 3} { // which close is refused; 0 is none
		for dies := 1; ; dies++ {
			h := newTill(t)
			b := h.basket(t)
			if refused > 0 {
				h.platform.script = nth("close", refused, refuses)
			}
			calls := 0
			h.platform.during = func(string) {
				if calls++; calls == dies {
					panic("the process dies")
				}
			}
			died := func() (died bool) {
				defer func() { died = recover() != nil }()
				_, _ = h.CloseBasket(t.Context(), seller(), b.ID, "PAY")
				return false
			}()
			h.platform.during = nil
			h.sweep(t, 15*time.Minute)
			b, err := h.Basket(t.Context(), seller(), b.ID)
			if s := b.State(); err != nil || s != sales.BasketIssued && s != sales.BasketReleased || s == sales.BasketReleased && refused == 0 {
				t.Errorf("close %d refused, died in call %d: %v %v, asked %v", refused, dies, statuses(b), err, h.platform.asked)
			}
			if !died {
				break
			}
		}
	}
}

func TestBasket_UndoCannotBeAskedNow_IsTriedAgain(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	b := h.basket(t)
	closes, refunds := 0, 0
	h.platform.script = func(call string) act {
		switch call {
		case "close":
			if closes++; closes == 2 {
				return refuses
			}
		case "open refund":
			if refunds++; refunds < 3 {
				return limited
			}
		}
		return answers
	}
	_, err := h.CloseBasket(t.Context(), seller(), b.ID, "PAY")
	code(t, err, sales.CodeBasketNotClosed)
	h.sweep(t, 5*time.Minute)
	b, err = h.Basket(t.Context(), seller(), b.ID)
	if diff := cmp.Diff([]sales.Status{sales.Cancelled, sales.Released, sales.Released}, statuses(b)); diff != "" || err != nil {
		t.Errorf("%v, asked %v (-want +got):\n%s", err, h.platform.asked, diff)
	}
}

func TestBasket_TurnedToUndoing_NothingMoreIsSold(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	b := h.basket(t)
	inside := false
	h.platform.script = nth("close", 2, refuses)
	h.platform.during = func(call string) {
		if call != "release" || inside {
			return
		}
		inside = true // another driver comes while the first one undoes
		_, err := h.CloseBasket(t.Context(), seller(), b.ID, "PAY")
		code(t, err, sales.CodeBasketNotClosed)
	}
	_, err := h.CloseBasket(t.Context(), seller(), b.ID, "PAY")
	code(t, err, sales.CodeBasketNotClosed)
	h.sweep(t, 5*time.Minute)
	if n := h.platform.calls("close"); !inside || n != 2 {
		t.Errorf("asked %v", h.platform.asked)
	}
}

func TestBasket_HoldRunOut_NothingIsSold(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	b := h.basket(t)
	h.advance(11 * time.Minute)
	_, err := h.CloseBasket(t.Context(), seller(), b.ID, "")
	code(t, err, sales.CodeHoldExpired)
	if h.platform.calls("close") != 0 {
		t.Error("something was sold")
	}
}

func TestBasket_Released(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	b := h.basket(t)
	b, err := h.ReleaseBasket(t.Context(), seller(), b.ID)
	if err != nil || b.State() != sales.BasketReleased {
		t.Errorf("%v %v", statuses(b), err)
	}
	if b, err = h.HoldBasket(t.Context(), seller(), basket("b")); err != nil || b.State() != sales.BasketReleased || h.platform.calls("hold") != 3 {
		t.Errorf("replay: %v %v", statuses(b), err)
	}
}

func TestBasket_WrongRequests(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	for name, c := range map[string]struct {
		change        func(*sales.BasketRequest)
		code, pointer string
	}{
		"no key":            {func(r *sales.BasketRequest) { r.Key = "" }, sales.CodeKeyMissing, ""},
		"no orders":         {func(r *sales.BasketRequest) { r.Orders = nil }, domain.CodeRequest, "/orders"},
		"institution twice": {func(r *sales.BasketRequest) { r.Orders[2].Institution = "play" }, domain.CodeRequest, "/orders/2/institution"},
		"wrong quantity":    {func(r *sales.BasketRequest) { r.Orders[1].Wants[0].Quantity = 0 }, domain.CodeRequest, "/orders/1/items/0/quantity"},
		"wrong tariff":      {func(r *sales.BasketRequest) { r.Orders[2].Wants[0].Tariff = 9 }, domain.CodeRequest, "/orders/2/items/0/tariff"},
	} {
		r := basket("w")
		c.change(&r)
		_, err := h.HoldBasket(t.Context(), seller(), r)
		e := domain.AsError(err)
		if e == nil || e.Code != c.code || (c.pointer != "" && (len(e.Fields) == 0 || e.Fields[0].Pointer != c.pointer)) {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if len(h.store.all()) != 0 {
		t.Error("something was stored")
	}
	h.basket(t)
	other := basket("b")
	other.Orders = other.Orders[:2]
	_, err := h.HoldBasket(t.Context(), seller(), other)
	code(t, err, sales.CodeKeyReused)
}
