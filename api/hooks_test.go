package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"guichet/domain"
)

// pushed is a Hooks that remembers what it took.
type pushed struct {
	mu     sync.Mutex
	bodies []string
	fail   error
}

func (p *pushed) Known(code domain.InstitutionCode, token string) bool {
	return code == "play" && token == "0123456789abcdef"
}

func (p *pushed) Take(_ context.Context, _ domain.InstitutionCode, body []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bodies = append(p.bodies, string(body))
	return p.fail
}

func TestHooks_TakeWhateverComesWithTheToken(t *testing.T) {
	t.Parallel()
	p := &pushed{}
	r := newRig(t, func(d *Deps) { d.Hooks = p; d.MaxBody = 1024 })
	const address = "/v1/hooks/s360/play/0123456789abcdef"
	bodies := []string{`[{"id":1,"productFamilyType":"X"}]`, `{"a":1,"a":2}`, `<html>`, ``, strings.Repeat("x", maxPush)}
	for _, body := range bodies {
		for _, media := range []string{"application/json", "text/json; charset=utf-8", "application/vnd.s360+json", ""} {
			if a := r.do("", http.MethodPost, address, body, header("Content-Type", media)); a.status != 200 {
				t.Errorf("%.20q as %q: %d %s", body, media, a.status, a.body)
			}
		}
	}
	if len(p.bodies) != 4*len(bodies) || p.bodies[0] != bodies[0] || len(p.bodies[len(p.bodies)-1]) != maxPush {
		t.Errorf("%d bodies were taken", len(p.bodies))
	}
	if a := r.do("", http.MethodPost, address, strings.Repeat("x", maxPush+1)); a.status != 413 {
		t.Errorf("too much: %d %s", a.status, a.body)
	}
	for name, other := range map[string]string{
		"wrong token": "/v1/hooks/s360/play/0123456789abcdeg", "short token": "/v1/hooks/s360/play/0", "other institution": "/v1/hooks/s360/arena/0123456789abcdef",
		"unknown institution": "/v1/hooks/s360/nowhere/0123456789abcdef", "no token": "/v1/hooks/s360/play/", "more": address + "/x",
	} {
		if a := r.do("", http.MethodPost, other, "{}"); a.status != 404 || !strings.Contains(string(a.body), CodeRouteUnknown) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := r.do("", http.MethodGet, address, ""); a.status != 405 {
		t.Errorf("GET: %d", a.status)
	}
	if strings.Contains(r.log.String(), "0123456789abcdef") {
		t.Error("the token is in the log")
	}
	if a := newRig(t).do("", http.MethodPost, address, "{}"); a.status != 404 {
		t.Errorf("without webhooks: %d", a.status)
	}
}

func TestHooks_StoreAway_AsksToSendAgain(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]error{
		"known":  domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "away"),
		"others": errors.New("boom"), "refused": domain.Errorf(domain.Invalid, domain.CodeRequest, "no"), "broken": io.ErrUnexpectedEOF,
	} {
		r := newRig(t, func(d *Deps) { d.Hooks = &pushed{fail: fail} })
		a := r.do("", http.MethodPost, "/v1/hooks/s360/play/0123456789abcdef", "{}")
		if a.status != 503 || a.header.Get("Retry-After") == "" || strings.Contains(string(a.body), "boom") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}
