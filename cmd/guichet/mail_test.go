package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMailConfig_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.pem")
	if err := os.WriteFile(junk, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := defaultMail()
	good.SMTPHost, good.SMTPFrom = "relay.example", "Tickets <tickets@tickets.example>"
	if err := good.validate(); err != nil {
		t.Fatal(err)
	}
	off := defaultMail()
	if r, err := off.relay(); r != nil || err != nil || off.validate() != nil {
		t.Errorf("without a host: %v, %v", r, err)
	}
	for want, change := range map[string]func(*MailConfig){
		"smtp_from":          func(c *MailConfig) { c.SMTPFrom = "" },
		"smtp: from":         func(c *MailConfig) { c.SMTPFrom = "tickets" },
		"smtp: reply_to":     func(c *MailConfig) { c.SMTPReplyTo = "a@b, c@d" },
		"smtp_port":          func(c *MailConfig) { c.SMTPPort = 70000 },
		"smtp_timeout":       func(c *MailConfig) { c.SMTPTimeout = time.Millisecond },
		"plain is for":       func(c *MailConfig) { c.SMTPSecurity = "plain" },
		`"ssl" is none`:      func(c *MailConfig) { c.SMTPSecurity = "ssl" },
		"smtp_user":          func(c *MailConfig) { c.SMTPUser = "us" },
		"holds no":           func(c *MailConfig) { c.SMTPCAFile = junk },
		"smtp_ca_file: open": func(c *MailConfig) { c.SMTPCAFile = filepath.Join(dir, "none.pem") },
		"mail_pdf_limit":     func(c *MailConfig) { c.MailPDFLimit = -1 },
		"a password a user":  func(c *MailConfig) { c.SMTPPassword = "secret" },
	} {
		c := good
		change(&c)
		if err := c.validate(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret\"") {
			t.Errorf("%s: %v", want, err)
		}
	}
	local := good
	local.SMTPHost, local.SMTPSecurity = "127.0.0.1", "plain"
	if err := local.validate(); err != nil {
		t.Errorf("a relay on this machine: %v", err)
	}
}

func TestMailConfig_ReadsThePasswordFromItsFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "smtp.secret"), []byte("pass word\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := MailConfig{SMTPPasswordFile: "smtp.secret"}
	if err := c.loadSecrets(filepath.Join(dir, "guichet.yaml")); err != nil || c.SMTPPassword.Reveal() != "pass word" {
		t.Errorf("%q, %v", c.SMTPPassword.Reveal(), err)
	}
	c = MailConfig{SMTPPasswordFile: "none"}
	if err := c.loadSecrets(""); err == nil || !strings.Contains(err.Error(), "smtp_password_file") {
		t.Error(err)
	}
}
