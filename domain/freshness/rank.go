package freshness

// ranking keeps the n greatest of many, without allocating once it is as large as it gets.
type ranking struct {
	n    int
	heap []ranked // the least first
}

type ranked struct {
	value float64
	perf  int32
}

func (r *ranking) reset(n int) {
	r.n = n
	if cap(r.heap) < n {
		r.heap = make([]ranked, 0, n)
	}
	r.heap = r.heap[:0]
}

// less orders by value, then by number, so that equals always come out the same.
func less(a, b ranked) bool { return a.value < b.value || (a.value == b.value && a.perf > b.perf) }

func (r *ranking) offer(v float64, i int32) {
	x := ranked{v, i}
	if len(r.heap) < r.n {
		r.heap = append(r.heap, x)
		for c := len(r.heap) - 1; c > 0; {
			up := (c - 1) / 2
			if !less(r.heap[c], r.heap[up]) {
				break
			}
			r.heap[c], r.heap[up] = r.heap[up], r.heap[c]
			c = up
		}
		return
	}
	if r.n == 0 || !less(r.heap[0], x) {
		return
	}
	r.heap[0] = x
	r.sink(0, len(r.heap))
}

func (r *ranking) sink(c, n int) {
	for {
		l := 2*c + 1
		if l >= n {
			return
		}
		if l+1 < n && less(r.heap[l+1], r.heap[l]) {
			l++
		}
		if !less(r.heap[l], r.heap[c]) {
			return
		}
		r.heap[c], r.heap[l] = r.heap[l], r.heap[c]
		c = l
	}
}

// sorted puts the greatest first and ends the ranking: offer no more before the next reset.
func (r *ranking) sorted() []ranked {
	for n := len(r.heap) - 1; n > 0; n-- {
		r.heap[0], r.heap[n] = r.heap[n], r.heap[0]
		r.sink(0, n)
	}
	return r.heap
}
