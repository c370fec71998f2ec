package templates

import (
	"slices"
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

func TestQR_Mask_IsTheFirstThatDisturbsLeast(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 250; n += 7 {
		payload := strings.Repeat("Guichet 31/7 ~", 20)[n%11 : n%11+n]
		got, err := encode(delivery.QR, payload)
		if err != nil {
			t.Fatal(err)
		}
		version := (got.w - 17) / 4
		blank := newQRGrid(version, qrVersions()[version-1])
		chosen, best, least := -1, -1, 0
		for mask := range 8 {
			same := true
			blank.format(mask, func(x, y int, dark bool) { same = same && got.dark[y*got.w+x] == dark })
			if same {
				chosen = mask
			}
		}
		for mask := range 8 {
			s := slices.Clone(got.dark)
			for i, fixed := range blank.fixed {
				x, y := i%got.w, i/got.w
				if !fixed && qrMask(mask, x, y) != qrMask(chosen, x, y) {
					s[i] = !s[i]
				}
			}
			blank.format(mask, func(x, y int, dark bool) { s[y*got.w+x] = dark })
			if p := disturbance(s, got.w); best < 0 || p < least {
				best, least = mask, p
			}
		}
		if chosen != best {
			t.Errorf("%d bytes: mask %d, but %d disturbs least", n, chosen, best)
		}
	}
}

// disturbance counts module by module what ISO/IEC 18004 says.
func disturbance(dark []bool, n int) int {
	total, count := 0, 0
	for i := range n {
		for _, line := range [2]struct{ at, step int }{{i * n, 1}, {i, n}} {
			var row strings.Builder
			run := 0
			for k := range n {
				on := dark[line.at+k*line.step]
				if k > 0 && on == dark[line.at+(k-1)*line.step] {
					run++
				} else {
					run = 1
				}
				if run == 5 {
					total += 3
				} else if run > 5 {
					total++
				}
				row.WriteByte("01"[bit(on)])
			}
			for k := range n - 10 {
				if part := row.String()[k : k+11]; part == "10111010000" || part == "00001011101" {
					total += 40
				}
			}
		}
		for k := range n {
			on := dark[i*n+k]
			count += bit(on)
			if i > 0 && k > 0 && on == dark[i*n+k-1] && on == dark[(i-1)*n+k] && on == dark[(i-1)*n+k-1] {
				total += 3
			}
		}
	}
	half := 20*count - 10*n*n
	return total + max(half, -half)/(n*n)*10
}

func bit(on bool) int {
	if on {
		return 1
	}
	return 0
}
