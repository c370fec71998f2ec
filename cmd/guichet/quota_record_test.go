package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/domain/catalog"
	"guichet/domain/freshness"
)

// soldOutElsewhere lets other people buy what is left of a performance's first category.
func (f *fresh) soldOutElsewhere(t *testing.T, id catalog.PerformanceID, category catalog.SeatCategoryID) {
	t.Helper()
	for range 100_000 {
		w := httptest.NewRecorder()
		f.platform.Control().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("/performances/%d/sell", id),
			strings.NewReader(fmt.Sprintf(`{"seat_category":%d,"quantity":1}`, category))))
		if w.Code >= http.StatusBadRequest {
			return
		}
	}
	t.Fatal("it never sells out")
}

// hallEnv is the environment of a command for the hall and a database.
func hallEnv(t *testing.T, database string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "guichet.yaml")
	write(t, file, "allow_simulator: true\nlog_level: error\ninstitutions:\n"+
		"  - {code: hall, base_url: 'http://127.0.0.1/hall', operator: O, partner: P, partner_contact: '1'}\n")
	return []string{"GUICHET_SECRET_HALL=hush", "GUICHET_CONFIG=" + file, "GUICHET_DATABASE=" + database}
}

func TestQuotaRecord_ALivedMonth_IsReplayedForEveryPolicy(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := database(t, t.TempDir())
			f := newFresh(t, url, newHall(t, 200), nil)
			v := f.load(t)
			f.minute(t)
			hot, cold := pair(t, f)
			category := func(id catalog.PerformanceID) catalog.SeatCategoryID { return v.Performance(id).SeatCategories[0].ID }
			for hour := range 26 {
				for range 3 {
					f.get(t, fmt.Sprintf("/v1/performances/hall-%d", hot))
				}
				f.freshness.Held(hall, []freshness.Places{{Performance: hot, Category: category(hot), N: 2}})
				if hour == 12 {
					f.soldOutElsewhere(t, cold, category(cold))
					f.freshness.Refused(hall, []freshness.Places{{Performance: cold, Category: category(cold), N: 1}})
				}
				f.platform.Clock.Advance(time.Hour - time.Minute)
				f.minute(t)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			env := hallEnv(t, url)
			month := command(t, env, "quota", "record", "--institution", "hall", "--month", "2026-10")
			rows := map[string]int{}
			for line := range strings.Lines(month) {
				if strings.HasPrefix(line, "2026-10-0") {
					rows[strings.Split(line, ",")[1]]++
				}
			}
			if rows["performance"] < 10 || rows["reading"] < rows["performance"] || rows["looks"] < 20 || rows["hold"] != 26 || rows["refusal"] != 1 {
				t.Errorf("the recording has %v", rows)
			}
			contains(t, month, fmt.Sprintf("refusal,,%d,%d,1,,", cold, category(cold)), fmt.Sprintf("hold,,%d,%d,2,,", hot, category(hot)))
			file := filepath.Join(t.TempDir(), "month.csv")
			write(t, file, month)
			var got struct {
				Results []struct {
					Policy       string `json:"policy"`
					Calls        int64  `json:"calls"`
					Tries        int64  `json:"tries"`
					Views        int64  `json:"views"`
					Performances int    `json:"performances"`
				} `json:"results"`
			}
			if err := json.Unmarshal([]byte(command(t, nil, "quota", "simulate", "--policy", "all", "--json", "--recorded", file)), &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Results) != 4 {
				t.Fatalf("%d policies", len(got.Results))
			}
			for _, r := range got.Results {
				if r.Calls == 0 || r.Tries != 27 || r.Views != 78 {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

func TestQuotaRecord_BadInput_NamesTheFlag(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "guichet.db")
	env := hallEnv(t, url)
	contains(t, fails(t, env, "quota", "record", "--institution", "hall"), "guichet migrate")
	command(t, env, "migrate")
	for args, says := range map[string]string{
		"":                                      "institution",
		"--institution nowhere":                 `no institution "nowhere" is configured; there are: hall`,
		"--institution hall --month 2026-13":    `--month: "2026-13" is not a month such as 2026-11`,
		"--institution hall --month october":    "--month: ",
		"--institution hall --month 2026-10-01": "--month: ",
		"--institution hall --month 2026-10":    "quota.recording: nothing is kept of hall between 2026-10-01T00:00:00Z and 2026-11-01T00:00:00Z",
		"--institution hall more":               "unknown command",
	} {
		contains(t, fails(t, env, append([]string{"quota", "record"}, strings.Fields(args)...)...), says)
	}
}
