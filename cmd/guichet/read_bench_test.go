package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet/api"
	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
	"guichet/domain/storefront"
	"guichet/secutix/sim"
)

// BenchmarkRead reads single performances of 20,000 from the service as it is wired to run (keys kept for seconds, rate,
// JSON log, Prometheus), turn by turn with bare net/http that writes the same bytes, header and body, over kept connections.
func BenchmarkRead(b *testing.B) {
	a, token := reading(b)
	target := func(i int) string { return fmt.Sprintf("/v1/performances/play-%d", 100_000+i*7919%20_000) }
	type written struct {
		header http.Header
		body   []byte
	}
	for _, c := range []struct {
		name, tag, headers string
		status             int
	}{
		{"performance", "", "", http.StatusOK},
		{"unchanged", "*", "If-None-Match: *\r\n", http.StatusNotModified},
	} {
		b.Run(c.name, func(b *testing.B) {
			var answers []written
			for i := range 20_000 {
				req := httptest.NewRequestWithContext(b.Context(), http.MethodGet, target(i), nil)
				req.Header.Set("Authorization", "Bearer "+token)
				if c.tag != "" {
					req.Header.Set("If-None-Match", c.tag)
				}
				rec := httptest.NewRecorder()
				if a.api.ServeHTTP(rec, req); rec.Code != c.status {
					b.Fatalf("%d %s", rec.Code, rec.Body)
				}
				answers = append(answers, written{rec.Header(), rec.Body.Bytes()})
			}
			n := 0
			ours := httptest.NewUnstartedServer(a.api)
			ours.Listener = api.Wire(ours.Config, ours.Listener)
			ours.Start()
			theirs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				n++
				answer := answers[n%len(answers)]
				maps.Copy(w.Header(), answer.header) // as bare as it gets
				w.WriteHeader(c.status)
				_, _ = w.Write(answer.body)
			}))
			defer ours.Close()
			defer theirs.Close()
			one, other := newKept(b, ours.URL), newKept(b, theirs.URL)
			var us, them []time.Duration
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				request := []byte("GET " + target(i) + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token + "\r\n" + c.headers + "\r\n")
				began := time.Now()
				if err := one.ask(request); err != nil {
					b.Fatal(err)
				}
				middle := time.Now()
				if err := other.ask(request); err != nil {
					b.Fatal(err)
				}
				us, them = append(us, middle.Sub(began)), append(them, time.Since(middle))
			}
			slices.Sort(us)
			slices.Sort(them)
			b.ReportMetric(float64(them[len(them)/2])/float64(us[len(us)/2]), "of-bare")
			b.ReportMetric(float64(us[len(us)/2].Nanoseconds())/1000, "p50-µs")
			b.ReportMetric(float64(us[len(us)*99/100].Nanoseconds())/1000, "p99-µs")
		})
	}
}

// reading is the service with a catalog of 20,000 performances and a key that may read it.
func reading(b *testing.B) (*app, string) {
	b.Helper()
	platform := &sim.Platform{Clock: sim.NewClock(time.Time{})}
	i := platform.Institutions()[0]
	cfg := defaults()
	cfg.Database, cfg.AllowSimulator, cfg.KeyRate, cfg.LogFormat = domain.Secret("sqlite:"+filepath.Join(b.TempDir(), "guichet.db")), true, 1_000_000, "json"
	cfg.Institutions = []InstitutionConfig{{
		Code: string(sample.Code), BaseURL: "http://127.0.0.1/" + i.Code, Operator: i.Operator, Partner: i.Partner, Secret: domain.Secret(i.Secret),
		PartnerContact: i.PartnerContact, PerMinute: 100, Concurrent: 5, Unmetered: true,
	}}
	a, err := build(b.Context(), cfg, options{transport: platform.Transport(), logTo: io.Discard, clock: domain.SystemClock})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = a.Close() })
	if _, err := a.db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	snap := sample.Many(20_000)
	snap.LoadedAt = domain.SystemClock()
	if _, err := a.db.Catalog().ReplaceCatalog(b.Context(), snap, catalog.State{Institution: sample.Code, LoadedAt: snap.LoadedAt, SetupStamp: "s"}, catalog.Delta{}); err != nil {
		b.Fatal(err)
	}
	if err := a.catalog.Follow(b.Context()); err != nil {
		b.Fatal(err)
	}
	_, token, err := a.storefront.Create(b.Context(), storefront.NewKey{Storefront: "bench", Scopes: []storefront.Scope{storefront.ScopeCatalog}})
	if err != nil {
		b.Fatal(err)
	}
	return a, token.Reveal()
}

// kept is one kept connection, read no further than to know where an answer ends.
type kept struct {
	conn net.Conn
	r    *bufio.Reader
}

func newKept(b *testing.B, url string) *kept {
	b.Helper()
	conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return &kept{conn, bufio.NewReaderSize(conn, 64<<10)}
}

// ask sends a request and reads the answer, which must be 200 or 304.
func (k *kept) ask(request []byte) error {
	if _, err := k.conn.Write(request); err != nil {
		return err
	}
	line, err := k.r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) && !bytes.HasPrefix(line, []byte("HTTP/1.1 304")) {
		return errors.New(string(line))
	}
	for size := 0; ; {
		line, err := k.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if text, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if size, err = strconv.Atoi(string(bytes.TrimSpace(text))); err != nil {
				return err
			}
		}
		if len(line) <= 2 {
			_, err := k.r.Discard(size)
			return err
		}
	}
}
