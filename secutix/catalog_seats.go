package secutix

import (
	"context"

	"guichet/domain/catalog"
	"guichet/secutix/s360"
)

// Seats implements catalog.Platform. S-360: AvailabilityService.getSeatsAvailability.
func (c Catalog) Seats(ctx context.Context, snap *catalog.Snapshot, id catalog.PerformanceID) ([]catalog.Seat, error) {
	i, err := c.of(snap.Institution.Code)
	if err != nil {
		return nil, err
	}
	answer, err := i.client.WithClass(classRefresh).Availability.GetSeatsAvailability(ctx, s360.SeatsAvailabilityRequest{
		PointOfSalesID: s360.ID(snap.Institution.PointOfSales.ID), PerformanceID: s360.ID(id),
	})
	if err != nil {
		return nil, toError(err)
	}
	out := make([]catalog.Seat, 0, len(answer.SeatAvailabilityData))
	for j := range answer.SeatAvailabilityData {
		d := &answer.SeatAvailabilityData[j]
		if d.PerformanceID != 0 && d.PerformanceID != s360.ID(id) {
			continue
		}
		out = append(out, catalog.Seat{
			ID: physical(d), SeatCategory: catalog.SeatCategoryID(d.SeatCategoryID), Contingent: catalog.ContingentID(d.ContingentID),
			Area: catalog.AreaID(d.AreaID), AreaName: d.Area, Block: int64(d.BlockID), BlockName: d.Block, Row: d.Row, Number: d.Number,
			Free: bool(d.Available),
		})
	}
	return out, nil
}
