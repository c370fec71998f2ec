package s360

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMayRetry_Policy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		err     Error
		renewed bool
		reading retryDecision
		change  retryDecision
	}{
		{"no answer", Error{Kind: KindUnavailable, Sent: true}, false, retryLater, retryNever},
		{"never left", Error{Kind: KindUnavailable}, false, retryLater, retryLater},
		{"502", Error{Kind: KindUnavailable, HTTPStatus: 502, Sent: true}, false, retryLater, retryNever},
		{"503", Error{Kind: KindUnavailable, HTTPStatus: 503, Sent: true}, false, retryLater, retryNever},
		{"504", Error{Kind: KindUnavailable, HTTPStatus: 504, Sent: true}, false, retryLater, retryNever},
		{"503 asking for minutes", Error{Kind: KindUnavailable, HTTPStatus: 503, Sent: true, RetryAfter: time.Minute}, false, retryNever, retryNever},
		{"a page instead of data", Error{Kind: KindUnavailable, HTTPStatus: 200, Sent: true}, false, retryNever, retryNever},
		{"redirected", Error{Kind: KindUnavailable, HTTPStatus: 302, Sent: true}, false, retryNever, retryNever},
		{"token refused", Error{Kind: KindAuth, HTTPStatus: 401, Sent: true}, false, retryNow, retryNow},
		{"token refused twice", Error{Kind: KindAuth, HTTPStatus: 401, Sent: true}, true, retryNever, retryNever},
		{"login refused", Error{Kind: KindAuth, HTTPStatus: 401, login: true}, false, retryNever, retryNever},
		{"limited", Error{Kind: KindRateLimited, HTTPStatus: 509, Sent: true}, false, retryNever, retryNever},
		{"crash", Error{Kind: KindFault, HTTPStatus: 500, Sent: true}, false, retryNever, retryNever},
		{"refused", Error{Kind: KindBusiness, HTTPStatus: 200, Sent: true, Expected: true}, false, retryNever, retryNever},
		{"unreadable", Error{Kind: KindDecode, HTTPStatus: 200, Sent: true}, false, retryNever, retryNever},
		{"gone", Error{Kind: KindVersionGone, HTTPStatus: 404, Sent: true}, false, retryNever, retryNever},
		{"our gate", Error{Kind: KindRefused}, false, retryNever, retryNever},
		{"in progress", Error{Kind: KindInProgress, Sent: true}, false, retryNever, retryNever},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reading, change := tt.err, tt.err
			change.Changing = true
			if got := mayRetry(&reading, tt.renewed); got != tt.reading {
				t.Errorf("reading: %d, want %d", got, tt.reading)
			}
			if got := mayRetry(&change, tt.renewed); got != tt.change {
				t.Errorf("changing: %d, want %d", got, tt.change)
			}
		})
	}
}

func dialError() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
}

func TestRetry_TriesAndStops(t *testing.T) {
	t.Parallel()
	read := func(ctx context.Context, c *Client) error {
		_, err := c.Orders.GetOrderDetails(ctx, OrderDetailsRequest{OrderID: 1})
		return err
	}
	change := func(ctx context.Context, c *Client) error {
		_, err := c.Orders.CloseOrder(ctx, CloseOrderRequest{OrderID: 1})
		return err
	}
	tests := []struct {
		name      string
		call      func(context.Context, *Client) error
		steps     []step
		calls     int
		kind      Kind
		uncertain bool
	}{
		{"a read comes through at the third try", read, []step{{status: 503}, {err: io.ErrUnexpectedEOF}, ok(done)}, 3, 0, false},
		{"a read gives up after three", read, []step{{status: 502}, {status: 502}, {status: 502}, ok(done)}, 3, KindUnavailable, false},
		{"a change that never left is sent again", change, []step{{err: dialError()}, ok(done)}, 2, 0, false},
		{"a change that never left gives up certain", change, []step{{err: dialError()}, {err: dialError()}, {err: dialError()}}, 3, KindUnavailable, false},
		{"a change cut off is not sent again", change, []step{{err: io.ErrUnexpectedEOF}, ok(done)}, 1, KindUnavailable, true},
		{"a change behind a dead gateway is not sent again", change, []step{{status: 502}, ok(done)}, 1, KindUnavailable, true},
		{"a change limited is left to the caller", change, []step{{status: 509}, ok(done)}, 1, KindRateLimited, false},
		{"a read limited is left to the gate", read, []step{{status: 429}, ok(done)}, 1, KindRateLimited, false},
		{"a refused token is replaced once", change, []step{{status: 401}, ok(done)}, 2, 0, false},
		{"a token refused twice is final", change, []step{{status: 401}, {status: 403}, ok(done)}, 2, KindAuth, false},
		{"a change cut off after a new token is uncertain", change, []step{{status: 401}, {err: io.ErrUnexpectedEOF}}, 2, KindUnavailable, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &script{steps: tt.steps}
			err := tt.call(t.Context(), newTestClient(t, s))
			e := wantKind(t, err, tt.kind)
			if len(s.asked) != tt.calls {
				t.Errorf("%d calls, want %d", len(s.asked), tt.calls)
			}
			if e != nil && e.Uncertain() != tt.uncertain {
				t.Errorf("uncertain %t, want %t", e.Uncertain(), tt.uncertain)
			}
		})
	}
}

func TestRetry_WaitsAsLongAsAsked(t *testing.T) {
	t.Parallel()
	var pauses []time.Duration
	s := &script{steps: []step{{status: 503}, {status: 503, header: http.Header{"Retry-After": {"7"}}}, ok(done)}}
	c := newTestClient(t, s, func(o *Options) {
		o.Backoff = func(try int) time.Duration { return time.Duration(try) * time.Second }
		o.Sleep = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }
	})
	if err := c.Catalog.IsCatalogServiceAlive(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]time.Duration{2 * time.Second, 7 * time.Second}, pauses); diff != "" {
		t.Error(diff)
	}
}

func TestRetry_ARetryTheGateRefusesLeavesTheFirstError(t *testing.T) {
	t.Parallel()
	g := &recordingGate{refuseFrom: 2}
	c := newTestClient(t, &script{steps: []step{{status: 503}}}, func(o *Options) { o.Gate = g })
	err := c.Catalog.IsCatalogServiceAlive(t.Context())
	if e := wantKind(t, err, KindUnavailable); e.HTTPStatus != 503 {
		t.Errorf("err = %v", err)
	}
}

func TestGrowingPause_GrowsWithinBounds(t *testing.T) {
	t.Parallel()
	for try, base := range map[int]time.Duration{2: 500 * time.Millisecond, 3: time.Second, 4: 2 * time.Second, 50: 8 * time.Second} {
		for range 100 {
			if d := growingPause(try); d < base/2 || d > base*3/2 {
				t.Errorf("try %d: %s", try, d)
			}
		}
	}
}
