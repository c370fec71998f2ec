package storage

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
)

var update = flag.Bool("update", false, "write the shape of a new snapshot format")

// TestSnapshotFormat_RisesWithEveryChangeOfAMember compares the shape of a snapshot with the one written down for its
// format. When a member is added, renamed, moved or of another type, raise snapshotFormat and run with -update.
func TestSnapshotFormat_RisesWithEveryChangeOfAMember(t *testing.T) {
	t.Parallel()
	file := fmt.Sprintf("testdata/snapshot_format_%d.txt", snapshotFormat)
	is := shape(reflect.TypeFor[catalog.Snapshot]())
	was, err := os.ReadFile(file)
	if os.IsNotExist(err) && *update {
		if err := os.WriteFile(file, []byte(is), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(was), is); diff != "" {
		t.Errorf("the shape of format %d changed: raise snapshotFormat, then run with -update (-was +is):\n%s", snapshotFormat, diff)
	}
}

// packed is a type with every kind of member.
type packed struct {
	Number   int
	Small    int8
	Flag     bool
	Word     string
	Text     domain.Text
	List     []inner
	Pointer  *inner
	Bytes    []byte
	At       time.Time
	Lasts    time.Duration
	private  int
	Another  []inner
	Nothing  *inner
	ManyMore map[string]string
}

type inner struct {
	Name domain.Text
	IDs  []catalog.ItemID
}

func aPacked() packed {
	text := domain.Text{"fr": "é", "ar": "مسرح"}
	list := []inner{{Name: text, IDs: []catalog.ItemID{1, -2, 10_310_000_000_001}}, {}}
	return packed{
		Number: -5, Small: 7, Flag: true, Word: "word", Text: text, List: list, Pointer: &inner{}, Bytes: []byte{0, 1, 255},
		At: time.Date(2026, 10, 25, 2, 30, 0, 5, time.FixedZone("", 3600)), Lasts: time.Hour, private: 3, Another: list,
		ManyMore: map[string]string{"": "", "a": "b"},
	}
}

func TestPack_ComesBackAsItWas(t *testing.T) {
	t.Parallel()
	in := aPacked()
	var out packed
	if err := unpack(pack(reflect.ValueOf(&in).Elem()), reflect.ValueOf(&out).Elem()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out, cmpopts.IgnoreUnexported(packed{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if out.Nothing != nil || out.Pointer == nil {
		t.Errorf("pointers: %v, %v", out.Nothing, out.Pointer)
	}
	if out.private != 0 || out.At.Location() != time.UTC {
		t.Errorf("private %d, %s", out.private, out.At)
	}
	if &out.List[0] != &out.Another[0] || reflect.ValueOf(out.Text).Pointer() != reflect.ValueOf(out.List[0].Name).Pointer() {
		t.Error("what is equal does not share its memory")
	}
}

func TestPack_SameValueSameBytes(t *testing.T) {
	t.Parallel()
	one, two := aPacked(), aPacked()
	first := pack(reflect.ValueOf(&one).Elem())
	for range 20 {
		if string(pack(reflect.ValueOf(&two).Elem())) != string(first) {
			t.Fatal("other bytes")
		}
	}
}

func TestUnpack_AnotherShapeOrDamageIsAnError(t *testing.T) {
	t.Parallel()
	in := aPacked()
	good := pack(reflect.ValueOf(&in).Elem())
	var other inner
	if err := unpack(good, reflect.ValueOf(&other).Elem()); err == nil {
		t.Error("another type is read")
	}
	for n := range good {
		var out packed
		if err := unpack(good[:n], reflect.ValueOf(&out).Elem()); err == nil {
			t.Errorf("%d of %d bytes are read", n, len(good))
		}
	}
	var out packed
	if err := unpack(append(good, 0), reflect.ValueOf(&out).Elem()); err == nil {
		t.Error("a byte more is read")
	}
}

func TestSnapshot_OfTheSampleComesBack(t *testing.T) {
	t.Parallel()
	s := sample.Many(300)
	content, err := encodeSnapshot(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeSnapshot(content, s.Version)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, got, cmpopts.IgnoreUnexported(catalog.Snapshot{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Performance(100_007) == nil {
		t.Error("not indexed")
	}
}

// FuzzUnpack reads arbitrary bytes as a packed value without a panic.
func FuzzUnpack(f *testing.F) {
	in := aPacked()
	good := pack(reflect.ValueOf(&in).Elem())
	head := fingerprint(reflect.TypeFor[packed]())
	f.Add(good[len(head):])
	f.Add([]byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var out packed
		if unpack(append(head[:len(head):len(head)], b...), reflect.ValueOf(&out).Elem()) != nil {
			return
		}
		var again packed
		if err := unpack(pack(reflect.ValueOf(&out).Elem()), reflect.ValueOf(&again).Elem()); err != nil {
			t.Errorf("%q: read and not read again: %v", b, err)
		}
	})
}
