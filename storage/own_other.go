//go:build !unix

package storage

import (
	"context"
	"errors"
)

// fileLock stands where the system has no advisory file locks that end with the process.
type fileLock struct{}

func tryLock(string) (*fileLock, error) {
	return nil, errors.New("SQLite needs a Unix system here, for its file lock; use PostgreSQL")
}

func waitLock(_ context.Context, file string) (*fileLock, error) { return tryLock(file) }

func (*fileLock) unlock() error { return nil }
