// Package api is what the outside may ask over HTTP, and how it is answered.
//
// One table (routes.go) lists every operation with its method, path, scopes, summary and handler. Operations with typed
// requests are registered with huma, whose Go types are the OpenAPI document; the catalog's reads are plain gin handlers
// that write bytes kept per snapshot, and are described to the same document.
//
// A request passes, in this order: request id and access log, recovery, security headers, key and scopes, rate, body
// check, handler. Every refusal is an RFC 9457 problem made from a domain.Error in problem.go, the only place that knows
// HTTP statuses of errors.
//
// The package holds no rules of the trade: it parses, asks a service, and writes what came back. What a caller may see is
// decided here from its key (scopes, institutions) and in sales (whose order it is).
//
// Promises about names, times, money, lists, caching and retries stand in the document's own description, served at
// /openapi.json and readable at /docs.
package api
