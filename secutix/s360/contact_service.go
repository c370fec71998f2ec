package s360

import "context"

// ContactInformationPublicService reads and writes the contacts of an institution. It is optional for a reseller: a sale needs
// no contact but the partner's own. Everything that passes here is personal data and must not reach a log.
type ContactInformationPublicService struct{ client *Client }

func contactMethod(name string, changing bool) method {
	return method{service: serviceContacts, name: name, changing: changing, module: moduleContacts, version: contactsVersion}
}

// GetContactData returns one contact by its number, with the details that are asked for.
//
// S-360: ContactInformationPublicService.getContactData (2.21)
func (s ContactInformationPublicService) GetContactData(ctx context.Context, r ContactDataRequest) (ContactDataResult, error) {
	return invoke[ContactDataResult](ctx, s.client, contactMethod("getContactData", false), r)
}

// SearchContact returns the contacts that meet every criterion of the request. None and many are ordinary answers: an e-mail is
// not unique. The shape of request and answer is proposed.
//
// S-360: ContactInformationPublicService.searchContact (2.21)
func (s ContactInformationPublicService) SearchContact(ctx context.Context, r ContactSearchRequest) (ContactSearchResult, error) {
	return invoke[ContactSearchResult](ctx, s.client, contactMethod("searchContact", false), r)
}

// SaveIndividualContactData creates an individual, or changes the one whose number is given. Without a number the platform
// makes a new contact each time, so an uncertain error must not be answered by sending it again. The shape of request and
// answer is proposed.
//
// S-360: ContactInformationPublicService.saveIndividualContactData (2.21)
func (s ContactInformationPublicService) SaveIndividualContactData(ctx context.Context, r SaveIndividualContactRequest) (ContactDataResult, error) {
	return invoke[ContactDataResult](ctx, s.client, contactMethod("saveIndividualContactData", true), r)
}

// CreateCulturalContact makes many ticket holders at once, all or none. The answer maps the caller's identifiers to contact
// numbers.
//
// S-360: ContactInformationPublicService.createCulturalContact (2.21)
func (s ContactInformationPublicService) CreateCulturalContact(ctx context.Context, r CulturalContactRequest) (CulturalContactCreationResult, error) {
	return invoke[CulturalContactCreationResult](ctx, s.client, contactMethod("createCulturalContact", true), r)
}

// Details of a contact that can be asked for. The enumeration is open.
const (
	ContactGeneral             = "GENERAL"
	ContactAddresses           = "ADDRESSES"
	ContactAuthorizations      = "AUTHORIZATIONS"
	ContactCriteria            = "CRITERIA"
	ContactQualities           = "QUALITIES"
	ContactIndicators          = "INDICATORS"
	ContactAdvantages          = "ADVANTAGES"
	ContactCommunicationMeans  = "COM_MEANS"
	ContactFinancial           = "FINANCIAL"
	ContactConnections         = "CONNECTIONS"
	ContactIndividualPhoto     = "INDIVIDUAL_PHOTO"
	ContactInvalidatedQuality  = "INVALIDATED_QUALITIES"
	ContactTypeIndividual      = "INDIVIDUAL"
	ContactTypeStructure       = "STRUCTURE"
	ContactRolePublic          = "PUBLIC"
	ContactTitleUndefined      = "UNDEFINED"
	ContactNormalizationNotYet = "TO_BE_NORMALIZED"
)

// ContactDataRequest holds the parameters of getContactData. Without details the general part comes.
type ContactDataRequest struct {
	RequestID     ID           `json:"requestId,omitzero"`
	ContactNumber string       `json:"contactNumber"`
	Details       List[string] `json:"details,omitzero"`
}

// ContactDataResult is a contact. Every member but the number may be missing.
type ContactDataResult struct {
	Result
	ContactNumber      string                             `json:"contactNumber,omitzero"`
	ContactID          ID                                 `json:"contactId,omitzero"`
	Type               string                             `json:"type,omitzero"`
	Role               string                             `json:"role,omitzero"`
	State              string                             `json:"state,omitzero"`
	Guest              *Bool                              `json:"guest,omitzero"`
	HasWarning         *Bool                              `json:"hasWarning,omitzero"`
	HasAdvantages      *Bool                              `json:"hasAdvantages,omitzero"`
	CreationDate       Date                               `json:"creationDate,omitzero"`
	EndValidityDate    Date                               `json:"endValidityDate,omitzero"`
	Individual         *IndividualContactData             `json:"individualContact,omitzero"`
	Addresses          List[ContactAddressData]           `json:"addresses,omitzero"`
	Authorizations     List[AuthorizationData]            `json:"authorizations,omitzero"`
	CommunicationMeans List[CommunicationMeanData]        `json:"communicationMeans,omitzero"`
	Criteria           List[ExternalContactCriterionData] `json:"contactCriteria,omitzero"`
	Indicators         List[IndicatorData]                `json:"indicators,omitzero"`
	// IndividualPhoto is the detail INDIVIDUAL_PHOTO; its name and members are proposed.
	IndividualPhoto *IndividualPhotoData `json:"individualPhoto,omitzero"`
	// FileHistory is there after a search with a file contact number.
	FileHistory *ContactFileHistoryCriteria `json:"contactFileHistoryCriteria,omitzero"`
}

// IndividualContactData is the person. Titles are MR, MRS, MISS, MR_AND_MRS, UNDEFINED and what the institution adds.
type IndividualContactData struct {
	Title        string `json:"title,omitzero"`
	Firstname    string `json:"individualFirstname,omitzero"`
	Lastname     string `json:"individualLastname,omitzero"`
	Gender       string `json:"individualGender,omitzero"`
	Email        string `json:"email,omitzero"`
	Login        string `json:"login,omitzero"`
	PhoneNumber1 string `json:"phoneNumber1,omitzero" alias:"cellPhoneNumber"`
	CountryCode  string `json:"countryCode,omitzero" alias:"individualCountryCode"`
	ZipCode      string `json:"zipCode,omitzero"`
	Role         string `json:"role,omitzero"`
	Active       *Bool  `json:"active,omitzero"`
}

// ContactAddressData is a postal address of a contact.
type ContactAddressData struct {
	ContactAddressID   ID     `json:"contactAddressId,omitzero"`
	Name               string `json:"name,omitzero"`
	Street1            string `json:"street1,omitzero"`
	Street2            string `json:"street2,omitzero"`
	Street3            string `json:"street3,omitzero"`
	Street4            string `json:"street4,omitzero"`
	ZipCode            string `json:"zipCode,omitzero"`
	Town               string `json:"town,omitzero"`
	CountryCode        string `json:"countryCode,omitzero"`
	FormattedAddress   string `json:"formattedAddress,omitzero"`
	Main               Bool   `json:"main,omitzero" alias:"isMain"`
	BillingAddress     Bool   `json:"billingAddress,omitzero"`
	ShippingAddress    Bool   `json:"shippingAddress,omitzero"`
	NormalizationState string `json:"normalizationState,omitzero"`
}

// AuthorizationData is a consent: a channel or use that the contact allows or not.
type AuthorizationData struct {
	AuthorizationCode string `json:"authorizationCode"`
	Allowed           Bool   `json:"allowed"`
}

// ExternalContactCriterionData is a classification of a contact by the institution's own lists (proposed members).
type ExternalContactCriterionData struct {
	CriterionCode string       `json:"criterionCode"`
	Values        List[string] `json:"values,omitzero"`
}

// IndicatorData is something the platform works out of a contact. Value is known to be "true" for some; the other members are
// proposed.
type IndicatorData struct {
	IndicatorCode string `json:"indicatorCode"`
	Value         string `json:"value"`
}

// IndividualPhotoData is a picture of the person: a PNG or JPEG in base64 (proposed members).
type IndividualPhotoData struct {
	Data     string `json:"data"`
	MimeType string `json:"mimetype,omitzero"`
}

// CommunicationMeanData is an e-mail address or a phone of a contact.
type CommunicationMeanData struct {
	CommunicationMeanID ID     `json:"communicationMeanId,omitzero"`
	ContactAddressID    ID     `json:"contactAddressId,omitzero"`
	Email               string `json:"email,omitzero"`
	PhoneNumber         string `json:"phoneNumber,omitzero"`
}

// ContactFileHistoryCriteria says whether a contact bought or was billed for the files of another (proposed members).
type ContactFileHistoryCriteria struct {
	Bought Bool `json:"bought"`
	Billed Bool `json:"billed"`
}

// ContactSearchRequest holds the parameters of searchContact (proposed). At least one criterion is needed; all given ones must
// be met.
type ContactSearchRequest struct {
	RequestID         ID           `json:"requestId,omitzero"`
	Email             string       `json:"email,omitzero"`
	Login             string       `json:"login,omitzero"`
	Firstname         string       `json:"individualFirstname,omitzero"`
	Lastname          string       `json:"individualLastname,omitzero"`
	ContactNumber     string       `json:"contactNumber,omitzero"`
	FileContactNumber string       `json:"fileContactNumber,omitzero"`
	Details           List[string] `json:"details,omitzero"`
	// NbMaxResults bounds the answer, 1 to 100; zero means 100.
	NbMaxResults Int `json:"nbMaxResults,omitzero"`
}

// ContactSearchResult is the answer of searchContact (proposed).
type ContactSearchResult struct {
	Result
	Contacts List[ContactDataResult] `json:"contactDataList"`
	// NbResults counts what was found, also beyond what is listed.
	NbResults Int `json:"nbResults"`
}

// SaveIndividualContactRequest holds the parameters of saveIndividualContactData (proposed). With a number the given members
// replace the old ones and the others stay; addresses, when given, replace all addresses; consents and criteria are changed one by
// one, a criterion without values being taken away; so is a photo without data.
type SaveIndividualContactRequest struct {
	RequestID      ID                       `json:"requestId,omitzero"`
	ContactNumber  string                   `json:"contactNumber,omitzero"`
	Individual     IndividualContactData    `json:"individualContactData"`
	Addresses      List[ContactAddressData] `json:"addresses,omitzero"`
	Authorizations List[AuthorizationData]  `json:"authorizations,omitzero"`

	Criteria        List[ExternalContactCriterionData] `json:"contactCriteria,omitzero"`
	IndividualPhoto *IndividualPhotoData               `json:"individualPhoto,omitzero"`
}

// CulturalContactRequest holds the parameters of createCulturalContact.
type CulturalContactRequest struct {
	RequestID       ID                        `json:"requestId,omitzero"`
	ContactDataList List[CulturalContactData] `json:"contactDataList"`
}

// CulturalContactData is one ticket holder. Identifier is the caller's key, unique in the call.
type CulturalContactData struct {
	Identifier    ID     `json:"identifier"`
	ContactNumber string `json:"contactNumber,omitzero"`
	FirstName     string `json:"firstName,omitzero"`
	LastName      string `json:"lastName,omitzero"`
	Email         string `json:"email,omitzero"`
	CreateLogin   Bool   `json:"createLogin"`
}

// CulturalContactCreationResult is the answer of createCulturalContact.
type CulturalContactCreationResult struct {
	Result
	// IdentifierContactMap leads from the caller's identifiers to contact numbers.
	IdentifierContactMap map[string]string       `json:"identifierContactMap"`
	CulturalContactData  List[ContactDataResult] `json:"culturalContactData"`
}
