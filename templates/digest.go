package templates

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"guichet/domain/delivery"
)

// digest says which fonts of the operator's folder there are; empty without any. The others are part of the program.
func (l library) digest() string {
	sum, any := sha256.New(), false
	for _, f := range l {
		if !f.own {
			continue
		}
		for _, bold := range []bool{false, true} {
			if t := f.face(bold); t != nil {
				any = true
				for _, part := range [][]byte{[]byte(t.name), t.head, t.hmtx, t.glyf} { // head has a checksum of the whole font
					_, _ = sum.Write(part) // a hash takes everything
				}
			}
		}
	}
	if !any {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// Digest implements delivery.Renderer: a hash of the content, of its layouts and of what draws them.
func (r *Renderer) Digest(d delivery.Document) (string, error) {
	set := r.layouts.Load()
	sum := sha256.New()
	enc := json.NewEncoder(sum)
	if err := enc.Encode([]string{r.engine, d.Language, d.Title}); err != nil {
		return "", err
	}
	var (
		last []byte // most pages have the same picture
		pic  [sha256.Size]byte
	)
	for i := range d.Pages {
		l, err := set.get(d.Pages[i].Layout)
		if err != nil {
			return "", err
		}
		p := d.Pages[i] // a copy: its picture is hashed for itself
		if i == 0 || len(last) != len(p.Picture) || (len(last) > 0 && &last[0] != &p.Picture[0]) {
			last, pic = p.Picture, sha256.Sum256(p.Picture)
		}
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
