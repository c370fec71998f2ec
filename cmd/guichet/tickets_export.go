package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

// exporting is the command line of tickets export.
type exporting struct {
	file, performance, format, layout, lang, out string
}

func (p *program) ticketsExport() *cobra.Command {
	var e exporting
	cmd := &cobra.Command{
		Use: "export", Short: "Print every ticket sold for a performance into one file", Args: cobra.NoArgs,
		Long: "Export prints the good tickets of a performance, of every storefront: as one PDF, or as a ZIP with a file each. They\n" +
			"count as printed. The file appears under its name once it is whole.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), e.file, func(a *app) error { return p.export(cmd.Context(), a, &e) })
		},
	}
	configFlag(cmd, &e.file)
	f := cmd.Flags()
	f.StringVar(&e.performance, "performance", "", "id of the performance, such as play-10300000000201")
	f.StringVar(&e.format, "format", "zip", "zip or pdf")
	f.StringVar(&e.layout, "layout", "", "name of a layout (default: as configured)")
	f.StringVar(&e.lang, "lang", "", "language (default: each buyer's in a ZIP, the first buyer's in a PDF)")
	f.StringVarP(&e.out, "output", "o", "", "file to write")
	for _, name := range []string{"performance", "output"} {
		_ = cmd.MarkFlagRequired(name) // they were declared above
	}
	return cmd
}

func (p *program) export(ctx context.Context, a *app, e *exporting) error {
	format := delivery.BulkFormat(e.format)
	if !slices.Contains(delivery.BulkFormats(), format) {
		return fmt.Errorf("invalid argument %q: --format is zip or pdf", e.format)
	}
	at := strings.LastIndexByte(e.performance, '-')
	id, err := strconv.ParseInt(e.performance[at+1:], 10, 64)
	if at < 1 || err != nil || id <= 0 {
		return fmt.Errorf("invalid argument %q: --performance is an id such as play-10300000000201", e.performance)
	}
	codes, err := a.chosen(e.performance[:at])
	if err != nil {
		return err
	}
	b := delivery.Bulk{Format: format, Layout: e.layout, Lang: e.lang, Performance: catalog.PerformanceID(id)}
	ids, tickets, err := soldFor(ctx, a, codes, &b)
	if err != nil {
		return err
	}
	if len(tickets) == 0 {
		return fmt.Errorf("no good ticket is sold for %s", e.performance)
	}
	if _, err := a.delivery.Prints.Count(ctx, tickets, delivery.Printed{At: a.clock(), Storefront: p.person(), Format: delivery.Format(format)}); err != nil {
		return err
	}
	if err := writeWhole(e.out, func(w *bufio.Writer) error { return a.delivery.WriteBulk(ctx, w, b, ids) }); err != nil {
		return err
	}
	fmt.Fprintf(p.err, "%d tickets of %d orders in %s\n", len(tickets), len(ids), e.out)
	return nil
}

// soldFor lists the orders that have good tickets for a performance, the oldest first, and these.
func soldFor(ctx context.Context, a *app, codes []domain.InstitutionCode, b *delivery.Bulk) (ids []sales.OrderID, tickets []string, err error) {
	q := sales.Query{Institutions: codes, Performance: b.Performance, Statuses: []sales.Status{sales.Issued}, Page: domain.Page{Limit: domain.MaxLimit}}
	for {
		orders, next, err := a.sales.Orders(ctx, sales.Viewer{Everything: true}, q)
		if err != nil {
			return nil, nil, err
		}
		for i := range orders {
			if list := b.Tickets(&orders[i]); len(list) > 0 {
				ids, tickets = append(ids, orders[i].ID), append(tickets, list...)
			}
		}
		if len(tickets) > delivery.MaxBulk {
			return nil, nil, fmt.Errorf("there are more than %d tickets, which is the most that one file may have", delivery.MaxBulk)
		}
		if q.Page.Cursor = next; next == "" {
			slices.Reverse(ids)
			return ids, tickets, nil
		}
	}
}

// writeWhole writes a file that appears under its name once it is whole.
func writeWhole(name string, write func(w *bufio.Writer) error) (err error) {
	f, err := os.Create(name + ".part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	w := bufio.NewWriterSize(f, 256<<10)
	if err := errors.Join(write(w), w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
