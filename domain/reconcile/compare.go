package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/sales"
)

// SoldTicket is one ticket of the platform's list of what was sold. Members but State and Price may be zero: the list's
// shape is not published in full.
type SoldTicket struct {
	Order    int64 // the platform's
	Movement int64
	Barcode  sales.Barcode
	State    string
	Price    int64 // thousandths
}

// Found is an order as the platform has it.
type Found struct {
	Known   bool // false: the platform does not give such an order
	Ours    bool // its purchaser or channel is ours
	State   sales.PlatformState
	Total   *domain.Money
	Tickets []sales.IssuedTicket // those that admit nobody any more included
}

// dead reports whether a ticket of that state admits nobody any more; the list of states is open.
func dead(state string) bool {
	s := strings.ToUpper(state)
	return strings.Contains(s, "INVALID") || strings.Contains(s, "CANCEL")
}

// good reports whether a ticket of ours admits somebody.
func good(t *sales.Ticket) bool { return t.CancelledAt.IsZero() && !dead(t.State) }

// agrees reports whether the list of sold tickets says of a sold order what we say: every place its good ticket with our
// barcode, no other good one, and the prices of its lines together.
func agrees(o *sales.Order, listed []SoldTicket) bool {
	mine := map[int64]sales.Barcode{}
	for _, t := range o.Tickets {
		if good(&t) {
			mine[t.Movement] = t.Barcode
		}
	}
	n, paid := 0, int64(0)
	for _, t := range listed {
		if dead(t.State) {
			continue
		}
		if barcode, ok := mine[t.Movement]; !ok || barcode != t.Barcode {
			return false
		}
		n++
		paid += t.Price
	}
	var lines domain.Money
	var err error
	for _, l := range o.Lines {
		if lines, err = lines.Add(l.Total); err != nil {
			return false
		}
	}
	asked, err := lines.Thousandths()
	return err == nil && n == len(mine) && n > 0 && paid == asked
}

// booked is what the ledger holds for an order's sale: its close and the fees of that with what corrected them, without refunds
// and other fees.
func booked(postings []account.Posting) int64 {
	sum := int64(0)
	for _, p := range postings {
		if feeOfSale(p) || !besideSale(p.Debit) && !besideSale(p.Credit) && p.Kind != account.Payment {
			sum += p.Change()
		}
	}
	return sum
}

// feeOfSale reports whether a posting is the fee of the order's own close, or the reversal of that.
func feeOfSale(p account.Posting) bool {
	return (p.Kind == account.Fee && p.Cause == p.Order) || (p.Kind == account.Reversal && p.Cause == "of "+string(account.Fee)+" "+p.Order)
}

func besideSale(a account.Account) bool {
	return strings.HasPrefix(string(a), account.Refunds+":") || strings.HasPrefix(string(a), account.Fees+":") || a == account.Bank
}

// compareOrder says how our order and the platform's differ. An order whose outcome is not known yet is settled, not
// compared.
func compareOrder(o *sales.Order, postings []account.Posting, f Found) []Difference {
	if o.Status.Unknown() {
		return nil
	}
	closed := f.Known && f.State == sales.PlatformClosed
	c := comparison{o: o, f: f, context: []Fact{
		{sideOurs, "status", string(o.Status)},
		{sideOurs, "total", o.Total.String()},
		{sideOurs, "tickets", strconv.Itoa(len(o.Tickets))},
		{sidePlatform, "state", platformState(f)},
		{sidePlatform, "tickets", strconv.Itoa(len(f.Tickets))},
		{sidePlatform, "order", strconv.FormatInt(o.Platform.OrderID, 10)},
	}}
	switch {
	case !o.Status.Sold() && !soldAt(o).IsZero(): // undone, or being undone
	case !o.Status.Sold():
		if closed && stillGood(f.Tickets) {
			c.add(PlatformSold, Fact{sideOurs, "sold", "false"}, Fact{sidePlatform, "sold", "true"})
		}
	case !closed:
		c.add(NotAtPlatform, Fact{sideOurs, "sold", "true"}, Fact{sidePlatform, "state", platformState(f)})
	default:
		c.amount(postings)
		c.tickets()
	}
	return c.out
}

// stillGood reports whether an order's tickets admit anybody, or are not there yet.
func stillGood(tickets []sales.IssuedTicket) bool {
	return len(tickets) == 0 || slices.ContainsFunc(tickets, func(t sales.IssuedTicket) bool { return !dead(t.State) })
}

func platformState(f Found) string {
	if !f.Known {
		return "unknown"
	}
	return string(f.State)
}

type comparison struct {
	o       *sales.Order
	f       Found
	context []Fact
	out     []Difference
}

func (c *comparison) add(kind Kind, facts ...Fact) {
	c.out = append(c.out, Difference{
		Kind: kind, Subject: Subject{Order: string(c.o.ID)}, Storefront: c.o.Storefront, Facts: facts, Context: c.context,
	})
}

func (c *comparison) amount(postings []account.Posting) {
	if c.f.Total == nil {
		return
	}
	ours := booked(postings)
	asked, err := c.f.Total.Thousandths()
	if err == nil && ours == asked {
		return
	}
	c.add(AmountDiffers, Fact{sideOurs, amountInMinor, account.Minor(ours, c.f.Total.Currency).String()}, Fact{sidePlatform, amountInMinor, c.f.Total.String()})
}

// tickets compares place by place, by movement.
func (c *comparison) tickets() {
	var changed, cancelled, missing []Fact
	for _, t := range c.o.Tickets {
		if !good(&t) {
			continue
		}
		name := "movement " + strconv.FormatInt(t.Movement, 10)
		var valid []sales.IssuedTicket
		state := ""
		for _, p := range c.f.Tickets {
			switch {
			case p.Movement != t.Movement:
			case dead(p.State):
				state = p.State
			default:
				valid = append(valid, p)
			}
		}
		same := slices.ContainsFunc(valid, func(p sales.IssuedTicket) bool { return p.Barcode == t.Barcode })
		switch {
		case same:
		case len(valid) > 0 && valid[0].Barcode != "":
			changed = append(changed, Fact{sideOurs, name, shortBarcode(t.Barcode)}, Fact{sidePlatform, name, shortBarcode(valid[0].Barcode)})
		case strings.Contains(strings.ToUpper(state), "CANCEL"):
			cancelled = append(cancelled, Fact{sideOurs, name, shortBarcode(t.Barcode)}, Fact{sidePlatform, name, state})
		default:
			missing = append(missing, Fact{sideOurs, name, shortBarcode(t.Barcode)}, Fact{sidePlatform, name, "no good ticket"})
		}
	}
	for _, d := range []struct {
		kind  Kind
		facts []Fact
	}{{BarcodeChanged, changed}, {TicketCancelled, cancelled}, {TicketMissing, missing}} {
		if len(d.facts) > 0 {
			c.add(d.kind, d.facts...)
		}
	}
}

// shortBarcode shows the end of a barcode, and enough of its digest to tell two with the same end apart.
func shortBarcode(b sales.Barcode) string {
	sum := sha256.Sum256([]byte(b))
	return fmt.Sprintf("%s (%s)", b.Short(), hex.EncodeToString(sum[:4]))
}

// comparePayment says how a payment and the orders of its reference differ. Others are the reference's other payments.
func comparePayment(p Payment, orders []sales.Order, others []Payment, now time.Time) []Difference {
	d := Difference{Subject: Subject{Payment: p.ID}, Storefront: p.Storefront, Context: []Fact{
		{sideStorefront, "payment_id", p.PaymentID},
		{sideStorefront, "payment_reference", p.Reference},
		{sideStorefront, "paid_at", p.PaidAt.UTC().Format(time.RFC3339)},
	}}
	var sold *sales.Order
	for i := range orders {
		o := &orders[i]
		if o.Institution != p.Institution {
			continue
		}
		if o.Status.Unknown() {
			return nil // it is being settled
		}
		d.Context = append(d.Context, Fact{sideOurs, "order " + string(o.ID), string(o.Status)})
		if !soldAt(o).IsZero() { // also one that was undone since: its payment was right
			sold = o
		}
	}
	paid := Fact{sideStorefront, amountInMinor, p.Amount.String()}
	if sold == nil {
		if now.Sub(p.PaidAt) < payGrace {
			return nil // the close may still come
		}
		d.Kind, d.Facts = PaidNoTicket, []Fact{paid}
		return []Difference{d}
	}
	var out []Difference
	for _, q := range others {
		if q.ID != p.ID && q.Institution == p.Institution && (q.PaidAt.Before(p.PaidAt) || (q.PaidAt.Equal(p.PaidAt) && q.ID < p.ID)) {
			twice := d
			twice.Kind, twice.Facts = DoublePayment, []Fact{{sideOurs, "order", string(sold.ID)}, paid, {sideStorefront, "paid before", q.PaymentID}}
			return []Difference{twice}
		}
	}
	if p.Amount != sold.Total {
		d.Kind, d.Facts = PaymentDiffers, []Fact{{sideOurs, amountInMinor, sold.Total.String()}, paid}
		out = append(out, d)
	}
	return out
}

// payGrace is how long after a payment its sale may still come.
const payGrace = time.Hour

// Span is a time that a storefront's reports of payments cover.
type Span struct{ From, To time.Time }

// compareUnpaid says whether a sold order is left out of its storefront's reports: they cover the time of its sale, and no
// payment of its reference is among them.
func compareUnpaid(o *sales.Order, payments []Payment, covered Span) []Difference {
	at := soldAt(o)
	if !o.Status.Sold() || at.IsZero() || at.Before(covered.From) || at.After(covered.To) {
		return nil
	}
	if slices.ContainsFunc(payments, func(p Payment) bool { return p.Institution == o.Institution }) {
		return nil
	}
	return []Difference{{
		Kind: TicketNoPayment, Subject: Subject{Order: string(o.ID)}, Storefront: o.Storefront,
		Facts:   []Fact{{sideOurs, amountInMinor, o.Total.String()}, {sideOurs, "payment_reference", o.PaymentReference}},
		Context: []Fact{{sideOurs, "sold_at", at.UTC().Format(time.RFC3339)}, {sideOurs, "reference", o.Reference}},
	}}
}

// soldAt is when an order became sold; zero where it never was.
func soldAt(o *sales.Order) time.Time {
	for _, st := range o.History {
		if st.Status.Sold() {
			return st.At
		}
	}
	return time.Time{}
}
