package secutix

import (
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/secutix/s360"
)

// toSnapshot takes over a catalog that is whole in memory, as tests build it. What cannot be right is left out and noted in Refused; what makes the whole
// catalog impossible is left in, for Snapshot.Validate to refuse.
func toSnapshot(inst domain.Institution, d *s360.CatalogData) *catalog.Snapshot {
	m := newMapping(inst, time.Minute)
	m.places(d.PhysicalConfigurations)
	for i := range d.Seasons {
		m.season(&d.Seasons[i])
	}
	for i := range d.Seasons {
		for j := range d.Seasons[i].Products {
			m.product(&d.Seasons[i].Products[j], d.Seasons[i].ID)
		}
	}
	for i := range d.Products {
		m.product(&d.Products[i], d.Products[i].SeasonID)
	}
	return m.finish(d)
}
