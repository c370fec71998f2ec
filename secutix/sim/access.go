package sim

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// The business errors of the access control service (proposed).
const (
	errGateSeason  = "error.accesscontrol.season.unknown"
	errGateProduct = "error.accesscontrol.product.unknown"
	errGateShow    = "error.accesscontrol.performance.unknown"
	errMark        = "error.accesscontrol.pagination"
	errOtherClient = "error.accesscontrol.client"
	errTicket      = "error.accesscontrol.ticket.unknown"
	errCheckLine   = "error.accesscontrol.control.invalid"
	errCheckTwice  = "error.accesscontrol.control.conflict"
)

// The causes of a CANCELLED line (proposed words).
const (
	causeRefund    = "REFUND"
	causeDuplicate = "DUPLICATE"
)

// A client keeps the products it reads to itself for claimLife; the claim is written down again when it is claimAge old.
const (
	claimLife = 24 * time.Hour
	claimAge  = time.Hour
)

// The access control changes of the journal.
const (
	doList    = "list"    // the list was brought up to date with the tickets
	doClaim   = "claim"   // a client reads products
	doControl = "control" // checks at the gate were reported
)

// entry is a ticket of the ledger as the gate sees it.
type entry struct {
	order     *order
	op        *operation
	movement  *movement
	ticket    int64
	barcode   string
	cancelled bool
	cause     string
}

// right is a ticket in the list. It stands at one place of the list: that of its last change.
type right struct {
	entry
	place   int
	changed time.Time
}

// listed is one place of the list. The right may have moved on.
type listed struct {
	right *right
	at    time.Time
}

// gateCheck is one check at a gate. Its JSON form is the journal's.
type gateCheck struct {
	Identifier string    `json:"ac,omitempty"`
	Barcode    string    `json:"b"`
	At         time.Time `json:"at"`
	Result     string    `json:"r"`
	Reason     string    `json:"why,omitempty"`
	Info       string    `json:"info,omitempty"`
	Batch      int       `json:"batch"`
}

// same says whether two reports are of the same check.
func (k gateCheck) same(o gateCheck) bool {
	return k.Identifier == o.Identifier && k.Barcode == o.Barcode && k.At.Equal(o.At)
}

func (k gateCheck) passed() bool {
	return k.Result == s360.ControlOK || k.Result == s360.ControlOfflineOK
}

// claim is a client's hold on a product.
type claim struct {
	client string
	at     time.Time
}

// accessBook is what the gates see and say.
type accessBook struct {
	rights   map[string]*right // by barcode
	list     []listed
	controls map[string][]gateCheck // by barcode, in order of arrival
	batches  []int                  // sizes of the imports
	claims   map[string]claim       // by product code
	polls    map[string]time.Time   // when a list was last begun or read to its end; memory only
}

func (b *accessBook) ready() {
	if b.rights == nil {
		b.rights, b.controls, b.claims, b.polls = map[string]*right{}, map[string][]gateCheck{}, map[string]claim{}, map[string]time.Time{}
	}
}

func accessService() service {
	return service{module: "tnci", name: "externalAccessControlService", soap: "ExternalAccessControlService", pkg: "com.secutix.facade.control", versions: []string{"v1_6", "v1_5", "v1_4", "v1_2"}, gone: "v1_1", methods: []method{
		{name: "getAccessControlCatalog", do: (*Platform).getAccessControlCatalog, request: s360.AccessControlCatalogRequest{}, result: s360.AccessControlCatalogResult{}},
		{name: "exportList", do: (*Platform).exportList, request: s360.ExportListRequest{}, result: s360.AccessControlListResult{}},
		{name: "importControlledTicket", do: (*Platform).importControlledTicket, request: s360.ImportControlledTicketRequest{}, result: s360.WebMethodResult{}},
		{name: "getControlledTicket", do: (*Platform).getControlledTicket, request: s360.ControlledTicketRequest{}, result: s360.ControlledTicketResult{}},
		{name: "burnTicket", do: (*Platform).burnTicket, request: s360.ControlledTicketRequest{}, result: s360.ControlledTicketResult{}},
		{name: "getTimeZone", do: (*Platform).getTimeZone, request: s360.TimeZoneRequest{}, result: s360.TimeZoneResult{}},
	}}
}

// tooSoon is the result of a call that comes too early after the last one; it is answered like a call over the limit.
type tooSoon struct{}

// callerOf is the name a client gives itself, as far as its token tells.
func callerOf(r *http.Request) string {
	c, _, _, err := openToken(bearer(r))
	if err != nil {
		return ""
	}
	return cmpOr(c.Iss, c.Aud)
}

// eachEntry shows every ticket that can be read at now, in the order of sale, the replaced ones of a place before its last.
func (in *institution) eachEntry(now time.Time, show func(entry)) {
	for _, id := range in.sequence {
		o := in.orders[id]
		if o.State != stateClosed {
			continue
		}
		for _, op := range o.Operations {
			for _, m := range op.Movements {
				if m.Dropped || m.Barcode == "" || (now.Before(o.BarcodesAt) && !m.replaced()) {
					continue
				}
				m.eachTicket(func(e entry) {
					e.order, e.op, e.movement = o, op, m
					show(e)
				})
			}
		}
	}
}

// applyAccess makes an access control change happen.
func (in *institution) applyAccess(c change) error {
	b := &in.access
	b.ready()
	switch c.Do {
	case doList:
		in.eachEntry(c.At, func(e entry) { b.take(e, c.At) })
	case doClaim:
		for _, code := range c.Products {
			b.claims[code] = claim{client: c.Client, at: c.At}
		}
	case doControl:
		for _, k := range c.Controls {
			if b.rights[k.Barcode] == nil {
				return errors.New("control: unknown ticket")
			}
		}
		for _, k := range c.Controls {
			k.Batch = len(b.batches)
			if k.passed() {
				b.rights[k.Barcode].movement.admitted = k.Barcode
			}
			b.controls[k.Barcode] = append(b.controls[k.Barcode], k)
		}
		b.batches = append(b.batches, len(c.Controls))
	}
	return nil
}

// news says whether the list does not yet know the ticket as it is.
func (b *accessBook) news(e entry) bool {
	r := b.rights[e.barcode]
	return r == nil || r.cancelled != e.cancelled
}

// take puts a ticket that is new or has changed at the end of the list.
func (b *accessBook) take(e entry, at time.Time) {
	if !b.news(e) {
		return
	}
	r := b.rights[e.barcode]
	if r == nil {
		r = &right{}
		b.rights[e.barcode] = r
	}
	r.entry, r.place, r.changed = e, len(b.list), at
	b.list = append(b.list, listed{right: r, at: at})
}

// bringUp brings the list up to date with the tickets. It is written down, so that marks mean the same after a restart.
func (p *Platform) bringUp(in *institution, now time.Time) error {
	in.access.ready()
	news := false
	in.eachEntry(now, func(e entry) { news = news || in.access.news(e) })
	if !news {
		return nil
	}
	return p.commit(in, change{At: now, Do: doList})
}

func (p *Platform) getTimeZone(c *call) (any, *refusal) {
	var q s360.TimeZoneRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	return s360.TimeZoneResult{Result: c.ok(), TimeZone: c.in.w.TimeZone}, nil
}

func (p *Platform) getAccessControlCatalog(c *call) (any, *refusal) {
	var q s360.AccessControlCatalogRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	season := s360.AccessControlSeason{Code: c.in.seasonCode(), InternalName: c.in.seasonCode()}
	if q.SeasonCode != "" && q.SeasonCode != season.Code {
		return nil, refuse(errGateSeason, "no season %q", q.SeasonCode)
	}
	for _, pr := range c.in.products {
		line := s360.AccessControlProduct{Code: pr.def.Code, InternalName: c.in.text(pr.def.Name)}
		for _, perf := range pr.perfs {
			line.Performances = append(line.Performances, s360.AccessControlPerformance{Code: perf.code(), Start: c.in.at(perf.start)})
		}
		season.Products = append(season.Products, line)
	}
	return s360.AccessControlCatalogResult{Result: c.ok(), Seasons: s360.List[s360.AccessControlSeason]{season}}, nil
}

// scope is the granularity of a walk through the list: whose tickets are meant.
type scope struct {
	season                 string
	products, performances []string // sorted, each once
}

func (s scope) String() string {
	return strconv.Quote(s.season) + "/" + fmt.Sprintf("%q", s.products) + "/" + fmt.Sprintf("%q", s.performances)
}

// covers says whether a ticket is meant.
func (s scope) covers(in *institution, e *entry) bool {
	if len(s.products) > 0 && !slices.Contains(s.products, in.productOf[e.op.Product].def.Code) {
		return false
	}
	if len(s.performances) == 0 {
		return true
	}
	perf := in.perfOf[e.op.Performance]
	return perf != nil && slices.Contains(s.performances, perf.code())
}

// claimed lists the products a walk reads.
func (s scope) claimed(in *institution) []string {
	var out []string
	for _, pr := range in.products {
		in1 := len(s.products) == 0 || slices.Contains(s.products, pr.def.Code)
		if in1 && (len(s.performances) == 0 || slices.ContainsFunc(pr.perfs, func(f *performance) bool { return slices.Contains(s.performances, f.code()) })) {
			out = append(out, pr.def.Code)
		}
	}
	return out
}

// scopeOf reads whose tickets are meant and refuses codes nobody has.
func (in *institution) scopeOf(q s360.ExportListRequest) (scope, *refusal) {
	s := scope{season: q.SeasonCode, products: sorted(q.ProductCodes), performances: sorted(q.PerformanceCodes)}
	if s.season != "" && s.season != in.seasonCode() {
		return s, refuse(errGateSeason, "no season %q", s.season)
	}
	for _, code := range s.products {
		if !slices.ContainsFunc(in.products, func(p *product) bool { return p.def.Code == code }) {
			return s, refuse(errGateProduct, "no product %q", code)
		}
	}
	for _, code := range s.performances {
		if !slices.ContainsFunc(in.products, func(p *product) bool {
			return slices.ContainsFunc(p.perfs, func(f *performance) bool { return f.code() == code })
		}) {
			return s, refuse(errGateShow, "no performance %q", code)
		}
	}
	return s, nil
}

func sorted(codes []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(codes)))
}

// markLayout is how a mark begins: it looks like a date and is not one.
const markLayout = "2006-01-02T15:04:05.000000"

// mark is the text that stands for a place of the list in a scope; place is how many places lie before it.
func (in *institution) mark(s scope, place int) string {
	if place <= 0 || place > len(in.access.list) {
		return ""
	}
	at := in.access.list[place-1].at
	seal := mix(in.seed, uint64(in.index), textHash(s.String()), uint64(place), uint64(at.UnixNano()))
	return at.UTC().Format(markLayout) + "|" + strconv.FormatInt(int64(place), 36) + "." + strconv.FormatUint(seal, 36)
}

// openMark finds the place of a mark. A mark of another scope, or one that was altered, has none.
func (in *institution) openMark(s scope, text string) (int, *refusal) {
	if text == "" {
		return 0, nil
	}
	_, rest, _ := strings.Cut(text, "|")
	number, _, _ := strings.Cut(rest, ".")
	place, err := strconv.ParseInt(number, 36, 32)
	if err != nil || in.mark(s, int(place)) != text {
		return 0, refuse(errMark, "paginationStart is not the last paginationEnd of this season, these products and performances")
	}
	return int(place), nil
}

// exportList reads the list. Beginning a list, and reading it to its end, are each taken once per ExportSpacing; the pages
// between follow as fast as the rate allows.
func (p *Platform) exportList(c *call) (any, *refusal) {
	var q s360.ExportListRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if len(q.PerformanceCodes) > 0 && before(c.version, "v1_4") {
		return nil, p.unknownMember(c, []string{"performanceCodes"})
	}
	if no := checkExport(q); no != nil {
		return nil, no
	}
	s, no := c.in.scopeOf(q)
	if no != nil {
		return nil, no
	}
	start, no := c.in.openMark(s, q.PaginationStart)
	if no != nil {
		return nil, no
	}
	claims, no := c.in.mayRead(c, s)
	if no != nil {
		return nil, no
	}
	if err := p.bringUp(c.in, c.now); err != nil {
		return nil, p.broken(c, err)
	}
	n := min(int(q.NbMaxResults), s360.MaxListLines)
	items, end, whole := c.in.page(s, q, start, n)
	if p.pollsTooSoon(c, s, q, whole) {
		return tooSoon{}, nil
	}
	if len(claims) > 0 {
		if err := p.commit(c.in, change{At: c.now, Do: doClaim, Client: c.caller, Products: claims}); err != nil {
			return nil, p.broken(c, err)
		}
	}
	return s360.AccessControlListResult{Result: c.ok(), Data: &s360.AccessControlListData{Items: items, PaginationEnd: c.in.mark(s, end)}}, nil
}

func checkExport(q s360.ExportListRequest) *refusal {
	switch {
	case q.ListType == "":
		return refuse(errMissing, "listType")
	case q.ListType != s360.ListWhite && q.ListType != s360.ListBlack && q.ListType != s360.ListGrey:
		return refuse(errInvalid, "unknown listType %q", q.ListType)
	case q.TicketType == "":
		return refuse(errMissing, "ticketType")
	case q.TicketType != s360.TicketTypeAll && q.TicketType != s360.TicketTypeThirdParty:
		return refuse(errInvalid, "unknown ticketType %q", q.TicketType)
	case q.NbMaxResults <= 0:
		return refuse(errMissing, "nbMaxResults, from 1 to %d", s360.MaxListLines)
	}
	return nil
}

// mayRead refuses a product that another client reads, and returns the products whose claim is to be written down.
func (in *institution) mayRead(c *call, s scope) ([]string, *refusal) {
	var out []string
	for _, code := range s.claimed(in) {
		held, taken := in.access.claims[code]
		age := c.now.Sub(held.at)
		switch {
		case taken && held.client != c.caller && age < claimLife:
			return nil, refuse(errOtherClient, "product %s is read by another client", code)
		case !taken || held.client != c.caller || age >= claimAge:
			out = append(out, code)
		}
	}
	return out, nil
}

// page lists at most n tickets from a place on and tells the place after the last of them. It is the whole rest of the list
// when it holds fewer.
func (in *institution) page(s scope, q s360.ExportListRequest, start, n int) (items s360.List[s360.AccessControlListItem], end int, whole bool) {
	items, end = s360.List[s360.AccessControlListItem]{}, start
	if q.TicketType == s360.TicketTypeThirdParty {
		return items, end, true
	}
	count := 0
	for place := start; place < len(in.access.list) && count < n; place++ {
		r := in.access.list[place].right
		if r.place != place || !s.covers(in, &r.entry) ||
			(q.ListType == s360.ListWhite && r.cancelled) || (q.ListType == s360.ListBlack && !r.cancelled) {
			continue
		}
		if q.ListType != s360.ListBlack {
			items = append(items, in.listItem(&r.entry, false))
		}
		if r.cancelled {
			items = append(items, in.listItem(&r.entry, true))
		}
		count++
		end = place + 1
	}
	return items, end, count < n
}

// pollsTooSoon notes that a list is begun or read to its end, unless that comes too early.
func (p *Platform) pollsTooSoon(c *call, s scope, q s360.ExportListRequest, whole bool) bool {
	gap := orElse(p.ExportSpacing, time.Minute)
	name := q.ListType + " " + q.TicketType + " " + s.String()
	var due []string
	if q.PaginationStart == "" {
		due = append(due, "begin "+name)
	}
	if whole {
		due = append(due, "end "+name)
	}
	for _, d := range due {
		last, polled := c.in.access.polls[d]
		if gap > 0 && polled && !c.now.Before(last) && c.now.Before(last.Add(gap)) {
			return true
		}
	}
	for _, d := range due {
		c.in.access.polls[d] = c.now
	}
	return false
}

// listItem is a ticket as a line of the list.
func (in *institution) listItem(e *entry, cancelled bool) s360.AccessControlListItem {
	pr, t, m := in.productOf[e.op.Product], in.tariffByID[e.op.Tariff], in.movementData(e.op, e.movement)
	item := s360.AccessControlListItem{
		Barcode: s360.Barcode(e.barcode), TicketID: s360.ID(e.ticket), TicketState: s360.TicketValid, CancellationCause: s360.CauseNotCancelled,
		TariffCode: t.def.Code, AudienceSubCategoryCode: t.def.Code, SeasonCode: in.seasonOf(e.op), ProductID: s360.ID(pr.id), ProductCode: pr.def.Code,
		ValidityStartTime: m.StartValidityDate, ValidityEndTime: m.EndValidityDate, Area: m.Area, Block: m.Block, Row: m.Row,
		SeatNumber: m.Number, Entrance: m.Entrance, SalesChannelCodeMapping: in.w.SalesChannel.Code, OrderID: s360.ID(e.order.ID),
		FileID: s360.ID(e.order.File), CreationDate: in.at(e.order.Closed), GroupSize: 1, Price: amount(e.op.Price),
	}
	if perf := in.perfOf[e.op.Performance]; perf != nil {
		item.PerformanceCode = perf.code()
	}
	if cancelled {
		item.TicketState, item.CancellationCause = s360.TicketCancelled, e.cause
	}
	in.holderOf(e, &item)
	return item
}

func (p *Platform) importControlledTicket(c *call) (any, *refusal) {
	var q s360.ImportControlledTicketRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if len(q.ControlledTickets) == 0 {
		return nil, refuse(errMissing, "controlledTickets")
	}
	if err := p.bringUp(c.in, c.now); err != nil {
		return nil, p.broken(c, err)
	}
	fresh := map[string][]gateCheck{}
	var all []gateCheck
	for i, line := range q.ControlledTickets {
		k, no := c.in.check(line)
		if no != nil {
			return nil, refuse(no.code, "controlledTickets[%d]: %s", i, no.detail)
		}
		known := append(slices.Clone(c.in.access.controls[k.Barcode]), fresh[k.Barcode]...)
		if j := slices.IndexFunc(known, k.same); j >= 0 {
			if known[j].Result != k.Result {
				return nil, refuse(errCheckTwice, "controlledTickets[%d]: this check was reported as %s", i, known[j].Result)
			}
			continue
		}
		fresh[k.Barcode] = append(fresh[k.Barcode], k)
		all = append(all, k)
	}
	if no := p.report(c, all); no != nil {
		return nil, no
	}
	return s360.WebMethodResult{Result: c.ok()}, nil
}

// check reads one reported check.
func (in *institution) check(line s360.ControlledTicket) (gateCheck, *refusal) {
	k := gateCheck{
		Identifier: line.AcIdentifier, Barcode: string(line.Barcode), At: line.ControlDate.UTC(), Result: line.ControlResult,
		Reason: line.FailureReason, Info: line.AdditionalInfo,
	}
	switch {
	case in.access.rights[k.Barcode] == nil:
		return k, refuse(errTicket, "no such ticket")
	case line.ControlDate.IsZero():
		return k, refuse(errCheckLine, "controlDate is missing")
	case !slices.Contains([]string{s360.ControlOK, s360.ControlFail, s360.ControlOfflineOK, s360.ControlOfflineFail}, k.Result):
		return k, refuse(errCheckLine, "unknown controlResult %q", k.Result)
	}
	return k, nil
}

// report writes checks down, all at once.
func (p *Platform) report(c *call, all []gateCheck) *refusal {
	if len(all) == 0 {
		return nil
	}
	if err := p.commit(c.in, change{At: c.now, Do: doControl, Controls: all}); err != nil {
		return p.broken(c, err)
	}
	return nil
}

func (p *Platform) getControlledTicket(c *call) (any, *refusal) {
	r, no := p.ticketAsked(c)
	if no != nil {
		return nil, no
	}
	return s360.ControlledTicketResult{Result: c.ok(), Data: c.in.controlled(r)}, nil
}

// burnTicket checks a ticket in. The first time is OK; a cancelled ticket and every further time is FAIL, with status success.
func (p *Platform) burnTicket(c *call) (any, *refusal) {
	r, no := p.ticketAsked(c)
	if no != nil {
		return nil, no
	}
	k := gateCheck{Identifier: "BURN", Barcode: r.barcode, At: c.now.UTC(), Result: s360.ControlOK, Reason: s360.ControlOK}
	if r.cancelled || slices.ContainsFunc(c.in.access.controls[r.barcode], gateCheck.passed) {
		k.Result, k.Reason = s360.ControlFail, s360.ControlFail
	}
	if no := p.report(c, []gateCheck{k}); no != nil {
		return nil, no
	}
	return s360.ControlledTicketResult{Result: c.ok(), Data: c.in.controlled(r)}, nil
}

func (p *Platform) ticketAsked(c *call) (*right, *refusal) {
	var q s360.ControlledTicketRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if q.BarCodeOrTaxNumber == "" {
		return nil, refuse(errMissing, "barCodeOrTaxNumber")
	}
	if err := p.bringUp(c.in, c.now); err != nil {
		return nil, p.broken(c, err)
	}
	r := c.in.access.rights[string(q.BarCodeOrTaxNumber)]
	if r == nil {
		return nil, refuse(errTicket, "no such ticket")
	}
	return r, nil
}

// controlled is a ticket with its history, the newest first.
func (in *institution) controlled(r *right) *s360.ControlledTicketData {
	d := &s360.ControlledTicketData{
		Barcode: s360.Barcode(r.barcode), State: s360.TicketValid, TicketMedium: "E_TICKET",
		Duplicate: s360.Bool(!r.cancelled && r.movement.replaced()), ControlOperations: s360.List[s360.ControlOperation]{},
	}
	if r.order.Generated || r.movement.replaced() {
		d.PrintingDateTime = in.at(r.order.Closed)
	}
	add := func(kind string, at time.Time) {
		d.ControlOperations = append(d.ControlOperations, s360.ControlOperation{ControlOperationType: kind, OperationDateTime: in.at(at)})
	}
	if r.cancelled {
		d.State = s360.TicketCancelled
		kind := s360.OperationCancelled
		if r.cause == causeDuplicate {
			kind = s360.OperationInvalidated
		}
		add(kind, r.changed)
	}
	for _, k := range slices.Backward(in.access.controls[r.barcode]) {
		add(k.Result, k.At)
	}
	slices.SortStableFunc(d.ControlOperations, func(a, b s360.ControlOperation) int {
		return cmp.Compare(b.OperationDateTime.UnixNano(), a.OperationDateTime.UnixNano())
	})
	return d
}
