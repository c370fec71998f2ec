package sales

// Status is where an order is in its life.
type Status string

// The statuses.
const (
	Holding   Status = "holding"   // createOrUpdateOrder asked, answer not known
	Held      Status = "held"      // places reserved until HoldExpiresAt
	Refused   Status = "refused"   // the platform (or our own check) said no; nothing is held
	Orphaned  Status = "orphaned"  // the hold's answer never came; whatever was held has lapsed
	Releasing Status = "releasing" // abandonMovements asked, answer not known
	Released  Status = "released"  // given back
	Expired   Status = "expired"   // the hold lapsed before it was closed
	Closing   Status = "closing"   // closeOrder asked, answer not known
	Issuing   Status = "issuing"   // sold, a barcode is still missing
	Issued    Status = "issued"    // sold, every place has its barcode
	Review    Status = "review"    // a person must look
)

// steps is the whole table: from each status, where it may go. Everything else is refused.
var steps = map[Status][]Status{
	"":        {Holding},
	Holding:   {Held, Refused, Releasing, Orphaned, Review},
	Held:      {Closing, Releasing, Expired},
	Releasing: {Released, Expired, Review},
	Closing:   {Held, Issuing, Issued, Expired, Review},
	Issuing:   {Issued, Review},
	Review:    {Held, Issuing, Issued, Released, Expired, Orphaned},
	Refused:   {Holding}, // only where the reason passes: the same key asks again
	Orphaned:  nil,
	Released:  {Review}, // the platform says sold after all: a person must look
	Expired:   {Review},
	Issued:    nil,
}

// Statuses lists every status in the order of a life.
func Statuses() []Status {
	return []Status{Holding, Held, Refused, Orphaned, Releasing, Released, Expired, Closing, Issuing, Issued, Review}
}

// Steps returns where an order in this status may go; the empty status is a new order.
func (s Status) Steps() []Status { return append([]Status(nil), steps[s]...) }

// Valid reports whether the text is a status.
func (s Status) Valid() bool {
	_, ok := steps[s]
	return ok && s != ""
}

// Unknown reports whether the platform was asked and we do not know the answer: a status ending in -ing.
func (s Status) Unknown() bool {
	return s == Holding || s == Releasing || s == Closing || s == Issuing
}

// Sold reports whether the platform has closed the order.
func (s Status) Sold() bool { return s == Issuing || s == Issued }
