package s360

import "context"

// gateGoldens are the calls about contacts and access control.
func gateGoldens() []golden {
	return []golden{
		{"ContactInformationPublicService/getContactData", "tnco/backend-apis/contactInformationPublicService/v2_21/getContactData", calling(func(c *Client) func(context.Context, ContactDataRequest) (ContactDataResult, error) {
			return c.Contacts.GetContactData
		})},
		{"ContactInformationPublicService/searchContact", "tnco/backend-apis/contactInformationPublicService/v2_21/searchContact", calling(func(c *Client) func(context.Context, ContactSearchRequest) (ContactSearchResult, error) {
			return c.Contacts.SearchContact
		})},
		{"ContactInformationPublicService/saveIndividualContactData", "tnco/backend-apis/contactInformationPublicService/v2_21/saveIndividualContactData", calling(func(c *Client) func(context.Context, SaveIndividualContactRequest) (ContactDataResult, error) {
			return c.Contacts.SaveIndividualContactData
		})},
		{"ContactInformationPublicService/createCulturalContact", "tnco/backend-apis/contactInformationPublicService/v2_21/createCulturalContact", calling(func(c *Client) func(context.Context, CulturalContactRequest) (CulturalContactCreationResult, error) {
			return c.Contacts.CreateCulturalContact
		})},
		{"ExternalAccessControlService/getAccessControlCatalog", "tnci/backend-apis/externalAccessControlService/v1_6/getAccessControlCatalog", calling(func(c *Client) func(context.Context, AccessControlCatalogRequest) (AccessControlCatalogResult, error) {
			return c.Control.GetAccessControlCatalog
		})},
		{"ExternalAccessControlService/exportList", "tnci/backend-apis/externalAccessControlService/v1_6/exportList", calling(func(c *Client) func(context.Context, ExportListRequest) (AccessControlListResult, error) {
			return c.Control.ExportList
		})},
		{"ExternalAccessControlService/importControlledTicket", "tnci/backend-apis/externalAccessControlService/v1_6/importControlledTicket", calling(func(c *Client) func(context.Context, ImportControlledTicketRequest) (WebMethodResult, error) {
			return c.Control.ImportControlledTicket
		})},
		{"ExternalAccessControlService/getControlledTicket", "tnci/backend-apis/externalAccessControlService/v1_6/getControlledTicket", calling(func(c *Client) func(context.Context, ControlledTicketRequest) (ControlledTicketResult, error) {
			return c.Control.GetControlledTicket
		})},
		{"ExternalAccessControlService/burnTicket", "tnci/backend-apis/externalAccessControlService/v1_6/burnTicket", calling(func(c *Client) func(context.Context, ControlledTicketRequest) (ControlledTicketResult, error) {
			return c.Control.BurnTicket
		})},
		{"ExternalAccessControlService/getTimeZone", "tnci/backend-apis/externalAccessControlService/v1_6/getTimeZone", func(ctx context.Context, c *Client, _ []byte) (any, error) {
			return c.Control.GetTimeZone(ctx)
		}},
	}
}
