package sim

import (
	"cmp"
	"slices"
	"time"

	"guichet/secutix/s360"
)

// pageSize is how many rows come when no pagination is asked for, and at most.
const pageSize = 5000

func historyService() service {
	return service{module: "tnseb", name: "externalOrderHistoryService", soap: "ExternalOrderHistoryService", pkg: "com.secutix.service.realtime.history", versions: current(), gone: lastGone, methods: []method{
		{name: "countFilesByCriteria", do: (*Platform).countFilesByCriteria, request: s360.FilesByCriteriaRequest{}, result: s360.CountFilesResult{}},
		{name: "listFilesByCriteria", do: (*Platform).listFilesByCriteria, request: s360.FilesByCriteriaRequest{}, result: s360.ListFilesResult{}},
		{name: "listTicketsByCriteria", do: (*Platform).listTicketsByCriteria, request: s360.ListTicketsRequest{}, result: s360.ListTicketsResult{}},
	}}
}

func (p *Platform) countFilesByCriteria(c *call) (any, *refusal) {
	var q s360.FilesByCriteriaRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	found, no := c.in.filesBy(q)
	if no != nil {
		return nil, no
	}
	return s360.CountFilesResult{Result: c.ok(), Count: s360.Int(len(found))}, nil
}

func (p *Platform) listFilesByCriteria(c *call) (any, *refusal) {
	var q s360.FilesByCriteriaRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	found, no := c.in.filesBy(q)
	if no != nil {
		return nil, no
	}
	page, truncated, no := window(found, q.PaginationParameter, pageSize)
	if no != nil {
		return nil, no
	}
	out := s360.ListFilesResult{Result: c.ok(), Truncated: s360.Bool(truncated)}
	for _, f := range page {
		first := c.in.orders[f.Orders[0]]
		out.FileSummaries = append(out.FileSummaries, s360.FileSummary{
			FileID: s360.ID(f.ID), FileState: c.in.fileState(f), CreationDateTime: s360.At(first.Created.UTC()),
			LastModDateTime: s360.At(f.Modified.UTC()), ContactReference: first.Contact, OrderIDs: wireIDs(f.Orders),
		})
	}
	return out, nil
}

// filesBy lists the files that meet all the criteria, the oldest first.
func (in *institution) filesBy(q s360.FilesByCriteriaRequest) ([]*file, *refusal) {
	switch q.FileSearchCriteria {
	case "", "UNION_FILE_CONTACTS", "INTERSECT_FILE_CONTACTS":
	default:
		return nil, refuse(errInvalid, "unknown fileSearchCriteria %q", q.FileSearchCriteria)
	}
	if q.PointOfSalesID != 0 && int64(q.PointOfSalesID) != in.w.PointOfSales.ID {
		return nil, refuse("error.pointOfSales.unknown", "no point of sales %d", q.PointOfSalesID)
	}
	var out []*file
	for _, id := range in.sequence {
		f := in.files[in.orders[id].File]
		if f.Orders[0] == id && in.fileMeets(f, q) {
			out = append(out, f)
		}
	}
	return out, nil
}

func (in *institution) fileMeets(f *file, q s360.FilesByCriteriaRequest) bool {
	first := in.orders[f.Orders[0]]
	switch {
	case !q.StartDate.IsZero() && first.Created.Before(q.StartDate.Time), !q.EndDate.IsZero() && first.Created.After(q.EndDate.Time):
		return false
	case len(q.States) > 0 && !slices.Contains(q.States, in.fileState(f)):
		return false
	case len(q.OrderOriginators) > 0 && !slices.Contains(q.OrderOriginators, "EXTERNAL_SALE"),
		len(q.FileOptionStates) > 0 && !slices.Contains(q.FileOptionStates, "NONE"),
		q.MainAudienceCategory != "" && q.MainAudienceCategory != "OCCASIONAL":
		return false // there are no other channels, options and subscribers here
	case !q.MaxFileExpirationDate.IsZero() && !in.fileEnds(f, q.MaxFileExpirationDate.Time), !q.MaxInstallmentExpirationDate.IsZero():
		return false // and no instalments
	case q.CulturalContactReference != "" && q.CulturalContactReference != first.Contact:
		return false
	}
	return in.fileSells(f, q) && in.filePaid(f, q.PaymentStates) && in.fileOf(f, q)
}

// fileEnds says whether an order of the file is open and runs out by then.
func (in *institution) fileEnds(f *file, by time.Time) bool {
	return slices.ContainsFunc(f.Orders, func(id int64) bool {
		o := in.orders[id]
		return o.State == stateRunning && !o.Expires.After(by)
	})
}

// fileSells says whether one line of the file is for what is asked.
func (in *institution) fileSells(f *file, q s360.FilesByCriteriaRequest) bool {
	if q.ProductID == 0 && q.PerformanceID == 0 && q.ItemID == 0 {
		return true
	}
	return slices.ContainsFunc(f.Orders, func(id int64) bool {
		return slices.ContainsFunc(in.orders[id].Operations, func(op *operation) bool {
			return (q.ProductID == 0 || op.Product == int64(q.ProductID)) && (q.PerformanceID == 0 || op.Performance == int64(q.PerformanceID)) &&
				(q.ItemID == 0 || op.Item == int64(q.ItemID))
		})
	})
}

func (in *institution) filePaid(f *file, states []string) bool {
	if len(states) == 0 {
		return true
	}
	return slices.ContainsFunc(f.Orders, func(id int64) bool {
		return slices.ContainsFunc(in.orders[id].Payments, func(pay payment) bool { return slices.Contains(states, pay.State) })
	})
}

// fileOf says whether the file belongs to the people asked for: one of them, or all with INTERSECT_FILE_CONTACTS. A file's
// purchaser counts as its SALE contact.
func (in *institution) fileOf(f *file, q s360.FilesByCriteriaRequest) bool {
	if len(q.FileContacts) == 0 {
		return true
	}
	has := append(slices.Clone(f.Contacts), s360.FileContactData{FileContactType: "SALE", ContactReference: in.orders[f.Orders[0]].Contact})
	n := 0
	for _, want := range q.FileContacts {
		if slices.ContainsFunc(has, func(h s360.FileContactData) bool {
			return (want.FileContactType == "" || want.FileContactType == h.FileContactType) &&
				(want.ContactReference == "" || want.ContactReference == h.ContactReference) &&
				(want.Email == "" || want.Email == h.Email) && (want.LastName == "" || want.LastName == h.LastName)
		}) {
			n++
		}
	}
	return n == len(q.FileContacts) || (n > 0 && q.FileSearchCriteria != "INTERSECT_FILE_CONTACTS")
}

// window cuts the part of a list that was asked for, and says whether there is more behind it.
func window[T any](all []T, page *s360.Pagination, limit int) ([]T, bool, *refusal) {
	from, count := 0, limit
	if page != nil {
		if page.StartPosition < 0 || page.MaxResult < 0 {
			return nil, false, refuse(errInvalid, "a page begins at 0 or later and has no negative length")
		}
		from = int(min(page.StartPosition, s360.Int(len(all))))
		if page.MaxResult > 0 {
			count = int(min(page.MaxResult, s360.Int(limit)))
		}
	}
	to := min(from+count, len(all))
	return all[from:to], to < len(all), nil
}

// listTicketsByCriteria lists the tickets of orders closed between two dates, those no longer good included, in the order they
// were made: what is sold meanwhile comes at the end, so that a reader who goes on page by page misses none. Naming a point of
// sales empties the list, as it was seen to do.
func (p *Platform) listTicketsByCriteria(c *call) (any, *refusal) {
	var q s360.ListTicketsRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	by := q.TicketFilterCriteria
	if by.StartDate.IsZero() || by.EndDate.IsZero() {
		return nil, refuse(errMissing, "startDate and endDate")
	}
	var all []s360.TicketSummary
	for _, id := range c.in.sequence {
		o := c.in.orders[id]
		if by.PointOfSalesID != 0 || o.State != stateClosed || isRefund(o.Type) || c.now.Before(o.BarcodesAt) ||
			o.Closed.Before(by.StartDate.Time) || o.Closed.After(by.EndDate.Time) {
			continue
		}
		for _, op := range o.Operations {
			if (by.ProductID == 0 || op.Product == int64(by.ProductID)) && (by.PerformanceID == 0 || op.Performance == int64(by.PerformanceID)) {
				all = append(all, c.in.ticketSummaries(c, o, op)...)
			}
		}
	}
	slices.SortFunc(all, func(a, b s360.TicketSummary) int { return cmp.Compare(a.TicketID, b.TicketID) })
	if len(by.TicketStates) > 0 {
		all = slices.DeleteFunc(all, func(t s360.TicketSummary) bool { return !slices.Contains(by.TicketStates, t.TicketState) })
	}
	page, truncated, no := window(all, q.PaginationParameter, pageSize)
	if no != nil {
		return nil, no
	}
	return s360.ListTicketsResult{Result: c.ok(), Truncated: s360.Bool(truncated), TicketSummaries: page}, nil
}

func (in *institution) ticketSummaries(c *call, o *order, op *operation) []s360.TicketSummary {
	var out []s360.TicketSummary
	for _, m := range in.movementsOf(op) {
		for _, t := range o.ticketData(m, c.now) {
			w := s360.TicketSummary{
				TicketState: t.TicketState, PerformanceID: s360.ID(op.Performance), SeatCategoryID: s360.ID(op.Category),
				AudienceSubCategoryID: s360.ID(op.Tariff), Price: s360.Amount(op.Price), ProductID: s360.ID(op.Product),
				OrderID: s360.ID(o.ID), FileID: s360.ID(o.File), MovementID: s360.ID(m.ID), TicketID: t.TicketID, Barcode: t.Barcode,
			}
			w.ContingentID, w.Contingent = in.shownContingent(m)
			if op.Performance != 0 {
				w.PriceLevelID = in.levelID(false)
			}
			out = append(out, w)
		}
	}
	return out
}
