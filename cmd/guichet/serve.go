package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"guichet/api"
	"guichet/domain"
)

// How long stopping may take: requests first, then jobs.
const (
	stopRequests = 20 * time.Second
	stopJobs     = 20 * time.Second
)

func (p *program) serveCommand() *cobra.Command {
	var file, ready, clock string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve real institutions from configuration",
		Long: "Serve reads the configuration (file, then environment), checks it, the database's schema and every institution's\n" +
			"point of sales, and serves until it is told to stop. Run `guichet doctor` first on a new machine.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(file, p.environ)
			if err != nil {
				return err
			}
			return p.serve(cmd.Context(), cfg, ready, clock)
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&ready, "ready-file", "", "file written when ready: JSON with api and metrics, for scripts")
	cmd.Flags().StringVar(&clock, "clock-file", "", "file with a duration such as 1h30m by which time runs ahead, read at every look; only with allow_simulator")
	return cmd
}

func configFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", "", "configuration file (YAML); also GUICHET_CONFIG")
}

func (p *program) serve(ctx context.Context, cfg Config, ready, clock string) error {
	o := options{logTo: p.err}
	if clock != "" {
		if !cfg.AllowSimulator {
			return errors.New("--clock-file: time is moved for a simulator only; set allow_simulator")
		}
		var err error
		if o.clock, err = movedClock(clock); err != nil {
			return err
		}
	}
	a, err := build(ctx, cfg, o)
	if err != nil {
		return err
	}
	defer func() { logClose(a) }()
	if err := a.db.CheckSchema(ctx); err != nil {
		return fmt.Errorf("%w: run `guichet migrate`", err)
	}
	if err := a.db.Own(); err != nil {
		return err
	}
	if err := a.prepare(ctx); err != nil {
		return err
	}
	l, err := listen(ctx, cfg.Listen, cfg.OperatorListen)
	if err != nil {
		return err
	}
	a.log.LogAttrs(ctx, slog.LevelInfo, "serving", slog.String("api", "http://"+l.api.Addr().String()),
		slog.String("operator", "http://"+l.operator.Addr().String()), slog.String("database", a.db.Kind()), slog.String("version", version()))
	return a.run(ctx, l, func() error {
		if ready == "" {
			return nil
		}
		return writeReady(ready, map[string]string{
			"api": "http://" + l.api.Addr().String(), "metrics": "http://" + l.operator.Addr().String() + "/metrics",
		})
	})
}

func logClose(a *app) {
	if err := a.Close(); err != nil {
		a.log.Error("closing", "error", err)
	}
}

// prepare brings what the last process knew back, and asks every institution's point of sales who it is. An institution
// that cannot be sold for as configured stops the start; one that does not answer does not, because the last good catalog
// still serves.
func (a *app) prepare(ctx context.Context) error {
	if err := a.meter.Load(ctx); err != nil {
		return err
	}
	if err := a.catalog.Follow(ctx); err != nil {
		return err
	}
	if err := a.freshness.Follow(ctx); err != nil {
		return err
	}
	var problems []error
	for _, code := range a.cfg.codes() {
		_, err := a.institutions.Prepare(ctx, code)
		switch e := domain.AsError(err); {
		case err == nil:
		case e.Code == domain.CodePlatformConfig, e.Code == domain.CodePlatformAuth:
			problems = append(problems, fmt.Errorf("institution %s: %s", code, e.Detail))
		default:
			a.log.LogAttrs(ctx, slog.LevelWarn, "the platform does not answer; serving what is known", slog.String("institution", string(code)),
				slog.String("code", e.Code))
		}
	}
	return errors.Join(problems...)
}

// listeners are the two doors: storefronts use the first, operators' probes the second.
type listeners struct{ api, operator net.Listener }

func listen(ctx context.Context, api, operator string) (listeners, error) {
	var lc net.ListenConfig
	first, err := lc.Listen(ctx, "tcp", api)
	if err != nil {
		return listeners{}, fmt.Errorf("listen: %w", err)
	}
	second, err := lc.Listen(ctx, "tcp", operator)
	if err != nil {
		return listeners{}, errors.Join(fmt.Errorf("operator listen: %w", err), first.Close())
	}
	return listeners{first, second}, nil
}

// server bounds what a client may take.
func server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Per replica, because each has its own view and its own counts.
const (
	followEvery  = 5 * time.Second
	flushEvery   = 10 * time.Second
	answersEvery = time.Second // what the platform answered last is what one looks for after a crash
	watchEvery   = time.Minute
	gateEvery    = 30 * time.Second // how late a quiet replica learns what others used
)

// run serves until ctx ends, then stops in order: no new requests, the running ones to their end, then the jobs. Ready is
// called once both doors are open; an error from it stops everything.
func (a *app) run(ctx context.Context, l listeners, ready func() error) error {
	public, operator := server(a.api, a.log), server(a.operator, a.log)
	failed := make(chan error, 2)
	for _, s := range []struct {
		server   *http.Server
		listener net.Listener
	}{{public, api.Wire(public, l.api)}, {operator, l.operator}} {
		go func() {
			if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		}()
	}
	if a.db.Sole() { // nobody else can be working on what the last process left behind
		if out, err := a.sales.Recover(ctx); err != nil {
			a.log.LogAttrs(ctx, slog.LevelWarn, "some orders could not be settled yet", slog.String("error", err.Error()))
		} else if out.Done > 0 {
			a.log.LogAttrs(ctx, slog.LevelInfo, "settled what the last run left", slog.Int("done", out.Done))
		}
	}
	if err := a.jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(fmt.Errorf("start jobs: %w", err), public.Close(), operator.Close())
	}
	ticks, stopTicks := context.WithCancel(ctx)
	var wg sync.WaitGroup
	a.tick(ticks, &wg, followEvery, a.catalog.Follow)
	a.tick(ticks, &wg, flushEvery, a.meter.Flush)
	a.tick(ticks, &wg, answersEvery, a.answers.Flush)
	a.tick(ticks, &wg, gateEvery, a.meter.Load)
	a.tick(ticks, &wg, watchEvery, a.meter.Watch)
	a.tick(ticks, &wg, flushEvery, a.freshness.Flush)
	a.tick(ticks, &wg, gateEvery, a.freshness.Follow)

	err := ready()
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-failed:
		}
	}
	stopTicks()
	wg.Wait()
	return errors.Join(err, a.stop(context.WithoutCancel(ctx), public, operator))
}

func (a *app) stop(ctx context.Context, public, operator *http.Server) error {
	a.log.Info("stopping")
	requests, cancel := context.WithTimeout(ctx, stopRequests)
	defer cancel()
	err := public.Shutdown(requests)
	jobs, cancelJobs := context.WithTimeout(ctx, stopJobs)
	defer cancelJobs()
	err = errors.Join(err, a.jobs.Stop(jobs))
	return errors.Join(err, operator.Shutdown(requests))
}

// tick runs f every so often until ctx ends.
func (a *app) tick(ctx context.Context, wg *sync.WaitGroup, every time.Duration, f func(context.Context) error) {
	wg.Go(func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				if err := f(ctx); err != nil && ctx.Err() == nil {
					a.log.LogAttrs(ctx, slog.LevelWarn, "upkeep", slog.String("error", err.Error()))
				}
			}
		}
	})
}
