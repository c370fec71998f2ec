package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/freshness"
)

// shelf is one institution's view with the bodies already written from it. What is on sale is judged at one moment and
// stays so until the next at which a sale opens, ends or is over; a shelf is thrown away whole when that moment comes or
// the view changes. It is safe for concurrent use.
type shelf struct {
	view     *catalog.View
	index    *catalog.Index
	at       time.Time // the moment at which everything on it is judged
	until    time.Time // the moment from which it has to be judged anew; zero is never
	mod      time.Time // Last-Modified
	modified []string  // as a header
	serial   uint64    // no two shelves of a process have the same
	main     *tongue   // of a reader who wishes for nothing
	looks    *freshness.Counters
	table    *freshness.Table // of confidence
	sureAt   time.Time        // the moment by which ages are judged
	*keeper

	mu      sync.RWMutex
	tongues map[string]*tongue // by what the request says: ?lang=, a line end, Accept-Language
}

// maxTongues bounds how many ways of wishing for languages a shelf remembers.
const maxTongues = 500

// tongue is which of an institution's languages a reader gets, best first.
type tongue struct {
	langs []string
	key   string
}

func newTongue(langs []string) *tongue { return &tongue{langs: langs, key: strings.Join(langs, ",")} }

// speech starts to choose texts.
func (t *tongue) speech() *speech { return &speech{langs: t.langs} }

// shelfSlot holds an institution's present shelf.
type shelfSlot struct {
	now  atomic.Pointer[shelf]
	next atomic.Pointer[shelf] // prepared for the view to come, or nil
	mu   sync.Mutex            // one builder at a time
}

// shelf is the institution's present shelf. Errors: institution.unknown, catalog.unknown while nothing is loaded.
//
// Nobody waits for another's shelf: it is prepared before its view is shown, and where it is not, while one reader builds
// it, which takes microseconds because the view brings its index along, the others are served from the one before.
func (s *server) shelf(code domain.InstitutionCode) (*shelf, error) {
	return s.shelfAt(code, s.Clock())
}

// shelfAt is shelf for who has looked at the clock.
func (s *server) shelfAt(code domain.InstitutionCode, at time.Time) (*shelf, error) {
	view, err := s.Catalog.View(code)
	if err != nil {
		return nil, err
	}
	slot, table := s.shelves[code], s.Freshness.Table(code)
	old := slot.now.Load()
	if old != nil && old.serves(view, table, at) {
		return old, nil
	}
	if old == nil {
		slot.mu.Lock()
	} else if !slot.mu.TryLock() {
		return old, nil
	}
	defer slot.mu.Unlock()
	if old = slot.now.Load(); old != nil && old.serves(view, table, at) {
		return old, nil
	}
	sh := slot.next.Swap(nil)
	if sh != nil && !sh.serves(view, table, at) {
		sh.drop()
		sh = nil
	}
	if sh == nil {
		sh = s.newShelf(view, at)
	}
	slot.now.Store(sh)
	if old != nil {
		old.drop()
	}
	return sh, nil
}

// serves reports whether the shelf is of that view, and what it says still holds. A clock that went back changes nothing.
func (sh *shelf) serves(view *catalog.View, table *freshness.Table, at time.Time) bool {
	return sh.view == view && sh.table == table && (sh.until.IsZero() || at.Before(sh.until))
}

func (s *server) newShelf(view *catalog.View, at time.Time) *shelf {
	sh := &shelf{
		view: view, index: view.Index(), at: at, until: view.NextChange(at), mod: view.LoadedAt, serial: s.serial.Add(1),
		looks: s.Views.Counters(view.Snapshot), table: s.Freshness.Table(view.Institution.Code), sureAt: freshness.AtStep(at),
		main: newTongue([]string{view.Institution.MainLanguage}), keeper: newKeeper(s.budget, s.encoders), tongues: map[string]*tongue{},
	}
	if t := freshness.Turns(view, at); !t.IsZero() && (sh.until.IsZero() || t.Before(sh.until)) {
		sh.until = t
	}
	if c := view.LatestAt(); c.After(sh.mod) {
		sh.mod = c
	}
	if !sh.mod.IsZero() {
		sh.modified = []string{sh.mod.UTC().Format(http.TimeFormat)}
	}
	return sh
}

// speech is a reader of this institution's texts: the languages wished that it has, then its main one.
func (sh *shelf) speech(wished []string) *speech { return &speech{langs: sh.langs(wished)} }

func (sh *shelf) langs(wished []string) []string {
	var langs []string
	for _, l := range wished {
		base, _, _ := strings.Cut(l, "-")
		switch {
		case sh.index.Speaks(l):
			langs = append(langs, l)
		case sh.index.Speaks(base):
			langs = append(langs, base)
		}
	}
	return append(langs, sh.view.Institution.MainLanguage)
}

// tongue is what a request's wishes come to here, remembered by how the request says them.
func (sh *shelf) tongue(asked string, h http.Header) *tongue {
	accept := first(h["Accept-Language"])
	if asked == "" && accept == "" {
		return sh.main
	}
	said := accept
	if asked != "" {
		said = asked + "\n" // no header has one
	}
	sh.mu.RLock()
	t := sh.tongues[said]
	sh.mu.RUnlock()
	if t != nil {
		return t
	}
	t = newTongue(sh.langs(wishes(asked, h)))
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if len(sh.tongues) < maxTongues && len(said) <= maxRemembered {
		sh.tongues[strings.Clone(said)] = t
	}
	return t
}

// maxRemembered is the longest Accept-Language that is worth remembering.
const maxRemembered = 200

// first is the first line of a header, or nothing.
func first(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}

// budget bounds the bytes of everything that is kept of written bodies, over all institutions.
type budget struct {
	most int64
	used atomic.Int64
}

// take reserves bytes; false says that there are not so many left.
func (b *budget) take(n int) bool {
	if b.used.Add(int64(n)) <= b.most {
		return true
	}
	b.used.Add(-int64(n))
	return false
}

func (b *budget) give(n int) { b.used.Add(-int64(n)) }

// keeper keeps written bodies as long as its shelf stands. It is safe for concurrent use.
type keeper struct {
	budget   *budget
	encoders *encoders
	shards   [keeperShards]keeperShard
	pages    pages

	mu      sync.Mutex
	held    int
	dropped bool
}

// keeperShards is how many maps bodies are spread over, so that those who write do not stop those who read.
const keeperShards = 64

type keeperShard struct {
	mu     sync.RWMutex
	bodies map[bodyKey]*body
}

func newKeeper(b *budget, e *encoders) *keeper {
	return &keeper{budget: b, encoders: e}
}

// hold takes bytes from the budget for as long as the shelf stands; false says that they cannot be kept.
func (k *keeper) hold(n int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dropped || !k.budget.take(n) {
		return false
	}
	k.held += n
	return true
}

// release gives back what was held for something that is not kept any longer.
func (k *keeper) release(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.dropped {
		k.held -= n
		k.budget.give(n)
	}
}

// drop gives back what was held; readers that are still at it go on, and keep nothing more.
func (k *keeper) drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dropped = true
	k.budget.give(k.held)
	k.held = 0
}

type bodyKey struct {
	kind  bodyKind
	id    int64
	langs string
}

type bodyKind uint8

const (
	productBody bodyKind = iota
	performanceBody
	availabilityBody
	referenceBody
	linkedBody
	calendarBody
	fileBody // part of the program, by its path
)

func (k *keeper) shard(key bodyKey) *keeperShard { return &k.shards[uint64(key.id)%keeperShards] } //nolint:gosec // G115: any number does

// kept is the body of a key, or nil.
func (k *keeper) kept(key bodyKey) *body {
	s := k.shard(key)
	s.mu.RLock()
	b := s.bodies[key]
	s.mu.RUnlock()
	return b
}

// keep keeps a body, unless another was faster or there is no room.
func (k *keeper) keep(key bodyKey, b *body) *body {
	size := len(b.json) + bodyOverhead
	if !k.hold(size) {
		return b
	}
	s := k.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.bodies[key]; other != nil {
		k.release(size)
		return other
	}
	if s.bodies == nil {
		s.bodies = map[bodyKey]*body{}
	}
	b.keeper = k
	s.bodies[key] = b
	return b
}

// body returns the written body of a key, writing it if nobody has.
func (k *keeper) body(key bodyKey, write func() ([]byte, []string, error)) (*body, error) {
	if b := k.kept(key); b != nil {
		return b, nil
	}
	raw, used, err := write()
	if err != nil {
		return nil, err
	}
	return k.keep(key, newBody(raw, used)), nil
}

// body is a written answer: one JSON value, the tag from which the strong ETag of each variant is made, and the languages
// in it.
type body struct {
	json     []byte
	tag      string
	plain    variant
	language []string
	used     []string

	keeper *keeper // nil where the body is not kept
	mu     sync.Mutex
	made   [codings]atomic.Pointer[variant]
}

// bodyOverhead is about what a kept body takes beside its bytes.
const bodyOverhead = 400

func newBody(b []byte, used []string) *body { return taggedBody(b, tagOf(b), used) }

// taggedBody is a body whose tag is made otherwise than of all its bytes. The same bytes must always have the same tag,
// and different bytes different ones.
func taggedBody(b []byte, tag string, used []string) *body {
	return &body{
		json: b, tag: tag, language: []string{contentLanguage(used)}, used: used,
		plain: variant{bytes: b, etag: []string{`"` + tag + `"`}, length: []string{strconv.Itoa(len(b))}},
	}
}

// tagOf is what a body's ETags are made of: the same bytes have the same one on every replica.
func tagOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}

// variant is the body in a coding. Of a kept body it is made once, by the first who wishes for it, while others who wish
// for the same wait for that one; a body that is not kept is compressed in the cheaper way.
func (b *body) variant(c coding, e *encoders) (*variant, error) {
	if c == codingNone {
		return &b.plain, nil
	}
	if b.keeper == nil {
		return b.compress(c, quick, e)
	}
	if v := b.made[c].Load(); v != nil {
		return v, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if v := b.made[c].Load(); v != nil {
		return v, nil
	}
	how := thorough
	if len(b.json) > quickVariant {
		how = quick
	}
	v, err := b.compress(c, how, e)
	if err == nil && b.keeper.hold(len(v.bytes)+bodyOverhead) {
		b.made[c].Store(v)
	}
	return v, err
}

func (b *body) compress(c coding, how effort, e *encoders) (*variant, error) {
	raw, err := e.compress(c, how, b.json)
	if err != nil {
		return nil, err
	}
	return &variant{bytes: raw, etag: []string{`"` + b.tag + tagEnds[c][how]}, length: []string{strconv.Itoa(len(raw))}}, nil
}

// tagEnds are what a variant's ETag ends in. Two ways to compress give different bytes, so they have different ends.
var tagEnds = [codings][efforts]string{{`-br1"`, `-br"`}, {`-zstd1"`, `-zstd"`}, {`-gzip1"`, `-gzip"`}}

// had finds the caller's own ETag of this body, in whatever variant, in If-None-Match; "*" is any. Weak tags match too, as
// RFC 9110 wants it of a GET.
func (b *body) had(lines []string) ([]string, bool) {
	for _, line := range lines {
		if line == b.plain.etag[0] {
			return b.plain.etag, true
		}
		for part := range strings.SplitSeq(line, ",") {
			part = strings.TrimPrefix(strings.Trim(part, " \t"), "W/")
			if part == "*" {
				return b.plain.etag, true
			}
			if rest, ok := strings.CutPrefix(part, b.plain.etag[0][:len(b.tag)+1]); ok && isTagEnd(rest) {
				return []string{part}, true
			}
		}
	}
	return nil, false
}

func isTagEnd(s string) bool {
	if s == `"` {
		return true
	}
	for _, ends := range tagEnds {
		for _, end := range ends {
			if s == end {
				return true
			}
		}
	}
	return false
}
