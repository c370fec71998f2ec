package delivery

import (
	"context"
	"time"

	"guichet/domain"
)

// Codes of refusals of pictures.
const (
	CodePictureUnknown = "picture.unknown"     // the thing has no such picture
	CodePictureRefused = "picture.refused"     // what the catalog names is no picture that is taken
	CodePictureAway    = "picture.unreachable" // the pictures' server does not answer
)

// PictureFormat is how a picture is written.
type PictureFormat string

// The formats.
const (
	PictureJPEG PictureFormat = "jpeg"
	PicturePNG  PictureFormat = "png"
)

// PictureFormats lists the formats.
func PictureFormats() []PictureFormat { return []PictureFormat{PictureJPEG, PicturePNG} }

// PictureWidths lists the widths, in points, that pictures are made in. They are few, so that each is made once.
func PictureWidths() []int { return []int{160, 320, 480, 640, 960, 1280, 1920} }

// PictureForm is how a picture is wanted. The zero form is the picture as it came.
type PictureForm struct {
	Width  int           // one of PictureWidths, or 0: its own; a picture is never enlarged
	Format PictureFormat // empty: its own where that is JPEG or PNG
}

// ScaledPicture is a picture in the form that was wanted.
type ScaledPicture struct {
	Content   []byte
	MediaType string
	FetchedAt time.Time // when its server gave it
	Stale     bool      // it is due to be fetched anew, which is tried meanwhile
}

// PictureScaler gives pictures that a catalog names in the form wanted. The address must come from a catalog, never from a
// caller. Errors: picture.refused (Upstream), picture.unreachable (Unavailable, with RetryAfter). It is safe for concurrent
// use.
type PictureScaler interface {
	Scaled(ctx context.Context, code domain.InstitutionCode, address string, form PictureForm) (ScaledPicture, error)
}
