package s360

import (
	"context"
	"slices"
)

// maxIDs is the most ids sent in one call; longer lists are cut up.
const maxIDs = 200

// AvailabilityService tells what is left. It informs only: the order service
// decides. Each method may be called at most once a minute per key, better
// hourly.
type AvailabilityService struct{ client *Client }

// GetUpdatedAvailabilities returns which of the products changed since the
// reference date. Lists above 200 ids become several calls; when one fails, the
// result holds what the earlier ones brought.
//
// S-360: AvailabilityService.getUpdatedAvailabilities (1.33)
func (s AvailabilityService) GetUpdatedAvailabilities(ctx context.Context, r UpdatedAvailabilitiesRequest) (UpdatedAvailabilitiesResult, error) {
	m := method{service: serviceAvailability, name: "getUpdatedAvailabilities"}
	var all UpdatedAvailabilitiesResult
	for ids := range chunks(r.ProductIDs) {
		r.ProductIDs = ids
		part, err := invoke[UpdatedAvailabilitiesResult](ctx, s.client, m, r)
		all.Result = part.Result
		all.AvailabilityUpdateData = append(all.AvailabilityUpdateData, part.AvailabilityUpdateData...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// GetEventAvailability returns what is left of performances, by seat category
// and contingent as the filters ask. Lists above 200 performances become several
// calls, and an event may then occur once per call.
//
// S-360: AvailabilityService.getEventAvailability (1.33)
func (s AvailabilityService) GetEventAvailability(ctx context.Context, r EventAvailabilityRequest) (EventAvailabilityResult, error) {
	m := method{service: serviceAvailability, name: "getEventAvailability"}
	var all EventAvailabilityResult
	for ids := range chunks(r.PerformanceIDs) {
		r.PerformanceIDs = ids
		part, err := invoke[EventAvailabilityResult](ctx, s.client, m, r)
		all.Result = part.Result
		if data := part.EventAvailabilityData; data != nil {
			if all.EventAvailabilityData == nil {
				all.EventAvailabilityData = &EventAvailabilityData{Extra: data.Extra}
			}
			to := &all.EventAvailabilityData.EventAvailabilities
			*to = append(*to, data.EventAvailabilities...)
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// GetPerformanceAvailability returns what is left of performances. Its
// parameters and its answer are proposed. Lists above 200 ids become several
// calls.
//
// S-360: AvailabilityService.getPerformanceAvailability (1.33)
func (s AvailabilityService) GetPerformanceAvailability(ctx context.Context, r PerformanceAvailabilityRequest) (PerformanceAvailabilityResult, error) {
	m := method{service: serviceAvailability, name: "getPerformanceAvailability"}
	var all PerformanceAvailabilityResult
	for ids := range chunks(r.PerformanceIDs) {
		r.PerformanceIDs = ids
		part, err := invoke[PerformanceAvailabilityResult](ctx, s.client, m, r)
		all.Result, all.Extra = part.Result, part.Extra
		all.PerformanceAvailabilityData = append(all.PerformanceAvailabilityData, part.PerformanceAvailabilityData...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// GetProductAvailability returns what is left of passes, services, goods and
// season tickets. Its parameters and its answer are proposed. Lists above 200
// ids become several calls.
//
// S-360: AvailabilityService.getProductAvailability (1.33)
func (s AvailabilityService) GetProductAvailability(ctx context.Context, r ProductAvailabilityRequest) (ProductAvailabilityResult, error) {
	m := method{service: serviceAvailability, name: "getProductAvailability"}
	var all ProductAvailabilityResult
	for ids := range chunks(r.ProductIDs) {
		r.ProductIDs = ids
		part, err := invoke[ProductAvailabilityResult](ctx, s.client, m, r)
		all.Result, all.Extra = part.Result, part.Extra
		all.ProductAvailabilityData = append(all.ProductAvailabilityData, part.ProductAvailabilityData...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// chunks cuts ids up; no ids are one empty chunk, so that a call is made.
func chunks(ids List[ID]) func(func(List[ID]) bool) {
	if len(ids) == 0 {
		return func(yield func(List[ID]) bool) { yield(ids) }
	}
	return slices.Chunk(ids, maxIDs)
}

// AllCategories asks for a break-down by every possible seat category or
// contingent when it is the single value of that filter. An empty filter asks
// for one total.
const AllCategories ID = -1

// UpdatedAvailabilitiesRequest holds the parameters of getUpdatedAvailabilities.
type UpdatedAvailabilitiesRequest struct {
	PointOfSalesID ID       `json:"pointOfSalesId"`
	ProductIDs     List[ID] `json:"productIds"`
	// ReferenceDate: only changes after it are listed.
	ReferenceDate Instant `json:"referenceDate"`
}

// UpdatedAvailabilitiesResult is the answer of getUpdatedAvailabilities.
type UpdatedAvailabilitiesResult struct {
	Result
	AvailabilityUpdateData List[AvailabilityUpdate] `json:"availabilityUpdateData"`
}

// AvailabilityUpdate names a product whose availability changed.
type AvailabilityUpdate struct {
	ProductID  ID   `json:"productId"`
	LastUpdate Date `json:"lastUpdate,omitzero"`
}

// EventAvailabilityRequest holds the parameters of getEventAvailability.
// EventIDs are product ids of SINGLE_ENTRY products. PerformanceIDs is
// mandatory.
type EventAvailabilityRequest struct {
	RequestID         ID       `json:"requestId,omitzero"`
	PointOfSalesID    ID       `json:"pointOfSalesId"`
	EventIDs          List[ID] `json:"eventIds,omitzero"`
	PerformanceIDs    List[ID] `json:"performanceIds"`
	SeatCategoryIDs   List[ID] `json:"seatCategoryIds,omitzero"`
	ContingentIDs     List[ID] `json:"contingentIds,omitzero"`
	ComposedProductID ID       `json:"composedProductId,omitzero"`
	AdvantageID       ID       `json:"advantageId,omitzero"`
}

// EventAvailabilityResult is the answer of getEventAvailability.
type EventAvailabilityResult struct {
	Result
	EventAvailabilityData *EventAvailabilityData `json:"eventAvailabilityData,omitzero"`
}

// EventAvailabilityData holds availabilities by event. Its shape is proposed:
// the platform's own is not documented.
type EventAvailabilityData struct {
	EventAvailabilities List[EventAvailability] `json:"eventAvailabilities,omitzero"`
	Extra               Members                 `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (e *EventAvailabilityData) UnmarshalJSON(b []byte) error { return Decode(b, e) }

// MarshalJSON writes the object with its unknown members.
func (e EventAvailabilityData) MarshalJSON() ([]byte, error) {
	type plain EventAvailabilityData
	return withExtra(plain(e), e.Extra)
}

// EventAvailability is what is left of one event (proposed shape).
type EventAvailability struct {
	EventID  ID     `json:"eventId" alias:"productId"`
	Level    string `json:"level,omitzero" alias:"colour,color" soft:"1"`
	Quantity *Int   `json:"quantity,omitzero" alias:"available,availability,remaining,count" soft:"1"`

	PerformanceAvailabilities List[PerformanceAvailability] `json:"performanceAvailabilities,omitzero"`

	Extra Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (e *EventAvailability) UnmarshalJSON(b []byte) error { return Decode(b, e) }

// MarshalJSON writes the object with its unknown members.
func (e EventAvailability) MarshalJSON() ([]byte, error) {
	type plain EventAvailability
	return withExtra(plain(e), e.Extra)
}

// PerformanceAvailability is what is left of one performance (proposed shape).
// Level is free text; Quantity is nil when no count was given, which is not the
// same as none left.
type PerformanceAvailability struct {
	PerformanceID ID     `json:"performanceId"`
	Level         string `json:"level,omitzero" alias:"colour,color" soft:"1"`
	Quantity      *Int   `json:"quantity,omitzero" alias:"available,availability,remaining,count" soft:"1"`
	// Quota is the most that may be sold whatever the level.
	Quota *Int `json:"quota,omitzero" soft:"1"`

	SeatCategoryAvailabilities List[SeatCategoryAvailability] `json:"seatCategoryAvailabilities,omitzero"`
	ContingentAvailabilities   List[ContingentAvailability]   `json:"contingentAvailabilities,omitzero"`
	AreaBlockAvailabilities    List[AreaBlockAvailability]    `json:"areaBlockAvailabilities,omitzero"`

	Extra Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *PerformanceAvailability) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p PerformanceAvailability) MarshalJSON() ([]byte, error) {
	type plain PerformanceAvailability
	return withExtra(plain(p), p.Extra)
}

// SeatCategoryAvailability is what is left in one seat category (proposed
// shape).
type SeatCategoryAvailability struct {
	SeatCategoryID ID      `json:"seatCategoryId" alias:"seatCatId"`
	Level          string  `json:"level,omitzero" alias:"colour,color" soft:"1"`
	Quantity       *Int    `json:"quantity,omitzero" alias:"available,availability,remaining,count" soft:"1"`
	Extra          Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (s *SeatCategoryAvailability) UnmarshalJSON(b []byte) error { return Decode(b, s) }

// MarshalJSON writes the object with its unknown members.
func (s SeatCategoryAvailability) MarshalJSON() ([]byte, error) {
	type plain SeatCategoryAvailability
	return withExtra(plain(s), s.Extra)
}

// ContingentAvailability is what is left in one contingent (proposed shape).
type ContingentAvailability struct {
	ContingentID   ID      `json:"contingentId"`
	Contingent     string  `json:"contingent,omitzero" soft:"1"`
	SeatCategoryID ID      `json:"seatCategoryId,omitzero" alias:"seatCatId"`
	Level          string  `json:"level,omitzero" alias:"colour,color" soft:"1"`
	Quantity       *Int    `json:"quantity,omitzero" alias:"available,availability,remaining,count" soft:"1"`
	Extra          Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (c *ContingentAvailability) UnmarshalJSON(b []byte) error { return Decode(b, c) }

// MarshalJSON writes the object with its unknown members.
func (c ContingentAvailability) MarshalJSON() ([]byte, error) {
	type plain ContingentAvailability
	return withExtra(plain(c), c.Extra)
}

// AreaBlockAvailability is what is left in one block (proposed shape).
type AreaBlockAvailability struct {
	AreaID   ID      `json:"areaId,omitzero"`
	BlockID  ID      `json:"blockId,omitzero"`
	Level    string  `json:"level,omitzero" alias:"colour,color" soft:"1"`
	Quantity *Int    `json:"quantity,omitzero" alias:"available,availability,remaining,count" soft:"1"`
	Extra    Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (a *AreaBlockAvailability) UnmarshalJSON(b []byte) error { return Decode(b, a) }

// MarshalJSON writes the object with its unknown members.
func (a AreaBlockAvailability) MarshalJSON() ([]byte, error) {
	type plain AreaBlockAvailability
	return withExtra(plain(a), a.Extra)
}

// PerformanceAvailabilityRequest holds the parameters of
// getPerformanceAvailability (proposed, after getEventAvailability).
type PerformanceAvailabilityRequest struct {
	RequestID         ID       `json:"requestId,omitzero"`
	PointOfSalesID    ID       `json:"pointOfSalesId"`
	PerformanceIDs    List[ID] `json:"performanceIds"`
	SeatCategoryIDs   List[ID] `json:"seatCategoryIds,omitzero"`
	ContingentIDs     List[ID] `json:"contingentIds,omitzero"`
	ComposedProductID ID       `json:"composedProductId,omitzero"`
	AdvantageID       ID       `json:"advantageId,omitzero"`
}

// PerformanceAvailabilityResult is the answer of getPerformanceAvailability
// (proposed shape).
type PerformanceAvailabilityResult struct {
	Result
	PerformanceAvailabilityData List[PerformanceAvailability] `json:"performanceAvailabilityData,omitzero" alias:"performanceAvailabilities,performanceAvailabilityDatas"`
	Extra                       Members                       `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *PerformanceAvailabilityResult) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p PerformanceAvailabilityResult) MarshalJSON() ([]byte, error) {
	type plain PerformanceAvailabilityResult
	return withExtra(plain(p), p.Extra)
}

// ProductAvailabilityRequest holds the parameters of getProductAvailability
// (proposed).
type ProductAvailabilityRequest struct {
	RequestID      ID       `json:"requestId,omitzero"`
	PointOfSalesID ID       `json:"pointOfSalesId"`
	ProductIDs     List[ID] `json:"productIds"`
	ContingentIDs  List[ID] `json:"contingentIds,omitzero"`
}

// ProductAvailabilityResult is the answer of getProductAvailability (proposed
// shape).
type ProductAvailabilityResult struct {
	Result
	ProductAvailabilityData List[ProductAvailability] `json:"productAvailabilityData,omitzero" alias:"productAvailabilities,productAvailabilityDatas"`
	Extra                   Members                   `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *ProductAvailabilityResult) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p ProductAvailabilityResult) MarshalJSON() ([]byte, error) {
	type plain ProductAvailabilityResult
	return withExtra(plain(p), p.Extra)
}

// ProductAvailability is what is left of one pass, service, goods or season
// ticket product (proposed shape).
type ProductAvailability struct {
	ProductID ID     `json:"productId"`
	Level     string `json:"level,omitzero" alias:"colour,color" soft:"1"`
	Quantity  *Int   `json:"quantity,omitzero" alias:"available,availability,remaining,count" soft:"1"`

	ItemAvailabilities       List[ItemAvailability]       `json:"itemAvailabilities,omitzero"`
	ContingentAvailabilities List[ContingentAvailability] `json:"contingentAvailabilities,omitzero"`

	Extra Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *ProductAvailability) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p ProductAvailability) MarshalJSON() ([]byte, error) {
	type plain ProductAvailability
	return withExtra(plain(p), p.Extra)
}

// ItemAvailability is what is left of one item, by day and time slot where it
// has them (proposed shape).
type ItemAvailability struct {
	ItemID     ID     `json:"itemId"`
	TimeslotID ID     `json:"timeslotId,omitzero"`
	Date       Date   `json:"date,omitzero" soft:"1"`
	Level      string `json:"level,omitzero" alias:"colour,color" soft:"1"`
	Quantity   *Int   `json:"quantity,omitzero" alias:"available,availability,remaining,count" soft:"1"`

	ContingentAvailabilities List[ContingentAvailability] `json:"contingentAvailabilities,omitzero"`

	Extra Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (i *ItemAvailability) UnmarshalJSON(b []byte) error { return Decode(b, i) }

// MarshalJSON writes the object with its unknown members.
func (i ItemAvailability) MarshalJSON() ([]byte, error) {
	type plain ItemAvailability
	return withExtra(plain(i), i.Extra)
}
