package catalog_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
)

// seatService has the sample catalog, a clock that the test's bubble moves, and seats read by the function given.
func seatService(t *testing.T, read func(context.Context) ([]catalog.Seat, error)) *catalog.Service {
	t.Helper()
	p := &platform{stamp: "1", snap: sample.Snapshot, level: catalog.LevelGood, seats: read}
	s := catalog.New(catalog.Deps{Store: newStore(), Platform: p, Clock: time.Now, Institutions: []domain.InstitutionCode{sample.Code}})
	if _, err := s.RefreshCatalog(t.Context(), sample.Code, true); err != nil {
		t.Fatal(err)
	}
	return s
}

func oneSeat() []catalog.Seat { return []catalog.Seat{{ID: 1, Row: "A", Number: "1", Free: true}} }

func TestSeats_AskedAtOnce_AreReadOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		s := seatService(t, func(context.Context) ([]catalog.Seat, error) {
			calls.Add(1)
			time.Sleep(3 * time.Second)
			return oneSeat(), nil
		})
		got := make(chan *catalog.SeatMap)
		for range 20 {
			go func() {
				m, err := s.Seats(t.Context(), sample.Code, sample.Tonight)
				if err != nil {
					t.Error(err)
				}
				got <- m
			}()
		}
		first := <-got
		for range 19 {
			if m := <-got; m != first {
				t.Error("two who asked at once got two reads")
			}
		}
		if _, err := s.Seats(t.Context(), sample.Code, sample.Tomorrow); err != nil || calls.Load() != 2 {
			t.Errorf("another performance: %v, %d calls", err, calls.Load())
		}
		if _, err := s.Seats(t.Context(), sample.Code, sample.Tonight); err != nil || calls.Load() != 2 {
			t.Errorf("within half a minute: %v, %d calls", err, calls.Load())
		}
		time.Sleep(time.Minute)
		if m, err := s.Seats(t.Context(), sample.Code, sample.Tonight); err != nil || calls.Load() != 3 || !m.AsOf.After(first.AsOf) {
			t.Errorf("a minute later: %v, %d calls", err, calls.Load())
		}
	})
}

func TestSeats_WhoBeganTheReadLeaves_TheOthersGetIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := seatService(t, func(ctx context.Context) ([]catalog.Seat, error) {
			select {
			case <-time.After(3 * time.Second):
				return oneSeat(), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
		ctx, leave := context.WithCancel(t.Context())
		go func() { _, _ = s.Seats(ctx, sample.Code, sample.Tonight) }()
		synctest.Wait()
		leave()
		if m, err := s.Seats(t.Context(), sample.Code, sample.Tonight); err != nil || len(m.Seats) != 1 {
			t.Errorf("%v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		time.Sleep(time.Minute)
		go func() { _, _ = s.Seats(t.Context(), sample.Code, sample.Tonight) }()
		synctest.Wait()
		if _, err := s.Seats(gone, sample.Code, sample.Tonight); !domain.HasCode(err, domain.CodePlatformUnreachable) {
			t.Errorf("who has left waits no longer: %v", err)
		}
		time.Sleep(time.Minute) // the read under way ends
	})
}

func TestSeats_PlatformCannotBeAsked_GivesWhatIsKnownForTenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fail error
		s := seatService(t, func(context.Context) ([]catalog.Seat, error) { return oneSeat(), fail })
		first, err := s.Seats(t.Context(), sample.Code, sample.Tonight)
		if err != nil {
			t.Fatal(err)
		}
		fail = domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "no answer")
		for range 9 {
			time.Sleep(time.Minute)
			if m, err := s.Seats(t.Context(), sample.Code, sample.Tonight); err != nil || m != first {
				t.Fatalf("%v %v", m, err)
			}
		}
		time.Sleep(2 * time.Minute)
		if _, err := s.Seats(t.Context(), sample.Code, sample.Tonight); !errors.Is(err, fail) {
			t.Errorf("after eleven minutes: %v", err)
		}
		fail = nil
		if m, err := s.Seats(t.Context(), sample.Code, sample.Tonight); err != nil || m == first {
			t.Errorf("when it answers again: %v", err)
		}
	})
}

func TestSeats_RefusesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	calls := 0
	s := seatService(t, func(context.Context) ([]catalog.Seat, error) { calls++; return oneSeat(), nil })
	if _, err := s.Seats(t.Context(), sample.Code, 999); !domain.HasCode(err, catalog.CodePerformanceUnknown) {
		t.Errorf("an unknown performance: %v", err)
	}
	if _, err := s.Seats(t.Context(), "nowhere", sample.Tonight); !domain.HasCode(err, catalog.CodeInstitutionUnknown) {
		t.Errorf("an unknown institution: %v", err)
	}
	if calls != 0 {
		t.Errorf("%d calls", calls)
	}
}

func TestSeats_StandInTheOrderPeopleCount(t *testing.T) {
	t.Parallel()
	rows := []string{"1", "2", "10", "A", "B", "Z", "AA", "AB", "A1", "A2", "A10", "B1"}
	want := []string{"1", "2", "10", "A", "A1", "A2", "A10", "B", "B1", "Z", "AA", "AB"}
	rapid.Check(t, func(rt *rapid.T) {
		var seats []catalog.Seat
		for i, r := range rapid.Permutation(rows).Draw(rt, "rows") {
			seats = append(seats, catalog.Seat{ID: int64(i + 1), Row: r, Number: "1"})
		}
		s := seatService(t, func(context.Context) ([]catalog.Seat, error) { return seats, nil })
		m, err := s.Seats(t.Context(), sample.Code, sample.Tonight)
		if err != nil {
			rt.Fatal(err)
		}
		var got []string
		for _, s := range m.Seats {
			got = append(got, s.Row)
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("got %q", got)
		}
	})
}
