package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/goccy/go-yaml"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/delivery"
	"guichet/domain/quota"
	"guichet/secutix"
)

// Config is everything that can be configured. Order of precedence: command line, environment, file, default. Secrets
// come from the environment or from files of their own and are never printed.
type Config struct {
	Listen         string `yaml:"listen" env:"GUICHET_LISTEN"`
	OperatorListen string `yaml:"operator_listen" env:"GUICHET_OPERATOR_LISTEN"`
	PublicURL      string `yaml:"public_url" env:"GUICHET_PUBLIC_URL"`
	DataDir        string `yaml:"data_dir" env:"GUICHET_DATA_DIR"`
	// Database is "sqlite:/path/file.db" or "postgres://…"; empty is guichet.db in DataDir.
	Database      domain.Secret `yaml:"-" env:"GUICHET_DATABASE"`
	DatabaseFile  string        `yaml:"database_file" env:"GUICHET_DATABASE_FILE"`
	DatabaseConns int           `yaml:"database_conns" env:"GUICHET_DATABASE_CONNS"`
	LogLevel      string        `yaml:"log_level" env:"GUICHET_LOG_LEVEL"`
	LogFormat     string        `yaml:"log_format" env:"GUICHET_LOG_FORMAT"`
	HoldFor       time.Duration `yaml:"hold_for" env:"GUICHET_HOLD_FOR"`
	Availability  time.Duration `yaml:"availability_every" env:"GUICHET_AVAILABILITY_EVERY"`
	CatalogEvery  time.Duration `yaml:"catalog_every" env:"GUICHET_CATALOG_EVERY"`
	// Freshness is who decides what availability is read and when: "planner", or "moved" (what the platform says moved, every
	// AvailabilityEvery). FreshnessFloor: the planner reads or confirms everything on sale at least so often. FreshnessBatch:
	// how many performances it reads in one call at most.
	Freshness      string        `yaml:"freshness" env:"GUICHET_FRESHNESS"`
	FreshnessFloor time.Duration `yaml:"freshness_floor" env:"GUICHET_FRESHNESS_FLOOR"`
	FreshnessBatch int           `yaml:"freshness_batch" env:"GUICHET_FRESHNESS_BATCH"`
	KeyRate        int           `yaml:"key_rate" env:"GUICHET_KEY_RATE"`
	MaxBody        int64         `yaml:"max_body" env:"GUICHET_MAX_BODY"`
	// ImageRate bounds the pictures a second that one client address gets from /v1/images.
	ImageRate int `yaml:"image_rate" env:"GUICHET_IMAGE_RATE"`
	// LinkSecret signs the addresses of buyers' own pages; several, apart by blanks or lines: the first signs, all are good.
	// Empty: there are no such pages. LinkDays is how long after the last performance they last; LinkRate bounds the pages and
	// files a second that one client address gets of them.
	LinkSecret     domain.Secret `yaml:"-" env:"GUICHET_LINK_SECRET"`
	LinkSecretFile string        `yaml:"link_secret_file" env:"GUICHET_LINK_SECRET_FILE"`
	LinkDays       int           `yaml:"link_days" env:"GUICHET_LINK_DAYS"`
	LinkRate       int           `yaml:"link_rate" env:"GUICHET_LINK_RATE"`
	MailConfig     `yaml:",inline"`
	// PictureNetworks are addresses and networks that are not public and that a catalog's pictures may be fetched from.
	PictureNetworks []string `yaml:"picture_networks" env:"GUICHET_PICTURE_NETWORKS"`
	// ReconcileCalls is how many calls a night's reconciliation of an institution may make; 0 is 100, below 0 makes none.
	ReconcileCalls int `yaml:"reconcile_calls" env:"GUICHET_RECONCILE_CALLS"`
	// ReconcileLookups is how many of them may go to orders of the platform that we do not know; 0 is 20.
	ReconcileLookups int `yaml:"reconcile_lookups" env:"GUICHET_RECONCILE_LOOKUPS"`
	// BarcodeCheck is how many ticket pages are painted and their barcodes decoded before they are released: "off", "all", or
	// "1/N".
	BarcodeCheck string `yaml:"barcode_check" env:"GUICHET_BARCODE_CHECK"`
	// RawAnswersDays is how long what orders' calls asked and were answered is kept, without personal data; 0 keeps nothing.
	RawAnswersDays int `yaml:"raw_answers_days" env:"GUICHET_RAW_ANSWERS_DAYS"`
	// Fonts is a folder of fonts that tickets are printed with beside the embedded ones; empty is none.
	Fonts string `yaml:"fonts" env:"GUICHET_FONTS"`
	// Layouts is a folder of ticket layouts beside the shipped ones; empty is none. It is read when the program starts.
	Layouts string `yaml:"layouts" env:"GUICHET_LAYOUTS"`
	// LayoutChoices are by which layouts tickets are printed; the first that fits counts.
	LayoutChoices []LayoutChoice `yaml:"layout_choices"`
	// ExportAtOnce is how many tickets are printed while the caller waits; more are printed in the background.
	ExportAtOnce int `yaml:"export_at_once" env:"GUICHET_EXPORT_AT_ONCE"`
	// LookBefore is how long before a performance its sold orders are looked at, for what the institution changed; empty is never.
	LookBefore []time.Duration `yaml:"look_before" env:"GUICHET_LOOK_BEFORE"`
	// AppleWallet and GoogleWallet are the accounts that tickets are put into wallets with; without them there are no passes.
	AppleWallet  AppleConfig  `yaml:"apple_wallet"`
	GoogleWallet GoogleConfig `yaml:"google_wallet"`
	// AllowSimulator lets serve talk to a platform that says it is a simulator.
	AllowSimulator bool                `yaml:"allow_simulator" env:"GUICHET_ALLOW_SIMULATOR"`
	Institutions   []InstitutionConfig `yaml:"institutions"`
}

// InstitutionConfig is one institution.
type InstitutionConfig struct {
	Code       string            `yaml:"code"`
	Name       map[string]string `yaml:"name"`
	BaseURL    string            `yaml:"base_url"`
	Platform   string            `yaml:"platform_code"`
	Operator   string            `yaml:"operator"`
	Partner    string            `yaml:"partner"`
	SecretFile string            `yaml:"secret_file"`
	Secret     domain.Secret     `yaml:"-"` // from SecretFile or GUICHET_SECRET_<CODE>
	// WebhookToken is the last part of the address that S-360 pushes to; empty: none. Also GUICHET_WEBHOOK_TOKEN_<CODE>.
	WebhookToken   domain.Secret     `yaml:"webhook_token"`
	Auth           string            `yaml:"auth"`
	Version        string            `yaml:"service_version"`
	TimeZone       string            `yaml:"time_zone"`
	Currency       string            `yaml:"currency"`
	PartnerContact string            `yaml:"partner_contact"`
	PendingMethod  string            `yaml:"pending_method"`
	ClosePayments  string            `yaml:"close_payments"` // explicit or omit
	PayerIsPartner bool              `yaml:"payer_is_partner"`
	Refunds        string            `yaml:"refunds"`   // by_hand or order
	Exchanges      string            `yaml:"exchanges"` // by_hand or order
	VisitDate      string            `yaml:"visit_date_member"`
	VisitSlot      string            `yaml:"timeslot_member"`
	MaxWait        int               `yaml:"max_waiting_time"`
	HoldLifetime   time.Duration     `yaml:"hold_lifetime"`
	RelativeUnit   string            `yaml:"sale_period_relative_unit"` // minutes, hours, days or ignore
	ErrorWords     map[string]string `yaml:"error_words"`
	// Barcode is the symbology of tickets, or several: the first that carries the payload. BarcodePrefixes replaces it for
	// payloads that begin so.
	Barcode         symbologies            `yaml:"barcode"`
	BarcodePrefixes map[string]symbologies `yaml:"barcode_by_prefix"`
	Terms           map[string]string      `yaml:"terms"`
	MailOnIssue     bool                   `yaml:"mail_on_issue"`  // confirm issued orders by e-mail
	MailOnChange    bool                   `yaml:"mail_on_change"` // tell buyers by e-mail of what was called off, rescheduled or moved
	MarkReprints    bool                   `yaml:"mark_reprints"`  // layouts are told which print of a ticket a file is
	PerMinute       int                    `yaml:"calls_per_minute"`
	Concurrent      int                    `yaml:"calls_at_once"`
	MonthCalls      int64                  `yaml:"calls_per_month"`
	MonthBytes      int64                  `yaml:"bytes_per_month"`
	DayCalls        int64                  `yaml:"calls_per_day"`
	DayBytes        int64                  `yaml:"bytes_per_day"`
	SalesShare      int                    `yaml:"sales_share"`
	Gigabyte        int64                  `yaml:"gigabyte"`
	AgreedPerMin    int                    `yaml:"agreed_calls_per_minute"`
	Peaks           []PeakConfig           `yaml:"peaks"`
	CallBlockPrice  int64                  `yaml:"call_block_price"` // minor units of currency per started 1,000 calls; 0: not known
	DataBlockPrice  int64                  `yaml:"data_block_price"` // minor units of currency per started GB; 0: not known
	PlannedOrders   int64                  `yaml:"planned_orders"`   // a month; with calls_per_order refuses what cannot be kept
	CallsPerOrder   int64                  `yaml:"calls_per_order"`
	Unmetered       bool                   `yaml:"unmetered"`
	// Wallets are the wallets that tickets may be put into: apple, google. Tixngo says that TIXNGO brings them to phones, so
	// that there may be none. WalletLogo is a PNG or JPEG, WalletColor the ground of Apple's passes, "#rrggbb"; WalletPoster asks
	// for Apple's poster event ticket.
	logo          []byte   // of WalletLogo
	Wallets       []string `yaml:"wallets"`
	Tixngo        bool     `yaml:"tixngo"`
	WalletLogo    string   `yaml:"wallet_logo"`
	WalletColor   string   `yaml:"wallet_color"`
	WalletPoster  bool     `yaml:"wallet_poster"`
	LooksPerDay   int      `yaml:"looks_per_day"`  // at sold orders; 0 is 100, or 10000 unmetered; below 0 is none
	AccountLimit  int64    `yaml:"account_limit"`  // minor units that may be owed to the institution; 0: no limit
	AccountAlarms []int    `yaml:"account_alarms"` // percent of it, default 80 and 95
}

// PeakConfig is a time with a raised rate, agreed with the platform.
type PeakConfig struct {
	From      time.Time `yaml:"from"`
	To        time.Time `yaml:"to"`
	PerMinute int       `yaml:"calls_per_minute"`
	Note      string    `yaml:"note"`
}

// What Config.Freshness may be.
const (
	freshnessPlanner = "planner"
	freshnessMoved   = "moved"
)

// maxLooks is how often a sold order may be looked at before a performance.
const maxLooks = 5

func defaults() Config {
	return Config{
		Listen: "127.0.0.1:8080", OperatorListen: "127.0.0.1:8081", DataDir: "data", DatabaseConns: 20, LogLevel: "info", LogFormat: "text",
		HoldFor: 10 * time.Minute, Availability: time.Hour, CatalogEvery: time.Hour, Freshness: freshnessPlanner, FreshnessFloor: 24 * time.Hour, FreshnessBatch: 200, KeyRate: 50, ImageRate: 100, LinkDays: 30, LinkRate: 10, MailConfig: defaultMail(), MaxBody: 1 << 20, BarcodeCheck: "1/100",
		RawAnswersDays: 30, ExportAtOnce: 200, LookBefore: []time.Duration{72 * time.Hour, 3 * time.Hour},
	}
}

// loadConfig reads the file (may be empty), then the environment over it, then the secrets. It returns everything that is
// wrong together.
func loadConfig(file string, environ []string) (Config, error) {
	c := defaults()
	vars := env.ToMap(environ)
	if file == "" {
		file = vars["GUICHET_CONFIG"]
	}
	if file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return c, fmt.Errorf("configuration: %w", err)
		}
		if err := yaml.UnmarshalWithOptions(raw, &c, yaml.Strict()); err != nil {
			return c, fmt.Errorf("configuration %s: %w", file, err)
		}
	}
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars}); err != nil {
		return c, fmt.Errorf("environment: %w", environmentError(err))
	}
	var problems []error
	if c.DatabaseFile != "" && c.Database == "" {
		text, err := readSecret(c.DatabaseFile, file)
		if err != nil {
			problems = append(problems, fmt.Errorf("database_file: %w", err))
		}
		c.Database = text
	}
	if c.LinkSecretFile != "" && c.LinkSecret == "" {
		text, err := readSecret(c.LinkSecretFile, file)
		if err != nil {
			problems = append(problems, fmt.Errorf("link_secret_file: %w", err))
		}
		c.LinkSecret = text
	}
	problems = append(problems, c.loadSecrets(file))
	for i := range c.Institutions {
		problems = append(problems, c.Institutions[i].loadSecret(vars, file))
	}
	problems = append(problems, c.loadWallets(file), c.Validate())
	return c, errors.Join(problems...)
}

// environmentError names the variables that cannot be read, without their values.
func environmentError(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	var out []error
	for _, e := range all.Errors {
		var p env.ParseError
		if f, ok := reflect.TypeFor[Config]().FieldByName(nameOf(e, &p)); ok {
			e = fmt.Errorf("%s is not a valid %s", f.Tag.Get("env"), f.Type)
		}
		out = append(out, e)
	}
	return errors.Join(out...)
}

func nameOf(err error, p *env.ParseError) string {
	if errors.As(err, p) {
		return p.Name
	}
	return ""
}

// loadSecret takes the institution's secret from the environment or from its file.
func (i *InstitutionConfig) loadSecret(vars map[string]string, file string) error {
	if s := vars["GUICHET_WEBHOOK_TOKEN_"+strings.ToUpper(i.Code)]; s != "" {
		i.WebhookToken = domain.Secret(s)
	}
	name := "GUICHET_SECRET_" + strings.ToUpper(i.Code)
	if s := vars[name]; s != "" {
		i.Secret = domain.Secret(s)
		return nil
	}
	if i.SecretFile == "" {
		return fmt.Errorf("institution %s: no secret: set secret_file or %s", i.Code, name)
	}
	text, err := readSecret(i.SecretFile, file)
	if err != nil {
		return fmt.Errorf("institution %s: secret_file: %w", i.Code, err)
	}
	i.Secret = text
	return nil
}

// readSecret reads a file of one line; a relative path starts at the configuration file's folder.
func readSecret(path, config string) (domain.Secret, error) {
	if !filepath.IsAbs(path) && config != "" {
		path = filepath.Join(filepath.Dir(config), path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(raw), "\r\n")
	if text == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return domain.Secret(text), nil
}

// DatabaseURL is where the data is.
func (c *Config) DatabaseURL() string {
	if c.Database != "" {
		return c.Database.Reveal()
	}
	return "sqlite:" + filepath.Join(c.DataDir, "guichet.db")
}

// tokenForm is what stands in an address as it is, and cannot be guessed.
var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{16,200}$`)

var codeForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// Validate returns every problem together, each on a line of its own.
func (c *Config) Validate() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for name, addr := range map[string]string{"listen": c.Listen, "operator_listen": c.OperatorListen} {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			bad("%s: %q is not host:port", name, addr)
		}
	}
	if c.PublicURL != "" && !isURL(c.PublicURL) {
		bad("public_url: %q is not an http(s) address", c.PublicURL)
	}
	if _, err := level(c.LogLevel); err != nil {
		bad("log_level: %q is none of debug, info, warn, error", c.LogLevel)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		bad("log_format: %q is neither text nor json", c.LogFormat)
	}
	if _, ok := pagesPerCheck(c.BarcodeCheck); !ok {
		bad("barcode_check: %q is none of off, all and 1/N with N up to 1000000", c.BarcodeCheck)
	}
	if c.HoldFor < time.Minute || c.HoldFor > time.Hour {
		bad("hold_for: %s is not between 1m and 1h", c.HoldFor)
	}
	if c.Availability < time.Minute || c.Availability > 24*time.Hour {
		bad("availability_every: %s is not between 1m (the platform's own limit) and 24h", c.Availability)
	}
	if c.CatalogEvery < 10*time.Minute || c.CatalogEvery > 24*time.Hour {
		bad("catalog_every: %s is not between 10m (the platform's own limit) and 24h", c.CatalogEvery)
	}
	if c.Freshness != freshnessPlanner && c.Freshness != freshnessMoved {
		bad("freshness: %q is neither planner nor moved", c.Freshness)
	}
	if c.FreshnessFloor < 10*time.Minute || c.FreshnessFloor > 31*24*time.Hour {
		bad("freshness_floor: %s is not between 10m and 744h (31 days)", c.FreshnessFloor)
	}
	if c.FreshnessBatch < 1 || c.FreshnessBatch > 200 {
		bad("freshness_batch: %d is not between 1 and 200 performances", c.FreshnessBatch)
	}
	if c.KeyRate < 1 || c.KeyRate > 100_000 {
		bad("key_rate: %d is not between 1 and 100000 requests a second", c.KeyRate)
	}
	if c.ImageRate < 1 || c.ImageRate > 100_000 {
		bad("image_rate: %d is not between 1 and 100000 pictures a second", c.ImageRate)
	}
	if c.LinkRate < 1 || c.LinkRate > 100_000 {
		bad("link_rate: %d is not between 1 and 100000 pages a second", c.LinkRate)
	}
	if c.LinkDays < 1 || c.LinkDays > 365 {
		bad("link_days: %d is not between 1 and 365 days", c.LinkDays)
	} else if _, err := c.links(domain.SystemClock); err != nil {
		bad("link_secret: %w", err)
	}
	if c.LinkSecret != "" && c.PublicURL == "" && !c.AllowSimulator {
		bad("public_url: it is needed for the addresses that the link secret signs")
	}
	problems = append(problems, c.validate())
	for _, n := range c.PictureNetworks {
		if _, err := parseNetwork(n); err != nil {
			bad("picture_networks: %q is neither an address such as 10.0.0.5 nor a network such as 10.0.0.0/24", n)
		}
	}
	if c.ReconcileCalls > 100_000 || c.ReconcileLookups < 0 || c.ReconcileLookups > 100_000 {
		bad("reconcile_calls and reconcile_lookups: at most 100000, and lookups not below 0")
	}
	if c.RawAnswersDays < 0 || c.RawAnswersDays > 3650 {
		bad("raw_answers_days: %d is not between 0 and 3650", c.RawAnswersDays)
	}
	c.checkLayoutChoices(bad)
	if c.ExportAtOnce < 0 || c.ExportAtOnce > 2000 {
		bad("export_at_once: %d is not between 0 and 2000 tickets", c.ExportAtOnce)
	}
	if len(c.LookBefore) > maxLooks {
		bad("look_before: at most %d times", maxLooks)
	}
	for _, d := range c.LookBefore {
		if d < 10*time.Minute || d > 90*24*time.Hour {
			bad("look_before: %s is not between 10m and 2160h (90 days)", d)
		}
	}
	if c.MaxBody < 1024 || c.MaxBody > 64<<20 {
		bad("max_body: %d is not between 1024 and 67108864 bytes", c.MaxBody)
	}
	if c.DatabaseConns < 1 || c.DatabaseConns > 1000 {
		bad("database_conns: %d is not between 1 and 1000", c.DatabaseConns)
	}
	c.checkWallets(bad)
	if len(c.Institutions) == 0 {
		bad("institutions: at least one is needed")
	}
	seen := map[string]bool{}
	for n := range c.Institutions {
		i := &c.Institutions[n]
		if seen[i.Code] {
			bad("institution %s stands twice", i.Code)
		}
		seen[i.Code] = true
		if (i.MailOnIssue || i.MailOnChange) && c.SMTPHost == "" {
			bad("institution %s: mail_on_issue and mail_on_change need smtp_host", i.Code)
		}
		problems = append(problems, i.validate())
	}
	return errors.Join(problems...)
}

func (i *InstitutionConfig) validate() error {
	var problems []error
	bad := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("institution %s: "+format, append([]any{i.Code}, args...)...))
	}
	if !codeForm.MatchString(i.Code) {
		bad("code: a lower-case letter, then up to 31 letters, digits or underscores")
	}
	if !isURL(i.BaseURL) {
		bad("base_url: %q is not an http(s) address", i.BaseURL)
	} else if u, _ := url.Parse(i.BaseURL); u.Scheme == "http" && !loopback(u.Hostname()) {
		bad("base_url: http is for this machine only; use https")
	}
	for name, v := range map[string]string{"operator": i.Operator, "partner": i.Partner, "partner_contact": i.PartnerContact} {
		if v == "" {
			bad("%s is missing", name)
		}
	}
	if i.WebhookToken != "" && !tokenForm.MatchString(i.WebhookToken.Reveal()) {
		bad("webhook_token: 16 to 200 letters, digits, hyphens or underscores")
	}
	if i.Auth != "" && i.Auth != "jwt" && i.Auth != "login" {
		bad("auth: %q is neither jwt nor login", i.Auth)
	}
	if i.Version != "" && !regexp.MustCompile(`^v\d+_\d+$`).MatchString(i.Version) {
		bad("service_version: %q has not the form v1_33", i.Version)
	}
	if i.TimeZone != "" {
		if _, err := time.LoadLocation(i.TimeZone); err != nil {
			bad("time_zone: %q is not an IANA zone", i.TimeZone)
		}
	}
	if i.Currency != "" && !domain.Currency(i.Currency).Valid() {
		bad("currency: %q is not an ISO 4217 code", i.Currency)
	}
	if i.Refunds != "" && i.Refunds != "by_hand" && i.Refunds != "order" {
		bad("refunds: %q is neither by_hand nor order", i.Refunds)
	}
	if i.Exchanges != "" && i.Exchanges != "by_hand" && i.Exchanges != "order" {
		bad("exchanges: %q is neither by_hand nor order", i.Exchanges)
	}
	if i.ClosePayments != "" && i.ClosePayments != "explicit" && i.ClosePayments != "omit" {
		bad("close_payments: %q is neither explicit nor omit", i.ClosePayments)
	}
	i.checkBarcodes(bad)
	i.checkWallets(bad)
	if _, ok := secutix.RelativeUnits()[i.RelativeUnit]; !ok && i.RelativeUnit != "" {
		bad("sale_period_relative_unit: %q is none of minutes, hours, days, ignore", i.RelativeUnit)
	}
	for word, class := range i.ErrorWords {
		if word == "" || !slices.Contains(secutix.Classes(), class) {
			bad("error_words: %q is classified as %q, which is none of %v", word, class, secutix.Classes())
		}
	}
	if i.PerMinute < 0 || i.PerMinute > 100_000 || i.Concurrent < 0 || i.Concurrent > 1000 || i.MonthCalls < 0 || i.MonthBytes < 0 || i.MaxWait < 0 || i.HoldLifetime < 0 {
		bad("limits cannot be negative, nor above 100000 calls a minute and 1000 at once")
	}
	if i.DayCalls < 0 || i.DayBytes < 0 || i.Gigabyte < 0 || i.CallBlockPrice < 0 || i.DataBlockPrice < 0 || i.SalesShare < 0 || i.SalesShare > 100 {
		bad("limits and prices cannot be negative, and sales_share is at most 100 percent")
	}
	if i.LooksPerDay > 1_000_000 {
		bad("looks_per_day: %d is above 1000000", i.LooksPerDay)
	}
	if i.AccountLimit < 0 || i.AccountLimit > account.MaxThousandths/1000 {
		bad("account_limit: %d is not between 0 and %d", i.AccountLimit, int64(account.MaxThousandths/1000))
	}
	for _, line := range i.AccountAlarms {
		if line < 1 || line > 100 {
			bad("account_alarms: %d is not between 1 and 100 percent", line)
		}
	}
	l := i.limits()
	if err := l.CheckPeaks(); err != nil {
		bad("peaks: %w", peakError(err))
	}
	if err := l.CheckPlan(i.PlannedOrders, i.CallsPerOrder); err != nil {
		bad("planned_orders: %s", domain.AsError(err).Detail)
	}
	return errors.Join(problems...)
}

// links are the signed addresses of buyers' own pages; nil where no secret is configured.
func (c *Config) links(clock domain.Clock) (*delivery.Links, error) {
	if c.LinkSecret == "" {
		return nil, nil //nolint:nilnil // without a secret there are none
	}
	var secrets []domain.Secret
	for _, s := range strings.Fields(c.LinkSecret.Reveal()) {
		secrets = append(secrets, domain.Secret(s))
	}
	return delivery.NewLinks(secrets, c.LinkDays, clock)
}

// pictureNetworks are those of the configuration, which Validate has found good.
func (c *Config) pictureNetworks() []netip.Prefix {
	var out []netip.Prefix
	for _, n := range c.PictureNetworks {
		if p, err := parseNetwork(n); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// parseNetwork reads a network, or a single address as one.
func parseNetwork(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return ip.Unmap().WithZone("").Prefix(ip.Unmap().BitLen())
	}
	return netip.ParsePrefix(s)
}

// peakError names what is wrong with a window.
func peakError(err error) error {
	var out []error
	for _, f := range domain.AsError(err).Fields {
		out = append(out, fmt.Errorf("%s: %s", strings.TrimPrefix(f.Pointer, "/"), f.Detail))
	}
	return errors.Join(out...)
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func level(s string) (slog.Level, error) {
	var l slog.Level
	err := l.UnmarshalText([]byte(s))
	return l, err
}

// codes lists the institutions in the order of the configuration.
func (c *Config) codes() []domain.InstitutionCode {
	var out []domain.InstitutionCode
	for _, i := range c.Institutions {
		out = append(out, domain.InstitutionCode(i.Code))
	}
	return out
}

// settings are what the platform's border needs of an institution.
func (i *InstitutionConfig) settings() secutix.Settings {
	return secutix.Settings{
		Code: domain.InstitutionCode(i.Code), Name: domain.Text(i.Name), BaseURL: i.BaseURL, Platform: i.Platform, Operator: i.Operator,
		Partner: i.Partner, Secret: i.Secret, Auth: i.Auth, Version: i.Version, TimeZone: i.TimeZone, Currency: domain.Currency(i.Currency),
		PartnerContact: i.PartnerContact, PendingMethod: i.PendingMethod, OmitPayments: i.ClosePayments == "omit", RefundOrders: i.Refunds == "order", ExchangeOrders: i.Exchanges == "order",
		PayerIsPartner: i.PayerIsPartner, VisitDate: i.VisitDate, VisitSlot: i.VisitSlot, MaxWait: i.MaxWait, HoldLifetime: i.HoldLifetime,
		SalePeriodRelativeUnit: i.RelativeUnit, Words: i.words(),
	}
}

// words are the configured ones, the longest first, so that the more exact one wins.
func (i *InstitutionConfig) words() []secutix.Word {
	var out []secutix.Word
	for word, class := range i.ErrorWords {
		out = append(out, secutix.Word{Contains: word, Class: class})
	}
	slices.SortFunc(out, func(a, b secutix.Word) int {
		return cmp.Or(cmp.Compare(len(b.Contains), len(a.Contains)), cmp.Compare(a.Contains, b.Contains))
	})
	return out
}

// accountLimits are the most that may be owed, in minor units, by institution.
func (c *Config) accountLimits() map[domain.InstitutionCode]int64 {
	out := map[domain.InstitutionCode]int64{}
	for _, i := range c.Institutions {
		if i.AccountLimit > 0 {
			out[domain.InstitutionCode(i.Code)] = i.AccountLimit
		}
	}
	return out
}

// accountAlarms are the limits with their alarm lines.
func (c *Config) accountAlarms() map[domain.InstitutionCode]account.Limit {
	out := map[domain.InstitutionCode]account.Limit{}
	for _, i := range c.Institutions {
		out[domain.InstitutionCode(i.Code)] = account.Limit{Most: i.AccountLimit, Lines: i.AccountAlarms}
	}
	return out
}

func (i *InstitutionConfig) limits() quota.Limits {
	l := quota.Limits{
		PerMinute: i.PerMinute, Agreed: i.AgreedPerMin, Concurrent: i.Concurrent, DayCalls: i.DayCalls, DayBytes: i.DayBytes,
		MonthCalls: i.MonthCalls, MonthBytes: i.MonthBytes, Gigabyte: i.Gigabyte, SalesShare: i.SalesShare, Unmetered: i.Unmetered,
		Operator: i.Operator,
	}
	if zone, err := time.LoadLocation(i.TimeZone); err == nil {
		l.Zone = zone
	}
	for _, p := range i.Peaks {
		l.Peaks = append(l.Peaks, quota.Peak{From: p.From, To: p.To, PerMinute: p.PerMinute, Note: p.Note})
	}
	if i.CallBlockPrice > 0 && i.DataBlockPrice > 0 {
		c := domain.Currency(i.Currency)
		l.Pack = quota.Pack{CallBlock: domain.Money{Amount: i.CallBlockPrice, Currency: c}, DataBlock: domain.Money{Amount: i.DataBlockPrice, Currency: c}}
	}
	return l
}
