package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/driver"

	"guichet/secutix/sim"
)

// A process that is killed leaves its job behind as running; the engine takes it for running until it is rescued, many
// minutes later.
func TestJobs_SweepDiedWithItsProcess_NextOneRuns(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "guichet.db")
	a := bench(t, "sqlite:"+file, &sim.Platform{Clock: sim.NewClock(time.Time{}), RatePerMinute: -1, CatalogSpacing: -1})
	if err := a.jobs.Run(t.Context(), "sales.settle_sweep"); err != nil {
		t.Fatal(err)
	}
	db, err := driver.Open("file:" + file + "?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "UPDATE river_job SET state = 'running', attempt = 1, attempted_at = created_at"); err != nil {
		t.Fatal(err)
	}
	if err := a.jobs.Run(t.Context(), "sales.settle_sweep"); err != nil {
		t.Fatal(err)
	}
	if err := a.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer a.jobs.Stop(t.Context())
	eventually(t, 20, "a sweep runs beside the one that died", func() bool {
		list, err := a.jobs.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range list {
			if j.Name == "sales.settle_sweep" {
				return !j.LastRun.IsZero() && j.LastError == ""
			}
		}
		return false
	})
}
