package smtp

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"guichet/domain"
	"guichet/domain/delivery"
)

// Security is how the connection to the relay is encrypted.
type Security string

// The ways. STARTTLS and TLS both refuse a relay that does not encrypt or whose certificate is not good for its name; plain is
// for a relay on this machine.
const (
	StartTLS Security = "starttls"
	TLS      Security = "tls"
	Plain    Security = "plain"
)

// Options say which relay, and who writes.
type Options struct {
	Host     string
	Port     int // 0: 587 with StartTLS, 465 with TLS, 25 plain
	Security Security
	User     string // empty: no authentication
	Password domain.Secret
	From     string         // "Tickets <tickets@example.org>" or the address alone
	ReplyTo  string         // the same form; may be empty
	Timeout  time.Duration  // of connecting, and of every answer; 0 is 30 seconds
	Roots    *x509.CertPool // who signs the relay's certificate; nil: the system's
}

// Relay is a mail relay. It is safe for concurrent use.
type Relay struct {
	host     string
	options  []gomail.Option
	implicit bool // encrypted from the first byte: the library dials by itself, and such a line is closed when it is collected
	from     *mail.Address
	replyTo  *mail.Address
}

var _ delivery.Mailer = (*Relay)(nil)

// New checks the options; it makes no connection.
func New(o Options) (*Relay, error) {
	r := &Relay{host: o.Host}
	var err error
	if r.from, err = address("from", o.From); err != nil {
		return nil, err
	}
	if o.ReplyTo != "" {
		if r.replyTo, err = address("reply_to", o.ReplyTo); err != nil {
			return nil, err
		}
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	r.options = []gomail.Option{
		gomail.WithTimeout(o.Timeout), gomail.WithHELO(r.Host()), gomail.WithoutSMTPUTF8(),
		gomail.WithTLSConfig(&tls.Config{ServerName: o.Host, RootCAs: o.Roots, MinVersion: tls.VersionTLS12}),
	}
	var port int
	switch o.Security {
	case StartTLS:
		port = 587
		r.options = append(r.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		port, r.implicit = 465, true
		r.options = append(r.options, gomail.WithSSL())
	case Plain:
		port = 25
		r.options = append(r.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("security %q is none of starttls, tls, plain", o.Security)
	}
	if o.Port != 0 {
		port = o.Port
	}
	r.options = append(r.options, gomail.WithPort(port))
	if o.User != "" {
		kind := gomail.SMTPAuthAutoDiscover
		if o.Security == Plain {
			kind = gomail.SMTPAuthPlainNoEnc // the relay is on this machine
		}
		r.options = append(r.options, gomail.WithSMTPAuth(kind), gomail.WithUsername(o.User), gomail.WithPassword(o.Password.Reveal()))
	}
	_, err = gomail.NewClient(r.host, r.options...)
	return r, err
}

func address(name, text string) (*mail.Address, error) {
	a, err := mail.ParseAddress(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %q is not an address such as Tickets <tickets@example.org>", name, text)
	}
	if err := delivery.CheckAddress(a.Address); err != nil {
		return nil, fmt.Errorf("%s: %q: %s", name, text, domain.AsError(err).Detail)
	}
	return a, nil
}

// Host implements delivery.Mailer.
func (r *Relay) Host() string { return r.from.Address[strings.LastIndexByte(r.from.Address, '@')+1:] }

// Connect implements delivery.Mailer.
func (r *Relay) Connect(ctx context.Context) (delivery.MailConn, error) {
	client, err := gomail.NewClient(r.host, r.options...)
	if err != nil {
		return nil, err
	}
	var line net.Conn // the library leaves it open where the relay does not let us in
	if !r.implicit {
		err = gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err == nil {
				line = c
			}
			return c, err
		})(client)
		if err != nil {
			return nil, err
		}
	}
	if err := client.DialWithContext(ctx); err != nil {
		if line != nil {
			_ = line.Close() // it is of no use any more
		}
		return nil, domain.Errorf(domain.Unavailable, delivery.CodeMailRelay, "the relay cannot be reached, or does not let us in").Because(err)
	}
	return &conn{r: r, client: client}, nil
}

type conn struct {
	r      *Relay
	client *gomail.Client
}

// Close implements delivery.MailConn.
func (c *conn) Close() error { return c.client.Close() }

// Send implements delivery.MailConn. Once the content is on its way the answer is waited for whatever becomes of ctx, as long as
// the timeout allows.
func (c *conn) Send(ctx context.Context, m delivery.Message) error {
	if err := context.Cause(ctx); err != nil {
		return domain.Errorf(domain.Unavailable, delivery.CodeMailRelay, "it was not sent: the program is ending").Because(err)
	}
	msg, err := c.r.message(m)
	if err != nil {
		return err
	}
	return outcome(c.client.Send(msg))
}

// message writes a mail: a text and an HTML part, and the files.
func (r *Relay) message(m delivery.Message) (*gomail.Msg, error) {
	if err := delivery.CheckAddress(m.To); err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(r.from)
	msg.ToMailAddress(&mail.Address{Address: m.To})
	if r.replyTo != nil {
		msg.ReplyToMailAddress(r.replyTo)
	}
	msg.Subject(line(m.Subject))
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(m.Date)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if m.Language != "" {
		msg.SetGenHeader(gomail.HeaderContentLang, line(m.Language))
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	for _, f := range m.Files {
		if err := msg.AttachReader(f.Name, bytes.NewReader(f.Content), gomail.WithFileContentType(gomail.ContentType(f.Type))); err != nil {
			return nil, fmt.Errorf("attach %s: %w", f.Name, err)
		}
	}
	return msg, nil
}

// outcome says what a failed send means. What the relay answers to a recipient or a message with 5xx is for good. What it says
// against the sender is our own set-up and is tried again, like 4xx and every broken connection; where that broke after the
// message was handed over, the relay may have it.
func outcome(err error) error {
	var e *gomail.SendError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &e):
		return domain.Errorf(domain.Unavailable, delivery.CodeMailRelay, "the connection to the relay broke")
	case e.Reason == gomail.ErrSMTPReset:
		return nil // it was taken before
	case e.ErrorCode() >= 500 && e.Reason != gomail.ErrSMTPMailFrom:
		return domain.Errorf(domain.Conflict, delivery.CodeMailRefused, "%s", words(e))
	case e.ErrorCode() >= 400:
		return domain.Errorf(domain.Unavailable, delivery.CodeMailRelay, "%s", words(e))
	case e.Reason == gomail.ErrSMTPDataClose:
		out := domain.Errorf(domain.Unavailable, delivery.CodeMailRelay, "the relay did not answer after it had the message: it may have been sent")
		out.Uncertain = true
		return out
	}
	return domain.Errorf(domain.Unavailable, delivery.CodeMailRelay, "the connection to the relay broke")
}

// words are the relay's own. They may name the recipient and are no cause, because causes are logged.
func words(e *gomail.SendError) string {
	said, _, _ := strings.Cut(e.Error(), ", affected ")
	if _, after, ok := strings.Cut(said, ": "); ok {
		said = after
	}
	code, quoted, _ := strings.Cut(said, " ")
	if text, err := strconv.Unquote(quoted); err == nil { // as the library writes an answer
		return code + " " + text
	}
	return said
}

// line makes a header's text of one line.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
