package s360

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// step is one answer of a scripted platform.
type step struct {
	status int
	body   string
	header http.Header
	err    error
}

// script answers one request after another and keeps what was asked. A request
// beyond the script fails the test's expectation as an error.
type script struct {
	mu    sync.Mutex
	steps []step
	asked []asked
}

type asked struct {
	path, body, authorization, encoding string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.asked = append(s.asked, asked{
		path:          r.URL.Path,
		body:          string(body),
		authorization: r.Header.Get("Authorization"),
		encoding:      r.Header.Get("Accept-Encoding"),
	})
	if len(s.asked) > len(s.steps) {
		return nil, errors.New("the script has ended")
	}
	next := s.steps[len(s.asked)-1]
	if next.err != nil {
		return nil, next.err
	}
	if next.header == nil {
		next.header = http.Header{}
	}
	return &http.Response{
		StatusCode: next.status,
		Status:     http.StatusText(next.status),
		Header:     next.header,
		Body:       io.NopCloser(strings.NewReader(next.body)),
		Request:    r,
	}, nil
}

func (s *script) bodies() []string {
	bodies := make([]string, 0, len(s.asked))
	for _, a := range s.asked {
		bodies = append(bodies, a.body)
	}
	return bodies
}

// fixedNow is the time of every test that does not say otherwise.
func fixedNow() time.Time { return time.Date(2026, 9, 20, 8, 0, 0, 0, time.UTC) }

// testOptions returns options whose pauses take no time.
func testOptions(transport http.RoundTripper) Options {
	return Options{
		BaseURL:     "http://theatre.example/theatre",
		Institution: "Theatre",
		Operator:    "THEATRE_RESELL",
		Partner:     "our shop",
		Secret:      "s3cr3t-of-the-operator",
		Transport:   transport,
		Clock:       fixedNow,
		Sleep:       func(context.Context, time.Duration) error { return nil },
	}
}

func newTestClient(t *testing.T, transport http.RoundTripper, change ...func(*Options)) *Client {
	t.Helper()
	o := testOptions(transport)
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ok(body string) step { return step{status: http.StatusOK, body: body} }
