package recording_test

import (
	"testing"
	"time"

	"guichet/domain/catalog"
	"guichet/domain/freshness/recording"
)

// A day's whole picture of 20,000 performances with two categories each.
func BenchmarkPack_WholePicture(b *testing.B) {
	now := time.Date(2026, time.October, 1, 0, 0, 0, 0, time.UTC)
	var events []recording.Event
	for i := range 20_000 {
		id := catalog.PerformanceID(100_000 + i)
		events = append(events, recording.Event{At: now, Kind: recording.Performance, Product: catalog.ProductID(1 + i/100), Performance: id, Start: now.Add(time.Duration(i) * time.Hour)})
		for c := range 2 {
			events = append(events, recording.Event{At: now, Kind: recording.Reading, Performance: id, Category: catalog.SeatCategoryID(1001 + c), Number: i * 7919 % 500})
		}
	}
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		raw, err := recording.Pack(events)
		if err != nil {
			b.Fatal(err)
		}
		size = len(raw)
	}
	b.ReportMetric(float64(size), "bytes")
}
