package api

import (
	"cmp"
	"context"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/freshness"
	"guichet/domain/quota"
)

type freshnessInput struct {
	Performance string `path:"performance" doc:"id of a performance, or of a product without performances" example:"play-10300000000201"`
}

type freshnessListInput struct {
	Institution string `query:"institution" required:"true" minLength:"1" maxLength:"64" doc:"code" example:"play"`
	Sort        string `query:"sort" enum:"stale,viewed,next" doc:"stale: longest unconfirmed first (default); viewed: most looked at first; next: what the next call is for first"`
	Limit       int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"most to list"`
}

// FreshnessFigures are what the planner believed of a performance at a moment.
type FreshnessFigures struct {
	Reason        string    `json:"reason" enum:"never_read,refused,floor,scarce,returned,room" doc:"never_read; refused: a hold was refused that our figures allowed; floor: as old as the floor allows; scarce: looked at, and may have sold out since; returned: looked at, and what was sold out may be back; room: a call made for others had room"`
	At            time.Time `json:"at"`
	Age           int64     `json:"age_s" doc:"of what was known, seconds; 0 where nothing was"`
	ViewsPerHour  float64   `json:"views_per_hour"`
	PlacesPerHour float64   `json:"places_per_hour" doc:"how fast it sells, all categories together"`
	Left          *float64  `json:"left,omitempty" doc:"places believed left in the scarcest category that sells; absent where none does"`
	Value         float64   `json:"value" doc:"what reading it is worth, in the planner's units"`
	Price         float64   `json:"price" doc:"what a whole call must be worth, in the same units"`
}

type freshnessDTO struct {
	ID           string            `json:"id" doc:"of the performance, or of the product where it has none"`
	Product      string            `json:"product"`
	Start        time.Time         `json:"start,omitzero" doc:"absent for a product"`
	Availability availabilityDTO   `json:"availability" doc:"as it is answered now"`
	ConfirmedAt  time.Time         `json:"confirmed_at,omitzero" doc:"absent: never"`
	ConfirmedBy  string            `json:"confirmed_by,omitempty" enum:"read,poll" doc:"read: getEventAvailability or getProductAvailability; poll: getUpdatedAvailabilities did not name it"`
	ReadAt       time.Time         `json:"read_at,omitzero" doc:"absent: never"`
	RefusedAt    time.Time         `json:"refused_at,omitzero" doc:"a hold was last refused for want of places; absent: never"`
	OnSaleFrom   time.Time         `json:"on_sale_from,omitzero" doc:"absent: on sale now"`
	Last         *FreshnessFigures `json:"last,omitempty" doc:"why it was last read, by the figures of that moment; absent: never by the planner"`
	Now          FreshnessFigures  `json:"now" doc:"what speaks for reading it now"`
	DueBy        time.Time         `json:"due_by,omitzero" doc:"the floor has it confirmed by then; absent: as soon as possible"`
	Ahead        int               `json:"ahead" doc:"how many others are worth more; those of one batch come with the same call"`
}

type freshnessPlanDTO struct {
	On           bool      `json:"on" doc:"false: the planner is off and only learns"`
	Performances int       `json:"performances" doc:"planned for, products without performances included"`
	Unread       int       `json:"unread"`
	DecidedAt    time.Time `json:"decided_at,omitzero" doc:"by the replica that answers; absent: not yet"`
	NextAt       time.Time `json:"next_at,omitzero" doc:"nothing is worth a call before, unless something happens"`
	Price        float64   `json:"price" doc:"what a call must be worth now, in the planner's units"`
	CallsLeft    int64     `json:"calls_left" doc:"of the month, for everything, at the last decision"`
	CallsKept    int64     `json:"calls_kept" doc:"of them, for sales and for what else is asked regularly"`
	CallsPerDay  int64     `json:"calls_per_day" doc:"an even share of the rest"`
	CallsToday   int64     `json:"calls_today" doc:"made for availability today, by the institution's day"`
	Until        time.Time `json:"until,omitzero" doc:"end of the month"`
	Floor        int64     `json:"floor_s" doc:"seconds"`
	Batch        int       `json:"batch" doc:"performances in one call"`
	CallBytes    int64     `json:"call_bytes" doc:"what a reading costs without its content, as measured"`
}

type freshnessPageDTO struct {
	Institution string           `json:"institution"`
	Plan        freshnessPlanDTO `json:"plan"`
	Items       []freshnessDTO   `json:"items" nullable:"false"`
	Next        *string          `json:"next" doc:"always null"`
}

type (
	freshnessOutput     struct{ Body freshnessDTO }
	freshnessListOutput struct{ Body freshnessPageDTO }
)

func (s *server) adminFreshness(ctx context.Context, in *freshnessInput) (*freshnessOutput, error) {
	sh, n, err := s.shelfOf(callOf(ctx), in.Performance, catalog.CodePerformanceUnknown)
	if err != nil {
		return nil, err
	}
	id := catalog.PerformanceID(n)
	if sh.view.Performance(id) == nil {
		p := sh.view.Product(catalog.ProductID(n))
		if p == nil || len(p.Performances) > 0 {
			return nil, notFound(catalog.CodePerformanceUnknown, in.Performance)
		}
		id = freshness.Undated(p.ID)
	}
	st, err := s.Freshness.Explain(ctx, sh.view.Institution.Code, id)
	if err != nil {
		return nil, err
	}
	return &freshnessOutput{sh.standing(&st)}, nil
}

func (s *server) adminListFreshness(ctx context.Context, in *freshnessListInput) (*freshnessListOutput, error) {
	sh, err := s.shelfFor(callOf(ctx), domain.InstitutionCode(in.Institution))
	if err != nil {
		return nil, err
	}
	code := sh.view.Institution.Code
	list, sum, err := s.Freshness.List(ctx, code, cmp.Or(freshness.Order(in.Sort), freshness.OrderStale), cmp.Or(in.Limit, domain.DefaultLimit))
	if err != nil {
		return nil, err
	}
	out := &freshnessListOutput{freshnessPageDTO{Institution: string(code), Plan: s.freshnessPlan(&sum), Items: []freshnessDTO{}}}
	if out.Body.Plan.CallsToday, err = s.askedToday(ctx, sh); err != nil {
		return nil, err
	}
	for i := range list {
		out.Body.Items = append(out.Body.Items, sh.standing(&list[i]))
	}
	return out, nil
}

// askedToday counts the calls for availability of the institution's day.
func (s *server) askedToday(ctx context.Context, sh *shelf) (n int64, err error) {
	now := s.Clock()
	local := now.In(sh.index.Location())
	from := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	counts, err := s.Meter.Counts(ctx, sh.view.Institution.Code, quota.Hour, from, now.Add(time.Hour))
	for _, c := range counts {
		if c.Service == "availabilityService" && c.Class == quota.Refresh {
			n += c.Calls
		}
	}
	return n, err
}

func (s *server) freshnessPlan(sum *freshness.Summary) freshnessPlanDTO {
	d := freshnessPlanDTO{
		On: !sum.Off, Performances: sum.Performances, Unread: sum.Unread, DecidedAt: sum.DecidedAt, NextAt: sum.NextAt, Price: sum.Price,
		CallsLeft: sum.Budget.Calls, CallsKept: sum.Budget.ReserveCalls, Until: sum.Budget.Until, Floor: int64(sum.Settings.Floor / time.Second),
		Batch: sum.Settings.Batch, CallBytes: sum.Settings.Costs.Call,
	}
	if left := sum.Budget.Until.Sub(s.Clock()); left > 0 {
		d.CallsPerDay = int64(float64(sum.Spendable) / max(1, left.Hours()/24))
	}
	return d
}

// standing describes how fresh one performance is, or one product without any.
func (sh *shelf) standing(st *freshness.Standing) freshnessDTO {
	code, loc := sh.view.Institution.Code, sh.index.Location()
	d := freshnessDTO{
		Product: publicID(code, st.Product), ConfirmedAt: in(st.ConfirmedAt, loc), ConfirmedBy: string(st.By), ReadAt: in(st.ReadAt, loc),
		RefusedAt: in(st.RefusedAt, loc), OnSaleFrom: in(st.OnSaleFrom, loc), DueBy: in(st.DueBy, loc), Ahead: st.Ahead, Now: sh.figures(&st.Now),
	}
	if st.Last.Reason != "" {
		f := sh.figures(&st.Last)
		d.Last = &f
	}
	if st.ID < 0 {
		d.ID = d.Product
		if p := sh.view.Product(st.Product); p != nil {
			d.Availability = toAvailability(sh.view.ProductAvailability(p, sh.at), loc)
		}
	} else {
		d.ID = publicID(code, st.ID)
		if p := sh.view.Performance(st.ID); p != nil {
			d.Start, d.Availability = in(p.Start, loc), sh.said(sh.view.PerformanceAvailability(p), p)
		}
	}
	d.Availability.Level = cmp.Or(d.Availability.Level, string(catalog.LevelUnknown)) // gone from the catalog a moment ago
	return d
}

func (sh *shelf) figures(e *freshness.Explanation) FreshnessFigures {
	f := FreshnessFigures{
		Reason: string(e.Reason), At: in(e.DecidedAt, sh.index.Location()), Age: int64(e.Age / time.Second), ViewsPerHour: e.ViewsPerHour,
		PlacesPerHour: e.PlacesPerHour, Value: e.Value, Price: e.Price,
	}
	if e.Left >= 0 {
		f.Left = &e.Left
	}
	return f
}
