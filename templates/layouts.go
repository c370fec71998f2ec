package templates

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"guichet/domain"
	"guichet/domain/delivery"
)

// standardLayout is what is printed where nobody chose.
const standardLayout = "standard"

// maxLayouts bounds a folder.
const maxLayouts = 500

// layoutSet is every layout there is. It is immutable.
type layoutSet struct{ byName map[string]*layout }

// get returns a layout by its name; empty is the standard one. Errors: layout.unknown.
func (s *layoutSet) get(name string) (*layout, error) {
	if name == "" {
		name = standardLayout
	}
	l, ok := s.byName[name]
	if !ok {
		return nil, domain.Errorf(domain.Invalid, delivery.CodeLayoutUnknown, "There is no layout %q.", clip(name))
	}
	return l, nil
}

// clip keeps a text from outside short.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// readLayouts reads the shipped layouts and those of the folder. Everything wrong in the folder is reported together.
func (r *Renderer) readLayouts() (*layoutSet, error) {
	shipped, err := fs.Sub(assets, "layouts")
	if err != nil {
		return nil, err
	}
	set := &layoutSet{byName: map[string]*layout{}}
	if err := r.readFolder(shipped, set, true); err != nil {
		return nil, err
	}
	if r.folder != nil {
		if err := r.readFolder(r.folder, set, false); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// readFolder adds every name.json of a folder to a set.
func (r *Renderer) readFolder(folder fs.FS, set *layoutSet, shipped bool) error {
	files, err := fs.Glob(folder, "*.json")
	if err != nil {
		return err
	}
	if _, err := fs.Stat(folder, "."); err != nil {
		return LayoutProblems{{Reason: fmt.Sprintf("the folder of layouts cannot be read: %v", plainly(err))}}
	}
	if len(files) > maxLayouts {
		return LayoutProblems{{Reason: fmt.Sprintf("the folder has %d layouts, more than the %d that are taken", len(files), maxLayouts)}}
	}
	var wrong LayoutProblems
	for _, file := range files {
		if file == schemaFile {
			continue
		}
		l, err := readLayout(folder, file, r.locales[fallbackLanguage])
		var ps LayoutProblems
		switch {
		case errors.As(err, &ps):
			wrong = append(wrong, ps...)
			continue
		case err != nil:
			return err
		}
		l.shipped = shipped
		set.byName[l.name] = l
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

// schemaFile stands beside layouts and is none.
const schemaFile = "schema.json"

// readLayout reads one file of a folder. What is wrong with it is LayoutProblems with the file's name.
func readLayout(folder fs.FS, file string, words *locale) (*layout, error) {
	named := func(ps LayoutProblems) error {
		for i := range ps {
			ps[i].File = file
		}
		return ps
	}
	name := strings.TrimSuffix(file, ".json")
	if !layoutName(name) || name == file {
		return nil, named(LayoutProblems{{Reason: "a layout's file is named in lower-case letters, digits and hyphens, and ends in .json"}})
	}
	f, err := folder.Open(file)
	if err != nil {
		return nil, named(LayoutProblems{{Reason: fmt.Sprintf("the file cannot be read: %v", plainly(err))}})
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := readAtMost(f, maxLayoutBytes, fmt.Errorf("the file has more than %d MB", maxLayoutBytes>>20))
	if err != nil {
		return nil, named(LayoutProblems{{Reason: err.Error()}})
	}
	l, err := parseLayout(b, words, imagesOf(folder))
	var ps LayoutProblems
	if errors.As(err, &ps) {
		return nil, named(ps)
	}
	if err != nil {
		return nil, err
	}
	l.name = name
	return l, nil
}

// layoutName says that a layout may have this name: it stands in addresses and settings.
func layoutName(s string) bool {
	if s == "" || len(s) > 60 {
		return false
	}
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// Layouts lists every layout by name.
func (r *Renderer) Layouts() []delivery.Layout { return r.layouts.Load().list() }

func (s *layoutSet) list() []delivery.Layout {
	out := make([]delivery.Layout, 0, len(s.byName))
	for _, name := range slices.Sorted(maps.Keys(s.byName)) {
		l := s.byName[name]
		page := l.Page
		if l.Sheet != nil {
			page = l.Sheet.Page
		}
		out = append(out, delivery.Layout{
			Name: name, Version: l.Version, About: l.About, Digest: l.digest, Shipped: l.shipped, Order: l.Per == perOrder, Admits: l.admits(),
			Width: page.W, Height: page.H,
		})
	}
	return out
}

// LayoutSchema is the JSON Schema of layout files.
func (r *Renderer) LayoutSchema() []byte {
	b, _ := assets.ReadFile("layouts/" + schemaFile) // part of the program
	return b
}

// CheckLayouts implements delivery.Layouts.
func (r *Renderer) CheckLayouts(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := r.readLayouts()
	return refusedLayouts(err)
}

// ReloadLayouts implements delivery.Layouts. A nil accept takes everything.
func (r *Renderer) ReloadLayouts(ctx context.Context, accept func([]delivery.Layout) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	set, err := r.readLayouts()
	if err != nil {
		return refusedLayouts(err)
	}
	if accept != nil {
		if err := accept(set.list()); err != nil {
			return err
		}
	}
	r.layouts.Store(set)
	return nil
}

// refusedLayouts tells what is wrong with layouts to callers who know nothing of this package.
func refusedLayouts(err error) error {
	var wrong LayoutProblems
	if !errors.As(err, &wrong) {
		return err
	}
	out := domain.Errorf(domain.Conflict, delivery.CodeLayoutRefused, "the folder of layouts is not taken into use; those in use stay").Because(wrong)
	for _, p := range wrong {
		at := p.File
		if p.Line > 0 {
			at += ":" + strconv.Itoa(p.Line)
		}
		out.WithField(at, delivery.CodeLayoutRefused, p.Reason)
	}
	return out
}

// Sample implements delivery.Layouts. It has five tickets, so that a page of several shows some.
func (r *Renderer) Sample(s delivery.LayoutSample) delivery.Document {
	return SampleDocument(Sample{Layout: s.Layout, Language: s.Lang, Symbology: s.Symbology, Kind: s.Kind, Longest: s.Longest, N: 5})
}
