package api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// sized answers with as many bytes as its path says, announced or not.
func sized(announce bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		body := bytes.Repeat([]byte("0123456789abcde\n"), n/16+1)[:n]
		w.Header()["Content-Length"] = []string{strconv.Itoa(n)}
		if announce && r.Method != http.MethodHead {
			expectBody(r.Context(), n)
		}
		_, _ = w.Write(body)
	})
}

// wiredServer serves over wired connections.
func wiredServer(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Listener = Wire(srv.Config, srv.Listener)
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// Whatever its size, an answer over a wired connection has the bytes that it has over any other, also when the next request
// was sent with the last one.
func TestWire_ChangesNoByte(t *testing.T) {
	t.Parallel()
	addr := wiredServer(t, sized(true))
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sizes := []int{0, 1, 2000, 2048, 3000}
	for n := 3900; n < 4200; n++ {
		sizes = append(sizes, n)
	}
	for n := 7900; n < 8400; n += 3 {
		sizes = append(sizes, n)
	}
	sizes = append(sizes, 60_000, 4000)
	go func() {
		for _, n := range sizes { // all at once
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				_, _ = fmt.Fprintf(conn, "%s /%d HTTP/1.1\r\nHost: x\r\n\r\n", method, n)
			}
		}
	}()
	in := bufio.NewReader(conn)
	for _, n := range sizes {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			req, _ := http.NewRequestWithContext(t.Context(), method, "http://x/", nil)
			res, err := http.ReadResponse(in, req)
			if err != nil {
				t.Fatalf("%s %d: %v", method, n, err)
			}
			got, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			want := string(bytes.Repeat([]byte("0123456789abcde\n"), n/16+1)[:n])
			if method == http.MethodHead {
				want = ""
			}
			if err != nil || string(got) != want || res.ContentLength != int64(n) {
				t.Fatalf("%s %d: %d bytes, length %d, %v", method, n, len(got), res.ContentLength, err)
			}
		}
	}
}

// An answer of up to 8 kB that was announced leaves as one write, and as two otherwise.
func TestWire_SendsAnAnnouncedAnswerWithOneWrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		size     int
		announce bool
		want     int
	}{{3000, true, 1}, {4000, true, 1}, {4000, false, 2}, {7500, true, 1}, {20_000, true, 2}} {
		to := &counted{}
		w := &wired{conn: to}
		if c.announce {
			w.body = c.size
		}
		out := bufio.NewWriterSize(w, 4<<10) // as net/http has it
		_, _ = fmt.Fprintf(out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Filler: %s\r\n\r\n", c.size, strings.Repeat("x", 300))
		header := out.Buffered()
		_, _ = out.Write(make([]byte, c.size))
		if err := out.Flush(); err != nil || to.writes != c.want || to.bytes != header+c.size {
			t.Errorf("%d bytes, announced %t: %d writes of %d bytes, want %d of %d, %v", c.size, c.announce, to.writes, to.bytes, c.want, header+c.size, err)
		}
	}
}

// A caller that hung up is noticed, if one write later, and a file does not overtake what is held back.
func TestWire_TellsOfErrorsAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	first, second := []byte("HTTP/1.1 200 OK\r\n\r\nbegin"), []byte(" and end")
	w := &wired{conn: &counted{fail: io.ErrClosedPipe}, body: 13}
	if n, err := w.Write(first); n != len(first) || err != nil {
		t.Errorf("held back: %d, %v", n, err)
	}
	if _, err := w.Write(second); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("released: %v", err)
	}
	to := &counted{}
	w = &wired{conn: to, body: 13}
	_, _ = w.Write(first)
	if _, err := w.ReadFrom(bytes.NewReader(second)); err != nil || to.all.String() != string(first)+string(second) {
		t.Errorf("%q, %v", to.all.String(), err)
	}
}

// counted counts the writes that reach the network.
type counted struct {
	net.Conn
	writes, bytes int
	all           bytes.Buffer
	fail          error
}

func (c *counted) Write(p []byte) (int, error) {
	if c.fail != nil {
		return 0, c.fail
	}
	c.writes, c.bytes = c.writes+1, c.bytes+len(p)
	return c.all.Write(p)
}

func (c *counted) ReadFrom(r io.Reader) (int64, error) { return c.all.ReadFrom(r) }

func (*counted) CloseWrite() error { return nil }
