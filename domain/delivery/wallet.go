package delivery

import (
	"context"
	"io"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
)

// Codes of wallets on phones.
const (
	CodeWalletOff     = "wallet.off"         // the wallet is not configured here, or not for the institution
	CodeWalletTixngo  = "wallet.tixngo"      // TIXNGO brings the institution's tickets to phones
	CodeWalletUnknown = "wallet.unknown"     // there is no such pass
	CodeWalletToken   = "wallet.token"       // the phone does not know the pass's own token
	CodeWalletAway    = "wallet.unreachable" // the wallet's vendor does not answer
	CodeWalletRefused = "wallet.refused"     // the wallet's vendor refuses
	// CodeWalletGone says that a phone is not told any more: its push token is no good. Only Apple gives it, to Wallets.
	CodeWalletGone = "wallet.gone"
)

// WalletKind names a wallet.
type WalletKind string

// The wallets.
const (
	AppleWallet  WalletKind = "apple"
	GoogleWallet WalletKind = "google"
	// googleClasses is what tickets to one thing have in common at Google, kept like passes.
	googleClasses WalletKind = "google_class"
)

// WalletKinds lists the wallets.
func WalletKinds() []WalletKind { return []WalletKind{AppleWallet, GoogleWallet} }

// Pass is what a wallet shows of one ticket: plain data, every text chosen.
type Pass struct {
	Serial      string // of order and ticket: it stays the same whatever becomes of the barcode
	Class       string // of what it is for: the same for every ticket to it
	Institution domain.InstitutionCode
	Page        Page            // in the reader's language
	Language    string          // that language
	Others      map[string]Page // the same in the catalog's other languages
	Void        time.Time       // since when it admits nobody; zero: it is good
	CalledOff   bool            // the institution called the performance off
	Expires     time.Time       // when there is nothing left to go to; zero: it has no date
	Token       domain.Secret   // what a phone has to know to ask after it; empty: it cannot
}

// Apple is Apple Wallet. Implementations are safe for concurrent use.
type Apple interface {
	// PassType is the pass type identifier of every pass.
	PassType() string
	// Pass writes a signed .pkpass. Errors: ticket.barcode where a good pass's payload cannot be shown.
	Pass(w io.Writer, p Pass) error
	// Bundle writes several as .pkpasses.
	Bundle(w io.Writer, list []Pass) error
	// Push tells a phone that a pass has changed, by the push token that it registered with. Errors: wallet.gone for a token
	// that is no good any more; wallet.unreachable; wallet.refused.
	Push(ctx context.Context, pushToken string) error
}

// Google is Google Wallet. Implementations are safe for concurrent use. Errors: wallet.unreachable, wallet.refused.
type Google interface {
	// SaveClass makes or changes what tickets to one thing have in common. There says that it was made before.
	SaveClass(ctx context.Context, p Pass, there bool) error
	// SaveObject makes or changes a ticket's object; one that is void shows no barcode.
	SaveObject(ctx context.Context, p Pass, there bool) error
	// Links signs addresses that save tickets to the wallet of whoever opens them: as few as keep each within the length that
	// is safe. What they save must exist.
	Links(serials []string) ([]SaveLink, error)
}

// SaveLink is an address that saves some of an order's tickets.
type SaveLink struct {
	URL     string
	Serials []string
}

// WalletPass is what is known of a pass that was given out.
type WalletPass struct {
	Wallet      WalletKind
	Serial      string
	Institution domain.InstitutionCode
	Order       sales.OrderID
	Ticket      string
	Performance int64 // 0: none
	Language    string
	Token       domain.Secret
	Digest      string    // of what it said when it was last looked at; empty: the vendor does not have it yet
	UpdatedAt   time.Time // when that last changed
	Untold      bool      // the phones that have it are still to be told
	CheckAt     time.Time // when it is looked at next; zero: never
	Tries       int       // how often telling failed
}

// WalletDevice is a phone that asked to be told of a pass's changes.
type WalletDevice struct{ Device, PushToken string }

// WalletStore keeps passes that were given out and the phones that ask after them. Implementations are safe for concurrent
// use, also by several processes.
type WalletStore interface {
	// KeepPass stores a pass that is given out for the first time, and returns the one that was there where it was before.
	KeepPass(ctx context.Context, p WalletPass) (WalletPass, error)
	// WalletPass loads a pass; domain.NotFound (wallet.unknown).
	WalletPass(ctx context.Context, wallet WalletKind, serial string) (WalletPass, error)
	// UpdatePass changes a pass through a pure closure, under its row's lock.
	UpdatePass(ctx context.Context, wallet WalletKind, serial string, change func(*WalletPass) error) (WalletPass, error)
	// DuePasses lists those whose CheckAt has come, the longest due first.
	DuePasses(ctx context.Context, now time.Time, limit int) ([]WalletPass, error)
	// RegisterDevice stores that a phone wants to be told; fresh says that it did not before. A phone that is told of a pass
	// anew gets its push token replaced for all. At most MaxWalletDevices have one pass: the oldest is forgotten.
	RegisterDevice(ctx context.Context, serial string, d WalletDevice, at time.Time) (fresh bool, err error)
	// UnregisterDevice forgets that; nothing where it was not so.
	UnregisterDevice(ctx context.Context, serial, device string) error
	// DevicePasses lists the passes of a phone that changed after a moment, by their serial.
	DevicePasses(ctx context.Context, device string, after time.Time) ([]WalletPass, error)
	// Devices lists the phones of a pass.
	Devices(ctx context.Context, serial string) ([]WalletDevice, error)
	// ForgetPushToken forgets every registration with a push token.
	ForgetPushToken(ctx context.Context, pushToken string) error
}

// Bounds of registrations and of what phones send.
const (
	MaxWalletDevices = 50
	MaxWalletName    = 200 // characters of a phone's id or push token
)
