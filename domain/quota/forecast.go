package quota

import (
	"math"
	"time"
)

// history is how many days before the month a forecast looks at.
const history = 28

// Forecast is what a month will have cost when it ends.
type Forecast struct {
	Expected  int64
	Low, High int64     // in four months of five the truth lies between them
	Days      int       // whole days it was learned from; below 3 the range is wide and says little
	RunsOut   time.Time // when what was expected reaches the limit; zero: not in this month
}

// forecast adds to what is used what the rest of the month will use: for each day to come the mean of the whole days of the
// last four weeks, weighted by the day of the week once there are two weeks of them. The range is the mean's own
// uncertainty and the days' scatter about it, both from the same days, at 80 percent, by Student's t; days that follow each
// other are alike, so that the scatter of a sum is taken half as large again as if they were not.
func forecast(days map[time.Time]float64, limit int64, from, until, now time.Time, zone *time.Location) Forecast {
	today := starts(now, zone)[Day]
	var seen []float64
	var weekdays [7][]float64
	first := today
	for day := range days {
		if day.Before(first) {
			first = day
		}
	}
	used := days[today]
	for day := first.In(zone); day.Before(today); day = day.AddDate(0, 0, 1) {
		n := days[day.UTC()]
		if !day.Before(from) {
			used += n
		}
		if today.Sub(day) <= (history+1)*24*time.Hour {
			seen = append(seen, n)
			weekdays[day.Weekday()] = append(weekdays[day.Weekday()], n)
		}
	}
	local := now.In(zone)
	next := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, zone)
	rest := next.Sub(now).Hours() / next.Sub(today).Hours() // of today
	if len(seen) == 0 {
		share := 1 - rest
		per := used / math.Max(share, 0.05)
		left := rest + math.Round(until.Sub(next).Hours()/24)
		f := Forecast{Expected: int64(used + per*left), Low: int64(used), High: int64(used + 3*per*left)}
		if over := (float64(limit) - used) / math.Max(per, 1e-9); over < left {
			f.RunsOut = now.Add(time.Duration(math.Max(over, 0) * float64(24*time.Hour)))
		}
		return f
	}
	mean := sum(seen) / float64(len(seen))
	factor := weekly(weekdays, mean, len(seen))
	expected, left := used, 0.0
	var out time.Time
	if used >= float64(limit) {
		out = now
	}
	for day := today.In(zone); day.Before(until); day = day.AddDate(0, 0, 1) {
		part := 1.0
		if day.Equal(today) {
			part = rest
		}
		more := part * mean * factor[day.Weekday()]
		if begin := later(day, now); out.IsZero() && expected+more >= float64(limit) {
			out = begin.Add(time.Duration((float64(limit) - expected) / more * float64(day.AddDate(0, 0, 1).Sub(begin))))
		}
		expected += more
		left += part
	}
	spread := scatter(weekdays, mean, factor, len(seen))
	n := float64(len(seen))
	half := student(len(seen)-1) * 1.5 * spread * math.Sqrt(left+left*left/n)
	return Forecast{
		Expected: int64(math.Round(expected)), Low: int64(math.Max(used, expected-half)), High: int64(math.Ceil(expected + half)), Days: len(seen),
		RunsOut: out,
	}
}

func sum(list []float64) (s float64) {
	for _, v := range list {
		s += v
	}
	return s
}

// weekly is each weekday's share of the mean, drawn half-way to one while there are few of them.
func weekly(weekdays [7][]float64, mean float64, n int) [7]float64 {
	var f [7]float64
	for i := range f {
		f[i] = 1
		if list := weekdays[i]; n >= 14 && mean > 0 && len(list) > 0 {
			weight := float64(len(list)) / float64(len(list)+1)
			f[i] = weight*sum(list)/float64(len(list))/mean + 1 - weight
		}
	}
	return f
}

// scatter is the standard deviation of a day about what was expected of it.
func scatter(weekdays [7][]float64, mean float64, factor [7]float64, n int) float64 {
	if n < 2 {
		return math.Max(mean, 1)
	}
	var squares float64
	for i, list := range weekdays {
		for _, v := range list {
			squares += (v - mean*factor[i]) * (v - mean*factor[i])
		}
	}
	return math.Sqrt(squares / float64(n-1))
}

// student is the t value for 80 percent on two sides.
func student(freedom int) float64 {
	table := []float64{3.08, 3.08, 1.89, 1.64, 1.53, 1.48, 1.44, 1.41, 1.40, 1.38, 1.37}
	if freedom < len(table) {
		return table[max(freedom, 0)]
	}
	return 1.28 + 1.0/float64(freedom)
}
