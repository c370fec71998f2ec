package sim

import (
	"net/http"
	"slices"

	"guichet/secutix/s360"
)

func shipmentService() service {
	return service{module: "tnpsb", name: "shipmentPublicService", soap: "ShipmentPublicService", pkg: "com.secutix.facade.shipment", versions: []string{"v1_18", "v1_17"}, methods: []method{
		{name: "getAvailableShipmentModes", do: (*Platform).getAvailableShipmentModes, request: s360.ShipmentModesRequest{}, result: s360.ShipmentModesResult{}},
		{name: "changeShipmentMode", since: "v1_18", do: (*Platform).changeShipmentMode, request: s360.ChangeShipmentModeRequest{}, result: s360.ShipmentsResult{}},
	}}
}

// shipmentModes are the ways tickets travel; the first is what a sale begins with.
func (in *institution) shipmentModes() []s360.ShipmentMode {
	mode := func(n int64, code, kind, text string, address bool, days int) s360.ShipmentMode {
		return s360.ShipmentMode{
			ID: s360.ID(in.number(kindShipmentMode, n)), Code: code, Type: kind, Description: text, CatalogTypes: s360.List[string]{"TICKETING"},
			ContactAddressRequired: s360.Bool(address), DeliveryTimeInDays: s360.Int(days),
		}
	}
	return []s360.ShipmentMode{
		mode(1, "PARTNER", "EXTERNAL", "Delivered by the partner", false, 0),
		mode(2, "HOME", "PRINT_AT_HOME", "Print at home", false, 0),
		mode(3, "MAIL", "BY_MAIL", "By mail", true, 5),
	}
}

// shipmentOf is the shipment of a closed sale: one for all its tickets.
func (in *institution) shipmentOf(o *order) s360.List[s360.ShipmentData] {
	if o.State != stateClosed || isRefund(o.Type) {
		return nil
	}
	w := s360.ShipmentData{
		ShipmentID: s360.ID(in.shipmentID(o)), ShipmentModeID: in.shipmentModes()[0].ID, ShipmentState: s360.ShipmentUnsent,
		ContactNumber: o.Contact, NumberOfTickets: s360.Int(o.places()),
	}
	if o.Mode != 0 {
		w.ShipmentModeID = s360.ID(o.Mode)
	}
	if o.Sent {
		w.ShipmentState = s360.ShipmentSent
	}
	for _, op := range o.Operations {
		if op.Charge == 0 && op.quantity() > 0 {
			w.OperationIDs = append(w.OperationIDs, s360.ID(op.ID))
		}
	}
	return s360.List[s360.ShipmentData]{w}
}

func (in *institution) shipmentID(o *order) int64 { return in.number(kindShipment, o.ID%1_000_000_000) }

func (p *Platform) getAvailableShipmentModes(c *call) (any, *refusal) {
	var q s360.ShipmentModesRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if no := p.atPointOfSales(c, q.PointOfSalesID); no != nil {
		return nil, no
	}
	modes := c.in.shipmentModes()
	switch q.ShipmentContents {
	case "TICKETS", "TICKETS_AND_DOCUMENTS":
	case "DOCUMENTS": // nothing is printed at home but tickets
		modes = slices.DeleteFunc(modes, func(m s360.ShipmentMode) bool { return m.Type == "PRINT_AT_HOME" })
	case "":
		return nil, refuse(errMissing, "shipmentContents")
	default:
		return nil, refuse(errInvalid, "unknown shipmentContents %q", q.ShipmentContents)
	}
	if q.OrderID != 0 {
		o := c.in.orders[int64(q.OrderID)]
		if o == nil {
			return nil, refuse(errOrderUnknown, "no order %d", q.OrderID)
		}
		modes = slices.DeleteFunc(modes, func(m s360.ShipmentMode) bool { return c.in.comesLate(o, m, c) })
	}
	return s360.ShipmentModesResult{Result: c.ok(), ShipmentModesDetailedData: &s360.ShipmentModesDetailedData{ShipmentModes: modes}}, nil
}

// comesLate says whether tickets sent so would arrive after a performance of the order has begun.
func (in *institution) comesLate(o *order, m s360.ShipmentMode, c *call) bool {
	arrives := c.now.AddDate(0, 0, int(m.DeliveryTimeInDays))
	return slices.ContainsFunc(o.Operations, func(op *operation) bool {
		perf := in.perfOf[op.Performance]
		return perf != nil && op.quantity() > 0 && m.DeliveryTimeInDays > 0 && arrives.After(perf.start)
	})
}

func (p *Platform) changeShipmentMode(c *call) (any, *refusal) {
	var q s360.ChangeShipmentModeRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if len(q.ShipmentIDs) == 0 {
		return nil, refuse(errMissing, "shipmentIds")
	}
	if !slices.ContainsFunc(c.in.shipmentModes(), func(m s360.ShipmentMode) bool { return m.ID == q.ShipmentModeID }) {
		return nil, refuse(errShipmentMode, "no shipment mode %d", q.ShipmentModeID)
	}
	var orders []*order
	for _, id := range q.ShipmentIDs {
		o := c.in.shipped(int64(id))
		switch {
		case o == nil:
			return nil, refuse(errShipment, "no shipment %d", id)
		case o.Sent:
			return nil, refuse(errShipmentSent, "shipment %d has left", id)
		}
		orders = append(orders, o)
	}
	out := s360.ShipmentsResult{Result: c.ok()}
	for _, o := range orders {
		next := o.aside
		next.Mode = int64(q.ShipmentModeID)
		if _, no := p.setAside(c, o, next); no != nil {
			return nil, no
		}
		out.Shipments = append(out.Shipments, c.in.shipmentOf(o)...)
	}
	return out, nil
}

// shipped finds the order a shipment is of.
func (in *institution) shipped(id int64) *order {
	for _, o := range in.orders {
		if o.State == stateClosed && !isRefund(o.Type) && in.shipmentID(o) == id {
			return o
		}
	}
	return nil
}

// ship sends the tickets of a closed sale, after which nothing about the shipment changes.
func (p *Platform) ship(r *http.Request) (any, error) {
	return p.onOrder(r, func(in *institution, o *order) (any, error) {
		if o.State != stateClosed || isRefund(o.Type) {
			return nil, wrong(http.StatusUnprocessableEntity, "order %d has nothing to ship", o.ID)
		}
		next := o.aside
		next.Sent = true
		if err := p.commit(in, change{At: p.clock.Now(), Do: doAside, ID: o.ID, Life: &lifeChange{Aside: &next}}); err != nil {
			return nil, err
		}
		return map[string]any{"order": o.ID, "shipment": in.shipmentID(o)}, nil
	})
}
