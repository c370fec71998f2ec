package wallet

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"guichet/domain/delivery"
)

// The members of pass.json that are used.
type (
	passJSON struct {
		FormatVersion  int            `json:"formatVersion"`
		PassType       string         `json:"passTypeIdentifier"`
		Team           string         `json:"teamIdentifier"`
		Organization   string         `json:"organizationName"`
		Serial         string         `json:"serialNumber"`
		Description    string         `json:"description"`
		LogoText       string         `json:"logoText,omitempty"`
		Grouping       string         `json:"groupingIdentifier,omitempty"`
		Foreground     string         `json:"foregroundColor"`
		Background     string         `json:"backgroundColor"`
		Label          string         `json:"labelColor"`
		Barcodes       []barcodeJSON  `json:"barcodes,omitempty"`
		RelevantDate   string         `json:"relevantDate,omitempty"` // what phones before iOS 18 know
		RelevantDates  []datesJSON    `json:"relevantDates,omitempty"`
		Expiration     string         `json:"expirationDate,omitempty"`
		Voided         bool           `json:"voided,omitempty"`
		Schemes        []string       `json:"preferredStyleSchemes,omitempty"`
		EventTicket    eventJSON      `json:"eventTicket"`
		Semantics      *semanticsJSON `json:"semantics,omitempty"`
		WebService     string         `json:"webServiceURL,omitempty"`
		Authentication string         `json:"authenticationToken,omitempty"`
	}
	barcodeJSON struct {
		Format   string `json:"format"`
		Message  string `json:"message"`
		Encoding string `json:"messageEncoding"`
		AltText  string `json:"altText"`
	}
	datesJSON struct {
		Start string `json:"startDate"`
		End   string `json:"endDate"`
	}
	eventJSON struct {
		Header    []fieldJSON `json:"headerFields,omitempty"`
		Primary   []fieldJSON `json:"primaryFields"`
		Secondary []fieldJSON `json:"secondaryFields,omitempty"`
		Auxiliary []fieldJSON `json:"auxiliaryFields,omitempty"`
		Back      []fieldJSON `json:"backFields,omitempty"`
	}
	fieldJSON struct {
		Key         string `json:"key"`
		Label       string `json:"label,omitempty"`
		Value       string `json:"value"`
		Change      string `json:"changeMessage,omitempty"`
		DateStyle   string `json:"dateStyle,omitempty"`
		TimeStyle   string `json:"timeStyle,omitempty"`
		IgnoresZone bool   `json:"ignoresTimeZone,omitempty"` // the venue's time, wherever the phone is
	}
	semanticsJSON struct {
		EventName      string     `json:"eventName,omitempty"`
		Start          string     `json:"eventStartDate,omitempty"`
		End            string     `json:"eventEndDate,omitempty"`
		VenueName      string     `json:"venueName,omitempty"`
		VenueRegion    string     `json:"venueRegionName,omitempty"`
		VenueRoom      string     `json:"venueRoom,omitempty"`
		Entrance       string     `json:"venueEntrance,omitempty"`
		Seats          []seatJSON `json:"seats,omitempty"`
		AdmissionLevel string     `json:"admissionLevel,omitempty"`
		Attendee       string     `json:"attendeeName,omitempty"`
	}
	seatJSON struct {
		Section string `json:"seatSection,omitempty"`
		Row     string `json:"seatRow,omitempty"`
		Number  string `json:"seatNumber,omitempty"`
	}
)

// format is the symbology that Apple Wallet shows a payload in: the ticket's own, or the nearest that it knows.
func format(k delivery.Symbology) (name string, shown delivery.Symbology) {
	switch k {
	case delivery.PDF417:
		return "PKBarcodeFormatPDF417", k
	case delivery.Aztec:
		return "PKBarcodeFormatAztec", k
	case delivery.Code128, delivery.ITF:
		return "PKBarcodeFormatCode128", delivery.Code128
	case delivery.QR, delivery.DataMatrix:
	}
	return "PKBarcodeFormatQR", delivery.QR
}

const day = "2006-01-02T15:04:05-07:00"

// pass writes pass.json.
func (a *Apple) pass(p *delivery.Pass) ([]byte, error) {
	pg := &p.Page
	look := a.looks[p.Institution]
	out := passJSON{
		FormatVersion: 1, PassType: a.passType, Team: a.team, Organization: pg.Organiser, Serial: p.Serial, Description: delivery.JoinTexts(" · ", pg.Title, pg.Subtitle),
		Grouping: p.Class, Foreground: rgb(look.ink), Background: rgb(look.ground), Label: rgb(look.soft), EventTicket: a.event(p), Semantics: semantics(pg),
	}
	if !look.logo {
		out.LogoText = pg.Organiser
	}
	if look.poster {
		out.Schemes = []string{"posterEventTicket", "eventTicket"}
	}
	if p.Token != "" && a.webService != "" {
		out.WebService, out.Authentication = a.webService, p.Token.Reveal()
	}
	if !pg.Start.IsZero() {
		end := pg.End
		if !end.After(pg.Start) {
			end = pg.Start.Add(3 * time.Hour)
		}
		out.RelevantDate = pg.Start.Format(time.RFC3339)
		out.RelevantDates = []datesJSON{{pg.Start.Add(-2 * time.Hour).Format(time.RFC3339), end.Format(time.RFC3339)}}
	}
	if !p.Expires.IsZero() {
		out.Expiration = p.Expires.UTC().Format(time.RFC3339)
	}
	if !p.Void.IsZero() { // and no barcode: what is still shown admits nobody
		out.Voided, out.Expiration = true, p.Void.UTC().Format(time.RFC3339)
		return json.Marshal(out)
	}
	name, shown := format(pg.Symbology)
	if err := shown.Carries(pg.Barcode); err != nil {
		return nil, err
	}
	out.Barcodes = []barcodeJSON{{name, pg.Barcode, "iso-8859-1", pg.Barcode}}
	return json.Marshal(out)
}

// event places the texts. A field without a value is left out.
func (a *Apple) event(p *delivery.Pass) eventJSON {
	pg, e := &p.Page, eventJSON{}
	facts := a.words.Facts(p.Language, pg)
	word := func(key string) string { return a.words.Word(p.Language, key) }
	add := func(to *[]fieldJSON, key, label, value string) {
		if strings.TrimSpace(value) != "" {
			*to = append(*to, fieldJSON{Key: key, Label: label, Value: value})
		}
	}
	add(&e.Header, "specimen", "", facts["specimen"])
	add(&e.Header, "count", "", facts["count"])
	e.Primary = []fieldJSON{{Key: "event", Label: pg.Subtitle, Value: pg.Title}}
	if when := moment(pg); when.Value != "" {
		when.Label = word("date")
		e.Secondary = append(e.Secondary, when)
	}
	add(&e.Secondary, "venue", word("venue"), delivery.JoinTexts(", ", pg.Venue.Name, pg.Venue.Space))
	for _, name := range []string{"area", "block", "row", "seat"} {
		add(&e.Auxiliary, name, word(name), facts[name])
	}
	add(&e.Auxiliary, "admission", facts["admission.label"], facts["admission"])
	add(&e.Auxiliary, "entrance", word("entrance"), facts["entrance"])
	for i := range e.Auxiliary {
		e.Auxiliary[i].Change = "%@"
	}
	for _, name := range []string{"category", "tariff", "price", "holder"} {
		add(&e.Back, name, word(name), facts[name])
	}
	add(&e.Back, "address", word("venue"), delivery.JoinTexts("\n", pg.Venue.Name, pg.Venue.Space, pg.Venue.Street, facts["venue.town"]))
	for _, name := range []string{"reference", "order", "file"} {
		add(&e.Back, name, word(name), facts[name])
	}
	add(&e.Back, "notes", "", facts["notes"])
	add(&e.Back, "specimen.note", "", facts["specimen.note"])
	add(&e.Back, "terms", word("terms"), facts["terms"])
	if p.CalledOff {
		e.Back = append([]fieldJSON{{Key: "notice", Value: a.words.CalledOff(p.Language), Change: "%@"}}, e.Back...)
	}
	return e
}

// moment is when it is, as the phone writes times in its own language, in the venue's zone.
func moment(pg *delivery.Page) fieldJSON {
	f := fieldJSON{Key: "date", Change: "%@", DateStyle: "PKDateStyleMedium", TimeStyle: "PKDateStyleShort", IgnoresZone: true}
	switch {
	case !pg.Start.IsZero():
		f.Value = pg.Start.Format(day)
	case pg.Day.Valid():
		f.Value, f.TimeStyle = pg.Day.Start(time.UTC).Format(day), "PKDateStyleNone"
	}
	return f
}

func semantics(pg *delivery.Page) *semanticsJSON {
	s := &semanticsJSON{
		EventName: pg.Title, VenueName: pg.Venue.Name, VenueRegion: pg.Venue.Town, VenueRoom: pg.Venue.Space, Entrance: pg.Seat.Entrance,
		AdmissionLevel: pg.Category, Attendee: pg.Holder,
	}
	if !pg.Start.IsZero() {
		s.Start = pg.Start.Format(time.RFC3339)
	}
	if pg.End.After(pg.Start) && !pg.Start.IsZero() {
		s.End = pg.End.Format(time.RFC3339)
	}
	if seat := (seatJSON{delivery.JoinTexts(" ", pg.Seat.Area, pg.Seat.Block), pg.Seat.Row, pg.Seat.Number}); seat != (seatJSON{}) {
		s.Seats = []seatJSON{seat}
	}
	return s
}

// translations are the pass's texts in another language: what stands in pass.json to what stands for it. Of two texts that
// are the same here and differ there, both stay as they are.
func (a *Apple) translations(p *delivery.Pass, own eventJSON, lang string) map[string]string {
	other := *p
	other.Language = lang
	base, _, _ := strings.Cut(lang, "-")
	for _, tag := range []string{base, lang} {
		if pg, ok := p.Others[tag]; ok {
			other.Page = pg
		}
	}
	theirs, out, doubtful := a.event(&other), map[string]string{}, map[string]bool{}
	note := func(ours, text string) {
		if had, ok := out[ours]; ok && had != text {
			doubtful[ours] = true
		}
		if ours != "" && text != "" {
			out[ours] = text
		}
	}
	match(own, theirs, note)
	note(p.Page.Organiser, other.Page.Organiser)
	for ours, text := range out {
		if doubtful[ours] || ours == text {
			delete(out, ours)
		}
	}
	return out
}

// match pairs the fields of two languages by their keys.
func match(own, theirs eventJSON, note func(ours, text string)) {
	all := func(e eventJSON) []fieldJSON {
		var list []fieldJSON
		for _, part := range [][]fieldJSON{e.Header, e.Primary, e.Secondary, e.Auxiliary, e.Back} {
			list = append(list, part...)
		}
		return list
	}
	byKey := map[string]fieldJSON{}
	for _, f := range all(theirs) {
		byKey[f.Key] = f
	}
	for _, f := range all(own) {
		if t, ok := byKey[f.Key]; ok {
			note(f.Label, t.Label)
			note(f.Value, t.Value)
		}
	}
}

// stringsFile writes translations as Apple's .strings, in the order of the texts. It is never empty.
func stringsFile(lang string, texts map[string]string) []byte {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	var b strings.Builder
	fmt.Fprintf(&b, "/* %s */\n", lang)
	for _, ours := range sorted(texts) {
		fmt.Fprintf(&b, "\"%s\" = \"%s\";\n", quote.Replace(ours), quote.Replace(texts[ours]))
	}
	return []byte(b.String())
}

// lproj is the folder of a language in a pass.
func lproj(lang string) string {
	switch lang {
	case "zh":
		return "zh-Hans.lproj"
	case "zh-hant":
		return "zh-Hant.lproj"
	}
	if base, region, ok := strings.Cut(lang, "-"); ok {
		return base + "-" + strings.ToUpper(region) + ".lproj"
	}
	return lang + ".lproj"
}
