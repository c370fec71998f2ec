package sim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"guichet/secutix/tixngo"
)

// walletEndpoints are the wallet's pages on the control face.
func (p *Platform) walletEndpoints() []endpoint {
	return []endpoint{
		{"GET", "/wallet", "organizers of the simulated TIXNGO, with their keys, and how many tickets are in which state", "", p.showOrganizers},
		{"GET", "/wallet/tickets", "an organizer's tickets, or what one person's app shows; ?institution=&generation=&email=", "", p.showWallet},
		{"GET", "/wallet/privileges", "an organizer's privileges; ?institution=&generation=", "", p.showPrivileges},
		{"POST", "/wallet/act", "what a spectator, a gate or the back-office does with a ticket; ?institution=", `{"generation":"v4","ticket":"…","action":"download"}; actions: ` + strings.Join(slices.Sorted(maps.Keys(walletActions())), ", "), p.actOnTicket},
		{"POST", "/wallet/privileges/act", "download or use a privilege; ?institution=", `{"generation":"v3","privilege":"…","action":"download"}`, p.actOnPrivilege},
	}
}

func (p *Platform) showOrganizers(*http.Request) (any, error) {
	type line struct {
		Institution string `json:"institution"`
		Generation  string `json:"generation"`
		Path        string `json:"path"`
		KeyHeader   string `json:"key_header"`
		Key         string `json:"key"`
		MobileAppID string `json:"mobile_app_id"`

		Tickets    map[tixngo.Status]int `json:"tickets"` // by state
		Privileges int                   `json:"privileges"`
	}
	out := []line{}
	for _, o := range p.Organizers() {
		l := line{o.Institution, o.Generation, o.Path, p.Wallet.keyHeader(), p.Wallet.KeyPrefix + o.Key, o.MobileAppID, map[tixngo.Status]int{}, 0}
		if err := p.countWallet(o, l.Tickets, &l.Privileges); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// countWallet counts what an organizer has.
func (p *Platform) countWallet(o Organizer, tickets map[tixngo.Status]int, privileges *int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	in := p.byCode[o.Institution]
	if in == nil || in.wallets[o.Generation] == nil {
		return nil // nobody has been there
	}
	w := in.wallets[o.Generation]
	if err := p.settleWallet(w, p.clock.Now()); err != nil {
		return err
	}
	for _, t := range w.tickets {
		tickets[t.Status]++
	}
	*privileges = len(w.cards)
	return nil
}

// askedWallet finds the organizer of a query or body, brought up to now. The caller holds the lock.
func (p *Platform) askedWallet(r *http.Request, gen string) (*wallet, error) {
	in, err := p.asked(r)
	if err != nil {
		return nil, err
	}
	if gen != walletV3 && gen != walletV4 {
		return nil, wrong(http.StatusBadRequest, "generation: v3 or v4, not %q", gen)
	}
	w := in.wallet(gen)
	return w, p.settleWallet(w, p.clock.Now())
}

// walletView is a ticket as the control face shows it. The barcode shows as it does in the app: once
// the ticket is activated, and not after a control.
type walletView struct {
	tixngo.Change
	Barcode string `json:"barcode,omitempty"`
}

// view is a ticket as its owner sees it, and more.
func (w *wallet) view(t *walletTicket) walletView {
	v := walletView{Change: w.changeOf(t)}
	if !t.Activated.IsZero() && t.Controlled.IsZero() && t.Status != tixngo.StatusDeleted && t.Status != tixngo.StatusDeletionPending {
		v.Barcode = string(t.Payload.Security.Barcode)
	}
	return v
}

// showWallet lists an organizer's tickets; ?email= only those that the app of that person shows.
func (p *Platform) showWallet(r *http.Request) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, err := p.askedWallet(r, r.URL.Query().Get("generation"))
	if err != nil {
		return nil, err
	}
	email := r.URL.Query().Get("email")
	out := []walletView{}
	for _, t := range w.sorted() {
		if email == "" || w.shows(t, email) {
			out = append(out, w.view(t))
		}
	}
	return out, nil
}

// shows says whether a person's app shows the ticket: it is on the phone or on its way out, or it was
// deleted and meant to be seen. A recipient sees nothing before accepting.
func (w *wallet) shows(t *walletTicket, email string) bool {
	if !sameEmail(t.Owner.Email, email) {
		return false
	}
	switch t.Status {
	case tixngo.StatusDeleted, tixngo.StatusDeletionPending:
		return t.Show || (w.gen == walletV4 && t.Reason == tixngo.ReasonResalePending)
	case tixngo.StatusPendingTransfer, tixngo.StatusControlled:
		return true
	default:
		return w.onPhone(t)
	}
}

func (p *Platform) actOnTicket(r *http.Request) (any, error) {
	var q walletAct
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	act := walletActions()[q.Action]
	if act == nil {
		return nil, wrong(http.StatusBadRequest, "action: %q is none of %s", q.Action, strings.Join(slices.Sorted(maps.Keys(walletActions())), ", "))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	w, err := p.askedWallet(r, q.Generation)
	if err != nil {
		return nil, err
	}
	t := w.tickets[q.Ticket]
	if t == nil {
		return nil, wrong(http.StatusNotFound, "ticket: there is no %q", q.Ticket)
	}
	now := p.clock.Now()
	n, no := act(w, p.Wallet, t, q, now)
	if no != nil {
		return nil, wrong(http.StatusUnprocessableEntity, "%s: %s", no.code, no.detail)
	}
	if n != t {
		if err := p.commitWallet(w, now, walletChange{Tickets: []*walletTicket{n}}); err != nil {
			return nil, err
		}
	}
	if err := p.settleWallet(w, now); err != nil {
		return nil, err
	}
	return w.view(w.tickets[q.Ticket]), nil
}

// cardView is a privilege as the control face shows it.
type cardView struct {
	PrivilegeID string                     `json:"privilegeId"`
	Definition  tixngo.PrivilegeDefinition `json:"definition"`
	Owner       string                     `json:"owner"`
	Status      tixngo.Status              `json:"status"`
	Expired     bool                       `json:"expired"`
	Reason      string                     `json:"reason,omitempty"` // of the deletion
}

func (w *wallet) cardView(c *walletCard, now time.Time) cardView {
	return cardView{c.ID, w.definitions[c.Definition], c.Payload.SpectatorDetails.Email, c.Status, c.expired(now), c.Reason}
}

func (c *walletCard) expired(now time.Time) bool { return !now.Before(c.Payload.ExpirationDate.Time) }

func (p *Platform) showPrivileges(r *http.Request) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, err := p.askedWallet(r, r.URL.Query().Get("generation"))
	if err != nil {
		return nil, err
	}
	out := []cardView{}
	for _, c := range w.cards {
		out = append(out, w.cardView(c, p.clock.Now()))
	}
	slices.SortFunc(out, func(a, b cardView) int { return strings.Compare(a.PrivilegeID, b.PrivilegeID) })
	return out, nil
}

// actOnPrivilege downloads or uses a card. There is no transfer of one.
func (p *Platform) actOnPrivilege(r *http.Request) (any, error) {
	var q struct {
		Generation string `json:"generation"`
		Privilege  string `json:"privilege"`
		Action     string `json:"action"`
	}
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	w, err := p.askedWallet(r, q.Generation)
	if err != nil {
		return nil, err
	}
	c, now := w.cards[q.Privilege], p.clock.Now()
	if c == nil {
		return nil, wrong(http.StatusNotFound, "privilege: there is no %q", q.Privilege)
	}
	n := *c
	n.At = now
	switch {
	case q.Action == "download" && c.Status == tixngo.StatusInjected:
		n.Status = tixngo.StatusDownloaded
	case q.Action == "use" && c.Status == tixngo.StatusDownloaded && !c.expired(now):
		n.Status = statusUsed
	default:
		return nil, wrong(http.StatusUnprocessableEntity, "a privilege that is %s (expired: %t) takes no %q", c.Status, c.expired(now), q.Action)
	}
	if err := p.commitWallet(w, now, walletChange{Cards: []*walletCard{&n}}); err != nil {
		return nil, err
	}
	return w.cardView(&n, now), nil
}
