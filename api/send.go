package api

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// What callers may keep. Catalog answers depend on the key (its institutions), so they are private; for the same reason
// no shared cache holds them. Half a minute is far below how often availability is read from the platform.
const cacheControl = "private, max-age=30, stale-while-revalidate=120"

// varied is what catalog answers depend on beside their address.
const varied = "Accept-Encoding, Accept-Language, Authorization"

var (
	headerJSON = []string{"application/json"}
	headerKeep = []string{cacheControl}
	headerVary = []string{varied}
	// headerAsk: to be kept, and asked for again each time.
	headerAsk        = []string{"no-cache"}
	headerVaryCoding = []string{"Accept-Encoding"}
)

// sendBody answers with a body that callers may keep, in the coding they like best of those we have, or with 304 where
// they have it already. If-Modified-Since is deliberately not looked at: its seconds are too coarse for availability, and
// what one key sees another may not. Last-Modified is there for people.
func (s *server) sendBody(c *gin.Context, b *body, mod time.Time) {
	var modified []string
	if !mod.IsZero() {
		modified = []string{mod.UTC().Format(http.TimeFormat)}
	}
	s.sendKept(c, b, modified, headerJSON)
}

// sendKept is sendBody with a Last-Modified that is written already, and any media type.
func (s *server) sendKept(c *gin.Context, b *body, modified, media []string) {
	s.sendHeld(c, b, held{keep: headerKeep, vary: headerVary, modified: modified, media: media})
}

// held are headers of what callers may keep.
type held struct {
	keep, vary, modified, media []string
	page                        bool // a browser shows it
}

func (s *server) sendHeld(c *gin.Context, b *body, with held) {
	h := c.Writer.Header()
	h["Cache-Control"], h["Vary"] = with.keep, with.vary
	if lines := c.Request.Header["If-None-Match"]; lines != nil {
		if tag, ok := b.had(lines); ok {
			h["Etag"] = tag
			delete(h, "Link")
			delete(h, "Content-Security-Policy") // of a page; RFC 9110, 15.4.5: nothing but what says how long the kept one is good
			c.Writer.WriteHeader(http.StatusNotModified)
			return
		}
	}
	cl := callOf(c.Request.Context())
	coding := cl.wish.choose(len(b.json))
	v, err := b.variant(coding, s.encoders)
	if err != nil {
		s.refuse(c, err)
		return
	}
	if s.dataHeaders(h); with.page {
		s.contentHeaders(h)
	}
	h["Etag"], h["Content-Type"], h["Content-Length"] = v.etag, with.media, v.length
	if with.modified != nil {
		h["Last-Modified"] = with.modified
	}
	if coding != codingNone {
		h["Content-Encoding"] = codingHeaders[coding]
	}
	if b.language[0] != "" {
		h["Content-Language"] = b.language
	}
	if cl.method != http.MethodHead {
		expectBody(cl, len(v.bytes))
	}
	c.Writer.WriteHeader(http.StatusOK)
	_, _ = c.Writer.Write(v.bytes) // a caller that hung up cannot be told
}
