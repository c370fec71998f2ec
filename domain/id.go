package domain

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
)

// IDs makes identifiers for the things we create: a prefix ("ord", "tkt") and a suffix that sorts by time of creation.
// Implementations are safe for concurrent use.
type IDs func(prefix string) string

// idAlphabet is Crockford's base 32: no I, L, O or U, and in ASCII order, so that text order is time order.
const idAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewIDs returns IDs whose suffix is 48 bits of milliseconds and 80 random bits in 26 characters, read from the clock
// given. Two ids of the same millisecond sort at random.
func NewIDs(clock Clock) IDs {
	enc := base32.NewEncoding(idAlphabet).WithPadding(base32.NoPadding)
	return func(prefix string) string {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], uint64(clock().UnixMilli())<<16)
		_, _ = rand.Read(b[6:]) // never fails on supported systems; the runtime stops the program if it does
		var text [64]byte
		return string(enc.AppendEncode(append(append(text[:0], prefix...), '_'), b[:]))
	}
}
