package sim

import (
	"slices"

	"guichet/secutix/s360"
)

func seatingService() service {
	return service{module: "tnseb", name: "externalSeatingService", soap: "ExternalSeatingService", pkg: "com.secutix.service.realtime.seat", versions: []string{"v1_0"}, methods: []method{
		{name: "doSeatingForOperations", do: (*Platform).doSeatingForOperations, request: s360.SeatingRequest{}, result: s360.SeatingResult{}},
	}}
}

// doSeatingForOperations moves places of an open order to the seats asked for, in the same seat category and in any contingent
// of the sales channel, which is then theirs. All move at once, so two may swap.
func (p *Platform) doSeatingForOperations(c *call) (any, *refusal) {
	var q s360.SeatingRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if len(q.OperationIDs) == 0 || len(q.SeatingInformation) == 0 {
		return nil, refuse(errMissing, "operationIds and seatingInformation")
	}
	var o *order
	var moves []seatMove
	for _, info := range q.SeatingInformation {
		at, ok := c.in.moves[int64(info.MovementID)]
		if !ok || !slices.Contains(q.OperationIDs, s360.ID(at.op.ID)) || (o != nil && at.order != o) {
			return nil, refuse(errMovement, "movement %d is not of these operations", info.MovementID)
		}
		var no *refusal
		if o, no = c.in.openOrder(at.order.ID); no != nil {
			return nil, no
		}
		to, no := c.in.seatFor(at, int64(info.PhysicalSeatID))
		if no != nil {
			return nil, no
		}
		if slices.ContainsFunc(moves, func(m seatMove) bool { return m.Movement == to.Movement || (m.Block == to.Block && m.Seat == to.Seat) }) {
			return nil, refuse(errInvalid, "movement %d or seat %d is named twice", info.MovementID, info.PhysicalSeatID)
		}
		moves = append(moves, to)
	}
	if no := c.in.seatsFree(moves, c); no != nil {
		return nil, no
	}
	if err := p.commit(c.in, change{At: c.now, Do: doSeat, ID: o.ID, Life: &lifeChange{Seats: moves}}); err != nil {
		return nil, p.broken(c, err)
	}
	out := s360.SeatingResult{Result: c.ok()}
	for _, m := range moves {
		at := c.in.moves[m.Movement]
		out.MovementsData = append(out.MovementsData, c.in.movementData(at.op, at.m))
	}
	return out, nil
}

// seatFor finds a physical seat in the category and venue a movement is for.
func (in *institution) seatFor(at moveAt, id int64) (seatMove, *refusal) {
	perf := in.perfOf[at.op.Performance]
	if at.m.Dropped || at.m.Seat < 0 || perf == nil {
		return seatMove{}, refuse(errMovement, "movement %d has no numbered seat", at.m.ID)
	}
	for i, b := range perf.product.venue.blocks {
		seat := id - in.seatID(b, 0)
		if !b.numbered() || seat < 0 || seat >= int64(b.capacity) {
			continue
		}
		switch {
		case b.area.category.id != at.op.Category:
			return seatMove{}, refuse(errSeat, "seat %d is in another seat category", id)
		case !in.poolOfSeat(perf, i, int(seat)).contingent.ours():
			return seatMove{}, refuse(errNotOurs, "seat %d is in a contingent of others", id)
		}
		return seatMove{Movement: at.m.ID, Block: i, Seat: int(seat)}, nil
	}
	return seatMove{}, refuse(errSeat, "no seat %d here", id)
}

// seatsFree says whether every seat is free, or becomes so by the same moves.
func (in *institution) seatsFree(moves []seatMove, c *call) *refusal {
	leaving := map[seatKey]bool{}
	for _, m := range moves {
		at := in.moves[m.Movement]
		leaving[seatKey{at.op.Performance, at.m.Block, at.m.Seat}] = true
	}
	for _, m := range moves {
		at := in.moves[m.Movement]
		pl := in.poolOfSeat(in.perfOf[at.op.Performance], m.Block, m.Seat)
		if leaving[seatKey{at.op.Performance, m.Block, m.Seat}] {
			continue
		}
		if !pl.seatFree(m.Seat) || c.now.Before(pl.awayUntil) {
			return refuse(errSeatTaken, "the seat for movement %d is taken", m.Movement)
		}
	}
	return nil
}
