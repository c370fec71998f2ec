package storagetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
)

func salesTests() []test {
	return []test{
		{"any order comes back as it was", anyOrderComesBack},
		{"an unknown order, key or ticket is not found", unknownOrder},
		{"one key makes one order, however many ask", oneKeyOneOrder},
		{"a bound key stays the first one", boundKeyStays},
		{"a key is bound with the change, or neither is", keyBoundWithChange},
		{"a change is made once for a key, and a refused one binds none", changeOnce},
		{"of many requests with a key at once one changes", changesOnceAtOnce},
		{"a key of no order is refused at commit and not kept", keyOfNoOrder},
		{"200 updates at once lose none", updatesLoseNone},
		{"a closure's error changes nothing and is returned", closureErrorChangesNothing},
		{"a failing commit is returned and leaves nothing half", failingCommit},
		{"a cancelled update is returned and leaves nothing half", cancelledUpdate},
		{"an update that changes nothing writes nothing", idleUpdate},
		{"a change writes its tasks and postings with it", changeWritesLeftovers},
		{"a barcode or platform order is sold once in an institution", duplicatesRefused},
		{"a ticket leads to its order", ticketLeadsToOrder},
		{"due orders come oldest first, whatever the zone", dueOrders},
		{"looks come with the nearest performance first", dueLooks},
		{"a day's looks are counted to their number, however many count", dayOfLooks},
		{"a basket's orders are found", basketOrders},
		{"a basket's close is begun once and due until it has ended", basketCloses},
		{"the list is newest first and stable under inserts", listIsStable},
		{"the list keeps to what is asked for", listFilters},
		{"orders are found by the performance of their tickets", performanceOrders},
		{"a made-up cursor is refused", cursorRefused},
		{"orders are counted and what they post is owed", countsAndOwed},
		{"a closed database is unavailable", closedDatabase},
	}
}

// anyTime is the zero time or some millisecond of about a century, in UTC.
func anyTime() *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		if rapid.Bool().Draw(t, "zero") {
			return time.Time{}
		}
		return time.UnixMilli(rapid.Int64Range(-1e12, 4e12).Draw(t, "ms")).UTC()
	})
}

// anyShape is how reflection fills a type: with every time above, and with short texts of any letters, because length is
// not what is tested and costs most of the time.
func anyShape() rapid.MakeConfig {
	text := rapid.StringN(0, 6, -1)
	texts := rapid.OneOf(rapid.Just(map[string]string(nil)), rapid.MapOfN(text, text, 0, 2))
	return rapid.MakeConfig{
		Types: map[reflect.Type]*rapid.Generator[any]{
			reflect.TypeFor[time.Time]():         anyTime(),
			reflect.TypeFor[domain.Text]():       texts.AsAny(),
			reflect.TypeFor[map[string]string](): texts.AsAny(),
		},
		Kinds:  map[reflect.Kind]*rapid.Generator[any]{reflect.String: text.AsAny()},
		Fields: map[reflect.Type]map[string]*rapid.Generator[any]{},
	}
}

// anyOrder makes orders of every shape that reflection finds in the type, so that a new member is covered at once.
func anyOrder() *rapid.Generator[sales.Order] {
	shape := anyShape()
	shape.Fields[reflect.TypeFor[sales.Order]()] = map[string]*rapid.Generator[any]{
		"Tasks":    rapid.Just([]domain.Task(nil)).AsAny(),
		"Postings": rapid.Just([]sales.Posting(nil)).AsAny(),
		"Limit":    rapid.Just((*domain.Money)(nil)).AsAny(),
		"Bind":     rapid.Just((*sales.Key)(nil)).AsAny(),

		"ConfirmByMail": rapid.Just(false).AsAny(),
		"Version":       rapid.Just(int64(1)).AsAny(),
		"Status":        rapid.SampledFrom(sales.Statuses()).AsAny(),
	}
	return rapid.MakeCustom[sales.Order](shape)
}

func anyOrderComesBack(t check) {
	n := 0
	rapid.Check(t.T, func(rt *rapid.T) {
		n++
		o := anyOrder().Draw(rt, "order")
		o.ID, o.Institution = sales.OrderID(fmt.Sprintf("ord_%d", n)), domain.InstitutionCode(fmt.Sprintf("i%d", n))
		for i := range o.Tickets {
			o.Tickets[i].ID = fmt.Sprintf("tkt_%d_%d", n, i)
			if o.Tickets[i].Barcode != "" {
				o.Tickets[i].Barcode += sales.Barcode(fmt.Sprintf("-%d", i))
			}
		}
		stored, _, _, err := t.db.Sales().CreateOrder(t.Context(), o, key(n))
		if err != nil {
			rt.Fatalf("create: %v", err)
		}
		if diff := cmp.Diff(o, stored); diff != "" {
			rt.Fatalf("create returned another order (-want +got):\n%s", diff)
		}
		got, err := t.db.Sales().Order(t.Context(), o.ID)
		if err != nil {
			rt.Fatalf("load: %v", err)
		}
		if diff := cmp.Diff(o, got); diff != "" {
			rt.Fatalf("loaded another order (-want +got):\n%s", diff)
		}
		other := anyOrder().Draw(rt, "other")
		other.ID, other.Institution, other.Status, other.Tickets = o.ID, o.Institution, o.Status, o.Tickets
		updated, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(p *sales.Order) error { *p = other; return nil })
		if err != nil {
			rt.Fatalf("update: %v", err)
		}
		other.Version = updated.Version
		if diff := cmp.Diff(other, updated); diff != "" {
			rt.Fatalf("update returned another order (-want +got):\n%s", diff)
		}
	})
}

func unknownOrder(t check) {
	_, err := t.db.Sales().Order(t.Context(), "ord_none")
	wantCode(t, err, domain.NotFound, sales.CodeUnknown)
	_, _, err = t.db.Sales().OrderByKey(t.Context(), "kiosk", "none")
	wantCode(t, err, domain.NotFound, sales.CodeUnknown)
	_, err = t.db.Sales().OrderByTicket(t.Context(), "tkt_none")
	wantCode(t, err, domain.NotFound, sales.CodeTicketUnknown)
	_, err = t.db.Sales().UpdateOrder(t.Context(), "ord_none", func(*sales.Order) error {
		t.Error("the closure ran without an order")
		return nil
	})
	wantCode(t, err, domain.NotFound, sales.CodeUnknown)
}

func oneKeyOneOrder(t check) {
	const askers = 8
	type answer struct {
		id      sales.OrderID
		created bool
		err     error
	}
	answers := make(chan answer, askers)
	for n := range askers {
		go func() {
			o, _, created, err := t.db.Sales().CreateOrder(t.Context(), order(n), key(0))
			answers <- answer{o.ID, created, err}
		}()
	}
	created := 0
	seen := map[sales.OrderID]bool{}
	for range askers {
		a := <-answers
		if a.err != nil {
			t.Fatal(a.err)
		}
		if a.created {
			created++
		}
		seen[a.id] = true
	}
	if created != 1 || len(seen) != 1 {
		t.Errorf("%d orders were created and %d returned for one key, want 1 and 1", created, len(seen))
	}
	list, _, err := t.db.Sales().Orders(t.Context(), sales.Query{})
	if err != nil || len(list) != 1 {
		t.Fatalf("%d orders are stored (%v), want 1", len(list), err)
	}
	byKey, k, err := t.db.Sales().OrderByKey(t.Context(), "kiosk", key(0).Key)
	if err != nil {
		t.Fatal(err)
	}
	if want := key(0); byKey.ID != list[0].ID || k.Order != byKey.ID || k.Digest != want.Digest || !k.At.Equal(want.At) {
		t.Errorf("key leads to %s as %+v, want %s", byKey.ID, k, list[0].ID)
	}
}

func boundKeyStays(t check) {
	o := create(t, order(1))
	first := sales.Key{Storefront: "kiosk", Key: "close-1", Call: "close", Digest: "aa", Order: o.ID, At: noon()}
	got, created, err := t.db.Sales().BindKey(t.Context(), first)
	if err != nil || !created {
		t.Fatalf("bind: created=%t, %v", created, err)
	}
	if diff := cmp.Diff(first, got); diff != "" {
		t.Errorf("bound another key (-want +got):\n%s", diff)
	}
	second := first
	second.Digest, second.Call = "bb", "release"
	got, created, err = t.db.Sales().BindKey(t.Context(), second)
	if err != nil || created {
		t.Fatalf("bind again: created=%t, %v", created, err)
	}
	if diff := cmp.Diff(first, got); diff != "" {
		t.Errorf("the second bind changed the key (-want +got):\n%s", diff)
	}
}

func keyBoundWithChange(t check) {
	o, other := create(t, order(1)), create(t, order(2))
	first := sales.Key{Storefront: "kiosk", Key: "close-1", Call: "close", Digest: "aa", Order: o.ID, At: noon()}
	bind := func(id sales.OrderID, k sales.Key, answer error) (sales.Order, error) {
		return t.db.Sales().UpdateOrder(t.Context(), id, func(p *sales.Order) error {
			p.Bind, p.Reference = &k, "changed with "+k.Digest
			return answer
		})
	}
	if _, err := bind(o.ID, first, errClosure); !errors.Is(err, errClosure) {
		t.Fatalf("error = %v, want the closure's", err)
	}
	_, _, err := t.db.Sales().OrderByKey(t.Context(), "kiosk", "close-1")
	wantCode(t, err, domain.NotFound, sales.CodeUnknown)
	for range 2 { // the same key for the same thing changes again
		changed, err := bind(o.ID, first, nil)
		if err != nil || changed.Bind != nil || changed.Reference != "changed with aa" {
			t.Fatalf("changed to %q, %+v left, %v", changed.Reference, changed.Bind, err)
		}
	}
	before := load(t, other.ID)
	for _, k := range []sales.Key{
		{Storefront: "kiosk", Key: "close-1", Call: "close", Digest: "bb", Order: other.ID, At: noon()},
		{Storefront: "kiosk", Key: "close-1", Call: "close", Digest: "aa", Order: other.ID, At: noon()},
		{Storefront: "kiosk", Key: "close-1", Call: "release", Digest: "aa", Order: o.ID, At: noon()},
	} {
		_, err = bind(other.ID, k, nil)
		wantCode(t, err, domain.Invalid, sales.CodeKeyReused)
	}
	if diff := cmp.Diff(before, load(t, other.ID)); diff != "" {
		t.Errorf("a reused key changed an order (-want +got):\n%s", diff)
	}
	_, k, err := t.db.Sales().OrderByKey(t.Context(), "kiosk", "close-1")
	if diff := cmp.Diff(first, k); err != nil || diff != "" {
		t.Errorf("bound another key (-want +got): %v\n%s", err, diff)
	}
}

func changeOnce(t check) {
	o := create(t, order(1))
	key := sales.Key{Storefront: "kiosk", Key: "extend-1", Call: "extend", Digest: "aa", Order: o.ID, At: noon()}
	more := func(o *sales.Order) error { o.Checks++; return nil }
	refused := domain.Errorf(domain.Conflict, sales.CodeStatus, "no")
	_, _, changed, err := t.db.Sales().UpdateOrderOnce(t.Context(), key, func(o *sales.Order) error { o.Checks = 9; return refused })
	if changed {
		t.Error("a refused change counts as made")
	}
	wantCode(t, err, domain.Conflict, sales.CodeStatus)
	got, k, changed, err := t.db.Sales().UpdateOrderOnce(t.Context(), key, more) // the refusal bound no key
	if err != nil || !changed || got.Checks != o.Checks+1 {
		t.Fatalf("first: changed=%t, %d checks, %v", changed, got.Checks, err)
	}
	if diff := cmp.Diff(key, k); diff != "" {
		t.Errorf("bound another key (-want +got):\n%s", diff)
	}
	second := key
	second.Digest = "bb"
	again, k, changed, err := t.db.Sales().UpdateOrderOnce(t.Context(), second, more)
	if err != nil || changed {
		t.Fatalf("again: changed=%t, %v", changed, err)
	}
	if diff := cmp.Diff(key, k); diff != "" {
		t.Errorf("the second request changed the key (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("the second request changed the order (-want +got):\n%s", diff)
	}
	second.Order = "ord_none"
	_, _, _, err = t.db.Sales().UpdateOrderOnce(t.Context(), second, more)
	wantCode(t, err, domain.NotFound, sales.CodeUnknown)
}

// changesOnceAtOnce has many requests with one key at once: one of them counts.
func changesOnceAtOnce(t check) {
	o := create(t, order(1))
	key := sales.Key{Storefront: "kiosk", Key: "extend-1", Call: "extend", Digest: "aa", Order: o.ID, At: noon()}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, _, _, err := t.db.Sales().UpdateOrderOnce(t.Context(), key, func(o *sales.Order) error { o.Checks++; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, err := t.db.Sales().Order(t.Context(), o.ID); err != nil || got.Checks != o.Checks+1 {
		t.Errorf("changed %d times, %v", got.Checks-o.Checks, err)
	}
}

// keyOfNoOrder breaks a constraint that is checked only at the commit.
func keyOfNoOrder(t check) {
	_, _, err := t.db.Sales().BindKey(t.Context(), sales.Key{Storefront: "kiosk", Key: "k", Call: "close", Digest: "d", Order: "ord_none"})
	wantCode(t, err, domain.NotFound, sales.CodeUnknown)
	_, _, err = t.db.Sales().OrderByKey(t.Context(), "kiosk", "k")
	wantCode(t, err, domain.NotFound, sales.CodeUnknown)
	create(t, order(1)) // the connection is usable after it
}

func updatesLoseNone(t check) {
	const updates = 200
	o := create(t, order(1))
	var wg sync.WaitGroup
	errs := make(chan error, updates)
	for range updates {
		wg.Go(func() {
			_, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(p *sales.Order) error { p.Checks++; return nil })
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := load(t, o.ID)
	if got.Checks != updates || got.Version != 1+updates {
		t.Errorf("checks = %d, version = %d, want %d and %d", got.Checks, got.Version, updates, 1+updates)
	}
}

// change is everything an update can write.
func change(o *sales.Order) {
	o.Status = sales.Issued
	o.Tickets = []sales.Ticket{{ID: "tkt_1", Barcode: "00420001", State: "VALID"}}
	o.Tasks = []domain.Task{{Kind: "sales.settle", Key: string(o.ID)}}
	o.Postings = []sales.Posting{{Institution: o.Institution, Order: o.ID, Kind: "close", Amount: o.Total, At: o.CreatedAt}}
}

// wantUntouched fails unless nothing of change is stored.
func wantUntouched(t check, before sales.Order) {
	t.Helper()
	if diff := cmp.Diff(before, load(t, before.ID)); diff != "" {
		t.Errorf("the order changed (-want +got):\n%s", diff)
	}
	_, err := t.db.Sales().OrderByTicket(t.Context(), "tkt_1")
	wantCode(t, err, domain.NotFound, sales.CodeTicketUnknown)
	if n := jobs(t); n != 0 {
		t.Errorf("%d jobs were asked for, want none", n)
	}
	if sum := owed(t, before.Institution); sum != 0 {
		t.Errorf("%d thousandths are owed, want none", sum)
	}
}

func closureErrorChangesNothing(t check) {
	o := create(t, order(1))
	_, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(p *sales.Order) error {
		change(p)
		return errClosure
	})
	if !errors.Is(err, errClosure) {
		t.Errorf("error = %v, want the closure's", err)
	}
	refusal := domain.Errorf(domain.Conflict, sales.CodeStatus, "no")
	_, err = t.db.Sales().UpdateOrder(t.Context(), o.ID, func(p *sales.Order) error {
		change(p)
		return refusal
	})
	if got := domain.AsError(err); got != refusal {
		t.Errorf("error = %v, want the closure's own", err)
	}
	wantUntouched(t, o)
}

// failingCommit leaves a posting of an order that does not exist: the constraint is checked only at the commit.
func failingCommit(t check) {
	o := create(t, order(1))
	_, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(p *sales.Order) error {
		change(p)
		p.Postings[0].Order = "ord_none"
		return nil
	})
	if err == nil {
		t.Fatal("the commit's error is lost")
	}
	wantUntouched(t, o)
	bad := order(2)
	change(&bad)
	bad.Postings[0].Order = "ord_none"
	if _, _, _, err := t.db.Sales().CreateOrder(t.Context(), bad, key(2)); err == nil {
		t.Fatal("the commit's error is lost")
	}
	wantUntouched(t, o)
	_, _, err = t.db.Sales().OrderByKey(t.Context(), "kiosk", key(2).Key)
	wantCode(t, err, domain.NotFound, sales.CodeUnknown)
	if _, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(p *sales.Order) error { change(p); return nil }); err != nil {
		t.Errorf("the next update fails: %v", err)
	}
}

func cancelledUpdate(t check) {
	o := create(t, order(1))
	ctx, cancel := context.WithCancel(t.Context())
	_, err := t.db.Sales().UpdateOrder(ctx, o.ID, func(p *sales.Order) error {
		change(p)
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want the cancellation", err)
	}
	wantUntouched(t, o)
	if _, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(p *sales.Order) error { change(p); return nil }); err != nil {
		t.Errorf("the next update fails: %v", err)
	}
}

func idleUpdate(t check) {
	o := create(t, order(1))
	got, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(*sales.Order) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o, got); diff != "" {
		t.Errorf("an idle update changed the order (-want +got):\n%s", diff)
	}
}

func changeWritesLeftovers(t check) {
	o := order(1)
	o.Tasks = []domain.Task{{Kind: "sales.settle", Key: string(o.ID), NotBefore: noon().UnixMilli()}}
	stored := create(t, o)
	if stored.Tasks != nil || stored.Postings != nil {
		t.Error("tasks and postings came back with the order")
	}
	updated, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(p *sales.Order) error {
		if p.Tasks != nil || p.Postings != nil {
			t.Error("the closure saw tasks or postings of before")
		}
		change(p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if updated.Version != 2 || updated.Tasks != nil || updated.Postings != nil {
		t.Errorf("update returned version %d with %d tasks and %d postings", updated.Version, len(updated.Tasks), len(updated.Postings))
	}
	if n := jobs(t); n != 2 {
		t.Errorf("%d jobs were asked for, want 2", n)
	}
	if sum := owed(t, "opera"); sum != 42000 {
		t.Errorf("%d thousandths are owed, want 42000", sum)
	}
	again, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(p *sales.Order) error {
		p.Postings = []sales.Posting{{Institution: "opera", Order: p.ID, Kind: "close", Amount: eur(4200)}}
		return nil
	})
	wantCode(t, err, domain.Conflict, sales.CodeDuplicate)
	if again.Version != 0 {
		t.Error("a refused update returned an order")
	}
}

func duplicatesRefused(t check) {
	first := create(t, order(1))
	second := create(t, order(2))
	give := func(id sales.OrderID, ticket string, code sales.Barcode) error {
		_, err := t.db.Sales().UpdateOrder(t.Context(), id, func(o *sales.Order) error {
			o.Tickets = append(o.Tickets, sales.Ticket{ID: ticket, Barcode: code})
			return nil
		})
		return err
	}
	if err := errors.Join(give(first.ID, "tkt_1", "0042"), give(first.ID, "tkt_2", ""), give(second.ID, "tkt_3", "")); err != nil {
		t.Fatal(err)
	}
	wantCode(t, give(second.ID, "tkt_4", "0042"), domain.Conflict, sales.CodeDuplicate)
	if err := give(second.ID, "tkt_4", "42"); err != nil {
		t.Errorf("a barcode without the leading zeros is another one: %v", err)
	}
	_, err := t.db.Sales().UpdateOrder(t.Context(), second.ID, func(o *sales.Order) error {
		o.Platform.OrderID = first.Platform.OrderID
		return nil
	})
	wantCode(t, err, domain.Conflict, sales.CodeDuplicate)

	elsewhere := order(3)
	elsewhere.Institution, elsewhere.Platform.OrderID = "museum", first.Platform.OrderID
	elsewhere.Tickets = []sales.Ticket{{ID: "tkt_5", Barcode: "0042"}}
	create(t, elsewhere)
	for n := 4; n < 6; n++ {
		unplaced := order(n)
		unplaced.Platform = sales.PlatformRef{}
		create(t, unplaced)
	}
	_, _, _, err = t.db.Sales().CreateOrder(t.Context(), order(1), key(99))
	wantCode(t, err, domain.Conflict, sales.CodeDuplicate)
}

func ticketLeadsToOrder(t check) {
	o := create(t, order(1))
	set := func(tickets ...sales.Ticket) {
		t.Helper()
		if _, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(p *sales.Order) error { p.Tickets = tickets; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	set(sales.Ticket{ID: "tkt_1"}, sales.Ticket{ID: "tkt_2"})
	set(sales.Ticket{ID: "tkt_1", Barcode: "1"}, sales.Ticket{ID: "tkt_3", Barcode: "2"})
	for _, id := range []string{"tkt_1", "tkt_3"} {
		got, err := t.db.Sales().OrderByTicket(t.Context(), id)
		if err != nil || got.ID != o.ID || len(got.Tickets) != 2 {
			t.Errorf("ticket %s leads to %s with %d tickets (%v), want %s with 2", id, got.ID, len(got.Tickets), err, o.ID)
		}
	}
	_, err := t.db.Sales().OrderByTicket(t.Context(), "tkt_2")
	wantCode(t, err, domain.NotFound, sales.CodeTicketUnknown)
}

func dueOrders(t check) {
	east, west := time.FixedZone("east", 2*60*60), time.FixedZone("west", -5*60*60)
	for n, at := range map[int]time.Time{
		1: noon().In(east), 2: noon().Add(-time.Millisecond).In(west), 3: noon().Add(time.Millisecond), 4: {}, 5: noon().Add(-time.Hour),
	} {
		o := order(n)
		o.NextCheckAt = at
		if n == 5 {
			o.Status = sales.Issued
		}
		create(t, o)
	}
	due := func(before time.Time, limit int) []sales.OrderID {
		t.Helper()
		ids, err := t.db.Sales().DueOrders(t.Context(), []sales.Status{sales.Held, sales.Closing}, before, limit)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	for _, before := range []time.Time{noon(), noon().In(east), noon().In(west)} {
		want := []sales.OrderID{"ord_0004", "ord_0002", "ord_0001"}
		if diff := cmp.Diff(want, due(before, 10)); diff != "" {
			t.Errorf("due at %s (-want +got):\n%s", before, diff)
		}
	}
	if got := due(noon().Add(-time.Millisecond).In(east), 10); len(got) != 2 {
		t.Errorf("a millisecond earlier %v are due, want two", got)
	}
	if got := due(noon(), 2); len(got) != 2 {
		t.Errorf("%d orders, want the limit of 2", len(got))
	}
	for n, at := range map[int]time.Time{6: {}, 7: noon().Add(-time.Minute)} { // the first waits for a person only
		o := order(n)
		o.Status, o.NextCheckAt = sales.Review, at
		create(t, o)
	}
	got, err := t.db.Sales().DueOrders(t.Context(), []sales.Status{sales.Review, sales.Closing}, noon(), 10)
	if diff := cmp.Diff([]sales.OrderID{"ord_0007"}, got); diff != "" || err != nil {
		t.Errorf("due in review: %v (-want +got):\n%s", err, diff)
	}
}

func basketCloses(t check) {
	s := t.db.Sales()
	first := sales.BasketClose{Basket: "bsk_1", PaymentReference: "PAY", Phase: sales.BasketSelling, BegunAt: noon(), NextAt: noon().Add(time.Minute)}
	for _, c := range []sales.BasketClose{first, {Basket: "bsk_1", PaymentReference: "OTHER", Phase: sales.BasketUndoing, BegunAt: noon()}} {
		got, err := s.BeginBasketClose(t.Context(), c)
		if diff := cmp.Diff(first, got); diff != "" || err != nil {
			t.Fatalf("begun: %v (-want +got):\n%s", err, diff)
		}
	}
	due := func(at time.Time) []sales.BasketID {
		ids, err := s.DueBasketCloses(t.Context(), at, 10)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	if len(due(noon())) != 0 || len(due(noon().Add(time.Minute))) != 1 {
		t.Error("due at the wrong time")
	}
	refused := errors.New("refused")
	if _, err := s.UpdateBasketClose(t.Context(), "bsk_1", func(*sales.BasketClose) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("a closure's error: %v", err)
	}
	for _, phase := range []sales.BasketPhase{sales.BasketUndoing, sales.BasketUndone} {
		got, err := s.UpdateBasketClose(t.Context(), "bsk_1", func(c *sales.BasketClose) error {
			c.Phase, c.Looks = phase, c.Looks+1
			return nil
		})
		if err != nil || got.Phase != phase || got.PaymentReference != "PAY" {
			t.Errorf("%+v, %v", got, err)
		}
		if n := len(due(noon().Add(time.Hour))); (n == 1) != (phase == sales.BasketUndoing) {
			t.Errorf("%d due while %s", n, phase)
		}
	}
	if _, err := s.UpdateBasketClose(t.Context(), "bsk_2", func(*sales.BasketClose) error { return nil }); !domain.HasCode(err, sales.CodeBasketUnknown) {
		t.Errorf("an unknown basket: %v", err)
	}
}

func dueLooks(t check) {
	for n, c := range []struct {
		status sales.Status
		at     time.Duration // zero is never
		starts time.Duration // zero is no performance
	}{
		{sales.Issued, -time.Hour, 0},
		{sales.Issued, -time.Hour, 48 * time.Hour},
		{sales.Issuing, -time.Minute, 24 * time.Hour},
		{sales.Issuing, time.Minute, time.Hour},
		{sales.Issued, 0, time.Hour},
		{sales.Cancelled, -time.Hour, time.Hour},
	} {
		o := order(n)
		o.Status = c.status
		if c.at != 0 {
			o.LookAt = noon().Add(c.at)
		}
		if c.starts != 0 {
			o.LookFor = noon().Add(c.starts)
		}
		create(t, o)
	}
	got, err := t.db.Sales().DueLooks(t.Context(), order(0).Institution, noon(), 10)
	want := []sales.DueLook{
		{Order: "ord_0002", Status: sales.Issuing, For: noon().Add(24 * time.Hour)},
		{Order: "ord_0001", Status: sales.Issued, For: noon().Add(48 * time.Hour)},
		{Order: "ord_0000", Status: sales.Issued},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("due: %v (-want +got):\n%s", err, diff)
	}
	if got, err := t.db.Sales().DueLooks(t.Context(), "elsewhere", noon(), 10); err != nil || len(got) != 0 {
		t.Errorf("another institution's: %v %v", got, err)
	}
}

func dayOfLooks(t check) {
	const most = 20
	var took atomic.Int64
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			got, err := t.db.Sales().TakeLook(t.Context(), "play", "2026-10-03", most)
			if err != nil {
				t.Error(err)
			}
			if got {
				took.Add(1)
			}
		})
	}
	wg.Wait()
	if took.Load() != most {
		t.Errorf("%d looks, want %d", took.Load(), most)
	}
	for day, most := range map[domain.Day]int{"2026-10-03": most, "2026-10-04": 0} {
		if got, err := t.db.Sales().TakeLook(t.Context(), "play", day, most); got || err != nil {
			t.Errorf("beyond %d on %s: %t, %v", most, day, got, err)
		}
	}
	if got, err := t.db.Sales().TakeLook(t.Context(), "play", "2026-10-04", 1); !got || err != nil {
		t.Errorf("another day: %t, %v", got, err)
	}
}

func basketOrders(t check) {
	for n := range 4 {
		o := order(n)
		if n > 0 {
			o.Basket = "bsk_1"
		}
		if n == 3 {
			o.Basket = "bsk_2"
		}
		create(t, o)
	}
	got, _, err := t.db.Sales().Orders(t.Context(), sales.Query{Basket: "bsk_1"})
	if diff := cmp.Diff([]sales.OrderID{"ord_0002", "ord_0001"}, ids(got)); diff != "" || err != nil {
		t.Errorf("a basket's orders: %v (-want +got):\n%s", err, diff)
	}
}

func listIsStable(t check) {
	for n := range 7 {
		o := order(n)
		o.CreatedAt = noon().Add(time.Duration(n/2) * time.Millisecond) // pairs of the same millisecond
		create(t, o)
	}
	var got []sales.OrderID
	q := sales.Query{Page: domain.Page{Limit: 2}}
	for page := 0; ; page++ {
		list, next, err := t.db.Sales().Orders(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ids(list)...)
		late := order(100 + page) // newer than everything: before the first page
		create(t, late)
		if next == "" {
			break
		}
		q.Page.Cursor = next
	}
	want := []sales.OrderID{"ord_0006", "ord_0005", "ord_0004", "ord_0003", "ord_0002", "ord_0001", "ord_0000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paging (-want +got):\n%s", diff)
	}
}

func performanceOrders(t check) {
	o := order(1)
	o.Lines = []sales.Line{{Performance: 77, Places: []sales.Place{{ID: "plc_77"}}}}
	o.Tickets = []sales.Ticket{{ID: "tkt_77", Place: "plc_77", Barcode: "0077"}}
	create(t, o)
	create(t, order(2))
	for id, want := range map[catalog.PerformanceID][]sales.OrderID{77: {o.ID}, 78: {}} {
		got, _, err := t.db.Sales().Orders(t.Context(), sales.Query{Institutions: []domain.InstitutionCode{o.Institution}, Performance: id})
		if diff := cmp.Diff(want, ids(got)); diff != "" || err != nil {
			t.Errorf("performance %d: %v (-want +got):\n%s", id, err, diff)
		}
	}
	got, _, err := t.db.Sales().Orders(t.Context(), sales.Query{Institutions: []domain.InstitutionCode{"elsewhere"}, Performance: 77})
	if err != nil || len(got) != 0 {
		t.Errorf("another institution's: %v, %v", ids(got), err)
	}
	if _, _, err := t.db.Sales().Orders(t.Context(), sales.Query{Performance: 77}); err == nil {
		t.Error("a performance of no institution was looked for")
	}
}

func listFilters(t check) {
	make2 := func(n int, change func(*sales.Order)) {
		o := order(n)
		change(&o)
		create(t, o)
	}
	make2(1, func(o *sales.Order) { o.Reference = "50%_off\\x" })
	make2(2, func(o *sales.Order) {
		o.Storefront, o.Buyer = "web", sales.Buyer{FirstName: "Σίσυφος", LastName: "Straße"}
	})
	make2(3, func(o *sales.Order) { o.Institution, o.Status = "museum", sales.Issued })
	make2(4, func(o *sales.Order) { o.Buyer.Email = "bob@example.net" })
	east := time.FixedZone("east", 3*60*60)
	for name, tt := range map[string]struct {
		q    sales.Query
		want []sales.OrderID
	}{
		"nothing asked":        {sales.Query{}, []sales.OrderID{"ord_0004", "ord_0003", "ord_0002", "ord_0001"}},
		"storefront":           {sales.Query{Storefront: "web"}, []sales.OrderID{"ord_0002"}},
		"institution":          {sales.Query{Institutions: []domain.InstitutionCode{"museum", "zoo"}}, []sales.OrderID{"ord_0003"}},
		"no institution":       {sales.Query{Institutions: []domain.InstitutionCode{}}, []sales.OrderID{}},
		"reference":            {sales.Query{Reference: "R-3"}, []sales.OrderID{"ord_0003"}},
		"statuses":             {sales.Query{Statuses: []sales.Status{sales.Issued, sales.Issuing}}, []sales.OrderID{"ord_0003"}},
		"from":                 {sales.Query{From: noon().Add(3 * time.Millisecond).In(east)}, []sales.OrderID{"ord_0004", "ord_0003"}},
		"to":                   {sales.Query{To: noon().Add(3 * time.Millisecond).In(east)}, []sales.OrderID{"ord_0002", "ord_0001"}},
		"platform order":       {sales.Query{PlatformID: 1002}, []sales.OrderID{"ord_0002"}},
		"platform file":        {sales.Query{PlatformID: 5004}, []sales.OrderID{"ord_0004"}},
		"part of id":           {sales.Query{Text: "RD_0003"}, []sales.OrderID{"ord_0003"}},
		"part of reference":    {sales.Query{Text: "0%_OFF\\"}, []sales.OrderID{"ord_0001"}},
		"wildcards are text":   {sales.Query{Text: "r-%"}, []sales.OrderID{}},
		"underscore is text":   {sales.Query{Text: "bob_example"}, []sales.OrderID{}},
		"e-mail in other case": {sales.Query{Text: "BOB@EXAMPLE"}, []sales.OrderID{"ord_0004"}},
		"accents fold":         {sales.Query{Text: "éLODIE garç", Institutions: []domain.InstitutionCode{"museum"}}, []sales.OrderID{"ord_0003"}},
		"last name first":      {sales.Query{Text: "garçon élodie", Statuses: []sales.Status{sales.Issued}}, []sales.OrderID{"ord_0003"}},
		"greek folds":          {sales.Query{Text: "ΣΊΣΥΦΟΣ"}, []sales.OrderID{"ord_0002"}},
		"several at once":      {sales.Query{Storefront: "kiosk", Statuses: []sales.Status{sales.Held}, Text: "anna@"}, []sales.OrderID{"ord_0001"}},
	} {
		list, next, err := t.db.Sales().Orders(t.Context(), tt.q)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tt.want, ids(list)); diff != "" || next != "" {
			t.Errorf("%s: next=%q (-want +got):\n%s", name, next, diff)
		}
	}
}

func cursorRefused(t check) {
	for _, cursor := range []string{"x", "!", "MTIz", "YWJjLmRlZg"} {
		_, _, err := t.db.Sales().Orders(t.Context(), sales.Query{Page: domain.Page{Cursor: cursor}})
		wantCode(t, err, domain.Invalid, domain.CodeRequest)
	}
}

func countsAndOwed(t check) {
	for n := range 3 {
		o := order(n)
		if n == 2 {
			o.Institution, o.Status = "museum", sales.Issued
		}
		o.Postings = []sales.Posting{{Institution: o.Institution, Order: o.ID, Kind: "close", Amount: eur(int64(100 * (n + 1))), At: noon()}}
		create(t, o)
	}
	counts, err := t.db.Sales().CountOrders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []sales.Count{{Institution: "museum", Status: sales.Issued, N: 1}, {Institution: "opera", Status: sales.Held, N: 2}}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	for code, amount := range map[domain.InstitutionCode]int64{"opera": 3000, "museum": 3000, "zoo": 0} {
		if got := owed(t, code); got != amount {
			t.Errorf("%d thousandths are owed to %s, want %d", got, code, amount)
		}
	}
}

func closedDatabase(t check) {
	create(t, order(1))
	if err := t.db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := t.db.Sales().Order(t.Context(), "ord_0001")
	wantCode(t, err, domain.Unavailable, domain.CodeStoreUnavailable)
	_, err = t.db.Sales().UpdateOrder(t.Context(), "ord_0001", func(*sales.Order) error { return nil })
	wantCode(t, err, domain.Unavailable, domain.CodeStoreUnavailable)
	if e := domain.AsError(err); e.RetryAfter <= 0 {
		t.Error("an unavailable database says no time to wait")
	}
	wantCode(t, t.db.Ping(t.Context()), domain.Unavailable, domain.CodeStoreUnavailable)
}
