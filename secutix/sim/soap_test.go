package sim

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/secutix/s360"
)

const (
	catalogAddress = "/tnseb/external-remoting/com.secutix.service.realtime.catalog.v1_33.CatalogService.webservice"
	plainToken     = `<w:Security xmlns:w="` + wsseNamespace + `"><w:UsernameToken><w:Username>%s</w:Username><w:Password>%s</w:Password></w:UsernameToken></w:Security>`
)

// post sends an envelope to an absolute path.
func (d *desk) post(url, body string) (int, string, error) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", `"whatever"`)
	res, err := d.http.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// describe fetches a WSDL, with credentials of the wrong kind that nobody looks at.
func (d *desk) describe(url string) (int, string) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		d.t.Fatal(err)
	}
	r.SetBasicAuth("who", "ever")
	res, err := d.http.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func (d *desk) credentials() string {
	return fmt.Sprintf(plainToken, d.in.w.Operator, escapeXML(d.in.w.Secret))
}

func envelope(header, body string) string {
	return `<e:Envelope xmlns:e="` + soapNamespace + `"><e:Header>` + header + `</e:Header><e:Body>` + body + `</e:Body></e:Envelope>`
}

func (s *service) remoteAddress(version string) string {
	return "/" + s.module + "/external-remoting/" + s.pkg + "." + version + "." + s.soap + ".webservice"
}

// soap calls a method with the request that REST would have got, and reads the answer as a tree.
func (d *desk) soap(method string, request any) *node {
	d.t.Helper()
	for _, s := range services() {
		if _, ok := s.method(method); !ok {
			continue
		}
		version := s.versions[0]
		body := `<m:` + method + ` xmlns:m="` + s.namespace(version) + `">` + elements(d.t, request) + `</m:` + method + `>`
		status, text, err := d.post("http://sim/"+d.in.w.Code+s.remoteAddress(version), envelope(d.credentials(), body))
		if err != nil || status != http.StatusOK {
			d.t.Fatalf("%s: %d %s %v", method, status, text, err)
		}
		return tree(d.t, text)
	}
	d.t.Fatalf("no method %s", method)
	return nil
}

// elements writes a JSON object as SOAP clients do.
func elements(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var o any
	if err := d.Decode(&o); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var write func(name string, v any)
	write = func(name string, v any) {
		switch x := v.(type) {
		case nil:
		case []any:
			for _, item := range x {
				write(name, item)
			}
		case map[string]any:
			out.WriteString("<" + name + ">")
			for _, key := range slices.Sorted(maps.Keys(x)) {
				write(key, x[key])
			}
			out.WriteString("</" + name + ">")
		default:
			out.WriteString("<" + name + ">" + escapeXML(fmt.Sprint(x)) + "</" + name + ">")
		}
	}
	for name, value := range o.(map[string]any) {
		write(name, value)
	}
	return out.String()
}

// tree reads XML without the reader under test.
func tree(t *testing.T, text string) *node {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	top := &node{}
	open := []*node{top}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		last := open[len(open)-1]
		switch x := token.(type) {
		case xml.StartElement:
			n := &node{name: x.Name, attrs: x.Copy().Attr}
			last.kids, open = append(last.kids, n), append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			last.text = append(last.text, x...)
		}
	}
	return top.kids[0]
}

// result is the element that is named after the class.
func (n *node) result(t *testing.T) *node {
	t.Helper()
	body := n.child("Body")
	if body == nil || len(body.kids) != 1 || len(body.kids[0].kids) != 1 {
		t.Fatalf("no single result in the envelope")
	}
	return body.kids[0].kids[0]
}

func (n *node) at(path ...string) string {
	for _, name := range path {
		if n = n.child(name); n == nil {
			return ""
		}
	}
	return string(n.text)
}

// differ compares an element with the JSON it stands for and names the first difference.
func differ(path string, n *node, v any) string {
	switch x := v.(type) {
	case nil:
		if !n.isNil() {
			return path + ": not nil"
		}
	case map[string]any:
		return differObject(path, n, x)
	case string, json.Number, bool:
		if string(n.text) != fmt.Sprint(x) || len(n.kids) > 0 {
			return fmt.Sprintf("%s: %q, want %v", path, n.text, x)
		}
	default:
		return fmt.Sprintf("%s: a %T", path, v)
	}
	return ""
}

func differObject(path string, n *node, o map[string]any) string {
	kids := map[string][]*node{}
	for _, k := range n.kids {
		name, nodes := k.name.Local, []*node{k}
		if name == "entry" {
			name, nodes = string(k.kids[0].text), k.kids[1:]
		}
		if k.name.Space != "" {
			return path + "." + name + ": qualified"
		}
		if !k.isNil() {
			kids[name] = append(kids[name], nodes...)
		}
	}
	for name, v := range o {
		list, ok := v.([]any)
		if !ok && v != nil {
			list = []any{v}
		}
		if len(kids[name]) != len(list) {
			return fmt.Sprintf("%s.%s: %d elements, want %d", path, name, len(kids[name]), len(list))
		}
		for i := range list {
			if d := differ(fmt.Sprintf("%s.%s[%d]", path, name, i), kids[name][i], list[i]); d != "" {
				return d
			}
		}
		delete(kids, name)
	}
	if len(kids) > 0 {
		return fmt.Sprintf("%s: %v is not in the JSON", path, slices.Collect(maps.Keys(kids)))
	}
	return ""
}

func numbers(t *testing.T, b []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var o map[string]any
	if err := d.Decode(&o); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return o
}

// sample fills a value of any wire type: lists of two, nothing left out, no class inside itself.
func sample(v reflect.Value, raw string, inside ...reflect.Type) {
	switch x := v.Addr().Interface().(type) {
	case *s360.Date:
		x.Time = time.Date(2026, 10, 3, 20, 0, 0, 0, time.FixedZone("", 2*3600))
		return
	case *s360.Instant:
		x.Time = time.Date(2026, 9, 20, 8, 0, 0, 0, time.UTC)
		return
	case *s360.Decimal:
		*x = "20.500"
		return
	case *json.RawMessage:
		*x = json.RawMessage(raw)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if slices.Contains(inside, v.Type().Elem()) {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		sample(v.Elem(), raw, inside...)
	case reflect.Struct:
		for i := range v.NumField() {
			switch f := v.Type().Field(i); {
			case !f.IsExported() || f.Tag.Get("json") == "-":
			case strings.HasPrefix(f.Tag.Get("json"), "paymentParametersMap"): // known as a map in XML
				sample(v.Field(i), `{"a":"x"}`)
			default:
				sample(v.Field(i), raw, append(inside, v.Type())...)
			}
		}
	case reflect.Slice:
		if slices.Contains(inside, v.Type().Elem()) {
			return
		}
		n := 2
		if v.Type().Elem().Kind() == reflect.Struct && len(inside) > 3 {
			n = 1
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			sample(v.Index(i), raw, inside...)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, key := range []string{"1", "22"} {
			e := reflect.New(v.Type().Elem()).Elem()
			sample(e, raw, inside...)
			k := reflect.New(v.Type().Key()).Elem()
			if err := json.Unmarshal([]byte(key), k.Addr().Interface()); err != nil {
				k.SetString(key)
			}
			v.SetMapIndex(k, e)
		}
	case reflect.String:
		v.SetString(`Hämlet <"&'> ` + "\u2028€")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(2_147_000_000)
	case reflect.Int32:
		v.SetInt(32)
	}
}

func TestSOAP_EveryResultInXML_HoldsTheDataOfItsJSON(t *testing.T) {
	t.Parallel()
	for _, s := range services() {
		for _, m := range s.methods {
			v := reflect.New(reflect.TypeOf(m.result))
			sample(v.Elem(), `{"a":[{"b":1},{"b":true}],"two words":null}`)
			payload, err := json.Marshal(v.Interface())
			if err != nil {
				t.Fatal(err)
			}
			c := soapCall{namespace: s.namespace(s.versions[0]), schema: &soapSchema{}, nils: s.nils()}
			top := tree(t, string(c.encode(m, payload)))
			if got, want := top.result(t).name.Local, className(reflect.TypeOf(m.result)); got != want {
				t.Errorf("%s: element %s, want %s", m.name, got, want)
			}
			if d := differ(m.name, top.result(t), any(numbers(t, payload))); d != "" {
				t.Error(d)
			}
		}
	}
}

func TestSOAP_EveryRequestInXML_IsReadAsItsJSON(t *testing.T) {
	t.Parallel()
	for _, s := range services() {
		for _, m := range s.methods {
			v := reflect.New(reflect.TypeOf(m.request))
			sample(v.Elem(), `{"a":{"b":["x","y"]}}`)
			n, err := readXML([]byte(`<m>` + elements(t, v.Interface()) + `</m>`))
			if err != nil {
				t.Fatal(err)
			}
			var schema soapSchema
			want, err := json.Marshal(v.Interface())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(numbers(t, want), numbers(t, jsonOf(n, schema.parameters(m.request)))); diff != "" {
				t.Errorf("%s: %s", m.name, diff)
			}
		}
	}
}

// fill puts an institution's own numbers into a published example.
func (d *desk) fill(file string) string {
	d.t.Helper()
	b, err := os.ReadFile("testdata/soap/" + file)
	if err != nil {
		d.t.Fatal(err)
	}
	r := []string{
		"@operator@", d.in.w.Operator, "@password@", d.in.w.Secret, "@pos@", fmt.Sprint(d.in.w.PointOfSales.ID), "@contact@", d.in.w.PartnerContact,
	}
	for _, p := range d.in.products {
		if p.def.Family == familyGoods || p.def.Family == familyService {
			for _, tariff := range d.in.tariffs {
				if _, ok := p.items[0].price(tariff); ok {
					r = append(r, "@item@", fmt.Sprint(p.items[0].id), "@tariff@", fmt.Sprint(tariff.id))
				}
			}
		}
		if len(p.perfs) > 0 {
			r = append(r, "@event@", fmt.Sprint(p.id), "@performance@", fmt.Sprint(p.perfs[0].id))
		}
	}
	return strings.NewReplacer(r...).Replace(string(b))
}

// holds says where an answer lacks an element that the published one has, or has it in another order.
func holds(path string, got, want *node) string {
	if got.name != want.name {
		return fmt.Sprintf("%s is %v, published as %v", path, got.name, want.name)
	}
	next := 0
	for _, w := range want.kids {
		at := slices.IndexFunc(got.kids[next:], func(n *node) bool { return n.name == w.name })
		if at < 0 {
			return fmt.Sprintf("%s/%s is missing or out of order", path, w.name.Local)
		}
		next += at
		if d := holds(path+"/"+w.name.Local, got.kids[next], w); d != "" {
			return d
		}
	}
	return ""
}

func TestSOAP_PublishedExamples_AreAnsweredInTheirShape(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "museum")
	for method, address := range map[string]string{
		"getPOSConfig":         catalogAddress,
		"createOrUpdateOrder":  "/tnseb/external-remoting/com.secutix.service.realtime.externalorder.v1_33.ExternalOrderFacade.webservice",
		"getEventAvailability": "/tnseb/external-remoting/com.secutix.service.realtime.availability.v1_33.AvailabilityService.webservice",
	} {
		status, text, err := d.post("http://sim/museum"+address, d.fill(method+"_request.xml"))
		if err != nil || status != http.StatusOK || !strings.Contains(text, "<statusCode>success</statusCode>") {
			t.Errorf("%s: %d %v %s", method, status, err, text)
			continue
		}
		if !strings.Contains(text, `<S:Body><ns2:`+method+`Response xmlns:ns2="`) {
			t.Errorf("prefixes: %s", text)
		}
		if method == "getEventAvailability" {
			if tree(t, text).result(t).at("eventAvailabilityData", "eventAvailabilities", "eventId") == "" {
				t.Errorf("no availability: %s", text)
			}
			continue
		}
		if d := holds("", tree(t, text), tree(t, d.fill(method+"_response.xml"))); d != "" {
			t.Errorf("%s: %s\n%s", method, d, text)
		}
	}
}

func TestSOAP_CommonMembers_AreNilWhenThereIsNothingToSay(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "theatre")
	_, text, err := d.post("http://sim/theatre"+catalogAddress, envelope(d.credentials(), `<isCatalogServiceAlive/>`))
	want := `<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>` +
		`<ns2:isCatalogServiceAliveResponse xmlns:ns2="http://v1_33.CatalogService.service.secutix.com"` +
		` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><WebMethodResult><requestId xsi:nil="true"/>` +
		`<statusCode>success</statusCode><statusDetail xsi:nil="true"/></WebMethodResult></ns2:isCatalogServiceAliveResponse></S:Body></S:Envelope>`
	if err != nil || text != want {
		t.Errorf("%v %s", err, text)
	}
}

func TestSOAP_Results_AreNamedAfterThePublishedClasses(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{
		"getCatalog": "CatalogResult", "getCatalogDetailed": "CatalogResultDetailed", "getPOSConfig": "POSConfigResult", "isCatalogServiceAlive": "WebMethodResult",
		"getEventAvailability": "EventAvailabilityResult", "getAvailableThemeAndLanguage": "ThemeAndLanguageResult",
		"createOrUpdateOrder": "OrderUpdateResult", "abandonMovements": "OrderUpdateResult", "cancelOperations": "OrderUpdateResult",
		"closeOrder": "CloseOrderResult", "getOrderDetails": "OrderDetailResult", "getFileDetails": "FileDetailResult",
		"getFileDetailsFromOrderSecretId": "FileDetailResult", "updateExternalReferences": "WebMethodResult", "getExternalReference": "ExternalReferenceResult",
		"updateFileStatus": "WebMethodResult", "uploadFileAttachment": "WebMethodResult", "getFileAttachment": "PrintableFileAttachmentResult",
		"deleteFileAttachment": "WebMethodResult", "cancelPayment": "WebMethodResult", "checkPayment": "PaymentDetailResult",
		"changeShipmentMode": "ShipmentsResult", "doSeatingForOperations": "SeatingResult", "getContactData": "ContactDataResult",
		"createCulturalContact": "CulturalContactCreationResult", "getAccessControlCatalog": "AccessControlCatalogResult",
		"exportList": "AccessControlListResult", "importControlledTicket": "WebMethodResult", "getControlledTicket": "ControlledTicketResult",
	} {
		found := false
		for _, s := range services() {
			m, ok := s.method(method)
			if ok && className(reflect.TypeOf(m.result)) != want {
				t.Errorf("%s answers %s, want %s", method, className(reflect.TypeOf(m.result)), want)
			}
			found = found || ok
		}
		if !found {
			t.Errorf("no method %s", method)
		}
	}
}

func TestSOAP_ContactsAndGates_NameWhatIsAbsent_AndLeaveOutEmptyLists(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "theatre")
	known := d.soap("getContactData", object{"contactNumber": d.in.w.PartnerContact}).result(t)
	for _, name := range []string{"endValidityDate", "contactFileHistoryCriteria", "requestId"} {
		if e := known.child(name); e == nil || !e.isNil() {
			t.Errorf("%s is not nil", name)
		}
	}
	if known.child("addresses") != nil || known.at("contactNumber") != d.in.w.PartnerContact {
		t.Errorf("addresses %v, contact %q", known.child("addresses"), known.at("contactNumber"))
	}
	page := d.soap("exportList", object{"listType": "WHITE", "ticketType": "ALL", "nbMaxResults": 1}).result(t)
	if mark := page.child("accessControlListData").child("paginationEnd"); mark == nil || !mark.isNil() {
		t.Errorf("the mark of an empty list: %v", mark)
	}
	order := d.soap("getOrderDetails", object{"orderId": 1}).result(t)
	if order.child("orderDetailsData") != nil {
		t.Error("an order service names what is absent")
	}
}

func TestSOAP_MembersOfAClass_StandInTheOrderOfTheAlphabet_AfterThoseOfItsBase(t *testing.T) {
	t.Parallel()
	var schema soapSchema
	base := map[string]bool{"requestId": true, "statusCode": true, "statusDetail": true, "expectedException": true, "statusMessage": true}
	for _, s := range services() {
		for _, m := range s.methods {
			var own []string
			for i, e := range schema.class(m.result).elems {
				if !base[e.name] {
					own = append(own, e.name)
				} else if len(own) > 0 || i < 3 && e.name != []string{"requestId", "statusCode", "statusDetail"}[i] {
					t.Errorf("%s: %s is out of order", m.name, e.name)
				}
			}
			if !slices.IsSorted(own) {
				t.Errorf("%s: %v", m.name, own)
			}
		}
	}
	for _, x := range schema.types {
		if x.kind != xmlObject || x.at["statusCode"] > 0 {
			continue
		}
		if !slices.IsSortedFunc(x.elems, func(a, b xmlElement) int { return strings.Compare(a.name, b.name) }) {
			t.Errorf("class %s is out of order", x.name)
		}
	}
}

func TestSOAP_Answers_ArePackedForWhoAsks(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	for name, r := range map[string]*http.Request{
		"answer": httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/theatre"+catalogAddress, strings.NewReader(envelope(d.credentials(), `<getPOSConfig/>`))),
		"wsdl":   httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/theatre"+catalogAddress+"?wsdl", http.NoBody),
	} {
		r.Header.Set("Content-Type", "text/xml")
		r.Header.Set("Accept-Encoding", "gzip,deflate")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		z, err := gzip.NewReader(w.Body)
		if err != nil || w.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %v %v", name, w.Header(), err)
			continue
		}
		text, err := io.ReadAll(z)
		if err != nil || !strings.HasPrefix(string(text), xmlHead) {
			t.Errorf("%s: %v %.80s", name, err, text)
		}
	}
}

// TestSOAP_ASale_IsTheSameAsByREST sells at two platforms of one seed, by one protocol each.
func TestSOAP_ASale_IsTheSameAsByREST(t *testing.T) {
	t.Parallel()
	rest, soap := at(t, newPlatform(t), "theatre"), at(t, newPlatform(t), "theatre")
	perf := rest.next("TARTUFFE")
	same := func(service, method string, request object) object {
		_, text, err := rest.send("/tnseb/backend-apis/"+service+"/v1_33/"+method, request)
		if err != nil {
			t.Fatal(err)
		}
		if d := differ(method, soap.soap(method, request).result(t), any(numbers(t, []byte(text)))); d != "" {
			t.Error(d)
		}
		var o object
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	same("catalogService", "getCatalogDetailed", object{})
	same("catalogService", "getPOSConfig", object{})
	u := same("externalOrderFacade", "createOrUpdateOrder", rest.entries(rest.line(perf, "CAT1", "PLEIN", 2), rest.line(perf, "CAT1", "ENFANT", 1))).get("orderUpdateData")
	id := u.id("orderId")
	first := u.list("movementDataUpdates")[2].id("movementId")
	same("externalOrderService", "abandonMovements", object{"orderId": id, "movementIds": []int64{first}})
	same("externalOrderService", "closeOrder", rest.closing(id, 2*42000))
	same("externalOrderService", "getOrderDetails", object{"orderId": id, "granularity": "TICKETS"})
	sound(t, soap.p)
	for _, c := range soap.p.Calls() {
		if c.Service == "" || c.Code != "success" || c.Status != 200 {
			t.Errorf("call log: %+v", c)
		}
	}
}

func TestSOAP_UnknownElements_AreRefusedLikeUnknownMembers(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "theatre")
	for method, request := range map[string]object{
		"getPOSConfig": {"seasonCodes": "x"},
		"closeOrder":   {"orderId": 1, "generateBarcodes": true},
		"createOrUpdateOrder": {
			"pointOfSalesId": d.in.w.PointOfSales.ID, "simpleProductOperations": []object{{"itemId": 1, "visitDay": "2026-12-01"}},
		},
	} {
		if got := d.soap(method, request).result(t).at("statusCode"); got != errUnknownMember {
			t.Errorf("%s: %s", method, got)
		}
	}
}

func TestSOAP_UsernameToken_PassesInEveryForm(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "theatre")
	const wsu = ` xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"`
	const text = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
	token := func(must, id, user, kind, password, more string) string {
		return `<o:Security xmlns:o="` + wsseNamespace + `"` + wsu + must + `><o:UsernameToken` + id + `><o:Username>` + user + `</o:Username><o:Password` +
			kind + `>` + password + `</o:Password>` + more + `</o:UsernameToken></o:Security>`
	}
	user, password := d.in.w.Operator, d.in.w.Secret
	for name, tc := range map[string]struct{ header, fault string }{
		"bare":         {d.credentials(), ""},
		"full":         {token(` e:mustUnderstand="1"`, ` wsu:Id="UsernameToken-1"`, user, ` Type="`+text+`"`, password, ""), ""},
		"created":      {token("", "", user, "", password, `<o:Nonce>abc=</o:Nonce><wsu:Created>2020-01-01T00:00:00Z</wsu:Created>`), ""},
		"spaces":       {token("", "", "\n "+user+" ", "", password, ""), ""},
		"other header": {`<x xmlns="urn:x"/>` + d.credentials(), ""},
		"wrong":        {token("", "", user, "", "guess", ""), faultFailed},
		"no password":  {token("", "", user, "", "", ""), faultFailed},
		"neighbour":    {token("", "", at(t, d.p, "museum").in.w.Operator, "", password, ""), faultFailed},
		"digest":       {token("", "", user, ` Type="`+strings.Replace(text, "Text", "Digest", 1)+`"`, password, ""), faultSecurity},
		"none":         {"", faultSecurity},
		"no token":     {`<o:Security xmlns:o="` + wsseNamespace + `"/>`, faultSecurity},
		"two":          {d.credentials() + d.credentials(), faultSecurity},
		"must":         {`<x xmlns="urn:x" e:mustUnderstand="1"/>` + d.credentials(), faultUnderstand},
	} {
		status, answer, err := d.post("http://sim/theatre"+catalogAddress, envelope(tc.header, `<isCatalogServiceAlive/>`))
		want := 200
		if tc.fault != "" {
			want = 500
		}
		if err != nil || status != want || !strings.Contains(answer, tc.fault) || strings.Contains(answer, "faultcode") != (want == 500) {
			t.Errorf("%s: %d %s %v", name, status, answer, err)
		}
		if strings.Contains(answer, password) {
			t.Errorf("%s: the answer gives the password away", name)
		}
	}
}

func TestSOAP_Institution_IsFoundByPathHostAndOperator(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "stadium")
	for _, url := range []string{
		"http://sim/stadium" + catalogAddress, "http://STADIUM.ws.example:443" + catalogAddress, "http://127.0.0.1:8099" + catalogAddress,
	} {
		status, text, err := d.post(url, envelope(d.credentials(), `<v:getPOSConfig xmlns:v="http://v1_33.CatalogService.service.secutix.com/"/>`))
		if err != nil || status != 200 || !strings.Contains(text, "<institCode>STADIUM</institCode>") {
			t.Errorf("%s: %d %s %v", url, status, text, err)
		}
	}
	if status, text, _ := d.post("http://127.0.0.1"+catalogAddress, envelope("", `<getPOSConfig/>`)); status != 500 || !strings.Contains(text, faultFailed) {
		t.Errorf("nobody: %d %s", status, text)
	}
}

func TestSOAP_WhatCannotBeRead_IsAFault(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "theatre")
	good := envelope(d.credentials(), `<isCatalogServiceAlive/>`)
	deep := strings.Repeat("<a>", maxXMLDepth) + strings.Repeat("</a>", maxXMLDepth)
	for name, tc := range map[string]struct{ body, fault string }{
		"broken":     {good[:len(good)-5], faultClient},
		"empty":      {"", faultClient},
		"two roots":  {good + "<a/>", faultClient},
		"dtd":        {`<!DOCTYPE e [<!ENTITY x "y">]>` + good, faultClient},
		"entity":     {strings.Replace(good, "<isCatalogServiceAlive/>", "<isCatalogServiceAlive>&x;</isCatalogServiceAlive>", 1), faultClient},
		"latin":      {`<?xml version="1.0" encoding="ISO-8859-1"?>` + good, faultClient},
		"deep":       {envelope(deep, `<isCatalogServiceAlive/>`), faultClient},
		"many":       {envelope(strings.Repeat("<a/>", maxXMLElements), `<isCatalogServiceAlive/>`), faultClient},
		"SOAP 1.2":   {strings.ReplaceAll(good, soapNamespace, "http://www.w3.org/2003/05/soap-envelope"), faultVersion},
		"no body":    {`<e:Envelope xmlns:e="` + soapNamespace + `"/>`, faultClient},
		"two bodies": {envelope(d.credentials(), `<isCatalogServiceAlive/><getPOSConfig/>`), faultClient},
		"no method":  {envelope(d.credentials(), `<isAlive/>`), faultClient},
		"version":    {envelope(d.credentials(), `<isCatalogServiceAlive xmlns="http://v1_32.CatalogService.service.secutix.com"/>`), faultClient},
	} {
		status, text, err := d.post("http://sim/theatre"+catalogAddress, tc.body)
		if err != nil || status != 500 || !strings.Contains(text, "<faultcode>"+tc.fault+"</faultcode>") {
			t.Errorf("%s: %d %s %v", name, status, text, err)
		}
		tree(t, text)
	}
	for body, want := range map[string]int{
		"\uFEFF" + `<?xml version="1.0" encoding="utf-8"?><!-- hello -->` + good: 200,
		strings.Repeat(" ", maxBody) + good:                                      413,
	} {
		if status, text, err := d.post("http://sim/theatre"+catalogAddress, body); err != nil || status != want {
			t.Errorf("%d %s %v, want %d", status, text, err, want)
		}
	}
	for _, path := range []string{
		"/tnseb/external-remoting/com.secutix.service.realtime.catalog.v1_32.CatalogService.webservice",
		"/tnseb/external-remoting/com.secutix.service.catalog.v1_33.CatalogService.webservice",
		"/tnco" + strings.TrimPrefix(catalogAddress, "/tnseb"), "/tnseb/external-remoting/CatalogService", "/tnseb/external-remoting",
	} {
		if status, text, err := d.post("http://sim/theatre"+path, good); err != nil || status != 404 {
			t.Errorf("%s: %d %s %v", path, status, text, err)
		}
	}
}

func TestSOAP_OtherContentTypes_AreRefused(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for kind, want := range map[string]int{"application/json": 415, "application/soap+xml": 415, "text/xml; charset=iso-8859-1": 415, "": 415, "text/xml;charset=UTF-8": 500} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/theatre"+catalogAddress, strings.NewReader("<a/>"))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d, want %d", kind, w.Code, want)
		}
	}
}

func TestSOAP_ValuesThatDoNotFit_AreRefusedByTheMethod(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "theatre")
	call := func(inner string) string {
		_, text, err := d.post("http://sim/theatre/tnseb/external-remoting/com.secutix.service.realtime.externalorder.v1_33.ExternalOrderService.webservice",
			envelope(d.credentials(), `<getOrderDetails xmlns:xsi="`+xsiNamespace+`">`+inner+`</getOrderDetails>`))
		if err != nil {
			t.Fatal(err)
		}
		return tree(t, text).result(t).at("statusCode")
	}
	for inner, want := range map[string]string{
		`<orderId> 007 </orderId>`:                        errOrderUnknown,
		`<orderId>7</orderId><orderId>8</orderId>`:        errInvalid,
		`<orderId><a/></orderId>`:                         errInvalid,
		`<orderId>seven</orderId>`:                        errInvalid,
		`<orderId>1e3</orderId>`:                          errInvalid,
		`<orderId>7</orderId><granularity xsi:nil="1"/>`:  errOrderUnknown,
		`<orderId>7</orderId><granularity></granularity>`: errOrderUnknown,
		`<orderID>7</orderID>`:                            errUnknownMember,
		`<orderId>7</orderId><requestId xsi:nil="true"/>`: errOrderUnknown,
	} {
		if got := call(inner); got != want {
			t.Errorf("%s: %s, want %s", inner, got, want)
		}
	}
}

func TestSOAP_LimitsAndFaults_AreThoseOfREST(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.RatePerMinute = 6 })
	d := at(t, p, "theatre")
	post := func(inner string) (int, string, error) {
		return d.post("http://sim/theatre"+catalogAddress, envelope(d.credentials(), "<getPOSConfig>"+inner+"</getPOSConfig>"))
	}
	p.Fault("getPOSConfig", Fault{Kind: InProgress})
	_, text, err := post("")
	head := tree(t, text).result(t)
	if err != nil || head.at("statusCode") != "in_progress" || head.at("requestId") == "" || head.child("posConfigData") != nil {
		t.Errorf("in progress: %s %v", text, err)
	}
	_, text, err = post("<requestId>" + head.at("requestId") + "</requestId>")
	if got := tree(t, text).result(t); err != nil || got.at("requestId") != head.at("requestId") || got.child("posConfigData") == nil {
		t.Errorf("fetched: %s %v", text, err)
	}
	p.Fault("getPOSConfig", Fault{Kind: HalfBody})
	if _, text, err := post(""); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(text, envelopeHead) {
		t.Errorf("half: %s %v", text, err)
	}
	p.Fault("getPOSConfig", Fault{Kind: CutAfterCommit})
	if _, _, err := post(""); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut: %v", err)
	}
	p.Fault("getPOSConfig", Fault{Kind: Error500})
	if status, text, err := post(""); err != nil || status != 500 || !strings.Contains(text, faultServer) {
		t.Errorf("500: %d %s %v", status, text, err)
	}
	if status, _, _ := d.send(alive, object{}); status != 200 {
		t.Errorf("the sixth call, by REST: %d", status)
	}
	if status, _, _ := post(""); status != 509 {
		t.Errorf("the seventh: %d", status)
	}
	if status, _ := d.describe("http://sim/theatre" + catalogAddress + "?wsdl"); status != 509 {
		t.Errorf("the description: %d", status)
	}
}

func TestNamespace_ContactsEndWithASlash(t *testing.T) {
	t.Parallel()
	contact := service{module: "tnco", soap: "ContactInformationPublicService"}
	if got := contact.namespace("v2_21"); got != "http://v2_21.ContactInformationPublicService.service.secutix.com/" {
		t.Error(got)
	}
	sales, _ := serviceOf("tnseb", "catalogService")
	if got := sales.namespace("v1_33"); got != "http://v1_33.CatalogService.service.secutix.com" {
		t.Error(got)
	}
}

func TestSOAP_Elements_AreReadByTheTypeOfTheirMember(t *testing.T) {
	t.Parallel()
	type pair struct {
		Long s360.ID `json:"long"`
	}
	type request struct {
		Number  s360.ID            `json:"number" alias:"nummer"`
		Texts   s360.List[string]  `json:"texts"`
		Numbers s360.List[s360.ID] `json:"numbers"`
		Pairs   s360.List[pair]    `json:"pairs"`
		Pair    *pair              `json:"pair"`
		Flag    s360.Bool          `json:"flag"`
		Text    string             `json:"text"`
		Date    s360.Date          `json:"date"`
		Table   map[string]s360.ID `json:"table"`
		Any     json.RawMessage    `json:"any"`
	}
	const no = ` xmlns:x="` + xsiNamespace + `" x:nil="true"`
	var schema soapSchema
	for in, want := range map[string]string{
		`<number> 7 </number>`:                            `{"number":7}`,
		`<nummer>7</nummer>`:                              `{"nummer":7}`,
		`<q:number xmlns:q="urn:q">7</q:number>`:          `{"number":7}`,
		`<number>007</number>`:                            `{"number":"007"}`,
		`<number/>`:                                       `{"number":""}`,
		`<number` + no + `/>`:                             `{"number":null}`,
		`<texts>a</texts>`:                                `{"texts":["a"]}`,
		`<texts/><texts> b </texts>`:                      `{"texts":[""," b "]}`,
		`<numbers>1</numbers><text/><numbers>2</numbers>`: `{"numbers":[1,2],"text":""}`,
		`<numbers/>`:                                      `{"numbers":[]}`,
		`<pairs><long>1</long></pairs><pairs/>`:           `{"pairs":[{"long":1}]}`,
		`<pairs` + no + `/>`:                              `{"pairs":[]}`,
		`<pair/>`:                                         `{"pair":{}}`,
		`<pair>text</pair>`:                               `{"pair":"text"}`,
		`<flag>1</flag>`:                                  `{"flag":true}`,
		`<flag> false </flag>`:                            `{"flag":false}`,
		`<text>1</text>`:                                  `{"text":"1"}`,
		`<text><![CDATA[<&]]>&lt;</text>`:                 `{"text":"<&<"}`,
		`<date>2026-10-03T20:00:00+02:00</date>`:          `{"date":"2026-10-03T20:00:00+02:00"}`,
		`<table><entry><key>a</key><value>1</value></entry></table>`: `{"table":{"a":1}}`,
		`<table><entry><key>a</key></entry></table>`:                 `{"table":{"a":null}}`,
		`<table/>`:                    `{"table":{}}`,
		`<table><a>1</a></table>`:     `{"table":{"a":"1"}}`,
		`<any>1</any>`:                `{"any":"1"}`,
		`<any><b>1</b><b>2</b></any>`: `{"any":{"b":["1","2"]}}`,
		`<any><entry><key>x y</key><value>1</value></entry></any>`: `{"any":{"x y":"1"}}`,
		`<other>1</other>`: `{"other":"1"}`,
	} {
		n, err := readXML([]byte("<m>" + in + "</m>"))
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		got, wanted := numbers(t, jsonOf(n, schema.parameters(request{}))), numbers(t, []byte(want))
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
}

func TestSOAP_ALongAnswer_IsWrittenOnceUntilItChanges(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := &call{soap: &soapCall{namespace: "urn:a", schema: &p.schema}}
	rt := method{name: "getCatalogDetailed", result: s360.CatalogResultDetailed{}}
	long := func(code string) []byte {
		return []byte(`{"statusCode":"` + code + `","statusDetail":"` + strings.Repeat("x", packFrom) + `"}`)
	}
	one := long("one")
	first := c.answered(rt, one).body
	if again := c.answered(rt, one).body; &again[0] != &first[0] {
		t.Error("written again")
	}
	if other := c.answered(rt, long("two")).body; !bytes.Contains(other, []byte("<statusCode>two<")) {
		t.Error("another answer's XML")
	}
	c.soap.namespace = "urn:b"
	if other := c.answered(rt, one).body; !bytes.Contains(other, []byte(`"urn:b"`)) {
		t.Error("another version's XML")
	}
	for range writtenKeep {
		c.answered(rt, long("more"))
	}
	if len(p.schema.written) > writtenKeep {
		t.Errorf("%d kept", len(p.schema.written))
	}
}

func FuzzReadXML(f *testing.F) {
	f.Add([]byte(envelope("<a/>", "<b>1</b>")))
	f.Add([]byte(`<createOrUpdateOrder><orderId>1</orderId><origin><entry><key>a</key><value>b</value></entry></origin></createOrUpdateOrder>`))
	f.Add([]byte(`<a xmlns:x="` + xsiNamespace + `"><simpleProductOperations x:nil="true"/><fileContacts/><purchasersInfo>x</purchasersInfo></a>`))
	f.Add([]byte(`<!DOCTYPE a><a/>`))
	var schema soapSchema
	var types []*xmlType
	for _, s := range services() {
		for _, m := range s.methods {
			types = append(types, schema.parameters(m.request))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := readXML(b)
		if err != nil {
			return
		}
		for _, x := range types {
			if out := jsonOf(n, x); !json.Valid(out) {
				t.Fatalf("%s gives %s", b, out)
			}
		}
	})
}

func FuzzWriteXML(f *testing.F) {
	f.Add([]byte(`{"statusCode":"success","catalogData":{"seasons":[{"id":1,"products":[{"id":2}]}],"x y":{"1":null}}}`))
	f.Add([]byte(`{"a":[[1,2],[]],"b":"\u0001\ud800\\"}`))
	sv, _ := serviceOf("tnseb", "catalogService")
	m, _ := sv.method("getCatalogDetailed")
	c := soapCall{namespace: "urn:x", schema: &soapSchema{}}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.TrimSpace(b)
		if len(b) == 0 || b[0] != '{' || !json.Valid(b) {
			return
		}
		tree(t, string(c.encode(m, b)))
	})
}

func BenchmarkCatalogInXML(b *testing.B) {
	p := &Platform{Clock: NewClock(aDay)}
	if err := p.AddWorld(GeneratedWorld("big", 1000)); err != nil {
		b.Fatal(err)
	}
	if err := p.Start(); err != nil {
		b.Fatal(err)
	}
	sv, _ := serviceOf("tnseb", "catalogService")
	rt, _ := sv.method("getCatalogDetailed")
	s := soapCall{namespace: sv.namespace("v1_33"), schema: &p.schema}
	c := &call{in: p.byCode["big"], now: aDay, body: []byte(`{}`)}
	work := func() []byte {
		result, no := rt.do(p, c)
		w, err := encode(rt, c, result, no)
		if err != nil {
			b.Fatal(err)
		}
		payload, err := w.later()
		if err != nil {
			b.Fatal(err)
		}
		return payload
	}
	var whole s360.CatalogResultDetailed
	if err := s360.Decode(work(), &whole); err != nil {
		b.Fatal(err)
	}
	b.Run("json", func(b *testing.B) {
		for b.Loop() {
			body, err := json.Marshal(whole)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(body))/1e6, "MB")
		}
	})
	b.Run("soap", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(float64(len(s.encode(rt, work())))/1e6, "MB")
		}
	})
	b.Run("soap again", func(b *testing.B) {
		for b.Loop() {
			c.soap = &s
			c.answered(rt, work())
		}
	})
}
