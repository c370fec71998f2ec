package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// The kinds of webhook.
const (
	hookOrder     = "order"          // orders closed or abandoned, as getOrderDetails answers
	hookContact   = "contact"        // contacts created or updated
	hookInventory = "inventory"      // products changed, always an array
	hookExport    = "data_export"    // rows of a query, flat
	hookAccess    = "access_control" // tickets produced or invalidated, always an array
)

// The things that happen to webhooks.
const (
	doHook   = "hook"   // a subscription was made
	doUnhook = "unhook" // a subscription was ended
	doNotify = "notify" // something was queued by hand
	doPush   = "push"   // one POST was tried, or items were filtered out
)

// The ways a delivery ends.
const (
	pushAccepted = "accepted"
	pushAgain    = "again"    // sent again at the next run
	pushDropped  = "dropped"  // was sent again as often as it is
	pushFiltered = "filtered" // the filter does not want it; nothing was sent
)

// deliveriesKept is how many deliveries an institution remembers.
const deliveriesKept = 1000

// maxHooks bounds the subscriptions of an institution.
const maxHooks = 50

// hookAuth is how the platform shows who it is. With API_KEY the login is the header's name and the password the key.
type hookAuth struct {
	Type     string `json:"type,omitempty"` // NONE (also ""), BASIC_AUTH or API_KEY
	Login    string `json:"login,omitempty"`
	Password string `json:"password,omitempty"`
}

// hook is one subscription with its queue. Its JSON form is the journal's and the control face's.
type hook struct {
	ID          int64     `json:"id"`
	Institution string    `json:"institution"`
	Kind        string    `json:"kind"`
	Version     int       `json:"version,omitempty"` // 1: only the number, in the URL or Body; orders and contacts
	URL         string    `json:"url"`
	Method      string    `json:"method,omitempty"`
	Body        string    `json:"body,omitempty"`
	Minutes     int       `json:"minutes,omitempty"` // M: between runs, 1 to 1440
	Batch       int       `json:"batch,omitempty"`   // S: items per run
	Bucket      int       `json:"bucket,omitempty"`  // bs: items per POST; 1 is an object, more is an array
	Retries     int       `json:"retries,omitempty"` // how often an item is sent again
	Granularity string    `json:"granularity,omitempty"`
	Details     string    `json:"details,omitempty"` // of contacts: GENERAL, ADDRESSES, …, with commas
	Filter      string    `json:"filter,omitempty"`
	Scope       string    `json:"scope,omitempty"` // of tickets: code, or code;DD/MM/YYYY hh:mm
	Auth        hookAuth  `json:"auth,omitzero"`
	Since       time.Time `json:"since,omitzero"`

	queue   []*hookItem
	last    int64     // number of the newest item
	ranAt   time.Time // last run
	settled int64     // items accepted, dropped or filtered out
}

// hookItem is one thing that waits to be told.
type hookItem struct {
	seq   int64
	key   string // number of the order, contact, product or ticket
	order int64  // of a ticket
	row   json.RawMessage
	due   time.Time
	tries int
}

// notice is something queued by hand.
type notice struct {
	Kind string          `json:"kind"`
	Key  string          `json:"key,omitempty"`
	Row  json.RawMessage `json:"row,omitempty"`
}

// pushed is how one POST ended.
type pushed struct {
	Items    []int64 `json:"items"`
	Status   int     `json:"status,omitempty"`
	Error    string  `json:"error,omitempty"`
	Bytes    int     `json:"bytes,omitempty"`
	Filtered bool    `json:"filtered,omitempty"`
	Flushed  bool    `json:"flushed,omitempty"`
}

// delivery is one line of the delivery log.
type delivery struct {
	At          time.Time `json:"at"`
	Institution string    `json:"institution"`
	Webhook     int64     `json:"webhook"`
	Kind        string    `json:"kind"`
	Keys        []string  `json:"keys"`
	Attempt     int       `json:"attempt"` // of the first item, from 1
	Status      int       `json:"status"`  // 0: no answer
	Error       string    `json:"error,omitempty"`
	Bytes       int       `json:"bytes"`
	Outcome     string    `json:"outcome"`
}

// hooks is what an institution knows of its webhooks.
type hooks struct {
	list       []*hook
	last       int64
	noticed    map[int64]string // order to the state last told
	seen       int              // orders of the sequence looked at
	told       map[int64]bool   // ticket to whether it was invalid when last told
	checks     int64            // made at the gates so far
	grown      []grown          // performances that came into sight since the list was last begun
	deliveries []delivery
}

// settle fills in what was left out and says what is wrong.
func (h *hook) settle() error {
	h.Version, h.Minutes, h.Batch = orInt(h.Version, 2), orInt(h.Minutes, 15), orInt(h.Batch, 100)
	h.Bucket, h.Retries = orInt(h.Bucket, 1), orInt(h.Retries, 12)
	if h.Method == "" {
		h.Method = http.MethodPost
	}
	if h.Granularity == "" {
		h.Granularity = s360.GranularityOperations
	}
	if h.Auth.Type == "" {
		h.Auth.Type = "NONE"
	}
	for _, look := range []func() error{h.checkKind, h.checkRun, h.checkAuth, h.checkCall, h.checkChoice} {
		if err := look(); err != nil {
			return err
		}
	}
	return loopbackURL(h.URL)
}

func (h *hook) checkKind() error {
	switch {
	case !slices.Contains(hookKinds(), h.Kind):
		return fmt.Errorf("kind: %q is none of %s", h.Kind, strings.Join(hookKinds(), ", "))
	case h.Version != 1 && h.Version != 2, h.Version == 1 && h.Kind != hookOrder && h.Kind != hookContact:
		return fmt.Errorf("version: %s webhooks have no version %d", h.Kind, h.Version)
	}
	return nil
}

func (h *hook) checkRun() error {
	for _, n := range []struct {
		name              string
		is, least, atMost int
	}{{"minutes", h.Minutes, 1, 1440}, {"batch", h.Batch, 1, 10_000}, {"bucket", h.Bucket, 1, 10_000}, {"retries", h.Retries, 0, 100}} {
		if n.is < n.least || n.is > n.atMost {
			return fmt.Errorf("%s: %d is not between %d and %d", n.name, n.is, n.least, n.atMost)
		}
	}
	return nil
}

func (h *hook) checkAuth() error {
	switch {
	case !slices.Contains([]string{"NONE", "BASIC_AUTH", "API_KEY"}, h.Auth.Type):
		return fmt.Errorf("auth.type: %q is none of NONE, BASIC_AUTH, API_KEY", h.Auth.Type)
	case h.Auth.Type == "API_KEY" && !headerName(h.Auth.Login):
		return fmt.Errorf("auth.login: an API key needs a header name, not %q", h.Auth.Login)
	case strings.ContainsFunc(h.Auth.Password, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return errors.New("auth.password: a header takes no control characters")
	}
	return nil
}

func (h *hook) checkCall() error {
	switch {
	case h.Method != http.MethodPost && (h.Method != http.MethodGet || h.Version != 1):
		return fmt.Errorf("method: %q is not POST, or GET with version 1", h.Method)
	case h.Method == http.MethodGet && !strings.Contains(h.URL, h.placeholder()):
		return fmt.Errorf("url: GET needs %s in it", h.placeholder())
	}
	return nil
}

// checkChoice looks at what is told: how much of it, and of which things.
func (h *hook) checkChoice() error {
	if !slices.Contains([]string{s360.GranularityOperations, s360.GranularityMovements, s360.GranularityTickets}, h.Granularity) {
		return fmt.Errorf("granularity: %q is none of OPERATIONS, MOVEMENTS, TICKETS", h.Granularity)
	}
	for _, d := range h.contactDetails() {
		if h.Kind != hookContact || !slices.Contains(contactDetails[:], d) {
			return fmt.Errorf("details: %q is none of %s, of a contact webhook", d, strings.Join(contactDetails[:], ", "))
		}
	}
	if h.Scope != "" && h.Kind != hookAccess {
		return errors.New("scope: only access_control webhooks have one")
	}
	if _, err := h.scope(time.UTC); err != nil {
		return err
	}
	_, err := parseFilter(h.Filter)
	return err
}

// contactDetails are the groups of members a contact webhook tells.
func (h *hook) contactDetails() []string {
	return strings.FieldsFunc(h.Details, func(r rune) bool { return r == ',' || r == ' ' })
}

func hookKinds() []string {
	return []string{hookOrder, hookContact, hookInventory, hookExport, hookAccess}
}

func orInt(n, or int) int {
	if n == 0 {
		return or
	}
	return n
}

func headerName(s string) bool {
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// placeholder stands for the number in URLs and bodies of version 1.
func (h *hook) placeholder() string {
	if h.Kind == hookContact {
		return "${contactNumber}"
	}
	return "${orderId}"
}

// loopbackURL refuses targets that are not on this machine.
func loopbackURL(text string) error {
	u, err := url.Parse(strings.NewReplacer("${orderId}", "0", "${contactNumber}", "0").Replace(text))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("url: it must begin with http:// or https://")
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errors.New("url: the simulator posts to loopback addresses only: 127.0.0.1, [::1] or localhost")
	}
	return nil
}

// happen applies a change and queues what webhooks tell of it.
func (in *institution) happen(c change) error {
	if err := in.apply(c); err != nil {
		return err
	}
	in.notice(c)
	return nil
}

// notice queues what a change means for the subscriptions.
func (in *institution) notice(c change) {
	touched := append([]int64{c.ID}, in.sequence[min(in.hooks.seen, len(in.sequence)):]...)
	in.hooks.seen, in.hooks.checks = len(in.sequence), in.hooks.checks+int64(len(c.Controls))
	if c.Order != nil {
		touched = append(touched, c.Order.ID)
	}
	if len(in.hooks.list) == 0 {
		return
	}
	for _, o := range in.related(touched) {
		in.noticeTickets(o, c.At)
		if in.hooks.noticed[o.ID] != o.State && slices.Contains(touched, o.ID) {
			in.hooks.noticed[o.ID] = o.State
			in.enqueue(hookOrder, hookItem{key: strconv.FormatInt(o.ID, 10), order: o.ID}, c.At)
		}
	}
	for _, ct := range c.Contacts {
		in.enqueue(hookContact, hookItem{key: ct.Number}, c.At)
	}
	for i, k := range c.Controls {
		in.enqueue(hookExport, hookItem{key: k.Barcode, row: in.checkRow(k, in.hooks.checks-int64(len(c.Controls)-1-i))}, c.At)
	}
	p := (*product)(nil)
	if perf := in.perfOf[c.ID]; perf != nil && (c.Do == doPrice || c.Do == doCancel) {
		p = perf.product
	}
	if it := in.itemOf[c.ID]; it != nil && c.Do == doPrice {
		p = it.product
	}
	if p != nil {
		in.enqueue(hookInventory, hookItem{key: strconv.FormatInt(p.id, 10)}, c.At)
	}
}

// related lists the final orders among those touched and, as a refund invalidates the tickets of another order, the others of
// their files.
func (in *institution) related(touched []int64) []*order {
	var all []int64
	for _, id := range touched {
		if o := in.orders[id]; o != nil {
			all = append(all, id)
			if f := in.files[o.File]; f != nil {
				all = append(all, f.Orders...)
			}
		}
	}
	var out []*order
	for _, id := range all {
		if o := in.orders[id]; o != nil && o.State != stateRunning && !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}

// known notes what was so before anybody subscribed: it is no news.
func (in *institution) known() {
	in.hooks.noticed, in.hooks.told = map[int64]string{}, map[int64]bool{}
	for id, o := range in.orders {
		if o.State == stateRunning {
			continue
		}
		in.hooks.noticed[id] = o.State
		in.eachTold(o, func(e entry) { in.hooks.told[e.ticket] = e.cancelled })
	}
}

// eachTold shows the tickets of an order that a gate has to know.
func (in *institution) eachTold(o *order, show func(entry)) {
	if o.State != stateClosed || !o.Generated {
		return
	}
	for _, op := range o.Operations {
		for _, m := range op.Movements {
			if !m.Dropped {
				m.eachTicket(func(e entry) {
					if e.ticket != 0 {
						show(e)
					}
				})
			}
		}
	}
}

// noticeTickets queues the tickets of an order that were made or became invalid since they were told.
func (in *institution) noticeTickets(o *order, at time.Time) {
	in.eachTold(o, func(e entry) {
		if invalid, known := in.hooks.told[e.ticket]; known && invalid == e.cancelled {
			return
		}
		in.hooks.told[e.ticket] = e.cancelled
		in.enqueue(hookAccess, hookItem{key: strconv.FormatInt(e.ticket, 10), order: o.ID}, at)
	})
}

// enqueue hands an item to every subscription of its kind. A product that waits already is not queued again.
func (in *institution) enqueue(kind string, item hookItem, at time.Time) {
	for _, h := range in.hooks.list {
		if h.Kind != kind {
			continue
		}
		if kind == hookInventory && slices.ContainsFunc(h.queue, func(q *hookItem) bool { return q.key == item.key && q.tries == 0 }) {
			continue
		}
		if o := in.orders[item.order]; kind == hookOrder && h.Version == 1 && o != nil && o.State != stateClosed {
			continue
		}
		h.last++
		i := item
		i.seq, i.due = h.last, at
		h.queue = append(h.queue, &i)
	}
}

func (in *institution) applyHook(c change) error {
	switch c.Do {
	case doHook:
		h := *c.Hook
		if len(in.hooks.list) == 0 {
			in.known()
		}
		in.hooks.list = append(in.hooks.list, &h)
		in.hooks.last = max(in.hooks.last, h.ID)
	case doUnhook:
		in.hooks.list = slices.DeleteFunc(in.hooks.list, func(h *hook) bool { return h.ID == c.ID })
	case doNotify:
		in.enqueue(c.Notice.Kind, hookItem{key: c.Notice.Key, row: c.Notice.Row}, c.At)
	default:
		in.applyPush(c)
	}
	return nil
}

// applyPush notes how a POST ended. A subscription that is gone meanwhile has nothing to note.
func (in *institution) applyPush(c change) {
	h := in.hooks.find(c.ID)
	if h == nil {
		return
	}
	if c.At.After(h.ranAt) {
		h.ranAt = c.At
	}
	d := delivery{
		At: c.At, Institution: in.w.Code, Webhook: h.ID, Kind: h.Kind, Status: c.Push.Status, Error: c.Push.Error, Bytes: c.Push.Bytes,
	}
	var keep []*hookItem
	for _, item := range h.queue {
		if !slices.Contains(c.Push.Items, item.seq) {
			keep = append(keep, item)
			continue
		}
		item.tries++
		switch {
		case c.Push.Filtered:
			d.Outcome = pushFiltered
		case c.Push.Status == http.StatusOK:
			d.Outcome = pushAccepted
		case item.tries > h.Retries:
			d.Outcome = pushDropped
		default:
			d.Outcome, item.due = pushAgain, c.At.Add(h.every())
			keep = append(keep, item)
		}
		if d.Outcome != pushAgain {
			h.settled++
		}
		d.Attempt = max(d.Attempt, item.tries)
		d.Keys = append(d.Keys, item.key)
	}
	h.queue = keep
	if len(d.Keys) == 0 {
		return
	}
	in.hooks.deliveries = append(in.hooks.deliveries, d)
	if over := len(in.hooks.deliveries) - deliveriesKept; over > 0 {
		in.hooks.deliveries = slices.Delete(in.hooks.deliveries, 0, over)
	}
}

func (h *hooks) find(id int64) *hook {
	for _, s := range h.list {
		if s.ID == id {
			return s
		}
	}
	return nil
}

func (h *hook) every() time.Duration { return time.Duration(h.Minutes) * time.Minute }

// nextRun is the first run that has something to send. Runs come every M minutes from the subscription on.
func (h *hook) nextRun() (time.Time, bool) {
	if len(h.queue) == 0 {
		return time.Time{}, false
	}
	due := h.queue[0].due
	for _, item := range h.queue {
		if item.due.Before(due) {
			due = item.due
		}
	}
	if !due.After(h.ranAt) {
		due = h.ranAt.Add(1)
	}
	n := max(1, (due.Sub(h.Since)+h.every()-1)/h.every())
	return h.Since.Add(n * h.every()), true
}

// dueItems lists what a run sends, oldest first, at most a batch.
func (h *hook) dueItems(at time.Time) []*hookItem {
	var out []*hookItem
	for _, item := range h.queue {
		if !item.due.After(at) && len(out) < h.Batch {
			out = append(out, item)
		}
	}
	return out
}
