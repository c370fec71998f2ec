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
	hookAccess    = "access_control" // tickets produced, always an array
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
	Filter      string    `json:"filter,omitempty"`
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
	switch {
	case !slices.Contains([]string{hookOrder, hookContact, hookInventory, hookExport, hookAccess}, h.Kind):
		return fmt.Errorf("kind %q is none of order, contact, inventory, data_export, access_control", h.Kind)
	case h.Version != 1 && h.Version != 2, h.Version == 1 && h.Kind != hookOrder && h.Kind != hookContact:
		return fmt.Errorf("%s webhooks have no version %d", h.Kind, h.Version)
	case h.Minutes < 1 || h.Minutes > 1440 || h.Batch < 1 || h.Bucket < 1 || h.Retries < 0 || h.Retries > 100 || h.Bucket > 10_000 || h.Batch > 10_000:
		return errors.New("minutes are 1 to 1440, batch and bucket 1 to 10000, retries 0 to 100")
	case !slices.Contains([]string{s360.GranularityOperations, s360.GranularityMovements, s360.GranularityTickets}, h.Granularity):
		return fmt.Errorf("granularity %q is none of OPERATIONS, MOVEMENTS, TICKETS", h.Granularity)
	case !slices.Contains([]string{"NONE", "BASIC_AUTH", "API_KEY"}, h.Auth.Type):
		return fmt.Errorf("auth type %q is none of NONE, BASIC_AUTH, API_KEY", h.Auth.Type)
	case h.Auth.Type == "API_KEY" && !headerName(h.Auth.Login):
		return fmt.Errorf("an API key needs a header name as its login, not %q", h.Auth.Login)
	case h.Method != http.MethodPost && (h.Method != http.MethodGet || h.Version != 1):
		return errors.New("the method is POST, or GET with version 1")
	case h.Method == http.MethodGet && !strings.Contains(h.URL, h.placeholder()):
		return fmt.Errorf("GET needs %s in the URL", h.placeholder())
	}
	if _, err := parseFilter(h.Filter); err != nil {
		return err
	}
	return loopbackURL(h.URL)
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
		return errors.New("the URL must be http:// or https://")
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errors.New("the simulator posts to loopback addresses only: 127.0.0.1, [::1] or localhost")
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
	for _, id := range touched {
		o := in.orders[id]
		if o == nil || o.State == stateRunning {
			continue
		}
		in.noticeTickets(o, c.At)
		if in.hooks.noticed[id] != o.State {
			in.hooks.noticed[id] = o.State
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

// noticeTickets queues the tickets of an order that were made or became invalid since they were told.
func (in *institution) noticeTickets(o *order, at time.Time) {
	if o.State != stateClosed || !o.Generated {
		return
	}
	for _, op := range o.Operations {
		for _, m := range op.Movements {
			m.eachTicket(func(e entry) {
				invalid, known := in.hooks.told[e.ticket]
				if m.Dropped || e.ticket == 0 || known && invalid == e.cancelled {
					return
				}
				in.hooks.told[e.ticket] = e.cancelled
				in.enqueue(hookAccess, hookItem{key: strconv.FormatInt(e.ticket, 10), order: o.ID}, at)
			})
		}
	}
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
		if in.hooks.noticed == nil {
			in.hooks.noticed, in.hooks.told = map[int64]string{}, map[int64]bool{}
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
