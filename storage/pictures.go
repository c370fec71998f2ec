package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"guichet/domain"
)

// CodePictureUnknown is the error of a picture that is not kept; CodePictureSize of one larger than all that may be.
const (
	CodePictureUnknown = "picture.unknown"
	CodePictureSize    = "picture.size"
)

// Picture is a picture as it was fetched.
type Picture struct {
	Content   []byte
	MediaType string
	FetchedAt time.Time
}

// Pictures keeps pictures that the catalog names, up to Options.PictureBytes in all; the oldest go first. It is safe for
// concurrent use.
type Pictures struct{ db *DB }

// Pictures returns the store of pictures.
func (db *DB) Pictures() *Pictures { return &Pictures{db: db} }

type pictureRow struct {
	Institution string `gorm:"primaryKey"`
	AddressKey  string `gorm:"primaryKey"`
	Address     string
	MediaType   string
	Size        int64
	FetchedAt   instant
	Content     []byte
}

// TableName implements gorm's Tabler.
func (pictureRow) TableName() string { return "pictures" }

func addressKey(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:])
}

// Get returns a kept picture; domain.NotFound (picture.unknown). Whether it is still fresh is the caller's to say.
func (p *Pictures) Get(ctx context.Context, code domain.InstitutionCode, address string) (Picture, error) {
	var row pictureRow
	err := p.db.read.WithContext(ctx).Take(&row, "institution = ? AND address_key = ?", string(code), addressKey(address)).Error
	if err != nil {
		unknown := domain.Errorf(domain.NotFound, CodePictureUnknown, "the picture is not kept")
		return Picture{}, translate("load picture", notFound(err, unknown))
	}
	return Picture{Content: row.Content, MediaType: row.MediaType, FetchedAt: time.Time(row.FetchedAt)}, nil
}

// Put keeps a picture in place of an earlier one of the address, and drops the oldest ones while all together are more
// than the bound. A picture larger than the bound is refused (picture.size).
func (p *Pictures) Put(ctx context.Context, code domain.InstitutionCode, address string, pic Picture) error {
	if int64(len(pic.Content)) > p.db.pictureBytes {
		return domain.Errorf(domain.Invalid, CodePictureSize, "the picture has more than %d bytes", p.db.pictureBytes)
	}
	content := pic.Content
	if content == nil {
		content = []byte{}
	}
	row := pictureRow{
		Institution: string(code), AddressKey: addressKey(address), Address: plain(address), MediaType: plain(pic.MediaType),
		Size: int64(len(content)), FetchedAt: instant(pic.FetchedAt), Content: content,
	}
	upsert := clause.OnConflict{
		Columns:   []clause.Column{{Name: "institution"}, {Name: "address_key"}},
		DoUpdates: clause.AssignmentColumns([]string{"media_type", "size", "fetched_at", "content"}),
	}
	return p.db.change(ctx, "keep picture", func(tx *gorm.DB) error {
		if err := tx.Clauses(upsert).Create(&row).Error; err != nil {
			return err
		}
		return dropOldest(tx, p.db.pictureBytes)
	})
}

// dropOldest deletes pictures, oldest first, until the rest fits.
func dropOldest(tx *gorm.DB, limit int64) error {
	var total int64
	if err := tx.Model(&pictureRow{}).Select("CAST(COALESCE(SUM(size), 0) AS BIGINT)").Scan(&total).Error; err != nil {
		return err
	}
	for total > limit {
		var oldest []pictureRow
		err := tx.Select("institution", "address_key", "size").Order("fetched_at, institution, address_key").Limit(batch).
			Find(&oldest).Error
		if err != nil {
			return err
		}
		if len(oldest) == 0 {
			return nil
		}
		for _, o := range oldest {
			if total <= limit {
				break
			}
			if err := tx.Delete(&pictureRow{}, "institution = ? AND address_key = ?", o.Institution, o.AddressKey).Error; err != nil {
				return err
			}
			total -= o.Size
		}
	}
	return nil
}
