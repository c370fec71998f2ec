package secutix

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/quota"
	"guichet/domain/sales"
	"guichet/domain/sample"
	"guichet/secutix/s360"
)

func TestPendingMethod_IsTheConfiguredOneOrTheSingleOneThatLooksLikeIt(t *testing.T) {
	t.Parallel()
	method := func(id int64, code, kind string, forPayment bool) s360.PaymentMethod {
		return s360.PaymentMethod{ID: s360.ID(id), Code: code, PaymentType: kind, ForPayment: s360.Bool(forPayment)}
	}
	card, cash := method(1, "CB", "CREDIT_CARD", true), method(2, "CASH", "CASH", true)
	waiting, pending := method(3, "RESELLER", "WAITING_ACCOUNT", true), method(4, "PENDING", "OTHER", true)
	pendingCard, refund := method(5, "PENDING_CARD", "CREDIT_CARD", true), method(6, "PENDING", "WAITING_ACCOUNT", false)
	tests := []struct {
		name    string
		methods []s360.PaymentMethod
		code    string
		want    int64
		why     string
	}{
		{"by type", []s360.PaymentMethod{card, cash, waiting}, "", 3, ""},
		{"by code", []s360.PaymentMethod{card, pending}, "", 4, ""},
		{"configured", []s360.PaymentMethod{card, cash, waiting, pending}, "PENDING", 4, ""},
		{"configured, whatever it looks like", []s360.PaymentMethod{card, cash, waiting}, "CASH", 2, ""},
		{"configured, not there", []s360.PaymentMethod{card, waiting}, "X", 0, `no payment method "X"`},
		{"configured in other letters", []s360.PaymentMethod{waiting}, "reseller", 0, "no payment method"},
		{"configured, not for payment", []s360.PaymentMethod{refund}, "PENDING", 0, "no payment method"},
		{"two look like it", []s360.PaymentMethod{waiting, pending}, "", 0, "2 payment methods"},
		{"none does", []s360.PaymentMethod{card, cash}, "", 0, "no payment method looks like"},
		{"never a card", []s360.PaymentMethod{pendingCard}, "", 0, "no payment method looks like"},
		{"never one to pay back with", []s360.PaymentMethod{refund, waiting}, "", 3, ""},
		{"no methods", nil, "", 0, "no payment method looks like"},
	}
	for _, tt := range tests {
		got, err := pendingMethod(tt.methods, tt.code)
		if int64(got.ID) != tt.want || (err == nil) != (tt.why == "") || (err != nil && !strings.Contains(err.Error(), tt.why)) {
			t.Errorf("%s: %d, %v", tt.name, got.ID, err)
		}
	}
}

func settings(change ...func(*Settings)) Settings {
	s := Settings{Code: "theatre", BaseURL: "https://theatre.ws.example", Operator: "THEATRE_X", Secret: "s", PartnerContact: "300"}
	for _, c := range change {
		c(&s)
	}
	s.setDefaults()
	return s
}

func posConfig(change ...func(*s360.POSConfigData)) *s360.POSConfigData {
	d := &s360.POSConfigData{
		PosID: 400, PosCode: "RESELL", SalesChannelID: 900, CurrencyCode: "EUR", OrganizationTimeZone: "Europe/Paris", MainLanguage: "FR",
		LanguageList: "fr,en_GB;de", OrganizationName: s360.Named("fr", "Grand Théâtre"),
		PaymentMethods: s360.List[s360.PaymentMethod]{{ID: 3, Code: "PENDING", PaymentType: "WAITING_ACCOUNT", ForPayment: true}},
	}
	for _, c := range change {
		c(d)
	}
	return d
}

func TestPointOfSales_IsTakenOver(t *testing.T) {
	t.Parallel()
	yes := s360.Bool(true)
	i := &institution{Settings: settings()}
	got, err := i.toPointOfSales(posConfig(func(d *s360.POSConfigData) { d.TestInstitution, d.MaxSeatsPerPerformance = &yes, whole(12) }))
	if err != nil {
		t.Fatal(err)
	}
	want := domain.Institution{
		Code: "theatre", Name: domain.Text{"fr": "Grand Théâtre"}, TimeZone: "Europe/Paris", Currency: "EUR", MainLanguage: "fr",
		Languages:    []string{"fr", "en-gb", "de"},
		PointOfSales: domain.PointOfSales{ID: 400, Code: "RESELL", SalesChannelID: 900, MaxPlaces: 12, Test: true},
	}
	if diff := cmp.Diff(want, got.inst); diff != "" || got.pending.ID != 3 {
		t.Errorf("pending %d (-want +got):\n%s", got.pending.ID, diff)
	}
}

func TestPointOfSales_ThatCannotBeSoldForIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		settings func(*Settings)
		config   func(*s360.POSConfigData)
		why      string // empty: accepted
	}{
		{"another currency", func(s *Settings) { s.Currency = "CHF" }, nil, "the platform sells in EUR"},
		{"the same currency", func(s *Settings) { s.Currency = "EUR" }, nil, ""},
		{"no currency said", nil, func(d *s360.POSConfigData) { d.CurrencyCode = "" }, "no usable currency"},
		{"no currency said, one configured", func(s *Settings) { s.Currency = "EUR" }, func(d *s360.POSConfigData) { d.CurrencyCode = "" }, ""},
		{"the organisation's currency", nil, func(d *s360.POSConfigData) {
			d.CurrencyCode, d.OrganizationCurrency = "", &s360.CurrencyCash{CurrencyCode: "eur"}
		}, ""},
		{"nonsense for a currency", nil, func(d *s360.POSConfigData) { d.CurrencyCode = "€" }, "no usable currency"},
		{"no zone", nil, func(d *s360.POSConfigData) { d.OrganizationTimeZone = "" }, "no usable time zone"},
		{"unknown zone", nil, func(d *s360.POSConfigData) { d.OrganizationTimeZone = "Middle/Earth" }, "no usable time zone"},
		{"zone configured", func(s *Settings) { s.TimeZone = "Europe/Rome" }, func(d *s360.POSConfigData) { d.OrganizationTimeZone = "" }, ""},
		{"configured zone unknown", func(s *Settings) { s.TimeZone = "Middle/Earth" }, nil, "no usable time zone"},
		{"no id", nil, func(d *s360.POSConfigData) { d.PosID = 0 }, "has no id"},
		{"no pending account", nil, func(d *s360.POSConfigData) { d.PaymentMethods = nil }, "pending account"},
		{"configured account missing", func(s *Settings) { s.PendingMethod = "OTHER" }, nil, `"OTHER"`},
	}
	for _, tt := range tests {
		s, d := settings(), posConfig()
		if tt.settings != nil {
			tt.settings(&s)
		}
		if tt.config != nil {
			tt.config(d)
		}
		_, err := (&institution{Settings: s}).toPointOfSales(d)
		if tt.why == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if e := domain.AsError(err); e == nil || e.Code != domain.CodePlatformConfig || !strings.Contains(e.Detail, tt.why) || !strings.Contains(e.Detail, "theatre") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestNew_NamesEveryProblem(t *testing.T) {
	t.Parallel()
	o := Options{Transport: http.DefaultTransport, Meter: quota.NewMeter(sample.Now, nil, nil), Clock: sample.Now, Log: slog.New(slog.DiscardHandler)}
	_, err := New([]Settings{
		settings(), settings(func(s *Settings) { s.Code, s.BaseURL = "museum", "ftp://x" }),
		settings(func(s *Settings) { s.Code, s.Secret, s.Auth = "opera", "", "basic" }), settings(),
	}, o)
	for _, want := range []string{"MUSEUM", "base URL", "OPERA", "secret", "basic", "theatre stands twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestToClose_PaysExactlyWhatWasHeldOnThePendingAccount(t *testing.T) {
	t.Parallel()
	pos := &pointOfSales{pending: s360.PaymentMethod{ID: 3}}
	o := sample.Held()
	for name, tt := range map[string]struct {
		change func(*Settings, *sales.Order)
		want   s360.List[s360.PaymentInfo]
	}{
		"plain":             {func(*Settings, *sales.Order) {}, s360.List[s360.PaymentInfo]{{Amount: 84_000, PaymentMethodID: 3}}},
		"payer named":       {func(s *Settings, _ *sales.Order) { s.PayerIsPartner = true }, s360.List[s360.PaymentInfo]{{Amount: 84_000, PaymentMethodID: 3, ContactReference: "300"}}},
		"payment implied":   {func(s *Settings, _ *sales.Order) { s.OmitPayments = true }, nil},
		"nothing to pay":    {func(_ *Settings, o *sales.Order) { o.Total = sample.Euros(0) }, nil},
		"in thousandths":    {func(_ *Settings, o *sales.Order) { o.Total = domain.Money{Amount: 1234, Currency: "TND"} }, s360.List[s360.PaymentInfo]{{Amount: 1234, PaymentMethodID: 3}}},
		"in whole francs":   {func(_ *Settings, o *sales.Order) { o.Total = domain.Money{Amount: 12, Currency: "XPF"} }, s360.List[s360.PaymentInfo]{{Amount: 12_000, PaymentMethodID: 3}}},
		"another purchaser": {func(_ *Settings, o *sales.Order) { o.PurchaserContact = "77" }, s360.List[s360.PaymentInfo]{{Amount: 84_000, PaymentMethodID: 3}}},
	} {
		s, o := settings(), o
		tt.change(&s, &o)
		r, err := (&institution{Settings: s}).toClose(o, pos)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, r.Payments); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		wantContact := "300"
		if o.PurchaserContact != "" {
			wantContact = o.PurchaserContact
		}
		if !bool(r.GenerateBarCodes) || r.OrderID != 1000001 || *r.MaxWaitingTime != 30 || r.PurchaserInfo.ContactReference != wantContact || r.OrderType != s360.OrderTypeSale {
			t.Errorf("%s: %+v", name, r)
		}
	}
	huge := o
	huge.Total = sample.Euros(1 << 62)
	if _, err := (&institution{Settings: settings()}).toClose(huge, pos); !domain.HasCode(err, sales.CodePayment) {
		t.Errorf("too much: %v", err)
	}
}
