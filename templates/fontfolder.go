package templates

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/font"
)

// Bounds of a folder of fonts: a file's bytes, and how many files are read.
const (
	maxFontBytes = 64 << 20
	maxFontFiles = 64
)

// FontProblem says why a font of the operator's folder cannot be used.
type FontProblem struct {
	File string
	Err  error
}

// FontProblems are all that is wrong with a folder of fonts. It is an error.
type FontProblems []FontProblem

// Error implements error: one line for each font.
func (p FontProblems) Error() string {
	lines := make([]string, len(p))
	for i, q := range p {
		lines[i] = q.File + ": " + q.Err.Error()
	}
	return strings.Join(lines, "\n")
}

// Font is a family that texts are printed in.
type Font struct {
	Name string
	Bold bool // has a bold weight; else its strokes are made thicker where bold is asked for
	Own  bool // of the operator's folder; else part of the program
}

// Fonts lists the families in the order in which plain text looks for a character, with those of a folder of .ttf, .otf and
// .ttc files (nil has none). Where a file cannot be used the error is FontProblems.
func Fonts(folder fs.FS) ([]Font, error) {
	l, err := loadLibrary(folder)
	if err != nil {
		return nil, err
	}
	out := make([]Font, len(l))
	for i, f := range l {
		out[i] = Font{Name: f.name, Bold: f.bold != nil, Own: f.own}
	}
	return out, nil
}

var (
	errFontOutlines = errors.New("its outlines are PostScript (CFF); a font with TrueType outlines is needed")
	errFontLicence  = errors.New("it does not allow to be embedded in documents (OS/2 fsType)")
	errFontLarge    = fmt.Errorf("it is larger than %d MB", maxFontBytes>>20)
	errFontDamaged  = errors.New("it is damaged")
	errFontTwice    = errors.New("its family has this weight already")
	errFontsMany    = fmt.Errorf("there are more than %d fonts", maxFontFiles)
)

// readFonts reads the fonts of a folder, by their names, and joins the weights of a family.
func readFonts(folder fs.FS) (library, error) {
	if folder == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	var l library
	var problems FontProblems
	read := 0
	for _, e := range entries {
		if e.IsDir() || !slices.Contains([]string{".ttf", ".otf", ".ttc"}, strings.ToLower(filepath.Ext(e.Name()))) {
			continue
		}
		if read++; read > maxFontFiles {
			problems = append(problems, FontProblem{e.Name(), errFontsMany})
			break
		}
		t, name, err := readFont(folder, e.Name())
		if err == nil {
			l, err = l.join(name, t)
		}
		if err != nil {
			problems = append(problems, FontProblem{e.Name(), err})
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return l, nil
}

// join adds a typeface to its family.
func (l library) join(name string, t *typeface) (library, error) {
	loaded := func() (*typeface, error) { return t, nil }
	i := slices.IndexFunc(l, func(f *family) bool { return f.name == name })
	if i < 0 {
		f := &family{name: name, own: true, regular: loaded}
		if t.bold {
			f.bold = loaded
		}
		return append(l, f), nil
	}
	f := l[i]
	first, err := f.regular()
	switch {
	case err != nil:
		return l, err
	case t.bold && f.bold == nil:
		f.bold = loaded
	case !t.bold && first.bold:
		f.regular = loaded
	default:
		return l, errFontTwice
	}
	return l, nil
}

// readFont reads a file's first font and its family's name.
func readFont(folder fs.FS, file string) (t *typeface, family string, err error) {
	defer func() { // the parser falls over damaged tables
		if e := recover(); e != nil {
			err = fmt.Errorf("%w: %v", errFontDamaged, e)
		}
	}()
	info, err := fs.Stat(folder, file)
	if err != nil {
		return nil, "", err
	}
	if info.Size() > maxFontBytes {
		return nil, "", errFontLarge
	}
	data, err := fs.ReadFile(folder, file)
	if err != nil {
		return nil, "", err
	}
	at, err := firstFont(data)
	if err != nil {
		return nil, "", err
	}
	if _, err := rawTable(data, at, "CFF "); err == nil {
		return nil, "", errFontOutlines
	}
	// Bit 1 alone says "restricted"; whatever else is set allows to embed at least for printing.
	if os2, err := rawTable(data, at, "OS/2"); err == nil && len(os2) >= 10 && binary.BigEndian.Uint16(os2[8:])&0xF == 2 {
		return nil, "", errFontLicence
	}
	t, err = parseFace("", data)
	if err != nil {
		return nil, "", err
	}
	about := t.font.Describe()
	t.bold = about.Aspect.Weight >= font.WeightSemibold
	t.name = postScriptName(about.Family)
	if t.bold {
		t.name += "-Bold"
	}
	return t, about.Family, nil
}

// postScriptName is a name as files may write it.
func postScriptName(family string) string {
	name := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return r
	}, family)
	if name == "" {
		return "Font"
	}
	return name[:min(len(name), 40)]
}
