package sim

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestPage_StandsAloneAndAsksOnlyWhatThereIs(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	w := httptest.NewRecorder()
	p.Control().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	html := w.Body.String()
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", w.Code, w.Header())
	}
	if strings.Contains(html, "://") || strings.Contains(html, "innerHTML") {
		t.Error("the page reaches outside, or reads texts as markup")
	}
	known := map[string]bool{}
	for _, e := range p.endpoints() {
		known[e.Path] = true
	}
	asked := regexp.MustCompile(`(?:get\("|"(?:GET|POST|DELETE)", "|submit\("\w+", ")(/[a-z/]*)`).FindAllStringSubmatch(html, -1)
	if len(asked) < 15 {
		t.Errorf("only %d questions found", len(asked))
	}
	for _, m := range asked {
		if path := strings.TrimSuffix(m[1], "/"); !known[path] {
			t.Errorf("the page asks for %s", m[1])
		}
	}
}

func TestControl_PageFromElsewhere_SteersNothing(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for site, want := range map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 200, "": 200} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/reset", nil)
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		w := httptest.NewRecorder()
		p.Control().ServeHTTP(w, r)
		if w.Code != want || !strings.HasPrefix(strings.TrimSpace(w.Body.String()), "{") {
			t.Errorf("%q: %d %s", site, w.Code, w.Body)
		}
	}
}

func TestControl_Endpoints_AreAllServed(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	_, o := control(t, p, "GET", "/endpoints", "")
	list := o.list("endpoints")
	if len(list) != len(p.endpoints()) || len(o["fault_kinds"].([]any)) != len(kinds) || len(o["methods"].([]any)) < 10 {
		t.Fatalf("%v", o)
	}
	for _, e := range list {
		path := strings.NewReplacer("{id}", "1", "{what}", "soldout").Replace(e.str("path"))
		if _, got := control(t, p, e.str("method"), path, "{"); strings.HasPrefix(got.str("error"), "no such path") || e.str("what") == "" {
			t.Errorf("%s %s: %v", e.str("method"), path, got)
		}
	}
}

func TestControl_Stock_AddsUp(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("GODOT")
	d.sold(2)
	d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 3)))
	_, o := control(t, p, "GET", "/stock?institution=theatre", "")
	found := false
	for _, l := range o.list("list") {
		if l.id("capacity") != l.id("elsewhere")+l.id("held")+l.id("sold")+l.id("left") || l.id("capacity") != int64(perf.product.venue.capacity) && l.id("id") == perf.id {
			t.Errorf("%v", l)
		}
		if l.id("id") == perf.id {
			found = true
			for _, c := range l.list("categories") {
				if c.str("code") == "CAT1" && (c.id("sold") != 2 || c.id("held") != 3 || c.id("left") != d.left(perf, "CAT1")) {
					t.Errorf("%v", c)
				}
			}
		}
	}
	if !found || len(o.list("list")) != stockShown {
		t.Errorf("found %v, %d lines", found, len(o.list("list")))
	}
}

func FuzzControl_AnyBody_IsAnswered(f *testing.F) {
	p := &Platform{Clock: NewClock(aDay), RatePerMinute: -1}
	if err := p.Start(); err != nil {
		f.Fatal(err)
	}
	paths := []string{}
	for _, e := range p.endpoints() {
		if e.Method == "POST" && e.Path != "/restart" && e.Path != "/reset" && e.Path != "/seed" {
			paths = append(paths, e.Path)
		}
	}
	for i, e := range p.endpoints() {
		f.Add(uint8(i), e.Body, "10500003010001", "sell")
	}
	f.Add(uint8(0), `{"advance":"9999999h"}`, "x", "price")
	f.Add(uint8(3), `null`, "", "")
	f.Add(uint8(4), `{"institution":"theatre","kind":"order","url":"http://127.0.0.1:1/","filter":"a(b).c=(x|y)"}`, "-1", "cancel")
	f.Fuzz(func(t *testing.T, which uint8, body, id, what string) {
		path := paths[int(which)%len(paths)]
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(body))
		r.URL.Path = strings.NewReplacer("{id}", clean(id), "{what}", clean(what)).Replace(path)
		w := httptest.NewRecorder()
		p.Control().ServeHTTP(w, r)
		if w.Code == 500 || w.Body.Len() == 0 && w.Code == 200 {
			t.Errorf("%s %s: %d %s", r.URL.Path, body, w.Code, w.Body)
		}
		p.ClearFaults()
		p.clock.shift(0)
		if code, _ := control(t, p, "DELETE", "/webhooks", ""); code != 200 {
			t.Errorf("webhooks do not end: %d", code)
		}
	})
}

func clean(s string) string {
	return strings.Trim(regexp.MustCompile(`[^a-z0-9-]`).ReplaceAllString(s, ""), " ")
}
