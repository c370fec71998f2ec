package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/storefront"
)

// call is what is known of the request being answered, and that request's context. One is made per request and used by that
// request's goroutine only.
type call struct {
	context.Context

	method    string // as the caller sent it
	path      string
	url       *url.URL
	began     time.Time
	requestID string
	traceID   string // of a W3C traceparent; empty where none was sent
	route     *route // nil where none matched
	key       storefront.Key
	wish      wish  // of a content coding
	failure   error // the cause of a refusal that is ours, for the log

	idLine, limitLine [1]string // X-Request-Id and RateLimit, as header lines
}

type callKey struct{}

// Value implements context.Context: the call finds itself.
func (cl *call) Value(key any) any {
	if _, ok := key.(callKey); ok {
		return cl
	}
	return cl.Context.Value(key)
}

// callOf returns the request's call; a zero one outside of a request.
func callOf(ctx context.Context) *call {
	if cl, ok := ctx.Value(callKey{}).(*call); ok {
		return cl
	}
	return &call{Context: ctx}
}

// front is the outermost handler: HEAD is answered as GET without its body (net/http leaves it out).
func (s *server) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cl := &call{
			Context: r.Context(), method: r.Method, path: r.URL.Path, url: r.URL, began: s.Clock(), requestID: s.requestID(r),
			traceID: traceID(first(r.Header["Traceparent"])),
		}
		r = r.WithContext(cl) //nolint:contextcheck // the call is the request's own context, and finds itself
		if r.Method == http.MethodHead {
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

const maxRequestID = 128

// requestID takes over the caller's X-Request-Id if it is 1 to 128 plain characters, and makes one otherwise.
func (s *server) requestID(r *http.Request) string {
	id := first(r.Header["X-Request-Id"])
	if id == "" || len(id) > maxRequestID || strings.ContainsFunc(id, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune("-_.:/+=@", c)
	}) {
		return s.IDs("req")
	}
	return id
}

// traceID reads the trace id of a W3C traceparent ("00-<32 hex>-<16 hex>-<2 hex>"); anything else gives nothing.
func traceID(parent string) string {
	if len(parent) < 55 || parent[2] != '-' || parent[35] != '-' || parent[52] != '-' || parent[:2] == "ff" {
		return ""
	}
	id := parent[3:35]
	if strings.Trim(id, "0123456789abcdef") != "" || strings.Trim(id, "0") == "" {
		return ""
	}
	return id
}

// guard is the chain before every handler.
func (s *server) guard(c *gin.Context) {
	cl := callOf(c.Request.Context())
	defer s.finish(c, cl)
	cl.route = s.auth[c.Request.Method+" "+c.FullPath()]
	s.headers(c, cl)
	if cl.route != nil && !s.admit(c, cl) {
		return
	}
	if cl.route != nil && cl.route.coded {
		var err error
		if cl.wish, err = readWish(c.Request.Header["Accept-Encoding"]); err != nil {
			s.refuse(c, err)
			return
		}
	}
	if !s.readBody(c, cl) {
		return
	}
	c.Next()
}

// finish turns a panic into a problem, writes the access log and tells Observe.
func (s *server) finish(c *gin.Context, cl *call) {
	if p := recover(); p != nil {
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		s.Log.LogAttrs(c.Request.Context(), slog.LevelError, "panic", slog.String("request_id", cl.requestID),
			slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		if c.Writer.Written() {
			panic(http.ErrAbortHandler) // half an answer is out: cut the connection, so that nobody takes it for a whole one
		}
		s.refuse(c, domain.Errorf(domain.Internal, domain.CodeInternal, ""))
		cl.failure = nil // logged above
	}
	c.Writer.WriteHeaderNow()
	took, status := s.Clock().Sub(cl.began), c.Writer.Status()
	operation, pattern, method := "", "", "other" // whoever has no key must not be able to invent things to count by
	if cl.route != nil {
		operation, pattern, method = cl.route.id, cl.route.path, cl.method
	}
	s.Observe(operation, method, status, took)
	s.note(c, cl, pattern, status, took)
}

// note writes the access log. Answers that callers may keep are many and all alike: good ones are counted (Observe) and
// logged for debugging only. It makes the record itself: where in the code a request was answered is not worth looking for
// each time.
func (s *server) note(c *gin.Context, cl *call, pattern string, status int, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case cl.failure != nil:
		level = slog.LevelError
	case cl.route != nil && cl.route.kept && status < http.StatusBadRequest:
		level = slog.LevelDebug
	}
	if !s.Log.Enabled(cl, level) {
		return
	}
	line := slog.NewRecord(time.Now(), level, "request", 0) //nolint:forbidigo // a log line bears the machine's time, as slog's own do
	line.AddAttrs(slog.String("request_id", cl.requestID), slog.Int("status", status), slog.Int("bytes", max(c.Writer.Size(), 0)),
		slog.Int64("ms", took.Milliseconds()))
	if cl.traceID != "" {
		line.AddAttrs(slog.String("trace_id", cl.traceID))
	}
	if cl.failure != nil {
		line.AddAttrs(slog.String("error", cl.failure.Error()))
	}
	_ = s.logOf(cl, pattern).Handle(cl, line) // a log that cannot be written has nowhere to be told
}

// maxLogs is for how many keys a route remembers the log that names them.
const maxLogs = 1000

// logOf is the log with what is the same for every request of this key to this route written already.
func (s *server) logOf(cl *call, pattern string) slog.Handler {
	usual := cl.key.ID != "" && cl.route != nil && cl.method == cl.route.method
	var known *map[string]slog.Handler
	if usual {
		if known = cl.route.logs.Load(); known != nil {
			if h := (*known)[cl.key.ID]; h != nil {
				return h
			}
		}
	}
	attrs := []slog.Attr{slog.String("method", cl.method), slog.String("route", pattern)}
	if cl.key.ID != "" {
		attrs = append(attrs, slog.String("storefront", cl.key.Storefront), slog.String("key", cl.key.ID))
	}
	h := s.Log.Handler().WithAttrs(attrs)
	if usual {
		more := map[string]slog.Handler{cl.key.ID: h}
		if known != nil && len(*known) < maxLogs {
			maps.Copy(more, *known)
		}
		cl.route.logs.CompareAndSwap(known, &more) // where another was faster, the next one is remembered
	}
	return h
}

// headers sets what every answer carries. Those that say how to treat content are set with the content where that may be
// kept, for there may be none.
func (s *server) headers(c *gin.Context, cl *call) {
	h := c.Writer.Header()
	cl.idLine[0] = cl.requestID
	h["X-Request-Id"], h["Cache-Control"] = cl.idLine[:], headerNoStore
	if cl.route == nil || !cl.route.kept {
		s.contentHeaders(h)
	}
}

// contentHeaders say how to treat content; a page's own policy stays.
func (s *server) contentHeaders(h http.Header) {
	s.dataHeaders(h)
	h["Referrer-Policy"] = headerNoReferrer
	if h["Content-Security-Policy"] == nil {
		h["Content-Security-Policy"] = headerNoContent
	}
}

// dataHeaders are enough for content that no browser shows as a page, once it may not guess otherwise.
func (s *server) dataHeaders(h http.Header) {
	h["X-Content-Type-Options"] = headerNoSniff
	if s.secure {
		h["Strict-Transport-Security"] = headerSecure
	}
}

// Headers of every answer. A value in a response is never changed in place.
var (
	headerNoSniff    = []string{"nosniff"}
	headerNoReferrer = []string{"no-referrer"}
	headerNoContent  = []string{"default-src 'none'; frame-ancestors 'none'"}
	headerNoStore    = []string{"no-store"}
	headerSecure     = []string{"max-age=31536000"}
)

// readBody reads and checks the body once, within its limit: it must be JSON without repeated, oddly spelled or unknown
// surroundings. Members themselves are checked against the operation's schema later.
func (s *server) readBody(c *gin.Context, cl *call) bool {
	r := c.Request
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 || cl.route == nil || cl.route.raw {
		return true
	}
	if r.ContentLength > s.MaxBody {
		s.refuse(c, tooLarge(s.MaxBody))
		return false
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, r.Body, s.MaxBody))
	if err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			s.refuse(c, tooLarge(s.MaxBody))
			return false
		}
		s.refuse(c, domain.Errorf(domain.Invalid, CodeRequestMalformed, "the body could not be read to its end"))
		return false
	}
	if len(body) > 0 && r.Method != http.MethodGet {
		if err := s.checkBody(r, cl.route, body); err != nil {
			s.refuse(c, err)
			return false
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return true
}

func tooLarge(limit int64) *domain.Error {
	return domain.Errorf(domain.Invalid, CodeRequestTooLarge, "a body may have %d bytes", limit)
}

func (s *server) checkBody(r *http.Request, rt *route, body []byte) error {
	if ct := r.Header.Get("Content-Type"); ct != "" {
		media, _, err := mime.ParseMediaType(ct)
		if err != nil || (media != "application/json" && !strings.HasSuffix(media, "+json")) {
			return domain.Errorf(domain.Invalid, CodeRequestMediaType, "the body must be application/json")
		}
	}
	if err := checkJSON(body); err != nil {
		return err
	}
	if rt.body {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return domain.Errorf(domain.Invalid, domain.CodeRequest, "this call takes no body")
	}
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "this call takes no members")
	for name := range members {
		bad.WithField("/"+escapePointer(name), CodeRequestUnknownMember, "no such member")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// writeJSON writes a small value outside of the API's own machinery.
func writeJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a caller that hung up cannot be told
}
