package sales

import (
	"slices"
	"time"

	"guichet/domain"
)

// Kinds of posting in the pending account's book.
const (
	PostingClose  = "close"  // we owe the institution the order's total
	PostingRefund = "refund" // we owe it less: places were taken back
	PostingFee    = "fee"    // we owe it more: what taking places back cost, or another charge beside the order's total
)

// CodeAccountLimit refuses a close that would owe the institution more than it lets us.
const CodeAccountLimit = "account.limit"

// Posting is what an order did to the pending account. The ledger keeps it as a balanced entry (package account).
type Posting struct {
	Institution domain.InstitutionCode
	Order       OrderID
	Kind        string
	// Cause makes the posting happen once: one kind and cause is posted once at an institution. Empty is the order's id,
	// which is right for a close; a refund and its fee name the refund, for example the platform's refund order.
	Cause  string
	Amount domain.Money // zero is not posted; a refund's may be given below zero
	At     time.Time
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
