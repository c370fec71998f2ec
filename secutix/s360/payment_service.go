package s360

import "context"

// ExternalPaymentService knows the payments of orders.
type ExternalPaymentService struct{ client *Client }

// CheckPayment tells how the payments of an order stand, and whether those given would be taken.
//
// S-360: ExternalPaymentService.checkPayment (1.33)
func (s ExternalPaymentService) CheckPayment(ctx context.Context, r CheckPaymentRequest) (PaymentDetailResult, error) {
	return invoke[PaymentDetailResult](ctx, s.client, method{service: servicePayment, name: "checkPayment", changing: true}, r)
}

// CancelPayment gives up payments that are not yet made.
//
// S-360: ExternalPaymentService.cancelPayment (1.33)
func (s ExternalPaymentService) CancelPayment(ctx context.Context, r CancelPaymentRequest) (WebMethodResult, error) {
	return invoke[WebMethodResult](ctx, s.client, method{service: servicePayment, name: "cancelPayment", changing: true}, r)
}

// States of payments. The enumeration is open.
const (
	PaymentWaiting         = "WAITING"
	PaymentInProgress      = "IN_PROGRESS"
	PaymentAuthorized      = "AUTHORIZED"
	PaymentPaid            = "PAID"
	PaymentCancelledByUser = "CANCELLED_BY_USER"
	PaymentFailed          = "FAILED"
	PaymentAbandoned       = "ABANDONED"
)

// CheckPaymentRequest holds the parameters of checkPayment.
type CheckPaymentRequest struct {
	RequestID ID                `json:"requestId,omitzero"`
	OrderID   ID                `json:"orderId"`
	Payments  List[PaymentInfo] `json:"payments,omitzero"`
}

// CancelPaymentRequest holds the parameters of cancelPayment.
type CancelPaymentRequest struct {
	RequestID  ID       `json:"requestId,omitzero"`
	PaymentIDs List[ID] `json:"paymentIds"`
}

// PaymentDetailResult is the answer of checkPayment.
type PaymentDetailResult struct {
	Result
	PaymentDetails List[PaymentDetail] `json:"paymentDetails,omitzero"`
}

// PaymentDetail is one payment as it stands. A refund's amount is negative, which is proposed.
type PaymentDetail struct {
	PaymentID         ID            `json:"paymentId"`
	Amount            Amount        `json:"amount"`
	PaymentIdentifier string        `json:"paymentIdentifier,omitzero"`
	PaymentDate       Date          `json:"paymentDate,omitzero"`
	PaymentMethod     string        `json:"paymentMethod,omitzero"`
	PaymentStatus     string        `json:"paymentStatus,omitzero"`
	ContactNumber     string        `json:"contactNumber,omitzero"`
	CatalogCurrency   *CurrencyCash `json:"catalogCurrency,omitzero" soft:"1"`
	// EPCTransactionData is there when the payment goes through the payment centre.
	EPCTransactionData *EPCTransactionData `json:"epcTransactionData,omitzero"`
	ExternalURL        string              `json:"externalUrl,omitzero"`
	CardType           string              `json:"cardType,omitzero"`
	CardAlias          string              `json:"cardAlias,omitzero"`
	CardMaskedNumber   string              `json:"cardMaskedNumber,omitzero"`
	CardExpirationDate string              `json:"cardExpirationDate,omitzero"`
}

// EPCTransactionData names a transaction of the payment centre, for the payment widget.
type EPCTransactionData struct {
	TransactionID ID `json:"transactionId"`
	// PaymentTypes are the ways the buyer may pay there; their values are not known.
	PaymentTypes List[string] `json:"paymentTypes,omitzero"`
}
