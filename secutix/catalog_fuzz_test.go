package secutix

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/domain/sample"
	"guichet/secutix/s360"
)

// FuzzCatalog takes over arbitrary bytes as a catalog without a panic: what is refused says why, what is not has exact raw
// members and can be indexed.
func FuzzCatalog(f *testing.F) {
	files, err := filepath.Glob("testdata/catalog/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var small bytes.Buffer
		if strings.HasSuffix(file, ".golden.json") || json.Compact(&small, b) != nil || small.Len() > 3000 {
			continue // large ones are slow to vary
		}
		f.Add(small.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r s360.CatalogResultDetailed
		if s360.Decode(b, &r) != nil || r.CatalogData == nil {
			return
		}
		s := toSnapshot(sample.Institution(), r.CatalogData)
		refused := s.Validate(nil)
		if refused != nil && refused.Error() == "" {
			t.Error("refused without a reason")
		}
		if refused == nil {
			s.Index()
		}
		for i := range s.Products {
			object(t, s.Products[i].Raw)
			for j := range s.Products[i].Items {
				object(t, s.Products[i].Items[j].Raw)
			}
		}
		for i := range s.Performances {
			p := &s.Performances[i]
			object(t, p.Raw)
			if p.Start.Location() != time.UTC || (!p.End.IsZero() && p.End.Before(p.Start)) {
				t.Errorf("performance from %s to %s", p.Start, p.End)
			}
		}
		object(t, s.Raw)
	})
}

// object checks that raw members are nothing or an object.
func object(t *testing.T, raw []byte) {
	t.Helper()
	var o map[string]any
	if raw != nil && json.Unmarshal(raw, &o) != nil {
		t.Errorf("raw members %q", raw)
	}
}
