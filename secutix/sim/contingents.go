package sim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// Contingent is a share of an institution's places that some sell from and others do not. The first of a world has every
// place that no [Part] gives to another.
type Contingent struct {
	Code   string `json:"code"`
	Name   Text   `json:"name"`
	Choice int    `json:"choice"` // the partner's sales channel sells from it as its first, second, … choice; 0 is not at all
}

// Part gives places to a contingent: all of the blocks, rows or seat category it names, or a share or a number of each of
// those blocks, counted from the back. Members left out do not restrict. Of an item it says a share or a number of its stock or
// of each time slot's quota.
type Part struct {
	Contingent string `json:"contingent"` // code
	Category   string `json:"category"`
	Area       string `json:"area"`
	Blocks     string `json:"blocks"` // "OC", or "101-104" in the venue's order
	Rows       string `json:"rows"`   // "A", or "A-C"
	Share      int    `json:"share"`  // percent; 0 is not a share
	Places     int    `json:"places"` // 0 is not a number
}

// contingent is a share of the places with its number.
type contingent struct {
	id    int64
	index int // in institution.contingents
	def   *Contingent
}

// ours says whether the partner's sales channel sells from it.
func (c *contingent) ours() bool { return c.def.Choice > 0 }

// growContingents makes the world's contingents, or the one that is the sales channel's when it declares none.
func (in *institution) growContingents() {
	list := in.w.Contingents
	if len(list) == 0 {
		list = []Contingent{{Code: in.w.SalesChannel.Code, Choice: 1}}
	}
	for i := range list {
		c := &contingent{id: in.number(kindContingent, int64(i+1)), index: i, def: &list[i]}
		in.contingents = append(in.contingents, c)
		if c.ours() {
			in.ours = append(in.ours, c)
		}
	}
	slices.SortStableFunc(in.ours, func(a, b *contingent) int { return a.def.Choice - b.def.Choice })
}

// contingentName is the name answers show.
func (in *institution) contingentName(c *contingent) string {
	return cmpOr(in.text(c.def.Name), c.def.Code)
}

// contingentOf finds a contingent by its code, as the control face names it.
func (in *institution) contingentOf(code string) *contingent {
	i := slices.IndexFunc(in.contingents, func(c *contingent) bool { return c.def.Code == code })
	if i < 0 {
		return nil
	}
	return in.contingents[i]
}

// sources lists the contingents an order call may take from, the first choice first: ours, or the one it names.
func (in *institution) sources(id int64) ([]*contingent, *refusal) {
	if id == 0 {
		return in.ours, nil
	}
	i := slices.IndexFunc(in.contingents, func(c *contingent) bool { return c.id == id })
	switch {
	case i < 0:
		return nil, refuse(errContingent, "no contingent %d", id)
	case !in.contingents[i].ours():
		return nil, refuse(errNotOurs, "contingent %d is not this sales channel's", id)
	}
	return in.contingents[i : i+1], nil
}

// sellers lists the contingents others buy from on the control face: the partner's, or the one named, whosever it is.
func (in *institution) sellers(id int64) []*contingent {
	for i, c := range in.contingents {
		if c.id == id {
			return in.contingents[i : i+1]
		}
	}
	return in.ours
}

// division says which places of a venue are whose.
type division struct {
	blocks []blockDivision
	first  []int // of each block its first pool, and behind the last the number of pools
}

// blockDivision says which places of a block are whose.
type blockDivision struct {
	owner []uint8 // contingent by seat; nil when all belong to one, and without numbers
	sizes []int   // places by contingent
}

// sharing are the contingents that have places here, by index. A block without places is the first contingent's.
func (b blockDivision) sharing() []int {
	var out []int
	for i, n := range b.sizes {
		if n > 0 {
			out = append(out, i)
		}
	}
	if len(out) == 0 {
		return []int{0}
	}
	return out
}

// whose is the contingent of a numbered seat, by index.
func (b blockDivision) whose(seat int) int {
	if b.owner != nil {
		return int(b.owner[seat])
	}
	return b.sharing()[0]
}

// divide gives every place of a venue to a contingent. An error names parts that contradict each other or name nothing.
func (in *institution) divide(v *venue, parts []Part) (*division, error) {
	d := &divider{in: in, claimed: make([][]bool, len(v.blocks)), free: make([]int, len(v.blocks)), out: in.undivided(v)}
	for i, b := range v.blocks {
		d.free[i] = b.capacity
	}
	var errs []error
	for _, p := range parts {
		if err := d.part(v, p); err != nil {
			errs = append(errs, fmt.Errorf("contingent %s: %w", p.Contingent, err))
		}
	}
	n := 0
	for i, b := range d.out.blocks {
		d.out.first[i] = n
		n += len(b.sharing())
	}
	d.out.first[len(v.blocks)] = n
	return d.out, errors.Join(errs...)
}

// undivided leaves a venue to the first contingent.
func (in *institution) undivided(v *venue) *division {
	out := &division{}
	for i, b := range v.blocks {
		sizes := make([]int, len(in.contingents))
		sizes[0] = b.capacity
		out.blocks, out.first = append(out.blocks, blockDivision{sizes: sizes}), append(out.first, i)
	}
	out.first = append(out.first, len(v.blocks))
	return out
}

// divider divides one venue, part by part.
type divider struct {
	in      *institution
	claimed [][]bool // of the numbered blocks, by seat
	free    []int    // places nobody claimed, by block
	out     *division
}

func (d *divider) part(v *venue, p Part) error {
	c := d.in.contingentOf(p.Contingent)
	switch {
	case c == nil:
		return errors.New("is unknown")
	case p.Share < 0 || p.Share > 100 || p.Places < 0 || (p.Share > 0 && p.Places > 0):
		return errors.New("a part is a share up to 100, a number of places, or all")
	}
	named, err := named(v, p)
	if err != nil {
		return err
	}
	for _, b := range named {
		if !b.numbered() {
			err = d.count(b, c, p)
		} else {
			err = d.seats(b, c, p)
		}
		if err != nil {
			return fmt.Errorf("block %s: %w", b.code, err)
		}
	}
	return nil
}

// named lists the blocks a part is about.
func named(v *venue, p Part) ([]*block, error) {
	from, to, err := span(len(v.blocks), func(i int) string { return v.blocks[i].code }, p.Blocks)
	if err != nil {
		return nil, fmt.Errorf("blocks: %w", err)
	}
	var out []*block
	for _, b := range v.blocks[from:to] {
		if (p.Category != "" && b.area.category.def.Code != p.Category) || (p.Area != "" && b.area.def.Code != p.Area) {
			continue
		}
		if _, _, err := b.rowSpan(p.Rows); err == nil {
			out = append(out, b)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("a part names no places")
	}
	return out, nil
}

// rowSpan reads rows of a block.
func (b *block) rowSpan(rows string) (from, to int, err error) {
	return span(len(b.rows), func(i int) string { return b.rows[i].label }, rows)
}

// span finds "A", or "A-C", among n labels. Nothing asked is all of them.
func span(n int, label func(int) string, asked string) (from, to int, err error) {
	if asked == "" {
		return 0, n, nil
	}
	at := func(code string) int {
		for i := range n {
			if label(i) == code {
				return i
			}
		}
		return -1
	}
	if i := at(asked); i >= 0 {
		return i, i + 1, nil
	}
	first, last, _ := strings.Cut(asked, "-")
	from, to = at(first), at(last)
	if from < 0 || to < from {
		return 0, 0, fmt.Errorf("there is no %q", asked)
	}
	return from, to + 1, nil
}

// wants is how many of n places a part is.
func (p Part) wants(n int) int {
	switch {
	case p.Share > 0:
		return n * p.Share / 100
	case p.Places > 0:
		return p.Places
	}
	return n
}

// count gives places of a block without numbers.
func (d *divider) count(b *block, c *contingent, p Part) error {
	n := p.wants(b.capacity)
	if n > d.free[b.index] {
		return fmt.Errorf("%d places of %d, %d are given already", n, b.capacity, b.capacity-d.free[b.index])
	}
	d.give(b, c, n)
	return nil
}

func (d *divider) give(b *block, c *contingent, n int) {
	sizes := d.out.blocks[b.index].sizes
	d.free[b.index] -= n
	sizes[0] -= n
	sizes[c.index] += n
}

// seats gives seats of rows, the last one first.
func (d *divider) seats(b *block, c *contingent, p Part) error {
	from, to, err := b.rowSpan(p.Rows)
	if err != nil {
		return err
	}
	if d.claimed[b.index] == nil {
		d.claimed[b.index], d.out.blocks[b.index].owner = make([]bool, b.capacity), make([]uint8, b.capacity)
	}
	claimed, owner := d.claimed[b.index], d.out.blocks[b.index].owner
	first, last := b.rows[from].first, b.rows[to-1].first+b.rows[to-1].seats
	n := p.wants(last - first)
	given := 0
	for seat := last - 1; seat >= first && given < n; seat-- {
		if !claimed[seat] {
			claimed[seat], owner[seat] = true, uint8(c.index)
			given++
		}
	}
	d.give(b, c, given)
	if given < n {
		return fmt.Errorf("%d seats of rows %s are given already", n-given, cmpOr(p.Rows, "all"))
	}
	return nil
}

// quotas divides a number of places of an item: by contingent, by index.
func (in *institution) quotas(it *ItemRule, n int) ([]int, error) {
	sizes := make([]int, len(in.contingents))
	sizes[0] = n
	for _, p := range it.Contingents {
		c := in.contingentOf(p.Contingent)
		if c == nil {
			return sizes, fmt.Errorf("contingent %s is unknown", p.Contingent)
		}
		if (p.Share <= 0) == (p.Places <= 0) || p.Category != "" || p.Area != "" || p.Blocks != "" || p.Rows != "" {
			return sizes, fmt.Errorf("contingent %s: a part of an item is a share or a number of places", p.Contingent)
		}
		k := p.wants(n)
		if k > sizes[0] {
			return sizes, fmt.Errorf("contingent %s: %d places of %d, too many are given already", p.Contingent, k, n)
		}
		sizes[0] -= k
		sizes[c.index] += k
	}
	return sizes, nil
}

// checkContingents names every contradiction in how a world divides its places.
func (w World) checkContingents() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	in := &institution{w: w, venues: map[string]*venue{}}
	in.growContingents()
	codes := map[string]bool{}
	for _, c := range w.Contingents {
		if c.Code == "" || codes[c.Code] || c.Choice < 0 {
			bad("contingent %q needs a code of its own and a choice of 0 or more", c.Code)
		}
		codes[c.Code] = true
	}
	if len(in.ours) == 0 || len(in.contingents) > 255 {
		bad("one contingent at least is the sales channel's, and 255 at most there are")
		return errs
	}
	for i := range w.Venues {
		in.growVenue(i)
		if _, err := in.divide(in.venues[w.Venues[i].Code], w.Venues[i].Contingents); err != nil {
			bad("venue %s: %w", w.Venues[i].Code, err)
		}
	}
	for i := range w.Products {
		p := &w.Products[i]
		if _, err := in.divideProduct(&product{def: p, venue: in.venues[p.Venue]}); err != nil {
			bad("product %s: %w", p.Code, err)
		}
		for j := range p.Items {
			if len(p.Items[j].Contingents) > 0 && p.Items[j].size() <= 0 {
				bad("product %s: item %s: what has no end has no parts", p.Code, p.Items[j].Code)
			}
			if _, err := in.quotas(&p.Items[j], p.Items[j].size()); err != nil {
				bad("product %s: item %s: %w", p.Code, p.Items[j].Code, err)
			}
		}
	}
	return errs
}

// size is how many there are of an item, or at each of its time slots; 0 is without end.
func (it *ItemRule) size() int {
	if it.Slots != nil {
		return it.Slots.Quota
	}
	return it.Stock
}

// divideProduct divides the performances of a product that are not divided as their venue is: all of them under 0, and those
// set apart under their number.
func (in *institution) divideProduct(p *product) (map[int]*division, error) {
	out := map[int]*division{}
	var errs []error
	add := func(n int, parts []Part) {
		if len(parts) == 0 {
			return
		}
		if p.venue == nil {
			errs = append(errs, errors.New("only the performances of a venue have parts"))
			return
		}
		d, err := in.divide(p.venue, parts)
		out[n] = d
		errs = append(errs, err)
	}
	add(0, p.def.Contingents)
	for _, s := range p.def.Special {
		add(s.Play, s.Contingents)
	}
	return out, errors.Join(errs...)
}

// division says how the places of a performance are divided: its own way, else its product's, else its venue's.
func (p *performance) division() *division {
	for _, n := range []int{p.n, 0} {
		if d := p.product.divisions[n]; d != nil {
			return d
		}
	}
	return p.product.venue.division
}

// shownContingent is the contingent a place is of, as answers show it.
func (in *institution) shownContingent(m *movement) (s360.ID, string) {
	c := in.contingents[m.Contingent]
	return s360.ID(c.id), in.contingentName(c)
}

// operationContingent is the contingent all places of a line are of; none when they are of several.
func (in *institution) operationContingent(op *operation) (id s360.ID, name string) {
	list := in.movementsOf(op)
	if len(list) == 0 {
		list = op.Movements
	}
	for i, m := range list {
		if i > 0 && m.Contingent != list[0].Contingent {
			return 0, ""
		}
		id, name = in.shownContingent(m)
	}
	return id, name
}

// contingentStock is what a contingent has of a performance, as the control face shows it.
type contingentStock struct {
	ID     int64  `json:"id"`
	Code   string `json:"code"`
	Name   string `json:"name"`
	Choice int    `json:"choice"` // of the partner's sales channel; 0 is not its
	stockCount
}

// contingentStocks lists the contingents that have places of a performance.
func (in *institution) contingentStocks(perf *performance, now time.Time) []contingentStock {
	all := make([]contingentStock, len(in.contingents))
	for i, c := range in.contingents {
		all[i] = contingentStock{ID: c.id, Code: c.def.Code, Name: in.contingentName(c), Choice: c.def.Choice}
	}
	for _, pl := range in.poolsOf(perf) {
		all[pl.contingent.index].add(pl, now)
	}
	return slices.DeleteFunc(all, func(c contingentStock) bool { return c.Capacity == 0 })
}

// contingentAsked is the number of the contingent the control face names; 0 when it names none.
func (in *institution) contingentAsked(code string) (int64, error) {
	if code == "" {
		return 0, nil
	}
	c := in.contingentOf(code)
	if c == nil {
		return 0, wrong(http.StatusUnprocessableEntity, "%s has no contingent %q", in.w.Code, code)
	}
	return c.id, nil
}
