package secutix_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/secutix"
)

// album is a PictureStore in memory.
type album struct {
	mu   sync.Mutex
	kept map[string]secutix.KeptPicture
}

func newAlbum() *album { return &album{kept: map[string]secutix.KeptPicture{}} }

func (a *album) Picture(_ context.Context, code domain.InstitutionCode, name string) (secutix.KeptPicture, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p, ok := a.kept[string(code)+" "+name]; ok {
		return p, nil
	}
	return secutix.KeptPicture{}, domain.Errorf(domain.NotFound, "picture.unknown", "none")
}

func (a *album) KeepPicture(_ context.Context, code domain.InstitutionCode, name string, p secutix.KeptPicture) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept[string(code)+" "+name] = p
	return nil
}

func (a *album) size() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.kept)
}

// served is a handler as a RoundTripper.
type served func(w http.ResponseWriter, r *http.Request)

func (s served) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s(w, r)
	return w.Result(), nil
}

func gives(b []byte) served {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b) }
}

// drawn is a picture that is red on its left and blue on its right half.
func drawn(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{R: 255, A: 255}
			if x >= w/2 {
				c = color.NRGBA{B: 255, A: 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func asPNG(m image.Image) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, m)
	return b.Bytes()
}

func asJPEG(m image.Image) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, nil)
	return b.Bytes()
}

func shelf(transport http.RoundTripper) (*secutix.Pictures, *album) {
	a := newAlbum()
	return secutix.NewPictures(a, transport, domain.SystemClock), a
}

const somewhere = "https://pictures.example/a"

func TestPicture_IsFetchedOnceForAllWhoAskAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		want, hold := asPNG(drawn(8, 8)), make(chan struct{})
		p, a := shelf(served(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			<-hold
			_, _ = w.Write(want)
		}))
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if b, err := p.Picture(t.Context(), "theatre", somewhere); err != nil || !bytes.Equal(b, want) {
					t.Errorf("%d bytes, %v", len(b), err)
				}
			})
			wg.Go(func() {
				if got, err := p.Scaled(t.Context(), "theatre", somewhere, delivery.PictureForm{Format: delivery.PictureJPEG}); err != nil || got.MediaType != "image/jpeg" {
					t.Errorf("%s, %v", got.MediaType, err)
				}
			})
		}
		synctest.Wait()
		close(hold)
		wg.Wait()
		if _, err := p.Picture(t.Context(), "theatre", somewhere); err != nil || asked.Load() != 1 || a.size() != 2 {
			t.Errorf("asked %d times, %d kept, %v", asked.Load(), a.size(), err)
		}
	})
}

func TestPicture_CallerThatHangsUpLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		p, a := shelf(served(func(w http.ResponseWriter, _ *http.Request) {
			<-hold
			_, _ = w.Write(asPNG(drawn(8, 8)))
		}))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Scaled(ctx, "theatre", somewhere, delivery.PictureForm{}); domain.AsError(err).Code != delivery.CodePictureAway {
			t.Errorf("%v", err)
		}
		close(hold)
		synctest.Wait()
		if a.size() != 1 {
			t.Errorf("%d kept", a.size())
		}
	})
}

func TestPicture_TakesOnlyPictures(t *testing.T) {
	t.Parallel()
	small := asPNG(drawn(4, 4))
	for name, tt := range map[string]struct {
		address string
		answer  served
		code    string // empty: taken
		kind    domain.Kind
	}{
		"png":             {somewhere, gives(small), "", ""},
		"jpeg":            {"http://p.example/a", gives(asJPEG(drawn(4, 4))), "", ""},
		"as large as can": {somewhere, gives(append(bytes.Clone(small), make([]byte, 10<<20-len(small))...)), "", ""},
		"too large":       {somewhere, gives(append(bytes.Clone(small), make([]byte, 10<<20-len(small)+1)...)), delivery.CodePictureRefused, domain.Upstream},
		"a page":          {somewhere, gives([]byte("<html>")), delivery.CodePictureRefused, domain.Upstream},
		"svg":             {somewhere, gives([]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)), delivery.CodePictureRefused, domain.Upstream},
		"cut in its head": {somewhere, gives(small[:20]), delivery.CodePictureRefused, domain.Upstream},
		"nothing":         {somewhere, gives(nil), delivery.CodePictureRefused, domain.Upstream},
		"not there":       {somewhere, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, delivery.CodePictureRefused, domain.Upstream},
		"broken server":   {somewhere, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, delivery.CodePictureAway, domain.Unavailable},
		"elsewhere": {somewhere, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		}, delivery.CodePictureRefused, domain.Upstream},
		"a file":       {"file:///etc/passwd", nil, delivery.CodePictureRefused, domain.Upstream},
		"no host":      {"https:///a", nil, delivery.CodePictureRefused, domain.Upstream},
		"no address":   {"", nil, delivery.CodePictureRefused, domain.Upstream},
		"not a word":   {"https://p.example/%zz", nil, delivery.CodePictureRefused, domain.Upstream},
		"other words":  {"data:image/png;base64,AAAA", nil, delivery.CodePictureRefused, domain.Upstream},
		"a password":   {"https://me:secret@p.example/a", nil, delivery.CodePictureRefused, domain.Upstream},
		"another name": {"form 160 jpeg https://p.example/a", nil, delivery.CodePictureRefused, domain.Upstream},
	} {
		asked := 0
		p, a := shelf(served(func(w http.ResponseWriter, r *http.Request) {
			if asked++; tt.answer == nil || r.Host == "169.254.169.254" {
				t.Errorf("%s: asked %s", name, r.URL)
				return
			}
			tt.answer(w, r)
		}))
		got, err := p.Scaled(t.Context(), "theatre", tt.address, delivery.PictureForm{})
		if tt.code == "" {
			if err != nil || len(got.Content) == 0 || a.size() != 1 || got.Stale {
				t.Errorf("%s: %d bytes, %d kept, %v", name, len(got.Content), a.size(), err)
			}
			continue
		}
		if e := domain.AsError(err); e.Code != tt.code || e.Kind != tt.kind || a.size() != 0 || len(got.Content) > 0 || (e.Kind == domain.Unavailable) != (e.RetryAfter > 0) {
			t.Errorf("%s: %d bytes, %d kept, %v", name, len(got.Content), a.size(), err)
		}
	}
}

// broken does not answer.
type broken struct{ asked atomic.Int32 }

func (b *broken) RoundTrip(*http.Request) (*http.Response, error) {
	b.asked.Add(1)
	return nil, errors.New("no such host")
}

func TestPicture_ServerThatDoesNotAnswerIsLeftInPeaceForAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dead := &broken{}
		p, a := shelf(dead)
		for i := range 20 { // other pictures of the server count, too
			_, err := p.Scaled(t.Context(), "theatre", fmt.Sprintf("%s%d", somewhere, i), delivery.PictureForm{Width: 160})
			if e := domain.AsError(err); e.Code != delivery.CodePictureAway || e.RetryAfter <= 0 || e.RetryAfter > time.Minute {
				t.Fatalf("%v", err)
			}
		}
		if dead.asked.Load() != 1 || a.size() != 0 {
			t.Errorf("asked %d times, %d kept", dead.asked.Load(), a.size())
		}
		time.Sleep(time.Minute)
		if _, err := p.Picture(t.Context(), "theatre", somewhere); err == nil || dead.asked.Load() != 2 {
			t.Errorf("asked %d times after a minute, %v", dead.asked.Load(), err)
		}
	})
}

func TestPicture_OldOneIsServedAtOnceAndFetchedAnewMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var content atomic.Pointer[[]byte] // nil: the server is away
		asked := atomic.Int32{}
		p, _ := shelf(served(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			if b := content.Load(); b != nil {
				_, _ = w.Write(*b)
				return
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		first, second := asPNG(drawn(400, 100)), asPNG(drawn(800, 800))
		content.Store(&first)
		form := delivery.PictureForm{Width: 160}
		get := func(height int, stale bool) {
			t.Helper()
			got, err := p.Scaled(t.Context(), "theatre", somewhere, form)
			if err != nil {
				t.Fatal(err)
			}
			if m, _ := png.Decode(bytes.NewReader(got.Content)); m == nil || m.Bounds().Dy() != height || got.Stale != stale {
				t.Errorf("%v, stale %v", m.Bounds(), got.Stale)
			}
			synctest.Wait()
		}
		get(40, false)
		content.Store(nil)
		time.Sleep(24 * time.Hour)
		for range 5 { // away: the old one is served, and the server asked once
			get(40, true)
		}
		if asked.Load() != 2 {
			t.Errorf("asked %d times", asked.Load())
		}
		content.Store(&second)
		time.Sleep(time.Minute)
		get(40, true)   // it is being fetched
		get(160, false) // it was
		if asked.Load() != 3 {
			t.Errorf("asked %d times", asked.Load())
		}
	})
}

func TestPictureTransport_AsksPublicAddressesOnly(t *testing.T) {
	t.Parallel()
	secret := httptest.NewServer(http.HandlerFunc(gives(asPNG(drawn(4, 4)))))
	t.Cleanup(secret.Close)
	port := secret.URL[strings.LastIndexByte(secret.URL, ':'):]
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
		"[fe80::1]", "[fd00::1]", "[fec0::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "100.64.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
		"255.255.255.255", "[ff02::1]", "[2001:db8::1]", "192.0.0.192", "0.0.0.1",
	} {
		p, a := shelf(secutix.PictureTransport(nil))
		_, err := p.Scaled(t.Context(), "theatre", "http://"+host+port+"/a.png", delivery.PictureForm{})
		e := domain.AsError(err)
		if e.Code != delivery.CodePictureRefused || a.size() != 0 {
			t.Errorf("%s: %v", host, err)
		}
	}
	p, _ := shelf(secutix.PictureTransport([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}))
	if got, err := p.Scaled(t.Context(), "theatre", secret.URL+"/a.png", delivery.PictureForm{}); err != nil || got.MediaType != "image/png" {
		t.Errorf("an allowed address: %v", err)
	}
}

func TestPicture_BodyThatNeverEndsIsCut(t *testing.T) {
	t.Parallel()
	p, a := shelf(served(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(asPNG(drawn(4, 4)))
		_, _ = io.CopyN(w, zeros{}, 64<<20)
	}))
	if _, err := p.Picture(t.Context(), "theatre", somewhere); domain.AsError(err).Code != delivery.CodePictureRefused || a.size() != 0 {
		t.Errorf("%v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
