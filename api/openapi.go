package api

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/storefront"
)

// Tags group operations in the document.
const (
	tagCatalog   = "catalog"
	tagOrders    = "orders"
	tagTickets   = "tickets"
	tagAdmin     = "admin"
	tagReference = "reference"
)

// errDocumentOnly is what a registration answers that exists for the document alone.
var errDocumentOnly = errors.New("api: this registration is for the document only")

// promises is the document's own description.
const promises = `Sell tickets of S-360 institutions: read what is for sale, hold places, close on the pending account, get barcodes and printed tickets.

## What holds everywhere

- **Base** /v1; changes within it only add.
- **JSON** members are snake_case. Unknown request members and parameters are refused by name; answers may gain members.
- **Ids** are opaque. Catalog things: institution and number (play-101036924388). Ours: a prefix and a sortable suffix (ord_, plc_, tkt_, key_).
- **Money** is {"amount": 4200, "currency": "EUR"}: whole minor units.
- **Times** are RFC 3339 with the venue's offset; time_zone names the zone. Day filters are local days of the venue.
- **Languages**: ?lang= or Accept-Language. Each text falls back by itself: the language asked for, the institution's main one, the first that is not blank, the code. Content-Language lists what was served.
- **Lists** are {"items": [...], "next": "cursor" or null}, with a Link header. Cursors hold values, not places: they stay good across a catalog refresh. limit is 1 to 200, 50 by default.
- **Caching**: catalog answers carry a strong ETag, Last-Modified and Cache-Control with stale-while-revalidate; If-None-Match gives 304. They are private, because a key sees its own institutions only. If-Modified-Since is not looked at: whole seconds are too coarse for what is left. on_sale holds at the moment of the answer; an order is judged when it comes.
- **Age**: everything about availability carries as_of. Prices before a hold are the catalog's; the hold's own total decides.
- **Errors** are RFC 9457 problems (application/problem+json). Decide by code; GET /problems/{code} explains each. errors[] names every wrong member. Retry-After says when to try again.
- **Retries**: POST /v1/orders needs an Idempotency-Key; every other change takes one. The same key and body gives the same order, for ever; an Idempotency-Replayed: true header marks it. A refusal that passes (status 429 or 503) is not an answer for ever: the same key asks again. The same key with another body is 422 key.reused; while the first is running it is 409 key.in_progress.
- **A lost answer** is a state, not an error: a change whose outcome is not known answers 202 with the order in a state ending in -ing. Poll it; it is settled by itself.
- **Keys**: Authorization: Bearer gk_... with scopes catalog, sell, deliver, gate, finance, admin; bound to institutions; they can expire and be revoked. An admin key has every scope and sees every institution.
- **Limits** are per key: RateLimit and RateLimit-Policy headers, 429 with Retry-After.
- **Tracing**: X-Request-Id in (up to 128 characters) and out; a W3C traceparent is noted.
- **Compression**: catalog answers and this document come as br, zstd or gzip where Accept-Encoding wishes it (weights count), each with an ETag of its own; any of them gives 304. Answers below 860 bytes come as they are. Leave them alone in a proxy in front; it may compress the others.`

// document is the configuration of the API's description.
func (s *server) document() huma.Config {
	cfg := huma.DefaultConfig("Guichet", s.Version)
	cfg.CreateHooks = nil // no $schema members
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", ""
	cfg.RejectUnknownQueryParameters = true
	cfg.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	cfg.Transformers = []huma.Transformer{s.asProblems}
	cfg.Info.Description = promises
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {Type: "http", Scheme: "bearer", BearerFormat: "gk_<id>_<secret>", Description: "A storefront's key."}, //nolint:gosec // G101: the form of a key, not one
	}
	cfg.Tags = []*huma.Tag{
		{Name: tagCatalog, Description: "What is for sale and how much is left. Never asks the platform."},
		{Name: tagOrders, Description: "From hold to barcode."},
		{Name: tagTickets, Description: "Entry rights, as data and on paper."},
		{Name: tagAdmin, Description: "For operators."},
		{Name: tagReference, Description: "This document and the error codes. No key is needed."},
	}
	if s.PublicURL != "" {
		cfg.Servers = []*huma.Server{{URL: strings.TrimSuffix(s.PublicURL, "/")}}
	}
	return cfg
}

// schemaName names a Go type in the document: as it is called here, without the suffix that only this package needs.
func schemaName(t reflect.Type, hint string) string {
	return strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "DTO")
}

// operation is the part of a route's description that does not depend on its types.
func (m *mounter) operation(r *route, statuses ...int) huma.Operation {
	op := huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.id, Tags: []string{r.tag}, Summary: r.summary, Description: r.about,
		DefaultStatus: statuses[0], MaxBodyBytes: m.s.MaxBody + 1, BodyReadTimeout: -1, // the body was read within its limits before
		Responses: m.refusals(r),
	}
	op.Responses[strconv.Itoa(statuses[0])] = &huma.Response{Description: statusWords(statuses[0]), Headers: everyHeader(r)}
	if r.open {
		op.Security = []map[string][]string{}
		return op
	}
	op.Security = []map[string][]string{{"key": {}}}
	names := make([]string, len(r.scopes))
	for i, sc := range r.scopes {
		names[i] = string(sc)
	}
	op.Description = strings.TrimSpace("Scope " + strings.Join(names, " or ") + ". " + r.about)
	op.Extensions = map[string]any{"x-scopes": names}
	return op
}

// refusals documents every status that the route's codes come with, and lists the codes of each.
func (m *mounter) refusals(r *route) map[string]*huma.Response {
	schema := m.problemSchema()
	byStatus := map[int][]string{}
	for _, code := range r.codesOf() {
		if x, ok := explain(code); ok {
			byStatus[x.Status] = append(byStatus[x.Status], code)
		}
	}
	if r.missing != "" {
		byStatus[http.StatusNotFound] = append(byStatus[http.StatusNotFound], r.missing)
	}
	out := map[string]*huma.Response{}
	for status, codes := range byStatus {
		res := &huma.Response{
			Description: http.StatusText(status) + ": " + strings.Join(codes, ", "),
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
			Headers:     map[string]*huma.Param{"X-Request-Id": stringHeader("names the request")},
		}
		switch status {
		case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusConflict:
			res.Headers["Retry-After"] = stringHeader("seconds after which to try again")
		case http.StatusUnauthorized:
			res.Headers["WWW-Authenticate"] = stringHeader("Bearer")
		}
		out[strconv.Itoa(status)] = res
	}
	return out
}

func (m *mounter) problemSchema() *huma.Schema {
	return m.api.OpenAPI().Components.Schemas.Schema(problemType, true, "Problem")
}

func stringHeader(doc string) *huma.Param {
	return &huma.Param{Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
}

func everyHeader(r *route) map[string]*huma.Param {
	h := map[string]*huma.Param{"X-Request-Id": stringHeader("names the request: the caller's own, or one made here")}
	if !r.open {
		h["RateLimit"] = stringHeader("what is left of the key's rate")
		h["RateLimit-Policy"] = stringHeader("the key's rate")
	}
	return h
}

// describeKept adds what answers carry that callers may keep.
func describeKept(op *huma.Operation) {
	ok := op.Responses["200"]
	ok.Headers["ETag"] = stringHeader("strong; each content coding has its own, and any of them gives 304 in If-None-Match")
	ok.Headers["Last-Modified"] = stringHeader("when the catalog or its availability was last confirmed")
	ok.Headers["Cache-Control"] = stringHeader(cacheControl)
	ok.Headers["Content-Language"] = stringHeader("the languages of the texts served")
	ok.Headers["Vary"] = stringHeader(varied)
	ok.Headers["Content-Encoding"] = stringHeader(wordsOfCoding)
	op.Responses["304"] = &huma.Response{Description: "Not changed since the ETag sent in If-None-Match", Headers: ok.Headers}
	if slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == "cursor" }) {
		ok.Headers["Link"] = stringHeader("the next page, rel=next")
	}
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: "If-None-Match", In: "header", Description: "ETag of an earlier answer", Schema: &huma.Schema{Type: huma.TypeString},
	}, codingParameter())
}

const wordsOfCoding = "br, zstd or gzip, as Accept-Encoding wishes; absent: as it is"

func codingParameter() *huma.Param {
	return &huma.Param{
		Name: "Accept-Encoding", In: "header", Description: "br, zstd and gzip are to be had, with weights as in gzip;q=0.5", Schema: &huma.Schema{Type: huma.TypeString},
	}
}

func statusWords(status int) string {
	switch status {
	case http.StatusCreated:
		return "Done, and made something new"
	case http.StatusAccepted:
		return "Asked; the outcome is not known yet"
	default:
		return "Done"
	}
}

// finishDocument adds what Go types do not say: examples, needed headers, and that answers may gain members.
func (s *server) finishDocument(doc *huma.OpenAPI, table []*route) error {
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel") // huma's own form of refusals, which is never sent
	delete(schemas, "ErrorDetail")
	asked := map[string]bool{}
	for _, r := range table {
		op := operationOf(doc, r)
		if op.RequestBody != nil && op.RequestBody.Content["application/json"] != nil {
			reach(schemas, op.RequestBody.Content["application/json"].Schema, asked)
		}
		for _, p := range op.Parameters {
			if p.Name == "Idempotency-Key" && (r.id == "createOrder" || r.id == "createBasket") {
				p.Required = true // checked by sales, which has its own code for it
			}
		}
	}
	for name, schema := range schemas {
		if !asked[name] && schema.Type == huma.TypeObject && schema.AdditionalProperties == false {
			schema.AdditionalProperties = true
		}
	}
	addExamples(doc)
	return checkTable(table)
}

// reach collects the schemas that a schema leads to.
func reach(all map[string]*huma.Schema, s *huma.Schema, seen map[string]bool) {
	if s == nil {
		return
	}
	if name := strings.TrimPrefix(s.Ref, "#/components/schemas/"); s.Ref != "" && !seen[name] {
		seen[name] = true
		reach(all, all[name], seen)
	}
	reach(all, s.Items, seen)
	for _, p := range s.Properties {
		reach(all, p, seen)
	}
}

// checkTable makes sure that every code of the table is explained, and every scope one that exists.
func checkTable(table []*route) error {
	for _, r := range table {
		for _, code := range r.codesOf() {
			if _, ok := explain(code); !ok {
				return fmt.Errorf("api: %s may answer %s, which is not explained", r.id, code)
			}
		}
		if !r.open && len(r.scopes) == 0 {
			return fmt.Errorf("api: %s is neither open nor bound to a scope", r.id)
		}
		for _, sc := range r.scopes {
			if !slices.Contains(storefront.Scopes(), sc) {
				return fmt.Errorf("api: %s needs the scope %s, which does not exist", r.id, sc)
			}
		}
	}
	return nil
}

// openAPI is the document as it is served. Writing it takes longer than everything else at the start of a process, so each
// form is written when it is first asked for.
type openAPI struct{ json, yaml func() ([]byte, error) }

func writeDocument(doc *huma.OpenAPI) openAPI {
	return openAPI{json: sync.OnceValues(func() ([]byte, error) { return json.Marshal(doc) }), yaml: sync.OnceValues(doc.YAML)}
}

func (s *server) openAPIJSON(c *gin.Context) {
	content, err := s.spec.json()
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.sendStatic(c, "application/json", content)
}

func (s *server) openAPIYAML(c *gin.Context) {
	content, err := s.spec.yaml()
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.sendStatic(c, "application/yaml", content)
}

// sendStatic answers with bytes that are part of the program, in the coding wished for.
func (s *server) sendStatic(c *gin.Context, media string, content []byte) {
	b, err := s.files.body(bodyKey{kind: fileBody, langs: c.Request.URL.Path}, func() ([]byte, []string, error) { return content, nil, nil })
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.sendHeld(c, b, held{keep: headerAsk, vary: headerVaryCoding, media: []string{media}, page: true})
}

//go:embed docs
var docsFiles embed.FS

// docsPolicy lets the page run its own script and speak to this server, and nothing else.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

func (s *server) docsPage(c *gin.Context) {
	page, err := docsFiles.ReadFile("docs/index.html")
	if err != nil {
		s.refuse(c, err)
		return
	}
	c.Writer.Header().Set("Content-Security-Policy", docsPolicy)
	s.sendStatic(c, "text/html; charset=utf-8", page)
}

func (s *server) docsFile(c *gin.Context) {
	media := map[string]string{"docs.js": "text/javascript; charset=utf-8", "docs.css": "text/css; charset=utf-8"}[c.Param("file")]
	if media == "" {
		s.refuse(c, domain.Errorf(domain.NotFound, CodeRouteUnknown, "there is nothing at this address"))
		return
	}
	content, err := docsFiles.ReadFile("docs/" + c.Param("file"))
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.sendStatic(c, media, content)
}

// addExamples gives the operations around orders whole examples.
func addExamples(doc *huma.OpenAPI) {
	body := func(path string, ex map[string]*huma.Example) {
		doc.Paths[path].Post.RequestBody.Content["application/json"].Examples = ex
	}
	body("/v1/orders", map[string]*huma.Example{
		"seats": {Summary: "Two seats of a performance", Value: map[string]any{
			"institution": "play", "reference": "WEB-000123",
			"items": []any{map[string]any{
				"performance": "play-10300000000201", "seat_category": "play-1001", "tariff": "play-601", "quantity": 2,
			}},
			"buyer":          map[string]any{"email": "ada@example.org", "first_name": "Ada", "last_name": "Muster", "language": "fr"},
			"expected_total": map[string]any{"amount": 8400, "currency": "EUR"},
		}},
		"timed_entry": {Summary: "A museum visit at a time of day", Value: map[string]any{
			"institution": "play",
			"items": []any{map[string]any{
				"item": "play-61001", "tariff": "play-601", "quantity": 1, "date": "2026-10-04", "timeslot": "play-77",
			}},
		}},
	})
	body("/v1/orders/{id}/close", map[string]*huma.Example{
		"close": {Summary: "Close with the storefront's own proof of payment", Value: map[string]any{
			"payment_reference": "PSP-77812",
			"holders":           []any{map[string]any{"place": "plc_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A", "name": "Ada Muster"}},
		}},
	})
	for status, ex := range orderExamples() {
		for _, media := range doc.Paths["/v1/orders"].Post.Responses[status].Content {
			media.Examples = maps.Clone(ex)
		}
	}
}

func orderExamples() map[string]map[string]*huma.Example {
	held := map[string]any{
		"id": "ord_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A", "state": "held", "institution": "play", "storefront": "web", "reference": "WEB-000123",
		"platform":        map[string]any{"order_id": 1000001, "file_id": 880001},
		"hold_expires_at": "2026-09-01T12:10:00+02:00", "platform_expires_at": "2026-09-01T12:15:00+02:00", "time_zone": "Europe/Paris",
		"total": map[string]any{"amount": 8400, "currency": "EUR"},
		"lines": []any{map[string]any{
			"item": 0, "product": "play-10300000000101", "product_name": "Hamlet", "performance": "play-10300000000201",
			"start": "2026-10-03T20:00:00+02:00", "seat_category": "play-1001", "tariff": "play-601", "quantity": 2,
			"unit_price": map[string]any{"amount": 4200, "currency": "EUR"}, "total": map[string]any{"amount": 8400, "currency": "EUR"}, "together": true,
			"places": []any{
				map[string]any{"id": "plc_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A", "seat": map[string]any{"block": "A", "row": "4", "number": "12", "entrance": "North"}},
				map[string]any{"id": "plc_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7B", "seat": map[string]any{"block": "A", "row": "4", "number": "13", "entrance": "North"}},
			},
		}},
		"tickets": []any{}, "refunds": []any{}, "notices": []any{},
		"history": []any{
			map[string]any{"state": "holding", "at": "2026-09-01T12:00:00+02:00"},
			map[string]any{"state": "held", "at": "2026-09-01T12:00:01+02:00"},
		},
		"created_at": "2026-09-01T12:00:00+02:00", "updated_at": "2026-09-01T12:00:01+02:00",
	}
	changed := map[string]any{
		"type": "/problems/order.price_changed", "title": "The total is not the expected one", "status": 409,
		"detail": "the total is 85.00 EUR, not the expected 84.00 EUR", "instance": "/v1/orders", "code": "order.price_changed", "request_id": "req_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A",
		"expected_total": map[string]any{"amount": 8400, "currency": "EUR"}, "actual_total": map[string]any{"amount": 8500, "currency": "EUR"},
	}
	return map[string]map[string]*huma.Example{
		"201": {"held": {Summary: "Held", Value: held}},
		"409": {"price_changed": {Summary: "The price is another one", Value: changed}},
	}
}
