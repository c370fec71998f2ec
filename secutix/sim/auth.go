package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// issuedLife is how long a token of the token endpoint is good for.
const issuedLife = 5 * time.Minute

// claims is the content of a token. A forged one carries the documented claims; one from the token
// endpoint says so in Issued.
type claims struct {
	Sub    string  `json:"sub"`
	Aud    string  `json:"aud"`
	Iss    string  `json:"iss,omitempty"`
	Iat    float64 `json:"iat"`
	Exp    float64 `json:"exp"`
	Issued bool    `json:"issued,omitempty"`
}

// when reads seconds, or milliseconds when the number is too big to be seconds.
func when(n float64) time.Time {
	if n > 1e11 {
		return time.UnixMilli(int64(n))
	}
	return time.UnixMilli(int64(n * 1000))
}

// openToken reads a token without believing it.
func openToken(token string) (claims, string, []byte, error) {
	var c claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, "", nil, errors.New("not a JWT")
	}
	var head struct {
		Alg string `json:"alg"`
	}
	if err := openPart(parts[0], &head); err != nil || head.Alg != "HS256" {
		return c, "", nil, errors.New("the token's header must say alg HS256")
	}
	if err := openPart(parts[1], &c); err != nil {
		return c, "", nil, errors.New("claims unreadable: sub and aud are text, iat and exp are numbers")
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return c, "", nil, errors.New("signature unreadable")
	}
	return c, parts[0] + "." + parts[1], sig, nil
}

func openPart(part string, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

func sign(secret, text string) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}

// key is what a token is signed with: the operator's secret, or the institution's own key for the
// tokens it issues itself.
func (in *institution) key(issued bool) string {
	if issued {
		return "issued by " + in.w.Code + ":" + in.w.Secret
	}
	return in.w.Secret
}

func bearer(r *http.Request) string {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return token
}

// byToken finds the institution a token speaks of, before it is believed.
func (p *Platform) byToken(r *http.Request) *institution {
	c, _, _, err := openToken(bearer(r))
	if err != nil {
		return nil
	}
	for _, in := range p.institutions {
		if strings.EqualFold(c.Sub, in.w.Code) || c.Aud == in.w.Operator {
			return in
		}
	}
	return nil
}

// authenticate checks the token against the institution's secret and the clock. Age is judged by the
// moved clock or the unmoved one, whichever is kinder: a client in another process lives in the
// second.
func (p *Platform) authenticate(r *http.Request, in *institution) error {
	token := bearer(r)
	if token == "" {
		return errors.New("no bearer token")
	}
	c, signed, sig, err := openToken(token)
	if err != nil {
		return err
	}
	if !hmac.Equal(sig, sign(in.key(c.Issued), signed)) {
		return errors.New("the signature does not match")
	}
	if !strings.EqualFold(c.Sub, in.w.Code) || c.Aud != in.w.Operator {
		return errors.New("sub or aud is somebody else")
	}
	moved, unmoved := p.clock.both()
	skew := time.Duration(p.skew.Load())
	moved, unmoved = moved.Add(skew), unmoved.Add(skew)
	if err := p.fresh(c, moved); err != nil && p.fresh(c, unmoved) != nil {
		return err
	}
	return nil
}

func (p *Platform) fresh(c claims, now time.Time) error {
	if !now.Before(when(c.Exp)) {
		return errors.New("the token has expired")
	}
	if c.Issued {
		return nil
	}
	age := now.Sub(when(c.Iat))
	if age > p.tokenAge() || age < -p.tokenAge() {
		return fmt.Errorf("iat is %s away from now", age.Round(time.Second).Abs())
	}
	return nil
}

// login serves POST /tnai/backend-apis/v1/auth.
func (p *Platform) login(in *institution, body []byte) reply {
	var q struct {
		Operator string `json:"operator"`
		Partner  string `json:"partner"`
		Secret   string `json:"secret"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return textReply(http.StatusBadRequest, "operator, partner and secret are needed")
	}
	for _, other := range p.institutions {
		if other.w.Operator == q.Operator && (in == nil || in == other) {
			return p.issue(other, q.Partner, q.Secret)
		}
	}
	return textReply(http.StatusUnauthorized, "Unauthorized: unknown operator")
}

func (p *Platform) issue(in *institution, partner, secret string) reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if rep := p.admitted(in, now); rep != nil {
		rep.counted = in
		return *rep
	}
	rep := textReply(http.StatusUnauthorized, "Unauthorized: wrong secret")
	if hmac.Equal([]byte(secret), []byte(in.w.Secret)) {
		rep = reply{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json;charset=UTF-8"}}}
		rep.body = []byte(`{"token":"` + in.token(partner, now) + `"}`)
	}
	rep.counted = in
	p.calls.add(Call{At: now, Institution: in.w.Code, Service: "auth", Version: "v1", Method: "auth", Status: rep.status})
	return rep
}

func (in *institution) token(partner string, now time.Time) string {
	body, err := json.Marshal(claims{
		Sub: strings.ToUpper(in.w.Code), Aud: in.w.Operator, Iss: partner,
		Iat: float64(now.Unix()), Exp: float64(now.Add(issuedLife).Unix()), Issued: true,
	})
	if err != nil {
		return ""
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign(in.key(true), text))
}
