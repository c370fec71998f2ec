package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"guichet/domain"
	"guichet/domain/reconcile"
)

func (p *program) reconcileCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "reconcile", Short: "Compare our books with the platform's and the storefronts', and decide what differs"}
	cmd.AddCommand(p.reconcileNow(), p.reconcileCases(), p.reconcileDecide())
	return cmd
}

// printedRun is a run as it is printed.
type printedRun struct {
	ID          string    `json:"id"`
	Institution string    `json:"institution"`
	State       string    `json:"state"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	At          time.Time `json:"at"`
	Calls       int       `json:"calls"`
	Orders      int       `json:"orders"`
	Tickets     int       `json:"tickets"`
	Payments    int       `json:"payments"`
	Opened      int       `json:"opened"`
	Seen        int       `json:"seen"`
	Closed      int       `json:"closed"`
	NotLooked   int       `json:"not_looked"`
	Error       string    `json:"error,omitempty"`
}

func (p *program) reconcileNow() *cobra.Command {
	var file, institution, from, to string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "run", Short: "Compare one institution now", Args: cobra.NoArgs,
		Long: "Run compares orders, ledger, the platform's history and reported payments of one institution. Where its calls are used up it\n" +
			"pauses and exits with 1; the service goes on with it in the night. A server beside may do the work: the run is then waited for.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			span, err := moments(map[string]string{"--from": from, "--to": to})
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), file, func(a *app) error {
				codes, err := a.chosen(institution)
				if err != nil {
					return err
				}
				r, err := a.reconcile.Start(cmd.Context(), codes[0], span["--from"], span["--to"], p.person())
				if err != nil {
					return explain(err)
				}
				r, failed := a.workOut(cmd.Context(), r.ID)
				if err := p.printRun(r, asJSON); err != nil {
					return err
				}
				if failed != nil {
					return explain(failed)
				}
				if r.State != reconcile.RunDone {
					return errPrinted
				}
				return nil
			})
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&institution, "institution", "", "its code (mandatory)")
	cmd.Flags().StringVar(&from, "from", "", "orders created from this RFC 3339 time on (default: a day before --to)")
	cmd.Flags().StringVar(&to, "to", "", "and before this one (default, and at the latest: a quarter of an hour ago)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("institution") // it was declared above
	return cmd
}

// moments reads flags that are RFC 3339 times; an empty one is zero.
func moments(flags map[string]string) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	for flag, text := range flags {
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is no RFC 3339 time such as 2026-11-21T00:00:00+01:00", flag, text)
		}
		out[flag] = at.UTC().Truncate(time.Millisecond)
	}
	return out, nil
}

// workOut works on a run, or waits for who does, until it is done or pauses.
func (a *app) workOut(ctx context.Context, id string) (reconcile.Run, error) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		step, cancel := context.WithTimeout(ctx, jobTimeout) // not longer than the right to it lasts
		_, failed := a.reconcile.Work(step, id)
		cancel()
		if !errors.Is(failed, reconcile.ErrBusy) {
			r, err := a.reconcile.Store.Run(ctx, id)
			return r, errors.Join(failed, err)
		}
		select {
		case <-ctx.Done():
			return reconcile.Run{}, ctx.Err()
		case <-tick.C:
		}
	}
}

func (p *program) printRun(r reconcile.Run, asJSON bool) error {
	if asJSON {
		return p.printJSON(printedRun{
			ID: r.ID, Institution: string(r.Institution), State: string(r.State), From: r.From, To: r.To, At: r.At, Calls: r.Calls, Orders: r.Orders, Tickets: r.Tickets,
			Payments: r.Payments, Opened: r.Opened, Seen: r.Seen, Closed: r.Closed, NotLooked: r.NotLooked, Error: r.Error,
		})
	}
	state := string(r.State)
	if r.Error != "" {
		state += " (" + r.Error + ")"
	}
	_, err := fmt.Fprintf(p.out, "%s of %s, %s to %s: %s\n%d orders, %d tickets listed, %d payments; %d calls\n%d cases opened, %d met again, %d closed\n",
		r.ID, r.Institution, r.From.Format(time.RFC3339), r.To.Format(time.RFC3339), state, r.Orders, r.Tickets, r.Payments, r.Calls, r.Opened, r.Seen, r.Closed)
	return err
}

// printedFact is one thing that a side says.
type printedFact struct {
	Side  string `json:"side"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// printedCase is a case as it is printed.
type printedCase struct {
	ID          string        `json:"id"`
	Institution string        `json:"institution"`
	Storefront  string        `json:"storefront,omitempty"`
	Kind        string        `json:"kind"`
	State       string        `json:"state"`
	Subject     string        `json:"subject"`
	Differs     []printedFact `json:"differs"`
	Context     []printedFact `json:"context"`
	Actions     []string      `json:"actions"` // that fit; the first is proposed
	Action      string        `json:"action,omitempty"`
	Outcome     string        `json:"outcome,omitempty"`
	OpenedAt    time.Time     `json:"opened_at"`
	SeenAt      time.Time     `json:"seen_at"`
}

func toPrintedCase(c *reconcile.Case) printedCase {
	facts := func(list []reconcile.Fact) []printedFact {
		out := make([]printedFact, 0, len(list))
		for _, f := range list {
			out = append(out, printedFact(f))
		}
		return out
	}
	out := printedCase{
		ID: c.ID, Institution: string(c.Institution), Storefront: c.Storefront, Kind: string(c.Kind), State: string(c.State), Subject: c.Subject.String(),
		Differs: facts(c.Facts), Context: facts(c.Context), OpenedAt: c.OpenedAt, SeenAt: c.SeenAt,
	}
	for _, a := range c.Kind.Actions() {
		out.Actions = append(out.Actions, string(a))
	}
	if c.Decision != nil {
		out.Action, out.Outcome = string(c.Decision.Action), c.Decision.Outcome
	}
	return out
}

func (p *program) reconcileCases() *cobra.Command {
	var file, institution string
	var states, kinds []string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "cases", Short: "List what differs, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q, err := caseQuery(states, kinds)
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), file, func(a *app) error {
				if q.Institutions, err = a.chosen(institution); err != nil {
					return err
				}
				list := []printedCase{}
				for {
					cases, next, err := a.reconcile.Store.Cases(cmd.Context(), q)
					if err != nil {
						return err
					}
					for i := range cases {
						list = append(list, toPrintedCase(&cases[i]))
					}
					if q.Page.Cursor = next; next == "" {
						break
					}
				}
				if asJSON {
					return p.printJSON(list)
				}
				return p.printCases(list)
			})
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&institution, "institution", "", "only this one's")
	cmd.Flags().StringSliceVar(&states, "state", []string{"open"}, "open, decided, closed")
	cmd.Flags().StringSliceVar(&kinds, "kind", nil, "only of these kinds")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func caseQuery(states, kinds []string) (reconcile.CaseQuery, error) {
	q := reconcile.CaseQuery{Page: domain.Page{Limit: domain.MaxLimit}}
	for _, s := range states {
		if !slices.Contains([]reconcile.State{reconcile.Open, reconcile.Decided, reconcile.Closed}, reconcile.State(s)) {
			return q, fmt.Errorf("--state: %q is none of open, decided, closed", s)
		}
		q.States = append(q.States, reconcile.State(s))
	}
	for _, k := range kinds {
		if !slices.Contains(reconcile.Kinds(), reconcile.Kind(k)) {
			return q, fmt.Errorf("--kind: %q is none of %s", k, join(reconcile.Kinds()))
		}
		q.Kinds = append(q.Kinds, reconcile.Kind(k))
	}
	return q, nil
}

func (p *program) printCases(list []printedCase) error {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tINSTITUTION\tKIND\tSTATE\tABOUT\tDIFFERS\tACTIONS")
	for _, c := range list {
		var differs []string
		for _, f := range c.Differs {
			differs = append(differs, f.Side+" "+f.Name+" "+f.Value)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.ID, c.Institution, c.Kind, c.State, c.Subject, strings.Join(differs, "; "), strings.Join(c.Actions, ","))
	}
	return w.Flush()
}

func (p *program) reconcileDecide() *cobra.Command {
	var file, action, reason string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "decide CASE", Short: "Decide a case; what is ours to do is done at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), file, func(a *app) error {
				c, failed := a.reconcile.Decide(cmd.Context(), args[0], reconcile.Decision{Action: reconcile.Action(action), Reason: reason, By: p.person()})
				if failed != nil {
					return explain(failed)
				}
				if asJSON {
					return p.printJSON(toPrintedCase(&c))
				}
				outcome := ""
				if c.Decision != nil && c.Decision.Outcome != "" {
					outcome = ": " + c.Decision.Outcome
				}
				_, err := fmt.Fprintf(p.out, "%s is %s by %s%s\n", c.ID, c.State, action, outcome)
				return err
			})
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&action, "action", "", "one of the case's actions (mandatory)")
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept with who decided (mandatory)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	for _, name := range []string{"action", "reason"} {
		_ = cmd.MarkFlagRequired(name) // they were declared above
	}
	return cmd
}

// person is who types a command, for the audit log.
func (p *program) person() string {
	for _, name := range []string{"SUDO_USER=", "USER=", "LOGNAME="} {
		for _, v := range p.environ {
			if who, ok := strings.CutPrefix(v, name); ok && who != "" {
				return who + " (command line)"
			}
		}
	}
	return "command line"
}
