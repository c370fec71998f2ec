package templates

import (
	"testing"
	"time"

	"guichet/domain/delivery"
)

func TestRead_WhenAndWhere_DependOnTheKindOfTicket(t *testing.T) {
	t.Parallel()
	l := mustLocales(t)["en"]
	paris := mustZone(t, "Europe/Paris")
	start, end := time.Date(2027, 3, 28, 1, 30, 0, 0, paris), time.Date(2027, 3, 28, 4, 0, 0, 0, paris)
	for name, c := range map[string]struct {
		page                         delivery.Page
		date, time, label, admission string
	}{
		"seat":          {delivery.Page{Kind: "event", Start: start, Numbered: true}, "Sunday 28 March 2027", "01:30 CET", "", ""},
		"summer begins": {delivery.Page{Kind: "event", Start: start, End: end, Numbered: true}, "Sunday 28 March 2027", "01:30 – 04:00 CEST", "", ""},
		"free seating":  {delivery.Page{Kind: "event", Start: start}, "Sunday 28 March 2027", "01:30 CET", "Admission", "Free seating"},
		"end before":    {delivery.Page{Kind: "event", Start: end, End: start}, "Sunday 28 March 2027", "04:00 CEST", "Admission", "Free seating"},
		"timed entry":   {delivery.Page{Kind: "service", Start: start, End: end}, "Sunday 28 March 2027", "01:30 – 04:00 CEST", "Entry time", "01:30 – 04:00"},
		"entry from":    {delivery.Page{Kind: "service", Start: end}, "Sunday 28 March 2027", "04:00 CEST", "Entry time", "04:00"},
		"day":           {delivery.Page{Kind: "pass", Day: "2027-03-28"}, "Sunday 28 March 2027", "", "Admission", "Valid all day"},
		"seat of a day": {delivery.Page{Kind: "pass", Day: "2027-03-28", Numbered: true}, "Sunday 28 March 2027", "Valid all day", "", ""},
		"undated":       {delivery.Page{Kind: "pass", Undated: true}, "", "", "Admission", "Valid without date"},
		"undated seat":  {delivery.Page{Kind: "season_ticket", Undated: true, Numbered: true}, "Valid without date", "", "", ""},
		"nothing known": {delivery.Page{Category: "Hall"}, "", "", "Admission", "Hall"},
		"no real day":   {delivery.Page{Day: "2027-02-31", Undated: true}, "", "", "Admission", "Valid without date"},
	} {
		f := read(l, &c.page)
		got := [4]string{f["date"], f["time"], f["admission.label"], f["admission"]}
		if want := [4]string{c.date, c.time, c.label, c.admission}; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestRead_EveryFactName_IsKnown(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, n := range factNames() {
		known[n] = true
	}
	for name, d := range samples(t) {
		for fact := range read(mustLocales(t)["en"], &d.Pages[0]) {
			if !known[fact] {
				t.Errorf("%s: the fact %q cannot be used by a layout", name, fact)
			}
		}
	}
}

func TestRead_NoHolder_BuyerIsNamed(t *testing.T) {
	t.Parallel()
	l := mustLocales(t)["en"]
	f := read(l, &delivery.Page{Buyer: "Anna"})
	if f["holder.or.buyer"] != "Anna" || f["holder.label"] != "Booked by" {
		t.Errorf("got %q %q", f["holder.label"], f["holder.or.buyer"])
	}
	f = read(l, &delivery.Page{Buyer: "Anna", Holder: "Bert"})
	if f["holder.or.buyer"] != "Bert" || f["holder.label"] != "Holder" {
		t.Errorf("got %q %q", f["holder.label"], f["holder.or.buyer"])
	}
}
