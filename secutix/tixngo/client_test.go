package tixngo

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// script answers every request the same way and remembers the last one.
type script struct {
	status int
	header http.Header
	body   io.Reader
	err    error
	calls  int
	asked  *http.Request
	sent   string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.calls++
	s.asked = r
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.sent = string(b)
	if s.err != nil {
		return nil, s.err
	}
	header := s.header
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: s.status, Status: "x", Header: header, Body: io.NopCloser(s.body), Request: r}, nil
}

type spy struct {
	refuse   error
	entered  []Call
	outcomes []Outcome
}

func (s *spy) Enter(_ context.Context, c Call) error {
	s.entered = append(s.entered, c)
	return s.refuse
}
func (s *spy) Leave(_ Call, o Outcome) { s.outcomes = append(s.outcomes, o) }

const key = "k-very-secret-0123456789"

func client(t *testing.T, s http.RoundTripper, change ...func(*Options)) *Client {
	t.Helper()
	o := Options{
		BaseURL: "https://wallet.example/v3/organizer", Organizer: "theatre", Key: key, Transport: s,
		Clock: func() time.Time { return time.Unix(1_800_000_000, 0) }, Sleep: func(context.Context, time.Duration) error { return nil },
	}
	for _, c := range change {
		c(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func golden(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sameJSON(t *testing.T, want, got []byte) {
	t.Helper()
	var w, g any
	if err := errors.Join(json.Unmarshal(want, &w), json.Unmarshal(got, &g)); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if d := cmp.Diff(w, g); d != "" {
		t.Errorf("differs (-file +ours):\n%s", d)
	}
}

func sending[Q any](f func(*Client, context.Context, Q) (Results, error)) func(*testing.T, *Client, []byte) (any, error) {
	return func(t *testing.T, c *Client, request []byte) (any, error) {
		t.Helper()
		var q Q
		if err := json.Unmarshal(request, &q); err != nil {
			t.Fatal(err)
		}
		return f(c, t.Context(), q)
	}
}

func TestGolden_ClientSendsAndReadsTheFiles(t *testing.T) {
	t.Parallel()
	from := time.Date(2027, 3, 5, 0, 0, 0, 0, time.UTC)
	logs := func(t *testing.T, c *Client, _ []byte) (any, error) {
		t.Helper()
		return c.TicketStatusLogs(t.Context(), LogsRequest{MobileAppID: "app", From: from, To: from.Add(time.Hour), ActionNames: []string{"Download", "Log off"}, Limit: 5})
	}
	changes := func(t *testing.T, c *Client, _ []byte) (any, error) {
		t.Helper()
		return c.Changes(t.Context(), ChangesRequest{Limit: 7})
	}
	tickets := func(q TicketsRequest) func(*testing.T, *Client, []byte) (any, error) {
		return func(t *testing.T, c *Client, _ []byte) (any, error) { t.Helper(); return c.Tickets(t.Context(), q) }
	}
	for _, g := range []struct {
		request, response, address string
		call                       func(*testing.T, *Client, []byte) (any, error)
	}{
		{"injectTickets/request_v3.json", "injectTickets/response.json", "POST /v3/organizer/tickets", sending((*Client).InjectTickets)},
		{"injectTickets/request_v4.json", "injectTickets/response.json", "POST /v3/organizer/tickets", sending((*Client).InjectTickets)},
		{"deleteTickets/request.json", "deleteTickets/response.json", "POST /v3/organizer/tickets/delete", sending((*Client).DeleteTickets)},
		{"controlTickets/request.json", "controlTickets/response.json", "POST /v3/organizer/tickets/control", sending((*Client).ControlTickets)},
		{"injectPrivileges/request.json", "injectPrivileges/response.json", "POST /v3/organizer/privileges", sending((*Client).InjectPrivileges)},
		{"deletePrivileges/request.json", "deletePrivileges/response.json", "POST /v3/organizer/privileges/delete", sending((*Client).DeletePrivileges)},
		{"", "changes/response_v3.json", "GET /v3/organizer/tickets/diff?limit=7", changes},
		{"", "changes/response_v4.json", "GET /v3/organizer/tickets/diff?limit=7", changes},
		{"", "ticketStatusLogs/response.json", "GET /v3/organizer/report/ticket-status-logs?actionNames=Download&actionNames=Log+off&from=2027-03-05T00%3A00%3A00Z&limit=5&mobileAppId=app&to=2027-03-05T01%3A00%3A00Z", logs},
		{"", "tickets/response.json", "GET /v3/organizer/report/events/tickets?excludeDeleted=true&mobileAppId=app", tickets(TicketsRequest{MobileAppID: "app", ExcludeDeleted: true})},
		{"", "ticketsLight/response.json", "GET /v3/organizer/report/events/tickets-light?mobileAppId=app&offset=3", tickets(TicketsRequest{MobileAppID: "app", Light: true, Offset: 3})},
		{"", "eventTickets/response.json", "GET /v3/organizer/report/events/A%2FB/tickets?mobileAppId=app", tickets(TicketsRequest{MobileAppID: "app", EventID: "A/B"})},
		{"", "injectionReport/response.json", "GET /v3/organizer/report/injections?limit=2&period=2027-03", func(t *testing.T, c *Client, _ []byte) (any, error) {
			t.Helper()
			return c.InjectionReport(t.Context(), "2027-03", 2, 0)
		}},
	} {
		t.Run(g.response+" "+g.request, func(t *testing.T) {
			t.Parallel()
			answer := golden(t, g.response)
			s := &script{status: 200, body: bytes.NewReader(answer)}
			var request []byte
			if g.request != "" {
				request = golden(t, g.request)
			}
			out, err := g.call(t, client(t, s), request)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.asked.Method + " " + s.asked.URL.RequestURI(); got != g.address {
				t.Errorf("asked %s, not %s", got, g.address)
			}
			if s.asked.Header.Get("X-Tixngo-Key") != key {
				t.Error("the key is not in its header")
			}
			if request != nil {
				sameJSON(t, request, []byte(s.sent))
			}
			again, err := json.Marshal(out)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, answer, again)
		})
	}
}

func TestOptions_PathsHeadersAndTheInterfaceAddress_AreConfiguration(t *testing.T) {
	t.Parallel()
	s := &script{status: 204, body: strings.NewReader("")}
	c := client(t, s, func(o *Options) {
		o.BaseURL = "https://own.example/x/organizer/tickets/" // as S-360's interface wants it
		o.KeyHeader, o.KeyPrefix, o.Login, o.LoginHeader = "Authorization", "Bearer ", "a@example.org", "x-user"
		o.Paths = map[Operation]string{OpDeleteTickets: "/gone/now/"}
	})
	if _, err := c.DeleteTickets(t.Context(), DeleteRequest{}); err != nil {
		t.Fatal(err)
	}
	if got := s.asked.URL.String(); got != "https://own.example/x/organizer/gone/now" {
		t.Error(got)
	}
	if s.asked.Header.Get("Authorization") != "Bearer "+key || s.asked.Header.Get("X-User") != "a@example.org" {
		t.Errorf("headers: %v", s.asked.Header)
	}
}

func TestNew_NamesEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := New(Options{BaseURL: "ftp://x", Paths: map[Operation]string{"nonsense": "x", OpTickets: "/"}})
	for _, want := range []string{"base URL", "organizer", "key", "clock", "nonsense", "tickets is empty"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func TestCall_EveryBadAnswer_HasItsKindAndItsUncertainty(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for _, c := range []struct {
		name      string
		s         script
		kind      Kind
		uncertain bool
		reads     int // exchanges of a reading call
	}{
		{"no connection", script{err: dial}, KindUnavailable, false, 3},
		{"cut", script{err: io.ErrUnexpectedEOF}, KindUnavailable, true, 3},
		{"half a body", script{status: 200, body: io.MultiReader(strings.NewReader(`{"acc`), broken{})}, KindUnavailable, true, 3},
		{"page", script{status: 200, body: strings.NewReader("<html>")}, KindUnavailable, true, 3},
		{"bad gateway", script{status: 502, body: strings.NewReader("")}, KindUnavailable, true, 3},
		{"redirect", script{status: 302, header: http.Header{"Location": {"https://elsewhere.example"}}, body: strings.NewReader("")}, KindUnavailable, true, 3},
		{"limit", script{status: 429, body: strings.NewReader("")}, KindRateLimited, false, 1},
		{"key", script{status: 401, body: strings.NewReader("")}, KindAuth, false, 1},
		{"busy", script{status: 409, body: strings.NewReader("")}, KindBusy, false, 1},
		{"bad request", script{status: 400, body: strings.NewReader("")}, KindRequest, false, 1},
		{"path", script{status: 404, body: strings.NewReader("")}, KindGone, false, 1},
		{"crash", script{status: 500, body: strings.NewReader("")}, KindFault, true, 1},
		{"not JSON", script{status: 200, body: strings.NewReader("{")}, KindDecode, true, 1},
		{"list", script{status: 200, body: strings.NewReader("[1]")}, KindDecode, true, 1},
		{"too long", script{status: 200, body: strings.NewReader(strings.Repeat(" ", 2000))}, KindDecode, true, 1},
		{"odd compression", script{status: 200, header: http.Header{"Content-Encoding": {"br"}}, body: strings.NewReader("x")}, KindDecode, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			small := func(o *Options) { o.MaxResponseBytes = 1000 }
			writing, reading := c.s, c.s
			var e *Error
			_, err := client(t, &writing, small).InjectTickets(t.Context(), InjectRequest{})
			if !errors.As(err, &e) || e.Kind != c.kind || e.Uncertain() != c.uncertain {
				t.Fatalf("%v: kind %v, uncertain %v", err, e.Kind, e.Uncertain())
			}
			if want := map[bool]int{true: 3, false: 1}[c.name == "no connection"]; writing.calls != want {
				t.Errorf("a changing call was sent %d times, not %d", writing.calls, want)
			}
			if c.s.body != nil {
				return // its reader is used up
			}
			_, err = client(t, &reading, small).Changes(t.Context(), ChangesRequest{})
			if !errors.As(err, &e) || e.Uncertain() || reading.calls != c.reads {
				t.Errorf("reading: %v, uncertain %v, %d exchanges", err, e.Uncertain(), reading.calls)
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestError_TellsTheCode_AndNoneOfTheData(t *testing.T) {
	t.Parallel()
	s := &script{status: 422, header: http.Header{"Retry-After": {"7"}}, body: strings.NewReader(`{"error":{"code":"BAD_BATCH","message":"ada@example.org 300012345678 ` + key + `"},"n":4711123}`)}
	_, err := client(t, s).InjectTickets(t.Context(), InjectRequest{Tickets: List[Ticket]{{Security: Security{Barcode: "300012345678"}}}})
	var e *Error
	if !errors.As(err, &e) || e.Code != "BAD_BATCH" || e.RetryAfter != 7*time.Second {
		t.Fatalf("%#v", e)
	}
	if all := fmt.Sprintf("%v %+v", err, *e); strings.Contains(all, "ada@") || strings.Contains(all, "3000123") || strings.Contains(all, key) || strings.Contains(all, "4711123") {
		t.Errorf("data leaks: %s", all)
	}
	if got := fmt.Sprintf("%v %s %#v %v", Barcode("300012345678"), Barcode("300012345678"), Barcode("300012345678"), Secret(key)); strings.Contains(got, "00123") || strings.Contains(got, key) {
		t.Errorf("formatting leaks: %s", got)
	}
}

func TestGate_IsAskedOnce_AndToldTheBytesAsTheyTravelled(t *testing.T) {
	t.Parallel()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = io.WriteString(w, `{"result":[`+strings.Repeat(`{"ticketId":"1","status":"INJECTED"},`, 500)+`{"ticketId":"2","status":"NEW_ONE"}]}`)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	size := int64(z.Len())
	gate := &spy{}
	s := &script{status: 200, header: http.Header{"Content-Encoding": {"gzip"}}, body: &z}
	page, err := client(t, s, func(o *Options) { o.Gate = gate }).Changes(t.Context(), ChangesRequest{PageKey: "kept"})
	if err != nil || len(page.Result) != 501 || page.Result[500].Status != "NEW_ONE" || page.NextPageKey != "kept" {
		t.Fatalf("%d changes, key %q, %v", len(page.Result), page.NextPageKey, err)
	}
	if len(gate.entered) != 1 || len(gate.outcomes) != 1 || gate.entered[0].Operation != OpChanges || gate.entered[0].Changing {
		t.Fatalf("%+v", gate)
	}
	if o := gate.outcomes[0]; o.BytesIn < size || o.BytesIn > size+200 || o.BytesOut < 50 || o.Status != 200 {
		t.Errorf("%d bytes of %d: %+v", o.BytesIn, size, o)
	}
	shut := &spy{refuse: errors.New("later")}
	s = &script{}
	_, err = client(t, s, func(o *Options) { o.Gate = shut }).InjectTickets(t.Context(), InjectRequest{})
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindRefused || e.Uncertain() || s.calls != 0 || len(shut.outcomes) != 0 {
		t.Errorf("%v after %d exchanges", err, s.calls)
	}
}

func TestPage_AnItemThatCannotBeRead_HoldsUpNoOther(t *testing.T) {
	t.Parallel()
	body := `{"pagination":{"nextPageKey":12},"result":[{"ticketId":1,"status":"A","activated":"Y"},{"ticketId":{},"status":"B"},null,{"ticketId":"3","statusTime":"yesterday"},{"ticketId":"4","unheard":{"of":1}}]}`
	var p Page[Change]
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatal(err)
	}
	if p.NextPageKey != "12" || len(p.Result) != 2 || p.Broken != 3 || p.Result[0].TicketID != "1" || !p.Result[0].Activated || p.Result[1].TicketID != "4" {
		t.Errorf("%+v", p)
	}
}

func TestAmount_IsReadExactlyOrNotAtAll(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Amount{`45.5`: 45500, `"45"`: 45000, `0.001`: 1, `-2.50`: -2500, `null`: 0, `1.2500`: 1250} {
		var a Amount
		if err := json.Unmarshal([]byte(text), &a); err != nil || a != want {
			t.Errorf("%s is %d, not %d: %v", text, a, want, err)
		}
	}
	for _, text := range []string{`1.2345`, `1e3`, `"abc"`, `99999999999999999999`, `{}`, `"."`, `"--1"`} {
		var a Amount
		if err := json.Unmarshal([]byte(text), &a); err == nil {
			t.Errorf("%s is taken for %d", text, a)
		}
	}
	for n, want := range map[Amount]string{45500: "45.5", 45000: "45", 0: "0", 1: "0.001", -2500: "-2.5", 10000: "10", -1 << 63: "-9223372036854775.808"} {
		if b, err := json.Marshal(n); err != nil || string(b) != want {
			t.Errorf("%d is written %s, not %s", n, b, want)
		}
	}
}

func TestTime_ReadsItsVariants(t *testing.T) {
	t.Parallel()
	want := time.Date(2027, 3, 5, 18, 30, 0, 0, time.UTC)
	for _, text := range []string{`"2027-03-05T18:30:00Z"`, `"2027-03-05T19:30:00.000+01:00"`, `"2027-03-05T19:30:00+0100"`, `1804271400000`, `"2027-03-05T18:30Z"`} {
		var got Time
		if err := json.Unmarshal([]byte(text), &got); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v: %v", text, got, err)
		}
	}
}

func FuzzAnswer_NeverPanics_AndWhatIsReadCanBeWritten(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal("no seeds", err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, v := range []any{&InjectRequest{}, &PrivilegesRequest{}, &Results{}, &Page[Change]{}, &Page[StatusLog]{}, &Rows{}, &InjectionReport{}} {
			if json.Unmarshal(b, v) != nil {
				continue
			}
			if _, err := json.Marshal(v); err != nil {
				t.Fatalf("%T cannot be written: %v", v, err)
			}
		}
		_, _ = findCode(b), sample(b)
	})
}
