package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// counter is a platform over HTTP that SOAP clients nobody here wrote are let loose on, and what they are told about it.
type counter struct {
	*desk
	perf *performance
	task object
}

func newCounter(t *testing.T) counter {
	t.Helper()
	p := newPlatform(t)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	base := server.URL + "/theatre"
	described := object{}
	for _, s := range services() {
		for i, version := range s.versions {
			var methods []string
			for _, m := range s.as(version).methods {
				methods = append(methods, m.name)
			}
			name := s.soap
			if i > 0 {
				name += " " + version
			}
			described[name] = object{"wsdl": base + s.remoteAddress(version) + "?wsdl", "namespace": s.namespace(version), "methods": methods}
		}
	}
	return counter{desk: d, perf: perf, task: object{
		"base": base, "services": described, "operator": d.in.w.Operator, "password": d.in.w.Secret, "contact": d.in.w.PartnerContact,
		"now": aDay.Format(time.RFC3339), "pos": d.in.w.PointOfSales.ID, "season": d.in.seasonCode(), "products": len(d.in.products),
		"performance": perf.id, "start": perf.start.In(d.in.zone).Format(time.RFC3339), "category": category0(perf, "CAT1"),
		"full": d.tariff("PLEIN"), "child": d.tariff("ENFANT"), "price": 42000, "childPrice": 16000, "total": 2*42000 + 16000,
		"paymentMethod": d.in.w.pendingMethod(),
	}}
}

// keep writes the task for a client to read.
func (s counter) keep(dir string) string {
	s.t.Helper()
	b, err := json.Marshal(s.task)
	if err != nil {
		s.t.Fatal(err)
	}
	return keep(s.t, dir, "task.json", string(b))
}

// sold checks that a client's sale of three places is the platform's, with the barcodes the client has printed.
func (s counter) sold(out string, before int64) {
	s.t.Helper()
	barcodes := map[string]bool{}
	for _, word := range strings.Fields(out) {
		if strings.HasPrefix(word, "0042") {
			barcodes[word] = true
		}
	}
	if !strings.Contains(out, "sold 3 tickets") || len(barcodes) != 3 {
		s.t.Errorf("the client says %s", out)
	}
	for _, id := range s.in.sequence {
		for _, op := range s.in.orders[id].Operations {
			for _, m := range op.Movements {
				delete(barcodes, m.Barcode)
			}
		}
	}
	if len(barcodes) > 0 {
		s.t.Errorf("barcodes nobody was given: %d", len(barcodes))
	}
	if got := s.left(s.perf, "CAT1"); got != before-3 || s.in.balance != 2*42000+16000 {
		s.t.Errorf("left %d of %d, account %d", got, before, s.in.balance)
	}
	sound(s.t, s.p)
}

// stockProgram runs a program that is not ours and returns what it prints and what it complains about. Where a missing one is
// found is said.
func stockProgram(t *testing.T, dir, debian, name string, args ...string) (printed, complained string) {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: run .ci/setup, or install Debian's %s", name, debian)
	}
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s\n%s", name, strings.Join(args, " "), err, complaints.String(), out.String())
	}
	return out.String(), complaints.String()
}

// testdata is the absolute path of a file that is kept with the tests.
func testdata(t *testing.T, parts ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{"testdata"}, parts...)...))
	if _, missing := os.Stat(path); errors.Join(err, missing) != nil {
		t.Fatal(errors.Join(err, missing))
	}
	return path
}

// TestStockClient_NodeSOAP lets the soap package of npm read the descriptions and sell.
func TestStockClient_NodeSOAP_SellsToANewContact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "sell.js"} {
		b, err := os.ReadFile(filepath.Join("testdata", "node-soap", name))
		if err != nil {
			t.Fatal(err)
		}
		keep(t, dir, name, string(b))
	}
	stockProgram(t, dir, "npm", "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	s := newCounter(t)
	before := s.left(s.perf, "CAT1")
	out, _ := stockProgram(t, dir, "nodejs", "node", "sell.js", s.keep(dir))
	s.sold(out, before)
}

// debianPython is the interpreter whose modules Debian's packages install; another one in the path has not got them.
const debianPython = "/usr/bin/python3"

// fullAnswers writes an answer of every method of the pinned versions with nothing absent in it, and how many values it has.
func (s counter) fullAnswers(dir string) []object {
	s.t.Helper()
	var out []object
	for _, sv := range services() {
		for _, m := range sv.as(sv.versions[0]).methods {
			v := reflect.New(reflect.TypeOf(m.result))
			sample(v.Elem(), `"x"`)
			payload, err := json.Marshal(v.Interface())
			if err != nil {
				s.t.Fatal(err)
			}
			c := soapCall{namespace: sv.namespace(sv.versions[0]), schema: &s.p.schema, nils: sv.nils()}
			text := string(c.encode(m, payload))
			out = append(out, object{
				"service": sv.soap, "method": m.name, "file": keep(s.t, dir, sv.soap+"."+m.name+".xml", text), "leaves": tree(s.t, text).result(s.t).leaves(),
			})
		}
	}
	return out
}

// leaves counts the elements with a text of their own.
func (n *node) leaves() int {
	if len(n.kids) == 0 && !n.isNil() && len(n.text) > 0 {
		return 1
	}
	count := 0
	for _, k := range n.kids {
		count += k.leaves()
	}
	return count
}

// TestStockClient_Zeep reads every description with Python's zeep in strict mode, sells, and calls every method.
func TestStockClient_Zeep_SellsAndUnderstandsEveryMethod(t *testing.T) {
	t.Parallel()
	s := newCounter(t)
	before := s.left(s.perf, "CAT1")
	dir := t.TempDir()
	s.task["answers"] = s.fullAnswers(dir)
	out, complaints := stockProgram(t, dir, "python3-zeep", debianPython, testdata(t, "zeep", "sell.py"), s.keep(dir))
	if complaints != "" {
		t.Errorf("zeep complains: %s", complaints)
	}
	s.sold(out, before)
}

// jaxws is JAX-WS RI as Debian installs it; the jar leads to all the others.
const jaxws = "/usr/share/java/jaxws-tools.jar"

// TestStockClient_JAXWS makes Java classes of every description, compiles them, and sells with every answer checked against
// the schema.
func TestStockClient_JAXWS_CompilesEveryServiceAndSells(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(jaxws); err != nil {
		t.Fatalf("%s is missing: run .ci/setup, or install Debian's libjaxws-java", jaxws)
	}
	if _, err := exec.LookPath("javac"); err != nil { // without it java compiles nothing
		t.Fatal("javac is missing: run .ci/setup, or install Debian's default-jdk-headless")
	}
	s := newCounter(t)
	before := s.left(s.perf, "CAT1")
	dir := t.TempDir()
	out, _ := stockProgram(t, dir, "default-jdk-headless", "java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", jaxws,
		testdata(t, "jaxws", "Stock.java"), s.properties(dir), testdata(t, "jaxws", "Sell.java"), dir)
	s.sold(out, before)
}

// properties writes the task as Java reads it: the scalars, and the descriptions of the pinned versions.
func (s counter) properties(dir string) string {
	s.t.Helper()
	var b strings.Builder
	for name, value := range s.task {
		if name != "services" {
			fmt.Fprintf(&b, "%s=%v\n", name, value)
		}
	}
	b.WriteString("wsdls=")
	for _, sv := range services() {
		b.WriteString(s.task["base"].(string) + sv.remoteAddress(sv.versions[0]) + "?wsdl ")
	}
	return keep(s.t, dir, "task.properties", b.String()+"\n")
}

// TestStockClient_GSOAP turns every description into C++ and sends the example that gSOAP writes of each request, with every
// parameter there is: the platform knows them all.
func TestStockClient_GSOAP_TranslatesEveryService_AndItsExamplesAreRead(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "museum")
	for _, s := range services() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			address := "http://sim/museum" + s.remoteAddress(s.versions[0])
			dir := t.TempDir()
			_, wsdl := d.describe(address + "?wsdl")
			_, read := stockProgram(t, dir, "gsoap", "wsdl2h", "-o", "service.h", keep(t, dir, "service.wsdl", wsdl))
			_, said := stockProgram(t, dir, "gsoap", "soapcpp2", "-C", "-I/usr/share/gsoap/import", "service.h")
			if lower := strings.ToLower(read + said); !strings.Contains(said, "Compilation successful") || strings.Contains(lower, "warning") ||
				strings.Contains(lower, "error") {
				t.Errorf("wsdl2h: %s\nsoapcpp2: %s", read, said)
			}
			for _, m := range s.methods {
				example, err := os.ReadFile(filepath.Join(dir, s.soap+"PortBinding."+m.name+".req.xml"))
				if err != nil {
					t.Error(err)
					continue
				}
				signed := strings.Replace(string(example), "<SOAP-ENV:Body>", "<SOAP-ENV:Header>"+d.credentials()+"</SOAP-ENV:Header><SOAP-ENV:Body>", 1)
				status, text, err := d.post(address, signed)
				if err != nil || status != http.StatusOK {
					t.Errorf("%s: %d %v %s", m.name, status, err, text)
					continue
				}
				if head := tree(t, text).result(t); head.at("statusCode") == "" || head.at("statusCode") == errUnknownMember {
					t.Errorf("%s: %s: %s", m.name, head.at("statusCode"), head.at("statusDetail"))
				}
			}
		})
	}
}
