package delivery_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

const (
	oldSecret domain.Secret = "an-old-secret-of-more-than-32-characters"
	newSecret domain.Secret = "a-new-secret-of-more-than-32-characters!"
)

func at(t time.Time) domain.Clock { return func() time.Time { return t } }

func links(tb testing.TB, clock domain.Clock, secrets ...domain.Secret) *delivery.Links {
	tb.Helper()
	l, err := delivery.NewLinks(secrets, 30, clock)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func TestLinks_OpenGivesBackTheOrderUntilItExpires(t *testing.T) {
	t.Parallel()
	now := sample.Now()
	clock := func() time.Time { return now }
	l := links(t, clock, newSecret)
	until := now.Add(time.Hour).Truncate(time.Second)
	token := l.Token("ord_01KAJ0000000000000000HELD0", until)
	if id, err := l.Open(token); err != nil || id != "ord_01KAJ0000000000000000HELD0" {
		t.Errorf("%q, %v", id, err)
	}
	if len(token) > 70 || strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		t.Errorf("not short and URL-safe: %s", token)
	}
	now = until.Add(-time.Millisecond)
	if _, err := l.Open(token); err != nil {
		t.Errorf("just before it expires: %v", err)
	}
	now = until
	if _, err := l.Open(token); !domain.HasCode(err, delivery.CodeLinkExpired) || domain.AsError(err).Kind != domain.Gone {
		t.Errorf("expired: %v", err)
	}
}

func TestLinks_NothingWeDidNotSignOpens(t *testing.T) {
	t.Parallel()
	l := links(t, at(sample.Now()), newSecret)
	token := l.Token("ord_01KAJ0000000000000000HELD0", sample.Now().Add(time.Hour))
	other := links(t, at(sample.Now()), oldSecret).Token("ord_01KAJ0000000000000000HELD0", sample.Now().Add(time.Hour))
	for name, bad := range map[string]string{
		"empty": "", "short": "AAAA", "cut": token[:len(token)-1], "longer": token + "A", "other secret": other, "padding": token + "=", "long": strings.Repeat("A", 10_000),
		"no base64": "…" + token,
	} {
		if _, err := l.Open(bad); !domain.HasCode(err, delivery.CodeLinkUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) * 8 { // not one bit may be another: the time neither
		raw[i/8] ^= 1 << (i % 8)
		if id, err := l.Open(base64.RawURLEncoding.EncodeToString(raw)); err == nil {
			t.Errorf("bit %d changed: opens %s", i, id)
		}
		raw[i/8] ^= 1 << (i % 8)
	}
	rapid.Check(t, func(t *rapid.T) {
		if _, err := l.Open(rapid.String().Draw(t, "token")); !domain.HasCode(err, delivery.CodeLinkUnknown) {
			t.Fatalf("opens: %v", err)
		}
	})
}

func TestLinks_ANewSecretSignsAndTheOldOneStaysGood(t *testing.T) {
	t.Parallel()
	until := sample.Now().Add(time.Hour)
	old := links(t, at(sample.Now()), oldSecret).Token("ord_1", until)
	both := links(t, at(sample.Now()), newSecret, oldSecret)
	if _, err := both.Open(old); err != nil {
		t.Errorf("signed with the secret that is being given up: %v", err)
	}
	if both.Token("ord_1", until) != links(t, at(sample.Now()), newSecret).Token("ord_1", until) {
		t.Error("the first secret does not sign")
	}
	if _, err := links(t, at(sample.Now()), newSecret).Open(old); !domain.HasCode(err, delivery.CodeLinkUnknown) {
		t.Errorf("signed with a secret that was given up: %v", err)
	}
}

func TestNewLinks_RefusesWhatIsNotSafe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secrets []domain.Secret
		days    int
	}{
		"none": {nil, 30}, "short": {[]domain.Secret{"short"}, 30}, "twice": {[]domain.Secret{newSecret, newSecret}, 30},
		"no days": {[]domain.Secret{newSecret}, 0}, "too many days": {[]domain.Secret{newSecret}, 366},
	} {
		if _, err := delivery.NewLinks(c.secrets, c.days, at(sample.Now())); err == nil || strings.Contains(err.Error(), string(newSecret)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLink_LastsSomeDaysAfterTheLastPerformance(t *testing.T) {
	t.Parallel()
	o := sample.Issued()
	f := o.Lines[0].Facts
	end := f.End
	if end.IsZero() {
		end = f.Start
	}
	now := sample.Now()
	s := service(func(d *delivery.Deps) { d.Links = links(t, func() time.Time { return now }, newSecret) })
	token, until, err := s.Link(&o)
	if err != nil || !until.Equal(end.AddDate(0, 0, 30).Truncate(time.Second)) {
		t.Fatalf("%v, %v; want 30 days after %v", until, err, end)
	}
	if id, err := s.Links.Open(token); err != nil || id != o.ID {
		t.Errorf("%v %v", id, err)
	}
	now = until
	if _, _, err := s.Link(&o); !domain.HasCode(err, delivery.CodeLinkExpired) {
		t.Errorf("after that: %v", err)
	}
	held := sample.Held()
	if _, _, err := s.Link(&held); !domain.HasCode(err, sales.CodeTicketNotIssued) {
		t.Errorf("before the sale: %v", err)
	}
	if _, _, err := service().Link(&o); !domain.HasCode(err, delivery.CodeLinkOff) {
		t.Errorf("without a secret: %v", err)
	}
}
