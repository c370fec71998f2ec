package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"guichet/domain"
)

func (p *program) syncCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "sync [INSTITUTION…]", Short: "Refresh catalog and availability once, now",
		Long: "Sync asks every institution (or those named) whether its catalog changed, loads it if so, and refreshes availability.\n" +
			"It keeps to the platform's own spacing: a full catalog once in ten minutes, availability once a minute.",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			cfg, err := loadConfig(file, p.environ)
			if err != nil {
				return err
			}
			show := newProgress(p.err)
			defer show.stop()
			a, err := build(ctx, cfg, options{logTo: p.err, progress: func(code domain.InstitutionCode, what string) { show.say(string(code) + ": " + what) }})
			if err != nil {
				return err
			}
			defer func() { logClose(a) }()
			if err := a.db.CheckSchema(ctx); err != nil {
				return fmt.Errorf("%w: run `guichet migrate`", err)
			}
			if err := errors.Join(a.meter.Load(ctx), a.catalog.Follow(ctx)); err != nil {
				return err
			}
			codes := cfg.codes()
			for _, name := range args {
				if !slices.Contains(codes, domain.InstitutionCode(name)) {
					return fmt.Errorf("no institution %q in the configuration", name)
				}
			}
			failed := false
			for _, code := range codes {
				if len(args) > 0 && !slices.Contains(args, string(code)) {
					continue
				}
				out, err := a.catalog.RefreshCatalog(ctx, code, false)
				failed = p.outcome(code, "catalog", out, err) || failed
				out, err = a.catalog.RefreshAvailability(ctx, code)
				failed = p.outcome(code, "availability", out, err) || failed
			}
			if failed {
				return errPrinted
			}
			return nil
		},
	}
	configFlag(cmd, &file)
	return cmd
}

// outcome prints one line and reports whether it is a failure.
func (p *program) outcome(code domain.InstitutionCode, what string, out domain.Outcome, err error) bool {
	if err != nil {
		e := domain.AsError(err)
		fmt.Fprintf(p.out, "%s %s: FAILED %s: %s\n", code, what, e.Code, e.Detail)
		return true
	}
	fmt.Fprintf(p.out, "%s %s: %s\n", code, what, out.Detail)
	return false
}
