//go:build unix

package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// fileLock is an advisory lock on a side file; the system gives it up when the process ends, however it ends.
type fileLock struct{ f *os.File }

// tryLock takes the lock, or returns errLocked at once when somebody else (of this process or another) has it.
func tryLock(file string) (*fileLock, error) {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return &fileLock{f: f}, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errLocked
	}
	return nil, fmt.Errorf("lock %s: %w", file, err)
}

// waitLock takes the lock when it is free, or returns the context's error.
func waitLock(ctx context.Context, file string) (*fileLock, error) {
	for {
		l, err := tryLock(file)
		if !errors.Is(err, errLocked) {
			return l, err
		}
		if err := pause(ctx, 4); err != nil {
			return nil, err
		}
	}
}

// unlock gives the lock up. The file stays: removing it would let two processes lock two files of one name.
func (l *fileLock) unlock() error { return l.f.Close() }
