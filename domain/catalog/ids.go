package catalog

import "guichet/domain"

// The platform's numbers are typed so that they cannot be mixed up; all are scoped by institution.
type (
	// SeasonID is a season's number.
	SeasonID int64
	// ProductID is a product's number.
	ProductID int64
	// PerformanceID is a performance's number.
	PerformanceID int64
	// ItemID is the number of what an undated product sells.
	ItemID int64
	// TimeslotID is a timeslot's number.
	TimeslotID int64
	// SeatCategoryID is a seat category's number.
	SeatCategoryID int64
	// TariffID is a tariff's number.
	TariffID int64
	// AreaID is an area's number.
	AreaID int64
	// PriceLevelID is a price level's number.
	PriceLevelID int64
	// VATID is the number of a rate of value added tax.
	VATID int64
	// AdvantageID is the number of a price reduction or promotion.
	AdvantageID int64
	// ChargeID is a fee's number.
	ChargeID int64
	// ContingentID is the number of a share of the places.
	ContingentID int64
)

// TaskAvailability asks for a refresh of an institution's availability because a sale was refused that our figures allowed.
const TaskAvailability domain.TaskKind = "availability.refresh"
