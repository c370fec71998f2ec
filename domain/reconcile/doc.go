// Package reconcile compares what three sides say about sales: our orders with their ledger, the platform's history, and
// the payments that storefronts report. Each difference is a case with its evidence and a proposed action; a person decides,
// and what is ours to do is carried out.
//
// A run goes through a span of time for one institution. The platform's list of sold tickets screens our orders without a
// call of their own; only what does not agree with it is read by itself, and only what such a read says becomes a case. A run
// makes a bounded number of calls, keeps its place, and goes on where it stopped.
//
// A difference is known by its fingerprint: what it is about and what differs. One that is met again is the same case; one
// that is gone closes its case by itself. A case that a person left as it is stays decided until the difference changes.
//
// What does not belong here: settling orders whose outcome is not known (sales), the ledger itself (account).
package reconcile
