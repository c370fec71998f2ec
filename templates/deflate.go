package templates

import (
	"bytes"

	"github.com/klauspost/compress/zlib"
)

// deflateLevel trades size for time; 6 is zlib's own choice.
const deflateLevel = 6

// deflater is a compressor that is used again and again, by one goroutine at a time. The zero value is ready.
type deflater struct{ z *zlib.Writer }

// deflate appends the compressed form of b to dst.
func (d *deflater) deflate(dst *bytes.Buffer, b []byte) {
	if d.z == nil {
		d.z, _ = zlib.NewWriterLevel(nil, deflateLevel) // the level is a valid one
	}
	d.z.Reset(dst)
	_, _ = d.z.Write(b) // a buffer does not fail
	_ = d.z.Close()
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
