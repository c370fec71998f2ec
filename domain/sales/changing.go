package sales

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"guichet/domain"
)

// changeLines asks the platform for what is new, gives back what is not wanted any more, and stores each answer, for an order that
// is changing.
func (s *Service) changeLines(ctx context.Context, o Order) (Order, error) {
	c := o.openChange()
	if c == nil {
		return o, nil
	}
	if c.State == ChangeAdded { // nothing is new
		return s.dropAndFinish(ctx, o, c.Drop)
	}
	_, fresh := c.missing()
	var h Hold
	if len(fresh) > 0 {
		var err error
		if h, err = s.Platform.Add(ctx, o, fresh); err != nil {
			return s.notAdded(ctx, o, err)
		}
	}
	why := h.Defect
	if why == nil {
		why = notTogether(h, fresh)
	}
	if why == nil {
		total, err := o.costs(c, h.Total)
		if err != nil {
			return Order{}, err
		}
		why = wrongTotal(c.Expected, total)
	}
	if why != nil {
		return s.undoChange(ctx, o, h.Movements, *why)
	}
	var moved []HoldPlace
	if lines := unseated(c.withAdded(h)); len(lines) > 0 {
		var err error
		if moved, why, err = s.Platform.Seat(ctx, o, lines); err != nil {
			s.Log.LogAttrs(ctx, slog.LevelWarn, "change: not known to be seated", s.attrs(o, slog.String("code", domain.AsError(err).Code))...)
			return s.laterChange(ctx, o)
		}
	}
	if why != nil {
		return s.undoChange(ctx, o, h.Movements, *why)
	}
	ids := s.ids("plc", countPlaces(h))
	changed, err := s.keepAs(ctx, o, func(o *Order) error { return o.added(h, moved, ids) })
	if err != nil {
		if errors.Is(err, errNotDue) && len(h.Movements) > 0 { // somebody ended the change meanwhile: nobody knows of these places
			o.AskedUntil = time.Time{} // that is no step of the order's: it is owed whoever has claimed it
			s.dropQuietly(ctx, o, h.Movements)
		}
		return s.asLeft(ctx, o.ID, err)
	}
	return s.dropAndFinish(ctx, changed, c.Drop)
}

// notAdded stores that the platform did not reserve what is new: unknown, it is settled by reading; refused, the hold is as it
// was.
func (s *Service) notAdded(ctx context.Context, o Order, err error) (Order, error) {
	e := domain.AsError(err)
	s.Log.LogAttrs(ctx, slog.LevelWarn, "change: not done", s.attrs(o, slog.String("code", e.Code), slog.Bool("uncertain", e.Uncertain))...)
	if e.Uncertain {
		return s.laterChange(ctx, o)
	}
	if e.Code == CodeHoldExpired { // the hold itself is gone: a look says so
		return s.lookAndUndo(ctx, o, Refusal{Kind: e.Kind, Code: e.Code, Detail: e.Detail})
	}
	o, err = s.changeRefused(ctx, o, Refusal{Kind: e.Kind, Code: e.Code, Detail: e.Detail})
	var refused *domain.Error
	if errors.As(err, &refused) {
		refused.RetryAfter = e.RetryAfter
	}
	return o, err
}

// laterChange leaves the order changing. It is looked at when nothing of ours can be on the wire any more: places that are
// reserved after a look would be in nobody's books.
func (s *Service) laterChange(ctx context.Context, o Order) (Order, error) {
	return s.keep(ctx, o.ID, func(o *Order) error {
		if o.openChange() != nil {
			o.due(o.AskedUntil)
		}
		return nil
	})
}

// changeRefused stores that the change was not done, and where a look has seen places, and answers with why.
func (s *Service) changeRefused(ctx context.Context, o Order, why Refusal, seen ...HoldPlace) (Order, error) {
	now := s.Clock()
	changed, err := s.keepAs(ctx, o, func(o *Order) error { return o.dropChange(why, seen, now) })
	if err != nil {
		return s.asLeft(ctx, o.ID, err)
	}
	return changed, changed.changeError(changed.Change)
}

// undoChange gives back what was added, so that the hold is as it was, and answers with why.
func (s *Service) undoChange(ctx context.Context, o Order, added []int64, why Refusal, seen ...HoldPlace) (Order, error) {
	if len(added) > 0 && !s.dropQuietly(ctx, o, added) {
		return s.laterChange(ctx, o)
	}
	return s.changeRefused(ctx, o, why, seen...)
}

// dropQuietly gives places back, and says whether the platform did so.
func (s *Service) dropQuietly(ctx context.Context, o Order, places []int64) bool {
	err := s.Platform.Drop(ctx, o, places)
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "change: not given back yet", s.attrs(o, slog.String("code", domain.AsError(err).Code))...)
	}
	return err == nil
}

// dropAndFinish gives back what is not wanted any more and takes over what the platform then holds.
func (s *Service) dropAndFinish(ctx context.Context, o Order, drop []int64) (Order, error) {
	if len(drop) > 0 && !s.dropQuietly(ctx, o, drop) {
		return s.laterChange(ctx, o)
	}
	h, state, err := s.lookAt(ctx, o)
	if err != nil {
		return s.laterChange(ctx, o)
	}
	return s.finishChange(ctx, o, h, state, "")
}

// lookAt reads what the platform holds, compared with the lines as wanted once what is new is held, else with those as before.
func (s *Service) lookAt(ctx context.Context, o Order) (Hold, PlatformState, error) {
	if c := o.openChange(); c != nil && c.State == ChangeAdded {
		o.Lines = c.Lines
	}
	return s.Platform.Look(ctx, o)
}

// finishChange takes over what a look found once everything was asked for; what is not as wanted is given back as a whole.
func (s *Service) finishChange(ctx context.Context, o Order, h Hold, state PlatformState, note string) (Order, error) {
	now := s.Clock()
	if state != PlatformOpen {
		return s.changedUnderUs(ctx, o, state)
	}
	if h.Defect == nil && !holdsAll(h, o.Change.Lines) {
		h.Defect = &Refusal{Kind: domain.Upstream, Code: domain.CodePlatformAnswer, Detail: "the platform holds other places than it said"}
	}
	if h.Defect != nil {
		return s.giveChangeBack(ctx, o, h, *h.Defect)
	}
	limit := s.holdLimit(o.CreatedAt, h.ExpiresAt)
	changed, err := s.keepAs(ctx, o, func(o *Order) error { return o.finishChange(h, now, limit, note) })
	if err != nil {
		return s.asLeft(ctx, o.ID, err)
	}
	return changed, changed.changeError(changed.Change)
}

// giveChangeBack releases everything that the platform holds: it is neither what was held nor what is wanted.
func (s *Service) giveChangeBack(ctx context.Context, o Order, h Hold, why Refusal) (Order, error) {
	now := s.Clock()
	h.gather()
	ids := s.ids("plc", countPlaces(h))
	changed, err := s.keepAs(ctx, o, func(o *Order) error {
		c := o.openChange()
		if c == nil {
			return errNotDue
		}
		if c.State == ChangeAdded {
			o.Lines = c.Lines
		}
		o.takePlaces(h, ids)
		c.endAs(ChangeRefused, &why, now)
		return o.beginRelease(now, now.Add(s.CallTimeout), why.Code)
	})
	if err != nil {
		return s.asLeft(ctx, o.ID, err)
	}
	if changed, err = s.release(ctx, changed); err != nil {
		return changed, err
	}
	return changed, changed.changeError(changed.Change)
}

// changedUnderUs ends a change of an order that the platform does not hold open any more.
func (s *Service) changedUnderUs(ctx context.Context, o Order, state PlatformState) (Order, error) {
	now := s.Clock()
	if state == PlatformClosed {
		return s.toReview(ctx, o, now, noteSoldChanging)
	}
	lapsed, err := s.keepAs(ctx, o, func(o *Order) error {
		c := o.openChange()
		if c == nil {
			return errNotDue
		}
		c.endAs(ChangeRefused, &Refusal{Kind: domain.Gone, Code: CodeHoldExpired, Detail: "the platform let the hold lapse; hold anew"}, now)
		return o.lapse(now)
	})
	if err != nil {
		return s.asLeft(ctx, o.ID, err)
	}
	return lapsed, lapsed.changeError(lapsed.Change)
}

// lookAndUndo brings the hold back to what it was before a change whose answer is not known, or answers what became of it.
func (s *Service) lookAndUndo(ctx context.Context, o Order, why Refusal) (Order, error) {
	h, state, err := s.lookAt(ctx, o)
	if err != nil {
		return s.laterChange(ctx, o)
	}
	if state != PlatformOpen {
		return s.changedUnderUs(ctx, o, state)
	}
	var added []int64
	ours := Movements(o.Lines)
	for _, m := range h.Movements {
		if !slices.Contains(ours, m) {
			added = append(added, m)
		}
	}
	if len(h.Movements)-len(added) != len(ours) {
		return s.giveChangeBack(ctx, o, h, Refusal{Kind: domain.Conflict, Code: CodeAvailability, Detail: "the platform does not hold all places any more"})
	}
	var seen []HoldPlace // a seating may have been done whose answer is lost
	for _, hl := range h.Lines {
		seen = append(seen, hl.Places...)
	}
	return s.undoChange(ctx, o, added, why, seen...)
}

// settleChange finds out what became of a change by reading the order, and moves it on: once what is new is held, to its end;
// before that, back to what was held.
func (s *Service) settleChange(ctx context.Context, o Order) (Order, error) {
	now := s.Clock()
	c := o.openChange()
	switch {
	case c == nil || o.Checks > maxChecks:
		return s.toReview(ctx, o, now, noteTooManyReads)
	case now.Before(o.AskedUntil):
		return s.laterChange(ctx, o)
	}
	id := o.ID
	o, err := s.keepAs(ctx, o, func(o *Order) error { // our claim, for what we ask now
		o.AskedUntil = now.Add(s.CallTimeout)
		return nil
	})
	if err != nil {
		return s.asLeft(ctx, id, err)
	}
	if c.State == ChangeAsked {
		o, err = s.lookAndUndo(ctx, o, Refusal{Kind: domain.Unavailable, Code: domain.CodePlatformUnreachable, Detail: "the platform did not answer; the hold is as it was"})
	} else {
		o, err = s.finishByReading(ctx, o)
	}
	if err != nil {
		if now, lerr := s.Store.Order(ctx, id); lerr == nil && now.Status != Changing {
			return now, nil // refused for good, and stored as such: settled
		}
	}
	return o, err
}

// finishByReading gives back what of an added change is still to be given back.
func (s *Service) finishByReading(ctx context.Context, o Order) (Order, error) {
	h, state, err := s.lookAt(ctx, o)
	if err != nil {
		return s.laterChange(ctx, o)
	}
	left := slices.DeleteFunc(slices.Clone(o.Change.Drop), func(m int64) bool { return !slices.Contains(h.Movements, m) })
	if state == PlatformOpen && len(left) > 0 {
		return s.dropAndFinish(ctx, o, left)
	}
	return s.finishChange(ctx, o, h, state, noteRead)
}
