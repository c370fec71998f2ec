package torture

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlan_SameSeed_SameSchedule(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		for _, postgres := range []bool{false, true} {
			a, b := planOf(seed, postgres), planOf(seed, postgres)
			if d := cmp.Diff(a, b, cmp.AllowUnexported(plan{}, buy{}, wish{}, step{}, change{}, swap{}, hit{})); d != "" {
				t.Fatalf("seed %d: %s", seed, d)
			}
		}
	}
}

func TestPlan_EveryOrderIsHeldFirst_AndItsStepsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		p := planOf(seed, true)
		seen := map[int]bool{}
		for _, s := range p.steps {
			if !seen[s.buy] && s.do != doHold && s.do != doHoldTwice {
				t.Fatalf("seed %d: order %d begins with %q", seed, s.buy, s.do)
			}
			seen[s.buy] = true
		}
		if len(seen) != len(p.buys) {
			t.Fatalf("seed %d: %d of %d orders are touched", seed, len(seen), len(p.buys))
		}
	}
}

func TestPlan_ManySeeds_EverythingThatCanGoWrongDoes(t *testing.T) {
	t.Parallel()
	seen, steps, hows := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for seed := range uint64(5000) {
		p := planOf(seed, seed%2 == 0)
		for _, h := range p.hits {
			if seed%2 == 1 && h.where == atCommit {
				t.Fatalf("seed %d: a commit is hit where there is no wire", seed)
			}
			seen[h.where+" "+h.what] = true
		}
		for _, s := range p.steps {
			steps[s.do] = true
			hows[s.changes[0].how] = true
		}
	}
	for _, want := range []string{
		"call cut", "call half", "call late", "call refuse", "call delay", "call kill", "call kill late", "call pause", "call kill sim",
		"call pause sim", "commit cut", "commit cut all", "commit kill", "commit delay", "commit pause", "request kill", "request pause", "request kill sim",
	} {
		if !seen[want] {
			t.Errorf("%s never happens", want)
		}
	}
	for _, want := range []string{
		doHold, doHoldTwice, doAgain, doClose, doCloseTwice, doCloseAndRelease, doRelease, doExtend, doExtendAndClose,
		doCancel, doCancelTwice, doCancelOne, doAmend, doReprint, doWait,
		doChange, doChangeTwice, doChangeAndClose, doChangeAndRelease, doExchange, doExchangeTwice, doExchangeAndCancel,
	} {
		if !steps[want] {
			t.Errorf("%s never happens", want)
		}
	}
	for _, want := range []string{howMore, howFewer, howTariff, howAdd, howRemove, howSeats, howAreas} {
		if !hows[want] {
			t.Errorf("%s never happens", want)
		}
	}
}

func TestPlan_TwoProcessesServe_OnlyWhereTheyMayShareADatabase(t *testing.T) {
	t.Parallel()
	two := 0
	const seeds = 1024
	for seed := range uint64(seeds) {
		if n := planOf(seed, false).replicas; n != 1 {
			t.Fatalf("seed %d: %d processes serve on SQLite", seed, n)
		}
		two += planOf(seed, true).replicas - 1
	}
	if two != seeds/seedBlocks {
		t.Errorf("two processes serve in %d of %d schedules", two, seeds)
	}
}

// say is a message of PostgreSQL's protocol.
func say(kind byte, body string) []byte {
	m := binary.BigEndian.AppendUint32([]byte{kind}, uint32(4+len(body)))
	return append(m, body...)
}

func TestWire_OnlyCommitsOfTransactionsThatTouchOrders_AreCounted(t *testing.T) {
	t.Parallel()
	l := &link{statements: map[string]bool{}}
	var got []bool
	for _, m := range [][]byte{
		say('P', "one\x00UPDATE \"orders\" SET status=$1\x00"),
		say('P', "two\x00SELECT * FROM leases\x00"),
		say('Q', "begin\x00"), say('B', "\x00one\x00"), say('Q', "commit\x00"), // touches orders
		say('Q', "begin\x00"), say('B', "\x00two\x00"), say('Q', "commit\x00"), // does not
		say('Q', "begin\x00"), say('B', "\x00one\x00"), say('Q', "rollback\x00"),
		say('Q', "begin\x00"), say('Q', "commit\x00"), // what was rolled back is forgotten
		say('Q', "begin\x00"), say('Q', "INSERT INTO \"idempotency_keys\" VALUES (1)\x00"), say('Q', "COMMIT\x00"),
	} {
		counts := l.commits(m)
		if m[0] == 'Q' && (string(m[5:11]) == "commit" || string(m[5:11]) == "COMMIT") {
			got = append(got, counts)
		} else if counts {
			t.Errorf("%q is no commit", m)
		}
	}
	if want := []bool{true, false, false, true}; !slices.Equal(got, want) {
		t.Errorf("commits counted: %v, want %v", got, want)
	}
}
