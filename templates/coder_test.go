package templates

import (
	"bytes"
	"compress/zlib"
	"io"
	"testing"

	"pgregory.net/rapid"
)

func TestCoder_AnyData_IsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newCoder(rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "sample"))
		data := rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "data")
		if got := inflated(t, c.deflate(nil, data)); !bytes.Equal(got, data) {
			t.Fatalf("%x is read as %x", data, got)
		}
	})
}

// A sample in which each letter is twice as frequent as the last would give codes of hundreds of bits.
func TestCoder_SteepSample_KeepsToTheLongestCode(t *testing.T) {
	t.Parallel()
	var sample []byte
	for i := range 18 {
		sample = append(sample, bytes.Repeat([]byte{byte(i)}, 1<<i)...)
	}
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	if got := inflated(t, newCoder(sample).deflate(nil, every)); !bytes.Equal(got, every) {
		t.Errorf("read as %x", got)
	}
}

func inflated(t interface{ Fatal(...any) }, stream []byte) []byte {
	z, err := zlib.NewReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
