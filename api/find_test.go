package api

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFind_BySeasonNumbersSaleAndMisspeltWords(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range []struct{ query, want string }{
		{"season=2627&kind=event", zoeOnly + " " + hamletFirst + " " + hamletLate},
		{"season=play-1&venue=main", hamletFirst + " " + hamletLate},
		{"season=2526", ""},
		{"numbered=true", hamletFirst + " " + hamletLate},
		{"numbered=false", zoeOnly + " " + gameOnly},
		{"on_sale=true&institution=play", zoeOnly + " " + hamletFirst}, // the late one opens in October
		{"on_sale=false&numbered=true", hamletFirst + " " + hamletLate},
		{"q=hamelt", hamletFirst + " " + hamletLate},
		{"q=shakspere", hamletFirst + " " + hamletLate},
		{"q=lyno+grande", hamletFirst + " " + hamletLate},
		{"q=xyz", ""},
	} {
		a := r.do("web", http.MethodGet, "/v1/performances?"+c.query, "")
		if a.status != http.StatusOK {
			t.Fatalf("%s: %d %s", c.query, a.status, a.body)
		}
		if got := performanceIDs(decode[performancePageDTO](t, a)); got != c.want {
			t.Errorf("%s: %q, want %q", c.query, got, c.want)
		}
	}
}

func TestFind_CountsByTownAndSeason(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	page := decode[performancePageDTO](t, r.do("web", http.MethodGet, "/v1/performances?institution=play&facets=town,season&lang=en&limit=1", ""))
	want := &facetsDTO{
		Town:   []facetDTO{{Value: "Lyon", Count: 2}, {Value: "Villeurbanne", Count: 1}},
		Season: []facetDTO{{Value: "2627", Name: "Season 26/27", Count: 3}},
	}
	if diff := cmp.Diff(want, page.Facets); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
