package sim

import "fmt"

// shares checks that the contingents divide a performance: every place is in one of them and stays in it, and what a contingent
// sold, holds and has left is its size.
func (k *checker) shares(perf *performance) {
	d := perf.division()
	for i, b := range perf.product.venue.blocks {
		pools := perf.pools[d.first[i]:d.first[i+1]]
		if !perf.has(b.area.category) {
			continue
		}
		name := fmt.Sprintf("performance %d, block %s", perf.id, b.code)
		if b.numbered() {
			k.owners(name, b, d.blocks[i], pools)
		}
		size := 0
		for _, pl := range pools {
			size += pl.capacity
			if want := d.blocks[i].sizes[pl.contingent.index]; pl.capacity != want {
				k.bad("%s: contingent %s has %d places, the world gives it %d", name, pl.contingent.def.Code, pl.capacity, want)
			}
			k.spent(name, pl)
		}
		if size != b.capacity {
			k.bad("%s: the contingents have %d of %d places", name, size, b.capacity)
		}
	}
}

// owners checks that every seat is in one contingent, the one the world says, and that no other has given it away.
func (k *checker) owners(name string, b *block, d blockDivision, pools []*pool) {
	want := 0
	if d.owner == nil {
		want = d.whose(0)
	}
	for seat := range b.capacity {
		if d.owner != nil {
			want = int(d.owner[seat])
		}
		in := 0
		for _, pl := range pools {
			if pl.owns(seat) {
				in++
			}
			_, taken := pl.taken[int32(seat)]
			if pl.contingent.index != want && (pl.owns(seat) || taken || pl.isGone(seat)) {
				k.bad("%s: seat %d is contingent %s's and is in contingent %s", name, seat, k.in.contingents[want].def.Code, pl.contingent.def.Code)
			}
		}
		if in != 1 {
			k.bad("%s: seat %d is in %d contingents", name, seat, in)
		}
	}
}

// spent adds up a contingent's places by the orders and by the seats themselves.
func (k *checker) spent(name string, pl *pool) {
	free := pl.left()
	if pl.block.numbered() {
		free = 0
		for seat := range pl.block.capacity {
			if pl.seatFree(seat) {
				free++
			}
		}
	}
	if got := k.sold[pl] + k.held[pl] + pl.elsewhere + free; got != pl.capacity {
		k.bad("%s: of contingent %s %d are sold, %d held, %d elsewhere and %d free, it has %d", name, pl.contingent.def.Code, k.sold[pl], k.held[pl], pl.elsewhere, free, pl.capacity)
	}
}

// quotas checks that the contingents of an item divide its stock, or its quota at each time slot.
func (k *checker) quotas(it *item) {
	if it.def.size() <= 0 {
		return
	}
	sizes, err := k.in.quotas(it.def, it.def.size())
	if err != nil {
		k.bad("item %d: %w", it.id, err)
		return
	}
	for key, pl := range it.pools {
		if pl.contingent.index != key.part || pl.capacity != sizes[key.part] {
			k.bad("item %d, slot %d on %q: contingent %s has %d of contingent %s's %d", it.id, key.slot, key.day, pl.contingent.def.Code, pl.capacity, k.in.contingents[key.part].def.Code, sizes[key.part])
		}
		if got := k.sold[pl] + k.held[pl] + pl.elsewhere + max(pl.left(), 0); got > pl.capacity {
			k.bad("item %d, slot %d on %q: contingent %s has %d and %d of them are gone or left", it.id, key.slot, key.day, pl.contingent.def.Code, pl.capacity, got)
		}
	}
}
