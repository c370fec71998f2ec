package api

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

// read fetches one address again and again over one kept connection.
func read(b *testing.B, h http.Handler, target, token string) {
	b.Helper()
	srv := httptest.NewServer(h)
	b.Cleanup(srv.Close)
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, srv.URL+target, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	client, buf := srv.Client(), make([]byte, 64<<10)
	b.ReportAllocs()
	for b.Loop() {
		res, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{res.Body}, buf); err != nil || res.StatusCode != http.StatusOK {
			b.Fatal(err, res.StatusCode)
		}
		_ = res.Body.Close()
	}
}

func quiet(d *Deps) { d.Log = slog.New(slog.NewJSONHandler(io.Discard, nil)) }

// BenchmarkReadPerformance reads a performance through the whole chain: key, rate, log line, kept body.
func BenchmarkReadPerformance(b *testing.B) {
	r := newRig(b, quiet)
	r.now.tick = 0
	read(b, r.handler, "/v1/performances/"+hamletFirst, r.tokens["web"])
}

// BenchmarkReadPerformanceBare is net/http alone writing the same bytes.
func BenchmarkReadPerformanceBare(b *testing.B) {
	r := newRig(b, quiet)
	body := r.do("web", http.MethodGet, "/v1/performances/"+hamletFirst, "").body
	read(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body) // as bare as it gets
	}), "/", "")
}

// BenchmarkReadProducts reads a page of products.
func BenchmarkReadProducts(b *testing.B) {
	r := newRig(b, quiet)
	r.now.tick = 0
	read(b, r.handler, "/v1/products?kind=event&q=ham", r.tokens["web"])
}

// serve calls a handler without a connection, to see what the chain itself costs.
func serve(b *testing.B, h http.Handler, target, token string) {
	b.Helper()
	req := httptest.NewRequestWithContext(b.Context(), http.MethodGet, target, nil)
	req.Header.Set("Authorization", "Bearer "+token)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), req)
	}
}

// BenchmarkServePerformance is the chain without a connection.
func BenchmarkServePerformance(b *testing.B) {
	r := newRig(b, quiet)
	r.now.tick = 0
	serve(b, r.handler, "/v1/performances/"+hamletFirst, r.tokens["web"])
}
