package main

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // to make and drop a database of our own
)

// stage is a simulator in a process of its own and what a server needs to sell from it.
type stage struct {
	dir     string
	env     []string
	config  string
	sim     *process
	control *client
	codes   []string
}

// databases are the ones every journey runs on: SQLite always, PostgreSQL when there is one, and there must be one where
// CI says so.
func databases(t *testing.T) map[string]func(t *testing.T, dir string) string {
	t.Helper()
	out := map[string]func(t *testing.T, dir string) string{
		"sqlite": func(_ *testing.T, dir string) string { return "sqlite:" + filepath.Join(dir, "guichet.db") },
	}
	if base := os.Getenv("GUICHET_TEST_POSTGRES"); base != "" {
		out["postgres"] = func(t *testing.T, _ string) string {
			t.Helper()
			return ownDatabase(t, base)
		}
	} else if os.Getenv("CI_REQUIRE_POSTGRES") != "" {
		t.Fatal("GUICHET_TEST_POSTGRES is not set, and CI requires PostgreSQL")
	}
	return out
}

// ownDatabase makes a database for one test and drops it afterwards.
func ownDatabase(t *testing.T, base string) string {
	t.Helper()
	db, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("journey_%d_%x", os.Getpid(), sha256.Sum256([]byte(t.Name())))[:40]
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		_ = db.Close()
	})
	return withDatabase(t, base, name)
}

// withDatabase is the same server's address with another database.
func withDatabase(tb testing.TB, base, name string) string {
	tb.Helper()
	u, err := url.Parse(base)
	if err != nil {
		tb.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// newStage starts a simulator and writes the configuration of a server for it.
func newStage(t *testing.T, database func(*testing.T, string) string, simArgs ...string) *stage {
	t.Helper()
	s := &stage{dir: t.TempDir()}
	ready := filepath.Join(s.dir, "sim.json")
	s.sim = start(t, nil, append([]string{
		"sim", "--listen", "127.0.0.1:0", "--ready-file", ready, "--journal", filepath.Join(s.dir, "journal"),
		"--rate-per-minute", "-1", "--catalog-spacing", "-1s",
	}, simArgs...)...)
	var up struct {
		URL          string `json:"url"`
		Control      string `json:"control"`
		Institutions []struct {
			Code          string `json:"code"`
			Operator      string `json:"operator"`
			Partner       string `json:"partner"`
			Secret        string `json:"secret"`
			ContactNumber string `json:"contact_number"`
		} `json:"institutions"`
	}
	s.sim.ready(t, ready, &up)
	s.control = newClient(up.Control, "")
	var b strings.Builder
	fmt.Fprintf(&b, "listen: 127.0.0.1:0\noperator_listen: 127.0.0.1:0\ndata_dir: %s\nallow_simulator: true\nkey_rate: 10000\navailability_every: 1m\nlog_level: info\ninstitutions:\n", s.dir)
	barcodes := map[string]string{"museum": "qr", "theatre": "code128", "stadium": "qr"}
	for _, i := range up.Institutions {
		fmt.Fprintf(&b, "  - code: %s\n    base_url: %s\n    operator: %s\n    partner: %q\n    partner_contact: %q\n    barcode: %s\n    calls_per_minute: 100000\n    calls_at_once: 50\n    calls_per_month: 1000000\n",
			i.Code, up.URL+"/"+i.Code, i.Operator, i.Partner, i.ContactNumber, barcodes[i.Code])
		s.env = append(s.env, "GUICHET_SECRET_"+strings.ToUpper(i.Code)+"="+i.Secret)
		s.codes = append(s.codes, i.Code)
	}
	s.config = filepath.Join(s.dir, "guichet.yaml")
	if err := os.WriteFile(s.config, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, "GUICHET_CONFIG="+s.config, "GUICHET_DATABASE="+database(t, s.dir))
	command(t, s.env, "migrate")
	return s
}

// serve starts a server and waits until it sells.
func (s *stage) serve(t *testing.T, name string, args ...string) (*process, string) {
	t.Helper()
	ready := filepath.Join(s.dir, name+".json")
	_ = os.Remove(ready)
	p := start(t, s.env, append([]string{"serve", "--ready-file", ready}, args...)...)
	var up struct {
		API     string `json:"api"`
		Metrics string `json:"metrics"`
	}
	p.ready(t, ready, &up)
	probe := newClient(strings.TrimSuffix(up.Metrics, "/metrics"), "")
	eventually(t, 60, "the server is ready to sell", func() bool {
		a, err := probe.do(t.Context(), "GET", "/readyz", nil)
		return err == nil && a.status == 200
	})
	return p, up.API
}

// key makes a key with the command line.
func (s *stage) key(t *testing.T, storefront, scopes string) string {
	t.Helper()
	return strings.TrimSpace(command(t, s.env, "keys", "create", "--storefront", storefront, "--scopes", scopes))
}
