package storage

import (
	"time"

	"github.com/patrickmn/go-cache"

	"guichet/domain/sales"
)

const (
	// flightKept bounds how many orders in flight are remembered.
	flightKept = 4096
	// flightFor is how long: most sales are over by then, and any other is read.
	flightFor = 2 * time.Minute
)

// flight remembers the rows of orders that this process wrote last and will soon write again, those that are held or on
// their way, so that the next change needs no reading. It is never read for an answer: a remembered row counts only where
// the database still has its version. It is safe for concurrent use.
type flight struct{ rows *cache.Cache }

// newFlight has no clean-up interval: it would start a goroutine that nobody stops.
func newFlight() flight { return flight{rows: cache.New(flightFor, 0)} }

func (f flight) recall(id sales.OrderID) (orderRow, bool) {
	v, ok := f.rows.Get(string(id))
	if !ok {
		return orderRow{}, false
	}
	row, ok := v.(orderRow)
	return row, ok
}

func (f flight) remember(row orderRow) {
	if status := sales.Status(row.Status); status != sales.Held && !status.Unknown() {
		f.rows.Delete(row.ID)
		return
	}
	if f.rows.ItemCount() >= flightKept { // starting anew costs a reading each; looking for the expired ones would cost more
		f.rows.Flush()
	}
	f.rows.SetDefault(row.ID, row)
}

func (f flight) forget(id sales.OrderID) { f.rows.Delete(string(id)) }
