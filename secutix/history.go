package secutix

import (
	"context"
	"errors"
	"slices"
	"time"

	"guichet/domain"
	"guichet/domain/reconcile"
	"guichet/domain/sales"
	"guichet/secutix/s360"
)

// History implements reconcile.Platform.
type History struct{ *Institutions }

var _ reconcile.Platform = History{}

// listPage is how many tickets are asked for at once: the platform's own page.
const listPage = 5000

// Sold implements reconcile.Platform. It names no point of sales, which was seen to empty the list, and no product, so that
// one list serves all; which members of a ticket the platform fills beside its state and price is not published.
// S-360: ExternalOrderHistoryService.listTicketsByCriteria.
func (h History) Sold(ctx context.Context, code domain.InstitutionCode, from, to time.Time, start int) ([]reconcile.SoldTicket, bool, error) {
	i, err := h.of(code)
	if err != nil {
		return nil, false, err
	}
	answer, err := i.client.WithClass(classControl).History.ListTicketsByCriteria(ctx, s360.ListTicketsRequest{
		TicketFilterCriteria: s360.TicketFilterCriteria{StartDate: s360.At(from.UTC()), EndDate: s360.At(to.UTC())},
		PaginationParameter:  &s360.Pagination{StartPosition: s360.Int(start), MaxResult: listPage},
	})
	if err != nil {
		return nil, false, toError(err, i.Words...)
	}
	out := make([]reconcile.SoldTicket, 0, len(answer.TicketSummaries))
	for _, t := range answer.TicketSummaries {
		out = append(out, reconcile.SoldTicket{
			Order: int64(t.OrderID), Movement: int64(t.MovementID), Barcode: sales.Barcode(t.Barcode), State: t.TicketState, Price: int64(t.Price),
		})
	}
	return out, bool(answer.Truncated) || len(out) >= listPage, nil
}

// Look implements reconcile.Platform. An order is ours where its purchaser is the configured partner or its sales channel the
// one of our point of sales.
// S-360: ExternalOrderService.getOrderDetails with granularity TICKETS.
func (h History) Look(ctx context.Context, code domain.InstitutionCode, platformOrder int64) (reconcile.Found, error) {
	i, err := h.of(code)
	if err != nil {
		return reconcile.Found{}, err
	}
	pos, err := h.point(ctx, i)
	if err != nil {
		return reconcile.Found{}, err
	}
	answer, err := i.client.WithClass(classControl).Orders.GetOrderDetails(ctx, s360.OrderDetailsRequest{
		OrderID: s360.ID(platformOrder), Granularity: s360.GranularityTickets,
	})
	if err != nil {
		if i.missing(err) {
			return reconcile.Found{}, nil
		}
		return reconcile.Found{}, toError(err, i.Words...)
	}
	d := answer.OrderDetailsData
	if d == nil {
		return reconcile.Found{}, domain.Errorf(domain.Upstream, domain.CodePlatformAnswer, "the platform's answer has no order")
	}
	out := toOutcome(pos.inst.Currency, answer.Issued, d, sales.PlatformOpen)
	return reconcile.Found{
		Known: true, State: out.State, Total: out.Total, Tickets: out.Tickets,
		Ours: d.ContactReference == i.PartnerContact || (pos.channel != "" && d.SalesChannelCode == pos.channel),
	}, nil
}

// missing reports whether the platform refused because it knows no such order; its list of codes is not published.
func (i *institution) missing(err error) bool {
	var e *s360.Error
	return errors.As(err, &e) && e.Kind == s360.KindBusiness && classOf(e.Code, slices.Concat(i.Words, Words())) == ClassMissing
}
