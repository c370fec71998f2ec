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
