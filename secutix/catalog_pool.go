package secutix

import (
	"encoding/binary"
	"reflect"
	"time"

	"guichet/domain"
	"guichet/secutix/s360"
)

// pool keeps one copy of everything that comes again and again in a catalog: names, sale periods, price lists. What comes
// out of it is shared and must not be changed. It is for one catalog and one goroutine.
type pool struct {
	words map[string]string
	texts map[string]domain.Text
	lists map[reflect.Type]map[string]any
	key   []byte // scratch
}

func newPool() *pool {
	return &pool{words: map[string]string{}, texts: map[string]domain.Text{}, lists: map[reflect.Type]map[string]any{}}
}

// word is the one copy of a text without languages.
func (p *pool) word(s string) string {
	if s == "" {
		return ""
	}
	if kept, ok := p.words[s]; ok {
		return kept
	}
	p.words[s] = s
	return s
}

// text is the one copy of a translated text; nil for one that has no words in any language.
func (p *pool) text(n *s360.ExternalName) domain.Text {
	if n == nil || len(n.Translations) == 0 {
		return nil
	}
	p.key = p.key[:0]
	for _, t := range n.Translations {
		p.key = appendString(appendString(p.key, t.Locale), t.Value)
	}
	if t, ok := p.texts[string(p.key)]; ok {
		return t
	}
	key := string(p.key)
	var own domain.Text
	if read := toText(n); len(read) > 0 {
		own = make(domain.Text, len(read))
		for lang, s := range read {
			own[p.word(lang)] = p.word(s)
		}
	}
	p.texts[key] = own
	return own
}

// shared is the one copy of a list; empty is nil. What is inside of it must be shared already.
func shared[T any](p *pool, list []T) []T {
	if len(list) == 0 {
		return nil
	}
	t := reflect.TypeFor[T]()
	kept := p.lists[t]
	if kept == nil {
		kept = map[string]any{}
		p.lists[t] = kept
	}
	p.key = p.key[:0]
	switch v := reflect.ValueOf(list); t.Kind() {
	case reflect.Uint8:
		p.key = append(p.key, v.Bytes()...)
	default:
		for i := range list {
			p.key = appendKey(p.key, v.Index(i))
		}
	}
	if had, ok := kept[string(p.key)].([]T); ok {
		return had
	}
	own := make([]T, len(list))
	copy(own, list)
	kept[string(p.key)] = own
	return own
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendVarint(b, int64(len(s))), s...)
}

var timeType = reflect.TypeFor[time.Time]()

// appendKey writes what tells a value from another of its type. Lists and maps inside are told by where they are, which is
// enough as there is one copy of each.
func appendKey(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return binary.AppendVarint(b, v.Int())
	case reflect.Bool:
		if v.Bool() {
			return append(b, 1)
		}
		return append(b, 0)
	case reflect.String:
		return appendString(b, v.String())
	case reflect.Slice, reflect.Map:
		return binary.AppendVarint(binary.AppendUvarint(b, uint64(v.Pointer())), int64(v.Len()))
	case reflect.Struct:
		if v.Type() == timeType {
			t := v.Addr().Interface().(*time.Time)
			return binary.AppendVarint(binary.AppendVarint(b, t.Unix()), int64(t.Nanosecond()))
		}
		for i := range v.NumField() {
			b = appendKey(b, v.Field(i))
		}
		return b
	default:
		panic("secutix: no key for " + v.Type().String())
	}
}
