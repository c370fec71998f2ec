package freshness

import (
	"bytes"
	"compress/flate"
	"encoding/gob"
	"fmt"
	"io"
	"time"

	"guichet/domain/catalog"
)

// memory is what is kept of a planner and what goes with it, so that a restart forgets nothing. Members may be added;
// those that an older program did not write are zero.
type memory struct {
	Perfs                []perfMemory
	Goods                []productMemory
	Epoch                float64
	AllShort, AllLong    float64
	LastPoll, AskedPoll  int64
	Now                  int64
	Price                float64
	Studied              int64
	Market               marketMemory
	PaceCalls, PaceBytes float64
	Back                 [2][2]float64
	Sure                 sureMemory
	ReadBytes, PollBytes float64 // what calls cost, as a share of what was expected
	TableAt              time.Time
	Painted              int64
}

type perfMemory struct {
	ID, Product                     int64
	Start, OnSale                   int64
	Read, Confirmed, Refused, Asked int64
	Short, Long                     float64
	Stock                           []stockMemory
	Last                            Explanation
}

type stockMemory struct {
	Category                int64
	Left, Fast, Slow, Again float64
	OutAt                   int64
	Out, Counted, Off, Seen bool
	Said                    int32
}

type productMemory struct {
	ID    int64
	Moved int64
	Rate  float64
}

type marketMemory struct {
	Bins                   [thirsts]float64
	Most, All, Made, Meant float64
}

type sureMemory struct {
	Cells [bands][ages][nears][2]float64
	Ages  [bands][ages][2]float64
	Bands [bands][2]float64
	All   [2]float64
}

// remember writes down what the mind knows.
func (m *mind) remember() ([]byte, error) {
	p := m.planner
	d := memory{
		Epoch: p.epoch, AllShort: p.allShort, AllLong: p.allLong, LastPoll: p.lastPoll, AskedPoll: p.askedPoll, Now: p.now, Price: p.price,
		Studied: p.studied, Market: marketMemory{p.market.bins, p.market.most, p.market.all, p.market.made, p.market.meant}, PaceCalls: p.paceCalls, PaceBytes: p.paceBytes, Sure: m.confidence.remember(),
		ReadBytes: m.costs.read, PollBytes: m.costs.poll, TableAt: m.tableAt, Painted: m.painted,
	}
	for i, k := range p.back {
		d.Back[i] = [2]float64{k.hits, k.seconds}
	}
	for i := range p.goods {
		g := &p.goods[i]
		d.Goods = append(d.Goods, productMemory{int64(g.id), g.moved, g.rate})
	}
	for i := range p.perfs {
		d.Perfs = append(d.Perfs, p.rememberPerf(&p.perfs[i]))
	}
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := gob.NewEncoder(w).Encode(&d); err != nil {
		return nil, fmt.Errorf("write down the planner's memory: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (p *Planner) rememberPerf(f *perf) perfMemory {
	o := perfMemory{
		ID: int64(f.id), Product: int64(p.goods[f.product].id), Start: f.start, OnSale: f.onSale, Read: f.read, Confirmed: f.confirmed,
		Refused: f.refused, Asked: f.asked, Short: f.short, Long: f.long, Last: f.last,
	}
	for _, s := range f.stock {
		o.Stock = append(o.Stock, stockMemory{
			Category: int64(s.category), Left: s.left, Fast: s.fast, Slow: s.slow, Again: s.flicker, OutAt: s.outAt, Out: s.out,
			Counted: s.counted, Off: s.off, Seen: s.seen, Said: s.said,
		})
	}
	return o
}

// maxMemory bounds what a stored memory may unfold to.
const maxMemory = 256 << 20

// recall makes the mind know what was written down.
func (m *mind) recall(raw []byte, set Settings) error {
	var d memory
	if err := gob.NewDecoder(io.LimitReader(flate.NewReader(bytes.NewReader(raw)), maxMemory)).Decode(&d); err != nil {
		return fmt.Errorf("read the planner's memory: %w", err)
	}
	p := New(set)
	for _, f := range d.Perfs {
		id := catalog.PerformanceID(f.ID)
		p.Put(Performance{ID: id, Product: catalog.ProductID(f.Product), Start: time.Unix(f.Start, 0).UTC(), OnSale: onSaleAt(f.OnSale)})
		p.perfs[p.at[id]].recall(f)
	}
	for _, g := range d.Goods {
		if n, ok := p.prod[catalog.ProductID(g.ID)]; ok {
			p.goods[n].moved, p.goods[n].rate = g.Moved, g.Rate
		}
	}
	p.epoch, p.allShort, p.allLong, p.lastPoll, p.askedPoll = d.Epoch, d.AllShort, d.AllLong, d.LastPoll, d.AskedPoll
	p.now, p.price, p.paceCalls, p.paceBytes = d.Now, d.Price, d.PaceCalls, d.PaceBytes
	p.studied, p.market = d.Studied, market{d.Market.Bins, d.Market.Most, d.Market.All, d.Market.Made, d.Market.Meant}
	if p.market.all <= 0 {
		p.studied = 0 // an older program's memory: the price begins anew
	}
	for i, k := range d.Back {
		if k[1] > 0 {
			p.back[i] = pool{k[0], k[1]}
		}
	}
	m.planner, m.tableAt, m.painted = p, d.TableAt, d.Painted
	m.costs = measuredCosts{read: d.ReadBytes, poll: d.PollBytes}
	m.confidence.recall(&d.Sure)
	return nil
}

func onSaleAt(t int64) time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(t, 0).UTC()
}

func (f *perf) recall(o perfMemory) {
	f.read, f.confirmed, f.refused, f.asked, f.short, f.long, f.last = o.Read, o.Confirmed, o.Refused, o.Asked, o.Short, o.Long, o.Last
	f.stock = nil
	for _, s := range o.Stock {
		f.stock = append(f.stock, stock{
			category: catalog.SeatCategoryID(s.Category), left: s.Left, fast: s.Fast, slow: s.Slow, flicker: s.Again, outAt: s.OutAt,
			out: s.Out, counted: s.Counted, off: s.Off, seen: s.Seen, said: s.Said,
		})
	}
}

func (c *Confidence) remember() sureMemory {
	var o sureMemory
	for b := range c.cells {
		for g := range c.cells[b] {
			for n, t := range c.cells[b][g] {
				o.Cells[b][g][n] = [2]float64{t.sold, t.holds}
			}
			o.Ages[b][g] = [2]float64{c.ages[b][g].sold, c.ages[b][g].holds}
		}
		o.Bands[b] = [2]float64{c.bands[b].sold, c.bands[b].holds}
	}
	o.All = [2]float64{c.all.sold, c.all.holds}
	return o
}

func (c *Confidence) recall(o *sureMemory) {
	for b := range c.cells {
		for g := range c.cells[b] {
			for n := range c.cells[b][g] {
				c.cells[b][g][n] = tally{o.Cells[b][g][n][0], o.Cells[b][g][n][1]}
			}
			c.ages[b][g] = tally{o.Ages[b][g][0], o.Ages[b][g][1]}
		}
		c.bands[b] = tally{o.Bands[b][0], o.Bands[b][1]}
	}
	c.all = tally{o.All[0], o.All[1]}
}
