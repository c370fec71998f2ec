package model

import (
	"math"
	"testing"
)

func TestRhythm_AveragesToOne(t *testing.T) {
	t.Parallel()
	sum := 0.0
	for m := range 7 * minutesADay {
		sum += rhythm(m)
	}
	if mean := sum / (7 * minutesADay); math.Abs(mean-1) > 0.1 {
		t.Errorf("mean %.3f", mean)
	}
}

func TestRate_AddsUpToWhatIsWanted(t *testing.T) {
	t.Parallel()
	p := performance{onSale: -30 * minutesADay, start: 10 * minutesADay, wanted: 500, rush: 0.2, near: 0.5, half: 120, tail: 3 * minutesADay}
	sum := 0.0
	for m := p.onSale - 100; m < p.start+100; m++ {
		sum += p.rate(m)
	}
	if math.Abs(sum-500) > 5 {
		t.Errorf("%.1f places of 500", sum)
	}
}

// Nothing is sold twice, and nothing comes back that was not sold.
func TestPlay_KeepsStockWithinCapacity(t *testing.T) {
	t.Parallel()
	for _, v := range Venues() {
		perfs, products, err := build(v, stream(5, 1))
		if err != nil || products < 2 {
			t.Fatal(products, err)
		}
		w := &world{Run: Run{Policy: Even, Venue: v, Seed: 5, Calls: 100, Bytes: 1e9, Orders: 1000}, perfs: perfs, moved: make([]int, products), shown: make([]shown, len(perfs))}
		w.back = make([][]giveBack, (warmDays+monthDays)*minutesADay+1)
		if w.policy, err = newPolicy(Even, perfs, w.Settings); err != nil {
			t.Fatal(err)
		}
		w.past(stream(5, 2))
		w.share = 0.05
		w.play(3 * minutesADay)
		for i := range w.perfs {
			for j, c := range w.perfs[i].cats {
				if c.left < 0 || c.left > c.capacity {
					t.Fatalf("%s: performance %d category %d has %d of %d places", v, i, j, c.left, c.capacity)
				}
			}
		}
	}
}

func BenchmarkMonth(b *testing.B) {
	for _, v := range Venues() {
		for _, p := range []Policy{Even, Planner} {
			b.Run(string(v)+"/"+string(p), func(b *testing.B) {
				for b.Loop() {
					if _, err := Month(Run{Policy: p, Venue: v, Seed: 1}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
