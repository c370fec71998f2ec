package reconcile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/sales"
)

// Deps is what a Service needs. All members are mandatory but those with a default.
type Deps struct {
	Store    Store
	Platform Platform
	Orders   Orders
	Ledger   Ledger
	Seller   Seller
	Clock    domain.Clock
	IDs      domain.IDs
	Log      *slog.Logger
	// Alone takes the right to do what is named, which one has at a time in all processes, and which is free again at last
	// when its holder has died; without it got is false and release nil. Release gives it back.
	Alone func(ctx context.Context, name string) (release func(), got bool, err error)
	// Calls is how many calls a run may make before it pauses; 0 is 100.
	Calls int
	// Lookups is how many of them may be spent on orders of the platform that we do not know; 0 is 20.
	Lookups int
}

// Service compares and decides. It is safe for concurrent use, also by several processes on one database.
type Service struct{ Deps }

// New makes a Service. It panics on a missing dependency.
func New(d Deps) *Service {
	if d.Store == nil || d.Platform == nil || d.Orders == nil || d.Ledger == nil || d.Seller == nil || d.Clock == nil || d.IDs == nil || d.Log == nil || d.Alone == nil {
		panic("reconcile: Store, Platform, Orders, Ledger, Seller, Clock, IDs, Log and Alone are needed")
	}
	if d.Calls == 0 {
		d.Calls = 100
	}
	if d.Lookups == 0 {
		d.Lookups = 20
	}
	return &Service{d}
}

// ImportCSV reads a storefront's file of payments and keeps them. Sees says which institutions it may name. Lines that
// cannot be taken are Problems; the others are kept.
func (s *Service) ImportCSV(ctx context.Context, storefront string, sees func(domain.InstitutionCode) bool, r io.Reader) (Imported, error) {
	payments, lines, problems, err := ReadCSV(r)
	if err != nil {
		return Imported{}, err
	}
	out, err := s.Import(ctx, storefront, sees, payments, lines)
	out.Problems = append(out.Problems, problems...)
	slices.SortStableFunc(out.Problems, func(a, b Problem) int { return a.Line - b.Line })
	return out, err
}

// Import keeps a storefront's payments. Lines names each one's place for Problems. A payment whose reference no order of the
// storefront was closed with is kept, because money was taken, and told as a Problem (payment.reference_unknown).
func (s *Service) Import(ctx context.Context, storefront string, sees func(domain.InstitutionCode) bool, payments []Payment, lines []int) (Imported, error) {
	var out Imported
	var good []Payment
	var at []int
	now := s.Clock()
	for i, p := range payments {
		p.ID, p.Storefront, p.ImportedAt = s.IDs("pay"), storefront, now
		if !sees(p.Institution) {
			out.Problems = append(out.Problems, Problem{Line: lines[i], PaymentID: p.PaymentID, Code: CodePaymentFormat, Detail: "institution: none that this key sees"})
			continue
		}
		good, at = append(good, p), append(at, lines[i])
	}
	if len(good) == 0 {
		return out, nil
	}
	kept, err := s.Store.KeepPayments(ctx, good)
	if err != nil {
		return out, err
	}
	for i, p := range good {
		problem := Problem{Line: at[i], PaymentID: p.PaymentID}
		switch kept[i] {
		case KeptOther:
			problem.Code, problem.Detail = CodePaymentConflict, "this payment_id was reported before with other content"
			out.Problems = append(out.Problems, problem)
			continue
		case KeptBefore:
			out.Repeated++
		case KeptNew:
			out.New++
		}
		orders, err := s.ofReference(ctx, storefront, p.Reference)
		if err != nil {
			return out, err
		}
		if !slices.ContainsFunc(orders, func(o sales.Order) bool { return o.Institution == p.Institution }) {
			problem.Code, problem.Kept = CodePaymentReference, true
			problem.Detail = "no order of this storefront at this institution was closed with that payment_reference; the payment is kept and looked for again"
			out.Problems = append(out.Problems, problem)
		}
	}
	return out, nil
}

func (s *Service) ofReference(ctx context.Context, storefront, reference string) ([]sales.Order, error) {
	if reference == "" {
		return nil, nil
	}
	orders, _, err := s.Orders.Orders(ctx, sales.Query{Storefront: storefront, PaymentReference: reference, Page: domain.Page{Limit: domain.MaxLimit}})
	return orders, err
}

// known reports whether a platform's order is one of ours.
func (s *Service) known(ctx context.Context, code domain.InstitutionCode, platformOrder int64) (bool, error) {
	orders, _, err := s.Orders.Orders(ctx, sales.Query{Institutions: []domain.InstitutionCode{code}, PlatformID: platformOrder, Page: domain.Page{Limit: domain.MaxLimit}})
	return slices.ContainsFunc(orders, func(o sales.Order) bool { return o.Platform.OrderID == platformOrder }), err
}

// paid compares one payment.
func (s *Service) paid(ctx context.Context, p Payment) ([]Difference, error) {
	orders, err := s.ofReference(ctx, p.Storefront, p.Reference)
	if err != nil {
		return nil, err
	}
	others, err := s.Store.PaymentsOf(ctx, p.Storefront, p.Reference)
	if err != nil {
		return nil, err
	}
	return comparePayment(p, orders, others, s.Clock()), nil
}

// unpaid compares one sold order with what its storefront reports.
func (s *Service) unpaid(ctx context.Context, o *sales.Order, covered map[string]Span) ([]Difference, error) {
	span, ok := covered[o.Storefront]
	if !ok || !o.Status.Sold() {
		return nil, nil
	}
	var payments []Payment
	if o.PaymentReference != "" {
		var err error
		if payments, err = s.Store.PaymentsOf(ctx, o.Storefront, o.PaymentReference); err != nil {
			return nil, err
		}
	}
	return compareUnpaid(o, payments, span), nil
}

// compareNow reads an order at the platform and says how it differs from ours.
func (s *Service) compareNow(ctx context.Context, o *sales.Order) ([]Difference, error) {
	f, err := s.Platform.Look(ctx, o.Institution, o.Platform.OrderID)
	if err != nil {
		return nil, err
	}
	postings, err := s.Ledger.PostingsOf(ctx, string(o.ID))
	if err != nil {
		return nil, err
	}
	return compareOrder(o, postings, f), nil
}

// errUnsettled says that an order's outcome is not known now, so that nothing can be said about a difference.
var errUnsettled = errors.New("the order is being settled")

// again finds what is different now about the subject of a case; errUnsettled where that cannot be said yet.
func (s *Service) again(ctx context.Context, c *Case) ([]Difference, error) {
	switch {
	case c.Subject.Payment != "":
		p, err := s.Store.Payment(ctx, c.Subject.Payment)
		if err != nil {
			return nil, err
		}
		orders, err := s.ofReference(ctx, p.Storefront, p.Reference)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(orders, func(o sales.Order) bool { return o.Institution == p.Institution && o.Status.Unknown() }) {
			return nil, errUnsettled
		}
		return s.paid(ctx, p)
	case c.Subject.Platform != 0:
		ours, err := s.known(ctx, c.Institution, c.Subject.Platform)
		if err != nil || ours {
			return nil, err
		}
		return []Difference{c.Difference}, nil
	}
	o, err := s.Orders.Order(ctx, sales.OrderID(c.Subject.Order))
	if err != nil {
		return nil, err
	}
	if o.Status.Unknown() {
		return nil, errUnsettled
	}
	if c.Kind == TicketNoPayment {
		covered, err := s.Store.Covered(ctx, c.Institution)
		if err != nil {
			return nil, err
		}
		return s.unpaid(ctx, &o, covered)
	}
	return s.compareNow(ctx, &o)
}

// lookAgain closes a case whose difference is gone, and notes of one that is still there that it was looked at.
func (s *Service) lookAgain(ctx context.Context, id, run string) (gone bool, err error) {
	c, err := s.Store.Case(ctx, id)
	if err != nil || c.State == Closed {
		return false, err
	}
	found, err := s.again(ctx, &c)
	unsettled := errors.Is(err, errUnsettled)
	if err != nil && !unsettled {
		return false, err
	}
	if err := s.tellRefund(ctx, &c); err != nil {
		return false, err
	}
	gone = !unsettled && !slices.ContainsFunc(found, func(d Difference) bool { return d.Fingerprint() == c.Fingerprint() })
	now, entry := s.Clock(), s.IDs("aud")
	_, err = s.Store.UpdateCase(ctx, id, func(c *Case) (*Entry, error) {
		if run != "" {
			c.Run = run
		}
		if !gone {
			c.SeenAt = now
			return nil, nil //nolint:nilnil // nothing is to be logged
		}
		if c.State == Closed {
			return nil, nil //nolint:nilnil // somebody was quicker
		}
		c.close(now, run)
		return &Entry{ID: entry, At: now, Actor: byReconciliation, Action: "case.closed", Subject: c.ID, Outcome: "the difference is gone"}, nil
	})
	return gone, err
}

// byReconciliation is who acts in the audit log where no person does.
const byReconciliation = "reconciliation"

// Decide takes a person's decision over, logs it, and carries it out where that is ours to do. What could not be carried out
// is said in the decision's outcome and may be decided again. Errors: case.unknown, case.action, case.decided, and those of what
// is carried out.
func (s *Service) Decide(ctx context.Context, id string, d Decision) (Case, error) {
	d.At, d.Outcome = s.Clock(), ""
	entry := s.IDs("aud")
	c, err := s.Store.UpdateCase(ctx, id, func(c *Case) (*Entry, error) {
		if err := c.decide(d); err != nil {
			return nil, err
		}
		return &Entry{ID: entry, At: d.At, Actor: d.By, Action: "case." + string(d.Action), Subject: c.ID, Reason: d.Reason}, nil
	})
	if err != nil || !d.Action.Ours() {
		return c, err
	}
	outcome, failed := s.carryOut(ctx, &c, d)
	if failed != nil {
		outcome = domain.AsError(failed).Code
		s.Log.LogAttrs(ctx, slog.LevelWarn, "a decision could not be carried out", slog.String("case", id), slog.String("error", failed.Error()))
	}
	now, entry := s.Clock(), s.IDs("aud")
	c, err = s.Store.UpdateCase(ctx, id, func(c *Case) (*Entry, error) {
		if c.Decision != nil {
			c.Decision.Outcome = outcome
		}
		return &Entry{ID: entry, At: now, Actor: d.By, Action: "case." + string(d.Action) + ".outcome", Subject: c.ID, Outcome: outcome}, nil
	})
	if err != nil || failed != nil {
		return c, errors.Join(err, failed)
	}
	if _, err := s.lookAgain(ctx, id, ""); err != nil {
		return c, fmt.Errorf("look at case %s again: %w", id, err)
	}
	return s.Store.Case(ctx, id)
}

// carryOut does what is ours to do and says how far it is.
func (s *Service) carryOut(ctx context.Context, c *Case, d Decision) (outcome string, err error) {
	id := sales.OrderID(c.Subject.Order)
	switch d.Action {
	case Adopt:
		_, err = s.Seller.Adopt(ctx, id)
	case Renew:
		_, err = s.Seller.Renew(ctx, id)
	case Correct:
		err = s.correct(ctx, c, d)
	case Refund:
		return s.refund(ctx, c)
	case AskInstitution, AskStorefront, Accept:
	}
	return outcomeDone, err
}

// correct posts what the platform asks beyond what we booked.
func (s *Service) correct(ctx context.Context, c *Case, d Decision) error {
	o, err := s.Orders.Order(ctx, sales.OrderID(c.Subject.Order))
	if err != nil {
		return err
	}
	f, err := s.Platform.Look(ctx, o.Institution, o.Platform.OrderID)
	if err != nil {
		return err
	}
	postings, err := s.Ledger.PostingsOf(ctx, string(o.ID))
	if err != nil {
		return err
	}
	more, err := minorDifference(f, postings)
	if err != nil || more.Amount == 0 {
		return err
	}
	r := account.Request{
		Institution: o.Institution, Kind: account.Correction, Key: c.ID, Amount: more, Debit: account.Differences, Credit: account.Pending,
		Storefront: o.Storefront, Order: string(o.ID), By: d.By, Reason: clip(d.Reason),
	}
	if more.Amount < 0 {
		r.Amount.Amount, r.Debit, r.Credit = -more.Amount, account.Pending, account.Differences
	}
	_, _, err = s.Ledger.Post(ctx, r)
	return err
}
