package main

import (
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
)

func (p *program) configCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "config", Short: "Print the effective configuration, without secrets", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := loadConfig(file, p.environ)
			raw, merr := yaml.Marshal(cfg) // secrets are not part of the file's form
			if merr != nil {
				return merr
			}
			fmt.Fprintf(p.out, "%s", raw)
			for _, i := range cfg.Institutions {
				fmt.Fprintf(p.out, "# secret of %s: %s\n", i.Code, i.Secret)
			}
			fmt.Fprintf(p.out, "# database: %s\n", databaseName(&cfg))
			return err
		},
	}
	configFlag(cmd, &file)
	return cmd
}
