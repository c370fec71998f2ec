package sim

import (
	"errors"
	"fmt"
	"net/http"
	"os"
)

// Restart stops the platform and starts it again. Calls that arrive meanwhile are answered with 503, calls that wait for a delay
// are cut. With memory the journal is replayed; a platform without a journal file keeps its world. Without memory the world
// begins anew on the clock's day, with the same seed, and the journal file with it. What no journal remembers is forgotten either
// way: answers that wait to be fetched and the counts per minute and method. Faults, latency, limits, the clock and what is used of
// the month stay.
func (p *Platform) Restart(memory bool) error {
	return p.again(memory, func() {})
}

// Reset makes the platform as it was when it was made, with another seed unless seed is 0: a fresh world, nothing armed, no calls,
// the limits and the skew of the options, the clock unmoved. The journal file begins anew.
func (p *Platform) Reset(seed uint64) error {
	return p.again(false, func() {
		if seed != 0 {
			p.Seed = seed
		}
		p.clock.shift(0)
		options := p.optionLimits()
		p.inForce.Store(&options)
		p.skew.Store(int64(p.Skew))
		p.faults, p.slow, p.calls = faultList{}, nil, callLog{}
		for _, l := range p.limits {
			*l = limits{}
		}
	})
}

// again runs change between the end of the old platform and the beginning of the new one.
func (p *Platform) again(memory bool, change func()) error {
	if err := p.Start(); err != nil {
		return err
	}
	p.down.Store(true)
	defer p.down.Store(false)
	p.cutWaiting()
	p.delivering.Lock()
	defer p.delivering.Unlock()
	p.world.Lock()
	defer p.world.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	months := map[string]monthWindow{}
	for code, l := range p.limits {
		months[code] = l.month
		*l = limits{month: l.month, noted: l.noted}
	}
	p.pending = map[int64]*parked{}
	if memory && p.Journal == "" {
		return nil
	}
	if err := errors.Join(p.noteMonths(), p.journal.close()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if !memory && p.Journal != "" {
		if err := os.Truncate(p.Journal, 0); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("journal: %w", err)
		}
	}
	p.institutions, p.limits, p.pictures = nil, map[string]*limits{}, map[string][]byte{}
	if err := p.load(); err != nil {
		return err
	}
	for code, month := range months {
		if l := p.limits[code]; l != nil {
			l.month = month
		}
	}
	p.log().Info("platform restarted", "memory", memory, "seed", p.Seed)
	return nil
}

// cutWaiting ends the delays of the calls under way.
func (p *Platform) cutWaiting() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.halt)
	p.halt = make(chan struct{})
}

func (p *Platform) postRestart(r *http.Request) (any, error) {
	var q struct {
		Memory *bool `json:"memory"`
	}
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	if q.Memory == nil {
		return nil, wrong(http.StatusBadRequest, "memory: true or false is needed")
	}
	if err := p.Restart(*q.Memory); err != nil {
		return nil, err
	}
	return p.showState(r)
}

func (p *Platform) postReset(r *http.Request) (any, error) {
	if err := p.Reset(0); err != nil {
		return nil, err
	}
	return p.showState(r)
}

func (p *Platform) postSeed(r *http.Request) (any, error) {
	var q struct {
		Seed uint64 `json:"seed"`
	}
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	if q.Seed == 0 {
		return nil, wrong(http.StatusBadRequest, "seed: a number above 0 is needed")
	}
	if err := p.Reset(q.Seed); err != nil {
		return nil, err
	}
	return p.showState(r)
}
