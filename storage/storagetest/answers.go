package storagetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/quota"
)

func answerTests() []test {
	return []test{
		{"what an order's calls were answered comes back, oldest first, until it is pruned", answersComeBack},
		{"of many answers of an order the last 500 are shown", answersBounded},
	}
}

// exchange is the n-th call for an order.
func exchange(order string, n int) quota.Exchange {
	return quota.Exchange{
		Institution: "play", Order: order, At: noon().Add(time.Duration(n) * time.Minute), Call: "externalOrderService.closeOrder", Outcome: "ok",
		Request: fmt.Appendf(nil, `{"orderId":%d}`, n), Answer: []byte(`{"statusCode":"success","note":"` + strings.Repeat("é", 1000) + `"}`),
	}
}

// counted makes ids that rise.
func counted() domain.IDs {
	n := 0
	return func(prefix string) string {
		n++
		return fmt.Sprintf("%s_%06d", prefix, n)
	}
}

func answersComeBack(t check) {
	a := t.db.Answers(counted())
	want := []quota.Exchange{exchange("ord_1", 1), exchange("ord_1", 2), exchange("ord_1", 3)}
	want[1].Answer, want[1].Outcome = []byte(`null`), "unreachable"
	for _, e := range []quota.Exchange{want[0], exchange("ord_2", 1), want[1], want[2]} {
		a.Keep(1, func() quota.Exchange { return e })
	}
	for range 2 { // what is written is written once
		if err := a.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := a.Exchanges(t.Context(), "ord_1")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("kept: %v (-want +got):\n%s", err, diff)
	}
	if n, err := a.Prune(t.Context(), noon().Add(2*time.Minute)); n != 2 || err != nil {
		t.Errorf("%d pruned, %v", n, err)
	}
	got, err = a.Exchanges(t.Context(), "ord_1")
	if diff := cmp.Diff(want[1:], got); diff != "" || err != nil {
		t.Errorf("after pruning: %v (-want +got):\n%s", err, diff)
	}
}

func answersBounded(t check) {
	a := t.db.Answers(counted())
	for n := range 502 {
		a.Keep(1, func() quota.Exchange { return exchange("ord_1", n) })
	}
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := a.Exchanges(t.Context(), "ord_1")
	if err != nil || len(got) != 500 || string(got[0].Request) != `{"orderId":2}` || string(got[499].Request) != `{"orderId":501}` {
		t.Errorf("%d shown, %v", len(got), err)
	}
}
