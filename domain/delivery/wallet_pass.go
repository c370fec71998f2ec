package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
)

// passAfter is how long a pass stays after what it is for.
const passAfter = 24 * time.Hour

// Serial names a ticket's pass: letters, digits and a hyphen, the same for ever.
func Serial(o sales.OrderID, ticket string) string {
	return strings.TrimPrefix(string(o), linkPrefix) + "-" + strings.TrimPrefix(ticket, "tkt_")
}

// pass is what a wallet shows of a ticket, good or taken back. Errors: ticket.unknown; ticket.not_issued while it has no
// barcode.
func (s *Service) pass(o *sales.Order, ticket, lang string) (Pass, error) {
	t := o.Ticket(ticket)
	if t == nil {
		return Pass{}, noTicket(ticket)
	}
	l, place := o.Place(t.Place)
	if l == nil || (t.Barcode == "" && t.CancelledAt.IsZero()) {
		return Pass{}, domain.Errorf(domain.Conflict, sales.CodeTicketNotIssued, "the ticket has no barcode yet")
	}
	inst, err := s.Catalog.Institution(o.Institution)
	if err != nil {
		return Pass{}, err
	}
	n, of := number(o, place.ID)
	langs := languages(inst, lang, o.Buyer.Language)
	write := func(langs []string) Page {
		pg, _ := s.written(o, inst, l, place, t, langs, n)
		pg.Of = of
		return pg
	}
	p := Pass{
		Serial: Serial(o.ID, t.ID), Class: class(o, l), Institution: o.Institution, Language: langs[0], Page: write(langs), Void: t.CancelledAt,
		Others: map[string]Page{},
	}
	for _, other := range inst.Languages {
		if other = strings.ToLower(other); other != p.Language {
			p.Others[other] = write(append([]string{other}, langs...))
		}
	}
	p.Expires = s.passEnd(o, inst, l)
	for i, list := range s.notices(o) {
		p.CalledOff = p.CalledOff || (&o.Lines[i] == l && slices.ContainsFunc(list, func(n sales.Notice) bool { return n.Kind == sales.NoticeCancelled }))
	}
	return p, nil
}

// classPass is a pass of which only what every ticket has in common may be used, in the institution's own language.
func (s *Service) classPass(o *sales.Order, ticket string) (Pass, error) {
	inst, err := s.Catalog.Institution(o.Institution)
	if err != nil {
		return Pass{}, err
	}
	p, err := s.pass(o, ticket, inst.MainLanguage)
	if err != nil {
		return Pass{}, err
	}
	shared := func(pg Page) Page { // nothing of a place or a person
		return Page{
			Organiser: pg.Organiser, Kind: pg.Kind, Title: pg.Title, Subtitle: pg.Subtitle, Start: pg.Start, End: pg.End, Day: pg.Day, Undated: pg.Undated,
			Zone: pg.Zone, Venue: pg.Venue, Terms: pg.Terms, Specimen: pg.Specimen,
		}
	}
	for lang, pg := range p.Others {
		p.Others[lang] = shared(pg)
	}
	p.Page, p.Serial, p.Void = shared(p.Page), "", time.Time{}
	return p, nil
}

// class names what a line is for.
func class(o *sales.Order, l *sales.Line) string {
	if l.Performance != 0 {
		return fmt.Sprintf("%s-%d", o.Institution, l.Performance)
	}
	return strings.Trim(fmt.Sprintf("%s-item-%d-%s-%d", o.Institution, l.Item, l.Day, l.Timeslot), "-")
}

// number is which of an order's places it is, and how many there are.
func number(o *sales.Order, place string) (n, of int) {
	for i := range o.Lines {
		for j := range o.Lines[i].Places {
			if of++; o.Lines[i].Places[j].ID == place {
				n = of
			}
		}
	}
	return n, of
}

// passEnd is when there is nothing left to go to with a line's pass; zero where it has no date.
func (s *Service) passEnd(o *sales.Order, inst domain.Institution, l *sales.Line) time.Time {
	end, timed := s.lineEnd(o, inst, l)
	if timed {
		end = end.Add(passAfter)
	}
	return end.UTC()
}

// digest names what a pass says.
func (p Pass) digest() (string, error) {
	p.Token = ""
	b, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("digest of a pass: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}
