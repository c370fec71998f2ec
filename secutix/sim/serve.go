package sim

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// maxBody bounds a request.
const maxBody = 1 << 20

// reply is an answer before it is written.
type reply struct {
	status int
	header http.Header
	body   []byte
	full   int  // length promised when the answer is cut
	cut    bool // the connection drops after body, or at once when body is nil

	counted *institution // whose call this was; nil for what is not counted
}

func (r reply) length() int {
	if r.cut {
		return r.full
	}
	return len(r.body)
}

// call is one request to a service method on its way through the platform.
type call struct {
	in        *institution
	service   string
	version   string
	method    string
	body      []byte
	requestID int64
	now       time.Time
	caller    string // the name the client gives itself
	fault     *Fault
	latency   time.Duration
	halt      <-chan struct{}
	soap      *soapCall // nil by REST
}

// has says whether the call met a fault of this kind.
func (c *call) has(k Kind) bool { return c.fault != nil && c.fault.Kind == k }

// delay is what the call waits before its work.
func (c *call) delay() time.Duration {
	if c.fault != nil {
		return c.latency + c.fault.Delay
	}
	return c.latency
}

// refusal is a business error: HTTP 200 with a status code that is not success.
type refusal struct {
	code   string
	detail string
}

func refuse(code, format string, args ...any) *refusal {
	return &refusal{code: code, detail: fmt.Sprintf(format, args...)}
}

// handler does a method's work under the platform's lock. It returns the answer to encode, or a [later] to make it without
// the lock, or why there is none.
type handler func(p *Platform, c *call) (any, *refusal)

// answer is the whole protocol face: find the institution, count, check who asks, meet faults, work,
// encode.
func (p *Platform) answer(r *http.Request) reply {
	if err := p.Start(); err != nil {
		p.log().Error("simulator cannot start", "error", err)
		return textReply(http.StatusInternalServerError, "the simulator cannot start: "+err.Error())
	}
	if p.down.Load() {
		return textReply(http.StatusServiceUnavailable, "the platform restarts")
	}
	p.world.RLock()
	defer p.world.RUnlock()
	r, wire := metered(r)
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	in, path := p.find(r, path)
	var rep reply
	switch {
	case len(path) == 2 && path[0] == "images" && in != nil:
		rep = p.picture(in, path[1])
	case len(path) >= 2 && path[1] == "backend-apis":
		rep = p.backend(r, in, path)
	case len(path) >= 2 && path[1] == "external-remoting":
		rep = p.remoting(r, in, path)
	case p.isWallet(path):
		rep = p.walletFace(r, path)
	default:
		rep = textReply(http.StatusNotFound, "nothing here: "+r.URL.Path)
	}
	rep.header.Set("X-Simulator", "guichet")
	rep.header.Set("Date", p.clock.Now().Add(time.Duration(p.skew.Load())).UTC().Format(http.TimeFormat))
	packed := p.packed.gzip(r, rep)
	p.weigh(wire, rep, packed)
	return packed
}

// find tells the institution by path prefix, else by host label, and takes the prefix off the path.
func (p *Platform) find(r *http.Request, path []string) (*institution, []string) {
	if in := p.byCode[path[0]]; in != nil {
		return in, path[1:]
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	label, _, _ := strings.Cut(host, ".")
	return p.byCode[strings.ToLower(label)], path
}

// backend serves /{module}/backend-apis/….
func (p *Platform) backend(r *http.Request, in *institution, path []string) reply {
	if r.Method != http.MethodPost {
		return textReply(http.StatusMethodNotAllowed, "only POST")
	}
	body, rep := readBody(r)
	if rep != nil {
		return *rep
	}
	if len(path) == 4 && path[0] == "tnai" && path[2] == "v1" && path[3] == "auth" {
		return p.login(in, body)
	}
	if len(path) != 5 {
		return textReply(http.StatusNotFound, "no such service: "+r.URL.Path)
	}
	c := &call{in: in, service: path[2], version: path[3], method: path[4], body: body}
	sv, ok := serviceOf(path[0], c.service)
	if !ok {
		return textReply(http.StatusNotFound, "no such service: "+r.URL.Path)
	}
	if !slices.Contains(sv.versions, c.version) {
		return sv.absent(c.version)
	}
	sv = sv.as(c.version)
	rt, ok := sv.method(c.method)
	if !ok {
		return textReply(http.StatusNotFound, "no such method: "+c.service+"."+c.method)
	}
	if c.in == nil {
		c.in = p.byToken(r)
	}
	if c.in == nil {
		return textReply(http.StatusNotFound, "no such institution")
	}
	return p.serve(r, c, rt)
}

func readBody(r *http.Request) ([]byte, *reply) {
	fail := func(status int, text string) ([]byte, *reply) {
		rep := textReply(status, text)
		return nil, &rep
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return fail(http.StatusUnsupportedMediaType, "Content-Type must be application/json")
	}
	if r.Body == nil {
		return fail(http.StatusBadRequest, "a JSON object is needed")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return fail(http.StatusBadRequest, "the request ended early")
	}
	if len(body) > maxBody {
		return fail(http.StatusRequestEntityTooLarge, "the request is too long")
	}
	trimmed := bytes.TrimSpace(body)
	if !json.Valid(trimmed) || trimmed[0] != '{' {
		return fail(http.StatusBadRequest, "a JSON object is needed")
	}
	return trimmed, nil
}

// serve counts the call, checks the token, meets the fault and does the work.
func (p *Platform) serve(r *http.Request, c *call, rt method) reply {
	rep, code, kind := p.admit(r, c, rt)
	if kind == LateBarcodes || kind == "" {
		if c.fault != nil {
			kind = c.fault.Kind
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	status := rep.status
	if rep.cut && rep.body == nil {
		status = 0
	}
	rep.counted = c.in
	p.calls.add(Call{
		At: c.now, Institution: c.in.w.Code, Service: c.service, Version: c.version, Method: c.method,
		Status: status, Code: code, Fault: kind,
	})
	return rep
}

// admit is serve without the bookkeeping.
func (p *Platform) admit(r *http.Request, c *call, rt method) (rep reply, code string, kind Kind) {
	if rep := p.gate(r, c); rep != nil {
		return *rep, "", ""
	}
	if !wait(r.Context(), c.delay(), c.halt) {
		return reply{header: http.Header{}, cut: true}, "", ""
	}
	if rep := p.brokenBefore(c); rep != nil {
		return *rep, "", c.fault.Kind
	}
	payload, code, err := p.work(r.Context(), c, rt)
	if err != nil {
		p.log().Error("simulator failed", "method", c.method, "error", err)
		return c.crashed("internal error of the simulator"), "", ""
	}
	if payload == nil {
		return p.overLimit(p.policy().Status, c.now), "", ""
	}
	rep = c.answered(rt, payload)
	switch {
	case c.has(CutAfterCommit):
		return reply{header: http.Header{}, cut: true}, code, c.fault.Kind
	case c.has(HalfBody):
		rep.full, rep.body, rep.cut = len(rep.body), rep.body[:len(rep.body)/2], true
	}
	return rep, code, ""
}

// gate counts the call and looks at the token, then draws the fault it will meet.
func (p *Platform) gate(r *http.Request, c *call) *reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.now = p.clock.Now()
	if rep := p.admitted(c.in, c.now); rep != nil {
		return rep
	}
	if err := p.believe(r, c); err != nil {
		p.log().Warn("token refused", "institution", c.in.w.Code, "method", c.method, "reason", err.Error())
		rep := c.refused(err)
		return &rep
	}
	c.caller = cmpOr(callerOf(r), c.in.w.Operator)
	var head struct {
		RequestID s360.ID `json:"requestId"`
	}
	_ = json.Unmarshal(c.body, &head) // what is wrong with it is said by the method
	c.requestID = int64(head.RequestID)
	c.fault = p.faults.meet(p.Seed, c.in.w.Code, c.service, c.method)
	c.latency, c.halt = p.latency(c.in.w.Code, c.method), p.halt
	if c.fault != nil {
		p.log().Info("fault met", "institution", c.in.w.Code, "method", c.method, "kind", string(c.fault.Kind))
	}
	return nil
}

// brokenBefore answers for the faults that let nothing happen.
func (p *Platform) brokenBefore(c *call) *reply {
	var rep reply
	switch {
	case c.has(CutBeforeCommit):
		rep = reply{header: http.Header{}, cut: true}
	case c.has(Limit509):
		rep = p.overLimit(p.policy().Status, c.now)
	case c.has(Garbage):
		rep = htmlReply(http.StatusOK, "<html><body><h1>Maintenance</h1><p>We will be back soon.</p></body></html>")
	case c.has(Error500):
		rep = c.crashed("java.lang.NullPointerException")
	default:
		return nil
	}
	return &rep
}

// worked is an answer that was worked out: its bytes, or how to make them once the lock is given back. Without either the
// call is over the limit.
type worked struct {
	payload []byte
	code    string
	later   later
	id      int64 // the requestId that goes into it
}

// parked is an answer that waits to be fetched with its requestId.
type parked struct {
	institution string
	method      string
	params      string // the request without its requestId
	worked      worked
}

// maxParked bounds how many answers wait; the oldest go first.
const maxParked = 256

// work does the method's work, or fetches or parks its answer. A nil payload means over the limit.
func (p *Platform) work(ctx context.Context, c *call, rt method) (payload []byte, code string, err error) {
	if ctx.Err() != nil {
		return nil, "", ctx.Err()
	}
	w, err := p.locked(c, rt)
	if err != nil {
		return nil, "", err
	}
	if w.later != nil {
		if w.payload, err = w.later(); err != nil {
			return nil, "", err
		}
	}
	return withRequestID(w.payload, w.id), w.code, nil
}

// locked is the part of work that needs the platform's lock.
func (p *Platform) locked(c *call, rt method) (worked, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.now = p.clock.Now()
	if err := p.settle(c.in, c.now); err != nil {
		return worked{}, err
	}
	if id, waiting := p.waiting(c); waiting != nil {
		if c.has(InProgress) {
			return worked{payload: inProgress(id), code: s360.StatusInProgress}, nil
		}
		delete(p.pending, id)
		return waiting.worked, nil
	}
	if !p.spaced(c) {
		return worked{}, nil
	}
	result, no := rt.do(p, c)
	if _, early := result.(tooSoon); early {
		return worked{}, nil
	}
	w, err := encode(rt, c, result, no)
	if err != nil {
		return worked{}, err
	}
	if c.has(InProgress) || (p.AsyncCatalog && c.method == "getCatalogDetailed" && w.code == s360.StatusSuccess) {
		return worked{payload: inProgress(p.park(c, w)), code: s360.StatusInProgress}, nil
	}
	return w, nil
}

// waiting finds a parked answer to this call, by requestId or, for a catalog, by the same question.
func (p *Platform) waiting(c *call) (int64, *parked) {
	if w := p.pending[c.requestID]; w != nil && w.institution == c.in.w.Code && w.method == c.method {
		return c.requestID, w
	}
	if c.requestID != 0 || c.method != "getCatalogDetailed" {
		return 0, nil
	}
	for id, w := range p.pending {
		if w.institution == c.in.w.Code && w.method == c.method && w.params == string(c.body) {
			return id, w
		}
	}
	return 0, nil
}

func (p *Platform) park(c *call, w worked) int64 {
	p.lastRequest++
	id := p.lastRequest
	delete(p.pending, id-maxParked)
	w.id = id
	p.pending[id] = &parked{institution: c.in.w.Code, method: c.method, params: string(c.body), worked: w}
	return id
}

func inProgress(id int64) []byte {
	return []byte(`{"requestId":` + strconv.FormatInt(id, 10) + `,"statusCode":"` + s360.StatusInProgress + `"}`)
}

// encode writes a result, or a refusal in the form of its service.
func encode(rt method, c *call, result any, no *refusal) (worked, error) {
	if no != nil {
		r := s360.Result{RequestID: s360.ID(c.requestID), StatusCode: no.code, StatusDetail: no.detail}
		if !rt.order {
			b, err := json.Marshal(r)
			return worked{payload: b, code: no.code}, err
		}
		b, err := json.Marshal(s360.OrderResult{Result: r, ExpectedException: true, StatusMessage: no.detail})
		return worked{payload: b, code: no.code}, err
	}
	if made, ok := result.(later); ok {
		return worked{later: made, code: s360.StatusSuccess, id: c.requestID}, nil
	}
	b, err := json.Marshal(result)
	return worked{payload: b, code: s360.StatusSuccess}, err
}

// ok is the head of a successful result.
func (c *call) ok() s360.Result {
	return s360.Result{RequestID: s360.ID(c.requestID), StatusCode: s360.StatusSuccess}
}

func (c *call) orderOK() s360.OrderResult { return s360.OrderResult{Result: c.ok()} }

// read decodes the request into v and refuses members the method does not have.
func (p *Platform) read(c *call, v any) *refusal {
	unknown, err := s360.Unknown(c.body, v)
	if err != nil {
		return refuse("error.parameter.invalid", "%v", err)
	}
	if len(unknown) > 0 {
		return p.unknownMember(c, unknown)
	}
	return nil
}

func (p *Platform) unknownMember(c *call, names []string) *refusal {
	for _, name := range names {
		_, member, _ := strings.Cut(name, ".")
		if member == "composedProductOperations" || member == "transportProductOperations" {
			return refuse(errKind, "no page says what the members of %s are: what is bought by it is not imitated", member)
		}
	}
	p.log().Warn("unknown member in request", "institution", c.in.w.Code, "method", c.method, "members", names)
	return refuse("error.parameter.unknown", "unknown: %s", strings.Join(names, ", "))
}

func textReply(status int, text string) reply {
	return reply{status: status, header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body: []byte(text + "\n")}
}

func htmlReply(status int, text string) reply {
	return reply{status: status, header: http.Header{"Content-Type": {"text/html"}}, body: []byte(text + "\n")}
}

// compress packs the body when the caller asks for it.
func (p *packed) compress(r *http.Request, rep reply) reply {
	if rep.body == nil || rep.cut || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") ||
		strings.HasPrefix(rep.header.Get("Content-Type"), "image/") {
		return rep
	}
	body := p.gzipped(rep.body)
	if body == nil {
		return rep
	}
	rep.header.Set("Content-Encoding", "gzip")
	rep.header.Add("Vary", "Accept-Encoding")
	rep.body = body
	return rep
}

// gzipped is the compressed form, or nil when there is none. Writers are used again: a new one costs a megabyte of memory.
func (p *packed) gzipped(body []byte) []byte {
	var b bytes.Buffer
	z, ok := p.writers.Get().(*gzip.Writer)
	if !ok {
		var err error
		if z, err = gzip.NewWriterLevel(&b, gzip.BestSpeed); err != nil {
			return nil
		}
	}
	z.Reset(&b)
	_, err := z.Write(body)
	if errors.Join(err, z.Close()) != nil {
		return nil
	}
	p.writers.Put(z)
	return b.Bytes()
}
