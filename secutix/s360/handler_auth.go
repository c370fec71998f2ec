package s360

import (
	"context"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// authHandler puts the token on a call: one forged at this very moment, since
// the platform accepts it for a second only, or the one the login brought.
type authHandler struct {
	options *Options
	session *session
	next    handler
}

// forgedLife is how long a forged token says it lives.
const forgedLife = 30 * time.Second

func (h authHandler) do(ctx context.Context, c call) (*answer, error) {
	if h.options.Auth == AuthLogin {
		return h.withIssued(ctx, c)
	}
	token, err := forge(h.options, h.options.Clock().Add(h.session.correction(c.again)))
	if err != nil {
		e := newError(c, KindAuth)
		e.Err, e.login = err, true
		return nil, e
	}
	c.bearer = token
	a, err := h.next.do(ctx, c)
	if c.again && err == nil && !isAuth(a.status) {
		h.session.corrected()
	}
	return a, err
}

func (h authHandler) withIssued(ctx context.Context, c call) (*answer, error) {
	c.bearer, _ = h.session.issued(h.options.Clock())
	a, err := h.next.do(ctx, c)
	if err == nil && isAuth(a.status) {
		h.session.drop(c.bearer)
	}
	return a, err
}

// forge makes the token the platform expects of a partner.
func forge(o *Options, now time.Time) (string, error) {
	stamp := func(t time.Time) int64 { return t.Unix() }
	if o.IssuedAtMillis {
		stamp = func(t time.Time) int64 { return t.UnixMilli() }
	}
	subject := o.Institution
	switch o.SubjectCase {
	case SubjectUpper:
		subject = strings.ToUpper(subject)
	case SubjectLower:
		subject = strings.ToLower(subject)
	case SubjectAsIs:
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": subject,
		"aud": o.Operator,
		"iss": o.Partner,
		"iat": stamp(now),
		"exp": stamp(now.Add(forgedLife)),
	}).SignedString([]byte(o.Secret))
}
