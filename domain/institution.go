package domain

import "time"

// InstitutionCode names an institution in our configuration, URLs and ids: lower case letters, digits and underscores.
type InstitutionCode string

// Institution is one organiser's S-360 instance as we sell for it: part configuration, part what the platform's point of
// sales says. It is immutable once built.
type Institution struct {
	Code         InstitutionCode
	Name         Text
	TimeZone     string // IANA name, for example "Europe/Paris"
	Currency     Currency
	MainLanguage string
	Languages    []string
	PointOfSales PointOfSales
}

// PointOfSales is the outlet we sell through.
type PointOfSales struct {
	ID             int64
	Code           string
	SalesChannelID int64
	// MaxPlaces is the most places one order may take of one performance; 0 is no limit known.
	MaxPlaces int
	// Test says that the platform calls this institution a test one; its tickets are marked as specimens.
	Test bool
}

// Location is the institution's time zone; an unknown zone name is UTC, and configuration refuses one at start-up.
func (i Institution) Location() *time.Location {
	loc, err := time.LoadLocation(i.TimeZone)
	if err != nil {
		return time.UTC
	}
	return loc
}
