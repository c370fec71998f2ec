package sim

import (
	_ "embed"
	"net/http"
	"slices"
	"time"

	"guichet/secutix/tixngo"
)

//go:embed page/index.html
var pageHTML []byte

// stockShown is how many performances GET /stock lists.
const stockShown = 40

// endpoint is one line of the control face.
type endpoint struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	What   string `json:"what"`
	Body   string `json:"body,omitempty"` // an example
	page   func(*http.Request) (any, error)
}

// endpoints is the table of the control face: what it answers, and what GET /endpoints says of it.
func (p *Platform) endpoints() []endpoint {
	return append([]endpoint{
		{"GET", "/endpoints", "this list, the kinds of fault and the methods", "", p.showEndpoints},
		{"GET", "/state", "clock, seed and institutions", "", p.showState},
		{"POST", "/clock", "move the clock; webhooks due on the way are delivered", `{"advance":"10m"} or {"set":"2026-12-01T10:00:00Z"}`, p.moveClockAndDeliver},
		{"POST", "/restart", "stop and start; with memory the journal is replayed, without the world begins anew", `{"memory":true}`, p.postRestart},
		{"POST", "/reset", "as new with the same seed: fresh world, nothing armed, clock unmoved", "", p.postReset},
		{"POST", "/seed", "as new with another seed", `{"seed":7}`, p.postSeed},
		{"GET", "/faults", "armed faults", "", p.showFaults},
		{"POST", "/faults", "arm a fault", `{"method":"closeOrder","kind":"cut_after_commit","times":1,"after":0,"probability":0,"delay":"0s"}`, p.armFault},
		{"DELETE", "/faults", "disarm all faults", "", p.disarm},
		{"GET", "/latency", "latencies in force", "", p.showLatency},
		{"POST", "/latency", "how long answers take: fixed, uniform, normal or tail", `{"method":"*","distribution":"tail","min":"20ms","p50":"80ms","p90":"200ms","p99":"1s","max":"4s"}`, p.setLatency},
		{"DELETE", "/latency", "answers come at once again", "", p.clearLatency},
		{"GET", "/limits", "limits in force and what is used", "", p.showLimits},
		{"POST", "/limits", "change what is said, keep the rest", `{"rate_per_minute":90,"other_tenants":40,"status":429,"retry_after":true,"body":"json","monthly_calls":10000,"monthly_status":403,"poll_spacing":"1m","skew":"3s"}`, p.setLimits},
		{"GET", "/webhooks", "subscriptions", "", p.showWebhooks},
		{"POST", "/webhooks", "subscribe a loopback address", `{"institution":"theatre","kind":"order","url":"http://127.0.0.1:9000/orders","minutes":15,"batch":100,"bucket":1,"granularity":"TICKETS","filter":"OrderDetailsData.OrderType=SALE","auth":{"type":"API_KEY","login":"x-api-key","password":"…"}}`, p.subscribe},
		{"DELETE", "/webhooks", "end all subscriptions", "", p.unsubscribe},
		{"DELETE", "/webhooks/{id}", "end a subscription", "", p.unsubscribe},
		{"POST", "/webhooks/flush", "deliver everything that waits now", "", p.flushWebhooks},
		{"POST", "/webhooks/notify", "queue something by hand", `{"institution":"theatre","kind":"data_export","row":{"ticket_check_id":1}}`, p.notify},
		{"GET", "/webhooks/deliveries", "delivery log; ?institution=", "", p.showDeliveries},
		{"GET", "/check", "promises found broken", "", p.showCheck},
		{"GET", "/calls", "counts and last calls; ?institution=", "", p.showCalls},
		{"GET", "/account", "the pending account; ?institution=", "", p.showAccount},
		{"GET", "/tickets", "tickets of closed orders; ?institution=&order=", "", p.showTickets},
		{"GET", "/orders", "orders; ?institution=", "", p.showOrders},
		{"POST", "/orders/{id}/reprint", "print tickets of an order anew; ?institution=", "", p.reprint},
		{"POST", "/orders/{id}/cancel", "the house takes an order back; ?institution=", "", p.cancelOrder},
		{"POST", "/orders/{id}/ship", "a parcel leaves; ?institution=", "", p.ship},
		{"POST", "/payments/{id}/{what}", "the buyer at the payment centre; id is the transactionId: authorize, decline or cancel; ?institution=", "", p.movePayment},
		{"GET", "/stock", "stock of the next performances; ?institution=", "", p.showStock},
		{"POST", "/performances/{id}/{what}", "soldout, sell, cancel or price", `sell {"seat_category":1,"quantity":2,"contingent":"CODE"}, soldout {"contingent":"CODE"}, price {"delta":1000}`, p.movePerformance},
	}, p.walletEndpoints()...)
}

func (p *Platform) showEndpoints(*http.Request) (any, error) {
	methods := []string{}
	for _, of := range knownMethods() {
		methods = append(methods, of...)
	}
	slices.Sort(methods)
	return map[string]any{
		"endpoints": p.endpoints(), "fault_kinds": kinds, "methods": slices.Compact(methods), "webhook_kinds": hookKinds(), "tixngo": p.walletPaths(),
	}, nil
}

// walletPath is one address of the simulated TIXNGO.
type walletPath struct {
	Name   string `json:"name"`
	Method string `json:"method"`
	Path   string `json:"path"` // below the platform's address
}

// walletPaths lists what the simulated TIXNGO answers.
func (p *Platform) walletPaths() []walletPath {
	out := []walletPath{}
	for _, gen := range []string{walletV3, walletV4} {
		for _, op := range walletOps() {
			if op.only == "" || op.only == gen {
				out = append(out, walletPath{string(op.name), op.method, p.Wallet.base(gen) + "/" + tixngo.DefaultPaths()[op.name]})
			}
		}
	}
	return out
}

// showPage serves the page for people.
func showPage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("X-Simulator", "guichet")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
	_, _ = w.Write(pageHTML) // the reader may be gone
}

// stockCount is the places of a performance, a category or a contingent.
type stockCount struct {
	Capacity  int `json:"capacity"`
	Elsewhere int `json:"elsewhere"`
	Held      int `json:"held"`
	Sold      int `json:"sold"`
	Left      int `json:"left"`
}

// forPartner counts a pool as the partner sees it: what is left in contingents of others is elsewhere.
func (s *stockCount) forPartner(pl *pool, now time.Time) {
	s.add(pl, now)
	if !pl.contingent.ours() {
		s.Elsewhere += pl.free(now)
		s.Left -= pl.free(now)
	}
}

func (s *stockCount) add(pl *pool, now time.Time) {
	s.Capacity += pl.held + pl.sold + pl.elsewhere + pl.left()
	s.Elsewhere += pl.elsewhere + pl.left() - pl.free(now)
	s.Held += pl.held
	s.Sold += pl.sold
	s.Left += pl.free(now)
}

func (p *Platform) showStock(r *http.Request) (any, error) {
	type categoryStock struct {
		ID   int64  `json:"id"`
		Code string `json:"code"`
		stockCount
	}
	type line struct {
		ID       int64     `json:"id"`
		Code     string    `json:"code"`
		Name     string    `json:"name"`
		Start    time.Time `json:"start"`
		Canceled bool      `json:"canceled"`
		stockCount
		Categories  []categoryStock   `json:"categories"`
		Contingents []contingentStock `json:"contingents"`
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	in, err := p.asked(r)
	if err != nil {
		return nil, err
	}
	now := p.clock.Now()
	out := []line{}
	for _, perf := range in.upcoming(now, stockShown) {
		l := line{ID: perf.id, Code: perf.code(), Name: in.text(perf.product.def.Name), Start: perf.start, Canceled: perf.canceled}
		for _, c := range perf.product.venue.categories {
			cs := categoryStock{ID: c.id, Code: c.def.Code}
			for _, pl := range in.poolsOf(perf) {
				if pl.block.area.category == c {
					cs.forPartner(pl, now)
					l.forPartner(pl, now)
				}
			}
			l.Categories = append(l.Categories, cs)
		}
		l.Contingents = in.contingentStocks(perf, now)
		out = append(out, l)
	}
	return out, nil
}

// upcoming lists the next n performances that have not begun.
func (in *institution) upcoming(now time.Time, n int) []*performance {
	var out []*performance
	for _, p := range in.products {
		more := 0
		for _, perf := range p.perfs {
			if more < n && perf.start.After(now) {
				out = append(out, perf)
				more++
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *performance) int { return a.start.Compare(b.start) })
	return out[:min(n, len(out))]
}
