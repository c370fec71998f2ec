package catalog

import (
	"time"

	"guichet/domain"
)

// Level is how much is left, in the field's words; the platform's own is kept beside it.
type Level string

// The levels. An unknown one never stops a sale: the platform decides when the order is made.
const (
	LevelGood      Level = "good"
	LevelLimited   Level = "limited"
	LevelSoldOut   Level = "sold_out"
	LevelNotOnSale Level = "not_on_sale"
	LevelUnknown   Level = "unknown"
)

// Availability is what the platform said was left, and when it was true.
type Availability struct {
	Level         Level
	Count         int // places left; meaningful only where Counted
	Counted       bool
	PlatformLevel string // S-360's own word
	AsOf          time.Time
}

// Key names what an availability is of. A performance's total has only Performance set, one of its categories
// SeatCategory too, one of its contingents Contingent; an item's has Item, and for timed entry Timeslot and Day; an undated
// product's total only Product.
type Key struct {
	Product      ProductID
	Performance  PerformanceID
	SeatCategory SeatCategoryID
	Contingent   ContingentID
	Item         ItemID
	Timeslot     TimeslotID
	Day          domain.Day
}

// Reading is one availability as read from the platform.
type Reading struct {
	Key
	Availability
}

// Poll is one question which products moved, with its answer.
type Poll struct {
	At, Since time.Time // when it was asked, and its reference date
	Moved     []Moved
}

// Moved is a product of which the platform says that its availability has changed.
type Moved struct {
	Product ProductID
	At      time.Time
}
