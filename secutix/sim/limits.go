package sim

import "time"

// rateWindow counts the calls of one institution in a fixed minute. All services, versions and
// partners of the institution share it.
type rateWindow struct {
	minute int64
	used   int
}

// take counts one call and says whether it is within the limit. A negative limit never refuses.
func (w *rateWindow) take(now time.Time, limit int) bool {
	minute := now.Unix() / 60
	if minute != w.minute {
		w.minute, w.used = minute, 0
	}
	w.used++
	return limit < 0 || w.used <= limit
}

// spacing lets one call through per period.
type spacing struct{ last time.Time }

// take says whether enough time has passed since the last call that was let through.
func (s *spacing) take(now time.Time, gap time.Duration) bool {
	if gap > 0 && !s.last.IsZero() && now.Before(s.last.Add(gap)) && !now.Before(s.last) {
		return false
	}
	s.last = now
	return true
}
