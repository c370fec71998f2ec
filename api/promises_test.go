package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet/domain/catalog"
)

// summer is the theatre with performances around both days on which its clocks are put.
func summer(tb testing.TB) *rig {
	tb.Helper()
	r := bareRig(tb)
	r.catalog.snaps["play"] = func() *catalog.Snapshot {
		s := theatre()
		like := s.Performances[0]
		for i, start := range []string{
			"2026-10-24T21:59:00Z", "2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T22:59:00Z", "2026-10-25T23:00:00Z",
			"2027-03-27T23:00:00Z", "2027-03-28T00:30:00Z", "2027-03-28T01:30:00Z", "2027-03-28T21:59:00Z", "2027-03-28T22:00:00Z",
		} {
			p := like
			p.ID, p.Code = catalog.PerformanceID(300+i), "T"+start
			p.Start, _ = time.Parse(time.RFC3339, start)
			p.End = p.Start.Add(time.Hour)
			s.Performances = append(s.Performances, p)
		}
		return s
	}
	r.load()
	return r
}

// TestTimes_HaveTheVenuesOffsetWhenClocksArePut holds for the night that has an hour twice and for the one that lacks one:
// offsets, the ends of shows, days of 25 and 23 hours.
func TestTimes_HaveTheVenuesOffsetWhenClocksArePut(t *testing.T) {
	t.Parallel()
	r := summer(t)
	for day, want := range map[string]string{
		"2026-10-25": "2026-10-25T00:00:00+02:00/01:00:00+02:00 2026-10-25T02:30:00+02:00/02:30:00+01:00 2026-10-25T02:30:00+01:00/03:30:00+01:00 2026-10-25T23:59:00+01:00/00:59:00+01:00",
		"2027-03-28": "2027-03-28T00:00:00+01:00/01:00:00+01:00 2027-03-28T01:30:00+01:00/03:30:00+02:00 2027-03-28T03:30:00+02:00/04:30:00+02:00 2027-03-28T23:59:00+02:00/00:59:00+02:00",
	} {
		a := r.do("web", "GET", "/v1/performances?institution=play&from="+day+"&to="+day, "")
		var page struct {
			Items []struct{ Start, End, TimeZone string }
		}
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(a.body), "time_zone", "TimeZone")), &page); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range page.Items {
			_, end, _ := strings.Cut(p.End, "T")
			got = append(got, p.Start+"/"+end)
			if p.TimeZone != "Europe/Paris" {
				t.Errorf("the zone is %q", p.TimeZone)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s has\n%s, want\n%s", day, strings.Join(got, " "), want)
		}
	}
}

// TestAvailability_AlwaysSaysAsOf walks every answer that tells what is left.
func TestAvailability_AlwaysSaysAsOf(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, target := range []string{
		"/v1/products", "/v1/products/" + hamlet, "/v1/products/play-103?date=2026-10-04", "/v1/performances", "/v1/products/" + hamlet + "/performances",
		"/v1/performances/" + hamletFirst, "/v1/availability?performances=" + hamletFirst, "/v1/export.ndjson?institution=play",
	} {
		a, n := r.do("web", "GET", target, ""), 0
		if a.status != http.StatusOK {
			t.Fatalf("%s: %d %s", target, a.status, a.body)
		}
		for dec := json.NewDecoder(strings.NewReader(string(a.body))); dec.More(); {
			var v any
			if err := dec.Decode(&v); err != nil {
				t.Fatal(err)
			}
			n += agesIn(t, target, v)
		}
		if n == 0 {
			t.Errorf("%s says nothing of what is left", target)
		}
	}
}

// agesIn counts the levels that were read, each of which must say when.
func agesIn(t *testing.T, at string, v any) (n int) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			n += agesIn(t, at, x)
		}
	case map[string]any:
		level, _ := v["level"].(string)
		if level == "good" || level == "limited" || level == "sold_out" {
			n++
			if s, _ := v["as_of"].(string); s == "" {
				t.Errorf("%s: %v has no as_of", at, v)
			} else if _, err := time.Parse(time.RFC3339, s); err != nil {
				t.Errorf("%s: %v", at, err)
			}
		}
		for name, x := range v {
			n += agesIn(t, at+"/"+name, x)
		}
	}
	return n
}

// TestIDs_AreText walks every catalog answer: an id is text with its institution, never a number.
func TestIDs_AreText(t *testing.T) {
	t.Parallel()
	r := everythingRig(t)
	for _, target := range []string{"/v1/products", "/v1/products/play-103", "/v1/performances", "/v1/performances/" + hamletFirst, "/v1/institutions/play/reference"} {
		var v any
		if err := json.Unmarshal(r.do("web", "GET", target, "").body, &v); err != nil {
			t.Fatal(err)
		}
		numbersAsID(t, target, v)
	}
}

func numbersAsID(t *testing.T, at string, v any) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			numbersAsID(t, at, x)
		}
	case map[string]any:
		if n, ok := v["id"].(float64); ok {
			t.Errorf("%s: the id %v is a number", at, n)
		}
		for name, x := range v {
			numbersAsID(t, at+"/"+name, x)
		}
	}
}

func TestMethods_AllowNamesHead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for target, want := range map[string]string{"/v1/products": "GET, HEAD", "/v1/images/play-101/large": "GET, HEAD"} {
		if a := r.do("web", "OPTIONS", target, ""); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != want {
			t.Errorf("%s: %d, Allow is %q", target, a.status, a.header.Get("Allow"))
		}
	}
	if a := r.do("web", "DELETE", "/v1/orders", ""); !strings.Contains(a.header.Get("Allow"), "GET") || !strings.Contains(a.header.Get("Allow"), "POST") || !strings.Contains(a.header.Get("Allow"), "HEAD") {
		t.Errorf("Allow is %q", a.header.Get("Allow"))
	}
	// HEAD is refused like GET.
	if a := r.do("web", "HEAD", "/v1/products?limit=0", ""); a.status != http.StatusUnprocessableEntity {
		t.Errorf("HEAD with a bad parameter: %d", a.status)
	}
}
