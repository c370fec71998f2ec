package delivery

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
)

// MailMark is how far an institution's changes were told to buyers: every line up to Seq and Line, and of the next one the
// orders up to Order.
type MailMark struct {
	Seq, Line int64
	Order     sales.OrderID
}

// MovedLine is a change of a performance that buyers are told of.
type MovedLine struct {
	Seq, Line   int64
	Performance catalog.PerformanceID
}

// ChangedStore is what telling buyers of changes needs of the store.
type ChangedStore interface {
	// MailMark is how far changes were told; known is false before the first.
	MailMark(ctx context.Context, code domain.InstitutionCode) (mark MailMark, known bool, err error)
	SaveMailMark(ctx context.Context, code domain.InstitutionCode, mark MailMark) error
	// NextMoved is the first line after the mark's, and not after the sequence number upTo, that changed a performance's time,
	// place or state; found is false where there is none.
	NextMoved(ctx context.Context, code domain.InstitutionCode, after MailMark, upTo int64) (line MovedLine, found bool, err error)
	// TicketOrders lists up to limit orders that have a ticket for the performance, after the one given, by their id.
	TicketOrders(ctx context.Context, code domain.InstitutionCode, id catalog.PerformanceID, after sales.OrderID, limit int) ([]sales.OrderID, error)
}

// Bounds of one run of TellChanges.
const (
	changeOrders = 200 // orders read at a time
	changeLines  = 50  // lines looked at
)

// TellChanges queues a mail for each sold order whose performance the institution called off, rescheduled or moved, or put back as
// it was, since the last run; what was changed before the first run is not told. It does one bounded step, and may be run twice:
// a mail follows from the order and the change.
func (s *Mails) TellChanges(ctx context.Context, code domain.InstitutionCode) (domain.Outcome, error) {
	var out domain.Outcome
	if s.Mailer == nil || !s.OnChange[code] {
		return out, nil
	}
	upTo := s.Served(code)
	mark, known, err := s.Store.MailMark(ctx, code)
	if err != nil {
		return out, err
	}
	if !known {
		return out, s.Store.SaveMailMark(ctx, code, MailMark{Seq: upTo, Line: math.MaxInt64})
	}
	for range changeLines {
		line, found, err := s.Store.NextMoved(ctx, code, mark, upTo)
		if err != nil || !found {
			return out, err
		}
		told, whole, err := s.tellOrders(ctx, code, &mark, line)
		out.Done += told
		if saved := s.Store.SaveMailMark(ctx, code, mark); err != nil || saved != nil {
			return out, errors.Join(err, saved)
		}
		if !whole {
			out.Left++ // the next run goes on
			return out, nil
		}
	}
	out.Left++
	return out, nil
}

// tellOrders tells some orders of a line and moves the mark after them; whole says that none is left.
func (s *Mails) tellOrders(ctx context.Context, code domain.InstitutionCode, mark *MailMark, line MovedLine) (told int, whole bool, err error) {
	ids, err := s.Store.TicketOrders(ctx, code, line.Performance, mark.Order, changeOrders)
	if err != nil {
		return 0, false, err
	}
	for _, id := range ids {
		queued, err := s.tellOrder(ctx, id, line)
		if err != nil {
			return told, false, err
		}
		if queued {
			told++
		}
		mark.Order = id
	}
	if whole = len(ids) < changeOrders; whole {
		*mark = MailMark{Seq: line.Seq, Line: line.Line}
	}
	return told, whole, nil
}

// tellOrder queues a mail where the order's buyer has been told something else, or nothing.
func (s *Mails) tellOrder(ctx context.Context, id sales.OrderID, line MovedLine) (queued bool, err error) {
	o, err := s.Orders.Order(ctx, id)
	if err != nil || o.Status != sales.Issued || CheckAddress(o.Buyer.Email) != nil {
		return false, err
	}
	now := s.Clock()
	if end, err := s.Delivery.lastEnd(&o); err != nil || (!end.IsZero() && end.Before(now)) {
		return false, err
	}
	before, err := s.Of(ctx, id)
	if err != nil || len(before) >= MaxMails {
		return false, err
	}
	view, err := s.Delivery.Catalog.View(o.Institution)
	if err != nil {
		return false, err
	}
	digest := toldDigest(o.Notices(func(id catalog.PerformanceID) *catalog.Performance { return view.Performance(id) }))
	last := toldDigest(nil)
	for _, m := range before { // newest first
		if m.Reason == MailChanged {
			last = m.Digest
			break
		}
	}
	if digest == last {
		return false, nil
	}
	m := newMail(mailID("changed", string(id), strconv.FormatInt(line.Seq, 10)), &o, MailChanged, now)
	m.Digest = digest
	_, queued, err = s.Store.QueueMail(ctx, m, nil)
	return queued, err
}

// toldDigest is the same for the same notices.
func toldDigest(notices []sales.Notice) string {
	var parts []string
	for _, n := range notices {
		parts = append(parts, string(n.Kind), strconv.Itoa(n.Line), strconv.FormatInt(n.Now.UnixMilli(), 10), n.Place.Code, n.Place.SpaceCode)
	}
	return strings.ToLower(string(mailID(parts...)))
}
