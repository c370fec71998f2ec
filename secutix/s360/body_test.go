package s360

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"
)

func TestReadBody_TheLimitIsOnWhatComesOut(t *testing.T) {
	t.Parallel()
	zipped := func(s string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(s))
		_ = z.Close()
		return b.String()
	}
	exact, more := strings.Repeat("a", 1000), strings.Repeat("a", 1001)
	for _, told := range []int64{-1, 0, 5, 1000, 1 << 40} {
		for encoding, write := range map[string]func(string) string{"": strings.Clone, "gzip": zipped} {
			body, err := readBody(strings.NewReader(write(exact)), encoding, told, 1000)
			if err != nil || string(body) != exact {
				t.Errorf("%q, %d told: %d bytes, %v", encoding, told, len(body), err)
			}
			if _, err := readBody(strings.NewReader(write(more)), encoding, told, 1000); !errors.Is(err, errTooLarge) {
				t.Errorf("%q, %d told: a byte more: %v", encoding, told, err)
			}
		}
	}
}

func TestUnzippedSize_IsNoMoreThanCanBe(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{"": 0, "abc": 0, "\x05\x00\x00\x00": 5, "\xff\xff\xff\xff": 4 * mostUnzipped} {
		if got := unzippedSize([]byte(in)); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}
