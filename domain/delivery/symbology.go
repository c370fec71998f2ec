package delivery

import (
	"strings"

	"guichet/domain"
)

// Symbology is the kind of barcode.
type Symbology string

// The symbologies a ticket can carry.
const (
	Code128    Symbology = "code128"
	ITF        Symbology = "itf" // Interleaved 2 of 5: an even number of digits
	QR         Symbology = "qr"
	Aztec      Symbology = "aztec"
	DataMatrix Symbology = "datamatrix"
	PDF417     Symbology = "pdf417"
)

// Symbologies lists them all.
func Symbologies() []Symbology {
	return []Symbology{Code128, ITF, QR, Aztec, DataMatrix, PDF417}
}

// Lengths of payloads, in characters. A Code 128 of 64 characters that cannot be paired into digits is 739 modules wide,
// which just fits a page; the two-dimensional bound keeps modules large enough for a phone's camera. Larger Aztecs were missed
// by a reader in pages of 200 dots an inch. A short ITF is too
// easily read out of part of a longer one or of something else, so that readers refuse those of less than six digits.
const (
	maxLinear = 64
	maxMatrix = 256
	maxAztec  = 128
	minITF    = 6
)

// Codes of barcodes.
const (
	// CodeBarcode says that a ticket's payload cannot be printed in the symbology wanted.
	CodeBarcode = "ticket.barcode"
	// CodeUnreadable says that a barcode was drawn and could not be read back, so that the ticket is not released. It never
	// should be: an alarm goes with it.
	CodeUnreadable = "ticket.barcode_unreadable"
)

// Carries says whether a symbology holds a payload byte for byte, or why not: a *domain.Error of CodeBarcode that does not
// quote the payload. No payload is ever padded, trimmed or translated to make it fit.
func (s Symbology) Carries(payload string) error {
	longest := maxMatrix
	switch s {
	case Code128, ITF:
		longest = maxLinear
	case Aztec:
		longest = maxAztec
	case QR, DataMatrix, PDF417:
	default:
		return domain.Errorf(domain.Invalid, CodeBarcode, "There is no symbology %q.", string(s))
	}
	if payload == "" {
		return refused("The ticket has no barcode.")
	}
	if len(payload) > longest {
		return refused("The barcode has %d characters, more than the %d that %s can be printed with.", len(payload), longest, s)
	}
	digits := true
	for i := range len(payload) {
		c := payload[i]
		if c < 0x20 || c > 0x7e {
			return refused("The barcode holds a character that is not printable ASCII, which readers take for different ones.")
		}
		digits = digits && c >= '0' && c <= '9'
	}
	if s != ITF {
		return nil
	}
	switch {
	case !digits:
		return refused("ITF holds digits only, and the barcode has other characters.")
	case len(payload)%2 != 0:
		return refused("ITF holds pairs of digits, and the barcode has %d; a zero before them would be another barcode.", len(payload))
	case len(payload) < minITF:
		return refused("ITF is not read safely with less than %d digits, and the barcode has %d.", minITF, len(payload))
	}
	return nil
}

func refused(format string, args ...any) error {
	return domain.Errorf(domain.Conflict, CodeBarcode, format, args...)
}

// Symbols is how an institution's barcodes are printed. The zero value prints Code 128, the platform's own default.
type Symbols struct {
	// Preferred are the symbologies in the order of preference: the first that carries the payload is taken.
	Preferred []Symbology
	// ByPrefix replaces Preferred for payloads that begin so; the longest prefix counts. It is for barcodes that come from
	// another system through the same institution.
	ByPrefix map[string][]Symbology
}

// Choose picks the symbology for a payload. Where none carries it, it is the first one, whose Carries says why.
func (s Symbols) Choose(payload string) Symbology {
	list, longest := s.Preferred, -1
	for prefix, l := range s.ByPrefix {
		if strings.HasPrefix(payload, prefix) && len(prefix) > longest {
			list, longest = l, len(prefix)
		}
	}
	for _, k := range list {
		if k.Carries(payload) == nil {
			return k
		}
	}
	if len(list) > 0 {
		return list[0]
	}
	return Code128
}
