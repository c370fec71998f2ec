package s360

import "context"

// orderGoldens are the golden calls of an order's life after and beside its sale.
func orderGoldens() []golden {
	return []golden{
		{"ExternalOrderFacade/createOrUpdateOrderWithGranularity", "externalOrderFacade/v1_33/createOrUpdateOrderWithGranularity", calling(func(c *Client) func(context.Context, CreateOrUpdateOrderWithGranularityRequest) (OrderUpdateResult, error) {
			return c.OrderFacade.CreateOrUpdateOrderWithGranularity
		})},
		{"ExternalOrderFacade/createPaymentsAndCloseOrder", "externalOrderFacade/v1_33/createPaymentsAndCloseOrder", calling(func(c *Client) func(context.Context, CreatePaymentsAndCloseOrderRequest) (CreatePaymentsAndCloseOrderResult, error) {
			return c.OrderFacade.CreatePaymentsAndCloseOrder
		})},
		{"ExternalOrderService/notifyOrder", "externalOrderService/v1_33/notifyOrder", calling(func(c *Client) func(context.Context, NotifyOrderRequest) (NotifyOrderResult, error) {
			return c.Orders.NotifyOrder
		})},
		{"ExternalOrderService/reopenOrder", "externalOrderService/v1_33/reopenOrder", calling(func(c *Client) func(context.Context, ReopenOrderRequest) (OrderDetailResult, error) {
			return c.Orders.ReopenOrder
		})},
		{"ExternalOrderService/getFileDetails", "externalOrderService/v1_33/getFileDetails", calling(func(c *Client) func(context.Context, FileDetailsRequest) (FileDetailResult, error) {
			return c.Orders.GetFileDetails
		})},
		{"ExternalOrderService/getFileDetailsFromOrderSecretId", "externalOrderService/v1_33/getFileDetailsFromOrderSecretId", calling(func(c *Client) func(context.Context, FileDetailsFromOrderSecretIDRequest) (FileDetailResult, error) {
			return c.Orders.GetFileDetailsFromOrderSecretID
		})},
		{"ExternalOrderService/cancelOperations", "externalOrderService/v1_33/cancelOperations", calling(func(c *Client) func(context.Context, CancelOperationsRequest) (OrderUpdateResult, error) {
			return c.Orders.CancelOperations
		})},
		{"ExternalOrderService/updateExternalReferences", "externalOrderService/v1_33/updateExternalReferences", calling(func(c *Client) func(context.Context, UpdateExternalReferencesRequest) (WebMethodResult, error) {
			return c.Orders.UpdateExternalReferences
		})},
		{"ExternalOrderService/getExternalReference", "externalOrderService/v1_33/getExternalReference", calling(func(c *Client) func(context.Context, GetExternalReferenceRequest) (ExternalReferenceResult, error) {
			return c.Orders.GetExternalReference
		})},
		{"ExternalOrderService/updateFileStatus", "externalOrderService/v1_33/updateFileStatus", calling(func(c *Client) func(context.Context, UpdateFileStatusRequest) (WebMethodResult, error) {
			return c.Orders.UpdateFileStatus
		})},
		{"ExternalOrderService/uploadFileAttachment", "externalOrderService/v1_33/uploadFileAttachment", calling(func(c *Client) func(context.Context, UploadFileAttachmentRequest) (WebMethodResult, error) {
			return c.Orders.UploadFileAttachment
		})},
		{"ExternalOrderService/getFileAttachment", "externalOrderService/v1_33/getFileAttachment", calling(func(c *Client) func(context.Context, FileAttachmentRequest) (PrintableFileAttachmentResult, error) {
			return c.Orders.GetFileAttachment
		})},
		{"ExternalOrderService/deleteFileAttachment", "externalOrderService/v1_33/deleteFileAttachment", calling(func(c *Client) func(context.Context, FileAttachmentRequest) (WebMethodResult, error) {
			return c.Orders.DeleteFileAttachment
		})},
		{"ExternalOrderService/setMovementContactData", "externalOrderService/v1_33/setMovementContactData", calling(func(c *Client) func(context.Context, SetMovementContactDataRequest) (WebMethodResult, error) {
			return c.Orders.SetMovementContactData
		})},
		{"ExternalPaymentService/checkPayment", "externalPaymentService/v1_33/checkPayment", calling(func(c *Client) func(context.Context, CheckPaymentRequest) (PaymentDetailResult, error) {
			return c.Payments.CheckPayment
		})},
		{"ExternalPaymentService/cancelPayment", "externalPaymentService/v1_33/cancelPayment", calling(func(c *Client) func(context.Context, CancelPaymentRequest) (WebMethodResult, error) {
			return c.Payments.CancelPayment
		})},
		{"ExternalOrderHistoryService/countFilesByCriteria", "externalOrderHistoryService/v1_33/countFilesByCriteria", calling(func(c *Client) func(context.Context, FilesByCriteriaRequest) (CountFilesResult, error) {
			return c.History.CountFilesByCriteria
		})},
		{"ExternalOrderHistoryService/listFilesByCriteria", "externalOrderHistoryService/v1_33/listFilesByCriteria", calling(func(c *Client) func(context.Context, FilesByCriteriaRequest) (ListFilesResult, error) {
			return c.History.ListFilesByCriteria
		})},
		{"ExternalOrderHistoryService/listTicketsByCriteria", "externalOrderHistoryService/v1_33/listTicketsByCriteria", calling(func(c *Client) func(context.Context, ListTicketsRequest) (ListTicketsResult, error) {
			return c.History.ListTicketsByCriteria
		})},
		{"ShipmentPublicService/getAvailableShipmentModes", "tnpsb/backend-apis/shipmentPublicService/v1_18/getAvailableShipmentModes", calling(func(c *Client) func(context.Context, ShipmentModesRequest) (ShipmentModesResult, error) {
			return c.Shipments.GetAvailableShipmentModes
		})},
		{"ShipmentPublicService/changeShipmentMode", "tnpsb/backend-apis/shipmentPublicService/v1_18/changeShipmentMode", calling(func(c *Client) func(context.Context, ChangeShipmentModeRequest) (ShipmentsResult, error) {
			return c.Shipments.ChangeShipmentMode
		})},
		{"ExternalSeatingService/doSeatingForOperations", "externalSeatingService/v1_0/doSeatingForOperations", calling(func(c *Client) func(context.Context, SeatingRequest) (SeatingResult, error) {
			return c.Seating.DoSeatingForOperations
		})},
	}
}
