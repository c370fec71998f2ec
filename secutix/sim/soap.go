package sim

import (
	"crypto/hmac"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// The namespaces of SOAP 1.1 and of the fault codes of WS-Security.
const (
	soapNamespace = "http://schemas.xmlsoap.org/soap/envelope/"
	wsseNamespace = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
)

// Fault codes; those of WS-Security are proposed.
const (
	faultClient     = "S:Client"
	faultServer     = "S:Server"
	faultVersion    = "S:VersionMismatch"
	faultUnderstand = "S:MustUnderstand"
	faultSecurity   = "wsse:InvalidSecurity"
	faultFailed     = "wsse:FailedAuthentication"
)

// soapCall is what a call that came by SOAP brings along.
type soapCall struct {
	namespace string
	token     *usernameToken // nil when there is none
	schema    *soapSchema
	nils      bool // absent members are written as nil
}

// usernameToken is the WS-Security header.
type usernameToken struct{ operator, password, kind string }

// namespace is a service's in one version. Those of the contact module end with a slash.
func (s *service) namespace(version string) string {
	ns := "http://" + version + "." + s.soap + ".service.secutix.com"
	if s.module == "tnco" {
		ns += "/"
	}
	return ns
}

// nils says whether a service's answers name what is absent, which is published of contacts and access control only.
func (s *service) nils() bool { return s.module == "tnco" || s.module == "tnci" }

// remoteService finds a service by the last segment of its SOAP address.
func remoteService(module, segment string) (*service, string, bool) {
	class, ok := strings.CutSuffix(segment, ".webservice")
	if !ok {
		return nil, "", false
	}
	for _, s := range services() {
		version, ok := strings.CutPrefix(strings.TrimSuffix(class, "."+s.soap), s.pkg+".")
		if s.module == module && ok && s.pkg+"."+version+"."+s.soap == class {
			return s.as(version), version, slices.Contains(s.versions, version)
		}
	}
	return nil, "", false
}

// remoting serves /{module}/external-remoting/….
func (p *Platform) remoting(r *http.Request, in *institution, path []string) reply {
	if len(path) != 3 {
		return textReply(http.StatusNotFound, "no such service: "+r.URL.Path)
	}
	sv, version, ok := remoteService(path[0], path[2])
	switch {
	case sv == nil:
		return textReply(http.StatusNotFound, "no such service: "+r.URL.Path)
	case !ok:
		return sv.absent(version)
	case r.Method == http.MethodGet && wantsWSDL(r):
		return p.wsdl(r, in, sv, version)
	case r.Method != http.MethodPost:
		return textReply(http.StatusMethodNotAllowed, "only POST, or GET with ?wsdl")
	}
	root, rep := readEnvelope(r)
	if rep != nil {
		return *rep
	}
	return p.receive(r, in, sv, version, root)
}

// readEnvelope reads the request as XML.
func readEnvelope(r *http.Request) (*node, *reply) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := strings.ToLower(params["charset"])
	if err != nil || kind != "text/xml" || charset != "" && charset != "utf-8" && charset != "us-ascii" {
		rep := textReply(http.StatusUnsupportedMediaType, "Content-Type must be text/xml, in UTF-8")
		return nil, &rep
	}
	if r.Body == nil {
		return nil, soapFault(faultClient, "a SOAP envelope is needed")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, soapFault(faultClient, "the request ended early")
	}
	if len(body) > maxBody {
		rep := textReply(http.StatusRequestEntityTooLarge, "the request is too long")
		return nil, &rep
	}
	root, err := readXML(body)
	if err != nil {
		return nil, soapFault(faultClient, err.Error())
	}
	return root, nil
}

// receive takes an envelope apart and lets the method behind it do its work.
func (p *Platform) receive(r *http.Request, in *institution, sv *service, version string, root *node) reply {
	if root.name.Local != "Envelope" || root.name.Space != soapNamespace {
		return *soapFault(faultVersion, "the root must be the envelope of SOAP 1.1, "+soapNamespace)
	}
	token, rep := readHeader(root.child("Header"))
	if rep != nil {
		return *rep
	}
	body := root.child("Body")
	if body == nil || len(body.kids) != 1 {
		return *soapFault(faultClient, "the body must hold one element, the method")
	}
	what := body.kids[0]
	rt, ok := sv.method(what.name.Local)
	if !ok || !sameNamespace(what.name.Space, sv.namespace(version)) {
		return *soapFault(faultClient, "Cannot find dispatch method for {"+what.name.Space+"}"+what.name.Local)
	}
	c := &call{in: in, service: sv.name, version: version, method: rt.name}
	c.soap = &soapCall{namespace: sv.namespace(version), token: token, schema: &p.schema, nils: sv.nils()}
	if c.in == nil {
		c.in = p.byOperator(token)
	}
	if c.in == nil {
		return *soapFault(faultFailed, errNoOperator.Error())
	}
	c.body = jsonOf(what, p.schema.parameters(rt.request))
	if len(c.body) == 0 || c.body[0] != '{' {
		c.body = []byte(`{}`) // a nil method element
	}
	return p.serve(r, c, rt)
}

// sameNamespace compares without a trailing slash; a method without a namespace is taken as well.
func sameNamespace(got, want string) bool {
	return got == "" || strings.TrimSuffix(got, "/") == strings.TrimSuffix(want, "/")
}

// readHeader finds the UsernameToken in whatever form, and refuses headers it would have to
// understand.
func readHeader(header *node) (*usernameToken, *reply) {
	if header == nil {
		return nil, nil
	}
	var token *usernameToken
	for _, h := range header.kids {
		if h.name.Local != "Security" {
			if must := h.attr(soapNamespace, "mustUnderstand"); must == "1" || must == "true" {
				return nil, soapFault(faultUnderstand, "header not understood: {"+h.name.Space+"}"+h.name.Local)
			}
			continue
		}
		t := h.child("UsernameToken")
		if t == nil || token != nil {
			return nil, soapFault(faultSecurity, "one wsse:UsernameToken is needed in the Security header")
		}
		token = &usernameToken{}
		if name := t.child("Username"); name != nil {
			token.operator = strings.TrimSpace(string(name.text))
		}
		if password := t.child("Password"); password != nil {
			token.password, token.kind = string(password.text), password.attr("", "Type")
		}
	}
	return token, nil
}

var (
	errNoOperator = errors.New("the security token could not be authenticated: unknown operator")
	errNoToken    = errors.New("no wsse:UsernameToken in the security header")
	errDigest     = errors.New("a password digest is not supported, only PasswordText")
	errPassword   = errors.New("the security token could not be authenticated: wrong operator or password")
)

// byOperator finds the institution whose operator the token names, before it is believed.
func (p *Platform) byOperator(token *usernameToken) *institution {
	if token == nil {
		return nil
	}
	for _, in := range p.institutions {
		if in.w.Operator == token.operator {
			return in
		}
	}
	return nil
}

// admit checks the token against the institution's operator.
func (s *soapCall) admit(in *institution) error {
	switch t := s.token; {
	case t == nil:
		return errNoToken
	case strings.HasSuffix(t.kind, "#PasswordDigest"):
		return errDigest
	case t.operator != in.w.Operator || !hmac.Equal([]byte(t.password), []byte(in.w.Secret)):
		return errPassword
	}
	return nil
}

// believe checks who asks, by token or by UsernameToken.
func (p *Platform) believe(r *http.Request, c *call) error {
	if c.soap != nil {
		return c.soap.admit(c.in)
	}
	return p.authenticate(r, c.in)
}

// refused is the answer to a call whose token is not good.
func (c *call) refused(err error) reply {
	switch {
	case c.soap == nil:
		return textReply(http.StatusUnauthorized, "Unauthorized: "+err.Error())
	case errors.Is(err, errPassword):
		return *soapFault(faultFailed, err.Error())
	default:
		return *soapFault(faultSecurity, err.Error())
	}
}

// crashed is the answer when something broke.
func (c *call) crashed(text string) reply {
	if c.soap != nil {
		return *soapFault(faultServer, text)
	}
	return textReply(http.StatusInternalServerError, text)
}

// answered is the answer that holds a method's result.
func (c *call) answered(rt method, payload []byte) reply {
	rep := reply{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json;charset=UTF-8"}}, body: payload}
	if c.soap != nil {
		rep.header.Set("Content-Type", "text/xml;charset=utf-8")
		rep.body = c.soap.schema.kept(payload, c.soap.namespace, func() []byte { return c.soap.encode(rt, payload) })
	}
	return rep
}

const (
	xmlHead      = `<?xml version="1.0" encoding="UTF-8"?>`
	envelopeHead = xmlHead + `<S:Envelope xmlns:S="` + soapNamespace + `"><S:Body>`
	envelopeFoot = `</S:Body></S:Envelope>`
)

// encode wraps a result as the platform does: the method's response, in it one element named after
// the class.
func (s *soapCall) encode(rt method, payload []byte) []byte {
	class := s.schema.class(rt.result)
	w := xmlWriter{nils: s.nils}
	w.out.Grow(2*len(payload) + 512)
	w.out.WriteString(envelopeHead)
	fmt.Fprintf(&w.out, `<ns2:%sResponse xmlns:ns2="%s" xmlns:xsi="%s">`, rt.name, s.namespace, xsiNamespace)
	w.one(class.name, class, payload)
	w.close("ns2:" + rt.name + "Response")
	w.out.WriteString(envelopeFoot)
	return w.out.Bytes()
}

// soapFault is a fault with its HTTP status 500.
func soapFault(code, text string) *reply {
	var w xmlWriter
	w.out.WriteString(envelopeHead + `<S:Fault`)
	if strings.HasPrefix(code, "wsse:") {
		w.out.WriteString(` xmlns:wsse="` + wsseNamespace + `"`)
	}
	w.out.WriteString(`><faultcode>` + code + `</faultcode><faultstring>`)
	w.text(strings.TrimSpace(text))
	w.out.WriteString(`</faultstring></S:Fault>` + envelopeFoot)
	return &reply{status: http.StatusInternalServerError, header: http.Header{"Content-Type": {"text/xml;charset=utf-8"}}, body: w.out.Bytes()}
}

// escapeXML makes a text fit for an attribute or an element.
func escapeXML(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil { // a Builder takes everything
		return ""
	}
	return b.String()
}
