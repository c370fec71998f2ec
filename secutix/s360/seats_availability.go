package s360

import "context"

// GetSeatsAvailability returns the seats of one performance one by one. Its
// parameters and its answer are proposed.
//
// S-360: AvailabilityService.getSeatsAvailability (1.33)
func (s AvailabilityService) GetSeatsAvailability(ctx context.Context, r SeatsAvailabilityRequest) (SeatsAvailabilityResult, error) {
	return invoke[SeatsAvailabilityResult](ctx, s.client, method{service: serviceAvailability, name: "getSeatsAvailability"}, r)
}

// GetAvailableThemeAndLanguage returns in which languages and on which themes a
// guided visit can be had at time slots. The method takes no requestId.
//
// S-360: AvailabilityService.getAvailableThemeAndLanguage (1.33)
func (s AvailabilityService) GetAvailableThemeAndLanguage(ctx context.Context, r ThemeAndLanguageRequest) (ThemeAndLanguageResult, error) {
	return invoke[ThemeAndLanguageResult](ctx, s.client, method{service: serviceAvailability, name: "getAvailableThemeAndLanguage"}, r)
}

// SeatsAvailabilityRequest holds the parameters of getSeatsAvailability
// (proposed). Empty lists are no restriction.
type SeatsAvailabilityRequest struct {
	RequestID         ID       `json:"requestId,omitzero"`
	PointOfSalesID    ID       `json:"pointOfSalesId"`
	PerformanceID     ID       `json:"performanceId"`
	SeatCategoryIDs   List[ID] `json:"seatCategoryIds,omitzero"`
	ContingentIDs     List[ID] `json:"contingentIds,omitzero"`
	AreaIDs           List[ID] `json:"areaIds,omitzero"`
	ComposedProductID ID       `json:"composedProductId,omitzero"`
	AdvantageID       ID       `json:"advantageId,omitzero"`
}

// SeatsAvailabilityResult is the answer of getSeatsAvailability (proposed).
type SeatsAvailabilityResult struct {
	Result
	SeatAvailabilityData List[SeatAvailability] `json:"seatAvailabilityData"`
}

// SeatAvailability is one seat (proposed).
type SeatAvailability struct {
	SeatID         ID     `json:"seatId"`
	PhysicalSeatID ID     `json:"physicalSeatId,omitzero"`
	PerformanceID  ID     `json:"performanceId,omitzero"`
	SeatCategoryID ID     `json:"seatCategoryId,omitzero"`
	ContingentID   ID     `json:"contingentId,omitzero"`
	Contingent     string `json:"contingent,omitzero"`
	AreaID         ID     `json:"areaId,omitzero"`
	Area           string `json:"area,omitzero"`
	BlockID        ID     `json:"blockId,omitzero"`
	Block          string `json:"block,omitzero"`
	Row            string `json:"row,omitzero"`
	Number         string `json:"number,omitzero"`
	Available      Bool   `json:"available"`
}

// ThemeAndLanguageRequest holds the parameters of getAvailableThemeAndLanguage.
type ThemeAndLanguageRequest struct {
	PassID      ID       `json:"passId"`
	TimeslotIDs List[ID] `json:"timeslotIds,omitzero"`
}

// ThemeAndLanguageResult is the answer of getAvailableThemeAndLanguage.
type ThemeAndLanguageResult struct {
	Result
	List List[ThemeAndLanguage] `json:"listThemeAndLanguage"`
}

// ThemeAndLanguage is one theme in one language at one time slot.
type ThemeAndLanguage struct {
	LanguageCode string `json:"languageCode"`
	ThemeID      ID     `json:"themeId"`
	TimeslotID   ID     `json:"timeslotId"`
}
