package s360

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestID_ReadsNumberOrText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]ID{
		`10300000000101`: 10300000000101, `"2621264"`: 2621264, `" 7 "`: 7, `-1`: -1, `null`: 0, `""`: 0,
		`9223372036854775807`: 9223372036854775807,
	} {
		var got ID
		if err := Decode([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", in, got, err, want)
		}
	}
	for _, in := range []string{`1.5`, `"x"`, `true`, `{}`, `9223372036854775808`, `1e3`} {
		var got ID
		if err := Decode([]byte(in), &got); err == nil {
			t.Errorf("%s: read as %d", in, got)
		}
	}
	if b := mustJSON(ID(5)); string(b) != "5" {
		t.Errorf("written %s", b)
	}
}

func TestAmount_RefusesEverythingButWholeThousandths(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Amount{`42000`: 42000, `"42000"`: 42000, `0`: 0, `-500`: -500} {
		var got Amount
		if err := Decode([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", in, got, err, want)
		}
	}
	for _, in := range []string{`42.5`, `42.0`, `"42,5"`, `4.2e4`, `""`, `null`, `true`, `"+5"`, `"99999999999999999999"`, `{}`} {
		got := Amount(7)
		if err := Decode([]byte(in), &got); err == nil || got != 7 {
			t.Errorf("%s: read as %d, %v", in, got, err)
		}
	}
}

func TestAmount_ErrorNamesTheValueAndItsPlace(t *testing.T) {
	t.Parallel()
	var got CatalogResultDetailed
	err := Decode([]byte(`{"catalogData":{"seasons":[{"products":[{},{"event":{"performances":[{"prices":[{"amount":34.5}]}]}}]}]}}`), &got)
	const want = `catalogData.seasons[0].products[1].event.performances[0].prices[0].amount: "34.5" is not a whole number of thousandths`
	if err == nil || err.Error() != want {
		t.Errorf("err = %v\nwant  %s", err, want)
	}
}

func TestInt_ReadsWholeNumbersInAnyForm(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Int{`5`: 5, `"5"`: 5, `5.0`: 5, `"20.000"`: 20, `null`: 0, `-3`: -3} {
		var got Int
		if err := Decode([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", in, got, err, want)
		}
	}
	for _, in := range []string{`5.5`, `"abc"`, `1e999999999`, `"1p999999999"`, `"1/1"`, `[]`} {
		var got Int
		if err := json.Unmarshal([]byte(in), &got); err == nil {
			t.Errorf("%s: read as %d", in, got)
		}
	}
}

func TestBool_ReadsFlagsInAnyForm(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Bool{`true`: true, `"TRUE"`: true, `1`: true, `"0"`: false, `false`: false, `null`: false} {
		got := !want
		if in == `null` {
			got = false
		}
		if err := Decode([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: %t, %v", in, got, err)
		}
	}
}

func TestDate_ReadsEveryFormOfTheSameInstant(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 8, 6, 18, 0, 0, 0, time.UTC)
	for _, in := range []string{
		`"2026-08-06T20:00:00.000+02:00"`, `"2026-08-06T20:00:00+02:00"`, `"2026-08-06T20:00:00.000+0200"`,
		`"2026-08-06T20:00:00+0200"`, `"2026-08-06T18:00:00.000Z"`, `"2026-08-06T18:00:00Z"`,
		`1786039200000`, `"1786039200000"`, `"2026-08-06T18:00:00.000+00:00"`,
	} {
		var got Date
		if err := Decode([]byte(in), &got); err != nil || !got.Equal(want) {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{`"tomorrow"`, `"2026-08-06T20:00:00"`, `"12"`, `99999999999999999`, `true`, `[1]`} {
		var got Date
		if err := json.Unmarshal([]byte(in), &got); err == nil {
			t.Errorf("%s: read as %s", in, got)
		}
	}
}

func TestDate_WritesMillisecondsAndColonOffset(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 8, 6, 20, 0, 0, 0, time.FixedZone("", 2*3600))
	if b := mustJSON(At(at)); string(b) != `"2026-08-06T20:00:00.000+02:00"` {
		t.Errorf("date %s", b)
	}
	if b := mustJSON(Instant{Time: at}); string(b) != `"2026-08-06T18:00:00.000Z"` {
		t.Errorf("instant %s", b)
	}
	if b := mustJSON(Date{}); string(b) != `null` {
		t.Errorf("no date %s", b)
	}
}

func TestDate_OpenAndUnset(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in          string
		open, unset bool
	}{
		{`"2999-12-31T23:59:00.000+01:00"`, true, false},
		{`"0001-12-30T00:00:00.000+01:00"`, false, true},
		{`null`, false, true},
		{`"2026-08-06T20:00:00.000+02:00"`, false, false},
	}
	for _, tt := range tests {
		var d Date
		if err := Decode([]byte(tt.in), &d); err != nil || d.Open() != tt.open || d.Unset() != tt.unset {
			t.Errorf("%s: open %t, unset %t, %v", tt.in, d.Open(), d.Unset(), err)
		}
	}
}

func TestList_ReadsOneOrManyOrNone(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{`[1,"2"]`: 2, `7`: 1, `"7"`: 1, `null`: 0, `""`: 0, `[]`: 0} {
		var got List[ID]
		if err := json.Unmarshal([]byte(in), &got); err != nil || len(got) != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
}

func TestExternalName_PicksTheWantedLanguageThenAny(t *testing.T) {
	t.Parallel()
	n := &ExternalName{Translations: List[Translation]{{"de", " "}, {"fr", "Bonjour"}, {"it_IT", "Ciao"}}}
	for locale, want := range map[string]string{"fr": "Bonjour", "it": "Ciao", "fr-CH": "Bonjour", "de": "Bonjour", "xx": "Bonjour"} {
		if got := n.In(locale); got != want {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
	var none *ExternalName
	if none.In("fr") != "" {
		t.Error("a missing name has a text")
	}
}

func TestBarcodeAndSecret_DoNotPrintThemselves(t *testing.T) {
	t.Parallel()
	const code = "004200000000000000000017"
	var log strings.Builder
	l := slog.New(slog.NewJSONHandler(&log, nil))
	l.Info("x", "barcode", Barcode(code), "secret", Secret("hush"), "ticket", IssuedTicket{Barcode: code}.Barcode)
	text := fmt.Sprintf("%v %s %#v %q %+v", Barcode(code), Barcode(code), Barcode(code), Barcode(code), IssuedTicket{Barcode: code}) +
		fmt.Sprintf("%v %s %#v", Secret("hush"), Secret("hush"), Options{Secret: "hush"}) + log.String()
	if strings.Contains(text, code) || strings.Contains(text, "hush") {
		t.Errorf("printed: %s", text)
	}
	if b := mustJSON(TicketData{Barcode: code}); !strings.Contains(string(b), code) {
		t.Errorf("encoded without the barcode: %s", b)
	}
}
