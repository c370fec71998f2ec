package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"guichet/domain"
)

// movedClock is the machine's clock, ahead of it by the duration that stands in a file ("1h30m"). The file is read at every
// look, so that whoever writes it moves the time of a running service as the simulator's control face moves the
// simulator's. While the file cannot be read as a duration, because it is being written, the last one holds. The file stays
// open as long as the process.
func movedClock(file string) (domain.Clock, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("--clock-file: %w", err)
	}
	look := func() (time.Duration, error) {
		var text [64]byte
		n, err := f.ReadAt(text[:], 0)
		if n == 0 {
			return 0, err
		}
		return time.ParseDuration(strings.TrimSpace(string(text[:n])))
	}
	ahead, err := look()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--clock-file: %s does not hold a duration such as 1h30m", file), f.Close())
	}
	var last atomic.Int64
	last.Store(int64(ahead))
	return func() time.Time {
		if d, err := look(); err == nil {
			last.Store(int64(d))
		}
		return domain.SystemClock().Add(time.Duration(last.Load()))
	}, nil
}
