package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/reconcile"
)

const head = "institution,payment_id,payment_reference,amount,currency,paid_at\n"

func TestReadCSV_GoodLinesAreTakenAndBadOnesTold(t *testing.T) {
	t.Parallel()
	file := "\ufeffpaid_at,currency,amount,payment_reference,payment_id,institution\r\n" +
		"2026-11-21T10:00:00+01:00,EUR,42,\"a, \"\"b\"\"\",p1,play\r\n" +
		"2026-11-21T10:00:00Z,JPY,1200,r,p2,play\r\n" +
		"2026-11-21T10:00:00Z,TND,1.005,r,p3,play\r\n" +
		"2026-11-21,EUR,42.00,r,p4,play\r\n" +
		"2026-11-21T10:00:00Z,EUR,42.001,r,p5,play\r\n" +
		"2026-11-21T10:00:00Z,EUR,1e2,r,p6,play\r\n" +
		"2026-11-21T10:00:00Z,EUR,-1,r,p7,play\r\n" +
		"2026-11-21T10:00:00Z,EUR,0.00,r,p8,play\r\n" +
		"2026-11-21T10:00:00Z,eur,1,r,p9,play\r\n" +
		"2026-11-21T10:00:00Z,EUR,1,,p10,play\r\n" +
		"2026-11-21T10:00:00Z,EUR,1,r,,play\r\n" +
		"2026-11-21T10:00:00Z,EUR,1,r,p12\r\n" +
		"2026-11-21T10:00:00Z,EUR,1 000.00,r,p13,play\r\n" +
		"2026-11-21T10:00:00Z,EUR,.5,r,p14,play\r\n" +
		"2026-11-21T10:00:00Z,EUR,5.,r,p15,play\r\n" +
		"2026-11-21T10:00:00Z,EUR,9999999999999,r,p16,play\r\n"
	payments, lines, problems, err := reconcile.ReadCSV(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	want := []reconcile.Payment{
		{Institution: "play", PaymentID: "p1", Reference: `a, "b"`, Amount: domain.Money{Amount: 4200, Currency: "EUR"}, PaidAt: at.Add(-time.Hour)},
		{Institution: "play", PaymentID: "p2", Reference: "r", Amount: domain.Money{Amount: 1200, Currency: "JPY"}, PaidAt: at},
		{Institution: "play", PaymentID: "p3", Reference: "r", Amount: domain.Money{Amount: 1005, Currency: "TND"}, PaidAt: at},
	}
	if diff := cmp.Diff(want, payments); diff != "" {
		t.Errorf("payments (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{2, 3, 4}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	told := map[int]bool{}
	for _, p := range problems {
		told[p.Line] = true
		if p.Code != reconcile.CodePaymentFormat || p.Detail == "" || p.Kept {
			t.Errorf("problem %+v", p)
		}
	}
	for line := 5; line <= 17; line++ {
		if !told[line] {
			t.Errorf("line %d is not told", line)
		}
	}
	if len(problems) != 13 {
		t.Errorf("%d problems, want 13: %+v", len(problems), problems)
	}
}

func TestReadCSV_NoSuchFile_IsRefusedWhole(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"empty": "", "other column": strings.Replace(head, "paid_at", "paid", 1), "column missing": "institution,payment_id\n",
		"column twice": strings.Replace(head, "currency", "amount", 1), "semicolons": strings.ReplaceAll(head, ",", ";"),
		"open quote": head + "play,\"p1,r,1,EUR,2026-11-21T10:00:00Z\n", "too many": head + strings.Repeat("x\n", reconcile.MaxLines+1),
	} {
		if _, _, _, err := reconcile.ReadCSV(strings.NewReader(file)); !domain.HasCode(err, reconcile.CodePaymentFormat) {
			t.Errorf("%s: error = %v, want %s", name, err, reconcile.CodePaymentFormat)
		}
	}
}

// Whatever a file holds, every payment taken from it can be kept, and every line is either taken or told.
func FuzzReadCSV(f *testing.F) {
	for _, seed := range []string{"", head, head + "play,p1,r,42.00,EUR,2026-11-21T10:00:00Z\n", head + "play,\"p\n1\",r,1,EUR,2026-11-21T10:00:00Z\n\xff,,,,,\n", "\ufeff" + head + "\n\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		payments, lines, problems, err := reconcile.ReadCSV(strings.NewReader(file))
		if err != nil {
			if domain.AsError(err).Kind != domain.Invalid || len(payments) > 0 {
				t.Errorf("error = %v with %d payments", err, len(payments))
			}
			return
		}
		if len(lines) != len(payments) {
			t.Errorf("%d lines of %d payments", len(lines), len(payments))
		}
		for i, p := range payments {
			if member, why := p.Check(); member != "" {
				t.Errorf("line %d: %s %s", lines[i], member, why)
			}
		}
		for _, p := range problems {
			if p.Line < 2 || p.Detail == "" {
				t.Errorf("problem %+v", p)
			}
		}
	})
}
