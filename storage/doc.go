// Package storage keeps everything in SQLite or PostgreSQL; gorm and the drivers live here and nowhere else.
//
// # Model
//
// One store per domain port, in a file of its port's name, each with its unexported rows. What is searched for is a
// column; an order as a whole is JSON of its own shape, a snapshot is packed (pack.go), each with a format number.
//
// An aggregate changes through a closure (update.go): begin, load and lock, closure, save where the version is still the
// same, commit; run again when the row was stale. What belongs together commits together: an order with its tickets,
// its postings and the jobs it asks for. The closure must be pure, because it may run twice.
//
// # Two databases
//
// The schema is the same for both (package migrations). On SQLite one connection writes and several read, and every
// transaction takes the write lock when it begins; on PostgreSQL rows are locked. Times are UTC milliseconds; on SQLite
// they are text of one width, so that comparing the text compares the time, for the job engine's tables too.
//
// # Durability
//
// SQLite runs in WAL mode with synchronous=FULL: a commit returns when its log is on the disk, so that a paid ticket
// survives a power cut. NORMAL would keep the file whole too, but could lose the last commits. Measured on one disk:
// 1,250 new orders a second with FULL and 1,750 with NORMAL; a bare one-row commit 1,000 to 2,000 and 29,500. An
// in-memory database ("sqlite::memory:") is a file in a private folder that is never flushed and is removed by Close.
//
// # Errors
//
// Driver errors become domain errors here: store.duplicate, store.unavailable with a time to wait, the not-found code of
// the thing asked for. Everything else stays Internal, and its text inside.
//
// What does not belong here: rules, clocks of its own, calls to anybody.
package storage
