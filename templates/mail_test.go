package templates

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"guichet/domain/delivery"
)

var updateMails = flag.Bool("update-mails", false, "write the golden mails anew")

func mails(tb testing.TB, folder fstest.MapFS) *Mails {
	tb.Helper()
	m, err := NewMails(pages(tb), folder)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// mailOf is the order of the page's tests as a mail.
func mailOf(reason delivery.MailReason, languages ...string) delivery.MailPage {
	return delivery.MailPage{
		OrderPage: shownOrder(languages...), Reason: reason, Buyer: "Ada Muster", URL: "https://tickets.example/t/TOKEN", PDF: true,
	}
}

func TestMail_LooksAsItDid(t *testing.T) {
	t.Parallel()
	m := mails(t, nil)
	for name, p := range map[string]delivery.MailPage{
		"mail_en": mailOf(delivery.MailIssued, "en"), "mail_fr_changed": mailOf(delivery.MailChanged, "fr"), "mail_ar": mailOf(delivery.MailIssued, "ar"),
		"mail_ja": mailOf(delivery.MailIssued, "ja"),
	} {
		got, err := m.Mail(p)
		if err != nil {
			t.Fatal(err)
		}
		for ext, text := range map[string]string{".txt": "Subject: " + got.Subject + "\n\n" + got.Text, ".html": got.HTML} {
			file := filepath.Join("testdata", name+ext)
			if *updateMails {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if diff := cmp.Diff(string(want), text); err != nil || diff != "" {
				t.Errorf("%s (-want +got): %v\n%s", file, err, diff)
			}
		}
	}
}

func TestMail_SaysWhatIsInIt(t *testing.T) {
	t.Parallel()
	m := mails(t, nil)
	full, err := m.Mail(mailOf(delivery.MailIssued, "en"))
	if err != nil {
		t.Fatal(err)
	}
	bare := mailOf(delivery.MailIssued, "en")
	bare.PDF, bare.URL, bare.Specimen = false, "", false
	less, err := m.Mail(bare)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"attached to this message", "https://tickets.example/t/TOKEN", "Keep this address", "specimen"} {
		for form, text := range map[string][2]string{"text": {full.Text, less.Text}, "html": {full.HTML, less.HTML}} {
			if !strings.Contains(strings.ToLower(text[0]), strings.ToLower(words)) || strings.Contains(strings.ToLower(text[1]), strings.ToLower(words)) {
				t.Errorf("%s: %q: %t with it and %t without", form, words, strings.Contains(text[0], words), strings.Contains(text[1], words))
			}
		}
	}
	if full.Subject != "Your tickets: Hamlet <Act & Fool>" {
		t.Errorf("subject %q", full.Subject)
	}
	for _, form := range []string{full.Text, full.HTML} {
		if !strings.Contains(form, "CEST") || strings.Contains(form, "00420042") {
			t.Errorf("no zone, or a barcode that forwarding gives away:\n%s", form)
		}
	}
}

// What mail clients need: well-formed, escaped, tables, nothing from elsewhere, no script.
func TestMail_HTMLIsWhatMailClientsTake(t *testing.T) {
	t.Parallel()
	m := mails(t, nil)
	voids := regexp.MustCompile(`<(meta|br)([^>]*)>`)
	for _, tag := range []string{"en", "de", "ar", "he", "ja", "zh-hant"} {
		p := mailOf(delivery.MailChanged, tag)
		p.Wallets = []delivery.WalletLink{{Name: "Wallet & Co", URL: "https://tickets.example/w?a=1&b=2"}, {Name: "bad", URL: "javascript:alert(1)"}}
		got, err := m.Mail(p)
		if err != nil {
			t.Fatal(err)
		}
		dec := xml.NewDecoder(strings.NewReader(voids.ReplaceAllString(strings.Replace(got.HTML, "<!doctype html>", "", 1), "<$1$2/>")))
		for {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", tag, err)
			}
		}
		for _, bad := range []string{"<script", "<img", "javascript:", "<Act & Fool>", "src=", "@import", "<link"} {
			if strings.Contains(got.HTML, bad) {
				t.Errorf("%s holds %s", tag, bad)
			}
		}
		if len(got.HTML) > 60_000 || !strings.Contains(got.HTML, `width="600"`) || !strings.Contains(got.HTML, "prefers-color-scheme: dark") {
			t.Errorf("%s: %d bytes", tag, len(got.HTML))
		}
	}
}

func TestMail_SubjectIsOneShortLine(t *testing.T) {
	t.Parallel()
	m := mails(t, nil)
	p := mailOf(delivery.MailIssued, "en")
	p.Shows[0].Page.Title = "A\r\nBcc: eve@example.org\u202e" + strings.Repeat("é", 500)
	got, err := m.Mail(p)
	if err != nil || strings.ContainsAny(got.Subject, "\r\n\u202e") || len(got.Subject) > 210 || !utf8.ValidString(got.Subject) {
		t.Errorf("%q, %v", got.Subject, err)
	}
}

func TestNewMails_TheOperatorsFormsStandBeforeOurs(t *testing.T) {
	t.Parallel()
	m := mails(t, fstest.MapFS{
		"mail.subject.txt":  {Data: []byte("{{.Organiser}}: {{.Title}}")},
		"mail.fr.txt":       {Data: []byte("Bonjour {{.Buyer}} {{range .Shows}}{{.Title}}{{end}} {{.Word \"mail_open\"}} {{.URL}}")},
		"mail.pt-br.html":   {Data: []byte("<p>{{.Buyer}}</p>")},
		"notes.md":          {Data: []byte("kept for people")},
		".mail.fr.html.swp": {Data: []byte("{{")},
	})
	fr, err := m.Mail(mailOf(delivery.MailIssued, "fr"))
	if err != nil || fr.Subject != "Théâtre du Lac: Vos billets : Hamlet <Act & Fool>" || fr.Text != "Bonjour Ada Muster Hamlet <Act & Fool> Ouvrir mes billets https://tickets.example/t/TOKEN" || !strings.Contains(fr.HTML, "<table") {
		t.Errorf("%v %+v", err, fr)
	}
	br, err := m.Mail(mailOf(delivery.MailIssued, "pt-br"))
	if err != nil || br.HTML != "<p>Ada Muster</p>" {
		t.Errorf("%v %s", err, br.HTML)
	}
	if pt, err := m.Mail(mailOf(delivery.MailIssued, "pt")); err != nil || !strings.Contains(pt.HTML, "<table") {
		t.Errorf("%v: a form of one language is another's", err)
	}
}

func TestNewMails_RefusesAFormWithLineAndReason(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, form, want string }{
		"syntax":        {"mail.html", "<p>\n{{if .URL}}", "mail.html:2: unexpected EOF"},
		"unknown field": {"mail.fr.txt", "a\nb {{.Colour}}", `mail.fr.txt:2:4: executing "mail.fr.txt" at <.Colour>: can't evaluate field Colour`},
		"unknown word":  {"mail.txt", `{{.Word "nothing"}}`, `there is no word "nothing"`},
		"only changed":  {"mail.txt", `{{if .Changed}}{{.Nope}}{{end}}`, "mail.txt:1:17"},
		"other name":    {"message.html", "x", "message.html: it must be called mail.html"},
		"other tongue":  {"mail.xx.html", "x", "mail.xx.html: it must be called"},
		"too large":     {"mail.txt", strings.Repeat("x", maxMailForm+1), "mail.txt: more than"},
	} {
		if _, err := NewMails(pages(t), fstest.MapFS{c.file: {Data: []byte(c.form)}}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
