package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"guichet/cmd/guichet/torture"
)

// tortureSchedules is how many schedules every run of the tests plays on each database; `make torture` plays 10,000.
const tortureSchedules = 300

// tortured are the databases as the command wants them.
func tortured(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{"sqlite": "sqlite"}
	if base := os.Getenv("GUICHET_TEST_POSTGRES"); base != "" {
		out["postgres"] = base
	} else if os.Getenv("CI_REQUIRE_POSTGRES") != "" {
		t.Fatal("GUICHET_TEST_POSTGRES is not set, and CI requires PostgreSQL")
	}
	return out
}

// runTorture runs the command of a program and reads its counts and violations.
func runTorture(t *testing.T, program, db string, schedules int, more ...string) (torture.Report, []torture.Violation) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, append([]string{"torture", "--json", "--db", db, "--schedules", strconv.Itoa(schedules)}, more...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if ended := (*exec.ExitError)(nil); err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	var r torture.Report
	dec := json.NewDecoder(bytes.NewReader(lines[len(lines)-1]))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("the last line is not the counts: %v\n%s\n%s", err, tail(out.String(), 20), tail(errs.String(), 20))
	}
	var found []torture.Violation
	for _, line := range lines[:len(lines)-1] {
		var v torture.Violation
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		found = append(found, v)
	}
	if (err != nil) != (r.Violations > 0) || len(found) != r.Violations {
		t.Errorf("%d violations counted, %d told, and the program ended with %v\n%s", r.Violations, len(found), err, tail(errs.String(), 20))
	}
	return r, found
}

func TestTorture_KilledStoppedAndCut_NothingLostAndNothingTwice(t *testing.T) {
	t.Parallel()
	for name, db := range tortured(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, found := runTorture(t, binary(t), db, tortureSchedules)
			for _, v := range found {
				t.Errorf("seed %d: %s\n%s\n%s", v.Seed, strings.Join(v.Broken, "\n"), strings.Join(v.Trace, "\n"), strings.Join(v.Log, "\n"))
			}
			if r.Schedules != tortureSchedules || r.Sold < tortureSchedules/2 || r.Settled < tortureSchedules/10 || r.Kills < tortureSchedules/10 {
				t.Errorf("%+v: too little happened for a proof", r)
			}
		})
	}
}

// A mutant is the program without one of the rules that make it safe.
type mutant struct {
	rule    string
	changes []sourceChange
}

// sourceChange replaces text that stands exactly once in a file, or adds to its end where there is none to replace.
type sourceChange struct{ file, old, with string }

var mutants = []mutant{
	{"the intent to close is stored before the platform is asked", []sourceChange{
		{
			"domain/sales/service.go",
			"o, err = s.change(ctx, o, \"close\", c, func(o *Order) error {\n\t\tswitch o.Status {\n\t\tcase Closing, Issuing, Issued:",
			"o, err = s.unstored(ctx, id, func(o *Order) error {\n\t\tswitch o.Status {\n\t\tcase Closing, Issuing, Issued:",
		},
		{"domain/sales/service.go", "", `
func (s *Service) unstored(ctx context.Context, id OrderID, change func(*Order) error) (Order, error) {
	o, err := s.Store.Order(ctx, id)
	if err == nil {
		err = change(&o)
	}
	return o, err
}
`},
		{"domain/sales/status.go", "var moves = []Move{\n", "var moves = []Move{\n\t{Held, Issued, \"\"}, {Held, Issuing, \"\"},\n"},
	}},
	{"what got no answer is not sent again blindly", []sourceChange{{
		"domain/sales/service.go",
		"hold, err := s.Platform.Hold(ctx, o)\n",
		"hold, err := s.Platform.Hold(ctx, o)\n\tif err != nil && domain.AsError(err).Uncertain {\n\t\thold, err = s.Platform.Hold(ctx, o)\n\t}\n",
	}}},
	{"an order is changed only as it was read", []sourceChange{
		{
			"storage/sales.go", `	var u *orderUpdate
	err := s.db.change(ctx, "update order", func(tx *gorm.DB) error {
		before, err := loadOrderRow(forUpdate(tx), id)
		if err != nil {
			return err
		}
`, `	var u *orderUpdate
	before, err := loadOrderRow(s.db.read.WithContext(ctx), id)
	if err != nil {
		return orderRow{}, sales.Order{}, err
	}
	err = s.db.change(ctx, "update order", func(tx *gorm.DB) error {
`,
		},
		{"storage/sales.go", `tx.Model(&orderRow{}).Where("id = ? AND version = ?", u.row.ID, u.before.Version)`, `tx.Model(&orderRow{}).Where("id = ?", u.row.ID)`},
	}},
	{"what is sold of a basket that is refused is undone", []sourceChange{{
		"domain/sales/basket_close.go",
		"\t\tif o.Status != Issued {\n\t\t\tcontinue\n\t\t}\n\t\t_, undone, err := s.Cancel(",
		"\t\tif o.Status != Cancelled {\n\t\t\tcontinue\n\t\t}\n\t\t_, undone, err := s.Cancel(",
	}}},
	{"a change that is refused leaves the hold as it was", []sourceChange{{
		"domain/sales/changing.go",
		"if len(added) > 0 && !s.dropQuietly(ctx, o, added) {",
		"if len(added) > 0 && why.Code != CodePriceChanged && !s.dropQuietly(ctx, o, added) {",
	}}},
}

// buildMutant builds the program with the changes laid over the sources, which stay as they are.
func buildMutant(t *testing.T, m mutant) string {
	t.Helper()
	dir := t.TempDir()
	changed := map[string]string{}
	for _, c := range m.changes {
		file, err := filepath.Abs(filepath.Join(root, c.file))
		if err != nil {
			t.Fatal(err)
		}
		text, ok := changed[file]
		if !ok {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text = string(raw)
		}
		if n := strings.Count(text, c.old); c.old != "" && n != 1 {
			t.Fatalf("%s has %d times what the mutant of the rule %q replaces; bring the mutant up to date:\n%s", c.file, n, m.rule, c.old)
		}
		if c.old == "" {
			changed[file] = text + c.with
		} else {
			changed[file] = strings.Replace(text, c.old, c.with, 1)
		}
	}
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	for file, text := range changed {
		to := filepath.Join(dir, fmt.Sprintf("%d.go", len(overlay.Replace)))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[file] = to
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, mustJSON(t, overlay), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "guichet")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-overlay", list, "-o", program, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

func TestTorture_ASafetyRuleIsMissing_FoundWithin200Schedules(t *testing.T) {
	t.Parallel()
	for _, m := range mutants {
		t.Run(m.rule, func(t *testing.T) {
			t.Parallel()
			program := buildMutant(t, m)
			for name, db := range tortured(t) {
				t.Run(name, func(t *testing.T) {
					r, found := runTorture(t, program, db, 200, "--stop")
					if len(found) == 0 {
						t.Fatalf("%+v: not found", r)
					}
					t.Logf("found after %d schedules, seed %d: %s", r.Schedules, found[0].Seed, strings.Join(found[0].Broken, "; "))
				})
			}
		})
	}
}
