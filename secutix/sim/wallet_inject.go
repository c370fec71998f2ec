package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"guichet/secutix/tixngo"
)

// asError turns a refusal that cannot happen into an error that shows.
func (r *refusal) asError() error { return errors.New(r.code + ": " + r.detail) }

// walletBatch gathers what a changing call does to its tickets.
type walletBatch struct {
	w      *wallet
	staged map[string]*walletTicket
	order  []string
	events map[string]tixngo.Event
	out    tixngo.Results
}

func (w *wallet) batch() *walletBatch {
	return &walletBatch{w: w, staged: map[string]*walletTicket{}, events: map[string]tixngo.Event{}}
}

// find returns the ticket as the batch has left it so far.
func (b *walletBatch) find(id string) *walletTicket {
	if t := b.staged[id]; t != nil {
		return t
	}
	return b.w.tickets[id]
}

func (b *walletBatch) stage(t *walletTicket) {
	if b.staged[t.ID] == nil {
		b.order = append(b.order, t.ID)
	}
	b.staged[t.ID] = t
}

func (b *walletBatch) accept(id tixngo.Word, code tixngo.Word) {
	b.out.Accepted++
	b.out.Results = append(b.out.Results, tixngo.Result{TicketID: id, Status: tixngo.Accepted, Code: code})
}

func (b *walletBatch) reject(id tixngo.Word, no *refusal, field string) {
	b.out.Rejected++
	b.out.Results = append(b.out.Results, tixngo.Result{
		TicketID: id, Status: tixngo.Rejected, Code: tixngo.Word(no.code), Field: field, Message: no.detail,
	})
}

func (b *walletBatch) change() walletChange {
	var c walletChange
	for _, id := range b.order {
		c.Tickets = append(c.Tickets, b.staged[id])
	}
	for _, t := range c.Tickets {
		if e, ok := b.events[string(t.Payload.Event.ID)]; ok {
			c.Events = append(c.Events, e)
			delete(b.events, string(e.ID))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.events)) {
		c.Events = append(c.Events, b.events[id]) // of one more ticket that was there
	}
	return c
}

// items reads {"tickets":[…]} without looking into the tickets.
func (p *Platform) walletItems(body []byte, most int) ([]json.RawMessage, *walletProblem) {
	var form struct {
		Tickets []json.RawMessage `json:"tickets"`
	}
	if no, field := readStrictly(body, &form); no != nil {
		return nil, badRequest(no.code, cmpOr(field, no.detail))
	}
	switch {
	case len(form.Tickets) == 0:
		return nil, badRequest("NO_TICKETS", "tickets is empty")
	case len(form.Tickets) > most:
		return nil, &walletProblem{http.StatusRequestEntityTooLarge, "TOO_MANY_TICKETS", "at most " + strconv.Itoa(most) + " in one call"}
	}
	return form.Tickets, nil
}

// readStrictly reads JSON and refuses members that v does not have; it names the first one.
func readStrictly(raw []byte, v any) (*refusal, string) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		return nil, ""
	}
	if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
		return refuse("UNKNOWN_FIELD", "a member nobody knows"), strings.Trim(name, `"`)
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		return refuse("INVALID", "a value of the wrong kind"), wrongType.Field
	}
	return refuse("INVALID", "a value that cannot be read"), ""
}

func (p *Platform) injectTickets(c *walletCall) (any, *walletProblem) {
	items, bad := p.walletItems(c.body, p.Wallet.maxTickets())
	if bad != nil {
		return nil, bad
	}
	b := c.w.batch()
	for _, raw := range items {
		var t tixngo.Ticket
		no, field := readStrictly(raw, &t)
		if no == nil {
			no, field = checkWalletTicket(c.w.gen, t)
		}
		if no != nil {
			b.reject(t.TicketID, no, field)
			continue
		}
		b.inject(t, c)
	}
	return b.out, c.commit(p, b.change())
}

// inject puts one sound ticket in. A ticket that is there stays as it is, though its event is taken
// over; one whose deletion runs is refused; a deleted one begins anew.
func (b *walletBatch) inject(t tixngo.Ticket, c *walletCall) {
	id := string(t.TicketID)
	old := b.find(id)
	if old != nil && old.Status == tixngo.StatusDeletionPending {
		b.reject(t.TicketID, refuse("DELETION_PENDING", "the ticket is being deleted"), "")
		return
	}
	b.events[string(t.Event.ID)] = t.Event
	if old != nil && old.Status != tixngo.StatusDeleted {
		b.accept(t.TicketID, tixngo.CodeExists)
		return
	}
	to := tixngo.StatusInjected
	if b.w.gen == walletV4 {
		to = tixngo.StatusNotDownloaded
	}
	n := &walletTicket{ID: id}
	if old != nil {
		n.Status, n.History, n.Owner = old.Status, old.History, old.Owner
	}
	n = n.stepped(c.now, "Inject", "organizer", to)
	n.Payload, n.Owner, n.Initial = t, t.SpectatorDetails, t.SpectatorDetails
	n.History[len(n.History)-1].ToOwner = n.Owner.Email
	b.stage(n)
	b.accept(t.TicketID, "")
}

func (p *Platform) deleteTickets(c *walletCall) (any, *walletProblem) {
	items, bad := p.walletItems(c.body, p.Wallet.maxTickets())
	if bad != nil {
		return nil, bad
	}
	b := c.w.batch()
	for _, raw := range items {
		var d tixngo.Deletion
		no, field := readStrictly(raw, &d)
		if no == nil && c.w.gen == walletV4 && bool(d.ShowDeletedTicket) {
			no, field = refuse("UNKNOWN_FIELD", "V4 decides by the reason"), "showDeletedTicket"
		}
		old := b.find(string(d.TicketID))
		if no == nil && old == nil {
			no = refuse(tixngo.CodeUnknown, "the ticket was never injected")
		}
		if no != nil {
			b.reject(d.TicketID, no, field)
			continue
		}
		b.became(old, c.w.remove(p.Wallet, old, d, c.now))
	}
	return b.out, c.commit(p, b.change())
}

// became accepts what a ticket has become.
func (b *walletBatch) became(old, now *walletTicket) {
	if old == now {
		b.accept(tixngo.Word(old.ID), tixngo.CodeUnchanged)
		return
	}
	b.stage(now)
	b.accept(tixngo.Word(old.ID), "")
}

func (p *Platform) controlTickets(c *walletCall) (any, *walletProblem) {
	items, bad := p.walletItems(c.body, 10*p.Wallet.maxTickets())
	if bad != nil {
		return nil, bad
	}
	b := c.w.batch()
	for _, raw := range items {
		var q tixngo.Control
		no, field := readStrictly(raw, &q)
		old := b.find(string(q.TicketID))
		if no == nil && old == nil {
			no = refuse(tixngo.CodeUnknown, "the ticket was never injected")
		}
		var n *walletTicket
		if no == nil {
			when := q.ControlledAt.Time
			if when.IsZero() {
				when = c.now
			}
			n, no = c.w.control(old, when, c.now, "organizer")
		}
		if no != nil {
			b.reject(q.TicketID, no, field)
			continue
		}
		b.became(old, n)
	}
	return b.out, c.commit(p, b.change())
}

func (p *Platform) injectPrivileges(c *walletCall) (any, *walletProblem) {
	var q tixngo.PrivilegesRequest
	if no, field := readStrictly(c.body, &q); no != nil {
		return nil, badRequest(no.code, cmpOr(field, no.detail))
	}
	switch {
	case q.Definition.ID == "" || q.Definition.Name.IsZero():
		return nil, badRequest("MISSING", "definition needs id and name")
	case len(q.Privileges) > p.Wallet.maxTickets():
		return nil, &walletProblem{http.StatusRequestEntityTooLarge, "TOO_MANY_TICKETS", "at most " + strconv.Itoa(p.Wallet.maxTickets()) + " in one call"}
	}
	out := tixngo.Results{}
	ch := walletChange{Definitions: []tixngo.PrivilegeDefinition{q.Definition}}
	staged := map[string]bool{}
	for _, v := range q.Privileges {
		r := tixngo.Result{PrivilegeID: v.PrivilegeID, Status: tixngo.Accepted}
		var f fieldCheck
		f.id("privilegeId", string(v.PrivilegeID))
		f.spectator(v.SpectatorDetails)
		f.moment("expirationDate", v.ExpirationDate)
		id := string(v.PrivilegeID)
		switch {
		case f.no != nil:
			r.Status, r.Code, r.Field, r.Message = tixngo.Rejected, tixngo.Word(f.no.code), f.field, f.no.detail
			out.Rejected++
		case c.w.cards[id] != nil && c.w.cards[id].Status == tixngo.StatusDeletionPending:
			r.Status, r.Code, r.Message = tixngo.Rejected, "DELETION_PENDING", "the privilege is being deleted"
			out.Rejected++
		case staged[id] || c.w.cards[id] != nil && c.w.cards[id].Status != tixngo.StatusDeleted:
			r.Code = tixngo.CodeExists
			out.Accepted++
		default:
			staged[id] = true
			ch.Cards = append(ch.Cards, &walletCard{ID: id, Definition: string(q.Definition.ID), Payload: v, Status: tixngo.StatusInjected, At: c.now})
			out.Accepted++
		}
		out.Results = append(out.Results, r)
	}
	return out, c.commit(p, ch)
}

// deletePrivileges takes cards out of their wallets; each waits for its confirmation like a ticket.
func (p *Platform) deletePrivileges(c *walletCall) (any, *walletProblem) {
	var q tixngo.DeletePrivilegesRequest
	if no, field := readStrictly(c.body, &q); no != nil {
		return nil, badRequest(no.code, cmpOr(field, no.detail))
	}
	switch {
	case len(q.Privileges) == 0:
		return nil, badRequest("NO_PRIVILEGES", "privileges is empty")
	case len(q.Privileges) > p.Wallet.maxTickets():
		return nil, &walletProblem{http.StatusRequestEntityTooLarge, "TOO_MANY_TICKETS", "at most " + strconv.Itoa(p.Wallet.maxTickets()) + " in one call"}
	}
	out, staged := tixngo.Results{}, map[string]*walletCard{}
	for _, d := range q.Privileges {
		id := string(d.PrivilegeID)
		r := tixngo.Result{PrivilegeID: d.PrivilegeID, Status: tixngo.Accepted}
		card := staged[id]
		if card == nil {
			card = c.w.cards[id]
		}
		switch {
		case card == nil:
			r.Status, r.Code, r.Message = tixngo.Rejected, tixngo.CodeUnknownPrivilege, "the privilege was never injected"
			out.Rejected++
		case card.gone() && card.Reason == d.Reason:
			r.Code = tixngo.CodeUnchanged
			out.Accepted++
		default:
			n := *card
			n.Reason = d.Reason
			if !card.gone() {
				n.Status, n.At, n.Until = tixngo.StatusDeletionPending, c.now, c.now.Add(p.Wallet.deletion())
			}
			staged[id] = &n
			out.Accepted++
		}
		out.Results = append(out.Results, r)
	}
	var ch walletChange
	for _, id := range slices.Sorted(maps.Keys(staged)) {
		ch.Cards = append(ch.Cards, staged[id])
	}
	return out, c.commit(p, ch)
}

// gone says whether the card is deleted or on its way.
func (c *walletCard) gone() bool {
	return c.Status == tixngo.StatusDeletionPending || c.Status == tixngo.StatusDeleted
}

// fieldCheck keeps the first thing that is wrong with a ticket.
type fieldCheck struct {
	no    *refusal
	field string
}

func (f *fieldCheck) bad(field, code, text string) {
	if f.no == nil {
		f.no, f.field = refuse(code, "%s", text), field
	}
}

// text checks a text's length; a required one must be there.
func (f *fieldCheck) text(field, v string, most int, required bool) {
	switch {
	case v == "" && required:
		f.bad(field, "MISSING", "missing")
	case len([]rune(v)) > most:
		f.bad(field, "TOO_LONG", "longer than "+strconv.Itoa(most))
	}
}

// texts checks a text in each of its languages.
func (f *fieldCheck) texts(field string, v tixngo.Text, most int, required bool) {
	if len(v.In) == 0 {
		f.text(field, v.Plain, most, required)
		return
	}
	for _, t := range v.In {
		f.text(field, t, most, required)
	}
}

func (f *fieldCheck) moment(field string, v tixngo.Time) {
	if v.IsZero() {
		f.bad(field, "MISSING", "missing")
	}
}

func (f *fieldCheck) id(field, v string) {
	f.text(field, v, 256, true)
	for _, r := range v {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune(" *.-_+/()@", r) {
			f.bad(field, "INVALID", "a character that is not allowed")
		}
	}
}

func (f *fieldCheck) spectator(s tixngo.Spectator) {
	f.text("spectatorDetails.firstName", s.FirstName, 50, true)
	f.text("spectatorDetails.lastName", s.LastName, 100, true)
	f.text("spectatorDetails.email", s.Email, 256, true)
	if name, host, ok := strings.Cut(s.Email, "@"); !ok || name == "" || host == "" || strings.ContainsAny(s.Email, " \t\r\n") {
		f.bad("spectatorDetails.email", "INVALID", "no e-mail address")
	}
	if s.Gender != "" && s.Gender != "M" && s.Gender != "F" && s.Gender != "U" && s.Gender != "X" {
		f.bad("spectatorDetails.gender", "INVALID", "M, F, U or X")
	}
}

// checkWalletTicket says what is wrong with a ticket, if anything.
func checkWalletTicket(gen string, t tixngo.Ticket) (*refusal, string) {
	var f fieldCheck
	f.id("ticketId", string(t.TicketID))
	f.event(gen, t.Event)
	f.spectator(t.SpectatorDetails)
	f.text("security.barcode", string(t.Security.Barcode), 512, true)
	f.text("sortingKey", t.SortingKey, 256, false)
	f.text("imageUrl", t.ImageURL, 256, false)
	f.text("purchaseDetails.currency", t.PurchaseDetails.Currency, 20, false)
	f.text("purchaseDetails.category", t.PurchaseDetails.Category, 512, false)
	f.text("purchaseDetails.taxNumber", string(t.PurchaseDetails.TaxNumber), 256, false)
	f.text("purchaseDetails.fileId", string(t.PurchaseDetails.FileID), 256, false)
	if t.PurchaseDetails == (tixngo.Purchase{}) {
		f.bad("purchaseDetails", "MISSING", "missing")
	}
	if gen == walletV3 {
		f.v3(t)
	}
	return f.no, f.field
}

// v3 wants the activation, and refuses the groups of V4.
func (f *fieldCheck) v3(t tixngo.Ticket) {
	a := t.ActivationParameters
	switch {
	case a == nil:
		f.bad("activationParameters", "MISSING", "missing")
		return
	case a.Method != tixngo.MethodOnline && a.Method != tixngo.MethodOffline:
		f.bad("activationParameters.method", "INVALID", "online or offline")
	case a.Method == tixngo.MethodOnline:
		f.moment("activationParameters.time", a.Time)
	}
	f.text("activationParameters.groupId", string(a.GroupID), 50, false)
	f.text("activationParameters.instanceId", string(a.InstanceID), 128, false)
	q := t.PurchaseDetails
	if t.Seating != nil {
		f.bad("seating", "UNKNOWN_FIELD", "V4 only")
	}
	if !q.PurchaseDate.IsZero() || q.PurchasePrice != nil ||
		q.FileNumber != "" || q.PurchaseCurrency != "" || q.SeatCategoryID != "" || q.ContingentID != "" || q.TariffID != "" {
		f.bad("purchaseDetails", "UNKNOWN_FIELD", "members of V4")
	}
}

func (f *fieldCheck) event(gen string, e tixngo.Event) {
	f.text("event.id", string(e.ID), 256, true)
	f.texts("event.name", e.Name, 128, true)
	if gen == walletV3 && !e.Startime.IsZero() {
		f.bad("event.startime", "UNKNOWN_FIELD", "V3 spells it startTime")
	}
	f.moment("event.startTime", e.Start())
	f.moment("event.expirationDate", e.ExpirationDate)
	if e.ExpirationDate.Before(e.Start().Time) {
		f.bad("event.expirationDate", "INVALID", "before the start")
	}
	f.text("event.website", e.Website, 128, false)
	f.texts("event.address.site", e.Address.Site, 200, true)
	f.texts("event.address.city", e.Address.City, 200, true)
	f.text("event.address.countryCode", e.Address.CountryCode, 200, true)
	f.text("event.address.zip", string(e.Address.Zip), 200, true)
	f.texts("event.address.line1", e.Address.Line1, 200, false)
	f.texts("event.address.line2", e.Address.Line2, 200, false)
	f.texts("event.address.line3", e.Address.Line3, 200, false)
	if e.Group != nil {
		f.texts("event.group.name", e.Group.Name, 128, false)
		f.text("event.group.image", e.Group.Image, 256, false)
	}
}
