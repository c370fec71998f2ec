package recording

import (
	"bytes"
	"compress/flate"
	"encoding/gob"
	"fmt"
	"io"
	"slices"
	"time"

	"guichet/domain/catalog"
)

// packed are events in columns: alike beside alike, which compresses well. Times are Unix seconds; 0 is none.
type packed struct {
	At, Product, Performance, Category, Number, Start, OnSale []int64
	Kind, Level                                               []uint8
}

func kinds() []Kind { return []Kind{Performance, Reading, Looks, Hold, Refusal} }

// levels are the levels that a Reading may have; the first is that of one with a number.
func levels() []catalog.Level {
	return []catalog.Level{"", catalog.LevelSoldOut, catalog.LevelLimited, catalog.LevelGood, catalog.LevelNotOnSale, catalog.LevelUnknown}
}

// maxUnpacked bounds what packed events may unfold to.
const maxUnpacked = 256 << 20

// Pack writes events down in few bytes; Unpack reads them, to the second. A kind or level that there is not is an error.
func Pack(events []Event) ([]byte, error) {
	var p packed
	for _, e := range events {
		kind, level := slices.Index(kinds(), e.Kind), slices.Index(levels(), e.Level)
		if kind < 0 || level < 0 {
			return nil, fmt.Errorf("pack recording: an event %q of level %q", e.Kind, e.Level)
		}
		p.Kind, p.Level = append(p.Kind, uint8(kind)), append(p.Level, uint8(level)) //nolint:gosec // both are few
		p.At, p.Start, p.OnSale = append(p.At, seconds(e.At)), append(p.Start, seconds(e.Start)), append(p.OnSale, seconds(e.OnSale))
		p.Product, p.Performance = append(p.Product, int64(e.Product)), append(p.Performance, int64(e.Performance))
		p.Category, p.Number = append(p.Category, int64(e.Category)), append(p.Number, int64(e.Number))
	}
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("pack recording: %w", err)
	}
	if err := gob.NewEncoder(w).Encode(&p); err != nil {
		return nil, fmt.Errorf("pack recording: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack recording: %w", err)
	}
	return b.Bytes(), nil
}

// Unpack reads what Pack wrote.
func Unpack(raw []byte) ([]Event, error) {
	var p packed
	if err := gob.NewDecoder(io.LimitReader(flate.NewReader(bytes.NewReader(raw)), maxUnpacked)).Decode(&p); err != nil {
		return nil, fmt.Errorf("unpack recording: %w", err)
	}
	n := len(p.At)
	for _, column := range [][]int64{p.Product, p.Performance, p.Category, p.Number, p.Start, p.OnSale} {
		if len(column) != n {
			return nil, fmt.Errorf("unpack recording: a column of %d events has %d", n, len(column))
		}
	}
	if len(p.Kind) != n || len(p.Level) != n {
		return nil, fmt.Errorf("unpack recording: %d events have %d kinds and %d levels", n, len(p.Kind), len(p.Level))
	}
	out := make([]Event, n)
	for i := range out {
		if int(p.Kind[i]) >= len(kinds()) || int(p.Level[i]) >= len(levels()) {
			return nil, fmt.Errorf("unpack recording: kind %d and level %d", p.Kind[i], p.Level[i])
		}
		out[i] = Event{
			At: moment(p.At[i]), Kind: kinds()[p.Kind[i]], Product: catalog.ProductID(p.Product[i]), Performance: catalog.PerformanceID(p.Performance[i]),
			Category: catalog.SeatCategoryID(p.Category[i]), Number: int(p.Number[i]), Level: levels()[p.Level[i]], Start: moment(p.Start[i]),
			OnSale: moment(p.OnSale[i]),
		}
	}
	return out, nil
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func moment(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}
