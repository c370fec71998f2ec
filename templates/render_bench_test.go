package templates

import (
	"bytes"
	"io"
	"testing"

	"github.com/boombuler/barcode/code128"
	"github.com/klauspost/compress/zlib"

	"guichet/domain/delivery"
)

// many repeats a document's page n times with other barcodes, seats and holders.
func many(d delivery.Document, n int) delivery.Document {
	holders := []string{"Anna Müller", "Žofie Dvořáková", "Łukasz Święcicki", "Иван Петров", "Ελένη Παπαδοπούλου", "François Lefèvre"}
	first := d.Pages[0]
	d.Pages = make([]delivery.Page, n)
	for i := range d.Pages {
		p := first
		p.Number, p.Of = i+1, n
		p.Holder = holders[i%len(holders)]
		p.Seat.Number = two(i%90 + 1)
		p.Barcode = "0031004277195000188" + two(i/10000%100) + two(i/100%100) + two(i%100)
		d.Pages[i] = p
	}
	return d
}

func benchPDF(b *testing.B, d delivery.Document) {
	b.Helper()
	r := mustNew(b, Options{})
	var size int
	all := many(d, 500)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var out bytes.Buffer
		one := all
		one.Pages = all.Pages[i%500 : i%500+1]
		if err := r.PDF(b.Context(), &out, one); err != nil {
			b.Fatal(err)
		}
		size = out.Len()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tickets/s")
	b.ReportMetric(float64(size), "bytes/file")
}

// BenchmarkPDF_OneTicket prints one ticket with a JPEG picture and Code 128.
func BenchmarkPDF_OneTicket(b *testing.B) { benchPDF(b, theatre(b)) }

// BenchmarkPDF_OneTicketQR prints one ticket without picture and with a QR code.
func BenchmarkPDF_OneTicketQR(b *testing.B) { benchPDF(b, museum(b)) }

// BenchmarkPDF_HundredPages prints files of a hundred tickets.
func BenchmarkPDF_HundredPages(b *testing.B) {
	r := mustNew(b, Options{})
	d := many(theatre(b), 100)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.PDF(b.Context(), io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "tickets/s")
}

// BenchmarkPNG_150DPI prints one ticket as a picture.
func BenchmarkPNG_150DPI(b *testing.B) {
	r := mustNew(b, Options{})
	d := theatre(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.PNG(b.Context(), io.Discard, d, 150); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBaseline is the floor no writer gets under: encode the Code 128 and compress one page's finished content and
// its two font subsets. Nothing is laid out, shaped or written.
func BenchmarkBaseline(b *testing.B) {
	content, fonts := bareParts(b)
	z := zlib.NewWriter(io.Discard)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := code128.Encode("003100427719500018843276"); err != nil {
			b.Fatal(err)
		}
		for _, part := range append([][]byte{content}, fonts...) {
			z.Reset(io.Discard)
			if _, err := z.Write(part); err != nil {
				b.Fatal(err)
			}
			if err := z.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tickets/s")
}

// bareParts are the uncompressed page and fonts of the theatre ticket.
func bareParts(b *testing.B) (content []byte, fonts [][]byte) {
	b.Helper()
	r := mustNew(b, Options{})
	words := pick(r.locales, "fr")
	work := r.worker(words)
	out := newPDF(io.Discard, &work.workspace, 210, 297)
	d := theatre(b)
	drawFirst(b, r, out, work, d)
	for _, sub := range out.subsets {
		fonts = append(fonts, sub.file(nil), sub.toUnicode(nil, len(sub.order)))
	}
	return out.content, fonts
}
