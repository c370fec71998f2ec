package storage_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"guichet/domain"
	"guichet/domain/storefront"
	"guichet/storage"
)

// fakeKeys is a store of one key that counts how often it is asked.
type fakeKeys struct {
	storefront.Store
	key    storefront.Key
	asked  int
	during func() // runs after the key was read, before it is returned
}

func (f *fakeKeys) KeyByPublicID(_ context.Context, publicID string) (storefront.Key, error) {
	f.asked++
	k := f.key
	if f.during != nil {
		f.during()
	}
	if publicID != k.PublicID {
		return storefront.Key{}, domain.Errorf(domain.NotFound, storefront.CodeKeyUnknown, "no such key")
	}
	return k, nil
}

func (f *fakeKeys) RevokeKey(_ context.Context, _ string, at time.Time) (storefront.Key, error) {
	f.key.RevokedAt = at
	return f.key, nil
}

func TestKeyCache_RemembersForItsLifetime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		behind := &fakeKeys{key: storefront.Key{PublicID: "a"}}
		c := storage.NewKeyCache(behind, time.Second)
		ask := func(publicID string, times, want int) {
			t.Helper()
			behind.asked = 0
			for range times {
				_, _ = c.KeyByPublicID(t.Context(), publicID)
			}
			if behind.asked != want {
				t.Errorf("%s was asked %d times, want %d", publicID, behind.asked, want)
			}
		}
		ask("a", 3, 1)
		ask("none", 3, 1)
		time.Sleep(2 * time.Second) // in the bubble: no real time passes
		ask("a", 3, 1)
		ask("none", 3, 1)
	})
}

func TestKeyCache_RevokedWhileReading_IsNotRemembered(t *testing.T) {
	t.Parallel()
	behind := &fakeKeys{key: storefront.Key{PublicID: "a"}}
	c := storage.NewKeyCache(behind, time.Hour)
	behind.during = func() {
		behind.during = nil
		if _, err := c.RevokeKey(t.Context(), "a", time.Unix(1, 0)); err != nil {
			t.Error(err)
		}
	}
	if k, err := c.KeyByPublicID(t.Context(), "a"); err != nil || !k.RevokedAt.IsZero() {
		t.Fatalf("the read that began before: %v, %v", k, err)
	}
	if k, err := c.KeyByPublicID(t.Context(), "a"); err != nil || k.RevokedAt.IsZero() {
		t.Errorf("the revoked key is still good: %v, %v", k, err)
	}
}

func TestKeyCache_FloodOfInventedKeys_IsBounded(t *testing.T) {
	t.Parallel()
	behind := &fakeKeys{key: storefront.Key{PublicID: "a"}}
	c := storage.NewKeyCache(behind, time.Hour)
	ask := func(n, want int) {
		t.Helper()
		before := behind.asked
		_, _ = c.KeyByPublicID(t.Context(), fmt.Sprintf("invented%d", n))
		if behind.asked-before != want {
			t.Errorf("invented key %d asked the store %d times, want %d", n, behind.asked-before, want)
		}
	}
	const flood = 15_000
	for n := range flood {
		ask(n, 1)
	}
	ask(flood-1, 0) // remembered
	ask(0, 1)       // forgotten: no more than 10,000 are kept
}
