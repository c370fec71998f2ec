package sales_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"guichet/domain/sales"
	"guichet/domain/sample"
)

func TestStatus_TableIsClosedAndEveryStatusCanBeReached(t *testing.T) {
	t.Parallel()
	reached := map[sales.Status]bool{}
	var walk func(s sales.Status)
	walk = func(s sales.Status) {
		for _, next := range s.Steps() {
			if !next.Valid() {
				t.Errorf("%q may go to %q, which is no status", s, next)
			}
			if !reached[next] {
				reached[next] = true
				walk(next)
			}
		}
	}
	walk("")
	for _, s := range sales.Statuses() {
		if !reached[s] || !s.Valid() {
			t.Errorf("%s cannot be reached", s)
		}
		if s.Unknown() != strings.HasSuffix(string(s), "ing") {
			t.Errorf("%s: the name and what is known do not agree", s)
		}
	}
	if sales.Status("").Valid() || sales.Status("sold").Valid() {
		t.Error("a status out of nothing")
	}
}

func TestStatus_WhatIsSoldIsNeverUnsold(t *testing.T) {
	t.Parallel()
	for _, s := range []sales.Status{sales.Issuing, sales.Issued} {
		for _, next := range s.Steps() {
			if !next.Sold() && next != sales.Review && next != sales.Cancelling && next != sales.Cancelled {
				t.Errorf("%s may become %s", s, next)
			}
		}
	}
	steps := sales.Held.Steps()
	steps[0] = "x"
	if slices.Contains(sales.Held.Steps(), "x") {
		t.Error("the table can be changed from outside")
	}
}

func TestBarcode_IsNeverPrintedWhole(t *testing.T) {
	t.Parallel()
	b := sales.Barcode("004200000000000012345678")
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(h).Info("m", "barcode", b)
	}
	for name, text := range map[string]string{
		"%v": fmt.Sprintf("%v", b), "%s": fmt.Sprintf("<%s>", b), "%q": fmt.Sprintf("%q", b), "%#v": fmt.Sprintf("%#v", b),
		"ticket": fmt.Sprintf("%v %+v", sample.Issued().Tickets, sample.Issued().Tickets), "slog": log.String(), "short": b.Short(),
	} {
		if strings.Contains(text, "0042000000") {
			t.Errorf("%s shows it: %s", name, text)
		}
		if name != "ticket" && !strings.Contains(text, "5678") {
			t.Errorf("%s does not tell which: %s", name, text)
		}
	}
	if sales.Barcode("1234").Short() != "…" || sales.Barcode("").Short() != "…" {
		t.Error("a short one is shown whole")
	}
}

func TestOrder_StringNamesItForLogs(t *testing.T) {
	t.Parallel()
	o := sample.Held()
	if got := o.String(); got != string(o.ID)+" (held)" {
		t.Errorf("got %q", got)
	}
}
