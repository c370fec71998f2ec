package s360

import "context"

// ExternalSeatingService gives exact seats.
type ExternalSeatingService struct{ client *Client }

// DoSeatingForOperations puts movements on the given seats. Whether the platform allows it on the open order of a reseller
// is not known.
//
// S-360: ExternalSeatingService.doSeatingForOperations (1.0)
func (s ExternalSeatingService) DoSeatingForOperations(ctx context.Context, r SeatingRequest) (SeatingResult, error) {
	m := method{service: serviceSeating, version: "v1_0", name: "doSeatingForOperations", changing: true}
	return invoke[SeatingResult](ctx, s.client, m, r)
}

// SeatingRequest holds the parameters of doSeatingForOperations.
type SeatingRequest struct {
	RequestID          ID                       `json:"requestId,omitzero"`
	OperationIDs       List[ID]                 `json:"operationIds"`
	SeatingInformation List[SeatingInformation] `json:"seatingInformation"`
}

// SeatingInformation says which seat a movement gets.
type SeatingInformation struct {
	MovementID     ID `json:"movementId"`
	PhysicalSeatID ID `json:"physicalSeatId"`
}

// SeatingResult is the answer of doSeatingForOperations.
type SeatingResult struct {
	Result
	MovementsData List[MovementData] `json:"movementsData,omitzero"`
}
