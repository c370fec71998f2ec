package s360

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// retryHandler repeats what the policy says may be repeated.
type retryHandler struct {
	options *Options
	next    handler
}

// longestWait is the longest a retry waits inside a call because the platform
// asked for it; longer waits are the caller's to plan.
const longestWait = 10 * time.Second

func (h retryHandler) do(ctx context.Context, c call) (*answer, error) {
	var before *Error
	for try := 1; ; try++ {
		a, err := h.next.do(ctx, c)
		if err == nil {
			return a, nil
		}
		var e *Error
		if !errors.As(err, &e) {
			return a, err
		}
		if e.Kind == KindRefused && before != nil {
			return a, before
		}
		again := mayRetry(e, c.again)
		if again == retryNever || ctx.Err() != nil || (again == retryLater && try >= h.options.ReadingTries) {
			return a, e
		}
		before = e
		if again == retryNow {
			c.again = true
			continue
		}
		if err := h.options.Sleep(ctx, max(h.options.Backoff(try+1), e.RetryAfter)); err != nil {
			return a, e
		}
	}
}

type retryDecision int

const (
	retryNever retryDecision = iota
	retryNow                 // with a fresh token
	retryLater               // after a pause
)

// mayRetry is the retry policy, a pure function of the class of the call and
// the error.
//
//   - A refused token is replaced once, for any call: the platform refuses it
//     before it works. renewed says that this has been done. A refused login is
//     final.
//   - A reading call is repeated after no answer, 502, 503 and 504.
//   - A changing call is repeated only if it provably never left.
//   - Nothing else: a limit (509, 429) is the gate's business, and a page
//     instead of data lasts longer than a call.
func mayRetry(e *Error, renewed bool) retryDecision {
	switch {
	case e.Kind == KindAuth && !renewed && !e.login:
		return retryNow
	case e.Kind != KindUnavailable || e.RetryAfter > longestWait:
		return retryNever
	case !e.Sent:
		return retryLater
	case e.Changing:
		return retryNever
	}
	switch e.HTTPStatus {
	case 0, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return retryLater
	}
	return retryNever
}
