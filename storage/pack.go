package storage

import (
	"crypto/sha256"
	"encoding/binary"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A packed value is: the first 8 bytes of the SHA-256 of its type's shape, the texts, one table for each type of list and
// map (those that others are made of come first), and the value itself. Every text, list and map stands once in its table
// and is named by its number, so that what comes again costs a byte or two and shares its memory when it is read. Numbers
// are varints; a time is its seconds and nanoseconds and is read as UTC; a list without elements is read as nil.

const fingerprintLength = 8

var timeType = reflect.TypeFor[time.Time]()

// shape writes what a type is made of: members with their types, in order, as deep as it goes.
func shape(t reflect.Type) string {
	var b strings.Builder
	seen := map[reflect.Type]bool{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		switch t.Kind() {
		case reflect.Slice, reflect.Pointer:
			walk(t.Elem())
		case reflect.Map:
			walk(t.Key())
			walk(t.Elem())
		case reflect.Struct:
			if t == timeType {
				return
			}
			b.WriteString(t.String() + "\n")
			for _, f := range fields(t) {
				member := t.Field(f)
				b.WriteString("  " + member.Name + " " + member.Type.String() + " " + member.Type.Kind().String() + "\n")
			}
			for _, f := range fields(t) {
				walk(t.Field(f).Type)
			}
		default:
		}
	}
	walk(t)
	return b.String()
}

// fields are the places of a struct's exported members.
func fields(t reflect.Type) []int {
	var out []int
	for i := range t.NumField() {
		if t.Field(i).IsExported() {
			out = append(out, i)
		}
	}
	return out
}

// layout is how values of a type are packed.
type layout struct {
	tables []reflect.Type         // lists and maps, inner ones first
	fields map[reflect.Type][]int // of structs
}

func layoutOf(t reflect.Type) *layout {
	l := &layout{fields: map[reflect.Type][]int{}}
	l.add(t)
	return l
}

func (l *layout) add(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer:
		l.add(t.Elem())
	case reflect.Slice, reflect.Map:
		if slices.Contains(l.tables, t) {
			return
		}
		if t.Kind() == reflect.Map {
			l.add(t.Key())
		}
		l.add(t.Elem())
		l.tables = append(l.tables, t)
	case reflect.Struct:
		if _, known := l.fields[t]; known || t == timeType {
			return
		}
		l.fields[t] = fields(t)
		for _, f := range l.fields[t] {
			l.add(t.Field(f).Type)
		}
	default:
	}
}

func fingerprint(t reflect.Type) []byte {
	sum := sha256.Sum256([]byte(shape(t)))
	return sum[:fingerprintLength]
}

// pack writes a value of booleans, whole numbers, texts, times, structs, pointers, lists and maps of texts; another kind
// panics, and so does a type that contains itself.
func pack(v reflect.Value) []byte {
	p := &packer{layout: layoutOf(v.Type()), texts: newTable(), tables: map[reflect.Type]*table{}, packed: map[place]int64{}}
	for _, t := range p.layout.tables {
		p.tables[t] = newTable()
	}
	root := p.value(nil, v)
	out := append(fingerprint(v.Type()), p.texts.bytes()...)
	for _, t := range p.layout.tables {
		out = append(out, p.tables[t].bytes()...)
	}
	return append(out, root...)
}

// packer is one value being packed.
type packer struct {
	layout *layout
	texts  *table
	tables map[reflect.Type]*table
	packed map[place]int64 // the numbers of lists and maps by where they are: what is shared is packed once
}

// place is where a list or a map stands in memory.
type place struct {
	of  reflect.Type
	at  uintptr
	len int
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// table numbers entries from 1; 0 is none.
type table struct {
	index   map[string]int64
	content []byte
}

func newTable() *table { return &table{index: map[string]int64{}} }

func (t *table) number(entry []byte) int64 {
	if n, ok := t.index[string(entry)]; ok {
		return n
	}
	n := int64(len(t.index)) + 1
	t.index[string(entry)] = n
	t.content = append(t.content, entry...)
	return n
}

func (t *table) bytes() []byte {
	head := binary.AppendVarint(nil, int64(len(t.index)))
	return append(binary.AppendVarint(head, int64(len(t.content))), t.content...)
}

func (p *packer) text(s string) int64 {
	if s == "" {
		return 0
	}
	return p.texts.number(append(binary.AppendVarint(make([]byte, 0, len(s)+3), int64(len(s))), s...))
}

func (p *packer) value(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return binary.AppendVarint(b, v.Int())
	case reflect.Bool:
		if v.Bool() {
			return append(b, 1)
		}
		return append(b, 0)
	case reflect.String:
		return binary.AppendVarint(b, p.text(v.String()))
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, 0)
		}
		return p.value(append(b, 1), v.Elem())
	case reflect.Struct:
		if v.Type() == timeType {
			t := v.Interface().(time.Time)
			return binary.AppendVarint(binary.AppendVarint(b, t.Unix()), int64(t.Nanosecond()))
		}
		for _, f := range p.layout.fields[v.Type()] {
			b = p.value(b, v.Field(f))
		}
		return b
	case reflect.Slice, reflect.Map:
		if v.Len() == 0 {
			return append(b, 0)
		}
		at := place{of: v.Type(), at: v.Pointer(), len: v.Len()}
		n, known := p.packed[at]
		if !known {
			n = p.tables[v.Type()].number(p.entry(v))
			p.packed[at] = n
		}
		return binary.AppendVarint(b, n)
	default:
		panic("storage: cannot pack " + v.Type().String())
	}
}

// entry is a list or a map as it stands in its table: how many, then each; a map by its keys' order.
func (p *packer) entry(v reflect.Value) []byte {
	b := binary.AppendVarint(nil, int64(v.Len()))
	if isBytes(v.Type()) {
		return append(b, v.Bytes()...)
	}
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			b = p.value(b, v.Index(i))
		}
		return b
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		b = p.value(p.value(b, k), v.MapIndex(k))
	}
	return b
}
