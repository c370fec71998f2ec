package sim

import (
	"math/bits"
	"time"
)

// pool is the stock of one block at one performance, or of one item at one time slot. What is left
// is its capacity less what others bought, what is held and what is sold.
type pool struct {
	capacity  int // negative is without end
	elsewhere int // sold by other channels, or blocked by hand
	held      int
	sold      int
	awayUntil time.Time // until then somebody else holds all the rest

	block *block          // nil for items
	gone  []uint64        // bits of the seats others bought
	taken map[int32]int64 // seat to movement, held or sold
}

// endless stands for the quantity of a pool without end.
const endless = 1 << 30

func (p *pool) free(now time.Time) int {
	if now.Before(p.awayUntil) {
		return 0
	}
	return p.left()
}

// left is what nobody has, whoever may be reaching for it.
func (p *pool) left() int {
	if p.capacity < 0 {
		return endless
	}
	return p.capacity - p.elsewhere - p.held - p.sold
}

func (p *pool) isGone(seat int) bool { return p.gone[seat/64]&(1<<(seat%64)) != 0 }

func (p *pool) seatFree(seat int) bool {
	if p.isGone(seat) {
		return false
	}
	_, taken := p.taken[int32(seat)]
	return !taken
}

func (p *pool) markGone(seat int) { p.gone[seat/64] |= 1 << (seat % 64) }

// goneCount counts the seats others bought.
func (p *pool) goneCount() int {
	n := 0
	for _, w := range p.gone {
		n += bits.OnesCount64(w)
	}
	return n
}

// blockRest gives everything that is left to others, for good.
func (p *pool) blockRest() {
	if p.capacity < 0 {
		p.capacity = p.held + p.sold
		p.elsewhere = 0
		return
	}
	if p.block != nil && p.block.numbered() {
		for s := range p.capacity {
			if p.seatFree(s) {
				p.markGone(s)
			}
		}
	}
	p.elsewhere = p.capacity - p.held - p.sold
}

// poolsOf returns the performance's stock by block and makes it on first use. What others bought
// depends on the seed and the performance alone.
func (in *institution) poolsOf(p *performance) []*pool {
	if p.pools != nil {
		return p.pools
	}
	percent := p.fill(in.seed)
	p.pools = make([]*pool, len(p.product.venue.blocks))
	for i, b := range p.product.venue.blocks {
		if !p.has(b.area.category) {
			p.pools[i] = &pool{block: b, taken: map[int32]int64{}}
			continue
		}
		p.pools[i] = newPool(b, percent, mix(in.seed, uint64(p.id), uint64(b.id)))
	}
	return p.pools
}

// has says whether the performance has that seat category: in a recording, one that none of its prices names has no places.
func (p *performance) has(c *category) bool {
	if p.amounts == nil {
		return true
	}
	for key := range p.amounts {
		if key.category == c.id {
			return true
		}
	}
	return false
}

func newPool(b *block, percent int, seed uint64) *pool {
	p := &pool{capacity: b.capacity, block: b}
	if !b.numbered() {
		p.elsewhere = b.capacity * percent / 100
		return p
	}
	p.gone = make([]uint64, (b.capacity+63)/64)
	p.taken = map[int32]int64{}
	for _, r := range b.rows {
		for s := 0; s < r.seats; {
			h := mix(seed, uint64(r.first+s))
			party := int(h%4) + 1
			if int(h>>8%100) < percent {
				for k := s; k < min(s+party, r.seats); k++ {
					p.markGone(r.first + k)
				}
			}
			s += party
		}
	}
	p.elsewhere = p.goneCount()
	return p
}

// poolOf returns the stock of an item at a slot and day and makes it on first use.
func (in *institution) poolOf(it *item, key slotKey) *pool {
	if p := it.pools[key]; p != nil {
		return p
	}
	p := &pool{capacity: -1}
	switch {
	case key.slot != 0:
		rule := it.def.Slots
		p.capacity = rule.Quota
		h := mix(in.seed, uint64(key.slot), textHash(key.day))
		p.elsewhere = rule.Quota * between(rule.Fill, h) / 100
		if in.slotSoldOut(in.slotOf[key.slot], key.day) {
			p.elsewhere = p.capacity
		}
	case it.def.Stock > 0:
		p.capacity = it.def.Stock
	}
	it.pools[key] = p
	return p
}

func (in *institution) slotSoldOut(s *slot, day string) bool {
	if s.item.def.Slots.SoldOut == "" {
		return false
	}
	t, err := time.ParseInLocation(time.DateOnly, day, in.zone)
	if err != nil {
		return false
	}
	at := time.Date(t.Year(), t.Month(), t.Day(), s.hour, s.minute, 0, 0, in.zone)
	return s.item.def.Slots.SoldOut == weekdays[t.Weekday()]+" "+at.Format("15:04")
}

func textHash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
