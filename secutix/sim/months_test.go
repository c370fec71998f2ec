package sim

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// used is what the control face says of an institution's month.
func used(t *testing.T, p *Platform, code string) (calls, bytes int64) {
	t.Helper()
	status, o := control(t, p, "GET", "/limits", "")
	if status != 200 {
		t.Fatal(status, o)
	}
	u := o.get("used", code)
	return u.id("month"), u.id("bytes")
}

// again opens the journal as another process would after this one ended without a word.
func again(t *testing.T, journal string, change ...func(*Platform)) *Platform {
	t.Helper()
	b, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(t.TempDir(), "journal")
	if err := os.WriteFile(left, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return newPlatform(t, append(change, func(p *Platform) { p.Journal = left })...)
}

func TestMonth_OutlivesTheProcess(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	limited := func(p *Platform) { p.Limits.MonthlyCalls, p.Journal = 5, journal }
	p := &Platform{Clock: NewClock(aDay), RatePerMinute: -1}
	limited(p)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if n := at(t, p, "theatre").passed(3); n != 3 {
		t.Fatalf("%d of 3", n)
	}
	calls, bytes := used(t, p, "theatre")
	if err := p.Close(); err != nil || calls != 3 || bytes == 0 {
		t.Fatal(err, calls, bytes)
	}
	next := newPlatform(t, limited)
	if c, b := used(t, next, "theatre"); c != calls || b != bytes {
		t.Errorf("%d calls and %d bytes, want %d and %d", c, b, calls, bytes)
	}
	if n := at(t, next, "theatre").passed(4); n != 2 {
		t.Errorf("%d of the 2 that were left", n)
	}
	sound(t, next)
}

func TestMonth_OfAKilledProcess_LacksLessThanAHundredCalls(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	p := newPlatform(t, func(p *Platform) { p.Journal = journal })
	at(t, p, "theatre").passed(250)
	sound(t, p)
	if calls, _ := used(t, again(t, journal), "theatre"); calls != 200 {
		t.Errorf("%d calls of 250 are remembered", calls)
	}
	b, err := os.ReadFile(journal)
	if n := strings.Count(string(b), `"do":"month"`); err != nil || n != 2 {
		t.Errorf("%d lines for 250 calls, %v", n, err)
	}
}

func TestMonth_IsWrittenDownAsTimePasses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		journal := filepath.Join(t.TempDir(), "journal")
		p := startedPlatform(t, &Platform{RatePerMinute: -1, Clock: &Clock{}, Journal: journal})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- p.Run(ctx) }()
		at(t, p, "theatre").passed(7)
		time.Sleep(monthTicks * time.Second)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		b, err := os.ReadFile(journal)
		if n := strings.Count(string(b), `"do":"month"`); err != nil || n != 1 || !strings.Contains(string(b), `"calls":7`) {
			t.Errorf("%d lines, %v", n, err)
		}
	})
}

func TestMonth_StaysOverRestartsAndEndsWithAReset(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	p := newPlatform(t, func(p *Platform) { p.Journal = journal })
	at(t, p, "theatre").passed(3)
	for _, body := range []string{`{"memory":true}`, `{"memory":false}`} {
		control(t, p, "POST", "/restart", body)
		if calls, _ := used(t, p, "theatre"); calls != 3 {
			t.Errorf("after %s: %d", body, calls)
		}
		if kept, _ := used(t, again(t, journal), "theatre"); strings.Contains(body, "true") && kept != 3 {
			t.Errorf("a restart with memory left %d in the journal", kept)
		}
	}
	if err := p.keepMonths(); err != nil {
		t.Fatal(err)
	}
	if calls, _ := used(t, again(t, journal), "theatre"); calls != 3 {
		t.Errorf("the new journal has %d", calls)
	}
	control(t, p, "POST", "/reset", "")
	if calls, bytes := used(t, p, "theatre"); calls != 0 || bytes != 0 {
		t.Errorf("after a reset: %d calls, %d bytes", calls, bytes)
	}
	sound(t, p)
}

func TestMonth_Bytes_AreThoseOnTheWireUnlessSaidOtherwise(t *testing.T) {
	t.Parallel()
	const path = "/tnseb/backend-apis/setupService/v1_33/searchProductsByCriteria"
	weight := func(plain bool, encoding string) int64 {
		p := newPlatform(t, func(p *Platform) { p.Limits.MonthlyPlain = plain })
		d := at(t, p, "theatre")
		status, text, err := d.send(path, object{}, "Accept-Encoding", encoding)
		if status != http.StatusOK || err != nil {
			t.Fatal(status, err)
		}
		_, bytes := used(t, p, "theatre")
		if want := int64(len(text) + len(`{}`)); encoding == "identity" && bytes != want {
			t.Errorf("plain %t: %d bytes, want %d", plain, bytes, want)
		}
		return bytes
	}
	whole, packed, counted := weight(false, "identity"), weight(false, "gzip"), weight(true, "gzip")
	if packed*3 > whole || counted != whole || weight(true, "identity") != whole {
		t.Errorf("%d bytes, %d compressed, %d of these before", whole, packed, counted)
	}
}
