package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// spied stands before the manual's examples: it notes every request and which of them were refused.
const spied = `set -eu
curl() {
  local answer status=0
  printf '%s\036' "$@" | tr '\n' ' ' >> "$ASKED"
  echo >> "$ASKED"
  answer=$(command curl -S --fail-with-body "$@") || status=$?
  case "$answer" in *'"statusCode":"error'*|*'"rejected":1'*) status=1 ;; esac
  [ $status = 0 ] || printf '%s\n  %s\n' "$*" "$answer" >> "$REFUSED"
  printf '%s' "$answer"
}
`

// Whoever copies the examples of the simulator's manual into a shell gets what it says, and every page of the control face is
// among them.
func TestSim_ManualsExamples_WorkAsWritten(t *testing.T) {
	t.Parallel()
	up := simulated(t)
	platform, _ := up["url"].(string)
	control, _ := up["control"].(string)
	manual := strings.NewReplacer("http://127.0.0.1:8360", platform, "http://127.0.0.1:8361", control).Replace(read(t, "docs/simulator.md"))
	script := spied
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(manual, -1) {
		if strings.Contains(block[1], "curl -s") {
			script += block[1]
		}
	}
	dir := t.TempDir()
	asked, refused := filepath.Join(dir, "asked"), filepath.Join(dir, "refused")
	c := exec.CommandContext(t.Context(), "bash", "-s")
	c.Stdin = strings.NewReader(script)
	c.Env = append(os.Environ(), "ASKED="+asked, "REFUSED="+refused, "no_proxy=127.0.0.1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out[max(0, len(out)-2000):])
	}
	if b, err := os.ReadFile(refused); err == nil {
		t.Errorf("refused:\n%s", b)
	}
	b, err := os.ReadFile(asked)
	if err != nil {
		t.Fatal(err)
	}
	seen := requests(t, control, string(b))
	for _, e := range endpoints(t, control) {
		pattern := regexp.MustCompile("^" + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(e.Method+" "+e.Path, `[^/]+`) + "$")
		found := false
		for _, s := range seen {
			found = found || pattern.MatchString(s)
		}
		if !found {
			t.Errorf("docs/simulator.md has no example of %s %s", e.Method, e.Path)
		}
	}
}

// requests lists method and path of what was asked of the control face.
func requests(t *testing.T, control, asked string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(asked) {
		method, path := http.MethodGet, ""
		words := strings.Split(strings.TrimSpace(line), "\036")
		for i, w := range words {
			switch {
			case w == "-X":
				method = words[i+1]
			case w == "-d" && method == http.MethodGet:
				method = http.MethodPost
			case strings.HasPrefix(w, control):
				u, err := url.Parse(w)
				if err != nil {
					t.Fatal(err)
				}
				path = u.Path
			}
		}
		out = append(out, method+" "+path)
	}
	return out
}

type endpoint struct{ Method, Path string }

// endpoints is what the control face says it answers.
func endpoints(t *testing.T, control string) []endpoint {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, control+"/endpoints", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var v struct{ Endpoints []endpoint }
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil || len(v.Endpoints) < 30 {
		t.Fatalf("%d endpoints, %v", len(v.Endpoints), err)
	}
	return v.Endpoints
}
