package sales

import (
	"context"
	"slices"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// Platform is what sales asks of S-360. Every failure is a *domain.Error. Uncertain on it means that the call may have
// been carried out; without it, it certainly was not. Implementations are safe for concurrent use.
type Platform interface {
	// Hold reserves all lines in one new order, or nothing. Errors: order.availability, order.contact, platform.*.
	// S-360: ExternalOrderFacade.createOrUpdateOrder, then ExternalOrderService.getOrderDetails for the expiry.
	Hold(ctx context.Context, o Order) (Hold, error)
	// Close pays on the pending account and asks for barcodes. Errors: order.payment, order.hold_expired, platform.*.
	// S-360: ExternalOrderService.closeOrder.
	Close(ctx context.Context, o Order) (Outcome, error)
	// Read says what the platform has of an order. S-360: ExternalOrderService.getOrderDetails (TICKETS).
	Read(ctx context.Context, o Order) (Outcome, error)
	// Reread is Read for when nobody waits: it gives way to sales and settling, and is refused (Limited) where only their share of
	// the calls is left. S-360: ExternalOrderService.getOrderDetails (TICKETS).
	Reread(ctx context.Context, o Order) (Outcome, error)
	// Release gives every place of the order back. S-360: ExternalOrderService.abandonMovements.
	Release(ctx context.Context, o Order) error
	Changer
	Refunder
}

// Changer is the part of the platform that changes what an open order holds.
type Changer interface {
	// Add reserves lines in the order beside what it holds, or nothing. The answer is about these lines only; its Movements
	// are what was added. Errors: as those of Hold. S-360: ExternalOrderFacade.createOrUpdateOrder with the order's number.
	Add(ctx context.Context, o Order, lines []Line) (Hold, error)
	// Seat puts the places of the lines, which the order holds, on the seats that they wish, all or none, and returns where it
	// put which. A refusal is certain and leaves every place where it was: order.availability with the seats that cannot be had,
	// or order.seating. An error is uncertain. S-360: ExternalSeatingService.doSeatingForOperations.
	Seat(ctx context.Context, o Order, lines []Line) ([]HoldPlace, *Refusal, error)
	// Drop gives some places of the order back. S-360: ExternalOrderService.abandonMovements.
	Drop(ctx context.Context, o Order, movements []int64) error
	// Look says what the order holds now, compared with its lines: a Defect says what of it is not as they say. Movements are
	// all that it holds. S-360: ExternalOrderService.getOrderDetails (MOVEMENTS).
	Look(ctx context.Context, o Order) (Hold, PlatformState, error)
}

// Refunder is the part of the platform that undoes sales. Movements are those of the refund's tickets.
type Refunder interface {
	// RefundsByHand reports whether the institution undoes sales by hand only; it makes no call.
	RefundsByHand(code domain.InstitutionCode) bool
	// ExchangesByHand reports whether the institution exchanges sold places by hand only; it makes no call.
	ExchangesByHand(code domain.InstitutionCode) bool
	// OpenRefund opens a refund order in the sale's file, or nothing. Errors: platform.*, order.*.
	// S-360: ExternalOrderFacade.createOrUpdateOrder (REFUND_CLIENT), which no documentation shows an example of.
	OpenRefund(ctx context.Context, o Order, r Refund, movements []int64) (RefundSeen, error)
	// CloseRefund pays the refund order back to the pending account. S-360: ExternalOrderService.closeOrder.
	CloseRefund(ctx context.Context, o Order, r Refund) error
	// DropRefund gives up an open refund order. S-360: ExternalOrderService.abandonMovements.
	DropRefund(ctx context.Context, o Order, r Refund, movements []int64) error
	// ReadRefund says what became of a refund, whoever made it: closed once the platform calls every ticket cancelled, open
	// where a refund order of ours waits, dead where there is none. S-360: ExternalOrderService.getFileDetails.
	ReadRefund(ctx context.Context, o Order, r Refund, movements []int64) (RefundSeen, error)
}

// RefundSeen is a refund as the platform has it.
type RefundSeen struct {
	State    PlatformState
	Platform PlatformRef  // the refund order; zero where none was found
	Back     domain.Money // what it gives back; never negative
}

// Hold is what a hold came back with.
type Hold struct {
	Platform  PlatformRef
	Lines     []HoldLine // same length and order as Order.Lines
	Total     domain.Money
	ExpiresAt time.Time // zero where the platform did not say
	// Defect says why what came back cannot be sold although it is held (places missing, an amount that is no whole
	// minor unit …); empty when all is well. Everything held must then be given back: Movements lists it.
	Defect    *Refusal
	Movements []int64
}

// gather puts every movement that found no line among the places of the first, so that giving the order's places back
// gives back all that is held. Only for a hold that is not sold.
func (h *Hold) gather() {
	if len(h.Lines) == 0 {
		return
	}
	placed := map[int64]bool{}
	for _, l := range h.Lines {
		for _, p := range l.Places {
			placed[p.Movement] = true
		}
	}
	h.Lines = slices.Clone(h.Lines)
	first := &h.Lines[0]
	first.Places = slices.Clone(first.Places)
	for _, m := range h.Movements {
		if m != 0 && !placed[m] {
			placed[m] = true
			first.Places = append(first.Places, HoldPlace{Movement: m})
		}
	}
}

// HoldLine is what was reserved for one line.
type HoldLine struct {
	UnitPrice, Total domain.Money
	Together         *bool
	Operations       []int64
	Places           []HoldPlace
}

// HoldPlace is one reserved place.
type HoldPlace struct {
	Movement int64
	Seat     Seat
}

// PlatformState is what the platform's order is, as far as we need to know.
type PlatformState string

// The platform's states: S-360's orderState is an open list; CLOSED is sold, one that speaks of abandon or cancel is dead,
// everything else is open.
const (
	PlatformOpen   PlatformState = "open"
	PlatformClosed PlatformState = "closed"
	PlatformDead   PlatformState = "dead"
)

// Outcome is what the platform has of an order after a close or a read.
type Outcome struct {
	State     PlatformState
	Tickets   []IssuedTicket
	Total     *domain.Money // the platform's sale amount where it says one
	ExpiresAt time.Time
}

// IssuedTicket is one ticket of the platform. A ticket without a barcode is not issued yet.
type IssuedTicket struct {
	Movement       int64
	PlatformTicket int64
	Barcode        Barcode
	State          string
}

// Catalog is what sales asks of the catalog: what a line is, whether it may be sold now, and for how much.
type Catalog interface {
	Quote(ctx context.Context, code domain.InstitutionCode, wants []catalog.Want) (catalog.Quote, error)
	// TariffRequires lists the tariffs of which one must stand in an order beside this one; none where it needs none, or
	// where the catalog does not know it any more.
	TariffRequires(code domain.InstitutionCode, id catalog.TariffID) []catalog.TariffID
	Starts
}

// Store keeps orders. Implementations are safe for concurrent use, also by several processes.
type Store interface {
	// CreateOrder stores a new order with its idempotency key in one transaction. If the key exists, nothing is stored and
	// the order that has it is returned with created=false, whatever its content.
	CreateOrder(ctx context.Context, o Order, key Key) (stored Order, storedKey Key, created bool, err error)
	// BindKey stores the key of a later change (close, release …) unless it exists; it returns the stored one, and whether
	// it was stored just now.
	BindKey(ctx context.Context, key Key) (stored Key, created bool, err error)
	// OrderByKey finds the order that a key belongs to; domain.NotFound (order.unknown) where there is none.
	OrderByKey(ctx context.Context, storefront, key string) (Order, Key, error)
	// Order loads an order; domain.NotFound (order.unknown).
	Order(ctx context.Context, id OrderID) (Order, error)
	// UpdateOrder changes an order through a closure under its lock, in one transaction with its tickets, tasks and
	// postings. The closure is pure and may run twice. An error from it changes nothing and is returned as it is.
	// A barcode, platform order or posting's cause that the institution has already is a Conflict (store.duplicate); an
	// order beyond its Limit is one, too (account.limit). A key to Bind that is bound already to another order, call or body is
	// key.reused. Each leaves everything as it was.
	UpdateOrder(ctx context.Context, id OrderID, change func(*Order) error) (Order, error)
	// UpdateOrderOnce is UpdateOrder of Key.Order for the first request of a key, in one transaction with the key. Where the
	// key exists nothing is changed, and it is returned with the order that it belongs to and changed=false. An error from
	// the closure stores no key.
	UpdateOrderOnce(ctx context.Context, key Key, change func(*Order) error) (stored Order, storedKey Key, changed bool, err error)
	// Orders lists orders, newest first.
	Orders(ctx context.Context, q Query) (orders []Order, next string, err error)
	// OrderByTicket loads the order that has the ticket; domain.NotFound (ticket.unknown).
	OrderByTicket(ctx context.Context, ticket string) (Order, error)
	// DueOrders lists up to limit orders in the statuses given whose NextCheckAt is not after the time, oldest first. An
	// order that is issuing, issued or in review is due only if it has one.
	DueOrders(ctx context.Context, statuses []Status, before time.Time, limit int) ([]OrderID, error)
	// CountOrders counts orders by institution and status.
	CountOrders(ctx context.Context) ([]Count, error)
	BasketStore
	LookStore
}

// Key is an idempotency key: who sent it, for which call, and a digest of what was asked.
type Key struct {
	Storefront string
	Key        string // 1 to 255 printable ASCII characters, the storefront's choice
	Call       string // "hold", "close", "release", "extend"
	Digest     string // hex SHA-256 of the canonical request
	Order      OrderID
	At         time.Time
}

// Same reports whether both were sent for the same: the same call on the same order with the same content.
func (k Key) Same(other Key) bool {
	return k.Call == other.Call && k.Order == other.Order && k.Digest == other.Digest
}

// Query selects orders. Empty members do not restrict.
type Query struct {
	Storefront   string
	Institutions []domain.InstitutionCode // nil is all
	Reference    string
	Statuses     []Status
	From, To     time.Time // created at or after, before
	PlatformID   int64     // platform order or file id
	Basket       BasketID
	// PaymentReference is that of the order's close.
	PaymentReference string
	// Performance is one that the order has a ticket for, whatever became of it; with exactly one institution.
	Performance catalog.PerformanceID
	Text        string // part of id, reference, e-mail or names, case folded; admin search
	Page        domain.Page
}

// Count is a number of orders.
type Count struct {
	Institution domain.InstitutionCode
	Status      Status
	N           int64
}
