package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestQuotaSimulate_JSON_SaysWhatAMonthCameTo(t *testing.T) {
	t.Parallel()
	plot := filepath.Join(t.TempDir(), "plot.svg")
	var out, errs bytes.Buffer
	args := strings.Fields("quota simulate --policy even --venue stadium --months 2 --seed 7 --calls 10000 --price-calls 5 --price-data 7 --json --plot " + plot)
	if code := run(t.Context(), args, nil, &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	var answer struct{ Results []map[string]any }
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil || len(answer.Results) != 1 {
		t.Fatal(err, out.String())
	}
	for _, member := range []string{"calls", "bytes", "stale_refusals", "wrong_sold_out", "view_weighted_age_s", "limit_breaches", "cost"} {
		if _, ok := answer.Results[0][member]; !ok {
			t.Errorf("no member %s", member)
		}
	}
	if raw, err := os.ReadFile(plot); err != nil || !bytes.HasPrefix(raw, []byte("<svg")) {
		t.Errorf("the picture: %v", err)
	}
}

func TestQuotaSimulate_BadInput_NamesTheFlag(t *testing.T) {
	t.Parallel()
	for args, flag := range map[string]string{
		"--policy best": "--policy", "--venue circus": "--venue", "--months 0": "--months", "--calls 0": "--calls", "--bytes -1": "--bytes",
		"--orders 0": "--orders", "--floor 1s": "--floor",
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), append([]string{"quota", "simulate"}, strings.Fields(args)...), nil, &out, &errs); code != 1 || !strings.Contains(errs.String(), flag) {
			t.Errorf("%s: %d %s", args, code, errs.String())
		}
	}
}

func TestQuotaPlan_CannotBeKept_SaysTheNumbers(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	if code := run(t.Context(), strings.Fields("quota plan --orders 4000"), nil, &out, &errs); code != 1 || !strings.Contains(errs.String(), "12000 calls") {
		t.Errorf("%d %s", code, errs.String())
	}
	out.Reset()
	if code := run(t.Context(), strings.Fields("quota plan --orders 4000 --pack --json"), nil, &out, &errs); code != 0 || !strings.Contains(out.String(), `"call_blocks"`) {
		t.Errorf("%d %s %s", code, out.String(), errs.String())
	}
}

func TestQuotaSimulate_RecordsAMonthAndReplaysIt(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "month.csv")
	var out, errs bytes.Buffer
	if code := run(t.Context(), strings.Fields("quota simulate --policy even --venue stadium --seed 1010 --record "+file), nil, &out, &errs); code != 0 {
		t.Fatal(code, errs.String())
	}
	out.Reset()
	if code := run(t.Context(), strings.Fields("quota simulate --policy all --json --recorded "+file), nil, &out, &errs); code != 0 {
		t.Fatal(code, errs.String())
	}
	var got struct {
		Results []struct {
			Policy        string  `json:"policy"`
			Venue         string  `json:"venue"`
			Calls         int64   `json:"calls"`
			Tries         int64   `json:"tries"`
			StaleRefusals float64 `json:"stale_refusals"`
		} `json:"results"`
		Versus []struct {
			Against string `json:"against"`
		} `json:"versus"`
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Results) != 4 || len(got.Versus) != 3 {
		t.Fatalf("%s", out.String())
	}
	for _, r := range got.Results {
		if r.Venue != "recorded" || r.Calls == 0 || r.Calls > 10_000 || r.Tries != got.Results[0].Tries || r.Tries == 0 {
			t.Errorf("%+v", r)
		}
	}
	if ours, even := got.Results[0], got.Results[1]; ours.Policy != "planner" || even.Policy != "even" || ours.StaleRefusals >= even.StaleRefusals {
		t.Errorf("%+v is no better than %+v", ours, even)
	}
}

func TestQuotaSimulate_WrongRecording_IsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "month.csv")
	if err := os.WriteFile(file, []byte("at,event\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, says := range map[string]string{
		"--recorded " + file:                     "quota.recording: line 1",
		"--recorded " + file + " --venue museum": "[recorded venue] were all set",
		"--recorded " + file + ".none":           "no such file",
		"--record " + file + ".out --months 2":   "--record: takes one policy",
		"--record " + file + ".out --policy all": "--record: takes one policy",
		"--recorded " + file + " --policy best":  "--policy: none of",
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), strings.Fields("quota simulate "+args), nil, &out, &errs); code != 1 || !strings.Contains(errs.String(), says) {
			t.Errorf("%s: %d, %q", args, code, errs.String())
		}
	}
}
