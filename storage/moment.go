package storage

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// moment is a time column that may be NULL: the zero time. It is written and read as UTC milliseconds.
type moment time.Time

// Value implements driver.Valuer.
func (m moment) Value() (driver.Value, error) {
	if time.Time(m).IsZero() {
		return nil, nil //nolint:nilnil // NULL has no other spelling
	}
	return millis(time.Time(m)), nil
}

// Scan implements sql.Scanner.
func (m *moment) Scan(v any) error {
	t, err := scanTime(v)
	*m = moment(t)
	return err
}

// GormDataType implements schema.GormDataTypeInterface, so that gorm never fills the column by itself.
func (moment) GormDataType() string { return "timestamp" }

// instant is a time column that is never NULL: the zero time is stored as the year 1 and sorts first.
type instant time.Time

// Value implements driver.Valuer.
func (i instant) Value() (driver.Value, error) { return millis(time.Time(i)), nil }

// Scan implements sql.Scanner.
func (i *instant) Scan(v any) error {
	t, err := scanTime(v)
	*i = instant(t)
	return err
}

// GormDataType implements schema.GormDataTypeInterface.
func (instant) GormDataType() string { return "timestamp" }

func scanTime(v any) (time.Time, error) {
	switch t := v.(type) {
	case nil:
		return time.Time{}, nil
	case time.Time:
		return millis(t), nil
	}
	return time.Time{}, fmt.Errorf("a time column holds %T", v)
}

// stamp is a time inside stored JSON: RFC 3339 in UTC with milliseconds, empty for the zero time.
type stamp string

const stampLayout = "2006-01-02T15:04:05.000Z"

func toStamp(t time.Time) stamp {
	if t.IsZero() {
		return ""
	}
	return stamp(t.UTC().Format(stampLayout))
}

// time reads the stamp; text that is none is the zero time, which the caller sees as "not known".
func (s stamp) time() time.Time {
	t, err := time.Parse(stampLayout, string(s))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
