package delivery_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func file(tb testing.TB, s *delivery.Service, o sales.Order, want delivery.Print) *delivery.File {
	tb.Helper()
	f, err := s.File(tb.Context(), o, want)
	if err != nil {
		tb.Fatalf("%+v: %v", want, err)
	}
	return f
}

func TestFile_HandsTheDocumentToTheRenderer(t *testing.T) {
	t.Parallel()
	p := &printer{}
	s := service(func(d *delivery.Deps) { d.Renderer = p })
	for _, tt := range []struct {
		want delivery.Print
		out  string
	}{
		{delivery.Print{Lang: "fr"}, "pdf of 2"},
		{delivery.Print{Ticket: "tkt_1", Format: delivery.FormatPNG}, "png at 150"},
		{delivery.Print{Ticket: "tkt_1", Format: delivery.FormatPNG, DPI: 600}, "png at 600"},
		{delivery.Print{Ticket: "tkt_2", Format: delivery.FormatSVG}, "svg"},
		{delivery.Print{Format: delivery.FormatSVG, Layout: "voucher"}, "svg"},
		{delivery.Print{Format: delivery.FormatFGL}, "fgl at 203"},
		{delivery.Print{Format: delivery.FormatZPL, DPI: 300}, "zpl at 300"},
	} {
		var out bytes.Buffer
		if err := file(t, s, sample.Issued(), tt.want).Write(t.Context(), &out); err != nil || out.String() != tt.out {
			t.Errorf("%+v: %q, %v", tt.want, out.String(), err)
		}
	}
	if diff := cmp.Diff(document(t, s, sample.Issued(), "", "fr"), p.documents[0]); diff != "" {
		t.Error(diff)
	}
}

func TestFile_RefusesWhatItCannotBe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		order   sales.Order
		want    delivery.Print
		code    string
		pointer string
	}{
		{sample.Held(), delivery.Print{}, sales.CodeTicketNotIssued, ""},
		{sample.Issued(), delivery.Print{Ticket: "tkt_x"}, sales.CodeTicketUnknown, ""},
		{sample.Issued(), delivery.Print{Layout: "nope"}, delivery.CodeLayoutUnknown, "?layout"},
		{sample.Issued(), delivery.Print{Format: delivery.FormatPNG}, delivery.CodeLayoutPages, ""},
		{sample.Issued(), delivery.Print{Format: delivery.FormatSVG}, delivery.CodeLayoutPages, ""},
		{sample.Issued(), delivery.Print{Format: delivery.FormatPNG, DPI: 35}, domain.CodeRequest, "?dpi"},
		{sample.Issued(), delivery.Print{Format: delivery.FormatPNG, DPI: 601}, domain.CodeRequest, "?dpi"},
		{sample.Issued(), delivery.Print{Format: delivery.FormatFGL, DPI: 250}, domain.CodeRequest, "?dpi"},
	} {
		_, err := service().File(t.Context(), tt.order, tt.want)
		e := domain.AsError(err)
		if e == nil || e.Code != tt.code || (tt.pointer != "" && (len(e.Fields) != 1 || e.Fields[0].Pointer != tt.pointer)) {
			t.Errorf("%+v: %v", tt.want, err)
		}
	}
}

func TestETag_IsAnotherOneForOtherBytesOnly(t *testing.T) {
	t.Parallel()
	s := service()
	tag := func(change func(o *sales.Order, p *delivery.Print)) string {
		o, p := sample.Issued(), delivery.Print{}
		change(&o, &p)
		return file(t, s, o, p).ETag()
	}
	usual := tag(func(*sales.Order, *delivery.Print) {})
	if !strings.HasPrefix(usual, `"`) || usual != tag(func(o *sales.Order, _ *delivery.Print) { o.Version += 7 }) {
		t.Errorf("%s is no strong tag, or changes without another byte", usual)
	}
	seen := map[string]string{usual: "usual"}
	for name, change := range map[string]func(o *sales.Order, p *delivery.Print){
		"another barcode":  func(o *sales.Order, _ *delivery.Print) { o.Tickets[0].Barcode = "009" },
		"a ticket less":    func(o *sales.Order, _ *delivery.Print) { o.Tickets[0].CancelledAt = sample.Now() },
		"another holder":   func(o *sales.Order, _ *delivery.Print) { o.Lines[0].Places[0].Holder = "Grace Hopper" },
		"another language": func(_ *sales.Order, p *delivery.Print) { p.Lang = "en" },
		"another layout":   func(_ *sales.Order, p *delivery.Print) { p.Layout = "four" },
		"another format":   func(_ *sales.Order, p *delivery.Print) { p.Format = delivery.FormatZPL },
		"finer dots":       func(_ *sales.Order, p *delivery.Print) { p.Format, p.DPI = delivery.FormatZPL, 300 },
	} {
		got := tag(change)
		if was, ok := seen[got]; ok {
			t.Errorf("%s has the tag of %s", name, was)
		}
		seen[got] = name
	}
	moved := newShelf()
	moved.view.Performance(sample.Tonight).Start = time.Date(2026, 11, 21, 20, 30, 0, 0, time.UTC)
	if file(t, service(func(d *delivery.Deps) { d.Catalog = moved }), sample.Issued(), delivery.Print{}).ETag() == usual {
		t.Error("a performance that was moved leaves the tag")
	}
}

func TestBarcodeETag_ChangesWithTheBarcodeAndTheProgram(t *testing.T) {
	t.Parallel()
	old, now := service(), service(func(d *delivery.Deps) { d.Program = "v2" })
	b := delivery.Barcode{TicketID: "tkt_1", Payload: "12", Symbology: delivery.QR, DPI: 300}
	seen := map[string]bool{old.BarcodeETag(b): true, now.BarcodeETag(b): true}
	for _, change := range []func(b *delivery.Barcode){
		func(b *delivery.Barcode) { b.Payload = "123" }, func(b *delivery.Barcode) { b.Symbology = delivery.Aztec }, func(b *delivery.Barcode) { b.DPI = 0 },
	} {
		other := b
		change(&other)
		seen[old.BarcodeETag(other)] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d tags of 5 barcodes", len(seen))
	}
}

func TestChoices_TheFirstThatFitsCounts(t *testing.T) {
	t.Parallel()
	code, _ := newShelf().Facts(sample.Code, catalog.Want{Performance: sample.Tonight})
	product := code.ProductCode
	thermal := []delivery.Format{delivery.FormatFGL, delivery.FormatZPL}
	for name, tt := range map[string]struct {
		choices  []delivery.Choice
		format   delivery.Format
		asked    string
		expected string
	}{
		"none":                    {nil, delivery.FormatPDF, "", "standard"},
		"none, thermal":           {nil, delivery.FormatZPL, "", "thermal"},
		"everything":              {[]delivery.Choice{{Layout: "four"}}, delivery.FormatZPL, "", "four"},
		"asked for":               {[]delivery.Choice{{Layout: "four"}}, delivery.FormatPDF, "card", "card"},
		"institution":             {[]delivery.Choice{{Institution: sample.Code, Layout: "four"}}, delivery.FormatPDF, "", "four"},
		"another institution":     {[]delivery.Choice{{Institution: "x", Layout: "four"}}, delivery.FormatPDF, "", "standard"},
		"kind":                    {[]delivery.Choice{{Kind: catalog.KindEvent, Layout: "four"}}, delivery.FormatPDF, "", "four"},
		"another kind":            {[]delivery.Choice{{Kind: catalog.KindPass, Layout: "four"}}, delivery.FormatPDF, "", "standard"},
		"product by code":         {[]delivery.Choice{{Product: product, Layout: "four"}}, delivery.FormatPDF, "", "four"},
		"another product":         {[]delivery.Choice{{Product: product + "x", Layout: "four"}}, delivery.FormatPDF, "", "standard"},
		"format":                  {[]delivery.Choice{{Formats: thermal, Layout: "box-office"}}, delivery.FormatFGL, "", "box-office"},
		"another format":          {[]delivery.Choice{{Formats: thermal, Layout: "box-office"}}, delivery.FormatPDF, "", "standard"},
		"the first of two":        {[]delivery.Choice{{Kind: catalog.KindPass, Layout: "card"}, {Layout: "four"}, {Layout: "voucher"}}, delivery.FormatPDF, "", "four"},
		"institution and product": {[]delivery.Choice{{Institution: "x", Product: product, Layout: "four"}}, delivery.FormatPDF, "", "standard"},
	} {
		p := &printer{}
		s := service(func(d *delivery.Deps) { d.Renderer, d.Choices = p, tt.choices })
		if err := file(t, s, sample.Issued(), delivery.Print{Format: tt.format, Layout: tt.asked}).Write(t.Context(), &bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
		if got := p.documents[0].Pages[0].Layout; got != tt.expected {
			t.Errorf("%s: %q, want %q", name, got, tt.expected)
		}
	}
}

// designs are layouts by name.
type designs struct {
	all
	names []string
}

// all is an interface under another name, for its methods are named like it.
type all interface{ delivery.Layouts }

// ReloadLayouts implements delivery.Layouts.
func (l designs) ReloadLayouts(_ context.Context, accept func([]delivery.Layout) error) error {
	var list []delivery.Layout
	for _, n := range l.names {
		list = append(list, delivery.Layout{Name: n})
	}
	return accept(list)
}

func TestReloadLayouts_OneThatIsChosenMustStay(t *testing.T) {
	t.Parallel()
	with := func(names ...string) error {
		return service(func(d *delivery.Deps) {
			d.Layouts, d.Choices = designs{names: names}, []delivery.Choice{{Layout: "standard"}, {Layout: "venue"}}
		}).ReloadLayouts(t.Context())
	}
	if err := with("standard", "venue"); err != nil {
		t.Error(err)
	}
	err := with("standard")
	want := []domain.FieldError{{Pointer: "layout_choices/1", Code: delivery.CodeLayoutRefused, Detail: `there is no layout "venue"`}}
	if e := domain.AsError(err); e == nil || e.Code != delivery.CodeLayoutRefused || !cmp.Equal(e.Fields, want) {
		t.Errorf("%+v", e)
	}
}
