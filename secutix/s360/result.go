package s360

import "encoding/json"

// Values of Result.StatusCode that are known; anything else is a refusal or a
// failure.
const (
	StatusSuccess    = "success"
	StatusInProgress = "in_progress"
)

// Result holds the members common to the answers of all methods.
type Result struct {
	// RequestID is the id under which an asynchronous request runs, zero
	// otherwise.
	RequestID    ID     `json:"requestId,omitzero" soft:"1"`
	StatusCode   string `json:"statusCode,omitzero"`
	StatusDetail string `json:"statusDetail,omitzero" soft:"1"`
}

// OrderResult holds the members common to the answers of the order services.
type OrderResult struct {
	Result
	// ExpectedException is true for a refusal the platform foresaw, as opposed
	// to a crash; it is present, and false, on success too.
	ExpectedException Bool   `json:"expectedException" soft:"1"`
	StatusMessage     string `json:"statusMessage,omitzero" soft:"1"`
}

// WebMethodResult is the answer of methods that return no data.
type WebMethodResult struct {
	Result
}

// EmptyRequest is the body of methods without parameters.
type EmptyRequest struct{}

// Members are the unknown members of an object, each as it was written. They
// are written back when the object is encoded.
type Members = map[string]json.RawMessage
