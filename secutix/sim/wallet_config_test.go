package sim

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/secutix/tixngo"
)

// dressed is an organizer whose TIXNGO has paths, headers and names of its own, and a client that is told of them.
func dressed(t *testing.T, gen string, o WalletOptions, client func(*tixngo.Options)) *phone {
	t.Helper()
	p := newPlatform(t, func(p *Platform) { p.Wallet = o })
	h := organizerOf(t, p, "theatre", gen)
	options := tixngo.Options{
		BaseURL: "http://sim" + o.base(gen), Organizer: "theatre", Key: tixngo.Secret(h.key), Transport: p.Transport(), Clock: p.Clock.Now,
		Tries: 1, Paths: o.Paths, Names: o.Names, KeyHeader: o.KeyHeader, KeyPrefix: o.KeyPrefix,
	}
	if client != nil {
		client(&options)
	}
	var err error
	if h.client, err = tixngo.New(options); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestWallet_PathsHeadersAndNames_AreConfigurationOnBothSides(t *testing.T) {
	t.Parallel()
	o := WalletOptions{
		Path: "w", KeyHeader: "x-key", KeyPrefix: "Key ", BareResults: true,
		Paths: map[tixngo.Operation]string{
			tixngo.OpChanges: "/feedback/", tixngo.OpDeleteTickets: "gone", tixngo.OpControlTickets: "checks", tixngo.OpEventTickets: "of/{eventId}/all",
			tixngo.OpInjectPrivileges: "cards", tixngo.OpDeletePrivileges: "cards/gone",
		},
		Names: tixngo.Names{
			"spectatorDetails.email": "mailAddress", "security.barcode": "code", "purchaseDetails.currency": "iso", "reason": "cause",
			"status": "state", "recipientDetails": "to", "privilegeId": "cardId", "results": "outcomes", "definition": "product",
		},
	}
	for _, gen := range []string{walletV3, walletV4} {
		h := dressed(t, gen, o, nil)
		long := ticketFor(gen, "2")
		long.PurchaseDetails.Currency = strings.Repeat("x", 21)
		if r := h.inject(ticketFor(gen, "1"), long); r.Accepted != 1 || r.Rejected != 1 || r.Results[1].Field != "purchaseDetails.currency" {
			t.Fatalf("%s: %+v", gen, r)
		}
		h.act("1", "download")
		h.act("1", "transfer bob@example.org")
		if got := h.now("1"); got.SpectatorDetails.Email != "ada@example.org" || got.Recipient.FirstName != "Bob" {
			t.Errorf("%s: %+v", gen, got)
		}
		if r := h.control("1"); r.Accepted != 1 {
			t.Errorf("%s: %+v", gen, r)
		}
		if r := h.remove("1", "RESOLD"); r.Accepted != 1 || h.now("1").DeletionReason != "RESOLD" {
			t.Errorf("%s: %+v %+v", gen, r, h.now("1"))
		}
		rows, err := h.client.Tickets(t.Context(), tixngo.TicketsRequest{MobileAppID: "org.example.theatre", EventID: "PERF-1"})
		if err != nil || rows.Total != 1 || rows.Result[0].OwnerEmail != "ada@example.org" {
			t.Errorf("%s: %+v %v", gen, rows, err)
		}
		h.sound()
	}

	// What goes by the old names and paths is not understood.
	h := dressed(t, walletV3, o, nil)
	h.inject(ticketFor(walletV3, "1"))
	for _, c := range []struct {
		method, path, key, body string
		status                  int
		want                    string
	}{
		{"GET", "/w/v3/organizer/feedback", "Key " + h.key, "", 200, `"state":"INJECTED"`},
		{"GET", "/w/v3/organizer/feedback", "Key " + h.key, "", 200, `"mailAddress":"ada@example.org"`},
		{"GET", "/w/v3/organizer/tickets/diff", "Key " + h.key, "", 404, "NOT_FOUND"},
		{"GET", "/w/v3/organizer/feedback", h.key, "", 401, "UNAUTHORIZED"},
		{"POST", "/w/v3/organizer/gone", "Key " + h.key, `{"tickets":[{"ticketId":"1","reason":"RESOLD"}]}`, 200, `[{"code":"UNKNOWN_FIELD","field":"reason?"`},
		{"POST", "/w/v3/organizer/gone", "Key " + h.key, `{"tickets":[{"ticketId":"1","cause":"RESOLD"}]}`, 200, `[{"state":"ACCEPTED","ticketId":"1"}]`},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
		r.Header.Set("X-Key", c.key)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.p.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s %s: %d %s, want %s", c.method, c.path, c.body, w.Code, w.Body, c.want)
		}
	}
	h.sound()

	// A client that is not told fails plainly.
	var e *tixngo.Error
	h = dressed(t, walletV3, o, func(o *tixngo.Options) { o.Paths = nil })
	if _, err := h.client.Changes(t.Context(), tixngo.ChangesRequest{}); !errors.As(err, &e) || e.Kind != tixngo.KindGone {
		t.Errorf("another path: %v", err)
	}
	h = dressed(t, walletV3, o, func(o *tixngo.Options) { o.Names = tixngo.Names{"results": "outcomes", "status": "state"} })
	if r := h.inject(ticketFor(walletV3, "1")); r.Rejected != 1 || r.Results[0].Code != "UNKNOWN_FIELD" {
		t.Errorf("other names: %+v", r)
	}
}

func TestWallet_OptionsThatContradictThemselves_StopTheStart(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]WalletOptions{
		"unknown operation":   {Paths: map[tixngo.Operation]string{"nonsense": "x"}},
		"are both at":         {Paths: map[tixngo.Operation]string{tixngo.OpChanges: "tickets/"}},
		"no member":           {Names: tixngo.Names{"nonsense": "x"}},
		"is documented":       {Names: tixngo.Names{"ticketId": "id"}},
		"would both be \"x\"": {Names: tixngo.Names{"reason": "x", "status": "x"}},
	} {
		p := &Platform{Clock: NewClock(aDay), Wallet: o}
		if err := p.Start(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestWallet_History_TellsEveryStepOnce_LifecycleWhereTicketsStand(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	p := newPlatform(t, func(p *Platform) { p.Journal = journal })
	h := organizerOf(t, p, "theatre", walletV3)
	page := func(key string, limit int) tixngo.Page[tixngo.Change] {
		t.Helper()
		out, err := h.client.Changes(t.Context(), tixngo.ChangesRequest{History: true, PageKey: key, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	steps := func(list []tixngo.Change) []string {
		var out []string
		for _, c := range list {
			out = append(out, string(c.TicketID)+" "+string(c.History[0].FromStatus)+">"+string(c.Status)+" "+c.SpectatorDetails.Email)
		}
		return out
	}
	h.inject(ticketFor(walletV3, "1"), ticketFor(walletV3, "2"))
	h.act("2", "download")
	h.act("2", "transfer bob@example.org")
	first := page("", 2)
	h.act("2", "accept")
	h.act("1", "download")
	var all []string
	for got := first; ; got = page(got.NextPageKey, 2) {
		all = append(all, steps(got.Result)...)
		if len(got.Result) < 2 {
			first = got
			break
		}
	}
	want := []string{
		"1 >INJECTED ada@example.org", "2 >INJECTED ada@example.org", "2 INJECTED>DOWNLOADED ada@example.org", "2 DOWNLOADED>PENDING_TRANSFER ada@example.org",
		"2 PENDING_TRANSFER>TRANSFERRED bob@example.org", "1 INJECTED>DOWNLOADED ada@example.org",
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := len(h.changes("", 0).Result); n != 2 {
		t.Errorf("the life cycle lists %d tickets", n)
	}
	var e *tixngo.Error
	if _, err := h.client.Changes(t.Context(), tixngo.ChangesRequest{PageKey: first.NextPageKey}); !errors.As(err, &e) || e.Kind != tixngo.KindRequest {
		t.Errorf("a key of the history is good for the life cycle: %v", err)
	}
	if _, err := organizerOf(t, p, "theatre", walletV4).client.Changes(t.Context(), tixngo.ChangesRequest{History: true}); !errors.As(err, &e) || e.Kind != tixngo.KindRequest {
		t.Errorf("V4 has a history: %v", err)
	}
	h.sound()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	again := newPlatform(t, func(p *Platform) { p.Journal = journal })
	h = organizerOf(t, again, "theatre", walletV3)
	if diff := cmp.Diff(want, steps(page("", 0).Result)); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
	h.control("1")
	if got := steps(page(first.NextPageKey, 0).Result); len(got) != 1 || got[0] != "1 DOWNLOADED>CONTROLLED ada@example.org" {
		t.Errorf("after the kept key: %v", got)
	}
	h.sound()
}

func TestWallet_Privileges_AreDeleted_AndMayBeginAnew(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	p := newPlatform(t, func(p *Platform) { p.Journal = journal })
	h := organizerOf(t, p, "theatre", walletV3)
	card := tixngo.Privilege{
		PrivilegeID: "M-1", ExpirationDate: tixngo.Time{Time: aDay.Add(24 * time.Hour)},
		SpectatorDetails: tixngo.Spectator{FirstName: "Ada", LastName: "Example", Email: "ada@example.org"},
	}
	inject := func() tixngo.Result {
		t.Helper()
		r, err := h.client.InjectPrivileges(t.Context(), tixngo.PrivilegesRequest{
			Definition: tixngo.PrivilegeDefinition{ID: "C", Name: tixngo.Text{Plain: "Friends"}}, Privileges: tixngo.List[tixngo.Privilege]{card},
		})
		if err != nil {
			t.Fatal(err)
		}
		return r.Results[0]
	}
	remove := func(id, reason string) tixngo.Result {
		t.Helper()
		r, err := h.client.DeletePrivileges(t.Context(), tixngo.DeletePrivilegesRequest{Privileges: tixngo.List[tixngo.PrivilegeDeletion]{{PrivilegeID: tixngo.Word(id), Reason: reason}}})
		if err != nil {
			t.Fatal(err)
		}
		return r.Results[0]
	}
	shown := func(status string) {
		t.Helper()
		if _, text := h.face(http.MethodGet, "/wallet/privileges?institution=theatre&generation=v3", nil); !strings.Contains(text, `"status": "`+status+`"`) {
			t.Errorf("not %s: %s", status, text)
		}
	}
	act := func(action string, want int) {
		t.Helper()
		if status, text := h.face(http.MethodPost, "/wallet/privileges/act?institution=theatre", map[string]string{"generation": walletV3, "privilege": "M-1", "action": action}); status != want {
			t.Errorf("%s: %d %s", action, status, text)
		}
	}
	inject()
	if r := remove("M-9", "X"); r.Status != tixngo.Rejected || r.Code != tixngo.CodeUnknownPrivilege {
		t.Errorf("unknown: %+v", r)
	}
	act("download", 200)
	act("use", 200)
	if r := remove("M-1", "CANCELLED"); r.Status != tixngo.Accepted || r.Code != "" {
		t.Errorf("deleted: %+v", r)
	}
	shown("DELETION_PENDING")
	act("use", 422)
	act("download", 422)
	if r := inject(); r.Status != tixngo.Rejected || r.Code != "DELETION_PENDING" {
		t.Errorf("injected while it is deleted: %+v", r)
	}
	if r := remove("M-1", "CANCELLED"); r.Code != tixngo.CodeUnchanged {
		t.Errorf("deleted twice: %+v", r)
	}
	h.p.Clock.Advance(59 * time.Second)
	h.sound()
	shown("DELETION_PENDING")
	h.p.Clock.Advance(time.Second)
	shown("DELETED")
	if r := remove("M-1", "RESOLD"); r.Code != "" || r.Status != tixngo.Accepted {
		t.Errorf("another reason: %+v", r)
	}
	shown("DELETED")
	h.sound()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	again := newPlatform(t, func(p *Platform) { p.Journal, p.Clock = journal, NewClock(aDay.Add(time.Hour)) })
	h = organizerOf(t, again, "theatre", walletV3)
	shown("DELETED")
	if r := inject(); r.Status != tixngo.Accepted || r.Code != "" {
		t.Errorf("begun anew: %+v", r)
	}
	shown("INJECTED")
	act("download", 200)
	var e *tixngo.Error
	if _, err := h.client.DeletePrivileges(t.Context(), tixngo.DeletePrivilegesRequest{}); !errors.As(err, &e) || e.Code != "NO_PRIVILEGES" {
		t.Errorf("nothing to delete: %v", err)
	}
	if _, err := organizerOf(t, again, "theatre", walletV4).client.DeletePrivileges(t.Context(), tixngo.DeletePrivilegesRequest{}); !errors.As(err, &e) || e.Kind != tixngo.KindGone {
		t.Errorf("V4 deletes privileges: %v", err)
	}
	h.sound()
}
