package secutix

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/secutix/s360"
)

// Sales implements sales.Platform.
type Sales struct{ *Institutions }

var _ sales.Platform = Sales{}

// Hold implements sales.Platform. S-360: ExternalOrderFacade.createOrUpdateOrder, then ExternalOrderService.getOrderDetails
// for the expiry where the first answer does not carry it.
func (s Sales) Hold(ctx context.Context, o sales.Order) (sales.Hold, error) {
	ctx = forOrder(ctx, o)
	i, err := s.of(o.Institution)
	if err != nil {
		return sales.Hold{}, err
	}
	pos, err := s.point(ctx, i)
	if err != nil {
		return sales.Hold{}, certain(err)
	}
	client := i.client.WithClass(classSale)
	answer, err := client.OrderFacade.CreateOrUpdateOrder(ctx, i.toCreate(o, pos))
	if err != nil {
		s.giveBackPart(ctx, client, answer.OrderUpdateData)
		return sales.Hold{}, toError(err, i.Words...)
	}
	d := answer.OrderUpdateData
	if d == nil || d.OrderID == 0 {
		return sales.Hold{}, unclear("the platform's answer names no order")
	}
	h := toHold(o, pos.inst.Currency, d, visit{date: i.VisitDate, slot: i.VisitSlot})
	h.ExpiresAt = toTime(d.ExpirationDate)
	if h.ExpiresAt.IsZero() && h.Defect == nil {
		h.ExpiresAt = s.expiry(ctx, client, i, d.OrderID)
	}
	return h, nil
}

// certain marks an error from before the changing call as one that left nothing behind.
func certain(err error) error {
	if e := domain.AsError(err); e.Uncertain {
		copied := *e
		copied.Uncertain = false
		return &copied
	}
	return err
}

// giveBackPart abandons places that a refused hold attributed all the same, but for those known; best effort, they lapse by
// themselves.
func (s Sales) giveBackPart(ctx context.Context, client *s360.Client, d *s360.OrderUpdateData, known ...int64) {
	if d == nil || d.OrderID == 0 {
		return
	}
	var movements s360.List[s360.ID]
	for _, m := range d.MovementDataUpdates {
		if !slices.Contains(known, int64(m.MovementID)) {
			movements = append(movements, m.MovementID)
		}
	}
	if len(movements) == 0 {
		return
	}
	if _, err := client.Orders.AbandonMovements(ctx, s360.AbandonMovementsRequest{OrderID: d.OrderID, MovementIDs: movements}); err != nil {
		s.log.WarnContext(ctx, "places of a refused hold could not be given back; they lapse by themselves", "error", err)
	}
}

// expiry asks when the platform lets the hold go; where it cannot say, a careful guess from the settings.
func (s Sales) expiry(ctx context.Context, client *s360.Client, i *institution, order s360.ID) time.Time {
	answer, err := client.Orders.GetOrderDetails(ctx, s360.OrderDetailsRequest{OrderID: order, Granularity: s360.GranularityOperations})
	if err == nil && answer.OrderDetailsData != nil {
		if at := toTime(answer.OrderDetailsData.ExpirationDate); !at.IsZero() {
			return at
		}
	}
	return s.clock().Add(i.HoldLifetime)
}

func (i *institution) contact(o sales.Order) string {
	if o.PurchaserContact != "" {
		return o.PurchaserContact
	}
	return i.PartnerContact
}

func (i *institution) toCreate(o sales.Order, pos *pointOfSales) s360.CreateOrUpdateOrderRequest {
	r := s360.CreateOrUpdateOrderRequest{
		PointOfSalesID: s360.ID(pos.inst.PointOfSales.ID), OrderType: s360.OrderTypeSale,
		PurchasersInfo:    s360.List[s360.ContactData]{{ContactReference: i.contact(o)}},
		ExternalReference: string(o.ID),
	}
	if o.Platform.OrderID == 0 {
		r.FileID = s360.ID(o.Platform.FileID) // of the sale that it takes the place of
	}
	groups := map[string]int{} // lines with the same areas are asked for as one, so that they sit together
	for _, l := range o.Lines {
		if l.Performance != 0 {
			key := fmt.Sprint(l.Wish.Areas)
			at, ok := groups[key]
			if !ok {
				at = len(r.SingleEntryAttributions)
				groups[key] = at
				r.SingleEntryAttributions = append(r.SingleEntryAttributions, s360.SingleEntryOperationAttributionData{PreferedAreas: toIDs(l.Wish.Areas)})
			}
			group := &r.SingleEntryAttributions[at]
			group.OperationAttributions = append(group.OperationAttributions, s360.OperationAttribution{
				AudienceSubCategoryID: s360.ID(l.Tariff), Quantity: s360.Int(l.Quantity), PerformanceID: s360.ID(l.Performance),
				SeatCategoryID: s360.ID(l.SeatCategory),
			})
			continue
		}
		op := s360.SimpleProductOperationCreationData{
			AudienceSubCategoryID: s360.ID(l.Tariff), Quantity: s360.Int(l.Quantity), ItemID: s360.ID(l.Item), Extra: s360.Members{},
		}
		if l.Day != "" {
			op.Extra[i.VisitDate] = json.RawMessage(fmt.Sprintf("%q", l.Day))
		}
		if l.Timeslot != 0 {
			op.Extra[i.VisitSlot] = json.RawMessage(strconv.FormatInt(int64(l.Timeslot), 10))
		}
		r.SimpleProductOperations = append(r.SimpleProductOperations, op)
	}
	return r
}

func toIDs(areas []catalog.AreaID) s360.List[s360.ID] {
	var ids s360.List[s360.ID]
	for _, a := range areas {
		ids = append(ids, s360.ID(a))
	}
	return ids
}

// toHold compares what was reserved with what was asked. Movements find their line through their operation and their own
// seat category, never by position; what cannot be sold as asked is a Defect.
func toHold(o sales.Order, currency domain.Currency, d *s360.OrderUpdateData, names visit) sales.Hold {
	return mapHold(o, currency, d, names, nil)
}

// mapHold is toHold for an order whose places have their line already, by movement.
func mapHold(o sales.Order, currency domain.Currency, d *s360.OrderUpdateData, names visit, placed map[int64]int) sales.Hold {
	h := sales.Hold{
		Platform: sales.PlatformRef{OrderID: int64(d.OrderID), SecretID: d.OrderSecretID},
		Lines:    make([]sales.HoldLine, len(o.Lines)),
	}
	m := holdMapping{order: o, currency: currency, hold: &h, visit: names, placed: placed, operations: map[s360.ID]*s360.OperationData{}}
	for i := range d.OperationDataUpdates {
		m.operation(&d.OperationDataUpdates[i])
	}
	for i := range d.MovementDataUpdates {
		m.movement(&d.MovementDataUpdates[i])
	}
	m.finish(d.GeneratedContiguities)
	return h
}

// visit names the members of an item's operation that carry the day and the slot.
type visit struct{ date, slot string }

// holdMapping is one answer being taken over.
type holdMapping struct {
	order      sales.Order
	currency   domain.Currency
	hold       *sales.Hold
	visit      visit
	placed     map[int64]int // the line of a movement, where it is known
	operations map[s360.ID]*s360.OperationData
	total      int64 // thousandths, over every operation whatever its kind
}

func (m *holdMapping) defect(kind domain.Kind, code, format string, args ...any) {
	if m.hold.Defect == nil {
		m.hold.Defect = &sales.Refusal{Kind: kind, Code: code, Detail: fmt.Sprintf(format, args...)}
	}
}

func (m *holdMapping) operation(op *s360.OperationData) {
	m.operations[op.OperationID] = op
	if m.hold.Platform.FileID == 0 {
		m.hold.Platform.FileID = int64(op.FileID)
	}
	if c := strings.ToUpper(codeOf(op.CatalogCurrency)); c != "" && domain.Currency(c) != m.currency {
		m.defect(domain.Conflict, sales.CodeCurrency, "the platform asks for %s, the institution sells in %s", c, m.currency)
	}
	if op.TotalAmount == nil {
		m.defect(domain.Upstream, domain.CodePlatformAnswer, "the platform gave a line without an amount")
		return
	}
	m.total += int64(*op.TotalAmount)
}

// movement gives one reserved place to its line.
func (m *holdMapping) movement(mv *s360.MovementData) {
	twice := slices.Contains(m.hold.Movements, int64(mv.MovementID))
	m.hold.Movements = append(m.hold.Movements, int64(mv.MovementID))
	if twice || mv.MovementID == 0 { // tickets find their place by it
		m.defect(domain.Upstream, domain.CodePlatformAnswer, "the platform reserved a place without a number of its own")
	}
	op := m.operations[mv.OperationID]
	if line, ok := m.placed[int64(mv.MovementID)]; ok {
		m.put(mv, op, line)
		return
	}
	if op == nil {
		m.defect(domain.Upstream, domain.CodePlatformAnswer, "the platform reserved a place of no line")
		return
	}
	cat := mv.SeatCategoryID
	if cat == 0 {
		cat = op.SeatCategoryID
	}
	line := -1
	for i, l := range m.order.Lines {
		if m.matches(l, op, cat) && (line < 0 || len(m.hold.Lines[line].Places) >= m.order.Lines[line].Quantity) {
			line = i
		}
	}
	if line < 0 {
		m.defect(domain.Upstream, domain.CodePlatformAnswer, "the platform reserved a place that was not asked for")
		return
	}
	m.put(mv, op, line)
}

// put gives a place, and the operation it belongs to where that is known, to a line.
func (m *holdMapping) put(mv *s360.MovementData, op *s360.OperationData, line int) {
	hl := &m.hold.Lines[line]
	hl.Places = append(hl.Places, sales.HoldPlace{Movement: int64(mv.MovementID), Seat: toSeat(mv)})
	if op == nil {
		return
	}
	if len(hl.Operations) == 0 || hl.Operations[len(hl.Operations)-1] != int64(op.OperationID) {
		hl.Operations = append(hl.Operations, int64(op.OperationID))
	}
}

// matches reports whether an operation can be the line's; what the platform does not say does not speak against it.
func (m *holdMapping) matches(l sales.Line, op *s360.OperationData, cat s360.ID) bool {
	same := func(asked int64, said s360.ID) bool { return said == 0 || asked == int64(said) }
	if !same(int64(l.Tariff), op.AudienceSubCategoryID) {
		return false
	}
	if l.Performance != 0 {
		return op.PerformanceID != 0 && same(int64(l.Performance), op.PerformanceID) && same(int64(l.SeatCategory), cat)
	}
	if op.PerformanceID != 0 || !same(int64(l.Item), op.ItemID) {
		return false
	}
	if raw, ok := op.Extra[m.visit.slot]; ok && l.Timeslot != 0 && strings.Trim(string(raw), `"`) != strconv.FormatInt(int64(l.Timeslot), 10) {
		return false
	}
	if raw, ok := op.Extra[m.visit.date]; ok && l.Day != "" && !strings.HasPrefix(strings.Trim(string(raw), `"`), string(l.Day)) {
		return false
	}
	return true
}

func toSeat(mv *s360.MovementData) sales.Seat {
	return sales.Seat{ID: int64(mv.SeatID), Area: mv.Area, Block: mv.Block, Row: mv.Row, Number: mv.Number, Entrance: mv.Entrance}
}

// finish prices the lines, counts the places and says which seats are together.
func (m *holdMapping) finish(contiguities []s360.ContiguityData) {
	var err error
	if m.hold.Total, err = domain.MoneyFromThousandths(m.total, m.currency); err != nil {
		m.defect(domain.Upstream, sales.CodePriceFraction, "the platform asks for an amount that %s cannot express", m.currency)
	}
	for i := range m.hold.Lines {
		hl, l := &m.hold.Lines[i], m.order.Lines[i]
		if len(hl.Places) != l.Quantity {
			m.defect(domain.Conflict, sales.CodeAvailability, "the platform reserved %d of %d places", len(hl.Places), l.Quantity)
			continue
		}
		m.price(hl, l)
		hl.Together = together(hl.Places, l, contiguities)
	}
}

// price takes the line's price from its operations. An operation that serves several lines gives its unit price.
func (m *holdMapping) price(hl *sales.HoldLine, l sales.Line) {
	var sum int64
	for _, id := range hl.Operations {
		op := m.operations[s360.ID(id)]
		if op.TotalAmount == nil {
			return // a defect already: nothing here is sold
		}
		sum += int64(*op.TotalAmount)
		if op.Quantity != nil && int(*op.Quantity) != l.Quantity && len(hl.Operations) == 1 && *op.Quantity > 0 {
			sum = sum / int64(*op.Quantity) * int64(l.Quantity)
		}
	}
	var err error
	if hl.Total, err = domain.MoneyFromThousandths(sum, m.currency); err != nil {
		m.defect(domain.Upstream, sales.CodePriceFraction, "the platform asks for an amount that %s cannot express", m.currency)
		return
	}
	if hl.UnitPrice, err = domain.MoneyFromThousandths(sum/int64(l.Quantity), m.currency); err != nil || sum%int64(l.Quantity) != 0 {
		hl.UnitPrice = l.UnitPrice // the sum is exact, one place's share is not: the catalog's price stands on the ticket
	}
}

// together says whether a line's seats are side by side, from the platform's own words; nil where it does not say.
func together(places []sales.HoldPlace, l sales.Line, contiguities []s360.ContiguityData) *bool {
	if l.Performance == 0 {
		return nil
	}
	mine := map[int64]bool{}
	for _, p := range places {
		mine[p.Movement] = true
	}
	for _, c := range contiguities {
		if int64(c.PerformanceID) != int64(l.Performance) || (c.SeatCategoryID != 0 && int64(c.SeatCategoryID) != int64(l.SeatCategory)) {
			continue
		}
		if c.Contiguous != nil && bool(*c.Contiguous) {
			yes := true
			return &yes
		}
		for _, seg := range c.Segments {
			n := 0
			for _, id := range seg.MovementIDs {
				if mine[int64(id)] {
					n++
				}
			}
			if n > 0 {
				all := n == len(places)
				return &all
			}
		}
		if c.Contiguous != nil {
			no := false
			return &no
		}
	}
	return nil
}

// Close implements sales.Platform. S-360: ExternalOrderService.closeOrder.
func (s Sales) Close(ctx context.Context, o sales.Order) (sales.Outcome, error) {
	ctx = forOrder(ctx, o)
	i, err := s.of(o.Institution)
	if err != nil {
		return sales.Outcome{}, err
	}
	pos, err := s.point(ctx, i)
	if err != nil {
		return sales.Outcome{}, certain(err)
	}
	r, err := i.toClose(o, pos)
	if err != nil {
		return sales.Outcome{}, err
	}
	answer, err := i.client.WithClass(classSale).Orders.CloseOrder(ctx, r)
	if err != nil {
		return sales.Outcome{}, toError(err, i.Words...)
	}
	return toOutcome(pos.inst.Currency, answer.Issued, answer.OrderData, sales.PlatformClosed), nil
}

func (i *institution) toClose(o sales.Order, pos *pointOfSales) (s360.CloseOrderRequest, error) {
	wait := s360.Int(i.MaxWait)
	r := s360.CloseOrderRequest{
		OrderID: s360.ID(o.Platform.OrderID), OrderType: s360.OrderTypeSale, GenerateBarCodes: true, MaxWaitingTime: &wait,
		PurchaserInfo: &s360.ContactData{ContactReference: i.contact(o)},
	}
	if i.OmitPayments || o.Total.Amount == 0 {
		return r, nil
	}
	amount, err := o.Total.Thousandths()
	if err != nil {
		return r, domain.Errorf(domain.Invalid, sales.CodePayment, "%v", err)
	}
	pay := s360.PaymentInfo{Amount: s360.Amount(amount), PaymentMethodID: pos.pending.ID}
	if i.PayerIsPartner {
		pay.ContactReference = i.PartnerContact
	}
	r.Payments = s360.List[s360.PaymentInfo]{pay}
	return r, nil
}

// Read implements sales.Platform. S-360: ExternalOrderService.getOrderDetails with granularity TICKETS.
func (s Sales) Read(ctx context.Context, o sales.Order) (sales.Outcome, error) {
	return s.read(ctx, o, classSettle)
}

// Reread implements sales.Platform. S-360: ExternalOrderService.getOrderDetails with granularity TICKETS.
func (s Sales) Reread(ctx context.Context, o sales.Order) (sales.Outcome, error) {
	return s.read(ctx, o, classControl)
}

func (s Sales) read(ctx context.Context, o sales.Order, class string) (sales.Outcome, error) {
	ctx = forOrder(ctx, o)
	i, err := s.of(o.Institution)
	if err != nil {
		return sales.Outcome{}, err
	}
	pos, err := s.point(ctx, i)
	if err != nil {
		return sales.Outcome{}, err
	}
	answer, err := i.client.WithClass(class).Orders.GetOrderDetails(ctx, s360.OrderDetailsRequest{
		OrderID: s360.ID(o.Platform.OrderID), Granularity: s360.GranularityTickets,
	})
	if err != nil {
		return sales.Outcome{}, toError(err, i.Words...)
	}
	if answer.OrderDetailsData == nil {
		return sales.Outcome{}, domain.Errorf(domain.Upstream, domain.CodePlatformAnswer, "the platform's answer has no order")
	}
	return toOutcome(pos.inst.Currency, answer.Issued, answer.OrderDetailsData, sales.PlatformOpen), nil
}

// toOutcome reads an order's state and tickets. Unsaid is what a missing state means: a close that succeeded is closed, a
// read that says nothing is open.
func toOutcome(currency domain.Currency, issued s360.Issued, d *s360.OrderDetailsData, unsaid sales.PlatformState) sales.Outcome {
	out := sales.Outcome{State: toState(issued.OrderState, unsaid)}
	for _, t := range issued.Tickets {
		if t.MovementID == 0 {
			continue // a ticket of no known place is never given to one by guessing; a later read names it
		}
		out.Tickets = append(out.Tickets, sales.IssuedTicket{
			Movement: int64(t.MovementID), PlatformTicket: int64(t.TicketID), Barcode: sales.Barcode(t.Barcode), State: t.State,
		})
	}
	if d != nil {
		out.ExpiresAt = toTime(d.ExpirationDate)
		if d.SaleAmount != nil {
			if total, err := domain.MoneyFromThousandths(int64(*d.SaleAmount), currency); err == nil {
				out.Total = &total
			}
		}
	}
	return out
}

// toState reads an order state, an open list of which only CLOSED is certain.
func toState(state string, unsaid sales.PlatformState) sales.PlatformState {
	s := strings.ToUpper(state)
	switch {
	case s == "":
		return unsaid
	case s == s360.OrderStateClosed:
		return sales.PlatformClosed
	case strings.Contains(s, "ABANDON"), strings.Contains(s, "CANCEL"):
		return sales.PlatformDead
	default:
		return sales.PlatformOpen
	}
}

// Release implements sales.Platform. S-360: ExternalOrderService.abandonMovements for every movement of the order.
func (s Sales) Release(ctx context.Context, o sales.Order) error {
	return s.Drop(ctx, o, sales.Movements(o.Lines))
}
