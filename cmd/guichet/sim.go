package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"guichet/domain"
	"guichet/secutix/sim"
)

func (p *program) simCommand() *cobra.Command {
	var o simOptions
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Run the S-360 simulator alone",
		Long: "Sim answers as S-360 does, for three invented institutions: museum, theatre, stadium. Its control face is a second\n" +
			"address where the clock is moved, faults are armed and promises are checked. It is for tests and demonstrations only.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.sim(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8360", "address of the platform; port 0 picks one")
	cmd.Flags().StringVar(&o.control, "control-listen", "", "address of the control face (default: the next port, or any when the port is 0)")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "decides everything that looks like chance")
	cmd.Flags().IntVar(&o.rate, "rate-per-minute", 0, "calls an institution takes a minute (default 180, negative: no limit)")
	cmd.Flags().DurationVar(&o.catalogSpacing, "catalog-spacing", 0, "least time between two full catalogs (default 10m, negative: none)")
	cmd.Flags().DurationVar(&o.hold, "hold-lifetime", 0, "life of an open order (default 15m)")
	cmd.Flags().StringVar(&o.journal, "journal", "", "file that remembers what happened; empty: memory only")
	cmd.Flags().StringVar(&o.ready, "ready-file", "", "file written when ready: JSON with sim, sim_control and the institutions")
	cmd.Flags().BoolVar(&o.anywhere, "listen-anywhere", false, "allow an address that is not this machine's own")
	return cmd
}

type simOptions struct {
	listen, control, journal, ready string
	seed                            uint64
	rate                            int
	catalogSpacing, hold            time.Duration
	anywhere                        bool
}

// simulator is a running platform on its two addresses.
type simulator struct {
	platform      *sim.Platform
	clock         *sim.Clock
	url           string // of the platform
	controlURL    string
	face, control *http.Server
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
		PublicURL: s.url, Logger: log,
	}
	if err := s.platform.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("simulator: %w", err), l.api.Close(), l.operator.Close())
	}
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
	return errors.Join(s.face.Close(), s.control.Close(), s.platform.Close())
}

// institutions is the configuration a client of this simulator needs.
func (s *simulator) institutions() []InstitutionConfig {
	barcodes := map[string]string{"museum": "qr", "theatre": "code128", "stadium": "qr"}
	var out []InstitutionConfig
	for _, i := range s.platform.Institutions() {
		out = append(out, InstitutionConfig{
			Code: i.Code, BaseURL: s.url + "/" + i.Code, Operator: i.Operator, Partner: i.Partner, Secret: domain.Secret(i.Secret),
			PartnerContact: i.PartnerContact, PendingMethod: i.PendingMethodCode, Symbology: barcodes[i.Code], Terms: demoTerms(),
		})
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
	type institution struct {
		Code, BaseURL, Operator, Partner, Secret, PartnerContact, PendingMethod string
	}
	var list []institution
	for _, i := range s.institutions() {
		fmt.Fprintf(p.out, "  %-8s  %s  operator %s  partner %q  secret %s  contact %s  pending account %s\n", i.Code, i.BaseURL, i.Operator,
			i.Partner, i.Secret.Reveal(), i.PartnerContact, i.PendingMethod)
		list = append(list, institution{i.Code, i.BaseURL, i.Operator, i.Partner, i.Secret.Reveal(), i.PartnerContact, i.PendingMethod})
	}
	if o.ready != "" {
		if err := writeReady(o.ready, map[string]any{"sim": s.url, "sim_control": s.controlURL, "institutions": list}); err != nil {
			return errors.Join(err, s.stop())
		}
	}
	<-ctx.Done()
	return s.stop()
}
