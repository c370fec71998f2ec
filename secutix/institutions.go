package secutix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/quota"
	"guichet/secutix/s360"
)

// Settings are one institution's credentials and quirks, as configured.
type Settings struct {
	Code     domain.InstitutionCode
	Name     domain.Text // empty: the platform's organisation name
	BaseURL  string      // "https://theatre.ws.secutix.com"
	Platform string      // S-360's institution code, the token's subject; empty: Code in upper case
	Operator string      // virtual operator, "THEATRE_GUICHET"
	Partner  string      // our name as the platform knows it
	Secret   domain.Secret
	Auth     string          // "jwt" (self-forged tokens, the default) or "login" (/v1/auth)
	Version  string          // of the services; empty: v1_33
	TimeZone string          // IANA; empty: the platform's
	Currency domain.Currency // empty: the platform's; when given, the platform's must be the same
	// PartnerContact is the contact number orders are made for unless they name another.
	PartnerContact string
	// PendingMethod is the code of the payment method of our pending account; empty: the single one that looks like one.
	PendingMethod string
	// OmitPayments closes without naming the payment, for institutions where the pending account is implied.
	OmitPayments bool
	// PayerIsPartner names the partner contact as the account holder in the payment.
	PayerIsPartner bool
	// RefundOrders undoes sales by refund orders of our own. Without it, which is the default because no documentation
	// shows the call, the institution undoes them by hand and we watch the file.
	RefundOrders bool
	// ExchangeOrders exchanges sold places by an order of our own in the sale's file, before the old ones are taken back as
	// RefundOrders says. Without it the institution exchanges by hand.
	ExchangeOrders bool
	// VisitDate and VisitSlot name the members of an item's operation that carry the day and the slot; empty: the
	// client's defaults. The platform's own names are not known.
	VisitDate, VisitSlot string
	// MaxWait is sent as maxWaitingTime with a close, whose unit is not known; 0 is 30, harmless in both readings.
	MaxWait int
	// Words classify this institution's error codes before the built-in table does.
	Words []Word
	// SalePeriodRelativeUnit is the unit of a sale period's relative end, one of RelativeUnits; empty: minutes. The
	// platform's own is not known.
	SalePeriodRelativeUnit string
	// HoldLifetime is how long a hold lasts where the platform does not say; 0 is 10 minutes.
	HoldLifetime time.Duration
}

// Options are what all institutions share. All members are mandatory but Transport and Keeper.
type Options struct {
	Transport http.RoundTripper // nil: http.DefaultTransport's settings
	Meter     Meter
	Clock     domain.Clock
	Log       *slog.Logger
	Keeper    Keeper // of what an order's calls asked and were answered; nil keeps nothing
}

// Institutions knows which client serves which institution. It is safe for concurrent use.
type Institutions struct {
	byCode map[domain.InstitutionCode]*institution
	codes  []domain.InstitutionCode
	log    *slog.Logger
	clock  domain.Clock
}

// institution is one institution with its client and what its point of sales said last.
type institution struct {
	Settings
	client *s360.Client
	pos    atomic.Pointer[pointOfSales]
	vat    atomic.Pointer[[]catalog.VATRate] // as the last full load read them
}

// pointOfSales is what of getPOSConfig a sale needs.
type pointOfSales struct {
	inst    domain.Institution
	pending s360.PaymentMethod
	channel string // the sales channel's code; empty where it is not said
}

// New makes a client for every institution, or an error that names every problem of the settings. It makes no call.
func New(settings []Settings, o Options) (*Institutions, error) {
	in := &Institutions{byCode: map[domain.InstitutionCode]*institution{}, log: o.Log, clock: o.Clock}
	var problems []error
	for _, s := range settings {
		s.setDefaults()
		if in.byCode[s.Code] != nil {
			problems = append(problems, fmt.Errorf("institution %s stands twice", s.Code))
			continue
		}
		if _, ok := RelativeUnits()[s.SalePeriodRelativeUnit]; !ok {
			problems = append(problems, fmt.Errorf("institution %s: no unit %q of relative ends", s.Code, s.SalePeriodRelativeUnit))
			continue
		}
		client, err := s360.New(s360.Options{
			BaseURL: s.BaseURL, Institution: s.Platform, Operator: s.Operator, Partner: s.Partner, Secret: s360.Secret(s.Secret.Reveal()),
			Auth: s360.AuthMode(s.Auth), SubjectCase: s360.SubjectAsIs, Versions: versions(s.Version), Transport: o.Transport,
			Gate: gate{meter: o.Meter, code: s.Code, clock: o.Clock}, Clock: o.Clock, Logger: o.Log,
			Tape: in.tape(o.Keeper, s),
		})
		if err != nil {
			problems = append(problems, err)
			continue
		}
		in.byCode[s.Code] = &institution{Settings: s, client: client}
		in.codes = append(in.codes, s.Code)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return in, nil
}

func (s *Settings) setDefaults() {
	if s.Platform == "" {
		s.Platform = strings.ToUpper(string(s.Code))
	}
	if s.Auth == "" {
		s.Auth = string(s360.AuthJWT)
	}
	if s.VisitDate == "" {
		s.VisitDate = s360.DefaultVisitDateMember
	}
	if s.VisitSlot == "" {
		s.VisitSlot = s360.DefaultTimeslotMember
	}
	if s.SalePeriodRelativeUnit == "" {
		s.SalePeriodRelativeUnit = "minutes"
	}
	if s.MaxWait == 0 {
		s.MaxWait = 30
	}
	if s.HoldLifetime == 0 {
		s.HoldLifetime = 10 * time.Minute
	}
}

func versions(v string) map[string]string {
	if v == "" {
		return nil
	}
	out := map[string]string{}
	for _, service := range []string{"catalogService", "availabilityService", "externalOrderFacade", "externalOrderService"} {
		out[service] = v
	}
	return out
}

// Codes lists the institutions in the order of the configuration.
func (in *Institutions) Codes() []domain.InstitutionCode { return slices.Clone(in.codes) }

// Client is the raw client of an institution, for the doctor; nil for an unknown one.
func (in *Institutions) Client(code domain.InstitutionCode) *s360.Client {
	if i := in.byCode[code]; i != nil {
		return i.client
	}
	return nil
}

func (in *Institutions) of(code domain.InstitutionCode) (*institution, error) {
	i, ok := in.byCode[code]
	if !ok {
		return nil, domain.Errorf(domain.NotFound, "institution.unknown", "no institution %q", code)
	}
	return i, nil
}

// Prepare asks the point of sales who the institution is and finds the pending account's payment method. An institution
// that cannot be sold for gives platform.config, and start-up refuses it.
// S-360: CatalogService.getPOSConfig.
func (in *Institutions) Prepare(ctx context.Context, code domain.InstitutionCode) (domain.Institution, error) {
	i, err := in.of(code)
	if err != nil {
		return domain.Institution{}, err
	}
	answer, err := i.client.WithClass(classRefresh).Catalog.GetPOSConfig(ctx)
	if err != nil {
		return domain.Institution{}, toError(err)
	}
	if answer.POSConfigData == nil {
		return domain.Institution{}, domain.Errorf(domain.Upstream, domain.CodePlatformAnswer, "the point of sales of %s is empty", code)
	}
	pos, err := i.toPointOfSales(answer.POSConfigData)
	if err != nil {
		return domain.Institution{}, err
	}
	i.pos.Store(pos)
	return pos.inst, nil
}

// point is what the point of sales said last, asked now where it never was.
func (in *Institutions) point(ctx context.Context, i *institution) (*pointOfSales, error) {
	if p := i.pos.Load(); p != nil {
		return p, nil
	}
	if _, err := in.Prepare(ctx, i.Code); err != nil {
		return nil, err
	}
	return i.pos.Load(), nil
}

func (i *institution) toPointOfSales(d *s360.POSConfigData) (*pointOfSales, error) {
	config := func(format string, args ...any) error {
		return domain.Errorf(domain.Unavailable, domain.CodePlatformConfig, "%s: "+format, append([]any{i.Code}, args...)...)
	}
	inst := domain.Institution{
		Code: i.Code, Name: i.Name, TimeZone: i.TimeZone, MainLanguage: strings.ToLower(d.MainLanguage), Currency: i.Currency,
		PointOfSales: domain.PointOfSales{
			ID: int64(d.PosID), Code: d.PosCode, SalesChannelID: int64(d.SalesChannelID), MaxPlaces: number(d.MaxSeatsPerPerformance),
			Test: d.TestInstitution != nil && bool(*d.TestInstitution),
		},
	}
	if len(inst.Name) == 0 {
		inst.Name = toText(d.OrganizationName)
	}
	if inst.TimeZone == "" {
		inst.TimeZone = d.OrganizationTimeZone
	}
	if _, err := time.LoadLocation(inst.TimeZone); err != nil || inst.TimeZone == "" {
		return nil, config("no usable time zone: the platform says %q; configure time_zone", d.OrganizationTimeZone)
	}
	said := currencyOf(d)
	switch {
	case !said.Valid() && inst.Currency == "":
		return nil, config("no usable currency: the platform says %q; configure currency", said)
	case inst.Currency == "":
		inst.Currency = said
	case said.Valid() && said != inst.Currency:
		return nil, config("the platform sells in %s, the configuration says %s", said, inst.Currency)
	}
	if d.PosID == 0 {
		return nil, config("the point of sales has no id")
	}
	inst.Languages = toLanguages(d.LanguageList, inst.MainLanguage)
	pending, err := pendingMethod(d.PaymentMethods, i.PendingMethod)
	if err != nil {
		return nil, config("%v", err)
	}
	return &pointOfSales{inst: inst, pending: pending, channel: d.SalesChannelCode}, nil
}

// currencyOf is the currency the point of sales sells in.
func currencyOf(d *s360.POSConfigData) domain.Currency {
	for _, c := range []string{d.CurrencyCode, codeOf(d.OrganizationCurrency), codeOf(d.InstitutionCurrency)} {
		if c != "" {
			return domain.Currency(strings.ToUpper(c))
		}
	}
	return ""
}

func codeOf(c *s360.CurrencyCash) string {
	if c == nil {
		return ""
	}
	return c.CurrencyCode
}

// toLanguages reads a list written with any separator; the main language comes first.
func toLanguages(list, main string) []string {
	out := []string{}
	for _, l := range append([]string{main}, strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '|' })...) {
		if l = language(l); l != "" && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// language writes a locale as we do: "it_IT" is "it-it".
func language(locale string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(locale), "_", "-"))
}

// pendingMethod finds the payment method of our pending account: the configured code, or the single one that looks like a
// waiting account. It never picks by rank and never a card.
func pendingMethod(methods []s360.PaymentMethod, code string) (s360.PaymentMethod, error) {
	var usable, found []s360.PaymentMethod
	var codes []string
	for _, m := range methods {
		if !bool(m.ForPayment) {
			continue
		}
		usable = append(usable, m)
		codes = append(codes, m.Code)
	}
	for _, m := range usable {
		word := strings.ToUpper(m.PaymentType + " " + m.Code)
		switch {
		case code != "" && m.Code == code,
			code == "" && !strings.Contains(word, "CARD") && (strings.Contains(word, "WAIT") || strings.Contains(word, "PENDING")):
			found = append(found, m)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case code != "":
		return s360.PaymentMethod{}, fmt.Errorf("no payment method %q for our pending account at the point of sales; it has %s", code, strings.Join(codes, ", "))
	case len(found) == 0:
		return s360.PaymentMethod{}, fmt.Errorf("no payment method looks like a pending account (%s); configure pending_method", strings.Join(codes, ", "))
	default:
		return s360.PaymentMethod{}, fmt.Errorf("%d payment methods look like a pending account (%s); configure pending_method", len(found), strings.Join(codes, ", "))
	}
}

func number(n *s360.Int) int {
	if n == nil || *n < 0 || *n > 1<<31-1 {
		return 0
	}
	return int(*n)
}

// toText takes over a translated text.
func toText(n *s360.ExternalName) domain.Text {
	if n == nil {
		return nil
	}
	var t domain.Text
	for _, tr := range n.Translations {
		if l := language(tr.Locale); l != "" && strings.TrimSpace(tr.Value) != "" {
			if t == nil {
				t = domain.Text{}
			}
			t[l] = tr.Value
		}
	}
	return t
}

// Alive asks whether the institution's services answer us, signed in. S-360: CatalogService.isCatalogServiceAlive.
func (in *Institutions) Alive(ctx context.Context, code domain.InstitutionCode) error {
	i, err := in.of(code)
	if err != nil {
		return err
	}
	if err := i.client.WithClass(string(quota.Admin)).Catalog.IsCatalogServiceAlive(ctx); err != nil {
		return toError(err)
	}
	return nil
}
