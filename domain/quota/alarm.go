package quota

import (
	"context"
	"errors"

	"guichet/domain"
)

// Alarm says that an institution's month runs out.
type Alarm struct {
	Institution domain.InstitutionCode
	Month       string
	Percent     int  // the alarm line passed, of the calls or the bytes: 50, 80 or 95; 0 is none
	Forecast    bool // by the forecast the month crosses its limit
}

// alarmed is what was alarmed already, so that all replicas together speak once.
type alarmed struct {
	Month    string `json:"month,omitempty"`
	Percent  int    `json:"percent,omitempty"`
	Forecast bool   `json:"forecast,omitempty"`
}

// alarm is the highest line that the month has passed.
func (l Limits) alarm(r *Report) Alarm {
	a := Alarm{Institution: r.Institution, Month: r.Usage.Month, Forecast: r.StandardBreaks && r.Forecast.Days >= 3}
	for _, line := range []int64{50, 80, 95} {
		if r.Calls*100 >= l.MonthCalls*line || r.Bytes*100 >= l.MonthBytes*line {
			a.Percent = int(line)
		}
	}
	return a
}

// Watch looks at every institution's month and tells Deps.Alarm what is new; all replicas together tell it once.
func (m *Meter) Watch(ctx context.Context) error {
	var failed error
	for code, g := range m.gates {
		r, err := m.Report(ctx, code)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if !g.news(r.Alarm) {
			continue
		}
		var fresh bool
		_, err = m.exchange(ctx, g, trade{}, func(s *shared) error {
			fresh = s.Alarm.raise(r.Alarm)
			return nil
		})
		if err == nil && fresh && m.d.Alarm != nil {
			m.d.Alarm(r.Alarm)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

func (g *gate) news(a Alarm) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	known := g.shared.Alarm
	return known.raise(a)
}

// raise takes an alarm over and says whether it is new.
func (k *alarmed) raise(a Alarm) bool {
	if k.Month != a.Month {
		*k = alarmed{Month: a.Month}
	}
	fresh := a.Percent > k.Percent || (a.Forecast && !k.Forecast)
	k.Percent, k.Forecast = max(k.Percent, a.Percent), k.Forecast || a.Forecast
	return fresh
}
