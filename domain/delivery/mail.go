package delivery

import (
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
)

// TaskMail is the job that sends a mail; its key is the mail's id.
const TaskMail domain.TaskKind = "deliver.mail"

// Codes of mails.
const (
	CodeMailOff     = "mail.off"     // no relay is configured
	CodeMailAddress = "mail.address" // there is no address to send to, or it is none
	CodeMailCount   = "mail.count"   // the order was mailed too often
	CodeMailUnknown = "mail.unknown" // no mail has this id
	CodeMailRelay   = "mail.relay"   // the relay did not take it, and may later
	CodeMailRefused = "mail.refused" // the relay refuses it for good
	CodeMailBounced = "mail.bounced" // the relay took it and could not deliver it
	CodeMailSize    = "mail.size"    // the tickets are too large to attach, and there is no page to link to
)

// Bounds of mails.
const (
	// MaxMails is how many mails one order may have; beyond it something is wrong with whoever asks.
	MaxMails = 50
	// mailClaim is how long a send may take: a mail that is sending for longer lost its sender, and is sent again.
	mailClaim = 10 * time.Minute
	// mailFirst and mailMost bound the wait before the next attempt, which doubles; mailUntil is how long after it was asked
	// for a mail is given up.
	mailFirst, mailMost, mailUntil = time.Minute, 24 * time.Hour, 72 * time.Hour
	// maxMailDetail bounds what is kept of a relay's words, in bytes.
	maxMailDetail = 300
)

// MailID is ours: "mail_" and a suffix of 26 characters. Its mail's Message-ID is made of it.
type MailID string

// MailStatus is how far a mail is.
type MailStatus string

// The statuses. Sending is stored before the relay is asked: where its answer never came, the mail may have been sent, and is
// sent again with the same Message-ID, for a ticket that comes twice is better than one that never does.
const (
	MailQueued  MailStatus = "queued"  // due at NextAt
	MailSending MailStatus = "sending" // handed to the relay, the answer is not known; sent again from NextAt on
	MailSent    MailStatus = "sent"    // the relay has taken it
	MailFailed  MailStatus = "failed"  // given up; Code says why
	MailBounced MailStatus = "bounced" // taken by the relay, and reported back as not delivered
)

// MailStatuses lists them in the order in which a mail goes through them.
func MailStatuses() []MailStatus {
	return []MailStatus{MailQueued, MailSending, MailSent, MailFailed, MailBounced}
}

// MailReason is why a mail is sent.
type MailReason string

// The reasons.
const (
	MailIssued  MailReason = "issued"  // the order was issued
	MailAsked   MailReason = "asked"   // somebody asked for it
	MailChanged MailReason = "changed" // the institution changed what was sold
)

// Mail is an e-mail to a buyer: the row of the outbox. It holds no content, which is made of the order when it is sent.
type Mail struct {
	ID          MailID
	Order       sales.OrderID
	Institution domain.InstitutionCode
	Storefront  string
	Reason      MailReason
	To          string // empty: the order's buyer, as it is when it is sent
	Language    string // empty: the buyer's, or the institution's
	Digest      string // with MailChanged: of what it tells
	Status      MailStatus
	Version     int64
	Attempts    int
	QueuedAt    time.Time
	NextAt      time.Time // when it is due; zero: never again
	SentAt      time.Time // when the relay took it
	EndedAt     time.Time // when it failed or bounced
	Code        string    // of the last trouble; empty: none
	Detail      string    // of the same, for people
}

// Confirmation is the mail that an issued order makes due. Its id follows from the order's, so that there is one.
func Confirmation(o *sales.Order, at time.Time) Mail {
	return newMail(MailID("mail_"+strings.TrimPrefix(string(o.ID), linkPrefix)), o, MailIssued, at)
}

func newMail(id MailID, o *sales.Order, why MailReason, at time.Time) Mail {
	return Mail{
		ID: id, Order: o.ID, Institution: o.Institution, Storefront: o.Storefront, Reason: why, Status: MailQueued, QueuedAt: at, NextAt: at,
	}
}

// mailID makes the same id of the same parts.
func mailID(parts ...string) MailID {
	h := sha256.New()
	for _, p := range parts {
		_, _ = h.Write([]byte(strconv.Quote(p))) // never fails
	}
	return MailID("mail_" + base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil))[:26])
}

// Due reports whether the mail is to be sent now.
func (m *Mail) Due(now time.Time) bool {
	return (m.Status == MailQueued || m.Status == MailSending) && !now.Before(m.NextAt)
}

// begin stores the intent to send.
func (m *Mail) begin(now time.Time) {
	m.Status, m.NextAt, m.Attempts = MailSending, now.Add(mailClaim), m.Attempts+1
}

// finish stores what came of an attempt. What was reported meanwhile stays: a bounce proves more than an answer.
func (m *Mail) finish(now time.Time, trouble error) {
	e := domain.AsError(trouble)
	switch {
	case e == nil:
		m.SentAt = now
		if m.Status != MailBounced {
			m.Status, m.NextAt, m.Code, m.Detail = MailSent, time.Time{}, "", ""
		}
	case m.Status != MailSending: // somebody else has sent it, or it bounced
	case lasting(e) || now.Sub(m.QueuedAt) >= mailUntil:
		m.fail(now, e)
	default:
		m.Status, m.NextAt = MailQueued, now.Add(mailWait(m.Attempts))
		m.blame(e)
	}
}

// lasting says that trying again is of no use.
func lasting(e *domain.Error) bool {
	return e.Kind != domain.Unavailable && e.Kind != domain.Internal && e.Kind != domain.Limited
}

func (m *Mail) fail(now time.Time, e *domain.Error) {
	m.Status, m.NextAt, m.EndedAt = MailFailed, time.Time{}, now
	m.blame(e)
}

func (m *Mail) blame(e *domain.Error) { m.Code, m.Detail = e.Code, shortened(e.Detail) }

// bounce stores that the relay could not deliver it.
func (m *Mail) bounce(now time.Time, detail string) {
	if m.Status == MailBounced {
		return // reported before
	}
	m.Status, m.NextAt, m.EndedAt, m.Code, m.Detail = MailBounced, time.Time{}, now, CodeMailBounced, shortened(detail)
}

// mailWait is the wait after the given number of attempts.
func mailWait(attempts int) time.Duration {
	return min(mailFirst<<min(max(attempts-1, 0), 20), mailMost)
}

// shortened makes one line of a relay's words.
func shortened(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return r < ' ' || r == 0x7f || r == ' ' }), " ")
	if len(s) > maxMailDetail {
		s = strings.ToValidUTF8(s[:maxMailDetail], "") + "…"
	}
	return s
}

// addressForm is an address as browsers take it: no comments, quotes or spaces, and nothing but ASCII; a domain of another
// script stands in its ASCII form.
var addressForm = regexp.MustCompile("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$")

// CheckAddress refuses what is no plain e-mail address (mail.address): nothing that passes can end a header or a command.
func CheckAddress(address string) error {
	if len(address) > 254 || !addressForm.MatchString(address) {
		return domain.Errorf(domain.Invalid, CodeMailAddress, "not an e-mail address that can be sent to")
	}
	return nil
}

// MessageID is the mail's Message-ID without its brackets, at the domain mails are sent from.
func (m *Mail) MessageID(host string) string { return string(m.ID) + "@" + host }

// MailOfMessage finds the mail's id in a Message-ID, with brackets or without; ok is false where it is none of ours.
func MailOfMessage(messageID string) (id MailID, ok bool) {
	local, _, _ := strings.Cut(strings.Trim(strings.TrimSpace(messageID), "<>"), "@")
	return MailID(local), mailForm.MatchString(local)
}

var mailForm = regexp.MustCompile(`^mail_[0-9A-Z]{1,40}$`)
