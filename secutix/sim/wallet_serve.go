package sim

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/tixngo"
)

// maxWalletBody bounds a request: a thousand tickets with many details.
const maxWalletBody = 16 << 20

// walletService names the wallet in faults and in the list of calls.
const walletService = "tixngo"

// walletCall is one request on its way through the simulated TIXNGO.
type walletCall struct {
	w     *wallet
	op    walletOp
	event string // of the path
	query url.Values
	body  []byte
	now   time.Time
	fault *Fault
	halt  <-chan struct{}
}

// commit writes down what the call changed.
func (c *walletCall) commit(p *Platform, ch walletChange) *walletProblem {
	if err := p.commitWallet(c.w, c.now, ch); err != nil {
		p.log().Error("simulator failed", "method", string(c.op.name), "error", err)
		return &walletProblem{http.StatusInternalServerError, "INTERNAL", "internal error of the simulator"}
	}
	return nil
}

// walletProblem refuses a call as a whole.
type walletProblem struct {
	status int
	code   string
	text   string
}

func badRequest(code, text string) *walletProblem {
	return &walletProblem{http.StatusBadRequest, code, text}
}

func (b *walletProblem) reply() reply {
	body, _ := json.Marshal(map[string]any{"error": map[string]string{"code": b.code, "message": b.text}}) // texts are always written
	rep := reply{status: b.status, header: http.Header{"Content-Type": {"application/json"}}, body: body}
	if b.status == http.StatusTooManyRequests {
		rep.header.Set("Retry-After", "60")
	}
	return rep
}

// walletOp is one thing TIXNGO can be asked.
type walletOp struct {
	name     tixngo.Operation
	method   string
	function bool     // one at a time per organizer
	only     string   // the one generation that has it
	query    []string // the parameters it takes
	do       func(*Platform, *walletCall) (any, *walletProblem)
}

func walletOps() []walletOp {
	page := []string{"limit", "offset"}
	updated := append([]string{"mobileAppId", "lastUpdatedSince", "lastUpdatedBefore", "excludeDeleted"}, page...)
	return []walletOp{
		{name: tixngo.OpInjectTickets, method: http.MethodPost, function: true, do: (*Platform).injectTickets},
		{name: tixngo.OpDeleteTickets, method: http.MethodPost, function: true, do: (*Platform).deleteTickets},
		{name: tixngo.OpControlTickets, method: http.MethodPost, function: true, do: (*Platform).controlTickets},
		{name: tixngo.OpInjectPrivileges, method: http.MethodPost, function: true, only: walletV3, do: (*Platform).injectPrivileges},
		{name: tixngo.OpDeletePrivileges, method: http.MethodPost, function: true, only: walletV3, do: (*Platform).deletePrivileges},
		{name: tixngo.OpChanges, method: http.MethodGet, function: true, query: []string{"paginationKey", "limit", "mode"}, do: (*Platform).walletChanges},
		{name: tixngo.OpStatusLogs, method: http.MethodGet, only: walletV4, do: (*Platform).walletLogs, query: []string{
			"mobileAppId", "from", "to", "actionNames", "fromStatuses", "toStatuses", "fromOwnerId", "toOwnerId", "actor", "limit", "paginationKey",
		}},
		{name: tixngo.OpTickets, method: http.MethodGet, query: updated, do: (*Platform).walletRows},
		{name: tixngo.OpTicketsLight, method: http.MethodGet, query: append([]string{"mobileAppId"}, page...), do: (*Platform).walletRows},
		{name: tixngo.OpEventTickets, method: http.MethodGet, query: updated, do: (*Platform).walletRows},
		{name: tixngo.OpInjectionReport, method: http.MethodGet, query: append([]string{"period"}, page...), do: (*Platform).walletReport},
	}
}

// isWallet says whether a path is the simulated TIXNGO's.
func (p *Platform) isWallet(path []string) bool {
	prefix := p.Wallet.path()
	joined := strings.Join(path, "/")
	return joined == prefix || strings.HasPrefix(joined, prefix+"/")
}

// walletFace answers as TIXNGO does: who asks, what, may it be now, then the work.
func (p *Platform) walletFace(r *http.Request, path []string) reply {
	c, bad := p.walletRoute(r, path)
	if bad != nil {
		return bad.reply()
	}
	if bad := p.walletBody(r, c); bad != nil {
		return bad.reply()
	}
	rep, code, met := p.walletServe(r, c)
	p.mu.Lock()
	defer p.mu.Unlock()
	status := rep.status
	if rep.cut && rep.body == nil {
		status = 0
	}
	p.calls.add(Call{
		At: c.now, Institution: c.w.in.w.Code, Service: walletService, Version: c.w.gen, Method: string(c.op.name), Status: status,
		Code: code, Fault: met,
	})
	return rep
}

// walletRoute finds the organizer by its key and the operation by its path.
func (p *Platform) walletRoute(r *http.Request, path []string) (*walletCall, *walletProblem) {
	rest := strings.TrimPrefix(strings.TrimPrefix(strings.Join(path, "/"), p.Wallet.path()), "/")
	gen, rest, _ := strings.Cut(rest, "/")
	below, organizer := strings.CutPrefix(rest, "organizer/")
	if (gen != walletV3 && gen != walletV4) || !organizer {
		return nil, &walletProblem{http.StatusNotFound, "NOT_FOUND", "no such path"}
	}
	in := p.byWalletKey(r, gen)
	if in == nil {
		return nil, &walletProblem{http.StatusUnauthorized, "UNAUTHORIZED", "the key is not an organizer's of " + gen}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &walletCall{w: in.wallet(gen), now: p.clock.Now()}
	found := false
	for _, op := range walletOps() {
		event, ok := matchPath(p.Wallet.pathOf(op.name), below)
		if !ok || (op.only != "" && op.only != gen) {
			continue
		}
		found = true
		if op.method == r.Method {
			c.op, c.event = op, event
			return c, walletQuery(r, c)
		}
	}
	if found {
		return nil, &walletProblem{http.StatusMethodNotAllowed, "METHOD", "not with " + r.Method}
	}
	return nil, &walletProblem{http.StatusNotFound, "NOT_FOUND", "no such path in " + gen}
}

// matchPath compares a path with a pattern that may hold {eventId}, which may hold slashes.
func matchPath(pattern, path string) (event string, ok bool) {
	head, tail, open := strings.Cut(pattern, "{eventId}")
	if !open {
		return "", pattern == path
	}
	event, ok = strings.CutPrefix(path, head)
	if !ok {
		return "", false
	}
	event, ok = strings.CutSuffix(event, tail)
	return event, ok && event != ""
}

func walletQuery(r *http.Request, c *walletCall) *walletProblem {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badRequest("BAD_REQUEST", "the query cannot be read")
	}
	for name := range q {
		known := false
		for _, k := range c.op.query {
			known = known || k == name
		}
		if !known {
			return badRequest("UNKNOWN_PARAMETER", "unknown: "+name)
		}
	}
	c.query = q
	return nil
}

func (p *Platform) byWalletKey(r *http.Request, gen string) *institution {
	key, ok := strings.CutPrefix(r.Header.Get(p.Wallet.keyHeader()), p.Wallet.KeyPrefix)
	if !ok {
		return nil
	}
	for _, in := range p.institutions {
		if subtle.ConstantTimeCompare([]byte(key), []byte(in.walletKey(gen))) == 1 {
			return in
		}
	}
	return nil
}

func (p *Platform) walletBody(r *http.Request, c *walletCall) *walletProblem {
	if c.op.method != http.MethodPost {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &walletProblem{http.StatusUnsupportedMediaType, "MEDIA_TYPE", "Content-Type must be application/json"}
	}
	if r.Body == nil {
		return badRequest("BAD_REQUEST", "a JSON object is needed")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxWalletBody+1))
	body = bytes.TrimSpace(body)
	switch {
	case err != nil:
		return badRequest("BAD_REQUEST", "the request ended early")
	case len(body) > maxWalletBody:
		return &walletProblem{http.StatusRequestEntityTooLarge, "TOO_LARGE", "the request is too long"}
	case !json.Valid(body) || body[0] != '{':
		return badRequest("BAD_REQUEST", "a JSON object is needed")
	}
	if c.body, err = p.Wallet.Names.FromWire(body); err != nil {
		return badRequest("BAD_REQUEST", "a JSON object is needed")
	}
	return nil
}

// walletServe lets the call in, meets its fault and does the work. It returns what the list of calls
// wants to know beside the answer.
func (p *Platform) walletServe(r *http.Request, c *walletCall) (reply, string, Kind) {
	if bad := p.walletEnter(c); bad != nil {
		return bad.reply(), bad.code, ""
	}
	defer p.walletLeave(c)
	kind := Kind("")
	if c.fault != nil {
		kind = c.fault.Kind
		if !wait(r.Context(), c.fault.Delay, c.halt) {
			return reply{header: http.Header{}, cut: true}, "", kind
		}
	}
	switch kind {
	case CutBeforeCommit:
		return reply{header: http.Header{}, cut: true}, "", kind
	case Limit509:
		return (&walletProblem{http.StatusTooManyRequests, "RATE", "too many calls"}).reply(), "RATE", kind
	case Garbage:
		return htmlReply(http.StatusOK, "<html><body><h1>Maintenance</h1></body></html>"), "", kind
	case Error500:
		return textReply(http.StatusInternalServerError, "Internal Server Error"), "", kind
	default: // the others come after the work, or do not concern a wallet
	}
	if r.Context().Err() != nil {
		return reply{header: http.Header{}, cut: true}, "", kind
	}
	body, bad := p.walletWork(c)
	if bad != nil {
		return bad.reply(), bad.code, kind
	}
	rep := reply{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: body}
	switch kind {
	case CutAfterCommit:
		rep = reply{header: http.Header{}, cut: true}
	case HalfBody:
		rep.full, rep.body, rep.cut = len(body), body[:len(body)/2], true
	default:
	}
	return rep, "", kind
}

// walletEnter counts the call and lets one function of the organizer run at a time.
func (p *Platform) walletEnter(c *walletCall) *walletProblem {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.w.calls.take(c.now, p.Wallet.rate()) {
		return &walletProblem{http.StatusTooManyRequests, "RATE", "at most " + strconv.Itoa(p.Wallet.rate()) + " calls a minute"}
	}
	if c.op.function && c.w.running != "" {
		return &walletProblem{http.StatusConflict, "FUNCTION_RUNNING", c.w.running + " is running; one function at a time"}
	}
	if c.op.function {
		c.w.running = string(c.op.name)
	}
	c.fault = p.faults.meet(p.Seed, c.w.in.w.Code, walletService, string(c.op.name))
	c.halt = p.halt
	return nil
}

func (p *Platform) walletLeave(c *walletCall) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.op.function {
		c.w.running = ""
	}
}

// walletWork does the work under the platform's lock.
func (p *Platform) walletWork(c *walletCall) ([]byte, *walletProblem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.now = p.clock.Now()
	var out any
	err := p.settleWallet(c.w, c.now)
	if err == nil {
		var bad *walletProblem
		if out, bad = c.op.do(p, c); bad != nil {
			return nil, bad
		}
	}
	if r, is := out.(tixngo.Results); is && p.Wallet.BareResults {
		out = r.Results
	}
	body, err2 := json.Marshal(out)
	if err2 == nil {
		body, err2 = p.Wallet.Names.ToWire(body)
	}
	if err != nil || err2 != nil {
		p.log().Error("simulator failed", "method", string(c.op.name), "error", err, "encoding", err2)
		return nil, &walletProblem{http.StatusInternalServerError, "INTERNAL", "internal error of the simulator"}
	}
	return body, nil
}
