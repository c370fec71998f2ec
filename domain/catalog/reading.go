package catalog

import (
	"context"
	"fmt"
	"slices"
	"time"

	"guichet/domain"
)

// Poll asks which of the products that have something left to sell moved since then, one call for each 200, keeps the answer
// and returns it: what did not move is confirmed as of the moment of asking. A move counts until a minute after the
// platform's own time for it, against clocks that differ. It is for who reads what moved himself (Read). Errors: those of
// View and of the platform; a failed poll changes nothing. S-360: AvailabilityService.getUpdatedAvailabilities.
func (s *Service) Poll(ctx context.Context, code domain.InstitutionCode, since time.Time) (Poll, error) {
	v, err := s.View(code)
	if err != nil {
		return Poll{}, err
	}
	now := s.Clock()
	p := Poll{At: now, Since: since}
	if p.Moved, err = s.Platform.UpdatedAvailabilities(ctx, v.Institution, v.stillToCome(now), since); err != nil {
		s.noteFailure(ctx, code, err)
		return Poll{}, err
	}
	for i := range p.Moved {
		m := &p.Moved[i]
		if at := m.At.Add(overlap); !m.At.IsZero() && at.Before(now) {
			m.At = at
		} else {
			m.At = now
		}
	}
	if _, err := s.Store.SavePoll(ctx, code, p); err != nil {
		return Poll{}, err
	}
	return p, s.follow(ctx, code)
}

// Read reads what is left of performances and of undated products, one call for each 200 of either, keeps and returns it.
// What the catalog does not have (any more) is left out. Errors: those of View and of the platform; a failed read changes
// nothing. S-360: AvailabilityService.getEventAvailability, getProductAvailability.
func (s *Service) Read(ctx context.Context, code domain.InstitutionCode, performances []PerformanceID, undated []ProductID) ([]Reading, error) {
	v, err := s.View(code)
	if err != nil {
		return nil, err
	}
	performances = slices.DeleteFunc(slices.Clone(performances), func(id PerformanceID) bool { return v.Performance(id) == nil })
	var readings []Reading
	s.Progress(code, fmt.Sprintf("reading the availability of %d performances and %d other products", len(performances), len(undated)))
	if len(performances) > 0 {
		if readings, err = s.Platform.PerformanceAvailability(ctx, v.Snapshot, performances); err != nil {
			s.noteFailure(ctx, code, err)
			return nil, err
		}
	}
	if len(undated) > 0 {
		more, err := s.Platform.Availability(ctx, v.Snapshot, undated)
		if err != nil {
			s.noteFailure(ctx, code, err)
			return nil, err
		}
		readings = append(readings, more...)
	}
	if _, err := s.Store.SaveAvailability(ctx, code, readings, time.Time{}); err != nil {
		return nil, err
	}
	return readings, s.follow(ctx, code)
}
