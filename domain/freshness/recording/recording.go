package recording

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// CodeRecording is the error of a file that is no recording; its detail names the line and the column.
const CodeRecording = "quota.recording"

// Kind is what an event was.
type Kind string

// The kinds.
const (
	Performance Kind = "performance" // it is known of from now on
	Reading     Kind = "reading"
	Looks       Kind = "looks"
	Hold        Kind = "hold"
	Refusal     Kind = "refusal" // of a hold that what we showed allowed
)

// Event is one row.
type Event struct {
	At          time.Time
	Kind        Kind
	Product     catalog.ProductID // of Performance
	Performance catalog.PerformanceID
	Category    catalog.SeatCategoryID // of Reading, Hold, Refusal
	Number      int                    // places or looks
	Level       catalog.Level          // of a Reading without a number; Number is then 0
	Start       time.Time              // of Performance
	OnSale      time.Time              // of Performance; zero is long ago
}

// What a recording may hold at most; a longer one is refused.
const (
	MostEvents       = 50_000_000
	MostPerformances = 100_000
	MostDays         = 32 // between the first and the last event
	mostNumber       = 1_000_000
	mostCategories   = 100 // of a performance
)

const (
	colAt = iota
	colKind
	colProduct
	colPerformance
	colCategory
	colNumber
	colStart
	colOnSale
	columns
)

func heading() []string {
	return []string{"at", "event", "product", "performance", "category", "number", "start", "on_sale"}
}

// Writer writes a recording. It is not safe for concurrent use.
type Writer struct {
	w      *csv.Writer
	row    [columns]string
	headed bool
}

// NewWriter writes to w; a file that goes on (resumed) gets no second heading.
func NewWriter(w io.Writer, resumed bool) *Writer {
	return &Writer{w: csv.NewWriter(w), headed: resumed}
}

// Write adds an event; it may be kept back until Flush.
func (w *Writer) Write(e Event) error {
	if !w.headed {
		if err := w.w.Write(heading()); err != nil {
			return fmt.Errorf("write recording: %w", err)
		}
		w.headed = true
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	w.row = [columns]string{colAt: stamp(e.At), colKind: string(e.Kind), colPerformance: number(int64(e.Performance))}
	switch e.Kind {
	case Performance:
		w.row[colProduct], w.row[colStart], w.row[colOnSale] = number(int64(e.Product)), stamp(e.Start), stamp(e.OnSale)
	case Looks:
		w.row[colNumber] = number(int64(e.Number))
	case Reading, Hold, Refusal:
		w.row[colCategory], w.row[colNumber] = number(int64(e.Category)), number(int64(e.Number))
		if e.Level != "" {
			w.row[colNumber] = string(e.Level)
		}
	}
	if err := w.w.Write(w.row[:]); err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	return nil
}

// Flush writes what was kept back.
func (w *Writer) Flush() error {
	w.w.Flush()
	if err := w.w.Error(); err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	return nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Read reads a recording and tells each of its events, which is only lent. Errors: quota.recording, with the line and the
// column; whatever each returns.
func Read(r io.Reader, each func(*Event) error) error {
	c := csv.NewReader(r)
	c.FieldsPerRecord, c.ReuseRecord = columns, true
	first, err := c.Read()
	if err != nil {
		return broken(err)
	}
	if !slices.Equal(first, heading()) {
		return refuse("line 1: the heading is not %s", strings.Join(heading(), ","))
	}
	p := parser{known: map[catalog.PerformanceID]map[catalog.SeatCategoryID]bool{}}
	n := 0
	for ; ; n++ {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return broken(err)
		}
		p.line, _ = c.FieldPos(0)
		if n == MostEvents {
			return refuse("line %d: more than %d events", p.line, MostEvents)
		}
		e, err := p.event(row)
		if err != nil {
			return err
		}
		if err := each(&e); err != nil {
			return err
		}
	}
	if n == 0 {
		return refuse("there is no event in it")
	}
	return nil
}

func broken(err error) error {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return refuse("line 1: it is empty")
	case errors.As(err, &parse):
		return refuse("line %d: %s", parse.Line, parse.Err)
	}
	return fmt.Errorf("read recording: %w", err)
}

func refuse(format string, args ...any) error {
	return domain.Errorf(domain.Invalid, CodeRecording, format, args...)
}

type parser struct {
	line        int
	first, last time.Time
	known       map[catalog.PerformanceID]map[catalog.SeatCategoryID]bool
}

func (p *parser) wrong(column int, what string) error {
	return refuse("line %d, %s: %s", p.line, heading()[column], what)
}

func (p *parser) event(row []string) (Event, error) {
	e := Event{Kind: Kind(row[colKind])}
	at, err := p.time(row, colAt)
	if err != nil {
		return e, err
	}
	e.At = at
	if p.first.IsZero() {
		p.first = at
	}
	if at.Before(p.last) {
		return e, p.wrong(colAt, "before the row above it")
	}
	if at.Sub(p.first) > MostDays*24*time.Hour {
		return e, p.wrong(colAt, fmt.Sprintf("more than %d days after the first row", MostDays))
	}
	p.last = at
	id, err := p.integer(row, colPerformance, 1, 1<<53)
	if err != nil {
		return e, err
	}
	e.Performance = catalog.PerformanceID(id)
	if e.Kind == Performance {
		return p.performance(row, e)
	}
	categories, ok := p.known[e.Performance]
	if !ok {
		return e, p.wrong(colPerformance, "no row of event performance names it before")
	}
	return p.happening(row, e, categories)
}

func (p *parser) performance(row []string, e Event) (Event, error) {
	product, err := p.integer(row, colProduct, 1, 1<<53)
	if err != nil {
		return e, err
	}
	e.Product = catalog.ProductID(product)
	if e.Start, err = p.time(row, colStart); err != nil {
		return e, err
	}
	if row[colOnSale] != "" {
		if e.OnSale, err = p.time(row, colOnSale); err != nil {
			return e, err
		}
	}
	if _, again := p.known[e.Performance]; !again {
		if len(p.known) == MostPerformances {
			return e, p.wrong(colPerformance, fmt.Sprintf("more than %d performances", MostPerformances))
		}
		p.known[e.Performance] = map[catalog.SeatCategoryID]bool{}
	}
	return e, p.empty(row, colCategory, colNumber)
}

func (p *parser) happening(row []string, e Event, categories map[catalog.SeatCategoryID]bool) (Event, error) {
	least := int64(1)
	switch e.Kind {
	case Looks:
	case Reading, Hold, Refusal:
		category, err := p.integer(row, colCategory, 0, 1<<53)
		if err != nil {
			return e, err
		}
		e.Category = catalog.SeatCategoryID(category)
		if !categories[e.Category] && len(categories) == mostCategories {
			return e, p.wrong(colCategory, fmt.Sprintf("more than %d categories of one performance", mostCategories))
		}
		categories[e.Category] = true
		if e.Kind == Reading {
			switch level := catalog.Level(row[colNumber]); level {
			case catalog.LevelSoldOut, catalog.LevelLimited, catalog.LevelGood, catalog.LevelNotOnSale, catalog.LevelUnknown:
				e.Level = level
				return e, p.empty(row, colProduct, colStart, colOnSale)
			}
			least = 0
		}
	default:
		return e, p.wrong(colKind, "none of performance, reading, looks, hold, refusal")
	}
	n, err := p.integer(row, colNumber, least, mostNumber)
	if err != nil {
		return e, err
	}
	e.Number = int(n)
	if e.Kind == Looks {
		return e, p.empty(row, colProduct, colCategory, colStart, colOnSale)
	}
	return e, p.empty(row, colProduct, colStart, colOnSale)
}

func (p *parser) empty(row []string, columns ...int) error {
	for _, c := range columns {
		if row[c] != "" {
			return p.wrong(c, "not empty, as this event asks")
		}
	}
	return nil
}

func (p *parser) integer(row []string, column int, least, most int64) (int64, error) {
	n, err := strconv.ParseInt(row[column], 10, 64)
	if err != nil || n < least || n > most {
		return 0, p.wrong(column, fmt.Sprintf("not a whole number between %d and %d", least, most))
	}
	return n, nil
}

func (p *parser) time(row []string, column int) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, row[column])
	if err != nil || t.Year() < 1970 || t.Year() > 9998 {
		return time.Time{}, p.wrong(column, "not a time such as 2026-10-01T08:00:00Z")
	}
	return t.UTC(), nil
}
