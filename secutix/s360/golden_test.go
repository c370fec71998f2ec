package s360

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// golden calls one method with the request of a golden file.
type golden struct {
	path string // service and method as in testdata
	url  string // below the sales module, or whole from another module on
	call func(ctx context.Context, c *Client, request []byte) (any, error)
}

func goldens() []golden {
	return append(append(orderGoldens(), gateGoldens()...), []golden{
		{"SetupService/listSeasons", "setupService/v1_33/listSeasons", func(ctx context.Context, c *Client, _ []byte) (any, error) {
			return c.Setup.ListSeasons(ctx)
		}},
		{"SetupService/searchProductsByCriteria", "setupService/v1_33/searchProductsByCriteria", calling(func(c *Client) func(context.Context, SearchProductsRequest) (ProductsResult, error) {
			return c.Setup.SearchProductsByCriteria
		})},
		{"SetupService/listAudienceSubCategories", "setupService/v1_33/listAudienceSubCategories", calling(func(c *Client) func(context.Context, SeasonRequest) (AudienceSubCategoriesResult, error) {
			return c.Setup.ListAudienceSubCategories
		})},
		{"SetupService/listPriceLevels", "setupService/v1_33/listPriceLevels", calling(func(c *Client) func(context.Context, SeasonRequest) (PriceLevelsResult, error) {
			return c.Setup.ListPriceLevels
		})},
		{"SetupService/listVatCodes", "setupService/v1_33/listVatCodes", func(ctx context.Context, c *Client, _ []byte) (any, error) {
			return c.Setup.ListVatCodes(ctx)
		}},
		{"SetupService/getProductDetails", "setupService/v1_33/getProductDetails", calling(func(c *Client) func(context.Context, ProductDetailsRequest) (ProductDetailsResult, error) {
			return c.Setup.GetProductDetails
		})},
		{"SetupService/listActivities", "setupService/v1_33/listActivities", calling(func(c *Client) func(context.Context, SeasonRequest) (ActivitiesResult, error) {
			return c.Setup.ListActivities
		})},
		{"AvailabilityService/getSeatsAvailability", "availabilityService/v1_33/getSeatsAvailability", calling(func(c *Client) func(context.Context, SeatsAvailabilityRequest) (SeatsAvailabilityResult, error) {
			return c.Availability.GetSeatsAvailability
		})},
		{"AvailabilityService/getAvailableThemeAndLanguage", "availabilityService/v1_33/getAvailableThemeAndLanguage", calling(func(c *Client) func(context.Context, ThemeAndLanguageRequest) (ThemeAndLanguageResult, error) {
			return c.Availability.GetAvailableThemeAndLanguage
		})},
		{"CatalogService/getCatalog", "catalogService/v1_33/getCatalog", calling(func(c *Client) func(context.Context, CatalogTextRequest) (CatalogTextResult, error) {
			return c.Catalog.GetCatalog
		})},
		{"CatalogService/isCatalogServiceAlive", "catalogService/v1_33/isCatalogServiceAlive", func(ctx context.Context, c *Client, _ []byte) (any, error) {
			return WebMethodResult{Result{StatusCode: StatusSuccess}}, c.Catalog.IsCatalogServiceAlive(ctx)
		}},
		{"CatalogService/getPOSConfig", "catalogService/v1_33/getPOSConfig", func(ctx context.Context, c *Client, _ []byte) (any, error) {
			return c.Catalog.GetPOSConfig(ctx)
		}},
		{"CatalogService/getLastSetupUpdate", "catalogService/v1_33/getLastSetupUpdate", func(ctx context.Context, c *Client, _ []byte) (any, error) {
			return c.Catalog.GetLastSetupUpdate(ctx)
		}},
		{"CatalogService/getCatalogDetailed", "catalogService/v1_33/getCatalogDetailed", calling(func(c *Client) func(context.Context, CatalogRequest) (CatalogResultDetailed, error) {
			return c.Catalog.GetCatalogDetailed
		})},
		{"AvailabilityService/getUpdatedAvailabilities", "availabilityService/v1_33/getUpdatedAvailabilities", calling(func(c *Client) func(context.Context, UpdatedAvailabilitiesRequest) (UpdatedAvailabilitiesResult, error) {
			return c.Availability.GetUpdatedAvailabilities
		})},
		{"AvailabilityService/getEventAvailability", "availabilityService/v1_33/getEventAvailability", calling(func(c *Client) func(context.Context, EventAvailabilityRequest) (EventAvailabilityResult, error) {
			return c.Availability.GetEventAvailability
		})},
		{"AvailabilityService/getPerformanceAvailability", "availabilityService/v1_33/getPerformanceAvailability", calling(func(c *Client) func(context.Context, PerformanceAvailabilityRequest) (PerformanceAvailabilityResult, error) {
			return c.Availability.GetPerformanceAvailability
		})},
		{"AvailabilityService/getProductAvailability", "availabilityService/v1_33/getProductAvailability", calling(func(c *Client) func(context.Context, ProductAvailabilityRequest) (ProductAvailabilityResult, error) {
			return c.Availability.GetProductAvailability
		})},
		{"ExternalOrderFacade/createOrUpdateOrder", "externalOrderFacade/v1_33/createOrUpdateOrder", calling(func(c *Client) func(context.Context, CreateOrUpdateOrderRequest) (OrderUpdateResult, error) {
			return c.OrderFacade.CreateOrUpdateOrder
		})},
		{"ExternalOrderService/closeOrder", "externalOrderService/v1_33/closeOrder", calling(func(c *Client) func(context.Context, CloseOrderRequest) (CloseOrderResult, error) {
			return c.Orders.CloseOrder
		})},
		{"ExternalOrderService/getOrderDetails", "externalOrderService/v1_33/getOrderDetails", calling(func(c *Client) func(context.Context, OrderDetailsRequest) (OrderDetailResult, error) {
			return c.Orders.GetOrderDetails
		})},
		{"ExternalOrderService/abandonMovements", "externalOrderService/v1_33/abandonMovements", calling(func(c *Client) func(context.Context, AbandonMovementsRequest) (OrderUpdateResult, error) {
			return c.Orders.AbandonMovements
		})},
	}...)
}

func calling[Q, R any](of func(*Client) func(context.Context, Q) (R, error)) func(context.Context, *Client, []byte) (any, error) {
	return func(ctx context.Context, c *Client, request []byte) (any, error) {
		var q Q
		if err := json.Unmarshal(request, &q); err != nil {
			return nil, err
		}
		return of(c)(ctx, q)
	}
}

// TestGolden_ClientSendsAndReadsTheDocumentedFiles sends each documented
// request, byte for byte of its meaning, to the documented path, and reads each
// documented answer; what was read survives being written and read again, and
// the canonical answer is written as it was.
func TestGolden_ClientSendsAndReadsTheDocumentedFiles(t *testing.T) {
	t.Parallel()
	for _, g := range goldens() {
		t.Run(g.path, func(t *testing.T) {
			t.Parallel()
			for _, request := range files(t, g.path, "request*.json") {
				for _, response := range files(t, g.path, "response*.json") {
					checkGolden(t, g, request, response)
				}
			}
		})
	}
}

func checkGolden(t *testing.T, g golden, requestFile, responseFile string) {
	t.Helper()
	request, response := read(t, requestFile), read(t, responseFile)
	s := &script{steps: []step{ok(string(response)), ok(string(response))}}
	c := newTestClient(t, s, func(o *Options) { o.MaxPolls = 1 })
	got, err := g.call(t.Context(), c, request)
	wantError := strings.Contains(responseFile, "refused") || strings.Contains(responseFile, "inprogress")
	if (err != nil) != wantError {
		t.Fatalf("%s: err = %v", responseFile, err)
	}
	want := g.url
	if !strings.HasPrefix(want, "tn") {
		want = moduleSales + "/backend-apis/" + want
	}
	if want = "/theatre/" + want; s.asked[0].path != want {
		t.Errorf("path %s, want %s", s.asked[0].path, want)
	}
	if diff := cmp.Diff(generic(request), generic([]byte(s.asked[0].body))); diff != "" {
		t.Errorf("%s: request sent (-file +sent):\n%s", requestFile, diff)
	}
	written, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	again := reflect.New(reflect.TypeOf(got))
	if err := Decode(written, again.Interface()); err != nil {
		t.Fatalf("%s: read again: %v\n%s", responseFile, err, written)
	}
	if diff := cmp.Diff(normal(got), normal(again.Elem().Interface())); diff != "" {
		t.Errorf("%s: written and read again (-first +again):\n%s", responseFile, diff)
	}
	if filepath.Base(responseFile) == "response.json" {
		if diff := cmp.Diff(generic(response), generic(written)); diff != "" {
			t.Errorf("%s: written (-file +written):\n%s", responseFile, diff)
		}
	}
}

// normal hides what does not survive encoding by design: the zone pointers of
// times and the text LastSetupUpdate was read from.
func normal(v any) any {
	if l, is := v.(LastSetupUpdateResult); is {
		l.Raw, l.LastSetupUpdate = "", Date{}
		return generic(mustJSON(l))
	}
	return generic(mustJSON(v))
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func generic(b []byte) any {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		panic(err)
	}
	return v
}

func files(t *testing.T, dir, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("testdata", dir, pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, dir, err)
	}
	return found
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decodeFile[T any](t *testing.T, file string) T {
	t.Helper()
	var own, std T
	b := read(t, filepath.Join("testdata", file))
	if err := Decode(b, &own); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &std); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(own, std); diff != "" {
		t.Errorf("encoding/json reads %s differently (-Decode +json):\n%s", file, diff)
	}
	return own
}

func TestGolden_LooseCatalogReadsAsTheStrictOne(t *testing.T) {
	t.Parallel()
	loose := decodeFile[CatalogResultDetailed](t, "CatalogService/getCatalogDetailed/response_loose.json").CatalogData
	strict := decodeFile[CatalogResultDetailed](t, "CatalogService/getCatalogDetailed/response.json").CatalogData
	l, s := loose.Seasons[0], strict.Seasons[0]
	if l.ID != s.ID || l.Code != s.Code || !l.Start.Equal(s.Start.Time) || !l.End.Equal(s.End.Time) {
		t.Errorf("season: %+v, want as %+v", l, s)
	}
	lp, sp := l.Products[0], s.Products[0]
	if lp.ID != sp.ID || !lp.SalePeriods[0].End.Open() || !lp.SalePeriods[0].Start.Unset() || !bool(lp.SalePeriods[0].SalePossible) {
		t.Errorf("product: %+v", lp)
	}
	if diff := cmp.Diff(List[ID]{601}, lp.SalePeriods[0].AudienceSubCatIDs); diff != "" {
		t.Error(diff)
	}
	lf, sf := lp.Event.Performances[0], sp.Event.Performances[0]
	if !lf.Start.Equal(sf.Start.Time) || *lf.Duration != *sf.Duration || bool(*lf.Numbered) {
		t.Errorf("performance: %+v", lf)
	}
	if *lf.Prices[0].Amount != 42000 || lf.Prices[0].InstitutionSeatCatID != 55 || lf.Prices[0].MinQty != nil {
		t.Errorf("price: %+v", lf.Prices[0])
	}
	if string(lf.Extra["externalDescription"]) != `"just a text"` || string(lp.Extra["newMember"]) != `{"deep":[true]}` {
		t.Errorf("unknown members: %s, %s", lf.Extra, lp.Extra)
	}
	if string(lf.Prices[0].Extra["newPriceMember"]) != "1" {
		t.Errorf("unknown members of the price: %s", lf.Prices[0].Extra)
	}
	if line := l.Products[1].Pack.PackageLine[0]; line.Product.Code != "HAMLET" || *line.Quantity != 2 {
		t.Errorf("package line: %+v", line)
	}
	if diff := cmp.Diff(List[ID]{5, 6}, l.Products[2].Pass.Items[0].TimeslotIDs); diff != "" {
		t.Error(diff)
	}
}

func TestGolden_LooseAvailabilityKeepsAmbiguousMembers(t *testing.T) {
	t.Parallel()
	got := decodeFile[EventAvailabilityResult](t, "AvailabilityService/getEventAvailability/response_loose.json").EventAvailabilityData
	event := got.EventAvailabilities[0]
	if event.Level != "ORANGE" || *event.Quantity != 412 {
		t.Errorf("event: %+v", event)
	}
	p := event.PerformanceAvailabilities[0]
	if p.Level != "RED" || *p.Quantity != 0 || string(p.Extra["available"]) != "true" {
		t.Errorf("performance: %+v", p)
	}
	if c := p.SeatCategoryAvailabilities[0]; c.SeatCategoryID != 1001 || *c.Quantity != 3 {
		t.Errorf("seat category: %+v", c)
	}
}

func TestGolden_LooseOrderKeepsSeatMembersOfAnyName(t *testing.T) {
	t.Parallel()
	got := decodeFile[OrderUpdateResult](t, "ExternalOrderFacade/createOrUpdateOrder/response_loose.json").OrderUpdateData
	m := got.MovementDataUpdates[0]
	if m.MovementID != 9001 || m.SeatID != 33 || m.Row != "12" || m.Number != "07" {
		t.Errorf("movement: %+v", m)
	}
	if string(m.Extra["seatNo"]) != `"B7"` || string(m.Extra["area"]) != `{"id":1}` {
		t.Errorf("unknown members: %s", m.Extra)
	}
	if o := got.OperationDataUpdates[0]; *o.TotalAmount != 70000 || o.UnitPrice != nil || o.FileID != 880001 {
		t.Errorf("operation: %+v", o)
	}
}

func TestGolden_CloseOrderFindsBarcodes(t *testing.T) {
	t.Parallel()
	strict := decodeFile[CloseOrderResult](t, "ExternalOrderService/closeOrder/response.json").Issued
	want := Issued{OrderID: 1000001, OrderState: "CLOSED", Tickets: []IssuedTicket{
		{MovementID: 9001, TicketID: 7701, State: "VALID", Barcode: "004200000000000000000017"},
		{MovementID: 9002, TicketID: 7702, State: "VALID", Barcode: "004200000000000000000025"},
	}}
	if diff := cmp.Diff(want, strict); diff != "" {
		t.Error(diff)
	}
	loose := decodeFile[CloseOrderResult](t, "ExternalOrderService/closeOrder/response_loose.json").Issued
	want.Tickets = []IssuedTicket{
		{MovementID: 9001, Barcode: "004200000000000000000017"},
		{TicketID: 7702, Barcode: "004200000000000000000025"},
	}
	if diff := cmp.Diff(want, loose); diff != "" {
		t.Error(diff)
	}
}

func TestGolden_LastSetupUpdateIsTheFirstDate(t *testing.T) {
	t.Parallel()
	const dir = "CatalogService/getLastSetupUpdate/"
	named := decodeFile[LastSetupUpdateResult](t, dir+"response.json")
	other := decodeFile[LastSetupUpdateResult](t, dir+"response_othername.json")
	if named.LastSetupUpdate.UnixMilli() != 1789884191000 || named.Raw != "2026-09-20T08:03:11.000+02:00" {
		t.Errorf("named: %+v", named)
	}
	if other.LastSetupUpdate.UnixMilli() != 1789884191000 || other.Raw != "1789884191000" {
		t.Errorf("other name: %+v", other)
	}
	none := decodeFile[LastSetupUpdateResult](t, dir+"response_nodate.json")
	if !none.LastSetupUpdate.IsZero() || none.Raw != `{"setupVersion":"A17-99"}` {
		t.Errorf("no date: %+v", none)
	}
}

// TestGolden_EveryMethodHasItsFiles compares the notes in the sources with the
// table above.
func TestGolden_EveryMethodHasItsFiles(t *testing.T) {
	t.Parallel()
	note := regexp.MustCompile(`(?m)^// S-360: (\w+)\.(\w+) \(\d+\.\d+\)\nfunc `)
	var noted, tested []string
	for _, file := range files(t, "..", "*.go") {
		for _, m := range note.FindAllStringSubmatch(string(read(t, file)), -1) {
			noted = append(noted, m[1]+"/"+m[2])
		}
	}
	for _, g := range goldens() {
		tested = append(tested, g.path)
	}
	slices.Sort(noted)
	slices.Sort(tested)
	if diff := cmp.Diff(noted, tested); diff != "" {
		t.Errorf("methods (-noted +tested):\n%s", diff)
	}
}
