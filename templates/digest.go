package templates

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"guichet/domain/delivery"
)

// engine changes when the same layout and data give another file: drawing, fonts or words have changed.
const engine = "1"

// Digest implements delivery.Renderer: a hash of the content, of its layouts and of what draws them. Errors: layout.unknown.
func (r *Renderer) Digest(d delivery.Document) (string, error) {
	set := r.layouts.Load()
	sum := sha256.New()
	enc := json.NewEncoder(sum)
	if err := enc.Encode([]string{engine, d.Language, d.Title}); err != nil {
		return "", err
	}
	for i := range d.Pages {
		l, err := set.get(d.Pages[i].Layout)
		if err != nil {
			return "", err
		}
		p := d.Pages[i] // a copy: its picture is hashed for itself
		pic := sha256.Sum256(p.Picture)
		p.Picture = nil
		if err := enc.Encode(l.digest); err != nil {
			return "", err
		}
		if err := enc.Encode(pic[:]); err != nil {
			return "", err
		}
		if err := enc.Encode(p); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}
