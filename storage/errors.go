package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	"gorm.io/gorm"

	"guichet/domain"
	"guichet/domain/sales"
)

// errStale says that a row changed between reading and writing it; the change is tried again.
var errStale = errors.New("the row changed meanwhile")

// retryAfter is what a caller is told when the database does not answer.
const retryAfter = 2 * time.Second

// translate turns what a driver says into the domain's words. A *domain.Error passes as it is, so that a closure's own
// errors keep theirs; a cancelled context stays recognisable; what cannot be named stays Internal.
func translate(doing string, err error) error {
	var own *domain.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return err
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", doing, err)
	case duplicate(err):
		return domain.Errorf(domain.Conflict, sales.CodeDuplicate, "it exists already").Because(fmt.Errorf("%s: %w", doing, err))
	case unavailable(err), repeatable(err):
		e := domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "the database does not answer").
			Because(fmt.Errorf("%s: %w", doing, err))
		e.RetryAfter = retryAfter
		return e
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// sqlState is PostgreSQL's five-letter code of an error, or empty.
func sqlState(err error) string {
	var s interface{ SQLState() string }
	if errors.As(err, &s) {
		return s.SQLState()
	}
	return ""
}

func duplicate(err error) bool {
	return errors.Is(err, gorm.ErrDuplicatedKey) || errors.Is(err, sqlite3.CONSTRAINT_UNIQUE) ||
		errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY) || sqlState(err) == "23505"
}

func foreign(err error) bool {
	return errors.Is(err, gorm.ErrForeignKeyViolated) || errors.Is(err, sqlite3.CONSTRAINT_FOREIGNKEY) ||
		sqlState(err) == "23503"
}

// repeatable reports whether the same transaction may succeed when run again: the row was stale, or the database chose
// this transaction as the one to give way. In every case nothing of it was kept.
func repeatable(err error) bool {
	switch sqlState(err) {
	case "40001", "40P01": // serialization failure, deadlock
		return true
	}
	return errors.Is(err, errStale) || errors.Is(err, sqlite3.BUSY_SNAPSHOT)
}

// unavailable reports whether the database could not be reached or could not do its work now.
func unavailable(err error) bool {
	if s := sqlState(err); s != "" {
		switch s[:2] {
		case "08", "53", "57", "58": // connection, resources, operator intervention and time-outs, system
			return true
		}
		return s == "25006" || s == "55P03" || s == "28000" || s == "28P01" || s == "3D000"
	}
	var (
		network net.Error
		safe    interface{ SafeToRetry() bool } // pgx: the connection was closed before anything was sent
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.LOCKED), errors.Is(err, sqlite3.IOERR),
		errors.Is(err, sqlite3.FULL), errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, sqlite3.READONLY):
		return true
	case errors.As(err, &network), errors.As(err, &safe) && safe.SafeToRetry():
		return true
	}
	return err != nil && strings.Contains(err.Error(), "sql: database is closed") // database/sql does not export it
}

// notFound turns gorm's "no row" into the error given and leaves every other error.
func notFound(err error, e *domain.Error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return e
	}
	return err
}
