package api

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/catalog"
)

type changesInput struct {
	Institution string `query:"institution" maxLength:"200" doc:"one or more codes, separated by commas; default: every one that the key sees"`
	Since       string `query:"since" maxLength:"20000" doc:"next of the answer before; without it nothing is listed, and next is the cursor of now"`
	Limit       int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"most lines to give"`
}

type changesDTO struct {
	Items []movedDTO `json:"items" nullable:"false" doc:"one line a product or performance"`
	Next  string     `json:"next" doc:"comes back as since: at once where there are as many items as asked for, after a while otherwise"`
}

type movedDTO struct {
	Institution  string           `json:"institution"`
	Product      string           `json:"product,omitempty" doc:"absent: what other things refer to (reference), or everything"`
	Performance  string           `json:"performance,omitempty" doc:"absent: the product, with its items"`
	What         []string         `json:"what" nullable:"false" enum:"availability,added,gone,moved,repriced,state,changed,reference,everything" doc:"what became another one. reference: what /v1/institutions/{code}/reference says. everything: read the institution anew with the export"`
	At           time.Time        `json:"at" doc:"when the newest of it was seen"`
	Availability *availabilityDTO `json:"availability,omitempty" doc:"what is left now; absent for what is gone"`
}

// The words of the feed that are not a sort of change.
const (
	whatAvailability = "availability"
	whatReference    = "reference"
	whatEverything   = "everything"
)

// track is how far a follower has read, as it travels in a cursor: a mark for each institution. First is the institution
// that the next page begins with, so that a busy one does not keep the others waiting.
type track struct {
	Marks map[domain.InstitutionCode][]int64 `json:"m"` // seq; or seq, product, performance
	First domain.InstitutionCode             `json:"f,omitempty"`
}

func (t *track) set(code domain.InstitutionCode, m catalog.Mark) {
	if m.Whole {
		t.Marks[code] = []int64{m.Seq}
		return
	}
	t.Marks[code] = []int64{m.Seq, int64(m.Product), int64(m.Performance)}
}

func (t *track) mark(code domain.InstitutionCode) (m catalog.Mark, ok bool) {
	switch n := t.Marks[code]; len(n) {
	case 1:
		return catalog.Mark{Seq: n[0], Whole: true}, true
	case 3:
		return catalog.Mark{Seq: n[0], Product: catalog.ProductID(n[1]), Performance: catalog.PerformanceID(n[2])}, true
	}
	return catalog.Mark{}, false
}

func (t *track) cursor() string {
	b, err := json.Marshal(t)
	if err != nil {
		return "" // numbers and text always marshal
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

const maxSince = 20_000

// parseTrack reads what cursor wrote, and nothing else.
func parseTrack(s string) (*track, bool) {
	if len(s) > maxSince {
		return nil, false
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	t := &track{}
	if err != nil || json.Unmarshal(b, t) != nil || t.Marks == nil {
		return nil, false
	}
	for _, n := range t.Marks {
		if (len(n) != 1 && len(n) != 3) || slices.Min(n) < 0 || n[0] == math.MaxInt64 {
			return nil, false
		}
	}
	return t, t.cursor() == s
}

// getChanges lists what moved since a cursor. Without one it lists nothing and says where now is.
func (s *server) getChanges(c *gin.Context) {
	cl := callOf(c.Request.Context())
	q := newQuery(c.Request.URL, cl.route)
	limit := q.limit()
	asked := q.text("institution")
	at := &track{Marks: map[domain.InstitutionCode][]int64{}}
	since := q.values.Get("since")
	if q.values.Has("since") {
		if t, ok := parseTrack(since); ok {
			at = t
		} else {
			q.faultAs("since", CodeRequestCursor, "use next of the answer before as it is; or begin anew without it")
		}
	}
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	codes, err := s.followed(cl, asked)
	if err != nil {
		s.refuse(c, err)
		return
	}
	for code := range at.Marks {
		if s.shelves[code] == nil || !sees(cl.key, code) {
			delete(at.Marks, code)
		}
	}
	out := changesDTO{Items: []movedDTO{}}
	for _, code := range codes {
		if _, known := at.mark(code); known {
			continue
		}
		at.set(code, s.Catalog.Mark(code))
		if since != "" && len(out.Items) < limit { // one that the key has come to see meanwhile
			out.Items = append(out.Items, movedDTO{Institution: string(code), What: []string{whatEverything}, At: in(s.Clock(), s.location(code))})
		} else if since != "" {
			delete(at.Marks, code)
		}
	}
	if since != "" {
		if err := s.advance(cl, codes, at, limit, &out); err != nil {
			s.refuse(c, err)
			return
		}
	}
	out.Next = at.cursor()
	body, err := encode(out)
	if err != nil {
		s.refuse(c, err)
		return
	}
	c.Data(200, "application/json", body)
}

// followed are the institutions that are asked for, in the order of the configuration.
func (s *server) followed(cl *call, asked string) ([]domain.InstitutionCode, error) {
	var codes []domain.InstitutionCode
	if asked == "" {
		for _, code := range s.Catalog.Institutions {
			if sees(cl.key, code) {
				codes = append(codes, code)
			}
		}
		return codes, nil
	}
	for name := range strings.SplitSeq(asked, ",") {
		code := domain.InstitutionCode(name)
		if s.shelves[code] == nil {
			return nil, domain.Errorf(domain.NotFound, catalog.CodeInstitutionUnknown, "no institution %q", cut(name))
		}
		if err := mustSee(cl.key, code); err != nil {
			return nil, err
		}
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes, nil
}

// advance adds what moved and moves the track on.
func (s *server) advance(cl *call, codes []domain.InstitutionCode, at *track, limit int, out *changesDTO) error {
	begin := max(slices.Index(codes, at.First), 0)
	at.First = ""
	for i := range codes {
		code := codes[(begin+i)%len(codes)]
		mark, known := at.mark(code)
		if !known {
			continue
		}
		left := limit - len(out.Items)
		if left <= 0 {
			at.First = code
			return nil
		}
		steps, next, err := s.Catalog.Changes(cl, code, mark, left)
		if err != nil {
			return err
		}
		at.set(code, next)
		out.Items = append(out.Items, s.movedOf(code, steps)...)
	}
	return nil
}

// movedOf makes one line of all steps of a product or performance, where the last of them stands.
func (s *server) movedOf(code domain.InstitutionCode, steps []catalog.Step) []movedDTO {
	if len(steps) == 0 {
		return nil
	}
	type thing struct {
		product     catalog.ProductID
		performance catalog.PerformanceID
	}
	sh, _ := s.shelf(code) // nil while nothing is loaded: lines without availability
	loc := s.location(code)
	var items []movedDTO
	words := map[thing][]string{}
	for _, st := range steps {
		k := thing{st.Product, st.Performance}
		words[k] = append(words[k], whatOf(&st)...)
	}
	seen := map[thing]bool{}
	for _, st := range slices.Backward(steps) {
		k := thing{st.Product, st.Performance}
		if seen[k] {
			continue
		}
		seen[k] = true
		what := words[k]
		slices.Sort(what)
		m := movedDTO{Institution: string(code), What: slices.Compact(what), At: in(st.At, loc)}
		if st.Product != 0 {
			m.Product = publicID(code, st.Product)
		}
		if st.Performance != 0 {
			m.Performance = publicID(code, st.Performance)
		}
		if sh != nil {
			m.Availability = sh.leftOf(st.Product, st.Performance)
		}
		items = append(items, m)
	}
	slices.Reverse(items)
	return items
}

// whatOf are the feed's words of a step.
func whatOf(st *catalog.Step) []string {
	var out []string
	if st.Available {
		out = append(out, whatAvailability)
	}
	for _, w := range st.What {
		switch {
		case w == catalog.ChangeMore:
			out = append(out, whatEverything)
		case st.Product == 0:
			out = append(out, whatReference)
		default:
			out = append(out, string(w))
		}
	}
	return out
}

// leftOf is what is left now of a performance, or of a product; nil for one that is not there.
func (sh *shelf) leftOf(product catalog.ProductID, performance catalog.PerformanceID) *availabilityDTO {
	loc := sh.index.Location()
	if performance != 0 {
		p := sh.view.Performance(performance)
		if p == nil || p.Product != product {
			return nil
		}
		d := sh.said(sh.view.PerformanceAvailability(p), p)
		return &d
	}
	p := sh.view.Product(product)
	if p == nil {
		return nil
	}
	d := toAvailability(sh.view.ProductAvailability(p, sh.at), loc)
	return &d
}
