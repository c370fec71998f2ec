package sim

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// doMonth says in the journal what an institution has used of its month so far.
const doMonth = "month"

// A month's counts are written down after that many calls and, while Run runs, after that many of its ticks, if anything was
// counted. So much may be lost when a process is killed; a close and a restart write them down.
const (
	monthCalls = 100
	monthTicks = 10
)

// monthWindow counts calls and bytes of a calendar month. Its JSON form is the journal's.
type monthWindow struct {
	Month string `json:"month"`
	Calls int    `json:"calls"`
	Bytes int64  `json:"bytes"`
}

// turn begins anew when the month is another.
func (w *monthWindow) turn(now time.Time) {
	if month := now.Format("2006-01"); month != w.Month {
		*w = monthWindow{Month: month}
	}
}

// spent says whether the month has nothing left before a new call is counted.
func (w *monthWindow) spent(l Limits) bool {
	return (l.MonthlyCalls > 0 && w.Calls >= l.MonthlyCalls) || (l.MonthlyBytes > 0 && w.Bytes >= l.MonthlyBytes)
}

// countCall counts a call before it is judged and says whether the month was spent. The caller holds the lock.
func (p *Platform) countCall(in *institution, now time.Time) (spent bool) {
	l := p.limits[in.w.Code]
	l.month.turn(now.In(in.zone))
	spent = l.month.spent(p.policy())
	l.month.Calls++
	if l.month.Calls-l.noted.Calls >= monthCalls || l.month.Month != l.noted.Month && l.noted.Month != "" {
		if err := p.noteMonth(in, now); err != nil {
			p.log().Error("month not written down", "institution", in.w.Code, "error", err)
		}
	}
	return spent
}

// noteMonth writes down what an institution has used, if that is news. The caller holds the lock.
func (p *Platform) noteMonth(in *institution, now time.Time) error {
	l := p.limits[in.w.Code]
	if l.month == l.noted {
		return nil
	}
	month := l.month
	if err := p.journal.write(change{At: now, Do: doMonth, Institution: in.w.Code, Month: &month}); err != nil {
		return err
	}
	l.noted = month
	return nil
}

// noteMonths does so for all. The caller holds the lock.
func (p *Platform) noteMonths() error {
	var errs []error
	for _, in := range p.institutions {
		errs = append(errs, p.noteMonth(in, p.clock.Now()))
	}
	return errors.Join(errs...)
}

// keepMonths is noteMonths for those who do not hold the lock.
func (p *Platform) keepMonths() error {
	if err := p.Start(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.noteMonths()
}

// recallMonth makes happen again what noteMonth wrote.
func (p *Platform) recallMonth(c change) error {
	l := p.limits[c.Institution]
	if l == nil || c.Month == nil || c.Month.Calls < 0 || c.Month.Bytes < 0 {
		return fmt.Errorf("month of %q: it says nothing", c.Institution)
	}
	l.month, l.noted = *c.Month, *c.Month
	return nil
}

// checkMonth looks whether the journal knows the month nearly as well as the platform does.
func (p *Platform) checkMonth(in *institution) []error {
	l := p.limits[in.w.Code]
	if l.month.Month != l.noted.Month && l.noted.Month != "" || l.month.Calls-l.noted.Calls >= monthCalls || l.month.Calls < l.noted.Calls {
		return []error{fmt.Errorf("%s: the journal has %d calls of %s, there were %d in %s", in.w.Code, l.noted.Calls, l.noted.Month, l.month.Calls, l.month.Month)}
	}
	return nil
}

// meter counts the bytes of a request's body as they are read.
type meter struct {
	io.ReadCloser
	read int64
}

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.ReadCloser.Read(b)
	m.read += int64(n)
	return n, err
}

// metered is the request with its body on a meter.
func metered(r *http.Request) (*http.Request, *meter) {
	m := &meter{ReadCloser: r.Body}
	if r.Body == nil {
		m.ReadCloser = http.NoBody
	}
	r = r.WithContext(r.Context())
	r.Body = m
	return r, m
}

// weigh counts the bytes of a call that was counted, as they go over the wire, or before compression where that was said.
func (p *Platform) weigh(m *meter, plain, wire reply) {
	if plain.counted == nil {
		return
	}
	sent := len(wire.body)
	if p.policy().MonthlyPlain {
		sent = len(plain.body)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.limits[plain.counted.w.Code]; l != nil {
		l.month.Bytes += m.read + int64(sent)
	}
}
