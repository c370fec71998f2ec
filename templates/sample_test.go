package templates

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"reflect"
	"sync"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
)

// usual is the renderer without options, which all tests that want no more share.
var usual = sync.OnceValues(func() (*Renderer, error) { return New(Options{}) })

// mustNew is a renderer with options, or the usual one.
func mustNew(tb testing.TB, o Options) *Renderer {
	tb.Helper()
	open := usual
	if !reflect.ValueOf(o).IsZero() {
		open = func() (*Renderer, error) { return New(o) }
	}
	r, err := open()
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func mustZone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}

// stage paints a closed curtain with a valance above it and a spotlight on the boards.
func stage(w, h int) image.Image {
	im := image.NewRGBA(image.Rect(0, 0, w, h))
	aspect := float64(w) / float64(h)
	for y := range h {
		for x := range w {
			fx, fy := float64(x)/float64(w), float64(y)/float64(h)
			hem := 0.17 + 0.035*math.Abs(math.Sin(fx*math.Pi*9))
			var red, shade float64
			switch {
			case fy < hem: // valance
				fold := math.Pow(0.5+0.5*math.Sin(fx*150), 1.4)
				red, shade = 96+70*fold, 0.75+0.25*fy/hem
				if hem-fy < 0.014 {
					im.SetRGBA(x, y, color.RGBA{212, 168, 74, 255})
					continue
				}
			case fy < 0.84: // curtain
				fold := math.Pow(0.5+0.5*math.Sin(fx*74+0.6*math.Sin(fy*2.2+fx*9)), 1.7)
				red, shade = 72+118*fold, 0.62+0.38*min(1, (fy-hem)/0.12)
			default: // boards
				plank := 0.86 + 0.14*math.Mod(math.Floor((fx-0.5)*46/(0.6+fy)+40), 2)
				dx, dy := (fx-0.5)*aspect, (fy-0.93)*5
				light := math.Exp(-(dx*dx*1.1 + dy*dy))
				im.SetRGBA(x, y, color.RGBA{
					clamp8((58 + 150*light) * plank), clamp8((38 + 118*light) * plank), clamp8((26 + 72*light) * plank), 255,
				})
				continue
			}
			dx, dy := (fx-0.5)*aspect, fy-0.8
			light := 0.42 + 0.95*math.Exp(-(dx*dx*0.9+dy*dy*2.6))
			im.SetRGBA(x, y, color.RGBA{
				clamp8(red * shade * light), clamp8(red * shade * light * 0.16), clamp8(red * shade * light * 0.19), 255,
			})
		}
	}
	return im
}

func clamp8(v float64) uint8 { return uint8(max(0, min(255, v))) }

// stagePicture is made once, since painting it takes longer than printing a ticket.
var stagePicture = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, stage(1200, 460), &jpeg.Options{Quality: 82}); err != nil {
		panic(err)
	}
	return b.Bytes()
})

func mustJPEG(tb testing.TB, im image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, &jpeg.Options{Quality: 82}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

const termsFR = "Ce billet donne accès à une seule personne pour la représentation indiquée. Conservez-le avec soin : le code-barres n’est " +
	"valable qu’une fois et toute copie sera refusée à l’entrée. Les portes ouvrent soixante minutes avant le début. Les retardataires ne " +
	"seront admis qu’au moment d’une interruption appropriée et ne peuvent prétendre à la place numérotée.\n" +
	"Les photographies et les enregistrements sont interdits. Le billet n’est ni repris ni échangé, sauf en cas d’annulation ; l’organisateur " +
	"peut modifier le programme ou la distribution. La revente au-dessus du prix imprimé est interdite et annule le billet.\n" +
	"Les personnes à mobilité réduite et leurs accompagnateurs sont priés d’utiliser l’entrée nord. Une boucle magnétique est disponible sur " +
	"demande auprès de l’accueil."

// theatre is a numbered seat with a long French title.
func theatre(tb testing.TB) delivery.Document {
	tb.Helper()
	paris := mustZone(tb, "Europe/Paris")
	return delivery.Document{
		Language: "fr", Title: "Billet – Le Malade imaginaire",
		Pages: []delivery.Page{{
			TicketID: "tkt_01JB3Q7V8N4W6ZD0T5Y2C9HXKE", Organiser: "Théâtre des Tilleuls", Kind: "event",
			Title:    "Le Malade imaginaire, comédie-ballet en trois actes de Molière et Charpentier",
			Subtitle: "Première · avec l’ensemble baroque des Tilleuls",
			Start:    time.Date(2027, 3, 13, 20, 30, 0, 0, paris), End: time.Date(2027, 3, 13, 23, 5, 0, 0, paris), Zone: "Europe/Paris",
			Venue: delivery.Venue{
				Name: "Théâtre des Tilleuls", Space: "Grande salle", Street: "14, rue des Lices", Zip: "69002", Town: "Lyon", Country: "France",
			},
			Seat:     delivery.Seat{Area: "Parterre", Block: "Côté jardin", Row: "F", Number: "112", Entrance: "Porte 3"},
			Numbered: true, Category: "Carré d’or", Color: "#B8860B", Tariff: "Plein tarif",
			Price: domain.Money{Amount: 124950, Currency: "EUR"}, Holder: "Žofie Dvořáková-Müller", Buyer: "François Lefèvre",
			Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXKE", Reference: "LV-2027-004711", File: "1043387", Number: 1, Of: 2,
			Barcode: "003100427719500018843276", Symbology: delivery.Code128, Terms: termsFR, Picture: stagePicture(),
			SoldBy: "Billets Lumière", IssuedAt: time.Date(2026, 11, 20, 10, 4, 0, 0, time.UTC),
		}},
	}
}

// museum is a timed entry without seat, with a QR code and no picture.
func museum(tb testing.TB) delivery.Document {
	tb.Helper()
	berlin := mustZone(tb, "Europe/Berlin")
	return delivery.Document{
		Language: "de", Title: "Ticket – Museum der Gezeiten",
		Pages: []delivery.Page{{
			TicketID: "tkt_01JB3Q7V8N4W6ZD0T5Y2C9HXKF", Organiser: "Museum der Gezeiten", Kind: "service",
			Title: "Tiefsee – Licht aus der Dunkelheit", Subtitle: "Sonderausstellung",
			Start: time.Date(2027, 7, 4, 10, 30, 0, 0, berlin), End: time.Date(2027, 7, 4, 11, 0, 0, 0, berlin), Zone: "Europe/Berlin",
			Venue:  delivery.Venue{Name: "Museum der Gezeiten", Street: "Am Alten Hafen 7", Zip: "27568", Town: "Bremerhaven"},
			Tariff: "Ermäßigt", Price: domain.Money{Amount: 950, Currency: "EUR"},
			Holder: "Jürgen Groß", Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXKF", Number: 3, Of: 4,
			Barcode: "0000123456789012345678901234", Symbology: delivery.QR,
			Terms:  "Einlass nur in der angegebenen halben Stunde. Gepäck, das größer ist als ein A4-Blatt, bleibt an der Garderobe.",
			SoldBy: "Nordkarten", IssuedAt: time.Date(2027, 6, 1, 8, 0, 0, 0, time.UTC),
		}},
	}
}

// stadium is a standing place in Poland whose code is an Aztec.
func stadium(tb testing.TB) delivery.Document {
	tb.Helper()
	warsaw := mustZone(tb, "Europe/Warsaw")
	return delivery.Document{
		Language: "pl", Title: "Bilet – Orły Pomorza",
		Pages: []delivery.Page{{
			TicketID: "tkt_01JB3Q7V8N4W6ZD0T5Y2C9HXKG", Organiser: "Orły Pomorza SA", Kind: "event",
			Title: "Orły Pomorza – Sokół Łódź", Subtitle: "Puchar Ligi, ćwierćfinał",
			Start: time.Date(2027, 5, 22, 18, 0, 0, 0, warsaw), Zone: "Europe/Warsaw",
			Venue:    delivery.Venue{Name: "Stadion Nadmorski", Street: "ul. Żeglarska 1", Zip: "80-001", Town: "Gdańsk", Country: "Polska"},
			Seat:     delivery.Seat{Block: "D12", Entrance: "Brama 4"},
			Category: "Miejsca stojące", Color: "#C8102E", Tariff: "Normalny", Price: domain.Money{Amount: 6500, Currency: "PLN"},
			Holder: "Łukasz Święcicki", Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXKG", Reference: "OP/2027/55-A", Number: 1, Of: 1,
			Barcode: "OTI7781203355020270522", Symbology: delivery.Aztec,
			Terms:  "Na stadion nie wolno wnosić szkła, pirotechniki ani parasoli.",
			SoldBy: "Kibic.example", IssuedAt: time.Date(2027, 4, 2, 8, 0, 0, 0, time.UTC),
		}},
	}
}

// hebrew and arabic are read from right to left.
func hebrew(tb testing.TB) delivery.Document {
	tb.Helper()
	loc := mustZone(tb, "Asia/Jerusalem")
	return delivery.Document{
		Language: "he", Title: "כרטיס – חלום ליל קיץ",
		Pages: []delivery.Page{{
			TicketID: "tkt_01JB3Q7V8N4W6ZD0T5Y2C9HXKH", Organiser: "תיאטרון הגפן", Kind: "event",
			Title: "חלום ליל קיץ (2027) – Shakespeare", Subtitle: "בתרגום חדש",
			Start: time.Date(2027, 8, 5, 20, 0, 0, 0, loc), End: time.Date(2027, 8, 5, 22, 15, 0, 0, loc), Zone: "Asia/Jerusalem",
			Venue: delivery.Venue{Name: "תיאטרון הגפן", Space: "אולם 2", Street: "רחוב הרימון 12", Zip: "6100001", Town: "תל אביב"},
			Seat:  delivery.Seat{Block: "יציע", Row: "12", Number: "7", Entrance: "שער ג"}, Numbered: true,
			Category: "זהב", Color: "#2E7D32", Tariff: "מבוגר", Price: domain.Money{Amount: 24000, Currency: "ILS"},
			Holder: "שלום כהן", Buyer: "Anna Müller", Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXKH", Number: 2, Of: 3,
			Barcode: "0012345678901234", Symbology: delivery.Code128, Terms: "הכרטיס מיועד לאדם אחד. הכניסה לאחר תחילת ההצגה תתאפשר רק בהפסקה.",
			SoldBy: "כרטיסי הים", IssuedAt: time.Date(2027, 6, 1, 8, 0, 0, 0, time.UTC), Picture: stagePicture(),
		}},
	}
}

func arabic(tb testing.TB) delivery.Document {
	tb.Helper()
	loc := mustZone(tb, "Asia/Dubai")
	return delivery.Document{
		Language: "ar-AE", Title: "تذكرة – أمسية العود",
		Pages: []delivery.Page{{
			TicketID: "tkt_01JB3Q7V8N4W6ZD0T5Y2C9HXKJ", Organiser: "دار النخيل للموسيقى", Kind: "event",
			Title: "أمسية العود: مرحبا بالربيع", Subtitle: "مع فرقة النخيل",
			Start: time.Date(2027, 3, 18, 20, 30, 0, 0, loc), Zone: "Asia/Dubai",
			Venue: delivery.Venue{Name: "دار النخيل", Space: "القاعة الكبرى", Street: "شارع اللؤلؤ 5", Town: "دبي"},
			Seat:  delivery.Seat{Area: "الطابق الأرضي", Row: "ب", Number: "21"}, Numbered: true,
			Category: "فضي", Color: "#607D8B", Tariff: "بالغ", Price: domain.Money{Amount: 35000, Currency: "AED"},
			Holder: "مريم الهاشمي", Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXKJ", Number: 1, Of: 1,
			Barcode: "TKT7F3A99C2000123", Symbology: delivery.DataMatrix, Terms: "التذكرة صالحة لشخص واحد.", SoldBy: "تذاكر اللؤلؤ",
			IssuedAt: time.Date(2027, 2, 1, 8, 0, 0, 0, time.UTC),
		}},
	}
}

// specimen is a test institution's pass without date.
func specimen(tb testing.TB) delivery.Document {
	tb.Helper()
	d := theatre(tb)
	p := &d.Pages[0]
	p.Specimen, p.Picture = true, nil
	return d
}

// pass is valid without date, in Greek.
func pass(tb testing.TB) delivery.Document {
	tb.Helper()
	return delivery.Document{
		Language: "el", Title: "Εισιτήριο",
		Pages: []delivery.Page{{
			Organiser: "Μουσείο Θάλασσας", Kind: "pass", Title: "Ετήσια κάρτα", Undated: true, Tariff: "Κανονικό",
			Price: domain.Money{Amount: 4500, Currency: "EUR"}, Holder: "Ελένη Παπαδοπούλου", Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXKK",
			Number: 1, Of: 1, Barcode: "4711000815", Symbology: delivery.Code128,
		}},
	}
}

// crowded has long words everywhere.
func crowded(tb testing.TB) delivery.Document {
	tb.Helper()
	d := theatre(tb)
	p := &d.Pages[0]
	d.Language = "en"
	p.Picture, p.Color = nil, "#ffff00"
	p.Organiser = "The Worshipful Company of Extraordinarily Long-Winded Performing Artists of Llanfairpwllgwyngyll"
	p.Title = "A very long title that goes on and on, past what any sensible producer would print on a poster, with a second sentence about the Donaudampfschifffahrtsgesellschaftskapitän and his crew, and a third one to make sure that nothing of it overlaps anything else"
	p.Subtitle = "Also a subtitle that is far longer than subtitles have any right to be, in order to see what the stack does with it when little is left"
	p.Holder = "Maximiliana-Alexandrina Featherstonehaugh-Cholmondeley-Marjoribanks"
	p.Seat = delivery.Seat{Area: "Upper Circle Left Side Restricted View", Block: "Block Twenty-Seven B", Row: "AA", Number: "1234", Entrance: "North-East Gate 14"}
	p.Category, p.Tariff = "Premium restricted view category", "Concession for members and their accompanying friends"
	p.Barcode = "aB3dE5gH7jK9mN1pQ3sT5vW7yZaB3dE5gH7jK9mN1pQ3sT5vW7yZaB3dE5gH7jK9"
	p.Terms += "\n" + termsFR + "\n" + termsFR
	return d
}

// samples are the documents that golden files and decoders look at.
func samples(tb testing.TB) map[string]delivery.Document {
	tb.Helper()
	return map[string]delivery.Document{
		"theatre": theatre(tb), "museum": museum(tb), "stadium": stadium(tb), "hebrew": hebrew(tb), "arabic": arabic(tb),
		"specimen": specimen(tb), "pass": pass(tb), "crowded": crowded(tb),
		"english": english(tb), "russian": russian(tb), "hindi": hindi(tb), "thai": thai(tb), "chinese": chinese(tb),
		"japanese": japanese(tb), "korean": korean(tb),
	}
}
