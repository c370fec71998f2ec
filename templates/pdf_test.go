package templates

import (
	"bytes"
	"testing"
)

func TestPDF_SameDocument_SameBytes(t *testing.T) {
	t.Parallel()
	d := theatre(t)
	var a, b bytes.Buffer
	if err := mustNew(t, Options{}).PDF(t.Context(), &a, d); err != nil {
		t.Fatal(err)
	}
	if err := mustNew(t, Options{}).PDF(t.Context(), &b, d); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two files of one document differ")
	}
}
