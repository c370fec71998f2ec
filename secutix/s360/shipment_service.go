package s360

import "context"

// shipmentVersion is the version that has changeShipmentMode.
const shipmentVersion = "v1_18"

// ShipmentPublicService knows how tickets travel.
type ShipmentPublicService struct{ client *Client }

// GetAvailableShipmentModes lists the modes a point of sales offers.
//
// S-360: ShipmentPublicService.getAvailableShipmentModes (1.18)
func (s ShipmentPublicService) GetAvailableShipmentModes(ctx context.Context, r ShipmentModesRequest) (ShipmentModesResult, error) {
	m := method{module: moduleShip, service: serviceShipment, version: shipmentVersion, name: "getAvailableShipmentModes"}
	return invoke[ShipmentModesResult](ctx, s.client, m, r)
}

// ChangeShipmentMode changes how shipments travel that have not left yet; it sends no mail.
//
// S-360: ShipmentPublicService.changeShipmentMode (1.18)
func (s ShipmentPublicService) ChangeShipmentMode(ctx context.Context, r ChangeShipmentModeRequest) (ShipmentsResult, error) {
	m := method{module: moduleShip, service: serviceShipment, version: shipmentVersion, name: "changeShipmentMode", changing: true}
	return invoke[ShipmentsResult](ctx, s.client, m, r)
}

// ShipmentModesRequest holds the parameters of getAvailableShipmentModes. ShipmentContents is TICKETS, DOCUMENTS or
// TICKETS_AND_DOCUMENTS.
type ShipmentModesRequest struct {
	RequestID              ID       `json:"requestId,omitzero"`
	PointOfSalesID         ID       `json:"pointOfSalesId"`
	ShipmentContents       string   `json:"shipmentContents"`
	DestinationCountryCode string   `json:"destinationCountryCode,omitzero"`
	ContactAddressID       ID       `json:"contactAddressId,omitzero"`
	OrderID                ID       `json:"orderId,omitzero"`
	ProductFamilyIDs       List[ID] `json:"productFamilyIds,omitzero"`
}

// ShipmentModesResult is the answer of getAvailableShipmentModes.
type ShipmentModesResult struct {
	Result
	ShipmentModesDetailedData *ShipmentModesDetailedData `json:"shipmentModesDetailedData,omitzero"`
}

// ShipmentModesDetailedData lists modes.
type ShipmentModesDetailedData struct {
	ShipmentModes List[ShipmentMode] `json:"shipmentModes,omitzero"`
}

// ShipmentMode is a way tickets travel. ID, Code and Type have proposed names.
type ShipmentMode struct {
	ID                     ID           `json:"id"`
	Code                   string       `json:"code,omitzero"`
	Type                   string       `json:"type,omitzero"`
	Description            string       `json:"description,omitzero"`
	CatalogTypes           List[string] `json:"catalogTypes,omitzero"`
	ContactAddressRequired Bool         `json:"contactAddressRequired"`
	DeliveryTimeInDays     Int          `json:"deliveryTimeInDays"`
}

// ChangeShipmentModeRequest holds the parameters of changeShipmentMode.
type ChangeShipmentModeRequest struct {
	RequestID      ID       `json:"requestId,omitzero"`
	ShipmentIDs    List[ID] `json:"shipmentIds"`
	ShipmentModeID ID       `json:"shipmentModeId"`
}

// ShipmentsResult is the answer of changeShipmentMode.
type ShipmentsResult struct {
	Result
	Shipments List[ShipmentData] `json:"shipments,omitzero"`
}

// States of shipments.
const (
	ShipmentSent   = "SENT"
	ShipmentUnsent = "UNSENT"
)

// ShipmentData is the tickets of an order on their way. ShipmentID, ShipmentModeID and ShipmentState have proposed names.
type ShipmentData struct {
	ShipmentID      ID       `json:"shipmentId"`
	ShipmentModeID  ID       `json:"shipmentModeId,omitzero"`
	ShipmentState   string   `json:"shipmentState,omitzero"`
	ContactNumber   string   `json:"contactNumber,omitzero"`
	NumberOfTickets Int      `json:"numberOfTickets"`
	OperationIDs    List[ID] `json:"operationIds,omitzero"`
}
