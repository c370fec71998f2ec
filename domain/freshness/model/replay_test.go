package model_test

import (
	"bytes"
	"strings"
	"testing"

	"guichet/domain"
	"guichet/domain/freshness/model"
	"guichet/domain/freshness/recording"
)

// record plays an invented month and returns it with its recording.
func record(t *testing.T, run model.Run) (model.Result, *model.Recorded) {
	t.Helper()
	var file bytes.Buffer
	w := recording.NewWriter(&file, false)
	run.Record = w.Write
	r, err := model.Month(run)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	rec, err := model.Prepare(&file)
	if err != nil {
		t.Fatal(err)
	}
	return r, rec
}

// Where everything was read every few minutes the recording knows nearly the truth: replayed, the policies come out as in
// the month itself, and in the same order.
func TestReplay_OfARecordedMonth_SaysWhatTheMonthSaid(t *testing.T) {
	t.Parallel()
	const seed = 1010
	lived, rec := record(t, model.Run{Policy: model.Even, Venue: model.Stadium, Seed: seed})
	if lived.StaleRefusals < 5 {
		t.Fatalf("the month has only %d refusals: it proves nothing", lived.StaleRefusals)
	}
	even, err := model.Replay(model.Run{Policy: model.Even}, rec)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := model.Replay(model.Run{Policy: model.Planner}, rec)
	if err != nil {
		t.Fatal(err)
	}
	tiers, err := model.Replay(model.Run{Policy: model.Tiers}, rec)
	if err != nil {
		t.Fatal(err)
	}
	if even.Views != lived.Views || even.Tries != ours.Tries || even.Tries > lived.Tries || even.Sold+even.StaleRefusals+even.WrongSoldOut > even.Tries {
		t.Errorf("looks and tries are not those of the month: %+v of %+v", even, lived)
	}
	if even.StaleRefusals == 0 || even.StaleRefusals > lived.StaleRefusals {
		t.Errorf("even polling: %d refusals replayed, %d lived", even.StaleRefusals, lived.StaleRefusals)
	}
	if 3*ours.StaleRefusals > even.StaleRefusals || even.StaleRefusals > tiers.StaleRefusals {
		t.Errorf("refusals: planner %d, even %d, tiers %d", ours.StaleRefusals, even.StaleRefusals, tiers.StaleRefusals)
	}
	for _, r := range []model.Result{even, ours, tiers} {
		if r.Calls > 10_000 || r.LimitBreaches != 0 || r.SalesRefusedBudget != 0 {
			t.Errorf("%s: %+v", r.Policy, r)
		}
	}
}

func TestReplay_ARefusalAndAHold_AreTheTruthOfTheirMinute(t *testing.T) {
	t.Parallel()
	const text = `at,event,product,performance,category,number,start,on_sale
2026-10-01T00:00:00Z,performance,3,7,,,2026-11-01T19:00:00Z,
2026-10-01T00:00:00Z,reading,,7,1,5,,
2026-10-02T00:00:00Z,refusal,,7,1,4,,
2026-10-02T02:00:00Z,reading,,7,1,5,,
2026-10-02T03:00:00Z,hold,,7,1,4,,
2026-10-03T00:00:00Z,looks,,7,,9,,
`
	rec, err := model.Prepare(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	often, err := model.Replay(model.Run{Policy: model.Even}, rec)
	if err != nil {
		t.Fatal(err)
	}
	if often.StaleRefusals != 0 || often.Sold != 1 || often.Tries != 2 || often.Views != 9 {
		t.Errorf("read each minute: %+v", often)
	}
	never, err := model.Replay(model.Run{Policy: model.Even, Calls: 300}, rec)
	if err != nil {
		t.Fatal(err)
	}
	if never.StaleRefusals != 1 || never.Sold != 1 {
		t.Errorf("never read: %+v", never)
	}
	if _, err := model.Replay(model.Run{Policy: model.Oracle}, rec); err == nil {
		t.Error("an oracle of a month that was lived")
	}
}

func TestPrepare_NothingToCompare_IsRefused(t *testing.T) {
	t.Parallel()
	const start = "at,event,product,performance,category,number,start,on_sale\n2026-10-01T00:00:00Z,performance,3,7,,,2026-11-01T19:00:00Z,\n"
	for name, c := range map[string]struct{ text, says string }{
		"no try":     {start + "2026-10-03T00:00:00Z,looks,,7,,9,,\n", "nobody tried"},
		"an hour":    {start + "2026-10-01T01:00:00Z,hold,,7,1,2,,\n", "less than a day"},
		"no heading": {"2026-10-01T01:00:00Z,hold,,7,1,2,,\n", "line 1: the heading"},
	} {
		_, err := model.Prepare(strings.NewReader(c.text))
		if !domain.HasCode(err, recording.CodeRecording) || !strings.Contains(domain.AsError(err).Detail, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
