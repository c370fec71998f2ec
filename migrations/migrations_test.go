package migrations_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"guichet/migrations"
)

func TestFiles_AreNumberedAndForwardOnly(t *testing.T) {
	t.Parallel()
	list, err := migrations.List(migrations.Files())
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatal("no migrations are embedded")
	}
	for _, m := range list {
		content, err := fs.ReadFile(migrations.Files(), m.Name)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(content), "-- +goose Up"); n != 1 {
			t.Errorf("%s has %d goose Up marks, want 1", m.Name, n)
		}
		if strings.Contains(string(content), "+goose Down") {
			t.Errorf("%s has a way down; migrations only go forward", m.Name)
		}
	}
}

func TestList_RefusesNamesThatBreakTheOrder(t *testing.T) {
	t.Parallel()
	for name, folder := range map[string]fstest.MapFS{
		"zero":      {"0000_a.sql": {}},
		"twice":     {"0001_a.sql": {}, "0001_b.sql": {}},
		"no number": {"first.sql": {}},
		"short":     {"1_a.sql": {}},
	} {
		if _, err := migrations.List(folder); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestList_NumbersMayBeLeftOut(t *testing.T) {
	t.Parallel()
	list, err := migrations.List(fstest.MapFS{"0001_a.sql": {}, "0004_b.sql": {}})
	if err != nil || len(list) != 2 || list[1].Version != 4 {
		t.Errorf("list = %v, %v", list, err)
	}
}

func TestList_ChecksumFollowsContentNotLineEnds(t *testing.T) {
	t.Parallel()
	sum := func(content string) string {
		t.Helper()
		list, err := migrations.List(fstest.MapFS{"0001_a.sql": {Data: []byte(content)}})
		if err != nil {
			t.Fatal(err)
		}
		return list[0].Checksum
	}
	if sum("a\nb\n") != sum("a\r\nb\r\n") {
		t.Error("line ends change the checksum")
	}
	if sum("a") == sum("b") {
		t.Error("other content has the same checksum")
	}
}
