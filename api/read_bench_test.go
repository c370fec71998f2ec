package api

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func quiet(d *Deps) { d.Log = slog.New(slog.NewJSONHandler(io.Discard, nil)) }

// wire is a client that costs next to nothing: one kept connection, requests as bytes, no parsing but of what tells where
// an answer ends. A ratio taken with it is about the server.
type wire struct {
	conn net.Conn
	r    *bufio.Reader
	body []byte
}

func dialWire(tb testing.TB, addr string) *wire {
	tb.Helper()
	conn, err := (&net.Dialer{}).DialContext(tb.Context(), "tcp", addr)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return &wire{conn: conn, r: bufio.NewReaderSize(conn, 256<<10), body: make([]byte, 1<<20)}
}

var (
	lengthHeader = []byte("Content-Length: ")
	etagHeader   = []byte("Etag: ")
)

// ask sends a request and reads the answer to its end.
func (w *wire) ask(request []byte) (status, size int, etag string, err error) {
	if _, err = w.conn.Write(request); err != nil {
		return 0, 0, "", err
	}
	line, err := w.r.ReadSlice('\n')
	if err != nil || len(line) < 12 {
		return 0, 0, "", fmt.Errorf("status line %q: %w", line, err)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, "", err
	}
	for {
		line, err := w.r.ReadSlice('\n')
		if err != nil {
			return 0, 0, "", err
		}
		switch {
		case len(line) <= 2:
			_, err := io.ReadFull(w.r, w.body[:size])
			return status, size, etag, err
		case bytes.HasPrefix(line, lengthHeader):
			if size, err = strconv.Atoi(string(bytes.TrimSpace(line[len(lengthHeader):]))); err != nil {
				return 0, 0, "", err
			}
		case bytes.HasPrefix(line, etagHeader):
			etag = string(bytes.TrimSpace(line[len(etagHeader):]))
		}
	}
}

// requestBytes is a request as a storefront's client writes it.
func requestBytes(target, token string, more ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAuthorization: Bearer %s\r\n", target, token)
	for i := 0; i+1 < len(more); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", more[i], more[i+1])
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// bare answers as plainly as net/http can: the bytes and their type, or 304 to who has them.
func bare(body []byte, etag string) http.Handler {
	length := []string{strconv.Itoa(len(body))}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if etag != "" {
			h["Etag"] = []string{etag}
			if r.Header.Get("If-None-Match") == etag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		h["Content-Type"] = []string{"application/json"}
		h["Content-Length"] = length
		_, _ = w.Write(body) // as bare as it gets
	})
}

// beside measures our server and bare net/http turn by turn, so that both see the same machine, and reports how our time
// stands to the bare one's (1 is as fast) and our 99th percentile. Target gives the i-th address.
func beside(b *testing.B, r *rig, status int, target func(i int) string, headers ...string) {
	b.Helper()
	token := r.tokens["shop"]
	first := r.do("shop", http.MethodGet, target(0), "", pairs(headers)...)
	if first.status != status {
		b.Fatalf("%s: %d %s", target(0), first.status, first.body)
	}
	tag := ""
	if status == http.StatusNotModified {
		tag = headers[slices.Index(headers, "If-None-Match")+1]
	}
	ours, theirs := httptest.NewServer(r.handler), httptest.NewServer(bare(first.body, tag))
	b.Cleanup(ours.Close)
	b.Cleanup(theirs.Close)
	a, z := dialWire(b, strings.TrimPrefix(ours.URL, "http://")), dialWire(b, strings.TrimPrefix(theirs.URL, "http://"))
	plain := requestBytes("/", token, headers...)
	var us, them []time.Duration
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		request := requestBytes(target(i), token, headers...)
		began := time.Now()
		if got, _, _, err := a.ask(request); err != nil || got != status {
			b.Fatalf("%s: %d %v", target(i), got, err)
		}
		middle := time.Now()
		if got, _, _, err := z.ask(plain); err != nil || got != status {
			b.Fatalf("bare: %d %v", got, err)
		}
		us, them = append(us, middle.Sub(began)), append(them, time.Since(middle))
	}
	slices.Sort(us)
	slices.Sort(them)
	n := len(us)
	b.ReportMetric(float64(them[n/2])/float64(us[n/2]), "of-bare")
	b.ReportMetric(float64(us[n/2].Nanoseconds())/1000, "p50-µs")
	b.ReportMetric(float64(us[n*99/100].Nanoseconds())/1000, "p99-µs")
	b.ReportMetric(float64(len(first.body)), "bytes")
}

func pairs(headers []string) (out []sent) {
	for i := 0; i+1 < len(headers); i += 2 {
		out = append(out, header(headers[i], headers[i+1]))
	}
	return out
}

// BenchmarkBeside reads through the whole chain (key, rate, request id, log line, observation, catalog of 20,000
// performances), each time beside bare net/http that writes the same bytes.
func BenchmarkBeside(b *testing.B) {
	r := newBigRig(b)
	r.shopKey()
	performance := func(i int) string { return "/v1/performances/" + bigID(i*7919) }
	page := func(i int) string {
		return fmt.Sprintf("/v1/performances?venue=V%02d&from=2026-%02d-%02d&sort=price", i%12, 9+i/12%4, 3+i/48%25)
	}
	search := []string{"hamlet", "zoe", "tragedie", "grand theatre", "medee et", "norm", "opera"}
	for i := range bigPerformances { // every body once
		r.do("shop", http.MethodGet, performance(i), "")
	}
	b.Run("performance", func(b *testing.B) { beside(b, r, http.StatusOK, performance) })
	b.Run("performance-brotli", func(b *testing.B) {
		beside(b, r, http.StatusOK, performance, "Accept-Encoding", "gzip, deflate, br, zstd")
	})
	b.Run("unchanged", func(b *testing.B) {
		etag := r.do("shop", http.MethodGet, performance(0), "").header.Get("Etag")
		beside(b, r, http.StatusNotModified, func(int) string { return performance(0) }, "If-None-Match", etag)
	})
	b.Run("page", func(b *testing.B) { beside(b, r, http.StatusOK, func(i int) string { return page(i % 64) }) })
	b.Run("page-never-asked-before", func(b *testing.B) {
		beside(b, r, http.StatusOK, func(i int) string { return page(i) + "&price_max=" + strconv.Itoa(1_000_000+i) })
	})
	b.Run("words", func(b *testing.B) {
		beside(b, r, http.StatusOK, func(i int) string { return "/v1/performances?q=" + strings.ReplaceAll(search[i%len(search)], " ", "+") })
	})
	b.Run("words-never-asked-before", func(b *testing.B) {
		beside(b, r, http.StatusOK, func(i int) string {
			return "/v1/performances?q=" + strings.ReplaceAll(search[i%len(search)], " ", "+") + "&price_max=" + strconv.Itoa(1_000_000+i)
		})
	})
	b.Run("availability-200", func(b *testing.B) {
		beside(b, r, http.StatusOK, func(i int) string {
			ids := make([]string, maxAvailabilities)
			for j := range ids {
				ids[j] = bigID(i*131 + j*17)
			}
			return "/v1/availability?performances=" + strings.Join(ids, ",")
		})
	})
}

// BenchmarkClient is the single performance with Go's own client instead, whose cost hides most of the difference.
func BenchmarkClient(b *testing.B) {
	r := newBigRig(b)
	r.shopKey()
	body := r.do("shop", http.MethodGet, "/v1/performances/"+bigID(0), "").body
	b.Run("guichet", func(b *testing.B) { read(b, r.handler, "/v1/performances/"+bigID(0), r.tokens["shop"]) })
	b.Run("bare", func(b *testing.B) { read(b, bare(body, ""), "/", r.tokens["shop"]) })
}

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
	req.Header.Set("Accept-Encoding", "identity")
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

// nowhere takes an answer and keeps nothing but its status.
type nowhere struct {
	header http.Header
	status int
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (w *nowhere) WriteHeader(status int)      { w.status = status }

// serve calls a handler without a connection, to see what the chain itself costs.
func serve(b *testing.B, h http.Handler, token string, target func(i int) string, headers ...string) {
	b.Helper()
	requests := make([]*http.Request, 512)
	for i := range requests {
		req := httptest.NewRequestWithContext(b.Context(), http.MethodGet, target(i), nil)
		req.Header.Set("Authorization", "Bearer "+token)
		for j := 0; j+1 < len(headers); j += 2 {
			req.Header[textproto.CanonicalMIMEHeaderKey(headers[j])] = []string{headers[j+1]}
		}
		requests[i] = req
	}
	w := &nowhere{header: http.Header{}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		clear(w.header)
		h.ServeHTTP(w, requests[i%len(requests)])
	}
}

// BenchmarkChain is the chain without a connection.
func BenchmarkChain(b *testing.B) {
	r := newBigRig(b)
	r.shopKey()
	performance := func(i int) string { return "/v1/performances/" + bigID(i*7919) }
	etag := r.do("shop", http.MethodGet, performance(0), "").header.Get("Etag")
	b.Run("performance", func(b *testing.B) { serve(b, r.handler, r.tokens["shop"], performance) })
	b.Run("unchanged", func(b *testing.B) {
		serve(b, r.handler, r.tokens["shop"], func(int) string { return performance(0) }, "If-None-Match", etag)
	})
	b.Run("page", func(b *testing.B) {
		serve(b, r.handler, r.tokens["shop"], func(i int) string { return fmt.Sprintf("/v1/performances?venue=V%02d&sort=price", i%12) })
	})
}

// BenchmarkWrite is what a body costs that nobody has written yet.
func BenchmarkWrite(b *testing.B) {
	r := newBigRig(b)
	sh, err := r.srv.shelf("play")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		sp := sh.speech(nil)
		raw, err := encode(sh.performance(&sh.view.Performances[i%bigPerformances], sp))
		if err != nil {
			b.Fatal(err)
		}
		newBody(raw, sp.used)
	}
}
