package sim

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// The business errors of the contact service (proposed).
const (
	errContactEmail   = "error.contact.email"
	errContactLogin   = "error.contact.login.used"
	errContactConsent = "error.contact.authorization.unknown"
	errContactKind    = "error.contact.type"
	errContactCrit    = "error.contact.criterion.unknown"
	errContactPhoto   = "error.contact.photo"
)

// kindContact numbers contacts; it stands apart from the kinds of the catalog and the ledger.
const kindContact = 80

// maxFound bounds the answer of a search.
const maxFound = 100

// consents are the communication permissions every institution here knows (proposed codes).
var consents = [...]string{"EMAILNEWS", "SMSNEWS", "PARTNERS"}

// criterion is one of an institution's classifications of its contacts.
type criterion struct {
	code   string
	values []string
	many   bool
}

// criteria are the ones every institution here knows (proposed codes).
func criteria() []criterion {
	return []criterion{
		{code: "LANGUAGE", values: []string{"fr", "de", "it", "en"}},
		{code: "INTERESTS", values: []string{"ART", "MUSIC", "SPORT", "THEATRE"}, many: true},
	}
}

// maxPhoto bounds a photo, in bytes.
const maxPhoto = 512 << 10

// contactDetails are the parts of a contact that can be asked for.
var contactDetails = [...]string{
	s360.ContactGeneral, s360.ContactAddresses, s360.ContactAuthorizations, s360.ContactCriteria, s360.ContactQualities,
	s360.ContactIndicators, s360.ContactAdvantages, s360.ContactCommunicationMeans, s360.ContactFinancial,
	s360.ContactConnections, s360.ContactIndividualPhoto, s360.ContactInvalidatedQuality,
}

// doContacts says in the journal that contacts were made or changed.
const doContacts = "contacts"

// contact is a person the institution knows. Its JSON form is the journal's. A contact is never altered: a change replaces it.
type contact struct {
	Number    string                     `json:"number"`
	ID        int64                      `json:"id"`
	Created   time.Time                  `json:"created"`
	Person    s360.IndividualContactData `json:"person"`
	Addresses []s360.ContactAddressData  `json:"addresses,omitempty"`
	Consents  map[string]bool            `json:"consents,omitempty"`
	Holder    *s360.CulturalContactData  `json:"holder,omitempty"` // the line that made it
	Criteria  map[string][]string        `json:"criteria,omitempty"`
	Photo     *s360.IndividualPhotoData  `json:"photo,omitempty"`
}

// address is the book of contacts of an institution.
type addressBook struct {
	byNumber map[string]*contact
	order    []string          // numbers, oldest first
	login    map[string]string // lower-case login to number
	last     int64
}

func (b *addressBook) apply(list []*contact) error {
	if b.byNumber == nil {
		b.byNumber, b.login = map[string]*contact{}, map[string]string{}
	}
	for _, ct := range list {
		if ct == nil || ct.Number == "" {
			return errors.New("contacts: a contact without a number")
		}
		old := b.byNumber[ct.Number]
		if old == nil {
			b.order = append(b.order, ct.Number)
		} else if old.Person.Login != "" {
			delete(b.login, strings.ToLower(old.Person.Login))
		}
		if ct.Person.Login != "" {
			b.login[strings.ToLower(ct.Person.Login)] = ct.Number
		}
		b.byNumber[ct.Number] = ct
		b.last = max(b.last, ct.ID)
	}
	return nil
}

func contactService() service {
	return service{module: "tnco", name: "contactInformationPublicService", soap: "ContactInformationPublicService", pkg: "com.secutix.service.contact", versions: []string{"v2_21", "v2_22", "v2_17"}, gone: "v2_14", methods: []method{
		{name: "getContactData", do: (*Platform).getContactData, request: s360.ContactDataRequest{}, result: s360.ContactDataResult{}},
		{name: "searchContact", do: (*Platform).searchContact, request: s360.ContactSearchRequest{}, result: s360.ContactSearchResult{}},
		{name: "saveIndividualContactData", do: (*Platform).saveIndividualContactData, request: s360.SaveIndividualContactRequest{}, result: s360.ContactDataResult{}},
		{name: "createCulturalContact", do: (*Platform).createCulturalContact, request: s360.CulturalContactRequest{}, result: s360.CulturalContactCreationResult{}},
	}}
}

func (p *Platform) getContactData(c *call) (any, *refusal) {
	var q s360.ContactDataRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if no := knownDetails(q.Details); no != nil {
		return nil, no
	}
	if q.ContactNumber == "" {
		return nil, refuse(errMissing, "contactNumber")
	}
	if !c.in.knowsContact(q.ContactNumber) {
		return nil, refuse(errContact, "no such contact")
	}
	out := c.in.contactData(q.ContactNumber, q.Details)
	out.Result = c.ok()
	return out, nil
}

func knownDetails(details []string) *refusal {
	for _, d := range details {
		if !slices.Contains(contactDetails[:], d) {
			return refuse(errInvalid, "unknown detail %q", d)
		}
	}
	return nil
}

// contactData is a contact as answers show it. The world's own contacts have a number and nothing else.
func (in *institution) contactData(number string, details []string) s360.ContactDataResult {
	out := s360.ContactDataResult{
		ContactNumber: number, Type: s360.ContactTypeIndividual, Role: s360.ContactRolePublic,
		HasWarning: boolean(false), Guest: boolean(false),
	}
	ct := in.contacts.byNumber[number]
	if ct == nil {
		out.CreationDate = in.at(in.base)
		if number == in.w.PartnerContact {
			out.Type = s360.ContactTypeStructure
		}
		return out
	}
	out.ContactID, out.CreationDate = s360.ID(ct.ID), in.at(ct.Created)
	wants := func(d string) bool { return slices.Contains(details, d) }
	if len(details) == 0 || wants(s360.ContactGeneral) {
		person := ct.Person
		person.Role, person.Active = s360.ContactRolePublic, boolean(true)
		out.Individual = &person
	}
	if wants(s360.ContactAddresses) {
		out.Addresses = slices.Clone(ct.Addresses)
	}
	if wants(s360.ContactAuthorizations) {
		for _, code := range consents {
			out.Authorizations = append(out.Authorizations, s360.AuthorizationData{AuthorizationCode: code, Allowed: s360.Bool(ct.Consents[code])})
		}
	}
	if wants(s360.ContactCommunicationMeans) {
		out.CommunicationMeans = ct.means()
	}
	if wants(s360.ContactCriteria) {
		for _, code := range slices.Sorted(maps.Keys(ct.Criteria)) {
			out.Criteria = append(out.Criteria, s360.ExternalContactCriterionData{CriterionCode: code, Values: slices.Clone(ct.Criteria[code])})
		}
	}
	if wants(s360.ContactIndicators) {
		out.Indicators = in.indicators(number)
	}
	if wants(s360.ContactIndividualPhoto) {
		out.IndividualPhoto = ct.Photo
	}
	return out
}

// indicators tells what can be worked out of a contact's orders (proposed codes): whether there is a sale, and more than one.
func (in *institution) indicators(number string) s360.List[s360.IndicatorData] {
	sales := 0
	for _, o := range in.orders {
		if o.State == stateClosed && !isRefund(o.Type) && o.Contact == number {
			sales++
		}
	}
	return s360.List[s360.IndicatorData]{
		{IndicatorCode: "BUYER", Value: strconv.FormatBool(sales > 0)}, {IndicatorCode: "RETURNING", Value: strconv.FormatBool(sales > 1)},
	}
}

func (ct *contact) means() s360.List[s360.CommunicationMeanData] {
	var out s360.List[s360.CommunicationMeanData]
	for i, m := range []s360.CommunicationMeanData{{Email: ct.Person.Email}, {PhoneNumber: ct.Person.PhoneNumber1}} {
		if m != (s360.CommunicationMeanData{}) {
			m.CommunicationMeanID = s360.ID(ct.ID*10 + int64(i) + 1)
			out = append(out, m)
		}
	}
	return out
}

func (p *Platform) searchContact(c *call) (any, *refusal) {
	var q s360.ContactSearchRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if no := knownDetails(q.Details); no != nil {
		return nil, no
	}
	switch {
	case q.Email == "" && q.Login == "" && q.Firstname == "" && q.Lastname == "" && q.ContactNumber == "":
		return nil, refuse(errMissing, "email, login, individualFirstname, individualLastname or contactNumber")
	case q.FileContactNumber != "" && !c.in.knowsContact(q.FileContactNumber):
		return nil, refuse(errContact, "no such file contact")
	case q.NbMaxResults < 0 || q.NbMaxResults > maxFound:
		return nil, refuse(errInvalid, "nbMaxResults is from 1 to %d", maxFound)
	}
	limit := int(q.NbMaxResults)
	if limit == 0 {
		limit = maxFound
	}
	out := s360.ContactSearchResult{Result: c.ok(), Contacts: s360.List[s360.ContactDataResult]{}}
	for _, number := range c.in.contacts.order {
		if !c.in.contacts.byNumber[number].meets(q) {
			continue
		}
		out.NbResults++
		if len(out.Contacts) >= limit {
			continue
		}
		found := c.in.contactData(number, q.Details)
		if q.FileContactNumber != "" {
			found.FileHistory = c.in.fileHistory(number, q.FileContactNumber)
		}
		out.Contacts = append(out.Contacts, found)
	}
	return out, nil
}

// meets says whether the contact fits every criterion that is given. Letter case does not count.
func (ct *contact) meets(q s360.ContactSearchRequest) bool {
	for _, pair := range [][2]string{
		{q.Email, ct.Person.Email},
		{q.Login, ct.Person.Login},
		{q.Firstname, ct.Person.Firstname},
		{q.Lastname, ct.Person.Lastname},
		{q.ContactNumber, ct.Number},
	} {
		if pair[0] != "" && !strings.EqualFold(pair[0], pair[1]) {
			return false
		}
	}
	return true
}

// fileHistory says whether number paid for orders of file. Orders have one contact here, so both must be the same.
func (in *institution) fileHistory(number, file string) *s360.ContactFileHistoryCriteria {
	paid := false
	for _, id := range in.sequence {
		o := in.orders[id]
		paid = paid || (o.State == stateClosed && o.Contact == number && number == file)
	}
	return &s360.ContactFileHistoryCriteria{Bought: s360.Bool(paid), Billed: s360.Bool(paid)}
}

func (p *Platform) saveIndividualContactData(c *call) (any, *refusal) {
	var q s360.SaveIndividualContactRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	d := c.in.newDraft(c.now)
	ct, no := d.individual(q)
	if no != nil {
		return nil, no
	}
	if no := p.keep(c, d); no != nil {
		return nil, no
	}
	return s360.ContactDataResult{Result: c.ok(), ContactNumber: ct.Number, ContactID: s360.ID(ct.ID)}, nil
}

func (p *Platform) createCulturalContact(c *call) (any, *refusal) {
	var q s360.CulturalContactRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if len(q.ContactDataList) == 0 {
		return nil, refuse(errMissing, "contactDataList")
	}
	out := s360.CulturalContactCreationResult{Result: c.ok(), IdentifierContactMap: map[string]string{}}
	d := c.in.newDraft(c.now)
	for i, line := range q.ContactDataList {
		key := strconv.FormatInt(int64(line.Identifier), 10)
		if _, twice := out.IdentifierContactMap[key]; twice {
			return nil, refuse(errInvalid, "contactDataList[%d]: identifier %s comes twice", i, key)
		}
		number, no := d.holder(line)
		if no != nil {
			return nil, refuse(no.code, "contactDataList[%d]: %s", i, no.detail)
		}
		out.IdentifierContactMap[key] = number
		out.CulturalContactData = append(out.CulturalContactData, s360.ContactDataResult{ContactNumber: number})
	}
	if no := p.keep(c, d); no != nil {
		return nil, no
	}
	return out, nil
}

// keep writes down what a call makes of the contacts, all at once.
func (p *Platform) keep(c *call, d *draft) *refusal {
	if len(d.out) == 0 {
		return nil
	}
	if err := p.commit(c.in, change{At: c.now, Do: doContacts, Contacts: d.out}); err != nil {
		return p.broken(c, errors.New("the contacts could not be kept")) // the cause may hold a person's data
	}
	return nil
}

// draft is a call's work on the contacts before it is written.
type draft struct {
	in   *institution
	now  time.Time
	last int64
	out  []*contact
}

func (in *institution) newDraft(now time.Time) *draft {
	return &draft{in: in, now: now, last: max(in.contacts.last, in.number(kindContact, 0))}
}

// fresh is a contact with the next number: seven digits with leading zeros, never one of the world's own.
func (d *draft) fresh() *contact {
	for {
		d.last++
		number := fmt.Sprintf("%07d", 4710+d.last-d.in.number(kindContact, 0))
		if !d.in.knowsContact(number) {
			return &contact{Number: number, ID: d.last, Created: d.now, Person: s360.IndividualContactData{Title: s360.ContactTitleUndefined}}
		}
	}
}

// existing is a copy of a contact that may be changed.
func (d *draft) existing(number string) (*contact, *refusal) {
	for _, ct := range d.out {
		if ct.Number == number {
			return ct, nil
		}
	}
	ct := d.in.contacts.byNumber[number]
	switch {
	case ct != nil:
		own := *ct
		own.Consents = map[string]bool{}
		for code, allowed := range ct.Consents {
			own.Consents[code] = allowed
		}
		own.Criteria = maps.Clone(ct.Criteria)
		return &own, nil
	case d.in.knowsContact(number):
		return nil, refuse(errContactKind, "the contact is not an individual that can be changed")
	}
	return nil, refuse(errContact, "no such contact")
}

func (d *draft) individual(q s360.SaveIndividualContactRequest) (*contact, *refusal) {
	ct := d.fresh()
	if q.ContactNumber != "" {
		var no *refusal
		if ct, no = d.existing(q.ContactNumber); no != nil {
			return nil, no
		}
	}
	overwrite(&ct.Person, q.Individual)
	if ct.Person.Lastname == "" {
		return nil, refuse(errMissing, "individualContactData.individualLastname")
	}
	if len(q.Addresses) > 0 {
		ct.Addresses = nil
		for i, a := range q.Addresses {
			a.ContactAddressID, a.NormalizationState = s360.ID(ct.ID*100+int64(i)+1), s360.ContactNormalizationNotYet
			ct.Addresses = append(ct.Addresses, a)
		}
	}
	for _, a := range q.Authorizations {
		if !slices.Contains(consents[:], a.AuthorizationCode) {
			return nil, refuse(errContactConsent, "unknown authorizationCode %q", a.AuthorizationCode)
		}
		if ct.Consents == nil {
			ct.Consents = map[string]bool{}
		}
		ct.Consents[a.AuthorizationCode] = bool(a.Allowed)
	}
	for _, c := range q.Criteria {
		if no := ct.classify(c); no != nil {
			return nil, no
		}
	}
	if q.IndividualPhoto != nil {
		if no := ct.picture(*q.IndividualPhoto); no != nil {
			return nil, no
		}
	}
	return ct, d.add(ct)
}

// classify sets one criterion of a contact that may be changed, or takes it away.
func (ct *contact) classify(c s360.ExternalContactCriterionData) *refusal {
	i := slices.IndexFunc(criteria(), func(k criterion) bool { return k.code == c.CriterionCode })
	if i < 0 {
		return refuse(errContactCrit, "unknown criterionCode %q", c.CriterionCode)
	}
	k := criteria()[i]
	for _, v := range c.Values {
		if !slices.Contains(k.values, v) {
			return refuse(errContactCrit, "criterion %s has no value %q", k.code, v)
		}
	}
	switch {
	case len(c.Values) > 1 && !k.many:
		return refuse(errContactCrit, "criterion %s has one value", k.code)
	case len(c.Values) == 0:
		delete(ct.Criteria, k.code)
		return nil
	case ct.Criteria == nil:
		ct.Criteria = map[string][]string{}
	}
	ct.Criteria[k.code] = sorted(c.Values)
	return nil
}

// picture sets the photo of a contact that may be changed, or takes it away.
func (ct *contact) picture(q s360.IndividualPhotoData) *refusal {
	if q.Data == "" {
		ct.Photo = nil
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(q.Data)
	kind := http.DetectContentType(b)
	switch {
	case err != nil:
		return refuse(errContactPhoto, "individualPhoto.data is not base64")
	case len(b) > maxPhoto:
		return refuse(errContactPhoto, "a photo has at most %d bytes", maxPhoto)
	case kind != "image/png" && kind != "image/jpeg", q.MimeType != "" && q.MimeType != kind:
		return refuse(errContactPhoto, "a photo is a PNG or a JPEG, and what its mimetype says")
	}
	ct.Photo = &s360.IndividualPhotoData{Data: q.Data, MimeType: kind}
	return nil
}

// overwrite lets the members that are given replace the old ones.
func overwrite(old *s360.IndividualContactData, given s360.IndividualContactData) {
	for _, pair := range []struct {
		to   *string
		from string
	}{
		{&old.Title, given.Title},
		{&old.Firstname, given.Firstname},
		{&old.Lastname, given.Lastname},
		{&old.Gender, given.Gender},
		{&old.Email, given.Email},
		{&old.Login, given.Login},
		{&old.PhoneNumber1, given.PhoneNumber1},
		{&old.CountryCode, given.CountryCode},
		{&old.ZipCode, given.ZipCode},
	} {
		if pair.from != "" {
			*pair.to = pair.from
		}
	}
}

// holder finds or makes the contact of a ticket holder. The same line again leads to the contact it made.
func (d *draft) holder(line s360.CulturalContactData) (string, *refusal) {
	if line.ContactNumber != "" {
		ct, no := d.existing(line.ContactNumber)
		if no != nil {
			return "", no
		}
		overwrite(&ct.Person, s360.IndividualContactData{Firstname: line.FirstName, Lastname: line.LastName, Email: line.Email})
		return ct.Number, d.login(ct, line)
	}
	for _, ct := range d.in.contacts.byNumber {
		if ct.Holder != nil && *ct.Holder == line {
			return ct.Number, nil
		}
	}
	if line.LastName == "" {
		return "", refuse(errMissing, "lastName")
	}
	ct := d.fresh()
	ct.Holder = &line
	ct.Person.Firstname, ct.Person.Lastname, ct.Person.Email = line.FirstName, line.LastName, line.Email
	return ct.Number, d.login(ct, line)
}

// login gives the holder a login when that is asked for, and takes the contact into the draft.
func (d *draft) login(ct *contact, line s360.CulturalContactData) *refusal {
	if bool(line.CreateLogin) && ct.Person.Login == "" {
		if ct.Person.Email == "" {
			return refuse(errMissing, "email, for the login")
		}
		ct.Person.Login = ct.Person.Email
	}
	return d.add(ct)
}

// add checks a contact and takes it into the draft. Only one contact may hold a login.
func (d *draft) add(ct *contact) *refusal {
	if ct.Person.Email != "" {
		if a, err := mail.ParseAddress(ct.Person.Email); err != nil || a.Address != ct.Person.Email {
			return refuse(errContactEmail, "not an e-mail address")
		}
	}
	if login := ct.Person.Login; login != "" {
		other, used := d.in.contacts.login[strings.ToLower(login)]
		if used && other != ct.Number || slices.ContainsFunc(d.out, func(o *contact) bool {
			return o.Number != ct.Number && strings.EqualFold(o.Person.Login, login)
		}) {
			return refuse(errContactLogin, "another contact has this login")
		}
	}
	if !slices.Contains(d.out, ct) {
		d.out = append(d.out, ct)
	}
	return nil
}

// checkContacts looks at what is promised of contacts: numbers are unique and digits, a login has one holder, and every order
// knows its contact.
func (in *institution) checkContacts() (broken []error) {
	bad := func(format string, args ...any) { broken = append(broken, fmt.Errorf(format, args...)) }
	b := &in.contacts
	logins, ids := map[string]string{}, map[int64]string{}
	for _, number := range b.order {
		ct := b.byNumber[number]
		if ct == nil || ct.Number != number {
			bad("contact %s is not in the book", number)
			continue
		}
		if strings.Trim(number, "0123456789") != "" || len(number) > 20 {
			bad("contact number %s is not digits", number)
		}
		if other, twice := ids[ct.ID]; twice {
			bad("contacts %s and %s have the same id", other, number)
		}
		ids[ct.ID] = number
		if login := strings.ToLower(ct.Person.Login); login != "" {
			if other, twice := logins[login]; twice {
				bad("contacts %s and %s have the same login", other, number)
			}
			logins[login] = number
			if b.login[login] != number {
				bad("the login of contact %s leads elsewhere", number)
			}
		}
	}
	if len(b.order) != len(b.byNumber) || len(logins) != len(b.login) {
		bad("the book lists %d contacts and %d logins, it holds %d and %d", len(b.order), len(logins), len(b.byNumber), len(b.login))
	}
	for _, id := range in.sequence {
		if number := in.orders[id].Contact; number != "" && !in.knowsContact(number) {
			bad("order %d belongs to contact %s, who is unknown", id, number)
		}
	}
	return broken
}
