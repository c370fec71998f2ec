package sales_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestNew_MissingDependencyPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	sales.New(sales.Deps{})
}

func TestHold_ThenClose_IssuesOneTicketPerPlace(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k1")
	if o.Total != sample.Euros(8400) || o.Quoted != o.Total || o.Version != 2 || o.Platform.OrderID != 1 || o.Platform.FileID != 80_001 {
		t.Errorf("held %+v", o)
	}
	if !o.HoldExpiresAt.Equal(h.now.Add(10*time.Minute)) || !o.NextCheckAt.Equal(o.HoldExpiresAt) || !o.PlatformExpiresAt.Equal(h.now.Add(15*time.Minute)) {
		t.Errorf("expires %s, next check %s", o.HoldExpiresAt, o.NextCheckAt)
	}
	holder := sales.Holder{Place: o.Lines[0].Places[1].ID, Name: "Zoë Müller"}
	o, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: "c1", PaymentReference: "PAY-1", Holders: []sales.Holder{holder}})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Issued)
	if len(o.Tickets) != 2 || o.Tickets[0].Place != o.Lines[0].Places[0].ID || o.Tickets[0].Barcode == o.Tickets[1].Barcode {
		t.Errorf("tickets %+v", o.Tickets)
	}
	if o.PaymentReference != "PAY-1" || o.Lines[0].Places[1].Holder != "Zoë Müller" || o.Lines[0].Places[0].Holder != "" || !o.NextCheckAt.IsZero() {
		t.Errorf("order %+v", o)
	}
	want := []sales.Posting{{Institution: sample.Code, Order: o.ID, Kind: sales.PostingClose, Amount: sample.Euros(8400), At: h.now}}
	if diff := cmp.Diff(want, h.store.posted(o.ID)); diff != "" {
		t.Errorf("postings (-want +got):\n%s", diff)
	}
	var history []sales.Status
	for _, s := range o.History {
		history = append(history, s.Status)
	}
	if diff := cmp.Diff([]sales.Status{sales.Holding, sales.Held, sales.Closing, sales.Issued}, history); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestHold_IntentIsStoredBeforeThePlatformIsAsked(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	seen := map[string]sales.Status{}
	h.platform.during = func(call string) {
		if all := h.store.all(); len(all) == 1 {
			seen[call] = all[0].Status
		}
	}
	o := h.hold(t, "k")
	if _, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{}); err != nil {
		t.Fatal(err)
	}
	o2, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k2"))
	if err != nil {
		t.Fatal(err)
	}
	h.platform.during = func(call string) { seen[call] = h.store.must(t, o2.ID).Status }
	if _, err := h.Release(t.Context(), sample.Viewer(), o2.ID, sales.Change{}); err != nil {
		t.Fatal(err)
	}
	want := map[string]sales.Status{"hold": sales.Holding, "close": sales.Closing, "release": sales.Releasing}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("status while the platform is asked (-want +got):\n%s", diff)
	}
}

func TestHold_ShortPlatformExpiryIsTrustedLessAMargin(t *testing.T) {
	t.Parallel()
	for lives, want := range map[time.Duration]time.Duration{
		time.Hour: 10 * time.Minute, 10 * time.Minute: 9 * time.Minute, 5 * time.Minute: 4 * time.Minute, 2 * time.Minute: 90 * time.Second, -1: 10 * time.Minute,
	} {
		h := newTill(t)
		h.platform.lives = lives
		if o := h.hold(t, "k"); !o.HoldExpiresAt.Equal(h.now.Add(want)) {
			t.Errorf("the platform holds for %s: ours ends after %s, want %s", lives, o.HoldExpiresAt.Sub(h.now), want)
		}
	}
}

func TestHold_PriceChanged_NamesBothAmountsAndGivesThePlacesBack(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.change = func(x *sales.Hold) { x.Total = sample.Euros(8600) }
	o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	check := func(err error) {
		t.Helper()
		e := domain.AsError(err)
		if e == nil || e.Code != sales.CodePriceChanged || e.Kind != domain.Conflict || e.Expected == nil || *e.Expected != sample.Euros(8400) || e.Actual == nil || *e.Actual != sample.Euros(8600) {
			t.Errorf("got %+v", e)
		}
	}
	check(err)
	expect(t, o, sales.Released)
	if diff := cmp.Diff([]int64{1001, 1002}, h.platform.released); diff != "" {
		t.Errorf("given back (-want +got):\n%s", diff)
	}
	_, err = h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	check(err)
	if h.platform.calls("hold") != 1 {
		t.Errorf("held again: %v", h.platform.asked)
	}
}

func TestHold_WithoutExpectedTotalTakesThePlatformsPrice(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.change = func(x *sales.Hold) { x.Total = sample.Euros(8600) }
	r := sample.HoldRequest("k")
	r.Expected = nil
	o, err := h.Hold(t.Context(), sample.Viewer(), r)
	if err != nil || o.Total != sample.Euros(8600) || o.Quoted != sample.Euros(8400) {
		t.Errorf("total %s, quoted %s, %v", o.Total, o.Quoted, err)
	}
}

func TestHold_Refused_SaysSoForEverAndAsksForARefresh(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.script = once("hold", refuses)
	o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	code(t, err, sales.CodeAvailability)
	expect(t, o, sales.Refused)
	for range 2 {
		o, err = h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
		code(t, err, sales.CodeAvailability)
		expect(t, o, sales.Refused)
	}
	if h.platform.calls("hold") != 1 {
		t.Error("asked again")
	}
	if !slices.Contains(h.store.tasks, domain.Task{Kind: catalog.TaskAvailability, Key: string(sample.Code)}) {
		t.Errorf("tasks %v", h.store.tasks)
	}
}

func TestHold_WhatTheCatalogRefusesStoresNothing(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	r := sample.HoldRequest("k")
	r.Wants[0].Tariff = 9
	_, err := h.Hold(t.Context(), sample.Viewer(), r)
	code(t, err, domain.CodeRequest)
	r = sample.HoldRequest("k")
	r.Expected = &domain.Money{Amount: 8400, Currency: "CHF"}
	_, err = h.Hold(t.Context(), sample.Viewer(), r)
	code(t, err, sales.CodeCurrency)
	if len(h.store.orders)+len(h.store.keys)+h.platform.calls("hold") != 0 {
		t.Error("something was stored or asked")
	}
}

func TestHold_RequestIsCheckedMemberByMember(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 201)
	tests := []struct {
		name   string
		change func(*sales.HoldRequest)
		want   []string
	}{
		{"no items", func(r *sales.HoldRequest) { r.Wants = nil }, []string{"/items"}},
		{"too many items", func(r *sales.HoldRequest) {
			r.Wants = nil
			for i := range 21 {
				r.Wants = append(r.Wants, catalog.Want{Item: catalog.ItemID(i + 1), Quantity: 1})
			}
		}, []string{"/items"}},
		{"no quantity", func(r *sales.HoldRequest) { r.Wants[0].Quantity = 0 }, []string{"/items/0/quantity"}},
		{"too many places of one", func(r *sales.HoldRequest) { r.Wants[0].Quantity = 101 }, []string{"/items/0/quantity"}},
		{"too many places of all", func(r *sales.HoldRequest) {
			r.Wants[0].Quantity = 60
			r.Wants = append(r.Wants, sample.Tour(60))
		}, []string{"/items/1/quantity"}},
		{"the same twice", func(r *sales.HoldRequest) { r.Wants = append(r.Wants, sample.Seats(3)) }, []string{"/items/1"}},
		{"long texts", func(r *sales.HoldRequest) {
			r.Reference, r.PurchaserContact = long, long
			r.Buyer = sales.Buyer{Email: "a@" + long, FirstName: long, LastName: long, Language: long}
		}, []string{"/reference", "/buyer/email", "/buyer/first_name", "/buyer/last_name", "/buyer/language", "/purchaser_contact"}},
		{"control characters", func(r *sales.HoldRequest) { r.Reference = "a\nb" }, []string{"/reference"}},
		{"no address", func(r *sales.HoldRequest) { r.Buyer.Email = "ada" }, []string{"/buyer/email"}},
		{"negative total", func(r *sales.HoldRequest) { r.Expected.Amount = -1 }, []string{"/expected_total"}},
		{"no currency", func(r *sales.HoldRequest) { r.Expected.Currency = "euro" }, []string{"/expected_total"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			r := sample.HoldRequest("k")
			tt.change(&r)
			_, err := h.Hold(t.Context(), sample.Viewer(), r)
			e := domain.AsError(err)
			if e == nil || e.Kind != domain.Invalid || e.Code != domain.CodeRequest {
				t.Fatalf("got %v", err)
			}
			var got []string
			for _, f := range e.Fields {
				got = append(got, f.Pointer)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
