// Package sales takes an order from hold to barcode, and never loses a paid ticket on the way.
//
//	       Hold               Close
//	new ─► holding ─► held ─► closing ─► issuing ─► issued
//	        │   │      │         │
//	        │   ▼      ▼         └► held (refused, hold alive), expired (the platform let it lapse)
//	        │ refused  releasing ─► released
//	        ▼
//	      orphaned
//
// A status ending in -ing means: the platform was asked and we do not know yet. Only those are settled, by reading what
// the platform holds; nothing is ever repeated blindly. The intent is stored before each call that changes something and
// the answer after it, so that a crash between the two leaves a row that says what to find out.
//
// The table of allowed steps is data in status.go; every step is a method on Order. Store.UpdateOrder runs a pure closure
// under the row's lock and retries it on a stale version: one owner per step.
//
// Rules, in one line each:
//
//   - a close is sent for a held order only, under a stored intent, once; it is sent again only after a read said that the
//     order is still open, because S-360 closes one order number at most once;
//   - a hold whose answer never came cannot be found again (no look-up by reference is known): it becomes orphaned when
//     the platform must have let it lapse, and is counted;
//   - a hold that was refused for a reason that passes (a limit, nobody there) is asked for again by the same key; any other
//     refusal is final;
//   - a closed order without all its barcodes is a sale: it stays issuing and is read until they are there.
//
// What does not belong here: what is for sale (catalog), paper (delivery), who may ask (storefront).
package sales
