package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"time"

	"guichet/api"
	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/freshness"
	"guichet/domain/quota"
	"guichet/domain/reconcile"
	"guichet/domain/sales"
	"guichet/domain/storefront"
	"guichet/secutix"
	"guichet/storage"
	"guichet/templates"
)

// app is everything, built once.
type app struct {
	cfg          Config
	log          *slog.Logger
	clock        domain.Clock
	db           *storage.DB
	meter        *quota.Meter
	institutions *secutix.Institutions
	catalog      *catalog.Service
	freshness    *freshness.Service
	views        *freshness.Views
	answers      *storage.Answers
	purse        *purse
	sales        *sales.Service
	account      *account.Service
	reconcile    *reconcile.Service
	storefront   *storefront.Service
	delivery     *delivery.Service
	mails        *delivery.Mails
	wallets      *delivery.Wallets
	// passCertificate is when Apple Wallet's certificate expires; zero: there is none.
	passCertificate time.Time
	metrics         *metrics
	jobs            *jobs
	api             http.Handler
	operator        http.Handler
}

// options are what only tests and the demo choose.
type options struct {
	clock     domain.Clock      // nil: the machine's
	transport http.RoundTripper // nil: the network
	progress  func(code domain.InstitutionCode, what string)
	logTo     io.Writer
}

// keyTTL is how long a replica trusts a key it has seen; a revocation elsewhere takes effect within it.
const keyTTL = 10 * time.Second

// build makes everything from the configuration, top to bottom. It makes no call to the platform and changes no schema.
// Close what it returns.
func build(ctx context.Context, cfg Config, o options) (_ *app, err error) {
	a := &app{cfg: cfg, clock: o.clock, log: newLogger(cfg, o.logTo)}
	if a.clock == nil {
		a.clock = domain.SystemClock
	}
	a.db, err = storage.Open(ctx, storage.Options{URL: cfg.DatabaseURL(), Clock: a.clock, MaxConns: cfg.DatabaseConns, Logger: a.log})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.db.Close())
		}
	}()
	a.metrics = newMetrics()

	// The platform's side: every call passes the meter, and is measured.
	limits := map[domain.InstitutionCode]quota.Limits{}
	var settings []secutix.Settings
	for i := range cfg.Institutions {
		settings = append(settings, cfg.Institutions[i].settings())
		limits[domain.InstitutionCode(cfg.Institutions[i].Code)] = cfg.Institutions[i].limits()
	}
	gate := quota.Deps{Clock: a.clock, Store: a.db.Quota(), Limits: limits, Alarm: a.alarm}
	if o.clock == nil {
		gate.Elapsed = domain.NewElapsed()
	}
	a.meter = quota.New(gate)
	transport := o.transport
	if transport == nil {
		transport = newTransport()
	}
	if !cfg.AllowSimulator {
		transport = refuseSimulator{transport}
	}
	ids := domain.NewIDs(a.clock)
	a.answers = a.db.Answers(ids)
	var keeper secutix.Keeper
	if cfg.RawAnswersDays > 0 {
		keeper = a.answers
	}
	a.institutions, err = secutix.New(settings, secutix.Options{
		Transport: transport, Meter: measured{a.meter, a.metrics}, Clock: a.clock, Log: a.log, Keeper: keeper,
	})
	if err != nil {
		return nil, err
	}

	// The services.
	a.catalog = catalog.New(catalog.Deps{
		Store: a.db.Catalog(), Platform: secutix.Catalog{Institutions: a.institutions}, Clock: a.clock, Institutions: cfg.codes(),
		AvailabilityEvery: cfg.Availability, Progress: o.progress,
	})
	a.views = freshness.NewViews()
	a.freshness = newFreshness(a, ids)
	a.sales = sales.New(sales.Deps{
		Store: a.db.Sales(), Platform: secutix.Sales{Institutions: a.institutions}, Catalog: a.catalog, Clock: a.clock, IDs: ids, Log: a.log,
		HoldFor: cfg.HoldFor, AccountLimits: cfg.accountLimits(), Watch: a.watchOrders,
		LookBefore: cfg.LookBefore, Looks: a.looks, MailOnIssue: cfg.mailOnIssue(),
	})
	a.account = account.New(account.Deps{
		Store: a.db.Account(), Institutions: a.catalog, Clock: a.clock, Log: a.log, Limits: cfg.accountAlarms(), Alarm: a.alarmAccount,
	})
	a.reconcile = reconcile.New(reconcile.Deps{
		Store: a.db.Reconcile(), Platform: secutix.History{Institutions: a.institutions}, Orders: a.db.Sales(), Ledger: a.account, Seller: a.sales,
		Clock: a.clock, IDs: ids, Log: a.log, Alone: a.alone(func() string { return ids("own") }), Calls: max(cfg.ReconcileCalls, 0), Lookups: cfg.ReconcileLookups,
	})
	a.storefront = storefront.New(storefront.Deps{
		Store: storage.NewKeyCache(a.db.Storefront(), keyTTL), Clock: a.clock, IDs: ids, Institutions: cfg.codes(),
	})
	check, _ := pagesPerCheck(cfg.BarcodeCheck) // validated
	layouts, err := layoutFolder(cfg.Layouts)
	if err != nil {
		return nil, err
	}
	renderer, err := templates.New(templates.Options{
		Logger: a.log, Fonts: folder(cfg.Fonts), Layouts: layouts, Missing: a.metrics.missingGlyphs, Check: check, Alarm: a.alarmBarcode, Program: version(),
	})
	if err != nil {
		return nil, err
	}
	if err := cfg.checkChosenLayouts(renderer); err != nil {
		return nil, err
	}
	images := secutix.NewPictures(pictures{a.db.Pictures()}, pictureTransport(cfg, o.transport), a.clock)
	links, err := cfg.links(a.clock)
	if err != nil {
		return nil, err
	}
	pages, err := templates.NewPages()
	if err != nil {
		return nil, err
	}
	a.delivery = delivery.New(delivery.Deps{
		Catalog: a.catalog, Renderer: renderer, Pictures: images, Settings: ticketSettings(cfg), Links: links, Choices: cfg.choices(),
		Layouts: renderer, Prints: a.db.Prints(), Program: version(),
		Orders: a.db.Sales(), Exports: a.db.Exports(), Clock: a.clock, IDs: ids, Log: a.log,
	})
	if a.wallets, err = a.newWallets(); err != nil {
		return nil, err
	}
	if a.mails, err = newMails(a, ids, pages); err != nil {
		return nil, err
	}

	// What runs by itself, and what answers.
	a.jobs, err = newJobs(a)
	if err != nil {
		return nil, err
	}
	a.metrics.watch(a)
	deps := api.Deps{
		Catalog: a.catalog, Sales: a.sales, Answers: a.answers, Storefront: a.storefront, Delivery: a.delivery, Mails: a.mails, BounceToken: cfg.MailBounceToken, Meter: a.meter, Jobs: a.jobs, Health: health{a}, Freshness: a.freshness, Views: a.views,
		Metrics: a.metrics.handler(), Observe: a.metrics.observeRequest, Hooks: newHooks(a), Account: a.account, Reconcile: a.reconcile, CountOrders: a.db.Sales().CountOrders,
		Clock: a.clock, Log: a.log, IDs: ids, Version: version(), KeyRate: cfg.KeyRate, Pictures: images, ImageRate: cfg.ImageRate, Pages: pages, Wallets: a.wallets, LinkRate: cfg.LinkRate, ExportAtOnce: cfg.ExportAtOnce, MaxBody: cfg.MaxBody, PublicURL: cfg.PublicURL,
	}
	if a.api, err = api.New(deps); err != nil {
		return nil, err
	}
	a.operator = api.Operator(deps)
	return a, nil
}

// Close lets go of the database, after what was counted is written.
func (a *app) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) //nolint:forbidigo // the program is ending: no context is left
	defer cancel()
	return errors.Join(a.freshness.Flush(ctx), a.answers.Flush(ctx), a.meter.Close(ctx), a.db.Close())
}

func newLogger(cfg Config, w io.Writer) *slog.Logger {
	l, err := level(cfg.LogLevel)
	if err != nil {
		l = slog.LevelInfo
	}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l}))
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l}))
}

func ticketSettings(cfg Config) map[domain.InstitutionCode]delivery.Settings {
	out := map[domain.InstitutionCode]delivery.Settings{}
	for _, i := range cfg.Institutions {
		out[domain.InstitutionCode(i.Code)] = delivery.Settings{Symbols: i.symbols(), Terms: domain.Text(i.Terms), MarkReprints: i.MarkReprints}
	}
	return out
}

// folder is a folder of the operator's; nil where none is configured.
func folder(name string) fs.FS {
	if name == "" {
		return nil
	}
	return os.DirFS(name)
}

// pictures fits the database's pictures to the border's fetcher.
type pictures struct{ store *storage.Pictures }

// Picture implements secutix.PictureStore.
func (p pictures) Picture(ctx context.Context, code domain.InstitutionCode, name string) (secutix.KeptPicture, error) {
	pic, err := p.store.Get(ctx, code, name)
	return secutix.KeptPicture(pic), err
}

// KeepPicture implements secutix.PictureStore.
func (p pictures) KeepPicture(ctx context.Context, code domain.InstitutionCode, name string, k secutix.KeptPicture) error {
	return p.store.Put(ctx, code, name, storage.Picture(k))
}

// pictureTransport fetches pictures from the public network and those that the configuration adds; given is a test's own.
func pictureTransport(cfg Config, given http.RoundTripper) http.RoundTripper {
	if given == nil {
		given = secutix.PictureTransport(cfg.pictureNetworks())
	}
	if !cfg.AllowSimulator {
		given = refuseSimulator{given}
	}
	return given
}

// newTransport keeps enough connections for all institutions.
func newTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport) //nolint:forbidigo // its settings are copied, it is not used
	if !ok {
		t = &http.Transport{}
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 16
	return t
}

// refuseSimulator keeps a production service from selling a simulator's tickets.
type refuseSimulator struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (r refuseSimulator) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := r.next.RoundTrip(req)
	if err != nil || res.Header.Get("X-Simulator") == "" {
		return res, err
	}
	_ = res.Body.Close()
	return nil, domain.Errorf(domain.Unavailable, domain.CodePlatformConfig, "%s is a simulator; set allow_simulator to use it", req.URL.Host)
}

// health answers the readiness probe.
type health struct{ a *app }

// Ready implements api.Health.
func (h health) Ready(ctx context.Context) []api.Check {
	checks := []api.Check{check("database", h.a.db.Ping(ctx)), check("migrations", h.a.db.CheckSchema(ctx))}
	var missing error
	for _, code := range h.a.cfg.codes() {
		if _, err := h.a.catalog.View(code); err != nil {
			missing = errors.Join(missing, fmt.Errorf("%s: no catalog yet", code))
		}
	}
	return append(checks, check("catalog", missing))
}

func check(name string, err error) api.Check {
	c := api.Check{Name: name, OK: err == nil}
	if err != nil {
		c.Detail = err.Error()
	}
	return c
}
