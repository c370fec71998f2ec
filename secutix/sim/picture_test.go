package sim

import (
	"bytes"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"net/http"
	"testing"
)

func TestPicture_EveryProductHasOne_OfTheSizeItSays(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for _, in := range p.institutions {
		for _, pr := range in.products {
			if in.w.Code != "museum" && pr.n > 2 {
				continue // the motifs repeat
			}
			name := in.w.Code + " " + pr.def.Code
			rep := p.picture(in, lower(pr.def.Code)+"-small.jpg")
			img, _, err := image.Decode(bytes.NewReader(rep.body))
			if err != nil || img.Bounds().Dx() != 600 || img.Bounds().Dy() != 250 {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	rep := p.picture(p.byCode["theatre"], "venue.png")
	if _, kind, err := image.DecodeConfig(bytes.NewReader(rep.body)); err != nil || kind != "png" {
		t.Errorf("venue: %s %v", kind, err)
	}
	if rep := p.picture(p.byCode["theatre"], "nobody.jpg"); rep.status != http.StatusNotFound {
		t.Errorf("unknown: %d", rep.status)
	}
}
