package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// scopeLayout is how a scope writes a moment, at the institution's wall clock.
const scopeLayout = "02/01/2006 15:04"

// hookScope is which tickets an access webhook tells: those of a visit pass, a performance or an event.
type hookScope struct {
	code string    // empty is every ticket
	at   time.Time // zero is any time
}

// scope reads "code" or "code;DD/MM/YYYY hh:mm".
func (h *hook) scope(zone *time.Location) (hookScope, error) {
	code, at, timed := strings.Cut(h.Scope, ";")
	s := hookScope{code: strings.TrimSpace(code)}
	if h.Scope != "" && s.code == "" {
		return s, fmt.Errorf("scope: %q has no code", h.Scope)
	}
	if !timed {
		return s, nil
	}
	t, err := time.ParseInLocation(scopeLayout, strings.TrimSpace(at), zone)
	if err != nil {
		return s, fmt.Errorf("scope: %q is not code;DD/MM/YYYY hh:mm", h.Scope)
	}
	s.at = t
	return s, nil
}

// codesOf lists the codes a product goes by: its own and those of its event and visit passes.
func (p *product) codesOf() []string {
	out := []string{p.def.Code}
	if p.def.Activity != "" {
		out = append(out, p.def.Activity)
	}
	for _, it := range p.items {
		out = append(out, it.def.Code)
	}
	return out
}

// knowsScope says whether the institution has anything of that code.
func (in *institution) knowsScope(s hookScope) bool {
	return s.code == "" || slices.ContainsFunc(in.products, func(p *product) bool {
		return slices.Contains(p.codesOf(), s.code) || slices.ContainsFunc(p.perfs, func(perf *performance) bool { return perf.code() == s.code })
	})
}

// within says whether a line's tickets are in the scope.
func (in *institution) within(op *operation, s hookScope) bool {
	if s.code == "" {
		return true
	}
	p := in.productOf[op.Product]
	codes := []string{p.def.Code, p.def.Activity}
	if perf := in.perfOf[op.Performance]; perf != nil {
		codes = append(codes, perf.code())
	}
	if it := in.itemOf[op.Item]; it != nil {
		codes = append(codes, it.def.Code)
	}
	from, _ := in.validity(op)
	return slices.Contains(codes, s.code) && (s.at.IsZero() || from.Equal(s.at))
}
