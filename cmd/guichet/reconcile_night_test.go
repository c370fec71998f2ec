package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/reconcile"
	"guichet/domain/sales"
)

// nights asks every hour whether a night's run is due, works on those that are, and returns when they began.
func (l *ledgers) nights(hours int) []time.Time {
	l.t.Helper()
	var begun []time.Time
	for range hours {
		out, err := l.a.reconcileNightly(l.t.Context(), "theatre")
		if err != nil {
			l.t.Fatal(err)
		}
		if strings.HasPrefix(out.Detail, "rec_") {
			begun = append(begun, l.platform.Clock.Now())
			if _, err := l.a.reconcile.Work(l.t.Context(), out.Detail); err != nil {
				l.t.Fatal(err)
			}
		}
		l.platform.Clock.Advance(time.Hour)
	}
	return begun
}

// Who begins at eleven in the morning waits for three o'clock at night; then there is one run a night.
func TestReconcile_Nightly_FromTheFirstNightOn_OncePerNight(t *testing.T) {
	t.Parallel()
	l := newLedgers(t, databases(t)["sqlite"](t, t.TempDir()))
	begun := l.nights(96)
	if len(begun) != 4 {
		t.Fatalf("%d runs in four days: %v", len(begun), begun)
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for n, at := range begun {
		if local := at.In(paris); local.Hour() != 3 || local.Day() != 2+n {
			t.Errorf("run %d began at %s", n, local)
		}
	}
}

// A night in which nothing ran is made up for when the service is back, also the first one.
func TestReconcile_Nightly_MissedByDowntime_IsMadeUpFor(t *testing.T) {
	t.Parallel()
	l := newLedgers(t, databases(t)["sqlite"](t, t.TempDir()))
	if begun := l.nights(2); len(begun) != 0 {
		t.Fatalf("run at %v, on the first afternoon", begun)
	}
	for range 2 {
		l.platform.Clock.Advance(20 * time.Hour)
		if begun := l.nights(1); len(begun) != 1 {
			t.Errorf("%d runs after a night of downtime", len(begun))
		}
		l.platform.Clock.Advance(3 * time.Hour)
	}
}

// between does something each time the newest run has just been looked up.
type between struct {
	reconcile.Store
	do func()
}

func (b between) LastRun(ctx context.Context, code domain.InstitutionCode, done bool) (reconcile.Run, bool, error) {
	r, ok, err := b.Store.LastRun(ctx, code, done)
	b.do()
	return r, ok, err
}

// Two replicas ask at the same moment: the second in the middle of the first's look.
func TestReconcile_TwoReplicasAtNight_MakeOneRun(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedgers(t, database(t, t.TempDir()))
			l.nights(1)
			l.platform.Clock.Advance(24 * time.Hour)
			d, asked := l.a.reconcile.Deps, 0
			d.Store = between{d.Store, func() {
				asked++
				if out, err := l.a.reconcileNightly(t.Context(), "theatre"); err != nil || out.Detail != "busy" {
					t.Errorf("the other replica: %+v, %v", out, err)
				}
			}}
			if out, err := reconcile.New(d).Nightly(t.Context(), "theatre", time.UTC); err != nil || out.Done != 1 || asked == 0 {
				t.Errorf("%+v, %v; asked %d times", out, err, asked)
			}
			if runs, _, err := l.a.db.Reconcile().Runs(t.Context(), nil, domain.Page{}); err != nil || len(runs) != 1 {
				t.Errorf("%d runs, %v", len(runs), err)
			}
			if out, err := l.a.reconcileNightly(t.Context(), "theatre"); err != nil || out.Detail != "waits" {
				t.Errorf("afterwards: %+v, %v", out, err)
			}
		})
	}
}

// dying stores a run a few times, and nothing after that.
type dying struct {
	reconcile.Store
	left *int
}

func (d dying) SaveRun(ctx context.Context, r reconcile.Run) error {
	if *d.left--; *d.left < 0 {
		return errors.New("the process is dead")
	}
	return d.Store.SaveRun(ctx, r)
}

// A process dies in the middle of a run and never gives its lease back: another one goes on where it was, once the lease is
// over, and finds the same.
func TestReconcile_KilledInTheMiddle_IsResumedByAnother(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedgers(t, database(t, t.TempDir()))
			var sold []sales.Order
			for n := range 5 {
				sold = append(sold, l.sell(n))
				l.steer("/orders/%d/reprint", sold[n].Platform.OrderID)
				l.platform.Clock.Advance(2 * time.Hour)
			}
			r, err := l.a.reconcile.Start(t.Context(), "theatre", time.Time{}, time.Time{}, "")
			if err != nil {
				t.Fatal(err)
			}
			d, saves := l.a.reconcile.Deps, 3 // the run takes four steps of six hours
			alone := d.Alone
			d.Store = dying{d.Store, &saves}
			d.Alone = func(ctx context.Context, name string) (func(), bool, error) {
				_, got, err := alone(ctx, name)
				return func() {}, got, err
			}
			if _, err := reconcile.New(d).Work(t.Context(), r.ID); err == nil {
				t.Fatal("nobody died")
			}
			if _, err := l.a.reconcile.Work(t.Context(), r.ID); !errors.Is(err, reconcile.ErrBusy) {
				t.Errorf("while the dead one has the lease: %v", err)
			}
			l.platform.Clock.Advance(stepLease)
			if _, err := l.a.reconcile.Work(t.Context(), r.ID); err != nil {
				t.Fatal(err)
			}
			got, err := l.a.db.Reconcile().Run(t.Context(), r.ID)
			if err != nil || got.State != reconcile.RunDone || got.Orders != len(sold) || !got.At.Equal(got.To) {
				t.Errorf("run = %+v, %v", got, err)
			}
			var about []string
			for _, c := range l.open() {
				about = append(about, c.Subject.Order)
			}
			for _, o := range sold {
				if !slices.Contains(about, string(o.ID)) {
					t.Errorf("nothing was found about %s", o.ID)
				}
			}
			if len(about) != len(sold) {
				t.Errorf("%d cases about %d orders", len(about), len(sold))
			}
		})
	}
}
