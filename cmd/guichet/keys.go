package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"guichet/domain"
	"guichet/domain/storefront"
	"guichet/storage"
)

func (p *program) keysCommand() *cobra.Command {
	var file string
	keys := &cobra.Command{Use: "keys", Short: "Make, list and revoke storefronts' keys"}
	keys.PersistentFlags().StringVar(&file, "config", "", "configuration file (YAML); also GUICHET_CONFIG")
	keys.AddCommand(p.keysCreate(&file), p.keysList(&file), p.keysRevoke(&file))
	return keys
}

func (p *program) withKeys(cmd *cobra.Command, file string, do func(s *storefront.Service) error) error {
	return p.withDatabase(cmd.Context(), file, func(cfg Config, db *storage.DB) error {
		if err := db.CheckSchema(cmd.Context()); err != nil {
			return fmt.Errorf("%w: run `guichet migrate`", err)
		}
		return do(storefront.New(storefront.Deps{
			Store: db.Storefront(), Clock: domain.SystemClock, IDs: domain.NewIDs(domain.SystemClock), Institutions: cfg.codes(),
		}))
	})
}

func (p *program) keysCreate(file *string) *cobra.Command {
	var name, label string
	var scopes, institutions []string
	var lasts time.Duration
	cmd := &cobra.Command{
		Use: "create", Short: "Make a key and show its token, once", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n := storefront.NewKey{Storefront: name, Label: label}
			for _, s := range scopes {
				n.Scopes = append(n.Scopes, storefront.Scope(s))
			}
			for _, i := range institutions {
				n.Institutions = append(n.Institutions, domain.InstitutionCode(i))
			}
			if lasts != 0 {
				n.ExpiresAt = domain.SystemClock().Add(lasts)
			}
			return p.withKeys(cmd, *file, func(s *storefront.Service) error {
				k, token, err := s.Create(cmd.Context(), n)
				if err != nil {
					return explain(err)
				}
				fmt.Fprintf(p.err, "%s for %s; the token is shown this once:\n", k.ID, k.Storefront)
				fmt.Fprintln(p.out, token.Reveal())
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&name, "storefront", "", "name of the storefront the key belongs to (mandatory)")
	cmd.Flags().StringVar(&label, "label", "", "what the key is for")
	cmd.Flags().StringSliceVar(&scopes, "scopes", []string{"catalog", "sell", "deliver"}, "catalog, sell, deliver, gate, finance, admin")
	cmd.Flags().StringSliceVar(&institutions, "institutions", nil, "institutions it is bound to (default: all)")
	cmd.Flags().DurationVar(&lasts, "lasts", 0, "how long it is valid (default: until revoked)")
	_ = cmd.MarkFlagRequired("storefront") // it was declared two lines up
	return cmd
}

func (p *program) keysList(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List every key, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withKeys(cmd, *file, func(s *storefront.Service) error {
				list, err := s.Keys(cmd.Context())
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "ID\tSTOREFRONT\tSCOPES\tINSTITUTIONS\tCREATED\tSTATE\tLABEL")
				for _, k := range list {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Storefront, join(k.Scopes), join(k.Institutions),
						k.CreatedAt.Format(time.RFC3339), keyState(k), k.Label)
				}
				return w.Flush()
			})
		},
	}
}

func keyState(k storefront.Key) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked " + k.RevokedAt.Format(time.RFC3339)
	case k.ExpiresAt.IsZero():
		return "valid"
	case domain.SystemClock().After(k.ExpiresAt):
		return "expired " + k.ExpiresAt.Format(time.RFC3339)
	default:
		return "until " + k.ExpiresAt.Format(time.RFC3339)
	}
}

func join[T ~string](list []T) string {
	if list == nil {
		return "all"
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, ",")
}

func (p *program) keysRevoke(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End a key at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withKeys(cmd, *file, func(s *storefront.Service) error {
				k, err := s.Revoke(cmd.Context(), args[0])
				if err != nil {
					return explain(err)
				}
				fmt.Fprintf(p.out, "%s of %s is revoked since %s\n", k.ID, k.Storefront, k.RevokedAt.Format(time.RFC3339))
				return nil
			})
		},
	}
}

// explain writes an error with every wrong member, for people.
func explain(err error) error {
	e := domain.AsError(err)
	if e.Kind == domain.Internal {
		return err
	}
	lines := []error{errors.New(e.Detail)}
	for _, f := range e.Fields {
		lines = append(lines, fmt.Errorf("  %s: %s", strings.TrimPrefix(f.Pointer, "/"), f.Detail))
	}
	return errors.Join(lines...)
}
