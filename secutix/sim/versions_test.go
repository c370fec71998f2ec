package sim

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestVersions_OfEveryService_AnswerOrSayThatTheyAreGone asks each version for each of its methods with nothing: whatever the
// method says of that, it is there. So is its description. Other versions say why they are not.
func TestVersions_OfEveryService_AnswerOrSayThatTheyAreGone(t *testing.T) {
	t.Parallel()
	for _, s := range services() {
		t.Run(s.soap, func(t *testing.T) {
			t.Parallel()
			d := at(t, newPlatform(t), "theatre")
			for _, v := range s.versions {
				d.answers(s, v)
			}
			d.lacks(s, "v9_99", http.StatusNotFound, "no such version")
			d.lacks(s, "v1", http.StatusNotFound, "no such version")
			d.lacks(s, "nonsense", http.StatusNotFound, "no such version")
			if s.gone == "" {
				return
			}
			d.lacks(s, s.gone, http.StatusGone, "end of life")
			d.lacks(s, strings.SplitN(s.gone, "_", 2)[0]+"_0", http.StatusGone, "use "+s.versions[0])
			if slices.Contains(s.versions, s.gone) || slices.ContainsFunc(s.versions, func(v string) bool { return before(v, s.gone) }) {
				t.Errorf("%s is gone and answers: %v", s.gone, s.versions)
			}
		})
	}
}

// answers checks that every method of a version is there, over REST and SOAP.
func (d *desk) answers(s service, version string) {
	d.t.Helper()
	there := s.as(version)
	if len(there.methods) == 0 {
		d.t.Errorf("%s %s has no methods", s.soap, version)
	}
	soapAddress := "http://sim/" + d.in.w.Code + s.remoteAddress(version)
	if status, text := d.describe(soapAddress + "?wsdl"); status != http.StatusOK || !strings.Contains(text, `targetNamespace="`+s.namespace(version)+`"`) {
		d.t.Errorf("the description of %s %s: %d", s.soap, version, status)
	}
	for _, m := range s.methods {
		_, want := there.method(m.name)
		status, text, err := d.send("/"+s.module+"/backend-apis/"+s.name+"/"+version+"/"+m.name, object{"noSuchMember": 1})
		if err != nil || (status == http.StatusOK && strings.Contains(text, `"statusCode"`)) != want {
			d.t.Errorf("REST %s %s %s: %d %s %v", s.soap, version, m.name, status, text, err)
		}
		body := `<v:` + m.name + ` xmlns:v="` + s.namespace(version) + `"><noSuchMember>1</noSuchMember></v:` + m.name + `>`
		status, text, err = d.post(soapAddress, envelope(d.credentials(), body))
		if err != nil || (status == http.StatusOK && strings.Contains(text, "<statusCode>")) != want {
			d.t.Errorf("SOAP %s %s %s: %d %s %v", s.soap, version, m.name, status, text, err)
		}
	}
}

// lacks checks that a version is absent on every way, and why.
func (d *desk) lacks(s service, version string, want int, why string) {
	d.t.Helper()
	soapAddress := "http://sim/" + d.in.w.Code + s.remoteAddress(version)
	rest, restText, err := d.send("/"+s.module+"/backend-apis/"+s.name+"/"+version+"/"+s.methods[0].name, object{})
	soap, soapText, err2 := d.post(soapAddress, envelope(d.credentials(), `<`+s.methods[0].name+`/>`))
	wsdl, wsdlText := d.describe(soapAddress + "?wsdl")
	if err != nil || err2 != nil || rest != want || soap != want || wsdl != want {
		d.t.Errorf("%s %s: REST %d %v, SOAP %d %v, WSDL %d, want %d", s.soap, version, rest, err, soap, err2, wsdl, want)
	}
	for _, text := range []string{restText, soapText, wsdlText} {
		if !strings.Contains(text, why) {
			d.t.Errorf("%s %s says %q, not %q", s.soap, version, text, why)
		}
	}
}

// TestVersions_ThePinnedOnesAndTheirNeighbours_AreThoseOfThePages holds the table against what is published.
func TestVersions_ThePinnedOnesAndTheirNeighbours_AreThoseOfThePages(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"catalogService": "v1_33 v1_34 v1_30", "setupService": "v1_33 v1_34 v1_30", "availabilityService": "v1_33 v1_34 v1_30",
		"externalOrderFacade": "v1_33 v1_34 v1_30", "externalOrderService": "v1_33 v1_34 v1_30", "externalPaymentService": "v1_33 v1_34 v1_30",
		"externalOrderHistoryService": "v1_33 v1_34 v1_30", "shipmentPublicService": "v1_18 v1_17", "externalSeatingService": "v1_0",
		"contactInformationPublicService": "v2_21 v2_22 v2_17", "externalAccessControlService": "v1_6 v1_5 v1_4 v1_2",
	} {
		s, ok := serviceOf(moduleOf(name), name)
		if !ok || strings.Join(s.versions, " ") != want {
			t.Errorf("%s: want %s", name, want)
		}
	}
	for _, pair := range [][2]string{{"v1_9", "v1_10"}, {"v1_27", "v1_30"}, {"v1_34", "v2_0"}} {
		if !before(pair[0], pair[1]) || before(pair[1], pair[0]) || before(pair[0], pair[0]) {
			t.Errorf("%s and %s are in the wrong order", pair[0], pair[1])
		}
	}
	d := at(t, newPlatform(t), "theatre")
	body := listing("GREY", "", 10)
	body["performanceCodes"] = []string{"X"}
	for version, want := range map[string]string{"v1_2": errUnknownMember, "v1_4": errGateShow} {
		if _, text, err := d.send("/tnci/backend-apis/externalAccessControlService/"+version+"/exportList", body); err != nil || !strings.Contains(text, want) {
			t.Errorf("performanceCodes in %s: %s %v", version, text, err)
		}
	}
}
