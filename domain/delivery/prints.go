package delivery

import (
	"context"
	"time"
)

// Printed is one time that a ticket was given out as a file.
type Printed struct {
	Copy       int // of the ticket, from 1 on
	At         time.Time
	Storefront string
	Key        string // the storefront's key, "key_…"
	Format     Format
}

// PrintsKept is how many of a ticket's last prints are remembered one by one; all are counted.
const PrintsKept = 100

// Prints counts how often tickets were given out. It is safe for concurrent use, also by several processes: no two prints of a
// ticket have the same number.
type Prints interface {
	// Count notes a print of each ticket, all or none, and returns their numbers in the same order; Copy of p is not looked at.
	Count(ctx context.Context, tickets []string, p Printed) ([]int, error)
	// Last returns the number of each ticket's last print, 0 where there was none.
	Last(ctx context.Context, tickets []string) ([]int, error)
	// History lists a ticket's last prints, newest first.
	History(ctx context.Context, ticket string, limit int) ([]Printed, error)
}

// mark tells the pages how often their tickets were given out, where the institution marks reprints; numbers may be nil.
func (f *File) mark(numbers []int) {
	for i := range numbers {
		f.doc.Pages[i].Copy = numbers[i]
	}
}

// tickets are those of the file, in its order.
func (f *File) tickets() []string {
	out := make([]string, len(f.doc.Pages))
	for i := range f.doc.Pages {
		out[i] = f.doc.Pages[i].TicketID
	}
	return out
}

// Count notes that the file is given out: once for each of its tickets. Where the institution marks reprints the file says from
// then on which print of its tickets it is, so that ETag is another one. It is one small write, made before the file is
// printed: a print that is not noted could be given out twice unmarked.
func (f *File) Count(ctx context.Context, p Printed) error {
	if f.prints == nil {
		return nil
	}
	p.Format = f.want.Format
	numbers, err := f.prints.Count(ctx, f.tickets(), p)
	if err != nil || !f.marked {
		return err
	}
	f.mark(numbers)
	f.digest, err = f.r.Digest(f.doc)
	return err
}
