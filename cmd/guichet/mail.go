package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/templates"
	"guichet/templates/smtp"
)

// MailConfig is how e-mails are sent. Without SMTPHost there are none.
type MailConfig struct {
	SMTPHost         string        `yaml:"smtp_host" env:"GUICHET_SMTP_HOST"`
	SMTPPort         int           `yaml:"smtp_port" env:"GUICHET_SMTP_PORT"`
	SMTPSecurity     string        `yaml:"smtp_security" env:"GUICHET_SMTP_SECURITY"`
	SMTPUser         string        `yaml:"smtp_user" env:"GUICHET_SMTP_USER"`
	SMTPPassword     domain.Secret `yaml:"-" env:"GUICHET_SMTP_PASSWORD"`
	SMTPPasswordFile string        `yaml:"smtp_password_file" env:"GUICHET_SMTP_PASSWORD_FILE"`
	SMTPFrom         string        `yaml:"smtp_from" env:"GUICHET_SMTP_FROM"`
	SMTPReplyTo      string        `yaml:"smtp_reply_to" env:"GUICHET_SMTP_REPLY_TO"`
	SMTPTimeout      time.Duration `yaml:"smtp_timeout" env:"GUICHET_SMTP_TIMEOUT"`
	// SMTPCAFile is a PEM file of certificates that may sign the relay's; empty: the system's.
	SMTPCAFile string `yaml:"smtp_ca_file" env:"GUICHET_SMTP_CA_FILE"`
	// MailTemplates is a folder of forms beside the shipped ones; empty is none. It is read when the program starts.
	MailTemplates string `yaml:"mail_templates" env:"GUICHET_MAIL_TEMPLATES"`
	// MailPDFLimit is the most bytes of tickets that are attached to a mail.
	MailPDFLimit int `yaml:"mail_pdf_limit" env:"GUICHET_MAIL_PDF_LIMIT"`
	// MailBounceToken is what the relay's webhook for bounces shows; empty: there is none.
	MailBounceToken     domain.Secret `yaml:"-" env:"GUICHET_MAIL_BOUNCE_TOKEN"`
	MailBounceTokenFile string        `yaml:"mail_bounce_token_file" env:"GUICHET_MAIL_BOUNCE_TOKEN_FILE"`
}

func defaultMail() MailConfig {
	return MailConfig{SMTPSecurity: string(smtp.StartTLS), SMTPTimeout: 30 * time.Second, MailPDFLimit: 5_000_000}
}

// loadSecrets reads the files of secrets that the environment does not give.
func (c *MailConfig) loadSecrets(config string) error {
	var problems []error
	for _, s := range []struct {
		name, file string
		secret     *domain.Secret
	}{{"smtp_password_file", c.SMTPPasswordFile, &c.SMTPPassword}, {"mail_bounce_token_file", c.MailBounceTokenFile, &c.MailBounceToken}} {
		if s.file == "" || *s.secret != "" {
			continue
		}
		text, err := readSecret(s.file, config)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", s.name, err))
		}
		*s.secret = text
	}
	return errors.Join(problems...)
}

func (c *MailConfig) validate() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.MailPDFLimit < 0 || c.MailPDFLimit > 30_000_000 {
		bad("mail_pdf_limit: %d is not between 0 and 30000000 bytes", c.MailPDFLimit)
	}
	if c.SMTPTimeout < time.Second || c.SMTPTimeout > 5*time.Minute {
		bad("smtp_timeout: %s is not between 1s and 5m", c.SMTPTimeout)
	}
	if c.SMTPPort < 0 || c.SMTPPort > 65535 {
		bad("smtp_port: %d is no port", c.SMTPPort)
	}
	if c.MailBounceToken != "" && !tokenForm.MatchString(c.MailBounceToken.Reveal()) {
		bad("mail_bounce_token: 16 to 200 letters, digits, hyphens or underscores")
	}
	if c.SMTPHost == "" {
		return errors.Join(problems...)
	}
	if c.SMTPFrom == "" {
		bad("smtp_from: it is needed where smtp_host is set")
	}
	if smtp.Security(c.SMTPSecurity) == smtp.Plain && !loopback(c.SMTPHost) {
		bad("smtp_security: plain is for a relay on this machine only; use starttls or tls")
	}
	if (c.SMTPUser == "") != (c.SMTPPassword == "") {
		bad("smtp_user: a user needs a password (smtp_password_file or GUICHET_SMTP_PASSWORD), and a password a user")
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	if _, err := c.relay(); err != nil {
		bad("smtp: %w", err)
	}
	return errors.Join(problems...)
}

// relay is where mails are handed to; nil where none is configured.
func (c *MailConfig) relay() (*smtp.Relay, error) {
	if c.SMTPHost == "" {
		return nil, nil //nolint:nilnil // without a host there is none
	}
	o := smtp.Options{
		Host: c.SMTPHost, Port: c.SMTPPort, Security: smtp.Security(c.SMTPSecurity), User: c.SMTPUser, Password: c.SMTPPassword,
		From: c.SMTPFrom, ReplyTo: c.SMTPReplyTo, Timeout: c.SMTPTimeout,
	}
	if c.SMTPCAFile != "" {
		pem, err := os.ReadFile(filepath.Clean(c.SMTPCAFile))
		if err != nil {
			return nil, fmt.Errorf("smtp_ca_file: %w", err)
		}
		o.Roots = x509.NewCertPool()
		if !o.Roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("smtp_ca_file: %s holds no certificate", c.SMTPCAFile)
		}
	}
	return smtp.New(o)
}

// mail connects to the relay as mails do, encrypts, signs in where a user is configured, and hangs up without sending anything.
func (d *doctor) mail(ctx context.Context, cfg *Config) {
	relay, err := cfg.relay()
	if relay == nil || err != nil {
		return // there is none, or the configuration's check has said what is wrong with it
	}
	conn, err := relay.Connect(ctx)
	if err == nil {
		err = conn.Close()
	}
	d.check("mail relay "+cfg.SMTPHost, err, relayRemedy(err))
}

func relayRemedy(err error) string {
	var (
		name    *net.DNSError
		unknown x509.UnknownAuthorityError
		other   x509.HostnameError
		expired x509.CertificateInvalidError
		said    *textproto.Error
	)
	switch {
	case errors.As(err, &name):
		return "check smtp_host and this machine's DNS"
	case errors.As(err, &unknown), errors.As(err, &other), errors.As(err, &expired):
		return "smtp_host must be the name in the relay's certificate; smtp_ca_file names who signs a private one"
	case errors.As(err, &said):
		return "the relay says why: check smtp_user, its password and smtp_security"
	}
	return "check smtp_host, smtp_port and smtp_security, that the relay runs, and firewalls between"
}

// mailOnChange are the institutions whose buyers are told of changes by e-mail.
func (c *Config) mailOnChange() map[domain.InstitutionCode]bool {
	out := map[domain.InstitutionCode]bool{}
	for _, i := range c.Institutions {
		out[domain.InstitutionCode(i.Code)] = i.MailOnChange
	}
	return out
}

// mailOnIssue are the institutions whose orders are confirmed by e-mail.
func (c *Config) mailOnIssue() map[domain.InstitutionCode]bool {
	out := map[domain.InstitutionCode]bool{}
	for _, i := range c.Institutions {
		out[domain.InstitutionCode(i.Code)] = i.MailOnIssue
	}
	return out
}

func newMails(a *app, ids domain.IDs, pages *templates.Pages) (*delivery.Mails, error) {
	writer, err := templates.NewMails(pages, folder(a.cfg.MailTemplates))
	if err != nil {
		return nil, err
	}
	d := delivery.MailDeps{
		Delivery: a.delivery, Orders: a.db.Sales(), Store: a.db.Mails(), Writer: writer, Wallets: a.wallets, Clock: a.clock, IDs: ids, Log: a.log,
		PublicURL: a.cfg.PublicURL, PDFLimit: a.cfg.MailPDFLimit, OnChange: a.cfg.mailOnChange(),
		Served: func(code domain.InstitutionCode) int64 { return a.catalog.Mark(code).Seq },
	}
	relay, err := a.cfg.relay()
	if err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	if relay != nil {
		d.Mailer = relay
	}
	return delivery.NewMails(d), nil
}
