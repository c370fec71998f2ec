package tixngo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Word is a short text that may arrive as text, a number, true, false or null. It writes text.
type Word string

// Int is a whole number that may arrive as text.
type Int int64

// Amount is money in thousandths of the currency unit: 45000 is 45.00. TIXNGO writes a number with a
// fraction; it is read exactly, digit by digit, and more than three decimals are an error.
type Amount int64

// Flag is a truth value that may arrive as true, "true", 1, "Y" or "yes".
type Flag bool

// YesNo is a truth value written "Y" or "N"; it reads like Flag.
type YesNo bool

// Time is a moment, written by RFC 3339. It also reads an offset without colon and milliseconds since
// 1970; null and "" are the zero time.
type Time struct{ time.Time }

// Secret is text that prints as *** wherever it is formatted or logged.
type Secret string

// List is a list that may arrive as an array, one bare element, null or "".
type List[T any] []T

// Text is a text in one language, or in several as an object of language code to text.
type Text struct {
	// Plain is the text when there is only one.
	Plain string
	// In is the text by language code; when it is not empty, Plain is not written.
	In map[string]string
}

// Barcode is what the gate reads. Formatting it prints its ends only, so that a whole one reaches a
// log only by an explicit conversion to string.
type Barcode string

// String returns the barcode with its middle hidden.
func (b Barcode) String() string {
	if len(b) < 12 {
		return "***"
	}
	return string(b[:2]) + "***" + string(b[len(b)-2:])
}

// GoString returns the barcode with its middle hidden.
func (b Barcode) GoString() string { return b.String() }

// LogValue returns the barcode with its middle hidden.
func (b Barcode) LogValue() slog.Value { return slog.StringValue(b.String()) }

// String returns ***.
func (Secret) String() string { return "***" }

// GoString returns ***.
func (Secret) GoString() string { return "***" }

// LogValue returns ***.
func (Secret) LogValue() slog.Value { return slog.StringValue("***") }

// MarshalText returns ***, so that an encoded configuration does not leak.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

var (
	errScalar = errors.New("a single value is expected")
	errMoney  = errors.New("is not money in thousandths")
)

// scalar returns what a JSON scalar says: a text's content or the literal. Null and "" are "".
func scalar(b []byte) (string, error) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || string(b) == "null" {
		return "", nil
	}
	switch b[0] {
	case '"':
		var s string
		err := json.Unmarshal(b, &s)
		return s, err
	case '{', '[':
		return "", errScalar
	}
	return string(b), nil
}

// UnmarshalJSON reads text, a number, a truth value or null.
func (w *Word) UnmarshalJSON(b []byte) error {
	s, err := scalar(b)
	*w = Word(s)
	return err
}

// UnmarshalJSON reads text, a number, a truth value or null, so that a new form of status is kept.
func (s *Status) UnmarshalJSON(b []byte) error { return (*Word)(s).UnmarshalJSON(b) }

// UnmarshalJSON reads text or null.
func (b *Barcode) UnmarshalJSON(data []byte) error { return (*Word)(b).UnmarshalJSON(data) }

// UnmarshalJSON reads a number, numeric text or null.
func (n *Int) UnmarshalJSON(b []byte) error {
	s, err := scalar(b)
	if err != nil || s == "" {
		*n = 0
		return err
	}
	v, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return errors.New("is not a whole number")
	}
	*n = Int(v)
	return nil
}

// UnmarshalJSON reads a number or numeric text exactly.
func (a *Amount) UnmarshalJSON(b []byte) error {
	s, err := scalar(b)
	if err != nil || s == "" {
		*a = 0
		return err
	}
	v, err := parseAmount(s)
	*a = Amount(v)
	return err
}

func parseAmount(s string) (int64, error) {
	digits, minus := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	fraction = strings.TrimRight(fraction, "0")
	if whole == "" || len(fraction) > 3 || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, errMoney
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", 3-len(fraction)), 10, 64)
	if err != nil {
		return 0, errMoney
	}
	if minus {
		return -n, nil
	}
	return n, nil
}

// MarshalJSON writes a number with as many decimals as are needed.
func (a Amount) MarshalJSON() ([]byte, error) {
	n, sign := uint64(a), "" //nolint:gosec // the bits of a negative amount are turned just below
	if a < 0 {
		n, sign = -n, "-"
	}
	text := fmt.Sprintf("%s%d.%03d", sign, n/1000, n%1000)
	return []byte(strings.TrimSuffix(strings.TrimRight(text, "0"), ".")), nil
}

// UnmarshalJSON reads any of the forms of yes and no; null and "" are no.
func (f *Flag) UnmarshalJSON(b []byte) error {
	s, err := scalar(b)
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "1", "y", "yes":
		*f = true
	case "false", "0", "n", "no", "":
		*f = false
	default:
		return errors.New("is neither yes nor no")
	}
	return nil
}

// UnmarshalJSON reads like Flag.
func (y *YesNo) UnmarshalJSON(b []byte) error { return (*Flag)(y).UnmarshalJSON(b) }

// MarshalJSON writes "Y" or "N".
func (y YesNo) MarshalJSON() ([]byte, error) {
	if y {
		return []byte(`"Y"`), nil
	}
	return []byte(`"N"`), nil
}

// UnmarshalJSON reads RFC 3339 in its common variants, milliseconds since 1970, null or "".
func (t *Time) UnmarshalJSON(b []byte) error {
	s, err := scalar(b)
	if err != nil || s == "" {
		t.Time = time.Time{}
		return err
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02T15:04Z07:00"} {
		if t.Time, err = time.Parse(layout, s); err == nil {
			return inFourDigits(t.Time)
		}
	}
	ms, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return errors.New("is not a moment by RFC 3339")
	}
	t.Time = time.UnixMilli(ms).UTC()
	return inFourDigits(t.Time)
}

// inFourDigits refuses years that could not be written again.
func inFourDigits(t time.Time) error {
	if y := t.UTC().Year(); y < 1 || y > 9998 {
		return errors.New("is a moment of no calendar")
	}
	return nil
}

// MarshalJSON writes RFC 3339 without a fraction when there is none; the zero time is null.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.Format(time.RFC3339Nano) + `"`), nil
}

// UnmarshalJSON reads an array, one element, null or "".
func (l *List[T]) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) == 0, string(b) == "null", string(b) == `""`:
		*l = nil
		return nil
	case b[0] == '[':
		return json.Unmarshal(b, (*[]T)(l))
	}
	var one T
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	*l = List[T]{one}
	return nil
}

// IsZero reports whether there is no text.
func (t Text) IsZero() bool { return t.Plain == "" && len(t.In) == 0 }

// UnmarshalJSON reads a text, or an object of language code to text.
func (t *Text) UnmarshalJSON(b []byte) error {
	*t = Text{}
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '{' {
		var in map[string]Word
		if err := json.Unmarshal(b, &in); err != nil {
			return err
		}
		t.In = make(map[string]string, len(in))
		for language, text := range in {
			t.In[language] = string(text)
		}
		return nil
	}
	return (*Word)(&t.Plain).UnmarshalJSON(b)
}

// MarshalJSON writes an object when there are languages, else a text.
func (t Text) MarshalJSON() ([]byte, error) {
	if len(t.In) > 0 {
		return json.Marshal(t.In)
	}
	return json.Marshal(t.Plain)
}
