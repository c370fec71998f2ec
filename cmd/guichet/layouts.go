package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"guichet/domain/delivery"
	"guichet/templates"
)

func (p *program) layoutsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "layouts", Short: "Check, look at and pack ticket layouts",
		Long: "A layout is a JSON file that says what stands where on a ticket; docs/layouts.md is its manual.",
	}
	cmd.AddCommand(p.layoutsCheck(), p.layoutsPreview(), p.layoutsPack(), p.layoutsSchema())
	return cmd
}

// trial is what layouts are tried with.
type trial struct {
	symbologies []string
	payload     string
	fonts       string
}

func (t *trial) flags(cmd *cobra.Command, environ []string) {
	cmd.Flags().StringVar(&t.fonts, "fonts", setting(environ, "GUICHET_FONTS"), "folder of your own fonts")
	cmd.Flags().StringSliceVar(&t.symbologies, "symbology", nil, fmt.Sprintf("barcodes that it must have room for: %v (default all)", delivery.Symbologies()))
	cmd.Flags().StringVar(&t.payload, "payload", "", "a barcode's payload as long as yours become (default 24 digits)")
}

func (t *trial) read() (templates.Try, error) {
	out := templates.Try{Payload: t.payload}
	for _, s := range t.symbologies {
		known, err := symbology(s)
		if err != nil {
			return out, err
		}
		out.Symbologies = append(out.Symbologies, known)
	}
	return out, nil
}

func symbology(s string) (delivery.Symbology, error) {
	for _, known := range delivery.Symbologies() {
		if s == string(known) {
			return known, nil
		}
	}
	return "", fmt.Errorf("invalid argument %q: a symbology is one of %v", s, delivery.Symbologies())
}

func (p *program) layoutsCheck() *cobra.Command {
	var t trial
	cmd := &cobra.Command{
		Use: "check FILE...", Short: "Say what is wrong with layout files, with line and reason", Args: cobra.MinimumNArgs(1),
		Long: "Check reads layout files and tries them with usual and longest sample tickets in every language. It ends with 1 where\n" +
			"something overlaps, has no room or does not exist, where no font has a character, or where a barcode is too small.",
		RunE: func(cmd *cobra.Command, files []string) error { return p.checkLayouts(cmd.Context(), files, &t) },
	}
	t.flags(cmd, p.environ)
	return cmd
}

// besideFile opens the folder of a file. What is read through it never leaves the folder, not by a link either.
func besideFile(file string) (folder *os.Root, name string, err error) {
	folder, err = os.OpenRoot(filepath.Dir(file))
	return folder, filepath.Base(file), err
}

func (p *program) checkLayouts(ctx context.Context, files []string, t *trial) error {
	try, err := t.read()
	if err != nil {
		return err
	}
	r, err := templates.New(templates.Options{Fonts: folder(t.fonts)})
	if err != nil {
		return err
	}
	bad := false
	for _, file := range files {
		l, err := checkLayout(ctx, r, file, try)
		switch err = p.problems(file, err); {
		case errors.Is(err, errPrinted):
			bad = true
		case err != nil:
			return err
		default:
			fmt.Fprintf(p.out, "%s: good (%s, digest %s)\n", file, measures(l), l.Digest)
		}
	}
	if bad {
		return errPrinted
	}
	return nil
}

// problems prints what is wrong with a layout file, a line for each; any other error it returns as it is.
func (p *program) problems(file string, err error) error {
	var wrong templates.LayoutProblems
	if !errors.As(err, &wrong) {
		return err
	}
	for _, w := range wrong {
		w.File = file
		fmt.Fprintln(p.out, w)
	}
	return errPrinted
}

func checkLayout(ctx context.Context, r *templates.Renderer, file string, try templates.Try) (delivery.Layout, error) {
	folder, name, err := besideFile(file)
	if err != nil {
		return delivery.Layout{}, err
	}
	defer func() { _ = folder.Close() }() // it was only read
	return r.CheckLayout(ctx, folder.FS(), name, try)
}

// measures writes a layout's paper for a reader.
func measures(l delivery.Layout) string {
	if l.Height == 0 {
		return fmt.Sprintf("%g mm roll", l.Width)
	}
	return fmt.Sprintf("%g × %g mm", l.Width, l.Height)
}

func (p *program) layoutsPack() *cobra.Command {
	var (
		t   trial
		out string
	)
	cmd := &cobra.Command{
		Use: "pack FILE", Short: "Write a layout and its pictures as one file", Args: cobra.ExactArgs(1),
		Long: "Pack checks a layout, puts its pictures into the file, reads that again and makes sure that it prints the same.",
		RunE: func(cmd *cobra.Command, files []string) error { return p.packLayout(cmd.Context(), files[0], out, &t) },
	}
	t.flags(cmd, p.environ)
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write (default NAME.packed.json beside it)")
	return cmd
}

func (p *program) packLayout(ctx context.Context, file, out string, t *trial) error {
	try, err := t.read()
	if err != nil {
		return err
	}
	r, err := templates.New(templates.Options{Fonts: folder(t.fonts)})
	if err != nil {
		return err
	}
	folder, name, err := besideFile(file)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }() // it was only read
	packed, err := r.PackLayout(ctx, folder.FS(), name, try)
	if err != nil {
		return p.problems(file, err)
	}
	if out == "" {
		out = strings.TrimSuffix(file, ".json") + ".packed.json"
	}
	if same(out, file) {
		return fmt.Errorf("%s would be written over the layout itself", out)
	}
	if err := os.WriteFile(out, packed, 0o644); err != nil { //nolint:gosec // G306: a layout is no secret
		return err
	}
	fmt.Fprintf(p.out, "%s: %d kB, prints as %s does\n", out, (len(packed)+1023)/1024, file)
	return nil
}

// same says that two paths are one file.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

func (p *program) layoutsSchema() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of layout files, for editors", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			r, err := templates.New(templates.Options{})
			if err != nil {
				return err
			}
			_, err = p.out.Write(r.LayoutSchema())
			return err
		},
	}
}

// setting is a variable of the environment; empty where it is not set.
func setting(environ []string, name string) string {
	for _, v := range environ {
		if text, ok := strings.CutPrefix(v, name+"="); ok {
			return text
		}
	}
	return ""
}

// layoutFolder is the folder of the operator's layouts; nil where none is configured. It is kept open for as long as the
// program runs.
func layoutFolder(path string) (fs.FS, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // no folder
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("layouts: %w", err)
	}
	return root.FS(), nil
}
