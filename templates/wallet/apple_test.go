package wallet_test

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/templates/wallet"
)

var userID = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}

// noon is when passes are signed: between two seconds.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 600e6, time.UTC)

// authority is a throw-away CA with the certificate of a pass type.
type authority struct {
	root                         *x509.Certificate
	leaf, intermediate, key, own []byte // PEM; own is the authority's own certificate in DER
	parent                       crypto.Signer
}

func newAuthority(tb testing.TB, key crypto.Signer, names pkix.Name) authority {
	tb.Helper()
	parent := rsaKey(tb)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Throw-away WWDR"}, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(9, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, ca, ca, parent.Public(), parent)
	if err != nil {
		tb.Fatal(err)
	}
	root, err := x509.ParseCertificate(raw)
	if err != nil {
		tb.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(0).SetBytes([]byte{0x80, 1, 2, 3, 4, 5, 6, 7, 8}), Subject: names, NotBefore: noon.AddDate(0, 0, -10), NotAfter: noon.AddDate(0, 6, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection},
	}
	signed, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), parent)
	if err != nil {
		tb.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	block := func(kind string, b []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}) }
	return authority{
		root: root, own: raw, parent: parent, leaf: block("CERTIFICATE", signed), intermediate: block("CERTIFICATE", raw), key: block("PRIVATE KEY", secret),
	}
}

func passNames() pkix.Name {
	return pkix.Name{
		CommonName: "Pass Type ID: pass.com.example.tickets", OrganizationalUnit: []string{"A1B2C3D4E5"},
		ExtraNames: []pkix.AttributeTypeAndValue{{Type: userID, Value: "pass.com.example.tickets"}},
	}
}

func rsaKey(tb testing.TB) *rsa.PrivateKey {
	tb.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func options(tb testing.TB, a authority, change ...func(*wallet.AppleOptions)) wallet.AppleOptions {
	tb.Helper()
	o := wallet.AppleOptions{
		PassType: "pass.com.example.tickets", Team: "A1B2C3D4E5", Certificate: a.leaf, Key: domain.Secret(a.key), Intermediate: a.intermediate,
		WebService: "https://tickets.example/wallet/apple/", Looks: map[domain.InstitutionCode]wallet.Look{"play": {}}, Clock: func() time.Time { return noon },
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

// shared is an authority that tests share: making keys takes long.
var shared struct {
	once sync.Once
	ca   authority
}

func sharedAuthority(tb testing.TB) authority {
	tb.Helper()
	shared.once.Do(func() { shared.ca = newAuthority(tb, rsaKey(tb), passNames()) })
	return shared.ca
}

func newApple(tb testing.TB, change ...func(*wallet.AppleOptions)) (*wallet.Apple, authority) {
	tb.Helper()
	ca := sharedAuthority(tb)
	a, err := wallet.NewApple(options(tb, ca, change...))
	if err != nil {
		tb.Fatal(err)
	}
	return a, ca
}

func lyon(tb testing.TB) *time.Location {
	tb.Helper()
	z, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

// hamlet is a pass of a French buyer's ticket.
func hamlet(tb testing.TB) delivery.Pass {
	tb.Helper()
	start := time.Date(2027, 3, 5, 20, 0, 0, 0, lyon(tb))
	page := delivery.Page{
		TicketID: "tkt_3", Organiser: "Théâtre du Lac", Kind: "event", Title: "Hamlet", Subtitle: "Première", Start: start, End: start.Add(3 * time.Hour), Zone: "Europe/Paris",
		Venue: delivery.Venue{Name: "Grand Théâtre", Space: "Grande salle", Street: "1, quai du Lac", Zip: "69000", Town: "Lyon", Country: "FR"},
		Seat:  delivery.Seat{Block: "A", Row: "12", Number: "34", Entrance: "Nord"}, Numbered: true, Category: "Catégorie 1", Tariff: "Plein tarif",
		Price: domain.Money{Amount: 4200, Currency: "EUR"}, Holder: "Ada \"the\" Muster", Order: "ord_88001", Reference: "WEB-1", Number: 1, Of: 2,
		Barcode: "000012345678", Symbology: delivery.QR, Terms: "Ni repris.\nMerci.",
	}
	english := page
	english.Organiser, english.Subtitle, english.Category, english.Tariff, english.Venue.Space = "Lake Theatre", "Opening night", "Category 1", "Full price", "Big hall"
	return delivery.Pass{
		Serial: "88001-3", Class: "play-201", Institution: "play", Page: page, Language: "fr", Others: map[string]delivery.Page{"en": english},
		Expires: page.End.Add(24 * time.Hour), Token: "9f2c1d7a5b3e4f60",
	}
}

type archive struct {
	names []string
	files map[string][]byte
}

func unzip(tb testing.TB, raw []byte) archive {
	tb.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		tb.Fatal(err)
	}
	a := archive{files: map[string][]byte{}}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			tb.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			tb.Fatal(err)
		}
		if !f.Modified.Equal(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)) {
			tb.Errorf("%s is of %s", f.Name, f.Modified)
		}
		a.names, a.files[f.Name] = append(a.names, f.Name), b
	}
	return a
}

func build(tb testing.TB, a *wallet.Apple, p delivery.Pass) archive {
	tb.Helper()
	var b bytes.Buffer
	if err := a.Pass(&b, p); err != nil {
		tb.Fatal(err)
	}
	return unzip(tb, b.Bytes())
}

// passOf reads pass.json.
func passOf(tb testing.TB, a archive) map[string]any {
	tb.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.files["pass.json"], &v); err != nil {
		tb.Fatal(err)
	}
	return v
}

// verify has openssl check the signature against the authority, and gives the structure that it prints.
func verify(tb testing.TB, a archive, ca authority) (string, error) {
	tb.Helper()
	dir := tb.TempDir()
	for name, b := range map[string][]byte{"manifest.json": a.files["manifest.json"], "signature": a.files["signature"], "ca.pem": ca.intermediate} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(tb.Context(), "openssl", args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	at := []string{"-attime", "1795262400"} // noon
	if out, err := run(append([]string{"smime", "-verify", "-inform", "DER", "-in", "signature", "-content", "manifest.json", "-binary", "-CAfile", "ca.pem", "-out", "content"}, at...)...); err != nil {
		return out, err
	}
	return run("cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", "signature")
}

func TestPass_IsSignedAsOpensslAgrees(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"RSA": rsaKey(t), "ECDSA": curve} {
		ca := newAuthority(t, key, passNames())
		a, err := wallet.NewApple(options(t, ca))
		if err != nil {
			t.Fatal(err)
		}
		got := build(t, a, hamlet(t))
		text, err := verify(t, got, ca)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		for _, want := range []string{"signingTime", "Nov 21 12:00:00 2026 GMT", "sha256", "Throw-away WWDR", "Pass Type ID: pass.com.example.tickets", "messageDigest", "contentType"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the signature has no %s:\n%s", name, want, text)
			}
		}
		got.files["manifest.json"] = append(got.files["manifest.json"], ' ')
		if out, err := verify(t, got, ca); err == nil {
			t.Errorf("%s: another manifest passes: %s", name, out)
		}
	}
}

func TestPass_ManifestHasEveryFile(t *testing.T) {
	t.Parallel()
	a, _ := newApple(t)
	got := build(t, a, hamlet(t))
	var manifest map[string]string
	if err := json.Unmarshal(got.files["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for name, b := range got.files {
		if name != "manifest.json" && name != "signature" {
			sum := sha1.Sum(b)
			want[name] = hex.EncodeToString(sum[:])
		}
	}
	if diff := cmp.Diff(want, manifest); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !slices.IsSorted(got.names) {
		t.Errorf("files stand as %v", got.names)
	}
	for _, name := range []string{"pass.json", "icon.png", "icon@2x.png", "icon@3x.png", "fr.lproj/pass.strings", "en.lproj/pass.strings", "zh-Hans.lproj/pass.strings", "zh-Hant.lproj/pass.strings", "pt-BR.lproj/pass.strings", "de-CH.lproj/pass.strings"} {
		if len(got.files[name]) == 0 {
			t.Errorf("no %s", name)
		}
	}
}

func TestPass_TwentyBuildsDifferInTheirSignatureOnly(t *testing.T) {
	t.Parallel()
	now := noon
	a, _ := newApple(t, func(o *wallet.AppleOptions) {
		o.Clock = func() time.Time { now = now.Add(time.Second); return now }
	})
	first := build(t, a, hamlet(t))
	for range 19 {
		next := build(t, a, hamlet(t))
		if bytes.Equal(first.files["signature"], next.files["signature"]) {
			t.Error("two signatures of different times are the same")
		}
		next.files["signature"] = first.files["signature"]
		if diff := cmp.Diff(first.files, next.files); diff != "" || !slices.Equal(first.names, next.names) {
			t.Fatalf("(-first +next):\n%s", diff)
		}
	}
}

func TestPass_SaysWhatTheTicketSays(t *testing.T) {
	t.Parallel()
	a, _ := newApple(t)
	got := passOf(t, build(t, a, hamlet(t)))
	field := func(key, label, value string) map[string]any {
		m := map[string]any{"key": key, "value": value}
		if label != "" {
			m["label"] = label
		}
		return m
	}
	changed := func(m map[string]any) map[string]any { m["changeMessage"] = "%@"; return m }
	date := changed(field("date", "Date", "2027-03-05T20:00:00+01:00"))
	date["dateStyle"], date["timeStyle"], date["ignoresTimeZone"] = "PKDateStyleMedium", "PKDateStyleShort", true
	want := map[string]any{
		"formatVersion": 1.0, "passTypeIdentifier": "pass.com.example.tickets", "teamIdentifier": "A1B2C3D4E5", "organizationName": "Théâtre du Lac",
		"serialNumber": "88001-3", "description": "Hamlet · Première", "logoText": "Théâtre du Lac", "groupingIdentifier": "play-201",
		"foregroundColor": "rgb(255,255,255)", "backgroundColor": "rgb(27,42,73)", "labelColor": "rgb(214,220,230)",
		"barcodes":     []any{map[string]any{"format": "PKBarcodeFormatQR", "message": "000012345678", "messageEncoding": "iso-8859-1", "altText": "000012345678"}},
		"relevantDate": "2027-03-05T20:00:00+01:00", "relevantDates": []any{map[string]any{"startDate": "2027-03-05T18:00:00+01:00", "endDate": "2027-03-05T23:00:00+01:00"}},
		"expirationDate": "2027-03-06T22:00:00Z", "webServiceURL": "https://tickets.example/wallet/apple", "authenticationToken": "9f2c1d7a5b3e4f60",
		"eventTicket": map[string]any{
			"headerFields":    []any{field("count", "", "Billet 1 sur 2")},
			"primaryFields":   []any{field("event", "Première", "Hamlet")},
			"secondaryFields": []any{date, field("venue", "Lieu", "Grand Théâtre, Grande salle")},
			"auxiliaryFields": []any{changed(field("block", "Bloc", "A")), changed(field("row", "Rang", "12")), changed(field("seat", "Place", "34")), changed(field("entrance", "Entrée", "Nord"))},
			"backFields": []any{
				field("category", "Catégorie", "Catégorie 1"), field("tariff", "Tarif", "Plein tarif"), field("price", "Prix", "42,00\u00a0€"), field("holder", "Titulaire", `Ada "the" Muster`),
				field("address", "Lieu", "Grand Théâtre\nGrande salle\n1, quai du Lac\n69000 Lyon, FR"), field("reference", "Référence", "WEB-1"), field("order", "Commande", "ord_88001"),
				field("terms", "Conditions", "Ni repris.\nMerci."),
			},
		},
		"semantics": map[string]any{
			"eventName": "Hamlet", "eventStartDate": "2027-03-05T20:00:00+01:00", "eventEndDate": "2027-03-05T23:00:00+01:00", "venueName": "Grand Théâtre", "venueRegionName": "Lyon",
			"venueRoom": "Grande salle", "venueEntrance": "Nord", "seats": []any{map[string]any{"seatSection": "A", "seatRow": "12", "seatNumber": "34"}},
			"admissionLevel": "Catégorie 1", "attendeeName": `Ada "the" Muster`,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPass_IsTranslated(t *testing.T) {
	t.Parallel()
	a, _ := newApple(t)
	got := build(t, a, hamlet(t))
	english := string(got.files["en.lproj/pass.strings"])
	for _, want := range []string{`"Rang" = "Row";`, `"Billet 1 sur 2" = "Ticket 1 of 2";`, `"Première" = "Opening night";`, `"Catégorie 1" = "Category 1";`, `"Théâtre du Lac" = "Lake Theatre";`} {
		if !strings.Contains(english, want+"\n") {
			t.Errorf("no %s in:\n%s", want, english)
		}
	}
	if german := string(got.files["de.lproj/pass.strings"]); !strings.Contains(german, `"Rang" = "Reihe";`) || strings.Contains(german, "Opening") {
		t.Errorf("German:\n%s", german)
	}
	if own := string(got.files["fr.lproj/pass.strings"]); own != "/* fr */\n" {
		t.Errorf("the pass's own language translates %q", own)
	}
	p := hamlet(t)
	p.Page.Title, p.Page.Tariff = "Place", "Place" // the word for a seat, a title and a tariff
	en := p.Others["en"]
	en.Title, en.Tariff = "The Square", "Seat"
	p.Others["en"] = en
	if text := string(build(t, a, p).files["en.lproj/pass.strings"]); strings.Contains(text, `"Place"`) {
		t.Errorf("one text is translated in two ways:\n%s", text)
	}
	p.Page.Terms = "a \"b\" \\ c\nd"
	en.Terms = "x \"y\" \\ z\nw"
	p.Others["en"] = en
	if text := string(build(t, a, p).files["en.lproj/pass.strings"]); !strings.Contains(text, `"a \"b\" \\ c\nd" = "x \"y\" \\ z\nw";`) {
		t.Errorf("not quoted:\n%s", text)
	}
}

func TestPass_ALanguageCannotNameAFile(t *testing.T) {
	t.Parallel()
	a, _ := newApple(t)
	for _, lang := range []string{"../../evil", "sv", "x/y", "", "EN", strings.Repeat("a", 40)} {
		p := hamlet(t)
		p.Language = lang
		for _, name := range build(t, a, p).names {
			if strings.Contains(name, "..") || strings.Count(name, "/") > 1 || name == "x" {
				t.Errorf("%q makes %s", lang, name)
			}
		}
		if lang == "sv" && build(t, a, p).files["sv.lproj/pass.strings"] == nil {
			t.Error("a language without words has no folder")
		}
	}
}

func TestPass_EverySymbologyIsShownInTheNearest(t *testing.T) {
	t.Parallel()
	a, _ := newApple(t)
	for kind, want := range map[delivery.Symbology]string{
		delivery.QR: "QR", delivery.PDF417: "PDF417", delivery.Aztec: "Aztec", delivery.Code128: "Code128", delivery.ITF: "Code128", delivery.DataMatrix: "QR",
	} {
		p := hamlet(t)
		p.Page.Symbology, p.Page.Barcode = kind, "00420000000000000001"
		got := passOf(t, build(t, a, p))["barcodes"]
		if diff := cmp.Diff([]any{map[string]any{"format": "PKBarcodeFormat" + want, "message": "00420000000000000001", "messageEncoding": "iso-8859-1", "altText": "00420000000000000001"}}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
	p := hamlet(t)
	p.Page.Symbology, p.Page.Barcode = delivery.Code128, strings.Repeat("x", 65)
	if err := a.Pass(io.Discard, p); !domain.HasCode(err, delivery.CodeBarcode) {
		t.Errorf("a payload that does not fit: %v", err)
	}
}

func TestPass_TakenBackHasNoBarcode(t *testing.T) {
	t.Parallel()
	a, _ := newApple(t)
	p := hamlet(t)
	p.Void = noon
	got := passOf(t, build(t, a, p))
	if got["voided"] != true || got["expirationDate"] != "2026-11-21T12:00:00Z" || got["barcodes"] != nil {
		t.Errorf("voided %v, expires %v, barcodes %v", got["voided"], got["expirationDate"], got["barcodes"])
	}
	if strings.Contains(string(build(t, a, p).files["pass.json"]), "000012345678") {
		t.Error("the payload still stands in the pass")
	}
}

func TestPass_CalledOffSaysSo(t *testing.T) {
	t.Parallel()
	a, _ := newApple(t)
	p := hamlet(t)
	p.CalledOff = true
	if text := string(build(t, a, p).files["pass.json"]); !strings.Contains(text, "Annulé") {
		t.Errorf("nothing is said: %s", text)
	}
}

func TestPass_PosterIsAskedForOnlyWhereWished(t *testing.T) {
	t.Parallel()
	for _, poster := range []bool{false, true} {
		a, _ := newApple(t, func(o *wallet.AppleOptions) {
			o.Looks = map[domain.InstitutionCode]wallet.Look{"play": {Poster: poster}}
			o.WebService = ""
		})
		got := passOf(t, build(t, a, hamlet(t)))
		if (got["preferredStyleSchemes"] != nil) != poster {
			t.Errorf("poster %t: %v", poster, got["preferredStyleSchemes"])
		}
		if got["webServiceURL"] != nil || got["authenticationToken"] != nil {
			t.Error("a pass that is never updated says where to ask")
		}
	}
}

func TestPass_PicturesHaveApplesSizes(t *testing.T) {
	t.Parallel()
	var logo bytes.Buffer
	if err := png.Encode(&logo, image.NewNRGBA(image.Rect(0, 0, 1000, 250))); err != nil {
		t.Fatal(err)
	}
	a, _ := newApple(t, func(o *wallet.AppleOptions) {
		o.Looks = map[domain.InstitutionCode]wallet.Look{"play": {Logo: logo.Bytes(), Color: "#f0f0f0"}}
	})
	got := build(t, a, hamlet(t))
	for name, want := range map[string]image.Point{
		"icon.png": {29, 29}, "icon@2x.png": {58, 58}, "icon@3x.png": {87, 87}, "logo.png": {160, 40}, "logo@2x.png": {320, 80}, "logo@3x.png": {480, 120},
	} {
		cfg, err := png.DecodeConfig(bytes.NewReader(got.files[name]))
		if err != nil || (image.Point{cfg.Width, cfg.Height}) != want {
			t.Errorf("%s: %dx%d %v, want %v", name, cfg.Width, cfg.Height, err, want)
		}
	}
	if p := passOf(t, got); p["logoText"] != nil || p["foregroundColor"] != "rgb(17,17,17)" {
		t.Errorf("logo text %v, ink %v", p["logoText"], p["foregroundColor"])
	}
}

func TestBundle_HasEachPass(t *testing.T) {
	t.Parallel()
	a, _ := newApple(t)
	second := hamlet(t)
	second.Serial = "88001-4"
	var b bytes.Buffer
	if err := a.Bundle(&b, []delivery.Pass{hamlet(t), second}); err != nil {
		t.Fatal(err)
	}
	got := unzip(t, b.Bytes())
	if !slices.Equal(got.names, []string{"001.pkpass", "002.pkpass"}) {
		t.Fatalf("files %v", got.names)
	}
	if serial := passOf(t, unzip(t, got.files["002.pkpass"]))["serialNumber"]; serial != "88001-4" {
		t.Errorf("the second is %v", serial)
	}
}

func TestNewApple_RefusesWhatDoesNotGoTogether(t *testing.T) {
	t.Parallel()
	ca := sharedAuthority(t)
	other := newAuthority(t, rsaKey(t), passNames())
	var bomb bytes.Buffer
	if err := png.Encode(&bomb, image.NewPaletted(image.Rect(0, 0, 3000, 2000), []color.Color{color.White})); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*wallet.AppleOptions){
		"is not the certificate's":           func(o *wallet.AppleOptions) { o.Key = domain.Secret(other.key) },
		"was not signed by the intermediate": func(o *wallet.AppleOptions) { o.Intermediate = other.intermediate },
		"is for pass.com.example.tickets":    func(o *wallet.AppleOptions) { o.PassType = "pass.com.example.other" },
		"does not begin with pass.":          func(o *wallet.AppleOptions) { o.PassType = "com.example" },
		"is of team A1B2C3D4E5":              func(o *wallet.AppleOptions) { o.Team = "Z" },
		"certificate: neither":               func(o *wallet.AppleOptions) { o.Certificate = []byte("x") },
		"intermediate: neither":              func(o *wallet.AppleOptions) { o.Intermediate = nil },
		"not PEM":                            func(o *wallet.AppleOptions) { o.Key = "x" },
		"without a pass phrase": func(o *wallet.AppleOptions) {
			o.Key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n"
		},
		"neither PKCS #8": func(o *wallet.AppleOptions) { o.Key = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n" },
		"is not #rrggbb":  func(o *wallet.AppleOptions) { o.Looks = map[domain.InstitutionCode]wallet.Look{"play": {Color: "red"}} },
		"logo: neither": func(o *wallet.AppleOptions) {
			o.Looks = map[domain.InstitutionCode]wallet.Look{"play": {Logo: []byte("x")}}
		},
		"too large": func(o *wallet.AppleOptions) {
			o.Looks = map[domain.InstitutionCode]wallet.Look{"play": {Logo: bomb.Bytes()}}
		},
	} {
		_, err := wallet.NewApple(options(t, ca, change))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if err != nil && strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("the key is quoted: %v", err)
		}
	}
	a, err := wallet.NewApple(options(t, ca, func(o *wallet.AppleOptions) { o.Intermediate = ca.own }))
	if err != nil {
		t.Fatalf("an intermediate in DER: %v", err)
	}
	if want := noon.AddDate(0, 6, 0).Truncate(time.Second); !a.Expires().Equal(want) {
		t.Errorf("expires %s, want %s", a.Expires(), want)
	}
}

// pushes is Apple's push service: it wants HTTP/2 and the pass certificate.
func pushes(t *testing.T, ca authority, answer func(token string) (int, string)) (address string, roots *x509.CertPool) {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		peer := r.TLS.PeerCertificates
		if r.ProtoMajor != 2 || r.Method != http.MethodPost || len(peer) == 0 || peer[0].Issuer.CommonName != ca.root.Subject.CommonName ||
			r.Header.Get("Apns-Topic") != "pass.com.example.tickets" || string(body) != "{}" {
			http.Error(w, `{"reason":"wrong"}`, http.StatusForbidden)
			return
		}
		status, text := answer(strings.TrimPrefix(r.URL.Path, "/3/device/"))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	srv.EnableHTTP2 = true
	srv.TLS = askForCertificate()
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots = x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return srv.URL, roots
}

func TestPush_SpeaksHTTP2WithThePassCertificate(t *testing.T) {
	t.Parallel()
	ca := sharedAuthority(t)
	address, roots := pushes(t, ca, func(token string) (int, string) {
		switch token {
		case "good":
			return http.StatusOK, ""
		case "gone":
			return http.StatusGone, `{"reason":"Unregistered"}`
		case "bad":
			return http.StatusBadRequest, `{"reason":"BadDeviceToken"}`
		case "busy":
			return http.StatusTooManyRequests, `{"reason":"TooManyRequests"}`
		case "down":
			return http.StatusServiceUnavailable, ""
		}
		return http.StatusForbidden, `{"reason":"BadCertificate"}`
	})
	a, err := wallet.NewApple(options(t, ca, func(o *wallet.AppleOptions) { o.Push, o.Roots = address, roots }))
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]string{
		"good": "", "gone": delivery.CodeWalletGone, "bad": delivery.CodeWalletGone, "busy": delivery.CodeWalletAway, "down": delivery.CodeWalletAway, "other": delivery.CodeWalletRefused,
	} {
		err := a.Push(t.Context(), token)
		if e := domain.AsError(err); (err == nil) != (want == "") || (err != nil && e.Code != want) {
			t.Errorf("%s: %v, want %q", token, err, want)
		}
	}
	nobody, err := wallet.NewApple(options(t, ca, func(o *wallet.AppleOptions) { o.Push = "https://127.0.0.1:1" }))
	if err != nil {
		t.Fatal(err)
	}
	var e *domain.Error
	if err := nobody.Push(t.Context(), "good"); !errors.As(err, &e) || e.Code != delivery.CodeWalletAway || e.RetryAfter == 0 {
		t.Errorf("nobody there: %v", err)
	}
}
