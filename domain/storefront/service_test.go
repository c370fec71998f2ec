package storefront_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/sample"
	"guichet/domain/storefront"
)

// store is a storefront.Store in memory.
type store struct {
	keys map[string]storefront.Key // by public id
	fail error
}

func unknown() error { return domain.Errorf(domain.NotFound, storefront.CodeKeyUnknown, "none") }

func (s *store) CreateKey(_ context.Context, k storefront.Key) error {
	s.keys[k.PublicID] = k
	return s.fail
}

func (s *store) KeyByPublicID(_ context.Context, id string) (storefront.Key, error) {
	if s.fail != nil {
		return storefront.Key{}, s.fail
	}
	k, ok := s.keys[id]
	if !ok {
		return k, unknown()
	}
	return k, nil
}

func (s *store) Keys(context.Context) ([]storefront.Key, error) {
	var out []storefront.Key
	for _, k := range s.keys {
		out = append(out, k)
	}
	return out, s.fail
}

func (s *store) RevokeKey(_ context.Context, id string, at time.Time) (storefront.Key, error) {
	for public, k := range s.keys {
		if k.ID == id || public == id {
			if k.RevokedAt.IsZero() {
				k.RevokedAt = at
				s.keys[public] = k
			}
			return k, nil
		}
	}
	return storefront.Key{}, unknown()
}

type desk struct {
	*storefront.Service
	store *store
	now   time.Time
}

func newDesk(tb testing.TB) *desk {
	tb.Helper()
	d := &desk{store: &store{keys: map[string]storefront.Key{}}, now: sample.Now()}
	d.Service = storefront.New(storefront.Deps{
		Store: d.store, Clock: func() time.Time { return d.now }, IDs: sample.IDs(), Institutions: []domain.InstitutionCode{sample.Code, "museum"},
	})
	return d
}

func (d *desk) create(tb testing.TB, n storefront.NewKey) (storefront.Key, string) {
	tb.Helper()
	k, token, err := d.Create(tb.Context(), n)
	if err != nil {
		tb.Fatal(err)
	}
	return k, token.Reveal()
}

func TestNew_MissingDependencyPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	storefront.New(storefront.Deps{})
}

func TestCreate_TokenIsShownOnceAndOnlyItsDigestKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	k, token := d.create(t, sample.NewKey())
	if !regexp.MustCompile(`^gk_[0-9a-f]{12}_[0-9a-f]{64}$`).MatchString(token) {
		t.Errorf("token %q", token)
	}
	secret := token[strings.LastIndex(token, "_")+1:]
	if kept := fmt.Sprintf("%#v", d.store.keys); strings.Contains(kept, secret) {
		t.Error("the secret is kept")
	}
	if k.PublicID != token[3:15] || k.ID != "key_000001" || !k.CreatedAt.Equal(d.now) || k.Storefront != sample.Shop || k.Label != "web shop" {
		t.Errorf("key %+v", k)
	}
	_, other := d.create(t, sample.NewKey())
	if other == token {
		t.Error("two keys are the same")
	}
}

func TestAuthenticate_FindsTheKey(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	k, token := d.create(t, sample.NewKey())
	d.create(t, sample.NewKey())
	got, err := d.Authenticate(t.Context(), token)
	if diff := cmp.Diff(k, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestAuthenticate_WhateverIsWrongLooksTheSame(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, token := d.create(t, sample.NewKey())
	_, other := d.create(t, sample.NewKey())
	public := token[:16]
	for name, wrong := range map[string]string{
		"empty": "", "no prefix": token[3:], "other prefix": "pk_" + token[3:], "no secret": public, "empty secret": public, "only prefix": "gk_",
		"secret of another": public + other[16:], "cut short": token[:len(token)-1], "longer": token + "0", "other case": strings.ToUpper(token),
		"unknown": "gk_000000000000_" + token[16:], "endless": "gk_" + strings.Repeat("a", 1<<20) + "_x", "endless secret": public + strings.Repeat("a", 1<<20),
		"blank before": " " + token, "digest as secret": public + d.store.keys[token[3:15]].Digest,
	} {
		_, err := d.Authenticate(t.Context(), wrong)
		e := domain.AsError(err)
		if e == nil || e.Kind != domain.Unauthenticated || e.Code != storefront.CodeKeyUnknown || e.Detail != "no such key" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAuthenticate_RevokedAtOnceExpiredInTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	n := sample.NewKey()
	n.ExpiresAt = d.now.Add(time.Hour)
	k, token := d.create(t, n)
	d.now = d.now.Add(time.Hour - time.Millisecond)
	if _, err := d.Authenticate(t.Context(), token); err != nil {
		t.Errorf("a moment before: %v", err)
	}
	d.now = d.now.Add(time.Millisecond)
	if _, err := d.Authenticate(t.Context(), token); !domain.HasCode(err, storefront.CodeKeyExpired) {
		t.Errorf("expired: %v", err)
	}
	first, err := d.Revoke(t.Context(), k.ID)
	if err != nil || !first.RevokedAt.Equal(d.now) {
		t.Errorf("%+v, %v", first, err)
	}
	d.now = d.now.Add(time.Hour)
	if again, err := d.Revoke(t.Context(), k.PublicID); err != nil || !again.RevokedAt.Equal(first.RevokedAt) {
		t.Errorf("revoked again: %s, %v", again.RevokedAt, err)
	}
	if _, err := d.Authenticate(t.Context(), token); !domain.HasCode(err, storefront.CodeKeyRevoked) {
		t.Errorf("revoked: %v", err)
	}
	wrong := token[:len(token)-1] + "x"
	if _, err := d.Authenticate(t.Context(), wrong); !domain.HasCode(err, storefront.CodeKeyUnknown) {
		t.Errorf("a wrong secret tells that the key was revoked: %v", err)
	}
	if _, err := d.Revoke(t.Context(), "key_x"); !domain.HasCode(err, storefront.CodeKeyUnknown) {
		t.Errorf("unknown: %v", err)
	}
}

func TestAuthenticate_DatabaseDownIsNotAnUnknownKey(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, token := d.create(t, sample.NewKey())
	d.store.fail = domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "down")
	if _, err := d.Authenticate(t.Context(), token); !domain.HasCode(err, domain.CodeStoreUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestCreate_NamesEveryWrongMember(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*storefront.NewKey)
		want   []string
	}{
		"no storefront":       {func(n *storefront.NewKey) { n.Storefront = "" }, []string{"/storefront"}},
		"capitals":            {func(n *storefront.NewKey) { n.Storefront = "Web" }, []string{"/storefront"}},
		"long storefront":     {func(n *storefront.NewKey) { n.Storefront = strings.Repeat("a", 65) }, []string{"/storefront"}},
		"long label":          {func(n *storefront.NewKey) { n.Label = strings.Repeat("a", 201) }, []string{"/label"}},
		"no scope":            {func(n *storefront.NewKey) { n.Scopes = nil }, []string{"/scopes"}},
		"unknown scope":       {func(n *storefront.NewKey) { n.Scopes = append(n.Scopes, "all") }, []string{"/scopes"}},
		"unknown institution": {func(n *storefront.NewKey) { n.Institutions = []domain.InstitutionCode{"nowhere"} }, []string{"/institutions"}},
		"over":                {func(n *storefront.NewKey) { n.ExpiresAt = sample.Now() }, []string{"/expires_at"}},
		"everything": {func(n *storefront.NewKey) {
			*n = storefront.NewKey{ExpiresAt: sample.Now().Add(-time.Hour), Institutions: []domain.InstitutionCode{"x"}}
		}, []string{"/storefront", "/scopes", "/institutions", "/expires_at"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			n := sample.NewKey()
			tt.change(&n)
			_, token, err := d.Create(t.Context(), n)
			e := domain.AsError(err)
			if e == nil || e.Kind != domain.Invalid || e.Code != storefront.CodeKeyInput || token != "" || len(d.store.keys) != 0 {
				t.Fatalf("got %v", err)
			}
			var got []string
			for _, f := range e.Fields {
				got = append(got, f.Pointer)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestKey_MayAndSees(t *testing.T) {
	t.Parallel()
	sell := storefront.Key{Scopes: []storefront.Scope{storefront.ScopeSell}, Institutions: []domain.InstitutionCode{sample.Code}}
	admin := storefront.Key{Scopes: []storefront.Scope{storefront.ScopeAdmin}}
	for _, s := range storefront.Scopes() {
		if got := sell.May(s); got != (s == storefront.ScopeSell) {
			t.Errorf("a selling key may %s: %t", s, got)
		}
		if !admin.May(s) {
			t.Errorf("an admin key may not %s", s)
		}
	}
	if !sell.Sees(sample.Code) || sell.Sees("museum") || !admin.Sees("museum") {
		t.Error("institutions")
	}
	if (storefront.Key{Institutions: []domain.InstitutionCode{}}).Sees(sample.Code) {
		t.Error("a key bound to none sees one")
	}
}
