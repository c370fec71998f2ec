package api

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// plainly undoes a content coding.
func plainly(tb testing.TB, coding string, body []byte) []byte {
	tb.Helper()
	var r io.Reader = bytes.NewReader(body)
	switch coding {
	case "":
		return body
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			tb.Fatal(err)
		}
		r = z
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			tb.Fatal(err)
		}
		defer z.Close()
		r = z
	default:
		tb.Fatalf("a coding that nobody knows: %q", coding)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		tb.Fatalf("%s: %v", coding, err)
	}
	return out
}

func TestVariants_EachHasItsOwnStrongTagAndLengthAndTheSameContent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, target := range []string{"/v1/products/" + hamlet, "/v1/performances/" + hamletFirst, "/v1/products", "/v1/performances?sort=price", "/v1/institutions", "/v1/availability?performances=play-201,play-202,play-204,arena-401,play-203"} {
		plain := r.do("web", http.MethodGet, target, "")
		tags := []string{plain.header.Get("Etag")}
		for range 2 { // a list is kept from the second time on
			for _, coding := range []string{"br", "zstd", "gzip"} {
				a := r.do("web", http.MethodGet, target, "", header("Accept-Encoding", coding+", identity;q=0"))
				if got := a.header.Get("Content-Encoding"); a.status != http.StatusOK || got != coding {
					t.Fatalf("%s as %s: %d %q", target, coding, a.status, got)
				}
				if got := plainly(t, coding, a.body); !bytes.Equal(got, plain.body) {
					t.Errorf("%s as %s says otherwise", target, coding)
				}
				if got := a.header.Get("Content-Length"); got != strconv.Itoa(len(a.body)) || len(a.body) >= len(plain.body) {
					t.Errorf("%s as %s: Content-Length %s of %d bytes, plain %d", target, coding, got, len(a.body), len(plain.body))
				}
				if got := a.header.Get("Vary"); got != varied {
					t.Errorf("%s: Vary: %s", target, got)
				}
				tags = append(tags, a.header.Get("Etag"))
				head := r.do("web", http.MethodHead, target, "", header("Accept-Encoding", coding+", identity;q=0"))
				if head.header.Get("Content-Length") == "" || head.header.Get("Content-Encoding") != coding {
					t.Errorf("HEAD %s: %v", target, head.header)
				}
			}
		}
		for i, tag := range tags {
			if !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) || slices.Contains(tags[1:], tag) && i == 0 {
				t.Errorf("%s: tags %q", target, tags)
			}
			for _, coding := range []string{"", "identity", "br", "zstd", "gzip"} {
				a := r.do("web", http.MethodGet, target, "", header("If-None-Match", `"other", W/`+tag), header("Accept-Encoding", coding))
				if a.status != http.StatusNotModified || len(a.body) != 0 || a.header.Get("Etag") != tag || a.header.Get("Content-Encoding") != "" || a.header.Get("Vary") != varied {
					t.Errorf("%s: %s of who has %s: %d %v", target, coding, tag, a.status, a.header)
				}
			}
		}
		for _, tag := range []string{`"` + strings.Trim(tags[0], `"`) + `-lzma"`, `"` + strings.Trim(tags[0], `"`)[1:] + `"`, strings.Trim(tags[0], `"`), `""`, ``, `,`} {
			if a := r.do("web", http.MethodGet, target, "", header("If-None-Match", tag)); a.status != http.StatusOK {
				t.Errorf("%s: %d for %s", target, a.status, tag)
			}
		}
		if a := r.do("web", http.MethodGet, target, "", header("If-None-Match", "*")); a.status != http.StatusNotModified {
			t.Errorf("%s: %d for *", target, a.status)
		}
	}
}

func TestVariants_OfTheDocument(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, target := range []string{"/openapi.json", "/openapi.yaml", "/docs", "/docs/docs.js"} {
		plain := r.do("", http.MethodGet, target, "")
		for _, coding := range []string{"br", "zstd", "gzip"} {
			a := r.do("", http.MethodGet, target, "", header("Accept-Encoding", coding))
			if a.header.Get("Content-Encoding") != coding || a.header.Get("Vary") != "Accept-Encoding" || a.header.Get("Cache-Control") != "no-cache" ||
				!bytes.Equal(plainly(t, coding, a.body), plain.body) || 3*len(a.body) > 2*len(plain.body) {
				t.Errorf("%s as %s: %d bytes of %d, %v", target, coding, len(a.body), len(plain.body), a.header)
			}
			if b := r.do("", http.MethodGet, target, "", header("If-None-Match", a.header.Get("Etag"))); b.status != http.StatusNotModified {
				t.Errorf("%s: %d", target, b.status)
			}
		}
	}
}

// The same tag must mean the same bytes, whoever made them and after whatever else.
func TestVariants_TheSameTagMeansTheSameBytes(t *testing.T) {
	t.Parallel()
	e, err := newEncoders()
	if err != nil {
		t.Fatal(err)
	}
	pieces := []string{`{"id":"play-1","name":`, `"Hamlet"`, `"Zoé à l'été"`, `,"price":{"amount":4200,"currency":"EUR"}`, "}", "é", "0123"}
	dice := rand.New(rand.NewPCG(1, 2))
	for range 12 {
		var src []byte
		for range 20 + dice.IntN(2000) {
			src = append(src, pieces[dice.IntN(len(pieces))]...)
		}
		fresh, err := newEncoders()
		if err != nil {
			t.Fatal(err)
		}
		for c := range coding(codings) {
			for f := range efforts {
				want, err1 := fresh.compress(c, f, src)
				got, err2 := e.compress(c, f, src)
				if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
					t.Fatalf("%s, effort %d: %v %v, other bytes", codingNames[c], f, err1, err2)
				}
			}
		}
	}
}

func TestVariants_AreMadeOnceForWhatIsKept(t *testing.T) {
	t.Parallel()
	e, err := newEncoders()
	if err != nil {
		t.Fatal(err)
	}
	k := newKeeper(&budget{most: 1 << 20}, e)
	b := k.keep(bodyKey{id: 1}, newBody(bytes.Repeat([]byte(`{"a":1},`), 500), nil))
	for c := range coding(codings) {
		var wg sync.WaitGroup
		got := make([]*variant, 8)
		for i := range got {
			wg.Go(func() {
				v, err := b.variant(c, e)
				if err != nil {
					t.Error(err)
				}
				got[i] = v
			})
		}
		wg.Wait()
		for i := range got {
			if got[i] != got[0] {
				t.Errorf("%s was made more than once", codingNames[c])
			}
		}
	}
}

func TestBudget_BoundsWhatIsKeptAndGetsItBack(t *testing.T) {
	t.Parallel()
	e, err := newEncoders()
	if err != nil {
		t.Fatal(err)
	}
	money := &budget{most: 10_000}
	k := newKeeper(money, e)
	write := func() ([]byte, []string, error) { return bytes.Repeat([]byte("x"), 2000), nil, nil }
	for id := range int64(20) {
		b, err := k.body(bodyKey{id: id}, write)
		if err != nil || len(b.json) != 2000 {
			t.Fatal(err)
		}
		if _, err := b.variant(codingGzip, e); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for id := range int64(20) {
		if k.kept(bodyKey{id: id}) != nil {
			n++
		}
	}
	if n < 2 || n > 4 || money.used.Load() > money.most {
		t.Errorf("%d bodies kept, %d bytes of %d", n, money.used.Load(), money.most)
	}
	k.drop()
	late, err := k.body(bodyKey{id: 100}, write)
	if err != nil || late.keeper != nil || money.used.Load() != 0 {
		t.Errorf("after all is dropped %d bytes are held, %v", money.used.Load(), err)
	}
}

func TestPages_KeepWhatIsAskedForTwiceWithinTheirBounds(t *testing.T) {
	t.Parallel()
	e, err := newEncoders()
	if err != nil {
		t.Fatal(err)
	}
	money := &budget{most: 1 << 30}
	k := newKeeper(money, e)
	raw := bytes.Repeat([]byte(`{"a":1},`), 1<<17) // a mebibyte
	for i := range 200 {
		key := strconv.Itoa(i)
		if k.wants(key) {
			t.Fatal("wanted at once")
		}
		if !k.wants(key) {
			t.Fatal("not wanted the second time")
		}
		pg := &page{body: taggedBody(raw, key, nil)}
		k.keepPage(key, pg)
		k.keepPage(key, &page{body: taggedBody(raw, key, nil)})
		if k.page(key) != pg {
			t.Fatalf("%d is not kept", i)
		}
		if i%50 == 0 {
			if _, err := pg.body.variant(codingZstd, e); err != nil {
				t.Fatal(err)
			}
		}
		if hot := k.page("0"); hot == nil {
			t.Fatalf("what is asked for all the time is gone at %d", i)
		}
	}
	if got := money.used.Load(); got > 2*maxGeneration+1<<20 || got < maxGeneration/2 {
		t.Errorf("%d bytes are held", got)
	}
	if k.page("1") != nil {
		t.Error("what nobody asked for is kept for ever")
	}
	k.drop()
	if got := money.used.Load(); got != 0 {
		t.Errorf("%d bytes are held for nothing", got)
	}
}

func TestWish_ReadsAcceptEncoding(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                                     "plain",
		"gzip":                                 "gzip",
		"x-gzip":                               "gzip",
		"gzip, deflate, br, zstd":              "br",
		"gzip, deflate, zstd":                  "zstd",
		"GZIP ; Q=1.000":                       "gzip",
		"deflate":                              "plain",
		"*":                                    "br",
		"*;q=0.1":                              "br",
		"br;q=0, *":                            "zstd",
		"gzip;q=1.0, br;q=0.9":                 "gzip",
		"gzip;q=0.5, br;q=0.501, zstd;q=0.499": "br",
		"identity":                             "plain",
		"identity, gzip":                       "gzip",
		"identity;q=1, gzip;q=0.5":             "plain",
		"identity;q=0.5, gzip;q=0.6":           "gzip",
		"identity;q=0, gzip;q=0.001":           "gzip",
		"gzip;q=0":                             "plain",
		"gzip;q=0, br;q=0":                     "plain",
		"*;q=0, gzip":                          "gzip",
		"*;q=0, identity":                      "plain",
		", ,gzip,,":                            "gzip",
		"compress;q=1, sdch, gzip;q=0.2":       "gzip",
		"br;\tq=0.7 , zstd ;q=0.8":             "zstd",
	} {
		w, err := readWish([]string{header})
		got := "plain"
		if c := w.choose(10_000); c != codingNone {
			got = codingNames[c]
		}
		if err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", header, got, err, want)
		}
	}
	if w, err := readWish(nil); err != nil || w.choose(1<<20) != codingNone {
		t.Errorf("no header: %v %v", w, err)
	}
	if w, err := readWish([]string{"gzip;q=0.5", "br;q=0.4"}); err != nil || w.choose(1<<20) != codingGzip {
		t.Errorf("two lines: %v %v", w, err)
	}
}

func TestWish_TinyBodiesStayAsTheyAreWhereThatIsTaken(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]coding{"br": codingNone, "br, identity;q=0": codingBrotli} {
		w, err := readWish([]string{header})
		if got := w.choose(minVariant - 1); err != nil || got != want {
			t.Errorf("%q: %d, %v", header, got, err)
		}
	}
}

// FuzzReadWish holds that whatever is sent, what is chosen was not refused.
func FuzzReadWish(f *testing.F) {
	for _, s := range []string{"gzip, deflate, br, zstd", "*;q=0", "identity;q=0, gzip;q=0.1", "gzip;q=0.1234", "br;q=é", ",;,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		w, err := readWish([]string{header})
		if err != nil {
			return
		}
		c := w.choose(1 << 20)
		if c == codingNone && w.refuse {
			t.Errorf("%q: sent as it is, which was refused", header)
		}
		if c != codingNone && !strings.Contains(header, "*") && !strings.Contains(strings.ToLower(header), codingNames[c]) {
			t.Errorf("%q: %s was not asked for", header, codingNames[c])
		}
	})
}

func TestLanguages_OfManyHeadersAreRememberedWithinABound(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	target := "/v1/products/" + mug
	for i := range maxTongues + 50 {
		a := r.do("web", http.MethodGet, target, "", header("Accept-Language", fmt.Sprintf("xx-%d, en;q=0.5", i)))
		if got := a.header.Get("Content-Language"); got != "en, fr" {
			t.Fatalf("%d: %s", i, got)
		}
	}
	if n := len(r.srv.shelves["play"].now.Load().tongues); n != maxTongues {
		t.Errorf("%d ways of asking are remembered", n)
	}
}
