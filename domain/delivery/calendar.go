package delivery

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/domain/sales"
)

// Calendar writes iCalendar content lines (RFC 5545), folded at 75 bytes between characters. The zero value is empty and
// ready.
type Calendar struct{ b bytes.Buffer }

const calendarLine = 75

// Line writes a property whose value is written already.
func (c *Calendar) Line(name, value string) {
	s, room := name+":"+value, calendarLine
	for len(s) > room {
		cut := room
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		c.b.WriteString(s[:cut])
		c.b.WriteString("\r\n ")
		s, room = s[cut:], calendarLine-1 // the space counts
	}
	c.b.WriteString(s)
	c.b.WriteString("\r\n")
}

// Text writes a property of free text. Control characters may not stand in a calendar and are left out.
func (c *Calendar) Text(name, value string) {
	value = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(value, ""))
	c.Line(name, strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(value))
}

// Moment writes a property that is a time, in UTC, so that no reader needs to know the venue's zone to be right.
func (c *Calendar) Moment(name string, t time.Time) {
	c.Line(name, t.UTC().Format("20060102T150405Z"))
}

// Bytes is what was written.
func (c *Calendar) Bytes() []byte { return c.b.Bytes() }

// Calendar is the page's dated things as an iCalendar file; empty where none is. Made at now. Each keeps its UID, so that a
// file that is taken again changes the entry and makes no second one. It holds no barcode and no name.
func (p *OrderPage) Calendar(now time.Time) []byte {
	if !p.Dated {
		return nil
	}
	c := &Calendar{}
	c.Line("BEGIN", "VCALENDAR")
	c.Line("VERSION", "2.0")
	c.Line("PRODID", "-//Guichet//Order//EN")
	c.Line("CALSCALE", "GREGORIAN")
	c.Line("METHOD", "PUBLISH")
	for i := range p.Shows {
		if sh := &p.Shows[i]; !sh.Page.Start.IsZero() || sh.Page.Day.Valid() {
			sh.event(c, fmt.Sprintf("%s-%d@guichet", p.Order, i), now)
		}
	}
	c.Line("END", "VCALENDAR")
	return c.Bytes()
}

// event writes one thing; what was called off or taken back is cancelled there, too.
func (sh *Show) event(c *Calendar, uid string, now time.Time) {
	pg := &sh.Page
	c.Line("BEGIN", "VEVENT")
	c.Line("UID", uid)
	c.Moment("DTSTAMP", now)
	c.Line("SEQUENCE", strconv.FormatInt(now.Unix()/60, 10))
	if pg.Start.IsZero() {
		c.Line("DTSTART;VALUE=DATE", strings.ReplaceAll(string(pg.Day), "-", ""))
		c.Line("DTEND;VALUE=DATE", strings.ReplaceAll(string(pg.Day.Next()), "-", ""))
	} else {
		c.Moment("DTSTART", pg.Start)
		if pg.End.After(pg.Start) {
			c.Moment("DTEND", pg.End)
		}
	}
	summary := pg.Title
	if pg.Subtitle != "" {
		summary += ": " + pg.Subtitle
	}
	c.Text("SUMMARY", summary)
	c.Text("LOCATION", pg.Venue.Line())
	status := "CONFIRMED"
	if sh.off() {
		status = "CANCELLED"
	}
	c.Line("STATUS", status)
	c.Line("TRANSP", "OPAQUE")
	c.Line("END", "VEVENT")
}

// off says that there is nothing left to go to.
func (sh *Show) off() bool {
	for _, n := range sh.Notices {
		if n.Kind == sales.NoticeCancelled {
			return true
		}
	}
	for i := range sh.Tickets {
		if sh.Tickets[i].State != TicketTakenBack {
			return false
		}
	}
	return sh.Pending == 0 && len(sh.Tickets) > 0
}
