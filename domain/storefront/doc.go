// Package storefront says who may sell through us: keys, their scopes and the institutions they are bound to.
//
// A key is shown once, as "gk_<id>_<secret>"; only a digest of its secret is kept. The secret has 256 random bits, so a
// plain SHA-256 is enough: there is nothing to guess.
package storefront
