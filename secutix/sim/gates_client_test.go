package sim

import (
	"net/http"
	"strings"
	"testing"

	"guichet/secutix/s360"
)

func TestGatesAndContacts_TheClientReadsWhatThePlatformSays(t *testing.T) {
	t.Parallel()
	p, d := gates(t)
	c, err := s360.New(s360.Options{
		BaseURL: "http://sim/arena", Institution: "arena", Operator: d.in.w.Operator, Partner: "Gate", Secret: s360.Secret(d.in.w.Secret),
		Transport: p.Transport(), Clock: p.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	made, err := c.Contacts.SaveIndividualContactData(ctx, s360.SaveIndividualContactRequest{Individual: s360.IndividualContactData{Lastname: "Muster", Email: "ada@example.org"}})
	if err != nil || made.ContactNumber == "" {
		t.Fatalf("made: %+v, %v", made, err)
	}
	found, err := c.Contacts.SearchContact(ctx, s360.ContactSearchRequest{Email: "ada@example.org"})
	if err != nil || len(found.Contacts) != 1 || found.Contacts[0].ContactNumber != made.ContactNumber || found.Contacts[0].Individual.Lastname != "Muster" {
		t.Errorf("found: %+v, %v", found, err)
	}
	holders, err := c.Contacts.CreateCulturalContact(ctx, s360.CulturalContactRequest{ContactDataList: s360.List[s360.CulturalContactData]{{Identifier: 5, LastName: "Bo"}}})
	if err != nil || holders.IdentifierContactMap["5"] == "" {
		t.Errorf("holders: %+v, %v", holders, err)
	}
	if got, err := c.Contacts.GetContactData(ctx, s360.ContactDataRequest{ContactNumber: holders.IdentifierContactMap["5"]}); err != nil || got.Individual.Lastname != "Bo" {
		t.Errorf("holder: %+v, %v", got, err)
	}

	code := s360.Barcode(d.sell("P00001", 1)[0])
	if zone, err := c.Control.GetTimeZone(ctx); err != nil || zone.TimeZone != "Europe/Paris" {
		t.Errorf("zone: %+v, %v", zone, err)
	}
	if catalog, err := c.Control.GetAccessControlCatalog(ctx, s360.AccessControlCatalogRequest{}); err != nil || len(catalog.Seasons) != 1 {
		t.Errorf("catalog: %+v, %v", catalog, err)
	}
	list, err := c.Control.ExportList(ctx, s360.ExportListRequest{ListType: s360.ListGrey, TicketType: s360.TicketTypeAll, NbMaxResults: 5000})
	if err != nil || len(list.Data.Items) != 1 || list.Data.Items[0].Barcode != code || list.Data.PaginationEnd == "" {
		t.Errorf("list: %+v, %v", list, err)
	}
	_, err = c.Control.ImportControlledTicket(ctx, s360.ImportControlledTicketRequest{ControlledTickets: s360.List[s360.ControlledTicket]{
		{AcIdentifier: "G", Barcode: code, ControlDate: s360.Instant{Time: aDay}, ControlResult: s360.ControlFail},
	}})
	if err != nil {
		t.Error(err)
	}
	if _, err := c.Control.BurnTicket(ctx, s360.ControlledTicketRequest{BarCodeOrTaxNumber: code}); err != nil {
		t.Error(err)
	}
	got, err := c.Control.GetControlledTicket(ctx, s360.ControlledTicketRequest{BarCodeOrTaxNumber: code})
	if err != nil || got.Data.State != s360.TicketValid || len(got.Data.ControlOperations) != 2 {
		t.Errorf("ticket: %+v, %v", got, err)
	}
	sound(t, p)
}

func TestGatesAndContacts_BySOAP_TheDocumentedEnvelopesAreUnderstood(t *testing.T) {
	t.Parallel()
	p, d := gates(t)
	number := d.save("", object{"individualLastname": "Muster", "email": "ada@example.org"}).str("contactNumber")
	code := d.sell("P00001", 1)[0]
	ask := func(s service, body string) string {
		t.Helper()
		status, text, err := d.post("http://sim/arena"+s.remoteAddress(s.versions[0]), envelope(d.credentials(), body))
		if err != nil || status != http.StatusOK {
			t.Fatalf("%d %v: %s", status, err, text)
		}
		return text
	}
	for _, tc := range []struct {
		service service
		body    string
		want    []string
	}{
		{
			contactService(), `<c:getContactData xmlns:c="http://v2_21.ContactInformationPublicService.service.secutix.com/"><contactNumber>` + number +
				`</contactNumber><details>GENERAL</details><details>AUTHORIZATIONS</details></c:getContactData>`,
			[]string{"<ContactDataResult>", "<individualLastname>Muster</individualLastname>", "<authorizationCode>EMAILNEWS</authorizationCode>"},
		},
		{
			contactService(), `<c:createCulturalContact xmlns:c="http://v2_21.ContactInformationPublicService.service.secutix.com/"><contactDataList><createLogin>false</createLogin>` +
				`<firstName>Bo</firstName><identifier>8</identifier><lastName>Beispiel</lastName></contactDataList></c:createCulturalContact>`,
			[]string{"<CulturalContactCreationResult>", "<key>8</key>"},
		},
		{
			accessService(), `<a:exportList xmlns:a="http://v1_6.ExternalAccessControlService.service.secutix.com"><requestId>0</requestId><listType>GREY</listType>` +
				`<ticketType>ALL</ticketType><seasonCode>` + d.in.seasonCode() + `</seasonCode><productCodes>P00001</productCodes><nbMaxResults>5000</nbMaxResults></a:exportList>`,
			[]string{"<AccessControlListResult>", "<barcode>" + code + "</barcode>", "<paginationEnd>"},
		},
		{accessService(), `<a:importControlledTicket xmlns:a="http://v1_6.ExternalAccessControlService.service.secutix.com"><requestId>1</requestId><controlledTickets>` +
			`<acIdentifier>GATE-A</acIdentifier><barcode>` + code + `</barcode><controlDate>2026-11-20T18:25:10.000Z</controlDate><controlResult>OK</controlResult>` +
			`<failureReason>OK</failureReason></controlledTickets></a:importControlledTicket>`, []string{"<WebMethodResult>"}},
		{accessService(), `<a:burnTicket xmlns:a="http://v1_6.ExternalAccessControlService.service.secutix.com"><requestId>0</requestId><barCodeOrTaxNumber>` + code +
			`</barCodeOrTaxNumber></a:burnTicket>`, []string{"<ControlledTicketResult>", "<controlOperationType>FAIL</controlOperationType>"}},
	} {
		got := ask(tc.service, tc.body)
		for _, want := range append(tc.want, "<statusCode>success</statusCode>") {
			if !strings.Contains(got, want) {
				t.Errorf("no %s in %s", want, got)
			}
		}
	}
	sound(t, p)
}
