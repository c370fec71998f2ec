package s360

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCloseOrderResult_FindsBarcodesByStructureNeverByPosition(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       Issued
	}{
		{
			name: "tickets inside movements",
			body: `{"statusCode":"success","orderData":{"orderId":1000001,"orderState":"CLOSED","movementDatas":[
				{"movementId":9001,"tickets":[{"ticketId":7701,"ticketState":"VALID","barcode":"0042"}]},
				{"movementId":"9002","tickets":{"ticketId":7702,"state":"VALID","barCode":"0043"}}]}}`,
			want: Issued{OrderID: 1000001, OrderState: "CLOSED", Tickets: []IssuedTicket{
				{MovementID: 9001, TicketID: 7701, State: "VALID", Barcode: "0042"},
				{MovementID: 9002, TicketID: 7702, State: "VALID", Barcode: "0043"},
			}},
		},
		{
			name: "barcodes as text, list, object with value, under another payload name",
			body: `{"statusCode":"success","result":{"order":{"orderId":"7","orderState":"CLOSED"},"rows":[
				{"movementId":1,"barcode":"a"},{"movementId":2,"barCodes":["b","c"]},
				{"movementId":3,"barcodes":{"value":"d"}},{"movementId":4,"barCode":[{"value":"e"}]}]}}`,
			want: Issued{OrderID: 7, OrderState: "CLOSED", Tickets: []IssuedTicket{
				{MovementID: 1, Barcode: "a"},
				{MovementID: 2, Barcode: "b"},
				{MovementID: 2, Barcode: "c"},
				{MovementID: 3, Barcode: "d"},
				{MovementID: 4, Barcode: "e"},
			}},
		},
		{
			name: "the movement named inside the barcode object",
			body: `{"barCodes":[{"movementId":5,"value":"0001"},{"movementId":6,"value":"0002"}]}`,
			want: Issued{Tickets: []IssuedTicket{{MovementID: 5, Barcode: "0001"}, {MovementID: 6, Barcode: "0002"}}},
		},
		{
			name: "a bare list is loose",
			body: `{"orderData":{"orderId":3,"movementDatas":[{"movementId":1},{"movementId":2}],"barCodes":["x","y"]}}`,
			want: Issued{OrderID: 3, Loose: 2},
		},
		{
			name: "a list repeated beside the movements is not loose",
			body: `{"orderId":3,"movementDatas":[{"movementId":1,"barcode":"x","tickets":[{"ticketId":8,"ticketState":"VALID","barcode":"x"}]}],"barCodes":["x"]}`,
			want: Issued{OrderID: 3, Tickets: []IssuedTicket{{MovementID: 1, TicketID: 8, State: "VALID", Barcode: "x"}}},
		},
		{
			name: "a ticket that replaced another keeps both states",
			body: `{"orderId":3,"m":[{"movementId":1,"tickets":[{"ticketId":8,"ticketState":"INVALIDATED","barcode":"x"},{"ticketId":9,"ticketState":"VALID","barcode":"y"}]}]}`,
			want: Issued{OrderID: 3, Tickets: []IssuedTicket{
				{MovementID: 1, TicketID: 8, State: "INVALIDATED", Barcode: "x"},
				{MovementID: 1, TicketID: 9, State: "VALID", Barcode: "y"},
			}},
		},
		{
			name: "a ticket inside another does not inherit its state",
			body: `{"movementId":1,"ticketId":8,"ticketState":"INVALIDATED","replacedBy":{"ticketId":9,"barcode":"y"}}`,
			want: Issued{Tickets: []IssuedTicket{{MovementID: 1, TicketID: 9, Barcode: "y"}}},
		},
		{
			name: "a movement inside another belongs to itself",
			body: `{"movementId":1,"ticketId":8,"ticketState":"VALID","linked":[{"movementId":2,"barcode":"y"}]}`,
			want: Issued{Tickets: []IssuedTicket{{MovementID: 2, Barcode: "y"}}},
		},
		{
			name: "success without barcodes",
			body: `{"statusCode":"success","requestId":null,"orderData":null}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var std, own CloseOrderResult
			if err := json.Unmarshal([]byte(tt.body), &std); err != nil {
				t.Fatal(err)
			}
			if err := Decode([]byte(tt.body), &own); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, own.Issued); diff != "" {
				t.Errorf("Issued (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(own, std); diff != "" {
				t.Errorf("encoding/json differs from Decode (-decode +json):\n%s", diff)
			}
		})
	}
}
