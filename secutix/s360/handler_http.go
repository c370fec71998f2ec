package s360

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
)

// httpHandler makes one HTTP exchange, counts its bytes and measures the
// platform's clock. Its errors mean that there was no whole answer.
type httpHandler struct {
	options *Options
	base    *url.URL
	session *session
}

var errTimeout = errors.New("no answer within the call timeout")

func (h httpHandler) do(ctx context.Context, c call) (*answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, h.unsent(c, context.Cause(ctx))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, h.options.CallTimeout, errTimeout)
	defer cancel()
	var conn connections
	request, err := h.request(httptrace.WithClientTrace(ctx, conn.trace()), c)
	if err != nil {
		return nil, h.unsent(c, err)
	}
	a := &answer{
		bytesOut: int64(len(c.body)) + headBytes(request.URL.RequestURI(), request.Header),
		bearer:   c.bearer,
	}
	sent := h.options.Clock()
	response, err := h.options.HTTPClient.Do(request)
	if err != nil {
		e := newError(c, KindUnavailable)
		e.Err, e.Sent = transportCause(ctx, err), !neverLeft(err, &conn)
		if !e.Sent {
			a.bytesOut = 0
		}
		return a, e
	}
	defer func() { _ = response.Body.Close() }()
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		h.session.measure(date, sent, h.options.Clock())
	}
	return a, h.read(ctx, c, a, response)
}

func (h httpHandler) unsent(c call, cause error) *Error {
	e := newError(c, KindUnavailable)
	e.Err = cause
	return e
}

func (h httpHandler) request(ctx context.Context, c call) (*http.Request, error) {
	target := h.base.JoinPath(c.path...).String()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	// Asked for by hand, so that the transport leaves the body compressed and
	// its bytes can be counted as they travel.
	request.Header.Set("Accept-Encoding", "gzip")
	request.Header.Set("User-Agent", "guichet")
	if c.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	return request, nil
}

// read fills a from the response.
func (h httpHandler) read(ctx context.Context, c call, a *answer, response *http.Response) error {
	a.status, a.header = response.StatusCode, response.Header
	wire := &countingReader{r: response.Body}
	body, err := readBody(wire, response.Header.Get("Content-Encoding"), response.ContentLength, h.options.MaxResponseBytes)
	a.bytesIn = wire.n + headBytes(response.Status, response.Header)
	if err == nil {
		a.body = bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))
		a.readEnvelope(&h.session.plans)
		return nil
	}
	kind := KindUnavailable
	if errors.Is(err, errTooLarge) || errors.Is(err, errCompression) {
		kind = KindDecode
	}
	// A status that refuses before the work keeps its meaning without a body.
	if isLimited(a.status) || isAuth(a.status) {
		return nil
	}
	e := newError(c, kind)
	e.Sent, e.Err = true, transportCause(ctx, err)
	return e
}

var (
	errTooLarge    = errors.New("the answer is larger than allowed")
	errCompression = errors.New("the answer's compression is broken")
)

// readBody reads a body into one piece of memory of its size, which the encoding
// or the head tells: large answers do not stand in memory twice while they grow.
func readBody(wire io.Reader, encoding string, length, limit int64) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "gzip", "x-gzip":
	case "", "identity":
		return readAll(wire, length, limit)
	default:
		return nil, fmt.Errorf("%w: %q was not asked for", errCompression, clip(encoding, 20))
	}
	compressed, err := readAll(wire, length, limit)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, unzipError(err)
	}
	body, err := readAll(z, unzippedSize(compressed), limit)
	if err != nil {
		return nil, unzipError(err)
	}
	return body, nil
}

// readAll reads at most limit bytes; expected is about how many there are, or
// not known (0 or less).
func readAll(r io.Reader, expected, limit int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(max(expected, 0), limit)) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(r, limit+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > limit {
		return nil, errTooLarge
	}
	return b.Bytes(), nil
}

// mostUnzipped is how many bytes one of deflate can become.
const mostUnzipped = 1032

// unzippedSize is the size that gzip's last four bytes tell, as far as such an
// amount of bytes can become it.
func unzippedSize(compressed []byte) int64 {
	if len(compressed) < 4 {
		return 0
	}
	told := int64(binary.LittleEndian.Uint32(compressed[len(compressed)-4:]))
	return min(told, mostUnzipped*int64(len(compressed)))
}

func unzipError(err error) error {
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return errCompression
	}
	return err
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// headBytes returns about what a first line and headers weigh on the wire.
func headBytes(first string, header http.Header) int64 {
	n := len(first) + len("POST  HTTP/1.1\r\n\r\n")
	for name, values := range header {
		for _, v := range values {
			n += len(name) + len(": \r\n") + len(v)
		}
	}
	return int64(n)
}

// connections counts what the transport did to get a connection.
type connections struct {
	asked, got atomic.Int32
}

func (c *connections) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.asked.Add(1) },
		GotConn: func(httptrace.GotConnInfo) { c.got.Add(1) },
	}
}

// neverLeft reports whether it is certain that no byte of the request was
// sent. It needs evidence: the transport said that it asked for a connection
// and got none, or the error is one of dialling. Silence is no evidence.
func neverLeft(err error, conn *connections) bool {
	if conn.got.Load() > 0 {
		return false
	}
	if conn.asked.Load() > 0 {
		return true
	}
	var op *net.OpError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns) || errors.As(err, &certificate)
}

// transportCause strips the URL off err and names our own timeout.
func transportCause(ctx context.Context, err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, ctx.Err()) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}
