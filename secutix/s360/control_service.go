package s360

import "context"

// ExternalAccessControlService is for access control systems alone, one client per product: a reseller that also runs the gates
// uses it, any other must not.
type ExternalAccessControlService struct{ client *Client }

func controlMethod(name string, changing bool) method {
	return method{service: serviceControl, name: name, changing: changing, module: moduleControl, version: controlVersion}
}

// GetAccessControlCatalog returns the seasons, or the one asked for, with their products and performances.
//
// S-360: ExternalAccessControlService.getAccessControlCatalog (1.6)
func (s ExternalAccessControlService) GetAccessControlCatalog(ctx context.Context, r AccessControlCatalogRequest) (AccessControlCatalogResult, error) {
	return invoke[AccessControlCatalogResult](ctx, s.client, controlMethod("getAccessControlCatalog", false), r)
}

// ExportList returns a page of tickets that became valid or invalid since the mark in the request. Keep the answer's
// PaginationEnd unaltered and send it with the next request of the same season or products. A page that holds fewer lines than
// were asked for is the last. In a grey list the VALID line of a ticket stands just before its CANCELLED one and both count as one.
//
// S-360: ExternalAccessControlService.exportList (1.6)
func (s ExternalAccessControlService) ExportList(ctx context.Context, r ExportListRequest) (AccessControlListResult, error) {
	return invoke[AccessControlListResult](ctx, s.client, controlMethod("exportList", false), r)
}

// ImportControlledTicket reports checks at the gate, positive and negative, all or none. The same check sent again changes
// nothing.
//
// S-360: ExternalAccessControlService.importControlledTicket (1.6)
func (s ExternalAccessControlService) ImportControlledTicket(ctx context.Context, r ImportControlledTicketRequest) (WebMethodResult, error) {
	return invoke[WebMethodResult](ctx, s.client, controlMethod("importControlledTicket", true), r)
}

// GetControlledTicket returns one ticket by its barcode with its checks, the newest first.
//
// S-360: ExternalAccessControlService.getControlledTicket (1.6)
func (s ExternalAccessControlService) GetControlledTicket(ctx context.Context, r ControlledTicketRequest) (ControlledTicketResult, error) {
	return invoke[ControlledTicketResult](ctx, s.client, controlMethod("getControlledTicket", false), r)
}

// BurnTicket checks a ticket in by its barcode. The status is success also when the ticket is refused: read the newest control
// operation. Burning twice adds a FAIL, so it must not be sent again after an uncertain error.
//
// S-360: ExternalAccessControlService.burnTicket (1.6)
func (s ExternalAccessControlService) BurnTicket(ctx context.Context, r ControlledTicketRequest) (ControlledTicketResult, error) {
	return invoke[ControlledTicketResult](ctx, s.client, controlMethod("burnTicket", true), r)
}

// GetTimeZone returns the zone of the institution. It is the cheapest way to try the credentials.
//
// S-360: ExternalAccessControlService.getTimeZone (1.6)
func (s ExternalAccessControlService) GetTimeZone(ctx context.Context) (TimeZoneResult, error) {
	return invoke[TimeZoneResult](ctx, s.client, controlMethod("getTimeZone", false), TimeZoneRequest{})
}

// Values of the access control service. All enumerations are open.
const (
	ListWhite = "WHITE" // valid tickets only
	ListBlack = "BLACK" // invalid tickets only
	ListGrey  = "GREY"  // both, mixed

	TicketTypeAll        = "ALL"
	TicketTypeThirdParty = "THIRD_PARTY"

	ControlOK          = "OK"
	ControlFail        = "FAIL"
	ControlOfflineOK   = "OFFLINE_OK"
	ControlOfflineFail = "OFFLINE_FAIL"
	// OperationInvalidated and OperationCancelled stand in a ticket's history beside its checks.
	OperationInvalidated = "INVALIDATED_TICKET"
	OperationCancelled   = "CANCELLED_TICKET"

	// CauseNotCancelled is the cancellation cause of a valid line.
	CauseNotCancelled = "NOT_CANCELLED"

	// MaxListLines is the most lines a page of exportList holds, the twins of a grey list counted once.
	MaxListLines = 5000
)

// AccessControlCatalogRequest holds the parameters of getAccessControlCatalog. ListType and TicketType appear in the official
// example and mean nothing.
type AccessControlCatalogRequest struct {
	RequestID  ID     `json:"requestId"`
	SeasonCode string `json:"seasonCode,omitzero"`
	ListType   string `json:"listType,omitzero"`
	TicketType string `json:"ticketType,omitzero"`
}

// AccessControlCatalogResult is the answer of getAccessControlCatalog.
type AccessControlCatalogResult struct {
	Result
	Seasons List[AccessControlSeason] `json:"seasons"`
}

// AccessControlSeason is a season with its products.
type AccessControlSeason struct {
	Code         string                     `json:"code"`
	InternalName string                     `json:"internalName,omitzero"`
	Products     List[AccessControlProduct] `json:"products"`
}

// AccessControlProduct is a product, with performances when it is an event.
type AccessControlProduct struct {
	Code         string                         `json:"code"`
	InternalName string                         `json:"internalName,omitzero"`
	Performances List[AccessControlPerformance] `json:"performances,omitzero"`
}

// AccessControlPerformance is a performance (proposed members).
type AccessControlPerformance struct {
	Code  string `json:"code"`
	Start Date   `json:"start,omitzero"`
}

// ExportListRequest holds the parameters of exportList. Without season, products and performances every ticket of the
// institution is meant.
type ExportListRequest struct {
	RequestID        ID           `json:"requestId"`
	ListType         string       `json:"listType"`
	TicketType       string       `json:"ticketType"`
	SeasonCode       string       `json:"seasonCode,omitzero"`
	ProductCodes     List[string] `json:"productCodes,omitzero"`
	PerformanceCodes List[string] `json:"performanceCodes,omitzero"`
	// PaginationStart is the last PaginationEnd, byte for byte; empty in the very first call only.
	PaginationStart string `json:"paginationStart,omitzero"`
	// NbMaxResults is 1 to MaxListLines.
	NbMaxResults Int `json:"nbMaxResults"`
}

// AccessControlListResult is the answer of exportList.
type AccessControlListResult struct {
	Result
	Data *AccessControlListData `json:"accessControlListData,omitzero"`
}

// AccessControlListData is a page of a list.
type AccessControlListData struct {
	Items         List[AccessControlListItem] `json:"accessControlListItems"`
	PaginationEnd string                      `json:"paginationEnd,omitzero"`
}

// AccessControlListItem is one line. An institution may leave out any member but the barcode.
type AccessControlListItem struct {
	Barcode                 Barcode           `json:"barcode"`
	TicketID                ID                `json:"ticketId,omitzero"`
	TicketState             string            `json:"ticketState,omitzero"`
	CancellationCause       string            `json:"cancellationCause,omitzero"`
	TariffCode              string            `json:"tariffCode,omitzero"`
	AudienceSubCategoryCode string            `json:"audienceSubCategoryCode,omitzero"`
	SeasonCode              string            `json:"seasonCode,omitzero"`
	ProductID               ID                `json:"productId,omitzero"`
	ProductCode             string            `json:"productCode,omitzero"`
	PerformanceCode         string            `json:"performanceCode,omitzero"`
	ValidityStartTime       Date              `json:"validityStartTime,omitzero"`
	ValidityEndTime         Date              `json:"validityEndTime,omitzero"`
	Area                    string            `json:"area,omitzero"`
	Block                   string            `json:"block,omitzero"`
	Row                     string            `json:"row,omitzero"`
	SeatNumber              string            `json:"seatNumber,omitzero"`
	Entrance                string            `json:"entrance,omitzero"`
	CulturalContactNumber   string            `json:"culturalContactNumber,omitzero"`
	HolderInfo              map[string]string `json:"holderInfo,omitempty"`
	SalesChannelCodeMapping string            `json:"salesChannelCodeMapping,omitzero"`
	OrderID                 ID                `json:"orderId,omitzero"`
	FileID                  ID                `json:"fileId,omitzero"`
	CreationDate            Date              `json:"creationDate,omitzero"`
	GroupSize               Int               `json:"groupSize,omitzero"`
	// Price is in thousandths of the currency unit.
	Price               *Amount `json:"price,omitzero"`
	ContainerIdentifier string  `json:"containerIdentifier,omitzero"`
}

// ImportControlledTicketRequest holds the parameters of importControlledTicket.
type ImportControlledTicketRequest struct {
	RequestID         ID                     `json:"requestId"`
	ControlledTickets List[ControlledTicket] `json:"controlledTickets"`
}

// ControlledTicket is one check at a gate.
type ControlledTicket struct {
	// AcIdentifier with the barcode and the date is the key by which a repeated check is known.
	AcIdentifier  string  `json:"acIdentifier,omitzero"`
	Barcode       Barcode `json:"barcode"`
	ControlDate   Instant `json:"controlDate"`
	ControlResult string  `json:"controlResult"`
	// FailureReason is OK when the check was passed.
	FailureReason string `json:"failureReason,omitzero"`
	// AdditionalInfo is spelled with a double n by the platform.
	AdditionalInfo string `json:"additionnalInfo,omitzero"`
}

// ControlledTicketRequest holds the parameters of getControlledTicket and burnTicket.
type ControlledTicketRequest struct {
	RequestID          ID      `json:"requestId"`
	BarCodeOrTaxNumber Barcode `json:"barCodeOrTaxNumber"`
}

// ControlledTicketResult is the answer of getControlledTicket and burnTicket.
type ControlledTicketResult struct {
	Result
	Data *ControlledTicketData `json:"controlledTicketData,omitzero"`
}

// ControlledTicketData is a ticket as the gate sees it. State is VALID or CANCELLED.
type ControlledTicketData struct {
	Barcode             Barcode                `json:"barcode"`
	State               string                 `json:"state"`
	Duplicate           Bool                   `json:"duplicate"`
	ContainerTicket     Bool                   `json:"containerTicket"`
	ContainerIdentifier string                 `json:"containerIdentifier,omitzero"`
	PrintingDateTime    Date                   `json:"printingDateTime,omitzero"`
	TaxNumber           string                 `json:"taxNumber,omitzero"`
	TicketKind          string                 `json:"ticketKind,omitzero"`
	TicketMedium        string                 `json:"ticketMedium,omitzero"`
	ControlOperations   List[ControlOperation] `json:"controlOperations"`
}

// ControlOperation is one entry of a ticket's history.
type ControlOperation struct {
	ControlOperationType string `json:"controlOperationType"`
	OperationDateTime    Date   `json:"operationDateTime"`
}

// TimeZoneRequest is the body of getTimeZone.
type TimeZoneRequest struct {
	RequestID ID `json:"requestId"`
}

// TimeZoneResult is the answer of getTimeZone (proposed member).
type TimeZoneResult struct {
	Result
	TimeZone string `json:"timeZone"`
}
