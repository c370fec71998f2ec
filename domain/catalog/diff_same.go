package catalog

import (
	"bytes"
	"cmp"
	"maps"
	"reflect"
	"slices"
	"time"

	"guichet/domain"
)

func sameText(a, b domain.Text) bool { return maps.Equal(a, b) }

func samePeriods(a, b []SalePeriod) bool {
	return slices.EqualFunc(a, b, func(a, b SalePeriod) bool {
		return a.Start.Equal(b.Start) && a.End.Equal(b.End) && a.Channel == b.Channel && a.SalePossible == b.SalePossible &&
			slices.Equal(a.Tariffs, b.Tariffs) && slices.Equal(a.SeatCategories, b.SeatCategories) && a.EndRelative == b.EndRelative &&
			a.Relative == b.Relative && a.Type == b.Type && a.ChannelCode == b.ChannelCode
	})
}

func samePrice(a, b Price) bool {
	return a.SeatCategory == b.SeatCategory && a.Tariff == b.Tariff && a.Price == b.Price && a.Fees == b.Fees && a.Min == b.Min &&
		a.Max == b.Max && a.Level == b.Level && slices.Equal(a.Charges, b.Charges)
}

func sameItemPrice(a, b ItemPrice) bool {
	return a.Tariff == b.Tariff && a.Price == b.Price && a.Fees == b.Fees && samePeriods(a.SalePeriods, b.SalePeriods) && a.Min == b.Min &&
		a.Max == b.Max && a.Level == b.Level
}

func comparePrices(a, b Price) int {
	return cmp.Or(cmp.Compare(a.SeatCategory, b.SeatCategory), cmp.Compare(a.Tariff, b.Tariff), cmp.Compare(a.Level, b.Level),
		cmp.Compare(a.Price.Amount, b.Price.Amount), cmp.Compare(a.Fees.Amount, b.Fees.Amount), cmp.Compare(a.Min, b.Min), cmp.Compare(a.Max, b.Max))
}

func compareItemPrices(a, b ItemPrice) int {
	return cmp.Or(cmp.Compare(a.Tariff, b.Tariff), cmp.Compare(a.Level, b.Level), cmp.Compare(a.Price.Amount, b.Price.Amount),
		cmp.Compare(a.Fees.Amount, b.Fees.Amount), cmp.Compare(a.Min, b.Min), cmp.Compare(a.Max, b.Max))
}

// sameSet reports whether two lists hold the same, in whatever order: as they stand first, which is the usual case.
func sameSet[T any](a, b []T, compare func(a, b T) int, same func(a, b T) bool) bool {
	if len(a) != len(b) {
		return false
	}
	if slices.EqualFunc(a, b, same) {
		return true
	}
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortStableFunc(a, compare)
	slices.SortStableFunc(b, compare)
	return slices.EqualFunc(a, b, same)
}

// alike compares two values of one type member by member, as a reader of them would: nothing and empty are the same, and a
// moment is the same in every zone. It is for what there is little of.
func alike[T any](a, b T) bool {
	return alikeValues(reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem())
}

func alikeValues(a, b reflect.Value) bool {
	if t, ok := a.Interface().(time.Time); ok {
		u, _ := b.Interface().(time.Time)
		return t.Equal(u)
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !alikeValues(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return alikeValues(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Type().Elem().Kind() == reflect.Uint8 {
			return bytes.Equal(a.Bytes(), b.Bytes())
		}
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !alikeValues(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		if a.Len() != b.Len() {
			return false
		}
		for _, k := range a.MapKeys() {
			if v := b.MapIndex(k); !v.IsValid() || !alikeValues(a.MapIndex(k), v) {
				return false
			}
		}
		return true
	default:
		return a.Equal(b)
	}
}
