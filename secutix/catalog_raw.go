package secutix

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"guichet/secutix/s360"
)

// rawObject is a JSON object of what is not understood, as the platform wrote it. The zero value is none.
type rawObject struct{ b []byte }

// object adds a member; no value at all adds nothing.
func (r *rawObject) object(name string, value []byte) {
	if len(value) == 0 || string(value) == "null" {
		return
	}
	if r.b == nil {
		r.b = append(r.b, '{')
	} else {
		r.b = append(r.b, ',')
	}
	key, err := json.Marshal(name)
	if err != nil {
		return // no string does that
	}
	r.b = append(append(append(r.b, key...), ':'), value...)
}

// member adds a member of unknown shape; an empty one says nothing.
func (r *rawObject) member(name string, value json.RawMessage) {
	switch trimmed := bytes.TrimSpace(value); string(trimmed) {
	case "[]", "{}", `""`:
	default:
		r.object(name, trimmed)
	}
}

// members adds unknown members in the order of their names.
func (r *rawObject) members(extra s360.Members) {
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		r.object(name, extra[name])
	}
}

// list adds a list of things that the domain has no words for, written anew.
func (r *rawObject) list(name string, list any) {
	if b, err := json.Marshal(list); err == nil && string(b) != "[]" {
		r.object(name, b)
	}
}

// bytes is the object, nil when there is nothing in it.
func (r *rawObject) bytes() []byte {
	if r.b == nil {
		return nil
	}
	return append(bytes.Clone(r.b), '}')
}

// extra is an object of unknown members, nil when there are none.
func extra(members s360.Members) []byte {
	var r rawObject
	r.members(members)
	return r.bytes()
}

// each is an object of the unknown members of a list's elements, by their place in the list.
func each[T any](list []T, members func(*T) s360.Members) []byte {
	var r rawObject
	for i := range list {
		if m := members(&list[i]); len(m) > 0 {
			r.object(strconv.Itoa(i), extra(m))
		}
	}
	return r.bytes()
}

func number10(id s360.ID) string { return strconv.FormatInt(int64(id), 10) }

func periodExtra(p *s360.SalePeriod) s360.Members { return p.Extra }

func slotExtra(t *s360.Timeslot) s360.Members {
	out := maps.Clone(t.Extra)
	for name, raw := range map[string]json.RawMessage{"allVisitLanguages": t.VisitLanguages, "allVisitThemes": t.AllVisitThemes} {
		if len(raw) > 0 && string(raw) != "[]" {
			if out == nil {
				out = s360.Members{}
			}
			out[name] = raw
		}
	}
	return out
}

// productRaw is what is not understood of a product, without its performances and items.
func productRaw(p *s360.Product, topicsRead bool) []byte {
	var r rawObject
	r.members(p.Extra)
	r.member("media", p.Media)
	r.member("saleCloseExceptions", p.SaleCloseExceptions)
	r.member("optionAvailabilities", p.OptionAvailabilities)
	r.member("subTopicLinks", p.SubTopicLinks)
	if !topicsRead {
		r.member("subTopics", p.SubTopics)
	}
	r.member("productSocialNetworkLinks", p.ProductSocialNetworkLinks)
	r.member("comfortVariableValues", p.ComfortVariableValues)
	r.member("culturalContact", p.CulturalContact)
	r.member("redemptionPeriod", p.RedemptionPeriod)
	r.member("redemptionProducts", p.RedemptionProducts)
	r.object("salePeriods", each(p.SalePeriods, periodExtra))
	if p.Event != nil {
		r.object("event", extra(p.Event.Extra))
	}
	if p.Pass != nil {
		var pass rawObject
		pass.members(p.Pass.Extra)
		pass.object("timeslots", each(p.Pass.Timeslots, slotExtra))
		r.object("pass", pass.bytes())
	}
	if p.Service != nil {
		r.object("service", extra(p.Service.Extra))
	}
	if p.Goods != nil {
		r.object("goods", extra(p.Goods.Extra))
	}
	if p.Membership != nil {
		r.object("membership", extra(p.Membership.Extra))
	}
	if p.SeasonTicket != nil {
		r.object("seasonTicket", extra(p.SeasonTicket.Extra))
	}
	if p.Pack != nil {
		r.object("pack", extra(p.Pack.Extra))
	}
	r.member("transport", p.Transport)
	r.member("hospitality", p.Hospitality)
	return r.bytes()
}

// performanceRaw is what is not understood of a performance.
func performanceRaw(p *s360.Performance) []byte {
	var r rawObject
	r.members(p.Extra)
	r.member("match", p.Match)
	r.member("charges", p.Charges)
	r.member("saleCloseExceptions", p.SaleCloseExceptions)
	r.member("comfortVariableValues", p.ComfortVariableValues)
	r.member("performanceSocialNetworkLinks", p.PerformanceSocialNetworkLinks)
	if p.Location != nil {
		var l rawObject
		l.members(p.Location.Extra)
		l.member("address", p.Location.Address)
		r.object("location", l.bytes())
	}
	r.object("seatCategories", each(p.SeatCategories, func(c *s360.SeatCategory) s360.Members { return c.Extra }))
	r.object("prices", each(p.Prices, func(c *s360.Price) s360.Members { return c.Extra }))
	r.object("salePeriods", each(p.SalePeriods, periodExtra))
	return r.bytes()
}

// itemRaw is what is not understood of an item.
func itemRaw(it *s360.Item) []byte {
	var r, periods rawObject
	r.members(it.Extra)
	r.object("itemPrices", each(it.ItemPrices, func(p *s360.ItemPrice) s360.Members { return p.Extra }))
	for i := range it.ItemPrices {
		periods.object(strconv.Itoa(i), each(it.ItemPrices[i].SalePeriods, periodExtra))
	}
	r.object("salePeriods", periods.bytes())
	r.object("timeslots", each(it.Timeslots, slotExtra))
	return r.bytes()
}
