package storage

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/patrickmn/go-cache"

	"guichet/domain"
	"guichet/domain/storefront"
)

// unknownKept bounds how many public ids are remembered as unknown, so that a flood of invented keys costs neither
// memory nor, for those remembered, the database.
const unknownKept = 10_000

// KeyCache is a storefront.Store that remembers KeyByPublicID for a short time; everything else goes to the store
// behind it. A key made or revoked through it is seen at once; one revoked elsewhere works on for up to the lifetime.
// It is safe for concurrent use.
type KeyCache struct {
	storefront.Store
	known, unknown *cache.Cache // nil: off

	mu    sync.Mutex
	round uint64 // rises with every change, so that an answer read before it is not remembered after it
}

var _ storefront.Store = (*KeyCache)(nil)

// NewKeyCache puts a cache in front of a store. A lifetime of zero or less turns it off.
func NewKeyCache(behind storefront.Store, lifetime time.Duration) *KeyCache {
	c := &KeyCache{Store: behind}
	if lifetime > 0 { // no clean-up interval: it would start a goroutine that nobody stops
		c.known, c.unknown = cache.New(lifetime, 0), cache.New(lifetime, 0)
	}
	return c
}

// KeyByPublicID implements storefront.Store.
func (c *KeyCache) KeyByPublicID(ctx context.Context, publicID string) (storefront.Key, error) {
	if c.known == nil {
		return c.Store.KeyByPublicID(ctx, publicID)
	}
	if v, ok := c.known.Get(publicID); ok {
		if k, ok := v.(storefront.Key); ok {
			return k, nil // callers read its lists and never write them
		}
	}
	if _, ok := c.unknown.Get(publicID); ok {
		return storefront.Key{}, errKeyUnknown()
	}
	round := c.now()
	k, err := c.Store.KeyByPublicID(ctx, publicID)
	c.remember(round, publicID, k, err)
	return k, err
}

func (c *KeyCache) now() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.round
}

func (c *KeyCache) remember(round uint64, publicID string, k storefront.Key, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case round != c.round: // something changed while we read
	case err == nil:
		c.known.SetDefault(publicID, cloneKey(k))
	case domain.HasCode(err, storefront.CodeKeyUnknown):
		if c.unknown.ItemCount() >= unknownKept { // starting anew costs nothing; looking for the expired ones would
			c.unknown.Flush()
		}
		c.unknown.SetDefault(publicID, struct{}{})
	}
}

// CreateKey implements storefront.Store.
func (c *KeyCache) CreateKey(ctx context.Context, k storefront.Key) error {
	err := c.Store.CreateKey(ctx, k)
	c.forget(k.PublicID)
	return err
}

// RevokeKey implements storefront.Store.
func (c *KeyCache) RevokeKey(ctx context.Context, id string, at time.Time) (storefront.Key, error) {
	k, err := c.Store.RevokeKey(ctx, id, at)
	switch {
	case err == nil:
		c.forget(k.PublicID)
	case !domain.HasCode(err, storefront.CodeKeyUnknown): // it may have been revoked all the same
		c.forgetAll()
	}
	return k, err
}

func (c *KeyCache) forget(publicID string) {
	if c.known == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.round++
	c.known.Delete(publicID)
	c.unknown.Delete(publicID)
}

func (c *KeyCache) forgetAll() {
	if c.known == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.round++
	c.known.Flush()
}

// cloneKey copies what a caller could change.
func cloneKey(k storefront.Key) storefront.Key {
	k.Scopes = slices.Clone(k.Scopes)
	k.Institutions = slices.Clone(k.Institutions)
	return k
}
