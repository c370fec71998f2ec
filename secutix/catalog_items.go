package secutix

import (
	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/secutix/s360"
)

func (m *mapping) items(out *catalog.Product, items []s360.Item) {
	for i := range items {
		it := &items[i]
		item := catalog.Item{
			ID: catalog.ItemID(it.ItemID), Product: out.ID, Code: it.Code, Name: m.text(it.ExternalName), Rank: int(it.Rank),
			Timeslots: ids[catalog.TimeslotID](it.TimeslotIDs), Raw: itemRaw(it),
		}
		for _, slot := range m.slots(it.Timeslots) {
			if out.SlotOf(slot.ID) == nil {
				out.Timeslots = append(out.Timeslots, slot)
			}
			item.Timeslots = append(item.Timeslots, slot.ID)
		}
		at := catalog.Refusal{Product: out.ID, Item: item.ID}
		item.Donation, item.VoucherMinimum = m.asked(it.DonationAmount, at), m.asked(it.VoucherMinAmount, at)
		m.itemPrices(&item, it.ItemPrices, at)
		out.Items = append(out.Items, item)
	}
}

// asked is an amount that an item asks for; nil is none.
func (m *mapping) asked(amount *s360.Amount, at catalog.Refusal) domain.Money {
	if amount == nil {
		return domain.Money{}
	}
	money, _ := m.money(amount, "", true, at)
	return money
}

// itemPrices sorts prices into those that anybody pays, of which the first of a tariff stands, and those of other levels.
func (m *mapping) itemPrices(item *catalog.Item, prices []s360.ItemPrice, at catalog.Refusal) {
	taken := map[s360.ID]bool{}
	for i := range prices {
		pr := &prices[i]
		m.knows(pr.AudSubCatID, "item", int64(item.ID))
		open := m.public(pr.PriceLevelID)
		price, ok := m.money(pr.Amount, currencyIn(pr.Extra), open, at)
		if !ok {
			continue
		}
		p := catalog.ItemPrice{
			Tariff: catalog.TariffID(pr.AudSubCatID), Price: price, Fees: domain.Money{Currency: price.Currency},
			SalePeriods: m.periods(pr.SalePeriods), Min: number(pr.MinQty), Max: number(pr.MaxQty), Level: catalog.PriceLevelID(pr.PriceLevelID),
		}
		switch {
		case !open:
			item.Restricted = append(item.Restricted, p)
		case !taken[pr.AudSubCatID]:
			taken[pr.AudSubCatID] = true
			item.Prices = append(item.Prices, p)
		}
	}
}

func (m *mapping) slots(in []s360.Timeslot) []catalog.Timeslot {
	var out []catalog.Timeslot
	for i := range in {
		t := &in[i]
		slot := catalog.Timeslot{
			ID: catalog.TimeslotID(t.ID), Time: clockTime(t.StartTime), Duration: duration(t.Duration), Name: m.text(t.ExternalName), Quota: number(t.Quota),
		}
		if !t.StartDate.Unset() {
			slot.From = domain.DayOf(t.StartDate.Time) // in the offset the platform wrote it with: the venue's
		}
		if !t.EndDate.Unset() && !t.EndDate.Open() {
			slot.Until = domain.DayOf(t.EndDate.Time)
		}
		out = append(out, slot)
	}
	return out
}

// clockTime writes a time of day as "09:30", whatever comes behind the minutes.
func clockTime(s string) string {
	if len(s) >= 4 && s[1] == ':' {
		s = "0" + s
	}
	if len(s) > 5 {
		return s[:5] // "10:30:00"
	}
	return s
}
