package templates

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's style, form and words
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"guichet/domain/delivery"
	"guichet/domain/sales"
)

//go:embed web/page.css
var pageStyle string

//go:embed web/order.html
var pageForm string

//go:embed web/words.json
var pageWords []byte

// Pages writes buyers' own pages as HTML. It implements delivery.Pages and is safe for concurrent use.
type Pages struct {
	locales map[string]*locale
	words   map[string]map[string]string
	forms   *template.Template
	policy  string
}

var _ delivery.Pages = (*Pages)(nil)

// NewPages reads the embedded form, style and words. It fails only where the program was built with files that make no
// sense.
func NewPages() (*Pages, error) {
	locales, err := loadLocales()
	if err != nil {
		return nil, err
	}
	p := &Pages{locales: locales}
	if err := strict(pageWords, &p.words); err != nil {
		return nil, fmt.Errorf("words of pages: %w", err)
	}
	if p.words[fallbackLanguage] == nil {
		return nil, fmt.Errorf("no words of pages in %s", fallbackLanguage)
	}
	if p.forms, err = template.New("pages").Parse(pageForm); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(pageStyle))
	p.policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return p, nil
}

// PagePolicy implements delivery.Pages: nothing is loaded or run, and the style is this one.
func (p *Pages) PagePolicy() string { return p.policy }

// speaker is one language as a page speaks it.
type speaker struct {
	*locale
	own map[string]string
}

// speaker takes the first language that there are words in.
func (p *Pages) speaker(languages []string) speaker {
	for _, lang := range languages {
		l := pick(p.locales, lang)
		if base, _, _ := strings.Cut(lang, "-"); l.tag == fallbackLanguage && !strings.EqualFold(base, fallbackLanguage) {
			continue // it is not one of ours
		}
		for tag := l.tag; tag != ""; {
			if own := p.words[tag]; own != nil {
				return speaker{l, own}
			}
			tag = tag[:max(strings.LastIndexByte(tag, '-'), 0)]
		}
	}
	return speaker{p.locales[fallbackLanguage], p.words[fallbackLanguage]}
}

func (s speaker) say(key string, gaps ...string) string { return fillGaps(s.own[key], gaps...) }

// frame is what every page has.
type frame struct {
	speaker   speaker
	Tag       string
	Direction string
	Title     string
	Text      string
	Style     template.CSS
}

func (p *Pages) frame(s speaker, title string) frame {
	return frame{speaker: s, Tag: s.tag, Direction: s.Direction, Title: title, Style: template.CSS(pageStyle)} //nolint:gosec // G203: our own file
}

// Word is one of the page's words.
func (f frame) Word(key string) string { return f.speaker.say(key) }

// SorryPage implements delivery.Pages.
func (p *Pages) SorryPage(w io.Writer, why delivery.Sorry, languages []string) error {
	s := p.speaker(languages)
	f := p.frame(s, s.say(string(why)+"_title"))
	f.Text = s.say(string(why) + "_text")
	return p.write(w, "sorry", f)
}

// write writes a page whole or not at all.
func (p *Pages) write(w io.Writer, form string, data any) error {
	var b bytes.Buffer
	if err := p.forms.ExecuteTemplate(&b, form, data); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

type orderFrame struct {
	frame
	Organiser, OrderLine, Specimen string
	PDF, Calendar, Apple           string // addresses; empty: there is none
	Shows                          []showView
}

type showView struct {
	Title, Subtitle, Date, Time string
	Venue                       []string
	Notices                     []noticeView
	Pending                     string
	Tickets                     []ticketView
}

type noticeView struct {
	Kind sales.NoticeKind
	Text string
}

type ticketView struct {
	Name      string
	State     delivery.TicketState
	StateText string
	Facts     []factView
	Code      *codeView
	PDF       string
	Apple     string // addresses for wallets; empty: there is none
	Google    string
}

type factView struct{ Label, Value string }

// codeView is a barcode as one path of whole modules, its quiet zone around it.
type codeView struct{ Class, View, Aspect, Path, Alt, Text string }

// OrderPage implements delivery.Pages.
func (p *Pages) OrderPage(w io.Writer, o delivery.OrderPage) error {
	s := p.speaker(o.Languages)
	f := orderFrame{frame: p.frame(s, s.say("your_tickets")+" · "+o.Organiser), Organiser: o.Organiser, OrderLine: orderLine(s, &o)}
	if o.Specimen {
		f.Specimen = s.word("specimen_note")
	}
	if o.Printable {
		f.PDF = o.Address + "/tickets.pdf"
	}
	if o.Apple {
		f.Apple = o.Address + "/tickets.pkpasses"
	}
	if o.Dated {
		f.Calendar = o.Address + "/calendar.ics"
	}
	for i := range o.Shows {
		f.Shows = append(f.Shows, s.show(&o.Shows[i], &o))
	}
	return p.write(w, "order", f)
}

// orderLine names the order as the buyer knows it.
func orderLine(s speaker, o *delivery.OrderPage) string {
	if o.Reference != "" {
		return s.word("reference") + " " + o.Reference
	}
	return s.word("order") + " " + o.Order
}

func (s speaker) show(sh *delivery.Show, o *delivery.OrderPage) showView {
	pg := sh.Page
	facts := read(s.locale, &pg)
	v := showView{Title: pg.Title, Subtitle: pg.Subtitle, Date: facts["date"], Time: facts["time"]}
	for _, line := range []string{pg.Venue.Name, pg.Venue.Space, pg.Venue.Street, town(pg.Venue)} {
		if strings.TrimSpace(line) != "" {
			v.Venue = append(v.Venue, line)
		}
	}
	for _, n := range sh.Notices {
		v.Notices = append(v.Notices, noticeView{n.Kind, s.notice(&n)})
	}
	if sh.Pending > 0 {
		v.Pending = s.say("pending", "n", strconv.Itoa(sh.Pending))
	}
	for i := range sh.Tickets {
		v.Tickets = append(v.Tickets, s.ticket(&sh.Tickets[i], o))
	}
	return v
}

func (s speaker) notice(n *delivery.ShownNotice) string {
	when := func(t time.Time) string { return s.date(t) + ", " + s.moment(t) + " " + zone(t) }
	switch n.Kind {
	case sales.NoticeCancelled:
		return s.say("cancelled")
	case sales.NoticeRescheduled:
		return s.say("rescheduled", "now", when(n.Now), "was", when(n.Was))
	case sales.NoticeMoved:
		return s.say("moved", "place", delivery.JoinTexts(", ", n.Place.Name, n.Place.Space, n.Place.Street, town(n.Place)))
	}
	return ""
}

func (s speaker) ticket(t *delivery.ShownTicket, o *delivery.OrderPage) ticketView {
	facts := read(s.locale, &t.Page)
	v := ticketView{Name: facts["count"], State: t.State, StateText: s.say(string(t.State))}
	for _, name := range []string{"area", "block", "row", "seat", "entrance", "category", "tariff"} {
		v.fact(s.word(name), facts[name])
	}
	v.fact(facts["admission.label"], facts["admission"])
	v.fact(s.word("holder"), t.Holder)
	if t.State == delivery.TicketTakenBack {
		return v
	}
	if code, err := encode(t.Symbology, t.Barcode); err == nil {
		v.Code = code.view(s.say("barcode", "n", strconv.Itoa(t.Number), "of", strconv.Itoa(t.Of)))
	}
	file := o.Address + "/" + t.TicketID
	if o.Printable {
		v.PDF = file + ".pdf"
	}
	if o.Apple {
		v.Apple = file + ".pkpass"
	}
	if o.Google {
		v.Google = file + ".google"
	}
	return v
}

func (v *ticketView) fact(label, value string) {
	if strings.TrimSpace(value) != "" {
		v.Facts = append(v.Facts, factView{label, value})
	}
}

// view draws a symbol. A linear one is stretched in height, which changes no bar's width.
func (s *symbol) view(alt string) *codeView {
	v := &codeView{Class: "square", Aspect: "xMidYMid", Alt: alt, Text: s.payload}
	left, top := s.quiet, s.quiet
	switch {
	case s.linear:
		v.Class, v.Aspect, top = "bars", "none", 0
	case s.wide():
		v.Class = "wide"
	}
	v.View = fmt.Sprintf("0 0 %d %d", s.w+2*left, s.h+2*top)
	var path []byte
	s.bars(func(x, y, w, h int) {
		path = fmt.Appendf(path, "M%d %dh%dv%dh-%dz", x+left, y+top, w, h, w)
	})
	v.Path = string(path)
	return v
}
