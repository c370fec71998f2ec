package tixngo

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Client talks to TIXNGO for one organizer. It is safe for concurrent use; TIXNGO wants one function
// at a time all the same.
type Client struct{ options Options }

// New returns a client, or an error that names every problem of the options. It makes no call.
func New(o Options) (*Client, error) {
	o.setDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("tixngo client of %q: %w", o.Organizer, err)
	}
	return &Client{options: o}, nil
}

// Organizer returns the name the client was made for.
func (c *Client) Organizer() string { return c.options.Organizer }

// call is one question on its way.
type call struct {
	op       Operation
	method   string
	changing bool
	eventID  string
	query    url.Values
	body     []byte
}

// exchange is what one HTTP exchange moved.
type exchange struct {
	status  int
	header  http.Header
	body    []byte
	out, in int64
}

// longestWait is the longest a retry waits because TIXNGO asked for it.
const longestWait = 10 * time.Second

// call asks, again where that is safe: a reading call that found nobody, or any call that never left.
func (c *Client) call(ctx context.Context, q call, into any) error {
	for try := 1; ; try++ {
		e := c.once(ctx, q, into)
		if e == nil {
			return nil
		}
		again := e.Kind == KindUnavailable && e.RetryAfter <= longestWait && (!e.Sent || !q.changing)
		if !again || try >= c.options.Tries || ctx.Err() != nil {
			return e
		}
		if c.options.Sleep(ctx, max(c.options.Backoff(try+1), e.RetryAfter)) != nil {
			return e
		}
	}
}

// once makes one exchange through the gate.
func (c *Client) once(ctx context.Context, q call, into any) *Error {
	asked := Call{Organizer: c.options.Organizer, Operation: q.op, Changing: q.changing}
	if err := c.options.Gate.Enter(ctx, asked); err != nil {
		return &Error{Kind: KindRefused, Operation: q.op, Changing: q.changing, Err: err}
	}
	o := Outcome{Started: c.options.Clock()}
	var x exchange
	var failed *Error
	defer func() {
		o.Status, o.BytesOut, o.BytesIn = x.status, x.out, x.in
		if failed != nil {
			o.Err, o.RetryAfter, o.Limited = failed, failed.RetryAfter, failed.Kind == KindRateLimited
		}
		o.Duration = c.options.Clock().Sub(o.Started)
		c.options.Gate.Leave(asked, o)
		c.options.Logger.DebugContext(ctx, "wallet call", "organizer", asked.Organizer, "call", string(q.op), "status", o.Status,
			"ms", o.Duration.Milliseconds(), "bytes_out", o.BytesOut, "bytes_in", o.BytesIn)
	}()
	failed = c.exchange(ctx, q, &x)
	if failed == nil {
		failed = c.judge(q, &x, into)
	}
	return failed
}

// judge reads an answer.
func (c *Client) judge(q call, x *exchange, into any) *Error {
	fail := func(k Kind, cause error) *Error {
		return &Error{
			Kind: k, Operation: q.op, Changing: q.changing, HTTPStatus: x.status, Code: findCode(x.body), Sample: c.sample(x.body),
			RetryAfter: parseRetryAfter(x.header.Get("Retry-After"), c.options.Clock()), Sent: true, Err: cause,
		}
	}
	if x.status < 200 || x.status > 299 {
		return fail(kindOf(x.status, x.body), nil)
	}
	if len(x.body) == 0 && q.changing {
		return nil // taken, and nothing said about it
	}
	if !bytes.HasPrefix(x.body, []byte("{")) && !bytes.HasPrefix(x.body, []byte("[")) {
		return fail(kindOf(x.status, x.body), nil)
	}
	ours, err := c.options.Names.FromWire(x.body)
	if err != nil || json.Unmarshal(ours, into) != nil {
		return fail(KindDecode, errUnreadable)
	}
	return nil
}

var (
	errUnreadable  = errors.New("the answer has not the expected form")
	errTooLarge    = errors.New("the answer is larger than allowed")
	errCompression = errors.New("the answer's compression is broken")
	errTimeout     = errors.New("no answer within the call timeout")
)

// sample blanks an answer; the key goes first, should it be echoed.
func (c *Client) sample(body []byte) string {
	return sample(bytes.ReplaceAll(body, []byte(c.options.Key), []byte("***")))
}

// address is where an operation is asked.
func (c *Client) address(q call) string {
	path := strings.ReplaceAll(strings.Trim(c.options.Paths[q.op], "/"), "{eventId}", url.PathEscape(q.eventID))
	address := c.options.BaseURL + "/" + path
	if encoded := q.query.Encode(); encoded != "" {
		address += "?" + encoded
	}
	return address
}

func (c *Client) request(ctx context.Context, q call) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, q.method, c.address(q), bytes.NewReader(q.body))
	if err != nil {
		return nil, errors.New("the address cannot be written")
	}
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept", "application/json")
	// Asked for by hand, so that the bytes can be counted as they travel.
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("User-Agent", "guichet")
	r.Header.Set(c.options.KeyHeader, c.options.KeyPrefix+string(c.options.Key))
	if c.options.Login != "" && c.options.LoginHeader != "" {
		r.Header.Set(c.options.LoginHeader, c.options.Login)
	}
	return r, nil
}

// exchange sends and reads. Its error means that there was no whole answer.
func (c *Client) exchange(ctx context.Context, q call, x *exchange) *Error {
	fail := func(k Kind, sent bool, cause error) *Error {
		return &Error{Kind: k, Operation: q.op, Changing: q.changing, HTTPStatus: x.status, Sent: sent, Err: cause}
	}
	if ctx.Err() != nil {
		return fail(KindUnavailable, false, context.Cause(ctx))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.options.CallTimeout, errTimeout)
	defer cancel()
	var conn connections
	r, err := c.request(httptrace.WithClientTrace(ctx, conn.trace()), q)
	if err != nil {
		return fail(KindRequest, false, err)
	}
	x.out = int64(len(q.body)) + headBytes(r.Method+" "+r.URL.RequestURI(), r.Header)
	response, err := c.options.HTTPClient.Do(r)
	if err != nil {
		sent := !neverLeft(err, &conn)
		if !sent {
			x.out = 0
		}
		return fail(KindUnavailable, sent, transportCause(ctx, err))
	}
	defer func() { _ = response.Body.Close() }()
	x.status, x.header = response.StatusCode, response.Header
	wire := &countingReader{r: response.Body}
	body, err := readBody(wire, response.Header.Get("Content-Encoding"), c.options.MaxResponseBytes)
	x.in = wire.n + headBytes(response.Status, response.Header)
	if err == nil {
		x.body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")))
		return nil
	}
	if x.status >= 400 {
		return nil // the status keeps its meaning without a body
	}
	kind := KindUnavailable
	if errors.Is(err, errTooLarge) || errors.Is(err, errCompression) {
		kind = KindDecode
	}
	return fail(kind, true, transportCause(ctx, err))
}

func readBody(wire io.Reader, encoding string, limit int64) ([]byte, error) {
	plain := wire
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(wire)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, unzipError(err)
		}
		plain = z
	case "", "identity":
	default:
		return nil, errCompression
	}
	body, err := io.ReadAll(io.LimitReader(plain, limit+1))
	if err != nil {
		return nil, unzipError(err)
	}
	if int64(len(body)) > limit {
		return nil, errTooLarge
	}
	return body, nil
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
	n := len(first) + len(" HTTP/1.1\r\n\r\n")
	for name, values := range header {
		for _, v := range values {
			n += len(name) + len(": \r\n") + len(v)
		}
	}
	return int64(n)
}

// connections counts what the transport did to get a connection.
type connections struct{ asked, got atomic.Int32 }

func (c *connections) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.asked.Add(1) },
		GotConn: func(httptrace.GotConnInfo) { c.got.Add(1) },
	}
}

// neverLeft reports whether it is certain that no byte of the request was sent. Silence is no
// evidence.
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

// transportCause strips the address off err and names our own timeout.
func transportCause(ctx context.Context, err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
