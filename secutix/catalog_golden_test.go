package secutix_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
	"guichet/secutix"
)

var update = flag.Bool("update", false, "write the golden files anew")

// answers is a platform that answers a method with these bytes, and others with a refusal.
type answers map[string]string

// RoundTrip implements http.RoundTripper.
func (a answers) RoundTrip(q *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, q.Body)
	body, ok := a[path.Base(q.URL.Path)]
	if !ok {
		body = `{"statusCode":"error.unknown"}`
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: q,
		ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

const vatCodes = `{"statusCode":"success","vatCodes":[{"id":801,"code":"TVA21","currentRate":2100,"country":"FR"},{"id":0,"code":"NONE"}]}`

// theatre is the border over a platform that says only this.
func theatre(tb testing.TB, says answers, change ...func(*secutix.Settings)) secutix.Catalog {
	tb.Helper()
	s := secutix.Settings{Code: "theatre", BaseURL: "http://sim/theatre", Operator: "OPERATOR", Partner: "Guichet", Secret: "secret"}
	for _, c := range change {
		c(&s)
	}
	in, err := secutix.New([]secutix.Settings{s}, secutix.Options{Transport: says, Meter: &meter{}, Clock: base, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	return secutix.Catalog{Institutions: in}
}

func theatreInstitution() domain.Institution {
	inst := sample.Institution()
	inst.Code = "theatre"
	return inst
}

// TestCatalog_Golden takes over one catalog of every kind and compares everything that came out of it.
func TestCatalog_Golden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/catalog/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	kinds := map[catalog.Kind]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, ".golden.json") {
			continue
		}
		wire, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := theatre(t, answers{"getCatalogDetailed": string(wire), "listVatCodes": vatCodes})
		snap, err := c.Catalog(t.Context(), theatreInstitution())
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		snap.Index()
		if err := snap.Validate(nil); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		for i := range snap.Products {
			kinds[snap.Products[i].Kind] = true
		}
		snap.Institution = domain.Institution{}
		golden(t, strings.TrimSuffix(file, ".json")+".golden.json", snap)
	}
	for _, k := range catalog.Kinds() {
		if !kinds[k] {
			t.Errorf("no golden file has a product of kind %s", k)
		}
	}
}

func golden(t *testing.T, file string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(readable(reflect.ValueOf(v)), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
	if bytes.Contains(got, []byte("SECRET")) {
		t.Errorf("%s: an access code came through", file)
	}
}

// readable is a value as JSON that people can read: without what is zero, raw members as they are, money as text.
func readable(v reflect.Value) any {
	switch in := v.Interface().(type) {
	case time.Time:
		return in.Format(time.RFC3339)
	case domain.Money:
		return in.String()
	case time.Duration:
		return in.String()
	case []byte:
		return json.RawMessage(in)
	}
	switch v.Kind() {
	case reflect.Pointer:
		return readable(v.Elem())
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !v.Field(i).IsZero() {
				out[f.Name] = readable(v.Field(i))
			}
		}
		return out
	case reflect.Slice:
		out := []any{}
		for i := range v.Len() {
			out = append(out, readable(v.Index(i)))
		}
		return out
	default:
		return v.Interface()
	}
}
