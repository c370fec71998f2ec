package sim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"guichet/secutix/s360"
)

// A catalog that is being written holds nobody up, and is written once for all who ask.
func TestCatalog_WhileItIsWritten_OthersAreServed(t *testing.T) {
	t.Parallel()
	p := generatedPlatform(t, WorldOptions{Code: "big", Products: 2, Performances: 20})
	d := at(t, p, "big")
	p.mu.Lock()
	k := catalogView{in: d.in, now: aDay}.kept()
	p.mu.Unlock()
	write, times, begun, finish := k.write, 0, make(chan bool), make(chan bool)
	k.write = func() (json.RawMessage, error) {
		times++
		close(begun)
		<-finish
		return write()
	}
	answers := make([]string, 3)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			_, answers[i], _ = d.send("/tnseb/backend-apis/catalogService/v1_33/getCatalogDetailed", object{})
		})
	}
	<-begun
	served := make(chan bool)
	go func() {
		for _, in := range []string{"big", "theatre"} {
			at(t, p, in).must("catalogService", "getPOSConfig", object{})
		}
		sellRecordedLine(t, d)
		close(served)
	}()
	select {
	case <-served:
	case <-time.After(10 * time.Second):
		t.Error("the others wait")
	}
	close(finish)
	all.Wait()
	if times != 1 || answers[0] == "" || answers[0] != answers[1] || answers[0] != answers[2] {
		t.Errorf("written %d times; lengths %d, %d, %d", times, len(answers[0]), len(answers[1]), len(answers[2]))
	}
}

// sellRecordedLine holds one place of some performance without looking at the catalog.
func sellRecordedLine(t *testing.T, d *desk) {
	t.Helper()
	f := d.in.products[1].perfs[0]
	d.hold(d.entries(object{"performanceId": f.id, "seatCategoryId": f.product.venue.categories[0].id, "audienceSubCategoryId": genTariff, "quantity": 1}))
}

// The test marks what was written first: a mark that comes back was not written anew.
func TestCatalog_AfterAChange_OnlyWhatChangedIsWrittenAnew(t *testing.T) {
	t.Parallel()
	p := generatedPlatform(t, WorldOptions{Code: "big", Products: 20, Performances: 100})
	for _, code := range []string{"big", "theatre"} {
		d := at(t, p, code)
		d.catalog(object{})
		book := d.in.parts.Load()
		var moved int64
		for key, at := range book.at {
			if bytes.Contains(book.body[at.from:at.to], []byte(`"RUNNING"`)) {
				moved = key.id
			}
			copy(book.body[at.from:at.to], bytes.ReplaceAll(book.body[at.from:at.to], []byte(`"RUNNING"`), []byte(`"MARKED!"`)))
		}
		if code, _ := control(t, p, "POST", "/performances/"+text(moved)+"/price", `{"delta":1500}`); code != http.StatusOK {
			t.Fatal(code)
		}
		marked, fresh := 0, map[s360.ID]bool{}
		for _, s := range d.catalog(object{}).Seasons {
			for _, pr := range s.Products {
				if pr.Event == nil {
					continue
				}
				for _, f := range pr.Event.Performances {
					switch f.State {
					case "MARKED!":
						marked++
					case s360.StateRunning:
						fresh[f.ID] = true
					}
				}
			}
		}
		if len(fresh) != 1 || !fresh[s360.ID(moved)] || marked < 20 {
			t.Errorf("%s: written anew %v, want %d; %d as they were", code, fresh, moved, marked)
		}
	}
}

func TestCatalog_LongOne_IsWrittenAndCompressedBeforeAnybodyAsks(t *testing.T) {
	t.Parallel()
	p := generatedPlatform(t, WorldOptions{Code: "big", Products: 100, Performances: warmFrom})
	p.warming.Wait()
	in := p.byCode["big"]
	if len(in.kept) != 1 || in.kept[0].size.Load() < packFrom || len(p.packed.kept) != 1 || p.packed.kept[0].body == nil {
		t.Errorf("%d kept, %d compressed", len(in.kept), len(p.packed.kept))
	}
	if len(p.byCode["theatre"].kept) != 0 {
		t.Error("a short one is written before anybody asks")
	}
	before := in.kept[0]
	at(t, p, "big").catalog(object{})
	if len(in.kept) != 1 || in.kept[0] != before {
		t.Error("the first question is not answered from memory")
	}
}

func TestShelf_KeepsFewAnswersAndFewBytes(t *testing.T) {
	t.Parallel()
	put := func(sizes ...int64) (s shelf) {
		for i, n := range sizes {
			k := &keptCatalog{key: catalogKey{season: text(int64(i))}}
			k.size.Store(n)
			s.put(k)
		}
		return s
	}
	if s := put(1, 2, 3, 4, 5, 6, 7, 8, 9); len(s) != keptCatalogs || s[0].size.Load() != 2 {
		t.Errorf("%d kept, the oldest %d", len(s), s[0].size.Load())
	}
	if s := put(keptBytes, keptBytes/2, 10, 20); len(s) != 3 || s[0].size.Load() != keptBytes/2 {
		t.Errorf("%d kept", len(s))
	}
}

func TestWithRequestID_GoesInFrontOnce(t *testing.T) {
	t.Parallel()
	body := []byte(`{"statusCode":"success"}`)
	if got := string(withRequestID(body, 7)); got != `{"requestId":7,"statusCode":"success"}` || string(body) != `{"statusCode":"success"}` {
		t.Error(got)
	}
	if got := string(withRequestID([]byte(`{"requestId":5,"statusCode":"success"}`), 7)); got != `{"requestId":5,"statusCode":"success"}` {
		t.Error(got)
	}
}

// The document holds what the answer with objects holds, and is made of it.
func TestGetCatalog_IsKept_AndFollowsWhatHappens(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	ask := func() string { return d.must("catalogService", "getCatalog", object{}).str("catalogData") }
	first := ask()
	n := len(d.in.kept)
	if ask() != first || len(d.in.kept) != n {
		t.Error("the document is written twice")
	}
	perf := d.next("GODOT")
	control(t, p, "POST", "/performances/"+text(perf.id)+"/price", `{"delta":1500}`)
	if ask() == first {
		t.Error("the document does not follow a price")
	}
}

func TestAppendJSON_ReadsBack(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"", `<a b="c">\é</a>`, "\t\n\r\x01\u2028"} {
		var got string
		if err := json.Unmarshal(appendJSON(nil, []byte(want)), &got); err != nil || got != want {
			t.Errorf("%q, want %q: %v", got, want, err)
		}
	}
}
