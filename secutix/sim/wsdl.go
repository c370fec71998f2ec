package sim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// wantsWSDL says whether the query asks for the description, in any spelling.
func wantsWSDL(r *http.Request) bool {
	name, _, _ := strings.Cut(r.URL.RawQuery, "=")
	name, _, _ = strings.Cut(name, "&")
	return strings.EqualFold(name, "wsdl")
}

// wsdl serves a service's description. It needs no credentials and meets no armed fault, but where the institution is known it
// counts like any other call: a full minute is published to refuse it too.
func (p *Platform) wsdl(r *http.Request, in *institution, sv *service, version string) reply {
	rep := reply{status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml;charset=utf-8"}}}
	before, after := p.schema.describe(sv, version)
	rep.body = []byte(before + escapeXML(addressOf(r)) + after)
	if in == nil {
		return rep
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if over := p.admitted(in, now); over != nil {
		rep = *over
	}
	rep.counted = in
	p.calls.add(Call{At: now, Institution: in.w.Code, Service: sv.name, Version: version, Method: "wsdl", Status: rep.status})
	return rep
}

// addressOf is where the caller found the service; a proxy that ends TLS says so in X-Forwarded-Proto.
func addressOf(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.URL.Scheme == "https" {
		scheme = "https"
	}
	forwarded, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	if forwarded = strings.ToLower(strings.TrimSpace(forwarded)); forwarded == "http" || forwarded == "https" {
		scheme = forwarded
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	return scheme + "://" + host + r.URL.EscapedPath()
}

// describe writes a service's WSDL 1.1 with its schema, once, up to the address and from there on.
func (s *soapSchema) describe(sv *service, version string) (before, after string) {
	s.mu.Lock()
	done, ok := s.wsdls[sv.namespace(version)]
	s.mu.Unlock()
	if ok {
		return done[0], done[1]
	}
	d := description{ns: sv.namespace(version), schema: s, names: map[*xmlType]string{}, taken: map[string]bool{}}
	d.head(sv)
	for _, m := range sv.methods {
		d.wrappers(m)
	}
	for i := 0; i < len(d.queue); i++ {
		d.class(d.queue[i])
	}
	d.line(2, `</xs:schema>`)
	d.line(1, `</types>`)
	d.interfaces(sv)
	before, after, _ = strings.Cut(d.out.String(), addressMark)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wsdls == nil {
		s.wsdls = map[string][2]string{}
	}
	s.wsdls[sv.namespace(version)] = [2]string{before, after}
	return before, after
}

const addressMark = "@address@"

// description is a WSDL being written.
type description struct {
	out    strings.Builder
	ns     string
	schema *soapSchema
	names  map[*xmlType]string
	taken  map[string]bool
	queue  []*xmlType // classes named and not yet written
}

func (d *description) line(depth int, format string, args ...any) {
	d.out.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&d.out, format, args...)
	d.out.WriteByte('\n')
}

func (d *description) head(sv *service) {
	d.line(0, xmlHead)
	d.line(0, `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"`+
		` xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:tns="%s" targetNamespace="%s" name="%s">`, d.ns, d.ns, sv.soap)
	d.line(1, `<types>`)
	d.line(2, `<xs:schema version="1.0" elementFormDefault="unqualified" targetNamespace="%s">`, d.ns)
}

// wrappers writes the elements of a method's request and response.
func (d *description) wrappers(m method) {
	d.taken[m.name], d.taken[m.name+"Response"] = true, true
	result := d.schema.class(m.result)
	d.line(3, `<xs:element name="%s" type="tns:%s"/>`, m.name, m.name)
	d.line(3, `<xs:element name="%sResponse" type="tns:%sResponse"/>`, m.name, m.name)
	d.sequence(m.name, d.schema.parameters(m.request).elems)
	d.sequence(m.name+"Response", []xmlElement{{name: result.name, typ: result}})
}

func (d *description) class(t *xmlType) { d.sequence(d.names[t], t.elems) }

func (d *description) sequence(name string, elems []xmlElement) {
	if len(elems) == 0 {
		d.line(3, `<xs:complexType name="%s"><xs:sequence/></xs:complexType>`, name)
		return
	}
	d.line(3, `<xs:complexType name="%s">`, name)
	d.line(4, `<xs:sequence>`)
	for _, e := range elems {
		d.element(5, e)
	}
	d.line(4, `</xs:sequence>`)
	d.line(3, `</xs:complexType>`)
}

// element writes one member: never needed, may be nil, and repeated when it is a list.
func (d *description) element(depth int, e xmlElement) {
	head := `<xs:element name="` + e.name + `" minOccurs="0" nillable="true"`
	if e.list {
		head += ` maxOccurs="unbounded"`
	}
	if e.typ.kind != xmlMap {
		d.line(depth, `%s type="%s"/>`, head, d.typeName(e.typ))
		return
	}
	d.line(depth, `%s><xs:complexType><xs:sequence>`, head)
	d.line(depth+1, `<xs:element name="entry" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>`)
	d.line(depth+2, `<xs:element name="key" type="%s" minOccurs="0"/>`, d.typeName(&xmlType{kind: e.typ.key}))
	d.element(depth+2, *e.typ.value)
	d.line(depth+1, `</xs:sequence></xs:complexType></xs:element>`)
	d.line(depth, `</xs:sequence></xs:complexType></xs:element>`)
}

// typeName names a type; a class is put in line to be written.
func (d *description) typeName(t *xmlType) string {
	switch t.kind {
	case xmlString:
		return "xs:string"
	case xmlInt:
		return "xs:int"
	case xmlLong:
		return "xs:long"
	case xmlBoolean:
		return "xs:boolean"
	case xmlDecimal:
		return "xs:decimal"
	case xmlDateTime:
		return "xs:dateTime"
	case xmlObject:
		return "tns:" + d.className(t)
	default:
		return "xs:anyType"
	}
}

func (d *description) className(t *xmlType) string {
	if name, ok := d.names[t]; ok {
		return name
	}
	name := t.name
	for i := 2; d.taken[name]; i++ {
		name = t.name + strconv.Itoa(i)
	}
	d.names[t], d.taken[name] = name, true
	d.queue = append(d.queue, t)
	return name
}

// interfaces writes messages, port type, binding and service.
func (d *description) interfaces(sv *service) {
	for _, m := range sv.methods {
		for _, name := range []string{m.name, m.name + "Response"} {
			d.line(1, `<message name="%s"><part name="parameters" element="tns:%s"/></message>`, name, name)
		}
	}
	d.line(1, `<portType name="%s">`, sv.soap)
	for _, m := range sv.methods {
		d.line(2, `<operation name="%s"><input message="tns:%s"/><output message="tns:%sResponse"/></operation>`, m.name, m.name, m.name)
	}
	d.line(1, `</portType>`)
	d.line(1, `<binding name="%sPortBinding" type="tns:%s">`, sv.soap, sv.soap)
	d.line(2, `<soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>`)
	for _, m := range sv.methods {
		d.line(2, `<operation name="%s"><soap:operation soapAction=""/>`+
			`<input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>`, m.name)
	}
	d.line(1, `</binding>`)
	d.line(1, `<service name="%s">`, sv.soap)
	d.line(2, `<port name="%sPort" binding="tns:%sPortBinding"><soap:address location="`+addressMark+`"/></port>`, sv.soap, sv.soap)
	d.line(1, `</service>`)
	d.line(0, `</definitions>`)
}
