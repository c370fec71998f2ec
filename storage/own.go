package storage

import (
	"errors"
	"fmt"
	"sync"
)

// errLocked says that a side file is locked by somebody else.
var errLocked = errors.New("locked by another process")

// ownership is the lock that says which process serves a SQLite file.
type ownership struct {
	mu   sync.Mutex
	lock *fileLock
}

// Own makes this process the only one that serves the database file, until Close. Two servers on one SQLite file would
// work, but slowly and with a lock error now and then, and each would believe its rate limits and caches to be the
// whole truth. On PostgreSQL it does nothing. Small commands (migrate, keys) do not own and may run beside a server.
func (db *DB) Own() error {
	if db.kind != KindSQLite {
		return nil
	}
	db.owned.mu.Lock()
	defer db.owned.mu.Unlock()
	if db.owned.lock != nil {
		return nil
	}
	l, err := tryLock(db.file + ".owner")
	switch {
	case errors.Is(err, errLocked):
		return fmt.Errorf("database file %s is served by another process; stop it first, or use PostgreSQL for several servers", db.file)
	case err != nil:
		return fmt.Errorf("own database file: %w", err)
	}
	db.owned.lock = l
	return nil
}

// Sole reports whether no other process can serve this database while we do: true after Own on SQLite, never on
// PostgreSQL.
func (db *DB) Sole() bool {
	db.owned.mu.Lock()
	defer db.owned.mu.Unlock()
	return db.owned.lock != nil
}

func (o *ownership) release() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lock == nil {
		return nil
	}
	l := o.lock
	o.lock = nil
	return l.unlock()
}
