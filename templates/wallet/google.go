package wallet

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/templates"
)

// GoogleOptions are what Google Wallet needs. All members but Origins and Address are mandatory.
type GoogleOptions struct {
	Issuer  string        // the issuer's number
	Account domain.Secret // the service account's key file: JSON with client_email, private_key and token_uri
	Origins []string      // sites that show the links
	Address string        // of the API; empty is Google's own
	Looks   map[domain.InstitutionCode]Look
	Clock   domain.Clock
}

// Google's own addresses, and what is safe to be put into a link.
const (
	googleAPI    = "https://walletobjects.googleapis.com"
	googleToken  = "https://oauth2.googleapis.com/token" //nolint:gosec // an address
	googleScope  = "https://www.googleapis.com/auth/wallet_object.issuer"
	googleSave   = "https://pay.google.com/gp/v/save/"
	maxSaveLink  = 1800
	tokenLasts   = time.Hour
	tokenMargin  = 5 * time.Minute
	grantType    = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	tokenAtLeast = time.Minute
)

// Google keeps Google Wallet's classes and objects and signs links to them. It implements delivery.Google and is safe for
// concurrent use.
type Google struct {
	issuer, email, address, tokenURI string
	origins                          []string
	looks                            map[domain.InstitutionCode]*look
	words                            *templates.Dictionary
	key                              *rsa.PrivateKey
	clock                            domain.Clock
	client                           *http.Client

	mu    sync.Mutex
	token string
	until time.Time
}

var _ delivery.Google = (*Google)(nil)

// NewGoogle reads the service account. An address that is not https must be this machine's own.
func NewGoogle(o GoogleOptions) (*Google, error) {
	var account struct {
		Email    string        `json:"client_email"`
		Key      domain.Secret `json:"private_key"`
		TokenURI string        `json:"token_uri"`
	}
	if err := json.Unmarshal([]byte(o.Account.Reveal()), &account); err != nil || account.Email == "" {
		return nil, errors.New("the service account's file is not the JSON key that Google gives")
	}
	key, err := privateKey(account.Key)
	if err != nil {
		return nil, fmt.Errorf("service account: %w", err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("service account: the key is not RSA")
	}
	words, err := templates.NewDictionary()
	if err != nil {
		return nil, err
	}
	g := &Google{
		words:  words,
		issuer: o.Issuer, email: account.Email, address: strings.TrimSuffix(o.Address, "/"), tokenURI: account.TokenURI, origins: o.Origins,
		key: private, clock: o.Clock, looks: map[domain.InstitutionCode]*look{}, client: client(&tls.Config{MinVersion: tls.VersionTLS12}),
	}
	if g.address == "" {
		g.address = googleAPI
	}
	if g.tokenURI == "" {
		g.tokenURI = googleToken
	}
	for _, address := range []string{g.address, g.tokenURI} {
		if u, err := url.Parse(address); err != nil || (u.Scheme != "https" && (u.Scheme != "http" || (u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost" && u.Hostname() != "::1"))) {
			return nil, fmt.Errorf("%q is no https address", address)
		}
	}
	for code, l := range o.Looks {
		if g.looks[code], err = l.read(); err != nil {
			return nil, fmt.Errorf("%s: %w", code, err)
		}
	}
	return g, nil
}

// jwt signs claims with RS256.
func (g *Google) jwt(claims any) (string, error) {
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + enc.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, g.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return text + "." + enc.EncodeToString(signature), nil
}

type objectID struct {
	ID string `json:"id"`
}

// Links implements delivery.Google: links that name objects only, each of at most 1,800 characters.
func (g *Google) Links(serials []string) ([]delivery.SaveLink, error) {
	var out []delivery.SaveLink
	for len(serials) > 0 {
		n := len(serials)
		address, err := g.link(serials[:n])
		for err == nil && len(address) > maxSaveLink && n > 1 {
			n = max(1, min(n-1, n*maxSaveLink/len(address)))
			address, err = g.link(serials[:n])
		}
		if err != nil {
			return nil, err
		}
		if len(address) > maxSaveLink {
			return nil, domain.Errorf(domain.Upstream, delivery.CodeWalletRefused, "a link for one ticket is longer than Google takes").
				Because(errors.New("too many origins, or a very long service account address"))
		}
		out = append(out, delivery.SaveLink{URL: address, Serials: serials[:n:n]})
		serials = serials[n:]
	}
	return out, nil
}

func (g *Google) link(serials []string) (string, error) {
	objects := make([]objectID, len(serials))
	for i, s := range serials {
		objects[i].ID = g.id(s)
	}
	token, err := g.jwt(struct {
		Issuer   string                `json:"iss"`
		Audience string                `json:"aud"`
		Type     string                `json:"typ"`
		At       int64                 `json:"iat"`
		Origins  []string              `json:"origins,omitempty"`
		Payload  map[string][]objectID `json:"payload"`
	}{g.email, "google", "savetowallet", g.clock().Unix(), g.origins, map[string][]objectID{"eventTicketObjects": objects}})
	return googleSave + token, err
}

func (g *Google) id(suffix string) string { return g.issuer + "." + suffix }

// access gives a token for the API, a new one some minutes before the last one ends.
func (g *Google) access(ctx context.Context) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock()
	if g.token != "" && now.Before(g.until) {
		return g.token, nil
	}
	assertion, err := g.jwt(struct {
		Issuer   string `json:"iss"`
		Scope    string `json:"scope"`
		Audience string `json:"aud"`
		At       int64  `json:"iat"`
		Until    int64  `json:"exp"`
	}{g.email, googleScope, g.tokenURI, now.Unix(), now.Add(tokenLasts).Unix()})
	if err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {grantType}, "assertion": {assertion}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.tokenURI, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body, err := do(g.client, req)
	if err != nil {
		return "", err
	}
	var given struct {
		Token   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
	}
	if status != http.StatusOK || json.Unmarshal(body, &given) != nil || given.Token == "" {
		return "", refused("the service account gets no token", status, body)
	}
	lasts := max(time.Duration(min(given.Seconds, 1<<20))*time.Second-tokenMargin, tokenAtLeast)
	g.token, g.until = given.Token, now.Add(lasts)
	return g.token, nil
}

// refused says why Google refuses, for the log: its own words, without what was sent.
func refused(what string, status int, body []byte) error {
	var said struct {
		Error any `json:"error"`
	}
	_ = json.Unmarshal(body, &said) // only to say more
	text, _ := json.Marshal(said.Error)
	return domain.Errorf(domain.Upstream, delivery.CodeWalletRefused, "Google Wallet refuses").Because(fmt.Errorf("%s: %d %.300s", what, status, text))
}

// save makes a class or an object, or changes it; where what was thought is not so, the other.
func (g *Google) save(ctx context.Context, kind, id string, body any, there bool) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	for range 2 {
		method, path := http.MethodPost, "/walletobjects/v1/"+kind
		if there {
			method, path = http.MethodPatch, path+"/"+url.PathEscape(id)
		}
		status, answer, err := g.call(ctx, method, path, content)
		switch {
		case err != nil:
			return err
		case status == http.StatusOK:
			return nil
		case there && status == http.StatusNotFound, !there && status == http.StatusConflict:
			there = !there
			continue
		}
		return refused(method+" "+kind, status, answer)
	}
	return domain.Errorf(domain.Upstream, delivery.CodeWalletRefused, "Google Wallet refuses").Because(errors.New(kind + " is and is not there"))
}

func (g *Google) call(ctx context.Context, method, path string, content []byte) (int, []byte, error) {
	token, err := g.access(ctx)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, g.address+path, bytes.NewReader(content))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	status, body, err := do(g.client, req)
	if status == http.StatusUnauthorized { // revoked before its time: the next call gets another
		g.mu.Lock()
		g.token = ""
		g.mu.Unlock()
	}
	return status, body, err
}

// SaveClass implements delivery.Google.
func (g *Google) SaveClass(ctx context.Context, p delivery.Pass, there bool) error {
	return g.save(ctx, "eventTicketClass", g.id(p.Class), g.class(&p), there)
}

// SaveObject implements delivery.Google.
func (g *Google) SaveObject(ctx context.Context, p delivery.Pass, there bool) error {
	return g.save(ctx, "eventTicketObject", g.id(p.Serial), g.object(&p), there)
}
