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
	"sync/atomic"
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

// bare answers as plainly as net/http can: the bytes and their type, or 304 to who has them. It goes through the bodies in
// turn, so that they come from memory as far away as ours.
func bare(bodies [][]byte, etag string) http.Handler {
	var next atomic.Uint64
	lengths := make([][]string, len(bodies))
	for i := range bodies {
		lengths[i] = []string{strconv.Itoa(len(bodies[i]))}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if etag != "" {
			h["Etag"] = []string{etag}
			if r.Header.Get("If-None-Match") == etag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		i := next.Add(1) % uint64(len(bodies))
		h["Content-Type"] = []string{"application/json"}
		h["Content-Length"] = lengths[i]
		_, _ = w.Write(bodies[i]) // as bare as it gets
	})
}

// beside measures our server and bare net/http turn by turn, so that both see the same machine, and reports how our time
// stands to the bare one's (1 is as fast) and our 99th percentile. Target gives the i-th address; the bare server writes
// the bytes that the first so many are answered with.
func beside(b *testing.B, r *rig, many int, target func(i int) string, headers ...string) {
	b.Helper()
	token, status, tag := r.tokens["shop"], http.StatusOK, ""
	if at := slices.Index(headers, "If-None-Match"); at >= 0 {
		status, tag = http.StatusNotModified, headers[at+1]
	}
	bodies := r.warm(many, status, target, headers...)
	ours, theirs := httptest.NewUnstartedServer(r.handler), httptest.NewServer(bare(bodies, tag))
	ours.Listener = Wire(ours.Config, ours.Listener)
	ours.Start()
	b.Cleanup(ours.Close)
	b.Cleanup(theirs.Close)
	a, z := dialWire(b, strings.TrimPrefix(ours.URL, "http://")), dialWire(b, strings.TrimPrefix(theirs.URL, "http://"))
	var us, them []time.Duration
	b.ReportAllocs()
	for i := many; b.Loop(); i++ {
		request := requestBytes(target(i), token, headers...)
		began := time.Now()
		if got, _, _, err := a.ask(request); err != nil || got != status {
			b.Fatalf("%s: %d %v", target(i), got, err)
		}
		middle := time.Now()
		if got, _, _, err := z.ask(request); err != nil || got != status {
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
	b.ReportMetric(float64(them[n*99/100].Nanoseconds())/1000, "bare-p99-µs")
	b.ReportMetric(float64(len(bodies[0])), "bytes")
}

// warm asks for addresses once, without a connection, and returns what came back.
func (r *rig) warm(n, status int, target func(i int) string, headers ...string) (bodies [][]byte) {
	r.t.Helper()
	for i := range n {
		req := httptest.NewRequestWithContext(r.t.Context(), http.MethodGet, target(i), nil)
		req.Header.Set("Authorization", "Bearer "+r.tokens["shop"])
		for _, set := range pairs(headers) {
			set(req)
		}
		rec := httptest.NewRecorder()
		if r.handler.ServeHTTP(rec, req); rec.Code != status {
			r.t.Fatalf("%s: %d %s", target(i), rec.Code, rec.Body)
		}
		bodies = append(bodies, rec.Body.Bytes())
	}
	return bodies
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
	search := []string{"hamlet", "zoe", "tragedie", "grand+theatre", "medee+et", "norm", "opera"}
	words := func(i int) string { return "/v1/performances?q=" + search[i%len(search)] }
	// fresh is an address that nobody asked for before.
	fresh := func(target func(int) string) func(int) string {
		return func(i int) string { return target(i) + "&price_max=" + strconv.Itoa(1_000_000+i) }
	}
	b.Run("performance", func(b *testing.B) { beside(b, r, bigPerformances, performance) })
	b.Run("performance-brotli", func(b *testing.B) {
		beside(b, r, 500, func(i int) string { return performance(i % 500) }, "Accept-Encoding", "gzip, deflate, br, zstd")
	})
	b.Run("unchanged", func(b *testing.B) {
		etag := r.do("shop", http.MethodGet, performance(0), "").header.Get("Etag")
		beside(b, r, 1, func(int) string { return performance(0) }, "If-None-Match", etag)
	})
	hot := func(i int) string { return page(i % 64) }
	r.warm(64, http.StatusOK, hot)
	b.Run("page", func(b *testing.B) { beside(b, r, 64, hot) })
	b.Run("page-never-asked-before", func(b *testing.B) { beside(b, r, 64, fresh(page)) })
	r.warm(64, http.StatusOK, words)
	b.Run("words", func(b *testing.B) { beside(b, r, 64, words) })
	b.Run("words-never-asked-before", func(b *testing.B) { beside(b, r, 64, fresh(words)) })
	b.Run("availability-200", func(b *testing.B) {
		beside(b, r, 200, func(i int) string {
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
	b.Run("bare", func(b *testing.B) { read(b, bare([][]byte{body}, ""), "/", r.tokens["shop"]) })
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
