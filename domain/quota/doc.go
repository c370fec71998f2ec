// Package quota says how many calls to S-360 we may still make, and counts every one.
//
// The platform gives an institution a number of calls a minute, shared with all its other partners, and a number of calls
// and bytes a month. Meter is the one gate that every call passes: it spaces methods that have their own limit, keeps under
// the rate, keeps a part of the minute and of the month for sales, and closes for everything but sales when the platform
// has said "too many".
//
// What does not belong here: what to ask next (catalog), how to ask (secutix).
package quota
