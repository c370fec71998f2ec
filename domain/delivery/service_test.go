package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// shelf is the sample catalog; what is gone has no facts any more.
type shelf struct {
	view *catalog.View
	inst domain.Institution
	gone bool
}

func (s shelf) Facts(_ domain.InstitutionCode, w catalog.Want) (catalog.Facts, bool) {
	if s.gone {
		return catalog.Facts{}, false
	}
	return s.view.Facts(w)
}

func (s shelf) Institution(code domain.InstitutionCode) (domain.Institution, error) {
	if code != s.inst.Code {
		return domain.Institution{}, domain.Errorf(domain.NotFound, catalog.CodeInstitutionUnknown, "none")
	}
	return s.inst, nil
}

func (s shelf) View(domain.InstitutionCode) (*catalog.View, error) { return s.view, nil }

// printer writes down what it was asked to print.
type printer struct{ documents []delivery.Document }

func (p *printer) PDF(_ context.Context, w io.Writer, d delivery.Document) error {
	p.documents = append(p.documents, d)
	_, err := fmt.Fprintf(w, "pdf of %d", len(d.Pages))
	return err
}

func (p *printer) PNG(_ context.Context, w io.Writer, d delivery.Document, dpi int) error {
	p.documents = append(p.documents, d)
	_, err := fmt.Fprintf(w, "png at %d", dpi)
	return err
}

func (p *printer) SVG(_ context.Context, w io.Writer, d delivery.Document) error {
	p.documents = append(p.documents, d)
	_, err := io.WriteString(w, "svg")
	return err
}

func (p *printer) Thermal(_ context.Context, w io.Writer, d delivery.Document, language delivery.PrinterLanguage, dpi int) error {
	p.documents = append(p.documents, d)
	_, err := fmt.Fprintf(w, "%s at %d", language, dpi)
	return err
}

func (p *printer) Barcode(_ context.Context, w io.Writer, b delivery.Barcode) error {
	_, err := fmt.Fprintf(w, "%s %s %d", b.Symbology, b.Payload, b.DPI)
	return err
}

// Digest is of what a test looks at; there is no layout "nope".
func (p *printer) Digest(d delivery.Document) (string, error) {
	for _, pg := range d.Pages {
		if pg.Layout == "nope" {
			return "", domain.Errorf(domain.Invalid, delivery.CodeLayoutUnknown, "none")
		}
	}
	return fmt.Sprint(d), nil
}

// Sheets is one for all of an order by a voucher, else one each.
func (p *printer) Sheets(d delivery.Document) (int, error) {
	if d.Pages[0].Layout == "voucher" {
		return 1, nil
	}
	return len(d.Pages), nil
}

// pictures is a func as delivery.Pictures.
type pictures func(ctx context.Context, address string) ([]byte, error)

func (p pictures) Picture(ctx context.Context, _ domain.InstitutionCode, address string) ([]byte, error) {
	return p(ctx, address)
}

func newShelf() shelf { return shelf{view: sample.View(), inst: sample.Institution()} }

func service(change ...func(*delivery.Deps)) *delivery.Service {
	d := delivery.Deps{Catalog: newShelf(), Renderer: &printer{}}
	for _, c := range change {
		c(&d)
	}
	return delivery.New(d)
}

func document(tb testing.TB, s *delivery.Service, o sales.Order, ticket, lang string) delivery.Document {
	tb.Helper()
	d, err := s.Document(tb.Context(), o, ticket, lang)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestNew_MissingDependencyPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	delivery.New(delivery.Deps{})
}

func TestDocument_HasEverythingATicketShows(t *testing.T) {
	t.Parallel()
	s := service(func(d *delivery.Deps) {
		d.Settings = map[domain.InstitutionCode]delivery.Settings{
			sample.Code: {Symbols: delivery.Symbols{Preferred: []delivery.Symbology{delivery.Aztec}}, Terms: domain.Text{"fr": "Ni repris ni échangé.\nMerci.", "en": "No refunds."}},
		}
		d.Pictures = pictures(func(_ context.Context, address string) ([]byte, error) { return []byte("picture of " + address), nil })
	})
	o := sample.Issued()
	o.Lines[0].Places[1].Holder = "Zoë Müller"
	got := document(t, s, o, "", "en-GB")

	paris := sample.Institution().Location()
	page := delivery.Page{
		TicketID: "tkt_1", Organiser: "Grand Theatre", Kind: "event", Title: "Hamlet",
		Start: time.Date(2026, 11, 21, 20, 0, 0, 0, paris), End: time.Date(2026, 11, 21, 22, 0, 0, 0, paris), Zone: "Europe/Paris",
		Venue:    delivery.Venue{Name: "Grand Théâtre", Space: "Main house", Street: "4 place du Théâtre", Zip: "75002", Town: "Paris", Country: "FR"},
		Seat:     delivery.Seat{Area: "Orchestre", Block: "OC", Row: "D", Number: "12", Entrance: "Porte centrale"},
		Numbered: true, Category: "Stalls", Color: "#8c1c2e", Tariff: "Full price", Price: sample.Euros(4200), Buyer: "Ada Muster",
		Order: string(o.ID), Reference: "WEB-000123", File: "880001", Number: 1, Of: 2, Barcode: "004200000000000000000001",
		Symbology: delivery.Aztec, Terms: "No refunds.", Layout: "standard", Picture: []byte("picture of https://pictures.example/hamlet.jpg"),
		SoldBy: sample.Shop, IssuedAt: sample.Now(),
	}
	second := page
	second.TicketID, second.Number, second.Barcode, second.Holder, second.Seat.Number = "tkt_2", 2, "004200000000000000000002", "Zoë Müller", "13"
	want := delivery.Document{Language: "en-gb", Title: "Grand Theatre · WEB-000123", Pages: []delivery.Page{page, second}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if zone := got.Pages[0].Start.Location().String(); zone != "Europe/Paris" {
		t.Errorf("the time stands in %s", zone)
	}
}

func TestDocument_OneTicketKeepsItsNumberAmongAll(t *testing.T) {
	t.Parallel()
	got := document(t, service(), sample.Issued(), "tkt_2", "fr")
	if len(got.Pages) != 1 || got.Pages[0].TicketID != "tkt_2" || got.Pages[0].Number != 2 || got.Pages[0].Of != 2 {
		t.Errorf("pages %+v", got.Pages)
	}
	_, err := service().Document(t.Context(), sample.Issued(), "tkt_x", "fr")
	if e := domain.AsError(err); e == nil || e.Kind != domain.NotFound || e.Code != sales.CodeTicketUnknown {
		t.Errorf("unknown ticket: %v", err)
	}
}

func TestDocument_TakenBackIsNotPrinted(t *testing.T) {
	t.Parallel()
	o := sample.Issued()
	o.Tickets[0].CancelledAt = sample.Now()
	if got := document(t, service(), o, "", "fr"); len(got.Pages) != 1 || got.Pages[0].TicketID != "tkt_2" || got.Pages[0].Number != 2 {
		t.Errorf("pages %+v", got.Pages)
	}
	_, err := service().Document(t.Context(), o, "tkt_1", "fr")
	if !domain.HasCode(err, sales.CodeTicketCancelled) {
		t.Errorf("one that was taken back: %v", err)
	}
	o.Status, o.Tickets[1].CancelledAt = sales.Cancelled, sample.Now()
	if _, err = service().Document(t.Context(), o, "", "fr"); !domain.HasCode(err, sales.CodeTicketCancelled) {
		t.Errorf("a cancelled order: %v", err)
	}
}

func TestDocument_LanguageIsTheAskedThenTheBuyersThenTheInstitutions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ asked, buyer, main, language, category string }{
		{"en", "fr", "fr", "en", "Stalls"},
		{"EN-gb", "fr", "fr", "en-gb", "Stalls"},
		{"", "en", "fr", "en", "Stalls"},
		{"", "", "fr", "fr", "Orchestre"},
		{"de", "fr", "en", "de", "Orchestre"}, // no German: the buyer's French
		{"", "", "", "en", "Stalls"},
	} {
		shelf := newShelf()
		shelf.inst.MainLanguage = tt.main
		o := sample.Issued()
		o.Buyer.Language = tt.buyer
		got := document(t, service(func(d *delivery.Deps) { d.Catalog = shelf }), o, "", tt.asked)
		if got.Language != tt.language || got.Pages[0].Category != tt.category {
			t.Errorf("%+v: language %q, category %q", tt, got.Language, got.Pages[0].Category)
		}
	}
}

func TestDocument_GoneFromTheCatalogIsPrintedAsItWasSold(t *testing.T) {
	t.Parallel()
	shelf := newShelf()
	shelf.gone = true
	o := sample.Issued()
	o.Lines[0].Facts.ProductName = domain.Text{"fr": "Hamlet (as sold)"}
	got := document(t, service(func(d *delivery.Deps) { d.Catalog = shelf }), o, "", "fr").Pages[0]
	if got.Title != "Hamlet (as sold)" || got.Tariff != "Plein tarif" || got.Zone != "Europe/Paris" || got.Start.Hour() != 20 {
		t.Errorf("page %+v", got)
	}
}

func TestDocument_CatalogsPresentTimeStands(t *testing.T) {
	t.Parallel()
	shelf := newShelf()
	shelf.view.Performance(sample.Tonight).Start = time.Date(2026, 11, 21, 20, 30, 0, 0, time.UTC) // moved after the sale
	got := document(t, service(func(d *delivery.Deps) { d.Catalog = shelf }), sample.Issued(), "", "fr").Pages[0]
	if got.Start.Format("15:04") != "21:30" {
		t.Errorf("start %s", got.Start)
	}
}

func TestDocument_UnknownZoneOfTheFactsIsTheInstitutions(t *testing.T) {
	t.Parallel()
	shelf := newShelf()
	shelf.gone = true
	for zone, want := range map[string]string{"": "Europe/Paris", "Nowhere/Land": "Europe/Paris", "America/New_York": "America/New_York"} {
		o := sample.Issued()
		o.Lines[0].Facts.TimeZone = zone
		got := document(t, service(func(d *delivery.Deps) { d.Catalog = shelf }), o, "", "fr").Pages[0]
		if got.Zone != want || got.Start.Location().String() != want {
			t.Errorf("%q: %s, %s", zone, got.Zone, got.Start.Location())
		}
	}
}

func TestDocument_UndatedTimedAndSpecimen(t *testing.T) {
	t.Parallel()
	shelf := newShelf()
	shelf.inst.PointOfSales.Test = true
	s := service(func(d *delivery.Deps) { d.Catalog = shelf })
	tour := sample.Issued()
	l := &tour.Lines[0]
	l.Performance, l.SeatCategory, l.Item, l.Day, l.Timeslot = 0, 0, sample.Visit, "2026-11-22", sample.Morning
	got := document(t, s, tour, "", "fr").Pages[0]
	if got.Undated || got.Day != "2026-11-22" || got.Start.Format("15:04") != "10:30" || got.Subtitle != "Visite guidée" || got.Numbered || !got.Specimen {
		t.Errorf("tour %+v", got)
	}
	book := sample.Issued()
	l = &book.Lines[0]
	l.Performance, l.SeatCategory, l.Item = 0, 0, sample.Programme
	book.Reference, book.Platform.FileID, book.Buyer = "", 0, sales.Buyer{LastName: "Muster"}
	d := document(t, s, book, "", "fr")
	got = d.Pages[0]
	if !got.Undated || !got.Start.IsZero() || got.Kind != "goods" || got.File != "" || got.Buyer != "Muster" || got.Symbology != delivery.Code128 {
		t.Errorf("booklet %+v", got)
	}
	if d.Title != "Grand Théâtre · "+string(book.ID) {
		t.Errorf("title %q", d.Title)
	}
}

func TestDocument_PictureThatFailsOrIsSlowIsLeftOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, fetch := range map[string]pictures{
			"fails": func(context.Context, string) ([]byte, error) { return []byte("half"), errors.New("no such host") },
			"slow": func(ctx context.Context, _ string) ([]byte, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
		} {
			asked := 0
			s := service(func(d *delivery.Deps) {
				d.Pictures = pictures(func(ctx context.Context, a string) ([]byte, error) { asked++; return fetch(ctx, a) })
			})
			begin := time.Now()
			got := document(t, s, sample.Issued(), "", "fr")
			if len(got.Pages) != 2 || got.Pages[0].Picture != nil || got.Pages[1].Picture != nil {
				t.Errorf("%s: %d pages, picture %q", name, len(got.Pages), got.Pages[0].Picture)
			}
			if asked != 1 || time.Since(begin) > 3*time.Second {
				t.Errorf("%s: asked %d times, waited %s", name, asked, time.Since(begin))
			}
		}
	})
}

func TestDocument_NotIssuedIsAConflict(t *testing.T) {
	t.Parallel()
	for _, st := range sales.Statuses() {
		if st == sales.Issued || st == sales.Cancelled {
			continue
		}
		o := sample.Issued()
		o.Status = st
		_, err := service().Document(t.Context(), o, "", "fr")
		if e := domain.AsError(err); e == nil || e.Kind != domain.Conflict || e.Code != sales.CodeTicketNotIssued {
			t.Errorf("%s: %v", st, err)
		}
	}
	o := sample.Issued()
	o.Institution = "elsewhere"
	if _, err := service().Document(t.Context(), o, "", "fr"); !domain.HasCode(err, catalog.CodeInstitutionUnknown) {
		t.Errorf("unknown institution: %v", err)
	}
}
