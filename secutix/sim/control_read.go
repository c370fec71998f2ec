package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// readControl reads a small JSON body. It refuses members it does not know and says which member is wrong.
func readControl(r *http.Request, v any) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return wrong(http.StatusBadRequest, "the body ended early")
	case len(body) > maxBody:
		return wrong(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", maxBody)
	case len(bytes.TrimSpace(body)) == 0:
		return wrong(http.StatusBadRequest, "a body is needed")
	case bytes.TrimSpace(body)[0] != '{':
		return wrong(http.StatusBadRequest, "the body is not a JSON object")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return wrong(http.StatusBadRequest, "%s", misread(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return wrong(http.StatusBadRequest, "something stands behind the JSON object")
	}
	return nil
}

// misread says what is wrong with a body, the member first.
func misread(err error) string {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Sprintf("%s: %s is wanted, not %s", cmpOr(kind.Field, "the body"), wantedOf(kind), kind.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), `json: unknown field "`); ok {
		return strings.TrimSuffix(name, `"`) + ": there is no such member"
	}
	return "the body is not JSON: " + err.Error()
}

// wantedOf names in JSON's words what a member takes.
func wantedOf(e *json.UnmarshalTypeError) string {
	switch name := e.Type.Kind().String(); {
	case strings.HasPrefix(name, "int"):
		return "a whole number"
	case strings.HasPrefix(name, "uint"):
		return "a whole number not below 0"
	case strings.HasPrefix(name, "float"):
		return "a number"
	case name == "bool":
		return "true or false"
	case name == "string":
		return "a text"
	case name == "slice":
		return "a list"
	}
	return "an object"
}

// queryOf finds the parameters in what is said of an endpoint: "orders; ?institution=&order=".
var queryOf = regexp.MustCompile(`[?&](\w+)=`)

// query lists the parameters an endpoint takes.
func (e endpoint) query() []string {
	var out []string
	for _, m := range queryOf.FindAllStringSubmatch(e.What, -1) {
		out = append(out, m[1])
	}
	return out
}

// answer is the endpoint's page, unless the query holds what it does not take. A refusal shows an example of a body.
func (e endpoint) answer(r *http.Request) (any, error) {
	for name := range r.URL.Query() {
		if !slices.Contains(e.query(), name) {
			return nil, wrong(http.StatusBadRequest, "%s: there is no such parameter", name)
		}
	}
	v, err := e.page(r)
	var ce *controlError
	if errors.As(err, &ce) && ce.status == http.StatusBadRequest {
		ce.example = e.Body
	}
	return v, err
}

// knownMethods lists what faults and latencies can meet, by service.
func knownMethods() map[string][]string {
	out := map[string][]string{}
	for _, s := range services() {
		for _, m := range s.methods {
			out[s.name] = append(out[s.name], m.name)
		}
	}
	for _, op := range walletOps() {
		out[walletService] = append(out[walletService], string(op.name))
	}
	return out
}

// checkMethod refuses names that nothing here has: what is armed for them would never be met.
func checkMethod(method, service string) error {
	known := knownMethods()
	if service != "" && known[service] == nil {
		return wrong(http.StatusBadRequest, "service: %q is not answered here", service)
	}
	if method == "*" {
		return nil
	}
	for name, methods := range known {
		if (service == "" || service == name) && slices.Contains(methods, method) {
			return nil
		}
	}
	return wrong(http.StatusBadRequest, `method: %q is not answered here; GET /endpoints lists what is, "*" is any`, method)
}
