package api

import (
	"io"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"guichet/domain/delivery"
)

// symbology reads the kind of barcode; empty where none is asked for.
func (q *query) symbology() delivery.Symbology {
	k := delivery.Symbology(q.text("symbology"))
	if k == "" || slices.Contains(delivery.Symbologies(), k) {
		return k
	}
	q.fault("symbology", "one of "+joined(delivery.Symbologies()))
	return ""
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
	b, err := s.Delivery.TicketBarcode(o, id, kind, dpi)
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.sendMade(c, s.Delivery.BarcodeETag(b), media, id+"-barcode"+ext, func(w io.Writer) error { return s.Delivery.Renderer.Barcode(ctx, w, b) })
}
