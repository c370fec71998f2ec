package main

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"guichet/domain/delivery"
)

// symbologies is one symbology or a list of them in the order of preference.
type symbologies []delivery.Symbology

// UnmarshalYAML reads a word or a list of words.
func (s *symbologies) UnmarshalYAML(decode func(any) error) error {
	var one delivery.Symbology
	if decode(&one) == nil {
		*s = symbologies{one}
		return nil
	}
	return decode((*[]delivery.Symbology)(s))
}

// problem says what is wrong with the list; empty where nothing is.
func (s symbologies) problem() string {
	for i, k := range s {
		if !slices.Contains(delivery.Symbologies(), k) {
			return fmt.Sprintf("%q is none of %v", k, delivery.Symbologies())
		}
		if slices.Contains(s[:i], k) {
			return fmt.Sprintf("%q stands twice", k)
		}
	}
	return ""
}

// symbols is the institution's choice of barcodes.
func (i *InstitutionConfig) symbols() delivery.Symbols {
	s := delivery.Symbols{Preferred: i.Barcode, ByPrefix: make(map[string][]delivery.Symbology, len(i.BarcodePrefixes))}
	for prefix, list := range i.BarcodePrefixes {
		s.ByPrefix[prefix] = list
	}
	return s
}

// checkBarcodes reports what is wrong with the choice.
func (i *InstitutionConfig) checkBarcodes(bad func(format string, args ...any)) {
	if p := i.Barcode.problem(); p != "" {
		bad("barcode: %s", p)
	}
	for prefix, list := range i.BarcodePrefixes {
		if p := list.problem(); p != "" {
			bad("barcode_by_prefix: %s: %s", prefix, p)
		}
		if prefix == "" || len(list) == 0 {
			bad("barcode_by_prefix: %q: a prefix and at least one symbology are needed", prefix)
		}
	}
}

// pagesPerCheck reads Config.BarcodeCheck: how many pages one is read back of, 0 for none; ok is false for anything else
// than off, all and 1/N.
func pagesPerCheck(text string) (n int, ok bool) {
	switch text {
	case "off":
		return 0, true
	case "all":
		return 1, true
	}
	rest, found := strings.CutPrefix(text, "1/")
	n, err := strconv.Atoi(rest)
	return n, found && err == nil && n >= 1 && n <= 1_000_000
}

// alarmBarcode tells the log and the metrics that a ticket was not released.
func (a *app) alarmBarcode(ticket string, err error) {
	a.metrics.unreadable.Inc()
	a.log.Error("a ticket is not released: its barcode cannot be read back", slog.String("ticket", ticket), slog.Any("error", err))
}
