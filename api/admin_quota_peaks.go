package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"guichet/domain"
	"guichet/domain/quota"
)

type peakDTO struct {
	ID          string    `json:"id,omitempty" doc:"absent: it stands in the configuration" example:"peak_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	Institution string    `json:"institution"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	PerMinute   int       `json:"per_minute" doc:"calls a minute while it runs"`
	Note        string    `json:"note,omitempty"`
	State       string    `json:"state" enum:"planned,running,over,removed"`
	MadeBy      string    `json:"made_by,omitempty" doc:"id of the key that set it"`
	MadeAt      time.Time `json:"made_at,omitzero"`
	RemovedBy   string    `json:"removed_by,omitempty" doc:"id of the key that removed it"`
	RemovedAt   time.Time `json:"removed_at,omitzero"`
}

func (s *server) toPeak(code domain.InstitutionCode, p quota.Peak) peakDTO {
	return peakDTO{
		ID: p.ID, Institution: string(code), From: in(p.From, time.UTC), To: in(p.To, time.UTC), PerMinute: p.PerMinute, Note: p.Note, State: p.State(s.Clock()),
		MadeBy: p.By, MadeAt: in(p.MadeAt, time.UTC), RemovedBy: p.RemovedBy, RemovedAt: in(p.RemovedAt, time.UTC),
	}
}

type peaksInput struct {
	Institution string `query:"institution" maxLength:"64" doc:"code; default: all"`
}

type peakPageOutput struct {
	Body struct {
		Items []peakDTO `json:"items" nullable:"false" doc:"by institution and beginning"`
		Next  *string   `json:"next" doc:"always null"`
	} `nameHint:"PeakPage"`
}

func (s *server) adminPeaks(ctx context.Context, in *peaksInput) (*peakPageOutput, error) {
	codes, err := s.named(ctx, in.Institution)
	if err != nil {
		return nil, err
	}
	out := &peakPageOutput{}
	out.Body.Items = []peakDTO{}
	for _, code := range codes {
		peaks, err := s.Meter.Peaks(ctx, code)
		if err != nil {
			return nil, err
		}
		for _, p := range peaks {
			out.Body.Items = append(out.Body.Items, s.toPeak(code, p))
		}
	}
	return out, nil
}

type createPeakInput struct{ Body peakRequest }

type peakRequest struct {
	Institution string    `json:"institution" minLength:"1" maxLength:"64" doc:"code"`
	From        time.Time `json:"from" doc:"when the rate goes up; may have passed already"`
	To          time.Time `json:"to" doc:"when it goes down again; still to come"`
	PerMinute   int       `json:"per_minute" minimum:"1" maximum:"100000" doc:"calls a minute: above the usual rate, at most the agreed one"`
	Note        string    `json:"note,omitempty" maxLength:"200" doc:"for people: who agreed to it"`
}

type createPeakOutput struct {
	Status int
	Body   peakDTO
}

func (s *server) adminCreatePeak(ctx context.Context, in *createPeakInput) (*createPeakOutput, error) {
	codes, err := s.named(ctx, in.Body.Institution)
	if err != nil {
		return nil, err
	}
	by := callOf(ctx).key.ID
	p, err := s.Meter.AddPeak(ctx, codes[0], quota.Peak{
		ID: s.IDs("peak"), From: in.Body.From, To: in.Body.To, PerMinute: in.Body.PerMinute, Note: in.Body.Note, By: by,
	})
	if err != nil {
		return nil, err
	}
	s.logPeak(ctx, "peak window set", codes[0], p, by)
	return &createPeakOutput{Status: http.StatusCreated, Body: s.toPeak(codes[0], p)}, nil
}

type peakInput struct {
	ID string `path:"id" maxLength:"80" doc:"id of the window"`
}

type peakOutput struct{ Body peakDTO }

func (s *server) adminRemovePeak(ctx context.Context, in *peakInput) (*peakOutput, error) {
	codes, err := s.named(ctx, "")
	if err != nil {
		return nil, err
	}
	by := callOf(ctx).key.ID
	for _, code := range codes {
		p, err := s.Meter.RemovePeak(ctx, code, in.ID, by)
		if domain.HasCode(err, quota.CodePeakUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.logPeak(ctx, "peak window removed", code, p, by)
		return &peakOutput{Body: s.toPeak(code, p)}, nil
	}
	return nil, domain.Errorf(domain.NotFound, quota.CodePeakUnknown, "no peak window %q", cut(in.ID))
}

// logPeak tells the log who changed the rate: the platform may ask.
func (s *server) logPeak(ctx context.Context, what string, code domain.InstitutionCode, p quota.Peak, by string) {
	s.Log.InfoContext(ctx, what, slog.String("institution", string(code)), slog.String("peak", p.ID), slog.Time("from", p.From), slog.Time("to", p.To),
		slog.Int("per_minute", p.PerMinute), slog.String("key", by))
}
