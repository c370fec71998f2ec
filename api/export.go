package api

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/catalog"
)

type exportInput struct {
	LanguageInput
	Institution string `query:"institution" required:"true" maxLength:"64" doc:"code of the institution" example:"play"`
	After       string `query:"after" maxLength:"200" doc:"cursor of the last line received: goes on after it"`
}

// exportHead is the first line of an export, and exportEnd its last: an export without it was cut.
type exportHead struct {
	Type     string         `json:"type"`
	Version  int64          `json:"version"`
	LoadedAt time.Time      `json:"loaded_at"`
	AsOf     time.Time      `json:"as_of,omitzero"`
	Changed  bool           `json:"changed,omitempty"` // another version than the one the cursor is of
	Data     institutionDTO `json:"data"`
}

type exportLine struct {
	Type   string          `json:"type"`
	Cursor string          `json:"cursor"`
	Data   json.RawMessage `json:"data"`
}

type exportEnd struct {
	Type  string `json:"type"`
	Lines int    `json:"lines"`
}

// exportPlace is where in an export a line stands: products by id, then performances by id. It holds values, so that an
// export goes on after a refresh; the version says whether it is still of the same catalog.
type exportPlace struct {
	Version int64                  `json:"v"`
	Code    domain.InstitutionCode `json:"i"`
	Part    int                    `json:"p"` // 0 products, 1 performances
	ID      int64                  `json:"d"`
}

func (p exportPlace) cursor() string {
	b, err := json.Marshal(p)
	if err != nil {
		return "" // numbers and text always marshal
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseExportPlace(s string) (exportPlace, bool) {
	var p exportPlace
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(b, &p) != nil || p.Part < 0 || p.Part > 1 || p.ID <= 0 {
		return exportPlace{}, false
	}
	return p, p.cursor() == s
}

// export writes the whole catalog of an institution as lines of JSON: the institution, every product, every performance to
// come. It goes on after ?after=, so that a broken one need not begin again.
func (s *server) export(c *gin.Context) {
	cl := callOf(c.Request.Context())
	q := newQuery(c.Request.URL, cl.route)
	wished := wishes(q.language(), c.Request.Header)
	code := domain.InstitutionCode(q.text("institution"))
	if code == "" {
		q.faultAs("institution", CodeRequestRequired, "the code of one institution")
	}
	var after exportPlace
	if given := q.text("after"); given != "" {
		var ok bool
		if after, ok = parseExportPlace(given); !ok || after.Code != code {
			q.faultAs("after", CodeRequestCursor, "use the cursor of the last line received, with the same institution")
		}
	}
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	sh, err := s.shelfFor(cl, code)
	if err != nil {
		s.refuse(c, err)
		return
	}
	h := c.Writer.Header()
	h["Content-Type"] = []string{"application/x-ndjson"}
	h["Vary"] = headerVary
	h["Last-Modified"] = []string{sh.mod.UTC().Format(http.TimeFormat)}
	coding := cl.wish.choose(minVariant)
	if coding != codingNone {
		h["Content-Encoding"] = codingHeaders[coding]
	}
	c.Writer.WriteHeader(http.StatusOK)
	w, end := s.encoders.stream(coding, c.Writer)
	sh.export(w, newTongue(sh.langs(wished)), after)
	end()
}

// export writes the lines after a place. Callers that hang up end it: the first write that fails does.
func (sh *shelf) export(w io.Writer, t *tongue, after exportPlace) {
	buffered := bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	v, loc := sh.view, sh.index.Location()
	head := exportHead{
		Type: "institution", Version: v.Version, LoadedAt: in(v.LoadedAt, loc), AsOf: in(v.ConfirmedAt(), loc),
		Changed: after.ID != 0 && after.Version != v.Version, Data: sh.institution(t.speech()),
	}
	if enc.Encode(head) != nil {
		return
	}
	lines := 0
	write := func(kind string, part int, id int64, b *body, err error) bool {
		if err != nil {
			return false // what cannot be written ends the export without its last line
		}
		lines++
		at := exportPlace{Version: v.Version, Code: v.Institution.Code, Part: part, ID: id}
		return enc.Encode(exportLine{Type: kind, Cursor: at.cursor(), Data: b.json}) == nil
	}
	if after.Part == 0 {
		for _, p := range byID(v.Products, func(p *catalog.Product) int64 { return int64(p.ID) }, after.ID) {
			b, err := sh.productBody(p, t)
			if !write("product", 0, int64(p.ID), b, err) {
				return
			}
		}
		after.ID = 0
	}
	for _, p := range byID(v.Performances, func(p *catalog.Performance) int64 { return int64(p.ID) }, after.ID) {
		if p.Over(sh.at) {
			continue
		}
		b, err := sh.performanceBody(p, t)
		if !write("performance", 1, int64(p.ID), b, err) {
			return
		}
	}
	if enc.Encode(exportEnd{Type: "end", Lines: lines}) == nil {
		_ = buffered.Flush() // a caller that hung up cannot be told
	}
}

// byID lists the things with a greater id, in the order of their ids.
func byID[T any](list []T, id func(*T) int64, after int64) []*T {
	out := make([]*T, 0, len(list))
	for i := range list {
		if id(&list[i]) > after {
			out = append(out, &list[i])
		}
	}
	slices.SortFunc(out, func(a, b *T) int { return cmp.Compare(id(a), id(b)) })
	return out
}

// productFile answers /v1/products/{id}.jsonld and .ics, which the router cannot tell from a product; done is false for a
// plain id.
func (s *server) productFile(c *gin.Context, cl *call) (done bool) {
	id, ext, ok := strings.Cut(c.Param("id"), ".")
	if !ok {
		return false
	}
	cl.route = s.auth[c.Request.Method+" "+c.FullPath()+"."+ext]
	if cl.route == nil {
		s.refuse(c, domain.Errorf(domain.NotFound, CodeRouteUnknown, "a product is there as .jsonld and .ics"))
		return true
	}
	q := newQuery(c.Request.URL, cl.route)
	wished := wishes(q.language(), c.Request.Header)
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return true
	}
	sh, n, err := s.shelfOf(cl, id, catalog.CodeProductUnknown)
	if err != nil {
		s.refuse(c, err)
		return true
	}
	p := sh.view.Product(catalog.ProductID(n))
	if p == nil {
		s.refuse(c, notFound(catalog.CodeProductUnknown, id))
		return true
	}
	sp, kind, media := sh.speech(wished), linkedBody, "application/ld+json"
	write := func() ([]byte, []string, error) {
		b, err := encode(sh.linked(p, sp))
		return b, sp.used, err
	}
	if ext == "ics" {
		kind, media = calendarBody, "text/calendar; charset=utf-8"
		write = func() ([]byte, []string, error) { return sh.calendar(p, sp), sp.used, nil }
	}
	b, err := sh.body(bodyKey{kind: kind, id: n, langs: strings.Join(sp.langs, ",")}, write)
	if err != nil {
		s.refuse(c, err)
		return true
	}
	s.sendKept(c, b, sh.modified, []string{media})
	return true
}
