package api

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

// plainPages writes what a page shows, so that a test can read it.
type plainPages struct{}

// OrderPage implements delivery.Pages.
func (plainPages) OrderPage(w io.Writer, p delivery.OrderPage) error {
	_, err := fmt.Fprintf(w, "order %s in %v at %s: ", p.Order, p.Languages, p.Address)
	for i := range p.Shows {
		for _, t := range p.Shows[i].Tickets {
			if _, err := fmt.Fprintf(w, "%s %s %s; ", t.TicketID, t.State, t.Barcode); err != nil {
				return err
			}
		}
	}
	return err
}

// SorryPage implements delivery.Pages.
func (plainPages) SorryPage(w io.Writer, why delivery.Sorry, languages []string) error {
	_, err := fmt.Fprintf(w, "sorry %s in %v", why, languages)
	return err
}

// PagePolicy implements delivery.Pages.
func (plainPages) PagePolicy() string { return "default-src 'none'; style-src 'sha256-x'" }

// withLinks switches buyers' pages on.
func withLinks(d *Deps) {
	l, err := delivery.NewLinks([]domain.Secret{"a-secret-of-a-test-that-is-long-enough"}, 30, d.Clock)
	if err != nil {
		panic(err)
	}
	d.Delivery.Links, d.Pages, d.PublicURL, d.LinkRate = l, plainPages{}, "https://tickets.example/", 1000
}

// linked is a sold order and the path of its buyer's page.
func linked(r *rig) (orderDTO, string) {
	r.t.Helper()
	o := r.held()
	if a := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/close", `{"payment_reference":"P"}`); a.status != http.StatusOK {
		r.t.Fatalf("close: %d %s", a.status, a.body)
	}
	l := decode[linkDTO](r.t, r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/link", ""))
	path, ok := strings.CutPrefix(l.URL, "https://tickets.example")
	if !ok {
		r.t.Fatalf("link %s", l.URL)
	}
	return decode[orderDTO](r.t, r.do("web", http.MethodGet, "/v1/orders/"+o.ID, "")), path
}

func TestBuyer_TheLinkShowsTheOrderAndItsFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t, withLinks)
	o, path := linked(r)
	page := r.do("", http.MethodGet, path, "", header("Accept-Language", "de"))
	if page.status != http.StatusOK || !strings.Contains(string(page.body), "order "+o.ID+" in [fr de") || !strings.Contains(string(page.body), o.Tickets[0].ID+" good "+o.Tickets[0].Barcode) {
		t.Errorf("%d %s", page.status, page.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow",
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": plainPages{}.PagePolicy(), "Strict-Transport-Security": "max-age=31536000",
	} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if a := r.do("", http.MethodGet, path+"?lang=it", ""); !strings.Contains(string(a.body), "in [it fr") {
		t.Errorf("another language asked for: %s", a.body)
	}
	for file, want := range map[string]string{"tickets.pdf": "%PDF fr 2/2", "calendar.ics": "BEGIN:VCALENDAR", o.Tickets[1].ID + ".pdf": "%PDF fr 2/2"} {
		if a := r.do("", http.MethodGet, path+"/"+file, ""); a.status != http.StatusOK || !strings.Contains(string(a.body), want) || a.header.Get("X-Robots-Tag") == "" {
			t.Errorf("%s: %d %s", file, a.status, a.body)
		}
	}
	for _, file := range []string{"tickets.png", "tkt_other.pdf", "..", "x.ics"} {
		if a := r.do("", http.MethodGet, path+"/"+file, ""); a.status != http.StatusNotFound || !strings.HasPrefix(string(a.body), "sorry unknown") && file != ".." {
			t.Errorf("%s: %d %s", file, a.status, a.body)
		}
	}
}

func TestBuyer_WhatIsWrongIsAPageForPeople(t *testing.T) {
	t.Parallel()
	r := newRig(t, withLinks)
	_, path := linked(r)
	check := func(name, path string, status int, why string) {
		t.Helper()
		a := r.do("", http.MethodGet, path, "", header("Accept-Language", "pl"))
		if a.status != status || string(a.body) != "sorry "+why+" in [pl]" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Security-Policy") != (plainPages{}).PagePolicy() {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	check("cut", path[:len(path)-1], http.StatusNotFound, "unknown")
	check("nonsense", "/t/x", http.StatusNotFound, "unknown")
	check("unknown parameter", path+"?x=1", http.StatusUnprocessableEntity, "unknown")
	ghost := r.srv.Delivery.Links.Token("ord_nobody", noon.Add(time.Hour))
	check("an order that is gone", "/t/"+ghost, http.StatusNotFound, "unknown")
	r.now.advance(400 * 24 * time.Hour)
	check("expired", path, http.StatusGone, "expired")
}

func TestBuyer_TheTokenIsInNoLog(t *testing.T) {
	t.Parallel()
	r := newRig(t, withLinks)
	_, path := linked(r)
	token := strings.TrimPrefix(path, "/t/")
	for _, p := range []string{path, path + "/tickets.pdf", path + "/nothing", path + "/a/b", "/t/" + token + "x"} {
		r.do("", http.MethodGet, p, "")
		r.do("", http.MethodPost, p, "")
	}
	if !strings.Contains(r.log.String(), `"/t/{token}"`) || strings.Contains(r.log.String(), token[:40]) {
		t.Errorf("the log holds the token, or not the route:\n%s", r.log)
	}
}

func TestBuyer_AnAddressThatAsksTooOftenWaits(t *testing.T) {
	t.Parallel()
	r := newRig(t, withLinks, func(d *Deps) { d.LinkRate = 1 })
	r.now.tick = 0
	for i := range 3 {
		a := r.do("", http.MethodGet, "/t/x", "")
		if i < 2 && a.status != http.StatusNotFound {
			t.Errorf("%d: %d", i, a.status)
		}
		if i == 2 && (a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "1" || !strings.HasPrefix(string(a.body), "sorry busy")) {
			t.Errorf("%d %v %s", a.status, a.header, a.body)
		}
	}
}

func TestBuyer_WithoutASecretThereIsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, p := range []string{"/t/x", "/t/x/tickets.pdf"} {
		if a := r.do("", http.MethodGet, p, ""); a.status != http.StatusNotFound || !strings.Contains(string(a.body), CodeRouteUnknown) {
			t.Errorf("%s: %d %s", p, a.status, a.body)
		}
	}
}

func linkRefusals() []refusal {
	link := func(r *rig, id string) answer { return r.do("web", http.MethodPost, "/v1/orders/"+id+"/link", "") }
	on := func(r *rig) { withLinks(&r.srv.Deps) }
	return []refusal{
		{name: "link without a secret", do: func(r *rig) answer { return link(r, r.held().ID) }, status: 409, code: delivery.CodeLinkOff},
		{name: "link to an unknown order", do: func(r *rig) answer { return link(r, "ord_x") }, status: 404, code: sales.CodeUnknown},
		{name: "link to a held order", do: func(r *rig) answer { on(r); return link(r, r.held().ID) }, status: 409, code: sales.CodeTicketNotIssued},
		{name: "link after its time", do: func(r *rig) answer {
			on(r)
			o, _ := linked(r)
			r.now.advance(400 * 24 * time.Hour)
			return link(r, o.ID)
		}, status: 410, code: delivery.CodeLinkExpired},
		{name: "link of another storefront's order", do: func(r *rig) answer {
			return r.do("other", http.MethodPost, "/v1/orders/"+r.held().ID+"/link", "")
		}, status: 404, code: sales.CodeUnknown},
		{name: "link with a body", do: func(r *rig) answer {
			return r.do("web", http.MethodPost, "/v1/orders/"+r.held().ID+"/link", `{"days":400}`)
		}, status: 422, code: domain.CodeRequest, pointer: "/days", field: CodeRequestUnknownMember},
	}
}
