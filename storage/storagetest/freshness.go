package storagetest

import (
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
	}
}

func freshState(version int64) freshness.State {
	return freshness.State{Version: version, SavedAt: noon().Add(time.Duration(version) * time.Minute), Content: fmt.Append([]byte{0, 1}, version), Shown: []byte("[[1]]")}
}

func saveFresh(t check, version int64, taken ...string) error {
	t.Helper()
	return t.db.Freshness().SaveFreshness(t.Context(), "opera", freshState(version), taken)
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
