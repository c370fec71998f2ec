package templates

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// imageLoader gives the bytes of an image that a layout names.
type imageLoader func(source string) ([]byte, error)

// Bounds of a layout's images: they are sent with every ticket.
const (
	maxLayoutImages     = 16
	maxLayoutImageBytes = 1 << 20
	maxLayoutPoints     = 6 << 20
)

var (
	errImageRemote = errors.New("pictures are files beside the layout; nothing is fetched from the network")
	errImagePath   = errors.New("the path leaves the layout's folder: it is relative, with / between its parts, and climbs nowhere")
	errImageBytes  = fmt.Errorf("the picture has more than %d kB", maxLayoutImageBytes>>10)
	errImagePoints = fmt.Errorf("the picture has more than %d million points", maxLayoutPoints>>20)
)

// imagesOf loads images from a folder (nil has none) and from data: addresses.
func imagesOf(folder fs.FS) imageLoader {
	return func(source string) ([]byte, error) {
		if data, ok := strings.CutPrefix(source, "data:"); ok {
			return dataImage(data)
		}
		switch {
		case strings.Contains(source, "://") || strings.HasPrefix(source, "//"):
			return nil, errImageRemote
		case !fs.ValidPath(source) || source == "." || strings.ContainsAny(source, "\\:\x00"):
			return nil, errImagePath
		case folder == nil:
			return nil, fs.ErrNotExist
		}
		f, err := folder.Open(source)
		if err != nil {
			return nil, plainly(err)
		}
		defer func() { _ = f.Close() }() // it was only read
		return readAtMost(f, maxLayoutImageBytes, errImageBytes)
	}
}

// plainly is a file's error without the path, which its reader knows.
func plainly(err error) error {
	if p := new(fs.PathError); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// readAtMost reads a regular file of a bounded size.
func readAtMost(f fs.File, most int64, tooMany error) ([]byte, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, plainly(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("this is no file")
	case info.Size() > most:
		return nil, tooMany
	}
	b := make([]byte, 0, info.Size()+1)
	for {
		n, err := f.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > most:
			return nil, tooMany
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return nil, plainly(err)
		case len(b) == cap(b):
			b = slices.Grow(b, 4096)
		}
	}
}

// dataImage reads "image/png;base64,…".
func dataImage(data string) ([]byte, error) {
	head, text, ok := strings.Cut(data, ",")
	if !ok || (head != "image/png;base64" && head != "image/jpeg;base64") {
		return nil, errors.New("a picture in the file is written \"data:image/png;base64,…\" or \"data:image/jpeg;base64,…\"")
	}
	if base64.StdEncoding.DecodedLen(len(text)) > maxLayoutImageBytes+3 {
		return nil, errImageBytes
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("the picture in the file is not base64")
	}
	return b, nil
}

// loadImages reads a layout's pictures. What is large, unreadable or elsewhere is refused.
func (l *layout) loadImages(at *node, load imageLoader, ps *LayoutProblems) {
	if len(l.Images) > maxLayoutImages {
		ps.add(at.at(), "a layout has at most %d images", maxLayoutImages)
		return
	}
	l.images = make(map[string]*picture, len(l.Images))
	for _, name := range slices.Sorted(maps.Keys(l.Images)) {
		line := at.member(name).at()
		b, err := load(l.Images[name])
		if err == nil {
			l.images[name], err = layoutPicture(b)
		}
		if err != nil {
			source := l.Images[name]
			if strings.HasPrefix(source, "data:") {
				source = "in the file"
			}
			ps.add(line, "the image %q (%s): %v", name, source, err)
		}
	}
}

// layoutPicture decodes a picture after its size was found bearable.
func layoutPicture(b []byte) (*picture, error) {
	cfg, _, err := probe(b)
	switch {
	case errors.Is(err, errPictureKind):
		return nil, errors.New("only PNG and JPEG pictures are printed")
	case errors.Is(err, errPictureSize), err == nil && cfg.Width > maxLayoutPoints/cfg.Height:
		return nil, errImagePoints
	case err != nil:
		return nil, fmt.Errorf("the picture cannot be read: %w", err)
	}
	pic, err := readPicture(b)
	if err != nil {
		return nil, fmt.Errorf("the picture cannot be read: %w", err)
	}
	return pic, nil
}

// dataAddress is the reverse of dataImage.
func dataAddress(b []byte) string {
	kind := "png"
	if len(b) > 0 && b[0] == 0xff {
		kind = "jpeg"
	}
	return "data:image/" + kind + ";base64," + base64.StdEncoding.EncodeToString(b)
}

// embedImages writes a layout file with the pictures that it names in it. All else stays as it is, to the letter.
func embedImages(file []byte, load imageLoader) ([]byte, error) {
	var whole struct {
		Images json.RawMessage `json:"images"`
	}
	if err := json.Unmarshal(file, &whole); err != nil || len(whole.Images) == 0 {
		return file, err
	}
	var images map[string]string
	if err := json.Unmarshal(whole.Images, &images); err != nil {
		return nil, err
	}
	for name, source := range images {
		b, err := load(source)
		if err != nil {
			return nil, err
		}
		images[name] = dataAddress(b)
	}
	packed, err := json.MarshalIndent(images, "  ", "  ")
	if err != nil {
		return nil, err
	}
	// The member's text stands in the file once as it is: its names and paths are the designer's own.
	return bytes.Replace(file, whole.Images, packed, 1), nil
}
