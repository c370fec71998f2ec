package s360

import (
	"context"
	"net/http"
	"strings"
)

// errorHandler turns an answer that is neither a success nor in progress into
// an *Error. The answer is returned beside it.
type errorHandler struct {
	options *Options
	next    handler
}

func (h errorHandler) do(ctx context.Context, c call) (*answer, error) {
	a, err := h.next.do(ctx, c)
	if err != nil || answered(c, a) {
		return a, err
	}
	e := newError(c, kindOf(a.status, a.envelope, a.body))
	e.HTTPStatus, e.Sent = a.status, true
	if e.Kind == KindDecode {
		e.Err = a.unreadable
	}
	e.RetryAfter = a.retryAfter(h.options.Clock())
	hide := newBlank()
	secrets := []string{string(h.options.Secret), a.bearer}
	if a.envelope != nil && a.envelope.StatusCode != "" {
		e.Code = hide.text(findCode(a.envelope.StatusCode, a.envelope.StatusDetail, a.envelope.StatusMessage), secrets...)
		e.Detail = clip(hide.text(a.envelope.StatusDetail, secrets...), maxDetail)
		e.Expected = bool(a.envelope.ExpectedException)
		return a, e
	}
	e.Sample = hide.sample(a.body, secrets...)
	return a, e
}

// answered reports whether the answer is data. The login has no status of its
// own: an object in a 2xx is all it promises.
func answered(c call, a *answer) bool {
	if a.envelope == nil {
		return false
	}
	if a.status < http.StatusOK || a.status >= http.StatusMultipleChoices {
		return false
	}
	status := a.envelope.StatusCode
	return c.service == serviceAuth || strings.EqualFold(status, StatusSuccess) || strings.EqualFold(status, StatusInProgress)
}
