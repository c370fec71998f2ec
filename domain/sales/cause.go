package sales

import "strings"

// Cause says in words why a step was made, from the codes in its note; empty where the step itself says it all, and for the
// codes of refusals, which are explained elsewhere.
func (s Step) Cause() string {
	var causes []string
	for word := range strings.FieldsSeq(s.Note) {
		if c := causeOf(word); c != "" {
			causes = append(causes, c)
		}
		if word == noteDecided {
			break // what follows is a person's own words
		}
	}
	return strings.Join(causes, "; ")
}

func causeOf(note string) string {
	switch note {
	case noteExpired:
		return "our own hold ran out"
	case noteNoAnswer:
		return "the platform's answer never came"
	case noteRead:
		return "found out by reading the platform"
	case noteLapsed:
		return "the platform let the hold lapse"
	case noteBarcodeLate:
		return "sold, a barcode is still missing"
	case noteBarcodeNear:
		return "people were told: a barcode is missing and the performance is near"
	case noteTotalDiffers:
		return "the platform's amount is not ours"
	case noteDuplicate:
		return "another order has the same number or barcode"
	case noteSoldAfterEnd:
		return "the platform closed an order that we had seen end"
	case noteSoldReleasing:
		return "the platform closed an order that we were giving back"
	case noteNotClosed:
		return "the platform does not call the order closed any more"
	case noteRefund:
		return "the storefront asked to take places back"
	case noteReprinted:
		return "the institution replaced tickets: they have new barcodes"
	case noteByOrganiser:
		return "the institution took places back by itself"
	case noteBasket:
		return "another order of its basket was refused, and it could not be undone"
	case noteAmended:
		return "the storefront changed reference, buyer or holders"
	case noteChange:
		return "the storefront asked for other lines"
	case noteChanged:
		return "the lines are as the storefront asked"
	case noteSoldChanging:
		return "the platform closed an order that we were changing"
	case noteDecided:
		return "a person decided"
	case noteTooManyReads:
		return "it could not be found out for too long"
	}
	return ""
}
