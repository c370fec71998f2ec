package s360

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// echoing answers with everything it was told and a few things more. It logs in
// properly.
type echoing struct {
	format string
	status int

	mu     sync.Mutex
	tokens []string
}

func (e *echoing) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	status := e.status
	var answer string
	if strings.HasSuffix(r.URL.Path, "/auth") && len(e.tokens) == 0 {
		status, answer = http.StatusOK, `{"token":"tok-in-words"}`
	} else {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if token != "" {
			e.tokens = append(e.tokens, token)
		}
		told := strings.ReplaceAll(string(body), `"`, "'") + " " + token + " open sesame 004200000000000000000017 a.buyer@example.org"
		answer = strings.ReplaceAll(e.format, "%s", told)
	}
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{},
		Body:       io.NopCloser(strings.NewReader(answer)),
		Request:    r,
	}, nil
}

func wantError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("err = %v", err)
	}
	return e
}

// inner returns the *Error that e wraps, if any.
func inner(e *Error) *Error {
	var of *Error
	if errors.As(e.Err, &of) {
		return of
	}
	return nil
}
