package s360

import "context"

// GetFileDetails returns a file with all its orders: the sale, and the refunds that followed it.
//
// S-360: ExternalOrderService.getFileDetails (1.33)
func (s ExternalOrderService) GetFileDetails(ctx context.Context, r FileDetailsRequest) (FileDetailResult, error) {
	return invoke[FileDetailResult](ctx, s.client, method{service: serviceOrders, name: "getFileDetails"}, r)
}

// GetFileDetailsFromOrderSecretID is GetFileDetails for who knows an order's secret.
//
// S-360: ExternalOrderService.getFileDetailsFromOrderSecretId (1.33)
func (s ExternalOrderService) GetFileDetailsFromOrderSecretID(ctx context.Context, r FileDetailsFromOrderSecretIDRequest) (FileDetailResult, error) {
	return invoke[FileDetailResult](ctx, s.client, method{service: serviceOrders, name: "getFileDetailsFromOrderSecretId"}, r)
}

// CancelOperations drops whole lines and single places of an open order.
//
// S-360: ExternalOrderService.cancelOperations (1.33)
func (s ExternalOrderService) CancelOperations(ctx context.Context, r CancelOperationsRequest) (OrderUpdateResult, error) {
	return invoke[OrderUpdateResult](ctx, s.client, method{service: serviceOrders, name: "cancelOperations", changing: true}, r)
}

// UpdateExternalReferences gives an order a key and value of ours. The platform offers no look-up by them.
//
// S-360: ExternalOrderService.updateExternalReferences (1.33)
func (s ExternalOrderService) UpdateExternalReferences(ctx context.Context, r UpdateExternalReferencesRequest) (WebMethodResult, error) {
	return invoke[WebMethodResult](ctx, s.client, method{service: serviceOrders, name: "updateExternalReferences", changing: true}, r)
}

// GetExternalReference returns the keys and values an order was given.
//
// S-360: ExternalOrderService.getExternalReference (1.33)
func (s ExternalOrderService) GetExternalReference(ctx context.Context, r GetExternalReferenceRequest) (ExternalReferenceResult, error) {
	return invoke[ExternalReferenceResult](ctx, s.client, method{service: serviceOrders, name: "getExternalReference"}, r)
}

// UpdateFileStatus sets the institution's own status of a file; an empty one is accepted.
//
// S-360: ExternalOrderService.updateFileStatus (1.33)
func (s ExternalOrderService) UpdateFileStatus(ctx context.Context, r UpdateFileStatusRequest) (WebMethodResult, error) {
	return invoke[WebMethodResult](ctx, s.client, method{service: serviceOrders, name: "updateFileStatus", changing: true}, r)
}

// UploadFileAttachment puts a document on a file. Its id is read with GetFileDetails.
//
// S-360: ExternalOrderService.uploadFileAttachment (1.33)
func (s ExternalOrderService) UploadFileAttachment(ctx context.Context, r UploadFileAttachmentRequest) (WebMethodResult, error) {
	return invoke[WebMethodResult](ctx, s.client, method{service: serviceOrders, name: "uploadFileAttachment", changing: true}, r)
}

// GetFileAttachment returns a document of a file.
//
// S-360: ExternalOrderService.getFileAttachment (1.33)
func (s ExternalOrderService) GetFileAttachment(ctx context.Context, r FileAttachmentRequest) (PrintableFileAttachmentResult, error) {
	return invoke[PrintableFileAttachmentResult](ctx, s.client, method{service: serviceOrders, name: "getFileAttachment"}, r)
}

// DeleteFileAttachment takes a document off a file.
//
// S-360: ExternalOrderService.deleteFileAttachment (1.33)
func (s ExternalOrderService) DeleteFileAttachment(ctx context.Context, r FileAttachmentRequest) (WebMethodResult, error) {
	return invoke[WebMethodResult](ctx, s.client, method{service: serviceOrders, name: "deleteFileAttachment", changing: true}, r)
}

// SetMovementContactData says whom the places of an order are for. Only the method's name is known.
//
// S-360: ExternalOrderService.setMovementContactData (1.33)
func (s ExternalOrderService) SetMovementContactData(ctx context.Context, r SetMovementContactDataRequest) (WebMethodResult, error) {
	return invoke[WebMethodResult](ctx, s.client, method{service: serviceOrders, name: "setMovementContactData", changing: true}, r)
}

// States of files. The enumeration is open. FileNotSolded is sold and not yet paid, which is how a sale on the pending
// account stands; it never means that nothing was sold.
const (
	FileRunning    = "RUNNING"
	FileSolded     = "SOLDED"
	FilePartSolded = "PART_SOLDED"
	FileNotSolded  = "NOT_SOLDED"
	FileCanceled   = "CANCELED"
	FileAbandoned  = "ABANDONNED" // the platform's spelling
)

// FileDetailsRequest holds the parameters of getFileDetails.
type FileDetailsRequest struct {
	RequestID ID `json:"requestId,omitzero"`
	FileID    ID `json:"fileId"`
}

// FileDetailsFromOrderSecretIDRequest holds the parameters of getFileDetailsFromOrderSecretId.
type FileDetailsFromOrderSecretIDRequest struct {
	RequestID     ID     `json:"requestId,omitzero"`
	OrderSecretID string `json:"orderSecretId"`
}

// FileDetailResult is a file with its orders, oldest first.
type FileDetailResult struct {
	OrderResult
	FileDetailsData   *FileDetailsData       `json:"fileDetailsData,omitzero"`
	OrderDetailsDatas List[OrderDetailsData] `json:"orderDetailsDatas,omitzero"`
}

// FileDetailsData is a file without its orders. FileStatusIC is a proposed member: what updateFileStatus set.
type FileDetailsData struct {
	FileID          ID                       `json:"fileId"`
	FileState       string                   `json:"fileState,omitzero"`
	FileStatusIC    string                   `json:"fileStatusIC,omitzero"`
	LastModDateTime Date                     `json:"lastModDateTime,omitzero"`
	FileContacts    List[FileContactData]    `json:"fileContacts,omitzero"`
	FileAttachments List[FileAttachmentData] `json:"fileAttachments,omitzero"`
}

// FileAttachmentData names a document of a file.
type FileAttachmentData struct {
	FileAttachmentID ID     `json:"fileAttachmentId"`
	Name             string `json:"name,omitzero"`
	UploadDate       Date   `json:"uploadDate,omitzero"`
}

// CancelOperationsRequest holds the parameters of cancelOperations; one of the lists must not be empty.
type CancelOperationsRequest struct {
	RequestID    ID       `json:"requestId,omitzero"`
	OrderID      ID       `json:"orderId"`
	OperationIDs List[ID] `json:"operationIds,omitzero"`
	MovementIDs  List[ID] `json:"movementIds,omitzero"`
}

// ReferenceKindOrder is the only externalReferenceKind that is known.
const ReferenceKindOrder = "ORDER"

// UpdateExternalReferencesRequest holds the parameters of updateExternalReferences.
type UpdateExternalReferencesRequest struct {
	RequestID             ID                      `json:"requestId,omitzero"`
	ID                    ID                      `json:"id"`
	ExternalReferenceKind string                  `json:"externalReferenceKind"`
	ExternalReference     List[ExternalReference] `json:"externalReference"`
}

// ExternalReference is a key and value of ours.
type ExternalReference struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// GetExternalReferenceRequest holds the parameters of getExternalReference.
type GetExternalReferenceRequest struct {
	RequestID             ID     `json:"requestId,omitzero"`
	ID                    ID     `json:"id"`
	ExternalReferenceKind string `json:"externalReferenceKind"`
}

// ExternalReferenceResult is the answer of getExternalReference.
type ExternalReferenceResult struct {
	Result
	ExternalReferences *ExternalReferences `json:"externalReferences,omitzero"`
}

// ExternalReferences are the keys and values of one thing; the list has the name of what holds it.
type ExternalReferences struct {
	ID                 ID                      `json:"id"`
	ExternalReferences List[ExternalReference] `json:"externalReferences,omitzero"`
}

// UpdateFileStatusRequest holds the parameters of updateFileStatus.
type UpdateFileStatusRequest struct {
	RequestID    ID     `json:"requestId,omitzero"`
	FileID       ID     `json:"fileId"`
	FileStatusIC string `json:"fileStatusIC"`
}

// UploadFileAttachmentRequest holds the parameters of uploadFileAttachment.
type UploadFileAttachmentRequest struct {
	RequestID                   ID                          `json:"requestId,omitzero"`
	FileID                      ID                          `json:"fileId"`
	PrintableFileAttachmentData PrintableFileAttachmentData `json:"printableFileAttachmentData"`
	ContactReference            string                      `json:"contactReference,omitzero"`
}

// PrintableFileAttachmentData is a document; Data is its bytes in base64.
type PrintableFileAttachmentData struct {
	Data       string `json:"data"`
	FileName   string `json:"fileName"`
	MimeType   string `json:"mimetype,omitzero"`
	UploadDate Date   `json:"uploadDate,omitzero"`
}

// FileAttachmentRequest holds the parameters of getFileAttachment and deleteFileAttachment.
type FileAttachmentRequest struct {
	RequestID        ID     `json:"requestId,omitzero"`
	FileAttachmentID ID     `json:"fileAttachmentId"`
	ContactReference string `json:"contactReference,omitzero"`
}

// PrintableFileAttachmentResult is the answer of getFileAttachment.
type PrintableFileAttachmentResult struct {
	Result
	FileAttachment *PrintableFileAttachmentData `json:"fileAttachment,omitzero"`
}

// SetMovementContactDataRequest holds the parameters of setMovementContactData. Its members are proposed.
type SetMovementContactDataRequest struct {
	RequestID        ID                        `json:"requestId,omitzero"`
	OrderID          ID                        `json:"orderId"`
	MovementContacts List[MovementContactData] `json:"movementContacts"`
}

// MovementContactData says whom a place is for: a known contact's number, or a name. It is personal data.
type MovementContactData struct {
	MovementID       ID     `json:"movementId"`
	ContactReference string `json:"contactReference,omitzero"`
	FirstName        string `json:"firstName,omitzero"`
	LastName         string `json:"lastName,omitzero"`
	Email            string `json:"email,omitzero"`
}
