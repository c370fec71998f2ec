package secutix

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain/quota"
	"guichet/domain/sales"
	"guichet/secutix/s360"
)

// ada bought two tickets, one of them for Zoë.
func ada() sales.Order {
	return sales.Order{
		ID: "ord_1", Buyer: sales.Buyer{Email: "ada@example.org", FirstName: "Ada", LastName: "Müßig"}, PurchaserContact: "70012345",
		Lines:   []sales.Line{{Places: []sales.Place{{ID: "plc_1", Holder: "Zoë Lau"}}}},
		Tickets: []sales.Ticket{{Barcode: "004200000000000000000017", Former: []sales.FormerBarcode{{Barcode: "004200000000000000000009"}}}},
	}
}

func TestClean_SecretsAndPersonalData_AreRemoved(t *testing.T) {
	t.Parallel()
	c := newCleaner(privateOf(ada()))
	for body, want := range map[string]string{
		`{"statusCode":"success","orderId":1000001}`:                                  `{"orderId":1000001,"statusCode":"success"}`,
		`{"contact":{"firstName":"Somebody","Email1":"x","birthday":null,"ok":true}}`: `{"contact":{"Email1":"***","birthday":null,"firstName":"***","ok":true}}`,
		`{"comment":"for ADA@Example.ORG, müßig, and Zoë LAU"}`:                       `{"comment":"for ***, ***, and ***"}`,
		`{"contactReference":70012345,"reference":"x70012345y"}`:                      `{"contactReference":"***","reference":"x***y"}`,
		`{"orderSecretId":"s3","accessToken":{"a":1}}`:                                `{"accessToken":"***","orderSecretId":"***"}`,
		`{"tickets":[{"barCode":"0099887766"}],"barcodes":["0011223344",12345678]}`:   `{"barcodes":["…3344","…5678"],"tickets":[{"barCode":"…7766"}]}`,
		`{"text":"printed 004200000000000000000017 after 004200000000000000000009"}`:  `{"text":"printed …0017 after …0009"}`,
		`{"note":"Bearer eyJhbGciOi.eyJzdWIi.c2ln, other@mail.example"}`:              `{"note":"Bearer ***, ***"}`,
		`{"Ada":1}`:                      `{"***":1}`,
		`<html>Hello Ada</html>`:         `"\u003chtml\u003eHello ***\u003c/html\u003e"`,
		``:                               `null`,
		`"not kept: it is too large"`:    `"not kept: it is too large"`,
		`{"a":1}{"b":2}`:                 `"{\"a\":1}{\"b\":2}"`,
		`{"amount":42000,"big":1000001}`: `{"amount":42000,"big":1000001}`,
	} {
		if got := string(c.clean([]byte(body))); got != want {
			t.Errorf("%.80s\n got %.200s\nwant %s", body, got, want)
		}
	}
}

func TestClean_ShortNames_GoAsWordsOnly(t *testing.T) {
	t.Parallel()
	c := newCleaner(private{person: []string{"Li"}})
	want := `{"a":"PUBLIC","b":"for ***.","c":"***"}`
	if got := string(c.clean([]byte(`{"a":"PUBLIC","b":"for Li.","c":"LI"}`))); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// kept counts what it is given.
type kept struct{ exchanges []quota.Exchange }

func (k *kept) Keep(_ int, exchange func() quota.Exchange) {
	k.exchanges = append(k.exchanges, exchange())
}

func TestTape_AnOrderOfWhichNothingIsKnown_IsNotKept(t *testing.T) {
	t.Parallel()
	var k kept
	in := &Institutions{clock: func() time.Time { return time.Time{} }}
	tape := in.tape(&k, Settings{Code: "theatre"})
	said := s360.Exchange{Request: []byte(`{"orderId":1}`), Answer: []byte(`{"comment":"for Ada"}`)}
	tape(quota.ForOrder(t.Context(), "ord_1"), said)
	if tape(t.Context(), said); len(k.exchanges) != 0 {
		t.Errorf("kept %s", k.exchanges[0].Answer)
	}
	tape(forOrder(t.Context(), ada()), said)
	if len(k.exchanges) != 1 || string(k.exchanges[0].Answer) != `{"comment":"for ***"}` {
		t.Errorf("kept %+v", k.exchanges)
	}
}

// FuzzClean: whatever the platform answers, nothing of the buyer is kept, and what is kept is JSON.
func FuzzClean(f *testing.F) {
	f.Add([]byte(`{"a":"ada@example.org","b":[{"Ada":"x Müßig y"}],"n":70012345}`), "ada@example.org", "Ada", "Müßig", "70012345")
	f.Add([]byte(`{"a":"\u0041da","A\u0064a":1}`), "", "ADA", "", "")
	f.Add([]byte(`plain text of ſtraße and Kelvin`), "", "STRASSE", "ſtr", "K")
	f.Add([]byte("\xff\xfeAda"), "\xff", "Ada", "a", "1")
	f.Fuzz(func(t *testing.T, body []byte, email, first, last, contact string) {
		o := ada()
		o.Buyer, o.PurchaserContact = sales.Buyer{Email: email, FirstName: first, LastName: last}, contact
		out := newCleaner(privateOf(o)).clean(body)
		v, err := decode(out)
		if err != nil {
			t.Fatalf("%q is no JSON: %v", out, err)
		}
		for _, known := range []string{email, first, last, contact, "Zoë Lau", "ada@example.org"} {
			known = strings.TrimSpace(known)
			if strings.Trim(known, "*") == "" || known == "ada@example.org" && email != known || strings.Contains("not kept: it is too large", known) {
				continue
			}
			eachText(v, func(text string) {
				if survives(text, known) {
					t.Errorf("%q of the buyer survives in %q", known, text)
				}
			})
		}
		eachText(v, func(text string) {
			if strings.Contains(text, "004200000000000000000017") {
				t.Errorf("a barcode survives in %q", text)
			}
		})
	})
}

// survives reports whether the text still shows what is known of a buyer, whatever the letters' case.
func survives(text, known string) bool {
	r, k := lower([]rune(text)), lower([]rune(known))
	for i := 0; i+len(k) <= len(r); i++ {
		if slices.Equal(r[i:i+len(k)], k) && (len(k) > 2 || alone([]rune(text), i, i+len(k))) {
			return true
		}
	}
	return false
}

// eachText calls f with every text, name and number of a value.
func eachText(v any, f func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			f(name)
			eachText(member, f)
		}
	case []any:
		for _, member := range v {
			eachText(member, f)
		}
	case string:
		f(v)
	case json.Number:
		f(v.String())
	}
}

func BenchmarkClean(b *testing.B) {
	c := newCleaner(privateOf(ada()))
	var places []string
	for n := range 10 {
		places = append(places, fmt.Sprintf(`{"movementId":%d,"operationId":5001,"seat":{"area":"A","row":"4","number":"%d"},"tickets":[{"ticketId":%d,"ticketState":"VALID","barcode":"0042%020d"}]}`, 9000+n, n, 7700+n, n))
	}
	body := []byte(`{"statusCode":"success","orderDetailsData":{"orderId":1000001,"orderState":"CLOSED","movementDatas":[` + strings.Join(places, ",") + `]}}`)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		c.clean(body)
	}
}

func TestClean_WhatIsNotPersonal_StaysAsItWas(t *testing.T) {
	t.Parallel()
	body := `{"a":[1,2.50,true,null,"Hamlet"],"performanceName":{"translations":[{"locale":"fr","value":"Œdipe"}]}}`
	var want, got any
	if err := json.Unmarshal([]byte(body), &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(newCleaner(privateOf(ada())).clean([]byte(body)), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
