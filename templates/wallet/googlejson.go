package wallet

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"guichet/domain/delivery"
)

// The members of Google's event tickets that are used.
type (
	classJSON struct {
		ID        string         `json:"id"`
		Issuer    string         `json:"issuerName"`
		EventName localizedJSON  `json:"eventName"`
		EventID   string         `json:"eventId"`
		Review    string         `json:"reviewStatus"`
		Venue     *venueJSON     `json:"venue"`
		DateTime  *dateTimeJSON  `json:"dateTime"`
		FinePrint *localizedJSON `json:"finePrint"`
		Color     string         `json:"hexBackgroundColor,omitempty"`
		Devices   string         `json:"multipleDevicesAndHoldersAllowedStatus"`
	}
	venueJSON struct {
		Name    localizedJSON `json:"name"`
		Address localizedJSON `json:"address"`
	}
	dateTimeJSON struct {
		Start string `json:"start"`
		End   string `json:"end,omitempty"`
	}
	localizedJSON struct {
		Default    textJSON   `json:"defaultValue"`
		Translated []textJSON `json:"translatedValues,omitempty"`
	}
	textJSON struct {
		Language string `json:"language"`
		Value    string `json:"value"`
	}
	objectJSON struct {
		ID          string            `json:"id"`
		Class       string            `json:"classId"`
		State       string            `json:"state"`
		Barcode     *codeJSON         `json:"barcode"` // null takes it away
		Seat        *seatInfoJSON     `json:"seatInfo,omitempty"`
		Holder      string            `json:"ticketHolderName,omitempty"`
		Number      string            `json:"ticketNumber"`
		Type        *localizedJSON    `json:"ticketType,omitempty"`
		FaceValue   *faceJSON         `json:"faceValue,omitempty"`
		Reservation map[string]string `json:"reservationInfo,omitempty"`
		Grouping    *groupingJSON     `json:"groupingInfo,omitempty"`
		Texts       []moduleJSON      `json:"textModulesData"` // null takes them away
		Notify      string            `json:"notifyPreference"`
	}
	moduleJSON struct {
		ID   string `json:"id"`
		Body string `json:"body"`
	}
	codeJSON struct {
		Type  string `json:"type"`
		Value string `json:"value"`
		Text  string `json:"alternateText"`
	}
	seatInfoJSON struct {
		Seat    *localizedJSON `json:"seat,omitempty"`
		Row     *localizedJSON `json:"row,omitempty"`
		Section *localizedJSON `json:"section,omitempty"`
		Gate    *localizedJSON `json:"gate,omitempty"`
	}
	faceJSON struct {
		Micros   string `json:"micros"`
		Currency string `json:"currencyCode"`
	}
	groupingJSON struct {
		Group string `json:"groupingId"`
		Sort  int    `json:"sortIndex"`
	}
)

// googleFormat is the symbology that Google Wallet shows a payload in: the ticket's own, or the nearest that it knows.
func googleFormat(k delivery.Symbology) string {
	switch k {
	case delivery.PDF417:
		return "PDF_417"
	case delivery.Aztec:
		return "AZTEC"
	case delivery.DataMatrix:
		return "DATA_MATRIX"
	case delivery.Code128, delivery.ITF: // its ITF has 14 digits, no more and no less
		return "CODE_128"
	case delivery.QR:
	}
	return "QR_CODE"
}

// localized is a text in the pass's language and, where they differ, in the others. Nil where there is none: Google refuses
// an empty one.
func localized(p *delivery.Pass, text func(pg *delivery.Page) string) *localizedJSON {
	own := text(&p.Page)
	if strings.TrimSpace(own) == "" {
		return nil
	}
	out := &localizedJSON{Default: textJSON{languageTag(p.Language), own}}
	for _, lang := range sorted(p.Others) {
		pg := p.Others[lang]
		if other := text(&pg); strings.TrimSpace(other) != "" && other != own {
			out.Translated = append(out.Translated, textJSON{languageTag(lang), other})
		}
	}
	return out
}

// languageTag is a language as BCP 47 writes it; one of an impossible form is English.
func languageTag(lang string) string {
	if !languageForm.MatchString(lang) {
		return "en"
	}
	if base, region, ok := strings.Cut(lang, "-"); ok && len(region) == 2 {
		return base + "-" + strings.ToUpper(region)
	}
	return lang
}

func (g *Google) class(p *delivery.Pass) classJSON {
	pg := &p.Page
	out := classJSON{
		ID: g.id(p.Class), Issuer: pg.Organiser, EventID: p.Class, Review: "UNDER_REVIEW", Devices: "ONE_USER_ALL_DEVICES",
		FinePrint: localized(p, func(pg *delivery.Page) string { return pg.Terms }),
	}
	if name := localized(p, func(pg *delivery.Page) string { return delivery.JoinTexts(" · ", pg.Title, pg.Subtitle) }); name != nil {
		out.EventName = *name
	}
	name := localized(p, func(pg *delivery.Page) string { return delivery.JoinTexts(", ", pg.Venue.Name, pg.Venue.Space) })
	address := localized(p, func(pg *delivery.Page) string {
		return delivery.JoinTexts("\n", pg.Venue.Street, pg.Venue.TownLine(), pg.Venue.Country)
	})
	if name != nil && address != nil { // Google wants both or none
		out.Venue = &venueJSON{*name, *address}
	}
	switch {
	case !pg.Start.IsZero():
		out.DateTime = &dateTimeJSON{Start: pg.Start.Format(time.RFC3339)}
		if pg.End.After(pg.Start) {
			out.DateTime.End = pg.End.Format(time.RFC3339)
		}
	case pg.Day.Valid():
		out.DateTime = &dateTimeJSON{Start: string(pg.Day) + "T00:00:00"} // without an offset: the venue's own day
	}
	if l := g.looks[p.Institution]; l != nil {
		out.Color = fmt.Sprintf("#%02x%02x%02x", l.ground.R, l.ground.G, l.ground.B)
	}
	return out
}

func (g *Google) object(p *delivery.Pass) objectJSON {
	pg := &p.Page
	one := func(s string) *localizedJSON { return localized(p, func(*delivery.Page) string { return s }) }
	out := objectJSON{
		ID: g.id(p.Serial), Class: g.id(p.Class), State: "ACTIVE", Holder: pg.Holder, Number: pg.TicketID,
		Type: localized(p, func(pg *delivery.Page) string { return delivery.JoinTexts(" · ", pg.Tariff, pg.Category) }), Reservation: map[string]string{"confirmationCode": pg.Order},
		Grouping: &groupingJSON{p.Class, pg.Number}, Notify: "NOTIFY_ON_UPDATE",
		Barcode: &codeJSON{googleFormat(pg.Symbology), pg.Barcode, pg.Barcode},
	}
	if pg.Reference != "" {
		out.Reservation["confirmationCode"] = pg.Reference
	}
	seat := seatInfoJSON{Seat: one(pg.Seat.Number), Row: one(pg.Seat.Row), Section: one(delivery.JoinTexts(" ", pg.Seat.Area, pg.Seat.Block)), Gate: one(pg.Seat.Entrance)}
	if seat != (seatInfoJSON{}) {
		out.Seat = &seat
	}
	if micros, ok := micros(pg); ok {
		out.FaceValue = &faceJSON{micros, string(pg.Price.Currency)}
	}
	if !p.Void.IsZero() {
		out.State, out.Barcode = "INACTIVE", nil
	}
	if p.CalledOff {
		out.Texts = []moduleJSON{{ID: "notice", Body: g.words.CalledOff(p.Language)}}
	}
	return out
}

// micros is the price in millionths of its currency.
func micros(pg *delivery.Page) (string, bool) {
	digits := pg.Price.Currency.Digits()
	if pg.Price.Currency == "" || digits < 0 || digits > 6 || pg.Price.Amount < 0 || pg.Price.Amount > 1<<40 {
		return "", false
	}
	n := pg.Price.Amount
	for range 6 - digits {
		n *= 10
	}
	return strconv.FormatInt(n, 10), true
}
