package storefront

import (
	"slices"
	"time"

	"guichet/domain"
)

// Scope is one thing a key may do.
type Scope string

// The scopes.
const (
	ScopeCatalog Scope = "catalog" // read what is for sale
	ScopeSell    Scope = "sell"    // hold, close, release
	ScopeDeliver Scope = "deliver" // tickets and barcodes
	ScopeGate    Scope = "gate"    // scans
	ScopeFinance Scope = "finance" // money reports, calls per order
	ScopeAdmin   Scope = "admin"   // everything under /v1/admin, every institution and storefront
)

// Scopes lists them all.
func Scopes() []Scope {
	return []Scope{ScopeCatalog, ScopeSell, ScopeDeliver, ScopeGate, ScopeFinance, ScopeAdmin}
}

// Key is a storefront's key as it is kept: without its secret.
type Key struct {
	ID           string // "key_…"
	PublicID     string // the <id> of gk_<id>_<secret>: 12 lower-case letters and digits, unique
	Digest       string // hex SHA-256 of the secret
	Storefront   string // the storefront's name: orders belong to it
	Label        string
	Scopes       []Scope
	Institutions []domain.InstitutionCode // nil is all
	CreatedAt    time.Time
	ExpiresAt    time.Time // zero is never
	RevokedAt    time.Time // zero is not revoked
}

// May reports whether the key has the scope; an admin key has every scope.
func (k Key) May(s Scope) bool {
	return slices.Contains(k.Scopes, s) || slices.Contains(k.Scopes, ScopeAdmin)
}

// Sees reports whether the key is bound to the institution.
func (k Key) Sees(code domain.InstitutionCode) bool {
	return k.Institutions == nil || slices.Contains(k.Institutions, code)
}
