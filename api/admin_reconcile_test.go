package api

import (
	"context"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/reconcile"
	"guichet/domain/storefront"
	"guichet/storage/storagetest"
)

// history is a platform that lists nothing and knows the orders given.
type history map[int64]reconcile.Found

func (history) Sold(context.Context, domain.InstitutionCode, time.Time, time.Time, int) ([]reconcile.SoldTicket, bool, error) {
	return nil, false, nil
}

func (h history) Look(_ context.Context, _ domain.InstitutionCode, id int64) (reconcile.Found, error) {
	return h[id], nil
}

// compares gives the rig a database for reconciliation.
func (r *rig) compares(h history) *rig {
	r.t.Helper()
	r.deps.Reconcile.Store, r.deps.Reconcile.Platform = storagetest.SQLite(r.t).Reconcile(), h
	return r
}

const paymentHead = "institution,payment_id,payment_reference,amount,currency,paid_at\n"

func (r *rig) importCSV(key, body string) answer {
	r.t.Helper()
	return r.do(key, "POST", "/v1/payments/import", body, header("Content-Type", "text/csv; charset=utf-8"))
}

func reconcileRefusals() []refusal {
	file := func(name, body string, status int, code string) refusal {
		return refusal{name: "import: " + name, do: func(r *rig) answer { return r.compares(nil).importCSV("web", body) }, status: status, code: code}
	}
	pay := func(body, pointer, code string) refusal {
		return refusal{name: "payment " + body, do: func(r *rig) answer { return r.compares(nil).do("web", "POST", "/v1/payments", body) }, status: 422, code: domain.CodeRequest, pointer: pointer, field: code}
	}
	const good = `{"institution":"play","payment_id":"p1","payment_reference":"PSP-1","amount":{"amount":100,"currency":"EUR"},"paid_at":"2026-09-01T10:00:00Z"}`
	start := func(body, pointer, code string) refusal {
		return refusal{name: "reconcile " + body, do: func(r *rig) answer { return r.compares(nil).do("money", "POST", "/v1/admin/reconciliations", body) }, status: 422, code: domain.CodeRequest, pointer: pointer, field: code}
	}
	query := func(target, pointer string) refusal {
		return refusal{name: target, do: func(r *rig) answer { return r.compares(nil).do("ops", "GET", target, "") }, status: 422, code: domain.CodeRequest, pointer: pointer, field: domain.CodeRequest}
	}
	return []refusal{
		file("empty", "\n", 422, reconcile.CodePaymentFormat), file("no head", "play,p1,PSP-1,1.00,EUR,2026-09-01T10:00:00Z\n", 422, reconcile.CodePaymentFormat),
		file("column twice", strings.Replace(paymentHead, "currency", "amount", 1), 422, reconcile.CodePaymentFormat),
		file("open quote", paymentHead+"play,\"p1", 422, reconcile.CodePaymentFormat),
		file("too many lines", paymentHead+strings.Repeat("x\n", reconcile.MaxLines+1), 422, reconcile.CodePaymentFormat),
		file("too large", paymentHead+strings.Repeat("x", maxImport), 413, CodeRequestTooLarge),
		{name: "import: as JSON", do: func(r *rig) answer { return r.do("web", "POST", "/v1/payments/import", `{}`) }, status: 415, code: CodeRequestMediaType},
		{name: "import without sell", do: func(r *rig) answer { return r.importCSV("money", paymentHead) }, status: 403, code: storefront.CodeKeyScope},
		pay(strings.Replace(good, "100", "0", 1), "/amount", reconcile.CodePaymentFormat), pay(strings.Replace(good, "100", "-1", 1), "/amount", reconcile.CodePaymentFormat),
		pay(strings.Replace(good, "PSP-1", "", 1), "/payment_reference", domain.CodeRequest), pay(strings.Replace(good, "p1", `a\u0007`, 1), "/payment_id", reconcile.CodePaymentFormat),
		pay(strings.Replace(good, "2026", "1026", 1), "/paid_at", reconcile.CodePaymentFormat),
		{name: "payment at nowhere", do: func(r *rig) answer {
			return r.compares(nil).do("web", "POST", "/v1/payments", strings.Replace(good, "play", "nowhere", 1))
		}, status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "payment at a foreign institution", do: func(r *rig) answer { return r.compares(nil).do("bound", "POST", "/v1/payments", good) }, status: 403, code: storefront.CodeKeyInstitution},
		{name: "payment with other content", do: func(r *rig) answer {
			r.compares(nil).do("web", "POST", "/v1/payments", good)
			return r.do("web", "POST", "/v1/payments", strings.Replace(good, "100", "101", 1))
		}, status: 409, code: reconcile.CodePaymentConflict},
		start(`{"institution":"play","from":"2026-09-02T00:00:00Z","to":"2026-09-01T00:00:00Z"}`, "/from", domain.CodeRequest),
		start(`{"institution":"play","from":"2026-01-01T00:00:00Z"}`, "/to", domain.CodeRequest), start(`{"institution":""}`, "/institution", CodeRequestRequired),
		{name: "reconcile nowhere", do: func(r *rig) answer {
			return r.compares(nil).do("money", "POST", "/v1/admin/reconciliations", `{"institution":"nowhere"}`)
		}, status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "unknown reconciliation", do: func(r *rig) answer { return r.compares(nil).do("money", "GET", "/v1/admin/reconciliations/rec_no", "") }, status: 404, code: reconcile.CodeRunUnknown},
		{name: "unknown case", do: func(r *rig) answer { return r.compares(nil).do("money", "GET", "/v1/admin/cases/cas_no", "") }, status: 404, code: reconcile.CodeCaseUnknown},
		{name: "deciding an unknown case", do: func(r *rig) answer {
			return r.compares(nil).do("ops", "POST", "/v1/admin/cases/cas_no/decide", `{"action":"accept","reason":"x"}`)
		}, status: 404, code: reconcile.CodeCaseUnknown},
		{name: "deciding without admin", do: func(r *rig) answer {
			return r.do("money", "POST", "/v1/admin/cases/cas_no/decide", `{"action":"accept","reason":"x"}`)
		}, status: 403, code: storefront.CodeKeyScope},
		{name: "action that does not fit", do: func(r *rig) answer {
			c := r.unpaid()
			return r.do("ops", "POST", "/v1/admin/cases/"+c.ID+"/decide", `{"action":"adopt","reason":"x"}`)
		}, status: 422, code: domain.CodeRequest, pointer: "/action", field: reconcile.CodeCaseAction},
		{name: "deciding a closed case", do: func(r *rig) answer {
			c := r.unpaid()
			_, err := r.deps.Reconcile.Store.UpdateCase(r.t.Context(), c.ID, func(c *reconcile.Case) (*reconcile.Entry, error) {
				c.State = reconcile.Closed
				return &reconcile.Entry{ID: "aud_x", Action: "case.closed", Subject: c.ID}, nil
			})
			if err != nil {
				r.t.Fatal(err)
			}
			return r.do("ops", "POST", "/v1/admin/cases/"+c.ID+"/decide", `{"action":"accept","reason":"x"}`)
		}, status: 409, code: reconcile.CodeCaseDecided},
		query("/v1/admin/cases?state=lost", "?state"), query("/v1/admin/cases?kind=odd", "?kind"), query("/v1/admin/cases?limit=0", "?limit"),
		query("/v1/admin/cases?cursor=x", "?cursor"), query("/v1/admin/reconciliations?cursor=x", "?cursor"), query("/v1/admin/audit?limit=201", "?limit"),
	}
}

// unpaid reports a payment for nothing and returns its case.
func (r *rig) unpaid() reconcile.Case {
	r.t.Helper()
	r.compares(history{})
	a := r.importCSV("web", paymentHead+"play,p1,PSP-none,84.00,EUR,2026-08-31T10:00:00Z\n")
	if d := decode[importedDTO](r.t, a); d.New != 1 || len(d.Problems) != 1 || d.Problems[0].Code != reconcile.CodePaymentReference || !d.Problems[0].Kept {
		r.t.Fatalf("import: %d %s", a.status, a.body)
	}
	run := decode[runDTO](r.t, r.do("money", "POST", "/v1/admin/reconciliations", `{"institution":"play"}`))
	if _, err := r.deps.Reconcile.Work(r.t.Context(), run.ID); err != nil {
		r.t.Fatal(err)
	}
	cases, _, err := r.deps.Reconcile.Store.Cases(r.t.Context(), reconcile.CaseQuery{})
	if err != nil || len(cases) != 1 || cases[0].Kind != reconcile.PaidNoTicket {
		r.t.Fatalf("cases: %+v, %v", cases, err)
	}
	return cases[0]
}

func TestCase_DecidedByAPerson_IsInTheAuditLog(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.unpaid()
	one := decode[caseDTO](t, r.do("money", "GET", "/v1/admin/cases/"+c.ID, ""))
	if one.Kind != "paid_without_ticket" || one.Proposed != "ask_storefront" || one.State != "open" || len(one.Differs) != 1 || one.Differs[0].Value != "84.00 EUR" {
		t.Errorf("case = %+v", one)
	}
	d := decode[caseDTO](t, r.do("ops", "POST", "/v1/admin/cases/"+c.ID+"/decide", `{"action":"accept","reason":"a test payment"}`))
	if d.State != "decided" || d.Decision == nil || d.Decision.Reason != "a test payment" || !strings.HasPrefix(d.Decision.By, "ops (key_") {
		t.Errorf("decided = %+v", d)
	}
	log := decode[struct {
		Items []auditDTO `json:"items"`
	}](t, r.do("ops", "GET", "/v1/admin/audit?subject="+c.ID, ""))
	if len(log.Items) != 1 || log.Items[0].Action != "case.accept" || log.Items[0].Actor != d.Decision.By || log.Items[0].Reason != "a test payment" {
		t.Errorf("audit log = %+v", log.Items)
	}
	page := decode[struct {
		Items []caseDTO `json:"items"`
	}](t, r.do("money", "GET", "/v1/admin/cases?institution=play&state=open,decided&kind=paid_without_ticket", ""))
	if len(page.Items) != 1 {
		t.Errorf("list = %+v", page.Items)
	}
}

func TestPayments_OfAKnownOrder_AreKeptOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t).compares(history{})
	o := r.held()
	if a := r.do("web", "POST", "/v1/orders/"+o.ID+"/close", `{"payment_reference":"PSP-1"}`); a.status != 200 {
		t.Fatalf("close: %d %s", a.status, a.body)
	}
	file := paymentHead + "play,p1,PSP-1,84.00,EUR,2026-09-01T10:00:00Z\nplay,p2,PSP-1,84,00,EUR,2026-09-01T10:00:00Z\nplay,p3,PSP-1,84.001,EUR,2026-09-01T10:00:00Z\n"
	first := decode[importedDTO](t, r.importCSV("web", file))
	if first.New != 1 || first.Repeated != 0 || len(first.Problems) != 2 || first.Problems[0].Line != 3 || first.Problems[1].Line != 4 || first.Problems[1].Code != reconcile.CodePaymentFormat {
		t.Errorf("first import = %+v", first)
	}
	if again := decode[importedDTO](t, r.importCSV("web", file)); again.New != 0 || again.Repeated != 1 {
		t.Errorf("second import = %+v", again)
	}
	if other := decode[importedDTO](t, r.importCSV("other", paymentHead+"play,p1,PSP-1,84.00,EUR,2026-09-01T10:00:00Z\n")); other.New != 1 || len(other.Problems) != 1 {
		t.Errorf("another storefront's import = %+v", other)
	}
}
