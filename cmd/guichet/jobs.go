package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"guichet/api"
	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/quota"
	"guichet/domain/reconcile"
	"guichet/domain/sales"
	"guichet/storage"
)

// job is one line of the table: what runs, when, and where.
type job struct {
	kind  string
	queue string
	every time.Duration // 0: only when something asks for it
	start bool          // also as soon as a process leads
	run   func(ctx context.Context, id string) (domain.Outcome, error)
	// beside: two runs at once do no harm, because each thing they do is claimed first. A run that died with its process,
	// which the engine takes for running until it is rescued, does not keep the next ones away.
	beside bool
	// perInstitution: the id is an institution's code and every institution has its own run.
	perInstitution bool
}

// table is every background job there is.
func (a *app) table() []job {
	return []job{
		{kind: "catalog.refresh", queue: storage.QueueRefresh, every: a.cfg.CatalogEvery, start: true, perInstitution: true, run: a.refreshCatalog},
		{kind: string(catalog.TaskHint), queue: storage.QueueRefresh, perInstitution: true, run: a.lookAtCatalog},
		{kind: "availability.tick", queue: storage.QueueRefresh, every: time.Minute, start: true, perInstitution: true, run: func(ctx context.Context, id string) (domain.Outcome, error) {
			return a.refreshAvailability(ctx, id, false)
		}},
		{kind: string(catalog.TaskAvailability), queue: storage.QueueRefresh, perInstitution: true, run: func(ctx context.Context, id string) (domain.Outcome, error) {
			return a.refreshAvailability(ctx, id, true)
		}},
		{kind: string(sales.TaskSettle), queue: storage.QueueSale, run: func(ctx context.Context, id string) (domain.Outcome, error) {
			return a.sales.Settle(ctx, sales.OrderID(id), false)
		}},
		{kind: "sales.settle_sweep", queue: storage.QueueSale, every: 15 * time.Second, start: true, beside: true, run: func(ctx context.Context, _ string) (domain.Outcome, error) {
			return a.sales.SettleDue(ctx)
		}},
		{kind: "sales.release_sweep", queue: storage.QueueSale, every: 15 * time.Second, start: true, beside: true, run: func(ctx context.Context, _ string) (domain.Outcome, error) {
			return a.sales.ExpireDue(ctx)
		}},
		{kind: "sales.look_sweep", queue: storage.QueueSale, every: time.Minute, start: true, perInstitution: true, run: func(ctx context.Context, id string) (domain.Outcome, error) {
			return a.sales.LookDue(ctx, domain.InstitutionCode(id))
		}},
		{kind: "sales.basket_sweep", queue: storage.QueueSale, every: 15 * time.Second, start: true, beside: true, run: func(ctx context.Context, _ string) (domain.Outcome, error) {
			return a.sales.ContinueBaskets(ctx)
		}},
		{kind: "account.watch", queue: storage.QueueDeliver, every: time.Minute, start: true, perInstitution: true, run: func(ctx context.Context, id string) (domain.Outcome, error) {
			return a.account.Watch(ctx, domain.InstitutionCode(id))
		}},
		{kind: string(delivery.TaskMail), queue: storage.QueueDeliver, beside: true, run: func(ctx context.Context, id string) (domain.Outcome, error) {
			return a.mails.Send(ctx, delivery.MailID(id))
		}},
		{kind: "deliver.mail_sweep", queue: storage.QueueDeliver, every: 15 * time.Second, start: true, beside: true, run: func(ctx context.Context, _ string) (domain.Outcome, error) {
			return a.mails.SendDue(ctx)
		}},
		{kind: "deliver.change_sweep", queue: storage.QueueDeliver, every: time.Minute, start: true, perInstitution: true, run: func(ctx context.Context, id string) (domain.Outcome, error) {
			return a.mails.TellChanges(ctx, domain.InstitutionCode(id))
		}},
		{kind: string(reconcile.TaskRun), queue: storage.QueueDeliver, run: a.reconcileRun},
		{kind: "reconcile.nightly", queue: storage.QueueDeliver, every: time.Hour, start: true, perInstitution: true, run: a.reconcileNightly},
		{kind: string(delivery.TaskExport), queue: storage.QueueExport, run: a.delivery.MakeExport},
		{kind: "tickets.export_sweep", queue: storage.QueueExport, every: 15 * time.Second, start: true, beside: true, run: func(ctx context.Context, _ string) (domain.Outcome, error) {
			return a.delivery.SweepExports(ctx)
		}},
		{kind: "delivery.wallets", queue: storage.QueueDeliver, every: 15 * time.Second, start: true, run: func(ctx context.Context, _ string) (domain.Outcome, error) {
			return a.wallets.Sweep(ctx)
		}},
		{kind: "answers.prune", queue: storage.QueueDeliver, every: time.Hour, start: true, run: func(ctx context.Context, _ string) (domain.Outcome, error) {
			n, err := a.answers.Prune(ctx, a.clock().AddDate(0, 0, -a.cfg.RawAnswersDays))
			return domain.Outcome{Done: int(n)}, err
		}},
		{kind: "quota.prune", queue: storage.QueueDeliver, every: time.Hour, start: true, run: func(ctx context.Context, _ string) (domain.Outcome, error) {
			calls, err := a.meter.Prune(ctx)
			lived, also := a.freshness.Prune(ctx)
			return domain.Outcome{Done: calls.Done + lived.Done}, errors.Join(err, also)
		}},
	}
}

// reconcileNightly asks every hour, so that a night is not missed because the process began anew.
func (a *app) reconcileNightly(ctx context.Context, id string) (domain.Outcome, error) {
	inst, err := a.catalog.Institution(domain.InstitutionCode(id))
	if err != nil || a.cfg.ReconcileCalls < 0 {
		return domain.Outcome{Detail: "not due"}, nil //nolint:nilerr // without a catalog nothing was sold yet
	}
	return a.reconcile.Nightly(ctx, inst.Code, inst.Location())
}

// reconcileRun works on a run; where somebody else is at the institution's, it comes again.
func (a *app) reconcileRun(ctx context.Context, id string) (domain.Outcome, error) {
	out, err := a.reconcile.Work(ctx, id)
	if errors.Is(err, reconcile.ErrBusy) {
		return out, river.JobSnooze(time.Minute)
	}
	return out, err
}

func (a *app) refreshCatalog(ctx context.Context, id string) (domain.Outcome, error) {
	return a.catalog.RefreshCatalog(ctx, domain.InstitutionCode(id), false)
}

// lookAtCatalog refreshes after a hint. Where a catalog may not be asked for yet, it waits until it may.
func (a *app) lookAtCatalog(ctx context.Context, id string) (domain.Outcome, error) {
	out, err := a.refreshCatalog(ctx, id)
	if e := domain.AsError(err); domain.HasCode(err, quota.CodeRate) && e.RetryAfter > 0 {
		return out, river.JobSnooze(e.RetryAfter)
	}
	return out, err
}

// refreshAvailability takes a step of the freshness planner, which knows of refused sales already. Where the planner is off it
// only learns, and what moved is read when its turn comes, or sooner after a hint.
func (a *app) refreshAvailability(ctx context.Context, id string, hint bool) (domain.Outcome, error) {
	code := domain.InstitutionCode(id)
	out, err := a.freshness.Tick(ctx, code)
	if a.cfg.Freshness != freshnessMoved || err != nil {
		return out, err
	}
	due, err := a.catalog.AvailabilityDue(ctx, code, hint)
	if err != nil || !due {
		return domain.Outcome{Detail: "not due"}, err
	}
	return a.catalog.RefreshAvailability(ctx, code)
}

// Bounds of one run. A job is one bounded step, so none takes long; a catalog is the longest.
const (
	jobTimeout  = 5 * time.Minute
	jobRescue   = 10 * time.Minute
	jobAttempts = 3 // sweeps find what a lost job leaves
	keepDone    = 24 * time.Hour
)

// jobArgs are a job's arguments: ids only.
type jobArgs struct {
	kind string
	ID   string `json:"id"`
}

// Kind implements river.JobArgs.
func (j jobArgs) Kind() string { return j.kind }

// jobs runs the table on River.
type jobs struct {
	client *river.Client[*sql.Tx]
	table  []job
	codes  []domain.InstitutionCode
	log    *slog.Logger
}

func newJobs(a *app) (*jobs, error) {
	j := &jobs{table: a.table(), codes: a.cfg.codes(), log: a.log}
	workers := river.NewWorkers()
	var periodic []*river.PeriodicJob
	for _, line := range j.table {
		river.AddWorkerArgs(workers, jobArgs{kind: line.kind}, &worker{job: line, metrics: a.metrics, log: a.log})
		if line.every == 0 {
			continue
		}
		for _, id := range j.ids(line) {
			periodic = append(periodic, river.NewPeriodicJob(river.PeriodicInterval(line.every), func() (river.JobArgs, *river.InsertOpts) {
				return jobArgs{kind: line.kind, ID: id}, periodicOpts(line)
			}, &river.PeriodicJobOpts{RunOnStart: line.start}))
		}
	}
	client, err := river.NewClient(a.db.River(), &river.Config{
		Workers: workers, PeriodicJobs: periodic, Logger: slog.New(quiet{a.log.Handler()}),
		Queues: map[string]river.QueueConfig{
			storage.QueueSale: {MaxWorkers: 8}, storage.QueueRefresh: {MaxWorkers: 4}, storage.QueueDeliver: {MaxWorkers: 2}, storage.QueueExport: {MaxWorkers: 1},
		},
		JobTimeout: jobTimeout, RescueStuckJobsAfter: jobRescue, MaxAttempts: jobAttempts,
		CompletedJobRetentionPeriod: keepDone,
	})
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	j.client = client
	return j, nil
}

// ids are what a line runs for: every institution, or once.
func (j *jobs) ids(line job) []string {
	if !line.perInstitution {
		return []string{""}
	}
	var out []string
	for _, c := range j.codes {
		out = append(out, string(c))
	}
	return out
}

// periodicOpts is for runs by the clock: where two runs at once do no harm, there is one for each period, whatever became of
// the one before.
func periodicOpts(line job) *river.InsertOpts {
	if !line.beside {
		return insertOpts(line)
	}
	return &river.InsertOpts{Queue: line.queue, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: line.every}}
}

// insertOpts keeps one run of a job waiting or running at a time.
func insertOpts(line job) *river.InsertOpts {
	if line.beside {
		return &river.InsertOpts{Queue: line.queue}
	}
	return &river.InsertOpts{Queue: line.queue, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

// Start begins fetching; Stop lets running steps finish until ctx ends, then cancels them.
func (j *jobs) Start(ctx context.Context) error { return j.client.Start(ctx) }

// Stop ends fetching and waits.
func (j *jobs) Stop(ctx context.Context) error {
	if err := j.client.Stop(ctx); err == nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return j.client.StopAndCancel(hard)
}

// List implements api.Jobs: River's truth, one line a job and institution.
func (j *jobs) List(ctx context.Context) ([]api.JobState, error) {
	var out []api.JobState
	for _, line := range j.table {
		st := api.JobState{Name: line.kind, Queue: line.queue, Every: line.every}
		done, err := j.client.JobList(ctx, river.NewJobListParams().Kinds(line.kind).First(1).
			States(rivertype.JobStateCompleted, rivertype.JobStateDiscarded, rivertype.JobStateCancelled, rivertype.JobStateRetryable).
			OrderBy(river.JobListOrderByTime, river.SortOrderDesc))
		if err != nil {
			return nil, fmt.Errorf("list jobs: %w", err)
		}
		if len(done.Jobs) > 0 {
			fillLast(&st, done.Jobs[0])
		}
		waiting, err := j.client.JobList(ctx, river.NewJobListParams().Kinds(line.kind).First(1000).
			States(rivertype.JobStateAvailable, rivertype.JobStateScheduled, rivertype.JobStateRetryable, rivertype.JobStatePending).
			OrderBy(river.JobListOrderByScheduledAt, river.SortOrderAsc))
		if err != nil {
			return nil, fmt.Errorf("list jobs: %w", err)
		}
		st.Waiting = len(waiting.Jobs)
		if st.Waiting > 0 {
			st.NextRun = waiting.Jobs[0].ScheduledAt
		} else if line.every > 0 && !st.LastRun.IsZero() {
			st.NextRun = st.LastRun.Add(line.every)
		}
		failed, err := j.client.JobList(ctx, river.NewJobListParams().Kinds(line.kind).First(1000).
			States(rivertype.JobStateDiscarded, rivertype.JobStateRetryable))
		if err != nil {
			return nil, fmt.Errorf("list jobs: %w", err)
		}
		st.Failed = len(failed.Jobs)
		out = append(out, st)
	}
	return out, nil
}

func fillLast(st *api.JobState, row *rivertype.JobRow) {
	if row.FinalizedAt != nil {
		st.LastRun = *row.FinalizedAt
	} else if row.AttemptedAt != nil {
		st.LastRun = *row.AttemptedAt
	}
	if len(row.Errors) > 0 && row.State != rivertype.JobStateCompleted {
		st.LastError = row.Errors[len(row.Errors)-1].Error
	}
	var o domain.Outcome
	if raw := row.Output(); raw != nil && json.Unmarshal(raw, &o) == nil {
		st.LastOutcome = fmt.Sprintf("%d done, %d left", o.Done, o.Left)
		if o.Detail != "" {
			st.LastOutcome += ": " + o.Detail
		}
	}
}

// Run implements api.Jobs: it inserts a run like everybody else, for every institution where the job has several.
func (j *jobs) Run(ctx context.Context, name string) error {
	i := slices.IndexFunc(j.table, func(l job) bool { return l.kind == name })
	if i < 0 || (j.table[i].every == 0 && !j.table[i].perInstitution) {
		return domain.Errorf(domain.NotFound, "job.unknown", "no job %q can be run by hand", name)
	}
	for _, id := range j.ids(j.table[i]) {
		if _, err := j.client.Insert(ctx, jobArgs{kind: name, ID: id}, insertOpts(j.table[i])); err != nil {
			return fmt.Errorf("run job %s: %w", name, err)
		}
	}
	return nil
}

// worker runs one line of the table.
type worker struct {
	river.WorkerDefaults[jobArgs]
	job     job
	metrics *metrics
	log     *slog.Logger
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, r *river.Job[jobArgs]) error {
	out, err := w.job.run(quota.ForJob(ctx, w.job.kind), r.Args.ID)
	if later := (*river.JobSnoozeError)(nil); errors.As(err, &later) {
		return err
	}
	w.metrics.observeJob(w.job.kind, err)
	if err != nil {
		w.log.LogAttrs(ctx, slog.LevelWarn, "job failed", slog.String("job", w.job.kind), slog.String("id", r.Args.ID),
			slog.Int("attempt", r.Attempt), slog.String("error", err.Error()))
		return err
	}
	if out.Done > 0 {
		w.log.LogAttrs(ctx, slog.LevelInfo, "job", slog.String("job", w.job.kind), slog.String("id", r.Args.ID),
			slog.Int("done", out.Done), slog.Int("left", out.Left), slog.String("detail", out.Detail))
	}
	return river.RecordOutput(ctx, out)
}

// quiet keeps the engine's chatter out of the log: only what it warns of, and not the failures that Work has logged.
type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}

// Handle implements slog.Handler.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	failed := false
	r.Attrs(func(a slog.Attr) bool {
		failed = failed || a.Key == "job_kind"
		return !failed
	})
	if failed {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
