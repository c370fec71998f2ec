package model

import (
	"bytes"
	"fmt"
	"html"
	"math"
)

// Plot draws the months as a picture (SVG): for each venue the stale looks of each month by policy, every month a dot, the
// median a line, on a scale of square roots so that quiet and wild months can both be seen.
func Plot(all map[Venue]map[Policy][]Result) []byte {
	const wide, high, left, top, gap = 260.0, 240.0, 60.0, 50.0, 40.0
	var b bytes.Buffer
	n := 0
	for _, v := range Venues() {
		if len(all[v]) > 0 {
			n++
		}
	}
	w, h := left+float64(n)*(wide+gap), top+high+60
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12">`+"\n", w, h)
	fmt.Fprintf(&b, `<rect width="%.0f" height="%.0f" fill="#fff"/>`+"\n", w, h)
	fmt.Fprintf(&b, `<text x="%.0f" y="20" font-size="14">Looks in a month at places that a try would not have got (each dot a month, bars the median)</text>`+"\n", left)
	col := 0
	for _, v := range Venues() {
		if len(all[v]) == 0 {
			continue
		}
		plotVenue(&b, v, all[v], left+float64(col)*(wide+gap), top, wide, high)
		col++
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func plotVenue(b *bytes.Buffer, v Venue, by map[Policy][]Result, x0, y0, wide, high float64) {
	most := 1.0
	for _, months := range by {
		for i := range months {
			most = max(most, float64(months[i].StaleLooks))
		}
	}
	y := func(n float64) float64 { return y0 + high - math.Sqrt(n/most)*high }
	fmt.Fprintf(b, `<text x="%.0f" y="%.0f" font-size="13">%s</text>`+"\n", x0, y0-8, html.EscapeString(string(v)))
	for _, share := range []float64{0, 0.01, 0.1, 0.3, 1} {
		n := math.Round(share * most)
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="end" fill="#555">%.0f</text>`+"\n",
			x0, x0+wide-30, y(n), y(n), x0-4, y(n)+4, n)
	}
	step := (wide - 30) / 4
	for k, name := range Policies() {
		months := by[name]
		if len(months) == 0 {
			continue
		}
		c := x0 + step*(float64(k)+0.5)
		var list []float64
		for i := range months {
			n := float64(months[i].StaleLooks)
			list = append(list, n)
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="2.5" fill="%s" fill-opacity="0.5"/>`+"\n", c+float64(i%7-3)*2.5, y(n), ink(name))
		}
		m := median(list)
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="%s" stroke-width="3"/>`+"\n", c-16, c+16, y(m), y(m), ink(name))
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text><text x="%.1f" y="%.1f" text-anchor="middle" fill="#555">%.0f</text>`+"\n",
			c, y0+high+20, name, c, y0+high+36, m)
	}
}

func ink(p Policy) string {
	switch p {
	case Planner:
		return "#0b7a4b"
	case Even:
		return "#b3412d"
	case Tiers:
		return "#2d5fb3"
	default:
		return "#8a6d1a"
	}
}
