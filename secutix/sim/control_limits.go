package sim

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// limitsForm is the limits as the control face writes them. A member that is left out stays as it is.
type limitsForm struct {
	Limits
	CatalogSpacing string `json:"catalog_spacing"`
	PollSpacing    string `json:"poll_spacing"`
	Skew           string `json:"skew"`
}

func (p *Platform) limitsForm() limitsForm {
	l := p.policy()
	return limitsForm{
		Limits: l, CatalogSpacing: l.CatalogSpacing.String(), PollSpacing: l.PollSpacing.String(),
		Skew: time.Duration(p.skew.Load()).String(),
	}
}

func (p *Platform) showLimits(*http.Request) (any, error) {
	type use struct {
		Minute int   `json:"minute"`
		Left   int   `json:"left"` // of the minute; -1 is no limit
		Month  int   `json:"month"`
		Bytes  int64 `json:"bytes"`
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	out := struct {
		limitsForm
		Used map[string]use `json:"used"`
	}{p.limitsForm(), map[string]use{}}
	now := p.clock.Now()
	for _, in := range p.institutions {
		l := p.limits[in.w.Code]
		u := use{Left: -1, Month: l.month.Calls, Bytes: l.month.Bytes}
		if l.rate.minute == now.Unix()/60 {
			u.Minute = l.rate.used
		}
		if n := p.rateFor(in, now); n >= 0 {
			u.Left = max(0, n-u.Minute)
		}
		out.Used[in.w.Code] = u
	}
	return out, nil
}

// maxSkew is how far off the platform's clock may be.
const maxSkew = 366 * 24 * time.Hour

// setLimits changes what is said and leaves the rest. Counts go on.
func (p *Platform) setLimits(r *http.Request) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.limitsForm()
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	l, skew := q.Limits, time.Duration(0)
	for _, d := range []struct {
		name, text string
		to         *time.Duration
	}{{"catalog_spacing", q.CatalogSpacing, &l.CatalogSpacing}, {"poll_spacing", q.PollSpacing, &l.PollSpacing}, {"skew", q.Skew, &skew}} {
		v, err := time.ParseDuration(d.text)
		if err != nil {
			return nil, wrong(http.StatusBadRequest, "%s: %v", d.name, err)
		}
		*d.to = v
	}
	if err := l.check(); err != nil {
		return nil, wrong(http.StatusBadRequest, "%v", err)
	}
	if skew.Abs() > maxSkew {
		return nil, wrong(http.StatusBadRequest, "skew: %s is more than %s", skew, maxSkew)
	}
	p.inForce.Store(&l)
	p.skew.Store(int64(skew))
	return p.limitsForm(), nil
}

// latencyForm is a latency as the control face writes it.
type latencyForm struct {
	Method       string `json:"method"`
	Institution  string `json:"institution,omitempty"`
	Distribution string `json:"distribution"`
	Min          string `json:"min,omitempty"`
	P50          string `json:"p50,omitempty"`
	P90          string `json:"p90,omitempty"`
	P99          string `json:"p99,omitempty"`
	Max          string `json:"max,omitempty"`
	Seen         uint64 `json:"seen"`
}

func (p *Platform) setLatency(r *http.Request) (any, error) {
	var q latencyForm
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	l := Latency{Distribution: q.Distribution, Institution: q.Institution}
	for _, d := range []struct {
		name, text string
		to         *time.Duration
	}{{"min", q.Min, &l.Min}, {"p50", q.P50, &l.P50}, {"p90", q.P90, &l.P90}, {"p99", q.P99, &l.P99}, {"max", q.Max, &l.Max}} {
		if d.text == "" {
			continue
		}
		v, err := time.ParseDuration(d.text)
		if err != nil {
			return nil, wrong(http.StatusBadRequest, "%s: %v", d.name, err)
		}
		*d.to = v
	}
	if err := checkMethod(q.Method, ""); err != nil {
		return nil, err
	}
	if err := l.check(); err != nil {
		return nil, wrong(http.StatusBadRequest, "%v", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.Institution != "" && p.byCode[l.Institution] == nil {
		return nil, wrong(http.StatusBadRequest, "institution: %q is unknown", l.Institution)
	}
	p.setSlow(q.Method, l)
	return p.latencyForms(), nil
}

func (p *Platform) showLatency(*http.Request) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.latencyForms(), nil
}

func (p *Platform) clearLatency(*http.Request) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow = nil
	return p.latencyForms(), nil
}

func (p *Platform) latencyForms() []latencyForm {
	out := []latencyForm{}
	for _, s := range p.slow {
		f := latencyForm{Method: s.method, Institution: s.Institution, Distribution: s.Distribution, Min: s.Min.String(), Seen: s.seen}
		if s.Distribution != "fixed" {
			f.Max = s.Max.String()
		}
		if s.Distribution == "tail" {
			f.P50, f.P90, f.P99 = s.P50.String(), s.P90.String(), s.P99.String()
		}
		out = append(out, f)
	}
	return out
}

// readSell reads what others buy of a performance, and from which contingent.
func readSell(r *http.Request) (ch change, contingent string, err error) {
	var q struct {
		Category   int64  `json:"seat_category"`
		Quantity   int64  `json:"quantity"`
		Contingent string `json:"contingent"`
	}
	if err := readControl(r, &q); err != nil {
		return change{}, "", err
	}
	switch {
	case q.Category == 0:
		return change{}, "", wrong(http.StatusBadRequest, "seat_category: a number is needed; GET /stock lists them")
	case q.Quantity <= 0 || q.Quantity > endless:
		return change{}, "", wrong(http.StatusBadRequest, "quantity: a number above 0 is needed")
	}
	return change{Do: doSell, Category: q.Category, Amount: q.Quantity}, q.Contingent, nil
}

// readSoldOut reads which contingent others buy out; a body is not needed.
func readSoldOut(r *http.Request) (ch change, contingent string, err error) {
	var q struct {
		Contingent string `json:"contingent"`
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return change{}, "", wrong(http.StatusBadRequest, "the body cannot be read: %v", err)
	}
	if len(body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
		err = readControl(r, &q)
	}
	return change{Do: doSoldOut}, q.Contingent, err
}
