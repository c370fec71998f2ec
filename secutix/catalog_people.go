package secutix

import (
	"encoding/json"
	"maps"
	"slices"
	"unicode"
)

func isLetter(r rune) bool { return unicode.IsLetter(r) }

// elements are the objects of a list, or the one object there is instead of a list.
func elements(raw json.RawMessage) []map[string]json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	var list []map[string]json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	var one map[string]json.RawMessage
	if json.Unmarshal(raw, &one) == nil {
		return []map[string]json.RawMessage{one}
	}
	return nil
}

func sortedNames(v map[string]json.RawMessage) []string { return slices.Sorted(maps.Keys(v)) }

// texts are the texts of a value: itself, its translations, its name, or those of a list's elements. Numbers, flags and
// other shapes have none.
func texts(raw json.RawMessage) []string {
	if len(raw) == 0 {
		return nil
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return []string{s}
	}
	var out []string
	for _, v := range elements(raw) {
		for _, member := range []string{"translations", "externalName", "name", "value"} {
			if found := texts(v[member]); len(found) > 0 {
				out = append(out, found...)
				break
			}
		}
	}
	if out != nil {
		return out
	}
	var words []string
	if json.Unmarshal(raw, &words) == nil {
		return words
	}
	return nil
}
