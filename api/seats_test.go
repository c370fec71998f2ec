package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

func hall() []catalog.Seat {
	return []catalog.Seat{
		{ID: 901, SeatCategory: 1001, Contingent: 5, Area: 701, AreaName: "Parterre", Block: 71, BlockName: "A", Row: "1", Number: "2", Free: true},
		{ID: 900, SeatCategory: 1001, Contingent: 5, Area: 701, AreaName: "Parterre", Block: 71, BlockName: "A", Row: "1", Number: "1"},
		{ID: 910, SeatCategory: 1002, Area: 701, AreaName: "Parterre", Block: 72, BlockName: "B", Row: "1", Number: "1", Free: true},
		{ID: 902, SeatCategory: 1001, Contingent: 5, Area: 701, AreaName: "Parterre", Block: 71, BlockName: "A", Row: "10", Number: "1", Free: true},
		{ID: 903, SeatCategory: 1001, Contingent: 5, Area: 701, AreaName: "Parterre", Block: 71, BlockName: "A", Row: "2", Number: "1", Free: true},
	}
}

func TestSeats_ByBlockAndRow(t *testing.T) {
	t.Parallel()
	r := frozen(t)
	r.catalog.seats = hall()
	a := r.do("web", http.MethodGet, "/v1/performances/"+hamletFirst+"/seats", "")
	golden(t, "seats", a)
	if again := r.do("web", http.MethodGet, "/v1/performances/"+hamletFirst+"/seats", "", header("If-None-Match", a.header.Get("Etag"))); again.status != http.StatusNotModified {
		t.Errorf("again: %d", again.status)
	}
	if r.catalog.asked != 1 {
		t.Errorf("the platform was asked %d times", r.catalog.asked)
	}
	golden(t, "seats_without_numbers", r.do("web", http.MethodGet, "/v1/performances/play-204/seats", ""))
	if r.catalog.asked != 1 {
		t.Error("the platform was asked for seats that have no numbers")
	}
}

func TestSeats_Refusals(t *testing.T) {
	t.Parallel()
	r := frozen(t)
	if a := r.do("web", http.MethodGet, "/v1/performances/play-999/seats", ""); a.status != http.StatusNotFound {
		t.Errorf("unknown: %d", a.status)
	}
	if a := r.do("web", http.MethodGet, "/v1/performances/"+hamletFirst+"/seats?block=1", ""); a.status != http.StatusUnprocessableEntity || !strings.Contains(string(a.body), "?block") {
		t.Errorf("unknown parameter: %d %s", a.status, a.body)
	}
	r.catalog.seats = hall()
	known := r.do("web", http.MethodGet, "/v1/performances/"+hamletFirst+"/seats", "")
	r.catalog.fail = domain.Errorf(domain.Limited, domain.CodePlatformLimited, "too many calls")
	r.now.at = r.now.at.Add(5 * time.Minute)
	if a := r.do("web", http.MethodGet, "/v1/performances/"+hamletFirst+"/seats", ""); a.status != http.StatusOK || string(a.body) != string(known.body) {
		t.Errorf("five minutes later: %d %s", a.status, a.body)
	}
	r.now.at = r.now.at.Add(6 * time.Minute)
	if a := r.do("web", http.MethodGet, "/v1/performances/"+hamletFirst+"/seats", ""); a.status/100 == 2 || !strings.Contains(string(a.body), "platform.limited") {
		t.Errorf("eleven minutes later: %d %s", a.status, a.body)
	}
}
