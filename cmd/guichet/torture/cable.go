package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// cable is the connection between the service and the platform. It numbers the calls that concern orders, writes them down,
// and lets things go wrong at them.
type cable struct {
	stage     *stage
	url       string
	server    *http.Server
	transport *http.Transport
	wg        sync.WaitGroup

	mu    sync.Mutex
	n     int
	hits  []hit
	calls []call
	late  []*http.Request // requests that arrive when the storm is over
	open  int             // calls under way
	moves int             // how often one began or ended
}

// call is one call of an order as the platform got it, or did not.
type call struct {
	n       int
	method  string
	subject string // our number of the order in a hold, the platform's in every other call, none in a seating
	places  string // what is given back or seated, where the call says it
	refused bool   // at the door, before anything was done
	heard   bool   // the answer went to the service, whole
}

func newCable(ctx context.Context, s *stage) (*cable, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &cable{stage: s, url: "http://" + l.Addr().String(), transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16}}
	c.server = &http.Server{Handler: c, ReadHeaderTimeout: time.Minute}
	c.wg.Go(func() { _ = c.server.Serve(l) })
	return c, nil
}

func (c *cable) close() {
	_ = c.server.Close()
	c.wg.Wait()
	c.transport.CloseIdleConnections()
}

// storm arms a schedule and forgets the one before.
func (c *cable) storm(hits []hit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n, c.calls, c.late, c.hits = 0, nil, nil, hits
}

// calm lets nothing more go wrong; what was late arrives now.
func (c *cable) calm(ctx context.Context) {
	c.mu.Lock()
	late := c.late
	c.late, c.hits = nil, nil
	c.mu.Unlock()
	for _, r := range late {
		a, err := c.forward(r.WithContext(ctx))
		c.stage.say("late: %s arrives: %s", path.Base(r.URL.Path), a.words(err))
	}
}

// Nobody is in the middle of something when nothing was asked of the platform for so long. On a machine that is too busy for
// that it is waited for no longer than the other.
const (
	quietFor   = 120 * time.Millisecond
	quietAfter = 5 * time.Second
)

// quiet waits until the service asks nothing of the platform.
func (c *cable) quiet(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, quietAfter)
	defer cancel()
	const looks = 8
	for still, seen := 0, -1; still < looks && ctx.Err() == nil; still++ {
		time.Sleep(quietFor / looks)
		c.mu.Lock()
		if c.open > 0 || c.moves != seen {
			still = -1
		}
		seen = c.moves
		c.mu.Unlock()
	}
}

// busy counts a call that is under way, or over.
func (c *cable) busy(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open += n
	c.moves++
}

// log is what was called since the storm began.
func (c *cable) log() []call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]call(nil), c.calls...)
}

// ServeHTTP implements http.Handler: it passes one call on, or not.
func (c *cable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.busy(1)
	defer c.busy(-1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	on, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, c.stage.platform()+r.URL.RequestURI(), bytes.NewReader(body)) //nolint:gosec // our own service asks
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	on.Header = r.Header.Clone()
	n, h := c.meet(on, body)
	if n > 0 {
		on.Header.Del("Accept-Encoding") // an answer that can be read on the way
	}
	if h != nil && !h.after && !c.before(w, on, *h) {
		panic(http.ErrAbortHandler) // the connection ends
	}
	a, err := c.forward(on)
	if n > 0 {
		c.stage.say("call %d %s %s: %s", n, path.Base(r.URL.Path), subject(body), a.words(err))
		c.note(n, func(k *call) { k.refused = a.status == http.StatusUnauthorized })
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if h != nil && h.after && !c.after(w, on, a, *h) {
		panic(http.ErrAbortHandler)
	}
	c.note(n, func(k *call) { k.heard = true })
	a.write(w)
}

// reply is what the platform answered, whole.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// meet numbers a call of an order and finds what goes wrong with it.
func (c *cable) meet(r *http.Request, body []byte) (int, *hit) {
	if !strings.Contains(r.URL.Path, "/externalOrder") && !strings.Contains(r.URL.Path, "/externalSeating") {
		return 0, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	k := call{n: c.n, method: path.Base(r.URL.Path), subject: subject(body)}
	if k.method == "abandonMovements" || k.method == "doSeatingForOperations" {
		k.places = string(body)
	}
	c.calls = append(c.calls, k)
	for i := range c.hits {
		if c.hits[i].where == atCall && c.hits[i].n == c.n {
			return c.n, &c.hits[i]
		}
	}
	return c.n, nil
}

// subject is the order that a call is about.
func subject(body []byte) string {
	var q struct {
		OrderID           json.Number `json:"orderId"`
		ExternalReference string      `json:"externalReference"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return "?"
	}
	if q.OrderID != "" {
		return q.OrderID.String()
	}
	return q.ExternalReference
}

// note writes something down of a call.
func (c *cable) note(n int, of func(*call)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.calls {
		if c.calls[i].n == n {
			of(&c.calls[i])
		}
	}
}

// before lets something go wrong before the platform has the call; true lets the call pass.
func (c *cable) before(w http.ResponseWriter, r *http.Request, h hit) bool {
	s := c.stage
	s.say("hit: %s", h)
	switch h.what {
	case hitCut:
		return false
	case hitLate, hitKillLate:
		if h.what == hitKillLate {
			s.killService(h.whose)
		}
		c.mu.Lock()
		c.late = append(c.late, r)
		c.mu.Unlock()
		return false
	case hitRefuse:
		page(w, http.StatusServiceUnavailable)
		return false
	case hitKill:
		s.killService(h.whose)
		return false
	case hitKillSim:
		s.killSim()
		return false
	case hitPause:
		s.pauseService(r.Context(), h.whose, h.by)
	case hitPauseSim:
		s.pauseSim(h.by)
	case hitDelay:
		time.Sleep(h.by)
	}
	return true
}

// after lets something go wrong when the platform has done its work; true lets the answer pass.
func (c *cable) after(w http.ResponseWriter, r *http.Request, a reply, h hit) bool {
	s := c.stage
	s.say("hit: %s", h)
	switch h.what {
	case hitCut:
		return false
	case hitHalf:
		reply{a.status, a.header, a.body[:len(a.body)/2]}.write(w) // its length in the header is the whole one
		return false
	case hitRefuse:
		page(w, http.StatusBadGateway)
		return false
	case hitKill:
		s.killService(h.whose)
		return false
	case hitKillSim:
		s.killSim()
	case hitPause:
		s.pauseService(r.Context(), h.whose, h.by)
	case hitDelay:
		time.Sleep(h.by)
	}
	return true
}

// page is what a gateway says for a platform.
func page(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	fmt.Fprintln(w, "<html><body>The service is temporarily unavailable.</body></html>")
	_ = http.NewResponseController(w).Flush()
}

// forward asks the platform and reads its whole answer. A platform that was killed is started first.
func (c *cable) forward(r *http.Request) (reply, error) {
	if err := c.stage.ensureSim(r.Context()); err != nil {
		return reply{}, err
	}
	res, err := c.transport.RoundTrip(r)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, body}, err
}

func (a reply) write(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the reader may be gone
	_ = http.NewResponseController(w).Flush()
}

// words is the reply in a few words.
func (a reply) words(err error) string {
	if err != nil {
		return err.Error()
	}
	var said struct {
		Status string `json:"statusCode"`
		Data   struct {
			OrderID json.Number `json:"orderId"`
		} `json:"orderUpdateData"`
		Order struct {
			State string `json:"orderState"`
		} `json:"orderDetailsData"`
	}
	if err := json.Unmarshal(a.body, &said); err != nil {
		return strconv.Itoa(a.status)
	}
	return strings.Join(strings.Fields(fmt.Sprint(a.status, " ", said.Status, " ", said.Data.OrderID, " ", said.Order.State)), " ")
}
