package templates

import (
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"

	"guichet/domain/delivery"
)

func TestQR_EveryVersionAndMode_IsReadBack(t *testing.T) {
	t.Parallel()
	r := newReader()
	seen := map[int]bool{}
	for _, set := range []string{"0123456789", "0A9Z $%*+-./:", "aZ09~{}"} {
		for n := 1; n <= 256; n++ {
			s, err := encode(delivery.QR, strings.Repeat(set, 1+n/len(set))[:n])
			if err != nil {
				t.Fatal(err)
			}
			seen[s.w] = true
			if err := r.modules(s); err != nil {
				t.Fatalf("%d of %q: %v", n, set, err)
			}
		}
	}
	for version := 1; version <= 12; version++ {
		if !seen[17+4*version] {
			t.Errorf("no version %d", version)
		}
	}
}

func TestQR_IsTheSmallestThatHoldsThePayload(t *testing.T) {
	t.Parallel()
	for payload, version := range map[string]int{ // capacities of level M
		strings.Repeat("7", 34): 1, strings.Repeat("7", 35): 2, strings.Repeat("7", 63): 2, strings.Repeat("7", 64): 3,
		strings.Repeat("A", 20): 1, strings.Repeat("A", 21): 2, strings.Repeat("A", 178): 7, strings.Repeat("A", 179): 8, strings.Repeat("A", 221): 8, strings.Repeat("A", 222): 9,
		strings.Repeat("a", 14): 1, strings.Repeat("a", 15): 2, strings.Repeat("a", 213): 10, strings.Repeat("a", 252): 12,
	} {
		s, err := encode(delivery.QR, payload)
		if err != nil {
			t.Fatal(err)
		}
		if s.w != 17+4*version {
			t.Errorf("%d times %q: %d modules, want version %d", len(payload), payload[:1], s.w, version)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, kind := range delivery.Symbologies() {
		for name, payload := range map[string]string{"24": "003100427719500018843276", "64": strings.Repeat("00310042", 8)} {
			b.Run(string(kind)+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if _, err := encode(kind, payload); err != nil {
						b.Fatal(err)
					}
				}
			})
			if kind == delivery.QR {
				b.Run("qr of boombuler/"+name, func(b *testing.B) {
					for b.Loop() {
						if _, err := qr.Encode(payload, qr.M, qr.Auto); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			b.Run("read "+string(kind)+"/"+name, func(b *testing.B) {
				r := newReader()
				s, err := encode(kind, payload)
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					if err := r.modules(s); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
