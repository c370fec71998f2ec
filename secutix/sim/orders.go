package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// The business errors of the order services. Only error.order.availability is the platform's own
// word; the others are proposed in its style.
const (
	errAvailability  = "error.order.availability"
	errOrderUnknown  = "error.order.unknown"
	errExpired       = "error.order.expired"
	errClosed        = "error.order.state.closed"
	errAbandoned     = "error.order.state.abandoned"
	errEmpty         = "error.order.empty"
	errType          = "error.order.type"
	errQuantity      = "error.order.quantity"
	errMaxSeats      = "error.order.maxSeatsPerPerformance"
	errRequired      = "error.order.audienceSubCategory.required"
	errPrice         = "error.order.price"
	errSalePeriod    = "error.order.salePeriod"
	errPerformance   = "error.performance.unknown"
	errCanceled      = "error.performance.canceled"
	errItem          = "error.item.unknown"
	errTimeslot      = "error.timeslot.unknown"
	errVisitDate     = "error.visitDate.invalid"
	errContact       = "error.contact.unknown"
	errContactNeeded = "error.contact.required"
	errMovement      = "error.movement.unknown"
	errMethod        = "error.payment.method"
	errAmount        = "error.payment.amount"
	errLimit         = "error.payment.account.limit"
	errMissing       = "error.parameter.missing"
	errInvalid       = "error.parameter.invalid"
	errUnknownMember = "error.parameter.unknown"
	errInternal      = "error.internal"
	errContingent    = "error.contingent.unknown"
	errNotOurs       = "error.contingent.salesChannel"
	errFile          = "error.file.unknown"
	errOperation     = "error.operation.unknown"
	errRefunded      = "error.order.refund.state"
	errAttachment    = "error.file.attachment.unknown"
	errPayment       = "error.payment.unknown"
	errPaymentState  = "error.payment.state"
	errReferenceKind = "error.externalReference.kind"
	errLimitReached  = "error.parameter.limit"
	errShipment      = "error.shipment.unknown"
	errShipmentMode  = "error.shipmentMode.unknown"
	errShipmentSent  = "error.shipmentSent"
	errSeat          = "error.seat.unknown"
	errSeatTaken     = "error.seat.availability"
)

// createRequest is createOrUpdateOrder's.
type createRequest = s360.CreateOrUpdateOrderRequest

// basket is an order call being put together. Nothing is written before it is whole.
type basket struct {
	p        *Platform
	in       *institution
	now      time.Time
	old      *order // nil for a new one
	file     int64  // where a new order goes; 0 is a file of its own
	seekers  *seekers
	ops      []*operation
	segments []segment
	lastOp   int64
	lastMove int64
}

// segment lists movements that sit side by side.
type segment struct {
	perf, cat int64
	movements []int64
}

func (p *Platform) createOrUpdateOrder(c *call) (any, *refusal) {
	var q createRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	return p.update(c, q)
}

func (p *Platform) createOrUpdateOrderWithGranularity(c *call) (any, *refusal) {
	var q s360.CreateOrUpdateOrderWithGranularityRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	switch q.OrderUpdateGranularity {
	case "", s360.UpdateGranularityMovement, s360.UpdateGranularityOperation:
	default:
		return nil, refuse(errInvalid, "unknown granularity %q", q.OrderUpdateGranularity)
	}
	out, no := p.update(c, q.CreateOrUpdateOrderRequest)
	if no != nil {
		return nil, no
	}
	if q.OrderUpdateGranularity == s360.UpdateGranularityOperation {
		out.OrderUpdateData.MovementDataUpdates = nil
	}
	return out, nil
}

// update makes an order, or adds to one, or changes its head.
func (p *Platform) update(c *call, q createRequest) (s360.OrderUpdateResult, *refusal) {
	none := s360.OrderUpdateResult{}
	if no := p.checkHead(c, q); no != nil {
		return none, no
	}
	var old *order
	if q.OrderID != 0 {
		var no *refusal
		if old, no = c.in.openOrder(int64(q.OrderID)); no != nil {
			return none, no
		}
		if no := old.accepts(q); no != nil {
			return none, no
		}
	}
	if no := p.meanwhile(c, q); no != nil {
		return none, no
	}
	b := &basket{p: p, in: c.in, now: c.now, old: old, file: int64(q.FileID), seekers: newSeekers(), lastOp: c.in.lastOperation, lastMove: c.in.lastMovement}
	if no := b.fill(c, q); no != nil {
		return none, no
	}
	o := b.order(q)
	if err := p.commit(c.in, change{At: c.now, Do: doHold, Order: o, Life: contactsOf(q)}); err != nil {
		return none, p.broken(c, err)
	}
	return s360.OrderUpdateResult{OrderResult: c.orderOK(), OrderUpdateData: b.delta(c.in.orders[o.ID], c.has(ForeignCurrency))}, nil
}

// broken reports what should not have been possible.
func (p *Platform) broken(c *call, err error) *refusal {
	p.log().Error("simulator failed", "institution", c.in.w.Code, "method", c.method, "error", err)
	return refuse(errInternal, "the simulator failed: %v", err)
}

// checkHead looks at everything but the operations.
func (p *Platform) checkHead(c *call, q createRequest) *refusal {
	if no := p.atPointOfSales(c, q.PointOfSalesID); no != nil {
		return no
	}
	if no := c.in.checkType(q); no != nil {
		return no
	}
	for _, ct := range q.PurchasersInfo {
		if !c.in.knowsContact(ct.ContactReference) {
			return refuse(errContact, "no contact %s", ct.ContactReference)
		}
	}
	return nil
}

func (in *institution) knowsContact(number string) bool {
	return number == in.w.PartnerContact || slices.Contains(in.w.Contacts, number) || in.contacts.byNumber[number] != nil
}

// openOrder finds an order that may still be changed, or says why not.
func (in *institution) openOrder(id int64) (*order, *refusal) {
	o := in.orders[id]
	switch {
	case o == nil:
		return nil, refuse(errOrderUnknown, "no order %d", id)
	case o.State == stateClosed:
		return nil, refuse(errClosed, "order %d is closed", id)
	case o.State == stateAbandoned && o.Lapsed:
		return nil, refuse(errExpired, "order %d has expired", id)
	case o.State == stateAbandoned:
		return nil, refuse(errAbandoned, "order %d is abandoned", id)
	case o.paying():
		return nil, refuse(errPaying, "order %d waits for its payment", id)
	}
	return o, nil
}

// meanwhile lets others buy, or prices move, just before the call is looked at.
func (p *Platform) meanwhile(c *call, q createRequest) *refusal {
	if !c.has(SoldOutMeanwhile) && !c.has(PriceMoved) {
		return nil
	}
	for _, ch := range c.in.asked(q) {
		ch.At = c.now
		if c.has(SoldOutMeanwhile) {
			ch.Do, ch.Until = doAway, c.now.Add(orElse(c.fault.Late, p.holdLifetime()))
		} else {
			ch.Do, ch.Amount, ch.Category = doPrice, c.fault.Amount, 0
			if ch.Amount == 0 {
				ch.Amount = 1000
			}
		}
		if err := p.commit(c.in, ch); err != nil {
			return p.broken(c, err)
		}
	}
	return nil
}

// asked lists what an order call wants, once each.
func (in *institution) asked(q createRequest) []change {
	var out []change
	add := func(ch change) {
		if !slices.ContainsFunc(out, func(o change) bool {
			return o.ID == ch.ID && o.Category == ch.Category && o.Slot == ch.Slot && o.Day == ch.Day
		}) {
			out = append(out, ch)
		}
	}
	for _, op := range q.SingleEntryAttributions {
		for _, a := range op.OperationAttributions {
			if in.perfOf[int64(a.PerformanceID)] != nil {
				add(change{ID: int64(a.PerformanceID), Category: int64(a.SeatCategoryID)})
			}
		}
	}
	for _, s := range q.SimpleProductOperations {
		it := in.itemOf[int64(s.ItemID)]
		if it == nil {
			continue
		}
		if key, no := in.visit(it, s.Extra, time.Time{}); no == nil {
			add(change{ID: it.id, Slot: key.slot, Day: key.day})
		}
	}
	return out
}

// fill puts every asked line into the basket and checks the rules that hold for the order as a whole.
func (b *basket) fill(c *call, q createRequest) *refusal {
	for _, s := range q.SingleEntryAttributions {
		if no := b.addEntries(s); no != nil {
			return no
		}
	}
	for _, s := range q.SimpleProductOperations {
		if no := b.addSimple(c, s, q); no != nil {
			return no
		}
	}
	for _, ch := range q.ChargeOperations {
		if no := b.addCharge(ch); no != nil {
			return no
		}
	}
	if isRefund(q.OrderType) || (b.old != nil && isRefund(b.old.Type)) {
		return b.addRefunds(q.RefundOperations)
	}
	all := b.ops
	if b.old != nil {
		all = slices.Concat(b.old.Operations, b.ops)
	}
	return b.in.checkRules(all)
}

// addEntries finds places for one attribution: all lines for the same performance and category sit
// together.
func (b *basket) addEntries(s s360.SingleEntryOperationAttributionData) *refusal {
	if len(s.OperationAttributions) == 0 {
		return refuse(errMissing, "operationAttributions")
	}
	type group struct {
		perf *performance
		cat  *category
		only s360.ID // contingent
		ops  []*operation
		want []int
	}
	var groups []*group
	for _, a := range s.OperationAttributions {
		op, perf, cat, no := b.entry(a)
		if no != nil {
			return no
		}
		i := slices.IndexFunc(groups, func(g *group) bool { return g.perf == perf && g.cat == cat && g.only == a.ContingentID })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{perf: perf, cat: cat, only: a.ContingentID})
		}
		groups[i].ops = append(groups[i].ops, op)
		groups[i].want = append(groups[i].want, int(a.Quantity))
	}
	preferred := make([]int64, len(s.PreferedAreas))
	for i, id := range s.PreferedAreas {
		preferred[i] = int64(id)
	}
	for _, g := range groups {
		n := 0
		for _, w := range g.want {
			n += w
		}
		from, no := b.in.sources(int64(g.only))
		if no != nil {
			return no
		}
		found := b.seekers.find(b.in.poolsOf(g.perf), wish{cat: g.cat, n: n, preferred: preferred, from: from}, b.now)
		if found == nil {
			return refuse(errAvailability, "fewer than %d places left in category %s", n, g.cat.def.Code)
		}
		b.seat(g.perf, g.cat, g.ops, g.want, found)
	}
	return nil
}

// entry checks one line and makes its operation, still without movements.
func (b *basket) entry(a s360.OperationAttribution) (*operation, *performance, *category, *refusal) {
	fail := func(no *refusal) (*operation, *performance, *category, *refusal) { return nil, nil, nil, no }
	perf := b.in.perfOf[int64(a.PerformanceID)]
	t := b.in.tariffByID[int64(a.AudienceSubCategoryID)]
	switch {
	case perf == nil:
		return fail(refuse(errPerformance, "no performance %d", a.PerformanceID))
	case perf.canceled:
		return fail(refuse(errCanceled, "performance %d is canceled", a.PerformanceID))
	case !perf.onSale(b.now):
		return fail(refuse(errSalePeriod, "performance %d is not on sale", a.PerformanceID))
	case a.Quantity <= 0:
		return fail(refuse(errQuantity, "quantity %d", a.Quantity))
	}
	cat := perf.category(int64(a.SeatCategoryID))
	if cat == nil || t == nil || !perf.product.sells(t) {
		return fail(refuse(errPrice, "no price for seat category %d and tariff %d", a.SeatCategoryID, a.AudienceSubCategoryID))
	}
	price, ok := perf.price(cat, t)
	if !ok {
		return fail(refuse(errPrice, "no price for seat category %s and tariff %s", cat.def.Code, t.def.Code))
	}
	return b.newOperation(&operation{Product: perf.product.id, Performance: perf.id, Category: cat.id, Tariff: t.id, Price: price}), perf, cat, nil
}

// sells says whether our channel may sell the product at this tariff.
func (p *product) sells(t *tariff) bool {
	return len(p.def.SaleTariffs) == 0 || slices.Contains(p.def.SaleTariffs, t.def.Code)
}

func (b *basket) newOperation(op *operation) *operation {
	b.lastOp++
	op.ID = max(b.lastOp, b.in.number(kindOperation, 1))
	b.lastOp = op.ID
	op.Number = len(b.ops) + 1
	if b.old != nil {
		op.Number += len(b.old.Operations)
	}
	b.ops = append(b.ops, op)
	return op
}

func (b *basket) newMovement(op *operation, at place) *movement {
	b.lastMove = max(b.lastMove+1, b.in.number(kindMovement, 1))
	m := &movement{ID: b.lastMove, Seat: at.seat, Contingent: at.pool.contingent.index}
	if at.pool.block != nil {
		m.Block = at.pool.block.index
	}
	op.Movements = append(op.Movements, m)
	return m
}

// seat hands the found places to the operations in turn and notes who sits beside whom.
func (b *basket) seat(perf *performance, cat *category, ops []*operation, want []int, found [][]place) {
	turn, given := 0, 0
	for _, side := range found {
		seg := segment{perf: perf.id, cat: cat.id}
		for _, at := range side {
			for given == want[turn] {
				turn, given = turn+1, 0
			}
			seg.movements = append(seg.movements, b.newMovement(ops[turn], at).ID)
			given++
		}
		b.segments = append(b.segments, seg)
	}
}

// addSimple takes items of a pass, service, goods or membership.
func (b *basket) addSimple(c *call, s s360.SimpleProductOperationCreationData, q createRequest) *refusal {
	for name := range s.Extra {
		if name != s360.DefaultVisitDateMember && name != s360.DefaultTimeslotMember {
			return b.p.unknownMember(c, []string{"simpleProductOperations." + name})
		}
	}
	it, t := b.in.itemOf[int64(s.ItemID)], b.in.tariffByID[int64(s.AudienceSubCategoryID)]
	if it == nil {
		return refuse(errItem, "no item %d", s.ItemID)
	}
	if by, is := notSold(it.product.def.Family); is {
		return refuse(errKind, "product %s is a %s: it is sold by %s, which is not imitated", it.product.def.Code, it.product.def.Family, by)
	}
	switch {
	case s.Quantity <= 0:
		return refuse(errQuantity, "quantity %d", s.Quantity)
	case b.now.Before(it.product.saleOpens):
		return refuse(errSalePeriod, "product %s is not on sale yet", it.product.def.Code)
	case t == nil || !it.product.sells(t):
		return refuse(errPrice, "no price for tariff %d", s.AudienceSubCategoryID)
	case it.product.def.Family == familyMembership && len(q.PurchasersInfo) == 0 && (b.old == nil || b.old.Contact == ""):
		return refuse(errContactNeeded, "a membership needs a contact")
	}
	price, ok := it.price(t)
	if !ok {
		return refuse(errPrice, "item %s has no price for tariff %s", it.def.Code, t.def.Code)
	}
	key, no := b.in.visit(it, s.Extra, b.now)
	if no != nil {
		return no
	}
	from, no := b.in.sources(int64(s.ContingentID))
	if no != nil {
		return no
	}
	found := b.seekers.entries(b.in.poolsAt(it, key, from), int(s.Quantity), b.now)
	if found == nil {
		return refuse(errAvailability, "fewer than %d left of item %s", s.Quantity, it.def.Code)
	}
	op := b.newOperation(&operation{Product: it.product.id, Item: it.id, Slot: key.slot, Day: key.day, Tariff: t.id, Price: price})
	for _, at := range found {
		b.newMovement(op, at)
	}
	return nil
}

// visit reads visitDate and timeslotId. With a zero now the time of day is not checked.
func (in *institution) visit(it *item, extra s360.Members, now time.Time) (slotKey, *refusal) {
	var key slotKey
	var id s360.ID
	if b, ok := extra[s360.DefaultTimeslotMember]; ok {
		if err := json.Unmarshal(b, &id); err != nil {
			return key, refuse(errInvalid, "timeslotId %v", err)
		}
	}
	day, no := in.visitDay(extra[s360.DefaultVisitDateMember])
	switch {
	case no != nil:
		return key, no
	case it.dated() && id == 0:
		return in.dayOf(it, day, now)
	case it.def.Slots == nil && (id != 0 || !day.IsZero()):
		return key, refuse(errTimeslot, "item %s has no time slots or dates", it.def.Code)
	case it.def.Slots == nil:
		return key, nil
	case day.IsZero():
		return key, refuse(errVisitDate, "item %s needs a visitDate", it.def.Code)
	}
	sl := in.slotOf[int64(id)]
	if sl == nil || sl.item != it {
		return key, refuse(errTimeslot, "item %s has no time slot %d", it.def.Code, id)
	}
	if it.closedOn(day) || (!now.IsZero() && !in.slotStart(sl, day).After(now)) || day.After(now.AddDate(1, 0, 0)) && !now.IsZero() {
		return key, refuse(errVisitDate, "no visit on %s", day.Format(time.DateOnly))
	}
	return slotKey{slot: sl.id, day: day.Format(time.DateOnly)}, nil
}

// dated says whether an item is for a day and not for a time slot.
func (it *item) dated() bool { return it.def.Slots == nil && it.product.def.DateNeeded }

// dayOf takes an item for a day of the coming year.
func (in *institution) dayOf(it *item, day, now time.Time) (slotKey, *refusal) {
	if day.IsZero() {
		return slotKey{}, refuse(errVisitDate, "item %s needs a visitDate", it.def.Code)
	}
	if !now.IsZero() && (!day.AddDate(0, 0, 1).After(now) || day.After(now.AddDate(1, 0, 0))) {
		return slotKey{}, refuse(errVisitDate, "no visit on %s", day.Format(time.DateOnly))
	}
	return slotKey{day: day.Format(time.DateOnly)}, nil
}

// visitDay reads a day, or a moment that lies in it at the institution.
func (in *institution) visitDay(b json.RawMessage) (time.Time, *refusal) {
	text := strings.Trim(string(b), `"`)
	if text == "" || text == "null" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, in.zone); err == nil {
		return t, nil
	}
	var d s360.Date
	if err := json.Unmarshal(b, &d); err != nil {
		return time.Time{}, refuse(errVisitDate, "visitDate %q is not a date", text)
	}
	y, m, day := d.In(in.zone).Date()
	return time.Date(y, m, day, 0, 0, 0, 0, in.zone), nil
}

func (b *basket) addCharge(q s360.ChargeOperation) *refusal {
	for _, ch := range b.in.charges {
		if ch.id != int64(q.ChargeID) {
			continue
		}
		if q.Amount < 0 {
			return refuse(errInvalid, "a charge is never negative")
		}
		price := ch.def.Amount
		if q.Amount > 0 {
			price = int64(q.Amount)
		}
		b.newOperation(&operation{Charge: ch.id, Price: price})
		return nil
	}
	return refuse(errInvalid, "no charge %d", q.ChargeID)
}

// checkRules checks what an order must keep as a whole: seats per performance, quantities per
// product, and tariffs that need or miss others.
func (in *institution) checkRules(ops []*operation) *refusal {
	perPerformance, perProduct := map[int64]int{}, map[int64]int{}
	type line struct{ target, tariff int64 }
	perTariff := map[line]int{}
	for _, op := range ops {
		if op.Charge != 0 {
			continue
		}
		n := op.quantity()
		perProduct[op.Product] += n
		perTariff[line{op.target(), op.Tariff}] += n
		if op.Performance != 0 {
			perPerformance[op.Performance] += n
		}
	}
	for _, op := range ops {
		if op.Charge != 0 || op.quantity() == 0 {
			continue
		}
		if op.Performance != 0 && in.w.MaxSeats > 0 && perPerformance[op.Performance] > in.w.MaxSeats {
			return refuse(errMaxSeats, "more than %d places for performance %d", in.w.MaxSeats, op.Performance)
		}
		def := in.productOf[op.Product].def
		if n := perProduct[op.Product]; n < def.MinQuantity || (def.MaxQuantity > 0 && n > def.MaxQuantity) {
			return refuse(errQuantity, "%d of product %s", n, def.Code)
		}
		t := in.tariffByID[op.Tariff]
		if n := perTariff[line{op.target(), t.id}]; n < t.def.Min {
			return refuse(errQuantity, "tariff %s is from %d", t.def.Code, t.def.Min)
		}
		if len(t.requires) > 0 && !slices.ContainsFunc(t.requires, func(r int64) bool { return perTariff[line{op.target(), r}] > 0 }) {
			return refuse(errRequired, "tariff %s needs one of %s", t.def.Code, strings.Join(t.def.Requires, ", "))
		}
	}
	return nil
}

// target is what tariffs must share to count as together: the performance, else the product.
func (o *operation) target() int64 {
	if o.Performance != 0 {
		return o.Performance
	}
	return o.Product
}

// order is the head to write: a new one, or the old one with its new end.
func (b *basket) order(q createRequest) *order {
	o := &order{Created: b.now, State: stateRunning}
	if b.old != nil {
		head := *b.old
		o, head.aside = &head, aside{}
	} else {
		o.ID = max(b.in.lastOrder+1, b.in.number(kindOrder, 1))
		if o.File = int64(q.FileID); o.File == 0 {
			o.File = b.in.number(kindFile, o.ID%1_000_000_000)
		}
		if q.OrderType != s360.OrderTypeSale {
			o.Type = q.OrderType
		}
		o.Secret = fmt.Sprintf("%016x", mix(b.p.Seed, uint64(o.ID), 7))
	}
	o.Operations = b.ops
	if len(b.ops) > 0 { // only adding restarts the clock, and the other one never does
		o.Expires = b.now.Add(b.p.holdLifetime())
		if end := o.Created.Add(b.p.maxLifetime()); end.Before(o.Expires) {
			o.Expires = end
		}
	}
	if q.ExternalReference != "" {
		o.External = q.ExternalReference
	}
	if len(q.PurchasersInfo) > 0 {
		o.Contact = q.PurchasersInfo[0].ContactReference
	}
	return o
}

// delta is the answer to a call that added to an order: only what is new.
func (b *basket) delta(o *order, foreign bool) *s360.OrderUpdateData {
	d := &s360.OrderUpdateData{OrderID: s360.ID(o.ID), OrderSecretID: o.Secret, CatalogCurrency: cash(b.in.w.Currency)}
	if foreign {
		d.CatalogCurrency = cash(foreignCurrency)
	}
	for _, op := range b.ops {
		d.OperationDataUpdates = append(d.OperationDataUpdates, b.in.operationData(o, op))
		for _, m := range b.in.movementsOf(op) {
			d.MovementDataUpdates = append(d.MovementDataUpdates, b.in.movementData(op, m))
		}
	}
	for _, s := range b.segments {
		id, cat := s360.ID(s.perf), s360.ID(s.cat)
		i := slices.IndexFunc(d.GeneratedContiguities, func(g s360.ContiguityData) bool { return g.PerformanceID == id && g.SeatCategoryID == cat })
		if i < 0 {
			i = len(d.GeneratedContiguities)
			d.GeneratedContiguities = append(d.GeneratedContiguities, s360.ContiguityData{PerformanceID: id, SeatCategoryID: cat, Contiguous: boolean(true)})
		} else {
			d.GeneratedContiguities[i].Contiguous = boolean(false)
		}
		seg := s360.ContiguitySegment{}
		for _, m := range s.movements {
			seg.MovementIDs = append(seg.MovementIDs, s360.ID(m))
		}
		d.GeneratedContiguities[i].Segments = append(d.GeneratedContiguities[i].Segments, seg)
	}
	return d
}

// operationData is a line as answers show it.
func (in *institution) operationData(o *order, op *operation) s360.OperationData {
	w := s360.OperationData{
		OperationID: s360.ID(op.ID), OperationNumber: strconv.Itoa(op.Number), FileID: s360.ID(o.File), Type: o.kind(),
		Quantity: integer(op.quantity()), BasePrice: amount(op.Price), UnitPrice: amount(op.Price), TotalAmount: amount(op.total()),
		CatalogCurrency: cash(in.w.Currency), Season: in.seasonOf(op),
	}
	if op.Charge != 0 {
		w.Kind = "CHARGE"
		return w
	}
	if op.Of != 0 {
		w.Extra = s360.Members{"refundedOperationId": raw(op.Of)}
	}
	p, t := in.productOf[op.Product], in.tariffByID[op.Tariff]
	rate := in.w.VAT[p.def.VAT]
	w.VATRate, w.VATCountryCode = integer(rate), in.w.Address.Country
	w.WithoutVATTotalAmount = amount(op.total() * 100_000 / int64(100_000+rate))
	w.Kind, w.ProductFamilyType, w.ProductFamilySubType = p.def.Family, p.def.Family, p.def.SubFamily
	w.Product, w.ProductID, w.ProductCode = in.text(p.def.Name), s360.ID(p.id), p.def.Code
	w.AudienceSubCategoryID, w.AudienceSubCategory = s360.ID(t.id), in.text(t.def.Name)
	w.ContingentID, w.Contingent = in.operationContingent(op)
	w.ItemID = s360.ID(op.Item)
	if perf := in.perfOf[op.Performance]; perf != nil {
		w.PerformanceID, w.Performance, w.EventID = s360.ID(perf.id), in.text(p.def.Name), s360.ID(p.id)
		w.SeatCategoryID, w.Numbered = s360.ID(op.Category), boolean(p.venue.def.Numbered)
		w.Locations = s360.List[s360.Location]{*in.location(p.venue)}
	}
	if op.Slot != 0 {
		w.Extra = s360.Members{s360.DefaultTimeslotMember: raw(op.Slot), s360.DefaultVisitDateMember: raw(op.Day)}
	}
	return w
}

// movementData is one place or entry as answers show it, without its ticket.
func (in *institution) movementData(op *operation, m *movement) s360.MovementData {
	w := s360.MovementData{
		MovementID: s360.ID(m.ID), OperationID: s360.ID(op.ID), Owner: m.Owner,
	}
	w.ContingentID, w.Contingent = in.shownContingent(m)
	w.StartValidityDate, w.EndValidityDate = in.validity(op)
	perf := in.perfOf[op.Performance]
	if perf == nil {
		return w
	}
	b, cat := perf.product.venue.blocks[m.Block], perf.category(op.Category)
	w.SeatCategoryID, w.SeatCategory = s360.ID(cat.id), in.text(cat.def.Name)
	w.AreaID, w.Area, w.AreaKind = s360.ID(b.area.id), in.text(b.area.def.Name), "INDIFFERENT"
	w.Block, w.Entrance = b.code, b.gate
	w.Type = "AREA"
	if m.Seat >= 0 {
		r := b.rowOf(m.Seat)
		w.Type, w.SeatID = s360.MovementTypeSeat, s360.ID(in.seatID(b, m.Seat))
		w.Row, w.Number = r.label, strconv.Itoa(m.Seat-r.first+1)
	}
	return w
}

// validity is when an entry is good: the performance, the time slot, or the period of an open pass.
func (in *institution) validity(op *operation) (from, to s360.Date) {
	if perf := in.perfOf[op.Performance]; perf != nil {
		return in.at(perf.start), in.at(perf.end())
	}
	if op.Slot == 0 && op.Day != "" {
		day, err := time.ParseInLocation(time.DateOnly, op.Day, in.zone)
		if err != nil {
			return s360.Date{}, s360.Date{}
		}
		return in.at(day), in.at(day.AddDate(0, 0, 1))
	}
	if sl := in.slotOf[op.Slot]; sl != nil {
		day, err := time.ParseInLocation(time.DateOnly, op.Day, in.zone)
		if err != nil {
			return s360.Date{}, s360.Date{}
		}
		start := in.slotStart(sl, day)
		return in.at(start), in.at(start.Add(time.Duration(sl.item.def.Slots.Every) * time.Minute))
	}
	return s360.Date{}, s360.Date{}
}
