package storage

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// snapshotFormat is the number of the JSON shape below. It rises with every change of the shape: a snapshot of another
// format is as good as none, and the next refresh loads the catalog anew.
const snapshotFormat = 1

// encodeSnapshot writes a snapshot as compressed JSON. What Index derives is not written.
func encodeSnapshot(s *catalog.Snapshot) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(fromSnapshot(s)); err != nil {
		return nil, fmt.Errorf("write snapshot: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress snapshot: %w", err)
	}
	return b.Bytes(), nil
}

// decodeSnapshot reads what encodeSnapshot wrote, and indexes it.
func decodeSnapshot(content []byte, version int64) (*catalog.Snapshot, error) {
	z, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	text, err := io.ReadAll(z) // to the end, where the checksum is
	if err != nil {
		return nil, fmt.Errorf("decompress snapshot: %w", err)
	}
	var c snapshotContent
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	s := c.toSnapshot()
	s.Version = version
	s.Index()
	return s, nil
}

// The JSON shape of a snapshot; see orderContent for its rules.
type (
	snapshotContent struct {
		Institution  institutionContent      `json:"institution"`
		SetupStamp   string                  `json:"setup_stamp,omitzero"`
		LoadedAt     stamp                   `json:"loaded_at,omitzero"`
		Seasons      []seasonContent         `json:"seasons,omitzero"`
		Tariffs      []tariffContent         `json:"tariffs,omitzero"`
		Products     []productContent        `json:"products,omitzero"`
		Performances []performanceContent    `json:"performances,omitzero"`
		Refused      []catalogRefusalContent `json:"refused,omitzero"`
	}
	institutionContent struct {
		Code           string            `json:"code"`
		Name           map[string]string `json:"name,omitzero"`
		TimeZone       string            `json:"time_zone,omitzero"`
		Currency       string            `json:"currency,omitzero"`
		MainLanguage   string            `json:"main_language,omitzero"`
		Languages      []string          `json:"languages,omitzero"`
		PosID          int64             `json:"pos_id,omitzero"`
		PosCode        string            `json:"pos_code,omitzero"`
		SalesChannelID int64             `json:"sales_channel_id,omitzero"`
		MaxPlaces      int               `json:"max_places,omitzero"`
		Test           bool              `json:"test,omitzero"`
	}
	seasonContent struct {
		ID    int64             `json:"id"`
		Code  string            `json:"code,omitzero"`
		Name  map[string]string `json:"name,omitzero"`
		Start stamp             `json:"start,omitzero"`
		End   stamp             `json:"end,omitzero"`
	}
	tariffContent struct {
		ID       int64              `json:"id"`
		Season   int64              `json:"season,omitzero"`
		Code     string             `json:"code,omitzero"`
		Name     map[string]string  `json:"name,omitzero"`
		Kind     string             `json:"kind,omitzero"`
		Requires []catalog.TariffID `json:"requires,omitzero"`
		Min      int                `json:"min,omitzero"`
		Max      int                `json:"max,omitzero"`
		Rank     int                `json:"rank,omitzero"`
	}
	productContent struct {
		ID              int64               `json:"id"`
		Season          int64               `json:"season,omitzero"`
		Code            string              `json:"code,omitzero"`
		Kind            string              `json:"kind,omitzero"`
		State           string              `json:"state,omitzero"`
		AdditionalState string              `json:"additional_state,omitzero"`
		Name            map[string]string   `json:"name,omitzero"`
		ShortName       map[string]string   `json:"short_name,omitzero"`
		Description     map[string]string   `json:"description,omitzero"`
		Images          map[string]string   `json:"images,omitzero"`
		Topics          []string            `json:"topics,omitzero"`
		SalePeriods     []salePeriodContent `json:"sale_periods,omitzero"`
		MinQuantity     int                 `json:"min_quantity,omitzero"`
		MaxQuantity     int                 `json:"max_quantity,omitzero"`
		Items           []itemContent       `json:"items,omitzero"`
		Timeslots       []timeslotContent   `json:"timeslots,omitzero"`
		DateMandatory   bool                `json:"date_mandatory,omitzero"`
	}
	salePeriodContent struct {
		Start          stamp                    `json:"start,omitzero"`
		End            stamp                    `json:"end,omitzero"`
		Channel        int64                    `json:"channel,omitzero"`
		SalePossible   bool                     `json:"sale_possible,omitzero"`
		Tariffs        []catalog.TariffID       `json:"tariffs,omitzero"`
		SeatCategories []catalog.SeatCategoryID `json:"seat_categories,omitzero"`
	}
	itemContent struct {
		ID        int64                `json:"id"`
		Product   int64                `json:"product,omitzero"`
		Code      string               `json:"code,omitzero"`
		Name      map[string]string    `json:"name,omitzero"`
		Prices    []itemPriceContent   `json:"prices,omitzero"`
		Timeslots []catalog.TimeslotID `json:"timeslots,omitzero"`
	}
	itemPriceContent struct {
		Tariff      int64               `json:"tariff,omitzero"`
		Price       moneyContent        `json:"price,omitzero"`
		Fees        moneyContent        `json:"fees,omitzero"`
		SalePeriods []salePeriodContent `json:"sale_periods,omitzero"`
		Min         int                 `json:"min,omitzero"`
		Max         int                 `json:"max,omitzero"`
	}
	timeslotContent struct {
		ID       int64  `json:"id"`
		From     string `json:"from,omitzero"`
		Until    string `json:"until,omitzero"`
		Time     string `json:"time,omitzero"`
		Duration int64  `json:"duration_ns,omitzero"`
	}
	performanceContent struct {
		ID             int64                 `json:"id"`
		Product        int64                 `json:"product,omitzero"`
		Code           string                `json:"code,omitzero"`
		State          string                `json:"state,omitzero"`
		Name           map[string]string     `json:"name,omitzero"`
		Start          stamp                 `json:"start,omitzero"`
		End            stamp                 `json:"end,omitzero"`
		Venue          venueContent          `json:"venue,omitzero"`
		Numbered       bool                  `json:"numbered,omitzero"`
		SeatCategories []seatCategoryContent `json:"seat_categories,omitzero"`
		Prices         []priceContent        `json:"prices,omitzero"`
		SalePeriods    []salePeriodContent   `json:"sale_periods,omitzero"`
		MaxPerOrder    int                   `json:"max_per_order,omitzero"`
		Image          string                `json:"image,omitzero"`
	}
	seatCategoryContent struct {
		ID    int64             `json:"id"`
		Code  string            `json:"code,omitzero"`
		Name  map[string]string `json:"name,omitzero"`
		Color string            `json:"color,omitzero"`
		Rank  int               `json:"rank,omitzero"`
	}
	priceContent struct {
		SeatCategory int64        `json:"seat_category,omitzero"`
		Tariff       int64        `json:"tariff,omitzero"`
		Price        moneyContent `json:"price,omitzero"`
		Fees         moneyContent `json:"fees,omitzero"`
		Min          int          `json:"min,omitzero"`
		Max          int          `json:"max,omitzero"`
	}
	catalogRefusalContent struct {
		Product     int64  `json:"product,omitzero"`
		Performance int64  `json:"performance,omitzero"`
		Item        int64  `json:"item,omitzero"`
		Code        string `json:"code,omitzero"`
		Detail      string `json:"detail,omitzero"`
	}
)

func (c *snapshotContent) toSnapshot() *catalog.Snapshot {
	return &catalog.Snapshot{
		Institution: c.Institution.toInstitution(), SetupStamp: c.SetupStamp, LoadedAt: c.LoadedAt.time(),
		Seasons:      mapEach(c.Seasons, seasonContent.toSeason),
		Tariffs:      mapEach(c.Tariffs, tariffContent.toTariff),
		Products:     mapEach(c.Products, productContent.toProduct),
		Performances: mapEach(c.Performances, performanceContent.toPerformance),
		Refused:      mapEach(c.Refused, catalogRefusalContent.toRefusal),
	}
}

func fromSnapshot(s *catalog.Snapshot) snapshotContent {
	return snapshotContent{
		Institution: fromInstitution(s.Institution), SetupStamp: s.SetupStamp, LoadedAt: toStamp(s.LoadedAt),
		Seasons:      mapEach(s.Seasons, fromSeason),
		Tariffs:      mapEach(s.Tariffs, fromTariff),
		Products:     mapEach(s.Products, fromProduct),
		Performances: mapEach(s.Performances, fromPerformance),
		Refused:      mapEach(s.Refused, fromCatalogRefusal),
	}
}

func (c institutionContent) toInstitution() domain.Institution {
	return domain.Institution{
		Code: domain.InstitutionCode(c.Code), Name: c.Name, TimeZone: c.TimeZone, Currency: domain.Currency(c.Currency),
		MainLanguage: c.MainLanguage, Languages: c.Languages,
		PointOfSales: domain.PointOfSales{
			ID: c.PosID, Code: c.PosCode, SalesChannelID: c.SalesChannelID, MaxPlaces: c.MaxPlaces, Test: c.Test,
		},
	}
}

func fromInstitution(i domain.Institution) institutionContent {
	p := i.PointOfSales
	return institutionContent{
		Code: string(i.Code), Name: i.Name, TimeZone: i.TimeZone, Currency: string(i.Currency), MainLanguage: i.MainLanguage,
		Languages: i.Languages, PosID: p.ID, PosCode: p.Code, SalesChannelID: p.SalesChannelID, MaxPlaces: p.MaxPlaces, Test: p.Test,
	}
}

func (c seasonContent) toSeason() catalog.Season {
	return catalog.Season{
		ID: catalog.SeasonID(c.ID), Code: c.Code, Name: c.Name, Start: c.Start.time(), End: c.End.time(),
	}
}

func fromSeason(s catalog.Season) seasonContent {
	return seasonContent{ID: int64(s.ID), Code: s.Code, Name: s.Name, Start: toStamp(s.Start), End: toStamp(s.End)}
}

func (c tariffContent) toTariff() catalog.Tariff {
	return catalog.Tariff{
		ID: catalog.TariffID(c.ID), Season: catalog.SeasonID(c.Season), Code: c.Code, Name: c.Name, Kind: c.Kind,
		Requires: c.Requires, Min: c.Min, Max: c.Max, Rank: c.Rank,
	}
}

func fromTariff(t catalog.Tariff) tariffContent {
	return tariffContent{
		ID: int64(t.ID), Season: int64(t.Season), Code: t.Code, Name: t.Name, Kind: t.Kind, Requires: t.Requires, Min: t.Min,
		Max: t.Max, Rank: t.Rank,
	}
}

func (c productContent) toProduct() catalog.Product {
	return catalog.Product{
		ID: catalog.ProductID(c.ID), Season: catalog.SeasonID(c.Season), Code: c.Code, Kind: catalog.Kind(c.Kind), State: c.State,
		AdditionalState: c.AdditionalState, Name: c.Name, ShortName: c.ShortName, Description: c.Description, Images: c.Images,
		Topics: c.Topics, SalePeriods: mapEach(c.SalePeriods, salePeriodContent.toSalePeriod), MinQuantity: c.MinQuantity,
		MaxQuantity: c.MaxQuantity, Items: mapEach(c.Items, itemContent.toItem),
		Timeslots: mapEach(c.Timeslots, timeslotContent.toTimeslot), DateMandatory: c.DateMandatory,
	}
}

func fromProduct(p catalog.Product) productContent {
	return productContent{
		ID: int64(p.ID), Season: int64(p.Season), Code: p.Code, Kind: string(p.Kind), State: p.State,
		AdditionalState: p.AdditionalState, Name: p.Name, ShortName: p.ShortName, Description: p.Description, Images: p.Images,
		Topics: p.Topics, SalePeriods: mapEach(p.SalePeriods, fromSalePeriod), MinQuantity: p.MinQuantity,
		MaxQuantity: p.MaxQuantity, Items: mapEach(p.Items, fromItem), Timeslots: mapEach(p.Timeslots, fromTimeslot),
		DateMandatory: p.DateMandatory,
	}
}

func (c salePeriodContent) toSalePeriod() catalog.SalePeriod {
	return catalog.SalePeriod{
		Start: c.Start.time(), End: c.End.time(), Channel: c.Channel, SalePossible: c.SalePossible, Tariffs: c.Tariffs,
		SeatCategories: c.SeatCategories,
	}
}

func fromSalePeriod(p catalog.SalePeriod) salePeriodContent {
	return salePeriodContent{
		Start: toStamp(p.Start), End: toStamp(p.End), Channel: p.Channel, SalePossible: p.SalePossible, Tariffs: p.Tariffs,
		SeatCategories: p.SeatCategories,
	}
}

func (c itemContent) toItem() catalog.Item {
	return catalog.Item{
		ID: catalog.ItemID(c.ID), Product: catalog.ProductID(c.Product), Code: c.Code, Name: c.Name,
		Prices: mapEach(c.Prices, itemPriceContent.toItemPrice), Timeslots: c.Timeslots,
	}
}

func fromItem(i catalog.Item) itemContent {
	return itemContent{
		ID: int64(i.ID), Product: int64(i.Product), Code: i.Code, Name: i.Name, Prices: mapEach(i.Prices, fromItemPrice),
		Timeslots: i.Timeslots,
	}
}

func (c itemPriceContent) toItemPrice() catalog.ItemPrice {
	return catalog.ItemPrice{
		Tariff: catalog.TariffID(c.Tariff), Price: c.Price.toMoney(), Fees: c.Fees.toMoney(),
		SalePeriods: mapEach(c.SalePeriods, salePeriodContent.toSalePeriod), Min: c.Min, Max: c.Max,
	}
}

func fromItemPrice(p catalog.ItemPrice) itemPriceContent {
	return itemPriceContent{
		Tariff: int64(p.Tariff), Price: fromMoney(p.Price), Fees: fromMoney(p.Fees),
		SalePeriods: mapEach(p.SalePeriods, fromSalePeriod), Min: p.Min, Max: p.Max,
	}
}

func (c timeslotContent) toTimeslot() catalog.Timeslot {
	return catalog.Timeslot{
		ID: catalog.TimeslotID(c.ID), From: domain.Day(c.From), Until: domain.Day(c.Until), Time: c.Time,
		Duration: time.Duration(c.Duration),
	}
}

func fromTimeslot(t catalog.Timeslot) timeslotContent {
	return timeslotContent{
		ID: int64(t.ID), From: string(t.From), Until: string(t.Until), Time: t.Time, Duration: int64(t.Duration),
	}
}

func (c performanceContent) toPerformance() catalog.Performance {
	return catalog.Performance{
		ID: catalog.PerformanceID(c.ID), Product: catalog.ProductID(c.Product), Code: c.Code, State: c.State, Name: c.Name,
		Start: c.Start.time(), End: c.End.time(), Venue: c.Venue.toVenue(), Numbered: c.Numbered,
		SeatCategories: mapEach(c.SeatCategories, seatCategoryContent.toSeatCategory),
		Prices:         mapEach(c.Prices, priceContent.toPrice),
		SalePeriods:    mapEach(c.SalePeriods, salePeriodContent.toSalePeriod), MaxPerOrder: c.MaxPerOrder, Image: c.Image,
	}
}

func fromPerformance(p catalog.Performance) performanceContent {
	return performanceContent{
		ID: int64(p.ID), Product: int64(p.Product), Code: p.Code, State: p.State, Name: p.Name, Start: toStamp(p.Start),
		End: toStamp(p.End), Venue: fromVenue(p.Venue), Numbered: p.Numbered,
		SeatCategories: mapEach(p.SeatCategories, fromSeatCategory), Prices: mapEach(p.Prices, fromPrice),
		SalePeriods: mapEach(p.SalePeriods, fromSalePeriod), MaxPerOrder: p.MaxPerOrder, Image: p.Image,
	}
}

func (c seatCategoryContent) toSeatCategory() catalog.SeatCategory {
	return catalog.SeatCategory{ID: catalog.SeatCategoryID(c.ID), Code: c.Code, Name: c.Name, Color: c.Color, Rank: c.Rank}
}

func fromSeatCategory(s catalog.SeatCategory) seatCategoryContent {
	return seatCategoryContent{ID: int64(s.ID), Code: s.Code, Name: s.Name, Color: s.Color, Rank: s.Rank}
}

func (c priceContent) toPrice() catalog.Price {
	return catalog.Price{
		SeatCategory: catalog.SeatCategoryID(c.SeatCategory), Tariff: catalog.TariffID(c.Tariff), Price: c.Price.toMoney(),
		Fees: c.Fees.toMoney(), Min: c.Min, Max: c.Max,
	}
}

func fromPrice(p catalog.Price) priceContent {
	return priceContent{
		SeatCategory: int64(p.SeatCategory), Tariff: int64(p.Tariff), Price: fromMoney(p.Price), Fees: fromMoney(p.Fees),
		Min: p.Min, Max: p.Max,
	}
}

func (c catalogRefusalContent) toRefusal() catalog.Refusal {
	return catalog.Refusal{
		Product: catalog.ProductID(c.Product), Performance: catalog.PerformanceID(c.Performance), Item: catalog.ItemID(c.Item),
		Code: c.Code, Detail: c.Detail,
	}
}

func fromCatalogRefusal(r catalog.Refusal) catalogRefusalContent {
	return catalogRefusalContent{
		Product: int64(r.Product), Performance: int64(r.Performance), Item: int64(r.Item), Code: r.Code, Detail: r.Detail,
	}
}
