package s360

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	working     = `{"statusCode":"in_progress","requestId":812}`
	workingNoID = `{"statusCode":"in_progress"}`
	done        = `{"statusCode":"success"}`
)

func TestAsync_AsksAgainWithTheRequestID(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		steps  []step
		bodies []string
		kind   Kind // zero: success
	}{
		{
			name:   "the id is sent with the same parameters until it is done",
			steps:  []step{ok(working), ok(working), ok(done)},
			bodies: []string{`{"seasonCode":"2627"}`, `{"requestId":812,"seasonCode":"2627"}`, `{"requestId":812,"seasonCode":"2627"}`},
		},
		{
			name:   "without an id the same call is repeated",
			steps:  []step{ok(workingNoID), ok(done)},
			bodies: []string{`{"seasonCode":"2627"}`, `{"seasonCode":"2627"}`},
		},
		{
			name:   "an id given late is used from then on",
			steps:  []step{ok(workingNoID), ok(working), ok(workingNoID), ok(done)},
			bodies: []string{`{"seasonCode":"2627"}`, `{"seasonCode":"2627"}`, `{"requestId":812,"seasonCode":"2627"}`, `{"requestId":812,"seasonCode":"2627"}`},
		},
		{
			name:   "polls are bounded",
			steps:  []step{ok(working), ok(working), ok(working), ok(working), ok(done)},
			bodies: []string{`{"seasonCode":"2627"}`, `{"requestId":812,"seasonCode":"2627"}`, `{"requestId":812,"seasonCode":"2627"}`, `{"requestId":812,"seasonCode":"2627"}`},
			kind:   KindInProgress,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &script{steps: tt.steps}
			c := newTestClient(t, s, func(o *Options) { o.MaxPolls = 3 })
			_, err := c.Catalog.GetCatalogDetailed(t.Context(), CatalogRequest{SeasonCode: "2627"})
			wantKind(t, err, tt.kind)
			if diff := cmp.Diff(tt.bodies, s.bodies()); diff != "" {
				t.Errorf("bodies (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAsync_PausesGrowAndEndWithTheContext(t *testing.T) {
	t.Parallel()
	var pauses []time.Duration
	stop := errors.New("enough")
	s := &script{steps: []step{ok(working), ok(working), ok(working)}}
	c := newTestClient(t, s, func(o *Options) {
		o.Sleep = func(_ context.Context, d time.Duration) error {
			pauses = append(pauses, d)
			if len(pauses) == 3 {
				return stop
			}
			return nil
		}
	})
	_, err := c.Catalog.GetCatalogDetailed(t.Context(), CatalogRequest{})
	e := wantKind(t, err, KindInProgress)
	if !errors.Is(err, stop) || e.RequestID != 812 {
		t.Errorf("err = %v, request id %d", err, e.RequestID)
	}
	if diff := cmp.Diff([]time.Duration{5 * time.Second, 10 * time.Second, 10 * time.Second}, pauses); diff != "" {
		t.Error(diff)
	}
}

func TestAsync_ChangingCallWithoutIDIsNeverRepeated(t *testing.T) {
	t.Parallel()
	s := &script{steps: []step{ok(workingNoID), ok(done)}}
	c := newTestClient(t, s)
	_, err := c.Orders.CloseOrder(t.Context(), CloseOrderRequest{OrderID: 1})
	if e := wantKind(t, err, KindInProgress); !e.Uncertain() || len(s.asked) != 1 {
		t.Errorf("uncertain %t after %d calls", e.Uncertain(), len(s.asked))
	}
}

func TestAsync_AcceptedChangeStaysUncertain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		poll      step
		uncertain bool
	}{
		{"limited", step{status: 509}, true},
		{"not authorised", step{status: 401}, true},
		{"gone", step{status: 404}, true},
		{"refused for a reason not foreseen", ok(`{"statusCode":"failure"}`), true},
		{"refused for a reason foreseen", ok(`{"statusCode":"failure","expectedException":true}`), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, &script{steps: []step{ok(working), tt.poll, tt.poll}})
			_, err := c.Orders.CloseOrder(t.Context(), CloseOrderRequest{OrderID: 1})
			var e *Error
			if !errors.As(err, &e) || e.Uncertain() != tt.uncertain {
				t.Errorf("%v: uncertain %t", err, e.Uncertain())
			}
		})
	}
}

// wantKind checks the kind of err (zero: no error) and returns it as *Error.
func wantKind(t *testing.T, err error, k Kind) *Error {
	t.Helper()
	if k == 0 {
		if err != nil {
			t.Fatalf("err = %v", err)
		}
		return nil
	}
	var e *Error
	if !errors.As(err, &e) || e.Kind != k {
		t.Fatalf("err = %v, want kind %q", err, k)
	}
	return e
}
