package sim

import (
	"bytes"
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pictured is the beginning of a PNG, and n bytes more.
func pictured(n int) string {
	return base64.StdEncoding.EncodeToString(append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{7}, n)...))
}

func TestContacts_CriteriaConsentsAndPhoto_AreChangedOneByOne_AndOutliveARestart(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	p := newPlatform(t, func(p *Platform) { p.Journal = journal })
	d := at(t, p, "theatre")
	number := d.save("", object{"individualLastname": "Muster"}, object{
		"contactCriteria": []object{{"criterionCode": "LANGUAGE", "values": []string{"fr"}}, {"criterionCode": "INTERESTS", "values": []string{"THEATRE", "ART"}}},
		"authorizations":  []object{{"authorizationCode": "EMAILNEWS", "allowed": true}, {"authorizationCode": "SMSNEWS", "allowed": true}},
		"individualPhoto": object{"data": pictured(20)},
	}).str("contactNumber")
	change := func(members object) {
		t.Helper()
		if o := d.save(number, object{}, members); o.code() != "success" {
			t.Fatalf("%v: %s %s", members, o.code(), o.str("statusDetail"))
		}
	}
	change(object{"authorizations": []object{{"authorizationCode": "EMAILNEWS", "allowed": false}}})
	change(object{"contactCriteria": []object{{"criterionCode": "LANGUAGE", "values": []string{"de"}}}})
	check := func(d *desk, interests, photo string) {
		t.Helper()
		got := d.contact(number, "AUTHORIZATIONS", "CRITERIA", "INDIVIDUAL_PHOTO")
		allowed, criteria := map[string]any{}, map[string]string{}
		for _, a := range got.list("authorizations") {
			allowed[a.str("authorizationCode")] = a["allowed"]
		}
		for _, c := range got.list("contactCriteria") {
			for _, v := range c["values"].([]any) {
				criteria[c.str("criterionCode")] += v.(string) + " "
			}
		}
		d.differs("consents", allowed, map[string]any{"EMAILNEWS": false, "SMSNEWS": true, "PARTNERS": false})
		if criteria["LANGUAGE"] != "de " || criteria["INTERESTS"] != interests || got.get("individualPhoto").str("data") != photo {
			t.Errorf("criteria %v, photo %.40v", criteria, got.get("individualPhoto"))
		}
	}
	check(d, "ART THEATRE ", pictured(20))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = newPlatform(t, func(p *Platform) { p.Journal, p.Clock = journal, NewClock(aDay.Add(time.Minute)) })
	d = at(t, p, "theatre")
	check(d, "ART THEATRE ", pictured(20))
	if got := d.contact(number, "INDIVIDUAL_PHOTO").get("individualPhoto").str("mimetype"); got != "image/png" {
		t.Errorf("the photo is %s", got)
	}
	change(object{"contactCriteria": []object{{"criterionCode": "INTERESTS", "values": []string{}}}, "individualPhoto": object{"data": ""}})
	check(d, "", "")
	for name, got := range map[string]object{"general": d.contact(number, "GENERAL"), "none": d.contact(number)} {
		for _, member := range []string{"contactCriteria", "indicators", "individualPhoto", "authorizations"} {
			if got[member] != nil {
				t.Errorf("%s brings %s", name, member)
			}
		}
	}
	sound(t, p)
}

func TestContacts_DetailsThatAreWrong_ChangeNothing(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	number := d.save("", object{"individualLastname": "Muster"}, object{"contactCriteria": []object{{"criterionCode": "LANGUAGE", "values": []string{"fr"}}}}).str("contactNumber")
	before := d.contact(number, "CRITERIA", "INDIVIDUAL_PHOTO", "GENERAL")
	for name, c := range map[string]struct {
		members object
		want    string
	}{
		"an unknown criterion": {object{"contactCriteria": []object{{"criterionCode": "LANGUAGE", "values": []string{"de"}}, {"criterionCode": "SHOES", "values": []string{"42"}}}}, errContactCrit},
		"an unknown value":     {object{"contactCriteria": []object{{"criterionCode": "LANGUAGE", "values": []string{"xx"}}}}, errContactCrit},
		"two of one":           {object{"contactCriteria": []object{{"criterionCode": "LANGUAGE", "values": []string{"fr", "de"}}}}, errContactCrit},
		"no base64":            {object{"individualPhoto": object{"data": "§"}}, errContactPhoto},
		"no picture":           {object{"individualPhoto": object{"data": base64.StdEncoding.EncodeToString([]byte("<html>"))}}, errContactPhoto},
		"another picture":      {object{"individualPhoto": object{"data": pictured(1), "mimetype": "image/jpeg"}}, errContactPhoto},
		"too large":            {object{"individualPhoto": object{"data": pictured(maxPhoto)}}, errContactPhoto},
		"an unknown member":    {object{"photo": object{"data": pictured(1)}}, errUnknownMember},
	} {
		if o := d.save(number, object{"individualFirstname": "Eve"}, c.members); o.code() != c.want {
			t.Errorf("%s: %s %s, want %s", name, o.code(), o.str("statusDetail"), c.want)
		}
	}
	d.differs("the contact", d.contact(number, "CRITERIA", "INDIVIDUAL_PHOTO", "GENERAL"), before)
	sound(t, p)
}

func TestContacts_Indicators_FollowTheOrders(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	number := d.save("", object{"individualLastname": "Muster"}).str("contactNumber")
	says := func(buyer, returning string) {
		t.Helper()
		got := map[string]string{}
		for _, i := range d.contact(number, "INDICATORS").list("indicators") {
			got[i.str("indicatorCode")] = i.str("value")
		}
		d.differs("indicators", got, map[string]string{"BUYER": buyer, "RETURNING": returning})
	}
	buys := func(closes bool) {
		t.Helper()
		body := d.entries(d.line(d.next("TARTUFFE"), "CAT1", "PLEIN", 1))
		body["purchasersInfo"] = []object{{"contactReference": number}}
		id, _ := d.hold(body)
		if closes {
			d.must(orders, "closeOrder", object{"orderId": id, "generateBarCodes": true})
		}
	}
	says("false", "false")
	buys(false)
	says("false", "false")
	buys(true)
	says("true", "false")
	buys(true)
	says("true", "true")
}

func TestContacts_ALogin_MovesToAnotherAddress_AndFreesTheOldOne(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	p := newPlatform(t, func(p *Platform) { p.Journal = journal })
	d := at(t, p, "theatre")
	one := d.save("", object{"individualLastname": "One", "email": "one@example.org", "login": "one@example.org"}).str("contactNumber")
	two := d.save("", object{"individualLastname": "Two", "email": "one@example.org"}).str("contactNumber") // an e-mail is nobody's alone
	login := func(number, to, want string) {
		t.Helper()
		if o := d.save(number, object{"login": to}); o.code() != want {
			t.Errorf("%s as %s: %s %s, want %s", number, to, o.code(), o.str("statusDetail"), want)
		}
	}
	login(two, "ONE@example.org", errContactLogin)
	login(one, "ONE@example.org", "success") // its own, written otherwise
	login(one, "new@example.org", "success")
	login(two, "one@example.org", "success")
	login(one, "One@Example.org", errContactLogin)
	if o := d.save(one, object{"email": "new@example.org"}); o.code() != "success" {
		t.Error(o)
	}
	who := func(d *desk, login string) []string {
		t.Helper()
		var out []string
		for _, ct := range d.must(contactsREST, "searchContact", object{"login": login}).list("contactDataList") {
			out = append(out, ct.str("contactNumber"))
		}
		return out
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = newPlatform(t, func(p *Platform) { p.Journal, p.Clock = journal, NewClock(aDay.Add(time.Minute)) })
	d = at(t, p, "theatre")
	d.differs("new", who(d, "NEW@example.org"), []string{one})
	d.differs("old", who(d, "one@example.org"), []string{two})
	if got := d.contact(one).get("individualContact"); got.str("email") != "new@example.org" || !strings.EqualFold(got.str("login"), "new@example.org") {
		t.Errorf("one: %v", got)
	}
	sound(t, p)
}
