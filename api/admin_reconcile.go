package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/reconcile"
)

type runDTO struct {
	ID          string    `json:"id" example:"rec_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	Institution string    `json:"institution"`
	State       string    `json:"state" enum:"waiting,paused,done" doc:"paused: it goes on where it stopped, in the night at the latest"`
	From        time.Time `json:"from" doc:"our orders created, and payments made or reported, from then …"`
	To          time.Time `json:"to" doc:"… to then"`
	By          string    `json:"by,omitempty" doc:"who asked; absent: the nightly job"`
	StartedAt   time.Time `json:"started_at"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
	At          time.Time `json:"at" doc:"how far our orders are compared"`
	Calls       int       `json:"calls" doc:"to the platform"`
	Orders      int       `json:"orders" doc:"compared"`
	Tickets     int       `json:"tickets" doc:"listed by the platform"`
	Payments    int       `json:"payments" doc:"compared"`
	Opened      int       `json:"opened" doc:"cases"`
	Seen        int       `json:"seen" doc:"differences that had a case already"`
	Closed      int       `json:"closed" doc:"cases whose difference is gone"`
	NotLooked   int       `json:"not_looked" doc:"of the platform's orders that we do not know, those that were not looked at for want of calls"`
	Unnumbered  bool      `json:"unnumbered,omitempty" doc:"the platform's list names no orders: every sold order was read by itself, and unknown ones cannot be found"`
	Error       string    `json:"error,omitempty" doc:"why it paused: calls_used_up, or a code"`
}

func toRun(r *reconcile.Run, loc *time.Location) runDTO {
	return runDTO{
		ID: r.ID, Institution: string(r.Institution), State: string(r.State), From: in(r.From, loc), To: in(r.To, loc), By: r.By,
		StartedAt: in(r.StartedAt, loc), EndedAt: in(r.EndedAt, loc), At: in(r.At, loc), Calls: r.Calls, Orders: r.Orders, Tickets: r.Tickets,
		Payments: r.Payments, Opened: r.Opened, Seen: r.Seen, Closed: r.Closed, NotLooked: r.NotLooked, Unnumbered: r.Unnumbered, Error: r.Error,
	}
}

type factDTO struct {
	Side  string `json:"side" enum:"ours,platform,storefront"`
	Name  string `json:"name"`
	Value string `json:"value" doc:"barcodes are shortened"`
}

type caseDecisionDTO struct {
	Action  string    `json:"action"`
	Reason  string    `json:"reason"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome,omitempty" doc:"of an action of ours: done, under_way, by_hand (a person undoes it in S-360), or the code of what kept it"`
}

type caseDTO struct {
	ID            string           `json:"id" example:"cas_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	Institution   string           `json:"institution"`
	Storefront    string           `json:"storefront,omitempty"`
	Kind          string           `json:"kind" enum:"platform_sold,platform_order_unknown,not_at_platform,amount_differs,ticket_missing,ticket_cancelled,barcode_changed,paid_without_ticket,ticket_without_payment,payment_differs,double_payment"`
	State         string           `json:"state" enum:"open,decided,closed" doc:"closed: the difference is gone"`
	Order         string           `json:"order,omitempty" doc:"ours"`
	PlatformOrder int64            `json:"platform_order,omitempty" doc:"S-360's"`
	Payment       string           `json:"payment,omitempty" doc:"the payment's id here"`
	Differs       []factDTO        `json:"differs" nullable:"false" doc:"what each side says"`
	Context       []factDTO        `json:"context" nullable:"false" doc:"what else helps to decide"`
	Proposed      string           `json:"proposed" doc:"action"`
	Actions       []string         `json:"actions" nullable:"false" doc:"that fit"`
	Decision      *caseDecisionDTO `json:"decision,omitempty"`
	OpenedAt      time.Time        `json:"opened_at"`
	SeenAt        time.Time        `json:"seen_at" doc:"when the difference was last there"`
	ClosedAt      time.Time        `json:"closed_at,omitzero"`
	Run           string           `json:"run" doc:"the reconciliation that looked at it last"`
}

func toCase(c *reconcile.Case, loc *time.Location) caseDTO {
	d := caseDTO{
		ID: c.ID, Institution: string(c.Institution), Storefront: c.Storefront, Kind: string(c.Kind), State: string(c.State), Order: c.Subject.Order,
		PlatformOrder: c.Subject.Platform, Payment: c.Subject.Payment, Differs: toFacts(c.Facts), Context: toFacts(c.Context), Proposed: string(c.Proposed),
		Actions: []string{}, OpenedAt: in(c.OpenedAt, loc), SeenAt: in(c.SeenAt, loc), ClosedAt: in(c.ClosedAt, loc), Run: c.Run,
	}
	for _, a := range c.Kind.Actions() {
		d.Actions = append(d.Actions, string(a))
	}
	if x := c.Decision; x != nil {
		d.Decision = &caseDecisionDTO{Action: string(x.Action), Reason: x.Reason, By: x.By, At: in(x.At, loc), Outcome: x.Outcome}
	}
	return d
}

func toFacts(list []reconcile.Fact) []factDTO {
	out := make([]factDTO, 0, len(list))
	for _, f := range list {
		out = append(out, factDTO(f))
	}
	return out
}

type reconcileRequest struct {
	Institution string     `json:"institution" maxLength:"64" doc:"code" example:"play"`
	From        *time.Time `json:"from,omitempty" doc:"default: a day before to"`
	To          *time.Time `json:"to,omitempty" doc:"default, and at the latest: a quarter of an hour ago; at most 31 days after from"`
}

type reconcileInput struct{ Body reconcileRequest }

type runOutput struct {
	Status   int
	Location string `header:"Location" doc:"/v1/admin/reconciliations/ and the id"`
	Body     runDTO
}

func (s *server) adminReconcile(ctx context.Context, in *reconcileInput) (*runOutput, error) {
	codes, err := s.named(ctx, in.Body.Institution)
	if err != nil {
		return nil, err
	}
	if in.Body.Institution == "" {
		return nil, domain.Errorf(domain.Invalid, domain.CodeRequest, "the reconciliation cannot be made as asked").WithField("/institution", CodeRequestRequired, "the code of one institution")
	}
	var from, to time.Time
	if in.Body.From != nil {
		from = in.Body.From.UTC().Truncate(time.Millisecond)
	}
	if in.Body.To != nil {
		to = in.Body.To.UTC().Truncate(time.Millisecond)
	}
	r, err := s.Reconcile.Start(ctx, codes[0], from, to, actor(callOf(ctx).key))
	if err != nil {
		return nil, err
	}
	return &runOutput{Status: http.StatusAccepted, Location: "/v1/admin/reconciliations/" + r.ID, Body: toRun(&r, s.location(r.Institution))}, nil
}

type runInput struct {
	ID string `path:"id" maxLength:"64" doc:"id of the reconciliation"`
}

type oneRunOutput struct{ Body runDTO }

func (s *server) adminRun(ctx context.Context, in *runInput) (*oneRunOutput, error) {
	r, err := s.Reconcile.Store.Run(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := mustSee(callOf(ctx).key, r.Institution); err != nil {
		return nil, err
	}
	return &oneRunOutput{Body: toRun(&r, s.location(r.Institution))}, nil
}

type runsInput struct {
	PageInput
	Institution string `query:"institution" maxLength:"64" doc:"code; default: every one that the key sees"`
}

type runPageOutput struct {
	Link string `header:"Link" doc:"the next page, rel=next"`
	Body struct {
		Items []runDTO `json:"items" nullable:"false" doc:"newest first"`
		Next  *string  `json:"next" doc:"cursor of the next page; null at the end"`
	} `nameHint:"ReconciliationPage"`
}

func (s *server) adminRuns(ctx context.Context, in *runsInput) (*runPageOutput, error) {
	codes, err := s.named(ctx, in.Institution)
	if err != nil {
		return nil, err
	}
	runs, next, err := s.Reconcile.Store.Runs(ctx, codes, domain.Page{Limit: in.Limit, Cursor: in.Cursor})
	if err != nil {
		return nil, err
	}
	out := &runPageOutput{}
	out.Body.Items = make([]runDTO, 0, len(runs))
	for i := range runs {
		out.Body.Items = append(out.Body.Items, toRun(&runs[i], s.location(runs[i].Institution)))
	}
	out.Link, out.Body.Next = nextPage(ctx, next)
	return out, nil
}

type casesInput struct {
	PageInput
	Institution string `query:"institution" maxLength:"64" doc:"code; default: every one that the key sees"`
	State       string `query:"state" maxLength:"100" doc:"one or more of open, decided, closed, separated by commas" example:"open"`
	Kind        string `query:"kind" maxLength:"300" doc:"one or more kinds, separated by commas"`
	Storefront  string `query:"storefront" maxLength:"64" doc:"name"`
}

type casePageOutput struct {
	Link string `header:"Link" doc:"the next page, rel=next"`
	Body struct {
		Items []caseDTO `json:"items" nullable:"false" doc:"newest first"`
		Next  *string   `json:"next" doc:"cursor of the next page; null at the end"`
	} `nameHint:"CasePage"`
}

func (s *server) adminCases(ctx context.Context, in *casesInput) (*casePageOutput, error) {
	codes, err := s.named(ctx, in.Institution)
	if err != nil {
		return nil, err
	}
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong")
	q := reconcile.CaseQuery{Institutions: codes, Storefront: in.Storefront, Page: domain.Page{Limit: in.Limit, Cursor: in.Cursor}}
	q.States = chosen(in.State, []reconcile.State{reconcile.Open, reconcile.Decided, reconcile.Closed}, "?state", bad)
	q.Kinds = chosen(in.Kind, reconcile.Kinds(), "?kind", bad)
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	cases, next, err := s.Reconcile.Store.Cases(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &casePageOutput{}
	out.Body.Items = make([]caseDTO, 0, len(cases))
	for i := range cases {
		out.Body.Items = append(out.Body.Items, toCase(&cases[i], s.location(cases[i].Institution)))
	}
	out.Link, out.Body.Next = nextPage(ctx, next)
	return out, nil
}

// chosen reads a comma-separated list of values of a closed list.
func chosen[T ~string](text string, all []T, pointer string, bad *domain.Error) []T {
	var out []T
	if text == "" {
		return nil
	}
	for v := range strings.SplitSeq(text, ",") {
		if !slices.Contains(all, T(v)) {
			bad.WithField(pointer, domain.CodeRequest, "one or more of "+joined(all))
			return nil
		}
		out = append(out, T(v))
	}
	return out
}

type caseInput struct {
	ID string `path:"id" maxLength:"64" doc:"id of the case"`
}

type caseOutput struct{ Body caseDTO }

func (s *server) adminCase(ctx context.Context, in *caseInput) (*caseOutput, error) {
	c, err := s.seenCase(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &caseOutput{Body: toCase(&c, s.location(c.Institution))}, nil
}

func (s *server) seenCase(ctx context.Context, id string) (reconcile.Case, error) {
	c, err := s.Reconcile.Store.Case(ctx, id)
	if err != nil {
		return c, err
	}
	return c, mustSee(callOf(ctx).key, c.Institution)
}

type decideCaseInput struct {
	ID   string `path:"id" maxLength:"64" doc:"id of the case"`
	Body struct {
		Action string `json:"action" enum:"adopt,renew,correct,refund,ask_institution,ask_storefront,accept" doc:"one of the case's actions; adopt, renew, correct and refund are carried out at once"`
		Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"why; it is kept with who decided"`
	} `nameHint:"CaseDecisionRequest"`
}

func (s *server) adminDecideCase(ctx context.Context, in *decideCaseInput) (*caseOutput, error) {
	if _, err := s.seenCase(ctx, in.ID); err != nil {
		return nil, err
	}
	c, err := s.Reconcile.Decide(ctx, in.ID, reconcile.Decision{Action: reconcile.Action(in.Body.Action), Reason: in.Body.Reason, By: actor(callOf(ctx).key)})
	if err != nil {
		return nil, err
	}
	return &caseOutput{Body: toCase(&c, s.location(c.Institution))}, nil
}

type auditDTO struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"who: a storefront's name and key, or reconciliation"`
	Action  string    `json:"action" example:"case.adopt"`
	Subject string    `json:"subject"`
	Reason  string    `json:"reason,omitempty"`
	Outcome string    `json:"outcome,omitempty"`
}

type auditInput struct {
	PageInput
	Subject string `query:"subject" maxLength:"100" doc:"id of what was acted on"`
}

type auditPageOutput struct {
	Link string `header:"Link" doc:"the next page, rel=next"`
	Body struct {
		Items []auditDTO `json:"items" nullable:"false" doc:"newest first"`
		Next  *string    `json:"next" doc:"cursor of the next page; null at the end"`
	} `nameHint:"AuditPage"`
}

func (s *server) adminAudit(ctx context.Context, q *auditInput) (*auditPageOutput, error) {
	entries, next, err := s.Reconcile.Store.Log(ctx, q.Subject, domain.Page{Limit: q.Limit, Cursor: q.Cursor})
	if err != nil {
		return nil, err
	}
	out := &auditPageOutput{}
	out.Body.Items = make([]auditDTO, 0, len(entries))
	for _, e := range entries {
		out.Body.Items = append(out.Body.Items, auditDTO{
			ID: e.ID, At: in(e.At, time.UTC), Actor: e.Actor, Action: e.Action, Subject: e.Subject, Reason: e.Reason, Outcome: e.Outcome,
		})
	}
	out.Link, out.Body.Next = nextPage(ctx, next)
	return out, nil
}
