package templates

import (
	"bytes"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/delivery"
)

// invent makes a payload that the symbology carries: digits most often, else letters, signs and mixtures.
func invent(rng *rand.Rand, kind delivery.Symbology, longest int) string {
	const digits, letters = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var signs strings.Builder
	for c := byte(0x20); c <= 0x7e; c++ {
		signs.WriteByte(c)
	}
	chars := [...]string{digits, digits, digits + letters, letters + strings.ToLower(letters) + digits, signs.String(), strings.Repeat(digits, 20) + signs.String()}
	n := 1 + rng.IntN(longest)
	set := chars[rng.IntN(len(chars))]
	if kind == delivery.ITF {
		set, n = digits, 6+2*rng.IntN((longest-4)/2)
	}
	p := make([]byte, n)
	for i := range p {
		p[i] = set[rng.IntN(len(set))]
	}
	if rng.IntN(3) == 0 { // zeros before everything else
		for i := range min(4, n) {
			p[i] = '0'
		}
	}
	return string(p)
}

// longest is how long a symbology's payloads may be.
func longest(kind delivery.Symbology) int {
	n := 1
	for kind.Carries(strings.Repeat("0", 2*n)) == nil || n < 3 {
		n++
	}
	return 2 * (n - 1)
}

func TestEncode_AnyPayload_IsReadBackFromTheModules(t *testing.T) {
	t.Parallel()
	r := newReader()
	for _, kind := range delivery.Symbologies() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			most := longest(kind)
			rapid.Check(t, func(t *rapid.T) {
				payload := invent(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), kind, most)
				s, err := encode(kind, payload)
				if err != nil {
					t.Fatalf("%q: %v", payload, err)
				}
				if err := r.modules(s); err != nil {
					t.Fatalf("%q: %v", payload, err)
				}
			})
		})
	}
}

func TestModules_AnotherPayloadOrNone_IsRefused(t *testing.T) {
	t.Parallel()
	r := newReader()
	for _, kind := range delivery.Symbologies() {
		s, err := encode(kind, "0031004277195000")
		if err != nil {
			t.Fatal(err)
		}
		other := *s
		other.payload = "0031004277195001"
		if err := r.modules(&other); err == nil || !strings.Contains(err.Error(), "another barcode") || strings.Contains(err.Error(), "0031") {
			t.Errorf("%s: another payload got %v", kind, err)
		}
		broken := *s
		broken.dark = make([]bool, len(s.dark))
		copy(broken.dark, s.dark[:len(s.dark)/2])
		if err := r.modules(&broken); err == nil {
			t.Errorf("%s: half of it is read as the whole", kind)
		}
	}
}

func TestPDF417_OneModuleWrong_NeverReadsAsAnother(t *testing.T) {
	t.Parallel()
	r := newReader()
	s, err := encode(delivery.PDF417, "0031-abC")
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.dark {
		broken := *s
		broken.dark = slices.Clone(s.dark)
		broken.dark[i] = !broken.dark[i]
		if got, err := r.exact(&broken); err == nil && got != s.payload {
			t.Fatalf("module %d: read %q", i, got)
		}
	}
}

// covered is a renderer whose layout paints a bar across every barcode.
func covered(tb testing.TB, o Options) *Renderer {
	tb.Helper()
	r, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	l := *r.layouts.Load().byName[standardLayout]
	l.Elements = append(append([]element{}, l.Elements...), element{Kind: kindFill, Box: [4]float64{80, 198, 50, 27}, Color: "alarm"})
	l.Elements = append(l.Elements, element{Kind: kindFill, Box: [4]float64{20, 192, 8, 46}, Color: "alarm"})
	r.layouts.Store(&layoutSet{byName: map[string]*layout{standardLayout: &l}})
	return r
}

func TestCheck_CoveredBarcode_IsNotReleased(t *testing.T) {
	t.Parallel()
	for _, kind := range delivery.Symbologies() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			told := 0
			var log bytes.Buffer
			r := covered(t, Options{Check: 1, Logger: slog.New(slog.NewTextHandler(&log, nil)), Alarm: func(string, error) { told++ }})
			d := theatre(t)
			d.Pages[0].Symbology = kind
			d.Pages[0].Barcode = "0031004277195000"
			for name, err := range map[string]error{
				"PDF": r.PDF(t.Context(), io.Discard, d), "PNG": r.PNG(t.Context(), io.Discard, d, 200),
				"SVG": r.SVG(t.Context(), io.Discard, d),
			} {
				if !domain.HasCode(err, CodeUnreadable) {
					t.Errorf("%s: got %v", name, err)
				}
			}
			if told != 3 || strings.Contains(log.String(), "0031") {
				t.Errorf("told %d times; log %s", told, log.String())
			}
			open := covered(t, Options{})
			mustPDF(t, open, d)
			mustPNG(t, open, d, 200)
			if err := open.SVG(t.Context(), io.Discard, d); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCheck_GoodBarcode_IsReadBackFromEveryOutput(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{Check: 1})
	for name, d := range samples(t) {
		for _, kind := range delivery.Symbologies() {
			if kind.Carries(d.Pages[0].Barcode) != nil {
				continue
			}
			d := d // the next kind is another document
			d.Pages = slices.Clone(d.Pages)
			d.Pages[0].Symbology = kind
			t.Run(name+"/"+string(kind), func(t *testing.T) {
				t.Parallel()
				mustPDF(t, r, d)
				mustPNG(t, r, d, 131) // fewer dots are harder to read
			})
		}
	}
}

func TestCheck_OneOfThree_IsLookedAtAndAllAfterAFailure(t *testing.T) {
	t.Parallel()
	r := covered(t, Options{Check: 3})
	d := theatre(t)
	var got []bool
	for range 7 {
		got = append(got, r.PDF(t.Context(), io.Discard, d) != nil)
	}
	for i, refused := range got {
		if refused != (i >= 2) {
			t.Fatalf("refused %v", got)
		}
	}
}

func FuzzReadPDF(f *testing.F) {
	f.Add([]byte("q 1 0 0 1 5 5 cm 0 0 0 rg 1 1 10 10 re f Q BT /F0 12 Tf [<0001>-3(a\\)b)]TJ ET"))
	f.Add([]byte("/Span<</ActualText<FEFF0041>>>BDC EMC 1 2 m 3 4 l 5 6 7 8 9 10 c h W n ] ) > <"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 4096 {
			return
		}
		readPDF(content, 50, 50)
	})
}
