package api

import (
	"net/http"
	"strings"
	"testing"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

func TestTicketFiles_ComeInEveryForm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.issued()
	ticket := "/v1/tickets/" + o.Tickets[0].ID
	for path, want := range map[string][2]string{
		ticket + ".pdf?lang=en&layout=venue":                    {"application/pdf", "%PDF en 1/2"},
		ticket + ".png?layout=venue":                            {"image/png", "PNG 150 "},
		ticket + ".svg?lang=en":                                 {"image/svg+xml", "<svg>en "},
		ticket + ".fgl?layout=venue":                            {mediaFGL, " venue "},
		ticket + ".zpl?dpi=300":                                 {mediaZPL, " thermal "},
		"/v1/orders/" + o.ID + "/tickets.pdf?layout=venue":      {"application/pdf", "%PDF fr 1/2"},
		"/v1/orders/" + o.ID + "/tickets.png?layout=voucher":    {"image/png", "PNG 150 "},
		"/v1/orders/" + o.ID + "/tickets.svg?layout=voucher":    {"image/svg+xml", "<svg>"},
		"/v1/orders/" + o.ID + "/tickets.fgl?dpi=300":           {mediaFGL, " thermal "},
		"/v1/orders/" + o.ID + "/tickets.zpl?layout=box-office": {mediaZPL, " box-office "},
	} {
		a := r.do("web", http.MethodGet, path, "")
		if a.status != http.StatusOK || a.header.Get("Content-Type") != want[0] || !strings.Contains(string(a.body), want[1]) {
			t.Errorf("%s: %d %s %q", path, a.status, a.header.Get("Content-Type"), a.body)
		}
		if a.header.Get("Cache-Control") != "private, no-cache" || !strings.HasPrefix(a.header.Get("ETag"), `"`) {
			t.Errorf("%s: %v", path, a.header)
		}
	}
}

func TestTicketFiles_WhatTheCallerHasIsNotPrintedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.issued()
	for _, path := range []string{"/v1/tickets/" + o.Tickets[0].ID + ".pdf", "/v1/orders/" + o.ID + "/tickets.pdf", "/v1/tickets/" + o.Tickets[0].ID + "/barcode.svg"} {
		first := r.do("web", http.MethodGet, path, "")
		drawn := r.renderer.drawn
		for _, have := range []string{first.header.Get("ETag"), `"x", W/` + first.header.Get("ETag"), "*"} {
			if a := r.do("web", http.MethodGet, path, "", header("If-None-Match", have)); a.status != http.StatusNotModified || len(a.body) != 0 ||
				a.header.Get("ETag") != first.header.Get("ETag") || a.header.Get("Cache-Control") != controlPrinted {
				t.Errorf("%s with %s: %d %q", path, have, a.status, a.body)
			}
		}
		if a := r.do("web", http.MethodHead, path, ""); a.status != http.StatusOK || a.header.Get("ETag") != first.header.Get("ETag") {
			t.Errorf("HEAD %s: %d", path, a.status)
		}
		if r.renderer.drawn != drawn {
			t.Errorf("%s was printed %d times more", path, r.renderer.drawn-drawn)
		}
		if a := r.do("web", http.MethodGet, path, "", header("If-None-Match", `"other"`)); a.status != http.StatusOK || string(a.body) != string(first.body) {
			t.Errorf("%s again: %d %q", path, a.status, a.body)
		}
	}
}

func TestPrints_AreCountedAndTold_WhatTheCallerHasIsNone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.issued()
	one, other := "/v1/tickets/"+o.Tickets[0].ID, "/v1/tickets/"+o.Tickets[1].ID
	tag := r.do("web", http.MethodGet, one+".pdf", "").header.Get("ETag")
	r.do("web", http.MethodGet, one+".pdf", "", header("If-None-Match", tag))
	r.do("web", http.MethodHead, one+".pdf", "")
	r.do("web", http.MethodGet, one+"/barcode.svg", "")
	r.do("web", http.MethodGet, one+".pdf?layout=poster", "")
	r.do("ops", http.MethodGet, "/v1/orders/"+o.ID+"/tickets.zpl", "")
	for path, want := range map[string][]string{one: {"zpl by ops", "pdf by web"}, other: {"zpl by ops"}} {
		got := decode[ticketDTO](t, r.do("web", http.MethodGet, path, ""))
		if got.Prints == nil || *got.Prints != len(want) || len(got.Printed) != len(want) {
			t.Fatalf("%s: %+v", path, got)
		}
		for i, p := range got.Printed {
			if p.Format+" by "+p.Storefront != want[i] || p.Copy != len(want)-i || p.At.IsZero() || !strings.HasPrefix(p.Key, "key_") {
				t.Errorf("%s: %+v", path, p)
			}
		}
	}
}

func TestPrints_MarkedOnesSayWhichTheyAre(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(d *Deps) {
		d.Delivery.Settings = map[domain.InstitutionCode]delivery.Settings{"play": {MarkReprints: true}}
	})
	path := "/v1/tickets/" + r.issued().Tickets[0].ID + ".pdf"
	first := r.do("web", http.MethodGet, path, "")
	if a := r.do("web", http.MethodGet, path, "", header("If-None-Match", first.header.Get("ETag"))); a.status != http.StatusNotModified {
		t.Errorf("the last print is in the caller's hands: %d", a.status)
	}
	second := r.do("web", http.MethodGet, path, "")
	if second.status != http.StatusOK || second.header.Get("ETag") == first.header.Get("ETag") {
		t.Errorf("the second print has the tag of the first")
	}
	if a := r.do("web", http.MethodGet, path, "", header("If-None-Match", first.header.Get("ETag"))); a.status != http.StatusOK {
		t.Errorf("the first print is not the last any more: %d", a.status)
	}
}

func TestPrints_OneThatCannotBeCountedIsNotGivenOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.issued()
	r.deps.Delivery.Prints = &printStore{fail: domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "down")}
	if a := r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[0].ID+".pdf", ""); a.status != http.StatusServiceUnavailable {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestTicketFiles_AStaleOneIsNeverConfirmed(t *testing.T) {
	t.Parallel()
	change := func(r *rig, o orderDTO, f func(o *sales.Order)) {
		_, err := r.orders.UpdateOrder(t.Context(), sales.OrderID(o.ID), func(o *sales.Order) error { f(o); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, f := range map[string]func(r *rig, o orderDTO){
		"reprinted": func(r *rig, o orderDTO) { change(r, o, func(o *sales.Order) { o.Tickets[0].Barcode = "0099" }) },
		"another name": func(r *rig, o orderDTO) {
			change(r, o, func(o *sales.Order) { o.Lines[0].Places[0].Holder = "Grace Hopper" })
		},
		"another seat": func(r *rig, o orderDTO) {
			change(r, o, func(o *sales.Order) { o.Lines[0].Places[0].Seat.Number = "99" })
		},
		"another price": func(r *rig, o orderDTO) { change(r, o, func(o *sales.Order) { o.Lines[0].UnitPrice.Amount++ }) },
		"rescheduled": func(r *rig, _ orderDTO) {
			before := r.catalog.snaps["play"]
			later := before()
			for i := range later.Performances {
				later.Performances[i].Start = later.Performances[i].Start.AddDate(0, 0, 1)
			}
			later.Version++
			r.catalog.snaps["play"] = func() *catalog.Snapshot { return later }
			if _, err := r.deps.Catalog.RefreshCatalog(t.Context(), "play", true); err != nil {
				t.Fatal(err)
			}
		},
	} {
		r := newRig(t)
		o := r.issued()
		path := "/v1/tickets/" + o.Tickets[0].ID + ".pdf"
		first := r.do("web", http.MethodGet, path, "").header.Get("ETag")
		f(r, o)
		if a := r.do("web", http.MethodGet, path, "", header("If-None-Match", first)); a.status != http.StatusOK || a.header.Get("ETag") == first {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	r := newRig(t)
	o := r.issued()
	path := "/v1/tickets/" + o.Tickets[0].ID + ".pdf"
	first := r.do("web", http.MethodGet, path, "").header.Get("ETag")
	change(r, o, func(o *sales.Order) { o.Tickets[0].CancelledAt = noon })
	if a := r.do("web", http.MethodGet, path, "", header("If-None-Match", first)); a.status != http.StatusConflict {
		t.Errorf("taken back: %d %s", a.status, a.body)
	}
}

func TestLayouts_AreListedAndReloadedTogether(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	list := decode[struct {
		Items []layoutDTO `json:"items"`
	}](t, r.do("web", http.MethodGet, "/v1/layouts", ""))
	if len(list.Items) != 2 || list.Items[0].Source != "built-in" || list.Items[1].Source != "folder" || list.Items[1].Per != "order" {
		t.Errorf("%+v", list)
	}
	if a := r.do("", http.MethodGet, "/v1/layouts/schema.json", ""); a.status != http.StatusOK || string(a.body) != `{"type":"object"}` || a.header.Get("Content-Type") != "application/schema+json" {
		t.Errorf("schema: %d %s", a.status, a.body)
	}
	if a := r.do("ops", http.MethodPost, "/v1/admin/layouts/reload", ""); a.status != http.StatusOK || !strings.Contains(string(a.body), `"d3"`) {
		t.Errorf("reload: %d %s", a.status, a.body)
	}
	r.renderer.folder = domain.Errorf(domain.Conflict, delivery.CodeLayoutRefused, "refused").WithField("venue.json:12", delivery.CodeLayoutRefused, "it overlaps")
	if a := r.do("ops", http.MethodPost, "/v1/admin/layouts/reload", ""); a.status != http.StatusConflict {
		t.Errorf("wrong folder: %d %s", a.status, a.body)
	}
	admin := r.do("ops", http.MethodGet, "/v1/admin/layouts", "")
	if !strings.Contains(string(admin.body), `"d3"`) || !strings.Contains(string(admin.body), `{"place":"venue.json:12","reason":"it overlaps"}`) {
		t.Errorf("those in use and what is wrong: %s", admin.body)
	}
	log := string(r.do("ops", http.MethodGet, "/v1/admin/audit", "").body)
	for _, want := range []string{`"action":"layouts.reload"`, `"outcome":"0 new, 1 changed, 0 gone"`, `"outcome":"refused"`, `"actor":"ops (`} {
		if !strings.Contains(log, want) {
			t.Errorf("the audit log lacks %s: %s", want, log)
		}
	}
}

func TestPreview_ShowsSampleOrWhatAPerformanceSays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, path := range []string{"/v1/admin/layouts/standard/preview.png?lang=fr&symbology=qr&longest=true", "/v1/admin/layouts/venue/preview.png?item=play-201&dpi=72"} {
		a := r.do("ops", http.MethodGet, path, "")
		if a.status != http.StatusOK || a.header.Get("Content-Type") != "image/png" || !strings.HasPrefix(string(a.body), "PNG ") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
