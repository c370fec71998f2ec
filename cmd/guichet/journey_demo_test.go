package main

import (
	"bytes"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// demo starts `guichet demo` on free ports and waits until it is ready.
func demo(t *testing.T, dir string, args ...string) (*process, readiness) {
	t.Helper()
	file := filepath.Join(dir, "ready.json")
	_ = os.Remove(file)
	p := start(t, nil, append([]string{
		"demo", "--listen", "127.0.0.1:0", "--sim-listen", "127.0.0.1:0", "--data-dir", filepath.Join(dir, "data"), "--ready-file", file,
	}, args...)...)
	var r readiness
	p.ready(t, file, &r)
	return p, r
}

func TestDemo_LinesItPrintsListHoldCloseAndPrint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, r := demo(t, dir)
	var lines []string
	for _, l := range strings.Split(p.log.String(), "\n") {
		if strings.HasPrefix(l, "export ") || strings.HasPrefix(l, "curl ") || strings.HasPrefix(l, "ORDER=") {
			lines = append(lines, l)
		}
	}
	if len(lines) != 7 {
		t.Fatalf("%d lines to paste, want 7:\n%s", len(lines), p.log)
	}
	for _, shell := range []string{"sh", "bash"} {
		work := t.TempDir()
		cmd := exec.CommandContext(t.Context(), shell, "-e")
		cmd.Dir, cmd.Stdin = work, strings.NewReader(strings.Join(lines, "\n"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", shell, err, out)
		}
		if !strings.Contains(string(out), `"state":"issued"`) {
			t.Errorf("%s: the close did not end issued:\n%s", shell, out)
		}
		page := regexp.MustCompile(`"url":"([^"]*)"`).FindStringSubmatch(string(out))
		if page == nil {
			t.Fatalf("%s: no address of the buyer's page:\n%s", shell, out)
		}
		if a := newClient(r.API+page[1], "").must(t, "GET", "", nil, 200); !strings.Contains(string(a.body), "<svg") {
			t.Errorf("%s: the buyer's page shows no barcode:\n%s", shell, a.body)
		}
		raw, err := os.ReadFile(filepath.Join(work, "picture.jpg"))
		if err != nil {
			t.Fatal(err)
		}
		if cfg, err := jpeg.DecodeConfig(bytes.NewReader(raw)); err != nil || cfg.Width != 640 {
			t.Errorf("%s: the picture is %d wide (%v)", shell, cfg.Width, err)
		}
		codes, err := decode(t.Context(), filepath.Join(work, "ticket.pdf"))
		if err != nil || len(codes) != 2 {
			t.Errorf("%s: %d barcodes on the printed tickets, want 2 (%v)", shell, len(codes), err)
		}
		for _, code := range codes {
			if !strings.HasPrefix(code, "00") || !strings.Contains(string(out), code) {
				t.Errorf("%s: the paper's barcode is not the one of the answer", shell)
			}
		}
	}
	for _, door := range []string{r.Metrics, strings.TrimSuffix(r.Metrics, "metrics") + "healthz", strings.TrimSuffix(r.Metrics, "metrics") + "readyz", r.API + "/openapi.json", r.API + "/docs"} {
		newClient(door, "").must(t, "GET", "", nil, 200)
	}
	p.stop(t)
	if p.err != nil {
		t.Errorf("Ctrl-C: %v", p.err)
	}
}

func TestDemo_StartedAgain_RemembersWhatItSold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, r := demo(t, dir)
	c := newClient(r.API, r.StorefrontKey)
	dated, _ := offers(t, c, "theatre")
	a, err := c.do(t.Context(), "POST", "/v1/orders", map[string]any{
		"institution": "theatre", "items": []map[string]any{withQuantity(dated[0], 1)},
	}, "Idempotency-Key", "again")
	if err != nil || a.status != 201 {
		t.Fatalf("hold: %v %d %s", err, a.status, a.body)
	}
	p.kill(t)
	_, r = demo(t, dir)
	c = newClient(r.API, r.StorefrontKey)
	id := str(a.json, "id")
	closed := c.must(t, "POST", "/v1/orders/"+id+"/close", map[string]any{}, 200)
	if str(closed.json, "state") != "issued" {
		t.Errorf("the order is %s after a close, want issued", str(closed.json, "state"))
	}
	if check := newClient(r.SimControl, "").must(t, "GET", "/check", nil, 200); check.json["ok"] != true {
		t.Errorf("the platform's promises are broken: %v", check.json["broken"])
	}
	second := exec.CommandContext(t.Context(), binary(t), "demo", "--listen", "127.0.0.1:0", "--sim-listen", "127.0.0.1:0", "--data-dir", filepath.Join(dir, "data"))
	if out, err := second.CombinedOutput(); err == nil || !strings.Contains(string(out), "another process") {
		t.Errorf("a second demo on the same folder: %v\n%s", err, out)
	}
}
