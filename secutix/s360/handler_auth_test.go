package s360

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

// claims returns what the token of a request says, and checks its signature.
func claims(t *testing.T, a asked) map[string]any {
	t.Helper()
	parser := jwt.NewParser(jwt.WithoutClaimsValidation(), jwt.WithValidMethods([]string{"HS256"}))
	m := jwt.MapClaims{}
	if _, err := parser.ParseWithClaims(strings.TrimPrefix(a.authorization, "Bearer "), m, func(*jwt.Token) (any, error) {
		return []byte("s3cr3t-of-the-operator"), nil
	}); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAuth_ForgesTheTokenAsConfigured(t *testing.T) {
	t.Parallel()
	seconds := float64(fixedNow().Unix())
	tests := []struct {
		name   string
		change func(*Options)
		want   map[string]any
	}{
		{"default", func(*Options) {}, map[string]any{"sub": "THEATRE", "aud": "THEATRE_RESELL", "iss": "our shop", "iat": seconds, "exp": seconds + 30}},
		{"lower case", func(o *Options) { o.SubjectCase = SubjectLower }, map[string]any{"sub": "theatre", "aud": "THEATRE_RESELL", "iss": "our shop", "iat": seconds, "exp": seconds + 30}},
		{"as it is", func(o *Options) { o.SubjectCase = SubjectAsIs }, map[string]any{"sub": "Theatre", "aud": "THEATRE_RESELL", "iss": "our shop", "iat": seconds, "exp": seconds + 30}},
		{"millis", func(o *Options) { o.IssuedAtMillis = true }, map[string]any{"sub": "THEATRE", "aud": "THEATRE_RESELL", "iss": "our shop", "iat": seconds * 1000, "exp": (seconds + 30) * 1000}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &script{steps: []step{ok(done)}}
			if err := newTestClient(t, s, tt.change).Catalog.IsCatalogServiceAlive(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, claims(t, s.asked[0])); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAuth_HeldUpDuringTheExchange_NextTokenHasTheTimeOfNow: the token was old
// when it arrived; what the exchange says of the platform's clock is worthless.
func TestAuth_HeldUpDuringTheExchange_NextTokenHasTheTimeOfNow(t *testing.T) {
	t.Parallel()
	resumed := fixedNow().Add(20 * time.Minute)
	date := http.Header{"Date": {resumed.Format(http.TimeFormat)}}
	s := &script{steps: []step{{status: 401, header: date}, {status: 200, body: done, header: date}}}
	c := newTestClient(t, s, func(o *Options) {
		o.Clock = func() time.Time { // stands still until the answer is there
			s.mu.Lock()
			defer s.mu.Unlock()
			if len(s.asked) == 0 {
				return fixedNow()
			}
			return resumed
		}
	})
	if err := c.Catalog.IsCatalogServiceAlive(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := claims(t, s.asked[1])["iat"], float64(resumed.Unix()); got != want {
		t.Errorf("the second token says %v, want %v", got, want)
	}
}

// TestAuth_RefusedTokenIsForgedByThePlatformsClock: the first refusal tells the
// time there, the second try uses it, and so does every later call.
func TestAuth_RefusedTokenIsForgedByThePlatformsClock(t *testing.T) {
	t.Parallel()
	date := http.Header{"Date": {fixedNow().Add(-90 * time.Second).Format(http.TimeFormat)}}
	s := &script{steps: []step{
		{status: 401, header: date},
		{status: 200, body: done, header: date},
		{status: 200, body: done, header: date},
	}}
	c := newTestClient(t, s)
	for range 2 {
		if err := c.Catalog.IsCatalogServiceAlive(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var got []float64
	for _, a := range s.asked {
		got = append(got, claims(t, a)["iat"].(float64)-float64(fixedNow().Unix()))
	}
	if diff := cmp.Diff([]float64{0, -90, -90}, got); diff != "" {
		t.Errorf("iat against our clock (-want +got):\n%s", diff)
	}
	if skew, measured := c.Skew(); !measured || skew != -89500*time.Millisecond {
		t.Errorf("skew %s, %t", skew, measured)
	}
}

// TestAuth_AcceptedTokenKeepsOurClock: a date that differs is no reason to
// forge otherwise while tokens are accepted.
func TestAuth_AcceptedTokenKeepsOurClock(t *testing.T) {
	t.Parallel()
	date := http.Header{"Date": {fixedNow().Add(-90 * time.Second).Format(http.TimeFormat)}}
	s := &script{steps: []step{{status: 200, body: done, header: date}, {status: 200, body: done, header: date}}}
	c := newTestClient(t, s)
	for range 2 {
		if err := c.Catalog.IsCatalogServiceAlive(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if iat := claims(t, s.asked[1])["iat"]; iat != float64(fixedNow().Unix()) {
		t.Errorf("iat %v", iat)
	}
}
