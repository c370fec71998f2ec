package s360

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// withExtra encodes known, a struct, and writes the extra members after its
// own, in the order of their names. A member that known has itself written is
// not written twice.
func withExtra(known any, extra map[string]json.RawMessage) ([]byte, error) {
	b, err := json.Marshal(known)
	if err != nil || len(extra) == 0 {
		return b, err
	}
	var own map[string]json.RawMessage
	if err := json.Unmarshal(b, &own); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Write(b[:len(b)-1])
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if _, written := own[name]; written || len(extra[name]) == 0 {
			continue
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(extra[name])
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}
