package sim

// webhooks checks the queues: every item that was ever queued waits exactly once or is settled, and none was tried too often.
func (k *checker) webhooks() {
	for _, h := range k.in.hooks.list {
		if h.settled+int64(len(h.queue)) != h.last {
			k.bad("webhook %d: %d items were queued, %d are settled and %d wait", h.ID, h.last, h.settled, len(h.queue))
		}
		seen := map[int64]bool{}
		for _, item := range h.queue {
			if seen[item.seq] {
				k.bad("webhook %d: item %d waits twice", h.ID, item.seq)
			}
			seen[item.seq] = true
			if item.tries > h.Retries {
				k.bad("webhook %d: item %d was tried %d times and still waits", h.ID, item.seq, item.tries)
			}
		}
	}
}
