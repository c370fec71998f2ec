package s360

import (
	"reflect"
	"strings"
	"testing"
)

// documentedClasses are the members that the platform's pages, its pushes and public clients name, class by class.
func documentedClasses() map[reflect.Type]string {
	return map[reflect.Type]string{
		reflect.TypeFor[CatalogData]():         "seasons physicalConfigurations groupCriterions externalVerifications products",
		reflect.TypeFor[Season]():              "id code state start end externalName products audienceCategories priceLevels advantages",
		reflect.TypeFor[AudienceCategory]():    "id code mainCategory secondaryCategory externalName audienceSubCategories",
		reflect.TypeFor[AudienceSubCategory](): "id code externalName externalDescription audienceCategoryKind requiredAudienceSubCategoryIds crossSeatCategory rank minQuantity maxQuantity requireAttachment exchangeable audienceCategoryId",
		reflect.TypeFor[PriceLevel]():          "id code mainCategory reduction",
		reflect.TypeFor[Advantage]():           "id code state advantageType advantageTargetType accessCode externalName externalDescription start mandatoryContact exclusive autoPromote allowPurchaseCulturalContact quotaPerTimeslot singleSeatCatPerPerformance contactLimitation performanceEndDateType maxOrderQuantity maxQuantityPerPerformance freeShipmentModeIds products",
		reflect.TypeFor[AdvantageProduct]():    "id code",
		reflect.TypeFor[Product](): "id prevSeasonProductId code productFamilyType productFamilySubType audienceType state additionalState externalName internalName shortName externalDescription " +
			"logo smallImageUrl mediumImageUrl largeImageUrl xlargeImageUrl detailURL media vatCodeId ticketModelId chargesTableId productTypeId seasonId salePeriods saleCloseExceptions " +
			"optionAvailabilities crossSellProductLinks subTopicLinks subTopics productSocialNetworkLinks comfortVariableValues contactProductLinks minQuantity maxQuantity exchangeable " +
			"waitingListAllowed grantedToTourPromoter allowQuestionnaire questionnaireId partnerContactId partnerContactNumber additionalPartnerContactNumber invoicePartnerContactNumber " +
			"remark culturalContact ticketTransferLimit redemptionPeriod redemptionProducts event pass service goods pack seasonTicket membership transport hospitality",
		reflect.TypeFor[Event](): "activityId activityCode activityType activityExternalName nameAddOn language minimumAge timeTolerance competitionTypeId alertRatio performances",
		reflect.TypeFor[Performance](): "id code state start duration externalName internalName externalShortName nameAddOn externalDescription internalDescription eventExternalName physicalConfigurationId " +
			"logicalConfigurationId saleConfigurationId rateTypeId rateTypeCode ratesTableId chargesTableId spaceId spaceCode siteCode spaceExternalName siteExternalName location match kind " +
			"kindExternalName performanceType titling visitLanguageCode seatSelectionMode numbered alwaysAllowIsolatedSeats blockComparisonEnabled forceNominativeTickets breaksQuantity " +
			"maxSeatsPerOrder image venueImage logo logoImage seatCategories prices charges itemIds salePeriods saleCloseExceptions comfortVariableValues performanceSocialNetworkLinks",
		reflect.TypeFor[SeatCategory]():          "id code externalName institutionCategoryId catNum rank bgColor textColor sameBlockRestrictionMode preRequestLogicalSeatCatIds",
		reflect.TypeFor[Price]():                 "seatCatId institutionSeatCatId audSubCatId priceLevelId amount minQty maxQty chargesAmounts",
		reflect.TypeFor[ChargeAmount]():          "chargesId component amount",
		reflect.TypeFor[Location]():              "siteCode siteExternalName spaceCode spaceExternalName siteAddress siteId spaceId town address",
		reflect.TypeFor[SiteAddress]():           "countryCode firstAddressLine locality zipCode",
		reflect.TypeFor[PhysicalConfiguration](): "code id countryCode externalName siteCode siteId siteExternalName formattedAddress street town zipcode securityGauge physicalGauge mapType spaceCode spaceId spaceExternalName spaceType type kind areas",
		reflect.TypeFor[Area]():                  "code id",
		reflect.TypeFor[SalePeriod]():            "start end endRelative salesChannelId salesChannelCode salePossible reservationPossible quotationPossible postingResalePossible type audienceSubCatIds seatCategoryIds",
		reflect.TypeFor[SeasonTicket]():          "championshipSeasonTicket fixedSeat ticketPrintingMode priceType seasonTicketSubjects seasonTicketLines items",
		reflect.TypeFor[SeasonTicketSubject]():   "code rank minEvents maxEvents externalName seasonTicketLines",
		reflect.TypeFor[SeasonTicketLine]():      "seasonTicketLineId mandatoryEvent multiplePerformances allowSeatCatUpDownGrade product",
		reflect.TypeFor[Pack]():                  "ticketPrintingMode linkedAudienceSubCategoryIds packageLine",
		reflect.TypeFor[PackageLine]():           "packageLineId parentPackageLineId quantity optional rank forcedAudSubCatId product",
		reflect.TypeFor[Membership]():            "validityRule validityStartDate validityEndDate validityDuration validityDurationUnit userDefineStartValidity items",
		reflect.TypeFor[Pass]():                  "consecutive dateMandatory guided items",
		reflect.TypeFor[Item]():                  "itemId code rank externalName donationAmount voucherMinAmount itemPrices timeslotIds",
		reflect.TypeFor[ItemPrice]():             "amount audSubCatId priceLevelId rateTypeId minQty maxQty salePeriods",
		reflect.TypeFor[Timeslot]():              "startDate endDate startTime duration salesTolerance quota allVisitLanguages allVisitThemes",
		reflect.TypeFor[CrossSellProductLink]():  "id type externalName description baseMinQuantity targetProductId targetProductRank targetQuantityType targetSameDateAsBase start end",
		reflect.TypeFor[ContactProductLink]():    "id contactNumber type",
		reflect.TypeFor[GroupCriterion]():        "code id externalName rank planningRequirement elements",
		reflect.TypeFor[GroupCriterionElement](): "code id externalName rank",
		reflect.TypeFor[ExternalVerification]():  "id description externalName field1Name field2Name numberOfTicketsPerCard",
		reflect.TypeFor[ExternalName]():          "translations",
		reflect.TypeFor[Translation]():           "locale value",
		reflect.TypeFor[POSConfigData](): "institCode organizationCode organizationId organizationName organizationTimeZone posId posCode posNumber posType salesChannelId salesChannelCode virtualOperatorName " +
			"testInstitution posActivityState salesChannelActivityState modeOfUse currencyCode currencySymbol institutionCurrency organizationCurrency catalogCurrencies " +
			"multiCatalogCurrencyEnabled netPrices charges mainLanguage languageList seatSelectionMode maxSeatsPerPerformance maxAutoSuggestedSeatsTrials orderAbandonDelay invoicingAllowed " +
			"paymentMethods pspAccessMethod pspParameters productFamilies contactLoginMode loginPosition guestLoginAvailable contactAccountCreationAllowed contactFileAccessAllowed allowedChars " +
			"countries orderOrigins posParameters customizationFile posCustomizationFile amazonS3InstitutionBucketName hub placeAddress placeAddressData",
		reflect.TypeFor[CurrencyCash]():     "currencyCode fractionDigit minAmount symbol availableCash",
		reflect.TypeFor[PaymentMethod]():    "code id externalName externalDescription paymentType authorizationMode rank forPayment forReimbursement changeReturnAllowed tooMuchPerceivedAllowed inSplitPaymentAllowed manualValidation withFollowUp",
		reflect.TypeFor[POSCharge]():        "code id externalName modifiable type",
		reflect.TypeFor[POSProductFamily](): "id externalName productFamilyType productFamilySubType contactRequired defaultQuantity directOption netPrices reservable",
		reflect.TypeFor[OrderOrigin]():      "idCode externalName",
		reflect.TypeFor[VATCode]():          "id code currentRate country",
	}
}

func TestCatalog_HasEveryDocumentedMember(t *testing.T) {
	t.Parallel()
	n := 0
	for class, names := range documentedClasses() {
		has := map[string]bool{}
		for f := range class.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			has[name] = true
		}
		for name := range strings.FieldsSeq(names) {
			n++
			if !has[name] {
				t.Errorf("%s has no %s", class.Name(), name)
			}
		}
	}
	if n != 433 {
		t.Errorf("%d members are looked for", n)
	}
}
