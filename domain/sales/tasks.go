package sales

import (
	"time"

	"guichet/domain"
)

// TaskSettle is the job that finds out what became of an order in an unknown status.
const TaskSettle domain.TaskKind = "sales.settle"

// settleDelays is how long to wait before the next read of an unknown outcome, by how many reads there were.
var settleDelays = []time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}

// readAfter is when an order whose close has not come back is first read by somebody else: its sender may have died.
const readAfter = 15 * time.Second

// maxChecks is how many reads an order gets before a person must look: about two hours of one a minute.
const maxChecks = 120

// settleDelay is the wait after the given number of reads.
func settleDelay(checks int) time.Duration {
	if checks < len(settleDelays) {
		return settleDelays[checks]
	}
	return settleDelays[len(settleDelays)-1]
}
