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

	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/catalog"
)

// What callers may keep. Catalog answers depend on the key (its institutions), so they are private; for the same reason
// no shared cache holds them. Half a minute is far below how often availability is read from the platform.
const cacheControl = "private, max-age=30, stale-while-revalidate=120"

// staleness is how precise "on sale now" is in catalog answers: sale periods open and end on whole minutes. Orders are
// judged to the millisecond.
const staleness = time.Minute

// shelf is one institution's view at one minute, with the bodies already written from it. Bodies never change, so a shelf
// is thrown away whole when the view or the minute does.
type shelf struct {
	view  *catalog.View
	index *catalog.Index
	at    time.Time // the minute at which everything on it is judged
	mod   time.Time // Last-Modified

	mu     sync.RWMutex
	bodies map[bodyKey]*body
	bytes  int
}

// maxShelf bounds the bytes of bodies one shelf keeps; beyond, bodies are written anew each time.
const maxShelf = 16 << 20

type bodyKey struct {
	kind  bodyKind
	id    int64
	langs string
}

type bodyKind uint8

const (
	productBody bodyKind = iota
	performanceBody
	referenceBody
	linkedBody
	calendarBody
)

// body is a written answer: one JSON value, its strong ETag and the languages in it.
type body struct {
	json     []byte
	etag     []string
	language []string
	length   []string
	used     []string
}

func newBody(b []byte, used []string) *body {
	return &body{json: b, etag: []string{etagOf(b)}, language: []string{contentLanguage(used)}, length: []string{strconv.Itoa(len(b))}, used: used}
}

// etagOf is a strong ETag: the same bytes have the same one on every replica.
func etagOf(b []byte) string {
	sum := sha256.Sum256(b)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// shelfSlot holds an institution's present shelf.
type shelfSlot struct {
	now atomic.Pointer[shelf]
	mu  sync.Mutex // one builder at a time
}

// shelf is the institution's present shelf. Errors: institution.unknown, catalog.unknown while nothing is loaded.
func (s *server) shelf(code domain.InstitutionCode) (*shelf, error) {
	view, err := s.Catalog.View(code)
	if err != nil {
		return nil, err
	}
	slot, at := s.shelves[code], s.Clock().Truncate(staleness)
	if sh := slot.now.Load(); sh != nil && sh.view == view && sh.at.Equal(at) {
		return sh, nil
	}
	slot.mu.Lock()
	defer slot.mu.Unlock()
	old := slot.now.Load()
	if old != nil && old.view == view && old.at.Equal(at) {
		return old, nil
	}
	sh := &shelf{view: view, index: view.Index(), at: at, bodies: map[bodyKey]*body{}, mod: view.LoadedAt}
	if c := view.ConfirmedAt(); c.After(sh.mod) {
		sh.mod = c
	}
	slot.now.Store(sh)
	return sh, nil
}

// speech is a reader of this institution's texts: the languages wished that it has, then its main one.
func (sh *shelf) speech(wished []string) *speech {
	sp := &speech{}
	for _, l := range wished {
		base, _, _ := strings.Cut(l, "-")
		switch {
		case sh.index.Speaks(l):
			sp.langs = append(sp.langs, l)
		case sh.index.Speaks(base):
			sp.langs = append(sp.langs, base)
		}
	}
	sp.langs = append(sp.langs, sh.view.Institution.MainLanguage)
	return sp
}

// body returns the written body of a key, writing it if nobody has.
func (sh *shelf) body(k bodyKey, write func() ([]byte, []string, error)) (*body, error) {
	sh.mu.RLock()
	b := sh.bodies[k]
	sh.mu.RUnlock()
	if b != nil {
		return b, nil
	}
	raw, used, err := write()
	if err != nil {
		return nil, err
	}
	b = newBody(raw, used)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if size := len(raw) + 300; sh.bytes+size <= maxShelf && sh.bodies[k] == nil {
		sh.bodies[k] = b
		sh.bytes += size
	}
	return b, nil
}

var (
	headerJSON = []string{"application/json"}
	headerKeep = []string{cacheControl}
	headerVary = []string{"Accept-Language, Authorization"}
)

// sendBody answers with a body that callers may keep, or with 304 where they have it already.
func sendBody(c *gin.Context, b *body, mod time.Time) { sendBodyAs(c, b, mod, "") }

// sendBodyAs is sendBody for a body of another media type than JSON.
func sendBodyAs(c *gin.Context, b *body, mod time.Time, media string) {
	h := c.Writer.Header()
	h["Etag"] = b.etag
	h["Cache-Control"] = headerKeep
	h["Vary"] = headerVary
	if !mod.IsZero() {
		h["Last-Modified"] = []string{mod.UTC().Format(http.TimeFormat)}
	}
	if unchanged(c.Request, b.etag[0]) {
		c.Writer.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"] = headerJSON
	if media != "" {
		h["Content-Type"] = []string{media}
	}
	h["Content-Length"] = b.length
	if b.language[0] != "" {
		h["Content-Language"] = b.language
	}
	c.Writer.WriteHeader(http.StatusOK)
	_, _ = c.Writer.Write(b.json) // a caller that hung up cannot be told
}

// unchanged reports whether the caller has these bytes. If-Modified-Since is not looked at: its seconds are too coarse.
func unchanged(r *http.Request, etag string) bool {
	for part := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == etag || part == "*" {
			return true
		}
	}
	return false
}
