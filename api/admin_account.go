package api

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

type standingDTO struct {
	Institution string    `json:"institution"`
	Balance     *moneyDTO `json:"balance,omitempty" doc:"what we owe; absent where nothing was ever posted and the catalog is not loaded"`
	UnderWay    *moneyDTO `json:"under_way,omitempty" doc:"what closes whose outcome is not known yet may add"`
	Limit       *moneyDTO `json:"limit,omitempty" doc:"the most that may be owed; absent: none"`
	Left        *moneyDTO `json:"left,omitempty" doc:"what may still be sold; absent without limit"`
	Percent     int       `json:"percent,omitempty" doc:"of the limit that is used, with what is under way"`
	Postings    int64     `json:"postings"`
	PostedAt    time.Time `json:"posted_at,omitzero" doc:"the last posting"`
}

type accountSumDTO struct {
	Account string   `json:"account" example:"storefront:web"`
	Debit   moneyDTO `json:"debit"`
	Credit  moneyDTO `json:"credit"`
	Balance moneyDTO `json:"balance" doc:"debit less credit; all balances together are zero"`
}

type postingDTO struct {
	Number     int64     `json:"number" doc:"without a gap in this ledger"`
	Kind       string    `json:"kind" enum:"close,refund,fee,payment,correction,reversal"`
	Cause      string    `json:"cause" doc:"what it was posted for, once: an order, a refund, a request's key"`
	Debit      string    `json:"debit" example:"storefront:web"`
	Credit     string    `json:"credit" example:"pending"`
	Amount     moneyDTO  `json:"amount"`
	Change     moneyDTO  `json:"change" doc:"what it added to what is owed; below zero where it took"`
	Owed       moneyDTO  `json:"owed" doc:"after it"`
	Order      string    `json:"order,omitempty"`
	Storefront string    `json:"storefront,omitempty"`
	Of         int64     `json:"of,omitempty" doc:"of a reversal: the number of what it reverses"`
	By         string    `json:"by,omitempty" doc:"who posted it; absent: an order did"`
	Reason     string    `json:"reason,omitempty"`
	At         time.Time `json:"at" doc:"when it happened"`
	BookedAt   time.Time `json:"booked_at" doc:"when it was written: decides its day"`
}

type dayDTO struct {
	Date        string   `json:"date" format:"date"`
	Postings    int      `json:"postings"`
	Opening     moneyDTO `json:"opening"`
	Added       moneyDTO `json:"added"`
	Taken       moneyDTO `json:"taken"`
	Closing     moneyDTO `json:"closing"`
	Closes      moneyDTO `json:"closes" doc:"what closes added"`
	Refunds     moneyDTO `json:"refunds" doc:"what refunds took, below zero"`
	Fees        moneyDTO `json:"fees"`
	Payments    moneyDTO `json:"payments" doc:"what we paid, below zero"`
	Corrections moneyDTO `json:"corrections" doc:"with reversals"`
}

type statementDTO struct {
	Institution string       `json:"institution"`
	Currency    string       `json:"currency"`
	TimeZone    string       `json:"time_zone"`
	From        string       `json:"from" format:"date"`
	To          string       `json:"to" format:"date"`
	Opening     moneyDTO     `json:"opening" doc:"owed before the first day"`
	Closing     moneyDTO     `json:"closing" doc:"owed after the last day, as far as it is over"`
	Days        []dayDTO     `json:"days" nullable:"false" doc:"those with postings"`
	Items       []postingDTO `json:"items" nullable:"false" doc:"by number"`
	Next        *string      `json:"next" doc:"cursor of the next page; null at the end"`
}

func toPosting(p *account.Posting, loc *time.Location) postingDTO {
	return postingDTO{
		Number: p.Number, Kind: string(p.Kind), Cause: p.Cause, Debit: string(p.Debit), Credit: string(p.Credit), Amount: minor(p.Thousandths, p.Currency),
		Change: minor(p.Change(), p.Currency), Owed: minor(p.Owed, p.Currency), Order: p.Order, Storefront: p.Storefront, Of: p.Of, By: p.By,
		Reason: p.Reason, At: in(p.At, loc), BookedAt: in(p.BookedAt, loc),
	}
}

func minor(thousandths int64, c domain.Currency) moneyDTO {
	return toMoney(account.Minor(thousandths, c))
}

func toStanding(st *account.Standing, loc *time.Location) standingDTO {
	d := standingDTO{
		Institution: string(st.Institution), Balance: moneyOrNil(st.Owed), UnderWay: moneyOrNil(st.Claimed), Percent: st.Percent,
		Postings: st.Postings, PostedAt: in(st.BookedAt, loc),
	}
	if st.Limit != nil {
		d.Limit, d.Left = moneyPtr(*st.Limit), moneyPtr(*st.Left)
	}
	return d
}

type standingPageOutput struct {
	Body struct {
		Items []standingDTO `json:"items" nullable:"false"`
		Next  *string       `json:"next" doc:"always null"`
	} `nameHint:"StandingPage"`
}

func (s *server) adminPendingAccount(ctx context.Context, _ *struct{}) (*standingPageOutput, error) {
	codes, err := s.named(ctx, "")
	if err != nil {
		return nil, err
	}
	out := &standingPageOutput{}
	out.Body.Items = []standingDTO{}
	for _, code := range codes {
		st, err := s.Account.Standing(ctx, code)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, toStanding(&st, s.location(code)))
	}
	return out, nil
}

type accountInput struct {
	Institution string `path:"institution" maxLength:"64" doc:"code" example:"play"`
}

type accountOutput struct {
	Body struct {
		Standing standingDTO     `json:"standing"`
		Accounts []accountSumDTO `json:"accounts" nullable:"false" doc:"turnover since the beginning"`
	} `nameHint:"Account"`
}

func (s *server) adminAccount(ctx context.Context, in *accountInput) (*accountOutput, error) {
	codes, err := s.named(ctx, in.Institution)
	if err != nil {
		return nil, err
	}
	st, err := s.Account.Standing(ctx, codes[0])
	if err != nil {
		return nil, err
	}
	out := &accountOutput{}
	out.Body.Standing, out.Body.Accounts = toStanding(&st, s.location(codes[0])), []accountSumDTO{}
	if st.Owed.Currency == "" {
		return out, nil
	}
	sums, err := s.Account.Store.Sums(ctx, codes[0], st.Owed.Currency)
	if err != nil {
		return nil, err
	}
	for _, a := range sums {
		out.Body.Accounts = append(out.Body.Accounts, accountSumDTO{
			Account: string(a.Account), Debit: minor(a.Debit, st.Owed.Currency), Credit: minor(a.Credit, st.Owed.Currency),
			Balance: minor(a.Debit-a.Credit, st.Owed.Currency),
		})
	}
	return out, nil
}

// StatementInput says which days of whose statement are meant.
type StatementInput struct {
	Institution string `path:"institution" maxLength:"64" doc:"code" example:"play"`
	From        string `query:"from" format:"date" doc:"first local day of the institution; default: today" example:"2026-10-01"`
	To          string `query:"to" format:"date" doc:"last local day; default: from; at most 366 days"`
	Currency    string `query:"currency" pattern:"^[A-Z]{3}$" doc:"default: the institution's own"`
}

type statementInput struct {
	PageInput
	StatementInput
}

// period reads what a statement is asked for.
func (s *server) period(c *gin.Context, q *query) (account.Statement, error) {
	ctx := c.Request.Context()
	from, to, currency := q.day("from"), q.day("to"), domain.Currency(q.text("currency"))
	if currency != "" && !currency.Valid() {
		q.fault("currency", "an ISO 4217 code in upper case")
	}
	if err := q.err(); err != nil {
		return account.Statement{}, err
	}
	codes, err := s.named(ctx, c.Param("institution"))
	if err != nil {
		return account.Statement{}, err
	}
	return s.Account.Period(ctx, codes[0], currency, from, to)
}

// adminStatement answers with JSON, or with CSV where that is asked for.
func (s *server) adminStatement(c *gin.Context) {
	c.Writer.Header().Set("Vary", "Accept")
	if strings.Contains(c.GetHeader("Accept"), "text/csv") {
		s.adminStatementCSV(c)
		return
	}
	ctx := c.Request.Context()
	q := newQuery(c.Request.URL, callOf(ctx).route)
	limit, after := q.limit(), int64(0)
	if cursor := q.text("cursor"); cursor != "" {
		n, err := strconv.ParseInt(cursor, 36, 64)
		if err != nil || n <= 0 || strconv.FormatInt(n, 36) != cursor {
			q.faultAs("cursor", CodeRequestCursor, "use the next member of the page before")
		}
		after = n
	}
	st, err := s.period(c, q)
	if err == nil {
		st, err = s.Account.Sum(ctx, st)
	}
	var list []account.Posting
	if err == nil {
		list, err = s.Account.Page(ctx, st, after, limit+1)
	}
	if err != nil {
		s.refuse(c, err)
		return
	}
	d := toStatement(&st)
	if len(list) > limit {
		list = list[:limit]
		next := strconv.FormatInt(list[limit-1].Number, 36)
		d.Next = &next
	}
	for i := range list {
		d.Items = append(d.Items, toPosting(&list[i], st.Zone))
	}
	body, err := encode(d)
	if err != nil {
		s.refuse(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", body)
}

func toStatement(st *account.Statement) statementDTO {
	money := func(n int64) moneyDTO { return minor(n, st.Currency) }
	d := statementDTO{
		Institution: string(st.Institution), Currency: string(st.Currency), TimeZone: st.Zone.String(), From: string(st.From), To: string(st.To),
		Opening: money(st.Opening), Closing: money(st.Closing), Days: []dayDTO{}, Items: []postingDTO{},
	}
	for _, day := range st.Days {
		d.Days = append(d.Days, dayDTO{
			Date: string(day.Day), Postings: day.Postings, Opening: money(day.Opening), Added: money(day.Added), Taken: money(day.Taken),
			Closing: money(day.Closing), Closes: money(day.Closes), Refunds: money(day.Refunds), Fees: money(day.Fees), Payments: money(day.Paid),
			Corrections: money(day.Rest),
		})
	}
	return d
}

// adminStatementCSV writes the whole statement as it is read.
func (s *server) adminStatementCSV(c *gin.Context) {
	ctx := c.Request.Context()
	q := newQuery(c.Request.URL, callOf(ctx).route)
	if q.values.Has("limit") || q.values.Has("cursor") {
		q.fault("limit", "a CSV statement comes whole: neither limit nor cursor")
	}
	st, err := s.period(c, q)
	if err != nil {
		s.refuse(c, err)
		return
	}
	h := c.Writer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="statement-`+string(st.Institution)+"-"+string(st.From)+"-"+string(st.To)+`.csv"`)
	c.Writer.WriteHeader(http.StatusOK)
	w := csv.NewWriter(c.Writer)
	_ = w.Write(account.CSVHead()) // a writer's error stays until Flush
	_ = w.Write(st.CSVBalance("opening", st.Opening))
	owed := st.Opening
	err = s.Account.Each(ctx, st, 0, func(p account.Posting) error {
		owed = p.Owed
		return w.Write(st.CSVLine(p))
	})
	if err != nil {
		w.Flush()
		callOf(ctx).failure = err // the status is sent: a statement without its last line was cut
		return
	}
	_ = w.Write(st.CSVBalance("closing", owed))
	w.Flush()
}

type postingRequest struct {
	Kind       string    `json:"kind" enum:"payment,fee,correction,reversal" doc:"payment: we paid the institution; fee: it charged a storefront's sales beside an order"`
	Amount     *moneyDTO `json:"amount,omitempty" doc:"above zero; not with a reversal"`
	Debit      string    `json:"debit,omitempty" maxLength:"220" doc:"of a correction: the account that it goes to" example:"differences"`
	Credit     string    `json:"credit,omitempty" maxLength:"220" doc:"of a correction: the account that it comes from" example:"pending"`
	Storefront string    `json:"storefront,omitempty" maxLength:"64" doc:"of a fee"`
	Of         int64     `json:"of,omitempty" minimum:"1" doc:"of a reversal: the number of what it reverses"`
	Order      string    `json:"order,omitempty" maxLength:"64" doc:"the order it concerns"`
	Reason     string    `json:"reason,omitempty" maxLength:"500" doc:"needed for corrections and reversals"`
}

type postInput struct {
	Institution string `path:"institution" maxLength:"64" doc:"code" example:"play"`
	Key         string `header:"Idempotency-Key" doc:"needed: 1 to 255 visible ASCII characters; the same key posts once for ever"`
	Body        postingRequest
}

type postOutput struct {
	Status int
	Body   postingDTO
}

func (s *server) adminPost(ctx context.Context, in *postInput) (*postOutput, error) {
	codes, err := s.named(ctx, in.Institution)
	if err != nil {
		return nil, err
	}
	if err := sales.CheckKey(in.Key); err != nil {
		return nil, err
	}
	b := in.Body
	r := account.Request{
		Institution: codes[0], Kind: account.Kind(b.Kind), Key: in.Key, Debit: account.Account(b.Debit), Credit: account.Account(b.Credit),
		Storefront: b.Storefront, Of: b.Of, Order: b.Order, By: actor(callOf(ctx).key), Reason: b.Reason,
	}
	if b.Amount != nil {
		r.Amount = domain.Money{Amount: b.Amount.Amount, Currency: domain.Currency(b.Amount.Currency)}
	}
	p, created, err := s.Account.Post(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &postOutput{Status: http.StatusOK, Body: toPosting(&p, s.location(codes[0]))}
	if created {
		out.Status = http.StatusCreated
	}
	return out, nil
}

// actor names who asks, as it is kept with what they did.
func actor(k storefront.Key) string { return k.Storefront + " (" + k.ID + ")" }
