package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/sales"
)

var update = flag.Bool("update", false, "write the golden answers anew")

// goldenHeaders are those whose values are promises.
var goldenHeaders = []string{
	"Content-Type", "Content-Language", "Cache-Control", "Etag", "Last-Modified", "Vary", "Location", "Link", "Retry-After",
	"Idempotency-Replayed", "Www-Authenticate", "Allow",
}

var rxOwnID = regexp.MustCompile(`(ord|plc|tkt|key|req)_0*(\d{1,26})`)

// golden compares an answer with testdata/<name>.txt; ids of our own are numbered by their first appearance.
func golden(t *testing.T, name string, a answer) {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d %s\n", a.status, http.StatusText(a.status))
	for _, h := range goldenHeaders {
		if v := a.header.Get(h); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", h, v)
		}
	}
	b.WriteByte('\n')
	if strings.Contains(a.header.Get("Content-Type"), "json") {
		if err := json.Indent(&b, bytes.TrimSpace(a.body), "", "  "); err != nil {
			t.Fatal(err)
		}
	} else {
		b.Write(a.body)
	}
	b.WriteByte('\n')
	seen, next := map[string]string{}, map[string]int{}
	got := rxOwnID.ReplaceAllStringFunc(b.String(), func(id string) string {
		if seen[id] == "" {
			prefix, _, _ := strings.Cut(id, "_")
			next[prefix]++
			seen[id] = fmt.Sprintf("%s_%d", prefix, next[prefix])
		}
		return seen[id]
	})
	got = regexp.MustCompile(`gk_[0-9a-f]+_[0-9a-f]+`).ReplaceAllString(got, "gk_<token>")
	got = regexp.MustCompile(`"public_id": "[0-9a-f]+"`).ReplaceAllString(got, `"public_id": "<random>"`)
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}

// frozen is a rig whose clock stands still, so that answers are the same every time.
func frozen(t *testing.T) *rig {
	t.Helper()
	r := bareRig(t)
	r.now.tick = 0
	r.now.at = noon
	r.load()
	return r
}

func TestGolden_Catalog(t *testing.T) {
	t.Parallel()
	r := frozen(t)
	for name, target := range map[string]string{
		"institutions": "/v1/institutions", "institution": "/v1/institutions/play?lang=en", "products": "/v1/products?facets=kind,topic,venue,month",
		"products_page": "/v1/products?limit=1&sort=name&lang=en", "product_event": "/v1/products/" + hamlet, "product_pass_on_a_day": "/v1/products/" + pass + "?date=2026-10-04&lang=en",
		"product_goods": "/v1/products/" + mug + "?lang=en", "performances_of_product": "/v1/products/" + hamlet + "/performances?lang=en",
		"performance": "/v1/performances/" + hamletFirst + "?lang=en", "performance_not_yet": "/v1/performances/" + hamletLate,
		"performance_over": "/v1/performances/" + hamletOver, "performances_search": "/v1/performances?q=ete&sort=relevance",
		"availability": "/v1/availability?performances=" + hamletFirst + "," + gameOnly + ",play-999",
	} {
		golden(t, name, r.do("web", http.MethodGet, target, ""))
	}
}

func TestGolden_Order(t *testing.T) {
	t.Parallel()
	r := frozen(t)
	a := r.post(orderBody(`"buyer"`, `"expected_total":{"amount":8400,"currency":"EUR"},"buyer"`))
	golden(t, "order_held", a)
	o := decode[orderDTO](t, a)
	golden(t, "order_extended_too_far", func() answer {
		r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/extend", "")
		return r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/extend", "")
	}())
	place := o.Lines[0].Places[1].ID
	a = r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/close", `{"payment_reference":"PSP-1","holders":[{"place":"`+place+`","name":"Bob Muster"}]}`)
	golden(t, "order_issued", a)
	o = decode[orderDTO](t, a)
	golden(t, "order_without_deliver", r.do("ops", http.MethodGet, "/v1/admin/orders/"+o.ID, ""))
	golden(t, "tickets", r.do("web", http.MethodGet, "/v1/orders/"+o.ID+"/tickets", ""))
	golden(t, "tickets_pdf", r.do("web", http.MethodGet, "/v1/orders/"+o.ID+"/tickets.pdf?lang=en", ""))
	golden(t, "ticket", r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[0].ID, ""))
	golden(t, "ticket_pdf", r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[1].ID+".pdf", ""))
	golden(t, "ticket_png", r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[1].ID+".png?dpi=300", ""))
	golden(t, "ticket_zpl", r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[1].ID+".zpl?dpi=300&lang=en", ""))
	golden(t, "ticket_fgl", r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[1].ID+".fgl?layout=kiosk", ""))
	golden(t, "barcode_svg", r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[1].ID+"/barcode.svg?symbology=aztec", ""))
	golden(t, "barcode_png", r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[1].ID+"/barcode.png", ""))
	golden(t, "orders", r.do("web", http.MethodGet, "/v1/orders?reference=WEB-1", ""))
	golden(t, "order_release_of_sold", r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/release", ""))

	golden(t, "admin_orders", r.do("ops", http.MethodGet, "/v1/admin/orders?q=MUSTER&storefront=web", ""))
	golden(t, "admin_counts", r.do("ops", http.MethodGet, "/v1/admin/orders/counts", ""))
	golden(t, "admin_settle", r.do("ops", http.MethodPost, "/v1/admin/orders/"+o.ID+"/settle", ""))
	golden(t, "pending_account", r.do("money", http.MethodGet, "/v1/admin/pending-account", ""))
	post := func(name, key, body string) {
		golden(t, name, r.do("money", http.MethodPost, "/v1/admin/account/play/postings", body, header("Idempotency-Key", key)))
	}
	post("account_payment", "transfer-1", `{"kind":"payment","amount":{"amount":5000,"currency":"EUR"},"reason":"bank transfer of today"}`)
	post("account_fee", "fee-1", `{"kind":"fee","amount":{"amount":150,"currency":"EUR"},"storefront":"web"}`)
	post("account_reversal", "undo-1", `{"kind":"reversal","of":3,"reason":"=charged twice"}`)
	golden(t, "account", r.do("money", http.MethodGet, "/v1/admin/account/play", ""))
	golden(t, "account_statement", r.do("money", http.MethodGet, "/v1/admin/account/play/statement?limit=3", ""))
	golden(t, "account_statement_csv", r.do("money", http.MethodGet, "/v1/admin/account/play/statement", "", header("Accept", "text/csv")))
}

func TestGolden_PriceChanged(t *testing.T) {
	t.Parallel()
	r := frozen(t)
	golden(t, "problem_price_changed", r.post(orderBody(`"buyer"`, `"expected_total":{"amount":8000,"currency":"EUR"},"buyer"`)))
	golden(t, "order_refused", r.do("web", http.MethodGet, "/v1/orders?state=released", ""))
	golden(t, "problem_fields", r.post(orderBody(`play-601`, `play-602`, `:2}`, `:4}`, `ada@`, `ada`), header("Idempotency-Key", "other")))
}

func TestGolden_Admin(t *testing.T) {
	t.Parallel()
	r := frozen(t)
	golden(t, "admin_institutions", r.do("ops", http.MethodGet, "/v1/admin/institutions", ""))
	golden(t, "admin_institution", r.do("ops", http.MethodGet, "/v1/admin/institutions/play", ""))
	golden(t, "admin_refresh", r.do("ops", http.MethodPost, "/v1/admin/institutions/play/refresh?force=true", ""))
	golden(t, "admin_jobs", r.do("ops", http.MethodGet, "/v1/admin/jobs", ""))
	golden(t, "admin_run", r.do("ops", http.MethodPost, "/v1/admin/jobs/catalog.refresh/run", ""))
	golden(t, "admin_key_made", r.do("ops", http.MethodPost, "/v1/admin/keys", `{"storefront":"shop","label":"the shop","scopes":["catalog","sell"],"institutions":["play"],"expires_at":"2027-01-01T00:00:00+01:00"}`))
	r.spend()
	made := decode[peakDTO](t, peak()(r))
	golden(t, "admin_peak_made", peak("2026-10-21T", "2026-10-20T", `"per_minute":90,"note":"agreed with the platform's support"`, `"per_minute":120`)(r))
	golden(t, "admin_peak_removed", r.do("ops", http.MethodDelete, "/v1/admin/quota/peaks/"+made.ID, ""))
	golden(t, "admin_peaks", r.do("ops", http.MethodGet, "/v1/admin/quota/peaks?institution=play", ""))
	golden(t, "admin_quota_usage", r.do("ops", http.MethodGet, "/v1/admin/quota/usage?unit=minute&by=outcome", ""))
	golden(t, "admin_quota_callers", r.do("ops", http.MethodGet, "/v1/admin/quota/callers?by=key", ""))
	golden(t, "admin_quota", r.do("ops", http.MethodGet, "/v1/admin/quota", ""))
	golden(t, "problem", r.do("", http.MethodGet, "/problems/order.availability", ""))
	golden(t, "problem_page", r.do("", http.MethodGet, "/problems/order.availability", "", header("Accept", "text/html,*/*")))
	golden(t, "problem_no_key", r.do("", http.MethodGet, "/v1/products", ""))
	golden(t, "problem_method", r.do("", http.MethodPut, "/v1/orders", ""))
}

func TestGolden_LostAnswers(t *testing.T) {
	t.Parallel()
	r := frozen(t)
	lost := func() *domain.Error {
		e := domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "no answer")
		e.Uncertain = true
		return e
	}
	r.platform.onHold = func(_ sales.Order, h sales.Hold) (sales.Hold, error) { return h, lost() }
	golden(t, "order_holding", r.post(orderBody(), header("Idempotency-Key", "lost")))
	r.platform.onHold = nil
	r.platform.onClose = func(sales.Order, sales.Outcome) (sales.Outcome, error) { return sales.Outcome{}, lost() }
	golden(t, "order_closing", r.do("web", http.MethodPost, "/v1/orders/"+r.held().ID+"/close", ""))
}
