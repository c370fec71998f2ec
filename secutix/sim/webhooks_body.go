package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// itemBody is what is told of an item; nil when the thing is not there any more.
func (in *institution) itemBody(h *hook, item *hookItem, now time.Time) (json.RawMessage, error) {
	var v any
	switch h.Kind {
	case hookOrder:
		id, err := strconv.ParseInt(item.key, 10, 64)
		o := in.orders[id]
		if err != nil || o == nil {
			return nil, fmt.Errorf("no order %s", item.key)
		}
		v = s360.OrderDetailResult{
			OrderResult:      s360.OrderResult{Result: s360.Result{StatusCode: s360.StatusSuccess}},
			OrderDetailsData: in.finalised(o, h.Granularity, now),
		}
	case hookInventory:
		id, err := strconv.ParseInt(item.key, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("no product %s", item.key)
		}
		if v, err = in.pushedProduct(id, now); err != nil {
			return nil, err
		}
	case hookContact:
		v = in.contactData(item.key, h.contactDetails())
		if item.row != nil {
			v = item.row
		}
	case hookAccess:
		return in.accessItem(h, item)
	default:
		v = item.row
	}
	return json.Marshal(v)
}

// finalised is an order as getOrderDetails shows it, an abandoned one with the lines it had.
func (in *institution) finalised(o *order, granularity string, now time.Time) *s360.OrderDetailsData {
	if o.State != stateAbandoned {
		return in.details(o, granularity, now)
	}
	had := *o
	had.State, had.Operations = stateRunning, nil
	for _, op := range o.Operations {
		line := *op
		line.Waived, line.Movements = false, nil
		for _, m := range op.Movements {
			place := *m
			place.Dropped = false
			line.Movements = append(line.Movements, &place)
		}
		had.Operations = append(had.Operations, &line)
	}
	d := in.details(&had, granularity, now)
	d.OrderState, d.SaleAmount = stateAbandoned, amount(0)
	return d
}

// accessItem is a ticket as exportList lists it.
func (in *institution) accessItem(h *hook, item *hookItem) (json.RawMessage, error) {
	if item.row != nil {
		return item.row, nil
	}
	o := in.orders[item.order]
	if o == nil {
		return nil, fmt.Errorf("no ticket %s", item.key)
	}
	var found *entry
	for _, op := range o.Operations {
		for _, m := range op.Movements {
			m.eachTicket(func(e entry) {
				if strconv.FormatInt(e.ticket, 10) == item.key {
					e.order, e.op, e.movement = o, op, m
					found = &e
				}
			})
		}
	}
	if found == nil {
		return nil, fmt.Errorf("no ticket %s", item.key)
	}
	scope, err := h.scope(in.zone)
	if err != nil {
		return nil, err
	}
	if !in.within(found.op, scope) {
		return nil, fmt.Errorf("ticket %s is not in the scope %q", item.key, h.Scope)
	}
	return json.Marshal(in.listItem(found, found.cancelled))
}

// checkRow is a check at a gate as a row of the documented example of a data export.
func (in *institution) checkRow(k gateCheck, id int64) json.RawMessage {
	row := map[string]any{
		"ticket_check_id": id, "barcode": k.Barcode, "access_time": k.At.In(in.zone).Format(time.DateTime),
		"check_flow": "IN", "result": k.Result, "failure_reason": k.Reason,
	}
	if r := in.access.rights[k.Barcode]; r != nil {
		row["ticket_id"], row["movement_id"] = r.ticket, r.movement.ID
	}
	b, err := json.Marshal(row)
	if err != nil {
		return nil // texts and numbers only
	}
	return b
}

// frame joins the bodies of one POST: an object for buckets of one, an array for larger ones and for kinds that are always one.
func (h *hook) frame(bodies []json.RawMessage) []byte {
	if h.Bucket == 1 && len(bodies) == 1 && h.Kind != hookInventory && h.Kind != hookAccess {
		return bodies[0]
	}
	var b bytes.Buffer
	b.WriteByte('[')
	for i, body := range bodies {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(body)
	}
	b.WriteByte(']')
	return b.Bytes()
}

// condition is one part of a filter: a path of members and what is found there.
type condition struct {
	path  []step
	value *regexp.Regexp
}

// step is a member, of any element "(*)" or of those elements in which a member is true "(isMain)".
type step struct{ name, where string }

// parseFilter reads conditions joined by ";", all of which must hold: Path.To(*).Member=value. Values are regular expressions
// over the whole text; the case of names does not count.
func parseFilter(text string) ([]condition, error) {
	var out []condition
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		path, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("filter: %q is not path=value", part)
		}
		re, err := regexp.Compile("^(?:" + strings.TrimSpace(value) + ")$")
		if err != nil {
			return nil, fmt.Errorf("filter: %q: %w", part, err)
		}
		c := condition{value: re}
		for name := range strings.SplitSeq(strings.TrimSpace(path), ".") {
			s := step{name: name}
			if head, rest, ok := strings.Cut(name, "("); ok {
				where, closed := strings.CutSuffix(rest, ")")
				if !closed {
					return nil, fmt.Errorf("filter: %q: a bracket is open", part)
				}
				s = step{name: head, where: where}
			}
			if s.name == "" {
				return nil, fmt.Errorf("filter: %q: a name is missing", part)
			}
			c.path = append(c.path, s)
		}
		out = append(out, c)
	}
	return out, nil
}

// wanted says whether every condition holds for a body.
func wanted(conditions []condition, body []byte) bool {
	if len(conditions) == 0 {
		return true
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return false
	}
	for _, c := range conditions {
		if !c.holds(v, c.path) {
			return false
		}
	}
	return true
}

func (c condition) holds(v any, path []step) bool {
	if list, ok := v.([]any); ok {
		for _, e := range list {
			if c.holds(e, path) {
				return true
			}
		}
		return false
	}
	m, ok := v.(map[string]any)
	if len(path) == 0 {
		return !ok && v != nil && c.value.MatchString(fmt.Sprint(v))
	}
	if !ok {
		return false
	}
	next, ok := member(m, path[0].name)
	if !ok {
		return false
	}
	where := path[0].where
	if where == "" || where == "*" {
		return c.holds(next, path[1:])
	}
	list, _ := next.([]any)
	for _, e := range list {
		if em, ok := e.(map[string]any); ok {
			if flag, _ := member(em, where); flag == true && c.holds(e, path[1:]) {
				return true
			}
		}
	}
	return false
}

// member finds a member whatever its case.
func member(m map[string]any, name string) (any, bool) {
	if v, ok := m[name]; ok {
		return v, true
	}
	for k, v := range m {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return nil, false
}
