package reconcile

import (
	"context"
	"time"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/sales"
)

// Platform is what reconciliation asks of S-360: reads only, in the class of controls. Failures are *domain.Errors.
type Platform interface {
	// Sold lists tickets of orders closed between two times, from a place in the list; more says that there are others behind.
	// S-360: ExternalOrderHistoryService.listTicketsByCriteria.
	Sold(ctx context.Context, code domain.InstitutionCode, from, to time.Time, start int) (tickets []SoldTicket, more bool, err error)
	// Look reads an order with its tickets. One that the platform refuses to give is not Known.
	// S-360: ExternalOrderService.getOrderDetails (TICKETS).
	Look(ctx context.Context, code domain.InstitutionCode, platformOrder int64) (Found, error)
}

// Orders reads our orders; sales.Store is one.
type Orders interface {
	Order(ctx context.Context, id sales.OrderID) (sales.Order, error)
	Orders(ctx context.Context, q sales.Query) (orders []sales.Order, next string, err error)
}

// Ledger reads and corrects the pending account; account.Service is one.
type Ledger interface {
	PostingsOf(ctx context.Context, order string) ([]account.Posting, error)
	Post(ctx context.Context, r account.Request) (posted account.Posting, created bool, err error)
}

// Seller carries out what concerns an order; sales.Service is one.
type Seller interface {
	Adopt(ctx context.Context, id sales.OrderID) (sales.Order, error)
	Renew(ctx context.Context, id sales.OrderID) (sales.Order, error)
	Cancel(ctx context.Context, v sales.Viewer, id sales.OrderID, r sales.CancelRequest) (sales.Cancellation, sales.Order, error)
}

// Store keeps payments, runs, cases and the audit log. Implementations are safe for concurrent use, also by several
// processes.
type Store interface {
	// KeepPayments keeps what is new, in one transaction, and says of each what became of it.
	KeepPayments(ctx context.Context, payments []Payment) ([]Kept, error)
	// Payment loads one by its id; domain.NotFound.
	Payment(ctx context.Context, id string) (Payment, error)
	// Payments lists up to limit payments of an institution that were made or imported in [from, to), by id, after an id.
	Payments(ctx context.Context, code domain.InstitutionCode, from, to time.Time, after string, limit int) ([]Payment, error)
	// PaymentsOf lists a storefront's payments of a reference, the earliest first.
	PaymentsOf(ctx context.Context, storefront, reference string) ([]Payment, error)
	// Covered is the time between the earliest and the latest payment of each storefront at an institution.
	Covered(ctx context.Context, code domain.InstitutionCode) (map[string]Span, error)

	// CreateRun stores a run and asks for the job that works on it, in one transaction.
	CreateRun(ctx context.Context, r Run) error
	// Run loads one; domain.NotFound (reconciliation.unknown).
	Run(ctx context.Context, id string) (Run, error)
	// Runs lists runs of the institutions given (nil is all), newest first.
	Runs(ctx context.Context, codes []domain.InstitutionCode, p domain.Page) (runs []Run, next string, err error)
	// LastRun is an institution's newest nightly run that is done or, as asked, its newest run of any kind that is not; ok is
	// false where there is none.
	LastRun(ctx context.Context, code domain.InstitutionCode, done bool) (r Run, ok bool, err error)
	// NightsSince is when nights were first asked for at an institution: now, the first time.
	NightsSince(ctx context.Context, code domain.InstitutionCode, now time.Time) (time.Time, error)
	// SaveRun overwrites a run.
	SaveRun(ctx context.Context, r Run) error

	// KeepCase stores a case, or notes on the one that is not closed and has its fingerprint that the difference is still
	// there; opened says which.
	KeepCase(ctx context.Context, c Case) (stored Case, opened bool, err error)
	// Case loads one; domain.NotFound (case.unknown).
	Case(ctx context.Context, id string) (Case, error)
	// Cases lists cases, newest first.
	Cases(ctx context.Context, q CaseQuery) (cases []Case, next string, err error)
	// CountCases counts the cases that are not closed, by institution and state.
	CountCases(ctx context.Context) ([]Count, error)
	// CasesToLookAt lists up to limit cases of an institution that are not closed and that the run has not looked at.
	CasesToLookAt(ctx context.Context, code domain.InstitutionCode, run string, limit int) ([]Case, error)
	// UpdateCase changes a case through a pure closure under its lock, with the audit entry that it returns, if any.
	UpdateCase(ctx context.Context, id string, change func(*Case) (*Entry, error)) (Case, error)

	// Foreign tells which of the platform's orders are known not to be ours; KeepForeign remembers one.
	Foreign(ctx context.Context, code domain.InstitutionCode, platformOrders []int64) (map[int64]bool, error)
	KeepForeign(ctx context.Context, code domain.InstitutionCode, platformOrder int64) error

	// Record adds a line to the audit log that is about no case.
	Record(ctx context.Context, e Entry) error
	// Log lists the audit log, newest first; an empty subject is all.
	Log(ctx context.Context, subject string, p domain.Page) (entries []Entry, next string, err error)
}

// Count is a number of cases.
type Count struct {
	Institution domain.InstitutionCode
	State       State
	N           int64
}

// CaseQuery selects cases. Empty members do not restrict.
type CaseQuery struct {
	Institutions []domain.InstitutionCode // nil is all
	States       []State
	Kinds        []Kind
	Storefront   string
	Page         domain.Page
}

// Entry is one line of the audit log. Nothing of it is ever changed or deleted.
type Entry struct {
	ID      string // "aud_…"
	At      time.Time
	Actor   string
	Action  string // "case.adopt", "case.adopt.outcome" …
	Subject string // the case's id
	Reason  string
	Outcome string
}
