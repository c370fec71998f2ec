package api

import (
	"runtime"
	"strings"
	"time"

	"guichet/domain/catalog"
)

// Bounds of preparing a shelf. Who prepares holds up the next change of the catalog, never a reader.
const (
	prepareFor   = 2 * time.Second
	prepareYield = 16 // bodies, some 0.4 ms of work
)

// prepare writes, from a view that nobody is served from yet, what the present shelf has written, so that the readers of
// the new one find it done: single products, performances and availabilities in the languages they were asked for. It stops
// after prepareFor or where no memory is left; the rest is written when asked for. It gives way to readers all the time.
func (s *server) prepare(view *catalog.View) {
	slot := s.shelves[view.Institution.Code]
	if slot == nil {
		return
	}
	old := slot.now.Load()
	if old == nil {
		return
	}
	next := s.newShelf(view, s.Clock())
	next.rewriteAll(old, func() bool { return s.Clock().Sub(next.at) <= prepareFor })
	if left := slot.next.Swap(next); left != nil {
		left.drop()
	}
}

// rewriteAll writes what another shelf has for as long as more says so.
func (sh *shelf) rewriteAll(other *shelf, more func() bool) {
	n := 0
	for i := range other.shards {
		for _, key := range other.shards[i].keys() {
			if n++; n%prepareYield == 0 {
				if runtime.Gosched(); !more() {
					return
				}
			}
			sh.rewrite(key, other.kept(key))
		}
	}
}

// keys are those of what a shard keeps.
func (s *keeperShard) keys() []bodyKey {
	s.mu.RLock()
	defer s.mu.RUnlock()
	keys := make([]bodyKey, 0, len(s.bodies))
	for key := range s.bodies {
		keys = append(keys, key)
	}
	return keys
}

// rewrite writes what another shelf has under a key, in the codings it was sent in. What cannot be written any more, or
// fails, is left to whoever asks for it.
func (sh *shelf) rewrite(key bodyKey, other *body) {
	var b *body
	var err error
	switch key.kind {
	case performanceBody:
		if p := sh.view.Performance(catalog.PerformanceID(key.id)); p != nil {
			b, err = sh.performanceBody(p, sh.tongueOf(key.langs))
		}
	case availabilityBody:
		if p := sh.view.Performance(catalog.PerformanceID(key.id)); p != nil {
			b, err = sh.availabilityBody(p)
		}
	case productBody:
		if p := sh.view.Product(catalog.ProductID(key.id)); p != nil {
			b, err = sh.productBody(p, sh.tongueOf(key.langs))
		}
	case referenceBody, linkedBody, calendarBody, fileBody:
	}
	if err != nil || b == nil || b.keeper == nil {
		return
	}
	for c := range other.made {
		if other.made[c].Load() != nil {
			_, _ = b.variant(coding(c), sh.encoders) // made again, and answered for, when asked for
		}
	}
}

// tongueOf is the tongue that another shelf of the institution wrote as langs. Where the institution has stopped to speak
// one of them, nobody will ask for what is written in it.
func (sh *shelf) tongueOf(langs string) *tongue {
	if langs == sh.main.key {
		return sh.main
	}
	return newTongue(strings.Split(langs, ","))
}
