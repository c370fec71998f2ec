package templates

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"guichet/domain"
	"guichet/domain/delivery"
)

// payloads are decoded back from every symbology: digits with leading zeros, letters in both cases, signs, the longest.
var payloads = []string{
	"003100427719500018843276",
	"0000000000000000000000000000",
	"7",
	"aB-9/z_0.Q",
	` lead & "trail" \()<>~ `,
	"OTI778120335502027052212345",
	"aB3dE5gH7jK9mN1pQ3sT5vW7yZaB3dE5gH7jK9mN1pQ3sT5vW7yZaB3dE5gH7jK9",
}

// cropMM is where the layout prints barcodes, with a little more: two of the decoders look for their finder pattern in
// the middle of the picture only.
func cropMM(linear bool) rect {
	if linear {
		return rect{5, 196, 200, 29.5}
	}
	return rect{4.5, 192, 47, 47.5}
}

// lies says that the layout prints a symbology in the wide box.
func lies(kind delivery.Symbology) bool {
	return slices.Contains([]delivery.Symbology{delivery.Code128, delivery.ITF, delivery.PDF417}, kind)
}

// payloadsOf are those that a symbology carries.
func payloadsOf(kind delivery.Symbology) []string {
	var out []string
	for _, p := range payloads {
		if kind.Carries(p) == nil {
			out = append(out, p)
		}
	}
	return out
}

// decode reads the barcode of a picture file.
func decode(t *testing.T, kind delivery.Symbology, file string) string {
	t.Helper()
	format := map[delivery.Symbology]string{
		delivery.Code128: "Code128", delivery.QR: "QRCode", delivery.Aztec: "Aztec", delivery.DataMatrix: "DataMatrix",
		delivery.ITF: "ITF", delivery.PDF417: "PDF417",
	}[kind]
	return tool(t, "ZXingReader", "-bytes", "-format", format, file)
}

func TestBarcode_EverySymbology_DecodesFromThePDF(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	const dpi = 200
	for _, kind := range delivery.Symbologies() {
		for i, payload := range payloadsOf(kind) {
			t.Run(fmt.Sprintf("%s/%d", kind, i), func(t *testing.T) {
				t.Parallel()
				d := theatre(t)
				d.Pages[0].Symbology, d.Pages[0].Barcode = kind, payload
				pdf := mustFile(t, "ticket.pdf", mustPDF(t, r, d))
				c := cropMM(lies(kind))
				px := func(mm float64) string { return strconv.Itoa(int(mm * dpi / 25.4)) }
				tool(t, "pdftoppm", "-png", "-r", strconv.Itoa(dpi), "-x", px(c.X), "-y", px(c.Y), "-W", px(c.W), "-H", px(c.H),
					"-singlefile", pdf, strings.TrimSuffix(pdf, ".pdf"))
				if got := decode(t, kind, strings.TrimSuffix(pdf, ".pdf")+".png"); got != payload {
					t.Errorf("decoded %q, want %q", got, payload)
				}
			})
		}
	}
}

func TestBarcode_WholePage_IsReadByAnotherDecoder(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for _, kind := range []delivery.Symbology{delivery.Code128, delivery.ITF, delivery.QR} {
		for i, payload := range payloadsOf(kind) {
			t.Run(fmt.Sprintf("%s/%d", kind, i), func(t *testing.T) {
				t.Parallel()
				d := theatre(t)
				d.Pages[0].Symbology, d.Pages[0].Barcode = kind, payload
				pdf := mustFile(t, "ticket.pdf", mustPDF(t, r, d))
				page := strings.TrimSuffix(pdf, ".pdf")
				tool(t, "pdftoppm", "-png", "-r", "200", "-singlefile", pdf, page)
				for _, f := range []string{page + ".png", mustFile(t, "own.png", mustPNG(t, r, d, 200))} {
					if got := strings.TrimSuffix(tool(t, "zbarimg", "-q", "--raw", f), "\n"); got != payload {
						t.Errorf("%s: read %q, want %q", f, got, payload)
					}
				}
			})
		}
	}
}

func TestBarcode_EverySymbology_DecodesFromThePicture(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for _, kind := range delivery.Symbologies() {
		for _, dpi := range []int{96, 150} {
			t.Run(fmt.Sprintf("%s/%d", kind, dpi), func(t *testing.T) {
				t.Parallel()
				const payload = "003100427719500018843276"
				d := theatre(t)
				d.Pages[0].Symbology, d.Pages[0].Barcode = kind, payload
				file := mustFile(t, "own.png", cropPNG(t, mustPNG(t, r, d, dpi), cropMM(lies(kind)), dpi))
				if got := decode(t, kind, file); got != payload {
					t.Errorf("decoded %q", got)
				}
			})
		}
	}
}

func TestBarcode_ImpossiblePayload_IsAnError(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for name, c := range map[string]struct {
		kind    delivery.Symbology
		payload string
	}{
		"empty":            {delivery.Code128, ""},
		"empty QR":         {delivery.QR, ""},
		"too long":         {delivery.Code128, strings.Repeat("x", 65)},
		"too long QR":      {delivery.QR, strings.Repeat("x", 257)},
		"umlaut":           {delivery.Code128, "Ü123"},
		"function code":    {delivery.Code128, "\u00f1123"},
		"control":          {delivery.DataMatrix, "12\x1d34"},
		"not UTF-8":        {delivery.Aztec, "12\xff34"},
		"no symbology":     {"", "1234"},
		"other symbology":  {"maxicode", "1234"},
		"odd digits":       {delivery.ITF, "1234567"},
		"line end":         {delivery.QR, "1234\n"},
		"too fine to scan": {delivery.DataMatrix, strings.Repeat("~x", 128)},
	} {
		d := theatre(t)
		d.Pages[0].Symbology, d.Pages[0].Barcode = c.kind, c.payload
		if name == "too fine to scan" { // the longest payload still fits
			mustPDF(t, r, d)
			continue
		}
		err := r.PDF(t.Context(), io.Discard, d)
		if !domain.HasCode(err, CodeBarcode) {
			t.Errorf("%s: PDF got %v", name, err)
		}
		if err != nil && c.payload != "" && strings.Contains(err.Error(), c.payload) {
			t.Errorf("%s: the error quotes the barcode: %v", name, err)
		}
		if err := r.PNG(t.Context(), io.Discard, d, 150); !domain.HasCode(err, CodeBarcode) {
			t.Errorf("%s: PNG got %v", name, err)
		}
	}
}

func TestBarcode_LaterPageImpossible_NothingIsWritten(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	d := many(theatre(t), 40)
	d.Pages[39].Barcode = ""
	var out bytes.Buffer
	if err := r.PDF(t.Context(), &out, d); !domain.HasCode(err, CodeBarcode) || out.Len() != 0 {
		t.Errorf("got %v after %d bytes", err, out.Len())
	}
}

func TestBarcode_ResolutionTooLow_SaysWhichOneIsNeeded(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	d := theatre(t)
	d.Pages[0].Barcode = payloads[6]
	err := r.PNG(t.Context(), io.Discard, d, 72)
	if e := domain.AsError(err); e == nil || e.Code != CodeBarcode || !strings.Contains(e.Detail, "100 are needed") {
		t.Fatalf("got %v", err)
	}
	mustPNG(t, r, d, 100)
}

func TestFit_EverySymbol_KeepsItsQuietZoneAndWholeDots(t *testing.T) {
	t.Parallel()
	l := mustLayout(t, mustNew(t, Options{}), standardLayout)
	for i := range l.Elements {
		e := &l.Elements[i]
		if e.Kind != kindBarcode {
			continue
		}
		for _, kind := range delivery.Symbologies() {
			if lies(kind) != (e.If == "linear") {
				continue
			}
			for _, payload := range payloadsOf(kind) {
				s, err := encode(kind, payload)
				if err != nil {
					t.Fatal(err)
				}
				m, err := s.fit(e.rect(), e.Height)
				if err != nil {
					t.Fatal(err)
				}
				if dots := m.module / dot; math.Abs(dots-math.Round(dots)) > 1e-9 {
					t.Errorf("%s %q: a module of %v dots", kind, payload, dots)
				}
				if w := float64(s.w+2*s.quiet) * m.module; w > e.Box[2]+1e-9 {
					t.Errorf("%s %q: %v mm in a box of %v", kind, payload, w, e.Box[2])
				}
				if s.linear && len(payload) <= 28 && payload[0] == '0' && m.module < 0.33 {
					t.Errorf("%q: modules of %v mm", payload, m.module)
				}
				if !s.wide() && float64(s.h)*m.module < 28 {
					t.Errorf("%s %q: %v mm high", kind, payload, float64(s.h)*m.module)
				}
				if s.linear && m.height < 15 {
					t.Errorf("bars of %v mm", m.height)
				}
			}
		}
	}
}

func TestEncode_Digits_UseCodeSetC(t *testing.T) {
	t.Parallel()
	s, err := encode(delivery.Code128, "003100427719500018843276")
	if err != nil {
		t.Fatal(err)
	}
	if want := 11 + 12*11 + 11 + 13; s.w != want {
		t.Errorf("%d modules, want %d", s.w, want)
	}
}

func TestBars_CoverEveryDarkModuleOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range delivery.Symbologies() {
		s, err := encode(kind, "0031004277195000")
		if err != nil {
			t.Fatal(err)
		}
		seen := make([]int, len(s.dark))
		s.bars(func(x, y, w, h int) {
			for i := y; i < y+h; i++ {
				for j := x; j < x+w; j++ {
					seen[i*s.w+j]++
				}
			}
		})
		for i, n := range seen {
			if (n == 1) != s.dark[i] || n > 1 {
				t.Fatalf("%s: module %d is covered %d times, dark is %v", kind, i, n, s.dark[i])
			}
		}
	}
}
