package sample_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func TestSample_CatalogIsValidAndSells(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*catalog.Snapshot{"theatre": sample.Snapshot(), "many": sample.Many(500)} {
		if err := s.Validate(nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	q, err := sample.View().Quote([]catalog.Want{sample.Seats(2), sample.Tour(1)}, sample.Now())
	if err != nil || q.Total != sample.Euros(2*4200+1500) {
		t.Errorf("%v, %v", q.Total, err)
	}
	if got := len(sample.Many(500).Performances); got != 500 {
		t.Errorf("%d performances", got)
	}
}

func TestSample_OrdersAgreeWithTheirLines(t *testing.T) {
	t.Parallel()
	for _, o := range []sales.Order{sample.Held(), sample.Issued()} {
		if o.Places() != 2 || len(o.Lines[0].Places) != 2 || o.Lines[0].Total != o.Total {
			t.Errorf("%s: %d places, total %s", o.ID, o.Places(), o.Total)
		}
		for _, tk := range o.Tickets {
			if l, p := o.Place(tk.Place); l == nil || p.Movement != tk.Movement {
				t.Errorf("ticket %s is of no place", tk.ID)
			}
		}
	}
}

func TestSample_EveryValueIsMadeAnew(t *testing.T) {
	t.Parallel()
	o := sample.Issued()
	o.Tickets[0].Barcode, o.Lines[0].Places[0].Holder = "x", "y"
	s := sample.Snapshot()
	s.Products[0].State = "SUSPENDED"
	if sample.Issued().Tickets[0].Barcode == "x" || sample.Snapshot().Products[0].State != catalog.Running {
		t.Error("a change shows in the next one")
	}
	if diff := cmp.Diff(sample.Issued(), sample.Issued()); diff != "" {
		t.Error(diff)
	}
}
