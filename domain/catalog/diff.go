package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet/domain"
)

// ChangeSort says in what way a thing of the catalog became another one.
type ChangeSort string

// The sorts of change. ChangeMore stands for changes that are not listed one by one: the catalog has to be read anew.
const (
	ChangeAdded    ChangeSort = "added"
	ChangeGone     ChangeSort = "gone"
	ChangeMoved    ChangeSort = "moved"    // start, end or venue of a performance
	ChangeRepriced ChangeSort = "repriced" // the set of its prices
	ChangeState    ChangeSort = "state"    // the platform's state or additional state
	ChangeOther    ChangeSort = "changed"  // anything else; Members says what
	ChangeMore     ChangeSort = "more"
)

// ChangeSorts lists every sort in the order in which they are counted and told.
func ChangeSorts() []ChangeSort {
	return []ChangeSort{ChangeAdded, ChangeGone, ChangeMoved, ChangeRepriced, ChangeState, ChangeOther, ChangeMore}
}

// Change is one way in which one thing differs between two snapshots. An item's has Product and Item, a performance's
// Product and Performance; one without Product is of what all things refer to (tariffs, seasons …).
type Change struct {
	Sort        ChangeSort
	Product     ProductID
	Performance PerformanceID
	Item        ItemID
	Code        string
	Members     []string // of ChangeOther: what differs, in the words of the API where it has one; sorted
	Before      string   // in short, for people; at most MaxChangeText bytes, may be empty
	After       string
	More        int // of ChangeMore: how many are not listed
}

// MaxChangeText bounds Code, Before and After of a change, in bytes.
const MaxChangeText = 160

// Diff lists in what the snapshot now differs from the one before, by product, performance, item and sort; nothing for two
// that say the same. Version, stamp, moment of loading, what was refused and the order in which a set of prices stands do
// not count. It is pure and keeps nothing of the snapshots but their texts.
func Diff(old, now *Snapshot) []Change {
	d := &differ{lang: now.Institution.MainLanguage}
	d.reference(old, now)
	was := make(map[ProductID]*Product, len(old.Products))
	for i := range old.Products {
		was[old.Products[i].ID] = &old.Products[i]
	}
	for i := range now.Products {
		p := &now.Products[i]
		before := was[p.ID]
		if before == nil {
			d.add(Change{Sort: ChangeAdded, Product: p.ID, Code: p.Code, After: p.Name.Or(p.Code, d.lang)})
			continue
		}
		d.product(before, p)
		delete(was, p.ID)
	}
	for _, p := range was {
		d.add(Change{Sort: ChangeGone, Product: p.ID, Code: p.Code, Before: p.Name.Or(p.Code, d.lang)})
	}
	d.performances(old, now)
	slices.SortFunc(d.list, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Product, b.Product), cmp.Compare(a.Performance, b.Performance), cmp.Compare(a.Item, b.Item),
			cmp.Compare(a.Sort, b.Sort))
	})
	return d.list
}

// differ collects changes.
type differ struct {
	lang string
	list []Change
}

func (d *differ) add(c Change) {
	c.Code, c.Before, c.After = bounded(c.Code), bounded(c.Before), bounded(c.After)
	d.list = append(d.list, c)
}

// bounded cuts a text to MaxChangeText bytes, into memory of its own.
func bounded(s string) string {
	if len(s) > MaxChangeText {
		s = strings.ToValidUTF8(s[:MaxChangeText-len("…")], "") + "…"
	}
	return strings.Clone(s)
}

// reference compares what all things refer to.
func (d *differ) reference(old, now *Snapshot) {
	var m members
	m.note("institution", alike(old.Institution, now.Institution))
	m.note("seasons", alike(old.Seasons, now.Seasons))
	m.note("tariffs", alike(old.Tariffs, now.Tariffs))
	m.note("price_levels", alike(old.PriceLevels, now.PriceLevels))
	m.note("vat", alike(old.VAT, now.VAT))
	m.note("advantages", alike(old.Advantages, now.Advantages))
	m.note("halls", alike(old.Halls, now.Halls))
	m.note("raw", string(old.Raw) == string(now.Raw))
	if len(m) > 0 {
		d.add(Change{Sort: ChangeOther, Members: m.sorted()})
	}
}

// members are the names of what differs.
type members []string

func (m *members) note(name string, same bool) {
	if !same {
		*m = append(*m, name)
	}
}

func (m members) sorted() []string {
	slices.Sort(m)
	return slices.Compact(m)
}

func (d *differ) product(a, b *Product) {
	if a.State != b.State || a.AdditionalState != b.AdditionalState {
		d.add(Change{
			Sort: ChangeState, Product: b.ID, Code: b.Code, Before: states(a.State, a.AdditionalState), After: states(b.State, b.AdditionalState),
		})
	}
	if m := productMembers(a, b); len(m) > 0 {
		c := Change{Sort: ChangeOther, Product: b.ID, Code: b.Code, Members: m}
		if slices.Contains(m, "name") {
			c.Before, c.After = renamed(a.Name, b.Name, d.lang)
		}
		d.add(c)
	}
	was := make(map[ItemID]*Item, len(a.Items))
	for i := range a.Items {
		was[a.Items[i].ID] = &a.Items[i]
	}
	for i := range b.Items {
		it := &b.Items[i]
		before := was[it.ID]
		if before == nil {
			d.add(Change{Sort: ChangeAdded, Product: b.ID, Item: it.ID, Code: it.Code, After: it.Name.Or(it.Code, d.lang)})
			continue
		}
		d.item(b.ID, before, it)
		delete(was, it.ID)
	}
	for _, it := range was {
		d.add(Change{Sort: ChangeGone, Product: b.ID, Item: it.ID, Code: it.Code, Before: it.Name.Or(it.Code, d.lang)})
	}
}

// productMembers names what differs of a product beside its state, its items and its performances.
func productMembers(a, b *Product) []string {
	var m members
	m.note("season", a.Season == b.Season && slices.Equal(a.OtherSeasons, b.OtherSeasons))
	m.note("code", a.Code == b.Code)
	m.note("kind", a.Kind == b.Kind && a.SubKind == b.SubKind)
	m.note("name", sameText(a.Name, b.Name))
	m.note("name_add_on", sameText(a.NameAddOn, b.NameAddOn))
	m.note("short_name", sameText(a.ShortName, b.ShortName))
	m.note("description", sameText(a.Description, b.Description))
	m.note("images", alike(a.Images, b.Images))
	m.note("topics", slices.EqualFunc(a.Topics, b.Topics, func(a, b Topic) bool { return a.Code == b.Code && sameText(a.Name, b.Name) }))
	m.note("sale_periods", samePeriods(a.SalePeriods, b.SalePeriods))
	m.note("min_quantity", a.MinQuantity == b.MinQuantity)
	m.note("max_quantity", a.MaxQuantity == b.MaxQuantity)
	m.note("timeslots", alike(a.Timeslots, b.Timeslots))
	m.note("date_mandatory", a.DateMandatory == b.DateMandatory)
	m.note("activity", alike(a.Activity, b.Activity))
	m.note("language", a.Language == b.Language)
	m.note("minimum_age", a.MinimumAge == b.MinimumAge)
	m.note("people", slices.Equal(a.People, b.People))
	m.note("detail_url", a.DetailURL == b.DetailURL)
	m.note("vat", a.VAT == b.VAT)
	m.note("cross_sells", alike(a.CrossSells, b.CrossSells))
	m.note("exchangeable", a.Exchangeable == b.Exchangeable)
	m.note("waiting_list", a.WaitingList == b.WaitingList)
	m.note("guided", a.Guided == b.Guided)
	m.note("consecutive", a.Consecutive == b.Consecutive)
	m.note("membership", alike(a.Membership, b.Membership))
	m.note("season_ticket", alike(a.SeasonTicket, b.SeasonTicket))
	m.note("package", alike(a.Package, b.Package))
	m.note("raw", string(a.Raw) == string(b.Raw))
	return m.sorted()
}

func (d *differ) item(product ProductID, a, b *Item) {
	if !sameSet(a.Prices, b.Prices, compareItemPrices, sameItemPrice) || !sameSet(a.Restricted, b.Restricted, compareItemPrices, sameItemPrice) {
		amount := func(p ItemPrice) domain.Money { return p.Price }
		d.add(Change{
			Sort: ChangeRepriced, Product: product, Item: b.ID, Code: b.Code,
			Before: priceRange(a.Prices, amount), After: priceRange(b.Prices, amount),
		})
	}
	var m members
	m.note("code", a.Code == b.Code)
	m.note("name", sameText(a.Name, b.Name))
	m.note("timeslots", slices.Equal(a.Timeslots, b.Timeslots))
	m.note("rank", a.Rank == b.Rank)
	m.note("donation", a.Donation == b.Donation)
	m.note("voucher_minimum", a.VoucherMinimum == b.VoucherMinimum)
	m.note("raw", string(a.Raw) == string(b.Raw))
	if len(m) == 0 {
		return
	}
	c := Change{Sort: ChangeOther, Product: product, Item: b.ID, Code: b.Code, Members: m.sorted()}
	if slices.Contains(m, "name") {
		c.Before, c.After = renamed(a.Name, b.Name, d.lang)
	}
	d.add(c)
}

// performances compares them all. One that went to another product is gone from the one and added to the other.
func (d *differ) performances(old, now *Snapshot) {
	was := make(map[PerformanceID]*Performance, len(old.Performances))
	for i := range old.Performances {
		was[old.Performances[i].ID] = &old.Performances[i]
	}
	for i := range now.Performances {
		p := &now.Performances[i]
		before := was[p.ID]
		if before == nil || before.Product != p.Product {
			d.add(Change{Sort: ChangeAdded, Product: p.Product, Performance: p.ID, Code: p.Code, After: placed(p)})
			continue
		}
		d.performance(before, p)
		delete(was, p.ID)
	}
	for _, p := range was {
		d.add(Change{Sort: ChangeGone, Product: p.Product, Performance: p.ID, Code: p.Code, Before: placed(p)})
	}
}

func (d *differ) performance(a, b *Performance) {
	of := Change{Product: b.Product, Performance: b.ID, Code: b.Code}
	if !a.Start.Equal(b.Start) || !a.End.Equal(b.End) || !sameWhere(&a.Venue, &b.Venue) {
		c := of
		c.Sort, c.Before, c.After = ChangeMoved, placed(a), placed(b)
		d.add(c)
	}
	if !sameSet(a.Prices, b.Prices, comparePrices, samePrice) || !sameSet(a.Restricted, b.Restricted, comparePrices, samePrice) {
		amount := func(p Price) domain.Money { return p.Price }
		c := of
		c.Sort, c.Before, c.After = ChangeRepriced, priceRange(a.Prices, amount), priceRange(b.Prices, amount)
		d.add(c)
	}
	if a.State != b.State {
		c := of
		c.Sort, c.Before, c.After = ChangeState, a.State, b.State
		d.add(c)
	}
	if m := performanceMembers(a, b); len(m) > 0 {
		c := of
		c.Sort, c.Members = ChangeOther, m
		if slices.Contains(m, "name") {
			c.Before, c.After = renamed(a.Name, b.Name, d.lang)
		}
		d.add(c)
	}
}

// performanceMembers names what differs of a performance beside its state, its prices, and when and where it is.
func performanceMembers(a, b *Performance) []string {
	var m members
	m.note("code", a.Code == b.Code)
	m.note("name", sameText(a.Name, b.Name))
	m.note("short_name", sameText(a.ShortName, b.ShortName))
	m.note("name_add_on", sameText(a.NameAddOn, b.NameAddOn))
	m.note("description", sameText(a.Description, b.Description))
	m.note("venue", sameText(a.Venue.Name, b.Venue.Name) && sameText(a.Venue.Space, b.Venue.Space) && a.Venue.Image == b.Venue.Image &&
		a.Venue.PhysicalConfiguration == b.Venue.PhysicalConfiguration)
	m.note("numbered", a.Numbered == b.Numbered)
	m.note("seat_categories", slices.EqualFunc(a.SeatCategories, b.SeatCategories, func(a, b SeatCategory) bool {
		return a.ID == b.ID && a.Code == b.Code && a.Color == b.Color && a.Rank == b.Rank && sameText(a.Name, b.Name)
	}))
	m.note("sale_periods", samePeriods(a.SalePeriods, b.SalePeriods))
	m.note("max_per_order", a.MaxPerOrder == b.MaxPerOrder)
	m.note("image", a.Image == b.Image)
	m.note("kind", a.Kind == b.Kind)
	m.note("type", a.Type == b.Type)
	m.note("language", a.Language == b.Language)
	m.note("people", slices.Equal(a.People, b.People))
	m.note("items", slices.Equal(a.Items, b.Items))
	m.note("logical_configuration", a.LogicalConfiguration == b.LogicalConfiguration)
	m.note("named_tickets", a.NamedTickets == b.NamedTickets)
	m.note("isolated", a.Isolated == b.Isolated)
	m.note("raw", string(a.Raw) == string(b.Raw))
	return m.sorted()
}

// sameWhere reports whether two venues are one place; their names and pictures do not decide.
func sameWhere(a, b *Venue) bool {
	return a.Code == b.Code && a.SpaceCode == b.SpaceCode && a.Street == b.Street && a.Zip == b.Zip && a.Town == b.Town && a.Country == b.Country
}

// states is a state with its additional one.
func states(state, additional string) string {
	if additional == "" {
		return state
	}
	return state + ", " + additional
}

// placed says when and where a performance is.
func placed(p *Performance) string {
	s := p.Start.UTC().Format(time.RFC3339)
	if !p.End.IsZero() {
		s += " to " + p.End.UTC().Format(time.RFC3339)
	}
	if p.Venue.Code != "" {
		s += " " + p.Venue.Code
	}
	if p.Venue.SpaceCode != "" {
		s += "/" + p.Venue.SpaceCode
	}
	return s
}

// priceRange says what a set of prices comes to: "21.00 to 42.00 EUR, 12 prices".
func priceRange[P any](list []P, amount func(P) domain.Money) string {
	if len(list) == 0 {
		return "no price"
	}
	low := amount(list[0])
	high := low
	for _, p := range list[1:] {
		m := amount(p)
		if m.Amount < low.Amount {
			low = m
		}
		if m.Amount > high.Amount {
			high = m
		}
	}
	s := low.String()
	if low != high {
		s = low.Decimal() + " to " + high.String()
	}
	if len(list) > 1 {
		s += fmt.Sprintf(", %d prices", len(list))
	}
	return s
}

// renamed is a name before and after, in a language in which it changed: the institution's own where it did there.
func renamed(a, b domain.Text, lang string) (before, after string) {
	if a[lang] == b[lang] {
		for _, l := range languagesOf(a, b) {
			if a[l] != b[l] {
				return a[l], b[l]
			}
		}
	}
	return a[lang], b[lang]
}

// languagesOf lists the languages that texts are in, sorted.
func languagesOf(texts ...domain.Text) []string {
	var out []string
	for _, t := range texts {
		for l := range t {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Summarize says what changes come to: "3 added, 1 gone, 12 repriced"; "nothing changed" where there are none.
func Summarize(changes []Change) string {
	n := map[ChangeSort]int{}
	for i := range changes {
		if changes[i].Sort == ChangeMore {
			n[ChangeMore] += changes[i].More
			continue
		}
		n[changes[i].Sort]++
	}
	var parts []string
	for _, s := range ChangeSorts() {
		switch {
		case n[s] == 0:
		case s == ChangeState:
			parts = append(parts, fmt.Sprintf("%d in another state", n[s]))
		case s == ChangeMore:
			parts = append(parts, fmt.Sprintf("%d not listed", n[s]))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	if len(parts) == 0 {
		return "nothing changed"
	}
	return strings.Join(parts, ", ")
}
