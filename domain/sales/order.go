package sales

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// OrderID is ours: "ord_" and a sortable suffix.
type OrderID string

// Order is one purchase through us, with one institution. It changes only through its methods.
type Order struct {
	ID               OrderID
	Institution      domain.InstitutionCode
	Storefront       string   // who sells: the storefront's name
	Reference        string   // the storefront's own number; may repeat
	Basket           BasketID // what it is sold together with; empty: by itself
	Instead          OrderID  // the sold order whose tickets it takes the place of; empty: none
	Status           Status
	Version          int64 // rises with every stored change
	Lines            []Line
	Buyer            Buyer
	PurchaserContact string // contact number sent to S-360; empty is the institution's configured partner
	Expected         *domain.Money
	Total            domain.Money // what the platform asks; zero until held
	Quoted           domain.Money // what our catalog said when the order came
	Platform         PlatformRef
	// HoldExpiresAt is when we give the hold back; PlatformExpiresAt when the platform does.
	HoldExpiresAt, PlatformExpiresAt time.Time
	PaymentReference                 string
	Refusal                          *Refusal
	Tickets                          []Ticket
	Refunds                          []Refund    // oldest first
	Change                           *LineChange // the last change of its lines; nil for none
	History                          []Step
	CreatedAt, UpdatedAt             time.Time
	// NextCheckAt is when Settle should look at it next (unknown statuses, and held ones at expiry); Checks counts how
	// often it has.
	NextCheckAt time.Time
	Checks      int
	// LookAt is when a sold order is looked at without anybody waiting for it; zero is never. LookFor is the start of the
	// performance that it is for; zero where there is none.
	LookAt, LookFor time.Time
	// AskedUntil is until when what was asked may still be on the wire; zero: nothing is that matters. Until then the order may
	// be read, but the close is not sent again.
	AskedUntil time.Time

	// What the closure of Store.UpdateOrder leaves for the store to write in the same transaction; not part of the row.
	Tasks    []domain.Task
	Postings []Posting
	// Limit, where set, lets the change be stored only while what is owed to the institution, the claims of every other
	// order and this order's own stay within it.
	Limit *domain.Money
	// Bind, where set, is bound to the order with the change; see Store.UpdateOrder.
	Bind *Key
	// ConfirmByMail says that the order's confirmation is due: the store puts it into the outbox of mails with the change, once
	// for ever.
	ConfirmByMail bool
}

// PlatformRef is how the platform names the order.
type PlatformRef struct {
	OrderID  int64
	SecretID string
	FileID   int64
}

// Buyer is who buys from the storefront. All members are optional here.
type Buyer struct {
	Email, FirstName, LastName, Language string
}

// Line is one thing asked for: performance × seat category × tariff, or item × tariff (× day × slot), times quantity.
type Line struct {
	Product      catalog.ProductID
	Performance  catalog.PerformanceID // 0 for an item
	SeatCategory catalog.SeatCategoryID
	Item         catalog.ItemID // 0 for a performance
	Tariff       catalog.TariffID
	Day          domain.Day
	Timeslot     catalog.TimeslotID
	Quantity     int
	Wish         Wish
	UnitPrice    domain.Money // as the platform holds it
	Total        domain.Money
	Together     *bool   // seats side by side; nil where the platform does not say or it has no seats
	Operations   []int64 // the platform's operation ids
	Places       []Place
	Facts        catalog.Facts // names and times as they were when the order came; the ticket's fall-back
}

// Place is one admission of a line.
type Place struct {
	ID       string // "plc_…"
	Movement int64  // the platform's movement id
	Seat     Seat
	Holder   string // name printed on the ticket; may be empty
}

// Seat is where a numbered place is; every member may be empty.
type Seat struct {
	ID                                 int64 // the platform's number of it, as catalog.Seat has it
	Area, Block, Row, Number, Entrance string
}

// Ticket is the entry right of one place.
type Ticket struct {
	ID             string // "tkt_…"
	Place          string // Place.ID
	Movement       int64
	PlatformTicket int64
	Barcode        Barcode
	State          string // the platform's word: VALID, NOT_PRINTED, INVALIDATED, CANCELLED …
	IssuedAt       time.Time
	CancelledAt    time.Time       // zero: it admits somebody
	Former         []FormerBarcode // replaced ones, oldest first
}

// Barcode is the unique key of an entry right: opaque, case-sensitive text, kept byte for byte, leading zeros included.
type Barcode string

// Short hides all but the last four characters, for logs.
func (b Barcode) Short() string {
	if len(b) <= 4 {
		return "…"
	}
	return "…" + string(b[len(b)-4:])
}

// String gives the short form, so that printing a barcode by accident does not show it; string(b) is the barcode itself.
func (b Barcode) String() string { return b.Short() }

// GoString gives the short form to %#v.
func (b Barcode) GoString() string { return b.Short() }

// LogValue gives the short form to slog.
func (b Barcode) LogValue() slog.Value { return slog.StringValue(b.Short()) }

// Step is one entry of an order's history.
type Step struct {
	Status Status
	At     time.Time
	Note   string // a code or a few words for operators; no personal data
}

// Refusal is why an order was not held or not closed.
type Refusal struct {
	Kind   domain.Kind
	Code   string
	Detail string
	Actual *domain.Money // with order.price_changed
	Seats  []int64       // with order.availability: the chosen seats that cannot be had, where that is why
}

// Passing reports whether the reason passes by itself: a limit, or somebody who did not answer. A hold that was refused
// for it may be asked for again with the same key.
func (r *Refusal) Passing() bool {
	return r.Kind == domain.Limited || r.Kind == domain.Unavailable || r.Kind == domain.Internal
}

// refused is the order's refusal as the error the caller gets, now and on every replay. The platform does not say which
// line it has nothing left of, so each one is named.
func (o *Order) refused() *domain.Error {
	r := o.Refusal
	e := o.misuse(r.Kind, r.Code, "%s", r.Detail)
	if r.Actual != nil {
		e.Expected, e.Actual = o.Expected, r.Actual
	}
	switch {
	case len(r.Seats) > 0:
		takenSeats(e, r, wishesOf(o.Lines))
	case r.Code == CodeAvailability:
		detail := "not available in this quantity"
		if len(o.Lines) > 1 {
			detail = "at least one of these is not available in this quantity"
		}
		for i := range o.Lines {
			e.WithField("/items/"+strconv.Itoa(i), CodeAvailability, detail)
		}
	}
	return e
}

// step moves the order; a move that is not in the table is an order.status conflict.
func (o *Order) step(to Status, at time.Time, note string) error {
	if !o.Status.may(to) || (o.wasSold() && !to.afterSale()) {
		return o.wrongStatus("it cannot become " + string(to))
	}
	if c := o.openChange(); c != nil && to != Changing && to != Review {
		if o.Status == Changing {
			return o.wrongStatus("what it holds is being changed")
		}
		c.endAs(ChangeRefused, &Refusal{Kind: domain.Conflict, Code: CodeReview, Detail: "a person ended it"}, at)
	}
	o.Status, o.UpdatedAt, o.AskedUntil = to, at, time.Time{}
	o.History = append(o.History, Step{Status: to, At: at, Note: note})
	return nil
}

// misuse is a refusal of a call on the order as it stands; it says where the order is.
func (o *Order) misuse(kind domain.Kind, code, format string, args ...any) *domain.Error {
	e := domain.Errorf(kind, code, format, args...)
	e.State = string(o.Status)
	return e
}

// wrongStatus refuses a call that the order's status does not allow.
func (o *Order) wrongStatus(why string) *domain.Error {
	if o.Status == Review {
		return o.misuse(domain.Conflict, CodeReview, "a person is looking at this order")
	}
	return o.misuse(domain.Conflict, CodeStatus, "the order is %s; %s", o.Status, why)
}

// Places is how many places all lines ask for.
func (o *Order) Places() int {
	n := 0
	for _, l := range o.Lines {
		n += l.Quantity
	}
	return n
}

// Place finds a place and its line by our id.
func (o *Order) Place(id string) (*Line, *Place) {
	for i := range o.Lines {
		for j := range o.Lines[i].Places {
			if o.Lines[i].Places[j].ID == id {
				return &o.Lines[i], &o.Lines[i].Places[j]
			}
		}
	}
	return nil, nil
}

// Ticket finds a ticket by our id.
func (o *Order) Ticket(id string) *Ticket {
	for i := range o.Tickets {
		if o.Tickets[i].ID == id {
			return &o.Tickets[i]
		}
	}
	return nil
}

// String names the order for logs.
func (o *Order) String() string { return fmt.Sprintf("%s (%s)", o.ID, o.Status) }
