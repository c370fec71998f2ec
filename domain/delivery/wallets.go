package delivery

import (
	"context"
	"crypto/subtle"
	"io"
	"log/slog"
	"strconv"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
)

// WalletSettings say which wallets an institution's tickets may be put into.
type WalletSettings struct {
	Apple, Google bool
	// Tixngo says that TIXNGO brings the tickets to phones, and shows their barcodes when it is time: no wallet may show them
	// before.
	Tixngo bool
}

// WalletDeps is what Wallets needs; all members but Apple and Google are mandatory.
type WalletDeps struct {
	Tickets  *Service
	Orders   Orders
	Store    WalletStore
	Apple    Apple  // nil: there is none
	Google   Google // nil: there is none
	Settings map[domain.InstitutionCode]WalletSettings
	Updates  bool                 // phones can reach us, so that passes say where to ask after them
	Token    func() domain.Secret // a new one that nobody can guess
	Clock    domain.Clock
	Log      *slog.Logger
}

// Wallets puts tickets into wallets on phones and keeps them up to date there. It is safe for concurrent use.
type Wallets struct{ WalletDeps }

// NewWallets makes Wallets. It panics on a missing dependency.
func NewWallets(d WalletDeps) *Wallets {
	if d.Tickets == nil || d.Orders == nil || d.Store == nil || d.Token == nil || d.Clock == nil || d.Log == nil {
		panic("delivery: Tickets, Orders, Store, Token, Clock and Log are needed")
	}
	return &Wallets{d}
}

// Times of passes.
const (
	walletEvery = 6 * time.Hour       // how often a pass is looked at of which nothing is known to have changed
	walletSoon  = 10 * time.Minute    // when one is looked at again that could not be finished
	walletLast  = 30 * 24 * time.Hour // how long after its end
	walletBatch = 100                 // looks of one sweep
	// walletOverlap is how far back a phone's next question reaches into what it was told already: what was written then may
	// not have been there to be read.
	walletOverlap = 10 * time.Second
)

// May says whether an institution's tickets may be put into a wallet: nil, wallet.tixngo or wallet.off. A nil Wallets has
// none.
func (w *Wallets) May(wallet WalletKind, code domain.InstitutionCode) error {
	if w == nil {
		return domain.Errorf(domain.Conflict, CodeWalletOff, "no wallet is configured here")
	}
	set := w.Settings[code]
	switch {
	case set.Tixngo:
		return domain.Errorf(domain.Conflict, CodeWalletTixngo, "TIXNGO brings the tickets of %s to phones", code)
	case wallet == AppleWallet && w.Apple != nil && set.Apple, wallet == GoogleWallet && w.Google != nil && set.Google:
		return nil
	}
	return domain.Errorf(domain.Conflict, CodeWalletOff, "%s is not configured for %s", wallet, code)
}

// links are the addresses under a buyer's page that put its tickets into wallets: Apple's takes them all, Google's one.
func (w *Wallets) links(p *OrderPage, code domain.InstitutionCode, page string) []WalletLink {
	var good []string
	for i := range p.Shows {
		for j := range p.Shows[i].Tickets {
			if t := &p.Shows[i].Tickets[j]; t.State != TicketTakenBack {
				good = append(good, t.TicketID)
			}
		}
	}
	var out []WalletLink
	if p.Printable && w.May(AppleWallet, code) == nil {
		out = append(out, WalletLink{Name: "Apple Wallet", URL: page + "/tickets.pkpasses"})
	}
	if p.Printable && len(good) == 1 && w.May(GoogleWallet, code) == nil {
		out = append(out, WalletLink{Name: "Google Wallet", URL: page + "/" + good[0] + ".google"})
	}
	return out
}

// WriteApple writes the pass of one ticket as .pkpass, or those of all good tickets (empty) as .pkpasses. Errors: wallet.off,
// wallet.tixngo, ticket.not_issued, ticket.cancelled, ticket.unknown, ticket.barcode.
func (w *Wallets) WriteApple(ctx context.Context, out io.Writer, o *sales.Order, ticket, lang string) error {
	if err := w.May(AppleWallet, o.Institution); err != nil {
		return err
	}
	list, err := w.Tickets.passes(o, ticket, lang)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Token, err = w.token(ctx, o, &list[i]); err != nil {
			return err
		}
	}
	if ticket != "" {
		return w.Apple.Pass(out, list[0])
	}
	return w.Apple.Bundle(out, list)
}

// passes are those of an order's good tickets, or of the one named.
func (s *Service) passes(o *sales.Order, ticket, lang string) ([]Pass, error) {
	if err := issued(o); err != nil {
		return nil, err
	}
	var list []Pass
	gone := false
	for i := range o.Tickets {
		t := &o.Tickets[i]
		if ticket != "" && t.ID != ticket {
			continue
		}
		if gone = gone || !t.CancelledAt.IsZero(); !t.CancelledAt.IsZero() {
			continue
		}
		p, err := s.pass(o, t.ID, lang)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	switch {
	case len(list) == 0 && gone:
		return nil, takenBack()
	case len(list) == 0:
		return nil, noTicket(ticket)
	}
	return list, nil
}

// token keeps that an Apple pass was given out, and gives the token that phones ask after it with.
func (w *Wallets) token(ctx context.Context, o *sales.Order, p *Pass) (domain.Secret, error) {
	if !w.Updates {
		return "", nil
	}
	row, err := w.row(o, p, p.Page.TicketID, AppleWallet)
	if err != nil {
		return "", err
	}
	row.Token = w.Token()
	kept, err := w.Store.KeepPass(ctx, row)
	return kept.Token, err
}

// row is a pass of a ticket as it is kept from now on.
func (w *Wallets) row(o *sales.Order, p *Pass, ticket string, wallet WalletKind) (WalletPass, error) {
	digest, err := p.digest()
	row := WalletPass{
		Wallet: wallet, Serial: p.Serial, Institution: o.Institution, Order: o.ID, Ticket: ticket, Language: p.Language, Digest: digest,
		UpdatedAt: w.Clock(),
	}
	if t := o.Ticket(ticket); t != nil {
		if l, _ := o.Place(t.Place); l != nil {
			row.Performance = int64(l.Performance)
		}
	}
	return row, err
}

// known finds a pass by what a phone says of it. Whatever is wrong with that is wallet.token.
func (w *Wallets) known(ctx context.Context, passType, serial string, token domain.Secret) (WalletPass, error) {
	wrong := domain.Errorf(domain.Unauthenticated, CodeWalletToken, "the pass and its token do not go together")
	if w == nil || w.Apple == nil || passType != w.Apple.PassType() {
		return WalletPass{}, wrong
	}
	row, err := w.Store.WalletPass(ctx, AppleWallet, serial)
	if err != nil && !domain.HasCode(err, CodeWalletUnknown) {
		return WalletPass{}, err
	}
	if row.Token == "" || subtle.ConstantTimeCompare([]byte(row.Token.Reveal()), []byte(token.Reveal())) != 1 {
		return WalletPass{}, wrong
	}
	return row, nil
}

// Register stores that a phone wants to be told of a pass's changes; fresh says that it did not before. Errors: wallet.token;
// request.invalid for a phone's id or push token of an impossible form.
func (w *Wallets) Register(ctx context.Context, passType, serial string, token domain.Secret, d WalletDevice) (fresh bool, err error) {
	row, err := w.known(ctx, passType, serial, token)
	if err != nil {
		return false, err
	}
	if !deviceName(d.Device) || !deviceName(d.PushToken) {
		return false, domain.Errorf(domain.Invalid, domain.CodeRequest, "the registration cannot be kept").
			WithField("/pushToken", domain.CodeRequest, "1 to 200 letters, digits, dots, hyphens, underscores, colons or plus signs")
	}
	now := w.Clock()
	if fresh, err = w.Store.RegisterDevice(ctx, serial, d, now); err != nil {
		return false, err
	}
	_, err = w.Store.UpdatePass(ctx, row.Wallet, serial, func(p *WalletPass) error { // from now on it is looked at
		if p.CheckAt.IsZero() {
			p.CheckAt = now
		}
		return nil
	})
	return fresh, err
}

// deviceName says whether a phone's id or push token can stand in an address as it is.
func deviceName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' && c != ':' && c != '+' {
			return false
		}
	}
	return s != "" && s != "." && s != ".." && len(s) <= MaxWalletName
}

// Unregister forgets that a phone wants to be told. Errors: wallet.token.
func (w *Wallets) Unregister(ctx context.Context, passType, serial string, token domain.Secret, device string) error {
	if _, err := w.known(ctx, passType, serial, token); err != nil {
		return err
	}
	return w.Store.UnregisterDevice(ctx, serial, device)
}

// Changed lists the serials of a phone's passes that changed since it asked last, and the tag to ask with next time. The tag
// of another time, or none, lists all. What changed in the last seconds may be listed twice.
func (w *Wallets) Changed(ctx context.Context, device, passType, tag string) (serials []string, next string, err error) {
	if w == nil || w.Apple == nil || passType != w.Apple.PassType() {
		return nil, "", nil
	}
	var after time.Time
	if ms, err := strconv.ParseInt(tag, 10, 64); err == nil && ms > 0 && ms < 1<<45 {
		after = time.UnixMilli(ms).UTC()
	}
	now := w.Clock()
	list, err := w.Store.DevicePasses(ctx, device, after)
	if err != nil {
		return nil, "", err
	}
	for i := range list {
		serials = append(serials, list[i].Serial)
	}
	return serials, strconv.FormatInt(now.Add(-walletOverlap).UnixMilli(), 10), nil
}

// WriteCurrent writes a pass as it is now, taken back or not, for a phone that has one, and says when it last changed. Where
// it has not changed since the moment given it writes nothing and says so. Errors: wallet.token.
func (w *Wallets) WriteCurrent(ctx context.Context, out io.Writer, passType, serial string, token domain.Secret, since time.Time) (at time.Time, same bool, err error) {
	row, err := w.known(ctx, passType, serial, token)
	if err != nil {
		return time.Time{}, false, err
	}
	o, err := w.Orders.Order(ctx, row.Order)
	if err != nil {
		return time.Time{}, false, err
	}
	p, err := w.Tickets.pass(&o, row.Ticket, row.Language)
	if err != nil {
		return time.Time{}, false, err
	}
	digest, err := p.digest()
	if err != nil {
		return time.Time{}, false, err
	}
	at = row.UpdatedAt
	if digest != row.Digest {
		at = w.Clock() // the sweep has not seen it yet
	}
	if at = at.Truncate(time.Second); digest == row.Digest && !since.IsZero() && !at.After(since) {
		return at, true, nil
	}
	p.Token = row.Token
	return at, false, w.Apple.Pass(out, p)
}

// GoogleLinks gives addresses that save an order's good tickets, or the one named, to Google Wallet, after making sure that
// they are there. Errors: those of WriteApple; wallet.unreachable, wallet.refused.
func (w *Wallets) GoogleLinks(ctx context.Context, o *sales.Order, ticket, lang string) ([]SaveLink, error) {
	if err := w.May(GoogleWallet, o.Institution); err != nil {
		return nil, err
	}
	list, err := w.Tickets.passes(o, ticket, lang)
	if err != nil {
		return nil, err
	}
	made := map[string]bool{}
	var serials []string
	for i := range list {
		p := &list[i]
		if !made[p.Class] {
			shared, err := w.Tickets.classPass(o, p.Page.TicketID)
			if err != nil {
				return nil, err
			}
			if err := w.ensure(ctx, o, shared, p.Page.TicketID, googleClasses); err != nil {
				return nil, err
			}
			made[p.Class] = true
		}
		if err := w.ensure(ctx, o, *p, p.Page.TicketID, GoogleWallet); err != nil {
			return nil, err
		}
		serials = append(serials, p.Serial)
	}
	return w.Google.Links(serials)
}

// ensure makes sure that Google has a class or an object as it is now. That it should have is stored first, so that whatever
// is lost on the way is made up for by the sweep.
func (w *Wallets) ensure(ctx context.Context, o *sales.Order, p Pass, ticket string, wallet WalletKind) error {
	row, err := w.row(o, &p, ticket, wallet)
	if err != nil {
		return err
	}
	now := w.Clock()
	if wallet == googleClasses {
		row.Serial = p.Class
	}
	digest := row.Digest
	row.Digest, row.CheckAt = "", now.Add(walletSoon)
	kept, err := w.Store.KeepPass(ctx, row)
	if err != nil || kept.Digest == digest {
		return err
	}
	return w.save(ctx, kept, p, digest)
}

// save tells Google how a class or an object is now, and keeps that it knows.
func (w *Wallets) save(ctx context.Context, row WalletPass, p Pass, digest string) error {
	send := w.Google.SaveObject
	if row.Wallet == googleClasses {
		send = w.Google.SaveClass
	}
	if err := send(ctx, p, row.Digest != ""); err != nil {
		return err
	}
	now := w.Clock()
	_, err := w.Store.UpdatePass(ctx, row.Wallet, row.Serial, func(k *WalletPass) error {
		k.Digest, k.UpdatedAt, k.Tries = digest, now, 0
		k.settle(&row, w.next(&p, now))
		return nil
	})
	return err
}

// settle says when a pass is looked at next, unless something has changed since it was read as was.
func (k *WalletPass) settle(was *WalletPass, next time.Time) {
	if k.CheckAt.Equal(was.CheckAt) {
		k.CheckAt = next
	}
}

// next is when a pass is looked at again without being asked to; never once it is void, or long over.
func (w *Wallets) next(p *Pass, now time.Time) time.Time {
	if !p.Void.IsZero() || (!p.Expires.IsZero() && now.After(p.Expires.Add(walletLast))) {
		return time.Time{}
	}
	return now.Add(walletEvery)
}
