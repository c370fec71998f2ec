package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"guichet/secutix/s360"
)

// maxImportErrors is how many broken places of a recording are named.
const maxImportErrors = 20

// wholeJSON says where a file stops being JSON: by line, and by place in it.
func wholeJSON(data []byte) error {
	var whole json.RawMessage
	err := json.Unmarshal(data, &whole)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	before := string(data[:max(min(int(syntax.Offset)-1, len(data)), 0)])
	line := strings.Count(before, "\n") + 1
	column := len(before) - strings.LastIndexByte(before, '\n')
	if syntax.Offset >= int64(len(data)) {
		return fmt.Errorf("the file is cut: it ends in line %d, column %d: %w", line, column, err)
	}
	return fmt.Errorf("line %d, column %d: %w", line, column, err)
}

// importCheck names what is broken in a recorded catalog. A reference is judged where what it points into was recorded at all.
type importCheck struct {
	places, tariffs, levels map[s360.ID]bool
	performances, items     map[s360.ID]owner
	inSeason                map[s360.ID]bool // products of the season being looked at
	errs                    []error
}

// owner is who a thing belongs to, and where it stands.
type owner struct {
	product s360.ID
	at      string
}

func checkRecorded(d *s360.CatalogData) error {
	k := &importCheck{
		places: map[s360.ID]bool{}, tariffs: map[s360.ID]bool{}, levels: map[s360.ID]bool{},
		performances: map[s360.ID]owner{}, items: map[s360.ID]owner{},
	}
	for i := range d.PhysicalConfigurations {
		k.once(fmt.Sprintf("physicalConfigurations[%d]", i), d.PhysicalConfigurations[i].ID, k.places)
	}
	seasons := map[s360.ID]bool{}
	for i := range d.Seasons {
		s, at := &d.Seasons[i], fmt.Sprintf("seasons[%d]", i)
		k.once(at, s.ID, seasons)
		k.people(at, s)
	}
	for i := range d.Seasons {
		k.inSeason = map[s360.ID]bool{}
		for j := range d.Seasons[i].Products {
			k.product(fmt.Sprintf("seasons[%d].products[%d]", i, j), &d.Seasons[i].Products[j])
		}
	}
	k.inSeason = map[s360.ID]bool{}
	for j := range d.Products {
		k.product(fmt.Sprintf("products[%d]", j), &d.Products[j])
	}
	return errors.Join(k.errs...)
}

func (k *importCheck) bad(at, format string, args ...any) {
	if len(k.errs) < maxImportErrors {
		k.errs = append(k.errs, fmt.Errorf("%s: %w", at, fmt.Errorf(format, args...)))
	}
}

// id says whether a number can be one of the platform's.
func (k *importCheck) id(at string, id s360.ID) bool {
	if id <= 0 || id >= 1<<53 {
		k.bad(at, "%d is not an id of the platform", id)
		return false
	}
	return true
}

// once notes an id that must not come twice.
func (k *importCheck) once(at string, id s360.ID, seen map[s360.ID]bool) {
	if k.id(at, id) && seen[id] {
		k.bad(at, "the id %d stands twice", id)
	}
	seen[id] = true
}

// points says that a reference leads nowhere.
func (k *importCheck) points(at, name string, id s360.ID, into map[s360.ID]bool) {
	if id != 0 && len(into) > 0 && !into[id] {
		k.bad(at, "%s %d leads nowhere", name, id)
	}
}

// people notes the tariffs and price levels of a season; another season may have the same.
func (k *importCheck) people(at string, s *s360.Season) {
	own := map[s360.ID]bool{}
	for i, c := range s.AudienceCategories {
		for j, t := range c.AudienceSubCategories {
			k.once(fmt.Sprintf("%s.audienceCategories[%d].audienceSubCategories[%d]", at, i, j), t.ID, own)
			k.tariffs[t.ID] = true
		}
	}
	own = map[s360.ID]bool{}
	for i, l := range s.PriceLevels {
		k.once(fmt.Sprintf("%s.priceLevels[%d]", at, i), l.ID, own)
		k.levels[l.ID] = true
	}
}

func (k *importCheck) product(at string, p *s360.Product) {
	k.once(at, p.ID, k.inSeason)
	if p.Event != nil {
		for i := range p.Event.Performances {
			k.performance(fmt.Sprintf("%s.event.performances[%d]", at, i), &p.Event.Performances[i], p.ID)
		}
	}
	slots := map[s360.ID]bool{}
	if p.Pass != nil {
		for i := range p.Pass.Timeslots {
			k.once(fmt.Sprintf("%s.pass.timeslots[%d]", at, i), p.Pass.Timeslots[i].ID, slots)
		}
	}
	for _, list := range itemsOf(p) {
		for i := range list {
			k.item(fmt.Sprintf("%s: items[%d]", at, i), &list[i], p.ID, slots)
		}
	}
	if p.Pack != nil {
		k.lines(at, p.Pack)
	}
}

// lines looks for package lines that hang on others.
func (k *importCheck) lines(at string, p *s360.Pack) {
	own := map[s360.ID]bool{}
	for _, l := range p.PackageLine {
		own[l.PackageLineID] = true
	}
	for i, l := range p.PackageLine {
		k.points(fmt.Sprintf("%s.pack.packageLine[%d]", at, i), "parentPackageLineId", l.ParentPackageLineID, own)
	}
}

// owned notes a thing that may stand again only in the same product of another season.
func (k *importCheck) owned(at string, id, product s360.ID, all map[s360.ID]owner) {
	if !k.id(at, id) {
		return
	}
	if old, twice := all[id]; twice && (old.product != product || strings.SplitN(old.at, ".", 2)[0] == strings.SplitN(at, ".", 2)[0]) {
		k.bad(at, "the id %d stands in %s too", id, old.at)
	}
	all[id] = owner{product, at}
}

func (k *importCheck) performance(at string, f *s360.Performance, product s360.ID) {
	k.owned(at, f.ID, product, k.performances)
	k.points(at, "physicalConfigurationId", f.PhysicalConfigurationID, k.places)
	own := map[s360.ID]bool{}
	for i, c := range f.SeatCategories {
		k.once(fmt.Sprintf("%s.seatCategories[%d]", at, i), c.ID, own)
	}
	for i := range f.Prices {
		pr, at := &f.Prices[i], fmt.Sprintf("%s.prices[%d]", at, i)
		k.points(at, "seatCatId", pr.SeatCatID, own)
		k.points(at, "audSubCatId", pr.AudSubCatID, k.tariffs)
		k.points(at, "priceLevelId", pr.PriceLevelID, k.levels)
	}
}

func (k *importCheck) item(at string, it *s360.Item, product s360.ID, slots map[s360.ID]bool) {
	k.owned(at, it.ItemID, product, k.items)
	own := slots
	for _, s := range it.Timeslots {
		if own[s.ID] = true; s.ID <= 0 {
			k.bad(at, "%d is not an id of the platform", s.ID)
		}
	}
	for _, id := range it.TimeslotIDs {
		k.points(at, "timeslotIds", id, own)
	}
	for i, pr := range it.ItemPrices {
		at := fmt.Sprintf("%s.itemPrices[%d]", at, i)
		k.points(at, "audSubCatId", pr.AudSubCatID, k.tariffs)
		k.points(at, "priceLevelId", pr.PriceLevelID, k.levels)
	}
}
