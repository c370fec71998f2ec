package delivery

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
)

// Codes of the buyer's own link.
const (
	CodeLinkOff     = "link.off"     // no secret is configured, so that there are no links
	CodeLinkUnknown = "link.unknown" // a token that we did not sign
	CodeLinkExpired = "link.expired" // a token that was good once; or a new one would have expired already
)

// Bounds of links.
const (
	// MinLinkSecret is how long a secret is at least, in bytes.
	MinLinkSecret = 32
	// maxLinkSecrets is how many are taken at once: the one that signs, and those that are being given up.
	maxLinkSecrets = 8
	// undatedLink is how long a link is good for that leads to nothing with a date.
	undatedLink = 365 * 24 * time.Hour
	// longestLink is the most that any link is good for.
	longestLink = 3 * 365 * 24 * time.Hour
)

// Lengths of a token's parts, in bytes: which secret signed it, when it expires (Unix seconds), the signature. Between the
// last two stands the order's id without its prefix.
const (
	linkKeySize, linkTimeSize, linkSignSize = 4, 4, 16
	linkHead                                = linkKeySize + linkTimeSize
	linkPrefix                              = "ord_"
	maxLinkToken                            = 200 // characters
)

// Links signs the addresses of buyers' own pages and reads them back. A token names the order and when it expires, signed
// with HMAC-SHA256, so that nothing is stored for it and nobody can make or prolong one; whoever holds it holds the
// tickets. It is safe for concurrent use.
type Links struct {
	keys  []linkKey
	days  int
	clock domain.Clock
}

type linkKey struct {
	id     [linkKeySize]byte
	secret []byte
}

// NewLinks makes Links that sign with the first secret and read what any of them signed, so that a secret is replaced by
// putting a new one before it, and removed once its links have expired. Days is how long after the last performance's end
// a link stays good.
func NewLinks(secrets []domain.Secret, days int, clock domain.Clock) (*Links, error) {
	if len(secrets) == 0 || len(secrets) > maxLinkSecrets {
		return nil, fmt.Errorf("links need 1 to %d secrets", maxLinkSecrets)
	}
	if days < 1 || days > 365 {
		return nil, fmt.Errorf("links last 1 to 365 days, not %d", days)
	}
	l := &Links{days: days, clock: clock}
	for i, s := range secrets {
		if len(s) < MinLinkSecret {
			return nil, fmt.Errorf("the link secret number %d is shorter than %d characters", i+1, MinLinkSecret)
		}
		k := linkKey{secret: []byte(s.Reveal())}
		copy(k.id[:], k.sign([]byte("guichet link key")))
		for _, other := range l.keys {
			if other.id == k.id {
				return nil, errors.New("two link secrets are the same")
			}
		}
		l.keys = append(l.keys, k)
	}
	return l, nil
}

func (k *linkKey) sign(message []byte) []byte {
	h := hmac.New(sha256.New, k.secret)
	_, _ = h.Write(message) // never fails
	return h.Sum(nil)[:linkSignSize]
}

// Token signs a link to an order that is good until the time given, to the second. It is URL-safe.
func (l *Links) Token(id sales.OrderID, until time.Time) string {
	k := &l.keys[0]
	b := append(make([]byte, 0, 64), k.id[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(until.Unix())) //nolint:gosec // G115: good until 2106, and Link bounds it
	b = append(b, strings.TrimPrefix(string(id), linkPrefix)...)
	return base64.RawURLEncoding.EncodeToString(append(b, k.sign(b)...))
}

// Open reads a token. Errors: link.unknown (NotFound) for what we did not sign, whatever is wrong with it; link.expired
// (Gone). A signature is computed and compared in constant time for every token, so that the time it takes tells nothing.
func (l *Links) Open(token string) (sales.OrderID, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	whole := err == nil && len(token) <= maxLinkToken && len(raw) > linkHead+linkSignSize
	if !whole {
		raw = make([]byte, linkHead+linkSignSize+26)
	}
	body, sign := raw[:len(raw)-linkSignSize], raw[len(raw)-linkSignSize:]
	k, known := &l.keys[0], false
	for i := range l.keys {
		if hmac.Equal(l.keys[i].id[:], body[:linkKeySize]) {
			k, known = &l.keys[i], true
		}
	}
	if good := hmac.Equal(k.sign(body), sign); !good || !known || !whole {
		return "", domain.Errorf(domain.NotFound, CodeLinkUnknown, "this link is not one of ours")
	}
	if until := time.Unix(int64(binary.BigEndian.Uint32(body[linkKeySize:])), 0); !l.clock().Before(until) {
		return "", domain.Errorf(domain.Gone, CodeLinkExpired, "this link has expired")
	}
	return sales.OrderID(linkPrefix + string(body[linkHead:])), nil
}

// Link signs a link to a sold order, good until the configured days after its last performance ends; for a year where
// nothing in it has a date. Errors: link.off; ticket.not_issued before the sale; link.expired where that time has passed.
func (s *Service) Link(o *sales.Order) (token string, until time.Time, err error) {
	if s.Links == nil {
		return "", time.Time{}, domain.Errorf(domain.Conflict, CodeLinkOff, "buyers' pages are not switched on here")
	}
	if !sold(o) {
		return "", time.Time{}, domain.Errorf(domain.Conflict, sales.CodeTicketNotIssued, "the order is %s; it has no tickets", o.Status)
	}
	now := s.Links.clock()
	if until, err = s.lastEnd(o); err != nil {
		return "", time.Time{}, err
	}
	if until.IsZero() {
		until = now.Add(undatedLink)
	} else {
		until = until.AddDate(0, 0, s.Links.days)
	}
	if most := now.Add(longestLink); until.After(most) {
		until = most
	}
	until = until.UTC().Truncate(time.Second)
	if !now.Before(until) {
		return "", time.Time{}, domain.Errorf(domain.Gone, CodeLinkExpired, "the last performance ended more than %d days ago", s.Links.days)
	}
	return s.Links.Token(o.ID, until), until, nil
}

// sold reports whether the buyer has, or had, anything.
func sold(o *sales.Order) bool { return o.Status.Sold() || len(o.Tickets) > 0 }

// lastEnd is when the last of an order's dated things is over; zero where none has a date.
func (s *Service) lastEnd(o *sales.Order) (time.Time, error) {
	inst, err := s.Catalog.Institution(o.Institution)
	if err != nil {
		return time.Time{}, err
	}
	var last time.Time
	for i := range o.Lines {
		if end, _ := s.lineEnd(o, inst, &o.Lines[i]); end.After(last) {
			last = end
		}
	}
	return last, nil
}

// lineEnd is when what a line is for is over: at its end or, where that is not known, its start, and timed; or with its day. It is
// zero where there is no date.
func (s *Service) lineEnd(o *sales.Order, inst domain.Institution, l *sales.Line) (end time.Time, timed bool) {
	f := s.facts(o, l)
	switch {
	case f.End.After(f.Start):
		return f.End, true
	case !f.Start.IsZero():
		return f.Start, true
	case f.Day.Valid():
		return f.Day.Start(zoneOf(inst, &f)).AddDate(0, 0, 1), false
	}
	return time.Time{}, false
}

// facts are a line's names and times as the catalog has them now, or as they were sold.
func (s *Service) facts(o *sales.Order, l *sales.Line) catalog.Facts {
	f, ok := s.Catalog.Facts(o.Institution, catalog.Want{
		Performance: l.Performance, Item: l.Item, SeatCategory: l.SeatCategory, Tariff: l.Tariff, Day: l.Day, Timeslot: l.Timeslot,
	})
	if !ok { // gone from the catalog
		return l.Facts
	}
	return f
}

// zoneOf is the venue's zone.
func zoneOf(inst domain.Institution, f *catalog.Facts) *time.Location {
	if z, err := time.LoadLocation(f.TimeZone); err == nil && f.TimeZone != "" {
		return z
	}
	return inst.Location()
}
