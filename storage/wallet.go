package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

// Wallets keeps passes in wallets on phones. It implements delivery.WalletStore.
type Wallets struct{ db *DB }

var _ delivery.WalletStore = (*Wallets)(nil)

// Wallets is the store of passes.
func (db *DB) Wallets() *Wallets { return &Wallets{db} }

type walletPassRow struct {
	Wallet      string `gorm:"primaryKey"`
	Serial      string `gorm:"primaryKey"`
	Institution string
	OrderID     string
	TicketID    string
	Performance int64
	Language    string
	Token       string
	Digest      string
	UpdatedAt   instant `gorm:"autoUpdateTime:false"`
	Untold      bool
	CheckAt     moment
	Tries       int64
}

// TableName implements gorm's Tabler.
func (walletPassRow) TableName() string { return "wallet_passes" }

func fromWalletPass(p *delivery.WalletPass) walletPassRow {
	return walletPassRow{
		Wallet: string(p.Wallet), Serial: plain(p.Serial), Institution: string(p.Institution), OrderID: string(p.Order), TicketID: p.Ticket,
		Performance: p.Performance, Language: plain(p.Language), Token: p.Token.Reveal(), Digest: p.Digest, UpdatedAt: instant(p.UpdatedAt),
		Untold: p.Untold, CheckAt: moment(p.CheckAt), Tries: int64(p.Tries),
	}
}

func (r *walletPassRow) toPass() delivery.WalletPass {
	return delivery.WalletPass{
		Wallet: delivery.WalletKind(r.Wallet), Serial: r.Serial, Institution: domain.InstitutionCode(r.Institution), Order: sales.OrderID(r.OrderID),
		Ticket: r.TicketID, Performance: r.Performance, Language: r.Language, Token: domain.Secret(r.Token), Digest: r.Digest,
		UpdatedAt: time.Time(r.UpdatedAt), Untold: r.Untold, CheckAt: time.Time(r.CheckAt), Tries: int(r.Tries),
	}
}

type walletDeviceRow struct {
	Serial    string `gorm:"primaryKey"`
	Device    string `gorm:"primaryKey"`
	PushToken string
	Since     instant
}

// TableName implements gorm's Tabler.
func (walletDeviceRow) TableName() string { return "wallet_devices" }

// KeepPass implements delivery.WalletStore.
func (s *Wallets) KeepPass(ctx context.Context, p delivery.WalletPass) (delivery.WalletPass, error) {
	if kept, err := s.WalletPass(ctx, p.Wallet, p.Serial); !domain.HasCode(err, delivery.CodeWalletUnknown) {
		return kept, err // nothing is written for one that is fetched again
	}
	row := fromWalletPass(&p)
	err := s.db.change(ctx, "keep a pass", func(tx *gorm.DB) error {
		res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if res.Error != nil || res.RowsAffected == 1 {
			return res.Error
		}
		return tx.Take(&row, "wallet = ? AND serial = ?", row.Wallet, row.Serial).Error
	})
	return row.toPass(), err
}

// WalletPass implements delivery.WalletStore.
func (s *Wallets) WalletPass(ctx context.Context, wallet delivery.WalletKind, serial string) (delivery.WalletPass, error) {
	var row walletPassRow
	err := s.db.read.WithContext(ctx).Take(&row, "wallet = ? AND serial = ?", string(wallet), plain(serial)).Error
	if err != nil {
		return delivery.WalletPass{}, translate("load a pass", notFound(err, noPass()))
	}
	return row.toPass(), nil
}

func noPass() *domain.Error {
	return domain.Errorf(domain.NotFound, delivery.CodeWalletUnknown, "there is no such pass")
}

// UpdatePass implements delivery.WalletStore.
func (s *Wallets) UpdatePass(ctx context.Context, wallet delivery.WalletKind, serial string, change func(*delivery.WalletPass) error) (delivery.WalletPass, error) {
	var changed delivery.WalletPass
	err := s.db.change(ctx, "update a pass", func(tx *gorm.DB) error {
		var row walletPassRow
		if err := forUpdate(tx).Take(&row, "wallet = ? AND serial = ?", string(wallet), plain(serial)).Error; err != nil {
			return notFound(err, noPass())
		}
		changed = row.toPass()
		if err := change(&changed); err != nil {
			return err
		}
		row = fromWalletPass(&changed)
		return tx.Model(&walletPassRow{}).Where("wallet = ? AND serial = ?", row.Wallet, row.Serial).Select("*").UpdateColumns(&row).Error
	})
	if err != nil {
		return delivery.WalletPass{}, err
	}
	return changed, nil
}

// DuePasses implements delivery.WalletStore.
func (s *Wallets) DuePasses(ctx context.Context, now time.Time, limit int) ([]delivery.WalletPass, error) {
	var rows []walletPassRow
	err := s.db.read.WithContext(ctx).Where("check_at IS NOT NULL AND check_at <= ?", instant(now)).
		Order("check_at, wallet, serial").Limit(limit).Find(&rows).Error
	return mapEach(rows, func(r walletPassRow) delivery.WalletPass { return r.toPass() }), translate("list passes that are due", err)
}

// RegisterDevice implements delivery.WalletStore.
func (s *Wallets) RegisterDevice(ctx context.Context, serial string, d delivery.WalletDevice, at time.Time) (fresh bool, err error) {
	row := walletDeviceRow{Serial: plain(serial), Device: plain(d.Device), PushToken: plain(d.PushToken), Since: instant(at)}
	err = s.db.change(ctx, "register a phone", func(tx *gorm.DB) error {
		var had int64
		if err := tx.Model(&walletDeviceRow{}).Where("serial = ? AND device = ?", row.Serial, row.Device).Count(&had).Error; err != nil {
			return err
		}
		fresh = had == 0
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return err
		}
		if err := tx.Model(&walletDeviceRow{}).Where("device = ? AND push_token <> ?", row.Device, row.PushToken).
			UpdateColumn("push_token", row.PushToken).Error; err != nil {
			return err
		}
		var over []string
		if err := tx.Model(&walletDeviceRow{}).Where("serial = ?", row.Serial).Order("since DESC, device").
			Offset(delivery.MaxWalletDevices).Limit(batch).Pluck("device", &over).Error; err != nil || len(over) == 0 {
			return err
		}
		return tx.Delete(&walletDeviceRow{}, "serial = ? AND device IN ?", row.Serial, over).Error
	})
	return fresh && err == nil, err
}

// UnregisterDevice implements delivery.WalletStore.
func (s *Wallets) UnregisterDevice(ctx context.Context, serial, device string) error {
	return s.db.change(ctx, "forget a phone", func(tx *gorm.DB) error {
		return tx.Delete(&walletDeviceRow{}, "serial = ? AND device = ?", plain(serial), plain(device)).Error
	})
}

// DevicePasses implements delivery.WalletStore.
func (s *Wallets) DevicePasses(ctx context.Context, device string, after time.Time) ([]delivery.WalletPass, error) {
	var rows []walletPassRow
	err := s.db.read.WithContext(ctx).
		Where("wallet = ? AND updated_at > ? AND serial IN (SELECT serial FROM wallet_devices WHERE device = ?)",
			string(delivery.AppleWallet), instant(after), plain(device)).
		Order("serial").Limit(batch).Find(&rows).Error
	return mapEach(rows, func(r walletPassRow) delivery.WalletPass { return r.toPass() }), translate("list a phone's passes", err)
}

// Devices implements delivery.WalletStore.
func (s *Wallets) Devices(ctx context.Context, serial string) ([]delivery.WalletDevice, error) {
	var rows []walletDeviceRow
	err := s.db.read.WithContext(ctx).Where("serial = ?", plain(serial)).Order("device").Find(&rows).Error
	return mapEach(rows, func(r walletDeviceRow) delivery.WalletDevice {
		return delivery.WalletDevice{Device: r.Device, PushToken: r.PushToken}
	}), translate("list a pass's phones", err)
}

// ForgetPushToken implements delivery.WalletStore.
func (s *Wallets) ForgetPushToken(ctx context.Context, pushToken string) error {
	return s.db.change(ctx, "forget a push token", func(tx *gorm.DB) error {
		return tx.Delete(&walletDeviceRow{}, "push_token = ?", plain(pushToken)).Error
	})
}

// passesDue marks the passes of an order whose tickets have changed, in the transaction that changes them.
func passesDue(tx *gorm.DB, o *sales.Order) error {
	return tx.Model(&walletPassRow{}).Where("order_id = ?", string(o.ID)).UpdateColumn("check_at", instant(tx.NowFunc())).Error
}

// passesMoved marks the passes to performances that a catalog's new version changes; where it is not known which, or the
// product changed, those of the institution.
func passesMoved(tx *gorm.DB, code string, changes []catalog.Change) error {
	if len(changes) == 0 {
		return nil
	}
	due := tx.Model(&walletPassRow{}).Where("institution = ? AND check_at IS NOT NULL", code)
	var performances []int64
	for i := range changes {
		if changes[i].Performance == 0 {
			performances = nil
			break
		}
		performances = append(performances, int64(changes[i].Performance))
	}
	if performances != nil && len(performances) <= batch {
		due = due.Where("performance IN ?", performances)
	}
	return due.UpdateColumn("check_at", instant(tx.NowFunc())).Error
}
