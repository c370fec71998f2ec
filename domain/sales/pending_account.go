package sales

// Kinds of posting in the pending account's book.
const (
	PostingClose = "close" // a close: what we owe the institution grows by the order's total
)
