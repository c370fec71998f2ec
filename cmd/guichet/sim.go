package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/secutix/sim"
	"guichet/secutix/tixngo"
)

func (p *program) simCommand() *cobra.Command {
	var o simOptions
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Run the S-360 simulator alone",
		Long: "Sim answers as S-360 does, for invented institutions or for a recorded one. Its control face is a second address where\n" +
			"the clock is moved, faults are armed and promises are checked. It is for tests and demonstrations only. Manual:\n" +
			"docs/simulator.md.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.sim(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8360", "address of the platform; port 0 picks one")
	cmd.Flags().StringVar(&o.control, "control-listen", "", "address of the control face (default: the next port, or any when the port is 0)")
	cmd.Flags().StringSliceVar(&o.worlds, "world", nil, "museum, theatre, stadium, all, generated, or a world's NAME.json; several with commas (default all, or nothing but --import)")
	cmd.Flags().IntVar(&o.products, "products", 0, "products of the generated world (default a tenth of the performances)")
	cmd.Flags().IntVar(&o.performances, "performances", 0, "performances of the generated world (default 2000)")
	cmd.Flags().StringVar(&o.imports, "import", "", "file with a recorded answer of getCatalogDetailed, to be served as one more institution")
	cmd.Flags().StringVar(&o.importPOS, "import-pos", "", "file with the recorded answer of getPOSConfig that belongs to --import")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "decides everything that looks like chance")
	cmd.Flags().IntVar(&o.rate, "rate-per-minute", 0, "calls an institution takes a minute (default 180, negative: no limit)")
	cmd.Flags().DurationVar(&o.catalogSpacing, "catalog-spacing", 0, "least time between two full catalogs (default 10m, negative: none)")
	o.limits.flags(cmd)
	cmd.Flags().DurationVar(&o.hold, "hold-lifetime", 0, "life of an open order (default 15m)")
	cmd.Flags().DurationVar(&o.barcodeDelay, "barcode-delay", 0, "make barcodes readable only that long after a close")
	cmd.Flags().Int64Var(&o.accountLimit, "account-limit", 0, "most an institution lets the partner owe, in thousandths (0: no limit)")
	cmd.Flags().BoolVar(&o.async, "async-catalog", false, "answer the first getCatalogDetailed with in_progress and a requestId")
	cmd.Flags().StringVar(&o.journal, "journal", "", "file that remembers what happened; empty: memory only")
	cmd.Flags().StringVar(&o.ready, "ready-file", "", "file written when ready: JSON with url, control and the institutions")
	cmd.Flags().BoolVar(&o.anywhere, "listen-anywhere", false, "allow an address that is not this machine's own")
	return cmd
}

type simOptions struct {
	listen, control, journal, ready string
	imports, importPOS              string
	worlds                          []string
	products, performances          int
	seed                            uint64
	rate                            int
	catalogSpacing, hold            time.Duration
	barcodeDelay                    time.Duration
	limits                          simLimits
	accountLimit                    int64
	async                           bool
	anywhere                        bool
}

// simulator is a running platform on its two addresses.
type simulator struct {
	platform      *sim.Platform
	clock         *sim.Clock
	url           string // of the platform
	controlURL    string
	face, control *http.Server
	halt          context.CancelFunc // ends the delivery of webhooks
	halted        chan struct{}
}

// simReadiness is the ready file: what a program needs to talk to the simulator.
type simReadiness struct {
	URL          string             `json:"url"`
	Control      string             `json:"control"`
	Institutions []readyInstitution `json:"institutions"`
}

type readyInstitution struct {
	Code          string `json:"code"`
	Operator      string `json:"operator"`
	Partner       string `json:"partner"`
	Secret        string `json:"secret"`
	PointOfSales  int64  `json:"pos_id"`
	ContactNumber string `json:"contact_number"`
	Currency      string `json:"currency"`
	BaseURL       string `json:"base_url"`
	PendingMethod string `json:"pending_method"`

	Wallets []readyWallet `json:"wallets"`
}

// readyWallet is an organizer of the simulated TIXNGO.
type readyWallet struct {
	Generation  string `json:"generation"`
	URL         string `json:"url"`
	KeyHeader   string `json:"key_header"`
	Key         string `json:"key"`
	MobileAppID string `json:"mobile_app_id"`
}

// load makes the worlds that were asked for; nil are the shipped ones.
func (o simOptions) load() ([]sim.World, error) {
	if o.importPOS != "" && o.imports == "" {
		return nil, errors.New("--import-pos belongs to --import")
	}
	if len(o.worlds) == 0 && o.imports == "" {
		if o.products != 0 || o.performances != 0 {
			return nil, errors.New("--products and --performances belong to --world generated")
		}
		return nil, nil
	}
	worlds := []sim.World{}
	for _, name := range o.worlds {
		list, err := o.world(name)
		if err != nil {
			return nil, err
		}
		worlds = append(worlds, list...)
	}
	if o.imports == "" {
		return worlds, nil
	}
	catalog, err := os.ReadFile(o.imports)
	if err != nil {
		return nil, fmt.Errorf("--import: %w", err)
	}
	var pos []byte
	if o.importPOS != "" {
		if pos, err = os.ReadFile(o.importPOS); err != nil {
			return nil, fmt.Errorf("--import-pos: %w", err)
		}
	}
	w, err := sim.ImportWorld("", catalog, pos)
	return append(worlds, w), err
}

// world makes what one word of --world stands for.
func (o simOptions) world(name string) ([]sim.World, error) {
	switch {
	case name == "all":
		var all []sim.World
		for _, shipped := range sim.ShippedNames() {
			w, err := sim.ShippedWorld(shipped)
			if err != nil {
				return nil, err
			}
			all = append(all, w)
		}
		return all, nil
	case name == "generated":
		return []sim.World{sim.GenerateWorld(sim.WorldOptions{Products: o.products, Performances: o.performances, Seed: o.seed})}, nil
	case slices.Contains(sim.ShippedNames(), name):
		w, err := sim.ShippedWorld(name)
		return []sim.World{w}, err
	case strings.HasSuffix(name, ".json"):
		data, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			return nil, fmt.Errorf("--world: %w", err)
		}
		w, err := sim.ParseWorld(data)
		return []sim.World{w}, err
	}
	return nil, fmt.Errorf("--world %q is none of %s, all, generated, or a file NAME.json", name, strings.Join(sim.ShippedNames(), ", "))
}

func startSimulator(ctx context.Context, o simOptions, log *slog.Logger) (*simulator, error) {
	if !o.anywhere {
		for _, addr := range []string{o.listen, o.control} {
			host, _, err := net.SplitHostPort(addr)
			if addr != "" && (err != nil || !loopback(host)) {
				return nil, fmt.Errorf("the simulator listens on this machine only, not on %q", addr)
			}
		}
	}
	worlds, err := o.load()
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	if o.control == "" {
		o.control = nextPort(o.listen)
	}
	l, err := listen(ctx, o.listen, o.control)
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	s := &simulator{
		clock: sim.NewClock(time.Time{}),
		url:   "http://" + l.api.Addr().String(), controlURL: "http://" + l.operator.Addr().String(),
	}
	s.platform = &sim.Platform{
		Seed: o.seed, Clock: s.clock, RatePerMinute: o.rate, CatalogSpacing: o.catalogSpacing, HoldLifetime: o.hold, Journal: o.journal,
		BarcodeDelay: o.barcodeDelay, AccountLimit: o.accountLimit, AsyncCatalog: o.async, Worlds: worlds, PublicURL: s.url, Logger: log,
		Limits: o.limits.Limits, Skew: o.limits.skew,
	}
	if err := s.platform.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("simulator: %w", err), l.api.Close(), l.operator.Close())
	}
	s.deliver(ctx, log)
	s.face, s.control = server(s.platform, log), server(s.platform.Control(), log)
	for _, door := range []struct {
		server   *http.Server
		listener net.Listener
	}{{s.face, l.api}, {s.control, l.operator}} {
		go func() {
			if err := door.server.Serve(door.listener); !errors.Is(err, http.ErrServerClosed) {
				log.Error("simulator", "error", err)
			}
		}()
	}
	return s, nil
}

// nextPort is the address one port further; any port where the first is any.
func nextPort(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "0" {
		return net.JoinHostPort(host, "0")
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return net.JoinHostPort(host, "0")
	}
	return net.JoinHostPort(host, strconv.Itoa(n+1))
}

// stop ends the simulator at once; an open connection is dropped, as a platform would.
func (s *simulator) stop() error {
	s.halt()
	<-s.halted
	return errors.Join(s.face.Close(), s.control.Close(), s.platform.Close())
}

// networks are where this simulator's pictures come from.
func (s *simulator) networks() []string {
	u, err := url.Parse(s.url)
	if err != nil || net.ParseIP(u.Hostname()) == nil {
		return nil
	}
	return []string{u.Hostname()}
}

// institutions is the configuration a client of this simulator needs.
func (s *simulator) institutions() []InstitutionConfig {
	barcodes := map[string]delivery.Symbology{"museum": delivery.QR, "theatre": delivery.Code128, "stadium": delivery.QR}
	refunds := map[string]string{"theatre": "order", "museum": "order"} // the stadium undoes sales by hand
	var out []InstitutionConfig
	for _, i := range s.platform.Institutions() {
		out = append(out, InstitutionConfig{
			Code: i.Code, BaseURL: s.url + "/" + i.Code, Operator: i.Operator, Partner: i.Partner, Secret: domain.Secret(i.Secret),
			PartnerContact: i.PartnerContact, PendingMethod: i.PendingMethodCode, Barcode: symbologies{barcodes[i.Code]}, Terms: demoTerms(), Refunds: refunds[i.Code],
		})
	}
	return out
}

// wallets lists the organizers of the simulated TIXNGO that belong to an institution.
func (s *simulator) wallets(code string) []readyWallet {
	out := []readyWallet{}
	for _, o := range s.platform.Organizers() {
		if o.Institution == code {
			out = append(out, readyWallet{
				Generation: o.Generation, URL: s.url + o.Path, KeyHeader: tixngo.DefaultKeyHeader, Key: o.Key, MobileAppID: o.MobileAppID,
			})
		}
	}
	return out
}

func (p *program) sim(ctx context.Context, o simOptions) error {
	log := newLogger(Config{LogLevel: "info", LogFormat: "text"}, p.err)
	s, err := startSimulator(ctx, o, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "S-360 simulator\n  platform  %s\n  control   %s\n", s.url, s.controlURL)
	up := simReadiness{URL: s.url, Control: s.controlURL}
	for _, i := range s.platform.Institutions() {
		r := readyInstitution{
			Code: i.Code, Operator: i.Operator, Partner: i.Partner, Secret: i.Secret, PointOfSales: i.PointOfSales, ContactNumber: i.PartnerContact,
			Currency: i.Currency, BaseURL: s.url + "/" + i.Code, PendingMethod: i.PendingMethodCode, Wallets: s.wallets(i.Code),
		}
		up.Institutions = append(up.Institutions, r)
		fmt.Fprintf(p.out, "  %-8s  %s  operator %s  partner %q  secret %s  contact %s  point of sales %d  pending account %s\n", r.Code, r.BaseURL, r.Operator,
			r.Partner, r.Secret, r.ContactNumber, r.PointOfSales, r.PendingMethod)
		for _, w := range r.Wallets {
			fmt.Fprintf(p.out, "            TIXNGO %s  %s  %s: %s\n", w.Generation, w.URL, w.KeyHeader, w.Key)
		}
	}
	if o.ready != "" {
		if err := writeReady(o.ready, up); err != nil {
			return errors.Join(err, s.stop())
		}
	}
	<-ctx.Done()
	return s.stop()
}
