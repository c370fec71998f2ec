package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"guichet/domain"
)

// Kind says how two sides differ.
type Kind string

// The kinds.
const (
	PlatformSold    Kind = "platform_sold"          // the platform sold an order that we saw end otherwise
	PlatformUnknown Kind = "platform_order_unknown" // the platform has a sale of ours that we do not know
	NotAtPlatform   Kind = "not_at_platform"        // we sold, the platform does not call the order closed
	AmountDiffers   Kind = "amount_differs"         // what we booked for an order is not what the platform asks
	TicketMissing   Kind = "ticket_missing"         // the platform has no good ticket for a place we sold
	TicketCancelled Kind = "ticket_cancelled"       // the platform took back a ticket that we hold good
	BarcodeChanged  Kind = "barcode_changed"        // the good ticket of a place has another barcode
	PaidNoTicket    Kind = "paid_without_ticket"    // a payment for which nothing was sold
	TicketNoPayment Kind = "ticket_without_payment" // a sale that the storefront's report of payments leaves out
	PaymentDiffers  Kind = "payment_differs"        // a payment of another amount than the order's
	DoublePayment   Kind = "double_payment"         // an order that was paid twice
	maxReason            = 1000
	amountInMinor        = "amount"
	sideOurs             = "ours"
	sidePlatform         = "platform"
	sideStorefront       = "storefront"
)

// Kinds lists them all.
func Kinds() []Kind {
	return []Kind{
		PlatformSold, PlatformUnknown, NotAtPlatform, AmountDiffers, TicketMissing, TicketCancelled, BarcodeChanged, PaidNoTicket,
		TicketNoPayment, PaymentDiffers, DoublePayment,
	}
}

// Action is what can be done about a case.
type Action string

// The actions. The first four are carried out by us.
const (
	Adopt          Action = "adopt"           // take over what the platform sold: tickets, and the posting
	Renew          Action = "renew"           // take over the platform's good tickets in place of ours
	Correct        Action = "correct"         // post the difference, against the account of differences
	Refund         Action = "refund"          // undo the sale at the platform, once
	AskInstitution Action = "ask_institution" // the institution must put it right; the case closes when it has
	AskStorefront  Action = "ask_storefront"  // the storefront must, for example by refunding its buyer
	Accept         Action = "accept"          // it is explained; it stays as it is
)

// Actions lists what fits a kind; the first is proposed.
func (k Kind) Actions() []Action {
	switch k {
	case PlatformSold:
		return []Action{Adopt, Refund, AskInstitution, Accept}
	case AmountDiffers:
		return []Action{Correct, AskInstitution, Accept}
	case BarcodeChanged:
		return []Action{Renew, AskInstitution, Accept}
	case PlatformUnknown, NotAtPlatform, TicketMissing, TicketCancelled:
		return []Action{AskInstitution, Accept}
	case PaidNoTicket, TicketNoPayment, DoublePayment:
		return []Action{AskStorefront, Refund, Accept}
	case PaymentDiffers:
		return []Action{AskStorefront, Accept}
	}
	return nil
}

// Ours reports whether we carry the action out.
func (a Action) Ours() bool { return a == Adopt || a == Renew || a == Correct || a == Refund }

// Fact is one thing that a side says. Barcodes are shortened.
type Fact struct {
	Side  string // ours, platform or storefront
	Name  string
	Value string
}

// Difference is what a comparison found.
type Difference struct {
	Kind       Kind
	Subject    Subject
	Storefront string
	Facts      []Fact // what differs: it is in the fingerprint
	Context    []Fact // what else helps to decide
}

// Subject is what a difference is about. Exactly one member is set.
type Subject struct {
	Order    string // our order's id
	Platform int64  // the platform's order
	Payment  string // Payment.ID
}

// String names the subject.
func (s Subject) String() string {
	switch {
	case s.Order != "":
		return "order " + s.Order
	case s.Platform != 0:
		return "platform order " + strconv.FormatInt(s.Platform, 10)
	}
	return "payment " + s.Payment
}

// Fingerprint tells one difference from another: it is the same as long as the same thing differs in the same way.
func (d Difference) Fingerprint() string {
	h := sha256.New()
	for _, part := range []string{string(d.Kind), d.Subject.String()} {
		h.Write([]byte(part + "\x00"))
	}
	for _, f := range d.Facts {
		h.Write([]byte(f.Side + "\x00" + f.Name + "\x00" + f.Value + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// State is where a case is.
type State string

// The states.
const (
	Open    State = "open"    // nobody has decided
	Decided State = "decided" // somebody has; the difference is still there
	Closed  State = "closed"  // the difference is gone
)

// Case is a difference that somebody must look at.
type Case struct {
	ID          string // "cas_…"
	Institution domain.InstitutionCode
	Difference
	State    State
	Proposed Action
	OpenedAt time.Time
	SeenAt   time.Time // when the difference was last there
	ClosedAt time.Time
	Run      string // the run that looked at it last
	Decision *Decision
}

// Decision is what a person wants done.
type Decision struct {
	Action  Action
	Reason  string
	By      string
	At      time.Time
	Outcome string // of an action of ours: "done", "under_way", "by_hand", or the code of what kept it
}

// decide takes a decision over. The same one again changes nothing; one that was carried out stays.
func (c *Case) decide(d Decision) error {
	if c.State == Closed {
		return domain.Errorf(domain.Conflict, CodeCaseDecided, "the case is closed: the difference is gone")
	}
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the case cannot be decided so")
	if !slices.Contains(c.Kind.Actions(), d.Action) {
		bad.WithField("/action", CodeCaseAction, "the action does not fit a case of "+string(c.Kind))
	}
	if d.Reason == "" || len(d.Reason) > maxReason {
		bad.WithField("/reason", domain.CodeRequest, "1 to 1000 bytes: why")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	if c.Decision != nil && c.Decision.Action.Ours() && c.Decision.Outcome == outcomeDone {
		return domain.Errorf(domain.Conflict, CodeCaseDecided, "it was decided and carried out; if the difference is still there, look at the order")
	}
	if c.Decision.underWay() && c.Decision.Action != d.Action {
		return domain.Errorf(domain.Conflict, CodeCaseDecided, "it was decided and is under way; decide the same again to see how far it is")
	}
	c.Decision, c.State = &d, Decided
	return nil
}

const outcomeDone = "done"

// close ends a case whose difference is gone.
func (c *Case) close(at time.Time, run string) {
	c.State, c.ClosedAt = Closed, at
	if run != "" {
		c.Run = run
	}
}
