package quota

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"time"

	"guichet/domain"
)

// validity is how long a replica may spend what it has leased.
const validity = 10 * time.Second

// shared is what all replicas of an institution's gate know together: one document in the database, exchanged whole.
type shared struct {
	Seen     time.Time            `json:"seen"`               // the latest exchange
	Periods  []period             `json:"periods"`            // days and months, oldest first
	Unplaced int64                `json:"unplaced,omitempty"` // calls in doubt that no minute counts any more: of which day is not known yet
	Grants   []grant              `json:"grants,omitempty"`
	Next     int64                `json:"next"` // number of the next grant
	Replicas map[string]time.Time `json:"replicas,omitempty"`
	Last     map[string]time.Time `json:"last,omitempty"` // of methods with a spacing of their own
	Pause    pause                `json:"pause"`
	Peaks    []Peak               `json:"peaks,omitempty"`
	Alarm    alarmed              `json:"alarm"`
}

// period is what a day ("2026-11-21") or a month ("2026-11") has cost.
type period struct {
	Key   string `json:"key"`
	Calls int64  `json:"calls"` // granted, less what came back unspent
	Bytes int64  `json:"bytes"`
}

// grant is a block of calls: leased to a replica, or made (Owner is empty then) and still in the last minute.
type grant struct {
	ID      int64     `json:"id"`
	Owner   string    `json:"owner,omitempty"`
	Calls   int       `json:"calls"`
	Sales   bool      `json:"sales,omitempty"` // only sales may spend it
	Until   time.Time `json:"until"`           // leased: spent by then or lapsed; made: the last one; at the latest
	Periods []string  `json:"periods,omitempty"`
	By      string    `json:"by,omitempty"` // Until is by the clock of this replica, which is in doubt; empty: by the true time
}

// pause is what the platform's refusals have taught.
type pause struct {
	Rate     int       `json:"rate,omitempty"`  // learned, calls a minute; 0: never refused
	Quiet    time.Time `json:"quiet,omitempty"` // no refusal since, or the last creep
	ClosedTo time.Time `json:"closed_to,omitempty"`
	Row      int       `json:"row,omitempty"` // refusals in a row
}

// settled is a lease that a replica has done with.
type settled struct {
	id    int64
	spent int
	last  time.Time
}

// refusal is the platform's "too many".
type refusal struct {
	retry  time.Duration
	jitter float64 // 0 to 1
}

// trade is what a replica brings to an exchange and what it wants.
type trade struct {
	owner    string
	now      time.Time     // at the earliest
	ahead    time.Duration // and that much later at the latest
	shift    time.Duration // the replica's time has just gone on by so much; below 0 only where it was in doubt
	doubt    bool          // now is by a clock in doubt: the true time is not earlier
	doubted  bool          // it was, when shift came about
	strict   bool          // clocks differ between replicas
	settled  []settled
	bytes    int64
	refusals []refusal
	calm     bool // a call has been answered since, and not with "too many"

	want  int // calls; 0 wants nothing
	sales bool
	key   string        // of a spaced method; then want is 1
	every time.Duration // its spacing
}

// latest is when calls made now are stamped: no later can it be. In doubt that is not known, and the stamp is By its owner.
func (t trade) latest() time.Time {
	if t.doubt {
		return t.now
	}
	return t.now.Add(t.ahead)
}

// deal is what a replica gets.
type deal struct {
	grant grant         // Calls is 0: nothing
	until time.Time     // of the grant, by the replica's own earliest time
	room  int64         // bytes that its day and month have left
	wait  time.Duration // until something may be free
	err   *domain.Error // no waiting helps
}

// trade settles, learns and grants. It is deterministic.
func (s *shared) trade(l Limits, t trade) deal {
	s.clean(l, t)
	s.settle(l, t)
	s.learn(l, t)
	if !t.doubt && t.now.After(s.Seen) {
		s.Seen = t.now
	}
	if t.want <= 0 {
		return deal{}
	}
	if t.doubt {
		t.want = 1
	}
	return s.lease(l, t)
}

// clean forgets what no longer counts, and doubts times that cannot be.
func (s *shared) clean(l Limits, t trade) {
	if s.Replicas == nil {
		s.Replicas = map[string]time.Time{}
	}
	for owner, at := range s.Replicas {
		if t.now.Sub(at) > 2*time.Minute || at.Sub(t.now) > 2*time.Minute {
			delete(s.Replicas, owner)
		}
	}
	s.Replicas[t.owner] = t.now
	for i := range s.Grants {
		s.restamp(l, &s.Grants[i], t)
	}
	if t.shift > 0 {
		for key, at := range s.Last {
			s.Last[key] = at.Add(t.shift)
		}
	}
	for key, at := range s.Last {
		if !t.doubt && at.After(t.utmost()) {
			s.Last[key] = t.now
		}
	}
	if limit := t.now.Add(time.Hour); !t.doubt && s.Pause.ClosedTo.After(limit) {
		s.Pause.ClosedTo = limit
	}
	s.Grants = slices.DeleteFunc(s.Grants, func(g grant) bool {
		over := t.now.Sub(g.Until) >= time.Minute
		if over && g.By != "" {
			s.Unplaced += int64(g.Calls)
		}
		return over
	})
	if !t.doubt && s.Unplaced > 0 {
		for _, key := range keys(l, t) {
			s.period(key).Calls += s.Unplaced
		}
		s.Unplaced = 0
	}
	s.Peaks = slices.DeleteFunc(s.Peaks, func(p Peak) bool { return !t.doubt && t.now.Sub(p.end()) > keepPeaks })
}

// utmost is the latest stamp that a replica with a true clock can have made by now.
func (t trade) utmost() time.Time { return t.now.Add(t.ahead + validity + longest + told) }

// restamp brings a grant to the trader's time, never so that it counts for less than it may have to.
func (s *shared) restamp(l Limits, g *grant, t trade) {
	switch g.By {
	case "":
		if t.shift > 0 && !t.doubted {
			g.Until = g.Until.Add(t.shift)
		}
	case t.owner:
		g.Until = g.Until.Add(t.shift)
	default: // its owner may never learn when it was
		g.Until, g.By = t.latest().Add(validity), t.owner
	}
	if t.doubt {
		return
	}
	if g.By != "" { // now it is known when it was
		g.By = ""
		for _, key := range keys(l, t) {
			if !slices.Contains(g.Periods, key) {
				s.period(key).Calls += int64(g.Calls)
				g.Periods = append(slices.Clone(g.Periods), key)
			}
		}
	}
	if utmost := t.utmost(); g.Until.After(utmost) {
		g.Until = utmost
	}
}

func (s *shared) settle(l Limits, t trade) {
	for _, d := range t.settled {
		i := slices.IndexFunc(s.Grants, func(g grant) bool { return g.ID == d.id && g.Owner == t.owner })
		if i < 0 {
			continue
		}
		g := &s.Grants[i]
		for _, key := range g.Periods {
			s.period(key).Calls -= int64(g.Calls - d.spent)
		}
		g.Calls, g.Owner = d.spent, ""
		if last := d.last.Add(t.shift); last.Before(g.Until) && (g.By == t.owner || g.By == "" && !t.doubt) {
			g.Until = last
		}
		if d.spent == 0 {
			s.Grants = slices.Delete(s.Grants, i, i+1)
		}
	}
	if t.bytes > 0 {
		for _, key := range keys(l, t) {
			s.period(key).Bytes += t.bytes
		}
	}
	s.pack()
}

// pack bounds the document: the made calls of two seconds become one that counts until the last of them.
func (s *shared) pack() {
	const most = 80
	if len(s.Grants) <= most {
		return
	}
	slices.SortStableFunc(s.Grants, func(a, b grant) int { return a.Until.Compare(b.Until) })
	out := s.Grants[:0]
	for _, g := range s.Grants {
		last := len(out) - 1
		if last >= 0 && g.Owner == "" && out[last].Owner == "" && g.By == "" && out[last].By == "" && g.Until.Truncate(2*time.Second).Equal(out[last].Until.Truncate(2*time.Second)) {
			out[last].Calls, out[last].Until = out[last].Calls+g.Calls, g.Until
			continue
		}
		out = append(out, g)
	}
	s.Grants = out
}

// keys are the days and months that a call now is charged to: two of each while the true time is not known.
func keys(l Limits, t trade) []string {
	var out []string
	for _, at := range []time.Time{t.now, t.now.Add(t.ahead)} {
		local := at.In(l.Zone)
		for _, key := range []string{local.Format(time.DateOnly), local.Format("2006-01")} {
			if !slices.Contains(out, key) {
				out = append(out, key)
			}
		}
	}
	return out
}

// keepPeriods is how many days and months are remembered: a clock that went back finds what was spent.
const keepPeriods = 20

// period finds or makes a period.
func (s *shared) period(key string) *period {
	i, found := slices.BinarySearchFunc(s.Periods, key, func(p period, k string) int { return compareKeys(p.Key, k) })
	if !found {
		s.Periods = slices.Insert(s.Periods, i, period{Key: key})
		if len(s.Periods) > keepPeriods {
			drop := s.furthest(i)
			s.Periods = slices.Delete(s.Periods, drop, drop+1)
			if drop < i {
				i--
			}
		}
	}
	return &s.Periods[i]
}

// furthest is the period, not the one given, that lies furthest from when the gate was last used: clocks that were wrong left it.
func (s *shared) furthest(but int) int {
	drop, most := -1, time.Duration(-1)
	for i, p := range s.Periods {
		if away := p.away(s.Seen); i != but && away > most {
			drop, most = i, away
		}
	}
	return drop
}

// away is how far a time lies from the period, to within a day: zones differ.
func (p period) away(at time.Time) time.Duration {
	from, err := time.Parse(time.DateOnly[:min(len(p.Key), len(time.DateOnly))], p.Key) // 2006-01-02 or 2006-01
	if err != nil {
		return math.MaxInt64
	}
	until := from.AddDate(0, 0, 1)
	if len(p.Key) != len(time.DateOnly) {
		until = from.AddDate(0, 1, 0)
	}
	return max(0, from.Sub(at)-24*time.Hour, at.Sub(until)-24*time.Hour)
}

// compareKeys sorts days before months, each by time.
func compareKeys(a, b string) int {
	if len(a) != len(b) {
		return len(b) - len(a)
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// spent is what a period has cost; one that is not known has cost nothing.
func (s *shared) spent(key string) period {
	for _, p := range s.Periods {
		if p.Key == key {
			return p
		}
	}
	return period{Key: key}
}

// learn takes the platform's refusals and quiet times to heart.
func (s *shared) learn(l Limits, t trade) {
	p := &s.Pause
	if t.calm && !t.now.Before(p.ClosedTo) {
		p.Row = 0
	}
	for _, r := range t.refusals {
		first := p.Row == 0 || !t.now.Before(p.ClosedTo) // those on the wire together are refused once, not several times in a row
		if first {
			p.Row++
			p.Rate = max(s.rate(l)-max(s.rate(l)/4, 1), floor(l))
		}
		wait := t.now.Truncate(time.Minute).Add(time.Minute).Sub(t.now) + time.Second + time.Duration(r.jitter*float64(4*time.Second))
		for range p.Row - 1 {
			wait = min(wait*2, 5*time.Minute)
		}
		if to := t.now.Add(max(wait, min(r.retry, time.Hour))); to.After(p.ClosedTo) || first {
			p.ClosedTo = to
		}
		p.Quiet = p.ClosedTo
	}
	for p.Rate > 0 && t.now.Sub(p.Quiet) >= creep {
		p.Quiet = p.Quiet.Add(creep)
		if p.Rate += max(l.PerMinute/20, 1); p.Rate >= l.PerMinute {
			p.Rate = 0
		}
	}
}

// creep is how long the platform must have been quiet for the learned rate to go up by a twentieth of the configured one.
const creep = 10 * time.Minute

// floor is the least rate that refusals can teach.
func floor(l Limits) int { return max(l.PerMinute/10, 1) }

// rate is the learned rate.
func (s *shared) rate(l Limits) int {
	if s.Pause.Rate == 0 {
		return l.PerMinute
	}
	return min(s.Pause.Rate, l.PerMinute)
}

// allowed is how many calls may stand in a minute: for all, and for those that are no sales.
func (s *shared) allowed(l Limits, now time.Time) (all, others int) {
	all = s.rate(l)
	if p := s.peak(l, now); p != nil {
		all = all * p.PerMinute / l.PerMinute
	}
	others = all - l.Reserve*all/l.PerMinute
	// after a pause the others come back by quarters
	switch since := now.Sub(s.Pause.ClosedTo); {
	case s.Pause.ClosedTo.IsZero() || since >= 2*time.Minute:
	case since >= time.Minute:
		others = max(others/2, 1)
	default:
		others = max(others/4, 1)
	}
	return all, others
}

// lease grants what the day, the month and the minute have left.
func (s *shared) lease(l Limits, t trade) deal {
	if !t.sales && t.now.Before(s.Pause.ClosedTo) {
		return deal{err: paused(t.now, s.Pause.ClosedTo)}
	}
	if t.every > 0 {
		if next := s.Last[t.key].Add(t.every); t.now.Before(next) {
			return deal{wait: next.Sub(t.now)}
		}
	}
	charged := keys(l, t)
	if t.doubt && s.Seen.After(t.now) { // somebody knows that it is later
		seen := t
		seen.now, seen.ahead = s.Seen, 0
		for _, key := range keys(l, seen) {
			if !slices.Contains(charged, key) {
				charged = append(charged, key)
			}
		}
	}
	left, room, err := s.budget(l, t, charged)
	if err != nil {
		return deal{err: err}
	}
	all, others := s.allowed(l, t.now)
	if t.sales {
		others = all
	}
	used := 0
	for _, g := range s.Grants {
		used += g.Calls
	}
	n := min(t.want, others-used)
	if n <= 0 {
		return deal{wait: s.free(t, used-others+1)}
	}
	if int64(n) > left {
		n = int(left)
	}
	until := t.latest().Add(validity)
	local := until.In(l.Zone)
	if midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, l.Zone); midnight.After(t.latest()) {
		until = midnight // a lease ends with the day it is charged to
	}
	s.Next++
	g := grant{ID: s.Next, Owner: t.owner, Calls: n, Sales: t.sales, Until: until, Periods: charged}
	if t.doubt {
		g.By = t.owner
	}
	for _, key := range charged {
		s.period(key).Calls += int64(n)
	}
	s.Grants = append(s.Grants, g)
	if t.every > 0 {
		if s.Last == nil {
			s.Last = map[string]time.Time{}
		}
		s.Last[t.key] = t.latest()
	}
	return deal{grant: g, until: until.Add(t.now.Sub(t.latest())), room: room}
}

// budget is how many calls and bytes are left of every period charged.
func (s *shared) budget(l Limits, t trade, charged []string) (left, room int64, err *domain.Error) {
	left, room = int64(t.want), math.MaxInt64
	if l.Unmetered {
		return left, room, nil
	}
	asks := false
	for _, key := range charged {
		calls, bytes, code, name := l.MonthCalls, l.MonthBytes, CodeMonth, "month"
		if len(key) == len(time.DateOnly) {
			calls, bytes, code, name = l.DayCalls, l.DayBytes, CodeDay, "day"
		}
		all := calls
		if t.strict {
			calls -= aside(calls)
		}
		if !t.sales {
			calls -= calls * int64(l.SalesShare) / 100
			bytes -= bytes * int64(l.SalesShare) / 100
		}
		p := s.spent(key)
		free, rest := left, room
		if all > 0 { // 0 is no limit
			free = min(free, calls-p.Calls)
		}
		if bytes > 0 {
			rest = min(rest, bytes-p.Bytes)
		}
		switch {
		case free > 0 && rest > 0:
			left, room = free, rest
		case len(charged) > 2 && p.Calls < all:
			asks = true // only the platform can tell whether this period is over
		default:
			e := domain.Errorf(domain.Limited, code, "this %s's share of calls is spent (%d calls, %d bytes)", name, p.Calls, p.Bytes)
			e.RetryAfter = time.Hour
			return 0, 0, e
		}
	}
	if asks {
		return 1, 1, nil
	}
	return left, room, nil
}

// aside is what of a budget is kept for asking the time after a restart.
func aside(calls int64) int64 {
	if calls <= 0 {
		return 0
	}
	return min(max(calls/1000, 3), calls)
}

// free is how long until n calls of the minute have become free.
func (s *shared) free(t trade, n int) time.Duration {
	grants := slices.Clone(s.Grants)
	slices.SortFunc(grants, func(a, b grant) int { return a.Until.Compare(b.Until) })
	for _, g := range grants {
		if n -= g.Calls; n <= 0 {
			return max(g.Until.Add(time.Minute).Sub(t.now), time.Millisecond)
		}
	}
	return time.Minute
}

func paused(now, to time.Time) *domain.Error {
	e := domain.Errorf(domain.Limited, CodePause, "the platform said too many calls; only sales go on until %s", to.Format(time.TimeOnly))
	e.RetryAfter = to.Sub(now)
	return e
}

func (s *shared) encode() ([]byte, error) { return json.Marshal(s) }

func decodeShared(raw []byte) (*shared, error) {
	s := &shared{}
	if len(raw) == 0 {
		return s, nil
	}
	return s, json.Unmarshal(raw, s)
}

func (s *shared) clone() *shared {
	c := *s
	c.Periods, c.Peaks, c.Replicas, c.Last = slices.Clone(s.Periods), slices.Clone(s.Peaks), maps.Clone(s.Replicas), maps.Clone(s.Last)
	c.Grants = slices.Clone(s.Grants) // their Periods are never changed in place
	return &c
}
