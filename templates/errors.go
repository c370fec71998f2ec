package templates

import "guichet/domain/delivery"

// Codes of this package's errors.
const (
	// CodeBarcode says that a ticket's payload cannot be printed as a barcode: it is empty, holds something else than
	// printable ASCII, is too long for the page, or asks for a symbology we do not print. For a picture it may also mean
	// that the resolution is too low for the barcode.
	CodeBarcode = delivery.CodeBarcode
	// CodeUnreadable says that a barcode was drawn and could not be read back, so that the ticket is not released. It is an
	// alarm: it never should be.
	CodeUnreadable = delivery.CodeUnreadable
)
