package s360

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// documents are right and wrong in every way there is.
func documents() []string {
	return []string{
		`{}`, `[]`, `""`, `0`, `-0`, `-`, `01`, `1.`, `1.5`, `.5`, `1e5`, `1E+5`, `1e-`, `1e`, `true`, `tru`, `false`, `null`, `nul`, `nulls`,
		`{"a":1}`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{,}`, `[1,2]`, `[1,]`, `[,1]`, `[1 2]`, `{"a":1 "b":2}`, `[}`, `{]`, `[1}`, `{"a":1]`,
		`{} {}`, ` {} `, "\t[\n1\r]", `{"a":[{"b":[[],{}]}]}`, ``, ` `, `"`, `"\`, `"\u12"`, `"\u12zz"`, `"\u00Ff"`, `"\x"`, "\"\x01\"", "\"\xff\"", "\"\x00\"", "\x00",
		`"a\"b"`, `{"a\u0031":"\/\b\f\n\r\t"}`, `{"":""}`, `+1`, `1-`, `--1`, `[-]`, `"a`, `{"a":"b`, `[1,[2,[3`, `{"a":tr`, `[1]]`, `{"a":1}}`,
	}
}

func TestCheck_AcceptsWhatEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	for _, d := range documents() {
		if err := check([]byte(d)); (err == nil) != json.Valid([]byte(d)) {
			t.Errorf("%q: %v", d, err)
		}
	}
}

func TestCheck_EveryBeginningOfADocumentIsCutOff(t *testing.T) {
	t.Parallel()
	const whole = `{"a":[1.5e-3,"x\u00e9\n",true,null,{"b":{}}],"c":-0}`
	if err := check([]byte(whole)); err != nil {
		t.Fatal(err)
	}
	for n := 1; n < len(whole); n++ {
		if err := check([]byte(whole[:n])); !errors.Is(err, errCutOff) {
			t.Errorf("%q: %v, want cut off", whole[:n], err)
		}
	}
}

func TestCheck_DepthIsBounded(t *testing.T) {
	t.Parallel()
	for _, pair := range []string{"[]", `{"a":}`} {
		nest := func(n int) []byte {
			open, shut := pair[:len(pair)-1], pair[len(pair)-1:]
			return []byte(strings.Repeat(open, n) + "1" + strings.Repeat(shut, n))
		}
		if err := check(nest(maxDepth)); err != nil {
			t.Errorf("%s %d deep: %v", pair, maxDepth, err)
		}
		if err := check(nest(maxDepth + 1)); !errors.Is(err, errTooDeep) {
			t.Errorf("%s %d deep: %v", pair, maxDepth+1, err)
		}
	}
}

// FuzzCheck holds the check against encoding/json.
func FuzzCheck(f *testing.F) {
	for _, d := range documents() {
		f.Add([]byte(d))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := check(b)
		if errors.Is(err, errTooDeep) {
			return
		}
		if (err == nil) != json.Valid(b) {
			t.Errorf("%q: %v", b, err)
		}
	})
}
