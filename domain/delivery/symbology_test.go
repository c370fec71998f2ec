package delivery_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func TestCarries_RefusesWhatTheSymbologyCannotHoldAndSaysWhy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind    delivery.Symbology
		payload string
		why     string // empty: carried
	}{
		{delivery.Code128, "", "has no barcode"},
		{delivery.PDF417, "", "has no barcode"},
		{delivery.Code128, strings.Repeat("0", 64), ""},
		{delivery.Code128, strings.Repeat("0", 65), "65 characters, more than the 64 that code128"},
		{delivery.ITF, "001234", ""},
		{delivery.ITF, strings.Repeat("0", 66), "66 characters, more than the 64 that itf"},
		{delivery.ITF, "0012345", "pairs of digits, and the barcode has 7"},
		{delivery.ITF, "0012", "less than 6 digits, and the barcode has 4"},
		{delivery.ITF, "00123A", "digits only"},
		{delivery.ITF, "00123\uff14", "not printable ASCII"},
		{delivery.QR, strings.Repeat("~", 256), ""},
		{delivery.PDF417, strings.Repeat("~", 256), ""},
		{delivery.PDF417, strings.Repeat("~", 257), "257 characters, more than the 256 that pdf417"},
		{delivery.QR, "Ü123", "not printable ASCII"},
		{delivery.Aztec, strings.Repeat("~", 128), ""},
		{delivery.Aztec, strings.Repeat("~", 129), "129 characters, more than the 128 that aztec"},
		{delivery.Aztec, "12\xff34", "not printable ASCII"},
		{delivery.DataMatrix, "12\x1d34", "not printable ASCII"},
		{delivery.QR, "1234\n", "not printable ASCII"},
		{"maxicode", "1234", `no symbology "maxicode"`},
	} {
		err := tt.kind.Carries(tt.payload)
		if tt.why == "" {
			if err != nil {
				t.Errorf("%s %q: %v", tt.kind, tt.payload, err)
			}
			continue
		}
		if !domain.HasCode(err, delivery.CodeBarcode) || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s %q: got %v, want it to say %q", tt.kind, tt.payload, err, tt.why)
		}
		if err != nil && len(tt.payload) > 3 && strings.Contains(err.Error(), tt.payload) {
			t.Errorf("%s: the refusal quotes the barcode: %v", tt.kind, err)
		}
	}
}

func TestChoose_FirstThatCarriesThePayload(t *testing.T) {
	t.Parallel()
	s := delivery.Symbols{
		Preferred: []delivery.Symbology{delivery.ITF, delivery.Code128, delivery.QR},
		ByPrefix: map[string][]delivery.Symbology{
			"OTI":   {delivery.QR},
			"OTI77": {delivery.Aztec},
			"X":     {},
		},
	}
	for payload, want := range map[string]delivery.Symbology{
		"00123456":               delivery.ITF,
		"0012345":                delivery.Code128, // odd
		"AB-1":                   delivery.Code128,
		strings.Repeat("z", 65):  delivery.QR,
		strings.Repeat("z", 300): delivery.ITF, // none carries it: the first one's reason is told
		"OTI1":                   delivery.QR,
		"OTI7712":                delivery.Aztec,
		"X1":                     delivery.Code128,
	} {
		if got := s.Choose(payload); got != want {
			t.Errorf("%q: %s, want %s", payload, got, want)
		}
	}
	if got := (delivery.Symbols{}).Choose("AB"); got != delivery.Code128 {
		t.Errorf("nothing chosen gives %s", got)
	}
}

func TestBarcode_IsTheTicketsOwnInTheSymbologyAskedFor(t *testing.T) {
	t.Parallel()
	s := service(func(d *delivery.Deps) {
		d.Settings = map[domain.InstitutionCode]delivery.Settings{
			sample.Code: {Symbols: delivery.Symbols{Preferred: []delivery.Symbology{delivery.ITF}}},
		}
	})
	for _, tt := range []struct {
		kind delivery.Symbology
		dpi  int
		want string
	}{
		{"", 0, "itf 004200000000000000000002 0"}, {delivery.QR, 300, "qr 004200000000000000000002 300"},
	} {
		var out bytes.Buffer
		if err := s.Barcode(t.Context(), &out, sample.Issued(), "tkt_2", tt.kind, tt.dpi); err != nil || out.String() != tt.want {
			t.Errorf("%s: %q, %v", tt.kind, out.String(), err)
		}
	}
	taken := sample.Issued()
	taken.Tickets[1].CancelledAt = sample.Now()
	for _, tt := range []struct {
		order  sales.Order
		ticket string
		kind   delivery.Symbology
		dpi    int
		code   string
	}{
		{sample.Issued(), "tkt_x", "", 0, sales.CodeTicketUnknown},
		{sample.Held(), "tkt_1", "", 0, sales.CodeTicketNotIssued},
		{taken, "tkt_2", "", 0, sales.CodeTicketCancelled},
		{sample.Issued(), "tkt_1", "ean", 0, domain.CodeRequest},
		{sample.Issued(), "tkt_1", "", 35, domain.CodeRequest},
	} {
		if err := s.Barcode(t.Context(), io.Discard, tt.order, tt.ticket, tt.kind, tt.dpi); !domain.HasCode(err, tt.code) {
			t.Errorf("%s: got %v", tt.code, err)
		}
	}
}
