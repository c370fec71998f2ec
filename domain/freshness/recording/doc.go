// Package recording is the form in which a month that was lived is kept, so that ways to spend its calls can be compared on
// it afterwards: what was on sale, what readings said was left, how often it was looked at, which holds were got and which
// were refused. It holds no personal data and no order. It is CSV with a heading:
//
//	at,event,product,performance,category,number,start,on_sale
//
// Rows come in the order of their time (RFC 3339). An event is one of performance (its product, start and on_sale, before any
// other row of it), reading (number places of the category left, or sold_out, limited, good, not_on_sale, unknown where
// the platform gives no number), looks (number of them), hold and refusal (number of places of the category). Category 0 is a performance without
// categories. What an event does not use is empty.
package recording
