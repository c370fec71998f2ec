package s360

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func respond(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{},
		Body:       io.NopCloser(strings.NewReader(body)),
		Request:    r,
	}
}

func zipped(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHTTP_CountsCompressedBytes(t *testing.T) {
	t.Parallel()
	long := `{"statusCode":"success","statusDetail":"` + strings.Repeat("a", 100_000) + `"}`
	small := zipped(t, long)
	g := &recordingGate{}
	s := &script{steps: []step{{status: 200, body: string(small), header: http.Header{"Content-Encoding": {"gzip"}}}}}
	c := newTestClient(t, s, func(o *Options) { o.Gate = g })
	if err := c.Catalog.IsCatalogServiceAlive(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.asked[0].encoding != "gzip" {
		t.Errorf("asked for %q", s.asked[0].encoding)
	}
	if in := g.left[0].BytesIn; in < int64(len(small)) || in > int64(len(small))+200 {
		t.Errorf("%d bytes in, the body has %d", in, len(small))
	}
}

func TestHTTP_AnswersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	gzipped := http.Header{"Content-Encoding": {"gzip"}}
	whole := string(zipped(t, done))
	tests := []struct {
		name string
		step step
		kind Kind
	}{
		{"too large", ok(`{"statusCode":"success","x":"` + strings.Repeat("x", 2000) + `"}`), KindDecode},
		{"a bomb", step{status: 200, body: string(zipped(t, strings.Repeat("x", 100_000))), header: gzipped}, KindDecode},
		{"not gzip at all", step{status: 200, body: done, header: gzipped}, KindDecode},
		{"cut gzip", step{status: 200, body: whole[:len(whole)-6], header: gzipped}, KindUnavailable},
		{"another compression", step{status: 200, body: done, header: http.Header{"Content-Encoding": {"br"}}}, KindDecode},
		{"empty gzip", step{status: 200, header: gzipped}, KindDecode},
		{"limited, unreadable", step{status: 509, body: "x", header: gzipped}, KindRateLimited},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, &script{steps: []step{tt.step}}, func(o *Options) { o.MaxResponseBytes = 1000 })
			_, err := c.Orders.CloseOrder(t.Context(), CloseOrderRequest{OrderID: 1})
			if e := wantKind(t, err, tt.kind); e.Uncertain() != (tt.kind != KindRateLimited) {
				t.Errorf("uncertain %t", e.Uncertain())
			}
		})
	}
}

// TestHTTP_NeverLeftNeedsEvidence: a transport that says nothing about its
// connections, as an in-process one, leaves a change uncertain.
func TestHTTP_NeverLeftNeedsEvidence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		sent bool
	}{
		{"silence", errors.New("gone"), true},
		{"dialling", dialError(), false},
		{"no such host", &net.DNSError{Err: "no such host", Name: "x"}, false},
		{"reading", &net.OpError{Op: "read", Err: errors.New("reset")}, true},
		{"timeout", context.DeadlineExceeded, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, roundTrip(func(*http.Request) (*http.Response, error) { return nil, tt.err }))
			_, err := c.Orders.CloseOrder(t.Context(), CloseOrderRequest{OrderID: 1})
			if e := wantKind(t, err, KindUnavailable); e.Sent != tt.sent || e.Uncertain() != tt.sent || !errors.Is(err, tt.err) {
				t.Errorf("sent %t, uncertain %t, %v", e.Sent, e.Uncertain(), err)
			}
		})
	}
}

func TestHTTP_RealConnectionsTellWhetherTheRequestLeft(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}))
	defer server.Close()
	closeOrder := func(base string) *Error {
		c := newTestClient(t, nil, func(o *Options) { o.BaseURL = base })
		_, err := c.Orders.CloseOrder(t.Context(), CloseOrderRequest{OrderID: 1})
		return wantKind(t, err, KindUnavailable)
	}
	if e := closeOrder(server.URL); !e.Sent || !e.Uncertain() || calls.Load() != 1 {
		t.Errorf("cut off after arrival: %+v after %d calls", e, calls.Load())
	}
	nobody := httptest.NewServer(http.NotFoundHandler())
	address := nobody.URL
	nobody.Close()
	if e := closeOrder(address); e.Sent || e.Uncertain() {
		t.Errorf("nobody listens: %+v", e)
	}
}

func TestHTTP_RedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	s := &script{steps: []step{{status: 307, header: http.Header{"Location": {"http://elsewhere.example/"}}}, ok(done)}}
	_, err := newTestClient(t, s).Orders.CloseOrder(t.Context(), CloseOrderRequest{OrderID: 1})
	if e := wantKind(t, err, KindUnavailable); e.HTTPStatus != 307 || len(s.asked) != 1 {
		t.Errorf("%v after %d calls", err, len(s.asked))
	}
}

func TestHTTP_TimeoutIsOursAndStartsAfterTheGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hanging := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		start := time.Now()
		c := newTestClient(t, hanging, func(o *Options) {
			o.Gate = slowGate{}
			o.Clock = time.Now
		})
		_, err := c.Orders.CloseOrder(t.Context(), CloseOrderRequest{OrderID: 1})
		if e := wantKind(t, err, KindUnavailable); !e.Uncertain() || !errors.Is(err, errTimeout) {
			t.Errorf("uncertain %t, %v", e.Uncertain(), err)
		}
		if took := time.Since(start); took != 70*time.Second {
			t.Errorf("took %s: want 30 s at the gate and 40 s of call", took)
		}
	})
}

// slowGate lets a call wait for half a minute.
type slowGate struct{ openGate }

func (slowGate) Enter(ctx context.Context, _ Call) error { return sleep(ctx, 30*time.Second) }

func TestHTTP_CancelledBeforeSendingIsCertain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &script{}
	_, err := newTestClient(t, s).Orders.CloseOrder(ctx, CloseOrderRequest{OrderID: 1})
	if e := wantKind(t, err, KindUnavailable); e.Uncertain() || !errors.Is(err, context.Canceled) || len(s.asked) != 0 {
		t.Errorf("uncertain %t, %v, %d calls", e.Uncertain(), err, len(s.asked))
	}
}
