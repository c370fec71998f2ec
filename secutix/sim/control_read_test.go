package sim

import (
	"slices"
	"strings"
	"testing"
)

func TestControl_BadMember_IsNamedAndAnExampleShown(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	perf := text(at(t, p, "theatre").next("GODOT").id)
	before := remembered(t, p)
	for _, tc := range []struct {
		path, body string
		want       int
		says       string
	}{
		{"/clock", `{"advance":"soon"}`, 400, "advance: "},
		{"/clock", `{"advance":5}`, 400, "advance: a text is wanted, not number"},
		{"/clock", `{"advance":"1m"} {}`, 400, "something stands behind"},
		{"/clock", ``, 400, "a body is needed"},
		{"/clock", `[1]`, 400, "the body is not a JSON object"},
		{"/clock", `{"advance"`, 400, "the body is not JSON"},
		{"/clock", `{"advance":"` + strings.Repeat("9", maxBody) + `"}`, 413, "the body is longer"},
		{"/clock", `{"forward":"1m"}`, 400, "forward: there is no such member"},
		{"/clock?now=1", `{"advance":"1m"}`, 400, "now: there is no such parameter"},
		{"/clock", `{"set":"2099-12-01T00:00:00Z"}`, 400, "advance, set: "},
		{"/restart", `{}`, 400, "memory: "},
		{"/seed", `{"seed":-1}`, 400, "seed: a whole number not below 0 is wanted"},
		{"/faults", `{"method":"closeOrders","kind":"garbage"}`, 400, "method: "},
		{"/faults", `{"method":"*","service":"casinoService","kind":"garbage"}`, 400, "service: "},
		{"/faults", `{"method":"closeOrder","service":"catalogService","kind":"garbage"}`, 400, "method: "},
		{"/faults", `{"method":"*","kind":"garbage","times":"two"}`, 400, "times: a whole number is wanted, not string"},
		{"/faults", `{"method":"*","kind":"garbage","after":-1}`, 400, "after: "},
		{"/faults", `{"method":"*","kind":"earthquake"}`, 400, "kind: "},
		{"/faults", `{"method":"*","kind":"slow"}`, 400, "delay: "},
		{"/faults", `{"method":"*","kind":"garbage","institution":"circus"}`, 400, "institution: "},
		{"/latency", `{"method":"closeOrders","distribution":"fixed"}`, 400, "method: "},
		{"/latency", `{"method":"*","distribution":"steep"}`, 400, "distribution: "},
		{"/latency", `{"method":"*","distribution":"fixed","p90":"x"}`, 400, "p90: "},
		{"/latency", `{"method":"*","distribution":"fixed","min":"2h"}`, 400, "min: "},
		{"/limits", `{"monthly_status":200}`, 400, "monthly_status: "},
		{"/limits", `{"other_tenants":-1}`, 400, "other_tenants: "},
		{"/limits", `{"other_tenants":9223372036854775807}`, 400, "other_tenants: "},
		{"/limits", `{"skew":"100000h"}`, 400, "skew: "},
		{"/limits", `{"rate":90}`, 400, "rate: there is no such member"},
		{"/webhooks", `{"institution":"theatre","kind":"order","url":"http://192.0.2.1/"}`, 400, "url: "},
		{"/webhooks", `{"institution":"theatre","kind":"order","url":"http://127.0.0.1/","auth":{"type":"API_KEY","login":"x key"}}`, 400, "auth.login: "},
		{"/webhooks", `{"institution":"theatre","kind":"order","url":"http://127.0.0.1/","auth":{"kind":1}}`, 400, "kind: "},
		{"/webhooks", `{"institution":"theatre","kind":"order","url":"http://127.0.0.1/","retries":101}`, 400, "retries: "},
		{"/webhooks", `{"institution":"theatre","kind":"order","url":"http://127.0.0.1/","filter":"a=("}`, 400, "filter: "},
		{"/webhooks/notify", `{"institution":"theatre","kind":"order"}`, 400, "key: "},
		{"/webhooks/notify", `{"institution":"theatre","kind":"data_export","row":[1]}`, 400, "row: "},
		{"/performances/" + perf + "/price", `{"delta":9223372036854775807}`, 400, "delta: "},
		{"/performances/" + perf + "/sell", `{"seat_category":1,"quantity":0}`, 400, "quantity: "},
		{"/wallet/act?institution=theatre", `{"generation":"v5","ticket":"x","action":"download"}`, 400, "generation: "},
		{"/wallet/act?institution=theatre", `{"generation":"v4","ticket":"x","action":"eat"}`, 400, "action: "},
	} {
		code, o := control(t, p, "POST", tc.path, tc.body)
		if code != tc.want || !strings.HasPrefix(o.str("error"), tc.says) {
			t.Errorf("%s %.80s: %d %v", tc.path, tc.body, code, o)
		}
		if example := o.str("example"); code == 400 && !strings.Contains(example, "{") && !strings.Contains(tc.path, "?") {
			t.Errorf("%s %s: no example", tc.path, tc.body)
		}
	}
	for path, says := range map[string]string{
		"/tickets?institution=theatre&order=7": "order: ", "/orders?house=theatre": "house: ", "/stock?institution=circus": "institution: ",
		"/wallet/tickets?institution=theatre&generation=4": "generation: ",
	} {
		if code, o := control(t, p, "GET", path, ""); code != 400 || !strings.HasPrefix(o.str("error"), says) {
			t.Errorf("%s: %d %v", path, code, o)
		}
	}
	if remembered(t, p) != before || len(p.faults.armed) != 0 || p.slow != nil {
		t.Error("a refused call changed something")
	}
	sound(t, p)
}

func TestControl_Endpoints_ListTheWalletToo(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	_, o := control(t, p, "GET", "/endpoints", "")
	var paths, own []string
	for _, l := range o.list("tixngo") {
		paths = append(paths, l.str("method")+" "+l.str("path"))
	}
	for _, want := range []string{"POST /tixngo/v3/organizer/tickets", "POST /tixngo/v4/organizer/tickets", "POST /tixngo/v3/organizer/privileges"} {
		if !slices.Contains(paths, want) {
			t.Errorf("%s is not in %v", want, paths)
		}
	}
	if slices.Contains(paths, "POST /tixngo/v4/organizer/privileges") {
		t.Error("the second generation has no privileges")
	}
	for _, l := range o.list("endpoints") {
		own = append(own, l.str("path"))
	}
	if !slices.Contains(own, "/wallet/act") {
		t.Errorf("%v", own)
	}
	_, o = control(t, p, "GET", "/wallet", "")
	if list := o.list("list"); len(list) != 6 || list[0].str("key") == "" || list[0].get("tickets") == nil {
		t.Errorf("%v", list)
	}
}
