package delivery

import (
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
)

// OrderPage is what a buyer sees of an order: plain data, every text chosen and every time in the venue's zone.
type OrderPage struct {
	Languages []string // the reader's, best first; Pages takes the first that it has words in
	Address   string   // of the page, without a slash at its end: what its files are found under
	Organiser string
	SoldBy    string // the storefront's name
	Order     string // "ord_…"
	Reference string // the storefront's own number; may be empty
	Shows     []Show
	Printable bool // there is a good ticket, so that there is a file of all
	Dated     bool // there is something to put into a calendar
	Specimen  bool // a test institution
	// Apple and Google say that good tickets can be put into these wallets, by files and addresses of the page.
	Apple, Google bool
	Wallets       []WalletLink
}

// WalletLink is an address that puts the tickets into a wallet of the buyer's telephone.
type WalletLink struct {
	Name string // as the buyer knows it, "Apple Wallet"
	URL  string // whole
}

// Show is one thing of an order, with its tickets.
type Show struct {
	Page    Page // what its tickets have in common: organiser, title, times, venue; nothing about a place
	Notices []ShownNotice
	Tickets []ShownTicket
	Pending int // places whose ticket is not there yet
}

// ShownNotice is what the institution changed since it was sold; see sales.Notice.
type ShownNotice struct {
	Kind     sales.NoticeKind
	Was, Now time.Time // in the venue's zone
	Place    Venue
}

// TicketState is what a ticket is good for.
type TicketState string

// The states of a ticket.
const (
	TicketGood      TicketState = "good"
	TicketReplaced  TicketState = "replaced"   // good, and a code that it had before is not
	TicketTakenBack TicketState = "taken_back" // it admits nobody
)

// ShownTicket is one ticket as its buyer sees it.
type ShownTicket struct {
	Page
	State TicketState
}

// Sorry is why there is no order to show.
type Sorry string

// The reasons.
const (
	SorryUnknown Sorry = "unknown" // the address is not one of ours, or not whole
	SorryExpired Sorry = "expired" // it was good once
	SorryBusy    Sorry = "busy"    // asked for too often
	SorryTrouble Sorry = "trouble" // our own fault; it passes
)

// OrderPage is what the buyer sees of an order. The buyer's language comes first unless another one is asked for, then those
// that the reader's browser accepts. Errors: ticket.not_issued before the sale.
func (s *Service) OrderPage(o *sales.Order, asked string, accepted []string) (OrderPage, error) {
	if !sold(o) {
		return OrderPage{}, domain.Errorf(domain.Conflict, sales.CodeTicketNotIssued, "the order is %s; it has no tickets", o.Status)
	}
	inst, err := s.Catalog.Institution(o.Institution)
	if err != nil {
		return OrderPage{}, err
	}
	langs := languages(inst, asked, o.Buyer.Language, accepted...)
	p := OrderPage{
		Languages: langs, Organiser: inst.Name.Or(string(inst.Code), langs...), SoldBy: o.Storefront, Order: string(o.ID), Reference: o.Reference,
		Specimen: inst.PointOfSales.Test,
	}
	notices := s.notices(o)
	n, at := 0, map[catalog.Want]int{}
	for i := range o.Lines {
		l := &o.Lines[i]
		k, ok := at[thing(l)]
		if !ok {
			k, at[thing(l)] = len(p.Shows), len(p.Shows)
			p.Shows = append(p.Shows, s.show(o, inst, l, langs, notices[i]))
		}
		for j := range l.Places {
			n++
			p.Shows[k].add(s, o, inst, l, &l.Places[j], langs, n)
		}
	}
	for i := range p.Shows {
		sh := &p.Shows[i]
		p.Dated = p.Dated || !sh.Page.Start.IsZero() || sh.Page.Day.Valid()
		for j := range sh.Tickets {
			sh.Tickets[j].Of = n
			p.Printable = p.Printable || (o.Status == sales.Issued && sh.Tickets[j].State != TicketTakenBack)
		}
	}
	return p, nil
}

// thing is what a line is for, whatever its price: tickets to the same thing stand together.
func thing(l *sales.Line) catalog.Want {
	return catalog.Want{Performance: l.Performance, Item: l.Item, Day: l.Day, Timeslot: l.Timeslot}
}

// notices are what the institution changed, by line.
func (s *Service) notices(o *sales.Order) map[int][]sales.Notice {
	out := map[int][]sales.Notice{}
	view, err := s.Catalog.View(o.Institution)
	if err != nil {
		return out // its catalog is not loaded: nothing is known to have changed
	}
	for _, n := range o.Notices(func(id catalog.PerformanceID) *catalog.Performance { return view.Performance(id) }) {
		out[n.Line] = append(out[n.Line], n)
	}
	return out
}

// show is a line's thing without tickets.
func (s *Service) show(o *sales.Order, inst domain.Institution, l *sales.Line, langs []string, notices []sales.Notice) Show {
	pg, _ := s.written(o, inst, l, &sales.Place{}, &sales.Ticket{}, langs, 0)
	f := s.facts(o, l)
	loc := zoneOf(inst, &f)
	sh := Show{Page: pg}
	for _, n := range notices {
		shown := ShownNotice{Kind: n.Kind}
		switch n.Kind {
		case sales.NoticeRescheduled:
			shown.Was, shown.Now = n.Was.In(loc), n.Now.In(loc)
		case sales.NoticeMoved:
			shown.Place = venue(&n.Place, langs)
		case sales.NoticeCancelled:
		}
		sh.Notices = append(sh.Notices, shown)
	}
	return sh
}

func venue(v *catalog.Venue, langs []string) Venue {
	return Venue{
		Name: v.Name.Or(v.Code, langs...), Space: v.Space.Or(v.SpaceCode, langs...), Street: v.Street, Zip: v.Zip, Town: v.Town, Country: v.Country,
	}
}

// add adds a place's ticket.
func (sh *Show) add(s *Service, o *sales.Order, inst domain.Institution, l *sales.Line, p *sales.Place, langs []string, n int) {
	t := ticketOf(o, p.ID)
	if t == nil || (t.Barcode == "" && t.CancelledAt.IsZero()) {
		sh.Pending++
		return
	}
	pg, _ := s.written(o, inst, l, p, t, langs, n)
	shown := ShownTicket{Page: pg, State: TicketGood}
	switch {
	case !t.CancelledAt.IsZero():
		shown.State, shown.Barcode = TicketTakenBack, ""
	case len(t.Former) > 0:
		shown.State = TicketReplaced
	}
	sh.Tickets = append(sh.Tickets, shown)
}
