package catalog

import (
	"context"
	"math"
	"time"

	"guichet/domain"
)

// MaxChanges is how many changes of one refresh are kept line by line; more become one line of sort ChangeMore.
const MaxChanges = 5000

// Delta is what a new version of a catalog changed.
type Delta struct {
	From    int64 // the version it was compared with; 0 is none
	Changes []Change
}

// NewDelta compares a snapshot with the one that serves (nil: none does), keeping at most MaxChanges lines.
func NewDelta(old, now *Snapshot) Delta {
	if old == nil {
		return Delta{Changes: []Change{{Sort: ChangeMore, More: len(now.Products) + len(now.Performances)}}}
	}
	d := Delta{From: old.Version, Changes: Diff(old, now)}
	if over := len(d.Changes) - MaxChanges; over > 0 {
		d.Changes = append(d.Changes[:MaxChanges:MaxChanges], Change{Sort: ChangeMore, More: over})
	}
	return d
}

// Mark is how far a follower of an institution's changes has read: everything up to Seq where Whole is set, and
// otherwise of Seq what stands up to Product and Performance.
type Mark struct {
	Seq         int64
	Whole       bool
	Product     ProductID
	Performance PerformanceID
}

// Step is one line of the feed: that something of a product or performance moved. Product 0 is the whole catalog.
type Step struct {
	Seq         int64
	Product     ProductID
	Performance PerformanceID
	What        []ChangeSort // what the catalog says otherwise; empty for availability alone
	Available   bool         // the availability moved
	At          time.Time
}

// Mark is where a follower who has just read the whole catalog stands. It never asks the database.
func (s *Service) Mark(code domain.InstitutionCode) Mark {
	if seq := s.seqs[code]; seq != nil {
		return Mark{Seq: seq.Load(), Whole: true}
	}
	return Mark{Whole: true}
}

// Changes lists what moved after a position, as far as this process serves it already, at most limit lines (1 or more), and
// where to go on. The error is changes.expired where the position is older than what is kept.
func (s *Service) Changes(ctx context.Context, code domain.InstitutionCode, after Mark, limit int) ([]Step, Mark, error) {
	upTo := s.Mark(code)
	if after.Seq == upTo.Seq && after.Whole {
		return nil, after, nil
	}
	if after.Seq > upTo.Seq {
		state, err := s.Store.CatalogState(ctx, code)
		if err != nil {
			return nil, after, err
		}
		if after.Seq > state.AvailabilitySeq {
			return nil, after, errExpired(code) // of a database that was set back
		}
		return nil, after, nil // another replica is ahead of us
	}
	steps, err := s.Store.ChangesAfter(ctx, code, after, upTo.Seq, limit+1)
	if err != nil {
		return nil, after, err
	}
	state, err := s.Store.CatalogState(ctx, code) // after the lines: what is forgotten meanwhile shows
	if err != nil {
		return nil, after, err
	}
	if state.ChangesForgotten > after.Seq || (state.ChangesForgotten == after.Seq && !after.Whole) {
		return nil, after, errExpired(code)
	}
	if len(steps) <= limit {
		return steps, upTo, nil
	}
	steps = steps[:limit]
	last := steps[limit-1]
	return steps, Mark{Seq: last.Seq, Product: last.Product, Performance: last.Performance}, nil
}

func errExpired(code domain.InstitutionCode) error {
	return domain.Errorf(domain.Gone, CodeChangesExpired, "what moved since then at %s is not known any more", code)
}

// ChangeQuery selects lines of an institution's history. Empty members do not restrict.
type ChangeQuery struct {
	Institution domain.InstitutionCode
	Sorts       []ChangeSort
	Product     ProductID
	From, To    time.Time // at or after, before
	After       ChangeLine
	Limit       int
}

// ChangeLine is a change as it is kept. Seq and Line name it; of After in a query only they count, zero is the newest.
type ChangeLine struct {
	Change

	Seq, Line int64
	Version   int64 // of the catalog that brought it
	At        time.Time
}

// History lists kept changes, newest first, at most q.Limit.
func (s *Service) History(ctx context.Context, q ChangeQuery) ([]ChangeLine, error) {
	if _, ok := s.views[q.Institution]; !ok {
		return nil, domain.Errorf(domain.NotFound, CodeInstitutionUnknown, "no institution %q", q.Institution)
	}
	if q.After.Seq == 0 {
		q.After = ChangeLine{Seq: math.MaxInt64}
	}
	return s.Store.ChangeHistory(ctx, q)
}

// TaskHint asks for a look at an institution's set-up because the platform pushed that products changed.
const TaskHint domain.TaskKind = "catalog.hint"

// Hint notes that the platform says that products changed, and asks for a look at the set-up: at once, or where the last
// such look is less than ten minutes old, when it is. However many hints come, one look waits at a time.
func (s *Service) Hint(ctx context.Context, code domain.InstitutionCode) error {
	if _, ok := s.views[code]; !ok {
		return domain.Errorf(domain.NotFound, CodeInstitutionUnknown, "no institution %q", code)
	}
	return s.Store.HintCatalog(ctx, code, s.Clock(), hintSpacing)
}
