package sim

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	orders     = "externalOrderService"
	theFacade  = "externalOrderFacade"
	paying     = "externalPaymentService"
	theHistory = "externalOrderHistoryService"
)

// closedSale makes a closed order of n places and returns its number, what it cost and its details.
func (d *desk) closedSale(perf *performance, category, tariff string, n int) (id, total int64, details object) {
	d.t.Helper()
	id, total = d.hold(d.entries(d.line(perf, category, tariff, n)))
	d.must(orders, "closeOrder", d.closing(id, total))
	return id, total, d.details(id)
}

// refunding is a createOrUpdateOrder body that takes back movements of a sold order's first operation, or all.
func (d *desk) refunding(details object, movements ...int64) object {
	op := details.list("operationDatas")[0]
	return object{
		"pointOfSalesId": d.in.w.PointOfSales.ID, "orderType": "REFUND_CLIENT", "fileId": op.id("fileId"),
		"refundOperations": []object{{"operationId": op.id("operationId"), "movementIds": movements}},
	}
}

func (d *desk) refused(service, method string, body any, code string) {
	d.t.Helper()
	if o := d.call(service, method, body); o.code() != code {
		d.t.Errorf("%s: %s: %s, want %s", method, o.code(), o.str("statusDetail"), code)
	}
}

func states(details object) map[string]int {
	out := map[string]int{}
	for _, m := range details.list("movementDatas") {
		for _, t := range m.list("tickets") {
			out[t.str("ticketState")]++
		}
	}
	return out
}

func TestRefund_OfPartThenRest_CancelsTicketsAndGivesBackStockAndMoney(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	p := newPlatform(t, func(p *Platform) { p.Journal = journal })
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	before := d.left(perf, "CAT1")
	id, total, details := d.closedSale(perf, "CAT1", "PLEIN", 3)
	first := details.list("movementDatas")[0].id("movementId")
	file := details.list("operationDatas")[0].id("fileId")

	refund, amount := d.hold(d.refunding(details, first))
	if amount != -total/3 {
		t.Errorf("the refund makes %d of %d", amount, total)
	}
	if got := d.left(perf, "CAT1"); got != before-3 || states(d.details(id))["CANCELLED"] != 0 {
		t.Errorf("an open refund has given back already: %d left of %d", got, before)
	}
	d.refused(theFacade, "createOrUpdateOrder", d.refunding(details, first), errRefunded)
	body := d.closing(refund, -amount) // written without its sign
	body["orderType"] = "SALE"
	d.refused(orders, "closeOrder", body, errType)
	body["orderType"] = "REFUND_CLIENT"
	body["payments"] = []object{{"amount": amount, "paymentMethodId": d.in.w.PaymentMethods[0].ID}}
	d.refused(orders, "closeOrder", body, errMethod)
	body["payments"] = []object{{"amount": -amount, "paymentMethodId": d.in.w.pendingMethod()}}
	d.must(orders, "closeOrder", body)

	if got := d.left(perf, "CAT1"); got != before-2 {
		t.Errorf("%d left, want %d", got, before-2)
	}
	if diff := cmp.Diff(map[string]int{"VALID": 2, "CANCELLED": 1}, states(d.details(id))); diff != "" {
		t.Error(diff)
	}
	if d.in.balance != total-total/3 {
		t.Errorf("the account stands at %d", d.in.balance)
	}
	whole := d.must(orders, "getFileDetails", object{"fileId": file})
	if n := len(whole.list("orderDetailsDatas")); n != 2 || whole.get("fileDetailsData").str("fileState") != "NOT_SOLDED" {
		t.Errorf("%d orders, %v", n, whole.get("fileDetailsData"))
	}
	d.refused(theFacade, "createOrUpdateOrder", d.refunding(details, first), errRefunded)

	rest, amount := d.hold(d.refunding(details)) // all that is left
	d.must(orders, "closeOrder", object{"orderId": rest, "generateBarCodes": false})
	if amount != -2*total/3 || d.in.balance != 0 || d.left(perf, "CAT1") != before {
		t.Errorf("amount %d, account %d, left %d of %d", amount, d.in.balance, d.left(perf, "CAT1"), before)
	}
	whole = d.must(orders, "getFileDetailsFromOrderSecretId", object{"orderSecretId": details.str("orderSecretId")})
	if got := whole.get("fileDetailsData").str("fileState"); got != "CANCELED" {
		t.Errorf("file is %s", got)
	}
	sound(t, p)
	again := newPlatform(t, func(p *Platform) { p.Journal = journal })
	if diff := cmp.Diff(remembered(t, p), remembered(t, again)); diff != "" {
		t.Errorf("after a restart (-before +after):\n%s", diff)
	}
	sound(t, again)
}

func TestRefund_ThatLapses_LeavesTheSaleAsItWas(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	id, total, details := d.closedSale(d.next("TARTUFFE"), "CAT1", "PLEIN", 2)
	refund, _ := d.hold(d.refunding(details))
	p.Clock.Advance(time.Hour)
	d.refused(orders, "closeOrder", object{"orderId": refund, "generateBarCodes": false}, errExpired)
	if states(d.details(id))["VALID"] != 2 || d.in.balance != total {
		t.Errorf("tickets %v, account %d", states(d.details(id)), d.in.balance)
	}
	second, _ := d.hold(d.refunding(details))
	d.must(orders, "closeOrder", object{"orderId": second, "generateBarCodes": false})
	sound(t, p)
}

func TestRefund_NeedsItsFileAndSoldPlaces(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	_, _, details := d.closedSale(d.next("TARTUFFE"), "CAT1", "PLEIN", 1)
	_, _, other := d.closedSale(d.next("TARTUFFE"), "CAT1", "PLEIN", 1)
	elsewhere := d.refunding(details)
	elsewhere["fileId"] = other.list("operationDatas")[0].id("fileId")
	d.refused(theFacade, "createOrUpdateOrder", elsewhere, errOperation)
	unknown := d.refunding(details)
	unknown["fileId"] = 7
	d.refused(theFacade, "createOrUpdateOrder", unknown, errFile)
	d.refused(theFacade, "createOrUpdateOrder", d.refunding(details, 99), errRefunded)
	sale := d.refunding(details)
	sale["orderType"] = "SALE"
	d.refused(theFacade, "createOrUpdateOrder", sale, errType)
	nothing := d.refunding(details)
	delete(nothing, "refundOperations")
	d.refused(theFacade, "createOrUpdateOrder", nothing, errMissing)
}

func TestReprintAndCancel_BehindThePartnersBack_ShowInDetailsAndHistory(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	before := d.left(perf, "CAT1")
	id, total, details := d.closedSale(perf, "CAT1", "PLEIN", 2)
	was := details.list("movementDatas")[0].list("tickets")[0].str("barcode")

	path := fmt.Sprintf("/orders/%d/", id)
	if code, o := control(t, p, http.MethodPost, path+"reprint?institution=theatre", ""); code != http.StatusOK {
		t.Fatalf("reprint: %d %v", code, o)
	}
	tickets := d.details(id).list("movementDatas")[0].list("tickets")
	if len(tickets) != 2 || tickets[0].str("ticketState") != "INVALIDATED" || tickets[0].str("barcode") != was ||
		tickets[1].str("ticketState") != "VALID" || tickets[1].str("barcode") == was || !wellFormed(tickets[1].str("barcode")) {
		t.Errorf("tickets after a reprint: %v", tickets)
	}
	sound(t, p)
	if code, o := control(t, p, http.MethodPost, path+"cancel?institution=theatre", ""); code != http.StatusOK {
		t.Fatalf("cancel: %d %v", code, o)
	}
	if diff := cmp.Diff(map[string]int{"INVALIDATED": 2, "CANCELLED": 2}, states(d.details(id))); diff != "" {
		t.Error(diff)
	}
	if d.in.balance != 0 || d.left(perf, "CAT1") != before || total == 0 {
		t.Errorf("account %d, left %d of %d", d.in.balance, d.left(perf, "CAT1"), before)
	}
	list := d.must(theHistory, "listTicketsByCriteria", object{"ticketFilterCriteria": object{
		"performanceId": perf.id, "startDate": aDay.AddDate(0, 0, -1), "endDate": aDay.AddDate(0, 0, 1),
	}})
	if n := len(list.list("ticketSummaries")); n != 4 {
		t.Errorf("%d tickets in the theHistory, want 4", n)
	}
	for _, what := range []string{"cancel", "reprint"} {
		if code, _ := control(t, p, http.MethodPost, path+what+"?institution=theatre", ""); code != http.StatusUnprocessableEntity {
			t.Errorf("%s of what is cancelled: %d", what, code)
		}
	}
	sound(t, p)
}

func TestUpdate_OfTheHeadAlone_ChangesItAndNoClock(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	id, _ := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 1)))
	end := d.details(id).str("expirationDate")
	p.Clock.Advance(5 * time.Minute)
	d.must(theFacade, "createOrUpdateOrder", object{
		"pointOfSalesId": d.in.w.PointOfSales.ID, "orderId": id, "externalReference": "SHOP-9",
		"purchasersInfo": []object{{"contactReference": d.in.w.Contacts[0]}},
	})
	got := d.details(id)
	if got.str("externalReference") != "SHOP-9" || got.str("contactReference") != d.in.w.Contacts[0] || got.str("expirationDate") != end {
		t.Errorf("after the update: %v", got)
	}
	body := d.entries(d.line(perf, "CAT1", "PLEIN", 1))
	body["orderId"] = id
	d.must(theFacade, "createOrUpdateOrder", body)
	if d.details(id).str("expirationDate") == end {
		t.Error("adding did not restart the clock")
	}
	for range 4 { // each adds in time, and the order's lifespan ends all the same
		p.Clock.Advance(14 * time.Minute)
		d.create(body)
	}
	if got := d.details(id).str("orderState"); got != "ABANDONED" {
		t.Errorf("after its maximum lifespan the order is %s", got)
	}
	sound(t, p)
}

func TestCreate_WithGranularityOperation_LeavesMovementsOut(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	body := d.entries(d.line(d.next("TARTUFFE"), "CAT1", "PLEIN", 1))
	for granularity, want := range map[string]int{"": 1, "MOVEMENT": 1, "OPERATION": 0} {
		body["orderUpdateGranularity"] = granularity
		u := d.must(theFacade, "createOrUpdateOrderWithGranularity", body).get("orderUpdateData")
		if len(u.list("movementDataUpdates")) != want || len(u.list("operationDataUpdates")) != 1 {
			t.Errorf("%q: %v", granularity, u)
		}
	}
	body["orderUpdateGranularity"] = "SEAT"
	d.refused(theFacade, "createOrUpdateOrderWithGranularity", body, errInvalid)
}

func TestCancelOperations_DropsLinesAndPlacesOfAnOpenOrder(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	body := d.entries(d.line(perf, "CAT1", "PLEIN", 2), d.line(perf, "CAT2", "PLEIN", 2))
	body["chargeOperations"] = []object{{"chargeId": d.in.charges["FRAIS"].id}}
	u := d.create(body).get("orderUpdateData")
	id, ops, moves := u.id("orderId"), u.list("operationDataUpdates"), u.list("movementDataUpdates")
	got := d.must(orders, "cancelOperations", object{
		"orderId": id, "operationIds": []int64{ops[0].id("operationId"), ops[2].id("operationId")}, "movementIds": []int64{moves[3].id("movementId")},
	}).get("orderUpdateData")
	removed, _ := got["removeMovementIds"].([]any)
	gone, _ := got["removeOperationIds"].([]any)
	if len(removed) != 3 || len(gone) != 2 {
		t.Errorf("removed %v and %v", removed, gone)
	}
	left := d.details(id)
	if n := len(left.list("movementDatas")); n != 1 || left.id("saleAmount") != ops[1].id("unitPrice") {
		t.Errorf("left: %v", left)
	}
	d.refused(orders, "cancelOperations", object{"orderId": id, "operationIds": []int64{ops[0].id("operationId")}}, errOperation)
	d.refused(orders, "cancelOperations", object{"orderId": id}, errMissing)
	total := left.id("saleAmount")
	d.must(orders, "closeOrder", d.closing(id, total))
	d.refused(orders, "cancelOperations", object{"orderId": id, "operationIds": []int64{ops[1].id("operationId")}}, errClosed)
	sound(t, p)
}

func TestPayments_AreAnnouncedCancelledAndMade(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	id, total := d.hold(d.entries(d.line(d.next("TARTUFFE"), "CAT1", "PLEIN", 2)))
	pay := []object{{"amount": total, "paymentMethodId": d.in.w.pendingMethod(), "paymentIdentifier": "S1"}}
	d.refused(paying, "checkPayment", object{"orderId": id, "payments": []object{{"amount": 1, "paymentMethodId": d.in.w.pendingMethod()}}}, errAmount)
	waits := d.must(paying, "checkPayment", object{"orderId": id, "payments": pay}).list("paymentDetails")
	if len(waits) != 1 || waits[0].str("paymentStatus") != "WAITING" || waits[0].str("paymentIdentifier") != "S1" {
		t.Fatalf("announced: %v", waits)
	}
	d.must(paying, "cancelPayment", object{"paymentIds": []int64{waits[0].id("paymentId")}})
	d.refused(paying, "cancelPayment", object{"paymentIds": []int64{waits[0].id("paymentId")}}, errPaymentState)
	d.refused(paying, "cancelPayment", object{"paymentIds": []int64{5}}, errPayment)
	closed := d.must(theFacade, "createPaymentsAndCloseOrder", object{
		"orderId": id, "isConvertedReservation": false, "createToken": false, "payments": pay, "orderType": "SALE", "maxWaitingTime": 0,
		"paymentParams": object{"contactNumber": "300", "totalAmount": total, "paymentParametersMap": object{"RETURN_URL": "https://shop.example"}},
	})
	if closed.get("orderData").str("orderState") != "CLOSED" || len(closed.list("paymentDetails")) != 2 {
		t.Errorf("closed: %v", closed)
	}
	made := d.must(paying, "checkPayment", object{"orderId": id}).list("paymentDetails")
	if made[0].str("paymentStatus") != "CANCELLED_BY_USER" || made[1].str("paymentStatus") != "PAID" || made[1].id("amount") != total {
		t.Errorf("made: %v", made)
	}
	d.refused(paying, "cancelPayment", object{"paymentIds": []int64{made[1].id("paymentId")}}, errPaymentState)
	sound(t, p)
}

func TestHistory_ListsTickets_WithItsTraps(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	d.closedSale(perf, "CAT1", "PLEIN", 3)
	d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 1))) // open: no ticket
	by := object{"productId": perf.product.id, "startDate": aDay.Add(-time.Hour), "endDate": aDay.Add(time.Hour)}
	ask := func() object { return d.must(theHistory, "listTicketsByCriteria", object{"ticketFilterCriteria": by}) }
	if got := ask(); len(got.list("ticketSummaries")) != 3 || got["truncated"] != false {
		t.Errorf("all: %v", got)
	}
	page := d.must(theHistory, "listTicketsByCriteria", object{"ticketFilterCriteria": by, "paginationParameter": object{"startPosition": 1, "maxResult": 1}})
	if len(page.list("ticketSummaries")) != 1 || page["truncated"] != true {
		t.Errorf("page: %v", page)
	}
	by["pointOfSalesId"] = d.in.w.PointOfSales.ID
	if got := ask(); len(got.list("ticketSummaries")) != 0 {
		t.Errorf("with a point of sales: %v", got)
	}
	delete(by, "pointOfSalesId")
	by["startDate"] = aDay.Add(time.Minute)
	if got := ask(); len(got.list("ticketSummaries")) != 0 {
		t.Errorf("sold before: %v", got)
	}
	delete(by, "startDate")
	d.refused(theHistory, "listTicketsByCriteria", object{"ticketFilterCriteria": by}, errMissing)
}

// tickets walks the list of tickets in pages of n, 0 for none asked, and returns their numbers and the sizes of the pages.
func (d *desk) tickets(by object, n int) (ids []int64, pages []int) {
	d.t.Helper()
	for len(pages) < 20 {
		body := object{"ticketFilterCriteria": by, "paginationParameter": object{"startPosition": len(ids), "maxResult": n}}
		if n == 0 && len(ids) == 0 {
			delete(body, "paginationParameter")
		}
		o := d.must(theHistory, "listTicketsByCriteria", body)
		rows := o.list("ticketSummaries")
		for _, r := range rows {
			ids = append(ids, r.id("ticketId"))
		}
		pages = append(pages, len(rows))
		if o["truncated"] != true {
			break
		}
	}
	return ids, pages
}

func TestHistory_FiveThousandTicketsAndOneMore_AreListedOnce(t *testing.T) {
	t.Parallel()
	p, d := gates(t)
	by := object{"productId": d.product("FLOOD").id, "startDate": aDay.Add(-time.Hour), "endDate": aDay.Add(time.Hour)}
	each := func(n, page int, want ...int) {
		t.Helper()
		ids, pages := d.tickets(by, page)
		d.differs("pages", pages, want)
		if once := slices.Compact(slices.Sorted(slices.Values(ids))); len(once) != n || !slices.IsSorted(ids) {
			t.Errorf("%d tickets of %d, %d of them once", len(ids), n, len(once))
		}
	}
	d.sell("FLOOD", 4990)
	d.sell("FLOOD", 10)
	each(5000, 0, 5000)
	each(5000, 5000, 5000)
	d.sell("FLOOD", 1)
	each(5001, 0, 5000, 1)
	each(5001, 9000, 5000, 1) // never more than 5,000 at once
	each(5001, 2000, 2000, 2000, 1001)
	if o := d.must(theHistory, "listTicketsByCriteria", object{"ticketFilterCriteria": by, "paginationParameter": object{"startPosition": 6000, "maxResult": 10}}); o["truncated"] != false || len(o.list("ticketSummaries")) != 0 {
		t.Errorf("behind the end: %v", o)
	}
	for _, page := range []object{{"startPosition": -1, "maxResult": 10}, {"startPosition": 0, "maxResult": -1}} {
		d.refused(theHistory, "listTicketsByCriteria", object{"ticketFilterCriteria": by, "paginationParameter": page}, errInvalid)
	}
	sound(t, p)
}

func TestHistory_SalesAndReprintsBetweenTwoPages_LoseAndRepeatNothing(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	early, total := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 2))) // held first, closed last
	first, _, _ := d.closedSale(perf, "CAT1", "PLEIN", 3)
	by := object{"productId": perf.product.id, "startDate": aDay.Add(-time.Hour), "endDate": aDay.Add(time.Hour)}
	page := func(from int) []object {
		t.Helper()
		return d.must(theHistory, "listTicketsByCriteria", object{"ticketFilterCriteria": by, "paginationParameter": object{"startPosition": from, "maxResult": 3}}).list("ticketSummaries")
	}
	seen := map[int64]string{}
	for _, row := range page(0) {
		seen[row.id("ticketId")] = row.str("ticketState")
	}
	d.must(orders, "closeOrder", d.closing(early, total))
	if status, o := control(t, p, "POST", "/orders/"+text(first)+"/reprint?institution=theatre", ""); status != http.StatusOK {
		t.Fatal(o)
	}
	for from := 3; ; from += 3 {
		rows := page(from)
		for _, row := range rows {
			if seen[row.id("ticketId")] != "" {
				t.Errorf("ticket %d comes twice", row.id("ticketId"))
			}
			seen[row.id("ticketId")] = row.str("ticketState")
		}
		if len(rows) < 3 {
			break
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d tickets, want 3 sold, 2 sold later and 3 reprinted: %v", len(seen), seen)
	}
	sound(t, p)
}

func TestHistory_CountsAndListsFiles(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	_, _, details := d.closedSale(perf, "CAT1", "PLEIN", 1)
	body := d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 1))
	body["fileContacts"] = []object{{"fileContactType": "OWNER", "lastName": "Roy"}}
	d.hold(body)
	for name, tc := range map[string]struct {
		by   object
		want int64
	}{
		"all":            {object{}, 2},
		"sold":           {object{"states": []string{"NOT_SOLDED"}}, 1},
		"running":        {object{"states": []string{"RUNNING"}}, 1},
		"a product":      {object{"productId": perf.product.id}, 1},
		"paid":           {object{"paymentStates": []string{"PAID"}}, 1},
		"one of":         {object{"fileContacts": []object{{"lastName": "Roy"}, {"lastName": "Nobody"}}}, 1},
		"both of":        {object{"fileContacts": []object{{"lastName": "Roy"}, {"lastName": "Nobody"}}, "fileSearchCriteria": "INTERSECT_FILE_CONTACTS"}, 0},
		"later":          {object{"startDate": aDay.Add(time.Hour)}, 0},
		"other channels": {object{"orderOriginators": []string{"DESK"}}, 0},
		"no option":      {object{"fileOptionStates": []string{"NONE", "REQUESTED"}}, 2},
		"an option":      {object{"fileOptionStates": []string{"REQUESTED"}}, 0},
		"occasional":     {object{"mainAudienceCategory": "OCCASIONAL"}, 2},
		"subscribers":    {object{"mainAudienceCategory": "SUBSCRIBER"}, 0},
		"ending soon":    {object{"maxFileExpirationDate": aDay.Add(15 * time.Minute)}, 1},
		"ending at once": {object{"maxFileExpirationDate": aDay.Add(14 * time.Minute)}, 0},
		"instalments":    {object{"maxInstallmentExpirationDate": aDay.Add(time.Hour)}, 0},
	} {
		if got := d.must(theHistory, "countFilesByCriteria", tc.by).id("count"); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
		if got := len(d.must(theHistory, "listFilesByCriteria", tc.by).list("fileSummaries")); int64(got) != tc.want {
			t.Errorf("%s: %d listed, want %d", name, got, tc.want)
		}
	}
	first := d.must(theHistory, "listFilesByCriteria", object{"paginationParameter": object{"startPosition": 0, "maxResult": 1}})
	if first["truncated"] != true || first.list("fileSummaries")[0].id("fileId") != details.list("operationDatas")[0].id("fileId") {
		t.Errorf("first: %v", first)
	}
}

func TestShipment_ModeChangesUntilSent(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	id, _, details := d.closedSale(d.next("TARTUFFE"), "CAT1", "PLEIN", 1)
	ship := details.list("shipments")[0]
	ask := object{"pointOfSalesId": d.in.w.PointOfSales.ID, "shipmentContents": "TICKETS"}
	modes := d.must("shipmentPublicService", "getAvailableShipmentModes", ask).get("shipmentModesDetailedData").list("shipmentModes")
	if len(modes) != 3 || modes[0].id("id") != ship.id("shipmentModeId") || ship.str("shipmentState") != "UNSENT" {
		t.Fatalf("modes %v, shipment %v", modes, ship)
	}
	to := object{"shipmentIds": []int64{ship.id("shipmentId")}, "shipmentModeId": modes[1].id("id")}
	d.must("shipmentPublicService", "changeShipmentMode", to)
	if got := d.details(id).list("shipments")[0].id("shipmentModeId"); got != modes[1].id("id") {
		t.Errorf("mode %d", got)
	}
	if code, o := control(t, p, http.MethodPost, fmt.Sprintf("/orders/%d/ship?institution=theatre", id), ""); code != http.StatusOK {
		t.Fatalf("ship: %v", o)
	}
	d.refused("shipmentPublicService", "changeShipmentMode", to, errShipmentSent)
	delete(ask, "shipmentContents")
	d.refused("shipmentPublicService", "getAvailableShipmentModes", ask, errMissing)
}

func TestSeating_MovesAndSwapsSeatsOfAnOpenOrder(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	u := d.create(d.entries(d.line(perf, "CAT1", "PLEIN", 2))).get("orderUpdateData")
	op, moves := u.list("operationDataUpdates")[0].id("operationId"), u.list("movementDataUpdates")
	seating := func(pairs ...int64) object {
		var list []object
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, object{"movementId": pairs[i], "physicalSeatId": pairs[i+1]})
		}
		return object{"operationIds": []int64{op}, "seatingInformation": list}
	}
	a, b := moves[0], moves[1]
	got := d.must("externalSeatingService", "doSeatingForOperations", seating(a.id("movementId"), b.id("seatId"), b.id("movementId"), a.id("seatId"))).list("movementsData")
	if got[0].id("seatId") != b.id("seatId") || got[1].str("number") != a.str("number") {
		t.Errorf("swapped: %v", got)
	}
	taken := d.create(d.entries(d.line(perf, "CAT1", "PLEIN", 1))).get("orderUpdateData").list("movementDataUpdates")[0]
	d.refused("externalSeatingService", "doSeatingForOperations", seating(a.id("movementId"), taken.id("seatId")), errSeatTaken)
	other := d.create(d.entries(d.line(perf, "CAT2", "PLEIN", 1))).get("orderUpdateData").list("movementDataUpdates")[0]
	d.refused("externalSeatingService", "doSeatingForOperations", seating(a.id("movementId"), other.id("seatId")), errSeat)
	d.refused("externalSeatingService", "doSeatingForOperations", seating(a.id("movementId"), 4), errSeat)
	d.refused("externalSeatingService", "doSeatingForOperations", seating(taken.id("movementId"), a.id("seatId")), errMovement)
	sound(t, p)
}

func TestFile_CarriesStatusReferencesAttachmentsAndOwners_AcrossARestart(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	p := newPlatform(t, func(p *Platform) { p.Journal = journal })
	d := at(t, p, "theatre")
	id, _, details := d.closedSale(d.next("TARTUFFE"), "CAT1", "PLEIN", 1)
	file, movement := details.list("operationDatas")[0].id("fileId"), details.list("movementDatas")[0].id("movementId")
	d.must(orders, "updateFileStatus", object{"fileId": file, "fileStatusIC": "CHECKED"})
	d.must(orders, "updateExternalReferences", object{"id": id, "externalReferenceKind": "ORDER", "externalReference": object{"key": "shop", "value": "1"}})
	d.must(orders, "updateExternalReferences", object{"id": id, "externalReferenceKind": "ORDER", "externalReference": []object{{"key": "shop", "value": "2"}, {"key": "b", "value": "3"}}})
	d.refused(orders, "getExternalReference", object{"id": id, "externalReferenceKind": "FILE"}, errReferenceKind)
	d.must(orders, "setMovementContactData", object{"orderId": id, "movementContacts": []object{{"movementId": movement, "lastName": "Roy"}}})
	d.refused(orders, "setMovementContactData", object{"orderId": id, "movementContacts": []object{{"movementId": 4, "lastName": "Roy"}}}, errMovement)
	d.refused(orders, "setMovementContactData", object{"orderId": id, "movementContacts": []object{{"movementId": movement}}}, errContactNeeded)
	upload := func(name string, data []byte) object {
		return object{"fileId": file, "printableFileAttachmentData": object{"fileName": name, "mimetype": "text/plain", "data": base64.StdEncoding.EncodeToString(data)}}
	}
	d.must(orders, "uploadFileAttachment", upload("a.txt", []byte("one")))
	d.must(orders, "uploadFileAttachment", upload("b.txt", []byte("two")))
	d.refused(orders, "uploadFileAttachment", upload("c.txt", make([]byte, maxAttachment+1)), errLimitReached)
	d.refused(orders, "uploadFileAttachment", object{"fileId": file, "printableFileAttachmentData": object{"fileName": "d", "data": "%"}}, errInvalid)
	list := d.must(orders, "getFileDetails", object{"fileId": file}).get("fileDetailsData").list("fileAttachments")
	if len(list) != 2 {
		t.Fatalf("attachments: %v", list)
	}
	d.must(orders, "deleteFileAttachment", object{"fileAttachmentId": list[0].id("fileAttachmentId")})
	d.refused(orders, "getFileAttachment", object{"fileAttachmentId": list[0].id("fileAttachmentId")}, errAttachment)

	again := newPlatform(t, func(p *Platform) { p.Journal = journal })
	e := at(t, again, "theatre")
	got := e.must(orders, "getFileAttachment", object{"fileAttachmentId": list[1].id("fileAttachmentId")}).get("fileAttachment")
	if got.str("data") != base64.StdEncoding.EncodeToString([]byte("two")) || got.str("fileName") != "b.txt" {
		t.Errorf("attachment: %v", got)
	}
	refs := e.must(orders, "getExternalReference", object{"id": id, "externalReferenceKind": "ORDER"}).get("externalReferences").list("externalReferences")
	if len(refs) != 2 || refs[0].str("value") != "2" {
		t.Errorf("references: %v", refs)
	}
	if got := e.must(orders, "getFileDetails", object{"fileId": file}).get("fileDetailsData").str("fileStatusIC"); got != "CHECKED" {
		t.Errorf("status %q", got)
	}
	if got := e.details(id).list("movementDatas")[0].get("ticketOwner").str("lastName"); got != "Roy" {
		t.Errorf("owner %q", got)
	}
	for granularity, want := range map[string][2]bool{"OPERATIONS": {false, false}, "MOVEMENTS": {true, false}, "TICKETS": {true, true}} {
		o := e.must(orders, "getOrderDetails", object{"orderId": id, "granularity": granularity}).get("orderDetailsData")
		moves := o.list("movementDatas")
		if has := len(moves) > 0; has != want[0] || (has && (len(moves[0].list("tickets")) > 0) != want[1]) || len(o.list("operationDatas")) != 1 {
			t.Errorf("%s: %v", granularity, o)
		}
	}
	sound(t, again)
}

func TestCheck_NamesWhatIsBrokenAfterASale(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		corrupt func(in *institution, sale, refund *order)
		want    string
	}{
		"a cancelled ticket that is good": {func(in *institution, sale, _ *order) {
			m := sale.Operations[0].Movements[0]
			in.barcodes[m.Barcode] = m.ID
		}, "is good: true"},
		"a replaced ticket that is good": {func(in *institution, sale, _ *order) {
			m := sale.Operations[0].Movements[1]
			in.barcodes[m.Old[0].Barcode] = m.ID
		}, "still good"},
		"a cancelled place of no refund": {func(_ *institution, sale, refund *order) { sale.Operations[0].Movements[1].Cancelled = refund.ID }, "is cancelled by order"},
		"a refund of another price":      {func(_ *institution, _, refund *order) { refund.Operations[0].Price-- }, "line and price"},
		"a place taken back twice": {func(_ *institution, _, refund *order) {
			op := refund.Operations[0]
			op.Back = append(op.Back, op.Back[0])
		}, "is taken back by order"},
		"a payment that is off":     {func(_ *institution, sale, _ *order) { sale.Payments[0].Amount++ }, "its payments make"},
		"an order outside its file": {func(in *institution, sale, _ *order) { in.files[sale.File].Orders = nil }, "is not in its file"},
		"one barcode given twice over time": {func(_ *institution, sale, _ *order) {
			ms := sale.Operations[0].Movements
			ms[1].Old[0].Barcode = ms[0].Barcode
		}, "were given the same barcode"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			d := at(t, p, "theatre")
			id, _, details := d.closedSale(d.next("TARTUFFE"), "CAT1", "PLEIN", 2)
			control(t, p, http.MethodPost, fmt.Sprintf("/orders/%d/reprint?institution=theatre", id), "")
			refund, _ := d.hold(d.refunding(details, details.list("movementDatas")[0].id("movementId")))
			d.must(orders, "closeOrder", object{"orderId": refund, "generateBarCodes": false})
			sound(t, p)
			tc.corrupt(d.in, d.in.orders[id], d.in.orders[refund])
			if err := p.Check(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%q is not named in: %v", tc.want, err)
			}
		})
	}
}
