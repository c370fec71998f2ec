package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// rule says what a package may import: of ours, and from outside the standard library. A trailing slash allows everything
// below.
type rule struct{ ours, outside []string }

// imports is the import table. Changing it is a decision worth a commit of its own.
var imports = map[string]rule{
	"domain":                     {},
	"domain/account":             {ours: []string{"domain"}},
	"domain/catalog":             {ours: []string{"domain"}},
	"domain/quota":               {ours: []string{"domain"}},
	"domain/freshness":           {ours: []string{"domain", "domain/catalog", "domain/freshness/recording"}},
	"domain/freshness/model":     {ours: []string{"domain", "domain/catalog", "domain/freshness", "domain/freshness/recording"}},
	"domain/freshness/recording": {ours: []string{"domain", "domain/catalog"}},
	"domain/storefront":          {ours: []string{"domain", "domain/catalog"}},
	"domain/sales":               {ours: []string{"domain", "domain/catalog"}},
	"domain/reconcile":           {ours: []string{"domain", "domain/account", "domain/sales"}},
	"domain/delivery":            {ours: []string{"domain", "domain/catalog", "domain/sales"}},
	"domain/sample":              {ours: []string{"domain", "domain/"}},
	"secutix/s360":               {outside: []string{"github.com/golang-jwt/jwt/"}},
	"secutix/tixngo":             {},
	"secutix":                    {ours: []string{"domain", "domain/", "secutix/s360"}, outside: []string{"golang.org/x/sync/", "golang.org/x/image/"}},
	"secutix/sim":                {ours: []string{"secutix/s360", "secutix/tixngo"}, outside: []string{"github.com/golang-jwt/jwt/", "github.com/klauspost/compress/"}},
	"migrations":                 {},
	"storage": {ours: []string{"domain", "domain/", "migrations"}, outside: []string{
		"github.com/klauspost/compress/zstd", // what snapshots are stored in
		"gorm.io/", "github.com/ncruces/go-sqlite3/", "github.com/jackc/pgx/", "github.com/pressly/goose/", "github.com/patrickmn/go-cache",
		"github.com/riverqueue/river", "github.com/klauspost/compress/",
	}},
	"storage/storagetest": {ours: []string{"domain", "domain/", "migrations", "storage"}, outside: []string{
		"gorm.io/", "github.com/jackc/pgx/", "github.com/riverqueue/river", "github.com/google/go-cmp/", "pgregory.net/rapid",
	}},
	"templates": {ours: []string{"domain", "domain/sales", "domain/delivery"}, outside: []string{
		"github.com/boombuler/barcode", "github.com/makiuchi-d/gozxing", "github.com/go-text/typesetting/", "golang.org/x/image/", "github.com/klauspost/compress/",
	}},
	"templates/smtp":   {ours: []string{"domain", "domain/delivery"}, outside: []string{"github.com/wneessen/go-mail"}},
	"templates/wallet": {ours: []string{"domain", "domain/delivery", "templates"}, outside: []string{"golang.org/x/image/"}},
	"api": {ours: []string{"domain", "domain/"}, outside: []string{
		"github.com/gin-gonic/gin", "github.com/danielgtaylor/huma/",
		"github.com/andybalholm/brotli", "github.com/klauspost/compress/", // what catalog answers are compressed with
	}},
	"cmd/guichet/torture": {ours: []string{"domain"}, outside: []string{"github.com/jackc/pgx/"}},
	"cmd/guichet": {ours: []string{"api", "cmd/guichet/torture", "domain", "domain/", "secutix", "secutix/", "storage", "templates", "templates/smtp", "templates/wallet", "migrations"}, outside: []string{
		"github.com/spf13/cobra", "github.com/caarlos0/env/", "github.com/goccy/go-yaml", "github.com/prometheus/client_golang/",
		"github.com/riverqueue/river",
	}},
}

func (r rule) allows(list []string, path string) bool {
	return slices.ContainsFunc(list, func(p string) bool {
		if below, ok := strings.CutSuffix(p, "/"); ok {
			return path == below || strings.HasPrefix(path, p)
		}
		return path == p || (strings.Contains(p, ".") && strings.HasPrefix(path, p+"/"))
	})
}

type pkg struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,Imports,GoFiles", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func TestHouse_ImportTable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, "guichet/")
		r, ok := imports[name]
		if !ok {
			t.Errorf("package %s is not in the import table", name)
			continue
		}
		seen[name] = true
		for _, imp := range p.Imports {
			ours, inside := strings.CutPrefix(imp, "guichet/")
			switch {
			case inside && !r.allows(r.ours, ours):
				t.Errorf("%s imports %s, which the table does not allow", name, imp)
			case !inside && strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") && !r.allows(r.outside, imp):
				t.Errorf("%s imports %s from outside, which the table does not allow", name, imp)
			}
		}
	}
	for name := range imports {
		if !seen[name] {
			t.Errorf("the import table names %s, which does not exist", name)
		}
	}
}

func TestHouse_TopLevelFolders(t *testing.T) {
	t.Parallel()
	allowed := []string{"cmd", "api", "domain", "secutix", "storage", "templates", "migrations"}
	for _, p := range packages(t) {
		top := strings.SplitN(strings.TrimPrefix(p.ImportPath, "guichet/"), "/", 2)[0]
		if !slices.Contains(allowed, top) {
			t.Errorf("%s is outside the given folders", p.ImportPath)
		}
	}
}

func TestHouse_EveryPackageSaysWhyItExists(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		raw, err := os.ReadFile(filepath.Join(p.Dir, "doc.go"))
		if err != nil {
			t.Errorf("%s has no doc.go", p.ImportPath)
			continue
		}
		if n := strings.Count(string(raw), "\n"); n > 90 {
			t.Errorf("%s: doc.go has %d lines", p.ImportPath, n)
		}
	}
}

// Every method of the client carries the platform's own name in a note, and the simulator answers it.
func TestHouse_EveryClientMethodIsSimulated(t *testing.T) {
	t.Parallel()
	note := regexp.MustCompile(`// S-360: (\w+)\.(\w+) \(\d+\.\d+\)`)
	simulated := read(t, "secutix/sim/*.go")
	n := 0
	for _, file := range glob(t, "secutix/s360/*.go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range note.FindAllStringSubmatch(string(raw), -1) {
			n++
			if !strings.Contains(simulated, `"`+m[2]+`"`) {
				t.Errorf("%s: the simulator does not answer %s.%s", filepath.Base(file), m[1], m[2])
			}
			golden := filepath.Join(root, "secutix/s360/testdata", m[1], m[2])
			if files, _ := filepath.Glob(filepath.Join(golden, "*.json")); len(files) == 0 {
				t.Errorf("%s.%s has no golden files in %s", m[1], m[2], golden)
			}
		}
	}
	if n < 12 {
		t.Errorf("only %d methods carry the note", n)
	}
}

func TestHouse_EveryJobIsInTheOperationsPage(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/operations.md")
	for _, j := range (&app{}).table() {
		if !strings.Contains(page, "`"+j.kind+"`") {
			t.Errorf("docs/operations.md does not name the job %s", j.kind)
		}
	}
}

func TestHouse_EverySettingIsInTheReadme(t *testing.T) {
	t.Parallel()
	page := read(t, "README.md") + read(t, "docs/operations.md")
	tag := regexp.MustCompile(`(?:yaml|env):"([A-Za-z_]+)"`)
	for _, m := range tag.FindAllStringSubmatch(read(t, "cmd/guichet/config.go"), -1) {
		if !strings.Contains(page, "`"+m[1]+"`") {
			t.Errorf("neither README.md nor docs/operations.md names the setting %s", m[1])
		}
	}
}

// The project speaks of itself alone.
func TestHouse_NoWordOfHowItIsMade(t *testing.T) {
	t.Parallel()
	bad := regexp.MustCompile(`(?i)/work/|\bissue #?\d|proxy\.golang\.org|registry\.npmjs|deb\.debian\.org`)
	for _, pattern := range []string{"*.md", "docs/*.md", "cmd/*/*.go", "api/*.go", "domain/*.go", "domain/*/*.go", "secutix/*.go", "secutix/*/*.go", "storage/*.go", "templates/*.go", "templates/*/*.go", "Makefile", ".ci/*"} {
		for _, file := range glob(t, pattern) {
			if strings.HasSuffix(file, "house_test.go") || strings.Contains(file, "tools.") {
				continue
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if m := bad.Find(raw); m != nil {
				t.Errorf("%s says %q", file, m)
			}
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, pattern string) string {
	t.Helper()
	var b strings.Builder
	for _, file := range glob(t, pattern) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(raw)
	}
	if b.Len() == 0 {
		t.Errorf("%s: nothing there", pattern)
	}
	return b.String()
}
