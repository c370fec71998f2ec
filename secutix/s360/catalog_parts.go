package s360

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
)

// ReadCatalogDetailed is GetCatalogDetailed for large answers: the products
// stay as they were written until Span.Each reads them one by one, so that they
// never stand in memory together. A member that stands twice in one object is
// an error (KindDecode, or of Each).
func (s CatalogService) ReadCatalogDetailed(ctx context.Context, r CatalogRequest) (CatalogInParts, error) {
	m := method{service: serviceCatalog, name: "getCatalogDetailed"}
	return invoke[CatalogInParts](ctx, s.client, m, r)
}

// CatalogInParts is a CatalogResultDetailed whose products are not read yet. It
// holds the whole answer's bytes.
type CatalogInParts struct {
	Result
	CatalogData *CatalogFrame `json:"catalogData,omitzero"`
}

func (*CatalogInParts) onlyOnce() {}

// CatalogFrame is a CatalogData without its products; those members of the
// embedded one are empty.
type CatalogFrame struct {
	CatalogData
	Seasons  List[SeasonFrame] `json:"seasons" alias:"season"`
	Products Span              `json:"products"`
}

// SeasonFrame is a Season without its products; that member of the embedded one
// is empty.
type SeasonFrame struct {
	Season
	Products Span `json:"products" alias:"product"`
}

// Span is a list of products as it was written.
type Span []byte

// Each reads one product after another and hands it to take, which may keep it.
// It stops at the first error: take's, or an *Error of KindDecode that names the
// path inside the list.
func (s Span) Each(take func(*Product) error) error {
	if len(s) == 0 {
		return nil
	}
	d := newDecoder(s, new(plans))
	d.once, d.texts = true, map[string]string{}
	one := func(n int) error {
		var p Product
		if err := d.value(reflect.ValueOf(&p).Elem()); err != nil {
			return unreadable(inMember("products["+strconv.Itoa(n)+"]", err))
		}
		return take(&p)
	}
	d.space()
	switch d.data[d.pos] {
	case 'n', '"':
		if raw := string(d.raw()); raw == "null" || raw == `""` {
			return nil
		}
		return unreadable(inMember("products", errShape))
	case '[':
	default:
		return one(0)
	}
	d.pos++
	n := 0
	for d.space(); d.data[d.pos] != ']'; d.space() {
		if err := one(n); err != nil {
			return err
		}
		n++
		d.comma()
	}
	return nil
}

// unreadable is the error of an answer that has been received whole.
func unreadable(err error) *Error {
	return &Error{Kind: KindDecode, Service: serviceCatalog, Method: "getCatalogDetailed", HTTPStatus: http.StatusOK, Sent: true, Err: err}
}
