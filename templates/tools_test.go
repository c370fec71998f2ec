package templates

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"guichet/domain/delivery"
)

// tool runs an outside program and returns what it prints. A missing one fails the test: without it the printed page
// would go unread.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is not installed; these tests need the Debian packages poppler-utils, zbar-tools, zxing-cpp-tools, librsvg2-bin and qpdf", name)
	}
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out.String(), complaints.String())
	}
	return out.String()
}

// mustPDF renders a document and returns the file's bytes.
func mustPDF(tb testing.TB, r *Renderer, d delivery.Document) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := r.PDF(tb.Context(), &b, d); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// mustPNG renders a document's first page.
func mustPNG(tb testing.TB, r *Renderer, d delivery.Document, dpi int) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := r.PNG(tb.Context(), &b, d, dpi); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// mustFile keeps bytes for an outside program.
func mustFile(tb testing.TB, name string, data []byte) string {
	tb.Helper()
	f := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(f, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return f
}

// textOf is what a reader's search would find: pdftotext's words, without the marks it adds around right-to-left text.
func textOf(t *testing.T, pdf []byte) string {
	t.Helper()
	s := tool(t, "pdftotext", mustFile(t, "ticket.pdf", pdf), "-")
	return flat(strings.Map(func(r rune) rune {
		if (r >= '\u202A' && r <= '\u202E') || (r >= '\u2066' && r <= '\u2069') || r == '\u200E' || r == '\u200F' {
			return -1
		}
		return r
	}, s))
}

// flat writes all white space as single spaces.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }
