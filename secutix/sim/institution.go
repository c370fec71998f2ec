package sim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the worlds need their zones on any machine
)

// horizon is how far ahead of the clock performances exist. They are added as the clock moves.
const horizon = 12 * 7 * 24 * time.Hour

// The kinds of thing that have a number. The kind is part of the number, so that no two things of an
// institution share one.
const (
	kindSeason = iota + 1
	kindProduct
	kindPerformance
	kindItem
	kindTariff
	kindAudience
	kindCategory
	kindLevel
	kindCharge
	kindArea
	kindBlock
	kindSeat
	kindPhysical
	kindLogical
	kindSite
	kindSpace
	kindVAT
	kindSlot
	kindActivity
	kindContingent
	kindFamily
	kindOrder
	kindFile
	kindOperation
	kindMovement
	kindTicket
	kindPayment
	kindShipment
	kindShipmentMode
	kindAttachment
	kindLine
)

// institution is one world grown into objects, and everything that happened in it. The Platform's
// lock guards it.
type institution struct {
	w     World
	index int64 // 1, 2, …; part of every number
	seed  uint64
	zone  *time.Location
	base  time.Time // midnight of the base day, in zone

	tariffs    []*tariff
	tariffByID map[int64]*tariff
	charges    map[string]*charge
	venues     map[string]*venue
	products   []*product
	productOf  map[int64]*product
	perfOf     map[int64]*performance
	itemOf     map[int64]*item
	slotOf     map[int64]*slot
	vatOf      map[string]int64

	contingents []*contingent // at least one
	ours        []*contingent // those our channel sells from, the first choice first

	grownTo time.Time // performances exist up to here

	setupAt time.Time // the catalog changed last

	recorded *recording // nil for a world of rules
	kept     shelf      // nil when what the catalog shows has changed
	parts    *partShelf // of the last catalog that was written

	wallets map[string]*wallet // by generation

	ledger
	hooks hooks
}

type tariff struct {
	id       int64
	def      *Tariff
	requires []int64
}

type charge struct {
	id  int64
	def *Charge
}

type category struct {
	id   int64
	rank int
	def  *SeatCategory
}

type venue struct {
	id, logicalID, siteID, spaceID int64
	def                            *Venue
	categories                     []*category
	areas                          []*area
	blocks                         []*block
	capacity                       int
	division                       *division
}

type area struct {
	id       int64
	def      *Area
	category *category
}

type block struct {
	id       int64
	index    int // in venue.blocks
	code     string
	gate     string
	area     *area
	rows     []row // empty without numbers
	capacity int
}

type row struct {
	label string
	first int // index of its first seat in the block
	seats int
}

func (b *block) numbered() bool { return len(b.rows) > 0 }

// rowOf finds the row a seat is in.
func (b *block) rowOf(seat int) row {
	i, found := slices.BinarySearchFunc(b.rows, seat, func(r row, s int) int { return r.first - s })
	if !found {
		i--
	}
	return b.rows[i]
}

type product struct {
	id        int64
	n         int
	def       *ProductRule
	venue     *venue
	grid      Grid
	perfs     []*performance // in order of time, as far as grown
	items     []*item
	divisions map[int]*division // of performances that are not divided as the venue is, by number; 0 is all
	saleOpens time.Time
	season    string    // code; a recording's, as there may be several
	stockAt   time.Time // its stock moved last
}

type performance struct {
	id       int64
	n        int // from 1, in order of time
	product  *product
	start    time.Time
	canceled bool
	// suspended and amounts are a recording's: not to be sold for now, and prices of its own.
	suspended bool
	amounts   map[priceKey]int64
	season    string
	moved     int64   // added to its prices by hand or fault
	pools     []*pool // by block and contingent; nil until needed
	changed   int     // counted up whenever the catalog shows it differently
}

type item struct {
	id      int64
	n       int
	product *product
	def     *ItemRule
	slots   []*slot
	moved   int64
	pools   map[slotKey]*pool
}

type slot struct {
	id     int64
	item   *item
	hour   int
	minute int
}

// slotKey says which stock of an item is meant. The day is empty for items without dates.
type slotKey struct {
	slot int64
	day  string
	part int // index of the contingent
}

// number makes the n-th number of a kind: 14 digits.
func (in *institution) number(kind, n int64) int64 {
	return 10_000_000_000_000 + in.index*100_000_000_000 + kind*1_000_000_000 + n
}

// grow turns a world into objects. The base day is the day of base at the institution.
func grow(w World, index int64, seed uint64, base time.Time) (*institution, error) {
	if err := w.check(); err != nil {
		return nil, fmt.Errorf("world %s: %w", w.Code, err)
	}
	zone, err := time.LoadLocation(w.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("world %s: %w", w.Code, err)
	}
	y, m, d := base.In(zone).Date()
	in := &institution{
		w: w, index: index, seed: seed, zone: zone, base: time.Date(y, m, d, 0, 0, 0, 0, zone),
		tariffByID: map[int64]*tariff{}, charges: map[string]*charge{}, venues: map[string]*venue{},
		productOf: map[int64]*product{}, perfOf: map[int64]*performance{}, itemOf: map[int64]*item{},
		slotOf: map[int64]*slot{}, vatOf: map[string]int64{}, parts: &partShelf{},
	}
	in.setupAt = in.base
	in.reset()
	in.growContingents()
	if w.record != nil {
		in.growRecorded(w.record(in.base))
		in.growTo(base)
		in.setupAt = in.base
		return in, nil
	}
	in.growPeople()
	for i := range w.Venues {
		in.growVenue(i)
		v := in.venues[w.Venues[i].Code]
		if v.division, err = in.divide(v, v.def.Contingents); err != nil {
			return nil, fmt.Errorf("world %s: venue %s: %w", w.Code, v.def.Code, err)
		}
	}
	for i := range w.Products {
		if err := in.growProduct(i); err != nil {
			return nil, err
		}
	}
	in.growTo(base)
	in.setupAt = in.base
	return in, nil
}

func (in *institution) growPeople() {
	byCode := map[string]int64{}
	for i := range in.w.Tariffs {
		t := &tariff{id: in.number(kindTariff, int64(i+1)), def: &in.w.Tariffs[i]}
		byCode[t.def.Code] = t.id
		in.tariffs = append(in.tariffs, t)
		in.tariffByID[t.id] = t
	}
	for _, t := range in.tariffs {
		for _, r := range t.def.Requires {
			t.requires = append(t.requires, byCode[r])
		}
	}
	for i := range in.w.Charges {
		c := &in.w.Charges[i]
		in.charges[c.Code] = &charge{id: in.number(kindCharge, int64(i+1)), def: c}
	}
	for i, code := range slices.Sorted(maps.Keys(in.w.VAT)) {
		in.vatOf[code] = in.number(kindVAT, int64(i+1))
	}
}

func (in *institution) growVenue(i int) {
	n := int64(i + 1)
	v := &venue{
		id: in.number(kindPhysical, n), logicalID: in.number(kindLogical, n),
		siteID: in.number(kindSite, n), spaceID: in.number(kindSpace, n), def: &in.w.Venues[i],
	}
	byCode := map[string]*category{}
	for j := range v.def.Categories {
		c := &category{id: in.number(kindCategory, n*100+int64(j+1)), rank: j + 1, def: &v.def.Categories[j]}
		byCode[c.def.Code] = c
		v.categories = append(v.categories, c)
	}
	for j := range v.def.Areas {
		a := &area{id: in.number(kindArea, n*1000+int64(j+1)), def: &v.def.Areas[j]}
		a.category = byCode[a.def.Category]
		v.areas = append(v.areas, a)
		for _, b := range a.def.Blocks {
			for k := range max(b.Count, 1) {
				in.growBlock(v, a, b, k)
			}
		}
	}
	in.venues[v.def.Code] = v
}

func (in *institution) growBlock(v *venue, a *area, def Block, k int) {
	b := &block{index: len(v.blocks), code: risen(def.Code, k), area: a, capacity: def.Capacity}
	b.id = in.number(kindBlock, v.id%1000*10_000+int64(b.index+1))
	if len(def.Gates) > 0 {
		b.gate = def.Gates[k%len(def.Gates)]
	}
	for r := range def.Rows {
		b.rows = append(b.rows, row{label: risen(cmpOr(def.FirstRow, "1"), r), first: b.capacity, seats: def.Seats})
		b.capacity += def.Seats
	}
	v.capacity += b.capacity
	v.blocks = append(v.blocks, b)
}

// cmpOr is the first of its arguments that is not empty.
func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// risen counts a code up: "101" by 2 is "103", "A" by 2 is "C".
func risen(code string, by int) string {
	if by == 0 {
		return code
	}
	digits := len(code) - len(strings.TrimRight(code, "0123456789"))
	head, tail := code[:len(code)-digits], code[len(code)-digits:]
	if n, err := strconv.Atoi(tail); err == nil {
		return head + strconv.Itoa(n+by)
	}
	if len(code) != 1 || code[0] < 'A' {
		return code + strconv.Itoa(by+1)
	}
	n := int(code[0]-'A') + by
	if n < 26 {
		return string(rune('A' + n))
	}
	return string(rune('A'+n/26-1)) + string(rune('A'+n%26))
}

func (in *institution) growProduct(i int) error {
	def := &in.w.Products[i]
	p := &product{id: in.number(kindProduct, int64(i+1)), n: i + 1, def: def, saleOpens: in.day(def.SaleOpens, 10, 0), stockAt: in.base}
	if def.Family == familyEvent {
		p.venue, p.grid = in.venues[def.Venue], in.w.Grids[def.Grid]
		if _, err := parsePlays(def.Plays); err != nil {
			return fmt.Errorf("world %s: product %s: %w", in.w.Code, def.Code, err)
		}
	}
	for j := range def.Items {
		it := &item{
			id: in.number(kindItem, int64(i+1)*1000+int64(j+1)), n: j + 1,
			product: p, def: &def.Items[j], pools: map[slotKey]*pool{},
		}
		if err := in.growSlots(it); err != nil {
			return fmt.Errorf("world %s: product %s: %w", in.w.Code, def.Code, err)
		}
		p.items = append(p.items, it)
		in.itemOf[it.id] = it
	}
	divisions, err := in.divideProduct(p)
	if err != nil {
		return fmt.Errorf("world %s: product %s: %w", in.w.Code, def.Code, err)
	}
	p.divisions = divisions
	in.products = append(in.products, p)
	in.productOf[p.id] = p
	return nil
}

func (in *institution) growSlots(it *item) error {
	if it.def.Slots == nil {
		return nil
	}
	from, err := parseTime(it.def.Slots.From)
	to, err2 := parseTime(it.def.Slots.To)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if it.def.Slots.Every <= 0 {
		return errors.New("slots need a positive every")
	}
	for at := from; at < to; at += it.def.Slots.Every {
		s := &slot{id: in.number(kindSlot, it.id%1_000_000*100+int64(len(it.slots)+1)), item: it, hour: at / 60, minute: at % 60}
		it.slots = append(it.slots, s)
		in.slotOf[s.id] = s
	}
	return nil
}

// day is a moment counted from the base day, at the institution's wall clock.
func (in *institution) day(offset, hour, minute int) time.Time {
	return time.Date(in.base.Year(), in.base.Month(), in.base.Day()+offset, hour, minute, 0, 0, in.zone)
}

// play is one line of a repeating plan.
type play struct {
	week    int
	weekday time.Weekday
	hour    int
	minute  int
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func parsePlays(lines []string) ([]play, error) {
	var out []play
	for _, line := range lines {
		f := strings.Fields(line)
		if len(f) != 3 {
			return nil, fmt.Errorf("play %q is not week, day, time", line)
		}
		week, err := strconv.Atoi(f[0])
		day := slices.Index(weekdays, f[1])
		at, err2 := parseTime(f[2])
		if err != nil || err2 != nil || day < 0 || week < 1 {
			return nil, fmt.Errorf("play %q is not week, day, time", line)
		}
		out = append(out, play{week: week, weekday: time.Weekday(day), hour: at / 60, minute: at % 60})
	}
	return out, nil
}

// parseTime reads "20:00" as minutes from midnight.
func parseTime(s string) (int, error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("time %q: %w", s, err)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// growTo adds the performances that come within the horizon of now. It says whether there were any.
func (in *institution) growTo(now time.Time) {
	y, m, d := now.Add(horizon).In(in.zone).Date()
	until := time.Date(y, m, d, 0, 0, 0, 0, in.zone)
	if !until.After(in.grownTo) {
		return
	}
	if in.recorded != nil { // it has all it ever will
		in.grownTo = until
		return
	}
	first := in.grownTo
	if first.IsZero() {
		first = in.base
	}
	news := false
	for _, p := range in.products {
		for _, start := range in.starts(p, first, until) {
			in.addPerformance(p, start)
			in.hooks.grown, news = append(in.hooks.grown, grown{p.id, in.comesIntoSight(start)}), true
		}
	}
	in.grownTo, in.kept = until, nil
	if news {
		in.setupChanged(time.Date(now.In(in.zone).Year(), now.In(in.zone).Month(), now.In(in.zone).Day(), 0, 0, 0, 0, in.zone))
	}
}

func (in *institution) setupChanged(at time.Time) {
	in.kept = nil
	if at.After(in.setupAt) {
		in.setupAt = at
	}
}

func (in *institution) addPerformance(p *product, start time.Time) {
	n := len(p.perfs) + 1
	perf := &performance{id: in.number(kindPerformance, int64(p.n)*10_000+int64(n)), n: n, product: p, start: start}
	p.perfs = append(p.perfs, perf)
	in.perfOf[perf.id] = perf
}

// starts lists when p is on in [from, until), in order.
func (in *institution) starts(p *product, from, until time.Time) []time.Time {
	if p.def.Family != familyEvent {
		return nil
	}
	if p.def.Count > 0 {
		return in.countedStarts(p)
	}
	plays, err := parsePlays(p.def.Plays)
	if err != nil {
		return nil // refused when the world was grown
	}
	var out []time.Time
	repeat := max(p.def.RepeatWeeks, 1)
	back := (int(in.base.Weekday()) + 6) % 7 // to the Monday of the base day's week
	firstWeek := int(from.Sub(in.base).Hours()/24+float64(back)) / 7
	lastWeek := int(until.Sub(in.base).Hours()/24+float64(back))/7 + 1
	for week := max(firstWeek-1, 0); week <= lastWeek; week++ {
		for _, pl := range plays {
			if week%repeat != (pl.week-1)%repeat {
				continue
			}
			at := in.day(week*7-back+(int(pl.weekday)+6)%7, pl.hour, pl.minute)
			if !at.Before(from) && at.Before(until) {
				out = append(out, at)
			}
		}
	}
	out = append(out, in.clockChanges(p, from, until)...)
	slices.SortFunc(out, time.Time.Compare)
	return out
}

func (in *institution) countedStarts(p *product) []time.Time {
	if len(p.perfs) > 0 {
		return nil
	}
	out := make([]time.Time, p.def.Count)
	for i := range out {
		out[i] = in.day(1+i/10, 10+i%10, 0)
	}
	return out
}

// clockChanges lists the days in [from, until) on which summer time begins or ends, at the product's
// hour of that kind.
func (in *institution) clockChanges(p *product, from, until time.Time) []time.Time {
	if p.def.ClockChange == "" {
		return nil
	}
	minutes, err := parseTime(p.def.ClockChange)
	if err != nil {
		return nil
	}
	var out []time.Time
	for day := from; day.Before(until); day = day.AddDate(0, 0, 1) {
		_, before := day.Zone()
		_, after := day.AddDate(0, 0, 1).Zone()
		if before == after {
			continue
		}
		at := time.Date(day.Year(), day.Month(), day.Day(), minutes/60, minutes%60, 0, 0, in.zone)
		out = append(out, at)
	}
	return out
}

// price is what one place costs, if it is sold at all. The amount contains the charges.
func (p *performance) price(cat *category, t *tariff) (int64, bool) {
	amount, ok := p.product.grid[cat.def.Code][t.def.Code]
	if p.amounts != nil {
		amount, ok = p.amounts[priceKey{cat.id, t.id}]
	}
	if ok && amount > 0 {
		amount += p.moved
	}
	return amount, ok
}

func (it *item) price(t *tariff) (int64, bool) {
	amount, ok := it.def.Price[t.def.Code]
	if ok && amount > 0 {
		amount += it.moved
	}
	return amount, ok
}

// category finds a seat category of the performance's venue.
func (p *performance) category(id int64) *category {
	for _, c := range p.product.venue.categories {
		if c.id == id {
			return c
		}
	}
	return nil
}

// end is when the performance is over.
func (p *performance) end() time.Time {
	return p.start.Add(time.Duration(p.product.def.Minutes) * time.Minute)
}

// onSale says whether the performance may be sold at now.
func (p *performance) onSale(now time.Time) bool {
	return !p.canceled && !p.suspended && !now.Before(p.product.saleOpens) && now.Before(p.start)
}

// fill is how many percent of the performance others have bought.
func (p *performance) fill(seed uint64) int {
	for _, s := range p.product.def.Special {
		if s.Play == p.n {
			return s.Fill
		}
	}
	return between(p.product.def.Fill, mix(seed, uint64(p.id), 1))
}

func between(r [2]int, h uint64) int {
	if r[1] <= r[0] {
		return r[0]
	}
	return r[0] + int(h%uint64(r[1]-r[0]+1))
}

// code is the performance's code: the product's with its number.
func (p *performance) code() string {
	return p.product.def.Code + strconv.Itoa(p.n)
}
