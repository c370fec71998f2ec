package storefront

import (
	"context"
	"time"
)

// Store keeps keys. Implementations are safe for concurrent use.
type Store interface {
	CreateKey(ctx context.Context, k Key) error
	// KeyByPublicID finds a key, revoked and expired ones included; domain.NotFound (key.unknown).
	KeyByPublicID(ctx context.Context, publicID string) (Key, error)
	// Keys lists every key, newest first.
	Keys(ctx context.Context) ([]Key, error)
	// RevokeKey sets RevokedAt unless it is set; domain.NotFound (key.unknown). The id is Key.ID or Key.PublicID.
	RevokeKey(ctx context.Context, id string, at time.Time) (Key, error)
}
