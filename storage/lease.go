package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"guichet/domain"
)

// CodeLeaseLost is the error of a lease that somebody else has by now, or nobody.
const CodeLeaseLost = "lease.lost"

// Leases are named rights that one owner has for a time: work that only one process may do. Times are the clock's given to
// Open, so a lease must be much longer than the clocks of the machines differ. It is safe for concurrent use.
type Leases struct{ db *DB }

// Leases returns the store of leases.
func (db *DB) Leases() *Leases { return &Leases{db: db} }

type leaseRow struct {
	Name      string `gorm:"primaryKey"`
	Owner     string
	ExpiresAt instant
}

// TableName implements gorm's Tabler.
func (leaseRow) TableName() string { return "leases" }

// Acquire takes the lease for ttl when it is free, has expired or is the owner's already; got is false when somebody
// else has it. The owner must be unique to a process, for example a random text made at its start.
func (l *Leases) Acquire(ctx context.Context, name, owner string, ttl time.Duration) (got bool, err error) {
	now := millis(l.db.clock())
	row := leaseRow{Name: name, Owner: owner, ExpiresAt: instant(now.Add(ttl))}
	take := clause.OnConflict{
		Columns:   []clause.Column{{Name: "name"}},
		DoUpdates: clause.AssignmentColumns([]string{"owner", "expires_at"}),
		Where: clause.Where{Exprs: []clause.Expression{
			clause.Expr{SQL: "leases.owner = excluded.owner OR leases.expires_at <= ?", Vars: []any{instant(now)}},
		}},
	}
	err = l.db.change(ctx, "acquire lease", func(tx *gorm.DB) error {
		res := tx.Clauses(take).Create(&row)
		got = res.RowsAffected == 1
		return res.Error
	})
	return got && err == nil, err
}

// Renew extends a lease that the owner still has to ttl from now. A lease that has expired or is somebody else's is
// lost (domain.Conflict, lease.lost): stop the work at once.
func (l *Leases) Renew(ctx context.Context, name, owner string, ttl time.Duration) error {
	now := millis(l.db.clock())
	return l.db.change(ctx, "renew lease", func(tx *gorm.DB) error {
		res := tx.Model(&leaseRow{}).Where("name = ? AND owner = ? AND expires_at > ?", name, owner, instant(now)).
			UpdateColumn("expires_at", instant(now.Add(ttl)))
		if res.Error == nil && res.RowsAffected == 0 {
			return domain.Errorf(domain.Conflict, CodeLeaseLost, "the lease %s is lost", name)
		}
		return res.Error
	})
}

// Release gives the lease back; nothing happens when the owner does not have it.
func (l *Leases) Release(ctx context.Context, name, owner string) error {
	return l.db.change(ctx, "release lease", func(tx *gorm.DB) error {
		return tx.Delete(&leaseRow{}, "name = ? AND owner = ?", name, owner).Error
	})
}
