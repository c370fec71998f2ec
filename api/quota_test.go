package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet/domain/quota"
)

// An order's calls are shown to those who pay, with what each cost, and nobody else's are among them.
func TestOrderCalls_ListsWhatAnOrderCost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := decode[orderDTO](t, r.post(orderBody())).ID
	for order, method := range map[string]string{id: "createOrUpdateOrder", "ord_other": "closeOrder"} {
		ctx := quota.ForJob(quota.ForOrder(t.Context(), order), "sales.settle")
		c := quota.Call{Institution: "play", Service: "externalOrderFacade", Method: method, Class: quota.Sale}
		if err := r.deps.Meter.Enter(ctx, c); err != nil {
			t.Fatal(err)
		}
		r.deps.Meter.Leave(ctx, c, quota.Result{Outcome: "ok", BytesOut: 10, BytesIn: 20, Took: 30 * time.Millisecond})
	}
	for _, key := range []string{"money", "ops"} {
		a := r.do(key, http.MethodGet, "/v1/orders/"+id+"/calls", "")
		got := decode[struct{ Items []orderCallDTO }](t, a).Items
		if a.status != http.StatusOK || len(got) != 1 {
			t.Fatalf("%s: %d %s", key, a.status, a.body)
		}
		if g := got[0]; g.Method != "createOrUpdateOrder" || g.Class != "sale" || g.Job != "sales.settle" || g.Outcome != "ok" || g.BytesOut != 10 || g.BytesIn != 20 || g.MS != 30 || g.At.IsZero() {
			t.Errorf("%s: %+v", key, g)
		}
	}
}

func TestOrderCalls_Raw_ShowsWhatWasAskedAndAnsweredToOperators(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := decode[orderDTO](t, r.post(orderBody())).ID
	got := decode[struct{ Raw []orderAnswerDTO }](t, r.do("ops", http.MethodGet, "/v1/orders/"+id+"/calls?raw=true", "")).Raw
	if len(got) != 1 || got[0].Call != "externalOrderService.closeOrder" || got[0].Outcome != "ok" || got[0].At.IsZero() {
		t.Fatalf("%+v", got)
	}
	if string(got[0].Answer["statusCode"]) != `"success"` || string(got[0].Request["orderId"]) != "1" || got[0].Text != "" {
		t.Errorf("%+v", got[0])
	}
	if a := r.do("ops", http.MethodGet, "/v1/orders/"+id+"/calls", ""); a.status != http.StatusOK || strings.Contains(string(a.body), "raw") {
		t.Errorf("nobody asked for it: %s", a.body)
	}
}
