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
		"k": "a9c1206fec4e2caf0027f15481eb419140ecbcff81a75ed4c9d27608c9d4e738",
		"c": "43d292e5f4a6d5ba89540cb7c17f2119b1d08d01b08244d083cbee1c0001623d",
	} {
		if got := h.store.keys[[2]string{sample.Shop, key}].Digest; got != want {
			t.Errorf("%s: digest %s, want %s", key, got, want)
		}
	}
}
