package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/secutix/tixngo"
)

// phone is an organizer and its spectators at a simulated TIXNGO.
type phone struct {
	t      *testing.T
	p      *Platform
	gen    string
	client *tixngo.Client
	key    string
}

func organizerOf(t *testing.T, p *Platform, code, gen string) *phone {
	t.Helper()
	for _, o := range p.Organizers() {
		if o.Institution != code || o.Generation != gen {
			continue
		}
		c, err := tixngo.New(tixngo.Options{
			BaseURL: "http://sim" + o.Path + "/tickets", Organizer: code, Key: tixngo.Secret(o.Key), Transport: p.Transport(), Clock: p.Clock.Now, Tries: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		return &phone{t: t, p: p, gen: gen, client: c, key: o.Key}
	}
	t.Fatalf("no organizer %s %s", code, gen)
	return nil
}

// ticketFor is a sound ticket of an event that starts in a week.
func ticketFor(gen, id string) tixngo.Ticket {
	at := func(d time.Duration) tixngo.Time { return tixngo.Time{Time: aDay.Add(d)} }
	price := tixngo.Amount(45500)
	t := tixngo.Ticket{
		TicketID: tixngo.Word(id),
		Event: tixngo.Event{
			ID: "PERF-1", Name: tixngo.Text{Plain: "Gala"}, StartTime: at(7 * 24 * time.Hour), ExpirationDate: at(8 * 24 * time.Hour),
			Address: tixngo.Address{Site: tixngo.Text{Plain: "Hall"}, City: tixngo.Text{Plain: "Geneva"}, CountryCode: "CH", Zip: "1201"},
		},
		SpectatorDetails: tixngo.Spectator{FirstName: "Ada", LastName: "Example", Email: "ada@example.org"},
		PurchaseDetails:  tixngo.Purchase{Price: &price, Currency: "CHF", FileID: "88"},
		Security:         tixngo.Security{Barcode: tixngo.Barcode("0042000000000000" + id)},
	}
	if gen == walletV3 {
		t.ActivationParameters = &tixngo.ActivationParameters{Method: tixngo.MethodOnline, Time: at(6 * 24 * time.Hour)}
	} else {
		t.Seating = &tixngo.Seating{Seated: true, Gate: "N"}
	}
	return t
}

func (h *phone) inject(tickets ...tixngo.Ticket) tixngo.Results {
	h.t.Helper()
	r, err := h.client.InjectTickets(h.t.Context(), tixngo.InjectRequest{Tickets: tickets})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *phone) remove(id, reason string) tixngo.Results {
	h.t.Helper()
	r, err := h.client.DeleteTickets(h.t.Context(), tixngo.DeleteRequest{Tickets: tixngo.List[tixngo.Deletion]{{TicketID: tixngo.Word(id), Reason: reason}}})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *phone) control(id string) tixngo.Results {
	h.t.Helper()
	r, err := h.client.ControlTickets(h.t.Context(), tixngo.ControlRequest{Tickets: tixngo.List[tixngo.Control]{{TicketID: tixngo.Word(id)}}})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *phone) changes(key string, limit int) tixngo.Page[tixngo.Change] {
	h.t.Helper()
	page, err := h.client.Changes(h.t.Context(), tixngo.ChangesRequest{PageKey: key, Limit: limit})
	if err != nil {
		h.t.Fatal(err)
	}
	return page
}

// face asks the control face and returns the status and the answer.
func (h *phone) face(method, path string, body any) (int, string) {
	h.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.p.Control().ServeHTTP(w, httptest.NewRequestWithContext(h.t.Context(), method, path, bytes.NewReader(b)))
	return w.Code, w.Body.String()
}

// act does something with a ticket: "transfer bob@example.org", "activate bluetooth".
func (h *phone) act(id, what string) (int, string) {
	h.t.Helper()
	action, with, _ := strings.Cut(what, " ")
	a := walletAct{Generation: h.gen, Ticket: id, Action: action, FirstName: "Bob", LastName: "Example"}
	if action == "activate" {
		a.Method = with
	} else {
		a.Email = with
	}
	return h.face(http.MethodPost, "/wallet/act?institution=theatre", a)
}

func (h *phone) now(id string) tixngo.Change {
	h.t.Helper()
	for _, c := range h.changes("", 0).Result {
		if string(c.TicketID) == id {
			return c
		}
	}
	h.t.Fatalf("no ticket %s", id)
	return tixngo.Change{}
}

func (h *phone) sound() {
	h.t.Helper()
	if err := h.p.Check(); err != nil {
		h.t.Errorf("broken promise: %v", err)
	}
}

func eachGeneration(t *testing.T, f func(t *testing.T, h *phone)) {
	t.Helper()
	for _, gen := range []string{walletV3, walletV4} {
		t.Run(gen, func(t *testing.T) {
			t.Parallel()
			h := organizerOf(t, newPlatform(t), "theatre", gen)
			f(t, h)
			h.sound()
		})
	}
}

// The way is walked step by step; a step that ends with "!" is refused and changes nothing.
func TestWallet_StatusMachine_EveryWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ gen, way, status string }{
		{walletV3, "", "INJECTED"},
		{walletV3, "download", "DOWNLOADED"},
		{walletV3, "download,download!", "DOWNLOADED"},
		{walletV3, "download eve@example.org!", "INJECTED"},
		{walletV3, "download ADA@example.org", "DOWNLOADED"},
		{walletV3, "assign!,transfer bob@example.org!,activate manual!,logoff!", "INJECTED"},
		{walletV3, "download,assign", "ASSIGNED"},
		{walletV3, "download,transfer bob@example.org", "PENDING_TRANSFER"},
		{walletV3, "download,transfer ada@example.org!,transfer!", "DOWNLOADED"},
		{walletV3, "download,assign,transfer bob@example.org,accept eve@example.org!,accept bob@example.org", "TRANSFERRED"},
		{walletV3, "download,transfer bob@example.org,accept,transfer eve@example.org,reject", "FAILURE_TRANSFER"},
		{walletV3, "download,transfer bob@example.org,cancel", "FAILURE_TRANSFER"},
		{walletV3, "download,transfer bob@example.org,cancel,transfer bob@example.org", "PENDING_TRANSFER"},
		{walletV3, "download,transfer bob@example.org,recall,transfer bob@example.org!", "FAILURE"},
		{walletV3, "accept!,reject!,cancel!,recall!,sync!,deactivate!", "INJECTED"},
		{walletV3, "download,activate bluetooth", "BT_ACTIVATED"},
		{walletV3, "download,activate manual", "MANUAL_ACTIVATED"},
		{walletV3, "download,activate online", "ONLINE_ACTIVATED"},
		{walletV3, "download,activate offline,activate offline!,transfer bob@example.org!", "OFFLINE_ACTIVATED"},
		{walletV3, "download,activate nonsense!", "DOWNLOADED"},
		{walletV3, "download,activate manual,deactivate", "DEACTIVATED"},
		{walletV3, "download,activate manual,deactivate,activate bluetooth", "BT_ACTIVATED"},
		{walletV3, "download,activate manual,control,activate manual!,transfer bob@example.org!,checkout!", "CONTROLLED"},
		{walletV3, "download,transfer bob@example.org,control,accept!", "CONTROLLED"},
		{walletV3, "DELETE,download!,control!,activate manual!", "DELETION_PENDING"},
		{walletV3, "download,transfer bob@example.org,DELETE,accept!", "DELETION_PENDING"},
		{walletV3, "download,activate manual,control,DELETE,sync,sync!", "DELETED"},
		{walletV4, "", "NOT_DOWNLOADED"},
		{walletV4, "download,logoff", "NOT_DOWNLOADED"},
		{walletV4, "download,assign", "DOWNLOADED"},
		{walletV4, "download,transfer bob@example.org", "PENDING_TRANSFER"},
		{walletV4, "download,transfer bob@example.org,accept", "DOWNLOADED"},
		{walletV4, "download,transfer bob@example.org,reject", "DOWNLOADED"},
		{walletV4, "download,transfer bob@example.org,recall", "DOWNLOADED"},
		{walletV4, "download,activate manual!,activate online!,activate bluetooth,transfer bob@example.org!", "DOWNLOADED"},
		{walletV4, "activate bluetooth!,transfer bob@example.org!", "NOT_DOWNLOADED"},
		{walletV4, "DELETE", "DELETED"},
		{walletV4, "download,DELETE", "DELETION_PENDING"},
		{walletV4, "download,DELETE,sync", "DELETED"},
		{walletV4, "download,control,checkout,control", "DOWNLOADED"},
	} {
		t.Run(c.gen+" "+c.way, func(t *testing.T) {
			t.Parallel()
			h := organizerOf(t, newPlatform(t), "theatre", c.gen)
			h.inject(ticketFor(c.gen, "1"))
			for _, step := range strings.Split(c.way, ",") {
				what, refused := strings.CutSuffix(step, "!")
				if what == "" {
					continue
				}
				if what == "DELETE" {
					h.remove("1", "CANCELLED")
					continue
				}
				before := h.now("1")
				status, text := h.act("1", what)
				if (status == http.StatusUnprocessableEntity) != refused || (!refused && status != http.StatusOK) {
					t.Fatalf("%s: %d %s", step, status, text)
				}
				if d := cmp.Diff(before, h.now("1")); refused && d != "" {
					t.Errorf("%s changed something:\n%s", step, d)
				}
			}
			if got := h.now("1").Status; string(got) != c.status {
				t.Errorf("%s, not %s", got, c.status)
			}
			h.sound()
		})
	}
}

func TestWallet_Time_EndsTransfers_ConfirmsDeletions_Activates(t *testing.T) {
	t.Parallel()
	eachGeneration(t, func(t *testing.T, h *phone) {
		t.Helper()
		h.inject(ticketFor(h.gen, "1"), ticketFor(h.gen, "2"), ticketFor(h.gen, "3"))
		h.act("1", "download")
		h.act("1", "transfer bob@example.org")
		h.act("2", "download")
		h.remove("2", "X")
		h.p.Clock.Advance(59 * time.Second)
		if got := h.now("2").Status; got != tixngo.StatusDeletionPending {
			t.Errorf("confirmed early: %s", got)
		}
		h.p.Clock.Advance(time.Second)
		if got := h.now("2"); got.Status != tixngo.StatusDeleted || !got.StatusTime.Equal(aDay.Add(time.Minute)) {
			t.Errorf("not confirmed: %+v", got)
		}
		h.p.Clock.Advance(58 * time.Minute)
		if got := h.now("1").Status; got != tixngo.StatusPendingTransfer {
			t.Errorf("ran out early: %s", got)
		}
		h.p.Clock.Advance(time.Minute)
		back := map[string]tixngo.Status{walletV3: tixngo.StatusFailureTransfer, walletV4: tixngo.StatusDownloaded}
		if got := h.now("1"); got.Status != back[h.gen] || got.SpectatorDetails.Email != "ada@example.org" || !got.Recipient.IsZero() {
			t.Errorf("after the time: %+v", got)
		}
		if status, _ := h.act("1", "accept"); status != http.StatusUnprocessableEntity {
			t.Error("accepted after the time")
		}
		h.p.Clock.Set(aDay.Add(7*24*time.Hour - 3*time.Hour)) // past V3's own time, at V4's rule
		got := h.now("1")
		if h.gen == walletV3 && (got.Status != tixngo.StatusOnlineActivated || !got.StatusTime.Equal(aDay.Add(6*24*time.Hour))) {
			t.Errorf("not activated at its time: %+v", got)
		}
		if h.gen == walletV4 && (!bool(got.Activated) || !got.ActivatedAt.Equal(h.p.Clock.Now())) {
			t.Errorf("not activated by the rule: %+v", got)
		}
		// A ticket on no phone is not activated before it is downloaded.
		if got := h.now("3"); got.Status != tixngo.StatusInjected && got.Status != tixngo.StatusNotDownloaded || bool(got.Activated) {
			t.Errorf("activated on no phone: %+v", got)
		}
		h.act("3", "download")
		if got := h.now("3"); got.Status != tixngo.StatusOnlineActivated && !bool(got.Activated) {
			t.Errorf("not activated on download: %+v", got)
		}
		// What staff deactivated, no clock activates again.
		h.act("3", "deactivate")
		h.p.Clock.Advance(time.Minute)
		if got := h.now("3"); got.Status == tixngo.StatusOnlineActivated || bool(got.Activated) {
			t.Errorf("activated again: %+v", got)
		}
	})
}

func TestWallet_Inject_KnownTicketIsKept_EventIsTakenOver_DeletedBeginsAnew(t *testing.T) {
	t.Parallel()
	eachGeneration(t, func(t *testing.T, h *phone) {
		t.Helper()
		first := ticketFor(h.gen, "1")
		if r := h.inject(first, first); r.Accepted != 2 || r.Results[1].Code != tixngo.CodeExists {
			t.Fatalf("twice in one call: %+v", r)
		}
		h.act("1", "download")
		again := ticketFor(h.gen, "1")
		again.SpectatorDetails.Email = "eve@example.org"
		again.Event.Name = tixngo.Text{In: map[string]string{"fr": "Grand gala"}}
		if r := h.inject(again); r.Accepted != 1 || r.Results[0].Code != tixngo.CodeExists {
			t.Fatalf("%+v", r)
		}
		if got := h.now("1"); got.SpectatorDetails.Email != "ada@example.org" || got.Status != tixngo.StatusDownloaded {
			t.Errorf("the known ticket has changed: %+v", got)
		}
		rows, err := h.client.Tickets(t.Context(), tixngo.TicketsRequest{MobileAppID: "org.example.theatre", EventID: "PERF-1"})
		if err != nil || rows.Total != 1 || rows.Result[0].EventName.In["fr"] != "Grand gala" {
			t.Errorf("the event is not taken over: %+v %v", rows, err)
		}
		h.remove("1", "RESALE_PENDING")
		if r := h.inject(again); r.Rejected != 1 || r.Results[0].Code != "DELETION_PENDING" {
			t.Errorf("injected while its deletion runs: %+v", r)
		}
		h.act("1", "sync")
		if r := h.inject(again); r.Accepted != 1 || r.Results[0].Code != "" {
			t.Errorf("not injected after its deletion: %+v", r)
		}
		got := h.now("1")
		if got.SpectatorDetails.Email != "eve@example.org" || got.DeletionReason != "" || (got.Status != tixngo.StatusInjected && got.Status != tixngo.StatusNotDownloaded) {
			t.Errorf("the new life: %+v", got)
		}
	})
}

func TestWallet_Inject_SomeFail_TheOthersAreIn(t *testing.T) {
	t.Parallel()
	h := organizerOf(t, newPlatform(t), "theatre", walletV3)
	spoil := []struct {
		field, code string
		do          func(*tixngo.Ticket)
	}{
		{"ticketId", "MISSING", func(t *tixngo.Ticket) { t.TicketID = "" }},
		{"ticketId", "INVALID", func(t *tixngo.Ticket) { t.TicketID = "a#1" }},
		{"ticketId", "TOO_LONG", func(t *tixngo.Ticket) { t.TicketID = tixngo.Word(strings.Repeat("a", 257)) }},
		{"event.id", "MISSING", func(t *tixngo.Ticket) { t.Event.ID = "" }},
		{"event.name", "TOO_LONG", func(t *tixngo.Ticket) {
			t.Event.Name = tixngo.Text{In: map[string]string{"de": strings.Repeat("ä", 129)}}
		}},
		{"event.startTime", "MISSING", func(t *tixngo.Ticket) { t.Event.StartTime = tixngo.Time{} }},
		{"event.startime", "UNKNOWN_FIELD", func(t *tixngo.Ticket) { t.Event.Startime = t.Event.StartTime }},
		{"event.expirationDate", "INVALID", func(t *tixngo.Ticket) { t.Event.ExpirationDate = tixngo.Time{Time: aDay} }},
		{"event.address.zip", "MISSING", func(t *tixngo.Ticket) { t.Event.Address.Zip = "" }},
		{"spectatorDetails.firstName", "TOO_LONG", func(t *tixngo.Ticket) { t.SpectatorDetails.FirstName = strings.Repeat("x", 51) }},
		{"spectatorDetails.email", "INVALID", func(t *tixngo.Ticket) { t.SpectatorDetails.Email = "nobody" }},
		{"spectatorDetails.gender", "INVALID", func(t *tixngo.Ticket) { t.SpectatorDetails.Gender = "male" }},
		{"security.barcode", "MISSING", func(t *tixngo.Ticket) { t.Security.Barcode = "" }},
		{"purchaseDetails", "MISSING", func(t *tixngo.Ticket) { t.PurchaseDetails = tixngo.Purchase{} }},
		{"purchaseDetails", "UNKNOWN_FIELD", func(t *tixngo.Ticket) { t.PurchaseDetails.TariffID = "1" }},
		{"seating", "UNKNOWN_FIELD", func(t *tixngo.Ticket) { t.Seating = &tixngo.Seating{} }},
		{"activationParameters", "MISSING", func(t *tixngo.Ticket) { t.ActivationParameters = nil }},
		{"activationParameters.method", "INVALID", func(t *tixngo.Ticket) { t.ActivationParameters.Method = "beacon" }},
		{"activationParameters.time", "MISSING", func(t *tixngo.Ticket) { t.ActivationParameters.Time = tixngo.Time{} }},
	}
	batch := []tixngo.Ticket{ticketFor(walletV3, "good")}
	for i, s := range spoil {
		one := ticketFor(walletV3, fmt.Sprint("bad-", i))
		s.do(&one)
		batch = append(batch, one)
	}
	r := h.inject(append(batch, ticketFor(walletV3, "ORG@PLAY-7 *.-_+/()"))...)
	if int(r.Rejected) != len(spoil) || r.Accepted != 2 {
		t.Fatalf("%d rejected, %d accepted", r.Rejected, r.Accepted)
	}
	for i, s := range spoil {
		if got := r.Results[i+1]; got.Status != tixngo.Rejected || got.Field != s.field || string(got.Code) != s.code {
			t.Errorf("%s %s: %+v", s.field, s.code, got)
		}
	}
	if n := len(h.changes("", 0).Result); n != 2 {
		t.Errorf("%d tickets are in, not 2", n)
	}
	h.sound()
}

func TestWallet_Inject_V4_TakesEitherSpellingOfTheStart(t *testing.T) {
	t.Parallel()
	h := organizerOf(t, newPlatform(t), "theatre", walletV4)
	odd := ticketFor(walletV4, "1")
	odd.Event.Startime, odd.Event.StartTime = odd.Event.StartTime, tixngo.Time{}
	if r := h.inject(odd, ticketFor(walletV4, "2")); r.Accepted != 2 {
		t.Errorf("%+v", r)
	}
}

func TestWallet_Delete_ANewReasonIsTaken_TheSameOneIsNot(t *testing.T) {
	t.Parallel()
	eachGeneration(t, func(t *testing.T, h *phone) {
		t.Helper()
		h.inject(ticketFor(h.gen, "1"))
		h.act("1", "download")
		if r := h.remove("never", "X"); r.Rejected != 1 || r.Results[0].Code != tixngo.CodeUnknown {
			t.Errorf("a ticket that was never sent: %+v", r)
		}
		h.remove("1", tixngo.ReasonResalePending)
		key := h.changes("", 0).NextPageKey
		if r := h.remove("1", tixngo.ReasonResalePending); r.Results[0].Code != tixngo.CodeUnchanged || len(h.changes(key, 0).Result) != 0 {
			t.Errorf("the same reason again: %+v", r)
		}
		h.p.Clock.Advance(2 * time.Minute)
		h.remove("1", tixngo.ReasonResold)
		if got := h.now("1"); got.Status != tixngo.StatusDeleted || got.DeletionReason != tixngo.ReasonResold {
			t.Errorf("the new reason: %+v", got)
		}
		_, err := h.client.DeleteTickets(t.Context(), tixngo.DeleteRequest{Tickets: tixngo.List[tixngo.Deletion]{{TicketID: "1", Reason: "Z", ShowDeletedTicket: true}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := h.now("1"); bool(got.ShowDeleted) != (h.gen == walletV3) {
			t.Errorf("showDeletedTicket is V3's alone: %+v", got)
		}
	})
}

func TestWallet_App_ShowsWhatItsOwnerMaySee(t *testing.T) {
	t.Parallel()
	eachGeneration(t, func(t *testing.T, h *phone) {
		t.Helper()
		seen := func(email string) int {
			var list []any
			_, text := h.face(http.MethodGet, "/wallet/tickets?institution=theatre&generation="+h.gen+"&email="+email, nil)
			if err := json.Unmarshal([]byte(text), &list); err != nil {
				t.Fatal(text)
			}
			if strings.Contains(text, "0042000") {
				t.Error("the barcode shows before the activation")
			}
			return len(list)
		}
		h.inject(ticketFor(h.gen, "1"))
		if seen("ada@example.org") != 0 {
			t.Error("an injected ticket shows before the download")
		}
		h.act("1", "download")
		h.act("1", "transfer bob@example.org")
		if seen("ada@example.org") != 1 || seen("bob@example.org") != 0 {
			t.Error("a pending transfer is the sender's to see")
		}
		h.act("1", "accept bob@example.org")
		if seen("ada@example.org") != 0 || seen("bob@example.org") != 1 {
			t.Error("an accepted transfer is the recipient's")
		}
		got := h.now("1")
		if h.gen == walletV4 && (got.TransferLevel != 1 || got.ForwardTransfers != 1 || got.PreviousOwner.Email != "ada@example.org" || got.InitialOwner.Email != "ada@example.org") {
			t.Errorf("%+v", got)
		}
		h.act("1", "transfer ada@example.org")
		h.act("1", "accept")
		if got := h.now("1"); h.gen == walletV4 && (got.TransferLevel != 1 || got.ForwardTransfers != 1 || got.BackwardTransfers != 1) {
			t.Errorf("back to an earlier owner: %+v", got)
		}
		if _, text := h.act("1", "activate bluetooth"); !strings.Contains(text, "00420000000000001") {
			t.Errorf("the barcode does not show once activated: %s", text)
		}
		if r := h.control("1"); r.Accepted != 1 {
			t.Errorf("%+v", r)
		}
		if r := h.control("1"); r.Accepted != 1 || r.Results[0].Code != tixngo.CodeUnchanged {
			t.Errorf("controlled again: %+v", r)
		}
		if seen("ada@example.org") != 1 { // and the barcode is hidden again
			t.Error("a controlled ticket does not show")
		}
	})
}

func TestWallet_Changes_EveryTicketOnce_NoneMissed_WhenTheyMoveBetweenPages(t *testing.T) {
	t.Parallel()
	eachGeneration(t, func(t *testing.T, h *phone) {
		t.Helper()
		for i := range 5 {
			h.inject(ticketFor(h.gen, fmt.Sprint(i)))
		}
		one := h.changes("", 2)
		if len(one.Result) != 2 || one.Result[0].TicketID != "0" {
			t.Fatalf("%+v", one)
		}
		h.act("0", "download") // behind the cursor: comes again, at the end
		h.act("3", "download") // ahead of it: comes once, as it is then
		var seen []string
		key := one.NextPageKey
		for range 3 {
			page := h.changes(key, 2)
			for _, c := range page.Result {
				seen = append(seen, string(c.TicketID)+" "+string(c.Status))
			}
			key = page.NextPageKey
		}
		fresh := map[string]string{walletV3: "INJECTED", walletV4: "NOT_DOWNLOADED"}[h.gen]
		if d := cmp.Diff([]string{"2 " + fresh, "4 " + fresh, "0 DOWNLOADED", "3 DOWNLOADED"}, seen); d != "" {
			t.Error(d)
		}
		if page := h.changes(key, 0); len(page.Result) != 0 || page.NextPageKey != key {
			t.Errorf("nothing is new, and yet %+v", page)
		}
		if page := h.changes(one.NextPageKey, 2); len(page.Result) != 2 {
			t.Error("an older key does not ask again")
		}
		other := organizerOf(t, h.p, "stadium", h.gen)
		for _, bad := range []string{other.changes("", 0).NextPageKey, key + "x", "nonsense", key[:len(key)-2]} {
			_, err := h.client.Changes(t.Context(), tixngo.ChangesRequest{PageKey: bad})
			var e *tixngo.Error
			if !errors.As(err, &e) || e.Kind != tixngo.KindRequest || e.Code != "PAGINATION_KEY" {
				t.Errorf("the key %q: %v", bad, err)
			}
		}
	})
}

func TestWallet_OneFunctionAtATime_ReportsMayRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &Platform{Clock: NewClock(aDay)}
		h := organizerOf(t, p, "theatre", walletV4)
		p.Fault("injectTickets", Fault{Kind: Slow, Delay: 30 * time.Second})
		done := make(chan error)
		go func() {
			c := tixngo.List[tixngo.Ticket]{ticketFor(walletV4, "1")}
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			_, err := h.client.InjectTickets(ctx, tixngo.InjectRequest{Tickets: c})
			done <- err
		}()
		time.Sleep(time.Second)
		_, err := h.client.Changes(t.Context(), tixngo.ChangesRequest{})
		var e *tixngo.Error
		if !errors.As(err, &e) || e.Kind != tixngo.KindBusy || e.Code != "FUNCTION_RUNNING" || e.Uncertain() {
			t.Errorf("a second function: %v", err)
		}
		if _, err := h.client.Tickets(t.Context(), tixngo.TicketsRequest{MobileAppID: "org.example.theatre"}); err != nil {
			t.Errorf("a report: %v", err)
		}
		if _, err := organizerOf(t, p, "theatre", walletV3).client.Changes(t.Context(), tixngo.ChangesRequest{}); err != nil {
			t.Errorf("another organizer: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := h.client.Changes(t.Context(), tixngo.ChangesRequest{}); err != nil {
			t.Errorf("after it has ended: %v", err)
		}
	})
}

func TestWallet_Faults_SayWhetherItWasDone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault     Kind
		kind      tixngo.Kind
		uncertain bool
		done      bool
	}{
		{CutBeforeCommit, tixngo.KindUnavailable, true, false},
		{CutAfterCommit, tixngo.KindUnavailable, true, true},
		{HalfBody, tixngo.KindUnavailable, true, true},
		{Garbage, tixngo.KindUnavailable, true, false},
		{Error500, tixngo.KindFault, true, false},
		{Limit509, tixngo.KindRateLimited, false, false},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			t.Parallel()
			h := organizerOf(t, newPlatform(t), "theatre", walletV3)
			h.p.Fault("injectTickets", Fault{Kind: c.fault, Service: walletService})
			_, err := h.client.InjectTickets(t.Context(), tixngo.InjectRequest{Tickets: tixngo.List[tixngo.Ticket]{ticketFor(walletV3, "1")}})
			var e *tixngo.Error
			if !errors.As(err, &e) || e.Kind != c.kind || e.Uncertain() != c.uncertain {
				t.Fatalf("%v", err)
			}
			r := h.inject(ticketFor(walletV3, "1")) // sending again is the way out
			if exists := r.Results[0].Code == tixngo.CodeExists; r.Accepted != 1 || exists != c.done {
				t.Errorf("again: %+v", r)
			}
			calls := h.p.Calls()
			if calls[0].Fault != c.fault || calls[0].Method != "injectTickets" || calls[0].Service != walletService {
				t.Errorf("the list of calls: %+v", calls[0])
			}
			h.sound()
		})
	}
}

func TestWallet_Limits(t *testing.T) {
	t.Parallel()
	h := organizerOf(t, newPlatform(t, func(p *Platform) { p.Wallet.MaxTickets, p.Wallet.RatePerMinute = 2, 5 }), "theatre", walletV3)
	var e *tixngo.Error
	three := tixngo.List[tixngo.Ticket]{ticketFor(walletV3, "1"), ticketFor(walletV3, "2"), ticketFor(walletV3, "3")}
	if _, err := h.client.InjectTickets(t.Context(), tixngo.InjectRequest{Tickets: three}); !errors.As(err, &e) || e.Code != "TOO_MANY_TICKETS" || e.Uncertain() {
		t.Errorf("%v", err)
	}
	if _, err := h.client.InjectTickets(t.Context(), tixngo.InjectRequest{}); !errors.As(err, &e) || e.Code != "NO_TICKETS" {
		t.Errorf("%v", err)
	}
	if _, err := h.client.Changes(t.Context(), tixngo.ChangesRequest{Limit: 1001}); !errors.As(err, &e) || e.Code != "PARAMETER" {
		t.Errorf("%v", err)
	}
	h.changes("", 0)
	h.changes("", 0)
	if _, err := h.client.Changes(t.Context(), tixngo.ChangesRequest{}); !errors.As(err, &e) || e.Kind != tixngo.KindRateLimited || e.RetryAfter != time.Minute {
		t.Errorf("the sixth call of the minute: %v", err)
	}
	h.p.Clock.Advance(time.Minute)
	h.changes("", 0)
}

func TestWallet_Reports(t *testing.T) {
	t.Parallel()
	h := organizerOf(t, newPlatform(t), "theatre", walletV4)
	h.inject(ticketFor(walletV4, "1"), ticketFor(walletV4, "2"))
	h.p.Clock.Advance(time.Hour)
	h.act("1", "download")
	h.remove("2", "X")
	ask := tixngo.LogsRequest{MobileAppID: "org.example.theatre", From: aDay, To: aDay.Add(24 * time.Hour), Limit: 3}
	page, err := h.client.TicketStatusLogs(t.Context(), ask)
	if err != nil || len(page.Result) != 3 || page.Result[2].ActionName != "Download" || page.NextPageKey == "" {
		t.Fatalf("%+v %v", page, err)
	}
	ask.PageKey = page.NextPageKey
	if page, err = h.client.TicketStatusLogs(t.Context(), ask); err != nil || len(page.Result) != 1 || page.NextPageKey != "" || page.Result[0].ToStatus != tixngo.StatusDeleted {
		t.Fatalf("%+v %v", page, err)
	}
	ask.PageKey, ask.ToStatuses = "", []tixngo.Status{tixngo.StatusDownloaded}
	if page, err = h.client.TicketStatusLogs(t.Context(), ask); err != nil || len(page.Result) != 1 || page.Result[0].TicketID != "1" || page.Result[0].ToOwnerID == "" {
		t.Errorf("filtered: %+v %v", page, err)
	}
	full := tixngo.TicketsRequest{MobileAppID: "org.example.theatre"}
	rows, err := h.client.Tickets(t.Context(), full)
	if err != nil || rows.Total != 2 || rows.Result[0].OwnerEmail != "ada@example.org" {
		t.Errorf("%+v %v", rows, err)
	}
	full.ExcludeDeleted, full.LastUpdatedSince = true, aDay.Add(time.Minute)
	if rows, err = h.client.Tickets(t.Context(), full); err != nil || rows.Total != 1 {
		t.Errorf("without the deleted: %+v %v", rows, err)
	}
	rows, err = h.client.Tickets(t.Context(), tixngo.TicketsRequest{MobileAppID: "org.example.theatre", Light: true, Limit: 1, Offset: 1})
	if err != nil || rows.Total != 2 || len(rows.Result) != 1 || rows.Result[0].TicketID != "2" || rows.Result[0].OwnerEmail != "" {
		t.Errorf("light: %+v %v", rows, err)
	}
	report, err := h.client.InjectionReport(t.Context(), "2026-11", 0, 0)
	if err != nil || report.Total != 2 || report.GrandTotal != 2 || report.Events[0].Injected != 2 {
		t.Errorf("%+v %v", report, err)
	}
	if report, err = h.client.InjectionReport(t.Context(), "2026-12", 0, 0); err != nil || report.Total != 0 || report.GrandTotal != 2 {
		t.Errorf("another month: %+v %v", report, err)
	}
	var e *tixngo.Error
	if _, err = h.client.Tickets(t.Context(), tixngo.TicketsRequest{MobileAppID: "other"}); !errors.As(err, &e) || e.Code != "MOBILE_APP" {
		t.Errorf("another app: %v", err)
	}
	v3 := organizerOf(t, h.p, "theatre", walletV3)
	if _, err = v3.client.TicketStatusLogs(t.Context(), ask); !errors.As(err, &e) || e.Kind != tixngo.KindGone {
		t.Errorf("V3 has no logs: %v", err)
	}
}

func TestWallet_Privileges_AreDefinedOnce_AndNotTransferred(t *testing.T) {
	t.Parallel()
	h := organizerOf(t, newPlatform(t), "theatre", walletV3)
	card := tixngo.Privilege{
		PrivilegeID: "M-1", ExpirationDate: tixngo.Time{Time: aDay.Add(time.Hour)},
		SpectatorDetails: tixngo.Spectator{FirstName: "Ada", LastName: "Example", Email: "ada@example.org"},
	}
	late := card
	late.PrivilegeID = "M-2"
	q := tixngo.PrivilegesRequest{
		Definition: tixngo.PrivilegeDefinition{ID: "C", Name: tixngo.Text{Plain: "Friends"}}, Privileges: tixngo.List[tixngo.Privilege]{card, card, late, {}},
	}
	r, err := h.client.InjectPrivileges(t.Context(), q)
	if err != nil || r.Accepted != 3 || r.Rejected != 1 || r.Results[1].Code != tixngo.CodeExists || r.Results[3].Field != "privilegeId" {
		t.Fatalf("%+v %v", r, err)
	}
	act := func(id, action string) (int, string) {
		return h.face(http.MethodPost, "/wallet/privileges/act?institution=theatre", map[string]string{"generation": walletV3, "privilege": id, "action": action})
	}
	for _, step := range []struct {
		id, action string
		status     int
	}{{"M-1", "use", 422}, {"M-1", "transfer", 422}, {"M-1", "download", 200}, {"M-1", "use", 200}, {"M-1", "use", 422}, {"M-2", "download", 200}} {
		if status, text := act(step.id, step.action); status != step.status {
			t.Errorf("%s %s: %d %s", step.action, step.id, status, text)
		}
	}
	h.p.Clock.Advance(time.Hour)
	if status, text := act("M-2", "use"); status != 422 {
		t.Errorf("used after its expiry: %s", text)
	}
	if _, text := h.face(http.MethodGet, "/wallet/privileges?institution=theatre&generation=v3", nil); strings.Count(text, `"expired": true`) != 2 || !strings.Contains(text, "USED") {
		t.Error(text)
	}
	var e *tixngo.Error
	if _, err := organizerOf(t, h.p, "theatre", walletV4).client.InjectPrivileges(t.Context(), q); !errors.As(err, &e) || e.Kind != tixngo.KindGone {
		t.Errorf("V4 takes privileges: %v", err)
	}
	h.sound()
}

func TestWallet_Restart_RemembersEverything(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "journal")
	start := func() *Platform {
		p := &Platform{Clock: NewClock(aDay), Journal: file}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := start()
	state := func(p *Platform) map[string]any {
		out := map[string]any{}
		for _, gen := range []string{walletV3, walletV4} {
			w := p.byCode["theatre"].wallet(gen)
			b, err := json.Marshal([]any{w.sorted(), w.events, w.cards, w.definitions, w.seq})
			if err != nil {
				t.Fatal(err)
			}
			out[gen] = string(b)
			for _, tk := range w.tickets {
				out[gen+tk.ID] = tk.seq
			}
		}
		return out
	}
	keys := map[string]string{}
	for _, gen := range []string{walletV3, walletV4} {
		h := organizerOf(t, p, "theatre", gen)
		h.inject(ticketFor(gen, "1"), ticketFor(gen, "2"), ticketFor(gen, "3"))
		h.act("1", "download")
		h.act("1", "transfer bob@example.org")
		keys[gen] = h.changes("", 0).NextPageKey
		h.act("2", "download")
		h.remove("2", "RESOLD")
		h.p.Clock.Advance(2 * time.Hour)
		h.control("3")
		h.sound()
	}
	want := state(p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	again := start()
	defer again.Close()
	if d := cmp.Diff(want, state(again)); d != "" {
		t.Errorf("after the restart (-before +after):\n%s", d)
	}
	again.Clock.Set(p.Clock.Now())
	for gen, key := range keys {
		h := organizerOf(t, again, "theatre", gen)
		if n := len(h.changes(key, 0).Result); n != 3 {
			t.Errorf("%s: %d changes after the kept key, not 3", gen, n)
		}
		h.sound()
	}
}

func TestWallet_Door_WantsTheRightKeyPathAndQuestion(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) {
		p.Wallet = WalletOptions{Path: "/w/x/", KeyHeader: "Authorization", KeyPrefix: "Bearer "}
	})
	v3, v4 := organizerOf(t, p, "theatre", walletV3).key, organizerOf(t, p, "theatre", walletV4).key
	for _, c := range []struct {
		method, path, header, body string
		status                     int
	}{
		{"GET", "/w/x/v3/organizer/tickets/diff", "Bearer " + v3, "", 200},
		{"GET", "/theatre/w/x/v3/organizer/tickets/diff", "Bearer " + v3, "", 200},
		{"GET", "/tixngo/v3/organizer/tickets/diff", "Bearer " + v3, "", 404},
		{"GET", "/w/x/v3/organizer/tickets/diff", v3, "", 401},
		{"GET", "/w/x/v3/organizer/tickets/diff", "Bearer " + v4, "", 401},
		{"GET", "/w/x/v3/organizer/tickets/diff", "Bearer ", "", 401},
		{"GET", "/w/x/v5/organizer/tickets/diff", "Bearer " + v3, "", 404},
		{"GET", "/w/x/v3/organizer/nothing", "Bearer " + v3, "", 404},
		{"GET", "/w/x/v3/organizer/tickets", "Bearer " + v3, "", 405},
		{"GET", "/w/x/v3/organizer/tickets/diff?cursor=1", "Bearer " + v3, "", 400},
		{"POST", "/w/x/v3/organizer/tickets", "Bearer " + v3, `{"tickets":[{}],"x":1}`, 400},
		{"POST", "/w/x/v3/organizer/tickets", "Bearer " + v3, `{`, 400},
		{"POST", "/w/x/v3/organizer/tickets", "Bearer " + v3, ``, 400},
		{"POST", "/w/x/v3/organizer/tickets", "Bearer " + v3, `{"tickets":[{"ticketId":"1","evnet":{}}]}`, 200}, // refused one by one
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
		r.Header.Set("Authorization", c.header)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("X-Simulator") == "" {
			t.Errorf("%s %s: %d, not %d: %s", c.method, c.path, w.Code, c.status, w.Body)
		}
		if c.status == 200 && c.method == "POST" && !strings.Contains(w.Body.String(), "UNKNOWN_FIELD") {
			t.Errorf("a misspelled member: %s", w.Body)
		}
	}
}

func TestCheck_Wallet_NamesEveryBrokenPromise(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*wallet, *walletTicket){
		"its history ends":  func(_ *wallet, k *walletTicket) { k.Status = tixngo.StatusDownloaded },
		"went from":         func(_ *wallet, k *walletTicket) { k.History[0].Action = "Accept" },
		"recipient named":   func(_ *wallet, k *walletTicket) { k.Recipient.Email = "x@example.org" },
		"until":             func(_ *wallet, k *walletTicket) { k.Until = aDay },
		"belongs to nobody": func(_ *wallet, k *walletTicket) { k.Owner.Email = "" },
		"has no event":      func(w *wallet, _ *walletTicket) { clear(w.events) },
		"transfers of":      func(_ *wallet, k *walletTicket) { k.Forward = 1 },
		"has change":        func(_ *wallet, k *walletTicket) { k.seq = 9 },
		"is kept as":        func(_ *wallet, k *walletTicket) { k.ID = "2" },
		"activated 2026":    func(_ *wallet, k *walletTicket) { k.Activated = aDay },
		"has no definition": func(w *wallet, _ *walletTicket) { w.cards["c"] = &walletCard{ID: "c"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			h := organizerOf(t, p, "theatre", walletV3)
			h.inject(ticketFor(walletV3, "1"))
			h.sound()
			w := p.byCode["theatre"].wallet(walletV3)
			spoil(w, w.tickets["1"])
			if err := p.Check(); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%v does not say %q", err, name)
			}
		})
	}
}

func FuzzWallet_AnyBytes_NeverPanic_AndBreakNoPromise(f *testing.F) {
	for _, gen := range []string{walletV3, walletV4} {
		b, err := json.Marshal(tixngo.InjectRequest{Tickets: tixngo.List[tixngo.Ticket]{ticketFor(gen, "1"), ticketFor(gen, "2")}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add("tickets", b)
	}
	f.Add("tickets/delete", []byte(`{"tickets":[{"ticketId":1,"reason":"X"}]}`))
	f.Add("tickets/control", []byte(`{"tickets":{"ticketId":"1","controlledAt":1804271400000}}`))
	f.Add("privileges", []byte(`{"definition":{"id":"1","name":{"fr":"x"}},"privileges":null}`))
	f.Add("tickets/diff?paginationKey=%zz&limit=-1", []byte(`null`))
	f.Add("report/events/%2F/tickets?offset=99999999999999999999", []byte{0xff})
	p := &Platform{Clock: NewClock(aDay), Wallet: WalletOptions{RatePerMinute: -1}}
	organizers := p.Organizers()
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		for _, o := range organizers[:2] {
			for _, method := range []string{http.MethodPost, http.MethodGet} {
				r, err := http.NewRequestWithContext(t.Context(), method, "http://sim"+o.Path+"/"+path, bytes.NewReader(body))
				if err != nil {
					return
				}
				r.Header.Set(tixngo.DefaultKeyHeader, o.Key)
				r.Header.Set("Content-Type", "application/json")
				res, err := p.Transport().RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				if res.StatusCode >= 500 {
					t.Fatalf("%s %s: %d", method, path, res.StatusCode)
				}
			}
		}
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWallet_ControlFace_TellsTheKeys_AndTheyOutliveARestart(t *testing.T) {
	t.Parallel()
	h := organizerOf(t, newPlatform(t), "theatre", walletV4)
	status, text := h.face(http.MethodGet, "/wallet", nil)
	if status != http.StatusOK || strings.Count(text, `"generation"`) != 2*len(h.p.Institutions()) || !strings.Contains(text, h.key) {
		t.Errorf("%d %s", status, text)
	}
	h.inject(ticketFor(walletV4, "1"))
	if err := h.p.Restart(false); err != nil {
		t.Fatal(err)
	}
	if n := len(h.changes("", 0).Result); n != 0 {
		t.Errorf("%d tickets outlive a restart without memory", n)
	}
	for _, bad := range []walletAct{{Generation: "v5", Ticket: "1", Action: "download"}, {Generation: walletV4, Ticket: "1", Action: "fly"}} {
		if status, text := h.face(http.MethodPost, "/wallet/act?institution=theatre", bad); status != http.StatusBadRequest {
			t.Errorf("%+v: %d %s", bad, status, text)
		}
	}
	if status, _ := h.face(http.MethodPost, "/wallet/act?institution=theatre", walletAct{Generation: walletV4, Ticket: "none", Action: "download"}); status != http.StatusNotFound {
		t.Errorf("a ticket that is not there: %d", status)
	}
}
