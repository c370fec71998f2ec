package api

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
)

// Wire makes a server send answers of some 4 to 8 kB, which most performances are, with one write: net/http puts header and
// body through a buffer of 4 kB, and the second write costs as much as everything we do for the answer. It sets the server's
// ConnContext and returns the listener to serve; without it everything works, with two writes.
func Wire(s *http.Server, l net.Listener) net.Listener {
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if w, ok := c.(*wired); ok {
			return context.WithValue(ctx, wiredKey{}, w)
		}
		return ctx
	}
	return wiredListener{l}
}

type wiredListener struct{ net.Listener }

// Accept implements net.Listener.
func (l wiredListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if own, ok := c.(conn); ok && err == nil {
		return &wired{conn: own}, nil
	}
	return c, err
}

type wiredKey struct{}

// conn is what net/http uses of a *net.TCPConn.
type conn interface {
	net.Conn
	io.ReaderFrom
	CloseWrite() error
}

// wired is a connection that holds the beginning of an answer back until the rest of it comes with the next write. Only the
// goroutine that answers writes to it.
type wired struct {
	conn
	body int           // bytes of the body whose header the next write begins with; 0 is not known
	held *bytes.Buffer // what is held back, or nil
}

// maxRest is how much of an answer may be outstanding when its beginning is held back: what is longer is not copied.
const maxRest = 4 << 10

var wiredBuffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 2*maxRest)) }}

// expectBody tells the connection that an answer with a body of n bytes comes, all of which will be written.
func expectBody(ctx context.Context, n int) {
	if w, ok := ctx.Value(wiredKey{}).(*wired); ok {
		w.body = n
	}
}

// Write implements io.Writer. What it holds back it calls written: an error comes with the next write.
func (w *wired) Write(p []byte) (int, error) {
	body := w.body
	w.body = 0
	if w.held != nil {
		return w.release(p)
	}
	if body > 0 {
		header := bytes.Index(p, []byte("\r\n\r\n")) + 4
		if rest := header + body - len(p); header > 4 && rest > 0 && rest <= maxRest {
			w.held = wiredBuffers.Get().(*bytes.Buffer)
			return w.held.Write(p)
		}
	}
	return w.conn.Write(p)
}

// release writes what was held back and what follows it.
func (w *wired) release(p []byte) (int, error) {
	held := w.held
	w.held = nil
	before := held.Len()
	held.Write(p)
	n, err := w.conn.Write(held.Bytes())
	held.Reset()
	wiredBuffers.Put(held)
	return max(n-before, 0), err
}

// ReadFrom implements io.ReaderFrom, for files.
func (w *wired) ReadFrom(r io.Reader) (int64, error) {
	if w.held != nil {
		if _, err := w.release(nil); err != nil {
			return 0, err
		}
	}
	return w.conn.ReadFrom(r)
}
