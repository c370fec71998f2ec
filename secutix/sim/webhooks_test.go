package sim

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// receiver is a partner's address for webhooks.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    []*http.Request
	bodies []string
	came   chan struct{}
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusOK, came: make(chan struct{}, 1)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got, r.bodies = append(r.got, q), append(r.bodies, string(body))
		w.WriteHeader(r.status)
		select {
		case r.came <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// take returns the bodies received since the last time.
func (r *receiver) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.bodies
	r.got, r.bodies = nil, nil
	return out
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func subscribed(t *testing.T, p *Platform, form object) int64 {
	t.Helper()
	b, err := json.Marshal(form)
	if err != nil {
		t.Fatal(err)
	}
	code, o := control(t, p, "POST", "/webhooks", string(b))
	if code != 200 {
		t.Fatalf("%d %v", code, o)
	}
	return o.id("id")
}

func advance(t *testing.T, p *Platform, d string) int64 {
	t.Helper()
	code, o := control(t, p, "POST", "/clock", `{"advance":"`+d+`"}`)
	if code != 200 {
		t.Fatalf("%d %v", code, o)
	}
	return o.id("delivered")
}

// sold sells n places of GODOT and returns the order.
func (d *desk) sold(n int) int64 {
	d.t.Helper()
	id, total := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", n)))
	d.must("externalOrderService", "closeOrder", d.closing(id, total))
	return id
}

func parsed(t *testing.T, s string) object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(s), &o); err != nil {
		t.Fatalf("%v in %q", err, s)
	}
	return o
}

func TestWebhook_Order_ComesAtTheNextRunAsTheDetailsOfClosedAndAbandoned(t *testing.T) {
	t.Parallel()
	p, r := newPlatform(t), newReceiver(t)
	d := at(t, p, "theatre")
	d.sold(1) // before anybody subscribed
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "url": r.URL, "minutes": 5, "granularity": "TICKETS"})
	closed := d.sold(2)
	left, _ := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 1)))
	if n := advance(t, p, "4m59s"); n != 0 || len(r.take()) != 0 {
		t.Error("told too early")
	}
	if n := advance(t, p, "1s"); n != 1 {
		t.Errorf("%d accepted", n)
	}
	bodies := r.take()
	if len(bodies) != 1 {
		t.Fatalf("%d posts", len(bodies))
	}
	got := parsed(t, bodies[0]).get("orderDetailsData")
	if diff := cmp.Diff(d.details(closed), got); diff != "" {
		t.Errorf("-details +webhook\n%s", diff)
	}
	advance(t, p, "20m") // the hold ends after 15
	if bodies = r.take(); len(bodies) != 1 || parsed(t, bodies[0]).get("orderDetailsData").id("orderId") != left ||
		parsed(t, bodies[0]).get("orderDetailsData").str("orderState") != "ABANDONED" {
		t.Errorf("%v", bodies)
	}
	if n := advance(t, p, "24h"); n != 0 {
		t.Errorf("%d told again", n)
	}
	sound(t, p)
}

func TestWebhook_Refused_IsSentAgainTwelveTimesThenDropped(t *testing.T) {
	t.Parallel()
	p, r := newPlatform(t), newReceiver(t)
	d := at(t, p, "theatre")
	r.answer(http.StatusAccepted) // only 200 counts
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "url": r.URL})
	d.sold(1)
	for run := range 13 {
		advance(t, p, "14m59s")
		if len(r.take()) != 0 {
			t.Fatalf("run %d came early", run)
		}
		advance(t, p, "1s")
		if n := len(r.take()); n != 1 {
			t.Fatalf("run %d: %d posts", run, n)
		}
		sound(t, p)
	}
	r.answer(http.StatusOK)
	if advance(t, p, "24h"); len(r.take()) != 0 {
		t.Error("sent after it was dropped")
	}
	_, o := control(t, p, "GET", "/webhooks/deliveries?institution=theatre", "")
	log := o.list("list")
	if len(log) != 13 || log[0].str("outcome") != "again" || log[12].str("outcome") != "dropped" || log[12].id("attempt") != 13 || log[0].id("status") != 202 {
		t.Errorf("%v", log)
	}
}

func TestWebhook_OneMoveOfTheClock_MakesEveryRunOnTheWay(t *testing.T) {
	t.Parallel()
	p, r := newPlatform(t), newReceiver(t)
	d := at(t, p, "theatre")
	r.answer(http.StatusServiceUnavailable)
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "url": r.URL, "minutes": 10, "retries": 3})
	d.sold(1)
	advance(t, p, "720h")
	if n := len(r.take()); n != 4 {
		t.Errorf("%d posts", n)
	}
	_, o := control(t, p, "GET", "/webhooks/deliveries", "")
	for i, want := range []string{"09:10:00", "09:20:00", "09:30:00", "09:40:00"} {
		if got := o.list("list")[i].str("at"); got != "2026-11-21T"+want+"Z" {
			t.Errorf("run %d at %s", i, got)
		}
	}
	sound(t, p)
}

func TestWebhook_Framing_IsAnObjectForOneAndAnArrayForMore(t *testing.T) {
	t.Parallel()
	p, one, many := newPlatform(t), newReceiver(t), newReceiver(t)
	d := at(t, p, "theatre")
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "url": one.URL, "batch": 2})
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "url": many.URL, "bucket": 2})
	for range 3 {
		d.sold(1)
	}
	advance(t, p, "15m")
	if got := one.take(); len(got) != 2 || got[0][0] != '{' {
		t.Errorf("a batch of two: %v", got)
	}
	if got := many.take(); len(got) != 2 || strings.Count(got[0], `"orderSecretId"`) != 2 || strings.Count(got[1], `"orderSecretId"`) != 1 || got[0][0] != '[' || got[1][0] != '[' {
		t.Errorf("buckets of two: %v", got)
	}
	advance(t, p, "15m")
	if got := one.take(); len(got) != 1 {
		t.Errorf("the rest of the batch: %v", got)
	}
}

func TestWebhook_Filter_KeepsOthersOut(t *testing.T) {
	t.Parallel()
	p, r := newPlatform(t), newReceiver(t)
	d := at(t, p, "theatre")
	want := d.sold(1)
	id, total := d.hold(d.entries(d.line(d.next("CARMEN"), "CAT2", "PLEIN", 1)))
	d.must("externalOrderService", "closeOrder", d.closing(id, total))
	for filter, told := range map[string]int{
		"OrderDetailsData.OperationDatas(*).ProductCode=GODOT":                                 1,
		"OrderDetailsData.OperationDatas(*).ProductCode=GODOT;OrderDetailsData.OrderType=SALE": 1,
		"OrderDetailsData.OperationDatas(*).ProductCode=GODOT;OrderDetailsData.OrderType=X":    0,
		"OrderDetailsData.OperationDatas(*).ProductCode=GOD":                                   0,
		"orderDetailsData.operationDatas(*).productCode=(GODOT|CARMEN)":                        2,
		"OrderDetailsData.Nothing=.*":                                                          0,
	} {
		hook := subscribed(t, p, object{"institution": "theatre", "kind": "order", "url": r.URL, "filter": filter})
		for _, o := range []int64{want, id} {
			control(t, p, "POST", "/webhooks/notify", `{"institution":"theatre","kind":"order","key":"`+text(o)+`"}`)
		}
		if _, o := control(t, p, "POST", "/webhooks/flush", ""); o.id("accepted") != int64(told) || len(r.take()) != told {
			t.Errorf("%s: %v, want %d", filter, o, told)
		}
		sound(t, p)
		control(t, p, "DELETE", "/webhooks/"+text(hook), "")
	}
}

func TestFilter_TellsFlagsAndRefusesNonsense(t *testing.T) {
	t.Parallel()
	body := []byte(`{"role":"MEMBER","addresses":[{"isMain":false,"zipCode":"13009"},{"isMain":true,"zipCode":"75001","n":10000900001}]}`)
	for filter, want := range map[string]bool{
		"": true, "role=MEMBER": true, "Role=MEM.*;addresses(*).zipCode=13.*": true, "addresses(isMain).zipCode=13.*": false,
		"addresses(isMain).zipCode=75.*": true, "addresses(*).N=10000900001": true, "addresses=.*": false, "role.x=.*": false,
	} {
		c, err := parseFilter(filter)
		if err != nil || wanted(c, body) != want {
			t.Errorf("%s: %v %v", filter, !want, err)
		}
	}
	for _, filter := range []string{"role", "a(b=c", "=x", "a..b=1", "a=("} {
		if _, err := parseFilter(filter); err == nil {
			t.Errorf("%s was read", filter)
		}
	}
}

func TestWebhook_Auth_IsShown(t *testing.T) {
	t.Parallel()
	p, r := newPlatform(t), newReceiver(t)
	d := at(t, p, "theatre")
	for kind, want := range map[string][2]string{
		"NONE": {"Authorization", ""}, "BASIC_AUTH": {"Authorization", "Basic eC1hcGkta2V5OnMzY3JldA=="}, "API_KEY": {"X-Api-Key", "s3cret"},
	} {
		hook := subscribed(t, p, object{
			"institution": "theatre", "kind": "order", "url": r.URL, "auth": object{"type": kind, "login": "x-api-key", "password": "s3cret"},
		})
		d.sold(1)
		advance(t, p, "15m")
		r.mu.Lock()
		if len(r.got) != 1 || r.got[0].Header.Get(want[0]) != want[1] || r.got[0].Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d requests", kind, len(r.got))
		}
		r.mu.Unlock()
		r.take()
		if _, o := control(t, p, "GET", "/webhooks", ""); strings.Contains(o.list("list")[0].get("auth").str("password"), "s3cret") {
			t.Error("the password is shown")
		}
		control(t, p, "DELETE", "/webhooks/"+text(hook), "")
	}
}

func TestWebhook_FirstVersion_SendsTheNumberOfClosedOrders(t *testing.T) {
	t.Parallel()
	p, r := newPlatform(t), newReceiver(t)
	d := at(t, p, "theatre")
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "version": 1, "method": "GET", "url": r.URL + "/o/${orderId}"})
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "version": 1, "url": r.URL + "/o", "body": `{"order":${orderId}}`})
	d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 1)))
	id := d.sold(1)
	advance(t, p, "1h") // the hold is abandoned on the way
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.got) != 2 || r.got[0].Method != "GET" || r.got[0].URL.Path != "/o/"+text(id) || r.bodies[0] != "" ||
		r.got[1].Method != "POST" || r.bodies[1] != `{"order":`+text(id)+`}` {
		t.Errorf("%v", r.bodies)
	}
}

func TestWebhook_InventoryExportAndAccess_HaveTheirShapes(t *testing.T) {
	t.Parallel()
	p, r := newPlatform(t), newReceiver(t)
	d := at(t, p, "theatre")
	for _, kind := range []string{"inventory", "data_export", "access_control", "contact"} {
		subscribed(t, p, object{"institution": "theatre", "kind": kind, "url": r.URL + "/" + kind})
	}
	perf := d.next("GODOT")
	control(t, p, "POST", "/performances/"+text(perf.id)+"/price", `{"delta":1000}`)
	control(t, p, "POST", "/performances/"+text(perf.id)+"/price", `{"delta":1000}`) // the same product is told once
	control(t, p, "POST", "/webhooks/notify", `{"institution":"theatre","kind":"data_export","row":{"ticket_check_id":1,"check_flow":"IN"}}`)
	control(t, p, "POST", "/webhooks/notify", `{"institution":"theatre","kind":"contact","key":"0004711"}`)
	d.sold(1)
	if n := advance(t, p, "15m"); n != 4 {
		t.Errorf("%d accepted", n)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, q := range r.got {
		switch body := r.bodies[i]; q.URL.Path {
		case "/inventory":
			if !strings.HasPrefix(body, `[{`) || !strings.Contains(body, `"code":"GODOT"`) || !strings.Contains(body, `"locale":"fr"`) {
				t.Errorf("inventory %s", body)
			}
		case "/data_export":
			if body != `{"ticket_check_id":1,"check_flow":"IN"}` {
				t.Errorf("export %s", body)
			}
		case "/access_control":
			if !strings.HasPrefix(body, `[{`) || !strings.Contains(body, `"ticketState":"VALID"`) || !strings.Contains(body, `"barcode":"0042`) {
				t.Errorf("access %s", body)
			}
		case "/contact":
			if parsed(t, body).str("contactNumber") != "0004711" {
				t.Errorf("contact %s", body)
			}
		}
	}
	sound(t, p)
}

func TestWebhook_Restart_KeepsSubscriptionsQueueAndTries(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	file := filepath.Join(t.TempDir(), "journal")
	first := &Platform{Clock: NewClock(aDay), RatePerMinute: -1, Journal: file}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	d := at(t, first, "theatre")
	r.answer(500)
	subscribed(t, first, object{"institution": "theatre", "kind": "order", "url": r.URL, "retries": 2, "auth": object{"type": "API_KEY", "login": "x-key", "password": "s3cret"}})
	id := d.sold(1)
	advance(t, first, "15m")
	late := d.sold(1)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if got := r.take(); len(got) != 1 {
		t.Fatalf("%d posts", len(got))
	}

	second := newPlatform(t, func(p *Platform) { p.Journal, p.Clock = file, NewClock(aDay.Add(15*time.Minute)) })
	sound(t, second)
	if _, o := control(t, second, "GET", "/webhooks", ""); len(o.list("list")) != 1 || o.list("list")[0].id("waiting") != 2 {
		t.Fatalf("%v", o)
	}
	advance(t, second, "15m")
	advance(t, second, "15m") // the first order is dropped after three tries, the second was tried twice
	r.mu.Lock()
	for _, q := range r.got {
		if q.Header.Get("X-Key") != "s3cret" {
			t.Error("the key was forgotten")
		}
	}
	r.mu.Unlock()
	if got := r.take(); len(got) != 4 || parsed(t, got[0]).get("orderDetailsData").id("orderId") != id {
		t.Errorf("%d posts", len(got))
	}
	r.answer(200)
	advance(t, second, "15m")
	if got := r.take(); len(got) != 1 || parsed(t, got[0]).get("orderDetailsData").id("orderId") != late {
		t.Errorf("%v", got)
	}
	if _, o := control(t, second, "GET", "/webhooks/deliveries", ""); len(o.list("list")) != 6 {
		t.Errorf("%d deliveries are remembered", len(o.list("list")))
	}
	sound(t, second)
}

func TestWebhook_OutsideTarget_IsRefusedAndNeverFollowed(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for _, form := range []object{
		{"kind": "order", "url": "http://192.0.2.1/"},
		{"kind": "order", "url": "http://example.com/"},
		{"kind": "order", "url": "http://127.0.0.1.example.com/"},
		{"kind": "order", "url": "ftp://127.0.0.1/"},
		{"kind": "order", "url": "http://0.0.0.0/"},
		{"kind": "order", "url": ""},
		{"kind": "tickets", "url": "http://127.0.0.1/"},
		{"kind": "order", "url": "http://127.0.0.1/", "minutes": 1441},
		{"kind": "order", "url": "http://127.0.0.1/", "granularity": "SEATS"},
		{"kind": "order", "url": "http://127.0.0.1/", "filter": "x"},
		{"kind": "order", "url": "http://127.0.0.1/", "method": "GET"},
		{"kind": "order", "url": "http://127.0.0.1/", "method": "GET", "version": 1},
		{"kind": "inventory", "url": "http://127.0.0.1/", "version": 1},
		{"kind": "order", "url": "http://127.0.0.1/", "auth": object{"type": "OAUTH"}},
		{"kind": "order", "url": "http://127.0.0.1/", "auth": object{"type": "API_KEY", "login": "x key"}},
	} {
		form["institution"] = "theatre"
		b, _ := json.Marshal(form)
		if code, o := control(t, p, "POST", "/webhooks", string(b)); code != 400 || o.str("error") == "" {
			t.Errorf("%s: %d", b, code)
		}
	}
	away := httptest.NewServer(http.RedirectHandler("http://192.0.2.1/", http.StatusFound))
	t.Cleanup(away.Close)
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "url": away.URL})
	at(t, p, "theatre").sold(1)
	advance(t, p, "15m")
	if _, o := control(t, p, "GET", "/webhooks/deliveries", ""); o.list("list")[0].id("status") != 302 {
		t.Errorf("%v", o)
	}
}

func TestWebhook_Receiver_MayAskThePlatformBack(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	id := int64(0)
	var state string
	back := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { state = d.details(id).str("orderState") }))
	t.Cleanup(back.Close)
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "url": back.URL})
	id = d.sold(1)
	if n := advance(t, p, "15m"); n != 1 || state != "CLOSED" {
		t.Errorf("%d accepted, state %q", n, state)
	}
}

func TestRun_DeliversAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	p, r := newPlatform(t), newReceiver(t)
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "url": r.URL})
	at(t, p, "theatre").sold(1)
	p.Clock.Advance(15 * time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()
	select {
	case err := <-done:
		t.Fatalf("ended early: %v", err)
	case <-r.came:
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWebhook_ContactsScansAndInvalidTickets_AreToldByThemselves(t *testing.T) {
	t.Parallel()
	p, r := newPlatform(t), newReceiver(t)
	d := at(t, p, "theatre")
	for _, kind := range []string{"data_export", "access_control", "contact"} {
		subscribed(t, p, object{"institution": "theatre", "kind": kind, "url": r.URL})
	}
	d.save("", object{"individualFirstname": "Ada", "individualLastname": "Muster", "email": "ada@example.org"})
	advance(t, p, "15m")
	if got := r.take(); len(got) != 1 || parsed(t, got[0]).get("individualContact").str("individualFirstname") != "Ada" {
		t.Errorf("contact: %v", got)
	}
	id := d.sold(1)
	advance(t, p, "15m")
	made := r.take()
	code := d.details(id).list("movementDatas")[0].list("tickets")[0].str("barcode")
	if len(made) != 1 || !strings.Contains(made[0], code) {
		t.Fatalf("ticket: %v", made)
	}
	d.must(accessREST, "importControlledTicket", object{"requestId": 1, "controlledTickets": []object{report(code, "OK", aDay)}})
	advance(t, p, "15m")
	if got := r.take(); len(got) != 1 || parsed(t, got[0]).str("barcode") != code || parsed(t, got[0]).str("result") != "OK" ||
		parsed(t, got[0]).str("access_time") != "2026-11-21 10:00:00" || parsed(t, got[0]).id("ticket_check_id") != 1 {
		t.Errorf("scan: %v", got)
	}
	if status, o := control(t, p, "POST", "/orders/"+text(id)+"/reprint?institution=theatre", ""); status != 200 {
		t.Fatalf("reprint: %d %v", status, o)
	}
	advance(t, p, "15m")
	if got := strings.Join(r.take(), "\n"); strings.Count(got, `"ticketState":"CANCELLED"`) != 1 || strings.Count(got, `"ticketState":"VALID"`) != 1 {
		t.Errorf("reprinted: %v", got)
	}
	sound(t, p)
}
