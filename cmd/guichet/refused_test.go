package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/secutix"
	"guichet/storage"
)

// saying is a platform that says what a test tells it to.
type saying struct {
	mu    sync.Mutex
	says  map[string]string
	asked map[string]int
}

// RoundTrip implements http.RoundTripper.
func (s *saying) RoundTrip(q *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, q.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	name := path.Base(q.URL.Path)
	s.asked[name]++
	body := s.says[name]
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: q,
		ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

func (s *saying) say(method, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.says[method] = body
}

// catalogOf is a catalog of so many plays with one performance each; currency and price are those of the first.
func catalogOf(plays int, price string) string {
	var products []string
	for i := range plays {
		amount := "42000"
		if i == 0 {
			amount = price
		}
		products = append(products, fmt.Sprintf(`{"id":%d,"code":"P%d","productFamilyType":"SINGLE_ENTRY","event":{"performances":[`+
			`{"id":%d,"start":"2027-03-01T20:00:00.000+01:00","seatCategories":[{"id":1}],"prices":[{"seatCatId":1,"audSubCatId":601,"amount":%s}]}]}}`,
			100+i, i, 1000+i, amount))
	}
	return `{"statusCode":"success","catalogData":{"seasons":[{"id":1,"code":"S","audienceCategories":[{"id":5,"code":"I","audienceSubCategories":` +
		`[{"id":601,"code":"FULL"}]}],"products":[` + strings.Join(products, ",") + `]}]}}`
}

// TestRefusedCatalog_OldOneServesAndStateSaysWhy sends every kind of broken catalog after a good one.
func TestRefusedCatalog_OldOneServesAndStateSaysWhy(t *testing.T) {
	t.Parallel()
	good := catalogOf(30, "42000")
	for name, tt := range map[string]struct{ body, why string }{
		"cut in half":       {good[:len(good)/2], "cut off"},
		"strange category":  {strings.Replace(good, `"seatCatId":1,`, `"seatCatId":2,`, 1), "seat category 2"},
		"strange tariff":    {strings.Replace(good, `"audSubCatId":601`, `"audSubCatId":602`, 1), "tariff 602"},
		"price too large":   {catalogOf(30, "9000000000000000"), "too large"},
		"ten times smaller": {catalogOf(3, "42000"), "3 products where there were 30"},
		"nothing":           {catalogOf(0, "42000"), "no products"},
		"in francs":         {catalogOf(30, `42000,"currencyCode":"CHF"`), "CHF"},
		"too deep":          {strings.Replace(good, `"code":"P7"`, `"code":`+strings.Repeat("[", 999)+strings.Repeat("]", 999), 1), "deep"},
		"member twice":      {strings.Replace(good, `"code":"P7"`, `"code":"P7","code":"P8"`, 1), "products[7].code: stands twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
			clock := func() time.Time { return now }
			platform := &saying{asked: map[string]int{}, says: map[string]string{
				"getPOSConfig": `{"statusCode":"success","posConfigData":{"posId":1,"posCode":"R","currencyCode":"EUR","organizationTimeZone":"Europe/Paris",` +
					`"mainLanguage":"fr","paymentMethods":[{"id":3,"code":"PENDING","paymentType":"WAITING_ACCOUNT","forPayment":true}]}}`,
				"getLastSetupUpdate": `{"statusCode":"success","lastSetupUpdate":"2026-11-21T08:00:00.000Z"}`,
				"listVatCodes":       `{"statusCode":"success","vatCodes":[]}`, "getCatalogDetailed": good,
			}}
			in, err := secutix.New(
				[]secutix.Settings{{Code: "opera", BaseURL: "http://sim/opera", Operator: "O", Partner: "P", Secret: "s"}},
				secutix.Options{Transport: platform, Meter: unmetered{}, Clock: clock, Log: slog.New(slog.DiscardHandler)},
			)
			if err != nil {
				t.Fatal(err)
			}
			db, err := storage.Open(t.Context(), storage.Options{URL: "sqlite::memory:", Clock: clock, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			if _, err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			service := catalog.New(catalog.Deps{Store: db.Catalog(), Platform: secutix.Catalog{Institutions: in}, Clock: clock, Institutions: in.Codes()})
			if _, err := service.RefreshCatalog(t.Context(), "opera", false); err != nil {
				t.Fatal(err)
			}
			platform.say("getCatalogDetailed", tt.body)
			platform.say("getLastSetupUpdate", `{"statusCode":"success","lastSetupUpdate":"2026-11-21T09:00:00.000Z"}`)
			now = now.Add(20 * time.Minute)
			if _, err = service.RefreshCatalog(t.Context(), "opera", false); !domain.HasCode(err, catalog.CodeCatalogRefused) {
				t.Fatalf("got %v", err)
			}
			view, err := service.View("opera")
			if err != nil || len(view.Products) != 30 || view.Version != 1 {
				t.Fatalf("the old one does not serve: %v", err)
			}
			state, err := service.State(t.Context(), "opera")
			if err != nil {
				t.Fatal(err)
			}
			if !state.RefusedAt.Equal(now) || !strings.Contains(state.RefusedReason, tt.why) || state.Version != 1 || !state.FailedAt.IsZero() {
				t.Errorf("state %+v", state)
			}
			asked := platform.asked["getCatalogDetailed"]
			now = now.Add(30 * time.Minute)
			if out, err := service.RefreshCatalog(t.Context(), "opera", false); err != nil || platform.asked["getCatalogDetailed"] != asked {
				t.Errorf("the same catalog is loaded again within the hour: %+v, %v", out, err)
			}
			platform.say("getCatalogDetailed", good)
			now = now.Add(time.Hour)
			if _, err := service.RefreshCatalog(t.Context(), "opera", false); err != nil {
				t.Errorf("a good one after it: %v", err)
			}
			if state, err := service.State(t.Context(), "opera"); err != nil || state.Version != 2 || !state.RefusedAt.IsZero() {
				t.Errorf("state after a good one: %+v, %v", state, err)
			}
		})
	}
}
