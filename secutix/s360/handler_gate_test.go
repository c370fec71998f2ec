package s360

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// recordingGate notes who came and went, and refuses from the n-th on.
type recordingGate struct {
	refuseFrom int

	mu      sync.Mutex
	entered []Call
	left    []Outcome
}

var errGate = errors.New("the minute is full")

func (g *recordingGate) Enter(_ context.Context, c Call) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entered = append(g.entered, c)
	if g.refuseFrom > 0 && len(g.entered) >= g.refuseFrom {
		return errGate
	}
	return nil
}

func (g *recordingGate) Leave(_ context.Context, _ Call, o Outcome) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = append(g.left, o)
}

func TestGate_LearnsWhoCallsAndWhatItCost(t *testing.T) {
	t.Parallel()
	g := &recordingGate{}
	s := &script{steps: []step{
		ok(working),
		{status: 509, body: "<html>", header: http.Header{"Retry-After": {"30"}}},
		ok(`{"statusCode":"failure","statusDetail":"error.order.availability"}`),
	}}
	c := newTestClient(t, s, func(o *Options) { o.Gate = g })
	_, err := c.WithClass(ClassRefresh).Catalog.GetCatalogDetailed(t.Context(), CatalogRequest{})
	wantKind(t, err, KindRateLimited)
	_, err = c.WithClass(ClassSale).OrderFacade.CreateOrUpdateOrder(t.Context(), CreateOrUpdateOrderRequest{PointOfSalesID: 1})
	wantKind(t, err, KindBusiness)

	want := []Call{
		{Institution: "Theatre", Service: "catalogService", Method: "getCatalogDetailed", Class: "refresh"},
		{Institution: "Theatre", Service: "catalogService", Method: "getCatalogDetailed", Class: "refresh", Poll: true},
		{Institution: "Theatre", Service: "externalOrderFacade", Method: "createOrUpdateOrder", Class: "sale", Changing: true},
	}
	if diff := cmp.Diff(want, g.entered); diff != "" {
		t.Errorf("entered (-want +got):\n%s", diff)
	}
	for i, o := range g.left {
		if o.BytesOut < 100 || o.BytesIn < 6 || !o.Started.Equal(fixedNow()) {
			t.Errorf("outcome %d: %+v", i, o)
		}
	}
	if o := g.left[0]; o.Status != 200 || o.Code != StatusInProgress || o.Limited || o.Err != nil {
		t.Errorf("in progress: %+v", o)
	}
	if o := g.left[1]; o.Status != 509 || !o.Limited || o.RetryAfter != 30*time.Second {
		t.Errorf("limited: %+v", o)
	}
	if o := g.left[2]; o.Code != "error.order.availability" {
		t.Errorf("refused: %+v", o)
	}
}

func TestGate_RefusalIsCertainAndNothingIsSent(t *testing.T) {
	t.Parallel()
	g, s := &recordingGate{refuseFrom: 1}, &script{}
	c := newTestClient(t, s, func(o *Options) { o.Gate = g })
	_, err := c.Orders.CloseOrder(t.Context(), CloseOrderRequest{OrderID: 1})
	if e := wantKind(t, err, KindRefused); !errors.Is(err, errGate) || e.Uncertain() || e.Sent {
		t.Errorf("err = %v, uncertain %t", err, e.Uncertain())
	}
	if len(s.asked) != 0 || len(g.left) != 0 {
		t.Errorf("%d calls, %d left", len(s.asked), len(g.left))
	}
}

func TestGate_PollThatIsRefusedLeavesTheChangeUncertain(t *testing.T) {
	t.Parallel()
	g := &recordingGate{refuseFrom: 2}
	c := newTestClient(t, &script{steps: []step{ok(working)}}, func(o *Options) { o.Gate = g })
	_, err := c.Orders.CloseOrder(t.Context(), CloseOrderRequest{OrderID: 1})
	if e := wantKind(t, err, KindRefused); !e.Uncertain() {
		t.Error("certain")
	}
}

func TestGate_EveryTryPassesIt(t *testing.T) {
	t.Parallel()
	g := &recordingGate{}
	c := newTestClient(t, &script{steps: []step{{status: 401}, {status: 503}, {err: dialError()}, ok(done)}}, func(o *Options) {
		o.Gate = g
		o.ReadingTries = 5
	})
	if err := c.Catalog.IsCatalogServiceAlive(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(g.entered) != 4 || len(g.left) != 4 {
		t.Errorf("%d entered, %d left", len(g.entered), len(g.left))
	}
	if o := g.left[2]; o.Err == nil || o.Status != 0 || o.BytesOut != 0 {
		t.Errorf("never left: %+v", o)
	}
}
