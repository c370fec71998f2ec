package api

import "reflect"

// The inputs of gin's own handlers. They are read by hand (page.go); these types describe them to the document, from
// which each route takes the names it accepts.

var problemType = reflect.TypeFor[problem]()

type institutionInput struct {
	LanguageInput
	Code string `path:"code" doc:"code of the institution" example:"play"`
}

// BrowseInput are the filters that products and performances share.
type BrowseInput struct {
	LanguageInput
	PageInput
	Kind      []string `query:"kind" nullable:"false" enum:"event,pass,service,goods,membership,season_ticket,package,transport,hospitality,other" doc:"one or more, separated by commas"`
	Q         string   `query:"q" maxLength:"200" doc:"1 to 16 words, which must all match: as a word of the texts in any language, the beginning of one or, where nothing begins so, one with a letter or two wrong; accents and case are ignored" example:"ham thea"`
	Topic     string   `query:"topic" maxLength:"200" doc:"accents and case are ignored"`
	Venue     string   `query:"venue" maxLength:"200" doc:"the venue's code"`
	Town      string   `query:"town" maxLength:"200" doc:"accents and case are ignored"`
	Season    string   `query:"season" maxLength:"200" doc:"the season's code or id"`
	From      string   `query:"from" format:"date" doc:"first local day of the venue" example:"2026-10-01"`
	To        string   `query:"to" format:"date" doc:"last local day of the venue"`
	Numbered  bool     `query:"numbered" doc:"true: only performances with numbered places; false: only those without, and undated things"`
	OnSale    bool     `query:"on_sale" doc:"true: on sale now"`
	Available bool     `query:"available" doc:"true: on sale now and not known to be sold out"`
	PriceMax  int64    `query:"price_max" minimum:"0" doc:"most to pay for one place, in minor units of the institution's currency; free places count only where nothing costs more"`
	Sort      string   `query:"sort" enum:"start,name,price,relevance,confidence" doc:"default: relevance with q, start otherwise; confidence: what most surely still sells first, by the best of a product's performances"`
	Facets    []string `query:"facets" nullable:"false" enum:"kind,topic,venue,town,month,season" doc:"adds counts of all matches by these, separated by commas"`
}

type productsInput struct {
	BrowseInput
	Institution string `query:"institution" maxLength:"200" doc:"one or more codes, separated by commas; default: every one that the key sees"`
}

type performancesInput struct {
	BrowseInput
	Institution string `query:"institution" maxLength:"200" doc:"one or more codes, separated by commas; default: every one that the key sees"`
	Product     string `query:"product" maxLength:"200" doc:"id of a product" example:"play-10300000000101"`
}

type productPerformancesInput struct {
	BrowseInput
	ID string `path:"id" doc:"id of the product" example:"play-10300000000101"`
}

type productInput struct {
	LanguageInput
	ID   string `path:"id" doc:"id of the product" example:"play-10300000000101"`
	Date string `query:"date" format:"date" doc:"adds what is left of each timeslot on that day" example:"2026-10-04"`
	IncludeInput
}

type productFileInput struct {
	LanguageInput
	ID string `path:"id" doc:"id of the product" example:"play-10300000000101"`
}

// IncludeInput asks for more than most callers want.
type IncludeInput struct {
	Include string `query:"include" enum:"raw" doc:"raw: adds members of the platform's catalog that are not understood, as they were sent; needs scope admin"`
}

type performanceInput struct {
	LanguageInput
	IncludeInput
	ID string `path:"id" doc:"id of the performance" example:"play-10300000000201"`
}

type seatsInput struct {
	ID string `path:"id" doc:"id of the performance" example:"play-10300000000201"`
}

type availabilityInput struct {
	Performances []string `query:"performances" required:"true" nullable:"false" minItems:"1" maxItems:"200" doc:"ids, separated by commas" example:"[\"play-10300000000201\"]"`
}

type imageInput struct {
	ID     string `path:"id" doc:"id of a product or performance" example:"play-10300000000101"`
	Size   string `path:"size" enum:"small,medium,large,xlarge,logo,venue,own" doc:"which of the catalog's pictures: the product's by their sizes, the venue's, or the performance's own"`
	Width  int    `query:"width" enum:"160,320,480,640,960,1280,1920" doc:"points; default: as wide as it came. A picture is never enlarged" example:"640"`
	Format string `query:"format" enum:"jpeg,png" doc:"default: as it came, where that can be written; WebP that is made smaller becomes JPEG or, where it can be looked through, PNG"`
}

// PrintInput is how tickets are wanted on paper.
type PrintInput struct {
	Lang   string `query:"lang" maxLength:"35" doc:"default: the buyer's language, or the institution's"`
	Layout string `query:"layout" maxLength:"60" doc:"one of GET /v1/layouts; default: as the institution chose" example:"four"`
}

// PictureDPI is a picture's resolution.
type PictureDPI struct {
	DPI int `query:"dpi" minimum:"36" maximum:"600" default:"150" doc:"dots per inch"`
}

// ThermalDPI is a thermal printer's resolution.
type ThermalDPI struct {
	DPI int `query:"dpi" enum:"203,300" default:"203" doc:"the printer's dots per inch"`
}

type orderFileInput struct {
	ID string `path:"id" doc:"id of the order"`
	PrintInput
}

type orderPictureInput struct {
	ID string `path:"id" doc:"id of the order"`
	PrintInput
	PictureDPI
}

type orderThermalInput struct {
	ID string `path:"id" doc:"id of the order"`
	PrintInput
	ThermalDPI
}

type ticketInput struct {
	ID   string `path:"id" doc:"id of the ticket" example:"tkt_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	Lang string `query:"lang" maxLength:"35" doc:"taken, and of no effect: a ticket as data has no texts"`
}

type ticketFileInput struct {
	ID string `path:"id" doc:"id of the ticket"`
	PrintInput
}

type ticketPictureInput struct {
	ID string `path:"id" doc:"id of the ticket"`
	PrintInput
	PictureDPI
}

type ticketThermalInput struct {
	ID string `path:"id" doc:"id of the ticket"`
	PrintInput
	ThermalDPI
}

type barcodeInput struct {
	ID        string `path:"id" doc:"id of the ticket"`
	Symbology string `query:"symbology" enum:"code128,itf,qr,aztec,datamatrix,pdf417" doc:"default: as on the institution's tickets"`
}

type barcodePictureInput struct {
	ID        string `path:"id" doc:"id of the ticket"`
	Symbology string `query:"symbology" enum:"code128,itf,qr,aztec,datamatrix,pdf417" doc:"default: as on the institution's tickets"`
	DPI       int    `query:"dpi" minimum:"36" maximum:"600" default:"300" doc:"dots per inch"`
}

type problemInput struct {
	Code string `path:"code" doc:"an error code" example:"order.availability"`
}

type docsFileInput struct {
	File string `path:"file" enum:"docs.js,docs.css"`
}
