package api

import (
	"net/http"
	"strings"
	"sync"

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

// explanation is what a code means: its page at /problems/{code}, and the document's words for it.
type explanation struct {
	Code    string `json:"code" example:"order.availability"`
	Status  int    `json:"status" doc:"the HTTP status that it usually comes with; 422 for those that stand in errors[] only"`
	Title   string `json:"title"`
	Meaning string `json:"meaning" doc:"what happened, and what the caller can do"`
}

// Codes of our adapters, which no domain package names.
const (
	codeLeaseLost   = "lease.lost"
	codeQuotaPlan   = "quota.plan"
	codePictureSize = "picture.size"
	codeRecording   = "quota.recording"
)

// explanations lists every code, in the order of the page.
func explanations() []explanation {
	return []explanation{
		{domain.CodeInternal, 500, "Something went wrong on our side", "The request was not carried out, or not to its end. Nothing about it is told outside; name the request_id. A changing call may be repeated with the same Idempotency-Key."},
		{domain.CodeRequest, 422, "The request is not as described", "One or more members or parameters are wrong; errors[] names each by a JSON pointer, or by ?name for a parameter."},
		{CodeRequestMalformed, 400, "The body is not JSON", "The body is missing, cut off, or not one JSON value. The detail says at which byte."},
		{CodeRequestTooLarge, 413, "The body is too large", "Send less; the detail says how much is taken."},
		{CodeRequestMediaType, 415, "The body is not JSON", "Send Content-Type: application/json."},
		{CodeRequestNotAcceptable, 406, "No content coding is acceptable", "Accept-Encoding refuses the answer as it is and every coding we have. Leave identity acceptable, or take br, zstd or gzip."},
		{CodeRequestRequired, 422, "Something that is needed is missing", "Stands in errors[]: the member or parameter named must be sent."},
		{CodeRequestUnknownMember, 422, "There is no such member", "Stands in errors[]: the member or parameter named does not exist, is spelled in another way, or stands twice. Unknown members are refused so that a misspelled one is noticed."},
		{CodeRequestCursor, 422, "The cursor is not one of ours", "Use the next member of the page before as it is, with the same filters and sort; or begin again without a cursor."},
		{CodeRouteUnknown, 404, "There is nothing at this address", "Look the address up in /docs."},
		{CodeRouteMethod, 405, "This address does not take this method", "The Allow header lists the methods that it takes."},
		{CodeProblemUnknown, 404, "There is no such code", "GET /problems lists every code."},
		{CodeJobUnknown, 404, "There is no such job", "GET /v1/admin/jobs lists every job."},

		{storefront.CodeKeyAbsent, 401, "No key was sent", "Send Authorization: Bearer and the key."},
		{storefront.CodeKeyUnknown, 401, "The key is not known", "Check that the whole key was sent, from gk_ to its end."},
		{storefront.CodeKeyRevoked, 401, "The key was revoked", "Use the key that replaced it, or ask for one."},
		{storefront.CodeKeyExpired, 401, "The key has expired", "Use the key that replaced it, or ask for one."},
		{storefront.CodeKeyScope, 403, "The key may not do this", "The key lacks the scope named in the detail."},
		{storefront.CodeKeyInstitution, 403, "The key is not bound to this institution", "Ask for a key that is, or leave the institution out."},
		{storefront.CodeKeyRate, 429, "The key asks too often", "Wait as Retry-After says. The RateLimit header of every answer says how much is left."},
		{storefront.CodeKeyInput, 422, "The key cannot be made as asked", "errors[] names what is wrong."},

		{catalog.CodeInstitutionUnknown, 404, "There is no such institution", "GET /v1/institutions lists those that the key sees."},
		{catalog.CodeCatalogUnknown, 503, "The catalog has not been loaded yet", "The institution is new or the service has just begun; ask again as Retry-After says."},
		{catalog.CodeCatalogRefused, 502, "The platform's catalog cannot be right", "What the platform sent was refused and the last good catalog keeps serving. An operator must look at it."},
		{catalog.CodeChangesExpired, 410, "What moved since then is not known any more", "Read the catalog anew with the export, then follow from a request without since."},
		{catalog.CodeProductUnknown, 404, "There is no such product", "The id is wrong, or the product is not in the catalog any more."},
		{catalog.CodePerformanceUnknown, 404, "There is no such performance", "The id is wrong, or the performance is not in the catalog any more."},
		{catalog.CodePerformanceOver, 410, "The performance is over", "Choose another one."},
		{catalog.CodeItemUnknown, 422, "There is no such item", "Stands in errors[]: the id is wrong, or the item is not in the catalog any more."},
		{catalog.CodeNotOnSale, 409, "It is not on sale", "Its sale has not begun or has ended, or it is not sold through this point of sales. The catalog says when (on_sale_from, on_sale_until)."},
		{catalog.CodeSeatCategory, 422, "The seat category is wrong", "Stands in errors[]: use one of the performance's seat_categories."},
		{catalog.CodeTariff, 422, "The tariff is wrong", "Stands in errors[]: use a tariff that has a price for the seat category or item."},
		{catalog.CodeTimeslot, 422, "The date or timeslot is wrong", "Stands in errors[]: use a day to come and one of the item's timeslots on it."},

		{sales.CodeUnknown, 404, "There is no such order", "The id is wrong, or the order is another storefront's."},
		{sales.CodeStatus, 409, "The order's state does not allow this", "Read the order; its state says what can be done."},
		{sales.CodeAvailability, 409, "The platform has nothing left of it", "Nothing is held. Look at the availability again and choose something else; what we showed was older than the platform's own count."},
		{sales.CodePriceChanged, 409, "The total is not the expected one", "Nothing is held. expected_total and actual_total say both; ask the buyer and hold anew with the actual one and a new Idempotency-Key."},
		{sales.CodePriceFraction, 502, "The platform's price cannot be written exactly", "Nothing is held. The amount is no whole number of minor units; an operator must look at it."},
		{sales.CodeHoldExpired, 410, "The hold has ended", "Nothing was sold. Hold anew."},
		{sales.CodeHoldLimit, 409, "The hold cannot last longer", "The platform's own expiry allows no more; close or release the order."},
		{sales.CodeQuantity, 422, "The quantity is wrong", "Stands in errors[]: the detail says the least or the most that is sold in one order."},
		{sales.CodeItems, 422, "The items are wrong", "Stands in errors[]: 1 to 20 items, each a performance or an item, none twice."},
		{sales.CodeTariffRequires, 422, "The tariff needs another one beside it", "Stands in errors[]: add at least one place at a tariff that it requires."},
		{sales.CodeCurrency, 422, "The currency is wrong", "An order is in one currency, the institution's."},
		{sales.CodePayment, 409, "The pending account refused", "Nothing was sold; the hold lives on. An operator must speak with the institution."},
		{sales.CodeAccountLimit, 409, "The institution's limit is reached", "Nothing was asked of the platform; the hold lives on. With this order more would be owed to the institution than it allows: an operator must pay it or have the limit raised, then close again."},
		{reconcile.CodePaymentFormat, 422, "The payment cannot be read", "The detail names the column or member. In a file, other lines are taken all the same; a file without the right head is refused whole."},
		{reconcile.CodePaymentReference, 422, "No order has this payment reference", "Stands in problems: the payment is kept, because money was taken, and looked for again by each reconciliation. Check the payment_reference that the order was closed with."},
		{reconcile.CodePaymentConflict, 409, "The payment was reported with other content", "Nothing was changed. A payment_id stands for one payment for ever; report another one under another number."},
		{reconcile.CodeRunUnknown, 404, "There is no such reconciliation", "The id is wrong."},
		{reconcile.CodeCaseUnknown, 404, "There is no such case", "The id is wrong."},
		{reconcile.CodeCaseAction, 422, "The action does not fit the case", "Stands in errors[]: the case's actions lists those that do; or the platform says something else by now."},
		{reconcile.CodeCaseDecided, 409, "The case is not to be decided any more", "The difference is gone, or what was decided was carried out."},
		{account.CodePosting, 422, "The posting is wrong", "Usually stands in errors[]: the member named cannot be taken. A reversal is not reversed: make the posting anew."},
		{account.CodeDuplicate, 409, "The posting was made already, with other content", "A key, and the reversal of a posting, are taken once. Use a new Idempotency-Key for another posting."},
		{account.CodeUnknown, 404, "There is no such posting", "Use a number from the institution's statement."},
		{sales.CodeContact, 422, "The buyer or purchaser is wrong", "The e-mail address or the contact number was refused."},
		{sales.CodeSeats, 422, "The seats are wrong", "Stands in errors[]: seats and areas are of the performance, each seat once, as many as places, and only where places have numbers."},
		{sales.CodeNotTogether, 409, "Not side by side", "The institution has not so many places together. Nothing is held, or the hold is as it was; ask without together."},
		{sales.CodeSeating, 409, "The seats were not given", "The institution did not put the places on the chosen seats, for a reason other than that they are taken. Nothing is held, or the hold is as it was; let it choose, or ask with another key."},
		{sales.CodeHolders, 422, "The holders are wrong", "Stands in errors[]: name places of this order, each once."},
		{sales.CodeReview, 409, "A person is looking at this order", "The platform and we disagree about it, or it could not be settled. Do not sell the places again; ask an operator."},
		{sales.CodeKeyMissing, 400, "The Idempotency-Key is missing", "Send one with every order: a fresh random text per purchase, and the same one when repeating it."},
		{sales.CodeKeyReused, 422, "The Idempotency-Key was used for something else", "A repeated request must be the same to the letter; use a new key for a new one."},
		{sales.CodeKeyInProgress, 409, "The first request with this key is still running", "Repeat the request as Retry-After says; it will get the first one's answer."},
		{sales.CodeTicketUnknown, 404, "There is no such ticket", "The id is wrong, or the ticket is another storefront's."},
		{sales.CodeTicketNotIssued, 409, "The tickets are not there yet", "The order is not sold, or its barcodes are still on their way: wait until its state is issued."},
		{sales.CodeTicketCancelled, 409, "The ticket is cancelled", "It was taken back already; errors[] names each."},
		{sales.CodeTicketUsed, 409, "The ticket was used", "It was scanned at a gate and cannot be taken back; errors[] names each."},
		{sales.CodeBasketUnknown, 404, "There is no such basket", "The id is wrong, or the basket is another storefront's."},
		{sales.CodeBasketOrders, 422, "The basket's orders are wrong", "Stands in errors[]: 1 to 10 orders, one an institution."},
		{sales.CodeBasketNotHeld, 409, "Not everything could be held", "Nothing is held; errors[] says of each order why. Change it and use a new Idempotency-Key."},
		{sales.CodeBasketNotClosed, 409, "The basket is not sold", "errors[] says what each order came to: the rest was given back, what was sold before is undone or lies before a person."},
		{sales.CodeRefundDenied, 409, "The institution does not take it back", "A person at the institution decided so; the tickets are good."},
		{sales.CodeDuplicate, 409, "The platform gave a number twice", "An order or barcode number belongs to another order already; a person is looking at it."},
		{delivery.CodeBarcode, 409, "The barcode cannot be drawn", "The platform's barcode does not fit the symbology or the page; detail says why. Another symbology or resolution may do; for good, an operator changes the institution's setting."},
		{delivery.CodeLayoutUnknown, 422, "There is no such layout", "The name is wrong, or the layout was taken away."},
		{delivery.CodeLayoutPages, 409, "The tickets take several pages", "A picture has one page: ask for PDF, for each ticket, or for a layout that puts all on one."},
		{delivery.CodeLayoutRefused, 409, "The folder of layouts is not taken into use", "errors[] says file, line and reason. Those in use stay; mend the files and reload again."},
		{delivery.CodeExportUnknown, 404, "There is no such export", "The id is wrong, the export is another storefront's, or it was deleted after a day."},
		{delivery.CodeExportEmpty, 409, "There is nothing to print", "None of the tickets asked for is good: they are not sold, or were taken back."},
		{delivery.CodeExportTooMany, 409, "Too many tickets for one file", "Ask for fewer; the detail says how many a file may have."},
		{delivery.CodeExportNotReady, 409, "The file is not made yet", "Read the export until its state is done."},
		{delivery.CodeExportFailed, 409, "The file could not be made", "failure of the export says why; mend that and ask for it anew."},
		{delivery.CodeExportGone, 410, "The file is deleted", "It was kept for a day; ask for it anew."},
		{delivery.CodeExportStale, 410, "The file shows tickets that are not good any more", "Some were replaced or taken back after it was printed; ask for another file."},
		{delivery.CodeExportClaim, 409, "Another process works on the export", "Inside only: the other one goes on with it."},
		{CodeRequestRange, 416, "The file has no such bytes", "Content-Range says how many it has."},
		{delivery.CodeUnreadable, 503, "The barcode cannot be read back", "It was drawn, and then could not be decoded again, so the ticket is not released; an operator is told."},

		{quota.CodeRate, 429, "Our share of the platform's minute is spent", "Nothing was asked of the platform; try again as Retry-After says."},
		{quota.CodeDay, 429, "Our share of the platform's day is spent", "Nothing was asked of the platform; try again tomorrow, or an operator must raise the quota."},
		{quota.CodeMonth, 429, "Our share of the platform's month is spent", "Nothing was asked of the platform; an operator must raise the quota."},
		{quota.CodePause, 429, "The platform asked us to slow down", "Nothing was asked of the platform; try again as Retry-After says."},
		{domain.CodePlatformUnreachable, 503, "The platform does not answer", "Try again as Retry-After says, with the same Idempotency-Key."},
		{domain.CodePlatformAnswer, 502, "The platform's answer cannot be understood", "Try again later; an operator must look at it if it stays."},
		{domain.CodePlatformAuth, 503, "The platform refuses our credentials", "An operator must look at it; then the same Idempotency-Key does it."},
		{domain.CodePlatformLimited, 429, "The platform's own rate limit is reached", "Try again as Retry-After says."},
		{domain.CodePlatformRefused, 409, "The platform refused", "For a reason that we do not know; an operator finds it in the log by the request_id."},
		{domain.CodePlatformInProgress, 503, "The platform is still working on it", "Try again as Retry-After says, with the same Idempotency-Key."},
		{domain.CodePlatformConfig, 503, "The platform is not set up for us", "The institution must change its set-up; an operator must look at it. Then the same Idempotency-Key does it."},
		{domain.CodeStoreUnavailable, 503, "The database does not answer", "Try again as Retry-After says, with the same Idempotency-Key."},
		{quota.CodePeak, 422, "The time with a raised rate cannot be set", "errors[] names what is wrong, with the numbers."},
		{quota.CodePeakEmpty, 422, "The time has no length", "Stands in errors[]: to must lie after from."},
		{quota.CodePeakPast, 422, "The time is over", "Stands in errors[]: to must still be to come."},
		{quota.CodePeakRate, 422, "The rate cannot be had", "Stands in errors[]: it must be above the usual rate and at most the agreed one; the detail says both."},
		{quota.CodePeakOverlap, 422, "Another time with a raised rate overlaps it", "Stands in errors[]: the detail says which. Remove that one, or choose another time."},
		{quota.CodePeakCount, 422, "Too many times with a raised rate are to come", "Stands in errors[]: remove one that is not needed."},
		{quota.CodePeakUnknown, 404, "There is no such time with a raised rate", "GET /v1/admin/quota/peaks lists them; those of the configuration cannot be removed here."},
		{codeRecording, 422, "That is no recording", "A file of what a month was like, for the planner's simulation, is not as described; the detail names the line and the column."},
		{codeQuotaPlan, 422, "The plan cannot be kept", "It needs more calls than there are; the detail says how many."},
		{codeLeaseLost, 409, "Another process took over", "The work goes on there; nothing is to be done."},
		{freshness.CodeStale, 409, "Another process was faster", "Two processes planned for one institution at the same time; the later one begins anew by itself."},
		{freshness.CodeUnplanned, 404, "Nothing is planned for it", "The freshness planner plans for what is on sale or will be. This is over, not sold, or was never in the catalog."},
		{delivery.CodeLinkOff, 409, "Buyers' pages are not switched on", "An operator must configure a link secret and public_url."},
		{delivery.CodeLinkExpired, 410, "The time of the order's link is over", "Its last performance ended longer ago than links last."},
		{delivery.CodeWalletOff, 409, "This wallet is not switched on", "No passes of this wallet are configured, or not for this institution. Give the PDF instead; an operator switches wallets on."},
		{delivery.CodeWalletTixngo, 409, "TIXNGO brings these tickets to phones", "The institution's tickets are delivered by TIXNGO, which shows their barcodes when it is time; no other wallet may show them."},
		{delivery.CodeWalletToken, 401, "The pass and its token do not go together", "For Apple's phones: the pass is not known, or the token is not the one that stands in it."},
		{delivery.CodeWalletAway, 503, "The wallet's vendor does not answer", "Try again as Retry-After says, or give the PDF instead."},
		{delivery.CodeWalletRefused, 502, "The wallet's vendor refuses", "An operator must look at it: account, key or approval are not in order. Give the PDF instead."},
		{delivery.CodeWalletUnknown, 404, "There is no such pass", "It was never given out."},
		{delivery.CodeWalletGone, 410, "The phone is not there any more", "It is not told of changes any more; nothing is to be done."},
		{CodePhoneRate, 429, "The address asks after passes too often", "Wait as Retry-After says."},
		{delivery.CodeLinkUnknown, 404, "The link is not one of ours", "Shown to buyers as a page: the address was not opened whole, or was signed with a secret that is not used any more."},
		{delivery.CodeMailOff, 409, "E-mail is not switched on", "An operator must configure a relay (smtp_host)."},
		{delivery.CodeMailAddress, 422, "There is no address to send to", "Usually stands in errors[]: name a plain ASCII address in to, or the order's buyer has none."},
		{delivery.CodeMailCount, 409, "The order was mailed too often", "Show the buyer the order's link instead; its deliveries say what became of the mails."},
		{delivery.CodeMailUnknown, 404, "There is no such mail", "The id or Message-ID is none of ours."},
		{delivery.CodeMailRelay, 503, "The relay did not take the mail", "Stands in a delivery's cause: it is tried again by itself, for three days."},
		{delivery.CodeMailRefused, 409, "The relay refuses the mail", "Stands in a delivery's cause, with the relay's words: the address or the message is wrong. Ask the buyer for another address and deliver to it."},
		{delivery.CodeMailBounced, 409, "The mail came back", "Stands in a delivery's cause: the relay took it and could not deliver it. Ask the buyer for another address and deliver to it."},
		{delivery.CodeMailSize, 409, "The tickets are too large to attach", "Stands in a delivery's cause: they are above mail_pdf_limit, and buyers' pages are not switched on, so that there is nothing to link to."},
		{delivery.CodePictureUnknown, 404, "There is no such picture", "The id is wrong, or the catalog names no picture of this size for it; the product's images, the performance's image and the venue's say what there is."},
		{delivery.CodePictureRefused, 502, "The picture cannot be served", "What the catalog names is not given by its server, is too large, or is no JPEG, PNG, GIF or WebP. The institution must change it; until then do without."},
		{delivery.CodePictureAway, 503, "The pictures' server does not answer", "Show something else and try again as Retry-After says."},
		{CodePictureRate, 429, "Too many pictures are asked for", "Wait as Retry-After says; keep what you were given as Cache-Control allows."},
		{codePictureSize, 422, "The picture is too large", "Tickets are printed without it."},
	}
}

// explained finds explanations by code; it is made once and never changed.
var explained = sync.OnceValue(func() map[string]explanation {
	m := map[string]explanation{}
	for _, x := range explanations() {
		m[x.Code] = x
	}
	return m
})

// explain finds a code's explanation.
func explain(code string) (explanation, bool) {
	x, ok := explained()[code]
	return x, ok
}

type explanationPageDTO struct {
	Items []explanation `json:"items" nullable:"false"`
	Next  *string       `json:"next" doc:"always null"`
}

func (s *server) listProblems(c *gin.Context) {
	body, err := encode(explanationPageDTO{Items: explanations()})
	if err != nil {
		s.refuse(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", body)
}

// getProblem explains one code: JSON, or plain text to a browser that asks for HTML.
func (s *server) getProblem(c *gin.Context) {
	x, ok := explain(c.Param("code"))
	if !ok {
		s.refuse(c, domain.Errorf(domain.NotFound, CodeProblemUnknown, "no code %q", cut(c.Param("code"))))
		return
	}
	c.Writer.Header().Set("Vary", "Accept")
	if strings.Contains(c.GetHeader("Accept"), "text/html") {
		c.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(x.Code+"\n\n"+x.Title+"\n\n"+x.Meaning+"\n"))
		return
	}
	body, err := encode(x)
	if err != nil {
		s.refuse(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", body)
}
