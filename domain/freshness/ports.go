package freshness

import (
	"context"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// Catalog is what the Service reads and refreshes; *catalog.Service is one.
type Catalog interface {
	View(code domain.InstitutionCode) (*catalog.View, error)
	// RefreshAvailability reads everything where nothing was ever read.
	RefreshAvailability(ctx context.Context, code domain.InstitutionCode) (domain.Outcome, error)
	// Poll asks which products moved since. S-360: AvailabilityService.getUpdatedAvailabilities.
	Poll(ctx context.Context, code domain.InstitutionCode, since time.Time) (catalog.Poll, error)
	// Read reads performances and undated products. S-360: AvailabilityService.getEventAvailability, getProductAvailability.
	Read(ctx context.Context, code domain.InstitutionCode, performances []catalog.PerformanceID, undated []catalog.ProductID) ([]catalog.Reading, error)
}

// State is what is kept of an institution's planner. Version 0 is nothing yet.
type State struct {
	Version int64
	SavedAt time.Time
	Content []byte // the planner's memory
	Shown   []byte // the Table in force
}

// Event is one replica's Happened, as it is kept until the planner has taken it.
type Event struct {
	ID      string
	Content []byte
}

// Store keeps what the planner knows and what it has not taken yet. Implementations are safe for concurrent use, also by
// several processes.
type Store interface {
	// Freshness reads an institution's state. Where its version is the one known, it is returned without its content.
	Freshness(ctx context.Context, code domain.InstitutionCode, known int64) (State, error)
	// Shown reads the table in force; nil is none yet.
	Shown(ctx context.Context, code domain.InstitutionCode) ([]byte, error)
	// SaveFreshness replaces the state if its version is still the one before s.Version, deletes the events taken, and keeps
	// the part, where it has events, in one transaction. Errors: a domain.Conflict (freshness.stale) where another process was faster; nothing is changed then.
	SaveFreshness(ctx context.Context, code domain.InstitutionCode, s State, taken []string, part Part) error
	// AddEvent keeps what a replica saw happen.
	AddEvent(ctx context.Context, code domain.InstitutionCode, at time.Time, e Event) error
	// Events lists what is kept, oldest first, at most limit.
	Events(ctx context.Context, code domain.InstitutionCode, limit int) ([]Event, error)
	// Parts tells in order of time the parts kept in [from, to), and before them those since the last whole one at or before
	// from. An error of each ends it and is returned.
	Parts(ctx context.Context, code domain.InstitutionCode, from, to time.Time, each func(Part) error) error
	// PruneParts deletes the parts from before a time, and the oldest beyond a number of events. It returns how many.
	PruneParts(ctx context.Context, code domain.InstitutionCode, before time.Time, most int64) (int64, error)
}

// CodeStale is the error of a state that another process has replaced meanwhile.
const CodeStale = "freshness.stale"
