package catalog

import (
	"context"
	"time"

	"guichet/domain"
)

// Platform is what the catalog asks of S-360. Implementations are safe for concurrent use; every failure is a
// *domain.Error (platform.unreachable, platform.limited, platform.answer, platform.auth …).
type Platform interface {
	// PointOfSales says who the institution is and what we sell through. S-360: CatalogService.getPOSConfig.
	PointOfSales(ctx context.Context, code domain.InstitutionCode) (domain.Institution, error)
	// LastSetupUpdate is an opaque stamp that changes when the catalog does. S-360: CatalogService.getLastSetupUpdate.
	LastSetupUpdate(ctx context.Context, code domain.InstitutionCode) (string, error)
	// Catalog loads everything; the answer has no Version, SetupStamp or LoadedAt yet. One that came whole and cannot be
	// read is a catalog.refused that says why. S-360: CatalogService.getCatalogDetailed.
	Catalog(ctx context.Context, inst domain.Institution) (*Snapshot, error)
	// UpdatedAvailabilities lists those of the products that moved since then. S-360: AvailabilityService.getUpdatedAvailabilities.
	UpdatedAvailabilities(ctx context.Context, inst domain.Institution, products []ProductID, since time.Time) ([]Moved, error)
	// Availability reads what is left of the products (all their performances or items that the snapshot knows and that
	// are not over). It may cost several calls. S-360: AvailabilityService.getEventAvailability, getProductAvailability.
	Availability(ctx context.Context, snap *Snapshot, products []ProductID) ([]Reading, error)
	// PerformanceAvailability reads what is left of the performances, those of one product next to each other in the answer's
	// calls: one call for each 200. S-360: AvailabilityService.getEventAvailability.
	PerformanceAvailability(ctx context.Context, snap *Snapshot, performances []PerformanceID) ([]Reading, error)
	// Seats reads the numbered places of a performance, in any order: one call. S-360: AvailabilityService.getSeatsAvailability.
	Seats(ctx context.Context, snap *Snapshot, id PerformanceID) ([]Seat, error)
}

// State is what we know about an institution's catalog and how fresh it is. The zero value has never been loaded.
type State struct {
	Institution    domain.InstitutionCode
	Version        int64     // of the snapshot that serves; 0 is none
	SetupStamp     string    // the platform's stamp at the last full load
	LoadedAt       time.Time // last full load
	CheckedAt      time.Time // last time the platform said nothing changed, or the last load
	AvailabilityAt time.Time // everything not reported as moved since is confirmed as of then
	// AvailabilityFrom is since when moves are known without a gap: a reading from before then is not confirmed. Zero is ever.
	AvailabilityFrom time.Time
	AvailabilitySeq  int64     // rises with every SaveAvailability, SavePoll and ReplaceCatalog: it orders all that moves
	RefusedAt        time.Time // last catalog that was refused; zero is never
	RefusedReason    string
	RefusedStamp     string    // the set-up stamp of the refused catalog: the same one is not loaded again for an hour
	FailedAt         time.Time // last refresh that failed for another reason; zero is never
	FailedReason     string
	// Summary says what the last full load changed; ChangesForgotten is the last sequence number whose changes are not kept
	// any more. Both are the store's own.
	Summary          string
	ChangesForgotten int64
}

// Store keeps snapshots and availability. Implementations are safe for concurrent use, also by several processes.
type Store interface {
	// CatalogState returns the zero State (with Institution set) for an institution never loaded.
	CatalogState(ctx context.Context, code domain.InstitutionCode) (State, error)
	// UpdateCatalogState changes the state through a pure closure, under the row's lock.
	UpdateCatalogState(ctx context.Context, code domain.InstitutionCode, change func(*State) error) (State, error)
	// ReplaceCatalog stores the snapshot under the state's next version and saves the state with it, in one transaction.
	// It keeps the last three versions and returns the new state (Version set). The delta's changes are kept as history
	// under the state's next sequence number, for 90 days and at most 100,000 lines; where the delta is not from the
	// version that is replaced, one line of sort ChangeMore is kept instead.
	ReplaceCatalog(ctx context.Context, snap *Snapshot, state State, d Delta) (State, error)
	// ChangesAfter lists what moved after a mark up to sequence number upTo, at most limit lines, by sequence number,
	// product and performance; each line is whole.
	ChangesAfter(ctx context.Context, code domain.InstitutionCode, after Mark, upTo int64, limit int) ([]Step, error)
	// ChangeHistory lists kept changes of catalogs before q.After, newest first.
	ChangeHistory(ctx context.Context, q ChangeQuery) ([]ChangeLine, error)
	// HintCatalog asks for a TaskHint at now, or a spacing after the last one asked for; none where one is still to come.
	HintCatalog(ctx context.Context, code domain.InstitutionCode, now time.Time, spacing time.Duration) error
	// Snapshot loads the version that serves, indexed; domain.NotFound (catalog.unknown) when there is none.
	Snapshot(ctx context.Context, code domain.InstitutionCode) (*Snapshot, error)
	// SaveAvailability upserts readings and sets the state's AvailabilityAt, one transaction; it returns the new state.
	// A reading older than the stored one is ignored; one that says the same keeps the sequence number it has.
	SaveAvailability(ctx context.Context, code domain.InstitutionCode, readings []Reading, at time.Time) (State, error)
	// SavePoll keeps what the platform reported as moved: it sets AvailabilityAt to the poll's time and, where the poll does
	// not reach back to the one before, AvailabilityFrom to its reference date. It returns the new state.
	SavePoll(ctx context.Context, code domain.InstitutionCode, p Poll) (State, error)
	// Availability lists the readings that were saved after sequence number seq (0: all), moved or not.
	Availability(ctx context.Context, code domain.InstitutionCode, seq int64) ([]Reading, error)
	// Moves lists the last reported move of each product, of those reported after sequence number seq (0: all).
	Moves(ctx context.Context, code domain.InstitutionCode, seq int64) ([]Moved, error)
}
