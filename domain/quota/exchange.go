package quota

import (
	"encoding/json"
	"time"

	"guichet/domain"
)

// Exchange is one call that was made for an order, as it was asked and answered, without secrets and personal data.
type Exchange struct {
	Institution     domain.InstitutionCode
	Order           string
	At              time.Time       // when it ended, UTC
	Call            string          // "externalOrderService.closeOrder"
	Outcome         string          // as that of Single
	Request, Answer json.RawMessage // null: nothing; a text where it was no JSON, or is not kept
}
