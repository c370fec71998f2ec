package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fails runs a command that must fail and returns what it said.
func fails(t *testing.T, env []string, args ...string) string {
	t.Helper()
	program := binary(t) // building it may take longer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err == nil || ctx.Err() != nil {
		t.Fatalf("guichet %v did not fail:\n%s", args, out)
	}
	return string(out)
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, w := range wants {
		if !strings.Contains(text, w) {
			t.Errorf("missing %q in:\n%s", w, text)
		}
	}
}

func TestConfig_EveryProblemIsReportedTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "bad.yaml")
	write(t, file, "listen: nowhere\nlog_level: loud\nbarcode_check: sometimes\nhold_for: 3h\n"+
		"layout_choices: [{layout: four}, {institution: nowhere, kind: opera, formats: [gif]}, {product: HAMLET, layout: four}]\ninstitutions:\n"+
		"  - {code: Theatre!, base_url: 'http://theatre.example', operator: O, partner: P, time_zone: Mars/Olympus, currency: euro, barcode: [qr, ean], barcode_by_prefix: {OTI: [qr, qr], X: []}}\n"+
		"  - {code: two, base_url: 'https://two.example', operator: O, partner: P, partner_contact: '1', auth: magic, close_payments: maybe, refunds: sometimes, sale_period_relative_unit: weeks, webhook_token: 'fifteen letters'}\n")
	out := fails(t, nil, "serve", "--config", file)
	contains(t, out, "listen:", "log_level:", "hold_for:", "code:", "http is for this machine only", "partner_contact is missing",
		"time_zone:", "currency:", `barcode: "ean" is none of`, `barcode_by_prefix: OTI: "qr" stands twice`, `barcode_by_prefix: "X"`, "barcode_check:", "auth:", "close_payments:", "refunds:", "sale_period_relative_unit:", "webhook_token:", "no secret",
		`layout_choices: number 2: institution: there is no "nowhere"`, `kind: "opera"`, `formats: "gif"`, "number 2: layout: a layout is needed", "number 3: product: an institution")
	if strings.Contains(out, "fifteen letters") {
		t.Errorf("a token is printed:\n%s", out)
	}
	write(t, file, "venues: []\n")
	contains(t, fails(t, nil, "serve", "--config", file), "venues")
	contains(t, fails(t, nil, "serve", "--config", filepath.Join(dir, "none.yaml")), "no such file")
	contains(t, fails(t, []string{"GUICHET_KEY_RATE=many"}, "config"), "GUICHET_KEY_RATE")
}

func TestConfig_SecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "theatre.secret"), "open-sesame\n")
	file := filepath.Join(dir, "guichet.yaml")
	write(t, file, "institutions:\n  - {code: theatre, base_url: 'https://theatre.example', operator: O, partner: P, partner_contact: '1', secret_file: theatre.secret, webhook_token: abracadabra-abracadabra}\n")
	out := command(t, []string{"GUICHET_DATABASE=postgres://user:hush@db.example/guichet"}, "config", "--config", file)
	contains(t, out, "theatre.example", "# secret of theatre: ***", "db.example")
	for _, secret := range []string{"open-sesame", "hush", "abracadabra"} {
		if strings.Contains(out, secret) {
			t.Errorf("%q is printed:\n%s", secret, out)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOperate_CommandsOfAnOperatorsDay(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			operate(t, newStage(t, database))
		})
	}
}

func operate(t *testing.T, s *stage) {
	t.Helper()
	contains(t, command(t, s.env, "version"), "guichet")
	contains(t, command(t, s.env, "migrate"), "nothing to do")
	contains(t, command(t, s.env, "doctor"), "ok    theatre: reached and signed in", "pending account", "all", "test institution")
	out := command(t, s.env, "sync")
	contains(t, out, "museum catalog:", "theatre availability:", "stadium catalog:")
	contains(t, command(t, s.env, "sync", "theatre"), "theatre catalog: nothing changed", "asked less than a minute ago")
	contains(t, fails(t, s.env, "sync", "opera"), `no institution "opera"`)

	// What doctor says of a wrong secret, a wrong pending account and a database that is not there.
	out = fails(t, append(s.env, "GUICHET_SECRET_THEATRE=wrong"), "doctor")
	contains(t, out, "FAIL  theatre: reached and signed in", "check operator, partner and the secret", "ok    museum")
	raw, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(s.dir, "other.yaml")
	write(t, other, strings.Replace(string(raw), "  - code: theatre\n", "  - code: theatre\n    pending_method: INVOICE\n", 1))
	contains(t, fails(t, s.env, "doctor", "--config", other), "FAIL  theatre: point of sales", "INVOICE", "PENDING", "set pending_method")
	contains(t, fails(t, s.env, "serve", "--config", other), "INVOICE")
	write(t, other, strings.Replace(string(raw), "allow_simulator: true", "allow_simulator: false", 1))
	contains(t, fails(t, s.env, "serve", "--config", other), "is a simulator")
	write(t, other, strings.Replace(string(raw), "  - code: theatre\n", "  - code: theatre\n    agreed_calls_per_minute: 100001\n    peaks: [{from: 2020-01-01T10:00:00Z, to: 2020-01-01T11:00:00Z, calls_per_minute: 100001}]\n", 1))
	contains(t, command(t, s.env, "doctor", "--config", other), "warn  theatre: the peak window from 2020-01-01T10:00:00Z to 2020-01-01T11:00:00Z is over", "all")
	contains(t, fails(t, append(s.env, "GUICHET_DATABASE=postgres://nobody@127.0.0.1:1/none"), "doctor"), "FAIL  database")
	contains(t, fails(t, append(s.env, "GUICHET_DATABASE=sqlite:"+filepath.Join(s.dir, "empty.db")), "serve"), "guichet migrate")

	// Keys.
	contains(t, fails(t, s.env, "keys", "create", "--storefront", "Shop One", "--scopes", "sell,fly", "--institutions", "opera"), "storefront", "no scope fly", "no institution opera")
	token := s.key(t, "shop", "catalog")
	list := command(t, s.env, "keys", "list")
	contains(t, list, "shop", "valid", "catalog")
	if strings.Contains(list, token) {
		t.Error("the list shows the token")
	}
	_, api := s.serve(t, "server")
	c := newClient(api, token)
	c.must(t, "GET", "/v1/institutions", nil, 200)
	id := strings.Fields(strings.Split(list, "\n")[1])[0]
	contains(t, command(t, s.env, "keys", "revoke", id), "revoked")
	contains(t, fails(t, s.env, "keys", "revoke", "key_none"), "key")
	eventually(t, 15, "the revoked key is refused by the running server", func() bool {
		a, err := c.do(t.Context(), "GET", "/v1/institutions", nil)
		return err == nil && a.status == 401
	})
}

func TestOperate_ImpossibleCatalogIsRefusedAndTheLastGoodOneServes(t *testing.T) {
	t.Parallel()
	_, r := demo(t, t.TempDir())
	shop, admin, control := newClient(r.API, r.StorefrontKey), newClient(r.API, r.AdminKey), newClient(r.SimControl, "")
	products := func() int {
		return len(items(shop.must(t, "GET", "/v1/products?institution=theatre", nil, 200).json, "items"))
	}
	before := products()
	for _, c := range []struct{ method, kind, reason string }{
		{"getCatalogDetailed", "empty_catalog", "no products where there were"},
		{"getCatalogDetailed", "orphan_performance", "belongs to no event"},
		{"getCatalogDetailed", "foreign_currency", "a price is in"},
		{"getPOSConfig", "foreign_currency", "the currency became"},
	} {
		control.must(t, "POST", "/clock", map[string]any{"advance": "11m"}, 200) // the platform gives a catalog once in ten minutes
		control.must(t, "POST", "/faults", map[string]any{"method": c.method, "kind": c.kind, "institution": "theatre"}, 200)
		a := admin.must(t, "POST", "/v1/admin/institutions/theatre/refresh?force=true", nil, 502)
		if str(a.json, "code") != "catalog.refused" {
			t.Errorf("%s: the refresh answers %s", c.kind, a.body)
		}
		state := admin.must(t, "GET", "/v1/admin/institutions/theatre", nil, 200).json
		if !strings.Contains(str(state, "refused_reason"), c.reason) || str(state, "refused_at") == "" {
			t.Errorf("%s %s: the admin sees the reason %q, want one with %q", c.method, c.kind, str(state, "refused_reason"), c.reason)
		}
		if got := products(); got != before || got == 0 {
			t.Errorf("%s: %d products are served after the refusal, %d before", c.kind, got, before)
		}
	}
	control.must(t, "POST", "/clock", map[string]any{"advance": "11m"}, 200)
	admin.must(t, "POST", "/v1/admin/institutions/theatre/refresh?force=true", nil, 200)
	if state := admin.must(t, "GET", "/v1/admin/institutions/theatre", nil, 200).json; str(state, "refused_reason") != "" {
		t.Errorf("after a good catalog the refusal still stands: %v", state)
	}
	if state := admin.must(t, "GET", "/v1/admin/institutions/theatre", nil, 200).json; !strings.Contains(string(mustJSON(t, state["refused"])), "price.fraction") {
		t.Errorf("the price that no cent expresses is not reported: %v", state["refused"])
	}
}

func TestOperate_HoldRunsOut_PlacesGoBack(t *testing.T) {
	t.Parallel()
	_, r := demo(t, t.TempDir())
	shop, control := newClient(r.API, r.StorefrontKey), newClient(r.SimControl, "")
	dated, _ := offers(t, shop, "theatre")
	held, err := shop.do(t.Context(), "POST", "/v1/orders", map[string]any{
		"institution": "theatre", "items": []map[string]any{withQuantity(dated[0], 2)},
	}, "Idempotency-Key", "lapse")
	if err != nil || held.status != 201 {
		t.Fatalf("hold: %v %d %s", err, held.status, held.body)
	}
	id := str(held.json, "id")
	control.must(t, "POST", "/clock", map[string]any{"advance": "11m"}, 200)
	if a := shop.must(t, "POST", "/v1/orders/"+id+"/close", map[string]any{}, 410); str(a.json, "code") != "order.hold_expired" {
		t.Errorf("closing a hold that ran out answers %s", a.body)
	}
	eventually(t, 90, "the hold is given back", func() bool {
		return str(shop.must(t, "GET", "/v1/orders/"+id, nil, 200).json, "state") == "expired"
	})
	if check := control.must(t, "GET", "/check", nil, 200); check.json["ok"] != true {
		t.Errorf("the platform's promises are broken: %v", check.json["broken"])
	}
}
