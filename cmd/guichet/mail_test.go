package main

import (
	"bytes"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/templates/smtp"
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
		"a password a user":  func(c *MailConfig) { c.SMTPPassword = "open-sesame" },
	} {
		c := good
		change(&c)
		if err := c.validate(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "open-sesame") {
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

// relayChecked is what doctor says of a relay, and how many checks failed.
func relayChecked(t *testing.T, port int, change func(*MailConfig)) (said string, failed int) {
	t.Helper()
	cfg := Config{MailConfig: defaultMail()}
	cfg.SMTPHost, cfg.SMTPPort, cfg.SMTPSecurity, cfg.SMTPFrom = "127.0.0.1", port, string(smtp.Plain), "tickets@tickets.example"
	cfg.SMTPUser, cfg.SMTPPassword, cfg.SMTPTimeout = "us", "open-sesame", 5*time.Second
	change(&cfg.MailConfig)
	if err := cfg.validate(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	d := &doctor{p: &program{out: &out}}
	d.mail(t.Context(), &cfg)
	if strings.Contains(out.String(), "open-sesame") {
		t.Errorf("the password is shown:\n%s", out.String())
	}
	return out.String(), d.failed
}

func TestDoctor_SignsInAtTheRelayAndSendsNothing(t *testing.T) {
	t.Parallel()
	box := newMailbox(t)
	said, failed := relayChecked(t, box.port(), func(*MailConfig) {})
	if said != "ok    mail relay 127.0.0.1\n" || failed != 0 || len(box.all()) != 0 {
		t.Errorf("%d failed, %d mails came:\n%s", failed, len(box.all()), said)
	}
	if got := []string{"EHLO", "AUTH", "QUIT"}; !slices.Equal(box.commands(), got) {
		t.Errorf("it heard %v, want %v", box.commands(), got)
	}
	if said, failed := relayChecked(t, box.port(), func(c *MailConfig) { c.SMTPHost, c.SMTPUser, c.SMTPPassword = "", "", "" }); said != "" || failed != 0 {
		t.Errorf("without a relay: %q", said)
	}
}

func TestDoctor_SaysWhatIsWrongWithTheRelay(t *testing.T) {
	t.Parallel()
	web := httptest.NewUnstartedServer(http.NotFoundHandler())
	web.Config.ErrorLog = log.New(io.Discard, "", 0)
	web.StartTLS()
	t.Cleanup(web.Close)
	gone := newMailbox(t)
	_ = gone.listener.Close()
	for name, c := range map[string]struct {
		port   int
		change func(*MailConfig)
		want   []string
	}{
		"nobody listens": {gone.port(), func(*MailConfig) {}, []string{"connection refused", "smtp_port"}},
		"login refused": {
			newRefusingMailbox(t, map[string]string{"AUTH": "535 5.7.8 not you"}).port(), func(*MailConfig) {}, []string{"535", "not you", "check smtp_user"},
		},
		"no STARTTLS": {newMailbox(t).port(), func(c *MailConfig) { c.SMTPSecurity = string(smtp.StartTLS) }, []string{"STARTTLS", "smtp_security"}},
		"another's certificate": {
			web.Listener.Addr().(*net.TCPAddr).Port, func(c *MailConfig) { c.SMTPSecurity = string(smtp.TLS) }, []string{"certificate", "smtp_ca_file"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said, failed := relayChecked(t, c.port, c.change)
			contains(t, said, append(c.want, "FAIL  mail relay 127.0.0.1: the relay cannot be reached, or does not let us in")...)
			if failed != 1 {
				t.Errorf("%d failed", failed)
			}
		})
	}
}
