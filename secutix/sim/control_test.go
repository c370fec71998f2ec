package sim

import (
	"strings"
	"testing"
	"time"
)

func TestControl_State_TellsEverythingButSecrets(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.Seed = 5 })
	code, o := control(t, p, "GET", "/state", "")
	if code != 200 || o.id("seed") != 5 || o.str("now") != "2026-11-21T09:00:00Z" || len(o.list("institutions")) != 3 {
		t.Errorf("%d %v", code, o)
	}
	for _, in := range p.Institutions() {
		if in.Secret == "" || in.PendingMethodCode != "PENDING" || in.PartnerContact == "" {
			t.Errorf("%+v", in)
		}
		for _, shown := range o.list("institutions") {
			for _, v := range shown {
				if v == in.Secret {
					t.Errorf("%s: the secret is shown", in.Code)
				}
			}
		}
	}
}

func TestControl_Clock_MovesAndSets(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	if _, o := control(t, p, "POST", "/clock", `{"advance":"10m"}`); o.str("now") != "2026-11-21T09:10:00Z" || o.str("offset") != "10m0s" {
		t.Errorf("%v", o)
	}
	if _, o := control(t, p, "POST", "/clock", `{"set":"2026-12-01T00:00:00Z"}`); o.str("now") != "2026-12-01T00:00:00Z" {
		t.Errorf("%v", o)
	}
	if !p.Clock.Now().Equal(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%s", p.Clock.Now())
	}
}

func TestControl_Faults_AreArmedShownAndCleared(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	code, o := control(t, p, "POST", "/faults", `{"method":"isCatalogServiceAlive","kind":"limit_509","institution":"theatre","times":2,"after":1,"delay":"1ms"}`)
	if code != 200 || len(o.list("list")) != 1 || o.list("list")[0].str("delay") != "1ms" {
		t.Fatalf("%d %v", code, o)
	}
	for i, want := range []int{200, 509} {
		if status, _, _ := d.send(alive, object{}); status != want {
			t.Errorf("call %d: %d, want %d", i, status, want)
		}
	}
	if _, o := control(t, p, "GET", "/faults", ""); o.list("list")[0].id("fired") != 1 {
		t.Errorf("%v", o)
	}
	control(t, p, "DELETE", "/faults", "")
	if status, _, _ := d.send(alive, object{}); status != 200 {
		t.Errorf("after clearing: %d", status)
	}
}

func TestControl_LooksInside(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	id, total := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 2)))
	d.must("externalOrderService", "closeOrder", d.closing(id, total))
	other, _ := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 1)))

	if _, o := control(t, p, "GET", "/account?institution=theatre", ""); o.id("balance") != total || len(o.list("postings")) != 1 || o.list("postings")[0].id("order") != id {
		t.Errorf("account %v", o)
	}
	for query, want := range map[string]int{"": 2, "&order=" + text(id): 2, "&order=" + text(other): 0} {
		_, o := control(t, p, "GET", "/tickets?institution=theatre"+query, "")
		tickets := o.list("list")
		if len(tickets) != want || (want > 0 && (tickets[0].str("state") != "VALID" || !wellFormed(tickets[0].str("barcode")))) {
			t.Errorf("tickets%s: %v", query, tickets)
		}
	}
	if _, o := control(t, p, "GET", "/orders?institution=theatre", ""); len(o.list("list")) != 2 || o.list("list")[0].str("state") != "CLOSED" || o.list("list")[1].str("state") != "RUNNING" {
		t.Errorf("orders %v", o)
	}
	if _, o := control(t, p, "GET", "/calls?institution=theatre", ""); o.get("counts").id("createOrUpdateOrder") != 2 || len(o.list("last")) != 3 {
		t.Errorf("calls %v", o)
	}
	if _, o := control(t, p, "GET", "/calls?institution=museum", ""); len(o.list("last")) != 0 {
		t.Errorf("calls of the neighbour %v", o)
	}
	if _, o := control(t, p, "GET", "/check", ""); o["ok"] != true {
		t.Errorf("check %v", o)
	}
	d.in.balance++
	if _, o := control(t, p, "GET", "/check", ""); o["ok"] != false || len(o["broken"].([]any)) != 1 {
		t.Errorf("check %v", o)
	}
}

func TestControl_Performances_SellOutCancelAndRiseInPrice(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "stadium")
	perf := d.next("H04")
	id, total := d.hold(d.entries(d.line(perf, "HAUPT", "VOLL", 2)))
	path := "/performances/" + text(perf.id)
	control(t, p, "POST", path+"/price", `{"delta":5000}`)
	if _, dearer := d.hold(d.entries(d.line(perf, "STEH", "VOLL", 2))); dearer != 2*30000 {
		t.Errorf("price %d", dearer)
	}
	control(t, p, "POST", path+"/soldout", "")
	for _, c := range []string{"HAUPT", "GEGEN", "FAMILIE", "STEH"} {
		if n := d.left(perf, c); n != 0 {
			t.Errorf("%s: %d left", c, n)
		}
	}
	d.must("externalOrderService", "closeOrder", d.closing(id, total))
	sound(t, p)
	control(t, p, "POST", path+"/cancel", "")
	for _, w := range d.catalog(object{}).Seasons[0].Products {
		if int64(w.ID) == perf.product.id && w.Event.Performances[0].State != "CANCELED" {
			t.Errorf("state %s", w.Event.Performances[0].State)
		}
	}
}

func TestControl_BadInput_IsExplained(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	perf := text(at(t, p, "theatre").next("GODOT").id)
	for _, tc := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/clock", `{}`, 400},
		{"POST", "/clock", `{"advance":"soon"}`, 400},
		{"POST", "/clock", `{"set":"tomorrow"}`, 400},
		{"POST", "/clock", `{"advance":"1m","set":"2026-12-01T00:00:00Z"}`, 400},
		{"POST", "/clock", `{"forward":"1m"}`, 400},
		{"POST", "/clock", `nonsense`, 400},
		{"POST", "/faults", `{"method":"closeOrder","kind":"earthquake"}`, 400},
		{"POST", "/faults", `{"kind":"garbage"}`, 400},
		{"POST", "/faults", `{"method":"closeOrder","kind":"slow"}`, 400},
		{"POST", "/faults", `{"method":"closeOrder","kind":"garbage","probability":2}`, 400},
		{"POST", "/faults", `{"method":"closeOrder","kind":"garbage","institution":"circus"}`, 400},
		{"POST", "/faults", `{"method":"closeOrder","kind":"garbage","late":"x"}`, 400},
		{"GET", "/account", ``, 400},
		{"GET", "/tickets?institution=circus", ``, 400},
		{"GET", "/calls?institution=circus", ``, 400},
		{"POST", "/performances/x/soldout", ``, 400},
		{"POST", "/performances/7/soldout", ``, 404},
		{"POST", "/performances/" + perf + "/postpone", ``, 404},
		{"POST", "/performances/" + perf + "/price", `{}`, 400},
		{"POST", "/performances/" + perf + "/price", `{"delta":-99000}`, 422},
		{"GET", "/clock", ``, 404},
		{"GET", "/nothing", ``, 404},
	} {
		if code, o := control(t, p, tc.method, tc.path, tc.body); code != tc.want || strings.TrimSpace(o.str("error")) == "" {
			t.Errorf("%s %s %s: %d %v, want %d", tc.method, tc.path, tc.body, code, o, tc.want)
		}
	}
	sound(t, p)
}
