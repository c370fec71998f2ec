package sales

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// A look is a read of a sold order that nobody waits for: for a barcode that is late, or before the performance, for what the
// institution changed since. Looks give way to every sale, have a number a day, and what is nearest comes first.

const (
	// lookLeast and lookMost bound the wait between two looks at an order that lacks a barcode.
	lookLeast, lookMost = time.Minute, 24 * time.Hour
	// lookNear is the least wait before a performance, lookLate the one after it has begun.
	lookNear, lookLate = 5 * time.Minute, 15 * time.Minute
	// lookAfter is how long after the last performance began a barcode is still waited for; lookUndated how long after the sale
	// where there is no performance.
	lookAfter, lookUndated = 2 * time.Hour, 30 * 24 * time.Hour
	// barcodeAlarm is how long before the performance a missing barcode is an alarm.
	barcodeAlarm = 24 * time.Hour
	// lookPause is the wait after the platform could not be asked.
	lookPause = 15 * time.Minute
	// lookFailures is how many looks in a row may fail before the rest waits for the next sweep.
	lookFailures = 3
)

// LookStore is what looks need of the store beside its orders.
type LookStore interface {
	// DueLooks lists up to limit issuing and issued orders of the institution whose LookAt is set and not after the time, those
	// first whose performance is nearest (LookFor; none comes last).
	DueLooks(ctx context.Context, code domain.InstitutionCode, before time.Time, limit int) ([]DueLook, error)
	// TakeLook counts one look of an institution's day, unless it has had as many already; it says whether it did.
	TakeLook(ctx context.Context, code domain.InstitutionCode, day domain.Day, most int) (bool, error)
}

// DueLook is a look whose time has come.
type DueLook struct {
	Order  OrderID
	Status Status
	For    time.Time // LookFor
}

// LookBudget is how many looks an institution's day may have.
type LookBudget struct {
	Day  domain.Day // the institution's own
	Most int        // 0: none
}

// lookDelay is the wait before an order that lacks a barcode is looked at again: a third of its age, and not more than a sixth
// of what is left until the performance. Left is negative once that has begun, and zero where there is none.
func lookDelay(age, left time.Duration) time.Duration {
	wait := min(max(age/3, lookLeast), lookMost)
	switch {
	case left < 0:
		return min(wait, lookLate)
	case left > 0:
		return min(wait, max(left/6, lookNear))
	}
	return wait
}

// starts are when the order's performances begin, by the catalog where it knows them, else as they were sold.
func (s *Service) starts(o *Order) []time.Time {
	var out []time.Time
	for i := range o.Lines {
		l := &o.Lines[i]
		at := l.Facts.Start
		if l.Performance != 0 {
			if now, ok := s.Catalog.PerformanceStart(o.Institution, l.Performance); ok {
				at = now
			}
		}
		if !at.IsZero() {
			out = append(out, at)
		}
	}
	return out
}

// nextStart is the first of the starts that is still to come or began a short while ago; zero for none.
func nextStart(starts []time.Time, now time.Time) time.Time {
	var next time.Time
	for _, at := range starts {
		if now.Before(at.Add(lookAfter)) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// awaitBarcodes says when a sold order that lacks a barcode is read again: soon while the buyer may be waiting for it, then by
// looks.
func (o *Order) awaitBarcodes(at time.Time, starts []time.Time) {
	if o.Checks < len(settleDelays) {
		o.due(at.Add(settleDelay(o.Checks)))
		return
	}
	start := nextStart(starts, at)
	var left time.Duration
	if !start.IsZero() {
		left = start.Sub(at)
	}
	if left == 0 && !start.IsZero() {
		left = -1
	}
	o.NextCheckAt, o.LookAt, o.LookFor = time.Time{}, at.Add(lookDelay(at.Sub(o.soldAt()), left)), start
}

// soldAt is when the order was first seen sold.
func (o *Order) soldAt() time.Time {
	for _, s := range o.History {
		if s.Status.Sold() {
			return s.At
		}
	}
	return o.UpdatedAt
}

// waitedTooLong reports whether a barcode that did not come is of no use any more, or will hardly come.
func (o *Order) waitedTooLong(now time.Time, starts []time.Time) bool {
	if len(starts) == 0 {
		return now.Sub(o.soldAt()) > lookUndated
	}
	return nextStart(starts, now).IsZero()
}

// planLook says when an issued order is looked at next: the given times before each of its performances. What lies in the past
// is not made up for, but for what is due already.
func (o *Order) planLook(now time.Time, starts []time.Time, before []time.Duration) {
	o.LookAt, o.LookFor = time.Time{}, time.Time{}
	for _, start := range starts {
		for _, d := range before {
			if at := start.Add(-d); at.After(now) && (o.LookAt.IsZero() || at.Before(o.LookAt)) {
				o.LookAt, o.LookFor = at, start
			}
		}
	}
}

// LookDue makes the looks of an institution whose time has come, the nearest performance first, until none is due, the day has
// had its number, or the platform cannot be asked; the rest waits for the next sweep. It raises the alarm for barcodes that are
// missing shortly before the performance, whether they can be looked for or not.
func (s *Service) LookDue(ctx context.Context, code domain.InstitutionCode) (domain.Outcome, error) {
	var out domain.Outcome
	due, err := s.Store.DueLooks(ctx, code, s.Clock(), sweepLimit)
	if err != nil || len(due) == 0 {
		return out, err
	}
	budget := LookBudget{Most: sweepLimit}
	if s.Looks != nil {
		if budget, err = s.Looks(ctx, code); err != nil {
			return out, err
		}
	}
	failed, stop := 0, ""
	var errs []error
	for _, d := range due {
		if ctx.Err() != nil {
			break
		}
		id := d.Order
		if err := s.alarmBarcode(ctx, d); err != nil {
			errs = append(errs, err)
		}
		if stop != "" {
			out.Left++
			continue
		}
		if got, err := s.Store.TakeLook(ctx, code, budget.Day, budget.Most); err != nil || !got {
			errs, stop = append(errs, err), "the day has had its looks"
			out.Left++
			continue
		}
		switch err := s.look(ctx, id); {
		case err == nil:
			out.Done, failed = out.Done+1, 0
		case domain.AsError(err).Kind == domain.Limited:
			out.Left, stop = out.Left+1, "no calls are left for looks: "+domain.AsError(err).Code
		default:
			out.Left, errs = out.Left+1, append(errs, fmt.Errorf("look at %s: %w", id, err))
			if failed++; failed >= lookFailures {
				stop = "the platform does not answer"
			}
		}
	}
	out.Detail = stop
	return out, errors.Join(errs...)
}

// look reads one sold order and takes over what it shows. The error is that of the read; the order has its next time then.
func (s *Service) look(ctx context.Context, id OrderID) error {
	now := s.Clock()
	o, err := s.Store.UpdateOrder(ctx, id, func(o *Order) error {
		if o.Status != Issuing && o.Status != Issued || o.LookAt.IsZero() || now.Before(o.LookAt) {
			return errNotDue
		}
		o.LookAt = now.Add(s.CallTimeout) // our claim
		return nil
	})
	if errors.Is(err, errNotDue) {
		return nil
	}
	if err != nil {
		return err
	}
	starts := s.starts(&o)
	if o.Status == Issued && nextStart(starts, now).IsZero() { // it is over: nothing can change any more
		_, err := s.keep(ctx, id, func(o *Order) error { o.planLook(now, nil, nil); return nil })
		return err
	}
	ctx, cancel := s.detach(ctx)
	defer cancel()
	read, err := s.Platform.Reread(ctx, o)
	if err != nil {
		return errors.Join(err, s.lookLater(ctx, o, starts))
	}
	before := o
	if o.Status == Issuing {
		return s.lookedForBarcodes(ctx, o, read, starts)
	}
	o, err = s.takeRead(ctx, o, read, func(o *Order) { o.planLook(now, starts, s.LookBefore) }, func() (Order, error) {
		return before, s.lookLater(ctx, before, starts)
	})
	if err == nil {
		s.logNews(ctx, &before, &o)
	}
	return err
}

// lookLater says when to look again after the platform could not be asked; an order that lacks a barcode keeps to its schedule.
func (s *Service) lookLater(ctx context.Context, o Order, starts []time.Time) error {
	now := s.Clock()
	tooLong := o.Status == Issuing && o.waitedTooLong(now, starts)
	_, err := s.keep(ctx, o.ID, func(o *Order) error {
		switch {
		case o.Status == Issuing && tooLong:
			return o.review(now, noteTooManyReads)
		case o.Status == Issuing || o.Status == Issued:
			o.LookAt = now.Add(lookPause)
		}
		return nil
	})
	return err
}

// lookedForBarcodes takes over what a look at an order that lacked a barcode showed.
func (s *Service) lookedForBarcodes(ctx context.Context, o Order, read Outcome, starts []time.Time) error {
	now := s.Clock()
	if read.State != PlatformClosed {
		_, err := s.toReview(ctx, o, now, noteNotClosed)
		return err
	}
	tooLong := o.waitedTooLong(now, starts)
	o, err := s.sold(ctx, o, read, noteRead)
	if err == nil && tooLong && o.Status == Issuing {
		_, err = s.toReview(ctx, o, now, noteTooManyReads)
	}
	return err
}

// alarmBarcode tells people once of an order whose barcode is missing while its performance is near.
func (s *Service) alarmBarcode(ctx context.Context, d DueLook) error {
	now := s.Clock()
	if d.Status != Issuing || d.For.IsZero() || d.For.Sub(now) > barcodeAlarm {
		return nil
	}
	o, err := s.Store.Order(ctx, d.Order)
	if err != nil || o.Status != Issuing || o.alarmed() {
		return err
	}
	o, err = s.keep(ctx, d.Order, func(o *Order) error {
		if o.Status == Issuing && !o.alarmed() {
			o.History = append(o.History, Step{Status: Issuing, At: now, Note: noteBarcodeNear})
		}
		return nil
	})
	if err == nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "a barcode is missing and the performance is near", s.attrs(o, slog.Time("start", d.For))...)
	}
	return err
}

// alarmed reports whether people were told that a barcode is missing.
func (o *Order) alarmed() bool {
	for _, s := range o.History {
		if s.Note == noteBarcodeNear {
			return true
		}
	}
	return false
}

// Starts finds when a performance begins, by the catalog as it is now.
type Starts interface {
	// PerformanceStart says when the performance begins; false where the catalog does not know it, or when.
	PerformanceStart(code domain.InstitutionCode, id catalog.PerformanceID) (time.Time, bool)
}
