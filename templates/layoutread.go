package templates

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

// LayoutProblem is one thing that is wrong with a layout file, in words for who wrote it.
type LayoutProblem struct {
	File   string // its name; empty where there is only one
	Line   int    // from 1 on; 0 where no single line is to blame
	Reason string
}

// String writes "name.json:12: reason".
func (p LayoutProblem) String() string {
	switch {
	case p.Line > 0:
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Reason)
	case p.File != "":
		return p.File + ": " + p.Reason
	}
	return p.Reason
}

// LayoutProblems is everything that is wrong with layout files. As an error it has a line for each.
type LayoutProblems []LayoutProblem

// Error implements error.
func (ps LayoutProblems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps *LayoutProblems) add(line int, format string, args ...any) {
	*ps = append(*ps, LayoutProblem{Line: line, Reason: fmt.Sprintf(format, args...)})
}

// err is the problems as an error, in the order of the file; nil where there are none.
func (ps LayoutProblems) err() error {
	if len(ps) == 0 {
		return nil
	}
	slices.SortStableFunc(ps, func(a, b LayoutProblem) int { return a.Line - b.Line })
	return ps
}

// Bounds of a layout file. Packed ones hold their pictures.
const (
	maxLayoutBytes = 8 << 20
	maxLayoutDepth = 24
	maxLayoutNodes = 20_000
)

// node is a value of a JSON file with the line it begins at.
type node struct {
	line  int
	token json.Token // '{', '[', or the value itself
	names []string   // of an object's members, in order
	items []*node    // an object's values or an array's
}

// member finds an object's member; nil where there is none.
func (n *node) member(name string) *node {
	if n != nil {
		if i := slices.Index(n.names, name); i >= 0 {
			return n.items[i]
		}
	}
	return nil
}

// item is an array's element; nil where there is none.
func (n *node) item(i int) *node {
	if n == nil || i >= len(n.items) {
		return nil
	}
	return n.items[i]
}

// at is the line of a node, or 0 where there is none.
func (n *node) at() int {
	if n == nil {
		return 0
	}
	return n.line
}

// treeReader reads a file into nodes.
type treeReader struct {
	data  []byte
	dec   *json.Decoder
	seen  int // bytes whose lines are counted
	line  int
	nodes int
}

// readTree reads one JSON value, bounded in size and depth.
func readTree(data []byte) (*node, error) {
	if len(data) > maxLayoutBytes {
		return nil, LayoutProblems{{Reason: fmt.Sprintf("the file has %d bytes, more than the %d that are taken", len(data), maxLayoutBytes)}}
	}
	r := &treeReader{data: data, dec: json.NewDecoder(bytes.NewReader(data)), line: 1}
	r.dec.UseNumber()
	n, err := r.value(0)
	if err == nil {
		_, more := r.dec.Token()
		if !errors.Is(more, io.EOF) {
			err = errors.New("something stands after the layout's closing brace")
		}
	}
	if err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			r.count(syntax.Offset)
			err = fmt.Errorf("this is not JSON: %w", syntax)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			r.count(int64(len(data)))
			err = errors.New("the file ends too early: a brace or bracket is not closed")
		}
		return nil, LayoutProblems{{Line: r.line, Reason: err.Error()}}
	}
	return n, nil
}

// count moves on to a place in the file.
func (r *treeReader) count(to int64) {
	if n := min(int(to), len(r.data)); n > r.seen {
		r.line += bytes.Count(r.data[r.seen:n], []byte{'\n'})
		r.seen = n
	}
}

func (r *treeReader) token() (json.Token, error) {
	t, err := r.dec.Token()
	if err == nil {
		r.count(r.dec.InputOffset())
	}
	return t, err
}

func (r *treeReader) value(depth int) (*node, error) {
	t, err := r.token()
	if err != nil {
		return nil, err
	}
	if r.nodes++; r.nodes > maxLayoutNodes || depth > maxLayoutDepth {
		return nil, errors.New("the file is nested too deeply or has too many parts")
	}
	n := &node{line: r.line, token: t}
	d, _ := t.(json.Delim)
	for (d == '{' || d == '[') && r.dec.More() {
		if d == '{' {
			key, err := r.token()
			if err != nil {
				return nil, err
			}
			name, _ := key.(string) // the decoder lets nothing else pass
			if slices.Contains(n.names, name) {
				return nil, fmt.Errorf("%q stands twice in the same braces", name)
			}
			n.names = append(n.names, name)
		}
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	if d == '{' || d == '[' {
		if _, err := r.token(); err != nil { // the closing one
			return nil, err
		}
	}
	return n, nil
}

// conform refuses members that nobody reads and values of another kind, each with its line.
func conform(n *node, t reflect.Type, what string, ps *LayoutProblems) {
	if t == reflect.TypeFor[paper]() {
		if _, ok := n.token.(string); ok {
			return
		}
		t = reflect.TypeFor[[2]float64]()
	}
	d, _ := n.token.(json.Delim)
	switch t.Kind() {
	case reflect.Pointer:
		conform(n, t.Elem(), what, ps)
	case reflect.Struct:
		if d != '{' {
			ps.add(n.line, "%s is written in braces { }", what)
			return
		}
		conformMembers(n, t, what, ps)
	case reflect.Map:
		if d != '{' {
			ps.add(n.line, "%s is written in braces { }", what)
			return
		}
		for i, it := range n.items {
			conform(it, t.Elem(), fmt.Sprintf("%q", n.names[i]), ps)
		}
	case reflect.Slice, reflect.Array:
		if d != '[' {
			ps.add(n.line, "%s is written in brackets [ ]", what)
			return
		}
		if t.Kind() == reflect.Array && len(n.items) != t.Len() {
			ps.add(n.line, "%s has %d numbers, not %d", what, t.Len(), len(n.items))
		}
		for _, it := range n.items {
			conform(it, t.Elem(), what, ps)
		}
	default:
		conformScalar(n, t, what, ps)
	}
}

func conformScalar(n *node, t reflect.Type, what string, ps *LayoutProblems) {
	var ok bool
	var want string
	switch t.Kind() {
	case reflect.String:
		_, ok = n.token.(string)
		want = "a text in quotes"
	case reflect.Bool:
		_, ok = n.token.(bool)
		want = "true or false"
	case reflect.Float64:
		var v json.Number
		if v, ok = n.token.(json.Number); ok {
			f, err := v.Float64()
			ok = err == nil && f >= -10_000 && f <= 10_000
		}
		want = "a number"
	case reflect.Int:
		var v json.Number
		if v, ok = n.token.(json.Number); ok {
			i, err := v.Int64()
			ok = err == nil && i >= 0 && i <= 10_000
		}
		want = "a whole number"
	default:
	}
	if !ok {
		ps.add(n.line, "%s is %s", what, want)
	}
}

func conformMembers(n *node, t reflect.Type, what string, ps *LayoutProblems) {
	known := map[string]reflect.Type{}
	var names []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("json"); name != "" {
			known[name] = t.Field(i).Type
			names = append(names, name)
		}
	}
	for i, name := range n.names {
		ft, ok := known[name]
		if !ok {
			ps.add(n.items[i].line, "%s has no %q%s", what, name, meant(name, names))
			continue
		}
		conform(n.items[i], ft, fmt.Sprintf("%q", name), ps)
	}
}

// meant suggests the name that comes nearest.
func meant(name string, names []string) string {
	best, least := "", 3
	for _, n := range names {
		if d := apart(strings.ToLower(name), n); d < least {
			best, least = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; is %q meant?", best)
}

// apart counts the letters to change, add, drop or swap between two short words.
func apart(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 40
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := before
			if a[i-1] != b[j-1] {
				cost++
			}
			before = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
