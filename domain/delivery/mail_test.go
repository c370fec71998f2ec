package delivery_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// relay is a Mailer that answers as it is told, and writes down what it got.
type relay struct {
	answers  []error // of the sends to come; beyond them it takes everything
	away     bool
	connects int
	got      []delivery.Message
	during   func() // runs while a message is handed over
}

func (r *relay) Host() string { return "tickets.example" }

func (r *relay) Connect(context.Context) (delivery.MailConn, error) {
	r.connects++
	if r.away {
		return nil, domain.Errorf(domain.Unavailable, delivery.CodeMailRelay, "away")
	}
	return relayConn{r}, nil
}

type relayConn struct{ *relay }

func (c relayConn) Close() error { return nil }

func (c relayConn) Send(_ context.Context, m delivery.Message) error {
	c.got = append(c.got, m)
	c.relay.got = c.got
	if c.during != nil {
		c.during()
	}
	if len(c.answers) == 0 {
		return nil
	}
	err := c.answers[0]
	c.relay.answers = c.answers[1:]
	return err
}

// writer is a func as delivery.MailWriter.
type writer func(delivery.MailPage) (delivery.MailText, error)

func (w writer) Mail(p delivery.MailPage) (delivery.MailText, error) { return w(p) }

// orders are sold orders by their id.
type orders map[sales.OrderID]sales.Order

func (o orders) Order(_ context.Context, id sales.OrderID) (sales.Order, error) { return o[id], nil }

func (o orders) OrderByTicket(context.Context, string) (sales.Order, error) {
	return sales.Order{}, domain.Errorf(domain.NotFound, sales.CodeTicketUnknown, "none")
}

// post is Mails with everything around them.
type post struct {
	*delivery.Mails
	t     *testing.T
	now   time.Time
	box   *sample.Outbox
	relay *relay
	pages []delivery.MailPage
	sold  orders
	n     int
}

func newPost(t *testing.T, change ...func(*delivery.MailDeps)) *post {
	t.Helper()
	o := sample.Issued()
	p := &post{t: t, now: sample.Now(), box: &sample.Outbox{}, relay: &relay{}, sold: orders{o.ID: o}}
	links, err := delivery.NewLinks([]domain.Secret{"a-secret-of-a-test-that-is-long-enough"}, 30, func() time.Time { return p.now })
	if err != nil {
		t.Fatal(err)
	}
	d := delivery.MailDeps{
		Delivery: service(func(d *delivery.Deps) { d.Links = links }), Orders: p.sold, Store: p.box, Mailer: p.relay, Clock: func() time.Time { return p.now },
		IDs: func(prefix string) string { p.n++; return fmt.Sprintf("%s_%d", prefix, p.n) }, Log: slog.New(slog.DiscardHandler), PublicURL: "https://tickets.example/",
		Writer: writer(func(pg delivery.MailPage) (delivery.MailText, error) {
			p.pages = append(p.pages, pg)
			return delivery.MailText{Subject: "subject", Text: "text", HTML: "<p>html"}, nil
		}),
	}
	for _, c := range change {
		c(&d)
	}
	p.Mails = delivery.NewMails(d)
	return p
}

func (p *post) order() sales.Order { return p.sold[sample.Issued().ID] }

func (p *post) deliver(r delivery.MailRequest) delivery.Mail {
	p.t.Helper()
	r.Storefront = "web"
	m, err := p.Deliver(p.t.Context(), p.order(), r)
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

func (p *post) send() domain.Outcome {
	p.t.Helper()
	out, err := p.SendDue(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

func (p *post) mail(id delivery.MailID) delivery.Mail {
	p.t.Helper()
	m, err := p.box.Mail(p.t.Context(), id)
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

func temporary() error {
	return domain.Errorf(domain.Unavailable, delivery.CodeMailRelay, "451 4.7.1 try later")
}

func TestMail_IsSentOnceWithTicketsCalendarAndLink(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	m := p.deliver(delivery.MailRequest{Language: "de"})
	if m.Status != delivery.MailQueued || !slices.Contains(p.box.Tasks, m.ID) {
		t.Fatalf("%+v, tasks %v", m, p.box.Tasks)
	}
	p.send()
	p.send()
	if got := p.mail(m.ID); got.Status != delivery.MailSent || !got.SentAt.Equal(p.now) || got.Attempts != 1 || !got.NextAt.IsZero() {
		t.Errorf("%+v", got)
	}
	if len(p.relay.got) != 1 {
		t.Fatalf("sent %d times", len(p.relay.got))
	}
	msg := p.relay.got[0]
	if msg.To != p.order().Buyer.Email || msg.ID != string(m.ID)+"@tickets.example" || msg.Language != "de" || msg.Subject != "subject" {
		t.Errorf("%+v", msg)
	}
	if len(msg.Files) != 2 || string(msg.Files[0].Content) != "pdf of 2" || !strings.Contains(string(msg.Files[1].Content), "BEGIN:VCALENDAR") {
		t.Errorf("files %+v", msg.Files)
	}
	page := p.pages[0]
	token, ok := strings.CutPrefix(page.URL, "https://tickets.example/t/")
	if id, err := p.Delivery.Links.Open(token); !ok || err != nil || id != m.Order || !page.PDF || page.Reason != delivery.MailAsked {
		t.Errorf("page %+v: %s, %v", page, id, err)
	}
}

func TestMail_TheSameKeyIsOneMail(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	first := p.deliver(delivery.MailRequest{Key: "k", To: "b@example.org"})
	p.send()
	again := p.deliver(delivery.MailRequest{Key: "k", To: "b@example.org"})
	if again.ID != first.ID || again.Status != delivery.MailSent {
		t.Errorf("%+v after %+v", again, first)
	}
	if p.send(); len(p.relay.got) != 1 {
		t.Errorf("sent %d times", len(p.relay.got))
	}
	if _, err := p.Deliver(t.Context(), p.order(), delivery.MailRequest{Key: "k", Storefront: "web", To: "c@example.org"}); !domain.HasCode(err, sales.CodeKeyReused) {
		t.Errorf("another address under the same key: %v", err)
	}
	if other := p.deliver(delivery.MailRequest{To: "b@example.org"}); other.ID == first.ID {
		t.Error("without a key each call is a mail")
	}
}

func TestMail_TemporaryTroubleBacksOffAndEndsAfterThreeDays(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.relay.answers = slices.Repeat([]error{temporary()}, 100)
	m := p.deliver(delivery.MailRequest{})
	last := time.Duration(0)
	for range 100 {
		p.send()
		got := p.mail(m.ID)
		if got.Status == delivery.MailFailed {
			if got.Code != delivery.CodeMailRelay || got.Detail != "451 4.7.1 try later" || got.EndedAt.Sub(got.QueuedAt) < 72*time.Hour || !got.NextAt.IsZero() {
				t.Errorf("%+v", got)
			}
			return
		}
		wait := got.NextAt.Sub(p.now)
		if wait < last || wait < time.Minute || wait > 24*time.Hour {
			t.Fatalf("attempt %d waits %s after %s", got.Attempts, wait, last)
		}
		last = wait
		if p.now = got.NextAt.Add(-time.Second); p.send().Done != 0 {
			t.Fatal("sent before it was due")
		}
		p.now = got.NextAt
	}
	t.Error("it never ends")
}

func TestMail_RefusedForGoodIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.relay.answers = []error{domain.Errorf(domain.Conflict, delivery.CodeMailRefused, "550 5.1.1 no\r\nsuch user")}
	m := p.deliver(delivery.MailRequest{})
	p.send()
	p.now = p.now.Add(24 * time.Hour)
	p.send()
	if got := p.mail(m.ID); got.Status != delivery.MailFailed || got.Code != delivery.CodeMailRefused || got.Detail != "550 5.1.1 no such user" || got.Attempts != 1 {
		t.Errorf("%+v", got)
	}
	if again := p.deliver(delivery.MailRequest{To: "other@example.org"}); again.ID == m.ID {
		t.Error("delivering again is another mail")
	}
	if p.send(); p.relay.got[1].To != "other@example.org" {
		t.Errorf("%+v", p.relay.got)
	}
}

// The answer never came: it is sent again, and both have the same Message-ID.
func TestMail_UnknownOutcomeIsSentAgainUnderTheSameMessageID(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	lost := domain.Errorf(domain.Unavailable, delivery.CodeMailRelay, "no answer")
	lost.Uncertain = true
	p.relay.answers = []error{lost}
	m := p.deliver(delivery.MailRequest{})
	p.send()
	p.now = p.mail(m.ID).NextAt
	p.send()
	if len(p.relay.got) != 2 || p.relay.got[0].ID != p.relay.got[1].ID || p.mail(m.ID).Status != delivery.MailSent || p.relay.connects != 2 {
		t.Errorf("%d messages over %d connections: %+v", len(p.relay.got), p.relay.connects, p.mail(m.ID))
	}
}

// The process that sends dies between the intent and the outcome.
func TestMail_KilledInTheMiddleIsFoundByTheSweep(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	m := p.deliver(delivery.MailRequest{})
	var seen delivery.Mail
	p.relay.during = func() {
		p.relay.during = nil
		seen = p.mail(m.ID)
		if p.send(); len(p.relay.got) != 1 {
			t.Error("somebody else sent it meanwhile")
		}
		panic("killed")
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = p.SendDue(t.Context())
	}()
	if seen.Status != delivery.MailSending || seen.Attempts != 1 || p.mail(m.ID).Status != delivery.MailSending {
		t.Fatalf("the intent is not stored: %+v", seen)
	}
	if p.send(); len(p.relay.got) != 1 {
		t.Fatal("sent again before its sender had its time")
	}
	p.now = p.now.Add(10 * time.Minute)
	if p.send(); p.mail(m.ID).Status != delivery.MailSent || len(p.relay.got) != 2 {
		t.Errorf("%+v after %d messages", p.mail(m.ID), len(p.relay.got))
	}
}

func TestMail_ABatchGoesOverOneConnection(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	for range 10 {
		p.deliver(delivery.MailRequest{})
	}
	if out := p.send(); out.Done != 10 || p.relay.connects != 1 || len(p.relay.got) != 10 {
		t.Errorf("%+v over %d connections", out, p.relay.connects)
	}
}

func TestMail_RelayAway_TriesOneAndLeavesTheRest(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.relay.away = true
	first := p.deliver(delivery.MailRequest{})
	second := p.deliver(delivery.MailRequest{})
	out, err := p.Send(t.Context(), second.ID)
	if err != nil || p.relay.connects != 1 || out.Left == 0 {
		t.Errorf("%+v, %v, %d connections", out, err, p.relay.connects)
	}
	if p.mail(first.ID).Attempts != 0 || p.mail(second.ID).Status != delivery.MailQueued || p.mail(second.ID).Code != delivery.CodeMailRelay {
		t.Errorf("%+v %+v", p.mail(first.ID), p.mail(second.ID))
	}
}

func TestMail_LargeTicketsAreLinkedOrRefused(t *testing.T) {
	t.Parallel()
	p := newPost(t, func(d *delivery.MailDeps) { d.PDFLimit = 3 })
	m := p.deliver(delivery.MailRequest{})
	p.send()
	if files := p.relay.got[0].Files; len(files) != 1 || files[0].Name != "calendar.ics" || p.pages[0].PDF || p.pages[0].URL == "" || p.mail(m.ID).Status != delivery.MailSent {
		t.Errorf("%+v", p.relay.got[0])
	}
	p = newPost(t, func(d *delivery.MailDeps) { d.PDFLimit = 3; d.Delivery = service() })
	m = p.deliver(delivery.MailRequest{})
	if p.send(); p.mail(m.ID).Code != delivery.CodeMailSize || p.mail(m.ID).Status != delivery.MailFailed || len(p.relay.got) != 0 {
		t.Errorf("without a page: %+v", p.mail(m.ID))
	}
}

func TestMail_AnOrderOnItsWayIsWaitedFor(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	m := p.deliver(delivery.MailRequest{})
	o := p.order()
	o.Status = sales.Cancelling
	p.sold[o.ID] = o
	if p.send(); p.mail(m.ID).Status != delivery.MailQueued {
		t.Errorf("%+v", p.mail(m.ID))
	}
	o.Status = sales.Cancelled
	p.sold[o.ID] = o
	p.now = p.mail(m.ID).NextAt
	if p.send(); p.mail(m.ID).Status != delivery.MailFailed || p.mail(m.ID).Code != sales.CodeTicketCancelled || len(p.relay.got) != 0 {
		t.Errorf("%+v", p.mail(m.ID))
	}
}

func TestDeliver_RefusesWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	o := sample.Issued()
	nobody, held := o, o
	nobody.Buyer.Email, held.Status = "", sales.Held
	for name, c := range map[string]struct {
		order   sales.Order
		request delivery.MailRequest
		change  func(*delivery.MailDeps)
		code    string
	}{
		"off":         {o, delivery.MailRequest{}, func(d *delivery.MailDeps) { d.Mailer = nil }, delivery.CodeMailOff},
		"no address":  {nobody, delivery.MailRequest{}, nil, delivery.CodeMailAddress},
		"bad address": {o, delivery.MailRequest{To: "a b@example.org"}, nil, delivery.CodeMailAddress},
		"held":        {held, delivery.MailRequest{}, nil, sales.CodeTicketNotIssued},
		"bad key":     {o, delivery.MailRequest{Key: "ü"}, nil, domain.CodeRequest},
	} {
		p := newPost(t)
		if c.change != nil {
			p = newPost(t, c.change)
		}
		if _, err := p.Deliver(t.Context(), c.order, c.request); !domain.HasCode(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
		if len(p.box.Tasks) != 0 {
			t.Errorf("%s: queued", name)
		}
	}
	p := newPost(t)
	for range delivery.MaxMails {
		p.deliver(delivery.MailRequest{})
	}
	if _, err := p.Deliver(t.Context(), o, delivery.MailRequest{}); !domain.HasCode(err, delivery.CodeMailCount) {
		t.Errorf("one more than %d: %v", delivery.MaxMails, err)
	}
}

// A bounce proves more than an answer that comes after it.
func TestBounce_StaysWhateverComesAfterIt(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	m := p.deliver(delivery.MailRequest{})
	p.relay.during = func() {
		if err := p.Bounce(t.Context(), "<"+p.relay.got[0].ID+">", delivery.BouncePermanent, "550 no\r\nsuch user"); err != nil {
			t.Error(err)
		}
	}
	p.send()
	if got := p.mail(m.ID); got.Status != delivery.MailBounced || got.Code != delivery.CodeMailBounced || got.Detail != "permanent: 550 no such user" || got.SentAt.IsZero() || !got.NextAt.IsZero() {
		t.Errorf("%+v", got)
	}
	if p.send(); len(p.relay.got) != 1 {
		t.Error("it was sent again")
	}
	if err := p.Bounce(t.Context(), "mail_X@tickets.example", delivery.BounceComplaint, ""); !domain.HasCode(err, delivery.CodeMailUnknown) {
		t.Error(err)
	}
}

func TestConfirmation_FollowsFromTheOrder(t *testing.T) {
	t.Parallel()
	o := sample.Issued()
	a, b := delivery.Confirmation(&o, sample.Now()), delivery.Confirmation(&o, sample.Now().Add(time.Hour))
	if a.ID != b.ID || a.Reason != delivery.MailIssued || !a.Due(sample.Now()) || a.To != "" {
		t.Errorf("%+v %+v", a, b)
	}
	id, ok := delivery.MailOfMessage("<" + a.MessageID("tickets.example") + ">")
	if diff := cmp.Diff(a.ID, id); diff != "" || !ok {
		t.Error(diff)
	}
	for _, other := range []string{"", "x@tickets.example", "<mail_@x>", "mail_'; DROP@x", strings.Repeat("a", 500)} {
		if id, ok := delivery.MailOfMessage(other); ok {
			t.Errorf("%q is %s", other, id)
		}
	}
}

// What the institution changes is told once, again when it changes again, and when all is as it was.
func TestTellChanges_TellsEachBuyerOnceOfEachChange(t *testing.T) {
	t.Parallel()
	goods, seq := newShelf(), int64(5)
	p := newPost(t, func(d *delivery.MailDeps) {
		d.Delivery = service(func(d *delivery.Deps) { d.Catalog = goods })
		d.OnChange, d.Served = map[domain.InstitutionCode]bool{sample.Code: true}, func(domain.InstitutionCode) int64 { return seq }
	})
	id := p.order().ID
	p.box.Sold = map[catalog.PerformanceID][]sales.OrderID{sample.Tonight: {id}}
	perf := goods.view.Performance(sample.Tonight)
	was := perf.Start
	told := func() int {
		t.Helper()
		for range 2 { // the second run finds nothing
			if _, err := p.TellChanges(t.Context(), sample.Code); err != nil {
				t.Fatal(err)
			}
		}
		p.now = p.now.Add(time.Minute)
		list, err := p.Of(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	change := func(start time.Time) {
		seq++
		perf.Start = start
		p.box.Moved = append(p.box.Moved, delivery.MovedLine{Seq: seq, Performance: sample.Tonight}, delivery.MovedLine{Seq: seq, Line: 1, Performance: sample.Tonight})
	}
	p.box.Moved = []delivery.MovedLine{{Seq: 4, Performance: sample.Tonight}}
	if n := told(); n != 0 {
		t.Fatalf("%d mails of what was changed before", n)
	}
	for i, start := range []time.Time{was.Add(time.Hour), was, was.Add(time.Hour), was.Add(2 * time.Hour)} {
		change(start)
		if n := told(); n != i+1 {
			t.Fatalf("%d mails after change %d", n, i+1)
		}
	}
	change(perf.Start) // of something that buyers are not told of
	if n := told(); n != 4 {
		t.Errorf("%d mails, and nothing new to tell", n)
	}
	p.send()
	if last := p.pages[len(p.pages)-1]; last.Reason != delivery.MailChanged || len(last.Shows[0].Notices) != 1 {
		t.Errorf("%+v", last)
	}
	change(was)
	seq-- // not served here yet
	if n := told(); n != 4 {
		t.Error("told before it is served")
	}
	p.now = was.AddDate(0, 0, 2)
	seq++
	if n := told(); n != 4 {
		t.Error("told after it is over")
	}
}

// Nothing that is taken for an address can end a header or a command, or name two.
func FuzzCheckAddress(f *testing.F) {
	for _, s := range []string{"ada@example.org", "a@b\r\nBcc: c@d", "<a@b>", "a@b,c@d", "a@b c", "\"a b\"@c", "a@b>", "ü@example.org", "a@xn--mnchen-3ya.de", "a@b\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if delivery.CheckAddress(s) == nil && (strings.ContainsAny(s, " \t\r\n<>,;:\"()[]\\\x00") || strings.Count(s, "@") != 1 || len(s) > 254) {
			t.Errorf("%q is taken", s)
		}
	})
}
