package api

import (
	"bytes"
	"strings"

	"github.com/gin-gonic/gin"

	"guichet/domain/delivery"
	"guichet/domain/sales"
)

// Media types of printer languages, which have none of their own.
const (
	mediaFGL = "application/vnd.boca.fgl"
	mediaZPL = "application/vnd.zebra.zpl"
)

// dots reads a thermal printer's resolution.
func (q *query) dots() int {
	n, given := q.number("dpi", 203, 300)
	if !given {
		return 203
	}
	if n != 203 && n != 300 {
		q.fault("dpi", "203 or 300")
	}
	return int(n)
}

// symbology reads the kind of barcode; empty where none is asked for.
func (q *query) symbology() delivery.Symbology {
	k := delivery.Symbology(q.text("symbology"))
	for _, known := range delivery.Symbologies() {
		if k == known || k == "" {
			return k
		}
	}
	q.fault("symbology", "one of code128, itf, qr, aztec, datamatrix and pdf417")
	return ""
}

// sendThermal answers with a ticket in a printer's language.
func (s *server) sendThermal(c *gin.Context, o sales.Order, ticket, lang, layout string, language delivery.PrinterLanguage, dpi int) {
	var out bytes.Buffer // whole before the first byte is sent, so that a failure is still a problem
	if err := s.Delivery.Thermal(c.Request.Context(), &out, o, ticket, lang, layout, language, dpi); err != nil {
		s.refuse(c, err)
		return
	}
	media := mediaZPL
	if language == delivery.FGL {
		media = mediaFGL
	}
	sendFile(c, media, ticket+"."+string(language), out.Bytes())
}

// barcodeDPI is a barcode's resolution where none is asked for: it is printed more often than a page is.
const barcodeDPI = 300

// getBarcode answers /v1/tickets/{id}/barcode.svg and .png.
func (s *server) getBarcode(c *gin.Context) {
	ctx := c.Request.Context()
	q := newQuery(c.Request.URL, callOf(ctx).route)
	kind, dpi, media, ext := q.symbology(), 0, "image/svg+xml", ".svg"
	if strings.HasSuffix(c.FullPath(), ".png") {
		dpi, media, ext = barcodeDPI, "image/png", ".png"
		if n, ok := q.number("dpi", 36, 600); ok {
			dpi = int(n)
		}
	}
	if err := q.err(); err != nil {
		s.refuse(c, err)
		return
	}
	id := c.Param("id")
	o, err := s.Sales.OrderByTicket(ctx, viewer(ctx), id)
	if err != nil {
		s.refuse(c, err)
		return
	}
	var out bytes.Buffer
	if err := s.Delivery.Barcode(ctx, &out, o, id, kind, dpi); err != nil {
		s.refuse(c, err)
		return
	}
	sendFile(c, media, id+"-barcode"+ext, out.Bytes())
}
