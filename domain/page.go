package domain

// Page limits of every list.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Page asks for a part of a list: at most Limit entries (1 to MaxLimit) after the entry the cursor names. An empty
// cursor starts at the beginning.
type Page struct {
	Limit  int
	Cursor string
}

// Outcome is what one pass of a background job did.
type Outcome struct {
	Done   int    // how many things it moved on
	Left   int    // how many it knows are still due
	Detail string // one line for an operator; may be empty
}

// Task asks for a job to run: it carries ids only, and may be lost, doubled or late without harm, because the row it
// names says what is due.
type Task struct {
	Kind      TaskKind
	Key       string // the row's id
	NotBefore int64  // Unix milliseconds; 0 is at once
}

// TaskKind names a job.
type TaskKind string
