package s360

import "context"

// GetCatalog returns the catalog as the text of an XML document, whose shape is
// not documented: getCatalogDetailed has the same content as objects.
//
// S-360: CatalogService.getCatalog (1.33)
func (s CatalogService) GetCatalog(ctx context.Context, r CatalogTextRequest) (CatalogTextResult, error) {
	return invoke[CatalogTextResult](ctx, s.client, method{service: serviceCatalog, name: "getCatalog"}, r)
}

// CatalogTextRequest holds the parameters of getCatalog. All are optional.
type CatalogTextRequest struct {
	RequestID   ID     `json:"requestId,omitzero"`
	SeasonCode  string `json:"seasonCode,omitzero"`
	ProductCode string `json:"productCode,omitzero"`
}

// CatalogTextResult is the answer of getCatalog.
type CatalogTextResult struct {
	Result
	CatalogData string `json:"catalogData,omitzero"`
}
