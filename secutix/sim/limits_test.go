package sim

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// passed counts how many of n calls got through.
func (d *desk) passed(n int) int {
	d.t.Helper()
	ok := 0
	for range n {
		if status, _, _ := d.send(alive, object{}); status == 200 {
			ok++
		}
	}
	return ok
}

func TestLimits_OtherTenants_LeaveLessOfTheMinuteAndTheSameBySeed(t *testing.T) {
	t.Parallel()
	through := func(seed uint64) (out []int) {
		p := newPlatform(t, func(p *Platform) { p.RatePerMinute, p.Seed, p.Limits.OtherTenants = 60, seed, 40 })
		for range 4 {
			out = append(out, at(t, p, "theatre").passed(61))
			p.Clock.Advance(time.Minute)
		}
		return out
	}
	first := through(1)
	for _, n := range first {
		if n < 0 || n > 40 {
			t.Errorf("%d calls got through beside 20 to 60 of others", n)
		}
	}
	if !slices.Equal(first, through(1)) || slices.Equal(first, through(2)) || slices.Min(first) == slices.Max(first) {
		t.Errorf("not by seed: %v", first)
	}
}

func TestLimits_Month_EndsAtItsOwnMidnightWithTheStatusSaid(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.Limits = Limits{MonthlyCalls: 3, MonthlyStatus: 403, Body: "empty"} })
	d := at(t, p, "theatre")
	if n := d.passed(3); n != 3 {
		t.Fatalf("%d of 3", n)
	}
	if status, text, _ := d.send(alive, object{}); status != 403 || text != "" {
		t.Errorf("the fourth: %d %q", status, text)
	}
	if n := at(t, p, "museum").passed(1); n != 1 {
		t.Error("the neighbour's month is spent too")
	}
	p.Clock.Set(time.Date(2026, 11, 30, 22, 59, 59, 0, time.UTC)) // still November in Paris
	if n := d.passed(1); n != 0 {
		t.Error("the month ended early")
	}
	p.Clock.Advance(time.Second)
	if n := d.passed(4); n != 3 {
		t.Errorf("%d in December", n)
	}
}

func TestLimits_MonthlyBytes_CountBothWays(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.Limits.MonthlyBytes = 60 })
	if n := at(t, p, "theatre").passed(5); n == 0 || n > 3 {
		t.Errorf("%d calls in 60 bytes", n)
	}
}

func TestLimits_Refusal_TakesTheFormSaid(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.RatePerMinute = 1 })
	d := at(t, p, "theatre")
	d.passed(1)
	p.Clock.Advance(15 * time.Second)
	for body, want := range map[string]struct {
		status int
		starts string
	}{
		`{"body":"html","retry_after":false,"status":509}`: {509, "<html>"},
		`{"body":"json","retry_after":true,"status":429}`:  {429, `{"statusCode"`},
		`{"body":"empty","retry_after":true}`:              {429, ""},
	} {
		if code, o := control(t, p, "POST", "/limits", body); code != 200 {
			t.Fatalf("%s: %d %v", body, code, o)
		}
		p.mu.Lock()
		rep := p.overLimit(p.policy().Status, p.clock.Now())
		p.mu.Unlock()
		if strings.Contains(body, "true") != (rep.header.Get("Retry-After") == "45") {
			t.Errorf("%s: Retry-After %q", body, rep.header.Get("Retry-After"))
		}
		if !strings.HasPrefix(string(rep.body), want.starts) || (want.starts == "" && len(rep.body) > 0) {
			t.Errorf("%s: %q", body, rep.body)
		}
	}
	control(t, p, "POST", "/limits", `{"status":429}`)
	if status, _, _ := d.send(alive, object{}); status != 429 {
		t.Errorf("status %d", status)
	}
	if _, o := control(t, p, "GET", "/limits", ""); o.id("rate_per_minute") != 1 || o.get("used", "theatre").id("minute") != 2 || o.get("used", "theatre").id("left") != 0 {
		t.Errorf("limits %v", o)
	}
}

func TestLimits_PollSpacing_HoldsForEachAvailabilityMethod(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	ask := func(method string) bool {
		_, err := d.try("availabilityService", method, object{"pointOfSalesId": d.in.w.PointOfSales.ID})
		return err == nil
	}
	for range 2 {
		if !ask("getUpdatedAvailabilities") {
			t.Error("held back while switched off")
		}
	}
	control(t, p, "POST", "/limits", `{"poll_spacing":"1m"}`)
	if !ask("getUpdatedAvailabilities") || ask("getUpdatedAvailabilities") || !ask("getEventAvailability") {
		t.Error("not one of each a minute")
	}
	p.Clock.Advance(time.Minute)
	if !ask("getUpdatedAvailabilities") {
		t.Error("still held back a minute later")
	}
}

func TestSkew_MovesTheDateAndTheJudgementOfTokens(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	for skew, want := range map[string]int{"4s": 200, "10s": 401, "-10s": 401, "0s": 200} {
		if code, o := control(t, p, "POST", "/limits", `{"skew":"`+skew+`"}`); code != 200 || o.str("skew") != skew {
			t.Fatalf("%d %v", code, o)
		}
		if status, _, _ := d.send(alive, object{}); status != want {
			t.Errorf("skew %s: %d, want %d", skew, status, want)
		}
	}
	control(t, p, "POST", "/limits", `{"skew":"1h"}`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://sim/theatre"+alive, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := d.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Date"); got != "Sat, 21 Nov 2026 10:00:00 GMT" {
		t.Errorf("Date %s", got)
	}
}

func TestLatency_FollowsItsDistributionAndSeed(t *testing.T) {
	t.Parallel()
	ms := time.Millisecond
	draw := func(seed uint64, l Latency) []time.Duration {
		p := &Platform{Seed: seed}
		p.Slow("*", l)
		var out []time.Duration
		for range 2000 {
			out = append(out, p.latency("theatre", "closeOrder"))
		}
		return out
	}
	tail := Latency{Distribution: "tail", Min: ms, P50: 80 * ms, P90: 200 * ms, P99: time.Second, Max: 4 * time.Second}
	got := draw(1, tail)
	if !slices.Equal(got, draw(1, tail)) || slices.Equal(got, draw(2, tail)) {
		t.Error("not by seed")
	}
	slices.Sort(got)
	for share, want := range map[int]time.Duration{1000: 80 * ms, 1800: 200 * ms, 1980: time.Second} {
		if d := got[share]; d < want*8/10 || d > want*14/10 {
			t.Errorf("%d of 2000: %s, want about %s", share, d, want)
		}
	}
	if got[0] < ms || got[1999] > 4*time.Second {
		t.Errorf("from %s to %s", got[0], got[1999])
	}
	normal := draw(1, Latency{Distribution: "normal", Min: 0, Max: 100 * ms})
	slices.Sort(normal)
	if normal[1000] < 45*ms || normal[1000] > 55*ms || normal[100] < 10*ms || normal[1900] > 90*ms {
		t.Errorf("normal: %s %s %s", normal[100], normal[1000], normal[1900])
	}
	for _, d := range draw(1, Latency{Distribution: "fixed", Min: 7 * ms}) {
		if d != 7*ms {
			t.Fatalf("fixed: %s", d)
		}
	}
}

func TestLatency_TheNearestWordCounts(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for _, body := range []string{
		`{"method":"*","distribution":"fixed","min":"1ms"}`, `{"method":"closeOrder","distribution":"fixed","min":"2ms"}`,
		`{"method":"closeOrder","institution":"museum","distribution":"uniform","min":"3ms","max":"3ms"}`,
	} {
		if code, o := control(t, p, "POST", "/latency", body); code != 200 {
			t.Fatalf("%d %v", code, o)
		}
	}
	for _, tc := range []struct {
		in, method string
		want       time.Duration
	}{{"theatre", "getPOSConfig", 1}, {"theatre", "closeOrder", 2}, {"museum", "closeOrder", 3}} {
		if got := p.latency(tc.in, tc.method); got != tc.want*time.Millisecond {
			t.Errorf("%s %s: %s", tc.in, tc.method, got)
		}
	}
	if _, o := control(t, p, "DELETE", "/latency", ""); len(o.list("list")) != 0 || p.latency("theatre", "closeOrder") != 0 {
		t.Error("not cleared")
	}
}

func TestControl_Sell_OthersGetThePlacesForGood(t *testing.T) {
	t.Parallel()
	for code, seats := range map[string][2]string{"theatre": {"GODOT", "CAT1"}, "stadium": {"H04", "STEH"}} {
		p := newPlatform(t)
		d := at(t, p, code)
		perf := d.next(seats[0])
		before := d.left(perf, seats[1])
		path := "/performances/" + text(perf.id) + "/sell"
		cat := text(category0(perf, seats[1]))
		if code, o := control(t, p, "POST", path, `{"seat_category":`+cat+`,"quantity":3}`); code != 200 {
			t.Fatalf("%d %v", code, o)
		}
		if got := d.left(perf, seats[1]); got != before-3 {
			t.Errorf("%s: left %d, want %d", code, got, before-3)
		}
		if code, _ := control(t, p, "POST", path, `{"seat_category":`+cat+`,"quantity":1000000}`); code != 422 {
			t.Errorf("more than there are: %d", code)
		}
		if code, _ := control(t, p, "POST", path, `{"seat_category":7,"quantity":1}`); code != 422 {
			t.Errorf("no such category: %d", code)
		}
		if code, _ := control(t, p, "POST", path, `{"quantity":1}`); code != 400 {
			t.Errorf("no category: %d", code)
		}
		sound(t, p)
	}
}
