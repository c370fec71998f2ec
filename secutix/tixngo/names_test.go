package tixngo

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNames_RenameWhatIsSentAndRead_ByPlaceBeforeByName(t *testing.T) {
	t.Parallel()
	names := Names{
		"spectatorDetails.email": "mail", "email": "emailAddress", "security.barcode": "code", "purchaseDetails.price": "amount",
		"results": "outcomes", "status": "state",
	}
	price := Amount(45_500)
	s := &script{status: 200, body: strings.NewReader(`{"accepted":0,"rejected":1,"outcomes":[{"ticketId":"1","state":"REJECTED","status":"ACCEPTED","field":"x"}]}`)}
	c := client(t, s, func(o *Options) { o.Names = names })
	r, err := c.InjectTickets(t.Context(), InjectRequest{Tickets: List[Ticket]{{
		TicketID: "1", SpectatorDetails: Spectator{Email: "ada@example.org"}, Security: Security{Barcode: "0012"}, PurchaseDetails: Purchase{Price: &price},
	}}})
	if err != nil || r.Rejected != 1 || r.Results[0].Status != Rejected || r.Results[0].Field != "x" {
		t.Errorf("%+v %v", r, err)
	}
	for _, want := range []string{`"spectatorDetails":{"mail":"ada@example.org"}`, `"security":{"code":"0012"}`, `"purchaseDetails":{"amount":45.5}`} {
		if !strings.Contains(s.sent, want) {
			t.Errorf("no %s in %s", want, s.sent)
		}
	}
	answer := `{"result":[{"ticketId":"1","state":"DOWNLOADED","spectatorDetails":{"mail":"a@example.org","email":"b@example.org"},"recipientDetails":{"emailAddress":"c@example.org"}}]}`
	page, err := client(t, &script{status: 200, body: strings.NewReader(answer)}, func(o *Options) { o.Names = names }).Changes(t.Context(), ChangesRequest{})
	want := []Change{{TicketID: "1", Status: "DOWNLOADED", SpectatorDetails: Spectator{Email: "a@example.org"}, Recipient: Spectator{Email: "c@example.org"}}}
	if diff := cmp.Diff(want, page.Result); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestNames_ThereAndBack_IsTheSame_AlsoWhenTwoChangePlaces(t *testing.T) {
	t.Parallel()
	for _, names := range []Names{nil, {"price": "category", "category": "price"}, {"mainDetails": "main", "definition": "product", "definition.termsAndConditions": "terms"}} {
		if err := names.Check(); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"injectTickets/request_v3.json", "injectTickets/request_v4.json", "injectPrivileges/request.json", "changes/response_v4.json"} {
			b := golden(t, file)
			wire, err := names.ToWire(b)
			if err != nil {
				t.Fatal(err)
			}
			back, err := names.FromWire(wire)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, b, back)
			if names["mainDetails"] != "" && (strings.Contains(string(wire), "mainDetails") || strings.Contains(string(wire), "termsAndConditions")) {
				t.Errorf("still ours: %s", wire)
			}
		}
	}
}

func TestNames_NamesEveryProblem(t *testing.T) {
	t.Parallel()
	err := Names{"emial": "x", "ticketId": "id", "price": "", "category": "c", "currency": "c", "event.email": "y", "gender": "a.b"}.Check()
	for _, want := range []string{`no member "emial"`, `"ticketId" is documented`, `"" is no name for "price"`, `would both be "c"`, `no member "event.email"`, `"a.b" is no name`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if _, err := New(Options{Names: Names{"emial": "x"}}); err == nil || !strings.Contains(err.Error(), "emial") {
		t.Errorf("a client takes wrong names: %v", err)
	}
	if _, err := (Names{"email": "mail"}).FromWire([]byte(`{"a":1} {"b":2}`)); err == nil {
		t.Error("two documents are one")
	}
}

func TestAnswer_OfABareList_IsReadLikeTheWholeOne(t *testing.T) {
	t.Parallel()
	with := func(body string) *Client { return client(t, &script{status: 200, body: strings.NewReader(body)}) }
	r, err := with(` [{"ticketId":"1","status":"ACCEPTED"},{"ticketId":"2","status":"rejected"},{"ticketId":"3","status":"ACCEPTED"}]`).InjectTickets(t.Context(), InjectRequest{})
	if one, ok := r.Of("2"); err != nil || r.Accepted != 2 || r.Rejected != 1 || !ok || one.Status != "rejected" {
		t.Errorf("%+v %v", r, err)
	}
	page, err := with(`[{"ticketId":"1","status":"INJECTED"},7,{"ticketId":"2","status":"DELETED"}]`).Changes(t.Context(), ChangesRequest{PageKey: "kept"})
	if err != nil || len(page.Result) != 2 || page.Broken != 1 || page.NextPageKey != "kept" {
		t.Errorf("%+v %v", page, err)
	}
	logs, err := with(`[{"ticketId":"1","actionName":"Download","toStatus":"DOWNLOADED"}]`).TicketStatusLogs(t.Context(), LogsRequest{})
	if err != nil || len(logs.Result) != 1 || logs.Result[0].ActionName != "Download" {
		t.Errorf("%+v %v", logs, err)
	}
	rows, err := with(`[{"ticketId":"1"},{"ticketId":"2"}]`).Tickets(t.Context(), TicketsRequest{})
	if err != nil || rows.Total != 2 || rows.Result[1].TicketID != "2" {
		t.Errorf("%+v %v", rows, err)
	}
	report, err := with(`[{"eventId":"A","injected":3},{"eventId":"B","injected":"4"}]`).InjectionReport(t.Context(), "2027-03", 0, 0)
	if err != nil || report.Total != 7 || report.Events[1].Injected != 4 {
		t.Errorf("%+v %v", report, err)
	}
	if r, err := with(`[]`).InjectTickets(t.Context(), InjectRequest{}); err != nil || r.Accepted != 0 {
		t.Errorf("an empty list: %+v %v", r, err)
	}
}

func FuzzNames_AnyDocument_NeverPanics_AndOursComesBack(f *testing.F) {
	f.Add([]byte(`{"tickets":[{"spectatorDetails":{"email":"a"},"security":{"barcode":"1"}}]}`), "mail")
	f.Add([]byte(`[{"result":[[],{}]}]`), "email")
	f.Fuzz(func(t *testing.T, b []byte, wire string) {
		names := Names{"spectatorDetails.email": wire, "barcode": wire + "2"}
		if names.Check() != nil {
			return
		}
		there, err := names.ToWire(b)
		if err != nil {
			return
		}
		if _, err := names.FromWire(there); err != nil {
			t.Errorf("%q does not come back: %v", there, err)
		}
	})
}
