package sim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// aDay is a Saturday morning at all three institutions.
var aDay = time.Date(2026, time.November, 21, 9, 0, 0, 0, time.UTC)

// desk talks to a platform as a partner does, with no help from the client package.
type desk struct {
	t    *testing.T
	p    *Platform
	in   *institution
	http *http.Client
}

// newPlatform makes a platform on a clock that stands still, without limits in the way.
func newPlatform(t *testing.T, change ...func(*Platform)) *Platform {
	t.Helper()
	p := &Platform{Clock: NewClock(aDay), RatePerMinute: -1, CatalogSpacing: -1}
	for _, c := range change {
		c(p)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func at(t *testing.T, p *Platform, code string) *desk {
	t.Helper()
	in := p.byCode[code]
	if in == nil {
		t.Fatalf("no institution %s", code)
	}
	return &desk{t: t, p: p, in: in, http: &http.Client{Transport: p.Transport()}}
}

// forge makes a token like any JWT library would.
func forge(secret string, claims map[string]any) string {
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": "HS256", "typ": "JWT"}) + "." + part(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign(secret, text))
}

func (d *desk) token() string {
	now := d.p.Clock.Now().Unix()
	return forge(d.in.w.Secret, map[string]any{
		"sub": strings.ToUpper(d.in.w.Code), "aud": d.in.w.Operator, "iss": "Guichet", "iat": now, "exp": now + 30,
	})
}

// send posts a body and returns the status and the answer's text.
func (d *desk) send(path string, body any, header ...string) (int, string, error) {
	d.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, "http://sim/"+d.in.w.Code+path, bytes.NewReader(b))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+d.token())
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := d.http.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// object is a JSON object of an answer.
type object map[string]any

func (o object) code() string { s, _ := o["statusCode"].(string); return s }

func (o object) get(path ...string) object {
	for _, name := range path {
		next, _ := o[name].(map[string]any)
		o = next
	}
	return o
}

func (o object) list(name string) []object {
	var out []object
	items, _ := o[name].([]any)
	for _, i := range items {
		if m, ok := i.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func (o object) id(name string) int64   { n, _ := o[name].(float64); return int64(n) }
func (o object) str(name string) string { s, _ := o[name].(string); return s }

// moduleOf is where a service is found; unknown ones are looked for among the sales services.
func moduleOf(service string) string {
	for _, sv := range services() {
		if sv.name == service {
			return sv.module
		}
	}
	return "tnseb"
}

// address is the path of a method in its service's first version.
func address(service, method string) string {
	version := "v1_33"
	if sv, ok := serviceOf(moduleOf(service), service); ok {
		version = sv.versions[0]
	}
	return "/" + moduleOf(service) + "/backend-apis/" + service + "/" + version + "/" + method
}

// try calls a method and reads the answer, whatever it says.
func (d *desk) try(service, method string, body any) (object, error) {
	d.t.Helper()
	status, text, err := d.send(address(service, method), body)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("%s: %d %s", method, status, text)
	}
	var o object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return nil, err
	}
	return o, nil
}

// call is try for calls that must reach the method.
func (d *desk) call(service, method string, body any) object {
	d.t.Helper()
	o, err := d.try(service, method, body)
	if err != nil {
		d.t.Fatal(err)
	}
	return o
}

// must is call for calls that must succeed.
func (d *desk) must(service, method string, body any) object {
	d.t.Helper()
	o := d.call(service, method, body)
	if o.code() != "success" {
		d.t.Fatalf("%s: %s: %s", method, o.code(), o.str("statusDetail"))
	}
	return o
}

func (d *desk) tariff(code string) int64 {
	d.t.Helper()
	for _, t := range d.in.tariffs {
		if t.def.Code == code {
			return t.id
		}
	}
	d.t.Fatalf("no tariff %s", code)
	return 0
}

func (d *desk) product(code string) *product {
	d.t.Helper()
	for _, p := range d.in.products {
		if p.def.Code == code {
			return p
		}
	}
	d.t.Fatalf("no product %s", code)
	return nil
}

// next is the product's first performance that may be sold.
func (d *desk) next(code string) *performance {
	d.t.Helper()
	for _, p := range d.product(code).perfs {
		if p.onSale(d.p.Clock.Now()) {
			return p
		}
	}
	d.t.Fatalf("nothing of %s on sale", code)
	return nil
}

func category0(p *performance, code string) int64 {
	for _, c := range p.product.venue.categories {
		if c.def.Code == code {
			return c.id
		}
	}
	return 0
}

// line is one operationAttribution.
func (d *desk) line(p *performance, category, tariff string, n int) object {
	return object{"performanceId": p.id, "seatCategoryId": category0(p, category), "audienceSubCategoryId": d.tariff(tariff), "quantity": n}
}

// entries is a createOrUpdateOrder body for seats.
func (d *desk) entries(lines ...object) object {
	return object{
		"pointOfSalesId": d.in.w.PointOfSales.ID, "orderType": "SALE",
		"purchasersInfo":                   []object{{"contactReference": d.in.w.PartnerContact}},
		"singleEntryAttributionOperations": []object{{"operationAttributions": lines}},
	}
}

func (d *desk) create(body object) object {
	d.t.Helper()
	return d.call("externalOrderFacade", "createOrUpdateOrder", body)
}

// hold creates an order and returns its number and what it costs.
func (d *desk) hold(body object) (id, total int64) {
	d.t.Helper()
	o := d.create(body)
	if o.code() != "success" {
		d.t.Fatalf("create: %s: %s", o.code(), o.str("statusDetail"))
	}
	u := o.get("orderUpdateData")
	for _, op := range u.list("operationDataUpdates") {
		total += op.id("totalAmount")
	}
	return u.id("orderId"), total
}

func (d *desk) closing(id, total int64) object {
	return object{
		"orderId": id, "orderType": "SALE", "generateBarCodes": true, "maxWaitingTime": 30,
		"purchaserInfo": object{"contactReference": d.in.w.PartnerContact},
		"payments":      []object{{"amount": total, "paymentMethodId": d.in.w.pendingMethod()}},
	}
}

func (d *desk) details(id int64) object {
	d.t.Helper()
	return d.must("externalOrderService", "getOrderDetails", object{"orderId": id, "granularity": "TICKETS"}).get("orderDetailsData")
}

// left asks the platform how many places of a category there are.
func (d *desk) left(p *performance, category string) int64 {
	d.t.Helper()
	o := d.must("availabilityService", "getPerformanceAvailability", object{
		"pointOfSalesId": d.in.w.PointOfSales.ID, "performanceIds": []int64{p.id}, "seatCategoryIds": []int64{category0(p, category)},
	})
	return o.list("performanceAvailabilityData")[0].id("quantity")
}

func sound(t *testing.T, p *Platform) {
	t.Helper()
	if err := p.Check(); err != nil {
		t.Errorf("broken promises:\n%v", err)
	}
}

// control calls the management face.
func control(t *testing.T, p *Platform, method, path, body string) (int, object) {
	t.Helper()
	w := httptest.NewRecorder()
	p.Control().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%s %s: %v in %q", method, path, err, w.Body.String())
	}
	if list, ok := v.([]any); ok {
		return w.Code, object{"list": list}
	}
	o, _ := v.(map[string]any)
	return w.Code, o
}

func lower(s string) string { return strings.ToLower(s) }

func text(id int64) string { return fmt.Sprint(id) }

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
