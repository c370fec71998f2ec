package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"guichet/domain/freshness"
	"guichet/domain/freshness/model"
	"guichet/domain/freshness/recording"
)

func (p *program) quotaCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "quota", Short: "Rehearse and plan how a month's calls are spent"}
	cmd.AddCommand(p.quotaSimulate(), p.quotaRecord(), p.quotaPlan())
	return cmd
}

// simulation is the command line of quota simulate.
type simulation struct {
	policy, venue, plot  string
	recorded, record     string
	months, orders       int
	seed                 uint64
	calls, bytes         int64
	floor                time.Duration
	callPrice, dataPrice float64
	json                 bool
}

func (p *program) quotaSimulate() *cobra.Command {
	var s simulation
	cmd := &cobra.Command{
		Use: "simulate", Short: "Play invented or recorded months against a way to spend the calls", Args: cobra.NoArgs,
		Long: "Play invented months, or one that was recorded, against a way to spend the calls. The same seed gives the same buyers\n" +
			"whatever the policy; docs/freshness.md says what is assumed. Figures are those of an average month.",
		RunE: func(cmd *cobra.Command, _ []string) error { return p.simulate(cmd, s) },
	}
	f := cmd.Flags()
	f.StringVar(&s.policy, "policy", "planner", "planner, even, tiers, moved, all of these, or oracle: what knowing the truth would give")
	f.StringVar(&s.venue, "venue", "theatre", "museum, theatre, stadium, or all")
	f.IntVar(&s.months, "months", 1, "how many months, each of a seed of its own")
	f.Uint64Var(&s.seed, "seed", 1, "seed of the first month")
	f.Int64Var(&s.calls, "calls", model.IncludedCalls, "calls of a month, sales included")
	f.Int64Var(&s.bytes, "bytes", model.IncludedBytes, "bytes of a month")
	f.IntVar(&s.orders, "orders", 1000, "orders that buyers try in a month")
	f.DurationVar(&s.floor, "floor", 24*time.Hour, "the planner reads everything on sale at least so often")
	f.Float64Var(&s.callPrice, "price-calls", -1, "price of a started block of 1,000 calls beyond 10,000; below 0 is unknown")
	f.Float64Var(&s.dataPrice, "price-data", -1, "price of a started GB beyond the first; below 0 is unknown")
	f.BoolVar(&s.json, "json", false, "print JSON")
	f.StringVar(&s.plot, "plot", "", "write the comparison as a picture (SVG) into this file")
	f.StringVar(&s.recorded, "recorded", "", "replay the month recorded in this file (CSV) instead of invented ones")
	f.StringVar(&s.record, "record", "", "write the invented month, as a shop sees it, into this file: one policy, one venue, one month")
	for _, other := range []string{"venue", "months", "seed", "plot", "record"} {
		cmd.MarkFlagsMutuallyExclusive("recorded", other)
	}
	return cmd
}

// rehearsed is what quota simulate prints.
type rehearsed struct {
	Results []model.Sum    `json:"results"`
	Versus  []model.Versus `json:"versus,omitempty"` // the planner against each other policy
}

func (s simulation) validate() error {
	var problems []error
	for name, wrong := range map[string]bool{
		"--months: not between 1 and 1000": s.months < 1 || s.months > 1000, "--calls: below 1": s.calls < 1, "--bytes: below 1": s.bytes < 1,
		"--orders: not between 1 and 100000": s.orders < 1 || s.orders > 100_000, "--floor: below 1m": s.floor < time.Minute,
		"--policy: none of planner, even, tiers, moved, all, oracle": !slices.Contains(append(model.Policies(), "all", model.Oracle), model.Policy(s.policy)),
		"--venue: none of museum, theatre, stadium, all":             s.venue != "all" && !slices.Contains(model.Venues(), model.Venue(s.venue)),
	} {
		if wrong {
			problems = append(problems, errors.New(name))
		}
	}
	if s.record != "" && (s.policy == "all" || s.venue == "all" || s.months != 1) {
		problems = append(problems, errors.New("--record: takes one policy, one venue and one month"))
	}
	return errors.Join(problems...)
}

// replay plays the recorded month against the policies.
func (s simulation) replay(policies []model.Policy) (rehearsed, error) {
	var out rehearsed
	file, err := os.Open(s.recorded)
	if err != nil {
		return out, err
	}
	defer func() { _ = file.Close() }() // it was only read
	month, err := model.Prepare(file)
	if err != nil {
		return out, err
	}
	by := map[model.Policy][]model.Result{}
	for _, name := range policies {
		r, err := model.Replay(s.run(name, "recorded"), month)
		if err != nil {
			return out, err
		}
		by[name] = []model.Result{r}
		out.add(by, name, s)
	}
	return out, nil
}

// run is one month's, of the seed that comes first.
func (s simulation) run(name model.Policy, v model.Venue) model.Run {
	return model.Run{
		Policy: name, Venue: v, Seed: s.seed, Calls: s.calls, Bytes: s.bytes, Orders: s.orders, Settings: freshness.Settings{Floor: s.floor},
	}
}

// add sums a policy's months up and sets the planner's against them.
func (out *rehearsed) add(by map[model.Policy][]model.Result, name model.Policy, s simulation) {
	out.Results = append(out.Results, model.Add(by[name], s.callPrice, s.dataPrice))
	if ours := by[model.Planner]; name != model.Planner && ours != nil {
		out.Versus = append(out.Versus, model.Compare(ours, by[name]))
	}
}

// recorder writes the month into the file that was asked for; without one it is nil. The end must be called.
func (s simulation) recorder() (record func(recording.Event) error, end func() error, err error) {
	if s.record == "" {
		return nil, func() error { return nil }, nil
	}
	file, err := os.OpenFile(s.record, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, err
	}
	w := recording.NewWriter(file, false)
	return w.Write, func() error { return errors.Join(w.Flush(), file.Close()) }, nil
}

func (p *program) simulate(cmd *cobra.Command, s simulation) error {
	if err := s.validate(); err != nil {
		return err
	}
	policies, venues := model.Policies(), model.Venues()
	if s.policy != "all" {
		policies = []model.Policy{model.Policy(s.policy)}
	}
	if s.venue != "all" {
		venues = []model.Venue{model.Venue(s.venue)}
	}
	if s.recorded != "" {
		out, err := s.replay(policies)
		if err != nil {
			return err
		}
		return p.printSimulation(s, out)
	}
	record, end, err := s.recorder()
	if err != nil {
		return err
	}
	var out rehearsed
	all := map[model.Venue]map[model.Policy][]model.Result{}
	for _, v := range venues {
		all[v] = map[model.Policy][]model.Result{}
		for _, name := range policies {
			run := s.run(name, v)
			run.Record = record
			months, err := model.Months(cmd.Context(), run, s.months, runtime.GOMAXPROCS(0))
			if err != nil {
				return errors.Join(err, end())
			}
			all[v][name] = months
			out.add(all[v], name, s)
		}
	}
	if err := end(); err != nil {
		return err
	}
	if s.plot != "" {
		if err := os.WriteFile(s.plot, model.Plot(all), 0o644); err != nil { //nolint:gosec // a picture for everybody
			return err
		}
	}
	return p.printSimulation(s, out)
}

func (p *program) printSimulation(s simulation, out rehearsed) error {
	if s.json {
		e := json.NewEncoder(p.out)
		e.SetIndent("", "  ")
		return e.Encode(out)
	}
	return p.printRehearsed(out)
}

func (p *program) printRehearsed(out rehearsed) error {
	t := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "venue\tpolicy\tcalls\tMB\tstale refusals\twrong sold out\tstale looks\tage s\tbreaches\tsales refused\toldest h\tBrier\tblocks\t")
	for _, r := range out.Results {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%.2f\t%.2f\t%.1f\t%.0f\t%d\t%d\t%.1f\t%.5f\t%d+%d\t\n", r.Venue, r.Policy, r.Calls, r.Bytes/1_000_000, r.StaleRefusals,
			r.WrongSoldOut, r.StaleLooks, r.ViewWeightedAge, r.LimitBreaches, r.RefusedBudget, r.OldestHours, r.Brier, r.Cost.CallBlocks, r.Cost.DataBlocks)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, v := range out.Versus {
		fmt.Fprintf(p.out, "%s, planner against %s: stale refusals x %.3f (median month x %.3f), stale looks x %.3f (x %.3f), more of them in %d and %d months\n",
			v.Venue, v.Against, v.Refusals, v.MedianRefused, v.Looks, v.MedianLooks, v.WorseRefusals, v.WorseLooks)
	}
	return nil
}

func (p *program) quotaPlan() *cobra.Command {
	var w freshness.Plan
	var asJSON bool
	cmd := &cobra.Command{
		Use: "plan", Short: "Say what a month would cost, or why it cannot be kept", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			sum, err := w.Check()
			if asJSON && err == nil {
				e := json.NewEncoder(p.out)
				e.SetIndent("", "  ")
				return e.Encode(sum)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(p.out, "sales %d, with reserve %d; polls %d; floor %d; catalog and upkeep %d calls a month\n",
				sum.SaleCalls, sum.SaleReserve, sum.PollCalls, sum.FloorCalls, sum.UpkeepCalls)
			fmt.Fprintf(p.out, "%d of %d calls stay for readings where they matter: one in %s\n", sum.FreeCalls, sum.Calls, sum.Every.Round(time.Second))
			fmt.Fprintf(p.out, "pack: %d started blocks of 1,000 calls beyond the included 10,000\n", sum.CallBlocks)
			return nil
		},
	}
	f := cmd.Flags()
	f.Int64Var(&w.Calls, "calls", model.IncludedCalls, "calls of a month")
	f.Int64Var(&w.Orders, "orders", 1000, "orders of a month")
	f.Float64Var(&w.CallsPerOrder, "calls-per-order", 3, "calls of an order")
	f.IntVar(&w.Performances, "performances", 500, "performances on sale")
	f.DurationVar(&w.Floor, "floor", 24*time.Hour, "everything on sale is read at least so often")
	f.DurationVar(&w.PollEvery, "poll", 0, "ask which products moved so often (a minute or more); 0 leaves it to the planner")
	f.BoolVar(&w.Pack, "pack", false, "with the Performance Pack: more calls than --calls may be bought")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
