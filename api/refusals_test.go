package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/freshness"
	"guichet/domain/quota"
	"guichet/domain/reconcile"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

// orderBody is a good order of two seats, with some text replaced.
func orderBody(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(
		`{"institution":"play","reference":"WEB-1","items":[{"performance":"play-201","seat_category":"play-1001","tariff":"play-601","quantity":2}],"buyer":{"email":"ada@example.org","first_name":"Ada","last_name":"Muster","language":"fr"}}`)
}

// post orders with a key of the test's own.
func (r *rig) post(body string, more ...sent) answer {
	r.t.Helper()
	return r.do("web", http.MethodPost, "/v1/orders", body, append([]sent{header("Idempotency-Key", "k-"+r.t.Name())}, more...)...)
}

// held is an order that holds two seats.
func (r *rig) held(more ...sent) orderDTO {
	r.t.Helper()
	a := r.post(orderBody(), more...)
	if a.status != http.StatusCreated {
		r.t.Fatalf("hold: %d %s", a.status, a.body)
	}
	return decode[orderDTO](r.t, a)
}

func decode[T any](tb testing.TB, a answer) T {
	tb.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		tb.Fatalf("%v: %s", err, a.body)
	}
	return v
}

// platformSays makes the next holds fail.
func platformSays(kind domain.Kind, code string) func(*rig) answer {
	return func(r *rig) answer {
		r.platform.onHold = func(sales.Order, sales.Hold) (sales.Hold, error) {
			return sales.Hold{}, domain.Errorf(kind, code, "as the platform said")
		}
		return r.post(orderBody())
	}
}

func get(key, target string) func(*rig) answer {
	return func(r *rig) answer { return r.do(key, http.MethodGet, target, "") }
}

func order(body string) func(*rig) answer { return func(r *rig) answer { return r.post(body) } }

type refusal struct {
	name    string
	do      func(*rig) answer
	status  int
	code    string
	pointer string // of a field, where one is expected
	field   string // its code
	retry   bool   // Retry-After is expected
}

func refusals() []refusal {
	return slices.Concat(keyRefusals(), requestRefusals(), catalogRefusals(), orderRefusals(), laterRefusals(), cancelRefusals(), basketRefusals(), amendRefusals(), seatRefusals(), exchangeRefusals(), adminRefusals(), accountRefusals(), reconcileRefusals(), imageRefusals(), linkRefusals(), mailRefusals(), walletRefusals(), exportRefusals())
}

func keyRefusals() []refusal {
	return []refusal{
		{name: "no key", do: get("", "/v1/products"), status: 401, code: storefront.CodeKeyAbsent},
		{name: "other scheme", do: func(r *rig) answer { return r.do("", "GET", "/v1/products", "", header("Authorization", "Basic eA==")) }, status: 401, code: storefront.CodeKeyUnknown},
		{name: "nonsense key", do: func(r *rig) answer {
			return r.do("", "GET", "/v1/products", "", header("Authorization", "Bearer gk_a_b_c"))
		}, status: 401, code: storefront.CodeKeyUnknown},
		{name: "wrong secret", do: func(r *rig) answer {
			r.tokens["web"] += "0"
			return r.do("web", "GET", "/v1/products", "")
		}, status: 401, code: storefront.CodeKeyUnknown},
		{name: "revoked key", do: func(r *rig) answer {
			k := r.key("gone", storefront.NewKey{Storefront: "gone", Scopes: []storefront.Scope{storefront.ScopeCatalog}})
			r.do("ops", "DELETE", "/v1/admin/keys/"+k.ID, "")
			return r.do("gone", "GET", "/v1/products", "")
		}, status: 401, code: storefront.CodeKeyRevoked},
		{name: "expired key", do: func(r *rig) answer {
			r.key("old", storefront.NewKey{Storefront: "old", Scopes: []storefront.Scope{storefront.ScopeCatalog}, ExpiresAt: noon.Add(time.Hour)})
			r.now.advance(time.Hour)
			return r.do("old", "GET", "/v1/products", "")
		}, status: 401, code: storefront.CodeKeyExpired},
		{name: "other scope", do: get("money", "/v1/products"), status: 403, code: storefront.CodeKeyScope},
		{name: "pdf without deliver", do: func(r *rig) answer {
			return r.do("seller", "GET", "/v1/tickets/tkt_1.pdf", "")
		}, status: 403, code: storefront.CodeKeyScope},
		{name: "foreign institution", do: get("bound", "/v1/institutions/play"), status: 403, code: storefront.CodeKeyInstitution},
		{name: "foreign institution in a filter", do: get("bound", "/v1/products?institution=arena,play"), status: 403, code: storefront.CodeKeyInstitution},
		{name: "foreign product", do: get("bound", "/v1/products/"+hamlet), status: 403, code: storefront.CodeKeyInstitution},
		{name: "foreign performance", do: get("bound", "/v1/performances/"+hamletFirst), status: 403, code: storefront.CodeKeyInstitution},
		{name: "foreign performance's availability", do: get("bound", "/v1/availability?performances="+hamletFirst), status: 403, code: storefront.CodeKeyInstitution},
		{name: "foreign institution's orders", do: get("bound", "/v1/orders?institution=play"), status: 403, code: storefront.CodeKeyInstitution},
		{name: "order at a foreign institution", do: func(r *rig) answer {
			return r.do("bound", "POST", "/v1/orders", orderBody(), header("Idempotency-Key", "k"))
		}, status: 403, code: storefront.CodeKeyInstitution},
	}
}

func requestRefusals() []refusal {
	bad := func(target, pointer string) refusal {
		return refusal{name: target, do: get("ops", target), status: 422, code: domain.CodeRequest, pointer: pointer, field: domain.CodeRequest}
	}
	coded := func(value string, status int, code string) refusal {
		return refusal{
			name: "Accept-Encoding: " + value, status: status, code: code, pointer: "?Accept-Encoding", field: code,
			do: func(r *rig) answer {
				return r.do("web", "GET", "/v1/products/"+hamlet, "", header("Accept-Encoding", value))
			},
		}
	}
	coding := func(value string) refusal { return coded(value, 422, domain.CodeRequest) }
	unwanted := func(value string) refusal { return coded(value, 406, CodeRequestNotAcceptable) }
	return []refusal{
		bad("/v1/products?limit=0", "?limit"), bad("/v1/products?limit=201", "?limit"), bad("/v1/products?limit=ten", "?limit"), bad("/v1/products?limit=", "?limit"),
		bad("/v1/products?from=2026-02-30", "?from"), bad("/v1/products?from=01.10.2026", "?from"), bad("/v1/products?from=2026-10-02&to=2026-10-01", "?to"),
		bad("/v1/products?kind=opera", "?kind"), bad("/v1/products?available=maybe", "?available"), bad("/v1/products?price_max=-1", "?price_max"),
		bad("/v1/products?sort=random", "?sort"), bad("/v1/products?facets=all", "?facets"), bad("/v1/products?lang=not_a_tag", "?lang"),
		bad("/v1/products?q="+strings.Repeat("x", 201), "?q"), bad("/v1/products?q=a&q=b", "?q"), bad("/v1/products/play-103?date=tomorrow", "?date"),
		bad("/v1/products?q=%zz", "?"), bad("/v1/products?q="+strings.Repeat("a%20", 17), "?q"), bad("/v1/products?season="+strings.Repeat("x", 201), "?season"),
		bad("/v1/performances?numbered=maybe", "?numbered"), bad("/v1/performances?numbered=", "?numbered"), bad("/v1/performances?on_sale=1", "?on_sale"),
		bad("/v1/orders?limit=0", "?limit"), bad("/v1/orders?limit=201", "?limit"), bad("/v1/orders?from=yesterday", "?from"), bad("/v1/orders?to=2026-13-01", "?to"),
		bad("/v1/orders?state=lost", "?state"), bad("/v1/orders?cursor=bad!", "?cursor"), bad("/v1/admin/quota?from=x", "?from"), bad("/v1/admin/quota/usage?unit=week", "?unit"),
		bad("/v1/admin/quota/usage?by=colour", "?by"), bad("/v1/admin/quota/usage?unit=minute&from=2026-08-20&to=2026-08-22", "?from"), bad("/v1/admin/quota/usage?to=x", "?to"),
		bad("/v1/admin/quota/callers?by=nose", "?by"), bad("/v1/admin/quota/callers?limit=0", "?limit"), bad("/v1/admin/quota/callers?from=x", "?from"),
		bad("/v1/admin/quota?from=2026-09-02&to=2026-09-01", "?to"), bad("/v1/tickets/tkt_1.png?dpi=35", "?dpi"), bad("/v1/tickets/tkt_1.png?dpi=601", "?dpi"),
		bad("/v1/tickets/tkt_1.png?dpi=1e2", "?dpi"), bad("/v1/availability?performances="+strings.Repeat("play-1,", 200)+"play-1", "?performances"),
		bad("/v1/products?limit=9999", "?limit"), bad("/v1/products?limit=-1", "?limit"), bad("/v1/performances?limit=9999", "?limit"),
		bad("/v1/performances?limit=99999999999999999999", "?limit"), bad("/v1/performances?from=2026-10-01T00:00:00Z", "?from"),
		bad("/v1/performances?to=0000-00-00", "?to"), bad("/v1/performances?q="+strings.Repeat("%C3%A9", 101), "?q"),
		bad("/v1/performances?town="+strings.Repeat("x", 201), "?town"), bad("/v1/performances?price_max=99999999999999999999", "?price_max"),
		coding("gzip;q=2"), coding("gzip;q=0.0001"), coding("gzip;q=abc"), coding("gzip;level=9"), coding("gzip br"), coding(";q=1"), coding("gzip;q="),
		coding("gzip;;q=1"), coding("br\u00e9"), coding(strings.Repeat("gzip,", 300)),
		unwanted("identity;q=0"), unwanted("*;q=0"), unwanted("deflate, *;q=0"), unwanted("br;q=0, zstd;q=0, gzip;q=0, identity;q=0"),
		{name: "cursor far too long", do: get("web", "/v1/products?cursor="+strings.Repeat("A", 3000)), status: 422, code: domain.CodeRequest, pointer: "?cursor", field: CodeRequestCursor},
		{name: "cursor garbage", do: get("web", "/v1/products?cursor=!!!"), status: 422, code: domain.CodeRequest, pointer: "?cursor", field: CodeRequestCursor},
		{name: "cursor of nothing", do: get("web", "/v1/products?cursor=e30"), status: 422, code: domain.CodeRequest, pointer: "?cursor", field: CodeRequestCursor},
		{name: "cursor of another order", do: func(r *rig) answer {
			next := decode[productPageDTO](r.t, r.do("web", "GET", "/v1/products?limit=1", "")).Next
			return r.do("web", "GET", "/v1/products?limit=1&sort=name&cursor="+*next, "")
		}, status: 422, code: domain.CodeRequest, pointer: "?cursor", field: CodeRequestCursor},
		{name: "unknown parameter", do: get("web", "/v1/products?form=2026-10-01"), status: 422, code: domain.CodeRequest, pointer: "?form", field: CodeRequestUnknownMember},
		{name: "unknown parameter of orders", do: get("web", "/v1/orders?sate=held"), status: 422, code: domain.CodeRequest, pointer: "?sate", field: CodeRequestUnknownMember},
		{name: "dpi of a pdf", do: get("web", "/v1/tickets/tkt_1.pdf?dpi=100"), status: 422, code: domain.CodeRequest, pointer: "?dpi", field: CodeRequestUnknownMember},
		{name: "no performances", do: get("web", "/v1/availability"), status: 422, code: domain.CodeRequest, pointer: "?performances", field: CodeRequestRequired},
		{name: "malformed body", do: order(`{"institution":`), status: 400, code: CodeRequestMalformed},
		{name: "body of two values", do: order(orderBody() + `{}`), status: 400, code: CodeRequestMalformed},
		{name: "body that nests too deeply", do: order(strings.Repeat(`[`, 50) + strings.Repeat(`]`, 50)), status: 400, code: CodeRequestMalformed},
		{name: "body in another coding", do: order("{\"reference\":\"\xff\"}"), status: 400, code: CodeRequestMalformed},
		{name: "no body", do: order(""), status: 400, code: CodeRequestMalformed},
		{name: "body too large", do: order(`{"reference":"` + strings.Repeat("x", 1<<20) + `"}`), status: 413, code: CodeRequestTooLarge},
		{name: "body too large, length not said", do: func(r *rig) answer {
			return r.post(`{"reference":"`+strings.Repeat("x", 1<<20)+`"}`, func(q *http.Request) { q.ContentLength = -1 })
		}, status: 413, code: CodeRequestTooLarge},
		{name: "body that is not JSON", do: func(r *rig) answer { return r.post("a=b", header("Content-Type", "application/x-www-form-urlencoded")) }, status: 415, code: CodeRequestMediaType},
		{name: "unknown member", do: order(orderBody(`"quantity":2`, `"quantity":2,"color":"red"`)), status: 422, code: domain.CodeRequest, pointer: "/items/0/color", field: CodeRequestUnknownMember},
		{name: "member in another spelling", do: order(orderBody(`"quantity"`, `"Quantity"`)), status: 422, code: domain.CodeRequest, pointer: "/items/0/Quantity", field: CodeRequestUnknownMember},
		{name: "member twice", do: order(orderBody(`"quantity":2`, `"quantity":2,"quantity":1`)), status: 422, code: domain.CodeRequest, pointer: "/items/0/quantity", field: CodeRequestUnknownMember},
		{name: "member missing", do: order(orderBody(`"tariff":"play-601",`, ``)), status: 422, code: domain.CodeRequest, pointer: "/items/0/tariff", field: CodeRequestRequired},
		{name: "member of another type", do: order(orderBody(`"quantity":2`, `"quantity":"2"`)), status: 422, code: domain.CodeRequest, pointer: "/items/0/quantity", field: domain.CodeRequest},
		{name: "number with an exponent", do: order(orderBody(`:2}`, `:1e1}`)), status: 422, code: domain.CodeRequest, pointer: "/items/0/quantity", field: domain.CodeRequest},
		{name: "number beyond every other", do: order(orderBody(`:2}`, `:1e999}`)), status: 422, code: domain.CodeRequest, pointer: "/items/0/quantity", field: domain.CodeRequest},
		{name: "number beyond 64 bits", do: order(orderBody(`:2}`, `:9223372036854775808}`)), status: 422, code: domain.CodeRequest, pointer: "/items/0/quantity", field: domain.CodeRequest},
		{name: "time in another spelling", do: func(r *rig) answer {
			return r.do("ops", "POST", "/v1/admin/keys", `{"storefront":"shop","scopes":["sell"],"expires_at":"2027-01-01t00:00:00z"}`)
		}, status: 422, code: domain.CodeRequest},
		{name: "null list", do: order(`{"institution":"play","items":null}`), status: 422, code: domain.CodeRequest, pointer: "/items", field: domain.CodeRequest},
		{name: "members where none are taken", do: func(r *rig) answer { return r.do("web", "POST", "/v1/orders/ord_1/release", `{"why":"x"}`) }, status: 422, code: domain.CodeRequest, pointer: "/why", field: CodeRequestUnknownMember},
		{name: "list where none is taken", do: func(r *rig) answer { return r.do("web", "POST", "/v1/orders/ord_1/extend", `[1]`) }, status: 422, code: domain.CodeRequest},
		{name: "unknown address", do: get("web", "/v2/products"), status: 404, code: CodeRouteUnknown},
		{name: "unknown form of a ticket", do: func(r *rig) answer { return r.do("web", "GET", "/v1/tickets/"+r.issued().Tickets[0].ID+".gif", "") }, status: 404, code: CodeRouteUnknown},
		{name: "other method", do: func(r *rig) answer { return r.do("web", "PUT", "/v1/orders", "") }, status: 405, code: CodeRouteMethod},
		{name: "unknown error code", do: get("", "/problems/no.such"), status: 404, code: CodeProblemUnknown},
	}
}

func catalogRefusals() []refusal {
	return []refusal{
		{name: "unknown institution", do: get("web", "/v1/institutions/nowhere"), status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "unknown institution in a filter", do: get("web", "/v1/products?institution=nowhere"), status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "unknown product", do: get("web", "/v1/products/play-999"), status: 404, code: catalog.CodeProductUnknown},
		{name: "product without an institution", do: get("web", "/v1/products/999"), status: 404, code: catalog.CodeProductUnknown},
		{name: "product with a sign", do: get("web", "/v1/products/play--101"), status: 404, code: catalog.CodeProductUnknown},
		{name: "product with a leading zero", do: get("web", "/v1/products/play-0101"), status: 404, code: catalog.CodeProductUnknown},
		{name: "performances of an unknown product", do: get("web", "/v1/products/play-999/performances"), status: 404, code: catalog.CodeProductUnknown},
		{name: "performances filtered by an unknown product", do: get("web", "/v1/performances?product=play-999"), status: 404, code: catalog.CodeProductUnknown},
		{name: "unknown performance", do: get("web", "/v1/performances/play-999"), status: 404, code: catalog.CodePerformanceUnknown},
		{name: "performance of an unknown institution", do: get("web", "/v1/performances/nowhere-201"), status: 404, code: catalog.CodePerformanceUnknown},
		{name: "product as performance", do: get("web", "/v1/performances/"+hamlet), status: 404, code: catalog.CodePerformanceUnknown},
		{name: "changes: cursor of nobody", do: get("web", "/v1/changes?since=abc"), status: 422, code: domain.CodeRequest, pointer: "?since", field: CodeRequestCursor},
		{name: "changes: empty cursor", do: get("web", "/v1/changes?since="), status: 422, code: domain.CodeRequest, pointer: "?since", field: CodeRequestCursor},
		{name: "changes: cursor of another kind", do: get("web", "/v1/changes?since="+(&track{Marks: map[domain.InstitutionCode][]int64{"play": {1, 2}}}).cursor()), status: 422, code: domain.CodeRequest, pointer: "?since", field: CodeRequestCursor},
		{name: "changes: limit 0", do: get("web", "/v1/changes?limit=0"), status: 422, code: domain.CodeRequest, pointer: "?limit", field: domain.CodeRequest},
		{name: "changes: limit 9999", do: get("web", "/v1/changes?limit=9999"), status: 422, code: domain.CodeRequest, pointer: "?limit", field: domain.CodeRequest},
		{name: "changes: unknown parameter", do: get("web", "/v1/changes?cursor=a"), status: 422, code: domain.CodeRequest, pointer: "?cursor", field: CodeRequestUnknownMember},
		{name: "changes: unknown institution", do: get("web", "/v1/changes?institution=play,nowhere"), status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "changes: another's institution", do: get("bound", "/v1/changes?institution=play"), status: 403, code: storefront.CodeKeyInstitution},
		{name: "changes: older than what is kept", do: func(r *rig) answer {
			since := decode[changesDTO](r.t, r.do("web", "GET", "/v1/changes", "")).Next
			r.rename("Othello")
			st := r.store.states["play"]
			st.ChangesForgotten = st.AvailabilitySeq
			r.store.states["play"] = st
			return r.do("web", "GET", "/v1/changes?since="+since, "")
		}, status: 410, code: catalog.CodeChangesExpired},
		{name: "changes: of a database that was set back", do: func(r *rig) answer {
			t := &track{Marks: map[domain.InstitutionCode][]int64{"play": {900}}}
			return r.do("web", "GET", "/v1/changes?since="+t.cursor(), "")
		}, status: 410, code: catalog.CodeChangesExpired},
		{name: "nothing loaded", do: func(r *rig) answer { return bareRig(r.t).do("web", "GET", "/v1/performances/play-201", "") }, status: 503, code: catalog.CodeCatalogUnknown, retry: true},
		{name: "nothing loaded, list", do: func(r *rig) answer { return bareRig(r.t).do("web", "GET", "/v1/products", "") }, status: 503, code: catalog.CodeCatalogUnknown, retry: true},
	}
}

func orderRefusals() []refusal {
	field := func(name, body, pointer, code string) refusal {
		return refusal{name: name, do: order(body), status: 422, code: domain.CodeRequest, pointer: pointer, field: code}
	}
	item := `"performance":"play-201","seat_category":"play-1001","tariff":"play-601","quantity":2`
	platform := func(kind domain.Kind, status int, code string, retry bool) refusal {
		return refusal{name: "platform: " + code, do: platformSays(kind, code), status: status, code: code, retry: retry}
	}
	return []refusal{
		field("quantity 0", orderBody(`:2}`, `:0}`), "/items/0/quantity", sales.CodeQuantity),
		field("quantity below 0", orderBody(`:2}`, `:-1}`), "/items/0/quantity", sales.CodeQuantity),
		field("quantity over what is sold", orderBody(`:2}`, `:9}`), "/items/0/quantity", sales.CodeQuantity),
		field("quantity over every order's", orderBody(`:2}`, `:101}`), "/items/0/quantity", sales.CodeQuantity),
		field("no items", `{"institution":"play","items":[]}`, "/items", domain.CodeRequest),
		field("the same thing twice", orderBody(`}]`, `},{`+item+`}]`), "/items/1", sales.CodeItems),
		field("neither performance nor item", orderBody(`"performance":"play-201",`, ``), "/items/0", sales.CodeItems),
		field("performance and item", orderBody(`"performance"`, `"item":"play-61001","performance"`), "/items/0", sales.CodeItems),
		field("unknown institution in an order", orderBody(`"institution":"play"`, `"institution":"nowhere"`), "/institution", catalog.CodeInstitutionUnknown),
		field("unknown performance in an order", orderBody(`play-201`, `play-999`), "/items/0/performance", catalog.CodePerformanceUnknown),
		field("another institution's performance", orderBody(`play-201`, `arena-401`), "/items/0/performance", catalog.CodePerformanceUnknown),
		field("nonsense performance", orderBody(`play-201`, `x`), "/items/0/performance", catalog.CodePerformanceUnknown),
		field("unknown item", orderBody(item, `"item":"play-9","tariff":"play-601","quantity":1`), "/items/0/item", catalog.CodeItemUnknown),
		field("no seat category", orderBody(`"seat_category":"play-1001",`, ``), "/items/0/seat_category", catalog.CodeSeatCategory),
		field("unknown seat category", orderBody(`play-1001`, `play-1003`), "/items/0/seat_category", catalog.CodeSeatCategory),
		field("unknown tariff", orderBody(`play-601`, `play-699`), "/items/0/tariff", catalog.CodeTariff),
		field("tariff without a price here", orderBody(`play-1001`, `play-1002`, `play-601`, `play-602`), "/items/0/tariff", catalog.CodeTariff),
		field("tariff that needs another", orderBody(`play-601`, `play-602`), "/items/0/tariff", sales.CodeTariffRequires),
		field("no date of visit", orderBody(item, `"item":"play-61001","tariff":"play-601","quantity":1`), "/items/0/date", catalog.CodeTimeslot),
		field("date over", orderBody(item, `"item":"play-61001","tariff":"play-601","quantity":1,"date":"2026-08-31","timeslot":"play-77"`), "/items/0/date", catalog.CodeTimeslot),
		field("date that is none", orderBody(item, `"item":"play-61001","tariff":"play-601","quantity":1,"date":"2026-02-30","timeslot":"play-77"`), "/items/0/date", catalog.CodeTimeslot),
		field("no timeslot", orderBody(item, `"item":"play-61001","tariff":"play-601","quantity":1,"date":"2026-10-04"`), "/items/0/timeslot", catalog.CodeTimeslot),
		field("other e-mail", orderBody(`ada@example.org`, `ada`), "/buyer/email", sales.CodeContact),
		field("control character", orderBody(`WEB-1`, `WEB\n1`), "/reference", domain.CodeRequest),
		field("reference too long", orderBody(`WEB-1`, strings.Repeat("x", 201)), "/reference", domain.CodeRequest),
		{name: "mixed currencies", do: order(orderBody(`"buyer"`, `"expected_total":{"amount":8400,"currency":"USD"},"buyer"`)), status: 422, code: sales.CodeCurrency, pointer: "/expected_total/currency", field: sales.CodeCurrency},
		field("currency that is none", orderBody(`"buyer"`, `"expected_total":{"amount":8400,"currency":"eur"},"buyer"`), "/expected_total/currency", domain.CodeRequest),
		field("negative expectation", orderBody(`"buyer"`, `"expected_total":{"amount":-1,"currency":"EUR"},"buyer"`), "/expected_total", sales.CodeCurrency),
		{name: "no Idempotency-Key", do: func(r *rig) answer { return r.do("web", "POST", "/v1/orders", orderBody()) }, status: 400, code: sales.CodeKeyMissing},
		{name: "odd Idempotency-Key", do: func(r *rig) answer {
			return r.do("web", "POST", "/v1/orders", orderBody(), header("Idempotency-Key", strings.Repeat("k", 256)))
		}, status: 422, code: domain.CodeRequest},
		{name: "key used for another order", do: func(r *rig) answer { r.held(); return r.post(orderBody(`:2}`, `:1}`)) }, status: 422, code: sales.CodeKeyReused},
		{name: "first request still running", do: func(r *rig) answer {
			var second answer
			r.platform.onHold = func(o sales.Order, h sales.Hold) (sales.Hold, error) {
				second = r.post(orderBody())
				return h, nil
			}
			r.held()
			return second
		}, status: 409, code: sales.CodeKeyInProgress, retry: true},
		{name: "performance over", do: order(orderBody(`play-201`, `play-203`)), status: 410, code: catalog.CodePerformanceOver, pointer: "/items/0/performance", field: catalog.CodePerformanceOver},
		{name: "sale not begun", do: order(orderBody(`play-201`, `play-202`)), status: 409, code: catalog.CodeNotOnSale, pointer: "/items/0", field: catalog.CodeNotOnSale},
		{name: "order before the catalog", do: func(r *rig) answer {
			return bareRig(r.t).do("web", "POST", "/v1/orders", orderBody(), header("Idempotency-Key", "k"))
		}, status: 503, code: catalog.CodeCatalogUnknown, retry: true},
		{name: "price of a fraction", do: func(r *rig) answer {
			r.platform.onHold = func(_ sales.Order, h sales.Hold) (sales.Hold, error) {
				h.Defect = &sales.Refusal{Kind: domain.Upstream, Code: sales.CodePriceFraction, Detail: "no whole cent"}
				return h, nil
			}
			return r.post(orderBody())
		}, status: 502, code: sales.CodePriceFraction},
		platform(domain.Conflict, 409, sales.CodeAvailability, false), platform(domain.Invalid, 422, sales.CodeContact, false),
		platform(domain.Limited, 429, quota.CodeRate, true), platform(domain.Limited, 429, quota.CodeMonth, true), platform(domain.Limited, 429, quota.CodeDay, true), platform(domain.Limited, 429, quota.CodePause, true),
		platform(domain.Unavailable, 503, domain.CodePlatformUnreachable, true), platform(domain.Upstream, 502, domain.CodePlatformAnswer, false),
		platform(domain.Unavailable, 503, domain.CodePlatformAuth, true), platform(domain.Limited, 429, domain.CodePlatformLimited, true),
		platform(domain.Conflict, 409, domain.CodePlatformRefused, false), platform(domain.Unavailable, 503, domain.CodePlatformInProgress, true),
		platform(domain.Unavailable, 503, domain.CodePlatformConfig, true),
		{name: "database away", do: func(r *rig) answer {
			r.orders.fail = domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "").Because(errBoom)
			return r.post(orderBody())
		}, status: 503, code: domain.CodeStoreUnavailable, retry: true},
		{name: "anything else", do: func(r *rig) answer { r.orders.fail = errBoom; return r.post(orderBody()) }, status: 500, code: domain.CodeInternal},
	}
}

// issued is an order that is sold.
func (r *rig) issued() orderDTO {
	r.t.Helper()
	o := r.held()
	a := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/close", "")
	if a.status != http.StatusOK {
		r.t.Fatalf("close: %d %s", a.status, a.body)
	}
	return decode[orderDTO](r.t, a)
}

func laterRefusals() []refusal {
	call := func(verb, body string) func(*rig) answer {
		return func(r *rig) answer { return r.do("web", "POST", "/v1/orders/"+r.held().ID+verb, body) }
	}
	return []refusal{
		{name: "freshness of what is not planned for", do: get("ops", "/v1/admin/freshness/play-201"), status: 404, code: freshness.CodeUnplanned},
		{name: "freshness of nothing", do: get("ops", "/v1/admin/freshness/play-999999999"), status: 404, code: catalog.CodePerformanceUnknown},
		{name: "freshness of no id", do: get("ops", "/v1/admin/freshness/tonight"), status: 404, code: catalog.CodePerformanceUnknown},
		{name: "freshness of nowhere", do: get("ops", "/v1/admin/freshness?institution=nowhere"), status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "freshness without an institution", do: get("ops", "/v1/admin/freshness"), status: 422, code: domain.CodeRequest, pointer: "?institution", field: CodeRequestRequired},
		{name: "freshness in no order", do: get("ops", "/v1/admin/freshness?institution=play&sort=age"), status: 422, code: domain.CodeRequest, pointer: "?sort", field: domain.CodeRequest},
		{name: "freshness of too many", do: get("ops", "/v1/admin/freshness?institution=play&limit=201"), status: 422, code: domain.CodeRequest, pointer: "?limit", field: domain.CodeRequest},
		{name: "freshness for a shop", do: get("web", "/v1/admin/freshness?institution=play"), status: 403, code: storefront.CodeKeyScope},
		{name: "unknown order", do: get("web", "/v1/orders/ord_nothing"), status: 404, code: sales.CodeUnknown},
		{name: "another storefront's order", do: func(r *rig) answer { return r.do("other", "GET", "/v1/orders/"+r.held().ID, "") }, status: 404, code: sales.CodeUnknown},
		{name: "closing another storefront's order", do: func(r *rig) answer { return r.do("other", "POST", "/v1/orders/"+r.held().ID+"/close", "") }, status: 404, code: sales.CodeUnknown},
		{name: "releasing what is sold", do: func(r *rig) answer { return r.do("web", "POST", "/v1/orders/"+r.issued().ID+"/release", "") }, status: 409, code: sales.CodeStatus},
		{name: "hold expired", do: func(r *rig) answer {
			o := r.held()
			r.now.advance(11 * time.Minute)
			return r.do("web", "POST", "/v1/orders/"+o.ID+"/close", "")
		}, status: 410, code: sales.CodeHoldExpired},
		{name: "extending too far", do: func(r *rig) answer {
			o := r.held()
			for range 2 {
				r.now.advance(5 * time.Minute)
				r.do("web", "POST", "/v1/orders/"+o.ID+"/extend", "")
			}
			return r.do("web", "POST", "/v1/orders/"+o.ID+"/extend", "")
		}, status: 409, code: sales.CodeHoldLimit},
		{name: "pending account refuses", do: func(r *rig) answer {
			r.platform.onClose = func(sales.Order, sales.Outcome) (sales.Outcome, error) {
				return sales.Outcome{}, domain.Errorf(domain.Conflict, sales.CodePayment, "the pending account is closed")
			}
			return call("/close", "")(r)
		}, status: 409, code: sales.CodePayment},
		{name: "unknown place", do: call("/close", `{"holders":[{"place":"plc_x","name":"Ada"}]}`), status: 422, code: domain.CodeRequest, pointer: "/holders/0/place", field: sales.CodeHolders},
		{name: "order in review", do: func(r *rig) answer {
			o := r.held()
			if _, err := r.orders.UpdateOrder(r.t.Context(), sales.OrderID(o.ID), func(o *sales.Order) error { o.Status = sales.Review; return nil }); err != nil {
				r.t.Fatal(err)
			}
			return r.do("web", "POST", "/v1/orders/"+o.ID+"/close", "")
		}, status: 409, code: sales.CodeReview},
		{name: "key of a close used for a release", do: func(r *rig) answer {
			o := r.held()
			r.do("web", "POST", "/v1/orders/"+o.ID+"/extend", "", header("Idempotency-Key", "later"))
			return r.do("web", "POST", "/v1/orders/"+o.ID+"/release", "", header("Idempotency-Key", "later"))
		}, status: 422, code: sales.CodeKeyReused},
		{name: "unknown ticket", do: get("web", "/v1/tickets/tkt_nothing"), status: 404, code: sales.CodeTicketUnknown},
		{name: "unknown ticket's pdf", do: get("web", "/v1/tickets/tkt_nothing.pdf"), status: 404, code: sales.CodeTicketUnknown},
		{name: "another storefront's ticket", do: func(r *rig) answer { return r.do("other", "GET", "/v1/tickets/"+r.issued().Tickets[0].ID, "") }, status: 404, code: sales.CodeTicketUnknown},
		{name: "tickets of a hold", do: func(r *rig) answer { return r.do("web", "GET", "/v1/orders/"+r.held().ID+"/tickets.pdf", "") }, status: 409, code: sales.CodeTicketNotIssued},
		{name: "barcode that cannot be drawn", do: func(r *rig) answer {
			r.renderer.fail = domain.Errorf(domain.Conflict, delivery.CodeBarcode, "not for Code 128")
			return r.do("web", "GET", "/v1/orders/"+r.issued().ID+"/tickets.pdf", "")
		}, status: 409, code: delivery.CodeBarcode},
		{name: "barcode in an unknown symbology", do: func(r *rig) answer {
			return r.do("web", "GET", "/v1/tickets/"+r.issued().Tickets[0].ID+"/barcode.svg?symbology=ean13", "")
		}, status: 422, code: domain.CodeRequest, pointer: "?symbology", field: domain.CodeRequest},
		{name: "barcode in a resolution too fine", do: func(r *rig) answer {
			return r.do("web", "GET", "/v1/tickets/"+r.issued().Tickets[0].ID+"/barcode.png?dpi=1200", "")
		}, status: 422, code: domain.CodeRequest, pointer: "?dpi", field: domain.CodeRequest},
		{name: "barcode of an unknown ticket", do: get("web", "/v1/tickets/tkt_nothing/barcode.png"), status: 404, code: sales.CodeTicketUnknown},
		{name: "thermal page in a printer's odd resolution", do: func(r *rig) answer {
			return r.do("web", "GET", "/v1/tickets/"+r.issued().Tickets[0].ID+".zpl?dpi=250", "")
		}, status: 422, code: domain.CodeRequest, pointer: "?dpi", field: domain.CodeRequest},
		{name: "thermal page by an unknown layout", do: func(r *rig) answer {
			return r.do("web", "GET", "/v1/tickets/"+r.issued().Tickets[0].ID+".fgl?layout=poster", "")
		}, status: 422, code: delivery.CodeLayoutUnknown, pointer: "?layout", field: delivery.CodeLayoutUnknown},
		{name: "order by an unknown layout", do: func(r *rig) answer {
			return r.do("web", "GET", "/v1/orders/"+r.issued().ID+"/tickets.pdf?layout=poster", "")
		}, status: 422, code: delivery.CodeLayoutUnknown, pointer: "?layout", field: delivery.CodeLayoutUnknown},
		{name: "order of several pages as a picture", do: func(r *rig) answer {
			return r.do("web", "GET", "/v1/orders/"+r.issued().ID+"/tickets.png", "")
		}, status: 409, code: delivery.CodeLayoutPages},
		{name: "order of several pages as a drawing", do: func(r *rig) answer {
			return r.do("web", "GET", "/v1/orders/"+r.issued().ID+"/tickets.svg", "")
		}, status: 409, code: delivery.CodeLayoutPages},
		{name: "resolution of a drawing", do: get("web", "/v1/tickets/tkt_1.svg?dpi=100"), status: 422, code: domain.CodeRequest, pointer: "?dpi", field: CodeRequestUnknownMember},
		{name: "order for a printer of odd dots", do: get("web", "/v1/orders/ord_1/tickets.zpl?dpi=204"), status: 422, code: domain.CodeRequest, pointer: "?dpi", field: domain.CodeRequest},
		{name: "layouts for a seller", do: get("seller", "/v1/layouts"), status: 403, code: storefront.CodeKeyScope},
		{name: "folder of layouts that is wrong", do: func(r *rig) answer {
			r.renderer.folder = domain.Errorf(domain.Conflict, delivery.CodeLayoutRefused, "refused").WithField("venue.json:12", delivery.CodeLayoutRefused, "it overlaps")
			return r.do("ops", "POST", "/v1/admin/layouts/reload", "")
		}, status: 409, code: delivery.CodeLayoutRefused, pointer: "venue.json:12", field: delivery.CodeLayoutRefused},
		{name: "preview of an unknown layout", do: get("ops", "/v1/admin/layouts/poster/preview.png"), status: 422, code: delivery.CodeLayoutUnknown},
		{name: "preview of an unknown thing", do: get("ops", "/v1/admin/layouts/standard/preview.png?item=play-999"), status: 404, code: catalog.CodePerformanceUnknown},
		{name: "preview of no id", do: get("ops", "/v1/admin/layouts/standard/preview.png?item=hamlet"), status: 422, code: domain.CodeRequest, pointer: "?item", field: domain.CodeRequest},
		{name: "preview of an odd kind", do: get("ops", "/v1/admin/layouts/standard/preview.png?kind=play"), status: 422, code: domain.CodeRequest, pointer: "?kind", field: domain.CodeRequest},
		{name: "preview too fine", do: get("ops", "/v1/admin/layouts/standard/preview.png?dpi=9999"), status: 422, code: domain.CodeRequest, pointer: "?dpi", field: domain.CodeRequest},
		{name: "barcode that is not read back", do: func(r *rig) answer {
			r.renderer.fail = domain.Errorf(domain.Unavailable, delivery.CodeUnreadable, "not released")
			return r.do("web", "GET", "/v1/tickets/"+r.issued().Tickets[0].ID+".pdf", "")
		}, status: 503, code: delivery.CodeUnreadable, retry: true},
	}
}

// peak sets a good window, with some text replaced: what stands there comes second.
func peak(replace ...string) func(*rig) answer {
	body := `{"institution":"play","from":"2026-10-20T08:00:00Z","to":"2026-10-20T10:00:00Z","per_minute":120}`
	for i := 0; i+1 < len(replace); i += 2 {
		body = strings.ReplaceAll(body, replace[i+1], replace[i])
	}
	return func(r *rig) answer { return r.do("ops", http.MethodPost, "/v1/admin/quota/peaks", body) }
}

func adminRefusals() []refusal {
	key := func(body string) func(*rig) answer {
		return func(r *rig) answer { return r.do("ops", "POST", "/v1/admin/keys", body) }
	}
	return []refusal{
		{name: "admin: unknown institution", do: get("ops", "/v1/admin/institutions/nowhere"), status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "calls of an unknown order", do: get("money", "/v1/orders/ord_nothing/calls"), status: 404, code: sales.CodeUnknown},
		{name: "orders of no performance", do: get("ops", "/v1/admin/orders?performance=nothing"), status: 422, code: domain.CodeRequest},
		{name: "orders of another institution's performance", do: get("ops", "/v1/admin/orders?institution=play&performance=museum-1"), status: 422, code: domain.CodeRequest},
		{name: "raw answers without admin", do: get("money", "/v1/orders/ord_nothing/calls?raw=true"), status: 403, code: storefront.CodeKeyScope},
		{name: "calls without finance or admin", do: get("web", "/v1/orders/ord_nothing/calls"), status: 403, code: storefront.CodeKeyScope},
		{name: "admin: unknown institution's quota", do: get("ops", "/v1/admin/quota?institution=nowhere"), status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "admin: peaks of an unknown institution", do: get("ops", "/v1/admin/quota/peaks?institution=nowhere"), status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "admin: peak of an unknown institution", do: peak(`"institution":"nowhere"`, `"institution":"play"`), status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "admin: peak of no length", do: peak(`"to":"2026-10-20T08:00:00Z"`, `"to":"2026-10-20T10:00:00Z"`), status: 422, code: quota.CodePeak, pointer: "/to", field: quota.CodePeakEmpty},
		{name: "admin: peak in the past", do: peak(`"from":"2020-10-20T08:00:00Z","to":"2020-10-20T10:00:00Z"`, `"from":"2026-10-20T08:00:00Z","to":"2026-10-20T10:00:00Z"`), status: 422, code: quota.CodePeak, pointer: "/to", field: quota.CodePeakPast},
		{name: "admin: peak above the agreed rate", do: peak(`181`, `120`), status: 422, code: quota.CodePeak, pointer: "/per_minute", field: quota.CodePeakRate},
		{name: "admin: peak that raises nothing", do: peak(`60`, `120`), status: 422, code: quota.CodePeak, pointer: "/per_minute", field: quota.CodePeakRate},
		{name: "admin: peak without a rate", do: peak(`0`, `120`), status: 422, code: domain.CodeRequest, pointer: "/per_minute", field: domain.CodeRequest},
		{name: "admin: peak that overlaps", do: func(r *rig) answer {
			peak()(r)
			return peak(`"from":"2026-10-20T09:59:59Z","to":"2026-10-20T11:00:00Z"`, `"from":"2026-10-20T08:00:00Z","to":"2026-10-20T10:00:00Z"`)(r)
		}, status: 422, code: quota.CodePeak, pointer: "/from", field: quota.CodePeakOverlap},
		{name: "admin: peaks without end", do: func(r *rig) answer {
			for day := range 20 {
				peak(fmt.Sprintf("2027-03-%02dT", day+1), "2026-10-20T")(r)
			}
			return peak()(r)
		}, status: 422, code: quota.CodePeak, pointer: "/from", field: quota.CodePeakCount},
		{name: "admin: removing an unknown peak", do: func(r *rig) answer { return r.do("ops", "DELETE", "/v1/admin/quota/peaks/peak_nothing", "") }, status: 404, code: quota.CodePeakUnknown},
		{name: "admin: history of nowhere", do: get("ops", "/v1/admin/institutions/nowhere/changes"), status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "admin: history of an unknown sort", do: get("ops", "/v1/admin/institutions/play/changes?what=gone,lost"), status: 422, code: domain.CodeRequest, pointer: "?what", field: domain.CodeRequest},
		{name: "admin: history of another's product", do: get("ops", "/v1/admin/institutions/play/changes?product=arena-301"), status: 422, code: domain.CodeRequest, pointer: "?product", field: domain.CodeRequest},
		{name: "admin: history from nonsense", do: get("ops", "/v1/admin/institutions/play/changes?from=yesterday"), status: 422, code: domain.CodeRequest, pointer: "?from", field: domain.CodeRequest},
		{name: "admin: history to nonsense", do: get("ops", "/v1/admin/institutions/play/changes?to=2026-02-30"), status: 422, code: domain.CodeRequest, pointer: "?to", field: domain.CodeRequest},
		{name: "admin: history after nonsense", do: get("ops", "/v1/admin/institutions/play/changes?cursor=MTIuMTI_"), status: 422, code: domain.CodeRequest, pointer: "?cursor", field: CodeRequestCursor},
		{name: "admin: history by none", do: get("ops", "/v1/admin/institutions/play/changes?limit=0"), status: 422, code: domain.CodeRequest, pointer: "?limit", field: domain.CodeRequest},
		{name: "admin: catalog refused", do: func(r *rig) answer {
			r.catalog.snaps["play"] = func() *catalog.Snapshot { s := theatre(); s.Products, s.Performances = nil, nil; return s }
			return r.do("ops", "POST", "/v1/admin/institutions/play/refresh?force=true", "")
		}, status: 502, code: catalog.CodeCatalogRefused},
		{name: "admin: platform away", do: func(r *rig) answer {
			r.catalog.fail = domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "no answer")
			return r.do("ops", "POST", "/v1/admin/institutions/play/refresh", "")
		}, status: 503, code: domain.CodePlatformUnreachable, retry: true},
		{name: "admin: unknown job", do: func(r *rig) answer { return r.do("ops", "POST", "/v1/admin/jobs/nothing/run", "") }, status: 404, code: CodeJobUnknown},
		{name: "admin: unknown order", do: get("ops", "/v1/admin/orders/ord_nothing"), status: 404, code: sales.CodeUnknown},
		{name: "admin: settling an unknown order", do: func(r *rig) answer { return r.do("ops", "POST", "/v1/admin/orders/ord_nothing/settle", "") }, status: 404, code: sales.CodeUnknown},
		{name: "admin: key without a name", do: key(`{"storefront":"The Shop","scopes":["sell"]}`), status: 422, code: storefront.CodeKeyInput, pointer: "/storefront", field: storefront.CodeKeyInput},
		{name: "admin: key for nowhere", do: key(`{"storefront":"shop","scopes":["sell"],"institutions":["nowhere"]}`), status: 422, code: storefront.CodeKeyInput, pointer: "/institutions", field: storefront.CodeKeyInput},
		{name: "admin: key for no institution", do: key(`{"storefront":"shop","scopes":["sell"],"institutions":[]}`), status: 422, code: domain.CodeRequest, pointer: "/institutions", field: domain.CodeRequest},
		{name: "admin: key with another scope", do: key(`{"storefront":"shop","scopes":["everything"]}`), status: 422, code: domain.CodeRequest, pointer: "/scopes/0", field: domain.CodeRequest},
		{name: "admin: key that is over", do: key(`{"storefront":"shop","scopes":["sell"],"expires_at":"2020-01-01T00:00:00Z"}`), status: 422, code: storefront.CodeKeyInput, pointer: "/expires_at", field: storefront.CodeKeyInput},
		{name: "admin: revoking an unknown key", do: func(r *rig) answer { return r.do("ops", "DELETE", "/v1/admin/keys/key_nothing", "") }, status: 404, code: storefront.CodeKeyUnknown},
	}
}

// elsewhere are codes that no answer of this API carries, or that another test produces.
func elsewhere() []string {
	return []string{
		reconcile.CodePaymentReference, // in the answer to an import
		storefront.CodeKeyRate,         // TestThrottle
		delivery.CodeLinkUnknown,       // TestBuyer_WhatIsWrongIsAPageForPeople
		// in a delivery's cause: TestDeliver_QueuesAMailAndSaysHowItGoes, and the tests of delivery
		delivery.CodeMailRelay, delivery.CodeMailRefused, delivery.CodeMailBounced, delivery.CodeMailSize,
		sales.CodePriceChanged,       // TestHold_PriceChanged
		sales.CodeDuplicate,          // sales sends such an order to review
		codeQuotaPlan, codeRecording, // of the command line
		codeLeaseLost, codePictureSize, // stay in the storage of jobs and pictures
		freshness.CodeStale,                                 // stays in the planner's steps
		delivery.CodeWalletUnknown, delivery.CodeWalletGone, // stay between wallets and their store and vendors
		delivery.CodeExportClaim,   // stays between exports and their store
		delivery.CodeExportTooMany, // TestExport_MoreThanAFileMayHave
	}
}

func TestRefusals_EachHasItsStatusCodeAndPointer(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	produced, ran := map[string]bool{}, 0
	t.Run("cases", func(t *testing.T) {
		t.Parallel()
		for _, c := range refusals() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				a := c.do(r)
				got := decode[problemBody](t, a)
				mu.Lock()
				defer mu.Unlock()
				ran++
				produced[got.Code] = true
				for _, f := range got.Errors {
					produced[f.Code] = true
				}
				if a.status != c.status || got.Code != c.code || got.Status != c.status || got.Type != "/problems/"+c.code || got.Title == "" || got.Request == "" {
					t.Fatalf("answers %d %s, want %d %s", a.status, a.body, c.status, c.code)
				}
				if c.pointer != "" && !slices.ContainsFunc(got.Errors, func(f struct {
					Pointer string `json:"pointer"`
					Code    string `json:"code"`
					Detail  string `json:"detail"`
				},
				) bool {
					return f.Pointer == c.pointer && f.Code == c.field && f.Detail != ""
				}) {
					t.Errorf("no field %s with code %s in %s", c.pointer, c.field, a.body)
				}
				if retry := a.header.Get("Retry-After") != ""; retry != c.retry {
					t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
				}
				if strings.Contains(string(a.body), "boom") {
					t.Errorf("inner text is shown: %s", a.body)
				}
			})
		}
	})
	t.Cleanup(func() {
		for _, x := range explanations() {
			if ran == len(refusals()) && !produced[x.Code] && !slices.Contains(elsewhere(), x.Code) {
				t.Errorf("no case produces %s", x.Code)
			}
		}
	})
}
