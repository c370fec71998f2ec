package sales_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func TestViewer_SeesAndChangesOnlyItsOwnOrders(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	o2 := h.hold(t, "k2")
	if _, err := h.Close(t.Context(), sample.Viewer(), o2.ID, sales.Change{}); err != nil {
		t.Fatal(err)
	}
	ticket := h.store.must(t, o2.ID).Tickets[0].ID
	for name, tt := range map[string]struct {
		viewer sales.Viewer
		sees   bool
	}{
		"own":                {sample.Viewer(), true},
		"own, bound":         {sales.Viewer{Storefront: sample.Shop, Institutions: []domain.InstitutionCode{"x", sample.Code}}, true},
		"operator":           {sales.Viewer{Everything: true}, true},
		"another":            {sales.Viewer{Storefront: "other"}, false},
		"own, not bound":     {sales.Viewer{Storefront: sample.Shop, Institutions: []domain.InstitutionCode{"x"}}, false},
		"own, bound to none": {sales.Viewer{Storefront: sample.Shop, Institutions: []domain.InstitutionCode{}}, false},
		"nobody":             {sales.Viewer{}, false},
	} {
		_, read := h.Order(t.Context(), tt.viewer, o.ID)
		_, byTicket := h.OrderByTicket(t.Context(), tt.viewer, ticket)
		if tt.sees {
			if read != nil || byTicket != nil {
				t.Errorf("%s: %v, %v", name, read, byTicket)
			}
			continue
		}
		_, extend := h.Extend(t.Context(), tt.viewer, o.ID, sales.Change{})
		_, release := h.Release(t.Context(), tt.viewer, o.ID, sales.Change{})
		_, closed := h.Close(t.Context(), tt.viewer, o.ID, sales.Change{})
		for _, err := range []error{read, extend, release, closed} {
			if !domain.HasCode(err, sales.CodeUnknown) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if !domain.HasCode(byTicket, sales.CodeTicketUnknown) {
			t.Errorf("%s: ticket: %v", name, byTicket)
		}
	}
	if got := h.store.must(t, o.ID); got.Version != o.Version {
		t.Error("somebody changed it")
	}
}

func TestOrders_ListNeverLeavesTheViewersOwn(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	put := func(id sales.OrderID, shop string, code domain.InstitutionCode) {
		o := sample.Held()
		o.ID, o.Storefront, o.Institution = id, shop, code
		h.store.orders[id] = o
	}
	put("ord_1", sample.Shop, "a")
	put("ord_2", sample.Shop, "b")
	put("ord_3", sample.Shop, "c")
	put("ord_4", "other", "a")
	codes := func(c ...domain.InstitutionCode) []domain.InstitutionCode { return c }
	for name, tt := range map[string]struct {
		viewer sales.Viewer
		query  sales.Query
		want   []sales.OrderID
	}{
		"own":                  {sales.Viewer{Storefront: sample.Shop}, sales.Query{}, []sales.OrderID{"ord_3", "ord_2", "ord_1"}},
		"own of one":           {sales.Viewer{Storefront: sample.Shop}, sales.Query{Institutions: codes("b")}, []sales.OrderID{"ord_2"}},
		"bound":                {sales.Viewer{Storefront: sample.Shop, Institutions: codes("a", "b")}, sales.Query{}, []sales.OrderID{"ord_2", "ord_1"}},
		"bound, of one":        {sales.Viewer{Storefront: sample.Shop, Institutions: codes("a", "b")}, sales.Query{Institutions: codes("b", "c")}, []sales.OrderID{"ord_2"}},
		"bound, of none":       {sales.Viewer{Storefront: sample.Shop, Institutions: codes("a", "b")}, sales.Query{Institutions: codes("c")}, nil},
		"another's by name":    {sales.Viewer{Storefront: sample.Shop}, sales.Query{Storefront: "other"}, []sales.OrderID{"ord_3", "ord_2", "ord_1"}},
		"operator":             {sales.Viewer{Everything: true}, sales.Query{Institutions: codes("a")}, []sales.OrderID{"ord_4", "ord_1"}},
		"operator, storefront": {sales.Viewer{Everything: true}, sales.Query{Storefront: "other"}, []sales.OrderID{"ord_4"}},
	} {
		got, _, err := h.Orders(t.Context(), tt.viewer, tt.query)
		if err != nil {
			t.Fatal(err)
		}
		var ids []sales.OrderID
		for _, o := range got {
			ids = append(ids, o.ID)
		}
		if diff := cmp.Diff(tt.want, ids); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
