package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/storefront"
)

func (p *program) demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try everything with one command: simulator, database, keys, curl lines",
		Long: "Demo starts the S-360 simulator on its own address, opens an embedded database in the data folder, loads the catalog,\n" +
			"makes keys, and prints the lines that list, hold, close and print. It needs nothing else on the machine.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.demo(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8080", "address of the API; port 0 picks one")
	cmd.Flags().StringVar(&o.sim.listen, "sim-listen", "127.0.0.1:8360", "address of the simulator; port 0 picks one")
	cmd.Flags().StringVar(&o.dataDir, "data-dir", filepath.Join("data", "demo"), "folder of the database and the simulator's memory")
	cmd.Flags().StringVar(&o.ready, "ready-file", "", "file written when ready: JSON with api, sim, sim_control, metrics, storefront_key, admin_key")
	cmd.Flags().Uint64Var(&o.sim.seed, "seed", 1, "decides everything that looks like chance in the simulator")
	cmd.Flags().IntVar(&o.sim.rate, "sim-rate-per-minute", 0, "calls an institution of the simulator takes a minute (default 180, negative: no limit)")
	cmd.Flags().StringVar(&o.logLevel, "log-level", "warn", "debug, info, warn or error")
	return cmd
}

type demoOptions struct {
	listen, dataDir, ready, logLevel string
	sim                              simOptions
}

func (p *program) demo(ctx context.Context, o demoOptions) (err error) {
	if err := os.MkdirAll(o.dataDir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	cfg := defaults()
	cfg.Listen, cfg.OperatorListen, cfg.DataDir, cfg.LogLevel, cfg.AllowSimulator = o.listen, nextPort(o.listen), o.dataDir, o.logLevel, true
	cfg.Availability = time.Minute // the simulator costs nobody anything
	if cfg.LinkSecret, err = demoSecret(filepath.Join(o.dataDir, "link.secret")); err != nil {
		return err
	}
	if host, port, _ := net.SplitHostPort(cfg.Listen); loopback(host) && port != "0" {
		cfg.PublicURL = "http://" + cfg.Listen
	}
	if _, err := level(cfg.LogLevel); err != nil {
		return fmt.Errorf("--log-level: %w", err)
	}
	show := newProgress(p.err)
	defer show.stop()
	show.say("starting the S-360 simulator")
	o.sim.journal = filepath.Join(o.dataDir, "simulator.journal")
	s, err := startSimulator(ctx, o.sim, newLogger(cfg, p.err))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	cfg.Institutions = s.institutions()
	for i := range cfg.Institutions { // nobody else shares the simulator's minute
		cfg.Institutions[i].PerMinute = 150
		cfg.Institutions[i].Unmetered = true
		if o.sim.rate < 0 || o.sim.rate > 150 {
			cfg.Institutions[i].PerMinute = 100_000
			cfg.Institutions[i].Concurrent = 50
		}
	}
	cfg.PictureNetworks = s.networks()
	if err := cfg.Validate(); err != nil {
		return err
	}
	show.say("opening the database in " + o.dataDir)
	a, err := build(ctx, cfg, options{
		logTo: p.err, clock: func() time.Time { return s.clock.Now().UTC().Truncate(time.Millisecond) },
		progress: func(code domain.InstitutionCode, what string) { show.say(string(code) + ": " + what) },
	})
	if err != nil {
		return err
	}
	defer func() { logClose(a) }()
	if err := a.db.Own(); err != nil {
		return err
	}
	if _, err := a.db.Migrate(ctx); err != nil {
		return err
	}
	if err := a.prepare(ctx); err != nil {
		return err
	}
	if err := a.meter.ForgetSpacing(ctx); err != nil { // the simulator has begun anew
		return err
	}
	if err := a.loadAll(ctx); err != nil {
		return err
	}
	l, err := listen(ctx, cfg.Listen, cfg.OperatorListen)
	if err != nil {
		return err
	}
	shop, admin, err := a.demoKeys(ctx)
	if err != nil {
		return errors.Join(err, l.api.Close(), l.operator.Close())
	}
	r := readiness{
		API: "http://" + l.api.Addr().String(), Sim: s.url, SimControl: s.controlURL, Metrics: "http://" + l.operator.Addr().String() + "/metrics",
		StorefrontKey: shop.Reveal(), AdminKey: admin.Reveal(),
	}
	return a.run(ctx, l, func() error {
		show.stop()
		p.printDemo(a, r)
		if o.ready == "" {
			return nil
		}
		return writeReady(o.ready, r)
	})
}

// demoSecret is what signs the demo's links: made once, so that they outlive a restart.
func demoSecret(path string) (domain.Secret, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		raw = []byte(rand.Text() + rand.Text())
		err = os.WriteFile(path, raw, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("link secret: %w", err)
	}
	return domain.Secret(raw), nil
}

// loadAll loads every institution's catalog, even an unchanged one (the simulator's address is part of it and may be
// another than last time), and its availability.
func (a *app) loadAll(ctx context.Context) error {
	for _, code := range a.cfg.codes() {
		if _, err := a.catalog.RefreshCatalog(ctx, code, true); err != nil {
			return fmt.Errorf("load the catalog of %s: %w", code, err)
		}
		if _, err := a.catalog.RefreshAvailability(ctx, code); err != nil {
			return fmt.Errorf("read the availability of %s: %w", code, err)
		}
	}
	return nil
}

// demoKeys makes a storefront's key and an operator's; they end after a month.
func (a *app) demoKeys(ctx context.Context) (shop, admin domain.Secret, err error) {
	until := a.clock().AddDate(0, 1, 0)
	if _, shop, err = a.storefront.Create(ctx, storefront.NewKey{
		Storefront: "demo-shop", Label: "made by demo", ExpiresAt: until,
		Scopes: []storefront.Scope{storefront.ScopeCatalog, storefront.ScopeSell, storefront.ScopeDeliver},
	}); err != nil {
		return "", "", err
	}
	_, admin, err = a.storefront.Create(ctx, storefront.NewKey{
		Storefront: "demo-operator", Label: "made by demo", ExpiresAt: until, Scopes: []storefront.Scope{storefront.ScopeAdmin},
	})
	return shop, admin, err
}

// readiness is what a script needs to drive the demo.
type readiness struct {
	API           string `json:"api"`
	Sim           string `json:"sim"`
	SimControl    string `json:"sim_control"`
	Metrics       string `json:"metrics"`
	StorefrontKey string `json:"storefront_key"`
	AdminKey      string `json:"admin_key"`
}

// writeReady writes a file whole or not at all, readable by its owner only.
func writeReady(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	if err := os.WriteFile(path+".new", append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	return nil
}

// showcase finds something to sell: a performance on sale with places left at a price that needs no other tariff.
func (a *app) showcase() (perf *catalog.Performance, price catalog.Price, v *catalog.View) {
	now := a.clock()
	for _, code := range a.cfg.codes() {
		v, err := a.catalog.View(code)
		if err != nil {
			continue
		}
		for i := range v.Performances {
			p := &v.Performances[i]
			for _, pr := range p.Prices {
				t := v.Tariff(pr.Tariff)
				left := v.CategoryAvailability(p, pr.SeatCategory)
				if p.Numbered && t != nil && len(t.Requires) == 0 && pr.Price.Amount > 0 && left.Level == catalog.LevelGood &&
					v.SellablePerformance(p, pr.Tariff, pr.SeatCategory, now).OnSale {
					return p, pr, v
				}
			}
		}
	}
	return nil, catalog.Price{}, nil
}

func (p *program) printDemo(a *app, r readiness) {
	fmt.Fprintf(p.out, "\nGuichet is ready.\n\n  API               %s   (%s/docs)\n  metrics           %s\n  S-360 simulator   %s   control %s\n"+
		"  storefront key    %s\n  admin key         %s\n", r.API, r.API, r.Metrics, r.Sim, r.SimControl, r.StorefrontKey, r.AdminKey)
	perf, price, v := a.showcase()
	if perf == nil {
		fmt.Fprintln(p.out, "\nNothing is on sale in the simulator at the moment.")
		return
	}
	inst := v.Institution
	total, err := price.Price.Times(2)
	if err != nil {
		return
	}
	id := func(n int64) string { return fmt.Sprintf("%s-%d", inst.Code, n) }
	picture := ""
	if prod := v.Product(perf.Product); prod != nil && prod.Images["large"] != "" {
		picture = fmt.Sprintf("curl -s -o picture.jpg \"$GUICHET/v1/images/%s/large?width=640&format=jpeg\" && echo \"see picture.jpg\"\n", id(int64(prod.ID)))
	}
	fmt.Fprintf(p.out, `
List, hold, close, print and get the address of the buyer's page: paste these one after the other.

export GUICHET=%s KEY=%s
curl -s "$GUICHET/v1/performances?institution=%s&available=true&limit=3" -H "Authorization: Bearer $KEY"
%sORDER=$(curl -s "$GUICHET/v1/orders" -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -H "Idempotency-Key: demo-$(date +%%s)-$$" -d '{"institution":"%s","reference":"WEB-000123","items":[{"performance":"%s","seat_category":"%s","tariff":"%s","quantity":2}],"buyer":{"email":"ada@example.org","first_name":"Ada","last_name":"Muster","language":"en"},"expected_total":{"amount":%d,"currency":"%s"}}' | grep -o 'ord_[0-9A-Z]*' | head -n 1); echo "held $ORDER"
curl -s -X POST "$GUICHET/v1/orders/$ORDER/close" -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d '{"payment_reference":"PAY-1"}'
curl -s -o ticket.pdf "$GUICHET/v1/orders/$ORDER/tickets.pdf" -H "Authorization: Bearer $KEY" && echo "see ticket.pdf"
curl -s -X POST "$GUICHET/v1/orders/$ORDER/link" -H "Authorization: Bearer $KEY"

Ctrl-C stops.
`, r.API, r.StorefrontKey, inst.Code, picture, inst.Code, id(int64(perf.ID)), id(int64(price.SeatCategory)), id(int64(price.Tariff)), total.Amount, total.Currency)
}

// demoTerms are the small print of the invented institutions.
func demoTerms() map[string]string {
	return map[string]string{
		"en": "This ticket admits one person. The barcode is valid once; a copy is refused at the entrance. Please arrive 30 minutes before the start. " +
			"Latecomers are admitted at a suitable break only. Tickets are neither exchanged nor refunded, unless the event is cancelled. " +
			"Photography and recording are not permitted. Resale above the printed price voids this ticket.",
		"fr": "Ce billet est valable pour une personne. Le code-barres ne sert qu'une fois ; toute copie est refusée à l'entrée. Merci d'arriver 30 minutes avant le début. " +
			"Les retardataires sont placés à la première interruption possible. Les billets ne sont ni repris ni échangés, sauf annulation. " +
			"Photographies et enregistrements interdits. La revente au-dessus du prix indiqué annule ce billet.",
		"de": "Diese Eintrittskarte gilt für eine Person. Der Strichcode gilt einmal; Kopien werden am Einlass abgewiesen. Bitte kommen Sie 30 Minuten vor Beginn. " +
			"Nacheinlass nur in geeigneten Pausen. Umtausch und Rückgabe sind ausgeschlossen, ausser bei Absage. " +
			"Fotografieren und Aufnahmen sind nicht gestattet. Weiterverkauf über dem aufgedruckten Preis macht die Karte ungültig.",
	}
}
