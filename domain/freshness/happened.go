package freshness

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// Happened is what one replica saw happen at an institution in a while.
type Happened struct {
	At      time.Time                     `json:"at"` // when the while ended
	Looks   map[catalog.PerformanceID]int `json:"looks,omitempty"`
	Sold    []Places                      `json:"sold,omitempty"`    // held or given back
	Refused []catalog.PerformanceID       `json:"refused,omitempty"` // by the platform, for want of places
	Stale   []Places                      `json:"stale,omitempty"`   // of those, what our answers had allowed and it is known that just this was wanting
	Holds   []Ended                       `json:"holds,omitempty"`
}

// Places are places of a performance (or, by Undated, a product) that we have taken; a negative N gives them back.
type Places struct {
	Performance catalog.PerformanceID  `json:"performance"`
	Category    catalog.SeatCategoryID `json:"category,omitempty"`
	N           int                    `json:"n"`
}

// Ended is how a hold ended for a buyer who was told an answer.
type Ended struct {
	Answer Answer `json:"answer"`
	Sold   bool   `json:"sold"`
}

// maxHappened bounds each list that waits to be written: a database that is away for long loses what came first.
const maxHappened = 20_000

func (h *Happened) empty() bool {
	return len(h.Looks)+len(h.Sold)+len(h.Refused)+len(h.Holds)+len(h.Stale) == 0
}

// add appends another while's happenings.
func (h *Happened) add(o Happened) {
	if h.Looks == nil {
		h.Looks = o.Looks
	} else {
		for id, n := range o.Looks {
			h.Looks[id] += n
		}
	}
	h.Sold, h.Refused, h.Holds = most(append(h.Sold, o.Sold...)), most(append(h.Refused, o.Refused...)), most(append(h.Holds, o.Holds...))
	h.Stale = most(append(h.Stale, o.Stale...))
}

func most[T any](list []T) []T { return list[max(0, len(list)-maxHappened):] }

func (h *Happened) encode() ([]byte, error) { return json.Marshal(h) }

func decodeHappened(raw []byte) (Happened, error) {
	var h Happened
	if err := json.Unmarshal(raw, &h); err != nil {
		return h, fmt.Errorf("read what happened: %w", err)
	}
	return h, nil
}

// recorder gathers what happens in this process until it is written. It is safe for concurrent use.
type recorder struct {
	mu sync.Mutex
	by map[domain.InstitutionCode]*Happened
}

func (r *recorder) add(code domain.InstitutionCode, h Happened) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by = map[domain.InstitutionCode]*Happened{}
	}
	if r.by[code] == nil {
		r.by[code] = &Happened{}
	}
	r.by[code].add(h)
}

// take hands over what was gathered.
func (r *recorder) take(code domain.InstitutionCode) Happened {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.by[code]
	delete(r.by, code)
	if h == nil {
		return Happened{}
	}
	return *h
}
