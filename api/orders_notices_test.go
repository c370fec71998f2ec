package api

import (
	"net/http"
	"testing"
	"time"

	"guichet/domain/catalog"
	"guichet/domain/sales"
)

func TestOrder_WhatTheInstitutionChanged_IsNoticed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.issued()
	if len(o.Notices) != 0 {
		t.Errorf("at the sale: %+v", o.Notices)
	}
	var was time.Time
	r.catalog.snaps["play"] = func() *catalog.Snapshot {
		s := theatre()
		s.SetupStamp = "moved"
		for i := range s.Performances {
			if p := &s.Performances[i]; p.ID == 201 {
				was = p.Start
				p.Start, p.Venue.Code, p.Venue.Town = p.Start.Add(time.Hour), "PARK", "Lyon"
			}
		}
		s.Index()
		return s
	}
	r.load()
	got := decode[orderDTO](t, r.do("web", http.MethodGet, "/v1/orders/"+o.ID, "")).Notices
	if len(got) != 2 || got[0].Kind != "rescheduled" || !got[0].Was.Equal(was) || !got[0].Now.Equal(was.Add(time.Hour)) ||
		got[1].Kind != "moved" || got[1].Place == nil || got[1].Place.Town != "Lyon" {
		t.Errorf("%+v", got)
	}
}

func TestAdminOrders_OfAPerformance_AreFound(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.issued()
	for id, want := range map[string]int{"play-201": 1, "play-202": 0} {
		if got := decode[orderPageDTO](t, r.do("ops", http.MethodGet, "/v1/admin/orders?performance="+id, "")).Items; len(got) != want || want == 1 && got[0].ID != o.ID {
			t.Errorf("%s: %+v", id, got)
		}
	}
}

func TestOrder_TicketPrintedAnew_ShowsItsNewBarcode(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.issued()
	r.platform.onRead = func(o sales.Order) (sales.Outcome, error) {
		out := soldOutcome(o)
		fresh := out.Tickets[0]
		fresh.Barcode = "0099"
		out.Tickets[0].State = "INVALIDATED"
		out.Tickets = append(out.Tickets, fresh)
		return out, nil
	}
	if a := r.do("ops", http.MethodPost, "/v1/admin/orders/"+o.ID+"/settle", ""); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	got := decode[orderDTO](t, r.do("web", http.MethodGet, "/v1/orders/"+o.ID, ""))
	if got.Tickets[0].ID != o.Tickets[0].ID || got.Tickets[0].Barcode != "0099" || got.Tickets[0].Reprints != 1 || got.Tickets[1].Reprints != 0 {
		t.Errorf("%+v", got.Tickets)
	}
}
