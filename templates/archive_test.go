package templates

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"guichet/domain/delivery"
)

// plainPDF is a file whose objects all stand open, as qpdf writes it.
func plainPDF(t *testing.T, r *Renderer, d delivery.Document) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "plain.pdf")
	tool(t, "qpdf", "--qdf", "--object-streams=disable", "--no-original-object-ids", mustFile(t, "ticket.pdf", mustPDF(t, r, d)), out)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// objectsOf are a plain file's objects by number.
func objectsOf(file string) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`(?s)\n(\d+) 0 obj\n(.*?)\nendobj`).FindAllStringSubmatch(file, -1) {
		out[m[1]] = m[2]
	}
	return out
}

var marks = regexp.MustCompile(`(?m)(BDC|BMC)$|^(EMC)$|(TJ|\bf|\bDo)$|MCID (\d+)`)

func TestPDF_EveryMark_IsContentOrDecoration(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for name, d := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := objectsOf(plainPDF(t, r, many(d, 3)))
			pages := 0
			for _, o := range objects {
				if !strings.Contains(o, "/Type /Page\n") {
					continue
				}
				pages++
				content := objects[regexp.MustCompile(`/Contents (\d+)`).FindStringSubmatch(o)[1]]
				depth, next := 0, 0
				for _, m := range marks.FindAllStringSubmatch(content, -1) {
					switch {
					case m[1] != "":
						depth++
					case m[2] != "":
						depth--
					case m[3] != "" && depth < 1:
						t.Errorf("%q is drawn outside of any mark", m[3])
					case m[4] != "" && m[4] != strconv.Itoa(next):
						t.Errorf("stretch %s is number %d", m[4], next)
					case m[4] != "":
						next++
						if depth != 0 {
							t.Error("a part begins in another one")
						}
					}
				}
				if depth != 0 || next < 8 {
					t.Errorf("%d marks are open at the end, %d stretches", depth, next)
				}
				parent := regexp.MustCompile(`/StructParents (\d+)`).FindStringSubmatch(o)[1]
				list := regexp.MustCompile(`\n\s+` + parent + `\n\s+(\d+) 0 R`).FindStringSubmatch(rootOf(objects))
				if owners := strings.Count(objects[list[1]], " 0 R"); owners != next {
					t.Errorf("%d stretches have %d owners", next, owners)
				}
			}
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
		})
	}
}

func rootOf(objects map[string]string) string {
	for _, o := range objects {
		if strings.Contains(o, "/StructTreeRoot\n") && strings.Contains(o, "/ParentTree") {
			return o
		}
	}
	return ""
}

func TestPDF_Structure_SaysWhatIsRead(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	d := theatre(t)
	f := mustFile(t, "ticket.pdf", mustPDF(t, r, d))
	if got := tool(t, "pdfinfo", f); !regexp.MustCompile(`Tagged:\s+yes`).MatchString(got) {
		t.Errorf("not tagged:\n%s", got)
	}
	got := flat(tool(t, "pdfinfo", "-struct-text", f))
	at := 0
	for _, want := range []string{
		`Document Sect Figure "" P (block)`, "Théâtre des Tilleuls", "H1 (block)", "Le Malade imaginaire, comédie-ballet en trois actes", "Samedi 13 mars 2027",
		"Rang", `"F"`, "Place", `"112"`, "Žofie Dvořáková-Müller", "Figure", "003100427719500018843276",
		"pour la représentation indiquée.", "place numérotée.\" P (block) \"Les photographies",
	} {
		i := strings.Index(got[at:], want)
		if i < 0 {
			t.Fatalf("%q is not read after\n%s\nin\n%s", want, got[:at], got[at:])
		}
		at += i + len(want)
	}
	said := func(d delivery.Document, member, text string) bool {
		want := member + "<feff" + strings.ToLower(string(appendHex16(nil, text))) + ">"
		plain := strings.ReplaceAll(strings.ToLower(plainPDF(t, r, d)), " ", "")
		return strings.Contains(plain, strings.ToLower(want))
	}
	for _, c := range []struct {
		d            delivery.Document
		member, text string
	}{
		{d, "/Alt", d.Pages[0].Title},
		{d, "/Alt", d.Pages[0].Barcode},
		{hebrew(t), "/ActualText", "חלום ליל קיץ (2027) – Shakespeare"},
		{arabic(t), "/ActualText", "الخميس، 18 مارس 2027"},
	} {
		if !said(c.d, c.member, c.text) {
			t.Errorf("no %s says %q", c.member, c.text)
		}
	}
}

// TestPDF_Rules_OfPDFA2a looks for what ISO 19005-2 asks of a file at level A, where this writer could fail it.
func TestPDF_Rules_OfPDFA2a(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for name, d := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d.Title += " <&> 🎭"
			file := plainPDF(t, r, d)
			for _, never := range []string{"/Encrypt", "/JavaScript", "/JS ", "/Launch", "/LZWDecode", "/Interpolate true", "/AA ", "/OpenAction", "/TR ", "/EmbeddedFiles"} {
				if strings.Contains(file, never) {
					t.Errorf("the file has %s", never)
				}
			}
			for _, always := range []string{
				"<pdfaid:part>2</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>", "/GTS_PDFA1", "/DestOutputProfile", "/Marked true",
				"/Lang", "/DisplayDocTitle true", "/Tabs /S", escapeXML(d.Title),
			} {
				if !strings.Contains(file, always) {
					t.Errorf("the file has no %s", always)
				}
			}
			objects := objectsOf(file)
			fonts := 0
			for _, o := range objects {
				if strings.Contains(o, "/Subtype /Type0") {
					fonts++
					checkFont(t, objects, o)
				}
			}
			if fonts == 0 {
				t.Error("no fonts")
			}
			if strings.Contains(file, "<0000") && regexp.MustCompile(`\[[^\]]*<(?:[0-9A-F]{4})*?0000`).MatchString(contentOf(objects)) {
				t.Error("the glyph for missing characters is shown")
			}
		})
	}
}

func contentOf(objects map[string]string) string {
	var b strings.Builder
	for _, o := range objects {
		if strings.Contains(o, "BT\n") {
			b.WriteString(o)
		}
	}
	return b.String()
}

// checkFont looks whether a font is embedded and says what each of its shown glyphs stands for.
func checkFont(t *testing.T, objects map[string]string, font string) {
	t.Helper()
	part := func(from, member string) string {
		m := regexp.MustCompile(`/` + member + ` \[?\s*(\d+) 0 R`).FindStringSubmatch(from)
		if m == nil {
			t.Fatalf("no %s in %s", member, from)
		}
		return objects[m[1]]
	}
	unicode := part(font, "ToUnicode")
	descendant := part(font, "DescendantFonts")
	file := part(part(descendant, "FontDescriptor"), `FontFile[23]`)
	if len(file) < 200 {
		t.Error("no font file")
	}
	for _, m := range regexp.MustCompile(`(?m)^<([0-9A-F]{4})> <([0-9A-F]*)>$`).FindAllStringSubmatch(unicode, -1) {
		if m[2] == "" || m[2] == "0000" || m[2] == "FEFF" || m[2] == "FFFE" {
			t.Errorf("glyph %s stands for %q", m[1], m[2])
		}
	}
	said := strings.Count(unicode, "> <") - 1 // without the code space
	if widths := len(strings.Fields(regexp.MustCompile(`(?s)/W \[\s*0\s*\[(.*?)\]`).FindStringSubmatch(descendant)[1])); widths < said+1 {
		t.Errorf("%d glyphs have a text and %d a width", said, widths)
	}
}

func TestSRGB_IsAProfile(t *testing.T) {
	t.Parallel()
	b := sRGB()
	u32 := binary.BigEndian.Uint32
	if int(u32(b)) != len(b) || string(b[36:40]) != "acsp" || string(b[12:20]) != "mntrRGB " || len(b)%4 != 0 {
		t.Fatalf("the header is %q", b[:128])
	}
	seen := map[string]string{}
	for i := range int(u32(b[128:])) {
		e := b[132+12*i:]
		at, size := int(u32(e[4:])), int(u32(e[8:]))
		if at%4 != 0 || at+size > len(b) {
			t.Fatalf("%s stands at %d to %d of %d", e[:4], at, at+size, len(b))
		}
		seen[string(e[:4])] = string(b[at : at+size])
	}
	for tag, kind := range map[string]string{
		"desc": "mluc", "cprt": "mluc", "wtpt": "XYZ ", "chad": "sf32", "rXYZ": "XYZ ", "gXYZ": "XYZ ", "bXYZ": "XYZ ", "rTRC": "para", "gTRC": "para", "bTRC": "para",
	} {
		if !strings.HasPrefix(seen[tag], kind) {
			t.Errorf("%s is %q", tag, seen[tag])
		}
	}
	// Red, green and blue together are the white of the profile's light.
	for i := range 3 {
		sum := 0
		for _, c := range []string{"rXYZ", "gXYZ", "bXYZ"} {
			sum += int(int32(u32([]byte(seen[c][8+4*i:]))))
		}
		if white := int(int32(u32([]byte(seen["wtpt"][8+4*i:])))); sum < white-40 || sum > white+40 {
			t.Errorf("the colours' sum %d is %d, white is %d", i, sum, white)
		}
	}
}
