package sim

import (
	"math/bits"
	"time"
)

// pool is the stock of one contingent: in one block at one performance, or of one item at one time slot. What is left
// is its capacity less what others bought, what is held and what is sold.
type pool struct {
	contingent *contingent
	owner      []uint8 // of the block's seats; nil when all are this contingent's

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

// owns says whether a seat of the block is of this contingent.
func (p *pool) owns(seat int) bool {
	return p.capacity > 0 && (p.owner == nil || int(p.owner[seat]) == p.contingent.index)
}

func (p *pool) seatFree(seat int) bool {
	if !p.owns(seat) || p.isGone(seat) {
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
		for s := range p.block.capacity {
			if p.seatFree(s) {
				p.markGone(s)
			}
		}
	}
	p.elsewhere = p.capacity - p.held - p.sold
}

// poolsOf returns the performance's stock by block and contingent, and makes it on first use. What others bought
// depends on the seed and the performance alone.
func (in *institution) poolsOf(p *performance) []*pool {
	if p.pools != nil {
		return p.pools
	}
	percent := p.fill(in.seed)
	for i, d := range p.division().blocks {
		b := p.product.venue.blocks[i]
		for _, c := range d.sharing() {
			pl := &pool{block: b, contingent: in.contingents[c], owner: d.owner, taken: map[int32]int64{}}
			if p.has(b.area.category) {
				pl.open(d.sizes[c], percent, mix(in.seed, uint64(p.id), uint64(b.id)))
			}
			p.pools = append(p.pools, pl)
		}
	}
	return p.pools
}

// poolAt finds the stock of a contingent in a block, by index; nil when it has none there.
func (in *institution) poolAt(p *performance, block, part int) *pool {
	first := p.division().first
	if block < 0 || block+1 >= len(first) {
		return nil
	}
	for _, pl := range in.poolsOf(p)[first[block]:first[block+1]] {
		if pl.contingent.index == part {
			return pl
		}
	}
	return nil
}

// poolOfSeat finds the stock a numbered seat is of.
func (in *institution) poolOfSeat(p *performance, block, seat int) *pool {
	if block < 0 || block >= len(p.product.venue.blocks) || seat < 0 || seat >= p.product.venue.blocks[block].capacity {
		return nil
	}
	return in.poolAt(p, block, p.division().blocks[block].whose(seat))
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

// open fills a pool of a block with its places, of which others bought some.
func (p *pool) open(size, percent int, seed uint64) {
	p.capacity = size
	if !p.block.numbered() {
		p.elsewhere = size * percent / 100
		return
	}
	p.gone = make([]uint64, (p.block.capacity+63)/64)
	for _, r := range p.block.rows {
		for s := 0; s < r.seats; {
			h := mix(seed, uint64(r.first+s))
			party := int(h%4) + 1
			if int(h>>8%100) < percent {
				for k := s; k < min(s+party, r.seats); k++ {
					if p.owns(r.first + k) {
						p.markGone(r.first + k)
					}
				}
			}
			s += party
		}
	}
	p.elsewhere = p.goneCount()
}

// poolsAt lists the stock of an item at a slot and day by contingent, those without places left out.
func (in *institution) poolsAt(it *item, key slotKey, from []*contingent) []*pool {
	var out []*pool
	for _, c := range from {
		key.part = c.index
		if p := in.poolOf(it, key); p.capacity != 0 {
			out = append(out, p)
		}
	}
	return out
}

// poolOf returns the stock of an item at a slot and day in a contingent, and makes it on first use.
func (in *institution) poolOf(it *item, key slotKey) *pool {
	if p := it.pools[key]; p != nil {
		return p
	}
	p := &pool{capacity: in.quota(it, key.part), contingent: in.contingents[key.part]}
	if key.slot != 0 {
		h := mix(in.seed, uint64(key.slot), textHash(key.day))
		p.elsewhere = p.capacity * between(it.def.Slots.Fill, h) / 100
		if in.slotSoldOut(in.slotOf[key.slot], key.day) {
			p.elsewhere = p.capacity
		}
	}
	it.pools[key] = p
	return p
}

// quota is how many of an item a contingent has, or has at each time slot; negative is without end, and that has no parts.
func (in *institution) quota(it *item, part int) int {
	if it.def.Slots == nil && it.def.Stock <= 0 {
		return -1 + min(part, 1)
	}
	sizes, err := in.quotas(it.def, it.def.size())
	if err != nil {
		return 0 // refused when the world was grown
	}
	return sizes[part]
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
