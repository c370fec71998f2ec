package s360

import (
	"context"
	"net/http"
)

// gateHandler asks the gate before a call and tells it afterwards what the call
// cost.
type gateHandler struct {
	options *Options
	next    handler
}

func (h gateHandler) do(ctx context.Context, c call) (*answer, error) {
	asked := Call{
		Institution: h.options.Institution,
		Service:     c.service,
		Method:      c.name,
		Class:       c.class,
		Changing:    c.changing,
		Poll:        c.poll,
	}
	if err := h.options.Gate.Enter(ctx, asked); err != nil {
		e := newError(c, KindRefused)
		e.Err = err
		return nil, e
	}
	o := Outcome{Started: h.options.Clock()}
	var answered []byte
	defer func() {
		o.Duration = h.options.Clock().Sub(o.Started)
		h.options.Gate.Leave(ctx, asked, o)
		h.log(ctx, asked, o)
		if h.options.Tape != nil && c.service != serviceAuth {
			h.options.Tape(ctx, Exchange{Call: asked, Outcome: o, Request: c.body, Answer: answered})
		}
	}()
	a, err := h.next.do(ctx, c)
	h.fill(&o, a, err)
	if a != nil {
		answered = a.body
	}
	return a, err
}

func (h gateHandler) fill(o *Outcome, a *answer, err error) {
	o.Err = err
	if a == nil {
		return
	}
	o.Status, o.Limited = a.status, isLimited(a.status)
	o.BytesOut, o.BytesIn = a.bytesOut, a.bytesIn
	if a.header != nil {
		o.RetryAfter = a.retryAfter(h.options.Clock())
		if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
			o.Date = date
		}
	}
	if a.envelope == nil {
		return
	}
	o.Code = a.envelope.StatusCode
	if a.status != http.StatusOK || o.Code != StatusSuccess {
		o.Code = findCode(a.envelope.StatusCode, a.envelope.StatusDetail, a.envelope.StatusMessage)
	}
}

func (h gateHandler) log(ctx context.Context, c Call, o Outcome) {
	h.options.Logger.DebugContext(ctx, "platform call",
		"institution", c.Institution,
		"call", c.Service+"."+c.Method,
		"class", c.Class,
		"poll", c.Poll,
		"status", o.Status,
		"ms", o.Duration.Milliseconds(),
		"bytes_out", o.BytesOut,
		"bytes_in", o.BytesIn,
	)
}
