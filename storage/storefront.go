package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"guichet/domain"
	"guichet/domain/storefront"
)

// Storefront is the storefront.Store. It is safe for concurrent use.
type Storefront struct{ db *DB }

var _ storefront.Store = (*Storefront)(nil)

// Storefront returns the store of keys, without a cache; NewCachedStorefront puts one in front.
func (db *DB) Storefront() *Storefront { return &Storefront{db: db} }

type storefrontKeyRow struct {
	ID           string `gorm:"primaryKey"`
	PublicID     string
	Digest       string
	Storefront   string
	Label        string
	Scopes       string
	Institutions string
	CreatedAt    instant `gorm:"autoCreateTime:false"`
	ExpiresAt    moment
	RevokedAt    moment
}

// TableName implements gorm's Tabler.
func (storefrontKeyRow) TableName() string { return "storefront_keys" }

func (r *storefrontKeyRow) toKey() (storefront.Key, error) {
	k := storefront.Key{
		ID: r.ID, PublicID: r.PublicID, Digest: r.Digest, Storefront: r.Storefront, Label: r.Label,
		CreatedAt: time.Time(r.CreatedAt), ExpiresAt: time.Time(r.ExpiresAt), RevokedAt: time.Time(r.RevokedAt),
	}
	if err := json.Unmarshal([]byte(r.Scopes), &k.Scopes); err != nil {
		return storefront.Key{}, fmt.Errorf("scopes of key %s cannot be read: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(r.Institutions), &k.Institutions); err != nil {
		return storefront.Key{}, fmt.Errorf("institutions of key %s cannot be read: %w", r.ID, err)
	}
	return k, nil
}

func fromStorefrontKey(k storefront.Key) (storefrontKeyRow, error) {
	scopes, err := json.Marshal(k.Scopes)
	if err != nil {
		return storefrontKeyRow{}, fmt.Errorf("scopes: %w", err)
	}
	institutions, err := json.Marshal(k.Institutions)
	if err != nil {
		return storefrontKeyRow{}, fmt.Errorf("institutions: %w", err)
	}
	return storefrontKeyRow{
		ID: k.ID, PublicID: k.PublicID, Digest: k.Digest, Storefront: k.Storefront, Label: k.Label, Scopes: string(scopes),
		Institutions: string(institutions), CreatedAt: instant(k.CreatedAt), ExpiresAt: moment(k.ExpiresAt),
		RevokedAt: moment(k.RevokedAt),
	}, nil
}

func errKeyUnknown() *domain.Error {
	return domain.Errorf(domain.NotFound, storefront.CodeKeyUnknown, "there is no such key")
}

// CreateKey implements storefront.Store. An id or public id that another key has is store.duplicate.
func (s *Storefront) CreateKey(ctx context.Context, k storefront.Key) error {
	row, err := fromStorefrontKey(k)
	if err != nil {
		return fmt.Errorf("create key: %w", err)
	}
	return s.db.change(ctx, "create key", func(tx *gorm.DB) error { return tx.Create(&row).Error })
}

// KeyByPublicID implements storefront.Store.
func (s *Storefront) KeyByPublicID(ctx context.Context, publicID string) (storefront.Key, error) {
	var row storefrontKeyRow
	if err := s.db.read.WithContext(ctx).Take(&row, "public_id = ?", plain(publicID)).Error; err != nil {
		return storefront.Key{}, translate("find key", notFound(err, errKeyUnknown()))
	}
	return row.toKey()
}

// Keys implements storefront.Store.
func (s *Storefront) Keys(ctx context.Context) ([]storefront.Key, error) {
	var rows []storefrontKeyRow
	if err := s.db.read.WithContext(ctx).Order("created_at DESC, id DESC").Find(&rows).Error; err != nil {
		return nil, translate("list keys", err)
	}
	keys := make([]storefront.Key, 0, len(rows))
	for i := range rows {
		k, err := rows[i].toKey()
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// RevokeKey implements storefront.Store. A key that is revoked already keeps its first time.
func (s *Storefront) RevokeKey(ctx context.Context, id string, at time.Time) (storefront.Key, error) {
	var row storefrontKeyRow
	err := s.db.change(ctx, "revoke key", func(tx *gorm.DB) error {
		err := forUpdate(tx).Take(&row, "id = ? OR public_id = ?", plain(id), plain(id)).Error
		if err != nil {
			return notFound(err, errKeyUnknown())
		}
		if !time.Time(row.RevokedAt).IsZero() {
			return nil
		}
		row.RevokedAt = moment(millis(at))
		return tx.Model(&storefrontKeyRow{}).Where("id = ?", row.ID).UpdateColumn("revoked_at", row.RevokedAt).Error
	})
	if err != nil {
		return storefront.Key{}, err
	}
	return row.toKey()
}
