package s360

import "context"

// ExternalOrderHistoryService searches what was sold.
type ExternalOrderHistoryService struct{ client *Client }

// CountFilesByCriteria counts the files that meet the criteria.
//
// S-360: ExternalOrderHistoryService.countFilesByCriteria (1.33)
func (s ExternalOrderHistoryService) CountFilesByCriteria(ctx context.Context, r FilesByCriteriaRequest) (CountFilesResult, error) {
	return invoke[CountFilesResult](ctx, s.client, method{service: serviceHistory, name: "countFilesByCriteria"}, r)
}

// ListFilesByCriteria lists what CountFilesByCriteria counts. The method's name is proposed.
//
// S-360: ExternalOrderHistoryService.listFilesByCriteria (1.33)
func (s ExternalOrderHistoryService) ListFilesByCriteria(ctx context.Context, r FilesByCriteriaRequest) (ListFilesResult, error) {
	return invoke[ListFilesResult](ctx, s.client, method{service: serviceHistory, name: "listFilesByCriteria"}, r)
}

// ListTicketsByCriteria lists tickets. Both dates are mandatory, and giving a point of sales empties the list: leave it
// out. Without pagination only the first 5000 come, which Truncated tells. Cancelled and invalidated tickets are listed too.
//
// S-360: ExternalOrderHistoryService.listTicketsByCriteria (1.33)
func (s ExternalOrderHistoryService) ListTicketsByCriteria(ctx context.Context, r ListTicketsRequest) (ListTicketsResult, error) {
	return invoke[ListTicketsResult](ctx, s.client, method{service: serviceHistory, name: "listTicketsByCriteria"}, r)
}

// FilesByCriteriaRequest holds the parameters of countFilesByCriteria and of its proposed twin; all may be left out.
type FilesByCriteriaRequest struct {
	RequestID                ID                    `json:"requestId,omitzero"`
	PointOfSalesID           ID                    `json:"pointOfSalesId,omitzero"`
	StartDate                Date                  `json:"startDate,omitzero"`
	EndDate                  Date                  `json:"endDate,omitzero"`
	States                   List[string]          `json:"states,omitzero"`
	ProductID                ID                    `json:"productId,omitzero"`
	PerformanceID            ID                    `json:"performanceId,omitzero"`
	ItemID                   ID                    `json:"itemId,omitzero"`
	CulturalContactReference string                `json:"culturalContactReference,omitzero"`
	PaymentStates            List[string]          `json:"paymentStates,omitzero"`
	FileContacts             List[FileContactData] `json:"fileContacts,omitzero"`
	// FileSearchCriteria is UNION_FILE_CONTACTS or INTERSECT_FILE_CONTACTS.
	FileSearchCriteria string       `json:"fileSearchCriteria,omitzero"`
	OrderOriginators   List[string] `json:"orderOriginators,omitzero"`
	// MaxFileExpirationDate keeps the files that run out by then.
	MaxFileExpirationDate        Date `json:"maxFileExpirationDate,omitzero"`
	MaxInstallmentExpirationDate Date `json:"maxInstallmentExpirationDate,omitzero"`
	// MainAudienceCategory is OCCASIONAL, SUBSCRIBER, MEMBER, INVITED or INSIDE_SEASONTICKET.
	MainAudienceCategory string `json:"mainAudienceCategory,omitzero"`
	// FileOptionStates are NONE, REQUESTED and PRE_REQUESTED.
	FileOptionStates    List[string] `json:"fileOptionStates,omitzero"`
	PaginationParameter *Pagination  `json:"paginationParameter,omitzero"`
}

// Pagination is a window into a list; StartPosition counts from 0.
type Pagination struct {
	StartPosition Int `json:"startPosition"`
	MaxResult     Int `json:"maxResult,omitzero"`
}

// CountFilesResult is the answer of countFilesByCriteria. The member is proposed.
type CountFilesResult struct {
	Result
	Count Int `json:"count"`
}

// ListFilesResult is the proposed answer of listFilesByCriteria.
type ListFilesResult struct {
	Result
	Truncated     Bool              `json:"truncated"`
	FileSummaries List[FileSummary] `json:"fileSummaries,omitzero"`
}

// FileSummary is a file in a list. Its members are proposed.
type FileSummary struct {
	FileID           ID       `json:"fileId"`
	FileState        string   `json:"fileState,omitzero"`
	CreationDateTime Date     `json:"creationDateTime,omitzero"`
	LastModDateTime  Date     `json:"lastModDateTime,omitzero"`
	ContactReference string   `json:"contactReference,omitzero"`
	OrderIDs         List[ID] `json:"orderIds,omitzero"`
}

// ListTicketsRequest holds the parameters of listTicketsByCriteria.
type ListTicketsRequest struct {
	RequestID            ID                   `json:"requestId,omitzero"`
	TicketFilterCriteria TicketFilterCriteria `json:"ticketFilterCriteria"`
	PaginationParameter  *Pagination          `json:"paginationParameter,omitzero"`
}

// TicketFilterCriteria says which tickets are meant.
type TicketFilterCriteria struct {
	PointOfSalesID ID           `json:"pointOfSalesId,omitzero"`
	ProductID      ID           `json:"productId,omitzero"`
	PerformanceID  ID           `json:"performanceId,omitzero"`
	StartDate      Date         `json:"startDate,omitzero"`
	EndDate        Date         `json:"endDate,omitzero"`
	TicketStates   List[string] `json:"ticketStates,omitzero"`
}

// ListTicketsResult is the answer of listTicketsByCriteria.
type ListTicketsResult struct {
	Result
	Truncated       Bool                `json:"truncated"`
	TicketSummaries List[TicketSummary] `json:"ticketSummaries,omitzero"`
}

// TicketSummary is a ticket in a list. PriceLevelID may be missing; Price is what was paid for this ticket. The members
// from ProductID on are proposed.
type TicketSummary struct {
	TicketState           string  `json:"ticketState"`
	PerformanceID         ID      `json:"performanceId,omitzero"`
	SeatCategoryID        ID      `json:"seatCategoryId,omitzero"`
	ContingentID          ID      `json:"contingentId,omitzero"`
	Contingent            string  `json:"contingent,omitzero"`
	AudienceSubCategoryID ID      `json:"audienceSubCategoryId,omitzero"`
	PriceLevelID          ID      `json:"priceLevelId,omitzero"`
	Price                 Amount  `json:"price"`
	ProductID             ID      `json:"productId,omitzero"`
	OrderID               ID      `json:"orderId,omitzero"`
	FileID                ID      `json:"fileId,omitzero"`
	MovementID            ID      `json:"movementId,omitzero"`
	TicketID              ID      `json:"ticketId,omitzero"`
	Barcode               Barcode `json:"barcode,omitzero"`
}
