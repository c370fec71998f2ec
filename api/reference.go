package api

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/catalog"
)

// referenceDTO is what the things of a catalog refer to: who pays, when, where, at which rates.
type referenceDTO struct {
	Institution string           `json:"institution" example:"play"`
	Seasons     []seasonDTO      `json:"seasons" nullable:"false"`
	Tariffs     []tariffDTO      `json:"tariffs" nullable:"false" doc:"by rank"`
	PriceLevels []priceLevelDTO  `json:"price_levels" nullable:"false"`
	VAT         []vatDTO         `json:"vat" nullable:"false" doc:"empty where the platform did not say"`
	Topics      []topicDTO       `json:"topics" nullable:"false" doc:"of all products, by code"`
	Venues      []referenceVenue `json:"venues" nullable:"false" doc:"of all performances, by code"`
	Halls       []hallDTO        `json:"halls" nullable:"false"`
	Advantages  []advantageDTO   `json:"advantages" nullable:"false" doc:"price reductions and promotions; their access codes are never shown"`
	Kinds       map[string]int   `json:"kinds" doc:"how many products there are of each kind"`
	Raw         rawDTO           `json:"raw,omitempty" doc:"with ?include=raw"`
}

type seasonDTO struct {
	ID    string    `json:"id"`
	Code  string    `json:"code"`
	Name  string    `json:"name"`
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero" doc:"absent: open"`
}

type priceLevelDTO struct {
	ID       string `json:"id"`
	Code     string `json:"code"`
	Category string `json:"category,omitempty" doc:"the platform's word: OCCASIONAL, MEMBER …"`
	Public   bool   `json:"public" doc:"anybody may buy at it"`
}

type topicDTO struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

type referenceVenue struct {
	Code    string     `json:"code"`
	Name    string     `json:"name"`
	Street  string     `json:"street,omitempty"`
	Zip     string     `json:"zip,omitempty"`
	Town    string     `json:"town,omitempty"`
	Country string     `json:"country,omitempty" doc:"ISO 3166 alpha-2"`
	Image   string     `json:"image,omitempty"`
	Spaces  []spaceDTO `json:"spaces" nullable:"false"`
}

type spaceDTO struct {
	Code string `json:"code,omitempty"`
	Name string `json:"name"`
	Hall string `json:"hall,omitempty" doc:"id of the hall as it is set up there"`
}

type hallDTO struct {
	ID    string    `json:"id"`
	Code  string    `json:"code,omitempty"`
	Name  string    `json:"name"`
	Kind  string    `json:"kind,omitempty" doc:"the platform's word"`
	Gauge int       `json:"gauge,omitempty" doc:"places it may hold"`
	Areas []areaDTO `json:"areas" nullable:"false" doc:"parts that an order may prefer"`
}

type areaDTO struct {
	ID   string `json:"id"`
	Code string `json:"code,omitempty"`
}

type advantageDTO struct {
	ID                string    `json:"id"`
	Code              string    `json:"code"`
	Name              string    `json:"name"`
	Description       string    `json:"description,omitempty"`
	State             string    `json:"state,omitempty" doc:"the platform's word"`
	Type              string    `json:"type,omitempty" doc:"the platform's word"`
	Target            string    `json:"target,omitempty" doc:"the platform's word: CODE needs an access code, CONTACT a contact"`
	Start             time.Time `json:"start,omitzero"`
	NeedsContact      bool      `json:"needs_contact,omitempty"`
	Exclusive         bool      `json:"exclusive,omitempty"`
	Auto              bool      `json:"auto,omitempty" doc:"the platform applies it by itself"`
	MaxPerOrder       int       `json:"max_per_order,omitempty"`
	MaxPerPerformance int       `json:"max_per_performance,omitempty"`
	Products          []string  `json:"products,omitempty" nullable:"false"`
}

type referenceInput struct {
	LanguageInput
	IncludeInput
	Code string `path:"code" doc:"code of the institution" example:"play"`
}

func (s *server) getReference(c *gin.Context) {
	cl := callOf(c.Request.Context())
	q := newQuery(c.Request.URL, cl.route)
	wished := wishes(q.language(), c.Request.Header)
	more, err := q.raw(cl.key)
	if err = cmp.Or(err, q.err()); err != nil {
		s.refuse(c, err)
		return
	}
	sh, err := s.shelfFor(cl, domain.InstitutionCode(c.Param("code")))
	if err != nil {
		s.refuse(c, err)
		return
	}
	write := func(sp *speech) referenceDTO {
		d := sh.reference(sp)
		if more {
			d.Raw = raw(sh.view.Raw)
		}
		return d
	}
	sp := sh.speech(wished)
	if more {
		d := write(sp)
		s.send(c, d, sp.used, sh.mod)
		return
	}
	b, err := sh.body(bodyKey{kind: referenceBody, langs: strings.Join(sp.langs, ",")}, func() ([]byte, []string, error) {
		b, err := encode(write(sp))
		return b, sp.used, err
	})
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.sendKept(c, b, sh.modified, headerJSON)
}

func (sh *shelf) reference(sp *speech) referenceDTO {
	v, loc, code := sh.view, sh.index.Location(), sh.view.Institution.Code
	d := referenceDTO{
		Institution: string(code), Seasons: []seasonDTO{}, PriceLevels: []priceLevelDTO{}, VAT: []vatDTO{}, Halls: []hallDTO{},
		Advantages: []advantageDTO{}, Kinds: map[string]int{}, Topics: sh.topics(sp), Venues: sh.venues(sp),
	}
	for i := range v.Seasons {
		s := &v.Seasons[i]
		d.Seasons = append(d.Seasons, seasonDTO{ID: publicID(code, s.ID), Code: s.Code, Name: sp.say(s.Name, s.Code), Start: in(s.Start, loc), End: in(s.End, loc)})
	}
	var tariffs []catalog.TariffID
	for i := range v.Tariffs {
		tariffs = append(tariffs, v.Tariffs[i].ID)
	}
	d.Tariffs = sh.tariffs(tariffs, sp)
	for _, l := range v.PriceLevels {
		d.PriceLevels = append(d.PriceLevels, priceLevelDTO{ID: publicID(code, l.ID), Code: l.Code, Category: l.Category, Public: l.Public()})
	}
	for i := range v.VAT {
		d.VAT = append(d.VAT, *toVAT(&v.VAT[i]))
	}
	for i := range v.Halls {
		h := &v.Halls[i]
		hall := hallDTO{ID: publicID(code, h.ID), Code: h.Code, Name: sp.say(h.Name, h.Code), Kind: h.Kind, Gauge: h.Gauge, Areas: make([]areaDTO, 0, len(h.Areas))}
		for _, a := range h.Areas {
			hall.Areas = append(hall.Areas, areaDTO{ID: publicID(code, a.ID), Code: a.Code})
		}
		d.Halls = append(d.Halls, hall)
	}
	for i := range v.Advantages {
		a := &v.Advantages[i]
		d.Advantages = append(d.Advantages, advantageDTO{
			ID: publicID(code, a.ID), Code: a.Code, Name: sp.say(a.Name, a.Code), Description: sp.say(a.Description, ""), State: a.State, Type: a.Type,
			Target: a.TargetType, Start: in(a.Start, loc), NeedsContact: a.NeedsContact, Exclusive: a.Exclusive, Auto: a.Auto,
			MaxPerOrder: a.MaxPerOrder, MaxPerPerformance: a.MaxPerPerformance, Products: publicIDs(sh, a.Products),
		})
	}
	for i := range v.Products {
		d.Kinds[string(v.Products[i].Kind)]++
	}
	return d
}

// topics are those of all products, each once.
func (sh *shelf) topics(sp *speech) []topicDTO {
	out, seen := []topicDTO{}, map[string]bool{}
	for i := range sh.view.Products {
		for _, t := range sh.view.Products[i].Topics {
			if !seen[t.Code] {
				seen[t.Code] = true
				out = append(out, topicDTO{Code: t.Code, Name: sp.say(t.Name, t.Code)})
			}
		}
	}
	slices.SortFunc(out, func(a, b topicDTO) int { return cmp.Compare(a.Code, b.Code) })
	return out
}

// venues are those of all performances, each once with its spaces.
func (sh *shelf) venues(sp *speech) []referenceVenue {
	out, at, seen := []referenceVenue{}, map[string]int{}, map[[2]string]bool{}
	for i := range sh.view.Performances {
		v := &sh.view.Performances[i].Venue
		n, there := at[v.Code]
		if !there {
			n = len(out)
			at[v.Code] = n
			out = append(out, referenceVenue{
				Code: v.Code, Name: sp.say(v.Name, v.Code), Street: v.Street, Zip: v.Zip, Town: v.Town, Country: v.Country, Image: v.Image,
				Spaces: []spaceDTO{},
			})
		}
		space := spaceDTO{Code: v.SpaceCode, Name: sp.say(v.Space, v.SpaceCode)}
		if v.PhysicalConfiguration != 0 {
			space.Hall = publicID(sh.view.Institution.Code, v.PhysicalConfiguration)
		}
		if key := [2]string{v.Code, v.SpaceCode + "\x00" + space.Hall}; !seen[key] {
			seen[key] = true
			out[n].Spaces = append(out[n].Spaces, space)
		}
	}
	slices.SortFunc(out, func(a, b referenceVenue) int { return cmp.Compare(a.Code, b.Code) })
	return out
}
