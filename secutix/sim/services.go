package sim

import (
	"slices"

	"guichet/secutix/s360"
)

// service is one of the platform's services: where it is found and what it can do.
type service struct {
	module   string   // "tnseb"
	name     string   // in REST addresses: "catalogService"
	soap     string   // in SOAP addresses and namespaces: "CatalogService"
	pkg      string   // Java package in SOAP addresses: "com.secutix.service.realtime.catalog"
	versions []string // that answer, the pinned one first
	gone     string   // this version and all before it are at their end of life
	methods  []method
}

// method is one line of the protocol's table. The same line answers REST and SOAP and is what the WSDL describes.
type method struct {
	name  string
	do    handler
	order bool   // answers carry expectedException
	since string // the version that brought it; "" is in all
	// request and result are zero values of the wire types: request holds the parameters, result is named after the element
	// that SOAP answers with.
	request, result any
}

func (s *service) method(name string) (method, bool) {
	i := slices.IndexFunc(s.methods, func(m method) bool { return m.name == name })
	if i < 0 {
		return method{}, false
	}
	return s.methods[i], true
}

// serviceOf finds a service by its REST name in its module.
func serviceOf(module, name string) (*service, bool) {
	for _, s := range services() {
		if s.module == module && s.name == name {
			return &s, true
		}
	}
	return nil, false
}

// services is the table of everything the protocol face can do, one function a service beside its handlers.
func services() []service {
	return []service{catalogService(), setupService(), availabilityService(), orderFacade(), orderService(), paymentService(), historyService(), shipmentService(), seatingService(), contactService(), accessService()}
}

func catalogService() service {
	return service{module: "tnseb", name: "catalogService", soap: "CatalogService", pkg: "com.secutix.service.realtime.catalog", versions: current(), gone: lastGone, methods: []method{
		{name: "isCatalogServiceAlive", do: (*Platform).isCatalogServiceAlive, request: s360.EmptyRequest{}, result: s360.WebMethodResult{}},
		{name: "getLastSetupUpdate", do: (*Platform).getLastSetupUpdate, request: s360.EmptyRequest{}, result: s360.LastSetupUpdateResult{}},
		{name: "getPOSConfig", do: (*Platform).getPOSConfig, request: s360.EmptyRequest{}, result: s360.POSConfigResult{}},
		{name: "getCatalogDetailed", do: (*Platform).getCatalogDetailed, request: s360.CatalogRequest{}, result: s360.CatalogResultDetailed{}},
		{name: "getCatalog", do: (*Platform).getCatalog, request: s360.CatalogTextRequest{}, result: s360.CatalogTextResult{}},
	}}
}

func availabilityService() service {
	return service{module: "tnseb", name: "availabilityService", soap: "AvailabilityService", pkg: "com.secutix.service.realtime.availability", versions: current(), gone: lastGone, methods: []method{
		{name: "getUpdatedAvailabilities", do: (*Platform).getUpdatedAvailabilities, request: s360.UpdatedAvailabilitiesRequest{}, result: s360.UpdatedAvailabilitiesResult{}},
		{name: "getProductAvailability", do: (*Platform).getProductAvailability, request: s360.ProductAvailabilityRequest{}, result: s360.ProductAvailabilityResult{}},
		{name: "getEventAvailability", do: (*Platform).getEventAvailability, request: s360.EventAvailabilityRequest{}, result: s360.EventAvailabilityResult{}},
		{name: "getPerformanceAvailability", do: (*Platform).getPerformanceAvailability, request: s360.PerformanceAvailabilityRequest{}, result: s360.PerformanceAvailabilityResult{}},
		{name: "getSeatsAvailability", do: (*Platform).getSeatsAvailability, request: s360.SeatsAvailabilityRequest{}, result: s360.SeatsAvailabilityResult{}},
		{name: "getAvailableThemeAndLanguage", do: (*Platform).getAvailableThemeAndLanguage, request: s360.ThemeAndLanguageRequest{}, result: s360.ThemeAndLanguageResult{}},
	}}
}

func orderFacade() service {
	return service{module: "tnseb", name: "externalOrderFacade", soap: "ExternalOrderFacade", pkg: "com.secutix.service.realtime.externalorder", versions: current(), gone: lastGone, methods: []method{
		{name: "createOrUpdateOrder", do: (*Platform).createOrUpdateOrder, order: true, request: createRequest{}, result: s360.OrderUpdateResult{}},
		{name: "createOrUpdateOrderWithGranularity", do: (*Platform).createOrUpdateOrderWithGranularity, order: true, request: s360.CreateOrUpdateOrderWithGranularityRequest{}, result: s360.OrderUpdateResult{}},
		{name: "createPaymentsAndCloseOrder", do: (*Platform).createPaymentsAndCloseOrder, order: true, request: s360.CreatePaymentsAndCloseOrderRequest{}, result: s360.CreatePaymentsAndCloseOrderResult{}},
	}}
}

func orderService() service {
	return service{module: "tnseb", name: "externalOrderService", soap: "ExternalOrderService", pkg: "com.secutix.service.realtime.externalorder", versions: current(), gone: lastGone, methods: append(fileMethods(), []method{
		{name: "getOrderDetails", do: (*Platform).getOrderDetails, order: true, request: s360.OrderDetailsRequest{}, result: s360.OrderDetailResult{}},
		{name: "closeOrder", do: (*Platform).closeOrder, order: true, request: s360.CloseOrderRequest{}, result: s360.CloseOrderResult{}},
		{name: "notifyOrder", do: (*Platform).notifyOrder, order: true, request: s360.NotifyOrderRequest{}, result: s360.NotifyOrderResult{}},
		{name: "reopenOrder", do: (*Platform).reopenOrder, order: true, request: s360.ReopenOrderRequest{}, result: s360.OrderDetailResult{}},
		{name: "abandonMovements", do: (*Platform).abandonMovements, order: true, request: s360.AbandonMovementsRequest{}, result: s360.OrderUpdateResult{}},
	}...)}
}
