package delivery

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
)

// Mailer hands messages to a relay. It is safe for concurrent use.
type Mailer interface {
	// Connect opens a connection for some messages. Errors: mail.relay (Unavailable).
	Connect(ctx context.Context) (MailConn, error)
	// Host is the domain that mails are sent from.
	Host() string
}

// MailConn is a connection to a relay. It is not safe for concurrent use.
type MailConn interface {
	// Send returns once the relay has taken the message. Errors: mail.relay (Unavailable; with Uncertain where the message was
	// handed over and the answer did not come), mail.refused (Conflict).
	Send(ctx context.Context, m Message) error
	Close() error
}

// Message is an e-mail as the relay gets it.
type Message struct {
	ID       string // Message-ID without its brackets
	To       string
	Language string
	Date     time.Time
	MailText
	Files []MailFile
}

// MailText is a mail's words.
type MailText struct {
	Subject, Text, HTML string
}

// MailFile is an attachment.
type MailFile struct {
	Name, Type string
	Content    []byte
}

// MailPage is what a mail shows: the order page, and what comes along.
type MailPage struct {
	OrderPage
	Reason MailReason
	Buyer  string // name; may be empty
	URL    string // of the buyer's own page; empty: there is none
	PDF    bool   // the tickets are attached
}

// MailWriter writes mails. It is safe for concurrent use.
type MailWriter interface {
	Mail(p MailPage) (MailText, error)
}

// MailStore is the outbox. It is safe for concurrent use, also by several processes.
type MailStore interface {
	// QueueMail stores a mail with its task in one transaction. Where a mail of its id is there, nothing is stored and that one
	// is returned with created=false. With a key it is bound in the same transaction; one that is bound already to something else
	// is key.reused.
	QueueMail(ctx context.Context, m Mail, key *sales.Key) (stored Mail, created bool, err error)
	// Mail loads a mail; mail.unknown (NotFound).
	Mail(ctx context.Context, id MailID) (Mail, error)
	// UpdateMail changes a mail through a closure under its lock. The closure is pure and may run twice; an error from it
	// changes nothing and is returned as it is.
	UpdateMail(ctx context.Context, id MailID, change func(*Mail) error) (Mail, error)
	// DueMails lists up to limit mails that are Due, the longest waiting first.
	DueMails(ctx context.Context, now time.Time, limit int) ([]MailID, error)
	// CountMails counts the mails that wait, and those that failed or bounced at the time given or later.
	CountMails(ctx context.Context, ended time.Time) ([]MailCount, error)
	// Mails lists mails, newest first.
	Mails(ctx context.Context, q MailQuery) (mails []Mail, next string, err error)
	ChangedStore
}

// MailQuery selects mails. Empty members do not restrict.
type MailQuery struct {
	Order        sales.OrderID
	Institutions []domain.InstitutionCode // nil is all
	Statuses     []MailStatus
	Page         domain.Page
}

// Orders is what mails and exports ask of sales.
type Orders interface {
	Order(ctx context.Context, id sales.OrderID) (sales.Order, error)
}

// MailDeps is what Mails need. All members but Mailer, Links of Delivery and PDFLimit are mandatory.
type MailDeps struct {
	Delivery *Service
	Orders   Orders
	Store    MailStore
	Writer   MailWriter
	Mailer   Mailer // nil: mails are off
	Clock    domain.Clock
	IDs      domain.IDs
	Log      *slog.Logger
	// Wallets are what a mail links to beside the page; nil: none.
	Wallets *Wallets
	// PublicURL is what the addresses of buyers' pages begin with.
	PublicURL string
	// PDFLimit is the most bytes of tickets that are attached; beyond it the mail has the link only. 0 is 5 MB.
	PDFLimit int
	// OnChange are the institutions whose buyers are told by e-mail of what was called off, rescheduled or moved; Served is the
	// sequence number of the catalog changes that this process serves, and needed where there is one.
	OnChange map[domain.InstitutionCode]bool
	Served   func(code domain.InstitutionCode) int64
}

// Mails is the outbox of e-mails to buyers. It is safe for concurrent use, also by several processes on one database.
type Mails struct{ MailDeps }

// NewMails makes Mails. It panics on a missing dependency.
func NewMails(d MailDeps) *Mails {
	if d.Delivery == nil || d.Orders == nil || d.Store == nil || d.Writer == nil || d.Clock == nil || d.IDs == nil || d.Log == nil {
		panic("delivery: Delivery, Orders, Store, Writer, Clock, IDs and Log are needed")
	}
	if d.PDFLimit == 0 {
		d.PDFLimit = 5_000_000
	}
	return &Mails{d}
}

// errMailNotDue ends an attempt that somebody else makes or has made.
var errMailNotDue = errors.New("the mail is not due")

// MailRequest asks for a mail.
type MailRequest struct {
	Key        string // Idempotency-Key; may be empty
	Storefront string // who asks
	To         string // empty: the buyer's address
	Language   string // empty: the buyer's
}

// Deliver queues a mail with an order's tickets. With a key, the same request gives the same mail for ever. Errors: mail.off,
// mail.address, mail.count, ticket.not_issued, ticket.cancelled, key.reused.
func (s *Mails) Deliver(ctx context.Context, o sales.Order, r MailRequest) (Mail, error) {
	if r.Key != "" {
		if err := sales.CheckKey(r.Key); err != nil {
			return Mail{}, err
		}
	}
	now := s.Clock()
	m := newMail("", &o, MailAsked, now)
	m.To, m.Language = r.To, r.Language
	var key *sales.Key
	if r.Key == "" {
		m.ID = MailID(s.IDs("mail"))
	} else {
		m.ID = mailID("key", r.Storefront, r.Key)
		key = &sales.Key{Storefront: r.Storefront, Key: r.Key, Call: "deliver", Digest: string(mailID(m.To, m.Language)), Order: o.ID, At: now}
		switch stored, err := s.Store.Mail(ctx, m.ID); {
		case err == nil && (stored.Order != o.ID || stored.To != m.To || stored.Language != m.Language):
			return Mail{}, domain.Errorf(domain.Invalid, sales.CodeKeyReused, "this Idempotency-Key was used for another request")
		case err == nil:
			return stored, nil
		case !domain.HasCode(err, CodeMailUnknown):
			return Mail{}, err
		}
	}
	if err := s.mayMail(ctx, &o, r.To); err != nil {
		return Mail{}, err
	}
	m, _, err := s.Store.QueueMail(ctx, m, key)
	return m, err
}

// mayMail refuses what cannot be sent.
func (s *Mails) mayMail(ctx context.Context, o *sales.Order, to string) error {
	if s.Mailer == nil {
		return domain.Errorf(domain.Conflict, CodeMailOff, "e-mail is not switched on here")
	}
	if err := issued(o); err != nil {
		return err
	}
	where, address := "/to", to
	if to == "" {
		address = o.Buyer.Email
	}
	if err := CheckAddress(address); err != nil {
		detail := "not an e-mail address that can be sent to"
		if to == "" {
			detail = "the order's buyer has no e-mail address that can be sent to: name one"
		}
		return domain.Errorf(domain.Invalid, CodeMailAddress, "there is nobody to send it to").WithField(where, CodeMailAddress, detail)
	}
	before, _, err := s.Store.Mails(ctx, MailQuery{Order: o.ID, Page: domain.Page{Limit: MaxMails}})
	if err == nil && len(before) >= MaxMails {
		err = domain.Errorf(domain.Conflict, CodeMailCount, "the order was mailed %d times already", MaxMails)
	}
	return err
}

// Of lists an order's mails, newest first.
func (s *Mails) Of(ctx context.Context, id sales.OrderID) ([]Mail, error) {
	list, _, err := s.Store.Mails(ctx, MailQuery{Order: id, Page: domain.Page{Limit: MaxMails + 1}})
	return list, err
}

// BounceKind is what a relay says of a mail that came back.
type BounceKind string

// The kinds.
const (
	BouncePermanent BounceKind = "permanent" // the address is wrong
	BounceTransient BounceKind = "transient" // the relay has given up for now
	BounceComplaint BounceKind = "complaint" // the recipient did not want it
)

// Bounce notes that the relay could not deliver a mail, named by its Message-ID. The same report twice changes nothing. Errors:
// mail.unknown.
func (s *Mails) Bounce(ctx context.Context, messageID string, kind BounceKind, reason string) error {
	id, ok := MailOfMessage(messageID)
	if !ok {
		return domain.Errorf(domain.NotFound, CodeMailUnknown, "no mail of ours has this Message-ID")
	}
	now := s.Clock()
	detail := string(kind)
	if reason != "" {
		detail += ": " + reason
	}
	m, err := s.Store.UpdateMail(ctx, id, func(m *Mail) error {
		m.bounce(now, detail)
		return nil
	})
	if err == nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "mail bounced", slog.String("mail", string(id)), slog.String("order", string(m.Order)), slog.String("kind", string(kind)))
	}
	return err
}

// MailCount is how many mails of an institution stand in a status, and since when the oldest of them.
type MailCount struct {
	Institution domain.InstitutionCode
	Status      MailStatus
	N           int64
	Oldest      time.Time // when it was queued
}

// mailBatch is how many mails one run sends over one connection at most.
const mailBatch = 50

// Send sends the mail named, where it is due, and over the same connection others that are. It is safe to run twice, late or
// never: the row says what is due, and SendDue finds it.
func (s *Mails) Send(ctx context.Context, id MailID) (domain.Outcome, error) {
	return s.send(ctx, []MailID{id})
}

// SendDue sends what is due, at most 50 mails over one connection.
func (s *Mails) SendDue(ctx context.Context) (domain.Outcome, error) { return s.send(ctx, nil) }

func (s *Mails) send(ctx context.Context, first []MailID) (domain.Outcome, error) {
	if s.Mailer == nil {
		return domain.Outcome{Detail: CodeMailOff}, nil
	}
	due, err := s.Store.DueMails(ctx, s.Clock(), mailBatch)
	if err != nil {
		return domain.Outcome{}, err
	}
	var out domain.Outcome
	line := &mailLine{s: s}
	defer line.close(ctx)
	for _, id := range append(first, due...) {
		if ctx.Err() != nil || line.broken != nil {
			out.Left++
			continue
		}
		done, err := s.attempt(ctx, line, id)
		if err != nil {
			return out, err
		}
		if done {
			out.Done++
		}
	}
	if line.broken != nil {
		out.Detail = "the relay cannot be reached"
	}
	return out, nil
}

// mailLine is the connection of one run, opened when the first message is ready.
type mailLine struct {
	s      *Mails
	conn   MailConn
	broken error // why no connection can be had
}

func (l *mailLine) send(ctx context.Context, m Message) error {
	if l.conn == nil {
		c, err := l.s.Mailer.Connect(ctx)
		if err != nil {
			l.broken = err
			return err
		}
		l.conn = c
	}
	err := l.conn.Send(ctx, m)
	if e := domain.AsError(err); e != nil && e.Kind == domain.Unavailable {
		l.close(ctx) // its state is not known any more
	}
	return err
}

func (l *mailLine) close(ctx context.Context) {
	if l.conn == nil {
		return
	}
	if err := l.conn.Close(); err != nil {
		l.s.Log.LogAttrs(ctx, slog.LevelDebug, "mail: close", slog.String("error", err.Error()))
	}
	l.conn = nil
}

// attempt makes one attempt at a mail: intent, message, relay, outcome. Done is false where it was not due.
func (s *Mails) attempt(ctx context.Context, line *mailLine, id MailID) (done bool, err error) {
	now := s.Clock()
	m, err := s.Store.UpdateMail(ctx, id, func(m *Mail) error {
		if !m.Due(now) {
			return errMailNotDue
		}
		m.begin(now)
		return nil
	})
	switch {
	case errors.Is(err, errMailNotDue) || domain.HasCode(err, CodeMailUnknown):
		return false, nil
	case err != nil:
		return false, err
	}
	trouble := s.hand(ctx, line, m)
	now = s.Clock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second) // what came of it is stored whatever ends the run
	defer cancel()
	m, err = s.Store.UpdateMail(ctx, id, func(m *Mail) error {
		m.finish(now, trouble)
		return nil
	})
	if err == nil && trouble != nil {
		s.tell(ctx, &m, domain.AsError(trouble))
	}
	return true, err
}

// tell logs what went wrong, without the relay's words, which may name the recipient.
func (s *Mails) tell(ctx context.Context, m *Mail, e *domain.Error) {
	cause := ""
	if e.Cause != nil {
		cause = e.Cause.Error()
	}
	s.Log.LogAttrs(ctx, slog.LevelWarn, "mail not sent", slog.String("mail", string(m.ID)), slog.String("order", string(m.Order)),
		slog.String("status", string(m.Status)), slog.Int("attempt", m.Attempts), slog.String("code", e.Code), slog.String("error", cause))
}

// hand makes the message and gives it to the relay.
func (s *Mails) hand(ctx context.Context, line *mailLine, m Mail) error {
	msg, err := s.message(ctx, m)
	if err != nil {
		return err
	}
	return line.send(ctx, msg)
}

// message makes a mail of the order as it is now.
func (s *Mails) message(ctx context.Context, m Mail) (Message, error) {
	o, err := s.Orders.Order(ctx, m.Order)
	if err != nil {
		return Message{}, err
	}
	if o.Status.Unknown() {
		return Message{}, domain.Errorf(domain.Unavailable, sales.CodeTicketNotIssued, "the order is %s; what becomes of it is not known yet", o.Status)
	}
	if err := issued(&o); err != nil {
		return Message{}, err
	}
	msg := Message{ID: m.MessageID(s.Mailer.Host()), To: m.To, Date: m.QueuedAt}
	if msg.To == "" {
		msg.To = o.Buyer.Email
	}
	if err := CheckAddress(msg.To); err != nil {
		return Message{}, err
	}
	page, err := s.page(&o, m)
	if err != nil {
		return Message{}, err
	}
	msg.Language = page.Languages[0]
	if page.Printable {
		if err := s.attach(ctx, &msg, &page, o, m.Language); err != nil {
			return Message{}, err
		}
	}
	if ics := page.Calendar(s.Clock()); ics != nil {
		msg.Files = append(msg.Files, MailFile{Name: "calendar.ics", Type: "text/calendar; charset=utf-8; method=PUBLISH", Content: ics})
	}
	msg.MailText, err = s.Writer.Mail(page)
	return msg, err
}

// page is what the mail shows.
func (s *Mails) page(o *sales.Order, m Mail) (MailPage, error) {
	p, err := s.Delivery.OrderPage(o, m.Language, nil)
	if err != nil {
		return MailPage{}, err
	}
	page := MailPage{OrderPage: p, Reason: m.Reason, Buyer: strings.TrimSpace(o.Buyer.FirstName + " " + o.Buyer.LastName)}
	token, _, err := s.Delivery.Link(o)
	if err == nil {
		page.Address = PagePath + token
		page.URL = strings.TrimSuffix(s.PublicURL, "/") + page.Address
		page.Wallets = s.Wallets.links(&p, o.Institution, page.URL)
	}
	return page, nil
}

// PagePath is where buyers' own pages are, before the token.
const PagePath = "/t/"

// attach adds the tickets, unless they are too large: then the page has them.
func (s *Mails) attach(ctx context.Context, msg *Message, page *MailPage, o sales.Order, lang string) error {
	var pdf bytes.Buffer
	err := s.Delivery.PDF(ctx, &pdf, o, "", lang)
	switch {
	case err != nil:
		return err
	case pdf.Len() <= s.PDFLimit:
		page.PDF = true
		msg.Files = append(msg.Files, MailFile{Name: "tickets.pdf", Type: "application/pdf", Content: pdf.Bytes()})
	case page.URL == "":
		return domain.Errorf(domain.Conflict, CodeMailSize, "the tickets take %d bytes, more than %d, and there is no page to link to", pdf.Len(), s.PDFLimit)
	}
	return nil
}
