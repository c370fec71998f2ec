package api

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/domain/catalog"
)

// calendar writes a product's performances to come as an iCalendar feed (RFC 5545). Times are in UTC, so that no reader
// needs to know the venue's zone to be right; the zone is named beside them.
func (sh *shelf) calendar(p *catalog.Product, sp *speech) []byte {
	v, code := sh.view, sh.view.Institution.Code
	c := &calendarWriter{}
	c.line("BEGIN", "VCALENDAR")
	c.line("VERSION", "2.0")
	c.line("PRODID", "-//Guichet//Catalog//EN")
	c.line("CALSCALE", "GREGORIAN")
	c.line("METHOD", "PUBLISH")
	c.text("NAME", sp.say(p.Name, p.Code))
	c.text("X-WR-CALNAME", sp.say(p.Name, p.Code))
	c.text("X-WR-TIMEZONE", v.Institution.TimeZone)
	c.line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H")
	n := 0
	for _, id := range p.Performances {
		perf := v.Performance(id)
		if perf == nil || perf.Over(sh.at) || n == maxLinked {
			continue
		}
		n++
		c.line("BEGIN", "VEVENT")
		c.line("UID", publicID(code, perf.ID)+"@guichet")
		c.moment("DTSTAMP", v.LoadedAt)
		c.moment("LAST-MODIFIED", v.LoadedAt)
		c.line("SEQUENCE", strconv.FormatInt(v.Version, 10))
		c.moment("DTSTART", perf.Start)
		if perf.End.After(perf.Start) {
			c.moment("DTEND", perf.End)
		}
		name := sp.say(perf.Name, "")
		if product := sp.say(p.Name, p.Code); name == "" {
			name = product
		} else if name != product {
			name = product + ": " + name
		}
		c.text("SUMMARY", name)
		if d := sp.say(perf.Description, sp.say(p.Description, "")); d != "" {
			c.text("DESCRIPTION", d)
		}
		c.text("LOCATION", placeLine(&perf.Venue, sp))
		if linkedStatus(p, perf) == "EventCancelled" {
			c.line("STATUS", "CANCELLED")
		} else {
			c.line("STATUS", "CONFIRMED")
		}
		if p.DetailURL != "" {
			c.line("URL", strings.NewReplacer("\r", "", "\n", "").Replace(p.DetailURL))
		}
		c.line("TRANSP", "OPAQUE")
		c.line("END", "VEVENT")
	}
	c.line("END", "VCALENDAR")
	return c.b.Bytes()
}

// placeLine is a venue in one line: hall, house, street, town, country.
func placeLine(v *catalog.Venue, sp *speech) string {
	var parts []string
	for _, s := range []string{sp.say(v.Space, ""), sp.say(v.Name, v.Code), v.Street, strings.TrimSpace(v.Zip + " " + v.Town), v.Country} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

// calendarWriter writes content lines, folded at 75 bytes between characters.
type calendarWriter struct{ b bytes.Buffer }

const calendarLine = 75

func (w *calendarWriter) line(name, value string) {
	s, room := name+":"+value, calendarLine
	for len(s) > room {
		cut := room
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		w.b.WriteString(s[:cut])
		w.b.WriteString("\r\n ")
		s, room = s[cut:], calendarLine-1 // the space counts
	}
	w.b.WriteString(s)
	w.b.WriteString("\r\n")
}

var calendarEscape = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

func (w *calendarWriter) text(name, value string) {
	value = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return -1 // control characters may not stand in a calendar
		}
		return r
	}, strings.ToValidUTF8(value, ""))
	w.line(name, calendarEscape.Replace(value))
}

func (w *calendarWriter) moment(name string, t time.Time) {
	w.line(name, t.UTC().Format("20060102T150405Z"))
}
