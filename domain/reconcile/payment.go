package reconcile

import (
	"strings"
	"time"

	"guichet/domain"
)

// Codes of this package's errors.
const (
	CodePaymentFormat    = "payment.format"            // a line or member that cannot be read
	CodePaymentReference = "payment.reference_unknown" // no order of the storefront was closed with that reference
	CodePaymentConflict  = "payment.conflict"          // the payment's id was reported before with other content
	CodeCaseUnknown      = "case.unknown"
	CodeCaseAction       = "case.action"  // the action does not fit the case
	CodeCaseDecided      = "case.decided" // the case is closed, or its decision was carried out
	CodeRunUnknown       = "reconciliation.unknown"
)

// Payment is what a storefront says it took for an order. It is evidence: it moves nothing in our ledger.
type Payment struct {
	ID          string // "pay_…"
	Storefront  string
	PaymentID   string // the storefront's or its payment provider's own number; unique for the storefront
	Reference   string // the payment_reference of the order's close
	Institution domain.InstitutionCode
	Amount      domain.Money // above zero
	PaidAt      time.Time
	ImportedAt  time.Time
}

// Bounds of a payment's members.
const (
	maxPaymentID = 200
	maxReference = 200
)

// Same reports whether two reports say the same.
func (p Payment) Same(o Payment) bool {
	return p.Storefront == o.Storefront && p.PaymentID == o.PaymentID && p.Reference == o.Reference && p.Institution == o.Institution &&
		p.Amount == o.Amount && p.PaidAt.Equal(o.PaidAt)
}

// Check names the first member that cannot be taken, by its name; empty where all can.
func (p Payment) Check() (member, why string) {
	bad := func(s string, most int) bool {
		return s == "" || len(s) > most || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd })
	}
	switch {
	case bad(string(p.Institution), 64):
		return "institution", "the code of an institution"
	case bad(p.PaymentID, maxPaymentID):
		return "payment_id", "1 to 200 bytes without control characters"
	case bad(p.Reference, maxReference):
		return "payment_reference", "1 to 200 bytes without control characters"
	case p.Amount.Amount <= 0 || p.Amount.Amount > 1e12:
		return "amount", "an amount above zero"
	case !p.Amount.Currency.Valid():
		return "currency", "an ISO 4217 code in upper case"
	case p.PaidAt.IsZero() || p.PaidAt.Year() < 2000 || p.PaidAt.Year() > 2200:
		return "paid_at", "an RFC 3339 time"
	}
	return "", ""
}

// Problem is what is wrong with one reported payment.
type Problem struct {
	Line      int // of the file, the head being 1; or the place in a list, from 1
	PaymentID string
	Code      string
	Detail    string
	Kept      bool // it was kept all the same
}

// Imported is what became of a report.
type Imported struct {
	New      int // kept now
	Repeated int // known already, with the same content
	Problems []Problem
}

// Kept is what the store did with a payment.
type Kept int

// What becomes of a payment.
const (
	KeptNew    Kept = iota // kept now
	KeptBefore             // known already, with the same content
	KeptOther              // its number was reported with other content: nothing is kept
)
