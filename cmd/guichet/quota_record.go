package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"guichet/domain"
	"guichet/domain/freshness"
	"guichet/domain/freshness/recording"
	"guichet/storage"
)

// recordedMonth is the command line of quota record.
type recordedMonth struct{ file, institution, month string }

func (p *program) quotaRecord() *cobra.Command {
	var r recordedMonth
	cmd := &cobra.Command{
		Use: "record", Short: "Write down a month that was lived, for quota simulate --recorded", Args: cobra.NoArgs,
		Long: "Write to the standard output, as CSV, what an institution's readings said in a month and what happened: looks, holds and\n" +
			"refusals. It holds no personal data and no order. What is lived is kept for 35 days; docs/freshness.md says more.",
		RunE: func(cmd *cobra.Command, _ []string) error { return p.record(cmd, r) },
	}
	f := cmd.Flags()
	f.StringVar(&r.file, "config", "", "configuration file (YAML); also GUICHET_CONFIG")
	f.StringVar(&r.institution, "institution", "", "code of the institution (mandatory)")
	f.StringVar(&r.month, "month", "", "the month, such as 2026-11, of the institution's own time (default: the present one)")
	_ = cmd.MarkFlagRequired("institution") // it was declared three lines up
	return cmd
}

// span is the month in an institution's own time.
func (r recordedMonth) span(zone *time.Location, now time.Time) (from, to time.Time, err error) {
	if zone == nil {
		zone = time.UTC
	}
	first := now.In(zone)
	if r.month != "" {
		if first, err = time.ParseInLocation("2006-01", r.month, zone); err != nil {
			return from, to, fmt.Errorf("--month: %q is not a month such as 2026-11", r.month)
		}
	}
	from = time.Date(first.Year(), first.Month(), 1, 0, 0, 0, 0, zone)
	return from.UTC(), monthEnd(from, zone).UTC(), nil
}

func (p *program) record(cmd *cobra.Command, r recordedMonth) error {
	return p.withDatabase(cmd.Context(), r.file, func(cfg Config, db *storage.DB) error {
		var inst *InstitutionConfig
		for i := range cfg.Institutions {
			if cfg.Institutions[i].Code == r.institution {
				inst = &cfg.Institutions[i]
			}
		}
		if inst == nil {
			return fmt.Errorf("--institution: no institution %q is configured; there are: %s", r.institution, join(cfg.codes()))
		}
		from, to, err := r.span(inst.limits().Zone, domain.SystemClock())
		if err != nil {
			return err
		}
		if err := db.CheckSchema(cmd.Context()); err != nil {
			return fmt.Errorf("%w: run `guichet migrate`", err)
		}
		w := recording.NewWriter(p.out, false)
		n, err := freshness.Record(cmd.Context(), db.Freshness(), domain.InstitutionCode(inst.Code), from, to, w.Write)
		if err = errors.Join(err, w.Flush()); err != nil {
			return err
		}
		fmt.Fprintf(p.err, "%d events of %s between %s and %s\n", n, inst.Code, from.Format(time.RFC3339), to.Format(time.RFC3339))
		return nil
	})
}
