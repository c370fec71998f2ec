package catalog

// Codes of this package's errors.
const (
	CodeInstitutionUnknown = "institution.unknown"
	CodeCatalogUnknown     = "catalog.unknown" // never loaded yet
	CodeCatalogRefused     = "catalog.refused" // a load that cannot be right
	CodeChangesExpired     = "changes.expired" // older than what is kept
	CodeProductUnknown     = "product.unknown"
	CodePerformanceUnknown = "performance.unknown"
	CodePerformanceOver    = "performance.over"
	CodeItemUnknown        = "item.unknown"
	CodeNotOnSale          = "catalog.not_on_sale"
	CodeSeatCategory       = "order.seat_category"
	CodeTariff             = "order.tariff"
	CodeTimeslot           = "order.timeslot"
)
