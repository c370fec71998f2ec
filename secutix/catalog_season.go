package secutix

import (
	"encoding/json"
	"maps"
	"strings"

	"guichet/domain/catalog"
	"guichet/secutix/s360"
)

// tariff takes over who pays, with the audience it belongs to.
func (m *mapping) tariff(season catalog.SeasonID, c *s360.AudienceCategory, t *s360.AudienceSubCategory) {
	m.tariffs[t.ID] = true
	m.snap.Tariffs = append(m.snap.Tariffs, catalog.Tariff{
		ID: catalog.TariffID(t.ID), Season: season, Code: t.Code, Name: m.text(t.ExternalName), Description: m.text(t.ExternalDescription),
		Kind: strings.ToLower(t.AudienceCategoryKind), Requires: ids[catalog.TariffID](t.RequiredAudienceSubCategoryIDs),
		Min: number(t.MinQuantity), Max: number(t.MaxQuantity), Rank: int(t.Rank), Category: c.MainCategory, Group: c.SecondaryCategory,
		NeedsProof: bool(t.RequireAttachment), Exchangeable: bool(t.Exchangeable),
	})
}

// advantage takes over a reduction or promotion. Its access code is the institution's secret and stays behind.
func (m *mapping) advantage(season catalog.SeasonID, a *s360.Advantage) {
	out := catalog.Advantage{
		ID: catalog.AdvantageID(a.ID), Season: season, Code: a.Code, State: a.State, Type: a.AdvantageType, TargetType: a.AdvantageTargetType,
		Name: m.text(a.ExternalName), Description: m.text(a.ExternalDescription), Start: toTime(a.Start),
		NeedsContact: bool(a.MandatoryContact), Exclusive: bool(a.Exclusive), Auto: bool(a.AutoPromote),
		MaxPerOrder: number(a.MaxOrderQuantity), MaxPerPerformance: number(a.MaxQuantityPerPerformance),
	}
	for _, p := range a.Products {
		out.Products = append(out.Products, catalog.ProductID(p.ID))
	}
	m.snap.Advantages = append(m.snap.Advantages, out)
}

// advantageRaw is what is not understood of an advantage. Members that look like a code to be typed in stay behind: an
// access code must not leave by another name.
func advantageRaw(a *s360.Advantage) []byte {
	rest := maps.Clone(a.Extra)
	maps.DeleteFunc(rest, func(name string, _ json.RawMessage) bool { return strings.Contains(strings.ToLower(name), "code") })
	return extra(rest)
}
