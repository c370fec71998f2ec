package sim

import (
	"strings"
	"testing"

	"guichet/secutix/s360"
)

// The size that the command's flags promise: 2,000 products with 20,000 performances.
func TestGenerateWorld_TwentyThousandPerformances_AreTenToSixtyMegabytes(t *testing.T) {
	t.Parallel()
	in, err := grow(GenerateWorld(WorldOptions{Products: 2_000, Performances: 20_000, Seed: 7}), 1, 1, aDay)
	if err != nil {
		t.Fatal(err)
	}
	body, err := catalogView{in: in, now: aDay}.kept().bytes()
	if n := len(body); err != nil || n < 10_000_000 || n > 60_000_000 || len(in.perfOf) != 20_000 {
		t.Errorf("%d bytes, %d performances: %v", n, len(in.perfOf), err)
	}
}

func TestGenerateWorld_ShowsEveryKind_AndWhatACatalogCanHold(t *testing.T) {
	t.Parallel()
	p := generatedPlatform(t, WorldOptions{Code: "big", Products: 200, Performances: 2_000, Seed: 7})
	d := at(t, p, "big")
	kinds, states, seen, ids := map[string]int{}, map[string]int{}, map[string]int{}, map[s360.ID]bool{}
	count := func(what string, is bool) {
		if is {
			seen[what]++
		}
	}
	for _, s := range d.catalog(object{}).Seasons {
		count("advantages", len(s.Advantages) == 2 && len(s.Advantages[0].Products) == 3)
		for _, pr := range s.Products {
			for _, kind := range kindsOf(pr) {
				kinds[kind]++
				if kind != pr.ProductFamilyType {
					t.Errorf("%s is %s and has %s", pr.Code, pr.ProductFamilyType, kind)
				}
			}
			states[pr.AdditionalState]++
			checkComposed(t, pr)
			for _, it := range itemsIn(t, pr) {
				if ids[it.ItemID] || len(it.ItemPrices) == 0 || it.ItemID < 10_000_000_000_000 {
					t.Errorf("%s: item %d", pr.Code, it.ItemID)
				}
				ids[it.ItemID] = true
				count("donation", it.DonationAmount != nil)
				count("voucher", it.VoucherMinAmount != nil)
			}
			count("picture", strings.HasPrefix(pr.Logo, "https://") && pr.LargeImageURL != "")
			count("topic", len(pr.SubTopics) > 0)
			count("link", len(pr.CrossSellProductLinks) > 0)
			count("end with the performance", pr.SalePeriods[0].EndRelative != nil)
			count("two channels", len(pr.SalePeriods) == 2 && pr.SalePeriods[0].SalesChannelID != pr.SalePeriods[1].SalesChannelID)
			count("some tariffs", len(pr.SalePeriods[0].AudienceSubCatIDs) > 0)
			if pr.Pass != nil {
				count("slots", len(pr.Pass.Timeslots) > 0 && len(pr.Pass.Items[0].TimeslotIDs) == len(pr.Pass.Timeslots))
				count("guided", bool(pr.Pass.Guided) && len(pr.Pass.Timeslots[0].AllVisitThemes) > 0)
				count("day", bool(pr.Pass.DateMandatory) && len(pr.Pass.Timeslots) == 0)
			}
			count("fixed", pr.SeasonTicket != nil && bool(pr.SeasonTicket.FixedSeat))
			count("chosen", pr.SeasonTicket != nil && len(pr.SeasonTicket.SeasonTicketSubjects) == 2)
			count("validity", pr.Membership != nil && !pr.Membership.ValidityEndDate.IsZero())
			if pr.Event == nil {
				continue
			}
			for _, f := range pr.Event.Performances {
				count("match", len(f.Match) > 0 && pr.Event.ActivityType == "SPORT")
				count("own period", len(f.SalePeriods) > 0)
				count("suspended", f.State == s360.StateSuspended)
				count("canceled", f.State == s360.StateCanceled)
			}
		}
	}
	for _, family := range allFamilies() {
		if kinds[family] == 0 {
			t.Errorf("no %s", family)
		}
	}
	for _, state := range []string{"SOLD_OUT", "MOVED_OR_POSTPONED", "SOON_ON_SALE"} {
		if states[state] == 0 {
			t.Errorf("nothing is %s", state)
		}
	}
	for _, what := range []string{
		"advantages", "donation", "voucher", "picture", "topic", "link", "end with the performance", "two channels", "some tariffs", "slots", "guided", "day",
		"fixed", "chosen", "validity", "match", "own period", "suspended", "canceled",
	} {
		if seen[what] == 0 {
			t.Errorf("nothing has: %s", what)
		}
	}
	t.Logf("kinds %v, states %v, %v", kinds, states, seen)
}
