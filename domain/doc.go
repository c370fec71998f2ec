// Package domain holds the few things every part of the house shares: clock, ids, money, translated text, institutions,
// pages, secrets and the one error type.
//
// # Words
//
// The field's words, once. The same spelling is used in Go names, JSON, SQL and logs; the platform's own spelling
// appears only in secutix/s360.
//
//	Institution     one organiser's S-360 instance; every platform id is scoped by it
//	PointOfSales    the outlet we sell through; it decides catalog, prices and payment methods
//	Season > Product > Performance   the catalog tree; a performance is the dated, admissible thing
//	Item            what an undated product (pass, service, goods, membership) sells
//	SeatCategory    price zone of a place
//	Tariff          who pays: adult, child, member (S-360: audience sub-category)
//	Availability    how much is left, always with the time it was true (AsOf)
//	Order, Line, Place   one purchase; what was asked for; one admission of it (S-360: order, operation, movement)
//	Hold, Close, Release   reserve; pay and issue; give a hold back
//	PendingAccount  our running account with the institution, the payment method of every close
//	Ticket, Barcode the entry right and its unique key
//	Storefront      who sells through us
//
// # Reading order
//
// money.go, error.go, institution.go; then catalog, sales, delivery, storefront, quota.
//
// The package, and everything below it, imports the standard library and itself: no HTTP, no SQL, no JSON tags and no
// reading of the clock.
package domain
