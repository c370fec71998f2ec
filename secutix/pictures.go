package secutix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"guichet/domain"
	"guichet/domain/delivery"
)

const (
	// maxPicture bounds a picture in bytes; larger ones are not taken.
	maxPicture = 10 << 20
	// pictureFresh is how long a picture is served without asking whether there is another at its address.
	pictureFresh = 24 * time.Hour
	// pictureTimeout bounds one fetch.
	pictureTimeout = 10 * time.Second
	// pictureFetches bounds how many are fetched at once.
	pictureFetches = 8
	// pictureRest is how long nothing is asked of an address, or of a server that does not answer, after a failure.
	pictureRest = time.Minute
	// pictureRests bounds the failures that are remembered.
	pictureRests = 10_000
)

// KeptPicture is a picture as it is kept.
type KeptPicture struct {
	Content   []byte
	MediaType string
	FetchedAt time.Time
}

// PictureStore keeps pictures, under their address or, where their form was changed, under a name that is no address.
type PictureStore interface {
	// Picture returns a kept picture; domain.NotFound where there is none.
	Picture(ctx context.Context, code domain.InstitutionCode, name string) (KeptPicture, error)
	// KeepPicture stores one in place of an earlier one of the name.
	KeepPicture(ctx context.Context, code domain.InstitutionCode, name string, p KeptPicture) error
}

// Pictures implements delivery.Pictures and delivery.PictureScaler: it fetches pictures that a catalog names, once for all
// who ask, changes their form, and keeps both. A kept picture is served at once; one older than a day is fetched anew
// meanwhile, and is served on while its server is away. It follows no redirects and takes JPEG, PNG, GIF and WebP. It is
// safe for concurrent use.
type Pictures struct {
	store   PictureStore
	client  *http.Client
	clock   domain.Clock
	flight  singleflight.Group
	fetches chan struct{}
	work    sync.Mutex // one picture is decoded at a time, which bounds memory

	mu    sync.Mutex
	rests map[string]rest // by address, or by server
}

// rest is a failure that is not repeated for a while.
type rest struct {
	until time.Time
	err   *domain.Error
}

var (
	_ delivery.Pictures      = (*Pictures)(nil)
	_ delivery.PictureScaler = (*Pictures)(nil)
)

// NewPictures makes a Pictures; the transport should be PictureTransport's.
func NewPictures(store PictureStore, transport http.RoundTripper, clock domain.Clock) *Pictures {
	return &Pictures{
		store: store, clock: clock, fetches: make(chan struct{}, pictureFetches), rests: map[string]rest{},
		client: &http.Client{
			Transport:     transport,
			Timeout:       pictureTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Picture implements delivery.Pictures: what is neither JPEG nor PNG is made one of them, since it is to be printed.
func (p *Pictures) Picture(ctx context.Context, code domain.InstitutionCode, address string) ([]byte, error) {
	pic, err := p.Scaled(ctx, code, address, delivery.PictureForm{})
	if err == nil && pic.MediaType != mediaJPEG && pic.MediaType != mediaPNG {
		pic, err = p.Scaled(ctx, code, address, delivery.PictureForm{Format: delivery.PicturePNG})
	}
	return pic.Content, err
}

// Scaled implements delivery.PictureScaler.
func (p *Pictures) Scaled(ctx context.Context, code domain.InstitutionCode, address string, form delivery.PictureForm) (delivery.ScaledPicture, error) {
	name := nameOf(address, form)
	kept, err := p.store.Picture(ctx, code, name)
	if err == nil {
		stale := !p.fresh(kept)
		if stale && p.resting(address) == nil {
			p.start(ctx, code, address, form) // nobody waits for it
		}
		return scaled(kept, stale), nil
	}
	if domain.AsError(err).Kind != domain.NotFound {
		return delivery.ScaledPicture{}, err
	}
	select {
	case r := <-p.start(ctx, code, address, form):
		kept, _ = r.Val.(KeptPicture)
		return scaled(kept, r.Err == nil && !p.fresh(kept)), r.Err
	case <-ctx.Done():
		return delivery.ScaledPicture{}, unreachable(pictureRest).Because(context.Cause(ctx))
	}
}

func scaled(k KeptPicture, stale bool) delivery.ScaledPicture {
	return delivery.ScaledPicture{Content: k.Content, MediaType: k.MediaType, FetchedAt: k.FetchedAt, Stale: stale}
}

// nameOf is what a picture is kept under: no address that is fetched begins with "form".
func nameOf(address string, form delivery.PictureForm) string {
	if form == (delivery.PictureForm{}) {
		return address
	}
	return fmt.Sprintf("form %d %s %s", form.Width, form.Format, address)
}

func (p *Pictures) fresh(k KeptPicture) bool { return p.clock().Sub(k.FetchedAt) < pictureFresh }

// start makes a picture for all who ask for it at once; it goes on when they hang up.
func (p *Pictures) start(ctx context.Context, code domain.InstitutionCode, address string, form delivery.PictureForm) <-chan singleflight.Result {
	ctx = context.WithoutCancel(ctx)
	return p.flight.DoChan(string(code)+" "+nameOf(address, form), func() (any, error) {
		src, err := p.source(ctx, code, address)
		if err != nil || form == (delivery.PictureForm{}) {
			return src, err
		}
		return p.reshape(ctx, code, address, form, src)
	})
}

// source is the picture as it came: a kept one while it is fresh or while no other can be had.
func (p *Pictures) source(ctx context.Context, code domain.InstitutionCode, address string) (KeptPicture, error) {
	kept, keptErr := p.store.Picture(ctx, code, address)
	if keptErr == nil && p.fresh(kept) {
		return kept, nil
	}
	v, err, _ := p.flight.Do("fetch "+string(code)+" "+address, func() (any, error) {
		k, err := p.fetch(ctx, address)
		if err != nil {
			return k, err
		}
		return k, p.store.KeepPicture(ctx, code, address, k)
	})
	switch {
	case err == nil:
		kept, _ = v.(KeptPicture)
		return kept, nil
	case keptErr == nil:
		return kept, nil
	}
	return KeptPicture{}, err
}

// reshape makes the form of a picture and keeps it; it is as old as the picture.
func (p *Pictures) reshape(ctx context.Context, code domain.InstitutionCode, address string, form delivery.PictureForm, src KeptPicture) (KeptPicture, error) {
	if e := p.resting(nameOf(address, form)); e != nil {
		return KeptPicture{}, e
	}
	out, media, err := p.draw(src.Content, form)
	if err != nil {
		return KeptPicture{}, p.rest(refused("it cannot be read").Because(err), nameOf(address, form))
	}
	k := KeptPicture{Content: out, MediaType: media, FetchedAt: src.FetchedAt}
	return k, p.store.KeepPicture(ctx, code, nameOf(address, form), k)
}

func (p *Pictures) draw(b []byte, form delivery.PictureForm) ([]byte, string, error) {
	p.work.Lock()
	defer p.work.Unlock()
	return reshapePicture(b, form)
}

// fetch asks the picture's server, at most pictureFetches at once.
func (p *Pictures) fetch(ctx context.Context, address string) (KeptPicture, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return KeptPicture{}, refused("its address is not one of http or https")
	}
	p.fetches <- struct{}{}
	defer func() { <-p.fetches }()
	server := u.Scheme + "://" + u.Host
	if e := cmp.Or(p.resting(address), p.resting(server)); e != nil {
		return KeptPicture{}, e
	}
	b, status, err := p.get(ctx, u)
	switch {
	case err != nil && errors.Is(err, errPrivateAddress):
		return KeptPicture{}, p.rest(refused("its server is not on the public network").Because(err), address)
	case err != nil:
		return KeptPicture{}, p.rest(unreachable(pictureRest).Because(err), address, server)
	case status >= http.StatusInternalServerError || status == http.StatusTooManyRequests:
		return KeptPicture{}, p.rest(unreachable(pictureRest).Because(fmt.Errorf("status %d", status)), address)
	case status != http.StatusOK:
		return KeptPicture{}, p.rest(refused("its server does not give it").Because(fmt.Errorf("status %d", status)), address)
	case len(b) > maxPicture:
		return KeptPicture{}, p.rest(refused(fmt.Sprintf("it has more than %d bytes", maxPicture)), address)
	}
	_, media, err := probePicture(b)
	if err != nil {
		return KeptPicture{}, p.rest(refused("it is no JPEG, PNG, GIF or WebP of a size that is taken").Because(err), address)
	}
	return KeptPicture{Content: b, MediaType: media, FetchedAt: p.clock()}, nil
}

func (p *Pictures) get(ctx context.Context, u *url.URL) (content []byte, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Accept", "image/jpeg, image/png, image/webp, image/gif")
	res, err := p.client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, res.StatusCode, nil
	}
	content, err = io.ReadAll(io.LimitReader(res.Body, maxPicture+1))
	return content, res.StatusCode, err
}

// rest remembers a failure under names, and returns it.
func (p *Pictures) rest(e *domain.Error, names ...string) *domain.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.rests) >= pictureRests {
		clear(p.rests)
	}
	for _, n := range names {
		p.rests[n] = rest{until: p.clock().Add(pictureRest), err: e}
	}
	return e
}

// resting is the failure that is still to be remembered, with the time that is left; nil is none.
func (p *Pictures) resting(name string) *domain.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.rests[name]
	left := r.until.Sub(p.clock())
	if !ok || left <= 0 {
		delete(p.rests, name)
		return nil
	}
	e := *r.err
	if e.RetryAfter > 0 {
		e.RetryAfter = left
	}
	return &e
}

func refused(why string) *domain.Error {
	return domain.Errorf(domain.Upstream, delivery.CodePictureRefused, "the picture is not taken: %s", why)
}

func unreachable(after time.Duration) *domain.Error {
	e := domain.Errorf(domain.Unavailable, delivery.CodePictureAway, "the pictures' server does not answer")
	e.RetryAfter = after
	return e
}
