package model

import (
	"fmt"
	"math"
)

// Venue is a shape of venue.
type Venue string

// The shapes. They differ in what is scarce: a museum has thousands of small slots, a theatre hundreds of evenings, a
// stadium few matches that sell in a rush.
const (
	Museum  Venue = "museum"
	Theatre Venue = "theatre"
	Stadium Venue = "stadium"
)

// Venues lists the shapes.
func Venues() []Venue { return []Venue{Museum, Theatre, Stadium} }

const (
	minutesADay = 24 * 60
	warmDays    = 7  // the world runs before the month that counts, so that nobody starts knowing nothing
	monthDays   = 30 // of the month that counts
)

// category is one seat category of a performance: the truth about it.
type category struct {
	capacity, left, kept int // kept: given back to the public shortly before the date
}

// performance is one dated thing and who wants it.
type performance struct {
	product       int
	start, onSale int     // minutes since the world began; onSale may be negative
	released      int     // minute in which what was kept is given back
	wanted        float64 // places that would be sold if there were any number of them
	rush          float64 // share of it wanted in the hours after going on sale
	near          float64 // share wanted in the last days
	half          float64 // minutes in which the rush falls to half
	tail          float64 // minutes before the date over which the last days' demand falls to 1/e
	cats          []category
	pull          []float64 // how buyers spread over categories, summed
}

// shape says what a venue offers. Nothing in it is known to any policy but start and onSale.
func build(v Venue, c chance) (perfs []performance, products int, err error) {
	switch v {
	case Museum:
		return museum(c), 2, nil
	case Theatre:
		p := theatre(c)
		return p, theatreProducts, nil
	case Stadium:
		p := stadium(c)
		return p, len(p), nil
	}
	return nil, 0, fmt.Errorf("venue %q is none of museum, theatre, stadium", v)
}

// museum: permanent collection and an exhibition, timed entry every quarter and every half hour from nine to six, closed on
// Mondays, sold sixty days ahead; every midnight a day more. The exhibition's last six weeks go on sale on day ten.
func museum(c chance) []performance {
	var out []performance
	for day := range warmDays + monthDays + 61 {
		if day%7 == 0 {
			continue
		}
		weekend := 1.0
		if day%7 >= 5 {
			weekend = 1.7
		}
		weather := c.lognormal(1, 0.25)
		for product, step := range []int{15, 30} {
			size, level := 60, 0.6
			if product == 1 {
				size, level = 40, 1
			}
			for m := 9 * 60; m < 18*60; m += step {
				start := day*minutesADay + m
				noon := math.Exp(-math.Pow(float64(m-13*60)/200, 2))
				p := performance{
					product: product, start: start, onSale: (day - 60) * minutesADay, rush: 0.02, near: 0.8, half: 120, tail: 2 * minutesADay,
					wanted: float64(size) * level * weekend * weather * (0.45 + 0.9*noon) * c.lognormal(1, 0.3),
				}
				if product == 1 && day >= warmDays+20 {
					p.onSale = max(p.onSale, (warmDays+10)*minutesADay+10*60)
					p.rush = 0.25
				}
				p.one(size, 0)
				out = append(out, p)
			}
		}
	}
	return out
}

const theatreProducts = 166

// theatre: 166 productions with 1,003 evenings over seven months, of which a tenth to a fifth of each hall of 250 to 900
// places in four categories is the resellers'; a third of the season goes on sale on day twelve of the month at ten, the rest
// is on sale already. A fifth are hits, wanted by twice as many as fit, four in ten of them in the hours after going on sale.
func theatre(c chance) []performance {
	var out []performance
	for product := range theatreProducts {
		size := float64([]int{250, 450, 900}[c.IntN(3)]) * (0.1 + 0.1*c.Float64())
		popular, rush, half := c.lognormal(0.75, 0.4), 0.15, 240.0
		if product%5 == 0 {
			popular, rush, half = c.lognormal(2.2, 0.4), 0.4, 120
		}
		first, evenings := c.IntN(180), 6
		if product < 7 {
			evenings = 7
		}
		for n := range evenings {
			day := first + n*(2+c.IntN(4))
			p := performance{
				product: product, start: day*minutesADay + (19+n%2)*60, onSale: -60 * minutesADay,
				rush: rush, near: 0.45, half: half, tail: 7 * minutesADay,
				wanted: size * popular * c.lognormal(1, 0.25),
			}
			if day%7 >= 4 {
				p.wanted *= 1.25
			}
			if day > 110 {
				p.onSale = (warmDays+12)*minutesADay + 10*60
			}
			p.split(int(size), []float64{0.2, 0.35, 0.3, 0.15}, []float64{0.25, 0.35, 0.22, 0.18}, 0.06)
			p.released = p.start - (2+c.IntN(12))*minutesADay
			out = append(out, p)
		}
	}
	return out
}

// stadium: a match every nine days and ten concerts over nine months, of whose 8,000 to 40,000 places in
// seven categories a tenth is the resellers'. Each goes
// on sale ten weeks (a concert: four to eight months) before its date at ten; half of the concerts are wanted by more than
// there is room for, and half of what they sell is wanted within hours.
func stadium(c chance) []performance {
	var out []performance
	parts := []float64{0.06, 0.1, 0.14, 0.2, 0.2, 0.2, 0.1}
	pull := []float64{0.05, 0.09, 0.16, 0.18, 0.2, 0.17, 0.15}
	add := func(day, onSale, size int, wanted, rush, half float64) {
		p := performance{
			product: len(out), start: day*minutesADay + 20*60, onSale: onSale*minutesADay + 10*60, rush: rush, near: 0.4, half: half, tail: 7 * minutesADay,
			wanted: wanted * float64(size),
		}
		p.split(size, parts, pull, 0.04)
		p.released = p.start - (3+c.IntN(10))*minutesADay
		out = append(out, p)
	}
	for day := 3; day < 270; day += 9 {
		add(day, day-70, 2400, c.lognormal(0.65, 0.4), 0.12, 300)
	}
	for range 10 {
		day := 5 + c.IntN(265)
		add(day, day-120-c.IntN(120), 800+c.IntN(3200), c.lognormal(1, 0.5), 0.5, 60)
	}
	// a month in which nothing goes on sale would be no stadium's
	add(200, warmDays+3+c.IntN(20), 3000, c.lognormal(1.2, 0.3), 0.5, 60)
	return out
}

func (p *performance) one(size, kept int) {
	p.cats, p.pull = []category{{capacity: size, left: size - kept, kept: kept}}, []float64{1}
}

func (p *performance) split(size int, parts, pull []float64, kept float64) {
	sum := 0.0
	for i, s := range parts {
		n := int(float64(size) * s)
		k := int(float64(n) * kept)
		p.cats = append(p.cats, category{capacity: n, left: n - k, kept: k})
		sum += pull[i]
		p.pull = append(p.pull, sum)
	}
}

// rate is how many places a minute are wanted at the minute, before the hour's rhythm: the rush, what comes evenly, and what
// comes near the date.
func (p *performance) rate(minute int) float64 {
	if minute < p.onSale || minute >= p.start {
		return 0
	}
	span := float64(p.start - max(p.onSale, -200*minutesADay))
	since, to := float64(minute-p.onSale), float64(p.start-minute)
	k := math.Ln2 / p.half
	r := p.rush * k * math.Exp(-k*since)
	r += (1 - p.rush - p.near) / span
	r += p.near / p.tail * math.Exp(-to/p.tail) / (1 - math.Exp(-span/p.tail))
	return p.wanted * r
}

// rhythm is how the hour and the weekday move demand; its mean over a week is about 1.
func rhythm(minute int) float64 {
	h := float64(minute%minutesADay) / 60
	day := minute / minutesADay % 7
	bell := func(at, width float64) float64 { x := (h - at) / width; return math.Exp(-x * x) }
	return (0.1 + 1.1*bell(12.5, 3.6) + 1.35*bell(20, 2.4)) * []float64{1.1, 1, 1, 1, 1.05, 0.95, 0.9}[day] / 0.63
}
