package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/quota"
)

type quotaDTO struct {
	Usage  []usageDTO     `json:"usage" nullable:"false" doc:"now, by institution"`
	Months []monthDTO     `json:"months" nullable:"false" doc:"this month, by institution"`
	From   time.Time      `json:"from" doc:"of the counts"`
	To     time.Time      `json:"to"`
	Counts []callCountDTO `json:"counts" nullable:"false" doc:"summed over the time asked for"`
}

type usageDTO struct {
	Institution  string    `json:"institution"`
	Month        string    `json:"month" example:"2026-10"`
	Calls        int64     `json:"calls" doc:"this month"`
	Bytes        int64     `json:"bytes" doc:"this month, both directions"`
	MonthCalls   int64     `json:"month_calls" doc:"the limit"`
	MonthBytes   int64     `json:"month_bytes" doc:"the limit"`
	InLastMinute int       `json:"in_last_minute" doc:"of all replicas"`
	PerMinute    int       `json:"per_minute" doc:"the limit in force: lower after refusals of the platform, raised in a peak window"`
	ForSales     int       `json:"for_sales" doc:"of per_minute, kept for sales"`
	CallsToday   int64     `json:"calls_today"`
	DayCalls     int64     `json:"day_calls" doc:"the limit; 0: none"`
	Replicas     int       `json:"replicas" doc:"processes that share the limits"`
	ClosedUntil  time.Time `json:"closed_until,omitzero" doc:"the platform said too many: closed to everything but sales until then"`
	Unmetered    bool      `json:"unmetered" doc:"no monthly limit"`
}

type callCountDTO struct {
	Institution string `json:"institution"`
	Service     string `json:"service"`
	Method      string `json:"method"`
	Class       string `json:"class" doc:"sale, settle, control, refresh or admin"`
	Outcome     string `json:"outcome"`
	Calls       int64  `json:"calls"`
	BytesOut    int64  `json:"bytes_out"`
	BytesIn     int64  `json:"bytes_in"`
	MS          int64  `json:"ms" doc:"milliseconds, summed"`
}

type quotaInput struct {
	Institution string `query:"institution" maxLength:"64" doc:"code; default: all"`
	From        string `query:"from" maxLength:"40" doc:"an RFC 3339 time or a UTC day; default: today" example:"2026-10-01"`
	To          string `query:"to" maxLength:"40" doc:"an RFC 3339 time or the last UTC day; default: the end of this hour"`
}

type quotaOutput struct{ Body quotaDTO }

func (s *server) adminQuota(ctx context.Context, in *quotaInput) (*quotaOutput, error) {
	from, to, err := s.span(in.From, in.To)
	if err != nil {
		return nil, err
	}
	codes, err := s.named(ctx, in.Institution)
	if err != nil {
		return nil, err
	}
	out := &quotaOutput{Body: quotaDTO{Usage: []usageDTO{}, Months: []monthDTO{}, From: from, To: to, Counts: []callCountDTO{}}}
	for _, code := range codes {
		r, err := s.Meter.Report(ctx, code)
		if err != nil {
			return nil, err
		}
		u := r.Usage
		out.Body.Months = append(out.Body.Months, toMonth(&r))
		out.Body.Usage = append(out.Body.Usage, usageDTO{
			Institution: string(u.Institution), Month: u.Month, Calls: u.Calls, Bytes: u.Bytes, MonthCalls: u.MonthCalls, MonthBytes: u.MonthBytes,
			InLastMinute: u.InLastMinute, PerMinute: u.PerMinute, ClosedUntil: u.ClosedUntil, Unmetered: u.Unmetered,
			ForSales: u.ForSales, CallsToday: u.Today, DayCalls: u.DayCalls, Replicas: u.Replicas,
		})
		counts, err := s.Meter.Counts(ctx, code, quota.Hour, from, to)
		if err != nil {
			return nil, err
		}
		out.Body.Counts = append(out.Body.Counts, sumCounts(counts)...)
	}
	return out, nil
}

// span reads the time asked for. Counts are kept by the hour.
func (s *server) span(since, until string) (from, to time.Time, err error) {
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong")
	from, ok := parseMoment(since, time.UTC, false)
	if !ok {
		bad.WithField("?from", domain.CodeRequest, "an RFC 3339 time or a day, YYYY-MM-DD")
	}
	to, ok = parseMoment(until, time.UTC, true)
	if !ok {
		bad.WithField("?to", domain.CodeRequest, "an RFC 3339 time or a day, YYYY-MM-DD")
	}
	if from.IsZero() {
		from = s.Clock().UTC().Truncate(24 * time.Hour)
	}
	if to.IsZero() {
		to = s.Clock().UTC().Truncate(time.Hour).Add(time.Hour) // the end of this hour: counts are kept by the hour
	}
	if len(bad.Fields) == 0 && (to.Before(from) || (until != "" && to.Equal(from))) {
		bad.WithField("?to", domain.CodeRequest, "it lies before from")
	}
	if len(bad.Fields) > 0 {
		return from, to, bad
	}
	return from, to, nil
}

// named are the institutions of a report: the one named, or all that the key sees.
func (s *server) named(ctx context.Context, name string) ([]domain.InstitutionCode, error) {
	key := callOf(ctx).key
	if name != "" {
		code := domain.InstitutionCode(name)
		if s.shelves[code] == nil {
			return nil, domain.Errorf(domain.NotFound, catalog.CodeInstitutionUnknown, "no institution %q", cut(name))
		}
		return []domain.InstitutionCode{code}, mustSee(key, code)
	}
	var codes []domain.InstitutionCode
	for _, code := range s.Catalog.Institutions {
		if sees(key, code) {
			codes = append(codes, code)
		}
	}
	return codes, nil
}

// sumCounts adds hours together.
func sumCounts(counts []quota.Count) []callCountDTO {
	sums := map[quota.Count]*callCountDTO{}
	var order []*callCountDTO
	for _, c := range counts {
		k := quota.Count{Institution: c.Institution, Service: c.Service, Method: c.Method, Class: c.Class, Outcome: c.Outcome}
		d := sums[k]
		if d == nil {
			d = &callCountDTO{Institution: string(c.Institution), Service: c.Service, Method: c.Method, Class: string(c.Class), Outcome: c.Outcome}
			sums[k] = d
			order = append(order, d)
		}
		d.Calls, d.BytesOut, d.BytesIn, d.MS = d.Calls+c.Calls, d.BytesOut+c.BytesOut, d.BytesIn+c.BytesIn, d.MS+c.Millis
	}
	slices.SortStableFunc(order, func(a, b *callCountDTO) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Method, b.Method),
			cmp.Compare(a.Class, b.Class), cmp.Compare(a.Outcome, b.Outcome))
	})
	out := make([]callCountDTO, 0, len(order))
	for _, d := range order {
		out = append(out, *d)
	}
	return out
}
