package model_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/domain/freshness/model"
)

func months(t *testing.T, v model.Venue, p model.Policy, n int) []model.Result {
	t.Helper()
	out, err := model.Months(t.Context(), model.Run{Policy: p, Venue: v, Seed: 1}, n, 2)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMonth_SameSeed_SameMonth(t *testing.T) {
	t.Parallel()
	a, b := months(t, model.Stadium, model.Planner, 2), months(t, model.Stadium, model.Planner, 2)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
	if a[0].StaleLooks == a[1].StaleLooks && a[0].Views == a[1].Views {
		t.Error("another seed gives the same month")
	}
}

// The short form of the comparison that `make freshness` makes: in every month every policy meets the same visitors, spends
// no more than the same calls, breaks no limit and refuses no sale for want of calls; the planner gives at most a third of
// the wrong answers of even polling, at most half of those of tiers, and in no month more of either.
func TestMonths_PlannerAgainstTheOthers_SameBuyersSameCallsAThirdOfTheWrongAnswers(t *testing.T) {
	t.Parallel()
	const calls = 10_000
	for v, n := range map[model.Venue]int{model.Stadium: 4, model.Theatre: 1} {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel()
			ours := months(t, v, model.Planner, n)
			for _, p := range model.Policies() {
				other := months(t, v, p, n)
				for i, r := range other {
					if r.Views != ours[i].Views || r.Tries != ours[i].Tries {
						t.Errorf("%s, month %d: %d looks and %d tries, not %d and %d", p, i, r.Views, r.Tries, ours[i].Views, ours[i].Tries)
					}
					if r.Calls > calls || r.Calls < calls*9/10 {
						t.Errorf("%s, month %d: %d calls", p, i, r.Calls)
					}
					if r.LimitBreaches != 0 || r.SalesRefusedBudget != 0 {
						t.Errorf("%s, month %d: %d breaches, %d sales refused", p, i, r.LimitBreaches, r.SalesRefusedBudget)
					}
					if r.Calls != r.RefreshCalls+r.SaleCalls+30*24+30*2 {
						t.Errorf("%s, month %d: the calls do not add up: %+v", p, i, r)
					}
				}
				bar, known := map[model.Policy]float64{model.Even: 1.0 / 3, model.Tiers: 0.5}[p]
				c := model.Compare(ours, other)
				many := v == model.Theatre // of the stadium's few months' few refusals a third says nothing, of its looks it does
				if known && (c.Looks > bar || many && c.Refusals > bar || c.WorseRefusals > 0) {
					t.Errorf("against %s: %+v", p, c)
				}
			}
		})
	}
}

// Who knows the truth does better, with fewer calls.
func TestMonth_Oracle_IsTheBound(t *testing.T) {
	t.Parallel()
	bound, ours := months(t, model.Stadium, model.Oracle, 3), months(t, model.Stadium, model.Planner, 3)
	for i := range ours {
		if bound[i].StaleLooks > ours[i].StaleLooks || bound[i].RefreshCalls > ours[i].RefreshCalls || bound[i].LimitBreaches != 0 {
			t.Errorf("month %d: %+v, the planner %+v", i, bound[i], ours[i])
		}
	}
}

func TestMonth_FewCalls_SalesStillGoFirst(t *testing.T) {
	t.Parallel()
	for _, p := range model.Policies() {
		r, err := model.Month(model.Run{Policy: p, Venue: model.Stadium, Seed: 3, Calls: 5000})
		if err != nil {
			t.Fatal(err)
		}
		if r.Calls > 5000 || r.LimitBreaches != 0 || r.SalesRefusedBudget != 0 {
			t.Errorf("%s: %+v", p, r)
		}
	}
}

func TestMonth_UnknownPolicyOrVenue_IsRefused(t *testing.T) {
	t.Parallel()
	if _, err := model.Month(model.Run{Policy: "best", Venue: model.Museum}); err == nil {
		t.Error("a policy that there is not")
	}
	if _, err := model.Month(model.Run{Policy: model.Even, Venue: "circus"}); err == nil {
		t.Error("a venue that there is not")
	}
}

func TestCostOf_CountsStartedBlocks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		calls, bytes, callBlocks, dataBlocks int64
		amount                               float64
	}{
		{10_000, 1_000_000_000, 0, 0, 0},
		{10_001, 1_000_000_001, 1, 1, 12},
		{12_000, 0, 2, 0, 10},
		{12_001, 2_000_000_000, 3, 1, 22},
	} {
		got := model.CostOf(c.calls, c.bytes, 5, 7)
		if got.CallBlocks != c.callBlocks || got.DataBlocks != c.dataBlocks || got.Amount == nil || *got.Amount != c.amount {
			t.Errorf("%d calls, %d bytes: %+v", c.calls, c.bytes, got)
		}
	}
	if got := model.CostOf(10_001, 0, -1, -1); got.Amount != nil {
		t.Errorf("an amount without a price: %v", *got.Amount)
	}
}

func TestPlot_IsWellFormed(t *testing.T) {
	t.Parallel()
	m := months(t, model.Stadium, model.Even, 2)
	raw := model.Plot(map[model.Venue]map[model.Policy][]model.Result{model.Stadium: {model.Even: m}})
	for d := xml.NewDecoder(bytes.NewReader(raw)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
