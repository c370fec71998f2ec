package sim

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// xmlWriter writes answers, which are JSON when they leave a method, as XML.
type xmlWriter struct {
	out   bytes.Buffer
	spans [][]byte // the members of the objects being written, a stack
	nils  bool     // absent members are written as nil
}

// value writes an element for what a member holds: nothing, one or several.
func (w *xmlWriter) value(e xmlElement, v []byte) {
	switch {
	case len(v) == 0 || v[0] == 'n':
		if e.always || w.nils && !e.list {
			w.none(e.name)
		}
	case v[0] == '[':
		for item := range items(v) {
			w.one(e.name, e.typ, item)
		}
	default:
		w.one(e.name, e.typ, v)
	}
}

func (w *xmlWriter) none(name string) {
	w.out.WriteByte('<')
	w.out.WriteString(name)
	w.out.WriteString(` xsi:nil="true"/>`)
}

func (w *xmlWriter) open(name string) {
	w.out.WriteByte('<')
	w.out.WriteString(name)
	w.out.WriteByte('>')
}

func (w *xmlWriter) close(name string) {
	w.out.WriteString("</")
	w.out.WriteString(name)
	w.out.WriteByte('>')
}

// one writes one element.
func (w *xmlWriter) one(name string, t *xmlType, v []byte) {
	switch v[0] {
	case 'n':
		w.none(name)
		return
	case '[': // a list in a list has no form of its own
		w.value(xmlElement{name: name, typ: t}, v)
		return
	}
	w.open(name)
	switch v[0] {
	case '{':
		w.object(t, v)
	case '"':
		w.text(jsonText(v))
	default:
		w.out.Write(v)
	}
	w.close(name)
}

func (w *xmlWriter) object(t *xmlType, v []byte) {
	switch {
	case t.kind == xmlObject:
		w.members(t, v)
	case t.kind == xmlMap:
		w.entries(*t.value, v)
	case namesAreXML(v):
		for name, value := range members(v) {
			w.value(xmlElement{name: jsonText(name), typ: t}, value)
		}
	default:
		w.entries(xmlElement{name: "value", typ: t}, v)
	}
}

// members writes the members of a class in its order; those it does not have come last.
func (w *xmlWriter) members(t *xmlType, v []byte) {
	base := len(w.spans)
	w.spans = append(w.spans, make([][]byte, len(t.elems))...)
	type other struct{ name, value []byte }
	var rest []other
	for name, value := range members(v) {
		if i, ok := t.at[string(name[1:len(name)-1])]; ok {
			w.spans[base+i] = value
		} else {
			rest = append(rest, other{name, value})
		}
	}
	for i, e := range t.elems {
		w.value(e, w.spans[base+i])
	}
	w.spans = w.spans[:base]
	for _, o := range rest {
		if name := jsonText(o.name); xmlName(name) {
			w.value(xmlElement{name: name, typ: &xmlType{kind: xmlAny}}, o.value)
		}
	}
}

func (w *xmlWriter) entries(value xmlElement, v []byte) {
	for name, content := range members(v) {
		w.out.WriteString("<entry><key>")
		w.text(jsonText(name))
		w.out.WriteString("</key>")
		w.value(value, content)
		w.out.WriteString("</entry>")
	}
}

// text writes character data. What XML cannot hold becomes the replacement character.
func (w *xmlWriter) text(s string) {
	from := 0
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		if esc, plain := xmlEscape(r, size); !plain {
			w.out.WriteString(s[from:i])
			w.out.WriteString(esc)
			from = i + size
		}
		i += size
	}
	w.out.WriteString(s[from:])
}

func xmlEscape(r rune, size int) (esc string, plain bool) {
	switch {
	case r == '<':
		return "&lt;", false
	case r == '>':
		return "&gt;", false
	case r == '&':
		return "&amp;", false
	case r == '"':
		return "&quot;", false
	case r == '\r':
		return "&#xD;", false
	case r < ' ' && r != '\t' && r != '\n', r == utf8.RuneError && size == 1, r == 0xFFFE, r == 0xFFFF:
		return "\uFFFD", false
	}
	return "", true
}

// xmlName says whether a text is a name without a prefix; ASCII is enough here.
func xmlName(s string) bool {
	for i, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

func namesAreXML(v []byte) bool {
	for name := range members(v) {
		if !xmlName(jsonText(name)) {
			return false
		}
	}
	return true
}

// jsonText is the content of a JSON string.
func jsonText(v []byte) string {
	if !slices.Contains(v, '\\') {
		return string(v[1 : len(v)-1])
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		return strings.ToValidUTF8(string(v[1:len(v)-1]), "\uFFFD")
	}
	return s
}

// members walks an object that is known to be valid JSON: names with their quotes, and values.
func members(v []byte) func(func(name, value []byte) bool) {
	return func(yield func(name, value []byte) bool) {
		for i := after(v, 1); i < len(v) && v[i] == '"'; {
			end := valueEnd(v, i)
			from := after(v, after(v, end)+1)
			to := valueEnd(v, from)
			if !yield(v[i:end], v[from:to]) {
				return
			}
			i = after(v, after(v, to)+1)
		}
	}
}

// items walks a list that is known to be valid JSON.
func items(v []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for i := after(v, 1); i < len(v) && v[i] != ']'; {
			to := valueEnd(v, i)
			if !yield(v[i:to]) {
				return
			}
			i = after(v, to)
			if i < len(v) && v[i] == ',' {
				i = after(v, i+1)
			}
		}
	}
}

// after is the first place at or behind i that is not white space.
func after(v []byte, i int) int {
	for i < len(v) && (v[i] == ' ' || v[i] == '\t' || v[i] == '\n' || v[i] == '\r') {
		i++
	}
	return i
}

// valueEnd is where the value at i ends.
func valueEnd(v []byte, i int) int {
	depth := 0
	for i < len(v) {
		switch c := v[i]; c {
		case '"':
			for i++; i < len(v) && v[i] != '"'; i++ {
				if v[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
		case ',', ':', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		default:
			i++
			continue
		}
		i++
		if depth == 0 && i <= len(v) && (v[i-1] == '"' || v[i-1] == '}' || v[i-1] == ']') {
			return i
		}
	}
	return min(i, len(v))
}
