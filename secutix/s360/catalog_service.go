package s360

import (
	"bytes"
	"context"
	"encoding/json"
)

// CatalogService tells what is on sale. Only running and suspended objects of
// the account's sales channel are shown.
type CatalogService struct{ client *Client }

// GetPOSConfig returns the point of sales of the account: its id, currency,
// time zone and payment methods. It may be called rarely, say daily.
//
// S-360: CatalogService.getPOSConfig (1.33)
func (s CatalogService) GetPOSConfig(ctx context.Context) (POSConfigResult, error) {
	return invoke[POSConfigResult](ctx, s.client, method{service: serviceCatalog, name: "getPOSConfig"}, EmptyRequest{})
}

// IsCatalogServiceAlive returns nil when the service answers with success.
//
// S-360: CatalogService.isCatalogServiceAlive (1.33)
func (s CatalogService) IsCatalogServiceAlive(ctx context.Context) error {
	m := method{service: serviceCatalog, name: "isCatalogServiceAlive"}
	_, err := invoke[WebMethodResult](ctx, s.client, m, EmptyRequest{})
	return err
}

// GetLastSetupUpdate tells when the catalog last changed. It is the cheap call
// to make before the expensive one.
//
// S-360: CatalogService.getLastSetupUpdate (1.33)
func (s CatalogService) GetLastSetupUpdate(ctx context.Context) (LastSetupUpdateResult, error) {
	m := method{service: serviceCatalog, name: "getLastSetupUpdate"}
	return invoke[LastSetupUpdateResult](ctx, s.client, m, EmptyRequest{})
}

// GetCatalogDetailed returns the whole catalog, about 10 MB for a real venue.
// It may be called once in ten minutes; "in progress" is waited out.
//
// S-360: CatalogService.getCatalogDetailed (1.33)
func (s CatalogService) GetCatalogDetailed(ctx context.Context, r CatalogRequest) (CatalogResultDetailed, error) {
	m := method{service: serviceCatalog, name: "getCatalogDetailed"}
	return invoke[CatalogResultDetailed](ctx, s.client, m, r)
}

// States of seasons, products and performances. The enumeration is open: an
// unknown value is kept as text.
const (
	StatePreparing      = "PREPARING"
	StateValidated      = "VALIDATED"
	StateRunning        = "RUNNING"
	StateSuspended      = "SUSPENDED"
	StateCanceled       = "CANCELED"
	StateClosed         = "CLOSED"
	StateCanceledClosed = "CANCELED_CLOSED"
)

// Kinds of products (productFamilyType). The enumeration is open.
const (
	FamilySingleEntry  = "SINGLE_ENTRY"
	FamilySeasonTicket = "SEASONTICKET"
	FamilyPass         = "PASS"
	FamilyPackage      = "PACKAGE"
	FamilyMembership   = "MEMBERSHIP"
	FamilyService      = "SERVICE"
	FamilyGoods        = "GOODS"
	FamilyTransport    = "TRANSPORT"
	FamilyHospitality  = "HOSPITALITY"
)

// CatalogRequest holds the parameters of getCatalogDetailed. All are optional.
type CatalogRequest struct {
	RequestID   ID     `json:"requestId,omitzero"`
	SeasonCode  string `json:"seasonCode,omitzero"`
	ProductCode string `json:"productCode,omitzero"`
	// Scope is empty or "EXTENDED", which adds items no longer on sale.
	Scope string `json:"scope,omitzero"`
}

// CatalogResultDetailed is the answer of getCatalogDetailed.
type CatalogResultDetailed struct {
	Result
	CatalogData *CatalogData `json:"catalogData,omitzero"`
}

// POSConfigResult is the answer of getPOSConfig.
type POSConfigResult struct {
	Result
	POSConfigData *POSConfigData `json:"posConfigData,omitzero"`
}

// LastSetupUpdateResult is the answer of getLastSetupUpdate. The name of its
// member is not documented: the first date-like member counts, and Raw serves to
// tell a changed answer from an unchanged one when there is none.
type LastSetupUpdateResult struct {
	Result
	// LastSetupUpdate is the zero date when the answer held no date.
	LastSetupUpdate Date `json:"lastSetupUpdate,omitzero" soft:"1"`
	// Raw is the date as it was written, else the whole answer without the
	// common members; it is not encoded.
	Raw   string  `json:"-"`
	Extra Members `json:"-"`
}

// UnmarshalJSON reads the object, keeps unknown members and fills Raw.
func (l *LastSetupUpdateResult) UnmarshalJSON(b []byte) error { return Decode(b, l) }

// MarshalJSON writes the object with its unknown members.
func (l LastSetupUpdateResult) MarshalJSON() ([]byte, error) {
	type plain LastSetupUpdateResult
	return withExtra(plain(l), l.Extra)
}

func (l *LastSetupUpdateResult) afterDecode(object []byte) error {
	date, raw, found := firstDate(object)
	if found {
		l.LastSetupUpdate, l.Raw = date, raw
		return nil
	}
	rest, err := json.Marshal(l.Extra)
	if err != nil {
		return err
	}
	l.Raw = string(rest)
	return nil
}

// firstDate returns the first value in the document that is a date: ISO text,
// or milliseconds of this century. Identifiers have too many digits for that.
func firstDate(object []byte) (date Date, raw string, found bool) {
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if err != nil { // the end, as the document is valid
			return Date{}, "", false
		}
		var text string
		switch t := token.(type) {
		case string:
			text = t
		case json.Number:
			text = t.String()
		default:
			continue
		}
		if !dateLike(text) {
			continue
		}
		if t, err := parseDate([]byte(`"` + text + `"`)); err == nil && !t.IsZero() {
			return Date{Time: t}, text, true
		}
	}
}

func dateLike(text string) bool {
	if n, ok := plainInt([]byte(text)); ok {
		const from, to = 1_000_000_000_000, 4_200_000_000_000 // 2001 to 2103
		return n >= from && n < to
	}
	return len(text) >= len("2006-01-02") && text[4] == '-' && text[7] == '-'
}

// CatalogData is the catalog of one sales channel.
type CatalogData struct {
	Seasons                List[Season]                `json:"seasons" alias:"season"`
	PhysicalConfigurations List[PhysicalConfiguration] `json:"physicalConfigurations,omitzero"`
	GroupCriterions        List[GroupCriterion]        `json:"groupCriterions,omitzero"`
	ExternalVerifications  List[ExternalVerification]  `json:"externalVerifications,omitzero"`
	// Products outside a season; absent on most instances.
	Products List[Product] `json:"products,omitzero"`
	Extra    Members       `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (c *CatalogData) UnmarshalJSON(b []byte) error { return Decode(b, c) }

// MarshalJSON writes the object with its unknown members.
func (c CatalogData) MarshalJSON() ([]byte, error) {
	type plain CatalogData
	return withExtra(plain(c), c.Extra)
}

// Season is one season of an organisation, the root of its products.
type Season struct {
	ID                 ID                     `json:"id"`
	Code               string                 `json:"code"`
	State              string                 `json:"state,omitzero"`
	Start              Date                   `json:"start,omitzero"`
	End                Date                   `json:"end,omitzero"`
	ExternalName       *ExternalName          `json:"externalName,omitzero"`
	AudienceCategories List[AudienceCategory] `json:"audienceCategories,omitzero"`
	PriceLevels        List[PriceLevel]       `json:"priceLevels,omitzero"`
	Advantages         List[Advantage]        `json:"advantages,omitzero"`
	Products           List[Product]          `json:"products,omitzero" alias:"product"`
	Extra              Members                `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (s *Season) UnmarshalJSON(b []byte) error { return Decode(b, s) }

// MarshalJSON writes the object with its unknown members.
func (s Season) MarshalJSON() ([]byte, error) {
	type plain Season
	return withExtra(plain(s), s.Extra)
}

// AudienceCategory groups tariffs.
type AudienceCategory struct {
	ID                    ID                        `json:"id"`
	Code                  string                    `json:"code"`
	MainCategory          string                    `json:"mainCategory,omitzero"`
	SecondaryCategory     string                    `json:"secondaryCategory,omitzero"`
	ExternalName          *ExternalName             `json:"externalName,omitzero"`
	AudienceSubCategories List[AudienceSubCategory] `json:"audienceSubCategories,omitzero"`
}

// AudienceSubCategory is a tariff: full, reduced, child.
type AudienceSubCategory struct {
	ID                   ID            `json:"id"`
	Code                 string        `json:"code"`
	ExternalName         *ExternalName `json:"externalName,omitzero"`
	ExternalDescription  *ExternalName `json:"externalDescription,omitzero"`
	AudienceCategoryID   ID            `json:"audienceCategoryId,omitzero"`
	AudienceCategoryKind string        `json:"audienceCategoryKind,omitzero" alias:"kind"`
	// RequiredAudienceSubCategoryIDs: the tariff may only be bought together
	// with one of these.
	RequiredAudienceSubCategoryIDs List[ID] `json:"requiredAudienceSubCategoryIds,omitzero"`
	CrossSeatCategory              Bool     `json:"crossSeatCategory,omitzero"`
	Rank                           Int      `json:"rank,omitzero"`
	MinQuantity                    *Int     `json:"minQuantity,omitzero" alias:"minQty"`
	MaxQuantity                    *Int     `json:"maxQuantity,omitzero" alias:"maxQty"`
	RequireAttachment              Bool     `json:"requireAttachment,omitzero"`
	Exchangeable                   Bool     `json:"exchangeable,omitzero"`
	Extra                          Members  `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (a *AudienceSubCategory) UnmarshalJSON(b []byte) error { return Decode(b, a) }

// MarshalJSON writes the object with its unknown members.
func (a AudienceSubCategory) MarshalJSON() ([]byte, error) {
	type plain AudienceSubCategory
	return withExtra(plain(a), a.Extra)
}

// PriceLevel names a set of prices. It has no text for the public.
type PriceLevel struct {
	ID           ID     `json:"id"`
	Code         string `json:"code"`
	MainCategory string `json:"mainCategory,omitzero"`
	// Reduction is there and means nothing reliable; its shape is not known.
	Reduction json.RawMessage `json:"reduction,omitzero"`
	Extra     Members         `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *PriceLevel) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p PriceLevel) MarshalJSON() ([]byte, error) {
	type plain PriceLevel
	return withExtra(plain(p), p.Extra)
}

// Advantage is a price reduction or promotion code.
type Advantage struct {
	ID                           ID                     `json:"id"`
	Code                         string                 `json:"code"`
	State                        string                 `json:"state,omitzero"`
	AdvantageType                string                 `json:"advantageType,omitzero"`
	AdvantageTargetType          string                 `json:"advantageTargetType,omitzero"`
	AccessCode                   string                 `json:"accessCode,omitzero"`
	ExternalName                 *ExternalName          `json:"externalName,omitzero"`
	ExternalDescription          *ExternalName          `json:"externalDescription,omitzero"`
	Start                        Date                   `json:"start,omitzero"`
	MandatoryContact             Bool                   `json:"mandatoryContact,omitzero"`
	Exclusive                    Bool                   `json:"exclusive,omitzero"`
	AutoPromote                  Bool                   `json:"autoPromote,omitzero"`
	AllowPurchaseCulturalContact Bool                   `json:"allowPurchaseCulturalContact,omitzero"`
	QuotaPerTimeslot             Bool                   `json:"quotaPerTimeslot,omitzero"`
	SingleSeatCatPerPerformance  Bool                   `json:"singleSeatCatPerPerformance,omitzero"`
	ContactLimitation            string                 `json:"contactLimitation,omitzero" soft:"1"`
	PerformanceEndDateType       string                 `json:"performanceEndDateType,omitzero"`
	MaxOrderQuantity             *Int                   `json:"maxOrderQuantity,omitzero"`
	MaxQuantityPerPerformance    *Int                   `json:"maxQuantityPerPerformance,omitzero"`
	FreeShipmentModeIDs          List[ID]               `json:"freeShipmentModeIds,omitzero"`
	Products                     List[AdvantageProduct] `json:"products,omitzero"`
	Extra                        Members                `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (a *Advantage) UnmarshalJSON(b []byte) error { return Decode(b, a) }

// MarshalJSON writes the object with its unknown members.
func (a Advantage) MarshalJSON() ([]byte, error) {
	type plain Advantage
	return withExtra(plain(a), a.Extra)
}

// AdvantageProduct is a product an Advantage applies to.
type AdvantageProduct struct {
	ID   ID     `json:"id"`
	Code string `json:"code"`
}

// Product is one thing on sale. Exactly one of Event, Pass, Service, Goods,
// Pack, SeasonTicket, Membership, Transport and Hospitality is set and tells
// its kind.
type Product struct {
	ID                    ID            `json:"id"`
	PrevSeasonProductID   ID            `json:"prevSeasonProductId,omitzero"`
	SeasonID              ID            `json:"seasonId,omitzero"`
	Code                  string        `json:"code"`
	ProductFamilyType     string        `json:"productFamilyType"`
	ProductFamilySubType  string        `json:"productFamilySubType,omitzero"`
	AudienceType          string        `json:"audienceType,omitzero"`
	State                 string        `json:"state,omitzero"`
	AdditionalState       string        `json:"additionalState,omitzero"`
	ExternalName          *ExternalName `json:"externalName,omitzero"`
	InternalName          *ExternalName `json:"internalName,omitzero" soft:"1"`
	ShortName             *ExternalName `json:"shortName,omitzero" soft:"1"`
	ExternalDescription   *ExternalName `json:"externalDescription,omitzero" soft:"1"`
	Logo                  string        `json:"logo,omitzero" soft:"1"`
	SmallImageURL         string        `json:"smallImageUrl,omitzero"`
	MediumImageURL        string        `json:"mediumImageUrl,omitzero"`
	LargeImageURL         string        `json:"largeImageUrl,omitzero"`
	XLargeImageURL        string        `json:"xlargeImageUrl,omitzero"`
	DetailURL             string        `json:"detailURL,omitzero"`
	VatCodeID             ID            `json:"vatCodeId,omitzero"`
	TicketModelID         ID            `json:"ticketModelId,omitzero"`
	ChargesTableID        ID            `json:"chargesTableId,omitzero"`
	ProductTypeID         ID            `json:"productTypeId,omitzero"`
	QuestionnaireID       ID            `json:"questionnaireId,omitzero"`
	PartnerContactID      ID            `json:"partnerContactId,omitzero"`
	PartnerContactNumber  string        `json:"partnerContactNumber,omitzero"`
	AdditionalPartner     string        `json:"additionalPartnerContactNumber,omitzero"`
	InvoicePartner        string        `json:"invoicePartnerContactNumber,omitzero"`
	Remark                string        `json:"remark,omitzero"`
	MinQuantity           *Int          `json:"minQuantity,omitzero"`
	MaxQuantity           *Int          `json:"maxQuantity,omitzero"`
	Exchangeable          Bool          `json:"exchangeable,omitzero"`
	WaitingListAllowed    Bool          `json:"waitingListAllowed,omitzero"`
	GrantedToTourPromoter Bool          `json:"grantedToTourPromoter,omitzero"`
	AllowQuestionnaire    Bool          `json:"allowQuestionnaire,omitzero"`
	TicketTransferLimit   Decimal       `json:"ticketTransferLimit,omitzero" soft:"1"`

	SalePeriods           List[SalePeriod]           `json:"salePeriods,omitzero" alias:"SalePeriods"`
	CrossSellProductLinks List[CrossSellProductLink] `json:"crossSellProductLinks,omitzero"`
	ContactProductLinks   List[ContactProductLink]   `json:"contactProductLinks,omitzero"`

	// Members whose shape is not known are kept as they are written.
	Media                     json.RawMessage `json:"media,omitzero"`
	SaleCloseExceptions       json.RawMessage `json:"saleCloseExceptions,omitzero"`
	OptionAvailabilities      json.RawMessage `json:"optionAvailabilities,omitzero"`
	SubTopicLinks             json.RawMessage `json:"subTopicLinks,omitzero"`
	SubTopics                 json.RawMessage `json:"subTopics,omitzero"`
	ProductSocialNetworkLinks json.RawMessage `json:"productSocialNetworkLinks,omitzero"`
	ComfortVariableValues     json.RawMessage `json:"comfortVariableValues,omitzero"`
	CulturalContact           json.RawMessage `json:"culturalContact,omitzero"`
	RedemptionPeriod          json.RawMessage `json:"redemptionPeriod,omitzero"`
	RedemptionProducts        json.RawMessage `json:"redemptionProducts,omitzero"`

	Event        *Event          `json:"event,omitzero"`
	Pass         *Pass           `json:"pass,omitzero"`
	Service      *ItemProduct    `json:"service,omitzero"`
	Goods        *ItemProduct    `json:"goods,omitzero"`
	Pack         *Pack           `json:"pack,omitzero" alias:"package"`
	SeasonTicket *SeasonTicket   `json:"seasonTicket,omitzero"`
	Membership   *Membership     `json:"membership,omitzero"`
	Transport    json.RawMessage `json:"transport,omitzero"`
	Hospitality  json.RawMessage `json:"hospitality,omitzero"`

	Extra Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *Product) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p Product) MarshalJSON() ([]byte, error) {
	type plain Product
	return withExtra(plain(p), p.Extra)
}

// Event is the kind of a product with dated performances.
type Event struct {
	ActivityID           ID            `json:"activityId,omitzero"`
	ActivityCode         string        `json:"activityCode,omitzero"`
	ActivityType         string        `json:"activityType,omitzero"`
	ActivityExternalName *ExternalName `json:"activityExternalName,omitzero"`
	NameAddOn            *ExternalName `json:"nameAddOn,omitzero" soft:"1"`
	Language             string        `json:"language,omitzero" soft:"1"`
	MinimumAge           *Int          `json:"minimumAge,omitzero" soft:"1"`
	// TimeTolerance is how long after the start sales stay open; its unit is
	// not known, so it is for display only.
	TimeTolerance     string `json:"timeTolerance,omitzero" soft:"1"`
	CompetitionTypeID ID     `json:"competitionTypeId,omitzero"`
	// AlertRatio is a percentage: at or below it the level becomes limited.
	AlertRatio   Decimal           `json:"alertRatio,omitzero" soft:"1"`
	Performances List[Performance] `json:"performances,omitzero"`
	Extra        Members           `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (e *Event) UnmarshalJSON(b []byte) error { return Decode(b, e) }

// MarshalJSON writes the object with its unknown members.
func (e Event) MarshalJSON() ([]byte, error) {
	type plain Event
	return withExtra(plain(e), e.Extra)
}

// Performance is one dated, admissible occurrence of an event.
type Performance struct {
	ID   ID     `json:"id"`
	Code string `json:"code,omitzero"`
	// State is filled by getCatalogDetailed only.
	State string `json:"state,omitzero"`
	Start Date   `json:"start,omitzero"`
	// Duration is read as seconds by the one client that uses it; unverified.
	Duration                *Int          `json:"duration,omitzero"`
	ExternalName            *ExternalName `json:"externalName,omitzero"`
	InternalName            *ExternalName `json:"internalName,omitzero" soft:"1"`
	ExternalShortName       *ExternalName `json:"externalShortName,omitzero" soft:"1"`
	NameAddOn               *ExternalName `json:"nameAddOn,omitzero" soft:"1"`
	ExternalDescription     *ExternalName `json:"externalDescription,omitzero" soft:"1"`
	InternalDescription     *ExternalName `json:"internalDescription,omitzero" soft:"1"`
	EventExternalName       *ExternalName `json:"eventExternalName,omitzero" soft:"1"`
	PhysicalConfigurationID ID            `json:"physicalConfigurationId,omitzero"`
	LogicalConfigurationID  ID            `json:"logicalConfigurationId,omitzero"`
	SaleConfigurationID     ID            `json:"saleConfigurationId,omitzero"`
	RateTypeID              ID            `json:"rateTypeId,omitzero"`
	RateTypeCode            string        `json:"rateTypeCode,omitzero"`
	RatesTableID            ID            `json:"ratesTableId,omitzero"`
	ChargesTableID          ID            `json:"chargesTableId,omitzero"`
	SpaceID                 ID            `json:"spaceId,omitzero"`
	SpaceCode               string        `json:"spaceCode,omitzero"`
	SiteCode                string        `json:"siteCode,omitzero"`
	SpaceExternalName       *ExternalName `json:"spaceExternalName,omitzero"`
	SiteExternalName        *ExternalName `json:"siteExternalName,omitzero"`
	Location                *Location     `json:"location,omitzero" soft:"1"`
	Kind                    string        `json:"kind,omitzero" soft:"1"`
	KindExternalName        *ExternalName `json:"kindExternalName,omitzero" soft:"1"`
	PerformanceType         string        `json:"performanceType,omitzero" soft:"1"`
	Titling                 string        `json:"titling,omitzero" soft:"1"`
	VisitLanguageCode       string        `json:"visitLanguageCode,omitzero"`
	SeatSelectionMode       string        `json:"seatSelectionMode,omitzero"`
	// Numbered says that places have seat numbers; nil is unknown.
	Numbered                 *Bool  `json:"numbered,omitzero"`
	AlwaysAllowIsolatedSeats Bool   `json:"alwaysAllowIsolatedSeats,omitzero"`
	BlockComparisonEnabled   Bool   `json:"blockComparisonEnabled,omitzero"`
	ForceNominativeTickets   Bool   `json:"forceNominativeTickets,omitzero"`
	BreaksQuantity           *Int   `json:"breaksQuantity,omitzero"`
	MaxSeatsPerOrder         *Int   `json:"maxSeatsPerOrder,omitzero"`
	Image                    string `json:"image,omitzero" soft:"1"`
	VenueImage               string `json:"venueImage,omitzero" soft:"1"`
	Logo                     string `json:"logo,omitzero" soft:"1"`
	LogoImage                string `json:"logoImage,omitzero" soft:"1"`

	SeatCategories List[SeatCategory] `json:"seatCategories,omitzero"`
	Prices         List[Price]        `json:"prices,omitzero"`
	ItemIDs        List[ID]           `json:"itemIds,omitzero"`
	SalePeriods    List[SalePeriod]   `json:"salePeriods,omitzero" alias:"SalePeriods"`

	// Members whose shape is not known are kept as they are written.
	Match                         json.RawMessage `json:"match,omitzero"`
	Charges                       json.RawMessage `json:"charges,omitzero"`
	SaleCloseExceptions           json.RawMessage `json:"saleCloseExceptions,omitzero"`
	ComfortVariableValues         json.RawMessage `json:"comfortVariableValues,omitzero"`
	PerformanceSocialNetworkLinks json.RawMessage `json:"performanceSocialNetworkLinks,omitzero"`

	Extra Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *Performance) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p Performance) MarshalJSON() ([]byte, error) {
	type plain Performance
	return withExtra(plain(p), p.Extra)
}

// SeatCategory is a price zone of a performance.
type SeatCategory struct {
	ID                          ID            `json:"id"`
	Code                        string        `json:"code,omitzero"`
	ExternalName                *ExternalName `json:"externalName,omitzero"`
	InstitutionCategoryID       ID            `json:"institutionCategoryId,omitzero"`
	CatNum                      *Int          `json:"catNum,omitzero" soft:"1"`
	Rank                        Int           `json:"rank,omitzero"`
	BgColor                     string        `json:"bgColor,omitzero"`
	TextColor                   string        `json:"textColor,omitzero"`
	SameBlockRestrictionMode    string        `json:"sameBlockRestrictionMode,omitzero"`
	PreRequestLogicalSeatCatIDs List[ID]      `json:"preRequestLogicalSeatCatIds,omitzero"`
	Extra                       Members       `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (s *SeatCategory) UnmarshalJSON(b []byte) error { return Decode(b, s) }

// MarshalJSON writes the object with its unknown members.
func (s SeatCategory) MarshalJSON() ([]byte, error) {
	type plain SeatCategory
	return withExtra(plain(s), s.Extra)
}

// Price is what one tariff costs in one seat category. The triple (price level,
// seat category, tariff) is not unique, not even inside one performance.
type Price struct {
	SeatCatID            ID `json:"seatCatId,omitzero"`
	InstitutionSeatCatID ID `json:"institutionSeatCatId,omitzero"`
	AudSubCatID          ID `json:"audSubCatId,omitzero"`
	PriceLevelID         ID `json:"priceLevelId,omitzero"`
	// Amount is gross, charges included; nil when the platform gave none, which
	// is not the same as free.
	Amount         *Amount            `json:"amount,omitzero"`
	MinQty         *Int               `json:"minQty,omitzero"`
	MaxQty         *Int               `json:"maxQty,omitzero"`
	ChargesAmounts List[ChargeAmount] `json:"chargesAmounts,omitzero"`
	Extra          Members            `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *Price) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p Price) MarshalJSON() ([]byte, error) {
	type plain Price
	return withExtra(plain(p), p.Extra)
}

// ChargeAmount is the part of a price that is a charge.
type ChargeAmount struct {
	ChargesID ID      `json:"chargesId,omitzero"`
	Component string  `json:"component,omitzero"`
	Amount    *Amount `json:"amount,omitzero"`
}

// Location is a place as performances and operations show it.
type Location struct {
	SiteID           ID              `json:"siteId,omitzero"`
	SiteCode         string          `json:"siteCode,omitzero"`
	SiteExternalName *ExternalName   `json:"siteExternalName,omitzero"`
	SpaceID          ID              `json:"spaceId,omitzero"`
	SpaceCode        string          `json:"spaceCode,omitzero"`
	SpaceName        *ExternalName   `json:"spaceExternalName,omitzero"`
	SiteAddress      *SiteAddress    `json:"siteAddress,omitzero" soft:"1"`
	Town             string          `json:"town,omitzero" soft:"1"`
	Address          json.RawMessage `json:"address,omitzero"`
	Extra            Members         `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (l *Location) UnmarshalJSON(b []byte) error { return Decode(b, l) }

// MarshalJSON writes the object with its unknown members.
func (l Location) MarshalJSON() ([]byte, error) {
	type plain Location
	return withExtra(plain(l), l.Extra)
}

// SiteAddress is the postal address of a site.
type SiteAddress struct {
	CountryCode      string `json:"countryCode,omitzero"`
	FirstAddressLine string `json:"firstAddressLine,omitzero"`
	Locality         string `json:"locality,omitzero"`
	ZipCode          string `json:"zipCode,omitzero"`
}

// PhysicalConfiguration is a place as it is built: site, space, areas.
type PhysicalConfiguration struct {
	ID                ID            `json:"id"`
	Code              string        `json:"code,omitzero"`
	ExternalName      *ExternalName `json:"externalName,omitzero"`
	SiteID            ID            `json:"siteId,omitzero"`
	SiteCode          string        `json:"siteCode,omitzero"`
	SiteExternalName  *ExternalName `json:"siteExternalName,omitzero"`
	SpaceID           ID            `json:"spaceId,omitzero"`
	SpaceCode         string        `json:"spaceCode,omitzero"`
	SpaceExternalName *ExternalName `json:"spaceExternalName,omitzero"`
	SpaceType         string        `json:"spaceType,omitzero"`
	CountryCode       string        `json:"countryCode,omitzero"`
	FormattedAddress  string        `json:"formattedAddress,omitzero" soft:"1"`
	Street            string        `json:"street,omitzero"`
	Town              string        `json:"town,omitzero"`
	Zipcode           string        `json:"zipcode,omitzero" alias:"zipCode"`
	SecurityGauge     *Int          `json:"securityGauge,omitzero"`
	PhysicalGauge     *Int          `json:"physicalGauge,omitzero"`
	MapType           string        `json:"mapType,omitzero"`
	Type              string        `json:"type,omitzero"`
	Kind              string        `json:"kind,omitzero"`
	Areas             List[Area]    `json:"areas,omitzero"`
	Extra             Members       `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *PhysicalConfiguration) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p PhysicalConfiguration) MarshalJSON() ([]byte, error) {
	type plain PhysicalConfiguration
	return withExtra(plain(p), p.Extra)
}

// Area is a part of a space; createOrUpdateOrder's preferedAreas name them.
type Area struct {
	ID    ID      `json:"id"`
	Code  string  `json:"code,omitzero"`
	Extra Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (a *Area) UnmarshalJSON(b []byte) error { return Decode(b, a) }

// MarshalJSON writes the object with its unknown members.
func (a Area) MarshalJSON() ([]byte, error) {
	type plain Area
	return withExtra(plain(a), a.Extra)
}

// SalePeriod says when, where and to whom something is sold. Empty lists of
// tariffs and seat categories mean all.
type SalePeriod struct {
	Start Date `json:"start,omitzero"`
	// End is open (Date.Open) when sales have no end.
	End Date `json:"end,omitzero"`
	// EndRelative is relative to the performance, in a unit that is not known.
	EndRelative           *Int     `json:"endRelative,omitzero" soft:"1"`
	SalesChannelID        ID       `json:"salesChannelId,omitzero"`
	SalesChannelCode      string   `json:"salesChannelCode,omitzero"`
	SalePossible          Bool     `json:"salePossible"`
	ReservationPossible   Bool     `json:"reservationPossible"`
	QuotationPossible     Bool     `json:"quotationPossible"`
	PostingResalePossible Bool     `json:"postingResalePossible"`
	Type                  string   `json:"type,omitzero"`
	AudienceSubCatIDs     List[ID] `json:"audienceSubCatIds,omitzero"`
	SeatCategoryIDs       List[ID] `json:"seatCategoryIds,omitzero"`
	Extra                 Members  `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (s *SalePeriod) UnmarshalJSON(b []byte) error { return Decode(b, s) }

// MarshalJSON writes the object with its unknown members.
func (s SalePeriod) MarshalJSON() ([]byte, error) {
	type plain SalePeriod
	return withExtra(plain(s), s.Extra)
}

// Item is the sellable unit of a pass, service, goods, membership or season
// ticket product.
type Item struct {
	ItemID           ID              `json:"itemId" alias:"id"`
	Code             string          `json:"code,omitzero"`
	Rank             Int             `json:"rank,omitzero"`
	ExternalName     *ExternalName   `json:"externalName,omitzero"`
	DonationAmount   *Amount         `json:"donationAmount,omitzero"`
	VoucherMinAmount *Amount         `json:"voucherMinAmount,omitzero"`
	ItemPrices       List[ItemPrice] `json:"itemPrices,omitzero"`
	TimeslotIDs      List[ID]        `json:"timeslotIds,omitzero"`
	Timeslots        List[Timeslot]  `json:"timeslots,omitzero"`
	Extra            Members         `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (i *Item) UnmarshalJSON(b []byte) error { return Decode(b, i) }

// MarshalJSON writes the object with its unknown members.
func (i Item) MarshalJSON() ([]byte, error) {
	type plain Item
	return withExtra(plain(i), i.Extra)
}

// ItemPrice is what one tariff of an item costs.
type ItemPrice struct {
	// Amount is nil when the platform gave none.
	Amount       *Amount          `json:"amount,omitzero"`
	AudSubCatID  ID               `json:"audSubCatId,omitzero"`
	PriceLevelID ID               `json:"priceLevelId,omitzero"`
	RateTypeID   ID               `json:"rateTypeId,omitzero"`
	MinQty       *Int             `json:"minQty,omitzero"`
	MaxQty       *Int             `json:"maxQty,omitzero"`
	SalePeriods  List[SalePeriod] `json:"salePeriods,omitzero" alias:"SalePeriods"`
	Extra        Members          `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (i *ItemPrice) UnmarshalJSON(b []byte) error { return Decode(b, i) }

// MarshalJSON writes the object with its unknown members.
func (i ItemPrice) MarshalJSON() ([]byte, error) {
	type plain ItemPrice
	return withExtra(plain(i), i.Extra)
}

// Timeslot is a part of a day a visit may be booked for. Its members are
// assembled from the names a client reads; where they sit is not established.
type Timeslot struct {
	ID              ID              `json:"id,omitzero" alias:"timeslotId"`
	StartDate       Date            `json:"startDate,omitzero" soft:"1"`
	EndDate         Date            `json:"endDate,omitzero" soft:"1"`
	StartTime       string          `json:"startTime,omitzero" soft:"1"`
	Duration        *Int            `json:"duration,omitzero" soft:"1"`
	SalesTolerance  *Int            `json:"salesTolerance,omitzero" soft:"1"`
	Quota           *Int            `json:"quota,omitzero" soft:"1"`
	VisitLanguages  json.RawMessage `json:"allVisitLanguages,omitzero"`
	AllVisitThemes  json.RawMessage `json:"allVisitThemes,omitzero"`
	ExternalName    *ExternalName   `json:"externalName,omitzero" soft:"1"`
	AudienceSubCats List[ID]        `json:"audienceSubCatIds,omitzero" soft:"1"`
	Extra           Members         `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (t *Timeslot) UnmarshalJSON(b []byte) error { return Decode(b, t) }

// MarshalJSON writes the object with its unknown members.
func (t Timeslot) MarshalJSON() ([]byte, error) {
	type plain Timeslot
	return withExtra(plain(t), t.Extra)
}

// Pass is the kind of a visit product, by date, by time slot or neither.
type Pass struct {
	Consecutive   string         `json:"consecutive,omitzero" soft:"1"`
	DateMandatory Bool           `json:"dateMandatory,omitzero"`
	Guided        Bool           `json:"guided,omitzero"`
	Items         List[Item]     `json:"items,omitzero"`
	Timeslots     List[Timeslot] `json:"timeslots,omitzero"`
	Extra         Members        `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *Pass) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p Pass) MarshalJSON() ([]byte, error) {
	type plain Pass
	return withExtra(plain(p), p.Extra)
}

// ItemProduct is the kind of services and goods: items and nothing else known.
type ItemProduct struct {
	Items List[Item] `json:"items,omitzero"`
	Extra Members    `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (i *ItemProduct) UnmarshalJSON(b []byte) error { return Decode(b, i) }

// MarshalJSON writes the object with its unknown members.
func (i ItemProduct) MarshalJSON() ([]byte, error) {
	type plain ItemProduct
	return withExtra(plain(i), i.Extra)
}

// Membership is the kind of a membership product.
type Membership struct {
	ValidityRule            string     `json:"validityRule,omitzero"`
	ValidityStartDate       Date       `json:"validityStartDate,omitzero" soft:"1"`
	ValidityEndDate         Date       `json:"validityEndDate,omitzero" soft:"1"`
	ValidityDuration        *Int       `json:"validityDuration,omitzero" soft:"1"`
	ValidityDurationUnit    string     `json:"validityDurationUnit,omitzero"`
	UserDefineStartValidity Bool       `json:"userDefineStartValidity,omitzero"`
	Items                   List[Item] `json:"items,omitzero"`
	Extra                   Members    `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (m *Membership) UnmarshalJSON(b []byte) error { return Decode(b, m) }

// MarshalJSON writes the object with its unknown members.
func (m Membership) MarshalJSON() ([]byte, error) {
	type plain Membership
	return withExtra(plain(m), m.Extra)
}

// SeasonTicket is the kind of a subscription.
type SeasonTicket struct {
	ChampionshipSeasonTicket Bool                      `json:"championshipSeasonTicket,omitzero"`
	FixedSeat                Bool                      `json:"fixedSeat,omitzero"`
	TicketPrintingMode       string                    `json:"ticketPrintingMode,omitzero"`
	PriceType                string                    `json:"priceType,omitzero"`
	SeasonTicketSubjects     List[SeasonTicketSubject] `json:"seasonTicketSubjects,omitzero"`
	SeasonTicketLines        List[SeasonTicketLine]    `json:"seasonTicketLines,omitzero"`
	Items                    List[Item]                `json:"items,omitzero"`
	Extra                    Members                   `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (s *SeasonTicket) UnmarshalJSON(b []byte) error { return Decode(b, s) }

// MarshalJSON writes the object with its unknown members.
func (s SeasonTicket) MarshalJSON() ([]byte, error) {
	type plain SeasonTicket
	return withExtra(plain(s), s.Extra)
}

// SeasonTicketSubject is a group of lines a subscriber chooses from.
type SeasonTicketSubject struct {
	Code              string                 `json:"code,omitzero"`
	Rank              Int                    `json:"rank,omitzero"`
	MinEvents         *Int                   `json:"minEvents,omitzero"`
	MaxEvents         *Int                   `json:"maxEvents,omitzero"`
	ExternalName      *ExternalName          `json:"externalName,omitzero"`
	SeasonTicketLines List[SeasonTicketLine] `json:"seasonTicketLines,omitzero"`
}

// SeasonTicketLine is one event of a season ticket.
type SeasonTicketLine struct {
	SeasonTicketLineID      ID       `json:"seasonTicketLineId,omitzero"`
	MandatoryEvent          Bool     `json:"mandatoryEvent,omitzero"`
	MultiplePerformances    string   `json:"multiplePerformances,omitzero"`
	AllowSeatCatUpDownGrade Bool     `json:"allowSeatCatUpDownGrade,omitzero"`
	Product                 *Product `json:"product,omitzero"`
}

// Pack is the kind of a package. Its lines may nest products that the catalog
// lists on their own as well: do not count them twice.
type Pack struct {
	TicketPrintingMode           string            `json:"ticketPrintingMode,omitzero"`
	LinkedAudienceSubCategoryIDs List[ID]          `json:"linkedAudienceSubCategoryIds,omitzero"`
	PackageLine                  List[PackageLine] `json:"packageLine,omitzero" alias:"packageLines"`
	Items                        List[Item]        `json:"items,omitzero"`
	Extra                        Members           `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *Pack) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p Pack) MarshalJSON() ([]byte, error) {
	type plain Pack
	return withExtra(plain(p), p.Extra)
}

// PackageLine is one product of a package.
type PackageLine struct {
	PackageLineID       ID       `json:"packageLineId,omitzero"`
	ParentPackageLineID ID       `json:"parentPackageLineId,omitzero"`
	Quantity            *Int     `json:"quantity,omitzero"`
	Optional            Bool     `json:"optional,omitzero"`
	Rank                Int      `json:"rank,omitzero"`
	ForcedAudSubCatID   ID       `json:"forcedAudSubCatId,omitzero"`
	Product             *Product `json:"product,omitzero"`
}

// CrossSellProductLink offers another product beside this one. Its id may
// repeat with different targets.
type CrossSellProductLink struct {
	ID                   ID            `json:"id,omitzero"`
	Type                 string        `json:"type,omitzero"`
	ExternalName         *ExternalName `json:"externalName,omitzero"`
	Description          *ExternalName `json:"description,omitzero"`
	BaseMinQuantity      *Int          `json:"baseMinQuantity,omitzero"`
	TargetProductID      ID            `json:"targetProductId,omitzero"`
	TargetProductRank    Int           `json:"targetProductRank,omitzero"`
	TargetQuantityType   string        `json:"targetQuantityType,omitzero"`
	TargetSameDateAsBase Bool          `json:"targetSameDateAsBase,omitzero"`
	Start                Date          `json:"start,omitzero"`
	End                  Date          `json:"end,omitzero"`
}

// ContactProductLink ties a contact of the institution to a product.
type ContactProductLink struct {
	ID            ID     `json:"id,omitzero"`
	ContactNumber string `json:"contactNumber,omitzero"`
	Type          string `json:"type,omitzero"`
}

// GroupCriterion is a criterion groups are planned by.
type GroupCriterion struct {
	ID                  ID                          `json:"id"`
	Code                string                      `json:"code,omitzero"`
	ExternalName        *ExternalName               `json:"externalName,omitzero"`
	Rank                Int                         `json:"rank,omitzero"`
	PlanningRequirement Bool                        `json:"planningRequirement,omitzero"`
	Elements            List[GroupCriterionElement] `json:"elements,omitzero"`
}

// GroupCriterionElement is one value of a GroupCriterion.
type GroupCriterionElement struct {
	ID           ID            `json:"id"`
	Code         string        `json:"code,omitzero"`
	ExternalName *ExternalName `json:"externalName,omitzero"`
	Rank         Int           `json:"rank,omitzero"`
}

// ExternalVerification is a card checked outside S-360 before a tariff is sold.
type ExternalVerification struct {
	ID                     ID            `json:"id"`
	Description            *ExternalName `json:"description,omitzero"`
	ExternalName           *ExternalName `json:"externalName,omitzero"`
	Field1Name             string        `json:"field1Name,omitzero" soft:"1"`
	Field2Name             string        `json:"field2Name,omitzero" soft:"1"`
	NumberOfTicketsPerCard *Int          `json:"numberOfTicketsPerCard,omitzero"`
	Extra                  Members       `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (e *ExternalVerification) UnmarshalJSON(b []byte) error { return Decode(b, e) }

// MarshalJSON writes the object with its unknown members.
func (e ExternalVerification) MarshalJSON() ([]byte, error) {
	type plain ExternalVerification
	return withExtra(plain(e), e.Extra)
}

// POSConfigData describes the point of sales of the account that asks.
type POSConfigData struct {
	InstitCode           string        `json:"institCode,omitzero"`
	OrganizationID       ID            `json:"organizationId,omitzero"`
	OrganizationCode     string        `json:"organizationCode,omitzero"`
	OrganizationName     *ExternalName `json:"organizationName,omitzero" soft:"1"`
	OrganizationTimeZone string        `json:"organizationTimeZone,omitzero"`
	// PosID is the pointOfSalesId of every later call.
	PosID                     ID     `json:"posId,omitzero"`
	PosCode                   string `json:"posCode,omitzero"`
	PosNumber                 string `json:"posNumber,omitzero"`
	PosType                   string `json:"posType,omitzero"`
	PosActivityState          string `json:"posActivityState,omitzero"`
	SalesChannelID            ID     `json:"salesChannelId,omitzero"`
	SalesChannelCode          string `json:"salesChannelCode,omitzero"`
	SalesChannelActivityState string `json:"salesChannelActivityState,omitzero"`
	ModeOfUse                 string `json:"modeOfUse,omitzero" soft:"1"`
	VirtualOperatorName       string `json:"virtualOperatorName,omitzero"`
	TestInstitution           *Bool  `json:"testInstitution,omitzero" soft:"1"`

	CurrencyCode                string             `json:"currencyCode,omitzero"`
	CurrencySymbol              string             `json:"currencySymbol,omitzero"`
	InstitutionCurrency         *CurrencyCash      `json:"institutionCurrency,omitzero" soft:"1"`
	OrganizationCurrency        *CurrencyCash      `json:"organizationCurrency,omitzero" soft:"1"`
	CatalogCurrencies           List[CurrencyCash] `json:"catalogCurrencies,omitzero" soft:"1"`
	MultiCatalogCurrencyEnabled Bool               `json:"multiCatalogCurrencyEnabled,omitzero"`
	NetPrices                   Bool               `json:"netPrices,omitzero"`
	Charges                     List[POSCharge]    `json:"charges,omitzero" soft:"1"`

	MainLanguage string `json:"mainLanguage,omitzero"`
	LanguageList string `json:"languageList,omitzero" soft:"1"`

	SeatSelectionMode          string `json:"seatSelectionMode,omitzero"`
	MaxSeatsPerPerformance     *Int   `json:"maxSeatsPerPerformance,omitzero"`
	MaxAutoSuggestedSeatTrials *Int   `json:"maxAutoSuggestedSeatsTrials,omitzero" soft:"1"`
	// OrderAbandonDelay is the life of an open order in a unit that is not
	// known; ask getOrderDetails for the order's own date instead.
	OrderAbandonDelay *Int `json:"orderAbandonDelay,omitzero" soft:"1"`
	InvoicingAllowed  Bool `json:"invoicingAllowed,omitzero"`

	PaymentMethods  List[PaymentMethod]    `json:"paymentMethods,omitzero"`
	PspAccessMethod string                 `json:"pspAccessMethod,omitzero" soft:"1"`
	PspParameters   map[string]string      `json:"pspParameters,omitzero" soft:"1"`
	ProductFamilies List[POSProductFamily] `json:"productFamilies,omitzero" soft:"1"`
	OrderOrigins    List[OrderOrigin]      `json:"orderOrigins,omitzero" soft:"1"`

	ContactLoginMode              string          `json:"contactLoginMode,omitzero" soft:"1"`
	LoginPosition                 string          `json:"loginPosition,omitzero" soft:"1"`
	ContactFileAccessAllowed      Bool            `json:"contactFileAccessAllowed,omitzero"`
	GuestLoginAvailable           Bool            `json:"guestLoginAvailable,omitzero"`
	ContactAccountCreationAllowed Bool            `json:"contactAccountCreationAllowed,omitzero"`
	AllowedChars                  string          `json:"allowedChars,omitzero" soft:"1"`
	Countries                     json.RawMessage `json:"countries,omitzero"`
	Hub                           json.RawMessage `json:"hub,omitzero"`

	PosParameters        map[string]string `json:"posParameters,omitzero" soft:"1"`
	CustomizationFile    string            `json:"customizationFile,omitzero" soft:"1"`
	PosCustomizationFile string            `json:"posCustomizationFile,omitzero" soft:"1"`
	AmazonS3Bucket       string            `json:"amazonS3InstitutionBucketName,omitzero" soft:"1"`
	PlaceAddress         json.RawMessage   `json:"placeAddress,omitzero"`
	PlaceAddressData     json.RawMessage   `json:"placeAddressData,omitzero"`

	// Extra holds everything else.
	Extra Members `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *POSConfigData) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p POSConfigData) MarshalJSON() ([]byte, error) {
	type plain POSConfigData
	return withExtra(plain(p), p.Extra)
}

// CurrencyCash describes a currency.
type CurrencyCash struct {
	CurrencyCode  string `json:"currencyCode,omitzero"`
	FractionDigit *Int   `json:"fractionDigit,omitzero"`
	// MinAmount is the smallest coin, in thousandths.
	MinAmount     *Amount         `json:"minAmount,omitzero" soft:"1"`
	Symbol        string          `json:"symbol,omitzero"`
	AvailableCash json.RawMessage `json:"availableCash,omitzero"`
	Extra         Members         `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (c *CurrencyCash) UnmarshalJSON(b []byte) error { return Decode(b, c) }

// MarshalJSON writes the object with its unknown members.
func (c CurrencyCash) MarshalJSON() ([]byte, error) {
	type plain CurrencyCash
	return withExtra(plain(c), c.Extra)
}

// PaymentMethod is a way to pay at the point of sales.
type PaymentMethod struct {
	// ID is the paymentMethodId of a payment.
	ID                    ID            `json:"id"`
	Code                  string        `json:"code,omitzero"`
	ExternalName          *ExternalName `json:"externalName,omitzero"`
	ExternalDescription   *ExternalName `json:"externalDescription,omitzero" soft:"1"`
	PaymentType           string        `json:"paymentType,omitzero"`
	AuthorizationMode     string        `json:"authorizationMode,omitzero" soft:"1"`
	Rank                  Int           `json:"rank,omitzero"`
	ForPayment            Bool          `json:"forPayment"`
	ForReimbursement      Bool          `json:"forReimbursement"`
	ChangeReturnAllowed   Bool          `json:"changeReturnAllowed,omitzero"`
	TooMuchPerceived      Bool          `json:"tooMuchPerceivedAllowed,omitzero"`
	InSplitPaymentAllowed Bool          `json:"inSplitPaymentAllowed,omitzero"`
	ManualValidation      Bool          `json:"manualValidation,omitzero"`
	WithFollowUp          Bool          `json:"withFollowUp,omitzero"`
	Extra                 Members       `json:"-"`
}

// UnmarshalJSON reads the object and keeps unknown members.
func (p *PaymentMethod) UnmarshalJSON(b []byte) error { return Decode(b, p) }

// MarshalJSON writes the object with its unknown members.
func (p PaymentMethod) MarshalJSON() ([]byte, error) {
	type plain PaymentMethod
	return withExtra(plain(p), p.Extra)
}

// POSCharge is a charge that exists at the point of sales.
type POSCharge struct {
	ID           ID            `json:"id"`
	Code         string        `json:"code,omitzero"`
	ExternalName *ExternalName `json:"externalName,omitzero"`
	Modifiable   Bool          `json:"modifiable,omitzero"`
	Type         string        `json:"type,omitzero"`
}

// POSProductFamily says how a family of products is sold at the point of sales.
type POSProductFamily struct {
	ID                   ID            `json:"id"`
	ExternalName         *ExternalName `json:"externalName,omitzero"`
	ProductFamilyType    string        `json:"productFamilyType,omitzero"`
	ProductFamilySubType string        `json:"productFamilySubType,omitzero"`
	ContactRequired      Bool          `json:"contactRequired,omitzero"`
	DefaultQuantity      *Int          `json:"defaultQuantity,omitzero"`
	DirectOption         Bool          `json:"directOption,omitzero"`
	NetPrices            Bool          `json:"netPrices,omitzero"`
	Reservable           Bool          `json:"reservable,omitzero"`
}

// OrderOrigin is an allowed origin of an order.
type OrderOrigin struct {
	IDCode       string        `json:"idCode"`
	ExternalName *ExternalName `json:"externalName,omitzero"`
}
