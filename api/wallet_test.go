package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// plainApple writes what a pass says, so that a test can read it.
type plainApple struct{}

func (plainApple) PassType() string { return "pass.test" }

func (plainApple) Pass(w io.Writer, p delivery.Pass) error {
	_, err := fmt.Fprintf(w, "%s %s %s %s void=%t;", p.Serial, p.Token.Reveal(), p.Language, p.Page.Barcode, !p.Void.IsZero())
	return err
}

func (a plainApple) Bundle(w io.Writer, list []delivery.Pass) error {
	for _, p := range list {
		if err := a.Pass(w, p); err != nil {
			return err
		}
	}
	return nil
}

func (plainApple) Push(context.Context, string) error { return nil }

// plainGoogle takes everything, unless it fails.
type plainGoogle struct{ fail error }

func (g plainGoogle) SaveClass(context.Context, delivery.Pass, bool) error { return g.fail }

func (g plainGoogle) SaveObject(context.Context, delivery.Pass, bool) error { return g.fail }

func (plainGoogle) Links(serials []string) ([]delivery.SaveLink, error) {
	var out []delivery.SaveLink
	for _, s := range serials {
		out = append(out, delivery.SaveLink{URL: "https://pay.test/" + s, Serials: []string{s}})
	}
	return out, nil
}

// withWallets switches both wallets on.
func withWallets(d *Deps) {
	wallets(d, plainGoogle{}, delivery.WalletSettings{Apple: true, Google: true})
}

func wallets(d *Deps, g delivery.Google, set delivery.WalletSettings) {
	d.Wallets = delivery.NewWallets(delivery.WalletDeps{
		Tickets: d.Delivery, Orders: d.Sales.Store, Store: &sample.Wallets{}, Apple: plainApple{}, Google: g, Updates: true,
		Settings: map[domain.InstitutionCode]delivery.WalletSettings{"play": set}, Token: func() domain.Secret { return "pass-token" }, Clock: d.Clock, Log: d.Log,
	})
	d.LinkRate = 1000
}

func applePass(token string) sent { return header("Authorization", "ApplePass "+token) }

// soldTickets is a sold order.
func soldTickets(r *rig) orderDTO {
	r.t.Helper()
	o := r.held()
	a := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/close", `{"payment_reference":"P"}`)
	if a.status != http.StatusOK {
		r.t.Fatalf("close: %d %s", a.status, a.body)
	}
	return decode[orderDTO](r.t, a)
}

// phonePaths are the addresses of a phone's web service for a ticket.
func phonePaths(o orderDTO, n int) (registration, pass string) {
	serial := delivery.Serial(sales.OrderID(o.ID), o.Tickets[n].ID)
	return "/wallet/apple/v1/devices/phone-1/registrations/pass.test/" + serial, "/wallet/apple/v1/passes/pass.test/" + serial
}

func TestWallet_PassesAreFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t, withWallets)
	o := soldTickets(r)
	one := r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[0].ID+".pkpass?lang=en", "")
	want := fmt.Sprintf("%s pass-token en %s void=false;", delivery.Serial(sales.OrderID(o.ID), o.Tickets[0].ID), o.Tickets[0].Barcode)
	if one.status != http.StatusOK || string(one.body) != want {
		t.Errorf("%d %s, want %s", one.status, one.body, want)
	}
	for name, want := range map[string]string{"Content-Type": mediaPass, "Cache-Control": "no-store", "Content-Disposition": `inline; filename="` + o.Tickets[0].ID + `.pkpass"`} {
		if got := one.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	all := r.do("web", http.MethodGet, "/v1/orders/"+o.ID+"/tickets.pkpasses", "")
	if all.status != http.StatusOK || strings.Count(string(all.body), ";") != 2 || all.header.Get("Content-Type") != mediaPasses {
		t.Errorf("%d %v %s", all.status, all.header, all.body)
	}
	for _, path := range []string{"/v1/tickets/" + o.Tickets[0].ID + ".pkpass", "/v1/orders/" + o.ID + "/tickets.pkpasses", "/v1/orders/" + o.ID + "/wallet/google"} {
		if a := r.do("seller", http.MethodGet, path, ""); a.status != http.StatusForbidden {
			t.Errorf("%s without scope deliver: %d", path, a.status)
		}
	}
}

func TestWallet_GoogleLinksNameTheirTickets(t *testing.T) {
	t.Parallel()
	r := newRig(t, withWallets)
	o := soldTickets(r)
	got := decode[googleLinksDTO](t, r.do("web", http.MethodGet, "/v1/orders/"+o.ID+"/wallet/google", ""))
	want := googleLinksDTO{}
	for _, k := range o.Tickets {
		want.Links = append(want.Links, googleLinkDTO{URL: "https://pay.test/" + delivery.Serial(sales.OrderID(o.ID), k.ID), Tickets: []string{k.ID}})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWallet_TheBuyersPageLeadsToThem(t *testing.T) {
	t.Parallel()
	r := newRig(t, withLinks, withWallets)
	o, path := linked(r)
	for file, media := range map[string]string{"tickets.pkpasses": mediaPasses, o.Tickets[0].ID + ".pkpass": mediaPass} {
		a := r.do("", http.MethodGet, path+"/"+file, "")
		if a.status != http.StatusOK || a.header.Get("Content-Type") != media || a.header.Get("Cache-Control") != "no-store" || !strings.Contains(string(a.body), " fr ") {
			t.Errorf("%s: %d %v %s", file, a.status, a.header, a.body)
		}
	}
	a := r.do("", http.MethodGet, path+"/"+o.Tickets[1].ID+".google", "")
	if want := "https://pay.test/" + delivery.Serial(sales.OrderID(o.ID), o.Tickets[1].ID); a.status != http.StatusSeeOther || a.header.Get("Location") != want {
		t.Errorf("%d to %q, want %q", a.status, a.header.Get("Location"), want)
	}
	for _, file := range []string{"tkt_x.pkpass", ".pkpass", ".google", "tkt_x.google", "tickets.google"} {
		if a := r.do("", http.MethodGet, path+"/"+file, ""); a.status != http.StatusNotFound || !strings.HasPrefix(string(a.body), "sorry unknown") {
			t.Errorf("%s: %d %s", file, a.status, a.body)
		}
	}
	off := newRig(t, withLinks)
	o, path = linked(off)
	for _, file := range []string{"tickets.pkpasses", o.Tickets[0].ID + ".google"} {
		if a := off.do("", http.MethodGet, path+"/"+file, ""); a.status != http.StatusNotFound {
			t.Errorf("switched off, %s: %d %s", file, a.status, a.body)
		}
	}
}

func TestWallet_PhonesKeepTheirPassesUpToDate(t *testing.T) {
	t.Parallel()
	r := newRig(t, withWallets)
	o := soldTickets(r)
	registration, pass := phonePaths(o, 0)
	token := applePass("pass-token")
	status := func(want int, method, path, body string, more ...sent) answer {
		t.Helper()
		a := r.do("", method, path, body, more...)
		if a.status != want {
			t.Errorf("%s %s: %d %s, want %d", method, path, a.status, a.body, want)
		}
		return a
	}
	status(http.StatusUnauthorized, http.MethodGet, pass, "", token) // never given out
	r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[0].ID+".pkpass", "")
	status(http.StatusCreated, http.MethodPost, registration, `{"pushToken":"abc","more":1}`, token)
	status(http.StatusOK, http.MethodPost, registration, `{"pushToken":"abc"}`, token)
	first := status(http.StatusOK, http.MethodGet, pass, "", token)
	seen := first.header.Get("Last-Modified")
	if first.header.Get("Content-Type") != mediaPass || first.header.Get("Cache-Control") != "no-store" || seen == "" {
		t.Errorf("headers %v", first.header)
	}
	status(http.StatusNotModified, http.MethodGet, pass, "", token, header("If-Modified-Since", seen))
	status(http.StatusOK, http.MethodGet, pass, "", token, header("If-Modified-Since", "yesterday"))

	list := strings.TrimSuffix(registration, "/"+delivery.Serial(sales.OrderID(o.ID), o.Tickets[0].ID))
	var told phonePassesDTO
	r.now.advance(time.Minute)
	if told = decode[phonePassesDTO](t, status(http.StatusOK, http.MethodGet, list, "")); len(told.Serials) != 1 || told.Tag == "" {
		t.Errorf("list %+v", told)
	}
	status(http.StatusNoContent, http.MethodGet, list+"?passesUpdatedSince="+told.Tag, "")
	status(http.StatusNoContent, http.MethodGet, strings.Replace(list, "phone-1", "phone-2", 1), "")
	status(http.StatusNoContent, http.MethodGet, strings.Replace(list, "pass.test", "pass.other", 1), "")

	status(http.StatusOK, http.MethodDelete, registration, "", token)
	status(http.StatusOK, http.MethodDelete, registration, "", token)
	status(http.StatusNoContent, http.MethodGet, list, "")
	status(http.StatusOK, http.MethodPost, "/wallet/apple/v1/log", `{"logs":["`+strings.Repeat("x", 600)+`\nline","b"]}`)
	if text := r.log.String(); strings.Count(text, "a phone complains") != 2 || strings.Contains(text, strings.Repeat("x", 501)) || strings.Contains(text, "pass-token") {
		t.Errorf("log:\n%.3000s", text)
	}
}

func TestWallet_WithoutAppleThereIsNoWebService(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for path, method := range map[string]string{
		"/wallet/apple/v1/devices/d/registrations/p/s": http.MethodPost, "/wallet/apple/v1/devices/d/registrations/p": http.MethodGet, "/wallet/apple/v1/passes/p/s": http.MethodGet, "/wallet/apple/v1/log": http.MethodPost,
	} {
		if a := r.do("", method, path, ""); a.status != http.StatusNotFound || !strings.Contains(string(a.body), CodeRouteUnknown) {
			t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
		}
	}
}

// tally counts the bytes that are written to it.
type tally struct{ n atomic.Int64 }

func (t *tally) Write(p []byte) (int, error) {
	t.n.Add(int64(len(p)))
	return len(p), nil
}

// FuzzPhone holds that whatever a phone sends to register, or to complain, is taken or refused as documented, and that our log
// and what is kept stay within their bounds.
func FuzzPhone(f *testing.F) {
	said := &tally{}
	r := newRig(f, withWallets, func(d *Deps) { d.LinkRate, d.Log = 1_000_000, slog.New(slog.NewTextHandler(said, nil)) })
	o := soldTickets(r)
	r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[0].ID+".pkpass", "")
	registration, _ := phonePaths(o, 0)
	for _, body := range []string{
		`{"pushToken":"abc","more":1}`, `{"pushToken":"a/b"}`, `{"pushToken":7}`, `{"PUSHTOKEN":"abc","pushToken":null}`, `{"pushToken":"` + strings.Repeat("a", 201) + `"}`,
		`{"logs":["one","two\n\u0000\u2028"]}`, `{"logs":[null,{}]}`, `{"logs":"one"}`, `{"logs":["` + strings.Repeat("é", 400) + `"]}`, `{"logs":[` + strings.Repeat(`"x",`, 30) + `"x"]}`,
		`null`, `[`, "", "\xff", strings.Repeat("[", 10_000),
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{registration, "/wallet/apple/v1/log"} {
			before := said.n.Load()
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
			req.Header.Set("Authorization", "ApplePass pass-token")
			rec := httptest.NewRecorder()
			r.handler.ServeHTTP(rec, req)
			switch rec.Code {
			case http.StatusOK, http.StatusCreated, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
			default:
				t.Errorf("%s %.200q: %d %s", path, body, rec.Code, rec.Body)
			}
			if grown := said.n.Load() - before; grown > 2*maxPhoneLines*(6*maxPhoneLine+500) {
				t.Errorf("%.200q: %d bytes of log", body, grown)
			}
			if err := checkerOf(t, r.srv).check(http.MethodPost, path, answer{status: rec.Code, header: rec.Header(), body: rec.Body.Bytes()}); err != nil {
				t.Errorf("%.200q: %v", body, err)
			}
		}
	})
}

func walletRefusals() []refusal {
	on := func(r *rig) orderDTO { withWallets(&r.srv.Deps); return soldTickets(r) }
	with := func(g delivery.Google, set delivery.WalletSettings) func(*rig) answer {
		return func(r *rig) answer {
			wallets(&r.srv.Deps, g, set)
			return r.do("web", http.MethodGet, "/v1/orders/"+soldTickets(r).ID+"/wallet/google", "")
		}
	}
	both := delivery.WalletSettings{Apple: true, Google: true}
	away := domain.Errorf(domain.Unavailable, delivery.CodeWalletAway, "away")
	away.RetryAfter = time.Minute
	return []refusal{
		{name: "a pass without wallets", do: func(r *rig) answer {
			return r.do("web", http.MethodGet, "/v1/tickets/"+soldTickets(r).Tickets[0].ID+".pkpass", "")
		}, status: 409, code: delivery.CodeWalletOff},
		{name: "passes where TIXNGO delivers", do: func(r *rig) answer {
			wallets(&r.srv.Deps, plainGoogle{}, delivery.WalletSettings{Apple: true, Tixngo: true})
			return r.do("web", http.MethodGet, "/v1/orders/"+soldTickets(r).ID+"/tickets.pkpasses", "")
		}, status: 409, code: delivery.CodeWalletTixngo},
		{name: "passes of a held order", do: func(r *rig) answer {
			withWallets(&r.srv.Deps)
			return r.do("web", http.MethodGet, "/v1/orders/"+r.held().ID+"/tickets.pkpasses", "")
		}, status: 409, code: sales.CodeTicketNotIssued},
		{name: "passes of an unknown order", do: get("web", "/v1/orders/ord_x/tickets.pkpasses"), status: 404, code: sales.CodeUnknown},
		{name: "a pass of an unknown ticket", do: get("web", "/v1/tickets/tkt_x.pkpass"), status: 404, code: sales.CodeTicketUnknown},
		{name: "a pass in no language", do: get("web", "/v1/tickets/tkt_x.pkpass?lang=../x"), status: 422, code: domain.CodeRequest, pointer: "?lang", field: domain.CodeRequest},
		{name: "Google in no language", do: get("web", "/v1/orders/ord_x/wallet/google?lang=..%2Fx"), status: 422, code: domain.CodeRequest, pointer: "?lang", field: domain.CodeRequest},
		{name: "Google is away", do: with(plainGoogle{away}, both), status: 503, code: delivery.CodeWalletAway, retry: true},
		{name: "Google refuses", do: with(plainGoogle{domain.Errorf(domain.Upstream, delivery.CodeWalletRefused, "no")}, both), status: 502, code: delivery.CodeWalletRefused},
		{name: "a phone with another token", do: func(r *rig) answer {
			_, pass := phonePaths(on(r), 0)
			return r.do("", http.MethodGet, pass, "", applePass("x"))
		}, status: 401, code: delivery.CodeWalletToken},
		{name: "a phone with a key", do: func(r *rig) answer {
			registration, _ := phonePaths(on(r), 0)
			return r.do("", http.MethodDelete, registration, "", header("Authorization", "Bearer pass-token"))
		}, status: 401, code: delivery.CodeWalletToken},
		{name: "a phone that sends no JSON", do: func(r *rig) answer {
			registration, _ := phonePaths(on(r), 0)
			return r.do("", http.MethodPost, registration, "pushToken", applePass("pass-token"))
		}, status: 400, code: CodeRequestMalformed},
		{name: "a phone that sends too much", do: func(r *rig) answer {
			on(r)
			return r.do("", http.MethodPost, "/wallet/apple/v1/log", strings.Repeat("x", maxPhoneBody+1))
		}, status: 413, code: CodeRequestTooLarge},
		{name: "a push token of an impossible form", do: func(r *rig) answer {
			o := on(r)
			registration, _ := phonePaths(o, 0)
			r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[0].ID+".pkpass", "")
			return r.do("", http.MethodPost, registration, `{"pushToken":"a/b"}`, applePass("pass-token"))
		}, status: 422, code: domain.CodeRequest, pointer: "/pushToken", field: domain.CodeRequest},
		{name: "a phone that asks too often", do: func(r *rig) answer {
			withWallets(&r.srv.Deps)
			r.now.tick = 0
			for range 3 * r.srv.readers.burst {
				if a := r.do("", http.MethodGet, "/wallet/apple/v1/passes/p/s", ""); a.status == http.StatusTooManyRequests {
					return a
				}
			}
			return answer{}
		}, status: 429, code: CodePhoneRate, retry: true},
	}
}
