package s360

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Issued is what an answer says about an order and its tickets, found by
// structure and not by the path to it.
type Issued struct {
	// OrderID and OrderState come from the first object that has a state, else
	// OrderID from the first object that has one.
	OrderID    ID
	OrderState string
	// Tickets lists every barcode with the movement or ticket that encloses it.
	Tickets []IssuedTicket
	// Loose counts barcodes enclosed by neither a movement nor a ticket. They
	// are never attached by position: ask getOrderDetails with TICKETS.
	Loose int
}

// IssuedTicket is a barcode and what it belongs to. One of MovementID and
// TicketID is set, or both.
type IssuedTicket struct {
	MovementID ID
	TicketID   ID
	State      string
	Barcode    Barcode
}

// Of returns the tickets of a movement in the order of the answer.
func (i Issued) Of(movement ID) []IssuedTicket {
	var found []IssuedTicket
	for _, t := range i.Tickets {
		if t.MovementID == movement {
			found = append(found, t)
		}
	}
	return found
}

// findIssued walks a JSON object for orders and barcodes.
func findIssued(object []byte) (Issued, error) {
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.UseNumber()
	var root any
	if err := dec.Decode(&root); err != nil {
		return Issued{}, err
	}
	var w issuedWalk
	w.walk(root, IssuedTicket{}, false)
	w.countLoose()
	return w.found, nil
}

type issuedWalk struct {
	found     Issued
	withState bool
	loose     []Barcode
}

// walk visits node; owner is the nearest enclosing movement and ticket, and
// inBarcode says that node is the value of a barcode member.
func (w *issuedWalk) walk(node any, owner IssuedTicket, inBarcode bool) {
	switch n := node.(type) {
	case string:
		if inBarcode {
			w.emit(owner, n)
		}
	case json.Number:
		if inBarcode {
			w.emit(owner, n.String())
		}
	case []any:
		for _, e := range n {
			w.walk(e, owner, inBarcode)
		}
	case map[string]any:
		w.object(n, owner, inBarcode)
	}
}

func (w *issuedWalk) object(n map[string]any, owner IssuedTicket, inBarcode bool) {
	w.order(n)
	if id := idOf(n["movementId"]); id != 0 && id != owner.MovementID {
		owner = IssuedTicket{MovementID: id}
	}
	if id := idOf(n["ticketId"]); id != 0 && id != owner.TicketID {
		owner.TicketID, owner.State = id, ""
	}
	for _, name := range [...]string{"ticketState", "state"} {
		if s, ok := n[name].(string); ok && (owner.MovementID != 0 || owner.TicketID != 0) {
			owner.State = s
			break
		}
	}
	for _, name := range slices.Sorted(maps.Keys(n)) {
		switch {
		case isBarcodeName(name):
			w.walk(n[name], owner, true)
		case inBarcode && name == "value":
			w.walk(n[name], owner, true)
		default:
			w.walk(n[name], owner, false)
		}
	}
}

// order takes the order's id and state from the first object that has a state,
// else the id from the first object that has one.
func (w *issuedWalk) order(n map[string]any) {
	if w.withState {
		return
	}
	state, _ := n["orderState"].(string)
	id := idOf(n["orderId"])
	switch {
	case state != "":
		w.withState = true
		w.found.OrderState = state
		if id != 0 {
			w.found.OrderID = id
		}
	case w.found.OrderID == 0:
		w.found.OrderID = id
	}
}

// emit notes a barcode. One that an answer gives twice for the same movement,
// say beside the movement and again in its ticket, is one ticket.
func (w *issuedWalk) emit(owner IssuedTicket, text string) {
	if text == "" {
		return
	}
	owner.Barcode = Barcode(text)
	if owner.MovementID == 0 && owner.TicketID == 0 {
		w.loose = append(w.loose, owner.Barcode)
		return
	}
	for i := range w.found.Tickets {
		t := &w.found.Tickets[i]
		if t.Barcode != owner.Barcode || t.MovementID != owner.MovementID {
			continue
		}
		if t.TicketID != 0 && owner.TicketID != 0 && t.TicketID != owner.TicketID {
			continue
		}
		if t.TicketID == 0 {
			t.TicketID = owner.TicketID
		}
		if t.State == "" {
			t.State = owner.State
		}
		return
	}
	w.found.Tickets = append(w.found.Tickets, owner)
}

// countLoose counts the barcodes that stand alone and are attached nowhere else
// in the answer.
func (w *issuedWalk) countLoose() {
	for _, b := range w.loose {
		attached := slices.ContainsFunc(w.found.Tickets, func(t IssuedTicket) bool { return t.Barcode == b })
		if !attached {
			w.found.Loose++
		}
	}
}

func isBarcodeName(name string) bool {
	switch name {
	case "barcode", "barCode", "barcodes", "barCodes":
		return true
	}
	return false
}

func idOf(v any) ID {
	var text string
	switch n := v.(type) {
	case json.Number:
		text = n.String()
	case string:
		text = n
	}
	id, _ := plainInt([]byte(text))
	return ID(id)
}
