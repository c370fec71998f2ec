package s360

import (
	"context"
	"strings"
)

// asyncHandler asks again while the platform answers "in progress". A reading
// call without an id is asked again as it was, because the platform keeps the
// result; a changing call never is, because that could do the work twice.
type asyncHandler struct {
	options *Options
	next    handler
}

func (h asyncHandler) do(ctx context.Context, c call) (*answer, error) {
	var id ID
	for poll := 1; ; poll++ {
		a, err := h.next.do(ctx, c)
		if err != nil || !inProgress(a) {
			return a, err
		}
		if a.envelope.RequestID != 0 {
			id = a.envelope.RequestID
		}
		c.poll = true
		if poll > h.options.MaxPolls || (id == 0 && c.changing) {
			return a, h.unfinished(c, a, id, nil)
		}
		if err = h.options.Sleep(ctx, h.options.PollDelay(poll)); err != nil {
			return a, h.unfinished(c, a, id, err)
		}
		if id == 0 {
			continue
		}
		if c.body, err = withRequestID(c.body, id); err != nil {
			return a, h.unfinished(c, a, id, err)
		}
	}
}

func inProgress(a *answer) bool {
	return a.envelope != nil && strings.EqualFold(a.envelope.StatusCode, StatusInProgress)
}

func (h asyncHandler) unfinished(c call, a *answer, id ID, cause error) *Error {
	e := newError(c, KindInProgress)
	e.HTTPStatus, e.Code = a.status, StatusInProgress
	e.Sent, e.RequestID, e.Err = true, id, cause
	return e
}
