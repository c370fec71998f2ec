package sim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of a SOAP request.
const (
	maxXMLDepth    = 48
	maxXMLElements = 50_000
)

const xsiNamespace = "http://www.w3.org/2001/XMLSchema-instance"

// node is an element of a request.
type node struct {
	name  xml.Name
	attrs []xml.Attr
	text  []byte
	kids  []*node
}

// readXML reads a document. It has one root, no document type, no entities but the five of XML, and
// is neither deep nor endless.
func readXML(b []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\uFEFF"))))
	var root *node
	var open []*node
	for count := 0; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && root != nil && len(open) == 0 {
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("not well-formed: %w", err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, errors.New("a document type is not allowed")
		case xml.ProcInst:
			if t.Target != "xml" {
				return nil, errors.New("a processing instruction is not allowed")
			}
		case xml.StartElement:
			if count++; count > maxXMLElements || len(open) >= maxXMLDepth {
				return nil, errors.New("too deep or too many elements")
			}
			n := &node{name: t.Name, attrs: t.Attr}
			switch {
			case len(open) > 0:
				open[len(open)-1].kids = append(open[len(open)-1].kids, n)
			case root != nil:
				return nil, errors.New("not well-formed: two roots")
			default:
				root = n
			}
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text = append(open[len(open)-1].text, t...)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, errors.New("not well-formed: text outside the root")
			}
		}
	}
}

// child is the first child of that name.
func (n *node) child(local string) *node {
	for _, k := range n.kids {
		if k.name.Local == local {
			return k
		}
	}
	return nil
}

func (n *node) attr(space, local string) string {
	for _, a := range n.attrs {
		if a.Name.Local == local && a.Name.Space == space {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

func (n *node) isNil() bool {
	v := n.attr(xsiNamespace, "nil")
	return v == "true" || v == "1"
}

func (n *node) empty() bool { return len(n.kids) == 0 && len(bytes.TrimSpace(n.text)) == 0 }

// jsonOf writes what the methods read: a class as an object, repeated elements as a list. It judges
// nothing: what does not fit is passed on for the method to refuse.
func jsonOf(n *node, t *xmlType) []byte {
	var b bytes.Buffer
	writeJSON(&b, n, t)
	return b.Bytes()
}

func writeJSON(b *bytes.Buffer, n *node, t *xmlType) {
	switch {
	case n.isNil():
		b.WriteString("null")
	case t.kind == xmlObject && (len(n.kids) > 0 || n.empty()):
		writeMembers(b, n, t)
	case t.kind == xmlMap && (n.empty() || len(n.kids) > 0 && allEntries(n)):
		writeEntries(b, n, *t.value)
	case len(n.kids) > 0 && allEntries(n):
		writeEntries(b, n, xmlElement{typ: anyXML()})
	case len(n.kids) > 0:
		writeMembers(b, n, anyXML())
	default:
		writeScalar(b, string(n.text), t.kind)
	}
}

func anyXML() *xmlType { return &xmlType{kind: xmlAny} }

// writeMembers groups the children by name, in the order of their first appearance.
func writeMembers(b *bytes.Buffer, n *node, t *xmlType) {
	groups := map[string][]*node{}
	var names []string
	for _, k := range n.kids {
		if groups[k.name.Local] == nil {
			names = append(names, k.name.Local)
		}
		groups[k.name.Local] = append(groups[k.name.Local], k)
	}
	b.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		writeText(b, name)
		b.WriteByte(':')
		e := xmlElement{typ: anyXML()}
		if at, ok := t.at[name]; ok {
			e = t.elems[at]
		} else if at, ok := t.alias[name]; ok {
			e = t.elems[at]
		}
		writeGroup(b, groups[name], e)
	}
	b.WriteByte('}')
}

// writeGroup writes the elements of one name: one value, or a list.
func writeGroup(b *bytes.Buffer, group []*node, e xmlElement) {
	if e.typ.kind == xmlAny {
		e.list = len(group) > 1
	}
	if !e.list && len(group) == 1 {
		writeJSON(b, group[0], e.typ)
		return
	}
	b.WriteByte('[')
	n := 0
	for _, k := range group {
		if e.list && (k.isNil() || k.empty() && e.typ.kind != xmlString) {
			continue // an absent list is sent as one empty element
		}
		if n++; n > 1 {
			b.WriteByte(',')
		}
		writeJSON(b, k, e.typ)
	}
	b.WriteByte(']')
}

func allEntries(n *node) bool {
	for _, k := range n.kids {
		if k.name.Local != "entry" || k.child("key") == nil {
			return false
		}
	}
	return true
}

// writeEntries writes a map; a later entry of the same key wins.
func writeEntries(b *bytes.Buffer, n *node, value xmlElement) {
	content := map[string][]*node{}
	var names []string
	for _, k := range n.kids {
		var name string
		if key := k.child("key"); key != nil {
			name = string(key.text)
		}
		if _, known := content[name]; !known {
			names = append(names, name)
		}
		content[name] = nil
		for _, v := range k.kids {
			if v.name.Local == "value" {
				content[name] = append(content[name], v)
			}
		}
	}
	b.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		writeText(b, name)
		b.WriteByte(':')
		if len(content[name]) == 0 {
			b.WriteString("null")
			continue
		}
		writeGroup(b, content[name], value)
	}
	b.WriteByte('}')
}

func writeScalar(b *bytes.Buffer, text string, kind xmlKind) {
	trimmed := strings.TrimSpace(text)
	switch kind {
	case xmlInt, xmlLong, xmlDecimal:
		if trimmed != "" && strings.IndexByte("-0123456789", trimmed[0]) >= 0 && json.Valid([]byte(trimmed)) {
			b.WriteString(trimmed)
			return
		}
	case xmlBoolean:
		switch trimmed {
		case "true", "1":
			b.WriteString("true")
			return
		case "false", "0":
			b.WriteString("false")
			return
		}
	case xmlString, xmlAny:
		writeText(b, text)
		return
	default:
	}
	writeText(b, trimmed)
}

func writeText(b *bytes.Buffer, text string) {
	quoted, err := json.Marshal(text)
	if err != nil { // a text can always be quoted
		quoted = []byte(`""`)
	}
	b.Write(quoted)
}
