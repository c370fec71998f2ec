package storage

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/catalog"
	"guichet/domain/sales"
)

// orderFormat is the number of the JSON shape below; it rises when a reader of the old shape would misread the new one.
const orderFormat = 1

// orderRow is an order as it is stored: what it is found by, and the whole of it as JSON.
type orderRow struct {
	ID              string `gorm:"primaryKey"`
	Institution     string
	Storefront      string
	Reference       string
	Basket          string
	Status          string
	Version         int64
	PlatformOrderID int64
	PlatformFileID  int64
	CreatedAt       instant `gorm:"autoCreateTime:false"`
	UpdatedAt       instant `gorm:"autoUpdateTime:false"`
	NextCheckAt     instant
	LookAt          int64 // milliseconds since 1970; 0: never
	LookFor         int64 // the same; 0: no performance
	Search          string
	Claim           int64 // thousandths
	// PaymentReference is also in the content; here it is found by.
	PaymentReference string
	Format           int64
	Content          string
}

// TableName implements gorm's Tabler.
func (orderRow) TableName() string { return "orders" }

// toOrder reads an order back. Its tasks and postings are not part of it.
func (r *orderRow) toOrder() (sales.Order, error) {
	if r.Format != orderFormat {
		return sales.Order{}, fmt.Errorf("order %s is stored in format %d, this program reads %d", r.ID, r.Format, orderFormat)
	}
	var c orderContent
	if err := json.Unmarshal([]byte(r.Content), &c); err != nil {
		return sales.Order{}, fmt.Errorf("order %s cannot be read: %w", r.ID, err)
	}
	o := c.toOrder()
	o.ID, o.Institution, o.Status, o.Version = sales.OrderID(r.ID), domain.InstitutionCode(r.Institution), sales.Status(r.Status), r.Version
	return o, nil
}

func fromOrder(o *sales.Order) (orderRow, error) {
	content, err := json.Marshal(fromOrderContent(o))
	if err != nil {
		return orderRow{}, fmt.Errorf("order %s cannot be written: %w", o.ID, err)
	}
	claim, err := o.Claim().Thousandths()
	if err != nil || claim > account.MaxThousandths {
		claim = account.MaxThousandths // an amount that nobody can owe fits no limit
	}
	return orderRow{
		Claim: max(claim, 0), PaymentReference: plain(o.PaymentReference),
		ID: string(o.ID), Institution: string(o.Institution), Storefront: plain(o.Storefront), Reference: plain(o.Reference),
		Basket: plain(string(o.Basket)), Status: string(o.Status), Version: o.Version, PlatformOrderID: o.Platform.OrderID, PlatformFileID: o.Platform.FileID,
		CreatedAt: instant(millis(o.CreatedAt)), UpdatedAt: instant(millis(o.UpdatedAt)), NextCheckAt: instant(millis(o.NextCheckAt)),
		LookAt: unixMillis(o.LookAt), LookFor: unixMillis(o.LookFor),
		Search: orderSearch(o), Format: orderFormat, Content: string(content),
	}, nil
}

// unixMillis is a time as a number that sorts; 0 is the zero time.
func unixMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// orderSearch is what an operator may type a part of, one thing a line, folded.
func orderSearch(o *sales.Order) string {
	b := o.Buyer
	parts := []string{string(o.ID), o.Reference, b.Email, b.FirstName + " " + b.LastName, b.LastName + " " + b.FirstName}
	return fold(plain(strings.Join(parts, "\n")))
}

// fold brings text that differs only in case to the same spelling, in every script: each letter becomes the smallest of
// its case variants, in lower case where there is one.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return unicode.ToLower(least)
	}, s)
}

// plain drops what PostgreSQL does not take in a text column: NUL and broken UTF-8. What is compared with the column
// goes through it too; the order's content keeps the text as it was.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// likeEscape is the escape character of every LIKE here.
const likeEscape = `\`

// contains makes a LIKE pattern that finds the text anywhere.
func contains(s string) string {
	r := strings.NewReplacer(likeEscape, likeEscape+likeEscape, "%", likeEscape+"%", "_", likeEscape+"_")
	return "%" + r.Replace(s) + "%"
}

// The JSON shape of an order. Its names are fixed: renaming a Go field anywhere changes nothing here. Members that are
// zero are left out; nil and empty lists stay different.
type (
	orderContent struct {
		Storefront        string        `json:"storefront,omitzero"`
		Reference         string        `json:"reference,omitzero"`
		Basket            string        `json:"basket,omitzero"`
		Lines             []lineContent `json:"lines,omitzero"`
		Buyer             buyerContent  `json:"buyer,omitzero"`
		PurchaserContact  string        `json:"purchaser_contact,omitzero"`
		Expected          *moneyContent `json:"expected,omitzero"`
		Total             moneyContent  `json:"total,omitzero"`
		Quoted            moneyContent  `json:"quoted,omitzero"`
		PlatformOrder     int64         `json:"platform_order,omitzero"`
		PlatformSecret    string        `json:"platform_secret,omitzero"`
		PlatformFile      int64         `json:"platform_file,omitzero"`
		HoldExpiresAt     stamp         `json:"hold_expires_at,omitzero"`
		PlatformExpiresAt stamp         `json:"platform_expires_at,omitzero"`
		PaymentReference  string        `json:"payment_reference,omitzero"`
		Refusal           *refusal      `json:"refusal,omitzero"`
		Tickets           []ticket      `json:"tickets,omitzero"`
		Refunds           []refund      `json:"refunds,omitzero"`
		Change            *lineChange   `json:"change,omitzero"`
		Instead           string        `json:"instead,omitzero"`
		History           []stepContent `json:"history,omitzero"`
		CreatedAt         stamp         `json:"created_at,omitzero"`
		UpdatedAt         stamp         `json:"updated_at,omitzero"`
		NextCheckAt       stamp         `json:"next_check_at,omitzero"`
		Checks            int           `json:"checks,omitzero"`
		AskedUntil        stamp         `json:"asked_until,omitzero"`
		LookAt            stamp         `json:"look_at,omitzero"`
		LookFor           stamp         `json:"look_for,omitzero"`
	}
	moneyContent struct {
		Amount   int64  `json:"amount,omitzero"`
		Currency string `json:"currency,omitzero"`
	}
	buyerContent struct {
		Email     string `json:"email,omitzero"`
		FirstName string `json:"first_name,omitzero"`
		LastName  string `json:"last_name,omitzero"`
		Language  string `json:"language,omitzero"`
	}
	lineContent struct {
		Product      int64          `json:"product,omitzero"`
		Performance  int64          `json:"performance,omitzero"`
		SeatCategory int64          `json:"seat_category,omitzero"`
		Item         int64          `json:"item,omitzero"`
		Tariff       int64          `json:"tariff,omitzero"`
		Day          string         `json:"day,omitzero"`
		Timeslot     int64          `json:"timeslot,omitzero"`
		Quantity     int            `json:"quantity,omitzero"`
		Seats        []int64        `json:"seats,omitzero"`
		Areas        []int64        `json:"areas,omitzero"`
		Beside       bool           `json:"beside,omitzero"`
		UnitPrice    moneyContent   `json:"unit_price,omitzero"`
		Total        moneyContent   `json:"total,omitzero"`
		Together     *bool          `json:"together,omitzero"`
		Operations   []int64        `json:"operations,omitzero"`
		Places       []placeContent `json:"places,omitzero"`
		Facts        factsContent   `json:"facts,omitzero"`
	}
	placeContent struct {
		ID       string      `json:"id,omitzero"`
		Movement int64       `json:"movement,omitzero"`
		Seat     seatContent `json:"seat,omitzero"`
		Holder   string      `json:"holder,omitzero"`
	}
	seatContent struct {
		ID       int64  `json:"id,omitzero"`
		Area     string `json:"area,omitzero"`
		Block    string `json:"block,omitzero"`
		Row      string `json:"row,omitzero"`
		Number   string `json:"number,omitzero"`
		Entrance string `json:"entrance,omitzero"`
	}
	ticket struct {
		ID             string `json:"id,omitzero"`
		Place          string `json:"place,omitzero"`
		Movement       int64  `json:"movement,omitzero"`
		PlatformTicket int64  `json:"platform_ticket,omitzero"`
		Barcode        string `json:"barcode,omitzero"`
		State          string `json:"state,omitzero"`
		IssuedAt       stamp  `json:"issued_at,omitzero"`
		CancelledAt    stamp  `json:"cancelled_at,omitzero"`

		Former []formerBarcode `json:"former,omitzero"`
	}
	formerBarcode struct {
		Barcode        string `json:"barcode,omitzero"`
		PlatformTicket int64  `json:"platform_ticket,omitzero"`
		EndedAt        stamp  `json:"ended_at,omitzero"`
	}
	refund struct {
		ID             string       `json:"id,omitzero"`
		Key            string       `json:"key,omitzero"`
		Tickets        []string     `json:"tickets,omitzero"`
		Reason         string       `json:"reason,omitzero"`
		Quoted         moneyContent `json:"quoted,omitzero"`
		Back           moneyContent `json:"back,omitzero"`
		ByHand         bool         `json:"by_hand,omitzero"`
		ByOrganiser    bool         `json:"by_organiser,omitzero"`
		PlatformOrder  int64        `json:"platform_order,omitzero"`
		PlatformSecret string       `json:"platform_secret,omitzero"`
		PlatformFile   int64        `json:"platform_file,omitzero"`
		Target         *target      `json:"target,omitzero"`
		Replacement    string       `json:"replacement,omitzero"`
		Replaced       bool         `json:"replaced,omitzero"`
		State          string       `json:"state,omitzero"`
		Refusal        *refusal     `json:"refusal,omitzero"`
		AskedAt        stamp        `json:"asked_at,omitzero"`
		EndedAt        stamp        `json:"ended_at,omitzero"`
	}
	target struct {
		Performance  catalog.PerformanceID  `json:"performance,omitzero"`
		SeatCategory catalog.SeatCategoryID `json:"seat_category,omitzero"`
		Tariff       catalog.TariffID       `json:"tariff,omitzero"`
	}
	earlier struct {
		Key      string        `json:"key"`
		Refusal  *refusal      `json:"refusal,omitzero"`
		Expected *moneyContent `json:"expected,omitzero"`
	}
	lineChange struct {
		ID        string        `json:"id,omitzero"`
		Key       string        `json:"key,omitzero"`
		Before    []earlier     `json:"before,omitzero"`
		State     string        `json:"state,omitzero"`
		Lines     []lineContent `json:"lines,omitzero"`
		Drop      []int64       `json:"drop,omitzero"`
		Quoted    moneyContent  `json:"quoted,omitzero"`
		Expected  *moneyContent `json:"expected,omitzero"`
		Reference *string       `json:"reference,omitzero"`
		Buyer     *buyerContent `json:"buyer,omitzero"`
		Refusal   *refusal      `json:"refusal,omitzero"`
		AskedAt   stamp         `json:"asked_at,omitzero"`
		EndedAt   stamp         `json:"ended_at,omitzero"`
	}
	stepContent struct {
		Status string `json:"status,omitzero"`
		At     stamp  `json:"at,omitzero"`
		Note   string `json:"note,omitzero"`
	}
	refusal struct {
		Kind   string        `json:"kind,omitzero"`
		Code   string        `json:"code,omitzero"`
		Detail string        `json:"detail,omitzero"`
		Actual *moneyContent `json:"actual,omitzero"`
		Seats  []int64       `json:"seats,omitzero"`
	}
	factsContent struct {
		ProductName      map[string]string `json:"product_name,omitzero"`
		PerformanceName  map[string]string `json:"performance_name,omitzero"`
		ProductCode      string            `json:"product_code,omitzero"`
		Kind             string            `json:"kind,omitzero"`
		Start            stamp             `json:"start,omitzero"`
		End              stamp             `json:"end,omitzero"`
		Day              string            `json:"day,omitzero"`
		Slot             string            `json:"slot,omitzero"`
		TimeZone         string            `json:"time_zone,omitzero"`
		Venue            venueContent      `json:"venue,omitzero"`
		Numbered         bool              `json:"numbered,omitzero"`
		SeatCategoryName map[string]string `json:"seat_category_name,omitzero"`
		SeatCategoryCode string            `json:"seat_category_code,omitzero"`
		Color            string            `json:"color,omitzero"`
		TariffName       map[string]string `json:"tariff_name,omitzero"`
		TariffCode       string            `json:"tariff_code,omitzero"`
		Image            string            `json:"image,omitzero"`
	}
	venueContent struct {
		Code                  string            `json:"code,omitzero"`
		SpaceCode             string            `json:"space_code,omitzero"`
		Name                  map[string]string `json:"name,omitzero"`
		Space                 map[string]string `json:"space,omitzero"`
		Street                string            `json:"street,omitzero"`
		Zip                   string            `json:"zip,omitzero"`
		Town                  string            `json:"town,omitzero"`
		Country               string            `json:"country,omitzero"`
		Image                 string            `json:"image,omitzero"`
		PhysicalConfiguration int64             `json:"physical_configuration,omitzero"`
	}
)

func (c *orderContent) toOrder() sales.Order {
	return sales.Order{
		Storefront: c.Storefront, Reference: c.Reference, Basket: sales.BasketID(c.Basket),
		Lines:            mapEach(c.Lines, lineContent.toLine),
		Buyer:            sales.Buyer(c.Buyer),
		PurchaserContact: c.PurchaserContact,
		Expected:         toMoneyPointer(c.Expected), Total: c.Total.toMoney(), Quoted: c.Quoted.toMoney(),
		Platform:      sales.PlatformRef{OrderID: c.PlatformOrder, SecretID: c.PlatformSecret, FileID: c.PlatformFile},
		HoldExpiresAt: c.HoldExpiresAt.time(), PlatformExpiresAt: c.PlatformExpiresAt.time(),
		PaymentReference: c.PaymentReference,
		Refusal:          c.Refusal.toRefusal(),
		Tickets:          mapEach(c.Tickets, ticket.toTicket),
		Refunds:          mapEach(c.Refunds, refund.toRefund),
		Change:           c.Change.toLineChange(),
		Instead:          sales.OrderID(c.Instead),
		History:          mapEach(c.History, stepContent.toStep),
		CreatedAt:        c.CreatedAt.time(), UpdatedAt: c.UpdatedAt.time(), NextCheckAt: c.NextCheckAt.time(),
		Checks: c.Checks, AskedUntil: c.AskedUntil.time(), LookAt: c.LookAt.time(), LookFor: c.LookFor.time(),
	}
}

func fromOrderContent(o *sales.Order) orderContent {
	return orderContent{
		Storefront: o.Storefront, Reference: o.Reference, Basket: string(o.Basket),
		Lines:            mapEach(o.Lines, fromLine),
		Buyer:            buyerContent(o.Buyer),
		PurchaserContact: o.PurchaserContact,
		Expected:         fromMoneyPointer(o.Expected), Total: fromMoney(o.Total), Quoted: fromMoney(o.Quoted),
		PlatformOrder: o.Platform.OrderID, PlatformSecret: o.Platform.SecretID, PlatformFile: o.Platform.FileID,
		HoldExpiresAt: toStamp(o.HoldExpiresAt), PlatformExpiresAt: toStamp(o.PlatformExpiresAt),
		PaymentReference: o.PaymentReference,
		Refusal:          fromRefusal(o.Refusal),
		Tickets:          mapEach(o.Tickets, fromTicket),
		Refunds:          mapEach(o.Refunds, fromRefund),
		Change:           fromLineChange(o.Change),
		Instead:          string(o.Instead),
		History:          mapEach(o.History, fromStep),
		CreatedAt:        toStamp(o.CreatedAt), UpdatedAt: toStamp(o.UpdatedAt), NextCheckAt: toStamp(o.NextCheckAt),
		Checks: o.Checks, AskedUntil: toStamp(o.AskedUntil), LookAt: toStamp(o.LookAt), LookFor: toStamp(o.LookFor),
	}
}

func (m moneyContent) toMoney() domain.Money {
	return domain.Money{Amount: m.Amount, Currency: domain.Currency(m.Currency)}
}

func fromMoney(m domain.Money) moneyContent {
	return moneyContent{Amount: m.Amount, Currency: string(m.Currency)}
}

func toMoneyPointer(m *moneyContent) *domain.Money {
	if m == nil {
		return nil
	}
	money := m.toMoney()
	return &money
}

func fromMoneyPointer(m *domain.Money) *moneyContent {
	if m == nil {
		return nil
	}
	content := fromMoney(*m)
	return &content
}

func (l lineContent) toLine() sales.Line {
	return sales.Line{
		Product: catalog.ProductID(l.Product), Performance: catalog.PerformanceID(l.Performance),
		SeatCategory: catalog.SeatCategoryID(l.SeatCategory), Item: catalog.ItemID(l.Item), Tariff: catalog.TariffID(l.Tariff),
		Day: domain.Day(l.Day), Timeslot: catalog.TimeslotID(l.Timeslot), Quantity: l.Quantity,
		Wish:      sales.Wish{Seats: l.Seats, Areas: mapEach(l.Areas, func(id int64) catalog.AreaID { return catalog.AreaID(id) }), Together: l.Beside},
		UnitPrice: l.UnitPrice.toMoney(), Total: l.Total.toMoney(), Together: l.Together, Operations: l.Operations,
		Places: mapEach(l.Places, placeContent.toPlace), Facts: l.Facts.toFacts(),
	}
}

func fromLine(l sales.Line) lineContent {
	return lineContent{
		Product: int64(l.Product), Performance: int64(l.Performance), SeatCategory: int64(l.SeatCategory), Item: int64(l.Item),
		Tariff: int64(l.Tariff), Day: string(l.Day), Timeslot: int64(l.Timeslot), Quantity: l.Quantity,
		Seats: l.Wish.Seats, Areas: mapEach(l.Wish.Areas, func(id catalog.AreaID) int64 { return int64(id) }), Beside: l.Wish.Together,
		UnitPrice: fromMoney(l.UnitPrice), Total: fromMoney(l.Total), Together: l.Together, Operations: l.Operations,
		Places: mapEach(l.Places, fromPlace), Facts: fromFacts(l.Facts),
	}
}

func (p placeContent) toPlace() sales.Place {
	return sales.Place{ID: p.ID, Movement: p.Movement, Seat: sales.Seat(p.Seat), Holder: p.Holder}
}

func fromPlace(p sales.Place) placeContent {
	return placeContent{ID: p.ID, Movement: p.Movement, Seat: seatContent(p.Seat), Holder: p.Holder}
}

func (t ticket) toTicket() sales.Ticket {
	return sales.Ticket{
		ID: t.ID, Place: t.Place, Movement: t.Movement, PlatformTicket: t.PlatformTicket, Barcode: sales.Barcode(t.Barcode),
		State: t.State, IssuedAt: t.IssuedAt.time(), CancelledAt: t.CancelledAt.time(),
		Former: mapEach(t.Former, func(f formerBarcode) sales.FormerBarcode {
			return sales.FormerBarcode{Barcode: sales.Barcode(f.Barcode), PlatformTicket: f.PlatformTicket, EndedAt: f.EndedAt.time()}
		}),
	}
}

func fromTicket(t sales.Ticket) ticket {
	return ticket{
		ID: t.ID, Place: t.Place, Movement: t.Movement, PlatformTicket: t.PlatformTicket, Barcode: string(t.Barcode),
		State: t.State, IssuedAt: toStamp(t.IssuedAt), CancelledAt: toStamp(t.CancelledAt),
		Former: mapEach(t.Former, func(f sales.FormerBarcode) formerBarcode {
			return formerBarcode{Barcode: string(f.Barcode), PlatformTicket: f.PlatformTicket, EndedAt: toStamp(f.EndedAt)}
		}),
	}
}

func (r refund) toRefund() sales.Refund {
	return sales.Refund{
		ID: r.ID, Key: r.Key, Tickets: r.Tickets, Reason: r.Reason, Quoted: r.Quoted.toMoney(), Back: r.Back.toMoney(), ByHand: r.ByHand, ByOrganiser: r.ByOrganiser,
		Platform: sales.PlatformRef{OrderID: r.PlatformOrder, SecretID: r.PlatformSecret, FileID: r.PlatformFile},
		Target:   (*sales.Target)(r.Target), Replacement: sales.OrderID(r.Replacement), Replaced: r.Replaced,
		State: sales.RefundState(r.State), Refusal: r.Refusal.toRefusal(), AskedAt: r.AskedAt.time(), EndedAt: r.EndedAt.time(),
	}
}

func fromRefund(r sales.Refund) refund {
	return refund{
		ID: r.ID, Key: r.Key, Tickets: r.Tickets, Reason: r.Reason, Quoted: fromMoney(r.Quoted), Back: fromMoney(r.Back), ByHand: r.ByHand, ByOrganiser: r.ByOrganiser,
		PlatformOrder: r.Platform.OrderID, PlatformSecret: r.Platform.SecretID, PlatformFile: r.Platform.FileID,
		Target: (*target)(r.Target), Replacement: string(r.Replacement), Replaced: r.Replaced,
		State: string(r.State), Refusal: fromRefusal(r.Refusal), AskedAt: toStamp(r.AskedAt), EndedAt: toStamp(r.EndedAt),
	}
}

func (c *lineChange) toLineChange() *sales.LineChange {
	if c == nil {
		return nil
	}
	return &sales.LineChange{
		ID: c.ID, Key: c.Key, Earlier: mapEach(c.Before, earlier.toEarlier), State: sales.ChangeState(c.State), Lines: mapEach(c.Lines, lineContent.toLine), Drop: c.Drop,
		Quoted: c.Quoted.toMoney(), Expected: toMoneyPointer(c.Expected), Reference: c.Reference, Buyer: (*sales.Buyer)(c.Buyer),
		Refusal: c.Refusal.toRefusal(), AskedAt: c.AskedAt.time(), EndedAt: c.EndedAt.time(),
	}
}

func (e earlier) toEarlier() sales.EarlierChange {
	return sales.EarlierChange{Key: e.Key, Refusal: e.Refusal.toRefusal(), Expected: toMoneyPointer(e.Expected)}
}

func fromEarlier(e sales.EarlierChange) earlier {
	return earlier{Key: e.Key, Refusal: fromRefusal(e.Refusal), Expected: fromMoneyPointer(e.Expected)}
}

func fromLineChange(c *sales.LineChange) *lineChange {
	if c == nil {
		return nil
	}
	return &lineChange{
		ID: c.ID, Key: c.Key, Before: mapEach(c.Earlier, fromEarlier), State: string(c.State), Lines: mapEach(c.Lines, fromLine), Drop: c.Drop,
		Quoted: fromMoney(c.Quoted), Expected: fromMoneyPointer(c.Expected), Reference: c.Reference, Buyer: (*buyerContent)(c.Buyer),
		Refusal: fromRefusal(c.Refusal), AskedAt: toStamp(c.AskedAt), EndedAt: toStamp(c.EndedAt),
	}
}

func (s stepContent) toStep() sales.Step {
	return sales.Step{Status: sales.Status(s.Status), At: s.At.time(), Note: s.Note}
}

func fromStep(s sales.Step) stepContent {
	return stepContent{Status: string(s.Status), At: toStamp(s.At), Note: s.Note}
}

func (r *refusal) toRefusal() *sales.Refusal {
	if r == nil {
		return nil
	}
	return &sales.Refusal{Kind: domain.Kind(r.Kind), Code: r.Code, Detail: r.Detail, Actual: toMoneyPointer(r.Actual), Seats: r.Seats}
}

func fromRefusal(r *sales.Refusal) *refusal {
	if r == nil {
		return nil
	}
	return &refusal{Kind: string(r.Kind), Code: r.Code, Detail: r.Detail, Actual: fromMoneyPointer(r.Actual), Seats: r.Seats}
}

func (f factsContent) toFacts() catalog.Facts {
	return catalog.Facts{
		ProductName: f.ProductName, PerformanceName: f.PerformanceName, ProductCode: f.ProductCode, Kind: catalog.Kind(f.Kind),
		Start: f.Start.time(), End: f.End.time(), Day: domain.Day(f.Day), Slot: f.Slot, TimeZone: f.TimeZone,
		Venue: f.Venue.toVenue(), Numbered: f.Numbered, SeatCategoryName: f.SeatCategoryName,
		SeatCategoryCode: f.SeatCategoryCode, Color: f.Color, TariffName: f.TariffName, TariffCode: f.TariffCode, Image: f.Image,
	}
}

func fromFacts(f catalog.Facts) factsContent {
	return factsContent{
		ProductName: f.ProductName, PerformanceName: f.PerformanceName, ProductCode: f.ProductCode, Kind: string(f.Kind),
		Start: toStamp(f.Start), End: toStamp(f.End), Day: string(f.Day), Slot: f.Slot, TimeZone: f.TimeZone,
		Venue: fromVenue(f.Venue), Numbered: f.Numbered, SeatCategoryName: f.SeatCategoryName,
		SeatCategoryCode: f.SeatCategoryCode, Color: f.Color, TariffName: f.TariffName, TariffCode: f.TariffCode, Image: f.Image,
	}
}

func (v venueContent) toVenue() catalog.Venue {
	return catalog.Venue{
		Code: v.Code, SpaceCode: v.SpaceCode, Name: v.Name, Space: v.Space, Street: v.Street, Zip: v.Zip, Town: v.Town,
		Country: v.Country, Image: v.Image, PhysicalConfiguration: v.PhysicalConfiguration,
	}
}

func fromVenue(v catalog.Venue) venueContent {
	return venueContent{
		Code: v.Code, SpaceCode: v.SpaceCode, Name: v.Name, Space: v.Space, Street: v.Street, Zip: v.Zip, Town: v.Town,
		Country: v.Country, Image: v.Image, PhysicalConfiguration: v.PhysicalConfiguration,
	}
}

// mapEach converts a list; nil stays nil.
func mapEach[A, B any](list []A, convert func(A) B) []B {
	if list == nil {
		return nil
	}
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = convert(v)
	}
	return out
}
