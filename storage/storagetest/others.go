package storagetest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/quota"
	"guichet/domain/storefront"
	"guichet/storage"
)

func catalogTests() []test {
	return []test{
		{"any snapshot comes back as it was", anySnapshotComesBack},
		{"an institution never loaded has a zero state and no snapshot", neverLoaded},
		{"versions rise and the newest serves", versionsRise},
		{"the state changes through its closure", stateChanges},
		{"state changes at once lose none", stateChangesLoseNone},
		{"a newer reading replaces, an older one is ignored", olderReadingIgnored},
		{"each save has its sequence number", availabilitySequence},
		{"a new catalog keeps the availability of others", replaceKeepsAvailability},
		{"thousands of readings are saved at once", manyReadings},
	}
}

// anySnapshot makes snapshots of every shape that reflection finds in the types.
func anySnapshot() *rapid.Generator[*catalog.Snapshot] {
	config := anyShape()
	config.Fields[reflect.TypeFor[catalog.Product]()] = map[string]*rapid.Generator[any]{
		"Performances": rapid.Just([]catalog.PerformanceID(nil)).AsAny(),
	}
	some := func(t *rapid.T) int { return rapid.IntRange(0, 2).Draw(t, "n") }
	return rapid.Custom(func(t *rapid.T) *catalog.Snapshot {
		s := &catalog.Snapshot{
			Institution: rapid.MakeCustom[domain.Institution](config).Draw(t, "institution"),
			SetupStamp:  rapid.String().Draw(t, "stamp"),
			LoadedAt:    time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "loaded")).UTC(),
		}
		for range some(t) {
			s.Seasons = append(s.Seasons, rapid.MakeCustom[catalog.Season](config).Draw(t, "season"))
			s.Tariffs = append(s.Tariffs, rapid.MakeCustom[catalog.Tariff](config).Draw(t, "tariff"))
			s.Refused = append(s.Refused, rapid.MakeCustom[catalog.Refusal](config).Draw(t, "refused"))
			s.PriceLevels = append(s.PriceLevels, rapid.MakeCustom[catalog.PriceLevel](config).Draw(t, "level"))
			s.VAT = append(s.VAT, rapid.MakeCustom[catalog.VATRate](config).Draw(t, "vat"))
			s.Advantages = append(s.Advantages, rapid.MakeCustom[catalog.Advantage](config).Draw(t, "advantage"))
			s.Halls = append(s.Halls, rapid.MakeCustom[catalog.Configuration](config).Draw(t, "hall"))
			s.Raw = append(s.Raw, rapid.Byte().Draw(t, "raw"))
		}
		for i := range some(t) {
			p := rapid.MakeCustom[catalog.Product](config).Draw(t, "product")
			p.ID = catalog.ProductID(i + 1)
			s.Products = append(s.Products, p)
		}
		for i := range some(t) {
			p := rapid.MakeCustom[catalog.Performance](config).Draw(t, "performance")
			p.ID = catalog.PerformanceID(i + 1)
			s.Performances = append(s.Performances, p)
		}
		return s
	})
}

// anySnapshotComesBack tries a dozen, each with every member of every type set in many ways: drawing one costs more than
// storing it.
func anySnapshotComesBack(t check) {
	snapshots := anySnapshot()
	for seed := range 12 {
		s := snapshots.Example(seed)
		s.Institution.Code = domain.InstitutionCode(fmt.Sprintf("i%d", seed))
		state, err := t.db.Catalog().ReplaceCatalog(t.Context(), s, catalog.State{}, catalog.Delta{})
		if err != nil {
			t.Fatalf("seed %d: replace: %v", seed, err)
		}
		got, err := t.db.Catalog().Snapshot(t.Context(), s.Institution.Code)
		if err != nil {
			t.Fatalf("seed %d: load: %v", seed, err)
		}
		s.Version = state.Version
		s.Index()
		if diff := cmp.Diff(s, got, cmpopts.IgnoreUnexported(catalog.Snapshot{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d: another snapshot (-want +got):\n%s", seed, diff)
		}
	}
}

func neverLoaded(t check) {
	state, err := t.db.Catalog().CatalogState(t.Context(), "opera")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(catalog.State{Institution: "opera"}, state); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	_, err = t.db.Catalog().Snapshot(t.Context(), "opera")
	wantCode(t, err, domain.NotFound, catalog.CodeCatalogUnknown)
	readings, err := t.db.Catalog().Availability(t.Context(), "opera", 0)
	if err != nil || len(readings) != 0 {
		t.Errorf("%d readings (%v), want none", len(readings), err)
	}
}

func snapshot(stamp string) *catalog.Snapshot {
	return &catalog.Snapshot{
		Institution: domain.Institution{Code: "opera", Currency: "EUR"}, SetupStamp: stamp, LoadedAt: noon(),
		Products: []catalog.Product{{ID: 7, Kind: catalog.KindEvent}},
	}
}

func versionsRise(t check) {
	for n := int64(1); n <= 5; n++ {
		stamp := fmt.Sprintf("s%d", n)
		state, err := t.db.Catalog().ReplaceCatalog(t.Context(), snapshot(stamp), catalog.State{SetupStamp: stamp, LoadedAt: noon(), CheckedAt: noon()}, catalog.Delta{From: n - 1})
		if err != nil {
			t.Fatal(err)
		}
		want := catalog.State{
			Institution: "opera", Version: n, SetupStamp: stamp, LoadedAt: noon(), CheckedAt: noon(), AvailabilitySeq: n, Summary: "nothing changed",
		}
		if diff := cmp.Diff(want, state); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
		stored, err := t.db.Catalog().CatalogState(t.Context(), "opera")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, stored); diff != "" {
			t.Errorf("stored state (-want +got):\n%s", diff)
		}
		got, err := t.db.Catalog().Snapshot(t.Context(), "opera")
		if err != nil || got.Version != n || got.SetupStamp != stamp || got.Product(7) == nil {
			t.Errorf("version %d with stamp %q serves (%v), want %d, indexed", got.Version, got.SetupStamp, err, n)
		}
	}
}

func stateChanges(t check) {
	if _, err := t.db.Catalog().ReplaceCatalog(t.Context(), snapshot("s"), catalog.State{SetupStamp: "s", LoadedAt: noon()}, catalog.Delta{}); err != nil {
		t.Fatal(err)
	}
	zone := time.FixedZone("east", 3600)
	state, err := t.db.Catalog().UpdateCatalogState(t.Context(), "opera", func(s *catalog.State) error {
		s.RefusedAt, s.RefusedReason, s.RefusedStamp = noon().In(zone), "too few", "s2"
		s.FailedAt, s.FailedReason, s.CheckedAt = noon(), "platform.unreachable", noon()
		s.Version, s.AvailabilitySeq = 99, 99 // not the closure's to change
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := catalog.State{
		Institution: "opera", Version: 1, SetupStamp: "s", LoadedAt: noon(), CheckedAt: noon(), RefusedAt: noon(),
		RefusedReason: "too few", RefusedStamp: "s2", FailedAt: noon(), FailedReason: "platform.unreachable",
		AvailabilitySeq: 1, Summary: "nothing changed",
	}
	if diff := cmp.Diff(want, state); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	_, err = t.db.Catalog().UpdateCatalogState(t.Context(), "opera", func(s *catalog.State) error {
		s.SetupStamp = "lost"
		return errClosure
	})
	if !errors.Is(err, errClosure) {
		t.Errorf("error = %v, want the closure's", err)
	}
	stored, err := t.db.Catalog().CatalogState(t.Context(), "opera")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Errorf("stored state (-want +got):\n%s", diff)
	}
}

func stateChangesLoseNone(t check) {
	const changes = 30
	var wg sync.WaitGroup
	for range changes {
		wg.Go(func() {
			_, err := t.db.Catalog().UpdateCatalogState(t.Context(), "opera", func(s *catalog.State) error {
				s.SetupStamp += "x"
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	state, err := t.db.Catalog().CatalogState(t.Context(), "opera")
	if err != nil || len(state.SetupStamp) != changes {
		t.Errorf("%d changes were kept (%v), want %d", len(state.SetupStamp), err, changes)
	}
}

func reading(performance catalog.PerformanceID, count int, at time.Time) catalog.Reading {
	return catalog.Reading{
		Key: catalog.Key{Product: 1, Performance: performance},
		Availability: catalog.Availability{
			Level: catalog.LevelGood, Count: count, Counted: true, PlatformLevel: "GOOD", AsOf: at,
		},
	}
}

func save(t check, at time.Time, readings ...catalog.Reading) catalog.State {
	t.Helper()
	state, err := t.db.Catalog().SaveAvailability(t.Context(), "opera", readings, at)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func olderReadingIgnored(t check) {
	east := time.FixedZone("east", 5*60*60)
	save(t, noon(), reading(1, 10, noon()), reading(2, 20, noon()), reading(3, 30, noon()))
	state := save(t, noon().Add(time.Minute),
		reading(1, 9, noon().Add(time.Second).In(east)),              // newer
		reading(2, 99, noon().Add(-time.Millisecond).In(east)),       // older, though its clock shows more
		reading(3, 29, noon()),                                       // the same moment, saved later
		reading(4, 1, noon()), reading(4, 2, noon().Add(-time.Hour)), // twice in one call
	)
	if state.AvailabilitySeq != 2 || !state.AvailabilityAt.Equal(noon().Add(time.Minute)) {
		t.Errorf("state is at sequence %d of %s, want 2 of 12:01", state.AvailabilitySeq, state.AvailabilityAt)
	}
	got, err := t.db.Catalog().Availability(t.Context(), "opera", 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []catalog.Reading{
		reading(1, 9, noon().Add(time.Second)), reading(2, 20, noon()), reading(3, 29, noon()), reading(4, 1, noon()),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
	if state := save(t, time.Time{}); !state.AvailabilityAt.Equal(noon().Add(time.Minute)) {
		t.Errorf("a save without a time moved it to %s", state.AvailabilityAt)
	}
}

func availabilitySequence(t check) {
	full := reading(1, 5, noon())
	full.Key = catalog.Key{Product: 1, Performance: 2, SeatCategory: 3, Contingent: 6, Item: 4, Timeslot: 5, Day: "2026-11-21"}
	other := full // but for its contingent the same thing
	other.Contingent, other.Count = 7, 0
	first := save(t, noon(), full, other, reading(1, 10, noon()))
	second := save(t, noon(), reading(2, 20, noon()))
	if second.AvailabilitySeq <= first.AvailabilitySeq {
		t.Errorf("sequence went from %d to %d", first.AvailabilitySeq, second.AvailabilitySeq)
	}
	for seq, want := range map[int64][]catalog.Reading{
		0: {reading(1, 10, noon()), reading(2, 20, noon()), full, other}, first.AvailabilitySeq: {reading(2, 20, noon())}, second.AvailabilitySeq: {},
	} {
		got, err := t.db.Catalog().Availability(t.Context(), "opera", seq)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %d (-want +got):\n%s", seq, diff)
		}
	}
	if got, err := t.db.Catalog().Availability(t.Context(), "museum", 0); err != nil || len(got) != 0 {
		t.Errorf("another institution has %d readings (%v)", len(got), err)
	}
}

func replaceKeepsAvailability(t check) {
	stale := catalog.State{SetupStamp: "s"} // read before the availability was saved
	saved := save(t, noon(), reading(1, 1, noon()))
	state, err := t.db.Catalog().ReplaceCatalog(t.Context(), snapshot("s"), stale, catalog.Delta{})
	if err != nil {
		t.Fatal(err)
	}
	if state.AvailabilitySeq != saved.AvailabilitySeq+1 || !state.AvailabilityAt.Equal(noon()) {
		t.Errorf("a new catalog set availability back to %d of %s", state.AvailabilitySeq, state.AvailabilityAt)
	}
}

func manyReadings(t check) {
	readings := make([]catalog.Reading, 3000)
	for i := range readings {
		readings[i] = reading(catalog.PerformanceID(i), i, noon())
	}
	save(t, noon(), readings...)
	got, err := t.db.Catalog().Availability(t.Context(), "opera", 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(readings, got); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
}

func storefrontTests() []test {
	both := func(rule string, run func(check, storefront.Store)) []test {
		return []test{
			{rule, func(t check) { run(t, t.db.Storefront()) }},
			{rule + " (cached)", func(t check) { run(t, storage.NewKeyCache(t.db.Storefront(), time.Hour)) }},
			{rule + " (cache off)", func(t check) { run(t, storage.NewKeyCache(t.db.Storefront(), 0)) }},
		}
	}
	return slices.Concat(
		both("a key comes back as it was", keyComesBack),
		both("a public id is given once", publicIDOnce),
		both("a revoked key is revoked at once and keeps its time", revokedAtOnce),
		both("keys are listed newest first", keysNewestFirst),
	)
}

func storefrontKey(n int) storefront.Key {
	return storefront.Key{
		ID: fmt.Sprintf("key_%d", n), PublicID: fmt.Sprintf("public%06d", n), Digest: "ab", Storefront: "kiosk", Label: "till",
		Scopes: []storefront.Scope{storefront.ScopeSell, storefront.ScopeCatalog}, CreatedAt: noon().Add(time.Duration(n) * time.Millisecond),
	}
}

func keyComesBack(t check, s storefront.Store) {
	all, some, none := storefrontKey(1), storefrontKey(2), storefrontKey(3)
	some.Institutions, some.ExpiresAt = []domain.InstitutionCode{"opera", "museum"}, noon().Add(time.Hour)
	none.Institutions = []domain.InstitutionCode{}
	for _, k := range []storefront.Key{all, some, none} {
		_, err := s.KeyByPublicID(t.Context(), k.PublicID)
		wantCode(t, err, domain.NotFound, storefront.CodeKeyUnknown)
		if err := s.CreateKey(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, err := s.KeyByPublicID(t.Context(), k.PublicID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(k, got); diff != "" {
				t.Errorf("key (-want +got):\n%s", diff)
			}
			got.Scopes[0] = storefront.ScopeAdmin // a caller's change stays the caller's
		}
	}
}

func publicIDOnce(t check, s storefront.Store) {
	if err := s.CreateKey(t.Context(), storefrontKey(1)); err != nil {
		t.Fatal(err)
	}
	twin := storefrontKey(2)
	twin.PublicID = storefrontKey(1).PublicID
	wantCode(t, s.CreateKey(t.Context(), twin), domain.Conflict, "store.duplicate")
}

func revokedAtOnce(t check, s storefront.Store) {
	k := storefrontKey(1)
	if err := s.CreateKey(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	if _, err := s.KeyByPublicID(t.Context(), k.PublicID); err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{k.ID, k.PublicID} {
		got, err := s.RevokeKey(t.Context(), id, noon().Add(time.Duration(i)*time.Hour))
		if err != nil || !got.RevokedAt.Equal(noon()) {
			t.Errorf("revoked at %s (%v), want noon", got.RevokedAt, err)
		}
		read, err := s.KeyByPublicID(t.Context(), k.PublicID)
		if err != nil || !read.RevokedAt.Equal(noon()) {
			t.Errorf("read as revoked at %s (%v), want noon", read.RevokedAt, err)
		}
	}
	_, err := s.RevokeKey(t.Context(), "key_none", noon())
	wantCode(t, err, domain.NotFound, storefront.CodeKeyUnknown)
}

func keysNewestFirst(t check, s storefront.Store) {
	for n := range 3 {
		if err := s.CreateKey(t.Context(), storefrontKey(n)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]storefront.Key{storefrontKey(2), storefrontKey(1), storefrontKey(0)}, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func quotaTests() []test {
	return []test{
		{"counts of a key are summed", countsSummed},
		{"counts written at once lose none", countsLoseNone},
		{"counts are listed by hour, whatever the zone", countsByHour},
		{"a gate is swapped by one of those who know its version", gateSwapped},
		{"calls are summed by who made them", callersSummed},
		{"calls are found by their order and pruned by age and number", callsKept},
	}
}

func gateSwapped(t check) {
	q := t.db.Quota()
	if _, version, err := q.Shared(t.Context(), "opera"); err != nil || version != 0 {
		t.Fatalf("new: version %d, %v", version, err)
	}
	for version := range int64(3) {
		var won atomic.Int64
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				ok, err := q.SwapShared(t.Context(), "opera", version, []byte(fmt.Sprintf(`{"v":%d,"by":%d}`, version, n)))
				if err != nil {
					t.Error(err)
				}
				if ok {
					won.Add(int64(n) + 1)
					won.Add(1000)
				}
			})
		}
		wg.Wait()
		raw, now, err := q.Shared(t.Context(), "opera")
		want := fmt.Sprintf(`{"v":%d,"by":%d}`, version, won.Load()-1001)
		if err != nil || now != version+1 || string(raw) != want || won.Load() >= 2000 {
			t.Fatalf("version %d: %s, %v, want %s; %d", now, raw, err, want, won.Load())
		}
	}
	if _, version, _ := q.Shared(t.Context(), "museum"); version != 0 {
		t.Error("another institution's gate was swapped")
	}
}

func callsKept(t check) {
	q := t.db.Quota()
	single := func(order string, at time.Time) quota.Single {
		return quota.Single{
			Institution: "opera", At: at, Operator: "OPERA_SHOP", Service: "externalOrderService", Method: "closeOrder", Class: quota.Sale,
			Purpose: quota.Purpose{Order: order, Job: "sales.settle", Key: "key_1"}, Outcome: "ok", BytesOut: 1, BytesIn: 2, Took: 3 * time.Millisecond,
		}
	}
	var calls []quota.Single
	for n := range 10 {
		calls = append(calls, single("ord_"+strconv.Itoa(n%2), noon().Add(time.Duration(n)*time.Minute)))
	}
	old := count("a", noon().AddDate(-2, 0, 0), 1)
	if err := q.AddCounts(t.Context(), []quota.Count{old, count("a", noon(), 1)}, calls); err != nil {
		t.Fatal(err)
	}
	left := func(order string) []quota.Single {
		got, err := q.CallsFor(t.Context(), order)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := []quota.Single{calls[1], calls[3], calls[5], calls[7], calls[9]}
	if diff := cmp.Diff(want, left("ord_1")); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if got := left(""); len(got) != 0 {
		t.Errorf("calls for no order: %v", got)
	}
	before := map[quota.Unit]time.Time{quota.Hour: noon().AddDate(-1, 0, 0), quota.Minute: noon().Add(time.Hour)}
	if n, err := q.Prune(t.Context(), before, noon().Add(2*time.Minute), 5); err != nil || n != 1+2+3 {
		t.Errorf("%d pruned, %v", n, err)
	}
	if diff := cmp.Diff([]quota.Single{calls[5], calls[7], calls[9]}, left("ord_1")); diff != "" {
		t.Errorf("calls left (-want +got):\n%s", diff)
	}
	if got := listCounts(t, "opera", noon().AddDate(-3, 0, 0), noon().Add(time.Hour)); len(got) != 1 {
		t.Errorf("%d counts left, want 1", len(got))
	}
}

func callersSummed(t check) {
	q := t.db.Quota()
	var calls []quota.Single
	for n, p := range []quota.Purpose{{Key: "key_1", Order: "ord_1"}, {Key: "key_1", Order: "ord_1"}, {Key: "key_2", Order: "ord_2"}, {Job: "catalog.refresh"}, {Key: "key_1", Order: "ord_3"}} {
		calls = append(calls, quota.Single{
			Institution: "opera", At: noon().Add(time.Duration(n) * time.Minute), Service: "s", Method: "m", Class: quota.Sale, Purpose: p,
			Outcome: []string{"ok", "refused", "in_progress"}[n%3], BytesOut: 1, BytesIn: 2, Took: 3 * time.Millisecond,
		})
	}
	foreign := calls[0]
	foreign.Institution = "museum"
	if err := q.AddCounts(t.Context(), []quota.Count{count("m", noon(), 1)}, append(calls, foreign)); err != nil {
		t.Fatal(err)
	}
	caller := func(name string, calls, errs int64, last int) quota.Caller {
		return quota.Caller{
			Name: name, Sum: quota.Sum{Calls: calls, BytesOut: calls, BytesIn: 2 * calls, Millis: 3 * calls}, Errors: errs, Last: noon().Add(time.Duration(last) * time.Minute),
		}
	}
	for _, c := range []struct {
		by       quota.By
		from, to int
		most     int
		want     []quota.Caller
	}{
		{quota.ByKey, 0, 60, 10, []quota.Caller{caller("key_1", 3, 2, 4), caller("", 1, 0, 3), caller("key_2", 1, 0, 2)}},
		{quota.ByKey, 0, 60, 1, []quota.Caller{caller("key_1", 3, 2, 4)}},
		{quota.ByJob, 0, 60, 10, []quota.Caller{caller("", 4, 2, 4), caller("catalog.refresh", 1, 0, 3)}},
		{quota.ByOrder, 1, 4, 10, []quota.Caller{caller("", 1, 0, 3), caller("ord_1", 1, 1, 1), caller("ord_2", 1, 0, 2)}},
		{quota.ByOrder, 10, 20, 10, []quota.Caller{}},
	} {
		got, err := q.Callers(t.Context(), "opera", c.by, noon().Add(time.Duration(c.from)*time.Minute), noon().Add(time.Duration(c.to)*time.Minute), c.most)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s, %v (-want +got):\n%s", c.by, err, diff)
		}
	}
	if _, err := q.Callers(t.Context(), "opera", "colour", noon(), noon(), 1); err == nil {
		t.Error("told apart by their colour")
	}
}

func count(method string, hour time.Time, calls int64) quota.Count {
	return quota.Count{
		Institution: "opera", Unit: quota.Hour, Start: hour, Service: "catalogService", Method: method, Class: quota.Refresh, Outcome: "ok", Calls: calls,
		BytesOut: 10 * calls, BytesIn: 100 * calls, Millis: 1000 * calls,
	}
}

func listCounts(t check, code domain.InstitutionCode, from, to time.Time) []quota.Count {
	t.Helper()
	got, err := t.db.Quota().Counts(t.Context(), code, quota.Hour, from, to)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func countsSummed(t check) {
	sale := count("a", noon(), 1)
	sale.Class = quota.Sale
	for _, counts := range [][]quota.Count{
		{count("b", noon(), 2), count("a", noon(), 1), count("b", noon(), 3)},
		{sale, count("a", noon(), 4)},
		nil,
	} {
		if err := t.db.Quota().AddCounts(t.Context(), counts, nil); err != nil {
			t.Fatal(err)
		}
	}
	want := []quota.Count{count("a", noon(), 5), sale, count("b", noon(), 5)}
	if diff := cmp.Diff(want, listCounts(t, "opera", noon(), noon().Add(time.Hour))); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func countsLoseNone(t check) {
	const writers = 20
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			counts := []quota.Count{count("a", noon(), 1), count("b", noon(), 1), count("c", noon(), 1)}
			if n%2 == 0 {
				slices.Reverse(counts)
			}
			if err := t.db.Quota().AddCounts(t.Context(), counts, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, c := range listCounts(t, "", noon(), noon().Add(time.Hour)) {
		if c.Calls != writers {
			t.Errorf("%s has %d calls, want %d", c.Method, c.Calls, writers)
		}
	}
}

func countsByHour(t check) {
	west := time.FixedZone("west", -8*60*60)
	museum := count("a", noon(), 7)
	museum.Institution = "museum"
	err := t.db.Quota().AddCounts(t.Context(), []quota.Count{
		count("a", noon().Add(time.Hour).In(west), 2), count("a", noon(), 1), museum, count("a", noon().Add(2*time.Hour), 3),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []quota.Count{museum, count("a", noon(), 1), count("a", noon().Add(time.Hour), 2)}
	if diff := cmp.Diff(want, listCounts(t, "", noon().In(west), noon().Add(2*time.Hour).In(west))); diff != "" {
		t.Errorf("counts of all (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[1:2], listCounts(t, "opera", noon(), noon().Add(time.Hour))); diff != "" {
		t.Errorf("counts of one (-want +got):\n%s", diff)
	}
}

func pictureTests() []test {
	return []test{{"a picture is kept byte for byte", pictureKept}}
}

func pictureKept(t check) {
	_, err := t.db.Pictures().Get(t.Context(), "opera", "https://example.org/a.png")
	wantCode(t, err, domain.NotFound, storage.CodePictureUnknown)
	for _, content := range [][]byte{{0, 1, 2, 255, 0}, bytes.Repeat([]byte("x"), 100_000)} {
		want := storage.Picture{Content: content, MediaType: "image/png", FetchedAt: noon()}
		if err := t.db.Pictures().Put(t.Context(), "opera", "https://example.org/a.png", want); err != nil {
			t.Fatal(err)
		}
		got, err := t.db.Pictures().Get(t.Context(), "opera", "https://example.org/a.png")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("picture (-want +got):\n%s", diff)
		}
	}
	_, err = t.db.Pictures().Get(t.Context(), "museum", "https://example.org/a.png")
	wantCode(t, err, domain.NotFound, storage.CodePictureUnknown)
}

func leaseTests() []test {
	return []test{
		{"one of many gets the lease", oneGetsTheLease},
		{"only the owner renews and releases", ownerRenews},
	}
}

func oneGetsTheLease(t check) {
	const askers = 10
	got := make(chan bool, askers)
	for n := range askers {
		go func() {
			ok, err := t.db.Leases().Acquire(t.Context(), "access/7", fmt.Sprintf("p%d", n), time.Hour)
			if err != nil {
				t.Error(err)
			}
			got <- ok
		}()
	}
	winners := 0
	for range askers {
		if <-got {
			winners++
		}
	}
	if winners != 1 {
		t.Errorf("%d have the lease, want 1", winners)
	}
}

func ownerRenews(t check) {
	l := t.db.Leases()
	acquire := func(owner string, want bool) {
		t.Helper()
		if got, err := l.Acquire(t.Context(), "n", owner, time.Hour); err != nil || got != want {
			t.Errorf("acquire by %s = %t (%v), want %t", owner, got, err, want)
		}
	}
	acquire("a", true)
	acquire("a", true)
	acquire("b", false)
	if err := l.Renew(t.Context(), "n", "a", time.Hour); err != nil {
		t.Error(err)
	}
	wantCode(t, l.Renew(t.Context(), "n", "b", time.Hour), domain.Conflict, storage.CodeLeaseLost)
	if err := l.Release(t.Context(), "n", "b"); err != nil {
		t.Error(err)
	}
	acquire("b", false)
	if err := l.Release(t.Context(), "n", "a"); err != nil {
		t.Error(err)
	}
	wantCode(t, l.Renew(t.Context(), "n", "a", time.Hour), domain.Conflict, storage.CodeLeaseLost)
	acquire("b", true)
}
