package sim

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"

	"guichet/secutix/s360"
)

// xmlKind is what a value looks like in XML.
type xmlKind int

const (
	xmlString xmlKind = iota
	xmlInt
	xmlLong
	xmlBoolean
	xmlDecimal
	xmlDateTime
	xmlAny // of a shape nobody knows
	xmlMap // entry/key/value
	xmlObject
)

// xmlType is a wire type as SOAP writes it and the WSDL describes it.
type xmlType struct {
	kind  xmlKind
	name  string         // of an object: the class
	elems []xmlElement   // of an object: its members in order
	at    map[string]int // of an object: where a member is in elems
	alias map[string]int // other names a request may use
	key   xmlKind        // of a map
	value *xmlElement    // of a map
}

// xmlElement is one member of an object.
type xmlElement struct {
	name   string
	typ    *xmlType
	list   bool // repeated
	always bool // written as nil when there is nothing
}

// soapSchema turns wire types into XML types, each once. The zero value works.
type soapSchema struct {
	mu       sync.Mutex
	types    map[reflect.Type]*xmlType
	requests map[reflect.Type]*xmlType
	wsdls    map[string][2]string // by namespace: before and after the address
	written  []writtenBody
}

// writtenBody is a long answer in XML, which was these bytes in memory before.
type writtenBody struct {
	of        []byte
	namespace string
	body      []byte
}

// writtenKeep is how many long answers are kept in XML: catalogs, which are kept as JSON as well.
const writtenKeep = 2

// kept is the XML of exactly these bytes, or what write makes of them.
func (s *soapSchema) kept(of []byte, namespace string, write func() []byte) []byte {
	if len(of) < packFrom {
		return write()
	}
	s.mu.Lock()
	for _, w := range s.written {
		if len(w.of) == len(of) && &w.of[0] == &of[0] && w.namespace == namespace {
			s.mu.Unlock()
			return w.body
		}
	}
	s.mu.Unlock()
	body := write()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = append(s.written, writtenBody{of, namespace, body})
	if len(s.written) > writtenKeep {
		s.written = slices.Clone(s.written[1:])
	}
	return body
}

// class is the XML type of a result: base members first, its own in alphabetical order.
func (s *soapSchema) class(v any) *xmlType {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of(reflect.TypeOf(v))
}

// parameters is the XML type of a request: the members in the order of their declaration.
func (s *soapSchema) parameters(v any) *xmlType {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := reflect.TypeOf(v)
	if x := s.requests[t]; x != nil {
		return x
	}
	if s.requests == nil {
		s.requests = map[reflect.Type]*xmlType{}
	}
	x := &xmlType{kind: xmlObject, name: className(t)}
	s.requests[t] = x
	s.fill(x, t, false)
	return x
}

func (s *soapSchema) of(t reflect.Type) *xmlType {
	if x := s.types[t]; x != nil {
		return x
	}
	if s.types == nil {
		s.types = map[reflect.Type]*xmlType{}
	}
	if t.Kind() == reflect.Pointer {
		return s.of(t.Elem())
	}
	x := &xmlType{kind: scalarKind(t)}
	s.types[t] = x
	switch x.kind {
	case xmlMap:
		v := s.element("value", t.Elem())
		x.key, x.value = scalarKind(t.Key()), &v
	case xmlObject:
		x.name = className(t)
		s.fill(x, t, true)
	default: // a scalar says it all
	}
	return x
}

// scalarKind tells a type's kind; what is neither a scalar nor a map is an object.
func scalarKind(t reflect.Type) xmlKind {
	switch t {
	case reflect.TypeFor[s360.ID]():
		return xmlLong
	case reflect.TypeFor[s360.Int]():
		return xmlInt
	case reflect.TypeFor[s360.Decimal]():
		return xmlDecimal
	case reflect.TypeFor[s360.Date](), reflect.TypeFor[s360.Instant]():
		return xmlDateTime
	case reflect.TypeFor[json.RawMessage]():
		return xmlAny
	}
	switch t.Kind() {
	case reflect.Bool:
		return xmlBoolean
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Uint8, reflect.Uint16:
		return xmlInt
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Uint, reflect.Uint64:
		return xmlLong
	case reflect.Float32, reflect.Float64:
		return xmlDecimal
	case reflect.String:
		return xmlString
	case reflect.Map:
		return xmlMap
	case reflect.Struct:
		return xmlObject
	default:
		return xmlAny
	}
}

// element describes a member, a list by its elements.
func (s *soapSchema) element(name string, t reflect.Type) xmlElement {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name == "paymentParametersMap" { // its keys and values are the payment centre's
		return xmlElement{name: name, typ: s.of(reflect.TypeFor[map[string]string]())}
	}
	if t == reflect.TypeFor[json.RawMessage]() {
		return xmlElement{name: name, typ: s.of(t), list: true}
	}
	if t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
		return xmlElement{name: name, typ: s.of(t.Elem()), list: true}
	}
	if name == "requestId" && t == reflect.TypeFor[s360.ID]() {
		return xmlElement{name: name, typ: s.of(reflect.TypeFor[s360.Int]())}
	}
	typ := s.of(t)
	if name == "identifierContactMap" { // published as a map from Long
		typ = &xmlType{kind: xmlMap, key: xmlLong, value: typ.value}
	}
	return xmlElement{name: name, typ: typ}
}

func (s *soapSchema) fill(x *xmlType, t reflect.Type, sorted bool) {
	x.at, x.alias = map[string]int{}, map[string]int{}
	s.gather(x, t, sorted)
	for i, e := range x.elems {
		x.at[e.name] = i
	}
}

// gather appends the members of embedded types, then the type's own.
func (s *soapSchema) gather(x *xmlType, t reflect.Type, sorted bool) {
	type member struct {
		xmlElement
		aliases string
	}
	var own []member
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			s.gather(x, f.Type, sorted)
		case !f.IsExported() || name == "" || name == "-":
		default:
			e := s.element(name, f.Type)
			e.always = t == reflect.TypeFor[s360.Result]()
			own = append(own, member{e, f.Tag.Get("alias")})
		}
	}
	for _, e := range extraMembers(t) {
		own = append(own, member{xmlElement: s.element(e.name, e.typ)})
	}
	if sorted {
		slices.SortStableFunc(own, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	}
	for _, m := range own {
		for alias := range strings.SplitSeq(m.aliases, ",") {
			if alias != "" {
				x.alias[alias] = len(x.elems)
			}
		}
		x.elems = append(x.elems, m.xmlElement)
	}
}

// extraMember is a member that the platform's class has and ours keeps in its Extra.
type extraMember struct {
	name string
	typ  reflect.Type
}

// extraMembers lists what the simulator reads from and writes into Extra, so that the WSDL names it.
func extraMembers(t reflect.Type) []extraMember {
	text, id := reflect.TypeFor[string](), reflect.TypeFor[s360.ID]()
	visit := []extraMember{{s360.DefaultVisitDateMember, text}, {s360.DefaultTimeslotMember, id}}
	switch t {
	case reflect.TypeFor[s360.SimpleProductOperationCreationData](), reflect.TypeFor[s360.OperationData]():
		return visit
	case reflect.TypeFor[s360.OrderDetailsData]():
		return []extraMember{{"externalReference", text}}
	case reflect.TypeFor[s360.Area]():
		return []extraMember{{"externalName", reflect.TypeFor[s360.ExternalName]()}}
	case reflect.TypeFor[s360.Price]():
		return []extraMember{{"currencyCode", text}}
	}
	return nil
}

// className is a type's name as a class has it: upper-case first, without type arguments.
func className(t reflect.Type) string {
	if t == reflect.TypeFor[s360.CatalogTextResult]() {
		return "CatalogResult" // as published
	}
	name, _, _ := strings.Cut(t.Name(), "[")
	if name == "" {
		return "Anonymous"
	}
	return string(unicode.ToUpper(rune(name[0]))) + name[1:]
}
