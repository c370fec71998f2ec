package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// perUnit is how many of the platform's thousandths are one of our minor units, in the currency of the houses.
const perUnit = 10

// check compares what the storefront was told, what the service has, and what the platform has.
type check struct {
	*player
	purchases []*purchase
	platform  []platformOrder
	broken    []string
	sold      int
	settled   int
}

// platformOrder is an order as the platform has it.
type platformOrder struct {
	Order    int64     `json:"order"`
	State    string    `json:"state"`
	External string    `json:"external_reference"`
	Amount   int64     `json:"amount"`
	Expires  time.Time `json:"expires"`

	house string
}

func (c *check) fail(format string, args ...any) {
	c.broken = append(c.broken, fmt.Sprintf(format, args...))
}

// control reads a page of the simulator's control face.
func (c *check) control(ctx context.Context, page string, into any) error {
	if err := c.stage.ensureSim(ctx); err != nil {
		return err
	}
	return get(ctx, c.stage.control()+page, into)
}

// run settles everything and checks it. An error says that it could not be done.
func (c *check) run(ctx context.Context) error {
	if err := c.settle(ctx, c.purchases); err != nil {
		return err
	}
	if err := c.finish(ctx); err != nil {
		return err
	}
	for _, house := range houses {
		var orders []platformOrder
		if err := c.control(ctx, "/orders?institution="+house, &orders); err != nil {
			return err
		}
		for _, o := range orders {
			o.house = house
			c.platform = append(c.platform, o)
		}
	}
	for _, b := range c.purchases {
		if n := len(b.own()); n > len(b.orderRefs) {
			c.fail("%s: one key made %d orders", b.reference, n)
		}
		for _, t := range b.told {
			for _, told := range t.a.orders() {
				if !slices.ContainsFunc(b.orders, func(o order) bool { return o.ID == told.ID }) {
					c.fail("%s: the storefront was told of %s, which is not there", b.reference, told.ID)
				}
			}
		}
		c.basket(b)
		c.lines(b)
		c.exchanges(b)
		for _, o := range b.orders {
			if err := c.order(ctx, b, o); err != nil {
				return err
			}
		}
	}
	c.calls()
	if err := c.books(ctx); err != nil {
		return err
	}
	return c.replays(ctx)
}

// finish has everything end that does not end with its orders: tickets that were printed anew are looked at, and baskets whose
// close was begun are sold or undone by the service's own sweep. Then the storefront asks what became of its close.
func (c *check) finish(ctx context.Context) error {
	for _, b := range c.purchases {
		for _, o := range b.orders {
			if b.reprinted && o.State == "issued" {
				c.look(ctx, o.ID)
			}
		}
	}
	for round := 0; slices.ContainsFunc(c.purchases, (*purchase).inPart); round++ {
		if round == basketRounds {
			return errors.New("baskets do not come to an end")
		}
		if err := c.sweepBaskets(ctx); err != nil {
			return err
		}
		if err := c.settle(ctx, c.purchases); err != nil {
			return err
		}
	}
	for _, b := range c.purchases {
		if b.unclosed() {
			c.ask(ctx, b, b.change("close"))
		}
	}
	return c.settle(ctx, c.purchases)
}

// Baskets are looked at so often, each time after so much of their own time, and for so much of ours.
const (
	basketRounds   = 15
	basketWait     = 2 * time.Minute
	basketPatience = 2 * time.Second
)

// sweepBaskets moves time on, and has the service's sweep go on with the baskets.
func (c *check) sweepBaskets(ctx context.Context) error {
	if err := c.stage.pass(ctx, basketWait); err != nil {
		return err
	}
	if err := c.runJob(ctx, "sales.basket_sweep"); err != nil {
		return err
	}
	until := c.stage.began() + basketPatience
	for pause := 4 * time.Millisecond; c.stage.began() < until; pause = min(pause*3/2, 100*time.Millisecond) {
		time.Sleep(pause)
		if err := c.readAll(ctx, c.purchases); err != nil {
			return err
		}
		if !slices.ContainsFunc(c.purchases, (*purchase).inPart) {
			return nil
		}
	}
	return nil // the next round asks again
}

// inPart says of a basket whose close was asked for that it is sold in part, by nobody's wish.
func (p *purchase) inPart() bool {
	if !p.basket || !p.wanted(p.id, "close") || p.cancels() {
		return false
	}
	issued := 0
	for _, o := range p.orders {
		if o.State == "issued" {
			issued++
		}
	}
	return issued > 0 && issued < len(p.orders)
}

// cancels says whether the storefront wanted tickets of an order cancelled or exchanged.
func (p *purchase) cancels() bool {
	return slices.ContainsFunc(p.orders, func(o order) bool { return p.wanted(o.ID, "cancel") || p.wanted(o.ID, "exchange") })
}

// own are the orders that the storefront asked for, without those that an exchange made.
func (p *purchase) own() []order {
	return slices.DeleteFunc(slices.Clone(p.orders), func(o order) bool { return o.Instead != "" })
}

// unclosed says whether a basket was closed and the storefront does not know what came of it.
func (p *purchase) unclosed() bool {
	return p.basket && p.wanted(p.id, "close") && !p.cancels() && !p.toldSold() &&
		p.lastCode("/close") != "basket.not_closed" && p.lastCode("/close") != "order.hold_expired"
}

// lastCode is the code of the last definite answer to a call, empty where that is no refusal.
func (p *purchase) lastCode(call string) string {
	for _, t := range slices.Backward(p.told) {
		if strings.HasSuffix(t.r.path, call) {
			return t.a.code()
		}
	}
	return ""
}

// basket checks that a basket is held and sold as a whole or not at all, and that the storefront was told which.
func (c *check) basket(b *purchase) {
	if !b.basket {
		return
	}
	n, own := map[string]int{}, b.own()
	for _, o := range own {
		n[o.State]++
	}
	whole := len(b.orderRefs)
	switch {
	case b.id != "" && len(own) != whole:
		c.fail("%s: the storefront was told that the basket is held, and %d of its %d orders are there", b.reference, len(own), whole)
	case b.id == "" && n["issued"]+n["cancelled"] > 0:
		c.fail("%s: the storefront was not told of a basket, and it was sold: %v", b.reference, n)
	case b.cancels(): // order by order, as the storefront may
	case b.toldSold() && n["issued"] != whole:
		c.fail("%s: the storefront was told that the basket is sold, and its orders are %v", b.reference, n)
	case n["issued"] != 0 && n["issued"] != whole:
		c.fail("%s: the basket is sold in part: %v", b.reference, n)
	case n["issued"] != 0 && !b.toldSold():
		c.fail("%s: the basket is sold, and the storefront was told %q", b.reference, b.lastCode("/close"))
	}
}

// order checks one order of ours against what the storefront was told of it and against the platform's.
func (c *check) order(ctx context.Context, b *purchase, o order) error {
	if slices.ContainsFunc(o.History, func(h struct {
		State string `json:"state"`
		Note  string `json:"note"`
	},
	) bool {
		return strings.Contains(h.Note, "read") || strings.Contains(h.Note, "no_answer") || h.Note == "lapsed"
	}) {
		c.settled++
	}
	for _, final := range []string{"issued", "released", "expired", "orphaned", "cancelled"} {
		undone := final == "issued" && o.State == "cancelled" && (b.wanted(o.ID, "cancel") || b.wanted(o.ID, "exchange") || b.basket && !b.toldSold())
		if b.wasTold(o.ID, final) && o.State != final && !undone {
			c.fail("%s: the storefront was told that %s is %s, and it is %s", b.reference, o.ID, final, o.State)
		}
	}
	if b.refusedForGood() && o.State != "refused" && o.State != "released" { // released: the places were not where they were wished
		c.fail("%s: the storefront was told that nothing is held, and %s is %s", b.reference, o.ID, o.State)
	}
	if b.toldStatus(b.reference+"-amend") == http.StatusOK && o.Buyer.LastName != amendedName(b) {
		c.fail("%s: the storefront was told that the buyer of %s is changed, and it is %q", b.reference, o.ID, o.Buyer.LastName)
	}
	var at []platformOrder
	for _, p := range c.platform {
		if p.External == o.ID {
			at = append(at, p)
		}
	}
	if len(at) > 1 {
		c.fail("%s: the platform has %d orders of %s: it was asked to hold again", b.reference, len(at), o.ID)
	}
	closed := 0
	for _, p := range at {
		if p.State == "CLOSED" {
			closed++
		}
	}
	sold := o.State == "issued" || o.State == "cancelled"
	switch {
	case o.State == "review":
		c.fail("%s: %s needs a person: %v", b.reference, o.ID, o.History)
	case sold && closed != 1:
		c.fail("%s: %s is %s, and the platform sold it %d times", b.reference, o.ID, o.State, closed)
	case !sold && closed > 0:
		c.fail("%s: %s is %s, and the platform sold it: money without a ticket", b.reference, o.ID, o.State)
	}
	if house := slices.Index(houses[:], o.Institution); o.Total.Amount != 0 && o.Total != c.total(house, o.requested()) {
		c.fail("%s: %s costs %d, and its lines %d", b.reference, o.ID, o.Total.Amount, c.total(house, o.requested()).Amount)
	}
	if !sold || closed != 1 {
		return nil
	}
	for _, p := range at {
		if p.State == "CLOSED" && p.Amount != o.Total.Amount*perUnit {
			c.fail("%s: %s costs %d, and the platform sold it for %d thousandths", b.reference, o.ID, o.Total.Amount, p.Amount)
		}
	}
	c.sold++
	return c.tickets(ctx, b, o)
}

// toldStatus is the HTTP status of the first definite answer to a key, zero for none.
func (p *purchase) toldStatus(idempotency string) int {
	for _, t := range p.told {
		if t.r.idempotency == idempotency {
			return t.a.status
		}
	}
	return 0
}

// tickets checks that an issued order has the platform's barcodes, one for each place, and can be printed.
func (c *check) tickets(ctx context.Context, b *purchase, o order) error {
	var platform []struct {
		Barcode string `json:"barcode"`
		State   string `json:"state"`
	}
	if err := c.control(ctx, "/tickets?institution="+o.Institution+"&order="+strconv.FormatInt(o.Platform.OrderID, 10), &platform); err != nil {
		return err
	}
	a, err := c.shop.persist(ctx, request{method: "GET", path: "/v1/orders/" + o.ID + "/tickets"})
	if err != nil {
		return err
	}
	var ours struct {
		Items []struct {
			Barcode     string    `json:"barcode"`
			CancelledAt time.Time `json:"cancelled_at"`
		} `json:"items"`
	}
	if err := json.Unmarshal(a.body, &ours); err != nil {
		return err
	}
	var have, want, dead []string
	for _, t := range ours.Items {
		if t.CancelledAt.IsZero() {
			have = append(have, t.Barcode)
		} else {
			dead = append(dead, t.Barcode)
		}
	}
	for _, t := range platform {
		if isGood(t.State) {
			want = append(want, t.Barcode)
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	good := len(want)
	places := 0
	for _, l := range o.Lines {
		places += l.Quantity
	}
	if len(have)+len(dead) != places || !slices.Equal(have, want) {
		c.fail("%s: %s has %d places, %d good tickets and %d taken back, the platform %d good ones, or they differ", b.reference, o.ID, places, len(have), len(dead), len(want))
	}
	if (good == 0) != (o.State == "cancelled") {
		c.fail("%s: %s is %s with %d good tickets at the platform", b.reference, o.ID, o.State, good)
	}
	if good == 0 {
		return nil
	}
	pdf, err := c.shop.persist(ctx, request{method: "GET", path: "/v1/orders/" + o.ID + "/tickets.pdf"})
	if err == nil && (pdf.status != http.StatusOK || !bytes.HasPrefix(pdf.body, []byte("%PDF"))) {
		c.fail("%s: the tickets of %s are not printed: %d", b.reference, o.ID, pdf.status)
	}
	return err
}

// isGood says of a ticket's state that it admits somebody.
func isGood(state string) bool {
	s := strings.ToUpper(state)
	return !strings.Contains(s, "CANCEL") && !strings.Contains(s, "INVALID")
}

// changes counts the changing calls since the storm began.
func (c *check) changes() int {
	n := 0
	for _, k := range c.stage.cable.log() {
		if isChange(k.method) {
			n++
		}
	}
	return n
}

// isChange says whether a method changes something at the platform.
func isChange(method string) bool {
	return method == "createOrUpdateOrder" || method == "closeOrder" || method == "abandonMovements" || method == "doSeatingForOperations"
}

// mayComeAgain says of a call that the same one may follow without a read: it adds or seats, and what came of it was heard.
func (k call) mayComeAgain() bool {
	adds := k.method == "createOrUpdateOrder" && k.subject != "" && strings.Trim(k.subject, "0123456789") == ""
	return k.heard && (adds || k.method == "doSeatingForOperations")
}

// calls checks that no changing call was repeated blindly: a hold never, anything else only after a read, or where more is added
// or moved after the answer to the one before was heard.
func (c *check) calls() {
	last := map[string]string{}
	for _, k := range c.stage.cable.log() {
		if k.refused {
			continue
		}
		key := k.method + " " + k.subject + k.places
		switch k.method {
		case "getOrderDetails":
			for again, what := range last {
				if what == k.subject || what == "" { // a seating does not say which order it is about
					delete(last, again)
				}
			}
		case "getFileDetails": // how refunds are looked for
			for again := range last {
				if !strings.HasPrefix(again, "createOrUpdateOrder ord_") {
					delete(last, again)
				}
			}
		}
		if !isChange(k.method) {
			continue
		}
		if _, again := last[key]; again {
			c.fail("%s was sent again without a look at what the first one did (call %d)", key, k.n)
		}
		if !k.mayComeAgain() {
			last[key] = k.subject
		}
	}
}

// books checks that the platform's account, our book and what was sold are the same at every house, and the simulator's own
// promises.
func (c *check) books(ctx context.Context) error {
	a, err := c.shop.persist(ctx, request{method: "GET", path: "/v1/admin/pending-account", key: c.shop.admin})
	if err != nil {
		return err
	}
	var ours struct {
		Items []struct {
			Institution string `json:"institution"`
			Balance     struct {
				Amount int64 `json:"amount"`
			} `json:"balance"`
		} `json:"items"`
	}
	if err := json.Unmarshal(a.body, &ours); err != nil {
		return err
	}
	for _, house := range houses {
		var book int64
		for _, i := range ours.Items {
			if i.Institution == house {
				book = i.Balance.Amount
			}
		}
		if err := c.book(ctx, house, book); err != nil {
			return err
		}
	}
	var promises struct {
		Broken []string `json:"broken"`
	}
	if err := c.control(ctx, "/check", &promises); err != nil {
		return err
	}
	c.broken = append(c.broken, promises.Broken...)
	return nil
}

// book checks one house's account against our balance of it.
func (c *check) book(ctx context.Context, house string, ours int64) error {
	var account struct {
		Balance  int64 `json:"balance"`
		Postings []struct {
			Order int64 `json:"order"`
		} `json:"postings"`
	}
	if err := c.control(ctx, "/account?institution="+house, &account); err != nil {
		return err
	}
	var sold int64
	known, closed := map[int64]bool{}, map[string]bool{}
	for _, p := range c.platform {
		if p.house != house {
			continue
		}
		switch p.State {
		case "CLOSED":
			sold += p.Amount
			if closed[p.External] {
				c.fail("the platform closed %s twice", p.External)
			}
			closed[p.External] = true
		case "ABANDONED":
		default:
			c.fail("the platform still holds its order %d (%s, %s), and nothing of ours is open", p.Order, p.State, p.External)
		}
	}
	for _, p := range account.Postings {
		if known[p.Order] {
			c.fail("the platform posted its order %d twice", p.Order)
		}
		known[p.Order] = true
	}
	if ours*perUnit != account.Balance || sold != account.Balance {
		c.fail("the books of the %s differ: ours %d, the platform's account %d, its sold orders %d thousandths", house, ours*perUnit, account.Balance, sold)
	}
	if house == houses[1] && account.Balance > museumLimit*perUnit {
		c.fail("the %s is owed %d thousandths, and lets only %d be owed", house, account.Balance, museumLimit*perUnit)
	}
	return nil
}

// replays sends every request of the storm twice more, with the same key. Both must answer with the same bytes, with the
// same order as ever, and without a call to the platform.
func (c *check) replays(ctx context.Context) error {
	before := c.changes()
	seen := map[string]bool{}
	for _, b := range c.purchases {
		for _, t := range b.told {
			if seen[t.r.path+t.r.idempotency] {
				continue
			}
			seen[t.r.path+t.r.idempotency] = true
			if b.mayAskAgain(t) || b.basket && b.cancels() && strings.HasSuffix(t.r.path, "/close") {
				continue // it may go on where it stopped
			}
			r := t.r
			r.hang, r.storm = 0, false
			first, err := c.shop.persist(ctx, r)
			second, again := c.shop.persist(ctx, r)
			if err := errors.Join(err, again); err != nil {
				return err
			}
			c.same(b, t, first, second)
		}
	}
	if n := c.changes(); n != before {
		c.fail("repeating finished requests changed the platform %d times", n-before)
	}
	return nil
}

// same compares a told answer with two replays of it.
func (c *check) same(b *purchase, t told, first, second answer) {
	was, is := t.a.order(), first.order()
	switch {
	case first.status != second.status || !bytes.Equal(bare(first.body), bare(second.body)):
		c.fail("%s: %s answers %d and then %d, or with other bytes", b.reference, t.r.path, first.status, second.status)
	case was.ID != "" && is.ID != "" && was.ID != is.ID:
		c.fail("%s: the key of %s gave %s, and now %s", b.reference, t.r.path, was.ID, is.ID)
	case !b.basket && was.ID != "" && slices.EqualFunc(t.a.orders(), first.orders(), order.unchanged) && t.a.status == first.status && !bytes.Equal(t.a.body, first.body):
		c.fail("%s: %s answers with other bytes although nothing has changed", b.reference, t.r.path)
	}
}

// unchanged says of two looks at an order that nothing happened in between.
func (o order) unchanged(later order) bool {
	return o.ID == later.ID && o.State == later.State && o.UpdatedAt.Equal(later.UpdatedAt)
}

// bare is a problem without the number of the request, and anything else as it is.
func bare(body []byte) []byte {
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil || m["request_id"] == nil {
		return body
	}
	delete(m, "request_id")
	out, err := json.Marshal(m)
	if err != nil {
		return body
	}
	return out
}
