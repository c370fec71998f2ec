package sim

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// scripted is how many scripts run: GUICHET_SCRIPTS, or 1000.
func scripted(t *testing.T) int {
	t.Helper()
	if s := os.Getenv("GUICHET_SCRIPTS"); s != "" {
		return atoi(t, s)
	}
	return 1000
}

// tally counts what the scripts did, by kind of step and by whether the platform agreed.
type tally struct {
	mu    sync.Mutex
	steps map[string]int
}

func (c *tally) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.steps[what]++
}

// actor is one client that plays scripts. It knows of its orders only what it was told.
type actor struct {
	desk
	rnd   *rand.Rand
	count *tally
	open  []object // orderUpdateData
	done  []object // orderDetailsData
}

// TestScripts_OfParallelClients_KeepEveryPromise plays random lives of orders from eight clients at once, under faults and a moving
// clock: no seat twice, no slot over its quota, the account is what was closed less what was refunded, one good barcode per sold
// place, and a restart remembers all of it.
func TestScripts_OfParallelClients_KeepEveryPromise(t *testing.T) {
	t.Parallel()
	journal, worlds := filepath.Join(t.TempDir(), "journal"), sharedWorlds(t)
	p := newPlatform(t, func(p *Platform) {
		p.Journal, p.Worlds, p.TokenAge, p.AsyncCatalog = journal, worlds, 24*time.Hour, false
	})
	for _, f := range []Fault{
		{Kind: CutAfterCommit, Probability: 0.02},
		{Kind: CutBeforeCommit, Probability: 0.01},
		{Kind: HalfBody, Probability: 0.01},
		{Kind: Error500, Probability: 0.01},
		{Kind: InProgress, Probability: 0.01},
	} {
		p.Fault("*", f)
	}
	p.Fault("closeOrder", Fault{Kind: LateBarcodes, Probability: 0.05})
	p.Fault("createOrUpdateOrder", Fault{Kind: SoldOutMeanwhile, Probability: 0.01, Late: time.Minute})

	count := &tally{steps: map[string]int{}}
	var next atomic.Int64
	var clients sync.WaitGroup
	n := int64(scripted(t))
	for range 8 {
		clients.Go(func() {
			for seed := next.Add(1); seed <= n; seed = next.Add(1) {
				script(t, p, uint64(seed), count)
				if seed%500 == 0 {
					sound(t, p)
				}
			}
		})
	}
	clients.Wait()
	p.ClearFaults()
	sound(t, p)
	for _, what := range []string{"hold", "add", "abandon", "close", "refund", "reprint", "cancel", "seat", "clock", "elsewhere", "of two contingents", errNotOurs} {
		if count.steps[what] == 0 {
			t.Errorf("no %s of %d scripts came off", what, n)
		}
	}
	t.Logf("%d scripts: %v", n, count.steps)
	again := newPlatform(t, func(a *Platform) { a.Journal, a.Worlds, a.Clock = journal, worlds, NewClock(p.Clock.Now()) })
	sound(t, again)
	if diff := cmp.Diff(remembered(t, p), remembered(t, again)); diff != "" {
		t.Errorf("after a restart (-before +after):\n%.2000s", diff)
	}
}

// sharedWorlds are the shipped ones, all of them divided among contingents.
func sharedWorlds(t *testing.T) []World {
	t.Helper()
	worlds, err := shippedWorlds()
	if err != nil {
		t.Fatal(err)
	}
	museum := &worlds[0]
	museum.Contingents = []Contingent{{Code: "FIRST", Choice: 1}, {Code: "DOOR"}, {Code: "SECOND", Choice: 2}}
	for i := range museum.Products {
		if museum.Products[i].Code == "BILLET" {
			museum.Products[i].Items[0].Contingents = []Part{{Contingent: "DOOR", Share: 40}, {Contingent: "SECOND", Share: 40}}
		}
	}
	return worlds
}

// script runs the script of a seed.
func script(t *testing.T, p *Platform, seed uint64, count *tally) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 42))
	code := []string{"theatre", "theatre", "museum", "stadium"}[rnd.IntN(4)]
	a := &actor{desk: *at(t, p, code), rnd: rnd, count: count}
	a.hold()
	for range 2 + rnd.IntN(8) {
		step := []func(){a.hold, a.add, a.abandon, a.close, a.close, a.close, a.refund, a.reprint, a.cancel, a.seat, a.read, a.clock, a.elsewhere}[rnd.IntN(13)]
		step()
	}
}

// ask calls a method and counts it when the platform agrees.
func (a *actor) ask(what, service, method string, body any) (object, bool) {
	o, err := a.try(service, method, body)
	switch {
	case err != nil:
		a.count.note("no answer")
	case o.code() == "success":
		a.count.note(what)
		return o, true
	default:
		a.count.note(o.code())
	}
	return nil, false
}

// wish is a call for places that others want too.
func (a *actor) wish() object {
	n := 1 + a.rnd.IntN(4)
	if a.in.w.Code == "museum" {
		day := a.p.Clock.Now().AddDate(0, 0, 1+a.rnd.IntN(4)).Format(time.DateOnly)
		slots := a.slotIDs()
		return a.simples(a.any(a.simple("BILLET", "ADULTE", n, object{"timeslotId": slots[a.rnd.IntN(len(slots))], "visitDate": day})))
	}
	perf, category, tariff := a.evening()
	return a.entries(a.any(a.line(perf, category, tariff, n)))
}

// evening is a performance, one of its seat categories and a tariff.
func (a *actor) evening() (perf *performance, category, tariff string) {
	if a.in.w.Code == "stadium" {
		return a.soon([]string{"H01", "H02", "H03"}[a.rnd.IntN(3)]), []string{"HAUPT", "STEH"}[a.rnd.IntN(2)], "VOLL"
	}
	return a.soon([]string{"TARTUFFE", "GODOT", "LAC", "CYRANO"}[a.rnd.IntN(4)]), []string{"CAT1", "CAT2"}[a.rnd.IntN(2)], "PLEIN"
}

// any names a contingent in one line of three, and one that is not ours now and then.
func (a *actor) any(line object) object {
	switch a.rnd.IntN(12) {
	case 0, 1, 2:
		return with(line, "contingentId", a.in.ours[len(a.in.ours)-1].id)
	case 3:
		return with(line, "contingentId", a.in.contingents[1].id)
	}
	return line
}

// elsewhere lets others buy, of a contingent or of what the partner would be given.
func (a *actor) elsewhere() {
	if a.in.w.Code == "museum" {
		return
	}
	perf, category, _ := a.evening()
	body := fmt.Sprintf(`{"seat_category":%d,"quantity":%d,"contingent":%q}`, category0(perf, category), 1+a.rnd.IntN(3),
		append([]string{""}, a.in.contingents[1].def.Code, a.in.contingents[2].def.Code)[a.rnd.IntN(3)])
	w := httptest.NewRecorder()
	a.p.Control().ServeHTTP(w, httptest.NewRequestWithContext(a.t.Context(), http.MethodPost, "/performances/"+text(perf.id)+"/sell", strings.NewReader(body)))
	a.count.note("elsewhere" + strings.TrimPrefix(" "+strconv.Itoa(w.Code), " 200"))
}

// soon is one of the next evenings of a product: few enough that clients meet, enough that not all is sold at once.
func (a *actor) soon(code string) *performance {
	a.p.mu.Lock()
	defer a.p.mu.Unlock()
	var out []*performance
	for _, perf := range a.product(code).perfs {
		if perf.onSale(a.p.Clock.Now()) && len(out) < 20 {
			out = append(out, perf)
		}
	}
	return out[a.rnd.IntN(len(out))]
}

func (a *actor) slotIDs() []int64 {
	var out []int64
	for _, it := range a.product("BILLET").items {
		for _, s := range it.slots {
			out = append(out, s.id)
		}
	}
	return out
}

func (a *actor) hold() {
	if o, ok := a.ask("hold", "externalOrderFacade", "createOrUpdateOrder", a.wish()); ok {
		a.open = append(a.open, o.get("orderUpdateData"))
		if slices.ContainsFunc(o.get("orderUpdateData").list("operationDataUpdates"), func(op object) bool { return op["contingentId"] == nil }) {
			a.count.note("of two contingents")
		}
	}
}

func (a *actor) add() {
	if len(a.open) == 0 {
		return
	}
	body := a.wish()
	body["orderId"] = a.open[0].id("orderId")
	a.ask("add", "externalOrderFacade", "createOrUpdateOrder", body)
}

func (a *actor) abandon() {
	if len(a.open) == 0 {
		return
	}
	moves := a.open[0].list("movementDataUpdates")
	a.ask("abandon", "externalOrderService", "abandonMovements", object{
		"orderId": a.open[0].id("orderId"), "movementIds": []int64{moves[a.rnd.IntN(len(moves))].id("movementId")},
	})
}

// close pays the first open order by whatever it costs; when that is uncertain the script reads before it goes on.
func (a *actor) close() {
	if len(a.open) == 0 {
		return
	}
	id := a.open[0].id("orderId")
	a.open = a.open[1:]
	a.ask("close", "externalOrderService", "closeOrder", object{"orderId": id, "generateBarCodes": a.rnd.IntN(5) > 0})
	o, ok := a.ask("read", "externalOrderService", "getOrderDetails", object{"orderId": id, "granularity": "TICKETS"})
	if ok && o.get("orderDetailsData").str("orderState") == "CLOSED" {
		a.done = append(a.done, o.get("orderDetailsData"))
	}
}

// refund takes back one place or all of a closed order, and may never close the refund.
func (a *actor) refund() {
	if len(a.done) == 0 {
		return
	}
	sale := a.done[a.rnd.IntN(len(a.done))]
	body := a.refunding(sale)
	if moves := sale.list("movementDatas"); a.rnd.IntN(2) == 0 && len(moves) > 0 {
		body = a.refunding(sale, moves[0].id("movementId"))
	}
	o, ok := a.ask("refund begun", "externalOrderFacade", "createOrUpdateOrder", body)
	if ok && a.rnd.IntN(4) > 0 {
		a.ask("refund", "externalOrderService", "closeOrder", object{"orderId": o.get("orderUpdateData").id("orderId"), "generateBarCodes": false})
	}
}

func (a *actor) reprint() { a.behind("reprint") }
func (a *actor) cancel()  { a.behind("cancel") }

// behind does what an organiser does without asking the partner.
func (a *actor) behind(what string) {
	if len(a.done) == 0 {
		return
	}
	path := fmt.Sprintf("/orders/%d/%s?institution=%s", a.done[0].id("orderId"), what, a.in.w.Code)
	w := httptest.NewRecorder()
	a.p.Control().ServeHTTP(w, httptest.NewRequestWithContext(a.t.Context(), http.MethodPost, path, http.NoBody))
	if w.Code == http.StatusOK {
		a.count.note(what)
		return
	}
	a.count.note(what + " " + strconv.Itoa(w.Code))
}

// seat swaps two seats of an order, or tries a seat nearby.
func (a *actor) seat() {
	if len(a.open) == 0 || a.in.w.Code == "museum" {
		return
	}
	moves := a.open[0].list("movementDataUpdates")
	first, last := moves[0], moves[len(moves)-1]
	body := object{"operationIds": []int64{first.id("operationId")}, "seatingInformation": []object{
		{"movementId": first.id("movementId"), "physicalSeatId": last.id("seatId") + int64(a.rnd.IntN(3))},
	}}
	if first.id("movementId") != last.id("movementId") && a.rnd.IntN(2) == 0 {
		body["seatingInformation"] = []object{
			{"movementId": first.id("movementId"), "physicalSeatId": last.id("seatId")}, {"movementId": last.id("movementId"), "physicalSeatId": first.id("seatId")},
		}
	}
	a.ask("seat", "externalSeatingService", "doSeatingForOperations", body)
}

func (a *actor) read() {
	if len(a.done) > 0 {
		a.ask("read file", "externalOrderService", "getFileDetails", object{"fileId": a.done[0].list("operationDatas")[0].id("fileId")})
	}
}

func (a *actor) clock() {
	if a.rnd.IntN(4) == 0 {
		a.p.Clock.Advance(time.Duration(a.rnd.IntN(300)) * time.Second)
		a.count.note("clock")
	}
}
