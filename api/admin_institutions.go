package api

import (
	"context"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

type adminInstitutionDTO struct {
	Code           string       `json:"code"`
	Name           string       `json:"name,omitempty"`
	TimeZone       string       `json:"time_zone,omitempty" doc:"of the times here; absent (UTC) while no catalog is loaded"`
	Version        int64        `json:"version" doc:"of the catalog that serves; 0: none was ever loaded"`
	Serving        bool         `json:"serving" doc:"this process has a catalog of it to serve"`
	LoadedAt       time.Time    `json:"loaded_at,omitzero" doc:"last full load"`
	Changes        string       `json:"changes,omitempty" doc:"what that load changed, in short" example:"3 added, 1 gone, 12 repriced"`
	CheckedAt      time.Time    `json:"checked_at,omitzero" doc:"last time the platform said that nothing changed, or the last load"`
	AvailabilityAt time.Time    `json:"availability_at,omitzero" doc:"every move of availability up to then is known"`
	RefusedAt      time.Time    `json:"refused_at,omitzero" doc:"last catalog that was refused; the one before keeps serving"`
	RefusedReason  string       `json:"refused_reason,omitempty"`
	FailedAt       time.Time    `json:"failed_at,omitzero" doc:"last refresh that failed for another reason"`
	FailedReason   string       `json:"failed_reason,omitempty"`
	Products       int          `json:"products"`
	Performances   int          `json:"performances"`
	Tariffs        int          `json:"tariffs"`
	RefusedCount   int          `json:"refused_count" doc:"things of the catalog that serves which are not sold because they cannot be right"`
	Refused        []refusedDTO `json:"refused,omitempty" nullable:"false" doc:"those things; not in the list of institutions"`
}

type refusedDTO struct {
	Product     string `json:"product,omitempty"`
	Performance string `json:"performance,omitempty"`
	Item        string `json:"item,omitempty"`
	Code        string `json:"code"`
	Detail      string `json:"detail,omitempty"`
}

type adminInstitutionPageDTO struct {
	Items []adminInstitutionDTO `json:"items" nullable:"false"`
	Next  *string               `json:"next" doc:"always null"`
}

type adminInstitutionPageOutput struct{ Body adminInstitutionPageDTO }

type adminInstitutionOutput struct{ Body adminInstitutionDTO }

type adminInstitutionInput struct {
	LanguageInput
	Code string `path:"code" doc:"code of the institution"`
}

func (s *server) adminInstitutions(ctx context.Context, in *LanguageInput) (*adminInstitutionPageOutput, error) {
	out := &adminInstitutionPageOutput{Body: adminInstitutionPageDTO{Items: []adminInstitutionDTO{}}}
	for _, code := range s.Catalog.Institutions {
		d, err := s.institutionState(ctx, code, in)
		if err != nil {
			return nil, err
		}
		d.Refused = nil
		out.Body.Items = append(out.Body.Items, d)
	}
	return out, nil
}

func (s *server) adminInstitution(ctx context.Context, in *adminInstitutionInput) (*adminInstitutionOutput, error) {
	d, err := s.institutionState(ctx, domain.InstitutionCode(in.Code), &in.LanguageInput)
	if err != nil {
		return nil, err
	}
	return &adminInstitutionOutput{Body: d}, nil
}

func (s *server) institutionState(ctx context.Context, code domain.InstitutionCode, l *LanguageInput) (adminInstitutionDTO, error) {
	st, err := s.Catalog.State(ctx, code)
	if err != nil {
		return adminInstitutionDTO{}, err
	}
	loc := s.location(code)
	d := adminInstitutionDTO{
		Code: string(code), Version: st.Version, LoadedAt: in(st.LoadedAt, loc), CheckedAt: in(st.CheckedAt, loc),
		AvailabilityAt: in(st.AvailabilityAt, loc), RefusedAt: in(st.RefusedAt, loc), RefusedReason: st.RefusedReason,
		FailedAt: in(st.FailedAt, loc), FailedReason: st.FailedReason, Changes: st.Summary,
	}
	v, err := s.Catalog.View(code)
	if err != nil {
		return d, nil //nolint:nilerr // nothing loaded yet is a state to show, not a failure
	}
	d.Serving, d.Name, d.TimeZone = true, v.Institution.Name.Or(string(code), s.langOf(l.Lang, l.Accept, code)...), v.Institution.TimeZone
	d.Products, d.Performances, d.Tariffs, d.RefusedCount = len(v.Products), len(v.Performances), len(v.Tariffs), len(v.Refused)
	for _, r := range v.Refused {
		d.Refused = append(d.Refused, toRefused(code, r))
	}
	return d, nil
}

func toRefused(code domain.InstitutionCode, r catalog.Refusal) refusedDTO {
	d := refusedDTO{Code: r.Code, Detail: r.Detail}
	if r.Product != 0 {
		d.Product = publicID(code, r.Product)
	}
	if r.Performance != 0 {
		d.Performance = publicID(code, r.Performance)
	}
	if r.Item != 0 {
		d.Item = publicID(code, r.Item)
	}
	return d
}

type refreshInput struct {
	Code  string `path:"code" doc:"code of the institution"`
	Force bool   `query:"force" doc:"load the catalog even where the platform says that it has not changed"`
	// Accept is what an operator takes upon themselves.
	Accept string `query:"accept" enum:"smaller" doc:"smaller: load the catalog now and take it even where it is far smaller than the one that serves, which is refused otherwise"`
}

type outcomeDTO struct {
	Done   int    `json:"done" doc:"how many things were moved on"`
	Left   int    `json:"left" doc:"how many are still due"`
	Detail string `json:"detail,omitempty"`
}

type refreshOutput struct {
	Body struct {
		Catalog      outcomeDTO `json:"catalog"`
		Availability outcomeDTO `json:"availability"`
	} `nameHint:"Refreshed"`
}

// adminRefresh loads now. Somebody waits for it, so it ends when they hang up.
func (s *server) adminRefresh(ctx context.Context, in *refreshInput) (*refreshOutput, error) {
	code := domain.InstitutionCode(in.Code)
	load := func() (domain.Outcome, error) { return s.Catalog.RefreshCatalog(ctx, code, in.Force) }
	if in.Accept == "smaller" {
		load = func() (domain.Outcome, error) { return s.Catalog.AcceptCatalog(ctx, code) }
	}
	cat, err := load()
	if err != nil {
		return nil, err
	}
	avail, err := s.Catalog.RefreshAvailability(ctx, code)
	if err != nil {
		return nil, err
	}
	out := &refreshOutput{}
	out.Body.Catalog, out.Body.Availability = outcomeDTO(cat), outcomeDTO(avail)
	return out, nil
}
