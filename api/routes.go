package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/freshness"
	"guichet/domain/quota"
	"guichet/domain/reconcile"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

// route is one operation of the table.
type route struct {
	method  string
	path    string // as in the document: "/v1/orders/{id}"
	id      string // the operation's id
	tag     string
	scopes  []storefront.Scope // one of them is needed; admin has every scope
	open    bool               // no key is needed
	summary string
	about   string   // more, where the summary does not do
	codes   []string // what it may be refused with, beside what everything may
	missing string   // the code of its own 404, where that code comes with another status elsewhere
	mount   mountFunc
	// shared says that another route's handler answers this one: the router cannot tell them apart.
	shared bool
	// kept says that callers may keep the answer, coded that it comes in the coding they wish for. What is kept is coded.
	kept, coded bool

	logs atomic.Pointer[map[string]slog.Handler] // by key: the log that names it and this route
	// raw says that the handler reads the body itself, whatever it is.
	raw bool

	body  bool            // takes a JSON body
	query map[string]bool // its parameters
}

type mountFunc func(m *mounter, r *route)

func (r *route) takes(parameter string) bool { return r.query[parameter] }

func (r *route) admin() bool { return strings.HasPrefix(r.path, "/v1/admin/") }

// ginPath is the path as the router wants it.
func (r *route) ginPath() string {
	return strings.NewReplacer("{", ":", "}", "").Replace(r.path)
}

// The scopes as the table writes them.
func scopes(list ...storefront.Scope) []storefront.Scope { return list }

// routes is the table: every operation there is.
func (s *server) routes() []*route {
	catalogScope, sell := scopes(storefront.ScopeCatalog), scopes(storefront.ScopeSell)
	sellOrDeliver, deliver := scopes(storefront.ScopeSell, storefront.ScopeDeliver), scopes(storefront.ScopeDeliver)
	admin, finance := scopes(storefront.ScopeAdmin), scopes(storefront.ScopeFinance)
	list := []string{CodeRequestCursor}
	platform := []string{
		domain.CodePlatformUnreachable, domain.CodePlatformAnswer, domain.CodePlatformAuth, domain.CodePlatformLimited,
		domain.CodePlatformRefused, domain.CodePlatformInProgress, domain.CodePlatformConfig, quota.CodeRate, quota.CodeDay, quota.CodeMonth, quota.CodePause,
	}
	change := append([]string{sales.CodeUnknown, sales.CodeStatus, sales.CodeReview, sales.CodeKeyReused}, platform...)
	printed := []string{sales.CodeTicketNotIssued, sales.CodeTicketCancelled, delivery.CodeBarcode, delivery.CodeUnreadable, delivery.CodeLayoutUnknown} // of files with tickets
	drawn := append(slices.Clone(printed), delivery.CodeLayoutPages)
	phone := []string{CodeRouteUnknown, delivery.CodeWalletToken, CodePhoneRate}
	hold := append([]string{
		sales.CodeKeyMissing, sales.CodeKeyReused, sales.CodeKeyInProgress, sales.CodeAvailability, sales.CodePriceChanged,
		sales.CodePriceFraction, sales.CodeQuantity, sales.CodeItems, sales.CodeTariffRequires, sales.CodeCurrency, sales.CodeContact,
		sales.CodeSeats, sales.CodeNotTogether, sales.CodeSeating, catalog.CodeNotOnSale, catalog.CodePerformanceOver, catalog.CodeSeatCategory, catalog.CodeTariff, catalog.CodeTimeslot,
		catalog.CodeItemUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution,
	}, platform...)
	return []*route{
		{
			method: http.MethodGet, path: "/v1/institutions", id: "listInstitutions", tag: tagCatalog, scopes: catalogScope,
			summary: "List institutions", about: "Those that the key sees and whose catalog is loaded.",
			codes: []string{catalog.CodeCatalogUnknown}, mount: kept[LanguageInput, institutionPageDTO](s.listInstitutions),
		},
		{
			method: http.MethodGet, path: "/v1/institutions/{code}", id: "getInstitution", tag: tagCatalog, scopes: catalogScope,
			summary: "Read an institution", codes: []string{catalog.CodeInstitutionUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution},
			mount: kept[institutionInput, institutionDTO](s.getInstitution),
		},
		{
			method: http.MethodGet, path: "/v1/institutions/{code}/reference", id: "getReference", tag: tagCatalog, scopes: catalogScope,
			summary: "Read what the catalog's things refer to", about: "Seasons, tariffs, price levels, VAT, topics, venues, halls and advantages.",
			codes: []string{catalog.CodeInstitutionUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution},
			mount: kept[referenceInput, referenceDTO](s.getReference),
		},
		{
			method: http.MethodGet, path: "/v1/products", id: "listProducts", tag: tagCatalog, scopes: catalogScope,
			summary: "Find products",
			about: "A dated product is found when one of its performances to come meets the day, venue, town, price and availability filters " +
				"together; one with nothing left to come is not listed. An undated product has no venue or town; a day filter keeps those that are bound to a day of visit.",
			codes: append(list, catalog.CodeInstitutionUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution),
			mount: kept[productsInput, productPageDTO](s.listProducts),
		},
		{
			method: http.MethodGet, path: "/v1/products/{id}", id: "getProduct", tag: tagCatalog, scopes: catalogScope,
			summary: "Read a product", codes: []string{catalog.CodeProductUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution, CodeRouteUnknown},
			mount: kept[productInput, productDTO](s.getProduct),
		},
		{
			method: http.MethodGet, path: "/v1/products/{id}.jsonld", id: "getProductLinked", tag: tagCatalog, scopes: catalogScope, shared: true,
			summary: "Describe a product for search engines", about: "schema.org JSON-LD: a series of events with places and offers, or a product with offers.",
			codes: []string{catalog.CodeProductUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution},
			mount: keptFile[productFileInput](s.getProduct, "application/ld+json"),
		},
		{
			method: http.MethodGet, path: "/v1/products/{id}.ics", id: "getProductCalendar", tag: tagCatalog, scopes: catalogScope, shared: true,
			summary: "A product's performances to come as a calendar", about: "iCalendar (RFC 5545).",
			codes: []string{catalog.CodeProductUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution},
			mount: keptFile[productFileInput](s.getProduct, "text/calendar"),
		},
		{
			method: http.MethodGet, path: "/v1/export.ndjson", id: "exportCatalog", tag: tagCatalog, scopes: catalogScope,
			summary: "Read an institution's whole catalog as lines of JSON",
			about: "One value a line: {\"type\":\"institution\"…} first, then every product and every performance to come as {\"type\",\"cursor\",\"data\"}, " +
				"and {\"type\":\"end\"} last: without it the export was cut, and goes on with ?after= the last cursor.",
			codes: append(list, CodeRequestRequired, catalog.CodeInstitutionUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution),
			mount: codedFile[exportInput](s.export, "application/x-ndjson"),
		},
		{
			method: http.MethodGet, path: "/v1/products/{id}/performances", id: "listProductPerformances", tag: tagCatalog, scopes: catalogScope,
			summary: "Find performances of a product", codes: append(list, catalog.CodeProductUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution),
			mount: kept[productPerformancesInput, performancePageDTO](s.listPerformances),
		},
		{
			method: http.MethodGet, path: "/v1/performances", id: "listPerformances", tag: tagCatalog, scopes: catalogScope,
			summary: "Find performances", about: "Those that are over are not listed.",
			codes: append(list, catalog.CodeInstitutionUnknown, catalog.CodeProductUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution),
			mount: kept[performancesInput, performancePageDTO](s.listPerformances),
		},
		{
			method: http.MethodGet, path: "/v1/performances/{id}", id: "getPerformance", tag: tagCatalog, scopes: catalogScope,
			summary: "Read a performance", codes: []string{catalog.CodePerformanceUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution},
			mount: kept[performanceInput, performanceDTO](s.getPerformance),
		},
		{
			method: http.MethodGet, path: "/v1/performances/{id}/seats", id: "listSeats", tag: tagCatalog, scopes: catalogScope,
			summary: "Read a performance's seats one by one",
			about: "The one read that may ask the platform: once in half a minute for all who ask. Where it cannot be asked, what is known from the " +
				"last ten minutes is given, as of then. The platform's shape of this answer is not published.",
			codes: append(platform, catalog.CodePerformanceUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution),
			mount: kept[seatsInput, seatMapDTO](s.getSeats),
		},
		{
			method: http.MethodGet, path: "/v1/availability", id: "listAvailability", tag: tagCatalog, scopes: catalogScope,
			summary: "Read what is left of up to 200 performances", codes: []string{CodeRequestRequired, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution},
			mount: kept[availabilityInput, availabilityPageDTO](s.listAvailability),
		},
		{
			method: http.MethodGet, path: "/v1/changes", id: "listChanges", tag: tagCatalog, scopes: catalogScope,
			summary: "Follow what moves", about: "Catalog and availability, in the order in which it moved. A line may come twice; none is lost.",
			codes: append(list, catalog.CodeChangesExpired, catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution),
			mount: plain[changesInput, changesDTO](s.getChanges),
		},
		{
			method: http.MethodGet, path: "/v1/images/{id}/{size}", id: "getImage", tag: tagCatalog, open: true,
			summary: "A picture of the catalog, made smaller",
			about: "For <img>: no key is needed. Only pictures that a catalog names are served, each fetched once a day and kept; " +
				"Cache-Control is " + imageControl + ".",
			codes: []string{delivery.CodePictureUnknown, delivery.CodePictureRefused, delivery.CodePictureAway, CodePictureRate, catalog.CodeCatalogUnknown},
			mount: imageMount[imageInput](s.getImage, "image/jpeg", "image/png", "image/gif", "image/webp"),
		},

		{
			method: http.MethodPost, path: "/v1/orders", id: "createOrder", tag: tagOrders, scopes: sell,
			summary: "Hold places",
			about: "Holds everything asked for, or nothing. 201: held; or, where the key repeats an earlier request, that order as it is now. " +
				"202: the platform did not answer; the order stays holding, nothing was sold, and whatever the platform holds lapses by itself.",
			codes: hold,
			mount: typed(s.createOrder, http.StatusCreated, http.StatusAccepted),
		},
		{
			method: http.MethodGet, path: "/v1/orders", id: "listOrders", tag: tagOrders, scopes: sellOrDeliver,
			summary: "Find the storefront's orders", codes: append(list, catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution),
			mount: typed(s.listOrders, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/orders/{id}", id: "getOrder", tag: tagOrders, scopes: sellOrDeliver,
			summary: "Read an order", codes: []string{sales.CodeUnknown}, mount: typed(s.getOrder, http.StatusOK),
		},
		{
			method: http.MethodPatch, path: "/v1/orders/{id}", id: "amendOrder", tag: tagOrders, scopes: sell,
			summary: "Change lines, reference, buyer or holders while held",
			about: "All or nothing; members that are left out stay. With items, what is new is reserved first and what is not wanted any more is given back " +
				"after that: a refusal leaves the hold as it was. 202: the platform has not answered; the order is changing and is settled. Without items " +
				"nothing is asked of the platform.",
			codes: append([]string{sales.CodeUnknown, sales.CodeStatus, sales.CodeReview, sales.CodeHoldExpired, sales.CodeHolders}, hold...),
			mount: typed(s.amendOrder, http.StatusOK, http.StatusAccepted),
		},
		{
			method: http.MethodPost, path: "/v1/orders/{id}/extend", id: "extendOrder", tag: tagOrders, scopes: sell,
			summary: "Keep a hold longer", about: "Moves our expiry, at most to what the platform's own allows. It asks nothing of the platform.",
			codes: []string{sales.CodeUnknown, sales.CodeStatus, sales.CodeHoldExpired, sales.CodeHoldLimit, sales.CodeKeyReused},
			mount: typed(s.extendOrder, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/orders/{id}/close", id: "closeOrder", tag: tagOrders, scopes: sell,
			summary: "Pay on the pending account and get the barcodes",
			about: "200: sold, every place has its barcode. 202: asked, and the outcome is not known yet or a barcode is still missing; " +
				"poll the order. It never has to be closed again, and may be: a second close answers with the order as it is.",
			codes: append(change, sales.CodeHoldExpired, sales.CodeAccountLimit, sales.CodePayment, sales.CodeHolders),
			mount: typed(s.closeOrder, http.StatusOK, http.StatusAccepted),
		},
		{
			method: http.MethodPost, path: "/v1/orders/{id}/release", id: "releaseOrder", tag: tagOrders, scopes: sell,
			summary: "Give a hold back",
			about:   "200: given back, now or earlier. 202: asked, answer not known yet.",
			codes:   change, mount: typed(s.releaseOrder, http.StatusOK, http.StatusAccepted),
		},
		{
			method: http.MethodPost, path: "/v1/orders/{id}/cancel", id: "cancelOrder", tag: tagOrders, scopes: sell,
			summary: "Undo a sale, whole or by ticket",
			about: "With ?dry_run=true it only says what would come back and what must go along. 200: undone. 202: asked, and the outcome is not " +
				"known yet; or the institution undoes sales by hand, and the order stays in review until it has. Poll the order.",
			codes: append(change, sales.CodeTicketUnknown, sales.CodeTicketCancelled, sales.CodeTicketUsed, sales.CodeTariffRequires,
				sales.CodePriceChanged, sales.CodePayment, sales.CodeCurrency, sales.CodeRefundDenied),
			mount: typed(s.cancelOrder, http.StatusOK, http.StatusAccepted),
		},
		{
			method: http.MethodPost, path: "/v1/orders/{id}/exchange", id: "exchangeOrder", tag: tagOrders, scopes: sell,
			summary: "Exchange sold places for those of another performance",
			about: "The new places are held and sold first, as an order of their own in the same file, and only then are the old tickets taken back: the buyer always " +
				"has good tickets. 202: it is not at its end; both orders are settled. Where the institution exchanges by hand, the order stays in review " +
				"and nothing is sold. dry_run=true says the difference at the catalog's prices and changes nothing.",
			codes: append(append([]string{
				sales.CodeUnknown, sales.CodeStatus, sales.CodeReview, sales.CodeTicketUnknown, sales.CodeTicketCancelled, sales.CodeTicketUsed,
				sales.CodePayment, sales.CodeAccountLimit, sales.CodeHoldExpired, sales.CodeRefundDenied,
			}, hold...), catalog.CodePerformanceUnknown),
			mount: typed(s.exchangeOrder, http.StatusOK, http.StatusAccepted),
		},
		{
			method: http.MethodPost, path: "/v1/payments", id: "reportPayment", tag: tagOrders, scopes: sell,
			summary: "Report a payment that the storefront took",
			about: "For reconciliation; it moves nothing. 201: kept. 200: reported before with the same content. A payment whose reference no order was " +
				"closed with stands in problems, and is kept: money was taken.",
			codes: []string{reconcile.CodePaymentConflict, reconcile.CodePaymentFormat, catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution},
			mount: typed(s.reportPayment, http.StatusCreated, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/payments/import", id: "importPayments", tag: tagOrders, scopes: sell, raw: true,
			summary: "Report payments as CSV",
			about: "RFC 4180, UTF-8, with a head line: institution, payment_id, payment_reference, amount (42.00), currency, paid_at (RFC 3339). At most 10,000 " +
				"lines and 2 MB. Lines that cannot be taken stand in problems; the others are kept. The same file may be sent again.",
			codes: []string{reconcile.CodePaymentFormat, CodeRequestMalformed, CodeRequestTooLarge, CodeRequestMediaType},
			mount: takesCSV(plain[struct{}, importedDTO](s.importPayments)),
		},
		{
			method: http.MethodGet, path: "/v1/orders/{id}/calls", id: "listOrderCalls", tag: tagOrders, scopes: scopes(storefront.ScopeFinance, storefront.ScopeAdmin),
			summary: "List the calls to the platform that an order has cost", about: "Of the last week, as far as the log of the last 50,000 calls reaches. raw=true adds what was asked and answered, as long as it is kept.",
			codes: []string{sales.CodeUnknown, storefront.CodeKeyInstitution}, mount: typed(s.orderCalls, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/baskets", id: "createBasket", tag: tagOrders, scopes: sell,
			summary: "Hold places of several institutions together",
			about: "Everything is held, or nothing: where one order is refused or has no answer, the others are given back and basket.not_held says " +
				"of each why. The same key with the same body goes on where it was cut, and gives the same basket for ever.",
			codes: append(slices.Clone(hold), sales.CodeBasketOrders, sales.CodeBasketNotHeld), mount: typed(s.createBasket, http.StatusCreated),
		},
		{
			method: http.MethodGet, path: "/v1/baskets/{id}", id: "getBasket", tag: tagOrders, scopes: sellOrDeliver,
			summary: "Read a basket", codes: []string{sales.CodeBasketUnknown}, mount: typed(s.getBasket, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/baskets/{id}/close", id: "closeBasket", tag: tagOrders, scopes: sell,
			summary: "Sell a basket's orders one by one",
			about: "200: everything is sold. 202: an outcome is not known yet; close again to go on, or poll. 409 basket.not_closed: an order was refused; " +
				"the rest was given back, what was sold is undone or lies before a person, and errors[] says what each came to.",
			codes: append(slices.Clone(change), sales.CodeBasketUnknown, sales.CodeBasketNotClosed, sales.CodeHoldExpired, sales.CodePayment),
			mount: typed(s.closeBasket, http.StatusOK, http.StatusAccepted),
		},
		{
			method: http.MethodPost, path: "/v1/baskets/{id}/release", id: "releaseBasket", tag: tagOrders, scopes: sell,
			summary: "Give a basket back", about: "One of which something is sold is cancelled order by order.",
			codes: append(slices.Clone(change), sales.CodeBasketUnknown), mount: typed(s.releaseBasket, http.StatusOK, http.StatusAccepted),
		},
		{
			method: http.MethodGet, path: "/v1/orders/{id}/tickets", id: "listTickets", tag: tagTickets, scopes: sellOrDeliver,
			summary: "List an order's tickets", about: "Barcodes only with scope deliver.", codes: []string{sales.CodeUnknown},
			mount: typed(s.listTickets, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/orders/{id}/tickets.pdf", id: "getOrderPDF", tag: tagTickets, scopes: deliver,
			summary: "Print an order's tickets", about: "By the layouts that the institution chose, or the one asked for. If-None-Match saves the printing.",
			codes: append([]string{sales.CodeUnknown}, printed...), mount: madeFile[orderFileInput](s.orderFile, mediaOf(delivery.FormatPDF)),
		},
		{
			method: http.MethodGet, path: "/v1/orders/{id}/tickets.png", id: "getOrderPNG", tag: tagTickets, scopes: deliver,
			summary: "Draw an order's tickets", about: "For layouts that put them on one page, such as voucher and receipt; layout.pages otherwise.",
			codes: append([]string{sales.CodeUnknown}, drawn...), mount: madeFile[orderPictureInput](s.orderFile, mediaOf(delivery.FormatPNG)),
		},
		{
			method: http.MethodGet, path: "/v1/orders/{id}/tickets.svg", id: "getOrderSVG", tag: tagTickets, scopes: deliver,
			summary: "Draw an order's tickets as a drawing", about: "For layouts that put them on one page, such as voucher and receipt; layout.pages otherwise.",
			codes: append([]string{sales.CodeUnknown}, drawn...), mount: madeFile[orderFileInput](s.orderFile, mediaOf(delivery.FormatSVG)),
		},
		{
			method: http.MethodGet, path: "/v1/orders/{id}/tickets.fgl", id: "getOrderFGL", tag: tagTickets, scopes: deliver,
			summary: "Print an order's tickets on a BOCA printer", about: "BOCA's Friendly Ghost Language, to be sent to the printer as it is.",
			codes: append([]string{sales.CodeUnknown}, printed...), mount: madeFile[orderThermalInput](s.orderFile, mediaOf(delivery.FormatFGL)),
		},
		{
			method: http.MethodGet, path: "/v1/orders/{id}/tickets.zpl", id: "getOrderZPL", tag: tagTickets, scopes: deliver,
			summary: "Print an order's tickets on a Zebra printer", about: "ZPL II, to be sent to the printer as it is.",
			codes: append([]string{sales.CodeUnknown}, printed...), mount: madeFile[orderThermalInput](s.orderFile, mediaOf(delivery.FormatZPL)),
		},
		{
			method: http.MethodGet, path: "/v1/tickets/{id}", id: "getTicket", tag: tagTickets, scopes: sellOrDeliver,
			summary: "Read a ticket", about: "The barcode only with scope deliver.", codes: []string{sales.CodeTicketUnknown, CodeRouteUnknown},
			mount: plain[ticketInput, ticketDTO](s.getTicket),
		},
		{
			method: http.MethodGet, path: "/v1/tickets/{id}.pdf", id: "getTicketPDF", tag: tagTickets, scopes: deliver, shared: true,
			summary: "Print a ticket", codes: append([]string{sales.CodeTicketUnknown}, printed...),
			mount: madeFile[ticketFileInput](s.getTicket, mediaOf(delivery.FormatPDF)),
		},
		{
			method: http.MethodGet, path: "/v1/tickets/{id}.png", id: "getTicketPNG", tag: tagTickets, scopes: deliver, shared: true,
			summary: "Draw a ticket", codes: append([]string{sales.CodeTicketUnknown}, drawn...),
			mount: madeFile[ticketPictureInput](s.getTicket, mediaOf(delivery.FormatPNG)),
		},
		{
			method: http.MethodGet, path: "/v1/tickets/{id}.svg", id: "getTicketSVG", tag: tagTickets, scopes: deliver, shared: true,
			summary: "Draw a ticket as a drawing", codes: append([]string{sales.CodeTicketUnknown}, drawn...),
			mount: madeFile[ticketFileInput](s.getTicket, mediaOf(delivery.FormatSVG)),
		},
		{
			method: http.MethodGet, path: "/v1/tickets/{id}.fgl", id: "getTicketFGL", tag: tagTickets, scopes: deliver, shared: true,
			summary: "Print a ticket on a BOCA printer", about: "BOCA's Friendly Ghost Language, to be sent to the printer as it is.",
			codes: append([]string{sales.CodeTicketUnknown}, printed...),
			mount: madeFile[ticketThermalInput](s.getTicket, mediaOf(delivery.FormatFGL)),
		},
		{
			method: http.MethodGet, path: "/v1/tickets/{id}.zpl", id: "getTicketZPL", tag: tagTickets, scopes: deliver, shared: true,
			summary: "Print a ticket on a Zebra printer", about: "ZPL II, to be sent to the printer as it is.",
			codes: append([]string{sales.CodeTicketUnknown}, printed...),
			mount: madeFile[ticketThermalInput](s.getTicket, mediaOf(delivery.FormatZPL)),
		},
		{
			method: http.MethodGet, path: "/v1/tickets/{id}.pkpass", id: "getTicketPass", tag: tagTickets, scopes: deliver, shared: true,
			summary: "A ticket for Apple Wallet",
			about: "Signed with the configured certificate. The phone that opens it keeps itself up to date: a new barcode, another time, a ticket that " +
				"was taken back. Symbologies that Apple does not know are shown in the nearest that it does.",
			codes: walletCodes(sales.CodeTicketUnknown), mount: file[ticketFileInput](s.getTicket, mediaPass),
		},
		{
			method: http.MethodGet, path: "/v1/orders/{id}/tickets.pkpasses", id: "getOrderPasses", tag: tagTickets, scopes: deliver,
			summary: "An order's tickets for Apple Wallet", about: "A pass for each good ticket, in one file.",
			codes: walletCodes(sales.CodeUnknown), mount: file[orderFileInput](s.orderPasses, mediaPasses),
		},
		{
			method: http.MethodGet, path: "/v1/orders/{id}/wallet/google", id: "getOrderGoogleLinks", tag: tagTickets, scopes: deliver,
			summary: "Links that save an order's tickets to Google Wallet",
			about:   "Makes sure first that Google has the tickets as they are now; they are kept up to date there.",
			codes:   walletCodes(sales.CodeUnknown, delivery.CodeWalletAway, delivery.CodeWalletRefused), mount: typed(s.getGoogleLinks, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/tickets/{id}/barcode.svg", id: "getTicketBarcodeSVG", tag: tagTickets, scopes: deliver,
			summary: "Draw a ticket's barcode", about: "The symbol with its quiet zone, and nothing else.",
			codes: append([]string{sales.CodeTicketUnknown}, printed...),
			mount: madeFile[barcodeInput](s.getBarcode, "image/svg+xml"),
		},
		{
			method: http.MethodGet, path: "/v1/tickets/{id}/barcode.png", id: "getTicketBarcodePNG", tag: tagTickets, scopes: deliver,
			summary: "Draw a ticket's barcode as a picture", about: "Modules are whole points.",
			codes: append([]string{sales.CodeTicketUnknown}, printed...),
			mount: madeFile[barcodePictureInput](s.getBarcode, "image/png"),
		},

		{
			method: http.MethodPost, path: "/v1/tickets/export", id: "exportTickets", tag: tagTickets, scopes: deliver,
			summary: "Print many tickets as one file",
			about: "Those of orders, or of a performance; what is not sold or was taken back is left out. Few are answered at once (200, the file as it is " +
				"printed), more are printed in the background (202). At most 20,000.",
			codes: []string{
				sales.CodeUnknown, delivery.CodeExportEmpty, delivery.CodeExportTooMany, delivery.CodeBarcode, delivery.CodeUnreadable, delivery.CodeLayoutUnknown,
				catalog.CodeCatalogUnknown, catalog.CodePerformanceUnknown, storefront.CodeKeyInstitution,
			},
			mount: streamed(s.exportTickets),
		},
		{
			method: http.MethodGet, path: "/v1/exports/{id}", id: "getExport", tag: tagTickets, scopes: deliver,
			summary: "Read how far an export is", codes: []string{delivery.CodeExportUnknown}, mount: typed(s.getExport, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/exports/{id}/file", id: "getExportFile", tag: tagTickets, scopes: deliver,
			summary: "Fetch an export's file", about: "Whole, or from where a download was cut (Range). It shows the tickets as they were when it was printed.",
			codes: []string{delivery.CodeExportUnknown, delivery.CodeExportNotReady, delivery.CodeExportFailed, delivery.CodeExportGone, delivery.CodeExportStale, CodeRequestRange},
			mount: rangedFile[exportIDInput](s.getExportFile, "application/pdf", "application/zip"),
		},
		{
			method: http.MethodGet, path: "/v1/layouts", id: "listLayouts", tag: tagTickets, scopes: deliver,
			summary: "List the layouts that tickets can be printed by", mount: typed(s.listLayouts, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/layouts/schema.json", id: "getLayoutSchema", tag: tagTickets, open: true,
			summary: "The JSON Schema of layout files", about: "For editors that complete and check what is typed.",
			mount: file[struct{}](s.layoutSchema, "application/schema+json"),
		},

		{
			method: http.MethodPost, path: "/v1/orders/{id}/link", id: "createLink", tag: tagTickets, scopes: deliver,
			summary: "Make the address of the buyer's own page",
			about: "Read-only and without an account, good until the configured days after the last performance ends. Nothing is stored: it may be " +
				"made as often as wished, and cannot be taken back. Whoever has it can use the tickets.",
			codes: []string{sales.CodeUnknown, sales.CodeTicketNotIssued, delivery.CodeLinkOff, delivery.CodeLinkExpired, catalog.CodeCatalogUnknown},
			mount: typed(s.createLink, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/orders/{id}/deliver", id: "deliverOrder", tag: tagTickets, scopes: deliver,
			summary: "Send the tickets by e-mail",
			about: "202: queued; the answer and the order's deliveries say how it goes. Each call sends another mail, unless it repeats an Idempotency-Key: " +
				"then it answers with that one.",
			codes: []string{
				sales.CodeUnknown, sales.CodeKeyReused, sales.CodeTicketNotIssued, sales.CodeTicketCancelled, delivery.CodeMailOff, delivery.CodeMailAddress,
				delivery.CodeMailCount,
			},
			mount: typed(s.deliverOrder, http.StatusAccepted),
		},
		{
			method: http.MethodGet, path: "/v1/orders/{id}/deliveries", id: "listDeliveries", tag: tagTickets, scopes: sellOrDeliver,
			summary: "List an order's e-mails, newest first", codes: []string{sales.CodeUnknown}, mount: typed(s.orderDeliveries, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/t/{token}", id: "showOrder", tag: tagTickets, open: true,
			summary: "The buyer's own page",
			about: "HTML for a phone: what, when and where, each ticket with its state and barcode, files to take along. No key, no cookie, no script. " +
				"404 for an address that is not ours, 410 for one that has expired, both as pages; 404 everywhere where links are not switched on.",
			codes: []string{CodeRouteUnknown}, mount: buyerMount[buyerInput](s.buyer, "text/html"),
		},
		{
			method: http.MethodGet, path: "/t/{token}/{file}", id: "getOrderFile", tag: tagTickets, open: true,
			summary: "A file of the buyer's own page", about: "tickets.pdf, tickets.pkpasses, calendar.ics, or a ticket's id and .pdf, .pkpass or .google; the last sends the browser to Google.",
			codes: []string{CodeRouteUnknown}, mount: sendsAway(buyerMount[buyerFileInput](s.buyer, "application/pdf", "text/calendar", mediaPass, mediaPasses)),
		},

		{
			method: http.MethodGet, path: "/v1/admin/institutions", id: "adminListInstitutions", tag: tagAdmin, scopes: admin,
			summary: "How fresh every catalog is", mount: typed(s.adminInstitutions, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/institutions/{code}", id: "adminGetInstitution", tag: tagAdmin, scopes: admin,
			summary: "How fresh a catalog is, and what of it is not sold", codes: []string{catalog.CodeInstitutionUnknown},
			mount: typed(s.adminInstitution, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/admin/institutions/{code}/refresh", id: "adminRefreshInstitution", tag: tagAdmin, scopes: admin,
			summary: "Load the catalog and its availability now",
			about:   "Asks the platform, within its limits, and waits. A catalog that has not changed is loaded anew only with ?force=true.",
			codes:   append(platform, catalog.CodeInstitutionUnknown, catalog.CodeCatalogRefused), mount: typed(s.adminRefresh, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/institutions/{code}/changes", id: "adminListChanges", tag: tagAdmin, scopes: admin,
			summary: "What refreshes changed in a catalog, newest first", about: "Kept for 90 days, at most 100,000 lines.",
			codes: append(list, catalog.CodeInstitutionUnknown), mount: typed(s.adminChanges, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/explain/{id}", id: "adminExplain", tag: tagAdmin, scopes: admin,
			summary: "Why something is on sale or not", about: "Every rule as it was applied, price by price, now or at another moment.",
			codes: []string{catalog.CodeProductUnknown, catalog.CodeCatalogUnknown, catalog.CodeTariff}, mount: typed(s.adminExplain, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/freshness", id: "adminListFreshness", tag: tagAdmin, scopes: admin,
			summary: "How fresh availability is, and what is asked next", about: "With what the month leaves for it.",
			codes: []string{catalog.CodeInstitutionUnknown, catalog.CodeCatalogUnknown}, mount: typed(s.adminListFreshness, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/freshness/{performance}", id: "adminGetFreshness", tag: tagAdmin, scopes: admin,
			summary: "When a performance's availability was last confirmed, why then, and what comes next",
			codes:   []string{catalog.CodePerformanceUnknown, catalog.CodeCatalogUnknown, freshness.CodeUnplanned}, mount: typed(s.adminFreshness, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/jobs", id: "adminListJobs", tag: tagAdmin, scopes: admin,
			summary: "List background jobs and how they went", mount: typed(s.adminJobs, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/admin/jobs/{job}/run", id: "adminRunJob", tag: tagAdmin, scopes: admin,
			summary: "Run a job now", about: "202: it is queued like every other run.", codes: []string{CodeJobUnknown},
			mount: typed(s.adminRunJob, http.StatusAccepted),
		},
		{
			method: http.MethodGet, path: "/v1/admin/quota", id: "adminQuota", tag: tagAdmin, scopes: scopes(storefront.ScopeAdmin, storefront.ScopeFinance),
			summary: "Calls to the platform: what is used, and of what", codes: []string{catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution},
			mount: typed(s.adminQuota, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/quota/usage", id: "adminQuotaUsage", tag: tagAdmin, scopes: scopes(storefront.ScopeAdmin, storefront.ScopeFinance),
			summary: "Calls to the platform by minute, hour, day or month", about: "Told apart by the platform's key, service, class or outcome where wished.",
			codes: []string{catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution}, mount: typed(s.adminQuotaUsage, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/quota/callers", id: "adminQuotaCallers", tag: tagAdmin, scopes: scopes(storefront.ScopeAdmin, storefront.ScopeFinance),
			summary: "Who the calls to the platform were for", about: "By key, job or order, from the log of single calls: the last week, at most the last 50,000 calls.",
			codes: []string{catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution}, mount: typed(s.adminQuotaCallers, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/quota/peaks", id: "adminListPeaks", tag: tagAdmin, scopes: scopes(storefront.ScopeAdmin, storefront.ScopeFinance),
			summary: "List the times with a raised rate", about: "Those of the configuration too. What is over or removed is shown for 31 days.",
			codes: []string{catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution}, mount: typed(s.adminPeaks, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/admin/quota/peaks", id: "adminCreatePeak", tag: tagAdmin, scopes: admin,
			summary: "Raise the rate for a time that the platform agreed to",
			about:   "In force here at once, on other replicas within seconds, also after a restart.",
			codes: []string{
				catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution, quota.CodePeak, quota.CodePeakEmpty, quota.CodePeakPast, quota.CodePeakRate,
				quota.CodePeakOverlap, quota.CodePeakCount,
			},
			mount: typed(s.adminCreatePeak, http.StatusCreated),
		},
		{
			method: http.MethodDelete, path: "/v1/admin/quota/peaks/{id}", id: "adminRemovePeak", tag: tagAdmin, scopes: admin,
			summary: "Remove a time with a raised rate", about: "One that runs ends now. Removing it again changes nothing. Those of the configuration have no id.",
			codes: []string{quota.CodePeakUnknown}, mount: typed(s.adminRemovePeak, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/orders", id: "adminListOrders", tag: tagAdmin, scopes: admin,
			summary: "Find orders of every storefront", codes: append(list, catalog.CodeInstitutionUnknown), mount: typed(s.adminOrders, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/orders/counts", id: "adminCountOrders", tag: tagAdmin, scopes: admin,
			summary: "Count orders by institution and state", mount: typed(s.adminCounts, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/orders/{id}", id: "adminGetOrder", tag: tagAdmin, scopes: admin,
			summary: "Read an order of any storefront", codes: []string{sales.CodeUnknown}, mount: typed(s.adminOrder, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/admin/orders/{id}/settle", id: "adminSettleOrder", tag: tagAdmin, scopes: admin,
			summary: "Find out now what became of an order", about: "Reads the platform for an order in a state ending in -ing, and for an issued one, " +
				"whose tickets may have been replaced or taken back; any other is left alone.",
			codes: append(platform, sales.CodeUnknown), mount: typed(s.adminSettle, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/admin/orders/{id}/decide", id: "adminDecideOrder", tag: tagAdmin, scopes: admin,
			summary: "End a review", about: "For an order in review. Who decided and why go into its history.",
			codes: append(platform, sales.CodeUnknown, sales.CodeStatus, sales.CodeReview), mount: typed(s.adminDecide, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/pending-account", id: "adminPendingAccount", tag: tagAdmin, scopes: finance,
			summary: "What is owed to each institution, and how much may be", mount: typed(s.adminPendingAccount, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/account/{institution}", id: "adminAccount", tag: tagAdmin, scopes: finance,
			summary: "How an institution's account stands, with the turnover of every account of its ledger",
			codes:   []string{catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution}, mount: typed(s.adminAccount, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/account/{institution}/statement", id: "adminStatement", tag: tagAdmin, scopes: finance,
			summary: "Read an institution's statement",
			about: "Local days of the institution, both included; default: today. What was owed before and after, each day's sums, and the postings " +
				"page by page. With Accept: text/csv the whole as CSV, like statement.csv.",
			codes: append(list, catalog.CodeInstitutionUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution), mount: orCSV(plain[statementInput, statementDTO](s.adminStatement)),
		},
		{
			method: http.MethodGet, path: "/v1/admin/account/{institution}/statement.csv", id: "adminStatementCSV", tag: tagAdmin, scopes: finance,
			summary: "Read an institution's statement as CSV",
			about:   "RFC 4180 with a head line; the first line is the opening balance and the last the closing one: without it the statement was cut.",
			codes:   []string{catalog.CodeInstitutionUnknown, catalog.CodeCatalogUnknown, storefront.CodeKeyInstitution}, mount: file[StatementInput](s.adminStatementCSV, "text/csv"),
		},
		{
			method: http.MethodPost, path: "/v1/admin/account/{institution}/postings", id: "adminPost", tag: tagAdmin, scopes: finance,
			summary: "Post a payment to the institution, a fee, a correction, or the reversal of a posting",
			about: "201: posted. 200: the same key, or the reversal of the same posting, came before with the same content. Nothing is ever changed or " +
				"deleted: what was wrong is reversed.",
			codes: []string{
				sales.CodeKeyMissing, sales.CodeUnknown, account.CodePosting, account.CodeDuplicate, account.CodeUnknown, catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution,
			},
			mount: typed(s.adminPost, http.StatusCreated, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/admin/reconciliations", id: "adminReconcile", tag: tagAdmin, scopes: finance,
			summary: "Compare our orders with the platform's history and the payments that storefronts report",
			about:   "202: it runs in the background and makes a bounded number of calls; read it by its id. Each difference is a case.",
			codes:   []string{CodeRequestRequired, catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution}, mount: typed(s.adminReconcile, http.StatusAccepted),
		},
		{
			method: http.MethodGet, path: "/v1/admin/reconciliations", id: "adminListReconciliations", tag: tagAdmin, scopes: finance,
			summary: "List reconciliations, newest first", codes: append(list, catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution), mount: typed(s.adminRuns, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/reconciliations/{id}", id: "adminGetReconciliation", tag: tagAdmin, scopes: finance,
			summary: "Read a reconciliation", codes: []string{reconcile.CodeRunUnknown, storefront.CodeKeyInstitution}, mount: typed(s.adminRun, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/cases", id: "adminListCases", tag: tagAdmin, scopes: finance,
			summary: "List differences that reconciliations found, newest first", codes: append(list, catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution),
			mount: typed(s.adminCases, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/cases/{id}", id: "adminGetCase", tag: tagAdmin, scopes: finance,
			summary: "Read a case", codes: []string{reconcile.CodeCaseUnknown, storefront.CodeKeyInstitution}, mount: typed(s.adminCase, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/admin/cases/{id}/decide", id: "adminDecideCase", tag: tagAdmin, scopes: admin,
			summary: "Decide a case",
			about: "The decision is logged with who and why. What is ours to do (adopt, renew, correct) is done at once, after a read of the platform; " +
				"where that fails the decision stays with its outcome and may be made again. A case closes by itself once the difference is gone.",
			codes: append(platform, reconcile.CodeCaseUnknown, reconcile.CodeCaseAction, reconcile.CodeCaseDecided, sales.CodeStatus, sales.CodeHoldExpired, sales.CodeDuplicate),
			mount: typed(s.adminDecideCase, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/layouts", id: "adminListLayouts", tag: tagAdmin, scopes: admin,
			summary: "List layouts, and what is wrong with those in the folder",
			about:   "problems is what a reload would be refused for now; those in use are good.", mount: typed(s.adminLayouts, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/admin/layouts/reload", id: "adminReloadLayouts", tag: tagAdmin, scopes: admin,
			summary: "Take the folder's layouts into use",
			about: "All or none: where a file is wrong, or a layout that is chosen is gone, those in use stay and errors[] says file, line and reason. It is " +
				"this process that reloads; with several replicas each is asked, or restarted. It is logged with who asked.",
			codes: []string{delivery.CodeLayoutRefused}, mount: typed(s.adminReloadLayouts, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/layouts/{name}/preview.png", id: "adminPreviewLayout", tag: tagAdmin, scopes: admin,
			summary: "Look at a layout with a sample ticket", about: "Marked as a specimen; with item it says what that thing's tickets would.",
			codes: []string{delivery.CodeLayoutUnknown, delivery.CodeBarcode, delivery.CodeUnreadable, catalog.CodePerformanceUnknown, catalog.CodeCatalogUnknown},
			mount: file[layoutPreviewInput](s.adminPreviewLayout, "image/png"),
		},
		{
			method: http.MethodGet, path: "/v1/admin/audit", id: "adminAudit", tag: tagAdmin, scopes: admin,
			summary: "Who decided what, newest first", codes: list, mount: typed(s.adminAudit, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/mail", id: "adminListMail", tag: tagAdmin, scopes: admin,
			summary: "List e-mails to buyers, newest first", about: "Of every storefront. One that failed or bounced is sent anew by delivering its order again.",
			codes: append(list, catalog.CodeInstitutionUnknown, storefront.CodeKeyInstitution), mount: typed(s.adminMail, http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/v1/admin/keys", id: "adminListKeys", tag: tagAdmin, scopes: admin,
			summary: "List keys, newest first", about: "Without their secrets, which are kept nowhere.", mount: typed(s.adminKeys, http.StatusOK),
		},
		{
			method: http.MethodPost, path: "/v1/admin/keys", id: "adminCreateKey", tag: tagAdmin, scopes: admin,
			summary: "Make a key", about: "The answer shows its token once; it cannot be shown again.",
			codes: []string{storefront.CodeKeyInput}, mount: typed(s.adminCreateKey, http.StatusCreated),
		},
		{
			method: http.MethodDelete, path: "/v1/admin/keys/{id}", id: "adminRevokeKey", tag: tagAdmin, scopes: admin,
			summary: "Revoke a key", about: "At once; on other replicas within seconds. Revoking it again changes nothing.",
			codes: []string{storefront.CodeKeyUnknown}, missing: storefront.CodeKeyUnknown, mount: typed(s.adminRevokeKey, http.StatusOK),
		},

		{
			method: http.MethodPost, path: "/v1/hooks/s360/{institution}/{token}", id: "takePush", tag: tagReference, open: true, raw: true,
			summary: "For S-360: push what happened there", about: "Any JSON of up to 10 MB, taken as a hint of what to ask the platform; see the operations page. " +
				"200 once what it asks for is stored, 503 where it has to be sent again.",
			codes: []string{CodeRouteUnknown, CodeRequestTooLarge}, mount: plain[hookInput, hookDTO](s.takeHook),
		},
		{
			method: http.MethodPost, path: "/v1/hooks/mail/bounces", id: "takeBounce", tag: tagReference, open: true,
			summary: "For the mail relay: report that a mail came back", about: "With Authorization: Bearer and mail_bounce_token; 404 where none is configured. " +
				"The same report twice changes nothing.",
			codes: []string{CodeRouteUnknown, storefront.CodeKeyUnknown, delivery.CodeMailUnknown}, mount: typed(s.takeBounce, http.StatusOK),
		},
		{
			method: http.MethodPost, path: ApplePath + "/v1/devices/{device}/registrations/{pass_type}/{serial}", id: "registerPhone", tag: tagReference, open: true, raw: true,
			summary: "For Apple's phones: ask to be told when a pass changes", about: "201: from now on. 200: it was asked before.",
			codes: append([]string{CodeRequestMalformed, CodeRequestTooLarge}, phone...), mount: phoneMount[phoneInput](s.registerPhone, "", http.StatusCreated, http.StatusOK),
		},
		{
			method: http.MethodDelete, path: ApplePath + "/v1/devices/{device}/registrations/{pass_type}/{serial}", id: "unregisterPhone", tag: tagReference, open: true,
			summary: "For Apple's phones: do not be told any more", codes: phone, mount: phoneMount[phoneInput](s.unregisterPhone, "", http.StatusOK),
		},
		{
			method: http.MethodGet, path: ApplePath + "/v1/devices/{device}/registrations/{pass_type}", id: "listPhonePasses", tag: tagReference, open: true,
			summary: "For Apple's phones: which passes have changed", about: "204: none. Member names are Apple's.",
			codes: phone, mount: phoneMount[phoneListInput](s.listPhonePasses, "application/json", http.StatusOK, http.StatusNoContent),
		},
		{
			method: http.MethodGet, path: ApplePath + "/v1/passes/{pass_type}/{serial}", id: "getPhonePass", tag: tagReference, open: true,
			summary: "For Apple's phones: a pass as it is now", about: "Also one that was taken back, which says so. 304: as it was.",
			codes: append([]string{sales.CodeTicketNotIssued, delivery.CodeBarcode}, phone...), mount: phoneMount[phonePassInput](s.getPhonePass, mediaPass, http.StatusOK, http.StatusNotModified),
		},
		{
			method: http.MethodPost, path: ApplePath + "/v1/log", id: "logPhone", tag: tagReference, open: true, raw: true,
			summary: "For Apple's phones: complain", about: "Into our log, cut to a bounded length.",
			codes: append([]string{CodeRequestMalformed, CodeRequestTooLarge}, phone...), mount: phoneMount[struct{}](s.logPhone, "", http.StatusOK),
		},
		{
			method: http.MethodGet, path: "/problems", id: "listProblems", tag: tagReference, open: true,
			summary: "List every error code", mount: plain[struct{}, explanationPageDTO](s.listProblems),
		},
		{
			method: http.MethodGet, path: "/problems/{code}", id: "getProblem", tag: tagReference, open: true,
			summary: "Explain an error code", codes: []string{CodeProblemUnknown}, mount: orText(plain[problemInput, explanation](s.getProblem)),
		},
		{
			method: http.MethodGet, path: "/openapi.json", id: "getOpenAPI", tag: tagReference, open: true,
			summary: "This document as JSON", mount: file[struct{}](s.openAPIJSON, "application/json"),
		},
		{
			method: http.MethodGet, path: "/openapi.yaml", id: "getOpenAPIYAML", tag: tagReference, open: true,
			summary: "This document as YAML", mount: file[struct{}](s.openAPIYAML, "application/yaml"),
		},
		{
			method: http.MethodGet, path: "/docs", id: "getDocs", tag: tagReference, open: true,
			summary: "This document as a page to read and try", mount: file[struct{}](s.docsPage, "text/html"),
		},
		{
			method: http.MethodGet, path: "/docs/{file}", id: "getDocsFile", tag: tagReference, open: true,
			summary: "Script and style of that page", codes: []string{CodeRouteUnknown}, mount: file[docsFileInput](s.docsFile, "text/javascript", "text/css"),
		},
	}
}

// mounter puts routes into the router and the document.
type mounter struct {
	s      *server
	engine *gin.Engine
	api    huma.API // routes and documents
	doc    huma.API // documents only
}

// silent is an adapter that routes nothing: the document is made by the same code for handlers that are gin's own.
type silent struct{ huma.Adapter }

// Handle does nothing.
func (silent) Handle(*huma.Operation, func(huma.Context)) {}

// mount puts the whole table into the engine. It fails where two routes contradict each other.
func (s *server) mount(engine *gin.Engine) (err error) {
	defer func() {
		if p := recover(); p != nil { // gin and huma panic on a table that contradicts itself
			err = fmt.Errorf("api: mount: %v", p)
		}
	}()
	cfg := s.document()
	m := &mounter{s: s, engine: engine, api: humagin.New(engine, cfg)}
	m.doc = huma.NewAPI(cfg, silent{})
	table := s.routes()
	for _, r := range table {
		r.mount(m, r)
		m.note(r)
		s.auth[r.method+" "+r.ginPath()] = r
	}
	s.spec = writeDocument(m.api.OpenAPI())
	return s.finishDocument(m.api.OpenAPI(), table)
}

// note takes over from the document what a route accepts, so that the two cannot differ.
func (m *mounter) note(r *route) {
	op := operationOf(m.api.OpenAPI(), r)
	r.query = map[string]bool{}
	for _, p := range op.Parameters {
		if p.In == "query" {
			r.query[p.Name] = true
		}
	}
	r.body = op.RequestBody != nil
}

func operationOf(doc *huma.OpenAPI, r *route) *huma.Operation {
	item := doc.Paths[r.path]
	switch r.method {
	case http.MethodPost:
		return item.Post
	case http.MethodPatch:
		return item.Patch
	case http.MethodDelete:
		return item.Delete
	default:
		return item.Get
	}
}

// typed mounts a handler whose request and answer are Go types; statuses are those it answers with, the usual one first.
func typed[I, O any](h func(context.Context, *I) (*O, error), statuses ...int) mountFunc {
	return func(m *mounter, r *route) {
		op := m.operation(r, statuses...)
		huma.Register(m.api, op, func(ctx context.Context, in *I) (*O, error) {
			out, err := h(ctx, in)
			if err != nil {
				return nil, asProblem(ctx, err)
			}
			return out, nil
		})
		m.copyAnswer(r, statuses)
	}
}

// copyAnswer documents the further good statuses like the first.
func (m *mounter) copyAnswer(r *route, statuses []int) {
	op := operationOf(m.api.OpenAPI(), r)
	first := op.Responses[strconv.Itoa(statuses[0])]
	for _, st := range statuses[1:] {
		more := *first
		more.Description = statusWords(st)
		op.Responses[strconv.Itoa(st)] = &more
	}
}

type bodyOf[O any] struct{ Body O }

// kept mounts a gin handler that answers with bodies callers may keep.
func kept[I, O any](h gin.HandlerFunc) mountFunc {
	return func(m *mounter, r *route) {
		r.kept, r.coded = true, true
		plain[I, O](h)(m, r)
		describeKept(operationOf(m.api.OpenAPI(), r))
	}
}

// plain mounts a gin handler that answers JSON.
func plain[I, O any](h gin.HandlerFunc) mountFunc {
	return func(m *mounter, r *route) {
		huma.Register(m.doc, m.operation(r, http.StatusOK), func(context.Context, *I) (*bodyOf[O], error) { return nil, errDocumentOnly })
		m.handle(r, h)
	}
}

// orText says that the answer may be plain text, too.
func orText(mount mountFunc) mountFunc {
	return func(m *mounter, r *route) {
		mount(m, r)
		operationOf(m.api.OpenAPI(), r).Responses["200"].Content["text/plain"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
}

// takesCSV says that the body is CSV.
func takesCSV(mount mountFunc) mountFunc {
	return func(m *mounter, r *route) {
		mount(m, r)
		operationOf(m.api.OpenAPI(), r).RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"text/csv": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}}
	}
}

// orCSV says that the answer may be CSV, too.
func orCSV(mount mountFunc) mountFunc {
	return func(m *mounter, r *route) {
		mount(m, r)
		operationOf(m.api.OpenAPI(), r).Responses["200"].Content["text/csv"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
}

// file mounts a gin handler that answers with bytes of the media types given.
func file[I any](h gin.HandlerFunc, media ...string) mountFunc {
	return func(m *mounter, r *route) {
		op := m.operation(r, http.StatusOK)
		content := map[string]*huma.MediaType{}
		for _, mt := range media {
			content[mt] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
		op.Responses["200"].Content = content
		if r.open {
			r.kept, r.coded = true, true
			op.Parameters = append(op.Parameters, codingParameter())
			op.Responses["200"].Headers["ETag"] = stringHeader("strong; each content coding has its own, and any of them gives 304 in If-None-Match")
			op.Responses["200"].Headers["Content-Encoding"] = stringHeader(wordsOfCoding)
			op.Responses["200"].Headers["Vary"] = stringHeader("Accept-Encoding")
			op.Responses["304"] = &huma.Response{Description: "Not changed since the ETag sent in If-None-Match", Headers: op.Responses["200"].Headers}
		}
		huma.Register(m.doc, op, func(context.Context, *I) (*struct{}, error) { return nil, errDocumentOnly })
		m.handle(r, h)
	}
}

// keptFile mounts a gin handler that answers with bodies callers may keep, of the media types given.
func keptFile[I any](h gin.HandlerFunc, media ...string) mountFunc {
	return func(m *mounter, r *route) {
		r.kept, r.coded = true, true
		file[I](h, media...)(m, r)
		describeKept(operationOf(m.api.OpenAPI(), r))
	}
}

// codedFile mounts a gin handler that writes bytes of the media types given as they come, in the coding wished for.
func codedFile[I any](h gin.HandlerFunc, media ...string) mountFunc {
	return func(m *mounter, r *route) {
		r.coded = true
		file[I](h, media...)(m, r)
		op := operationOf(m.api.OpenAPI(), r)
		op.Parameters = append(op.Parameters, codingParameter())
		op.Responses["200"].Headers["Content-Encoding"] = stringHeader(wordsOfCoding)
		op.Responses["200"].Headers["Vary"] = stringHeader(varied)
	}
}

func (m *mounter) handle(r *route, h gin.HandlerFunc) {
	if !r.shared {
		m.engine.Handle(r.method, r.ginPath(), h)
	}
}

// codesOf are all codes a route may be refused with, sorted.
func (r *route) codesOf() []string {
	codes := slices.Clone(r.codes)
	codes = append(codes, domain.CodeInternal, domain.CodeStoreUnavailable)
	if !r.open {
		codes = append(codes, storefront.CodeKeyAbsent, storefront.CodeKeyUnknown, storefront.CodeKeyRevoked, storefront.CodeKeyExpired,
			storefront.CodeKeyScope, storefront.CodeKeyRate)
	}
	if r.method == http.MethodPost && !r.raw {
		codes = append(codes, CodeRequestMalformed, CodeRequestTooLarge, CodeRequestMediaType)
	}
	if r.coded {
		codes = append(codes, CodeRequestNotAcceptable)
	}
	codes = append(codes, domain.CodeRequest, CodeRequestUnknownMember)
	slices.Sort(codes)
	return slices.Compact(codes)
}
