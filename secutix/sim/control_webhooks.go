package sim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// webhookCard is a subscription as the control face shows it, without its password.
type webhookCard struct {
	hook
	Waiting int `json:"waiting"`
}

func (h *hook) card() webhookCard {
	c := webhookCard{hook: *h, Waiting: len(h.queue)}
	if c.Auth.Password != "" {
		c.Auth.Password = "…"
	}
	return c
}

func (p *Platform) subscribe(r *http.Request) (any, error) {
	var h hook
	if err := readControl(r, &h); err != nil {
		return nil, err
	}
	if err := h.settle(); err != nil {
		return nil, wrong(http.StatusBadRequest, "%v", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	in := p.byCode[h.Institution]
	if in == nil {
		return nil, wrong(http.StatusBadRequest, "institution: %q is unknown", h.Institution)
	}
	if len(in.hooks.list) >= maxHooks {
		return nil, wrong(http.StatusUnprocessableEntity, "an institution has at most %d webhooks", maxHooks)
	}
	if scope, err := h.scope(in.zone); err != nil || !in.knowsScope(scope) {
		return nil, wrong(http.StatusUnprocessableEntity, "scope: %s has no visit pass, performance or event %q", h.Institution, scope.code)
	}
	now := p.clock.Now()
	if err := p.settle(in, now); err != nil {
		return nil, err
	}
	h.ID, h.Since = max(in.hooks.last, in.index*1000)+1, now
	if err := p.commit(in, change{At: now, Do: doHook, Hook: &h}); err != nil {
		return nil, err
	}
	return in.hooks.find(h.ID).card(), nil
}

func (p *Platform) showWebhooks(*http.Request) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []webhookCard{}
	for _, in := range p.institutions {
		for _, h := range in.hooks.list {
			out = append(out, h.card())
		}
	}
	return out, nil
}

// unsubscribe ends one subscription, or all of them. What waits for it is forgotten.
func (p *Platform) unsubscribe(r *http.Request) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil && r.PathValue("id") != "" {
		return nil, wrong(http.StatusBadRequest, "webhook %q is not a number", r.PathValue("id"))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	ended := 0
	for _, in := range p.institutions {
		for _, h := range slices.Clone(in.hooks.list) {
			if id != 0 && h.ID != id {
				continue
			}
			if err := p.commit(in, change{At: p.clock.Now(), Do: doUnhook, ID: h.ID}); err != nil {
				return nil, err
			}
			ended++
		}
	}
	if id != 0 && ended == 0 {
		return nil, wrong(http.StatusNotFound, "no webhook %d", id)
	}
	return map[string]int{"ended": ended}, nil
}

// notify queues something by hand: a row of a data export, a contact, a ticket, a product or an order.
func (p *Platform) notify(r *http.Request) (any, error) {
	var q struct {
		Institution string `json:"institution"`
		notice
	}
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	switch object := len(q.Row) > 0 && q.Row[0] == '{'; {
	case !slices.Contains(hookKinds(), q.Kind):
		return nil, wrong(http.StatusBadRequest, "kind: %q is none of %s", q.Kind, strings.Join(hookKinds(), ", "))
	case len(q.Row) > 0 && !object:
		return nil, wrong(http.StatusBadRequest, "row: it is not an object")
	case (q.Kind == hookExport || q.Kind == hookAccess) && !object:
		return nil, wrong(http.StatusBadRequest, "row: %s needs one", q.Kind)
	case q.Kind != hookExport && q.Kind != hookAccess && q.Key == "":
		return nil, wrong(http.StatusBadRequest, "key: %s needs one, a number", q.Kind)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	in := p.byCode[q.Institution]
	if in == nil {
		return nil, wrong(http.StatusBadRequest, "institution: %q is unknown", q.Institution)
	}
	if err := p.commit(in, change{At: p.clock.Now(), Do: doNotify, Notice: &q.notice}); err != nil {
		return nil, err
	}
	return map[string]bool{"queued": true}, nil
}

func (p *Platform) flushWebhooks(r *http.Request) (any, error) {
	n, err := p.deliver(r.Context(), true)
	return map[string]int{"accepted": n}, err
}

func (p *Platform) showDeliveries(r *http.Request) (any, error) {
	code := r.URL.Query().Get("institution")
	p.mu.Lock()
	defer p.mu.Unlock()
	if code != "" && p.byCode[code] == nil {
		return nil, wrong(http.StatusBadRequest, "institution: %q is unknown", code)
	}
	out := []delivery{}
	for _, in := range p.institutions {
		if code == "" || in.w.Code == code {
			out = append(out, in.hooks.deliveries...)
		}
	}
	slices.SortStableFunc(out, func(a, b delivery) int { return a.At.Compare(b.At) })
	return out, nil
}

// moveClockAndDeliver moves the clock and sends what became due on the way.
func (p *Platform) moveClockAndDeliver(r *http.Request) (any, error) {
	v, err := p.moveClock(r)
	if err != nil {
		return nil, err
	}
	accepted, err := p.Deliver(r.Context())
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, err
	}
	out["delivered"] = accepted
	return out, nil
}
