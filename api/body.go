package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"guichet/domain"
)

// maxDepth is how deeply a request body may nest; the deepest of ours needs five.
const maxDepth = 20

// checkJSON refuses a body that is not one JSON value (request.malformed, with the place), and members that stand twice or
// are not spelled as ours are (lower-case letters, digits and underscores), each by its pointer. Go's decoder would take
// "Quantity" for "quantity" and the last of two; neither is what the caller can have meant. Every number of ours is whole, so
// others are refused here, too, before they are taken for floats.
func checkJSON(body []byte) error {
	if !utf8.Valid(body) {
		return domain.Errorf(domain.Invalid, CodeRequestMalformed, "the body is not UTF-8 text")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the body has members that cannot be taken")
	err := walkJSON(dec, "", 0, bad)
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = errTrailing
		}
	}
	if err != nil {
		return malformed(err, dec.InputOffset())
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

var (
	errTrailing = errors.New("something follows the value")
	errDepth    = errors.New("it nests too deeply")
)

func malformed(err error, offset int64) error {
	at := offset
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at = syntax.Offset
	}
	what := "the body is not JSON"
	switch {
	case errors.Is(err, errTrailing), errors.Is(err, errDepth):
		what += ": " + err.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		what += ": it ends too early"
	}
	return domain.Errorf(domain.Invalid, CodeRequestMalformed, "%s (at byte %d)", what, at)
}

func walkJSON(dec *json.Decoder, at string, depth int, bad *domain.Error) error {
	if depth > maxDepth {
		return errDepth
	}
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	switch tok {
	case json.Delim('{'):
		return walkObject(dec, at, depth, bad)
	case json.Delim('['):
		for i := 0; dec.More(); i++ {
			if err := walkJSON(dec, at+"/"+strconv.Itoa(i), depth+1, bad); err != nil {
				return err
			}
		}
		_, err := dec.Token()
		return err
	}
	if n, ok := tok.(json.Number); ok {
		if _, err := strconv.ParseInt(n.String(), 10, 64); err != nil {
			bad.WithField(at, domain.CodeRequest, "a whole number without fraction or exponent, of at most 18 digits")
		}
	}
	return nil
}

func walkObject(dec *json.Decoder, at string, depth int, bad *domain.Error) error {
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		name, ok := tok.(string)
		if !ok {
			return errors.New("a member without a name")
		}
		here := at + "/" + escapePointer(name)
		switch {
		case seen[name]:
			bad.WithField(here, CodeRequestUnknownMember, "the member stands twice")
		case !plainName(name):
			bad.WithField(here, CodeRequestUnknownMember, "no such member")
		}
		seen[name] = true
		if err := walkJSON(dec, here, depth+1, bad); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

func plainName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// escapePointer writes a member's name as it stands in a JSON pointer. Long names are cut: they are echoed.
func escapePointer(name string) string {
	if len(name) > 100 {
		name = strings.ToValidUTF8(name[:100], "") + "…"
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
