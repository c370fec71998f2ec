package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"guichet/domain"
	"guichet/domain/quota"
	"guichet/secutix"
	"guichet/storage"
	"guichet/templates"
)

func (p *program) doctorCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check configuration, database, mail relay, clock, sign-in and point of sales", Args: cobra.NoArgs,
		Long: "Doctor checks everything that serve needs and says what to do about each failure. It makes two calls to each\n" +
			"institution and changes nothing.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &doctor{p: p}
			d.run(cmd.Context(), file)
			if d.failed > 0 {
				fmt.Fprintf(p.out, "\n%d of %d checks failed\n", d.failed, d.done)
				return errPrinted
			}
			fmt.Fprintf(p.out, "\nall %d checks passed\n", d.done)
			return nil
		},
	}
	configFlag(cmd, &file)
	return cmd
}

// doctor runs checks and prints each with what to do about it.
type doctor struct {
	p            *program
	done, failed int
}

func (d *doctor) check(name string, err error, remedy string) bool {
	d.done++
	if err == nil {
		fmt.Fprintf(d.p.out, "ok    %s\n", name)
		return true
	}
	d.failed++
	fmt.Fprintf(d.p.out, "FAIL  %s: %s\n      → %s\n", name, indent(message(err)), remedy)
	return false
}

// message is what an error says to an operator, with its cause.
func message(err error) string {
	e := domain.AsError(err)
	if e.Kind == domain.Internal {
		return err.Error()
	}
	if e.Cause != nil {
		return e.Detail + " (" + e.Cause.Error() + ")"
	}
	return e.Detail
}

func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n      ") }

func (d *doctor) run(ctx context.Context, file string) {
	cfg, err := loadConfig(file, d.p.environ)
	if !d.check("configuration", err, "correct each line named above; `guichet config` prints what is in force") {
		return
	}
	d.peaks(&cfg)
	if d.fonts(&cfg) {
		d.layouts(&cfg)
	}
	d.wallets(&cfg)
	d.mail(ctx, &cfg)
	d.database(ctx, &cfg)
	limits := map[domain.InstitutionCode]quota.Limits{}
	var settings []secutix.Settings
	for i := range cfg.Institutions {
		settings = append(settings, cfg.Institutions[i].settings())
		limits[domain.InstitutionCode(cfg.Institutions[i].Code)] = cfg.Institutions[i].limits()
	}
	transport := newTransport()
	if !cfg.AllowSimulator {
		transport = refuseSimulator{transport}
	}
	institutions, err := secutix.New(settings, secutix.Options{
		Transport: transport, Meter: quota.NewMeter(domain.SystemClock, nil, limits), Clock: domain.SystemClock, Log: newLogger(Config{LogLevel: "error"}, d.p.err),
	})
	if !d.check("institutions", err, "correct the institutions' settings") {
		return
	}
	for i := range cfg.Institutions {
		d.institution(ctx, institutions, &cfg.Institutions[i])
	}
}

// fonts says what tickets are printed with.
func (d *doctor) fonts(cfg *Config) bool {
	fonts, err := templates.Fonts(folder(cfg.Fonts))
	own, shipped := []string{}, []string{}
	for _, f := range fonts {
		if f.Own {
			own = append(own, f.Name)
		} else {
			shipped = append(shipped, f.Name)
		}
	}
	name := "fonts " + strings.Join(shipped, ", ")
	if cfg.Fonts != "" {
		name = "fonts of " + cfg.Fonts + ": " + strings.Join(own, ", ")
	}
	return d.check(name, err, "fonts must be .ttf files, or .otf and .ttc with TrueType outlines, that allow to be embedded; remove the others")
}

// layouts says what tickets are printed by, and that everything chosen is there.
func (d *doctor) layouts(cfg *Config) {
	own, err := layoutFolder(cfg.Layouts)
	var r *templates.Renderer
	if err == nil {
		r, err = templates.New(templates.Options{Layouts: own, Fonts: folder(cfg.Fonts)})
	}
	name := "layouts"
	if err == nil {
		var names []string
		for _, l := range r.Layouts() {
			if !l.Shipped {
				names = append(names, l.Name)
			}
		}
		if cfg.Layouts != "" {
			name += " of " + cfg.Layouts + ": " + strings.Join(names, ", ")
		}
	}
	if d.check(name, err, "`guichet layouts check` says what is wrong with a file") && len(cfg.LayoutChoices) > 0 {
		d.check(fmt.Sprintf("%d choices of layouts", len(cfg.LayoutChoices)), cfg.checkChosenLayouts(r), "name a shipped layout, or one in the folder that the setting layouts names")
	}
}

// peaks warns of configured peak windows that are over: they change nothing, and a configuration that ages must not stop a
// restart.
func (d *doctor) peaks(cfg *Config) {
	for i := range cfg.Institutions {
		in := &cfg.Institutions[i]
		for _, p := range in.limits().PastPeaks(domain.SystemClock()) {
			fmt.Fprintf(d.p.out, "warn  %s: the peak window from %s to %s is over\n      → remove it from the configuration\n",
				in.Code, p.From.UTC().Format(time.RFC3339), p.To.UTC().Format(time.RFC3339))
		}
	}
}

// databaseName names the database without its password.
func databaseName(cfg *Config) string {
	u, err := url.Parse(cfg.DatabaseURL())
	if err != nil {
		return "…"
	}
	return u.Redacted()
}

func (d *doctor) database(ctx context.Context, cfg *Config) {
	name := "database " + databaseName(cfg)
	db, err := storage.Open(ctx, storage.Options{URL: cfg.DatabaseURL(), Clock: domain.SystemClock})
	if !d.check(name, err, "check GUICHET_DATABASE (or data_dir), that the server runs and that we may connect") {
		return
	}
	if d.check(name+" answers", db.Ping(ctx), "check the server's log and its connection limit") {
		d.check("schema", db.CheckSchema(ctx), "run `guichet migrate`; if it is newer than this program, update the program")
	}
	_ = db.Close() // it was only looked at
}

// tooFar is how far our clock may be off: tokens are refused when they are a second old.
const tooFar = 2 * time.Second

func (d *doctor) institution(ctx context.Context, in *secutix.Institutions, i *InstitutionConfig) {
	code := domain.InstitutionCode(i.Code)
	client := in.Client(code).WithClass(string(quota.Admin))
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := in.Alive(ctx, code)
	if !d.check(i.Code+": reached and signed in", err, signInRemedy(err, i)) {
		return
	}
	if ahead, ok := client.Skew(); ok {
		var err error
		if ahead.Abs() > tooFar {
			err = fmt.Errorf("this machine's clock is %s off the platform's", ahead.Round(time.Millisecond))
		}
		d.check(i.Code+": clock", err, "synchronise this machine's clock (NTP): the platform refuses tokens older than a second")
	}
	inst, err := in.Prepare(ctx, code)
	d.check(i.Code+": point of sales and pending account", err, posRemedy(err))
	if err == nil {
		kind := "production"
		if inst.PointOfSales.Test {
			kind = "test institution: tickets are marked as specimens"
		}
		fmt.Fprintf(d.p.out, "      %s sells in %s, %s; point of sales %d %s (%s)\n", inst.Name.Or(i.Code, inst.MainLanguage), inst.Currency,
			inst.TimeZone, inst.PointOfSales.ID, inst.PointOfSales.Code, kind)
	}
}

func signInRemedy(err error, i *InstitutionConfig) string {
	if err == nil {
		return ""
	}
	switch domain.AsError(err).Code {
	case domain.CodePlatformAuth:
		return "check operator, partner and the secret; ask SecuTix whether self-forged tokens or /v1/auth is open to you (auth: login)"
	case domain.CodePlatformConfig:
		return "check service_version and base_url; a simulator needs allow_simulator"
	case domain.CodePlatformLimited:
		return "the institution's minute is spent; try again in a minute"
	}
	return "check base_url (" + i.BaseURL + "), DNS, proxy and firewall"
}

func posRemedy(err error) string {
	if domain.HasCode(err, domain.CodePlatformConfig) {
		return "set pending_method (or time_zone, currency) for this institution, or ask the institution to attach the payment method to your point of sales"
	}
	return "the point of sales could not be read; try again, then ask the institution"
}
