package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"guichet/domain"
	"guichet/domain/quota"
)

type quotaUsageInput struct {
	Institution string `query:"institution" maxLength:"64" doc:"code; default: all"`
	Unit        string `query:"unit" enum:"minute,hour,day,month" default:"hour" doc:"what is summed over; minutes are kept for 2 days, hours for 13 months, days for 5 years"`
	By          string `query:"by" enum:"operator,service,class,outcome" doc:"tell apart by the platform's key (the virtual operator), the service and method, what calls were for, or how they ended; default: not"`
	From        string `query:"from" maxLength:"40" doc:"an RFC 3339 time or a UTC day; default: today, with unit=day 31 days ago, with unit=month a year ago" example:"2026-10-01"`
	To          string `query:"to" maxLength:"40" doc:"an RFC 3339 time or the last UTC day; default: the end of this hour"`
}

type usagePointDTO struct {
	Institution string    `json:"institution"`
	Start       time.Time `json:"start" doc:"of the minute, hour, day or month; days and months are the institution's own"`
	Name        string    `json:"name,omitempty" doc:"what ?by= tells apart"`
	Calls       int64     `json:"calls"`
	Errors      int64     `json:"errors" doc:"of calls: neither ok nor in progress"`
	BytesOut    int64     `json:"bytes_out"`
	BytesIn     int64     `json:"bytes_in"`
	MS          int64     `json:"ms" doc:"milliseconds, summed"`
}

type usagePageOutput struct {
	Body struct {
		Unit  string          `json:"unit" enum:"minute,hour,day,month"`
		From  time.Time       `json:"from"`
		To    time.Time       `json:"to"`
		Items []usagePointDTO `json:"items" nullable:"false" doc:"by institution and time, then the costliest first; where nothing was called there is none"`
		Next  *string         `json:"next" doc:"always null"`
	} `nameHint:"UsagePage"`
}

// longestUsage is how long a time is answered for at once, by unit.
func longestUsage(unit quota.Unit) time.Duration {
	const day = 24 * time.Hour
	switch unit {
	case quota.Minute:
		return 2 * day
	case quota.Hour:
		return 93 * day
	case quota.Day:
		return 5 * 366 * day
	case quota.Month:
		return 100 * 366 * day
	}
	return 0
}

func (s *server) adminQuotaUsage(ctx context.Context, in *quotaUsageInput) (*usagePageOutput, error) {
	unit := quota.Unit(in.Unit)
	from, to, err := s.span(in.From, in.To)
	if err != nil {
		return nil, err
	}
	if in.From == "" {
		switch unit {
		case quota.Day:
			from = from.AddDate(0, 0, -31)
		case quota.Month:
			from = from.AddDate(-1, 0, 0)
		case quota.Minute, quota.Hour:
		}
	}
	if longest := longestUsage(unit); to.Sub(from) > longest {
		bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong")
		return nil, bad.WithField("?from", domain.CodeRequest, "with this unit at most "+longest.String()+" are answered at once")
	}
	codes, err := s.named(ctx, in.Institution)
	if err != nil {
		return nil, err
	}
	out := &usagePageOutput{}
	out.Body.Unit, out.Body.From, out.Body.To, out.Body.Items = in.Unit, from, to, []usagePointDTO{}
	for _, code := range codes {
		counts, err := s.Meter.Counts(ctx, code, unit, from, to)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, usagePoints(counts, in.By)...)
	}
	return out, nil
}

// usagePoints sums an institution's counts by time and what they are told apart by.
func usagePoints(counts []quota.Count, by string) []usagePointDTO {
	type key struct {
		start time.Time
		name  string
	}
	sums := map[key]*usagePointDTO{}
	for _, c := range counts {
		k := key{start: c.Start.UTC()}
		switch by {
		case "operator":
			k.name = c.Operator
		case "service":
			k.name = c.Service + "." + c.Method
		case "class":
			k.name = string(c.Class)
		case "outcome":
			k.name = c.Outcome
		}
		p := sums[k]
		if p == nil {
			p = &usagePointDTO{Institution: string(c.Institution), Start: k.start, Name: k.name}
			sums[k] = p
		}
		p.Calls, p.BytesOut, p.BytesIn, p.MS = p.Calls+c.Calls, p.BytesOut+c.BytesOut, p.BytesIn+c.BytesIn, p.MS+c.Millis
		if c.Failed() {
			p.Errors += c.Calls
		}
	}
	out := make([]usagePointDTO, 0, len(sums))
	for _, p := range sums {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b usagePointDTO) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Name, b.Name))
	})
	return out
}

type callersInput struct {
	Institution string `query:"institution" maxLength:"64" doc:"code; default: all"`
	By          string `query:"by" enum:"key,job,order" default:"key" doc:"tell apart by the key whose request it was, the background job, or the order"`
	From        string `query:"from" maxLength:"40" doc:"an RFC 3339 time or a UTC day; default: today" example:"2026-10-01"`
	To          string `query:"to" maxLength:"40" doc:"an RFC 3339 time or the last UTC day; default: the end of this hour"`
	Limit       int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"how many of each institution"`
}

type callerDTO struct {
	Institution string    `json:"institution"`
	Name        string    `json:"name" doc:"a key's id, a job's name or an order's id; empty: for none"`
	Storefront  string    `json:"storefront,omitempty" doc:"that the key is of"`
	Calls       int64     `json:"calls"`
	Errors      int64     `json:"errors" doc:"of calls: neither ok nor in progress"`
	BytesOut    int64     `json:"bytes_out"`
	BytesIn     int64     `json:"bytes_in"`
	MS          int64     `json:"ms" doc:"milliseconds, summed"`
	Last        time.Time `json:"last" doc:"when the last of them ended"`
}

type callerPageOutput struct {
	Body struct {
		By    string      `json:"by" enum:"key,job,order"`
		From  time.Time   `json:"from"`
		To    time.Time   `json:"to"`
		Items []callerDTO `json:"items" nullable:"false" doc:"by institution, then the costliest first"`
		Next  *string     `json:"next" doc:"always null"`
	} `nameHint:"CallerPage"`
}

func (s *server) adminQuotaCallers(ctx context.Context, in *callersInput) (*callerPageOutput, error) {
	from, to, err := s.span(in.From, in.To)
	if err != nil {
		return nil, err
	}
	codes, err := s.named(ctx, in.Institution)
	if err != nil {
		return nil, err
	}
	owners := map[string]string{}
	if quota.By(in.By) == quota.ByKey {
		keys, err := s.Storefront.Keys(ctx)
		if err != nil {
			return nil, err
		}
		for i := range keys {
			owners[keys[i].ID] = keys[i].Storefront
		}
	}
	out := &callerPageOutput{}
	out.Body.By, out.Body.From, out.Body.To, out.Body.Items = in.By, from, to, []callerDTO{}
	for _, code := range codes {
		callers, err := s.Meter.Callers(ctx, code, quota.By(in.By), from, to, in.Limit)
		if err != nil {
			return nil, err
		}
		for _, c := range callers {
			out.Body.Items = append(out.Body.Items, callerDTO{
				Institution: string(code), Name: c.Name, Storefront: owners[c.Name], Calls: c.Calls, Errors: c.Errors, BytesOut: c.BytesOut, BytesIn: c.BytesIn,
				MS: c.Millis, Last: c.Last.UTC(),
			})
		}
	}
	return out, nil
}
