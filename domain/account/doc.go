// Package account is the pending account as a ledger: what we owe each institution for what was sold, and why.
//
// Every posting moves one amount, in thousandths of the currency as S-360 counts, from one account (credit) to another
// (debit), so that the ledger balances by construction. An institution has one ledger per currency; its postings are
// numbered without a gap and each carries what is owed after it, so that any part of it can be checked by itself.
//
//	close       debit storefront:NAME   credit pending           a sale: the storefront owes us, we owe the institution
//	refund      debit pending           credit refunds:NAME      a sale undone: both less
//	fee         debit fees:NAME         credit pending           charged beside a sale; the other way round: given back
//	payment     debit pending           credit bank              we paid the institution
//	correction  debit and credit as a person says, with the reason
//	reversal    an earlier posting the other way round, once
//
// Nothing is changed or deleted: what is wrong is put right by another posting. A cause (the order of a close, the refund
// order of a refund, the key of a request) is posted once, however often it is told.
//
// What may be owed can be limited per institution. The limit is kept by the store in the transaction that begins a close,
// where closes under way count as owed; a refused close never reaches the platform.
//
// What does not belong here: when something is sold or undone (sales), whether everybody agrees about it (reconcile).
package account
