package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet/secutix/tixngo"
)

// The generations of the wallet. Each institution is one organizer in each, with a key of its own.
const (
	walletV3 = "v3"
	walletV4 = "v4"
)

// WalletOptions are the options of the simulated TIXNGO that the platform serves beside itself. The
// zero value is good.
type WalletOptions struct {
	// Path is what its addresses begin with; "" is "tixngo", so that <Path>/v3/organizer/tickets injects.
	Path string
	// KeyHeader carries the key, after KeyPrefix; "" is tixngo.DefaultKeyHeader.
	KeyHeader, KeyPrefix string
	// Paths replaces single ones of tixngo.DefaultPaths, as tixngo.Options.Paths does.
	Paths map[tixngo.Operation]string
	// Names gives members other names on the wire, as tixngo.Options.Names does.
	Names tixngo.Names
	// BareResults answers changing calls with the list of results alone.
	BareResults bool
	// RatePerMinute is the calls of one organizer in a fixed minute. 0 means 600, negative is no limit.
	RatePerMinute int
	// MaxTickets is the most tickets or privileges in one call; 0 means 1,000. Controls may be ten times
	// as many.
	MaxTickets int
	// TransferLifetime is how long a recipient has to accept; 0 means one hour.
	TransferLifetime time.Duration
	// DeletionDelay is how long a deletion waits for its confirmation; 0 means one minute.
	DeletionDelay time.Duration
	// ActivateBefore is V4's activation rule: that long before the start; 0 means three hours.
	ActivateBefore time.Duration
	// TransferLimit is the most forward transfers of a V4 ticket, 1 to 256; 0 means 256.
	TransferLimit int
	// BackwardLevel is what a V4 transfer back to an earlier owner adds to the level: -1, 0 or 1.
	BackwardLevel int
}

func (o WalletOptions) path() string { return cmpOr(strings.Trim(o.Path, "/"), "tixngo") }

// pathOf is the path of an operation below the organizer's.
func (o WalletOptions) pathOf(op tixngo.Operation) string {
	return strings.Trim(cmpOr(o.Paths[op], tixngo.DefaultPaths()[op]), "/")
}

// check says what is wrong with the options.
func (o WalletOptions) check() error {
	known := tixngo.DefaultPaths()
	for op := range o.Paths {
		if known[op] == "" {
			return fmt.Errorf("paths: unknown operation %q", op)
		}
	}
	seen := map[string]tixngo.Operation{}
	for op := range known {
		if other, twice := seen[o.pathOf(op)]; twice {
			return fmt.Errorf("paths: %s and %s are both at %q", op, other, o.pathOf(op))
		}
		seen[o.pathOf(op)] = op
	}
	return o.Names.Check()
}

func (o WalletOptions) keyHeader() string       { return cmpOr(o.KeyHeader, tixngo.DefaultKeyHeader) }
func (o WalletOptions) transfer() time.Duration { return orElse(o.TransferLifetime, time.Hour) }
func (o WalletOptions) deletion() time.Duration { return orElse(o.DeletionDelay, time.Minute) }
func (o WalletOptions) activate() time.Duration { return orElse(o.ActivateBefore, 3*time.Hour) }
func (o WalletOptions) rate() int               { return int(orElse(time.Duration(o.RatePerMinute), 600)) }

func (o WalletOptions) maxTickets() int { return int(orElse(time.Duration(o.MaxTickets), 1000)) }

func (o WalletOptions) transferLimit() int { return int(orElse(time.Duration(o.TransferLimit), 256)) }

func (o WalletOptions) base(gen string) string    { return "/" + o.path() + "/" + gen + "/organizer" }
func (o WalletOptions) backwardLevel() int        { return max(-1, min(1, o.BackwardLevel)) }
func (o WalletOptions) mobileApp(c string) string { return "org.example." + c }

// Organizer is what a client needs to know to talk to a simulated TIXNGO organizer.
type Organizer struct {
	Institution string
	Generation  string // "v3" or "v4"
	Path        string // below the platform's address, such as /tixngo/v3/organizer
	Key         string
	MobileAppID string // what reports want
}

// Organizers lists the organizers of the simulated TIXNGO, two for each institution.
func (p *Platform) Organizers() []Organizer {
	if p.Start() != nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Organizer
	for _, in := range p.institutions {
		for _, gen := range []string{walletV3, walletV4} {
			out = append(out, p.organizer(in, gen))
		}
	}
	return out
}

func (p *Platform) organizer(in *institution, gen string) Organizer {
	return Organizer{
		Institution: in.w.Code, Generation: gen, Path: p.Wallet.base(gen), Key: in.walletKey(gen), MobileAppID: p.Wallet.mobileApp(in.w.Code),
	}
}

// walletKey is the API key of the organizer. It follows from the institution alone, so that it is the
// same at every start.
func (in *institution) walletKey(gen string) string { return in.walletSign("key", gen) }

// walletSign is a keyed hash of its arguments.
func (in *institution) walletSign(parts ...string) string {
	m := hmac.New(sha256.New, []byte(in.w.Code+"/"+in.w.Secret))
	m.Write([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:18])
}

// wallet is what TIXNGO knows of one organizer. The platform's lock guards it.
type wallet struct {
	in  *institution
	gen string

	tickets     map[string]*walletTicket
	events      map[string]tixngo.Event
	cards       map[string]*walletCard
	definitions map[string]tixngo.PrivilegeDefinition
	seq         int64 // of the last change of a ticket
	lines       int64 // of the last step of a ticket

	running string // the function that runs
	calls   rateWindow
}

// walletTicket is one ticket. Its JSON form is the journal's.
type walletTicket struct {
	ID         string           `json:"id"`
	Payload    tixngo.Ticket    `json:"payload"` // as injected
	Status     tixngo.Status    `json:"status"`
	Owner      tixngo.Spectator `json:"owner"`
	Initial    tixngo.Spectator `json:"initial"`
	Previous   tixngo.Spectator `json:"previous,omitzero"`
	Holder     tixngo.Spectator `json:"holder,omitzero"`
	Recipient  tixngo.Spectator `json:"recipient,omitzero"` // of a pending transfer
	Until      time.Time        `json:"until,omitzero"`     // a pending transfer or deletion ends
	Reason     string           `json:"reason,omitempty"`   // of the deletion
	Show       bool             `json:"show,omitempty"`
	Activated  time.Time        `json:"activated,omitzero"`
	Checked    time.Time        `json:"checked,omitzero"`
	Controlled time.Time        `json:"controlled,omitzero"`
	ByHand     bool             `json:"by_hand,omitempty"` // deactivated: no clock activates it again
	Earlier    []string         `json:"earlier,omitempty"` // e-mail addresses of earlier owners
	Level      int              `json:"level,omitempty"`
	Forward    int              `json:"forward,omitempty"`
	Backward   int              `json:"backward,omitempty"`
	History    []walletLine     `json:"history"`

	seq int64 // of its last change
}

// walletLine is one step of a ticket's life.
type walletLine struct {
	At        time.Time     `json:"at"`
	Action    string        `json:"action"`
	From      tixngo.Status `json:"from,omitempty"`
	To        tixngo.Status `json:"to"`
	FromOwner string        `json:"from_owner,omitempty"`
	ToOwner   string        `json:"to_owner,omitempty"`
	Actor     string        `json:"actor"`
	Seq       int64         `json:"seq,omitempty"` // among the steps of all tickets
}

// walletCard is one digital privilege.
type walletCard struct {
	ID         string           `json:"id"`
	Definition string           `json:"definition"`
	Payload    tixngo.Privilege `json:"payload"`
	Status     tixngo.Status    `json:"status"`
	At         time.Time        `json:"at"`
	Until      time.Time        `json:"until,omitzero"` // a pending deletion ends
	Reason     string           `json:"reason,omitempty"`
}

// statusUsed is a privilege that was consumed; the name is ours.
const statusUsed tixngo.Status = "USED"

// doWallet is the change of an organizer's tickets: one line of the journal.
const doWallet = "wallet"

// walletChange holds whole records as they are from now on.
type walletChange struct {
	Generation  string                       `json:"gen"`
	Tickets     []*walletTicket              `json:"tickets,omitempty"`
	Events      []tixngo.Event               `json:"events,omitempty"`
	Cards       []*walletCard                `json:"cards,omitempty"`
	Definitions []tixngo.PrivilegeDefinition `json:"definitions,omitempty"`
}

func (c *walletChange) empty() bool {
	return len(c.Tickets)+len(c.Events)+len(c.Cards)+len(c.Definitions) == 0
}

// wallet finds the organizer of a generation.
func (in *institution) wallet(gen string) *wallet {
	if in.wallets == nil {
		in.wallets = map[string]*wallet{}
	}
	w := in.wallets[gen]
	if w == nil {
		w = &wallet{
			in: in, gen: gen, tickets: map[string]*walletTicket{}, events: map[string]tixngo.Event{},
			cards: map[string]*walletCard{}, definitions: map[string]tixngo.PrivilegeDefinition{},
		}
		in.wallets[gen] = w
	}
	return w
}

// applyWallet is the only code that alters an organizer's tickets, live and at replay.
func (in *institution) applyWallet(c change) error {
	if c.Wallet == nil {
		return errors.New("wallet: nothing to change")
	}
	if c.Wallet.Generation != walletV3 && c.Wallet.Generation != walletV4 {
		return fmt.Errorf("wallet: unknown generation %q", c.Wallet.Generation)
	}
	w := in.wallet(c.Wallet.Generation)
	for _, e := range c.Wallet.Events {
		w.events[string(e.ID)] = e
	}
	for _, t := range c.Wallet.Tickets {
		w.seq++
		own := *t
		own.seq = w.seq
		own.History = slices.Clone(own.History)
		for i := range own.History {
			if own.History[i].Seq == 0 {
				w.lines++
				own.History[i].Seq = w.lines
			}
		}
		w.tickets[own.ID] = &own
	}
	for _, d := range c.Wallet.Definitions {
		w.definitions[string(d.ID)] = d
	}
	for _, card := range c.Wallet.Cards {
		own := *card
		w.cards[own.ID] = &own
	}
	return nil
}

// commitWallet writes a change of the organizer down and makes it happen; an empty one is none.
func (p *Platform) commitWallet(w *wallet, at time.Time, c walletChange) error {
	if c.empty() {
		return nil
	}
	c.Generation = w.gen
	return p.commit(w.in, change{At: at, Do: doWallet, Wallet: &c})
}

// sorted lists the tickets in the order of their last change.
func (w *wallet) sorted() []*walletTicket {
	out := make([]*walletTicket, 0, len(w.tickets))
	for _, t := range w.tickets {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *walletTicket) int { return int(a.seq - b.seq) })
	return out
}

// event is the event of a ticket as it is known now.
func (w *wallet) event(t *walletTicket) tixngo.Event { return w.events[string(t.Payload.Event.ID)] }

// stepped is a copy of the ticket that has taken one more step.
func (t *walletTicket) stepped(at time.Time, action, actor string, to tixngo.Status) *walletTicket {
	n := *t
	n.Status = to
	n.History = append(slices.Clip(t.History), walletLine{
		At: at, Action: action, From: t.Status, To: to, FromOwner: t.Owner.Email, ToOwner: t.Owner.Email, Actor: actor,
	})
	return &n
}

// changed is when the ticket took its last step.
func (t *walletTicket) changed() time.Time {
	if len(t.History) == 0 {
		return time.Time{}
	}
	return t.History[len(t.History)-1].At
}

func sameEmail(a, b string) bool {
	return a != "" && strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}
