package secutix

import (
	"testing"

	"guichet/domain/sales"
	"guichet/domain/sample"
	"guichet/secutix/s360"
)

func details(ops []s360.OperationData, moves ...s360.MovementData) *s360.OrderDetailsData {
	return &s360.OrderDetailsData{OrderID: 1000001, OperationDatas: ops, MovementDatas: moves}
}

// standing is an order of one line with two known places.
func standing() sales.Order {
	o := asked(seats(601, 1001, 2))
	o.Platform = sales.PlatformRef{OrderID: 1000001, FileID: 88}
	o.Lines[0].Operations = []int64{5001}
	o.Lines[0].Places = []sales.Place{{ID: "plc_1", Movement: 7001}, {ID: "plc_2", Movement: 7002}}
	return o
}

func TestToSeen_IsTolerantOfWhatAReadLeavesOut(t *testing.T) {
	t.Parallel()
	names := visit{date: s360.DefaultVisitDateMember, slot: s360.DefaultTimeslotMember}
	bare := func(o *s360.OperationData) { o.TotalAmount, o.UnitPrice = nil, amount(42_000) }
	silent := func(o *s360.OperationData) { o.TotalAmount = nil }
	sale := func(d *s360.OrderDetailsData) *s360.OrderDetailsData { d.SaleAmount = amount(84_000); return d }
	for name, d := range map[string]*s360.OrderDetailsData{
		"everything":            details([]s360.OperationData{op(5001, 601, 1001, 2)}, mv(7001, 5001), mv(7002, 5001)),
		"no total":              details([]s360.OperationData{op(5001, 601, 1001, 2, bare)}, mv(7001, 5001), mv(7002, 5001)),
		"no price":              sale(details([]s360.OperationData{op(5001, 601, 1001, 2, silent)}, mv(7001, 0), mv(7002, 0))),
		"no operation of each":  details([]s360.OperationData{op(5001, 601, 1001, 2)}, mv(7001, 0), mv(7002, 0)),
		"a performance unnamed": details([]s360.OperationData{op(5001, 601, 1001, 2, func(o *s360.OperationData) { o.PerformanceID = 0 })}, mv(7001, 5001), mv(7002, 5001)),
	} {
		h := toSeen(standing(), "EUR", d, names)
		if h.Defect != nil || h.Total != sample.Euros(8400) || len(h.Lines[0].Places) != 2 || h.Lines[0].Total != sample.Euros(8400) || h.Lines[0].UnitPrice != sample.Euros(4200) || h.Platform.FileID != 88 {
			t.Errorf("%s: %+v %+v", name, h, h.Defect)
		}
	}
	h := toSeen(standing(), "EUR", details([]s360.OperationData{op(5001, 601, 1001, 2)}, mv(7001, 5001), mv(7002, 5001), mv(7003, 5009)), names)
	if h.Defect == nil || len(h.Movements) != 3 {
		t.Errorf("a strange place is not seen: %+v", h)
	}
	if h = toSeen(standing(), "EUR", details([]s360.OperationData{op(5001, 601, 1001, 1)}, mv(7001, 5001)), names); h.Defect == nil {
		t.Errorf("a missing place is not seen: %+v", h)
	}
}

func TestToAdded_CountsOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	names := visit{date: s360.DefaultVisitDateMember, slot: s360.DefaultTimeslotMember}
	o := standing()
	held := o.Lines
	o.Lines = []sales.Line{seats(601, 1001, 1)}
	for name, d := range map[string]*s360.OrderUpdateData{
		"an operation of its own":   update([]s360.OperationData{op(5002, 601, 1001, 1)}, mv(7003, 5002)),
		"in the operation it had":   update([]s360.OperationData{op(5001, 601, 1001, 3)}, mv(7003, 5001)),
		"with what it held already": update([]s360.OperationData{op(5001, 601, 1001, 3)}, mv(7001, 5001), mv(7002, 5001), mv(7003, 5001)),
	} {
		h := toAdded(o, held, "EUR", d, names)
		if h.Defect != nil || h.Total != sample.Euros(4200) || len(h.Movements) != 1 || h.Movements[0] != 7003 {
			t.Errorf("%s: %+v %+v", name, h, h.Defect)
		}
	}
}
