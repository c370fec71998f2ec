package sim

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// remembered writes down everything a restart must bring back.
func remembered(t *testing.T, p *Platform) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	type stockLine struct {
		Elsewhere, Held, Sold int
		Away                  time.Time
		Gone                  []uint64
		Taken                 map[int32]int64
	}
	type house struct {
		Orders   []*order
		Files    map[int64]*file
		Postings []posting
		Balance  int64
		Barcodes map[string]int64
		Stock    map[string]stockLine
		Prices   map[int64]int64
		Canceled map[int64]bool
		Moved    map[int64]time.Time
	}
	out := map[string]any{"base": p.base, "seed": p.Seed, "offset": p.journal.offset}
	for _, in := range p.institutions {
		h := house{Files: in.files, Postings: in.postings, Balance: in.balance, Barcodes: in.barcodes, Stock: map[string]stockLine{}, Prices: map[int64]int64{}, Canceled: map[int64]bool{}, Moved: map[int64]time.Time{}}
		for _, id := range in.sequence {
			h.Orders = append(h.Orders, in.orders[id])
		}
		note := func(name string, pl *pool) {
			h.Stock[name] = stockLine{pl.elsewhere, pl.held, pl.sold, pl.awayUntil, pl.gone, pl.taken}
		}
		for id, perf := range in.perfOf {
			for i, pl := range in.poolsOf(perf) {
				note(text(id)+"/"+text(int64(i)), pl)
			}
			h.Prices[id], h.Canceled[id] = perf.moved, perf.canceled
		}
		for id, it := range in.itemOf {
			for k, pl := range it.pools {
				if pl.held+pl.sold > 0 || !pl.awayUntil.IsZero() {
					note(text(id)+"/"+text(k.slot)+"/"+k.day+"/"+text(int64(k.part)), pl)
				}
			}
			h.Prices[id] = it.moved
		}
		for _, pr := range in.products {
			h.Moved[pr.id] = pr.stockAt
		}
		out[in.w.Code] = h
	}
	b, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestJournal_Restart_RemembersEverything_EvenAfterATornLine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "journal")
	journal := func(p *Platform) { p.Journal, p.Seed = file, 7 }
	p := newPlatform(t, journal)
	th, mu := at(t, p, "theatre"), at(t, p, "museum")

	id, total := th.hold(th.entries(th.line(th.next("GODOT"), "CAT1", "PLEIN", 3)))
	th.must("externalOrderService", "closeOrder", th.closing(id, total))
	p.Clock.Advance(3 * time.Minute)
	lapsed, _ := th.hold(th.entries(th.line(th.next("CARMEN"), "CAT2", "PLEIN", 2)))
	p.Clock.Advance(20 * time.Minute)
	open, _ := mu.hold(mu.simples(mu.simple("BILLET", "ADULTE", 2, object{"timeslotId": mu.slotAt(14, 30), "visitDate": "2026-11-24"})))
	part := th.create(th.entries(th.line(th.next("LAC"), "CAT3", "PLEIN", 4))).get("orderUpdateData")
	th.must("externalOrderService", "abandonMovements", object{
		"orderId": part.id("orderId"), "movementIds": []int64{part.list("movementDataUpdates")[1].id("movementId")},
	})
	p.Fault("createOrUpdateOrder", Fault{Kind: PriceMoved})
	th.hold(th.entries(th.line(th.next("GODOT"), "CAT1", "PLEIN", 1)))
	p.Fault("createOrUpdateOrder", Fault{Kind: SoldOutMeanwhile, Late: time.Hour})
	th.create(th.entries(th.line(th.next("CYRANO"), "CAT1", "PLEIN", 1)))
	control(t, p, "POST", "/performances/"+text(th.product("PRINCE").perfs[3].id)+"/soldout", "")
	control(t, p, "POST", "/performances/"+text(th.product("PRINCE").perfs[4].id)+"/cancel", "")
	control(t, p, "POST", "/clock", `{"advance":"1m"}`)
	want := remembered(t, p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}

	tear(t, file)
	again := &Platform{Clock: NewClock(aDay.Add(24 * time.Minute)), Journal: file, RatePerMinute: -1}
	if err := again.Start(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, remembered(t, again)); diff != "" {
		t.Errorf("-before +after\n%s", diff)
	}
	sound(t, again)
	d := at(t, again, "theatre")
	if o := d.details(lapsed); o.str("orderState") != "ABANDONED" {
		t.Errorf("lapsed: %v", o)
	}
	if o := at(t, again, "museum").details(open); o.str("orderState") != "RUNNING" {
		t.Errorf("open: %v", o)
	}
	newer, cost := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 1)))
	if newer <= d.in.sequence[0] || newer == lapsed {
		t.Errorf("the number %d comes again", newer)
	}
	d.must("externalOrderService", "closeOrder", d.closing(newer, cost))
	sound(t, again)
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}

	third := newPlatform(t, func(p *Platform) { p.Journal, p.Clock = file, NewClock(aDay.Add(25*time.Minute)) })
	if o := at(t, third, "theatre").details(newer); o.str("orderState") != "CLOSED" {
		t.Errorf("what was written after the tear: %v", o)
	}
	sound(t, third)
}

// tear appends half a line, as a killed process may leave it.
func tear(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"at":"2026-11-21T09:24:00Z","do":"close","contact":"` + strings.Repeat("4", 100_000)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestJournal_RunningClock_ComesBackMovedAndOnTheSameBaseDay(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "journal")
	first := &Platform{Journal: file}
	if code, _ := control(t, first, "POST", "/clock", `{"advance":"240h"}`); code != 200 {
		t.Fatal(code)
	}
	base := first.base
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := &Platform{Journal: file}
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	if second.clock.Offset() != 240*time.Hour || !second.base.Equal(base) {
		t.Errorf("offset %s, base %s", second.clock.Offset(), second.base)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestJournal_DamagedInTheMiddle_IsAnErrorThatNamesTheLine(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"not JSON":           {"{\"do\":\"begin\",\"at\":\"2026-11-21T09:00:00Z\",\"seed\":1}\nrubbish\n{}\n", "line 2"},
		"no beginning":       {"{\"do\":\"hold\"}\n", "begin"},
		"unknown house":      {"{\"do\":\"begin\",\"at\":\"2026-11-21T09:00:00Z\",\"seed\":1}\n{\"do\":\"expire\",\"in\":\"circus\",\"id\":1}\n", "line 2"},
		"unknown order":      {"{\"do\":\"begin\",\"at\":\"2026-11-21T09:00:00Z\",\"seed\":1}\n{\"do\":\"expire\",\"in\":\"museum\",\"id\":1}\n", "unknown order"},
		"unknown happening":  {"{\"do\":\"begin\",\"at\":\"2026-11-21T09:00:00Z\",\"seed\":1}\n{\"do\":\"dance\",\"in\":\"museum\"}\n", "dance"},
		"torn and then more": {"{\"do\":\"begin\",\"at\":\"2026-11-21T09:00:00Z\",\"seed\":1}\n{\"do\":\"ex{\"do\":\"expire\"}\n{\"do\":\"expire\"}\n", "line 2"},
	} {
		file := filepath.Join(t.TempDir(), "journal")
		if err := os.WriteFile(file, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := (&Platform{Journal: file}).Start()
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
		if after, _ := os.ReadFile(file); !bytes.Equal(after, []byte(tc.text)) {
			t.Errorf("%s: the file was changed", name)
		}
	}
}
