package domain_test

import (
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet/domain"
)

func TestIDs_SortByTimeOfCreation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.UnixMilli(rapid.Int64Range(0, 1<<47).Draw(t, "start"))
		ids := domain.NewIDs(func() time.Time { return now })
		var made []string
		for _, ms := range rapid.SliceOfN(rapid.Int64Range(1, 1<<40), 1, 20).Draw(t, "steps") {
			made = append(made, ids("ord"))
			now = now.Add(time.Duration(min(ms, 1<<30)) * time.Millisecond)
		}
		if !sort.StringsAreSorted(made) {
			t.Fatalf("not sorted: %v", made)
		}
	})
}

func TestIDs_CarryPrefixTimeAndChance(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 9, 0, 0, 123e6, time.UTC)
	ids := domain.NewIDs(func() time.Time { return at })
	seen := map[string]bool{}
	for range 1000 {
		id := ids("tkt")
		suffix, ok := strings.CutPrefix(id, "tkt_")
		if !ok || len(suffix) != 26 || strings.ContainsAny(suffix, "ILOU") || suffix != strings.ToUpper(suffix) {
			t.Fatalf("id %q", id)
		}
		if seen[id] {
			t.Fatalf("%s stands twice", id)
		}
		seen[id] = true
		if ms := madeAt(suffix); ms != at.UnixMilli() {
			t.Fatalf("%s was made at %d, not at %d", id, ms, at.UnixMilli())
		}
	}
}

// madeAt reads the milliseconds at the beginning of an id's suffix: 48 bits in ten characters of five.
func madeAt(suffix string) int64 {
	ms := int64(0)
	for _, c := range suffix[:10] {
		ms = ms<<5 | int64(strings.IndexRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", c))
	}
	return ms >> 2
}
