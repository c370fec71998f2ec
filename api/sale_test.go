package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestSale_FromCatalogToBarcode(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if a := r.do("seller", http.MethodGet, "/v1/performances/"+hamletFirst, ""); a.status != http.StatusOK {
		t.Fatalf("performance: %d %s", a.status, a.body)
	}
	body := `{"institution":"play","items":[{"performance":"play-201","seat_category":"play-1001","tariff":"play-601","quantity":2}]}`
	a := r.do("web", http.MethodPost, "/v1/orders", body, header("Idempotency-Key", "k1"))
	var o orderDTO
	if err := json.Unmarshal(a.body, &o); err != nil || a.status != http.StatusCreated || o.State != "held" {
		t.Fatalf("hold: %d %s", a.status, a.body)
	}
	if got := a.header.Get("Location"); got != "/v1/orders/"+o.ID {
		t.Errorf("Location is %q", got)
	}
	a = r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/close", `{"payment_reference":"P1"}`)
	if err := json.Unmarshal(a.body, &o); err != nil || a.status != http.StatusOK || o.State != "issued" || len(o.Tickets) != 2 || o.Tickets[0].Barcode == "" {
		t.Fatalf("close: %d %s", a.status, a.body)
	}
	pdf := r.do("web", http.MethodGet, "/v1/orders/"+o.ID+"/tickets.pdf", "")
	if pdf.status != http.StatusOK || !strings.Contains(string(pdf.body), o.Tickets[1].Barcode) {
		t.Fatalf("pdf: %d %s", pdf.status, pdf.body)
	}
}
