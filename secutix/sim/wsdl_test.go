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
				c := soapCall{namespace: ns, schema: &p.schema}
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

func TestWSDL_IsACallOfItsInstitution(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	d.describe("http://sim/theatre" + catalogAddress + "?wsdl")
	if c := p.Calls(); len(c) != 1 || c[0].Method != "wsdl" || c[0].Service != "catalogService" || c[0].Institution != "theatre" {
		t.Errorf("%+v", c)
	}
}

// TestWSDL_AStockClient_SellsATicket lets the soap package of npm read the descriptions and sell.
func TestWSDL_AStockClient_SellsATicket(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "sell.js"} {
		b, err := os.ReadFile(filepath.Join("testdata", "node-soap", name))
		if err != nil {
			t.Fatal(err)
		}
		keep(t, dir, name, string(b))
	}
	run := func(name string, args ...string) string {
		program, err := exec.LookPath(name)
		if err != nil {
			t.Fatalf("%s is missing: run .ci/setup, or install Debian's nodejs and npm", name)
		}
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")

	p := newPlatform(t)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	before := d.left(perf, "CAT1")
	task, err := json.Marshal(object{
		"base": server.URL + "/theatre", "operator": d.in.w.Operator, "password": d.in.w.Secret, "contact": d.in.w.PartnerContact,
		"performance": perf.id, "category": category0(perf, "CAT1"), "full": d.tariff("PLEIN"), "child": d.tariff("ENFANT"),
		"paymentMethod": d.in.w.pendingMethod(), "total": 2*42000 + 16000,
	})
	if err != nil {
		t.Fatal(err)
	}
	out := run("node", "sell.js", string(task))
	if !strings.Contains(out, "sold 3 tickets") {
		t.Errorf("%s", out)
	}
	if got := d.left(perf, "CAT1"); got != before-3 || d.in.balance != 2*42000+16000 {
		t.Errorf("left %d of %d, account %d", got, before, d.in.balance)
	}
	sound(t, p)
}
