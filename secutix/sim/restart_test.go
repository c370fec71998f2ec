package sim

import (
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRestart_WithMemory_BringsEverythingBack(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.Journal, p.Seed = filepath.Join(t.TempDir(), "journal"), 7 })
	d := at(t, p, "theatre")
	perf := d.next("GODOT")
	d.sold(2)
	open, _ := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 1)))
	control(t, p, "POST", "/performances/"+text(perf.id)+"/sell", `{"seat_category":`+text(category0(perf, "CAT1"))+`,"quantity":5}`)
	advance(t, p, "1m")
	want := remembered(t, p)
	if code, o := control(t, p, "POST", "/restart", `{"memory":true}`); code != 200 {
		t.Fatalf("%d %v", code, o)
	}
	if diff := cmp.Diff(want, remembered(t, p)); diff != "" {
		t.Errorf("-before +after\n%s", diff)
	}
	if o := at(t, p, "theatre").details(open); o.str("orderState") != "RUNNING" {
		t.Errorf("open: %v", o)
	}
	sound(t, p)
}

func TestRestart_WithoutMemory_BeginsTheSameWorldAnew(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"", filepath.Join(t.TempDir(), "journal")} {
		p := newPlatform(t, func(p *Platform) { p.Journal = file })
		d := at(t, p, "theatre")
		perf := d.next("GODOT")
		before := d.left(perf, "CAT1")
		id := d.sold(2)
		p.Fault("closeOrder", Fault{Kind: Garbage})
		if code, _ := control(t, p, "POST", "/restart", `{"memory":false}`); code != 200 {
			t.Fatal(code)
		}
		d = at(t, p, "theatre")
		if n := d.left(d.next("GODOT"), "CAT1"); n != before || len(d.in.orders) != 0 || d.in.balance != 0 {
			t.Errorf("left %d, want %d; %d orders", n, before, len(d.in.orders))
		}
		if o := d.call("externalOrderService", "getOrderDetails", object{"orderId": id}); o.code() != errOrderUnknown {
			t.Errorf("%v", o)
		}
		if _, o := control(t, p, "GET", "/faults", ""); len(o.list("list")) != 1 {
			t.Error("the faults were disarmed")
		}
		d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 1)))
		control(t, p, "POST", "/restart", `{"memory":true}`)
		if n := len(at(t, p, "theatre").in.orders); n != 1 {
			t.Errorf("%d orders after a restart with memory", n)
		}
		sound(t, p)
	}
}

func TestReset_IsAsNew_AndSeedMakesAnotherWorld(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	stock := func() string { return remembered(t, p) }
	first := stock()
	at(t, p, "theatre").sold(2)
	advance(t, p, "48h")
	p.Fault("closeOrder", Fault{Kind: Garbage})
	control(t, p, "POST", "/limits", `{"rate_per_minute":1,"skew":"1h"}`)
	control(t, p, "POST", "/latency", `{"method":"*","distribution":"fixed","min":"1h"}`)
	if code, o := control(t, p, "POST", "/reset", ""); code != 200 || o.str("now") != "2026-11-21T09:00:00Z" {
		t.Fatalf("%d %v", code, o)
	}
	if diff := cmp.Diff(first, stock()); diff != "" {
		t.Errorf("-new +reset\n%s", diff)
	}
	if len(p.Calls()) != 0 || len(p.faults.armed) != 0 || at(t, p, "theatre").passed(5) != 5 {
		t.Error("something is left of before")
	}
	if code, o := control(t, p, "POST", "/seed", `{"seed":9}`); code != 200 || o.id("seed") != 9 {
		t.Fatalf("%d %v", code, o)
	}
	if stock() == first {
		t.Error("another seed makes the same world")
	}
	for _, body := range []string{`{"seed":0}`, `{}`, `{"seed":-1}`} {
		if code, _ := control(t, p, "POST", "/seed", body); code != 400 {
			t.Errorf("%s: %d", body, code)
		}
	}
	sound(t, p)
}

func TestRestart_CutsWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := startedPlatform(t, &Platform{RatePerMinute: -1, Clock: &Clock{}})
		d := at(t, p, "theatre")
		p.Slow("*", Latency{Distribution: "fixed", Min: time.Hour})
		began := time.Now()
		done := make(chan error)
		go func() {
			_, _, err := d.send(alive, object{})
			done <- err
		}()
		synctest.Wait()
		if err := p.Restart(false); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err == nil || time.Since(began) != 0 {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestRestart_Meanwhile_AnswersUnavailable(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	p.down.Store(true)
	if status, _, _ := d.send(alive, object{}); status != http.StatusServiceUnavailable {
		t.Errorf("%d", status)
	}
	p.down.Store(false)
}
