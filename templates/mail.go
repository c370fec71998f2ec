package templates

import (
	"bytes"
	_ "embed" // the mails' forms
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	text "text/template"
	"time"
	"unicode"

	"guichet/domain/delivery"
	"guichet/domain/sales"
)

//go:embed web/mail.html
var mailHTML string

//go:embed web/mail.txt
var mailText string

//go:embed web/mail.subject.txt
var mailSubject string

// Bounds of the operator's forms and of what comes of them, in bytes.
const (
	maxMailForm    = 256 << 10
	maxMailSubject = 200
)

// Mails writes mails to buyers. It implements delivery.MailWriter and is safe for concurrent use.
type Mails struct {
	pages *Pages
	// forms are by file name: mail.html, mail.txt, mail.subject.txt, and those of one language, mail.fr.html and so on.
	html map[string]*template.Template
	text map[string]*text.Template
}

var _ delivery.MailWriter = (*Mails)(nil)

// NewMails reads the shipped forms and, over them, those of the operator's folder (nil: none). Each form is tried with an
// invented order in every language and with every kind of mail, so that one that names an unknown field is refused here, with
// its file, line and column.
func NewMails(pages *Pages, folder fs.FS) (*Mails, error) {
	m := &Mails{pages: pages, html: map[string]*template.Template{}, text: map[string]*text.Template{}}
	shipped := map[string]string{"mail.html": mailHTML, "mail.txt": mailText, "mail.subject.txt": mailSubject}
	for name, form := range shipped {
		if err := m.parse(name, form); err != nil {
			return nil, err
		}
	}
	if folder != nil {
		if err := m.read(folder); err != nil {
			return nil, fmt.Errorf("mail templates: %w", err)
		}
	}
	return m, m.try()
}

// mailFormName is a form's file; the language is absent where it is for all.
var mailFormName = regexp.MustCompile(`^mail(?:\.([a-z]{2}(?:-[a-z]{2,4})?))?(\.html|\.subject\.txt|\.txt)$`)

// read takes the operator's forms; a file of another name is refused, because it would never be used.
func (m *Mails) read(folder fs.FS) error {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return err
	}
	var problems []error
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || strings.HasPrefix(name, ".") || (!strings.HasSuffix(name, ".html") && !strings.HasSuffix(name, ".txt")) {
			continue
		}
		match := mailFormName.FindStringSubmatch(name)
		if match == nil || (match[1] != "" && m.pages.locales[match[1]] == nil) {
			problems = append(problems, fmt.Errorf("%s: it must be called mail.html, mail.txt or mail.subject.txt, or mail.fr.html for one of the languages %s",
				name, strings.Join(slices.Sorted(maps.Keys(m.pages.locales)), ", ")))
			continue
		}
		raw, err := fs.ReadFile(folder, name)
		if err == nil && len(raw) > maxMailForm {
			err = fmt.Errorf("%s: more than %d bytes", name, maxMailForm)
		}
		if err == nil {
			err = m.parse(name, string(raw))
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func (m *Mails) parse(name, form string) (err error) {
	if strings.HasSuffix(name, ".html") {
		m.html[name], err = template.New(name).Option("missingkey=error").Parse(form)
		return err
	}
	m.text[name], err = text.New(name).Option("missingkey=error").Parse(form)
	return err
}

// try writes every kind of mail in every language; the first thing wrong with each form is told.
func (m *Mails) try() error {
	told := map[string]error{}
	for tag := range m.pages.locales {
		for _, p := range sampleMails(tag) {
			if _, err := m.Mail(p); err != nil {
				told[err.Error()] = err
			}
		}
	}
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(told)) {
		problems = append(problems, told[key])
	}
	return errors.Join(problems...)
}

// mailView is what the forms show. Operators' forms name its fields and methods: docs/delivery.md lists them.
type mailView struct {
	speaker   speaker
	Language  string // "fr", "pt-br"
	Direction string // "ltr" or "rtl"
	Subject   string // in mail.html and mail.txt; empty in mail.subject.txt
	Title     string
	Organiser string
	SoldBy    string
	Buyer     string
	OrderLine string
	Specimen  string // with a test institution
	Changed   bool   // the mail is about a change
	Intro     string
	Attached  string // that the tickets are attached; empty where they are not
	URL       string // of the buyer's page; empty: there is none
	Wallets   []delivery.WalletLink
	Shows     []showView
}

// Word is one of the words of the buyer's page, by its name.
func (v mailView) Word(name string) (string, error) {
	if word := v.speaker.own[name]; word != "" {
		return word, nil
	}
	return "", fmt.Errorf("there is no word %q", name)
}

// Mail implements delivery.MailWriter.
func (m *Mails) Mail(p delivery.MailPage) (delivery.MailText, error) {
	s := m.pages.speaker(p.Languages)
	v := mailView{
		speaker: s, Language: s.tag, Direction: s.Direction, Organiser: p.Organiser, SoldBy: p.SoldBy, Buyer: p.Buyer,
		OrderLine: orderLine(s, &p.OrderPage), Changed: p.Reason == delivery.MailChanged, URL: p.URL, Wallets: p.Wallets,
	}
	subject, intro := "mail_subject", "mail_intro"
	if v.Changed {
		subject, intro = "mail_subject_changed", "mail_intro_changed"
	}
	v.Title, v.Intro = s.say(subject, "title", titles(p.Shows)), s.say(intro)
	if p.Specimen {
		v.Specimen = s.word("specimen_note")
	}
	if p.PDF {
		v.Attached = s.say("mail_attached")
	}
	for i := range p.Shows {
		v.Shows = append(v.Shows, s.show(&p.Shows[i], &delivery.OrderPage{}))
	}
	return m.write(v)
}

// titles names what an order is for, in short.
func titles(shows []delivery.Show) string {
	var names []string
	for i := range shows {
		if t := shows[i].Page.Title; t != "" && !slices.Contains(names, t) {
			names = append(names, t)
		}
	}
	if len(names) > 2 {
		names = append(names[:2], "…")
	}
	return strings.Join(names, ", ")
}

func (m *Mails) write(v mailView) (delivery.MailText, error) {
	var subject, plain, html bytes.Buffer
	if err := formOf(m.text, v.Language, ".subject.txt").Execute(&subject, v); err != nil {
		return delivery.MailText{}, err
	}
	v.Subject = subjectLine(subject.String())
	if err := formOf(m.text, v.Language, ".txt").Execute(&plain, v); err != nil {
		return delivery.MailText{}, err
	}
	if err := formOf(m.html, v.Language, ".html").Execute(&html, v); err != nil {
		return delivery.MailText{}, err
	}
	return delivery.MailText{Subject: v.Subject, Text: strings.TrimLeft(plain.String(), "\n"), HTML: html.String()}, nil
}

// formOf finds a form of the language, of its base language, or of all.
func formOf[T any](forms map[string]T, tag, kind string) T {
	for ; tag != ""; tag = tag[:max(strings.LastIndexByte(tag, '-'), 0)] {
		if f, ok := forms["mail."+tag+kind]; ok {
			return f
		}
	}
	return forms["mail"+kind]
}

// subjectLine makes a subject of a form's output: no line ends, no control characters, nothing that turns the direction of text.
func subjectLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069', r == '\u200E', r == '\u200F':
			return -1
		case unicode.IsControl(r), unicode.IsSpace(r), r == '\u2028', r == '\u2029':
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxMailSubject {
		s = strings.TrimSpace(strings.ToValidUTF8(s[:maxMailSubject], "")) + "…"
	}
	return s
}

// sampleMails are an invented order in every kind of mail, with everything that a form can show.
func sampleMails(tag string) []delivery.MailPage {
	start := time.Date(2026, 10, 3, 18, 0, 0, 0, time.UTC)
	pg := delivery.Page{Organiser: "Organiser", Kind: "event", Title: "Title", Subtitle: "Subtitle", Start: start, Zone: "Europe/Paris", Numbered: true, Of: 1, Number: 1, Holder: "Holder"}
	pg.Venue = delivery.Venue{Name: "Venue", Street: "Street", Zip: "1000", Town: "Town"}
	order := delivery.OrderPage{
		Languages: []string{tag}, Organiser: "Organiser", SoldBy: "shop", Order: "ord_1", Specimen: true, Printable: true, Dated: true,
		Wallets: []delivery.WalletLink{{Name: "Wallet", URL: "https://example.org/wallet"}},
		Shows: []delivery.Show{{
			Page: pg, Pending: 1, Tickets: []delivery.ShownTicket{{Page: pg, State: delivery.TicketGood}},
			Notices: []delivery.ShownNotice{{Kind: sales.NoticeRescheduled, Was: start, Now: start.Add(time.Hour)}, {Kind: sales.NoticeCancelled}},
		}},
	}
	full := delivery.MailPage{OrderPage: order, Reason: delivery.MailIssued, Buyer: "Buyer", URL: "https://example.org/t/x", PDF: true}
	changed := full
	changed.Reason = delivery.MailChanged
	bare := full
	bare.PDF, bare.URL, bare.Wallets, bare.Buyer = false, "", nil, ""
	return []delivery.MailPage{full, changed, bare}
}
