package sim

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/tixngo"
)

// cursor is an opaque place in a list of this organizer: it is signed, and good for nobody else.
func (w *wallet) cursor(list string, at int64) string {
	n := strconv.FormatInt(at, 10)
	return base64.RawURLEncoding.EncodeToString([]byte(n + "." + w.in.walletSign("cursor", w.gen, list, n)))
}

// place reads a cursor; "" is the beginning.
func (w *wallet) place(list, cursor string) (int64, *walletProblem) {
	if cursor == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	n, _, _ := strings.Cut(string(b), ".")
	at, err2 := strconv.ParseInt(n, 10, 64)
	if err != nil || err2 != nil || w.cursor(list, at) != cursor {
		return 0, badRequest("PAGINATION_KEY", "the key is not one of this organizer's")
	}
	return at, nil
}

// number reads a number of the query between 1 and most; without it, it is most.
func (c *walletCall) number(name string, least, most, otherwise int) (int, *walletProblem) {
	text := c.query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, badRequest("PARAMETER", name+" is a number from "+strconv.Itoa(least)+" to "+strconv.Itoa(most))
	}
	return n, nil
}

func (c *walletCall) moment(name string, required bool) (time.Time, *walletProblem) {
	text := c.query.Get(name)
	if text == "" && !required {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, badRequest("PARAMETER", name+" is a moment by RFC 3339")
	}
	return t, nil
}

func (p *Platform) appID(c *walletCall) *walletProblem {
	if c.query.Get("mobileAppId") != p.Wallet.mobileApp(c.w.in.w.Code) {
		return badRequest("MOBILE_APP", "mobileAppId is missing or not the organizer's")
	}
	return nil
}

// walletChanges lists the tickets by their last change, each once as it is now. A ticket that changes
// again moves to the end, so no change is ever missed.
func (p *Platform) walletChanges(c *walletCall) (any, *walletProblem) {
	limit, bad := c.number("limit", 1, 1000, 1000)
	if bad != nil {
		return nil, bad
	}
	switch mode := c.query.Get("mode"); {
	case mode == "history" && c.w.gen == walletV3:
		return c.w.steps(c.query.Get("paginationKey"), limit)
	case mode != "" && (mode != "lifecycle" || c.w.gen != walletV3):
		return nil, badRequest("PARAMETER", "mode is lifecycle or history, and V3's")
	}
	at, bad := c.w.place("changes", c.query.Get("paginationKey"))
	if bad != nil {
		return nil, bad
	}
	page := tixngo.Page[tixngo.Change]{}
	for _, t := range c.w.sorted() {
		if t.seq <= at || len(page.Result) == limit {
			continue
		}
		page.Result = append(page.Result, c.w.changeOf(t))
		page.NextPageKey = c.w.cursor("changes", t.seq)
	}
	if page.NextPageKey == "" {
		page.NextPageKey = c.w.cursor("changes", at)
	}
	return page, nil
}

// steps lists every step of every ticket once, in the order they were taken, the ticket shown as it stood after it.
func (w *wallet) steps(key string, limit int) (any, *walletProblem) {
	at, bad := w.place("history", key)
	if bad != nil {
		return nil, bad
	}
	type step struct {
		t *walletTicket
		l walletLine
	}
	var all []step
	for _, t := range w.tickets {
		for _, l := range t.History {
			if l.Seq > at {
				all = append(all, step{t, l})
			}
		}
	}
	slices.SortFunc(all, func(a, b step) int { return cmp.Compare(a.l.Seq, b.l.Seq) })
	page := tixngo.Page[tixngo.Change]{NextPageKey: w.cursor("history", at)}
	for _, s := range all[:min(limit, len(all))] {
		page.Result = append(page.Result, tixngo.Change{
			TicketID: tixngo.Word(s.t.ID), EventID: s.t.Payload.Event.ID, Status: s.l.To, StatusTime: tixngo.Time{Time: s.l.At},
			SpectatorDetails: tixngo.Spectator{Email: s.l.ToOwner}, History: tixngo.List[tixngo.HistoryLine]{s.l.wire()},
		})
		page.NextPageKey = w.cursor("history", s.l.Seq)
	}
	return page, nil
}

func (l walletLine) wire() tixngo.HistoryLine {
	return tixngo.HistoryLine{Time: tixngo.Time{Time: l.At}, Action: l.Action, FromStatus: l.From, ToStatus: l.To, Actor: l.Actor}
}

func (w *wallet) changeOf(t *walletTicket) tixngo.Change {
	out := tixngo.Change{
		TicketID: tixngo.Word(t.ID), EventID: t.Payload.Event.ID, Status: t.Status, StatusTime: tixngo.Time{Time: t.changed()},
		SpectatorDetails: t.Owner, HolderDetails: t.Holder, Recipient: t.Recipient, DeletionReason: t.Reason, ShowDeleted: tixngo.Flag(t.Show),
	}
	if w.gen == walletV3 {
		for _, l := range t.History {
			out.History = append(out.History, l.wire())
		}
		return out
	}
	out.Activated, out.ActivatedAt = tixngo.Flag(!t.Activated.IsZero()), tixngo.Time{Time: t.Activated}
	out.Checked, out.CheckedAt = tixngo.Flag(!t.Checked.IsZero()), tixngo.Time{Time: t.Checked}
	out.Controlled, out.ControlledAt = tixngo.Flag(!t.Controlled.IsZero()), tixngo.Time{Time: t.Controlled}
	out.InitialOwner, out.PreviousOwner = t.Initial, t.Previous
	out.TransferLevel, out.ForwardTransfers, out.BackwardTransfers = tixngo.Int(t.Level), tixngo.Int(t.Forward), tixngo.Int(t.Backward)
	return out
}

// ownerID is the number of a person's account.
func (w *wallet) ownerID(email string) tixngo.Word {
	if email == "" {
		return ""
	}
	return tixngo.Word("own-" + w.in.walletSign("owner", strings.ToLower(email))[:12])
}

// walletLogs lists the steps of all tickets in order of time.
func (p *Platform) walletLogs(c *walletCall) (any, *walletProblem) {
	limit, bad := c.number("limit", 1, 10_000, 10_000)
	from, bad2 := c.moment("from", true)
	to, bad3 := c.moment("to", true)
	at, bad4 := c.w.place("logs", c.query.Get("paginationKey"))
	if bad := cmp.Or(p.appID(c), bad, bad2, bad3, bad4); bad != nil {
		return nil, bad
	}
	var all []tixngo.StatusLog
	for _, t := range c.w.tickets {
		for _, l := range t.History {
			line := tixngo.StatusLog{
				TicketID: tixngo.Word(t.ID), EventID: t.Payload.Event.ID, ActionName: l.Action, FromStatus: l.From, ToStatus: l.To,
				FromOwnerID: c.w.ownerID(l.FromOwner), ToOwnerID: c.w.ownerID(l.ToOwner), Actor: l.Actor, Time: tixngo.Time{Time: l.At},
			}
			if !l.At.Before(from) && l.At.Before(to) && c.wants(line) {
				all = append(all, line)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b tixngo.StatusLog) int {
		return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.TicketID, b.TicketID))
	})
	first := min(int(at), len(all))
	last := min(first+limit, len(all))
	page := tixngo.Page[tixngo.StatusLog]{Result: all[first:last]}
	if last < len(all) {
		page.NextPageKey = c.w.cursor("logs", int64(last))
	}
	return page, nil
}

// wants applies the optional filters of the logs.
func (c *walletCall) wants(l tixngo.StatusLog) bool {
	for name, v := range map[string]string{
		"actionNames": l.ActionName, "fromStatuses": string(l.FromStatus), "toStatuses": string(l.ToStatus),
		"fromOwnerId": string(l.FromOwnerID), "toOwnerId": string(l.ToOwnerID), "actor": l.Actor,
	} {
		if list := c.query[name]; len(list) > 0 && !slices.Contains(list, v) {
			return false
		}
	}
	return true
}

// walletRows is the reports of tickets: of all events, the light one, of one event.
func (p *Platform) walletRows(c *walletCall) (any, *walletProblem) {
	limit, bad := c.number("limit", 1, 10_000, 1000)
	offset, bad2 := c.number("offset", 0, 1<<30, 0)
	since, bad3 := c.moment("lastUpdatedSince", false)
	before, bad4 := c.moment("lastUpdatedBefore", false)
	if bad := cmp.Or(p.appID(c), bad, bad2, bad3, bad4); bad != nil {
		return nil, bad
	}
	if _, known := c.w.events[c.event]; c.event != "" && !known {
		return nil, badRequest("EVENT", "no ticket of the event was injected")
	}
	rows := []tixngo.Row{}
	for _, t := range c.w.tickets {
		switch {
		case c.event != "" && string(t.Payload.Event.ID) != c.event,
			c.query.Get("excludeDeleted") == "true" && t.Status == tixngo.StatusDeleted,
			t.changed().Before(since),
			!before.IsZero() && !t.changed().Before(before):
			continue
		}
		rows = append(rows, c.w.row(c.op.name, t))
	}
	slices.SortFunc(rows, func(a, b tixngo.Row) int { return cmp.Compare(a.TicketID, b.TicketID) })
	out := tixngo.Rows{Total: tixngo.Int(len(rows))}
	first := min(offset, len(rows))
	out.Result = rows[first:min(first+limit, len(rows))]
	return out, nil
}

func (w *wallet) row(op tixngo.Operation, t *walletTicket) tixngo.Row {
	r := tixngo.Row{TicketID: tixngo.Word(t.ID), EventID: t.Payload.Event.ID, Status: t.Status}
	if op == tixngo.OpTicketsLight {
		return r
	}
	e := w.event(t)
	r.OrganizerID, r.EventName, r.EventCode, r.EventStartDate = tixngo.Word(w.in.w.Code), e.Name, e.ID, e.Start()
	r.OwnerEmail, r.OwnerFirstName, r.OwnerLastName = t.Owner.Email, t.Owner.FirstName, t.Owner.LastName
	r.LastUpdated = tixngo.Time{Time: t.changed()}
	return r
}

// walletReport counts the injections of a month, by UTC.
func (p *Platform) walletReport(c *walletCall) (any, *walletProblem) {
	limit, bad := c.number("limit", 1, 10_000, 1000)
	offset, bad2 := c.number("offset", 0, 1<<30, 0)
	month, err := time.Parse("2006-01", c.query.Get("period"))
	if err != nil {
		bad = badRequest("PARAMETER", "period is a month such as 2025-05")
	}
	if bad := cmp.Or(bad, bad2); bad != nil {
		return nil, bad
	}
	out := tixngo.InjectionReport{}
	counts := map[tixngo.Word]int{}
	for _, t := range c.w.tickets {
		for _, l := range t.History {
			if l.Action != "Inject" {
				continue
			}
			out.GrandTotal++
			if at := l.At.UTC(); at.Year() == month.Year() && at.Month() == month.Month() {
				out.Total++
				counts[t.Payload.Event.ID]++
			}
		}
	}
	events := []tixngo.InjectedEvent{}
	for id, n := range counts {
		e := c.w.events[string(id)]
		events = append(events, tixngo.InjectedEvent{EventID: id, EventName: e.Name, StartTime: e.Start(), Injected: tixngo.Int(n)})
	}
	slices.SortFunc(events, func(a, b tixngo.InjectedEvent) int { return cmp.Compare(a.EventID, b.EventID) })
	first := min(offset, len(events))
	out.Events = events[first:min(first+limit, len(events))]
	return out, nil
}
