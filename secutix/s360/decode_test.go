package s360

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecode_KeepsUnknownMembersAndWritesThemBack(t *testing.T) {
	t.Parallel()
	const in = `{"movementId":1,"zeta":{"a":[1,2,{"b":null}]},"alpha":"x","row":"B","caf\u00e9":1}`
	var m MovementData
	if err := json.Unmarshal([]byte(in), &m); err != nil {
		t.Fatal(err)
	}
	b := mustJSON(m)
	if diff := cmp.Diff(generic([]byte(in)), generic(b)); diff != "" {
		t.Errorf("(-in +out):\n%s", diff)
	}
	m.Extra["row"] = json.RawMessage(`"no"`)
	if got := string(mustJSON(m)); strings.Count(got, `"row"`) != 1 || !strings.Contains(got, `"row":"B"`) {
		t.Errorf("a known member was written twice: %s", got)
	}
}

func TestDecode_AliasGivesWayToTheProperName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Int{
		`{"quantity":5,"available":7}`:                5,
		`{"available":7,"quantity":5}`:                5,
		`{"remaining":"9"}`:                           9,
		`{"available":true,"count":3}`:                3,
		`{"availability":{"level":"X"},"quantity":4}`: 4,
	} {
		var got SeatCategoryAvailability
		if err := Decode([]byte(in), &got); err != nil || got.Quantity == nil || *got.Quantity != want {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
}

func TestDecode_ReadsEmptyTextAndArrayOfOneAsObject(t *testing.T) {
	t.Parallel()
	var p Product
	if err := Decode([]byte(`{"event":"","externalName":[{"translations":[]}],"pass":[]}`), &p); err != nil {
		t.Fatal(err)
	}
	if p.Event != nil || p.ExternalName == nil {
		t.Errorf("%+v", p)
	}
}

func TestDecode_ErrorNamesThePathAndNotTheValue(t *testing.T) {
	t.Parallel()
	var o OrderUpdateResult
	err := Decode([]byte(`{"orderUpdateData":{"operationDataUpdates":[{"operationId":"004200000000000000000017x"}]}}`), &o)
	if err == nil || strings.Contains(err.Error(), "0042") ||
		!strings.HasPrefix(err.Error(), "orderUpdateData.operationDataUpdates[0].operationId:") {
		t.Errorf("err = %v", err)
	}
}

func TestDecode_RefusesWhatIsNotJSON(t *testing.T) {
	t.Parallel()
	for _, in := range []string{``, `<html>`, `{"a":`, `{} {}`, `[`} {
		var r Result
		if err := Decode([]byte(in), &r); err == nil {
			t.Errorf("%q was read", in)
		}
	}
}

func TestUnknown_NamesMisspelledMembers(t *testing.T) {
	t.Parallel()
	var r CreateOrUpdateOrderRequest
	got, err := Unknown([]byte(`{"pointOfSalesId":1,"purchaserInfo":{},"singleEntryAttributionOperations":[{"operationAttributions":[{"quantity":1,"perfId":3}]}],
		"simpleProductOperations":{"itemId":1,"visitDate":"2026-10-03"}}`), &r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"CreateOrUpdateOrderRequest.purchaserInfo", "OperationAttribution.perfId"}, got); diff != "" {
		t.Error(diff)
	}
}
