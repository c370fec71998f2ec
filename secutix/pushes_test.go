package secutix_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/secutix"
)

func TestReadPush_TakesArraysAndObjects_AndCountsTheRest(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]secutix.Push{
		`[{"id":10228000000009,"code":"EXPO1","productFamilyType":"SINGLE_ENTRY","state":"RUNNING"}]`: {Products: 1},
		` {"id":"7","productFamilyType":"PASS"} `:                                                     {Products: 1},
		`{"orderDetailsData":{"orderId":10000900001,"orderState":"CLOSED"}}`:                          {Orders: []int64{10000900001}},
		`[{"orderDetailsData":{"orderId":1}},{"orderDetailsData":{"orderId":"2"}},{"id":3,"productFamilyType":"X"},{"ticket_check_id":1}]`: {
			Orders: []int64{1, 2}, Products: 1, Other: 1,
		},
		`{"orderDetailsData":{"orderId":8,"orderType":"SALE","operationDatas":[{"fileId":5}]}}`: {Orders: []int64{8}},
		`{"orderDetailsData":{"orderId":9,"orderType":"REFUND_ORGANIZATION","operationDatas":[{"fileId":"5"},{"fileId":5},{"fileId":6}]}}`: {
			Orders: []int64{9}, Files: []int64{5, 6},
		},
		`{"orderDetailsData":{"orderId":9,"orderType":"REFUND_CLIENT","operationDatas":{"fileId":5}}}`: {Orders: []int64{9}, Files: []int64{5}},
		`{"orderDetailsData":{"orderId":9,"orderType":"REFUND_CLIENT","operationDatas":7}}`:            {Orders: []int64{9}},
		`[]`:                             {},
		``:                               {Other: 1},
		`<html>`:                         {Other: 1},
		`[{"id":1`:                       {Other: 1},
		`{"orderDetailsData":{}}`:        {Other: 1},
		`{"orderDetailsData":[1]}`:       {Other: 1},
		`{"id":0,"productFamilyType":1}`: {Other: 1},
		`[1,null,"a"]`:                   {Other: 3},
	} {
		if diff := cmp.Diff(want, secutix.ReadPush([]byte(body))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func FuzzReadPush(f *testing.F) {
	f.Add([]byte(`[{"orderDetailsData":{"orderId":1}}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, id := range secutix.ReadPush(body).Orders {
			if id <= 0 {
				t.Errorf("order %d", id)
			}
		}
	})
}
