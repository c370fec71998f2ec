package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

type orderRequest struct {
	Institution      string             `json:"institution" doc:"code of the institution that sells" example:"play"`
	Reference        string             `json:"reference,omitempty" maxLength:"200" doc:"the storefront's own number; may repeat" example:"WEB-000123"`
	Items            []orderItemRequest `json:"items" nullable:"false" minItems:"1" maxItems:"20"`
	Buyer            *buyerDTO          `json:"buyer,omitempty"`
	PurchaserContact string             `json:"purchaser_contact,omitempty" maxLength:"200" doc:"contact number of the purchaser at the institution; absent: the partner that is configured"`
	ExpectedTotal    *moneyDTO          `json:"expected_total,omitempty" doc:"refuse with order.price_changed if the total is another one"`
}

type orderItemRequest struct {
	Performance  string `json:"performance,omitempty" doc:"id of a performance; either this or item" example:"play-10300000000201"`
	Item         string `json:"item,omitempty" doc:"id of an undated product's item" example:"play-61001"`
	SeatCategory string `json:"seat_category,omitempty" doc:"id; needed for a performance that has any" example:"play-1001"`
	Tariff       string `json:"tariff" doc:"id" example:"play-601"`
	Quantity     int    `json:"quantity" minimum:"1" maximum:"100" doc:"places; the catalog may allow fewer" example:"2"`
	Date         string `json:"date,omitempty" doc:"day of visit of an item that needs one, YYYY-MM-DD" example:"2026-10-04"`
	Timeslot     string `json:"timeslot,omitempty" doc:"id; of an item that has timeslots" example:"play-77"`

	Seats    []string `json:"seats,omitempty" nullable:"false" maxItems:"100" doc:"ids of chosen seats, one for each place; absent: the institution chooses. Only where places have numbers" example:"[\"play-910001\",\"play-910002\"]"`
	Areas    []string `json:"areas,omitempty" nullable:"false" maxItems:"20" doc:"ids of areas to look through first, the best first; others are taken where they are full" example:"[\"play-811\"]"`
	Together bool     `json:"together,omitempty" doc:"refuse with order.not_together if the institution says that the places are not side by side"`
}

type buyerDTO struct {
	Email     string `json:"email,omitempty" maxLength:"200" example:"ada@example.org"`
	FirstName string `json:"first_name,omitempty" maxLength:"200" example:"Ada"`
	LastName  string `json:"last_name,omitempty" maxLength:"200" example:"Muster"`
	Language  string `json:"language,omitempty" maxLength:"35" doc:"of tickets and messages" example:"fr"`
}

type closeRequest struct {
	PaymentReference string          `json:"payment_reference,omitempty" maxLength:"200" doc:"the storefront's own proof of payment" example:"PSP-77812"`
	Holders          []holderRequest `json:"holders,omitempty" nullable:"false" maxItems:"100" doc:"names printed on tickets, per place"`
}

type holderRequest struct {
	Place string `json:"place" doc:"id of a place of the order" example:"plc_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	Name  string `json:"name" maxLength:"200" example:"Ada Muster"`
}

type orderDTO struct {
	ID                string       `json:"id" example:"ord_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	State             string       `json:"state" enum:"holding,held,changing,refused,orphaned,releasing,released,expired,closing,issuing,issued,cancelling,cancelled,review" doc:"one ending in -ing: asked, answer not known yet"`
	Institution       string       `json:"institution"`
	Storefront        string       `json:"storefront"`
	Reference         string       `json:"reference,omitempty"`
	Basket            string       `json:"basket,omitempty" doc:"id of the basket it is sold with"`
	Instead           string       `json:"instead_of,omitempty" doc:"id of the sold order whose tickets it takes the place of"`
	Platform          platformDTO  `json:"platform" doc:"how S-360 names the order; empty until held"`
	HoldExpiresAt     time.Time    `json:"hold_expires_at,omitzero" doc:"when the hold is given back unless it is closed"`
	PlatformExpiresAt time.Time    `json:"platform_expires_at,omitzero" doc:"when the platform would let it lapse: the limit of extend"`
	TimeZone          string       `json:"time_zone" doc:"of every time in this order" example:"Europe/Paris"`
	Total             *moneyDTO    `json:"total,omitempty" doc:"what the platform asks; absent until held"`
	ExpectedTotal     *moneyDTO    `json:"expected_total,omitempty"`
	Lines             []lineDTO    `json:"lines" nullable:"false"`
	Buyer             *buyerDTO    `json:"buyer,omitempty"`
	PaymentReference  string       `json:"payment_reference,omitempty"`
	Refusal           *refusalDTO  `json:"refusal,omitempty" doc:"why it was not held, or why the last close was not done"`
	Tickets           []ticketDTO  `json:"tickets" nullable:"false" doc:"barcodes only with scope deliver"`
	Refunds           []refundDTO  `json:"refunds" nullable:"false" doc:"what was taken back of it, or was asked to be, oldest first"`
	Change            *changeDTO   `json:"change,omitempty" doc:"the last change of its lines"`
	Notices           []noticeDTO  `json:"notices" nullable:"false" doc:"what the institution changed about it since it was sold: tell the buyer"`
	History           []stepDTO    `json:"history" nullable:"false" doc:"oldest first"`
	CreatedAt         time.Time    `json:"created_at"`
	UpdatedAt         time.Time    `json:"updated_at"`
	Upkeep            *orderUpkeep `json:"upkeep,omitempty" doc:"for operators only"`
}

type orderUpkeep struct {
	QuotedTotal *moneyDTO `json:"quoted_total,omitempty" doc:"what our catalog said when the order came"`
	NextCheckAt time.Time `json:"next_check_at,omitzero" doc:"when it is looked at next"`
	Checks      int       `json:"checks" doc:"how often it has been"`
	Version     int64     `json:"version"`
}

type platformDTO struct {
	OrderID int64 `json:"order_id,omitempty"`
	FileID  int64 `json:"file_id,omitempty"`
}

type lineDTO struct {
	Item         int        `json:"item" doc:"index into the request's items"`
	Product      string     `json:"product"`
	ProductName  string     `json:"product_name"`
	Performance  string     `json:"performance,omitempty"`
	Start        time.Time  `json:"start,omitzero"`
	ItemID       string     `json:"item_id,omitempty" doc:"of an undated product"`
	SeatCategory string     `json:"seat_category,omitempty"`
	Tariff       string     `json:"tariff"`
	Date         string     `json:"date,omitempty" format:"date"`
	Timeslot     string     `json:"timeslot,omitempty"`
	Quantity     int        `json:"quantity"`
	UnitPrice    moneyDTO   `json:"unit_price"`
	Total        *moneyDTO  `json:"total,omitempty" doc:"absent until held"`
	Together     *bool      `json:"together,omitempty" doc:"seats side by side; absent where the platform does not say"`
	Places       []placeDTO `json:"places" nullable:"false"`
}

type placeDTO struct {
	ID     string   `json:"id"`
	Seat   *seatDTO `json:"seat,omitempty" doc:"absent for places without a number"`
	Holder string   `json:"holder,omitempty"`
}

type seatDTO struct {
	ID       string `json:"id,omitempty" doc:"as the performance's seats have it" example:"play-910001"`
	Area     string `json:"area,omitempty"`
	Block    string `json:"block,omitempty"`
	Row      string `json:"row,omitempty"`
	Number   string `json:"number,omitempty"`
	Entrance string `json:"entrance,omitempty"`
}

type refusalDTO struct {
	Code        string    `json:"code"`
	Detail      string    `json:"detail,omitempty"`
	ActualTotal *moneyDTO `json:"actual_total,omitempty" doc:"with order.price_changed"`
}

type stepDTO struct {
	State string    `json:"state"`
	At    time.Time `json:"at"`
	Note  string    `json:"note,omitempty" doc:"a code or a few words for operators"`
	Cause string    `json:"cause,omitempty" doc:"the note in words"`
}

type orderPageDTO struct {
	Items []orderDTO `json:"items" nullable:"false" doc:"newest first"`
	Next  *string    `json:"next" doc:"cursor of the next page; null at the end"`
}

// location is an institution's zone, loaded once.
func (s *server) location(code domain.InstitutionCode) *time.Location {
	inst, err := s.Catalog.Institution(code)
	if err != nil {
		return time.UTC // its catalog is not loaded; times are right, only their offset is not the venue's
	}
	if loc, ok := s.zones.Load(inst.TimeZone); ok {
		return loc.(*time.Location) //nolint:forcetypeassert // only locations are stored
	}
	loc := inst.Location()
	s.zones.Store(inst.TimeZone, loc)
	return loc
}

func (s *server) order(ctx context.Context, o *sales.Order, langs []string) orderDTO {
	loc := s.location(o.Institution)
	d := orderDTO{
		ID: string(o.ID), State: string(o.Status), Institution: string(o.Institution), Storefront: o.Storefront, Reference: o.Reference, Basket: string(o.Basket), Instead: string(o.Instead),
		Platform:      platformDTO{OrderID: o.Platform.OrderID, FileID: o.Platform.FileID},
		HoldExpiresAt: in(o.HoldExpiresAt, loc), PlatformExpiresAt: in(o.PlatformExpiresAt, loc), TimeZone: loc.String(),
		Total: moneyOrNil(o.Total), Lines: make([]lineDTO, 0, len(o.Lines)), PaymentReference: o.PaymentReference,
		Tickets: s.tickets(ctx, o), Refunds: make([]refundDTO, 0, len(o.Refunds)), Notices: s.notices(o, loc, langs), History: make([]stepDTO, 0, len(o.History)), CreatedAt: in(o.CreatedAt, loc), UpdatedAt: in(o.UpdatedAt, loc),
	}
	if o.Expected != nil {
		d.ExpectedTotal = moneyPtr(*o.Expected)
	}
	if o.Buyer != (sales.Buyer{}) {
		d.Buyer = &buyerDTO{Email: o.Buyer.Email, FirstName: o.Buyer.FirstName, LastName: o.Buyer.LastName, Language: o.Buyer.Language}
	}
	d.Refusal, d.Change = toRefusal(o.Refusal), toChange(o.Change, loc)
	for i := range o.Refunds {
		d.Refunds = append(d.Refunds, toRefund(o.Institution, &o.Refunds[i], loc))
	}
	for i := range o.Lines {
		d.Lines = append(d.Lines, toLine(o.Institution, i, &o.Lines[i], loc, langs))
	}
	for _, st := range o.History {
		d.History = append(d.History, stepDTO{State: string(st.Status), At: in(st.At, loc), Note: st.Note, Cause: st.Cause()})
	}
	return d
}

func moneyOrNil(m domain.Money) *moneyDTO {
	if m.Currency == "" {
		return nil
	}
	return moneyPtr(m)
}

func toLine(code domain.InstitutionCode, i int, l *sales.Line, loc *time.Location, langs []string) lineDTO {
	d := lineDTO{
		Item: i, Product: publicID(code, l.Product), ProductName: l.Facts.ProductName.Or(l.Facts.ProductCode, langs...),
		Start: in(l.Facts.Start, loc), Tariff: publicID(code, l.Tariff), Date: string(l.Day), Quantity: l.Quantity,
		UnitPrice: toMoney(l.UnitPrice), Total: moneyOrNil(l.Total), Together: l.Together, Places: make([]placeDTO, 0, len(l.Places)),
	}
	if l.Performance != 0 {
		d.Performance = publicID(code, l.Performance)
	}
	if l.Item != 0 {
		d.ItemID = publicID(code, l.Item)
	}
	if l.SeatCategory != 0 {
		d.SeatCategory = publicID(code, l.SeatCategory)
	}
	if l.Timeslot != 0 {
		d.Timeslot = publicID(code, l.Timeslot)
	}
	for _, p := range l.Places {
		d.Places = append(d.Places, placeDTO{ID: p.ID, Seat: toSeat(code, p.Seat), Holder: p.Holder})
	}
	return d
}

func toSeat(code domain.InstitutionCode, s sales.Seat) *seatDTO {
	if s == (sales.Seat{}) {
		return nil
	}
	d := seatDTO{Area: s.Area, Block: s.Block, Row: s.Row, Number: s.Number, Entrance: s.Entrance}
	if s.ID != 0 {
		d.ID = publicID(code, s.ID)
	}
	return &d
}

// langOf are the languages of an answer about orders: those asked for, then the institution's.
func (s *server) langOf(asked, accept string, code domain.InstitutionCode) []string {
	langs := wishes(asked, http.Header{"Accept-Language": {accept}})
	if inst, err := s.Catalog.Institution(code); err == nil {
		langs = append(langs, inst.MainLanguage)
	}
	return langs
}

// LanguageInput is the part of a request that chooses a language. It is exported, as every embedded input, because huma
// reads exported fields only.
type LanguageInput struct {
	Lang   string `query:"lang" maxLength:"35" pattern:"^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$" doc:"language of texts; wins over Accept-Language" example:"fr"`
	Accept string `header:"Accept-Language" doc:"languages of texts, best first"`
}

type createOrderInput struct {
	LanguageInput
	Key  string `header:"Idempotency-Key" doc:"1 to 255 visible ASCII characters; the same key with the same body gives the same order, or the same refusal, for ever; after 429 or 503 it asks again" example:"7d1f0f52-8d0c-4d39-9a86-0f5cf6a5d1a0"`
	Body orderRequest
}

// createdOrder is the answer to a hold.
type createdOrder struct {
	Status   int
	Location string `header:"Location" doc:"/v1/orders/ and the id"`
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with this key made the order"`
	Body     orderDTO
}

// createOrder holds. 201: held, or what became of it since where the key is a replay. 202: the platform did not answer and
// nobody knows whether it holds the places; nothing was sold, and whatever it holds lapses by itself.
func (s *server) createOrder(ctx context.Context, in *createOrderInput) (*createdOrder, error) {
	r, err := s.toHold(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	r.Key = in.Key
	began := s.Clock()
	v := viewer(ctx)
	o, err := s.Sales.Hold(ctx, v, r)
	replayed := ""
	if o.ID != "" && o.CreatedAt.Before(began) {
		replayed = "true"
	}
	if err != nil {
		p := problemOf(ctx, err)
		p.replayed = replayed
		return nil, p
	}
	out := &createdOrder{Status: http.StatusCreated, Location: "/v1/orders/" + string(o.ID), Replayed: replayed}
	if o.Status == sales.Holding {
		out.Status = http.StatusAccepted
	}
	out.Body = s.order(ctx, &o, s.langOf(in.Lang, in.Accept, o.Institution))
	return out, nil
}

// toHold reads the ids of a request; every wrong one is reported.
func (s *server) toHold(ctx context.Context, r *orderRequest) (sales.HoldRequest, error) {
	code := domain.InstitutionCode(r.Institution)
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the order cannot be sold as asked")
	if s.shelves[code] == nil {
		return sales.HoldRequest{}, bad.WithField("/institution", catalog.CodeInstitutionUnknown, "no institution "+cut(r.Institution))
	}
	if err := mustSee(callOf(ctx).key, code); err != nil {
		return sales.HoldRequest{}, err
	}
	h := sales.HoldRequest{Institution: code, Reference: r.Reference, PurchaserContact: r.PurchaserContact}
	if r.Buyer != nil {
		h.Buyer = sales.Buyer{Email: r.Buyer.Email, FirstName: r.Buyer.FirstName, LastName: r.Buyer.LastName, Language: strings.ToLower(r.Buyer.Language)}
	}
	if r.ExpectedTotal != nil {
		h.Expected = &domain.Money{Amount: r.ExpectedTotal.Amount, Currency: domain.Currency(r.ExpectedTotal.Currency)}
	}
	h.Wants, h.Wishes = toWants(code, r.Items, bad)
	if len(bad.Fields) > 0 {
		return sales.HoldRequest{}, bad
	}
	return h, nil
}

// toWants reads what is asked for and where the places are to be; every wrong id is reported.
func toWants(code domain.InstitutionCode, items []orderItemRequest, bad *domain.Error) (wants []catalog.Want, wishes []sales.Wish) {
	wants, wishes = []catalog.Want{}, []sales.Wish{}
	for i := range items {
		at := "/items/" + strconv.Itoa(i)
		wants = append(wants, toWant(code, &items[i], at, bad))
		wishes = append(wishes, toWish(code, &items[i], at, bad))
	}
	return wants, wishes
}

func toWish(code domain.InstitutionCode, r *orderItemRequest, at string, bad *domain.Error) sales.Wish {
	w := sales.Wish{Together: r.Together}
	read := func(member string, list []string, take func(int64)) {
		for i, value := range list {
			of, n, ok := parseID(value)
			if !ok || of != code {
				bad.WithField(at+"/"+member+"/"+strconv.Itoa(i), sales.CodeSeats, "no such id at this institution")
				continue
			}
			take(n)
		}
	}
	read("seats", r.Seats, func(n int64) { w.Seats = append(w.Seats, n) })
	read("areas", r.Areas, func(n int64) { w.Areas = append(w.Areas, catalog.AreaID(n)) })
	return w
}

func toWant(code domain.InstitutionCode, r *orderItemRequest, at string, bad *domain.Error) catalog.Want {
	id := func(member, value, unknown string) int64 {
		if value == "" {
			return 0
		}
		of, n, ok := parseID(value)
		switch {
		case !ok:
			bad.WithField(at+"/"+member, unknown, "no such id")
		case of != code:
			bad.WithField(at+"/"+member, unknown, "it belongs to another institution")
		}
		return n
	}
	w := catalog.Want{
		Performance: catalog.PerformanceID(id("performance", r.Performance, catalog.CodePerformanceUnknown)),
		Item:        catalog.ItemID(id("item", r.Item, catalog.CodeItemUnknown)), Quantity: r.Quantity, Day: domain.Day(r.Date),
		SeatCategory: catalog.SeatCategoryID(id("seat_category", r.SeatCategory, catalog.CodeSeatCategory)),
		Tariff:       catalog.TariffID(id("tariff", r.Tariff, catalog.CodeTariff)),
		Timeslot:     catalog.TimeslotID(id("timeslot", r.Timeslot, catalog.CodeTimeslot)),
	}
	switch {
	case r.Tariff == "":
		bad.WithField(at+"/tariff", catalog.CodeTariff, "a tariff is needed")
	case r.Performance == "" && r.Item == "":
		bad.WithField(at, sales.CodeItems, "a performance or an item is needed")
	case r.Performance != "" && r.Item != "":
		bad.WithField(at, sales.CodeItems, "either a performance or an item, not both")
	}
	return w
}

// OrderInput names an order.
type OrderInput struct {
	LanguageInput
	ID string `path:"id" doc:"id of the order" example:"ord_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
}

// orderOutput is an order as it is now; 202 where the platform was asked and has not answered.
type orderOutput struct {
	Status int
	Body   orderDTO
}

func (s *server) getOrder(ctx context.Context, in *OrderInput) (*orderOutput, error) {
	o, err := s.Sales.Order(ctx, viewer(ctx), sales.OrderID(in.ID))
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, &o, http.StatusOK, in.LanguageInput), nil
}

func (s *server) answer(ctx context.Context, o *sales.Order, status int, l LanguageInput) *orderOutput {
	return &orderOutput{Status: status, Body: s.order(ctx, o, s.langOf(l.Lang, l.Accept, o.Institution))}
}

// changed is the answer to a change: 202 while its outcome is not known.
func (s *server) changed(ctx context.Context, o *sales.Order, err error, l LanguageInput) (*orderOutput, error) {
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, o, statusOf(o), l), nil
}

// statusOf is 202 for an order that was changed and is not at its end, or lies before a person, else 200.
func statusOf(o *sales.Order) int {
	if o.Status.Unknown() || o.Status == sales.Review {
		return http.StatusAccepted
	}
	return http.StatusOK
}

// ChangeOrderInput is a change of an order that has no members of its own.
type ChangeOrderInput struct {
	OrderInput
	Key string `header:"Idempotency-Key" doc:"optional; 1 to 255 visible ASCII characters"`
}

func (s *server) extendOrder(ctx context.Context, in *ChangeOrderInput) (*orderOutput, error) {
	o, err := s.Sales.Extend(ctx, viewer(ctx), sales.OrderID(in.ID), sales.Change{Key: in.Key})
	return s.changed(ctx, &o, err, in.LanguageInput)
}

func (s *server) releaseOrder(ctx context.Context, in *ChangeOrderInput) (*orderOutput, error) {
	o, err := s.Sales.Release(ctx, viewer(ctx), sales.OrderID(in.ID), sales.Change{Key: in.Key})
	return s.changed(ctx, &o, err, in.LanguageInput)
}

type closeOrderInput struct {
	ChangeOrderInput
	Body *closeRequest
}

func (s *server) closeOrder(ctx context.Context, in *closeOrderInput) (*orderOutput, error) {
	change := sales.Change{Key: in.Key}
	if in.Body != nil {
		change.PaymentReference = in.Body.PaymentReference
		for _, h := range in.Body.Holders {
			change.Holders = append(change.Holders, sales.Holder(h))
		}
	}
	o, err := s.Sales.Close(ctx, viewer(ctx), sales.OrderID(in.ID), change)
	return s.changed(ctx, &o, err, in.LanguageInput)
}

// PageInput is the part of a list request that says which page.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"entries a page"`
	Cursor string `query:"cursor" maxLength:"2000" doc:"next of the page before"`
}

// ListOrdersInput selects orders.
type ListOrdersInput struct {
	LanguageInput
	PageInput
	Institution string `query:"institution" maxLength:"64" doc:"code"`
	Reference   string `query:"reference" maxLength:"200" doc:"the storefront's own number, whole"`
	State       string `query:"state" maxLength:"200" doc:"one or more states, separated by commas" example:"held,closing"`
	From        string `query:"from" maxLength:"40" doc:"created at or after: an RFC 3339 time or a day" example:"2026-10-01"`
	To          string `query:"to" maxLength:"40" doc:"created before this RFC 3339 time, or on this day or before"`
}

type orderPageOutput struct {
	Link string `header:"Link" doc:"the next page, rel=next"`
	Body orderPageDTO
}

func (s *server) listOrders(ctx context.Context, in *ListOrdersInput) (*orderPageOutput, error) {
	v, key := viewer(ctx), callOf(ctx).key
	v.Everything = false // this list is the storefront's own, also for an operator; /v1/admin/orders has everybody's
	if key.May(storefront.ScopeAdmin) {
		v.Institutions = nil
	}
	q, err := s.orderQuery(ctx, in)
	if err != nil {
		return nil, err
	}
	if q.Institutions != nil {
		v.Institutions = q.Institutions
	}
	orders, next, err := s.Sales.Orders(ctx, v, q)
	if err != nil {
		return nil, err
	}
	return s.orderPage(ctx, orders, next, in.LanguageInput), nil
}

func (s *server) orderPage(ctx context.Context, orders []sales.Order, next string, l LanguageInput) *orderPageOutput {
	out := &orderPageOutput{Body: orderPageDTO{Items: make([]orderDTO, 0, len(orders))}}
	for i := range orders {
		out.Body.Items = append(out.Body.Items, s.order(ctx, &orders[i], s.langOf(l.Lang, l.Accept, orders[i].Institution)))
	}
	out.Link, out.Body.Next = nextPage(ctx, next)
	return out
}

// orderQuery reads the filters of a list of orders. Days are read in the named institution's zone, or in UTC.
func (s *server) orderQuery(ctx context.Context, in *ListOrdersInput) (sales.Query, error) {
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong")
	q := sales.Query{Reference: in.Reference, Page: domain.Page{Limit: in.Limit, Cursor: in.Cursor}}
	loc := time.UTC
	if in.Institution != "" {
		code := domain.InstitutionCode(in.Institution)
		if s.shelves[code] == nil {
			return q, domain.Errorf(domain.NotFound, catalog.CodeInstitutionUnknown, "no institution %q", cut(in.Institution))
		}
		if err := mustSee(callOf(ctx).key, code); err != nil {
			return q, err
		}
		q.Institutions, loc = []domain.InstitutionCode{code}, s.location(code)
	}
	if in.State != "" {
		for st := range strings.SplitSeq(in.State, ",") {
			if !sales.Status(st).Valid() {
				bad.WithField("?state", domain.CodeRequest, "one or more of "+joined(sales.Statuses()))
				break
			}
			q.Statuses = append(q.Statuses, sales.Status(st))
		}
	}
	var ok bool
	if q.From, ok = parseMoment(in.From, loc, false); !ok {
		bad.WithField("?from", domain.CodeRequest, "an RFC 3339 time or a day, YYYY-MM-DD")
	}
	if q.To, ok = parseMoment(in.To, loc, true); !ok {
		bad.WithField("?to", domain.CodeRequest, "an RFC 3339 time or a day, YYYY-MM-DD")
	}
	if len(bad.Fields) > 0 {
		return q, bad
	}
	return q, nil
}
