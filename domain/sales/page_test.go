package sales_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

var update = flag.Bool("update", false, "draw the tables of docs/orders.md anew")

// page is the document that the tables of this package are drawn into.
const page = "../../docs/orders.md"

func TestPage_TablesAreDrawnFromTheCode(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	drawn := text
	for name, part := range map[string]string{"states": statesTable(), "moves": movesTable(), "diagram": diagram(), "misuse": misuseTable(t)} {
		drawn = replacePart(t, drawn, name, part)
	}
	if *update {
		if err := os.WriteFile(page, []byte(drawn), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(drawn, text); diff != "" {
		t.Errorf("%s differs from the code; run make golden (-code +page):\n%s", page, diff)
	}
}

// replacePart puts the drawn text between its two marks.
func replacePart(tb testing.TB, text, name, part string) string {
	tb.Helper()
	begin, end := "<!-- drawn: "+name+" -->\n", "<!-- end: "+name+" -->"
	before, rest, ok := strings.Cut(text, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		tb.Fatalf("%s has no marks for %q", page, name)
	}
	return before + begin + part + end + after
}

func statesTable() string {
	var b strings.Builder
	b.WriteString("\n| state | means | next |\n| --- | --- | --- |\n")
	for _, s := range sales.Statuses() {
		var next []string
		for _, n := range s.Steps() {
			next = append(next, "`"+string(n)+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s, s.Meaning(), strings.Join(next, ", "))
	}
	return b.String() + "\n"
}

func movesTable() string {
	var b strings.Builder
	b.WriteString("\n| from | to | when |\n| --- | --- | --- |\n")
	for _, m := range sales.Moves() {
		from := "`" + string(m.From) + "`"
		if m.From == "" {
			from = "(new)"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", from, m.To, m.Why)
	}
	return b.String() + "\n"
}

// diagram is the table as a picture; what a person may decide from review is left out, it would be an arrow to almost
// everything.
func diagram() string {
	var b strings.Builder
	b.WriteString("\n```mermaid\nstateDiagram-v2\n")
	for _, m := range sales.Moves() {
		switch m.From {
		case "":
			fmt.Fprintf(&b, "    [*] --> %s\n", m.To)
		case sales.Review:
		default:
			fmt.Fprintf(&b, "    %s --> %s\n", m.From, m.To)
		}
	}
	b.WriteString("```\n\n")
	return b.String()
}

// misuse is a call that the table tries on an order in every state.
type misuse struct {
	name string
	do   func(h *till, id sales.OrderID) (sales.Order, error)
}

func misuses() []misuse {
	return []misuse{
		{"extend", func(h *till, id sales.OrderID) (sales.Order, error) {
			return h.Extend(h.context(), sample.Viewer(), id, sales.Change{})
		}},
		{"close", func(h *till, id sales.OrderID) (sales.Order, error) {
			return h.Close(h.context(), sample.Viewer(), id, sales.Change{})
		}},
		{"release", func(h *till, id sales.OrderID) (sales.Order, error) {
			return h.Release(h.context(), sample.Viewer(), id, sales.Change{})
		}},
		{"change", func(h *till, id sales.OrderID) (sales.Order, error) {
			text := "other"
			return h.Amend(h.context(), sample.Viewer(), id, sales.Amendment{Reference: &text})
		}},
		{"change lines", func(h *till, id sales.OrderID) (sales.Order, error) {
			return h.Amend(h.context(), sample.Viewer(), id, sales.Amendment{Wants: []catalog.Want{sample.Seats(3)}})
		}},
		{"cancel", func(h *till, id sales.OrderID) (sales.Order, error) {
			_, o, err := h.Cancel(h.context(), sample.Viewer(), id, sales.CancelRequest{})
			return o, err
		}},
		{"exchange", func(h *till, id sales.OrderID) (sales.Order, error) {
			_, o, err := h.Exchange(h.context(), sample.Viewer(), id, swap(h.store.orders[id], len(h.store.orders[id].Tickets)))
			return o, err
		}},
	}
}

// misuseTable tries every call on an order in every state and writes what came of it: the state it is in then, or the code
// and status of the refusal.
func misuseTable(tb testing.TB) string {
	tb.Helper()
	var b strings.Builder
	b.WriteString("\n| state |")
	for _, c := range misuses() {
		b.WriteString(" " + c.name + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(misuses())) + "\n")
	for _, s := range sales.Statuses() {
		fmt.Fprintf(&b, "| `%s` |", s)
		for _, c := range misuses() {
			h := newTill(tb)
			o := inStatus(tb, h, s)
			h.advance(time.Minute)
			got, err := c.do(h, o.ID)
			switch e := domain.AsError(err); {
			case e == nil && got.Status == s:
				fmt.Fprintf(&b, " as it is |")
			case e == nil:
				fmt.Fprintf(&b, " `%s` |", got.Status)
			default:
				if e.State != string(s) {
					tb.Errorf("%s of an order that is %s: the refusal says %q", c.name, s, e.State)
				}
				fmt.Fprintf(&b, " %s |", e.Code)
			}
		}
		b.WriteString("\n")
	}
	return b.String() + "\n"
}

// inStatus makes an order and puts it into a status.
func inStatus(tb testing.TB, h *till, s sales.Status) sales.Order {
	tb.Helper()
	o := h.hold(tb, "k")
	if s.Sold() {
		var err error
		if o, err = h.Close(h.context(), sample.Viewer(), o.ID, sales.Change{}); err != nil {
			tb.Fatal(err)
		}
	}
	h.store.mu.Lock()
	defer h.store.mu.Unlock()
	o.Status = s
	h.store.orders[o.ID] = o
	return o
}
