package sim

import (
	"slices"

	"guichet/secutix/s360"
)

// life checks what follows a sale: every sold place has exactly one good barcode and no barcode ever had two places; a place
// is taken back once, by a closed refund of its file, for what it cost; payments make what an order was closed for; every order
// is in one file.
func (k *checker) life() {
	ever, back := map[string]int64{}, map[int64]int64{}
	for _, id := range k.in.sequence {
		o := k.in.orders[id]
		k.paid(o)
		if f := k.in.files[o.File]; f == nil || !slices.Contains(f.Orders, o.ID) {
			k.bad("order %d is not in its file", o.ID)
		}
		for _, op := range o.Operations {
			k.refund(o, op, back)
			for _, m := range op.Movements {
				k.tickets(o, m, ever)
			}
		}
	}
	if len(ever) != len(k.in.given) {
		k.bad("%d barcodes were given, %d are on tickets", len(k.in.given), len(ever))
	}
	for _, id := range k.in.sequence {
		for _, op := range k.in.orders[id].Operations {
			for _, m := range op.Movements {
				if m.Cancelled != back[m.ID] {
					k.bad("movement %d is cancelled by order %d, the refunds say %d", m.ID, m.Cancelled, back[m.ID])
				}
			}
		}
	}
}

func (k *checker) paid(o *order) {
	var sum int64
	for _, pay := range o.Payments {
		if pay.State == s360.PaymentPaid {
			sum += pay.Amount
		}
	}
	switch {
	case o.State == stateClosed && sum != o.Amount:
		k.bad("order %d was closed for %d, its payments make %d", o.ID, o.Amount, sum)
	case o.State != stateClosed && sum != 0:
		k.bad("order %d is %s and is paid %d", o.ID, o.State, sum)
	}
	if (len(o.Lost) > 0 && o.State != stateAbandoned) || (len(o.Attempt) > 0 && o.State == stateClosed) {
		k.bad("order %d is %s and waits for a payment, or lost its places with one", o.ID, o.State)
	}
	for _, pay := range o.Payments {
		if other, twice := k.transactions[pay.Transaction]; twice && pay.Transaction != 0 {
			k.bad("payment %d and payment %d are the same transaction", other, pay.ID)
		}
		k.transactions[pay.Transaction] = pay.ID
	}
}

func (k *checker) refund(o *order, op *operation, back map[int64]int64) {
	if (op.Of != 0) != isRefund(o.Type) {
		k.bad("operation %d does not fit the %s order %d", op.ID, o.kind(), o.ID)
	}
	if op.Of == 0 || o.State != stateClosed {
		return
	}
	for _, id := range op.Back {
		if other := back[id]; other != 0 {
			k.bad("movement %d is taken back by order %d and by order %d", id, other, o.ID)
		}
		back[id] = o.ID
		at, ok := k.in.moves[id]
		if !ok || at.op.ID != op.Of || at.order.File != o.File || at.op.Price != -op.Price {
			k.bad("order %d takes movement %d back, which is not of its file, line and price", o.ID, id)
		}
	}
}

func (k *checker) tickets(o *order, m *movement, ever map[string]int64) {
	codes := make([]string, 0, len(m.Old)+1)
	for _, t := range m.Old {
		codes = append(codes, t.Barcode)
		if _, good := k.in.barcodes[t.Barcode]; good {
			k.bad("movement %d has a replaced barcode that is still good", m.ID)
		}
	}
	if m.Barcode != "" {
		codes = append(codes, m.Barcode)
	}
	_, good := k.in.barcodes[m.Barcode]
	if want := o.State == stateClosed && !m.Dropped && m.Cancelled == 0; m.Barcode != "" && good != want {
		k.bad("the barcode of movement %d is good: %t, want %t", m.ID, good, want)
	}
	for _, code := range codes {
		if other, ok := ever[code]; ok {
			k.bad("movement %d and movement %d were given the same barcode", other, m.ID)
		}
		ever[code] = m.ID
		if k.in.given[code] != m.ID {
			k.bad("a barcode of movement %d is not noted as given to it", m.ID)
		}
	}
}
