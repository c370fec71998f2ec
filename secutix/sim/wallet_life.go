package sim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"guichet/secutix/tixngo"
)

// walletAct is something a person does with a ticket, as the control face asks for it.
type walletAct struct {
	Generation string `json:"generation"`
	Ticket     string `json:"ticket"`
	Action     string `json:"action"`
	Email      string `json:"email,omitempty"` // who does it, or to whom it is transferred
	FirstName  string `json:"first_name,omitempty"`
	LastName   string `json:"last_name,omitempty"`
	Method     string `json:"method,omitempty"` // activate: bluetooth, manual, online, offline
}

func (a walletAct) person() tixngo.Spectator {
	return tixngo.Spectator{FirstName: a.FirstName, LastName: a.LastName, Email: a.Email}
}

// walletActions are the things a person can do with a ticket, by name.
func walletActions() map[string]func(*wallet, WalletOptions, *walletTicket, walletAct, time.Time) (*walletTicket, *refusal) {
	return map[string]func(*wallet, WalletOptions, *walletTicket, walletAct, time.Time) (*walletTicket, *refusal){
		"download":   (*wallet).download,
		"logoff":     (*wallet).logoff,
		"assign":     (*wallet).assign,
		"transfer":   (*wallet).transfer,
		"accept":     (*wallet).accept,
		"reject":     (*wallet).giveUp,
		"cancel":     (*wallet).giveUp,
		"recall":     (*wallet).giveUp,
		"activate":   (*wallet).activate,
		"deactivate": (*wallet).deactivate,
		"control":    (*wallet).controlByHand,
		"checkout":   (*wallet).checkout,
		"sync":       (*wallet).sync,
	}
}

func notFrom(t *walletTicket, what string) (*walletTicket, *refusal) {
	return nil, refuse("WRONG_STATUS", "a ticket that is %s cannot be: %s", t.Status, what)
}

// mine refuses somebody else than the owner; the app shows a ticket to its e-mail address only.
func mine(t *walletTicket, a walletAct) *refusal {
	if a.Email != "" && !sameEmail(a.Email, t.Owner.Email) {
		return refuse("NOT_OWNER", "the ticket is in the wallet of another address")
	}
	return nil
}

// onPhone says whether the owner sees the ticket and may use it.
func (w *wallet) onPhone(t *walletTicket) bool {
	switch t.Status {
	case tixngo.StatusDownloaded, tixngo.StatusAssigned, tixngo.StatusTransferred, tixngo.StatusFailureTransfer, tixngo.StatusFailure,
		tixngo.StatusDeactivated, tixngo.StatusBTActivated, tixngo.StatusManualActivated, tixngo.StatusOnlineActivated, tixngo.StatusOfflineActivated:
		return true
	default:
		return false
	}
}

func activated(s tixngo.Status) bool { return strings.HasSuffix(string(s), "_ACTIVATED") }

func (w *wallet) download(_ WalletOptions, t *walletTicket, a walletAct, at time.Time) (*walletTicket, *refusal) {
	if no := mine(t, a); no != nil {
		return nil, no
	}
	if t.Status != tixngo.StatusInjected && t.Status != tixngo.StatusNotDownloaded {
		return notFrom(t, "downloaded")
	}
	return t.stepped(at, "Download", "owner", tixngo.StatusDownloaded), nil
}

func (w *wallet) logoff(_ WalletOptions, t *walletTicket, a walletAct, at time.Time) (*walletTicket, *refusal) {
	if no := mine(t, a); no != nil {
		return nil, no
	}
	if w.gen != walletV4 || t.Status != tixngo.StatusDownloaded {
		return notFrom(t, "logged off")
	}
	return t.stepped(at, "Log off", "owner", tixngo.StatusNotDownloaded), nil
}

// assign names who will hold the ticket. V4 has no status for it.
func (w *wallet) assign(_ WalletOptions, t *walletTicket, a walletAct, at time.Time) (*walletTicket, *refusal) {
	if t.Status != tixngo.StatusDownloaded {
		return notFrom(t, "assigned")
	}
	if a.FirstName == "" || a.LastName == "" {
		return nil, refuse("MISSING", "first_name and last_name name the holder")
	}
	to := tixngo.StatusAssigned
	if w.gen == walletV4 {
		to = t.Status
	}
	n := t.stepped(at, "Assign", "owner", to)
	n.Holder = a.person()
	return n, nil
}

// transfer starts a transfer. After an activation or a control there is none.
func (w *wallet) transfer(o WalletOptions, t *walletTicket, a walletAct, at time.Time) (*walletTicket, *refusal) {
	switch t.Status {
	case tixngo.StatusDownloaded, tixngo.StatusAssigned, tixngo.StatusTransferred, tixngo.StatusFailureTransfer:
	default:
		return notFrom(t, "transferred")
	}
	switch {
	case !t.Activated.IsZero() || !t.Controlled.IsZero():
		return nil, refuse("WRONG_STATUS", "an activated or controlled ticket is not transferred")
	case a.Email == "":
		return nil, refuse("MISSING", "email names the recipient")
	case sameEmail(a.Email, t.Owner.Email):
		return nil, refuse("OWN_TICKET", "the recipient has the ticket")
	case w.gen == walletV4 && !t.backTo(a.Email) && t.Forward >= o.transferLimit():
		return nil, refuse("TRANSFER_LIMIT", "the ticket was transferred %d times", t.Forward)
	}
	n := t.stepped(at, "Transfer", "owner", tixngo.StatusPendingTransfer)
	n.Recipient, n.Until = a.person(), at.Add(o.transfer())
	return n, nil
}

// backTo says whether an address had the ticket before.
func (t *walletTicket) backTo(email string) bool {
	return slices.ContainsFunc(t.Earlier, func(e string) bool { return sameEmail(e, email) })
}

func (w *wallet) accept(o WalletOptions, t *walletTicket, a walletAct, at time.Time) (*walletTicket, *refusal) {
	if t.Status != tixngo.StatusPendingTransfer {
		return notFrom(t, "accepted")
	}
	if a.Email != "" && !sameEmail(a.Email, t.Recipient.Email) {
		return nil, refuse("NOT_RECIPIENT", "the ticket waits for another address")
	}
	to := tixngo.StatusTransferred
	if w.gen == walletV4 {
		to = tixngo.StatusDownloaded
	}
	n := t.stepped(at, "Accept", "recipient", to)
	n.History[len(n.History)-1].ToOwner = t.Recipient.Email
	if t.backTo(t.Recipient.Email) {
		n.Backward++
		n.Level = max(0, n.Level+o.backwardLevel())
	} else {
		n.Forward++
		n.Level++
	}
	n.Earlier = append(slices.Clip(t.Earlier), t.Owner.Email)
	n.Previous, n.Owner, n.Recipient, n.Holder, n.Until = t.Owner, t.Recipient, tixngo.Spectator{}, tixngo.Spectator{}, time.Time{}
	return n, nil
}

// giveUp ends a transfer: rejected by the recipient, cancelled by the sender, or recalled by the
// organizer. The ticket stays with the sender.
func (w *wallet) giveUp(_ WalletOptions, t *walletTicket, a walletAct, at time.Time) (*walletTicket, *refusal) {
	if t.Status != tixngo.StatusPendingTransfer {
		return notFrom(t, "given back")
	}
	actor := map[string]string{"reject": "recipient", "cancel": "owner", "recall": "organizer"}[a.Action]
	to := tixngo.StatusFailureTransfer
	switch {
	case w.gen == walletV4:
		to = tixngo.StatusDownloaded
	case a.Action == "recall":
		to = tixngo.StatusFailure
	}
	n := t.stepped(at, strings.ToUpper(a.Action[:1])+a.Action[1:], cmpOr(actor, "platform"), to)
	n.Recipient, n.Until = tixngo.Spectator{}, time.Time{}
	return n, nil
}

func (w *wallet) activate(_ WalletOptions, t *walletTicket, a walletAct, at time.Time) (*walletTicket, *refusal) {
	if !w.onPhone(t) || activated(t.Status) || !t.Activated.IsZero() {
		return notFrom(t, "activated")
	}
	to, ok := map[string]tixngo.Status{
		"bluetooth": tixngo.StatusBTActivated, "manual": tixngo.StatusManualActivated,
		"online": tixngo.StatusOnlineActivated, "offline": tixngo.StatusOfflineActivated,
	}[a.Method]
	if !ok || (w.gen == walletV4 && a.Method != "bluetooth" && a.Method != "offline") {
		return nil, refuse("METHOD", "method %q does not exist in %s", a.Method, w.gen)
	}
	if w.gen == walletV4 {
		to = t.Status
	}
	n := t.stepped(at, "Activate", "device", to)
	n.Activated, n.ByHand = at, false
	return n, nil
}

func (w *wallet) deactivate(_ WalletOptions, t *walletTicket, _ walletAct, at time.Time) (*walletTicket, *refusal) {
	if t.Activated.IsZero() || !w.onPhone(t) {
		return notFrom(t, "deactivated")
	}
	to := tixngo.StatusDeactivated
	if w.gen == walletV4 {
		to = t.Status
	}
	n := t.stepped(at, "Deactivate", "staff", to)
	n.Activated, n.ByHand = time.Time{}, true
	return n, nil
}

func (w *wallet) controlByHand(_ WalletOptions, t *walletTicket, _ walletAct, at time.Time) (*walletTicket, *refusal) {
	return w.control(t, at, at, "staff")
}

// control notes that the ticket came through a gate. A transfer that waits ends: the sender came in.
// A ticket that was controlled stays as it is.
func (w *wallet) control(t *walletTicket, when, at time.Time, actor string) (*walletTicket, *refusal) {
	if t.Status == tixngo.StatusDeletionPending || t.Status == tixngo.StatusDeleted {
		return nil, refuse("DELETED", "a deleted ticket is not controlled")
	}
	if !t.Controlled.IsZero() {
		return t, nil
	}
	to := tixngo.StatusControlled
	if w.gen == walletV4 {
		to = t.Status
		if to == tixngo.StatusPendingTransfer {
			to = tixngo.StatusDownloaded
		}
	}
	n := t.stepped(at, "Control", actor, to)
	n.Checked, n.Controlled = when, when
	n.Recipient, n.Until = tixngo.Spectator{}, time.Time{}
	return n, nil
}

// checkout takes V4's Controlled back; Checked stays.
func (w *wallet) checkout(_ WalletOptions, t *walletTicket, _ walletAct, at time.Time) (*walletTicket, *refusal) {
	if w.gen != walletV4 || t.Controlled.IsZero() || t.Status == tixngo.StatusDeleted || t.Status == tixngo.StatusDeletionPending {
		return notFrom(t, "checked out")
	}
	n := t.stepped(at, "Check out", "staff", t.Status)
	n.Controlled = time.Time{}
	return n, nil
}

// sync lets the last phone learn of a deletion.
func (w *wallet) sync(_ WalletOptions, t *walletTicket, _ walletAct, at time.Time) (*walletTicket, *refusal) {
	if t.Status != tixngo.StatusDeletionPending {
		return notFrom(t, "confirmed as deleted")
	}
	return t.gone(at), nil
}

func (t *walletTicket) gone(at time.Time) *walletTicket {
	n := t.stepped(at, "Confirm", "platform", tixngo.StatusDeleted)
	n.Until = time.Time{}
	return n
}

// remove deletes a ticket. A ticket on no phone is gone at once in V4; V3 confirms every deletion. A
// new reason is taken at any time.
func (w *wallet) remove(o WalletOptions, t *walletTicket, d tixngo.Deletion, at time.Time) *walletTicket {
	if t.Status == tixngo.StatusDeletionPending || t.Status == tixngo.StatusDeleted {
		if d.Reason == t.Reason {
			return t
		}
		n := t.stepped(at, "Reason", "organizer", t.Status)
		n.Reason, n.Show = d.Reason, bool(d.ShowDeletedTicket)
		return n
	}
	to, until := tixngo.StatusDeletionPending, at.Add(o.deletion())
	if t.Status == tixngo.StatusNotDownloaded {
		to, until = tixngo.StatusDeleted, time.Time{}
	}
	n := t.stepped(at, "Delete", "organizer", to)
	n.Reason, n.Show, n.Until, n.Recipient = d.Reason, bool(d.ShowDeletedTicket), until, tixngo.Spectator{}
	return n
}

// due says when time alone changes the ticket next, and how.
func (w *wallet) due(o WalletOptions, t *walletTicket) (time.Time, func(at time.Time) (*walletTicket, *refusal)) {
	switch t.Status {
	case tixngo.StatusPendingTransfer:
		return t.Until, func(at time.Time) (*walletTicket, *refusal) {
			return w.giveUp(o, t, walletAct{Action: "timeout"}, at)
		}
	case tixngo.StatusDeletionPending:
		return t.Until, func(at time.Time) (*walletTicket, *refusal) { return t.gone(at), nil }
	default:
		return w.dueActivation(o, t)
	}
}

// dueActivation says when the clock activates a ticket: V3 at the time it was injected with, V4 by the
// organizer's rule.
func (w *wallet) dueActivation(o WalletOptions, t *walletTicket) (time.Time, func(at time.Time) (*walletTicket, *refusal)) {
	method, when := tixngo.MethodOffline, w.event(t).Start().Add(-o.activate())
	if w.gen == walletV3 {
		if t.Payload.ActivationParameters == nil || t.Payload.ActivationParameters.Time.IsZero() {
			return time.Time{}, nil
		}
		method, when = t.Payload.ActivationParameters.Method, t.Payload.ActivationParameters.Time.Time
	}
	if t.ByHand || !t.Activated.IsZero() || !t.Controlled.IsZero() || !w.onPhone(t) {
		return time.Time{}, nil
	}
	if last := t.changed(); last.After(when) {
		when = last
	}
	return when, func(at time.Time) (*walletTicket, *refusal) {
		return w.activate(o, t, walletAct{Method: method}, at)
	}
}

// settleCards confirms the deletions of privileges.
func (p *Platform) settleCards(w *wallet, now time.Time) error {
	var due []*walletCard
	for _, c := range w.cards {
		if c.Status == tixngo.StatusDeletionPending && !now.Before(c.Until) {
			due = append(due, c)
		}
	}
	slices.SortFunc(due, func(a, b *walletCard) int {
		return cmp.Or(a.Until.Compare(b.Until), strings.Compare(a.ID, b.ID))
	})
	for _, c := range due {
		n := *c
		n.Status, n.At, n.Until = tixngo.StatusDeleted, c.Until, time.Time{}
		if err := p.commitWallet(w, n.At, walletChange{Cards: []*walletCard{&n}}); err != nil {
			return err
		}
	}
	return nil
}

// settleWallet brings an organizer up to now: transfers run out, deletions are confirmed, tickets
// become active.
func (p *Platform) settleWallet(w *wallet, now time.Time) error {
	if err := p.settleCards(w, now); err != nil {
		return err
	}
	type step struct {
		at time.Time
		t  *walletTicket
		do func(time.Time) (*walletTicket, *refusal)
	}
	for {
		var steps []step
		for _, t := range w.tickets {
			if at, do := w.due(p.Wallet, t); do != nil && !now.Before(at) {
				steps = append(steps, step{at, t, do})
			}
		}
		if len(steps) == 0 {
			return nil
		}
		slices.SortFunc(steps, func(a, b step) int {
			return cmp.Or(a.at.Compare(b.at), strings.Compare(a.t.ID, b.t.ID))
		})
		for _, s := range steps {
			n, no := s.do(s.at)
			if no != nil {
				return no.asError()
			}
			if err := p.commitWallet(w, s.at, walletChange{Tickets: []*walletTicket{n}}); err != nil {
				return err
			}
		}
	}
}
