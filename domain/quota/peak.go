package quota

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"guichet/domain"
)

// Peak is a time with a raised rate, agreed with the platform beforehand.
type Peak struct {
	ID        string    `json:"id,omitempty"` // empty: from the configuration
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	PerMinute int       `json:"per_minute"`
	Note      string    `json:"note,omitempty"`

	By        string    `json:"by,omitempty"` // who set it
	MadeAt    time.Time `json:"made_at,omitzero"`
	RemovedBy string    `json:"removed_by,omitempty"`
	RemovedAt time.Time `json:"removed_at,omitzero"` // zero: it stands
}

// Codes of windows that cannot be set. CodePeak is the request's, the others name what is wrong with a member.
const (
	CodePeak        = "quota.peak"
	CodePeakEmpty   = "quota.peak_empty"   // it ends before it begins, or as it begins
	CodePeakPast    = "quota.peak_past"    // it is over
	CodePeakRate    = "quota.peak_rate"    // above the agreed rate, or not above the usual one
	CodePeakOverlap = "quota.peak_overlap" // another one stands at the same time
	CodePeakCount   = "quota.peak_count"   // too many are still to come
	CodePeakUnknown = "quota.peak_unknown" // no window has this id
)

const (
	// keepPeaks is how long a window that is over, or was removed, is still shown.
	keepPeaks = 31 * 24 * time.Hour
	// mostPeaks bounds the windows of an institution that are still to come.
	mostPeaks = 20
	// mostGone bounds those that are over or removed: beyond it the first to end are forgotten.
	mostGone = 20
)

// end is when a window counts no more.
func (p Peak) end() time.Time {
	if !p.RemovedAt.IsZero() && p.RemovedAt.Before(p.To) {
		return p.RemovedAt
	}
	return p.To
}

// State says what a window is at a moment: planned, running, over or removed.
func (p Peak) State(at time.Time) string {
	switch {
	case !p.RemovedAt.IsZero():
		return "removed"
	case at.Before(p.From):
		return "planned"
	case at.Before(p.To):
		return "running"
	}
	return "over"
}

// CheckPeaks refuses configured windows that end before they begin, are above the agreed rate or not above the usual one, or
// overlap. Windows that are over are allowed: a configuration outlives them, and must not stop a restart.
func (l Limits) CheckPeaks() error {
	l = l.withDefaults()
	for i, p := range l.Peaks {
		if err := l.checkPeak(p, l.Peaks[:i]); len(err.Fields) > 0 {
			return err
		}
	}
	return nil
}

// PastPeaks are the configured windows that are over.
func (l Limits) PastPeaks(now time.Time) []Peak {
	var past []Peak
	for _, p := range l.Peaks {
		if !p.To.After(now) {
			past = append(past, p)
		}
	}
	return past
}

// checkPeak lists what is wrong with a window, apart from its place in time.
func (l Limits) checkPeak(p Peak, others []Peak) *domain.Error {
	bad := domain.Errorf(domain.Invalid, CodePeak, "the peak window cannot be set")
	if !p.To.After(p.From) {
		bad.WithField("/to", CodePeakEmpty, "it does not lie after from: the window has no length")
	}
	switch {
	case p.PerMinute > l.Agreed:
		bad.WithField("/per_minute", CodePeakRate, fmt.Sprintf("%d is above the agreed rate of %d calls a minute", p.PerMinute, l.Agreed))
	case p.PerMinute <= l.PerMinute:
		bad.WithField("/per_minute", CodePeakRate, fmt.Sprintf("%d is not above the usual rate of %d calls a minute", p.PerMinute, l.PerMinute))
	}
	for _, o := range others {
		if p.From.Before(o.end()) && o.From.Before(p.To) && o.From.Before(o.end()) {
			bad.WithField("/from", CodePeakOverlap, fmt.Sprintf("it overlaps the window from %s to %s with %d calls a minute",
				o.From.UTC().Format(time.RFC3339), o.end().UTC().Format(time.RFC3339), o.PerMinute))
		}
	}
	return bad
}

// peak is the window that raises the rate now; nil is none.
func (s *shared) peak(l Limits, now time.Time) *Peak {
	for _, list := range [][]Peak{l.Peaks, s.Peaks} {
		for i := range list {
			if p := &list[i]; !now.Before(p.From) && now.Before(p.end()) && p.PerMinute > l.PerMinute && p.PerMinute <= l.Agreed {
				return p
			}
		}
	}
	return nil
}

// addPeak takes a window over, or says why not.
func (s *shared) addPeak(l Limits, p Peak, now time.Time) error {
	bad := l.checkPeak(p, slices.Concat(l.Peaks, s.Peaks))
	if p.To.After(p.From) && !p.To.After(now) {
		bad.WithField("/to", CodePeakPast, fmt.Sprintf("%s is over: it is %s", p.To.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)))
	}
	coming := 0
	for _, o := range s.Peaks {
		if o.end().After(now) {
			coming++
		}
	}
	if coming >= mostPeaks {
		bad.WithField("/from", CodePeakCount, fmt.Sprintf("%d windows are still to come, which is the most", coming))
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	s.Peaks = append(s.Peaks, p)
	slices.SortStableFunc(s.Peaks, func(a, b Peak) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.ID, b.ID)) })
	for gone := len(s.Peaks) - coming - 1; gone > mostGone; gone-- {
		s.Peaks = slices.Delete(s.Peaks, s.firstGone(now), s.firstGone(now)+1)
	}
	return nil
}

// firstGone is the window that ended first.
func (s *shared) firstGone(now time.Time) int {
	first := -1
	for i, p := range s.Peaks {
		if !p.end().After(now) && (first < 0 || p.end().Before(s.Peaks[first].end())) {
			first = i
		}
	}
	return first
}

// AddPeak raises the rate between two instants, in all replicas: at once in this one, in the others with their next lease.
// CodePeak refuses, with the numbers, a window that is over, has no length, overlaps another or is above the agreed rate.
// The id is the caller's; by is who sets it.
func (m *Meter) AddPeak(ctx context.Context, code domain.InstitutionCode, p Peak) (Peak, error) {
	g, ok := m.gates[code]
	if !ok {
		return Peak{}, unknown(code)
	}
	p.From, p.To, p.MadeAt = p.From.UTC(), p.To.UTC(), m.d.Clock().UTC()
	p.RemovedBy, p.RemovedAt = "", time.Time{}
	_, err := m.exchange(ctx, g, trade{}, func(s *shared) error { return s.addPeak(g.l, p, g.now()) })
	if err != nil {
		return Peak{}, err
	}
	return p, nil
}

// RemovePeak ends a window, or keeps one that is planned from beginning. CodePeakUnknown: none of the institution's has the
// id; those of the configuration have none. Removing again, or what is over, changes nothing.
func (m *Meter) RemovePeak(ctx context.Context, code domain.InstitutionCode, id, by string) (Peak, error) {
	g, ok := m.gates[code]
	if !ok {
		return Peak{}, unknown(code)
	}
	var gone Peak
	_, err := m.exchange(ctx, g, trade{}, func(s *shared) error {
		i := slices.IndexFunc(s.Peaks, func(p Peak) bool { return id != "" && p.ID == id })
		if i < 0 {
			return domain.Errorf(domain.NotFound, CodePeakUnknown, "no peak window %q", id)
		}
		if now := g.now(); s.Peaks[i].RemovedAt.IsZero() && s.Peaks[i].To.After(now) {
			s.Peaks[i].RemovedAt, s.Peaks[i].RemovedBy = now.UTC(), by
		}
		gone = s.Peaks[i]
		return nil
	})
	return gone, err
}

// Peaks lists the configured windows and those that operators set, by their beginning, with what is over or removed for 31 days.
func (m *Meter) Peaks(ctx context.Context, code domain.InstitutionCode) ([]Peak, error) {
	g, ok := m.gates[code]
	if !ok {
		return nil, unknown(code)
	}
	s, _, err := m.read(ctx, code)
	if err != nil {
		return nil, fmt.Errorf("list peak windows: %w", err)
	}
	all := slices.Concat(g.l.Peaks, s.Peaks)
	slices.SortStableFunc(all, func(a, b Peak) int { return a.From.Compare(b.From) })
	return all, nil
}

func (g *gate) now() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.time.now()
}
