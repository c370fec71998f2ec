package sim

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const contactsREST = "contactInformationPublicService"

func (d *desk) save(number string, person object, more ...object) object {
	d.t.Helper()
	body := object{"individualContactData": person}
	if number != "" {
		body["contactNumber"] = number
	}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	return d.call(contactsREST, "saveIndividualContactData", body)
}

func (d *desk) contact(number string, details ...string) object {
	d.t.Helper()
	return d.must(contactsREST, "getContactData", object{"contactNumber": number, "details": details})
}

func TestContacts_LifeOfOne_FromCreationToAPurchaseAndARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "journal")
	var said bytes.Buffer
	p := newPlatform(t, func(p *Platform) {
		p.Journal, p.Logger = file, slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	d := at(t, p, "theatre")
	made := d.save("", object{"individualFirstname": "Zenobia", "individualLastname": "Quandt", "email": "zenobia@example.org"}, object{
		"addresses":      []object{{"main": true, "street1": "Rue Cachée 1", "zipCode": "1000", "town": "Lausanne", "countryCode": "CH"}},
		"authorizations": []object{{"authorizationCode": "EMAILNEWS", "allowed": true}},
	})
	number := made.str("contactNumber")
	if made.code() != "success" || len(number) != 7 || number[0] != '0' {
		t.Fatalf("made: %v", made)
	}
	if got := d.save(number, object{"individualFirstname": "Zoe"}); got.code() != "success" || got.str("contactNumber") != number {
		t.Fatalf("changed: %v", got)
	}

	id, total := d.hold(func() object {
		body := d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 1))
		body["purchasersInfo"] = []object{{"contactReference": number}}
		return body
	}())
	closing := d.closing(id, total)
	closing["purchaserInfo"] = object{"contactReference": number}
	d.must("externalOrderService", "closeOrder", closing)
	if got := d.details(id).str("contactReference"); got != number {
		t.Errorf("the order belongs to %s, want %s", got, number)
	}
	d.save(number, object{"individualFirstname": "Zoe", "email": "zenobia at example.org", "secretWish": "Quandt"})

	check := func(d *desk) {
		t.Helper()
		full := d.contact(number, "GENERAL", "ADDRESSES", "AUTHORIZATIONS", "COM_MEANS")
		who := full.get("individualContact")
		if who.str("individualFirstname") != "Zoe" || who.str("individualLastname") != "Quandt" || who.str("email") != "zenobia@example.org" {
			t.Errorf("person: %v", who)
		}
		if a := full.list("addresses"); len(a) != 1 || a[0].str("street1") != "Rue Cachée 1" || a[0]["main"] != true {
			t.Errorf("addresses: %v", a)
		}
		allowed := map[string]any{}
		for _, a := range full.list("authorizations") {
			allowed[a.str("authorizationCode")] = a["allowed"]
		}
		if len(allowed) != 3 || allowed["EMAILNEWS"] != true || allowed["SMSNEWS"] != false {
			t.Errorf("consents: %v", allowed)
		}
		if m := full.list("communicationMeans"); len(m) != 1 || m[0].str("email") != "zenobia@example.org" {
			t.Errorf("means: %v", m)
		}
	}
	check(d)
	if got := d.contact(number, "ADDRESSES"); got["individualContact"] != nil || got["authorizations"] != nil {
		t.Errorf("more came than was asked for: %v", got)
	}
	sound(t, p)
	for _, secret := range []string{"Zenobia", "Zoe", "Quandt", "example.org", "Cachée"} {
		if strings.Contains(said.String(), secret) {
			t.Errorf("the log tells %q", secret)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}

	again := newPlatform(t, func(p *Platform) { p.Journal, p.Clock = file, NewClock(aDay.Add(time.Minute)) })
	check(at(t, again, "theatre"))
	if other := at(t, again, "theatre").save("", object{"individualLastname": "Next"}); other.str("contactNumber") == number || other.code() != "success" {
		t.Errorf("the number comes again: %v", other)
	}
	sound(t, again)
}

func TestContacts_WhatIsWrong_IsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	first := d.save("", object{"individualLastname": "One", "login": "one@example.org"}).str("contactNumber")
	for name, tc := range map[string]struct {
		method string
		body   object
		want   string
	}{
		"unknown contact":      {"getContactData", object{"contactNumber": "9999999"}, errContact},
		"no number":            {"getContactData", object{}, errMissing},
		"unknown detail":       {"getContactData", object{"contactNumber": first, "details": []string{"SECRETS"}}, errInvalid},
		"no last name":         {"saveIndividualContactData", object{"individualContactData": object{"individualFirstname": "A"}}, errMissing},
		"no e-mail address":    {"saveIndividualContactData", object{"individualContactData": object{"individualLastname": "A", "email": "A <a@example.org>"}}, errContactEmail},
		"a login twice":        {"saveIndividualContactData", object{"individualContactData": object{"individualLastname": "A", "login": "ONE@example.org"}}, errContactLogin},
		"unknown consent":      {"saveIndividualContactData", object{"individualContactData": object{"individualLastname": "A"}, "authorizations": []object{{"authorizationCode": "X", "allowed": true}}}, errContactConsent},
		"change of nobody":     {"saveIndividualContactData", object{"contactNumber": "9999999", "individualContactData": object{"individualLastname": "A"}}, errContact},
		"change of a partner":  {"saveIndividualContactData", object{"contactNumber": d.in.w.PartnerContact, "individualContactData": object{"individualLastname": "A"}}, errContactKind},
		"unknown member":       {"saveIndividualContactData", object{"lastname": "A"}, errUnknownMember},
		"search for anything":  {"searchContact", object{}, errMissing},
		"search of too many":   {"searchContact", object{"email": "a", "nbMaxResults": 101}, errInvalid},
		"files of nobody":      {"searchContact", object{"email": "a", "fileContactNumber": "9999999"}, errContact},
		"no holders":           {"createCulturalContact", object{}, errMissing},
		"an identifier twice":  {"createCulturalContact", object{"contactDataList": []object{{"identifier": 1, "lastName": "A"}, {"identifier": 1, "lastName": "B"}}}, errInvalid},
		"one bad holder":       {"createCulturalContact", object{"contactDataList": []object{{"identifier": 1, "lastName": "A"}, {"identifier": 2, "firstName": "B"}}}, errMissing},
		"a login without mail": {"createCulturalContact", object{"contactDataList": []object{{"identifier": 1, "lastName": "A", "createLogin": true}}}, errMissing},
		"one login for two": {"createCulturalContact", object{"contactDataList": []object{
			{"identifier": 1, "lastName": "A", "email": "x@example.org", "createLogin": true}, {"identifier": 2, "lastName": "B", "email": "x@example.org", "createLogin": true},
		}}, errContactLogin},
	} {
		if got := d.call(contactsREST, tc.method, tc.body); got.code() != tc.want {
			t.Errorf("%s: %s %s, want %s", name, got.code(), got.str("statusDetail"), tc.want)
		}
	}
	if n := len(d.in.contacts.order); n != 1 {
		t.Errorf("%d contacts, want the one that was made first", n)
	}
	if got := d.contact(d.in.w.PartnerContact); got.str("type") != "STRUCTURE" {
		t.Errorf("the partner: %v", got)
	}
	sound(t, p)
}

func TestSearchContact_OneEmailForMany_FindsThemAll(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "museum")
	var numbers []string
	for _, name := range []string{"Ada", "Bo", "Cy"} {
		numbers = append(numbers, d.save("", object{"individualLastname": name, "email": "home@example.org"}).str("contactNumber"))
	}
	d.save("", object{"individualLastname": "Ada", "email": "else@example.org"})
	got := d.must(contactsREST, "searchContact", object{"email": "HOME@example.org", "nbMaxResults": "2", "details": []string{"GENERAL"}})
	if found := got.list("contactDataList"); got.id("nbResults") != 3 || len(found) != 2 || found[0].str("contactNumber") != numbers[0] {
		t.Errorf("by e-mail: %v", got)
	}
	if got := d.must(contactsREST, "searchContact", object{"email": "home@example.org", "individualLastname": "cy", "fileContactNumber": numbers[0]}); got.id("nbResults") != 1 ||
		got.list("contactDataList")[0].get("contactFileHistoryCriteria")["bought"] != false {
		t.Errorf("by two criteria: %v", got)
	}
	if got := d.must(contactsREST, "searchContact", object{"email": "nobody@example.org"}); got.id("nbResults") != 0 || len(got.list("contactDataList")) != 0 {
		t.Errorf("of nobody: %v", got)
	}
}

func TestCreateCulturalContact_SentAgain_LeadsToTheSameContacts(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "stadium")
	body := object{"contactDataList": []object{
		{"identifier": 1, "firstName": "Ada", "lastName": "Muster", "email": "ada@example.org", "createLogin": true},
		{"identifier": 2, "firstName": "Bo", "lastName": "Beispiel", "createLogin": false},
	}}
	first := d.must(contactsREST, "createCulturalContact", body).get("identifierContactMap")
	second := d.must(contactsREST, "createCulturalContact", body).get("identifierContactMap")
	if first.str("1") == "" || first.str("1") == first.str("2") || first.str("1") != second.str("1") || first.str("2") != second.str("2") {
		t.Errorf("first %v, again %v", first, second)
	}
	if got := d.contact(first.str("1")).get("individualContact"); got.str("login") != "ada@example.org" {
		t.Errorf("login: %v", got)
	}
	third := d.must(contactsREST, "createCulturalContact", object{"contactDataList": []object{
		{"identifier": 7, "contactNumber": first.str("2"), "lastName": "Changed"},
	}}).get("identifierContactMap")
	if third.str("7") != first.str("2") || d.contact(first.str("2")).get("individualContact").str("individualLastname") != "Changed" {
		t.Errorf("an existing contact: %v", third)
	}
	if n := len(d.in.contacts.order); n != 2 {
		t.Errorf("%d contacts, want 2", n)
	}
	sound(t, p)
}

func TestCheck_Contacts_NamesWhatIsBroken(t *testing.T) {
	t.Parallel()
	for want, corrupt := range map[string]func(b *addressBook, one, two string){
		"have the same login": func(b *addressBook, one, two string) { b.byNumber[two].Person.Login = b.byNumber[one].Person.Login },
		"is not in the book":  func(b *addressBook, one, _ string) { delete(b.byNumber, one) },
		"leads elsewhere":     func(b *addressBook, one, two string) { b.login["one@example.org"] = two },
		"have the same id":    func(b *addressBook, one, two string) { b.byNumber[two].ID = b.byNumber[one].ID },
		"the book lists":      func(b *addressBook, _, _ string) { b.login["ghost"] = "1" },
		"is not digits": func(b *addressBook, one, _ string) {
			b.byNumber["x"], b.order = &contact{Number: "x"}, append(b.order, "x")
		},
		"who is unknown": nil,
	} {
		p := newPlatform(t)
		d := at(t, p, "theatre")
		one := d.save("", object{"individualLastname": "One", "login": "one@example.org"}).str("contactNumber")
		two := d.save("", object{"individualLastname": "Two", "login": "two@example.org"}).str("contactNumber")
		if corrupt == nil {
			id, _ := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 1)))
			d.in.orders[id].Contact = "777"
			want = "who is unknown"
		} else {
			corrupt(&d.in.contacts, one, two)
		}
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}
