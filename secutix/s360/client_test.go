package s360

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNew_NamesEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := New(Options{BaseURL: "ftp://x", Auth: "basic", SubjectCase: "odd", CallTimeout: 30 * time.Second})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"base URL", "institution", "operator", "secret", "clock", "auth", "subject case", "call timeout"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in %v", want, err)
		}
	}
}

func TestNew_VersionsAreConfiguration(t *testing.T) {
	t.Parallel()
	s := &script{steps: []step{ok(done), ok(done)}}
	c := newTestClient(t, s, func(o *Options) {
		o.BaseURL = "http://theatre.example"
		o.Versions = map[string]string{"externalOrderService": "v1_34"}
	})
	if _, err := c.Orders.GetOrderDetails(t.Context(), OrderDetailsRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Catalog.GetPOSConfig(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"/tnseb/backend-apis/externalOrderService/v1_34/getOrderDetails", "/tnseb/backend-apis/catalogService/v1_33/getPOSConfig"}
	if diff := cmp.Diff(want, []string{s.asked[0].path, s.asked[1].path}); diff != "" {
		t.Error(diff)
	}
}

func TestWithClass_LeavesTheFirstClientAlone(t *testing.T) {
	t.Parallel()
	g := &recordingGate{}
	c := newTestClient(t, &script{steps: []step{ok(done), ok(done)}}, func(o *Options) { o.Gate = g })
	sale := c.WithClass(ClassSale)
	for _, each := range []*Client{c, sale} {
		if err := each.Catalog.IsCatalogServiceAlive(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if g.entered[0].Class != "" || g.entered[1].Class != ClassSale || sale.Institution() != "Theatre" {
		t.Errorf("%+v", g.entered)
	}
}

// TestGetUpdatedAvailabilities_CutsLongLists: 450 ids are three calls, in order,
// none lost, and the answers are one list.
func TestGetUpdatedAvailabilities_CutsLongLists(t *testing.T) {
	t.Parallel()
	var ids List[ID]
	for i := range 450 {
		ids = append(ids, ID(i+1))
	}
	part := func(id int) step {
		return ok(fmt.Sprintf(`{"statusCode":"success","availabilityUpdateData":{"productId":%d}}`, id))
	}
	s := &script{steps: []step{part(1), part(201), part(401)}}
	got, err := newTestClient(t, s).Availability.GetUpdatedAvailabilities(t.Context(), UpdatedAvailabilitiesRequest{PointOfSalesID: 1, ProductIDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(List[AvailabilityUpdate]{{ProductID: 1}, {ProductID: 201}, {ProductID: 401}}, got.AvailabilityUpdateData); diff != "" {
		t.Error(diff)
	}
	var sent List[ID]
	for i, body := range s.bodies() {
		var r UpdatedAvailabilitiesRequest
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			t.Fatal(err)
		}
		if want := []int{200, 200, 50}[i]; len(r.ProductIDs) != want {
			t.Errorf("call %d: %d ids, want %d", i, len(r.ProductIDs), want)
		}
		sent = append(sent, r.ProductIDs...)
	}
	if diff := cmp.Diff(ids, sent); diff != "" {
		t.Error(diff)
	}
}

func TestAvailability_LongListsBecomeOneAnswer(t *testing.T) {
	t.Parallel()
	ids := make(List[ID], 201)
	event := ok(`{"statusCode":"success","eventAvailabilityData":{"eventAvailabilities":[{"eventId":1}]}}`)
	s := &script{steps: []step{event, event}}
	got, err := newTestClient(t, s).Availability.GetEventAvailability(t.Context(), EventAvailabilityRequest{PerformanceIDs: ids})
	if err != nil || len(got.EventAvailabilityData.EventAvailabilities) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	performance := ok(`{"statusCode":"success","performanceAvailabilityData":[{"performanceId":1}]}`)
	s = &script{steps: []step{performance, {status: 509}}}
	part, err := newTestClient(t, s).Availability.GetPerformanceAvailability(t.Context(), PerformanceAvailabilityRequest{PerformanceIDs: ids})
	wantKind(t, err, KindRateLimited)
	if len(part.PerformanceAvailabilityData) != 1 {
		t.Errorf("%+v", part)
	}
	product := ok(`{"statusCode":"success","productAvailabilityData":[{"productId":1}]}`)
	s = &script{steps: []step{product, product}}
	all, err := newTestClient(t, s).Availability.GetProductAvailability(t.Context(), ProductAvailabilityRequest{ProductIDs: ids})
	if err != nil || len(all.ProductAvailabilityData) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
}
