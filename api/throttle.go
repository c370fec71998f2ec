package api

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"guichet/domain"
)

// Bounds of what the throttle keeps. Only authenticated keys get a bucket, so there are as many as keys in use.
const (
	throttleIdle = 10 * time.Minute
	throttleMost = 50_000
)

// throttle limits each key to a rate, with a bucket of two seconds' worth. It counts per process. It is safe for
// concurrent use.
type throttle struct {
	clock  domain.Clock
	rate   int
	burst  int
	policy []string

	mu      sync.Mutex
	buckets map[string]*bucket
	swept   time.Time
}

type bucket struct {
	limiter *rate.Limiter
	used    time.Time
}

func newThrottle(clock domain.Clock, perSecond int) *throttle {
	burst := 2 * perSecond
	return &throttle{
		clock: clock, rate: perSecond, burst: burst, buckets: map[string]*bucket{}, swept: clock(),
		policy: []string{`"key";q=` + strconv.Itoa(burst) + `;w=` + strconv.Itoa(burst/perSecond)},
	}
}

func (t *throttle) bucket(key string, now time.Time) *bucket {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.swept) > throttleIdle || len(t.buckets) >= throttleMost {
		t.sweep(now)
	}
	b := t.buckets[key]
	if b == nil {
		b = &bucket{limiter: rate.NewLimiter(rate.Limit(t.rate), t.burst)}
		t.buckets[key] = b
	}
	b.used = now
	return b
}

// sweep forgets idle keys, whose buckets are full again anyway; where all are busy, it forgets them all rather than grow.
func (t *throttle) sweep(now time.Time) {
	t.swept = now
	for k, b := range t.buckets {
		if now.Sub(b.used) > throttleIdle {
			delete(t.buckets, k)
		}
	}
	if len(t.buckets) >= throttleMost {
		clear(t.buckets)
	}
}

// take spends one request of the key, and writes the RateLimit headers; false says that none is left.
func (t *throttle) take(h http.Header, key string) bool {
	now := t.clock()
	b := t.bucket(key, now)
	ok := b.limiter.AllowN(now, 1)
	left := max(b.limiter.TokensAt(now), 0)
	full := int(math.Ceil((float64(t.burst) - left) / float64(t.rate)))
	h["Ratelimit-Policy"] = t.policy
	h["Ratelimit"] = []string{`"key";r=` + strconv.Itoa(int(left)) + `;t=` + strconv.Itoa(full)}
	return ok
}

// wait is how long until the key may ask again, at least a second.
func (t *throttle) wait(key string) time.Duration {
	now := t.clock()
	missing := 1 - t.bucket(key, now).limiter.TokensAt(now)
	return max(time.Duration(missing/float64(t.rate)*float64(time.Second)), time.Second)
}
