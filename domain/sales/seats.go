package sales

import (
	"fmt"
	"slices"
	"strconv"

	"guichet/domain"
	"guichet/domain/catalog"
)

// Wish is where the places of a line are to be. The zero value leaves it to the platform.
type Wish struct {
	// Seats are the platform's numbers of the seats themselves, one for each place; empty lets the platform choose.
	Seats []int64
	// Areas are looked through first when the platform chooses, the first one first; others are taken where they are full.
	Areas []catalog.AreaID
	// Together refuses places that the platform says are not side by side.
	Together bool
}

// wishOf is the wish for an item; the list may be shorter than the items.
func wishOf(wishes []Wish, i int) Wish {
	if i < len(wishes) {
		return wishes[i]
	}
	return Wish{}
}

func (c *content) wishes(list []Wish) {
	for i, w := range list {
		for _, id := range w.Seats {
			c.number("seat of "+strconv.Itoa(i), id)
		}
		for _, id := range w.Areas {
			c.number("area of "+strconv.Itoa(i), int64(id))
		}
		if w.Together {
			c.add("together", strconv.Itoa(i))
		}
	}
}

// checkWishes refuses wishes that can never be met: of items, of places without numbers, seats named twice, and another number of
// seats than of places.
func checkWishes(wants []catalog.Want, wishes []Wish, quote catalog.Quote) error {
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the places cannot be as asked")
	type seat struct {
		performance catalog.PerformanceID
		id          int64
	}
	seen := map[seat]bool{}
	for i, w := range wants {
		wish, at := wishOf(wishes, i), "/items/"+strconv.Itoa(i)
		if w.Performance == 0 && (len(wish.Seats)+len(wish.Areas) > 0 || wish.Together) {
			bad.WithField(at, CodeSeats, "an item has no seats or areas to choose")
			continue
		}
		if len(wish.Seats) > 0 {
			switch {
			case !quote.Lines[i].Facts.Numbered:
				bad.WithField(at+"/seats", CodeSeats, "the places of this performance have no numbers")
			case len(wish.Seats) != w.Quantity:
				bad.WithField(at+"/seats", CodeSeats, fmt.Sprintf("%d seats for a quantity of %d", len(wish.Seats), w.Quantity))
			case wish.Together, len(wish.Areas) > 0:
				bad.WithField(at+"/seats", CodeSeats, "choose the seats, or areas and together")
			}
		}
		for j, id := range wish.Seats {
			if seen[seat{w.Performance, id}] {
				bad.WithField(at+"/seats/"+strconv.Itoa(j), CodeSeats, "the seat stands twice")
			}
			seen[seat{w.Performance, id}] = true
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// seated reports whether the places of a line are where it wishes.
func (l *Line) seated() bool {
	if len(l.Wish.Seats) == 0 {
		return true
	}
	return len(l.Places) == len(l.Wish.Seats) && !slices.ContainsFunc(l.Places, func(p Place) bool { return !slices.Contains(l.Wish.Seats, p.Seat.ID) })
}

// unseated lists the lines whose places are not where they are wished.
func unseated(lines []Line) []Line {
	var out []Line
	for _, l := range lines {
		if !l.seated() {
			out = append(out, l)
		}
	}
	return out
}

// notTogether is the refusal of places apart where they are wished together; nil where the platform does not say so.
func notTogether(h Hold, lines []Line) *Refusal {
	for i, hl := range h.Lines {
		if lines[i].Wish.Together && hl.Together != nil && !*hl.Together {
			return &Refusal{Kind: domain.Conflict, Code: CodeNotTogether, Detail: fmt.Sprintf("the platform has no %d places side by side", lines[i].Quantity)}
		}
	}
	return nil
}

// placed are lines with the places that a hold gives them, as the platform sees them: without ids of ours.
func placed(lines []Line, h Hold) []Line {
	out := slices.Clone(lines)
	for i := range out {
		if i >= len(h.Lines) {
			break
		}
		out[i].Operations, out[i].Places = h.Lines[i].Operations, nil
		for _, p := range h.Lines[i].Places {
			out[i].Places = append(out[i].Places, Place{Movement: p.Movement, Seat: p.Seat})
		}
	}
	return out
}

// reseat takes over where the platform has put places. Side by side is not said of seats that were chosen.
func (h *Hold) reseat(moved []HoldPlace) {
	h.Lines = slices.Clone(h.Lines)
	for i := range h.Lines {
		hl := &h.Lines[i]
		hl.Places = slices.Clone(hl.Places)
		for j := range hl.Places {
			if at := slices.IndexFunc(moved, func(m HoldPlace) bool { return m.Movement == hl.Places[j].Movement }); at >= 0 {
				hl.Places[j].Seat, hl.Together = moved[at].Seat, nil
			}
		}
	}
}

// takenSeats names the seats of a refusal, by the order of the request.
func takenSeats(e *domain.Error, r *Refusal, wishes []Wish) {
	for i, w := range wishes {
		for j, id := range w.Seats {
			if slices.Contains(r.Seats, id) {
				e.WithField("/items/"+strconv.Itoa(i)+"/seats/"+strconv.Itoa(j), CodeAvailability, "this seat cannot be had")
			}
		}
	}
}

func wishesOf(lines []Line) []Wish {
	out := make([]Wish, len(lines))
	for i, l := range lines {
		out[i] = l.Wish
	}
	return out
}
