package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
)

// What callers and shared caches may do with pictures. One that is due to be fetched anew is kept for a shorter time.
const (
	imageControl      = "public, max-age=86400, stale-while-revalidate=604800"
	imageControlStale = "public, max-age=300, stale-while-revalidate=604800"
)

// The sizes of pictures that are not a product's by its own names.
const (
	sizeVenue = "venue"
	sizeOwn   = "own"
)

// imageSizes lists what a picture may be asked for as.
func imageSizes() []string {
	return []string{"small", "medium", "large", "xlarge", "logo", sizeVenue, sizeOwn}
}

// getImage serves a picture that the catalog names. It needs no key, since <img> can send none; so it is limited by client
// address, and tells nothing that the catalog does not show to everybody.
func (s *server) getImage(c *gin.Context) {
	cl := callOf(c.Request.Context())
	from := clientAddress(c.Request)
	if _, ok := s.viewers.bucket(from, s.Clock()).spend(s.Clock(), s.viewers.rate, s.viewers.burst); !ok {
		e := domain.Errorf(domain.Limited, CodePictureRate, "an address may ask for %d pictures a second", s.ImageRate)
		e.RetryAfter = s.viewers.wait(from)
		s.refuse(c, e)
		return
	}
	q := newQuery(c.Request.URL, cl.route)
	form := delivery.PictureForm{Width: q.width(), Format: oneOf(q, "format", delivery.PictureFormats())}
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	code, address, err := s.imageAddress(c.Param("id"), c.Param("size"))
	if err != nil {
		s.refuse(c, err)
		return
	}
	pic, err := s.Pictures.Scaled(c.Request.Context(), code, address, form)
	if err != nil {
		s.refuse(c, err)
		return
	}
	sendImage(c, pic)
}

func (q *query) width() int {
	widths := delivery.PictureWidths()
	s := q.values.Get("width")
	if s == "" && !q.values.Has("width") {
		return 0
	}
	for _, w := range widths {
		if s == strconv.Itoa(w) {
			return w
		}
	}
	q.fault("width", "one of "+joinInts(widths))
	return 0
}

func joinInts(list []int) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.Itoa(n)
	}
	return strings.Join(out, ", ")
}

// imageAddress looks an id and a size up in the loaded catalogs; a caller can name no address.
func (s *server) imageAddress(id, size string) (domain.InstitutionCode, string, error) {
	code, n, ok := parseID(id)
	if !ok || s.shelves[code] == nil || !slices.Contains(imageSizes(), size) || s.Pictures == nil {
		return "", "", domain.Errorf(domain.NotFound, delivery.CodePictureUnknown, "no picture %s of %s", cut(size), cut(id))
	}
	v, err := s.Catalog.View(code)
	if err != nil {
		return "", "", err
	}
	if address := pictureOf(v, n, size); address != "" {
		return code, address, nil
	}
	return "", "", domain.Errorf(domain.NotFound, delivery.CodePictureUnknown, "no picture %s of %s", cut(size), cut(id))
}

// pictureOf is the address of a picture of a product or a performance; empty where there is none.
func pictureOf(v *catalog.View, id int64, size string) string {
	product, perf := v.Product(catalog.ProductID(id)), v.Performance(catalog.PerformanceID(id))
	if product == nil && perf != nil {
		product = v.Product(perf.Product)
	} else {
		perf = nil // the number is a product's
	}
	switch {
	case size == sizeOwn && perf != nil:
		return perf.Image
	case size == sizeVenue && perf != nil:
		return perf.Venue.Image
	case size == sizeVenue && product != nil:
		for i := range v.Performances {
			if p := &v.Performances[i]; p.Product == product.ID && p.Venue.Image != "" {
				return p.Venue.Image
			}
		}
		return ""
	case product != nil:
		return product.Images[size]
	}
	return ""
}

// sendImage answers with a picture, or with 304 where the caller has it. Pages of other origins may show it.
func sendImage(c *gin.Context, pic delivery.ScaledPicture) {
	sum := sha256.Sum256(pic.Content)
	etag, h := `"`+hex.EncodeToString(sum[:12])+`"`, c.Writer.Header()
	control := imageControl
	if pic.Stale {
		control = imageControlStale
	}
	h.Set("Cache-Control", control)
	h.Set("ETag", etag)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if hasImage(c.Request.Header["If-None-Match"], etag) {
		h.Del("Content-Security-Policy")
		c.Writer.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Last-Modified", pic.FetchedAt.UTC().Format(http.TimeFormat))
	h.Set("Content-Length", strconv.Itoa(len(pic.Content)))
	c.Data(http.StatusOK, pic.MediaType, pic.Content)
}

// hasImage reports whether If-None-Match names the picture.
func hasImage(lines []string, etag string) bool {
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			part = strings.TrimPrefix(strings.Trim(part, " \t"), "W/")
			if part == etag || part == "*" {
				return true
			}
		}
	}
	return false
}

// imageMount mounts a handler that answers with pictures: they have no other coding, whatever Accept-Encoding says.
func imageMount[I any](h gin.HandlerFunc, media ...string) mountFunc {
	return func(m *mounter, r *route) {
		file[I](h, media...)(m, r)
		r.kept, r.coded = false, false
		op := operationOf(m.api.OpenAPI(), r)
		op.Parameters = slices.DeleteFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == "Accept-Encoding" })
		headers := op.Responses["200"].Headers
		delete(headers, "Content-Encoding")
		delete(headers, "Vary")
		headers["ETag"] = stringHeader("strong")
		headers["Cache-Control"] = stringHeader(imageControl)
		headers["Cross-Origin-Resource-Policy"] = stringHeader("cross-origin: pages of other origins may show it")
		headers["Last-Modified"] = stringHeader("when the picture was fetched")
	}
}

// clientAddress is who asks: the address of the connection, or, where that is a proxy of our own network, the last one that
// it names. Addresses of version 6 count by their network, of which a caller has a whole one.
func clientAddress(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "unknown"
	}
	ip := at.Addr().Unmap()
	if lines := r.Header["X-Forwarded-For"]; len(lines) > 0 && (ip.IsLoopback() || ip.IsPrivate()) {
		last := lines[len(lines)-1]
		if named, err := netip.ParseAddr(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])); err == nil {
			ip = named.Unmap()
		}
	}
	if ip.Is6() {
		if p, err := ip.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
