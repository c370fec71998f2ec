package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
)

// scaler is a func as delivery.PictureScaler.
type scaler func(code domain.InstitutionCode, address string, form delivery.PictureForm) (delivery.ScaledPicture, error)

func (f scaler) Scaled(_ context.Context, code domain.InstitutionCode, address string, form delivery.PictureForm) (delivery.ScaledPicture, error) {
	return f(code, address, form)
}

// pictured is a rig whose theatre has every picture, each of which says in its bytes what was asked for.
func pictured(tb testing.TB, give scaler, more ...func(*Deps)) *rig {
	tb.Helper()
	if give == nil {
		give = func(code domain.InstitutionCode, address string, form delivery.PictureForm) (delivery.ScaledPicture, error) {
			text := strings.Join([]string{string(code), address, joinInts([]int{form.Width}), string(form.Format)}, "|")
			return delivery.ScaledPicture{Content: []byte(text), MediaType: "image/png", FetchedAt: noon}, nil
		}
	}
	r := bareRig(tb, append(more, func(d *Deps) { d.Pictures = give })...)
	r.catalog.snaps["play"] = func() *catalog.Snapshot {
		s := theatre()
		for i := range s.Products {
			if s.Products[i].ID == 101 {
				s.Products[i].Images = map[string]string{"large": "https://img.example/large.jpg", "logo": "https://img.example/logo.png"}
			}
		}
		for i := range s.Performances {
			p := &s.Performances[i]
			p.Venue.Image = "https://img.example/venue.jpg"
			if p.ID == 201 {
				p.Image = "https://img.example/own.jpg"
			}
		}
		return s
	}
	r.load()
	return r
}

func TestImage_IsLookedUpInTheCatalog(t *testing.T) {
	t.Parallel()
	r := pictured(t, nil)
	for target, want := range map[string]string{
		"/v1/images/play-101/large":                       "play|https://img.example/large.jpg|0|",
		"/v1/images/play-101/logo?width=160&format=jpeg":  "play|https://img.example/logo.png|160|jpeg",
		"/v1/images/play-101/venue?width=1920&format=png": "play|https://img.example/venue.jpg|1920|png",
		"/v1/images/play-201/own":                         "play|https://img.example/own.jpg|0|",
		"/v1/images/play-201/venue":                       "play|https://img.example/venue.jpg|0|",
		"/v1/images/play-201/large":                       "play|https://img.example/large.jpg|0|", // its product's
	} {
		a := r.do("", "GET", target, "")
		if a.status != http.StatusOK || string(a.body) != want || a.header.Get("Content-Type") != "image/png" {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
		for name, value := range map[string]string{
			"Cache-Control": "public, max-age=86400, stale-while-revalidate=604800", "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Resource-Policy": "cross-origin", "Last-Modified": noon.UTC().Format(http.TimeFormat),
		} {
			if a.header.Get(name) != value {
				t.Errorf("%s: %s is %q", target, name, a.header.Get(name))
			}
		}
		etag := a.header.Get("ETag")
		for _, sent := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
			again := r.do("", "GET", target, "", header("If-None-Match", sent))
			if again.status != http.StatusNotModified || len(again.body) != 0 || again.header.Get("ETag") != etag || again.header.Get("Cache-Control") == "" {
				t.Errorf("%s with %s: %d %v", target, sent, again.status, again.header)
			}
		}
		if other := r.do("", "GET", target, "", header("If-None-Match", `"x"`), header("Accept-Encoding", "br, identity;q=0")); other.status != http.StatusOK || other.header.Get("Content-Encoding") != "" {
			t.Errorf("%s with another ETag: %d", target, other.status)
		}
	}
}

func TestImage_NothingElseIsAsked(t *testing.T) {
	t.Parallel()
	r := pictured(t, func(_ domain.InstitutionCode, address string, _ delivery.PictureForm) (delivery.ScaledPicture, error) {
		t.Errorf("asked for %s", address)
		return delivery.ScaledPicture{}, nil
	})
	for _, target := range []string{
		"/v1/images/play-101/own", "/v1/images/play-101/small", "/v1/images/play-202/own", "/v1/images/play-999/large", "/v1/images/nowhere-101/large",
		"/v1/images/101/large", "/v1/images/play-101/huge", "/v1/images/play-0101/large", "/v1/images/https:%2F%2Fimg.example%2Flarge.jpg/large",
		"/v1/images/play-101/https:%2F%2F169.254.169.254%2F", "/v1/images/play-101/LARGE",
	} {
		if a := r.do("", "GET", target, ""); a.status != http.StatusNotFound || (!strings.Contains(string(a.body), `"picture.unknown"`) && !strings.Contains(string(a.body), `"route.unknown"`)) {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	bare := newRig(t)
	if a := bare.do("", "GET", "/v1/images/play-101/large", ""); a.status != http.StatusNotFound {
		t.Errorf("without pictures: %d", a.status)
	}
}

func TestImage_OldOneIsKeptForAShorterTime(t *testing.T) {
	t.Parallel()
	r := pictured(t, func(domain.InstitutionCode, string, delivery.PictureForm) (delivery.ScaledPicture, error) {
		return delivery.ScaledPicture{Content: []byte("x"), MediaType: "image/jpeg", FetchedAt: noon, Stale: true}, nil
	})
	a := r.do("", "GET", "/v1/images/play-101/large", "")
	if a.status != http.StatusOK || a.header.Get("Cache-Control") != "public, max-age=300, stale-while-revalidate=604800" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestImage_EveryAddressHasItsOwnRate(t *testing.T) {
	t.Parallel()
	r := pictured(t, nil, func(d *Deps) { d.ImageRate = 2 })
	r.now.tick = 0
	from := func(remote, forwarded string) int {
		return r.do("", "GET", "/v1/images/play-101/large", "", func(q *http.Request) {
			q.RemoteAddr = remote
			if forwarded != "" {
				q.Header.Set("X-Forwarded-For", forwarded)
			}
		}).status
	}
	spend := func(remote, forwarded string) {
		t.Helper()
		for i := range 4 {
			if st := from(remote, forwarded); st != http.StatusOK {
				t.Errorf("%s %s, number %d: %d", remote, forwarded, i, st)
			}
		}
		if st := from(remote, forwarded); st != http.StatusTooManyRequests {
			t.Errorf("%s %s, one more: %d", remote, forwarded, st)
		}
	}
	spend("198.51.100.1:1000", "")
	if st := from("198.51.100.1:2000", "203.0.113.77"); st != http.StatusTooManyRequests {
		t.Errorf("who is no proxy of ours names another address: %d", st)
	}
	spend("127.0.0.1:1000", "203.0.113.1")
	spend("10.0.0.1:1000", "6.6.6.6, 203.0.113.2") // only the last was named by our proxy
	if st := from("10.0.0.1:1000", "7.7.7.7, 203.0.113.2"); st != http.StatusTooManyRequests {
		t.Errorf("another first address: %d", st)
	}
	spend("[2001:db8::1]:1000", "")
	if st := from("[2001:db8::2]:1000", ""); st != http.StatusTooManyRequests {
		t.Errorf("an address of the same network: %d", st)
	}
	spend("[2001:db8:0:1::1]:1000", "")
	r.now.advance(time.Second)
	if st := from("198.51.100.1:1000", ""); st != http.StatusOK {
		t.Errorf("a second later: %d", st)
	}
}

func TestImage_WidthsAreThoseOfTheDocument(t *testing.T) {
	t.Parallel()
	r := pictured(t, nil)
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name   string
				Schema struct{ Enum []any }
			}
		}
	}
	if err := json.Unmarshal(document(t, r.srv), &doc); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, p := range doc.Paths["/v1/images/{id}/{size}"]["get"].Parameters {
		if p.Schema.Enum != nil {
			found[p.Name] = fmt.Sprint(p.Schema.Enum)
		}
	}
	want := map[string]string{"width": fmt.Sprint(delivery.PictureWidths()), "size": fmt.Sprint(imageSizes()), "format": fmt.Sprint(delivery.PictureFormats())}
	if !maps.Equal(found, want) {
		t.Errorf("the document has %v, we take %v", found, want)
	}
}

func imageRefusals() []refusal {
	fails := func(err func() error) func(*rig) answer {
		return func(r *rig) answer {
			return pictured(r.t, func(domain.InstitutionCode, string, delivery.PictureForm) (delivery.ScaledPicture, error) {
				return delivery.ScaledPicture{}, err()
			}).do("", "GET", "/v1/images/play-101/large", "")
		}
	}
	bad := func(query, pointer, field string) refusal {
		return refusal{name: "image" + query, do: get("", "/v1/images/play-101/large"+query), status: 422, code: domain.CodeRequest, pointer: pointer, field: field}
	}
	return []refusal{
		bad("?width=0", "?width", domain.CodeRequest), bad("?width=161", "?width", domain.CodeRequest), bad("?width=3840", "?width", domain.CodeRequest),
		bad("?width=", "?width", domain.CodeRequest), bad("?width=640&width=320", "?width", domain.CodeRequest), bad("?format=webp", "?format", domain.CodeRequest),
		bad("?format=JPEG", "?format", domain.CodeRequest), bad("?url=https://x.example", "?url", CodeRequestUnknownMember), bad("?height=10", "?height", CodeRequestUnknownMember),
		{name: "image of nothing", do: get("", "/v1/images/play-999/large"), status: 404, code: delivery.CodePictureUnknown},
		{name: "image that cannot be had", do: fails(func() error { return domain.Errorf(domain.Upstream, delivery.CodePictureRefused, "no") }), status: 502, code: delivery.CodePictureRefused},
		{name: "image whose server is away", do: fails(func() error { return domain.Errorf(domain.Unavailable, delivery.CodePictureAway, "away") }), status: 503, code: delivery.CodePictureAway, retry: true},
		{name: "image of a catalog that is not loaded", do: func(r *rig) answer {
			return bareRig(r.t, func(d *Deps) { d.Pictures = scaler(nil) }).do("", "GET", "/v1/images/play-101/large", "")
		}, status: 503, code: catalog.CodeCatalogUnknown, retry: true},
		{name: "too many images", do: func(r *rig) answer {
			p := pictured(r.t, nil, func(d *Deps) { d.ImageRate = 1 })
			p.do("", "GET", "/v1/images/play-101/large", "")
			p.do("", "GET", "/v1/images/play-101/large", "")
			return p.do("", "GET", "/v1/images/play-101/large", "")
		}, status: 429, code: CodePictureRate, retry: true},
	}
}
