package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// storefront is a caller of the service: it repeats what got no answer, with the same key, as the API asks it to.
type storefront struct {
	stage *stage
	http  *http.Client
	sell  string // key of the shop
	admin string // key of the operator

	mu       sync.Mutex
	requests int
	hits     []hit
	rng      *rand.Rand // which process is asked
	wg       sync.WaitGroup
}

// answer is what came back.
type answer struct {
	status   int
	body     []byte
	replayed bool // the service says that an earlier request did it
}

// order is the part of the API's order that is looked at.
type order struct {
	ID          string `json:"id"`
	State       string `json:"state"`
	Institution string `json:"institution"`
	Buyer       struct {
		LastName string `json:"last_name"`
	} `json:"buyer"`
	Platform struct {
		OrderID int64 `json:"order_id"`
	} `json:"platform"`
	Total   money        `json:"total"`
	Instead string       `json:"instead_of"`
	Lines   []placedLine `json:"lines"`
	Tickets []struct {
		ID          string    `json:"id"`
		Item        int       `json:"item"`
		CancelledAt time.Time `json:"cancelled_at"`
	} `json:"tickets"`
	Refunds []struct {
		ID       string   `json:"id"`
		State    string   `json:"state"`
		Tickets  []string `json:"tickets"`
		Exchange struct {
			Order string `json:"order"`
		} `json:"exchange"`
	} `json:"refunds"`
	History []struct {
		State string `json:"state"`
		Note  string `json:"note"`
	} `json:"history"`
	Refusal struct {
		Code string `json:"code"`
	} `json:"refusal"`
	UpdatedAt time.Time `json:"updated_at"`
	Upkeep    struct {
		NextCheckAt time.Time `json:"next_check_at"`
		Version     int64     `json:"version"`
	} `json:"upkeep"`
}

// line is what is asked for in one item of an order.
type line struct {
	Performance  string   `json:"performance"`
	SeatCategory string   `json:"seat_category,omitempty"`
	Tariff       string   `json:"tariff"`
	Quantity     int      `json:"quantity"`
	Seats        []string `json:"seats,omitempty"`
	Areas        []string `json:"areas,omitempty"`
	Together     bool     `json:"together,omitempty"`
}

// same says of two lines that they are of the same thing, in whatever quantity.
func (l line) same(m line) bool {
	return l.Performance == m.Performance && l.SeatCategory == m.SeatCategory && l.Tariff == m.Tariff
}

// placedLine is a line with its places.
type placedLine struct {
	line
	Places []struct {
		Seat struct {
			ID string `json:"id"`
		} `json:"seat"`
	} `json:"places"`
}

// money is an amount in minor units.
type money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// basket is the part of the API's basket that is looked at.
type basket struct {
	ID     string  `json:"id"`
	State  string  `json:"state"`
	Orders []order `json:"orders"`
}

// basket is the basket in the answer; one without orders in any other.
func (a answer) basket() basket {
	var b basket
	_ = json.Unmarshal(a.body, &b)
	return b
}

// orders are the orders in the answer, whatever it is.
func (a answer) orders() []order {
	if b := a.basket(); len(b.Orders) > 0 {
		return b.Orders
	}
	var e struct {
		New order `json:"new_order"`
	}
	_ = json.Unmarshal(a.body, &e)
	var out []order
	for _, o := range []order{a.order(), e.New} {
		if o.ID != "" {
			out = append(out, o)
		}
	}
	return out
}

// order is the order in the answer, or in the cancellation or exchange that it is; an empty one in a problem.
func (a answer) order() order {
	var o order
	_ = json.Unmarshal(a.body, &o)
	if o.ID != "" {
		return o
	}
	var c struct {
		Order order `json:"order"`
	}
	_ = json.Unmarshal(a.body, &c)
	return c.Order
}

// code is the code of a problem.
func (a answer) code() string {
	var p struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(a.body, &p) // an order has none
	return p.Code
}

// again says that the request may be repeated as it is: nothing is known, or not now.
func (a answer) again() bool {
	switch a.status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return a.code() == "key.in_progress"
}

// request is one request that may be sent several times.
type request struct {
	method, path string
	idempotency  string
	body         any
	key          string        // who asks; empty: the shop
	hang         time.Duration // the first attempt is given up after that
	storm        bool          // counts as a request of the storefront, at which something may go wrong
	lines        []line        // that the order is to have after it; nil: as it has
	group        int           // of requests that were sent at once
}

const (
	attempts     = 16
	patience     = 30 * time.Second // for one attempt
	betweenTries = 5 * time.Millisecond
)

var errNoAnswer = errors.New("no answer, however often it was asked")

// persist sends a request until something definite is answered. The service is started when it is not there, and time moves
// on when it says that it needs some.
func (f *storefront) persist(ctx context.Context, r request) (answer, error) {
	last := errNoAnswer
	for try := range attempts {
		if err := ctx.Err(); err != nil {
			return answer{}, context.Cause(ctx)
		}
		whom := f.whom()
		if err := f.stage.ensureService(ctx, whom); err != nil {
			f.stage.say("start: %v", err)
			last = err
			time.Sleep(betweenTries)
			continue
		}
		hang := r.hang
		if try > 0 {
			hang = 0
		}
		a, err := f.send(ctx, r, whom, hang)
		if err != nil {
			f.stage.say("%s %s: no answer", r.method, r.path)
			last = err
			time.Sleep(betweenTries)
			continue
		}
		f.stage.say("%s %s: %d %s%s", r.method, r.path, a.status, a.order().State, a.code())
		if !a.again() {
			return a, nil
		}
		last = fmt.Errorf("still %d %s", a.status, a.code())
		if a.code() == "key.in_progress" && try > 4 { // whoever held it may be dead; its claim runs out
			if err := f.stage.move(ctx, 35*time.Second); err != nil {
				return answer{}, err
			}
		}
		time.Sleep(betweenTries)
	}
	return answer{}, last
}

// whom says which of the processes that serve is asked next.
func (f *storefront) whom() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rng.IntN(maxReplicas)
}

// send sends a request once, to one of the processes that serve.
func (f *storefront) send(ctx context.Context, r request, whom int, hang time.Duration) (answer, error) {
	limit := patience
	if hang > 0 {
		limit = hang
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var body io.Reader
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, f.stage.address(whom)+r.path, body)
	if err != nil {
		return answer{}, err
	}
	key := r.key
	if key == "" {
		key = f.sell
	}
	req.Header.Set("Authorization", "Bearer "+key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.idempotency != "" {
		req.Header.Set("Idempotency-Key", r.idempotency)
	}
	if r.storm {
		f.meet()
	}
	res, err := f.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, body: raw, replayed: res.Header.Get("Idempotency-Replayed") == "true"}, err
}

// storm arms a schedule.
func (f *storefront) storm(pl plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests, f.hits, f.rng = 0, pl.hits, rand.New(rand.NewPCG(pl.seed, 1))
}

// calm waits for what was set off.
func (f *storefront) calm() {
	f.mu.Lock()
	f.hits = nil
	f.mu.Unlock()
	f.wg.Wait()
}

// meet numbers a request and sets off what goes wrong a little later.
func (f *storefront) meet() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	for _, h := range f.hits {
		if h.where != atRequest || h.n != f.requests {
			continue
		}
		f.wg.Go(func() {
			time.Sleep(min(h.by, 20*time.Millisecond))
			f.stage.say("hit: %s", h)
			switch h.what {
			case hitKill:
				f.stage.killService(h.whose)
			case hitKillSim:
				f.stage.killSim()
			case hitPause:
				f.stage.pauseService(context.Background(), h.whose, h.by) //nolint:forbidigo // it ends by itself
			}
		})
	}
}

// offer is one thing that can be bought without conditions.
type offer struct {
	line
	price money
}

// hall is a performance whose seats can be chosen.
type hall struct {
	performance string
	seats       map[string][]string // that were free at first, by seat category, in their order
	areas       map[string]string   // one area of each category
}

// hall reads the seats of the first offer whose places have numbers.
func (f *storefront) hall(ctx context.Context, offers []offer) (hall, error) {
	h := hall{seats: map[string][]string{}, areas: map[string]string{}}
	for _, o := range offers {
		if o.Performance == h.performance {
			continue
		}
		a, err := f.persist(ctx, request{method: "GET", path: "/v1/performances/" + o.Performance + "/seats"})
		if err != nil {
			return h, err
		}
		h.performance = o.Performance
		var m struct {
			Blocks []struct {
				Area struct {
					ID string `json:"id"`
				} `json:"area"`
				Rows []struct {
					Seats []struct {
						ID       string `json:"id"`
						Category string `json:"seat_category"`
						Free     bool   `json:"free"`
					} `json:"seats"`
				} `json:"rows"`
			} `json:"blocks"`
		}
		if err := json.Unmarshal(a.body, &m); err != nil {
			return h, err
		}
		for _, b := range m.Blocks {
			for _, r := range b.Rows {
				for _, s := range r.Seats {
					if s.Free {
						h.seats[s.Category], h.areas[s.Category] = append(h.seats[s.Category], s.ID), b.Area.ID
					}
				}
			}
		}
		if len(h.seats) > 0 {
			return h, nil
		}
	}
	return h, errors.New("no seats can be chosen")
}

// choose takes n seats of a category next to each other.
func (h hall) choose(category string, first uint16, n int) []string {
	free := h.seats[category]
	if n > len(free) {
		return nil
	}
	at := int(first) % (len(free) - n + 1)
	return free[at : at+n]
}

// offers lists what a house sells well after the time that the schedules use up.
func (f *storefront) offers(ctx context.Context, house string) ([]offer, error) {
	type priced struct {
		Category string `json:"seat_category"`
		Tariff   string `json:"tariff"`
		Min      int    `json:"min_quantity"`
		Price    money  `json:"price"`
	}
	var page struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	a, err := f.persist(ctx, request{method: "GET", path: "/v1/performances?institution=" + house + "&available=true&limit=30"})
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(a.body, &page); err != nil {
		return nil, err
	}
	var out []offer
	for _, it := range page.Items[min(len(page.Items), 12):] { // the first ones begin too soon
		var p struct {
			Tariffs []struct {
				ID       string   `json:"id"`
				Requires []string `json:"requires"`
				Min      int      `json:"min_quantity"`
			} `json:"tariffs"`
			Prices []priced `json:"prices"`
		}
		a, err := f.persist(ctx, request{method: "GET", path: "/v1/performances/" + it.ID})
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(a.body, &p); err != nil {
			return nil, err
		}
		free := map[string]bool{}
		for _, t := range p.Tariffs {
			free[t.ID] = len(t.Requires) == 0 && t.Min <= 1
		}
		for _, pr := range p.Prices {
			if free[pr.Tariff] && pr.Min <= 1 {
				out = append(out, offer{
					line:  line{Performance: it.ID, SeatCategory: pr.Category, Tariff: pr.Tariff},
					price: pr.Price,
				})
			}
		}
	}
	if len(out) == 0 {
		return nil, errors.New("nothing is on offer")
	}
	return out, nil
}

// post posts JSON to the control face.
func post(ctx context.Context, url string, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	res, err := (&http.Client{Timeout: patience}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	said, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", url, res.StatusCode, strings.TrimSpace(string(said)))
	}
	return err
}

// get reads JSON from the control face.
func get(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := (&http.Client{Timeout: patience}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %d", url, res.StatusCode)
	}
	return json.NewDecoder(res.Body).Decode(into)
}
