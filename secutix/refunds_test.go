package secutix_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/secutix"
	"guichet/secutix/sim"
)

// refunder is a border whose institutions undo sales by refund orders, and a sold order of n places.
func refunder(t *testing.T, n int) (*border, sales.Order) {
	t.Helper()
	b := newBorder(t, func(_ *sim.Platform, settings *[]secutix.Settings) {
		for i := range *settings {
			(*settings)[i].RefundOrders = true
		}
	})
	snap := b.load(t, "theatre")
	o := b.order(t, seats(t, snap, "TARTUFFE", "CAT1", "PLEIN", n))
	s := secutix.Sales{Institutions: b.Institutions}
	h, err := s.Hold(t.Context(), o)
	if err != nil || h.Defect != nil {
		t.Fatalf("hold: %+v, %v", h.Defect, err)
	}
	o = held(o, h)
	out, err := s.Close(t.Context(), o)
	if err != nil || len(out.Tickets) != n {
		t.Fatalf("close: %+v, %v", out, err)
	}
	return b, o
}

// control asks something of the simulator's control face.
func (b *border) control(tb testing.TB, target string) {
	tb.Helper()
	w := httptest.NewRecorder()
	b.platform.Control().ServeHTTP(w, httptest.NewRequestWithContext(tb.Context(), http.MethodPost, target, http.NoBody))
	if w.Code != http.StatusOK {
		tb.Fatalf("%s: %d %s", target, w.Code, w.Body)
	}
}

// asking is a refund of the order's first n places.
func asking(o sales.Order, n int) (sales.Refund, []int64) {
	var movements []int64
	for _, p := range o.Lines[0].Places[:n] {
		movements = append(movements, p.Movement)
	}
	quoted, _ := o.Lines[0].UnitPrice.Times(n)
	return sales.Refund{ID: "rfd_" + strconv.Itoa(n), Quoted: quoted, State: sales.RefundAsked}, movements
}

func TestRefund_OfSomePlaces_CancelsTheirTicketsAndGivesTheirPriceBack(t *testing.T) {
	t.Parallel()
	b, o := refunder(t, 3)
	s := secutix.Sales{Institutions: b.Institutions}
	r, movements := asking(o, 2)
	look := func() sales.RefundSeen {
		t.Helper()
		seen, err := s.ReadRefund(t.Context(), o, r, movements)
		if err != nil {
			t.Fatal(err)
		}
		return seen
	}
	if seen := look(); seen.State != sales.PlatformDead {
		t.Errorf("before: %+v", seen)
	}
	opened, err := s.OpenRefund(t.Context(), o, r, movements)
	if err != nil || opened.Back != r.Quoted || opened.Platform.OrderID == 0 {
		t.Fatalf("%+v, %v", opened, err)
	}
	if seen := look(); seen.State != sales.PlatformOpen || seen.Platform.OrderID != opened.Platform.OrderID || seen.Back != r.Quoted {
		t.Errorf("open, found by our reference: %+v", seen)
	}
	r.Platform = opened.Platform
	if err := s.CloseRefund(t.Context(), o, r); err != nil {
		t.Fatal(err)
	}
	if seen := look(); seen.State != sales.PlatformClosed || seen.Back != r.Quoted {
		t.Errorf("closed: %+v", seen)
	}
	if err := s.CloseRefund(t.Context(), o, r); err == nil {
		t.Error("closed twice")
	}
	read, err := s.Read(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	states := map[int64]string{}
	for _, tk := range read.Tickets {
		states[tk.Movement] = tk.State
	}
	p := o.Lines[0].Places
	want := map[int64]string{p[0].Movement: "CANCELLED", p[1].Movement: "CANCELLED", p[2].Movement: "VALID"}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("tickets (-want +got):\n%s", diff)
	}
	if _, err := s.OpenRefund(t.Context(), o, sales.Refund{ID: "rfd_again", Quoted: r.Quoted}, movements); err == nil {
		t.Error("taken back twice")
	}
}

func TestRefund_GivenUp_LeavesTheTicketsGood(t *testing.T) {
	t.Parallel()
	b, o := refunder(t, 2)
	s := secutix.Sales{Institutions: b.Institutions}
	r, movements := asking(o, 1)
	opened, err := s.OpenRefund(t.Context(), o, r, movements)
	if err != nil {
		t.Fatal(err)
	}
	r.Platform = opened.Platform
	if err := s.DropRefund(t.Context(), o, r, movements); err != nil {
		t.Fatal(err)
	}
	if seen, err := s.ReadRefund(t.Context(), o, r, movements); err != nil || seen.State != sales.PlatformDead {
		t.Errorf("%+v, %v", seen, err)
	}
	r.ID = "rfd_second"
	r.Platform = sales.PlatformRef{}
	if _, err := s.OpenRefund(t.Context(), o, r, movements); err != nil {
		t.Errorf("asked again: %v", err)
	}
}

func TestRefund_AnswerLost_IsFoundInTheFile(t *testing.T) {
	t.Parallel()
	b, o := refunder(t, 2)
	s := secutix.Sales{Institutions: b.Institutions}
	r, movements := asking(o, 2)
	b.platform.Fault("createOrUpdateOrder", sim.Fault{Kind: sim.CutAfterCommit})
	if _, err := s.OpenRefund(t.Context(), o, r, movements); !domain.AsError(err).Uncertain {
		t.Fatalf("%v", err)
	}
	seen, err := s.ReadRefund(t.Context(), o, r, movements)
	if err != nil || seen.State != sales.PlatformOpen || seen.Platform.OrderID == 0 {
		t.Fatalf("%+v, %v", seen, err)
	}
	r.Platform = seen.Platform
	b.platform.Fault("closeOrder", sim.Fault{Kind: sim.CutAfterCommit})
	if err := s.CloseRefund(t.Context(), o, r); !domain.AsError(err).Uncertain {
		t.Fatalf("%v", err)
	}
	if seen, err = s.ReadRefund(t.Context(), o, r, movements); err != nil || seen.State != sales.PlatformClosed || seen.Back != r.Quoted {
		t.Errorf("%+v, %v", seen, err)
	}
}

func TestRefund_ByTheInstitution_IsNoticed(t *testing.T) {
	t.Parallel()
	b, o := refunder(t, 2)
	s := secutix.Sales{Institutions: b.Institutions}
	r, movements := asking(o, 2)
	r.ByHand = true
	b.control(t, "/orders/"+strconv.FormatInt(o.Platform.OrderID, 10)+"/cancel?institution=theatre")
	seen, err := s.ReadRefund(t.Context(), o, r, movements)
	if err != nil || seen.State != sales.PlatformClosed || seen.Back != r.Quoted {
		t.Errorf("%+v, %v", seen, err)
	}
}

func TestRefundsByHand_UnlessTheSettingsSayOtherwise(t *testing.T) {
	t.Parallel()
	b := newBorder(t, func(_ *sim.Platform, settings *[]secutix.Settings) { (*settings)[0].RefundOrders = true })
	s := secutix.Sales{Institutions: b.Institutions}
	codes := b.Codes()
	if s.RefundsByHand(codes[0]) || !s.RefundsByHand(codes[1]) || !s.RefundsByHand("nowhere") {
		t.Error("the setting is not kept")
	}
}

func TestRead_AfterAReprint_TellsTheOldFromTheNew(t *testing.T) {
	t.Parallel()
	b, o := refunder(t, 1)
	s := secutix.Sales{Institutions: b.Institutions}
	before, err := s.Read(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b.control(t, "/orders/"+strconv.FormatInt(o.Platform.OrderID, 10)+"/reprint?institution=theatre")
	after, err := s.Read(t.Context(), o)
	if err != nil || len(after.Tickets) != 2 {
		t.Fatalf("%+v, %v", after, err)
	}
	old, fresh := after.Tickets[0], after.Tickets[1]
	if old.Barcode != before.Tickets[0].Barcode || old.State != "INVALIDATED" || fresh.State != "VALID" || fresh.Barcode == old.Barcode || fresh.Movement != old.Movement {
		t.Errorf("%+v", after.Tickets)
	}
}
