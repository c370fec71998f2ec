package sim

import (
	"fmt"
	"time"

	"guichet/secutix/s360"
)

// checkAccess looks at what is promised to the gates: the list is the tickets, each in its state and at one place; a walk from
// the beginning meets each once, the valid line of a cancelled one just before it; no import is there by half, and no check
// twice.
func (p *Platform) checkAccess(in *institution, now time.Time) (broken []error) {
	if err := p.bringUp(in, now); err != nil {
		return []error{err}
	}
	bad := func(format string, args ...any) { broken = append(broken, fmt.Errorf(format, args...)) }
	seen := map[string]bool{}
	in.eachEntry(now, func(e entry) {
		r := in.access.rights[e.barcode]
		switch {
		case r == nil:
			bad("ticket %d is not in the gates' list", e.ticket)
			return
		case seen[e.barcode]:
			bad("ticket %d shares its barcode with another", e.ticket)
		case r.cancelled != e.cancelled || r.cause != e.cause || r.ticket != e.ticket:
			bad("ticket %d stands in the gates' list as ticket %d, cancelled %t for %q", e.ticket, r.ticket, r.cancelled, r.cause)
		case r.place < 0 || r.place >= len(in.access.list) || in.access.list[r.place].right != r:
			bad("ticket %d has lost its place in the gates' list", e.ticket)
		}
		seen[e.barcode] = true
	})
	if len(seen) != len(in.access.rights) {
		bad("the gates' list holds %d tickets, %d were sold", len(in.access.rights), len(seen))
	}
	in.checkWalk(bad)
	in.checkControls(bad)
	return broken
}

// checkWalk walks the whole grey list in pages.
func (in *institution) checkWalk(bad func(string, ...any)) {
	q := s360.ExportListRequest{ListType: s360.ListGrey, TicketType: s360.TicketTypeAll}
	valid, cancelled := map[s360.Barcode]bool{}, map[s360.Barcode]bool{}
	for place, whole := 0, false; !whole; {
		var items []s360.AccessControlListItem
		items, place, whole = in.page(scope{}, q, place, s360.MaxListLines)
		for i, item := range items {
			lines := valid
			if item.TicketState == s360.TicketCancelled {
				lines = cancelled
				if i == 0 || items[i-1].Barcode != item.Barcode || items[i-1].TicketState != s360.TicketValid {
					bad("the cancelled line of ticket %d does not follow its valid one", item.TicketID)
				}
			}
			if lines[item.Barcode] {
				bad("ticket %d is %s twice in the gates' list", item.TicketID, item.TicketState)
			}
			lines[item.Barcode] = true
		}
	}
	if len(valid) != len(in.access.rights) {
		bad("a walk meets %d tickets, the gates' list holds %d", len(valid), len(in.access.rights))
	}
	for barcode, r := range in.access.rights {
		if r.cancelled != cancelled[s360.Barcode(barcode)] {
			bad("a walk meets ticket %d in another state", r.ticket)
		}
	}
}

func (in *institution) checkControls(bad func(string, ...any)) {
	sizes := make([]int, len(in.access.batches))
	for barcode, list := range in.access.controls {
		r := in.access.rights[barcode]
		if r == nil {
			bad("a check was reported for a ticket nobody has")
			continue
		}
		for i, k := range list {
			if k.Batch < 0 || k.Batch >= len(sizes) || k.Barcode != barcode {
				bad("a check of ticket %d belongs to no import", r.ticket)
				continue
			}
			sizes[k.Batch]++
			for _, other := range list[:i] {
				if k.Identifier != "BURN" && k.same(other) {
					bad("a check of ticket %d is there twice", r.ticket)
				}
			}
		}
	}
	for i, n := range in.access.batches {
		if sizes[i] != n {
			bad("import %d reported %d checks, %d are there", i+1, n, sizes[i])
		}
	}
}
