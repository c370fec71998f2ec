package api

import (
	"strconv"
	"strings"

	"guichet/domain/catalog"
	"guichet/domain/delivery"
)

// calendar writes a product's performances to come as an iCalendar feed (RFC 5545). Times are in UTC, so that no reader
// needs to know the venue's zone to be right; the zone is named beside them.
func (sh *shelf) calendar(p *catalog.Product, sp *speech) []byte {
	v, code := sh.view, sh.view.Institution.Code
	c := &delivery.Calendar{}
	c.Line("BEGIN", "VCALENDAR")
	c.Line("VERSION", "2.0")
	c.Line("PRODID", "-//Guichet//Catalog//EN")
	c.Line("CALSCALE", "GREGORIAN")
	c.Line("METHOD", "PUBLISH")
	c.Text("NAME", sp.say(p.Name, p.Code))
	c.Text("X-WR-CALNAME", sp.say(p.Name, p.Code))
	c.Text("X-WR-TIMEZONE", v.Institution.TimeZone)
	c.Line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H")
	n := 0
	for _, id := range p.Performances {
		perf := v.Performance(id)
		if perf == nil || perf.Over(sh.at) || n == maxLinked {
			continue
		}
		n++
		c.Line("BEGIN", "VEVENT")
		c.Line("UID", publicID(code, perf.ID)+"@guichet")
		c.Moment("DTSTAMP", v.LoadedAt)
		c.Moment("LAST-MODIFIED", v.LoadedAt)
		c.Line("SEQUENCE", strconv.FormatInt(v.Version, 10))
		c.Moment("DTSTART", perf.Start)
		if perf.End.After(perf.Start) {
			c.Moment("DTEND", perf.End)
		}
		name := sp.say(perf.Name, "")
		if product := sp.say(p.Name, p.Code); name == "" {
			name = product
		} else if name != product {
			name = product + ": " + name
		}
		c.Text("SUMMARY", name)
		if d := sp.say(perf.Description, sp.say(p.Description, "")); d != "" {
			c.Text("DESCRIPTION", d)
		}
		at := &perf.Venue
		place := delivery.Venue{Space: sp.say(at.Space, ""), Name: sp.say(at.Name, at.Code), Street: at.Street, Zip: at.Zip, Town: at.Town, Country: at.Country}
		c.Text("LOCATION", place.Line())
		if linkedStatus(p, perf) == "EventCancelled" {
			c.Line("STATUS", "CANCELLED")
		} else {
			c.Line("STATUS", "CONFIRMED")
		}
		if p.DetailURL != "" {
			c.Line("URL", strings.NewReplacer("\r", "", "\n", "").Replace(p.DetailURL))
		}
		c.Line("TRANSP", "OPAQUE")
		c.Line("END", "VEVENT")
	}
	c.Line("END", "VCALENDAR")
	return c.Bytes()
}
