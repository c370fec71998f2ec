package api

import (
	"time"

	"guichet/domain/catalog"
	"guichet/domain/sales"
)

type noticeDTO struct {
	Kind  string          `json:"kind" enum:"cancelled,rescheduled,moved" doc:"what the institution changed since it was sold"`
	Item  int             `json:"item" doc:"index into the order's lines"`
	Was   time.Time       `json:"was,omitzero" doc:"with rescheduled: the start that was sold"`
	Now   time.Time       `json:"now,omitzero" doc:"with rescheduled: the start now"`
	Place *noticePlaceDTO `json:"place,omitempty" doc:"with moved: where it takes place now"`
}

type noticePlaceDTO struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Space string `json:"space,omitempty" doc:"the hall in it"`
	Town  string `json:"town,omitempty"`
}

// notices says what the institution changed about what the order holds or has sold.
func (s *server) notices(o *sales.Order, loc *time.Location, langs []string) []noticeDTO {
	out := []noticeDTO{}
	if o.Status != sales.Held && !o.Status.Sold() {
		return out
	}
	view, err := s.Catalog.View(o.Institution)
	if err != nil {
		return out // its catalog is not loaded: nothing is known to have changed
	}
	for _, n := range o.Notices(func(id catalog.PerformanceID) *catalog.Performance { return view.Performance(id) }) {
		d := noticeDTO{Kind: string(n.Kind), Item: n.Line, Was: in(n.Was, loc), Now: in(n.Now, loc)}
		if n.Kind == sales.NoticeMoved {
			d.Place = &noticePlaceDTO{
				Code: n.Place.Code, Name: n.Place.Name.Or(n.Place.Code, langs...), Space: n.Place.Space.Or(n.Place.SpaceCode, langs...), Town: n.Place.Town,
			}
		}
		out = append(out, d)
	}
	return out
}
