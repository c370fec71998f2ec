package s360

import (
	"encoding/json"
	"testing"
	"time"
)

// FuzzScalar reads arbitrary bytes as every scalar: whatever is accepted is
// written as JSON that reads as the same value.
func FuzzScalar(f *testing.F) {
	for _, s := range []string{`1`, `"2"`, `null`, `""`, `1.0`, `"20.000"`, `true`, `{}`, `"\u0031"`, `-0`, `[1]`, `"1p99"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sameAgain[ID](t, b)
		sameAgain[Int](t, b)
		sameAgain[Amount](t, b)
		sameAgain[Bool](t, b)
		sameAgain[Barcode](t, b)
		var d Decimal
		if Decode(b, &d) == nil && !json.Valid(mustJSON(d)) {
			t.Errorf("%q: %q is not written as JSON", b, string(d))
		}
	})
}

func sameAgain[T comparable](t *testing.T, b []byte) {
	t.Helper()
	var first, again T
	if Decode(b, &first) != nil {
		return
	}
	written := mustJSON(first)
	if err := Decode(written, &again); err != nil || again != first {
		t.Errorf("%q: %v written as %s, read as %v, %v", b, first, written, again, err)
	}
}

// FuzzDate reads arbitrary bytes as a date: whatever is accepted is written to
// the millisecond.
func FuzzDate(f *testing.F) {
	for _, s := range []string{
		`"2026-08-06T20:00:00.000+02:00"`, `"2026-08-06T20:00:00+0200"`, `"2026-08-06T20:00:00Z"`, `1786039200000`,
		`"2999-12-31T23:59:00.000+01:00"`, `"0001-12-30T00:00:00.000+01:00"`, `"2026-08-06"`, `-1`, `"0000-01-01"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var first, again Date
		if Decode(b, &first) != nil {
			return
		}
		_ = first.Open() || first.Unset()
		written := mustJSON(first)
		if err := Decode(written, &again); err != nil {
			t.Fatalf("%q: written as %s: %v", b, written, err)
		}
		if !first.IsZero() && !again.Equal(first.Truncate(time.Millisecond)) {
			t.Errorf("%q: %s written as %s, read as %s", b, first, written, again)
		}
	})
}

// FuzzCloseOrderResult reads arbitrary bytes as the answer to a close: no
// panic, no barcode without an owner, and the same through encoding/json.
func FuzzCloseOrderResult(f *testing.F) {
	for _, s := range []string{
		`{"orderData":{"orderId":1,"orderState":"CLOSED","movementDatas":[{"movementId":9,"tickets":[{"ticketId":7,"barcode":"0"}]}]}}`,
		`{"barCodes":["a"],"x":{"movementId":"4","barCode":{"value":["b",1]}}}`,
		`[{"statusCode":"success"}]`, `""`, `{"movementId":1,"barcodes":{"barcodes":{"value":{"value":"z"}}}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var own, std CloseOrderResult
		ownErr, stdErr := Decode(b, &own), json.Unmarshal(b, &std)
		if (ownErr == nil) != (stdErr == nil) {
			t.Fatalf("Decode: %v, encoding/json: %v", ownErr, stdErr)
		}
		for _, ticket := range own.Issued.Tickets {
			if (ticket.MovementID == 0 && ticket.TicketID == 0) || ticket.Barcode == "" {
				t.Errorf("%q: %+v", b, ticket)
			}
		}
		if ownErr != nil {
			return
		}
		if _, err := json.Marshal(own); err != nil {
			t.Errorf("%q: not written: %v", b, err)
		}
	})
}

// FuzzCatalog reads arbitrary bytes as a catalog without a panic, and writes
// whatever it read.
func FuzzCatalog(f *testing.F) {
	f.Add([]byte(`{"catalogData":{"seasons":[{"id":"1","products":{"event":{"performances":[{"prices":[{"amount":1}]}]}}}]}}`))
	f.Add([]byte(`{"catalogData":[{"seasons":""}],"statusCode":5}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r CatalogResultDetailed
		if Decode(b, &r) != nil {
			return
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%q: not written: %v", b, err)
		}
	})
}
