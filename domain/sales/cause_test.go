package sales_test

import (
	"testing"

	"guichet/domain/sales"
)

func TestStep_Cause_SaysWhyInWords(t *testing.T) {
	t.Parallel()
	for note, want := range map[string]string{
		"":                                    "",
		"order.availability":                  "",
		"extended to 2026-11-21T09:20:00Z":    "",
		"read":                                "found out by reading the platform",
		"read total_differs":                  "found out by reading the platform; the platform's amount is not ours",
		"decided read by ops: refund expired": "a person decided",
		"by_organiser":                        "the institution took places back by itself",
	} {
		if got := (sales.Step{Note: note}).Cause(); got != want {
			t.Errorf("%q: %q, want %q", note, got, want)
		}
	}
}
