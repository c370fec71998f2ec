package sales_test

import (
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func TestAmend_ReferenceBuyerAndHolders_WithoutACall(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	text, place := "WEB-2", o.Lines[0].Places[1].ID
	a := sales.Amendment{Key: "a", Reference: &text, Buyer: &sales.Buyer{Email: "bob@example.org"}, Holders: []sales.Holder{{Place: place, Name: "Bob"}}}
	calls := len(h.platform.asked)
	for range 2 { // the same key changes nothing more
		h.advance(time.Second)
		got, err := h.Amend(t.Context(), sample.Viewer(), o.ID, a)
		if err != nil || got.Reference != text || got.Buyer.Email != "bob@example.org" || got.Buyer.LastName != "" || got.Lines[0].Places[1].Holder != "Bob" {
			t.Fatalf("%+v, %v", got, err)
		}
		if got.Status != sales.Held || got.Version != o.Version+1 || !got.HoldExpiresAt.Equal(o.HoldExpiresAt) || len(h.platform.asked) != calls {
			t.Errorf("%+v, asked %v", got, h.platform.asked)
		}
	}
	a.Holders[0].Name = "Ada"
	_, err := h.Amend(t.Context(), sample.Viewer(), o.ID, a)
	code(t, err, sales.CodeKeyReused)
	if got, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{}); err != nil || got.Lines[0].Places[1].Holder != "Bob" {
		t.Errorf("the holder is lost at the close: %+v, %v", got.Lines, err)
	}
}

func TestAmend_AllOrNothing(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	text, long := "other", string(make([]byte, 201))
	for pointer, a := range map[string]sales.Amendment{
		"":                 {},
		"/reference":       {Reference: &long},
		"/buyer/email":     {Reference: &text, Buyer: &sales.Buyer{Email: "bob"}},
		"/holders/0/place": {Reference: &text, Holders: []sales.Holder{{Place: "plc_x"}}},
		"/holders/1/place": {Reference: &text, Holders: []sales.Holder{{Place: o.Lines[0].Places[0].ID}, {Place: o.Lines[0].Places[0].ID}}},
	} {
		_, err := h.Amend(t.Context(), sample.Viewer(), o.ID, a)
		if e := domain.AsError(err); e == nil || e.Kind != domain.Invalid || len(e.Fields) == 0 || e.Fields[0].Pointer != pointer {
			t.Errorf("%q: %+v", pointer, e)
		}
	}
	if got := h.store.must(t, o.ID); got.Reference != o.Reference || got.Version != o.Version {
		t.Errorf("%+v", got)
	}
	h.advance(11 * time.Minute)
	_, err := h.Amend(t.Context(), sample.Viewer(), o.ID, sales.Amendment{Reference: &text})
	code(t, err, sales.CodeHoldExpired)
	_, err = h.Amend(t.Context(), sales.Viewer{Storefront: "other"}, o.ID, sales.Amendment{Reference: &text})
	code(t, err, sales.CodeUnknown)
}
