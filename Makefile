# Guichet. `make` alone explains.
SHELL := /bin/bash
GO ?= go
LINT = $(GO) tool -modfile=.ci/tools.mod golangci-lint

.DEFAULT_GOAL := help
.PHONY: help demo build test check unit lint fix tidy bench bench-tickets fuzz decode golden soak postgres freshness torture

help: ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

demo: ## run everything on an embedded database and the S-360 simulator
	$(GO) run ./cmd/guichet demo

build: ## build the program, without cgo, into ./guichet
	CGO_ENABLED=0 $(GO) build -trimpath -o guichet ./cmd/guichet

test: ## pass every test: sets up what is missing (Debian), both databases, race detector, linters
	.ci/test

check: test ## the same

unit: ## the tests that need nothing but Go (embedded database only)
	$(GO) test $$($(GO) list ./... | grep -v -e /cmd/ -e /templates)

lint: ## format and lint
	test -z "$$(gofmt -l .)"
	$(GO) vet ./...
	$(LINT) run

fix: ## format, and mend what the linters can mend
	$(LINT) fmt
	$(LINT) run --fix

tidy: ## tidy the module files
	$(GO) mod tidy

bench: ## the benchmarks, each beside its baseline in the same run (PostgreSQL's too)
	.ci/bench

bench-tickets: ## the same ticket printed by this program, fpdf, pdfkit and Chromium in turn on one core, ROUNDS (default 5) times
	.ci/bench-tickets

fuzz: ## fuzz everything that parses bytes from outside, FUZZTIME each (default 30s)
	.ci/fuzz $${FUZZTIME:-30s}

decode: ## print DECODE (default 10000) invented barcodes, and read them all with zbar and zxing at 200 and 300 dots an inch
	GUICHET_DECODE=$${DECODE:-10000} $(GO) test ./templates -run TestDecode_InventedPayloads -count=1 -v -timeout 3h

golden: ## write the golden files anew; read the difference before you commit
	$(GO) test ./api ./templates -update

freshness: ## compare the refresh policies over MONTHS (default 30) of three venue shapes, and draw docs/freshness-*.svg
	for v in museum theatre stadium; do $(GO) run ./cmd/guichet quota simulate --policy all --venue $$v \
		--months $${MONTHS:-30} --plot docs/freshness-$$v.svg || exit 1; done

soak: ## the journey under random faults and years at the gate, SOAK seeds (default 20)
	GUICHET_SOAK=$${SOAK:-20} .ci/soak

torture: ## kill and cut a service in SCHEDULES (default 10000) sales on each database, and check its books (docs/torture.md)
	CGO_ENABLED=0 $(GO) build -trimpath -o guichet ./cmd/guichet
	./guichet torture --schedules $${SCHEDULES:-10000}
	./guichet torture --schedules $${SCHEDULES:-10000} --db "$$(.ci/postgres start)"

postgres: ## start the tests' private PostgreSQL and print its URL
	@.ci/postgres start
