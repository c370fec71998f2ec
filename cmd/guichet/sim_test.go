package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/secutix/s360"
	"guichet/secutix/sim"
)

// simulated runs the command until its ready file is there and returns what the file says.
func simulated(t *testing.T, args ...string) map[string]any {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "sim.json")
	p := start(t, nil, append([]string{"sim", "--listen", "127.0.0.1:0", "--ready-file", ready, "--rate-per-minute", "-1", "--catalog-spacing", "-1s"}, args...)...)
	var up map[string]any
	p.ready(t, ready, &up)
	return up
}

func TestSim_ReadyFileSaysAllAClientNeeds(t *testing.T) {
	t.Parallel()
	up := simulated(t, "--world", "theatre,museum")
	url, _ := up["url"].(string)
	control, _ := up["control"].(string)
	list, _ := up["institutions"].([]any)
	if !strings.HasPrefix(url, "http://127.0.0.1:") || !strings.HasPrefix(control, "http://127.0.0.1:") || len(list) != 2 {
		t.Fatalf("%v", up)
	}
	first, _ := list[0].(map[string]any)
	for _, name := range []string{"code", "operator", "partner", "secret", "pos_id", "contact_number", "currency"} {
		if v, ok := first[name]; !ok || v == "" || v == 0.0 {
			t.Errorf("%s is missing: %v", name, first)
		}
	}
	wallets, _ := first["wallets"].([]any)
	for _, w := range wallets {
		organizer, _ := w.(map[string]any)
		if status := asked(t, organizer, "/report/events/tickets"); status != http.StatusOK {
			t.Errorf("%v: %d", organizer, status)
		}
	}
	if len(wallets) != 2 {
		t.Errorf("wallets: %v", wallets)
	}
	c := rawClient(t, url, first)
	pos, err := c.Catalog.GetPOSConfig(t.Context())
	if err != nil || float64(pos.POSConfigData.PosID) != first["pos_id"] || pos.POSConfigData.CurrencyCode != first["currency"] {
		t.Errorf("%v, %v", pos.POSConfigData, err)
	}
}

// asked asks an organizer of the ready file with its key and returns the status.
func asked(t *testing.T, organizer map[string]any, path string) int {
	t.Helper()
	word := func(name string) string { s, _ := organizer[name].(string); return s }
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, word("url")+path+"?mobileAppId="+word("mobile_app_id"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(word("key_header"), word("key"))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// rawClient is a client of one institution of a ready file.
func rawClient(t *testing.T, url string, i map[string]any) *s360.Client {
	t.Helper()
	word := func(name string) string { s, _ := i[name].(string); return s }
	c, err := s360.New(s360.Options{
		Institution: word("code"), Operator: word("operator"), Partner: word("partner"), Secret: s360.Secret(word("secret")), BaseURL: url + "/" + word("code"),
		Clock: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSim_ImportsWhatWasRecorded(t *testing.T) {
	t.Parallel()
	from := simulated(t, "--world", "generated", "--products", "20", "--performances", "120", "--seed", "7")
	list, _ := from["institutions"].([]any)
	first, _ := list[0].(map[string]any)
	url, _ := from["url"].(string)
	c := rawClient(t, url, first)
	catalog, err := c.Catalog.GetCatalogDetailed(t.Context(), s360.CatalogRequest{})
	if err != nil {
		t.Fatal(err)
	}
	pos, err := c.Catalog.GetPOSConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, v := range map[string]any{"catalog.json": catalog, "pos.json": pos} {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := simulated(t, "--import", filepath.Join(dir, "catalog.json"), "--import-pos", filepath.Join(dir, "pos.json"))
	list, _ = again["institutions"].([]any)
	first, _ = list[0].(map[string]any)
	url, _ = again["url"].(string)
	got, err := rawClient(t, url, first).Catalog.GetCatalogDetailed(t.Context(), s360.CatalogRequest{})
	if err != nil || len(list) != 1 || first["code"] != "generated" {
		t.Fatal(err, list)
	}
	want, _ := json.Marshal(catalog)
	have, _ := json.Marshal(got)
	if string(want) != string(have) {
		t.Error("the imported catalog is another than the recorded one")
	}
}

func TestSim_RefusesContradictions(t *testing.T) {
	t.Parallel()
	for _, o := range []simOptions{
		{importPOS: "x.json"},
		{performances: 5},
		{worlds: []string{"casino"}},
		{worlds: []string{"nowhere.json"}},
		{imports: "nowhere.json"},
		{worlds: []string{"theatre", "theatre"}},
	} {
		o.listen = "127.0.0.1:0"
		s, err := startSimulator(t.Context(), o, slog.New(slog.DiscardHandler))
		if err == nil {
			t.Errorf("%+v is taken", o)
			_ = s.stop()
		}
	}
}

// The whole service loads a generated institution: what the platform has is what can be listed.
func TestSim_ServiceLoadsAGeneratedWorld(t *testing.T) {
	t.Parallel()
	loadGenerated(t, 200, 2_000)
}

// BenchmarkLoadGenerated is the same with 2,000 products and 20,000 performances, 60 MB of JSON, into an empty database.
func BenchmarkLoadGenerated(b *testing.B) {
	for b.Loop() {
		loadGenerated(b, 2_000, 20_000)
	}
}

func loadGenerated(tb testing.TB, products, performances int) {
	tb.Helper()
	platform := &sim.Platform{Clock: sim.NewClock(time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)), RatePerMinute: -1, CatalogSpacing: -1}
	platform.Worlds = []sim.World{sim.GenerateWorld(sim.WorldOptions{Code: "big", Products: products, Performances: performances, Seed: 7})}
	a := bench(tb, "sqlite:"+filepath.Join(tb.TempDir(), "big.db"), platform)
	if _, err := a.catalog.RefreshCatalog(context.WithoutCancel(tb.Context()), domain.InstitutionCode("big"), true); err != nil {
		tb.Fatal(err)
	}
	v, err := a.catalog.View("big")
	if err != nil {
		tb.Fatal(err)
	}
	// The product that is in two seasons has its performances split between them.
	if n := len(v.Performances); n > performances || n < performances-performances/products {
		tb.Errorf("%d performances of %d", n, performances)
	}
}

func TestSim_EveryFlagIsInTheManual(t *testing.T) {
	t.Parallel()
	manual := read(t, "docs/simulator.md")
	flags := regexp.MustCompile(`(?m)^ +(--[a-z-]+)`).FindAllStringSubmatch((&program{}).simCommand().Flags().FlagUsages(), -1)
	if len(flags) < 15 {
		t.Errorf("%d flags", len(flags))
	}
	for _, f := range flags {
		if !strings.Contains(manual, "`"+f[1]+"`") {
			t.Errorf("docs/simulator.md does not name %s", f[1])
		}
	}
}
