package secutix

import (
	"context"
	"slices"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/secutix/s360"
)

// Seat implements sales.Changer. S-360: ExternalSeatingService.doSeatingForOperations; where it is refused,
// AvailabilityService.getSeatsAvailability says which seats cannot be had. Whether the platform seats the open order of a
// reseller is not known: any refusal that is not about the seats is order.seating.
func (s Sales) Seat(ctx context.Context, o sales.Order, lines []sales.Line) ([]sales.HoldPlace, *sales.Refusal, error) {
	ctx = forOrder(ctx, o)
	i, err := s.of(o.Institution)
	if err != nil {
		return nil, nil, err
	}
	pos, err := s.point(ctx, i)
	if err != nil {
		return nil, notSeated("the point of sales cannot be asked"), nil //nolint:nilerr // nothing was sent: it is a certain refusal
	}
	client := i.client.WithClass(classSale)
	r := seatingOf(lines)
	answer, err := client.Seating.DoSeatingForOperations(ctx, r)
	if err == nil {
		return toSeated(r, answer.MovementsData), nil, nil
	}
	e := domain.AsError(toError(err, i.Words...))
	answered := e.Code == sales.CodeAvailability || e.Code == domain.CodePlatformRefused // it is in its words: nothing is on the wire
	if e.Uncertain {
		moved, read := s.seenSeated(ctx, client, o, r)
		switch {
		case moved != nil:
			return moved, nil, nil
		case !read || !answered:
			return nil, nil, e
		}
	}
	if e.Code == sales.CodeAvailability {
		return nil, &sales.Refusal{
			Kind: domain.Conflict, Code: sales.CodeAvailability, Detail: "a chosen seat cannot be had", Seats: s.taken(ctx, client, pos, lines, r),
		}, nil
	}
	s.log.WarnContext(ctx, "places were not seated", "institution", i.Code, "order", o.ID, "code", e.Code)
	return nil, notSeated("the platform refuses"), nil
}

func notSeated(why string) *sales.Refusal {
	return &sales.Refusal{Kind: domain.Conflict, Code: sales.CodeSeating, Detail: "the places cannot be put on the chosen seats: " + why}
}

// seatingOf gives each place that is not on a seat of its line's wish one of those left.
func seatingOf(lines []sales.Line) s360.SeatingRequest {
	var r s360.SeatingRequest
	for _, l := range lines {
		left := slices.DeleteFunc(slices.Clone(l.Wish.Seats), func(id int64) bool {
			return slices.ContainsFunc(l.Places, func(p sales.Place) bool { return p.Seat.ID == id })
		})
		for _, p := range l.Places {
			if slices.Contains(l.Wish.Seats, p.Seat.ID) || len(left) == 0 {
				continue
			}
			r.SeatingInformation = append(r.SeatingInformation, s360.SeatingInformation{MovementID: s360.ID(p.Movement), PhysicalSeatID: s360.ID(left[0])})
			left = left[1:]
		}
		for _, op := range l.Operations {
			if !slices.Contains(r.OperationIDs, s360.ID(op)) {
				r.OperationIDs = append(r.OperationIDs, s360.ID(op))
			}
		}
	}
	return r
}

// toSeated is where the platform put the places. What its answer leaves out is where it was asked to be; the seat's number stays
// the one that was asked for, because an order's seatId is not known to be the physical seat's.
func toSeated(r s360.SeatingRequest, moved []s360.MovementData) []sales.HoldPlace {
	var out []sales.HoldPlace
	for _, info := range r.SeatingInformation {
		p := sales.HoldPlace{Movement: int64(info.MovementID)}
		for k := range moved {
			if moved[k].MovementID == info.MovementID {
				p.Seat = toSeat(&moved[k])
			}
		}
		p.Seat.ID = int64(info.PhysicalSeatID)
		out = append(out, p)
	}
	return out
}

// seenSeated reads the order after a seating whose outcome is not certain: where every place is on the seat asked for it was done,
// and the places come back. Read says whether the order could be read at all. A seating's answer has no mark of a foreseen refusal.
func (s Sales) seenSeated(ctx context.Context, client *s360.Client, o sales.Order, r s360.SeatingRequest) (moved []sales.HoldPlace, read bool) {
	answer, err := client.Orders.GetOrderDetails(ctx, s360.OrderDetailsRequest{OrderID: s360.ID(o.Platform.OrderID), Granularity: s360.GranularityMovements})
	if err != nil || answer.OrderDetailsData == nil {
		return nil, false
	}
	held := answer.OrderDetailsData.MovementDatas
	for _, info := range r.SeatingInformation {
		if !slices.ContainsFunc(held, func(m s360.MovementData) bool {
			return m.MovementID == info.MovementID && m.SeatID == info.PhysicalSeatID
		}) {
			return nil, true
		}
	}
	return toSeated(r, held), true
}

// taken lists the seats asked for that cannot be had; all of them where the platform does not say which.
func (s Sales) taken(ctx context.Context, client *s360.Client, pos *pointOfSales, lines []sales.Line, r s360.SeatingRequest) []int64 {
	var all, out []int64
	for _, info := range r.SeatingInformation {
		all = append(all, int64(info.PhysicalSeatID))
	}
	asked := map[s360.ID]bool{}
	for _, l := range lines {
		if asked[s360.ID(l.Performance)] {
			continue
		}
		asked[s360.ID(l.Performance)] = true
		answer, err := client.Availability.GetSeatsAvailability(ctx, s360.SeatsAvailabilityRequest{
			PointOfSalesID: s360.ID(pos.inst.PointOfSales.ID), PerformanceID: s360.ID(l.Performance),
		})
		if err != nil {
			return all
		}
		had := map[int64]bool{}
		for j := range answer.SeatAvailabilityData {
			if d := &answer.SeatAvailabilityData[j]; d.Available && (d.SeatCategoryID == 0 || d.SeatCategoryID == s360.ID(l.SeatCategory)) {
				had[physical(d)] = true
			}
		}
		for _, id := range l.Wish.Seats {
			if slices.Contains(all, id) && !had[id] {
				out = append(out, id)
			}
		}
	}
	if len(out) == 0 {
		return all
	}
	return out
}

// physical is the number by which a seat can be asked for: the physical seat's where it is given.
func physical(d *s360.SeatAvailability) int64 {
	if d.PhysicalSeatID != 0 {
		return int64(d.PhysicalSeatID)
	}
	return int64(d.SeatID)
}
