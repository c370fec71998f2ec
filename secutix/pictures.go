package secutix

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/sync/singleflight"

	"guichet/domain"
	"guichet/domain/delivery"
)

// maxPicture bounds a picture; larger ones are not taken.
const maxPicture = 4 << 20

// PictureStore keeps fetched pictures.
type PictureStore interface {
	// Picture returns a kept picture; domain.NotFound where there is none.
	Picture(ctx context.Context, code domain.InstitutionCode, address string) ([]byte, error)
	// KeepPicture stores one.
	KeepPicture(ctx context.Context, code domain.InstitutionCode, address string, content []byte) error
}

// Pictures implements delivery.Pictures: it fetches pictures that a catalog names, once, and keeps them. It follows no
// redirects and takes only PNG and JPEG, told by their first bytes. It is safe for concurrent use.
type Pictures struct {
	store  PictureStore
	client *http.Client
	flight singleflight.Group
}

var _ delivery.Pictures = (*Pictures)(nil)

// NewPictures makes a Pictures; a nil transport is the default one.
func NewPictures(store PictureStore, transport http.RoundTripper) *Pictures {
	return &Pictures{store: store, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Picture implements delivery.Pictures. The address comes from the institution's own catalog.
func (p *Pictures) Picture(ctx context.Context, code domain.InstitutionCode, address string) ([]byte, error) {
	if b, err := p.store.Picture(ctx, code, address); err == nil {
		return b, nil
	}
	v, err, _ := p.flight.Do(string(code)+" "+address, func() (any, error) {
		b, err := p.fetch(ctx, address)
		if err != nil {
			return nil, err
		}
		return b, p.store.KeepPicture(context.WithoutCancel(ctx), code, address, b)
	})
	if err != nil {
		return nil, err
	}
	b, _ := v.([]byte)
	return b, nil
}

func (p *Pictures) fetch(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, errors.New("picture: not an http address")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("picture: status %d", res.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxPicture+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("picture: %w", err)
	case len(b) > maxPicture:
		return nil, fmt.Errorf("picture: larger than %d bytes", maxPicture)
	case !bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) && !strings.HasPrefix(string(b[:min(3, len(b))]), "\xff\xd8\xff"):
		return nil, errors.New("picture: neither PNG nor JPEG")
	}
	return b, nil
}
