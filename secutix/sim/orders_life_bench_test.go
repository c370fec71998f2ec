package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkOrder_HoldAndClose is a whole sale of two seats over REST, from both calls to both answers; a refund by the organiser
// gives the seats back outside the clock, so that the hall never fills.
func BenchmarkOrder_HoldAndClose(b *testing.B) {
	p := &Platform{Clock: NewClock(aDay), RatePerMinute: -1, CatalogSpacing: -1}
	if err := p.Start(); err != nil {
		b.Fatal(err)
	}
	w := desk{p: p, in: p.byCode["theatre"], http: &http.Client{Transport: p.Transport()}}
	body := w.benched(b)
	for b.Loop() {
		o := w.benchCall(b, "externalOrderFacade", "createOrUpdateOrder", body)
		id := o.get("orderUpdateData").id("orderId")
		w.benchCall(b, "externalOrderService", "closeOrder", object{"orderId": id, "generateBarCodes": true})
		b.StopTimer()
		w.emptied(b, id)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sales/s")
}

// benched is a call for two seats of the first hall evening on sale.
func (d *desk) benched(b *testing.B) object {
	b.Helper()
	for _, p := range d.in.products {
		for _, perf := range p.perfs {
			if p.def.Code != "TARTUFFE" || !perf.onSale(aDay) {
				continue
			}
			return object{"pointOfSalesId": d.in.w.PointOfSales.ID, "singleEntryAttributionOperations": []object{{"operationAttributions": []object{
				{"performanceId": perf.id, "seatCategoryId": category0(perf, "CAT1"), "audienceSubCategoryId": d.in.tariffs[0].id, "quantity": 2},
			}}}}
		}
	}
	b.Fatal("nothing on sale")
	return nil
}

// benchCall calls a method that must succeed.
func (d *desk) benchCall(b *testing.B, service, method string, body object) object {
	b.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://sim/"+d.in.w.Code+address(service, method), bytes.NewReader(data))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+d.token())
	res, err := d.http.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	var o object
	if err := json.NewDecoder(res.Body).Decode(&o); err != nil || o.code() != "success" {
		b.Fatalf("%s: %v %v", method, err, o)
	}
	return o
}

// emptied has the organiser cancel a sale.
func (d *desk) emptied(b *testing.B, id int64) {
	b.Helper()
	w := httptest.NewRecorder()
	path := fmt.Sprintf("/orders/%d/cancel?institution=%s", id, d.in.w.Code)
	d.p.Control().ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodPost, path, http.NoBody))
	if w.Code != http.StatusOK {
		b.Fatal(w.Body.String())
	}
}
