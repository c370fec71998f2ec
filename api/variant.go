package api

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"guichet/domain"
)

// coding is a content coding that bodies come in.
type coding uint8

// The codings, the one we like best of equals first: brotli is the smallest of our bodies, and every one of them costs
// the same to send once it is made.
const (
	codingBrotli coding = iota
	codingZstd
	codingGzip
	codingNone
	codings = int(codingNone) // those that need a variant of their own
)

// How the codings are named in headers and in ETags.
var (
	codingNames   = [codings]string{"br", "zstd", "gzip"}
	codingHeaders = [codings][]string{{"br"}, {"zstd"}, {"gzip"}}
)

// Bodies shorter than minVariant are sent as they are: they fit into one packet with their headers anyway. Of those kept,
// the ones longer than quickVariant are compressed at the cheaper level, so that whoever asks first does not wait.
const (
	minVariant   = 860
	quickVariant = 64 << 10
)

// wish is what a caller says of codings. The zero wish is nothing but the body as it is.
type wish struct {
	order  [codings]coding // those wanted, best first
	n      uint8
	refuse bool // the body as it is is not acceptable (identity;q=0)
}

// Bounds of what Accept-Encoding may say. Browsers send about 30 bytes.
const maxAcceptEncoding = 1000

// readWish reads Accept-Encoding by RFC 9110, section 12.5.3. Codings that we do not know are passed over. Errors: a
// header that does not have the form, and one that leaves nothing we could send (request.not_acceptable).
func readWish(header []string) (wish, error) {
	if len(header) == 0 {
		return wish{}, nil
	}
	const unsaid = -1
	weights, identity, rest := [codings]int{unsaid, unsaid, unsaid}, unsaid, unsaid
	for _, line := range header {
		if len(line) > maxAcceptEncoding {
			return wish{}, badEncoding("at most 1000 bytes")
		}
		for part := range strings.SplitSeq(line, ",") {
			part = strings.Trim(part, " \t")
			if part == "" {
				continue // RFC 9110, 5.6.1.2: empty elements are to be passed over
			}
			name, q, ok := readWeight(part)
			if !ok {
				return wish{}, badEncoding("codings such as gzip, each with a weight of 0 to 1 as in gzip;q=0.5")
			}
			switch {
			case name == "*":
				rest = q
			case strings.EqualFold(name, "identity"):
				identity = q
			case strings.EqualFold(name, "x-gzip"):
				weights[codingGzip] = q
			default:
				for c, known := range codingNames {
					if strings.EqualFold(name, known) {
						weights[c] = q
					}
				}
			}
		}
	}
	return wishOf(weights, identity, rest)
}

// wishOf puts weights of 0 to 1000 (below 0: not said) into an order.
func wishOf(weights [codings]int, identity, rest int) (wish, error) {
	var w wish
	for c := range weights {
		if weights[c] < 0 {
			weights[c] = max(rest, 0)
		}
	}
	if identity < 0 && rest == 0 {
		identity = 0
	}
	for c, q := range weights {
		if q == 0 || q < identity { // the body as it is is wanted more
			continue
		}
		at := int(w.n)
		for at > 0 && weights[w.order[at-1]] < q {
			w.order[at] = w.order[at-1]
			at--
		}
		w.order[at] = coding(c)
		w.n++
	}
	w.refuse = identity == 0
	if w.refuse && w.n == 0 {
		return w, domain.Errorf(domain.Invalid, CodeRequestNotAcceptable, "answers come as br, zstd, gzip or plain, and none of them is accepted").
			WithField("?Accept-Encoding", CodeRequestNotAcceptable, "leave identity acceptable, or take one of br, zstd, gzip")
	}
	return w, nil
}

func badEncoding(detail string) error {
	return domain.Errorf(domain.Invalid, domain.CodeRequest, "a header is wrong").WithField("?Accept-Encoding", domain.CodeRequest, detail)
}

// readWeight reads "gzip", "gzip;q=0.5" and the like; the weight comes in thousandths.
func readWeight(part string) (name string, q int, ok bool) {
	name, param, weighted := strings.Cut(part, ";")
	name = strings.TrimRight(name, " \t")
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !tokenRune(r) }) {
		return "", 0, false
	}
	if !weighted {
		return name, 1000, true
	}
	param = strings.Trim(param, " \t")
	if len(param) < 3 || (param[0] != 'q' && param[0] != 'Q') || param[1] != '=' {
		return "", 0, false
	}
	q, ok = thousandths(param[2:])
	return name, q, ok
}

// tokenRune reports whether RFC 9110 allows the character in a token.
func tokenRune(r rune) bool {
	return r > ' ' && r < 0x7f && !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// thousandths reads a qvalue: 0 or 1 with at most three decimals, and nothing above 1.
func thousandths(s string) (int, bool) {
	whole, decimals, dotted := strings.Cut(s, ".")
	if (whole != "0" && whole != "1") || len(decimals) > 3 || (dotted && strings.Trim(decimals, "0123456789") != "") {
		return 0, false
	}
	q, scale := int(whole[0]-'0')*1000, 100
	for i := range len(decimals) {
		q += int(decimals[i]-'0') * scale
		scale /= 10
	}
	return q, q <= 1000
}

// choose is the coding in which a body of so many bytes is sent.
func (w wish) choose(size int) coding {
	if w.n == 0 || (size < minVariant && !w.refuse) {
		return codingNone
	}
	return w.order[0]
}

// variant is a body in one coding. Its bytes never change.
type variant struct {
	bytes  []byte
	etag   []string
	length []string
}

// Two ways to compress: those variants that are kept are worth some more work than those that are sent once.
type effort uint8

const (
	quick effort = iota
	thorough
	efforts
)

// encoders are the compressors at work, to be used again.
type encoders struct {
	zstd [efforts]*zstd.Encoder
	gzip [efforts]sync.Pool
	br   [efforts]sync.Pool

	lines sync.Pool // of zstd encoders that write while they read
}

// compressor is an encoder that writes one body after another.
type compressor interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// newEncoders takes the levels that were measured on our own bodies (3 kB to 200 kB of JSON): per coding, one level that
// costs less than a fifth of a millisecond for a whole page, and one that is worth it for what is sent many times.
func newEncoders() (*encoders, error) {
	e := &encoders{}
	for f, level := range [efforts]zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault} {
		enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithWindowSize(256<<10), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
		if err != nil {
			return nil, err
		}
		e.zstd[f] = enc
	}
	e.lines.New = func() any {
		w, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10), zstd.WithLowerEncoderMem(true))
		return w
	}
	e.gzip[quick].New = func() any { w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed); return w }
	e.gzip[thorough].New = func() any { w, _ := gzip.NewWriterLevel(io.Discard, gzip.DefaultCompression); return w }
	e.br[quick].New = func() any { return brotli.NewWriterV2(io.Discard, 3) }
	e.br[thorough].New = func() any { return brotli.NewWriterLevel(io.Discard, 5) }
	return e, nil
}

// stream compresses what is written to w while it is written, in the cheaper way. End writes the rest and must be called;
// what w refuses is lost, for who hung up cannot be told.
func (e *encoders) stream(c coding, w io.Writer) (coded io.Writer, end func()) {
	pool := &e.br[quick]
	switch c {
	case codingNone:
		return w, func() {}
	case codingZstd:
		pool = &e.lines
	case codingGzip:
		pool = &e.gzip[quick]
	case codingBrotli:
	}
	z := pool.Get().(compressor)
	z.Reset(w)
	return z, func() {
		_ = z.Close()
		z.Reset(io.Discard)
		pool.Put(z)
	}
}

// compress writes a body in a coding.
func (e *encoders) compress(c coding, f effort, src []byte) ([]byte, error) {
	pool := &e.br[f]
	switch c {
	case codingZstd:
		return bytes.Clone(e.zstd[f].EncodeAll(src, make([]byte, 0, len(src)/3))), nil
	case codingGzip:
		pool = &e.gzip[f]
	case codingBrotli, codingNone:
	}
	w := pool.Get().(compressor)
	defer pool.Put(w)
	out := bytes.NewBuffer(make([]byte, 0, len(src)/3))
	w.Reset(out)
	if _, err := w.Write(src); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(out.Bytes()), nil
}
