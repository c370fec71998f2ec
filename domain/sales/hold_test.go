package sales_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func TestHold_Defect_GivesEverythingBackAndKeepsTheReason(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*sales.Hold)
		back   []int64
	}{
		{"a place is missing", func(h *sales.Hold) {
			h.Lines[0].Places, h.Movements = h.Lines[0].Places[:1], h.Movements[:1]
		}, []int64{1001}},
		{"a place more than asked", func(h *sales.Hold) { h.Movements = append(h.Movements, 1009) }, []int64{1001, 1002, 1009}},
		{"no place found its line", func(h *sales.Hold) { h.Lines[0].Places = nil }, []int64{1001, 1002}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			h.platform.change = func(x *sales.Hold) {
				tt.change(x)
				x.Defect = &sales.Refusal{Kind: domain.Conflict, Code: sales.CodeAvailability, Detail: "the platform reserved something else"}
			}
			o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
			code(t, err, sales.CodeAvailability)
			expect(t, o, sales.Released)
			if diff := cmp.Diff(tt.back, h.platform.released); diff != "" {
				t.Errorf("given back (-want +got):\n%s", diff)
			}
			_, err = h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
			code(t, err, sales.CodeAvailability)
		})
	}
}

func TestHold_PlatformOrderOfAnotherOrder_GoesToReview(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.hold(t, "k1")
	h.platform.change = func(x *sales.Hold) { x.Platform.OrderID = 1 }
	o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k2"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Review)
}

func TestHold_DefectivePlatformOrderOfAnotherOrder_GoesToReview(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.hold(t, "k1")
	h.platform.change = func(x *sales.Hold) { x.Platform.OrderID, x.Total = 1, sample.Euros(1) }
	o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k2"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Review)
	if h.platform.calls("release") != 0 {
		t.Error("the other order's places were given back")
	}
}
