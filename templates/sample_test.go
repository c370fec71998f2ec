package templates

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
)

// mustNew builds a renderer.
func mustNew(t testing.TB, o Options) *Renderer {
	t.Helper()
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustZone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// stage paints a picture of a curtain and a spotlight.
func stage(w, h int) image.Image {
	im := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			fx, fy := float64(x)/float64(w), float64(y)/float64(h)
			fold := 0.5 + 0.5*math.Sin(fx*46+math.Sin(fy*3)*0.7)
			red := 70 + 95*fold*(0.5+0.5*(1-fy))
			dx, dy := (fx-0.52)*float64(w)/float64(h), fy-0.62
			light := math.Exp(-(dx*dx*1.6 + dy*dy*3.2))
			floor := 0.0
			if fy > 0.82 {
				floor = (fy - 0.82) / 0.18
			}
			r := red*(0.35+0.9*light)*(1-floor) + floor*(60+120*light)
			g := (14+46*light*light)*(1-floor) + floor*(38+86*light)
			b := (22+40*light*light)*(1-floor) + floor*(26+50*light)
			im.SetRGBA(x, y, color.RGBA{clamp8(r), clamp8(g), clamp8(b), 255})
		}
	}
	return im
}

func clamp8(v float64) uint8 { return uint8(max(0, min(255, v))) }

func mustJPEG(t testing.TB, im image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, &jpeg.Options{Quality: 82}); err != nil {
		t.Fatal(err)
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
func theatre(t testing.TB) delivery.Document {
	t.Helper()
	paris := mustZone(t, "Europe/Paris")
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
			Barcode: "003100427719500018843276", Symbology: delivery.Code128, Terms: termsFR, Picture: mustJPEG(t, stage(1200, 460)),
			SoldBy: "Billets Lumière", IssuedAt: time.Date(2026, 11, 20, 10, 4, 0, 0, time.UTC),
		}},
	}
}
