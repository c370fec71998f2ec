package templates

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"guichet/domain/delivery"
)

// decodePayloads is how many payloads are printed and decoded; GUICHET_DECODE asks for more (`make decode`).
func decodePayloads(t *testing.T) int {
	t.Helper()
	n := 60
	if s := os.Getenv("GUICHET_DECODE"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			t.Fatalf("GUICHET_DECODE=%q is not a number", s)
		}
	}
	return n
}

// TestDecode_InventedPayloads_AreReadFromThePDF prints payloads in all six symbologies, has poppler paint the pages at 200 and at
// 300 dots an inch, and reads them with zbar (linear symbols and QR) and zxing-cpp (the others).
func TestDecode_InventedPayloads_AreReadFromThePDF(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{Layouts: os.DirFS("testdata/layouts")})
	total := decodePayloads(t)
	kinds := delivery.Symbologies()
	for i, kind := range kinds {
		n := (total + len(kinds) - 1 - i) / len(kinds)
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			read, rng := 0, rand.New(rand.NewPCG(uint64(total), uint64(i)))
			for n > 0 {
				batch := min(n, 100)
				payloads := make([]string, batch)
				for j := range payloads {
					most := 40
					if j%10 == 0 {
						most = longest(kind)
					}
					payloads[j] = invent(rng, kind, most)
					if payloads[j] = strings.TrimSpace(payloads[j]); kind.Carries(payloads[j]) != nil { // zbar's lines lose blanks at their ends
						payloads[j] = "00310042"
					}
				}
				for _, dpi := range []int{200, 300} {
					read += decodeBatch(t, r, kind, payloads, dpi)
				}
				n -= batch
			}
			t.Logf("%s: %d symbols read", kind, read)
		})
	}
}

// decodeBatch prints a page for each payload and reads them all.
func decodeBatch(t *testing.T, r *Renderer, kind delivery.Symbology, payloads []string, dpi int) int {
	t.Helper()
	d := delivery.Document{Language: "en", Title: "codes"}
	layout := "square"
	if lies(kind) {
		layout = "wide"
	}
	for _, p := range payloads {
		d.Pages = append(d.Pages, delivery.Page{Layout: layout, Barcode: p, Symbology: kind})
	}
	dir := t.TempDir()
	defer os.RemoveAll(dir) // now: thousands of pages would fill the disk before the test ends
	file := filepath.Join(dir, "codes.pdf")
	if err := os.WriteFile(file, mustPDF(t, r, d), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "pdftoppm", "-gray", "-r", strconv.Itoa(dpi), file, filepath.Join(dir, "p"))
	pages, err := filepath.Glob(filepath.Join(dir, "p*.pgm"))
	if err != nil || len(pages) != len(payloads) {
		t.Fatalf("%d pages of %d (%v)", len(pages), len(payloads), err)
	}
	slices.Sort(pages)
	got := readPages(t, kind, pages)
	for i, p := range payloads {
		if got[i] != p {
			t.Errorf("%s at %d dpi: read %q, want %q", kind, dpi, got[i], p)
		}
	}
	return len(payloads)
}

// readPages reads one symbol from each page, all in one go; where that gives another number of answers, one by one.
func readPages(t *testing.T, kind delivery.Symbology, pages []string) []string {
	t.Helper()
	if slices.Contains([]delivery.Symbology{delivery.QR, delivery.Code128, delivery.ITF}, kind) {
		name := map[delivery.Symbology]string{delivery.QR: "qrcode", delivery.Code128: "code128", delivery.ITF: "i25"}[kind]
		args := []string{"-q", "--raw", "-Sdisable", "-S" + name + ".enable"}
		lines := strings.Split(strings.TrimSuffix(tool(t, "zbarimg", append(args, pages...)...), "\n"), "\n")
		if len(lines) == len(pages) {
			return lines
		}
		out := make([]string, len(pages))
		for i, p := range pages {
			out[i] = strings.TrimSuffix(tool(t, "zbarimg", append(args, p)...), "\n")
		}
		return out
	}
	out := make([]string, len(pages))
	for i, p := range pages {
		out[i] = decode(t, kind, p)
	}
	return out
}
