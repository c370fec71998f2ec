package api

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// docChecker validates answers against the document as it is served. Schemas of answers say that members may be gained;
// here they are read strictly, so that a member nobody described is noticed.
type docChecker struct {
	paths   []docPath
	schemas map[string]map[string]any
}

type docPath struct {
	template string
	rx       *regexp.Regexp
	literal  int
	ops      map[string]map[string]any
}

func newDocChecker(tb testing.TB, raw []byte) *docChecker {
	tb.Helper()
	var doc struct {
		Paths      map[string]map[string]map[string]any `json:"paths"`
		Components struct {
			Schemas map[string]map[string]any `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		tb.Fatal(err)
	}
	d := &docChecker{schemas: doc.Components.Schemas}
	param := regexp.MustCompile(`\\\{[^}]*\\\}`)
	for template, ops := range doc.Paths {
		pattern := param.ReplaceAllString(regexp.QuoteMeta(template), `[^/]+`)
		d.paths = append(d.paths, docPath{template: template, rx: regexp.MustCompile("^" + pattern + "$"), literal: len(param.ReplaceAllString(regexp.QuoteMeta(template), "")), ops: ops})
	}
	return d
}

// checkers keeps one checker for all servers with the same version and address, of which alone the document is made: writing it
// anew for each takes a quarter of these tests.
var checkers sync.Map

// document is the OpenAPI document as a server serves it.
func document(tb testing.TB, s *server) []byte {
	tb.Helper()
	out, err := s.spec.json()
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func checkerOf(tb testing.TB, s *server) *docChecker {
	tb.Helper()
	made, _ := checkers.LoadOrStore([2]string{s.Version, s.PublicURL}, sync.OnceValue(func() *docChecker { return newDocChecker(tb, document(tb, s)) }))
	return made.(func() *docChecker)() //nolint:forcetypeassert // only these are stored
}

func (d *docChecker) find(path string) *docPath {
	var best *docPath
	for i := range d.paths {
		if p := &d.paths[i]; p.rx.MatchString(path) && (best == nil || p.literal > best.literal) {
			best = p
		}
	}
	return best
}

// checkAgainstDocument fails the test where an answer is not what the document says.
func (r *rig) checkAgainstDocument(method, path string, a answer) {
	r.t.Helper()
	r.docOnce.Do(func() { r.doc = checkerOf(r.t, r.srv) })
	if err := r.doc.check(method, path, a); err != nil {
		r.t.Errorf("%s %s answers %d, but not as documented: %v\n%.600s", method, path, a.status, err, a.body)
	}
}

func (d *docChecker) check(method, path string, a answer) error {
	if a.header.Get("X-Request-Id") == "" {
		return fmt.Errorf("no X-Request-Id")
	}
	media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	problem := map[string]any{"$ref": "#/components/schemas/Problem"}
	p := d.find(path)
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if p == nil || p.ops[strings.ToLower(method)] == nil {
		if media != "application/problem+json" || (a.status != http.StatusNotFound && a.status != http.StatusMethodNotAllowed) {
			return fmt.Errorf("it is not in the document")
		}
		return d.json(a.body, problem)
	}
	responses, _ := p.ops[strings.ToLower(method)]["responses"].(map[string]any)
	res, _ := responses[strconv.Itoa(a.status)].(map[string]any)
	if res == nil {
		return fmt.Errorf("the status is not documented")
	}
	if err := d.headers(res, a); err != nil {
		return err
	}
	content, _ := res["content"].(map[string]any)
	if len(content) == 0 {
		if len(a.body) > 0 {
			return fmt.Errorf("a body where none is documented")
		}
		return nil
	}
	mt, _ := content[media].(map[string]any)
	if mt == nil {
		return fmt.Errorf("the media type %q is not documented", media)
	}
	if media == "application/problem+json" {
		var got problemBody
		if err := json.Unmarshal(a.body, &got); err != nil {
			return err
		}
		words, _ := res["description"].(string)
		if _, list, _ := strings.Cut(words, ": "); !slices.Contains(strings.Split(list, ", "), got.Code) {
			return fmt.Errorf("code %s is not documented with status %d (%s)", got.Code, a.status, list)
		}
	}
	schema, _ := mt["schema"].(map[string]any)
	if schema["format"] == "binary" {
		return nil
	}
	return d.json(a.body, schema)
}

// headers checks that every header sent is described; those of HTTP itself and of every answer need no words.
func (d *docChecker) headers(res map[string]any, a answer) error {
	described, _ := res["headers"].(map[string]any)
	for name := range a.header {
		switch name {
		case "Content-Type", "Content-Length", "Cache-Control", "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy",
			"Strict-Transport-Security", "Content-Disposition", "Ratelimit", "Ratelimit-Policy", "Idempotency-Replayed", "Www-Authenticate", "Vary", "Etag", "Last-Modified":
			continue
		}
		found := false
		for k := range described {
			found = found || http.CanonicalHeaderKey(k) == name
		}
		if !found {
			return fmt.Errorf("the header %s is not documented", name)
		}
	}
	return nil
}

func (d *docChecker) json(body []byte, schema map[string]any) error {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return d.value(v, schema, "")
}

func (d *docChecker) value(v any, s map[string]any, at string) error {
	if ref, ok := s["$ref"].(string); ok {
		return d.value(v, d.schemas[strings.TrimPrefix(ref, "#/components/schemas/")], at)
	}
	if s == nil {
		return fmt.Errorf("%s: no schema", at)
	}
	if len(s) == 0 {
		return nil // documented as anything
	}
	types := []string{}
	switch t := s["type"].(type) {
	case string:
		types = append(types, t)
	case []any:
		for _, one := range t {
			types = append(types, one.(string)) //nolint:forcetypeassert // a document of ours
		}
	}
	if enum, ok := s["enum"].([]any); ok && v != nil && !slices.Contains(enum, v) {
		return fmt.Errorf("%s: %v is not one of %v", at, v, enum)
	}
	kind := ""
	switch x := v.(type) {
	case nil:
		kind = "null"
	case bool:
		kind = "boolean"
	case float64:
		kind = "number"
		if x == float64(int64(x)) && slices.Contains(types, "integer") {
			kind = "integer"
		}
	case string:
		kind = "string"
		if s["format"] == "date-time" {
			if _, err := time.Parse(time.RFC3339, x); err != nil {
				return fmt.Errorf("%s: %q is no RFC 3339 time", at, x)
			}
		}
		if pattern, ok := s["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(x) {
			return fmt.Errorf("%s: %q does not match %s", at, x, pattern)
		}
	case []any:
		kind = "array"
		items, _ := s["items"].(map[string]any)
		for i, e := range x {
			if err := d.value(e, items, at+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
	case map[string]any:
		kind = "object"
		if err := d.object(x, s, at); err != nil {
			return err
		}
	}
	if len(types) > 0 && !slices.Contains(types, kind) {
		return fmt.Errorf("%s: %s where %v is documented", at, kind, types)
	}
	return nil
}

func (d *docChecker) object(x, s map[string]any, at string) error {
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := x[name.(string)]; !ok { //nolint:forcetypeassert // a document of ours
			return fmt.Errorf("%s: %v is missing", at, name)
		}
	}
	props, _ := s["properties"].(map[string]any)
	for name, e := range x {
		ps, ok := props[name].(map[string]any)
		if !ok {
			if ps, ok = s["additionalProperties"].(map[string]any); !ok {
				return fmt.Errorf("%s/%s is not documented", at, name)
			}
		}
		if err := d.value(e, ps, at+"/"+name); err != nil {
			return err
		}
	}
	return nil
}

// problemBody is a refusal as a caller reads it.
type problemBody struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"`
	Code     string `json:"code"`
	Request  string `json:"request_id"`
	Errors   []struct {
		Pointer string `json:"pointer"`
		Code    string `json:"code"`
		Detail  string `json:"detail"`
	} `json:"errors"`
	Expected *moneyDTO `json:"expected_total"`
	Actual   *moneyDTO `json:"actual_total"`
	State    string    `json:"state"`
}

func TestDocument_HasEveryRouteAndNoOther(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	d := newDocChecker(t, document(t, r.srv))
	var documented, table []string
	ids := map[string]bool{}
	for _, p := range d.paths {
		for method, op := range p.ops {
			documented = append(documented, strings.ToUpper(method)+" "+p.template)
			if op["summary"] == "" || op["operationId"] == "" {
				t.Errorf("%s %s has no summary or id", method, p.template)
			}
		}
	}
	for _, rt := range r.srv.routes() {
		table = append(table, rt.method+" "+rt.path)
		if ids[rt.id] {
			t.Errorf("the id %s stands twice", rt.id)
		}
		ids[rt.id] = true
	}
	slices.Sort(documented)
	slices.Sort(table)
	if !slices.Equal(documented, table) {
		t.Errorf("documented: %v\ntable: %v", documented, table)
	}
}

func TestRoutes_EveryRouteNeedsItsScope(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, rt := range r.srv.routes() {
		target := strings.NewReplacer("{code}", "play", "{id}", "play-201", "{job}", "x", "{file}", "docs.js").Replace(rt.path)
		if rt.open {
			if a := r.do("", rt.method, target, ""); a.status == http.StatusUnauthorized {
				t.Errorf("%s needs a key", rt.id)
			}
			continue
		}
		if a := r.do("", rt.method, target, ""); a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s without a key: %d %s", rt.id, a.status, a.body)
		}
		wrong := "money"
		if slices.Contains(rt.scopes, "finance") {
			wrong = "web"
		}
		if a := r.do(wrong, rt.method, target, ""); a.status != http.StatusForbidden || !strings.Contains(string(a.body), "key.scope") {
			t.Errorf("%s with a key of another scope: %d %s", rt.id, a.status, a.body)
		}
	}
}

func TestDocument_IsServedTwiceAndRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(d *Deps) { d.PublicURL = "https://tickets.example/" })
	a := r.do("", http.MethodGet, "/openapi.json", "")
	var doc map[string]any
	if err := json.Unmarshal(a.body, &doc); err != nil || doc["openapi"] != "3.1.0" {
		t.Fatalf("%v %v", err, doc["openapi"])
	}
	if !strings.Contains(string(a.body), `"url":"https://tickets.example"`) {
		t.Error("the public address is not in the document")
	}
	if strings.Contains(string(a.body), "ErrorModel") || strings.Contains(string(a.body), "DTO") {
		t.Error("the document names types that callers never see")
	}
	if y := r.do("", http.MethodGet, "/openapi.yaml", ""); y.status != http.StatusOK || !strings.Contains(string(y.body), "openapi: 3.1.0") {
		t.Errorf("yaml: %d", y.status)
	}
	again := r.do("", http.MethodGet, "/docs", "", header("If-None-Match", r.do("", http.MethodGet, "/docs", "").header.Get("ETag")))
	if again.status != http.StatusOK && again.status != http.StatusNotModified {
		t.Errorf("docs: %d", again.status)
	}
	page := r.do("", http.MethodGet, "/docs", "")
	for _, part := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(string(page.body), -1) {
		if got := r.do("", http.MethodGet, part[1], ""); got.status != http.StatusOK || !strings.HasPrefix(part[1], "/") {
			t.Errorf("the page needs %s, which answers %d", part[1], got.status)
		}
	}
	if p := page.header.Get("Content-Security-Policy"); !strings.Contains(p, "script-src 'self'") {
		t.Errorf("policy of the page: %q", p)
	}
}

// TestDocument_ExamplesAreValid checks the examples of orders against their own schemas.
func TestDocument_ExamplesAreValid(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	d := newDocChecker(t, document(t, r.srv))
	n := 0
	media := func(where string, content any) {
		list, _ := content.(map[string]any)
		for _, m := range list {
			mt, _ := m.(map[string]any)
			examples, _ := mt["examples"].(map[string]any)
			schema, _ := mt["schema"].(map[string]any)
			for name, ex := range examples {
				value, _ := ex.(map[string]any)
				n++
				if err := d.value(value["value"], schema, ""); err != nil {
					t.Errorf("example %s of %s: %v", name, where, err)
				}
			}
		}
	}
	for _, p := range d.paths {
		for method, op := range p.ops {
			if body, ok := op["requestBody"].(map[string]any); ok {
				media(method+" "+p.template, body["content"])
			}
			responses, _ := op["responses"].(map[string]any)
			for _, res := range responses {
				rm, _ := res.(map[string]any)
				media(method+" "+p.template, rm["content"])
			}
		}
	}
	if n < 5 {
		t.Errorf("only %d examples were looked at", n)
	}
}

// TestCodes_EveryCodeIsExplained reads the codes from the sources of the domain and of this package.
func TestCodes_EveryCodeIsExplained(t *testing.T) {
	t.Parallel()
	n := 0
	for _, root := range []string{"../domain", "."} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			for name, code := range codesIn(t, path) {
				n++
				x, ok := explain(code)
				if !ok || x.Title == "" || x.Meaning == "" || http.StatusText(x.Status) == "" {
					t.Errorf("%s: %s (%s) is not explained in codes.go", path, name, code)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 50 {
		t.Errorf("only %d codes were found", n)
	}
	seen := map[string]bool{}
	for _, x := range explanations() {
		if seen[x.Code] {
			t.Errorf("%s is explained twice", x.Code)
		}
		seen[x.Code] = true
	}
}

// codesIn lists the untyped string constants of a file whose names begin with Code.
func codesIn(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, decl := range f.Decls {
		g, ok := decl.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok || v.Type != nil {
				continue
			}
			for i, name := range v.Names {
				ours := strings.HasPrefix(name.Name, "Code") || (strings.HasPrefix(name.Name, "code") && path == "codes.go")
				if i >= len(v.Values) || !ours {
					continue
				}
				if lit, ok := v.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
					out[name.Name], _ = strconv.Unquote(lit.Value)
				}
			}
		}
	}
	return out
}

func TestProblems_EveryCodeHasItsPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, x := range explanations() {
		if a := r.do("", http.MethodGet, "/problems/"+x.Code, ""); a.status != http.StatusOK || !strings.Contains(string(a.body), x.Code) {
			t.Errorf("%s: %d %s", x.Code, a.status, a.body)
		}
	}
}
