package catalog

// Facts says what is printed of a want; ok is false where the catalog does not have it any more.
func (s *Snapshot) Facts(w Want) (Facts, bool) {
	f := Facts{TimeZone: s.Institution.TimeZone}
	if t := s.Tariff(w.Tariff); t != nil {
		f.TariffName, f.TariffCode = t.Name, t.Code
	}
	var prod *Product
	if w.Performance != 0 {
		p := s.Performance(w.Performance)
		if p == nil {
			return Facts{}, false
		}
		prod = s.Product(p.Product)
		f.PerformanceName, f.Start, f.End, f.Venue, f.Numbered, f.Image = p.Name, p.Start, p.End, p.Venue, p.Numbered, p.Image
		if c := p.category(w.SeatCategory); c != nil {
			f.SeatCategoryName, f.SeatCategoryCode, f.Color = c.Name, c.Code, c.Color
		}
	} else {
		it := s.Item(w.Item)
		if it == nil {
			return Facts{}, false
		}
		prod = s.Product(it.Product)
		f.PerformanceName, f.Day = it.Name, w.Day
		if prod != nil && w.Timeslot != 0 {
			if slot := prod.SlotOf(w.Timeslot); slot != nil {
				f.Slot = slot.Time
				f.Start = slot.Start(w.Day, s.Institution.Location()).UTC()
			}
		}
	}
	if prod == nil {
		return Facts{}, false
	}
	f.ProductName, f.ProductCode, f.Kind = prod.Name, prod.Code, prod.Kind
	for _, size := range []string{"xlarge", "large", "medium"} {
		if f.Image == "" {
			f.Image = prod.Images[size]
		}
	}
	if f.Image == "" {
		f.Image = f.Venue.Image
	}
	return f, true
}
