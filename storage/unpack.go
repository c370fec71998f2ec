package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"time"
)

var (
	errOtherShape = errors.New("packed in another shape")
	errBroken     = errors.New("broken off or damaged")
)

// unpack reads what pack wrote from a value of the same type.
func unpack(packed []byte, v reflect.Value) (err error) {
	if len(packed) < fingerprintLength || !bytes.Equal(packed[:fingerprintLength], fingerprint(v.Type())) {
		return errOtherShape
	}
	u := &unpacker{rest: packed[fingerprintLength:], layout: layoutOf(v.Type()), tables: map[reflect.Type][]reflect.Value{}}
	if err := u.readTexts(); err != nil {
		return err
	}
	for _, t := range u.layout.tables {
		if err := u.readTable(t); err != nil {
			return err
		}
	}
	if u.value(v); u.failed || len(u.rest) > 0 {
		return errBroken
	}
	return nil
}

// unpacker is one value being read. Once something is wrong it reads zeros.
type unpacker struct {
	rest   []byte
	failed bool
	layout *layout
	texts  []string
	tables map[reflect.Type][]reflect.Value
}

func (u *unpacker) fail() { u.failed, u.rest = true, nil }

func (u *unpacker) varint() int64 {
	n, size := binary.Varint(u.rest)
	if size <= 0 {
		u.fail()
		return 0
	}
	u.rest = u.rest[size:]
	return n
}

func (u *unpacker) flag() byte {
	if len(u.rest) == 0 {
		u.fail()
		return 0
	}
	b := u.rest[0]
	u.rest = u.rest[1:]
	return b
}

// count reads how many things follow, each of a byte at least.
func (u *unpacker) count() int {
	n := u.varint()
	if n < 0 || n > int64(len(u.rest)) {
		u.fail()
		return 0
	}
	return int(n)
}

// number reads the number of one of so many entries; 0 is none.
func (u *unpacker) number(of int) int64 {
	n := u.varint()
	if n < 0 || n > int64(of) {
		u.fail()
		return 0
	}
	return n
}

// readTexts reads the table of texts; they share one piece of memory.
func (u *unpacker) readTexts() error {
	n := u.count()
	size := u.count()
	if u.failed {
		return errBroken
	}
	all := string(u.rest[:size])
	after := u.rest[size:]
	u.rest = u.rest[:size]
	u.texts = make([]string, 0, n)
	for range n {
		length := u.count()
		if u.failed {
			return errBroken
		}
		from := size - len(u.rest)
		u.texts = append(u.texts, all[from:from+length])
		u.rest = u.rest[length:]
	}
	u.rest = after
	return nil
}

// readTable reads the lists or maps of one type.
func (u *unpacker) readTable(t reflect.Type) error {
	n := u.count()
	_ = u.count()
	entries := make([]reflect.Value, 0, n)
	for range n {
		length := u.count()
		if u.failed {
			return errBroken
		}
		entries = append(entries, u.entry(t, length))
	}
	u.tables[t] = entries
	if u.failed {
		return errBroken
	}
	return nil
}

func (u *unpacker) entry(t reflect.Type, length int) reflect.Value {
	if t.Kind() == reflect.Map {
		m := reflect.MakeMapWithSize(t, length)
		for range length {
			k, e := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
			u.value(k)
			u.value(e)
			m.SetMapIndex(k, e)
		}
		return m
	}
	list := reflect.MakeSlice(t, length, length)
	if isBytes(t) {
		u.rest = u.rest[copy(list.Bytes(), u.rest):]
		return list
	}
	for i := range length {
		u.value(list.Index(i))
	}
	return list
}

// value reads into v, which is zero.
func (u *unpacker) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(u.varint())
	case reflect.Bool:
		v.SetBool(u.flag() == 1)
	case reflect.String:
		if n := u.number(len(u.texts)); n > 0 {
			v.SetString(u.texts[n-1])
		}
	case reflect.Pointer:
		if u.flag() == 1 {
			p := reflect.New(v.Type().Elem())
			u.value(p.Elem())
			v.Set(p)
		}
	case reflect.Struct:
		if v.Type() == timeType {
			u.time(v)
			return
		}
		for _, f := range u.layout.fields[v.Type()] {
			u.value(v.Field(f))
		}
	case reflect.Slice, reflect.Map:
		table := u.tables[v.Type()]
		if n := u.number(len(table)); n > 0 {
			v.Set(table[n-1])
		}
	default:
		panic("storage: cannot unpack " + v.Type().String())
	}
}

func (u *unpacker) time(v reflect.Value) {
	seconds, nanos := u.varint(), u.varint()
	if nanos < 0 || nanos >= int64(time.Second) {
		u.fail()
		return
	}
	*v.Addr().Interface().(*time.Time) = time.Unix(seconds, nanos).UTC()
}
