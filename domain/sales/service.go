package sales

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"guichet/domain"
	"guichet/domain/catalog"
)

// Bounds of one order.
const (
	MaxLines  = 20
	MaxPlaces = 100
	maxKey    = 255
	maxText   = 200 // reference, payment reference, names, e-mail
)

// Deps is what a Service needs. All members are mandatory but those with a default.
type Deps struct {
	Store    Store
	Platform Platform
	Catalog  Catalog
	Clock    domain.Clock
	IDs      domain.IDs
	Log      *slog.Logger
	// HoldFor is how long we keep a hold for a buyer unless the platform's own expiry is earlier; 0 is 10 minutes.
	HoldFor time.Duration
	// Margin is how long before the platform's expiry we stop trusting a hold; 0 is one minute.
	Margin time.Duration
	// OrphanAfter is when a hold without an answer has certainly lapsed at the platform; 0 is one hour.
	OrphanAfter time.Duration
	// AccountLimits are the most that may be owed to an institution, in minor units of its currency; absent is no limit.
	AccountLimits map[domain.InstitutionCode]int64
	// CallTimeout bounds one step's calls to the platform; 0 is 90 seconds. It must exceed the platform's own 30.
	CallTimeout time.Duration
	// LookBefore is how long before a performance its sold orders are looked at; none is never.
	LookBefore []time.Duration
	// Looks says how many looks at sold orders an institution's day may have, with what else its calls are needed for; nil is no
	// bound but the gate's. It must be safe for concurrent use.
	Looks func(ctx context.Context, code domain.InstitutionCode) (LookBudget, error)
	// MailOnIssue are the institutions whose orders are confirmed by e-mail once they are issued.
	MailOnIssue map[domain.InstitutionCode]bool
	// Watch is told of each order that what the platform answered has moved to another status, after that is stored; nil is
	// nobody. It must be quick and safe for concurrent use.
	Watch func(before Status, o Order)
}

// Service sells. It is safe for concurrent use, also by several processes on one database.
type Service struct{ Deps }

// New makes a Service. It panics on a missing dependency.
func New(d Deps) *Service {
	if d.Store == nil || d.Platform == nil || d.Catalog == nil || d.Clock == nil || d.IDs == nil || d.Log == nil {
		panic("sales: Store, Platform, Catalog, Clock, IDs and Log are needed")
	}
	orDefault := func(p *time.Duration, v time.Duration) {
		if *p == 0 {
			*p = v
		}
	}
	orDefault(&d.HoldFor, 10*time.Minute)
	orDefault(&d.Margin, time.Minute)
	orDefault(&d.OrphanAfter, time.Hour)
	orDefault(&d.CallTimeout, 90*time.Second)
	return &Service{d}
}

// Viewer says whose orders a caller may see and change.
type Viewer struct {
	Storefront   string
	Institutions []domain.InstitutionCode // nil is all
	Everything   bool                     // an operator: every storefront's orders
}

func (v Viewer) sees(o *Order) bool {
	return v.Everything || (o.Storefront == v.Storefront &&
		(v.Institutions == nil || slices.Contains(v.Institutions, o.Institution)))
}

// HoldRequest is what a storefront asks for.
type HoldRequest struct {
	Key              string // Idempotency-Key, mandatory
	Institution      domain.InstitutionCode
	Reference        string
	Wants            []catalog.Want
	Buyer            Buyer
	PurchaserContact string
	Expected         *domain.Money
	Wishes           []Wish // where the places are to be, by item; may be shorter

	basket     BasketID // what the order is sold together with
	basketSize int      // how many orders that is
}

// content collects what a request says, in a form that does not change when requests gain members: names and values of
// what is there, in order. Its digest tells a key that comes again with other content.
type content struct{ b strings.Builder }

func (c *content) add(name, value string) {
	if value != "" {
		c.b.WriteString(name + "=" + strconv.Quote(value) + "\n")
	}
}

func (c *content) number(name string, n int64) {
	if n != 0 {
		c.add(name, strconv.FormatInt(n, 10))
	}
}

func (c *content) wants(list []catalog.Want) {
	for i, w := range list {
		c.number("item", int64(i)+1)
		c.number("performance", int64(w.Performance))
		c.number("seat_category", int64(w.SeatCategory))
		c.number("what", int64(w.Item))
		c.number("tariff", int64(w.Tariff))
		c.add("date", string(w.Day))
		c.number("timeslot", int64(w.Timeslot))
		c.number("quantity", int64(w.Quantity))
	}
}

func (c *content) digest() string {
	sum := sha256.Sum256([]byte(c.b.String()))
	return hex.EncodeToString(sum[:])
}

func (r HoldRequest) digest() string {
	var c content
	c.add("institution", string(r.Institution))
	c.add("reference", r.Reference)
	c.wants(r.Wants)
	c.wishes(r.Wishes)
	c.add("email", r.Buyer.Email)
	c.add("first_name", r.Buyer.FirstName)
	c.add("last_name", r.Buyer.LastName)
	c.add("language", r.Buyer.Language)
	c.add("purchaser_contact", r.PurchaserContact)
	c.number("basket_size", int64(r.basketSize))
	if r.Expected != nil {
		c.add("expected_total", r.Expected.String())
	}
	return c.digest()
}

func (ch Change) digest(call string, id OrderID) string {
	var c content
	c.add("call", call)
	c.add("order", string(id))
	c.add("payment_reference", ch.PaymentReference)
	for _, h := range ch.Holders {
		c.add("place", h.Place)
		c.add("name", h.Name)
	}
	return c.digest()
}

// Hold reserves everything asked for, or nothing. The same key with the same content gives the same order, or the same
// refusal, for ever; only what was refused for a reason that passes (Refusal.Passing) is asked for again, in the same
// order. Errors: request.invalid with every wrong member, key.*, order.availability, order.price_changed,
// platform.* and catalog.*. An order that comes back holding without an error had no answer from the platform: nothing was
// sold, and whatever it holds lapses by itself.
func (s *Service) Hold(ctx context.Context, v Viewer, r HoldRequest) (Order, error) {
	if err := checkKey(r.Key, true); err != nil {
		return Order{}, err
	}
	o, key, err := s.Store.OrderByKey(ctx, v.Storefront, r.Key)
	switch {
	case err == nil:
		return s.replayHold(ctx, o, key, r)
	case !domain.HasCode(err, CodeUnknown):
		return Order{}, err
	}
	if !v.Everything && v.Institutions != nil && !slices.Contains(v.Institutions, r.Institution) {
		return Order{}, domain.Errorf(domain.NotFound, catalog.CodeInstitutionUnknown, "no institution %q", r.Institution)
	}
	if err := r.check(); err != nil {
		return Order{}, err
	}
	quote, err := s.quote(ctx, r)
	if err != nil {
		return Order{}, err
	}
	// From here on the storefront hanging up changes nothing: a commit broken off might have stored an intent that nobody
	// carries out, and its key would wait for it.
	ctx, cancel := s.detach(ctx)
	defer cancel()
	o = s.newOrder(v.Storefront, r, quote)
	o, key, created, err := s.Store.CreateOrder(ctx, o, Key{
		Storefront: v.Storefront, Key: r.Key, Call: "hold", Digest: r.digest(), Order: o.ID, At: o.CreatedAt,
	})
	if err != nil {
		return Order{}, err
	}
	if !created {
		return s.replayHold(ctx, o, key, r)
	}
	return s.hold(ctx, o)
}

// hold calls the platform for an order that is holding, and stores the answer. The context is detached from the storefront:
// that it hangs up must not stop us from knowing what is held.
func (s *Service) hold(ctx context.Context, o Order) (Order, error) {
	hold, err := s.Platform.Hold(ctx, o)
	if err == nil && hold.Defect == nil {
		hold = s.seatHold(ctx, o, hold)
	}
	return s.afterHold(ctx, o, hold, err)
}

// seatHold puts the places of a hold on the seats that were chosen. Whatever keeps them from there is a defect: the hold is given
// back, because its number is known.
func (s *Service) seatHold(ctx context.Context, o Order, h Hold) Hold {
	lines := unseated(placed(o.Lines, h))
	if len(lines) == 0 {
		return h
	}
	o.Platform = h.Platform
	moved, refusal, err := s.Platform.Seat(ctx, o, lines)
	switch {
	case err != nil:
		s.Log.LogAttrs(ctx, slog.LevelWarn, "hold: not seated", s.attrs(o, slog.String("code", domain.AsError(err).Code))...)
		h.Defect = &Refusal{Kind: domain.Conflict, Code: CodeSeating, Detail: "the platform did not say whether the seats are ours; nothing is held"}
	case refusal != nil:
		h.Defect = refusal
	default:
		h.reseat(moved)
	}
	return h
}

// quote asks the catalog what the request is and whether it may be sold now, in the currency expected.
func (s *Service) quote(ctx context.Context, r HoldRequest) (catalog.Quote, error) {
	quote, err := s.Catalog.Quote(ctx, r.Institution, r.Wants)
	if err != nil {
		return catalog.Quote{}, err
	}
	if err := checkWishes(r.Wants, r.Wishes, quote); err != nil {
		return catalog.Quote{}, err
	}
	if r.Expected != nil && r.Expected.Currency != quote.Total.Currency {
		return catalog.Quote{}, domain.Errorf(domain.Invalid, CodeCurrency, "the institution sells in %s", quote.Total.Currency).
			WithField("/expected_total/currency", CodeCurrency, "the institution sells in "+string(quote.Total.Currency))
	}
	return quote, nil
}

func (s *Service) newOrder(storefront string, r HoldRequest, quote catalog.Quote) Order {
	now := s.Clock()
	o := Order{
		ID: OrderID(s.IDs("ord")), Institution: r.Institution, Storefront: storefront, Reference: r.Reference, Basket: r.basket,
		Buyer: r.Buyer, PurchaserContact: r.PurchaserContact, Expected: r.Expected, Quoted: quote.Total,
		CreatedAt: now, UpdatedAt: now,
	}
	o.Lines = newLines(r.Wants, r.Wishes, quote)
	_ = o.step(Holding, now, "") // a new order may always become holding
	o.AskedUntil = now.Add(s.CallTimeout)
	o.await(now.Add(s.OrphanAfter))
	return o
}

// newLines makes the lines of what is wanted, as the catalog names and prices them.
func newLines(wants []catalog.Want, wishes []Wish, quote catalog.Quote) []Line {
	var lines []Line
	for i, w := range wants {
		l := quote.Lines[i]
		lines = append(lines, Line{
			Product: l.Product, Performance: w.Performance, SeatCategory: w.SeatCategory, Item: w.Item, Tariff: w.Tariff,
			Day: w.Day, Timeslot: w.Timeslot, Quantity: w.Quantity, Wish: wishOf(wishes, i), UnitPrice: l.Unit, Facts: l.Facts,
		})
	}
	return lines
}

// detach frees the work from the caller's hanging up and gives it its own deadline.
func (s *Service) detach(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.WithoutCancel(ctx), s.CallTimeout, errors.New("sales: the platform took too long"))
}

// keepTimeout bounds the storing of what the platform answered.
const keepTimeout = 15 * time.Second

// keep stores what the platform answered, or that it did not. It has its own time: an answer that comes in the last moment
// of a call must not be lost with the call's deadline.
func (s *Service) keep(ctx context.Context, id OrderID, change func(*Order) error) (Order, error) {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), keepTimeout, errors.New("sales: the database took too long"))
	defer cancel()
	var before Status
	o, err := s.Store.UpdateOrder(ctx, id, func(o *Order) error {
		before = o.Status
		return change(o)
	})
	if err == nil && s.Watch != nil && o.Status != before {
		s.Watch(before, o)
	}
	return o, err
}

// keepAs is keep for a step that follows from what was seen of the order: it is done only where the order stands where it stood
// then. Elsewhere it is errNotDue; see asLeft.
func (s *Service) keepAs(ctx context.Context, was Order, change func(*Order) error) (Order, error) {
	stood := was.stands()
	return s.keep(ctx, was.ID, func(o *Order) error {
		if o.stands() != stood {
			return errNotDue
		}
		return change(o)
	})
}

func (s *Service) replayHold(ctx context.Context, o Order, key Key, r HoldRequest) (Order, error) {
	switch {
	case key.Call != "hold" || key.Digest != r.digest():
		return Order{}, errKeyReused(&o)
	case o.Status == Holding && !o.unanswered() && s.Clock().Sub(o.askedToHold()) < s.CallTimeout:
		return Order{}, errKeyInProgress(&o)
	case o.Status == Refused && o.Refusal.Passing():
		return s.holdAgain(ctx, o, r)
	case o.Refusal != nil && !o.wasHeld():
		return o, o.refused()
	}
	return o, nil
}

// holdAgain asks again for what was refused for a reason that passes. Nothing is held: such a refusal is stored only where
// the platform certainly did not do it. One of several that come at once asks; the others are told that it runs.
func (s *Service) holdAgain(ctx context.Context, o Order, r HoldRequest) (Order, error) {
	quote, err := s.quote(ctx, r)
	if err != nil {
		return Order{}, err
	}
	ctx, cancel := s.detach(ctx)
	defer cancel()
	now := s.Clock()
	before := o
	o, err = s.Store.UpdateOrder(ctx, o.ID, func(o *Order) error {
		if o.Status != Refused || !o.Refusal.Passing() {
			return errAsItIs
		}
		o.Quoted, o.Lines = quote.Total, newLines(r.Wants, r.Wishes, quote)
		return o.beginHoldAgain(now, now.Add(s.OrphanAfter), now.Add(s.CallTimeout))
	})
	if errors.Is(err, errAsItIs) {
		before.Status = Holding // another one asks
		return Order{}, errKeyInProgress(&before)
	}
	if err != nil {
		return Order{}, err
	}
	return s.hold(ctx, o)
}

func errKeyInProgress(o *Order) error {
	e := o.misuse(domain.Conflict, CodeKeyInProgress, "the first request with this key is still running")
	e.RetryAfter = 2 * time.Second
	return e
}

func errKeyReused(o *Order) error {
	return o.misuse(domain.Invalid, CodeKeyReused, "this Idempotency-Key was used for another request")
}

// afterHold stores what the platform answered, compares it with what was asked, and gives back what cannot be sold.
func (s *Service) afterHold(ctx context.Context, o Order, h Hold, err error) (Order, error) {
	now := s.Clock()
	if err != nil {
		e := domain.AsError(err)
		if e.Uncertain {
			s.Log.LogAttrs(ctx, slog.LevelWarn, "hold: no answer", s.attrs(o, slog.String("code", e.Code))...)
			return s.note(ctx, o.ID, now, noteNoAnswer)
		}
		o, uerr := s.keep(ctx, o.ID, func(o *Order) error {
			return o.refuse(Refusal{Kind: e.Kind, Code: e.Code, Detail: e.Detail}, now)
		})
		if uerr != nil {
			return o, errors.Join(err, uerr)
		}
		refused := o.refused()
		refused.RetryAfter = e.RetryAfter
		return o, refused.Because(err)
	}
	refusal := h.Defect
	if refusal == nil {
		refusal = notTogether(h, o.Lines)
	}
	if refusal == nil {
		refusal = wrongTotal(o.Expected, h.Total)
	}
	if refusal != nil {
		h.gather()
	}
	ids := s.ids("plc", countPlaces(h))
	if refusal != nil {
		return s.giveBack(ctx, o, h, *refusal, ids)
	}
	held, err := s.keep(ctx, o.ID, func(o *Order) error { return o.finishHold(h, now, s.holdUntil(now, h.ExpiresAt), ids) })
	if domain.HasCode(err, CodeDuplicate) {
		return s.toReview(ctx, o, now, noteDuplicate)
	}
	return held, err
}

// giveBack releases a hold that cannot be sold and answers with the reason.
func (s *Service) giveBack(ctx context.Context, o Order, h Hold, refusal Refusal, ids []string) (Order, error) {
	now, was := s.Clock(), o
	o, err := s.keep(ctx, was.ID, func(o *Order) error {
		o.takeHold(h, ids)
		o.Refusal = &refusal
		return o.beginRelease(now, now.Add(s.CallTimeout), refusal.Code)
	})
	if domain.HasCode(err, CodeDuplicate) {
		return s.toReview(ctx, was, now, noteDuplicate)
	}
	if err != nil {
		return o, err
	}
	if o, err = s.release(ctx, o); err != nil {
		return o, err
	}
	return o, o.refused()
}

// holdUntil is when we give a hold back: our own time, or the platform's less a margin, whichever is earlier.
func (s *Service) holdUntil(now, platform time.Time) time.Time {
	until := now.Add(s.HoldFor)
	if limit := s.holdLimit(now, platform); !limit.IsZero() && limit.Before(until) {
		until = limit
	}
	return until
}

// holdLimit is the last moment at which a hold made then can be trusted; zero where the platform did not say.
func (s *Service) holdLimit(made, platform time.Time) time.Time {
	if platform.IsZero() {
		return time.Time{}
	}
	margin := min(s.Margin, platform.Sub(made)/4)
	return platform.Add(-max(margin, 0))
}

// Order reads an order. Errors: order.unknown, also for one the viewer may not see.
func (s *Service) Order(ctx context.Context, v Viewer, id OrderID) (Order, error) {
	o, err := s.Store.Order(ctx, id)
	if err != nil {
		return Order{}, err
	}
	if !v.sees(&o) {
		return Order{}, domain.Errorf(domain.NotFound, CodeUnknown, "no order %s", id)
	}
	return o, nil
}

// OrderByTicket reads the order that has a ticket. Errors: ticket.unknown.
func (s *Service) OrderByTicket(ctx context.Context, v Viewer, ticket string) (Order, error) {
	o, err := s.Store.OrderByTicket(ctx, ticket)
	if err != nil {
		return Order{}, err
	}
	if !v.sees(&o) {
		return Order{}, domain.Errorf(domain.NotFound, CodeTicketUnknown, "no ticket %s", ticket)
	}
	return o, nil
}

// Orders lists the viewer's orders, newest first. The query's institutions narrow what the viewer sees and never widen it.
func (s *Service) Orders(ctx context.Context, v Viewer, q Query) ([]Order, string, error) {
	if !v.Everything {
		q.Storefront = v.Storefront
		switch {
		case v.Institutions == nil:
		case q.Institutions == nil:
			q.Institutions = v.Institutions
		default:
			q.Institutions = slices.DeleteFunc(slices.Clone(q.Institutions), func(c domain.InstitutionCode) bool {
				return !slices.Contains(v.Institutions, c)
			})
		}
	}
	return s.Store.Orders(ctx, q)
}

// Change is a later call on an order; Key is optional.
type Change struct {
	Key              string
	PaymentReference string   // close
	Holders          []Holder // close
}

// Holder names the person a place is for.
type Holder struct {
	Place string // Place.ID
	Name  string
}

// bind checks and keeps the idempotency key of a later call; replay says that the same call came before.
func (s *Service) bind(ctx context.Context, o Order, call string, c Change) (replay bool, err error) {
	return s.bindKey(ctx, o, c.Key, call, c.digest(call, o.ID))
}

func (s *Service) bindKey(ctx context.Context, o Order, key, call, digest string) (replay bool, err error) {
	if key == "" {
		return false, nil
	}
	if err := checkKey(key, false); err != nil {
		return false, err
	}
	want := Key{Storefront: o.Storefront, Key: key, Call: call, Order: o.ID, At: s.Clock(), Digest: digest}
	got, created, err := s.Store.BindKey(ctx, want)
	if err != nil {
		return false, err
	}
	if !got.Same(want) {
		return false, errKeyReused(&o)
	}
	return !created, nil
}

// change changes an order and binds the call's key to it in one transaction. A call that changes nothing keeps its key too,
// and the key is what it is refused for first.
func (s *Service) change(ctx context.Context, o Order, call string, c Change, change func(*Order) error) (Order, error) {
	if c.Key == "" {
		return s.Store.UpdateOrder(ctx, o.ID, change)
	}
	if err := checkKey(c.Key, false); err != nil {
		return Order{}, err
	}
	key := Key{Storefront: o.Storefront, Key: c.Key, Call: call, Order: o.ID, At: s.Clock(), Digest: c.digest(call, o.ID)}
	changed, err := s.Store.UpdateOrder(ctx, o.ID, func(o *Order) error {
		o.Bind = &key
		return change(o)
	})
	if err == nil {
		return changed, nil
	}
	if _, kerr := s.bind(ctx, o, call, c); domain.HasCode(kerr, CodeKeyReused) {
		return Order{}, kerr
	}
	return Order{}, err
}

// Extend moves our expiry inside the platform's own. Errors: order.hold_limit when it allows no more, order.status,
// order.hold_expired.
func (s *Service) Extend(ctx context.Context, v Viewer, id OrderID, c Change) (Order, error) {
	o, err := s.Order(ctx, v, id)
	if err != nil {
		return Order{}, err
	}
	now := s.Clock()
	return s.once(ctx, o, c.Key, "extend", c.digest("extend", id), func(o *Order) error {
		return o.extend(now, now.Add(s.HoldFor), s.holdLimit(o.CreatedAt, o.PlatformExpiresAt))
	})
}

// once makes a change that asks nothing of the platform, once for each key: a request that comes again gives the order as it
// is. The key is stored with the change, so that a crash leaves both or neither, and a refusal binds no key.
func (s *Service) once(ctx context.Context, o Order, key, call, digest string, change func(*Order) error) (Order, error) {
	if key == "" {
		return s.Store.UpdateOrder(ctx, o.ID, change)
	}
	if err := checkKey(key, false); err != nil {
		return Order{}, err
	}
	want := Key{Storefront: o.Storefront, Key: key, Call: call, Order: o.ID, At: s.Clock(), Digest: digest}
	changed, got, _, err := s.Store.UpdateOrderOnce(ctx, want, change)
	switch {
	case err != nil:
		return Order{}, err
	case !got.Same(want):
		return Order{}, errKeyReused(&o)
	}
	return changed, nil
}

// Release gives a hold back. Releasing what is already given back, lapsed or refused answers with it as it is. A hold that
// the platform has not answered cannot be released (order.status).
// An order that comes back releasing had no answer; it is settled in the background.
func (s *Service) Release(ctx context.Context, v Viewer, id OrderID, c Change) (Order, error) {
	o, err := s.Order(ctx, v, id)
	if err != nil {
		return Order{}, err
	}
	ctx, cancel := s.detach(ctx) // before the intent: see Hold
	defer cancel()
	now := s.Clock()
	o, err = s.change(ctx, o, "release", c, func(o *Order) error {
		switch o.Status {
		case Released, Releasing, Expired, Refused, Orphaned:
			return errAsItIs
		case Holding: // what it holds has no name yet: nothing can be given back
			return o.misuse(domain.Conflict, CodeStatus, "the platform has not answered the hold; what it holds lapses by itself")
		case Changing:
			return o.wrongStatus("what it holds is being changed; release it after that")
		default:
		}
		return o.beginRelease(now, now.Add(s.CallTimeout), "")
	})
	if errors.Is(err, errAsItIs) {
		return s.Store.Order(ctx, id)
	}
	if err != nil {
		return Order{}, err
	}
	return s.release(ctx, o)
}

// errAsItIs leaves an update closure without changing anything.
var errAsItIs = errors.New("as it is")

// release calls the platform for an order that is releasing, and stores the answer. That the platform does not hold the
// order any more can also mean that it was sold, so then a read decides.
func (s *Service) release(ctx context.Context, o Order) (Order, error) {
	err := s.Platform.Release(ctx, o)
	if domain.HasCode(err, CodeHoldExpired) {
		if read, rerr := s.Platform.Read(ctx, o); rerr == nil {
			switch read.State {
			case PlatformDead:
				err = nil
			case PlatformClosed:
				return s.toReview(ctx, o, s.Clock(), noteSoldReleasing)
			case PlatformOpen:
			}
		}
	}
	now := s.Clock()
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "release: not done", s.attrs(o, slog.String("code", domain.AsError(err).Code))...)
		return s.later(ctx, o, true)
	}
	return s.keep(ctx, o.ID, func(o *Order) error {
		if o.Status != Releasing {
			return nil // settled meanwhile
		}
		return o.finishRelease(now, "")
	})
}

// accountLimit is the most that may be owed to the order's institution; nil is no limit.
func (s *Service) accountLimit(o *Order) *domain.Money {
	if most, ok := s.AccountLimits[o.Institution]; ok {
		return &domain.Money{Amount: most, Currency: o.Total.Currency}
	}
	return nil
}

// Close pays on the pending account and gets the barcodes. A second close of a sold order answers with it; one that comes
// back closing or issuing is settled in the background and need not be closed again. Errors: order.hold_expired,
// order.payment, order.status, order.holders, key.reused; account.limit, before the platform is asked, where more would be
// owed than the institution allows: the hold lives on.
func (s *Service) Close(ctx context.Context, v Viewer, id OrderID, c Change) (Order, error) {
	o, err := s.Order(ctx, v, id)
	if err != nil {
		return Order{}, err
	}
	holders, err := checkClose(&o, c)
	if err != nil {
		return Order{}, err
	}
	if o.Status == Closing || o.Status.Sold() {
		if _, err := s.bind(ctx, o, "close", c); err != nil {
			return Order{}, err
		}
		return o, nil
	}
	ctx, cancel := s.detach(ctx) // before the intent: see Hold
	defer cancel()
	now := s.Clock()
	o, err = s.change(ctx, o, "close", c, func(o *Order) error {
		switch o.Status {
		case Closing, Issuing, Issued:
			return errAsItIs
		case Expired:
			return o.misuse(domain.Gone, CodeHoldExpired, "the hold ended at %s; hold anew", o.HoldExpiresAt.Format(time.RFC3339))
		default:
			o.Limit = s.accountLimit(o)
			return o.beginClose(now, now.Add(min(readAfter, s.CallTimeout)), now.Add(s.CallTimeout), c.PaymentReference, holders)
		}
	})
	if errors.Is(err, errAsItIs) {
		return s.Store.Order(ctx, id)
	}
	if domain.HasCode(err, CodeAccountLimit) { // the store's word, which knows no states; only a held one gets so far
		refused := *domain.AsError(err)
		refused.State = string(Held)
		return Order{}, &refused
	}
	if err != nil {
		return Order{}, err
	}
	return s.close(ctx, o)
}

// close calls the platform for an order that is closing, and stores the answer.
func (s *Service) close(ctx context.Context, o Order) (Order, error) {
	out, err := s.Platform.Close(ctx, o)
	if err == nil && out.State == PlatformClosed {
		return s.sold(ctx, o, out, "")
	}
	if err == nil {
		return s.later(ctx, o, true) // accepted, but not said to be closed: read it
	}
	e := domain.AsError(err)
	s.Log.LogAttrs(ctx, slog.LevelWarn, "close: not done", s.attrs(o, slog.String("code", e.Code), slog.Bool("uncertain", e.Uncertain))...)
	if e.Uncertain || e.Kind == domain.Limited || e.Kind == domain.Unavailable || e.Kind == domain.Internal || e.Code == domain.CodePlatformAuth {
		return s.later(ctx, o, true) // not known, or not asked at all: the intent stands and is settled
	}
	// The platform refused. Only a read makes that certain: a first close whose answer was lost looks the same.
	read, rerr := s.Platform.Read(ctx, o)
	if rerr != nil {
		return s.later(ctx, o, true)
	}
	return s.refusedClose(ctx, o, read, e)
}

// refusedClose stores what a refused close left behind, as a read showed it.
func (s *Service) refusedClose(ctx context.Context, o Order, read Outcome, e *domain.Error) (Order, error) {
	now := s.Clock()
	switch read.State {
	case PlatformClosed:
		return s.sold(ctx, o, read, noteRead)
	case PlatformDead:
		o, err := s.keep(ctx, o.ID, func(o *Order) error { return o.lapse(now) })
		if err != nil {
			return Order{}, err
		}
		return Order{}, o.misuse(domain.Gone, CodeHoldExpired, "the platform let the hold lapse; hold anew")
	case PlatformOpen: // refused, and the hold lives on
	}
	o, err := s.keep(ctx, o.ID, func(o *Order) error {
		return o.reopen(Refusal{Kind: e.Kind, Code: e.Code, Detail: e.Detail}, now)
	})
	if err != nil {
		return Order{}, err
	}
	refused := *e
	refused.State = string(o.Status)
	return o, &refused
}

// confirm makes an issued order's confirmation due, where the institution wants it and the buyer has an address.
func (s *Service) confirm(o *Order) {
	o.ConfirmByMail = o.Status == Issued && s.MailOnIssue[o.Institution] && o.Buyer.Email != ""
}

// sold stores a closed order.
func (s *Service) sold(ctx context.Context, o Order, out Outcome, note string) (Order, error) {
	now := s.Clock()
	ids := s.ids("tkt", o.Places()+len(out.Tickets))
	id, starts := o.ID, s.starts(&o)
	o, err := s.keep(ctx, id, func(o *Order) error {
		if o.Status == Issued {
			return nil // settled meanwhile
		}
		if err := o.finishClose(out, now, starts, ids, note); err != nil {
			return err
		}
		if o.Status == Issued {
			o.planLook(now, starts, s.LookBefore)
		}
		s.confirm(o)
		return nil
	})
	switch {
	case domain.HasCode(err, CodeDuplicate):
		return s.soldAsAnothers(ctx, id, now)
	case domain.HasCode(err, CodeStatus):
		return s.soldAfterEnd(ctx, id, now)
	}
	return o, err
}

// soldAfterEnd leaves an order that is sold, although we had seen it end, to a person.
func (s *Service) soldAfterEnd(ctx context.Context, id OrderID, at time.Time) (Order, error) {
	o, err := s.Store.Order(ctx, id)
	if err != nil || o.wasSold() {
		return o, err // sold, and what came after that, is in the books
	}
	return s.toReview(ctx, o, at, noteSoldAfterEnd)
}

// soldAsAnothers stores a closed order whose barcodes another order has: the money is owed, the tickets are a person's to
// look at.
func (s *Service) soldAsAnothers(ctx context.Context, id OrderID, at time.Time) (Order, error) {
	o, err := s.keep(ctx, id, func(o *Order) error { return o.soldAsAnothers(at) })
	if err == nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "order needs a person", s.attrs(o, slog.String("why", noteDuplicate))...)
	}
	return o, err
}

// later leaves the order in its unknown status and says when to look at it. Back says that our own call has come back and that
// nothing of ours that matters is on the wire any more; whoever has claimed the order since waits for its own.
func (s *Service) later(ctx context.Context, o Order, back bool) (Order, error) {
	now, starts, stood := s.Clock(), s.starts(&o), o.stands()
	return s.keep(ctx, o.ID, func(o *Order) error {
		if !o.Status.Unknown() {
			return nil
		}
		if back && o.stands() == stood {
			o.AskedUntil = time.Time{}
		}
		if o.Status == Issuing {
			o.awaitBarcodes(now, starts)
		} else {
			o.due(now.Add(settleDelay(o.Checks)))
		}
		return nil
	})
}

// note adds a note to the order's history without moving it.
func (s *Service) note(ctx context.Context, id OrderID, at time.Time, note string) (Order, error) {
	return s.keep(ctx, id, func(o *Order) error {
		o.History = append(o.History, Step{Status: o.Status, At: at, Note: note})
		return nil
	})
}

// toReview leaves an order to a person, unless it has moved since it was as given.
func (s *Service) toReview(ctx context.Context, was Order, at time.Time, note string) (Order, error) {
	o, err := s.keepAs(ctx, was, func(o *Order) error { return o.review(at, note) })
	if err != nil {
		return s.asLeft(ctx, was.ID, err)
	}
	s.Log.LogAttrs(ctx, slog.LevelError, "order needs a person", s.attrs(o, slog.String("why", note))...)
	return o, nil
}

func (s *Service) ids(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s.IDs(prefix)
	}
	return out
}

func (s *Service) attrs(o Order, more ...slog.Attr) []slog.Attr {
	return append([]slog.Attr{
		slog.String("order", string(o.ID)), slog.String("institution", string(o.Institution)),
		slog.String("storefront", o.Storefront), slog.String("status", string(o.Status)),
	}, more...)
}

func countPlaces(h Hold) int {
	n := 0
	for _, l := range h.Lines {
		n += len(l.Places)
	}
	return n
}

// check refuses what can never be sold, every wrong member named.
func (r HoldRequest) check() error {
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the order cannot be sold as asked")
	checkWants(bad, r.Wants)
	checkText(bad, "/reference", r.Reference)
	checkBuyer(bad, r.Buyer)
	checkText(bad, "/purchaser_contact", r.PurchaserContact)
	checkExpected(bad, r.Expected)
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// checkWants refuses lines that can never be sold together.
func checkWants(bad *domain.Error, wants []catalog.Want) {
	switch {
	case len(wants) == 0:
		bad.WithField("/items", CodeItems, "at least one item is needed")
	case len(wants) > MaxLines:
		bad.WithField("/items", CodeItems, fmt.Sprintf("at most %d items", MaxLines))
	}
	total := 0
	seen := map[catalog.Want]bool{}
	for i, w := range wants {
		at := "/items/" + strconv.Itoa(i)
		if w.Quantity < 1 || w.Quantity > MaxPlaces {
			bad.WithField(at+"/quantity", CodeQuantity, fmt.Sprintf("1 to %d", MaxPlaces))
		} else if total += w.Quantity; total > MaxPlaces {
			bad.WithField(at+"/quantity", CodeQuantity, fmt.Sprintf("at most %d places in one order", MaxPlaces))
		}
		w.Quantity = 0
		if seen[w] {
			bad.WithField(at, CodeItems, "the same thing stands twice; ask once, with the summed quantity")
		}
		seen[w] = true
	}
}

func checkExpected(bad *domain.Error, m *domain.Money) {
	if m != nil && (m.Amount < 0 || !m.Currency.Valid()) {
		bad.WithField("/expected_total", CodeCurrency, "an amount of 0 or more in an ISO 4217 currency")
	}
}

func checkBuyer(bad *domain.Error, b Buyer) {
	checkText(bad, "/buyer/email", b.Email)
	checkText(bad, "/buyer/first_name", b.FirstName)
	checkText(bad, "/buyer/last_name", b.LastName)
	checkText(bad, "/buyer/language", b.Language)
	if b.Email != "" && strings.Count(b.Email, "@") != 1 {
		bad.WithField("/buyer/email", CodeContact, "not an e-mail address")
	}
}

func checkText(bad *domain.Error, at, text string) {
	if len(text) > maxText {
		bad.WithField(at, domain.CodeRequest, fmt.Sprintf("at most %d bytes", maxText))
	}
	if strings.ContainsFunc(text, isControl) {
		bad.WithField(at, domain.CodeRequest, "control characters are not allowed")
	}
}

// isControl says that a character is none: a control, the end of a line or a mark that turns the direction of text round,
// which makes a name look like another one.
func isControl(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// CheckKey refuses a missing Idempotency-Key (key.missing) and one of another form.
func CheckKey(key string) error { return checkKey(key, true) }

// checkKey checks an Idempotency-Key's form.
func checkKey(key string, mandatory bool) error {
	switch {
	case key == "" && mandatory:
		return domain.Errorf(domain.Invalid, CodeKeyMissing, "the Idempotency-Key header is needed")
	case len(key) > maxKey, strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' }):
		return domain.Errorf(domain.Invalid, domain.CodeRequest, "the Idempotency-Key must be 1 to %d visible ASCII characters", maxKey)
	}
	return nil
}

// checkClose checks the members of a close and returns the holders by place.
func checkClose(o *Order, c Change) (map[string]string, error) {
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the order cannot be closed as asked")
	checkText(bad, "/payment_reference", c.PaymentReference)
	holders := checkHolders(bad, o, c.Holders)
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	return holders, nil
}

// checkHolders checks that every holder has a place of the order, each once, and returns the names by place.
func checkHolders(bad *domain.Error, o *Order, list []Holder) map[string]string {
	holders := map[string]string{}
	for i, h := range list {
		at := "/holders/" + strconv.Itoa(i)
		if _, p := o.Place(h.Place); p == nil {
			bad.WithField(at+"/place", CodeHolders, "the order has no such place")
		}
		if _, twice := holders[h.Place]; twice {
			bad.WithField(at+"/place", CodeHolders, "the place stands twice")
		}
		checkText(bad, at+"/name", h.Name)
		holders[h.Place] = h.Name
	}
	return holders
}
