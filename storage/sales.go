package storage

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

// Sales is the sales.Store. It is safe for concurrent use, also by several processes.
type Sales struct{ db *DB }

var _ sales.Store = (*Sales)(nil)

// Sales returns the store of orders.
func (db *DB) Sales() *Sales { return &Sales{db: db} }

// batch bounds how many rows one INSERT carries, so that SQLite's limit on parameters is never met.
const batch = 500

type (
	ticketRow struct {
		ID          string `gorm:"primaryKey"`
		OrderID     string
		Institution string
		Barcode     string
		Performance int64 // 0: none
	}
	keyRow struct {
		Storefront string `gorm:"primaryKey"`
		Key        string `gorm:"primaryKey"`
		Call       string
		Digest     string
		OrderID    string
		At         instant
	}
)

// TableName implements gorm's Tabler.
func (ticketRow) TableName() string { return "tickets" }

// TableName implements gorm's Tabler.
func (keyRow) TableName() string { return "idempotency_keys" }

func (r *keyRow) toKey() sales.Key {
	return sales.Key{
		Storefront: r.Storefront, Key: r.Key, Call: r.Call, Digest: r.Digest, Order: sales.OrderID(r.OrderID), At: time.Time(r.At),
	}
}

func fromKey(k sales.Key) keyRow {
	return keyRow{
		Storefront: plain(k.Storefront), Key: plain(k.Key), Call: k.Call, Digest: k.Digest, OrderID: string(k.Order), At: instant(k.At),
	}
}

func errOrderUnknown() *domain.Error {
	return domain.Errorf(domain.NotFound, sales.CodeUnknown, "there is no such order")
}

// CreateOrder implements sales.Store. The order is stored as version 1, with the tasks and postings left on it; the key
// is bound to it whatever Key.Order says.
func (s *Sales) CreateOrder(ctx context.Context, o sales.Order, key sales.Key) (
	stored sales.Order, storedKey sales.Key, created bool, err error,
) {
	key.Order = o.ID
	var row orderRow
	err = s.db.change(ctx, "create order", func(tx *gorm.DB) error {
		k := fromKey(key)
		if created, err = bindKey(tx, &k); err != nil {
			return err
		}
		if storedKey = k.toKey(); !created {
			stored, err = loadOrder(tx, storedKey.Order)
			return err
		}
		row, err = s.insertOrder(ctx, tx, o)
		return err
	})
	switch {
	case err != nil:
		return sales.Order{}, sales.Key{}, false, err
	case created:
		s.db.flight.remember(row)
		stored = asStored(o, row.Version)
	}
	return stored, storedKey, created, nil
}

func (s *Sales) insertOrder(ctx context.Context, tx *gorm.DB, o sales.Order) (orderRow, error) {
	o.Version = 1
	row, err := fromOrder(&o)
	if err != nil {
		return orderRow{}, err
	}
	if err := tx.Create(&row).Error; err != nil {
		return orderRow{}, err
	}
	if err := insertTickets(tx, &o); err != nil {
		return orderRow{}, err
	}
	return row, s.insertLeftovers(ctx, tx, &o)
}

// asStored is an order as reading it back would give it: in its version, without what its change left for the store.
func asStored(o sales.Order, version int64) sales.Order {
	o.Version, o.Tasks, o.Postings, o.Limit, o.Bind, o.ConfirmByMail = version, nil, nil, nil, nil, false
	return o
}

// BindKey implements sales.Store. A key of an order that does not exist is order.unknown.
func (s *Sales) BindKey(ctx context.Context, key sales.Key) (stored sales.Key, created bool, err error) {
	k := fromKey(key)
	err = s.db.change(ctx, "bind key", func(tx *gorm.DB) error {
		created, err = bindKey(tx, &k)
		return err
	})
	switch {
	case foreign(err):
		return sales.Key{}, false, errOrderUnknown().Because(err)
	case err != nil:
		return sales.Key{}, false, err
	}
	return k.toKey(), created, nil
}

// bindKey stores a key unless it is there: then it becomes the stored one.
func bindKey(tx *gorm.DB, k *keyRow) (created bool, err error) {
	res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(k)
	if created = res.RowsAffected == 1; res.Error != nil || created {
		return created, res.Error
	}
	return false, tx.Take(k, "storefront = ? AND key = ?", k.Storefront, k.Key).Error
}

// bindOrder binds the key that a change left on the order.
func bindOrder(tx *gorm.DB, o *sales.Order) error {
	if o.Bind == nil {
		return nil
	}
	k := fromKey(*o.Bind)
	if created, err := bindKey(tx, &k); err != nil || created {
		return err
	}
	if !k.toKey().Same(*o.Bind) {
		return domain.Errorf(domain.Invalid, sales.CodeKeyReused, "this Idempotency-Key was used for another request")
	}
	return nil
}

// OrderByKey implements sales.Store.
func (s *Sales) OrderByKey(ctx context.Context, storefront, key string) (sales.Order, sales.Key, error) {
	var k keyRow
	read := s.db.read.WithContext(ctx)
	err := read.Take(&k, "storefront = ? AND key = ?", plain(storefront), plain(key)).Error
	if err != nil {
		return sales.Order{}, sales.Key{}, translate("find order by key", notFound(err, errOrderUnknown()))
	}
	o, err := loadOrder(read, sales.OrderID(k.OrderID))
	if err != nil {
		return sales.Order{}, sales.Key{}, translate("load order", err)
	}
	return o, k.toKey(), nil
}

// Order implements sales.Store.
func (s *Sales) Order(ctx context.Context, id sales.OrderID) (sales.Order, error) {
	o, err := loadOrder(s.db.read.WithContext(ctx), id)
	return o, translate("load order", err)
}

// OrderByTicket implements sales.Store.
func (s *Sales) OrderByTicket(ctx context.Context, ticket string) (sales.Order, error) {
	var row orderRow
	err := s.db.read.WithContext(ctx).
		Take(&row, "id = (SELECT order_id FROM tickets WHERE id = ?)", plain(ticket)).Error
	if err != nil {
		unknown := domain.Errorf(domain.NotFound, sales.CodeTicketUnknown, "there is no such ticket")
		return sales.Order{}, translate("find order by ticket", notFound(err, unknown))
	}
	return row.toOrder()
}

func loadOrder(tx *gorm.DB, id sales.OrderID) (sales.Order, error) {
	row, err := loadOrderRow(tx, id)
	if err != nil {
		return sales.Order{}, err
	}
	return row.toOrder()
}

func loadOrderRow(tx *gorm.DB, id sales.OrderID) (orderRow, error) {
	var row orderRow
	err := tx.Take(&row, "id = ?", plain(string(id))).Error
	return row, notFound(err, errOrderUnknown())
}

// UpdateOrder implements sales.Store. The version rises by one; a closure that changes nothing and leaves neither task
// nor posting writes nothing, and the version stays.
func (s *Sales) UpdateOrder(ctx context.Context, id sales.OrderID, change func(*sales.Order) error) (sales.Order, error) {
	row, o, err := s.updateInFlight(ctx, id, change)
	if errors.Is(err, errStale) {
		row, o, err = s.updateLocked(ctx, id, change)
	}
	if err != nil {
		s.db.flight.forget(id)
		return sales.Order{}, err
	}
	s.db.flight.remember(row)
	return asStored(o, row.Version), nil
}

// updateInFlight changes an order that this process wrote last, as it wrote it, without reading it: the version tells
// whether somebody else has written since. errStale where that may be so, or where there is nothing to write.
func (s *Sales) updateInFlight(ctx context.Context, id sales.OrderID, change func(*sales.Order) error) (orderRow, sales.Order, error) {
	before, ok := s.db.flight.recall(id)
	if !ok {
		return orderRow{}, sales.Order{}, errStale
	}
	u, err := prepareUpdate(&before, change)
	if err != nil || u.idle() {
		return orderRow{}, sales.Order{}, errStale // what it says of an old version counts for nothing
	}
	write := func(tx *gorm.DB) error { return s.saveOrder(ctx, tx, u) }
	if u.alone() {
		err = s.db.single(ctx, write)
	} else {
		err = s.db.write.WithContext(ctx).Transaction(write)
	}
	if repeatable(err) {
		return orderRow{}, sales.Order{}, errStale
	}
	return u.row, u.order, translate("update order", err)
}

// updateLocked reads an order under its lock and changes it.
func (s *Sales) updateLocked(ctx context.Context, id sales.OrderID, change func(*sales.Order) error) (orderRow, sales.Order, error) {
	var u *orderUpdate
	err := s.db.change(ctx, "update order", func(tx *gorm.DB) error {
		before, err := loadOrderRow(forUpdate(tx), id)
		if err != nil {
			return err
		}
		if u, err = prepareUpdate(&before, change); err != nil || u.idle() {
			return err
		}
		return s.saveOrder(ctx, tx, u)
	})
	if err != nil {
		return orderRow{}, sales.Order{}, err
	}
	return u.row, u.order, nil
}

// UpdateOrderOnce implements sales.Store. A key of an order that does not exist is order.unknown.
func (s *Sales) UpdateOrderOnce(ctx context.Context, key sales.Key, change func(*sales.Order) error) (
	stored sales.Order, storedKey sales.Key, changed bool, err error,
) {
	var u *orderUpdate
	err = s.db.change(ctx, "update order once", func(tx *gorm.DB) error {
		before, err := loadOrderRow(forUpdate(tx), key.Order) // first: requests with one key wait for each other here
		if err != nil {
			return err
		}
		k := fromKey(key)
		if changed, err = bindKey(tx, &k); err != nil {
			return err
		}
		if storedKey = k.toKey(); !changed {
			stored, err = loadOrder(tx, storedKey.Order)
			return err
		}
		if u, err = prepareUpdate(&before, change); err != nil || u.idle() {
			return err
		}
		return s.saveOrder(ctx, tx, u)
	})
	switch {
	case err != nil:
		s.db.flight.forget(key.Order)
		return sales.Order{}, sales.Key{}, false, err
	case !changed:
		return stored, storedKey, false, nil
	}
	s.db.flight.remember(u.row)
	return asStored(u.order, u.row.Version), storedKey, true, nil
}

// orderUpdate is a change of an order on its way into the database.
type orderUpdate struct {
	before, row orderRow
	order       sales.Order
	had         []sales.Ticket // what the tickets table has of it
}

// prepareUpdate runs the change on an order as it is stored. The row has the version it had.
func prepareUpdate(before *orderRow, change func(*sales.Order) error) (*orderUpdate, error) {
	o, err := before.toOrder()
	if err != nil {
		return nil, err
	}
	u := &orderUpdate{before: *before, had: slices.Clone(o.Tickets)}
	if err = change(&o); err != nil {
		return nil, err
	}
	if string(o.ID) != before.ID || string(o.Institution) != before.Institution {
		return nil, fmt.Errorf("the change of order %s gave it another id or institution", before.ID)
	}
	o.Version = before.Version
	u.order = o
	u.row, err = fromOrder(&o)
	return u, err
}

// idle says that there is nothing to write.
func (u *orderUpdate) idle() bool { return u.row == u.before && !u.leaves() }

// alone says that only the order's own row is written.
func (u *orderUpdate) alone() bool {
	return !u.leaves() && sameTickets(u.had, u.order.Tickets) && !u.changesGood()
}

// changesGood says that tickets which may be in wallets and exports were replaced or taken back.
func (u *orderUpdate) changesGood() bool {
	return len(u.had) > 0 && !slices.EqualFunc(u.had, u.order.Tickets, func(x, y sales.Ticket) bool {
		return x.ID == y.ID && x.Barcode == y.Barcode && x.CancelledAt.Equal(y.CancelledAt)
	})
}

func (u *orderUpdate) leaves() bool {
	o := &u.order
	return len(o.Tasks) > 0 || len(o.Postings) > 0 || o.Limit != nil || o.Bind != nil || o.ConfirmByMail
}

// saveOrder writes an update and raises its version, unless the row has another version than it was prepared from.
func (s *Sales) saveOrder(ctx context.Context, tx *gorm.DB, u *orderUpdate) error {
	u.row.Version = u.before.Version + 1
	res := tx.Model(&orderRow{}).Where("id = ? AND version = ?", u.row.ID, u.before.Version).Select("*").UpdateColumns(&u.row)
	switch {
	case res.Error != nil:
		return res.Error
	case res.RowsAffected != 1:
		return errStale
	case u.alone():
		return nil
	}
	if err := bindOrder(tx, &u.order); err != nil {
		return err
	}
	if err := withinLimit(tx, &u.order); err != nil {
		return err
	}
	if !sameTickets(u.had, u.order.Tickets) {
		if len(u.had) > 0 {
			if err := tx.Delete(&ticketRow{}, "order_id = ?", u.row.ID).Error; err != nil {
				return err
			}
		}
		if err := insertTickets(tx, &u.order); err != nil {
			return err
		}
	}
	if u.changesGood() {
		if err := errors.Join(passesDue(tx, &u.order), exportsChanged(tx, &u.order)); err != nil {
			return err
		}
	}
	return s.insertLeftovers(ctx, tx, &u.order)
}

// sameTickets compares what the tickets table keeps.
func sameTickets(a, b []sales.Ticket) bool {
	return slices.EqualFunc(a, b, func(x, y sales.Ticket) bool { return x.ID == y.ID && x.Barcode == y.Barcode })
}

func insertTickets(tx *gorm.DB, o *sales.Order) error {
	if len(o.Tickets) == 0 {
		return nil
	}
	rows := mapEach(o.Tickets, func(t sales.Ticket) ticketRow {
		row := ticketRow{ID: t.ID, OrderID: string(o.ID), Institution: string(o.Institution), Barcode: plain(string(t.Barcode))}
		if l, _ := o.Place(t.Place); l != nil {
			row.Performance = int64(l.Performance)
		}
		return row
	})
	return tx.CreateInBatches(rows, batch).Error
}

// insertLeftovers writes the postings, the mail and the tasks that a change left on the order.
func (s *Sales) insertLeftovers(ctx context.Context, tx *gorm.DB, o *sales.Order) error {
	if err := bookOrder(tx, o); err != nil {
		return err
	}
	if o.ConfirmByMail {
		if _, err := s.db.insertMail(ctx, tx, delivery.Confirmation(o, s.db.clock())); err != nil {
			return err
		}
	}
	return s.db.insertTasks(ctx, tx, o.Tasks)
}

// Orders implements sales.Store.
func (s *Sales) Orders(ctx context.Context, q sales.Query) (orders []sales.Order, next string, err error) {
	limit := q.Page.Limit
	if limit <= 0 {
		limit = domain.DefaultLimit
	}
	limit = min(limit, domain.MaxLimit)
	tx, err := selectOrders(s.db.read.WithContext(ctx), q)
	if err != nil {
		return nil, "", err
	}
	var rows []orderRow
	if err := tx.Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, "", translate("list orders", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = toCursor(&rows[limit-1])
	}
	orders = make([]sales.Order, 0, len(rows))
	for i := range rows {
		o, err := rows[i].toOrder()
		if err != nil {
			return nil, "", err
		}
		orders = append(orders, o)
	}
	return orders, next, nil
}

// selectOrders builds the list's query, newest first.
func selectOrders(tx *gorm.DB, q sales.Query) (*gorm.DB, error) {
	if q.Institutions != nil {
		tx = tx.Where("institution IN ?", q.Institutions) // an empty list selects nothing
	}
	if q.Storefront != "" {
		tx = tx.Where("storefront = ?", plain(q.Storefront))
	}
	if q.Reference != "" {
		tx = tx.Where("reference = ?", plain(q.Reference))
	}
	if q.Basket != "" {
		tx = tx.Where("basket = ?", plain(string(q.Basket)))
	}
	if len(q.Statuses) > 0 {
		tx = tx.Where("status IN ?", q.Statuses)
	}
	if !q.From.IsZero() {
		tx = tx.Where("created_at >= ?", instant(q.From))
	}
	if !q.To.IsZero() {
		tx = tx.Where("created_at < ?", instant(q.To))
	}
	if q.PaymentReference != "" {
		tx = tx.Where("payment_reference = ?", plain(q.PaymentReference))
	}
	if q.Performance != 0 {
		if len(q.Institutions) != 1 {
			return nil, fmt.Errorf("orders of a performance are found in one institution, not in %d", len(q.Institutions))
		}
		tx = tx.Where("id IN (SELECT order_id FROM tickets WHERE institution = ? AND performance = ? AND performance > 0)",
			string(q.Institutions[0]), int64(q.Performance))
	}
	if q.PlatformID != 0 {
		tx = tx.Where("(platform_order_id = ? OR platform_file_id = ?)", q.PlatformID, q.PlatformID)
	}
	if text := fold(plain(q.Text)); text != "" {
		tx = tx.Where("search LIKE ? ESCAPE '"+likeEscape+"'", contains(text))
	}
	if q.Page.Cursor != "" {
		at, id, err := fromCursor(q.Page.Cursor)
		if err != nil {
			return nil, err
		}
		tx = tx.Where("(created_at, id) < (?, ?)", instant(at), id)
	}
	return tx.Order("created_at DESC, id DESC"), nil
}

// toCursor names the last entry of a page: its time of creation and id.
func toCursor(r *orderRow) string { return cursorOf(time.Time(r.CreatedAt), r.ID) }

func cursorOf(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at.UnixMilli(), 10) + "." + id))
}

func fromCursor(cursor string) (at time.Time, id string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	ms, id, found := strings.Cut(string(b), ".")
	n, numberErr := strconv.ParseInt(ms, 10, 64)
	if err != nil || !found || numberErr != nil || id != plain(id) {
		return time.Time{}, "", domain.Errorf(domain.Invalid, domain.CodeRequest, "the cursor is not one of ours").
			WithField("?cursor", domain.CodeRequest, "use the next member of the page before")
	}
	return time.UnixMilli(n).UTC(), id, nil
}

// DueOrders implements sales.Store. An order without a NextCheckAt is due, and first: better looked at once too often
// than never; but for those issuing, issued or in review.
func (s *Sales) DueOrders(ctx context.Context, statuses []sales.Status, before time.Time, limit int) ([]sales.OrderID, error) {
	if len(statuses) == 0 || limit <= 0 {
		return nil, nil
	}
	var ids []sales.OrderID
	tx := s.db.read.WithContext(ctx).Model(&orderRow{})
	err := selectDue(tx, statuses, before).Limit(limit).Pluck("id", &ids).Error
	return ids, translate("list due orders", err)
}

func selectDue(tx *gorm.DB, statuses []sales.Status, before time.Time) *gorm.DB {
	return tx.Where("status IN ? AND next_check_at <= ? AND (status NOT IN ? OR next_check_at > ?)", statuses, instant(before),
		[]sales.Status{sales.Issued, sales.Issuing, sales.Review}, instant{}).
		Order("next_check_at, id")
}

// CountOrders implements sales.Store, ordered by institution and status.
func (s *Sales) CountOrders(ctx context.Context) ([]sales.Count, error) {
	var counts []sales.Count
	err := s.db.read.WithContext(ctx).Model(&orderRow{}).
		Select("institution, status, COUNT(*) AS n").Group("institution, status").Order("institution, status").
		Scan(&counts).Error
	return counts, translate("count orders", err)
}
