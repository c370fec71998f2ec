package sim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// xmllint checks documents against a schema with a program that is not ours.
func xmllint(t *testing.T, schema string, documents ...string) {
	t.Helper()
	program, err := exec.LookPath("xmllint")
	if err != nil {
		t.Fatal("xmllint is missing: run .ci/setup, or install Debian's libxml2-utils")
	}
	out, err := exec.CommandContext(t.Context(), program, append([]string{"--noout", "--nonet", "--schema", schema}, documents...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// schemaOf cuts the schema out of a WSDL, with the namespaces it stands under.
func schemaOf(t *testing.T, dir, wsdl, namespace string) string {
	t.Helper()
	from, to := strings.Index(wsdl, "<xs:schema "), strings.Index(wsdl, "</xs:schema>")
	if from < 0 || to < 0 {
		t.Fatalf("no schema in %s", wsdl)
	}
	text := strings.Replace(wsdl[from:to]+"</xs:schema>", "<xs:schema ", `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:tns="`+namespace+`" `, 1)
	return keep(t, dir, "schema.xsd", text)
}

func keep(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// content is what stands in the body of an envelope.
func content(t *testing.T, text string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "<S:Body>")
	if !ok {
		t.Fatalf("no body in %s", text)
	}
	return strings.TrimSuffix(rest, envelopeFoot)
}

func TestWSDL_EveryResultAndRequest_IsValidByTheSchemaOfItsService(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	for _, s := range services() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			dir, ns := t.TempDir(), s.namespace(s.versions[0])
			status, wsdl := d.describe("http://sim/theatre" + s.remoteAddress(s.versions[0]) + "?wsdl")
			if status != http.StatusOK {
				t.Fatalf("%d %s", status, wsdl)
			}
			var documents []string
			for _, m := range s.methods {
				result := reflect.New(reflect.TypeOf(m.result))
				sample(result.Elem(), `{"a":[{"b":1},{"b":true}],"two words":null}`)
				payload, err := json.Marshal(result.Interface())
				if err != nil {
					t.Fatal(err)
				}
				c := soapCall{namespace: ns, schema: &p.schema, nils: s.nils()}
				documents = append(documents, keep(t, dir, m.name+"Response.xml", content(t, string(c.encode(m, payload)))))
				documents = append(documents, keep(t, dir, m.name+"None.xml", content(t, string(c.encode(m, []byte(`{"statusCode":"x"}`))))))
				documents = append(documents, keep(t, dir, m.name+".xml", `<m:`+m.name+` xmlns:m="`+ns+`">`+ordered(t, &p.schema, m)+`</m:`+m.name+`>`))
			}
			xmllint(t, schemaOf(t, dir, wsdl, ns), documents...)
		})
	}
}

// ordered writes a sample request in the order of the schema.
func ordered(t *testing.T, schema *soapSchema, m method) string {
	t.Helper()
	v := reflect.New(reflect.TypeOf(m.request))
	sample(v.Elem(), `{"a":{"b":["x","y"]}}`)
	b, err := json.Marshal(v.Interface())
	if err != nil {
		t.Fatal(err)
	}
	var w xmlWriter
	w.members(schema.parameters(m.request), b)
	return w.out.String()
}

func TestWSDL_WhatTheSimulatorAnswers_IsValidByTheSchema(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"museum", "theatre", "stadium"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			d := at(t, newPlatform(t), code)
			for _, s := range services() {
				answers := map[string]object{}
				switch s.name {
				case "catalogService":
					answers = map[string]object{"getPOSConfig": {}, "getCatalogDetailed": {}, "getLastSetupUpdate": {}}
				case "availabilityService":
					for _, p := range d.in.products {
						if len(p.perfs) > 0 {
							answers["getEventAvailability"] = object{
								"pointOfSalesId": d.in.w.PointOfSales.ID, "performanceIds": []int64{p.perfs[0].id}, "seatCategoryIds": []int64{-1},
							}
						}
					}
				}
				dir, ns := t.TempDir(), s.namespace(s.versions[0])
				_, wsdl := d.describe("http://sim/" + code + s.remoteAddress(s.versions[0]) + "?wsdl")
				var documents []string
				for method, request := range answers {
					body := `<` + method + `>` + elements(t, request) + `</` + method + `>`
					_, text, err := d.post("http://sim/"+code+s.remoteAddress(s.versions[0]), envelope(d.credentials(), body))
					if err != nil || !strings.Contains(text, ">success<") {
						t.Fatalf("%s: %v %s", method, err, text)
					}
					documents = append(documents, keep(t, dir, method+".xml", content(t, text)))
				}
				if len(documents) > 0 {
					xmllint(t, schemaOf(t, dir, wsdl, ns), documents...)
				}
			}
		})
	}
}

func TestWSDL_AnOrderFromHoldToTicket_IsValidByTheSchema(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "theatre")
	perf := d.next("TARTUFFE")
	check := func(service, method string, request object) string {
		s, _ := serviceOf("tnseb", service)
		dir := t.TempDir()
		_, wsdl := d.describe("http://sim/theatre" + s.remoteAddress("v1_33") + "?wsdl")
		_, text, err := d.post("http://sim/theatre"+s.remoteAddress("v1_33"), envelope(d.credentials(), `<`+method+`>`+elements(t, request)+`</`+method+`>`))
		if err != nil || !strings.Contains(text, ">success<") {
			t.Fatalf("%s: %v %s", method, err, text)
		}
		xmllint(t, schemaOf(t, dir, wsdl, s.namespace("v1_33")), keep(t, dir, "answer.xml", content(t, text)))
		return tree(t, text).result(t).at("orderUpdateData", "orderId")
	}
	request := d.entries(d.line(perf, "CAT1", "PLEIN", 2))
	request["externalReference"] = "A & B"
	id := int64(atoi(t, check("externalOrderFacade", "createOrUpdateOrder", request)))
	check("externalOrderService", "closeOrder", d.closing(id, 2*42000))
	check("externalOrderService", "getOrderDetails", object{"orderId": id, "granularity": "TICKETS"})
}

func TestWSDL_Address_IsWhereTheCallerFoundIt(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "theatre")
	for url, want := range map[string]string{
		"http://127.0.0.1:8360/theatre" + catalogAddress + "?wsdl": "http://127.0.0.1:8360/theatre" + catalogAddress,
		"https://theatre.ws.example" + catalogAddress + "?WSDL":    "https://theatre.ws.example" + catalogAddress,
		"http://anybody:80" + catalogAddress + "?wsdl=1":           "http://anybody:80" + catalogAddress,
	} {
		status, text := d.describe(url)
		if status != 200 || !strings.Contains(text, `<soap:address location="`+want+`"/>`) {
			t.Errorf("%s: %d, no address %s", url, status, want)
		}
		if !strings.Contains(text, `targetNamespace="http://v1_33.CatalogService.service.secutix.com"`) {
			t.Errorf("%s: namespace", url)
		}
		tree(t, text)
	}
	for url, want := range map[string]int{
		"http://sim/theatre" + catalogAddress:                                                   405,
		"http://sim/theatre" + strings.Replace(catalogAddress, "v1_33", "v1_9", 1) + "?wsdl":    410,
		"http://sim/theatre" + strings.Replace(catalogAddress, "v1_33", "v1_34", 1) + "?wsdl":   200,
		"http://sim/theatre" + strings.Replace(catalogAddress, "Catalog", "Cat", 1) + "?wsdl&a": 404,
	} {
		if status, text := d.describe(url); status != want {
			t.Errorf("%s: %d, want %d: %.200s", url, status, want, text)
		}
	}
}

func TestWSDL_Address_BehindAProxy_IsTheCallersOwn(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for forwarded, want := range map[string]string{
		"": "http://shop.example:8443/theatre", "https": "https://shop.example:8443/theatre", "HTTPS, http": "https://shop.example:8443/theatre",
		"http": "http://shop.example:8443/theatre", "javascript": "http://shop.example:8443/theatre",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/theatre"+catalogAddress+"?wsdl", http.NoBody)
		r.Host = "shop.example:8443"
		if forwarded != "" {
			r.Header.Set("X-Forwarded-Proto", forwarded)
		}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), `<soap:address location="`+want+catalogAddress+`"/>`) {
			t.Errorf("%q: no address %s", forwarded, want)
		}
	}
}

func TestWSDL_EachVersion_HasItsOwnNamespaceAndAddress(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "theatre")
	for _, s := range services() {
		for _, version := range s.versions {
			_, text := d.describe("http://sim/theatre" + s.remoteAddress(version) + "?wsdl")
			if !strings.Contains(text, `targetNamespace="`+s.namespace(version)+`" name="`+s.soap+`"`) ||
				!strings.Contains(text, `location="http://sim/theatre`+s.remoteAddress(version)+`"`) {
				t.Errorf("%s %s is described as another", s.name, version)
			}
			for _, other := range s.versions {
				if other != version && strings.Contains(text, other) {
					t.Errorf("%s %s speaks of %s", s.name, version, other)
				}
			}
		}
	}
}

func TestWSDL_ListsAndMaps_AreDescribedAsSuch(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "theatre")
	for service, lines := range map[string][]string{
		"catalogService": {
			`<xs:element name="seasons" minOccurs="0" nillable="true" maxOccurs="unbounded" type="tns:Season"/>`,
			`<xs:element name="requestId" minOccurs="0" nillable="true" type="xs:int"/>`,
			`<xs:element name="posParameters" minOccurs="0" nillable="true"><xs:complexType><xs:sequence>`,
			`<xs:element name="entry" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>`,
			`<xs:element name="key" type="xs:string" minOccurs="0"/>`,
			`<xs:element name="value" minOccurs="0" nillable="true" type="xs:string"/>`,
		},
		"contactInformationPublicService": {
			`<xs:element name="identifierContactMap" minOccurs="0" nillable="true"><xs:complexType><xs:sequence>`, `<xs:element name="key" type="xs:long" minOccurs="0"/>`,
		},
		"externalOrderFacade": {`<xs:element name="paymentParametersMap" minOccurs="0" nillable="true"><xs:complexType><xs:sequence>`},
	} {
		s, _ := serviceOf(moduleOf(service), service)
		_, text := d.describe("http://sim/theatre" + s.remoteAddress(s.versions[0]) + "?wsdl")
		for _, line := range lines {
			if !strings.Contains(text, line) {
				t.Errorf("%s: no %s", service, line)
			}
		}
	}
}

func TestWSDL_CountsInMinuteAndMonth_AndMeetsNoArmedFault(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.RatePerMinute, p.Limits.MonthlyBytes = 2, 1 })
	d := at(t, p, "theatre")
	p.Fault("*", Fault{Kind: Error500})
	for i, want := range []int{200, 509, 509} { // the bytes of the first are more than the month has
		if status, _ := d.describe("http://sim/theatre" + catalogAddress + "?wsdl"); status != want {
			t.Errorf("call %d: %d, want %d", i+1, status, want)
		}
	}
	if c := p.Calls(); len(c) != 3 || c[0].Status != 200 || c[2].Status != 509 {
		t.Errorf("%+v", c)
	}
}

func TestWSDL_IsACallOfItsInstitution(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	d.describe("http://sim/theatre" + catalogAddress + "?wsdl")
	if c := p.Calls(); len(c) != 1 || c[0].Method != "wsdl" || c[0].Service != "catalogService" || c[0].Institution != "theatre" {
		t.Errorf("%+v", c)
	}
}
