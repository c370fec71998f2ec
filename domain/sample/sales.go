package sample

import (
	"fmt"
	"sync/atomic"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

// Shop is the storefront that sells.
const Shop = "web"

// IDs counts: "ord_000001", "plc_000002". They sort by order of creation and are the same in every run.
func IDs() domain.IDs {
	var n atomic.Int64
	return func(prefix string) string { return fmt.Sprintf("%s_%06d", prefix, n.Add(1)) }
}

// Viewer is the storefront's own view.
func Viewer() sales.Viewer { return sales.Viewer{Storefront: Shop} }

// Buyer buys.
func Buyer() sales.Buyer {
	return sales.Buyer{Email: "ada@example.org", FirstName: "Ada", LastName: "Muster", Language: "fr"}
}

// HoldRequest asks for two places of tonight's play.
func HoldRequest(key string) sales.HoldRequest {
	total := Euros(8400)
	return sales.HoldRequest{
		Key: key, Institution: Code, Reference: "WEB-000123", Wants: []catalog.Want{Seats(2)}, Buyer: Buyer(), Expected: &total,
	}
}

// Held is an order of two places of tonight's play in the stalls, held a minute ago.
func Held() sales.Order {
	at := Now().Add(-time.Minute)
	facts, _ := View().Facts(Seats(2))
	expected, together := Euros(8400), true
	return sales.Order{
		ID: "ord_01KAJ0000000000000000HELD0", Institution: Code, Storefront: Shop, Reference: "WEB-000123", Status: sales.Held, Version: 2,
		Lines: []sales.Line{{
			Product: Hamlet, Performance: Tonight, SeatCategory: Stalls, Tariff: Full, Quantity: 2, UnitPrice: Euros(4200), Total: Euros(8400),
			Together: &together, Operations: []int64{5001}, Facts: facts,
			Places: []sales.Place{
				{ID: "plc_1", Movement: 7001, Seat: sales.Seat{Area: "Orchestre", Block: "OC", Row: "D", Number: "12", Entrance: "Porte centrale"}},
				{ID: "plc_2", Movement: 7002, Seat: sales.Seat{Area: "Orchestre", Block: "OC", Row: "D", Number: "13", Entrance: "Porte centrale"}},
			},
		}},
		Buyer: Buyer(), Expected: &expected, Total: expected, Quoted: expected,
		Platform:      sales.PlatformRef{OrderID: 1000001, SecretID: "s3cr3t", FileID: 880001},
		HoldExpiresAt: at.Add(10 * time.Minute), PlatformExpiresAt: at.Add(15 * time.Minute), NextCheckAt: at.Add(10 * time.Minute),
		History:   []sales.Step{{Status: sales.Holding, At: at}, {Status: sales.Held, At: at}},
		CreatedAt: at, UpdatedAt: at,
	}
}

// Issued is the same order, sold at Now, with a barcode for each place.
func Issued() sales.Order {
	o := Held()
	o.ID, o.Status, o.Version, o.PaymentReference = "ord_01KAJ000000000000000ISSUED", sales.Issued, 4, "PAY-1"
	o.Tickets = []sales.Ticket{
		{ID: "tkt_1", Place: "plc_1", Movement: 7001, PlatformTicket: 9001, Barcode: "004200000000000000000001", State: "VALID", IssuedAt: Now()},
		{ID: "tkt_2", Place: "plc_2", Movement: 7002, PlatformTicket: 9002, Barcode: "004200000000000000000002", State: "VALID", IssuedAt: Now()},
	}
	o.History = append(o.History, sales.Step{Status: sales.Closing, At: Now()}, sales.Step{Status: sales.Issued, At: Now()})
	o.NextCheckAt, o.UpdatedAt = time.Time{}, Now()
	return o
}

// NewKey asks for a storefront's ordinary key.
func NewKey() storefront.NewKey {
	return storefront.NewKey{
		Storefront: Shop, Label: "web shop", Institutions: []domain.InstitutionCode{Code},
		Scopes: []storefront.Scope{storefront.ScopeCatalog, storefront.ScopeSell, storefront.ScopeDeliver},
	}
}
