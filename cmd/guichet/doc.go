// Command guichet sells a venue's SecuTix tickets from a reseller's own shop: it is the backend between the two.
//
// This package is the only place that knows every adapter. main.go lists the subcommands, config.go says what can be
// configured, wire.go builds everything once, jobs.go is the table of background work, serve.go runs it. Nothing is
// decided here: what happens to an order or a catalog is in domain.
package main
