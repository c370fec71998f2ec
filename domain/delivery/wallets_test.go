package delivery_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// applePhone is Apple Wallet: it writes passes as JSON and keeps what was pushed.
type applePhone struct {
	pushed []string
	fail   map[string]string // by push token: the code that a push is refused with
}

func (*applePhone) PassType() string { return "pass.test" }

func (*applePhone) Pass(w io.Writer, p delivery.Pass) error {
	return json.NewEncoder(w).Encode(map[string]any{
		"serial": p.Serial, "token": p.Token.Reveal(), "barcode": p.Page.Barcode, "start": p.Page.Start, "void": p.Void, "language": p.Language, "off": p.CalledOff,
	})
}

func (a *applePhone) Bundle(w io.Writer, list []delivery.Pass) error {
	for _, p := range list {
		if err := a.Pass(w, p); err != nil {
			return err
		}
	}
	return nil
}

func (a *applePhone) Push(_ context.Context, token string) error {
	if code := a.fail[token]; code != "" {
		return domain.Errorf(domain.Unavailable, code, "no")
	}
	a.pushed = append(a.pushed, token)
	return nil
}

// googleDesk is Google Wallet.
type googleDesk struct {
	said []string
	fail string
}

func (g *googleDesk) SaveClass(_ context.Context, p delivery.Pass, there bool) error {
	return g.save("class "+p.Class, there, p.Page.Start.Format(time.TimeOnly)+p.Page.Barcode+p.Page.Holder)
}

func (g *googleDesk) SaveObject(_ context.Context, p delivery.Pass, there bool) error {
	return g.save("object "+p.Serial, there, p.Page.Barcode+fmt.Sprint(p.Void.IsZero()))
}

func (g *googleDesk) save(what string, there bool, says string) error {
	if g.fail != "" {
		return domain.Errorf(domain.Unavailable, g.fail, "no")
	}
	g.said = append(g.said, fmt.Sprintf("%s there=%t %s", what, there, says))
	return nil
}

func (*googleDesk) Links(serials []string) ([]delivery.SaveLink, error) {
	return []delivery.SaveLink{{URL: "https://pay.test/" + strings.Join(serials, "+"), Serials: serials}}, nil
}

// orderDrawer has one order.
type orderDrawer struct{ o *sales.Order }

func (d orderDrawer) Order(_ context.Context, id sales.OrderID) (sales.Order, error) {
	if d.o == nil || d.o.ID != id {
		return sales.Order{}, domain.Errorf(domain.NotFound, sales.CodeUnknown, "none")
	}
	return *d.o, nil
}

func (d orderDrawer) OrderByTicket(ctx context.Context, _ string) (sales.Order, error) {
	return d.Order(ctx, d.o.ID)
}

// purse is Wallets with everything around it that a test looks at.
type purse struct {
	*delivery.Wallets
	t      *testing.T
	apple  *applePhone
	google *googleDesk
	store  *sample.Wallets
	shelf  shelf
	order  sales.Order
	now    time.Time
}

func newPurse(t *testing.T, change ...func(*delivery.WalletDeps)) *purse {
	t.Helper()
	p := &purse{t: t, apple: &applePhone{fail: map[string]string{}}, google: &googleDesk{}, store: &sample.Wallets{}, shelf: newShelf(), order: sample.Issued(), now: sample.Now()}
	p.order.Tickets = slices.Clone(p.order.Tickets)
	n := 0
	d := delivery.WalletDeps{
		Tickets: service(func(d *delivery.Deps) { d.Catalog = p.shelf }), Orders: orderDrawer{&p.order}, Store: p.store, Apple: p.apple, Google: p.google,
		Settings: map[domain.InstitutionCode]delivery.WalletSettings{sample.Code: {Apple: true, Google: true}}, Updates: true,
		Token: func() domain.Secret { n++; return domain.Secret(fmt.Sprintf("secret-%d", n)) },
		Clock: func() time.Time { return p.now }, Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&d)
	}
	p.Wallets = delivery.NewWallets(d)
	return p
}

// pass is a pass as applePhone writes it.
type writtenPass struct {
	Serial, Token, Barcode, Language string
	Start, Void                      time.Time
	Off                              bool
}

func (p *purse) fetch(ticket string) writtenPass {
	p.t.Helper()
	var b bytes.Buffer
	if err := p.WriteApple(p.t.Context(), &b, &p.order, ticket, ""); err != nil {
		p.t.Fatal(err)
	}
	return p.read(b.Bytes())
}

func (p *purse) read(b []byte) writtenPass {
	p.t.Helper()
	var w writtenPass
	if err := json.Unmarshal(b, &w); err != nil {
		p.t.Fatal(err)
	}
	return w
}

// current asks as a phone does that has seen the pass at a moment.
func (p *purse) current(w writtenPass, since time.Time) (writtenPass, time.Time, bool) {
	p.t.Helper()
	var b bytes.Buffer
	at, same, err := p.WriteCurrent(p.t.Context(), &b, "pass.test", w.Serial, domain.Secret(w.Token), since)
	if err != nil {
		p.t.Fatal(err)
	}
	if same {
		return writtenPass{}, at, true
	}
	return p.read(b.Bytes()), at, false
}

func (p *purse) register(w writtenPass, device, push string) bool {
	p.t.Helper()
	fresh, err := p.Register(p.t.Context(), "pass.test", w.Serial, domain.Secret(w.Token), delivery.WalletDevice{Device: device, PushToken: push})
	if err != nil {
		p.t.Fatal(err)
	}
	return fresh
}

func (p *purse) sweep() domain.Outcome {
	p.t.Helper()
	out, err := p.Sweep(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

func (p *purse) changed(device, tag string) ([]string, string) {
	p.t.Helper()
	serials, next, err := p.Changed(p.t.Context(), device, "pass.test", tag)
	if err != nil {
		p.t.Fatal(err)
	}
	return serials, next
}

func TestWallets_AReprintReachesThePhone(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	first := p.fetch("tkt_1")
	if again := p.fetch("tkt_1"); again != first || first.Token == "" || first.Serial != delivery.Serial(p.order.ID, "tkt_1") {
		t.Errorf("fetched twice: %+v and %+v", first, again)
	}
	if !p.register(first, "phone", "push") || p.register(first, "phone", "push") {
		t.Error("the first registration is fresh, the second is not")
	}
	p.sweep()
	if len(p.apple.pushed) != 0 {
		t.Errorf("pushed without a change: %v", p.apple.pushed)
	}
	_, seen, _ := p.current(first, time.Time{})
	if _, _, same := p.current(first, seen); !same {
		t.Error("an unchanged pass is sent again")
	}
	p.now = p.now.Add(time.Hour)
	_, tag := p.changed("phone", "")

	p.now = p.now.Add(time.Minute)
	p.order.Tickets[0].Barcode = "004200000000000000000099"
	if w, _, same := p.current(first, seen); same || w.Barcode != "004200000000000000000099" {
		t.Errorf("before the sweep: %+v, same %t", w, same)
	}
	p.store.MakeDue(p.now)
	p.sweep()
	if diff := cmp.Diff([]string{"push"}, p.apple.pushed); diff != "" {
		t.Errorf("pushes (-want +got):\n%s", diff)
	}
	p.now = p.now.Add(30 * time.Second)
	serials, next := p.changed("phone", tag)
	if !slices.Equal(serials, []string{first.Serial}) {
		t.Errorf("changed since %s: %v", tag, serials)
	}
	p.now = p.now.Add(time.Minute)
	if serials, _ := p.changed("phone", next); serials != nil {
		t.Errorf("told twice: %v", serials)
	}
	w, at, same := p.current(first, seen)
	if same || w.Barcode != "004200000000000000000099" || !at.After(seen) || w.Serial != first.Serial || w.Token != first.Token {
		t.Errorf("after: %+v at %s, same %t", w, at, same)
	}
	p.store.MakeDue(p.now)
	p.sweep()
	if len(p.apple.pushed) != 1 {
		t.Errorf("pushed again without a change: %v", p.apple.pushed)
	}
}

func TestWallets_ChangesInOneSecondAreToldApart(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	first := p.fetch("tkt_1")
	p.register(first, "phone", "push")
	_, seen, _ := p.current(first, time.Time{})
	p.order.Tickets[0].Barcode = "other" // in the very same second
	p.store.MakeDue(p.now)
	p.sweep()
	if w, _, same := p.current(first, seen); same || w.Barcode != "other" {
		t.Errorf("the phone is told that nothing changed: %+v", w)
	}
}

func TestWallets_ATakenBackTicketIsVoidOnThePhone(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	first := p.fetch("tkt_1")
	p.register(first, "phone", "push")
	p.sweep()
	p.now = p.now.Add(time.Hour)
	p.order.Tickets[0].CancelledAt = p.now
	p.store.MakeDue(p.now)
	p.sweep()
	if len(p.apple.pushed) != 1 {
		t.Errorf("pushes %v", p.apple.pushed)
	}
	if w, _, _ := p.current(first, time.Time{}); !w.Void.Equal(p.now) {
		t.Errorf("the pass %+v", w)
	}
	row, err := p.store.WalletPass(t.Context(), delivery.AppleWallet, first.Serial)
	if err != nil || !row.CheckAt.IsZero() {
		t.Errorf("it is looked at for ever: %+v %v", row, err)
	}
	if err := p.WriteApple(t.Context(), io.Discard, &p.order, "tkt_1", ""); !domain.HasCode(err, sales.CodeTicketCancelled) {
		t.Errorf("given out again: %v", err)
	}
}

func TestWallets_ARescheduleReachesThePhone(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	first := p.fetch("tkt_1")
	p.register(first, "phone", "push")
	p.sweep()
	moved := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	p.shelf.view.Performance(sample.Tonight).Start = moved
	p.now = p.now.Add(7 * time.Hour) // nobody said so: the regular look finds it
	p.sweep()
	if w, _, _ := p.current(first, time.Time{}); len(p.apple.pushed) != 1 || !w.Start.Equal(moved) {
		t.Errorf("pushes %v, pass %+v", p.apple.pushed, w)
	}
}

func TestWallets_APushThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	for _, ticket := range []string{"tkt_1", "tkt_2"} {
		w := p.fetch(ticket)
		p.register(w, "phone", "push")
		p.register(w, "sold", "gone")
	}
	p.sweep()
	p.now = p.now.Add(time.Hour)
	p.order.Tickets[0].Barcode, p.order.Tickets[1].Barcode = "one", "two"
	p.store.MakeDue(p.now)
	p.apple.fail = map[string]string{"push": delivery.CodeWalletAway, "gone": delivery.CodeWalletGone}
	if out := p.sweep(); out.Done != 0 || out.Left != 2 || len(p.apple.pushed) != 0 {
		t.Errorf("the service is away: %+v, pushes %v", out, p.apple.pushed)
	}
	delete(p.apple.fail, "push")
	p.now = p.now.Add(time.Minute)
	p.sweep()
	if !slices.Equal(p.apple.pushed, []string{"push", "push"}) {
		t.Errorf("pushes %v", p.apple.pushed)
	}
	devices, err := p.store.Devices(t.Context(), delivery.Serial(p.order.ID, "tkt_1"))
	if err != nil || len(devices) != 1 || devices[0].Device != "phone" {
		t.Errorf("devices %v %v", devices, err)
	}
}

func TestWallets_AChangeDuringALookIsNotLost(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	w := p.fetch("tkt_1")
	p.register(w, "phone", "push")
	marked := p.now.Add(time.Millisecond)
	p.order.Tickets[0].Barcode = "other"
	p.apple.fail["push"] = delivery.CodeWalletRefused
	hooked := markingStore{p.store, func() { p.store.MakeDue(marked) }}
	p.Store = hooked
	p.sweep()
	row, err := p.store.WalletPass(t.Context(), delivery.AppleWallet, w.Serial)
	if err != nil || !row.CheckAt.Equal(marked) {
		t.Errorf("due at %s, marked for %s: %v", row.CheckAt, marked, err)
	}
}

// markingStore marks passes as due while one is looked at.
type markingStore struct {
	*sample.Wallets
	mark func()
}

func (s markingStore) Devices(ctx context.Context, serial string) ([]delivery.WalletDevice, error) {
	s.mark()
	return s.Wallets.Devices(ctx, serial)
}

func TestWallets_PhonesNeedThePassesOwnToken(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	w := p.fetch("tkt_1")
	other := p.fetch("tkt_2")
	for name, try := range map[string]struct{ passType, serial, token string }{
		"no token": {"pass.test", w.Serial, ""}, "another pass's": {"pass.test", w.Serial, other.Token}, "another type": {"pass.x", w.Serial, w.Token},
		"unknown pass": {"pass.test", "x", w.Token}, "empty": {"pass.test", "x", ""},
	} {
		_, err := p.Register(t.Context(), try.passType, try.serial, domain.Secret(try.token), delivery.WalletDevice{Device: "d", PushToken: "p"})
		if e := domain.AsError(err); e == nil || e.Code != delivery.CodeWalletToken || e.Kind != domain.Unauthenticated {
			t.Errorf("%s: register: %v", name, err)
		}
		if err := p.Unregister(t.Context(), try.passType, try.serial, domain.Secret(try.token), "d"); !domain.HasCode(err, delivery.CodeWalletToken) {
			t.Errorf("%s: unregister: %v", name, err)
		}
		if _, _, err := p.WriteCurrent(t.Context(), io.Discard, try.passType, try.serial, domain.Secret(try.token), time.Time{}); !domain.HasCode(err, delivery.CodeWalletToken) {
			t.Errorf("%s: read: %v", name, err)
		}
	}
	for _, bad := range []delivery.WalletDevice{{"", "p"}, {"d", ""}, {"d", "../x"}, {"..", "p"}, {"d", strings.Repeat("x", 201)}} {
		if _, err := p.Register(t.Context(), "pass.test", w.Serial, domain.Secret(w.Token), bad); !domain.HasCode(err, domain.CodeRequest) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestWallets_GoogleHasWhatIsLinked(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.order.Lines[0].Places[1].Holder = "Zoë"
	links, err := p.GoogleLinks(t.Context(), &p.order, "", "")
	if err != nil {
		t.Fatal(err)
	}
	one, two := delivery.Serial(p.order.ID, "tkt_1"), delivery.Serial(p.order.ID, "tkt_2")
	if diff := cmp.Diff([]delivery.SaveLink{{URL: "https://pay.test/" + one + "+" + two, Serials: []string{one, two}}}, links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	class := fmt.Sprintf("class %s-%d there=", sample.Code, sample.Tonight)
	want := []string{class + "false 20:00:00", "object " + one + " there=false 004200000000000000000001true", "object " + two + " there=false 004200000000000000000002true"}
	if diff := cmp.Diff(want, p.google.said); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
	if _, err := p.GoogleLinks(t.Context(), &p.order, "tkt_1", ""); err != nil || len(p.google.said) != 3 {
		t.Errorf("a second link says what is known: %v %v", p.google.said, err)
	}
	p.google.said = nil
	p.order.Tickets[0].CancelledAt = p.now
	p.shelf.view.Performance(sample.Tonight).Start = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	p.now = p.now.Add(time.Hour)
	p.store.MakeDue(p.now)
	p.sweep()
	want = []string{class + "true 21:00:00", "object " + one + " there=true 004200000000000000000001false", "object " + two + " there=true 004200000000000000000002true"}
	slices.Sort(p.google.said)
	if diff := cmp.Diff(want, p.google.said); diff != "" {
		t.Errorf("after the change (-want +got):\n%s", diff)
	}
}

func TestWallets_WhatGoogleMissedIsMadeUpFor(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.google.fail = delivery.CodeWalletAway
	if _, err := p.GoogleLinks(t.Context(), &p.order, "tkt_1", ""); !domain.HasCode(err, delivery.CodeWalletAway) {
		t.Errorf("Google is away: %v", err)
	}
	p.google.fail = ""
	p.now = p.now.Add(time.Hour)
	if p.sweep(); len(p.google.said) != 1 {
		t.Errorf("said %v", p.google.said)
	}
	if _, err := p.GoogleLinks(t.Context(), &p.order, "tkt_1", ""); err != nil || len(p.google.said) != 2 {
		t.Errorf("said %v, %v", p.google.said, err)
	}
}

func TestWallets_AreRefusedWithTheirReason(t *testing.T) {
	t.Parallel()
	set := func(s delivery.WalletSettings) func(*delivery.WalletDeps) {
		return func(d *delivery.WalletDeps) {
			d.Settings = map[domain.InstitutionCode]delivery.WalletSettings{sample.Code: s}
		}
	}
	for name, tt := range map[string]struct {
		with  func(*delivery.WalletDeps)
		order func(*sales.Order)
		code  string
	}{
		"not of the institution": {with: set(delivery.WalletSettings{}), code: delivery.CodeWalletOff},
		"no account":             {with: func(d *delivery.WalletDeps) { d.Apple, d.Google = nil, nil }, code: delivery.CodeWalletOff},
		"TIXNGO":                 {with: set(delivery.WalletSettings{Apple: true, Google: true, Tixngo: true}), code: delivery.CodeWalletTixngo},
		"held":                   {order: func(o *sales.Order) { o.Status = sales.Held }, code: sales.CodeTicketNotIssued},
		"cancelled":              {order: func(o *sales.Order) { o.Status = sales.Cancelled }, code: sales.CodeTicketCancelled},
		"taken back":             {order: func(o *sales.Order) { o.Tickets[0].CancelledAt = sample.Now() }, code: sales.CodeTicketCancelled},
		"unknown":                {order: func(o *sales.Order) { o.Tickets[0].ID = "tkt_x" }, code: sales.CodeTicketUnknown},
	} {
		p := newPurse(t)
		if tt.with != nil {
			p = newPurse(t, tt.with)
		}
		if tt.order != nil {
			tt.order(&p.order)
		}
		if err := p.WriteApple(t.Context(), io.Discard, &p.order, "tkt_1", ""); !domain.HasCode(err, tt.code) {
			t.Errorf("%s: Apple: %v", name, err)
		}
		if _, err := p.GoogleLinks(t.Context(), &p.order, "tkt_1", ""); !domain.HasCode(err, tt.code) {
			t.Errorf("%s: Google: %v", name, err)
		}
	}
	var none *delivery.Wallets
	o := sample.Issued()
	if err := none.WriteApple(t.Context(), io.Discard, &o, "", ""); !domain.HasCode(err, delivery.CodeWalletOff) {
		t.Errorf("no wallets: %v", err)
	}
	if out, err := none.Sweep(t.Context()); err != nil || out.Done != 0 {
		t.Errorf("no wallets: %+v %v", out, err)
	}
}

func TestWallets_AnOrderHasThePassesOfItsGoodTickets(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.order.Tickets[0].CancelledAt = p.now
	var b bytes.Buffer
	if err := p.WriteApple(t.Context(), &b, &p.order, "", "en"); err != nil {
		t.Fatal(err)
	}
	if w := p.read(b.Bytes()); w.Serial != delivery.Serial(p.order.ID, "tkt_2") || w.Language != "en" {
		t.Errorf("pass %+v", w)
	}
}

func TestWallets_WithoutHTTPSNothingIsKept(t *testing.T) {
	t.Parallel()
	p := newPurse(t, func(d *delivery.WalletDeps) { d.Updates = false })
	if w := p.fetch("tkt_1"); w.Token != "" {
		t.Errorf("the pass has a token: %+v", w)
	}
	if _, err := p.store.WalletPass(t.Context(), delivery.AppleWallet, delivery.Serial(p.order.ID, "tkt_1")); err == nil {
		t.Error("it is kept")
	}
}

func TestWallets_CalledOffIsSaid(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.shelf.view.Performance(sample.Tonight).State = "CANCELLED"
	if w := p.fetch("tkt_1"); !w.Off {
		t.Errorf("pass %+v", w)
	}
}

func TestWallets_AMailLeadsToThem(t *testing.T) {
	t.Parallel()
	for good, want := range map[int][]string{2: {"/tickets.pkpasses"}, 1: {"/tickets.pkpasses", "/tkt_2.google"}} {
		p := newPurse(t)
		for i := range p.order.Tickets[good:] {
			p.order.Tickets[i].CancelledAt = p.now
		}
		post := newPost(t, func(d *delivery.MailDeps) { d.Wallets = p.Wallets })
		post.sold[p.order.ID] = p.order
		post.deliver(delivery.MailRequest{})
		post.send()
		if len(post.pages) != 1 || post.pages[0].URL == "" {
			t.Fatalf("pages %+v", post.pages)
		}
		var got []string
		for _, l := range post.pages[0].Wallets {
			got = append(got, strings.TrimPrefix(l.URL, post.pages[0].URL))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d good tickets (-want +got):\n%s", good, diff)
		}
	}
}
