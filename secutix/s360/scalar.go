package s360

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// ID is a platform identifier: 64 bits, above 2^32 and below 2^53 in practice.
// It reads a number or numeric text and writes a number. Zero means absent.
type ID int64

// Int is a whole number that is neither an identifier nor money. It reads a
// number, numeric text, or a decimal without a fraction ("20.000").
type Int int64

// Amount is money in thousandths of the currency unit: 4000 is 4.00. It reads
// an integer or integer text and nothing else; a fraction, an exponent or an
// empty text is an error that names the value, because a misread price is worse
// than no price.
type Amount int64

// Bool is a flag that may arrive as true, "true", 1 or "1".
type Bool bool

// Decimal is a number with a fraction kept as the platform wrote it, such as
// "20.000". It is for display and ratios, never for money.
type Decimal string

// Date is a point in time in any of the forms the platform uses: ISO 8601 with
// or without milliseconds, with Z, +02:00 or +0200, or epoch milliseconds as a
// number. It writes milliseconds and a numeric colon offset, as answers do.
type Date struct{ time.Time }

// Instant is a point in time inside a request. It reads like Date and writes
// UTC with milliseconds and Z, the one form known to be accepted in requests.
type Instant struct{ time.Time }

// Barcode is the unique key of an entry right: opaque, case-sensitive text with
// leading zeros. Formatting it prints a shortened form, so that a full barcode
// reaches a log only by an explicit conversion to string.
type Barcode string

// List is a list that may arrive as an array, as one bare element, as null or
// an empty text, or not at all. An empty list counts as zero and is left out
// by omitzero.
type List[T any] []T

// IsZero reports whether the list is empty; an empty list and an absent one
// mean the same to the platform.
func (l List[T]) IsZero() bool { return len(l) == 0 }

// UnmarshalJSON accepts an array, one element, null or an empty text.
func (l *List[T]) UnmarshalJSON(b []byte) error { return Decode(b, (*[]T)(l)) }

// ExternalName is a text in several languages.
type ExternalName struct {
	Translations List[Translation] `json:"translations"`
}

// Translation is one language of an ExternalName. Value may be empty.
type Translation struct {
	Locale string `json:"locale"`
	Value  string `json:"value,omitzero"`
}

// In returns the text for the locale, else the first text that is not blank,
// else the empty string. A locale matches whole ("it_IT") or by its language
// ("it").
func (n *ExternalName) In(locale string) string {
	if n == nil {
		return ""
	}
	first, byLanguage := "", ""
	language, _, _ := strings.Cut(strings.ReplaceAll(locale, "-", "_"), "_")
	for _, t := range n.Translations {
		if strings.TrimSpace(t.Value) == "" {
			continue
		}
		if strings.EqualFold(t.Locale, locale) {
			return t.Value
		}
		has, _, _ := strings.Cut(strings.ReplaceAll(t.Locale, "-", "_"), "_")
		if byLanguage == "" && strings.EqualFold(has, language) {
			byLanguage = t.Value
		}
		if first == "" {
			first = t.Value
		}
	}
	if byLanguage != "" {
		return byLanguage
	}
	return first
}

// Named returns an ExternalName with one translation.
func Named(locale, value string) *ExternalName {
	return &ExternalName{Translations: List[Translation]{{Locale: locale, Value: value}}}
}

const (
	dateLayout    = "2006-01-02T15:04:05.000-07:00"
	instantLayout = "2006-01-02T15:04:05.000Z"
	openYear      = 2999
)

var errNoScalar = errors.New("is not a single value")

// scalarText returns the text of a JSON scalar: the content of a string, or the
// literal itself. Null and the empty text give "" and absent=true.
func scalarText(b []byte) (text string, absent bool, err error) {
	if len(b) == 0 {
		return "", true, nil
	}
	switch b[0] {
	case 'n':
		return "", true, nil
	case '{', '[':
		return "", false, errNoScalar
	case '"':
		s, err := unquote(b)
		if err != nil {
			return "", false, err
		}
		s = strings.TrimSpace(s)
		return s, s == "", nil
	}
	return string(b), false, nil
}

// plainInt reads an unquoted run of digits without allocating.
func plainInt(b []byte) (n int64, ok bool) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) != len(b) {
		n = -n
	}
	return n, true
}

// UnmarshalJSON reads a number or numeric text; null and "" leave zero.
func (i *ID) UnmarshalJSON(b []byte) error {
	if n, ok := plainInt(b); ok {
		*i = ID(n)
		return nil
	}
	text, absent, err := scalarText(b)
	if err != nil || absent {
		return err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return errors.New("is not an identifier")
	}
	*i = ID(n)
	return nil
}

// UnmarshalJSON reads a whole number, as a number or as text; null and "" leave
// zero.
func (i *Int) UnmarshalJSON(b []byte) error {
	if n, ok := plainInt(b); ok {
		*i = Int(n)
		return nil
	}
	text, absent, err := scalarText(b)
	if err != nil || absent {
		return err
	}
	whole, fraction, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.Trim(fraction, "0") != "" {
		return errors.New("is not a whole number")
	}
	*i = Int(n)
	return nil
}

// UnmarshalJSON reads an integer or integer text. Null is refused as well: a
// member that may be null is a *Amount.
func (a *Amount) UnmarshalJSON(b []byte) error {
	if n, ok := plainInt(b); ok {
		*a = Amount(n)
		return nil
	}
	text, absent, err := scalarText(b)
	if err != nil {
		return err
	}
	if absent {
		return errors.New("is an empty amount")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || text[0] == '+' {
		return fmt.Errorf("%q is not a whole number of thousandths", clip(text, 32))
	}
	*a = Amount(n)
	return nil
}

// UnmarshalJSON reads true, false, 1, 0 and the same as text in any case; null
// and "" leave false.
func (f *Bool) UnmarshalJSON(b []byte) error {
	text, absent, err := scalarText(b)
	if err != nil || absent {
		return err
	}
	switch strings.ToLower(text) {
	case "true", "1":
		*f = true
	case "false", "0":
		*f = false
	default:
		return errors.New("is neither true nor false")
	}
	return nil
}

// UnmarshalJSON keeps a number or numeric text as it was written.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	text, absent, err := scalarText(b)
	if err != nil || absent {
		return err
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return errors.New("is not a number")
	}
	*d = Decimal(text)
	return nil
}

// MarshalJSON writes the number as it was read, or null when there is none.
func (d Decimal) MarshalJSON() ([]byte, error) {
	if d == "" {
		return []byte("null"), nil
	}
	if !json.Valid([]byte(d)) {
		return json.Marshal(string(d))
	}
	return []byte(d), nil
}

// UnmarshalJSON reads any of the platform's date forms; null and "" leave the
// zero time.
func (d *Date) UnmarshalJSON(b []byte) error {
	t, err := parseDate(b)
	if err != nil {
		return err
	}
	d.Time = t
	return nil
}

// MarshalJSON writes milliseconds and a numeric offset with a colon, and null
// for the zero time.
func (d Date) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + d.Format(dateLayout) + `"`), nil
}

// Open reports whether the date means "no end" (year 2999 and later).
func (d Date) Open() bool { return d.Year() >= openYear }

// Unset reports whether the date means "not given": the zero time, or a year
// the platform writes for an empty field.
func (d Date) Unset() bool { return d.Year() <= 1 }

// At returns t as a Date.
func At(t time.Time) Date { return Date{Time: t} }

// UnmarshalJSON reads any of the platform's date forms.
func (i *Instant) UnmarshalJSON(b []byte) error {
	t, err := parseDate(b)
	if err != nil {
		return err
	}
	i.Time = t
	return nil
}

// MarshalJSON writes UTC with milliseconds and Z, and null for the zero time.
func (i Instant) MarshalJSON() ([]byte, error) {
	if i.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + i.UTC().Format(instantLayout) + `"`), nil
}

var errNoDate = errors.New("is not a date")

func parseDate(b []byte) (time.Time, error) {
	if n, ok := plainInt(b); ok {
		return fromMillis(n)
	}
	text, absent, err := scalarText(b)
	if err != nil || absent {
		return time.Time{}, err
	}
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	if n, ok := plainInt([]byte(text)); ok && len(text) >= 11 {
		return fromMillis(n)
	}
	return time.Time{}, errNoDate
}

// fromMillis refuses what a four-digit year cannot hold, so that every date
// read can be written again.
func fromMillis(n int64) (time.Time, error) {
	t := time.UnixMilli(n).UTC()
	if t.Year() < 0 || t.Year() > 9998 {
		return time.Time{}, errNoDate
	}
	return t, nil
}

// String returns a shortened form that is safe to print.
func (b Barcode) String() string {
	if len(b) <= 8 {
		return "***"
	}
	return "***" + string(b[len(b)-4:])
}

// GoString returns the shortened form, so that %#v is safe as well.
func (b Barcode) GoString() string { return b.String() }

// LogValue returns the shortened form.
func (b Barcode) LogValue() slog.Value { return slog.StringValue(b.String()) }

// UnmarshalJSON keeps the text byte for byte; a number keeps its digits.
func (b *Barcode) UnmarshalJSON(raw []byte) error {
	if len(raw) == 0 || raw[0] == 'n' {
		return nil
	}
	switch raw[0] {
	case '"':
		s, err := unquote(raw)
		if err != nil {
			return err
		}
		*b = Barcode(s)
		return nil
	case '{', '[', 't', 'f':
		return errNoScalar
	}
	*b = Barcode(raw)
	return nil
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
