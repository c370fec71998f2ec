package tixngo

// The ways to activate a ticket.
const (
	// MethodOnline activates by TIXNGO's clock and tells the phone.
	MethodOnline = "online"
	// MethodOffline activates by the phone's clock.
	MethodOffline = "offline"
)

// Ticket is one ticket as it is injected. V3 requires ActivationParameters; the groups of V4 follow
// it.
type Ticket struct {
	// TicketID is the organizer's: at most 256 letters, digits, spaces and *.-_+/()@.
	TicketID             Word                  `json:"ticketId"`
	Event                Event                 `json:"event"`
	ActivationParameters *ActivationParameters `json:"activationParameters,omitzero"`
	SpectatorDetails     Spectator             `json:"spectatorDetails"`
	PurchaseDetails      Purchase              `json:"purchaseDetails"`
	Security             Security              `json:"security"`
	// MainApplicant says that the beneficiary is the buyer.
	MainApplicant Flag `json:"mainApplicant,omitzero"`

	SortingKey           string         `json:"sortingKey,omitzero"` // at most 256
	ImageURL             string         `json:"imageUrl,omitzero"`   // at most 256
	ContingentExternalID Word           `json:"contingentExternalId,omitzero"`
	MainDetails          List[KeyValue] `json:"mainDetails,omitzero"`
	ExtraDetails         List[KeyValue] `json:"extraDetails,omitzero"`
	HiddenDetails        List[KeyValue] `json:"hiddenDetails,omitzero"`
	Resale               *Resale        `json:"resale,omitzero"`

	// Seating is V4 only; in V3 the seat is among the details.
	Seating *Seating `json:"seating,omitzero"`
}

// Event is what a ticket is for. Later tickets of the same event may overwrite parts of it.
type Event struct {
	ID   Word `json:"id"`   // at most 256
	Name Text `json:"name"` // at most 128
	// StartTime is the start. One V4 page spells it startime; a caller who has seen that sets Startime,
	// alone or beside it.
	StartTime      Time           `json:"startTime,omitzero"`
	Startime       Time           `json:"startime,omitzero"`
	ExpirationDate Time           `json:"expirationDate"`
	Website        string         `json:"website,omitzero"` // at most 128
	Group          *EventGroup    `json:"group,omitzero"`
	Address        Address        `json:"address"`
	Metadata       List[KeyValue] `json:"metadata,omitzero"`
}

// Start is the event's start, however it was spelled.
func (e Event) Start() Time {
	if e.StartTime.IsZero() {
		return e.Startime
	}
	return e.StartTime
}

// EventGroup is a competition.
type EventGroup struct {
	Name  Text   `json:"name,omitzero"`  // at most 128
	Image string `json:"image,omitzero"` // at most 256
}

// Address is where an event takes place. Every member is at most 200 long; the first four are
// required.
type Address struct {
	Site        Text   `json:"site"`
	City        Text   `json:"city"`
	CountryCode string `json:"countryCode"`
	Zip         Word   `json:"zip"`
	Line1       Text   `json:"line1,omitzero"`
	Line2       Text   `json:"line2,omitzero"`
	Line3       Text   `json:"line3,omitzero"`
}

// KeyValue is one free detail.
type KeyValue struct {
	Key   string `json:"key"`
	Value Text   `json:"value"`
}

// ActivationParameters say how and when the barcode becomes visible.
type ActivationParameters struct {
	Method     string `json:"method"`              // MethodOnline or MethodOffline
	Time       Time   `json:"time,omitzero"`       // required online
	GroupID    Word   `json:"groupId,omitzero"`    // at most 50
	InstanceID Word   `json:"instanceId,omitzero"` // of a beacon, at most 128
}

// Spectator is a person who has, gets or had a ticket. The e-mail address leads to the wallet.
type Spectator struct {
	Title     string `json:"title,omitzero"`
	FirstName string `json:"firstName,omitzero"` // at most 50
	LastName  string `json:"lastName,omitzero"`  // at most 100
	Email     string `json:"email,omitzero"`     // at most 256
	Gender    string `json:"gender,omitzero"`    // M, F, U or X
}

// IsZero reports whether nobody is named.
func (s Spectator) IsZero() bool { return s == (Spectator{}) }

// Purchase is what was paid. The last members are V4's.
type Purchase struct {
	Price     *Amount `json:"price,omitzero"`
	Currency  string  `json:"currency,omitzero"`  // at most 20
	Category  string  `json:"category,omitzero"`  // at most 512
	TaxNumber Word    `json:"taxNumber,omitzero"` // at most 256
	FileID    Word    `json:"fileId,omitzero"`    // at most 256

	PurchaseDate     Time    `json:"purchaseDate,omitzero"`
	FileNumber       Word    `json:"fileNumber,omitzero"`
	PurchasePrice    *Amount `json:"purchasePrice,omitzero"`
	PurchaseCurrency string  `json:"purchaseCurrency,omitzero"`
	SeatCategoryID   Word    `json:"seatCategoryId,omitzero"`
	ContingentID     Word    `json:"contingentId,omitzero"`
	TariffID         Word    `json:"tariffId,omitzero"`
}

// Security holds what must stay hidden until the activation.
type Security struct {
	Barcode Barcode `json:"barcode"` // at most 512, plain text
}

// Resale says within what bounds a ticket may be sold on.
type Resale struct {
	MaxProfit    Int  `json:"maxProfit,omitzero"` // percent
	RulesGroupID Word `json:"rulesGroupId,omitzero"`
}

// Seating is V4's place of a ticket.
type Seating struct {
	Seated           YesNo `json:"seated"`
	Numbered         YesNo `json:"numbered"`
	ExternalEntrance Word  `json:"externalEntrance,omitzero"`
	Gate             Word  `json:"gate,omitzero"`
	Level            Word  `json:"level,omitzero"`
	Area             Word  `json:"area,omitzero"`
	Block            Word  `json:"block,omitzero"`
	Row              Word  `json:"row,omitzero"`
	Seat             Word  `json:"seat,omitzero"`

	PhysicalSeatID  Word `json:"physicalSeatId,omitzero"`
	CompanionSeatID Word `json:"companionSeatId,omitzero"`
	SalesSeatID     Word `json:"salesSeatId,omitzero"`
	LeftSeatID      Word `json:"leftSeatId,omitzero"`
	RightSeatID     Word `json:"rightSeatId,omitzero"`
	FrontSeatID     Word `json:"frontSeatId,omitzero"`
	BackSeatID      Word `json:"backSeatId,omitzero"`
	SeatQuality     Word `json:"seatQuality,omitzero"`
	Temperature     Word `json:"temperature,omitzero"`
	XCoord          Word `json:"xcoord,omitzero"`
	YCoord          Word `json:"ycoord,omitzero"`
}

// Status is where a ticket stands, as TIXNGO writes it. An unknown one is kept.
type Status string

// The statuses of V3. The last five are legacy or technical.
const (
	StatusInjected         Status = "INJECTED" // not visible in the app
	StatusDownloaded       Status = "DOWNLOADED"
	StatusAssigned         Status = "ASSIGNED"
	StatusPendingTransfer  Status = "PENDING_TRANSFER"
	StatusFailureTransfer  Status = "FAILURE_TRANSFER" // back with the sender
	StatusFailure          Status = "FAILURE"          // a transfer ended by the organizer
	StatusTransferred      Status = "TRANSFERRED"
	StatusBTActivated      Status = "BT_ACTIVATED"
	StatusManualActivated  Status = "MANUAL_ACTIVATED"
	StatusOfflineActivated Status = "OFFLINE_ACTIVATED"
	StatusOnlineActivated  Status = "ONLINE_ACTIVATED"
	StatusControlled       Status = "CONTROLLED"
	StatusDeletionPending  Status = "DELETION_PENDING"
	StatusDeleted          Status = "DELETED"
	StatusActivated        Status = "ACTIVATED"
	StatusDeactivated      Status = "DEACTIVATED"
	StatusDefault          Status = "DEFAULT"
	StatusInvalid          Status = "INVALID"
	StatusPending          Status = "PENDING" // older PENDING_TRANSFER
)

// StatusNotDownloaded is V4's status of a ticket on no phone. V4 shares DOWNLOADED, PENDING_TRANSFER
// and DELETED with V3, and DELETION_PENDING by what the pages let us conclude.
const StatusNotDownloaded Status = "NOT_DOWNLOADED"

// Known reports whether a page of TIXNGO names the status. An unknown one is no error.
func (s Status) Known() bool {
	switch s {
	case StatusInjected, StatusDownloaded, StatusAssigned, StatusPendingTransfer, StatusFailureTransfer, StatusFailure,
		StatusTransferred, StatusBTActivated, StatusManualActivated, StatusOfflineActivated, StatusOnlineActivated,
		StatusControlled, StatusDeletionPending, StatusDeleted, StatusActivated, StatusDeactivated, StatusDefault,
		StatusInvalid, StatusPending, StatusNotDownloaded:
		return true
	}
	return false
}
