package catalog

import (
	"slices"
	"time"
)

// NextChange is the first moment after now at which something that is on sale may not be any more, or the reverse: a sale
// period opens or ends, or a performance is over. Until then every judgement of this view stays as it is; zero is for
// ever. New availability makes a new view, and is therefore not waited for.
func (v *View) NextChange(now time.Time) time.Time {
	list := v.index.changes
	i, found := slices.BinarySearchFunc(list, now, time.Time.Compare)
	if found {
		i++
	}
	if i == len(list) {
		return time.Time{}
	}
	return list[i]
}

// changesOf lists the moments at which a judgement of what the snapshot sells may turn, each once, in order. It lists every
// end of every sale period, also of those that count for nobody: a moment too many costs a look, one too few a wrong answer.
func changesOf(s *Snapshot) []time.Time {
	var list []time.Time
	note := func(t time.Time) {
		if !t.IsZero() {
			list = append(list, t)
		}
	}
	periods := func(all []SalePeriod, start time.Time) {
		for i := range all {
			note(all[i].Start)
			note(all[i].EndFor(start))
		}
	}
	for i := range s.Products {
		p := &s.Products[i]
		periods(p.SalePeriods, time.Time{})
		for j := range p.Items {
			for k := range p.Items[j].Prices {
				periods(p.Items[j].Prices[k].SalePeriods, time.Time{})
			}
		}
	}
	for i := range s.Performances {
		p := &s.Performances[i]
		if over := p.overFrom(); !over.IsZero() {
			note(over)
		}
		own := p.SalePeriods
		if prod := s.Product(p.Product); len(own) == 0 && prod != nil {
			own = prod.SalePeriods
		}
		periods(own, p.Start)
	}
	slices.SortFunc(list, time.Time.Compare)
	return slices.Clip(slices.CompactFunc(list, time.Time.Equal))
}

// overFrom is the first moment at which Over holds; zero is never.
func (p *Performance) overFrom() time.Time {
	end := p.End
	if end.IsZero() {
		end = p.Start
	}
	if end.IsZero() {
		return time.Time{}
	}
	return end.Add(1)
}
