package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"guichet/domain"
)

// Options says what is tortured and how long.
type Options struct {
	Program   string   // the program, which serves and simulates
	Environ   []string // of the processes; settings of the service in it are left out
	Schedules int      // at least 1
	Seed      uint64   // of the first schedule; the next ones have the next seeds
	Database  string   // "sqlite", or the URL of a PostgreSQL server where databases may be made
	Lanes     int      // schedules at a time; 0 is 4
	Stop      bool     // no more schedules after the first violation
	Folder    string   // for everything that is written; empty is a temporary one
	// Trace is told every line of every schedule as it happens; nil: nobody is. It must be safe for concurrent use.
	Trace func(string)
	// Progress is told now and then how far it is; nil: nobody is. Calls never overlap.
	Progress func(Report)
}

// Violation is a schedule after which something was not true.
type Violation struct {
	Seed   uint64   `json:"seed"`
	Broken []string `json:"broken"`
	Trace  []string `json:"trace"`
	Log    []string `json:"log,omitempty"` // the end of the service's own log
}

// Report counts what was done.
type Report struct {
	Schedules  int `json:"schedules"`
	Violations int `json:"violations"`
	Sold       int `json:"sold"`    // orders that ended with their tickets
	Settled    int `json:"settled"` // orders whose outcome was not known at first, and was found out
	Kills      int `json:"kills"`   // processes killed
}

const (
	defaultLanes = 4
	perStage     = 80 // schedules on one stage; its time moves on by half an hour in each
	logLines     = 40
)

// Run plays the schedules and returns what came of them; found is told of every violation, one at a time. An error says that
// the torture itself could not be done.
func Run(ctx context.Context, o Options, found func(Violation)) (Report, error) {
	folder := o.Folder
	if folder == "" {
		var err error
		if folder, err = os.MkdirTemp("", "guichet-torture-"); err != nil {
			return Report{}, err
		}
		defer func() { _ = os.RemoveAll(folder) }()
	}
	t := &torture{o: o, folder: folder, found: found, elapsed: domain.NewElapsed()}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	lanes := o.Lanes
	if lanes <= 0 {
		lanes = defaultLanes
	}
	for n := range min(lanes, o.Schedules) {
		wg.Go(func() {
			if err := t.lane(ctx, n); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return t.report, context.Cause(ctx)
	}
	return t.report, nil
}

// torture is one run.
type torture struct {
	o       Options
	folder  string
	found   func(Violation)
	elapsed func() time.Duration

	mu     sync.Mutex
	next   int
	report Report
}

// take gives the next schedule, or false when there is none.
func (t *torture) take() (uint64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next >= t.o.Schedules {
		return 0, false
	}
	t.next++
	return t.o.Seed + uint64(t.next-1), true //nolint:gosec // never negative
}

// lane plays schedules one after another, on one stage after another.
func (t *torture) lane(ctx context.Context, n int) error {
	for stage := 0; ctx.Err() == nil; stage++ {
		seed, ok := t.take()
		if !ok {
			return nil
		}
		if err := t.perform(ctx, filepath.Join(t.folder, fmt.Sprintf("%d-%d", n, stage)), seed); err != nil {
			return err
		}
	}
	return nil
}

// perform builds a stage and plays schedules on it, beginning with the one of the seed. A stage with a violation is not used
// again: what follows could be its echo.
func (t *torture) perform(ctx context.Context, dir string, seed uint64) (err error) {
	s, err := newStage(ctx, t.o, dir, t.elapsed)
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	p, err := newPlayer(ctx, s)
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	for played := 1; ; played++ {
		r, err := p.play(ctx, planOf(seed, s.wire != nil))
		if err != nil {
			return err
		}
		t.count(seed, r, s)
		if len(r.broken) > 0 || played == perStage {
			return nil
		}
		var ok bool
		if seed, ok = t.take(); !ok {
			return nil
		}
	}
}

func (t *torture) count(seed uint64, r result, s *stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Schedules++
	t.report.Sold += r.sold
	t.report.Settled += r.settled
	t.report.Kills += r.kills
	if len(r.broken) > 0 {
		t.report.Violations++
		if t.o.Stop {
			t.next = t.o.Schedules
		}
		t.found(Violation{Seed: seed, Broken: r.broken, Trace: r.trace, Log: s.logTail()})
	}
	if t.o.Progress != nil {
		t.o.Progress(t.report)
	}
}
