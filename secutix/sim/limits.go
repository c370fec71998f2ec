package sim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Limits says how much the platform takes and how it refuses. Zero values are what is published, or off where nothing is
// published or the limit has to be switched on.
type Limits struct {
	// RatePerMinute is the calls an institution takes per fixed minute, over all its services and all its partners. 0 means 180,
	// negative is no limit.
	RatePerMinute int `json:"rate_per_minute"`
	// OtherTenants is the calls that other partners of an institution make in a mean minute. The true number is between half
	// and one and a half of it, by seed and minute, and only the rest is ours.
	OtherTenants int `json:"other_tenants"`
	// Status answers a call over a rate; 0 means 509, 429 is the announced one.
	Status int `json:"status"`
	// RetryAfter sends a Retry-After header with the seconds to the next minute.
	RetryAfter bool `json:"retry_after"`
	// Body is what a refusal looks like: "html" (also ""), "json" or "empty".
	Body string `json:"body"`
	// CatalogSpacing is the least time between two getCatalogDetailed that start new work. 0 means 10 minutes, negative is none.
	CatalogSpacing time.Duration `json:"-"`
	// PollSpacing is the least time between two calls of the same availability method, or of exportList; 0 is off, a minute is
	// what is published.
	PollSpacing time.Duration `json:"-"`
	// MonthlyCalls and MonthlyBytes are an institution's quota by calendar month in its zone; 0 is off. Bytes are those of the
	// bodies of requests and answers as they go over the wire. A journal remembers the counts; when the process is killed, up to
	// a hundred calls or ten seconds of them are lost.
	MonthlyCalls int   `json:"monthly_calls"`
	MonthlyBytes int64 `json:"monthly_bytes"`
	// MonthlyPlain counts the bytes of answers before compression. Which of the two the platform counts is not known.
	MonthlyPlain bool `json:"monthly_plain"`
	// MonthlyStatus answers a call over the quota: 403, 429, 509 or 503; 0 means 509. The true answer is not known.
	MonthlyStatus int `json:"monthly_status"`
}

func (l Limits) check() error {
	switch {
	case !slices.Contains([]string{"", "html", "json", "empty"}, l.Body):
		return fmt.Errorf("body: %q is none of html, json, empty", l.Body)
	case !slices.Contains([]int{0, 403, 429, 503, 509}, l.MonthlyStatus):
		return fmt.Errorf("monthly_status: %d is none of 403, 429, 503, 509", l.MonthlyStatus)
	case !slices.Contains([]int{0, 429, 509}, l.Status):
		return fmt.Errorf("status: %d is none of 429, 509", l.Status)
	case l.OtherTenants < 0 || l.OtherTenants > endless:
		return fmt.Errorf("other_tenants: %d is not between 0 and %d", l.OtherTenants, endless)
	case l.MonthlyCalls < 0:
		return errors.New("monthly_calls: never negative")
	case l.MonthlyBytes < 0:
		return errors.New("monthly_bytes: never negative")
	case l.PollSpacing < 0:
		return errors.New("poll_spacing: never negative")
	}
	return nil
}

// policy is the limits in force.
func (p *Platform) policy() Limits {
	if l := p.inForce.Load(); l != nil {
		return *l
	}
	return p.optionLimits()
}

// optionLimits joins the options; the old names win where they are set.
func (p *Platform) optionLimits() Limits {
	l := p.Limits
	if p.RatePerMinute != 0 {
		l.RatePerMinute = p.RatePerMinute
	}
	if p.LimitStatus != 0 {
		l.Status = p.LimitStatus
	}
	if p.CatalogSpacing != 0 {
		l.CatalogSpacing = p.CatalogSpacing
	}
	if l.RatePerMinute == 0 {
		l.RatePerMinute = 180
	}
	if l.Status == 0 {
		l.Status = 509
	}
	if l.MonthlyStatus == 0 {
		l.MonthlyStatus = 509
	}
	l.CatalogSpacing = orElse(l.CatalogSpacing, 10*time.Minute)
	return l
}

// rateFor is what is left for us in the minute of now.
func (p *Platform) rateFor(in *institution, now time.Time) int {
	l := p.policy()
	if l.RatePerMinute < 0 || l.OtherTenants == 0 {
		return l.RatePerMinute
	}
	h := mix(p.Seed, uint64(in.index), uint64(now.Unix()/60), 0x7e)
	others := l.OtherTenants/2 + int(h%uint64(l.OtherTenants+1))
	return max(0, l.RatePerMinute-others)
}

// admitted counts a call and answers when it is over the rate or the month. The caller holds the lock.
func (p *Platform) admitted(in *institution, now time.Time) *reply {
	l, policy := p.limits[in.w.Code], p.policy()
	if p.countCall(in, now) {
		rep := p.overLimit(policy.MonthlyStatus, now)
		return &rep
	}
	if l.rate.take(now, p.rateFor(in, now)) {
		return nil
	}
	rep := p.overLimit(policy.Status, now)
	return &rep
}

// spaced says whether a method with a limit of its own may start new work. The caller holds the lock.
func (p *Platform) spaced(c *call) bool {
	gap := time.Duration(0)
	switch {
	case c.method == "getCatalogDetailed":
		gap = p.policy().CatalogSpacing
	case c.service == "availabilityService" || c.method == "exportList":
		gap = p.policy().PollSpacing
	}
	if gap <= 0 {
		return true
	}
	l := p.limits[c.in.w.Code]
	if l.methods == nil {
		l.methods = map[string]*spacing{}
	}
	if l.methods[c.method] == nil {
		l.methods[c.method] = &spacing{}
	}
	return l.methods[c.method].take(c.now, gap)
}

// overLimit is a refusal in the form the limits say.
func (p *Platform) overLimit(status int, now time.Time) reply {
	l := p.policy()
	var rep reply
	switch l.Body {
	case "empty":
		rep = reply{status: status, header: http.Header{}, body: []byte{}}
	case "json":
		rep = reply{
			status: status, header: http.Header{"Content-Type": {"application/json"}},
			body: []byte(`{"statusCode":"error.limit","statusDetail":"Bandwidth Limit Exceeded"}`),
		}
	default:
		rep = htmlReply(status, "<html><body>Bandwidth Limit Exceeded</body></html>")
	}
	if l.RetryAfter {
		rep.header.Set("Retry-After", strconv.FormatInt(60-now.Unix()%60, 10))
	}
	return rep
}

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
