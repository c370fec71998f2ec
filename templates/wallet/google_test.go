package wallet_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/templates/wallet"
)

// walletObjects is Google's service over loopback: it keeps what it was told and checks who speaks.
type walletObjects struct {
	*httptest.Server
	key *rsa.PublicKey

	mu     sync.Mutex
	now    time.Time
	kept   map[string]map[string]any // by "eventTicketObject/id"
	calls  []string
	tokens int
	down   int // a status to answer everything with
}

// serviceKey is the service account's key, which tests share.
var serviceKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newWalletObjects(t *testing.T) (*walletObjects, domain.Secret) {
	t.Helper()
	key, err := serviceKey()
	if err != nil {
		t.Fatal(err)
	}
	g := &walletObjects{key: &key.PublicKey, now: noon, kept: map[string]map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", g.token)
	mux.HandleFunc("POST /walletobjects/v1/{kind}", g.insert)
	mux.HandleFunc("PATCH /walletobjects/v1/{kind}/{id}", g.patch)
	g.Server = httptest.NewServer(mux)
	t.Cleanup(g.Close)
	secret := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	account, err := json.Marshal(map[string]string{"client_email": "wallet@project.iam.example", "private_key": string(secret), "token_uri": g.URL + "/token"})
	if err != nil {
		t.Fatal(err)
	}
	return g, domain.Secret(account)
}

// claims checks a token against the public key.
func claims(tb testing.TB, key *rsa.PublicKey, token string) map[string]any {
	tb.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		tb.Errorf("token %q", token)
		return nil
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		tb.Errorf("the signature is not of the key: %v", err)
		return nil
	}
	for i, want := range []string{`{"alg":"RS256","typ":"JWT"}`, ""} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || (want != "" && string(raw) != want) {
			tb.Errorf("part %d: %s %v", i, raw, err)
		}
		if i == 1 {
			var c map[string]any
			if err := json.Unmarshal(raw, &c); err != nil {
				tb.Error(err)
			}
			return c
		}
	}
	return nil
}

func (g *walletObjects) token(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	form := func() url.Values { _ = r.ParseForm(); return r.PostForm }()
	var sub failing
	c := claims(&sub, g.key, form.Get("assertion"))
	if sub.failed || form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || c["iss"] != "wallet@project.iam.example" || c["aud"] != g.URL+"/token" ||
		c["scope"] != "https://www.googleapis.com/auth/wallet_object.issuer" || c["exp"].(float64)-c["iat"].(float64) != 3600 {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
		return
	}
	g.tokens++
	_, _ = fmt.Fprintf(w, `{"access_token":"ya29.%d","expires_in":3599,"token_type":"Bearer"}`, g.tokens)
}

// failing is a test that only notes that it failed.
type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Helper()               {}
func (f *failing) Error(...any)          { f.failed = true }
func (f *failing) Errorf(string, ...any) { f.failed = true }

func (g *walletObjects) begin(w http.ResponseWriter, r *http.Request, what string) (map[string]any, bool) {
	g.calls = append(g.calls, r.Method+" "+what)
	var body map[string]any
	switch {
	case g.down != 0:
		w.WriteHeader(g.down)
		_, _ = io.WriteString(w, `{"error":{"message":"not now"}}`)
	case r.Header.Get("Authorization") != fmt.Sprintf("Bearer ya29.%d", g.tokens):
		w.WriteHeader(http.StatusUnauthorized)
	case json.NewDecoder(r.Body).Decode(&body) != nil:
		w.WriteHeader(http.StatusBadRequest)
	default:
		return body, true
	}
	return nil, false
}

func (g *walletObjects) insert(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	body, ok := g.begin(w, r, r.PathValue("kind"))
	if !ok {
		return
	}
	name := fmt.Sprintf("%s/%v", r.PathValue("kind"), body["id"])
	if g.kept[name] != nil {
		w.WriteHeader(http.StatusConflict)
		return
	}
	if class, ok := body["classId"].(string); ok && g.kept["eventTicketClass/"+class] == nil {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"message":"the class is not there"}}`)
		return
	}
	g.kept[name] = body
}

func (g *walletObjects) patch(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	name := r.PathValue("kind") + "/" + r.PathValue("id")
	body, ok := g.begin(w, r, name)
	if !ok {
		return
	}
	if g.kept[name] == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	for k, v := range body {
		if g.kept[name][k] = v; v == nil {
			delete(g.kept[name], k)
		}
	}
}

func newGoogle(t *testing.T, change ...func(*wallet.GoogleOptions)) (*wallet.Google, *walletObjects) {
	t.Helper()
	srv, account := newWalletObjects(t)
	o := wallet.GoogleOptions{
		Issuer: "3388000000012345678", Account: account, Origins: []string{"https://shop.example"}, Address: srv.URL,
		Looks: map[domain.InstitutionCode]wallet.Look{"play": {Color: "#102030"}}, Clock: func() time.Time { srv.mu.Lock(); defer srv.mu.Unlock(); return srv.now },
	}
	for _, c := range change {
		c(&o)
	}
	g, err := wallet.NewGoogle(o)
	if err != nil {
		t.Fatal(err)
	}
	return g, srv
}

// saved puts hamlet's class and object there.
func saved(t *testing.T, g *wallet.Google, p delivery.Pass) {
	t.Helper()
	if err := g.SaveClass(t.Context(), p, false); err != nil {
		t.Fatal(err)
	}
	if err := g.SaveObject(t.Context(), p, false); err != nil {
		t.Fatal(err)
	}
}

func TestGoogle_SaysWhatTheTicketSays(t *testing.T) {
	t.Parallel()
	g, srv := newGoogle(t)
	saved(t, g, hamlet(t))
	text := func(lang, value string, more ...string) map[string]any {
		m := map[string]any{"defaultValue": map[string]any{"language": lang, "value": value}}
		for i := 0; i+1 < len(more); i += 2 {
			m["translatedValues"] = []any{map[string]any{"language": more[i], "value": more[i+1]}}
		}
		return m
	}
	const class, object = "3388000000012345678.play-201", "3388000000012345678.88001-3"
	want := map[string]map[string]any{
		"eventTicketClass/" + class: {
			"id": class, "issuerName": "Théâtre du Lac", "eventId": "play-201", "reviewStatus": "UNDER_REVIEW", "multipleDevicesAndHoldersAllowedStatus": "ONE_USER_ALL_DEVICES",
			"eventName": text("fr", "Hamlet · Première", "en", "Hamlet · Opening night"), "finePrint": text("fr", "Ni repris.\nMerci."), "hexBackgroundColor": "#102030",
			"venue":    map[string]any{"name": text("fr", "Grand Théâtre, Grande salle", "en", "Grand Théâtre, Big hall"), "address": text("fr", "1, quai du Lac\n69000 Lyon\nFR")},
			"dateTime": map[string]any{"start": "2027-03-05T20:00:00+01:00", "end": "2027-03-05T23:00:00+01:00"},
		},
		"eventTicketObject/" + object: {
			"id": object, "classId": class, "state": "ACTIVE", "ticketHolderName": `Ada "the" Muster`, "ticketNumber": "tkt_3", "notifyPreference": "NOTIFY_ON_UPDATE", "textModulesData": nil,
			"barcode":    map[string]any{"type": "QR_CODE", "value": "000012345678", "alternateText": "000012345678"},
			"seatInfo":   map[string]any{"seat": text("fr", "34"), "row": text("fr", "12"), "section": text("fr", "A"), "gate": text("fr", "Nord")},
			"ticketType": text("fr", "Plein tarif · Catégorie 1", "en", "Full price · Category 1"), "faceValue": map[string]any{"micros": "42000000", "currencyCode": "EUR"},
			"reservationInfo": map[string]any{"confirmationCode": "WEB-1"}, "groupingInfo": map[string]any{"groupingId": "play-201", "sortIndex": 1.0},
		},
	}
	if diff := cmp.Diff(want, srv.kept); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGoogle_ChangesAndVoids(t *testing.T) {
	t.Parallel()
	g, srv := newGoogle(t)
	p := hamlet(t)
	saved(t, g, p)
	saved(t, g, p) // it was there: 409, then changed
	if err := g.SaveObject(t.Context(), p, true); err != nil {
		t.Fatal(err)
	}
	p.Void, p.CalledOff = noon, true
	if err := g.SaveObject(t.Context(), p, true); err != nil {
		t.Fatal(err)
	}
	got := srv.kept["eventTicketObject/3388000000012345678.88001-3"]
	if got["state"] != "INACTIVE" || got["barcode"] != nil || !strings.Contains(fmt.Sprint(got["textModulesData"]), "Annulé") {
		t.Errorf("void: %v", got)
	}
	clear(srv.kept)
	if err := g.SaveClass(t.Context(), p, true); err != nil || len(srv.kept) != 1 {
		t.Errorf("one that Google lost is made anew: %v %v", srv.kept, err)
	}
	if srv.tokens != 1 {
		t.Errorf("%d tokens for one hour", srv.tokens)
	}
	srv.mu.Lock()
	srv.now = srv.now.Add(56 * time.Minute)
	srv.mu.Unlock()
	if err := g.SaveClass(t.Context(), p, true); err != nil || srv.tokens != 2 {
		t.Errorf("after 56 minutes: %d tokens, %v", srv.tokens, err)
	}
}

func TestGoogle_RefusalsAndAbsence(t *testing.T) {
	t.Parallel()
	g, srv := newGoogle(t)
	for status, want := range map[int]string{
		http.StatusServiceUnavailable: delivery.CodeWalletAway, http.StatusTooManyRequests: delivery.CodeWalletAway, http.StatusForbidden: delivery.CodeWalletRefused, http.StatusBadRequest: delivery.CodeWalletRefused,
		http.StatusUnauthorized: delivery.CodeWalletRefused, http.StatusConflict: delivery.CodeWalletRefused, http.StatusMovedPermanently: delivery.CodeWalletRefused,
	} {
		srv.mu.Lock()
		srv.down = status
		srv.mu.Unlock()
		if err := g.SaveClass(t.Context(), hamlet(t), false); !domain.HasCode(err, want) || strings.Contains(err.Error(), "ya29") {
			t.Errorf("%d: %v, want %s", status, err, want)
		}
	}
	other, err := wallet.NewGoogle(wallet.GoogleOptions{Issuer: "1", Account: domain.Secret(strings.ReplaceAll(string(accountOf(t)), "/token", "/nobody")), Clock: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.SaveClass(t.Context(), hamlet(t), false); !domain.HasCode(err, delivery.CodeWalletRefused) {
		t.Errorf("no token: %v", err)
	}
}

func accountOf(t *testing.T) domain.Secret {
	t.Helper()
	_, account := newWalletObjects(t)
	return account
}

func TestGoogle_LinksStayWithinWhatIsSafe(t *testing.T) {
	t.Parallel()
	g, srv := newGoogle(t)
	var serials []string
	for n := range 45 {
		serials = append(serials, fmt.Sprintf("01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A-01J9ZZ0Q2V4T1T3E8Z0K9Q2M%02d", n))
	}
	links, err := g.Links(serials)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range links {
		token, ok := strings.CutPrefix(l.URL, "https://pay.google.com/gp/v/save/")
		if !ok || len(l.URL) > 1800 || len(l.Serials) == 0 {
			t.Errorf("a link of %d characters for %d tickets", len(l.URL), len(l.Serials))
		}
		c := claims(t, srv.key, token)
		var objects []any
		for _, s := range l.Serials {
			objects = append(objects, map[string]any{"id": "3388000000012345678." + s})
		}
		want := map[string]any{
			"iss": "wallet@project.iam.example", "aud": "google", "typ": "savetowallet", "iat": float64(noon.Unix()), "origins": []any{"https://shop.example"},
			"payload": map[string]any{"eventTicketObjects": objects},
		}
		if diff := cmp.Diff(want, c); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}
		got = append(got, l.Serials...)
	}
	if diff := cmp.Diff(serials, got); diff != "" || len(links) > 6 {
		t.Errorf("%d links (-want +got):\n%s", len(links), diff)
	}
	long, _ := newGoogle(t, func(o *wallet.GoogleOptions) {
		o.Origins = []string{"https://" + strings.Repeat("x", 2000) + ".example"}
	})
	if _, err := long.Links(serials); !domain.HasCode(err, delivery.CodeWalletRefused) {
		t.Errorf("a link that can never fit: %v", err)
	}
}

func TestNewGoogle_RefusesWhatIsNoAccount(t *testing.T) {
	t.Parallel()
	for want, account := range map[string]string{
		"not the JSON key":         "x",
		"is not the JSON":          `{"private_key":"x"}`,
		"service account: the key": `{"client_email":"a@b","private_key":"-----BEGIN SECRET"}`,
		"no https address":         strings.Replace(string(accountOf(t)), "http://127.0.0.1", "http://elsewhere.example", 1),
	} {
		_, err := wallet.NewGoogle(wallet.GoogleOptions{Issuer: "1", Account: domain.Secret(account), Clock: func() time.Time { return noon }})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
