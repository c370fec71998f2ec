package s360

import "context"

const serviceSetup = "setupService"

// SetupService is the read side of the set-up: everything that was entered,
// also what is not on sale yet. Its write side is not for distributors.
type SetupService struct{ client *Client }

// ListSeasons returns the institution's seasons, without their products; the
// lists inside are empty.
//
// S-360: SetupService.listSeasons (1.33)
func (s SetupService) ListSeasons(ctx context.Context) (SeasonsResult, error) {
	return invoke[SeasonsResult](ctx, s.client, method{service: serviceSetup, name: "listSeasons"}, EmptyRequest{})
}

// SearchProductsByCriteria returns one page of products, oldest first, at most
// 100. A page shorter than asked for is the last one.
//
// S-360: SetupService.searchProductsByCriteria (1.33)
func (s SetupService) SearchProductsByCriteria(ctx context.Context, r SearchProductsRequest) (ProductsResult, error) {
	return invoke[ProductsResult](ctx, s.client, method{service: serviceSetup, name: "searchProductsByCriteria"}, r)
}

// ListAudienceSubCategories returns the tariffs of a season.
//
// S-360: SetupService.listAudienceSubCategories (1.33)
func (s SetupService) ListAudienceSubCategories(ctx context.Context, r SeasonRequest) (AudienceSubCategoriesResult, error) {
	return invoke[AudienceSubCategoriesResult](ctx, s.client, method{service: serviceSetup, name: "listAudienceSubCategories"}, r)
}

// ListPriceLevels returns the price levels of a season.
//
// S-360: SetupService.listPriceLevels (1.33)
func (s SetupService) ListPriceLevels(ctx context.Context, r SeasonRequest) (PriceLevelsResult, error) {
	return invoke[PriceLevelsResult](ctx, s.client, method{service: serviceSetup, name: "listPriceLevels"}, r)
}

// ListVatCodes returns the rates that products' vatCodeId refer to.
//
// S-360: SetupService.listVatCodes (1.33)
func (s SetupService) ListVatCodes(ctx context.Context) (VATCodesResult, error) {
	return invoke[VATCodesResult](ctx, s.client, method{service: serviceSetup, name: "listVatCodes"}, EmptyRequest{})
}

// GetProductDetails returns one product. The names of its parameter and of its
// result are proposed.
//
// S-360: SetupService.getProductDetails (1.33)
func (s SetupService) GetProductDetails(ctx context.Context, r ProductDetailsRequest) (ProductDetailsResult, error) {
	return invoke[ProductDetailsResult](ctx, s.client, method{service: serviceSetup, name: "getProductDetails"}, r)
}

// ListActivities returns what a season's events are about. The names of its
// parameter and of its result are proposed.
//
// S-360: SetupService.listActivities (1.33)
func (s SetupService) ListActivities(ctx context.Context, r SeasonRequest) (ActivitiesResult, error) {
	return invoke[ActivitiesResult](ctx, s.client, method{service: serviceSetup, name: "listActivities"}, r)
}

// GranularityComplete asks for products with everything in them.
const GranularityComplete = "COMPLETE"

// SeasonsResult is the answer of listSeasons.
type SeasonsResult struct {
	Result
	Seasons List[Season] `json:"seasons"`
}

// SearchProductsRequest holds the parameters of searchProductsByCriteria.
type SearchProductsRequest struct {
	RequestID ID                     `json:"requestId,omitzero"`
	Criteria  SearchProductsCriteria `json:"searchProductsCriteria"`
	// Granularity is GranularityComplete; no other value is known.
	Granularity string `json:"granularity,omitzero"`
	// MinIndex counts from 0.
	MinIndex Int `json:"minIndex"`
	// NbMaxResults is capped at 100 by the platform.
	NbMaxResults Int `json:"nbMaxResults"`
}

// SearchProductsCriteria selects products; an empty list is no restriction.
type SearchProductsCriteria struct {
	SeasonIDs          List[ID]     `json:"seasonIds,omitzero"`
	ProductFamilyTypes List[string] `json:"productFamilyTypes,omitzero"`
}

// ProductsResult is the answer of searchProductsByCriteria. Performances have
// no state in it.
type ProductsResult struct {
	Result
	Products List[Product] `json:"products"`
}

// SeasonRequest holds the parameter of methods about one season.
type SeasonRequest struct {
	RequestID ID `json:"requestId,omitzero"`
	SeasonID  ID `json:"seasonId"`
}

// AudienceSubCategoriesResult is the answer of listAudienceSubCategories.
type AudienceSubCategoriesResult struct {
	Result
	AudienceSubCategories List[AudienceSubCategory] `json:"audienceSubCategories"`
}

// PriceLevelsResult is the answer of listPriceLevels.
type PriceLevelsResult struct {
	Result
	PriceLevels List[PriceLevel] `json:"priceLevels"`
}

// VATCodesResult is the answer of listVatCodes.
type VATCodesResult struct {
	Result
	VATCodes List[VATCode] `json:"vatCodes"`
}

// VATCode is a rate of value added tax.
type VATCode struct {
	ID   ID     `json:"id"`
	Code string `json:"code"`
	// CurrentRate is in thousandths of a percent: 5500 is 5.5 %.
	CurrentRate Int    `json:"currentRate"`
	Country     string `json:"country,omitzero"`
}

// ProductDetailsRequest holds the parameter of getProductDetails (proposed).
type ProductDetailsRequest struct {
	RequestID ID `json:"requestId,omitzero"`
	ProductID ID `json:"productId"`
}

// ProductDetailsResult is the answer of getProductDetails (proposed).
type ProductDetailsResult struct {
	Result
	Product *Product `json:"product,omitzero"`
}

// ActivitiesResult is the answer of listActivities (proposed).
type ActivitiesResult struct {
	Result
	Activities List[Activity] `json:"activities"`
}

// Activity is what events are about (proposed).
type Activity struct {
	ID           ID            `json:"id"`
	Code         string        `json:"code"`
	ActivityType string        `json:"activityType,omitzero"`
	ExternalName *ExternalName `json:"externalName,omitzero"`
}
