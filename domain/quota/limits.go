package quota

import "time"

// Limits are one institution's, as configured. The zero value of a member takes its default.
type Limits struct {
	PerMinute  int            // calls a minute we allow ourselves; 0 is 60: the published 180 are shared with others, 90 were measured
	Agreed     int            // the most a peak window may raise it to; 0 is 180, the published rate
	Reserve    int            // of PerMinute, kept for sales and settling; 0 is a third
	Concurrent int            // calls at once, over all replicas; 0 is 5
	DayCalls   int64          // 0 is no limit of the day
	DayBytes   int64          // both directions; 0 is no limit of the day
	MonthCalls int64          // 0 is 10,000
	MonthBytes int64          // both directions; 0 is one Gigabyte
	Gigabyte   int64          // bytes of a started GB; 0 is 10^9
	SalesShare int            // percent of day and month kept for sales and settling; 0 is 40
	Unmetered  bool           // a partner whose calls are not counted: no day, no month, only the minute
	Zone       *time.Location // ends the day and the month; nil is UTC
	Operator   string         // the virtual operator whose calls these are, for the ledger
	Peaks      []Peak         // configured; more come from operators
	Pack       Pack           // what the Performance Pack costs
}

// Spacing is the least time between two calls of a method: the platform's own rule.
type Spacing struct {
	Service, Method string
	Every           time.Duration
}

// Spacings are the published ones.
func Spacings() [2]Spacing {
	return [...]Spacing{
		{"catalogService", "getCatalogDetailed", 10 * time.Minute},
		{"availabilityService", "getUpdatedAvailabilities", time.Minute},
	}
}

// spacing is a call's own rule; 0 is none.
func spacing(c Call) time.Duration {
	if c.Poll {
		return 0
	}
	for _, sp := range Spacings() {
		if sp.Method == c.Method && sp.Service == c.Service {
			return sp.Every
		}
	}
	return 0
}

func (l Limits) withDefaults() Limits {
	if l.PerMinute <= 0 {
		l.PerMinute = 60
	}
	if l.Agreed <= 0 {
		l.Agreed = max(180, l.PerMinute)
	}
	if l.Reserve <= 0 || l.Reserve >= l.PerMinute {
		l.Reserve = l.PerMinute / 3
	}
	if l.Concurrent <= 0 {
		l.Concurrent = 5
	}
	if l.Gigabyte <= 0 {
		l.Gigabyte = 1_000_000_000
	}
	if l.MonthCalls <= 0 {
		l.MonthCalls = 10_000
	}
	if l.MonthBytes <= 0 {
		l.MonthBytes = l.Gigabyte
	}
	if l.SalesShare <= 0 || l.SalesShare > 100 {
		l.SalesShare = 40
	}
	if l.Zone == nil {
		l.Zone = time.UTC
	}
	return l
}
