package delivery_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func orderPage(tb testing.TB, o sales.Order, change ...func(*delivery.Deps)) delivery.OrderPage {
	tb.Helper()
	p, err := service(change...).OrderPage(&o, "", []string{"de"})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestOrderPage_ShowsEachTicketsState(t *testing.T) {
	t.Parallel()
	o := sample.Issued()
	o.Tickets[0].CancelledAt = sample.Now()
	o.Tickets[1].Former = []sales.FormerBarcode{{}}
	p := orderPage(t, o)
	if len(p.Shows) != 1 || len(p.Shows[0].Tickets) != 2 {
		t.Fatalf("%+v", p)
	}
	gone, renewed := p.Shows[0].Tickets[0], p.Shows[0].Tickets[1]
	if gone.State != delivery.TicketTakenBack || gone.Barcode != "" {
		t.Errorf("taken back: %s with barcode %q", gone.State, gone.Barcode)
	}
	if renewed.State != delivery.TicketReplaced || renewed.Barcode != string(o.Tickets[1].Barcode) || renewed.Number != 2 || renewed.Of != 2 {
		t.Errorf("replaced: %+v", renewed)
	}
	if !p.Printable || !p.Dated {
		t.Error("there is a good ticket with a date")
	}
	o.Tickets[1].CancelledAt = sample.Now()
	o.Status = sales.Cancelled
	if p = orderPage(t, o); p.Printable {
		t.Error("every ticket was taken back, and a file is offered")
	}
	if got := string(p.Calendar(sample.Now())); !strings.Contains(got, "STATUS:CANCELLED") {
		t.Errorf("the calendar keeps it:\n%s", got)
	}
}

func TestOrderPage_SaysWhatIsStillComing(t *testing.T) {
	t.Parallel()
	o := sample.Issued()
	o.Status, o.Tickets = sales.Issuing, o.Tickets[:1]
	p := orderPage(t, o)
	if p.Shows[0].Pending != 1 || len(p.Shows[0].Tickets) != 1 || p.Printable {
		t.Errorf("%d pending, %d tickets, printable %v", p.Shows[0].Pending, len(p.Shows[0].Tickets), p.Printable)
	}
}

func TestOrderPage_SaysWhatTheInstitutionChanged(t *testing.T) {
	t.Parallel()
	o := sample.Issued()
	shelf := newShelf()
	perf := shelf.view.Performance(sample.Tonight)
	was := perf.Start
	perf.Start = was.Add(time.Hour)
	p := orderPage(t, o, func(d *delivery.Deps) { d.Catalog = shelf })
	n := p.Shows[0].Notices
	if len(n) != 1 || n[0].Kind != sales.NoticeRescheduled || !n[0].Was.Equal(was) || !n[0].Now.Equal(perf.Start) || n[0].Now.Location().String() != p.Shows[0].Page.Zone {
		t.Errorf("%+v", n)
	}
	perf.State = "CANCELED"
	p = orderPage(t, o, func(d *delivery.Deps) { d.Catalog = shelf })
	if got := string(p.Calendar(sample.Now())); !strings.Contains(got, "STATUS:CANCELLED") {
		t.Errorf("the calendar keeps it:\n%s", got)
	}
}

func TestOrderPage_TicketsToOneThingStandTogether(t *testing.T) {
	t.Parallel()
	o := sample.Issued()
	second := o.Lines[0]
	second.Tariff, second.Places = sample.Full+1, second.Places[1:]
	o.Lines[0].Places = o.Lines[0].Places[:1]
	o.Lines = append(o.Lines, second)
	if p := orderPage(t, o); len(p.Shows) != 1 || len(p.Shows[0].Tickets) != 2 {
		t.Errorf("%d things", len(p.Shows))
	}
}

func TestOrderPage_NothingBeforeTheSale(t *testing.T) {
	t.Parallel()
	o := sample.Held()
	if _, err := service().OrderPage(&o, "", nil); !domain.HasCode(err, sales.CodeTicketNotIssued) {
		t.Errorf("%v", err)
	}
}

func TestOrderPage_TheBuyersLanguageComesBeforeTheBrowsers(t *testing.T) {
	t.Parallel()
	o := sample.Issued()
	o.Buyer.Language = "pt-BR "
	p, err := service().OrderPage(&o, "IT", []string{"de"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"it", "pt-br", "de", sample.Institution().MainLanguage, "en"}, p.Languages); diff != "" {
		t.Error(diff)
	}
}

func TestCalendar_HoldsTimesAndPlaceButNoTicket(t *testing.T) {
	t.Parallel()
	o := sample.Issued()
	p := orderPage(t, o)
	got := strings.ReplaceAll(string(p.Calendar(sample.Now())), "\r\n ", "")
	start := o.Lines[0].Facts.Start.UTC().Format("20060102T150405Z")
	for _, want := range []string{"DTSTART:" + start, "STATUS:CONFIRMED", "UID:" + string(o.ID) + "-0@guichet", "SUMMARY:Hamlet"} {
		if !strings.Contains(got, want+"\r\n") {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	for _, never := range []string{string(o.Tickets[0].Barcode), "Ada", "Muster", "ada@"} {
		if strings.Contains(got, never) {
			t.Errorf("it holds %s", never)
		}
	}
}
