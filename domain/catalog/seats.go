package catalog

import (
	"context"
	"slices"
	"sync"
	"time"

	"guichet/domain"
)

// The rules of reading seats, ours: the platform's own cost of the call is not known.
const (
	seatsFresh   = 30 * time.Second // read again after that
	seatsStale   = 10 * time.Minute // served, as of then, where the platform cannot be asked
	seatsTimeout = 20 * time.Second // a shared read goes on that long when the one who began it has left
	maxSeatMaps  = 64               // performances kept; a hall of 60,000 seats is about 6 MB
)

// Seat is one numbered place of a performance.
type Seat struct {
	ID           int64 // the platform's number of the seat, by which an order can choose it
	SeatCategory SeatCategoryID
	Contingent   ContingentID // 0 is not given
	Area         AreaID
	AreaName     string
	Block        int64
	BlockName    string
	Row, Number  string
	Free         bool // may be sold through our channel now, as far as the platform says
}

// SeatMap is every numbered place of a performance, by area, block, row and number, as of a moment. It is immutable.
type SeatMap struct {
	Performance PerformanceID
	Seats       []Seat
	AsOf        time.Time
}

// seatMaps keeps what was read last, and lets all who ask at once share one read. It is safe for concurrent use.
type seatMaps struct {
	mu   sync.Mutex
	kept map[seatKey]*seatRead
}

type seatKey struct {
	code domain.InstitutionCode
	id   PerformanceID
}

// seatRead is one read of the platform, under way until done is closed.
type seatRead struct {
	done  chan struct{}
	m     *SeatMap
	err   error
	began time.Time
	last  *SeatMap // what was known before
}

// Seats reads the seats of a performance: one call, kept for half a minute and shared by all who ask at once. Where the
// platform cannot be asked (quota.…, platform.…), what is known from the last ten minutes is given, as of then. Errors:
// institution.unknown, catalog.unknown, performance.unknown, and the platform's where nothing is known.
// S-360: AvailabilityService.getSeatsAvailability.
func (s *Service) Seats(ctx context.Context, code domain.InstitutionCode, id PerformanceID) (*SeatMap, error) {
	v, err := s.View(code)
	if err != nil {
		return nil, err
	}
	p := v.Performance(id)
	if p == nil {
		return nil, domain.Errorf(domain.NotFound, CodePerformanceUnknown, "no performance %d at %s", id, code)
	}
	if !p.Numbered {
		return &SeatMap{Performance: id, AsOf: v.PerformanceAvailability(p).AsOf}, nil
	}
	r, mine := s.seats.enter(seatKey{code, id}, s.Clock())
	if mine {
		s.readSeats(ctx, v.Snapshot, p, r)
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		return nil, domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "the seats were not read in time").Because(ctx.Err())
	}
	if r.err == nil {
		return r.m, nil
	}
	if r.last != nil && s.Clock().Sub(r.last.AsOf) <= seatsStale {
		return r.last, nil
	}
	return nil, r.err
}

// enter finds a read that is fresh or under way; mine says that there is none and the caller has to read.
func (c *seatMaps) enter(k seatKey, now time.Time) (r *seatRead, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.kept[k]
	if old != nil {
		select {
		case <-old.done:
			if old.err == nil && now.Sub(old.m.AsOf) < seatsFresh {
				return old, false
			}
		default:
			return old, false
		}
	}
	r = &seatRead{done: make(chan struct{}), began: now}
	if old != nil {
		if r.last = old.m; r.last == nil {
			r.last = old.last
		}
	}
	if c.kept == nil {
		c.kept = map[seatKey]*seatRead{}
	}
	c.drop(k)
	c.kept[k] = r
	return r, true
}

// drop makes room: the read that began longest ago goes. The caller holds the lock.
func (c *seatMaps) drop(but seatKey) {
	if c.kept[but] != nil || len(c.kept) < maxSeatMaps {
		return
	}
	var oldest seatKey
	var at time.Time
	for k, r := range c.kept {
		if at.IsZero() || r.began.Before(at) {
			oldest, at = k, r.began
		}
	}
	delete(c.kept, oldest)
}

// readSeats asks the platform and tells all who wait. It goes on when the one who began it has left.
func (s *Service) readSeats(ctx context.Context, snap *Snapshot, p *Performance, r *seatRead) {
	defer close(r.done)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), seatsTimeout)
	defer cancel()
	r.err = domain.Errorf(domain.Internal, domain.CodeInternal, "the seats were not read") // where the platform's adapter panics
	at := s.Clock()
	seats, err := s.Platform.Seats(ctx, snap, p.ID)
	if err != nil {
		r.err = err
		return
	}
	slices.SortStableFunc(seats, Seat.compare)
	r.m, r.err = &SeatMap{Performance: p.ID, Seats: seats, AsOf: at}, nil
}
