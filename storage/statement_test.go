package storage_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/storage"
	"guichet/storage/storagetest"
)

// paris tells that every institution is in Paris and sells in euros.
type paris struct{}

func (paris) Institution(code domain.InstitutionCode) (domain.Institution, error) {
	return domain.Institution{Code: code, TimeZone: "Europe/Paris", Currency: "EUR"}, nil
}

// ledger posts n times at random over the days about the end of summer time, and returns the service.
func ledger(t *testing.T, db *storage.DB, n int) *account.Service {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2026, 10, 22, 20, 0, 0, 0, time.UTC)
	for i := range n {
		p := account.Posting{
			Institution: "opera", Currency: "EUR", Kind: account.Payment, Cause: fmt.Sprint("p", i), Debit: account.Pending, Credit: account.Bank,
			Thousandths: 1 + rng.Int64N(90_000), Reason: "=1+1", At: at,
		}
		if i%3 != 0 {
			p.Kind, p.Debit, p.Credit = account.Fee, account.Of(account.Fees, "shop"), account.Pending
		}
		if _, created, err := db.Account().Book(t.Context(), p); err != nil || !created {
			t.Fatal(created, err)
		}
		at = at.Add(time.Duration(rng.Int64N(int64(12 * time.Minute))))
	}
	return account.New(account.Deps{
		Store: db.Account(), Institutions: paris{}, Clock: func() time.Time { return at }, Log: slog.New(slog.DiscardHandler),
	})
}

func statement(t *testing.T, s *account.Service, from, to domain.Day) account.Statement {
	t.Helper()
	st, err := s.Period(t.Context(), "opera", "", from, to)
	if err == nil {
		st, err = s.Sum(t.Context(), st)
	}
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestStatement_DaysChainAndMakeTheWhole(t *testing.T) {
	t.Parallel()
	for _, place := range storagetest.Places(t) {
		t.Run(place.Kind, func(t *testing.T) {
			t.Parallel()
			db := place.Open(t)
			s := ledger(t, db, 1100)
			whole := statement(t, s, "2026-10-20", "2026-11-02")
			owed, days, postings := int64(0), []account.DaySum(nil), 0
			for day := domain.Day("2026-10-20"); day <= "2026-11-02"; day = day.Next() {
				one := statement(t, s, day, day)
				if one.Opening != owed {
					t.Errorf("%s opens at %d, the day before closed at %d", day, one.Opening, owed)
				}
				owed = one.Closing
				days = append(days, one.Days...)
			}
			if diff := cmp.Diff(whole.Days, days); diff != "" || whole.Closing != owed {
				t.Errorf("the whole closes at %d, its days at %d (-whole +days):\n%s", whole.Closing, owed, diff)
			}
			for _, d := range days {
				postings += d.Postings
				if d.Opening+d.Added-d.Taken != d.Closing || d.Closes+d.Refunds+d.Fees+d.Paid+d.Rest != d.Closing-d.Opening {
					t.Errorf("%+v does not add up", d)
				}
			}
			heads, err := db.Account().Heads(t.Context(), "opera")
			if err != nil || postings != 1100 || heads[0].Owed != owed || len(days) < 4 {
				t.Errorf("%d postings on %d days, %d owed, the ledger says %+v (%v)", postings, len(days), owed, heads, err)
			}
		})
	}
}

func TestStatement_AsCSV_ReadsBack(t *testing.T) {
	t.Parallel()
	s := ledger(t, storagetest.SQLite(t), 20)
	st := statement(t, s, "2026-10-22", "2026-10-23")
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	lines := [][]string{account.CSVHead(), st.CSVBalance("opening", st.Opening)}
	if err := s.Each(t.Context(), st, 0, func(p account.Posting) error { lines = append(lines, st.CSVLine(p)); return nil }); err != nil {
		t.Fatal(err)
	}
	lines = append(lines, st.CSVBalance("closing", st.Closing))
	if err := w.WriteAll(lines); err != nil {
		t.Fatal(err)
	}
	back, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines, back); diff != "" || len(back) != 23 {
		t.Errorf("%d lines (-want +got):\n%s", len(back), diff)
	}
	if line := strings.Join(back[2], ","); !strings.HasPrefix(line, "1,2026-10-22,2026-10-22T22:00:00+02:00,payment,") || !strings.Contains(line, ",'=1+1,") {
		t.Errorf("line = %s", line)
	}
}

func TestStatement_OfAnAlteredLedger_IsRefused(t *testing.T) {
	t.Parallel()
	for _, place := range storagetest.Places(t) {
		t.Run(place.Kind, func(t *testing.T) {
			t.Parallel()
			db := place.Open(t)
			s := ledger(t, db, 30)
			for _, alter := range []string{
				"UPDATE account_postings SET thousandths = thousandths + 10 WHERE number = 7",
				"UPDATE account_postings SET thousandths = thousandths - 10 WHERE number = 7; DELETE FROM account_postings WHERE number = 9",
			} {
				for _, statement := range strings.Split(alter, ";") {
					if _, err := db.Pool().ExecContext(t.Context(), statement); err != nil {
						t.Fatal(err)
					}
				}
				st, err := s.Period(t.Context(), "opera", "EUR", "2026-10-22", "2026-10-24")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Sum(t.Context(), st); !errors.Is(err, account.ErrBroken) {
					t.Errorf("%s: error = %v, want %v", alter, err, account.ErrBroken)
				}
			}
		})
	}
}

func TestWatch_TellsALineOnce(t *testing.T) {
	t.Parallel()
	s := ledger(t, storagetest.SQLite(t), 60)
	st, err := s.Standing(t.Context(), "opera")
	if err != nil || st.Limit != nil {
		t.Fatalf("%+v, %v", st, err)
	}
	var told []int
	s.Alarm = func(a account.Alarm) { told = append(told, a.Percent) }
	for _, most := range []int64{st.Owed.Amount * 2, st.Owed.Amount * 100 / 81, st.Owed.Amount * 100 / 81, st.Owed.Amount, st.Owed.Amount * 2, st.Owed.Amount} {
		s.Limits = map[domain.InstitutionCode]account.Limit{"opera": {Most: most}}
		if _, err := s.Watch(t.Context(), "opera"); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]int{80, 95, 95}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
