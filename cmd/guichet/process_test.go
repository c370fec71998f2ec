package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The journeys drive the real program, as it is shipped: built once, without the race detector (the packages' own tests
// have it), without cgo.
var (
	buildOnce sync.Once
	builtPath string
	errBuild  error
)

func binary(tb testing.TB) string {
	tb.Helper()
	buildOnce.Do(func() {
		dir, err := os.MkdirTemp("", "guichet-journey-") //nolint:usetesting // outlives the test that builds
		if err != nil {
			errBuild = err
			return
		}
		builtPath = filepath.Join(dir, "guichet")
		cmd := exec.Command("go", "build", "-o", builtPath, ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			errBuild = fmt.Errorf("build: %w\n%s", err, out)
		}
	})
	if errBuild != nil {
		tb.Fatal(errBuild)
	}
	return builtPath
}

func TestMain(m *testing.M) {
	code := m.Run()
	if builtPath != "" {
		_ = os.RemoveAll(filepath.Dir(builtPath))
	}
	os.Exit(code)
}

// process is one running program.
type process struct {
	cmd  *exec.Cmd
	log  *lockedBuffer
	done chan struct{}
	err  error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs the program in the background and ends it with the test.
func start(tb testing.TB, env []string, args ...string) *process {
	tb.Helper()
	p := &process{cmd: exec.Command(binary(tb), args...), log: &lockedBuffer{}, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	tb.Cleanup(func() {
		p.stop(tb)
		if tb.Failed() {
			tb.Logf("guichet %s:\n%s", strings.Join(args, " "), tail(p.log.String(), 60))
		}
	})
	return p
}

func tail(s string, lines int) string {
	all := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// stop asks the process to end, as Ctrl-C does, and waits.
func (p *process) stop(tb testing.TB) {
	tb.Helper()
	select {
	case <-p.done:
		return
	default:
	}
	_ = p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.done:
	case <-time.After(60 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
		tb.Errorf("guichet %v did not stop within a minute", p.cmd.Args[1:])
	}
}

// kill ends the process at once, as kill -9 does.
func (p *process) kill(tb testing.TB) {
	tb.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		tb.Fatal(err)
	}
	<-p.done
}

// ready waits for the ready file and reads it.
func (p *process) ready(tb testing.TB, file string, into any) {
	tb.Helper()
	deadline := time.Now().Add(90 * time.Second)
	for {
		raw, err := os.ReadFile(file)
		if err == nil {
			if err := json.Unmarshal(raw, into); err != nil {
				tb.Fatal(err)
			}
			return
		}
		select {
		case <-p.done:
			tb.Fatalf("guichet %v ended before it was ready: %v\n%s", p.cmd.Args[1:], p.err, p.log)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			tb.Fatalf("guichet %v was not ready within 90 s\n%s", p.cmd.Args[1:], p.log)
		}
	}
}

// command runs the program to its end and returns its standard output.
func command(tb testing.TB, env []string, args ...string) string {
	tb.Helper()
	cmd := exec.Command(binary(tb), args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		tb.Fatalf("guichet %v: %v\n%s%s", args, err, &out, &errs)
	}
	return out.String()
}

// client speaks to one address with one key.
type client struct {
	base, key string
	http      *http.Client
}

func newClient(base, key string) *client {
	return &client{base: base, key: key, http: &http.Client{Timeout: 3 * time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 32}}}
}

// answer is what came back: the status, the decoded JSON (nil for anything else) and the bytes.
type answer struct {
	status int
	json   map[string]any
	list   []any
	body   []byte
	header http.Header
}

func (c *client) do(ctx context.Context, method, path string, body any, header ...string) (answer, error) {
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, r)
	if err != nil {
		return answer{}, err
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, body: raw, header: res.Header}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil {
			return a, fmt.Errorf("%s %s: not JSON: %w", method, path, err)
		}
		a.json, _ = v.(map[string]any)
		a.list, _ = v.([]any)
	}
	return a, nil
}

// must is do for calls that have to come back with one of the statuses.
func (c *client) must(tb testing.TB, method, path string, body any, statuses ...int) answer {
	tb.Helper()
	a, err := c.do(tb.Context(), method, path, body)
	if err != nil {
		tb.Fatalf("%s %s: %v", method, path, err)
	}
	for _, s := range statuses {
		if a.status == s {
			return a
		}
	}
	tb.Fatalf("%s %s: status %d, want %v\n%s", method, path, a.status, statuses, a.body)
	return a
}

// str, num and sub read members of decoded JSON; a missing one is the zero value.
func str(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

func num(m map[string]any, name string) int64 {
	n, _ := m[name].(json.Number)
	i, _ := n.Int64()
	return i
}

func sub(m map[string]any, name string) map[string]any {
	s, _ := m[name].(map[string]any)
	return s
}

func items(m map[string]any, name string) []map[string]any {
	list, _ := m[name].([]any)
	out := make([]map[string]any, 0, len(list))
	for _, v := range list {
		if o, ok := v.(map[string]any); ok {
			out = append(out, o)
		}
	}
	return out
}

func mustJSON(tb testing.TB, v any) []byte {
	tb.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}
