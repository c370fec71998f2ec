package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// callsShown is how many single calls GET /calls lists.
const callsShown = 100

// Control is the management face: look inside, move the clock, arm faults, subscribe webhooks. It is JSON, with a page for
// people at / and an index at /endpoints, knows no authentication and belongs on a port of its own that only the developer
// reaches. Pages of other origins in the developer's browser are kept from steering it.
func (p *Platform) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", showPage)
	for _, e := range p.endpoints() {
		mux.HandleFunc(e.Method+" "+e.Path, p.control(e.answer))
	}
	mux.HandleFunc("/", p.control(func(r *http.Request) (any, error) {
		return nil, wrong(http.StatusNotFound, "no such path or method: %s %s; GET /endpoints lists them", r.Method, r.URL.Path)
	}))
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(p.control(func(*http.Request) (any, error) {
		return nil, wrong(http.StatusForbidden, "a page from elsewhere may not steer the simulator")
	}))
	return guard.Handler(mux)
}

// controlError is an answer of the control face that is not 200.
type controlError struct {
	status  int
	text    string
	example string // of a body that is taken
}

func (e *controlError) Error() string { return e.text }

func wrong(status int, format string, args ...any) error {
	return &controlError{status: status, text: fmt.Sprintf(format, args...)}
}

// control runs one page of the control face and writes what it returns.
func (p *Platform) control(page func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Simulator", "guichet")
		w.Header().Set("Content-Type", "application/json")
		v, err := any(nil), p.Start()
		if err == nil {
			v, err = page(r)
		}
		if err != nil {
			ce := &controlError{status: http.StatusInternalServerError}
			_ = errors.As(err, &ce) // else it is the simulator's own
			w.WriteHeader(ce.status)
			said := map[string]string{"error": err.Error()}
			if ce.example != "" {
				said["example"] = ce.example
			}
			v = said
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(v) // the reader may be gone
	}
}

// asked finds the institution of a query, brought up to now. The caller holds the lock.
func (p *Platform) asked(r *http.Request) (*institution, error) {
	code := r.URL.Query().Get("institution")
	in := p.byCode[code]
	if in == nil {
		return nil, wrong(http.StatusBadRequest, "institution: %q is unknown; say ?institution= and one of %s", code, strings.Join(slices.Sorted(maps.Keys(p.byCode)), ", "))
	}
	return in, p.settle(in, p.clock.Now())
}

func (p *Platform) showState(*http.Request) (any, error) {
	type card struct {
		Code           string `json:"code"`
		Name           string `json:"name"`
		Currency       string `json:"currency"`
		TimeZone       string `json:"time_zone"`
		Operator       string `json:"operator"`
		Partner        string `json:"partner"`
		PartnerContact string `json:"partner_contact"`
		PointOfSales   int64  `json:"point_of_sales"`
		PendingMethod  string `json:"pending_method"`
		Performances   int    `json:"performances"`
		Orders         int    `json:"orders"`
		Open           int    `json:"open"`
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	out := struct {
		Seed         uint64    `json:"seed"`
		Now          time.Time `json:"now"`
		Base         time.Time `json:"base"`
		Offset       string    `json:"offset"`
		Institutions []card    `json:"institutions"`
	}{Seed: p.Seed, Now: now, Base: p.base, Offset: p.clock.Offset().String()}
	for _, in := range p.institutions {
		if err := p.settle(in, now); err != nil {
			return nil, err
		}
		c := in.card()
		out.Institutions = append(out.Institutions, card{
			Code: c.Code, Name: c.Name, Currency: c.Currency, TimeZone: c.TimeZone, Operator: c.Operator, Partner: c.Partner,
			PartnerContact: c.PartnerContact, PointOfSales: in.w.PointOfSales.ID, PendingMethod: c.PendingMethodCode,
			Performances: len(in.perfOf), Orders: len(in.orders), Open: len(in.open),
		})
	}
	return out, nil
}

func (p *Platform) moveClock(r *http.Request) (any, error) {
	var q struct {
		Advance string `json:"advance"`
		Set     string `json:"set"`
	}
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case (q.Advance == "") == (q.Set == ""):
		return nil, wrong(http.StatusBadRequest, "advance: say this or set, not both and not none")
	case q.Advance != "":
		d, err := time.ParseDuration(q.Advance)
		if err != nil {
			return nil, wrong(http.StatusBadRequest, "advance: %v", err)
		}
		if err := p.withinReach(p.clock.Now().Add(d)); err != nil {
			return nil, err
		}
		p.clock.Advance(d)
	default:
		t, err := time.Parse(time.RFC3339, q.Set)
		if err != nil {
			return nil, wrong(http.StatusBadRequest, "set: %v", err)
		}
		if err := p.withinReach(t); err != nil {
			return nil, err
		}
		p.clock.Set(t)
	}
	now := p.clock.Now()
	if err := p.noteClock(now); err != nil {
		return nil, err
	}
	for _, in := range p.institutions {
		if err := p.settle(in, now); err != nil {
			return nil, err
		}
	}
	p.log().Info("clock moved", "now", now)
	return map[string]any{"now": now, "offset": p.clock.Offset().String()}, nil
}

// maxDelta is the most a price is moved at once, in thousandths.
const maxDelta = 1_000_000_000

// reach is how far from the base day the clock may be moved; performances are made for all of it.
const reach = 5 * 366 * 24 * time.Hour

func (p *Platform) withinReach(t time.Time) error {
	if t.Sub(p.base).Abs() > reach {
		return wrong(http.StatusBadRequest, "advance, set: the clock is not moved further than five years from %s", p.base.Format(time.DateOnly))
	}
	return nil
}

// faultForm is a fault as the control face writes it.
type faultForm struct {
	Method      string  `json:"method"`
	Kind        Kind    `json:"kind"`
	Institution string  `json:"institution,omitempty"`
	Service     string  `json:"service,omitempty"`
	Times       int     `json:"times,omitempty"`
	Probability float64 `json:"probability,omitempty"`
	After       int     `json:"after,omitempty"`
	Delay       string  `json:"delay,omitempty"`
	Amount      int64   `json:"amount,omitempty"`
	Late        string  `json:"late,omitempty"`
	Fired       int     `json:"fired"`
}

func (f faultForm) fault() (Fault, error) {
	out := Fault{
		Kind: f.Kind, Institution: f.Institution, Service: f.Service, Times: f.Times,
		Probability: f.Probability, After: f.After, Amount: f.Amount,
	}
	for _, d := range []struct {
		text string
		to   *time.Duration
		name string
	}{{f.Delay, &out.Delay, "delay"}, {f.Late, &out.Late, "late"}} {
		if d.text == "" {
			continue
		}
		v, err := time.ParseDuration(d.text)
		if err != nil {
			return out, wrong(http.StatusBadRequest, "%s: %v", d.name, err)
		}
		*d.to = v
	}
	if err := out.check(); err != nil {
		return out, wrong(http.StatusBadRequest, "%v", err)
	}
	return out, nil
}

func (p *Platform) armFault(r *http.Request) (any, error) {
	var q faultForm
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	if err := checkMethod(q.Method, q.Service); err != nil {
		return nil, err
	}
	f, err := q.fault()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.Institution != "" && p.byCode[f.Institution] == nil {
		return nil, wrong(http.StatusBadRequest, "institution: %q is unknown", f.Institution)
	}
	p.faults.arm(q.Method, f)
	return p.faultForms(), nil
}

func (p *Platform) showFaults(*http.Request) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faultForms(), nil
}

func (p *Platform) disarm(*http.Request) (any, error) {
	p.ClearFaults()
	return []faultForm{}, nil
}

// faultForms lists what is armed and not spent.
func (p *Platform) faultForms() []faultForm {
	out := []faultForm{}
	for _, a := range p.faults.armed {
		if a.spent() {
			continue
		}
		f := faultForm{
			Method: a.method, Kind: a.Kind, Institution: a.Institution, Service: a.Service, Times: a.Times,
			Probability: a.Probability, After: a.After, Amount: a.Amount, Fired: a.fired,
		}
		if a.Delay > 0 {
			f.Delay = a.Delay.String()
		}
		if a.Late > 0 {
			f.Late = a.Late.String()
		}
		out = append(out, f)
	}
	return out
}

func (p *Platform) showCheck(*http.Request) (any, error) {
	broken := []string{}
	if err := p.Check(); err != nil {
		broken = strings.Split(err.Error(), "\n")
	}
	return map[string]any{"ok": len(broken) == 0, "broken": broken}, nil
}

func (p *Platform) showCalls(r *http.Request) (any, error) {
	code := r.URL.Query().Get("institution")
	p.mu.Lock()
	defer p.mu.Unlock()
	if code != "" && p.byCode[code] == nil {
		return nil, wrong(http.StatusBadRequest, "institution: %q is unknown", code)
	}
	counts := map[string]int{}
	for in, methods := range p.calls.counts {
		if code != "" && in != code {
			continue
		}
		for m, n := range methods {
			counts[m] += n
		}
	}
	last := []Call{}
	for _, c := range p.calls.list() {
		if code == "" || c.Institution == code {
			last = append(last, c)
		}
	}
	return map[string]any{"counts": counts, "last": last[max(0, len(last)-callsShown):]}, nil
}

func (p *Platform) showAccount(r *http.Request) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	in, err := p.asked(r)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"currency": in.w.Currency, "balance": in.balance, "limit": p.AccountLimit, "postings": append([]posting{}, in.postings...),
	}, nil
}

func (p *Platform) showTickets(r *http.Request) (any, error) {
	type ticket struct {
		Order    int64  `json:"order"`
		Movement int64  `json:"movementId"`
		Ticket   int64  `json:"ticketId"`
		Barcode  string `json:"barcode"`
		State    string `json:"state"`
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	in, err := p.asked(r)
	if err != nil {
		return nil, err
	}
	only := r.URL.Query().Get("order")
	if id, err := strconv.ParseInt(only, 10, 64); only != "" && (err != nil || in.orders[id] == nil) {
		return nil, wrong(http.StatusBadRequest, "order: there is no %q", only)
	}
	out := []ticket{}
	for _, id := range in.sequence {
		o := in.orders[id]
		if o.State != stateClosed || (only != "" && only != strconv.FormatInt(id, 10)) {
			continue
		}
		for _, op := range o.Operations {
			for _, m := range op.Movements {
				if m.Dropped {
					continue
				}
				for _, t := range m.Old {
					out = append(out, ticket{Order: id, Movement: m.ID, Ticket: t.Ticket, Barcode: t.Barcode, State: s360.TicketInvalidated})
				}
				out = append(out, ticket{Order: id, Movement: m.ID, Ticket: m.Ticket, Barcode: m.Barcode, State: o.ticketState(m)})
			}
		}
	}
	return out, nil
}

func (p *Platform) showOrders(r *http.Request) (any, error) {
	type line struct {
		Order    int64     `json:"order"`
		State    string    `json:"state"`
		External string    `json:"external_reference,omitempty"`
		Places   int       `json:"places"`
		Amount   int64     `json:"amount"`
		Created  time.Time `json:"created"`
		Expires  time.Time `json:"expires"`
		Closed   time.Time `json:"closed,omitzero"`
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	in, err := p.asked(r)
	if err != nil {
		return nil, err
	}
	out := []line{}
	for _, id := range in.sequence {
		o := in.orders[id]
		out = append(out, line{
			Order: id, State: o.State, External: o.External, Places: o.places(), Amount: o.total(),
			Created: o.Created, Expires: o.Expires, Closed: o.Closed,
		})
	}
	return out, nil
}

func (p *Platform) movePerformance(r *http.Request) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, wrong(http.StatusBadRequest, "performance %q is not a number", r.PathValue("id"))
	}
	var ch change
	var from string
	switch r.PathValue("what") {
	case "soldout":
		if ch, from, err = readSoldOut(r); err != nil {
			return nil, err
		}
	case "cancel":
		ch = change{Do: doCancel}
	case "sell":
		if ch, from, err = readSell(r); err != nil {
			return nil, err
		}
	case "price":
		var q struct {
			Delta int64 `json:"delta"`
		}
		if err := readControl(r, &q); err != nil {
			return nil, err
		}
		if q.Delta == 0 || q.Delta > maxDelta || q.Delta < -maxDelta {
			return nil, wrong(http.StatusBadRequest, "delta: thousandths, not none and at most %d either way", int64(maxDelta))
		}
		ch = change{Do: doPrice, Amount: q.Delta}
	default:
		return nil, wrong(http.StatusNotFound, "soldout, sell, cancel or price, not %q", r.PathValue("what"))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, in := range p.institutions {
		perf := in.perfOf[id]
		if perf == nil {
			continue
		}
		ch.At, ch.ID = p.clock.Now(), id
		if ch.Contingent, err = in.contingentAsked(from); err != nil {
			return nil, err
		}
		if err := p.settle(in, ch.At); err != nil {
			return nil, err
		}
		if ch.Do == doPrice && !perf.mayMove(ch.Amount) {
			return nil, wrong(http.StatusUnprocessableEntity, "delta: a price would fall to nothing")
		}
		if ch.Do == doSell && !in.maySell(perf, ch) {
			return nil, wrong(http.StatusUnprocessableEntity, "quantity: fewer than %d places left in seat category %d", ch.Amount, ch.Category)
		}
		if err := p.commit(in, ch); err != nil {
			return nil, err
		}
		return map[string]any{"performance": id, "done": r.PathValue("what")}, nil
	}
	return nil, wrong(http.StatusNotFound, "no performance %d", id)
}

// mayMove says whether every price of the performance stays above nothing.
func (p *performance) mayMove(delta int64) bool {
	for _, n := range p.amounts {
		if n > 0 && n+p.moved+delta <= 0 {
			return false
		}
	}
	for _, row := range p.product.grid {
		for _, n := range row {
			if n > 0 && n+p.moved+delta <= 0 {
				return false
			}
		}
	}
	return true
}
