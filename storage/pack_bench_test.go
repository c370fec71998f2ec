package storage

import (
	"reflect"
	"testing"

	"github.com/klauspost/compress/zstd"

	"guichet/domain/catalog"
	"guichet/domain/sample"
)

// manyDifferent is a catalog of 20,000 performances of which no two have the same prices: nothing to be kept only once.
func manyDifferent() *catalog.Snapshot {
	s := sample.Many(20_000)
	for i := range s.Performances {
		p := &s.Performances[i]
		prices := make([]catalog.Price, 0, 12)
		for j := range 12 {
			pr := p.Prices[j%len(p.Prices)]
			pr.Price = sample.Euros(int64(5_000 + 12*i + j))
			prices = append(prices, pr)
		}
		p.Prices = prices
	}
	return s
}

// BenchmarkSnapshot stores and reads a catalog of 20,000 performances with 12 prices each, no two lists of them alike:
// packing and compressing; decompressing, unpacking and indexing, each by itself.
func BenchmarkSnapshot(b *testing.B) {
	s := manyDifferent()
	content, err := encodeSnapshot(s)
	if err != nil {
		b.Fatal(err)
	}
	z, err := zstd.NewReader(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer z.Close()
	packed, err := z.DecodeAll(content, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := encodeSnapshot(s); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(packed))/1e6, "packed-MB")
		b.ReportMetric(float64(len(content))/1e6, "stored-MB")
	})
	b.Run("decompress", func(b *testing.B) {
		for b.Loop() {
			if _, err := z.DecodeAll(content, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unpack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var out catalog.Snapshot
			if err := unpack(packed, reflect.ValueOf(&out).Elem()); err != nil || len(out.Performances) != 20_000 {
				b.Fatal(err)
			}
		}
	})
	b.Run("index", func(b *testing.B) {
		for b.Loop() {
			s.Index()
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := decodeSnapshot(content, 1); err != nil {
				b.Fatal(err)
			}
		}
	})
}
