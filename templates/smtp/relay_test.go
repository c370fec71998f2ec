package smtp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
)

// server is a mail relay on the loopback that answers as it is told.
type server struct {
	t        *testing.T
	listener net.Listener
	cert     tls.Certificate
	roots    *x509.CertPool
	noTLS    bool
	left     chan struct{} // where it is there: told when a client hangs up
	// say answers a command ("MAIL", "RCPT", "DATA", "." after the content), by its text and how many came before it; empty is yes,
	// "drop" breaks the connection.
	say func(command, argument string, n int) string

	mu          sync.Mutex
	seen        map[string]int
	connections int
	mails       []received
	auth        []string
	plain       bool // something was said in the clear that should not have been
}

type received struct {
	from, to string
	raw      []byte
}

func newServer(t *testing.T, implicit bool, change ...func(*server)) *server {
	t.Helper()
	s := &server{t: t, seen: map[string]int{}, roots: x509.NewCertPool(), say: func(string, string, int) string { return "" }}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	s.roots.AddCert(leaf)
	for _, c := range change {
		c(s)
	}
	if s.listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if implicit {
		s.listener = tls.NewListener(s.listener, &tls.Config{Certificates: []tls.Certificate{s.cert}, MinVersion: tls.VersionTLS12})
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := s.listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.talk(c, implicit) })
		}
	})
	t.Cleanup(func() { _ = s.listener.Close(); wg.Wait() })
	return s
}

func (s *server) count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[what]++
	return s.seen[what] - 1
}

// talk is one connection, in the order that a relay's client keeps.
func (s *server) talk(c net.Conn, encrypted bool) {
	defer func() {
		_ = c.Close()
		if s.left != nil {
			s.left <- struct{}{}
		}
	}()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	s.mu.Lock()
	s.connections++
	s.mu.Unlock()
	in := bufio.NewReader(c)
	answer := func(text string) { _, _ = io.WriteString(c, text+"\r\n") }
	answer("220 relay")
	var now received
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, argument, _ := strings.Cut(line, " ")
		verb = strings.ToUpper(verb)
		said := s.say(verb, argument, s.count(verb))
		switch {
		case said == "drop":
			return
		case said != "":
			answer(said)
			continue
		}
		switch verb {
		case "EHLO", "HELO":
			answer("250-relay")
			if !encrypted && !s.noTLS {
				answer("250-STARTTLS")
			}
			answer("250-8BITMIME")
			answer("250 AUTH PLAIN LOGIN")
		case "STARTTLS":
			answer("220 go")
			secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{s.cert}, MinVersion: tls.VersionTLS12})
			if err := secure.Handshake(); err != nil {
				return
			}
			c, in, encrypted = secure, bufio.NewReader(secure), true
			answer = func(text string) { _, _ = io.WriteString(c, text+"\r\n") }
		case "AUTH":
			s.mu.Lock()
			s.auth, s.plain = append(s.auth, argument), s.plain || !encrypted
			s.mu.Unlock()
			answer("235 welcome")
		case "MAIL", "RCPT":
			if verb == "MAIL" {
				now = received{from: argument}
			} else {
				now.to += argument
			}
			s.mu.Lock()
			s.plain = s.plain || !encrypted
			s.mu.Unlock()
			answer("250 yes")
		case "DATA":
			answer("354 go on")
			if now.raw, err = content(in); err != nil {
				return
			}
			if said := s.say(".", "", s.count(".")); said == "drop" {
				s.keep(now) // the relay has it, and its answer is lost
				return
			} else if said != "" {
				answer(said)
				continue
			}
			s.keep(now)
			answer("250 taken")
		case "QUIT":
			answer("221 bye")
			return
		default:
			answer("250 yes")
		}
	}
}

func (s *server) keep(m received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
}

func content(in *bufio.Reader) ([]byte, error) {
	var b bytes.Buffer
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line == ".\r\n" {
			return b.Bytes(), nil
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

func (s *server) options(security Security) Options {
	return Options{
		Host: "127.0.0.1", Port: s.listener.Addr().(*net.TCPAddr).Port, Security: security, User: "us", Password: "secret",
		From: "Théâtre <tickets@tickets.example>", ReplyTo: "Help <help@tickets.example>", Timeout: 5 * time.Second, Roots: s.roots,
	}
}

func (s *server) relay(security Security) *Relay {
	s.t.Helper()
	r, err := New(s.options(security))
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func send(t *testing.T, r *Relay, list ...delivery.Message) (out []error) {
	t.Helper()
	c, err := r.Connect(t.Context())
	if err != nil {
		return []error{err}
	}
	defer func() { _ = c.Close() }()
	for _, m := range list {
		out = append(out, c.Send(t.Context(), m))
	}
	return out
}

// letter is a mail with everything that one has; its PDF is bytes that no encoding leaves as they are.
func letter() delivery.Message {
	return delivery.Message{
		ID: "mail_1@tickets.example", To: "ada@example.org", Language: "fr", Date: time.Date(2026, 10, 3, 18, 0, 0, 0, time.UTC),
		MailText: delivery.MailText{Subject: "Vos billets : Hamlet – Élodie", Text: "Bonjour\n.\n.. é", HTML: "<p>Bonjour é</p>"},
		Files: []delivery.MailFile{
			{Name: "tickets.pdf", Type: "application/pdf", Content: bytes.Repeat([]byte{0, '\r', '\n', '.', 255, '%'}, 5000)},
			{Name: "calendar.ics", Type: "text/calendar; charset=utf-8; method=PUBLISH", Content: []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")},
		},
	}
}

// parts reads a mail as its reader does: each leaf's content by its type or file name.
func parts(t *testing.T, raw []byte) (mail.Header, map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	out := map[string]string{}
	var walk func(kind, encoding, disposition string, body io.Reader)
	walk = func(kind, encoding, disposition string, body io.Reader) {
		media, params, err := mime.ParseMediaType(kind)
		if err != nil {
			t.Fatalf("%q: %v", kind, err)
		}
		if strings.HasPrefix(media, "multipart/") {
			for r := multipart.NewReader(body, params["boundary"]); ; {
				p, err := r.NextRawPart()
				if err != nil {
					return
				}
				walk(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.Header.Get("Content-Disposition"), p)
			}
		}
		switch strings.ToLower(encoding) {
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, body)
		case "quoted-printable":
			body = quotedprintable.NewReader(body)
		}
		b, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		if _, params, err := mime.ParseMediaType(disposition); err == nil && params["filename"] != "" {
			media = params["filename"]
		}
		out[media] = string(b)
	}
	walk(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), "", m.Body)
	return m.Header, out
}

func TestSend_ArrivesWholeOverEveryKindOfConnection(t *testing.T) {
	t.Parallel()
	for _, security := range []Security{StartTLS, TLS, Plain} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			s := newServer(t, security == TLS)
			if err := send(t, s.relay(security), letter())[0]; err != nil {
				t.Fatal(err)
			}
			if len(s.mails) != 1 || len(s.auth) != 1 || s.plain != (security == Plain) {
				t.Fatalf("%d mails, auth %v, in the clear %v", len(s.mails), s.auth, s.plain)
			}
			got, want := s.mails[0], letter()
			header, leaves := parts(t, got.raw)
			words := mime.WordDecoder{}
			for name, value := range map[string]string{
				"Subject": want.Subject, "Message-Id": "<mail_1@tickets.example>", "Auto-Submitted": "auto-generated", "Content-Language": "fr",
				"To": "<ada@example.org>", "From": "Théâtre <tickets@tickets.example>", "Reply-To": `"Help" <help@tickets.example>`, "Date": "Sat, 03 Oct 2026 18:00:00 +0000",
			} {
				if v, err := words.DecodeHeader(header.Get(name)); v != value || err != nil {
					t.Errorf("%s: %q, want %q", name, v, value)
				}
			}
			if header.Get("User-Agent")+header.Get("X-Mailer") != "" {
				t.Error("it tells what wrote it")
			}
			for name, value := range map[string]string{
				"text/plain": strings.ReplaceAll(want.Text, "\n", "\r\n"), "text/html": want.HTML, "tickets.pdf": string(want.Files[0].Content), "calendar.ics": string(want.Files[1].Content),
			} {
				if strings.ReplaceAll(leaves[name], "\r\n", "\n") != strings.ReplaceAll(value, "\r\n", "\n") || (name == "tickets.pdf" && leaves[name] != value) {
					t.Errorf("%s: %d bytes, want %d", name, len(leaves[name]), len(value))
				}
			}
			if !strings.HasPrefix(got.from, "FROM:<tickets@tickets.example>") || !strings.HasPrefix(got.to, "TO:<ada@example.org>") {
				t.Errorf("envelope %q %q", got.from, got.to)
			}
		})
	}
}

func TestSend_ManyGoOverOneConnection(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	for _, err := range send(t, s.relay(TLS), letter(), letter(), letter()) {
		if err != nil {
			t.Error(err)
		}
	}
	if len(s.mails) != 3 || s.connections != 1 {
		t.Errorf("%d mails over %d connections", len(s.mails), s.connections)
	}
}

// What an answer means for the mail.
func TestSend_SaysWhatAnAnswerMeans(t *testing.T) {
	t.Parallel()
	at := func(verb, answer string) func(*server) {
		return func(s *server) {
			s.say = func(v, _ string, _ int) string {
				if v == verb {
					return answer
				}
				return ""
			}
		}
	}
	for name, c := range map[string]struct {
		change    func(*server)
		code      string
		kind      domain.Kind
		uncertain bool
		detail    string
	}{
		"recipient later":        {at("RCPT", "451 4.2.1 greylisted"), delivery.CodeMailRelay, domain.Unavailable, false, "451 4.2.1 greylisted"},
		"recipient refused":      {at("RCPT", "550 5.1.1 no such user"), delivery.CodeMailRefused, domain.Conflict, false, "550 5.1.1 no such user"},
		"sender refused":         {at("MAIL", "550 5.7.1 not you"), delivery.CodeMailRelay, domain.Unavailable, false, "550 5.7.1 not you"},
		"content refused":        {at(".", "554 5.6.0 spam"), delivery.CodeMailRefused, domain.Conflict, false, "554 5.6.0 spam"},
		"content later":          {at(".", "452 4.3.1 full"), delivery.CodeMailRelay, domain.Unavailable, false, "452 4.3.1 full"},
		"dropped after content":  {at(".", "drop"), delivery.CodeMailRelay, domain.Unavailable, true, "may have been sent"},
		"dropped before content": {at("DATA", "drop"), delivery.CodeMailRelay, domain.Unavailable, false, "broke"},
		"login refused":          {at("AUTH", "535 5.7.8 no"), delivery.CodeMailRelay, domain.Unavailable, false, "let us in"},
		"no answer to the reset": {at("RSET", "drop"), "", "", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, true, c.change)
			err := send(t, s.relay(TLS), letter())[0]
			if c.code == "" {
				if err != nil || len(s.mails) != 1 {
					t.Errorf("%v after %d mails", err, len(s.mails))
				}
				return
			}
			e := domain.AsError(err)
			if e == nil || e.Code != c.code || e.Kind != c.kind || e.Uncertain != c.uncertain || !strings.Contains(e.Detail, c.detail) {
				t.Errorf("%+v", e)
			}
			if e != nil && strings.Contains(e.Detail, "ada@") {
				t.Errorf("%q names the recipient", e.Detail)
			}
		})
	}
}

func TestConnect_RefusesWhoIsNotTheRelayOrDoesNotEncrypt(t *testing.T) {
	t.Parallel()
	unknown := newServer(t, false)
	o := unknown.options(StartTLS)
	o.Roots = x509.NewCertPool()
	clear := newServer(t, false, func(s *server) { s.noTLS = true })
	for name, c := range map[string]struct {
		s *server
		o Options
	}{"unknown signer": {unknown, o}, "no STARTTLS": {clear, clear.options(StartTLS)}} {
		r, err := New(c.o)
		if err != nil {
			t.Fatal(err)
		}
		if err := send(t, r, letter())[0]; !domain.HasCode(err, delivery.CodeMailRelay) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
		if len(c.s.mails)+len(c.s.auth) != 0 || c.s.plain {
			t.Errorf("%s: it was told something", name)
		}
	}
}

func TestConnect_HangsUpWhereItIsNotLetIn(t *testing.T) {
	t.Parallel()
	for _, security := range []Security{StartTLS, Plain} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			s := newServer(t, false, func(s *server) {
				s.left = make(chan struct{}, 1)
				s.say = func(verb, _ string, _ int) string {
					if verb == "AUTH" {
						return "535 5.7.8 not you"
					}
					return ""
				}
			})
			if _, err := s.relay(security).Connect(t.Context()); !domain.HasCode(err, delivery.CodeMailRelay) {
				t.Fatal(err)
			}
			select {
			case <-s.left:
			case <-time.After(10 * time.Second):
				t.Error("the line stays open")
			}
		})
	}
}

func TestSend_AfterTheEndOfTheProgramNothingLeaves(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	c, err := s.relay(TLS).Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Send(ctx, letter()); !domain.HasCode(err, delivery.CodeMailRelay) || len(s.mails) != 0 {
		t.Errorf("%v, %d mails", err, len(s.mails))
	}
}

func TestNew_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := Options{Host: "relay.example", Security: TLS, From: "a@b.example"}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Options){
		"from": func(o *Options) { o.From = "nobody" }, "reply_to": func(o *Options) { o.ReplyTo = "x y" }, "security": func(o *Options) { o.Security = "ssl" },
		"host": func(o *Options) { o.Host = "" },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(strings.ToLower(err.Error()), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// Whatever stands in an address or a subject, a mail has the headers and the recipient that we gave it, and no others.
func FuzzMessage_HeadersCannotBeInjected(f *testing.F) {
	for _, s := range [][2]string{
		{"ada@example.org", "Hamlet\r\nBcc: eve@example.org"},
		{"ada@example.org\r\nRCPT TO:<eve@example.org>", "x"},
		{"ada@example.org", "=?utf-8?q?x=0D=0ABcc:_e@x?="},
		{"a@b,c@d", "\n\n<script>"},
		{"ada@example.org", "\u2028Bcc: x\x00\x0b"},
		{"<ada@example.org>", strings.Repeat("é", 500)},
	} {
		f.Add(s[0], s[1])
	}
	r, err := New(Options{Host: "relay.example", Security: TLS, From: "tickets@tickets.example"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to, subject string) {
		m := letter()
		m.To, m.Subject, m.Files = to, subject, nil
		msg, err := r.message(m)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if _, err := msg.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		header, leaves := parts(t, b.Bytes())
		for name := range header {
			switch name {
			case "From", "To", "Subject", "Message-Id", "Date", "Mime-Version", "Content-Type", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language":
			default:
				t.Errorf("%q %q give a header %s", to, subject, name)
			}
		}
		if list, err := header.AddressList("To"); err != nil || len(list) != 1 || list[0].Address != to {
			t.Errorf("%q is %v, %v", to, list, err)
		}
		if len(leaves) != 2 || len(header["Subject"]) != 1 {
			t.Errorf("%q: %d parts", subject, len(leaves))
		}
	})
}
