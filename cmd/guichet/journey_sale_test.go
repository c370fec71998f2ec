package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// eventually waits for a condition that the program brings about by itself.
func eventually(tb testing.TB, seconds int, what string, ok func() bool) {
	tb.Helper()
	deadline := time.Now().Add(time.Duration(seconds) * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			tb.Fatalf("not within %d s: %s", seconds, what)
		}
		time.Sleep(50 * time.Millisecond) // another process works meanwhile
	}
}

// offer is one thing that can be ordered.
type offer struct {
	institution string
	line        map[string]any
	price       int64
	currency    string
}

// offers lists what a storefront sees that can be bought without conditions.
func offers(t *testing.T, c *client, institution string) (dated, undated []offer) {
	t.Helper()
	list := c.must(t, "GET", "/v1/performances?institution="+institution+"&available=true&limit=40", nil, 200)
	for _, p := range items(list.json, "items") {
		full := c.must(t, "GET", "/v1/performances/"+str(p, "id"), nil, 200).json
		free := map[string]bool{}
		for _, tariff := range items(full, "tariffs") {
			if req, _ := tariff["requires"].([]any); len(req) == 0 && num(tariff, "min_quantity") <= 1 {
				free[str(tariff, "id")] = true
			}
		}
		for _, pr := range items(full, "prices") {
			if free[str(pr, "tariff")] && num(pr, "min_quantity") <= 1 {
				dated = append(dated, offer{institution, map[string]any{
					"performance": str(full, "id"), "seat_category": str(pr, "seat_category"), "tariff": str(pr, "tariff"),
				}, num(sub(pr, "price"), "amount"), str(sub(pr, "price"), "currency")})
			}
		}
	}
	list = c.must(t, "GET", "/v1/products?institution="+institution+"&limit=100", nil, 200)
	for _, p := range items(list.json, "items") {
		for _, it := range items(c.must(t, "GET", "/v1/products/"+str(p, "id"), nil, 200).json, "items") {
			if len(items(it, "timeslots")) > 0 || p["date_required"] == true {
				continue
			}
			for _, pr := range items(it, "prices") {
				undated = append(undated, offer{
					institution,
					map[string]any{"item": str(it, "id"), "tariff": str(pr, "tariff")},
					num(sub(pr, "price"), "amount"), str(sub(pr, "price"), "currency"),
				})
			}
		}
	}
	return dated, undated
}

// cuts are the faults that the journey puts in the way, by method.
var cuts = []struct{ method, kind string }{
	{"createOrUpdateOrder", "cut_before_commit"},
	{"createOrUpdateOrder", "cut_after_commit"},
	{"createOrUpdateOrder", "half_body"},
	{"closeOrder", "cut_before_commit"},
	{"closeOrder", "cut_after_commit"},
	{"closeOrder", "half_body"},
	{"closeOrder", "error_500"},
	{"closeOrder", "garbage"},
	{"closeOrder", "limit_509"},
	{"closeOrder", "late_barcodes"},
	{"getOrderDetails", "cut_after_commit"},
	{"getOrderDetails", "garbage"},
	{"abandonMovements", "cut_after_commit"},
}

// sold is what a storefront remembers of a sale.
type sold struct {
	institution, id string
	total           int64
}

// shopper buys as a storefront does, and keeps to what the API promises.
type shopper struct {
	t      *testing.T
	client *client
	rng    *rand.Rand
	dated  []offer
	extras map[string][]offer
}

// buy makes one sale and returns it; a refusal is tried again with something else, as a buyer would.
func (s *shopper) buy(ctx context.Context, n int) (sold, error) {
	for try := range 20 {
		first := s.dated[s.rng.IntN(len(s.dated))]
		quantity := 1 + s.rng.IntN(2)
		lines := []map[string]any{withQuantity(first, quantity)}
		want := first.price * int64(quantity)
		if extras := s.extras[first.institution]; len(extras) > 0 && s.rng.IntN(4) == 0 {
			extra := extras[s.rng.IntN(len(extras))]
			lines = append(lines, withQuantity(extra, 1))
			want += extra.price
		}
		body := map[string]any{
			"institution": first.institution, "reference": fmt.Sprintf("WEB-%04d", n), "items": lines,
			"buyer":          map[string]any{"email": "ada@example.org", "first_name": "Ada", "last_name": "Muster", "language": "fr"},
			"expected_total": map[string]any{"amount": want, "currency": first.currency},
		}
		a, err := s.client.do(ctx, "POST", "/v1/orders", body, "Idempotency-Key", fmt.Sprintf("sale-%d-%d-%d", n, try, s.rng.Uint32()))
		if err != nil {
			return sold{}, err
		}
		switch a.status {
		case 201:
			return s.close(ctx, a.json, first.institution)
		case 202, 409, 429, 502, 503: // no answer, sold out, or not now: nothing was sold; try something else
		default:
			return sold{}, fmt.Errorf("hold: status %d %s", a.status, a.body)
		}
	}
	return sold{}, fmt.Errorf("sale %d: refused twenty times", n)
}

func withQuantity(o offer, n int) map[string]any {
	line := map[string]any{"quantity": n}
	for k, v := range o.line {
		line[k] = v
	}
	return line
}

// close closes once and then only reads, as the API promises is enough.
func (s *shopper) close(ctx context.Context, order map[string]any, institution string) (sold, error) {
	id := str(order, "id")
	a, err := s.client.do(ctx, "POST", "/v1/orders/"+id+"/close", map[string]any{"payment_reference": "PAY-" + id})
	if err != nil {
		return sold{}, err
	}
	if a.status != 200 && a.status != 202 {
		return sold{}, fmt.Errorf("close %s: status %d %s", id, a.status, a.body)
	}
	for deadline := time.Now().Add(2 * time.Minute); str(a.json, "state") != "issued"; {
		if time.Now().After(deadline) {
			return sold{}, fmt.Errorf("order %s is still %s", id, str(a.json, "state"))
		}
		time.Sleep(200 * time.Millisecond) // what the API asks of a client that got 202
		if a, err = s.client.do(ctx, "GET", "/v1/orders/"+id, nil); err != nil {
			return sold{}, err
		}
		if a.status != 200 {
			return sold{}, fmt.Errorf("read %s: status %d %s", id, a.status, a.body)
		}
	}
	return sold{institution, id, num(sub(a.json, "total"), "amount")}, nil
}

func TestJourney_SalesUnderCuts_BooksAccountAndPaperAgree(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sales, servers := 200, 1
			if name == "postgres" {
				sales, servers = 60, 2 // two replicas on one database
			}
			for _, seed := range seeds(t) {
				t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
					journey(t, newStage(t, database), sales, servers, 20, seed)
				})
			}
		})
	}
}

// seeds is one, or as many as a soak asks for.
func seeds(t *testing.T) []uint64 {
	t.Helper()
	n := 1
	if text := os.Getenv("GUICHET_SOAK"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 {
			t.Fatalf("GUICHET_SOAK is %q, want a number of seeds", text)
		}
	}
	var out []uint64
	for i := range n {
		out = append(out, uint64(7+i))
	}
	return out
}

// journey sells through two storefronts, with faults armed at random points, and compares everybody's books at the end.
func journey(t *testing.T, s *stage, sales, servers, faults int, seed uint64) {
	t.Helper()
	t.Logf("seed %d: %d sales, %d cuts, %d servers", seed, sales, faults, servers)
	apis := make([]string, servers)
	for i := range apis {
		_, apis[i] = s.serve(t, fmt.Sprintf("server%d", i))
	}
	keys := []string{s.key(t, "shop-one", "catalog,sell,deliver"), s.key(t, "shop-two", "catalog,sell,deliver")}
	admin := newClient(apis[0], s.key(t, "operator", "admin"))
	var dated []offer
	extras := map[string][]offer{}
	for _, code := range s.codes {
		d, u := offers(t, newClient(apis[0], keys[0]), code)
		dated = append(dated, d...)
		extras[code] = u
	}
	if len(dated) == 0 || len(extras["museum"]) == 0 {
		t.Fatalf("nothing on offer: %d dated, extras %v", len(dated), extras)
	}
	results := sell(t, s, apis, keys, dated, extras, sales, faults, seed)

	eventually(t, 120, "every order but a hold without an answer is settled", func() bool {
		return !slices.ContainsFunc(orders(t, admin), func(o map[string]any) bool {
			st := str(o, "state")
			return st == "closing" || st == "issuing" || st == "releasing"
		})
	})
	check := s.control.must(t, "GET", "/check", nil, 200)
	if check.json["ok"] != true {
		t.Errorf("the platform's promises are broken: %v", check.json["broken"])
	}
	s.compareMoney(t, admin, results)
	s.comparePaper(t, newClient(apis[0], ""), keys, results)
}

// sell makes all sales from eight workers and arms the faults on the way.
func sell(t *testing.T, s *stage, apis, keys []string, dated []offer, extras map[string][]offer, sales, faults int, seed uint64) [2][]sold {
	t.Helper()
	jobs := make(chan int)
	var mu sync.Mutex
	var results [2][]sold
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			shop := &shopper{t: t, client: newClient(apis[w%len(apis)], keys[w%2]), rng: rand.New(rand.NewPCG(seed, uint64(w))), dated: dated, extras: extras}
			for n := range jobs {
				r, err := shop.buy(t.Context(), n)
				mu.Lock()
				if err != nil {
					t.Error(err)
				} else {
					results[w%2] = append(results[w%2], r)
				}
				mu.Unlock()
			}
		})
	}
	rng := rand.New(rand.NewPCG(seed, 1000))
	at := map[int]bool{}
	for len(at) < faults {
		at[rng.IntN(sales)] = true
	}
	n := 0
	for i := range sales {
		if at[i] {
			cut := cuts[n%len(cuts)]
			n++
			body := map[string]any{"method": cut.method, "kind": cut.kind, "times": 1}
			if cut.kind == "late_barcodes" {
				body["late"] = "3s"
			}
			s.control.must(t, "POST", "/faults", body, 200)
		}
		jobs <- i
	}
	close(jobs)
	wg.Wait()
	if got := len(results[0]) + len(results[1]); got != sales {
		t.Fatalf("%d of %d sales ended with a ticket", got, sales)
	}
	return results
}

// orders lists every order through the admin.
func orders(t *testing.T, admin *client) []map[string]any {
	t.Helper()
	var all []map[string]any
	for path := "/v1/admin/orders?limit=200"; path != ""; {
		a := admin.must(t, "GET", path, nil, 200)
		all = append(all, items(a.json, "items")...)
		path = ""
		if next := str(a.json, "next"); next != "" {
			path = "/v1/admin/orders?limit=200&cursor=" + next
		}
	}
	return all
}

// compareMoney compares our book, the platform's account and what the storefronts remember, to the thousandth.
func (s *stage) compareMoney(t *testing.T, admin *client, results [2][]sold) {
	t.Helper()
	told := map[string]int64{}
	for _, shop := range results {
		for _, r := range shop {
			told[r.institution] += r.total
		}
	}
	ours := map[string]int64{}
	for _, b := range items(admin.must(t, "GET", "/v1/admin/pending-account", nil, 200).json, "items") {
		ours[str(b, "institution")] = num(sub(b, "balance"), "amount")
	}
	for _, code := range s.codes {
		account := s.control.must(t, "GET", "/account?institution="+code, nil, 200).json
		platform := num(account, "balance")
		if ours[code]*10 != platform || told[code]*10 != platform {
			t.Errorf("%s: the platform's account is %d thousandths, our book says %d, the storefronts were told %d", code, platform, ours[code]*10, told[code]*10)
		}
	}
}

// comparePaper prints every order and reads every barcode back from the page.
func (s *stage) comparePaper(t *testing.T, base *client, keys []string, results [2][]sold) {
	t.Helper()
	want := map[string][]string{} // institution and platform order to barcodes
	for _, code := range s.codes {
		for _, v := range s.control.must(t, "GET", "/tickets?institution="+code, nil, 200).list {
			tk, _ := v.(map[string]any)
			k := fmt.Sprintf("%s %d", code, num(tk, "order"))
			want[k] = append(want[k], str(tk, "barcode"))
		}
	}
	dir := t.TempDir()
	type page struct{ file, order string }
	var pages []page
	ours := map[string][]string{}
	for shop, list := range results {
		c := &client{base: base.base, key: keys[shop], http: base.http}
		for _, r := range list {
			o := c.must(t, "GET", "/v1/orders/"+r.id, nil, 200).json
			k := fmt.Sprintf("%s %d", r.institution, num(sub(o, "platform"), "order_id"))
			for _, tk := range items(c.must(t, "GET", "/v1/orders/"+r.id+"/tickets", nil, 200).json, "items") {
				ours[k] = append(ours[k], str(tk, "barcode"))
			}
			pdf := c.must(t, "GET", "/v1/orders/"+r.id+"/tickets.pdf", nil, 200)
			file := filepath.Join(dir, r.id+".pdf")
			if err := os.WriteFile(file, pdf.body, 0o600); err != nil {
				t.Fatal(err)
			}
			pages = append(pages, page{file, k})
		}
	}
	for k, list := range ours {
		slices.Sort(list)
		slices.Sort(want[k])
		if !slices.Equal(list, want[k]) {
			t.Errorf("order %s: our barcodes are not the platform's (%d and %d)", k, len(list), len(want[k]))
		}
	}
	if len(want) != len(ours) {
		t.Errorf("the platform closed %d orders, the storefronts were told of %d", len(want), len(ours))
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	for _, p := range pages {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			got, err := decode(t.Context(), p.file)
			slices.Sort(got)
			if err != nil || !slices.Equal(got, want[p.order]) {
				t.Errorf("order %s: %d barcodes read back from the paper, want %d equal ones (%v)", p.order, len(got), len(want[p.order]), err)
			}
		})
	}
	wg.Wait()
	t.Logf("%d orders printed, every barcode read back from the page", len(pages))
}

// decode reads the one barcode of each page back from the page as a picture.
func decode(ctx context.Context, pdf string) ([]string, error) {
	stem := strings.TrimSuffix(pdf, ".pdf")
	if out, err := exec.CommandContext(ctx, "pdftoppm", "-r", "150", "-gray", pdf, stem).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pdftoppm (Debian's poppler-utils): %w %s", err, out)
	}
	files, err := filepath.Glob(stem + "-*.pgm")
	if err != nil {
		return nil, err
	}
	var codes []string
	for _, f := range files {
		out, err := exec.CommandContext(ctx, "zbarimg", "-q", "--raw", "--nodbus", "-Sdisable", "-Scode128.enable", "-Sqrcode.enable", f).Output()
		if err != nil {
			return codes, fmt.Errorf("zbarimg (Debian's zbar-tools) reads nothing on %s: %w", filepath.Base(f), err)
		}
		found := strings.Fields(string(out))
		if len(found) != 1 {
			return codes, fmt.Errorf("%d barcodes on %s", len(found), filepath.Base(f))
		}
		codes = append(codes, found[0])
		_ = os.Remove(f)
	}
	return codes, nil
}

func TestJourney_KilledInTheMiddleOfAClose_IssuedOnceAfterRestart(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]map[string]any{
		"the platform had closed it":     {"method": "closeOrder", "kind": "slow", "delay": "3s"},
		"the platform had not closed it": {"method": "closeOrder", "kind": "cut_before_commit", "delay": "3s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for dbName, database := range databases(t) {
				t.Run(dbName, func(t *testing.T) {
					t.Parallel()
					killed(t, newStage(t, database), fault)
				})
			}
		})
	}
}

func killed(t *testing.T, s *stage, fault map[string]any) {
	t.Helper()
	server, api := s.serve(t, "server")
	key := s.key(t, "shop", "catalog,sell,deliver")
	c := newClient(api, key)
	dated, _ := offers(t, c, "theatre")
	o := dated[0]
	order, err := c.do(t.Context(), "POST", "/v1/orders", map[string]any{
		"institution": "theatre", "items": []map[string]any{withQuantity(o, 2)},
	}, "Idempotency-Key", "one")
	if err != nil || order.status != 201 {
		t.Fatalf("hold: %v %d %s", err, order.status, order.body)
	}
	id := str(order.json, "id")
	s.control.must(t, "POST", "/faults", fault, 200)
	go func() {
		_, _ = c.do(context.WithoutCancel(t.Context()), "POST", "/v1/orders/"+id+"/close", map[string]any{})
	}()
	admin := newClient(api, s.key(t, "operator", "admin"))
	eventually(t, 20, "the close is on its way", func() bool {
		return str(admin.must(t, "GET", "/v1/admin/orders/"+id, nil, 200).json, "state") == "closing" && closing(t, s)
	})
	server.kill(t)

	_, api = s.serve(t, "again")
	c = newClient(api, key)
	var read map[string]any
	eventually(t, 150, "the order is issued after the restart", func() bool {
		read = c.must(t, "GET", "/v1/orders/"+id, nil, 200).json
		return str(read, "state") == "issued"
	})
	var ours []string
	for _, tk := range items(c.must(t, "GET", "/v1/orders/"+id+"/tickets", nil, 200).json, "items") {
		ours = append(ours, str(tk, "barcode"))
	}
	var platform []string
	for _, v := range s.control.must(t, "GET", "/tickets?institution=theatre", nil, 200).list {
		tk, _ := v.(map[string]any)
		platform = append(platform, str(tk, "barcode"))
	}
	slices.Sort(ours)
	slices.Sort(platform)
	if len(ours) != 2 || !slices.Equal(ours, platform) {
		t.Errorf("our barcodes %d, the platform's %d: want the same two", len(ours), len(platform))
	}
	account := s.control.must(t, "GET", "/account?institution=theatre", nil, 200).json
	if postings := items(account, "postings"); len(postings) != 1 || num(account, "balance") != num(sub(read, "total"), "amount")*10 {
		t.Errorf("%d postings of %d thousandths in all: want one of %d", len(postings), num(account, "balance"), num(sub(read, "total"), "amount")*10)
	}
	if check := s.control.must(t, "GET", "/check", nil, 200); check.json["ok"] != true {
		t.Errorf("the platform's promises are broken: %v", check.json["broken"])
	}
}

// closing reports whether a closeOrder has reached the platform, answered or not.
func closing(t *testing.T, s *stage) bool {
	t.Helper()
	raw, err := json.Marshal(s.control.must(t, "GET", "/faults", nil, 200).list)
	return err == nil && !bytes.Contains(raw, []byte("closeOrder"))
}
