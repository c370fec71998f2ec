package api

import (
	"context"
	"encoding/json"
	"time"

	"guichet/domain/quota"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

// monthDTO is an institution's month.
type monthDTO struct {
	Institution   string        `json:"institution"`
	Month         string        `json:"month" example:"2026-10"`
	Used          sumDTO        `json:"used"`
	Today         sumDTO        `json:"today"`
	PlanToday     int64         `json:"plan_today" doc:"calls that today may use so that every day left of the month has as many"`
	Excluded      sumDTO        `json:"excluded" doc:"of used: what the platform does not count, because the partner is exempt"`
	ByOperator    []quotaPart   `json:"by_operator" nullable:"false" doc:"by the platform's key: the virtual operator"`
	ByService     []quotaPart   `json:"by_service" nullable:"false"`
	ByClass       []quotaPart   `json:"by_class" nullable:"false"`
	Errors        []quotaPart   `json:"errors" nullable:"false" doc:"by outcome"`
	Days          []quotaDay    `json:"days" nullable:"false"`
	Forecast      quotaForecast `json:"forecast" doc:"calls at the month's end"`
	ForecastBytes quotaForecast `json:"forecast_bytes"`
	Alarm         int           `json:"alarm" doc:"the line passed, in percent of calls or bytes: 0, 50, 80 or 95"`
	Crosses       bool          `json:"crosses" doc:"by the forecast the month crosses its limit: the standard offer does not do"`
	RunsOutAt     time.Time     `json:"runs_out_at,omitzero" doc:"when the standard offer's calls or bytes are used up, by the forecast; absent: not this month"`
	Pack          quotaBill     `json:"pack" doc:"what the forecast would cost with the Performance Pack"`
	PackLow       quotaBill     `json:"pack_low" doc:"the same for the forecast's lower ends"`
	PackHigh      quotaBill     `json:"pack_high" doc:"the same for its upper ends"`
	SoldOrders    int64         `json:"sold_orders"`
	CallsPerOrder float64       `json:"calls_per_sold_order" doc:"calls of classes sale and settle by orders sold; 0: none sold"`
	Peaks         []quotaPeak   `json:"peaks" nullable:"false" doc:"times with a raised rate"`
}

type sumDTO struct {
	Calls    int64 `json:"calls"`
	BytesOut int64 `json:"bytes_out"`
	BytesIn  int64 `json:"bytes_in"`
}

type quotaPart struct {
	Name  string `json:"name"`
	Calls int64  `json:"calls"`
	Bytes int64  `json:"bytes"`
}

type quotaDay struct {
	Day   string `json:"day" format:"date"`
	Calls int64  `json:"calls"`
	Bytes int64  `json:"bytes"`
}

type quotaForecast struct {
	Expected int64 `json:"expected"`
	Low      int64 `json:"low" doc:"four months of five end between low and high"`
	High     int64 `json:"high"`
	Days     int   `json:"days" doc:"whole days it was learned from; below 3 it says little"`
}

type quotaBill struct {
	CallBlocks int64     `json:"call_blocks" doc:"started blocks of 1,000 calls beyond 10,000"`
	DataBlocks int64     `json:"data_blocks" doc:"started GB beyond the first"`
	Cost       *moneyDTO `json:"cost,omitempty" doc:"absent: the prices are not configured"`
}

type quotaPeak struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	PerMinute int       `json:"per_minute"`
	Note      string    `json:"note,omitempty"`
}

func toSum(s quota.Sum) sumDTO { return sumDTO{s.Calls, s.BytesOut, s.BytesIn} }

func toParts(list []quota.Part) []quotaPart {
	out := make([]quotaPart, 0, len(list))
	for _, p := range list {
		out = append(out, quotaPart{p.Name, p.Calls, p.BytesOut + p.BytesIn})
	}
	return out
}

func toBill(b quota.Bill) quotaBill {
	d := quotaBill{CallBlocks: b.CallBlocks, DataBlocks: b.DataBlocks}
	if b.Cost.Currency != "" {
		d.Cost = moneyOrNil(b.Cost)
	}
	return d
}

func toForecast(f quota.Forecast) quotaForecast {
	return quotaForecast{f.Expected, f.Low, f.High, f.Days}
}

func toMonth(r *quota.Report) monthDTO {
	d := monthDTO{
		Institution: string(r.Institution), Month: r.Usage.Month, Used: toSum(r.Month), Today: toSum(r.Today), PlanToday: r.PlanToday,
		Excluded: toSum(r.Excluded), ByOperator: toParts(r.ByOperator), ByService: toParts(r.ByService), ByClass: toParts(r.ByClass),
		Errors: toParts(r.Errors), Days: []quotaDay{}, Forecast: toForecast(r.Forecast), ForecastBytes: toForecast(r.ForecastBytes),
		Alarm: r.Alarm.Percent, Crosses: r.StandardBreaks, SoldOrders: r.SoldOrders, CallsPerOrder: r.CallsPerSold, Peaks: []quotaPeak{},
		RunsOutAt: in(r.RunsOut(), time.UTC), Pack: toBill(r.Pack), PackLow: toBill(r.PackLow), PackHigh: toBill(r.PackHigh),
	}
	for _, day := range r.Days {
		d.Days = append(d.Days, quotaDay{day.Day.In(r.From.Location()).Format(time.DateOnly), day.Calls, day.BytesOut + day.BytesIn})
	}
	for _, p := range r.Peaks {
		d.Peaks = append(d.Peaks, quotaPeak{p.From, p.To, p.PerMinute, p.Note})
	}
	return d
}

type orderCallDTO struct {
	At       time.Time `json:"at" doc:"when it ended"`
	Service  string    `json:"service"`
	Method   string    `json:"method"`
	Class    string    `json:"class" doc:"sale, settle, control, refresh or admin"`
	Job      string    `json:"job,omitempty" doc:"the background job that made it"`
	Outcome  string    `json:"outcome"`
	BytesOut int64     `json:"bytes_out"`
	BytesIn  int64     `json:"bytes_in"`
	MS       int64     `json:"ms"`
}

// Answers shows what was kept of what an order's calls asked and were answered, oldest first.
type Answers interface {
	Exchanges(ctx context.Context, order string) ([]quota.Exchange, error)
}

type orderAnswerDTO struct {
	At      time.Time `json:"at" doc:"when it ended"`
	Call    string    `json:"call" doc:"service and method" example:"externalOrderService.closeOrder"`
	Outcome string    `json:"outcome"`
	Request rawDTO    `json:"request,omitempty" doc:"as it was asked, without secrets and personal data"`
	Answer  rawDTO    `json:"answer,omitempty" doc:"as it was answered, the same; absent: nothing came, or no JSON"`
	Text    string    `json:"answer_text,omitempty" doc:"where the answer was no JSON, or is not kept"`
}

type orderCallsInput struct {
	OrderInput
	Raw bool `query:"raw" doc:"show what was asked and answered, too; needs the scope admin"`
}

type orderCallPageOutput struct {
	Body struct {
		Items []orderCallDTO   `json:"items" nullable:"false" doc:"oldest first"`
		Raw   []orderAnswerDTO `json:"raw,omitempty" doc:"with raw=true: of the time that answers are kept, the last 500, oldest first"`
		Next  *string          `json:"next" doc:"always null"`
	} `nameHint:"OrderCallPage"`
}

// orderCalls lists what an order has cost at the platform. Every key that may call it sees the orders of its institutions,
// whichever storefront they are of: costs are nobody's secret among those who pay them.
func (s *server) orderCalls(ctx context.Context, in *orderCallsInput) (*orderCallPageOutput, error) {
	key := callOf(ctx).key
	if in.Raw && !key.May(storefront.ScopeAdmin) {
		return nil, needScope(storefront.ScopeAdmin)
	}
	o, err := s.Sales.Order(ctx, sales.Viewer{Storefront: key.Storefront, Institutions: key.Institutions, Everything: true}, sales.OrderID(in.ID))
	if err != nil {
		return nil, err
	}
	if err := mustSee(key, o.Institution); err != nil {
		return nil, err
	}
	calls, err := s.Meter.CallsFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &orderCallPageOutput{}
	out.Body.Items = make([]orderCallDTO, 0, len(calls))
	for _, c := range calls {
		out.Body.Items = append(out.Body.Items, orderCallDTO{
			At: c.At.UTC(), Service: c.Service, Method: c.Method, Class: string(c.Class), Job: c.Purpose.Job, Outcome: c.Outcome,
			BytesOut: c.BytesOut, BytesIn: c.BytesIn, MS: c.Took.Milliseconds(),
		})
	}
	if !in.Raw {
		return out, nil
	}
	kept, err := s.Answers.Exchanges(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	for _, e := range kept {
		d := orderAnswerDTO{At: e.At.UTC(), Call: e.Call, Outcome: e.Outcome}
		d.Request, _ = rawOf(e.Request)
		d.Answer, d.Text = rawOf(e.Answer)
		out.Body.Raw = append(out.Body.Raw, d)
	}
	return out, nil
}

// rawOf is a JSON object's members, or else the text that stands for it.
func rawOf(kept json.RawMessage) (members rawDTO, text string) {
	if json.Unmarshal(kept, &members) == nil {
		return members, ""
	}
	if json.Unmarshal(kept, &text) == nil {
		return nil, text
	}
	return nil, string(kept)
}
