package sales

import (
	"slices"
	"time"

	"guichet/domain"
)

// Kinds of posting in the pending account's book.
const (
	PostingClose  = "close"  // we owe the institution what the order's places cost
	PostingRefund = "refund" // we owe it less: places were taken back
	PostingFee    = "fee"    // we owe it what the order costs beside its places; below zero: a refund gives it back
)

// CodeAccountLimit refuses a close that would owe the institution more than it lets us.
const CodeAccountLimit = "account.limit"

// Posting is what an order did to the pending account. The ledger keeps it as a balanced entry (package account).
type Posting struct {
	Institution domain.InstitutionCode
	Order       OrderID
	Kind        string
	// Cause makes the posting happen once: one kind and cause is posted once at an institution. Empty is the order's id,
	// which is right for a close and its fees; a refund, and fees that it gives back, name the refund.
	Cause  string
	Amount domain.Money // zero is not posted; a refund's is below zero
	At     time.Time
}

// fees is what the platform asks for the order beside its places: what its total is above its lines'. Zero where the lines ask
// more, or cannot be added up.
func (o *Order) fees() domain.Money {
	none := domain.Money{Currency: o.Total.Currency}
	lines := none
	for i := range o.Lines {
		var err error
		if lines, err = lines.Add(o.Lines[i].Total); err != nil {
			return none
		}
	}
	if lines.Currency != o.Total.Currency || lines.Amount < 0 || lines.Amount > o.Total.Amount {
		return none
	}
	return domain.Money{Amount: o.Total.Amount - lines.Amount, Currency: o.Total.Currency}
}

// postSale posts what a sold order costs: its places, and its fees as an entry of their own.
func (o *Order) postSale(at time.Time) {
	fees, places := o.fees(), o.Total
	places.Amount -= fees.Amount
	for _, p := range []Posting{{Kind: PostingClose, Amount: places}, {Kind: PostingFee, Amount: fees}} {
		if p.Amount.Amount != 0 || p.Kind == PostingClose {
			p.Institution, p.Order, p.At = o.Institution, o.ID, at
			o.Postings = append(o.Postings, p)
		}
	}
}

// postRefund takes what came back off what we owe the institution. What came back beyond what the places cost are fees, as far
// as the order has some that no refund has given back.
func (o *Order) postRefund(r *Refund, at time.Time) {
	left := o.fees().Amount
	for i := range o.Refunds {
		if q := &o.Refunds[i]; q.ID != r.ID && q.State == RefundDone {
			left -= max(0, q.Back.Amount-q.Quoted.Amount)
		}
	}
	fees := min(max(0, r.Back.Amount-r.Quoted.Amount), max(0, left))
	for _, p := range []Posting{{Kind: PostingRefund, Amount: r.Back}, {Kind: PostingFee, Amount: domain.Money{Amount: fees, Currency: r.Back.Currency}}} {
		if p.Kind == PostingRefund {
			p.Amount.Amount -= fees
		}
		if p.Amount.Amount != 0 || p.Kind == PostingRefund {
			p.Institution, p.Order, p.Cause, p.At, p.Amount.Amount = o.Institution, o.ID, r.ID, at, -p.Amount.Amount
			o.Postings = append(o.Postings, p)
		}
	}
}

// Claim is what an order may yet add to the account without another question: its total from the moment its close begins
// until its outcome is known. In review it is kept where the platform may have sold.
func (o *Order) Claim() domain.Money {
	posted := slices.ContainsFunc(o.History, func(s Step) bool { return s.Status.Sold() })
	switch {
	case posted:
	case o.Status == Closing:
		return o.Total
	case o.Status == Review && o.mayBeSold():
		return o.Total
	}
	return domain.Money{}
}

// mayBeSold says of an order in review whether the platform may have sold it: it was closing, or the platform said so.
func (o *Order) mayBeSold() bool {
	for i := len(o.History) - 1; i > 0; i-- {
		if o.History[i].Status != Review {
			continue
		}
		note := o.History[i].Note
		return o.History[i-1].Status == Closing || note == noteSoldAfterEnd || note == noteSoldReleasing || note == noteSoldChanging
	}
	return false
}
