package sim

import (
	"errors"
	"fmt"
	"time"
)

// Latency is how long answers take, drawn per call by seed. The whole wait comes before the work.
type Latency struct {
	// Distribution is "fixed" (Min), "uniform" (Min to Max), "normal" (around the middle of Min and Max, hardly ever outside) or
	// "tail" (half of the calls by P50, nine of ten by P90, 99 of 100 by P99, all by Max).
	Distribution string
	Institution  string // "" is all of them
	Min, Max     time.Duration
	P50, P90     time.Duration
	P99          time.Duration
}

func (l Latency) check() error {
	for name, d := range map[string]time.Duration{"min": l.Min, "max": l.Max, "p50": l.P50, "p90": l.P90, "p99": l.P99} {
		if d < 0 || d > time.Hour {
			return fmt.Errorf("%s: %s is not between nothing and an hour", name, d)
		}
	}
	switch l.Distribution {
	case "fixed":
		return nil
	case "uniform", "normal":
		if l.Max < l.Min {
			return errors.New("max: it is below min")
		}
		return nil
	case "tail":
		if l.P50 < l.Min || l.P90 < l.P50 || l.P99 < l.P90 || l.Max < l.P99 {
			return errors.New("min, p50, p90, p99, max: they never fall")
		}
		return nil
	}
	return fmt.Errorf("distribution: %q is none of fixed, uniform, normal, tail", l.Distribution)
}

// at is the latency of a call whose chance is u, in [0, 1). The normal one is the mean of three draws made of u's hash.
func (l Latency) at(u float64, more ...float64) time.Duration {
	between := func(a, b time.Duration, share float64) time.Duration { return a + time.Duration(float64(b-a)*share) }
	switch l.Distribution {
	case "uniform":
		return between(l.Min, l.Max, u)
	case "normal":
		sum := u
		for _, m := range more {
			sum += m
		}
		return between(l.Min, l.Max, sum/float64(1+len(more)))
	case "tail":
		switch {
		case u < 0.5:
			return between(l.Min, l.P50, u/0.5)
		case u < 0.9:
			return between(l.P50, l.P90, (u-0.5)/0.4)
		case u < 0.99:
			return between(l.P90, l.P99, (u-0.9)/0.09)
		}
		return between(l.P99, l.Max, (u-0.99)/0.01)
	}
	return l.Min
}

// slowness is a latency in force for a method or all.
type slowness struct {
	Latency
	method string
	seen   uint64
}

// Slow makes a method ("closeOrder"), or every method ("*"), answer with a latency. The last word on a method of an institution
// counts, and a method's own comes before "*". A latency that contradicts itself is ignored and logged.
func (p *Platform) Slow(method string, l Latency) {
	if err := l.check(); err != nil {
		p.log().Error("latency ignored", "method", method, "error", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setSlow(method, l)
}

func (p *Platform) setSlow(method string, l Latency) {
	for i, s := range p.slow {
		if s.method == method && s.Institution == l.Institution {
			p.slow[i].Latency = l
			return
		}
	}
	p.slow = append(p.slow, &slowness{method: method, Latency: l})
}

// latency draws how long a call takes. The caller holds the lock.
func (p *Platform) latency(institution, method string) time.Duration {
	var best *slowness
	score := -1
	for _, s := range p.slow {
		if (s.method != method && s.method != "*") || (s.Institution != "" && s.Institution != institution) {
			continue
		}
		n := 0
		if s.method == method {
			n += 2
		}
		if s.Institution != "" {
			n++
		}
		if n > score {
			best, score = s, n
		}
	}
	if best == nil {
		return 0
	}
	best.seen++
	draw := func(k uint64) float64 {
		return chance(p.Seed, textHash(best.method), textHash(best.Institution), best.seen, k)
	}
	return best.at(draw(1), draw(2), draw(3))
}
