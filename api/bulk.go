package api

import (
	"context"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

type exportTicketsBody struct {
	Orders      []string            `json:"orders,omitempty" nullable:"false" maxItems:"1000" doc:"ids of orders; or performance"`
	Performance string              `json:"performance,omitempty" maxLength:"200" doc:"id of a performance: its tickets of all the storefront's orders; or orders" example:"play-10300000000201"`
	Format      delivery.BulkFormat `json:"format" enum:"pdf,zip" doc:"pdf: one file with all pages; zip: a PDF for each ticket, or for each order where the layout has one page for all"`
	Layout      string              `json:"layout,omitempty" maxLength:"60" doc:"one of GET /v1/layouts; default: as the institution chose"`
	Lang        string              `json:"lang,omitempty" maxLength:"35" doc:"default: in a zip each buyer's, in a pdf the first order's"`
}

type exportTicketsInput struct {
	Body exportTicketsBody `nameHint:"TicketExportRequest"`
}

type exportDTO struct {
	ID         string    `json:"id" example:"exp_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	State      string    `json:"state" enum:"waiting,running,done,failed,stale" doc:"stale: done, and tickets of its orders were replaced or taken back since, so that there is no file any more"`
	Format     string    `json:"format" enum:"pdf,zip"`
	Done       int       `json:"done" doc:"tickets that are printed; those taken back meanwhile are left out"`
	Total      int       `json:"total" doc:"tickets when it was asked for"`
	Size       int64     `json:"size,omitempty" doc:"bytes of the file; once it is done"`
	URL        string    `json:"url" doc:"where the file is, once it is done"`
	Failure    string    `json:"failure,omitempty" doc:"the code of why it could not be made"`
	CreatedAt  time.Time `json:"created_at"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
	ExpiresAt  time.Time `json:"expires_at" doc:"it is deleted then"`
}

func toExport(e *delivery.Export) exportDTO {
	d := exportDTO{
		ID: e.ID, State: string(e.State), Format: string(e.Bulk.Format), Done: e.Done, Total: e.Total, URL: "/v1/exports/" + e.ID + "/file", Failure: e.Failure,
		CreatedAt: in(e.CreatedAt, time.UTC), FinishedAt: in(e.FinishedAt, time.UTC), ExpiresAt: in(e.CreatedAt.Add(delivery.ExportKept), time.UTC),
	}
	switch {
	case e.Stale():
		d.State = "stale"
	case e.State == delivery.ExportDone:
		d.Size = e.Size
	}
	return d
}

// exportPlan is what an export is about.
type exportPlan struct {
	bulk         delivery.Bulk
	orders       []sales.OrderID
	tickets      []string
	institutions []domain.InstitutionCode
}

func (p *exportPlan) take(o *sales.Order) {
	ids := p.bulk.Tickets(o)
	if len(ids) == 0 {
		return
	}
	p.orders, p.tickets = append(p.orders, o.ID), append(p.tickets, ids...)
	if !slices.Contains(p.institutions, o.Institution) {
		p.institutions = append(p.institutions, o.Institution)
	}
}

// exportTickets prints many tickets: few at once, more in the background.
func (s *server) exportTickets(ctx context.Context, req *exportTicketsInput) (*huma.StreamResponse, error) {
	p, err := s.planExport(ctx, &req.Body)
	if err != nil {
		return nil, err
	}
	cl := callOf(ctx)
	if s.Delivery.Prints != nil {
		if _, err := s.Delivery.Prints.Count(ctx, p.tickets, delivery.Printed{At: s.Clock(), Storefront: cl.key.Storefront, Key: cl.key.ID, Format: delivery.Format(p.bulk.Format)}); err != nil {
			return nil, err
		}
	}
	if len(p.tickets) <= s.ExportAtOnce {
		return &huma.StreamResponse{Body: func(hc huma.Context) { s.streamExport(humagin.Unwrap(hc), p) }}, nil //nolint:contextcheck // the request's own is in it
	}
	e, err := s.Delivery.StartExport(ctx, delivery.Export{
		ID: s.IDs("exp"), Storefront: cl.key.Storefront, Bulk: p.bulk, Orders: p.orders, Institutions: p.institutions, Total: len(p.tickets),
	})
	if err != nil {
		return nil, err
	}
	body, err := encode(toExport(&e))
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/json")
		hc.SetHeader("Location", "/v1/exports/"+e.ID)
		hc.SetStatus(http.StatusAccepted)
		_, _ = hc.BodyWriter().Write(body) // a caller that hung up cannot be told
	}}, nil
}

// planExport finds what is asked for among what the caller may see.
func (s *server) planExport(ctx context.Context, body *exportTicketsBody) (*exportPlan, error) {
	p := &exportPlan{bulk: delivery.Bulk{Format: body.Format, Layout: body.Layout, Lang: body.Lang}}
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the request is not as described")
	code, id, ok := parseID(body.Performance)
	switch {
	case (len(body.Orders) == 0) == (body.Performance == ""):
		bad.WithField("/orders", CodeRequestRequired, "either orders or performance")
	case body.Performance != "" && !ok:
		bad.WithField("/performance", catalog.CodePerformanceUnknown, "id of a performance")
	}
	if body.Lang != "" && !validLanguage(body.Lang) {
		bad.WithField("/lang", domain.CodeRequest, "a language tag such as fr or pt-BR")
	}
	if body.Layout != "" && !slices.ContainsFunc(s.layouts(), func(l delivery.Layout) bool { return l.Name == body.Layout }) {
		bad.WithField("/layout", delivery.CodeLayoutUnknown, "GET /v1/layouts lists those there are")
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	var err error
	if body.Performance != "" {
		p.bulk.Performance = catalog.PerformanceID(id)
		err = s.planPerformance(ctx, p, code)
	} else {
		err = s.planOrders(ctx, p, body.Orders)
	}
	switch {
	case err != nil:
		return nil, err
	case len(p.tickets) == 0:
		return nil, delivery.NothingToPrint()
	}
	return p, nil
}

func (s *server) planOrders(ctx context.Context, p *exportPlan, ids []string) error {
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return domain.Errorf(domain.Invalid, domain.CodeRequest, "the request is not as described").
				WithField("/orders/"+strconv.Itoa(i), domain.CodeRequest, "it stands twice")
		}
		o, err := s.Sales.Order(ctx, viewer(ctx), sales.OrderID(id))
		if e := domain.AsError(err); e != nil {
			return e.WithField("/orders/"+strconv.Itoa(i), e.Code, "there is no such order")
		}
		if p.take(&o); len(p.tickets) > delivery.MaxBulk {
			return tooManyTickets()
		}
	}
	return nil
}

func (s *server) planPerformance(ctx context.Context, p *exportPlan, code domain.InstitutionCode) error {
	if err := mustSee(callOf(ctx).key, code); err != nil {
		return err
	}
	q := sales.Query{
		Institutions: []domain.InstitutionCode{code}, Performance: p.bulk.Performance, Statuses: []sales.Status{sales.Issued},
		Page: domain.Page{Limit: domain.MaxLimit},
	}
	for {
		orders, next, err := s.Sales.Orders(ctx, viewer(ctx), q)
		if err != nil {
			return err
		}
		for i := range orders {
			if p.take(&orders[i]); len(p.tickets) > delivery.MaxBulk {
				return tooManyTickets()
			}
		}
		if next == "" {
			return nil
		}
		q.Page.Cursor = next
	}
}

func tooManyTickets() error {
	return domain.Errorf(domain.Conflict, delivery.CodeExportTooMany, "one file has at most %d tickets", delivery.MaxBulk)
}

// mediaOfBulk is the media type of a format.
func mediaOfBulk(f delivery.BulkFormat) string {
	if f == delivery.BulkZIP {
		return "application/zip"
	}
	return "application/pdf"
}

// begun sends the headers with the first byte, so that what fails before it is still a problem.
type begun struct {
	c     *gin.Context
	media string
	name  string
	began bool
}

// Write implements io.Writer.
func (b *begun) Write(p []byte) (int, error) {
	if !b.began {
		b.began = true
		h := b.c.Writer.Header()
		h.Set("Content-Type", b.media)
		h.Set("Content-Disposition", `attachment; filename="`+b.name+`"`)
		b.c.Writer.WriteHeader(http.StatusOK)
	}
	return b.c.Writer.Write(p)
}

// streamExport prints while the caller waits. Where it fails after the first byte the connection is cut, so that nobody takes
// half a file for a whole one.
func (s *server) streamExport(c *gin.Context, p *exportPlan) {
	w := &begun{c: c, media: mediaOfBulk(p.bulk.Format), name: "tickets." + string(p.bulk.Format)}
	err := s.Delivery.WriteBulk(c.Request.Context(), w, p.bulk, p.orders)
	switch {
	case err != nil && !w.began:
		s.refuse(c, err)
	case err != nil:
		callOf(c.Request.Context()).failure = err
		panic(http.ErrAbortHandler)
	}
}

// streamed mounts exportTickets: 200 is the file, 202 a job.
func streamed[I any](h func(context.Context, *I) (*huma.StreamResponse, error)) mountFunc {
	return func(m *mounter, r *route) {
		op := m.operation(r, http.StatusOK, http.StatusAccepted)
		binary := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		op.Responses["200"].Content = map[string]*huma.MediaType{"application/pdf": binary, "application/zip": binary}
		later := &huma.Response{Description: "Asked; it is made in the background", Headers: everyHeader(r), Content: map[string]*huma.MediaType{
			"application/json": {Schema: m.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[exportDTO](), true, "Export")},
		}}
		later.Headers["Location"] = stringHeader("where to read how far it is")
		op.Responses["202"] = later
		huma.Register(m.api, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
			out, err := h(ctx, in)
			if err != nil {
				return nil, asProblem(ctx, err)
			}
			return out, nil
		})
	}
}

// exportFor reads an export that the caller may see.
func (s *server) exportFor(ctx context.Context, id string) (delivery.Export, error) {
	if s.Delivery.Exports == nil {
		return delivery.Export{}, unknownExport(id)
	}
	e, err := s.Delivery.Exports.Export(ctx, id)
	if err != nil {
		return e, err
	}
	v := viewer(ctx)
	if v.Everything {
		return e, nil
	}
	hidden := v.Institutions != nil && slices.ContainsFunc(e.Institutions, func(c domain.InstitutionCode) bool { return !slices.Contains(v.Institutions, c) })
	if e.Storefront != v.Storefront || hidden {
		return delivery.Export{}, unknownExport(id)
	}
	return e, nil
}

func unknownExport(id string) error {
	return domain.Errorf(domain.NotFound, delivery.CodeExportUnknown, "no export %s", cut(id))
}

type exportIDInput struct {
	ID string `path:"id" doc:"id of the export"`
}

type exportOutput struct{ Body exportDTO }

func (s *server) getExport(ctx context.Context, req *exportIDInput) (*exportOutput, error) {
	e, err := s.exportFor(ctx, req.ID)
	if err != nil {
		return nil, err
	}
	return &exportOutput{Body: toExport(&e)}, nil
}

// getExportFile answers with the file, whole or a range of it, so that a download that was cut goes on.
func (s *server) getExportFile(c *gin.Context) {
	ctx := c.Request.Context()
	q := newQuery(c.Request.URL, callOf(ctx).route)
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	e, err := s.exportFor(ctx, c.Param("id"))
	if err != nil {
		s.refuse(c, err)
		return
	}
	f, err := s.Delivery.OpenExport(ctx, &e)
	if err != nil {
		s.refuse(c, err)
		return
	}
	h := c.Writer.Header()
	h.Set("Content-Type", mediaOfBulk(e.Bulk.Format))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": e.ID + "." + string(e.Bulk.Format)}))
	h.Set("Cache-Control", controlPrinted)
	h.Set("ETag", `"`+e.ID+`"`)
	if strings.Contains(c.GetHeader("Range"), ",") {
		c.Request.Header.Del("Range") // one range is enough to go on; several give the whole
	}
	http.ServeContent(&ranged{ResponseWriter: c.Writer, refuse: func() {
		s.refuse(c, domain.Errorf(domain.Invalid, CodeRequestRange, "the file has %d bytes", e.Size))
	}}, c.Request, "", e.FinishedAt, f)
}

// ranged tells a range that cannot be had as a problem.
type ranged struct {
	http.ResponseWriter
	refuse  func()
	refused bool
}

// WriteHeader implements http.ResponseWriter.
func (r *ranged) WriteHeader(status int) {
	if status == http.StatusRequestedRangeNotSatisfiable {
		r.refused = true
		r.refuse()
		return
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *ranged) Write(b []byte) (int, error) {
	if r.refused {
		return len(b), nil
	}
	return r.ResponseWriter.Write(b)
}

// rangedFile documents a download in ranges.
func rangedFile[I any](h gin.HandlerFunc, media ...string) mountFunc {
	return func(m *mounter, r *route) {
		file[I](h, media...)(m, r)
		op := operationOf(m.api.OpenAPI(), r)
		ok := op.Responses["200"]
		ok.Headers["Accept-Ranges"] = stringHeader("bytes")
		ok.Headers["ETag"] = stringHeader("strong")
		ok.Headers["Last-Modified"] = stringHeader("when it was made")
		part := *ok
		part.Description = "The range asked for"
		part.Headers = map[string]*huma.Param{"Content-Range": stringHeader("which bytes of how many")}
		for name, h := range ok.Headers {
			part.Headers[name] = h
		}
		op.Responses["206"] = &part
		op.Responses["304"] = &huma.Response{Description: "Not changed since the ETag sent in If-None-Match", Headers: ok.Headers}
		op.Responses["416"].Headers["Content-Range"] = stringHeader("how many bytes there are")
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "Range", In: "header", Description: "one range of bytes, as in bytes=1000-", Schema: &huma.Schema{Type: huma.TypeString},
		})
	}
}
