package api

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

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
	swept  atomic.Int64 // Unix milliseconds

	mu      sync.RWMutex
	buckets map[string]*bucket
}

// bucket holds what a key may still spend.
type bucket struct {
	mu   sync.Mutex
	left float64
	at   time.Time // when that was so
}

func newThrottle(clock domain.Clock, perSecond int) *throttle {
	burst := 2 * perSecond
	t := &throttle{
		clock: clock, rate: perSecond, burst: burst, buckets: map[string]*bucket{},
		policy: []string{`"key";q=` + strconv.Itoa(burst) + `;w=` + strconv.Itoa(burst/perSecond)},
	}
	t.swept.Store(clock().UnixMilli())
	return t
}

func (t *throttle) bucket(key string, now time.Time) *bucket {
	if now.UnixMilli()-t.swept.Load() > throttleIdle.Milliseconds() {
		t.sweep(now)
	}
	t.mu.RLock()
	b := t.buckets[key]
	t.mu.RUnlock()
	if b != nil {
		return b
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if b = t.buckets[key]; b == nil {
		if len(t.buckets) >= throttleMost { // all are busy: it forgets them rather than grow
			clear(t.buckets)
		}
		b = &bucket{left: float64(t.burst), at: now}
		t.buckets[key] = b
	}
	return b
}

// sweep forgets idle keys, whose buckets are full again anyway.
func (t *throttle) sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.swept.Store(now.UnixMilli())
	for k, b := range t.buckets {
		if b.idle(now) {
			delete(t.buckets, k)
		}
	}
}

func (b *bucket) idle(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return now.Sub(b.at) > throttleIdle
}

// fill brings the bucket up to now; the caller has the lock. A clock that went back fills nothing.
func (b *bucket) fill(now time.Time, rate, burst int) {
	if since := now.Sub(b.at); since > 0 {
		b.left = min(b.left+since.Seconds()*float64(rate), float64(burst))
		b.at = now
	}
}

// spend takes one request; left is what remains.
func (b *bucket) spend(now time.Time, rate, burst int) (left float64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now, rate, burst)
	if b.left >= 1 {
		b.left--
		ok = true
	}
	return b.left, ok
}

// take spends one request of the key, and writes the RateLimit headers, the changing one by way of line; false says that
// none is left.
func (t *throttle) take(h http.Header, key string, now time.Time, line *[1]string) bool {
	left, ok := t.bucket(key, now).spend(now, t.rate, t.burst)
	full := int(math.Ceil((float64(t.burst) - left) / float64(t.rate)))
	var text [64]byte
	out := strconv.AppendInt(append(text[:0], `"key";r=`...), int64(left), 10)
	out = strconv.AppendInt(append(out, ";t="...), int64(full), 10)
	line[0] = string(out)
	h["Ratelimit-Policy"], h["Ratelimit"] = t.policy, line[:]
	return ok
}

// over spends one request of the key; where none is left it is how long until there is one, else 0.
func (t *throttle) over(key string) time.Duration {
	now := t.clock()
	if _, ok := t.bucket(key, now).spend(now, t.rate, t.burst); ok {
		return 0
	}
	return t.wait(key)
}

// wait is how long until the key may ask again, at least a second.
func (t *throttle) wait(key string) time.Duration {
	now := t.clock()
	b := t.bucket(key, now)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now, t.rate, t.burst)
	return max(time.Duration((1-b.left)/float64(t.rate)*float64(time.Second)), time.Second)
}
