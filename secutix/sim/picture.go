package sim

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"net/http"
	"strings"
)

// The size of a picture; the small one is half of it.
const (
	pictureWidth  = 1200
	pictureHeight = 500
)

// picture serves /{institution}/images/{product}.jpg, {product}-small.jpg and venue.jpg, and the
// same as .png. Pictures are drawn on first use and kept; they need no token and count for no limit.
func (p *Platform) picture(in *institution, name string) reply {
	stem, kind, _ := strings.Cut(name, ".")
	subject, small := strings.CutSuffix(stem, "-small")
	motif, seed := in.motif(subject)
	if motif == nil || (kind != "jpg" && kind != "png") {
		return textReply(http.StatusNotFound, "no picture "+name)
	}
	key := in.w.Code + "/" + name
	p.mu.Lock()
	body := p.pictures[key]
	p.mu.Unlock()
	if body == nil {
		var err error
		if body, err = draw(motif, seed, small, kind); err != nil {
			p.log().Error("picture not drawn", "name", key, "error", err)
			return textReply(http.StatusInternalServerError, "no picture")
		}
		p.mu.Lock()
		p.pictures[key] = body
		p.mu.Unlock()
	}
	mediaType := "image/jpeg"
	if kind == "png" {
		mediaType = "image/png"
	}
	return reply{status: http.StatusOK, header: http.Header{"Content-Type": {mediaType}, "Cache-Control": {"max-age=86400"}}, body: body}
}

// motif finds what to draw for a product's code in lower case, or for "venue".
func (in *institution) motif(subject string) (scene, uint64) {
	if subject == "venue" {
		return facade, textHash(in.w.Code)
	}
	for _, p := range in.products {
		if strings.ToLower(p.def.Code) == subject {
			return sceneOf(p.def.Image), textHash(p.def.Code)
		}
	}
	return nil, 0
}

func draw(s scene, seed uint64, small bool, kind string) ([]byte, error) {
	w, h := pictureWidth, pictureHeight
	if small {
		w, h = w/2, h/2
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			// y runs from 0 at the top to 1, x from 0 to the same measure times the width
			c := s(float64(x)/float64(h), float64(y)/float64(h), seed)
			grain := 0.012 * (chance(seed, uint64(x), uint64(y)) - 0.5)
			img.SetRGBA(x, y, color.RGBA{R: level8(c.r + grain), G: level8(c.g + grain), B: level8(c.b + grain), A: 255})
		}
	}
	var out bytes.Buffer
	switch kind {
	case "png":
		err := png.Encode(&out, img)
		return out.Bytes(), err
	case "jpg":
		err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 88})
		return out.Bytes(), err
	}
	return nil, errors.New("unknown kind of picture")
}

func level8(v float64) uint8 { return uint8(math.Round(255 * min(max(v, 0), 1))) }

// rgb is a colour with parts from 0 to 1.
type rgb struct{ r, g, b float64 }

func hex(n uint32) rgb {
	return rgb{float64(n>>16&255) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
}

func (c rgb) mix(d rgb, t float64) rgb {
	t = min(max(t, 0), 1)
	return rgb{c.r + (d.r-c.r)*t, c.g + (d.g-c.g)*t, c.b + (d.b-c.b)*t}
}

func (c rgb) times(f float64) rgb { return rgb{c.r * f, c.g * f, c.b * f} }

func (c rgb) plus(d rgb, f float64) rgb { return rgb{c.r + d.r*f, c.g + d.g*f, c.b + d.b*f} }

// edge goes smoothly from 0 to 1 as v passes from a to b.
func edge(a, b, v float64) float64 {
	t := min(max((v-a)/(b-a), 0), 1)
	return t * t * (3 - 2*t)
}

// disc is 1 inside the circle and 0 outside, with a soft rim.
func disc(x, y, cx, cy, r float64) float64 {
	return 1 - edge(r-0.004, r+0.004, math.Hypot(x-cx, y-cy))
}

// ridge is a line of hills: the height at x.
func ridge(x float64, seed uint64) float64 {
	a, b, c := chance(seed, 1)*6, chance(seed, 2)*6, chance(seed, 3)*6
	return 0.55*math.Sin(x*1.7+a) + 0.3*math.Sin(x*4.1+b) + 0.15*math.Sin(x*9.3+c)
}

// scene is a picture as a function: the colour at a point.
type scene func(x, y float64, seed uint64) rgb

func sceneOf(motif string) scene {
	switch motif {
	case "curtain":
		return curtain
	case "mask":
		return masks
	case "moon":
		return moonlight
	case "fan":
		return fan
	case "lake":
		return lake
	case "projector":
		return projector
	case "autochrome":
		return autochrome
	case "match":
		return match
	}
	return facade
}

const middle = float64(pictureWidth) / pictureHeight / 2

// curtain is red velvet drawn aside from a lit stage.
func curtain(x, y float64, seed uint64) rgb {
	far := math.Abs(x - middle)
	open := 0.62 + 0.22*chance(seed, 5) - 0.25*y*y + 0.05*math.Sin(9*y)
	light := 1 - edge(0.05, 1.1, math.Hypot((x-middle)*0.8, y-0.75))
	stage := hex(0x120a12).mix(hex(0xf2c57c), light*0.75)
	if y > 0.82 {
		boards := 0.85 + 0.15*math.Sin((x-middle)/(0.25+y)*60)
		stage = hex(0x2a1710).mix(hex(0xd79a55), light).times(boards)
	}
	fold := 0.55 + 0.45*math.Sin((far-open)*38+2.5*math.Sin(3*y+chance(seed, 6)*6))
	velvet := hex(0x3d0610).mix(hex(0xb3152c), fold*(0.55+0.45*light))
	c := stage.mix(velvet, edge(open-0.01, open+0.01, far))
	valance := 0.13 + 0.03*math.Abs(math.Sin((x-middle)*7))
	gold := hex(0xd9a441).times(0.7 + 0.3*math.Sin(x*150))
	c = c.mix(gold, edge(valance+0.016, valance+0.012, y))
	return c.mix(hex(0x5c0a18).mix(hex(0xc0203a), 0.5+0.5*math.Sin(x*44)), edge(valance+0.002, valance-0.002, y))
}

// masks are comedy and tragedy before violet.
func masks(x, y float64, seed uint64) rgb {
	c := hex(0x1b1030).mix(hex(0x6a3a78), 1-edge(0, 1.3, math.Hypot(x-middle, y-0.5)))
	c = c.plus(hex(0xffd9a0), 0.08*edge(0.4, 1, math.Sin((x+y)*11+chance(seed, 4)*6)))
	for i, cx := range []float64{middle - 0.3, middle + 0.3} {
		smile := float64(1 - 2*i)
		cy, dx := 0.5+0.05*smile, x-cx
		face := disc(dx*1.12+cx, y, cx, cy, 0.29)
		shade := edge(-0.3, 0.35, dx*smile+0.4*(cy-y))
		c = c.mix(hex(0x8a6a2f).mix(hex(0xf7e3b2), shade), face)
		for _, side := range []float64{-1, 1} {
			eye := disc((dx-side*0.11)*0.8, (y-cy+0.06)*1.6+smile*0.4*math.Abs(dx-side*0.11), 0, 0, 0.045)
			c = c.mix(hex(0x1b1030), eye*face)
		}
		lip := math.Abs((y - cy - 0.13) - smile*(0.05-3.2*dx*dx))
		c = c.mix(hex(0x1b1030), (1-edge(0.018, 0.026, lip))*(1-edge(0.13, 0.15, math.Abs(dx)))*face)
	}
	return c
}

// sky is night with stars and one moon.
func sky(x, y, mx, my float64, seed uint64) rgb {
	c := hex(0x0a1030).mix(hex(0x3b5a94), edge(0, 1, y))
	gx, gy := math.Floor(x*70), math.Floor(y*70)
	h := mix(seed, uint64(gx), uint64(gy))
	if h%23 == 0 {
		sx, sy := (gx+chance(h, 1))/70, (gy+chance(h, 2))/70
		c = c.plus(hex(0xfff6dd), (0.3+0.7*chance(h, 3))*(1-edge(0.0008, 0.0032, math.Hypot(x-sx, y-sy))))
	}
	d := math.Hypot(x-mx, y-my)
	c = c.plus(hex(0xf8e8c0), 0.45*math.Exp(-d*6))
	spots := 0.96 + 0.04*math.Sin(34*(x-mx)+3*math.Sin(26*(y-my)))
	return c.mix(hex(0xfdf3d6).times(spots), disc(x, y, mx, my, 0.13))
}

// moonlight is a moon above three rows of hills.
func moonlight(x, y float64, seed uint64) rgb {
	mx := middle + 1.4*(chance(seed, 8)-0.5)
	c := sky(x, y, mx, 0.3, seed)
	for i := range 3 {
		top := 0.66 + 0.11*float64(i) + 0.07*ridge(x+float64(i), seed+uint64(i))
		hill := hex(0x2b3f6e).mix(hex(0x070b1c), float64(i+1)/3)
		c = c.mix(hill.plus(hex(0xf8e8c0), 0.12*math.Exp(-math.Abs(x-mx)*2)), edge(top-0.003, top+0.003, y))
	}
	return c
}

// fan is a red fan on black lace.
func fan(x, y float64, seed uint64) rgb {
	dx, dy := x-middle, 1.08-y
	r, a := math.Hypot(dx, dy), math.Atan2(dx, dy)
	c := hex(0x14060a).mix(hex(0x4a0d14), 1-edge(0, 1.4, math.Hypot(dx, y-0.5)))
	lace := math.Sin(x*60+chance(seed, 9)) * math.Sin(y*60)
	c = c.plus(hex(0x8c2a2a), 0.1*edge(0.5, 0.9, lace))
	within := edge(0.2, 0.21, r) * (1 - edge(0.93, 0.936, r+0.012*math.Cos(a*46))) * (1 - edge(1.12, 1.13, math.Abs(a)))
	pleat := 0.5 + 0.5*math.Sin(a*46)
	leaf := hex(0x8f0f1e).mix(hex(0xf0453a), pleat*edge(0.3, 0.95, r))
	leaf = leaf.mix(hex(0xf6c667), (1-edge(0.006, 0.012, math.Abs(r-0.8-0.02*math.Cos(a*23))))*0.9)
	leaf = leaf.mix(hex(0x2a0d08), 1-edge(0.4, 0.42, r))
	return c.mix(leaf, within)
}

// lake is a moon over water that mirrors it.
func lake(x, y float64, seed uint64) rgb {
	const shore = 0.58
	mx := middle + 0.9*(chance(seed, 11)-0.5)
	up := y
	if y > shore {
		up = 2*shore - y + 0.012*math.Sin(y*180+6*math.Sin(x*3))*edge(shore, 1, y)
	}
	c := sky(x, up, mx, 0.24, seed)
	top := shore - 0.07 - 0.09*ridge(x*0.8, seed)
	c = c.mix(hex(0x0b1430), edge(top-0.004, top+0.004, up))
	if y <= shore {
		return c
	}
	c = c.mix(hex(0x16325c), 0.35).plus(hex(0xcfe2ff), 0.05*edge(0.6, 1, math.Sin(y*260+9*math.Sin(x*5))))
	off := (x - mx) / (0.05 + 0.25*(y-shore))
	path := math.Exp(-off * off)
	return c.plus(hex(0xfdf3d6), 0.6*path*edge(0, 1, math.Sin(y*210+5*math.Sin(x*9))))
}

// projector is a beam through a dark room onto a screen.
func projector(x, y float64, seed uint64) rgb {
	c := hex(0x0d0b10).mix(hex(0x2a2020), edge(0.3, 1, y))
	lx, ly := 0.32, 0.62
	dx := x - lx
	if dx > 0 {
		half := 0.02 + 0.19*dx
		centre := ly - 0.1*dx
		beam := (1 - edge(half*0.75, half, math.Abs(y-centre))) * math.Exp(-dx*0.45)
		dust := 0.96 + 0.04*math.Sin(9*x+5*math.Sin(7*y+chance(seed, 12)*6))
		c = c.plus(hex(0xffe2a8), 0.75*beam*dust)
	}
	screen := edge(1.7, 1.704, x) * (1 - edge(2.24, 2.244, x)) * edge(0.16, 0.164, y) * (1 - edge(0.8, 0.804, y))
	film := hex(0xe9d3a0).mix(hex(0x6b4a2a), edge(0.55, 0.62, y+0.04*ridge(x*3, seed)))
	film = film.mix(hex(0xfff8e0), disc(x, y, 1.97, 0.36, 0.07))
	c = c.mix(film, screen)
	for _, reel := range []float64{0.2, 0.44} {
		d, a := math.Hypot(x-reel, y-0.36), math.Atan2(y-0.36, x-reel)
		spokes := disc(x, y, reel, 0.36, 0.11) * (1 - 0.75*edge(0.3, 0.5, math.Sin(a*5))*edge(0.03, 0.04, d)*(1-edge(0.09, 0.1, d)))
		c = c.mix(hex(0x8d7a58), spokes)
	}
	body := edge(0.14, 0.144, x) * (1 - edge(0.5, 0.504, x)) * edge(0.5, 0.504, y) * (1 - edge(0.76, 0.764, y))
	c = c.mix(hex(0x4a3a2a).mix(hex(0xa88a5a), edge(0.76, 0.5, y)), body)
	holes := math.Mod(x+0.02, 0.1)
	strip := edge(0.9, 0.904, y)
	c = c.mix(hex(0x060505), strip)
	return c.mix(hex(0xd8c8a0), strip*edge(0.03, 0.034, holes)*(1-edge(0.07, 0.074, holes))*edge(0.925, 0.93, y)*(1-edge(0.97, 0.975, y)))
}

// autochrome is a garden seen through grains of orange, green and violet.
func autochrome(x, y float64, seed uint64) rgb {
	c := hex(0xf2dca8).mix(hex(0x8fb0c8), edge(0.6, 0, y))
	c = c.mix(hex(0xfff3cf), disc(x, y, middle+0.5, 0.34, 0.1))
	for i := range 4 {
		top := 0.5 + 0.13*float64(i) + 0.06*ridge(x*1.2+2*float64(i), seed+uint64(i))
		c = c.mix(hex(0x6d8c62).mix(hex(0x6b3f55), float64(i)/3), edge(top-0.02, top+0.02, y))
	}
	gx, gy := uint64(x*300), uint64(y*300)
	if h := mix(seed, gx/8, gy/8); y > 0.72 && h%7 == 0 {
		bloom := disc(x, y, (float64(gx/8)+0.5)*8/300, (float64(gy/8)+0.5)*8/300, 0.004+0.006*chance(h, 2))
		c = c.mix([]rgb{hex(0xd85a35), hex(0xf0c04a), hex(0xe6d7e8)}[h>>8%3], 0.8*bloom)
	}
	grain := []rgb{hex(0xe8823a), hex(0x4f9a58), hex(0x7a56a8)}[mix(seed, gx, gy)%3]
	return c.mix(grain, 0.26)
}

// match is a pitch under floodlights.
func match(x, y float64, seed uint64) rgb {
	const rim = 0.5
	c := hex(0x08122a).mix(hex(0x27416b), edge(0, rim, y))
	if y > 0.24 {
		crowd := mix(seed, uint64(x*170), uint64(y*130))
		people := []rgb{hex(0xb3001b), hex(0xe8e8ee), hex(0x1f3f78), hex(0x30303c)}[crowd%4].times(0.25 + 0.35*edge(0.24, rim, y) + 0.2*chance(crowd, 1))
		stand := 0.24 + 0.1*math.Pow(1-math.Abs(x-middle)/middle, 2)
		c = c.mix(people, edge(stand, stand+0.006, y))
	}
	if y > rim {
		depth := 1 / (y - rim + 0.18)
		stripe := edge(-0.15, 0.15, math.Sin(depth*5))
		grass := hex(0x1f6b2c).mix(hex(0x3f9c46), stripe).times(0.75 + 0.4*(y-rim))
		wide := (x - middle) * depth
		line := 1 - edge(0.012, 0.03, math.Abs(math.Hypot(wide*0.55, (depth-2.6)*1.0)-0.55))
		line = max(line, 1-edge(0.015, 0.035, math.Abs(depth-2.6)))
		c = c.mix(grass.mix(hex(0xf4f8f0), 0.8*line), edge(rim, rim+0.004, y))
	}
	for _, lamp := range []float64{0.25, 0.95, 1.45, 2.15} {
		d := math.Hypot(x-lamp, (y-0.12)*1.3)
		c = c.plus(hex(0xeaf2ff), 0.55*math.Exp(-d*9)+disc(x, y, lamp, 0.12, 0.02))
	}
	return c
}

// facade is the house itself at dusk.
func facade(x, y float64, seed uint64) rgb {
	dusk := hex(0x1f2a4d).mix(hex(0xe79a6b), edge(0, 0.75, y+0.05*math.Sin(3*x+chance(seed, 13)*6)))
	c := dusk
	far := math.Abs(x - middle)
	stone := hex(0xcdbb98).mix(hex(0x7a6a58), edge(0.2, 0.9, y))
	gable := edge(0.9, 0.896, far) * edge(0.12+0.16*far, 0.124+0.16*far, y)
	c = c.mix(stone, gable*edge(0.95, 0.946, y))
	if y > 0.36 && y < 0.86 && far < 0.86 {
		column := math.Abs(math.Mod(far+0.04, 0.2) - 0.1)
		glow := hex(0xffd98a).mix(hex(0x5a3a22), edge(0.45, 0.95, y))
		c = glow.mix(stone.times(1.1-4*column), edge(0.05, 0.045, column))
	}
	if y >= 0.86 {
		step := 0.8 + 0.2*math.Sin(y*240)
		c = hex(0x8a7a64).times(step*(1.4-0.4*far)).mix(hex(0x201a20), edge(0.95, 1.2, far))
	}
	return c
}
