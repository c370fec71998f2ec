package sales_test

import (
	"testing"

	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// TestKey_DigestStaysTheSameAcrossReleases: keys are kept for ever, so the digest of a request must be too. A change here
// turns every replay of an order made before into key.reused.
func TestKey_DigestStaysTheSameAcrossReleases(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	r := sample.HoldRequest("k")
	r.Wants = []catalog.Want{sample.Seats(2), sample.Tour(1)}
	r.Expected.Amount += 1500
	o, err := h.Hold(t.Context(), sample.Viewer(), r)
	if err != nil {
		t.Fatal(err)
	}
	holder := sales.Holder{Place: o.Lines[0].Places[0].ID, Name: "Zoë Müller"}
	if _, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: "c", PaymentReference: "PAY-1", Holders: []sales.Holder{holder}}); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"k": "864ab8224d8851b2a11cba0975d349d1e5067be1c7e95c8b4c722cb5d2d783a5",
		"c": "a78b318e13322409ca56185f546c2c5d53ef23fb68da47c21a6e4aed195adef7",
	} {
		if got := h.store.keys[[2]string{sample.Shop, key}].Digest; got != want {
			t.Errorf("%s: digest %s, want %s", key, got, want)
		}
	}
}
