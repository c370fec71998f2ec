package catalog

import (
	"fmt"
	"sort"
	"time"

	"guichet/domain"
)

// Snapshot is everything an institution's catalog says at one moment. It is immutable after Index; share it freely.
type Snapshot struct {
	Institution  domain.Institution
	Version      int64
	SetupStamp   string
	LoadedAt     time.Time
	Seasons      []Season
	Tariffs      []Tariff
	PriceLevels  []PriceLevel
	VAT          []VATRate // empty where the platform did not say
	Advantages   []Advantage
	Halls        []Configuration
	Products     []Product
	Performances []Performance // by start, then id
	Refused      []Refusal     // what could not be taken over and is therefore not sold
	Raw          []byte        // as Product.Raw, of the catalog itself: group criteria, external verifications
	// Impossible says what no catalog of the platform can look like; Validate refuses a snapshot that has any.
	Impossible []string

	products     map[ProductID]*Product
	performances map[PerformanceID]*Performance
	tariffs      map[TariffID]*Tariff
	items        map[ItemID]*Item
}

// Refusal is one thing in the platform's catalog that is not sold because it cannot be right.
type Refusal struct {
	Product     ProductID
	Performance PerformanceID
	Item        ItemID
	Code        string // "price.fraction", "price.currency", "performance.start" …
	Detail      string
}

// Index sorts the performances and builds the look-ups; it must be called once before the snapshot is shared.
func (s *Snapshot) Index() {
	sort.Slice(s.Performances, func(i, j int) bool {
		a, b := &s.Performances[i], &s.Performances[j]
		if !a.Start.Equal(b.Start) {
			return a.Start.Before(b.Start)
		}
		return a.ID < b.ID
	})
	s.products = make(map[ProductID]*Product, len(s.Products))
	s.performances = make(map[PerformanceID]*Performance, len(s.Performances))
	s.tariffs = make(map[TariffID]*Tariff, len(s.Tariffs))
	s.items = map[ItemID]*Item{}
	for i := range s.Products {
		p := &s.Products[i]
		p.Performances = nil
		s.products[p.ID] = p
		for j := range p.Items {
			s.items[p.Items[j].ID] = &p.Items[j]
		}
	}
	for i := range s.Tariffs {
		s.tariffs[s.Tariffs[i].ID] = &s.Tariffs[i]
	}
	for i := range s.Performances {
		p := &s.Performances[i]
		s.performances[p.ID] = p
		if prod := s.products[p.Product]; prod != nil {
			prod.Performances = append(prod.Performances, p.ID)
		}
	}
}

// Product returns a product, or nil.
func (s *Snapshot) Product(id ProductID) *Product { return s.products[id] }

// Performance returns a performance, or nil.
func (s *Snapshot) Performance(id PerformanceID) *Performance { return s.performances[id] }

// Tariff returns a tariff, or nil.
func (s *Snapshot) Tariff(id TariffID) *Tariff { return s.tariffs[id] }

// Item returns an item, or nil.
func (s *Snapshot) Item(id ItemID) *Item { return s.items[id] }

// MaxAmount is the most a price can be, in minor units; more is a mistake, and sums of it would not hold.
const MaxAmount = 100_000_000_000

// Validate refuses a catalog that cannot be right, with the reason: a performance of no product, a price in another
// currency or above MaxAmount, far less than there was. Previous is the snapshot that serves now, or nil.
// The error is a catalog.refused.
func (s *Snapshot) Validate(previous *Snapshot) error {
	refuse := func(format string, args ...any) error {
		return domain.Errorf(domain.Upstream, CodeCatalogRefused, format, args...)
	}
	if len(s.Impossible) > 0 {
		return refuse("%s", s.Impossible[0])
	}
	if previous != nil && previous.Institution.Currency != s.Institution.Currency {
		return refuse("the currency became %s where it was %s", s.Institution.Currency, previous.Institution.Currency)
	}
	seen := make(map[ProductID]bool, len(s.Products))
	for i := range s.Products {
		p := &s.Products[i]
		if p.ID == 0 || seen[p.ID] {
			return refuse("product %d (%s) has no id or stands twice", p.ID, p.Code)
		}
		seen[p.ID] = true
		for j := range p.Items {
			it := &p.Items[j]
			for _, list := range [][]ItemPrice{it.Prices, it.Restricted} {
				for k := range list {
					if err := s.checkMoney(list[k].Price, list[k].Fees); err != nil {
						return refuse("item %d: %v", it.ID, err)
					}
				}
			}
		}
	}
	there := make(map[PerformanceID]bool, len(s.Performances))
	for i := range s.Performances {
		p := &s.Performances[i]
		switch {
		case !seen[p.Product]:
			return refuse("performance %d belongs to no product (%d)", p.ID, p.Product)
		case p.ID == 0 || there[p.ID]:
			return refuse("performance %d of product %d has no id or stands twice", p.ID, p.Product)
		}
		there[p.ID] = true
		for _, list := range [][]Price{p.Prices, p.Restricted} {
			for k := range list {
				if err := s.checkMoney(list[k].Price, list[k].Fees); err != nil {
					return refuse("performance %d: %v", p.ID, err)
				}
			}
		}
	}
	return nil
}

// Smaller says what of a catalog is so much less than before that an answer cut short is likelier than the truth; empty where
// nothing is. An operator who knows better can accept it.
func (s *Snapshot) Smaller(previous *Snapshot) string {
	had, has := len(previous.Products), len(s.Products)
	if had > 0 && has == 0 {
		return fmt.Sprintf("the platform answered no products where there were %d", had)
	}
	if shrunk(had, has) {
		return fmt.Sprintf("the platform answered %d products where there were %d", has, had)
	}
	if had, has := previous.after(s.LoadedAt), len(s.Performances); shrunk(had, has) {
		return fmt.Sprintf("the platform answered %d performances where %d were still to come", has, had)
	}
	return ""
}

// shrunk reports whether so many fewer things cannot be true: a fifth of 20 or more, a tenth of 10 or more.
func shrunk(had, has int) bool {
	return (had >= 20 && has*5 < had) || (had >= 10 && has*10 <= had)
}

// after counts the performances that begin more than a day after that moment, or after the catalog's own load where that is
// later: no calendar takes most of them away by the next load.
func (s *Snapshot) after(moment time.Time) int {
	if s.LoadedAt.After(moment) {
		moment = s.LoadedAt
	}
	n, from := 0, moment.Add(24*time.Hour)
	for i := range s.Performances {
		if s.Performances[i].Start.After(from) {
			n++
		}
	}
	return n
}

func (s *Snapshot) checkMoney(price, fees domain.Money) error {
	switch {
	case price.Currency != s.Institution.Currency:
		return fmt.Errorf("a price is in %s, the institution sells in %s", price.Currency, s.Institution.Currency)
	case price.Amount < 0:
		return fmt.Errorf("a price is negative (%s)", price)
	case price.Amount > MaxAmount:
		return fmt.Errorf("a price is too large (%s)", price)
	case fees.Amount > price.Amount:
		return fmt.Errorf("the fees (%s) are more than the price (%s)", fees, price)
	}
	return nil
}
