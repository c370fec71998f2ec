package main

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"guichet/api"
	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/templates/wallet"
)

// AppleConfig is the account of Apple Wallet; empty: there is none. Certificate, key and intermediate are files.
type AppleConfig struct {
	PassType         string `yaml:"pass_type" env:"GUICHET_APPLE_PASS_TYPE"`
	Team             string `yaml:"team" env:"GUICHET_APPLE_TEAM"`
	CertificateFile  string `yaml:"certificate_file" env:"GUICHET_APPLE_CERTIFICATE_FILE"`
	KeyFile          string `yaml:"key_file" env:"GUICHET_APPLE_KEY_FILE"`
	IntermediateFile string `yaml:"intermediate_file" env:"GUICHET_APPLE_INTERMEDIATE_FILE"`
	// Push is the address of the push service, PushRootsFile who vouches for it; empty: Apple's own, and the system's.
	Push          string `yaml:"push" env:"GUICHET_APPLE_PUSH"`
	PushRootsFile string `yaml:"push_roots_file" env:"GUICHET_APPLE_PUSH_ROOTS_FILE"`

	certificate, intermediate, roots []byte
	key                              domain.Secret
}

// GoogleConfig is the account of Google Wallet; empty: there is none.
type GoogleConfig struct {
	Issuer             string   `yaml:"issuer" env:"GUICHET_GOOGLE_ISSUER"`
	ServiceAccountFile string   `yaml:"service_account_file" env:"GUICHET_GOOGLE_SERVICE_ACCOUNT_FILE"`
	Origins            []string `yaml:"origins" env:"GUICHET_GOOGLE_ORIGINS"`
	// Address is Google's; empty: its own.
	Address string `yaml:"address" env:"GUICHET_GOOGLE_ADDRESS"`

	account domain.Secret
}

func (a *AppleConfig) on() bool { return a.PassType != "" }

func (g *GoogleConfig) on() bool { return g.Issuer != "" }

// maxWalletFile bounds the files that wallets need, in bytes.
const maxWalletFile = 4 << 20

// loadWallets reads the files that wallets need; relative names start at the configuration file's folder.
func (c *Config) loadWallets(config string) error {
	var problems []error
	read := func(setting, name string) []byte {
		if name == "" {
			problems = append(problems, fmt.Errorf("%s: it is needed", setting))
			return nil
		}
		b, err := os.ReadFile(beside(name, config))
		if err == nil && len(b) > maxWalletFile {
			err = fmt.Errorf("%s is larger than %d bytes", name, maxWalletFile)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", setting, err))
		}
		return b
	}
	if a := &c.AppleWallet; a.on() {
		a.certificate = read("apple_wallet.certificate_file", a.CertificateFile)
		a.intermediate = read("apple_wallet.intermediate_file", a.IntermediateFile)
		a.key = domain.Secret(read("apple_wallet.key_file", a.KeyFile))
		if a.PushRootsFile != "" {
			a.roots = read("apple_wallet.push_roots_file", a.PushRootsFile)
		}
	}
	if g := &c.GoogleWallet; g.on() {
		g.account = domain.Secret(read("google_wallet.service_account_file", g.ServiceAccountFile))
	}
	for i := range c.Institutions {
		if in := &c.Institutions[i]; in.WalletLogo != "" {
			in.logo = read("institution "+in.Code+": wallet_logo", in.WalletLogo)
		}
	}
	return errors.Join(problems...)
}

// beside finds a file that a configuration names.
func beside(name, config string) string {
	if filepath.IsAbs(name) || config == "" {
		return name
	}
	return filepath.Join(filepath.Dir(config), name)
}

var (
	issuerForm = regexp.MustCompile(`^[0-9]{5,25}$`)
	colorForm  = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
)

// checkWallets says what is wrong with the accounts.
func (c *Config) checkWallets(bad func(format string, args ...any)) {
	for name, address := range map[string]string{"apple_wallet.push": c.AppleWallet.Push, "google_wallet.address": c.GoogleWallet.Address} {
		if address != "" && !isURL(address) {
			bad("%s: %q is not an http(s) address", name, address)
		} else if u, _ := url.Parse(address); address != "" && u.Scheme == "http" && !loopback(u.Hostname()) {
			bad("%s: http is for this machine only; use https", name)
		}
	}
	if c.AppleWallet.on() && len(c.AppleWallet.certificate)*len(c.AppleWallet.intermediate)*len(c.AppleWallet.key) > 0 {
		if _, err := c.apple(domain.SystemClock); err != nil {
			bad("apple_wallet: %w", err)
		}
	}
	if c.GoogleWallet.on() && !issuerForm.MatchString(c.GoogleWallet.Issuer) {
		bad("google_wallet.issuer: %q is not a number of 5 to 25 digits", c.GoogleWallet.Issuer)
	}
	if c.GoogleWallet.on() && len(c.GoogleWallet.account) > 0 {
		if _, err := c.google(domain.SystemClock); err != nil {
			bad("google_wallet: %w", err)
		}
	}
	for i := range c.Institutions {
		in := &c.Institutions[i]
		if in.has("apple") && !c.AppleWallet.on() || in.has("google") && !c.GoogleWallet.on() {
			bad("institution %s: wallets: set apple_wallet or google_wallet, too", in.Code)
		}
	}
}

// checkWallets says what is wrong with an institution's choice.
func (i *InstitutionConfig) checkWallets(bad func(format string, args ...any)) {
	for _, w := range i.Wallets {
		if !slices.Contains(delivery.WalletKinds(), delivery.WalletKind(w)) {
			bad("wallets: %q is neither apple nor google", w)
		}
	}
	if i.Tixngo && len(i.Wallets) > 0 {
		bad("wallets: TIXNGO brings these tickets to phones, and no other wallet may show their barcodes before it does; remove one of wallets and tixngo")
	}
	if i.WalletColor != "" && !colorForm.MatchString(i.WalletColor) {
		bad("wallet_color: %q is not #rrggbb", i.WalletColor)
	}
}

func (i *InstitutionConfig) has(wallet string) bool { return slices.Contains(i.Wallets, wallet) }

// updates says that phones can reach us: Apple takes no other addresses.
func (c *Config) updates() bool { return strings.HasPrefix(c.PublicURL, "https://") }

// apple reads the account of Apple Wallet, which is configured.
func (c *Config) apple(clock domain.Clock) (*wallet.Apple, error) {
	a := &c.AppleWallet
	o := wallet.AppleOptions{
		PassType: a.PassType, Team: a.Team, Certificate: a.certificate, Key: a.key, Intermediate: a.intermediate, Push: a.Push, Clock: clock,
		Looks: c.looks(),
	}
	if c.updates() {
		o.WebService = strings.TrimSuffix(c.PublicURL, "/") + api.ApplePath
	}
	if a.roots != nil {
		o.Roots = x509.NewCertPool()
		if !o.Roots.AppendCertsFromPEM(a.roots) {
			return nil, errors.New("push_roots_file has no certificate")
		}
	}
	return wallet.NewApple(o)
}

// google reads the account of Google Wallet, which is configured.
func (c *Config) google(clock domain.Clock) (*wallet.Google, error) {
	g := &c.GoogleWallet
	return wallet.NewGoogle(wallet.GoogleOptions{
		Issuer: g.Issuer, Account: g.account, Origins: g.Origins, Address: g.Address, Looks: c.looks(), Clock: clock,
	})
}

// looks are how institutions' passes look.
func (c *Config) looks() map[domain.InstitutionCode]wallet.Look {
	looks := map[domain.InstitutionCode]wallet.Look{}
	for i := range c.Institutions {
		in := &c.Institutions[i]
		looks[domain.InstitutionCode(in.Code)] = wallet.Look{Logo: in.logo, Color: in.WalletColor, Poster: in.WalletPoster}
	}
	return looks
}

// newWallets makes the wallets that are configured; nil where none is.
func (a *app) newWallets() (*delivery.Wallets, error) {
	d := delivery.WalletDeps{
		Tickets: a.delivery, Orders: a.db.Sales(), Store: a.db.Wallets(), Updates: a.cfg.updates(), Clock: a.clock, Log: a.log,
		Token: func() domain.Secret { return domain.Secret(rand.Text()) }, Settings: map[domain.InstitutionCode]delivery.WalletSettings{},
	}
	if a.cfg.AppleWallet.on() {
		apple, err := a.cfg.apple(a.clock)
		if err != nil {
			return nil, fmt.Errorf("apple_wallet: %w", err)
		}
		d.Apple, a.passCertificate = apple, apple.Expires()
	}
	if a.cfg.GoogleWallet.on() {
		google, err := a.cfg.google(a.clock)
		if err != nil {
			return nil, fmt.Errorf("google_wallet: %w", err)
		}
		d.Google = google
	}
	for i := range a.cfg.Institutions {
		in := &a.cfg.Institutions[i]
		d.Settings[domain.InstitutionCode(in.Code)] = delivery.WalletSettings{Apple: in.has("apple"), Google: in.has("google"), Tixngo: in.Tixngo}
	}
	return delivery.NewWallets(d), nil
}

// passWarning is how long before its end a certificate is warned of.
const passWarning = 30 * 24 * time.Hour

// wallets warns of an Apple certificate that ends soon, or has.
func (d *doctor) wallets(cfg *Config) {
	if !cfg.AppleWallet.on() {
		return
	}
	apple, err := cfg.apple(domain.SystemClock)
	if err != nil {
		return // the configuration's check has said so
	}
	left := apple.Expires().Sub(domain.SystemClock())
	if left <= 0 {
		err = fmt.Errorf("it expired on %s", apple.Expires().UTC().Format(time.DateOnly))
	}
	d.check("Apple Wallet's certificate", err, "renew it in Apple's developer portal with the same pass type; passes made before stay good")
	if left > 0 && left < passWarning {
		fmt.Fprintf(d.p.out, "warn  Apple Wallet's certificate expires on %s\n      → renew it in Apple's developer portal with the same pass type\n",
			apple.Expires().UTC().Format(time.DateOnly))
	}
}
