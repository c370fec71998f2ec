package catalog

import "guichet/domain"

// The platform's numbers, typed so that they cannot be mixed up. All are scoped by institution.
type (
	SeasonID       int64
	ProductID      int64
	PerformanceID  int64
	ItemID         int64
	TimeslotID     int64
	SeatCategoryID int64
	TariffID       int64
	AreaID         int64
)

// TaskAvailability asks for a refresh of an institution's availability because a sale was refused that our figures allowed.
const TaskAvailability domain.TaskKind = "availability.refresh"
