package secutix_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"guichet/domain"
	"guichet/secutix"
)

// album is a PictureStore in memory.
type album struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (a *album) Picture(_ context.Context, code domain.InstitutionCode, address string) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if b, ok := a.kept[string(code)+" "+address]; ok {
		return b, nil
	}
	return nil, domain.Errorf(domain.NotFound, "picture.unknown", "none")
}

func (a *album) KeepPicture(_ context.Context, code domain.InstitutionCode, address string, content []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept[string(code)+" "+address] = content
	return nil
}

// served is a handler as a RoundTripper.
type served func(w http.ResponseWriter, r *http.Request)

func (s served) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s(w, r)
	return w.Result(), nil
}

func png(n int) []byte { return append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{1}, n)...) }

func TestPicture_IsFetchedOnceAndKept(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	a := &album{kept: map[string][]byte{}}
	hold := make(chan struct{})
	p := secutix.NewPictures(a, served(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		<-hold
		_, _ = w.Write(png(10))
	}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if b, err := p.Picture(t.Context(), "theatre", "https://pictures.example/a.png"); err != nil || !bytes.Equal(b, png(10)) {
				t.Errorf("%d bytes, %v", len(b), err)
			}
		})
	}
	close(hold)
	wg.Wait()
	before := asked.Load()
	if _, err := p.Picture(t.Context(), "theatre", "https://pictures.example/a.png"); err != nil || asked.Load() != before || len(a.kept) != 1 {
		t.Errorf("asked %d times, %d kept, %v", asked.Load(), len(a.kept), err)
	}
}

func TestPicture_TakesOnlyPictures(t *testing.T) {
	t.Parallel()
	jpeg := []byte("\xff\xd8\xff\xe0 and so on")
	for name, tt := range map[string]struct {
		address string
		answer  served
		ok      bool
	}{
		"png":       {"https://p.example/a", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(png(4<<20 - 8)) }, true},
		"jpeg":      {"http://p.example/a", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(jpeg) }, true},
		"too large": {"https://p.example/a", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(png(4<<20 - 7)) }, false},
		"a page":    {"https://p.example/a", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, false},
		"nothing":   {"https://p.example/a", func(http.ResponseWriter, *http.Request) {}, false},
		"not there": {"https://p.example/a", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write(png(1))
		}, false},
		"elsewhere": {"https://p.example/a", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		}, false},
		"a file":      {"file:///etc/passwd", nil, false},
		"no host":     {"https:///a", nil, false},
		"no address":  {"", nil, false},
		"not a word":  {"https://p.example/%zz", nil, false},
		"other words": {"data:image/png;base64,AAAA", nil, false},
	} {
		a := &album{kept: map[string][]byte{}}
		transport := http.RoundTripper(tt.answer)
		if tt.answer == nil {
			transport = served(func(http.ResponseWriter, *http.Request) { t.Errorf("%s: asked", name) })
		}
		b, err := secutix.NewPictures(a, transport).Picture(t.Context(), "theatre", tt.address)
		if (err == nil) != tt.ok || (len(b) > 0) != tt.ok || (len(a.kept) == 1) != tt.ok {
			t.Errorf("%s: %d bytes, %d kept, %v", name, len(b), len(a.kept), err)
		}
	}
}

// broken does not answer.
type broken struct{}

func (broken) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no such host")
}

func TestPicture_ThatCannotBeFetchedIsTriedAgainNextTime(t *testing.T) {
	t.Parallel()
	a := &album{kept: map[string][]byte{}}
	if _, err := secutix.NewPictures(a, broken{}).Picture(t.Context(), "theatre", "https://p.example/a"); err == nil || len(a.kept) != 0 {
		t.Errorf("%d kept, %v", len(a.kept), err)
	}
}
