package sim

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/secutix/s360"
)

// kindsOf lists what makes a product a kind of product.
func kindsOf(p s360.Product) []string {
	var out []string
	for family, is := range map[string]bool{
		s360.FamilySingleEntry: p.Event != nil, s360.FamilyPass: p.Pass != nil, s360.FamilyService: p.Service != nil, s360.FamilyGoods: p.Goods != nil,
		s360.FamilyMembership: p.Membership != nil, s360.FamilySeasonTicket: p.SeasonTicket != nil, s360.FamilyPackage: p.Pack != nil,
		s360.FamilyTransport: p.Transport != nil, s360.FamilyHospitality: p.Hospitality != nil,
	} {
		if is {
			out = append(out, family)
		}
	}
	return out
}

// itemsIn reads the items of a product of any kind.
func itemsIn(t *testing.T, p s360.Product) s360.List[s360.Item] {
	t.Helper()
	var loose struct {
		Items s360.List[s360.Item] `json:"items"`
	}
	for _, rawKind := range []json.RawMessage{p.Transport, p.Hospitality} {
		if rawKind != nil {
			if err := s360.Decode(rawKind, &loose); err != nil {
				t.Fatal(err)
			}
		}
	}
	if p.SeasonTicket != nil {
		loose.Items = p.SeasonTicket.Items
	}
	if p.Pack != nil {
		loose.Items = p.Pack.Items
	}
	for _, list := range itemsOf(&p) {
		loose.Items = list
	}
	return loose.Items
}

func TestWorlds_TogetherShowEveryKind_WithWhatMakesItSellable(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	found := map[string]int{}
	for _, name := range ShippedNames() {
		for _, pr := range at(t, p, name).catalog(object{}).Seasons[0].Products {
			for _, kind := range kindsOf(pr) {
				found[kind]++
			}
			if pr.Event == nil {
				items := itemsIn(t, pr)
				if len(items) == 0 || len(items[0].ItemPrices) == 0 {
					t.Errorf("%s %s: nothing to buy", name, pr.Code)
				}
			}
			checkComposed(t, pr)
		}
	}
	for _, family := range allFamilies() {
		if found[family] == 0 {
			t.Errorf("no %s in any world", family)
		}
	}
}

// checkComposed looks at the lines of a season ticket or package.
func checkComposed(t *testing.T, pr s360.Product) {
	t.Helper()
	var inner []*s360.Product
	if st := pr.SeasonTicket; st != nil {
		lines := slices.Clone(st.SeasonTicketLines)
		for _, s := range st.SeasonTicketSubjects {
			if s.MinEvents == nil || len(s.SeasonTicketLines) == 0 || s.ExternalName == nil {
				t.Errorf("%s: subject %s", pr.Code, s.Code)
			}
			lines = append(lines, s.SeasonTicketLines...)
		}
		for _, l := range lines {
			if l.SeasonTicketLineID == 0 || l.Product == nil || l.Product.Event == nil || len(l.Product.Event.Performances) == 0 {
				t.Errorf("%s: line %+v", pr.Code, l)
			}
			inner = append(inner, l.Product)
		}
	}
	if pr.Pack != nil {
		for _, l := range pr.Pack.PackageLine {
			if l.PackageLineID == 0 || l.Product == nil || l.Quantity == nil {
				t.Errorf("%s: line %+v", pr.Code, l)
			}
			inner = append(inner, l.Product)
		}
	}
	if (pr.SeasonTicket != nil || pr.Pack != nil) && len(inner) < 2 {
		t.Errorf("%s: %d lines", pr.Code, len(inner))
	}
}

func TestComposedAndTransport_AreRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for world, code := range map[string]string{"theatre": "ABOLIBRE", "stadium": "SHUTTLE", "museum": "COFFRET"} {
		d := at(t, p, world)
		it := d.product(code).items[0]
		o := d.create(object{"pointOfSalesId": d.in.w.PointOfSales.ID, "simpleProductOperations": []object{{"itemId": it.id, "audienceSubCategoryId": d.in.tariffs[0].id, "quantity": 1}}})
		if o.code() != errKind || !strings.Contains(o.str("statusDetail"), code) {
			t.Errorf("%s: %v", code, o)
		}
		for _, member := range []string{"composedProductOperations", "transportProductOperations"} {
			o := d.create(object{"pointOfSalesId": d.in.w.PointOfSales.ID, member: []object{{"itemId": it.id}}})
			if o.code() != errKind || !strings.Contains(o.str("statusDetail"), member) {
				t.Errorf("%s: %v", member, o)
			}
		}
		if av := d.must("availabilityService", "getProductAvailability", object{"pointOfSalesId": d.in.w.PointOfSales.ID, "productIds": []int64{it.product.id}}).list("productAvailabilityData"); av[0].list("itemAvailabilities")[0].id("quantity") != int64(it.def.Stock) {
			t.Errorf("%s: %v", code, av)
		}
	}
	sound(t, p)
}

func TestDatedPass_IsSoldForADay(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "museum")
	it := d.product("JOUR").items[0]
	ask := func(day string, n int) object {
		line := object{"itemId": it.id, "audienceSubCategoryId": d.in.tariffs[0].id, "quantity": n}
		if day != "" {
			line["visitDate"] = day
		}
		return d.create(object{"pointOfSalesId": d.in.w.PointOfSales.ID, "simpleProductOperations": []object{line}})
	}
	today := aDay.In(d.in.zone)
	for _, bad := range []string{"", today.AddDate(0, 0, -1).Format(time.DateOnly), today.AddDate(2, 0, 0).Format(time.DateOnly)} {
		if o := ask(bad, 1); o.code() != errVisitDate {
			t.Errorf("%q: %v", bad, o)
		}
	}
	day := today.AddDate(0, 0, 3).Format(time.DateOnly)
	o := ask(day, 2)
	u := o.get("orderUpdateData")
	if m := u.list("movementDataUpdates"); o.code() != "success" || !strings.HasPrefix(m[0].str("startValidityDate"), day) {
		t.Errorf("%v", o)
	}
	d.must("externalOrderService", "closeOrder", d.closing(u.id("orderId"), 32_000))
	lines := d.must("availabilityService", "getProductAvailability", object{"pointOfSalesId": d.in.w.PointOfSales.ID, "productIds": []int64{it.product.id}}).list("productAvailabilityData")[0].list("itemAvailabilities")
	if len(lines) != slotDays || lines[3].id("quantity") != 298 || lines[4].id("quantity") != 300 {
		t.Errorf("%d days: %v", len(lines), lines[3:5])
	}
	sound(t, p)
}

func TestCatalog_AdditionalStates_FollowTheSale(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	state := func() string {
		return d.catalog(object{"productCode": "MESSIE"}).Seasons[0].Products[0].AdditionalState
	}
	if got := state(); got != "SOON_ON_SALE" {
		t.Error(got)
	}
	p.Clock.Set(d.product("MESSIE").saleOpens)
	if got := state(); got != "ON_SALE" {
		t.Error(got)
	}
	if got := at(t, p, "stadium").catalog(object{"productCode": "SAISON"}).Seasons[0].Products[0].AdditionalState; got != "SOLD_OUT" {
		t.Error(got)
	}
}

func TestGuidedVisit_TellsThemesAndLanguages(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "museum")
	p := d.product("GUIDE")
	list := d.must("availabilityService", "getAvailableThemeAndLanguage", object{"passId": p.id, "timeslotIds": []int64{p.items[0].slots[0].id}}).list("listThemeAndLanguage")
	if len(list) != 6 || list[0].id("themeId") != 1301 {
		t.Errorf("%v", list)
	}
	if pass := d.catalog(object{"productCode": "GUIDE"}).Seasons[0].Products[0].Pass; !bool(pass.Guided) || !strings.Contains(string(pass.Timeslots[0].AllVisitThemes), "COULEUR") {
		t.Errorf("%+v", pass)
	}
}

func TestWorld_ComposedOfWhatIsNotThere_IsRefused(t *testing.T) {
	t.Parallel()
	w, err := ShippedWorld("theatre")
	if err != nil {
		t.Fatal(err)
	}
	w.Products[12].Lines[0].Product = "GHOST"
	w.Products[13].Lines[0].Subject = "SHADE"
	w.Products[13].CrossSell = []string{"WRAITH"}
	w.Products[15].Lines[0].Tariff = "SPOOK"
	w.Advantages[0].Products = []string{"PHANTOM"}
	w.Products[0].Lines = []LineRule{{Product: "GODOT"}}
	w.Products[1].Family = "VOUCHER"
	err = w.check()
	for _, want := range []string{"GHOST", "SHADE", "WRAITH", "SPOOK", "PHANTOM", "HAMLET", "VOUCHER"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named: %v", want, err)
		}
	}
}
