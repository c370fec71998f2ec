package sales

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// LineChange is a change of a held order's lines: what was asked, and what became of it. An order keeps its last one. What is
// new is reserved first, and what is not wanted any more is given back after that, so that a refusal leaves the hold as it was.
type LineChange struct {
	ID  string // "chg_…"
	Key string // the idempotency key that asked for it; may be empty
	// Earlier are the changes before that have a key, so that none of them is done again; without those refused for a reason that
	// passes, which may ask again.
	Earlier []EarlierChange
	State   ChangeState
	// Lines are the lines as wanted. Their places are those of the order that stay; the platform gives the rest.
	Lines []Line
	// Drop are the platform's numbers of the places that are given back.
	Drop []int64
	// Quoted is what our catalog says of the lines; Expected is what the storefront wants them to cost.
	Quoted   domain.Money
	Expected *domain.Money
	// Reference and Buyer are changed along with the lines; nil stays as it is.
	Reference *string
	Buyer     *Buyer
	// Refusal is why it was not done; with State done, that the total is not the expected one.
	Refusal          *Refusal
	AskedAt, EndedAt time.Time // EndedAt is zero while it is under way
}

// EarlierChange is what is kept of a change once another one was asked for: enough to answer its key as before, but for the items
// and seats that a refusal named.
type EarlierChange struct {
	Key      string
	Refusal  *Refusal
	Expected *domain.Money
}

// ChangeState is how far a change of lines is.
type ChangeState string

// The states of a change of lines.
const (
	ChangeAsked   ChangeState = "asked"   // the platform was asked for what is new; a lost answer is undone
	ChangeAdded   ChangeState = "added"   // what is new is held; what is not wanted is being given back
	ChangeDone    ChangeState = "done"    // the order has the lines as wanted
	ChangeRefused ChangeState = "refused" // the order has its lines as before
)

// openChange is the change under way; nil for none. An order that has one is changing, or in review.
func (o *Order) openChange() *LineChange {
	if c := o.Change; c != nil && (c.State == ChangeAsked || c.State == ChangeAdded) {
		return c
	}
	return nil
}

// same reports whether two lines sell the same thing, in whatever quantity.
func (l *Line) same(m *Line) bool {
	return l.Performance == m.Performance && l.SeatCategory == m.SeatCategory && l.Item == m.Item && l.Tariff == m.Tariff && l.Day == m.Day && l.Timeslot == m.Timeslot
}

// planLines works out what stays, what is new and what is given back. A line that sells the same thing keeps its places; of a
// line that gets smaller those go that name no holder, the last ones first.
func (o *Order) planLines(wanted []Line) (lines []Line, drop []int64) {
	lines = wanted
	for i := range o.Lines {
		old := &o.Lines[i]
		at := slices.IndexFunc(lines, func(l Line) bool { return l.same(old) })
		stay := 0
		if at >= 0 {
			stay = min(lines[at].Quantity, old.Quantity)
		}
		kept, gone := part(old.Places, stay, func(p Place) bool {
			return p.Holder != "" || (at >= 0 && slices.Contains(lines[at].Wish.Seats, p.Seat.ID))
		})
		for _, p := range gone {
			drop = append(drop, p.Movement)
		}
		if at >= 0 {
			l := &lines[at]
			l.Places, l.Operations = kept, slices.Clone(old.Operations)
			if len(gone) == 0 && l.Quantity == old.Quantity {
				l.UnitPrice, l.Total, l.Together, l.Facts = old.UnitPrice, old.Total, old.Together, old.Facts
			}
		}
	}
	return lines, drop
}

// part splits places into n that stay and the rest; those that are dear go last.
func part(places []Place, n int, dear func(Place) bool) (stay, gone []Place) {
	leaves := make([]bool, len(places))
	for _, last := range []bool{false, true} {
		for i := len(places) - 1; i >= 0 && len(places)-len(gone) > n; i-- {
			if !leaves[i] && dear(places[i]) == last {
				leaves[i], gone = true, append(gone, places[i])
			}
		}
	}
	for i, p := range places {
		if !leaves[i] {
			stay = append(stay, p)
		}
	}
	return stay, gone
}

// missing lists, by index, the lines of the change with what of them is to be reserved anew.
func (c *LineChange) missing() (at []int, lines []Line) {
	for i, l := range c.Lines {
		if n := l.Quantity - len(l.Places); n > 0 {
			l.Quantity, l.Places, l.Operations, l.Wish.Seats = n, nil, nil, nil
			at, lines = append(at, i), append(lines, l)
		}
	}
	return at, lines
}

// withAdded are the lines with the places that the platform has just reserved, line by line as missing lists them.
func (c *LineChange) withAdded(h Hold) []Line {
	lines := slices.Clone(c.Lines)
	at, _ := c.missing()
	for n, i := range at {
		l := &lines[i]
		l.Places, l.Operations = slices.Clone(l.Places), append(slices.Clone(l.Operations), h.Lines[n].Operations...)
		for _, p := range h.Lines[n].Places {
			l.Places = append(l.Places, Place{Movement: p.Movement, Seat: p.Seat})
		}
	}
	return lines
}

// Movements are the platform's numbers of all places of the lines.
func Movements(lines []Line) []int64 {
	var ids []int64
	for _, l := range lines {
		for _, p := range l.Places {
			ids = append(ids, p.Movement)
		}
	}
	return ids
}

// beginChange stores the intent to change the lines. Nothing to add and nobody to seat means that only giving back is left, unless
// the total is not the expected one: then nothing is, whoever finds the intent.
func (o *Order) beginChange(c LineChange, at, readAt, deadline time.Time) error {
	if err := o.changeable(at); err != nil {
		return err
	}
	if err := o.step(Changing, at, noteChange); err != nil {
		return err
	}
	c.State = ChangeAsked
	if _, fresh := c.missing(); len(fresh) == 0 && len(unseated(c.Lines)) == 0 {
		total, err := o.costs(&c, domain.Money{})
		if err != nil {
			return err
		}
		if wrongTotal(c.Expected, total) == nil {
			c.State = ChangeAdded
		}
	}
	if before := o.Change; before != nil {
		c.Earlier = before.Earlier
		if before.Key != "" && before.Key != c.Key && (before.Refusal == nil || !before.Refusal.Passing()) {
			c.Earlier = append(slices.Clone(c.Earlier), EarlierChange{Key: before.Key, Refusal: before.Refusal, Expected: before.Expected})
		}
	}
	o.Change = &c
	o.Checks, o.AskedUntil = 0, deadline
	o.await(readAt)
	return nil
}

// changeable refuses an order that is not held for the buyer any more.
func (o *Order) changeable(at time.Time) error {
	switch {
	case o.Status != Held:
		return o.wrongStatus("only a held one can be changed")
	case !at.Before(o.HoldExpiresAt):
		return o.misuse(domain.Gone, CodeHoldExpired, "the hold ended at %s; hold anew", o.HoldExpiresAt.Format(time.RFC3339))
	}
	return nil
}

// added keeps what the platform has reserved of what is new, line by line as missing lists them, and where it has put places.
func (o *Order) added(h Hold, moved []HoldPlace, placeIDs []string) error {
	c := o.openChange()
	if c == nil {
		return errNotDue
	}
	at, _ := c.missing()
	c.Lines = c.withAdded(h)
	for n, i := range at {
		l := &c.Lines[i]
		if len(l.Places) == len(h.Lines[n].Places) { // all of it is new
			l.Together = h.Lines[n].Together
		}
		for j := range l.Places {
			if p := &l.Places[j]; p.ID == "" {
				p.ID, placeIDs = placeIDs[0], placeIDs[1:]
			}
		}
	}
	for i := range c.Lines {
		c.Lines[i].reseat(moved)
	}
	c.State = ChangeAdded
	return nil
}

// reseat takes over where the platform has put places of the line.
func (l *Line) reseat(moved []HoldPlace) {
	for i := range l.Places {
		if at := slices.IndexFunc(moved, func(m HoldPlace) bool { return m.Movement == l.Places[i].Movement }); at >= 0 && moved[at].Seat != (Seat{}) {
			l.Places[i].Seat, l.Together = moved[at].Seat, nil
		}
	}
}

// costs is what the order will cost once the change is done: its total, less what is given back, and what is new.
func (o *Order) costs(c *LineChange, fresh domain.Money) (domain.Money, error) {
	sum := o.Total
	for i := range o.Lines {
		l := &o.Lines[i]
		n := 0
		for _, p := range l.Places {
			if slices.Contains(c.Drop, p.Movement) {
				n++
			}
		}
		gone, err := l.UnitPrice.Times(n)
		if n == len(l.Places) {
			gone, err = l.Total, nil
		}
		if err != nil {
			return domain.Money{}, err
		}
		sum.Amount -= gone.Amount
	}
	if fresh.Currency == "" {
		return sum, nil
	}
	return sum.Add(fresh)
}

// wrongTotal is the refusal of another total than the expected one; nil where it is right, or none is expected.
func wrongTotal(expected *domain.Money, total domain.Money) *Refusal {
	if expected == nil || *expected == total {
		return nil
	}
	return &Refusal{
		Kind: domain.Conflict, Code: CodePriceChanged, Actual: &total,
		Detail: fmt.Sprintf("the total is %s, not the expected %s", total, *expected),
	}
}

// finishChange takes over what the platform holds now that the change is done, in the places of the change's lines.
func (o *Order) finishChange(h Hold, at, limit time.Time, note string) error {
	c := o.openChange()
	if c == nil {
		return errNotDue
	}
	c.endAs(ChangeDone, wrongTotal(c.Expected, h.Total), at)
	if err := o.step(Held, at, joinNotes(noteChanged, note)); err != nil {
		return err
	}
	o.takeChange(h)
	o.Total, o.Quoted, o.Expected = h.Total, c.Quoted, c.Expected
	if c.Reference != nil {
		o.Reference = *c.Reference
	}
	if c.Buyer != nil {
		o.Buyer = *c.Buyer
	}
	if !h.ExpiresAt.IsZero() {
		o.PlatformExpiresAt = h.ExpiresAt
		if !limit.IsZero() && limit.Before(o.HoldExpiresAt) {
			o.HoldExpiresAt = limit
		}
	}
	o.Refusal = nil
	o.await(o.HoldExpiresAt)
	return nil
}

// takeChange makes the lines of the change the order's own, at the prices that the platform says.
func (o *Order) takeChange(h Hold) {
	o.Lines = o.Change.Lines
	for i := range o.Lines {
		l, hl := &o.Lines[i], h.Lines[i]
		l.UnitPrice, l.Total, l.Operations = hl.UnitPrice, hl.Total, hl.Operations
		side := l.Together
		l.reseat(hl.Places)
		l.Together = side
	}
	o.Change.Lines, o.Change.Drop = nil, nil // the order has them now
}

// holdsAll reports whether a look shows exactly the places of the lines, each in its own.
func holdsAll(h Hold, lines []Line) bool {
	n := 0
	for i, l := range lines {
		for _, p := range l.Places {
			if i >= len(h.Lines) || !slices.ContainsFunc(h.Lines[i].Places, func(hp HoldPlace) bool { return hp.Movement == p.Movement }) {
				return false
			}
			n++
		}
	}
	return n == len(h.Movements)
}

// endAs ends a change. What was wanted is not kept: the order says what it has, and the key what was asked.
func (c *LineChange) endAs(s ChangeState, why *Refusal, at time.Time) {
	c.State, c.Refusal, c.EndedAt = s, why, at
}

// dropChange ends the change under way without effect: the order has its lines as before, on the seats seen.
func (o *Order) dropChange(why Refusal, seen []HoldPlace, at time.Time) error {
	c := o.openChange()
	if c == nil {
		return errNotDue
	}
	for i := range o.Lines {
		o.Lines[i].reseat(seen)
	}
	c.endAs(ChangeRefused, &why, at)
	if err := o.step(Held, at, why.Code); err != nil {
		return err
	}
	if why.Code == CodeAvailability { // what we showed was stale
		o.Tasks = append(o.Tasks, domain.Task{Kind: catalog.TaskAvailability, Key: string(o.Institution)})
	}
	o.await(o.HoldExpiresAt)
	return nil
}

// changeError is why a change was not done as asked, now and on every replay; nil where it was, or is under way. The order as
// it stands is in the refusal's state: held, with its lines as before, or, where only the total is another one, as asked.
func (o *Order) changeError(c *LineChange) error {
	if c == nil || c.Refusal == nil {
		return nil
	}
	r := c.Refusal
	e := o.misuse(r.Kind, r.Code, "%s", r.Detail)
	if r.Actual != nil {
		e.Expected, e.Actual = c.Expected, r.Actual
	}
	switch {
	case len(r.Seats) > 0:
		takenSeats(e, r, wishesOf(c.Lines))
	case r.Code == CodeAvailability:
		at, _ := c.missing()
		for _, i := range at {
			e.WithField("/items/"+strconv.Itoa(i), CodeAvailability, "not available in this quantity beside what is held")
		}
	}
	return e
}
