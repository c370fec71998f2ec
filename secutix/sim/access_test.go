package sim

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/secutix/s360"
)

const accessREST = "externalAccessControlService"

// gates is a platform with an institution that sells an event and an entry without end.
func gates(t *testing.T, change ...func(*Platform)) (*Platform, *desk) {
	t.Helper()
	p := newPlatform(t, append([]func(*Platform){func(p *Platform) {
		w := GeneratedWorld("arena", 60)
		w.Products = append(w.Products, ProductRule{
			Code: "FLOOD", Family: familyPass, SubFamily: "PASS", Name: Text{"en": "Entry"}, VAT: "STD", SaleOpens: -30,
			Items: []ItemRule{{Code: "FLOOD", Name: Text{"en": "Entry"}, Price: map[string]int64{"FULL": 5000}}},
		})
		if err := p.AddWorld(w); err != nil {
			t.Fatal(err)
		}
		p.ExportSpacing = -1
	}}, change...)...)
	return p, at(t, p, "arena")
}

// sell sells n entries of a product at once and returns their barcodes.
func (d *desk) sell(product string, n int) []string {
	d.t.Helper()
	var body object
	if pr := d.product(product); pr.def.Family == familyEvent {
		body = d.entries(d.line(d.next(product), "CAT1", "FULL", n))
	} else {
		body = d.entries()
		delete(body, "singleEntryAttributionOperations")
		body["simpleProductOperations"] = []object{{"itemId": pr.items[0].id, "audienceSubCategoryId": d.tariff("FULL"), "quantity": n}}
	}
	id, total := d.hold(body)
	closed := d.must("externalOrderService", "closeOrder", d.closing(id, total))
	var out []string
	for _, m := range closed.get("orderData").list("movementDatas") {
		out = append(out, m.list("tickets")[0].str("barcode"))
	}
	return out
}

func listing(kind, mark string, n int, products ...string) object {
	body := object{"requestId": 0, "listType": kind, "ticketType": "ALL", "nbMaxResults": n}
	if mark != "" {
		body["paginationStart"] = mark
	}
	if len(products) > 0 {
		body["productCodes"] = products
	}
	return body
}

// export reads one page.
func (d *desk) export(kind, mark string, n int, products ...string) (lines []object, next string) {
	d.t.Helper()
	data := d.must(accessREST, "exportList", listing(kind, mark, n, products...)).get("accessControlListData")
	return data.list("accessControlListItems"), data.str("paginationEnd")
}

// walk reads a list to its end and returns its lines as "barcode state" and the sizes of the pages.
func (d *desk) walk(kind string, n int, products ...string) (lines []string, pages []int) {
	d.t.Helper()
	for mark := ""; len(pages) < 100; {
		page, next := d.export(kind, mark, n, products...)
		for _, l := range page {
			lines = append(lines, l.str("barcode")+" "+l.str("ticketState"))
		}
		pages = append(pages, len(page))
		if len(page) < n {
			break
		}
		mark = next
	}
	return lines, pages
}

func TestExportList_FiveThousandAndOneThenTenThousand_AreWalkedPageByPageOnce(t *testing.T) {
	t.Parallel()
	p, d := gates(t)
	for i, tc := range []struct {
		sell  int
		pages []int
	}{{5001, []int{5000, 1}}, {4999, []int{5000, 5000, 0}}} {
		d.sell("FLOOD", tc.sell)
		lines, pages := d.walk("GREY", 5000)
		seen := map[string]bool{}
		for _, l := range lines {
			if seen[l] {
				t.Fatalf("%s comes twice", l)
			}
			seen[l] = true
		}
		if len(seen) != []int{5001, 10_000}[i] || len(pages) != len(tc.pages) {
			t.Fatalf("%d lines in pages of %v, want %v", len(seen), pages, tc.pages)
		}
		for j, n := range tc.pages {
			if pages[j] != n {
				t.Errorf("pages of %v, want %v", pages, tc.pages)
			}
		}
	}
	if got, _ := d.export("WHITE", "", 9999); len(got) != 5000 {
		t.Errorf("%d lines for 9999, want the most there are on a page", len(got))
	}
	sound(t, p)
}

func TestExportList_Delta_ShowsOnlyWhatIsNew_AndNothingAgain(t *testing.T) {
	t.Parallel()
	p, d := gates(t)
	if lines, mark := d.export("GREY", "", 10); len(lines) != 0 || mark != "" {
		t.Errorf("before any sale: %v, %q", lines, mark)
	}
	old := d.sell("P00001", 2)
	_, mark := d.export("GREY", "", 10)
	if lines, same := d.export("GREY", mark, 10); len(lines) != 0 || same != mark {
		t.Errorf("nothing new: %v, mark %q after %q", lines, same, mark)
	}
	fresh := d.sell("P00002", 1)
	lines, next := d.export("GREY", mark, 10)
	if len(lines) != 1 || lines[0].str("barcode") != fresh[0] || next == mark {
		t.Errorf("after a sale: %v", lines)
	}
	l := lines[0]
	if l.str("ticketState") != "VALID" || l.str("cancellationCause") != "NOT_CANCELLED" || l.str("productCode") != "P00002" ||
		l.str("performanceCode") != "P000021" || l.str("tariffCode") != "FULL" || l.id("price") != 40000 || l.id("orderId") == 0 || l.id("fileId") == 0 {
		t.Errorf("the line: %v", l)
	}
	if got, _ := d.export("BLACK", "", 10); len(got) != 0 {
		t.Errorf("black: %v", got)
	}
	if got, _ := d.walk("WHITE", 1, "P00001"); strings.Join(got, ",") != old[0]+" VALID,"+old[1]+" VALID" {
		t.Errorf("one product: %v", got)
	}
	sound(t, p)
}

func TestExportList_BarcodesThatAreLate_AreNotListedBeforeTheirTime(t *testing.T) {
	t.Parallel()
	p, d := gates(t, func(p *Platform) { p.BarcodeDelay = time.Minute })
	id, total := d.hold(d.entries(d.line(d.next("P00001"), "CAT1", "FULL", 1)))
	d.must("externalOrderService", "closeOrder", d.closing(id, total))
	if lines, _ := d.export("WHITE", "", 10); len(lines) != 0 {
		t.Errorf("too early: %v", lines)
	}
	p.Clock.Advance(time.Minute)
	if lines, _ := d.export("WHITE", "", 10); len(lines) != 1 {
		t.Errorf("%d lines, want 1", len(lines))
	}
	sound(t, p)
}

func TestExportList_AMarkOfAnotherScopeOrAltered_IsRefused(t *testing.T) {
	t.Parallel()
	_, d := gates(t)
	d.sell("P00001", 2)
	_, mark := d.export("GREY", "", 1, "P00001", "P00002")
	if _, end := d.export("GREY", mark, 1, "P00002", "P00001", "P00001"); end == "" || end == mark {
		t.Errorf("the same products in another order: %q", end)
	}
	season := listing("GREY", mark, 1, "P00001", "P00002")
	season["seasonCode"] = d.in.seasonCode()
	shows := listing("GREY", mark, 1, "P00001", "P00002")
	shows["performanceCodes"] = []string{"P000011"}
	for name, body := range map[string]object{
		"one product": listing("GREY", mark, 1, "P00001"), "no product": listing("GREY", mark, 1), "a season": season, "performances": shows,
		"cut":          listing("GREY", mark[:len(mark)-1], 1, "P00001", "P00002"),
		"another time": listing("GREY", "1"+mark[1:], 1, "P00001", "P00002"),
		"another zone": listing("GREY", strings.Replace(mark, "|", "Z|", 1), 1, "P00001", "P00002"),
		"a date":       listing("GREY", "2026-11-21T09:00:00.000000", 1, "P00001", "P00002"),
		"moved on":     listing("GREY", strings.Replace(mark, "|1.", "|2.", 1), 1, "P00001", "P00002"),
	} {
		if got := d.call(accessREST, "exportList", body); got.code() != errMark {
			t.Errorf("%s: %s", name, got.code())
		}
	}
	stadium := at(t, d.p, "stadium")
	if got := stadium.call(accessREST, "exportList", listing("GREY", mark, 1)); got.code() != errMark {
		t.Errorf("another institution: %s", got.code())
	}
}

func FuzzOpenMark_NoTextBreaksIt_AndOnlyMarksOpen(f *testing.F) {
	p := &Platform{Clock: NewClock(aDay), RatePerMinute: -1}
	if err := p.Start(); err != nil {
		f.Fatal(err)
	}
	in := p.byCode["theatre"]
	in.access.ready()
	for n := range 40 {
		in.access.take(entry{barcode: strconv.Itoa(n)}, aDay.Add(time.Duration(n)*time.Millisecond))
	}
	s := scope{products: []string{"GODOT"}}
	for _, seed := range []string{in.mark(s, 1), in.mark(s, 40), in.mark(scope{}, 3), "", "|", "2026-11-21T09:00:00.000000|1.1", "|-1.", "|zzzzzzzzzzzzzzzzzzz."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		place, no := in.openMark(s, text)
		if no == nil && text != "" && in.mark(s, place) != text {
			t.Errorf("%q opens place %d, whose mark it is not", text, place)
		}
		if no != nil && place != 0 {
			t.Errorf("%q is refused and opens place %d", text, place)
		}
	})
}

// asking lets the desk speak under another name.
func (d *desk) asking(name string, body object) object {
	d.t.Helper()
	now := d.p.Clock.Now().Unix()
	token := forge(d.in.w.Secret, map[string]any{"sub": strings.ToUpper(d.in.w.Code), "aud": d.in.w.Operator, "iss": name, "iat": now, "exp": now + 30})
	_, text, err := d.send(address(accessREST, "exportList"), body, "Authorization", "Bearer "+token)
	if err != nil {
		d.t.Fatal(err)
	}
	var o object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		d.t.Fatal(err)
	}
	return o
}

func TestExportList_TwoClientsOfAProduct_TheSecondIsRefusedForADay(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "journal")
	p, d := gates(t, func(p *Platform) { p.Journal = file })
	for i, tc := range []struct{ client, product, want string }{
		{"Gate A", "P00001", "success"}, {"Gate B", "P00001", errOtherClient}, {"Gate B", "P00002", "success"}, {"Gate A", "P00001", "success"},
	} {
		if got := d.asking(tc.client, listing("GREY", "", 10, tc.product)); got.code() != tc.want {
			t.Errorf("%d: %s for %s: %s, want %s", i, tc.client, tc.product, got.code(), tc.want)
		}
	}
	if got := d.asking("Gate C", listing("GREY", "", 10)); got.code() != errOtherClient {
		t.Errorf("everything: %s", got.code())
	}
	p.Clock.Advance(23 * time.Hour)
	if got := d.asking("Gate A", listing("GREY", "", 10, "P00001")); got.code() != "success" {
		t.Errorf("the first again: %s", got.code())
	}
	p.Clock.Advance(2 * time.Hour)
	if got := d.asking("Gate C", listing("GREY", "", 10, "P00001")); got.code() != errOtherClient {
		t.Errorf("a claim that was renewed: %s", got.code())
	}
	p.Clock.Advance(24 * time.Hour)
	if got := d.asking("Gate C", listing("GREY", "", 10, "P00001")); got.code() != "success" {
		t.Errorf("a claim of yesterday: %s", got.code())
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	_, again := gates(t, func(q *Platform) { q.Journal, q.Clock = file, NewClock(p.Clock.Now()) })
	if got := again.asking("Gate A", listing("GREY", "", 10, "P00001")); got.code() != errOtherClient {
		t.Errorf("after a restart: %s", got.code())
	}
}

func TestExportList_PolledWithinAMinute_IsOverTheLimit_PagesAreNot(t *testing.T) {
	t.Parallel()
	p, d := gates(t, func(p *Platform) { p.ExportSpacing = 0 })
	d.sell("FLOOD", 3)
	ask := func(mark string) (int, string) {
		t.Helper()
		status, text, err := d.send(address(accessREST, "exportList"), listing("GREY", mark, 2))
		if err != nil {
			t.Fatal(err)
		}
		var o object
		_ = json.Unmarshal([]byte(text), &o) // the page of a refusal is not JSON
		return status, o.get("accessControlListData").str("paginationEnd")
	}
	status, mark := ask("")
	if status != http.StatusOK {
		t.Fatalf("first page: %d", status)
	}
	status, end := ask(mark)
	if status != http.StatusOK {
		t.Errorf("second page: %d", status)
	}
	if status, _ := ask(end); status != 509 {
		t.Errorf("a poll at once: %d", status)
	}
	if status, _ := ask(""); status != 509 {
		t.Errorf("from the beginning at once: %d", status)
	}
	p.Clock.Advance(time.Minute - time.Second)
	if status, _ := ask(end); status != 509 {
		t.Errorf("a second early: %d", status)
	}
	p.Clock.Advance(time.Second)
	if status, _ := ask(end); status != http.StatusOK {
		t.Errorf("after a minute: %d", status)
	}
}

func TestExportList_WhatIsWrong_IsRefused(t *testing.T) {
	t.Parallel()
	_, d := gates(t)
	with := func(name string, v any) object {
		body := listing("GREY", "", 10)
		body[name] = v
		return body
	}
	for name, tc := range map[string]struct {
		body object
		want string
	}{
		"no list type":        {with("listType", nil), errMissing},
		"unknown list type":   {with("listType", "PINK"), errInvalid},
		"no ticket type":      {with("ticketType", ""), errMissing},
		"unknown ticket type": {with("ticketType", "SOME"), errInvalid},
		"no size":             {with("nbMaxResults", nil), errMissing},
		"unknown season":      {with("seasonCode", "1900"), errGateSeason},
		"unknown product":     {with("productCodes", []string{"NONE"}), errGateProduct},
		"unknown performance": {with("performanceCodes", []string{"NONE"}), errGateShow},
		"unknown member":      {with("page", 1), errUnknownMember},
	} {
		if got := d.call(accessREST, "exportList", tc.body); got.code() != tc.want {
			t.Errorf("%s: %s, want %s", name, got.code(), tc.want)
		}
	}
	d.sell("FLOOD", 1)
	if got := d.must(accessREST, "exportList", with("ticketType", "THIRD_PARTY")); len(got.get("accessControlListData").list("accessControlListItems")) != 0 {
		t.Errorf("third party: %v", got)
	}
}

func report(barcode, result string, at time.Time) object {
	return object{"acIdentifier": "20261121000000", "barcode": barcode, "controlDate": at.UTC().Format("2006-01-02T15:04:05.000Z"), "controlResult": result, "failureReason": "OK"}
}

func (d *desk) ticketAtGate(method, barcode string) (state string, operations []string) {
	d.t.Helper()
	data := d.must(accessREST, method, object{"requestId": 0, "barCodeOrTaxNumber": barcode}).get("controlledTicketData")
	for _, o := range data.list("controlOperations") {
		operations = append(operations, o.str("controlOperationType"))
	}
	return data.str("state"), operations
}

func TestImportControlledTicket_OneBadLine_RefusesAllAndNamesIt(t *testing.T) {
	t.Parallel()
	p, d := gates(t)
	codes := d.sell("P00001", 3)
	good := []object{report(codes[0], "OK", aDay), report(codes[1], "FAIL", aDay), report(codes[2], "OFFLINE_OK", aDay)}
	for name, tc := range map[string]struct {
		line object
		want string
	}{
		"unknown ticket":  {report("004200000000000000000001", "OK", aDay), errTicket},
		"cut barcode":     {report(codes[0][2:], "OK", aDay), errTicket},
		"no result":       {report(codes[0], "", aDay), errCheckLine},
		"no date":         {object{"barcode": codes[0], "controlResult": "OK"}, errCheckLine},
		"a contradiction": {report(codes[0], "FAIL", aDay), errCheckTwice},
	} {
		got := d.call(accessREST, "importControlledTicket", object{"requestId": 1, "controlledTickets": append(append([]object{}, good...), tc.line)})
		if got.code() != tc.want || !strings.HasPrefix(got.str("statusDetail"), "controlledTickets[3]") || strings.Contains(got.str("statusDetail"), codes[0]) {
			t.Errorf("%s: %s %q, want %s", name, got.code(), got.str("statusDetail"), tc.want)
		}
		if _, operations := d.ticketAtGate("getControlledTicket", codes[0]); len(operations) != 0 {
			t.Errorf("%s: the good lines were kept: %v", name, operations)
		}
	}
	if got := d.call(accessREST, "importControlledTicket", object{"requestId": 1}); got.code() != errMissing {
		t.Errorf("nothing: %s", got.code())
	}
	for range 2 { // the same import again changes nothing
		d.must(accessREST, "importControlledTicket", object{"requestId": 1, "controlledTickets": good})
		for i, want := range []string{"OK", "FAIL", "OFFLINE_OK"} {
			if state, got := d.ticketAtGate("getControlledTicket", codes[i]); state != "VALID" || len(got) != 1 || got[0] != want {
				t.Errorf("ticket %d: %s %v, want %s", i, state, got, want)
			}
		}
	}
	d.must(accessREST, "importControlledTicket", object{"requestId": 1, "controlledTickets": []object{report(codes[1], "OK", aDay.Add(time.Minute))}})
	if _, got := d.ticketAtGate("getControlledTicket", codes[1]); strings.Join(got, " ") != "OK FAIL" {
		t.Errorf("newest first: %v", got)
	}
	sound(t, p)
}

func TestBurnTicket_Again_Fails_WithStatusSuccess(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "journal")
	p, d := gates(t, func(p *Platform) { p.Journal = file })
	code := d.sell("P00001", 1)[0]
	if state, got := d.ticketAtGate("burnTicket", code); state != "VALID" || strings.Join(got, " ") != "OK" {
		t.Errorf("first: %s %v", state, got)
	}
	if _, got := d.ticketAtGate("burnTicket", code); strings.Join(got, " ") != "FAIL OK" {
		t.Errorf("second: %v", got)
	}
	for _, body := range []object{{"requestId": 0, "barCodeOrTaxNumber": "1"}, {"requestId": 0}} {
		if got := d.call(accessREST, "burnTicket", body); got.code() != errTicket && got.code() != errMissing {
			t.Errorf("%v: %s", body, got.code())
		}
	}
	sound(t, p)
	_, mark := d.export("GREY", "", 10)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	q, again := gates(t, func(q *Platform) { q.Journal = file })
	if _, got := again.ticketAtGate("getControlledTicket", code); strings.Join(got, " ") != "FAIL OK" {
		t.Errorf("after a restart: %v", got)
	}
	if lines, _ := again.export("GREY", mark, 10); len(lines) != 0 {
		t.Errorf("a mark from before the restart: %v", lines)
	}
	sound(t, q)
}

func TestAccessControl_CatalogAndTimeZone(t *testing.T) {
	t.Parallel()
	_, d := gates(t)
	got := d.must(accessREST, "getAccessControlCatalog", object{"requestId": 0, "listType": "GREY", "ticketType": "VALID"})
	seasons := got.list("seasons")
	if len(seasons) != 1 || seasons[0].str("code") != d.in.seasonCode() || len(seasons[0].list("products")) != len(d.in.products) {
		t.Fatalf("catalog: %v", got)
	}
	if first := seasons[0].list("products")[0]; first.str("code") != "P00001" || first.str("internalName") != "Event 1" || len(first.list("performances")) != 50 {
		t.Errorf("product: %v", first)
	}
	if got := d.call(accessREST, "getAccessControlCatalog", object{"requestId": 0, "seasonCode": "1900"}); got.code() != errGateSeason {
		t.Errorf("unknown season: %s", got.code())
	}
	if got := d.must(accessREST, "getTimeZone", object{"requestId": 0}); got.str("timeZone") != "Europe/Paris" {
		t.Errorf("zone: %v", got)
	}
	if status, _, err := d.send("/tnci/backend-apis/"+accessREST+"/v1_5/getTimeZone", object{}); err != nil || status != http.StatusOK {
		t.Errorf("the version before: %d %v", status, err)
	}
}

func TestPage_ACancelledTicket_MovesToTheEnd_ItsValidLineJustBefore(t *testing.T) {
	t.Parallel()
	_, d := gates(t)
	codes := d.sell("P00001", 3)
	d.export("GREY", "", 1)
	r := d.in.access.rights[codes[1]]
	gone := r.entry
	gone.cancelled, gone.cause = true, causeRefund
	d.in.access.take(gone, aDay.Add(time.Second))
	d.in.access.take(gone, aDay.Add(time.Minute)) // known already
	// The ledger knows nothing of it, so pages are read below the calls.
	texts := func(kind string, n int) (out []string) {
		q := s360.ExportListRequest{ListType: kind, TicketType: s360.TicketTypeAll}
		for place, whole := 0, false; !whole; {
			items, end, last := d.in.page(scope{}, q, place, n)
			for _, l := range items {
				out = append(out, string(l.Barcode)+" "+l.TicketState+" "+l.CancellationCause)
			}
			if len(items) > 2*n {
				t.Errorf("%d lines on a page of %d", len(items), n)
			}
			place, whole = end, last
		}
		return out
	}
	valid := func(i int) string { return codes[i] + " VALID NOT_CANCELLED" }
	void := codes[1] + " CANCELLED REFUND"
	for _, n := range []int{1, 2, 3, 5000} {
		for kind, want := range map[string][]string{
			"WHITE": {valid(0), valid(2)}, "BLACK": {void}, "GREY": {valid(0), valid(2), valid(1), void},
		} {
			if got := texts(kind, n); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s by %d: %v, want %v", kind, n, got, want)
			}
		}
	}
}

func TestExportList_AValidLineAndItsCancelledTwin_CountAsOne(t *testing.T) {
	t.Parallel()
	p, d := gates(t)
	for range 3 {
		d.sell("P00001", 1)
	}
	for _, id := range d.in.sequence {
		if status, o := control(t, p, "POST", "/orders/"+text(id)+"/cancel?institution=arena", ""); status != http.StatusOK {
			t.Fatal(o)
		}
	}
	lines, next := d.export("GREY", "", 2)
	if len(lines) != 4 {
		t.Errorf("two tickets of a grey list are %d lines, want each with its twin: %v", len(lines), lines)
	}
	rest, _ := d.export("GREY", next, 2)
	if len(rest) != 2 || rest[0].str("barcode") != rest[1].str("barcode") || rest[0].str("ticketState") != "VALID" || rest[1].str("ticketState") != "CANCELLED" {
		t.Errorf("the last ticket: %v", rest)
	}
	sound(t, p)
}

func TestExportList_WhileOthersSell_EachLineComesOnce(t *testing.T) {
	t.Parallel()
	p, d := gates(t)
	var sellers sync.WaitGroup
	for range 3 {
		sellers.Go(func() {
			for range 15 {
				d.sell("FLOOD", 7)
			}
		})
	}
	seen, mark := map[string]int{}, ""
	read := func() int {
		lines, next := d.export("GREY", mark, 11)
		for _, l := range lines {
			seen[l.str("barcode")]++
		}
		if next != "" {
			mark = next
		}
		return len(lines)
	}
	done := make(chan struct{})
	go func() { sellers.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			read()
		}
	}
	for read() > 0 {
	}
	if len(seen) != 3*15*7 {
		t.Errorf("%d tickets, want %d", len(seen), 3*15*7)
	}
	for code, n := range seen {
		if n != 1 {
			t.Errorf("a ticket came %d times (…%s)", n, code[20:])
		}
	}
	sound(t, p)
}

func TestCheck_Access_NamesWhatIsBroken(t *testing.T) {
	t.Parallel()
	for want, corrupt := range map[string]func(b *accessBook, code string){
		"has lost its place":    func(b *accessBook, code string) { b.rights[code].place++ },
		"the gates' list holds": func(b *accessBook, _ string) { b.rights["ghost"] = &right{place: -1} },
		"stands in the gates":   func(b *accessBook, code string) { b.rights[code].ticket++ },
		"is VALID twice": func(b *accessBook, code string) {
			b.list = append(b.list, listed{right: &right{entry: b.rights[code].entry, place: len(b.list)}})
		},
		"reported 2 checks":       func(b *accessBook, code string) { b.controls[code] = b.controls[code][:0] },
		"is there twice":          func(b *accessBook, code string) { b.controls[code] = append(b.controls[code], b.controls[code][0]) },
		"for a ticket nobody has": func(b *accessBook, _ string) { b.controls["ghost"] = []gateCheck{{}} },
		"belongs to no import":    func(b *accessBook, code string) { b.controls[code][0].Batch = 9 },
	} {
		p, d := gates(t)
		codes := d.sell("P00001", 2)
		d.must(accessREST, "importControlledTicket", object{"requestId": 1, "controlledTickets": []object{report(codes[0], "OK", aDay), report(codes[1], "OK", aDay)}})
		sound(t, p)
		corrupt(&d.in.access, codes[0])
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

// ofTickets reads the tickets the control face shows, state by barcode.
func (d *desk) ofTickets() map[string]string {
	d.t.Helper()
	out := map[string]string{}
	_, got := control(d.t, d.p, "GET", "/tickets?institution="+d.in.w.Code, "")
	for _, tk := range got.list("list") {
		out[tk.str("barcode")] = tk.str("state")
	}
	return out
}

func TestExportList_ReprintAndCancel_GiveTwins_AndTheTicketsTheirStates(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "journal")
	p, d := gates(t, func(p *Platform) { p.Journal = file })
	one, two := d.sell("P00001", 1)[0], d.sell("P00001", 1)[0]
	first, second := d.in.sequence[0], d.in.sequence[1]
	_, known := d.export("GREY", "", 10)
	d.ticketAtGate("burnTicket", two)
	if got := d.ofTickets(); got[one] != "VALID" || got[two] != "CONTROLLED" {
		t.Errorf("after a check: %v", got)
	}
	if got := d.details(second).list("movementDatas")[0].list("tickets")[0].str("ticketState"); got != "CONTROLLED" {
		t.Errorf("in the order: %s", got)
	}
	p.Clock.Advance(time.Minute)
	if code, got := control(t, p, "POST", "/orders/"+text(first)+"/reprint?institution=arena", ""); code != http.StatusOK {
		t.Fatalf("reprint: %d %v", code, got)
	}
	if code, got := control(t, p, "POST", "/orders/"+text(second)+"/cancel?institution=arena", ""); code != http.StatusOK {
		t.Fatalf("cancel: %d %v", code, got)
	}
	var instead string
	for code, state := range d.ofTickets() {
		if code != one && code != two && state == "VALID" {
			instead = code
		}
	}
	var lines []string
	page, _ := d.export("GREY", known, 10)
	for _, l := range page {
		lines = append(lines, l.str("barcode")+" "+l.str("ticketState")+" "+l.str("cancellationCause"))
	}
	want := []string{
		one + " VALID NOT_CANCELLED", one + " CANCELLED DUPLICATE", instead + " VALID NOT_CANCELLED",
		two + " VALID NOT_CANCELLED", two + " CANCELLED REFUND",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("the delta:\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if got, _ := d.walk("WHITE", 5); strings.Join(got, ",") != instead+" VALID" {
		t.Errorf("white: %v", got)
	}
	if got, _ := d.walk("BLACK", 5); strings.Join(got, ",") != one+" CANCELLED,"+two+" CANCELLED" {
		t.Errorf("black: %v", got)
	}
	for _, tc := range []struct{ code, state, history string }{
		{one, "CANCELLED", "INVALIDATED_TICKET"}, {two, "CANCELLED", "CANCELLED_TICKET OK"}, {instead, "VALID", ""},
	} {
		if state, got := d.ticketAtGate("getControlledTicket", tc.code); state != tc.state || strings.Join(got, " ") != tc.history {
			t.Errorf("%s: %s %v, want %s %s", tc.code[20:], state, got, tc.state, tc.history)
		}
	}
	if _, got := d.ticketAtGate("burnTicket", one); got[0] != "FAIL" && got[1] != "FAIL" {
		t.Errorf("the replaced ticket at the gate: %v", got)
	}
	if got := d.ofTickets(); got[one] != "INVALIDATED" || got[two] != "CANCELLED" || got[instead] != "VALID" {
		t.Errorf("states: %v", got)
	}
	sound(t, p)
	before, _ := d.walk("GREY", 2)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	q, again := gates(t, func(q *Platform) { q.Journal, q.Clock = file, NewClock(p.Clock.Now()) })
	if after, _ := again.walk("GREY", 2); strings.Join(after, ",") != strings.Join(before, ",") {
		t.Errorf("after a restart %v, before %v", after, before)
	}
	sound(t, q)
}
