package storagetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/freshness"
)

func freshnessTests() []test {
	return []test{
		{"a state comes back as it was, and without its content to who knows it", stateComesBack},
		{"a state is replaced by who has seen the last, and its events go with it", stateIsReplacedOnce},
		{"events come oldest first, of their institution", eventsInOrder},
		{"parts come in order, from the last whole one on", partsInOrder},
		{"a part is kept only with its state, and where it has events", partsGoWithTheirState},
		{"of parts the old go, and the oldest of too many", partsArePruned},
	}
}

func freshState(version int64) freshness.State {
	return freshness.State{Version: version, SavedAt: noon().Add(time.Duration(version) * time.Minute), Content: fmt.Append([]byte{0, 1}, version), Shown: []byte("[[1]]")}
}

// freshPart is a step's; every third is whole.
func freshPart(version int64) freshness.Part {
	return freshness.Part{At: freshState(version).SavedAt, Version: version, Whole: version%3 == 1, Events: 10, Content: fmt.Append(nil, "part ", version)}
}

func saveFresh(t check, version int64, taken ...string) error {
	t.Helper()
	return t.db.Freshness().SaveFreshness(t.Context(), "opera", freshState(version), taken, freshPart(version))
}

func stateComesBack(t check) {
	s := t.db.Freshness()
	if st, err := s.Freshness(t.Context(), "opera", 0); err != nil || st.Version != 0 {
		t.Fatalf("before anything was kept: %+v, %v", st, err)
	}
	if shown, err := s.Shown(t.Context(), "opera"); err != nil || shown != nil {
		t.Fatalf("before anything was kept: %s, %v", shown, err)
	}
	for v := int64(1); v <= 2; v++ {
		if err := saveFresh(t, v); err != nil {
			t.Fatal(err)
		}
		got, err := s.Freshness(t.Context(), "opera", v-1)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(freshState(v), got); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", v, diff)
		}
	}
	if got, err := s.Freshness(t.Context(), "opera", 2); err != nil || got.Version != 2 || got.Content != nil {
		t.Errorf("the version known: %+v, %v", got, err)
	}
	if shown, err := s.Shown(t.Context(), "opera"); err != nil || string(shown) != "[[1]]" {
		t.Errorf("shown %s, %v", shown, err)
	}
	if st, err := s.Freshness(t.Context(), "museum", 0); err != nil || st.Version != 0 {
		t.Errorf("another institution has %+v, %v", st, err)
	}
}

func addEvent(t check, code domain.InstitutionCode, id string, minute int) {
	t.Helper()
	at := noon().Add(time.Duration(minute) * time.Minute)
	if err := t.db.Freshness().AddEvent(t.Context(), code, at, freshness.Event{ID: id, Content: []byte(id)}); err != nil {
		t.Fatal(err)
	}
}

func eventIDs(t check, limit int) (ids []string) {
	t.Helper()
	list, err := t.db.Freshness().Events(t.Context(), "opera", limit)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if string(e.Content) != e.ID {
			t.Errorf("event %s says %s", e.ID, e.Content)
		}
		ids = append(ids, e.ID)
	}
	return ids
}

func stateIsReplacedOnce(t check) {
	addEvent(t, "opera", "a", 1)
	addEvent(t, "opera", "b", 2)
	if err := saveFresh(t, 1, "a"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b"}, eventIDs(t, 9)); diff != "" {
		t.Errorf("after the first was taken (-want +got):\n%s", diff)
	}
	for _, version := range []int64{1, 3} {
		if err := saveFresh(t, version, "b"); !domain.HasCode(err, freshness.CodeStale) {
			t.Errorf("version %d over version 1: %v", version, err)
		}
	}
	if diff := cmp.Diff([]string{"b"}, eventIDs(t, 9)); diff != "" {
		t.Errorf("a state that was not kept took events (-want +got):\n%s", diff)
	}
	if err := saveFresh(t, 2, "b"); err != nil || len(eventIDs(t, 9)) != 0 {
		t.Errorf("the next version: %v", err)
	}
}

func eventsInOrder(t check) {
	addEvent(t, "opera", "c", 3)
	addEvent(t, "opera", "z", 1)
	addEvent(t, "opera", "b", 2)
	addEvent(t, "opera", "a", 2)
	addEvent(t, "museum", "m", 0)
	if diff := cmp.Diff([]string{"z", "a", "b", "c"}, eventIDs(t, 9)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"z", "a"}, eventIDs(t, 2)); diff != "" {
		t.Errorf("at most two (-want +got):\n%s", diff)
	}
}

// partVersions lists the parts between two minutes by their version, and checks that they are as they were.
func partVersions(t check, code domain.InstitutionCode, from, to int64) (out []int64) {
	t.Helper()
	err := t.db.Freshness().Parts(t.Context(), code, freshState(from).SavedAt, freshState(to).SavedAt, func(p freshness.Part) error {
		if diff := cmp.Diff(freshPart(p.Version), p); diff != "" {
			t.Errorf("part %d (-want +got):\n%s", p.Version, diff)
		}
		out = append(out, p.Version)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func saveFreshUpTo(t check, last int64) {
	t.Helper()
	for v := int64(1); v <= last; v++ {
		if err := saveFresh(t, v); err != nil {
			t.Fatal(err)
		}
	}
}

func versions(from, to int64) (out []int64) {
	for v := from; v <= to; v++ {
		out = append(out, v)
	}
	return out
}

func partsInOrder(t check) {
	const last = 205 // more than are read at once
	saveFreshUpTo(t, last)
	for _, c := range []struct{ from, to, first, last int64 }{
		{0, last + 1, 1, last}, {1, 4, 1, 3}, {3, 9, 1, 8}, {4, 9, 4, 8}, {6, 7, 4, 6}, {last, last + 1, 205, 205}, {last + 5, last + 9, 205, 205},
	} {
		if diff := cmp.Diff(versions(c.first, c.last), partVersions(t, "opera", c.from, c.to)); diff != "" {
			t.Errorf("from %d to %d (-want +got):\n%s", c.from, c.to, diff)
		}
	}
	if got := partVersions(t, "museum", 0, last); got != nil {
		t.Errorf("another institution has %v", got)
	}
	enough := errors.New("enough")
	n := 0
	err := t.db.Freshness().Parts(t.Context(), "opera", freshState(0).SavedAt, freshState(9).SavedAt, func(freshness.Part) error { n++; return enough })
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("%d parts, then %v", n, err)
	}
}

func partsGoWithTheirState(t check) {
	saveFreshUpTo(t, 2)
	if err := saveFresh(t, 2); !domain.HasCode(err, freshness.CodeStale) {
		t.Fatal(err)
	}
	if err := saveFresh(t, 4); !domain.HasCode(err, freshness.CodeStale) {
		t.Fatal(err)
	}
	if err := t.db.Freshness().SaveFreshness(t.Context(), "opera", freshState(3), nil, freshness.Part{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(versions(1, 2), partVersions(t, "opera", 0, 9)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func partsArePruned(t check) {
	saveFreshUpTo(t, 20)
	prune := func(code domain.InstitutionCode, before, most, want int64) {
		t.Helper()
		if n, err := t.db.Freshness().PruneParts(t.Context(), code, freshState(before).SavedAt, most); err != nil || n != want {
			t.Errorf("before %d and beyond %d at %s: %d deleted, %v; want %d", before, most, code, n, err, want)
		}
	}
	prune("opera", 1, 200, 0)
	prune("museum", 99, 0, 0)
	prune("opera", 4, 200, 3)
	prune("opera", 1, 50, 12)
	if diff := cmp.Diff(versions(16, 20), partVersions(t, "opera", 0, 99)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	prune("opera", 1, 49, 1)
	prune("opera", 99, 49, 4)
}
