package sales

import "slices"

// Status is where an order is in its life.
type Status string

// The statuses.
const (
	Holding    Status = "holding"    // createOrUpdateOrder asked, answer not known
	Held       Status = "held"       // places reserved until HoldExpiresAt
	Changing   Status = "changing"   // createOrUpdateOrder or abandonMovements asked for a held order, answer not known
	Refused    Status = "refused"    // the platform (or our own check) said no; nothing is held
	Orphaned   Status = "orphaned"   // the hold's answer never came; whatever was held has lapsed
	Releasing  Status = "releasing"  // abandonMovements asked, answer not known
	Released   Status = "released"   // given back
	Expired    Status = "expired"    // the hold lapsed before it was closed
	Closing    Status = "closing"    // closeOrder asked, answer not known
	Issuing    Status = "issuing"    // sold, a barcode is still missing
	Issued     Status = "issued"     // sold, every place has its barcode
	Cancelling Status = "cancelling" // a refund order is on its way, answer not known
	Cancelled  Status = "cancelled"  // sold once; every place was taken back
	Review     Status = "review"     // a person must look
)

// Move is one allowed step of an order's life, and what makes it. The empty status is a new order.
type Move struct {
	From, To Status
	Why      string
}

// moves is the whole table. Everything else is refused. docs/orders.md is drawn from it.
var moves = []Move{
	{"", Holding, "a storefront asks; the intent is stored before the platform is asked"},
	{Holding, Held, "the platform reserved everything as asked"},
	{Holding, Refused, "the platform said no, or was certainly not asked; nothing is held"},
	{Holding, Releasing, "what came back cannot be sold as asked (places missing, another total): it is given back"},
	{Holding, Orphaned, "no answer came, and whatever was held has lapsed by now"},
	{Holding, Review, "the platform's order number is another order's"},
	{Refused, Holding, "the reason passes (a limit, nobody there) and the same key asks again"},
	{Held, Closing, "the storefront closes; the intent is stored before the platform is asked"},
	{Held, Releasing, "the storefront gives it back, or our hold has run out"},
	{Held, Expired, "the platform let it lapse"},
	{Held, Changing, "the storefront changes lines; the intent is stored before the platform is asked"},
	{Changing, Held, "the change is done; or it was refused or undone, and the order has its lines as before"},
	{Changing, Releasing, "what the platform holds after the change is not what was asked: it is given back"},
	{Changing, Expired, "a read shows that the platform let the hold lapse"},
	{Changing, Review, "a read shows the order sold, or nothing could be read for too long"},
	{Releasing, Released, "the platform gave the places back, or a read shows that it holds none"},
	{Releasing, Expired, "the same, where our hold had run out"},
	{Releasing, Review, "a read shows the order sold, or nothing could be read for too long"},
	{Closing, Issued, "sold, every place has its barcode"},
	{Closing, Issuing, "sold, a barcode is still missing"},
	{Closing, Held, "refused, and a read shows the hold alive"},
	{Closing, Expired, "a read shows that the platform let the hold lapse"},
	{Closing, Review, "nothing could be read for too long, or what was sold is another order's"},
	{Issuing, Issued, "the missing barcodes are there"},
	{Issuing, Review, "barcodes did not come for too long, the platform does not call the order closed any more; or its basket failed and it could not be undone"},
	{Issued, Cancelling, "the storefront cancels, whole or in part; the intent is stored before the platform is asked"},
	{Issued, Review, "the storefront cancels, and the institution undoes sales by hand only; or the platform does not call the order closed any more"},
	{Cancelling, Cancelled, "the refund order is closed, and no good ticket is left"},
	{Cancelling, Issued, "the refund order is closed and good tickets are left, or the platform refused it"},
	{Cancelling, Review, "nothing could be read for too long"},
	{Issued, Cancelled, "a look shows that the institution took every ticket back by itself"},
	{Released, Review, "the platform says sold after all"},
	{Expired, Review, "the platform says sold after all"},
	{Review, Held, "a person decided, or a read showed it"},
	{Review, Changing, "a person decided that a change of lines goes on"},
	{Review, Issuing, "a person decided, or a read showed it"},
	{Review, Issued, "a person decided, or a read showed it"},
	{Review, Cancelled, "the institution has undone the sale by hand"},
	{Review, Released, "a person decided, or a read showed it"},
	{Review, Expired, "a person decided, or a read showed it"},
	{Review, Orphaned, "a person decided, or a read showed it"},
}

// Moves lists every allowed step.
func Moves() []Move { return slices.Clone(moves) }

// Statuses lists every status in the order of a life.
func Statuses() []Status {
	return []Status{Holding, Held, Changing, Refused, Orphaned, Releasing, Released, Expired, Closing, Issuing, Issued, Cancelling, Cancelled, Review}
}

// Steps returns where an order in this status may go; the empty status is a new order.
func (s Status) Steps() []Status {
	var next []Status
	for _, m := range moves {
		if m.From == s {
			next = append(next, m.To)
		}
	}
	return next
}

// may reports whether the table has the step.
func (s Status) may(to Status) bool {
	return slices.ContainsFunc(moves, func(m Move) bool { return m.From == s && m.To == to })
}

// Meaning is what the status says, in a few words; empty for none of ours.
func (s Status) Meaning() string {
	switch s {
	case Holding:
		return "the platform was asked to reserve; its answer is not known"
	case Held:
		return "places are reserved until `hold_expires_at`"
	case Changing:
		return "the platform was asked to change what is held; its answer is not known"
	case Refused:
		return "the platform, or our own check, said no; nothing is held"
	case Orphaned:
		return "the hold's answer never came; whatever was held has lapsed"
	case Releasing:
		return "the platform was asked to give back; its answer is not known"
	case Released:
		return "given back"
	case Expired:
		return "the hold ran out before it was closed"
	case Closing:
		return "the platform was asked to sell; its answer is not known"
	case Issuing:
		return "sold; a barcode is still missing"
	case Issued:
		return "sold; every place has its barcode"
	case Cancelling:
		return "the platform was asked to undo the sale or a part of it; its answer is not known"
	case Cancelled:
		return "it was sold, and every place was taken back"
	case Review:
		return "a person must look"
	}
	return ""
}

// Valid reports whether the text is a status.
func (s Status) Valid() bool { return s.Meaning() != "" }

// Unknown reports whether the platform was asked and we do not know the answer: a status ending in -ing.
func (s Status) Unknown() bool {
	return s == Holding || s == Changing || s == Releasing || s == Closing || s == Issuing || s == Cancelling
}

// afterSale reports whether an order that was once sold may be in this status: what is sold is never unsold.
func (s Status) afterSale() bool {
	return s.Sold() || s == Cancelling || s == Cancelled || s == Review
}

// Sold reports whether the order is sold and nothing is being undone.
func (s Status) Sold() bool { return s == Issuing || s == Issued }
