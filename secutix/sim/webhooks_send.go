package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// sendTimeout is how long a receiver may take.
const sendTimeout = 10 * time.Second

// sending is one POST of a run, complete, so that it can be sent without the lock.
type sending struct {
	in    *institution
	hook  hook // a copy
	at    time.Time
	url   string
	body  []byte
	items []int64
	note  pushed
}

// Deliver sends what webhooks owe up to now, run by run in the order of their times, and returns how many items were accepted.
// Moving the clock through the control face calls it; whoever moves the Clock by hand calls it himself. It holds the platform's
// lock only between requests. One delivery runs at a time.
func (p *Platform) Deliver(ctx context.Context) (int, error) { return p.deliver(ctx, false) }

// Run delivers webhooks and writes down what is used of the month as real time passes, until ctx ends. It returns nil then.
func (p *Platform) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := 1; ; n++ {
		if n%monthTicks == 0 {
			if err := p.keepMonths(); err != nil {
				p.log().Error("month not written down", "error", err)
			}
		}
		if _, err := p.Deliver(ctx); err != nil && ctx.Err() == nil {
			p.log().Error("webhooks not delivered", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// deliver sends run after run until nothing is due. A flush is one run of everything that waits, now.
func (p *Platform) deliver(ctx context.Context, flush bool) (int, error) {
	if err := p.Start(); err != nil {
		return 0, err
	}
	p.delivering.Lock()
	defer p.delivering.Unlock()
	accepted := 0
	for {
		run, err := p.plan(flush)
		if err != nil {
			return accepted, err
		}
		for i := range run {
			run[i].send(ctx, p.sender)
			if err := ctx.Err(); err != nil {
				return accepted, err // cut short by us: not the receiver's doing, and sent again
			}
			n, err := p.noteSent(run[i])
			if err != nil {
				return accepted, err
			}
			accepted += n
		}
		if len(run) == 0 || flush {
			return accepted, nil
		}
	}
}

// plan brings the platform up to now and lists the requests of the first run that is due, or of everything for a flush.
func (p *Platform) plan(flush bool) ([]sending, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	var next *hook
	var of *institution
	at := now
	var all []sending
	for _, in := range p.institutions {
		if len(in.hooks.list) == 0 {
			continue
		}
		if err := p.settle(in, now); err != nil {
			return nil, err
		}
		for _, h := range in.hooks.list {
			if flush {
				all = append(all, in.requests(h, h.queue, now)...)
				continue
			}
			if t, ok := h.nextRun(); ok && !t.After(now) && (next == nil || t.Before(at)) {
				next, of, at = h, in, t
			}
		}
	}
	if next == nil {
		return all, nil
	}
	return of.requests(next, next.dueItems(at), at), nil
}

// requests cuts items into POSTs. What the filter does not want, or is gone, becomes a note without a request.
func (in *institution) requests(h *hook, items []*hookItem, at time.Time) []sending {
	conditions, err := parseFilter(h.Filter)
	if err != nil {
		return nil // refused when it was subscribed
	}
	var out []sending
	var unwanted []int64
	var bodies []json.RawMessage
	var seqs []int64
	shut := func() {
		if len(seqs) > 0 {
			out = append(out, sending{in: in, hook: *h, at: at, url: h.URL, body: h.frame(bodies), items: seqs})
		}
		bodies, seqs = nil, nil
	}
	for _, item := range items {
		body, err := in.itemBody(h, item, at)
		if err != nil || !wanted(conditions, body) {
			unwanted = append(unwanted, item.seq)
			continue
		}
		if h.Version == 1 {
			fill := func(s string) string { return strings.ReplaceAll(s, h.placeholder(), item.key) }
			out = append(out, sending{in: in, hook: *h, at: at, url: fill(h.URL), body: []byte(fill(h.Body)), items: []int64{item.seq}})
			continue
		}
		bodies, seqs = append(bodies, body), append(seqs, item.seq)
		if len(seqs) == h.Bucket {
			shut()
		}
	}
	shut()
	if len(unwanted) > 0 {
		out = append(out, sending{in: in, hook: *h, at: at, items: unwanted, note: pushed{Filtered: true}})
	}
	return out
}

// send makes the request and notes how it ended.
func (s *sending) send(ctx context.Context, client *http.Client) {
	s.note.Items = s.items
	if s.note.Filtered {
		return
	}
	s.note.Bytes = len(s.body)
	status, err := s.request(ctx, client)
	s.note.Status = status
	if err != nil {
		s.note.Error = err.Error()
	}
}

func (s *sending) request(ctx context.Context, client *http.Client) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	var body io.Reader = http.NoBody
	if s.hook.Method != http.MethodGet {
		body = bytes.NewReader(s.body)
	}
	r, err := http.NewRequestWithContext(ctx, s.hook.Method, s.url, body)
	if err != nil {
		return 0, err
	}
	r.Header.Set("User-Agent", "guichet-simulator")
	if s.hook.Method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	switch s.hook.Auth.Type {
	case "BASIC_AUTH":
		r.SetBasicAuth(s.hook.Auth.Login, s.hook.Auth.Password)
	case "API_KEY":
		r.Header.Set(s.hook.Auth.Login, s.hook.Auth.Password)
	}
	res, err := client.Do(r)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op
		}
		return 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxBody)) // the body does not count
	_ = res.Body.Close()
	return res.StatusCode, nil
}

// noteSent writes down how a request ended. An institution that was replaced meanwhile is left alone.
func (p *Platform) noteSent(s sending) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byCode[s.in.w.Code] != s.in || s.in.hooks.find(s.hook.ID) == nil {
		return 0, nil
	}
	if err := p.commit(s.in, change{At: s.at, Do: doPush, ID: s.hook.ID, Push: &s.note}); err != nil {
		return 0, err
	}
	if s.note.Status == http.StatusOK {
		return len(s.items), nil
	}
	if n := len(s.in.hooks.deliveries); n > 0 && s.in.hooks.deliveries[n-1].Outcome == pushDropped {
		p.log().Warn("webhook item dropped", "institution", s.in.w.Code, "webhook", s.hook.ID, "items", len(s.items))
	}
	return 0, nil
}

// newSender makes a client that reaches this machine only, follows no redirect and keeps no connection.
func newSender() *http.Client {
	dialer := &net.Dialer{Timeout: sendTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
			return fmt.Errorf("%s is not a loopback address", host)
		}
		return nil
	}}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
