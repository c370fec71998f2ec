package s360

import (
	"context"
	"encoding/json"
	"errors"
)

// loginHandler sees to it that there is an issued token when the client logs in
// instead of forging. The login is a call like any other to the gate.
type loginHandler struct {
	options *Options
	session *session
	login   handler
	next    handler
}

// loginRequest is the body of the token call.
type loginRequest struct {
	Operator string `json:"operator"`
	Partner  string `json:"partner"`
	Secret   string `json:"secret"`
}

// loginResult is the answer of the token call.
type loginResult struct {
	Token string `json:"token"`
}

func (h loginHandler) do(ctx context.Context, c call) (*answer, error) {
	if h.options.Auth == AuthLogin {
		if err := h.ensure(ctx, c); err != nil {
			return nil, err
		}
	}
	return h.next.do(ctx, c)
}

// ensure logs in unless there is a good token; one login at a time, whatever
// the number of waiting calls.
func (h loginHandler) ensure(ctx context.Context, c call) error {
	if _, good := h.session.issued(h.options.Clock()); good {
		return nil
	}
	select {
	case h.session.loggingIn <- struct{}{}:
		defer func() { <-h.session.loggingIn }()
	case <-ctx.Done():
		return h.failed(c, context.Cause(ctx))
	}
	if _, good := h.session.issued(h.options.Clock()); good {
		return nil
	}
	token, err := h.ask(ctx, c)
	if err != nil {
		return h.failed(c, err)
	}
	h.session.keep(token, h.options.Clock())
	return nil
}

func (h loginHandler) ask(ctx context.Context, c call) (string, error) {
	body, err := json.Marshal(loginRequest{
		Operator: h.options.Operator,
		Partner:  h.options.Partner,
		Secret:   string(h.options.Secret),
	})
	if err != nil {
		return "", err
	}
	a, err := h.login.do(ctx, call{
		method: method{service: serviceAuth, name: "login"},
		path:   []string{moduleAuth, "backend-apis", "v1", "auth"},
		class:  c.class,
		body:   body,
	})
	if err != nil {
		return "", err
	}
	var result loginResult
	if err := h.session.plans.decodeValid(a.body, &result); err != nil || result.Token == "" {
		return "", errors.New("the login's answer holds no token")
	}
	return result.Token, nil
}

// failed says that c was not made because of the login.
func (h loginHandler) failed(c call, cause error) *Error {
	e := newError(c, KindUnavailable)
	var of *Error
	if errors.As(cause, &of) {
		e.Kind, e.HTTPStatus, e.Code, e.RetryAfter = of.Kind, of.HTTPStatus, of.Code, of.RetryAfter
	}
	e.Err, e.login = cause, true
	return e
}
