package api

import (
	"errors"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

func accountRefusals() []refusal {
	post := func(body string) func(*rig) answer {
		return func(r *rig) answer {
			return r.do("money", "POST", "/v1/admin/account/play/postings", body, header("Idempotency-Key", "k"))
		}
	}
	wrong := func(body, pointer, code string) refusal {
		return refusal{name: "posting " + body, do: post(body), status: 422, code: domain.CodeRequest, pointer: pointer, field: code}
	}
	statement := func(query, pointer, code string) refusal {
		return refusal{name: "statement " + query, do: get("money", "/v1/admin/account/play/statement"+query), status: 422, code: domain.CodeRequest, pointer: pointer, field: code}
	}
	const amount = `"amount":{"amount":100,"currency":"EUR"}`
	return []refusal{
		{name: "account limit", do: func(r *rig) answer {
			o := r.held()
			r.deps.Sales.AccountLimits = map[domain.InstitutionCode]int64{"play": o.Total.Amount - 1}
			r.platform.onClose = func(sales.Order, sales.Outcome) (sales.Outcome, error) {
				r.t.Error("the platform was asked")
				return sales.Outcome{}, errors.New("no")
			}
			a := r.do("web", "POST", "/v1/orders/"+o.ID+"/close", `{}`)
			if now := decode[orderDTO](r.t, r.do("web", "GET", "/v1/orders/"+o.ID, "")); now.State != "held" {
				r.t.Errorf("the order is %s, want held", now.State)
			}
			return a
		}, status: 409, code: sales.CodeAccountLimit},
		{name: "posting without a key", do: func(r *rig) answer {
			return r.do("money", "POST", "/v1/admin/account/play/postings", `{"kind":"payment",`+amount+`}`)
		}, status: 400, code: sales.CodeKeyMissing},
		{name: "posting to nowhere", do: func(r *rig) answer {
			return r.do("money", "POST", "/v1/admin/account/nowhere/postings", `{"kind":"payment",`+amount+`}`, header("Idempotency-Key", "k"))
		}, status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "posting without finance", do: func(r *rig) answer {
			return r.do("web", "POST", "/v1/admin/account/play/postings", `{"kind":"payment",`+amount+`}`, header("Idempotency-Key", "k"))
		}, status: 403, code: storefront.CodeKeyScope},
		wrong(`{"kind":"payment"}`, "/amount", account.CodePosting), wrong(`{"kind":"payment","amount":{"amount":0,"currency":"EUR"}}`, "/amount", account.CodePosting),
		wrong(`{"kind":"payment","amount":{"amount":-5,"currency":"EUR"}}`, "/amount", account.CodePosting),
		wrong(`{"kind":"close",`+amount+`}`, "/kind", domain.CodeRequest), wrong(`{"kind":"fee",`+amount+`}`, "/storefront", account.CodePosting),
		wrong(`{"kind":"correction",`+amount+`,"debit":"cash","credit":"pending","reason":"x"}`, "/debit", account.CodePosting),
		wrong(`{"kind":"correction",`+amount+`,"debit":"pending","credit":"pending","reason":"x"}`, "/credit", account.CodePosting),
		wrong(`{"kind":"correction",`+amount+`,"debit":"differences","credit":"pending"}`, "/reason", account.CodePosting),
		wrong(`{"kind":"reversal","reason":"x"}`, "/of", account.CodePosting),
		{name: "posting beyond all bounds", do: post(`{"kind":"payment","amount":{"amount":999999999999999,"currency":"EUR"}}`), status: 422, code: account.CodePosting},
		{name: "reversing nothing", do: post(`{"kind":"reversal","of":77,"reason":"x"}`), status: 404, code: account.CodeUnknown},
		{name: "posting of an unknown order", do: post(`{"kind":"payment","order":"ord_none",` + amount + `}`), status: 404, code: sales.CodeUnknown},
		{name: "posting with a used key", do: func(r *rig) answer {
			if a := post(`{"kind":"payment",` + amount + `}`)(r); a.status != 201 {
				r.t.Errorf("first: %d %s", a.status, a.body)
			}
			if a := post(`{"kind":"payment",` + amount + `}`)(r); a.status != 200 {
				r.t.Errorf("again: %d %s", a.status, a.body)
			}
			return post(`{"kind":"payment","amount":{"amount":101,"currency":"EUR"}}`)(r)
		}, status: 409, code: account.CodeDuplicate},
		{name: "reversing a reversal", do: func(r *rig) answer {
			post(`{"kind":"payment",` + amount + `}`)(r)
			if a := post(`{"kind":"reversal","of":1,"reason":"x"}`)(r); a.status != 201 {
				r.t.Errorf("first: %d %s", a.status, a.body)
			}
			return post(`{"kind":"reversal","of":2,"reason":"x"}`)(r)
		}, status: 422, code: account.CodePosting},
		statement("?from=2026-09-02&to=2026-09-01", "?to", domain.CodeRequest), statement("?from=2024-01-01&to=2026-01-01", "?to", domain.CodeRequest),
		statement("?from=today", "?from", domain.CodeRequest), statement("?currency=euro", "?currency", domain.CodeRequest),
		statement("?cursor=-1", "?cursor", CodeRequestCursor), statement("?limit=0", "?limit", domain.CodeRequest), statement(".csv?to=x", "?to", domain.CodeRequest),
		{name: "statement of nowhere", do: get("money", "/v1/admin/account/nowhere/statement"), status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "account of nowhere", do: get("money", "/v1/admin/account/nowhere"), status: 404, code: catalog.CodeInstitutionUnknown},
	}
}
