package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet/templates"
)

const smallLayout = `{
  "page": [120, 80],
  "styles": {"s": {"size": 10, "min": 5, "lines": 2, "ellipsis": true}},
  "elements": [
    {"kind": "barcode", "box": [5, 40, 110, 35], "height": 20},
    {"kind": "text", "box": [5, 5, 110, 10], "style": "s", "text": "{title}"},
    {"kind": "text", "box": [5, 20, 110, 10], "style": "s", "text": "{specimen.note}"}
  ]
}
`

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestLayoutsCheck_SaysFileLineAndReason(t *testing.T) {
	t.Parallel()
	good, bad := writeFile(t, "good.json", smallLayout), writeFile(t, "bad.json", strings.Replace(smallLayout, "{title}", "{titel}", 1))
	var out, complaints bytes.Buffer
	if code := run(t.Context(), []string{"layouts", "check", good}, nil, &out, &complaints); code != 0 || !strings.Contains(out.String(), "good (120 × 80 mm") {
		t.Errorf("a good layout: %d %s%s", code, out.String(), complaints.String())
	}
	out.Reset()
	if code := run(t.Context(), []string{"layouts", "check", good, bad}, nil, &out, &complaints); code != 1 || !strings.Contains(out.String(), bad+":6: there is no field {titel}") {
		t.Errorf("a bad layout: %d %s%s", code, out.String(), complaints.String())
	}
	out.Reset()
	long := strings.Repeat("9", 64)
	if code := run(t.Context(), []string{"layouts", "check", "--payload", "A" + long[1:], "--symbology", "code128", good}, nil, &out, &complaints); code != 1 || !strings.Contains(out.String(), "too small for 64 characters as code128") {
		t.Errorf("a long payload: %d %s%s", code, out.String(), complaints.String())
	}
	if code := run(t.Context(), []string{"layouts", "check", "--symbology", "morse", good}, nil, &out, &complaints); code != 2 {
		t.Errorf("an unknown symbology: %d", code)
	}
}

func TestLayoutsCheck_PictureBehindALinkOutside_IsRefused(t *testing.T) {
	t.Parallel()
	secret := writeFile(t, "secret.png", "\x89PNG\r\n\x1a\n")
	f := writeFile(t, "linked.json", strings.Replace(smallLayout, `"styles"`, `"images": {"logo": "logo.png"}, "styles"`, 1))
	if err := os.Symlink(secret, filepath.Join(filepath.Dir(f), "logo.png")); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"layouts", "check", f}, nil, &out, &out); code != 1 || !strings.Contains(out.String(), "path escapes") {
		t.Errorf("%d %s", code, out.String())
	}
}

func TestLayoutsPack_WritesOneFileAndNeverOverTheLayout(t *testing.T) {
	t.Parallel()
	f := writeFile(t, "good.json", smallLayout)
	var out bytes.Buffer
	if code := run(t.Context(), []string{"layouts", "pack", f}, nil, &out, &out); code != 0 {
		t.Fatalf("%d %s", code, out.String())
	}
	if _, err := os.Stat(strings.TrimSuffix(f, ".json") + ".packed.json"); err != nil {
		t.Error(err)
	}
	if code := run(t.Context(), []string{"layouts", "pack", f, "-o", f}, nil, &out, &out); code != 1 {
		t.Errorf("written over itself: %s", out.String())
	}
}

func TestTicketsSample_EveryFormat_IsWrittenAndCounted(t *testing.T) {
	t.Parallel()
	names := writeFile(t, "names.txt", "Žofie Dvořáková\n\n  שלום כהן  \n")
	for format, head := range map[string]string{"pdf": "%PDF-1.7", "png": "\x89PNG", "svg": "<svg", "fgl": "<", "zpl": "^XA"} {
		f := filepath.Join(t.TempDir(), "out."+format)
		var out, figures bytes.Buffer
		code := run(t.Context(), []string{"tickets", "sample", "--format", format, "--text-file", names, "--symbology", "qr", "-o", f}, nil, &out, &figures)
		b, err := os.ReadFile(f)
		if code != 0 || err != nil || !bytes.HasPrefix(b, []byte(head)) || !strings.Contains(figures.String(), " tickets/s, ") {
			t.Errorf("%s: %d %v %s", format, code, err, figures.String())
		}
	}
	f := filepath.Join(t.TempDir(), "out.zip")
	var out bytes.Buffer
	if code := run(t.Context(), []string{"tickets", "sample", "-n", "3", "--format", "pdf", "--each", "-o", f}, nil, &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	z, err := zip.OpenReader(f)
	if err != nil || len(z.File) != 3 {
		t.Fatalf("%v", err)
	}
	if err := z.Close(); err != nil {
		t.Error(err)
	}
}

func TestTicketsSample_Nonsense_IsRefused(t *testing.T) {
	t.Parallel()
	f := filepath.Join(t.TempDir(), "out")
	for _, args := range [][]string{
		{"-n", "0", "-o", f}, {"-n", "100001", "-o", f}, {"-n", "1"}, {"--format", "gif", "-o", f}, {"--kind", "x", "-o", f}, {"--symbology", "x", "-o", f},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), append([]string{"tickets", "sample"}, args...), nil, &out, &out); code != 2 {
			t.Errorf("%v: %d %s", args, code, out.String())
		}
	}
	for _, args := range [][]string{
		{"--layout", "nope", "-o", f}, {"--layouts", f + "/nowhere", "-o", f}, {"--text-file", writeFile(t, "empty", "\n"), "-o", f}, {"--text-file", writeFile(t, "latin1", "M\xfcller"), "-o", f},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), append([]string{"tickets", "sample"}, args...), nil, &out, &out); code != 1 {
			t.Errorf("%v: %d %s", args, code, out.String())
		}
	}
}

func newPreview(t *testing.T, file string) *preview {
	t.Helper()
	r, err := templates.New(templates.Options{})
	if err != nil {
		t.Fatal(err)
	}
	folder, name, err := besideFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	return newLayoutPreview(r, folder.FS(), name, "")
}

func ask(t *testing.T, h http.Handler, host, path string) *httptest.ResponseRecorder {
	t.Helper()
	q := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	q.Host = host
	w := httptest.NewRecorder()
	h.ServeHTTP(w, q)
	return w
}

func TestLayoutsPreview_SavedFile_IsShownAndItsProblemsToo(t *testing.T) {
	t.Parallel()
	f := writeFile(t, "good.json", smallLayout)
	h := newPreview(t, f).handler("127.0.0.1:1")
	state := func() (s previewState) {
		if err := json.Unmarshal(ask(t, h, "127.0.0.1:1", "/state").Body.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := state()
	if len(first.Problems) != 0 || first.Digest == "" || first.Paper != "120 × 80 mm" {
		t.Errorf("%+v", first)
	}
	if w := ask(t, h, "127.0.0.1:1", "/state?known="+first.Digest); w.Code != http.StatusNoContent {
		t.Errorf("nothing new: %d", w.Code)
	}
	if w := ask(t, h, "127.0.0.1:1", "/page.svg?lang=ar&symbology=qr&kind=pass&longest=1"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<svg") {
		t.Errorf("%d %s", w.Code, w.Body.String())
	}
	if err := os.WriteFile(f, []byte(strings.Replace(smallLayout, "{title}", "{titel}", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := state(); len(s.Problems) != 1 || !strings.Contains(s.Problems[0], "good.json:6: there is no field {titel}") {
		t.Errorf("%+v", s)
	}
	if w := ask(t, h, "127.0.0.1:1", "/page.svg"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("%d", w.Code)
	}
}

func TestLayoutsPreview_OtherMachinesAndNames_AreRefused(t *testing.T) {
	t.Parallel()
	f := writeFile(t, "good.json", smallLayout)
	h := newPreview(t, f).handler("127.0.0.1:1")
	for _, host := range []string{"evil.example:1", "evil.example"} {
		if w := ask(t, h, host, "/state"); w.Code != http.StatusMisdirectedRequest {
			t.Errorf("%s: %d", host, w.Code)
		}
	}
	for _, listen := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "nonsense"} {
		var out bytes.Buffer
		if code := run(t.Context(), []string{"layouts", "preview", f, "--listen", listen}, nil, &out, &out); code != 2 {
			t.Errorf("%s: %d %s", listen, code, out.String())
		}
	}
}

func TestLayoutsPreview_Interrupted_Ends(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out := &firstLine{done: cancel}
	if code := run(ctx, []string{"layouts", "preview", writeFile(t, "good.json", smallLayout), "--listen", "127.0.0.1:0"}, nil, out, out); code != 0 {
		t.Errorf("%d %s", code, out.text)
	}
	if !strings.HasPrefix(out.text, "http://127.0.0.1:") {
		t.Error(out.text)
	}
}

// firstLine calls done when something was written.
type firstLine struct {
	text string
	done func()
}

// Write implements io.Writer.
func (f *firstLine) Write(b []byte) (int, error) {
	f.text += string(b)
	f.done()
	return len(b), nil
}
