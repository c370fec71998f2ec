package sim

import "time"

// callsKept is how many calls the platform remembers one by one; the counts go on.
const callsKept = 10_000

// Call is one request the platform received, with how it ended.
type Call struct {
	At          time.Time `json:"at"`
	Institution string    `json:"institution"`
	Service     string    `json:"service"`
	Version     string    `json:"version"`
	Method      string    `json:"method"`
	Status      int       `json:"status"`          // HTTP status; 0 when the connection was cut without an answer
	Code        string    `json:"code,omitempty"`  // the answer's statusCode
	Fault       Kind      `json:"fault,omitempty"` // the fault that was put in its way
}

type callLog struct {
	last   []Call // ring
	next   int
	counts map[string]map[string]int // institution, method
}

func (l *callLog) add(c Call) {
	if l.counts == nil {
		l.counts = map[string]map[string]int{}
	}
	if l.counts[c.Institution] == nil {
		l.counts[c.Institution] = map[string]int{}
	}
	l.counts[c.Institution][c.Method]++
	if len(l.last) < callsKept {
		l.last = append(l.last, c)
		return
	}
	l.last[l.next] = c
	l.next = (l.next + 1) % callsKept
}

// list returns the remembered calls, oldest first.
func (l *callLog) list() []Call {
	out := make([]Call, 0, len(l.last))
	out = append(out, l.last[l.next:]...)
	return append(out, l.last[:l.next]...)
}
