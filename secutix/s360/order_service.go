package s360

import (
	"context"
	"encoding/json"
)

// ExternalOrderService pays, asks about and releases orders.
type ExternalOrderService struct{ client *Client }

// CloseOrder pays the order and issues its tickets. After an uncertain error
// ask GetOrderDetails before anything else; sending it again could pay twice.
// Success without all barcodes is a sale all the same: poll GetOrderDetails.
//
// S-360: ExternalOrderService.closeOrder (1.33)
func (s ExternalOrderService) CloseOrder(ctx context.Context, r CloseOrderRequest) (CloseOrderResult, error) {
	m := method{service: serviceOrders, name: "closeOrder", changing: true}
	return invoke[CloseOrderResult](ctx, s.client, m, r)
}

// GetOrderDetails returns an order as it stands, as deep as the granularity
// asks.
//
// S-360: ExternalOrderService.getOrderDetails (1.33)
func (s ExternalOrderService) GetOrderDetails(ctx context.Context, r OrderDetailsRequest) (OrderDetailResult, error) {
	m := method{service: serviceOrders, name: "getOrderDetails"}
	return invoke[OrderDetailResult](ctx, s.client, m, r)
}

// AbandonMovements gives places of an open order back; abandoning all of them
// gives the order up.
//
// S-360: ExternalOrderService.abandonMovements (1.33)
func (s ExternalOrderService) AbandonMovements(ctx context.Context, r AbandonMovementsRequest) (OrderUpdateResult, error) {
	m := method{service: serviceOrders, name: "abandonMovements", changing: true}
	return invoke[OrderUpdateResult](ctx, s.client, m, r)
}

// NotifyOrder tells that the buyer has left the payment widget: the order is closed when the payment centre took the payment,
// and abandoned when it did not. While the centre does not know yet the call is refused and may be made again. The service that
// owns the method, its parameters and its answer are proposed.
//
// S-360: ExternalOrderService.notifyOrder (1.33)
func (s ExternalOrderService) NotifyOrder(ctx context.Context, r NotifyOrderRequest) (NotifyOrderResult, error) {
	return invoke[NotifyOrderResult](ctx, s.client, method{service: serviceOrders, name: "notifyOrder", changing: true}, r)
}

// ReopenOrder opens an order for another attempt to pay: one that waits for its payment, or one that was abandoned because the
// payment failed, if its places are still there. The service that owns the method, its parameters and its answer are proposed.
//
// S-360: ExternalOrderService.reopenOrder (1.33)
func (s ExternalOrderService) ReopenOrder(ctx context.Context, r ReopenOrderRequest) (OrderDetailResult, error) {
	return invoke[OrderDetailResult](ctx, s.client, method{service: serviceOrders, name: "reopenOrder", changing: true}, r)
}

// NotifyOrderRequest holds the parameters of notifyOrder (proposed). With a transaction, the order must be the one it pays.
type NotifyOrderRequest struct {
	RequestID     ID `json:"requestId,omitzero"`
	OrderID       ID `json:"orderId"`
	TransactionID ID `json:"transactionId,omitzero"`
}

// ReopenOrderRequest holds the parameters of reopenOrder (proposed).
type ReopenOrderRequest struct {
	RequestID ID `json:"requestId,omitzero"`
	OrderID   ID `json:"orderId"`
}

// NotifyOrderResult tells how the payments and the order ended (proposed).
type NotifyOrderResult struct {
	OrderResult
	PaymentDetails List[PaymentDetail] `json:"paymentDetails,omitzero"`
	OrderData      *OrderDetailsData   `json:"orderData,omitzero"`
}

// Granularity of getOrderDetails; each value includes the one before.
const (
	GranularityOperations = "OPERATIONS"
	GranularityMovements  = "MOVEMENTS"
	GranularityTickets    = "TICKETS"
)

// OrderStateClosed is the state of an order that is sold. The enumeration is
// open: a state that contains ABANDON or CANCEL is dead, any other is open.
const OrderStateClosed = "CLOSED"

// States of tickets. The enumeration is open.
const (
	TicketNotPrinted  = "NOT_PRINTED"
	TicketValid       = "VALID"
	TicketPrinted     = "PRINTED"
	TicketInvalidated = "INVALIDATED"
	TicketCancelled   = "CANCELLED"
	TicketControlled  = "CONTROLLED"
)

// CloseOrderRequest holds the parameters of closeOrder.
type CloseOrderRequest struct {
	RequestID ID     `json:"requestId,omitzero"`
	OrderID   ID     `json:"orderId"`
	OrderType string `json:"orderType,omitzero"`
	// PurchaserInfo is singular here, unlike in createOrUpdateOrder.
	PurchaserInfo *ContactData `json:"purchaserInfo,omitzero"`
	// PurchasersInfo is the other spelling, for instances that want it.
	PurchasersInfo List[ContactData] `json:"purchasersInfo,omitzero"`
	// Payments may be left out where the pending account is implied.
	Payments         List[PaymentInfo] `json:"payments,omitzero"`
	GenerateBarCodes Bool              `json:"generateBarCodes"`
	// MaxWaitingTime is how long the call may wait for barcodes, in a unit that
	// is not known; 30 is harmless in both readings.
	MaxWaitingTime *Int `json:"maxWaitingTime,omitzero"`
	// IsConvertedReservation is seen at createPaymentsAndCloseOrder; it is for reservations.
	IsConvertedReservation Bool `json:"isConvertedReservation,omitzero"`
}

// PaymentInfo is one payment of an order.
type PaymentInfo struct {
	Amount           Amount `json:"amount"`
	PaymentMethodID  ID     `json:"paymentMethodId"`
	ContactReference string `json:"contactReference,omitzero"`
	// PaymentIdentifier is the payer's own name of the payment.
	PaymentIdentifier string `json:"paymentIdentifier,omitzero"`
	ValueDate         Date   `json:"valueDate,omitzero"`

	CardAlias                 string          `json:"cardAlias,omitzero"`
	CardMaskedNumber          string          `json:"cardMaskedNumber,omitzero"`
	CardExpirationDate        string          `json:"cardExpirationDate,omitzero"`
	PSPAdditionalReturnedData string          `json:"pspAdditionalReturnedData,omitzero"`
	PaymentAdditionalData     json.RawMessage `json:"paymentAdditionalData,omitzero"`
}

// CloseOrderResult is the answer of closeOrder. Neither the name of its payload
// nor the place of the barcodes is established, so read Issued, which is found
// by structure; OrderData is the shape we propose and the simulator writes.
type CloseOrderResult struct {
	OrderResult
	OrderData *OrderDetailsData `json:"orderData,omitzero" alias:"orderDetailsData,orderUpdateData" soft:"1"`
	// Issued is what was found anywhere in the answer; it is not encoded.
	Issued Issued  `json:"-"`
	Extra  Members `json:"-"`
}

// UnmarshalJSON reads the object, keeps unknown members and fills Issued.
func (c *CloseOrderResult) UnmarshalJSON(b []byte) error { return Decode(b, c) }

// MarshalJSON writes the object with its unknown members.
func (c CloseOrderResult) MarshalJSON() ([]byte, error) {
	type plain CloseOrderResult
	return withExtra(plain(c), c.Extra)
}

func (c *CloseOrderResult) afterDecode(object []byte) error {
	var err error
	c.Issued, err = findIssued(object)
	return err
}

// OrderDetailsRequest holds the parameters of getOrderDetails.
type OrderDetailsRequest struct {
	RequestID   ID     `json:"requestId,omitzero"`
	OrderID     ID     `json:"orderId"`
	Granularity string `json:"granularity,omitzero"`
}

// OrderDetailResult is the answer of getOrderDetails.
type OrderDetailResult struct {
	OrderResult
	OrderDetailsData *OrderDetailsData `json:"orderDetailsData,omitzero"`
	// Issued is what was found anywhere in the answer; it is not encoded.
	Issued Issued  `json:"-"`
	Extra  Members `json:"-"`
}

// UnmarshalJSON reads the object, keeps unknown members and fills Issued.
func (o *OrderDetailResult) UnmarshalJSON(b []byte) error { return Decode(b, o) }

// MarshalJSON writes the object with its unknown members.
func (o OrderDetailResult) MarshalJSON() ([]byte, error) {
	type plain OrderDetailResult
	return withExtra(plain(o), o.Extra)
}

func (o *OrderDetailResult) afterDecode(object []byte) error {
	var err error
	o.Issued, err = findIssued(object)
	return err
}

// OrderDetailsData is an order as it stands.
type OrderDetailsData struct {
	OrderID          ID     `json:"orderId"`
	OrderState       string `json:"orderState,omitzero"`
	OrderType        string `json:"orderType,omitzero"`
	OrderSecretID    string `json:"orderSecretId,omitzero"`
	ContactReference string `json:"contactReference,omitzero" soft:"1"`
	CreationDateTime Date   `json:"creationDateTime,omitzero"`
	// ReferenceDate is local midnight written in UTC.
	ReferenceDate Date `json:"referenceDate,omitzero"`
	// ExpirationDate is when an open order lapses; a closed one still shows it.
	ExpirationDate              Date                `json:"expirationDate,omitzero"`
	SaleAmount                  *Amount             `json:"saleAmount,omitzero"`
	PreSaleAmount               *Amount             `json:"preSaleAmount,omitzero"`
	ReservationAmount           *Amount             `json:"reservationAmount,omitzero"`
	OptionAmount                *Amount             `json:"optionAmount,omitzero"`
	WaitingAccountBalanceAmount *Amount             `json:"waitingAccountBalanceAmount,omitzero"`
	CatalogCurrency             *CurrencyCash       `json:"catalogCurrency,omitzero" soft:"1"`
	OrderOriginator             string              `json:"orderOriginator,omitzero" soft:"1"`
	SalesChannelCode            string              `json:"salesChannelCode,omitzero"`
	SalesChannelName            string              `json:"salesChannelName,omitzero" soft:"1"`
	OperationDatas              List[OperationData] `json:"operationDatas,omitzero"`
	MovementDatas               List[MovementData]  `json:"movementDatas,omitzero"`
	// Shipments is a proposed member: how the tickets travel.
	Shipments List[ShipmentData] `json:"shipments,omitzero" soft:"1"`
	Extra     Members            `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (o *OrderDetailsData) UnmarshalJSON(b []byte) error { return Decode(b, o) }

// MarshalJSON writes the object with its unknown members.
func (o OrderDetailsData) MarshalJSON() ([]byte, error) {
	type plain OrderDetailsData
	return withExtra(plain(o), o.Extra)
}

// TicketData is the entry right of a movement. Its member names are proposed;
// the aliases are the other spellings to expect.
type TicketData struct {
	TicketID    ID      `json:"ticketId,omitzero"`
	TicketState string  `json:"ticketState,omitzero" alias:"state"`
	Barcode     Barcode `json:"barcode,omitzero" alias:"barCode" soft:"1"`
	Extra       Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (t *TicketData) UnmarshalJSON(b []byte) error { return Decode(b, t) }

// MarshalJSON writes the object with its unknown members.
func (t TicketData) MarshalJSON() ([]byte, error) {
	type plain TicketData
	return withExtra(plain(t), t.Extra)
}

// AbandonMovementsRequest holds the parameters of abandonMovements.
type AbandonMovementsRequest struct {
	RequestID   ID       `json:"requestId,omitzero"`
	OrderID     ID       `json:"orderId"`
	MovementIDs List[ID] `json:"movementIds"`
}
