package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/sales"
)

// TaskRun is the job that works on a run; its key is the run's id.
const TaskRun domain.TaskKind = "reconcile.run"

// RunState is where a run is.
type RunState string

// The states of a run.
const (
	RunWaiting RunState = "waiting" // nobody has begun
	RunPaused  RunState = "paused"  // its calls are used up, or the platform cannot now; it goes on where it stopped
	RunDone    RunState = "done"
)

// Run is one comparison of an institution over a span of time.
type Run struct {
	ID          string // "rec_…"
	Institution domain.InstitutionCode
	From, To    time.Time // our orders created in it, and payments made or reported in it
	State       RunState
	By          string // who asked; empty: the nightly job
	StartedAt   time.Time
	EndedAt     time.Time
	At          time.Time // how far our orders are compared
	Calls       int       // made so far
	Orders      int       // compared
	Tickets     int       // listed by the platform
	Payments    int       // compared
	Opened      int       // cases opened
	Seen        int       // differences that had a case already
	Closed      int       // cases closed because the difference is gone
	NotLooked   int       // of the platform's unknown orders, those that no call was left for
	Unnumbered  bool      // the platform's list names no orders: every sold order was read by itself
	Error       string    // why it paused; a code
}

// Bounds of runs.
const (
	MaxSpan      = 31 * 24 * time.Hour
	slice        = 6 * time.Hour    // of our orders, compared with one list of the platform's
	listBefore   = time.Hour        // the platform's list begins earlier …
	listAfter    = 3 * time.Hour    // … and ends later than our orders' creation: they are closed within their hold
	youngest     = 15 * time.Minute // a run ends so long ago at the latest: what is younger is still being settled
	nightOverlap = time.Hour        // a night begins so long before the last one's end
	savedEvery   = 50
)

// errSpent says that a run may make no more calls for now.
var errSpent = errors.New("the run's calls are used up")

// Start makes a run, which a job then works on. The span ends a quarter of an hour ago at the latest. Errors:
// request.invalid.
func (s *Service) Start(ctx context.Context, code domain.InstitutionCode, from, to time.Time, by string) (Run, error) {
	now := s.Clock()
	if latest := now.Add(-youngest); to.IsZero() || to.After(latest) {
		to = latest
	}
	if from.IsZero() {
		from = to.Add(-24 * time.Hour)
	}
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the reconciliation cannot be made as asked")
	switch {
	case !from.Before(to):
		bad.WithField("/from", domain.CodeRequest, "it must lie before to, and both before a quarter of an hour ago")
	case to.Sub(from) > MaxSpan:
		bad.WithField("/to", domain.CodeRequest, "at most 31 days after from")
	}
	if len(bad.Fields) > 0 {
		return Run{}, bad
	}
	r := Run{ID: s.IDs("rec"), Institution: code, From: from, To: to, At: from, State: RunWaiting, By: by, StartedAt: now}
	return r, s.Store.CreateRun(ctx, r)
}

// nightHour is the local hour of the institution from which a night's run may begin.
const nightHour = 3

// callsUsedUp is the Error of a run that waits for another night.
const callsUsedUp = "calls_used_up"

// ErrBusy says that somebody else, in this process or another, works on a reconciliation of the institution.
var ErrBusy = errors.New("another reconciliation of this institution is at work")

// alone takes the right to work on an institution's reconciliations. Release gives it back.
func (s *Service) alone(ctx context.Context, code domain.InstitutionCode) (release func(), err error) {
	release, got, err := s.Alone(ctx, "reconcile "+string(code))
	if err == nil && !got {
		err = ErrBusy
	}
	return release, err
}

// Nightly goes on with an unfinished run of an institution, or makes one from the end of the last to now; it does so once a
// night, however often and by however many it is asked. A night that nobody asked in is made up for, but none before the
// first that anybody ever asked after.
func (s *Service) Nightly(ctx context.Context, code domain.InstitutionCode, zone *time.Location) (domain.Outcome, error) {
	release, err := s.alone(ctx, code)
	if errors.Is(err, ErrBusy) {
		return domain.Outcome{Left: 1, Detail: "busy"}, nil
	}
	if err != nil {
		return domain.Outcome{}, err
	}
	defer release()
	now := s.Clock()
	night := lastNight(now, zone)
	open, ok, err := s.Store.LastRun(ctx, code, false)
	if err != nil {
		return domain.Outcome{}, err
	}
	if ok {
		begun := open.State == RunWaiting && now.Sub(open.StartedAt) < time.Hour // its own job is on the way
		if begun || (open.Error == callsUsedUp && !open.EndedAt.Before(night)) {
			return domain.Outcome{Left: 1, Detail: "waits"}, nil
		}
		return s.work(ctx, open.ID)
	}
	from, due, err := s.due(ctx, code, night, now)
	if err != nil || !due {
		return domain.Outcome{Detail: "not due"}, err
	}
	r, err := s.Start(ctx, code, from, time.Time{}, "")
	if err != nil {
		return domain.Outcome{}, err
	}
	return domain.Outcome{Done: 1, Detail: r.ID}, nil
}

// lastNight is when the night that began last did.
func lastNight(now time.Time, zone *time.Location) time.Time {
	local := now.In(zone)
	night := time.Date(local.Year(), local.Month(), local.Day(), nightHour, 0, 0, 0, zone)
	if night.After(now) {
		night = time.Date(local.Year(), local.Month(), local.Day()-1, nightHour, 0, 0, 0, zone)
	}
	return night
}

// due says whether a night still has its run to make, and from when that compares; zero is a day.
func (s *Service) due(ctx context.Context, code domain.InstitutionCode, night, now time.Time) (from time.Time, due bool, err error) {
	last, ok, err := s.Store.LastRun(ctx, code, true)
	switch {
	case err != nil:
		return time.Time{}, false, err
	case !ok: // who begins in the afternoon has missed nothing
		since, err := s.Store.NightsSince(ctx, code, now)
		return time.Time{}, since.Before(night), err
	case !last.StartedAt.Before(night):
		return time.Time{}, false, nil
	}
	from = last.To.Add(-nightOverlap)
	if earliest := now.Add(-youngest - MaxSpan); from.Before(earliest) {
		from = earliest
	}
	return from, true, nil
}

// work is a run that somebody works on.
type work struct {
	*Service
	run     *Run
	left    int // calls
	looks   int // at orders of the platform that we do not know
	covered map[string]Span
}

// call counts a call that is about to be made.
func (w *work) call() error {
	if w.left <= 0 {
		return errSpent
	}
	w.left--
	w.run.Calls++
	return nil
}

// Work compares from where a run stopped until it is done or its calls are used up. It may be run again at any time, also
// after a process died in the middle of it: what was found is found again as the same. Of an institution's runs one is worked
// on at a time, in all processes (ErrBusy).
func (s *Service) Work(ctx context.Context, id string) (domain.Outcome, error) {
	r, err := s.Store.Run(ctx, id)
	if err != nil || r.State == RunDone {
		return domain.Outcome{}, err
	}
	release, err := s.alone(ctx, r.Institution)
	if err != nil {
		return domain.Outcome{Left: 1}, err
	}
	defer release()
	return s.work(ctx, id)
}

// work is Work for who has the right to.
func (s *Service) work(ctx context.Context, id string) (domain.Outcome, error) {
	r, err := s.Store.Run(ctx, id)
	if err != nil || r.State == RunDone {
		return domain.Outcome{}, err
	}
	w := &work{Service: s, run: &r, left: s.Calls, looks: s.Lookups}
	w.covered, err = s.Store.Covered(ctx, r.Institution)
	for err == nil && r.At.Before(r.To) {
		err = w.slice(ctx)
	}
	if err == nil {
		err = w.payments(ctx)
	}
	if err == nil {
		err = w.cases(ctx)
	}
	r.State, r.EndedAt, r.Error = RunDone, s.Clock(), ""
	if err != nil {
		r.State, r.Error = RunPaused, domain.AsError(err).Code
		if errors.Is(err, errSpent) {
			r.Error = callsUsedUp
		}
	}
	if serr := s.Store.SaveRun(context.WithoutCancel(ctx), r); serr != nil {
		return domain.Outcome{Left: 1}, errors.Join(err, serr)
	}
	s.Log.LogAttrs(ctx, slog.LevelInfo, "reconciliation", slog.String("institution", string(r.Institution)), slog.String("run", r.ID),
		slog.String("state", string(r.State)), slog.Int("orders", r.Orders), slog.Int("opened", r.Opened), slog.Int("closed", r.Closed), slog.Int("calls", r.Calls))
	out := domain.Outcome{Done: r.Orders, Detail: fmt.Sprintf("%s: %d cases opened, %d closed, %d calls", r.State, r.Opened, r.Closed, r.Calls)}
	if err != nil {
		out.Left = 1
		if errors.Is(err, errSpent) {
			err = nil // the next night goes on
		}
	}
	return out, err
}

// slice compares our orders of the next hours with one list of the platform's.
func (w *work) slice(ctx context.Context) error {
	from, to := w.run.At, w.run.At.Add(slice)
	if to.After(w.run.To) {
		to = w.run.To
	}
	orders, err := w.created(ctx, from, to)
	if err != nil {
		return err
	}
	listed, numbered, err := w.listed(ctx, from.Add(-listBefore), to.Add(listAfter))
	if err != nil {
		return err
	}
	w.run.Unnumbered = w.run.Unnumbered || !numbered
	seen := map[int64]bool{}
	for i := range orders {
		o := &orders[i]
		seen[o.Platform.OrderID] = true
		if err := w.order(ctx, o, listed[o.Platform.OrderID], numbered); err != nil {
			return err
		}
		w.run.At = o.CreatedAt
		if w.run.Orders++; w.run.Orders%savedEvery == 0 {
			if err := w.Store.SaveRun(ctx, *w.run); err != nil {
				return err
			}
		}
	}
	if err := w.unknown(ctx, listed, seen); err != nil {
		return err
	}
	w.run.At = to
	return w.Store.SaveRun(ctx, *w.run)
}

// created lists our orders created in a time, the oldest first.
func (w *work) created(ctx context.Context, from, to time.Time) ([]sales.Order, error) {
	q := sales.Query{Institutions: []domain.InstitutionCode{w.run.Institution}, From: from, To: to, Page: domain.Page{Limit: domain.MaxLimit}}
	var all []sales.Order
	for {
		list, next, err := w.Orders.Orders(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		if next == "" {
			slices.Reverse(all)
			return all, nil
		}
		q.Page.Cursor = next
	}
}

// listed is the platform's list of sold tickets by order; numbered is false where it has tickets and names no order.
func (w *work) listed(ctx context.Context, from, to time.Time) (byOrder map[int64][]SoldTicket, numbered bool, err error) {
	byOrder, numbered = map[int64][]SoldTicket{}, true
	for start := 0; ; {
		if err := w.call(); err != nil {
			return nil, false, err
		}
		page, more, err := w.Platform.Sold(ctx, w.run.Institution, from, to, start)
		if err != nil {
			return nil, false, err
		}
		for _, t := range page {
			if t.Order == 0 || t.Movement == 0 || t.Barcode == "" {
				numbered = false
				continue
			}
			byOrder[t.Order] = append(byOrder[t.Order], t)
		}
		w.run.Tickets += len(page)
		if start += len(page); !more || len(page) == 0 {
			return byOrder, numbered, nil
		}
	}
}

// order compares one order of ours. The platform is asked about it only where its list does not agree with us.
func (w *work) order(ctx context.Context, o *sales.Order, listed []SoldTicket, numbered bool) error {
	if o.Status.Unknown() || o.Platform.OrderID == 0 {
		return nil
	}
	look := !numbered && (o.Status.Sold() || o.PaymentReference != "")
	if numbered {
		good := slices.ContainsFunc(listed, func(t SoldTicket) bool { return !dead(t.State) })
		look = good && !o.Status.Sold()
		if o.Status.Sold() {
			postings, err := w.Ledger.PostingsOf(ctx, string(o.ID))
			if err != nil {
				return err
			}
			total, err := o.Total.Thousandths()
			look = err != nil || booked(postings) != total || !agrees(o, listed)
		}
	}
	if look {
		found, err := w.compare(ctx, o)
		if err != nil {
			return err
		}
		if err := w.keep(ctx, found); err != nil {
			return err
		}
	}
	found, err := w.unpaid(ctx, o, w.covered)
	if err != nil {
		return err
	}
	return w.keep(ctx, found)
}

// compare reads an order at the platform and says how it differs from ours.
func (w *work) compare(ctx context.Context, o *sales.Order) ([]Difference, error) {
	if err := w.call(); err != nil {
		return nil, err
	}
	return w.compareNow(ctx, o)
}

// keep makes cases of differences, or notes that they are still there.
func (w *work) keep(ctx context.Context, found []Difference) error {
	for _, d := range found {
		now := w.Clock()
		c, opened, err := w.Store.KeepCase(ctx, Case{
			ID: w.IDs("cas"), Institution: w.run.Institution, Difference: d, State: Open, Proposed: d.Kind.Actions()[0], OpenedAt: now, SeenAt: now, Run: w.run.ID,
		})
		if err != nil {
			return err
		}
		if opened {
			w.run.Opened++
			w.Log.LogAttrs(ctx, slog.LevelWarn, "reconciliation found a difference", slog.String("institution", string(w.run.Institution)),
				slog.String("kind", string(d.Kind)), slog.String("subject", d.Subject.String()))
			continue
		}
		w.run.Seen++
		if err := w.tellRefund(ctx, &c); err != nil {
			return err
		}
	}
	return nil
}

// unknown looks at orders of the platform's list that we do not know: a sale of ours is a case, another's is forgotten.
func (w *work) unknown(ctx context.Context, listed map[int64][]SoldTicket, seen map[int64]bool) error {
	var ids []int64
	for id := range listed {
		if !seen[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	foreign, err := w.Store.Foreign(ctx, w.run.Institution, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if foreign[id] {
			continue
		}
		if ours, err := w.known(ctx, w.run.Institution, id); err != nil || ours {
			if err != nil {
				return err
			}
			continue
		}
		if w.looks <= 0 {
			w.run.NotLooked++
			continue
		}
		if err := w.call(); err != nil {
			return err
		}
		w.looks--
		f, err := w.Platform.Look(ctx, w.run.Institution, id)
		if err != nil {
			return err
		}
		if !f.Ours {
			if err := w.Store.KeepForeign(ctx, w.run.Institution, id); err != nil {
				return err
			}
			continue
		}
		if err := w.keep(ctx, compareUnknown(id, f)); err != nil {
			return err
		}
	}
	return nil
}

// compareUnknown says of a sale of ours at the platform that we do not know it.
func compareUnknown(id int64, f Found) []Difference {
	if !f.Known || f.State != sales.PlatformClosed || !stillGood(f.Tickets) {
		return nil
	}
	d := Difference{Kind: PlatformUnknown, Subject: Subject{Platform: id}, Facts: []Fact{{sidePlatform, "sold", "true"}}, Context: []Fact{
		{sidePlatform, "tickets", strconv.Itoa(len(f.Tickets))},
	}}
	if f.Total != nil {
		d.Context = append(d.Context, Fact{sidePlatform, amountInMinor, f.Total.String()})
	}
	return []Difference{d}
}

// payments compares what storefronts reported.
func (w *work) payments(ctx context.Context) error {
	for after := ""; ; {
		list, err := w.Store.Payments(ctx, w.run.Institution, w.run.From, w.run.To.Add(listAfter), after, domain.MaxLimit)
		if err != nil {
			return err
		}
		for _, p := range list {
			after = p.ID
			found, err := w.paid(ctx, p)
			if err != nil {
				return err
			}
			if err := w.keep(ctx, found); err != nil {
				return err
			}
			w.run.Payments++
		}
		if len(list) < domain.MaxLimit {
			return nil
		}
	}
}

// cases looks again at what is not closed and was not met in this run, and closes what is gone.
func (w *work) cases(ctx context.Context) error {
	for {
		list, err := w.Store.CasesToLookAt(ctx, w.run.Institution, w.run.ID, domain.MaxLimit)
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			if list[i].asksPlatform() {
				if err := w.call(); err != nil {
					return err
				}
			}
			gone, err := w.lookAgain(ctx, list[i].ID, w.run.ID)
			if err != nil {
				return err
			}
			if gone {
				w.run.Closed++
			}
		}
	}
}

// asksPlatform reports whether looking at a case again costs a call.
func (c *Case) asksPlatform() bool {
	switch c.Kind {
	case PlatformSold, NotAtPlatform, AmountDiffers, TicketMissing, TicketCancelled, BarcodeChanged:
		return true
	case PlatformUnknown, PaidNoTicket, TicketNoPayment, PaymentDiffers, DoublePayment:
	}
	return false
}

// minorDifference is what the platform asks beyond what we booked; below zero where it asks less.
func minorDifference(f Found, postings []account.Posting) (domain.Money, error) {
	if f.Total == nil {
		return domain.Money{}, domain.Errorf(domain.Conflict, CodeCaseAction, "the platform names no amount any more")
	}
	asked, err := f.Total.Thousandths()
	if err != nil {
		return domain.Money{}, err
	}
	return domain.MoneyFromThousandths(asked-booked(postings), f.Total.Currency)
}
