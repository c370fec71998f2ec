package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// The books are read, compared and put right by commands, beside a server that serves.
func TestJourney_BooksByCommandLine(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, database)
			_, api := s.serve(t, "server")
			shop := newClient(api, s.key(t, "shop", "catalog,sell,deliver"))
			dated, _ := offers(t, shop, "theatre")
			body := map[string]any{"institution": "theatre", "items": []map[string]any{withQuantity(dated[0], 2)}}
			a, err := shop.do(t.Context(), "POST", "/v1/orders", body, "Idempotency-Key", "one")
			if err != nil || a.status != 201 {
				t.Fatalf("hold: %v %d %s", err, a.status, a.body)
			}
			id := str(a.json, "id")
			total := num(sub(shop.must(t, "POST", "/v1/orders/"+id+"/close", map[string]any{"payment_reference": "PSP-1"}, 200).json, "total"), "amount")
			s.control.must(t, "POST", fmt.Sprintf("/orders/%d/reprint?institution=theatre", num(sub(a.json, "platform"), "order_id")), nil, 200)
			s.age(t, id)

			var run struct {
				State          string `json:"state"`
				Orders, Opened int
			}
			s.printed(t, &run, "reconcile", "run", "--institution", "theatre", "--json")
			if run.State != "done" || run.Orders != 1 || run.Opened != 1 {
				t.Errorf("run = %+v", run)
			}
			var cases []printedCase
			s.printed(t, &cases, "reconcile", "cases", "--json")
			if len(cases) != 1 || cases[0].Kind != "barcode_changed" || cases[0].Subject != "order "+id || len(cases[0].Actions) == 0 {
				t.Fatalf("cases = %+v", cases)
			}
			if table := command(t, s.env, "reconcile", "cases", "--institution", "theatre"); !strings.Contains(table, cases[0].ID) {
				t.Errorf("the table:\n%s", table)
			}
			var decided printedCase
			s.printed(t, &decided, "reconcile", "decide", cases[0].ID, "--action", "renew", "--reason", "printed at the desk", "--json")
			if decided.State != "closed" || decided.Outcome != "done" {
				t.Errorf("decided = %+v", decided)
			}
			s.printed(t, &cases, "reconcile", "cases", "--json")
			if len(cases) != 0 {
				t.Errorf("still open: %+v", cases)
			}
			s.booksPrinted(t, total, id)
		})
	}
}

// printed runs a command that prints JSON.
func (s *stage) printed(t *testing.T, into any, args ...string) {
	t.Helper()
	out := command(t, s.env, args...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// booksPrinted checks what the account's commands print after one sale.
func (s *stage) booksPrinted(t *testing.T, total int64, id string) {
	t.Helper()
	want := fmt.Sprintf("%d.%02d", total/100, total%100)
	var balances []balance
	s.printed(t, &balances, "account", "balance", "--institution", "theatre", "--json")
	if len(balances) != 1 || balances[0].Owed != want || balances[0].Claimed != "0.00" || balances[0].Postings != 1 {
		t.Errorf("balances = %+v, want %s owed", balances, want)
	}
	lines, err := csv.NewReader(strings.NewReader(command(t, s.env, "account", "statement", "--institution", "theatre", "--csv"))).ReadAll()
	if err != nil || len(lines) != 4 || lines[1][3] != "opening" || lines[2][3] != "close" || lines[2][4] != id || lines[3][3] != "closing" || lines[3][10] != want {
		t.Errorf("statement: %v, %v", lines, err)
	}
	var st struct {
		Opening, Closing string
		Days             []statementDay
		Postings         []map[string]string
	}
	s.printed(t, &st, "account", "statement", "--institution", "theatre", "--json")
	if st.Opening != "0.00" || st.Closing != want || len(st.Days) != 1 || st.Days[0].Closes != want || len(st.Postings) != 1 || st.Postings[0]["order"] != id {
		t.Errorf("statement = %+v", st)
	}
	if table := command(t, s.env, "account", "statement", "--institution", "theatre"); strings.Count(table, want) != 3 {
		t.Errorf("the table:\n%s", table)
	}
}

func TestBooks_BadInput_NamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"account statement": `required flag(s) "institution" not set`,
		"account statement --institution x --from 2026-11-31": "--from:",
		"account statement --institution x --to yesterday":    "--to:",
		"account statement --institution x --csv --json":      "[csv json] were all set",
		"reconcile run": `required flag(s) "institution" not set`,
		"reconcile run --institution x --from 2026-11-01": "--from:",
		"reconcile cases --state lost":                    "--state:",
		"reconcile cases --kind odd":                      "--kind:",
		"reconcile decide":                                "accepts 1 arg(s), received 0",
		"reconcile decide cas_1 --reason x":               `required flag(s) "action" not set`,
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), nil, &out, &errs); code == 0 || !strings.Contains(errs.String(), says) {
			t.Errorf("%s: %d, %q", args, code, errs.String())
		}
	}
}
