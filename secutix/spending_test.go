package secutix_test

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"guichet/domain"
	"guichet/secutix"
)

// recorder remembers what was asked of the platform, on its way there.
type recorder struct {
	next http.RoundTripper

	mu    sync.Mutex
	paths []string
	plain []string // asked without accepting gzip
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.paths = append(r.paths, req.URL.Path)
	if !strings.Contains(req.Header.Get("Accept-Encoding"), "gzip") {
		r.plain = append(r.plain, req.URL.Path)
	}
	r.mu.Unlock()
	return r.next.RoundTrip(req)
}

// over is the same border with its calls recorded, signing in as given.
func (b *border) over(tb testing.TB, auth string) *recorder {
	tb.Helper()
	r := &recorder{next: b.platform.Transport()}
	var settings []secutix.Settings
	for _, i := range b.platform.Institutions() {
		settings = append(settings, secutix.Settings{
			Code: domain.InstitutionCode(i.Code), BaseURL: "http://sim/" + i.Code, Operator: i.Operator, Partner: i.Partner, Auth: auth,
			Secret: domain.Secret(i.Secret), PartnerContact: i.PartnerContact, PendingMethod: i.PendingMethodCode,
		})
	}
	var err error
	b.Institutions, err = secutix.New(settings, secutix.Options{
		Transport: r, Meter: b.meter, Clock: b.platform.Clock.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestSpending_EveryCallAsksForGzipAndTokensCostNoCallOrOne(t *testing.T) {
	t.Parallel()
	for auth, logins := range map[string]int{"": 0, "login": 1} {
		t.Run("auth "+auth, func(t *testing.T) {
			t.Parallel()
			b := newBorder(t)
			r := b.over(t, auth)
			s := secutix.Sales{Institutions: b.Institutions}
			o := b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 2))
			h, err := s.Hold(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Close(t.Context(), held(o, h)); err != nil {
				t.Fatal(err)
			}
			if len(r.plain) > 0 {
				t.Errorf("asked without gzip: %v", r.plain)
			}
			made, signed := len(r.paths), 0
			for _, path := range r.paths {
				if strings.HasSuffix(path, "/auth") {
					signed++
				}
			}
			if signed != logins || made < 6 || len(b.meter.calls) != made {
				t.Errorf("%d calls, %d of them to sign in, %d counted: %v", made, signed, len(b.meter.calls), r.paths)
			}
		})
	}
}
