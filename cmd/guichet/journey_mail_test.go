package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// mailbox is a relay on this machine that keeps what it is given. It drops the connection after the first content, so that the
// first mail's outcome is not known to its sender.
type mailbox struct {
	listener net.Listener
	refuses  map[string]string // what it answers to a command instead
	mu       sync.Mutex
	mails    [][]byte
	heard    []string // the commands, in turn
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	return newRefusingMailbox(t, nil)
}

func newRefusingMailbox(t *testing.T, refuses map[string]string) *mailbox {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailbox{listener: l, refuses: refuses}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { m.talk(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return m
}

func (m *mailbox) talk(c net.Conn) {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	in := bufio.NewReader(c)
	answer := func(text string) { _, _ = io.WriteString(c, text+"\r\n") }
	answer("220 mailbox")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		m.mu.Lock()
		m.heard = append(m.heard, verb)
		m.mu.Unlock()
		if said := m.refuses[verb]; said != "" {
			answer(said)
			continue
		}
		switch verb {
		case "EHLO":
			answer("250-mailbox")
			answer("250 AUTH PLAIN")
		case "AUTH":
			answer("235 welcome")
		case "DATA":
			answer("354 go on")
			var content bytes.Buffer
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				content.WriteString(strings.TrimPrefix(line, "."))
			}
			m.mu.Lock()
			m.mails = append(m.mails, content.Bytes())
			first := len(m.mails) == 1
			m.mu.Unlock()
			if first {
				return
			}
			answer("250 taken")
		case "QUIT":
			answer("221 bye")
			return
		default:
			answer("250 yes")
		}
	}
}

func (m *mailbox) commands() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.heard)
}

func (m *mailbox) port() int { return m.listener.Addr().(*net.TCPAddr).Port }

func (m *mailbox) all() [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([][]byte(nil), m.mails...)
}

// attached is a mail's headers and its files by name.
func attached(t *testing.T, raw []byte) (mail.Header, map[string][]byte) {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	for r := multipart.NewReader(msg.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err != nil {
			return msg.Header, out
		}
		b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, p))
		if name := p.FileName(); name != "" {
			if err != nil {
				t.Fatal(err)
			}
			out[name] = b
		}
	}
}

// A sale is confirmed by a mail whose PDF has the barcodes; one whose outcome is lost is sent again under the same Message-ID;
// and the same request for another mail is one. What the institution calls off, the buyer is told by another.
func TestJourney_ASaleIsMailedWithItsBarcodes(t *testing.T) {
	t.Parallel()
	for kind, database := range databases(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			mailed(t, newStage(t, database), newMailbox(t))
		})
	}
}

func mailed(t *testing.T, s *stage, box *mailbox) {
	t.Helper()
	raw, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.config, strings.ReplaceAll(string(raw), "    barcode: ", "    mail_on_issue: true\n    mail_on_change: true\n    barcode: "))
	s.env = append(s.env, "GUICHET_SMTP_HOST=127.0.0.1", "GUICHET_SMTP_PORT="+strconv.Itoa(box.port()), "GUICHET_SMTP_SECURITY=plain", "GUICHET_SMTP_FROM=Tickets <tickets@tickets.example>",
		"GUICHET_LINK_SECRET="+strings.Repeat("a-secret-of-a-test-", 3), "GUICHET_PUBLIC_URL=https://tickets.example")
	ahead := filepath.Join(s.dir, "ahead")
	write(t, ahead, "0s")
	server, api := s.serve(t, "mailed", "--clock-file", ahead)
	shop := newClient(api, s.key(t, "web", "catalog,sell,deliver"))
	dated, _ := offers(t, shop, "theatre")
	keyed := func(path, key string, body any, status int) answer {
		t.Helper()
		a, err := shop.do(t.Context(), "POST", path, body, "Idempotency-Key", key)
		if err != nil || a.status != status {
			t.Fatalf("%s: %d %s, %v", path, a.status, a.body, err)
		}
		return a
	}
	held := keyed("/v1/orders", "mailed", map[string]any{
		"institution": "theatre", "reference": "M", "items": []any{withQuantity(dated[0], 2)},
		"buyer": map[string]any{"email": "ada@example.org", "first_name": "Ada", "last_name": "Muster", "language": "fr"},
	}, 201)
	id := str(held.json, "id")
	shop.must(t, "POST", "/v1/orders/"+id+"/close", map[string]any{"payment_reference": "P"}, 200)
	path := "/v1/orders/" + id
	states := func() (out []string) {
		for _, d := range items(shop.must(t, "GET", path+"/deliveries", nil, 200).json, "items") {
			out = append(out, str(d, "reason")+" "+str(d, "state")+" "+strconv.FormatInt(num(d, "attempts"), 10))
		}
		return out
	}
	eventually(t, 60, "the first attempt's answer is lost", func() bool { return len(box.all()) == 1 && states()[0] == "issued queued 1" })
	eventually(t, 150, "it is sent again", func() bool { return states()[0] == "issued sent 2" })
	for range 2 {
		keyed(path+"/deliver", "again", map[string]any{"to": "bob@example.org", "language": "de"}, 202)
	}
	eventually(t, 60, "the other one is sent", func() bool { list := states(); return len(list) == 2 && list[0] == "asked sent 1" })
	mails := box.all()
	if len(mails) != 3 {
		t.Fatalf("%d mails came", len(mails))
	}
	var barcodes []string
	for _, ticket := range items(shop.must(t, "GET", path+"/tickets", nil, 200).json, "items") {
		barcodes = append(barcodes, str(ticket, "barcode"))
	}
	ids := map[string]int{}
	for i, m := range mails {
		header, files := attached(t, m)
		ids[header.Get("Message-Id")]++
		if want := []string{"<ada@example.org>", "<ada@example.org>", "<bob@example.org>"}[i]; header.Get("To") != want {
			t.Errorf("mail %d is to %s", i, header.Get("To"))
		}
		if !bytes.Contains(files["calendar.ics"], []byte("BEGIN:VEVENT")) {
			t.Errorf("mail %d: calendar %q", i, files["calendar.ics"])
		}
		pdf := filepath.Join(s.dir, "mail"+strconv.Itoa(i)+".pdf")
		if err := os.WriteFile(pdf, files["tickets.pdf"], 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := decode(t.Context(), pdf)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range barcodes {
			if !strings.Contains(strings.Join(found, " "), b) {
				t.Errorf("mail %d: a barcode is not in its PDF, which has %d", i, len(found))
			}
		}
	}
	if len(ids) != 2 {
		t.Errorf("Message-IDs %v, want the first twice", ids)
	}
	contains(t, command(t, s.env, "doctor"), "ok    mail relay 127.0.0.1")
	if now := len(box.all()); now != len(mails) {
		t.Errorf("doctor sent %d mails", now-len(mails))
	}
	s.control.must(t, "POST", "/performances/"+strings.TrimPrefix(str(dated[0].line, "performance"), "theatre-")+"/cancel", nil, 200)
	write(t, ahead, "30m") // the platform gives no catalog again so soon
	newClient(api, s.key(t, "ops", "admin")).must(t, "POST", "/v1/admin/institutions/theatre/refresh", nil, 200)
	eventually(t, 150, "the buyer is told that it is called off", func() bool { list := states(); return len(list) == 3 && list[0] == "changed sent 1" })
	header, files := attached(t, box.all()[len(mails)])
	if header.Get("To") != "<ada@example.org>" || !bytes.Contains(files["calendar.ics"], []byte("STATUS:CANCELLED")) {
		t.Errorf("to %s, calendar %s", header.Get("To"), files["calendar.ics"])
	}
	server.stop(t)
	if log := server.log.String(); strings.Contains(log, "ada@example.org") || strings.Contains(log, "bob@example.org") {
		t.Error("the log names a buyer")
	}
}
