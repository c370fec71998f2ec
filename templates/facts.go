package templates

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/domain/delivery"
)

// facts are the words printed on one page, by the names a layout uses. A missing or empty one is not printed.
type facts map[string]string

// factNames lists every name a layout may use besides the locale's words ("word.row") and conditions.
func factNames() []string {
	return []string{
		"admission", "admission.label", "area", "barcode", "block", "buyer", "category", "count", "date", "entrance", "file",
		"holder", "holder.or.buyer", "holder.label", "issued", "notes", "order", "organiser", "price", "reference", "row",
		"seat", "sold_by", "specimen", "specimen.note", "subtitle", "tariff", "terms", "time", "title",
		"venue", "venue.space", "venue.street", "venue.town",
	}
}

// sharedFacts are those that say nothing about a person or an order, so that their shapes may be kept for other tickets.
var sharedFacts = map[string]bool{
	"admission": true, "admission.label": true, "area": true, "category": true, "date": true, "entrance": true,
	"holder.label": true, "notes": true, "organiser": true, "price": true, "specimen": true, "specimen.note": true,
	"subtitle": true, "tariff": true, "terms": true, "time": true, "title": true,
	"venue": true, "venue.space": true, "venue.street": true, "venue.town": true,
}

// conditionNames lists what a layout may ask about a page besides whether a fact is there.
func conditionNames() []string { return []string{"picture", "numbered", "linear"} }

// read chooses and writes what is printed of a page.
func read(l *locale, p *delivery.Page) facts {
	f := facts{
		"area": p.Seat.Area, "barcode": p.Barcode, "block": p.Seat.Block, "category": p.Category, "entrance": p.Seat.Entrance,
		"file": p.File, "holder": p.Holder, "buyer": p.Buyer, "order": p.Order, "organiser": p.Organiser,
		"price": l.money(p.Price), "reference": p.Reference, "row": p.Seat.Row, "seat": p.Seat.Number, "subtitle": p.Subtitle,
		"tariff": p.Tariff, "terms": p.Terms, "title": p.Title, "venue": p.Venue.Name, "venue.space": p.Venue.Space,
		"venue.street": p.Venue.Street, "venue.town": town(p.Venue),
	}
	f.when(l, p)
	f.admission(l, p)
	f["holder.or.buyer"], f["holder.label"] = p.Holder, l.word("holder")
	if p.Holder == "" {
		f["holder.or.buyer"], f["holder.label"] = p.Buyer, l.word("buyer")
	}
	if p.Of > 0 && p.Number > 0 {
		f["count"] = l.word("ticket_of", "n", strconv.Itoa(p.Number), "of", strconv.Itoa(p.Of))
	}
	if p.SoldBy != "" {
		f["sold_by"] = l.word("sold_by", "name", p.SoldBy)
	}
	if !p.IssuedAt.IsZero() {
		f["issued"] = l.word("issued", "date", l.shortDate(p.IssuedAt))
	}
	f["notes"] = join(" · ", f["sold_by"], f["issued"])
	if p.Specimen {
		f["specimen"], f["specimen.note"] = l.word("specimen"), l.word("specimen_note")
	}
	return f
}

// when writes the date and the time of day.
func (f facts) when(l *locale, p *delivery.Page) {
	switch {
	case !p.Start.IsZero():
		start := inZone(p.Start, p.Zone)
		f["date"] = sentence(l.date(start))
		f["time"] = l.times(start, p)
	case p.Day.Valid():
		f["date"] = sentence(l.date(p.Day.Start(time.UTC)))
		if p.Numbered { // without a seat, admission says so
			f["time"] = l.word("all_day")
		}
	case p.Undated && p.Numbered:
		f["date"] = l.word("undated")
	}
}

// times writes from when and until when.
func (l *locale) times(start time.Time, p *delivery.Page) string {
	if p.End.IsZero() || !p.End.After(start) {
		return l.moment(start) + " " + zone(start)
	}
	end := inZone(p.End, p.Zone)
	if end.Sub(start) < 24*time.Hour {
		return l.span(start, end) + " " + zone(end)
	}
	return l.moment(start) + " " + zone(start) + ", " + l.word("until", "date", l.shortDate(end))
}

// inZone is the time as the venue's clocks show it. A time that comes in another zone than the page names is converted.
func inZone(t time.Time, name string) time.Time {
	if name == "" || t.Location().String() == name {
		return t
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return t
	}
	return t.In(loc)
}

// admission writes what replaces a seat number.
func (f facts) admission(l *locale, p *delivery.Page) {
	if p.Numbered {
		return
	}
	f["admission.label"] = l.word("admission")
	switch {
	case !p.Start.IsZero() && slices.Contains([]string{"", "event", "hospitality"}, p.Kind):
		f["admission"] = l.word("free_seating")
	case !p.Start.IsZero():
		start := inZone(p.Start, p.Zone)
		f["admission.label"], f["admission"] = l.word("entry_slot"), l.clock(start)
		if end := inZone(p.End, p.Zone); !p.End.IsZero() && end.After(start) && end.Sub(start) < 24*time.Hour {
			f["admission"] = fillGaps("{from} – {to}", "from", l.clock(start), "to", l.clock(end))
		}
	case p.Day.Valid():
		f["admission"] = l.word("all_day")
	case p.Undated:
		f["admission"] = l.word("undated")
	default:
		f["admission"] = f["category"]
	}
}

func town(v delivery.Venue) string {
	s := join(" ", v.Zip, v.Town)
	return join(", ", s, v.Country)
}

// join puts together what is not blank.
func join(between string, parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if strings.TrimSpace(p) != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, between)
}

// sentence starts a text with a capital.
func sentence(s string) string {
	for i, r := range s {
		if i == 0 {
			return strings.ToUpper(string(r)) + s[len(string(r)):]
		}
	}
	return s
}
