package templates

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
)

// facts are the words printed on one page, by the names a layout uses. A missing or empty one is not printed.
type facts map[string]string

// factNames lists every name a layout may use besides the locale's words ("word.row") and conditions.
func factNames() []string {
	return []string{
		"admission", "admission.label", "area", "barcode", "block", "buyer", "category", "copy", "count", "date", "duplicate", "entrance", "file",
		"holder", "holder.or.buyer", "holder.label", "issued", "line.detail", "line.price", "line.quantity", "line.title",
		"line.total", "mark", "notes", "order", "organiser", "page", "price", "reference", "row", "seat", "sold_by", "specimen",
		"specimen.note", "subtitle", "tariff", "terms", "tickets", "time", "title", "total",
		"venue", "venue.space", "venue.street", "venue.town",
	}
}

// sharedFacts are those that say nothing about a person or an order, so that their shapes may be kept for other tickets.
var sharedFacts = map[string]bool{
	"admission": true, "admission.label": true, "area": true, "category": true, "date": true, "entrance": true,
	"holder.label": true, "line.detail": true, "line.title": true, "notes": true, "organiser": true, "price": true, "specimen": true, "specimen.note": true,
	"subtitle": true, "tariff": true, "terms": true, "time": true, "title": true,
	"venue": true, "venue.space": true, "venue.street": true, "venue.town": true,
}

// conditionNames lists what a layout may ask about a page besides whether a fact is there.
func conditionNames() []string { return []string{"picture", "numbered", "linear"} }

// valueNames lists what a layout may compare: "kind=pass".
func valueNames() []string { return []string{"kind", "language", "symbology"} }

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
	if p.Copy > 0 {
		f["copy"] = strconv.Itoa(p.Copy)
	}
	if p.Copy > 1 {
		f["duplicate"] = l.word("duplicate", "n", f["copy"])
	}
	if p.SoldBy != "" {
		f["sold_by"] = l.word("sold_by", "name", p.SoldBy)
	}
	if !p.IssuedAt.IsZero() {
		f["issued"] = l.word("issued", "date", l.shortDate(p.IssuedAt))
	}
	f["notes"] = delivery.JoinTexts(" · ", f["sold_by"], f["issued"])
	if p.Specimen {
		f["specimen"], f["specimen.note"] = l.word("specimen"), l.word("specimen_note")
	}
	f["mark"] = delivery.JoinTexts(" · ", f["duplicate"], f["specimen.note"])
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
	return delivery.JoinTexts(", ", v.TownLine(), v.Country)
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

// lines counts the tickets that are alike, in the order they come in.
func lines(l *locale, tickets []subject) []subject {
	type key struct{ title, subtitle, date, time, category, tariff, price string }
	var out []subject
	at := map[key]int{}
	for _, t := range tickets {
		f := t.facts
		k := key{f["title"], f["subtitle"], f["date"], f["time"], f["category"], f["tariff"], f["price"]}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			line := t
			line.facts = facts{
				"line.title": f["title"], "line.price": f["price"],
				"line.detail": delivery.JoinTexts(" · ", delivery.JoinTexts(", ", f["date"], f["time"]), f["category"], f["tariff"]),
			}
			line.count, line.symbol = 0, nil
			out = append(out, line)
		}
		out[i].count++
	}
	for i := range out {
		f, n := out[i].facts, out[i].count
		f["line.quantity"] = strconv.Itoa(n)
		if sum, err := out[i].price.Times(n); err == nil {
			f["line.total"] = l.money(sum)
		}
	}
	return out
}

// sum adds what is about all tickets of a page: how many, and what they cost where that is one currency.
func (f facts) sum(l *locale, tickets []subject) {
	f["tickets"] = strconv.Itoa(len(tickets))
	var total domain.Money
	for i, t := range tickets {
		if i == 0 {
			total = t.price
			continue
		}
		var err error
		if total, err = total.Add(t.price); err != nil {
			return
		}
	}
	f["total"] = l.money(total)
}
