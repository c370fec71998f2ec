package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"guichet/domain"
	"guichet/domain/account"
)

func (p *program) accountCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "account", Short: "Show what is owed to institutions, and why"}
	cmd.AddCommand(p.accountBalance(), p.accountStatement())
	return cmd
}

// withApp builds the service of the configured database for a command that may run beside a server.
func (p *program) withApp(ctx context.Context, file string, do func(a *app) error) error {
	cfg, err := loadConfig(file, p.environ)
	if err != nil {
		return err
	}
	a, err := build(ctx, cfg, options{logTo: p.err})
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
	return do(a)
}

// chosen are the institutions that a command is about: the one named, or all.
func (a *app) chosen(name string) ([]domain.InstitutionCode, error) {
	codes := a.cfg.codes()
	if name == "" {
		return codes, nil
	}
	if !slices.Contains(codes, domain.InstitutionCode(name)) {
		return nil, fmt.Errorf("no institution %q in the configuration", name)
	}
	return []domain.InstitutionCode{domain.InstitutionCode(name)}, nil
}

func (p *program) printJSON(v any) error {
	e := json.NewEncoder(p.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// balance is how we stand with one institution, as it is printed. Amounts are decimals in Currency.
type balance struct {
	Institution string `json:"institution"`
	Currency    string `json:"currency,omitempty"` // empty: nothing was ever posted
	Owed        string `json:"owed,omitempty"`
	Claimed     string `json:"claimed,omitempty"` // by closes under way
	Limit       string `json:"limit,omitempty"`
	Left        string `json:"left,omitempty"`
	Postings    int64  `json:"postings"`
}

func toBalance(st *account.Standing) balance {
	b := balance{Institution: string(st.Institution), Currency: string(st.Owed.Currency), Postings: st.Postings}
	if b.Currency == "" {
		return b
	}
	b.Owed, b.Claimed = st.Owed.Decimal(), st.Claimed.Decimal()
	if st.Limit != nil && st.Left != nil {
		b.Limit, b.Left = st.Limit.Decimal(), st.Left.Decimal()
	}
	return b
}

func (p *program) accountBalance() *cobra.Command {
	var file, institution string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "balance", Short: "Say what is owed to every institution, and what may still be sold", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), file, func(a *app) error {
				codes, err := a.chosen(institution)
				if err != nil {
					return err
				}
				list := []balance{}
				for _, code := range codes {
					st, err := a.account.Standing(cmd.Context(), code)
					if err != nil {
						return err
					}
					list = append(list, toBalance(&st))
				}
				if asJSON {
					return p.printJSON(list)
				}
				w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "INSTITUTION\tCURRENCY\tOWED\tCLAIMED\tLIMIT\tLEFT\tPOSTINGS")
				for _, b := range list {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", b.Institution, b.Currency, b.Owed, b.Claimed, b.Limit, b.Left, b.Postings)
				}
				return w.Flush()
			})
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&institution, "institution", "", "only this one")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// statement is the command line of account statement.
type statement struct {
	file, institution, currency, from, to string
	csv, json                             bool
}

func (p *program) accountStatement() *cobra.Command {
	var s statement
	cmd := &cobra.Command{
		Use: "statement", Short: "List an institution's postings over local days, checked as they are read", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for flag, day := range map[string]string{"--from": s.from, "--to": s.to} {
				if day != "" && (len(day) != len(time.DateOnly) || !domain.Day(day).Valid()) {
					return fmt.Errorf("%s: %q is no calendar day, YYYY-MM-DD", flag, day)
				}
			}
			return p.withApp(cmd.Context(), s.file, func(a *app) error {
				if _, err := a.chosen(s.institution); err != nil {
					return err
				}
				st, err := a.account.Period(cmd.Context(), domain.InstitutionCode(s.institution), domain.Currency(s.currency), domain.Day(s.from), domain.Day(s.to))
				if err != nil {
					return explain(err)
				}
				switch {
				case s.csv:
					return p.statementCSV(cmd.Context(), a, st)
				case s.json:
					return p.statementJSON(cmd.Context(), a, st)
				}
				return p.statementTable(cmd.Context(), a, st)
			})
		},
	}
	configFlag(cmd, &s.file)
	f := cmd.Flags()
	f.StringVar(&s.institution, "institution", "", "its code (mandatory)")
	f.StringVar(&s.from, "from", "", "first local day of the institution, YYYY-MM-DD (default: today)")
	f.StringVar(&s.to, "to", "", "last one (default: that of --from); at most 366 days")
	f.StringVar(&s.currency, "currency", "", "ledger of this currency (default: the institution's own)")
	f.BoolVar(&s.csv, "csv", false, "print every posting as CSV")
	f.BoolVar(&s.json, "json", false, "print days and postings as JSON")
	cmd.MarkFlagsMutuallyExclusive("csv", "json")
	_ = cmd.MarkFlagRequired("institution") // it was declared above
	return cmd
}

// statementCSV prints the same as the API's statement.csv. Without its last line, the closing balance, it was cut.
func (p *program) statementCSV(ctx context.Context, a *app, st account.Statement) error {
	w := csv.NewWriter(p.out)
	lines := [][]string{account.CSVHead(), st.CSVBalance("opening", st.Opening)}
	if err := w.WriteAll(lines); err != nil {
		return err
	}
	owed := st.Opening
	err := a.account.Each(ctx, st, 0, func(posting account.Posting) error {
		owed = posting.Owed
		return w.Write(st.CSVLine(posting))
	})
	if err == nil {
		err = w.Write(st.CSVBalance("closing", owed))
	}
	w.Flush()
	return errors.Join(err, w.Error())
}

// statementDay is a day of a statement as it is printed.
type statementDay struct {
	Date        string `json:"date"`
	Postings    int    `json:"postings"`
	Opening     string `json:"opening"`
	Closes      string `json:"closes"`
	Refunds     string `json:"refunds"`
	Fees        string `json:"fees"`
	Payments    string `json:"payments"`
	Corrections string `json:"corrections"`
	Closing     string `json:"closing"`
}

func toStatementDay(d account.DaySum, c domain.Currency) statementDay {
	write := func(n int64) string { return account.Decimal(n, c) }
	return statementDay{
		Date: string(d.Day), Postings: d.Postings, Opening: write(d.Opening), Closes: write(d.Closes), Refunds: write(d.Refunds), Fees: write(d.Fees),
		Payments: write(d.Paid), Corrections: write(d.Rest), Closing: write(d.Closing),
	}
}

// statementJSON prints days and postings; a posting has the members that the CSV has columns.
func (p *program) statementJSON(ctx context.Context, a *app, st account.Statement) error {
	st, err := a.account.Sum(ctx, st)
	if err != nil {
		return err
	}
	head, postings, days := account.CSVHead(), []map[string]string{}, []statementDay{}
	for _, d := range st.Days {
		days = append(days, toStatementDay(d, st.Currency))
	}
	err = a.account.Each(ctx, st, 0, func(posting account.Posting) error {
		line := map[string]string{}
		for i, v := range st.CSVLine(posting) {
			line[head[i]] = v
		}
		postings = append(postings, line)
		return nil
	})
	if err != nil {
		return err
	}
	return p.printJSON(map[string]any{
		"institution": st.Institution, "currency": st.Currency, "time_zone": st.Zone.String(), "from": st.From, "to": st.To,
		"opening": account.Decimal(st.Opening, st.Currency), "closing": account.Decimal(st.Closing, st.Currency), "days": days, "postings": postings,
	})
}

func (p *program) statementTable(ctx context.Context, a *app, st account.Statement) error {
	st, err := a.account.Sum(ctx, st)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s\topening\tcloses\trefunds\tfees\tpayments\tcorrections\tclosing\tpostings\t\n", st.Currency)
	for _, day := range st.Days {
		d := toStatementDay(day, st.Currency)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t\n", d.Date, d.Opening, d.Closes, d.Refunds, d.Fees, d.Payments, d.Corrections, d.Closing, d.Postings)
	}
	fmt.Fprintf(w, "%s to %s\t%s\t\t\t\t\t\t%s\t\t\n", st.From, st.To, account.Decimal(st.Opening, st.Currency), account.Decimal(st.Closing, st.Currency))
	return w.Flush()
}
