package templates

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"guichet/domain"
	"guichet/domain/delivery"
)

func TestBarcode_Alone_DecodesInEveryResolution(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for _, kind := range delivery.Symbologies() {
		for _, dpi := range []int{0, 96, 203, 300} {
			t.Run(fmt.Sprintf("%s/%d", kind, dpi), func(t *testing.T) {
				t.Parallel()
				for _, payload := range payloadsOf(kind) {
					var out bytes.Buffer
					if err := r.Barcode(t.Context(), &out, delivery.Barcode{Payload: payload, Symbology: kind, DPI: dpi}); err != nil {
						t.Fatal(err)
					}
					file := mustFile(t, "barcode.png", out.Bytes())
					if dpi == 0 {
						svg := mustFile(t, "barcode.svg", out.Bytes())
						tool(t, "rsvg-convert", "--dpi-x", "300", "--dpi-y", "300", "-b", "white", "-o", file, svg)
					}
					var got string
					if slices.Contains([]delivery.Symbology{delivery.Code128, delivery.ITF, delivery.QR}, kind) {
						got = strings.TrimSuffix(tool(t, "zbarimg", "-q", "--raw", file), "\n")
					} else {
						got = decode(t, kind, file)
					}
					if got != payload {
						t.Errorf("%q: decoded %q", payload, got)
					}
				}
			})
		}
	}
}

func TestBarcode_AloneImpossible_IsRefused(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for _, b := range []delivery.Barcode{
		{Payload: "12345", Symbology: delivery.ITF}, {Payload: "", Symbology: delivery.QR}, {Payload: "1", Symbology: "ean"},
	} {
		if err := r.Barcode(t.Context(), io.Discard, b); !domain.HasCode(err, CodeBarcode) {
			t.Errorf("%+v: got %v", b, err)
		}
	}
	for _, dpi := range []int{-1, 35, 601} {
		if err := r.Barcode(t.Context(), io.Discard, delivery.Barcode{Payload: "1", Symbology: delivery.QR, DPI: dpi}); !domain.HasCode(err, domain.CodeRequest) {
			t.Errorf("%d dpi: got %v", dpi, err)
		}
	}
}
