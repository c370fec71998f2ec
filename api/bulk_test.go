package api

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

// exportShelf keeps exports in memory.
type exportShelf struct {
	mu    sync.Mutex
	all   map[string]delivery.Export
	parts map[string][]delivery.ExportPart
}

func (s *exportShelf) CreateExport(_ context.Context, e delivery.Export) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all, s.parts = map[string]delivery.Export{}, map[string][]delivery.ExportPart{}
	}
	s.all[e.ID] = e
	return nil
}

func (s *exportShelf) Export(_ context.Context, id string) (delivery.Export, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.all[id]
	if !ok {
		return e, domain.Errorf(domain.NotFound, delivery.CodeExportUnknown, "none")
	}
	return e, nil
}

func (s *exportShelf) ClaimExport(ctx context.Context, id, claim string, _, _ time.Time) (delivery.Export, bool, error) {
	e, err := s.Export(ctx, id)
	e.Claim = claim
	return e, err == nil, err
}

func (s *exportShelf) SaveExport(_ context.Context, e delivery.Export, part *delivery.ExportPart, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[e.ID] = e
	if part != nil {
		s.parts[e.ID] = append(s.parts[e.ID], *part)
	}
	return nil
}

func (s *exportShelf) ExportEntries(_ context.Context, id string) ([]delivery.ZipEntry, error) {
	var out []delivery.ZipEntry
	for _, p := range s.parts[id] {
		out = append(out, p.Entries...)
	}
	return out, nil
}

func (s *exportShelf) ExportPart(_ context.Context, id string, at int64) (delivery.ExportPart, error) {
	for _, p := range s.parts[id] {
		if at < p.Start+int64(len(p.Content)) {
			return p, nil
		}
	}
	return delivery.ExportPart{}, errBoom
}

func (s *exportShelf) OpenExports(context.Context, time.Time, int) ([]string, error) { return nil, nil }

func (s *exportShelf) DropExports(context.Context, time.Time, int) (int, error) { return 0, nil }

// exports is a rig that prints up to two tickets at once.
func exports(t *testing.T) *rig {
	t.Helper()
	return newRig(t, func(d *Deps) { d.ExportAtOnce = 2 })
}

func export(r *rig, key, body string) answer {
	r.t.Helper()
	return r.do(key, http.MethodPost, "/v1/tickets/export", body)
}

func TestExport_FewAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	r := exports(t)
	o := r.issued()
	for _, body := range []string{`"orders":["` + o.ID + `"]`, `"performance":"play-201"`} {
		pdf := export(r, "web", `{`+body+`,"format":"pdf","lang":"en","layout":"venue"}`)
		if pdf.status != http.StatusOK || pdf.header.Get("Content-Type") != "application/pdf" || strings.Count(string(pdf.body), "%PDF en ") != 2 {
			t.Errorf("%s: %d %s %s", body, pdf.status, pdf.header.Get("Content-Type"), pdf.body)
		}
		a := export(r, "web", `{`+body+`,"format":"zip"}`)
		z, err := zip.NewReader(bytes.NewReader(a.body), int64(len(a.body)))
		if a.status != http.StatusOK || err != nil || len(z.File) != 2 || z.File[0].Name != o.Tickets[0].ID+".pdf" {
			t.Errorf("%s: %d, %v", body, a.status, err)
		}
	}
	read := decode[ticketDTO](t, r.do("web", http.MethodGet, "/v1/tickets/"+o.Tickets[0].ID, ""))
	if *read.Prints != 4 || read.Printed[0].Format != "zip" {
		t.Errorf("%d prints, %+v", *read.Prints, read.Printed)
	}
}

func TestExport_ManyAreMadeInTheBackgroundAndFetchedInRanges(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(d *Deps) { d.ExportAtOnce = 1 })
	asked := export(r, "web", `{"orders":["`+r.issued().ID+`"],"format":"pdf"}`)
	got := decode[exportDTO](t, asked)
	if asked.status != http.StatusAccepted || asked.header.Get("Location") != "/v1/exports/"+got.ID || got.State != "waiting" || got.Total != 2 || got.Done != 0 {
		t.Fatalf("%d %v %s", asked.status, asked.header, asked.body)
	}
	if early := r.do("web", http.MethodGet, got.URL, ""); early.status != http.StatusConflict || !strings.Contains(string(early.body), delivery.CodeExportNotReady) {
		t.Errorf("early: %d %s", early.status, early.body)
	}
	if _, err := r.deps.Delivery.MakeExport(t.Context(), got.ID); err != nil {
		t.Fatal(err)
	}
	done := decode[exportDTO](t, r.do("web", http.MethodGet, "/v1/exports/"+got.ID, ""))
	whole := r.do("web", http.MethodGet, got.URL, "")
	if done.State != "done" || done.Done != 2 || done.Size != int64(len(whole.body)) || !done.ExpiresAt.Equal(done.CreatedAt.Add(24*time.Hour)) ||
		whole.status != http.StatusOK || strings.Count(string(whole.body), "%PDF fr ") != 2 || whole.header.Get("Accept-Ranges") != "bytes" {
		t.Errorf("%+v, %d %s", done, whole.status, whole.body)
	}
	rest := r.do("web", http.MethodGet, got.URL, "", header("Range", "bytes=10-"), header("If-Range", whole.header.Get("ETag")))
	if rest.status != http.StatusPartialContent || !bytes.Equal(rest.body, whole.body[10:]) ||
		rest.header.Get("Content-Range") != "bytes 10-"+strconv.Itoa(len(whole.body)-1)+"/"+strconv.Itoa(len(whole.body)) {
		t.Errorf("the rest: %d %v", rest.status, rest.header)
	}
	if two := r.do("web", http.MethodGet, got.URL, "", header("Range", "bytes=0-1,5-6")); two.status != http.StatusOK || !bytes.Equal(two.body, whole.body) {
		t.Errorf("two ranges: %d", two.status)
	}
	if known := r.do("web", http.MethodGet, got.URL, "", header("If-None-Match", whole.header.Get("ETag"))); known.status != http.StatusNotModified {
		t.Errorf("known: %d", known.status)
	}
	if head := r.do("web", http.MethodHead, got.URL, ""); head.status != http.StatusOK || head.header.Get("Content-Length") != strconv.Itoa(len(whole.body)) {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
	kept, err := r.deps.Delivery.Exports.Export(t.Context(), got.ID)
	kept.Changes++
	if again := r.deps.Delivery.Exports.SaveExport(t.Context(), kept, nil, noon); err != nil || again != nil {
		t.Fatal(err, again)
	}
	if stale := decode[exportDTO](t, r.do("web", http.MethodGet, "/v1/exports/"+got.ID, "")); stale.State != "stale" || stale.Size != 0 {
		t.Errorf("after a ticket changed: %+v", stale)
	}
	if a := r.do("web", http.MethodGet, got.URL, "", header("Range", "bytes=10-")); a.status != http.StatusGone {
		t.Errorf("the rest of a file that is not good any more: %d", a.status)
	}
	kept.Changes--
	if err := r.deps.Delivery.Exports.SaveExport(t.Context(), kept, nil, noon); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{got.URL, "/v1/exports/" + got.ID} {
		if other := r.do("other", http.MethodGet, path, ""); other.status != http.StatusNotFound {
			t.Errorf("another storefront: %d", other.status)
		}
		if ops := r.do("ops", http.MethodGet, path, ""); ops.status != http.StatusOK {
			t.Errorf("an operator: %d", ops.status)
		}
	}
}

func TestExport_RefusalsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := exports(t)
	sold, other := r.issued(), r.held()
	taken := r.issued()
	_, err := r.orders.UpdateOrder(t.Context(), sales.OrderID(taken.ID), func(o *sales.Order) error {
		for i := range o.Tickets {
			o.Tickets[i].CancelledAt = noon
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	long, _ := json.Marshal(strings.Split(strings.Repeat("ord_1,", 1001), ",")) // always text
	for _, tt := range []struct {
		key, body string
		status    int
		code      string
		pointer   string
	}{
		{"seller", `{"orders":["x"],"format":"pdf"}`, 403, "key.scope", ""},
		{"web", `{"format":"pdf"}`, 422, domain.CodeRequest, "/orders"},
		{"web", `{"orders":[],"format":"pdf"}`, 422, domain.CodeRequest, "/orders"},
		{"web", `{"orders":["` + sold.ID + `"],"performance":"play-201","format":"pdf"}`, 422, domain.CodeRequest, "/orders"},
		{"web", `{"performance":"hamlet","format":"pdf"}`, 422, domain.CodeRequest, "/performance"},
		{"web", `{"performance":"play-999","format":"pdf"}`, 409, delivery.CodeExportEmpty, ""},
		{"web", `{"orders":["` + sold.ID + `"],"format":"docx"}`, 422, domain.CodeRequest, "/format"},
		{"web", `{"orders":["` + sold.ID + `"]}`, 422, domain.CodeRequest, "/format"},
		{"web", `{"orders":["` + sold.ID + `"],"format":"pdf","lang":"!"}`, 422, domain.CodeRequest, "/lang"},
		{"web", `{"orders":["` + sold.ID + `"],"format":"pdf","layout":"poster"}`, 422, domain.CodeRequest, "/layout"},
		{"web", `{"orders":["` + sold.ID + `"],"format":"pdf","color":"red"}`, 422, domain.CodeRequest, "/color"},
		{"web", `{"orders":["` + sold.ID + `","` + sold.ID + `"],"format":"pdf"}`, 422, domain.CodeRequest, "/orders/1"},
		{"web", `{"orders":["` + sold.ID + `","ord_nothing"],"format":"pdf"}`, 404, sales.CodeUnknown, "/orders/1"},
		{"other", `{"orders":["` + sold.ID + `"],"format":"pdf"}`, 404, sales.CodeUnknown, "/orders/0"},
		{"web", `{"orders":["` + other.ID + `"],"format":"pdf"}`, 409, delivery.CodeExportEmpty, ""},
		{"web", `{"orders":["` + taken.ID + `"],"format":"zip"}`, 409, delivery.CodeExportEmpty, ""},
		{"web", `{"orders":` + string(long) + `,"format":"pdf"}`, 422, domain.CodeRequest, "/orders"},
	} {
		a := export(r, tt.key, tt.body)
		var p problemBody
		if err := json.Unmarshal(a.body, &p); err != nil || a.status != tt.status || p.Code != tt.code || (tt.pointer != "" && (len(p.Errors) == 0 || p.Errors[0].Pointer != tt.pointer)) {
			t.Errorf("%.120s: %d %s, want %d %s %s", tt.body, a.status, a.body, tt.status, tt.code, tt.pointer)
		}
	}
	if a := r.do("web", http.MethodGet, "/v1/exports/exp_x", ""); a.status != http.StatusNotFound {
		t.Errorf("unknown: %d", a.status)
	}
	if a := r.do("web", http.MethodGet, "/v1/exports/exp_x/file?part=1", ""); a.status != http.StatusUnprocessableEntity {
		t.Errorf("unknown parameter: %d", a.status)
	}
}

func TestExport_FileThatIsNotThereSaysWhy(t *testing.T) {
	t.Parallel()
	r := exports(t)
	keep := func(e delivery.Export) string {
		e.Storefront, e.CreatedAt = "web", noon
		if err := r.deps.Delivery.Exports.CreateExport(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		return "/v1/exports/" + e.ID + "/file"
	}
	failed := keep(delivery.Export{ID: "exp_failed", State: delivery.ExportFailed, Failure: delivery.CodeBarcode})
	done := keep(delivery.Export{ID: "exp_done", State: delivery.ExportDone, Size: 10})
	if a := r.do("web", http.MethodGet, failed, ""); a.status != http.StatusConflict || !strings.Contains(string(a.body), delivery.CodeExportFailed) {
		t.Errorf("failed: %d %s", a.status, a.body)
	}
	if a := r.do("web", http.MethodGet, done, "", header("Range", "bytes=10-")); a.status != http.StatusRequestedRangeNotSatisfiable ||
		a.header.Get("Content-Range") != "bytes */10" || !strings.Contains(string(a.body), CodeRequestRange) {
		t.Errorf("range: %d %v %s", a.status, a.header, a.body)
	}
	r.now.advance(25 * time.Hour)
	if a := r.do("web", http.MethodGet, done, ""); a.status != http.StatusGone || !strings.Contains(string(a.body), delivery.CodeExportGone) {
		t.Errorf("a day later: %d %s", a.status, a.body)
	}
}

func TestExport_WhatCannotBeDrawnIsAProblem(t *testing.T) {
	t.Parallel()
	r := exports(t)
	o := r.issued()
	r.renderer.fail = domain.Errorf(domain.Conflict, delivery.CodeBarcode, "not for Code 128")
	for _, format := range []string{"pdf", "zip"} {
		if a := export(r, "web", `{"orders":["`+o.ID+`"],"format":"`+format+`"}`); a.status != http.StatusConflict || !strings.Contains(string(a.body), delivery.CodeBarcode) {
			t.Errorf("%s: %d %s", format, a.status, a.body)
		}
	}
}

func exportRefusals() []refusal {
	keep := func(r *rig, e delivery.Export) string {
		e.Storefront, e.CreatedAt = "web", noon
		if err := r.deps.Delivery.Exports.CreateExport(r.t.Context(), e); err != nil {
			r.t.Fatal(err)
		}
		return "/v1/exports/" + e.ID + "/file"
	}
	done := delivery.Export{ID: "exp_done", State: delivery.ExportDone, Size: 10}
	get := func(r *rig, path string, more ...sent) answer { return r.do("web", http.MethodGet, path, "", more...) }
	return []refusal{
		{name: "export: unknown", do: func(r *rig) answer { return get(r, "/v1/exports/exp_x") }, status: 404, code: delivery.CodeExportUnknown},
		{name: "export: nothing to print", do: func(r *rig) answer {
			return export(r, "web", `{"performance":"play-999","format":"pdf"}`)
		}, status: 409, code: delivery.CodeExportEmpty},
		{name: "export: not made yet", do: func(r *rig) answer {
			return get(r, keep(r, delivery.Export{ID: "exp_early", State: delivery.ExportWaiting, Total: 2}))
		}, status: 409, code: delivery.CodeExportNotReady},
		{name: "export: could not be made", do: func(r *rig) answer {
			return get(r, keep(r, delivery.Export{ID: "exp_failed", State: delivery.ExportFailed, Failure: delivery.CodeBarcode}))
		}, status: 409, code: delivery.CodeExportFailed},
		{name: "export: a range beyond its end", do: func(r *rig) answer {
			return get(r, keep(r, done), header("Range", "bytes=10-"))
		}, status: 416, code: CodeRequestRange},
		{name: "export: a day later", do: func(r *rig) answer {
			path := keep(r, done)
			r.now.advance(25 * time.Hour)
			return get(r, path)
		}, status: 410, code: delivery.CodeExportGone},
		{name: "export: tickets changed since", do: func(r *rig) answer {
			return get(r, keep(r, delivery.Export{ID: "exp_stale", State: delivery.ExportDone, Size: 10, Changes: 1}), header("If-None-Match", `"exp_stale"`))
		}, status: 410, code: delivery.CodeExportStale},
	}
}

func TestExport_MoreThanAFileMayHave(t *testing.T) {
	t.Parallel()
	e := domain.AsError(tooManyTickets())
	if x, ok := explain(e.Code); !ok || e.Code != delivery.CodeExportTooMany || x.Status != http.StatusConflict || !strings.Contains(e.Detail, strconv.Itoa(delivery.MaxBulk)) {
		t.Errorf("%+v, %+v", e, x)
	}
}

func TestExport_MoreThanOneFileMayHave_IsRefused(t *testing.T) {
	t.Parallel()
	r := exports(t)
	sold, err := r.orders.Order(t.Context(), sales.OrderID(r.issued().ID))
	if err != nil {
		t.Fatal(err)
	}
	const each = 100
	var ids []string
	for n := range delivery.MaxBulk/each + 1 {
		o := sold
		o.ID = sales.OrderID("ord_many_" + strconv.Itoa(n))
		o.Lines = append([]sales.Line(nil), sold.Lines[0])
		o.Lines[0].Places, o.Tickets = nil, nil
		for i := range each {
			id := "_" + strconv.Itoa(n*each+i)
			o.Lines[0].Places = append(o.Lines[0].Places, sales.Place{ID: "plc" + id})
			o.Tickets = append(o.Tickets, sales.Ticket{ID: "tkt" + id, Place: "plc" + id, Barcode: "1"})
		}
		if _, _, _, err := r.orders.CreateOrder(t.Context(), o, sales.Key{Storefront: o.Storefront, Key: string(o.ID), Order: o.ID}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, string(o.ID))
	}
	ask := func(ids []string) answer {
		body, _ := json.Marshal(map[string]any{"orders": ids, "format": "pdf"}) // always text
		return export(r, "web", string(body))
	}
	if a := ask(ids); a.status != http.StatusConflict || !strings.Contains(string(a.body), delivery.CodeExportTooMany) {
		t.Errorf("one too many: %d %s", a.status, a.body)
	}
	if a := ask(ids[1:]); a.status != http.StatusAccepted || decode[exportDTO](t, a).Total != delivery.MaxBulk {
		t.Errorf("as many as may be: %d %s", a.status, a.body)
	}
}
