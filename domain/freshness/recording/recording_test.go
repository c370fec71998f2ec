package recording_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/freshness/recording"
)

const heading = "at,event,product,performance,category,number,start,on_sale\n"

// known are rows that make performance 7 known.
const known = heading + "2026-10-01T00:00:00Z,performance,3,7,,,2026-11-01T19:00:00Z,\n"

func read(t *testing.T, text string) ([]recording.Event, error) {
	t.Helper()
	var out []recording.Event
	err := recording.Read(strings.NewReader(text), func(e *recording.Event) error {
		out = append(out, *e)
		return nil
	})
	return out, err
}

func events() []recording.Event {
	at := time.Date(2026, time.October, 1, 8, 0, 0, 0, time.UTC)
	return []recording.Event{
		{At: at, Kind: recording.Performance, Product: 3, Performance: 7, Start: at.AddDate(0, 1, 0), OnSale: at.Add(time.Hour)},
		{At: at, Kind: recording.Performance, Product: 3, Performance: 8, Start: at.AddDate(0, 1, 0)},
		{At: at, Kind: recording.Reading, Performance: 7, Category: 2, Number: 0},
		{At: at.Add(time.Minute), Kind: recording.Reading, Performance: 8, Level: catalog.LevelLimited},
		{At: at.Add(time.Minute), Kind: recording.Looks, Performance: 7, Number: 12},
		{At: at.Add(time.Hour), Kind: recording.Hold, Performance: 7, Category: 2, Number: 3},
		{At: at.Add(time.Hour), Kind: recording.Refusal, Performance: 7, Category: 2, Number: 1},
	}
}

func TestWrite_IsReadBackAsItWas_AlsoWhenResumed(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	for i, part := range [][]recording.Event{events()[:3], events()[3:]} {
		w := recording.NewWriter(&file, i > 0)
		for _, e := range part {
			if err := w.Write(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := read(t, file.String())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(events(), got); diff != "" {
		t.Error(diff)
	}
}

func TestRead_NoRecording_IsRefusedWithLineAndColumn(t *testing.T) {
	t.Parallel()
	many := known
	for i := range 101 {
		many += fmt.Sprintf("2026-10-01T00:00:00Z,reading,,7,%d,1,,\n", i)
	}
	for name, c := range map[string]struct{ text, says string }{
		"empty":                {"", "line 1: it is empty"},
		"another heading":      {strings.Replace(heading, "on_sale", "onsale", 1), "line 1: the heading is not at,event,"},
		"nothing in it":        {heading, "there is no event in it"},
		"too few columns":      {heading + "2026-10-01T00:00:00Z,looks\n", "line 2: wrong number of fields"},
		"half a quote":         {heading + "\"2026-10-01T00:00:00Z,looks,,7,,1,,\n", "line 2: "},
		"no time":              {heading + "yesterday,looks,,7,,1,,\n", "line 2, at: not a time"},
		"back in time":         {known + "2026-09-30T23:59:59Z,looks,,7,,1,,\n", "line 3, at: before the row above it"},
		"two months":           {known + "2026-11-03T00:00:00Z,looks,,7,,1,,\n", "line 3, at: more than 32 days"},
		"unknown event":        {known + "2026-10-01T00:00:00Z,sale,,7,,1,,\n", "line 3, event: none of"},
		"unknown performance":  {known + "2026-10-01T00:00:00Z,looks,,8,,1,,\n", "line 3, performance: no row"},
		"performance in words": {known + "2026-10-01T00:00:00Z,looks,,seven,,1,,\n", "line 3, performance: not a whole number between 1"},
		"no product":           {heading + "2026-10-01T00:00:00Z,performance,,7,,,2026-11-01T19:00:00Z,\n", "line 2, product: not a whole"},
		"no start":             {heading + "2026-10-01T00:00:00Z,performance,3,7,,,,\n", "line 2, start: not a time"},
		"wrong on_sale":        {heading + "2026-10-01T00:00:00Z,performance,3,7,,,2026-11-01T19:00:00Z,soon\n", "line 2, on_sale: not a time"},
		"no looks":             {known + "2026-10-01T00:00:00Z,looks,,7,,0,,\n", "line 3, number: not a whole number between 1 and 1000000"},
		"less than nothing":    {known + "2026-10-01T00:00:00Z,reading,,7,1,-1,,\n", "line 3, number: not a whole number between 0"},
		"too many":             {known + "2026-10-01T00:00:00Z,hold,,7,1,1000001,,\n", "line 3, number: "},
		"level of a hold":      {known + "2026-10-01T00:00:00Z,hold,,7,1,good,,\n", "line 3, number: "},
		"no category":          {known + "2026-10-01T00:00:00Z,hold,,7,,1,,\n", "line 3, category: "},
		"category of looks":    {known + "2026-10-01T00:00:00Z,looks,,7,1,1,,\n", "line 3, category: not empty"},
		"start of a hold":      {known + "2026-10-01T00:00:00Z,hold,,7,1,1,2026-11-01T19:00:00Z,\n", "line 3, start: not empty"},
		"many categories":      {many, "line 103, category: more than 100 categories"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, c.text)
			if !domain.HasCode(err, recording.CodeRecording) || !strings.Contains(domain.AsError(err).Detail, c.says) {
				t.Errorf("refused with %v, not for %q", err, c.says)
			}
		})
	}
}

func TestRead_WhatTheReaderOfEventsRefuses_EndsIt(t *testing.T) {
	t.Parallel()
	enough, n := errors.New("enough"), 0
	err := recording.Read(strings.NewReader(known+"2026-10-01T00:00:00Z,looks,,7,,1,,\n"), func(*recording.Event) error { n++; return enough })
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("%d events, then %v", n, err)
	}
}

// Whatever is in the file: it is refused with the code, or it is the same when written again.
func FuzzRead(f *testing.F) {
	f.Add(known + "2026-10-01T00:00:00Z,reading,,7,1,sold_out,,\n2026-10-02T00:00:00+02:00,hold,,7,1,2,,\n")
	f.Add(heading)
	f.Add(heading + "2026-10-01T00:00:00Z,performance,3,7,,,2026-11-01T19:00:00Z,\"2026-11-01T19:00:00Z\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := read(t, text)
		if err != nil {
			if !domain.HasCode(err, recording.CodeRecording) {
				t.Fatal(err)
			}
			return
		}
		var file bytes.Buffer
		w := recording.NewWriter(&file, false)
		for _, e := range got {
			if err := w.Write(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		again, err := read(t, file.String())
		if err != nil {
			t.Fatalf("%v in what was written of %q", err, text)
		}
		for i := range got { // a recording is to the second
			got[i].At, got[i].Start, got[i].OnSale = got[i].At.Truncate(time.Second), got[i].Start.Truncate(time.Second), got[i].OnSale.Truncate(time.Second)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Error(diff)
		}
	})
}
