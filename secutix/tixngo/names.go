package tixngo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Names gives members of requests and answers other names on the wire than ours. A key is one of our names, alone ("email") or
// with the member it stands in ("spectatorDetails.email", which goes before the other); the value is the name on the wire. Only
// members whose names no page shows can be renamed. Nil renames nothing.
type Names map[string]string

// documented are the members that pages of TIXNGO show; their names are given.
var documented = [...]string{
	"tickets", "ticketId", "event", "id", "name", "startTime", "startime", "expirationDate", "website", "group", "image", "address",
	"site", "city", "countryCode", "zip", "line1", "line2", "line3", "metadata", "key", "value", "activationParameters", "method", "time",
	"groupId", "instanceId", "spectatorDetails", "title", "firstName", "lastName", "purchaseDetails", "security", "purchaseDate",
	"fileNumber", "purchasePrice", "purchaseCurrency", "seatCategoryId", "contingentId", "tariffId", "seated", "numbered",
	"externalEntrance", "gate", "level", "area", "block", "row", "seat", "physicalSeatId", "companionSeatId", "salesSeatId", "leftSeatId",
	"rightSeatId", "frontSeatId", "backSeatId", "seatQuality", "temperature", "xcoord", "ycoord", "purchaseFileNumber",
}

// Check returns every problem of the names together: members nobody has, members whose names are documented, and names that are
// empty or given twice.
func (n Names) Check() error {
	known := wireNames()
	var problems []error
	twice := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(n)) {
		parent, name, inside := strings.Cut(key, ".")
		if !inside {
			parent, name = "", key
		}
		wire := n[key]
		switch {
		case !known[key]:
			problems = append(problems, fmt.Errorf("names: there is no member %q", key))
		case slices.Contains(documented[:], name):
			problems = append(problems, fmt.Errorf("names: %q is documented and keeps its name", key))
		case wire == "" || strings.ContainsAny(wire, ".\"\\"):
			problems = append(problems, fmt.Errorf("names: %q is no name for %q", wire, key))
		}
		if other, ok := twice[parent+"."+wire]; ok {
			problems = append(problems, fmt.Errorf("names: %q and %q would both be %q", other, key, wire))
		}
		twice[parent+"."+wire] = key
	}
	return errors.Join(problems...)
}

// ToWire renames the members of a document of ours. A document that is not JSON is an error.
func (n Names) ToWire(document []byte) ([]byte, error) {
	return n.walk(document, func(parent, name string) (own, to string) { return name, n.wire(parent, name) })
}

// FromWire renames the members of a document from the wire to ours. A member that has one of our names, but goes by another on
// this wire, is not ours: it gets a name that nobody knows.
func (n Names) FromWire(document []byte) ([]byte, error) {
	return n.walk(document, func(parent, name string) (own, to string) {
		for key, wire := range n {
			in, ours, inside := strings.Cut(key, ".")
			if !inside {
				in, ours = parent, key
			}
			if wire == name && in == parent && n.wire(parent, ours) == name {
				return ours, ours
			}
		}
		if n.wire(parent, name) != name {
			return name, name + "?"
		}
		return name, name
	})
}

// wire is the name of one of our members on the wire.
func (n Names) wire(parent, name string) string {
	if to, ok := n[parent+"."+name]; ok {
		return to
	}
	if to, ok := n[name]; ok {
		return to
	}
	return name
}

// walk renames every member by what rename says of it and of our name of the member it stands in.
func (n Names) walk(document []byte, rename func(parent, name string) (own, to string)) ([]byte, error) {
	if len(n) == 0 {
		return document, nil
	}
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, errors.New("more than one document")
	}
	return json.Marshal(renamed(v, "", rename))
}

func renamed(v any, parent string, rename func(parent, name string) (own, to string)) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			own, to := rename(parent, name)
			out[to] = renamed(inner, own, rename)
		}
		return out
	case []any:
		for i := range v {
			v[i] = renamed(v[i], parent, rename)
		}
	}
	return v
}

// wireNames are all the members of requests and answers, alone and with the member they stand in.
func wireNames() map[string]bool {
	out := map[string]bool{}
	for _, v := range []any{
		InjectRequest{}, DeleteRequest{}, ControlRequest{}, PrivilegesRequest{}, DeletePrivilegesRequest{}, Results{}, pageForm{}, Rows{}, InjectionReport{},
	} {
		collect(reflect.TypeOf(v), "", out)
	}
	for _, v := range []any{Change{}, StatusLog{}} {
		collect(reflect.TypeOf(v), "result", out)
	}
	return out
}

func collect(t reflect.Type, parent string, out map[string]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		out[name] = true
		if parent != "" {
			out[parent+"."+name] = true
		}
		collect(t.Field(i).Type, name, out)
	}
}
