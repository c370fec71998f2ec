package storefront

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"guichet/domain"
)

// Deps is what a Service needs; all members are mandatory.
type Deps struct {
	Store Store
	Clock domain.Clock
	IDs   domain.IDs
	// Institutions are the ones that exist; a key for another one is refused.
	Institutions []domain.InstitutionCode
}

// Service makes, checks and revokes keys. It is safe for concurrent use.
type Service struct{ Deps }

// New makes a Service. It panics on a missing dependency.
func New(d Deps) *Service {
	if d.Store == nil || d.Clock == nil || d.IDs == nil {
		panic("storefront: Store, Clock and IDs are needed")
	}
	return &Service{d}
}

// NewKey asks for a key.
type NewKey struct {
	Storefront   string
	Label        string
	Scopes       []Scope
	Institutions []domain.InstitutionCode // nil is all
	ExpiresAt    time.Time                // zero is never
}

const keyPrefix = "gk_"

// Create makes a key and returns it with its token, which is shown this once and kept nowhere. Errors: key.input with
// every wrong member.
func (s *Service) Create(ctx context.Context, n NewKey) (Key, domain.Secret, error) {
	if err := s.check(n); err != nil {
		return Key{}, "", err
	}
	public, secret := randomText(6), randomText(32)
	k := Key{
		ID: s.IDs("key"), PublicID: public, Digest: digest(secret), Storefront: n.Storefront, Label: n.Label,
		Scopes: slices.Clone(n.Scopes), Institutions: slices.Clone(n.Institutions), CreatedAt: s.Clock(), ExpiresAt: n.ExpiresAt,
	}
	if err := s.Store.CreateKey(ctx, k); err != nil {
		return Key{}, "", err
	}
	return k, domain.Secret(keyPrefix + public + "_" + secret), nil
}

func (s *Service) check(n NewKey) error {
	bad := domain.Errorf(domain.Invalid, CodeKeyInput, "the key cannot be made as asked")
	if !validName(n.Storefront) {
		bad.WithField("/storefront", CodeKeyInput, "1 to 64 lower-case letters, digits, '-' and '_'")
	}
	if len(n.Label) > 200 {
		bad.WithField("/label", CodeKeyInput, "at most 200 bytes")
	}
	if len(n.Scopes) == 0 {
		bad.WithField("/scopes", CodeKeyInput, "at least one scope is needed")
	}
	for _, sc := range n.Scopes {
		if !slices.Contains(Scopes(), sc) {
			bad.WithField("/scopes", CodeKeyInput, "no scope "+string(sc))
		}
	}
	for _, code := range n.Institutions {
		if !slices.Contains(s.Institutions, code) {
			bad.WithField("/institutions", CodeKeyInput, "no institution "+string(code))
		}
	}
	if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(s.Clock()) {
		bad.WithField("/expires_at", CodeKeyInput, "the time is over")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func validName(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// Authenticate finds the key of a token. Errors: key.unknown (also for a wrong secret), key.revoked, key.expired.
func (s *Service) Authenticate(ctx context.Context, token string) (Key, error) {
	rest, ok := strings.CutPrefix(token, keyPrefix)
	public, secret, ok2 := strings.Cut(rest, "_")
	if !ok || !ok2 || len(public) > 32 || len(secret) > 128 {
		return Key{}, unknown()
	}
	k, err := s.Store.KeyByPublicID(ctx, public)
	if err != nil {
		if domain.HasCode(err, CodeKeyUnknown) {
			err = unknown()
		}
		return Key{}, err
	}
	switch {
	case !k.matches(secret):
		return Key{}, unknown()
	case !k.RevokedAt.IsZero():
		return Key{}, domain.Errorf(domain.Unauthenticated, CodeKeyRevoked, "the key was revoked")
	case !k.ExpiresAt.IsZero() && !s.Clock().Before(k.ExpiresAt):
		return Key{}, domain.Errorf(domain.Unauthenticated, CodeKeyExpired, "the key has expired")
	}
	return k, nil
}

// Keys lists every key, newest first.
func (s *Service) Keys(ctx context.Context) ([]Key, error) { return s.Store.Keys(ctx) }

// Revoke ends a key at once (on other replicas within seconds); revoking it again changes nothing. Errors: key.unknown.
func (s *Service) Revoke(ctx context.Context, id string) (Key, error) {
	return s.Store.RevokeKey(ctx, id, s.Clock())
}

func unknown() error {
	return domain.Errorf(domain.Unauthenticated, CodeKeyUnknown, "no such key")
}

// matches compares a secret with the key's in a time that says nothing about either.
func (k *Key) matches(secret string) bool {
	var buffer [128]byte
	sum := sha256.Sum256(append(buffer[:0], secret...))
	var want [2 * sha256.Size]byte
	n := copy(want[:], k.Digest)
	var got [2 * sha256.Size]byte
	hex.Encode(got[:], sum[:])
	return n == len(k.Digest) && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// randomText is n random bytes in hexadecimal.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails on supported systems
	return hex.EncodeToString(b)
}
