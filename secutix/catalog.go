package secutix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/secutix/s360"
)

// Catalog implements catalog.Platform.
type Catalog struct{ *Institutions }

var _ catalog.Platform = Catalog{}

// PointOfSales implements catalog.Platform. S-360: CatalogService.getPOSConfig.
func (c Catalog) PointOfSales(ctx context.Context, code domain.InstitutionCode) (domain.Institution, error) {
	return c.Prepare(ctx, code)
}

// LastSetupUpdate implements catalog.Platform. S-360: CatalogService.getLastSetupUpdate.
func (c Catalog) LastSetupUpdate(ctx context.Context, code domain.InstitutionCode) (string, error) {
	i, err := c.of(code)
	if err != nil {
		return "", err
	}
	answer, err := i.client.WithClass(classRefresh).Catalog.GetLastSetupUpdate(ctx)
	if err != nil {
		return "", toError(err)
	}
	return answer.Raw, nil
}

// Catalog implements catalog.Platform. An answer that came whole and cannot be read is a catalog.refused that says where.
// Rates of value added tax are asked with it; when that call fails, those known before count and the failure is noted in
// Refused (vat.unread). S-360: CatalogService.getCatalogDetailed, SetupService.listVatCodes.
func (c Catalog) Catalog(ctx context.Context, inst domain.Institution) (*catalog.Snapshot, error) {
	i, err := c.of(inst.Code)
	if err != nil {
		return nil, err
	}
	snap, err := i.catalog(ctx, inst)
	if err != nil {
		return nil, err
	}
	answer, err := i.client.WithClass(classRefresh).Setup.ListVatCodes(ctx)
	if err != nil {
		c.log.WarnContext(ctx, "the rates of value added tax cannot be read", slog.String("institution", string(inst.Code)), slog.Any("error", err))
		e := domain.AsError(toError(err))
		snap.Refused = append(snap.Refused, catalog.Refusal{Code: "vat.unread", Detail: e.Code + ": " + e.Detail})
		if known := i.vat.Load(); known != nil {
			snap.VAT = *known
		}
		return snap, nil
	}
	rates := toVAT(answer.VATCodes)
	i.vat.Store(&rates) // not a member of the snapshot, which would stay in memory for it
	snap.VAT = rates
	return snap, nil
}

// catalog reads the answer product by product: beside its bytes there is never more than one in the platform's shape.
func (i *institution) catalog(ctx context.Context, inst domain.Institution) (*catalog.Snapshot, error) {
	answer, err := i.client.WithClass(classRefresh).Catalog.ReadCatalogDetailed(ctx, s360.CatalogRequest{})
	if err != nil {
		return nil, toCatalogError(inst, err)
	}
	d := answer.CatalogData
	if d == nil {
		return nil, domain.Errorf(domain.Upstream, catalog.CodeCatalogRefused, "the catalog of %s has no data", inst.Code)
	}
	m := newMapping(inst, i.relativeUnit())
	m.places(d.PhysicalConfigurations)
	for n := range d.Seasons {
		m.season(&d.Seasons[n].Season)
	}
	for n := range d.Seasons {
		season := d.Seasons[n].ID
		err := d.Seasons[n].Products.Each(func(p *s360.Product) error { m.product(p, season); return nil })
		if err != nil {
			return nil, toCatalogError(inst, err)
		}
	}
	if err := d.Products.Each(func(p *s360.Product) error { m.product(p, p.SeasonID); return nil }); err != nil {
		return nil, toCatalogError(inst, err)
	}
	return m.finish(&d.CatalogData), nil
}

// toCatalogError is toError, but an answer that cannot be read is a catalog refused: the same one would be no better.
func toCatalogError(inst domain.Institution, err error) error {
	var e *s360.Error
	if errors.As(err, &e) && e.Kind == s360.KindDecode && e.Err != nil {
		return domain.Errorf(domain.Upstream, catalog.CodeCatalogRefused, "the catalog of %s cannot be read: %s", inst.Code, short(e.Err.Error())).Because(err)
	}
	return toError(err)
}

// short is the beginning of a reason: the names in a broken document may be of any length.
func short(reason string) string {
	const most = 300
	if len(reason) <= most {
		return reason
	}
	return strings.ToValidUTF8(reason[:most], "") + "…"
}

// RelativeUnits are the words for the unit of a sale period's relative end, which the platform does not document, with
// what each means; 0 leaves relative ends out.
func RelativeUnits() map[string]time.Duration {
	return map[string]time.Duration{"minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour, "ignore": 0}
}

func (s *Settings) relativeUnit() time.Duration { return RelativeUnits()[s.SalePeriodRelativeUnit] }

// toVAT takes over the rates of value added tax; one without an id is nobody's.
func toVAT(in []s360.VATCode) []catalog.VATRate {
	var out []catalog.VATRate
	for _, v := range in {
		if v.ID != 0 {
			out = append(out, catalog.VATRate{ID: catalog.VATID(v.ID), Code: v.Code, Rate: int(v.CurrentRate), Country: v.Country})
		}
	}
	return out
}

// mapping is one catalog being taken over.
type mapping struct {
	snap    *catalog.Snapshot
	halls   map[s360.ID]*s360.PhysicalConfiguration
	levels  map[s360.ID]catalog.PriceLevel
	tariffs map[s360.ID]bool
	seen    map[s360.ID]int // product to its place in snap.Products
	perfs   map[s360.ID]bool
	unit    time.Duration // of relative ends; 0 leaves them out
	pool    *pool
	prices  []catalog.Price // scratch
	others  []catalog.Price // scratch
	seasons rawObject
	// dangling is how many references were found to nothing; the first of them makes the catalog impossible.
	dangling int
}

func newMapping(inst domain.Institution, unit time.Duration) *mapping {
	return &mapping{
		snap: &catalog.Snapshot{Institution: inst}, halls: map[s360.ID]*s360.PhysicalConfiguration{},
		levels: map[s360.ID]catalog.PriceLevel{}, tariffs: map[s360.ID]bool{}, seen: map[s360.ID]int{}, perfs: map[s360.ID]bool{},
		unit: unit, pool: newPool(),
	}
}

func (m *mapping) refuse(r catalog.Refusal) { m.snap.Refused = append(m.snap.Refused, r) }

// impossible notes what no catalog of the platform can look like.
func (m *mapping) impossible(format string, args ...any) {
	m.snap.Impossible = append(m.snap.Impossible, fmt.Sprintf(format, args...))
}

// dangles notes a reference to nothing; one sentence about the first is enough.
func (m *mapping) dangles(format string, args ...any) {
	if m.dangling++; m.dangling == 1 {
		m.impossible(format, args...)
	}
}

// text is the one copy of a translated text.
func (m *mapping) text(n *s360.ExternalName) domain.Text { return m.pool.text(n) }

// finish takes over what is not of one product.
func (m *mapping) finish(d *s360.CatalogData) *catalog.Snapshot {
	var raw rawObject
	raw.members(d.Extra)
	raw.list("groupCriterions", d.GroupCriterions)
	raw.list("externalVerifications", d.ExternalVerifications)
	var halls rawObject
	for i := range d.PhysicalConfigurations {
		halls.object(number10(d.PhysicalConfigurations[i].ID), extra(d.PhysicalConfigurations[i].Extra))
	}
	raw.object("physicalConfigurations", halls.bytes())
	raw.object("seasons", m.seasons.bytes())
	m.snap.Raw = raw.bytes()
	return m.snap
}

// places takes over halls and their areas.
func (m *mapping) places(in []s360.PhysicalConfiguration) {
	for i := range in {
		c := &in[i]
		m.halls[c.ID] = c
		hall := catalog.Configuration{
			ID: int64(c.ID), Code: c.Code, Name: m.text(c.ExternalName), Kind: c.Kind, Gauge: number(c.SecurityGauge),
		}
		if hall.Gauge == 0 {
			hall.Gauge = number(c.PhysicalGauge)
		}
		for _, a := range c.Areas {
			hall.Areas = append(hall.Areas, catalog.Area{ID: catalog.AreaID(a.ID), Code: a.Code})
		}
		m.snap.Halls = append(m.snap.Halls, hall)
	}
}

func (m *mapping) season(s *s360.Season) {
	id := catalog.SeasonID(s.ID)
	m.snap.Seasons = append(m.snap.Seasons, catalog.Season{
		ID: id, Code: s.Code, Name: m.text(s.ExternalName), Start: toTime(s.Start), End: toTime(s.End),
	})
	var raw, levels, tariffs, advantages rawObject
	raw.members(s.Extra)
	for _, l := range s.PriceLevels {
		level := catalog.PriceLevel{ID: catalog.PriceLevelID(l.ID), Season: id, Code: l.Code, Category: l.MainCategory}
		m.levels[l.ID] = level
		m.snap.PriceLevels = append(m.snap.PriceLevels, level)
		var rest rawObject
		rest.members(l.Extra)
		rest.member("reduction", l.Reduction)
		levels.object(number10(l.ID), rest.bytes())
	}
	for i := range s.AudienceCategories {
		c := &s.AudienceCategories[i]
		for j := range c.AudienceSubCategories {
			m.tariff(id, c, &c.AudienceSubCategories[j])
			tariffs.object(number10(c.AudienceSubCategories[j].ID), extra(c.AudienceSubCategories[j].Extra))
		}
	}
	for i := range s.Advantages {
		m.advantage(id, &s.Advantages[i])
		advantages.object(number10(s.Advantages[i].ID), advantageRaw(&s.Advantages[i]))
	}
	raw.object("priceLevels", levels.bytes())
	raw.object("audienceSubCategories", tariffs.bytes())
	raw.object("advantages", advantages.bytes())
	m.seasons.object(number10(s.ID), raw.bytes())
}
