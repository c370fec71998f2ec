package sim

import "guichet/secutix/s360"

// eachTicket shows the tickets of a place: those that were replaced, then the one that stands.
func (m *movement) eachTicket(show func(entry)) {
	for _, t := range m.Old {
		show(entry{ticket: t.Ticket, barcode: t.Barcode, cancelled: true, cause: causeDuplicate})
	}
	e := entry{ticket: m.Ticket, barcode: m.Barcode}
	if m.Cancelled != 0 {
		e.cancelled, e.cause = true, causeRefund
	}
	show(e)
}

// replaced says whether the place's ticket stands for an older one.
func (m *movement) replaced() bool { return len(m.Old) > 0 }

// holderOf fills in whom a ticket is for.
func (in *institution) holderOf(e *entry, item *s360.AccessControlListItem) {
	w := e.movement.Owner
	if w == nil {
		return
	}
	item.CulturalContactNumber = w.ContactReference
	first, last := w.FirstName, w.LastName
	if ct := in.contacts.byNumber[w.ContactReference]; ct != nil {
		first, last = cmpOr(first, ct.Person.Firstname), cmpOr(last, ct.Person.Lastname)
	}
	if first+last != "" {
		item.HolderInfo = map[string]string{"FIRSTNAME": first, "LASTNAME": last}
	}
}
