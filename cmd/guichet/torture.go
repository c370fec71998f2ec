package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"guichet/cmd/guichet/torture"
)

func (p *program) tortureCommand() *cobra.Command {
	o := torture.Options{Environ: p.environ}
	var asJSON, trace bool
	cmd := &cobra.Command{
		Use:   "torture",
		Short: "Kill, stop and cut a service in the middle of sales, and check its books",
		Long: "Torture runs this program as a service and as the simulator, in processes of their own, and plays schedules: a storefront\n" +
			"buys while processes are killed and stopped and connections are cut, at points that a seed decides. After each it compares\n" +
			"what the storefront was told with the service's books and the platform's. Exit code 1: something was not true. It sells at\n" +
			"no real platform, and makes databases of its own.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if trace {
				o.Trace = func(line string) { fmt.Fprintln(p.err, line) }
			}
			return p.torture(cmd.Context(), o, asJSON)
		},
	}
	cmd.Flags().IntVar(&o.Schedules, "schedules", 100, "how many schedules")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "seed of the first schedule; the next ones have the next seeds")
	cmd.Flags().StringVar(&o.Database, "db", "sqlite", "sqlite, or the URL of a PostgreSQL server on which databases may be made")
	cmd.Flags().IntVar(&o.Lanes, "lanes", 0, "schedules at a time (default 4)")
	cmd.Flags().BoolVar(&o.Stop, "stop", false, "stop at the first violation")
	cmd.Flags().BoolVar(&trace, "trace", false, "print every step as it happens")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: a line for each violation, and the counts last")
	return cmd
}

func (p *program) torture(ctx context.Context, o torture.Options, asJSON bool) error {
	if o.Schedules < 1 {
		return errors.New("--schedules: at least 1")
	}
	if o.Database != "sqlite" && !strings.HasPrefix(o.Database, "postgres://") && !strings.HasPrefix(o.Database, "postgresql://") {
		return errors.New("--db: sqlite, or an address that begins with postgres://")
	}
	var err error
	if o.Program, err = os.Executable(); err != nil {
		return err
	}
	o.Progress = func(r torture.Report) {
		if r.Schedules%100 == 0 {
			fmt.Fprintf(p.err, "%d schedules, %d violations, %d sold, %d settled, %d kills\n", r.Schedules, r.Violations, r.Sold, r.Settled, r.Kills)
		}
	}
	lines := json.NewEncoder(p.out)
	var unsaid error
	report, err := torture.Run(ctx, o, func(v torture.Violation) {
		if asJSON {
			unsaid = errors.Join(unsaid, lines.Encode(v))
			return
		}
		fmt.Fprintf(p.out, "seed %d:\n  %s\n%s\nservice's log:\n%s\nReplay on the same database: guichet torture --schedules 1 --seed %d\n\n",
			v.Seed, strings.Join(v.Broken, "\n  "), strings.Join(v.Trace, "\n"), strings.Join(v.Log, "\n"), v.Seed)
	})
	if err != nil { // what was done until then is told all the same
		err = fmt.Errorf("torture: %w", err)
	}
	if asJSON {
		err = errors.Join(err, unsaid, lines.Encode(report))
	} else {
		fmt.Fprintf(p.out, "%d schedules, %d violations, %d sold, %d settled, %d kills\n", report.Schedules, report.Violations, report.Sold, report.Settled, report.Kills)
	}
	if err == nil && report.Violations > 0 {
		return errPrinted
	}
	return err
}
