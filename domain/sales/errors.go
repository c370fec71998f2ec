package sales

// Codes of this package's errors.
const (
	CodeUnknown         = "order.unknown"
	CodeStatus          = "order.status"        // not possible in the order's state
	CodeAvailability    = "order.availability"  // the platform has nothing left of what was asked
	CodePriceChanged    = "order.price_changed" // the platform's total is not the expected one; Expected and Actual say both
	CodePriceFraction   = "order.price_fraction"
	CodeHoldExpired     = "order.hold_expired"
	CodeHoldLimit       = "order.hold_limit" // extend: the platform's own expiry allows no more
	CodeQuantity        = "order.quantity"
	CodeItems           = "order.items" // no lines, too many, or the same one twice
	CodeTariffRequires  = "order.tariff_requires"
	CodeCurrency        = "order.currency" // mixed or foreign currencies
	CodePayment         = "order.payment"  // the pending account refused
	CodeContact         = "order.contact"
	CodeHolders         = "order.holders"
	CodeSeats           = "order.seats"        // seats or areas that can never be had as asked
	CodeNotTogether     = "order.not_together" // the platform has not so many places side by side
	CodeSeating         = "order.seating"      // the platform did not put the places on the chosen seats
	CodeReview          = "order.review"       // a person is looking at it
	CodeKeyMissing      = "key.missing"        // POST /v1/orders without Idempotency-Key
	CodeKeyReused       = "key.reused"         // same key, other content
	CodeKeyInProgress   = "key.in_progress"    // the first attempt is still running
	CodeTicketUnknown   = "ticket.unknown"
	CodeTicketNotIssued = "ticket.not_issued"
	CodeBasketUnknown   = "basket.unknown"
	CodeBasketOrders    = "basket.orders"       // no orders, too many, or two of one institution
	CodeBasketNotHeld   = "basket.not_held"     // an order could not be held, so none is
	CodeBasketNotClosed = "basket.not_closed"   // an order could not be closed; the rest was given back or undone
	CodeRefundDenied    = "order.refund_denied" // the institution does not take it back
	CodeTicketCancelled = "ticket.cancelled"    // it was taken back already
	CodeTicketUsed      = "ticket.used"         // it was scanned at a gate
	CodeDuplicate       = "store.duplicate"     // a platform order id or barcode that another order has
)
