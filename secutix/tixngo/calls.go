package tixngo

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The reasons of a deletion that pages show; others exist.
const (
	ReasonResalePending = "RESALE_PENDING"
	ReasonResold        = "RESOLD"
)

// The results of one ticket in a changing call, as in the output file of a CSV injection.
const (
	Accepted = "ACCEPTED"
	Rejected = "REJECTED"
)

// Codes beside a result. They are proposals, as no page shows any.
const (
	CodeExists    = "ALREADY_EXISTS" // accepted, it was there
	CodeUnchanged = "UNCHANGED"      // accepted, it was so already
	CodeUnknown   = "UNKNOWN_TICKET"
	// CodeUnknownPrivilege refuses the deletion of a card that was never injected.
	CodeUnknownPrivilege = "UNKNOWN_PRIVILEGE"
)

// InjectRequest is a batch of tickets.
type InjectRequest struct {
	Tickets List[Ticket] `json:"tickets"`
}

// DeleteRequest is a batch of tickets that are no longer good.
type DeleteRequest struct {
	Tickets List[Deletion] `json:"tickets"`
}

// Deletion takes one ticket off the phones.
type Deletion struct {
	TicketID Word `json:"ticketId"`
	// Reason is the reason of the invalidation. A ticket whose reason has changed is sent again.
	Reason string `json:"reason,omitzero"`
	// ShowDeletedTicket is V3's: leave the ticket visible as deleted and notify the phone. Careless use
	// notifies thousands.
	ShowDeletedTicket Flag `json:"showDeletedTicket,omitzero"`
}

// ControlRequest is a batch of tickets that came through a gate.
type ControlRequest struct {
	Tickets List[Control] `json:"tickets"`
}

// Control tells that one ticket was controlled.
type Control struct {
	TicketID     Word `json:"ticketId"`
	ControlledAt Time `json:"controlledAt,omitzero"`
}

// PrivilegesRequest is a digital privilege and some of its cards.
type PrivilegesRequest struct {
	Definition PrivilegeDefinition `json:"definition"`
	Privileges List[Privilege]     `json:"privileges"`
}

// PrivilegeDefinition is a product whose cards are privileges.
type PrivilegeDefinition struct {
	ID                 Word   `json:"id"`
	Name               Text   `json:"name"`
	TermsAndConditions Text   `json:"termsAndConditions,omitzero"`
	ImageURL           string `json:"imageUrl,omitzero"`
}

// Privilege is one member's card. It is no right of access and cannot be transferred.
type Privilege struct {
	PrivilegeID        Word       `json:"privilegeId"`
	SpectatorDetails   Spectator  `json:"spectatorDetails"`
	ExpirationDate     Time       `json:"expirationDate"`
	PurchaseFileNumber Word       `json:"purchaseFileNumber,omitzero"`
	PurchaseDate       Time       `json:"purchaseDate,omitzero"`
	Price              *Amount    `json:"price,omitzero"`
	Category           string     `json:"category,omitzero"`
	Contingent         Word       `json:"contingent,omitzero"`
	Barcode            Barcode    `json:"barcode,omitzero"`
	TicketIDs          List[Word] `json:"ticketIds,omitzero"`
}

// DeletePrivilegesRequest is a batch of privileges that are no longer good.
type DeletePrivilegesRequest struct {
	Privileges List[PrivilegeDeletion] `json:"privileges"`
}

// PrivilegeDeletion takes one card out of its wallet.
type PrivilegeDeletion struct {
	PrivilegeID Word   `json:"privilegeId"`
	Reason      string `json:"reason,omitzero"`
}

// Results is the answer to a changing call, one result per ticket. An answer without results is
// possible: then the whole batch was taken.
type Results struct {
	Accepted Int          `json:"accepted"`
	Rejected Int          `json:"rejected"`
	Results  List[Result] `json:"results,omitzero"`
}

// UnmarshalJSON reads the object, or a bare list of results and counts it.
func (r *Results) UnmarshalJSON(b []byte) error {
	type plain Results
	if !isList(b) {
		return json.Unmarshal(b, (*plain)(r))
	}
	*r = Results{}
	if err := json.Unmarshal(b, &r.Results); err != nil {
		return err
	}
	for _, one := range r.Results {
		if strings.EqualFold(one.Status, Rejected) {
			r.Rejected++
		} else {
			r.Accepted++
		}
	}
	return nil
}

// isList says whether a document is a JSON array.
func isList(b []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) }

// Result is what became of one ticket or privilege.
type Result struct {
	TicketID    Word   `json:"ticketId,omitzero"`
	PrivilegeID Word   `json:"privilegeId,omitzero"`
	Status      string `json:"status"`
	Code        Word   `json:"code,omitzero"`
	Field       string `json:"field,omitzero"`
	Message     string `json:"message,omitzero"`
}

// Of returns the result of a ticket, and whether there is one.
func (r Results) Of(ticketID string) (Result, bool) {
	i := slices.IndexFunc(r.Results, func(one Result) bool { return string(one.TicketID) == ticketID })
	if i < 0 {
		return Result{}, false
	}
	return r.Results[i], true
}

// ChangesRequest asks for what changed after a page key. An empty key asks from the beginning.
type ChangesRequest struct {
	PageKey string
	Limit   int // at most 1000; 0 leaves it to TIXNGO
	// History asks for every step a ticket took, each as an item of its own, instead of where it stands: V3's older mode.
	// The name of the parameter, "mode", is proposed. Page keys of the two modes are not interchangeable.
	History bool
}

// Change is a ticket as it stands now. V3 fills Status, V4 also what follows History.
type Change struct {
	TicketID         Word              `json:"ticketId"`
	EventID          Word              `json:"eventId,omitzero"`
	Status           Status            `json:"status"`
	StatusTime       Time              `json:"statusTime,omitzero"`
	SpectatorDetails Spectator         `json:"spectatorDetails,omitzero"` // the owner
	HolderDetails    Spectator         `json:"holderDetails,omitzero"`
	Recipient        Spectator         `json:"recipientDetails,omitzero"` // of a pending transfer
	DeletionReason   string            `json:"deletionReason,omitzero"`
	ShowDeleted      Flag              `json:"showDeletedTicket,omitzero"`
	History          List[HistoryLine] `json:"history,omitzero"`

	Activated         Flag      `json:"activated,omitzero"`
	ActivatedAt       Time      `json:"activatedAt,omitzero"`
	Checked           Flag      `json:"checked,omitzero"`
	CheckedAt         Time      `json:"checkedAt,omitzero"`
	Controlled        Flag      `json:"controlled,omitzero"`
	ControlledAt      Time      `json:"controlledAt,omitzero"`
	InitialOwner      Spectator `json:"initialOwner,omitzero"`
	PreviousOwner     Spectator `json:"previousOwner,omitzero"`
	TransferLevel     Int       `json:"transferLevel,omitzero"`
	ForwardTransfers  Int       `json:"forwardTransfers,omitzero"`
	BackwardTransfers Int       `json:"backwardTransfers,omitzero"`
}

// HistoryLine is one step of a ticket's life.
type HistoryLine struct {
	Time       Time   `json:"time"`
	Action     string `json:"action,omitzero"`
	FromStatus Status `json:"fromStatus,omitzero"`
	ToStatus   Status `json:"toStatus"`
	Actor      string `json:"actor,omitzero"`
}

// Page is one page of a list that goes on.
type Page[T any] struct {
	// NextPageKey asks for what follows, and later for what is new. It is opaque: keep it byte for byte,
	// and only after the page itself is kept.
	NextPageKey string
	Result      []T
	// Broken counts the items that could not be read and are left out.
	Broken int
}

type pageForm struct {
	Pagination struct {
		NextPageKey Word `json:"nextPageKey"`
	} `json:"pagination"`
	Result List[json.RawMessage] `json:"result"`
}

// UnmarshalJSON reads the page, or a bare list that has no page key, item by item; what cannot be read is counted.
func (p *Page[T]) UnmarshalJSON(b []byte) error {
	var form pageForm
	into := any(&form)
	if isList(b) {
		into = &form.Result
	}
	if err := json.Unmarshal(b, into); err != nil {
		return err
	}
	*p = Page[T]{NextPageKey: string(form.Pagination.NextPageKey)}
	p.Result, p.Broken = readItems[T](form.Result)
	return nil
}

// MarshalJSON writes the form of the status logs' answer.
func (p Page[T]) MarshalJSON() ([]byte, error) {
	type pagination struct {
		NextPageKey string `json:"nextPageKey,omitzero"`
	}
	return json.Marshal(struct {
		Pagination pagination `json:"pagination"`
		Result     []T        `json:"result"`
	}{pagination{p.NextPageKey}, append([]T{}, p.Result...)})
}

func readItems[T any](raw []json.RawMessage) (items []T, broken int) {
	for _, r := range raw {
		var one T
		if string(bytes.TrimSpace(r)) == "null" || json.Unmarshal(r, &one) != nil {
			broken++
			continue
		}
		items = append(items, one)
	}
	return items, broken
}

// LogsRequest asks for the steps tickets took in a span of time. MobileAppID, From and To are required.
type LogsRequest struct {
	MobileAppID  string
	From, To     time.Time
	ActionNames  []string
	FromStatuses []Status
	ToStatuses   []Status
	FromOwnerID  string
	ToOwnerID    string
	Actor        string
	Limit        int // at most 10,000; 0 leaves it to TIXNGO
	PageKey      string
}

// StatusLog is one step of a ticket.
type StatusLog struct {
	TicketID    Word   `json:"ticketId"`
	EventID     Word   `json:"eventId,omitzero"`
	ActionName  string `json:"actionName"`
	FromStatus  Status `json:"fromStatus,omitzero"`
	ToStatus    Status `json:"toStatus"`
	FromOwnerID Word   `json:"fromOwnerId,omitzero"`
	ToOwnerID   Word   `json:"toOwnerId,omitzero"`
	Actor       string `json:"actor,omitzero"`
	Time        Time   `json:"time"`
}

// TicketsRequest asks for the tickets of many events, or of EventID alone. MobileAppID is required.
type TicketsRequest struct {
	MobileAppID       string
	EventID           string
	Light             bool // fewer members; not with EventID
	LastUpdatedSince  time.Time
	LastUpdatedBefore time.Time
	ExcludeDeleted    bool
	Limit, Offset     int
}

// Rows is one part of a report.
type Rows struct {
	Total  Int       `json:"total"`
	Result List[Row] `json:"result"`
}

// UnmarshalJSON reads the object, or a bare list: then Total is how many there are in it.
func (r *Rows) UnmarshalJSON(b []byte) error {
	type plain Rows
	if !isList(b) {
		return json.Unmarshal(b, (*plain)(r))
	}
	*r = Rows{}
	err := json.Unmarshal(b, &r.Result)
	r.Total = Int(len(r.Result))
	return err
}

// Row is one ticket of a report. A ticket whose owner has no account yet shows the first owner.
type Row struct {
	TicketID       Word   `json:"ticketId"`
	EventID        Word   `json:"eventId"`
	OrganizerID    Word   `json:"organizerId,omitzero"`
	EventName      Text   `json:"eventName,omitzero"`
	EventCode      Word   `json:"eventCode,omitzero"`
	EventStartDate Time   `json:"eventStartDate,omitzero"`
	Status         Status `json:"status,omitzero"`
	OwnerEmail     string `json:"ownerEmail,omitzero"`
	OwnerFirstName string `json:"ownerFirstName,omitzero"`
	OwnerLastName  string `json:"ownerLastName,omitzero"`
	LastUpdated    Time   `json:"lastUpdated,omitzero"`
}

// InjectionReport is how many tickets a month brought.
type InjectionReport struct {
	Total      Int                 `json:"total"`
	GrandTotal Int                 `json:"grandTotal"`
	Events     List[InjectedEvent] `json:"events"`
}

// UnmarshalJSON reads the object, or a bare list of events and adds them up.
func (r *InjectionReport) UnmarshalJSON(b []byte) error {
	type plain InjectionReport
	if !isList(b) {
		return json.Unmarshal(b, (*plain)(r))
	}
	*r = InjectionReport{}
	err := json.Unmarshal(b, &r.Events)
	for _, e := range r.Events {
		r.Total += e.Injected
	}
	return err
}

// InjectedEvent is one event of an InjectionReport.
type InjectedEvent struct {
	EventID   Word `json:"eventId"`
	EventName Text `json:"eventName,omitzero"`
	StartTime Time `json:"startTime,omitzero"`
	Injected  Int  `json:"injected"`
}

// InjectTickets puts tickets into the wallets of their spectators; the event is made when it is new.
// The call as a whole succeeds when some tickets are refused: look at every Result. A ticket that is
// there already is no error.
//
// TIXNGO: POST organizer/tickets
func (c *Client) InjectTickets(ctx context.Context, r InjectRequest) (Results, error) {
	return send[Results](ctx, c, OpInjectTickets, r)
}

// DeleteTickets takes tickets off the phones: DELETION_PENDING, and DELETED when it is confirmed.
//
// TIXNGO: function "push cancelled and invalidated", V4 "Invalidate Tickets"
func (c *Client) DeleteTickets(ctx context.Context, r DeleteRequest) (Results, error) {
	return send[Results](ctx, c, OpDeleteTickets, r)
}

// ControlTickets tells that tickets came through a gate.
//
// TIXNGO: function "push controlled"
func (c *Client) ControlTickets(ctx context.Context, r ControlRequest) (Results, error) {
	return send[Results](ctx, c, OpControlTickets, r)
}

// InjectPrivileges puts cards into the wallets of their members; the definition is made when it is new
// and changed when it differs.
//
// TIXNGO: function "inject digital privileges"; V4 is not known to have it
func (c *Client) InjectPrivileges(ctx context.Context, r PrivilegesRequest) (Results, error) {
	return send[Results](ctx, c, OpInjectPrivileges, r)
}

// DeletePrivileges takes cards out of their wallets. No page shows the call; its form is proposed after that of tickets.
//
// TIXNGO: proposed; V4 is not known to have it
func (c *Client) DeletePrivileges(ctx context.Context, r DeletePrivilegesRequest) (Results, error) {
	return send[Results](ctx, c, OpDeletePrivileges, r)
}

// Changes reads the tickets that changed after a page key, each once as it stands now. Exactly one
// function of an organizer may run at a time. A page that is shorter than the limit is the last for
// now; its NextPageKey, or the one asked with when it has none, asks on in the next run.
//
// TIXNGO: function "retrieve ticket status", the diff endpoint
func (c *Client) Changes(ctx context.Context, r ChangesRequest) (Page[Change], error) {
	q := url.Values{}
	setText(q, "paginationKey", r.PageKey)
	setInt(q, "limit", r.Limit)
	if r.History {
		q.Set("mode", "history")
	}
	page, err := fetch[Page[Change]](ctx, c, OpChanges, "", q)
	if err == nil && page.NextPageKey == "" {
		page.NextPageKey = r.PageKey
	}
	return page, err
}

// TicketStatusLogs reads the steps tickets took.
//
// TIXNGO: GET organizer/report/ticket-status-logs (V4)
func (c *Client) TicketStatusLogs(ctx context.Context, r LogsRequest) (Page[StatusLog], error) {
	q := url.Values{"mobileAppId": {r.MobileAppID}}
	setTime(q, "from", r.From)
	setTime(q, "to", r.To)
	q["actionNames"] = r.ActionNames
	q["fromStatuses"] = texts(r.FromStatuses)
	q["toStatuses"] = texts(r.ToStatuses)
	setText(q, "fromOwnerId", r.FromOwnerID)
	setText(q, "toOwnerId", r.ToOwnerID)
	setText(q, "actor", r.Actor)
	setInt(q, "limit", r.Limit)
	setText(q, "paginationKey", r.PageKey)
	return fetch[Page[StatusLog]](ctx, c, OpStatusLogs, "", q)
}

// Tickets reads the tickets of many events or of one.
//
// TIXNGO: GET organizer/report/events/tickets, …/tickets-light, …/{eventId}/tickets
func (c *Client) Tickets(ctx context.Context, r TicketsRequest) (Rows, error) {
	op := OpTickets
	switch {
	case r.EventID != "":
		op = OpEventTickets
	case r.Light:
		op = OpTicketsLight
	}
	q := url.Values{"mobileAppId": {r.MobileAppID}}
	setTime(q, "lastUpdatedSince", r.LastUpdatedSince)
	setTime(q, "lastUpdatedBefore", r.LastUpdatedBefore)
	if r.ExcludeDeleted {
		q.Set("excludeDeleted", "true")
	}
	setInt(q, "limit", r.Limit)
	setInt(q, "offset", r.Offset)
	return fetch[Rows](ctx, c, op, r.EventID, q)
}

// InjectionReport reads how many tickets were injected in a month, "2025-05".
//
// TIXNGO: the monthly injection report
func (c *Client) InjectionReport(ctx context.Context, period string, limit, offset int) (InjectionReport, error) {
	q := url.Values{"period": {period}}
	setInt(q, "limit", limit)
	setInt(q, "offset", offset)
	return fetch[InjectionReport](ctx, c, OpInjectionReport, "", q)
}

func send[R any](ctx context.Context, c *Client, op Operation, body any) (R, error) {
	var out R
	b, err := json.Marshal(body)
	if err == nil {
		b, err = c.options.Names.ToWire(b)
	}
	if err != nil {
		return out, &Error{Kind: KindRequest, Operation: op, Changing: true, Err: err}
	}
	err = c.call(ctx, call{op: op, method: http.MethodPost, changing: true, body: b}, &out)
	return out, err
}

func fetch[R any](ctx context.Context, c *Client, op Operation, eventID string, q url.Values) (R, error) {
	var out R
	err := c.call(ctx, call{op: op, method: http.MethodGet, eventID: eventID, query: q}, &out)
	return out, err
}

func setText(q url.Values, name, v string) {
	if v != "" {
		q.Set(name, v)
	}
}

func setInt(q url.Values, name string, v int) {
	if v != 0 {
		q.Set(name, strconv.Itoa(v))
	}
}

func setTime(q url.Values, name string, v time.Time) {
	if !v.IsZero() {
		q.Set(name, v.UTC().Format(time.RFC3339Nano))
	}
}

func texts(list []Status) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}
