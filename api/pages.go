package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// page is a whole list answer.
type page struct {
	body     *body
	link     []string // the Link header, or none
	modified []string // Last-Modified
}

// pages keeps the list answers that are asked for again, in two generations: what was not asked for during one is
// forgotten with it. A query is kept from the second time it is asked, so that those who walk through everything do not
// push out what everybody looks at. It is safe for concurrent use.
type pages struct {
	mu         sync.RWMutex
	young, old map[string]*page
	size       [2]int // bytes held for the young and the old
	seen       map[uint64]struct{}
}

// Bounds of one generation.
const (
	maxGeneration = 24 << 20
	maxSeen       = 20_000
)

var pageSeed = maphash.MakeSeed()

// page is what is kept for a query, or nil.
func (k *keeper) page(key string) *page {
	if k == nil {
		return nil
	}
	p := &k.pages
	p.mu.RLock()
	found, wasOld := p.young[key], false
	if found == nil {
		found, wasOld = p.old[key], true
	}
	p.mu.RUnlock()
	if found != nil && wasOld {
		k.renew(key)
	}
	return found
}

// renew moves a page to the young ones.
func (k *keeper) renew(key string) {
	p := &k.pages
	p.mu.Lock()
	defer p.mu.Unlock()
	found := p.old[key]
	if found == nil {
		return // another was faster
	}
	n := found.held(key)
	delete(p.old, key)
	p.size[1] -= n
	k.add(key, found, n)
}

// wants reports whether a query is asked for the second time and its answer is worth keeping.
func (k *keeper) wants(key string) bool {
	if k == nil {
		return false
	}
	h, p := maphash.String(pageSeed, key), &k.pages
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.seen[h]; ok {
		return true
	}
	if p.seen == nil || len(p.seen) >= maxSeen {
		p.seen = make(map[uint64]struct{}, 64)
	}
	p.seen[h] = struct{}{}
	return false
}

// keepPage keeps the answer to a query where there is room.
func (k *keeper) keepPage(key string, pg *page) {
	n := pg.held(key)
	if n > maxGeneration/4 || !k.hold(n) {
		return
	}
	pg.body.keeper = k
	p := &k.pages
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.young[key] != nil {
		k.release(n)
		return
	}
	k.add(key, pg, n)
}

// add puts a page, for which n bytes are held, to the young ones; the caller has the lock.
func (k *keeper) add(key string, pg *page, n int) {
	p := &k.pages
	if p.size[0]+n > maxGeneration {
		gone := p.size[1]
		for _, old := range p.old {
			gone += old.body.heldVariants()
		}
		k.release(gone)
		p.old, p.young, p.size = p.young, nil, [2]int{0, p.size[0]}
	}
	if p.young == nil {
		p.young = map[string]*page{}
	}
	p.young[key] = pg
	p.size[0] += n
}

// held is what a page takes beside its variants.
func (pg *page) held(key string) int { return len(pg.body.json) + len(key) + bodyOverhead }

// heldVariants is what was taken for the variants made so far.
func (b *body) heldVariants() (n int) {
	for c := range b.made {
		if v := b.made[c].Load(); v != nil {
			n += len(v.bytes) + bodyOverhead
		}
	}
	return n
}

// pageKey names a query: what is asked, of which shelves, in which languages. Parameters may come in any order.
func (b *browse) pageKey(path, parameters string) string {
	n := len(path) + len(parameters) + 8*len(b.shelves) + 2
	var out strings.Builder
	out.Grow(n + 8*len(b.wished))
	for _, sh := range b.shelves {
		out.WriteString(strconv.FormatUint(sh.serial, 36))
		out.WriteByte(',')
	}
	for _, l := range b.wished {
		out.WriteString(l)
		out.WriteByte(',')
	}
	out.WriteString(path)
	out.WriteByte('?')
	out.WriteString(parameters)
	return out.String()
}

// joiner puts written bodies together to one. Its tag is made of theirs, which costs far less than reading all the bytes
// again and says the same.
type joiner struct {
	out  *bytes.Buffer
	sum  hash.Hash
	n    int
	used []string
}

// newJoiner starts with the text given in a buffer that is used again after done.
func (s *server) newJoiner(begin string) *joiner {
	out := s.buffers.Get().(*bytes.Buffer)
	out.Reset()
	j := &joiner{out: out, sum: sha256.New()}
	j.text(begin)
	return j
}

// done gives the buffer back. The bytes of a body that was not copied must not be used any more.
func (s *server) done(j *joiner) {
	if j.out.Cap() <= maxPooled {
		s.buffers.Put(j.out)
	}
}

// maxPooled is the largest buffer that is kept for the next one.
const maxPooled = 4 << 20

func (j *joiner) text(t string) {
	j.out.WriteString(t)
	j.sum.Write([]byte(t))
}

// add puts one more element to the end of a list.
func (j *joiner) add(b *body) {
	if j.n++; j.n > 1 {
		j.out.WriteByte(',')
	}
	j.out.Write(b.json)
	j.sum.Write([]byte(b.tag))
	for _, l := range b.used {
		if !slices.Contains(j.used, l) {
			j.used = append(j.used, l)
		}
	}
}

// body is what was put together. It lies in the joiner's buffer unless copied.
func (j *joiner) body(copied bool) *body {
	raw := j.out.Bytes()
	if copied {
		raw = bytes.Clone(raw)
	}
	return taggedBody(raw, hex.EncodeToString(j.sum.Sum(nil)[:12]), j.used)
}
