package templates

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// deflaters keeps compressors, which are large. It holds no state between uses.
type deflaters struct{ pool sync.Pool }

// deflateLevel trades size for time; 6 is zlib's own choice.
const deflateLevel = 6

// deflate appends the compressed form of b to dst.
func (d *deflaters) deflate(dst *bytes.Buffer, b []byte) {
	z, ok := d.pool.Get().(*zlib.Writer)
	if !ok {
		z, _ = zlib.NewWriterLevel(nil, deflateLevel) // the level is a valid one
	}
	z.Reset(dst)
	_, _ = z.Write(b) // a buffer does not fail
	_ = z.Close()
	d.pool.Put(z)
}

// deflateRows compresses samples with PNG's filter "Up", which PDF knows as predictor 15.
func deflateRows(samples []byte, w, channels int) []byte {
	row := w * channels
	var out bytes.Buffer
	z, _ := zlib.NewWriterLevel(&out, deflateLevel) // the level is a valid one
	buf := make([]byte, 1+row)
	prev := make([]byte, row)
	for i := 0; i+row <= len(samples); i += row {
		cur := samples[i : i+row]
		buf[0] = 2
		for j, v := range cur {
			buf[1+j] = v - prev[j]
		}
		_, _ = z.Write(buf) // a buffer does not fail
		prev = cur
	}
	_ = z.Close()
	return out.Bytes()
}
