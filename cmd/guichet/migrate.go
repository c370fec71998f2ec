package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"guichet/domain"
	"guichet/storage"
)

func (p *program) migrateCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "migrate", Short: "Bring the database's schema up to date", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withDatabase(cmd.Context(), file, func(_ Config, db *storage.DB) error {
				applied, err := db.Migrate(cmd.Context())
				for _, name := range applied {
					fmt.Fprintln(p.out, "applied", name)
				}
				if err == nil && len(applied) == 0 {
					fmt.Fprintln(p.out, "nothing to do")
				}
				return err
			})
		},
	}
	configFlag(cmd, &file)
	return cmd
}

// withDatabase opens the configured database for a short command that may run beside a server.
func (p *program) withDatabase(ctx context.Context, file string, do func(cfg Config, db *storage.DB) error) error {
	cfg, err := loadConfig(file, p.environ)
	if err != nil {
		return err
	}
	if strings.HasPrefix(cfg.DatabaseURL(), "sqlite:"+cfg.DataDir) {
		if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
	}
	db, err := storage.Open(ctx, storage.Options{URL: cfg.DatabaseURL(), Clock: domain.SystemClock, Logger: newLogger(cfg, p.err)})
	if err != nil {
		return err
	}
	return errors.Join(do(cfg, db), db.Close())
}
