package main

import (
	"archive/zip"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// vendors are Apple's push service and Google Wallet over loopback, and a throw-away certificate of a pass type.
type vendors struct {
	apple, google *httptest.Server

	mu     sync.Mutex
	pushed []string
	saved  []string // method and path, with the state of an object
}

func newVendors(t *testing.T, s *stage) *vendors {
	t.Helper()
	v := &vendors{}
	v.apple = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 || len(r.TLS.PeerCertificates) == 0 || r.Header.Get("Apns-Topic") != "pass.test.guichet" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		v.note(&v.pushed, r.URL.Path)
	}))
	v.apple.EnableHTTP2, v.apple.TLS = true, &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	v.apple.StartTLS()
	t.Cleanup(v.apple.Close)
	v.google = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			_, _ = io.WriteString(w, `{"access_token":"t","expires_in":3600}`)
			return
		}
		var body struct {
			State string `json:"state"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		v.note(&v.saved, strings.TrimSpace(r.Method+" "+strings.TrimPrefix(r.URL.Path, "/walletobjects/v1/")+" "+body.State))
	}))
	t.Cleanup(v.google.Close)
	v.configure(t, s)
	return v
}

func (v *vendors) note(list *[]string, what string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	*list = append(*list, what)
}

func (v *vendors) heard(list *[]string) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(*list)
}

// configure writes keys and settings for the theatre.
func (v *vendors) configure(t *testing.T, s *stage) {
	t.Helper()
	now := time.Now()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "WWDR"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Pass", OrganizationalUnit: []string{"TEAM123456"}}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, 20)}
	parent, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	child, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	account, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	service := mustJSON(t, map[string]string{
		"client_email": "w@project.example", "private_key": block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(account)), "token_uri": v.google.URL + "/token",
	})
	for name, text := range map[string]string{
		"pass.pem": block("CERTIFICATE", child), "pass.key": block("EC PRIVATE KEY", secret), "wwdr.pem": block("CERTIFICATE", parent),
		"roots.pem": block("CERTIFICATE", v.apple.Certificate().Raw), "service.json": string(service),
	} {
		write(t, filepath.Join(s.dir, name), text)
	}
	raw, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(raw), "  - code: theatre\n", "  - code: theatre\n    wallets: [apple, google]\n    wallet_color: \"#204060\"\n", 1)
	text = strings.Replace(text, "  - code: stadium\n", "  - code: stadium\n    tixngo: true\n", 1)
	write(t, s.config, fmt.Sprintf("public_url: https://tickets.example\napple_wallet: {pass_type: pass.test.guichet, team: TEAM123456, certificate_file: pass.pem, key_file: pass.key, intermediate_file: wwdr.pem, push: %q, push_roots_file: roots.pem}\n"+
		"google_wallet: {issuer: \"3388000000012345678\", service_account_file: service.json, origins: [https://shop.example], address: %q}\n%s", v.apple.URL, v.google.URL, text))
}

func TestJourney_Wallets_StayTrue(t *testing.T) {
	t.Parallel()
	for kind, database := range databases(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, database)
			stayTrue(t, s, newVendors(t, s))
		})
	}
}

// phonePass is what a phone reads of a pass.
type phonePass struct {
	Serial   string `json:"serialNumber"`
	Token    string `json:"authenticationToken"`
	Service  string `json:"webServiceURL"`
	Voided   bool   `json:"voided"`
	Barcodes []struct {
		Message string `json:"message"`
	} `json:"barcodes"`
}

func readPass(t *testing.T, raw []byte) phonePass {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("pass.json")
	if err != nil {
		t.Fatal(err)
	}
	var p phonePass
	if err := json.NewDecoder(f).Decode(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

// stayTrue sells two seats, puts the tickets into both wallets, has them printed anew and then undone behind our back, and looks
// at what the phone and Google hear.
func stayTrue(t *testing.T, s *stage, v *vendors) {
	t.Helper()
	server, api := s.serve(t, "wallets")
	shop, ops := newClient(api, s.key(t, "web", "catalog,sell,deliver")), newClient(api, s.key(t, "ops", "admin"))
	dated, _ := offers(t, shop, "theatre")
	line := dated[0].line
	line["quantity"] = 1
	a, err := shop.do(t.Context(), "POST", "/v1/orders", map[string]any{"institution": "theatre", "items": []any{line}}, "Idempotency-Key", "wallet")
	if err != nil || a.status != 201 {
		t.Fatalf("hold: %v %d %s", err, a.status, a.body)
	}
	id := str(a.json, "id")
	if refused := shop.must(t, "GET", "/v1/orders/"+id+"/tickets.pkpasses", nil, 409); str(refused.json, "code") != "ticket.not_issued" {
		t.Errorf("passes before the sale: %s", refused.body)
	}
	order := shop.must(t, "POST", "/v1/orders/"+id+"/close", map[string]any{"payment_reference": "P"}, 200).json
	ticket := items(order, "tickets")[0]
	first := readPass(t, shop.must(t, "GET", "/v1/tickets/"+str(ticket, "id")+".pkpass", nil, 200).body)
	if len(first.Barcodes) != 1 || first.Barcodes[0].Message != str(ticket, "barcode") || first.Token == "" || first.Service != "https://tickets.example/wallet/apple" {
		t.Fatalf("pass %+v of ticket %v", first, ticket)
	}
	links := items(shop.must(t, "GET", "/v1/orders/"+id+"/wallet/google", nil, 200).json, "links")
	if len(links) != 1 || !strings.HasPrefix(str(links[0], "url"), "https://pay.google.com/gp/v/save/") {
		t.Errorf("links %v", links)
	}
	if saved := v.heard(&v.saved); !slices.Equal(saved, []string{"POST eventTicketClass", "POST eventTicketObject ACTIVE"}) {
		t.Errorf("Google heard %v", saved)
	}

	phone := newClient(api, "")
	mine := []string{"Authorization", "ApplePass " + first.Token}
	ask := func(method, path string, body any, want int, header ...string) answer {
		t.Helper()
		got, err := phone.do(t.Context(), method, "/wallet/apple/v1"+path, body, header...)
		if err != nil || got.status != want {
			t.Fatalf("%s %s: %v %d %s", method, path, err, got.status, got.body)
		}
		return got
	}
	list, pass := "/devices/phone/registrations/pass.test.guichet", "/passes/pass.test.guichet/"+first.Serial
	ask("POST", list+"/"+first.Serial, map[string]any{"pushToken": "abc123"}, 201, mine...)
	seen := ask("GET", pass, nil, 200, mine...).header.Get("Last-Modified")
	ask("GET", pass, nil, 304, append(mine, "If-Modified-Since", seen)...)
	ask("GET", pass, nil, 401)

	change := func(what string, pushes int) phonePass {
		t.Helper()
		s.control.must(t, "POST", fmt.Sprintf("/orders/%d/%s?institution=theatre", num(sub(order, "platform"), "order_id"), what), nil, 200)
		ops.must(t, "POST", "/v1/admin/orders/"+id+"/settle", nil, 200)
		eventually(t, 60, "the phone is told of a "+what, func() bool { return len(v.heard(&v.pushed)) == pushes })
		if told := ask("GET", list, nil, 200); fmt.Sprint(told.json["serialNumbers"]) != "["+first.Serial+"]" {
			t.Errorf("changed: %s", told.body)
		}
		return readPass(t, ask("GET", pass, nil, 200, append(mine, "If-Modified-Since", seen)...).body)
	}
	reprinted := change("reprint", 1)
	if len(reprinted.Barcodes) != 1 || reprinted.Barcodes[0].Message == first.Barcodes[0].Message || reprinted.Serial != first.Serial || reprinted.Voided {
		t.Errorf("reprinted: %+v", reprinted)
	}
	if gone := change("cancel", 2); !gone.Voided || len(gone.Barcodes) != 0 || gone.Serial != first.Serial {
		t.Errorf("taken back: %+v", gone)
	}
	if path := v.heard(&v.pushed)[0]; path != "/3/device/abc123" {
		t.Errorf("pushed to %s", path)
	}
	object := "PATCH eventTicketObject/3388000000012345678." + first.Serial
	eventually(t, 60, "Google hears of both", func() bool {
		saved := v.heard(&v.saved)
		return slices.Contains(saved, object+" ACTIVE") && slices.Contains(saved, object+" INACTIVE")
	})
	contains(t, command(t, s.env, "doctor"), "warn  Apple Wallet's certificate expires on ")
	server.stop(t)
	for _, secret := range []string{first.Token, "PRIVATE KEY", "abc123", first.Barcodes[0].Message} {
		if strings.Contains(server.log.String(), secret) {
			t.Errorf("the log shows %.8s…", secret)
		}
	}
}
