package delivery

import (
	"strings"
	"time"

	"guichet/domain"
)

// Document is everything a Renderer needs to print one or more tickets, one page each.
type Document struct {
	Language string // "fr", "pt-br": the language of Renderer's own words, dates and numbers
	Title    string // the file's title
	Pages    []Page
}

// Page is one ticket.
type Page struct {
	TicketID   string     // "tkt_…"
	Organiser  string     // institution's name
	Kind       string     // catalog kind: event, pass, service …
	Title      string     // what is played or visited
	Subtitle   string     // the performance's own name where it differs; may be empty
	Start      time.Time  // in the venue's zone (its Location is set); zero for undated things
	End        time.Time  // zero is not known
	Day        domain.Day // day of visit of a timed or dated pass without Start; may be empty
	Undated    bool       // valid without a date
	Zone       string     // IANA name of the venue's zone, "Europe/Paris"
	Venue      Venue
	Seat       Seat
	Numbered   bool   // false: free seating or standing
	Category   string // seat category's name; may be empty
	Color      string // the category's colour "#rrggbb"; may be empty
	Tariff     string
	Price      domain.Money // what this place cost, fees included
	Holder     string       // may be empty
	Buyer      string       // name of who bought; may be empty
	Order      string       // "ord_…"
	Reference  string       // the storefront's own number; may be empty
	File       string       // the platform's file number; may be empty
	Number, Of int          // this ticket and how many the order has
	Barcode    string       // the payload, byte for byte
	Symbology  Symbology
	Terms      string // may be empty; paragraphs are separated by "\n"
	Layout     string // its design; empty is "standard"
	Picture    []byte // PNG or JPEG of the venue or event; may be nil
	Copy       int    // which print of the ticket it is, from 1 on, where reprints are marked; else 0
	Specimen   bool   // a test institution: the page says so, large
	SoldBy     string // the storefront's name
	IssuedAt   time.Time
}

// Venue is where it is.
type Venue struct {
	Name, Space, Street, Zip, Town, Country string
}

// Line is the venue in one line: hall, house, street, town, country.
func (v *Venue) Line() string {
	return JoinTexts(", ", v.Space, v.Name, v.Street, v.TownLine(), v.Country)
}

// TownLine is the town with its postal code.
func (v *Venue) TownLine() string { return JoinTexts(" ", v.Zip, v.Town) }

// JoinTexts puts together what is not blank.
func JoinTexts(between string, parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if strings.TrimSpace(p) != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, between)
}

// Seat is the place; every member may be empty.
type Seat struct {
	Area, Block, Row, Number, Entrance string
}
