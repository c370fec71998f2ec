package sim

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkCatalogOverHTTP fetches the catalog of 20,000 performances from memory over a socket, and beside it the same bytes from
// a bare net/http handler.
func BenchmarkCatalogOverHTTP(b *testing.B) {
	p := generatedPlatform(b, WorldOptions{Code: "big", Products: 2_000, Performances: 20_000, Seed: 7})
	p.warming.Wait()
	in := p.byCode["big"]
	body, err := in.kept[0].bytes()
	if err != nil {
		b.Fatal(err)
	}
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	for name, h := range map[string]http.Handler{"bare": bare, "simulator": p} {
		b.Run(name, func(b *testing.B) {
			server := httptest.NewServer(h)
			defer server.Close()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, server.URL+"/big/tnseb/backend-apis/catalogService/v1_33/getCatalogDetailed", strings.NewReader(`{}`))
				if err != nil {
					b.Fatal(err)
				}
				now := aDay.Unix()
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Accept-Encoding", "identity")
				r.Header.Set("Authorization", "Bearer "+forge(in.w.Secret, map[string]any{"sub": "BIG", "aud": in.w.Operator, "iss": "Guichet", "iat": now, "exp": now + 30}))
				res, err := http.DefaultClient.Do(r)
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.Copy(io.Discard, res.Body)
				if err := errors.Join(err, res.Body.Close()); err != nil || n != int64(len(body)) {
					b.Fatal(n, err)
				}
			}
		})
	}
}
