package s360

import (
	"context"
	"encoding/json"
)

// ExternalOrderFacade makes orders.
type ExternalOrderFacade struct{ client *Client }

// CreateOrUpdateOrder reserves places in one call and returns what was
// reserved: compare it with what was asked. The platform does not state it to be
// idempotent and offers no look-up by our reference, so an uncertain error means
// that an order we cannot name may hold places until it lapses. On a refusal the
// result holds what the answer said, such as places partly attributed.
//
// S-360: ExternalOrderFacade.createOrUpdateOrder (1.33)
func (s ExternalOrderFacade) CreateOrUpdateOrder(ctx context.Context, r CreateOrUpdateOrderRequest) (OrderUpdateResult, error) {
	m := method{service: serviceOrderFacade, name: "createOrUpdateOrder", changing: true}
	return invoke[OrderUpdateResult](ctx, s.client, m, r)
}

// CreateOrUpdateOrderWithGranularity is CreateOrUpdateOrder with a say in how deep the answer goes: with
// UpdateGranularityOperation the movements are left out.
//
// S-360: ExternalOrderFacade.createOrUpdateOrderWithGranularity (1.33)
func (s ExternalOrderFacade) CreateOrUpdateOrderWithGranularity(ctx context.Context, r CreateOrUpdateOrderWithGranularityRequest) (OrderUpdateResult, error) {
	m := method{service: serviceOrderFacade, name: "createOrUpdateOrderWithGranularity", changing: true}
	return invoke[OrderUpdateResult](ctx, s.client, m, r)
}

// CreatePaymentsAndCloseOrder pays and closes an order in one call. The platform means it for payment by card through its
// payment centre: then the answer carries the centre's transaction and the order is not closed before NotifyOrder. After an
// uncertain error ask GetOrderDetails before anything else.
//
// S-360: ExternalOrderFacade.createPaymentsAndCloseOrder (1.33)
func (s ExternalOrderFacade) CreatePaymentsAndCloseOrder(ctx context.Context, r CreatePaymentsAndCloseOrderRequest) (CreatePaymentsAndCloseOrderResult, error) {
	m := method{service: serviceOrderFacade, name: "createPaymentsAndCloseOrder", changing: true}
	return invoke[CreatePaymentsAndCloseOrderResult](ctx, s.client, m, r)
}

// CreateOrUpdateOrderWithGranularityRequest is CreateOrUpdateOrderRequest with one more argument.
type CreateOrUpdateOrderWithGranularityRequest struct {
	CreateOrUpdateOrderRequest
	// OrderUpdateGranularity is MOVEMENT when empty. The member's name is proposed after its type.
	OrderUpdateGranularity string `json:"orderUpdateGranularity,omitzero"`
}

// Values of OrderUpdateGranularity; only MOVEMENT is known.
const (
	UpdateGranularityOperation = "OPERATION"
	UpdateGranularityMovement  = "MOVEMENT"
)

// CreatePaymentsAndCloseOrderRequest holds the parameters of createPaymentsAndCloseOrder as the published example shows
// them.
type CreatePaymentsAndCloseOrderRequest struct {
	RequestID              ID                `json:"requestId,omitzero"`
	OrderID                ID                `json:"orderId"`
	IsConvertedReservation Bool              `json:"isConvertedReservation"`
	CreateToken            Bool              `json:"createToken"`
	Payments               List[PaymentInfo] `json:"payments,omitzero"`
	PaymentParams          *PaymentParams    `json:"paymentParams,omitzero"`
	OrderType              string            `json:"orderType,omitzero"`
	// MaxWaitingTime is as in CloseOrderRequest.
	MaxWaitingTime *Int              `json:"maxWaitingTime,omitzero"`
	PurchasersInfo List[ContactData] `json:"purchasersInfo,omitzero"`
}

// PaymentParams says for the payment widget who pays and where to return to.
type PaymentParams struct {
	ContactNumber        string          `json:"contactNumber,omitzero"`
	TotalAmount          Amount          `json:"totalAmount,omitzero"`
	PaymentParametersMap json.RawMessage `json:"paymentParametersMap,omitzero"`
}

// CreatePaymentsAndCloseOrderResult tells the payments that were made. Its name and members are proposed.
type CreatePaymentsAndCloseOrderResult struct {
	OrderResult
	PaymentDetails List[PaymentDetail] `json:"paymentDetails,omitzero"`
	OrderData      *OrderDetailsData   `json:"orderData,omitzero"`
}

// Order types used by a reseller. The enumeration is open.
const (
	OrderTypeSale               = "SALE"
	OrderTypeRefundClient       = "REFUND_CLIENT"
	OrderTypeRefundOrganization = "REFUND_ORGANIZATION"
)

// Default names of the visit members of a SimpleProductOperationCreationData.
// The platform's own names are not established, so they are configuration.
const (
	DefaultVisitDateMember = "visitDate"
	DefaultTimeslotMember  = "timeslotId"
)

// CreateOrUpdateOrderRequest holds the parameters of createOrUpdateOrder: with
// OrderID it extends that order, without it it creates one. At least one list of
// operations must be present.
type CreateOrUpdateOrderRequest struct {
	RequestID      ID                `json:"requestId,omitzero"`
	PointOfSalesID ID                `json:"pointOfSalesId"`
	OrderID        ID                `json:"orderId,omitzero"`
	FileID         ID                `json:"fileId,omitzero"`
	OrderType      string            `json:"orderType,omitzero"`
	PurchasersInfo List[ContactData] `json:"purchasersInfo,omitzero"`
	// ExternalReference is the partner's reference; the platform offers no
	// look-up by it.
	ExternalReference       string                                    `json:"externalReference,omitzero"`
	SingleEntryAttributions List[SingleEntryOperationAttributionData] `json:"singleEntryAttributionOperations,omitzero"`
	SimpleProductOperations List[SimpleProductOperationCreationData]  `json:"simpleProductOperations,omitzero"`
	ChargeOperations        List[ChargeOperation]                     `json:"chargeOperations,omitzero"`
	// RefundOperations name what a refund order takes back. The member and its shape are proposed.
	RefundOperations               List[RefundOperation] `json:"refundOperations,omitzero"`
	Origin                         json.RawMessage       `json:"origin,omitzero"`
	FileContacts                   List[FileContactData] `json:"fileContacts,omitzero"`
	ResumeAllOptionOperations      Bool                  `json:"isResumeAllOptionOperations,omitzero"`
	ResumeAllReservationOperations Bool                  `json:"isResumeAllReservationOperations,omitzero"`
}

// ContactData names a contact by its number.
type ContactData struct {
	ContactReference string `json:"contactReference"`
}

// FileContactData ties a person to the file of an order. It is personal data.
type FileContactData struct {
	// FileContactType is SALE, OWNER, FINDER or COMM_ENTITY.
	FileContactType       string `json:"fileContactType,omitzero"`
	ContactID             ID     `json:"contactId,omitzero"`
	ContactReference      string `json:"contactReference,omitzero"`
	Email                 string `json:"email,omitzero"`
	FirstName             string `json:"firstName,omitzero"`
	LastName              string `json:"lastName,omitzero"`
	StructureOfficialName string `json:"structureOfficialName,omitzero"`
	Phone                 string `json:"phone,omitzero"`
	MobilePhone           string `json:"mobilePhone,omitzero"`
	Birthday              Date   `json:"birthday,omitzero"`
	IDNumber              string `json:"idNumber,omitzero"`
	InvoiceAddressID      ID     `json:"invoiceAddressId,omitzero"`
	Locality              string `json:"locality,omitzero"`
	CountryCode           string `json:"countryCode,omitzero"`
}

// SingleEntryOperationAttributionData asks for places of performances; the
// platform attributes the seats.
type SingleEntryOperationAttributionData struct {
	OperationAttributions List[OperationAttribution] `json:"operationAttributions"`
	// PreferedAreas are area ids, spelled as the platform spells them.
	PreferedAreas List[ID] `json:"preferedAreas,omitzero"`
}

// OperationAttribution is one line: so many places of a tariff in a seat
// category of a performance.
type OperationAttribution struct {
	AudienceSubCategoryID ID  `json:"audienceSubCategoryId"`
	Quantity              Int `json:"quantity"`
	PerformanceID         ID  `json:"performanceId"`
	SeatCategoryID        ID  `json:"seatCategoryId,omitzero"`
	// ContingentID names the contingent to take from (proposed); left out the sales channel's are
	// tried in their order.
	ContingentID ID `json:"contingentId,omitzero"`
}

// ChargeOperation adds a fee to an order. Its members are proposed.
type ChargeOperation struct {
	ChargeID ID     `json:"chargeId"`
	Amount   Amount `json:"amount,omitzero"`
}

// RefundOperation names sold places that a refund order takes back: the given movements of a closed
// order's operation, or all of them. Its members are proposed.
type RefundOperation struct {
	OperationID ID       `json:"operationId"`
	MovementIDs List[ID] `json:"movementIds,omitzero"`
}

// SimpleProductOperationCreationData asks for items of passes, services and
// goods. The members for the visit date and the time slot are put into Extra
// under the names configured for the institution.
type SimpleProductOperationCreationData struct {
	AudienceSubCategoryID ID  `json:"audienceSubCategoryId"`
	Quantity              Int `json:"quantity"`
	ItemID                ID  `json:"itemId"`
	// ContingentID names the contingent to take from (proposed), as that of OperationAttribution.
	ContingentID ID      `json:"contingentId,omitzero"`
	Extra        Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (s *SimpleProductOperationCreationData) UnmarshalJSON(b []byte) error { return Decode(b, s) }

// MarshalJSON writes the object with its unknown members.
func (s SimpleProductOperationCreationData) MarshalJSON() ([]byte, error) {
	type plain SimpleProductOperationCreationData
	return withExtra(plain(s), s.Extra)
}

// OrderUpdateResult is the answer of createOrUpdateOrder and abandonMovements.
type OrderUpdateResult struct {
	OrderResult
	OrderUpdateData *OrderUpdateData `json:"orderUpdateData,omitzero"`
}

// OrderUpdateData is a delta: only what the call created, changed or removed.
type OrderUpdateData struct {
	OrderID                   ID                   `json:"orderId"`
	OrderSecretID             string               `json:"orderSecretId,omitzero"`
	MainOperationID           ID                   `json:"mainOperationId,omitzero"`
	OperationDataUpdates      List[OperationData]  `json:"operationDataUpdates,omitzero"`
	MovementDataUpdates       List[MovementData]   `json:"movementDataUpdates,omitzero"`
	RemoveOperationIDs        List[ID]             `json:"removeOperationIds,omitzero"`
	RemoveMovementIDs         List[ID]             `json:"removeMovementIds,omitzero"`
	GeneratedContiguities     List[ContiguityData] `json:"generatedContiguities,omitzero"`
	GeneratedContactQualities json.RawMessage      `json:"generatedContactQualities,omitzero"`
	Origin                    json.RawMessage      `json:"origin,omitzero"`
	CatalogCurrency           *CurrencyCash        `json:"catalogCurrency,omitzero" soft:"1"`
	// ExpirationDate is not known to be part of this answer; it is read where
	// an instance gives it.
	ExpirationDate Date    `json:"expirationDate,omitzero" soft:"1"`
	Extra          Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (o *OrderUpdateData) UnmarshalJSON(b []byte) error { return Decode(b, o) }

// MarshalJSON writes the object with its unknown members.
func (o OrderUpdateData) MarshalJSON() ([]byte, error) {
	type plain OrderUpdateData
	return withExtra(plain(o), o.Extra)
}

// OperationData is a line of an order. The sum of TotalAmount over all lines,
// whatever their kind, is what the order costs.
type OperationData struct {
	OperationID           ID      `json:"operationId"`
	OperationNumber       string  `json:"operationNumber,omitzero"`
	FileID                ID      `json:"fileId,omitzero"`
	Type                  string  `json:"type,omitzero"`
	Kind                  string  `json:"kind,omitzero"`
	Quantity              *Int    `json:"quantity,omitzero"`
	BasePrice             *Amount `json:"basePrice,omitzero"`
	UnitPrice             *Amount `json:"unitPrice,omitzero"`
	TotalAmount           *Amount `json:"totalAmount,omitzero"`
	WithoutVATTotalAmount *Amount `json:"withoutVatTotalAmount,omitzero"`
	WaitingAccountBalance *Amount `json:"waitingAccountBalance,omitzero"`
	// VATRate is in thousandths of a percent: 2100 is 2.1 %.
	VATRate               *Int           `json:"vatRate,omitzero"`
	VATCountryCode        string         `json:"vatCountryCode,omitzero"`
	CatalogCurrency       *CurrencyCash  `json:"catalogCurrency,omitzero" soft:"1"`
	Product               string         `json:"product,omitzero" soft:"1"`
	ProductID             ID             `json:"productId,omitzero"`
	ProductCode           string         `json:"productCode,omitzero"`
	ProductFamilyType     string         `json:"productFamilyType,omitzero"`
	ProductFamilySubType  string         `json:"productFamilySubType,omitzero"`
	ItemID                ID             `json:"itemId,omitzero"`
	Season                string         `json:"season,omitzero" soft:"1"`
	EventID               ID             `json:"eventId,omitzero"`
	PerformanceID         ID             `json:"performanceId,omitzero"`
	Performance           string         `json:"performance,omitzero" soft:"1"`
	AudienceCatID         ID             `json:"audienceCatId,omitzero"`
	AudienceSubCategoryID ID             `json:"audienceSubCategoryId,omitzero"`
	AudienceSubCategory   string         `json:"audienceSubCategory,omitzero" soft:"1"`
	SeatCategoryID        ID             `json:"seatCategoryId,omitzero"`
	ContingentID          ID             `json:"contingentId,omitzero"`
	Contingent            string         `json:"contingent,omitzero" soft:"1"`
	Numbered              *Bool          `json:"numbered,omitzero" soft:"1"`
	IsNominative          *Bool          `json:"isNominative,omitzero" soft:"1"`
	Exchangeable          *Bool          `json:"exchangeable,omitzero" soft:"1"`
	Locations             List[Location] `json:"locations,omitzero" soft:"1"`
	Extra                 Members        `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (o *OperationData) UnmarshalJSON(b []byte) error { return Decode(b, o) }

// MarshalJSON writes the object with its unknown members.
func (o OperationData) MarshalJSON() ([]byte, error) {
	type plain OperationData
	return withExtra(plain(o), o.Extra)
}

// MovementTypeSeat is the type of a movement with a numbered seat; the value of
// an unnumbered one is not known.
const MovementTypeSeat = "SEAT"

// MovementData is one unit of an operation: a seat or an entry. The members
// Block, Row, Number and Entrance have proposed names; what an instance names
// otherwise is in Extra. A pass or service has no seat members at all.
type MovementData struct {
	MovementID        ID     `json:"movementId"`
	OperationID       ID     `json:"operationId,omitzero"`
	Type              string `json:"type,omitzero"`
	SeatID            ID     `json:"seatId,omitzero"`
	SeatCategoryID    ID     `json:"seatCategoryId,omitzero"`
	SeatCategory      string `json:"seatCategory,omitzero" soft:"1"`
	ContingentID      ID     `json:"contingentId,omitzero"`
	Contingent        string `json:"contingent,omitzero" soft:"1"`
	AreaID            ID     `json:"areaId,omitzero"`
	Area              string `json:"area,omitzero" soft:"1"`
	AreaKind          string `json:"areaKind,omitzero" soft:"1"`
	Alley             string `json:"alley,omitzero" soft:"1"`
	Block             string `json:"block,omitzero" soft:"1"`
	Row               string `json:"row,omitzero" soft:"1"`
	Number            string `json:"number,omitzero" soft:"1"`
	Entrance          string `json:"entrance,omitzero" soft:"1"`
	AttributionMatch  string `json:"attributionMatch,omitzero" soft:"1"`
	StartValidityDate Date   `json:"startValidityDate,omitzero" soft:"1"`
	EndValidityDate   Date   `json:"endValidityDate,omitzero" soft:"1"`
	InstanceNumber    *Int   `json:"instanceNumber,omitzero" soft:"1"`
	Resumed           *Bool  `json:"resumed,omitzero" soft:"1"`
	Transferable      *Bool  `json:"transferable,omitzero" soft:"1"`
	// Owner is who the ticket is for; the member's name is proposed.
	Owner   *MovementContactData `json:"ticketOwner,omitzero" soft:"1"`
	Tickets List[TicketData]     `json:"tickets,omitzero" alias:"ticketDatas,ticket" soft:"1"`
	Extra   Members              `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (m *MovementData) UnmarshalJSON(b []byte) error { return Decode(b, m) }

// MarshalJSON writes the object with its unknown members.
func (m MovementData) MarshalJSON() ([]byte, error) {
	type plain MovementData
	return withExtra(plain(m), m.Extra)
}

// ContiguityData says whether the seats of a performance and seat category are
// side by side; several segments mean they were split.
type ContiguityData struct {
	PerformanceID  ID    `json:"performanceId,omitzero"`
	SeatCategoryID ID    `json:"seatCategoryId,omitzero"`
	Contiguous     *Bool `json:"contiguous,omitzero"`

	Segments List[ContiguitySegment] `json:"segments,omitzero"`
}

// ContiguitySegment lists movements whose seats are side by side.
type ContiguitySegment struct {
	MovementIDs List[ID] `json:"movementIds"`
}
