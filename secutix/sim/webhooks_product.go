package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// pushedProduct is a product as the inventory webhook tells it: what getProductDetails answers, written as pushes are, with
// every member, absent ones null, dates as milliseconds, prices by the institution's seat category.
func (in *institution) pushedProduct(id int64, now time.Time) (any, error) {
	for _, known := range (&call{in: in, now: now}).setupProducts() {
		if known.id != id {
			continue
		}
		w := known.make()
		if w.SeasonID == 0 {
			w.SeasonID = known.season
		}
		if w.InternalName == nil {
			w.InternalName = w.ExternalName
		}
		if w.Event != nil {
			for i := range w.Event.Performances {
				in.pushedPerformance(&w.Event.Performances[i])
			}
		}
		return inFull(reflect.ValueOf(w)), nil
	}
	return nil, fmt.Errorf("no product %d", id)
}

// pushedPerformance takes off what pushes do not fill and writes what happened since a recording.
func (in *institution) pushedPerformance(w *s360.Performance) {
	if in.recorded != nil {
		in.touch(w)
	}
	w.State, w.SeatCategories, w.SpaceID = "", nil, 0
	prices := make(s360.List[s360.Price], len(w.Prices))
	copy(prices, w.Prices)
	for i := range prices {
		if prices[i].InstitutionSeatCatID == 0 {
			prices[i].InstitutionSeatCatID = prices[i].SeatCatID
		}
		prices[i].SeatCatID = 0
	}
	w.Prices = prices
}

// inFull writes a wire value as pushes are written.
func inFull(v reflect.Value) any {
	switch is := v.Interface().(type) {
	case s360.Date:
		if is.IsZero() {
			return nil
		}
		return is.UnixMilli()
	case json.RawMessage:
		if len(is) == 0 {
			return nil
		}
		return is
	case s360.Bool:
		return is
	case s360.Members:
		return is
	}
	switch kind := v.Kind(); {
	case kind == reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		if scalar(v.Elem().Kind()) {
			return v.Interface() // it was given, even when it is nothing
		}
		return inFull(v.Elem())
	case kind == reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = inFull(v.Index(i))
		}
		return out
	case kind == reflect.Struct:
		return membersInFull(v)
	case v.IsZero():
		return nil
	}
	return v.Interface()
}

// scalar says whether a kind is written without members or elements.
func scalar(k reflect.Kind) bool {
	return k != reflect.Struct && k != reflect.Slice && k != reflect.Pointer
}

func membersInFull(v reflect.Value) map[string]any {
	out := map[string]any{}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			maps.Copy(out, membersInFull(v.Field(i)))
			continue
		}
		if extra, ok := v.Field(i).Interface().(s360.Members); ok {
			for k, raw := range extra {
				out[k] = raw
			}
			continue
		}
		if name != "" && name != "-" {
			out[name] = inFull(v.Field(i))
		}
	}
	return out
}

// grown is a performance that came into sight.
type grown struct {
	product int64
	at      time.Time
}

// news tells the products that got performances since the last time, each with the moment the first of them came into sight.
func (in *institution) news() []grown {
	var out []grown
	for _, g := range in.hooks.grown {
		if !slices.ContainsFunc(out, func(o grown) bool { return o.product == g.product }) {
			out = append(out, g)
		}
	}
	in.hooks.grown = nil
	if !slices.ContainsFunc(in.hooks.list, func(h *hook) bool { return h.Kind == hookInventory }) {
		return nil
	}
	return out
}

// tellGrowth queues the products that got performances. It is written down, since a replay grows at other moments.
func (p *Platform) tellGrowth(in *institution, now time.Time) error {
	for _, g := range in.news() {
		if g.at.After(now) {
			g.at = now
		}
		n := notice{Kind: hookInventory, Key: strconv.FormatInt(g.product, 10)}
		if err := p.commit(in, change{At: g.at, Do: doNotify, Notice: &n}); err != nil {
			return err
		}
	}
	return nil
}

// comesIntoSight is the first midnight at which a performance is near enough to be in the catalog.
func (in *institution) comesIntoSight(start time.Time) time.Time {
	y, m, d := start.In(in.zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, in.zone).Add(-horizon)
}
