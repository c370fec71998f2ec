package sim

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocumentedRequests_AreAllUnderstood sends the request files the client is tested with. What
// they ask for does not exist here, so a refusal is right; not knowing a member or a method is not.
func TestDocumentedRequests_AreAllUnderstood(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	files, err := filepath.Glob("../s360/testdata/*Service/*/request*.json")
	if err != nil {
		t.Fatal(err)
	}
	facade, err := filepath.Glob("../s360/testdata/*Facade/*/request*.json")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, facade...)
	if len(files) < 5 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var body map[string]any
		if err := json.Unmarshal(data, &body); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		parts := strings.Split(file, "/")
		service, method := parts[len(parts)-3], parts[len(parts)-2]
		service = strings.ToLower(service[:1]) + service[1:]
		sv, ok := serviceOf(moduleOf(service), service)
		if !ok {
			t.Errorf("%s: no such service here", file)
			continue
		}
		if _, ok := sv.method(method); !ok {
			t.Errorf("%s: no such method here", file)
			continue
		}
		if _, ok := body["pointOfSalesId"]; ok {
			body["pointOfSalesId"] = d.in.w.PointOfSales.ID
		}
		if o := d.call(service, method, body); strings.HasPrefix(o.code(), "error.parameter") || o.code() == errInternal {
			t.Errorf("%s: %s %s", file, o.code(), o.str("statusDetail"))
		}
	}
}
