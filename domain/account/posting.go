package account

import (
	"strings"
	"time"

	"guichet/domain"
)

// Codes of this package's errors.
const (
	CodeDuplicate = "account.duplicate" // the cause was posted already, with something else
	CodeUnknown   = "account.unknown"   // no such posting
	CodePosting   = "account.posting"   // a posting that cannot be made as asked
)

// Kind says why money moved.
type Kind string

// The kinds.
const (
	Close      Kind = "close"
	Refund     Kind = "refund"
	Fee        Kind = "fee"
	Payment    Kind = "payment"
	Correction Kind = "correction"
	Reversal   Kind = "reversal"
)

// Account names one side of a posting: a kind of account and, for a storefront's own, a colon and its name.
type Account string

// The accounts that stand alone.
const (
	Pending     Account = "pending"     // what we owe the institution: credit grows it
	Bank        Account = "bank"        // what we paid
	Differences Account = "differences" // what corrections could not be laid to anybody
)

// Of is a storefront's own account.
func Of(kind, storefront string) Account { return Account(kind + ":" + storefront) }

// The kinds of a storefront's own accounts.
const (
	Storefront = "storefront" // what it owes us for sales
	Refunds    = "refunds"    // what it gets back
	Fees       = "fees"       // what it owes us for fees
)

// Valid reports whether the name is one of an account.
func (a Account) Valid() bool {
	kind, name, of := strings.Cut(string(a), ":")
	switch kind {
	case Storefront, Refunds, Fees:
		return of && name != "" && len(name) <= 200 && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
	}
	return a == Pending || a == Bank || a == Differences
}

// Posting is one entry of the ledger: Thousandths of Currency from Credit to Debit. Number, Owed and BookedAt are the
// store's to give.
type Posting struct {
	Institution domain.InstitutionCode
	Currency    domain.Currency
	Number      int64 // 1, 2, 3 … in this institution's ledger of this currency
	Kind        Kind
	Cause       string // unique for its kind at its institution
	Debit       Account
	Credit      Account
	Thousandths int64 // above zero
	Owed        int64 // thousandths owed to the institution after this posting
	Order       string
	Storefront  string
	Of          int64 // a reversal's: the number of what it reverses
	By          string
	Reason      string
	At          time.Time // when it happened
	BookedAt    time.Time // when it was written; never before the posting that precedes it
}

// Change is what the posting adds to what is owed to the institution: thousandths, below zero where it owes less.
func (p Posting) Change() int64 {
	switch {
	case p.Credit == Pending && p.Debit != Pending:
		return p.Thousandths
	case p.Debit == Pending && p.Credit != Pending:
		return -p.Thousandths
	}
	return 0
}

// Reverse is the posting the other way round.
func (p Posting) Reverse() Posting {
	p.Debit, p.Credit, p.Of, p.Kind = p.Credit, p.Debit, p.Number, Reversal
	return p
}

// MaxThousandths bounds one posting, so that no ledger overflows.
const MaxThousandths = 1e15

// Check refuses a posting that is none: an amount that is not above zero, no two different accounts, no cause.
func (p Posting) Check() error {
	switch {
	case p.Institution == "" || !p.Currency.Valid():
		return domain.Errorf(domain.Invalid, CodePosting, "a posting needs an institution and a currency")
	case p.Kind == "" || p.Cause == "":
		return domain.Errorf(domain.Invalid, CodePosting, "a posting needs a kind and a cause")
	case p.Thousandths <= 0 || p.Thousandths > MaxThousandths:
		return domain.Errorf(domain.Invalid, CodePosting, "the amount must be above zero, and at most a million million")
	case !p.Debit.Valid() || !p.Credit.Valid() || p.Debit == p.Credit:
		return domain.Errorf(domain.Invalid, CodePosting, "a posting needs two different accounts")
	}
	return nil
}

// Booked makes the posting of what an order did: a close, a refund or a fee, which is given back where its amount is below
// zero. The cause of a close and its fees is their order; the others name their own. An amount of zero moves nothing: ok is
// false.
func Booked(kind Kind, code domain.InstitutionCode, storefront, order, cause string, amount domain.Money, at time.Time) (p Posting, ok bool, err error) {
	n, err := amount.Thousandths()
	if err != nil {
		return Posting{}, false, err
	}
	less := n < 0 // as it stands in the order: what is owed less
	if less && (kind == Refund || kind == Fee) {
		n = -n
	}
	if n == 0 {
		return Posting{}, false, nil
	}
	p = Posting{
		Institution: code, Currency: amount.Currency, Kind: kind, Cause: cause, Thousandths: n, Order: order, Storefront: storefront, At: at,
	}
	if p.Cause == "" {
		p.Cause = order
	}
	switch kind {
	case Close:
		p.Debit, p.Credit = Of(Storefront, storefront), Pending
	case Refund:
		p.Debit, p.Credit = Pending, Of(Refunds, storefront)
	case Fee:
		p.Debit, p.Credit = Of(Fees, storefront), Pending
		if less {
			p.Debit, p.Credit = p.Credit, p.Debit
		}
	case Payment, Correction, Reversal:
		return Posting{}, false, domain.Errorf(domain.Invalid, CodePosting, "an order makes no posting of kind %s", kind)
	}
	return p, true, p.Check()
}
