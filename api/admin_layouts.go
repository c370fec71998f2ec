package api

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/reconcile"
)

type layoutDTO struct {
	Name    string   `json:"name" example:"standard"`
	Version string   `json:"version,omitempty" doc:"the designer's own word for it" example:"2027-03"`
	About   string   `json:"about,omitempty"`
	Digest  string   `json:"digest" doc:"changes with everything that decides its look"`
	Source  string   `json:"source" enum:"built-in,folder" doc:"part of the program, or of the operator's folder"`
	Per     string   `json:"per" enum:"ticket,order" doc:"whether a page is for one ticket or for all of an order"`
	Admits  bool     `json:"admits" doc:"has a barcode; without one it opens no door, such as a receipt"`
	Paper   paperDTO `json:"paper"`
}

type paperDTO struct {
	Width  float64 `json:"width" doc:"millimetres" example:"210"`
	Height float64 `json:"height" doc:"millimetres; 0: as long as its content, on a roll" example:"297"`
}

func toLayouts(list []delivery.Layout) []layoutDTO {
	out := make([]layoutDTO, 0, len(list))
	for _, l := range list {
		d := layoutDTO{
			Name: l.Name, Version: l.Version, About: l.About, Digest: l.Digest, Source: "folder", Per: "ticket", Admits: l.Admits,
			Paper: paperDTO{Width: l.Width, Height: l.Height},
		}
		if l.Shipped {
			d.Source = "built-in"
		}
		if l.Order {
			d.Per = "order"
		}
		out = append(out, d)
	}
	return out
}

type layoutPageOutput struct {
	Body struct {
		Items []layoutDTO `json:"items" nullable:"false"`
		Next  *string     `json:"next" doc:"always null"`
	} `nameHint:"LayoutPage"`
}

func (s *server) listLayouts(context.Context, *struct{}) (*layoutPageOutput, error) {
	out := &layoutPageOutput{}
	out.Body.Items = toLayouts(s.layouts())
	return out, nil
}

func (s *server) layouts() []delivery.Layout {
	if s.Delivery.Layouts == nil {
		return nil
	}
	return s.Delivery.Layouts.Layouts()
}

// layoutSchema answers with the JSON Schema of layout files.
func (s *server) layoutSchema(c *gin.Context) {
	s.sendStatic(c, "application/schema+json", s.Delivery.Layouts.LayoutSchema())
}

type layoutProblemDTO struct {
	Place  string `json:"place" doc:"file and line" example:"venue.json:12"`
	Reason string `json:"reason"`
}

type adminLayoutsOutput struct {
	Body struct {
		Items    []layoutDTO        `json:"items" nullable:"false" doc:"those in use"`
		Problems []layoutProblemDTO `json:"problems" nullable:"false" doc:"what is wrong with the folder as it is now"`
		Next     *string            `json:"next" doc:"always null"`
	} `nameHint:"AdminLayoutPage"`
}

func (s *server) adminLayouts(ctx context.Context, _ *struct{}) (*adminLayoutsOutput, error) {
	out := &adminLayoutsOutput{}
	out.Body.Items, out.Body.Problems = toLayouts(s.layouts()), []layoutProblemDTO{}
	err := s.Delivery.Layouts.CheckLayouts(ctx)
	if err != nil && !domain.HasCode(err, delivery.CodeLayoutRefused) {
		return nil, err
	}
	if err != nil {
		for _, f := range domain.AsError(err).Fields {
			out.Body.Problems = append(out.Body.Problems, layoutProblemDTO{Place: f.Pointer, Reason: f.Detail})
		}
	}
	return out, nil
}

// adminReloadLayouts reads the folder anew. Who asked is logged, and what came of it.
func (s *server) adminReloadLayouts(ctx context.Context, _ *struct{}) (*layoutPageOutput, error) {
	before := digests(s.layouts())
	err := s.Delivery.ReloadLayouts(ctx)
	outcome := "refused"
	if err == nil {
		outcome = changedLayouts(before, digests(s.layouts()))
	}
	entry := reconcile.Entry{ID: s.IDs("aud"), At: s.Clock(), Actor: actor(callOf(ctx).key), Action: "layouts.reload", Subject: "layouts", Outcome: outcome}
	if kept := s.Reconcile.Store.Record(ctx, entry); kept != nil {
		return nil, kept
	}
	if err != nil {
		return nil, err
	}
	return s.listLayouts(ctx, nil)
}

func digests(list []delivery.Layout) map[string]string {
	out := make(map[string]string, len(list))
	for _, l := range list {
		out[l.Name] = l.Digest
	}
	return out
}

// changedLayouts says how many layouts are new, other or gone.
func changedLayouts(before, after map[string]string) string {
	added, other, gone := 0, 0, 0
	for name, digest := range after {
		switch was, ok := before[name]; {
		case !ok:
			added++
		case was != digest:
			other++
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			gone++
		}
	}
	return strconv.Itoa(added) + " new, " + strconv.Itoa(other) + " changed, " + strconv.Itoa(gone) + " gone"
}

type layoutPreviewInput struct {
	Name      string `path:"name" doc:"name of the layout" example:"standard"`
	Lang      string `query:"lang" maxLength:"35" doc:"default: en"`
	Item      string `query:"item" maxLength:"200" doc:"id of a performance whose names, times and picture are shown; default: invented ones" example:"play-10300000000201"`
	Kind      string `query:"kind" enum:"event,service,pass" default:"event" doc:"a numbered seat, a timed entry or an undated pass; with item as that is"`
	Symbology string `query:"symbology" enum:"code128,itf,qr,aztec,datamatrix,pdf417" default:"code128"`
	Longest   bool   `query:"longest" doc:"true: every text as long as a layout has to bear"`
	PictureDPI
}

// adminPreviewLayout draws a layout that is in use.
func (s *server) adminPreviewLayout(c *gin.Context) {
	ctx := c.Request.Context()
	q := newQuery(c.Request.URL, callOf(ctx).route)
	want := delivery.LayoutSample{
		Layout: c.Param("name"), Lang: q.language(), Kind: oneOf(q, "kind", []string{"event", "service", "pass"}), Symbology: q.symbology(), Longest: q.flag("longest"),
	}
	dpi := 150
	if n, ok := q.number("dpi", 36, 600); ok {
		dpi = int(n)
	}
	code, id, ok := parseID(q.text("item"))
	if !ok && q.values.Has("item") {
		q.fault("item", "id of a performance")
	}
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	var out bytes.Buffer
	if err := s.Delivery.PreviewLayout(ctx, &out, want, code, catalog.PerformanceID(id), dpi); err != nil {
		s.refuse(c, err)
		return
	}
	h := c.Writer.Header()
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	c.Data(http.StatusOK, "image/png", out.Bytes())
}
