package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/templates"
)

func (p *program) ticketsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "tickets", Short: "Print tickets, real and sample ones"}
	cmd.AddCommand(p.ticketsExport(), p.ticketsSample())
	return cmd
}

// sampling is the command line of tickets sample.
type sampling struct {
	n, dpi                                            int
	format, symbology, names, out, layout, lang, kind string
	folder, payload, fonts                            string
	each, longest                                     bool
}

func (p *program) ticketsSample() *cobra.Command {
	var s sampling
	cmd := &cobra.Command{
		Use: "sample", Short: "Print sample tickets into a file and say how many a second", Args: cobra.NoArgs,
		Long: "Sample prints tickets with invented data. They are marked as specimens and admit nobody. PDF, FGL and ZPL are one file\n" +
			"with all tickets; pictures, and everything with --each, are one file a ticket: more than one go into a ZIP.",
		RunE: func(cmd *cobra.Command, _ []string) error { return p.sample(cmd.Context(), &s) },
	}
	f := cmd.Flags()
	f.IntVarP(&s.n, "number", "n", 1, "how many tickets, up to 100000")
	f.StringVar(&s.format, "format", "pdf", "pdf, png, svg, fgl or zpl")
	f.StringVar(&s.symbology, "symbology", string(delivery.Code128), fmt.Sprintf("%v", delivery.Symbologies()))
	f.StringVar(&s.names, "text-file", "", "file of holders' names, one a line, taken in turn")
	f.StringVarP(&s.out, "output", "o", "", "file to write; - is the terminal's output")
	f.StringVar(&s.layout, "layout", "", "name of a layout (default standard, for printers thermal)")
	f.StringVar(&s.folder, "layouts", "", "folder of your own layouts")
	f.StringVar(&s.fonts, "fonts", setting(p.environ, "GUICHET_FONTS"), "folder of your own fonts")
	f.StringVar(&s.lang, "lang", "en", "language")
	f.StringVar(&s.kind, "kind", "event", "event (a numbered seat), service (a timed entry) or pass (undated)")
	f.StringVar(&s.payload, "payload", "", "the payload of every barcode (default: one of 24 digits each)")
	f.BoolVar(&s.longest, "longest", false, "fill every text with as much as a layout has to bear")
	f.BoolVar(&s.each, "each", false, "make every ticket a file of its own")
	f.IntVar(&s.dpi, "dpi", 0, "dots per inch of png (default 150) or of the printer (default 203)")
	return cmd
}

// maxSamples bounds what is printed at once.
const maxSamples = 100_000

func (p *program) sample(ctx context.Context, s *sampling) error {
	code, err := symbology(s.symbology)
	switch {
	case err != nil:
		return err
	case s.n < 1 || s.n > maxSamples:
		return fmt.Errorf("invalid argument: --number is 1 to %d", maxSamples)
	case s.out == "":
		return errors.New("invalid argument: --output names the file to write")
	case s.kind != "event" && s.kind != "service" && s.kind != "pass":
		return fmt.Errorf("invalid argument %q: --kind is event, service or pass", s.kind)
	}
	names, err := readNames(s.names)
	if err != nil {
		return err
	}
	layouts, err := layoutFolder(s.folder)
	if err != nil {
		return err
	}
	r, err := templates.New(templates.Options{Layouts: layouts, Fonts: folder(s.fonts)})
	if err != nil {
		return err
	}
	print, err := s.printer(r)
	if err != nil {
		return err
	}
	if s.layout == "" && delivery.Format(s.format).Thermal() {
		s.layout = delivery.ThermalLayout
	}
	d := templates.SampleDocument(templates.Sample{
		Layout: s.layout, Language: s.lang, Symbology: code, Names: names, N: s.n, Kind: s.kind, Longest: s.longest, Barcode: s.payload,
	})
	w, done, err := p.create(s.out)
	if err != nil {
		return err
	}
	counted := &counter{w: bufio.NewWriterSize(w, 64<<10)}
	start := domain.SystemClock()
	if s.format != "png" && s.format != "svg" && !s.each {
		err = print(ctx, counted, d)
	} else {
		err = s.apart(ctx, counted, d, print)
	}
	if err = errors.Join(err, counted.w.Flush(), done()); err != nil {
		return err
	}
	took := domain.SystemClock().Sub(start)
	fmt.Fprintf(p.err, "%d tickets in %.3f s: %.0f tickets/s, %d bytes, %d a ticket\n",
		s.n, took.Seconds(), float64(s.n)/took.Seconds(), counted.n, counted.n/int64(s.n))
	return nil
}

// create opens the file to write; "-" is the output.
func (p *program) create(name string) (io.Writer, func() error, error) {
	if name == "-" {
		return p.out, func() error { return nil }, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}

// printTo prints a document.
type printTo func(ctx context.Context, w io.Writer, d delivery.Document) error

func (s *sampling) printer(r *templates.Renderer) (printTo, error) {
	switch s.format {
	case "pdf":
		return r.PDF, nil
	case "svg":
		return r.SVG, nil
	case "png":
		dpi := cmp.Or(s.dpi, 150)
		return func(ctx context.Context, w io.Writer, d delivery.Document) error { return r.PNG(ctx, w, d, dpi) }, nil
	case "fgl", "zpl":
		dpi := cmp.Or(s.dpi, 203)
		return func(ctx context.Context, w io.Writer, d delivery.Document) error {
			return r.Thermal(ctx, w, d, delivery.PrinterLanguage(s.format), dpi)
		}, nil
	}
	return nil, fmt.Errorf("invalid argument %q: --format is pdf, png, svg, fgl or zpl", s.format)
}

// apart prints every ticket as a file of its own: one as it is, several into a ZIP.
func (s *sampling) apart(ctx context.Context, w io.Writer, d delivery.Document, print printTo) error {
	one := d
	if len(d.Pages) == 1 {
		return print(ctx, w, one)
	}
	z := zip.NewWriter(w)
	var b bytes.Buffer
	for i := range d.Pages {
		b.Reset()
		one.Pages = d.Pages[i : i+1]
		if err := print(ctx, &b, one); err != nil {
			return err
		}
		f, err := z.CreateHeader(&zip.FileHeader{Name: d.Pages[i].TicketID + "." + s.format, Method: zip.Store})
		if err != nil {
			return err
		}
		if _, err := f.Write(b.Bytes()); err != nil {
			return err
		}
	}
	return z.Close()
}

// counter counts bytes on their way.
type counter struct {
	w *bufio.Writer
	n int64
}

// Write implements io.Writer.
func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// maxNames bounds a file of names.
const maxNames = 8 << 20

// readNames reads names, one a line; blank lines are left out. No file is no names.
func readNames(file string) ([]string, error) {
	if file == "" {
		return nil, nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxNames {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d that are taken", file, info.Size(), maxNames)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("%s is not UTF-8", file)
	}
	var names []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" {
			names = append(names, line)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no names", file)
	}
	return names, nil
}
