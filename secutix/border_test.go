package secutix_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/quota"
	"guichet/domain/sales"
	"guichet/secutix"
	"guichet/secutix/s360"
	"guichet/secutix/sim"
)

// base is a Saturday morning at all three institutions.
func base() time.Time { return time.Date(2026, time.November, 21, 9, 0, 0, 0, time.UTC) }

// meter lets everything pass and remembers how it went.
type meter struct {
	mu      sync.Mutex
	calls   []quota.Call
	results []quota.Result
	refuse  error
	wait    func() // what happens until a call's turn comes
}

func (m *meter) Enter(_ context.Context, c quota.Call) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, c)
	if m.wait != nil {
		m.wait()
	}
	return m.refuse
}

func (m *meter) Leave(_ context.Context, _ quota.Call, r quota.Result) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.results = append(m.results, r)
}

// border is the border over a simulated platform.
type border struct {
	*secutix.Institutions
	platform *sim.Platform
	meter    *meter
}

func newBorder(tb testing.TB, change ...func(*sim.Platform, *[]secutix.Settings)) *border {
	tb.Helper()
	p := &sim.Platform{Clock: sim.NewClock(base()), RatePerMinute: -1, CatalogSpacing: -1}
	var settings []secutix.Settings
	for _, i := range (&sim.Platform{}).Institutions() { // the cards need no start of ours
		settings = append(settings, secutix.Settings{
			Code: domain.InstitutionCode(i.Code), BaseURL: "http://sim/" + i.Code, Operator: i.Operator, Partner: i.Partner,
			Secret: domain.Secret(i.Secret), PartnerContact: i.PartnerContact, PendingMethod: i.PendingMethodCode,
		})
	}
	for _, c := range change {
		c(p, &settings)
	}
	b := &border{platform: p, meter: &meter{}}
	var err error
	b.Institutions, err = secutix.New(settings, secutix.Options{
		Transport: p.Transport(), Meter: b.meter, Clock: p.Clock.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := errors.Join(p.Check(), p.Close()); err != nil {
			tb.Error(err)
		}
	})
	return b
}

func (b *border) load(tb testing.TB, code domain.InstitutionCode) *catalog.Snapshot {
	tb.Helper()
	inst, err := b.Prepare(tb.Context(), code)
	if err != nil {
		tb.Fatal(err)
	}
	snap, err := secutix.Catalog{Institutions: b.Institutions}.Catalog(tb.Context(), inst)
	if err != nil {
		tb.Fatal(err)
	}
	snap.Index()
	return snap
}

// order asks for n places of the first performance of a play that is on sale, as sales would.
func (b *border) order(tb testing.TB, wants ...catalog.Want) sales.Order {
	tb.Helper()
	snap := b.load(tb, "theatre")
	q, err := catalog.NewView(snap, nil, base()).Quote(wants, base())
	if err != nil {
		tb.Fatal(err)
	}
	o := sales.Order{ID: "ord_1", Institution: "theatre", Status: sales.Holding}
	for i, w := range wants {
		o.Lines = append(o.Lines, sales.Line{
			Product: q.Lines[i].Product, Performance: w.Performance, Item: w.Item, SeatCategory: w.SeatCategory, Tariff: w.Tariff,
			Day: w.Day, Timeslot: w.Timeslot, Quantity: w.Quantity, UnitPrice: q.Lines[i].Unit,
		})
	}
	o.Quoted = q.Total
	return o
}

// seats wants places of the first performance of a play, by the platform's codes.
func seats(tb testing.TB, s *catalog.Snapshot, play, category, tariff string, n int) catalog.Want {
	tb.Helper()
	w := catalog.Want{Quantity: n}
	for i := range s.Tariffs {
		if s.Tariffs[i].Code == tariff {
			w.Tariff = s.Tariffs[i].ID
		}
	}
	for i := range s.Performances {
		p := &s.Performances[i]
		if s.Product(p.Product).Code != play || !s.SellablePerformance(p, 0, 0, base()).OnSale {
			continue
		}
		for _, c := range p.SeatCategories {
			if c.Code == category {
				w.Performance, w.SeatCategory = p.ID, c.ID
			}
		}
		return w
	}
	tb.Fatalf("no %s on sale", play)
	return w
}

// held puts a hold into its order as sales does.
func held(o sales.Order, h sales.Hold) sales.Order {
	o.Platform, o.Total, o.Status = h.Platform, h.Total, sales.Held
	for i := range o.Lines {
		for _, p := range h.Lines[i].Places {
			o.Lines[i].Places = append(o.Lines[i].Places, sales.Place{Movement: p.Movement, Seat: p.Seat})
		}
	}
	return o
}

func TestCatalog_AllWorldsAreTakenOverWhole(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	for code, want := range map[domain.InstitutionCode]struct {
		currency domain.Currency
		products int
	}{"museum": {"EUR", 10}, "theatre": {"EUR", 16}, "stadium": {"CHF", 10}} {
		s := b.load(t, code)
		if err := s.Validate(nil); err != nil {
			t.Errorf("%s: %v", code, err)
		}
		if s.Institution.Currency != want.currency || len(s.Products) != want.products || len(s.Tariffs) == 0 || len(s.Seasons) == 0 {
			t.Errorf("%s: %s, %d products, %d tariffs, %d seasons", code, s.Institution.Currency, len(s.Products), len(s.Tariffs), len(s.Seasons))
		}
		for _, r := range s.Refused {
			if code != "theatre" || r.Code != "price.fraction" || s.Product(r.Product).Code != "GODOT" {
				t.Errorf("%s: refused %+v", code, r)
			}
		}
		if (len(s.Refused) > 0) != (code == "theatre") {
			t.Errorf("%s: %d things refused", code, len(s.Refused))
		}
		onSale := 0
		for i := range s.Products {
			p := &s.Products[i]
			if p.Kind == catalog.KindOther || p.Name.Or("") == "" {
				t.Errorf("%s: product %s is %s, %v", code, p.Code, p.Kind, p.Name)
			}
			if s.SellableProduct(p, base()).OnSale {
				onSale++
			}
		}
		if onSale == 0 {
			t.Errorf("%s: nothing is on sale", code)
		}
		for i := range s.Performances {
			p := &s.Performances[i]
			if p.Start.IsZero() || p.Start.Location() != time.UTC || len(p.Prices) == 0 || len(p.SeatCategories) == 0 || p.Venue.Town == "" || !p.End.After(p.Start) {
				t.Fatalf("%s: performance %+v", code, p)
			}
			for _, pr := range p.Prices {
				if pr.Fees.Amount > pr.Price.Amount || pr.Price.Currency != want.currency {
					t.Errorf("%s: price %+v", code, pr)
				}
			}
		}
	}
}

func TestCatalog_MembersPricesAreNotOurs(t *testing.T) {
	t.Parallel()
	s := newBorder(t).load(t, "theatre") // has a rebate for members
	for i := range s.Performances {
		seen := map[[2]int64]bool{}
		for _, p := range s.Performances[i].Prices {
			k := [2]int64{int64(p.SeatCategory), int64(p.Tariff)}
			if seen[k] {
				t.Fatalf("performance %d has two prices for %v", s.Performances[i].ID, k)
			}
			seen[k] = true
		}
	}
}

func TestCatalog_BrokenAnswersAreRefusedByValidate(t *testing.T) {
	t.Parallel()
	for _, kind := range []sim.Kind{sim.EmptyCatalog, sim.OrphanPerformance, sim.ForeignCurrency} {
		b := newBorder(t)
		before := b.load(t, "theatre")
		b.platform.Fault("getCatalogDetailed", sim.Fault{Kind: kind})
		got := b.load(t, "theatre")
		if err := got.Validate(before); !domain.HasCode(err, catalog.CodeCatalogRefused) && got.Smaller(before) == "" {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestPrepare_PointOfSalesOfAnotherCurrencyIsRefused(t *testing.T) {
	t.Parallel()
	b := newBorder(t, func(_ *sim.Platform, s *[]secutix.Settings) {
		for i := range *s {
			(*s)[i].Currency = map[domain.InstitutionCode]domain.Currency{"stadium": "CHF"}[(*s)[i].Code]
		}
	})
	b.platform.Fault("getPOSConfig", sim.Fault{Kind: sim.ForeignCurrency, Institution: "stadium"})
	if _, err := b.Prepare(t.Context(), "stadium"); !domain.HasCode(err, domain.CodePlatformConfig) {
		t.Errorf("got %v", err)
	}
	inst, err := b.Prepare(t.Context(), "stadium")
	if err != nil || inst.Currency != "CHF" || inst.PointOfSales.ID == 0 || inst.PointOfSales.SalesChannelID == 0 || inst.MainLanguage == "" || inst.Languages[0] != inst.MainLanguage {
		t.Errorf("%+v, %v", inst, err)
	}
}

func TestAvailability_ReadsEveryPerformanceToComeAndEveryItem(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	c := secutix.Catalog{Institutions: b.Institutions}
	for _, code := range []domain.InstitutionCode{"museum", "theatre"} {
		s := b.load(t, code)
		var all []catalog.ProductID
		for i := range s.Products {
			all = append(all, s.Products[i].ID)
		}
		readings, err := c.Availability(t.Context(), s, all)
		if err != nil {
			t.Fatal(err)
		}
		v := catalog.NewView(s, readings, base())
		for i := range s.Performances {
			if p := &s.Performances[i]; !p.Over(base()) && v.PerformanceAvailability(p).Level == catalog.LevelUnknown {
				t.Errorf("%s: performance %d of %s is unknown: %+v", code, p.ID, s.Product(p.Product).Code, v.PerformanceAvailability(p))
			}
		}
		for i := range s.Products {
			if p := &s.Products[i]; v.ProductAvailability(p, base()).Level == catalog.LevelUnknown {
				t.Errorf("%s: %s is unknown", code, p.Code)
			}
		}
		for _, r := range readings {
			if r.PlatformLevel == "" || !r.AsOf.Equal(base()) {
				t.Errorf("%s: %+v", code, r)
			}
		}
	}
}

func TestUpdatedAvailabilities_NamesWhatMoved(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	c := secutix.Catalog{Institutions: b.Institutions}
	s := b.load(t, "theatre")
	var all []catalog.ProductID
	for i := range s.Products {
		all = append(all, s.Products[i].ID)
	}
	w := seats(t, s, "TARTUFFE", "CAT1", "PLEIN", 2)
	b.platform.Clock.Advance(time.Minute)
	if _, err := (secutix.Sales{Institutions: b.Institutions}).Hold(t.Context(), b.order(t, w)); err != nil {
		t.Fatal(err)
	}
	moved, err := c.UpdatedAvailabilities(t.Context(), s.Institution, all, base().Add(30*time.Second))
	if err != nil || len(moved) != 1 || moved[0].Product != s.Performance(w.Performance).Product || moved[0].At.Location() != time.UTC {
		t.Errorf("%+v, %v", moved, err)
	}
}

func TestLastSetupUpdate_ChangesOnlyWithTheSetup(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	c := secutix.Catalog{Institutions: b.Institutions}
	first, err := c.LastSetupUpdate(t.Context(), "museum")
	if err != nil || first == "" {
		t.Fatalf("%q, %v", first, err)
	}
	b.platform.Clock.Advance(time.Minute)
	if again, err := c.LastSetupUpdate(t.Context(), "museum"); err != nil || again != first {
		t.Errorf("%q became %q, %v", first, again, err)
	}
}

func TestSales_HoldCloseReadRelease(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	p := secutix.Sales{Institutions: b.Institutions}
	s := b.load(t, "theatre")
	o := b.order(t, seats(t, s, "TARTUFFE", "CAT1", "PLEIN", 2), seats(t, s, "TARTUFFE", "CAT1", "ENFANT", 1))
	h, err := p.Hold(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if h.Defect != nil || h.Total != o.Quoted || h.Platform.OrderID == 0 || h.Platform.FileID == 0 || len(h.Movements) != 3 {
		t.Fatalf("hold %+v", h)
	}
	if !h.ExpiresAt.Equal(base().Add(15 * time.Minute)) {
		t.Errorf("expires %s", h.ExpiresAt)
	}
	for i, l := range h.Lines {
		if l.Together == nil || l.Places[0].Seat.Row == "" || l.Places[0].Seat.Entrance == "" || len(l.Places) != o.Lines[i].Quantity || l.UnitPrice != o.Lines[i].UnitPrice {
			t.Errorf("line %d: %+v", i, l)
		}
	}
	o = held(o, h)
	if read, err := p.Read(t.Context(), o); err != nil || read.State != sales.PlatformOpen || len(read.Tickets) != 0 {
		t.Errorf("read of a held one: %+v, %v", read, err)
	}
	out, err := p.Close(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if out.State != sales.PlatformClosed || out.Total == nil || *out.Total != o.Total {
		t.Errorf("close %+v", out)
	}
	var movements []int64
	for _, tk := range out.Tickets {
		movements = append(movements, tk.Movement)
		if len(tk.Barcode) < 8 || tk.State != s360.TicketValid {
			t.Errorf("ticket %+v", tk)
		}
	}
	slices.Sort(movements)
	if want := slices.Sorted(slices.Values(h.Movements)); !slices.Equal(movements, want) {
		t.Errorf("tickets of %v, want %v", movements, want)
	}
	read, err := p.Read(t.Context(), o)
	if diff := cmp.Diff(out.Tickets, read.Tickets); err != nil || diff != "" || read.State != sales.PlatformClosed {
		t.Errorf("%s, %v (-close +read):\n%s", read.State, err, diff)
	}
	if _, err := p.Close(t.Context(), o); err == nil || domain.AsError(err).Uncertain {
		t.Errorf("a second close: %v", err)
	}
	if err := p.Release(t.Context(), o); err == nil || domain.AsError(err).Uncertain {
		t.Errorf("release of a sold one: %v", err)
	}

	other := b.order(t, seats(t, s, "TARTUFFE", "CAT2", "PLEIN", 1))
	if h, err = p.Hold(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	other = held(other, h)
	if err := p.Release(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if read, err := p.Read(t.Context(), other); err != nil || read.State != sales.PlatformDead {
		t.Errorf("read of a released one: %+v, %v", read, err)
	}
	if err := p.Release(t.Context(), sales.Order{Institution: "theatre"}); err != nil {
		t.Errorf("release of nothing: %v", err)
	}
}

func TestSales_TimedItems(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	s := b.load(t, "museum")
	var o sales.Order
	for i := range s.Products {
		p := &s.Products[i]
		if len(p.Timeslots) < 2 || len(p.Items[0].Timeslots) < 2 {
			continue
		}
		for _, slot := range p.Items[0].Timeslots[:2] {
			o.Lines = append(o.Lines, sales.Line{
				Product: p.ID, Item: p.Items[0].ID, Tariff: p.Items[0].Prices[0].Tariff, Day: "2026-11-25", Timeslot: slot, Quantity: 2,
				UnitPrice: p.Items[0].Prices[0].Price,
			})
		}
		break
	}
	if len(o.Lines) != 2 {
		t.Fatal("no timed item")
	}
	o.ID, o.Institution = "ord_1", "museum"
	h, err := secutix.Sales{Institutions: b.Institutions}.Hold(t.Context(), o)
	if err != nil || h.Defect != nil {
		t.Fatalf("%v, %+v", err, h.Defect)
	}
	for i, l := range h.Lines {
		if len(l.Places) != 2 || l.Together != nil {
			t.Errorf("line %d: %+v", i, l)
		}
	}
}

func TestSales_FaultsKeepTheirCertainty(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault     sim.Kind
		code      string
		uncertain bool
		sold      bool // what a read says after a close that met it
	}{
		{sim.CutBeforeCommit, domain.CodePlatformUnreachable, true, false},
		{sim.CutAfterCommit, domain.CodePlatformUnreachable, true, true},
		{sim.HalfBody, domain.CodePlatformUnreachable, true, true},
		{sim.Garbage, domain.CodePlatformUnreachable, true, false},
		{sim.Error500, domain.CodePlatformAnswer, true, false},
		{sim.Limit509, domain.CodePlatformLimited, false, false},
	}
	for _, tt := range tests {
		t.Run(string(tt.fault), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBorder(t)
				p := secutix.Sales{Institutions: b.Institutions}
				o := b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 2))
				check := func(what string, err error) {
					t.Helper()
					if e := domain.AsError(err); e == nil || e.Code != tt.code || e.Uncertain != tt.uncertain {
						t.Errorf("%s: %+v", what, e)
					}
				}
				b.platform.Fault("createOrUpdateOrder", sim.Fault{Kind: tt.fault})
				_, err := p.Hold(t.Context(), o)
				check("hold", err)
				h, err := p.Hold(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				o = held(o, h)
				b.platform.Fault("closeOrder", sim.Fault{Kind: tt.fault})
				_, err = p.Close(t.Context(), o)
				check("close", err)
				read, err := p.Read(t.Context(), o)
				if err != nil || (read.State == sales.PlatformClosed) != tt.sold {
					t.Errorf("read: %s, %v", read.State, err)
				}
				closes := 0
				for _, c := range b.platform.Calls() {
					if c.Method == "closeOrder" {
						closes++
					}
				}
				if closes != 1 {
					t.Errorf("%d closes were sent", closes)
				}
			})
		})
	}
}

func TestSales_InProgressIsPolledToItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBorder(t)
		p := secutix.Sales{Institutions: b.Institutions}
		o := b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 1))
		h, err := p.Hold(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		b.platform.Fault("closeOrder", sim.Fault{Kind: sim.InProgress})
		if out, err := p.Close(t.Context(), held(o, h)); err != nil || out.State != sales.PlatformClosed || len(out.Tickets) != 1 {
			t.Errorf("%+v, %v", out, err)
		}
	})
}

func TestSales_LateBarcodesAreASaleWithoutTickets(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	p := secutix.Sales{Institutions: b.Institutions}
	o := b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 2))
	h, err := p.Hold(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b.platform.Fault("closeOrder", sim.Fault{Kind: sim.LateBarcodes, Late: time.Minute})
	out, err := p.Close(t.Context(), held(o, h))
	if err != nil || out.State != sales.PlatformClosed || slices.ContainsFunc(out.Tickets, func(t sales.IssuedTicket) bool { return t.Barcode != "" }) {
		t.Errorf("%+v, %v", out, err)
	}
	b.platform.Clock.Advance(time.Minute)
	if out, err = p.Read(t.Context(), held(o, h)); err != nil || len(out.Tickets) != 2 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestSales_RefusalsAreCertainAndHaveOurCodes(t *testing.T) {
	t.Parallel()
	certain := func(t *testing.T, err error, want string) {
		t.Helper()
		if e := domain.AsError(err); e == nil || e.Code != want || e.Uncertain {
			t.Errorf("got %+v, want %s", e, want)
		}
	}
	t.Run("sold out meanwhile", func(t *testing.T) {
		t.Parallel()
		b := newBorder(t)
		o := b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 2))
		b.platform.Fault("createOrUpdateOrder", sim.Fault{Kind: sim.SoldOutMeanwhile})
		_, err := secutix.Sales{Institutions: b.Institutions}.Hold(t.Context(), o)
		certain(t, err, sales.CodeAvailability)
	})
	t.Run("unknown contact", func(t *testing.T) {
		t.Parallel()
		b := newBorder(t)
		o := b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 2))
		o.PurchaserContact = "4711"
		_, err := secutix.Sales{Institutions: b.Institutions}.Hold(t.Context(), o)
		certain(t, err, sales.CodeContact)
	})
	t.Run("account over its limit", func(t *testing.T) {
		t.Parallel()
		b := newBorder(t, func(p *sim.Platform, _ *[]secutix.Settings) { p.AccountLimit = 1000 })
		p := secutix.Sales{Institutions: b.Institutions}
		o := b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 2))
		h, err := p.Hold(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Close(t.Context(), held(o, h))
		certain(t, err, sales.CodePayment)
	})
	t.Run("hold ran out", func(t *testing.T) {
		t.Parallel()
		b := newBorder(t)
		p := secutix.Sales{Institutions: b.Institutions}
		o := b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 2))
		h, err := p.Hold(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		b.platform.Clock.Advance(16 * time.Minute)
		_, err = p.Close(t.Context(), held(o, h))
		certain(t, err, sales.CodeHoldExpired)
		certain(t, p.Release(t.Context(), held(o, h)), sales.CodeHoldExpired)
		if read, err := p.Read(t.Context(), held(o, h)); err != nil || read.State != sales.PlatformDead {
			t.Errorf("read: %s, %v", read.State, err)
		}
	})
	t.Run("price moved", func(t *testing.T) {
		t.Parallel()
		b := newBorder(t)
		o := b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 2))
		b.platform.Fault("createOrUpdateOrder", sim.Fault{Kind: sim.PriceMoved, Amount: 1000})
		h, err := secutix.Sales{Institutions: b.Institutions}.Hold(t.Context(), o)
		if err != nil || h.Total.Amount != o.Quoted.Amount+200 {
			t.Errorf("total %s where %s was quoted, %v", h.Total, o.Quoted, err)
		}
	})
}

func TestSales_PointOfSalesThatCannotBeAskedLeavesNothingUncertain(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	b.platform.Fault("getPOSConfig", sim.Fault{Kind: sim.Limit509, Times: 3})
	o := sales.Order{ID: "ord_1", Institution: "theatre", Lines: []sales.Line{{Performance: 1, Quantity: 1}}}
	p := secutix.Sales{Institutions: b.Institutions}
	_, hold := p.Hold(t.Context(), o)
	_, closed := p.Close(t.Context(), o)
	for what, err := range map[string]error{"hold": hold, "close": closed} {
		if e := domain.AsError(err); e == nil || e.Code != domain.CodePlatformLimited || e.Uncertain {
			t.Errorf("%s: %+v", what, e)
		}
	}
}

func TestGate_TellsTheMeterWhatEveryCallIsForAndHowItEnded(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	p := secutix.Sales{Institutions: b.Institutions}
	o := b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 1))
	b.meter.calls, b.meter.results = nil, nil
	h, err := p.Hold(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b.platform.Fault("closeOrder", sim.Fault{Kind: sim.Limit509})
	_, _ = p.Close(t.Context(), held(o, h)) // limited, as the fault says
	if _, err := p.Read(t.Context(), held(o, h)); err != nil {
		t.Fatal(err)
	}
	var got [][3]string
	for i, c := range b.meter.calls {
		if c.Institution != "theatre" || b.meter.results[i].BytesIn == 0 && !b.meter.results[i].Limited {
			t.Errorf("call %+v, result %+v", c, b.meter.results[i])
		}
		got = append(got, [3]string{c.Method, string(c.Class), b.meter.results[i].Outcome})
	}
	want := [][3]string{
		{"createOrUpdateOrder", "sale", "ok"}, {"getOrderDetails", "sale", "ok"}, {"closeOrder", "sale", "limited"}, {"getOrderDetails", "settle", "ok"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.meter.refuse = domain.Errorf(domain.Limited, quota.CodeRate, "no call is free")
	_, err = p.Close(t.Context(), held(o, h))
	if e := domain.AsError(err); e == nil || e.Code != quota.CodeRate || e.Kind != domain.Limited || e.Uncertain {
		t.Errorf("the meter's own refusal: %+v", e)
	}
}

func TestInstitutions_UnknownOneIsRefusedEverywhere(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	c, p := secutix.Catalog{Institutions: b.Institutions}, secutix.Sales{Institutions: b.Institutions}
	nowhere := sales.Order{Institution: "nowhere"}
	_, prepare := b.Prepare(t.Context(), "nowhere")
	_, stamp := c.LastSetupUpdate(t.Context(), "nowhere")
	_, load := c.Catalog(t.Context(), domain.Institution{Code: "nowhere"})
	_, hold := p.Hold(t.Context(), nowhere)
	_, closed := p.Close(t.Context(), nowhere)
	_, read := p.Read(t.Context(), nowhere)
	for _, err := range []error{prepare, stamp, load, hold, closed, read, p.Release(t.Context(), nowhere)} {
		if !domain.HasCode(err, catalog.CodeInstitutionUnknown) {
			t.Errorf("got %v", err)
		}
	}
	if got := b.Codes(); len(got) != 3 || b.Client("nowhere") != nil || b.Client("museum") == nil {
		t.Errorf("codes %v", got)
	}
}

// A generated catalog, with every kind of product in it, is taken over without anything refused.
func TestCatalog_GeneratedWorldIsTakenOverWhole(t *testing.T) {
	t.Parallel()
	b := newBorder(t, func(p *sim.Platform, settings *[]secutix.Settings) {
		p.Worlds = []sim.World{sim.GenerateWorld(sim.WorldOptions{Code: "big", Products: 40, Performances: 400, Seed: 7})}
		*settings = []secutix.Settings{{
			Code: "big", BaseURL: "http://sim/big", Operator: "BIG_GUICHET", Partner: "Guichet", Secret: "generated-secret-big", PartnerContact: "300", PendingMethod: "PENDING",
		}}
	})
	s := b.load(t, "big")
	if err := s.Validate(nil); err != nil || len(s.Refused) > 0 || len(s.Impossible) > 0 {
		t.Errorf("%v, refused %+v, impossible %v", err, s.Refused, s.Impossible)
	}
	kinds := map[catalog.Kind]int{}
	for i := range s.Products {
		kinds[s.Products[i].Kind]++
	}
	if len(kinds) != 9 || len(s.Performances) != 400 {
		t.Errorf("%d performances, kinds %v", len(s.Performances), kinds)
	}
}
