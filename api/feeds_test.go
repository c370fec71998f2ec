package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/catalog"
)

func TestGolden_Feeds(t *testing.T) {
	t.Parallel()
	r := everythingRig(t)
	for name, target := range map[string]string{
		"linked_event": hamlet + ".jsonld?lang=en", "linked_goods": mug + ".jsonld?lang=en", "linked_sold_out": "play-117.jsonld",
		"calendar_event": hamlet + ".ics?lang=en", "calendar_undated": mug + ".ics",
	} {
		golden(t, name, r.do("web", http.MethodGet, "/v1/products/"+target, ""))
	}
	a := r.do("web", http.MethodGet, "/v1/products/"+hamlet+".ics", "")
	if again := r.do("web", http.MethodGet, "/v1/products/"+hamlet+".ics", "", header("If-None-Match", a.header.Get("Etag"))); again.status != http.StatusNotModified {
		t.Errorf("the calendar again: %d", again.status)
	}
}

func TestFeeds_RefuseWhatIsNotThere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for target, code := range map[string]string{
		"play-999.ics": "product.unknown", "play-999.jsonld": "product.unknown", hamlet + ".xml": "route.unknown", hamlet + ".": "route.unknown",
		"nowhere-1.ics": "product.unknown",
	} {
		if a := r.do("web", http.MethodGet, "/v1/products/"+target, ""); a.status != http.StatusNotFound || !strings.Contains(string(a.body), code) {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	if a := r.do("web", http.MethodGet, "/v1/products/"+hamlet+".ics?date=2026-10-04", ""); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a parameter it does not take: %d", a.status)
	}
	if a := r.do("", http.MethodGet, "/v1/products/"+hamlet+".ics", ""); a.status != http.StatusUnauthorized {
		t.Errorf("without a key: %d", a.status)
	}
}

// unfold reads a calendar as its readers do: lines that begin with a space go on with the line before.
func unfold(t interface{ Fatalf(string, ...any) }, b []byte) []string {
	var out []string
	for _, line := range strings.Split(strings.TrimSuffix(string(b), "\r\n"), "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
			t.Fatalf("a line of %d bytes: %q", len(line), line)
		}
		if rest, ok := strings.CutPrefix(line, " "); ok {
			out[len(out)-1] += rest
			continue
		}
		out = append(out, line)
	}
	return out
}

func TestCalendar_AnyNameComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`(\PC|[,;\\]){0,200}`).Draw(t, "name")
		s := theatre()
		s.Products[0].Name, s.Products[0].Performances = domain.Text{"fr": name}, nil
		s.Index()
		v := catalog.NewView(s, nil, noon)
		sh := &shelf{view: v, index: v.Index(), at: noon}
		sp := &speech{langs: []string{"fr"}}
		want := sp.say(s.Products[0].Name, s.Products[0].Code)
		lines := unfold(t, sh.calendar(&s.Products[0], sp))
		n := 0
		for _, l := range lines {
			if text, ok := strings.CutPrefix(l, "SUMMARY:"); ok {
				n++
				if got := strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, "\n").Replace(text); got != want {
					t.Fatalf("%q came back as %q", want, got)
				}
			}
		}
		if n != 2 || lines[0] != "BEGIN:VCALENDAR" || lines[len(lines)-1] != "END:VCALENDAR" {
			t.Fatalf("%d summaries in %q", n, lines)
		}
	})
}

type exported struct {
	Type, Cursor string
	Changed      bool
	Lines        int
	Data         struct{ ID, Code string }
}

func exportOf(t *testing.T, r *rig, after string) (lines []exported, raw []byte) {
	t.Helper()
	a := r.do("web", http.MethodGet, "/v1/export.ndjson?institution=play&after="+after, "")
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	sc := bufio.NewScanner(bytes.NewReader(a.body))
	for sc.Scan() {
		var e exported
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, e)
	}
	return lines, a.body
}

func TestExport_HoldsEverything_AndGoesOnFromAnyLine(t *testing.T) {
	t.Parallel()
	r := everythingRig(t)
	all, _ := exportOf(t, r, "")
	var ids []string
	for _, e := range all[1 : len(all)-1] {
		ids = append(ids, e.Type+" "+e.Data.ID)
	}
	want := []string{
		"product play-101", "product play-102", "product play-103", "product play-104", "product play-110", "product play-111", "product play-112", "product play-113",
		"product play-114", "product play-115", "product play-116", "product play-117", "performance play-201", "performance play-202", "performance play-204",
	} // 203 is over
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	if all[0].Type != "institution" || all[0].Data.Code != "play" || all[len(all)-1].Type != "end" || all[len(all)-1].Lines != len(want) {
		t.Errorf("first %+v, last %+v", all[0], all[len(all)-1])
	}
	for i := 1; i < len(all)-1; i++ {
		rest, _ := exportOf(t, r, all[i].Cursor)
		if rest[0].Changed || !slices.EqualFunc(rest[1:len(rest)-1], all[i+1:len(all)-1], func(a, b exported) bool { return a.Data.ID == b.Data.ID && a.Cursor == b.Cursor }) {
			t.Errorf("after line %d: %+v", i, rest)
		}
	}
}

func TestExport_ComesInTheCodingWishedFor(t *testing.T) {
	t.Parallel()
	r := everythingRig(t)
	r.now.tick = 0
	_, want := exportOf(t, r, "")
	for range 2 { // compressors are used again
		for _, coding := range []string{"br", "zstd", "gzip"} {
			a := r.do("web", http.MethodGet, "/v1/export.ndjson?institution=play&after=", "", header("Accept-Encoding", coding))
			if a.header.Get("Content-Encoding") != coding || a.header.Get("Vary") != varied || 2*len(a.body) > len(want) {
				t.Errorf("%s: %v, %d bytes of %d", coding, a.header, len(a.body), len(want))
			}
			if got := plainly(t, coding, a.body); !bytes.Equal(got, want) {
				t.Errorf("%s: %.300s", coding, got)
			}
		}
	}
	if a := r.do("web", http.MethodGet, "/v1/export.ndjson?institution=play", "", header("Accept-Encoding", "identity;q=0, x;q=1")); a.status != http.StatusNotAcceptable {
		t.Errorf("nothing that could be sent: %d", a.status)
	}
}

func TestExport_SaysThatTheCatalogChangedInBetween(t *testing.T) {
	t.Parallel()
	r := everythingRig(t)
	all, _ := exportOf(t, r, "")
	r.now.at = r.now.at.Add(time.Hour)
	r.load()
	rest, _ := exportOf(t, r, all[3].Cursor)
	if !rest[0].Changed || rest[1].Data.ID != all[4].Data.ID {
		t.Errorf("%+v", rest[:2])
	}
}

func TestExport_BadInput(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all, _ := exportOf(t, r, "")
	for query, names := range map[string]string{
		"": "?institution", "institution=play&after=x": "?after", "institution=arena&after=" + all[1].Cursor: "?after", "institution=play&limit=1": "?limit",
	} {
		if a := r.do("ops", http.MethodGet, "/v1/export.ndjson?"+query, ""); a.status != http.StatusUnprocessableEntity || !strings.Contains(string(a.body), names) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	if a := r.do("web", http.MethodGet, "/v1/export.ndjson?institution=nowhere", ""); a.status != http.StatusNotFound {
		t.Errorf("an unknown institution: %d", a.status)
	}
}
