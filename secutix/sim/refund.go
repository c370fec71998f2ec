package sim

import (
	"net/http"
	"slices"
	"strconv"

	"guichet/secutix/s360"
)

// checkType looks at an order call's type: a sale needs lines to sell, or an order whose head it changes; a refund needs a
// file and names what it takes back.
func (in *institution) checkType(q createRequest) *refusal {
	sells := len(q.SingleEntryAttributions) + len(q.SimpleProductOperations) + len(q.ChargeOperations)
	if q.FileID != 0 && in.files[int64(q.FileID)] == nil {
		return refuse(errFile, "no file %d", q.FileID)
	}
	switch {
	case isRefund(q.OrderType) && sells > 0:
		return refuse(errType, "a refund sells nothing")
	case isRefund(q.OrderType) && q.OrderID == 0 && q.FileID == 0:
		return refuse(errMissing, "a refund needs the fileId of the sale")
	case isRefund(q.OrderType) && len(q.RefundOperations) == 0 && q.OrderID == 0:
		return refuse(errMissing, "refundOperations")
	case isRefund(q.OrderType):
		return nil
	case q.OrderType != "" && q.OrderType != s360.OrderTypeSale:
		return refuse(errType, "order type %q is not simulated", q.OrderType)
	case q.OrderID == 0 && len(q.RefundOperations) > 0:
		return refuse(errType, "a sale refunds nothing")
	case q.OrderID == 0 && sells == 0:
		return refuse(errMissing, "at least one list of operations is needed")
	}
	return nil
}

// accepts says whether an order call may change this open order.
func (o *order) accepts(q createRequest) *refusal {
	sells := len(q.SingleEntryAttributions) + len(q.SimpleProductOperations) + len(q.ChargeOperations)
	switch {
	case q.OrderType != "" && q.OrderType != o.kind():
		return refuse(errType, "order %d is a %s", o.ID, o.kind())
	case q.FileID != 0 && int64(q.FileID) != o.File:
		return refuse(errFile, "order %d is in file %d", o.ID, o.File)
	case isRefund(o.Type) && sells > 0:
		return refuse(errType, "a refund sells nothing")
	case !isRefund(o.Type) && len(q.RefundOperations) > 0:
		return refuse(errType, "a sale refunds nothing")
	}
	return nil
}

// addRefunds puts lines into the basket that take back sold places of the same file, at the price that was paid.
func (b *basket) addRefunds(list s360.List[s360.RefundOperation]) *refusal {
	for _, q := range list {
		source, of := b.in.soldOperation(int64(q.OperationID))
		if of == nil {
			return refuse(errOperation, "no sold operation %d", q.OperationID)
		}
		back, no := b.takenBack(source, of, q.MovementIDs)
		if no != nil {
			return no
		}
		op := *of
		op.ID, op.Movements, op.Of, op.Back, op.Price = 0, nil, of.ID, back, -of.Price
		b.newOperation(&op)
	}
	return nil
}

// soldOperation finds a line of a closed sale.
func (in *institution) soldOperation(id int64) (*order, *operation) {
	for _, o := range in.orders {
		if o.State != stateClosed || isRefund(o.Type) {
			continue
		}
		if i := slices.IndexFunc(o.Operations, func(op *operation) bool { return op.ID == id }); i >= 0 {
			return o, o.Operations[i]
		}
	}
	return nil, nil
}

// takenBack lists the movements of a sold line that a refund takes back: those asked for, or all that are still good.
func (b *basket) takenBack(source *order, of *operation, asked s360.List[s360.ID]) ([]int64, *refusal) {
	file := source.File
	if b.old != nil && b.old.File != file {
		return nil, refuse(errOperation, "operation %d is in another file", of.ID)
	}
	if b.file != 0 && b.file != file {
		return nil, refuse(errOperation, "operation %d is in another file", of.ID)
	}
	var back []int64
	for _, m := range of.Movements {
		wanted := slices.Contains(asked, s360.ID(m.ID))
		good := !m.Dropped && m.Cancelled == 0 && !b.reaching(m.ID)
		switch {
		case wanted && !good:
			return nil, refuse(errRefunded, "movement %d is taken back already", m.ID)
		case good && (wanted || len(asked) == 0):
			back = append(back, m.ID)
		}
	}
	if len(back) == 0 {
		return nil, refuse(errRefunded, "nothing of operation %d is left to take back", of.ID)
	}
	if len(asked) > len(back) {
		return nil, refuse(errMovement, "operation %d does not have all the movements", of.ID)
	}
	return back, nil
}

// reaching says whether an open refund, or this one, takes a movement back.
func (b *basket) reaching(id int64) bool {
	has := func(op *operation) bool { return slices.Contains(op.Back, id) }
	if slices.ContainsFunc(b.ops, has) {
		return true
	}
	for _, o := range b.in.open {
		if isRefund(o.Type) && slices.ContainsFunc(o.Operations, has) {
			return true
		}
	}
	return false
}

// reprint replaces every good ticket of a closed sale by one with another barcode.
func (p *Platform) reprint(r *http.Request) (any, error) {
	return p.onOrder(r, func(in *institution, o *order) (any, error) {
		var list []issued
		for _, t := range in.tickets(o) {
			if in.moves[t.Movement].m.Cancelled == 0 {
				list = append(list, t)
			}
		}
		if o.State != stateClosed || len(list) == 0 {
			return nil, wrong(http.StatusUnprocessableEntity, "order %d has no tickets that are good", o.ID)
		}
		if err := p.commit(in, change{At: p.clock.Now(), Do: doReprint, ID: o.ID, Tickets: list}); err != nil {
			return nil, err
		}
		return map[string]any{"order": o.ID, "reprinted": len(list)}, nil
	})
}

// cancelOrder undoes a closed sale as its organiser does: a refund order in the same file, closed at once.
func (p *Platform) cancelOrder(r *http.Request) (any, error) {
	return p.onOrder(r, func(in *institution, o *order) (any, error) {
		now := p.clock.Now()
		b := &basket{p: p, in: in, now: now, file: o.File, seekers: newSeekers(), lastOp: in.lastOperation, lastMove: in.lastMovement}
		for _, op := range o.Operations {
			if o.State != stateClosed || isRefund(o.Type) || op.Charge != 0 {
				continue
			}
			_ = b.addRefunds(s360.List[s360.RefundOperation]{{OperationID: s360.ID(op.ID)}}) // a line taken back already is left out
		}
		if len(b.ops) == 0 {
			return nil, wrong(http.StatusUnprocessableEntity, "order %d has nothing to cancel", o.ID)
		}
		refund := b.order(createRequest{FileID: s360.ID(o.File), OrderType: s360.OrderTypeRefundOrganization})
		refund.Contact = o.Contact
		if err := p.commit(in, change{At: now, Do: doHold, Order: refund}); err != nil {
			return nil, err
		}
		refund = in.orders[refund.ID]
		ch := change{
			At: now, Do: doClose, ID: refund.ID, Amount: refund.total(), Method: in.w.pendingMethod(), Contact: o.Contact, Until: now,
			Life: &lifeChange{Payments: in.paid(nil, refund, now)},
		}
		if err := p.commit(in, ch); err != nil {
			return nil, err
		}
		return map[string]any{"order": o.ID, "refund": refund.ID, "amount": refund.Amount}, nil
	})
}

// onOrder runs a page of the control face about one order of an institution.
func (p *Platform) onOrder(r *http.Request, page func(*institution, *order) (any, error)) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, wrong(http.StatusBadRequest, "order %q is not a number", r.PathValue("id"))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	in, err := p.asked(r)
	if err != nil {
		return nil, err
	}
	o := in.orders[id]
	if o == nil {
		return nil, wrong(http.StatusNotFound, "no order %d", id)
	}
	return page(in, o)
}
