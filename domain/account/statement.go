package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"guichet/domain"
)

// MaxDays bounds one statement.
const MaxDays = 366

// Statement is the head of a part of a ledger: whole local days of the institution.
type Statement struct {
	Institution domain.InstitutionCode
	Currency    domain.Currency
	Zone        *time.Location
	From, To    domain.Day // both included
	Opening     int64      // thousandths owed before the first posting
	Closing     int64      // and after the last
	Days        []DaySum   // those with postings
}

// DaySum is a local day of a statement. Closing is Opening with what was added and what was taken.
type DaySum struct {
	Day                               domain.Day
	Postings                          int
	Opening, Added, Taken, Closing    int64 // thousandths
	Closes, Refunds, Fees, Paid, Rest int64 // what each kind added or took; Rest: corrections and reversals
}

// add counts a posting.
func (d *DaySum) add(p Posting) {
	c := p.Change()
	d.Postings++
	d.Closing = p.Owed
	if c > 0 {
		d.Added += c
	} else {
		d.Taken -= c
	}
	switch p.Kind {
	case Close:
		d.Closes += c
	case Refund:
		d.Refunds += c
	case Fee:
		d.Fees += c
	case Payment:
		d.Paid += c
	case Correction, Reversal:
		d.Rest += c
	}
}

// page is how many postings are read at once.
const page = 500

// ErrBroken says that a ledger does not add up: somebody wrote into the database.
var ErrBroken = errors.New("the ledger does not add up")

// Period resolves what a statement is asked for. Currency may be empty: the institution's own. Errors: request.invalid.
func (s *Service) Period(ctx context.Context, code domain.InstitutionCode, currency domain.Currency, from, to domain.Day) (Statement, error) {
	inst, err := s.Institutions.Institution(code)
	if err != nil {
		return Statement{}, err
	}
	st := Statement{Institution: code, Currency: currency, Zone: inst.Location(), From: from, To: to}
	if st.Currency == "" {
		st.Currency = inst.Currency
	}
	if st.From == "" {
		st.From = domain.DayOf(s.Clock().In(st.Zone))
	}
	if st.To == "" {
		st.To = st.From
	}
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the statement cannot be made as asked")
	begin, end := st.span()
	switch {
	case st.To < st.From:
		bad.WithField("?to", domain.CodeRequest, "it lies before from")
	case end.Sub(begin) > (MaxDays+1)*24*time.Hour:
		bad.WithField("?to", domain.CodeRequest, fmt.Sprintf("at most %d days", MaxDays))
	}
	if !st.Currency.Valid() {
		bad.WithField("?currency", domain.CodeRequest, "an ISO 4217 code")
	}
	if len(bad.Fields) > 0 {
		return Statement{}, bad
	}
	st.Opening, err = s.Store.OwedBefore(ctx, code, st.Currency, begin)
	st.Closing = st.Opening
	return st, err
}

// span is the statement's time: from the first moment of its first day to that of the day after its last.
func (st Statement) span() (from, to time.Time) {
	return st.From.Start(st.Zone), st.To.Next().Start(st.Zone)
}

// Each goes through a statement's postings with a number above after, by number, and checks on the way that each follows
// from the one before it. What is booked meanwhile may or may not be among them. It ends with each's error, or with
// ErrBroken.
func (s *Service) Each(ctx context.Context, st Statement, after int64, each func(Posting) error) error {
	from, to := st.span()
	owed, last := st.Opening, after
	checked := after == 0
	for {
		list, err := s.Store.Postings(ctx, st.Institution, st.Currency, from, to, last, page)
		if err != nil {
			return err
		}
		for _, p := range list {
			if checked && (p.Owed != owed+p.Change() || (last > after && p.Number != last+1)) {
				return fmt.Errorf("posting %d of %s: %w", p.Number, st.Institution, ErrBroken)
			}
			owed, last, checked = p.Owed, p.Number, true
			if err := each(p); err != nil {
				return err
			}
		}
		if len(list) < page {
			return nil
		}
	}
}

// Page is up to limit postings of a statement after a number.
func (s *Service) Page(ctx context.Context, st Statement, after int64, limit int) ([]Posting, error) {
	from, to := st.span()
	return s.Store.Postings(ctx, st.Institution, st.Currency, from, to, after, limit)
}

// Sum adds the statement up day by day, and checks it.
func (s *Service) Sum(ctx context.Context, st Statement) (Statement, error) {
	st.Days = nil
	st.Closing = st.Opening
	err := s.Each(ctx, st, 0, func(p Posting) error {
		day := domain.DayOf(p.BookedAt.In(st.Zone))
		if n := len(st.Days); n == 0 || st.Days[n-1].Day != day {
			st.Days = append(st.Days, DaySum{Day: day, Opening: st.Closing})
		}
		st.Days[len(st.Days)-1].add(p)
		st.Closing = p.Owed
		return nil
	})
	return st, err
}
