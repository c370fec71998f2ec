package s360

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func token(n int) step { return ok(fmt.Sprintf(`{"token":"t%d"}`, n)) }

func TestLogin_OneTokenServesUntilRefusedOrOld(t *testing.T) {
	t.Parallel()
	const alive, auth = "/theatre/tnseb/backend-apis/catalogService/v1_33/isCatalogServiceAlive", "/theatre/tnai/backend-apis/v1/auth"
	type seen struct{ path, authorization string }
	tests := []struct {
		name  string
		steps []step
		pause time.Duration // between two calls
		want  []seen
		kind  Kind // of the second call
	}{
		{
			name:  "kept",
			steps: []step{token(1), ok(done), ok(done)}, pause: 4 * time.Minute,
			want: []seen{{auth, ""}, {alive, "Bearer t1"}, {alive, "Bearer t1"}},
		},
		{
			name:  "old",
			steps: []step{token(1), ok(done), token(2), ok(done)}, pause: 5 * time.Minute,
			want: []seen{{auth, ""}, {alive, "Bearer t1"}, {auth, ""}, {alive, "Bearer t2"}},
		},
		{
			name:  "refused",
			steps: []step{token(1), ok(done), {status: 403}, token(2), ok(done)},
			want:  []seen{{auth, ""}, {alive, "Bearer t1"}, {alive, "Bearer t1"}, {auth, ""}, {alive, "Bearer t2"}},
		},
		{
			name:  "refused twice",
			steps: []step{token(1), ok(done), {status: 401}, token(2), {status: 401}},
			want:  []seen{{auth, ""}, {alive, "Bearer t1"}, {alive, "Bearer t1"}, {auth, ""}, {alive, "Bearer t2"}},
			kind:  KindAuth,
		},
		{
			name:  "login refused",
			steps: []step{token(1), ok(done), {status: 401}, {status: 401, body: "who?"}},
			want:  []seen{{auth, ""}, {alive, "Bearer t1"}, {alive, "Bearer t1"}, {auth, ""}},
			kind:  KindAuth,
		},
		{
			name:  "login limited",
			steps: []step{token(1), ok(done), {status: 509}}, pause: time.Hour,
			want: []seen{{auth, ""}, {alive, "Bearer t1"}, {auth, ""}},
			kind: KindRateLimited,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := fixedNow()
			s := &script{steps: tt.steps}
			c := newTestClient(t, s, func(o *Options) {
				o.Auth = AuthLogin
				o.Clock = func() time.Time { return now }
			})
			if err := c.Catalog.IsCatalogServiceAlive(t.Context()); err != nil {
				t.Fatal(err)
			}
			now = now.Add(tt.pause)
			wantKind(t, c.Catalog.IsCatalogServiceAlive(t.Context()), tt.kind)
			var got []seen
			for _, a := range s.asked {
				got = append(got, seen{a.path, a.authorization})
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(seen{})); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLogin_SendsTheCredentialsAndCountsAtTheGate(t *testing.T) {
	t.Parallel()
	g, s := &recordingGate{}, &script{steps: []step{token(1), ok(done)}}
	c := newTestClient(t, s, func(o *Options) { o.Auth = AuthLogin; o.Gate = g })
	if err := c.WithClass(ClassSale).Catalog.IsCatalogServiceAlive(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got loginRequest
	if err := json.Unmarshal([]byte(s.asked[0].body), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(loginRequest{Operator: "THEATRE_RESELL", Partner: "our shop", Secret: "s3cr3t-of-the-operator"}, got); diff != "" {
		t.Error(diff)
	}
	if len(g.entered) != 2 || g.entered[0].Service != "auth" || g.entered[0].Class != ClassSale || g.entered[0].Changing {
		t.Errorf("%+v", g.entered)
	}
}

func TestLogin_FailureLeavesAChangeCertain(t *testing.T) {
	t.Parallel()
	for _, st := range []step{{status: 401}, {status: 500}, {status: 509}, ok("<html>"), ok(`{}`)} {
		c := newTestClient(t, &script{steps: []step{st, st, st}}, func(o *Options) { o.Auth = AuthLogin })
		_, err := c.Orders.CloseOrder(t.Context(), CloseOrderRequest{OrderID: 1})
		if e := wantError(t, err); e.Uncertain() || e.Sent || e.Method != "closeOrder" {
			t.Errorf("%+v: %+v", st, e)
		}
	}
}

func TestLogin_ManyCallsLogInOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logins atomic.Int32
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("Authorization") != "" {
				return respond(r, http.StatusOK, done), nil
			}
			logins.Add(1)
			err := sleep(r.Context(), time.Second)
			return respond(r, http.StatusOK, `{"token":"t1"}`), err
		})
		c := newTestClient(t, transport, func(o *Options) { o.Auth = AuthLogin })
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := c.Catalog.IsCatalogServiceAlive(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := logins.Load(); n != 1 {
			t.Errorf("%d logins", n)
		}
	})
}
