package templates

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/delivery"
)

// shippedNames are the layouts that come with the program.
func shippedNames() []string {
	return []string{
		"box-office", "card", "four", "four-letter", "receipt", "receipt-roll", "standard", "standard-letter", "thermal", "thermal-roll", "voucher",
	}
}

func shippedFolder(tb testing.TB) fs.FS {
	tb.Helper()
	folder, err := fs.Sub(assets, "layouts")
	if err != nil {
		tb.Fatal(err)
	}
	return folder
}

func TestCheckLayout_ShippedOnes_AreGood(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for _, name := range shippedNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := r.CheckLayout(t.Context(), shippedFolder(t), name+".json", Try{}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCheckLayout_WhatReadingCannotSee_IsRefusedWithLineAndReason(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for name, c := range map[string]struct {
		text string
		try  Try
		want string
	}{
		"overflow":      {text: bare(`{"kind": "text", "box": [0, 0, 30, 5], "text": "{title}", "style": "s"}`), want: `bad.json:9: the text "{title}" has no room for the longest sample (`},
		"stack":         {text: bare(`{"kind": "stack", "box": [0, 0, 30, 8], "items": [{"text": "{title}", "style": "s"}, {"text": "{venue}", "style": "s"}]}`), want: `bad.json:9: the text "{venue}" has no room`},
		"column":        {text: bare(`{"kind": "column", "box": [0, 0, 30, 12], "elements": [{"kind": "fill", "size": [0, 10]}, {"kind": "text", "text": "{title}", "style": "s"}]}`), want: "bad.json:9: the column has no room"},
		"glyph":         {text: bare(`{"kind": "text", "box": [0, 0, 30, 9], "text": "Ring ` + "\U00012000" + `", "style": "s"}`), want: "bad.json:9: no font has the character U+12000 of this text"},
		"string glyph":  {text: strings.Replace(bare(), "Bonjour", "Bonjour \U00012000", 1), want: `bad.json:5: no font has the character U+12000 of the text "hello" (fr)`},
		"small matrix":  {text: strings.Replace(bare(), "[0, 200, 100, 50]", "[0, 200, 100, 8]", 1), want: `bad.json:7: the barcode's box of 100.0 by 8.0 mm is too small for 24 characters as qr`},
		"small linear":  {text: strings.Replace(bare(), "[0, 200, 100, 50]", "[0, 200, 40, 50]", 1), want: `bad.json:7: the barcode's box of 40.0 by 50.0 mm is too small for 24 characters as code128`},
		"long payload":  {text: bare(), try: Try{Payload: strings.Repeat("aB", 30)}, want: "bad.json:7: the barcode's box of 100.0 by 50.0 mm is too small for 60 characters as code128"},
		"wrong payload": {text: bare(), try: Try{Payload: "é"}, want: "bad.json: a payload of 2 characters"},
	} {
		_, err := r.CheckLayout(t.Context(), fstest.MapFS{"bad.json": {Data: []byte(c.text)}}, "bad.json", c.try)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got\n%v\nwant %s", name, err, c.want)
		}
	}
	if _, err := r.CheckLayout(t.Context(), fstest.MapFS{"good.json": {Data: []byte(bare())}}, "good.json", Try{}); err != nil {
		t.Errorf("a good one: %v", err)
	}
	for _, name := range []string{"none.json", "Bad Name.json", "../standard.json", "standard.txt"} {
		if _, err := r.CheckLayout(t.Context(), shippedFolder(t), name, Try{}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// withLogo is a layout with a picture, in its folder.
func withLogo(t *testing.T) fstest.MapFS {
	t.Helper()
	text := strings.Replace(bare(`{"kind": "image", "box": [0, 0, 30, 20], "image": "logo"}`, `{"kind": "image", "box": [40, 0, 30, 20], "image": "logo", "fit": "cover"}`),
		`"strings"`, `"images": {"logo": "pictures/logo.png"}, "strings"`, 1)
	return fstest.MapFS{"venue.json": {Data: []byte(text)}, "pictures/logo.png": {Data: encodePNG(t, disk(40))}}
}

func TestPackLayout_OneFile_PrintsTheSame(t *testing.T) {
	t.Parallel()
	folder := withLogo(t)
	packed, err := mustNew(t, Options{}).PackLayout(t.Context(), folder, "venue.json", Try{})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(packed, []byte("logo.png")) || !bytes.Contains(packed, []byte("data:image/png;base64,")) {
		t.Errorf("the picture is not in the file: %s", packed)
	}
	d := SampleDocument(Sample{Layout: "venue"})
	beside := mustPDF(t, mustNew(t, Options{Layouts: folder}), d)
	alone := mustPDF(t, mustNew(t, Options{Layouts: fstest.MapFS{"venue.json": {Data: packed}}}), d)
	if !bytes.Equal(beside, alone) {
		t.Error("the packed layout prints something else")
	}
}

func TestNew_FolderOfLayouts_IsReadAndMayReplaceShippedOnes(t *testing.T) {
	t.Parallel()
	folder := withLogo(t)
	folder["standard.json"] = &fstest.MapFile{Data: []byte(bare())}
	folder["notes.txt"] = &fstest.MapFile{Data: []byte("not a layout")}
	r := mustNew(t, Options{Layouts: folder})
	var got []string
	for _, l := range r.Layouts() {
		if !l.Shipped {
			got = append(got, l.Name)
		}
	}
	if diff := cmp.Diff([]string{"standard", "venue"}, got); diff != "" {
		t.Error(diff)
	}
	if out := mustPDF(t, r, museum(t)); bytes.Equal(out, mustPDF(t, mustNew(t, Options{}), museum(t))) {
		t.Error("the folder's standard layout is not the one that prints")
	}
}

func TestNew_WrongFile_NamesFileAndLine(t *testing.T) {
	t.Parallel()
	_, err := New(Options{Layouts: fstest.MapFS{"a.json": {Data: []byte("{\n")}, "b.json": {Data: []byte(bare(`{"kind": "x"}`))}}})
	if err == nil || !strings.Contains(err.Error(), "a.json:2: ") || !strings.Contains(err.Error(), "b.json:9: there is no kind") {
		t.Errorf("got %v", err)
	}
}

func TestReloadLayouts_WrongFile_ChangesNothing(t *testing.T) {
	t.Parallel()
	folder := withLogo(t)
	r := mustNew(t, Options{Layouts: folder})
	before := r.Layouts()
	good := folder["venue.json"]
	folder["venue.json"] = &fstest.MapFile{Data: []byte("{")}
	for _, err := range []error{r.CheckLayouts(t.Context()), r.ReloadLayouts(t.Context(), nil)} {
		if e := domain.AsError(err); e == nil || e.Code != delivery.CodeLayoutRefused || len(e.Fields) == 0 || e.Fields[0].Pointer != "venue.json:1" {
			t.Errorf("got %v", err)
		}
	}
	if diff := cmp.Diff(before, r.Layouts()); diff != "" {
		t.Error(diff)
	}
	folder["venue.json"] = &fstest.MapFile{Data: bytes.Replace(good.Data, []byte("[0, 0, 30, 20]"), []byte("[0, 0, 31, 20]"), 1)}
	refusal := errors.New("not wanted")
	if err := r.ReloadLayouts(t.Context(), func(there []delivery.Layout) error {
		if cmp.Equal(before, there) {
			t.Error("asked about the old ones")
		}
		return refusal
	}); !errors.Is(err, refusal) || !cmp.Equal(before, r.Layouts()) {
		t.Errorf("layouts that are not accepted: %v", err)
	}
	if err := r.ReloadLayouts(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if cmp.Equal(before, r.Layouts()) {
		t.Error("the new layout has the old digest")
	}
}

func TestLayoutDigest_ChangesWithTheLook_NotWithTheSpelling(t *testing.T) {
	t.Parallel()
	digest := func(text string, logo []byte) string {
		folder := withLogo(t)
		if text != "" {
			folder["venue.json"] = &fstest.MapFile{Data: []byte(text)}
		}
		if logo != nil {
			folder["pictures/logo.png"] = &fstest.MapFile{Data: logo}
		}
		for _, l := range mustNew(t, Options{Layouts: folder}).Layouts() {
			if l.Name == "venue" {
				return l.Digest
			}
		}
		return ""
	}
	text := string(withLogo(t)["venue.json"].Data)
	first := digest("", nil)
	if digest(strings.ReplaceAll(text, "\n", "\n\n"), nil) != first {
		t.Error("blank lines change the digest")
	}
	if digest(strings.Replace(text, `"size": 10`, `"size": 11`, 1), nil) == first {
		t.Error("another size has the same digest")
	}
	if digest("", encodePNG(t, disk(41))) == first {
		t.Error("another picture has the same digest")
	}
}

func TestLayouts_Samples_StandWhereTheyStood(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for _, name := range shippedNames() {
		for _, form := range []delivery.Symbology{delivery.Code128, delivery.QR} {
			t.Run(name+"-"+string(form), func(t *testing.T) {
				t.Parallel()
				d := SampleDocument(Sample{Layout: name, Symbology: form, N: 5})
				var out script
				drawFirst(t, r, &out, r.worker(pick(r.locales, d.Language)), d)
				golden(t, "layout-"+name+"-"+string(form)+".txt", out.b.Bytes(), func(want []byte) string {
					return cmp.Diff(strings.Split(string(want), "\n"), strings.Split(out.b.String(), "\n"))
				})
			})
		}
	}
}

func TestLayouts_Samples_LookAsTheyLooked(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for _, name := range shippedNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			full := mustDecodePNG(t, mustPNG(t, r, SampleDocument(Sample{Layout: name, N: 5}), 100))
			w := 160
			h := w * full.Bounds().Dy() / full.Bounds().Dx()
			small := thumb(full, w, h)
			var got bytes.Buffer
			if err := png.Encode(&got, small); err != nil {
				t.Fatal(err)
			}
			golden(t, "layout-"+name+".png", got.Bytes(), func(want []byte) string {
				old := mustDecodePNG(t, want)
				if old.Bounds() != small.Bounds() {
					return fmt.Sprintf("%v, was %v", small.Bounds(), old.Bounds())
				}
				if n := difference(thumb(old, w/2, h/2), thumb(small, w/2, h/2)); n > 6 {
					return fmt.Sprintf("a spot differs by %d of 255", n)
				}
				return ""
			})
		})
	}
}

func TestLayouts_EveryOne_IsAValidFileWithTheSameBytes(t *testing.T) {
	t.Parallel()
	for _, name := range shippedNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := SampleDocument(Sample{Layout: name, Language: "ar", N: 9})
			first := mustPDF(t, mustNew(t, Options{}), d)
			tool(t, "qpdf", "--check", mustFile(t, "ticket.pdf", first))
			r := mustNew(t, Options{})
			for range map[bool]int{true: 20, false: 3}[name == standardLayout] {
				if !bytes.Equal(mustPDF(t, r, d), first) {
					t.Fatal("another render gives other bytes")
				}
			}
			var a, b bytes.Buffer
			if err := errors.Join(r.SVG(t.Context(), &a, d), r.SVG(t.Context(), &b, d)); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Errorf("SVG differs: %v", err)
			}
		})
	}
}

// pagesOf counts a file's pages and says how large the first is.
func pagesOf(t *testing.T, pdf []byte) (n string, size string) {
	t.Helper()
	for line := range strings.Lines(tool(t, "pdfinfo", mustFile(t, "ticket.pdf", pdf))) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "Pages":
			n = strings.TrimSpace(value)
		case "Page size":
			size = strings.TrimSpace(value)
		}
	}
	return n, size
}

func TestPDF_Paper_IsTheLayouts(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for _, c := range []struct {
		layout  string
		tickets int
		pages   string
		size    string
	}{
		{"standard", 3, "3", "595.28 x 841.89 pts (A4)"},
		{"standard-letter", 1, "1", "612 x 792 pts (letter)"},
		{"four", 9, "3", "595.28 x 841.89 pts (A4)"},
		{"four-letter", 4, "1", "612 x 792 pts (letter)"},
		{"card", 2, "2", "242.65 x 153.01 pts"},
		{"box-office", 1, "1", "396 x 144 pts"},
		{"voucher", 9, "2", "595.28 x 841.89 pts (A4)"},
		{"voucher", 8, "1", "595.28 x 841.89 pts (A4)"},
		{"receipt", 30, "1", "595.28 x 841.89 pts (A4)"},
	} {
		n, size := pagesOf(t, mustPDF(t, r, SampleDocument(Sample{Layout: c.layout, N: c.tickets})))
		if n != c.pages || size != c.size {
			t.Errorf("%s of %d: %s pages of %s, want %s of %s", c.layout, c.tickets, n, size, c.pages, c.size)
		}
	}
	_, short := pagesOf(t, mustPDF(t, r, SampleDocument(Sample{Layout: "thermal-roll"})))
	_, long := pagesOf(t, mustPDF(t, r, SampleDocument(Sample{Layout: "thermal-roll", Longest: true})))
	if !strings.HasPrefix(short, "226.77 x ") || short == long {
		t.Errorf("a roll is as long as its content: %s and %s", short, long)
	}
}

func TestPDF_SheetsAndVouchers_CarryEveryBarcode(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for _, layout := range []string{"four", "four-letter", "voucher", "thermal", "thermal-roll", "card", "box-office"} {
		for _, form := range []delivery.Symbology{delivery.Code128, delivery.QR} {
			t.Run(layout+" "+string(form), func(t *testing.T) {
				t.Parallel()
				d := SampleDocument(Sample{Layout: layout, Symbology: form, N: 5})
				want := make([]string, 0, len(d.Pages))
				for _, p := range d.Pages {
					want = append(want, p.Barcode)
				}
				got := scanned(t, mustPDF(t, r, d), 300)
				slices.Sort(got)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// scanned reads every barcode of a file with zbar.
func scanned(t *testing.T, pdf []byte, dpi int) []string {
	t.Helper()
	f := mustFile(t, "ticket.pdf", pdf)
	tool(t, "pdftoppm", "-gray", "-r", fmt.Sprint(dpi), f, strings.TrimSuffix(f, ".pdf"))
	pages, err := fs.Glob(os.DirFS(filepath.Dir(f)), "*.pgm")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	var out []string
	for _, p := range pages {
		out = append(out, strings.Fields(tool(t, "zbarimg", "-q", "--raw", filepath.Join(filepath.Dir(f), p)))...)
	}
	return out
}

func TestReceipt_LikeTickets_AreCountedAndSummed(t *testing.T) {
	t.Parallel()
	d := SampleDocument(Sample{Layout: "receipt", N: 5})
	d.Pages[4].Tariff, d.Pages[4].Price = "Child", domain.Money{Amount: 1000, Currency: "EUR"}
	r := mustNew(t, Options{})
	var out script
	drawFirst(t, r, &out, r.worker(r.locales["en"]), d)
	for _, want := range []string{`"4"`, `"€42.50"`, `"€170.00"`, `"1"`, `"€10.00"`, `"€180.00"`} {
		if !strings.Contains(out.b.String(), want) {
			t.Errorf("%s is not in\n%s", want, out.b.String())
		}
	}
	if strings.Contains(out.b.String(), "barcode") {
		t.Error("a receipt has a barcode")
	}
}

func TestReceipt_TwoCurrencies_HasNoTotal(t *testing.T) {
	t.Parallel()
	d := SampleDocument(Sample{Layout: "receipt", N: 2})
	d.Pages[1].Price.Currency = "CHF"
	r := mustNew(t, Options{})
	pg := drawFirst(t, r, nowhere{}, r.worker(r.locales["en"]), d)
	if got := pg.facts["total"]; got != "" {
		t.Errorf("total %q", got)
	}
}

func TestRender_UnknownLayout_IsRefused(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	d := museum(t)
	d.Pages[0].Layout = "nope"
	for name, err := range map[string]error{
		"PDF": r.PDF(t.Context(), &bytes.Buffer{}, d), "PNG": r.PNG(t.Context(), &bytes.Buffer{}, d, 100),
		"SVG": r.SVG(t.Context(), &bytes.Buffer{}, d),
	} {
		if !domain.HasCode(err, delivery.CodeLayoutUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Digest(d); !domain.HasCode(err, delivery.CodeLayoutUnknown) {
		t.Errorf("digest: %v", err)
	}
}

func TestDigest_AnyChange_IsAnotherOne(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	digest := func(change func(d *delivery.Document)) string {
		d := theatre(t)
		change(&d)
		s, err := r.Digest(d)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	same := digest(func(*delivery.Document) {})
	if digest(func(*delivery.Document) {}) != same {
		t.Error("the same document has two digests")
	}
	seen := map[string]string{same: "as it is"}
	for name, change := range map[string]func(d *delivery.Document){
		"language": func(d *delivery.Document) { d.Language = "de" }, "title": func(d *delivery.Document) { d.Title = "x" },
		"holder": func(d *delivery.Document) { d.Pages[0].Holder = "x" }, "picture": func(d *delivery.Document) { d.Pages[0].Picture = nil },
		"layout": func(d *delivery.Document) { d.Pages[0].Layout = "card" }, "barcode": func(d *delivery.Document) { d.Pages[0].Barcode = "1" },
		"start":    func(d *delivery.Document) { d.Pages[0].Start = d.Pages[0].Start.AddDate(0, 0, 1) },
		"one more": func(d *delivery.Document) { d.Pages = append(d.Pages, d.Pages[0]) },
	} {
		s := digest(change)
		if other, ok := seen[s]; ok {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[s] = name
	}
}

func TestSVG_LooksLikeThePNG(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for _, name := range []string{"theatre", "arabic", "museum"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := samples(t)[name]
			var out bytes.Buffer
			if err := r.SVG(t.Context(), &out, d); err != nil {
				t.Fatal(err)
			}
			f := mustFile(t, "ticket.svg", out.Bytes())
			tool(t, "rsvg-convert", "-w", "1240", "-o", f+".png", f)
			got := thumb(mustDecodePNG(t, mustRead(t, f+".png")), 62, 87)
			want := thumb(mustDecodePNG(t, mustPNG(t, r, d, 150)), 62, 87)
			if n := difference(got, want); n > 20 {
				t.Errorf("a spot differs by %d of 255", n)
			}
		})
	}
}

func TestSchema_HasWhatLayoutsHave(t *testing.T) {
	t.Parallel()
	var s struct {
		Properties map[string]json.RawMessage
		Defs       map[string]struct {
			Properties map[string]struct {
				Enum       []string
				Properties map[string]json.RawMessage
			}
			OneOf []struct{ Enum []string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(mustNew(t, Options{}).LayoutSchema(), &s); err != nil {
		t.Fatal(err)
	}
	members := func(of reflect.Type) []string {
		var out []string
		for i := range of.NumField() {
			if name := of.Field(i).Tag.Get("json"); name != "" {
				out = append(out, name)
			}
		}
		slices.Sort(out)
		return out
	}
	if diff := cmp.Diff(members(reflect.TypeFor[layout]()), slices.Sorted(maps.Keys(s.Properties))); diff != "" {
		t.Errorf("layout: %s", diff)
	}
	for name, of := range map[string]reflect.Type{"style": reflect.TypeFor[style](), "element": reflect.TypeFor[element](), "item": reflect.TypeFor[item]()} {
		if diff := cmp.Diff(members(of), slices.Sorted(maps.Keys(s.Defs[name].Properties))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	var all []string
	for _, k := range kinds() {
		all = append(all, string(k))
	}
	if diff := cmp.Diff(all, s.Defs["element"].Properties["kind"].Enum); diff != "" {
		t.Errorf("kinds: %s", diff)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(papers())), s.Defs["paper"].OneOf[0].Enum); diff != "" {
		t.Errorf("papers: %s", diff)
	}
}

func TestPages_AnOrdersPageHasTheTicketsOfOneOrder(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	d := SampleDocument(Sample{Layout: "voucher", N: 4})
	d.Pages[2].Order, d.Pages[3].Order = "ord_2", "ord_2"
	for layout, want := range map[string]int{"voucher": 2, "four": 1, "standard": 4} {
		for i := range d.Pages {
			d.Pages[i].Layout = layout
		}
		if n, err := r.Sheets(d); n != want || err != nil {
			t.Errorf("%s: %d sheets, want %d, %v", layout, n, want, err)
		}
		if n := bytes.Count(mustPDF(t, r, d), []byte("/Type/Page/")) + bytes.Count(mustPDF(t, r, d), []byte("/Type /Page ")); n != 0 && n != want {
			t.Errorf("%s: %d pages written, want %d", layout, n, want)
		}
	}
}

func TestDigest_ChangesWithProgramAndFonts(t *testing.T) {
	t.Parallel()
	d := SampleDocument(Sample{})
	seen := map[string]bool{}
	for _, o := range []Options{{}, {Program: "v1"}, {Program: "v2"}, {Fonts: os.DirFS("fonts")}} {
		s, err := mustNew(t, o).Digest(d)
		if err != nil {
			t.Fatal(err)
		}
		seen[s] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d digests of 4 programs", len(seen))
	}
}
